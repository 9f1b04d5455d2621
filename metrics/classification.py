"""Scores of labels: which items were called by their right name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.averages import f1_of, fbeta_of, jaccard_of, recall_of
from metrics.catalog import metric
from metrics.columns import top_k
from metrics.confusion import Counts, label_pairs
from metrics.evidence import Totals
from metrics.inputs import mean_defined, ratio

if TYPE_CHECKING:
    from metrics.inputs import Array

SINGLE = ("binary", "multiclass")
ANY = ("binary", "multiclass", "multilabel")
UNIT = (0.0, 1.0)
BETA = {"beta": (0.0, 1e6)}


@metric("accuracy", collect=label_pairs, needs="label", targets=ANY, bounds=UNIT, greater_is_better=True)
def accuracy(counts: Counts) -> Array:
    """Share of items that are right; of a 0/1 matrix, of rows that are right in every column.

    Args:
        counts: weighted counts by class, each of shape (w, classes).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: scikit-learn, accuracy_score.

    >>> metrics.accuracy(["cat", "cat", "dog", "dog"], ["cat", "dog", "dog", "dog"])
    0.75
    """
    return ratio(counts.correct, counts.total)


@metric("hamming_loss", collect=label_pairs, needs="label", targets=ANY, bounds=UNIT, greater_is_better=False)
def hamming_loss(counts: Counts) -> Array:
    """Share of labels that are wrong; of a 0/1 matrix, over all its cells.

    Args:
        counts: weighted counts by class, each of shape (w, classes).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Schapire and Singer, Machine Learning 39 (2000), p. 135; scikit-learn, hamming_loss.

    >>> metrics.hamming_loss([[1, 0], [0, 1]], [[1, 1], [0, 1]])
    0.25
    """
    wrong = (counts.true + counts.predicted - 2 * counts.hit).sum(axis=1)
    # with one label an item, a wrong one is missed by one class and claimed by another
    judged = 2 if counts.pair.shape[1] else counts.hit.shape[1]
    return ratio(wrong, judged * counts.total)


@metric("balanced_accuracy", collect=label_pairs, needs="label", targets=SINGLE, bounds=UNIT, greater_is_better=True)
def balanced_accuracy(counts: Counts) -> Array:
    """Share of each class that is found, then the plain mean over the classes that occur in truth.

    Args:
        counts: weighted counts by class, each of shape (w, classes).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Brodersen et al., ICPR (2010), p. 3121; scikit-learn, balanced_accuracy_score.

    >>> metrics.balanced_accuracy(["cat", "cat", "dog", "dog"], ["cat", "dog", "dog", "dog"])
    0.75
    """
    return mean_defined(ratio(counts.hit, counts.true))


@metric(
    "matthews_corrcoef", collect=label_pairs, needs="label", targets=SINGLE, bounds=(-1.0, 1.0), greater_is_better=True
)
def matthews_corrcoef(counts: Counts) -> Array:
    """Correlation of true and predicted classes: 1 is perfect, 0 is chance.

    Args:
        counts: weighted counts by class, each of shape (w, classes).

    Returns:
        One score a weighting, shape (w,); nan where truth or prediction knows only one class.

    Source: Gorodkin, Computational Biology and Chemistry 28 (2004), p. 367; Matthews (1975) for two classes.

    >>> round(metrics.matthews_corrcoef(["cat", "cat", "dog", "dog"], ["cat", "dog", "dog", "dog"]), 12)
    0.57735026919
    """
    together = counts.correct * counts.total - (counts.true * counts.predicted).sum(axis=1)
    true = counts.total**2 - (counts.true**2).sum(axis=1)
    predicted = counts.total**2 - (counts.predicted**2).sum(axis=1)
    tiny = 1e-14 * counts.total**2
    spread = np.sqrt(np.where(true > tiny, true, 0.0)) * np.sqrt(np.where(predicted > tiny, predicted, 0.0))
    return np.clip(ratio(together, spread), -1.0, 1.0)  # a perfect one may come out a rounding above 1


@metric(
    "cohen_kappa",
    collect=label_pairs,
    needs="label",
    targets=SINGLE,
    bounds=(-1.0, 1.0),
    greater_is_better=True,
    limits={"weights": ("none", "linear", "quadratic")},
)
def cohen_kappa(counts: Counts, *, weights: str = "none") -> Array:
    """Agreement beyond what the same frequencies of labels would agree by chance.

    Args:
        counts: weighted counts by class, each of shape (w, classes).
        weights: what a wrong label costs: ``none`` one, ``linear`` how many places it is off in the order of the
            labels, ``quadratic`` the square of that.

    Returns:
        One score a weighting, shape (w,); nan where chance alone agrees fully.

    Source: Cohen, Educational and Psychological Measurement 20 (1960), p. 37; Psychological Bulletin 70 (1968), p. 213.

    >>> metrics.cohen_kappa(["cat", "cat", "dog", "dog"], ["cat", "dog", "dog", "dog"])
    0.5
    >>> metrics.get("cohen_kappa", weights="quadratic")([1, 2, 3, 3], [1, 2, 3, 2])
    0.8
    """
    cost = {"none": counts.distance > 0, "linear": counts.distance, "quadratic": counts.distance**2}[weights]
    seen = counts.pair @ cost.astype(np.float64)
    chance = _chance_cost(counts.true, counts.predicted, weights)
    return np.where(counts.total > 0, 1.0 - ratio(seen * counts.total, chance), np.nan)


def _chance_cost(true: Array, predicted: Array, weights: str) -> Array:
    """Cost of all pairs of a true and a predicted label, from the margins alone, shape (w,)."""
    one, other = true.sum(axis=1), predicted.sum(axis=1)
    if weights == "none":
        cost = one * other - (true * predicted).sum(axis=1)
    elif weights == "linear":  # |i - j| is how many borders between classes lie between i and j
        below, under = np.cumsum(true, axis=1), np.cumsum(predicted, axis=1)
        cost = (below * (other[:, None] - under) + under * (one[:, None] - below)).sum(axis=1)
    else:
        place = np.arange(true.shape[1], dtype=np.float64)
        place = place - ratio((true + predicted) @ place, one + other)[:, None]
        first, second = (true * place).sum(axis=1), (predicted * place).sum(axis=1)
        cost = (true * place**2).sum(axis=1) * other + (predicted * place**2).sum(axis=1) * one - 2 * first * second
    return np.where(cost > 1e-13 * one * other, cost, 0.0)


@metric(
    "top_k_accuracy",
    collect=top_k,
    needs="score",
    targets=SINGLE,
    bounds=UNIT,
    greater_is_better=True,
    limits={"k": (1, 1e6)},
)
def top_k_accuracy(totals: Totals) -> Array:
    """Share of items whose class is among the k that score highest; a tie for the last place is a miss.

    Args:
        totals: weight of the items that miss and of those that hit, shape (w, 2).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Options: ``k``, how many classes may be named, 2 by default.

    Source: Russakovsky et al., ImageNet (2015); scikit-learn, top_k_accuracy_score, which breaks ties by class.

    >>> metrics.get("top_k_accuracy", k=1)(["a", "b", "c"], [[0.5, 0.2, 0.3], [0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])
    0.6666666666666666
    """
    return ratio(totals.weight[:, 1], totals.weight.sum(axis=1))


def _at(counts: Counts, positive: Any) -> tuple[Array, Array, Array]:
    """Hits, truth and predictions of the positive class, each of shape (w,)."""
    place = counts.positive(positive)
    return counts.hit[:, place], counts.true[:, place], counts.predicted[:, place]


@metric("precision", collect=label_pairs, needs="label", targets=("binary",), bounds=UNIT, greater_is_better=True)
def precision(counts: Counts, *, positive: Optional[Union[str, int]] = None) -> Array:
    """Share of the items called positive that are positive.

    Args:
        counts: weighted counts by class, each of shape (w, classes).
        positive: the positive class; by default the last of the labels.

    Returns:
        One score a weighting, shape (w,); nan where nothing is called positive.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7.

    >>> metrics.precision([0, 1, 1, 0], [1, 1, 1, 0])
    0.6666666666666666
    """
    hit, _, predicted = _at(counts, positive)
    return ratio(hit, predicted)


@metric("recall", collect=label_pairs, needs="label", targets=("binary",), bounds=UNIT, greater_is_better=True)
def recall(counts: Counts, *, positive: Optional[Union[str, int]] = None) -> Array:
    """Share of the positive items that are called positive; also called sensitivity.

    Args:
        counts: weighted counts by class, each of shape (w, classes).
        positive: the positive class; by default the last of the labels.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7.

    >>> metrics.get("recall", positive="cat")(["cat", "cat", "dog"], ["cat", "dog", "dog"])
    0.5
    """
    return recall_of(*_at(counts, positive))


@metric("f1", collect=label_pairs, needs="label", targets=("binary",), bounds=UNIT, greater_is_better=True)
def f1(counts: Counts, *, positive: Optional[Union[str, int]] = None) -> Array:
    """Harmonic mean of precision and recall of the positive class.

    Args:
        counts: weighted counts by class, each of shape (w, classes).
        positive: the positive class; by default the last of the labels.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive and nothing is called so.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7.

    >>> metrics.f1([0, 1, 1, 0], [1, 1, 1, 0])
    0.8
    """
    return f1_of(*_at(counts, positive))


@metric(
    "fbeta", collect=label_pairs, needs="label", targets=("binary",), bounds=UNIT, greater_is_better=True, limits=BETA
)
def fbeta(counts: Counts, *, beta: float = 1.0, positive: Optional[Union[str, int]] = None) -> Array:
    """Weighted harmonic mean of precision and recall of the positive class.

    Args:
        counts: weighted counts by class, each of shape (w, classes).
        beta: how many times as much recall counts as precision.
        positive: the positive class; by default the last of the labels.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive and nothing is called so.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7.

    >>> round(metrics.get("fbeta", beta=2)([0, 1, 1, 0], [1, 1, 1, 0]), 12)
    0.909090909091
    """
    return fbeta_of(*_at(counts, positive), beta=beta)


@metric("jaccard", collect=label_pairs, needs="label", targets=("binary",), bounds=UNIT, greater_is_better=True)
def jaccard(counts: Counts, *, positive: Optional[Union[str, int]] = None) -> Array:
    """Items both positive and called positive, by items that are either; intersection over union.

    Args:
        counts: weighted counts by class, each of shape (w, classes).
        positive: the positive class; by default the last of the labels.

    Returns:
        One score a weighting, shape (w,); nan where nothing is positive and nothing is called so.

    Source: Jaccard, Bulletin de la Société vaudoise des sciences naturelles 37 (1901), p. 547.

    >>> metrics.jaccard([0, 1, 1, 0], [1, 1, 1, 0])
    0.6666666666666666
    """
    return jaccard_of(*_at(counts, positive))
