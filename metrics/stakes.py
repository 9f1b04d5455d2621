"""Scores of probabilities where several things may be true at once, or truth itself is a share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.columns import SUM_TOLERANCE, row_chunks
from metrics.confusion import binary_matrix
from metrics.evidence import Additive, Totals
from metrics.inputs import MetricError, paired, probabilities, ratio
from metrics.regression import value_columns

if TYPE_CHECKING:
    from metrics.inputs import Array


def column_surprise(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    weights: tuple[float, ...] = (),
    positive_weight: float = 1.0,
    normalize: str = "row",
    clip: float = 2.220446049250313e-16,
) -> Additive:
    """Collect the surprise of each row of a 0/1 matrix, its columns by their weight.

    Args:
        y_true: 0/1 matrix, shape (n, columns).
        y_pred: probability of a 1 in each column, the same shape.
        labels: unused.
        weights: of the columns, in their order; empty where all count alike.
        positive_weight: how many times as much a 1 counts as a 0.
        normalize: whether weights are divided by their sum in each ``row`` or over ``all`` rows.
        clip: probabilities count as at least this, and at most 1 less this.
    """
    truth, prediction = paired(y_true, y_pred)
    truth, chance = binary_matrix(truth, "y_true"), probabilities(prediction)
    if truth.ndim != 2 or truth.shape != chance.shape:
        raise MetricError(f"y_true has shape {truth.shape} and y_pred {chance.shape}; multilabel needs the same")
    if weights and len(weights) != truth.shape[1]:
        raise MetricError(f"there are {len(weights)} weights for {truth.shape[1]} columns")
    each = np.array(weights) if weights else np.ones(truth.shape[1])
    sums = np.empty((2, len(truth)))
    for rows in row_chunks(*truth.shape):
        true = truth[rows] == 1
        own = np.where(true, chance[rows], 1.0 - chance[rows])
        weight = each * np.where(true, positive_weight, 1.0)
        sums[0, rows] = -(weight * np.log(np.clip(own, clip, 1.0 - clip))).sum(axis=1)
        sums[1, rows] = weight.sum(axis=1)
    return Additive(len(truth), "multilabel", table=sums if normalize == "all" else (sums[0] / sums[1])[None, :])


@metric(
    "log_loss_columns",
    collect=column_surprise,
    needs="probability",
    targets=("multilabel",),
    bounds=(0.0, np.inf),
    greater_is_better=False,
    limits={
        "weights": (1e-9, 1e9),
        "positive_weight": (1e-9, 1e9),
        "normalize": ("row", "all"),
        "clip": (1e-300, 0.1),
    },
    pitfalls="One sure and wrong probability costs as much as many good ones gain; clip says how much at most. Weights "
    "follow the order of the columns, and with a weight of positives the best probability is not the true chance.",
)
def log_loss_columns(totals: Totals) -> Array:
    """Mean surprise over the columns of a 0/1 matrix, by weights of columns and of positives, then over rows.

    Args:
        totals: summed surprise, and summed weights where all rows are normalized together, shape (w, 1 or 2, 1).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``weights``, of the columns; ``positive_weight``, how many times as much a 1 counts as a 0, 1 by default;
    ``normalize``, whether weights are divided by their sum in each ``row`` (default) or over ``all`` rows; ``clip``,
    the least probability that counts.

    Source: Kaggle, RSNA 2022 Cervical Spine Fracture Detection: weights=[7, 1, 1, 1, 1, 1, 1, 1], positive_weight=2.

    >>> metric = metrics.get("log_loss_columns", weights=[3, 1])
    >>> round(metric([[1, 0], [0, 0]], [[0.5, 0.5], [0.2, 0.5]]), 12)
    0.516895819593
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 1, 0] if totals.sums.shape[1] > 1 else totals.weight[:, 0])


def divergence(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, clip: float = 2.220446049250313e-16
) -> Additive:
    """Collect how far each predicted distribution is from the true one.

    Args:
        y_true: votes or shares, shape (n, classes); rows are divided by their sum.
        y_pred: probabilities, the same shape.
        labels: unused.
        clip: probabilities count as at least this, and at most 1 less this.
    """
    true, _ = value_columns(y_true, y_pred)
    chance = probabilities(paired(y_true, y_pred)[1]).reshape(true.shape[1], -1).T
    total = true.sum(axis=0)
    if len(true) < 2 or true.min() < 0 or total.min() <= 0:
        raise MetricError("y_true must hold votes or shares: two or more columns, none negative, and no row of zeros")
    off = np.abs(chance.sum(axis=0) - 1.0)
    if off.max() > SUM_TOLERANCE:
        raise MetricError(f"{np.count_nonzero(off > SUM_TOLERANCE)} rows of y_pred do not sum to 1")
    share, chance = true / total, chance / chance.sum(axis=0)
    quotient = np.divide(share, np.clip(chance, clip, 1.0 - clip), out=np.ones_like(share), where=share > 0)
    return Additive(len(total), "regression", table=np.maximum((share * np.log(quotient)).sum(axis=0), 0.0)[None, :])


@metric(
    "kl_divergence",
    collect=divergence,
    needs="value",
    targets=("regression",),
    bounds=(0.0, np.inf),
    greater_is_better=False,
    limits={"clip": (1e-300, 0.1)},
    pitfalls="A probability of 0 where anybody voted costs up to 36 by the default clip, so mix in a little of "
    "everything. Rows with few votes count as much as rows with many: weigh the items where that matters.",
)
def kl_divergence(totals: Totals) -> Array:
    """Mean Kullback-Leibler divergence of predicted probabilities from true shares, such as the votes of annotators.

    Rows of truth are divided by their sum; rows of predictions too, and refused where it is off 1 by more than 0.001.

    Args:
        totals: summed divergence and weight, each of shape (w, …).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``clip``, the least probability that counts, by default the spacing of float64 at 1.

    Source: Kullback and Leibler, Annals of Mathematical Statistics 22 (1951), p. 79; scipy, rel_entr.

    >>> round(metrics.kl_divergence([[3, 1], [0, 2]], [[0.5, 0.5], [0.25, 0.75]]), 12)
    0.209247054196
    """
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])
