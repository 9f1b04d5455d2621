"""Evidence that is sorted once; each weighting is then a cumulative sum along the order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.curves import BINS, BinnedCurves, Ranking, Weighed, quantile_bins
from metrics.evidence import Additive, Totals, rows_of
from metrics.frozen import dataclass
from metrics.text_codes import narrowest
from metrics.weighting import Draws, LeaveOut, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting

KEPT = 1 << 25
"""Numbers of sorted order that evidence keeps; beyond, each column is sorted when it is read."""

SMALL = 1 << 16
"""Weight of all items in a draw, below which four bytes hold the pairs of a positive and a negative."""

SIDE = 1 << 6
"""Quantile bins on each side of coarse rank correlation."""


@dataclass(frozen=True, eq=False, repr=False)
class Ranked:
    """Scores against classes: one ranking a column.

    Attributes:
        n: how many items.
        target: the shape of truth.
        score: shape (columns, n).
        code: class of each item, shape (n,), where column k asks for class k (one column: class 1); or a 0/1 matrix,
            shape (columns, n), for multilabel truth.
    """

    n: int
    target: str
    score: Array
    code: Array

    @property
    def width(self) -> int:
        """How many columns are weighed an item."""
        return len(self.score)

    @cached_property
    def _kept(self) -> dict[int, Ranking]:
        return {}

    def ranking(self, column: int) -> Ranking:
        """One column, sorted when it is first read."""
        found = self._kept.get(column)
        if found is None:
            wanted = 1 if len(self.score) == 1 else column
            positive = self.code[column] == 1 if self.code.ndim == 2 else self.code == wanted
            found = Ranking(self.score[column], positive)
            if self.n * len(self.score) <= KEPT or len(self.score) == 1:
                self._kept[column] = found
        return found

    def take(self, index: Array) -> Ranked:
        """The evidence of some items, by whole numbers or by a mask."""
        code = self.code[..., index]
        return Ranked(code.shape[-1], self.target, self.score[:, index], code)

    def coarse(self) -> Additive:
        """Counts by quantile bin of the score and class; each column is one block of cells."""
        code = np.empty((self.n, len(self.score)), dtype=np.int32)
        straight = np.empty((len(self.score), BINS), dtype=bool)
        for column in range(len(self.score)):
            ranking = self.ranking(column)
            bins, straight[column] = quantile_bins(ranking.score, BINS)
            code[:, column] = 2 * bins + ranking.positive + column * 2 * BINS
        flat = code[:, 0] if code.shape[1] == 1 else code
        return Additive(self.n, self.target, BinnedCurves(straight), flat, 2 * BINS * len(self.score))

    def readings(self, weighting: Weighting) -> Iterator[Any]:
        """The weighed rankings of all columns, a part of the weightings at a time."""
        if isinstance(weighting, Draws):
            small = weighting.sample_weight is None and weighting.copies is None and weighting.heaviest(self.n) < SMALL
            for batch in weighting.batches(self.n, self.n, np.int32 if small else np.int64):
                yield self._drawn(weighting, batch)
        elif isinstance(weighting, Partition):
            for part, weight in parts_of(self, weighting):
                yield [part._weighed(column, weight) for column in range(len(self.score))]
        else:
            for row in rows_of(weighting):
                yield [self._weighed(column, row) for column in range(len(self.score))]

    def _weighed(self, column: int, weight: Optional[Array]) -> Weighed:
        """One column under one weighting, or several."""
        ranking = self.ranking(column)
        if weight is None:
            return Weighed(ranking)
        weight = np.atleast_2d(weight)
        positive, negative = ranking.orders
        return Weighed(ranking, weight.take(positive, axis=1), weight.take(negative, axis=1))

    def _drawn(self, draws: Draws, batch: Array) -> list[Weighed]:
        """All columns under a batch of draws; of one column, the draws are taken to be in its order already."""
        if not draws.plain or len(self.score) > 1:
            weight = draws.spread(batch)
            return [self._weighed(column, weight) for column in range(len(self.score))]
        ranking = self.ranking(0)
        positives = int(np.count_nonzero(ranking.positive))
        return [Weighed(ranking, batch[:, :positives], batch[:, positives:])]


def parts_of(evidence: Any, parts: Partition) -> Iterator[tuple[Any, Optional[Array]]]:
    """The evidence of each group, or of all but each group, and its items' weights."""
    every = np.arange(evidence.n)
    for member in parts.members():
        index = np.delete(every, member) if isinstance(parts, LeaveOut) else member
        if len(index):
            yield evidence.take(index), None if parts.sample_weight is None else parts.sample_weight[index]
        else:
            yield evidence.take(every[:1]), np.zeros(1)


