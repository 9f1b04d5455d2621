"""Labels against labels: the weighted counts that every classification score is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import CHUNK, MetricError, numbers, paired
from metrics.labels import Coded, class_positions, coded_pair, ordered_classes
from metrics.text_codes import narrowest, recoded, tally

if TYPE_CHECKING:
    from metrics.inputs import Array

DENSE = 1 << 16
"""Pairs of values that are counted in a table held in the cache."""


@dataclass(frozen=True)
class Counts:
    """Weighted counts by class under each weighting; columns stand for classes in multilabel truth.

    Attributes:
        hit: weight of the items of a class that were called so, shape (w, classes).
        true: weight of the items of a class, shape (w, classes).
        predicted: weight of the items called by a class, shape (w, classes).
        correct: weight of the items that are right altogether, shape (w,).
        total: weight of all items, shape (w,).
        labels: the classes in order; column numbers in multilabel truth.
        pair: weight of each distinct pair of true and predicted class, shape (w, pairs).
        distance: how many places apart the classes of a pair are, shape (pairs,).
    """

    hit: Array
    true: Array
    predicted: Array
    correct: Array
    total: Array
    labels: tuple[Any, ...]
    pair: Array
    distance: Array

    def positive(self, label: Any) -> int:
        """The place of the positive class of two: the one named, else the last.

        Raises:
            MetricError: no class is named so, or one class is all there is.
        """
        if len(self.labels) < 2:
            raise MetricError("only one class occurs, so which one is positive is not known; give both as labels")
        if label is None:
            return len(self.labels) - 1
        for place, known in enumerate(self.labels):
            if known == label or str(known) == str(label):
                return place
        raise MetricError(f"positive={label} is not one of the labels")


@dataclass(frozen=True, eq=False, repr=False)
class PairCells:
    """Cells that are the distinct pairs of true and predicted class, in the order of the true class.

    Attributes:
        labels: the classes in order.
        true: true class of each cell, ascending, shape (cells,).
        predicted: predicted class of each cell, shape (cells,).
    """

    labels: tuple[Any, ...]
    true: Array
    predicted: Array

    def __call__(self, totals: Totals) -> Counts:
        """Add the cells up by class: three numbers a class, never a square table."""
        weight, size = totals.weight, len(self.labels)
        right = np.flatnonzero(self.true == self.predicted)
        hit = np.zeros((len(weight), size))
        hit[:, self.true[right]] = weight[:, right]
        order = np.argsort(self.predicted, kind="stable")
        true = _by_class(weight, self.true, size)
        predicted = _by_class(weight[:, order], self.predicted[order], size)
        distance = np.abs(self.true - self.predicted)
        return Counts(hit, true, predicted, hit.sum(axis=1), weight.sum(axis=1), self.labels, weight, distance)


def _by_class(weight: Array, ordered: Array, size: int) -> Array:
    """Sum cells that are ordered by class, shape (w, classes)."""
    out = np.zeros((len(weight), size))
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    out[:, ordered[first]] = np.add.reduceat(weight, first, axis=1)
    return out


@dataclass(frozen=True, eq=False, repr=False)
class ColumnCells:
    """Four cells a column of a multilabel matrix (2 true + predicted), then one for wrong and one for right rows."""

    columns: int

    def __call__(self, totals: Totals) -> Counts:
        """Read the columns as classes."""
        cell = totals.weight[:, :-2].reshape(len(totals.weight), self.columns, 4)
        hit, correct = cell[..., 3], totals.weight[:, -1]
        total = totals.weight[:, -2] + correct
        true, predicted = cell[..., 2] + hit, cell[..., 1] + hit
        nothing = np.zeros((len(hit), 0))
        return Counts(hit, true, predicted, correct, total, tuple(range(self.columns)), nothing, nothing[0])


def label_pairs(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect each item's pair of true and predicted label; of a 0/1 matrix, one pair a column.

    Args:
        y_true: labels, shape (n,), or a 0/1 matrix, shape (n, columns).
        y_pred: the same shape.
        labels: the classes in order; by default those that occur, sorted.

    Raises:
        MetricError: shapes differ, labels are missing, or a label is not among ``labels``.
    """
    truth, prediction = paired(y_true, y_pred)
    if truth.ndim == 2 or prediction.ndim == 2:
        return _column_confusion(*binary_matrices(truth, prediction))
    one, other = coded_pair(truth, prediction)
    code, cells, count = _pairs(one, other)
    true_value, predicted_value = cells // len(other.values), cells % len(other.values)
    values = [(one, true_value, "y_true"), (other, predicted_value, "y_pred")]
    used = [np.bincount(value, minlength=len(column.values)) > 0 for column, value, _ in values]
    present = [column.values[i] for (column, _, _), flag in zip(values, used) for i in np.flatnonzero(flag).tolist()]
    classes = ordered_classes(present, labels)
    true, predicted = (
        class_positions(column.values, flag, classes, name)[value] for (column, value, name), flag in zip(values, used)
    )
    order = np.argsort(true, kind="stable")
    if not np.array_equal(order, np.arange(len(order))):
        place = np.empty(len(order), dtype=narrowest(len(order)))
        place[order] = np.arange(len(order))
        code, true, predicted, count = recoded(place, code), true[order], predicted[order], count[order]
    target = "binary" if len(classes) <= 2 else "multiclass"
    return Additive(len(code), target, PairCells(classes, true, predicted), code, len(true), count=count)


