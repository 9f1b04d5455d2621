"""Scores of sequences: orders of the same things, rows of labels one after the other, and spans."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.by_item import ByItem, WeighedItems
from metrics.catalog import metric
from metrics.edits import edit_distances
from metrics.frozen import dataclass
from metrics.inputs import ratio
from metrics.lists import list_pair
from metrics.orderings import inversions, quick_places, true_places
from metrics.spans import span_overlap

if TYPE_CHECKING:
    from metrics.inputs import Array

UNIT = (0.0, 1.0)
POSITIVE = (0.0, np.inf)


@dataclass(frozen=True, eq=False, repr=False)
class PerItem:
    """Several numbers of each item.

    Attributes:
        table: float64, shape (numbers, n).
    """

    table: Array

    def take(self, index: Array) -> PerItem:
        """The numbers of some items, by whole numbers or by a mask."""
        return PerItem(self.table[:, index])


def disorder(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> ByItem:
    """Collect how many pairs of each list stand the wrong way round, and how many pairs there are.

    Args:
        y_true: Lists, or one list an item, in the right order.
        y_pred: the same labels in the order predicted.
        labels: not used; lists name their own.

    Raises:
        MetricError: the lists of an item do not hold the same labels, each once.
    """
    known = quick_places(y_true, y_pred)
    if known is None:
        truth, predicted, _ = list_pair(y_true, y_pred)
        known = predicted.start, true_places(truth, predicted)
    start, place = known
    length = np.diff(start)
    table = np.stack((inversions(start, place), length * (length - 1) // 2)).astype(np.float64)
    return ByItem(len(length), "lists", PerItem(table))


@metric(
    "ordering_tau",
    collect=disorder,
    needs="lists",
    targets=("lists",),
    bounds=(-1.0, 1.0),
    greater_is_better=True,
    limits={"average": ("pooled", "items")},
    pitfalls="Pooled, an item of 100 labels has about 100 times as many pairs as one of 10, so long lists rule; "
    "average=items weighs items alike. A list that lacks a label, or has a strange one, is refused.",
)
def ordering_tau(items: WeighedItems, *, average: str = "pooled") -> Array:
    """Kendall's tau of orders of the same labels: 1 less twice the share of pairs that stand the wrong way round.

    Args:
        items: pairs of each item that stand the wrong way round, and all pairs.
        average: ``pooled``, pairs of all items together; ``items``, the mean of the tau of each item.

    Returns:
        One score a weighting, shape (w,), -1 where all is reversed; nan where no list has two labels. Lists of one
        label or none are left out.

    Source: Kendall, Biometrika 30 (1938), p. 81; pooled as in Kaggle's AI4Code (2022).

    >>> metrics.ordering_tau([["a", "b", "c"], ["d", "e"]], [["a", "c", "b"], ["e", "d"]])
    0.0
    """
    wrong, pairs = items.known.table
    if average == "items":
        return items.mean(1.0 - 2.0 * ratio(wrong, pairs))
    total = items.sums(items.known.table)
    return 1.0 - 2.0 * ratio(total[:, 0], total[:, 1])


def label_edits(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> ByItem:
    """Collect the edit distance of each pair of lists, and how many labels the true one has.

    Args:
        y_true: Lists, or one list of labels an item, in order.
        y_pred: the same number of lists.
        labels: not used; lists name their own.

    Raises:
        MetricError: the numbers of items differ, or text meets numbers.
    """
    truth, predicted, _ = list_pair(y_true, y_pred)
    table = np.stack((edit_distances(truth, predicted), truth.length)).astype(np.float64)
    return ByItem(truth.rows, "lists", PerItem(table))


edited = partial(
    metric, collect=label_edits, needs="lists", targets=("lists",), bounds=POSITIVE, greater_is_better=False
)
"""What the metrics that count edits of labels have in common."""


@edited(
    "sequence_edit_distance",
    pitfalls="It has no upper end: one long list may outweigh many short ones.",
)
def sequence_edit_distance(items: WeighedItems) -> Array:
    """Fewest labels to insert, delete or replace to turn one list into the other; the mean over items.

    Args:
        items: edits of each item, and labels of its true list.

    Returns:
        One score a weighting, shape (w,), in labels; nan where nothing has weight.

    Source: Levenshtein, Soviet Physics Doklady 10 (1966), p. 707.

    >>> metrics.sequence_edit_distance([[1, 2, 3], [4]], [[1, 3], [4, 4, 4]])
    1.5
    """
    return items.mean(items.known.table[0])


@edited(
    "sequence_error_rate",
    pitfalls="Labels of all items are pooled, so long lists count more; too many labels may lift it above 1.",
)
def sequence_error_rate(items: WeighedItems) -> Array:
    """Edit distances of all lists, summed, by the labels of all true lists; may exceed 1.

    Args:
        items: edits of each item, and labels of its true list.

    Returns:
        One score a weighting, shape (w,); nan where the true lists have no label.

    Source: Escalera et al., Multi-modal gesture recognition challenge, ICMI (2013), p. 445.

    >>> metrics.sequence_error_rate([[1, 2, 3], [4]], [[1, 3], [4]])
    0.25
    """
    total = items.sums(items.known.table)
    return ratio(total[:, 0], total[:, 1])


def span_shares(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> ByItem:
    """Collect how many places the spans of each item share.

    Args:
        y_true: Spans, or one list of pairs (first, last) an item, ``last`` not included.
        y_pred: the same number of items.
        labels: not used.

    Raises:
        MetricError: the numbers of items differ, or a span is none.
    """
    known = span_overlap(y_true, y_pred)
    return ByItem(len(known.true), "spans", known, width=4)


spanned = partial(metric, collect=span_shares, needs="spans", targets=("spans",), bounds=UNIT, greater_is_better=True)
"""What the metrics of spans have in common."""


@spanned(
    "span_jaccard",
    pitfalls="An item with a short true span moves the score as much as one with a long one; an item without a true "
    "span scores 0 as soon as anything is predicted.",
)
def span_jaccard(items: WeighedItems) -> Array:
    """Places covered by true and predicted spans, by places covered by either; the mean over items.

    Args:
        items: places that truth and prediction of each item cover and share.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight. Where neither covers a place the item scores 1.

    Source: Jaccard, Bulletin de la Société vaudoise des sciences naturelles 37 (1901), p. 547.

    >>> metrics.span_jaccard([[(0, 4)], [(2, 6)]], [[(2, 4)], [(2, 4), (3, 6)]])
    0.75
    """
    shares = items.known.jaccard()
    return items.mean(np.where(np.isnan(shares), 1.0, shares))


@spanned(
    "span_fbeta",
    limits={"beta": (0.0, 1e6)},
    pitfalls="Places of all items are pooled, so long spans count more, and where one span ends and the next begins "
    "does not count.",
)
def span_fbeta(items: WeighedItems, *, beta: float = 1.0) -> Array:
    """Weighted harmonic mean of precision and recall of the places covered by spans, of all items pooled.

    Args:
        items: places that truth and prediction of each item cover and share.
        beta: how many times as much recall counts as precision.

    Returns:
        One score a weighting, shape (w,); nan where nothing is covered.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7; micro F1 of letters as in Kaggle's NBME (2022).

    >>> metrics.span_fbeta([[(0, 4)], []], [[(2, 4)], [(0, 2)]])
    0.5
    """
    known = items.known
    shared, true, predicted = items.sums(np.stack((known.shared, known.true, known.predicted)).astype(np.float64)).T
    return ratio((1 + beta**2) * shared, beta**2 * true + predicted)
