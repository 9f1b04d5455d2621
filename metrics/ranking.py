"""Scores of an order: whether positives rank above negatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.catalog import Metric, metric
from metrics.columns import class_scores, target_of
from metrics.confusion import binary_matrix
from metrics.curves import Binned, Curve, Weighed
from metrics.inputs import MetricError, mean_defined, numbers, paired, ratio
from metrics.ranked import Ranked

if TYPE_CHECKING:
    from metrics.inputs import Array

    Rankings = Sequence[Union[Weighed, Binned]]

UNIT = (0.0, 1.0)
SLACK = 1e-12
"""How far, by the weight of all, a rate may be from a required one and still meet it."""


def rankings(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Ranked:
    """Collect scores: of the last of two classes, of each class against the rest, or of each 0/1 column.

    Args:
        y_true: labels, shape (n,), or a 0/1 matrix, shape (n, columns).
        y_pred: one score an item for the last of two classes, shape (n,), or one a class or column, shape (n, columns).
        labels: the classes in order.

    Raises:
        MetricError: the columns do not fit, or a score is NaN or infinite.
    """
    truth, prediction = paired(y_true, y_pred)
    if truth.ndim == 2:
        score = numbers(prediction, "y_pred")
        if truth.shape != score.shape:
            raise MetricError(f"y_true has shape {truth.shape} and y_pred {score.shape}; multilabel needs the same")
        matrix = np.ascontiguousarray(binary_matrix(truth, "y_true").T)
        return Ranked(len(score), "multilabel", np.ascontiguousarray(score.T), matrix)
    codes, classes, score = class_scores(truth, prediction, labels)
    if score.ndim == 2 and len(classes) == 2:
        score = score[:, 1]
    columns = score[None, :] if score.ndim == 1 else np.ascontiguousarray(score.T)
    return Ranked(len(codes), target_of(classes), columns, codes)


@metric("roc_auc", collect=rankings, needs="score", targets=("binary",), bounds=UNIT, greater_is_better=True)
def roc_auc(columns: Rankings) -> Array:
    """Probability that a positive item scores higher than a negative one; ties count half.

    Args:
        columns: the ranking of the positive class under some weightings.

    Returns:
        One score a weighting, shape (w,); nan where one of the classes has no weight.

    Source: Hanley and McNeil, Radiology 143 (1982), p. 29; scikit-learn, roc_auc_score.

    >>> metrics.roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    return columns[0].area()


@metric("roc_auc_ovr", collect=rankings, needs="score", targets=("multiclass",), bounds=UNIT, greater_is_better=True)
def roc_auc_ovr(columns: Rankings) -> Array:
    """ROC AUC of each class against the rest, then the plain mean over the classes that have one.

    Args:
        columns: the ranking of each class under some weightings.

    Returns:
        One score a weighting, shape (w,); nan where no class has an area.

    Source: Provost and Domingos, CeDER working paper (2000); scikit-learn, roc_auc_score(multi_class="ovr").

    >>> round(metrics.roc_auc_ovr([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]]), 12)
    0.583333333333
    """
    return mean_defined(np.stack([column.area() for column in columns], axis=-1))


@metric(
    "roc_auc_ovr_weighted",
    collect=rankings,
    needs="score",
    targets=("multiclass",),
    bounds=UNIT,
    greater_is_better=True,
)
def roc_auc_ovr_weighted(columns: Rankings) -> Array:
    """ROC AUC of each class against the rest, then the mean over classes by their weight in truth.

    Args:
        columns: the ranking of each class under some weightings.

    Returns:
        One score a weighting, shape (w,); nan where no class has an area.

    Source: Fawcett, Pattern Recognition Letters 27 (2006), p. 861; scikit-learn, roc_auc_score(average="weighted").

    >>> round(metrics.roc_auc_ovr_weighted([0, 1, 2, 2], [[8, 1, 1], [2, 5, 3], [3, 6, 1], [0, 1, 9]]), 12)
    0.729166666667
    """
    area = np.stack([column.area() for column in columns], axis=-1)
    return mean_defined(area, np.stack([column.totals()[0] for column in columns], axis=-1))


@metric(
    "roc_auc_columns", collect=rankings, needs="score", targets=("multilabel",), bounds=UNIT, greater_is_better=True
)
def roc_auc_columns(columns: Rankings) -> Array:
    """ROC AUC of each column of a 0/1 matrix, then the plain mean over the columns that have one.

    Args:
        columns: the ranking of each column under some weightings.

    Returns:
        One score a weighting, shape (w,); nan where no column has an area.

    Source: Kaggle's mean column-wise ROC AUC; scikit-learn, roc_auc_score(average="macro").

    >>> metrics.roc_auc_columns([[1, 0], [0, 1], [1, 1]], [[0.9, 0.2], [0.3, 0.8], [0.2, 0.7]])
    0.75
    """
    return mean_defined(np.stack([column.area() for column in columns], axis=-1))


