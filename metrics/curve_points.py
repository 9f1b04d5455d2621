"""Curves as data, for reports: calibration, decision curves, and the threshold at which F is highest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.averages import fbeta_of
from metrics.columns import class_probabilities
from metrics.curves import Ranking
from metrics.frozen import dataclass
from metrics.inputs import MetricError, ratio, weights
from metrics.ranking import rankings

if TYPE_CHECKING:
    from metrics.inputs import Array


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """How often what was predicted with some probability came true; one entry a bin that has items.

    Attributes:
        low: lower end of each bin, shape (bins,).
        high: upper end of each bin, shape (bins,).
        predicted: mean predicted probability in each bin, shape (bins,).
        observed: share of positives in each bin, shape (bins,).
        weight: weight of the items of each bin, shape (bins,).
    """

    low: Array
    high: Array
    predicted: Array
    observed: Array
    weight: Array


def reliability_curve(
    y_true: Any,
    y_pred: Any,
    sample_weight: Any = None,
    labels: Optional[Sequence[Any]] = None,
    *,
    bins: int = 10,
    equal: str = "width",
) -> ReliabilityCurve:
    """Predicted probability against the share that came true, bin by bin.

    Args:
        y_true: labels of two classes, shape (n,).
        y_pred: probability of the last of them, shape (n,), or of each, shape (n, 2).
        sample_weight: one weight an item, shape (n,).
        labels: the classes in order.
        bins: how many bins.
        equal: whether bins are of equal ``width`` or hold equal ``weight``; equal probabilities share a bin.

    Raises:
        MetricError: the arrays cannot be scored, or ``bins`` or ``equal`` is not allowed.

    Source: Murphy and Winkler, Applied Statistics 26 (1977), p. 41; scikit-learn, calibration_curve.

    >>> curve = reliability_curve([0, 0, 1, 1], [0.1, 0.3, 0.35, 0.9], bins=2)
    >>> curve.predicted.tolist(), curve.observed.round(3).tolist()
    ([0.25, 0.9], [0.333, 1.0])
    """
    codes, chance, weight = _two_classes(y_true, y_pred, sample_weight, labels)
    if bins < 1 or equal not in ("width", "weight"):
        raise MetricError(f"bins={bins}, equal={equal}: give at least 1 bin, of equal width or weight")
    if equal == "width":
        code = np.clip(np.ceil(chance * bins).astype(np.int64) - 1, 0, bins - 1)
    else:
        values, place = np.unique(chance, return_inverse=True)
        each = np.bincount(place.ravel(), weight, len(values))
        middle = (np.cumsum(each) - each / 2.0) / max(each.sum(), np.finfo(float).tiny)
        code = np.clip((middle * bins + 1e-9).astype(np.int64), 0, bins - 1)[place.ravel()]
    total = np.bincount(code, weight, bins)
    held = np.flatnonzero(total > 0)
    predicted, observed = (np.bincount(code, weight * one, bins)[held] / total[held] for one in (chance, codes))
    if equal == "width":
        low, high = held / bins, (held + 1) / bins
    else:
        low = np.array([chance[(code == one) & (weight > 0)].min() for one in held.tolist()])
        high = np.array([chance[(code == one) & (weight > 0)].max() for one in held.tolist()])
    return ReliabilityCurve(low, high, predicted, observed, total[held])


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit of a model at each threshold, beside treating all and treating none, which has 0.

    Attributes:
        threshold: probabilities from which on one would treat, shape (thresholds,).
        model: net benefit of the model, shape (thresholds,).
        treat_all: net benefit of treating everybody, shape (thresholds,).
    """

    threshold: Array
    model: Array
    treat_all: Array


def decision_curve(
    y_true: Any,
    y_pred: Any,
    sample_weight: Any = None,
    labels: Optional[Sequence[Any]] = None,
    *,
    thresholds: Any = None,
) -> DecisionCurve:
    """Net benefit over thresholds: where a model is worth using.

    Args:
        y_true: labels of two classes, shape (n,).
        y_pred: probability of the last of them, shape (n,), or of each, shape (n, 2).
        sample_weight: one weight an item, shape (n,).
        labels: the classes in order.
        thresholds: between 0 and 1, 1 excluded; by default 0.01, 0.02 … 0.99.

    Raises:
        MetricError: the arrays cannot be scored, or a threshold is out of range.

    Source: Vickers and Elkin, Medical Decision Making 26 (2006), p. 565.

    >>> decision_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], thresholds=[0.2]).model.tolist()
    [0.4375]
    """
    codes, chance, weight = _two_classes(y_true, y_pred, sample_weight, labels)
    threshold = np.arange(1, 100) / 100.0 if thresholds is None else np.asarray(thresholds, dtype=np.float64)
    if threshold.ndim != 1 or not ((threshold >= 0) & (threshold < 1)).all():
        raise MetricError("thresholds must be a list of probabilities from 0 to below 1")
    order = np.argsort(chance, kind="stable")
    first = np.searchsorted(chance[order], threshold, side="left")
    treated = [np.append(np.cumsum((weight * own)[order][::-1])[::-1], 0.0) for own in (codes == 1, codes != 1)]
    odds, total = threshold / (1.0 - threshold), weight.sum()
    model = ratio(treated[0][first] - odds * treated[1][first], total)
    return DecisionCurve(threshold, model, ratio(treated[0][0] - odds * treated[1][0], total))


def best_threshold(y_true: Any, y_pred: Any, *, beta: float = 1.0, labels: Optional[Sequence[Any]] = None) -> float:
    """The score from which on calling items positive gives the highest F measure; of equally good ones the highest.

    Args:
        y_true: labels of two classes, shape (n,).
        y_pred: one score an item for the last of them, shape (n,).
        beta: how many times as much recall counts as precision.
        labels: the classes in order.

    Raises:
        MetricError: the arrays cannot be scored, or nothing is positive.

    Source: Lipton et al., ECML PKDD (2014), p. 225.

    >>> best_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.35
    """
    evidence = rankings(y_true, y_pred, labels)
    if evidence.target != "binary":
        raise MetricError(f"a threshold takes binary truth, not {evidence.target}")
    ranking: Ranking = evidence.ranking(0)
    if not ranking.positive.any():
        raise MetricError("nothing is positive, so no threshold is best")
    score, positive = ranking.score, ranking.positive
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    hit = np.cumsum(positive[order])[last].astype(np.float64)
    found = fbeta_of(hit, hit[-1:], last + 1.0, beta)
    return float(score[order][last][np.argmax(found)])


def _two_classes(
    y_true: Any, y_pred: Any, sample_weight: Any, labels: Optional[Sequence[Any]]
) -> tuple[Array, Array, Array]:
    """Which items are positive (1), the probability of that, and their weights, each of shape (n,)."""
    codes, classes, chance = class_probabilities(y_true, y_pred, labels)
    if len(classes) != 2:
        raise MetricError(f"the curve takes two classes, and there are {len(classes)}")
    weight = np.ones(len(codes)) if sample_weight is None else weights(sample_weight, len(codes))
    return codes.astype(np.int64), chance if chance.ndim == 1 else chance[:, 1], weight
