"""Scores of probabilities: how much was staked on what came true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.columns import class_probabilities, row_chunks, summed_probabilities, target_of
from metrics.evidence import Additive, Totals
from metrics.inputs import ratio
from metrics.ordered import Ordered, Steps

if TYPE_CHECKING:
    from metrics.inputs import Array

SINGLE = ("binary", "multiclass")


def surprise(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, clip: float = 2.220446049250313e-16
) -> Additive:
    """Collect the negative logarithm of the probability given to each item's class.

    Args:
        y_true: labels, shape (n,).
        y_pred: probability of the last of two classes, shape (n,), or of each class, shape (n, classes).
        labels: the classes in the order of the columns.
        clip: probabilities count as at least this, and at most 1 less this.
    """
    codes, classes, chance, total = summed_probabilities(y_true, y_pred, labels)
    out = np.empty((1, len(codes)))
    for rows in row_chunks(*chance.shape):
        part = out[0, rows]
        part[:] = _own_chance(codes[rows], chance[rows])
        if total is not None:
            part /= total[rows]
        np.clip(part, clip, 1.0 - clip, out=part)
        np.log(part, out=part)
        np.negative(part, out=part)
    return Additive(len(codes), target_of(classes), table=out)


def _own_chance(codes: Array, chance: Array) -> Array:
    """The probability given to each item's own class, shape (n,)."""
    if chance.ndim == 1:
        return np.where(codes, chance, 1.0 - chance)
    return np.take_along_axis(chance, codes[:, None].astype(np.int64), axis=1)[:, 0]


@metric(
    "log_loss",
    collect=surprise,
    needs="probability",
    targets=SINGLE,
    bounds=(0.0, np.inf),
    greater_is_better=False,
    limits={"clip": (1e-300, 0.1)},
)
def log_loss(totals: Totals) -> Array:
    """Mean surprise: the negative natural logarithm of the probability given to what came true.

    Rows of several columns are divided by their sum, and refused where the sum is off 1 by more than 0.001, so nobody
    gains by staking more than everything.

    Args:
        totals: summed surprise and weight, each of shape (w, …).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``clip``, the least probability that counts, by default the spacing of float64 at 1: a zero costs 36.04.

    Source: Good, Journal of the Royal Statistical Society B 14 (1952), p. 107; clip as in scikit-learn's log_loss.

    >>> round(metrics.log_loss([0, 1, 1], [0.1, 0.8, 0.5]), 12)
    0.340550415844
    """
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])


def square_distance(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, halve: Optional[bool] = None
) -> Additive:
    """Collect the squared distance between each item's probabilities and what came true.

    Args:
        y_true: labels, shape (n,).
        y_pred: probability of the last of two classes, shape (n,), or of each class, shape (n, classes).
        labels: the classes in the order of the columns.
        halve: whether to halve the sum over classes; None halves it for two classes.
    """
    codes, classes, chance = class_probabilities(y_true, y_pred, labels)
    factor = 0.5 if halve or (halve is None and len(classes) == 2) else 1.0
    out = np.empty((1, len(codes)))
    for rows in row_chunks(*chance.shape):
        own = _own_chance(codes[rows], chance[rows])
        if chance.ndim == 1:
            out[0, rows] = 2.0 * factor * (1.0 - own) ** 2
        else:
            out[0, rows] = factor * ((1.0 - own) ** 2 + ((chance[rows] ** 2).sum(axis=1) - own**2))
    return Additive(len(codes), target_of(classes), table=out)


@metric(
    "brier",
    collect=square_distance,
    needs="probability",
    targets=SINGLE,
    bounds=(0.0, 2.0),
    greater_is_better=False,
)
def brier(totals: Totals) -> Array:
    """Mean squared distance between the probabilities and what came true.

    Args:
        totals: summed squared distance and weight, each of shape (w, …).

    Returns:
        One score a weighting, shape (w,), from 0 to 1 if halved and else to 2; nan where nothing has weight.

    Options: ``halve``, whether the sum over classes is halved; by default it is for two classes, so that the score is
    the squared error of one column of probabilities.

    Source: Brier, Monthly Weather Review 78 (1950), p. 1; scikit-learn, brier_score_loss (scale_by_half).

    >>> round(metrics.brier([0, 1, 1], [0.1, 0.8, 0.5]), 12)
    0.1
    """
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])


def confidence_gap(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, bins: int = 15) -> Additive:
    """Collect each item's bin of confidence, and by how much being right exceeds the confidence.

    Args:
        y_true: labels, shape (n,).
        y_pred: probability of the last of two classes, shape (n,), or of each class, shape (n, classes).
        labels: the classes in the order of the columns.
        bins: how many bins of equal width between 0 and 1.
    """
    codes, classes, chance = class_probabilities(y_true, y_pred, labels)
    code = np.empty(len(codes), dtype=np.int32)
    out = np.empty((1, len(codes)))
    for rows in row_chunks(*chance.shape):
        part = chance[rows]
        top = np.maximum(part, 1.0 - part) if part.ndim == 1 else part.max(axis=1)
        right = codes[rows] == (part > 0.5 if part.ndim == 1 else part.argmax(axis=1))
        code[rows] = np.clip(np.ceil(top * bins).astype(np.int32) - 1, 0, bins - 1)
        out[0, rows] = right - top
    return Additive(len(codes), target_of(classes), code=code, cells=bins, table=out)


