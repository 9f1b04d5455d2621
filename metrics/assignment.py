"""The matching of detections and true objects whose similarities add up to most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.matching import Matches, Pairs

if TYPE_CHECKING:
    from metrics.inputs import Array


def match_optimally(pairs: Pairs, thresholds: Sequence[float], allowed: Optional[Array] = None) -> Matches:
    """Match one to one so that the sum of similarities is as great as can be, at each threshold by itself.

    Pairs fall into islands that share no detection and no true object. Those of one pair need no thought, those about
    one detection or one object take their best pair, and the few others are solved one by one.

    Args:
        pairs: the pairs; scores play no part, but of equal sums the one found depends on their order.
        thresholds: ascending similarities that a match needs.
        allowed: which pairs may match, shape (p,); None allows all.

    Raises:
        MetricError: thresholds do not ascend, or lie outside 0 to 1.

    Source: Kuhn, Naval Research Logistics Quarterly 2 (1955), p. 83; solved by shortest augmenting paths as in Jonker
    and Volgenant, Computing 38 (1987), p. 325.
    """
    level = pairs.levels(thresholds)
    if allowed is not None:
        level = np.where(allowed, level, 0)
    moved = np.full((len(thresholds), len(pairs.claimant)), -1, dtype=np.int32)
    for step, row in enumerate(moved):
        index = np.flatnonzero(level > step)
        chosen = index[_greatest_sum(pairs.number[index], pairs.truth[index], pairs.similarity[index])]
        row[pairs.number[chosen]] = pairs.truth[chosen]
    every = np.arange(len(pairs.claimant))
    return Matches(pairs.claimant, np.zeros_like(every), np.zeros_like(every), np.zeros_like(every), every, moved)


def _greatest_sum(one: Array, other: Array, similarity: Array) -> Array:
    """Which pairs to choose, so that no number occurs twice on either side, and the sum is greatest."""
    if not len(one):
        return np.zeros(0, dtype=np.int64)
    degree, other_degree = np.bincount(one)[one], np.bincount(other)[other]
    alone = (degree == 1) & (other_degree == 1)
    chosen = [np.flatnonzero(alone)]
    rest = np.flatnonzero(~alone)
    island = _islands(one[rest], other[rest])
    order = np.argsort(island, kind="stable")
    rest, island = rest[order], island[order]
    edge = np.concatenate(([0], np.flatnonzero(island[1:] != island[:-1]) + 1, [len(rest)])).tolist()
    begins, ends = edge[:-1], edge[1:]
    for begin, end in zip(begins, ends):
        row = rest[begin:end]
        if end > begin:
            chosen.append(row[_of_island(one[row], other[row], similarity[row])])
    return np.concatenate(chosen)


def _islands(one: Array, other: Array) -> Array:
    """A number for each pair, shared by all pairs that are linked, directly or by others."""
    label = np.arange(len(one))
    if not len(one):
        return label
    while True:
        least = np.full(int(one.max()) + 1, len(one))
        np.minimum.at(least, one, label)
        near = least[one]
        least = np.full(int(other.max()) + 1, len(one))
        np.minimum.at(least, other, near)
        near = least[other]
        near = near[near]  # a label is a pair, whose own label may be lower still
        if (near == label).all():
            return label
        label = near


def _of_island(one: Array, other: Array, similarity: Array) -> Array:
    """Which pairs of an island to choose."""
    if (one == one[0]).all() or (other == other[0]).all():
        return np.array([np.argmax(similarity)])
    rows, row = _numbered(one)
    columns, column = _numbered(other)
    gain, pair = np.zeros((rows, columns)), np.full((rows, columns), -1)
    gain[row, column], pair[row, column] = similarity, np.arange(len(one))
    if rows > columns:
        gain, pair = gain.T, pair.T
    chosen = pair[np.arange(len(gain)), _assign(-gain)]
    return chosen[chosen >= 0]


def _numbered(values: Array) -> tuple[int, Array]:
    """How many different numbers there are, and the place of each among them."""
    ordered = np.sort(values)
    distinct = ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
    return len(distinct), np.searchsorted(distinct, values)


def _assign(cost: Array) -> Array:
    """The column of each row in the assignment of least cost; there are at least as many columns as rows.

    Rows join one by one. Each time the cheapest path of changes from the new row to a free column is sought, with
    prices ``of_row`` and ``of_column`` that keep all reduced costs at 0 or more, and the path is turned over.
    """
    rows, columns = cost.shape
    of_row, of_column = np.zeros(rows), np.zeros(columns + 1)
    taken = np.full(columns + 1, -1)  # the row of each column; the last column stands for the row that joins
    for joining in range(rows):
        taken[columns] = joining
        column = columns
        best, previous = np.full(columns, np.inf), np.full(columns, columns)
        visited = np.zeros(columns + 1, dtype=bool)
        while taken[column] >= 0:
            visited[column] = True
            row = taken[column]
            reduced = cost[row] - of_row[row] - of_column[:columns]
            better = ~visited[:columns] & (reduced < best)
            best[better], previous[better] = reduced[better], column
            open_yet = np.where(visited[:columns], np.inf, best)
            nearest = int(np.argmin(open_yet))
            step = open_yet[nearest]
            of_row[taken[visited]] += step
            of_column[visited] -= step
            best[~visited[:columns]] -= step
            column = nearest
        while column != columns:
            taken[column] = taken[previous[column]]
            column = int(previous[column])
    out = np.empty(rows, dtype=np.int64)
    filled = np.flatnonzero(taken[:columns] >= 0)
    out[taken[filled]] = filled
    return out
