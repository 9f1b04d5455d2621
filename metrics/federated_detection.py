"""Detection as LVIS and Open Images score it, where no image is annotated for all categories.

LVIS: what is detected of a category that is not known in an image is left out, and so is what matches nothing where a
category is not annotated exhaustively; an image keeps its 300 surest detections over all categories. Else as COCO.

Open Images: boxes match as in VOC. A "group of" box is one true object, found by the surest detection that lies in it
(intersection over the detection's area) and matches no other; further ones in it are set aside.

What differs from the official code, and why: equal scores are ordered there by the file, here they stand or fall
together; a prediction's own area is read there, here it is measured; what is not defined is -1 there, here it is nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.candidates import Candidates, find_candidates
from metrics.catalog import metric
from metrics.detection_options import AREAS, Category, ladder
from metrics.federated import FREQUENCIES, check_federated, expand_objects, expand_truth
from metrics.hit_rules import checked_names, surest_of_images
from metrics.inputs import MetricError
from metrics.matching import match_best_only, match_greedily
from metrics.objects import check_pair
from metrics.outcomes import Outcomes, Tally, outcomes_of
from metrics.stage import over_categories

if TYPE_CHECKING:
    from metrics.catalog import Limits
    from metrics.inputs import Array

UNIT = (0.0, 1.0)
KEPT = 300
"""How many detections of an image LVIS keeps."""

LVIS_LIMITS: Limits = {
    "iou_from": (0.01, 1.0),
    "iou_to": (0.01, 1.0),
    "area": tuple(AREAS),
    "frequency": ("all", *FREQUENCIES),
    "limit": (1.0, 1e6),
}


def lvis_boxes(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    limit: int = KEPT,
) -> Outcomes:
    """What became of each box by the rules of LVIS."""
    return _lvis(y_true, y_pred, labels, kind="box", steps=ladder(iou_from, iou_to), area=area, limit=limit)


def lvis_masks(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    area: str = "all",
    limit: int = KEPT,
) -> Outcomes:
    """What became of each mask by the rules of LVIS."""
    return _lvis(y_true, y_pred, labels, kind="mask", steps=ladder(iou_from, iou_to), area=area, limit=limit)


def open_images_boxes(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    *,
    iou: float = 0.5,
    groups: str = "counted",
    expand: str = "all",
) -> Outcomes:
    """What became of each box by the rules of Open Images."""
    truth = check_federated(y_true)
    names = checked_names(truth, labels)
    check_pair(truth.objects, y_pred, "box")
    if expand != "none":
        truth = expand_truth(truth)
    found = expand_objects(y_pred, truth.ancestry) if expand == "all" else y_pred
    found = found.take(truth.knows(found.image, found.category))
    objects = truth.objects
    crowd = np.zeros(objects.count, dtype=bool) if objects.crowd is None else objects.crowd
    single, group = (replace(objects.take(some), crowd=flag) for some, flag in ((~crowd, None), (crowd, crowd[crowd])))
    candidates = find_candidates(single, found, "box", least=iou)
    matches = match_best_only(candidates.pairs, (iou,), candidates.ignored)
    out = outcomes_of(candidates, matches, found, names=names)
    among = find_candidates(group, found, "box", least=iou)
    difficult = np.zeros(group.count, dtype=bool) if group.ignore is None else group.ignore
    aside = np.ones(group.count, dtype=bool) if groups == "ignored" else difficult
    return _with_groups(out, among, iou, aside[among.true_row])


_LVIS_DOC = """Average precision of {what} as LVIS has it, where each image is annotated for some categories only.

Args:
    tally: what became of each detection under each weighting. Its options: ``iou_from`` and ``iou_to``, the lowest and
        highest intersection over union that a match needs, every 0.05 between them counting alike; ``area``, which true
        objects count: ``all``, ``small``, ``medium`` or ``large`` as COCO has them; ``limit``, how many detections of
        an image count, the surest over all categories.
    frequency: which categories count: ``all``, ``rare``, ``common`` or ``frequent``.
    category: one category, by name or number; None takes the mean over those that have true objects.

Returns:
    One score a weighting, shape (w,); nan where no true object counts.

Truth is a `metrics.federated.Federated`; plain Objects are taken to be annotated for all categories.

Source: Gupta, Dollár and Girshick, LVIS, CVPR (2019), p. 5356; lvis-api, LVISEval.

>>> from metrics.federated import Federated
>>> from metrics.objects import Objects
{example}
>>> round(metrics.lvis_{name}_ap(Federated(true, absent=[]), found), 12)
1.0
"""

_EXAMPLES = {
    "box": """>>> true = Objects(1, 2, [0], [0], box=[[0, 0, 10, 10]])
>>> found = Objects(1, 2, [0, 0], [0, 1], box=[[0, 0, 10, 10], [5, 5, 5, 5]], score=[0.5, 0.9])""",
    "mask": """>>> from metrics.masks import Masks
