"""One order for results whatever the file's: by image, class, falling score, then by what they predict."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Optional

import numpy as np

from compete.scoring import threads
from compete.scoring.spans import CHUNK, Array

_ONE = np.uint64(1)
_DEALT = 16
"""Bits by which keys are dealt into an order before they are sorted: numpy does so in linear time."""
SAMPLE = 1 << 10
"""Keys, spread over all, whose order says where to part them for the cores."""


def ordered(group: Array, score: Array, content: Callable[[Array], list[Array]]) -> tuple[Array, Array]:
    """The order of results, and which of them say the same as the one before.

    Group, the score's leading bits and the place are packed in one 64-bit number, for sorting numbers is much faster
    than sorting by several keys; only results that are equal so far are sorted again by all they say.

    Args:
        group: a number for each pair of image and class, int64, shape (n,).
        score: float64, shape (n,).
        content: sort keys that tell what the results at some places predict, the first one last.

    Returns:
        Places in the order wanted, int64, shape (n,), and repeats, places of those that are there twice, ascending.
    """
    n = len(group)
    places = max(1, (n - 1).bit_length()) if n else 1
    groups = int(group.max()).bit_length() if n else 0
    key = np.empty(n, dtype=np.uint64)

    def pack(first: int, stop: int) -> None:
        for low in range(first, stop, CHUNK):
            high = min(low + CHUNK, stop)
            packed = _falling(score[low:high])
            packed >>= np.uint64(groups + places)
            packed <<= np.uint64(places)
            packed |= np.arange(low, high, dtype=np.uint64)
            if groups:
                packed |= group[low:high].astype(np.uint64) << np.uint64(64 - groups)
            key[low:high] = packed

    threads.on_all_cores(n, 1, pack)
    key = _sorted(key, groups)
    order = (key & np.uint64((1 << places) - 1)).view(np.int64)
    key >>= np.uint64(places)
    same = key[1:] == key[:-1]
    if not same.any():
        return order, np.zeros(0, dtype=np.int64)
    tied = np.zeros(n, dtype=bool)
    tied[1:] = same
    tied[:-1] |= same
    place = np.flatnonzero(tied)
    row = order[place]
    keys = content(row)
    again = np.lexsort((row, *keys, -score[row], key[place]))
    order[place] = row[again]
    equal = (score[row[again]][1:] == score[row[again]][:-1]) & (key[place][1:] == key[place][:-1])
    for column in keys:
        equal &= column[again][1:] == column[again][:-1]
    return order, np.sort(order[place][1:][equal])


def _falling(score: Array) -> Array:
    """Numbers of 64 bits that fall as scores rise."""
    bits = (score + 0.0).view(np.int64)  # the sum makes a plain zero of a negative one
    turned = ~bits
    turned >>= 63  # all bits where the score is not negative, else none
    falling: Array = turned.view(np.uint64)
    falling >>= _ONE
    falling ^= bits.view(np.uint64)
    return falling


def _sorted(key: Array, groups: int) -> Array:
    """Numbers of 64 bits in order: dealt by their leading bits, so that sorting finds them nearly in order.

    Args:
        key: uint64, shape (n,).
        groups: leading bits that vary; those below are of scores, the first of which say little.
    """
    if (key[1:] >= key[:-1]).all():
        return key
    count = threads.shares(len(key), threads.WORTH)
    if count > 1:
        sample = np.sort(key[:: len(key) // SAMPLE + 1])
        pivot = [sample[len(sample) * share // count] for share in range(1, count)]
        spans = zip([np.uint64(0), *pivot], [*pivot, None])
        return np.concatenate(threads.side_by_side([partial(_sorted_span, key, groups, *span) for span in spans]))
    return _dealt(key, groups)


def _sorted_span(key: Array, groups: int, low: np.uint64, high: Optional[np.uint64]) -> Array:
    """Those from ``low`` up to ``high``, in order."""
    within = key >= low
    if high is not None:
        within &= key < high
    return _dealt(key[within], groups)


def _dealt(key: Array, groups: int) -> Array:
    """As `_sorted`, by this thread alone."""
    for shift in (64 - 2 * _DEALT, 64 - _DEALT)[groups >= _DEALT :]:
        leading = (key >> np.uint64(shift)).astype(np.uint16)
        key = key.take(leading.argsort(kind="stable"))
    key.sort(kind="stable")
    return key
