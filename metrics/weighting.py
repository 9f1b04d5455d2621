"""Weightings that are too large to write out: groups, groups left out in turn, and bootstrap draws.

A metric reduces its evidence under any of these: nothing (each item once), an array (n,) of weights, an array (w, n)
of several weightings, or one of the compact forms below, each of which stands for a matrix of weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError, weights
from metrics.labels import encode

if TYPE_CHECKING:
    from metrics.inputs import Array

    Weighting = Union[None, Array, "Partition", "LeaveOut", "Draws"]

BATCH = 1 << 18
"""Numbers drawn at a time: a batch of draws stays in the processor's cache."""

DRAWN = 1 << 16
"""Numbers of units drawn at a time: little enough that their memory is used again, not fetched anew from the system."""

SHORT = 1 << 16
"""Units that two bytes can number: such draws cost half."""

TABLE = 1 << 24
"""Numbers in one table of totals; larger tables are made in several parts."""


@dataclass(frozen=True, eq=False, repr=False)
class Partition:
    """One weighting a group: 1 for its items, 0 for all others.

    Attributes:
        group: whole numbers, shape (n,), from 0 to size - 1; -1 for an item that is in no group.
        size: how many groups there are; the result has shape (size,).
        sample_weight: one weight an item, or None.
    """

    group: Array
    size: int
    sample_weight: Optional[Array] = None

    def __post_init__(self) -> None:
        _check_codes(self.group, self.size, lowest=-1, name="group")

    def check(self, n: int) -> None:
        """Refuse to weigh another number of items."""
        _check_length(self.group, n, "group")
        _check_weights(self.sample_weight, n)

    def weighted(self, sample_weight: Any) -> Partition:
        """The same groups with one more factor on each item's weight."""
        return replace(self, sample_weight=_product(self.sample_weight, sample_weight, len(self.group)))

    def members(self) -> list[Array]:
        """The items of each group, ascending."""
        order = np.argsort(self.group, kind="stable")
        ends = np.searchsorted(self.group[order], np.arange(self.size + 1))
        return [order[ends[group] : ends[group + 1]] for group in range(self.size)]


@dataclass(frozen=True, eq=False, repr=False)
class LeaveOut(Partition):
    """One weighting a group: 0 for its items, 1 for all others. This is the jackknife."""


