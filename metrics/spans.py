"""Spans of texts or of time, any number an item: how much of the truth they cover."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.frozen import dataclass
from metrics.in_common import Overlap
from metrics.inputs import MetricError
from metrics.ragged import rows_taken, starts, starts_of

if TYPE_CHECKING:
    from metrics.inputs import Array

FARTHEST = 1 << 31
"""Places at least as large cannot be told apart from those of the next item."""


@dataclass(frozen=True, eq=False, repr=False)
class Spans:
    """Spans of each item, end to end, in any order; an item may have none, and spans may overlap.

    Attributes:
        start: where each item's spans begin and, last, where the last one's end, int64, shape (items + 1,).
        first: the first place of each span, from 0, int64, shape (spans,).
        last: the place behind its last one, int64, shape (spans,).

    Raises:
        MetricError: shapes differ, or a span ends before it begins.
    """

    start: Array
    first: Array
    last: Array

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            array = np.asarray(getattr(self, name))
            if array.ndim != 1 or (len(array) and array.dtype.kind not in "iu"):
                raise MetricError(f"{name} must be an array of whole numbers, shape (spans,)")
            object.__setattr__(self, name, array.astype(np.int64, copy=False))
        if len(self.first) != len(self.last):
            raise MetricError(f"{len(self.first)} spans begin and {len(self.last)} end")
        object.__setattr__(self, "start", starts(self.start, len(self.first)))
        if len(self.first) and (self.first.min() < 0 or self.last.max() >= FARTHEST):
            raise MetricError(f"spans must lie from 0 to {FARTHEST - 1}")
        backward = int(np.count_nonzero(self.first > self.last))
        if backward:
            raise MetricError(f"{backward} spans end before they begin; give first place, place behind the last")

    @classmethod
    def of(cls, rows: Any, name: str = "spans") -> Spans:
        """Spans of Python's pairs.

        Args:
            rows: one list of (first, last) an item, the place ``last`` not included.
            name: what to call the spans in a message.

        Raises:
            MetricError: an entry is no pair of whole numbers, or ends before it begins.

        >>> Spans.of([[(0, 3), (5, 9)], []]).start.tolist()
        [0, 2, 2]
        """
        if isinstance(rows, (str, bytes)) or not hasattr(rows, "__len__"):
            raise MetricError(f"{name} is a single {type(rows).__name__}; give one list of spans an item")
        try:
            length = [len(row) for row in rows]
            flat = np.array([tuple(pair) for pair in chain.from_iterable(rows)] or np.empty((0, 2), dtype=np.int64))
        except (TypeError, ValueError) as fault:
            raise MetricError(f"{name} holds what is no pair (first, last): {fault}") from fault
        if flat.ndim != 2 or flat.shape[1] != 2 or flat.dtype.kind not in "iu":
            raise MetricError(f"{name} must hold pairs (first, last) of whole numbers, item by item")
        try:
            return cls(starts_of(np.array(length, dtype=np.int64)), flat[:, 0], flat[:, 1])
        except MetricError as fault:
            raise MetricError(f"{name}: {fault}") from fault

    def __len__(self) -> int:
        return len(self.start) - 1

    def take(self, index: Array) -> Spans:
        """The spans of some items, by whole numbers or by a mask."""
        start, span = rows_taken(self.start, index)
        return replace(self, start=start, first=self.first[span], last=self.last[span])


def span_overlap(y_true: Any, y_pred: Any) -> Overlap:
    """How many places the spans of truth and prediction share, item by item; a place covered twice counts once.

    Args:
        y_true: Spans, or one list of pairs an item.
        y_pred: the same number of items.

    Raises:
        MetricError: there are no items, or the numbers of items differ.
    """
    truth = y_true if isinstance(y_true, Spans) else Spans.of(y_true, "y_true")
    predicted = y_pred if isinstance(y_pred, Spans) else Spans.of(y_pred, "y_pred")
    if not len(truth) or not len(predicted):
        raise MetricError(f"{'y_pred' if len(truth) else 'y_true'} is empty; a score needs at least one item")
    if len(truth) != len(predicted):
        raise MetricError(f"y_true has {len(truth)} items and y_pred has {len(predicted)}; they must be aligned")
    one, other, either = _covered(truth), _covered(predicted), _covered(truth, predicted)
    return Overlap(one + other - either, one, other)


def _covered(*sides: Spans) -> Array:
    """How many places the spans of one or both sides cover, int64, shape (items,)."""
    n = len(sides[0])
    item = np.concatenate([np.repeat(np.arange(n), np.diff(side.start)) for side in sides])
    first, last = (np.concatenate([getattr(side, name) for side in sides]) for name in ("first", "last"))
    offset = item * (int(last.max(initial=0)) + 1)  # so that all items lie one behind the other
    order = np.argsort(first + offset, kind="stable")
    begin, end = (first + offset)[order], np.maximum.accumulate((last + offset)[order])
    before = np.concatenate((np.zeros(min(1, len(end)), dtype=np.int64), end[:-1]))
    fresh = np.maximum(end - np.maximum(begin, before), 0)
    return np.bincount(item[order], fresh, n).astype(np.int64)
