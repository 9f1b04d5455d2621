"""Scores of panoptic segmentation: every pixel belongs to a segment, and every segment has a category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.label_maps import check_sizes, shared_runs
from metrics.segments import Segments
from metrics.spelling import named_place

if TYPE_CHECKING:
    from metrics.inputs import Array

__all__ = ["SegmentCounts", "Segments", "matched_segments", "qualities"]

UNIT = (0.0, 1.0)
OVER = {"over": ("all", "things", "stuff")}


@dataclass(frozen=True)
class SegmentCounts:
    """Matched and unmatched segments by category, each of shape (w, categories).

    Attributes:
        overlap: intersection over union of the matched segments, summed.
        hit: matched segments.
        false_alarm: predicted segments without a match.
        miss: true segments without a match.
        things: whether each category is of countable things, shape (categories,).
        labels: the names of the categories.
    """

    overlap: Array
    hit: Array
    false_alarm: Array
    miss: Array
    things: Array
    labels: tuple[Any, ...]

    @property
    def weight(self) -> Array:
        """What the quality is divided by: matches, and half of what is unmatched on either side."""
        return self.hit + 0.5 * (self.false_alarm + self.miss)


@dataclass(frozen=True, eq=False, repr=False)
class SegmentColumns:
    """Columns of totals as counts by category."""

    things: Array
    labels: tuple[Any, ...]

    def __call__(self, totals: Totals) -> SegmentCounts:
        """Cut the columns into four."""
        overlap, hit, false_alarm, miss = np.split(totals.sums[:, :, 0], 4, axis=1)
        return SegmentCounts(overlap, hit, false_alarm, miss, self.things, self.labels)


def matched_segments(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect, of each image and category, which segments match: those that share more than half of their union.

    Args:
        y_true: the true segments, `Segments`.
        y_pred: the predicted segments, of the same images and categories.
        labels: names of the categories in order; by default their numbers.

    Raises:
        MetricError: the segments are not of the same images and categories.
    """
    for side, name in ((y_true, "y_true"), (y_pred, "y_pred")):
        if not isinstance(side, Segments):
            raise MetricError(f"{name} must be Segments (metrics.panoptic), not {type(side).__name__}")
    if y_true.categories != y_pred.categories:
        raise MetricError(f"y_true has {y_true.categories} categories and y_pred has {y_pred.categories}")
    names = tuple(range(y_true.categories)) if labels is None else tuple(labels)
    if len(names) != y_true.categories:
        raise MetricError(f"{len(names)} labels for {y_true.categories} categories")
    check_sizes(y_true.maps, y_pred.maps)
    table = np.concatenate(_matched(y_true, y_pred, _intersections(y_true, y_pred)))
    return Additive(y_true.maps.images, "segments", SegmentColumns(y_true.things, names), table=table)


def _intersections(truth: Segments, prediction: Segments) -> tuple[Array, Array, Array, Array]:
    """Image, true segment, predicted segment (rows from 1 in their images, 0 for none) and pixels of each pair."""
    across = np.diff(prediction.start) + 1
    size = (np.diff(truth.start) + 1) * across
    begin = np.concatenate(([0], np.cumsum(size)))
    one, other = truth.code, prediction.code
    found, pixels = [], []
    for shared in shared_runs(truth.maps, prediction.maps):
        low, high = shared.image[0], shared.image[-1] + 1
        pair = one[shared.first] * across[shared.image] + other[shared.second] + (begin[shared.image] - begin[low])
        count = np.bincount(pair, shared.length, begin[high] - begin[low])
        filled = np.flatnonzero(count)
        found.append(filled + begin[low])
        pixels.append(count[filled])
    cell = np.concatenate(found)
    image = np.searchsorted(begin, cell, "right") - 1
    within = cell - begin[image]
    return image, within // across[image], within % across[image], np.concatenate(pixels)


def _matched(
    truth: Segments, prediction: Segments, shared: tuple[Array, Array, Array, Array]
) -> tuple[Array, Array, Array, Array]:
    """Overlap, hits, false alarms and misses, each of shape (categories, images)."""
    image, one, other, pixels = shared
    crowd = np.zeros(len(truth.image), dtype=bool) if truth.crowd is None else truth.crowd
    true_row, row = truth.start[image] + one - 1, prediction.start[image] + other - 1
    is_true, is_predicted = one > 0, other > 0
    true_area = np.bincount(true_row[is_true], pixels[is_true], len(crowd))
    area = np.bincount(row[is_predicted], pixels[is_predicted], len(prediction.image))
    outside = is_predicted & ~is_true
    void = np.zeros(len(area))
    void[row[outside]] = pixels[outside]
    both = is_predicted & is_true
    image, true_row, row, pixels = image[both], true_row[both], row[both], pixels[both]
    alike = truth.category[true_row] == prediction.category[row]
    overlap = pixels / (area[row] + true_area[true_row] - pixels - void[row])
    match = alike & ~crowd[true_row] & (overlap > 0.5)
    last = _last_crowds(truth, crowd)
    excused = void + np.bincount(row, pixels * (alike & last[true_row]), len(area))
    hit_true, hit = np.zeros(len(crowd), dtype=bool), np.zeros(len(area), dtype=bool)
    hit_true[true_row[match]] = True
    hit[row[match]] = True
    false_alarm = ~hit & ~(excused > 0.5 * area)
    place = _places(truth)
    return (
        _summed(truth, place[true_row[match]], overlap[match]),
        _summed(truth, place[true_row[match]]),
        _summed(truth, _places(prediction)[false_alarm]),
        _summed(truth, place[~hit_true & ~crowd]),
    )


