"""A JSON list whose objects are all written alike, as json.dump writes them: columns, without an object being made.

Each value ends at a comma, so the commas of a block tell where all values of its objects are. Then every byte between
values is compared with the layout of the first object, and every value is read strictly. A list in which anything is
not so is not read here, and nothing is said about it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Optional

import numpy as np

from compete.scoring.json_layout import REAL, TEXT, WHOLE, Layout, Path
from compete.scoring.json_numbers import real_numbers, whole_numbers
from compete.scoring.spans import WORD, Array
from compete.scoring.texts import join_texts
from metrics.cores import on_cores
from metrics.frozen import dataclass
from metrics.memory import reuse_memory
from metrics.scattered import Scattered

BLOCK = 1 << 20
"""Bytes looked at together."""

WORTH = 32
"""Blocks below which a second core costs more than it saves."""

_REACH = 1 << 16
_BLANK = frozenset(b" \t\n\r")
_COMMA, _QUOTE, _BACKSLASH, _OPENING, _SPACE, _DELETE = (ord(character) for character in ',"\\{ \x7f')


class Unlike(Exception):  # noqa: N818  (no fault: another reader's turn)
    """An object is written otherwise than the first."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The values of the objects of a list.

    Attributes:
        layout: how they are written.
        buffer: uint8, the file.
        whole: int64, shape (values, n).
        real: float64, shape (values, n).
        text: by the place of a text in the layout its texts, in runs that begin at the objects named.
    """

    layout: Layout
    buffer: Array
    whole: Array
    real: Array
    text: dict[int, dict[int, Scattered]]

    def numbers(self, *path: Path) -> Array:
        """The numbers at some places of every object, all of one kind, shape (places, n)."""
        kind = self.layout.kind[self.layout.path.index(path[0])]
        held, places = self.whole if kind == WHOLE else self.real, self.layout.places(kind)
        row = [places.index(self.layout.path.index(one)) for one in path]
        neighbours = row == list(range(row[0], row[0] + len(row)))
        chosen: Array = held[row[0] : row[0] + len(row)] if neighbours else held[row]
        return chosen

    def texts(self, path: Path) -> Scattered:
        """The texts at one place of every object."""
        return join_texts([part for _, part in sorted(self.text[self.layout.path.index(path)].items())])


@dataclass(frozen=True, eq=False)
class Block:
    """Some objects: from the comma before them to the comma after them, and how many there are before and with them."""

    low: int
    high: int
    first: int
    stop: int


def read_rows(  # noqa: PLR0917  (a list, and how it is read)
    buffer: Array, begin: int, end: int, layout: Layout, texts: Collection[Path] = (), worth: int = WORTH
) -> Optional[Rows]:
    """Read all objects of a list; of a long one on two cores.

    Args:
        buffer: uint8, with spare bytes on both sides.
        begin: where the first object starts.
        end: where the list ends: the position of its closing bracket.
        layout: how the objects are written.
        texts: which texts to keep; others are only looked at.
        worth: blocks below which one core reads them.

    Returns:
        Their values; None where one is written in another way.
    """
    reuse_memory()
    kept: dict[int, dict[int, Scattered]] = {place: {} for place, path in enumerate(layout.path) if path in texts}
    first = layout.spans(buffer.data, begin)
    last = _last_comma(buffer, begin, end, layout)
    try:
        if first is None or last is None:
            raise Unlike
        blocks = _blocks(buffer, _next(buffer, first[1]), last, layout)
        count = blocks[-1].stop + 1 if blocks else 2
        whole, real = (
            np.empty((len(layout.places(kind)), count), one) for kind, one in ((WHOLE, np.int64), (REAL, float))
        )
        rows = Rows(layout, buffer, whole, real, kept)
        _take_one(rows, first[0], 0)
        final = layout.spans(buffer.data, last + layout.opening)
        if final is None or _next(buffer, final[1]) != end:
            raise Unlike
        _take_one(rows, final[0], count - 1)
        if len(blocks) < worth:
            for block in blocks:
                _take_block(rows, block)
        else:
            on_cores(lambda block: _take_block(rows, block), blocks)
    except Unlike:
        return None
    return rows


def _last_comma(buffer: Array, begin: int, end: int, layout: Layout) -> Optional[int]:
    """The comma before the last object, if it is near; None where there is none."""
    low = max(begin, end - _REACH)
    joint = layout.trail[-1] + layout.lead[0]
    found = bytes(buffer.data[low:end]).rfind(joint)
    return None if found < 0 else low + found + len(layout.trail[-1])


def _next(buffer: Array, position: int) -> int:
    """Where the next byte stands that is no white space."""
    while buffer[position] in _BLANK:
        position += 1
    return position


def _blocks(buffer: Array, low: int, last: int, layout: Layout) -> list[Block]:
    """Cut the objects between two commas into blocks; what is counted here is found wrong later, if it is."""
    joint, brackets = layout.trail[-1] + layout.lead[0], layout.literal.count(b"{")
    blocks, first = [], 1
    if low > last:
        raise Unlike
    while low < last:
        high = low + BLOCK
        near = bytes(buffer.data[high : min(high + _REACH, last)]).find(joint)
        if near < 0 and high + _REACH < last:
            raise Unlike
        high = last if near < 0 else high + near + len(layout.trail[-1])
        stop = first + int(np.count_nonzero(buffer[low:high] == _OPENING)) // brackets
        blocks.append(Block(low, high, first, stop))
        low, first = high, stop
    return blocks


def _take_one(rows: Rows, spans: list[tuple[int, int]], place: int) -> None:
    """Keep the values of one object."""
    layout = rows.layout
    cells = [bytes(rows.buffer[low:high]) for low, high in spans]
    rows.whole[:, place] = [int(cells[one]) for one in layout.places(WHOLE)]
    rows.real[:, place] = [float(cells[one]) for one in layout.places(REAL)]
    if not np.isfinite(rows.real[:, place]).all():
        raise Unlike
    for one, parts in rows.text.items():
        low, high = spans[one]
        pair = np.flatnonzero(rows.buffer[low:high] == _BACKSLASH)[::2] + low
        parts[place] = _texts(rows.buffer, np.array([low]), np.array([high]), pair)


def _take_block(rows: Rows, block: Block) -> None:
    """Keep the values of the objects of a block."""
    layout, buffer, count = rows.layout, rows.buffer, block.stop - block.first
    comma = np.flatnonzero(buffer[block.low : block.high + 1] == _COMMA)
    values = len(layout.path)
    if len(comma) != count * values + 1 or comma[0] or comma[-1] != block.high - block.low:
        raise Unlike
    comma += block.low
    before = comma[:-1].reshape(count, values).T.copy()
    after = comma[1:].reshape(count, values).T.copy()
    for place, lead in enumerate(layout.lead):
        _compare(buffer, before[place] + 1, lead[1:])
    before += np.array([len(lead) for lead in layout.lead])[:, None]
    after -= np.array([len(trail) for trail in layout.trail])[:, None]
    for place, trail in enumerate(layout.trail):
        _compare(buffer, after[place], trail)
    _take_numbers(rows, before, after, slice(block.first, block.stop))
    _take_texts(rows, before, after, block)


def _compare(buffer: Array, position: Array, wanted: bytes) -> None:
    """Compare the bytes at some positions with those wanted."""
    size = len(wanted)
    if size == 1:
        same = bool((buffer.take(position) == wanted[0]).all())
    else:
        everywhere: Array = np.ndarray((buffer.size - size + 1,), dtype=f"V{size}", buffer=buffer, strides=(1,))
        same = not size or everywhere[position].tobytes() == wanted * len(position)
    if not same:
        raise Unlike


def _take_numbers(rows: Rows, start: Array, stop: Array, new: slice) -> None:
    """Keep the numbers of some objects, whose values start and stop at positions of shape (values, objects)."""
    for kind, out, read in ((WHOLE, rows.whole, whole_numbers), (REAL, rows.real, real_numbers)):
        places = np.array(rows.layout.places(kind), dtype=np.int64)
        short = (stop[places] - start[places]).max(axis=1) <= WORD if len(places) else places > 0
        for some in (np.flatnonzero(short), *np.flatnonzero(~short)[:, None]):  # alike ones together, others alone
            if len(some):
                value, good = read(rows.buffer, start[places[some]].ravel(), stop[places[some]].ravel())
                if not good:
                    raise Unlike
                out[some, new] = value.reshape(len(some), -1)


def _take_texts(rows: Rows, start: Array, stop: Array, block: Block) -> None:
    """Keep the texts of some objects."""
    places = rows.layout.places(TEXT)
    if places:
        if (stop[places] < start[places]).any():
            raise Unlike
        pair = _escaped(rows, block)
        for place, parts in rows.text.items():
            parts[block.first] = _texts(rows.buffer, start[place], stop[place], pair)


def _escaped(rows: Rows, block: Block) -> Array:
    """Where escaped backslashes stand, after a look that no text of some objects ends early or holds aught else odd.

    Between the values stands what the layout says, so what is more of a character stands in a text.
    """
    content, literal = rows.buffer[block.low : block.high], np.frombuffer(rows.layout.literal, np.uint8)
    count = block.stop - block.first
    quotes = int(np.count_nonzero(content == _QUOTE))
    blanks = int(np.count_nonzero(content < _SPACE)) if content.min() < _SPACE else 0
    if quotes != count * np.count_nonzero(literal == _QUOTE) or blanks != count * np.count_nonzero(literal < _SPACE):
        raise Unlike
    backslash = np.flatnonzero(content == _BACKSLASH) + block.low
    pair = backslash[::2]
    if content.max() >= _DELETE or len(backslash) % 2 or (backslash[1::2] != pair + 1).any():
        raise Unlike
    return pair


def _texts(buffer: Array, begin: Array, end: Array, pair: Array) -> Scattered:
    """Scattered divided where the first byte of a pair stands."""
    row = np.searchsorted(begin, pair, side="right") - 1
    inside = (row >= 0) & (pair < end[row])
    first = np.arange(len(begin) + 1)
    if not inside.any():
        return Scattered(buffer, begin, end, first)
    pair, row = pair[inside], row[inside]
    first[1:] += np.cumsum(np.bincount(row, minlength=len(begin)))
    low, high = np.empty((2, int(first[-1])), np.int64)
    low[first[:-1]], high[first[1:] - 1] = begin, end
    place = row + np.arange(len(row))  # of the span that ends before the pair's second byte
    low[place + 1], high[place] = pair + 1, pair
    return Scattered(buffer, low, high, first)
