"""How far the outline of each region is from that of its counterpart: collected once, read by many scores."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.distances import distances_both_ways
from metrics.frozen import dataclass
from metrics.regions import Regions, bounding_box

if TYPE_CHECKING:
    from metrics.inputs import Array

SLACK = 1e-9
"""A distance this share above the tolerance is still within: three pixels of 0.1 are not exactly 0.3."""


def border(region: Array) -> Array:
    """The pixels of a region that share a face with a pixel outside it; beyond the image is outside.

    Args:
        region: bool, shape (height, width) or (depth, height, width).

    >>> border(np.ones((3, 3), dtype=bool)).astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    inner = region.copy()
    for axis in range(region.ndim):
        low, high, ends = (
            (slice(None),) * axis + (part,)
            for part in (slice(None, -1), slice(1, None), slice(None, None, max(1, region.shape[axis] - 1)))
        )
        inner[high] &= region[low]
        inner[low] &= region[high]
        inner[ends] = False
    inner ^= region
    return inner


def seam(region: Array) -> Array:
    """The pixels that differ from the one to the right, below, or both, as DAVIS draws the outline of a region.

    Args:
        region: bool, shape (height, width).

    >>> seam(np.array([[0, 0, 0], [0, 0, 1]], dtype=bool)).astype(int).tolist()
    [[0, 1, 1], [0, 1, 0]]
    """
    out = np.zeros_like(region)
    out[:, :-1] |= region[:, :-1] ^ region[:, 1:]
    out[:-1] |= region[:-1] ^ region[1:]
    out[:-1, :-1] |= region[:-1, :-1] ^ region[1:, 1:]
    return out


@dataclass(frozen=True, eq=False, repr=False)
class Gaps:
    """The distances between the two outlines of one class in each image.

    Attributes:
        both: whether the class is in truth and prediction, shape (images,).
        either: whether it is in one of them, shape (images,).
        distance: distances from the pixels of one outline to the nearest of the other, ascending in each set, float64.
        start: where each set begins, and the number of distances; set 2 k is from the truth of image k to its
            prediction, set 2 k + 1 back; int64, shape (2 images + 1,).
    """

    both: Array
    either: Array
    distance: Array
    start: Array

    @cached_property
    def size(self) -> Array:
        """How many pixels each outline has where the class is in both, shape (images, 2)."""
        return np.diff(self.start).reshape(-1, 2)

    @cached_property
    def total(self) -> Array:
        """The sum of the distances of each set, shape (images, 2)."""
        return self._added(self.distance)

    def within(self, tolerance: Array) -> Array:
        """How many distances of each set are at most a tolerance, one an image: shape (images, 2)."""
        limit = np.repeat(np.repeat(tolerance * (1 + SLACK), 2), np.diff(self.start))
        return self._added((self.distance <= limit).astype(np.float64))

    def percentile(self, percent: float) -> Array:
        """The percentile of each set, linear between neighbours, shape (images, 2); nan where a set is empty."""
        count = np.diff(self.start)
        filled = np.flatnonzero(count)
        place = (count[filled] - 1) * (percent / 100.0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, count[filled] - 1)
        first, second = self.distance[self.start[filled] + low], self.distance[self.start[filled] + high]
        out = np.full(len(count), np.nan)
        out[filled] = first + (second - first) * (place - low)
        return out.reshape(-1, 2)

    def scored(self, score: Array, missing: Array) -> Array:
        """A score an image: as given where the class is in both, ``missing`` where in one, nan where in neither."""
        return np.where(self.both, score, np.where(self.either, missing, np.nan))

    def _added(self, values: Array) -> Array:
        """Sums over the sets, shape (images, 2)."""
        out = np.zeros(len(self.start) - 1)
        filled = np.flatnonzero(np.diff(self.start))
        if len(filled):
            out[filled] = np.add.reduceat(values, self.start[filled])
        return out.reshape(-1, 2)


@dataclass(frozen=True, eq=False, repr=False)
class Outlines:
    """The outlines of the regions of all classes in truth and prediction; distances are measured when first asked for.

    Attributes:
        regions: truth and prediction.
        outline: which pixels of the image stand for the outline of a region.
        spacing: size of a pixel along each axis, shape (images, dimensions), or None.
    """

    regions: Regions
    outline: Callable[[Array], Array]
    spacing: Optional[Array]

    @property
    def labels(self) -> tuple[int, ...]:
        """The values of the classes, in order."""
        return self.regions.labels

    @cached_property
    def diagonal(self) -> Array:
        """The diagonal of each image in the units of the spacing, shape (images,)."""
        side = self.regions.truth.shape * (1.0 if self.spacing is None else self.spacing)
        return np.asarray(np.sqrt((side**2).sum(axis=1)))

    @cached_property
    def _kept(self) -> dict[int, Gaps]:
        return {}

    def gaps(self, place: int) -> Gaps:
        """The distances of one class, by its place among the labels."""
        if place not in self._kept:
            self._kept[place] = self._measured(place)
        return self._kept[place]

    def _measured(self, place: int) -> Gaps:
        """Measure the distances of one class in all images."""
        count = np.zeros((self.regions.truth.images, 2), dtype=np.int64)
        parts = [np.zeros(0)]
        for image, first, second in self.regions.pairs(place):
            step = None if self.spacing is None else self.spacing[image]
            there, back = _both_ways(first, second, self.outline, step)
            count[image] = len(there), len(back)
            parts += [there, back]
        both, either = self.regions.held(place)
        return Gaps(both, either, np.concatenate(parts), np.concatenate(([0], np.cumsum(count))))


def _both_ways(
    first: Array, second: Array, outline: Callable[[Array], Array], step: Optional[Array]
) -> tuple[Array, Array]:
    """Distances from one outline to the other and back, each ascending."""
    box = bounding_box(first | second)
    one, other = outline(first[box]), outline(second[box])
    there, back = distances_both_ways(one, other, step)
    there.sort()
    back.sort()
    return there, back
