"""Scores of values: how far the predicted number is from the true one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.evidence import Additive, Totals
from metrics.inputs import CHUNK, MetricError, extremes, mean_defined, numbers, paired, ratio
from metrics.ranked import RankPairs, Ranks, places

if TYPE_CHECKING:
    from metrics.inputs import Array

TARGET = ("regression",)
POSITIVE = (0.0, np.inf)
LEAST_SPREAD = 1e-12
"""A variance below this share of the mean square about the overall mean is rounding, and counts as none."""


def value_columns(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """Truth and prediction as finite float64, one row a target, shape (targets, n).

    Args:
        y_true: values, shape (n,) or (n, targets).
        y_pred: the same shape.

    Raises:
        MetricError: the shapes differ, or an entry is no finite number.
    """
    truth, prediction = paired(y_true, y_pred)
    true, predicted = numbers(truth, "y_true"), numbers(prediction, "y_pred")
    n = len(true)
    if true.size != predicted.size or (true.ndim == predicted.ndim and true.shape != predicted.shape):
        raise MetricError(f"y_true has shape {true.shape} and y_pred {predicted.shape}; they must be the same")
    return np.ascontiguousarray(true.reshape(n, -1).T), np.ascontiguousarray(predicted.reshape(n, -1).T)


def _errors(table: Array) -> Additive:
    """One number an item and target, to be averaged."""
    return Additive(table.shape[1], "regression", table=table)


def _means(totals: Totals) -> Array:
    """The weighted mean of each target, shape (w, targets)."""
    return ratio(totals.sums[:, :, 0], totals.weight)


def _quick_errors(y_true: Any, y_pred: Any, size: Callable[[Array], Any]) -> Optional[Additive]:
    """The errors of two plain columns, and their sum, in one pass; None for all else, and where the sum is not finite.

    Args:
        y_true: values.
        y_pred: as many.
        size: turns differences into errors, in place.
    """
    sides = y_true, y_pred
    if not all(type(side) is np.ndarray and side.dtype == np.float64 and side.ndim == 1 for side in sides):
        return None
    if not 0 < len(y_true) == len(y_pred):
        return None
    table = np.empty((1, len(y_true)))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(y_true), CHUNK):
            rows = slice(start, start + CHUNK)
            np.subtract(y_true[rows], y_pred[rows], out=table[0, rows])
            size(table[0, rows])
        total = table[0].sum()
    if not np.isfinite(total):  # entries that are no numbers, or too large a sum: all are looked at
        return None
    return Additive(len(y_true), "regression", table=table, total=np.array([total]))


def absolute_error(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the distance of each prediction from the truth."""
    quick = _quick_errors(y_true, y_pred, lambda errors: np.abs(errors, out=errors))
    if quick is not None:
        return quick
    true, predicted = value_columns(y_true, y_pred)
    true = true - predicted
    return _errors(np.abs(true, out=true))


