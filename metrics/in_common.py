"""How much two rows of labels, words or pieces of text have in common, for many rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import ratio
from metrics.ragged import Ragged

if TYPE_CHECKING:
    from metrics.inputs import Array


BITS = 64
"""Labels that fit into one number, a bit each."""

ONES = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.uint8)
"""How many bits of a byte are set."""


@dataclass(frozen=True, eq=False, repr=False)
class Overlap:
    """What truth and prediction of each item have in common.

    Attributes:
        shared: how many entries both have, shape (n,).
        true: how many entries truth has, shape (n,).
        predicted: how many entries the prediction has, shape (n,).
    """

    shared: Array
    true: Array
    predicted: Array

    def take(self, index: Array) -> Overlap:
        """The overlaps of some items, by whole numbers or by a mask."""
        return Overlap(self.shared[index], self.true[index], self.predicted[index])

    def fbeta(self, beta: float = 1.0) -> Array:
        """Weighted harmonic mean of precision and recall, shape (n,); nan where both are empty."""
        return ratio((1 + beta**2) * self.shared, beta**2 * self.true + self.predicted)

    def jaccard(self) -> Array:
        """Entries of both by entries of either, shape (n,); nan where both are empty."""
        return ratio(self.shared, self.true + self.predicted - self.shared)


def overlaps(true: Ragged, predicted: Ragged) -> Overlap:
    """What each row of truth has in common with the same row of a prediction, in any order, each entry counted once.

    Args:
        true: rows of whole numbers from 0.
        predicted: as many rows.
    """
    size = 1 + max(int(rows.value.max(initial=0)) for rows in (true, predicted))
    if size <= BITS:
        one, other = _as_bits(true, size), _as_bits(predicted, size)
        return Overlap(*(_ones(bits) for bits in (one & other, one, other)))
    key = np.concatenate(((true.row * size + true.value) * 2, (predicted.row * size + predicted.value) * 2 + 1))
    group, first, second = tallied(key)
    row, first, second = group // size, np.minimum(first, 1), np.minimum(second, 1)
    return Overlap(*(np.bincount(row, one, true.rows) for one in (first * second, first, second)))


def _as_bits(rows: Ragged, size: int) -> Array:
    """The different entries of each row as the bits of a number, of the smallest type that has them, shape (rows,)."""
    kind = np.dtype(f"u{max(1, 1 << (size - 1).bit_length() >> 3)}")
    bit = np.left_shift(kind.type(1), np.arange(size, dtype=kind)).take(rows.value)
    out: Array = np.bitwise_or.reduceat(np.append(bit, kind.type(0)), rows.start[:-1])
    out[rows.length == 0] = 0
    return out


def _ones(bits: Array) -> Array:
    """How many bits of each number are set, int64, shape (n,)."""
    count = ONES[bits.view(np.uint8)].reshape(len(bits), -1)
    out = count[:, 0].astype(np.int64)
    for place in range(1, count.shape[1]):
        out += count[:, place]
    return out


def tallied(key: Array) -> tuple[Array, Array, Array]:
    """How often each key comes on either side.

    Args:
        key: twice the key, and one more on the second side, shape (entries,); it is sorted in place.

    Returns:
        The keys, ascending, and how often each comes on the first side and on the second.
    """
    key.sort()
    group = key >> 1
    edge = np.flatnonzero(np.concatenate((np.ones(min(1, len(key)), dtype=bool), group[1:] != group[:-1])))
    if not len(edge):
        return group, group, group
    second = np.add.reduceat(key & 1, edge).astype(np.int64)
    total = np.diff(np.append(edge, len(key)))
    return group[edge], total - second, second
