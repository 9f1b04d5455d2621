"""Marks of pictures: small conspicuous places, each with a hash of what is around it.

A picture that shows part of the same scene as another has some of the same marks, all shifted by the same way. So
shifted views and overlays are found like equal hashes, without comparing all pictures with all. A crop has the marks of
the whole at another scale, which a hash of so many pixels around them does not bear: it is not found by them.

All sums are of whole numbers below 2²⁴, which float32 adds exactly in any order: marks do not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from compete.audits.near import Words

REACH = 5
"""Pixels around a mark that make its hash, to each side."""
APART = 2
"""Pixels between two marks of a picture, at least."""
MOST = 32
"""Marks of a picture, the most conspicuous first."""
FAINT = 2.0
"""Grey levels by which a mark must differ from what is around it; below, it is noise."""
NARROW, WIDE = 1, 2
"""Pixels that are averaged to each side, twice, to see a place, and what is around it."""
AT_ONCE = 8
"""Pictures that are looked at together: few enough to stay in the cache of a core, and for every array in between to be
below the 128 KB from which each is asked of the system and given back, which takes as long as what is done with it."""
LOW, STEPS, FINE = 8, 31, 16
"""Frequencies a side that make the hash, and into how many steps a cosine and a grey level are rounded."""
STRIDE = 27
"""A hash holds each frequency so many bits from the next, so that no run of its bits is alike in most marks."""
MARGIN = REACH + 1
SIDE = 2 * REACH

Grey = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
Array = np.ndarray[Any, Any]
Stack = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]


class Marks(NamedTuple):
    """The marks of one picture, the most conspicuous first.

    Attributes:
        place: row and column in a picture twice as large as that which was looked at, shape (m, 2).
        hash: of what is around each, shape (m,).
    """

    place: np.ndarray[tuple[int, int], np.dtype[np.int16]]
    hash: Words


def marks_of(pictures: Sequence[Grey]) -> list[Marks]:
    """The marks of small grey pictures; pictures of one size are looked at together.

    Args:
        pictures: each of shape (height, width), about 64 pixels on the longer side.

    Returns:
        Marks, one record a picture, the same whatever pictures stand beside it.
    """
    found: list[Marks] = [_NONE] * len(pictures)
    for shape in sorted({picture.shape for picture in pictures}):
        rows = [row for row, picture in enumerate(pictures) if picture.shape == shape]
        for row, marks in zip(rows, marks_of_stack(np.stack([pictures[row] for row in rows])), strict=True):
            found[row] = marks
    return found


def marks_of_stack(stack: Array) -> list[Marks]:
    """The marks of small grey pictures of one size, shape (n, height, width)."""
    if min(stack.shape[1:]) <= 2 * MARGIN:
        return [_NONE] * len(stack)
    return [one for start in range(0, len(stack), AT_ONCE) for one in _marks(stack[start : start + AT_ONCE])]


_NONE = Marks(np.empty((0, 2), np.int16), np.empty(0, np.uint64))


def _marks(stack: Array) -> list[Marks]:
    """The marks of pictures of one size, shape (n, height, width)."""
    seen = _summed(stack.astype(np.float32), NARROW)
    standing_out = seen * np.float32((2 * WIDE + 1) ** 4)
    standing_out -= _summed(seen, WIDE)
    contrast = np.abs(standing_out)
    picture, row, column = _peaks(contrast)
    down, right = _summits(contrast, picture, row, column)
    patches = _patches(seen, picture, row + down - REACH, column + right - REACH)
    bits = patches @ _frequencies() > 0
    bits[:, 0] = standing_out[picture, row, column] > 0  # the mean tells nothing; whether it is bright or dark does
    hashes = np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()
    place = np.rint(np.stack((row + down, column + right), axis=1) * 2 + 0.5).astype(np.int16)
    ends = np.searchsorted(picture, np.arange(len(stack) + 1)).tolist()
    return [Marks(place[begin:end], hashes[begin:end]) for begin, end in pairwise(ends)]


def _summed(stack: Stack, reach: int) -> Stack:
    """Every pixel as the sum of those around it, and that once more; beyond the border the border goes on."""
    _, height, width = stack.shape
    summed: Stack = np.matmul(np.matmul(_sums(height, reach), stack), _sums_across(width, reach))
    return summed


@lru_cache(maxsize=64)
def _sums(length: int, reach: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """What sums neighbours along one axis, twice, as a matrix, shape (length, length)."""
    near = np.arange(length)[:, None] + np.arange(-reach, reach + 1)
    once = np.zeros((length, length))
    np.add.at(once, (np.arange(length)[:, None], near.clip(0, length - 1)), 1)
    return (once @ once).astype(np.float32)


@lru_cache(maxsize=64)
def _sums_across(length: int, reach: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The same for the other axis; that it lies in order takes half of the time off a product."""
    return np.ascontiguousarray(_sums(length, reach).T)


