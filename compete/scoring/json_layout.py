"""How the objects of a JSON list are written, told by the first of them: what stands where, and the bytes between."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional, Union

from compete.scoring.json_numbers import GRAMMAR
from compete.scoring.spans import PADDING, Array
from metrics.frozen import dataclass

WHOLE, REAL, TEXT = "whole", "real", "text"
FIRST = 1 << 16
"""Bytes in which the first object must end."""

MOST = 512
"""Values that one object may have: more are no keypoints, and hardly as many in every object."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"([ \t\n\r]*:)?|-?[0-9][0-9.eE+-]*')
_BETWEEN = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_DECODER = json.JSONDecoder()
_CELL = {
    WHOLE: re.compile(rb"-?(?:0|[1-9][0-9]{0,15})"),
    REAL: GRAMMAR,
    TEXT: re.compile(rb"(?:[ !#-+\--\[\]-~]|\\\\)*"),
}
_KINDS: dict[type, str] = {int: WHOLE, float: REAL, str: TEXT}

Path = tuple[Union[str, int], ...]


@dataclass(frozen=True)
class Layout:
    """How every object of a list is written.

    Attributes:
        path: where each value stands: keys and places in lists.
        kind: ``whole``, ``real`` or ``text`` for each value.
        lead: the bytes from the comma before each value to the value; before the first, the comma between objects.
        trail: the bytes from each value to the comma after it.
    """

    path: tuple[Path, ...]
    kind: tuple[str, ...]
    lead: tuple[bytes, ...]
    trail: tuple[bytes, ...]

    @property
    def literal(self) -> bytes:
        """All that stands between the values of one object."""
        return b"".join(one + other for one, other in zip(self.lead, self.trail))

    @property
    def opening(self) -> int:
        """How far behind the comma between objects the next one opens."""
        return self.lead[0].index(b"{")

    def places(self, kind: str) -> list[int]:
        """Which values are of a kind."""
        return [place for place, one in enumerate(self.kind) if one == kind]

    def spans(self, raw: memoryview, at: int) -> Optional[tuple[list[tuple[int, int]], int]]:
        """Where the values of the object that opens at a position stand, and its end; None if written otherwise."""
        found = []
        lead, trail = (self.lead[0][self.opening :], *self.lead[1:]), (*self.trail[:-1], self.trail[-1].rstrip())
        for before, kind, after in zip(lead, self.kind, trail):
            cell = _CELL[kind].match(raw, at + len(before))
            if cell is None or raw[at : cell.start()] != before or raw[cell.end() : cell.end() + len(after)] != after:
                return None
            found.append(cell.span())
            at = cell.end() + len(after)
        return found, at


def read_layout(
    buffer: Array, begin: int, end: int, kinds: Mapping[Path, str], others: bool = False
) -> Optional[Layout]:
    """The layout of the objects of a list.

    Args:
        buffer: uint8.
        begin: where the first object starts.
        end: where the text ends.
        kinds: what stands where; a whole number may stand for a real one.
        others: whether numbers and texts may stand elsewhere too.

    Returns:
        The layout; None where something stands elsewhere or is of another kind, where there is no second object, or
        where a value is not divided from the next by one comma alone.
    """
    text = bytes(buffer.data[begin : min(end, begin + FIRST)]).decode("latin-1")
    try:
        value, size = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    between = _BETWEEN.match(text, size)
    if between is None or type(value) is not dict:
        return None
    found = {path: REAL if kind == WHOLE else kind for path, kind in _leaves(value, ())}
    if not 1 <= len(found) <= MOST or (not others and not found.keys() <= kinds.keys()):
        return None
    slots = [one.span() for one in _TOKEN.finditer(text, 0, size) if not one.group(1)]
    kind = tuple(kinds.get(path, one) for path, one in found.items())
    if len(slots) != len(found) or any((one == TEXT) != (text[low] == '"') for one, (low, _) in zip(kind, slots)):
        return None
    spans = [(low + (one == TEXT), high - (one == TEXT)) for one, (low, high) in zip(kind, slots)]
    parts = _parts(text[:size], between.group(), spans)
    return None if parts is None else Layout(tuple(found), kind, *parts)


def _parts(
    text: str, between: str, spans: list[tuple[int, int]]
) -> Optional[tuple[tuple[bytes, ...], tuple[bytes, ...]]]:
    """What stands before and behind each value, with the comma and up to it; None where there is not one comma."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    first, *inner, last = [text[low:high] for low, high in zip(edges[::2], edges[1::2])]
    if any(gap.count(",") != 1 for gap in inner) or "," in first + last:
        return None
    cut = [gap.partition(",") for gap in (*inner, last + between + first)]
    lead = tuple(f",{after}".encode("latin-1") for _, _, after in (cut[-1], *cut[:-1]))
    trail = tuple(before.encode("latin-1") for before, _, _ in cut)
    known = b"".join((*lead, *trail))
    fits = max(map(len, (*lead, *trail))) <= PADDING and known.isascii() and b"\\" not in known
    return (lead, trail) if fits else None


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Where the numbers and texts of a decoded object stand, in their order, and of which kind they are."""
    for key, one in value.items() if type(value) is dict else enumerate(value):
        if type(one) in _KINDS:
            yield (*path, key), _KINDS[type(one)]
        elif type(one) in (dict, list):
            yield from _leaves(one, (*path, key))