def squared_error(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the squared distance of each prediction from the truth."""
    quick = _quick_errors(y_true, y_pred, lambda errors: np.multiply(errors, errors, out=errors))
    if quick is not None:
        return quick
    true, predicted = value_columns(y_true, y_pred)
    true = true - predicted
    return _errors(np.multiply(true, true, out=true))


@metric("mae", collect=absolute_error, needs="value", targets=TARGET, bounds=POSITIVE, greater_is_better=False)
def mae(totals: Totals) -> Array:
    """Mean absolute error; of several targets, the mean over them.

    Args:
        totals: summed absolute errors and weight, shape (w, targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Source: Willmott and Matsuura, Climate Research 30 (2005), p. 79; scikit-learn, mean_absolute_error.

    >>> metrics.mae([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    """
    return mean_defined(_means(totals))


@metric("mse", collect=squared_error, needs="value", targets=TARGET, bounds=POSITIVE, greater_is_better=False)
def mse(totals: Totals) -> Array:
    """Mean squared error; of several targets, the mean over them.

    Args:
        totals: summed squared errors and weight, shape (w, targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the squared unit of the truth; nan where nothing has weight.

    Source: scikit-learn, mean_squared_error.

    >>> metrics.mse([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.375
    """
    return mean_defined(_means(totals))


@metric("rmse", collect=squared_error, needs="value", targets=TARGET, bounds=POSITIVE, greater_is_better=False)
def rmse(totals: Totals) -> Array:
    """Root of the mean squared error; of several targets, the mean of their roots.

    Args:
        totals: summed squared errors and weight, shape (w, targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Source: scikit-learn, root_mean_squared_error.

    >>> round(metrics.rmse([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]), 12)
    0.612372435696
    """
    return mean_defined(np.sqrt(_means(totals)))


def squared_log_error(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the squared difference of the logarithms of one more than each value."""
    true, predicted = value_columns(y_true, y_pred)
    for values, name in ((true, "y_true"), (predicted, "y_pred")):
        if values.min() <= -1:
            count = int(np.count_nonzero(values <= -1))
            raise MetricError(f"{name} holds {count} values of -1 or less; rmsle takes the logarithm of 1 + value")
    return _errors((np.log1p(true) - np.log1p(predicted)) ** 2)


@metric("rmsle", collect=squared_log_error, needs="value", targets=TARGET, bounds=POSITIVE, greater_is_better=False)
def rmsle(totals: Totals) -> Array:
    """Root mean squared error of log(1 + value); of several targets, the mean of their roots.

    Args:
        totals: summed squared errors and weight, shape (w, targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Kaggle's RMSLE; scikit-learn, root_mean_squared_log_error.

    >>> round(metrics.rmsle([3, 5, 2.5, 7], [2.5, 5, 4, 8]), 12)
    0.199324165581
    """
    return mean_defined(np.sqrt(_means(totals)))


def relative_error(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the distance of each prediction from the truth, as a share of the truth."""
    true, predicted = value_columns(y_true, y_pred)
    if not true.all():
        count = int(np.count_nonzero(true == 0))
        raise MetricError(f"y_true holds {count} zeros, of which no share can be taken; use smape or mae")
    return _errors(np.abs(true - predicted) / np.abs(true))


@metric("mape", collect=relative_error, needs="value", targets=TARGET, bounds=POSITIVE, greater_is_better=False)
def mape(totals: Totals) -> Array:
    """Mean absolute error as a share of the truth: 0.1 is ten percent. A truth of 0 is refused.

    Args:
        totals: summed relative errors and weight, shape (w, targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: de Myttenaere et al., Neurocomputing 192 (2016), p. 38; scikit-learn, mean_absolute_percentage_error.

    >>> metrics.mape([1.0, 2.0, 4.0], [1.0, 1.0, 5.0])
    0.25
    """
    return mean_defined(_means(totals))


def symmetric_error(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the distance of each prediction from the truth, as a share of the mean of their sizes."""
    true, predicted = value_columns(y_true, y_pred)
    size = np.abs(true) / 2 + np.abs(predicted) / 2
    # two zeros agree: the item stays in the mean, with no error
    return _errors(np.divide(np.abs(true - predicted), size, out=np.zeros_like(size), where=size > 0))


@metric("smape", collect=symmetric_error, needs="value", targets=TARGET, bounds=(0.0, 2.0), greater_is_better=False)
def smape(totals: Totals) -> Array:
    """Mean of |true - predicted| / ((|true| + |predicted|) / 2); 0 for an item where both are 0.

    Args:
        totals: summed relative errors and weight, shape (w, targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), from 0 to 2; nan where nothing has weight.

    Source: Makridakis, International Journal of Forecasting 9 (1993), p. 527, with absolute values below.

    >>> metrics.smape([1.0, 0.0, 2.0], [3.0, 0.0, 2.0])
    0.3333333333333333
    """
    return mean_defined(_means(totals))


def quantile_error(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    quantile: float = 0.5,
) -> Additive:
    """Collect what each prediction costs as a forecast of a quantile."""
    true, predicted = value_columns(y_true, y_pred)
    above = true - predicted
    return _errors(np.maximum(quantile * above, (quantile - 1.0) * above))


@metric(
    "pinball",
    collect=quantile_error,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"quantile": (0.0, 1.0)},
)
def pinball(totals: Totals) -> Array:
    """Quantile loss: falling short costs ``quantile`` a unit, overshooting costs the rest.

    Args:
        totals: summed costs and weight, shape (w, targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Options: ``quantile``, which quantile is forecast; 0.5 by default, half the mean absolute error.

    Source: Koenker and Bassett, Econometrica 46 (1978), p. 33; scikit-learn, mean_pinball_loss.

    >>> metrics.get("pinball", quantile=0.75)([1.0, 2.0], [0.0, 3.0])
    0.5
    """
    return mean_defined(_means(totals))


def moments(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect first and second moments about the overall means, and the squared error, free of overflow.

    The table holds, for each target, truth, prediction, their squares and product, and the squared error by the scale
    of the truth.
    """
    true, predicted = value_columns(y_true, y_pred)
    table = np.empty((6, *true.shape))
    for target, (one, other) in enumerate(zip(true, predicted)):
        _fill_moments(one, other, table[:, target])
    return _errors(table.reshape(-1, true.shape[1]))


def _fill_moments(true: Array, predicted: Array, out: Array) -> None:
    """The six numbers of each item of one target, a cache full at a time."""
    one, other = _centre(true), _centre(predicted)
    half = one[0] * one[2] / 2
    for start in range(0, len(true), CHUNK):
        rows = slice(start, start + CHUNK)
        for place, values, (small, mean, large) in ((0, true, one), (1, predicted, other)):
            part = out[place, rows]
            np.divide(values[rows], small, out=part)
            part -= mean
            part /= large
            np.multiply(part, part, out=out[place + 2, rows])
        np.multiply(out[0, rows], out[1, rows], out=out[4, rows])
        error = out[5, rows]
        np.subtract(true[rows] / 2, predicted[rows] / 2, out=error)
        error /= half
        np.multiply(error, error, out=error)


def _centre(values: Array) -> tuple[float, float, float]:
    """What brings values about their mean, to a size of about 1: a power of two, the mean in it, and another power."""
    low, high = extremes(values)
    small = math.ldexp(1.0, min(max(math.frexp(max(abs(low), abs(high)))[1], -1000), 1023))
    if low == high:
        return small, low / small, 1.0
    sums = [float((values[start : start + CHUNK] / small).sum()) for start in range(0, len(values), CHUNK)]
    mean = math.fsum(sums) / len(values)
    return small, mean, math.ldexp(1.0, math.frexp(max(high / small - mean, mean - low / small))[1])


def _spread(square: Array, mean: Array) -> Array:
    """Variance from the mean square and the mean; what is only rounding counts as none."""
    variance = square - mean**2
    return np.where(variance > LEAST_SPREAD * square, variance, 0.0)


@metric("r2", collect=moments, needs="value", targets=TARGET, bounds=(-np.inf, 1.0), greater_is_better=True)
def r2(totals: Totals) -> Array:
    """Share of the variance of truth that is explained; of several targets, the mean over them.

    Args:
        totals: summed moments and weight, shape (w, 6 · targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,); nan where truth is constant or nothing has weight. Truth is constant, too, if
        it spreads less than a millionth of its distance from the mean of all items.

    Source: Draper and Smith, Applied Regression Analysis (1998), ch. 1; scikit-learn, r2_score.

    >>> round(metrics.r2([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]), 12)
    0.948608137045
    """
    true, _, square, _, _, error = np.split(_means(totals), 6, axis=1)
    return mean_defined(1.0 - ratio(error, _spread(square, true)))


@metric("pearson", collect=moments, needs="value", targets=TARGET, bounds=(-1.0, 1.0), greater_is_better=True)
def pearson(totals: Totals) -> Array:
    """Linear correlation of truth and prediction; of several targets, the mean over them.

    Args:
        totals: summed moments and weight, shape (w, 6 · targets, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,); nan where truth or prediction is constant or nothing has weight.

    Source: Pearson, Proceedings of the Royal Society 58 (1895), p. 240.

    >>> round(metrics.pearson([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 5.0]), 12)
    0.83152184062
    """
    true, predicted, square, other, product, _ = np.split(_means(totals), 6, axis=1)
    spread = np.sqrt(_spread(square, true)) * np.sqrt(_spread(other, predicted))
    return mean_defined(np.clip(ratio(product - true * predicted, spread), -1.0, 1.0))


def rank_pairs(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Ranks:
    """Collect the place of each value among the distinct values of its column."""
    true, predicted = value_columns(y_true, y_pred)
    one, other = (np.stack([places(column) for column in side]) for side in (true, predicted))
    return Ranks(true.shape[1], one, other)


@metric("spearman", collect=rank_pairs, needs="value", targets=TARGET, bounds=(-1.0, 1.0), greater_is_better=True)
def spearman(columns: Sequence[RankPairs]) -> Array:
    """Correlation of ranks; ties share their middle rank; of several targets, the mean over them.

    Args:
        columns: ranks of truth and prediction of each target under some weightings, each of shape (w, n).

    Returns:
        One score a weighting, shape (w,); nan where truth or prediction is constant or nothing has weight.

    Source: Spearman, American Journal of Psychology 15 (1904), p. 72.

    >>> round(metrics.spearman([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 5.0]), 12)
    0.8
    """
    return mean_defined(np.stack([_rank_correlation(pair) for pair in columns], axis=-1))


def _rank_correlation(pair: RankPairs) -> Array:
    """Weighted correlation of two columns of ranks, shape (w,)."""
    total = pair.weight.sum(axis=1)
    one, other = (
        side - (ratio((pair.weight * side).sum(axis=1), total))[:, None] for side in (pair.true, pair.predicted)
    )
    spread = [(pair.weight * side**2).sum(axis=1) for side in (one, other)]
    tiny = LEAST_SPREAD * total**3
    width = np.sqrt(np.where(spread[0] > tiny, spread[0], 0.0)) * np.sqrt(np.where(spread[1] > tiny, spread[1], 0.0))
    return np.clip(ratio((pair.weight * one * other).sum(axis=1), width), -1.0, 1.0)
