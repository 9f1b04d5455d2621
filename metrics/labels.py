"""Labels as small codes: whole numbers by subtraction, text by a checked hash, the rest by a dictionary."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import CHUNK, MetricError
from metrics.text_codes import coded_text, narrowest, recoded, tally

if TYPE_CHECKING:
    from metrics.inputs import Array

PARALLEL = 1 << 19
"""From this many rows of text on, a second core is worth its thread."""

WIDEST = 1 << 16
"""Whole numbers that span more values than this are coded by sorting instead of by subtraction."""


@dataclass(frozen=True, eq=False, repr=False)
class Coded:
    """A column of labels: item ``i`` has the value ``values[stored[i] - low]``.

    Attributes:
        stored: whole numbers, shape (n,); the caller's own array where its values are the codes.
        low: what to subtract from ``stored``.
        values: the possible values, plain Python scalars; not each of them need occur.
    """

    stored: Array
    low: int
    values: Sequence[Hashable]

    def codes(self, rows: slice = slice(None)) -> Array:
        """The codes of some rows, int64, shape (rows,); a new array."""
        part = self.stored[rows].astype(np.int64)
        if self.low:
            part -= self.low
        return part

    def narrow(self) -> Array:
        """All codes in the smallest unsigned type that holds them."""
        out = np.empty(len(self.stored), dtype=narrowest(len(self.values)))
        for start in range(0, len(out), CHUNK):
            out[start : start + CHUNK] = self.codes(slice(start, start + CHUNK))
        return out


def coded(array: Array, name: str) -> Coded:
    """Code a column of labels: whole numbers, truth values or text.

    Args:
        array: shape (n,).
        name: what to call the array in a message.

    Raises:
        MetricError: entries are missing, are fractions, or mix text with numbers.
    """
    if array.ndim != 1:
        raise MetricError(f"{name} has shape {array.shape}; labels are one column, shape (items,)")
    kind = array.dtype.kind
    if kind == "b":
        return Coded(np.ascontiguousarray(array).view(np.uint8), 0, (False, True))
    if kind == "f":
        array, kind = _whole(array, name), "i"
    if kind in "iu":
        return _coded_numbers(array, name)
    if kind == "U":
        quick = coded_text(np.ascontiguousarray(array))
        if quick is not None:
            return Coded(quick[0], 0, quick[1])
    if kind in "UOT":
        return _coded_objects(array.tolist(), name)
    raise MetricError(f"{name} must hold labels (text, whole numbers, true/false), not {array.dtype}")


def coded_pair(truth: Array, prediction: Array) -> tuple[Coded, Coded]:
    """Both columns as codes; long text is read on two cores."""
    if truth.dtype.kind != "U" or prediction.dtype.kind != "U" or len(truth) < PARALLEL:
        return coded(truth, "y_true"), coded(prediction, "y_pred")
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as second:
        other = second.submit(coded, prediction, "y_pred")
        return coded(truth, "y_true"), other.result()


def _whole(array: Array, name: str) -> Array:
    """Floats that are all whole numbers, as integers."""
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise MetricError(f"{name} holds NaN or infinite entries; every item needs a label")
    if max(-low, high) >= 2.0**53 or not np.array_equal(np.floor(array), array):
        raise MetricError(f"{name} holds fractions; it must hold labels, not probabilities or values")
    return array.astype(np.int64)


def _coded_numbers(array: Array, name: str) -> Coded:
    """Subtract the smallest value; where the values lie far apart, sort them."""
    low, high = _range(array)
    if high > np.iinfo(np.int64).max:
        return _coded_objects(array.tolist(), name)
    if high - low < WIDEST:
        return Coded(array, low, range(low, high + 1))
    ordered = np.sort(array)
    distinct = ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
    return Coded(np.searchsorted(distinct, array), 0, tuple(distinct.tolist()))


def _range(array: Array) -> tuple[int, int]:
    """Smallest and largest whole number, in one pass through memory."""
    parts = [array[start : start + CHUNK] for start in range(0, len(array), CHUNK)]
    ends = [(part.min(), part.max()) for part in parts]
    return int(min(low for low, _ in ends)), int(max(high for _, high in ends))


def _coded_objects(items: list[Any], name: str) -> Coded:
    """Number the values in the order they first occur."""
    try:
        position = {value: number for number, value in enumerate(dict.fromkeys(items))}
    except TypeError as fault:
        raise MetricError(f"{name} holds entries that are not labels: {fault}") from fault
    values = tuple(_plain(value, name) for value in position)
    if len({isinstance(value, str) for value in values}) > 1:
        raise MetricError(f"{name} mixes text and numbers; labels are either all text or all numbers")
    codes = np.fromiter(map(position.__getitem__, items), dtype=narrowest(len(values)), count=len(items))
    return Coded(codes, 0, values)


def _plain(value: Any, name: str) -> Hashable:
    """A label as a plain Python scalar; what is missing or no label is refused."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    what = "missing entries" if value is None or value != value else f"entries of type {type(value).__name__}"  # noqa: PLR0124
    raise MetricError(f"{name} holds {what}; every item needs a label: text, a whole number or true/false")


