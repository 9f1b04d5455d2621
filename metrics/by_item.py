"""Evidence of which a formula makes numbers item by item, and then weighs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import ratio

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting


class Known(Protocol):
    """What was collected of the items."""

    def take(self, index: Array) -> Any:
        """What was collected of some items, by whole numbers or by a mask."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class WeighedItems:
    """What a formula reads: what is known of the items, and how much each of them counts.

    Attributes:
        known: what was collected of the items.
        n: how many items there are.
        target: the shape of truth.
        weighting: how much the items count.
    """

    known: Any
    n: int
    target: str
    weighting: Weighting

    def mean(self, values: Array) -> Array:
        """The weighted mean of one number an item, shape (w,).

        Args:
            values: shape (n,); an item whose number is nan is left out.
        """
        missing = np.isnan(values)
        if missing.any():
            code, table = missing.astype(np.uint8), np.where(missing, 0.0, values)[None, :]
            evidence = Additive(self.n, self.target, code=code, cells=2, table=table)
        else:
            evidence = Additive(self.n, self.target, table=values[None, :])
        means = (ratio(totals.sums[:, 0, 0], totals.weight[:, 0]) for totals in self._totals(evidence))
        return np.concatenate([np.empty(0), *means])

    def sums(self, table: Array) -> Array:
        """Weighted sums of several numbers an item, shape (w, columns).

        Args:
            table: shape (columns, n), without nan.
        """
        evidence = Additive(self.n, self.target, table=table)
        return np.concatenate([np.empty((0, len(table))), *(totals.sums[:, :, 0] for totals in self._totals(evidence))])

    def _totals(self, evidence: Additive) -> Iterator[Totals]:
        """What the items amount to, some weightings at a time."""
        return evidence.readings(self.weighting)


@dataclass(frozen=True, eq=False, repr=False)
class ByItem:
    """Evidence that knows something of each item; which number of it counts is for the formula to say.

    Attributes:
        n: how many items.
        target: the shape of truth.
        known: what was collected of the items.
        width: how many numbers are weighed an item.
    """

    n: int
    target: str
    known: Any
    width: int = 2

    def take(self, index: Array) -> ByItem:
        """The evidence of some items, by whole numbers or by a mask."""
        n = len(np.empty(self.n, dtype=np.uint8)[index])
        return ByItem(n, self.target, self.known.take(index), self.width)

    def coarse(self) -> ByItem:
        """This evidence: its weightings already cost no more than a table."""
        return self

    def readings(self, weighting: Weighting) -> Iterator[WeighedItems]:
        """What the formula reads, under all weightings at once."""
        yield WeighedItems(self.known, self.n, self.target, weighting)
