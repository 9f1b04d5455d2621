"""Boxes x, y, width, height in pixels from the top left corner: how much listed or neighbouring pairs overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.inputs import CHUNK, MetricError, ratio

if TYPE_CHECKING:
    from metrics.inputs import Array

SLACK = 1.0 - 1e-9
"""A pair is thrown out early only where it falls short by more than rounding could explain."""


def box_area(box: Array) -> Array:
    """Width times height, shape (m,)."""
    area: Array = box[:, 2] * box[:, 3]
    return area


def box_iou(first: Array, second: Array, crowd: Optional[Array] = None) -> Array:
    """Intersection over union of boxes, row by row.

    Args:
        first: shape (p, 4).
        second: shape (p, 4).
        crowd: whether the second is a crowd, shape (p,): the intersection is then divided by the area of the first.

    Returns:
        Shape (p,), from 0 to 1; nan for two boxes without area.

    Source: Lin et al., Microsoft COCO (2014); pycocotools, bbIou.

    >>> box_iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 2, 2]]))
    array([0.33333333])
    """
    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:])
    side = np.maximum(high - low, 0.0)
    both = side[:, 0] * side[:, 1]
    one, other = box_area(first), box_area(second)
    union = one + other - both
    return ratio(both, union if crowd is None else np.where(crowd, one, union))


def neighbours(start: Array, count: Array) -> tuple[Array, Array]:
    """Every row with each row of its range: row k with ``start[k]``, ``start[k] + 1`` … ``count[k]`` times.

    Returns:
        First and second row of each pair, both int64 of shape (p,), ascending.
    """
    first = np.repeat(np.arange(len(count)), count)
    second = np.arange(len(first)) + np.repeat(start - (np.cumsum(count) - count), count)
    return first, second


def overlapping_boxes(
    first: Array,
    second: Array,
    start: Array,
    count: Array,
    least: float,
    *,
    area: Optional[tuple[Array, Array]] = None,
    crowd: Optional[Array] = None,
) -> tuple[Array, Array, Array]:
    """Pairs that may reach an intersection over union of ``least``; the others are never written out.

    Args:
        first: boxes, shape (m, 4); row k is compared with rows ``start[k]`` to ``start[k] + count[k] - 1`` of second.
        second: boxes, shape (n, 4).
        start: whole numbers, shape (m,).
        count: whole numbers, shape (m,).
        least: what the intersection must reach of the area of each, above 0 and at most 1.
        area: area of what lies in the boxes of first and second, shapes (m,) and (n,); by default all of each box.
        crowd: whether a second is a crowd, shape (n,): its own area then does not count.

    Returns:
        First and second row of each pair, ascending, int64, and the area where their boxes overlap; shapes (p,).

    Raises:
        MetricError: ``least`` is out of range.
    """
    if not 0 < least <= 1:
        raise MetricError(f"least={least} must lie above 0 and at most at 1")
    least *= SLACK
    left, top, width, height = np.ascontiguousarray(first.T)
    other_left, other_top, other_width, other_height = np.ascontiguousarray(second.T)
    one_area, other_area = (width * height, other_width * other_height) if area is None else area
    # what is asked of the area asks this much of the width, because no overlap is higher than either box
    wanted = (least * one_area, least * other_area)
    reach = [
        np.divide(*pair, out=np.zeros(len(pair[0])), where=pair[1] > 0) for pair in zip(wanted, (height, other_height))
    ]
    if crowd is not None:
        wanted[1][crowd], reach[1][crowd] = 0.0, 0.0
    i, j = _side_by_side((left, left + width), (other_left, other_left + other_width), start, count, reach)
    both = _extent((left, left + width), (other_left, other_left + other_width), i, j)
    high = _extent((top, top + height), (other_top, other_top + other_height), i, j)
    inside = (both > 0) & (high > 0)
    both *= high
    keep = np.flatnonzero(inside & (both >= wanted[0].take(i)) & (both >= wanted[1].take(j)))
    return i[keep], j[keep], both[keep]


def _extent(first: tuple[Array, Array], second: tuple[Array, Array], i: Array, j: Array) -> Array:
    """How far listed pairs overlap along one axis, from their lows and highs; negative where they do not."""
    out = np.minimum(first[1].take(i), second[1].take(j))
    out -= np.maximum(first[0].take(i), second[0].take(j))
    return out


def _side_by_side(
    first: tuple[Array, Array], second: tuple[Array, Array], start: Array, count: Array, reach: list[Array]
) -> tuple[Array, Array]:
    """Pairs that overlap from left to right by as much as each of the two asks, a cache full at a time."""
    row = np.flatnonzero(count)
    count = count[row]
    end = np.cumsum(count)
    shift = start[row] - (end - count)
    total = int(end[-1]) if len(end) else 0
    edges = np.searchsorted(end, np.arange(CHUNK, total + CHUNK, CHUNK), side="left") + 1
    low, high, need = (side[row] for side in (*first, reach[0]))
    kept: list[tuple[Array, Array]] = [(row[:0], row[:0])]
    begin = 0
    for edge in np.minimum(edges, len(row)).tolist():
        if edge <= begin:
            continue
        i = np.repeat(np.arange(begin, edge), count[begin:edge])
        j = shift.take(i)
        j += np.arange(end[begin] - count[begin], end[edge - 1])
        wide = np.minimum(high.take(i), second[1].take(j))
        wide -= np.maximum(low.take(i), second[0].take(j))
        near = np.flatnonzero(wide >= need.take(i))
        i, j, wide = i.take(near), j.take(near), wide.take(near)
        near = np.flatnonzero(wide >= reach[1].take(j))
        kept.append((row.take(i.take(near)), j.take(near)))
        begin = edge
    i, j = (np.concatenate(side) for side in zip(*kept))
    return i, j
