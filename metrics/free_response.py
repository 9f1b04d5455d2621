"""Free-response curves (FROC), and average precision of boxes that are found by their centres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.averages import f1_of
from metrics.catalog import metric
from metrics.hit_rules import RULES, boxes_of, candidates_by_rule, checked_names
from metrics.matching import match_greedily
from metrics.outcomes import Category, Outcomes, Tally, outcomes_of
from metrics.stage import over_categories
from metrics.voc import NAMES, POINTS

if TYPE_CHECKING:
    from metrics.catalog import Limits
    from metrics.inputs import Array

UNIT = (0.0, 1.0)

ALARMS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False alarms an image at which LUNA16 reads the curve."""

LIMITS: Limits = {
    "hit": RULES,
    "iou": (0.01, 1.0),
    "distance": (1e-9, 1e9),
    "again": ("ignored", "alarm"),
}


def marks(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    *,
    hit: str = "iou",
    iou: float = 0.5,
    distance: float = 10.0,
    again: str = "ignored",
) -> Outcomes:
    """What became of each predicted box as a mark on an image."""
    truth, found = boxes_of(y_true, y_pred)
    candidates = candidates_by_rule(truth, found, hit, iou, distance)
    matches = match_greedily(candidates.pairs, (candidates.least,), candidates.ignored, candidates.crowd)
    spared = np.zeros(candidates.count, dtype=bool)
    if again == "ignored":
        spared[candidates.pairs.detection] = True
    names = checked_names(truth, labels)
    return outcomes_of(candidates, matches, found, spared=spared, names=names)


def near_centres(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]], *, distance: float = 10.0) -> Outcomes:
    """What became of each box where the nearest free true centre is taken, up to a distance in pixels."""
    return _by_centre(y_true, y_pred, labels, "centre", distance)


def inside_objects(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]]) -> Outcomes:
    """What became of each box where a free true object about its centre is taken."""
    return _by_centre(y_true, y_pred, labels, "inside", 1.0)


@metric(
    "froc",
    collect=marks,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
)
def froc(tally: Tally, *, category: Category = None) -> Array:
    """Mean sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false alarms an image, the score of LUNA16.

    Args:
        tally: what became of each mark under each weighting. Its options: ``hit``, what finds a true object: ``iou``,
            an overlap of boxes of at least ``iou``; ``centre``, a centre at most ``distance`` pixels from the true
            one; ``inside``, a centre in the true mask, or else in the true box. ``again``: whether a further mark on
            an object already found is ``ignored`` or a false ``alarm``.
        category: one category, by name or number; None pools them all.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    As the score that a mark needs falls, marks are added; sensitivity at a number of false alarms is that of the lowest
    score that does not exceed it. Marks of equal score are added together, and a straight line joins before and after.
    Where a prediction has no so many false alarms, it is the sensitivity of all its marks.

    Source: Setio et al., Medical Image Analysis 42 (2017), p. 1; Bunch et al., SPIE 127 (1977), p. 124.

    >>> true = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 10], [50, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 9], [20, 0, 9, 9]], score=[0.5, 0.9])
    >>> round(metrics.froc(true, found), 12)
    0.285714285714
    """
    out: Array = tally.sensitivity(ALARMS, tally.evidence.number_of(category)).mean(axis=1)
    return out


@metric(
    "sensitivity_at_fp",
    collect=marks,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits={**LIMITS, "fp": (0.0, 1e9)},
)
def sensitivity_at_fp(tally: Tally, *, fp: float = 1.0, category: Category = None) -> Array:
    """Share of true objects found where so many false alarms an image are allowed.

    Args:
        tally: what became of each mark under each weighting; the options ``hit``, ``iou``, ``distance`` and ``again``
            are those of `froc`.
        fp: false alarms an image.
        category: one category, by name or number; None pools them all.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: Bunch et al., SPIE 127 (1977), p. 124; between marks it is read as in `froc`.

    >>> true = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 10], [50, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 9], [20, 0, 9, 9]], score=[0.5, 0.9])
    >>> metrics.sensitivity_at_fp(true, found)
    0.5
    """
    return tally.sensitivity((fp,), tally.evidence.number_of(category))[:, 0]


