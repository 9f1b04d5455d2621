"""What it takes to hit a true object: enough overlap, a near centre, or a centre inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.boxes import neighbours
from metrics.candidates import Candidates, KnownPairs, find_candidates
from metrics.detection_order import best_first, by_large_number, rank_within
from metrics.inputs import MetricError
from metrics.objects import Objects, check_pair
from metrics.recall_steps import running

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.masks import Masks

RULES = ("iou", "centre", "inside")
"""Overlap of boxes; distance of their centres; the centre of the predicted box inside the true mask, or else box."""

HALF = 0.5
"""The least similarity of a hit by centre: 1 where centres meet, one half at the limit."""

PAIRS = 1 << 20
"""Pairs of detection and true object looked at together."""


def candidates_by_rule(truth: Objects, found: Objects, hit: str, iou: float, distance: float) -> Candidates:
    """Detections in order, true objects, and the pairs where one hits the other.

    Args:
        truth: the true objects.
        found: the predictions.
        hit: one of `RULES`.
        iou: the least intersection over union of a hit by ``iou``.
        distance: the greatest distance of a hit by ``centre``, in pixels.
    """
    if hit == "iou":
        return find_candidates(truth, found, "box", least=iou)
    known = pairs_near(truth, found, distance) if hit == "centre" else pairs_inside(truth, found)
    return find_candidates(truth, found, "box", least=HALF, known=known)


def pairs_near(truth: Objects, found: Objects, distance: float) -> KnownPairs:
    """Pairs of one image and category whose boxes' centres are at most ``distance`` pixels apart."""

    def near(i: Array, j: Array, away: Array) -> Array:
        return away / distance

    return _pairs_where(truth, found, near)


def pairs_inside(truth: Objects, found: Objects) -> KnownPairs:
    """Pairs of one image and category where the predicted box's centre lies in the true mask, or else the true box.

    Of several true objects about one centre, that is preferred whose own centre is nearest for its size.
    """
    x, y = _centres(found).T
    reach = np.hypot(*_boxes(truth)[:, 2:].T) / 2
    box, grid = (_boxes(truth), None) if truth.mask is None else (truth.mask.box, _PixelSearch(truth.mask))

    def inside(i: Array, j: Array, away: Array) -> Array:
        left, top, width, height = box[j].T
        held = (x[i] >= left) & (x[i] <= left + width) & (y[i] >= top) & (y[i] <= top + height)
        if grid is not None:
            held[held] = grid.covers(j[held], x[i[held]], y[i[held]])
        return np.where(held, np.minimum(away / np.maximum(reach[j], 1e-300), 1.0), np.inf)

    return _pairs_where(truth, found, inside)


def surest_of_images(found: Objects, limit: int) -> Objects:
    """The predictions without those beyond the surest ``limit`` of their image, over all categories."""
    if not found.count or np.bincount(found.image).max() <= limit:
        return found
    by_category = np.argsort(found.category, kind="stable")
    order = by_category[best_first(found.take(by_category), by_category=False)]
    kept = np.zeros(found.count, dtype=bool)
    kept[order] = rank_within(found.image[order], np.zeros(found.count, dtype=np.int32)) < limit
    return found.take(kept)


def checked_names(truth: Any, labels: Optional[Sequence[Any]]) -> Optional[tuple[Any, ...]]:
    """The names of the categories, if they are given.

    Raises:
        MetricError: they do not name each category once.
    """
    names = None if labels is None else tuple(labels)
    if names is not None and (len(names) != truth.categories or len(set(names)) != len(names)):
        raise MetricError(f"{len(names)} labels for {truth.categories} categories; name each once")
    return names


def boxes_of(truth: Any, found: Any) -> tuple[Objects, Objects]:
    """True and predicted boxes; where only true masks are given, the boxes about them.

    Raises:
        MetricError: they are not Objects with boxes, of the same images and categories.
    """
    if isinstance(truth, Objects) and truth.box is None and truth.mask is not None:
        truth = replace(truth, box=truth.mask.box)
    check_pair(truth, found, "box")
    return truth, found


class _PixelSearch:
    """The runs of masks, to find what covers a pixel."""

    def __init__(self, masks: Masks) -> None:
        count, self.begin = masks.counts()
        self.masks, self.edge = masks, running(count)

    def covers(self, mask: Array, x: Array, y: Array) -> Array:
        """Whether masks cover the pixels in which points lie; a point outside the image lies in none."""
        column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        height, width = self.masks.height[mask].astype(np.int64), self.masks.width[mask]
        within = (column >= 0) & (row >= 0) & (column < width) & (row < height)
        pixel = self.edge[self.begin[mask]] + np.where(within, column * height + row, 0)
        run = np.searchsorted(self.edge, pixel, side="right") - 1 - self.begin[mask]
        covered: Array = within & (run % 2 == 1)
        return covered


def _pairs_where(truth: Objects, found: Objects, rule: Callable[[Array, Array, Array], Array]) -> KnownPairs:
    """Pairs of one image and category for which a rule, given the distance of centres too, says 1 or less."""
    centre, true_centre = _centres(found), _centres(truth)
    parts: list[tuple[Array, Array, Array]] = []
    for i, j in _together(truth, found):
        far = rule(i, j, np.hypot(*(centre[i] - true_centre[j]).T))
        hit = np.flatnonzero(far <= 1)
        parts.append((i[hit], j[hit], 1 - HALF * far[hit]))
    nothing = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    i, j, similarity = (np.concatenate(column) for column in zip(nothing, *parts))
    return KnownPairs(i, j, similarity, HALF, 0)


def _together(truth: Objects, found: Objects) -> Iterator[tuple[Array, Array]]:
    """All pairs of one image and category, by rows of predictions and true objects, some at a time."""
    group = truth.category.astype(np.int64) * truth.images + truth.image
    order = by_large_number(group)
    wanted = found.category.astype(np.int64) * truth.images + found.image
    start = np.searchsorted(group[order], wanted)
    count = np.searchsorted(group[order], wanted, side="right") - start
    row = np.flatnonzero(count)
    many = np.cumsum(count[row])
    begin = 0
    while begin < len(row):
        done = many[begin - 1] if begin else 0
        end = max(int(np.searchsorted(many, done + PAIRS, side="right")), begin + 1)
        some = row[begin:end]
        i, place = neighbours(start[some], count[some])
        yield some[i], order[place]
        begin = end


def _centres(objects: Objects) -> Array:
    """The middle of each box, shape (m, 2)."""
    box = _boxes(objects)
    centre: Array = box[:, :2] + box[:, 2:] / 2
    return centre


def _boxes(objects: Objects) -> Array:
    """The boxes, which `boxes_of` has seen to."""
    assert objects.box is not None
    return objects.box
