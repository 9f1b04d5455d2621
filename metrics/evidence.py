"""What a metric collects once and reduces often.

Evidence has one row an item and knows nothing of weights. ``reduce`` hands a formula what the items amount to under one
weighting or under many, with the weightings along the first axis; see ``weighting.py`` for their forms.

Two families live here and in ``ranked.py``:

- `Additive`: weighted sums are all that the score needs. Items lie in cells (accuracy, F1, kappa, ECE), carry numbers
  (RMSE, log loss, Pearson), or both.
- `Ranked` and `Ranks`: items are sorted once, and each weighting is a cumulative sum along that order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional, Protocol

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import CHUNK, weights
from metrics.weighting import BATCH, TABLE, Draws, LeaveOut, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array, Score
    from metrics.weighting import Weighting


STACK = 128
"""Draws that are multiplied with a table of totals together."""

STACKED = 1 << 22
"""Numbers that such a product may have."""


class Evidence(Protocol):
    """What a metric collected about paired truth and prediction.

    Attributes:
        n: how many items.
        target: the shape of truth: ``binary``, ``multiclass``, ``multilabel`` or ``regression``.
        width: how many columns are weighed an item; with n, what one draw costs.
    """

    @property
    def n(self) -> int: ...  # noqa: D102
    @property
    def target(self) -> str: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102

    def readings(self, weighting: Weighting) -> Iterator[Any]:
        """What the formula reads, a part of the weightings at a time, along the first axis."""
        ...

    def take(self, index: Array) -> Evidence:
        """The evidence of some items, by whole numbers or by a mask."""
        ...

    def coarse(self) -> Evidence:
        """Evidence whose every weighting costs a table and not the items; its scores are approximate."""
        ...


@dataclass(frozen=True)
class Totals:
    """What the items amount to under each weighting.

    Attributes:
        weight: weight of the items in each cell, shape (w, cells).
        sums: weighted sum of each column over the items of each cell, shape (w, columns, cells).
    """

    weight: Array
    sums: Array


def reduce_evidence(
    evidence: Evidence, formulas: Sequence[Callable[[Any], Array]], weighting: Weighting = None
) -> list[Score]:
    """Apply formulas that read the same, under one weighting or many.

    Returns:
        One result a formula: a float for no weighting or an array (n,); an array (w,) for (w, n), a Partition or Draws.
    """
    if isinstance(weighting, (Partition, Draws)):
        weighting.check(evidence.n)
        single = False
    else:
        weighting = None if weighting is None else weights(weighting, evidence.n, "weighting", rows=True)
        single = weighting is None or weighting.ndim == 1
    parts: list[list[Array]] = [[np.empty(0)] for _ in formulas]
    with np.errstate(over="ignore", invalid="ignore"):
        for reading in evidence.readings(weighting):
            for formula, known in zip(formulas, parts):
                known.append(np.asarray(formula(reading), dtype=np.float64))
    scores = [np.concatenate(known) for known in parts]
    return [float(score[0]) for score in scores] if single else list(scores)


def rows_of(weighting: Optional[Array]) -> list[Optional[Array]]:
    """The weightings of an array, or the absence of one, as a list."""
    return [weighting] if weighting is None or weighting.ndim == 1 else list(weighting)


def as_it_is(totals: Totals) -> Totals:
    """The totals themselves, for a formula that reads them plainly."""
    return totals


@dataclass(frozen=True, eq=False, repr=False)
class Additive:
    """Items in cells, items with numbers, or both: weighted sums are all that the formula needs.

    Attributes:
        n: how many items.
        target: the shape of truth.
        reading: turns the totals into what the formula reads.
        code: the cell of each item, shape (n,), or one in each of several blocks of cells, shape (n, blocks); None
            where all items share one cell.
        cells: how many cells there are in all.
        table: numbers of each item, shape (columns, n); None where there are none. Not with several blocks.
        count: how many items lie in each cell, if that is known already, shape (cells,).
        total: the sum of each column over all items, if that is known already, shape (columns,); not with a code.
    """

    n: int
    target: str
    reading: Callable[[Totals], Any] = as_it_is
    code: Optional[Array] = None
    cells: int = 1
    table: Optional[Array] = None
    count: Optional[Array] = None
    total: Optional[Array] = None

    @property
    def channels(self) -> int:
        """The weight and the columns: how many numbers are summed in each cell."""
        return 1 if self.table is None else 1 + len(self.table)

    @property
    def width(self) -> int:
        """How many numbers are weighed an item."""
        return self.channels if self.code is None or self.code.ndim == 1 else self.code.shape[1]

    def take(self, index: Array) -> Additive:
        """The evidence of some items, by whole numbers or by a mask."""
        code = None if self.code is None else self.code[index]
        table = None if self.table is None else self.table[:, index]
        n = len(np.empty(self.n, dtype=np.uint8)[index])
        return replace(self, n=n, code=code, table=table, count=None, total=None)

    def coarse(self) -> Additive:
        """This evidence: its weightings already cost no more than a table."""
        return self

    def readings(self, weighting: Weighting) -> Iterator[Any]:
        """What the formula reads, a part of the weightings at a time."""
        if isinstance(weighting, Draws):
            parts = self._drawn(weighting)
        elif isinstance(weighting, Partition):
            parts = self._parted(weighting)
        else:
            parts = (self._summed(None, 1, row) for row in rows_of(weighting))
        for part in parts:
            yield self.reading(Totals(part[:, 0], part[:, 1:]))

    def _summed(self, group: Optional[Array], size: int, weight: Optional[Array]) -> Array:
        """Sums by group and cell, shape (size, channels, cells); without groups all items are one."""
        if group is None and weight is None and self.table is None and self.count is not None:
            return self.count.reshape(1, 1, self.cells).astype(np.float64)
        if group is None and weight is None and self.code is None and self.total is not None:
            return np.append(float(self.n), self.total).reshape(1, self.channels, 1)
        if group is None and self.code is None:
            sums = [float(self.n) if one is None else one.sum(dtype=np.float64) for one in self._factors(weight)]
            return np.array(sums).reshape(1, self.channels, 1)
        total = size * self.cells
        out = np.zeros((self.channels, total))
        step = CHUNK if total <= CHUNK else self.n
        for start in range(0, self.n, step):
            rows = slice(start, start + step)
            place = self._places(group, rows)
            for channel, factor in enumerate(self._factors(weight, rows)):
                out[channel] += np.bincount(place, factor, total)
        return out.reshape(self.channels, size, self.cells).swapaxes(0, 1)

    def _places(self, group: Optional[Array], rows: slice) -> Array:
        """The number of each item's cell within its group, flat."""
        code = None if self.code is None else self.code[rows]
        if group is None and code is not None:
            return code.ravel()
        start = np.asarray(group)[rows].astype(np.int64)
        if code is None:
            return start
        start *= self.cells
        return start + code if code.ndim == 1 else (start[:, None] + code).ravel()

    def _factors(self, weight: Optional[Array], rows: slice = slice(None)) -> list[Optional[Array]]:
        """What is summed: how often each item counts, and its numbers as often; None counts each once."""
        weight = None if weight is None else weight[rows]
        columns = [] if self.table is None else [column[rows] for column in self.table]
        factors = [weight, *(column if weight is None else weight * column for column in columns)]
        blocks = 1 if self.code is None or self.code.ndim == 1 else self.code.shape[1]
        return factors if blocks == 1 else [None if one is None else np.repeat(one, blocks) for one in factors]

    def _parted(self, parts: Partition) -> Iterator[Array]:
        """Sums of each group, or of all items but each group, some groups at a time."""
        whole = self._summed(None, 1, parts.sample_weight) if isinstance(parts, LeaveOut) else None
        step = max(1, TABLE // (self.channels * self.cells))
        inside = bool(parts.group.min() >= 0)
        order = None if inside and step >= parts.size else np.argsort(parts.group, kind="stable")
        ends = None if order is None else np.searchsorted(parts.group[order], np.arange(parts.size + 1))
        for first in range(0, parts.size, step):
            size = min(step, parts.size - first)
            if order is None or ends is None:
                sums = self._summed(parts.group, size, parts.sample_weight)
            else:
                index = order[ends[first] : ends[first + size]]
                weight = None if parts.sample_weight is None else parts.sample_weight[index]
                sums = self.take(index)._summed(parts.group[index] - first, size, weight)
            yield sums if whole is None else _without(whole, sums)

    def _drawn(self, draws: Draws) -> Iterator[Array]:
        """Sums of each bootstrap draw, by the way that costs least."""
        single = self.code is None or self.code.ndim == 1
        if draws.plain and single and self.table is None and self.cells <= self.n:
            yield from self._cells_drawn(draws)
            return
        units = draws.units(self.n)
        count = self.n if draws.cluster is None else int(units.max()) + 1
        numbers = count * self.channels * self.cells
        if numbers <= min(10 * self.n * self.width + BATCH, 2 * TABLE):  # a small table beats a loop over draws
            parts = Partition(units, count, draws.sample_weight)
            table = np.concatenate(list(self._parted(parts))).reshape(count, self.channels * self.cells)
            for batch in _in_stacks(draws.batches(self.n, table.shape[1]), STACKED // table.shape[1]):
                yield (batch.astype(np.float64) @ table).reshape(len(batch), self.channels, self.cells)
            return
        for batch in draws.batches(self.n, self.n):
            for weight in draws.spread(batch):
                yield self._summed(None, 1, weight)

    def _cells_drawn(self, draws: Draws) -> Iterator[Array]:
        """One multinomial draw over the cells: exact, and its cost does not depend on how many items there are."""
        count = self._summed(None, 1, None)[0, 0]
        filled = np.flatnonzero(count)
        random = np.random.default_rng(draws.seed)
        step = max(1, BATCH // self.cells)
        for start in range(0, draws.count, step):
            rows = min(step, draws.count - start)
            out = np.zeros((rows, 1, self.cells))
            out[:, 0, filled] = random.multinomial(self.n, count[filled] / self.n, size=rows)
            yield out


def _in_stacks(batches: Iterator[Array], most: int) -> Iterator[Array]:
    """The same draws, up to so many at a time: a product of matrices reads a large table once for all of them."""
    stack: list[Array] = []
    for batch in batches:
        stack.append(batch)
        if sum(map(len, stack)) + len(batch) > min(most, STACK):
            yield np.concatenate(stack)
            stack = []
    if stack:
        yield np.concatenate(stack)


def _without(whole: Array, sums: Array) -> Array:
    """All but each group; what is left of a subtraction of equals is nothing."""
    rest = whole - sums
    rest[np.abs(rest) <= 1e-13 * np.abs(whole)] = 0.0
    return rest
