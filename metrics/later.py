"""Who comes later and ranks lower: weights of pairs, counted once for any weighting without a table of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.frozen import dataclass

if TYPE_CHECKING:
    from metrics.inputs import Array


@dataclass(frozen=True, eq=False, repr=False)
class Level:
    """Blocks of one size: the items of each block by rising rank, and what is asked of the blocks.

    Attributes:
        order: positions, block by block, each block by rank, shape (n,).
        query: which questions a block of this size answers a part of, shape (q,).
        start: where that block begins, shape (q,).
        below: where, in ``order``, the ranks below that of the question end, shape (q,).
        upto: where its own rank ends, shape (q,).
    """

    order: Array
    query: Array
    start: Array
    below: Array
    upto: Array


def levels_of(rank: Array, asked: Array, first: Array) -> list[Level]:
    """Prepare to sum, for each question, the weight of items from a position on whose rank is lower, ties as half.

    The items from a position on are a few blocks, at most one of each power of two.

    Args:
        rank: rank of the item at each position, whole numbers from 0, shape (n,).
        asked: rank of each question, shape (q,).
        first: the position from which on items count, shape (q,).
    """
    n, place, order = len(rank), first.astype(np.int64), np.arange(len(rank))
    ranks, found = int(rank.max()) + 1 if n else 1, []
    step = 0
    while (1 << step) <= n:
        key = (np.arange(n) >> step) * ranks + rank
        order = order[np.argsort(key[order], kind="stable")]
        query = np.flatnonzero((place >> step & 1 == 1) & (place < n))
        if len(query):
            block = place[query] >> step
            own = block * ranks + asked[query]
            ordered = key[order]
            below, upto = (np.searchsorted(ordered, own, side=side) for side in ("left", "right"))
            found.append(Level(order, query, block << step, below, upto))
            place[query] += 1 << step
        step += 1
    return found


def weight_below(levels: list[Level], weight: Array, questions: int) -> Array:
    """The answers under each weighting, shape (w, questions).

    Args:
        levels: as `levels_of` prepared them.
        weight: weight of the item at each position, shape (w, n).
        questions: how many there are.
    """
    out = np.zeros((len(weight), questions))
    running = np.zeros((len(weight), weight.shape[1] + 1))
    for level in levels:
        np.cumsum(weight.take(level.order, axis=1), axis=1, out=running[:, 1:])
        both = running.take(level.below, axis=1) + running.take(level.upto, axis=1)
        out[:, level.query] += both / 2.0 - running.take(level.start, axis=1)
    return out
