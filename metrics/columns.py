"""Truth in classes against numbers a class: what probabilities and ranking scores have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.evidence import Additive
from metrics.inputs import CHUNK, MetricError, numbers, paired, probabilities
from metrics.labels import encode

if TYPE_CHECKING:
    from metrics.inputs import Array

FEW = 8
"""Columns from which numpy adds the numbers of a row in another order."""

SUM_TOLERANCE = 1e-3
"""How far the probabilities of one item may be from summing to 1."""


def class_scores(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]],
    read: Callable[[Array, str], Array] = numbers,
) -> tuple[Array, tuple[Any, ...], Array]:
    """Each item's class, the classes, and the numbers predicted.

    Args:
        y_true: labels, shape (n,).
        y_pred: one number an item for the last of two classes, shape (n,), or one a class, shape (n, classes).
        labels: the classes in the order of the columns; by default those in truth, sorted.
        read: checks and converts the numbers.

    Returns:
        Codes, shape (n,); the classes; the numbers, float64, shape (n,) or (n, classes).

    Raises:
        MetricError: the columns do not fit the classes, or one column meets more than two classes.
    """
    truth, prediction = paired(y_true, y_pred)
    codes, classes = encode(truth, labels)
    numbers_read = read(prediction, "y_pred")
    if numbers_read.ndim == 2 and numbers_read.shape[1] == 1:
        numbers_read = numbers_read[:, 0]
    columns = 1 if numbers_read.ndim == 1 else numbers_read.shape[1]
    if columns == 1 and len(classes) != 2:
        raise MetricError(
            f"y_pred has one column, which fits two classes, and there are {len(classes)}; "
            "give one column a class, or name the classes in labels"
        )
    if columns > 1 and columns != len(classes):
        raise MetricError(
            f"y_pred has {columns} columns for {len(classes)} classes; give labels, one a column, in order"
        )
    return codes, classes, numbers_read


def class_probabilities(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]]
) -> tuple[Array, tuple[Any, ...], Array]:
    """As `class_scores`, for probabilities; rows of several columns are divided by their sum.

    Raises:
        MetricError: a probability lies outside [0, 1], or a row's sum is off 1 by more than 0.001.
    """
    codes, classes, chance, total = summed_probabilities(y_true, y_pred, labels)
    return codes, classes, chance if total is None else chance / total[:, None]


def summed_probabilities(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]]
) -> tuple[Array, tuple[Any, ...], Array, Optional[Array]]:
    """As `class_probabilities`, but for the division: the sum of each row of several columns comes last, else None."""
    codes, classes, chance = class_scores(y_true, y_pred, labels, probabilities)
    if chance.ndim == 1:
        return codes, classes, chance, None
    total = _row_sums(chance)
    off = np.abs(total - 1.0)
    if off.max() > SUM_TOLERANCE:
        count, first = int(np.count_nonzero(off > SUM_TOLERANCE)), int(np.argmax(off > SUM_TOLERANCE))
        message = f"{count} rows of y_pred do not sum to 1 (row {first} sums to {total[first]:.6g})"
        raise MetricError(f"{message}; divide each row by its sum")
    return codes, classes, chance, total


def _row_sums(chance: Array) -> Array:
    """The sum of each row: of few columns column by column, in the order in which numpy adds, but faster."""
    if chance.shape[1] >= FEW:
        out: Array = np.ascontiguousarray(chance).sum(axis=1)  # of columns end to end numpy adds in yet another order
        return out
    out = np.empty(len(chance))
    for rows in row_chunks(*chance.shape):
        np.add(chance[rows, 0], chance[rows, 1], out=out[rows])
        for column in range(2, chance.shape[1]):
            out[rows] += chance[rows, column]
    return out


def target_of(classes: Sequence[Any]) -> str:
    """The shape of truth with these classes."""
    return "binary" if len(classes) <= 2 else "multiclass"


def row_chunks(n: int, columns: int = 1) -> Iterator[slice]:
    """Slices of rows that stay in the cache."""
    step = max(1, CHUNK // columns)
    return (slice(start, start + step) for start in range(0, n, step))


def top_k(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, k: int = 2) -> Additive:
    """Collect whether each item's class is among the k that score highest.

    Args:
        y_true: labels, shape (n,).
        y_pred: one score a class, shape (n, classes).
        labels: the classes in the order of the columns.
        k: how many classes may be named.
    """
    truth, prediction = paired(y_true, y_pred)
    if prediction.ndim == 1 or prediction.shape[1] == 1:
        raise MetricError("y_pred has one column; top-k accuracy needs one score a class, shape (items, classes)")
    codes, classes, score = class_scores(truth, prediction, labels)
    hit = np.empty(len(codes), dtype=np.uint8)
    for rows in row_chunks(*score.shape):
        own = np.take_along_axis(score[rows], codes[rows, None].astype(np.int64), axis=1)
        hit[rows] = (score[rows] >= own).sum(axis=1) <= k
    return Additive(len(codes), target_of(classes), code=hit, cells=2)
