"""Repair of a dealt split: the single moves and exchanges of groups that bring classes nearest to their shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compete.building.splits.grouping import Floats, GroupTable, Ints, Parts, cells_of, part_totals
from compete.building.splits.keyed import Numbers

CANDIDATES = 20_000
"""Groups that a repair looks at; of more, a sample that holds every class, and the largest."""

LARGEST = 1_000
"""Of these candidates, how many are chosen for their size: where they lie matters most."""

MOVES = 1_000
"""Moves and exchanges at most; a thousand bring ten million items within a hundredth of every share."""

EXCHANGED = 48
"""Groups of a part, the best ones to move, that are tried in pairs with those of another part."""

WORST = 3
"""Columns whose holders are also tried in pairs among themselves: a lump for a smaller lump."""

TINY = 1e-12
"""A smaller gain is the arithmetic's last digits, not a better split."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The groups that a repair may move, and what they hold; the same whatever was dealt.

    Attributes:
        group: shape (candidates,): their codes.
        start: shape (candidates + 1,): where the cells of a candidate begin.
        place: shape (cells,): the candidate of each cell.
        column: shape (cells,).
        count: shape (cells,): items.
        weight: shape (parts, columns): one over the square of the items wanted.
        square: shape (parts, candidates): what the squares of their counts weigh.
        holders: for each column the candidates that hold it and how many items; all candidates if that is quicker.
    """

    group: Ints
    start: Ints
    place: Ints
    column: Ints
    count: Floats
    weight: Floats
    square: Floats
    holders: list[tuple[Ints | slice, Floats]]


def candidates_of(table: GroupTable, fractions: Floats, chosen: Ints) -> Candidates:
    """Gather what some groups hold.

    Args:
        table: what all groups hold.
        fractions: shape (parts,), which sum to one.
        chosen: the groups that may be moved; their order decides between equals.
    """
    cell, place = table.cells(chosen)
    column, count = table.column[cell], table.count[cell].astype(np.float64)
    start = np.searchsorted(place, np.arange(len(chosen) + 1))
    weight = 1 / np.maximum(fractions[:, None] * table.total, 1) ** 2
    square: Floats = np.stack([np.bincount(place, count * count * own[column], len(chosen)) for own in weight])
    holders = _holders(place, column, count, len(chosen), table.columns)
    return Candidates(chosen, start, place, column, count, weight, square, holders)


def _holders(place: Ints, column: Ints, count: Floats, groups: int, columns: int) -> list[tuple[Ints | slice, Floats]]:
    order = np.argsort(column, kind="stable")
    edge = np.searchsorted(column[order], np.arange(columns + 1))
    holders: list[tuple[Ints | slice, Floats]] = []
    for first, last in zip(edge[:-1].tolist(), edge[1:].tolist(), strict=True):
        cell = order[first:last]
        if (last - first) * 8 > groups:
            row = np.zeros(groups)
            row[place[cell]] = count[cell]
            holders.append((slice(None), row))
        else:
            holders.append((place[cell], count[cell]))
    return holders


class Repair:
    """The state of a repair: who lies where, and what each candidate's move to each part would cost.

    The cost of a split is the sum over parts and columns of the squared relative error. If group ``g`` enters part
    ``q`` it grows by ``square[q, g] + 2 * slope[q, g]``; if it leaves, by ``square - 2 * slope``. A move changes the
    slope only for groups that share a class with the one that moved, so a move costs microseconds. All sums are taken
    in a fixed order: the outcome is the same on every machine.
    """

    def __init__(self, table: GroupTable, part: Parts, fractions: Floats, able: Candidates) -> None:
        self.start, self.column, self.count = able.start, able.column, able.count
        self.weight, self.square, self.holders = able.weight, able.square, able.holders
        self.error = part_totals(table, part, len(fractions)) - fractions[:, None] * table.total
        self.filled = np.bincount(part, minlength=len(fractions))
        self.part = part[able.group].astype(np.int64)
        self.everyone = np.arange(len(able.group))
        self.here = self.part * len(self.everyone) + self.everyone
        self.twice = 2 * self.square.take(self.here)
        pulls = (self.weight * self.error)[:, self.column]
        slope = [np.bincount(able.place, self.count * pull, len(self.part)) for pull in pulls]
        self.entering: Floats = self.square + 2 * np.stack(slope)

    def costs(self) -> Floats:
        """By what the cost grows if a candidate moves, shape (parts, candidates); never negative for its own part."""
        cost: Floats = self.entering + (self.twice - self.entering.take(self.here))
        if (self.filled == 1).any():
            cost[:, self.filled[self.part] == 1] = np.inf
        return cost

    def move(self, group: int, target: int) -> None:
        """Let a candidate change its part."""
        source = int(self.part[group])
        cells = slice(self.start[group], self.start[group + 1])
        for column, count in zip(self.column[cells].tolist(), self.count[cells].tolist(), strict=True):
            who, held = self.holders[column]
            self.entering[source, who] -= (2 * self.weight[source, column] * count) * held
            self.entering[target, who] += (2 * self.weight[target, column] * count) * held
            self.error[source, column] -= count
            self.error[target, column] += count
        self.filled[source] -= 1
        self.filled[target] += 1
        self.part[group] = target
        self.here[group] = target * len(self.everyone) + group
        self.twice[group] = 2 * self.square[target, group]

    def best_move(self, cost: Floats) -> bool:
        """Make the move that gains most, by what each costs; false if none gains."""
        target, group = divmod(int(cost.argmin()), cost.shape[1])
        if not cost[target, group] < -TINY:
            return False
        self.move(group, target)
        return True

    def best_exchange(self, cost: Floats) -> bool:
        """Exchange the two groups of two parts that gain most, by what moves cost; false if no pair gains."""
        best = (-TINY, 0, 0)
        parts = len(self.weight)
        for one in range(parts):
            for other in range(one + 1, parts):
                for some in (self.everyone, *self._holders_of_worst()):
                    best = min(best, self._exchange(cost, one, other, some))
        gain, left, right = best
        if not gain < -TINY:
            return False
        one, other = int(self.part[left]), int(self.part[right])
        self.move(left, other)
        self.move(right, one)
        return True

    def _holders_of_worst(self) -> list[Ints]:
        """The candidates that hold each of the columns furthest from their shares."""
        worst = np.argsort((self.weight * self.error**2).max(axis=0), kind="stable")[-WORST:]
        return [self.everyone[self.holders[column][0]] for column in worst.tolist()]

    def _exchange(self, cost: Floats, one: int, other: int, some: Ints) -> tuple[float, int, int]:
        left = _cheapest(some[self.part[some] == one], cost[other])
        right = _cheapest(some[self.part[some] == other], cost[one])
        held_left, held_right, weight = self._shared(left, right, self.weight[one] + self.weight[other])
        pair = cost[other, left][:, None] + cost[one, right]
        for mine, theirs, factor in zip(held_left, held_right, weight.tolist(), strict=True):
            pair -= (2 * factor * mine)[:, None] * theirs
        if not pair.size:
            return (0.0, 0, 0)
        first, second = divmod(int(pair.argmin()), len(right))
        return (float(pair[first, second]), int(left[first]), int(right[second]))

    def _shared(self, left: Ints, right: Ints, weight: Floats) -> tuple[Floats, Floats, Floats]:
        """What two sets of candidates hold, shape (columns, candidates), only the columns that both hold."""
        dense = []
        for side in (left, right):
            cell, row = cells_of(self.start, side)
            held = np.zeros((len(weight), len(side)))
            held[self.column[cell], row] = self.count[cell]
            dense.append(held)
        both = np.flatnonzero(dense[0].any(axis=1) & dense[1].any(axis=1))
        return dense[0][both], dense[1][both], weight[both]


def _cheapest(group: Ints, cost: Floats) -> Ints:
    own = cost[group]
    if len(own) > EXCHANGED:
        # As a stable sort of all would leave them, of which only the first few are wanted.
        few = np.flatnonzero(own <= np.partition(own, EXCHANGED - 1)[EXCHANGED - 1])
        group, own = group[few], own[few]
    return group[np.argsort(own, kind="stable")[:EXCHANGED]]


def choose_candidates(table: GroupTable, number: Numbers, canon: Ints) -> Ints:
    """The groups that a repair may move: all, or of many the largest and a sample for each column.

    Args:
        table: what the groups hold.
        number: shape (groups,): the groups' keyed numbers; low ones are sampled.
        canon: shape (groups,): the groups in order of their numbers.

    Returns:
        Groups in that order.
    """
    if table.groups <= CANDIDATES:
        return canon
    holders = np.bincount(table.column, minlength=table.columns)
    share = np.minimum((CANDIDATES - LARGEST) / table.columns / np.maximum(holders, 1), 1)
    limit = np.array([int(part * (2**64 - 2**11)) for part in share.tolist()], dtype=np.uint64)
    sampled = np.repeat(number, np.diff(table.start)) <= limit[table.column]
    sampled |= (share == 1)[table.column]
    chosen = np.logical_or.reduceat(sampled, table.start[:-1])
    chosen |= table.size > np.partition(table.size, -LARGEST)[-LARGEST]
    return canon[chosen[canon]]


def repair_parts(table: GroupTable, part: Parts, fractions: Floats, able: Candidates) -> tuple[Parts, float]:
    """Move and exchange groups, the best first, until nothing gains or the moves are used up.

    Args:
        table: what the groups hold.
        part: shape (groups,), as dealt.
        fractions: shape (parts,), which sum to one.
        able: the groups that may be moved.

    Returns:
        The parts, shape (groups,), and the cost that is left: squared relative errors, summed in a fixed order.
    """
    repair = Repair(table, part, fractions, able)
    for _ in range(MOVES if len(able.group) else 0):
        cost = repair.costs()
        if not repair.best_move(cost) and not repair.best_exchange(cost):
            break
    repaired = part.copy()
    repaired[able.group] = repair.part
    return repaired, float(np.cumsum(repair.weight * repair.error**2)[-1])
