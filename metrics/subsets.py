"""One metric on several parts of the items, which may overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.evidence import Evidence, reduce_evidence, rows_of
from metrics.frozen import dataclass
from metrics.weighting import Draws, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting


@dataclass(frozen=True, eq=False, repr=False)
class Subsets:
    """Evidence that is reduced on several parts of the items.

    Attributes:
        evidence: of all items.
        member: which items belong to each part, bool, shape (parts, n).
        formula: what is reckoned on each part.
    """

    evidence: Evidence
    member: Array
    formula: Callable[[Any], Any]

    @property
    def n(self) -> int:
        """How many items."""
        return self.evidence.n

    @property
    def target(self) -> str:
        """The shape of truth."""
        return self.evidence.target

    @property
    def width(self) -> int:
        """How many numbers are weighed an item, on average."""
        return max(1, int(np.ceil(self.evidence.width * self.member.sum() / self.n)))

    def take(self, index: Array) -> Subsets:
        """The evidence of some items, by whole numbers or by a mask."""
        return replace(self, evidence=self.evidence.take(index), member=self.member[:, index])

    def coarse(self) -> Subsets:
        """The coarse evidence of all items, still part by part."""
        return replace(self, evidence=self.evidence.coarse())

    @cached_property
    def _parts(self) -> list[tuple[Array, Evidence]]:
        """The items of each part, and their evidence."""
        every = [np.flatnonzero(own) for own in self.member]
        return [(index, self.evidence.take(index) if len(index) else self.evidence) for index in every]

    def readings(self, weighting: Weighting) -> Iterator[Array]:
        """The score of each part, shape (w, parts), a part of the weightings at a time."""
        if isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, self.n):
                yield self._scores(weighting.spread(batch).astype(np.float64))
        elif isinstance(weighting, Partition):
            yield self._scores(weighting)
        else:
            for row in rows_of(weighting):
                yield self._scores(np.ones((1, self.n)) if row is None else row[None, :])

    def _scores(self, weighting: Any) -> Array:
        """The score of each part under a partition, or under weightings that are written out."""
        parted = isinstance(weighting, Partition)
        out = np.full((weighting.size if parted else len(weighting), len(self._parts)), np.nan)
        for place, (index, part) in enumerate(self._parts):
            if len(index):
                own = _restricted(weighting, index) if parted else weighting[:, index]
                out[:, place] = reduce_evidence(part, [self.formula], own)[0]
        return out


def _restricted(parts: Partition, index: Array) -> Partition:
    """A partition of some of its items."""
    given = None if parts.sample_weight is None else parts.sample_weight[index]
    return replace(parts, group=parts.group[index], sample_weight=given)
