"""How sure one may be: bootstrap intervals and the paired test of two predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.beside import WithColumns
from metrics.evidence import Additive, Evidence, reduce_evidence
from metrics.frozen import dataclass
from metrics.inputs import MetricError, as_array, weights
from metrics.labels import encode, ordered_classes
from metrics.weighting import Draws, LeaveOut

if TYPE_CHECKING:
    from metrics.catalog import Metric
    from metrics.inputs import Array

LARGE = 200_000
"""Items times columns beyond which draws are made of blocks of items."""

BLOCKS = 4096
"""How many random blocks stand for the items, or for the clusters, of large evidence."""

BENT = ("objects", "label_maps", "segments")
"""Shapes of truth whose scores a bootstrap bends: an image that is drawn twice confirms itself, which lifts average
precision, and a class may be missing from a draw, which moves a mean over classes."""

JACKKNIFE = 1000
"""How many units BCa leaves out one by one; more are left out in this many blocks."""


@dataclass(frozen=True)
class PairedTest:
    """Two predictions of the same items, compared.

    Attributes:
        difference: score of the first less score of the second.
        low: lower end of the interval of the difference.
        high: upper end of the interval of the difference.
        p_value: two-sided: how often draws of no difference would be as far from 0.
        first: score of the first.
        second: score of the second.
        draws: how many draws were defined.
        n: how many items.
    """

    difference: float
    low: float
    high: float
    p_value: float
    first: float
    second: float
    draws: int
    n: int


def interval(
    metric: Metric,
    evidence: Evidence,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    cluster: Any = None,
    method: str = "percentile",
    sample_weight: Any = None,
) -> tuple[float, float]:
    """A bootstrap interval of a score.

    Label scores are drawn exactly at any size. Other evidence of more than 200,000 numbers (items times columns) is
    drawn as 4,096 random blocks of items (or of clusters), and its rankings as 1,024 quantile bins (rank correlation:
    64 by 64); the draws are then moved so that they stand about the exact score. Those of objects, label maps and
    segments are always moved so that their median is the score: drawing images with replacement lifts precision.

    Args:
        metric: the metric.
        evidence: what it collected.
        draws: how many bootstrap draws.
        level: how often such intervals hold the true score, between 0 and 1.
        seed: of the draws; the same seed gives the same interval.
        cluster: one label an item, shape (n,): items that are drawn together, such as the images of a patient.
        method: ``percentile``, or ``bca`` (bias-corrected and accelerated; up to 1,000 units, items or clusters, are
            left out one by one, more in 1,000 random blocks).
        sample_weight: one weight an item, shape (n,).

    Returns:
        Low and high. Draws without a score are passed over; where more than half have none, or the score itself is nan,
        both ends are nan. Where all draws agree, both ends are the score.

    Raises:
        MetricError: an argument is out of range or does not fit the items.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13 and 14.
    """
    if method not in ("percentile", "bca"):
        raise MetricError(f"method={method} is not one of percentile, bca")
    if not 0 < level < 1:
        raise MetricError(f"level={level} must lie between 0 and 1")
    drawing = _Drawing(evidence.n, draws, seed, cluster, sample_weight, _is_large(evidence))
    score, drawn = drawing.scores(metric, evidence)
    tail = (1.0 - level) / 2
    if method == "bca" and np.isfinite(score):
        left_out = drawing.left_out(metric, evidence)
        return _ends(drawn, score, _bca_tails(drawn, score, left_out, tail))
    return _ends(drawn, score, (tail, 1.0 - tail))


def intervals(
    chosen: Sequence[Metric],
    evidence: Evidence,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    cluster: Any = None,
) -> list[tuple[float, float]]:
    """Percentile intervals of several metrics of the same evidence, from one set of draws.

    Args:
        chosen: metrics of one ``evidence_key``.
        evidence: what they collected.
        draws: how many bootstrap draws.
        level: how often such intervals hold the true score, between 0 and 1.
        seed: of the draws.
        cluster: one label an item, shape (n,): items that are drawn together.

    Returns:
        Low and high of each metric: the same numbers as ``interval`` gives, at the cost of little more than one.

    Raises:
        MetricError: as ``interval``.
    """
    if not 0 < level < 1:
        raise MetricError(f"level={level} must lie between 0 and 1")
    drawing = _Drawing(evidence.n, draws, seed, cluster, None, _is_large(evidence))
    tail = (1.0 - level) / 2
    return [_ends(drawn, score, (tail, 1.0 - tail)) for score, drawn in drawing.scores_of(chosen, evidence)]


def combined_interval(
    metric: Metric,
    evidences: Sequence[Evidence],
    how: str = "mean",
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    clusters: Optional[Sequence[Any]] = None,
) -> tuple[float, float]:
    """A bootstrap interval of a combination over groups: each group is drawn by itself, and each draw is combined.

    Args:
        metric: the metric.
        evidences: what it collected, one a group.
        how: as in ``combine``.
        draws: how many bootstrap draws.
        level: how often such intervals hold the true score, between 0 and 1.
        seed: of the draws.
        clusters: one label an item, for each group: items that are drawn together.

    Returns:
        Low and high, as ``interval``.

    Raises:
        MetricError: as ``interval``.
    """
    from metrics.breakdown import combine, directed

    way = directed(how, metric.greater_is_better)
    if not 0 < level < 1:
        raise MetricError(f"level={level} must lie between 0 and 1")
    exact, drawn = [], []
    for place, evidence in enumerate(evidences):
        cluster = None if clusters is None else clusters[place]
        drawing = _Drawing(evidence.n, draws, seed + place, cluster, None, _is_large(evidence))
        score, scores = drawing.scores(metric, evidence)
        exact.append(score)
        drawn.append(scores)
    tail = (1.0 - level) / 2
    return _ends(combine(np.stack(drawn), way, axis=0), combine(exact, way), (tail, 1.0 - tail))


def paired_test(
    metric: Metric,
    y_true: Any,
    pred_a: Any,
    pred_b: Any,
    *,
    draws: int = 1000,
    seed: int = 0,
    cluster: Any = None,
    level: float = 0.95,
    sample_weight: Any = None,
    labels: Optional[Sequence[Any]] = None,
) -> PairedTest:
    """Compare two predictions of the same items under the same draws.

    Args:
        metric: the metric.
        y_true: truth, shape (n,) or (n, columns).
        pred_a: the first prediction, in the order of the truth.
        pred_b: the second prediction, in the order of the truth.
        draws: how many bootstrap draws.
        seed: of the draws.
        cluster: one label an item: items that are drawn together.
        level: of the interval.
        sample_weight: one weight an item, shape (n,).
        labels: the classes in order; by default those in the truth and both predictions.

    Returns:
        The difference, its percentile interval and its p-value, which is twice the smaller share of draws, (k + 1) of
        (draws + 1), on either side of 0, and at most 1. Equal predictions have difference 0 and p-value 1.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 15 and 16.
    """
    if not 0 < level < 1:
        raise MetricError(f"level={level} must lie between 0 and 1")
    plain = y_true.y_true if isinstance(y_true, WithColumns) else y_true
    if labels is None and metric.needs == "label" and as_array(plain, "y_true").ndim == 1:
        labels = _common_labels(plain, pred_a, pred_b)
    first, second = metric.collect(y_true, pred_a, labels), metric.collect(y_true, pred_b, labels)
    large = _is_large(first) or _is_large(second)
    drawing = _Drawing(first.n, draws, seed, cluster, sample_weight, large, paired=True)
    copies = None if cluster is not None or sample_weight is not None else _joint_cells(first, second)
    if copies is not None:
        rows, count = copies
        weighting = Draws(draws, seed, copies=count)
        scores = [(_score(metric, one, None), metric.reduce(one.take(rows), weighting)) for one in (first, second)]
    else:
        scores = [drawing.scores(metric, one) for one in (first, second)]
    (score_a, drawn_a), (score_b, drawn_b) = scores
    drawn = np.asarray(drawn_a) - np.asarray(drawn_b)
    difference = score_a - score_b
    tail = (1.0 - level) / 2
    low, high = _ends(drawn, difference, (tail, 1.0 - tail))
    defined = drawn[~np.isnan(drawn)]
    return PairedTest(difference, low, high, _p_value(defined), score_a, score_b, len(defined), first.n)


@dataclass(frozen=True, eq=False, repr=False)
class _Drawing:
    """How the draws of one question are made."""

    n: int
    draws: int
    seed: int
    cluster: Any
    sample_weight: Any
    large: bool
    paired: bool = False

    def scores(self, metric: Metric, evidence: Evidence) -> tuple[float, Array]:
        """The exact score, and the scores of all draws."""
        return self.scores_of([metric], evidence)[0]

    def scores_of(self, chosen: Sequence[Metric], evidence: Evidence) -> list[tuple[float, Array]]:
        """The exact score, and the scores of all draws, of each metric of one evidence."""
        formulas = [metric.bound for metric in chosen]
        weight = None if self.sample_weight is None else weights(self.sample_weight, self.n)
        exact = reduce_evidence(evidence, formulas, weight)
        drawn_from = evidence.coarse() if self.large else evidence
        alone = not self.paired and self.cluster is None and weight is None and _in_cells(drawn_from)
        units = None if alone else self.units()
        drawn = reduce_evidence(drawn_from, formulas, Draws(self.draws, self.seed, units, None, weight))
        if drawn_from is not evidence:
            rough = reduce_evidence(drawn_from, formulas, weight)
            drawn = [scores + (one - other) for scores, one, other in zip(drawn, exact, rough)]
        if evidence.target in BENT:
            drawn = [
                _centred(np.asarray(scores), float(one), metric) for scores, one, metric in zip(drawn, exact, chosen)
            ]
        return [(float(one), np.asarray(scores)) for one, scores in zip(exact, drawn)]

    def units(self) -> Optional[Array]:
        """The unit each item is drawn with; None where items are drawn one by one in any order."""
        units = None
        if self.cluster is not None:
            units, _ = encode(as_array(self.cluster, "cluster"), name="cluster")
            if len(units) != self.n:
                raise MetricError(f"cluster has {len(units)} entries for {self.n} items")
            units = _without_gaps(units)
        elif self.paired and not self.large:
            units = np.arange(self.n)
        return self.blocks(units) if self.large else units

    def blocks(self, units: Optional[Array], count: int = BLOCKS) -> Array:
        """Units put into random blocks of equal size, where there are more units than blocks."""
        size = self.n if units is None else int(units.max()) + 1
        if size <= count:
            return np.arange(self.n) if units is None else units
        block = np.arange(size) % count
        np.random.default_rng(self.seed).shuffle(block)
        return block if units is None else block[units]

    def left_out(self, metric: Metric, evidence: Evidence) -> Array:
        """The scores that remain when each unit, or block of units, is left out."""
        units = self.blocks(self.units(), JACKKNIFE)
        weight = None if self.sample_weight is None else weights(self.sample_weight, self.n)
        source = evidence.coarse() if self.large else evidence
        return np.asarray(metric.reduce(source, LeaveOut(units, int(units.max()) + 1, weight)))


def _centred(drawn: Array, score: float, metric: Metric) -> Array:
    """Draws moved so that their median is the score, within its bounds."""
    defined = drawn[~np.isnan(drawn)]
    return np.clip(drawn + (score - np.median(defined)), *metric.bounds) if len(defined) else drawn


def _score(metric: Metric, evidence: Evidence, weight: Optional[Array]) -> float:
    """One score."""
    return float(metric.reduce(evidence, weight))


def _is_large(evidence: Evidence) -> bool:
    """Whether draws of the items themselves would cost too much."""
    return not _in_cells(evidence) and evidence.n * evidence.width > LARGE


def _in_cells(evidence: Evidence) -> bool:
    """Whether each item lies in one cell and has no number, so that draws are of cells."""
    return isinstance(evidence, Additive) and evidence.table is None and evidence.width == 1


def _without_gaps(codes: Array) -> Array:
    """The same groups numbered without gaps."""
    used = np.bincount(codes) > 0
    return (np.cumsum(used) - 1)[codes]


def _joint_cells(first: Evidence, second: Evidence) -> Optional[tuple[Array, Array]]:
    """One item for each distinct pair of cells, and how many items share it; None where items are not in cells."""
    sides = []
    for one in (first, second):
        if not isinstance(one, Additive) or one.table is not None or one.code is None or one.code.ndim > 1:
            return None
        sides.append(one)
    size = sides[0].cells * sides[1].cells
    if size > 1 << 16 or sides[0].code is None or sides[1].code is None:
        return None
    joint = sides[0].code.astype(np.int64) * sides[1].cells + sides[1].code
    count = np.bincount(joint, minlength=size)
    row = np.zeros(size, dtype=np.int64)
    row[joint] = np.arange(len(joint))
    used = np.flatnonzero(count)
    return row[used], count[used]


def _common_labels(*columns: Any) -> tuple[Any, ...]:
    """The classes that occur in any of the columns."""
    present = [label for column in columns for label in encode(as_array(column, "labels"), name="labels")[1]]
    return ordered_classes(present, None)


def _ends(drawn: Array, score: float, tails: tuple[float, float]) -> tuple[float, float]:
    """Quantiles of the draws that are defined."""
    defined = drawn[~np.isnan(drawn)]
    if np.isnan(score) or 2 * len(defined) < len(drawn):
        return float("nan"), float("nan")
    if defined.min() == defined.max():
        return (score, score) if np.isclose(defined[0], score) else (float(defined[0]), float(defined[0]))
    low, high = np.quantile(defined, tails, method="linear")
    return float(low), float(high)


def _p_value(defined: Array) -> float:
    """Twice the smaller share of draws on either side of 0, each side with one draw more."""
    if not len(defined):
        return float("nan")
    below, above = int(np.count_nonzero(defined <= 0)), int(np.count_nonzero(defined >= 0))
    return min(1.0, 2.0 * (min(below, above) + 1) / (len(defined) + 1))


def _bca_tails(drawn: Array, score: float, left_out: Array, tail: float) -> tuple[float, float]:
    """The shares of draws below each end, corrected for bias and for a spread that grows with the score."""
    from statistics import NormalDist

    normal = NormalDist()
    defined, rest = drawn[~np.isnan(drawn)], left_out[~np.isnan(left_out)]
    below = (np.count_nonzero(defined < score) + 0.5 * np.count_nonzero(defined == score)) / max(1, len(defined))
    if not 0 < below < 1 or not len(rest):
        return tail, 1.0 - tail
    bias = normal.inv_cdf(float(below))
    pull = rest.mean() - rest
    square = float((pull**2).sum())
    rate = float((pull**3).sum()) / (6.0 * square**1.5) if square > 0 else 0.0

    def corrected(share: float) -> float:
        place = bias + normal.inv_cdf(share)
        return normal.cdf(bias + place / (1.0 - rate * place))

    return corrected(tail), corrected(1.0 - tail)
