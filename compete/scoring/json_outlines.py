"""Polygons lifted out of a JSON list of COCO annotations, so that what is left is written alike, object for object.

Every polygon is read as one long list of numbers, by the commas in it, as `json_rows` reads what has as many values in
every object; the few segmentations of another form are decoded one by one.
"""

from __future__ import annotations

import json
from typing import Any, Optional

import numpy as np

from compete.scoring.coco_columns import CONTENT, Shapes
from compete.scoring.json_numbers import real_numbers
from compete.scoring.spans import PADDING, Array
from compete.scoring.texts import texts_of
from metrics.cores import on_cores, portions
from metrics.frozen import dataclass
from metrics.memory import joined_pieces, reuse_memory
from metrics.polygons import Polygons

KEY = f'"{CONTENT["masks"]}": '.encode()
"""What stands before each segmentation, perhaps without the space; written otherwise, it is another reader's turn."""

PLACEHOLDER = ord("0")
"""What stands in the list in place of each segmentation."""

BLOCK = 1 << 19
"""Bytes looked at together."""

_COMMA, _SPACE, _OPEN, _CLOSE, _CURLY, _END = (ord(character) for character in ", []{}")


@dataclass(frozen=True, eq=False)
class Lifted:
    """A list without its segmentations, and these.

    Attributes:
        buffer: uint8, the objects with a 0 in place of each segmentation, with spare bytes on both sides.
        end: where the list's closing bracket stands in it; the first object starts behind the spare bytes.
        behind: where that bracket stands in the file.
        shapes: the segmentations.
    """

    buffer: Array
    end: int
    behind: int
    shapes: Shapes


def lift_outlines(buffer: Array, begin: int, end: int) -> Optional[Lifted]:
    """Take segmentations out of a list of objects; None where they are not surely plain.

    Args:
        buffer: uint8, with spare bytes on both sides.
        begin: where the first object starts.
        end: where the text ends.
    """
    reuse_memory()
    opened, closed, curly, ends = _brackets(buffer, begin, end)
    last = _last_object(buffer, ends)
    if last is None or not len(opened) or opened[0] > last:
        return None
    opened, closed, curly = (one[one < last] for one in (opened, closed, curly))
    key = KEY if buffer[opened[0] - 1] == _SPACE else KEY.rstrip()
    other = curly[_is_behind(key, buffer, curly)]
    if len(opened) != len(closed) or not _is_behind(key, buffer, opened).all():
        return None
    other_end = ends[np.searchsorted(ends, other)] + 1
    low, high = np.concatenate((opened, other)), np.concatenate((closed + 2, other_end))
    order = np.argsort(low)
    low, high = low[order], high[order]
    if (high[:-1] > low[1:]).any() or len(low) != len(curly) - len(other):
        return None
    shapes = _shapes(buffer, low, high, order >= len(opened))
    if shapes is None:
        return None
    behind = last + 1
    while behind < end and buffer[behind] != _CLOSE:
        behind += 1
    rest, edge = joined_pieces(buffer, np.append(begin - PADDING, high), np.append(low + 1, behind + 1))
    rest[:PADDING], rest[edge[1:-1] - 1] = 0, PLACEHOLDER
    rest = np.append(rest, np.zeros(PADDING, np.uint8))
    return Lifted(rest, len(rest) - PADDING - 1, behind, shapes)


def _brackets(buffer: Array, begin: int, end: int) -> tuple[Array, Array, Array, Array]:
    """Where ``[[``, ``]]``, ``{`` and ``}`` stand."""
    starts = range(begin, end, BLOCK)
    found: list[list[Array]] = [[np.zeros(0, np.int64)] * len(starts) for _ in range(4)]

    def search(block: int) -> None:
        low = starts[block]
        text = buffer[low : min(low + BLOCK, end) + 1]
        for marks, bracket in zip(found, (_OPEN, _CLOSE)):
            one = text == bracket
            marks[block] = np.flatnonzero(one[1:] & one[:-1]) + low
        for marks, bracket in zip(found[2:], (_CURLY, _END)):
            marks[block] = np.flatnonzero(text[:-1] == bracket) + low

    on_cores(search, range(len(starts)))
    opened, closed, curly, ends = (np.concatenate(marks) for marks in found)
    return opened, closed, curly, ends


def _last_object(buffer: Array, ends: Array) -> Optional[int]:
    """The bracket that closes the last object of the list: the first with a square one behind it."""
    after = buffer.take(ends + 1)
    for place in ends[after != _COMMA].tolist():
        tail = bytes(buffer[place + 1 : place + 1 + PADDING]).lstrip(b" \t\n\r")
        if tail[:1] == b"]":
            return int(place)
    return None


