"""Orderings of the same things: how many pairs stand the wrong way round."""

from __future__ import annotations

from itertools import chain, count, repeat
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.inputs import MetricError
from metrics.ragged import starts_of

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.ragged import Ragged


def quick_places(y_true: Any, y_pred: Any) -> Optional[tuple[Array, Array]]:
    """Where the lists begin and the true place of each predicted entry, of Python's lists; None where it is not plain.

    Each item has a dictionary of its own: small ones stay in the cache, which one of all labels does not.
    """
    for side in (y_true, y_pred):
        if not isinstance(side, list) or not side or not set(map(type, side)) <= {list, tuple}:
            return None
    flat = [set(map(type, chain.from_iterable(side))) for side in (y_true, y_pred)]
    one, other = (np.fromiter(map(len, side), dtype=np.int64, count=len(side)) for side in (y_true, y_pred))
    if flat[0] != flat[1] or flat[0] not in ({str}, {int}) or not np.array_equal(one, other):
        return None
    numbers = (dict(zip(row, count())) for row in y_true)
    found = (map(number.get, row, repeat(-1)) for number, row in zip(numbers, y_pred))
    start = starts_of(one)
    place = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=int(start[-1]))
    flags = np.zeros(len(place), dtype=bool)
    flags[place + np.repeat(start[:-1], one)] = place >= 0  # each place once, or some stay empty
    return (start, place) if flags.all() and len(place) and place.min() >= 0 else None


def true_places(truth: Ragged, predicted: Ragged) -> Array:
    """The place that each predicted entry has in the true order, int64, shape (entries,).

    Raises:
        MetricError: a list repeats a label, or truth and prediction of an item order different labels.
    """
    uneven = int(np.count_nonzero(truth.length != predicted.length))
    if uneven:
        raise MetricError(f"{uneven} lists of y_pred are longer or shorter than those of y_true; order the same labels")
    size = 1 + max(int(side.value.max(initial=0)) for side in (truth, predicted))
    keys = [side.row * size + side.value for side in (truth, predicted)]
    orders = [np.argsort(key, kind="stable") for key in keys]
    one, other = (key[order] for key, order in zip(keys, orders))
    repeated = one[1:][one[1:] == one[:-1]] // size
    if len(repeated):
        raise MetricError(f"y_true names a label more than once in {len(np.unique(repeated))} of its lists")
    strange = one != other
    if strange.any():
        lists = len(np.unique(one[strange] // size))
        raise MetricError(
            f"{lists} lists of y_pred lack a label of y_true, or hold another, or one twice; order the same labels"
        )
    out = np.empty(len(one), dtype=np.int64)
    out[orders[1]] = truth.place[orders[0]]
    return out


def inversions(start: Array, place: Array) -> Array:
    """How many pairs of each row stand in descending order, int64, shape (rows,).

    Rows are parted by one bit of their entries after the other, the highest first, and keep their order else: a pair
    is inverted where the first of them has a 1 and the second a 0 at the first bit in which they differ.

    Args:
        start: where each row begins and the last one ends, shape (rows + 1,).
        place: the numbers 0, 1, 2 … of each row in some order, shape (entries,).

    >>> inversions(np.array([0, 3, 5]), np.array([2, 1, 0, 0, 1])).tolist()
    [3, 0]
    """
    length = np.diff(start)
    kind: Any = np.int32 if len(place) < 1 << 31 else np.int64
    place, begin = place.astype(kind), np.repeat(start[:-1].astype(kind), length)
    every, out = np.arange(len(place), dtype=kind), np.zeros(len(place), dtype=kind)
    for bit in range(int(length.max(initial=1) - 1).bit_length() - 1, -1, -1):
        group = begin + ((place >> (bit + 1)) << (bit + 1))  # where those with the same higher bits begin
        high = (place >> bit) & 1
        ones = np.cumsum(high, dtype=kind) - high
        before = ones - ones[group]
        goal = np.where(high, group + (1 << bit) + before, every - before)
        out += before * (1 - high)
        parted, moved = np.empty_like(place), np.empty_like(out)
        parted[goal], moved[goal] = place, out
        place, out = parted, moved
    sums = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(out, dtype=np.int64)))
    return np.diff(sums[start])
