"""Scores of forecasts that say how sure they are: whole distributions, ensembles, intervals, a value and its spread.

``needs`` says what the columns of a prediction are: ``spread`` a value and its standard deviation, ``ensemble``
members, ``cumulative`` probabilities of at most each threshold, ``interval`` its two ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import Metric, metric
from metrics.columns import row_chunks
from metrics.evidence import Additive, Totals
from metrics.inputs import MetricError, numbers, paired, probabilities, ratio
from metrics.regression import POSITIVE, TARGET

if TYPE_CHECKING:
    from metrics.inputs import Array

ROOT_2 = math.sqrt(2.0)
ROOT_PI = math.sqrt(math.pi)
FAR = 10.0
"""Standard deviations beyond which a normal distribution is a point for all that float64 can tell."""

GRID = 256.0
"""Places of the grid a standard deviation: four terms of the series are then exact to 3e-16."""

FALL = 1e-9
"""How much a cumulative probability may fall from one threshold to the next, and be taken for rounding."""


def forecasts(y_true: Any, y_pred: Any, columns: Optional[int], what: str) -> tuple[Array, Array]:
    """True values, shape (n,), and predictions, float64, shape (n, columns).

    Args:
        y_true: values, shape (n,) or (n, 1).
        y_pred: shape (n, columns).
        columns: how many there must be; None for any number.
        what: the columns in words.

    Raises:
        MetricError: the shapes do not fit, or an entry is no finite number.
    """
    truth, prediction = paired(y_true, y_pred)
    true, predicted = numbers(truth, "y_true"), numbers(prediction, "y_pred")
    if true.ndim == 2 and true.shape[1] != 1:
        raise MetricError(f"y_true has shape {true.shape}; forecasts are of one value an item, shape (items,)")
    predicted = predicted.reshape(len(predicted), -1)
    if columns is not None and predicted.shape[1] != columns:
        raise MetricError(f"y_pred has {predicted.shape[1]} columns; give {columns}: {what}")
    return true.reshape(-1), predicted


def _value_and_spread(y_true: Any, y_pred: Any) -> tuple[Array, Array, Array]:
    """Distance of each value from the truth, signed; the standard deviation; both of shape (n,)."""
    true, predicted = forecasts(y_true, y_pred, 2, "a value and its standard deviation")
    spread = predicted[:, 1]
    if spread.min() < 0:
        count = int(np.count_nonzero(spread < 0))
        raise MetricError(f"y_pred holds {count} negative standard deviations, in its second column")
    return true - predicted[:, 0], spread, true


def _mean(totals: Totals) -> Array:
    """The weighted mean of the only number of each item, shape (w,)."""
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])


def _one(values: Array) -> Additive:
    """One number an item, to be averaged."""
    return Additive(len(values), "regression", table=values[None, :])


def laplace_terms(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, least: float = 70.0, most: float = 1000.0
) -> Additive:
    """Collect the log likelihood of each truth.

    Args:
        y_true: values, shape (n,).
        y_pred: a value and its standard deviation, shape (n, 2).
        labels: unused.
        least: smaller standard deviations count as this.
        most: larger errors count as this.
    """
    error, spread, _ = _value_and_spread(y_true, y_pred)
    spread = np.maximum(spread, least)
    return _one(-ROOT_2 * np.minimum(np.abs(error), most) / spread - np.log(ROOT_2 * spread))


def _surest(record: Metric) -> Metric:
    """The best possible score is that of no error at the least spread."""
    return replace(record, bounds=(-np.inf, -math.log(ROOT_2 * record.options["least"])))


@metric(
    "laplace_log_likelihood",
    collect=laplace_terms,
    needs="spread",
    targets=TARGET,
    bounds=(-np.inf, 0.0),
    greater_is_better=True,
    limits={"least": (1e-9, 1e300), "most": (0.0, 1e300)},
    pitfalls="least and most are in the unit of the truth: the defaults are millilitres of lung volume. Errors beyond "
    "most cost no more, so hopeless items may be given any value.",
    adapt=_surest,
)
def laplace_log_likelihood(totals: Totals) -> Array:
    """Mean logarithm of the likelihood of the truth under a Laplace distribution about each value; higher is better.

    Args:
        totals: summed log likelihood and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``least``, what smaller standard deviations count as, 70 by default; ``most``, what larger errors count as,
    1000 by default.

    Source: Kaggle, OSIC Pulmonary Fibrosis Progression (2020).

    >>> round(metrics.laplace_log_likelihood([2000.0, 2500.0], [[2000.0, 70.0], [2400.0, 200.0]]), 12)
    -5.473533285172
    """
    return _mean(totals)


def normal_terms(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the continuous ranked probability score of each normal distribution.

    Args:
        y_true: values, shape (n,).
        y_pred: mean and standard deviation, shape (n, 2).
        labels: unused.
    """
    error, spread, _ = _value_and_spread(y_true, y_pred)
    score = np.empty(len(error))
    for rows in row_chunks(len(error)):
        size, wide = np.abs(error[rows]), spread[rows]
        place = np.divide(size, wide, out=np.full(len(size), np.inf), where=wide > 0)
        near = place < FAR
        unit = _unit_scores(np.where(near, place, 0.0))
        score[rows] = np.where(near, wide * unit, size - wide / ROOT_PI)
    return _one(score)


