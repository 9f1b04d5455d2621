"""Sorting scores of two classes without weights, where only the order counts: values are sorted, never indices."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.cores import core_count
from metrics.inputs import CHUNK

if TYPE_CHECKING:
    from metrics.inputs import Array

MANY = 1 << 16
"""From this many items on, keys are worth their preparation."""

PARALLEL = 1 << 22
"""From this many keys on, a second core is worth its thread."""

SAMPLE = 1 << 13
"""How many items tell whether scores are spread widely enough for 31-bit keys."""


def threshold_counts(score: Array, positive: Array) -> tuple[Array, Array]:
    """Positives and negatives at or above each distinct score, highest first, each of shape (thresholds,)."""
    keyed = _labelled_keys(score, positive) if len(score) >= MANY else None
    if keyed is None:
        order = np.argsort(-score)
        ordered, flag = score[order], positive[order]
        ends = run_ends(ordered)
    else:
        flag = (keyed & np.uint64(1)).astype(np.uint8)
        keyed >>= np.uint64(1)
        ends = run_ends(keyed)
    positives = np.cumsum(flag, dtype=np.int64)[ends]
    return positives, ends + 1 - positives


def run_ends(ordered: Array) -> Array:
    """The last place of each run of equal values, shape (runs,)."""
    return np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)


def _labelled_keys(score: Array, positive: Array) -> Optional[Array]:
    """Sorted whole numbers, descending in score, whose lowest bit is the label; None where 63 bits do not suffice.

    The bits of a float order like whole numbers of sign and magnitude; of one sign, they leave room for the label.
    """
    score = score + 0.0  # -0.0 and 0.0 are one score
    if score.min() >= 0:
        return _one_sign(score, positive, descending=True)
    if score.max() < 0:
        return _one_sign(-score, positive, descending=False)
    below = score < 0
    above = ~below
    high = _one_sign(score[above], positive[above], descending=True)
    low = _one_sign(-score[below], positive[below], descending=False)
    if (high[-1] ^ low[0]) <= 1:  # two scores, one key: tell the signs apart by the highest bit
        low ^= np.uint64(1) << np.uint64(63)
    return np.concatenate((high, low))


def _one_sign(magnitude: Array, positive: Array, descending: bool) -> Array:
    """Sorted keys of scores of one sign, each with its label in the lowest bit."""
    key = magnitude.view(np.uint64)
    if descending:
        key = np.uint64(0x7FF0000000000000) - key
    key = (key << np.uint64(1)) | positive.astype(np.uint64)
    return _sorted(key)


def _sorted(key: Array) -> Array:
    """The keys in order; many are split at their middle and sorted on two cores, where there are two."""
    if len(key) < PARALLEL or core_count() < 2:
        return np.sort(key)
    sample = np.sort(key[:: max(1, len(key) // SAMPLE)])
    below = key < sample[len(sample) // 2]
    halves = [key[below], key[~below]]
    other = threading.Thread(target=halves[1].sort)
    other.start()
    halves[0].sort()
    other.join()
    return np.concatenate(halves)


def area_by_keys(score: Array, positive: Array) -> Optional[float]:
    """Pairs of a positive and a negative in the right order, ties as half: exact, by a sort of 32-bit keys.

    Scores are cut to 31 bits and the label added below. Pairs whose keys differ are counted by position; keys that
    hold both labels are looked at again with the full scores. None where too many scores share a key.
    """
    low, high = float(score.min()), float(score.max())
    scale = (2.0**31 - 1) / (high - low) if high > low and np.isfinite(high - low) else np.inf
    if len(score) < MANY or not np.isfinite(scale):
        return None
    sample = np.sort(_cut(score[:: max(1, len(score) // SAMPLE)], low, scale))
    if np.count_nonzero(sample[1:] == sample[:-1]) > len(sample) // 256:
        return None
    key = np.empty(len(score), dtype=np.uint32)
    for start in range(0, len(score), CHUNK):
        rows = slice(start, start + CHUNK)
        key[rows] = (_cut(score[rows], low, scale) << np.uint32(1)) | positive[rows]
    ordered = _sorted(key)
    pairs, mixed = _pairs_by_position(ordered)
    first = np.searchsorted(ordered, ordered[mixed])
    after = np.searchsorted(ordered, ordered[mixed + 1], side="right")
    if int((after - first).sum()) > len(score) // 8:
        return None
    pairs -= float(((mixed + 1 - first) * (after - mixed - 1)).sum())
    return pairs + _pairs_again(score, key, ordered[mixed] >> np.uint32(1))


def _cut(score: Array, low: float, scale: float) -> Array:
    """Scores as 31-bit whole numbers in the same order, ties possible."""
    part = score - low
    part *= scale
    return part.astype(np.int32).view(np.uint32)


def _pairs_by_position(ordered: Array) -> tuple[float, Array]:
    """Pairs of a negative before a positive by sorted keys, and where a key's negatives meet its positives."""
    places, positives, mixed = 0, 0, []
    size = CHUNK // 2  # the places of a chunk add up to less than 2 ** 32
    step = np.arange(size, dtype=np.uint32)
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size + 1]
        mixed.append(np.flatnonzero((part[1:] ^ part[:-1]) == 1) + start)
        flag = part[:size] & np.uint32(1)
        count = int(np.add.reduce(flag, dtype=np.uint32))
        flag *= step[: len(flag)]
        places += int(np.add.reduce(flag, dtype=np.uint32)) + start * count
        positives += count
    return float(places - positives * (positives - 1) // 2), np.concatenate(mixed)


def _pairs_again(score: Array, key: Array, shared: Array) -> float:
    """The pairs within keys that hold both labels, by the scores themselves."""
    if not len(shared):
        return 0.0
    shift = np.uint32(11)
    suspect = np.zeros(1 << 20, dtype=bool)
    suspect[shared >> shift] = True
    shift += np.uint32(1)
    starts = range(0, len(score), CHUNK)
    row = np.concatenate([np.flatnonzero(suspect[key[i : i + CHUNK] >> shift]) + i for i in starts])
    cut = key[row] >> np.uint32(1)
    place = np.minimum(np.searchsorted(shared, cut), len(shared) - 1)
    inside = shared[place] == cut
    row, place = row[inside], place[inside]
    return _pairs_within(place, score[row], key[row] & np.uint32(1))


def _pairs_within(group: Array, score: Array, positive: Array) -> float:
    """Within each group: pairs of a positive above a negative, ties as half."""
    order = np.lexsort((score, group))
    group, score, flag = group[order], score[order], positive[order].astype(np.int64)
    negatives = np.concatenate(([0], np.cumsum(1 - flag)))
    ends = np.flatnonzero((group[1:] != group[:-1]) | (score[1:] != score[:-1])) + 1
    run = np.concatenate(([0], ends, [len(group)]))
    heads = np.concatenate(([0], np.flatnonzero(group[1:] != group[:-1]) + 1))
    head = heads[np.searchsorted(heads, run[:-1], side="right") - 1]
    inside = np.add.reduceat(flag, run[:-1])
    below = negatives[run[:-1]] - negatives[head]
    tied = negatives[run[1:]] - negatives[run[:-1]]
    return float((inside * (below + tied / 2)).sum())
