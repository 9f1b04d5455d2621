"""Items divided into parts by a secret key: exactly by class, or as whole groups as evenly as can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compete.building.splits.grouping import (
    Floats,
    GroupTable,
    Ints,
    Parts,
    count_groups,
    deal_groups,
    dealing_order,
    part_totals,
)
from compete.building.splits.keyed import Identity, Numbers, keyed_numbers
from compete.building.splits.repair import CANDIDATES, candidates_of, choose_candidates, repair_parts
from compete.errors import DatasetError, Finding

DEALS = 2
"""How often a small table of groups is dealt and repaired; the best split is kept."""


@dataclass(frozen=True, eq=False)
class Strata:
    """What is to be spread evenly: one class an item, or several labels an item, or nothing.

    Attributes:
        item: shape (labels,): the item of each label; None where every item has just one class.
        label: shape (labels,): codes of classes.
        names: the classes' names.
    """

    item: Ints | None
    label: Ints
    names: tuple[str, ...]

    def of(self, row: Ints, items: int) -> Strata:
        """The same for some of the items, which are numbered anew."""
        if self.item is None:
            return Strata(None, self.label[row], self.names)
        place = np.full(items, -1)
        place[row] = np.arange(len(row))
        kept = place[self.item] >= 0
        return Strata(place[self.item[kept]], self.label[kept], self.names)

    def counts(self, part: Parts, parts: int) -> Ints:
        """How many items of each class lie in each part, shape (classes, parts); parts of -1 are left out."""
        if not self.names:
            return np.zeros((0, parts), np.int64)
        own = part if self.item is None else part[self.item]
        label = self.label
        if len(own) and own.min() < 0:
            own, label = own[own >= 0], label[own >= 0]
        flat = np.bincount(label * parts + own, minlength=len(self.names) * parts)
        return flat.reshape(len(self.names), parts)


@dataclass(frozen=True, eq=False)
class Population:
    """Items that are to be divided.

    Attributes:
        items: how many.
        strata: what is to be spread evenly.
        group: shape (items,): codes of groups that are never cut; None where every item stands alone.
        identity: who each group is, by its code, or who each item is where there are no groups.
        key: the secret from which all that is random follows.
    """

    items: int
    strata: Strata
    group: Ints | None
    identity: Identity
    key: bytes

    def of(self, row: Ints) -> Population:
        """Only some of the items."""
        strata = self.strata.of(row, self.items)
        if self.group is not None:
            return Population(len(row), strata, self.group[row], self.identity, self.key)
        some = (
            self.identity[row] if isinstance(self.identity, np.ndarray) else [self.identity[at] for at in row.tolist()]
        )
        return Population(len(row), strata, None, some, self.key)


def divide(population: Population, fractions: Floats, purpose: str) -> Parts:
    """Divide items into parts; which items fall into which follows from the key and from who they are.

    Args:
        population: the items, classes and groups.
        fractions: shape (parts,), which sum to one; a part of fraction 0 stays empty.
        purpose: what the division is for; another purpose divides independently.

    Returns:
        The part of each item, shape (items,).

    Raises:
        DatasetError: two items or two groups have the same identity.
    """
    wanted = np.flatnonzero(fractions > 0)
    if population.items == 0 or len(wanted) == 1:
        return np.full(population.items, wanted[0], np.int8)
    if population.group is not None:
        part = _divide_groups(population, population.group, fractions[wanted], purpose)
    elif population.strata.item is not None:
        everyone = np.arange(population.items)
        part = _divide_groups(population, everyone, fractions[wanted], purpose)
    else:
        part = _divide_exactly(population, fractions[wanted], purpose)
    return wanted.astype(np.int8)[part]


def _divide_exactly(population: Population, fractions: Floats, purpose: str) -> Parts:
    """Give each class its share of every part, up to rounding; inside a class the lowest keyed numbers come first."""
    number = keyed_numbers(population.identity, population.key, purpose)
    stratum = population.strata.label
    count = np.bincount(stratum)
    share = rounded_shares(count, fractions)
    order = np.argsort(stratum.astype(np.uint16) if len(count) <= 1 << 16 else stratum, kind="stable")
    part = np.empty(population.items, np.int8)
    for row, cells in zip(np.split(order, np.cumsum(count)[:-1]), share, strict=True):
        own, edge = number[row], np.cumsum(cells)[:-1]
        edge = edge[edge < len(own)]
        start = np.partition(own, edge)[edge] if len(edge) else own[:0]
        part[row] = np.searchsorted(start, own, side="right")
        if not np.array_equal(np.bincount(part[row], minlength=len(cells)), cells):
            raise _repeated("items")
    return part


def rounded_shares(count: Ints, fractions: Floats) -> Ints:
    """Round each class's share of each part up or down, so that classes and parts both add up.

    A class always has an item in the first part, train. What rounding takes from a part in one class is given back in
    the next.

    Args:
        count: shape (classes,): items of each class.
        fractions: shape (parts,), which sum to one.

    Returns:
        Items, shape (classes, parts); rows sum to ``count``; each is within one of ``count * fractions``.
    """
    exact = count[:, None] * fractions
    share = np.floor(exact + 1e-9).astype(np.int64)
    rest = count - share.sum(axis=1)
    owed = np.zeros(len(fractions))
    for row in np.flatnonzero(count):
        owed += exact[row] - share[row]
        # A cell that is whole is not rounded up: it would leave its share by a whole item.
        open_cell = exact[row] - share[row] > 1e-9
        first = open_cell & (share[row] == 0) & (np.arange(len(fractions)) == 0)
        claim = np.where(open_cell, owed, -np.inf) + np.where(first, np.inf, 0)
        up = np.argsort(-claim, kind="stable")[: rest[row]]
        share[row, up] += 1
        owed[up] -= 1
    return share


def _divide_groups(population: Population, group: Ints, fractions: Floats, purpose: str) -> Parts:
    size = np.bincount(group)
    used = np.flatnonzero(size)
    number = _group_numbers(population, used, purpose)
    if len(used) < len(size):
        code = np.empty(len(size), np.int64)
        code[used] = np.arange(len(used))
        group = code[group]
    strata = population.strata
    table = count_groups(group, len(used), strata.item, strata.label, len(strata.names))
    offsets = keyed_numbers([f"deal {deal}" for deal in range(DEALS)], population.key, purpose)
    return best_parts(table, number, fractions, offsets)[group]


def _group_numbers(population: Population, used: Ints, purpose: str) -> Numbers:
    identity = population.identity
    if len(used) < len(identity):
        identity = identity[used] if isinstance(identity, np.ndarray) else [identity[at] for at in used.tolist()]
    return keyed_numbers(identity, population.key, purpose)


def best_parts(table: GroupTable, number: Numbers, fractions: Floats, offsets: Numbers) -> Parts:
    """Deal groups and repair what was dealt; of a few deals the best is kept.

    Args:
        table: what the groups hold.
        number: shape (groups,): the groups' keyed numbers.
        fractions: shape (parts,), positive, which sum to one.
        offsets: where each deal begins; a large table is dealt once.

    Returns:
        The part of each group, shape (groups,).

    Raises:
        DatasetError: two groups have the same number, so the same identity.
    """
    canon = np.argsort(number, kind="stable")
    if (number[canon[1:]] == number[canon[:-1]]).any():
        raise _repeated("groups")
    order, pinned = dealing_order(table, canon), _sole_holders(table)
    chosen = choose_candidates(table, number, canon)
    able = candidates_of(table, fractions, chosen[~pinned[chosen]])
    deals = []
    for offset in offsets.tolist() if table.groups <= CANDIDATES else offsets[:1].tolist():
        dealt = deal_groups(order, fractions, offset)
        dealt[pinned] = 0
        deals.append(repair_parts(table, _filled(dealt, table, canon, len(fractions)), fractions, able))
    best, _ = min(deals, key=lambda deal: deal[1])
    return _all_in_train(best, table, canon)


def _sole_holders(table: GroupTable) -> NDArray[np.bool_]:
    """The groups that hold a class which no other group holds: they belong in train, or it could not be learned."""
    sole = np.bincount(table.column, minlength=table.columns) == 1
    sole[-1] = False
    return np.logical_or.reduceat(sole[table.column], table.start[:-1])


def _filled(part: Parts, table: GroupTable, canon: Ints, parts: int) -> Parts:
    """Give every part that was dealt nothing the smallest group that another part can spare."""
    held = np.bincount(part, minlength=parts)
    if held.all() or table.groups < parts:
        return part
    part, smallest = part.copy(), canon[np.argsort(table.size[canon], kind="stable")]
    for empty in np.flatnonzero(held == 0).tolist():
        group = next(group for group in smallest.tolist() if held[part[group]] > 1)
        held[part[group]] -= 1
        held[empty] += 1
        part[group] = empty
    return part


def _all_in_train(part: Parts, table: GroupTable, canon: Ints) -> Parts:
    """Move into train the smallest group of each class that train lacks: what is not in train cannot be learned."""
    learned = part_totals(table, part, 1 + int(part.max()))[0] > 0
    lacking = ~learned & (table.total > 0)
    if not lacking.any():
        return part
    part, place = part.copy(), np.empty_like(canon)
    place[canon] = np.arange(len(canon))
    cell = np.flatnonzero(lacking[table.column])
    column_of, owner = table.column[cell], np.searchsorted(table.start, cell, side="right") - 1
    held = np.bincount(part)
    for column in np.flatnonzero(lacking).tolist():
        holder = owner[column_of == column]
        spare = holder[held[part[holder]] > 1]
        if len(spare) and part[holder].all():
            group = spare[np.lexsort((place[spare], table.size[spare]))[0]]
            held[part[group]] -= 1
            held[0] += 1
            part[group] = 0
    return part


def _repeated(what: str) -> DatasetError:
    hint = "look at data.id and data.group in challenge.yaml: each id must be there once"
    finding = Finding("split/repeated-identity", f"two {what} have the same identity", hint=hint)
    return DatasetError("the items cannot be divided", [finding])
