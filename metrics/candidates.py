"""Detections in order, true objects, and the pairs of both that are alike enough to match."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.boxes import box_area, neighbours, overlapping_boxes
from metrics.detection_order import best_first, by_large_number, by_number, rank_within
from metrics.frozen import dataclass
from metrics.keypoints import KeypointGoal, object_keypoint_similarity, point_area, point_spread
from metrics.mask_overlap import mask_iou
from metrics.matching import Pairs
from metrics.memory import reuse_memory
from metrics.objects import Objects, place_in_images, rows_of_images

if TYPE_CHECKING:
    from metrics.inputs import Array

DENSE = 1 << 22
"""Images times categories up to which each pair of them has a place of its own in a table."""


@dataclass(frozen=True, eq=False, repr=False)
class Candidates:
    """Detections in the order of `best_first`, true objects, and the pairs that may match.

    Attributes:
        images: how many images.
        categories: how many categories.
        row: which prediction each detection is, shape (d,); fewer than predictions where a limit cuts some off.
        image: image of each detection, shape (d,).
        category: its category, ascending, shape (d,).
        area: its area, as seen and never as declared, shape (d,).
        true_row: which true object stands at each place, shape (n,): sorted by category, then image.
        true_image: image of each true object, shape (n,).
        true_category: its category, shape (n,).
        true_area: its area as annotated, shape (n,).
        crowd: whether any number of detections may match it, shape (n,).
        ignored: whether it neither helps nor harms (crowds are among these), shape (n,).
        pairs: the pairs of one image and category whose similarity is at least ``least``.
        beside_truth: the detections whose image and category have a true object, ascending, shape (b,).
        group: a number for the image and category of each of these, shape (b,).
        least: the smallest similarity looked for.
        limit: how many detections an image and category keeps, the surest; 0 for all.
    """

    images: int
    categories: int
    row: Array
    image: Array
    category: Array
    area: Array
    true_row: Array
    true_image: Array
    true_category: Array
    true_area: Array
    crowd: Array
    ignored: Array
    pairs: Pairs
    beside_truth: Array
    group: Array
    least: float
    limit: int

    @cached_property
    def rank(self) -> Array:
        """The place of each detection among those of its image and category, from 0, shape (d,)."""
        return rank_within(self.image, self.category)

    @property
    def count(self) -> int:
        """How many detections there are."""
        return len(self.row)

    @cached_property
    def claimant_rank(self) -> Array:
        """The rank of those detections that have a pair, shape (c,), for less than the rank of all."""
        order = by_number(self.group)
        group = self.group.take(order)
        first = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1]))) if len(group) else group
        rank = np.zeros(self.count, dtype=np.int64)
        size = np.diff(np.append(first, len(group)))
        rank[self.beside_truth.take(order)] = np.arange(len(group)) - np.repeat(first, size)
        return rank.take(self.pairs.claimant)


@dataclass(frozen=True, eq=False, repr=False)
class KnownPairs:
    """Pairs found before, by the rows of predictions and true objects, so that they need not be compared again.

    Attributes:
        found: row of the prediction, shape (p,).
        true: row of the true object, shape (p,).
        similarity: shape (p,).
        least: the smallest similarity looked for.
        limit: how many predictions of an image and category were looked at.
    """

    found: Array
    true: Array
    similarity: Array
    least: float
    limit: int

    def serves(self, least: float, limit: int) -> bool:
        """Whether these are all pairs that are asked for."""
        return self.least == least and self.limit == limit

    def take_images(self, truth: Objects, found: Objects, chosen: Array) -> KnownPairs:
        """The pairs among the objects of some images, as ``take_images`` of both sides numbers them."""
        row, copy = rows_of_images(found.image[self.found], found.images, chosen)
        new_found = place_in_images(found.image, found.images, chosen, self.found[row], copy)
        new_true = place_in_images(truth.image, truth.images, chosen, self.true[row], copy)
        return KnownPairs(new_found, new_true, self.similarity[row], self.least, self.limit)


def known_pairs(candidates: Candidates) -> KnownPairs:
    """The pairs of candidates, by the rows of predictions and true objects."""
    pairs = candidates.pairs
    rows = (candidates.row[pairs.detection], candidates.true_row[pairs.truth])
    return KnownPairs(*rows, pairs.similarity, candidates.least, candidates.limit)


@np.errstate(over="ignore", invalid="ignore")  # what overflows is like nothing, and its area in no range
def find_candidates(
    truth: Objects,
    found: Objects,
    kind: str,
    *,
    least: float = 0.5,
    limit: int = 0,
    by_category: bool = True,
    known: Optional[KnownPairs] = None,
) -> Candidates:
    """Put detections in order and find the pairs that may match.

    Args:
        truth: the true objects.
        found: the predictions, of the same images and categories.
        kind: what is compared: ``box``, ``mask`` or ``points``.
        least: the smallest similarity to look for, above 0.
        limit: how many predictions an image and category keeps, the surest; 0 for all.
        by_category: False lets detections match true objects of every category.
        known: the pairs, where they are known already.

    Raises:
        MetricError: ``least`` is out of range, or points have no spread.
    """
    reuse_memory()
    kinds = truth.categories if by_category else 0
    order, image, category = _in_order(found, limit, kinds)
    true_row, true_category, group = _by_group(truth, kinds)
    crowd, ignored = _set_aside(truth, kind)
    some, number, edge = _groups(group, category, image, truth.images, max(1, kinds))
    if known is None:
        ranges = (edge.take(number), np.diff(edge).take(number))
        rows = _similar(_Sides(truth, found, order.take(some), true_row, crowd[true_row], *ranges), kind, least, some)
    else:
        rows = _in_place(known, order, true_row, found.count)
    return Candidates(
        images=truth.images,
        categories=max(1, kinds),
        row=order,
        image=image,
        category=category,
        area=seen_area(found, kind).take(order),
        true_row=true_row,
        true_image=truth.image[true_row],
        true_category=true_category,
        true_area=true_area(truth, kind)[true_row],
        crowd=crowd[true_row],
        ignored=ignored[true_row],
        pairs=Pairs(*rows, len(order), truth.count),
        beside_truth=some,
        group=number,
        least=least,
        limit=limit,
    )


def seen_area(objects: Objects, kind: str) -> Array:
    """The area of what is compared, whatever was declared; of points, of the smallest box about them; shape (m,)."""
    if kind == "mask" and objects.mask is not None:
        return objects.mask.area.astype(np.float64)
    if kind == "points" and objects.points is not None and objects.score is not None:
        return point_area(objects.points)
    if objects.box is not None:
        return box_area(objects.box)
    return np.zeros(objects.count) if objects.points is None else point_area(objects.points)


def true_area(truth: Objects, kind: str) -> Array:
    """The area of true objects as annotated, else as seen, shape (n,)."""
    return seen_area(truth, kind) if truth.area is None else truth.area


def _in_order(found: Objects, limit: int, categories: int) -> tuple[Array, Array, Array]:
    """Predictions within the limit, best first, with image and category; no categories make all one."""
    order = best_first(found, categories > 0)
    image = found.image.take(order)
    size = np.bincount(found.category, minlength=categories) if categories else np.array([len(order)])
    category = np.repeat(np.arange(len(size), dtype=np.int32), size)
    if limit and len(order) and np.bincount(image).max() > limit:
        kept = rank_within(image, category) < limit
        order, image, category = order[kept], image[kept], category[kept]
    return order, image, category


def _by_group(truth: Objects, categories: int) -> tuple[Array, Array, Array]:
    """True objects by category and image, with the category and a number for both; no categories make all one."""
    category = truth.category if categories else np.zeros(truth.count, dtype=np.int32)
    group = category.astype(np.int64) * truth.images + truth.image
    row = by_large_number(group)
    return row, category[row], group[row]


def _set_aside(truth: Objects, kind: str) -> tuple[Array, Array]:
    """Which true objects are crowds, and which are ignored: crowds, marked ones, and those without a visible point."""
    crowd = np.zeros(truth.count, dtype=bool) if truth.crowd is None else truth.crowd
    ignored = crowd if truth.ignore is None else crowd | truth.ignore
    if kind == "points" and truth.points is not None:
        ignored = ignored | ~(truth.points[..., 2] > 0).any(axis=1)
    return crowd, ignored


def _groups(group: Array, category: Array, image: Array, images: int, categories: int) -> tuple[Array, Array, Array]:
    """The detections that have true objects of their image and category, the number of that group, and its edges.

    Returns:
        Detections and group numbers, both of shape (b,); where the true objects of each group begin, and their end.
    """
    wanted = category.astype(np.int64)
    wanted *= images
    wanted += image
    edge = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1]))) if len(group) else group
    known = group[edge]
    if images * categories <= DENSE:
        number = np.full(images * categories, -1, dtype=np.int32)
        number[known] = np.arange(len(known))
        place: Array = number.take(wanted)
        some = np.flatnonzero(place >= 0)
    else:
        place = np.searchsorted(known, wanted)
        some = np.flatnonzero(np.append(known, -1)[place] == wanted)
    return some, place.take(some), np.append(edge, len(group))


def _in_place(known: KnownPairs, order: Array, true_row: Array, count: int) -> tuple[Array, Array, Array]:
    """Known pairs by the places of detections and true objects, ascending."""
    place, true_place = np.full(count, -1, dtype=np.int64), np.empty(len(true_row), dtype=np.int64)
    place[order], true_place[true_row] = np.arange(len(order)), np.arange(len(true_row))
    i, j = place[known.found], true_place[known.true]
    sorting = np.lexsort((j, i))
    sorting = sorting[np.count_nonzero(i < 0) :]
    return i[sorting], j[sorting], known.similarity[sorting]


@dataclass(frozen=True, eq=False, repr=False)
class _Sides:
    """Detections that have true objects of their image and category, and these.

    Attributes:
        truth: the true objects.
        found: the predictions.
        row: which prediction each detection is, shape (d,).
        true_row: which true object stands at each place, shape (n,).
        crowd: whether it is a crowd, shape (n,).
        start: where the true objects of each detection begin, shape (d,).
        count: how many they are, shape (d,).
    """

    truth: Objects
    found: Objects
    row: Array
    true_row: Array
    crowd: Array
    start: Array
    count: Array


def _similar(sides: _Sides, kind: str, least: float, detection: Array) -> tuple[Array, Array, Array]:
    """Pairs of detection and true object of similarity ``least`` or more, ascending, and their similarity."""
    compare = {"box": _box_overlaps, "mask": _mask_overlaps, "points": _near_points}[kind]
    i, j, similarity = compare(sides, least)
    keep = np.flatnonzero(similarity >= least)
    return detection[i[keep]], j[keep], similarity[keep]


def _box_overlaps(sides: _Sides, least: float) -> tuple[Array, Array, Array]:
    """Pairs whose boxes overlap enough, with the intersection over union."""
    assert sides.found.box is not None
    assert sides.truth.box is not None
    first, second = sides.found.box.take(sides.row, axis=0), sides.truth.box.take(sides.true_row, axis=0)
    i, j, both = overlapping_boxes(first, second, sides.start, sides.count, least, crowd=sides.crowd)
    one = box_area(first).take(i)
    union = one + box_area(second).take(j)
    union -= both
    return i, j, both / np.where(sides.crowd.take(j), one, union)


def _mask_overlaps(sides: _Sides, least: float) -> tuple[Array, Array, Array]:
    """Pairs whose masks may overlap enough, by their boxes, with the intersection over union of the masks."""
    mask, true_mask = sides.found.mask, sides.truth.mask
    assert mask is not None
    assert true_mask is not None
    areas = (mask.area[sides.row].astype(np.float64), true_mask.area[sides.true_row].astype(np.float64))
    boxes = (mask.reach[sides.row], true_mask.reach[sides.true_row])
    i, j, _ = overlapping_boxes(*boxes, sides.start, sides.count, least, area=areas, crowd=sides.crowd)
    return i, j, mask_iou(mask, sides.row[i], true_mask, sides.true_row[j], sides.crowd[j], least)


def _near_points(sides: _Sides, least: float) -> tuple[Array, Array, Array]:
    """All pairs of one image and category with their object keypoint similarity."""
    points, true_points = sides.found.points, sides.truth.points
    assert points is not None
    assert true_points is not None
    truth = sides.truth
    area = true_area(truth, "points")[sides.true_row]
    box = None if truth.box is None else truth.box[sides.true_row]
    spread = point_spread(truth.sigmas, true_points.shape[1])
    i, j = neighbours(sides.start, sides.count)
    goal = KeypointGoal(true_points[sides.true_row], area, spread, box)
    return i, j, object_keypoint_similarity(points[sides.row], goal, i, j)
