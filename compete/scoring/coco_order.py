"""One order for results whatever the file's: by image, class, falling score, then by what they predict."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compete.scoring.spans import Array

_SIGN = np.uint64(1 << 63)


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
    bits = (score + 0.0).view(np.uint64)  # the sum makes a plain zero of a negative one
    falling = np.where(bits & _SIGN, bits, ~(bits | _SIGN))
    key = group.astype(np.uint64) << np.uint64(64 - groups) if groups else np.zeros(n, dtype=np.uint64)
    key |= (falling >> np.uint64(groups + places)) << np.uint64(places)
    key |= np.arange(n, dtype=np.uint64)
    key.sort()
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
