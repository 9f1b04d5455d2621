"""Evidence of several metrics about the same items, weighed as one, and of one metric group by group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.evidence import Additive, Evidence, reduce_evidence, rows_of
from metrics.frozen import dataclass
from metrics.weighting import Draws, LeaveOut, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting

Formulas = tuple[Callable[[Any], Any], ...]


@dataclass(frozen=True, eq=False, repr=False)
class SideBySide:
    """Several kinds of evidence about the same items; every one of them sees the same draws.

    Attributes:
        evidences: one or more, all of the same items.
        formulas: what is reckoned from each of them.
    """

    evidences: tuple[Evidence, ...]
    formulas: tuple[Formulas, ...]

    @property
    def n(self) -> int:
        """How many items."""
        return self.evidences[0].n

    @property
    def target(self) -> str:
        """The shape of truth."""
        return self.evidences[0].target

    @property
    def width(self) -> int:
        """How many numbers are weighed an item."""
        return sum(evidence.width for evidence in self.evidences)

    def take(self, index: Array) -> SideBySide:
        """The evidence of some items, by whole numbers or by a mask."""
        return replace(self, evidences=tuple(evidence.take(index) for evidence in self.evidences))

    def coarse(self) -> SideBySide:
        """Every part of it as its own coarse evidence."""
        return replace(self, evidences=tuple(evidence.coarse() for evidence in self.evidences))

    def readings(self, weighting: Weighting) -> Iterator[tuple[Array, ...]]:
        """The score of each formula, in their order, each of shape (w,)."""
        weighting = _shared(weighting, self.n)
        scores: list[Array] = []
        for evidence, formulas in zip(self.evidences, self.formulas):
            scores += [np.atleast_1d(score) for score in reduce_evidence(evidence, formulas, weighting)]
        yield tuple(scores)


@dataclass(frozen=True)
class GroupReading:
    """One metric in each group under some weightings.

    Attributes:
        value: its score, shape (w, groups); nan where it is not defined.
        weight: what the items of the group weigh, shape (w, groups); 0 where it is absent.
    """

    value: Array
    weight: Array


@dataclass(frozen=True, eq=False, repr=False)
class Grouped:
    """Evidence that is reduced group by group.

    Attributes:
        evidence: of all items.
        group: the group of each item, shape (n,), from 0; -1 for an item that is in none.
        formula: what is reckoned in each group.
    """

    evidence: Evidence
    group: Array
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
        """How many numbers are weighed an item."""
        return self.evidence.width

    def take(self, index: Array) -> Grouped:
        """The evidence of some items, by whole numbers or by a mask."""
        return replace(self, evidence=self.evidence.take(index), group=self.group[index])

    def coarse(self) -> Grouped:
        """The same groups of coarse evidence."""
        return replace(self, evidence=self.evidence.coarse())

    @cached_property
    def _members(self) -> list[Array]:
        """The items of each group that has some."""
        return [np.flatnonzero(self.group == code) for code in np.unique(self.group[self.group >= 0])]

    @cached_property
    def _parts(self) -> list[Evidence]:
        """The evidence of each group that has items."""
        return [self.evidence.take(member) for member in self._members]

    def readings(self, weighting: Weighting) -> Iterator[GroupReading]:
        """The scores of all groups, a part of the weightings at a time."""
        weighting = _shared(weighting, self.n)
        if isinstance(weighting, Draws):
            yield self._drawn(weighting)
        elif isinstance(weighting, Partition):
            yield self._parted(weighting)
        else:
            for row in rows_of(weighting):
                yield self._dense(np.ones((1, self.n)) if row is None else row[None, :])

    def _drawn(self, draws: Draws) -> GroupReading:
        """Under draws that are the same for all groups: outside a group the items have no weight."""
        place = np.zeros(self.n, dtype=np.int64)
        for number, member in enumerate(self._members, start=1):
            place[member] = number
        cells = Additive(self.n, self.target, code=place, cells=len(self._members) + 1)
        weight = np.concatenate([totals.weight for totals in cells.readings(draws)])[:, 1:]
        value = np.empty(weight.shape)
        for number in range(weight.shape[1]):
            own = draws.weighted((place == number + 1).astype(np.float64))
            value[:, number] = reduce_evidence(self.evidence, [self.formula], own)[0]
        return GroupReading(value, weight)

    def _dense(self, rows: Array) -> GroupReading:
        """Under weightings that are written out, shape (w, n)."""
        shape = (len(rows), len(self._members))
        value, weight = np.full(shape, np.nan), np.zeros(shape)
        for place, (member, part) in enumerate(zip(self._members, self._parts)):
            own = rows[:, member]
            value[:, place] = reduce_evidence(part, [self.formula], own)[0]
            weight[:, place] = own.sum(axis=1)
        return GroupReading(value, weight)

    def _parted(self, parts: Partition) -> GroupReading:
        """Under a partition, or all but each part of one."""
        shape = (parts.size, len(self._members))
        value, weight = np.full(shape, np.nan), np.zeros(shape)
        for place, (member, part) in enumerate(zip(self._members, self._parts)):
            given = None if parts.sample_weight is None else parts.sample_weight[member]
            own = replace(parts, group=parts.group[member], sample_weight=given)
            value[:, place] = reduce_evidence(part, [self.formula], own)[0]
            inside = own.group >= 0
            each = None if given is None else given[inside]
            total = np.bincount(own.group[inside], each, parts.size).astype(np.float64)
            whole = len(member) if given is None else given.sum()
            weight[:, place] = whole - total if isinstance(parts, LeaveOut) else total
        return GroupReading(value, weight)


def _shared(weighting: Weighting, n: int) -> Weighting:
    """The same weighting, whose draws do not depend on the evidence that sees them."""
    if isinstance(weighting, Draws) and weighting.cluster is None and weighting.copies is None:
        return replace(weighting, cluster=np.arange(n))
    return weighting
