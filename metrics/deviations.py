"""Scores of values beyond means: the logarithm of the error, its median, and the distance of whole distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.catalog import Metric, metric
from metrics.evidence import Totals, rows_of
from metrics.frozen import dataclass
from metrics.inputs import mean_defined, ratio
from metrics.ordered import METHODS, Ordered, Plain, Steps
from metrics.ranked import parts_of
from metrics.regression import POSITIVE, TARGET, absolute_error, value_columns
from metrics.weighting import Draws, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting


def _floored(record: Metric) -> Metric:
    """The best possible logarithm is that of the floor."""
    return replace(record, bounds=(float(np.log(record.options["floor"])), np.inf))


@metric(
    "log_mae",
    collect=absolute_error,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"floor": (1e-300, 1e300)},
    pitfalls="One percent less error counts the same wherever it is won, so groups that are nearly solved decide the "
    "ranking; it is negative for errors below 1, and changes with the unit by a constant.",
    adapt=_floored,
)
def log_mae(totals: Totals, *, floor: float = 1e-9) -> Array:
    """Natural logarithm of the mean absolute error; of several targets, the mean of their logarithms.

    Args:
        totals: summed absolute errors and weight, shape (w, targets, 1) and (w, 1).
        floor: the least error that counts, so that a perfect prediction has a score.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Kaggle, Predicting Molecular Properties (2019), where it is averaged over types of coupling.

    >>> round(metrics.log_mae([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]), 12)
    -0.69314718056
    """
    return mean_defined(np.log(np.maximum(ratio(totals.sums[:, :, 0], totals.weight), floor)))


def error_order(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Ordered:
    """Collect the distance of each prediction from the truth, in order of size."""
    true, predicted = value_columns(y_true, y_pred)
    return Ordered(true.shape[1], "regression", np.abs(true - predicted))


@metric(
    "median_absolute_error",
    collect=error_order,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"method": METHODS},
    pitfalls="Half of the predictions may be arbitrarily wrong without changing it, so rank by it only where outliers "
    "are faults of the truth; small differences between submissions may not show at all.",
)
def median_absolute_error(columns: Sequence[Union[Steps, Plain]], *, method: str = "averaged") -> Array:
    """Median of the distances of predictions from the truth; of several targets, the mean of their medians.

    Args:
        columns: the errors of each target in order, under some weightings.
        method: how the median of an even number is read: ``averaged`` the mean of the middle two, ``lower`` the lower,
            ``linear`` as numpy's, which is the same for counts.

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Source: Rousseeuw and Leroy, Robust Regression and Outlier Detection (1987); scikit-learn, median_absolute_error.

    >>> metrics.median_absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    """
    return mean_defined(np.stack([steps.quantile(0.5, method) for steps in columns], axis=-1))


@dataclass(frozen=True, eq=False, repr=False)
class Transport:
    """Truth and prediction of each column as two distributions over the same items.

    Attributes:
        true: shape (columns, n).
        predicted: shape (columns, n).
        target: the shape of truth.
    """

    true: Array
    predicted: Array
    target: str = "regression"

    @property
    def n(self) -> int:
        """How many items."""
        return int(self.true.shape[1])

    @property
    def width(self) -> int:
        """How many numbers are weighed an item."""
        return 2 * len(self.true)

    @cached_property
    def _orders(self) -> list[tuple[Array, Array, Array]]:
        """Of each column, the items by rising value, whether each stands for truth (1) or prediction (-1), and gaps."""
        found = []
        for true, predicted in zip(self.true, self.predicted):
            values = np.concatenate((true, predicted))
            order = np.argsort(values, kind="stable")
            gap = np.diff(values[order] / 2.0)  # halved, so that no difference overflows
            found.append((order % self.n, np.where(order < self.n, 1.0, -1.0), gap))
        return found

    def take(self, index: Array) -> Transport:
        """The evidence of some items, by whole numbers or by a mask."""
        return Transport(self.true[:, index], self.predicted[:, index])

    def coarse(self) -> Transport:
        """This evidence: bins would move the few values far out, which weigh most here."""
        return self

    def readings(self, weighting: Weighting) -> Iterator[Array]:
        """The distance of each column, shape (w, columns), a part of the weightings at a time."""
        if weighting is None:  # as many of the one as of the other: each goes to the one of its rank
            sides = (np.sort(side, axis=1) / 2.0 for side in (self.true, self.predicted))
            yield 2.0 * np.abs(next(sides) - next(sides)).mean(axis=1)[None, :]
        elif isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, 2 * self.n):
                yield self._distances(weighting.spread(batch))
        elif isinstance(weighting, Partition):
            for part, weight in parts_of(self, weighting):
                yield part._distances(np.ones((1, part.n)) if weight is None else weight[None, :])
        else:
            for row in rows_of(weighting):
                yield self._distances(np.ones((1, self.n)) if row is None else row[None, :])

    def _distances(self, weight: Array) -> Array:
        """The distance of each column under some weightings, shape (w, columns)."""
        total = weight.sum(axis=1, dtype=np.float64)
        out = np.empty((len(weight), len(self.true)))
        for column, (item, sign, gap) in enumerate(self._orders):
            ahead = np.cumsum(weight.take(item, axis=1) * sign, axis=1)[:, :-1]
            share = np.abs(ahead) * ratio(1.0, total)[:, None]
            out[:, column] = 2.0 * (share @ gap)
        return out


def transport(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Transport:
    """Collect truth and prediction of each column as distributions."""
    return Transport(*value_columns(y_true, y_pred))


@metric(
    "earth_movers",
    collect=transport,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    pitfalls="It compares distributions and is blind to which item got which value: the true values in any other order "
    "score a perfect 0. Use it beside a score of the items, never alone.",
)
def earth_movers(distances: Array) -> Array:
    """How far predicted values must be moved, on average, to be distributed as the true ones; mean over columns.

    Args:
        distances: the distance of each column under some weightings, shape (w, columns).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Source: Vallender, Theory of Probability and Its Applications 18 (1974), p. 784; scipy, wasserstein_distance.

    >>> metrics.earth_movers([0.0, 1.0, 3.0], [5.0, 6.0, 8.0])
    5.0
    """
    return mean_defined(distances)