def ordered_classes(present: Sequence[Any], labels: Optional[Sequence[Any]]) -> tuple[Any, ...]:
    """The classes in their order: as given, else those present sorted; 0/1, -1/1 and false/true stay pairs.

    Raises:
        MetricError: ``labels`` repeats a class or is empty, or text meets numbers.
    """
    if labels is not None:
        classes = tuple(_plain(label, "labels") for label in np.asarray(labels, dtype=object).ravel().tolist())
        if not classes or len(set(classes)) < len(classes):
            raise MetricError("labels must name at least one class, and each class once")
        return classes
    if len({isinstance(value, str) for value in present}) > 1:
        raise MetricError("y_true and y_pred mix text and numbers; labels are either all text or all numbers")
    if set(present) <= {0, 1}:
        return (False, True) if any(isinstance(value, bool) for value in present) else (0, 1)
    return (-1, 1) if set(present) <= {-1, 1} else tuple(sorted(set(present)))


def class_positions(values: Sequence[Any], used: Array, classes: Sequence[Any], name: str) -> Array:
    """The place of each value among the classes, shape (values,); -1 for values that no item has.

    Raises:
        MetricError: an item's value is not among the classes. Values of ``y_true`` are never shown.
    """
    place = {label: position for position, label in enumerate(classes)}
    out = np.full(len(values), -1, dtype=np.int64)
    strangers = []
    for index in np.flatnonzero(used).tolist():
        out[index] = place.get(values[index], -1)
        if out[index] < 0:
            strangers.append(values[index])
    if strangers:
        shown = "" if name == "y_true" else ": " + ", ".join(str(value)[:40] for value in strangers[:3])
        raise MetricError(f"{name} holds {len(strangers)} values that are not among the {len(classes)} labels{shown}")
    return out


def encode(array: Array, labels: Optional[Sequence[Any]] = None, name: str = "y_true") -> tuple[Array, tuple[Any, ...]]:
    """Each item's class as a small whole number, and the classes in order.

    Args:
        array: labels, shape (n,).
        labels: the classes in order; by default those present, sorted.
        name: what to call the array in a message.

    Returns:
        Codes, shape (n,), and the classes.
    """
    column = coded(array, name)
    codes = column.narrow()
    both_ends = isinstance(column.values, range) and len(column.values) <= 2
    used = np.ones(2, dtype=bool)[: len(column.values)] if both_ends else tally(codes, len(column.values)) > 0
    present = [column.values[index] for index in np.flatnonzero(used).tolist()]
    classes = ordered_classes(present, labels)
    position = class_positions(column.values, used, classes, name)
    if np.array_equal(position, np.arange(len(position))):
        return codes, classes
    return recoded(position.astype(narrowest(len(classes))), codes), classes
