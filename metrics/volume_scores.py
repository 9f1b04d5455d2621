"""Scores of label volumes slice by slice, and of their regions in a cube of side 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.catalog import metric
from metrics.distances import distances_both_ways
from metrics.evidence import Additive, Totals
from metrics.image_scores import EMPTIES, EMPTY
from metrics.inputs import ratio
from metrics.regions import IGNORE, IGNORED, Regions, chosen_classes, coded_regions

if TYPE_CHECKING:
    from metrics.inputs import Array

    Class = Optional[Union[str, int]]

MAPS = ("label_maps",)
UNIT = (0.0, 1.0)


def slice_overlaps(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    ignore: int = IGNORE,
    empty: str = "left_out",
    background: Class = None,
    positive: Class = None,
) -> Additive:
    """Collect of each volume the Dice of its slices and classes, summed, and how many those are.

    Args:
        y_true: LabelMaps or one array a volume, shape (depth, height, width); a flat image is one slice.
        y_pred: the same number of volumes of the same sizes.
        labels: the values of the classes in order.
        ignore: the value of true pixels that are left out.
        empty: what a slice counts in which a class is neither true nor predicted.
        background: a class that is left out.
        positive: the only class that is scored.
    """
    regions = coded_regions(y_true, y_pred, labels, ignore)
    classes = chosen_classes(regions.labels, background, positive)
    table = np.zeros((2, regions.truth.images))
    for image in range(regions.truth.images):
        truth, prediction = _slices(regions, image)
        for place in classes.tolist():
            one, other = truth == place, (prediction == place) & (truth != regions.nothing)
            size = (one.sum(axis=1) + other.sum(axis=1)).astype(np.float64)
            score = ratio(2.0 * (one & other).sum(axis=1), size)
            if empty != "left_out":
                score = np.where(np.isnan(score), float(empty == "one"), score)
            defined = score[~np.isnan(score)]
            table[:, image] += defined.sum(), len(defined)
    return Additive(regions.truth.images, "label_maps", table=table)


def _slices(regions: Regions, image: int) -> tuple[Array, Array]:
    """Truth and prediction of a volume, one row a slice."""
    truth, prediction = regions.truth.array(image), regions.prediction.array(image)
    depth = truth.shape[0] if truth.ndim == 3 else 1
    return truth.reshape(depth, -1), prediction.reshape(depth, -1)


@metric(
    "slice_dice",
    collect=slice_overlaps,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits={**IGNORED, "empty": EMPTY},
    pitfalls=f"Volumes of many slices weigh more than those of few, and slices at the ends of a region rule. {EMPTIES}",
)
def slice_dice(totals: Totals) -> Array:
    """Dice of each slice and class of all volumes, then the mean over all of them alike.

    Args:
        totals: summed Dice and the number of slices and classes, shape (w, 2, 1), and weight.

    Returns:
        One score a weighting, shape (w,); nan where no slice has a class. A class that is true or predicted alone
        counts 0.

    Options: ``empty``, what a slice counts in which a class is neither true nor predicted: ``left_out`` (default),
    ``one`` or ``zero``; ``background``, a class that is left out; ``positive``, the only class that is scored;
    ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Dice, Ecology 26 (1945), p. 297; Kaggle, UW-Madison GI Tract Image Segmentation (2022).

    >>> true, found = [[[[1, 1]], [[0, 0]], [[0, 1]]]], [[[[1, 0]], [[0, 0]], [[0, 1]]]]
    >>> round(metrics.get("slice_dice", positive=1)(true, found), 12)
    0.833333333333
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 1, 0])


def unit_distances(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    ignore: int = IGNORE,
    background: Class = None,
    positive: Class = None,
) -> Additive:
    """Collect of each image the Hausdorff distances of its classes' regions, summed, and how many those are.

    Args:
        y_true: LabelMaps or one array an image, shape (height, width) or (depth, height, width).
        y_pred: the same number of images of the same sizes.
        labels: the values of the classes in order.
        ignore: the value of true pixels that are left out.
        background: a class that is left out.
        positive: the only class that is scored.
    """
    regions = coded_regions(y_true, y_pred, labels, ignore)
    table = np.zeros((2, regions.truth.images))
    for place in chosen_classes(regions.labels, background, positive).tolist():
        both, either = regions.held(place)
        table[1] += either
        table[0] += either & ~both
        for image, truth, prediction in regions.pairs(place):
            table[0, image] += _unit_distance(truth, prediction)
    return Additive(regions.truth.images, "label_maps", table=table)


def _unit_distance(truth: Array, prediction: Array) -> float:
    """How far the farthest pixel of either region is from the other, by the diagonal of a cube of side 1."""
    spacing = [1.0 / side for side in truth.shape]
    apart = distances_both_ways(truth, prediction, spacing)
    return max(float(side.max()) for side in apart) / float(np.sqrt(truth.ndim))


@metric(
    "unit_hausdorff",
    collect=unit_distances,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=False,
    limits=IGNORED,
    pitfalls=(
        "One stray pixel decides the distance of an image, and how far it is depends on the image's shape: a slice "
        "more makes every slice thinner. A class in one of truth and prediction alone counts 1."
    ),
)
def unit_hausdorff(totals: Totals) -> Array:
    """Hausdorff distance of regions where every side of the image is 1, by the diagonal; the mean over images.

    Unlike ``hausdorff`` it looks at whole regions and not at their borders, so a hole costs no more than its depth.

    Args:
        totals: summed distances and the number of images and classes, shape (w, 2, 1), and weight.

    Returns:
        One distance a weighting, from 0 to 1, shape (w,); nan where no image has a class.

    Options: ``background``, a class that is left out; ``positive``, the only class that is scored; ``ignore``, the
    value of true pixels that are left out, 255 by default, -1 for none.

    Source: Huttenlocher, Klanderman and Rucklidge, IEEE PAMI 15 (1993), p. 850; Kaggle, UW-Madison GI Tract Image
    Segmentation (2022).

    >>> round(metrics.get("unit_hausdorff", positive=1)([[[1, 1, 0, 0]]], [[[1, 1, 1, 1]]]), 12)
    0.353553390593
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 1, 0])
