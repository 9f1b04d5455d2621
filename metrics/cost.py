"""Scores of decisions by what they cost: a matrix of costs, the net benefit at a threshold, F at a chosen threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.averages import fbeta_of
from metrics.beside import column_name, columns_beside
from metrics.catalog import Metric, metric
from metrics.columns import class_probabilities, class_scores
from metrics.confusion import PairCells, label_pairs
from metrics.curve_points import best_threshold
from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import MetricError, ratio
from metrics.ranking import rankings

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.ranking import Rankings

UNIT = (0.0, 1.0)
BINARY = ("binary",)
BETA = (0.0, 1e6)


@dataclass(frozen=True)
class Decisions:
    """What was decided under each weighting, and what it costs.

    Attributes:
        spent: cost of all decisions, shape (w,).
        constant: cost of deciding each class for all items, shape (w, classes).
        total: weight of all items, shape (w,).
    """

    spent: Array
    constant: Array
    total: Array


@dataclass(frozen=True, eq=False, repr=False)
class CostCells:
    """Cells that are the distinct pairs of true and predicted class.

    Attributes:
        pairs: the classes of each cell.
        cost: of each true and predicted class, shape (classes, classes).
    """

    pairs: PairCells
    cost: Array

    def __call__(self, totals: Totals) -> Decisions:
        """Add up the costs."""
        weight = totals.weight
        true = np.zeros((len(weight), len(self.cost)))
        for cell, label in enumerate(self.pairs.true.tolist()):
            true[:, label] += weight[:, cell]
        spent = weight @ self.cost[self.pairs.true, self.pairs.predicted]
        return Decisions(spent, true @ self.cost, weight.sum(axis=1))


def decisions(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, costs: tuple[float, ...] = ()
) -> Additive:
    """Collect each item's pair of true and predicted label, and what each pair costs.

    Args:
        y_true: labels, shape (n,).
        y_pred: labels, shape (n,).
        labels: the classes in the order of the costs; by default those that occur, sorted.
        costs: row by row, a row a true class and in it a cost a predicted class; empty for 1 a wrong label.
    """
    evidence = label_pairs(y_true, y_pred, labels)
    if not isinstance(evidence.reading, PairCells):
        raise MetricError("expected_cost takes one label an item, not a 0/1 matrix")
    size = len(evidence.reading.labels)
    if costs and len(costs) != size**2:
        raise MetricError(f"there are {len(costs)} costs for {size} classes; give {size} rows of {size}, end to end")
    cost = np.array(costs).reshape(size, size) if costs else 1.0 - np.eye(size)
    return replace(evidence, reading=CostCells(evidence.reading, cost))


def _square(record: Metric) -> Metric:
    """Refuse costs that are no square, or charge for being right."""
    costs = record.options["costs"]
    size = math.isqrt(len(costs))
    if size**2 != len(costs):
        raise MetricError(f"{len(costs)} costs are no square matrix; give one row a class, end to end")
    if any(costs[:: size + 1]):
        raise MetricError("being right must cost 0; take the cost of being right from each row")
    return record


@metric(
    "expected_cost",
    collect=decisions,
    needs="label",
    targets=("binary", "multiclass"),
    bounds=(0.0, np.inf),
    greater_is_better=False,
    limits={"costs": (0.0, 1e12)},
    pitfalls="Rows are true classes and columns predicted ones, in the order of the classes (data.classes, else "
    "sorted; with data.positive that one comes last). It depends on how frequent the classes are, so test sets do not "
    "compare unless normalized.",
    adapt=_square,
)
def expected_cost(decided: Decisions, *, normalize: bool = False) -> Array:
    """Mean cost of the labels that were decided, by a matrix that says what each confusion costs.

    Args:
        decided: costs of the decisions and of constant ones under some weightings.
        normalize: whether to divide by the cost of the best constant label; 1 is then as good as not looking.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight, and normalized where a constant label is free.

    Options: ``costs``, row by row, a row a true class and in it a cost a predicted class, 0 for being right; by default
    every wrong label costs 1.

    Source: Elkan, IJCAI (2001), p. 973; Ferrer, arXiv 2209.05355 (2022), for ``normalize``.

    >>> metrics.get("expected_cost", costs=[0, 1, 5, 0])(["no", "no", "yes", "yes"], ["no", "yes", "yes", "no"])
    1.5
    """
    if normalize:
        return ratio(decided.spent, decided.constant.min(axis=1))
    return ratio(decided.spent, decided.total)


@dataclass(frozen=True)
class Outcomes:
    """Weight of true and false positives and of all positives and items under each weighting, each of shape (w,)."""

    hit: Array
    false_alarm: Array
    positive: Array
    total: Array


def _outcomes(totals: Totals) -> Outcomes:
    """Read cells 2 · true + called positive."""
    weight = totals.weight
    return Outcomes(weight[:, 3], weight[:, 1], weight[:, 2] + weight[:, 3], weight.sum(axis=1))


def _at_threshold(codes: Array, score: Array, threshold: float) -> Additive:
    """What is called positive from a threshold on, the threshold included."""
    code = 2 * (codes == 1) + (score >= threshold)
    return Additive(len(code), "binary", _outcomes, code.astype(np.uint8), 4)


def _one_column(codes: Array, classes: tuple[Any, ...], score: Array) -> tuple[Array, Array]:
    """Codes and the numbers of the last of two classes."""
    if len(classes) != 2:
        raise MetricError(f"a threshold takes two classes, and there are {len(classes)}")
    return codes, score if score.ndim == 1 else score[:, 1]


def treated(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, threshold: float = 0.5) -> Additive:
    """Collect who is treated at a threshold of probability.

    Args:
        y_true: labels of two classes, shape (n,).
        y_pred: probability of the last of them, shape (n,), or of each, shape (n, 2).
        labels: the classes in order.
        threshold: items of at least this probability are treated.
    """
    codes, chance = _one_column(*class_probabilities(y_true, y_pred, labels))
    return _at_threshold(codes, chance, threshold)


@metric(
    "net_benefit",
    collect=treated,
    needs="probability",
    targets=BINARY,
    bounds=(-np.inf, 1.0),
    greater_is_better=True,
    attained=False,
    limits={"threshold": (0.0, 0.999999)},
    pitfalls="The best possible value is the share of positives, not 1. Compare it with treating all and treating none "
    "(decision curves); one threshold is one view of costs. Probabilities must be calibrated.",
)
def net_benefit(outcomes: Outcomes, *, threshold: float = 0.5) -> Array:
    """Share of true positives less the share of false ones, these by the odds of the threshold.

    Args:
        outcomes: weight of true and false positives and of all items, each of shape (w,).
        threshold: the probability from which on one would treat: it says how many false alarms one hit is worth.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Vickers and Elkin, Medical Decision Making 26 (2006), p. 565.

    >>> metrics.get("net_benefit", threshold=0.2)([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.4375
    """
    return ratio(outcomes.hit - outcomes.false_alarm * (threshold / (1.0 - threshold)), outcomes.total)


def called(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, threshold: float = 0.5) -> Additive:
    """Collect what is called positive from a score on.

    Args:
        y_true: labels of two classes, shape (n,).
        y_pred: one score an item for the last of them, shape (n,).
        labels: the classes in order.
        threshold: items of at least this score are called positive.
    """
    codes, score = _one_column(*class_scores(y_true, y_pred, labels))
    return _at_threshold(codes, score, threshold)


@metric(
    "fbeta_at",
    collect=called,
    needs="score",
    targets=BINARY,
    bounds=UNIT,
    greater_is_better=True,
    limits={"threshold": (-1e300, 1e300), "beta": BETA},
    pitfalls="The threshold is in the unit of the scores, so scores that only rank need one of their own: see "
    "metrics.best_threshold, and choose it on other items than those that are scored.",
)
def fbeta_at(outcomes: Outcomes, *, beta: float = 1.0) -> Array:
    """F measure of the items whose score reaches a fixed threshold.

    Args:
        outcomes: weight of true and false positives and of all positives, each of shape (w,).
        beta: how many times as much recall counts as precision.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive and nothing is called so.

    Options: ``threshold``, from which score on an item is called positive; 0.5 by default.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7.

    >>> metrics.get("fbeta_at", threshold=0.3)([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.8
    """
    return fbeta_of(outcomes.hit, outcomes.positive, outcomes.hit + outcomes.false_alarm, beta)


@metric(
    "fbeta_best",
    collect=rankings,
    needs="score",
    targets=BINARY,
    bounds=UNIT,
    greater_is_better=True,
    limits={"beta": BETA},
    pitfalls="The threshold is chosen on the items that are scored, so it flatters: each subgroup and half gets its "
    "own. For an honest score choose it elsewhere: fbeta_chosen, or fbeta_at.",
)
def fbeta_best(columns: Rankings, *, beta: float = 1.0) -> Array:
    """F measure at the threshold that makes it highest on the very items that are scored.

    Args:
        columns: the ranking of the positive class under some weightings.
        beta: how many times as much recall counts as precision.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive.

    Source: Lipton et al., ECML PKDD (2014), p. 225.

    >>> metrics.fbeta_best([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.8
    """
    curve = columns[0].curve()
    found = fbeta_of(curve.hit, curve.positives[:, None], curve.hit + curve.false_alarm, beta)
    best = np.max(np.nan_to_num(found), axis=1, initial=0.0)
    return np.where(curve.positives > 0, best, np.nan)


def called_by_half(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    over: Optional[str] = "usage",
    half: Optional[str] = "public",
    beta: float = 1.0,
) -> Additive:
    """Choose the threshold on one half of the items, and collect what of all items is called positive by it.

    Args:
        y_true: labels of two classes with the column of halves beside them.
        y_pred: one score an item for the last of them, shape (n,).
        labels: the classes in order.
        over: the column that tells the half of each item.
        half: the half on which the threshold is chosen.
        beta: how many times as much recall counts as precision.
    """
    truth = columns_beside(y_true, y_pred)
    codes, score = _one_column(*class_scores(truth.y_true, y_pred, labels))
    chosen = np.array([str(one) == half for one in truth.only(over).tolist()])
    if not (codes[chosen] == 1).any():
        raise MetricError(f"the half {half} has no positive item, so no threshold can be chosen on it")
    return _at_threshold(codes, score, best_threshold(codes[chosen], score[chosen], beta=beta, labels=(0, 1)))


@metric(
    "fbeta_chosen",
    collect=called_by_half,
    needs="score",
    targets=BINARY,
    bounds=UNIT,
    greater_is_better=True,
    limits={"over": column_name, "half": column_name, "beta": BETA},
    pitfalls="On the half that chose the threshold it flatters; on the other it is honest. The threshold belongs to "
    "the whole submission: subgroups and draws do not choose again, and neither do intervals allow for the choice.",
)
def fbeta_chosen(outcomes: Outcomes, *, beta: float = 1.0) -> Array:
    """F measure at the threshold that makes it highest on one half of the items, the public one.

    The threshold is chosen once, when truth and prediction are first looked at, each item of that half counting once;
    of equally good ones it is the highest. Every half, subgroup and draw is then scored by it.

    Args:
        outcomes: weight of true and false positives and of all positives, each of shape (w,).
        beta: how many times as much recall counts as precision.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive and nothing is called so.

    Options: ``over``, the column beside the truth that tells each item's half; ``half``, the one that chooses.

    Source: Lipton et al., ECML PKDD (2014), p. 225, on why the threshold must not be chosen where it is scored.

    >>> truth = metrics.WithColumns([0, 1, 0, 1], {"usage": ["public", "public", "private", "private"]})
    >>> metrics.fbeta_chosen(truth, [0.2, 0.6, 0.7, 0.9])
    0.8
    """
    return fbeta_of(outcomes.hit, outcomes.positive, outcomes.hit + outcomes.false_alarm, beta)
