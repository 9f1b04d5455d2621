"""Scores of outlines: how far the border of a predicted region is from the true one.

The border of a region is its pixels that share a face with a pixel outside it (beyond the image is outside): the region
less its erosion by one pixel, as in MONAI and Metrics Reloaded. Distances are exact and lie between centres of pixels,
in the units of the truth's spacing. Each image is scored by itself, class by class; then comes the mean over the images
of each class, then over classes. True pixels that are ignored are left out of both regions.

How empties count: a class that is in neither truth nor prediction of an image is left out there. Where it is in one of
the two alone, a distance is the diagonal of the image, the worst there can be, and a share is 0; so Metrics Reloaded
advises, because leaving such images out would reward a prediction that names nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.catalog import metric
from metrics.inputs import MetricError, ratio
from metrics.outlines import Outlines, border, seam
from metrics.regions import IGNORE, IGNORED, WeighedImages, by_image, chosen_classes, coded_regions

if TYPE_CHECKING:
    from metrics.evidence import Additive
    from metrics.inputs import Array
    from metrics.outlines import Gaps

MAPS = ("label_maps",)
DISTANCE = (0.0, float("inf"))


def surface_distances(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, ignore: int = IGNORE
) -> Additive:
    """Collect the distances between the borders of each class in each image, both ways.

    Args:
        y_true: LabelMaps, or one array of whole numbers an image, shape (height, width) or (depth, height, width).
        y_pred: the same number of images of the same sizes.
        labels: the values of the classes in order; by default those that occur in either, less ``ignore``.
        ignore: the value that is no class: true pixels that have it are left out, predicted ones name nothing.

    Raises:
        MetricError: the images do not fit, or hold a value that is no class.
    """
    regions = coded_regions(y_true, y_pred, labels, ignore)
    return by_image(Outlines(regions, border, regions.truth.spacing), regions.truth.images)


def seam_distances(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, ignore: int = IGNORE
) -> Additive:
    """Collect the distances in pixels between the outlines of each class as DAVIS draws them, both ways.

    Args:
        y_true: LabelMaps, or one array of whole numbers an image, shape (height, width).
        y_pred: the same number of images of the same sizes.
        labels: the values of the classes in order; by default those that occur in either, less ``ignore``.
        ignore: the value that is no class: true pixels that have it are left out, predicted ones name nothing.

    Raises:
        MetricError: the images do not fit, have three dimensions, or hold a value that is no class.
    """
    regions = coded_regions(y_true, y_pred, labels, ignore)
    if regions.truth.shape.shape[1] == 3:
        raise MetricError(
            "boundary_f is of images with two dimensions; score volumes by nsd, which has a tolerance too"
        )
    return by_image(Outlines(regions, seam, None), regions.truth.images)


def _over_images(
    weighed: WeighedImages, background: Any, positive: Any, score: Callable[[Gaps, Array], Array]
) -> Array:
    """The mean over images, then classes, of a score of each image and class."""
    known = weighed.known
    classes = chosen_classes(known.labels, background, positive)
    columns = [score(known.gaps(place), known.diagonal) for place in classes.tolist()]
    values = np.stack(columns, axis=1) if columns else np.zeros((len(known.diagonal), 0))
    return weighed.mean(values, np.arange(len(columns)))


@metric(
    "hausdorff",
    collect=surface_distances,
    needs="label_maps",
    targets=MAPS,
    bounds=DISTANCE,
    greater_is_better=False,
    limits={**IGNORED, "percentile": (0.0, 100.0)},
)
def hausdorff(
    weighed: WeighedImages,
    *,
    percentile: float = 100.0,
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Hausdorff distance of the borders: the farthest that a pixel of either is from the other; mean over images.

    Args:
        weighed: distances between the borders in each image, and how much each image counts.
        percentile: this percentile of the distances each way, then the larger of the two; 100 is the farthest pixel.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One distance a weighting in the units of the spacing, shape (w,); nan where no class is left.

    A class that is true or predicted alone counts the diagonal of the image.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Huttenlocher, Klanderman and Rucklidge, IEEE PAMI 15 (1993), p. 850; Maier-Hein et al., Metrics Reloaded,
    Nature Methods 21 (2024), p. 195.

    >>> metrics.get("hausdorff", positive=1)([[[1, 1, 0, 0, 0]]], [[[1, 1, 1, 1, 0]]])
    2.0
    """

    def farthest(gaps: Gaps, diagonal: Array) -> Array:
        return gaps.scored(gaps.percentile(percentile).max(axis=1), diagonal)

    return _over_images(weighed, background, positive, farthest)