def _pairs(one: Coded, other: Coded) -> tuple[Array, Array, Array]:
    """Each item's distinct pair as a small code, the pairs, and how many items each has."""
    size = len(one.values) * len(other.values)
    if size > DENSE:
        return _sparse_pairs(one, other)
    n = len(one.stored)
    code = np.empty(n, dtype=narrowest(size))
    small = code.dtype == np.uint8 and one.stored.dtype == other.stored.dtype == np.uint8 and not one.low + other.low
    if small:
        np.multiply(one.stored, np.uint8(len(other.values)), out=code)
        code += other.stored
    for start in range(0, 0 if small else n, CHUNK):
        rows = slice(start, start + CHUNK)
        pair = one.codes(rows)
        pair *= len(other.values)
        pair += other.codes(rows)
        code[rows] = pair
    count = tally(code, size)
    cells = np.flatnonzero(count)
    if len(cells) < size:
        place = np.zeros(size, dtype=narrowest(len(cells)))
        place[cells] = np.arange(len(cells))
        code = recoded(place, code)
    return code, cells, count[cells]


def _sparse_pairs(one: Coded, other: Coded) -> tuple[Array, Array, Array]:
    """The same where a table of all pairs would be large: sort, with each item's row in the low bits."""
    pair = one.codes()
    pair *= len(other.values)
    pair += other.codes()
    bits = max(1, (len(pair) - 1).bit_length())
    if len(one.values) * len(other.values) < 1 << (63 - bits):
        ordered = np.sort((pair << bits) | np.arange(len(pair)))
        row = ordered & ((1 << bits) - 1)
        ordered >>= bits
    else:
        row = np.argsort(pair, kind="stable")
        ordered = pair[row]
    fresh = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    first = np.flatnonzero(fresh)
    code = np.empty(len(pair), dtype=narrowest(len(first)))
    code[row] = np.cumsum(fresh) - 1
    return code, ordered[first], np.diff(np.append(first, len(pair)))


def binary_matrices(truth: Array, prediction: Array) -> tuple[Array, Array]:
    """Two 0/1 matrices as uint8, shape (n, columns).

    Raises:
        MetricError: the shapes differ or an entry is neither 0 nor 1.
    """
    if truth.shape != prediction.shape:
        raise MetricError(f"y_true has shape {truth.shape} and y_pred {prediction.shape}; multilabel needs the same")
    return binary_matrix(truth, "y_true"), binary_matrix(prediction, "y_pred")


def binary_matrix(array: Array, name: str) -> Array:
    """A 0/1 matrix as uint8."""
    if array.dtype.kind == "O":
        array = numbers(array, name)
    if array.dtype.kind not in "biuf" or not ((array == 0) | (array == 1)).all():
        raise MetricError(f"{name} must hold only 0 and 1: one column a label, shape (items, labels)")
    return array.astype(np.uint8)


def _column_confusion(truth: Array, prediction: Array) -> Additive:
    """Cells of a 0/1 matrix."""
    n, columns = truth.shape
    code = np.empty((n, columns + 1), dtype=narrowest(4 * columns + 2))
    code[:, :-1] = 2 * truth + prediction
    code[:, :-1] += np.arange(0, 4 * columns, 4, dtype=code.dtype)
    code[:, -1] = 4 * columns + (truth == prediction).all(axis=1)
    return Additive(n, "multilabel", ColumnCells(columns), code, 4 * columns + 2)


@dataclass(frozen=True)
class RowCounts:
    """How much each distinct kind of row has in common with its prediction.

    Attributes:
        weight: weight of the rows of a kind, shape (w, kinds).
        hit: labels that are true and predicted, shape (kinds,).
        true: labels that are true, shape (kinds,).
        predicted: labels that are predicted, shape (kinds,).
    """

    weight: Array
    hit: Array
    true: Array
    predicted: Array


@dataclass(frozen=True, eq=False, repr=False)
class RowCells:
    """Cells that are the distinct triples of hits, true labels and predicted labels of a row."""

    hit: Array
    true: Array
    predicted: Array

    def __call__(self, totals: Totals) -> RowCounts:
        """Put the weights beside the triples."""
        return RowCounts(totals.weight, self.hit, self.true, self.predicted)


def row_overlap(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect, of each row of a 0/1 matrix, how many labels are hit, true and predicted.

    Args:
        y_true: 0/1 matrix, shape (n, columns).
        y_pred: the same shape.
        labels: names of the columns, unused.
    """
    truth, prediction = paired(y_true, y_pred)
    if truth.ndim != 2:
        raise MetricError(f"y_true has shape {truth.shape}; scores by sample need a 0/1 matrix (items, labels)")
    truth, prediction = binary_matrices(truth, prediction)
    side = truth.shape[1] + 1
    sizes = [part.sum(axis=1, dtype=np.int64) for part in (truth & prediction, truth, prediction)]
    hits = Coded(sizes[0], 0, range(side))
    code, cells, count = _pairs(hits, Coded(sizes[1] * side + sizes[2], 0, range(side * side)))
    hit, rest = cells // (side * side), cells % (side * side)
    return Additive(len(code), "multilabel", RowCells(hit, rest // side, rest % side), code, len(cells), count=count)