@lru_cache(maxsize=1)
def _unit_table() -> Array:
    """The score of a unit normal, and four derivatives by their factorials, on a grid from 0 on, shape (5, places)."""
    place = np.arange(int(FAR * GRID) + 2) / GRID
    inner = np.array([math.erf(one / ROOT_2) for one in place.tolist()])
    density = np.exp(-(place**2) / 2.0) / (ROOT_2 * ROOT_PI)
    value = place * inner + 2.0 * density - 1.0 / ROOT_PI
    return np.stack([value, inner, density, -place * density / 3.0, (place**2 - 1.0) * density / 12.0])


def _unit_scores(place: Array) -> Array:
    """The score of a unit normal at distances from its mean below `FAR`, by Taylor's series about a grid."""
    near = (place * GRID + 0.5).astype(np.int64)
    step = place - near / GRID
    table = _unit_table()
    out = table[4].take(near)
    for row in (3, 2, 1, 0):
        out *= step
        out += table[row].take(near)
    return np.asarray(out)


@metric(
    "crps_normal",
    collect=normal_terms,
    needs="spread",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    pitfalls="It is in the unit of the truth, so items of a large scale rule the mean. A standard deviation of 0 is a "
    "point forecast and costs its absolute error.",
)
def crps_normal(totals: Totals) -> Array:
    """Mean continuous ranked probability score of normal distributions, each given as mean and standard deviation.

    Args:
        totals: summed score and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Source: Gneiting et al., Monthly Weather Review 133 (2005), p. 1098, eq. 5.

    >>> round(metrics.crps_normal([0.0, 1.0], [[0.0, 1.0], [3.0, 0.0]]), 12)
    1.116847488628
    """
    return _mean(totals)


def ensemble_terms(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, fair: bool = False) -> Additive:
    """Collect the continuous ranked probability score of each ensemble.

    Args:
        y_true: values, shape (n,).
        y_pred: members, shape (n, members), in any order.
        labels: unused.
        fair: whether to score what the ensemble was drawn from, rather than the ensemble itself.
    """
    true, members = forecasts(y_true, y_pred, None, "members of an ensemble")
    size = members.shape[1]
    if fair and size < 2:
        raise MetricError("y_pred has one column; fair=true needs an ensemble of at least two members")
    pairs = size * (size - 1.0) if fair else float(size) ** 2
    place = (2.0 * np.arange(1, size + 1) - size - 1.0) / pairs
    score = np.empty(len(true))
    for rows in row_chunks(*members.shape):
        ordered = np.sort(members[rows], axis=1)
        distance = np.abs(ordered - true[rows, None])
        # the mean distance of two members is a weighted sum along their order
        score[rows] = distance.mean(axis=1) - (ordered - ordered[:, :1]) @ place
    return _one(score if fair else np.maximum(score, 0.0))


def _fairness(record: Metric) -> Metric:
    return replace(record, bounds=(-np.inf if record.options["fair"] else 0.0, np.inf))