def _places(segments: Segments) -> Array:
    """The cell of each segment in a table (categories, images), flat."""
    return segments.category.astype(np.int64) * segments.maps.images + segments.image


def _summed(segments: Segments, place: Array, weight: Optional[Array] = None) -> Array:
    """Sums by category and image."""
    shape = (segments.categories, segments.maps.images)
    return np.bincount(place, weight, shape[0] * shape[1]).astype(np.float64).reshape(shape)


def _last_crowds(truth: Segments, crowd: Array) -> Array:
    """The last crowd of each category in each image, as the reference implementation has it, bool, shape (m,)."""
    row = np.flatnonzero(crowd)
    place = _places(truth)[row]
    last: Array = np.zeros(len(crowd), dtype=bool)
    order = np.argsort(place, kind="stable")
    ends = np.concatenate((place[order][1:] != place[order][:-1], [True]))[: len(row)]
    last[row[order][ends]] = True
    return last


def _chosen(counts: SegmentCounts, value: Array, over: str, category: Any) -> Array:
    """The mean over some categories of those that occur, or the value of one."""
    if category is not None:
        return np.asarray(value[:, named_place(category, counts.labels)])
    if over != "all":
        value = value[:, counts.things == (over == "things")]
    return mean_defined(value)


def qualities(counts: SegmentCounts) -> tuple[Array, Array, Array]:
    """Panoptic, segmentation and recognition quality of each category, each of shape (w, categories).

    nan where a category has neither a true nor a predicted segment; where it has, but no match, all three are 0.
    """
    weight = counts.weight
    closeness = np.where((counts.hit == 0) & (weight > 0), 0.0, ratio(counts.overlap, counts.hit))
    return ratio(counts.overlap, weight), closeness, ratio(counts.hit, weight)


@metric(
    "panoptic_quality",
    collect=matched_segments,
    needs="segments",
    targets=("segments",),
    bounds=UNIT,
    greater_is_better=True,
    limits=OVER,
)
def panoptic_quality(counts: SegmentCounts, *, over: str = "all", category: Any = None) -> Array:
    """Segmentation quality times recognition quality of each category, then the plain mean over categories (PQ).

    A predicted and a true segment of one category match where they share more than half of their union, which leaves
    at most one match for each. Pixels without truth are left out of the union. A predicted segment without a match that
    lies by more than half on pixels without truth, or on the last crowd of its category, is not counted; crowds are
    never missed.

    Args:
        counts: segments by category, each of shape (w, categories).
        over: the categories that count: ``all``, ``things`` or ``stuff``.
        category: the one category that counts, by its label; by default those of ``over``.

    Returns:
        One score a weighting, shape (w,); nan where no category has a segment. Categories without any are left out.

    Source: Kirillov et al., Panoptic Segmentation, CVPR (2019), p. 9404; as in panopticapi, evaluation.py.

    >>> read, info = metrics.panoptic.Segments.from_segments_info, [[{"id": 1, "category_id": 1}]]
    >>> metrics.panoptic_quality(read([[[1, 1, 1, 1]]], info, [1]), read([[[1, 1, 1, 0]]], info, [1]))
    0.75
    """
    return _chosen(counts, qualities(counts)[0], over, category)


@metric(
    "segmentation_quality",
    collect=matched_segments,
    needs="segments",
    targets=("segments",),
    bounds=UNIT,
    greater_is_better=True,
    limits=OVER,
)
def segmentation_quality(counts: SegmentCounts, *, over: str = "all", category: Any = None) -> Array:
    """Mean overlap (intersection over union) of matched segments of each category, then over categories (SQ).

    A category that has segments but no match counts as 0, as in panopticapi.

    Args:
        counts: segments by category, each of shape (w, categories).
        over: the categories that count: ``all``, ``things`` or ``stuff``.
        category: the one category that counts, by its label; by default those of ``over``.

    Returns:
        One score a weighting, shape (w,); nan where no category has a segment. Categories without any are left out.

    Source: Kirillov et al., Panoptic Segmentation, CVPR (2019), p. 9404; as in panopticapi, evaluation.py.

    >>> read, info = metrics.panoptic.Segments.from_segments_info, [[{"id": 1, "category_id": 1}]]
    >>> metrics.segmentation_quality(read([[[1, 1, 1, 1]]], info, [1]), read([[[1, 1, 1, 0]]], info, [1]))
    0.75
    """
    return _chosen(counts, qualities(counts)[1], over, category)


@metric(
    "recognition_quality",
    collect=matched_segments,
    needs="segments",
    targets=("segments",),
    bounds=UNIT,
    greater_is_better=True,
    limits=OVER,
)
def recognition_quality(counts: SegmentCounts, *, over: str = "all", category: Any = None) -> Array:
    """F1 of segments of each category, then the plain mean over categories (RQ).

    Args:
        counts: segments by category, each of shape (w, categories).
        over: the categories that count: ``all``, ``things`` or ``stuff``.
        category: the one category that counts, by its label; by default those of ``over``.

    Returns:
        One score a weighting, shape (w,); nan where no category has a segment. Categories without any are left out.

    Source: Kirillov et al., Panoptic Segmentation, CVPR (2019), p. 9404; as in panopticapi, evaluation.py.

    >>> read, info = metrics.panoptic.Segments.from_segments_info, [[{"id": 1, "category_id": 1}]]
    >>> metrics.recognition_quality(read([[[1, 1, 1, 1]]], info, [1]), read([[[1, 1, 1, 0]]], info, [1]))
    1.0
    """
    return _chosen(counts, qualities(counts)[2], over, category)
