"""Scores of many time series at once: errors by the scale of each series, and series by their weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.beside import WithColumns, column_name, columns_beside, constant_by_group, group_codes, number_column
from metrics.catalog import metric
from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.regression import POSITIVE, TARGET, value_columns

if TYPE_CHECKING:
    from metrics.inputs import Array


def _scaled(truth: WithColumns, y_pred: Any, scale: str) -> tuple[Array, Array]:
    """The error of each item, and the scale of its series, each of shape (n,)."""
    true, predicted = value_columns(truth.y_true, y_pred)
    if len(true) != 1:
        raise MetricError(f"y_true has {len(true)} columns; a series has one value an item, shape (items,)")
    size = number_column(truth.named((scale,))[scale], scale)
    if size.min() <= 0:
        count = int(np.count_nonzero(size <= 0))
        raise MetricError(f"column {scale} holds {count} values of 0 or less; a series that never changes has no scale")
    return true[0] - predicted[0], size


def scaled_error(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, scale: Optional[str] = "scale"
) -> Additive:
    """Collect the absolute error of each item by the scale of its series.

    Args:
        y_true: values, shape (n,), with the column ``scale`` beside them.
        y_pred: values, shape (n,).
        labels: unused.
        scale: the name of the column.
    """
    error, size = _scaled(columns_beside(y_true, y_pred), y_pred, str(scale))
    return Additive(len(error), "regression", table=(np.abs(error) / size)[None, :])


@metric(
    "mase",
    collect=scaled_error,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"scale": column_name},
    pitfalls="The scale is that of the training data and must come with the truth: scaled by the test period, the "
    "score would depend on what is to be forecast. Nearly constant series have tiny scales and rule the mean.",
)
def mase(totals: Totals) -> Array:
    """Mean absolute error by the scale of the series: below 1 is better than the naive forecast was in training.

    Args:
        totals: summed scaled errors and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``scale``, the column beside the truth that holds the scale of each item's series: the mean absolute
    difference of training values one season apart.

    Source: Hyndman and Koehler, International Journal of Forecasting 22 (2006), p. 679.

    >>> truth = metrics.WithColumns([3.0, 5.0, 40.0], {"scale": [1.0, 1.0, 10.0]})
    >>> metrics.mase(truth, [2.0, 5.0, 20.0])
    1.0
    """
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])


@dataclass(frozen=True)
class SeriesErrors:
    """Mean scaled square error of each series under some weightings.

    Attributes:
        square: shape (w, series); nan where the series has no weight.
        weight: of each series, shape (series,).
    """

    square: Array
    weight: Array


@dataclass(frozen=True, eq=False, repr=False)
class SeriesCells:
    """Cells that are the series."""

    weight: Array

    def __call__(self, totals: Totals) -> SeriesErrors:
        """Average the items of each series."""
        return SeriesErrors(ratio(totals.sums[:, 0], totals.weight), self.weight)


def series_errors(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    over: Optional[str] = "series",
    scale: Optional[str] = "scale",
    weight: Optional[str] = None,
) -> Additive:
    """Collect the squared error of each item by the scale of its series, series by series.

    Args:
        y_true: values, shape (n,), with columns beside them.
        y_pred: values, shape (n,).
        labels: unused.
        over: the column that names the series.
        scale: the column that holds the scale of the series, in the squared unit of the truth.
        weight: the column that holds the weight of the series; None where all count alike.
    """
    truth = columns_beside(y_true, y_pred)
    error, size = _scaled(truth, y_pred, str(scale))
    codes, names = group_codes(truth.only(over), str(over))
    if codes.min() < 0:
        raise MetricError(f"{int(np.count_nonzero(codes < 0))} items are in no series (column {over})")
    constant_by_group(size, codes, len(names), str(scale))
    each = np.ones(len(names))
    if weight is not None:
        each = constant_by_group(number_column(truth.named((weight,))[weight], weight), codes, len(names), weight)
        if each.min() < 0:
            raise MetricError(f"column {weight} holds a negative weight")
    table = (error**2 / size)[None, :]
    return Additive(len(error), "regression", SeriesCells(each), codes, len(names), table)


@metric(
    "rmsse",
    collect=series_errors,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"over": column_name, "scale": column_name, "weight": column_name},
    pitfalls="Scale and weight are those of the training data and must come with the truth. Weights by sales make few "
    "series decide; where levels of a hierarchy are summed, each level's weights must sum to the same.",
)
def rmsse(errors: SeriesErrors) -> Array:
    """Root mean squared scaled error of each series, then the mean over series, by their weight where it is given.

    With weights it is the WRMSSE of the M5 competition.

    Args:
        errors: mean scaled square errors of each series under some weightings, shape (w, series).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: columns beside the truth: ``over`` names each item's series, ``scale`` holds the mean squared difference of
    successive training values of the series, and ``weight`` what the series counts; by default all count alike.

    Source: Makridakis et al., International Journal of Forecasting 38 (2022), p. 1325 (M5 accuracy competition).

    >>> truth = metrics.WithColumns([3.0, 5.0, 40.0], {"series": ["a", "a", "b"], "scale": [1.0, 1.0, 100.0]})
    >>> metrics.rmsse(truth, [2.0, 4.0, 20.0])
    1.5
    """
    return mean_defined(np.sqrt(errors.square), np.broadcast_to(errors.weight, errors.square.shape))