@dataclass(frozen=True, eq=False, repr=False)
class Draws:
    """Bootstrap draws: multinomial weights of the items, shared inside a cluster.

    With ``cluster`` or ``copies`` the draws depend on nothing but this record, so two kinds of evidence about the same
    items see the same draws. Without them each kind of evidence draws in the way that costs least: the same
    distribution, another stream.

    Attributes:
        count: how many draws; the result has shape (count,).
        seed: of numpy's default generator.
        cluster: whole numbers from 0, shape (n,): items that are drawn together; None draws items.
        copies: how many identical items each row stands for, shape (n,); None for one each. Not with ``cluster``.
        sample_weight: one weight an item, or None.
        made: how often each unit is drawn, shape (count, units), if that is known already; see ``made_once``.
    """

    count: int
    seed: int = 0
    cluster: Optional[Array] = None
    copies: Optional[Array] = None
    sample_weight: Optional[Array] = None
    made: Optional[Array] = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise MetricError(f"{self.count} draws; at least 1 is needed")
        if self.cluster is not None and self.copies is not None:
            raise MetricError("draws are of clusters or of copies, not of both")
        for codes, name in ((self.cluster, "cluster"), (self.copies, "copies")):
            if codes is not None:
                _check_codes(codes, None, lowest=0, name=name)
        if self.cluster is not None and not np.bincount(self.cluster).all():
            raise MetricError("cluster skips numbers; number the clusters 0, 1, 2 … so that each has an item")

    def check(self, n: int) -> None:
        """Refuse to weigh another number of items."""
        for codes, name in ((self.cluster, "cluster"), (self.copies, "copies")):
            if codes is not None:
                _check_length(codes, n, name)
        _check_weights(self.sample_weight, n)

    def weighted(self, sample_weight: Any) -> Draws:
        """The same draws with one more factor on each item's weight."""
        return replace(self, sample_weight=_product(self.sample_weight, sample_weight, len(sample_weight)))

    def made_once(self, n: int) -> Draws:
        """The same draws held in memory, for whoever weighs much evidence of the same n items."""
        return replace(self, made=np.concatenate(list(self.batches(n, kind=np.int32))))

    @property
    def plain(self) -> bool:
        """Whether items are drawn one by one and each counts once."""
        return self.cluster is None and self.copies is None and self.sample_weight is None

    @cached_property
    def _one_each(self) -> bool:
        """Whether the items are the units, in their order."""
        return self.cluster is None or np.array_equal(self.cluster, np.arange(len(self.cluster)))

    def units(self, n: int) -> Array:
        """The unit that each item is drawn with, shape (n,)."""
        return np.arange(n) if self.cluster is None else self.cluster

    def heaviest(self, n: int) -> int:
        """What no draw of n items can weigh more than, where each item counts once."""
        return n if self._one_each else len(np.bincount(self.units(n))) * int(np.bincount(self.units(n)).max())

    def batches(self, n: int, width: int = 1, kind: type = np.int64) -> Iterator[Array]:
        """How often each unit is drawn: whole numbers, shape (draws, units), a cache full at a time.

        The draws are the same for every ``width``, which is how many numbers the caller makes of one draw.
        """
        random = np.random.default_rng(self.seed)
        units = n if self.cluster is None else int(self.cluster.max()) + 1
        chance = None if self.copies is None else self.copies / self.copies.sum()
        step = max(1, DRAWN // max(units, width))
        for start in range(0, self.count, step):
            rows = min(step, self.count - start)
            if self.made is not None:
                yield self.made[start : start + rows].astype(kind, copy=False)
                continue
            if chance is not None and self.copies is not None:
                yield random.multinomial(int(self.copies.sum()), chance, size=rows).astype(kind, copy=False)
                continue
            drawn = random.integers(0, units, size=(rows, units), dtype=np.uint16 if units <= SHORT else np.int64)
            place = drawn + np.arange(0, rows * units, units)[:, None]
            drawn_of_each = np.bincount(place.ravel(), minlength=rows * units)
            yield drawn_of_each.reshape(rows, units).astype(kind, copy=False)

    def spread(self, batch: Array) -> Array:
        """A batch of draws of units as weights of items, shape (draws, n)."""
        item = batch if self._one_each or self.cluster is None else batch.take(self.cluster, axis=1)
        return item if self.sample_weight is None else item * self.sample_weight


def partition(groups: Any, sample_weight: Any = None) -> tuple[tuple[Any, ...], Partition]:
    """Group labels as a Partition.

    Args:
        groups: one label an item, shape (n,): text, whole numbers or true/false.
        sample_weight: one weight an item, or None.

    Returns:
        The groups, sorted, and the Partition into them.
    """
    array = np.asarray(groups)
    if array.ndim != 1 or not len(array):
        raise MetricError(f"groups have shape {array.shape}; give one label an item, shape (items,)")
    codes, names = encode(array, name="groups")
    if len(names) == 2 and codes.min() == codes.max():  # false/true and 0/1 are pairs even where one is absent
        names, codes = (names[int(codes[0])],), np.zeros_like(codes)
    checked = None if sample_weight is None else weights(sample_weight, len(array))
    return names, Partition(codes, len(names), checked)


def combined(weighting: Weighting, sample_weight: Any, n: int) -> Weighting:
    """A weighting with each item's own weight as one more factor."""
    if sample_weight is None:
        return weighting
    factor = weights(sample_weight, n)
    if weighting is None:
        return factor
    if isinstance(weighting, (Partition, Draws)):
        return weighting.weighted(factor)
    return weights(weighting, n, "weighting", rows=True) * factor


def _product(one: Optional[Array], other: Any, n: int) -> Array:
    """Two factors of a weight as one."""
    factor = weights(other, n)
    return factor if one is None else weights(one, n) * factor


def _check_codes(codes: Array, size: Optional[int], lowest: int, name: str) -> None:
    """Refuse what are not whole numbers in range."""
    if getattr(codes, "ndim", 0) != 1 or codes.dtype.kind not in "iu":
        raise MetricError(f"{name} must be an array of whole numbers, shape (items,)")
    if not len(codes):
        raise MetricError(f"{name} is empty")
    if codes.min() < lowest or (size is not None and codes.max() >= size):
        top = "" if size is None else f" to {size - 1}"
        raise MetricError(f"{name} holds numbers outside {lowest}{top}")


def _check_length(codes: Array, n: int, name: str) -> None:
    """Refuse another length."""
    if len(codes) != n:
        raise MetricError(f"{name} has {len(codes)} entries for {n} items")


def _check_weights(sample_weight: Optional[Array], n: int) -> None:
    """Refuse weights that do not fit the items."""
    if sample_weight is not None:
        weights(sample_weight, n)