@metric(
    "centre_ap",
    collect=near_centres,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"distance": (1e-9, 1e9), "points": NAMES},
)
def centre_ap(tally: Tally, *, points: str = "all", category: Category = None) -> Array:
    """Average precision where a box finds the true object whose centre is nearest, up to a distance.

    Args:
        tally: what became of each box under each weighting. Its option ``distance`` is the greatest distance of the
            centres in pixels. The surest box takes the nearest true centre still free.
        points: where precision is read: ``all`` along the curve, at ``eleven`` recalls or at a ``hundred`` and one.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: Caesar et al., nuScenes, CVPR (2020), p. 11621, for the matching; its cuts at a tenth are not made.

    >>> true = metrics.objects.Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0], [0], box=[[6, 0, 10, 10]], score=[0.9])
    >>> metrics.centre_ap(true, found), metrics.get("centre_ap", distance=5)(true, found)
    (1.0, 0.0)
    """
    return over_categories(tally.precision(POINTS[points]), tally.evidence.number_of(category))


@metric(
    "inside_ap",
    collect=inside_objects,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"points": NAMES},
)
def inside_ap(tally: Tally, *, points: str = "all", category: Category = None) -> Array:
    """Average precision where a box finds the true object in whose mask, or else box, its centre lies.

    Args:
        tally: what became of each box under each weighting. Of several true objects about its centre, the surest box
            takes that whose own centre is nearest for its size, of those still free.
        points: where precision is read: ``all`` along the curve, at ``eleven`` recalls or at a ``hundred`` and one.
        category: one category, by name or number; None takes the mean over those that have true objects.

    Returns:
        One score a weighting, shape (w,); nan where no true object counts.

    Source: the pointing game of Zhang et al., International Journal of Computer Vision 126 (2018), p. 1084, ranked.

    >>> true = metrics.objects.Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0], [0], box=[[4, 4, 1, 1]], score=[0.9])
    >>> metrics.inside_ap(true, found)
    1.0
    """
    return over_categories(tally.precision(POINTS[points]), tally.evidence.number_of(category))


@metric(
    "inside_f1",
    collect=inside_objects,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"confidence": (-1e12, 1e12)},
    pitfalls=(
        "A box of any size about the right centre is right, and several on one object are false alarms but for one; "
        "the participant must choose the threshold well."
    ),
)
def inside_f1(tally: Tally, *, confidence: float = 0.5, category: Category = None) -> Array:
    """Harmonic mean of precision and recall where a box finds the true object in which its centre lies.

    Args:
        tally: what became of each box under each weighting, as in ``inside_ap``.
        confidence: detections of a lower score are left out.
        category: one category, by name or number; None pools all.

    Returns:
        One score a weighting, shape (w,); nan where there is neither true object nor detection.

    Source: Kaggle, Kuzushiji Recognition (2019): a point inside the box of its character.

    >>> true = metrics.objects.Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]])
    >>> found = metrics.objects.Objects(1, 1, [0, 0], [0, 0], box=[[4, 4, 0, 0], [5, 4, 0, 0]], score=[0.9, 0.8])
    >>> round(metrics.inside_f1(true, found), 12)
    0.666666666667
    """
    sides, number = tally.counts(confidence), tally.evidence.number_of(category)
    return f1_of(*(side.sum(axis=1) if number is None else side[:, number] for side in sides))


def _by_centre(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]], hit: str, distance: float) -> Outcomes:
    """What became of each box where only its centre matters; a second on one object is a false alarm."""
    truth, found = boxes_of(y_true, y_pred)
    candidates = candidates_by_rule(truth, found, hit, 0.5, distance)
    matches = match_greedily(candidates.pairs, (candidates.least,), candidates.ignored, candidates.crowd)
    return outcomes_of(candidates, matches, found, names=checked_names(truth, labels))
