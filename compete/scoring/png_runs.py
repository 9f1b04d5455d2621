"""Undo the filters of many label pictures at once: most filtered bytes of a label picture are zero.

All pictures of one size go down their rows together. A pixel filtered by `PAETH` follows the left one where the row
above goes on with one value, and mostly the one above where that row changes. So a row is a few stretches, each a
running sum of the few bytes that are not zero; stretches that follow another than the pixel above are walked through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

import numpy as np

from compete.scoring.png_filters import AVERAGE, NONE, PAETH, SUB, UP
from compete.scoring.spans import Array
from metrics.frozen import dataclass
from metrics.label_edges import true_places

DENSE = 8
"""A picture with more than one filtered pixel in so many that is not zero is rather undone pixel by pixel."""

STEPS = 8
"""How many stretches a row may be walked through, on average, before a picture is left to the other way."""

BYTE: np.dtype[np.uint8] = np.dtype(np.uint8)
COLOUR: np.dtype[np.uint32] = np.dtype("<u4")
"""Holds the three bytes of a pixel, red the lowest, as in ids of segments."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """Some pixels of a picture, in row-major order.

    Attributes:
        row: ascending, uint16 (or uint32 of very high pictures), shape (k,).
        column: -1 for what stands before a row, int32, shape (k,).
        value: their bytes as one number, uint8 or uint32, shape (k,).
    """

    row: Array
    column: Array
    value: Array

    def take(self, index: Array) -> Pixels:
        """Some of them."""
        return Pixels(self.row.take(index), self.column.take(index), self.value.take(index))


@dataclass(frozen=True, eq=False)
class SparseRows:
    """The filtered rows of a picture, without their zeros.

    Attributes:
        kind: the filter of each row: `SUB`, `UP` or `PAETH`, uint8, shape (h,).
        filtered: the filtered pixels of `UP` and `PAETH` that are not zero.
        plain: the pixels of the other rows from which on they have another value; each row begins with 0 in column -1.
    """

    kind: Array
    filtered: Pixels
    plain: Pixels


@dataclass(frozen=True, eq=False)
class Runs:
    """Stretches of equal pixels of a picture in row-major order.

    Attributes:
        value: the value of each stretch, unsigned, shape (runs,).
        end: the place where it ends, exclusive, int32, shape (runs,).
    """

    value: Array
    end: Array


def sparse_rows(rows: Array, channels: int) -> Optional[SparseRows]:
    """The filtered rows of a picture without their zeros; None where that does not pay or a filter is not of the four.

    Args:
        rows: each led by the number of its filter, uint8, shape (h, 1 + w * channels).
        channels: bytes of a pixel.
    """
    length = rows.shape[1]
    kind = rows[:, 0].copy()
    if not (kind == PAETH).any() or (kind == AVERAGE).any() or kind.max() > PAETH:
        return None
    plain = np.flatnonzero(kind == NONE)
    if len(plain):  # what is not filtered is written as differences to the left
        rows, pixels = rows.copy(), rows[plain, 1:]
        rows[plain, 1 + channels :] -= pixels[:, :-channels]
        rows[plain, 0] = kind[plain] = SUB
    flat = rows.ravel()
    place = true_places(flat)
    if len(place) * DENSE > rows.size:
        return None
    row = place // length
    column = (place - row * length).astype(np.int32)
    column -= 1  # before each row stands the number of its filter, which is never 0 here
    narrow = np.uint16 if len(kind) <= 1 << 16 else np.uint32
    if channels == 1:
        value = flat.take(place)
    else:
        row, column, value = _joined(row, column // channels, flat, length)
    found = Pixels(row.astype(narrow), column, value)
    across = kind.take(row) == SUB
    filtered = found.take((~across & (column >= 0)).nonzero()[0])
    return SparseRows(kind, filtered, _running(found.take(across.nonzero()[0])))


def _joined(row: Array, column: Array, flat: Array, length: int) -> tuple[Array, Array, Array]:
    """Rows, columns and values of pixels of three bytes, each once, from the places of their bytes."""
    first = np.ones(len(row), dtype=bool)
    np.not_equal(column[1:], column[:-1], out=first[1:])
    first[1:] |= row[1:] != row[:-1]
    chosen = first.nonzero()[0]
    row, column = row.take(chosen), column.take(chosen)
    value = np.zeros((len(row), 4), dtype=BYTE)
    begin = row * length + column * 3 + 1
    for channel in range(3):
        value[:, channel] = flat.take(begin + channel, mode="clip")
    return row, column, value.view(COLOUR)[:, 0]


def _running(pixels: Pixels) -> Pixels:
    """Running sums within each row."""
    head = (pixels.column < 0).nonzero()[0]
    pixels.value[head] = 0
    total = _sums(pixels.value)
    before = total.take(head).repeat(_lengths(head, len(total)))
    return Pixels(pixels.row, pixels.column, _less(total, before))


def _lengths(begin: Array, end: int) -> Array:
    """How far it is from each place to the next, and from the last to the end."""
    out = np.empty(len(begin), dtype=np.int64)
    np.subtract(begin[1:], begin[:-1], out=out[:-1])
    out[-1:] = end - begin[-1:]
    return out


def undo_filters(pictures: Sequence[SparseRows], width: int) -> list[Optional[Runs]]:
    """The runs of pictures of one size and kind; None for one that is rather undone pixel by pixel.

    Args:
        pictures: what `sparse_rows` made of them.
        width: pixels of a row.
    """
    count, height = len(pictures), len(pictures[0].kind)
    kind = np.stack([one.kind for one in pictures], axis=1)
    is_plain = kind == SUB
    filtered = _Listed.of([one.filtered for one in pictures], height, width)
    plain = _Listed.of([one.plain for one in pictures], height, 0)
    length = np.append(plain.key, -1)[1:]
    length[length < 0] = width
    length -= np.maximum(plain.key, 0)
    sweep = _Sweep.over(count, width, filtered.value.dtype)
    lines = []
    for number in range(height):
        _next_row(sweep, filtered.key[filtered.row(number)], filtered.value[filtered.row(number)], kind[number])
        part = plain.row(number)
        if part.stop > part.start:
            sweep.pixel[is_plain[number]] = plain.value[part].repeat(length[part]).reshape(-1, width)
        lines.append(_line(sweep, number == 0))
        if sweep.steps.max() > STEPS * height:
            kind[number + 1 :, sweep.steps > STEPS * height] = UP  # nothing to walk through any more
    return _collected(lines, width, sweep.steps <= STEPS * height)


@dataclass(frozen=True, eq=False)
class _Listed:
    """Pixels of all pictures, row after row, and in a row picture after picture.

    Attributes:
        key: the column, counted through all pictures side by side, each of a width.
        value: as in `Pixels`.
        end: where each row begins, and the end.
    """

    key: Array
    value: Array
    end: list[int]

    @classmethod
    def of(cls, pictures: Sequence[Pixels], height: int, width: int) -> _Listed:
        """The pixels of these pictures."""
        row = np.concatenate([one.row for one in pictures])
        end = np.append(0, np.cumsum(np.bincount(row, minlength=height)))
        order = np.argsort(row, kind="stable")
        columns = [np.add(one.column, k * width, dtype=np.int64) for k, one in enumerate(pictures)]
        key = np.concatenate(columns).take(order)
        return cls(key, np.concatenate([one.value for one in pictures]).take(order), end.tolist())

    def row(self, number: int) -> slice:
        """Where the pixels of a row are."""
        return slice(self.end[number], self.end[number + 1])


@dataclass(frozen=True, eq=False)
class _Line:
    """One row of all pictures: the keys where the value changes, the values, and which of them begins a picture."""

    key: Array
    value: Array
    first: Array


@dataclass(frozen=True, eq=False)
class _Sweep:
    """All pictures side by side, on their way down the rows.

    Attributes:
        pixel: the row that was reached, shape (pictures, width).
        fresh: whether a pixel differs from the one to its left, and in column 0 always, bool, of the same shape.
        residual: room for filtered pixels, all 0, of the same shape.
        last: the last pixel of the row above, shape (pictures,).
        first: the key of the first pixel of each picture.
        steps: how many stretches of each picture have been walked through.
    """

    pixel: Array
    fresh: Array
    residual: Array
    last: Array
    first: Array
    steps: Array

    @classmethod
    def over(cls, count: int, width: int, kind: np.dtype[np.generic]) -> _Sweep:
        """Above the first row, where all is 0."""
        fresh = np.zeros((count, width), dtype=bool)
        fresh[:, 0] = True
        pixel, residual = np.zeros((2, count, width), dtype=kind)
        first = np.arange(0, count * width, width)
        return cls(pixel, fresh, residual, np.zeros(count, dtype=kind), first, np.zeros(count, dtype=np.int64))


def _next_row(sweep: _Sweep, key: Array, residual: Array, kind: Array) -> None:
    """Go down by one row; those that are filtered by `SUB` stay."""
    flat = sweep.residual.reshape(-1)
    flat[key] = residual
    hard = (kind == PAETH).nonzero()[0]
    found = _undone(sweep, hard) if len(hard) else None
    sweep.last[:] = sweep.pixel[:, -1]
    pixel = sweep.pixel.view(BYTE)
    pixel += sweep.residual.view(BYTE)
    if found is not None:
        sweep.pixel[hard] = found
    flat[key] = 0


def _line(sweep: _Sweep, is_top: bool) -> _Line:
    """The row that was reached."""
    pixel, fresh = sweep.pixel.reshape(-1), sweep.fresh.reshape(-1)
    np.not_equal(pixel[1:], pixel[:-1], out=fresh[1:])
    if is_top:
        sweep.fresh[:, 0] = True
    else:
        np.not_equal(sweep.pixel[:, 0], sweep.last, out=sweep.fresh[:, 0])  # a run may go on in the next row
    key = true_places(fresh)
    sweep.fresh[:, 0] = True
    return _Line(key, pixel.take(key), key.searchsorted(sweep.first))


def _undone(sweep: _Sweep, picture: Array) -> Array:
    """The next row of some pictures that are filtered by `PAETH`, shape (pictures, width)."""
    top, fresh, residual = sweep.pixel[picture], sweep.fresh[picture], sweep.residual[picture]
    at = true_places((fresh | (residual != 0)).reshape(-1))
    change = residual.reshape(-1).take(at)
    total = _sums(change)
    head = fresh.reshape(-1).take(at).nonzero()[0]
    place = at.take(head)
    before = _less(total.take(head), change.take(head))  # what was added up before each stretch
    within = _less(before[1:], before[:-1])
    start = _starts(top.reshape(-1).take(place), within, sweep, (picture, place))
    total = _plus(total, _less(start, before).repeat(_lengths(head, len(at))))
    return total.repeat(_lengths(at, top.size)).reshape(top.shape)


def _starts(above: Array, within: Array, sweep: _Sweep, where: tuple[Array, Array]) -> Array:
    """What the pixels of each stretch follow from: the row above, unless the left pixel says otherwise.

    Args:
        above: the value above each stretch, shape (s,).
        within: what is added up within each stretch but the last, shape (s - 1,).
        sweep: where the stretches that are walked through are counted.
        where: the pictures, and the place of each stretch in their rows end to end.
    """
    left = _plus(above[:-1], within)
    doubt = ((left != above[:-1]) & (left != above[1:])).nonzero()[0]
    start = above.copy()
    picture, place = where
    width, shifts = sweep.pixel.shape[1], range(0, 8 * above.itemsize, 8)
    for here in (doubt + 1).tolist():
        while here < len(start) and place.item(here) % width:
            before = _plus(start[here - 1 : here], within[here - 1 : here])
            found = nearest(before.item(), above.item(here), above.item(here - 1), shifts)
            sweep.steps[picture.item(place.item(here) // width)] += 1
            if found == start.item(here):
                break
            start[here] = found
            here += 1  # noqa: PLW2901  (its left pixel is another now)
    return start


def nearest(left: int, top: int, corner: int, shifts: Iterable[int]) -> int:
    """Byte by byte, of the three neighbours the one nearest to left + top - corner; of equals the first."""
    found = 0
    for shift in shifts:
        one, two, three = left >> shift & 255, top >> shift & 255, corner >> shift & 255
        to_left, to_top, to_corner = abs(two - three), abs(one - three), abs(one + two - 2 * three)
        best = one if to_left <= to_top and to_left <= to_corner else two if to_top <= to_corner else three
        found |= best << shift
    return found


def _sums(pixel: Array) -> Array:
    """Running sums of each byte, modulo 256."""
    if pixel.dtype == BYTE:
        return np.add.accumulate(pixel, dtype=BYTE)
    channels = pixel.view(BYTE).reshape(-1, pixel.itemsize)
    return np.add.accumulate(channels, axis=0, dtype=BYTE).reshape(-1).view(pixel.dtype)


def _plus(one: Array, other: Array) -> Array:
    """The sum of each byte, modulo 256."""
    return np.add(one.view(BYTE), other.view(BYTE)).view(one.dtype)


def _less(one: Array, other: Array) -> Array:
    """The difference of each byte, modulo 256."""
    return np.subtract(one.view(BYTE), other.view(BYTE)).view(one.dtype)


def _shifts(values: Array, length: Array) -> Array:
    """One number for each of several runs of entries, given to all of a run, int32."""
    return values.ravel().astype(np.int32).repeat(length.ravel())


def _collected(lines: Sequence[_Line], width: int, settled: Array) -> list[Optional[Runs]]:
    """The runs of each picture, from the rows of all."""
    count = len(settled)
    value = np.concatenate([line.value for line in lines])
    size = np.array([len(line.key) for line in lines])
    begin = np.stack([line.first for line in lines])
    length = np.diff(begin, axis=1, append=size[:, None])
    # each stretch of one row of one picture moves to where the picture's rows stand one below the other
    target = np.cumsum(length.T.ravel()).reshape(count, -1).T - length
    order = _shifts(target - begin - (np.cumsum(size) - size)[:, None], length)
    order += np.arange(len(order), dtype=np.int32)
    place = _shifts(np.arange(len(lines))[:, None] * width - np.arange(count) * width, length)
    place += np.concatenate([line.key for line in lines])
    values, ends = np.empty_like(value), np.empty(len(place) + 1, dtype=np.int32)
    values[order] = value
    ends[order] = place
    bounds = np.append(target[0], len(place))
    ends[bounds[1:]] = width * len(lines)
    return [
        Runs(values[low:high], ends[low + 1 : high + 1]) if good else None
        for low, high, good in zip(bounds[:-1].tolist(), bounds[1:].tolist(), settled.tolist())
    ]