>>> true = Objects(1, 2, [0], [0], mask=Masks.from_bitmaps([[[1, 0]]]))
>>> found = Objects(1, 2, [0, 0], [0, 1], mask=Masks.from_bitmaps([[[1, 0]], [[1, 1]]]), score=[0.5, 0.9])""",
}


def _register_lvis(kind: str, needs: str, what: str) -> None:
    """Put LVIS's average precision of one kind into the catalog."""

    def lvis_ap(tally: Tally, *, frequency: str = "all", category: Category = None) -> Array:
        scores = np.where(_of_frequency(tally.evidence, frequency), tally.precision(101), np.nan)
        return over_categories(scores, tally.evidence.number_of(category))

    lvis_ap.__doc__ = _LVIS_DOC.format(what=what, name=kind, example=_EXAMPLES[kind])
    metric(
        f"lvis_{kind}_ap",
        collect=lvis_boxes if kind == "box" else lvis_masks,
        needs=needs,
        targets=("objects",),
        bounds=UNIT,
        greater_is_better=True,
        limits=LVIS_LIMITS,
    )(lvis_ap)


_register_lvis("box", "boxes", "boxes")
_register_lvis("mask", "masks", "instance masks")


@metric(
    "open_images_ap",
    collect=open_images_boxes,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"iou": (0.01, 1.0), "groups": ("counted", "ignored"), "expand": ("all", "truth", "none")},
)
def open_images_ap(tally: Tally, *, category: Category = None) -> Array:
    """Average precision of boxes as Open Images has it, with boxes of groups and a hierarchy of categories.

    Args:
        tally: what became of each box under each weighting. Its options: ``iou``, the intersection over union that a
            match needs; ``groups``: whether a box of a group is ``counted`` as one true object (challenges since 2018)
            or ``ignored`` with all that lies in it (before); ``expand``: whether ``all`` boxes, only those of the
            ``truth`` (as the official script, which leaves detections to the participant) or ``none`` are also boxes
            of the ancestors of their category.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Truth is a `metrics.federated.Federated`; plain Objects are taken to be annotated for all categories.

    Source: Kuznetsova et al., Open Images V4, International Journal of Computer Vision 128 (2020), p. 1956; the
    TensorFlow Object Detection API, OpenImagesDetectionChallengeEvaluator.

    >>> from metrics.federated import Federated
    >>> from metrics.objects import Objects
    >>> true = Federated(Objects(1, 1, [0], [0], box=[[0, 0, 20, 20]], crowd=[True]), absent=[])
    >>> found = Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 5, 5], [9, 0, 5, 5]], score=[0.9, 0.8])
    >>> metrics.open_images_ap(true, found)
    1.0
    """
    return over_categories(tally.precision(), tally.evidence.number_of(category))


def _lvis(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    *,
    kind: str,
    steps: tuple[float, ...],
    area: str,
    limit: int,
) -> Outcomes:
    """What became of each detection by the rules of LVIS."""
    truth = check_federated(y_true)
    names = checked_names(truth, labels)
    check_pair(truth.objects, y_pred, kind)
    found = surest_of_images(y_pred, limit)
    found = found.take(truth.knows(found.image, found.category))
    candidates = find_candidates(truth.objects, found, kind, least=steps[0])
    low, high = AREAS[area]
    ignored = candidates.ignored | (candidates.true_area < low) | (candidates.true_area > high)
    matches = match_greedily(candidates.pairs, steps, ignored, candidates.crowd)
    spared = (candidates.area < low) | (candidates.area > high)
    spared |= truth.spares(candidates.image, candidates.category)
    out = outcomes_of(candidates, matches, found, len(steps), ignored=ignored, spared=spared, names=names)
    return replace(out, frequency=truth.frequency)


def _of_frequency(outcomes: Outcomes, frequency: str) -> Array:
    """Which categories are of one frequency, shape (categories,).

    Raises:
        MetricError: the truth does not say.
    """
    if frequency == "all":
        return np.ones(outcomes.categories, dtype=bool)
    if outcomes.frequency is None:
        raise MetricError(f"frequency={frequency}, but the truth does not say how frequent its categories are")
    wanted: Array = outcomes.frequency == FREQUENCIES.index(frequency)
    return wanted


def _with_groups(out: Outcomes, among: Candidates, iou: float, difficult: Array) -> Outcomes:
    """Outcomes where what matches nothing, and lies in a group, finds it; the further ones in it are set aside.

    Args:
        out: the outcomes without groups.
        among: the same detections, with the groups as true objects.
        iou: the share of a detection's area that must lie in the group.
        difficult: whether each group is set aside with all that lies in it, shape (groups,).
    """
    free = out.counted[0] & ~out.hit[0]
    pairs = among.pairs.take(free[among.pairs.detection])
    inside = match_best_only(pairs, (iou,), np.ones(pairs.truths, dtype=bool))
    column, group = inside.at(0)
    detection = inside.detection[column]
    hit, counted = out.hit.copy(), out.counted.copy()
    counted[0, detection] = False
    first = np.full(pairs.truths, among.count)
    np.minimum.at(first, group, detection)
    surest = first[(first < among.count) & ~difficult]
    hit[0, surest] = counted[0, surest] = True
    return replace(
        out,
        hit=hit,
        counted=counted,
        true_image=np.concatenate([out.true_image, among.true_image[~difficult]]),
        true_category=np.concatenate([out.true_category, among.true_category[~difficult]]),
    )
