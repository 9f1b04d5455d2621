"""Scores of forecasts that are quantiles: several numbers an item, each to lie above the truth with its own chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.columns import row_chunks
from metrics.evidence import Additive, Totals
from metrics.forecast import FALL, forecasts
from metrics.inputs import MetricError, ratio
from metrics.regression import POSITIVE, TARGET

if TYPE_CHECKING:
    from metrics.inputs import Array


def quantile_terms(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the mean cost of the quantiles of each item.

    Args:
        y_true: values, shape (n,).
        y_pred: quantiles, shape (n, levels).
        labels: the levels, rising, between 0 and 1; by default evenly spaced: of three 0.25, 0.5 and 0.75.

    Raises:
        MetricError: levels do not fit the columns, or quantiles of an item fall.
    """
    true, predicted = forecasts(y_true, y_pred, None, "quantiles")
    count = predicted.shape[1]
    level = np.arange(1, count + 1) / (count + 1) if labels is None else np.asarray(labels, dtype=np.float64)
    if level.shape != (count,) or not (np.diff(level) > 0).all() or not (level[0] > 0 and level[-1] < 1):
        raise MetricError(f"y_pred has {count} columns; labels must give one rising level between 0 and 1 a column")
    falling = int(np.count_nonzero((np.diff(predicted, axis=1) < -FALL).any(axis=1)))
    if falling:
        raise MetricError(f"{falling} rows of y_pred fall from one quantile to the next; sort the quantiles of a row")
    cost = np.empty(len(true))
    for rows in row_chunks(*predicted.shape):
        above = true[rows, None] - predicted[rows]
        cost[rows] = np.maximum(level * above, (level - 1.0) * above).mean(axis=1)
    return Additive(len(cost), "regression", table=cost[None, :])


@metric(
    "quantile_loss",
    collect=quantile_terms,
    needs="quantiles",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    pitfalls="It is in the unit of the truth, so items of a large scale rule the mean: score by type, or scale it. "
    "Levels near the middle cost most; few forecasts of the tails are ever put to the test.",
)
def quantile_loss(totals: Totals) -> Array:
    """Mean quantile (pinball) loss over all levels: falling short costs the level a unit, overshooting the rest.

    Args:
        totals: summed costs and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Twice this, over ever more evenly spaced levels, is the continuous ranked probability score.

    Source: Koenker and Bassett, Econometrica 46 (1978), p. 33; Gneiting and Raftery (2007), eq. 41; M5 uncertainty.

    >>> round(metrics.quantile_loss([1.0, 5.0], [[0.0, 1.0, 2.0], [4.0, 4.0, 6.0]], labels=[0.25, 0.5, 0.75]), 12)
    0.25
    """
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])
