"""Scores of ranked lists: whether what is relevant comes, and comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.by_item import ByItem, WeighedItems
from metrics.catalog import metric
from metrics.confusion import binary_matrix
from metrics.evidence import Additive, Totals
from metrics.in_common import overlaps
from metrics.inputs import MetricError, numbers, paired, ratio
from metrics.label_ranking import precision_at_labels
from metrics.lists import list_pair
from metrics.retrieved import Retrieved, discounts, hits, leading

if TYPE_CHECKING:
    from metrics.inputs import Array

UNIT = (0.0, 1.0)
DEPTH = (1, 1e9)
STEEPEST = 500.0
"""A gain above this would make 2 to its power more than a double holds in sums."""

listed = partial(metric, collect=hits, needs="lists", targets=("lists",), bounds=UNIT, greater_is_better=True)
"""What the metrics of ranked lists have in common."""

ranked = partial(metric, needs="score", targets=("multilabel",), bounds=UNIT, greater_is_better=True)
"""What the metrics of scores of all labels have in common."""


@listed(
    "map_at_k",
    adapt=lambda asked: replace(asked, attained=asked.options["divide"] == "capped"),
    limits={"k": DEPTH, "divide": ("capped", "relevant")},
    pitfalls="Order inside the list counts, and labels behind rank k count for nothing. Tools differ in what they "
    "divide by: trec_eval's map_cut divides by all relevant labels, Kaggle's MAP@k by no more than k of them.",
)
def map_at_k(items: WeighedItems, *, k: int = 10, divide: str = "capped") -> Array:
    """Precision at the rank of each relevant label among the first k, summed and divided; then the mean over items.

    Args:
        items: the hits of each item, and how much each item counts.
        k: how many labels of a list are looked at.
        divide: by what: ``capped``, the number of relevant labels but at most k, as Kaggle does; ``relevant``, the
            number of relevant labels, as trec_eval does.

    Returns:
        One score a weighting, shape (w,); nan where no item has a relevant label. Items without one are left out.

    A label that is listed again takes its rank and is no hit. A short or empty list scores what its hits score.

    Source: Buckley and Voorhees, SIGIR (2000), p. 33; Kaggle's MAP@k; trec_eval, map and map_cut.

    >>> metrics.get("map_at_k", k=5)([["ant", "bee"], ["cat"]], [["ant", "cow", "bee"], ["dog", "cat"]])
    0.6666666666666666
    """
    known: Retrieved = items.known
    relevant = known.relevant
    whole = np.minimum(relevant, k) if divide == "capped" else relevant
    return items.mean(known.share(known.summed(known.number / known.rank, k), whole))


@listed(
    "ndcg_at_k",
    limits={"k": DEPTH, "gain": ("linear", "exponential")},
    pitfalls="Tools differ in the gain: linear in trec_eval and scikit-learn, 2^gain - 1 in web search and LightGBM. "
    "With 0/1 relevance both agree.",
)
def ndcg_at_k(items: WeighedItems, *, k: int = 10, gain: str = "linear") -> Array:
    """Gain of the labels found, discounted by log2(1 + rank), by that of the best list of k; the mean over items.

    Args:
        items: the hits of each item, and how much each item counts.
        k: how many labels of a list are looked at.
        gain: what a label of gain g is worth: ``linear``, g; ``exponential``, 2^g - 1.

    Returns:
        One score a weighting, shape (w,); nan where no item has a relevant label. Items without one are left out.

    Gains come with the truth (`Lists.gain`); without them each relevant label has gain 1. A label that is listed again
    takes its rank and gains nothing.

    Source: Järvelin and Kekäläinen, ACM TOIS 20 (2002), p. 422; Burges et al., ICML (2005), p. 89, for 2^g - 1.

    >>> true = metrics.Lists.of([["ant", "bee"]], gains=[[3.0, 1.0]])
    >>> round(metrics.ndcg_at_k(true, [["bee", "ant"]]), 12)
    0.796707580991
    """
    known: Retrieved = items.known
    won, best = known.gain, known.ideal
    if gain == "exponential":
        if best.max(initial=0.0) > STEEPEST:
            raise MetricError(f"a gain above {STEEPEST:g} has no exponential; use gain=linear")
        won, best = 2**won - 1, 2**best - 1
    deepest = int(max(known.rank.max(initial=1), known.relevant.max(initial=1)))
    scale = discounts(deepest)
    place = np.arange(len(best)) - np.repeat(known.ideal_start[:-1], known.relevant)
    whole = leading(known.ideal_start, best * scale[place], k)
    return items.mean(known.share(known.summed(won * scale[known.rank - 1], k), whole))


@listed(
    "mrr_at_k",
    limits={"k": DEPTH},
    pitfalls="Only the first relevant label counts: with several relevant labels, map_at_k or ndcg_at_k see the rest.",
)
def mrr_at_k(items: WeighedItems, *, k: int = 10) -> Array:
    """One by the rank of the first relevant label, 0 where it is not among the first k; the mean over items.

    Args:
        items: the hits of each item, and how much each item counts.
        k: how many labels of a list are looked at.

    Returns:
        One score a weighting, shape (w,); nan where no item has a relevant label. Items without one are left out.

    Source: Voorhees, TREC-8 question answering track report (1999), p. 77; trec_eval, recip_rank.

    >>> metrics.mrr_at_k([["ant", "bee"], ["cat"]], [["cow", "bee", "ant"], ["cat"]])
    0.75
    """
    known: Retrieved = items.known
    first = np.where(known.number == 1, 1.0 / known.rank, 0.0)
    return items.mean(known.share(known.summed(first, k), np.ones(known.n)))


@listed(
    "recall_at_k",
    attained=False,
    limits={"k": DEPTH},
    pitfalls="The order among the first k does not count, and an item with more than k relevant labels cannot reach 1.",
)
def recall_at_k(items: WeighedItems, *, k: int = 10) -> Array:
    """Share of the relevant labels that are among the first k of the list; the mean over items.

    Args:
        items: the hits of each item, and how much each item counts.
        k: how many labels of a list are looked at.

    Returns:
        One score a weighting, shape (w,); nan where no item has a relevant label. Items without one are left out.

    Source: Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), ch. 8; trec_eval, recall.

    >>> metrics.get("recall_at_k", k=2)([["ant", "bee"], ["cat"]], [["ant", "cow", "bee"], ["dog", "cat"]])
    0.75
    """
    known: Retrieved = items.known
    return items.mean(known.share(known.within(k), known.relevant))


@listed(
    "precision_at_k",
    attained=False,
    limits={"k": DEPTH},
    pitfalls="It divides by k even where fewer labels are relevant or listed, so a perfect list may score below 1.",
)
def precision_at_k(items: WeighedItems, *, k: int = 10) -> Array:
    """How many of the first k labels of the list are relevant, divided by k; the mean over items.

    Args:
        items: the hits of each item, and how much each item counts.
        k: how many labels of a list are looked at.

    Returns:
        One score a weighting, shape (w,); nan where no item has a relevant label. Items without one are left out.

    Source: Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), ch. 8; trec_eval, P.

    >>> metrics.get("precision_at_k", k=2)([["ant", "bee"], ["cat"]], [["ant", "bee"], ["dog", "cat"]])
    0.75
    """
    known: Retrieved = items.known
    return items.mean(known.share(known.within(k), np.full(known.n, k)))


@listed(
    "r_precision",
    pitfalls="Each item is cut at its own number of relevant labels, so participants cannot see the cut.",
)
def r_precision(items: WeighedItems) -> Array:
    """Share of the relevant labels among as many first labels as are relevant; the mean over items.

    Args:
        items: the hits of each item, and how much each item counts.

    Returns:
        One score a weighting, shape (w,); nan where no item has a relevant label. Items without one are left out.

    Source: Buckley and Voorhees, SIGIR (2000), p. 33; trec_eval, Rprec.

    >>> metrics.r_precision([["ant", "bee"], ["cat"]], [["ant", "cow", "bee"], ["cat"]])
    0.75
    """
    known: Retrieved = items.known
    return items.mean(known.share(known.within(known.relevant), known.relevant))


@listed(
    "hit_rate_at_k",
    limits={"k": DEPTH},
    pitfalls="One relevant label among the first k is enough, wherever it stands; with one relevant label an item "
    "it is top-k accuracy.",
)
def hit_rate_at_k(items: WeighedItems, *, k: int = 10) -> Array:
    """Share of the items with a relevant label among the first k of the list.

    Args:
        items: the hits of each item, and how much each item counts.
        k: how many labels of a list are looked at.

    Returns:
        One score a weighting, shape (w,); nan where no item has a relevant label. Items without one are left out.

    Source: trec_eval, success; top-k accuracy as in Russakovsky et al., ImageNet (2015).

    >>> metrics.get("hit_rate_at_k", k=2)([["ant", "bee"], ["cat"]], [["cow", "bee"], ["dog", "ant", "cat"]])
    0.5
    """
    known: Retrieved = items.known
    return items.mean(known.share((known.within(k) > 0).astype(np.float64), np.ones(known.n)))


def label_sets(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> ByItem:
    """Collect what the true and the predicted labels of each item have in common, in any order.

    Args:
        y_true: Lists, or one list of labels an item; what comes again counts once.
        y_pred: the same number of lists.
        labels: not used; lists name their own.

    Raises:
        MetricError: the numbers of items differ, or text meets numbers.
    """
    truth, predicted, _ = list_pair(y_true, y_pred, apart=True)
    return ByItem(truth.rows, "lists", overlaps(truth, predicted), width=4)


@metric(
    "list_fbeta",
    collect=label_sets,
    needs="lists",
    targets=("lists",),
    bounds=UNIT,
    greater_is_better=True,
    limits={"beta": (0.0, 1e6), "average": ("items", "pooled")},
    pitfalls="Every label listed is a claim, so long lists lose precision; an item with no true and no predicted label "
    "is left out, where some tools count 0 or 1.",
)
def list_fbeta(items: WeighedItems, *, beta: float = 1.0, average: str = "items") -> Array:
    """Weighted harmonic mean of precision and recall of the set of labels of each item; the mean over items.

    Args:
        items: what truth and prediction of each item share, and how much each item counts.
        beta: how many times as much recall counts as precision.
        average: ``items``, the mean over items; ``pooled``, all labels of all items as one set (micro).

    Returns:
        One score a weighting, shape (w,); nan where no item has a label. Items without true and predicted labels are
        left out.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7; the same as fbeta_samples and fbeta_micro of a matrix.

    >>> metrics.list_fbeta([["ant", "bee"], ["cat"]], [["ant"], ["cat", "dog"]])
    0.6666666666666666
    """
    known = items.known
    if average == "items":
        return items.mean(known.fbeta(beta))
    shared, true, predicted = items.sums(np.stack((known.shared, known.true, known.predicted))).T
    return ratio((1 + beta**2) * shared, beta**2 * true + predicted)


def label_rankings(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the precision at the rank of each true label.

    Args:
        y_true: a 0/1 matrix, shape (n, labels).
        y_pred: one score an item and label, the same shape; the highest is the first.
        labels: not used; the columns are the labels.

    Raises:
        MetricError: the shapes differ, truth is not 0/1, or a score is NaN or infinite.
    """
    truth, prediction = paired(y_true, y_pred)
    score = numbers(prediction, "y_pred")
    if truth.ndim != 2 or truth.shape != score.shape:
        raise MetricError(f"y_true has shape {truth.shape} and y_pred {score.shape}; give equal matrices")
    total, count = precision_at_labels(binary_matrix(truth, "y_true").astype(bool), score)
    table = np.stack((np.where(count > 0, ratio(total, count), 0.0), count > 0, total, count))
    return Additive(len(score), "multilabel", table=table)


