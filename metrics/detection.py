"""Detection as COCO scores it: average precision and average recall of boxes, masks and keypoints.

All twelve numbers of COCO (ten of keypoints) are metrics of one evidence, so that each has intervals, subgroups and
paired tests. They equal pycocotools within 1e-12, except where it would be wrong to:

- A true object whose id is 0 counts as unmatched there; here objects have no ids.
- Equal scores within an image and category are ordered there by their place in the file; here by what they are (see
  `metrics.detection_order`). Between images both keep the order of the images.
- A detection's ``area`` is taken as declared there where the first entry of a file has a caption, and of masks and
  keypoints that come with a box it is that of the box: unmatched detections of false size are then forgiven. Here it is
  always the area of what is compared (of points, of the smallest box about them).
- Scores that are not numbers are sorted there; `Objects` refuses them.
- A perfect precision is up to 2**-52 short of 1 there; here it is 1. What is not defined is -1 there; here it is nan.
- Keypoints of truth are counted there by the field ``num_keypoints``; here by the visible points themselves.
- A true object marked ``ignore`` is not ignored there, whatever it says; here `Objects.ignore` is what it says.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.catalog import Metric, get, metric
from metrics.detection_options import (
    AREAS,
    LIMITS,
    Category,
    area_range,
    box_matches,
    cut_short,
    ladder,
    mask_matches,
    number_of,
    point_matches,
)
from metrics.evidence import reduce_evidence
from metrics.inputs import MetricError
from metrics.matched import KEPT, Matched
from metrics.stage import LADDER, Reading, over_categories

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting

UNIT = (0.0, 1.0)


@metric(
    "box_ap",
    collect=box_matches,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
)
def box_ap(
    reading: Reading,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    area_from: float = 0.0,
    area_to: float = 1e10,
    limit: int = 100,
    category: Category = None,
) -> Array:
    """Average precision of boxes as COCO has it: how good the ranking of detections is, at ten overlaps.

    Args:
        reading: matched boxes under each weighting.
        iou_from: lowest intersection over union that a match needs; every 0.05 from there counts alike.
        iou_to: highest; the same as ``iou_from`` for a single threshold.
        area: which true objects count by their area: ``all``, ``small``, ``medium`` or ``large`` as COCO has them.
        area_from: a smallest area besides, in square pixels.
        area_to: a greatest area besides.
        limit: how many detections of an image and category count, the surest.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: Lin et al., Microsoft COCO (2014); pycocotools, COCOeval.

    >>> true = metrics.objects.Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[50, 50, 5, 5], [0, 0, 10, 8]], score=[0.9, 0.5])
    >>> round(metrics.box_ap(true, found), 12)
    0.35
    """
    steps, sizes = ladder(iou_from, iou_to), area_range(area, area_from, area_to)
    return over_categories(reading.precision(steps, sizes, limit), number_of(reading, category))


@metric(
    "box_ar",
    collect=box_matches,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
    adapt=cut_short,
)
def box_ar(
    reading: Reading,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    area_from: float = 0.0,
    area_to: float = 1e10,
    limit: int = 100,
    category: Category = None,
) -> Array:
    """Average recall of boxes as COCO has it: the share of true objects found, at ten overlaps.

    Args:
        reading: matched boxes under each weighting.
        iou_from: lowest intersection over union that a match needs; every 0.05 from there counts alike.
        iou_to: highest; the same as ``iou_from`` for a single threshold.
        area: which true objects count by their area: ``all``, ``small``, ``medium`` or ``large`` as COCO has them.
        area_from: a smallest area besides, in square pixels.
        area_to: a greatest area besides.
        limit: how many detections of an image and category count, the surest.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: Lin et al., Microsoft COCO (2014); pycocotools, COCOeval.

    >>> true = metrics.objects.Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[50, 50, 5, 5], [0, 0, 10, 8]], score=[0.9, 0.5])
    >>> round(metrics.box_ar(true, found), 12)
    0.7
    """
    steps, sizes = ladder(iou_from, iou_to), area_range(area, area_from, area_to)
    return over_categories(reading.recall(steps, sizes, limit), number_of(reading, category))


@metric(
    "mask_ap",
    collect=mask_matches,
    needs="masks",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
)
def mask_ap(
    reading: Reading,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    area_from: float = 0.0,
    area_to: float = 1e10,
    limit: int = 100,
    category: Category = None,
) -> Array:
    """Average precision of instance masks as COCO has it.

    Args:
        reading: matched masks under each weighting.
        iou_from: lowest intersection over union that a match needs; every 0.05 from there counts alike.
        iou_to: highest; the same as ``iou_from`` for a single threshold.
        area: which true objects count by their area: ``all``, ``small``, ``medium`` or ``large`` as COCO has them.
        area_from: a smallest area besides, in square pixels.
        area_to: a greatest area besides.
        limit: how many detections of an image and category count, the surest.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: Lin et al., Microsoft COCO (2014); pycocotools, COCOeval.

    >>> square, corner = (metrics.masks.Masks.from_bitmaps([one]) for one in ([[1, 1], [1, 1]], [[1, 1], [1, 0]]))
    >>> true = metrics.objects.Objects(1, 1, [0], [0], mask=square)
    >>> found = metrics.objects.Objects(1, 1, [0], [0], mask=corner, score=[0.9])
    >>> round(metrics.mask_ap(true, found), 12)
    0.6
    """
    steps, sizes = ladder(iou_from, iou_to), area_range(area, area_from, area_to)
    return over_categories(reading.precision(steps, sizes, limit), number_of(reading, category))


@metric(
    "mask_ar",
    collect=mask_matches,
    needs="masks",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
    adapt=cut_short,
)
def mask_ar(
    reading: Reading,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    area_from: float = 0.0,
    area_to: float = 1e10,
    limit: int = 100,
    category: Category = None,
) -> Array:
    """Average recall of instance masks as COCO has it.

    Args:
        reading: matched masks under each weighting.
        iou_from: lowest intersection over union that a match needs; every 0.05 from there counts alike.
        iou_to: highest; the same as ``iou_from`` for a single threshold.
        area: which true objects count by their area: ``all``, ``small``, ``medium`` or ``large`` as COCO has them.
        area_from: a smallest area besides, in square pixels.
        area_to: a greatest area besides.
        limit: how many detections of an image and category count, the surest.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: Lin et al., Microsoft COCO (2014); pycocotools, COCOeval.

    >>> square, corner = (metrics.masks.Masks.from_bitmaps([one]) for one in ([[1, 1], [1, 1]], [[1, 1], [1, 0]]))
    >>> true = metrics.objects.Objects(1, 1, [0], [0], mask=square)
    >>> found = metrics.objects.Objects(1, 1, [0], [0], mask=corner, score=[0.9])
    >>> round(metrics.mask_ar(true, found), 12)
    0.6
    """
    steps, sizes = ladder(iou_from, iou_to), area_range(area, area_from, area_to)
    return over_categories(reading.recall(steps, sizes, limit), number_of(reading, category))


@metric(
    "keypoint_ap",
    collect=point_matches,
    needs="points",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
)
def keypoint_ap(
    reading: Reading,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    area_from: float = 0.0,
    area_to: float = 1e10,
    limit: int = 20,
    category: Category = None,
) -> Array:
    """Average precision of keypoints as COCO has it.

    Args:
        reading: matched points under each weighting.
        iou_from: lowest object keypoint similarity that a match needs; every 0.05 from there counts alike.
        iou_to: highest; the same as ``iou_from`` for a single threshold.
        area: which true objects count by their area: ``all``, ``small``, ``medium`` or ``large`` as COCO has them.
        area_from: a smallest area besides, in square pixels.
        area_to: a greatest area besides.
        limit: how many detections of an image and category count, the surest.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: COCO keypoint evaluation; pycocotools, COCOeval.

    >>> place = [[[3.0, 4.0, 2.0]]]
    >>> true = metrics.objects.Objects(1, 1, [0], [0], points=place, area=[100.0], sigmas=[0.1])
    >>> found = metrics.objects.Objects(1, 1, [0], [0], points=[[[4.0, 4.0, 1.0]]], score=[0.9])
    >>> round(metrics.keypoint_ap(true, found), 12)
    0.8
    """
    steps, sizes = ladder(iou_from, iou_to), area_range(area, area_from, area_to)
    return over_categories(reading.precision(steps, sizes, limit), number_of(reading, category))


@metric(
    "keypoint_ar",
    collect=point_matches,
    needs="points",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
    adapt=cut_short,
)
def keypoint_ar(
    reading: Reading,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    area_from: float = 0.0,
    area_to: float = 1e10,
    limit: int = 20,
    category: Category = None,
) -> Array:
    """Average recall of keypoints as COCO has it.

    Args:
        reading: matched points under each weighting.
        iou_from: lowest object keypoint similarity that a match needs; every 0.05 from there counts alike.
        iou_to: highest; the same as ``iou_from`` for a single threshold.
        area: which true objects count by their area: ``all``, ``small``, ``medium`` or ``large`` as COCO has them.
        area_from: a smallest area besides, in square pixels.
        area_to: a greatest area besides.
        limit: how many detections of an image and category count, the surest.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: COCO keypoint evaluation; pycocotools, COCOeval.

    >>> place = [[[3.0, 4.0, 2.0]]]
    >>> true = metrics.objects.Objects(1, 1, [0], [0], points=place, area=[100.0], sigmas=[0.1])
    >>> found = metrics.objects.Objects(1, 1, [0], [0], points=[[[4.0, 4.0, 1.0]]], score=[0.9])
    >>> round(metrics.keypoint_ar(true, found), 12)
    0.8
    """
    steps, sizes = ladder(iou_from, iou_to), area_range(area, area_from, area_to)
    return over_categories(reading.recall(steps, sizes, limit), number_of(reading, category))


def coco_metrics(kind: str) -> list[Metric]:
    """The metrics of COCO's summary in the order of pycocotools: twelve of boxes and masks, ten of keypoints.

    Args:
        kind: ``box``, ``mask`` or ``points``.

    >>> [one.name for one in coco_metrics("points")][:2]
    ['keypoint_ap', 'keypoint_ap(iou_to=0.5)']
    """
    names = {"box": ("box_ap", "box_ar"), "mask": ("mask_ap", "mask_ar"), "points": ("keypoint_ap", "keypoint_ar")}
    if kind not in names:
        raise MetricError(f"kind {kind!r} is not one of {', '.join(names)}")
    precision, recall = names[kind]
    half, strict = ({"iou_from": step, "iou_to": step} for step in (0.5, 0.75))
    sizes: list[dict[str, Any]] = [
        {"area": name} for name in AREAS if name != "all" and (kind, name) != ("points", "small")
    ]
    firsts: list[dict[str, Any]] = [{}, half, strict] if kind == "points" else [{"limit": 1}, {"limit": 10}, {}]
    scores: list[dict[str, Any]] = [{}, half, strict, *sizes]
    chosen = [(precision, options) for options in scores]
    chosen += [(recall, options) for options in (*firsts, *sizes)]
    return [get(name, **options) for name, options in chosen]


def coco_summary(evidence: Matched, weighting: Weighting = None) -> Array:
    """COCO's summary, in the order of pycocotools; nan where that has -1.

    Args:
        evidence: what any metric of this module collects.
        weighting: weights of the images; see ``weighting.py``.

    Returns:
        Shape (12,) (keypoints (10,)): AP, AP at 0.5, at 0.75, of small, medium and large objects; AR of 1, 10 and 100
        detections, of small, medium and large objects. Keypoints: AP, at 0.5, at 0.75, of medium and large objects;
        AR likewise. Under several weightings (12, w) or (10, w).
    """
    formulas = [one.bound for one in coco_metrics(evidence.kind)]
    return np.array(reduce_evidence(evidence, formulas, weighting))


def ap_by_category(evidence: Matched, weighting: Weighting = None) -> Array:
    """COCO's average precision of each category; nan where a category has no true object.

    Args:
        evidence: what any metric of this module collects.
        weighting: weights of the images; see ``weighting.py``.

    Returns:
        Shape (categories,), or (categories, w) under several weightings.
    """

    def of(number: int, reading: Reading) -> Array:
        scores: Array = reading.precision(LADDER, AREAS["all"], KEPT[evidence.kind])
        return scores[:, number]

    formulas = [partial(of, number) for number in range(evidence.categories)]
    return np.array(reduce_evidence(evidence, formulas, weighting))