def _precision_steps(curve: Curve) -> Array:
    """Precision at each threshold by the recall it adds, summed, shape (w,)."""
    step = np.diff(curve.hit, axis=1, prepend=0)
    at_threshold = ratio(curve.hit, curve.hit + curve.false_alarm)
    return ratio((step * np.where(step > 0, at_threshold, 0.0)).sum(axis=1), curve.positives)


@metric("average_precision", collect=rankings, needs="score", targets=("binary",), bounds=UNIT, greater_is_better=True)
def average_precision(columns: Rankings) -> Array:
    """Precision at each threshold, averaged by the recall that the threshold adds; tied scores are one threshold.

    Args:
        columns: the ranking of the positive class under some weightings.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive.

    Source: Manning et al., Introduction to Information Retrieval (2008), ch. 8; scikit-learn, average_precision_score.

    >>> round(metrics.average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 12)
    0.833333333333
    """
    return _precision_steps(columns[0].curve())


@metric(
    "average_precision_macro",
    collect=rankings,
    needs="score",
    targets=("multiclass", "multilabel"),
    bounds=UNIT,
    greater_is_better=True,
)
def average_precision_macro(columns: Rankings) -> Array:
    """Average precision of each class or 0/1 column, then the plain mean over those that have truth.

    Args:
        columns: the ranking of each class or column under some weightings.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive.

    Source: scikit-learn, average_precision_score(average="macro").

    >>> metrics.average_precision_macro([[1, 0], [0, 1], [1, 1]], [[0.9, 0.2], [0.8, 0.8], [0.3, 0.9]])
    0.9166666666666666
    """
    return mean_defined(np.stack([_precision_steps(column.curve()) for column in columns], axis=-1))


def _reach(curve: Curve, spare: Array) -> Array:
    """The highest share of positives found at a threshold that has something to spare, shape (w,); 0 without one.

    Across a bin of many scores the curve is straight, and so is what it has to spare: its end is found exactly.
    """
    hit = np.concatenate((np.zeros((len(curve.hit), 1)), curve.hit), axis=1)
    spare = np.concatenate((np.zeros((len(spare), 1)), spare), axis=1)
    met = spare >= -SLACK * (curve.positives + curve.negatives)[:, None]
    last = met.shape[1] - 1 - np.argmax(met[:, ::-1], axis=1)
    found = np.max(np.where(met, hit, 0.0), axis=1)
    if curve.straight is not None:
        row, after = np.arange(len(hit)), np.minimum(last + 1, met.shape[1] - 1)
        rest = np.maximum(spare[row, last], 0.0)
        slope = curve.straight[after - 1] & (after > last)
        share = np.where(slope, ratio(rest, rest - spare[row, after]), 0.0)
        found = hit[row, last] + np.nan_to_num(share) * (hit[row, after] - hit[row, last])
    return ratio(found, curve.positives)


@metric(
    "recall_at_specificity",
    collect=rankings,
    needs="score",
    targets=("binary",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"specificity": (0.0, 1.0)},
)
def recall_at_specificity(columns: Rankings, *, specificity: float = 0.95) -> Array:
    """Highest share of positives found by a threshold that leaves the required share of negatives alone.

    Args:
        columns: the ranking of the positive class under some weightings.
        specificity: the required share of negatives below the threshold.

    Returns:
        One score a weighting, shape (w,); nan where one of the classes has no weight.

    Source: Zweig and Campbell, Clinical Chemistry 39 (1993), p. 561.

    >>> metrics.get("recall_at_specificity", specificity=0.5)([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    1.0
    >>> metrics.recall_at_specificity([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.5
    """
    curve = columns[0].curve()
    spare = (1.0 - specificity) * curve.negatives[:, None] - curve.false_alarm
    return np.where(curve.negatives > 0, _reach(curve, spare), np.nan)


@metric(
    "sensitivity_at_precision",
    collect=rankings,
    needs="score",
    targets=("binary",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"precision": (0.0, 1.0)},
)
def sensitivity_at_precision(columns: Rankings, *, precision: float = 0.9) -> Array:
    """Highest share of positives found by a threshold whose alarms are right at the required rate; 0 without one.

    Args:
        columns: the ranking of the positive class under some weightings.
        precision: the required share of positives at or above the threshold.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive.

    Source: Manning et al., Introduction to Information Retrieval (2008), ch. 8 (recall at a precision).

    >>> metrics.sensitivity_at_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.5
    """
    curve = columns[0].curve()
    return _reach(curve, (1.0 - precision) * curve.hit - precision * curve.false_alarm)