@metric(
    "hausdorff95",
    collect=surface_distances,
    needs="label_maps",
    targets=MAPS,
    bounds=DISTANCE,
    greater_is_better=False,
    limits=IGNORED,
)
def hausdorff95(
    weighed: WeighedImages,
    *,
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Hausdorff distance of the borders without the farthest 5 % of pixels each way; mean over images.

    The larger of the two 95th percentiles, as in MONAI and Metrics Reloaded, linear between neighbouring distances.

    Args:
        weighed: distances between the borders in each image, and how much each image counts.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One distance a weighting in the units of the spacing, shape (w,); nan where no class is left.

    A class that is true or predicted alone counts the diagonal of the image.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Huttenlocher, Klanderman and Rucklidge, IEEE PAMI 15 (1993), p. 850; Maier-Hein et al., Metrics Reloaded,
    Nature Methods 21 (2024), p. 195.

    >>> round(metrics.get("hausdorff95", positive=1)([[[1, 1, 0, 0, 0]]], [[[1, 1, 1, 1, 0]]]), 12)
    1.85
    """
    return hausdorff.formula(weighed, percentile=95.0, background=background, positive=positive)


@metric(
    "masd",
    collect=surface_distances,
    needs="label_maps",
    targets=MAPS,
    bounds=DISTANCE,
    greater_is_better=False,
    limits=IGNORED,
)
def masd(
    weighed: WeighedImages,
    *,
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Mean of the two mean distances between the borders, one each way; then the mean over images.

    Args:
        weighed: distances between the borders in each image, and how much each image counts.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One distance a weighting in the units of the spacing, shape (w,); nan where no class is left.

    A class that is true or predicted alone counts the diagonal of the image.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Beneš and Zitová, Journal of Microscopy 257 (2015), p. 65; Maier-Hein et al., Metrics Reloaded, Nature
    Methods 21 (2024), p. 195.

    >>> metrics.get("masd", positive=1)([[[1, 1, 0, 0, 0]]], [[[1, 1, 1, 1, 0]]])
    0.375
    """

    def mean_of_means(gaps: Gaps, diagonal: Array) -> Array:
        return gaps.scored(ratio(gaps.total, gaps.size).mean(axis=1), diagonal)

    return _over_images(weighed, background, positive, mean_of_means)


@metric(
    "assd",
    collect=surface_distances,
    needs="label_maps",
    targets=MAPS,
    bounds=DISTANCE,
    greater_is_better=False,
    limits=IGNORED,
)
def assd(
    weighed: WeighedImages,
    *,
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Mean distance between the borders over the pixels of both; then the mean over images.

    Args:
        weighed: distances between the borders in each image, and how much each image counts.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One distance a weighting in the units of the spacing, shape (w,); nan where no class is left.

    A class that is true or predicted alone counts the diagonal of the image.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Heimann et al., IEEE Transactions on Medical Imaging 28 (2009), p. 1251.

    >>> metrics.get("assd", positive=1)([[[1, 1, 0, 0, 0]]], [[[1, 1, 1, 1, 0]]])
    0.5
    """

    def mean_of_all(gaps: Gaps, diagonal: Array) -> Array:
        return gaps.scored(ratio(gaps.total.sum(axis=1), gaps.size.sum(axis=1)), diagonal)

    return _over_images(weighed, background, positive, mean_of_all)


@metric(
    "nsd",
    collect=surface_distances,
    needs="label_maps",
    targets=MAPS,
    bounds=(0.0, 1.0),
    greater_is_better=True,
    limits={**IGNORED, "tolerance": (0.0, 1e9)},
)
def nsd(
    weighed: WeighedImages,
    *,
    tolerance: float = 1.0,
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Normalized surface distance: share of the pixels of both borders that are near the other; mean over images.

    Args:
        weighed: distances between the borders in each image, and how much each image counts.
        tolerance: how far is near, in the units of the spacing; that far is still near.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One score a weighting, shape (w,); nan where no class is left.

    A class that is true or predicted alone counts 0.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Nikolov et al., Journal of Medical Internet Research 23 (2021), e26151, who weigh elements of the surface by
    their size; pixels counted as in MONAI and Metrics Reloaded.

    >>> metrics.get("nsd", tolerance=1, positive=1)([[[1, 1, 0, 0, 0]]], [[[1, 1, 1, 1, 0]]])
    0.8333333333333334
    """

    def near(gaps: Gaps, diagonal: Array) -> Array:
        within = gaps.within(np.full(len(diagonal), tolerance)).sum(axis=1)
        return gaps.scored(ratio(within, gaps.size.sum(axis=1)), np.zeros(len(diagonal)))

    return _over_images(weighed, background, positive, near)


@metric(
    "boundary_f",
    collect=seam_distances,
    needs="label_maps",
    targets=MAPS,
    bounds=(0.0, 1.0),
    greater_is_better=True,
    limits={**IGNORED, "tolerance": (0.0, 1e6)},
)
def boundary_f(
    weighed: WeighedImages,
    *,
    tolerance: float = 0.008,
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Harmonic mean of precision and recall of the outlines' pixels, as in DAVIS; then the mean over images.

    A pixel of one outline is right if one of the other is near. An outline is the pixels that differ from the pixel to
    the right, below, or both.

    Args:
        weighed: distances in pixels between the outlines in each image, and how much each image counts.
        tolerance: how far is near: pixels from 1 on; below 1 a share of the image's diagonal, rounded up to pixels.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One score a weighting, shape (w,); nan where no class is left.

    A class that is true or predicted alone counts 0; one that fills the image in both has no outline and counts 1.

    Options: ``ignore``, the value of true pixels that are left out, 255 by default, -1 for none.

    Source: Perazzi et al., DAVIS, CVPR (2016), section 4; pixels near one another need no partner of their own, as they
    do in Martin, Fowlkes and Malik (BSDS), IEEE PAMI 26 (2004), p. 530.

    >>> metrics.get("boundary_f", tolerance=1, positive=1)([[[1, 1, 0, 0, 0, 0]]], [[[1, 1, 1, 1, 0, 0]]])
    0.0
    """

    def matched(gaps: Gaps, diagonal: Array) -> Array:
        near = np.ceil(tolerance * diagonal) if tolerance < 1 else np.full(len(diagonal), tolerance)
        share = ratio(gaps.within(near), gaps.size)
        recall, precision = share[:, 0], share[:, 1]
        score = ratio(2 * precision * recall, precision + recall)
        drawn = (gaps.size > 0).sum(axis=1)
        score = np.where(drawn == 2, np.nan_to_num(score), np.where(drawn == 0, 1.0, 0.0))
        return gaps.scored(score, np.zeros(len(diagonal)))

    return _over_images(weighed, background, positive, matched)
