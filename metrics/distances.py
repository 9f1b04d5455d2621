"""Exact Euclidean distances to the nearest pixel of a set, in two and three dimensions, with any pixel spacing.

Squared distances add up over the axes, so one axis is done after the other: along the first by a running nearest place
from either side, along the others by the lowest of the neighbours' squares, each with the square of its offset. Most
pixels are near, so offsets are tried in rising order and only as far as they can still lower a distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.inputs import MetricError, all_finite

if TYPE_CHECKING:
    from metrics.inputs import Array

REACH = 4
"""How many pixels along the middle axis of a volume are looked at before it is known how many are needed."""

BLOCK = 1 << 15
"""Numbers handled together, so that they stay in the cache."""


def distance_transform(target: Any, spacing: Any = None) -> Array:
    """The distance of each pixel to the nearest pixel of a set.

    Args:
        target: which pixels are in the set, bool, shape (height, width) or (depth, height, width).
        spacing: size of a pixel along each axis, in the order of the shape; by default 1.

    Returns:
        Distances between centres of pixels, float64, of the same shape; infinite where the set is empty.

    Raises:
        MetricError: the array is not of two or three dimensions, or the spacing does not fit it.

    Source: separable squared distances as in Felzenszwalb and Huttenlocher, Theory of Computing 8 (2012), p. 415.

    >>> distance_transform([[True, False, False], [False, False, False]], (3, 1)).round(3).tolist()
    [[0.0, 1.0, 2.0], [3.0, 3.162, 3.606]]
    """
    inside = np.asarray(target, dtype=bool)
    step = _steps(spacing, inside)
    table = _squared_along_first(inside, step[0])
    for axis in range(1, inside.ndim):
        lines = table.reshape(-1, table.shape[axis], int(np.prod(table.shape[axis + 1 :])))
        lowest = lines.copy()
        _lower(lowest, lines, step[axis], 1, lines.shape[1] - 1)
        table = lowest.reshape(inside.shape)
    return np.asarray(np.sqrt(table))


def distances_both_ways(first: Any, second: Any, spacing: Any = None) -> tuple[Array, Array]:
    """The distance of each pixel of one set to the nearest pixel of another, and back.

    Args:
        first: which pixels are in the one set, bool, shape (height, width) or (depth, height, width).
        second: which pixels are in the other, bool, of the same shape.
        spacing: size of a pixel along each axis, in the order of the shape; by default 1.

    Returns:
        Distances between centres of pixels, float64: one a pixel of ``first`` in row-major order, then one a pixel of
        ``second``; infinite where the other set is empty.

    Raises:
        MetricError: the arrays are not of one shape of two or three dimensions, or the spacing does not fit it.

    >>> there, back = distances_both_ways([[True, True, False]], [[False, False, True]])
    >>> there.tolist(), back.tolist()
    ([2.0, 1.0], [1.0])
    """
    one, other = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    step = _steps(spacing, one)
    if one.shape != other.shape:
        raise MetricError(f"the sets have shapes {one.shape} and {other.shape}; they must be of one image")
    asked = np.flatnonzero(one), np.flatnonzero(other)
    # each looks up the other: along the first axis stand, side by side, the pixels of the second set and of the first
    table = _squared_along_first(np.stack([other, one], axis=1), step[0])
    size = int(np.prod(one.shape[1:]))
    place = np.concatenate([flat + (flat // size + side) * size for side, flat in enumerate(asked)])
    if one.ndim == 2:
        found = _lowest_at(table, place, step[1])
    else:
        found = _lowest_in_volume(table.reshape(-1, *one.shape[1:]), place, step[1:])
    np.sqrt(found, out=found)
    return found[: len(asked[0])], found[len(asked[0]) :]


def _steps(spacing: Any, image: Array) -> tuple[float, ...]:
    """The size of a pixel along each axis."""
    if image.ndim not in (2, 3) or not image.size:
        raise MetricError(f"distances need pixels of two or three dimensions, not of shape {image.shape}")
    step = np.ones(image.ndim) if spacing is None else np.asarray(spacing, dtype=np.float64)
    if step.shape != (image.ndim,) or not all_finite(step) or step.min() <= 0:
        raise MetricError(f"spacing must be {image.ndim} positive numbers, one an axis")
    return tuple(step.tolist())


def _squared_along_first(inside: Array, step: float) -> Array:
    """Squared distance to the nearest pixel of the set along the first axis; infinite in a line without one."""
    length = len(inside)
    kind, far = (np.int16, 1 << 14) if length < 1 << 13 else (np.int32, 1 << 30)
    place = np.arange(length, dtype=kind).reshape(-1, *[1] * (inside.ndim - 1))
    before, behind = np.where(inside, place, kind(-far)), np.where(inside, place, kind(far))
    _run_along(before, np.maximum)
    _run_along(behind[::-1], np.minimum)
    np.subtract(place, before, out=before)
    behind -= place
    np.minimum(before, behind, out=before)
    square = (np.arange(length + 1) * step) ** 2
    square[length] = np.inf
    return np.asarray(square.take(before, mode="clip"))


def _run_along(rows: Array, choose: np.ufunc) -> None:
    """Let each row hold the choice of all rows up to it; row by row is faster than ``accumulate``."""
    above, *rest = rows
    for row in rest:
        choose(above, row, out=row)
        above = row


def _lower(lowest: Array, lines: Array, step: float, first: int, last: int) -> None:
    """Lower each number to that of a neighbour along the middle axis plus the square of the offset.

    Args:
        lowest: numbers to be lowered, shape (before, line, behind).
        lines: the neighbours, of the same shape.
        step: size of a pixel along the line.
        first: the least offset.
        last: the greatest offset.
    """
    for block in _blocks(lines.shape):
        ours, theirs = lowest[block], lines[block]
        for offset in range(first, last + 1):
            square = (offset * step) ** 2
            if offset & (offset - 1) == 0 and square >= ours.max():  # looked at after 1, 2, 4, 8 … offsets
                break
            raised = theirs + square
            np.minimum(ours[:, offset:], raised[:, :-offset], out=ours[:, offset:])
            np.minimum(ours[:, :-offset], raised[:, offset:], out=ours[:, :-offset])


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Parts of an array of shape (before, line, behind) that hold whole lines and stay in the cache."""
    before, line, behind = shape
    rows = max(1, BLOCK // (line * behind))
    columns = behind if rows > 1 else max(8, BLOCK // line)
    for row in range(0, before, rows):
        for column in range(0, behind, columns):
            yield slice(row, row + rows), slice(None), slice(column, column + columns)


def _lowest_in_volume(table: Array, place: Array, step: Sequence[float]) -> Array:
    """Squared distances at some pixels of a volume, from squared distances along its first axis.

    The middle axis is done for all pixels, but only as far as some pixel that is asked for can need it.
    """
    longest = table.shape[1] - 1
    wide = table.copy()
    lines = wide.reshape(-1, table.shape[2])
    out = np.full(len(place), np.inf)
    left = np.arange(len(place))
    done, reach = 0, min(REACH, longest)
    while True:
        _lower(wide, table, step[0], done + 1, reach)
        out[left] = _lowest_at(lines, place[left], step[1])
        left = left[out[left] > ((reach + 1) * step[0]) ** 2]
        if not len(left) or reach == longest:
            return out
        highest = out[left].max()
        wanted = np.sqrt(highest) / step[0] if np.isfinite(highest) else 4.0 * reach
        done, reach = reach, int(min(longest, max(reach + 1, np.ceil(wanted))))


def _lowest_at(table: Array, place: Array, step: float) -> Array:
    """The lowest of the numbers in each pixel's line, each with the square of how far off it is.

    Args:
        table: squared distances along all other axes, one line a row, shape (..., length).
        place: the pixels that are asked for, as places in the flat table.
        step: size of a pixel along a line.
    """
    length = table.shape[-1]
    flat = table.ravel()
    out: Array = flat[place]
    left = np.arange(len(out))
    first, count = 1, 2
    while first < length:
        left = left[out[left] > (first * step) ** 2]
        if not len(left):
            break
        offset = np.arange(first, min(first + count, length))
        square = (offset * step) ** 2
        rows = max(1, BLOCK // len(offset))
        for start in range(0, len(left), rows):
            some = left[start : start + rows]
            here = place[some, None]
            low = here - here % length
            # beyond the end stands the end itself, with a larger square than it deserves: it lowers nothing wrongly
            near = flat.take(np.maximum(here - offset, low))
            np.minimum(near, flat.take(np.minimum(here + offset, low + (length - 1))), out=near)
            near += square
            out[some] = np.minimum(out[some], near.min(axis=1))
        first, count = first + count, 2 * count
    return out
