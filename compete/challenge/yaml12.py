"""Strict YAML 1.2: plain words stay text, nothing is said twice, and every value knows its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from compete.errors import Finding

MOST_BYTES = 1_000_000
MOST_DEPTH = 32
MOST_VALUES = 100_000
"""Values after every alias is written out; a list of 50,000 classes still fits."""
LONGEST_NUMBER = 400

_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

Key = str | int
Place = tuple[int, int]
"""Line and column, both counted from 1."""

_PLAIN_WORDS = (
    ("mapping values are not allowed", "a colon stands where none can: put text that holds a colon in quotes, or mend "
     "the indentation"),
    ("found a tab", "a tab stands where only spaces can: indent with spaces"),
    ("found character '\\t'", "a tab stands where only spaces can: indent with spaces"),
    ("cannot start any token", "a character stands here that can only be used inside quotes (a tab, @ or `)"),
    ("could not find expected ':'", "a line is neither `key: value` nor a list entry `- value`: is the colon missing?"),
    ("end of stream", "a quote or bracket is opened and never closed"),
    ("expected ',' or", "a list or mapping in brackets lacks a comma or its closing bracket"),
    ("did not find expected key", "a line stands too far left or right, or a quote ends too early"),
    ("did not find expected '-' indicator", "a list entry stands too far left or right, or lacks its `- `"),
    ("expected <block end>", "a line stands too far left or right, or a quote ends too early"),
    ("expected the node content", "a value is missing, or a bracket or comma is one too many"),
    ("did not find expected node content", "a value is missing, or a bracket or comma is one too many"),
    ("block sequence entries are not allowed", "a list entry cannot stand here: begin the list on a line of its own"),
    ("escape", "a backslash inside double quotes begins no known escape: use single quotes"),
    ("undefined tag handle", "a `!` begins a tag: put the text in quotes"),
    ("undefined alias", "an alias names no anchor: put text that begins with * in quotes"),
    ("alphabetic or numeric", "`*` or `&` begins an alias or anchor: put the text in quotes"),
    ("expected <document start>", "the text goes on after the end of the document"),
)  # fmt: skip


@dataclass
class Node:
    """A value with its place: a mapping, a list or a scalar as it stands in the file."""

    kind: str
    place: Place
    text: str = ""
    value: Any = None
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1

    def plain(self) -> Any:
        """The value as dict, list, text, number, bool or None."""
        if self.kind == "mapping":
            return {key: node.plain() for key, node in self.entries.items()}
        return [node.plain() for node in self.items] if self.kind == "list" else self.value


@dataclass(frozen=True)
class Document:
    """What a YAML file says, and where it says it.

    Attributes:
        name: the file's name, as findings tell it.
        root: the outermost value; None where the file could not be read to its end.
        findings: every fault found.
    """

    name: str
    root: Node | None
    findings: tuple[Finding, ...] = ()

    def where(self, *keys: Key) -> str:
        """``name:line:column`` of a scalar, or of the key of a mapping or list; of the nearest parent if absent.

        Args:
            keys: keys of mappings and numbers of list items, from the outside in.
        """
        return self._tell(self._walk(keys)[0])

    def where_key(self, *keys: Key) -> str:
        """``name:line:column`` of the key itself, the last of ``keys``."""
        parent = self._walk(keys[:-1])[1]
        own = parent.keys.get(str(keys[-1])) if parent and keys else None
        return self._tell(own) if own else self.where(*keys)

    def text(self, *keys: Key) -> str | None:
        """The scalar exactly as written, without quotes; None where there is no scalar."""
        place, node = self._walk(keys)
        return node.text if place and node and node.kind == "scalar" else None

    def holds(self, *keys: Key) -> bool:
        """Whether the file has this value."""
        return self._walk(keys)[1] is not None

    def _tell(self, place: Place | None) -> str:
        return f"{self.name}:{place[0]}:{place[1]}" if place else self.name

    def _walk(self, keys: tuple[Key, ...]) -> tuple[Place | None, Node | None]:
        node, place = self.root, self.root.place if self.root else None
        for key in keys:
            if node is None:
                break
            if node.kind == "mapping" and key in node.entries:
                child = node.entries[str(key)]
                place = child.place if child.kind == "scalar" and child.value is not None else node.keys[str(key)]
            elif node.kind == "list" and isinstance(key, int) and key < len(node.items):
                child = node.items[key]
                place = child.place
            else:
                return place, None
            node = child
        return place, node


class _Unreadable(Exception):  # noqa: N818  (not a fault of its own: it carries a finding out of the depth)
    """Reading cannot go on."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


