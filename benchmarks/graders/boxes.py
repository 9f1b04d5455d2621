"""Scores of boxes and points, one object at a time: slow, and written from the competitions' own words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from metrics.objects import Objects

Box = tuple[float, float, float, float]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes of left, top, width and height."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def voc_precision(least: float) -> Callable[[Objects, Objects], float]:
    """Mean average precision of PASCAL VOC 2010: the area under the curve of falling precision, class by class."""

    def score(true: Objects, found: Objects) -> float:
        return float(np.mean([_of_class(true, found, kind, least) for kind in np.unique(true.category)]))

    return score


def _of_class(true: Objects, found: Objects, kind: int, least: float) -> float:
    """Average precision of one class: each box looks at its most similar true box alone."""
    assert true.box is not None
    assert found.box is not None
    assert found.score is not None
    wanted = np.flatnonzero(true.category == kind).tolist()
    taken: set[int] = set()
    hits = []
    for row in sorted(np.flatnonzero(found.category == kind).tolist(), key=lambda row: -found.score[row]):
        near = [(overlap(found.box[row], true.box[one]), one) for one in wanted if true.image[one] == found.image[row]]
        best, one = max(near, default=(0.0, -1))
        hits.append(best > least and one not in taken)
        if hits[-1]:
            taken.add(one)
    hit = np.cumsum(hits)
    recall, precision = hit / len(wanted), hit / np.arange(1, len(hits) + 1)
    area, before = 0.0, 0.0
    for place, reached in enumerate(recall):
        if reached > before:
            area += (reached - before) * max(precision[place:])
            before = reached
    return area


def character_f1(true: Objects, found: Objects) -> float:
    """F1 of points that lie in the box of a character of their label; a point serves one box and a box one point."""
    assert true.box is not None
    assert found.box is not None
    free = set(range(found.count))
    hits = 0
    for row in range(true.count):
        left, top, width, height = true.box[row]
        inside = [
            one
            for one in sorted(free)
            if found.image[one] == true.image[row]
            and found.category[one] == true.category[row]
            and left < found.box[one, 0] < left + width
            and top < found.box[one, 1] < top + height
        ]
        if inside:
            free.remove(inside[0])
            hits += 1
    return 2 * hits / (true.count + found.count)
