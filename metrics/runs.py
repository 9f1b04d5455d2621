"""Runs of foreground as stretches of pixels: from and to plain run lengths, merged, and as Kaggle writes them.

A run has an owner (the number of its mask), a first pixel ``begin`` and the pixel after its last, ``end``, counted down
the columns from 0. Runs are listed flat, in the order of owners and of pixels; `Stretches` are owner, begin and end of
each run, `Ragged` has, in place of the owner, where the runs of each owner start, and the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from metrics.cores import on_cores
from metrics.inputs import MetricError
from metrics.label_edges import true_places
from metrics.run_lengths import CHARACTER, FINE, LARGE, LONG, UNORDERED, UNPAIRED

if TYPE_CHECKING:
    from metrics.inputs import Array

    Stretches = tuple[Array, Array, Array]
    Ragged = tuple[Array, Array, Array]
    Pieces = list[tuple[Array, Array]]

WORTH = 1 << 18
"""Ends of runs from which on a second core saves more than it costs."""

LONGEST = 10
"""Digits of a number in Kaggle's run lengths; more are no pixel of any mask."""


def counts_of_runs(owner: Array, begin: Array, end: Array, pixels: Array) -> tuple[Array, Array]:
    """Plain run lengths, as pycocotools would count them.

    Args:
        owner: the mask of each run, ascending, shape (runs,).
        begin: first pixel of each run; runs of one mask do not touch.
        end: the pixel after the last.
        pixels: how many pixels each mask has, shape (m,).

    Returns:
        Background, foreground and so on, int64, and where those of each mask start, int64, shape (m + 1,).
    """
    number = np.bincount(owner, minlength=len(pixels))
    first = np.cumsum(number) - number
    filled = np.flatnonzero(number)
    open_end = np.ones(len(pixels), bool)
    open_end[filled] = end[first[filled] + number[filled] - 1] < pixels[filled]
    start = np.zeros(len(pixels) + 1, np.int64)
    np.cumsum(2 * number + open_end, out=start[1:])
    place = (start[:-1] - 2 * first)[owner] + 2 * np.arange(len(owner))
    edge = np.empty(int(start[-1]), np.int64)
    edge[place], edge[place + 1] = begin, end
    edge[start[1:][open_end] - 1] = pixels[open_end]
    count = np.diff(edge, prepend=0)
    count[start[:-1]] = edge[start[:-1]]
    return count, start


def runs_of_counts(count: Array, start: Array) -> Stretches:
    """The runs of foreground in plain run lengths; empty ones are left out."""
    number = np.diff(start)
    total = np.cumsum(count)
    owner = np.repeat(np.arange(len(number)), number)
    total -= (total - count)[start[:-1]].repeat(number) if len(count) else 0
    kept = np.flatnonzero(((np.arange(len(count)) - start[owner]) & 1 == 1) & (count > 0))
    return owner[kept], (total - count)[kept], total[kept]


def ragged_runs(stretches: Stretches, m: int) -> Ragged:
    """The runs of ``m`` owners with where those of each start, in place of the owner of each."""
    owner, begin, end = stretches
    start = np.zeros(m + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=m), out=start[1:])
    return start, begin.astype(np.int32, copy=False), end.astype(np.int32, copy=False)


def owned_runs(runs: Ragged) -> Stretches:
    """The runs with the owner of each."""
    start, begin, end = runs
    return np.repeat(np.arange(len(start) - 1), np.diff(start)), begin.astype(np.int64), end.astype(np.int64)


def take_runs(runs: Ragged, index: Array) -> Ragged:
    """The runs of some owners, in any order."""
    start, begin, end = runs
    count = start[index + 1] - start[index]
    first = np.zeros(len(index) + 1, np.int64)
    np.cumsum(count, out=first[1:])
    row = np.repeat(start[index] - first[:-1], count)
    row += np.arange(len(row))
    return first, begin.take(row), end.take(row)


