"""Rows of various lengths, end to end in one array, so that nothing loops over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError

if TYPE_CHECKING:
    from metrics.inputs import Array


@dataclass(frozen=True, eq=False, repr=False)
class Ragged:
    """Rows of whole numbers, end to end.

    Attributes:
        start: where each row begins and, last, where the last one ends, int64, shape (rows + 1,).
        value: the entries of all rows, shape (entries,).

    Raises:
        MetricError: the starts do not ascend from 0 to the number of entries.
    """

    start: Array
    value: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", starts(self.start, len(self.value)))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.start) - 1

    @property
    def length(self) -> Array:
        """How many entries each row has, shape (rows,)."""
        return np.diff(self.start)

    @property
    def row(self) -> Array:
        """The row of each entry, shape (entries,)."""
        return np.repeat(np.arange(self.rows), self.length)

    @property
    def place(self) -> Array:
        """The place of each entry in its row, from 0, shape (entries,)."""
        out: Array = np.arange(len(self.value)) - np.repeat(self.start[:-1], self.length)
        return out

    def take(self, index: Array) -> Ragged:
        """Some rows, by whole numbers or by a mask."""
        start, entry = rows_taken(self.start, index)
        return Ragged(start, self.value[entry])


def starts(start: Array, entries: int) -> Array:
    """Where rows begin, checked.

    Raises:
        MetricError: the starts do not ascend from 0 to the number of entries.
    """
    array = np.asarray(start)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu":
        raise MetricError("start must be an array of whole numbers, one a row and one more")
    array = array.astype(np.int64, copy=False)
    if array[0] != 0 or array[-1] != entries or (np.diff(array) < 0).any():
        raise MetricError(f"start must ascend from 0 to the number of entries, which is {entries}")
    return array


def starts_of(length: Array) -> Array:
    """Where rows of these lengths begin, and where the last one ends, int64, shape (rows + 1,)."""
    out = np.zeros(len(length) + 1, dtype=np.int64)
    np.cumsum(length, out=out[1:])
    return out


def rows_taken(start: Array, index: Array) -> tuple[Array, Array]:
    """Where the rows taken begin, and which entries they have.

    Args:
        start: where each row begins and the last one ends, shape (rows + 1,).
        index: rows, by whole numbers or by a mask.
    """
    chosen = np.arange(len(start) - 1)[index]
    length = np.diff(start)[chosen]
    fresh = starts_of(length)
    return fresh, np.arange(fresh[-1]) + np.repeat(start[chosen] - fresh[:-1], length)
