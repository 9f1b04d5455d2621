"""Expressions as text: numbers, names of metrics, ``+ - * /`` and parentheses, read by a parser of our own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Optional, Union

from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.spelling import written

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?!\w)|(?P<name>[^\W\d]\w*)|(.))", re.S
)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
MOST_TOKENS = 200
"""More than anybody writes, and few enough that reading them needs little of the stack."""

RANK = {"+": 1, "-": 1, "*": 2, "/": 2}


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Name:
    """A metric, as it was written."""

    text: str


@dataclass(frozen=True)
class Operation:
    """Two expressions and what joins them; ``sign`` is one of ``+ - * /``."""

    sign: str
    left: Node
    right: Node


Node = Union[Number, Name, Operation]


def is_single(text: str) -> bool:
    """Whether the text is one name, with or without options (or was meant to be), rather than an expression."""
    found = re.match(r"\s*\w+\s*", text)
    if found is None or re.fullmatch(r"\s*[0-9]\w*\s*", text):
        return False
    rest = text[found.end() :]
    if not rest:
        return True
    if not rest.startswith("("):
        return False
    end = _closing(rest, 0)
    return end is None or not rest[end + 1 :].strip()


def _closing(text: str, start: int) -> Optional[int]:
    """The place of the parenthesis that closes the one at ``start``; None where there is none."""
    depth, place = 0, start
    while place < len(text):
        quoted = QUOTED.match(text, place)
        if quoted:
            place = quoted.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
        place += 1
    return None


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind (number, name or sign), text and place of each piece."""
    place = 0
    while place < len(text.rstrip()):
        found = TOKEN.match(text, place)
        if found is None:
            raise _unreadable(text, place)
        start, place = found.end() - len(found.group().lstrip()), found.end()
        if found["number"]:
            yield "number", found["number"], start
        elif found["name"]:
            opening = re.match(r"\s*\(", text[place:])
            if opening:
                end = _closing(text, place + opening.end() - 1)
                if end is None:
                    what = f"the parenthesis after {found['name']} is not closed"
                    raise MetricError(f"cannot read the metric {text!r}: {what}")
                place = end + 1
            yield "name", text[start:place], start
        elif found[3] in "+-*/()":
            yield "sign", found[3], start
        else:
            raise _unreadable(text, start)
    yield "end", "", len(text)


def _unreadable(text: str, place: int) -> MetricError:
    """The fault of a text that stops making sense somewhere."""
    what = f"{text[place]!r} at character {place + 1}" if place < len(text) else "its end"
    hint = "an expression holds numbers, metrics, + - * / and parentheses"
    return MetricError(f"cannot read the metric {text!r}: {what} was not expected; {hint}")


class _Reader:
    """Reads the pieces of one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.tokens = list(_tokens(text))
        if len(self.tokens) > MOST_TOKENS:
            raise MetricError(f"the expression has {len(self.tokens)} pieces; at most {MOST_TOKENS} are read")

    def taken(self, *wanted: str) -> str:
        """The next piece, if it is one of these signs; else nothing."""
        kind, piece, _ = self.tokens[self.place]
        if kind == "sign" and piece in wanted:
            self.place += 1
            return piece
        return ""

    def joined(self, rank: int) -> Node:
        """Terms joined by the signs of one rank, from the left."""
        if rank > 2:
            return self.single()
        signs = tuple(sign for sign in RANK if RANK[sign] == rank)
        node = self.joined(rank + 1)
        while sign := self.taken(*signs):
            node = Operation(sign, node, self.joined(rank + 1))
        return node

    def single(self) -> Node:
        """A number, a metric, what stands in parentheses, or the negative of one of them."""
        if self.taken("-"):
            inner = self.single()
            return Number(-inner.value) if isinstance(inner, Number) else Operation("*", Number(-1.0), inner)
        if self.taken("("):
            node = self.joined(1)
            if not self.taken(")"):
                raise _unreadable(self.text, self.tokens[self.place][2])
            return node
        kind, piece, place = self.tokens[self.place]
        if kind not in ("number", "name"):
            raise _unreadable(self.text, place)
        self.place += 1
        if kind == "number" and not math.isfinite(float(piece)):
            raise MetricError(f"the metric {self.text!r}: {piece} is beyond what a number can hold")
        return Number(float(piece)) if kind == "number" else Name(piece)


def read_expression(text: str) -> Node:
    """The tree of an expression.

    Raises:
        MetricError: the text is no expression; the message says where it stops being one.
    """
    reader = _Reader(text)
    node = reader.joined(1)
    if reader.tokens[reader.place][0] != "end":
        raise _unreadable(text, reader.tokens[reader.place][2])
    return node


def expression_text(node: Node) -> str:
    """The text of a tree, with no more parentheses than it needs.

    >>> expression_text(read_expression("(0.4 * dice)+.6*( 1-iou )"))
    '0.4*dice + 0.6*(1 - iou)'
    """
    if isinstance(node, Name):
        return node.text
    if isinstance(node, Number):
        return written(node.value)
    left, right = (_inside(side, node.sign, place) for place, side in enumerate((node.left, node.right)))
    blank = " " if RANK[node.sign] == 1 else ""
    return f"{left}{blank}{node.sign}{blank}{right}"


def _inside(node: Node, sign: str, place: int) -> str:
    """The text of one side of an operation."""
    text = expression_text(node)
    if isinstance(node, Number):
        return f"({text})" if place and text.startswith("-") else text
    if isinstance(node, Name):
        return text
    weak = RANK[node.sign] < RANK[sign] or (place == 1 and RANK[node.sign] == RANK[sign])
    return f"({text})" if weak else text


def names_in(node: Node) -> tuple[str, ...]:
    """The metrics that a tree names, each once, in the order of the text."""
    if isinstance(node, Operation):
        return tuple(dict.fromkeys((*names_in(node.left), *names_in(node.right))))
    return (node.text,) if isinstance(node, Name) else ()


def renamed(node: Node, names: dict[str, str]) -> Node:
    """The same tree with its metrics called by other names."""
    if isinstance(node, Operation):
        return Operation(node.sign, renamed(node.left, names), renamed(node.right, names))
    return Name(names[node.text]) if isinstance(node, Name) else node