@dataclass(frozen=True)
class RankPairs:
    """Ranks of truth and prediction, ties at their middle, under each weighting.

    Attributes:
        true: rank of each truth, shape (w, m).
        predicted: rank of each prediction, shape (w, m).
        weight: weight of each of the m items or cells, shape (w, m).
    """

    true: Array
    predicted: Array
    weight: Array


@dataclass(frozen=True, eq=False, repr=False)
class Ranks:
    """Values against values, by order alone: one pair of rankings a column.

    The rank of an item is the weight below it and half the weight that ties with it, its own included, so weight k is
    k copies.

    Attributes:
        n: how many items.
        true: place of each truth among the distinct values, shape (columns, n).
        predicted: the same of each prediction.
        target: the shape of truth.
    """

    n: int
    true: Array
    predicted: Array
    target: str = "regression"

    @property
    def width(self) -> int:
        """How many columns are weighed an item."""
        return 2 * len(self.true)

    def take(self, index: Array) -> Ranks:
        """The evidence of some items, by whole numbers or by a mask."""
        true = self.true[:, index]
        return Ranks(true.shape[1], true, self.predicted[:, index])

    def coarse(self) -> Additive:
        """Counts by quantile bins of truth and prediction; each column is one block of cells."""
        code = np.empty((self.n, len(self.true)), dtype=np.int32)
        for column, (true, predicted) in enumerate(zip(self.true, self.predicted)):
            bins = [quantile_bins(side.astype(np.float64), SIDE)[0] for side in (true, predicted)]
            cell = bins[0] * SIDE + bins[1]
            code[:, column] = cell + column * SIDE * SIDE
        flat = code[:, 0] if code.shape[1] == 1 else code
        return Additive(self.n, self.target, BinnedRanks(len(self.true)), flat, SIDE * SIDE * len(self.true))

    def readings(self, weighting: Weighting) -> Iterator[list[RankPairs]]:
        """The ranks of all columns, a part of the weightings at a time."""
        if isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, self.n):
                yield self._pairs(weighting.spread(batch))
        elif isinstance(weighting, Partition):
            for part, weight in parts_of(self, weighting):
                yield part._pairs(np.ones((1, part.n)) if weight is None else weight[None, :])
        else:
            for row in rows_of(weighting):
                yield self._pairs(np.ones((1, self.n)) if row is None else row[None, :])

    def _pairs(self, weight: Array) -> list[RankPairs]:
        """The ranks of each column under some weightings."""
        columns = zip(self.true, self.predicted)
        return [RankPairs(_ranks(true, weight), _ranks(predicted, weight), weight) for true, predicted in columns]


def _ranks(place: Array, weight: Array) -> Array:
    """The rank of each item under each weighting, shape (w, n)."""
    out = np.empty(weight.shape)
    for row, one in enumerate(weight):
        total = np.bincount(place, weights=one)
        out[row] = (np.cumsum(total) - total / 2)[place]
    return out


def places(values: Array) -> Array:
    """The place of each value among the distinct values, shape (n,)."""
    order = np.argsort(values)
    ordered = values[order]
    fresh = np.concatenate(([False], ordered[1:] != ordered[:-1]))
    out = np.empty(len(values), dtype=narrowest(len(values)))
    out[order] = np.cumsum(fresh)
    return out


@dataclass(frozen=True, eq=False, repr=False)
class BinnedRanks:
    """Cells that are, of each column, the pairs of quantile bins of truth and prediction."""

    columns: int

    def __call__(self, totals: Totals) -> list[RankPairs]:
        """Rank the bins; what shares a bin is tied."""
        cell = totals.weight.reshape(len(totals.weight), self.columns, SIDE, SIDE)
        pairs = []
        for column in range(self.columns):
            weight = cell[:, column]
            true, predicted = (_middle(weight.sum(axis=axis)) for axis in (2, 1))
            flat = (len(weight), SIDE * SIDE)
            true, predicted = np.repeat(true, SIDE, axis=1), np.tile(predicted, SIDE)
            pairs.append(RankPairs(true, predicted, weight.reshape(flat)))
        return pairs


def _middle(total: Array) -> Array:
    """The rank at the middle of each bin, shape (w, bins)."""
    return np.cumsum(total, axis=1) - total / 2