def _is_behind(key: bytes, buffer: Array, place: Array) -> Array:
    """Whether a key stands before each place."""
    everywhere: Array = np.ndarray((buffer.size - len(key) + 1,), dtype=f"V{len(key)}", buffer=buffer, strides=(1,))
    behind: Array = everywhere[place - len(key)] == np.frombuffer(key, dtype=everywhere.dtype)[0]
    return behind


def _shapes(buffer: Array, low: Array, high: Array, coded: Array) -> Optional[Shapes]:
    """The segmentations that stand at some places, of which some are run lengths; None where one is not plain."""
    n, raw = len(low), buffer.data
    size, length, texts, counts = np.zeros((n, 2), np.int64), np.zeros(n, np.int64), [], {}
    for entry in np.flatnonzero(coded).tolist():
        runs = _run_lengths(bytes(raw[low[entry] : high[entry]]))
        if runs is None:
            return None
        size[entry], written = runs["size"], runs["counts"]
        if type(written) is str:
            texts.append(written.encode("ascii"))
            length[entry] = len(written)
        else:
            counts[entry] = written
    drawn = np.flatnonzero(~coded)
    polygons = _polygons(buffer, low[drawn], high[drawn], drawn)
    return None if polygons is None else Shapes(texts_of(b"".join(texts), length), size, counts, polygons)


def _run_lengths(text: bytes) -> Optional[dict[str, Any]]:
    """Run lengths as they were written; None where they are not surely plain."""
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    found = dict(pairs) if all(type(one) is tuple for one in pairs) else {}
    if len(pairs) != 2 or found.keys() != {"size", "counts"}:
        return None
    size, counts = found["size"], found["counts"]
    if type(size) is not list or len(size) != 2 or not all(type(one) is int and 0 <= one < 1 << 31 for one in size):
        return None
    plain = counts.isascii() if type(counts) is str else type(counts) is list and set(map(type, counts)) <= {int}
    return found if plain else None


def _polygons(buffer: Array, low: Array, high: Array, entry: Array) -> Optional[Polygons]:
    """The polygons of some entries, whose lists of lists stand at some places; None where one is written otherwise."""
    parts = list(portions(np.cumsum(high - low), BLOCK))
    found: list[Optional[tuple[Array, Array, Array]]] = [None] * len(parts)

    def read(part: int) -> None:
        rows = parts[part]
        found[part] = _numbers(*_listed(buffer, low[rows], high[rows]))

    on_cores(read, range(len(parts)))
    known = [one for one in found if one is not None]
    if len(known) < len(parts):
        return None
    number, size, many = (np.concatenate([one[column] for one in known]) for column in range(3))
    return Polygons(number, np.append(0, np.cumsum(size)), np.repeat(entry, many))


def _listed(buffer: Array, low: Array, high: Array) -> tuple[Array, int]:
    """Lists that stand at some places, with commas and spare bytes as `_numbers` asks for; and how many they are."""
    text, edge = joined_pieces(buffer, low, high + 1)
    out = np.empty(len(text) + 2 * PADDING + 1, np.uint8)
    out[:PADDING], out[-PADDING:] = 0, 0
    out[PADDING] = _COMMA
    out[PADDING + 1 : -PADDING] = text
    out[PADDING + edge[1:]] = _COMMA
    return out, len(low)


def _numbers(buffer: Array, lists: int) -> Optional[tuple[Array, Array, Array]]:
    """The numbers of lists of polygons with commas between, before and behind them.

    Args:
        buffer: uint8, the text with spare bytes on both sides.
        lists: how many there are.

    Returns:
        All numbers, float64, how many each polygon has, and how many polygons each list has; None where one is written
        otherwise.
    """
    comma = np.flatnonzero(buffer == _COMMA)
    closing = buffer.take(comma - 1) == _CLOSE
    closes = closing.astype(np.int8)
    closes[closing] += buffer[comma[closing] - 2] == _CLOSE
    start = comma[:-1] + 1
    start += buffer.take(start) == _SPACE
    opening = buffer.take(start) == _OPEN
    opens = opening.astype(np.int8)
    opens[opening] += buffer[start[opening] + 1] == _OPEN
    start += opens
    if (opens[1:] != closes[1:-1]).any() or opens[0] != 2 or closes[-1] != 2:
        return None
    number, good = real_numbers(buffer, start, comma[1:] - closes[1:])
    begin = np.flatnonzero(opens)
    size, first = np.diff(begin, append=len(number)), np.flatnonzero(opens[begin] == 2)
    if not good or len(first) != lists or (size < 6).any() or (size % 2).any():
        return None
    return number, size, np.diff(first, append=len(begin))
