"""Scores by group, and what one says of several groups: the worst, the gap, one combined number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.weighting import partition

if TYPE_CHECKING:
    from metrics.catalog import Metric
    from metrics.inputs import Array

COMBINATIONS = ("mean", "geometric_mean", "harmonic_mean", "minimum", "maximum", "worst")
"""The ways to make one number of the scores of several groups; the worst is by the direction of the metric."""


@dataclass(frozen=True, eq=False, repr=False)
class GroupScores:
    """One metric by group.

    Attributes:
        metric: the metric.
        groups: the groups, sorted.
        values: score of each group, shape (groups,); nan where it is not defined.
        n: how many items each group has, shape (groups,).
    """

    metric: Metric
    groups: tuple[Any, ...]
    values: Array
    n: Array

    def __repr__(self) -> str:
        rows = ", ".join(f"{group}: {value:.4g} (n={n})" for group, value, n in zip(self.groups, self.values, self.n))
        return f"<{self.metric.name} by group: {rows}>"


def by_group(
    metric: Metric,
    y_true: Any,
    y_pred: Any,
    groups: Any,
    sample_weight: Any = None,
    *,
    labels: Optional[Sequence[Any]] = None,
) -> GroupScores:
    """Score each group by itself, in one pass over the items.

    Args:
        metric: the metric.
        y_true: truth, shape (n,) or (n, columns).
        y_pred: prediction in the same order.
        groups: one label an item, shape (n,): text, whole numbers or true/false.
        sample_weight: one weight an item, shape (n,).
        labels: the classes in order; by default those that occur in any group.

    Raises:
        MetricError: the arrays cannot be scored, or the groups do not fit them.

    >>> import metrics
    >>> scores = metrics.by_group(metrics.accuracy, [1, 0, 1, 1], [1, 0, 0, 1], ["f", "f", "m", "m"])
    >>> scores
    <accuracy by group: f: 1 (n=2), m: 0.5 (n=2)>
    """
    evidence = metric.collect(y_true, y_pred, labels)
    names, parts = partition(groups, sample_weight)
    values = np.asarray(metric.reduce(evidence, parts))
    return GroupScores(metric, names, values, np.bincount(parts.group, minlength=parts.size))


def worst_group(scores: GroupScores) -> tuple[Any, float]:
    """The group that scores worst, and its score; of equals the first. Groups without a score are passed over.

    >>> import metrics
    >>> worst_group(metrics.by_group(metrics.mae, [1.0, 2.0, 3.0], [1.0, 2.5, 5.0], ["a", "a", "b"]))
    ('b', 2.0)

    Raises:
        MetricError: no group has a score.
    """
    defined = np.flatnonzero(~np.isnan(scores.values))
    if not len(defined):
        raise MetricError(f"no group has a defined {scores.metric.name}")
    values = scores.values[defined]
    place = defined[np.argmin(values) if scores.metric.greater_is_better else np.argmax(values)]
    return scores.groups[place], float(scores.values[place])


def gap(scores: GroupScores) -> float:
    """How far the best group is from the worst, never negative; nan where fewer than two groups have a score.

    >>> import metrics
    >>> gap(metrics.by_group(metrics.accuracy, [1, 0, 1, 1], [1, 0, 0, 1], ["f", "f", "m", "m"]))
    0.5
    """
    values = scores.values[~np.isnan(scores.values)]
    return float(values.max() - values.min()) if len(values) > 1 else float("nan")


def directed(how: str, greater_is_better: Optional[bool]) -> str:
    """A way to combine that needs no direction: the worst is the minimum where greater is better, else the maximum.

    >>> directed("worst", False), directed("mean", False)
    ('maximum', 'mean')

    Raises:
        MetricError: ``how`` is not known, or is the worst of scores whose direction is not told.
    """
    if how not in COMBINATIONS:
        raise MetricError(f"no combination is named {how}; there are {', '.join(COMBINATIONS)}")
    if how != "worst":
        return how
    if greater_is_better is None:
        raise MetricError("which score is the worst depends on the direction: give greater_is_better")
    return "minimum" if greater_is_better else "maximum"


def combine(values: Any, how: str = "mean", axis: int = -1, *, greater_is_better: Optional[bool] = None) -> Any:
    """One number of several scores: their mean, geometric mean, harmonic mean, minimum, maximum or the worst.

    A nan makes the combination nan: what cannot be scored is not passed over. A zero makes the geometric and the
    harmonic mean 0, and a negative score makes them nan.

    Args:
        values: scores, any shape.
        how: ``mean``, ``geometric_mean``, ``harmonic_mean``, ``minimum``, ``maximum`` or ``worst``.
        axis: along which to combine.
        greater_is_better: the direction of the scores; only ``worst`` needs it.

    Returns:
        A float for one-dimensional scores, else an array without the axis.

    Raises:
        MetricError: ``how`` is not known, needs a direction, or there is nothing to combine.

    Source: means as in Hardy, Littlewood and Pólya, Inequalities (1934), ch. 2.

    >>> combine([1.0, 0.5], "harmonic_mean")
    0.6666666666666666
    >>> combine([1.0, 0.5], "worst", greater_is_better=False)
    1.0
    """
    way = directed(how, greater_is_better)
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim == 0 or scores.shape[axis] == 0:
        raise MetricError("there are no scores to combine")
    out = _COMBINE[way](scores, axis)
    return float(out) if out.ndim == 0 else out


def _geometric(scores: Array, axis: int) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.exp(np.mean(np.log(scores), axis=axis)))


def _harmonic(scores: Array, axis: int) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1.0 / np.mean(1.0 / np.where(scores < 0, np.nan, np.abs(scores)), axis=axis))


def _mean(scores: Array, axis: int) -> Array:
    return np.asarray(np.mean(scores, axis=axis))


def _minimum(scores: Array, axis: int) -> Array:
    return np.asarray(np.min(scores, axis=axis))


def _maximum(scores: Array, axis: int) -> Array:
    return np.asarray(np.max(scores, axis=axis))


_COMBINE: dict[str, Callable[[Array, int], Array]] = {
    "mean": _mean,
    "geometric_mean": _geometric,
    "harmonic_mean": _harmonic,
    "minimum": _minimum,
    "maximum": _maximum,
}
