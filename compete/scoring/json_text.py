"""JSON from people, read strictly: UTF-8, no key twice, no NaN, no depth; each fault with its line and column."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Union

from compete.errors import EXAMPLES, CompeteError, Finding
from compete.scoring.source import (
    KINDS,
    Caps,
    Source,
    counted,
    excerpt,
    refuse,
    refuse_all,
    shown_name,
    source_of_bytes,
    source_of_file,
)
from metrics.frozen import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from compete.scoring.json_faults import Oddity

DEPTH = 32
"""How deep lists and objects may nest."""

MARK = b"\xef\xbb\xbf"
_WRITE = "write it with a JSON library (Python: json.dump) in UTF-8"
_UNPACK = "unpack it and send the JSON file in it"
_SPACE = re.compile(r"[ \t\n\r]*")
_NEXT = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")
_OPENING = re.compile(rb"\s*(\[\s*(\]|\{\s*\")|\{\s*[\"}])")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, eq=False)
class Document:
    """A JSON document that was decoded.

    Attributes:
        source: the bytes.
        text: the same as a string.
        value: lists, dictionaries, strings, numbers, True, False and None.
        repeated: how many objects name a key twice; the last of the two counts in ``value``.
    """

    source: Source
    text: str
    value: Any
    repeated: int = 0

    def where(self, position: int) -> str:
        """``file:line:column`` of a position in the text, both counted from 1, columns in characters."""
        return place(self.source.name, self.text, position)


class Elements:
    """Where the elements of a list in a document stand; looked for when first asked, and only as far.

    Args:
        text: the whole document, of right syntax up to the elements asked for.
        key: under which the list stands; empty where it is the document.
    """

    def __init__(self, text: str, key: str = "") -> None:
        found = re.search(rf'"{key}"[ \t\n\r]*:[ \t\n\r]*\[' if key else r"\[", text)
        self.text = text
        self.starts: list[int] = []
        self.next = found.end() if found else 0

    def start(self, row: int) -> int:
        """The position of an element, counted from 0."""
        while len(self.starts) <= row:
            begin = _NEXT.match(self.text, self.next).end()  # type: ignore[union-attr]
            self.starts.append(begin)
            self.next = _DECODER.raw_decode(self.text, begin)[1]
        return self.starts[row]


def place(name: str, text: str, position: int) -> str:
    """``file:line:column`` of a position in a text."""
    line = text.count("\n", 0, position) + 1
    return f"{name}:{line}:{position - text.rfind(chr(10), 0, position)}"


def load_json(source: Union[str, Path, bytes], caps: Caps, name: str = "") -> Source:
    """Bring the bytes of a JSON file into memory, and refuse what is plainly something else.

    Args:
        source: path of a regular file, or the bytes themselves.
        caps: how large it may be.
        name: how findings call it; its path by default.

    Raises:
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
        SubmissionError: it is too large, empty, no regular file, or of another kind.
    """
    shown = shown_name(source, name) if name or not isinstance(source, bytes) else "submission"
    try:
        loaded = (
            source_of_bytes(source, caps, shown)
            if isinstance(source, bytes)
            else source_of_file(str(source), caps, shown)
        )
    except CompeteError as fault:
        raise type(fault)(fault.message, map(_about_json, fault.findings)) from None
    mark = len(MARK) * (bytes(loaded.buffer[loaded.begin : loaded.begin + len(MARK)]) == MARK)
    loaded = replace(loaded, begin=loaded.begin + mark, mark=mark)
    _refuse_other_kinds(loaded)
    return loaded


def text_of(source: Source) -> str:
    """The text of a source.

    Raises:
        SubmissionError: it is not UTF-8.
    """
    try:
        return str(source.buffer.data[source.begin : source.end], "utf-8")
    except UnicodeDecodeError as fault:
        message = f"the byte 0x{fault.object[fault.start]:02x} is not UTF-8; this looks like Latin-1 or Windows-1252"
        where = source.where(source.begin + fault.start)
        refuse(source, Finding("submission/encoding", message, where, hint=_WRITE, count=1))


def decode_json(source: Source) -> Document:
    """Decode a document whose syntax is right; what else is odd, the caller asks `refuse_oddities` about.

    Raises:
        SubmissionError: it is not UTF-8, breaks the grammar, ends half-way, nests too deep, or holds a number of
            hundreds of digits.
    """
    text, repeated = text_of(source), []

    def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            repeated.append(1)
        return found

    try:
        with collection_paused():
            value = json.loads(text, object_pairs_hook=gathered)
    except json.JSONDecodeError as fault:
        from compete.scoring.json_faults import syntax_finding

        finding = syntax_finding(text, fault.msg, fault.pos)
        refuse(source, replace(finding, where=place(source.name, text, min(fault.pos, len(text)))))
    except (RecursionError, ValueError):
        # Beyond the first such place nothing was looked at yet.
        tell_oddities(source, text, most=1)
    return Document(source, text, value, len(repeated))


def parse_json(source: Source) -> Document:
    """Decode a document of any shape and refuse whatever is odd in it: for documents that are not huge.

    Raises:
        SubmissionError: as `decode_json`, and where a key stands twice, a number is not finite or goes beyond 64 bits,
            a text holds half a character, or something nests deeper than 32.
    """
    document = decode_json(source)
    if document.repeated or is_odd(document.value):
        tell_oddities(source, document.text, document.repeated)
    return document


def is_odd(value: Any, depth: int = 1) -> bool:
    """Whether a decoded value holds what strict JSON does not: NaN, infinity, half characters, depth, huge integers."""
    kind = type(value)
    if kind is float:
        return bool(value - value != 0.0)
    if kind is int:
        return not -(1 << 63) <= value < 1 << 63
    if kind is str:
        return not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)
    if kind is list or kind is dict:
        if depth > DEPTH:
            return True
        inner = value if kind is list else [*value, *value.values()]
        return any(is_odd(one, depth + 1) for one in inner)
    return False


def tell_oddities(source: Source, text: str, repeated: int = 0, most: int = EXAMPLES) -> NoReturn:
    """Refuse a document for its oddities, with their places.

    Args:
        source: the file.
        text: its text, of right syntax as far as it goes.
        repeated: in how many objects a key stands twice, if known.
        most: places of each kind to tell.
    """
    from compete.scoring.json_faults import oddities

    found = oddities(text, most)
    refuse_all(source, [_odd_finding(source, text, rule, ones, repeated) for rule, ones in found.items()])


def _odd_finding(source: Source, text: str, rule: str, found: list[Oddity], repeated: int) -> Finding:
    items = tuple(excerpt(one.text) for one in found)
    count = max(repeated, len(found)) if rule == "submission/repeated-key" else len(found)
    message = found[0].message
    if repeated and rule == "submission/repeated-key":
        message = f"{counted(repeated, 'object')} with a key that stands twice"
    return Finding(rule, message, place(source.name, text, found[0].position), items, found[0].hint, count=count)


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection inside, for a decoder makes many objects, no cycles, and would be searched all the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _about_json(finding: Finding) -> Finding:
    """A finding of the loader, which speaks of tables, in words of JSON."""
    hints = {
        "submission/too-large": "send the results of the test images only",
        "submission/unreadable": finding.hint.replace("CSV", "JSON"),
    }
    return replace(finding, hint=hints.get(finding.rule, finding.hint))


def _refuse_other_kinds(source: Source) -> None:
    """Refuse archives, tables, pictures and other encodings by their first bytes."""
    first = bytes(source.buffer[source.begin : min(source.end, source.begin + 4096)])
    if _OPENING.match(first):
        return
    for magic, rule, what, cure in KINDS:
        if what != "a JSON file" and re.match(magic, first, re.DOTALL):
            named = "submission/encoding" if rule.endswith("encoding") else "submission/not-json"
            hint = _UNPACK if cure.startswith("unpack") else _WRITE
            refuse(source, Finding(named, f"this is {what}, not JSON text", source.name, hint=hint))
    if first.count(0) * 5 > len(first) * 2 and 0 in first[:4]:
        message = "this looks like text in UTF-16 or UTF-32"
        refuse(source, Finding("submission/encoding", message, source.name, hint=_WRITE))
    if not first.strip(b" \t\r\n") and source.end - source.begin <= 4096:
        refuse(source, Finding("submission/empty-file", "the file holds nothing", source.name, hint=_WRITE))
