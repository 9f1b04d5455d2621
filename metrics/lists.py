"""Lists of labels, one an item, flat: what is relevant, what was retrieved, in which order things come."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import chain, count, repeat
from operator import iconcat, itemgetter
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError, all_finite
from metrics.labels import coded
from metrics.ragged import Ragged, rows_taken, starts, starts_of

if TYPE_CHECKING:
    from metrics.inputs import Array

WIDEST = 1 << 31
"""Whole numbers at least as large, or negative ones, are numbered anew."""


PORTION = 1 << 11
"""Lists handled at a time: their labels stay in the cache."""


@dataclass(frozen=True, eq=False, repr=False)
class Lists:
    """One list of labels an item, end to end; a list may be empty, and its order counts.

    Attributes:
        start: where each item's list begins and, last, where the last one ends, int64, shape (items + 1,).
        code: the label of each entry, a whole number, int64, shape (entries,).
        labels: what each code stands for, all text or all whole numbers; None where the codes are the labels.
        gain: how relevant each entry is, at least 0, float64, shape (entries,), truth only; None for 1 each.

    Raises:
        MetricError: shapes differ, a code stands for nothing, or a gain is negative, NaN or infinite.
    """

    start: Array
    code: Array
    labels: Optional[Sequence[Any]] = None
    gain: Optional[Array] = None

    def __post_init__(self) -> None:
        code = np.asarray(self.code)
        if code.ndim != 1 or (len(code) and code.dtype.kind not in "iu"):
            raise MetricError("code must be an array of whole numbers, shape (entries,)")
        object.__setattr__(self, "code", code.astype(np.int64, copy=False))
        object.__setattr__(self, "start", starts(self.start, len(code)))
        if self.labels is not None and len(code) and not 0 <= code.min() <= code.max() < len(self.labels):
            raise MetricError(f"code holds numbers outside 0 to {len(self.labels) - 1}, the places of the labels")
        if self.gain is not None:
            object.__setattr__(self, "gain", _gains(self.gain, len(code)))

    @classmethod
    def of(cls, rows: Any, gains: Any = None, name: str = "lists") -> Lists:
        """Lists from Python's: one sequence of labels an item; a label by itself is a list of one.

        Args:
            rows: one list, tuple, set or array an item, or one label; all labels text, or all whole numbers.
            gains: one list of gains an item, in the order of its labels; None for 1 each.
            name: what to call the lists in a message.

        Raises:
            MetricError: an entry is no label, text meets numbers, or the gains do not fit.

        >>> lists = Lists.of([["ant", "bee"], [], "ant"])
        >>> lists.start.tolist(), lists.code.tolist(), lists.labels
        ([0, 2, 2, 3], [0, 1, 0], ('ant', 'bee'))
        """
        if hasattr(rows, "mask") and isinstance(rows, np.ndarray):
            raise MetricError(f"{name} is a masked array; leave the masked rows out, or fill them, before scoring")
        if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype.kind in "iu":
            ends = np.arange(len(rows) + 1) * rows.shape[1]
            return cls(ends, rows.ravel().astype(np.int64), None, _flat_gains(gains, ends))
        start, lists = _each_a_list(rows, name)
        code, labels = _coded(lists, name)
        return cls(start, code, labels, _flat_gains(gains, start))

    @classmethod
    def ranked(cls, item: Any, label: Any, score: Any, n: int, name: str = "lists") -> Lists:
        """Lists from a table of scores, the highest first; of equal scores, the label that sorts first.

        Args:
            item: the item of each row, from 0 to n - 1, shape (rows,).
            label: its label, shape (rows,).
            score: its score, shape (rows,).
            n: how many items there are.
            name: what to call the lists in a message.

        Raises:
            MetricError: the columns differ in length, or hold what they may not.
        """
        owner, number = np.asarray(item), np.asarray(score, dtype=np.float64)
        given = np.asarray(label)
        whole = given.ndim == 1 and given.dtype.kind in "iu" and given.dtype != np.uint64
        code, labels = (given.astype(np.int64), None) if whole else _coded([given.tolist()], name)
        if not owner.shape == number.shape == code.shape or owner.ndim != 1:
            raise MetricError(f"{name}: item, label and score must be equally long columns")
        if len(owner) and (owner.dtype.kind not in "iu" or owner.min() < 0 or owner.max() >= n):
            raise MetricError(f"{name}: item must hold whole numbers from 0 to {n - 1}")
        if len(number) and not all_finite(number):
            raise MetricError(f"{name} holds scores that are NaN or infinite")
        place = code if labels is None else np.argsort(np.argsort(np.array(labels, dtype=object)))[code]
        length = np.bincount(owner.astype(np.int64), minlength=n) if len(owner) else np.zeros(n, dtype=np.int64)
        return cls(starts_of(length), code[_ranking(owner, number, place, length)], labels)

    def __len__(self) -> int:
        return len(self.start) - 1

    def take(self, index: Array) -> Lists:
        """The lists of some items, by whole numbers or by a mask."""
        start, entry = rows_taken(self.start, index)
        gain = None if self.gain is None else self.gain[entry]
        return replace(self, start=start, code=self.code[entry], gain=gain)


def list_pair(y_true: Any, y_pred: Any, apart: bool = False) -> tuple[Ragged, Ragged, Optional[Array]]:
    """Truth and prediction with the same numbers for the same labels, from 0 up, and the gains of the truth.

    Args:
        y_true: Lists, or one list of labels an item.
        y_pred: the same number of lists.
        apart: whether predicted labels that truth does not have need numbers of their own; else they may share one.

    Raises:
        MetricError: there are no items, the numbers of items differ, or text meets numbers.
    """
    numbered = _numbered_alike(y_true, y_pred)
    if numbered:
        return (*numbered, None)
    truth = y_true if isinstance(y_true, Lists) else Lists.of(y_true, name="y_true")
    quick = None if apart or isinstance(y_pred, Lists) else _looked_up(truth, y_pred)
    predicted = quick or (y_pred if isinstance(y_pred, Lists) else Lists.of(y_pred, name="y_pred"))
    if not len(truth) or not len(predicted):
        raise MetricError(f"{'y_pred' if len(truth) else 'y_true'} is empty; a score needs at least one item")
    if len(truth) != len(predicted):
        raise MetricError(f"y_true has {len(truth)} items and y_pred has {len(predicted)}; they must be aligned")
    if predicted.gain is not None:
        raise MetricError("y_pred has gains; only truth says how relevant a label is")
    one, other = (truth.code, predicted.code) if quick else _alike(truth, predicted)
    return Ragged(truth.start, one), Ragged(predicted.start, other), truth.gain


def _numbered_alike(y_true: Any, y_pred: Any) -> Optional[tuple[Ragged, Ragged]]:
    """Equally many of Python's lists on both sides under one numbering; None for all else and for faults.

    Only what is new is looked at closely: a text equals nothing but texts.
    """
    sides_are_lists = isinstance(y_true, (list, tuple)) and isinstance(y_pred, (list, tuple))
    if not sides_are_lists or not 0 < len(y_true) == len(y_pred) or not isinstance(y_true[0], (list, tuple)):
        return None
    first = next(chain(y_true[0], y_pred[0] if isinstance(y_pred[0], (list, tuple)) else ()), None)
    number: Optional[dict[Any, int]] = defaultdict(count().__next__) if isinstance(first, str) else None
    lengths: list[list[Array]] = [[], []]
    codes: list[list[Array]] = [[], []]
    try:
        for start in range(0, len(y_true), PORTION):  # list by list of both sides, while they are in the cache
            for side, rows in enumerate((y_true, y_pred)):
                part = rows[start : start + PORTION]
                kinds = list(map(type, part))
                if kinds.count(list) + kinds.count(tuple) < len(part):
                    return None
                lengths[side].append(_narrow(list(map(len, part))))
                codes[side].append(_codes(reduce(iconcat, part, []), number))
    except (TypeError, OverflowError):  # a label that is no label
        return None
    if number is not None and set(map(type, number)) != {str}:
        return None
    starts = [starts_of(np.concatenate(parts)) for parts in lengths]
    one, other = (np.concatenate(parts) for parts in codes)
    if number is None:
        one, other = _near_zero(one, other)
    return Ragged(starts[0], one), Ragged(starts[1], other)


def _codes(flat: list[Any], number: Optional[dict[Any, int]]) -> Array:
    """The numbers of labels; without a numbering, whole numbers as they are.

    Raises:
        TypeError: a label is no label, or no whole number.
        OverflowError: a whole number has more than 63 bits.
    """
    if number is None:
        return np.frombuffer(array("q", flat), dtype=np.int64)
    return _narrow(itemgetter(*flat)(number) if len(flat) > 1 else list(map(number.__getitem__, flat)))


def _narrow(found: Sequence[int]) -> Array:
    """Whole numbers from 0 as bytes where these hold them."""
    try:
        return np.frombuffer(bytes(found), dtype=np.uint8)
    except ValueError:
        return np.fromiter(found, dtype=np.int64, count=len(found))


def _ranking(owner: Array, score: Array, place: Array, length: Array) -> Array:
    """The rows item by item, the highest score first; of equal scores, the label of the lowest place."""
    width = int(length[0]) if len(length) else 0
    if width and (length == width).all() and (owner[1:] >= owner[:-1]).all():
        square = score.reshape(-1, width)
        order = np.argsort(-square, axis=1)
        ordered = np.take_along_axis(square, order, axis=1)
        if (ordered[:, 1:] < ordered[:, :-1]).all():  # no ties, so that places need not be looked at
            return (order + width * np.arange(len(square))[:, None]).ravel()
    return np.lexsort((place, -score, owner))


def _looked_up(truth: Lists, rows: Any) -> Optional[Lists]:
    """Predicted text by the numbers of the truth, without numbering what is new; None for labels that are not text."""
    if not truth.labels or not isinstance(truth.labels[0], str):
        return None
    if not isinstance(rows, (list, tuple)) or not set(map(type, rows)) <= {list, tuple}:
        return None
    number, stranger = dict(zip(truth.labels, count())), repeat(len(truth.labels))
    kinds: set[type] = set()
    start, codes = [0], array("q")
    try:
        for row in rows:  # list by list, so that labels are still in the cache when they are looked up
            kinds.update(map(type, row))
            codes.extend(map(number.get, row, stranger))
            start.append(len(codes))
    except TypeError:  # a label that is no label
        return None
    return Lists(np.array(start), np.frombuffer(codes, dtype=np.int64)) if kinds == {str} else None


def _places(labels: Sequence[Any], wanted: Sequence[Any], stranger: int) -> Array:
    """The place of each wanted label among some labels, or that of a stranger."""
    number = dict(zip(labels, count()))
    return np.fromiter(map(number.get, wanted, repeat(stranger)), dtype=np.int64, count=len(wanted))


def without_repeats(rows: Ragged, name: str) -> None:
    """Refuse lists that name a label twice."""
    if rows.rows < len(rows.value) and len(rows.value):
        key = np.sort(rows.row * (int(rows.value.max()) + 1) + rows.value)
        repeats = key[1:][key[1:] == key[:-1]] // (int(rows.value.max()) + 1)
        if len(repeats):
            raise MetricError(f"{name} names a label more than once in {len(np.unique(repeats))} of its lists")


def _alike(truth: Lists, predicted: Lists) -> tuple[Array, Array]:
    """The codes of both under one numbering from 0 up."""
    one, other = truth.code, predicted.code
    if not len(one) or not len(other) or truth.labels is predicted.labels:
        return (one, other) if truth.labels is not None else _near_zero(one, other)
    kinds = {isinstance(_first(lists), str) for lists in (truth, predicted)}
    if len(kinds) > 1:
        raise MetricError("y_true and y_pred mix text and numbers; labels are either all text or all numbers")
    if truth.labels is None and predicted.labels is None:
        return _near_zero(one, other)
    if truth.labels is None or predicted.labels is None:
        return _near_zero(_spelt(truth), _spelt(predicted))
    table = _places(truth.labels, predicted.labels, -1)
    strange = np.flatnonzero(table < 0)
    table[strange] = len(truth.labels) + np.arange(len(strange))
    return one, table[other]


def _first(lists: Lists) -> Any:
    """One label of a record that has some."""
    return int(lists.code[0]) if lists.labels is None else lists.labels[int(lists.code[0])]


def _spelt(lists: Lists) -> Array:
    """The labels themselves, whole numbers."""
    return lists.code if lists.labels is None else np.array(lists.labels, dtype=np.int64)[lists.code]


def _near_zero(one: Array, other: Array) -> tuple[Array, Array]:
    """Whole numbers as they are where they are small; else numbered anew."""
    parts = [part for part in (one, other) if len(part)]
    if all(part.min() >= 0 and part.max() < WIDEST for part in parts):
        return one, other
    _, code = np.unique(np.concatenate((one, other)), return_inverse=True)
    return code[: len(one)].astype(np.int64), code[len(one) :].astype(np.int64)


def _each_a_list(rows: Any, name: str) -> tuple[Array, list[Sequence[Any]]]:
    """Where each item's labels begin, and the labels, in lists that hold those of one item or of all."""
    if isinstance(rows, (str, bytes)) or not hasattr(rows, "__len__"):
        raise MetricError(f"{name} is a single {type(rows).__name__}; give one list of labels an item")
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    kinds = set(map(type, rows))
    if kinds in ({str}, {int}):
        return np.arange(len(rows) + 1), [list(rows)]
    lists = list(rows) if kinds <= {list, tuple} else [_as_list(row) for row in rows]
    length = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    return starts_of(length), lists


