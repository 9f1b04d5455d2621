"""Scores of label images, pixel by pixel: which region of an image is of which class.

How empties count, in all of them: a class that is in neither truth nor prediction (of all images, or of one image where
images are scored one by one) is left out; a class that is in one of the two alone scores 0 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.averages import f1_of, jaccard_of
from metrics.catalog import metric
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.regions import IGNORE, IGNORED, WeighedImages, by_image, chosen_classes, coded_regions

if TYPE_CHECKING:
    from metrics.evidence import Additive
    from metrics.inputs import Array

UNIT = (0.0, 1.0)
MAPS = ("label_maps",)


def pixel_counts(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, ignore: int = IGNORE) -> Additive:
    """Collect how many pixels of each image and class are found, true and predicted, from runs of equal pixels.

    Args:
        y_true: LabelMaps, or one array of whole numbers an image, shape (height, width) or (depth, height, width).
        y_pred: the same number of images of the same sizes.
        labels: the values of the classes in order; by default those that occur in either, less ``ignore``.
        ignore: the value that is no class: true pixels that have it are left out, predicted ones name nothing.

    Raises:
        MetricError: the images do not fit, or hold a value that is no class.
    """
    regions = coded_regions(y_true, y_pred, labels, ignore)
    return by_image(regions.counts, regions.truth.images)


def _pooled(weighed: WeighedImages) -> tuple[Array, Array, Array]:
    """Hits, truth and predictions of each class over all images, each of shape (w, classes)."""
    counts = weighed.known
    return weighed.summed(counts.hit), weighed.summed(counts.true), weighed.summed(counts.predicted)


@metric(
    "miou",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def miou(weighed: WeighedImages, *, background: Optional[Union[str, int]] = None) -> Array:
    """Intersection over union of each class, over the pixels of all images; then the plain mean over classes.

    A class that is predicted and nowhere true counts 0; one that is in neither is left out.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        background: a class that is left out of the mean; its pixels still count against the others.

    Returns:
        One score a weighting, shape (w,); nan where no class is left.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none. Where a prediction has
    it, it misses the true class and is no false alarm of another, as in Cityscapes' evaluation.

    Source: Everingham et al., IJCV 111 (2015), p. 98; Cordts et al., Cityscapes, CVPR (2016).

    >>> round(metrics.miou([[[0, 0, 1], [1, 1, 255]]], [[[0, 1, 1], [1, 1, 0]]]), 12)
    0.625
    """
    score = jaccard_of(*_pooled(weighed))
    return mean_defined(score[:, chosen_classes(weighed.known.labels, background)])


@metric(
    "iou",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def iou(weighed: WeighedImages, *, positive: Optional[Union[str, int]] = None) -> Array:
    """Intersection over union of one class, over the pixels of all images.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        positive: the class; by default the last of two.

    Returns:
        One score a weighting, shape (w,); nan where the class is neither true nor predicted.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Jaccard, Bulletin de la Société vaudoise des sciences naturelles 37 (1901), p. 547; Everingham et al., IJCV
    111 (2015), p. 98.

    >>> metrics.iou([[[0, 0, 1], [1, 1, 0]]], [[[0, 1, 1], [1, 1, 0]]])
    0.75
    """
    labels = weighed.known.labels
    if positive is None and len(labels) != 2:
        raise MetricError(f"there are {len(labels)} classes; name the one to score, as iou(positive=1)")
    place = chosen_classes(labels, None, labels[-1] if positive is None else positive)
    return jaccard_of(*_pooled(weighed))[:, int(place[0])]


@metric(
    "frequency_iou",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def frequency_iou(weighed: WeighedImages) -> Array:
    """Intersection over union of each class, then the mean over classes by how many true pixels they have.

    Args:
        weighed: pixels of each image and class, and how much each image counts.

    Returns:
        One score a weighting, shape (w,); nan where no true pixel is left.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Long, Shelhamer and Darrell, Fully Convolutional Networks, CVPR (2015), section 5.

    >>> round(metrics.frequency_iou([[[0, 0, 1], [1, 1, 0]]], [[[0, 1, 1], [1, 1, 0]]]), 12)
    0.708333333333
    """
    hit, true, predicted = _pooled(weighed)
    return mean_defined(jaccard_of(hit, true, predicted), true)


@metric(
    "pixel_accuracy",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def pixel_accuracy(weighed: WeighedImages) -> Array:
    """Share of the pixels that are called by their class, over all images.

    Args:
        weighed: pixels of each image and class, and how much each image counts.

    Returns:
        One score a weighting, shape (w,); nan where no true pixel is left.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Long, Shelhamer and Darrell, Fully Convolutional Networks, CVPR (2015), section 5.

    >>> round(metrics.pixel_accuracy([[[0, 0, 1], [1, 1, 0]]], [[[0, 1, 1], [1, 1, 0]]]), 12)
    0.833333333333
    """
    hit, true, _ = _pooled(weighed)
    return ratio(hit.sum(axis=1), true.sum(axis=1))


@metric(
    "mean_pixel_accuracy",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def mean_pixel_accuracy(weighed: WeighedImages, *, background: Optional[Union[str, int]] = None) -> Array:
    """Share of the pixels of each class that are found, over all images; then the plain mean over classes in truth.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        background: a class that is left out of the mean.

    Returns:
        One score a weighting, shape (w,); nan where no class is left.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Long, Shelhamer and Darrell, Fully Convolutional Networks, CVPR (2015), section 5.

    >>> round(metrics.mean_pixel_accuracy([[[0, 0, 1], [1, 1, 0]]], [[[0, 1, 1], [1, 1, 0]]]), 12)
    0.833333333333
    """
    hit, true, _ = _pooled(weighed)
    return mean_defined(ratio(hit, true)[:, chosen_classes(weighed.known.labels, background)])


@metric(
    "dice",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def dice(
    weighed: WeighedImages, *, background: Optional[Union[str, int]] = None, positive: Optional[Union[str, int]] = None
) -> Array:
    """Dice of each class in each image, then the mean over the images of each class, then over classes.

    An image in which a class is neither true nor predicted is left out of that class's mean; one in which it is one of
    the two alone counts 0.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One score a weighting, shape (w,); nan where no class is left.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Dice, Ecology 26 (1945), p. 297; Maier-Hein et al., Metrics Reloaded, Nature Methods 21 (2024), p. 195.

    >>> round(metrics.get("dice", background=0)([[[0, 1]], [[1, 1]]], [[[0, 1]], [[1, 0]]]), 12)
    0.833333333333
    """
    counts = weighed.known
    classes = chosen_classes(counts.labels, background, positive)
    return weighed.mean(f1_of(counts.hit, counts.true, counts.predicted), classes)


@metric(
    "dice_per_image",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def dice_per_image(weighed: WeighedImages, *, background: Optional[Union[str, int]] = None) -> Array:
    """Dice of each class in each image, then the mean over the classes of each image, then over images.

    Where some classes are in few images, those weigh less than in ``dice``.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        background: a class that is left out of the mean.

    Returns:
        One score a weighting, shape (w,); nan where no image has a class that counts.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Dice, Ecology 26 (1945), p. 297; Maier-Hein et al., Metrics Reloaded, Nature Methods 21 (2024), p. 195.

    >>> round(metrics.dice_per_image([[[0, 1]], [[1, 1]]], [[[0, 1]], [[1, 0]]]), 12)
    0.666666666667
    """
    counts = weighed.known
    score = f1_of(counts.hit, counts.true, counts.predicted)
    image = mean_defined(score[:, chosen_classes(counts.labels, background)])
    return weighed.mean(image[:, None], np.arange(1))


@metric(
    "dice_global",
    collect=pixel_counts,
    needs="label_maps",
    targets=MAPS,
    bounds=UNIT,
    greater_is_better=True,
    limits=IGNORED,
)
def dice_global(
    weighed: WeighedImages, *, background: Optional[Union[str, int]] = None, positive: Optional[Union[str, int]] = None
) -> Array:
    """Dice of each class over the pixels of all images, then the plain mean over classes.

    Args:
        weighed: pixels of each image and class, and how much each image counts.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One score a weighting, shape (w,); nan where no class is left.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Dice, Ecology 26 (1945), p. 297.

    >>> round(metrics.get("dice_global", positive=1)([[[0, 1]], [[1, 1]]], [[[0, 1]], [[1, 0]]]), 12)
    0.8
    """
    return mean_defined(f1_of(*_pooled(weighed))[:, chosen_classes(weighed.known.labels, background, positive)])
