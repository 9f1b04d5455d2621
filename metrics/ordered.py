"""Evidence of numbers in their order: quantiles under any weighting, and what is read along the order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Optional, Union

import numpy as np

from metrics.curves import BINS, quantile_bins
from metrics.evidence import Additive, Totals, rows_of
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.ranked import parts_of
from metrics.weighting import Draws, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting

METHODS = ("averaged", "lower", "linear")
"""How a quantile between two items is read: the mean of both where it falls exactly between them (Hyndman and Fan's
type 2, the usual median), the lower of both (type 1), or straight between them as numpy does (type 7), for which
weights must be counts."""

SLACK = 1e-12
"""A share of all weight that is rounding."""


@dataclass(frozen=True)
class Steps:
    """Distinct values by rising size under some weightings.

    Attributes:
        low: the values, or the lowest of each bin, shape (values,).
        high: the values, or the highest of each bin, shape (values,).
        weight: what the items of each value weigh, shape (w, values).
        sums: weighted sum of the number that rides along with each item, shape (w, values); None without one.
    """

    low: Array
    high: Array
    weight: Array
    sums: Optional[Array] = None

    def quantile(self, share: float, method: str = "averaged") -> Array:
        """The value below which a share of the weight lies, shape (w,); nan where nothing has weight.

        Args:
            share: between 0 and 1.
            method: one of ``METHODS``.
        """
        running = np.cumsum(self.weight, axis=1)
        total = running[:, -1:]
        slack = SLACK * total
        if method == "linear":
            place = np.maximum(share * (total - 1.0), 0.0)
            below = np.floor(place + slack)
            fraction = np.clip(place - below, 0.0, 1.0)[:, 0]
            last = np.maximum(total - 1.0, 0.0)
            one, other = (self._at(running, np.minimum(below + step, last), slack) for step in (0.0, 1.0))
            value = one + (other - one) * fraction
        else:
            place = share * total
            least = np.maximum(place - slack, 0.0)
            one = self._first(running, (running >= least) & (running > 0), place)
            value = one if method == "lower" else (one + self._at(running, place, slack)) / 2.0
        return np.where(total[:, 0] > 0, value, np.nan)

    def _at(self, running: Array, place: Array, slack: Array) -> Array:
        """The value that begins right after some weight, or the largest one there is, shape (w,)."""
        beyond = running > np.minimum(place + slack, running[:, -1:] * (1.0 - SLACK))
        return self._first(running, beyond, place)

    def _first(self, running: Array, met: Array, place: Array) -> Array:
        """The value at the first place where a condition is met; inside a bin, as far along as the weight is."""
        index = np.argmax(met, axis=1)
        low: Array = self.low[index]
        high: Array = self.high[index]
        if self.low is self.high:
            return low
        row = np.arange(len(index))
        weight = self.weight[row, index]
        before = running[row, index] - weight
        part = np.divide(place[:, 0] - before, weight, out=np.zeros(len(index)), where=weight > 0)
        out: Array = low + (high - low) * np.clip(part, 0.0, 1.0)
        return out


@dataclass(frozen=True)
class Plain:
    """Numbers of which each counts once, in no order.

    Attributes:
        value: shape (n,).
    """

    value: Array

    def quantile(self, share: float, method: str = "averaged") -> Array:
        """As `Steps.quantile`, without sorting all of them; shape (1,)."""
        n = len(self.value)
        place = share * (n - 1.0) if method == "linear" else share * n
        slack = SLACK * n
        last = min(math.floor(place + slack), n - 1)
        first = last if method == "linear" else max(math.ceil(place - slack) - 1, 0)
        ends = sorted({first, last, min(last + 1, n - 1)})
        chosen = dict(zip(ends, np.partition(self.value, ends)[ends].tolist()))
        if method == "linear":
            fraction = min(max(place - last, 0.0), 1.0)
            return np.array([chosen[last] + (chosen[min(last + 1, n - 1)] - chosen[last]) * fraction])
        return np.array([chosen[first] if method == "lower" else (chosen[first] + chosen[last]) / 2.0])


class Order(NamedTuple):
    """One column, sorted: the order of its items, where each distinct value begins, and the values."""

    order: Array
    first: Array
    value: Array


@dataclass(frozen=True, eq=False, repr=False)
class Ordered:
    """Numbers of the items, sorted once.

    Attributes:
        n: how many items.
        target: the shape of truth.
        value: shape (columns, n).
        along: one more number an item that rides along with the only column, shape (n,); None without one.
    """

    n: int
    target: str
    value: Array
    along: Optional[Array] = None

    @property
    def width(self) -> int:
        """How many columns are weighed an item."""
        return len(self.value) * (1 if self.along is None else 2)

    @cached_property
    def _orders(self) -> list[Order]:
        return [_sorted(column) for column in self.value]

    def take(self, index: Array) -> Ordered:
        """The evidence of some items, by whole numbers or by a mask."""
        value = self.value[:, index]
        return Ordered(value.shape[1], self.target, value, None if self.along is None else self.along[index])

    def coarse(self) -> Additive:
        """Quantile bins of each column, each column one block of cells."""
        code = np.empty((self.n, len(self.value)), dtype=np.int32)
        low, high = np.zeros((2, len(self.value), BINS))
        for column, values in enumerate(self.value):
            bins, _ = quantile_bins(values, BINS)
            code[:, column] = bins + column * BINS
            order = np.argsort(bins, kind="stable")
            first = np.flatnonzero(np.diff(bins[order], prepend=-1))
            held = bins[order[first]]
            low[column, held] = np.minimum.reduceat(values[order], first)
            high[column, held] = np.maximum.reduceat(values[order], first)
        flat = code[:, 0] if len(self.value) == 1 else code
        table = None if self.along is None else self.along[None, :]
        return Additive(self.n, self.target, BinnedSteps(low, high), flat, BINS * len(self.value), table)

    def readings(self, weighting: Weighting) -> Iterator[Sequence[Union[Steps, Plain]]]:
        """The steps of all columns, a part of the weightings at a time."""
        if weighting is None and self.along is None:
            yield [Plain(column) for column in self.value]
        elif isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, self.n):
                yield self._steps(weighting.spread(batch))
        elif isinstance(weighting, Partition):
            for part, weight in parts_of(self, weighting):
                yield part._steps(np.ones((1, part.n)) if weight is None else weight[None, :])
        else:
            for row in rows_of(weighting):
                yield self._steps(np.ones((1, self.n)) if row is None else row[None, :])

    def _steps(self, weight: Array) -> list[Steps]:
        """The steps of each column under some weightings, shape (w, n)."""
        found = []
        for order, first, value in self._orders:
            own = weight.take(order, axis=1)
            summed = None if self.along is None else _added(own * self.along[order], first)
            found.append(Steps(value, value, _added(own, first).astype(np.float64, copy=False), summed))
        return found


def _sorted(values: Array) -> Order:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return Order(order, first, ordered[first])


def _added(weight: Array, first: Array) -> Array:
    """Sums over the ties of each value, shape (w, values)."""
    return weight if len(first) == weight.shape[1] else np.add.reduceat(weight, first, axis=1)


@dataclass(frozen=True, eq=False, repr=False)
class BinnedSteps:
    """Cells that are the quantile bins of each column.

    Attributes:
        low: lowest value of each bin, shape (columns, bins).
        high: highest value of each bin, shape (columns, bins).
    """

    low: Array
    high: Array

    def __call__(self, totals: Totals) -> list[Steps]:
        """Read the bins as steps."""
        cell = totals.weight.reshape(len(totals.weight), *self.low.shape)
        sums = totals.sums[:, 0] if totals.sums.shape[1] else None
        return [Steps(low, high, cell[:, k], sums) for k, (low, high) in enumerate(zip(self.low, self.high))]


def check_shares(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse an empty list of quantiles."""
    if not shares:
        raise MetricError("name at least one quantile, as in quantiles=[0.5, 0.95]")
    return shares
