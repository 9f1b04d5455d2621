"""Scores of counts: how many there are, wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.evidence import Additive, Totals
from metrics.hit_rules import checked_names
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.objects import Objects, check_pair
from metrics.regression import value_columns

if TYPE_CHECKING:
    from metrics.catalog import Limits
    from metrics.inputs import Array

POSITIVE = (0.0, np.inf)
UNIT = (0.0, 1.0)
LIMITS: Limits = {"confidence": (-1e9, 1e9), "per": ("category", "image")}
CONFIDENCE = (
    "A box in the wrong place makes up for a missed object: tell it beside a score of detection. The confidence "
    "decides what is counted."
)


def _counted(truth: Any, found: Any, labels: Any, confidence: float, per: str) -> tuple[Array, Array]:
    """How many true and predicted objects each category has in each image, both of shape (categories, images)."""
    check_pair(truth, found, "box")
    checked_names(truth, labels)
    left_out = [flags for flags in (truth.crowd, truth.ignore) if flags is not None]
    counted = ~np.logical_or.reduce(left_out) if left_out else np.ones(truth.count, dtype=bool)
    return _table(truth, counted, per), _table(found, found.score >= confidence, per)


def _table(objects: Objects, counted: Array, per: str) -> Array:
    """How many of some objects each category (or all together) has in each image."""
    rows = objects.categories if per == "category" else 1
    category = objects.category[counted].astype(np.int64) if per == "category" else 0
    place = category * objects.images + objects.image[counted]
    return np.bincount(place, minlength=rows * objects.images).reshape(rows, objects.images).astype(np.float64)


def count_errors(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    confidence: float = 0.5,
    per: str = "category",
) -> Additive:
    """Collect by how much the count of each image and category is off.

    Args:
        y_true: the true objects; crowds and ignored ones are not counted.
        y_pred: the predictions.
        labels: names of the categories.
        confidence: the least score of a prediction that is counted.
        per: ``category``, each by itself, or ``image``, all together.
    """
    true, found = _counted(y_true, y_pred, labels, confidence, per)
    return Additive(true.shape[1], "objects", table=np.abs(true - found))


@metric(
    "count_error",
    collect=count_errors,
    needs="boxes",
    targets=("objects",),
    bounds=POSITIVE,
    greater_is_better=False,
    limits=LIMITS,
    pitfalls=f"Categories that are rare have small errors and lower the mean. {CONFIDENCE}",
)
def count_error(totals: Totals) -> Array:
    """Mean absolute error of the number of objects in an image, of each category, then over categories.

    Args:
        totals: summed errors and weight, shape (w, categories, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in objects; nan where nothing has weight.

    Options: ``confidence``, the least score that is counted, 0.5 by default; ``per``, ``category`` or ``image`` for the
    count of all categories together. Crowds and ignored objects are not counted.

    Source: Lempitsky and Zisserman, NeurIPS (2010), p. 1324.

    >>> true = metrics.objects.Objects(2, 1, [0, 0], [0, 0], box=[[0, 0, 9, 9], [20, 0, 9, 9]])
    >>> found = metrics.objects.Objects(2, 1, [0, 1], [0, 0], box=[[0, 0, 9, 9], [0, 0, 9, 9]], score=[0.9, 0.2])
    >>> metrics.count_error(true, found)
    0.5
    """
    return mean_defined(ratio(totals.sums[:, :, 0], totals.weight))


def count_overlap(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    confidence: float = 0.5,
    per: str = "category",
) -> Additive:
    """Collect the smaller and the larger of the true and the predicted count of each image, as count_errors does."""
    true, found = _counted(y_true, y_pred, labels, confidence, per)
    table = np.stack([np.minimum(true, found).sum(axis=0), np.maximum(true, found).sum(axis=0)])
    return Additive(true.shape[1], "objects", table=table)


@metric(
    "count_csi",
    collect=count_overlap,
    needs="boxes",
    targets=("objects",),
    bounds=UNIT,
    greater_is_better=True,
    limits=LIMITS,
    pitfalls=f"Crowded images rule. {CONFIDENCE}",
)
def count_csi(totals: Totals) -> Array:
    """Critical success index of counts of objects: the smaller counts summed, by the larger counts summed.

    Args:
        totals: sums of the smaller and of the larger counts, shape (w, 2, 1), and weight.

    Returns:
        One score a weighting, shape (w,); nan where nothing is there and nothing is predicted.

    Options: ``confidence``, the least score that is counted, 0.5 by default; ``per``, ``category`` or ``image`` for the
    count of all categories together. Crowds and ignored objects are not counted.

    Source: Gilbert, American Meteorological Journal 1 (1884), p. 166; of counts, as Ruzicka's similarity (1958).

    >>> true = metrics.objects.Objects(2, 1, [0, 0], [0, 0], box=[[0, 0, 9, 9], [20, 0, 9, 9]])
    >>> found = metrics.objects.Objects(2, 1, [0, 1], [0, 0], box=[[0, 0, 9, 9], [0, 0, 9, 9]], score=[0.9, 0.7])
    >>> metrics.count_csi(true, found)
    0.3333333333333333
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 1, 0])


def value_overlap(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect the smaller and the larger of each true and predicted amount; none may be negative."""
    true, predicted = value_columns(y_true, y_pred)
    for values, name in ((true, "y_true"), (predicted, "y_pred")):
        if values.min() < 0:
            count = int(np.count_nonzero(values < 0))
            raise MetricError(f"{name} holds {count} negative entries; csi compares counts or amounts from 0 up")
    table = np.concatenate([np.minimum(true, predicted), np.maximum(true, predicted)])
    table = np.ldexp(table, -int(np.frexp(table.max())[1]))  # only shares count, and sums of the largest would overflow
    return Additive(table.shape[1], "regression", table=table)


@metric(
    "csi",
    collect=value_overlap,
    needs="value",
    targets=("regression",),
    bounds=UNIT,
    greater_is_better=True,
    pitfalls="Large amounts rule, and negative ones are refused; errors of items do not cancel, as sums would.",
)
def csi(totals: Totals) -> Array:
    """Critical success index of counts or amounts: the smaller of each pair summed, by the larger; mean over targets.

    Args:
        totals: sums of the smaller and of the larger of each target, shape (w, 2 · targets, 1), and weight.

    Returns:
        One score a weighting, shape (w,); nan where every amount is 0. Targets without any amount are left out.

    Source: Gilbert, American Meteorological Journal 1 (1884), p. 166; of amounts, as Ruzicka's similarity (1958).

    >>> metrics.csi([2, 0, 3], [1, 1, 3])
    0.6666666666666666
    """
    smaller, larger = np.split(totals.sums[:, :, 0], 2, axis=1)
    return mean_defined(ratio(smaller, larger))