def _rates(curve: Curve) -> tuple[Array, Array]:
    """Share of negatives and of positives at or above each threshold, from nothing on, shape (w, thresholds) each."""
    sides = ((curve.false_alarm, curve.negatives), (curve.hit, curve.positives))
    rates = [ratio(count, whole[:, None]) for count, whole in sides]
    start = np.zeros((len(curve.hit), 1))
    return np.concatenate((start, rates[0]), axis=1), np.concatenate((start, rates[1]), axis=1)


def _between(across: Array, along: Array, low: float, high: float) -> Array:
    """Area between a rising line and the axis of ``along``, for ``along`` from low to high, shape (w,).

    The line runs straight from one point to the next; ``across`` is the height over ``along``.
    """
    ends = np.clip(along, low, high)
    step, width = np.diff(across, axis=1), np.diff(along, axis=1)
    slope = np.divide(step, width, out=np.zeros_like(step), where=width > 0)
    heights = across[:, :-1] + slope * ((ends[:, 1:] + ends[:, :-1]) / 2.0 - along[:, :-1])
    return np.asarray((heights * np.diff(ends, axis=1)).sum(axis=1))


@metric(
    "partial_auc",
    collect=rankings,
    needs="score",
    targets=("binary",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"max_fpr": (1e-9, 1.0)},
    pitfalls="It rests on the few negatives that score highest: with a max_fpr of 0.01 and 1,000 negatives, on ten. "
    "Some report the raw area instead, which is at most max_fpr.",
)
def partial_auc(columns: Rankings, *, max_fpr: float = 0.1) -> Array:
    """ROC AUC up to a share of false alarms, brought to a scale where chance is 0.5 and 1 is perfect.

    Args:
        columns: the ranking of the positive class under some weightings.
        max_fpr: up to which share of negatives at or above the threshold the area counts.

    Returns:
        One score a weighting, shape (w,); nan where one of the classes has no weight.

    Source: McClish, Medical Decision Making 9 (1989), p. 190; scikit-learn, roc_auc_score(max_fpr=…).

    >>> round(metrics.get("partial_auc", max_fpr=0.5)([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 12)
    0.666666666667
    """
    alarmed, found = _rates(columns[0].curve())
    least = max_fpr**2 / 2.0
    return (1.0 + (_between(found, alarmed, 0.0, max_fpr) - least) / (max_fpr - least)) / 2.0


def _with_bands(record: Metric) -> Metric:
    """Refuse cuts that do not rise inside (0, 1), or weights that do not fit them."""
    cuts, weights = record.options["cuts"], record.options["weights"]
    rising = all(low < high for low, high in zip((0.0, *cuts), (*cuts, 1.0)))
    if not rising or len(weights) != len(cuts) + 1 or not sum(weights) > 0:
        raise MetricError(
            f"{record.base}: cuts must rise between 0 and 1, and weights be one more than cuts, not all 0"
        )
    return record


@metric(
    "weighted_auc",
    collect=rankings,
    needs="score",
    targets=("binary",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"cuts": UNIT, "weights": (0.0, 1e9)},
    pitfalls="Bands are of the true positive rate, so the first one shows how few false alarms the surest hits cost. "
    "Chance scores below 0.5 where low bands weigh more.",
    adapt=_with_bands,
)
def weighted_auc(
    columns: Rankings, *, cuts: tuple[float, ...] = (0.4,), weights: tuple[float, ...] = (2.0, 1.0)
) -> Array:
    """Area under the ROC curve in bands of the true positive rate, each band by its weight; 1 is perfect.

    Args:
        columns: the ranking of the positive class under some weightings.
        cuts: where one band of the true positive rate ends and the next begins, rising.
        weights: of the bands, one more than cuts.

    Returns:
        One score a weighting, shape (w,); nan where one of the classes has no weight.

    Source: Cogranne et al., IEEE WIFS (2020), the ALASKA2 challenge; Kaggle, ALASKA2 Image Steganalysis.

    >>> round(metrics.weighted_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 12)
    0.821428571429
    """
    alarmed, found = _rates(columns[0].curve())
    ends = (0.0, *cuts, 1.0)
    bands = list(zip(weights, ends[:-1], ends[1:]))
    area = sum(weight * (high - low - _between(alarmed, found, low, high)) for weight, low, high in bands)
    return np.asarray(area / sum(weight * (high - low) for weight, low, high in bands))
