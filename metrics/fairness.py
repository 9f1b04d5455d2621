"""Scores of how evenly a model treats groups of people; who belongs where stands beside the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.beside import column_name, columns_beside, group_codes, marks
from metrics.catalog import metric
from metrics.confusion import PairCells, label_pairs
from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.ranking import rankings, roc_auc
from metrics.subsets import Subsets

if TYPE_CHECKING:
    from metrics.inputs import Array

UNIT = (0.0, 1.0)
BINARY = ("binary",)


def bias_areas(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, over: tuple[str, ...] = ()
) -> Subsets:
    """Collect the ranking of all items, and of three parts for each identity.

    Args:
        y_true: labels of two classes with 0/1 columns beside them, one an identity.
        y_pred: one score an item for the last of the classes, shape (n,).
        labels: the classes in order.
        over: the columns of identities; all of them by default.
    """
    truth = columns_beside(y_true, y_pred)
    evidence = rankings(truth.y_true, y_pred, labels)
    if evidence.target != "binary":
        raise MetricError(f"bias_auc takes binary truth, not {evidence.target}")
    positive = evidence.code == 1
    member = [np.ones(evidence.n, dtype=bool)]
    for name, column in truth.named(over).items():
        inside = marks(column, name)
        member += [inside, inside ^ positive, inside == positive]
    return Subsets(evidence, np.stack(member), roc_auc.bound)


@metric(
    "bias_auc",
    collect=bias_areas,
    needs="score",
    targets=BINARY,
    bounds=UNIT,
    greater_is_better=True,
    limits={"power": (-100.0, 100.0), "overall": UNIT},
    pitfalls="Identities with few positive or negative items have noisy areas, and the power mean lets the worst "
    "decide. Truth and identities must be 0/1 before scoring; scores must not be rounded to labels.",
)
def bias_auc(areas: Array, *, power: float = -5.0, overall: float = 0.25) -> Array:
    """ROC AUC of all items, and power means over identities of three AUCs that show unintended bias.

    Of each identity these are the AUC inside it (subgroup), of its negatives against the positives outside (BPSN) and
    of its positives against the negatives outside (BNSP).

    Args:
        areas: AUC of all items, then subgroup, BPSN and BNSP AUC of each identity, shape (w, 1 + 3 · identities).
        power: of the means; the lower, the more the worst identity decides. 0 is the geometric mean.
        overall: the share of the AUC of all items; the three means share the rest alike.

    Returns:
        One score a weighting, shape (w,); nan where one class has no weight or a mean has no area. An identity whose
        area is not defined is passed over in its mean.

    Options: ``over``, the list of 0/1 columns beside the truth that mark identities; by default all.

    Source: Borkan et al., WWW Companion (2019), p. 491; Kaggle, Jigsaw Unintended Bias in Toxicity Classification.

    >>> truth = metrics.WithColumns([0, 0, 1, 1, 0, 1], {"f": [1, 1, 1, 1, 0, 0], "m": [0, 0, 1, 1, 1, 1]})
    >>> round(metrics.bias_auc(truth, [0.1, 0.4, 0.35, 0.8, 0.2, 0.9]), 12)
    0.902301018677
    """
    kinds = areas[:, 1:].reshape(len(areas), -1, 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        if power == 0:
            means = [np.exp(mean_defined(np.log(kinds[:, :, kind]))) for kind in range(3)]
        else:
            means = [mean_defined(kinds[:, :, kind] ** power) ** (1.0 / power) for kind in range(3)]
    return overall * areas[:, 0] + (1.0 - overall) * sum(means) / 3.0


@dataclass(frozen=True)
class GroupCounts:
    """Weighted counts of two classes in each group, each of shape (w, groups).

    Attributes:
        hit: true positives.
        false_alarm: false positives.
        positive: items of the positive class.
        negative: items of the negative class.
    """

    hit: Array
    false_alarm: Array
    positive: Array
    negative: Array


def _counted(totals: Totals) -> GroupCounts:
    """Read cells 4 · group + 2 · true + predicted; the last cell holds items without a group."""
    cell = totals.weight[:, :-1].reshape(len(totals.weight), -1, 4)
    return GroupCounts(cell[..., 3], cell[..., 1], cell[..., 2] + cell[..., 3], cell[..., 0] + cell[..., 1])


def group_outcomes(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    over: Optional[str] = None,
    positive: Optional[Union[str, int]] = None,
) -> Additive:
    """Collect what was true and what was predicted of each item, group by group.

    Args:
        y_true: labels of two classes with columns beside them.
        y_pred: labels, shape (n,).
        labels: the classes in order.
        over: the column that names the groups; None for the only one.
        positive: the positive class; by default the last of the labels.
    """
    truth = columns_beside(y_true, y_pred)
    pairs = label_pairs(truth.y_true, y_pred, labels)
    if pairs.target != "binary" or not isinstance(pairs.reading, PairCells) or pairs.code is None:
        raise MetricError(f"gaps between groups take binary truth, not {pairs.target}")
    codes, names = group_codes(truth.only(over), over or "group")
    place = pairs.reading(Totals(np.zeros((1, pairs.cells)), np.zeros((1, 0, pairs.cells)))).positive(positive)
    outcome = 2 * (pairs.reading.true == place) + (pairs.reading.predicted == place)
    cell = np.where(codes >= 0, 4 * codes + outcome[pairs.code], 4 * len(names))
    return Additive(pairs.n, "binary", _counted, cell, 4 * len(names) + 1)


def _gap(rate: Array) -> Array:
    """How far the highest rate is from the lowest, shape (w,); nan where fewer than two groups have one."""
    defined = ~np.isnan(rate)
    most = np.max(np.where(defined, rate, -np.inf), axis=1, initial=-np.inf)
    least = np.min(np.where(defined, rate, np.inf), axis=1, initial=np.inf)
    return np.where(defined.sum(axis=1) > 1, most - least, np.nan)


GAP = (
    "Small groups have noisy rates, and the gap takes the two most extreme of them: with many groups it is large by "
    "chance alone, so look at its interval and at the groups' sizes."
)


@metric(
    "demographic_parity_gap",
    collect=group_outcomes,
    needs="label",
    targets=BINARY,
    bounds=UNIT,
    greater_is_better=False,
    attained=False,
    limits={"over": column_name},
    pitfalls=f"It does not look at the truth: calling everybody the same is perfect. {GAP}",
)
def demographic_parity_gap(counts: GroupCounts) -> Array:
    """How far groups differ in the share that is called positive: the highest share less the lowest.

    Args:
        counts: weighted counts of each group, each of shape (w, groups).

    Returns:
        One score a weighting, shape (w,); nan where fewer than two groups have weight.

    Options: ``over``, the column beside the truth that names the groups; ``positive``, the positive class, by default
    the last of the labels.

    Source: Agarwal et al., ICML (2018), p. 60; fairlearn, demographic_parity_difference.

    >>> truth = metrics.WithColumns([0, 1, 0, 1], {"sex": ["f", "f", "m", "m"]})
    >>> metrics.demographic_parity_gap(truth, [1, 1, 0, 1])
    0.5
    """
    return _gap(ratio(counts.hit + counts.false_alarm, counts.positive + counts.negative))


@metric(
    "equal_opportunity_gap",
    collect=group_outcomes,
    needs="label",
    targets=BINARY,
    bounds=UNIT,
    greater_is_better=False,
    limits={"over": column_name},
    pitfalls=f"It looks at positives alone: calling everybody positive is perfect. {GAP}",
)
def equal_opportunity_gap(counts: GroupCounts) -> Array:
    """How far groups differ in the share of positives that is found: the highest recall less the lowest.

    Args:
        counts: weighted counts of each group, each of shape (w, groups).

    Returns:
        One score a weighting, shape (w,); nan where fewer than two groups have positives.

    Options: ``over``, the column beside the truth that names the groups; ``positive``, the positive class, by default
    the last of the labels.

    Source: Hardt et al., NeurIPS (2016), p. 3315; fairlearn, equal_opportunity_difference.

    >>> truth = metrics.WithColumns([1, 1, 0, 1], {"sex": ["f", "f", "m", "m"]})
    >>> metrics.equal_opportunity_gap(truth, [0, 1, 0, 1])
    0.5
    """
    return _gap(ratio(counts.hit, counts.positive))


@metric(
    "equalized_odds_gap",
    collect=group_outcomes,
    needs="label",
    targets=BINARY,
    bounds=UNIT,
    greater_is_better=False,
    limits={"over": column_name},
    pitfalls=f"Calling everybody the same is perfect, so rank by it only beside a score of being right. {GAP}",
)
def equalized_odds_gap(counts: GroupCounts) -> Array:
    """How far groups differ in recall or in false alarms, whichever differs more.

    Args:
        counts: weighted counts of each group, each of shape (w, groups).

    Returns:
        One score a weighting, shape (w,); nan where fewer than two groups have positives, or fewer than two negatives.

    Options: ``over``, the column beside the truth that names the groups; ``positive``, the positive class, by default
    the last of the labels.

    Source: Hardt et al., NeurIPS (2016), p. 3315; fairlearn, equalized_odds_difference, which takes 0/0 for 0.

    >>> truth = metrics.WithColumns([1, 0, 0, 1], {"sex": ["f", "f", "m", "m"]})
    >>> metrics.equalized_odds_gap(truth, [1, 1, 0, 1])
    1.0
    """
    found = _gap(ratio(counts.hit, counts.positive))
    alarmed = _gap(ratio(counts.false_alarm, counts.negative))
    return np.maximum(found, alarmed)
