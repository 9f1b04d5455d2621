"""Scores of tubes and threads by their centre lines: whether what is connected is found connected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.catalog import metric
from metrics.frozen import dataclass
from metrics.inputs import ratio
from metrics.regions import (
    IGNORE,
    IGNORED,
    Regions,
    WeighedImages,
    bounding_box,
    by_image,
    chosen_classes,
    coded_regions,
)
from metrics.thinning import skeleton

if TYPE_CHECKING:
    from metrics.evidence import Additive
    from metrics.inputs import Array


@dataclass(frozen=True, eq=False, repr=False)
class CentreLines:
    """How much of the centre lines of each class lies in the other region; thinned when a class is first asked for.

    Attributes:
        regions: truth and prediction.
    """

    regions: Regions

    @property
    def labels(self) -> tuple[int, ...]:
        """The values of the classes, in order."""
        return self.regions.labels

    @cached_property
    def _kept(self) -> dict[int, Array]:
        return {}

    def shares(self, place: int) -> Array:
        """Share of the true line inside the prediction and of the predicted line inside the truth.

        Returns:
            Shape (images, 2); 0 where the class is in truth or prediction alone, nan where in neither.
        """
        if place not in self._kept:
            _, either = self.regions.held(place)
            out = np.where(either, 0.0, np.nan)[:, None].repeat(2, axis=1)
            for image, first, second in self.regions.pairs(place):
                box = bounding_box(first | second)
                one, other = first[box], second[box]
                lines = skeleton(one), skeleton(other)
                inside = [np.count_nonzero(lines[0] & other), np.count_nonzero(lines[1] & one)]
                out[image] = ratio(inside, [np.count_nonzero(line) for line in lines])
            self._kept[place] = out
        return self._kept[place]


def centre_lines(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, ignore: int = IGNORE) -> Additive:
    """Collect how much of the centre lines of each class and image lies in the other region.

    Args:
        y_true: LabelMaps, or one array of whole numbers an image, shape (height, width) or (depth, height, width).
        y_pred: the same number of images of the same sizes.
        labels: the values of the classes in order; by default those that occur in either, less ``ignore``.
        ignore: the value that is no class: true pixels that have it are left out, predicted ones name nothing.

    Raises:
        MetricError: the images do not fit, or hold a value that is no class.
    """
    regions = coded_regions(y_true, y_pred, labels, ignore)
    return by_image(CentreLines(regions), regions.truth.images)


@metric(
    "cldice",
    collect=centre_lines,
    needs="label_maps",
    targets=("label_maps",),
    bounds=(0.0, 1.0),
    greater_is_better=True,
    limits=IGNORED,
)
def cldice(
    weighed: WeighedImages,
    *,
    background: Optional[Union[str, int]] = None,
    positive: Optional[Union[str, int]] = None,
) -> Array:
    """Centre-line Dice of each class in each image, then the mean over the images of each class, then over classes.

    The harmonic mean of two shares: of the true centre line inside the predicted region, and of the predicted centre
    line inside the true one. Regions are thinned in pixels, whatever the spacing: in two dimensions as Guo and Hall, in
    three as Lee, Kashyap and Chu; the authors' code thins by other tables, so that its lines may lie a pixel aside.

    Args:
        weighed: shares of the centre lines in each image, and how much each image counts.
        background: a class that is left out of the mean.
        positive: the only class that is scored.

    Returns:
        One score a weighting, shape (w,); nan where no class is left.

    A class that is in neither truth nor prediction of an image is left out there; in one of the two alone it counts 0.

    Options: ``ignore``, the value of true pixels that are left out of both regions, 255 by default, -1 for none.

    Source: Shit et al., clDice, CVPR (2021), section 3.1.

    >>> round(metrics.get("cldice", positive=1)([[[1, 1, 1, 1]]], [[[1, 1, 1, 0]]]), 12)
    0.857142857143
    """
    known = weighed.known
    classes = chosen_classes(known.labels, background, positive)
    shares = [known.shares(place) for place in classes.tolist()]
    columns = [np.where((one == 0).all(axis=1), 0.0, ratio(2 * one.prod(axis=1), one.sum(axis=1))) for one in shares]
    values = np.stack(columns, axis=1) if columns else np.zeros((weighed.weight.shape[1], 0))
    return weighed.mean(values, np.arange(len(columns)))