def inserted_runs(runs: tuple[Array, Pieces], other: Ragged, place: Array) -> tuple[Array, Pieces]:
    """The runs of all owners of two lists, in pieces of either.

    Args:
        runs: of the first list, where the runs of each owner start, and the end; first pixels and ends, in pieces.
        other: the second list.
        place: where its owners stand among all, ascending.
    """
    start, pieces = runs
    before = place - np.arange(len(place))  # how many owners of the first list stand before each of the second
    whole = np.append(0, np.cumsum(np.insert(np.diff(start), before, np.diff(other[0]))))
    cuts, edges = start[before].tolist(), (other[0][:-1].tolist(), other[0][1:].tolist())
    new = [(other[1][low:high], other[2][low:high]) for low, high in zip(*edges)]
    out: Pieces = []
    done = next_cut = 0
    for begin, end in pieces:
        at = 0
        while next_cut < len(cuts) and cuts[next_cut] < done + len(begin):
            here = cuts[next_cut] - done
            out += [(begin[at:here], end[at:here]), new[next_cut]]
            at, next_cut = here, next_cut + 1
        out.append((begin[at:], end[at:]))
        done += len(begin)
    return whole, out + new[next_cut:]


def joined_sides(pieces: Pieces) -> tuple[Array, Array]:
    """First pixels and ends of runs in several pieces, int32, each end to end; many are copied on two cores."""
    if len(pieces) == 1:
        return pieces[0]
    sides = np.empty((2, sum(len(begin) for begin, _ in pieces)), np.int32)

    def join(side: int) -> None:
        np.concatenate([sides[side, :0], *(piece[side] for piece in pieces)], out=sides[side], casting="same_kind")

    if sides.size < WORTH:
        join(0)
        join(1)
    else:
        on_cores(join, range(2))
    return sides[0], sides[1]


def extent_of_runs(runs: Ragged) -> tuple[Array, Array, Array]:
    """How many pixels the runs of each owner have, the first of them, and the one after the last; 0 where none."""
    start, begin, end = runs
    filled = np.flatnonzero(start[1:] > start[:-1])
    total, low, high = np.zeros((3, len(start) - 1), np.int64)
    if len(filled):
        first = start[filled]
        low[filled], high[filled] = begin[first], end[start[filled + 1] - 1]
        total[filled] = np.add.reduceat(end, first, dtype=end.dtype)  # runs over, as the other does
        total[filled] -= np.add.reduceat(begin, first, dtype=begin.dtype)
        total &= (1 << 32) - 1
    return total, low, high


def joined_runs(parts: Sequence[Stretches]) -> Stretches:
    """The runs of several lists, one list after the other."""
    none = np.zeros(0, np.int64)
    owner, begin, end = (np.concatenate((none, *(part[column] for part in parts))) for column in range(3))
    return owner, begin, end