def _as_list(row: Any) -> Sequence[Any]:
    """One item's labels; a label by itself is a list of one."""
    if isinstance(row, (list, tuple)):
        return row
    if isinstance(row, (set, frozenset)):
        return sorted(row, key=str)
    if isinstance(row, np.ndarray):
        flat: list[Any] = row.ravel().tolist()
        return flat
    return [row]


def _coded(lists: list[Sequence[Any]], name: str) -> tuple[Array, Optional[tuple[Any, ...]]]:
    """A code for each label, and what the codes stand for; None where whole numbers are their own codes."""
    flat = list(chain.from_iterable(lists))
    try:
        whole = array("q", flat)  # refuses all but whole numbers
        return np.frombuffer(whole, dtype=np.int64), None
    except OverflowError as fault:
        raise MetricError(f"{name} holds whole numbers of more than 63 bits") from fault
    except TypeError:
        kinds = set(map(type, flat))
    if kinds == {str}:
        number = dict(zip(flat, count()))
        if len(number) == len(flat):
            return np.arange(len(flat)), tuple(number)
        number = dict(zip(number, count()))
        return np.fromiter(map(number.__getitem__, flat), dtype=np.int64, count=len(flat)), tuple(number)
    column = np.empty(len(flat), dtype=object)
    column[:] = flat
    known = coded(column, name)
    return known.codes(), tuple(known.values)


def _flat_gains(gains: Any, start: Array) -> Optional[Array]:
    """One list of gains an item, end to end."""
    if gains is None:
        return None
    lengths = [len(row) for row in gains]
    if lengths != np.diff(start).tolist():
        raise MetricError("gains must have one number for each label, item by item")
    return np.array(list(chain.from_iterable(gains)), dtype=np.float64)


def _gains(gain: Any, entries: int) -> Array:
    """Gains, checked."""
    known = np.asarray(gain)
    if known.shape != (entries,) or known.dtype.kind not in "biuf":
        raise MetricError(f"gain has shape {known.shape}; {entries} entries need ({entries},) numbers")
    known = known.astype(np.float64, copy=False)
    if entries and (not all_finite(known) or known.min() < 0):
        raise MetricError("gain holds a number that is negative, NaN or infinite")
    return known
