"""Marks of pictures: small conspicuous places, each with a hash of what is around it.

A picture that shows part of the same scene as another has some of the same marks, all shifted by the same way. So
shifted views, crops and overlays are found like equal hashes, without comparing all pictures with all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from compete.audits.hashes import hashes_of_low, low_frequencies
from compete.audits.near import Words

REACH = 10
"""Pixels around a mark that make its hash, to each side."""
APART = 6
"""Pixels between two marks of a picture, at least."""
MOST = 32
"""Marks of a picture, the most conspicuous first."""
FAINT = 2.0
"""Grey levels by which a mark must differ from what is around it; below, it is noise."""
NARROW, WIDE = 2, 5
"""Pixels that are averaged to each side to see a place, and what is around it."""
AT_ONCE = 4
"""Pictures that are looked at together: few enough to stay in the cache of a core."""

Grey = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
Stack = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]


class Marks(NamedTuple):
    """The marks of one picture, the most conspicuous first.

    Attributes:
        place: row and column, shape (m, 2).
        hash: of what is around each, shape (m,).
    """

    place: np.ndarray[tuple[int, int], np.dtype[np.int16]]
    hash: Words


def marks_of(pictures: Sequence[Grey]) -> list[Marks]:
    """The marks of small grey pictures; pictures of one size are looked at together.

    Args:
        pictures: each of shape (height, width), about a hundred pixels a side.

    Returns:
        Marks, one record a picture, the same whatever pictures stand beside it.
    """
    found: list[Marks] = [_NONE] * len(pictures)
    for shape in sorted({picture.shape for picture in pictures}):
        rows = [row for row, picture in enumerate(pictures) if picture.shape == shape]
        if min(shape) <= 2 * REACH:
            continue
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            for row, marks in zip(some, _marks(np.stack([pictures[row] for row in some])), strict=True):
                found[row] = marks
    return found


_NONE = Marks(np.empty((0, 2), np.int16), np.empty(0, np.uint64))


def _marks(stack: np.ndarray[Any, Any]) -> list[Marks]:
    """The marks of pictures of one size, shape (n, height, width)."""
    seen = _seen(stack)
    contrast = np.abs(_standing_out(seen))
    inside = contrast[:, REACH:-REACH, REACH:-REACH]
    picture, row, column = np.nonzero((inside == _highest(contrast)) & (inside > FAINT))
    order = np.lexsort((column, row, -inside[picture, row, column], picture))
    picture, row, column = picture[order], row[order], column[order]
    rank = np.arange(len(picture)) - np.searchsorted(picture, picture)
    picture, row, column = (part[rank < MOST] for part in (picture, row, column))
    patches = sliding_window_view(seen, (2 * REACH, 2 * REACH), axis=(1, 2))[picture, row, column]
    hashes = hashes_of_low(low_frequencies(patches))
    place = np.stack((row, column), axis=1).astype(np.int16) + np.int16(REACH)
    ends = np.searchsorted(picture, np.arange(1, len(stack)))
    return [Marks(*both) for both in zip(np.split(place, ends), np.split(hashes, ends), strict=True)]


def contrast_of(stack: np.ndarray[Any, Any]) -> Stack:
    """By how many grey levels each pixel stands out from what is around it, shape (n, height, width)."""
    return _standing_out(_seen(stack))


def _seen(stack: np.ndarray[Any, Any]) -> Stack:
    """The pictures without noise."""
    return _averaged(_averaged(stack.astype(np.float32), NARROW), NARROW)


def _standing_out(seen: Stack) -> Stack:
    return seen - _averaged(_averaged(seen, WIDE), WIDE)


def _averaged(stack: Stack, reach: int) -> Stack:
    """Every pixel as the mean of those around it; beyond the border the border goes on."""
    stack = np.pad(stack, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    size = 2 * reach + 1
    return _windowed(stack, size, np.add) * np.float32(1 / size**2)


def _highest(contrast: Stack) -> Stack:
    """The highest contrast near each pixel that is not at the border."""
    margin = REACH - APART
    return _windowed(contrast[:, margin:-margin, margin:-margin], 2 * APART + 1, np.maximum)


def _windowed(stack: Stack, size: int, join: np.ufunc) -> Stack:
    """All pixels of every square window joined into one: of windows whose sides are powers of two, and these joined."""
    for axis in (1, 2):
        length = stack.shape[axis] - size + 1
        piece, width, covered, whole = stack, 1, 0, None
        while covered < size:
            if size & width:
                part = _cut(piece, axis, covered, length)
                whole = part if whole is None else join(whole, part)
                covered += width
            piece = join(
                _cut(piece, axis, 0, piece.shape[axis] - width), _cut(piece, axis, width, piece.shape[axis] - width)
            )
            width *= 2
        assert whole is not None
        stack = whole
    return stack


def _cut(stack: Stack, axis: int, start: int, length: int) -> Stack:
    """Some rows or columns of each picture."""
    return stack[:, start : start + length] if axis == 1 else stack[:, :, start : start + length]