def bitmap_edges(array: Array) -> Array:
    """The pixels, counted down the columns, where foreground begins and ends in turn, int64."""
    filled = array if array.dtype == bool else array != 0
    if array.flags.f_contiguous and array.size:
        pixel = filled.ravel(order="F")
        inner = true_places(pixel[1:] != pixel[:-1]) + 1
        return np.concatenate((np.zeros(int(pixel[0]), np.int64), inner, np.full(int(pixel[-1]), len(pixel))))
    row, column = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
    if not len(row):
        return np.zeros(0, np.int64)
    top, left, tall = row[0], column[0], row[-1] + 1 - row[0]
    pitch = tall + (tall < len(array))  # a row of background below keeps the runs of columns apart
    pixel = np.zeros((column[-1] + 2 - left, pitch), bool)
    pixel[:-1, :tall] = filled[top : top + tall, left : column[-1] + 1].T
    edge = np.flatnonzero(np.diff(pixel.ravel(), prepend=False))
    place: Array = (left + edge // pitch) * len(array) + top + edge % pitch
    return place


def merged_runs(owner: Array, begin: Array, end: Array) -> Stretches:
    """The pixels that any run of an owner covers, as runs that do not touch; the runs given may come in any order."""
    key = (owner << 32) | begin
    order = np.argsort(key, kind="stable")
    key = key[order]
    reach = np.maximum.accumulate((owner[order] << 32) | end[order])
    fresh = np.append(True, key[1:] > reach[:-1])[: len(key)]
    closing = np.append(fresh[1:], True)[: len(key)]
    key, low = key[fresh], (1 << 32) - 1
    return key >> 32, key & low, reach[closing] & low


def runs_of_toggles(key: Array) -> Stretches:
    """The runs between pixels where foreground begins or ends; two toggles at one pixel cancel out.

    Args:
        key: for each toggle its owner, shifted by 32 bits, and its pixel, int64, in any order; of one owner an even
            number.
    """
    key = cancelled(key)
    low = (1 << 32) - 1
    return key[::2] >> 32, key[::2] & low, key[1::2] & low


def cancelled(key: Array) -> Array:
    """The numbers that occur an odd number of times, ascending, each once."""
    key = np.sort(key, kind="stable")  # fast where many rise or fall in a row
    equal = np.flatnonzero(key[1:] == key[:-1])
    if not len(equal):
        return key
    kept = np.ones(len(key), bool)
    kept[equal], kept[equal + 1] = False, False
    heads = np.flatnonzero(np.diff(equal, prepend=-2) != 1)
    times = np.diff(heads, append=len(equal)) + 1
    kept[equal[heads[times % 2 == 1]]] = True
    return key.compress(kept)


def read_pairs(texts: Sequence[str], pixels: Array) -> tuple[Array, Stretches]:
    """The runs in Kaggle's run lengths: ``first length first length …``, pixels counted down the columns from 1.

    Args:
        texts: one text a mask; empty for an empty mask.
        pixels: how many pixels each mask has, int64, shape (m,).

    Returns:
        What is wrong with each text, uint8, shape (m,), see `metrics.run_lengths.FAULTS`; and the runs of those that
        are fine, merged where they touch.

    Raises:
        MetricError: a text is not text.
    """
    if not all(isinstance(text, str) for text in texts):
        raise MetricError("run lengths must be text, one a mask")
    joined = np.frombuffer("".join(f"{text}\n" for text in texts).encode("ascii", "replace"), np.uint8)
    line = np.flatnonzero(joined == 10)
    if len(line) != len(texts):  # a text holds a line break itself; "?" is as wrong and keeps the lines apart
        return read_pairs([text.replace("\n", "?") for text in texts], pixels)
    fault = np.zeros(len(texts), np.uint8)
    digit = (joined >= 48) & (joined <= 57)
    first = np.flatnonzero(digit & ~np.append(False, digit[:-1]))
    after = np.flatnonzero(~digit & np.append(False, digit[:-1]))
    length = after - first
    owner = np.searchsorted(line, first)
    fault[np.bincount(owner, minlength=len(texts)) % 2 == 1] = UNPAIRED
    fault[owner[length > LONGEST]] = LARGE
    fault[np.searchsorted(line, np.flatnonzero(~digit & (joined != 32) & (joined != 10)))] = CHARACTER
    value = _values(joined, first, after)
    kept = fault[owner] == FINE
    owner, begin, size = owner[kept][::2], value[kept][::2] - 1, value[kept][1::2]
    _find_bad_pairs(fault, owner, begin, size, pixels)
    kept = fault[owner] == FINE
    return fault, merged_runs(owner[kept], begin[kept], (begin + size)[kept])


def _values(text: Array, first: Array, after: Array) -> Array:
    """The numbers written between two places each, by at most their last ten digits, int64."""
    value = np.zeros(len(first), np.int64)
    for step in range(LONGEST, 0, -1):
        inside = np.flatnonzero(after - step >= first)
        value[inside] = 10 * value[inside] + (text[after[inside] - step] - 48)
    return value


def _find_bad_pairs(fault: Array, owner: Array, begin: Array, size: Array, pixels: Array) -> None:
    """Mark masks with a run that is empty, outside the mask, or not after the run before it."""
    fault[owner[begin + size > pixels[owner]]] = LONG
    early = (begin[1:] < begin[:-1] + size[:-1]) & (owner[1:] == owner[:-1])
    fault[owner[1:][early]] = UNORDERED
    fault[owner[(begin < 0) | (size < 1)]] = UNORDERED


def write_pairs(count: Array, start: Array) -> list[str]:
    """Plain run lengths as Kaggle writes them: ``first length first length …``, pixels counted from 1."""
    owner, begin, end = runs_of_counts(count, start)
    numbers = np.stack((begin + 1, end - begin), axis=1).ravel().tolist()
    ends = 2 * np.searchsorted(owner, np.arange(len(start)))
    return [" ".join(map(str, numbers[ends[mask] : ends[mask + 1]])) for mask in range(len(start) - 1)]
