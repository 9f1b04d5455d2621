"""Scores of each image by itself, then averaged: how competitions with one mask an image are won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.averages import fbeta_of, jaccard_of
from metrics.catalog import metric
from metrics.detection_options import ladder
from metrics.evidence import Additive, Totals
from metrics.hit_rules import checked_names
from metrics.inputs import ratio
from metrics.matching import match_greedily
from metrics.objects import check_pair
from metrics.outcomes import outcomes_of
from metrics.regions import IGNORED, WeighedImages, chosen_classes
from metrics.segmentation import pixel_counts

if TYPE_CHECKING:
    from metrics.inputs import Array

UNIT = (0.0, 1.0)
EMPTY = ("left_out", "one", "zero")
"""What an image counts in which a class is neither true nor predicted."""

LADDER_LIMITS = {"iou_from": (0.01, 1.0), "iou_to": (0.01, 1.0)}
EMPTIES = (
    "What an empty image counts decides much where many are empty: one such pixel turns 1 into 0. Compare scores only "
    "with the same option."
)


def _filled(score: Array, empty: str) -> Array:
    """Scores by image and class with a number for what is neither true nor predicted."""
    if empty == "left_out":
        return score
    return np.where(np.isnan(score), 1.0 if empty == "one" else 0.0, score)


@metric(
    "pixel_fbeta",
    collect=pixel_counts,
    needs="label_maps",
    targets=("label_maps",),
    bounds=UNIT,
    greater_is_better=True,
    limits={**IGNORED, "beta": (0.0, 1e6), "empty": EMPTY, "over": ("classes", "pairs")},
    pitfalls=EMPTIES,
)
def pixel_fbeta(
    weighed: WeighedImages,
    *,
    beta: float = 1.0,
    empty: str = "left_out",
    over: str = "classes",
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """F of the pixels of each class in each image, then the mean; with beta 1 it is Dice.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        beta: how many times as much recall counts as precision.
        empty: what an image counts in which a class is neither true nor predicted: ``left_out``, ``one`` or ``zero``.
        over: ``classes``, the mean over the images of each class, then over classes; ``pairs``, over all pairs of an
            image and a class alike.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One score a weighting, shape (w,); nan where no class is left. A class that is true or predicted alone counts 0.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7; empties as competitions on Kaggle count them.

    >>> metrics.get("pixel_fbeta", positive=1, empty="one")([[[0, 1]], [[0, 0]]], [[[1, 1]], [[0, 0]]])
    0.8333333333333333
    """
    counts = weighed.known
    classes = chosen_classes(counts.labels, background, positive)
    score = _filled(fbeta_of(counts.hit, counts.true, counts.predicted, beta), empty)
    if over == "classes":
        return weighed.mean(score, classes)
    defined = ~np.isnan(score[:, classes])
    total = weighed.summed(np.where(defined, score[:, classes], 0.0)).sum(axis=1)
    return ratio(total, weighed.summed(defined.astype(np.float64)).sum(axis=1))


@metric(
    "iou_steps",
    collect=pixel_counts,
    needs="label_maps",
    targets=("label_maps",),
    bounds=UNIT,
    greater_is_better=True,
    limits={**IGNORED, **LADDER_LIMITS, "empty": EMPTY},
    pitfalls=f"It knows ten steps only, so a better mask may gain nothing. {EMPTIES}",
)
def iou_steps(
    weighed: WeighedImages,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
    empty: str = "one",
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Share of overlaps that a class exceeds in each image, then the mean: precision over thresholds of one mask.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        iou_from: lowest intersection over union; every 0.05 from there counts alike, and must be exceeded.
        iou_to: highest.
        empty: what an image counts in which a class is neither true nor predicted: ``left_out``, ``one`` or ``zero``.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One score a weighting, shape (w,); nan where no class is left. A class that is true or predicted alone counts 0.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Kaggle, TGS Salt Identification Challenge (2018), evaluation.

    >>> metrics.get("iou_steps", positive=1)([[[0, 1, 1, 1]], [[0, 0, 0, 0]]], [[[0, 0, 1, 1]], [[0, 0, 0, 0]]])
    0.7
    """
    counts = weighed.known
    overlap = jaccard_of(counts.hit, counts.true, counts.predicted)
    steps = np.round(ladder(iou_from, iou_to), 9)  # 0.65 itself, which COCO's ladder misses by rounding
    share = np.searchsorted(steps, np.nan_to_num(overlap), side="left") / len(steps)
    score = _filled(np.where(np.isnan(overlap), np.nan, share), empty)
    return weighed.mean(score, chosen_classes(counts.labels, background, positive))


def mask_steps(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    iou_from: float = 0.5,
    iou_to: float = 0.95,
) -> Additive:
    """Collect of each image the mean over thresholds of hits by hits, false alarms and misses.

    Args:
        y_true: the true objects, with masks.
        y_pred: the predictions, with masks and scores.
        labels: names of the categories; a prediction matches objects of its category alone.
        iou_from: lowest intersection over union of a match.
        iou_to: highest.
    """
    from metrics.candidates import find_candidates

    check_pair(y_true, y_pred, "mask")
    names, steps = checked_names(y_true, labels), ladder(iou_from, iou_to)
    candidates = find_candidates(y_true, y_pred, "mask", least=steps[0])
    matches = match_greedily(candidates.pairs, steps, candidates.ignored, candidates.crowd)
    outcomes = outcomes_of(candidates, matches, y_pred, len(steps), names=names)
    true = np.bincount(outcomes.true_image, minlength=outcomes.n).astype(np.float64)
    score = np.zeros(outcomes.n)
    for hit, counted in zip(outcomes.hit, outcomes.counted):
        found = np.bincount(outcomes.image[hit & counted], minlength=outcomes.n)
        score += ratio(found, true + np.bincount(outcomes.image[counted], minlength=outcomes.n) - found)
    defined = ~np.isnan(score)
    table = np.stack([np.where(defined, score / len(steps), 0.0), defined])
    return Additive(outcomes.n, "objects", table=table)


@metric(
    "mask_iou_steps",
    collect=mask_steps,
    needs="masks",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LADDER_LIMITS,
    pitfalls="All predictions count, however unsure, so the threshold is the participant's; images with few objects "
    "weigh as much as crowded ones.",
)
def mask_iou_steps(totals: Totals) -> Array:
    """Hits by hits, false alarms and misses of instance masks, the mean over overlaps, then over images.

    Args:
        totals: summed scores and their number, shape (w, 2, 1), and weight.

    Returns:
        One score a weighting, shape (w,); nan where no image has an object or a prediction. Such images are left out.

    Options: ``iou_from`` and ``iou_to``, lowest and highest intersection over union that make a match, 0.05 apart.
    Predictions choose in turn as in COCO, the surest first.

    Source: Caicedo et al., Nature Methods 16 (2019), p. 1247 (Data Science Bowl 2018).

    >>> from metrics.masks import Masks
    >>> from metrics.objects import Objects
    >>> true = Objects(1, 1, [0], [0], mask=Masks.from_bitmaps([[[1, 1, 0], [1, 1, 0]]]))
    >>> found = Objects(1, 1, [0], [0], mask=Masks.from_bitmaps([[[1, 1, 0], [1, 0, 0]]]), score=[0.9])
    >>> round(metrics.mask_iou_steps(true, found), 12)
    0.6
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 1, 0])