def read_yaml(data: bytes, name: str) -> Document:
    """Read one YAML 1.2 document; whatever is wrong is in ``findings``, and nothing is raised.

    Only the scalars of the 1.2 core schema: ``no``, ``on``, ``12:30:00`` and ``2024-01-31`` are text, ``010`` is ten.

    Args:
        data: the bytes of the file.
        name: the file's name, for the findings.

    Source: YAML 1.2.2 (yaml.org/spec/1.2.2), section 10.3.
    """
    builder = _Builder(name)
    try:
        text = _decode(data, name)
        builder.read(_events(text, name))
    except _Unreadable as fault:
        return Document(name, builder.root, (*builder.findings, fault.finding))
    if builder.root is None:
        builder.tell("empty", (1, 1), "the file says nothing")
    return Document(name, builder.root, tuple(builder.findings))


def _decode(data: bytes, name: str) -> str:
    """The text of the file, or the reason why there is none."""
    if len(data) > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES:,} bytes"
        raise _Unreadable(Finding("challenge/yaml-too-large", message, name))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        place = _place_of(data[: fault.start].decode("utf-8", errors="replace"))
        guess = "it looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "it may be Latin-1"
        raise _Unreadable(
            Finding("challenge/yaml-encoding", "the file is not UTF-8", f"{name}:{place[0]}:{place[1]}",
                    hint=f"{guess}: save it as UTF-8 in your editor")
        ) from None  # fmt: skip
    if found := _CONTROL.search(text):
        line, column = _place_of(text[: found.start()])
        message = f"a control character (U+{ord(found[0]):04X}) stands in the text"
        raise _Unreadable(Finding("challenge/yaml-encoding", message, f"{name}:{line}:{column}"))
    return text


def _place_of(before: str) -> Place:
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1


