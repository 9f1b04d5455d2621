"""How many runs of n letters two texts share, for many texts and every n at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.cores import on_cores, portions
from metrics.in_common import tallied
from metrics.ragged import Ragged

if TYPE_CHECKING:
    from metrics.inputs import Array

PORTION = 1 << 13
"""Letters handled at a time: their keys stay in the cache while they are sorted."""

WIDEST = 1 << 17
"""Values below this are numbered by a table, larger ones by sorting."""

NARROW = 31
"""Keys of fewer bits are sorted as such, which is faster."""

BITS = 62
"""Bits of a key: one more tells truth from prediction, and the sign is left alone."""


def shared_ngrams(true: Ragged, predicted: Ragged, order: int) -> Array:
    """Runs of 1, 2 … letters that both texts of each pair have, a run that comes k times counted k times.

    Args:
        true: the letters of each true text.
        predicted: the letters of each predicted text.
        order: the greatest length of a run.

    Returns:
        Counts, int64, shape (order, rows).
    """
    out = np.zeros((order, true.rows), dtype=np.int64)

    def count(rows: slice) -> None:
        out[:, rows] = _shared(_part(true, rows), _part(predicted, rows), order)

    on_cores(count, list(portions(true.start[1:] + predicted.start[1:], PORTION)))
    return out


def _part(side: Ragged, rows: slice) -> Ragged:
    """Consecutive rows."""
    start = side.start[rows.start : rows.stop + 1]
    return Ragged(start - start[0], side.value[start[0] : start[-1]])


def _shared(true: Ragged, predicted: Ragged, order: int) -> Array:
    """The counts of some rows, shape (order, rows)."""
    out = np.zeros((order, true.rows), dtype=np.int64)
    letter, wide = _renumbered(np.concatenate((true.value, predicted.value)))
    row = np.concatenate((true.row, predicted.row))
    ends = np.concatenate((true.start[1:], predicted.start[1:] + len(true.value)))
    left = np.repeat(ends, np.concatenate((true.length, predicted.length))) - np.arange(len(letter))
    begin, run, bits = np.arange(len(letter)), letter, wide
    for length in range(1, order + 1):
        if length > 1:
            kept = left[begin] >= length
            begin, run = begin[kept], run[kept]
            if bits + wide + true.rows.bit_length() > BITS:
                run, bits = _renumbered(run)
            run, bits = (run << wide) | letter[begin + length - 1], bits + wide
        if not len(begin):
            break
        key = (((row[begin] << bits) | run) << 1) | (begin >= len(true.value))
        if bits + true.rows.bit_length() < NARROW:
            key = key.astype(np.int32)
        group, first, second = tallied(key)
        out[length - 1] = np.bincount(group >> bits, np.minimum(first, second), true.rows)
    return out


def _renumbered(values: Array) -> tuple[Array, int]:
    """Values numbered from 0, and the bits that the numbers need."""
    if not len(values):
        return values.astype(np.int64), 1
    top = int(values.max())
    if top < WIDEST:
        present = np.zeros(top + 1, dtype=np.int64)
        present[values] = 1
        number = np.cumsum(present) - 1
        return number[values], max(1, int(number[-1]).bit_length())
    known, place = np.unique(values, return_inverse=True)
    return place.astype(np.int64), max(1, (len(known) - 1).bit_length())
