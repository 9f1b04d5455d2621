"""What every metric asks of its arrays, and the two divisions all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Score = Union[float, Array]

CHUNK = 1 << 16
"""Rows handled at a time where a pass over the data should stay in the processor's cache."""


class MetricError(ValueError):
    """The arrays, the labels or the options of a metric are not what it can score."""


def as_array(values: Any, name: str) -> Array:
    """Take what numpy takes; refuse what has no rows, hidden rows, or rows of several lengths."""
    if hasattr(values, "mask") and isinstance(values, np.ndarray):
        raise MetricError(f"{name} is a masked array; leave the masked rows out, or fill them, before scoring")
    try:
        array = np.asarray(values)
    except ValueError as fault:
        raise MetricError(f"{name} has rows of different lengths: {fault}") from fault
    if array.ndim == 0:
        raise MetricError(f"{name} is a single {type(values).__name__}; give one entry an item")
    if array.size == 0:
        raise MetricError(f"{name} is empty; a score needs at least one item")
    if array.ndim > 2:
        raise MetricError(f"{name} has {array.ndim} dimensions; give shape (items,) or (items, columns)")
    return array


def paired(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """Both arrays, one row an item, equally long.

    Raises:
        MetricError: an array is empty, ragged, masked or of the wrong dimension, or the lengths differ.
    """
    truth, prediction = as_array(y_true, "y_true"), as_array(y_pred, "y_pred")
    if len(truth) != len(prediction):
        raise MetricError(f"y_true has {len(truth)} items and y_pred has {len(prediction)}; they must be aligned")
    return truth, prediction


def numbers(values: Array, name: str) -> Array:
    """The values as finite float64; text, times, complex numbers, NaN and infinity are refused."""
    if values.dtype.kind == "O":
        try:
            values = np.array([_number(value) for value in values.ravel().tolist()]).reshape(values.shape)
        except (TypeError, ValueError, OverflowError) as fault:
            raise MetricError(f"{name} must hold numbers, and not every entry is one") from fault
    if values.dtype.kind not in "biuf":
        raise MetricError(f"{name} must hold numbers, not {values.dtype}")
    finite = values.astype(np.float64, copy=False)
    if values.dtype.kind == "f" and not all_finite(finite):
        count = int(np.count_nonzero(~np.isfinite(finite)))
        raise MetricError(f"{name} holds {count} entries that are NaN or infinite; every item needs a finite number")
    return finite


def _number(value: Any) -> float:
    """One object as a number; text that looks like one is still text."""
    if isinstance(value, (str, bytes)) or value is None:
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def all_finite(values: Array) -> bool:
    """Whether no entry is NaN or infinite, without a temporary as long as the array."""
    low, high = extremes(values)
    return bool(np.isfinite(low) and np.isfinite(high))


def extremes(values: Array) -> tuple[float, float]:
    """Smallest and largest entry, in one pass through memory; nan where an entry is nan."""
    if values.ndim > 1 or len(values) <= CHUNK:
        return float(values.min()), float(values.max())
    parts = [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
    lows, highs = zip(*((part.min(), part.max()) for part in parts))
    return float(np.min(lows)), float(np.max(highs))


def probabilities(values: Array, name: str = "y_pred") -> Array:
    """The values as float64 between 0 and 1, both included."""
    if values.dtype == np.float64:
        low, high = extremes(values)
        if low >= 0 and high <= 1:
            return values
    values = numbers(values, name)
    if values.min() < 0 or values.max() > 1:
        count = int(np.count_nonzero((values < 0) | (values > 1)))
        raise MetricError(f"{name} holds {count} entries outside [0, 1]; give probabilities, not logits or percents")
    return values


def weights(values: Any, n: int, name: str = "sample_weight", rows: bool = False) -> Array:
    """One finite, non-negative weight an item; with ``rows`` also several weightings, shape (w, n).

    Raises:
        MetricError: the shape does not fit, or a weight is negative, NaN or infinite.
    """
    array = np.asarray(values)
    if array.ndim not in ((1, 2) if rows else (1,)) or array.shape[-1] != n:
        wanted = f"({n},) or (w, {n})" if rows else f"({n},)"
        raise MetricError(f"{name} has shape {array.shape}; {n} items need {wanted}")
    if array.dtype.kind not in "biuf":
        raise MetricError(f"{name} must hold numbers, not {array.dtype}")
    array = array.astype(np.float64, copy=False)
    if array.size and (not all_finite(array) or array.min() < 0):
        raise MetricError(f"{name} holds a negative, NaN or infinite weight; a weight says how often an item counts")
    return array


def ratio(part: Any, whole: Any) -> Array:
    """Divide, and call 0/0 what it is: not a number."""
    out: Array = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=out, where=np.not_equal(whole, 0))
    return out


def mean_defined(values: Any, weight: Any = None) -> Array:
    """The mean over the last axis of the entries that are defined; nan where none is."""
    values = np.asarray(values, dtype=np.float64)
    defined = ~np.isnan(values)
    share = defined.astype(np.float64) if weight is None else np.where(defined, weight, 0.0)
    return ratio((np.where(defined, values, 0.0) * share).sum(axis=-1), share.sum(axis=-1))