def _events(text: str, name: str) -> Iterator[Any]:
    """The events of the parser, with its complaints in plain words."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        problem = f"{fault.context or ''} {fault.problem or ''}".strip()
        words = next((words for sign, words in _PLAIN_WORDS if sign in problem), problem)
        raise _Unreadable(Finding("challenge/yaml-syntax", words, place, hint=f"YAML says: {problem}")) from None
    except yaml.reader.ReaderError as fault:
        raise _Unreadable(Finding("challenge/yaml-encoding", str(fault.reason), name)) from None


class _Builder:
    """Builds nodes out of events without recursion, so that depth and size are ours to bound."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self.root: Node | None = None
        self.anchors: dict[str, Node | None] = {}
        self.open: list[tuple[Node, str | None]] = []
        self.waiting: list[tuple[str, Place] | None] = []
        self.size = 0
        self.documents = 0

    def tell(self, rule: str, place: Place, message: str, hint: str = "") -> None:
        where = f"{self.name}:{place[0]}:{place[1]}"
        self.findings.append(Finding(f"challenge/yaml-{rule}", message, where, hint=hint))

    def refuse(self, rule: str, place: Place, message: str) -> _Unreadable:
        self.tell(rule, place, message)
        return _Unreadable(self.findings.pop())

    def read(self, events: Iterator[Any]) -> None:
        """Take in all events of a stream."""
        for event in events:
            kind = type(event).__name__
            place = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (1, 1)
            if kind == "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise self.refuse("several-documents", place, "a second document begins here")
            elif kind in ("SequenceStartEvent", "MappingStartEvent", "ScalarEvent"):
                self.begin(event, kind, place)
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                self.end()
            elif kind == "AliasEvent":
                self.put(self.alias(event.anchor, place), place)

    def begin(self, event: Any, kind: str, place: Place) -> None:
        """A value begins; a scalar is whole at once."""
        if event.tag is not None and event.tag != "!":
            self.tell("tag", place, f"the tag `{_short(event.tag)}` is not used here", "write text in quotes instead")
        if kind == "ScalarEvent":
            node = Node("scalar", place, event.value, event.value)
            if event.implicit[0] and event.tag is None:
                node.value = self.resolve(event.value, place)
            if event.anchor:
                self.anchors[event.anchor] = node
            self.put(node, place)
            return
        if len(self.open) >= MOST_DEPTH:
            raise self.refuse("too-large", place, f"values are nested deeper than {MOST_DEPTH} levels")
        if event.anchor:
            self.anchors[event.anchor] = None
        self.open.append((Node("list" if kind == "SequenceStartEvent" else "mapping", place), event.anchor))
        self.waiting.append(None)

    def end(self) -> None:
        """A list or mapping is whole; it becomes a value of what is around it."""
        node, anchor = self.open.pop()
        self.waiting.pop()
        if anchor:
            self.anchors[anchor] = node
        self.put(node, node.place)

    def put(self, node: Node, place: Place) -> None:
        """Put a whole value where it belongs: the root, a list, a key or the value of a key."""
        if not self.open:
            self.root = node
            return
        around = self.open[-1][0]
        if around.kind == "list":
            around.items.append(node)
        elif self.waiting[-1] is None:
            self.waiting[-1] = self.key(node, place)
            return
        else:
            key, key_place = self.waiting[-1]
            self.waiting[-1] = None
            if key in around.entries:
                first = around.keys[key][0]
                self.tell("repeated-key", key_place, f"the key `{_short(key)}` already stands on line {first}")
            else:
                around.entries[key], around.keys[key] = node, key_place
        around.size += node.size
        around.height = max(around.height, node.height + 1)
        self.bound(around, place)

    def key(self, node: Node, place: Place) -> tuple[str, Place]:
        if node.kind != "scalar":
            self.tell("key", place, "a list or mapping cannot be a key", "put text that begins with [ or { in quotes")
        return node.text, place

    def bound(self, around: Node, place: Place) -> None:
        """Stop before aliases make a few lines into gigabytes."""
        if sum(node.size for node, _ in self.open) > MOST_VALUES:
            raise self.refuse("too-large", place, f"there are more than {MOST_VALUES:,} values, aliases written out")
        if len(self.open) + around.height - 1 > MOST_DEPTH:
            raise self.refuse("too-large", place, f"values are nested deeper than {MOST_DEPTH} levels")

    def alias(self, name: str, place: Place) -> Node:
        """What an anchor of this name marked before."""
        node = self.anchors.get(name)
        if node is None:
            inside = name in self.anchors
            problem = f"`*{_short(name)}` stands inside `&{_short(name)}` itself" if inside else (
                f"`*{_short(name)}` names no anchor before it")  # fmt: skip
            self.tell("alias", place, problem, "put text that begins with * in quotes")
            return Node("scalar", place)
        return node

    def resolve(self, text: str, place: Place) -> Any:
        """A plain scalar by the YAML 1.2 core schema."""
        if _NULL.match(text):
            return None
        if _BOOL.match(text):
            return text.lower() == "true"
        if _NOT_FINITE.match(text):
            self.tell("number", place, f"`{text}` is not a finite number", "put it in quotes if it is text")
            return text
        if not any(form.match(text) for form in (_INT, _OCTAL, _HEX, _FLOAT)):
            return text
        value = _number(text)
        if value is None:
            self.tell("number", place, f"`{_short(text)}` is too long or too large a number", "is it text? quote it")
        return text if value is None else value


def _number(text: str) -> int | float | None:
    """The number a scalar spells; None where it is too long or not finite."""
    if len(text) > LONGEST_NUMBER:
        return None
    if _INT.match(text):
        return int(text)
    if text.startswith(("0o", "0x")):
        return int(text[2:], 8 if text[1] == "o" else 16)
    value = float(text)
    return value if abs(value) != float("inf") else None


def _short(text: str) -> str:
    """Text that is safe to quote in a message."""
    inert = "".join(letter if letter.isprintable() else "�" for letter in text)
    return inert if len(inert) <= 40 else inert[:39] + "…"