@metric(
    "crps_ensemble",
    collect=ensemble_terms,
    needs="ensemble",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    pitfalls="It is in the unit of the truth, and small ensembles pay for being small unless fair=true; one member "
    "costs its absolute error. Order and names of the members do not matter.",
    adapt=_fairness,
)
def crps_ensemble(totals: Totals) -> Array:
    """Mean continuous ranked probability score of ensembles: distance from the truth, less half that among members.

    Args:
        totals: summed score and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Options: ``fair``, whether members of one ensemble are compared without each with itself, so that its size does not
    matter; such a score can be negative.

    Source: Gneiting and Raftery, Journal of the American Statistical Association 102 (2007), p. 367, eq. 21; Ferro,
    Quarterly Journal of the Royal Meteorological Society 140 (2014), p. 1917, for ``fair``.

    >>> metrics.crps_ensemble([1.0, 2.0], [[0.0, 2.0], [2.0, 2.0]])
    0.25
    """
    return _mean(totals)


def cumulative_terms(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the squared distance of each cumulative distribution from the step at the truth.

    Args:
        y_true: values, shape (n,).
        y_pred: probability of at most each threshold, shape (n, thresholds).
        labels: the thresholds, rising; by default 0, 1, 2 and so on.
    """
    true, _ = forecasts(y_true, y_pred, None, "cumulative probabilities")
    chance = probabilities(np.asarray(y_pred)).reshape(len(true), -1)
    threshold = np.arange(chance.shape[1], dtype=np.float64) if labels is None else np.asarray(labels, dtype=np.float64)
    if threshold.shape != chance.shape[1:] or not (np.diff(threshold) > 0).all():
        raise MetricError(f"y_pred has {chance.shape[1]} columns; labels must give one rising threshold a column")
    falling = int(np.count_nonzero((np.diff(chance, axis=1) < -FALL).any(axis=1)))
    if falling:
        raise MetricError(f"{falling} rows of y_pred fall from one threshold to the next; they must be cumulative")
    score = np.empty(len(true))
    for rows in row_chunks(*chance.shape):
        score[rows] = ((chance[rows] - (threshold >= true[rows, None])) ** 2).mean(axis=1)
    return _one(score)


@metric(
    "crps_cumulative",
    collect=cumulative_terms,
    needs="cumulative",
    targets=TARGET,
    bounds=(0.0, 1.0),
    greater_is_better=False,
    pitfalls="Columns are probabilities of at most the threshold, not of the bin, and must not fall. Every threshold "
    "counts alike, so far thresholds that everybody gets right make the score look small.",
)
def crps_cumulative(totals: Totals) -> Array:
    """Mean squared distance between a cumulative distribution and the step from 0 to 1 at the truth, over thresholds.

    Args:
        totals: summed score and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Kaggle, Second Annual Data Science Bowl (2015) and NFL Big Data Bowl (2019).

    >>> metrics.crps_cumulative([1.0], [[0.0, 0.5, 1.0, 1.0]])
    0.0625
    """
    return _mean(totals)


def interval_terms(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, level: float = 0.9) -> Additive:
    """Collect the width of each interval, and what it costs to miss the truth.

    Args:
        y_true: values, shape (n,).
        y_pred: lower and upper end, shape (n, 2).
        labels: unused.
        level: how often the interval should hold the truth.
    """
    true, ends = forecasts(y_true, y_pred, 2, "lower and upper end of an interval")
    low, high = ends.T
    if (low > high).any():
        count = int(np.count_nonzero(low > high))
        raise MetricError(f"{count} intervals of y_pred end below their start; the columns are lower, upper")
    missed = np.maximum(low - true, 0.0) + np.maximum(true - high, 0.0)
    return _one(high - low + 2.0 / (1.0 - level) * missed)


@metric(
    "interval_score",
    collect=interval_terms,
    needs="interval",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"level": (0.0, 0.999999)},
    pitfalls="level must be the one that participants were asked for: it sets the price of a miss, 20 widths for 90 %. "
    "It is in the unit of the truth.",
)
def interval_score(totals: Totals) -> Array:
    """Mean width of prediction intervals, and a price for each truth outside of them; also called Winkler score.

    Args:
        totals: summed score and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the truth; nan where nothing has weight.

    Options: ``level``, how often an interval should hold the truth, 0.9 by default.

    Source: Winkler, Journal of the American Statistical Association 67 (1972), p. 187; Gneiting and Raftery (2007),
    eq. 43.

    >>> round(metrics.interval_score([1.0, 5.0], [[0.0, 2.0], [3.0, 4.0]]), 9)
    11.5
    """
    return _mean(totals)