@metric(
    "ece",
    collect=confidence_gap,
    needs="probability",
    targets=SINGLE,
    bounds=(0.0, 1.0),
    greater_is_better=False,
    limits={"bins": (1, 1e5)},
)
def ece(totals: Totals) -> Array:
    """Expected calibration error: how far confidence is from the share that is right, averaged over bins.

    Confidence is the probability of the likeliest class, the first of equals; one column p of two classes is read as
    the two columns 1 - p and p. Bins are open below and closed above.

    Args:
        totals: summed gap and weight of each bin, each of shape (w, …, bins).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``bins``, how many bins of equal width between 0 and 1; 15 by default.

    Source: Naeini et al., AAAI (2015), p. 2901; Guo et al., ICML (2017), eq. 3.

    >>> round(metrics.ece([0, 1, 1, 1], [0.1, 0.8, 0.9, 0.3]), 12)
    0.275
    """
    return ratio(np.abs(totals.sums[:, 0]).sum(axis=1), totals.weight.sum(axis=1))


def staked(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect each item's class, and the probability of the last of the two.

    Args:
        y_true: labels of two classes, shape (n,).
        y_pred: probability of the last of them, shape (n,), or of each, shape (n, 2).
        labels: the classes in order.
    """
    codes, classes, chance = class_probabilities(y_true, y_pred, labels)
    own = chance if chance.ndim == 1 else chance[:, -1]
    return Additive(len(codes), target_of(classes), code=codes, cells=len(classes), table=own[None, :])


@metric(
    "pfbeta",
    collect=staked,
    needs="probability",
    targets=("binary",),
    bounds=(0.0, 1.0),
    greater_is_better=True,
    limits={"beta": (0.0, 1e6)},
    pitfalls="True chances are not the best prediction: where positives are rare it pays to push all probabilities to "
    "0 or 1, so most winners submitted labels. It is not comparable between test sets of other prevalence.",
)
def pfbeta(totals: Totals, *, beta: float = 1.0) -> Array:
    """Probabilistic F measure: hits and false alarms are sums of the probabilities, and no threshold is needed.

    Args:
        totals: weight and summed probability of negatives and of positives, each of shape (w, …, 2).
        beta: how many times as much recall counts as precision.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive and nothing is staked.

    Source: Yacouby and Axman, Eval4NLP (2020), p. 79; Kaggle, RSNA Screening Mammography (2023).

    >>> round(metrics.pfbeta([0, 1, 1, 0], [0.2, 0.9, 0.6, 0.1]), 12)
    0.789473684211
    """
    hit, alarm = totals.sums[:, 0, 1], totals.sums[:, 0, 0]
    return ratio((1.0 + beta**2) * hit, beta**2 * totals.weight[:, 1] + hit + alarm)


def confidence_order(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Ordered:
    """Collect each item's confidence in order, and by how much being right exceeds it."""
    gap = confidence_gap(y_true, y_pred, labels, bins=1)
    _, _, chance = class_probabilities(y_true, y_pred, labels)
    top = np.maximum(chance, 1.0 - chance) if chance.ndim == 1 else chance.max(axis=1)
    return Ordered(gap.n, gap.target, top[None, :], None if gap.table is None else gap.table[0])


@metric(
    "adaptive_ece",
    collect=confidence_order,
    needs="probability",
    targets=SINGLE,
    bounds=(0.0, 1.0),
    greater_is_better=False,
    limits={"bins": (1, 1e5)},
    pitfalls="It is biased upwards on few items, more so with many bins. A model that always states the overall share "
    "is perfectly calibrated and useless: rank by log_loss or brier, which know both.",
)
def adaptive_ece(columns: Sequence[Steps], *, bins: int = 15) -> Array:
    """Calibration error over bins that hold equal weight: how far confidence is from the share that is right.

    Confidence is that of ``ece``. Items of equal confidence share the bin in which the middle of their weight lies.

    Args:
        columns: the confidences in order with weight and summed gap, under some weightings.
        bins: how many bins of equal weight.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Nguyen and O'Connor, EMNLP (2015), p. 1587; Nixon et al., CVPR Workshops (2019), p. 38.

    >>> round(metrics.get("adaptive_ece", bins=2)([0, 1, 1, 1], [0.1, 0.8, 0.9, 0.3]), 12)
    0.175
    """
    weight, gap = columns[0].weight, columns[0].sums
    total = weight.sum(axis=1)
    middle = (np.cumsum(weight, axis=1) - weight / 2.0) * ratio(bins, total)[:, None]
    code = np.clip(np.nan_to_num(middle) + 1e-9, 0, bins - 1).astype(np.int64)  # a border belongs to the upper bin
    code += np.arange(0, bins * len(weight), bins)[:, None]
    values = np.ravel(np.zeros_like(weight) if gap is None else gap)
    summed = np.bincount(code.ravel(), values, bins * len(weight)).reshape(len(weight), bins)
    return ratio(np.abs(summed).sum(axis=1), total)
