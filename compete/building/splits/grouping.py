"""Whole groups dealt into parts, so that every class comes near its share of every part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compete.building.splits.keyed import Numbers

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Parts = NDArray[np.int8]

DENSE = 50_000_000
"""Cells of a group × class table that are counted in place; a larger table is counted by sorting."""

GOLDEN = 0x9E3779B97F4A7C15
"""2**64 divided by the golden ratio: multiples of it, modulo 2**64, fill every interval as evenly as can be."""


@dataclass(frozen=True, eq=False)
class GroupTable:
    """How many items of each class each group holds; only the cells that are not empty, in order of group and class.

    The last column is no class but the group's size, so that parts are balanced by size with the same arithmetic.

    Attributes:
        start: shape (groups + 1,): where the cells of a group begin.
        column: shape (cells,): class, or ``columns - 1`` for the size.
        count: shape (cells,): items.
        columns: classes + 1.
        total: shape (columns,): items in all.
        size: shape (groups,): items of a group.
    """

    start: Ints
    column: Ints
    count: Ints
    columns: int
    total: Ints
    size: Ints

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.size)

    def cells(self, chosen: Ints) -> tuple[Ints, Ints]:
        """The cells of some groups: their positions, and for each the place of its group among the chosen."""
        return cells_of(self.start, chosen)


def cells_of(start: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """The cells of some groups: their positions, and for each the place of its group among the chosen.

    Args:
        start: shape (groups + 1,): where the cells of a group begin.
        chosen: groups.
    """
    length = start[chosen + 1] - start[chosen]
    place = np.repeat(np.arange(len(chosen)), length)
    first = np.repeat(start[chosen] - np.cumsum(length) + length, length)
    return first + np.arange(len(place)), place


def count_groups(group: Ints, groups: int, item: Ints | None, label: Ints, classes: int) -> GroupTable:
    """Count the items of each class in each group.

    Args:
        group: shape (n,), codes from 0 to groups - 1, each of which occurs.
        groups: how many there are.
        item: shape (labels,): the item of each label; None where label ``i`` is that of item ``i``.
        label: shape (labels,): codes from 0 to classes - 1.
        classes: how many there are.
    """
    columns = classes + 1
    size = np.bincount(group, minlength=groups)
    key = (group if item is None else group[item]) * columns + label
    if not classes:
        key = key[:0]
    if groups * columns <= DENSE:
        table = np.bincount(key, minlength=groups * columns)
        table[classes::columns] = size
        flat = np.flatnonzero(table)
        count = table[flat]
    else:
        flat, count = np.unique(key, return_counts=True)
        flat = np.concatenate([flat, np.arange(groups) * columns + classes])
        count = np.concatenate([count, size])
        order = np.argsort(flat, kind="stable")
        flat, count = flat[order], count[order]
    owner, column = np.divmod(flat, columns)
    start = np.zeros(groups + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=groups), out=start[1:])
    total = np.bincount(label, minlength=columns)
    total[classes] = len(group)
    return GroupTable(start, column, count, columns, total, size)


def dealing_order(table: GroupTable, canon: Ints) -> Ints:
    """The groups in the order in which they are dealt: by their rarest class, how much they hold of it, and size.

    Groups that are alike stand side by side, so that any run of neighbours is divided nearly in proportion.

    Args:
        table: what the groups hold.
        canon: shape (groups,): the groups in an order that does not depend on the file; it decides between equals.
    """
    rank = np.empty(table.columns, np.int64)
    rank[np.argsort(table.total, kind="stable")] = np.arange(table.columns)
    cell_rank = rank[table.column]
    rarest = np.minimum.reduceat(cell_rank, table.start[:-1])
    count = table.count[cell_rank == np.repeat(rarest, np.diff(table.start))]
    top = (1 << 20) - 1
    alike = (rarest << 40) | ((top - np.minimum(count, top)) << 20) | (top - np.minimum(table.size, top))
    return canon[np.argsort(alike[canon], kind="stable")]


def deal_groups(order: Ints, fractions: Floats, offset: int) -> Parts:
    """Deal groups to parts like cards, in golden-ratio turns.

    Args:
        order: shape (groups,), as of ``dealing_order``.
        fractions: shape (parts,), which sum to one.
        offset: where the turns begin, from 0 to 2**64 - 1.

    Returns:
        Shape (groups,): the part of each group.
    """
    turn = np.arange(len(order), dtype=np.uint64) * np.uint64(GOLDEN) + np.uint64(offset)
    part = np.empty(len(order), np.int8)
    part[order] = np.searchsorted(thresholds(fractions), turn, side="right")
    return part


def thresholds(fractions: Floats) -> Numbers:
    """Where the parts begin among the numbers from 0 to 2**64 - 1; the first begins at 0 and is left out."""
    return np.array([int(min(edge, 1.0) * (2**64 - 2**11)) for edge in np.cumsum(fractions)[:-1]], dtype=np.uint64)


def part_totals(table: GroupTable, part: Parts, parts: int) -> Ints:
    """Items of each column in each part, shape (parts, columns)."""
    flat = np.repeat(part.astype(np.int64) * table.columns, np.diff(table.start)) + table.column
    # Floats hold the sums exactly: no sum exceeds 2**53 items.
    total = np.bincount(flat, weights=table.count, minlength=parts * table.columns)
    return total.astype(np.int64).reshape(parts, table.columns)