def _peaks(contrast: Stack) -> tuple[Array, Array, Array]:
    """Picture, row and column of the places that stand out more than those near them, the most conspicuous first."""
    around = MARGIN - APART
    inside = contrast[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    highest = _highest(contrast[:, around:-around, around:-around], 2 * APART + 1)
    faint = np.float32(FAINT * (2 * NARROW + 1) ** 4 * (2 * WIDE + 1) ** 4)
    peaks = np.flatnonzero((inside == highest) & (highest > faint))
    picture, row, column = np.unravel_index(peaks, inside.shape)
    # A contrast is a whole number below 2 ** 24, and the places come in order already.
    order = np.argsort(picture * 2.0**24 - inside[picture, row, column], kind="stable")
    rank = np.arange(len(picture)) - np.searchsorted(picture, picture)
    order = order[rank < MOST]
    return picture[order], row[order] + MARGIN, column[order] + MARGIN


def _highest(stack: Stack, size: int) -> Stack:
    """The highest of every square window, which stands where the window begins."""
    for axis in (1, 2):
        length = stack.shape[axis] - size + 1
        covered = 1
        while covered < size:
            step = min(covered, size - covered)
            stack = np.maximum(_cut(stack, axis, 0, step), _cut(stack, axis, step, step))
            covered += step
        assert stack.shape[axis] == length
    return stack


def _cut(stack: Stack, axis: int, start: int, fewer: int) -> Stack:
    """Some rows or columns of each picture, from one on, so many fewer than there are."""
    stop = stack.shape[axis] - fewer + start
    return stack[:, start:stop] if axis == 1 else stack[:, :, start:stop]


def _summits(contrast: Stack, picture: Array, row: Array, column: Array) -> tuple[Array, Array]:
    """By how much of a pixel the tops of peaks lie below and to the right, as parabolas through neighbours tell."""
    top = contrast[picture, row, column]

    def beside(before: Array, after: Array) -> Array:
        bend = 2 * top - before - after
        return np.where(bend > 0, (after - before) / (2 * np.maximum(bend, 1)), 0).clip(-0.5, 0.5)

    down = beside(contrast[picture, row - 1, column], contrast[picture, row + 1, column])
    return down, beside(contrast[picture, row, column - 1], contrast[picture, row, column + 1])


def _patches(seen: Stack, picture: Array, top: Array, left: Array) -> Array:
    """What is seen from fractions of pixels on, in sixteenths of grey levels, shape (m, SIDE × SIDE)."""
    row, column = np.floor(top).astype(np.int64), np.floor(left).astype(np.int64)
    below = (top - row).astype(np.float32)[:, None, None]
    beside = (left - column).astype(np.float32)[:, None, None]
    patch = sliding_window_view(seen, (SIDE + 1, SIDE + 1), axis=(1, 2))[picture, row, column]
    step = patch[:, 1:] - patch[:, :-1]
    step *= below
    step += patch[:, :-1]
    patch, step = step, step[:, :, 1:] - step[:, :, :-1]
    step *= beside
    step += patch[:, :, :-1]
    step *= np.float32(FINE / (2 * NARROW + 1) ** 4)
    whole: Array = np.rint(step, out=step)
    return whole.reshape(len(patch), SIDE * SIDE)


@lru_cache(maxsize=1)
def _frequencies() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The low frequencies of a patch as the columns of a matrix, in the order of a hash's bits, in whole steps."""
    frequency, place = np.arange(LOW)[:, None], np.arange(SIDE)[None, :]
    cosines = np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE))
    waves = np.einsum("fi,gj->ijfg", cosines, cosines).reshape(SIDE * SIDE, LOW * LOW)
    ordered: Array = waves[:, np.arange(LOW * LOW) * STRIDE % (LOW * LOW)]
    whole: np.ndarray[tuple[int, int], np.dtype[np.float32]] = np.rint(ordered * STEPS).astype(np.float32)
    return whole