@ranked(
    "lrap",
    collect=label_rankings,
    pitfalls="It ranks labels inside an item: scores are not compared between items. Items without a true label are "
    "left out, where scikit-learn counts 1.",
)
def lrap(totals: Totals) -> Array:
    """Precision at the rank of each true label of an item, their mean, then the mean over items.

    Args:
        totals: summed precisions, shape (w, 4, 1).

    Returns:
        One score a weighting, shape (w,); nan where no item has a true label. Items without one are left out.

    Labels of equal score share the lowest of their ranks.

    Source: Schapire and Singer, Machine Learning 39 (2000), p. 135; scikit-learn,
    label_ranking_average_precision_score.

    >>> metrics.lrap([[1, 0, 0], [0, 0, 1]], [[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
    0.41666666666666663
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 1, 0])


@ranked(
    "lwlrap",
    collect=label_rankings,
    pitfalls="Every true label counts alike, so items with many labels, and frequent labels, rule the score.",
)
def lwlrap(totals: Totals) -> Array:
    """Precision at the rank of each true label of each item, then the mean over all true labels.

    Args:
        totals: summed precisions, shape (w, 4, 1).

    Returns:
        One score a weighting, shape (w,); nan where no item has a true label.

    Labels of equal score share the lowest of their ranks.

    Source: Fonseca et al., Audio tagging with noisy labels and minimal supervision, DCASE (2019), p. 69.

    >>> metrics.lwlrap([[1, 1, 0], [0, 0, 1]], [[0.75, 1.0, 0.5], [1.0, 0.2, 0.1]])
    0.7777777777777778
    """
    return ratio(totals.sums[:, 2, 0], totals.sums[:, 3, 0])
