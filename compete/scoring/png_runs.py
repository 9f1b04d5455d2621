"""Undo the filters of many label pictures at once, run by run: most filtered bytes of a label picture are zero.

A pixel differs from its left neighbour only where its filtered bytes are not zero or where the row above changes. So
each picture is kept as the few places of a row where its value changes, and all pictures of one size go down their rows
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from compete.scoring.png_filters import AVERAGE, NONE, PAETH, SUB, UP
from compete.scoring.spans import Array

DENSE = 8
"""A picture with more than one filtered pixel in so many that is not zero is rather undone pixel by pixel."""

APART = 21
"""Bits between the bytes of a pixel."""

SHIFT = np.array([[0], [APART], [2 * APART]])
BYTES = 255 | 255 << APART | 255 << 2 * APART
LONGEST = (1 << APART) // 255 - 1
"""How many pixels may be added up before a sum runs into the next byte."""

STEPS = 8
"""How many pixels a row may be walked through, on average, before a picture is left to the other way."""


@dataclass(frozen=True, eq=False)
class SparseRows:
    """The filtered rows of a picture, without their zeros.

    Attributes:
        kind: the filter of each row: `SUB`, `UP` or `PAETH`, uint8, shape (h,).
        row: the row of each pixel that is not zero, ascending, uint32, shape (k,).
        column: its column, int64, shape (k,).
        residual: its filtered bytes, packed, int64, shape (k,).
    """

    kind: Array
    row: Array
    column: Array
    residual: Array


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
    """The filtered rows of a picture without their zeros; None where that does not pay or a filter is not of the three.

    Args:
        rows: each led by the number of its filter, uint8, shape (h, 1 + w * channels).
        channels: bytes of a pixel.
    """
    length = rows.shape[1]
    width = (length - 1) // channels
    kind = rows[:, 0].copy()
    if not (kind == PAETH).any() or (kind == AVERAGE).any() or kind.max() > PAETH:
        return None
    plain = np.flatnonzero(kind == NONE)
    if len(plain):  # what is not filtered is written as differences to the left
        rows, pixels = rows.copy(), rows[plain, 1:]
        rows[plain, 1 + channels :] -= pixels[:, :-channels]
        kind[plain] = SUB
    place = _nonzero(rows.ravel())
    row = place // length
    inside = place > row * length  # the first byte of a row is the number of its filter
    row = row[inside]
    pixel = (place[inside] - row - 1) // channels
    pixel = _with_ends(pixel, row, kind == UP, width)
    if len(pixel) * DENSE * channels > rows.size:
        return None
    row = pixel // width
    first = pixel * channels + row + 1
    residual = _packed(np.stack([rows.ravel()[first + channel] for channel in range(channels)]))
    return SparseRows(kind, row, pixel - row * width, residual)


def _with_ends(pixel: Array, row: Array, is_up: Array, width: int) -> Array:
    """Pixels without repeats, and where a stretch of them ends in a row filtered by `UP`, also the one behind it."""
    last = np.concatenate((pixel[1:] != pixel[:-1], [True]))[: len(pixel)]
    pixel, row = pixel[last], row[last]
    ends = np.concatenate((pixel[1:] != pixel[:-1] + 1, [True]))[: len(pixel)] & is_up[row]
    behind = pixel[ends] + 1
    behind = behind[behind < (row[ends] + 1) * width]
    return np.sort(np.concatenate((pixel, behind)), kind="stable")


def _nonzero(flat: Array) -> Array:
    """The places of the bytes that are not zero; eight bytes are looked at in one step."""
    whole = len(flat) // 8 * 8
    eights = flat[:whole].view(np.uint64)
    words = np.flatnonzero(eights != 0)
    inside = np.flatnonzero(eights[words].view(np.uint8) != 0)
    found = (words << 3)[inside >> 3] + (inside & 7)
    return np.concatenate((found, np.flatnonzero(flat[whole:]) + whole))


def undo_filters(pictures: Sequence[SparseRows], width: int) -> list[Optional[Runs]]:
    """The runs of pictures of one size and kind; None for one that is rather undone pixel by pixel.

    Args:
        pictures: what `sparse_rows` made of them.
        width: pixels of a row.

    In rows filtered by `PAETH`, pixels below a change are first taken to follow the one above; then a row is a running
    sum. That is right wherever the left pixel equals the one above left. The few others are walked through.
    """
    count, height = len(pictures), len(pictures[0].kind)
    kind = np.stack([one.kind for one in pictures], axis=1)
    row = np.concatenate([one.row for one in pictures])
    order = np.argsort(row.astype(np.uint16) if height <= 1 << 16 else row, kind="stable")
    key = np.concatenate([one.column + k * width for k, one in enumerate(pictures)])[order]
    residual = np.concatenate([one.residual for one in pictures])[order]
    ends = np.searchsorted(row[order], np.arange(height + 1)).tolist()
    fresh, old = np.zeros((2, count * width), dtype=bool)
    sweep = _Sweep(np.arange(count) * width, fresh, old, np.zeros(count, dtype=np.int64))
    line = _Line(sweep.first, np.zeros(count, dtype=np.int64), np.arange(count))
    lines = []
    for number in range(height):
        part = slice(ends[number], ends[number + 1])
        line = _next_line(line, key[part], residual[part], kind[number], sweep)
        if sweep.steps.max() > STEPS * height:
            kind[number + 1 :, sweep.steps > STEPS * height] = UP  # nothing to walk through any more
        lines.append(line)
    return _collected(lines, width, sweep.steps <= STEPS * height)


@dataclass(frozen=True, eq=False)
class _Sweep:
    """What stays while all pictures go down their rows.

    Attributes:
        first: the key of the first pixel of each picture; keys number the columns of all pictures side by side.
        fresh: room to mark keys, bool.
        old: the same.
        steps: how many pixels of each picture have been walked through.
    """

    first: Array
    fresh: Array
    old: Array
    steps: Array


@dataclass(frozen=True, eq=False)
class _Line:
    """One row of all pictures: the keys where the value changes, the values, and which of them begins a picture."""

    key: Array
    value: Array
    first: Array


@dataclass(frozen=True, eq=False)
class _Places:
    """The places of a row where a value may change.

    Attributes:
        top: the value above.
        corner: the value above left.
        change: the filtered bytes.
        anew: whether the value follows from ``start`` rather than from the left.
        start: what it then follows from.
        guessed: whether that depends on the value to the left.
    """

    top: Array
    corner: Array
    change: Array
    anew: Array
    start: Array
    guessed: Array


def _next_line(above: _Line, key: Array, residual: Array, kind: Array, sweep: _Sweep) -> _Line:
    """The row below."""
    fresh, old = sweep.fresh, sweep.old
    fresh[key] = True
    old[above.key] = True
    at = np.flatnonzero(fresh | old)
    is_fresh, is_old = fresh.take(at), old.take(at)
    fresh[key] = False
    old[above.key] = False
    begin = at.searchsorted(sweep.first)
    stop = np.append(begin[1:], len(at))
    index = np.cumsum(is_old)
    index -= 1
    top = above.value.take(index, mode="clip")
    corner = top.copy()
    np.copyto(corner[1:], top[:-1], where=is_old[1:])
    corner[begin] = 0
    filtered = kind.repeat(stop - begin)
    change = np.zeros(len(at), dtype=np.int64)
    change[is_fresh] = residual
    guessed = top != corner
    guessed &= filtered == PAETH
    guessed[begin] = False
    anew = filtered == UP
    anew |= guessed
    anew[begin] = True
    places = _Places(top, corner, change, anew, top * (filtered != SUB), guessed)
    value = _summed(places)
    _mend(value, places, (begin, stop), sweep)
    kept = np.empty(len(at), dtype=bool)
    np.not_equal(value[1:], value[:-1], out=kept[1:])
    kept[begin] = True
    chosen = np.flatnonzero(kept)
    return _Line(at.take(chosen, mode="clip"), value.take(chosen, mode="clip"), chosen.searchsorted(begin))


def _summed(places: _Places) -> Array:
    """Running sums of each byte, modulo 256, that begin anew where that is chosen."""
    out = np.empty_like(places.change)
    for low in range(0, len(out), LONGEST):  # a longer sum would run into the next byte
        part = slice(low, low + LONGEST)
        total = np.cumsum(places.change[part])
        last = np.arange(len(total))
        last *= places.anew[part]
        np.maximum.accumulate(last, out=last)
        offset = places.start[part] + places.change[part]
        offset -= total
        if low and not places.anew[low]:
            offset[0] += out[low - 1] - places.start[low]
        total += offset.take(last, mode="clip")
        np.bitwise_and(total, BYTES, out=out[part])
    return out


def _mend(value: Array, places: _Places, bounds: tuple[Array, Array], sweep: _Sweep) -> None:
    """Walk through the places whose value may not follow from the one above, and on until nothing changes."""
    guess = np.flatnonzero(places.guessed)
    left = value.take(guess - 1, mode="wrap")
    top, corner = places.top.take(guess, mode="clip"), places.corner.take(guess, mode="clip")
    wrong = guess[(left != corner) & (left != top)]
    begin, stop = bounds
    reached = -1
    pictures = begin.searchsorted(wrong, "right") - 1
    for place, picture, end in zip(wrong.tolist(), pictures.tolist(), stop[pictures].tolist()):
        here = max(place, reached)
        while here < end:
            found = _value_at(value, places, here)
            if found == value[here]:
                break
            value[here] = found
            here += 1
        sweep.steps[picture] += 1 + max(here - place, 0)
        reached = max(here, reached)


def _value_at(value: Array, places: _Places, here: int) -> int:
    """One value, from the one to its left."""
    change: int = places.change.item(here)
    left: int = value.item(here - 1)
    if not places.guessed.item(here):
        start: int = places.start.item(here) if places.anew.item(here) else left
        return (change + start) & BYTES
    top: int = places.top.item(here)
    corner: int = places.corner.item(here)
    found = 0
    for shift in (0, APART, 2 * APART):
        one, two, three = left >> shift & 255, top >> shift & 255, corner >> shift & 255
        to_left, to_top, to_corner = abs(two - three), abs(one - three), abs(one + two - 2 * three)
        nearest = one if to_left <= to_top and to_left <= to_corner else two if to_top <= to_corner else three
        found |= nearest << shift
    return (found + change) & BYTES


def _packed(channels: Array) -> Array:
    """The bytes of pixels, shape (channels, k), far enough apart in one number that thousands can be added up."""
    return np.asarray((channels.astype(np.int64) << SHIFT[: len(channels)]).sum(axis=0))


def _collected(lines: Sequence[_Line], width: int, settled: Array) -> list[Optional[Runs]]:
    """The runs of each picture, from the rows of all."""
    count = len(settled)
    value = np.concatenate([line.value for line in lines])
    value = (value & 0xFF | value >> APART - 8 & 0xFF00 | value >> 2 * (APART - 8) & 0xFF0000).astype(np.uint32)
    size = np.array([len(line.key) for line in lines])
    begin = np.stack([line.first for line in lines])
    length = np.diff(begin, axis=1, append=size[:, None])
    place = np.concatenate([line.key for line in lines])
    # each stretch of one row of one picture moves to where the picture's rows stand one below the other
    target = np.cumsum(length.T.ravel()).reshape(count, -1).T - length
    move = target - begin - (np.cumsum(size) - size)[:, None]
    order = np.arange(len(place)) + np.repeat(move.ravel(), length.ravel())
    place += np.repeat((np.arange(len(lines))[:, None] * width - np.arange(count) * width).ravel(), length.ravel())
    values, places = np.empty_like(value), np.empty(len(place), dtype=np.int32)
    values[order] = value
    places[order] = place
    starts = target[0]
    fresh = np.empty(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=fresh[1:])
    fresh[starts] = True
    chosen = np.flatnonzero(fresh)
    values, ends = values[chosen], np.append(places[chosen[1:]], np.int32(0))
    bounds = np.searchsorted(chosen, np.append(starts, len(fresh)))
    ends[bounds[1:] - 1] = width * len(lines)
    pairs = zip(bounds[:-1].tolist(), bounds[1:].tolist(), settled.tolist())
    return [Runs(values[low:high], ends[low:high]) if good else None for low, high, good in pairs]
