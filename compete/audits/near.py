"""Pairs of 64-bit hashes that differ in few bits, found without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from math import comb
from typing import Any

import numpy as np

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
Rows = np.ndarray[tuple[int], np.dtype[np.int64]]
Short = np.ndarray[tuple[int], np.dtype[Any]]
"""Rows, in half the memory where they are not too many: int32 or int64."""
Pairs = np.ndarray[tuple[int, int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Block = tuple[int, int]
"""Lowest bit, and how many."""

BITS = 64
FARTHEST = 15
"""Bits that may differ; beyond it hashes of unlike pictures meet by chance."""
SORTED, COMPARED = 40.0, 4.0
"""Nanoseconds that it takes to sort a hash, and to compare a pair, roughly."""
PART, PARTS = 1 << 19, 16
"""Hashes that are sorted at a time, roughly, but for so many parts: more at once take more time and far more memory."""
DENSE = 8
"""The share of rows, as one in so many, above which comparing all is faster than picking."""
COMPARED_AT_MOST, REACH = 1 << 29, 64
"""Pairs that are compared for a choice of blocks, roughly, where hashes crowd; but so many neighbours of each."""
LOOKED_AHEAD = 1 << 18
"""Pairs of rows and rows further on that are looked at together."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """Rows that are near very many others: where there are too many pairs, those of such rows tell nothing.

    Attributes:
        most: a row that has met so many others meets no more.
        met: how many each row has met so far; written to, shape (n,).
    """

    most: int
    met: np.ndarray[tuple[int], np.dtype[np.uint32]]

    @property
    def common(self) -> int:
        """How many rows were left out of pairs."""
        return int(np.count_nonzero(self.met >= self.most))

    def passing(self, pairs: Pairs) -> Pairs:
        """Those pairs of which neither row has met its share before."""
        kept = pairs[(self.met[pairs] < self.most).all(axis=1)] if len(pairs) else pairs
        np.add.at(self.met, kept.ravel(), 1)
        return kept

    def pass_by(self, rows: Rows) -> None:
        """Note rows that have more neighbours than are looked at."""
        self.met[rows] = np.maximum(self.met[rows], self.most)


def crowd_of(rows: int, pairs: int, fewest: int) -> Crowd:
    """Nobody known of so many rows yet.

    Args:
        rows: how many there are.
        pairs: how many there may be of them in all, roughly.
        fewest: so many others each row may meet in any case.
    """
    return Crowd(max(fewest, pairs // max(rows, 1)), np.zeros(rows, np.uint32))


def near_pairs(hashes: Words, distance: int) -> Pairs:
    """Pairs of rows whose hashes differ in few bits.

    The bits are cut into ``distance + c`` blocks: of two near hashes at least c blocks are equal (pigeonhole). So for
    every choice of c blocks the hashes are sorted by them, and only neighbours that are equal there are compared. With
    how many blocks that is least work follows from how many hashes there are.

    Args:
        hashes: shape (n,).
        distance: bits that may differ, 0 to 15.

    Returns:
        Rows ``(first, second)``, first < second, sorted, shape (m, 2). Of many rows with one hash each is paired with
        the first of them only, which stands for them all in other pairs.

    Raises:
        ValueError: distance out of range.
    """
    codes = near_codes(hashes, distance)
    pairs = np.empty((len(codes), 2), np.int64)
    np.divmod(codes, max(len(hashes), 1), out=(pairs[:, 0], pairs[:, 1]))
    return pairs


def near_codes(hashes: Words, distance: int) -> Rows:
    """The pairs of ``near_pairs`` as numbers, ``first * n + second``, sorted, shape (m,): a half of their memory.

    Args:
        hashes: shape (n,).
        distance: bits that may differ, 0 to 15.

    Raises:
        ValueError: distance out of range.
    """
    blocks = near_blocks(hashes, distance)
    found = [pairs.min(axis=1).astype(np.int64) * len(hashes) + pairs.max(axis=1) for pairs in blocks]
    codes = np.concatenate([np.empty(0, np.int64), *found])
    codes.sort()
    return codes


def near_blocks(hashes: Words, distance: int, crowd: Crowd | None = None) -> Iterator[np.ndarray[tuple[int, int], Any]]:
    """The pairs of ``near_pairs`` as they are found, some at a time, shape (m, 2), each in either order.

    Args:
        hashes: shape (n,).
        distance: bits that may differ, 0 to 15.
        crowd: leaves out pairs of rows that are near very many others, and is told of them; None leaves out none.

    Raises:
        ValueError: distance out of range.
    """
    if not 0 <= distance <= FARTHEST:
        raise ValueError(f"distance must be 0 to {FARTHEST}, not {distance}")
    leader = np.zeros(len(hashes), dtype=bool)
    for pairs in _copies(hashes, leader):
        yield pairs if crowd is None else crowd.passing(pairs)
    row = None
    if len(hashes) < 2 * PART:
        row = np.flatnonzero(leader)
        hashes, leader = hashes[row], leader[row]
    for near, passed in _distinct_pairs(hashes, leader, distance, crowd, row):
        pairs = near if row is None else row[near]
        if crowd is not None:
            crowd.pass_by(passed if row is None else row[passed])
        yield pairs if crowd is None else crowd.passing(pairs)


def bits_apart(one: Words, other: Words) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """In how many bits hashes differ, row by row, shape (n,)."""
    apart = one ^ other
    if hasattr(np, "bitwise_count"):
        counts: np.ndarray[tuple[int], np.dtype[np.uint8]] = np.bitwise_count(apart)
        return counts
    counts = np.empty(len(apart), dtype=np.uint8)
    return np.sum(_bits_of_halves()[apart.view(np.uint16).reshape(-1, 4)], axis=1, dtype=np.uint8, out=counts)


@lru_cache(maxsize=1)
def _bits_of_halves() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """How many bits are set in each number of 16 bits."""
    return np.array([bin(number).count("1") for number in range(1 << 16)], dtype=np.uint8)


def _copies(hashes: Words, leader: Flags) -> Iterator[np.ndarray[tuple[int, int], Any]]:
    """Pairs of the first row of a hash with its other rows; the first rows are noted."""
    for unsorted, part in _parts(hashes, (0, BITS)):
        order = np.argsort(part)
        ordered, row = part[order], unsorted[order]
        start = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        first = np.minimum.reduceat(row, start)
        leader[first] = True
        if len(start) < len(row):
            first = np.repeat(first, np.diff(np.append(start, len(row))))
            other = first != row
            yield np.stack((first[other], row[other]), axis=1)


def _parts(hashes: Words, block: Block, among: Flags | None = None) -> Iterator[tuple[Short, Words]]:
    """The hashes in parts of which none holds what is equal in a block to a hash of another; with their rows."""
    shift, width = block
    bits = min((len(hashes) // max(PART, len(hashes) // PARTS)).bit_length(), width, 8)
    if not bits:
        row = _counted(len(hashes)) if among is None else np.flatnonzero(among)
        if len(row):
            yield row, hashes if among is None else hashes[row]
        return
    high = np.empty(len(hashes), dtype=np.uint8)
    np.right_shift(hashes, np.uint64(shift + width - bits), out=high, casting="unsafe")
    high &= np.uint8((1 << bits) - 1)
    for number in range(1 << bits):
        row = np.flatnonzero(high == number if among is None else (high == number) & among)
        if len(row):
            yield row.astype(np.int32) if len(hashes) < 1 << 31 else row, hashes[row]


def _counted(count: int) -> Short:
    return np.arange(count, dtype=np.int32 if count < 1 << 31 else np.int64)


def _distinct_pairs(
    hashes: Words, leader: Flags, distance: int, crowd: Crowd | None, rows: Rows | None
) -> Iterator[tuple[np.ndarray[tuple[int, int], Any], Short]]:
    """Near pairs of distinct hashes, each with the first choice of blocks by which it is to be found.

    With them come rows that have more neighbours than are looked at. A crowd, of which these hashes are the given rows
    or all, bounds that, and whoever has met its share by then is not looked at with later choices.
    """
    count = int(np.count_nonzero(leader))
    if distance == 0 or count < 2:
        return
    blocks, chosen = _blocks(count, distance)
    reach = count if crowd is None else max(REACH, COMPARED_AT_MOST // count)
    for choice in combinations(range(len(blocks)), chosen):
        if crowd is not None:
            leader &= (crowd.met if rows is None else crowd.met[rows]) < crowd.most
        chosen_blocks = [blocks[number] for number in choice]
        for row, part in _parts(hashes, chosen_blocks[0], None if leader.all() else leader):
            for pairs, passed in _near_neighbours(part, chosen_blocks, distance, reach):
                first = _is_first(part[pairs[:, 0]] ^ part[pairs[:, 1]], blocks, choice)
                yield row[pairs[first]], row[passed]


def _blocks(count: int, distance: int) -> tuple[list[Block], int]:
    """The blocks, and how many of them are chosen at a time, that make least work for so many hashes."""

    def work(chosen: int) -> float:
        choices, width = comb(distance + chosen, chosen), BITS * chosen / (distance + chosen)
        return float(choices * (count * SORTED + count * count / 2 / 2.0**width * COMPARED))

    chosen = min(range(1, 6), key=work)
    ends = [BITS * number // (distance + chosen) for number in range(distance + chosen + 1)]
    return [(low, high - low) for low, high in pairwise(ends)], chosen


def _near_neighbours(hashes: Words, blocks: Sequence[Block], distance: int, reach: int) -> Iterator[tuple[Pairs, Rows]]:
    """Near pairs of rows among those that are equal in all of these blocks; and rows with more of these than that."""
    value, row = _sorted_by(hashes, blocks)
    ordered, count = hashes[row], len(row)
    ahead, place = 1, np.arange(count - 1)
    while len(place) and ahead <= reach:
        steps = 1
        if len(place) > count // DENSE:  # most rows have an equal one so far ahead: compare all, without gathering
            near = bits_apart(ordered[:-ahead], ordered[ahead:]) <= distance
            equal = value[:-ahead] == value[ahead:]
            near &= equal
            found, place = np.flatnonzero(near), np.flatnonzero(equal)
            other = found + ahead
        else:
            # Whoever has had equal ones so far has them for longer: ask for several at once.
            steps = max(min(ahead // 2, LOOKED_AHEAD // len(place), reach + 1 - ahead), 1)
            beside = place[:, None] + np.arange(ahead, ahead + steps)
            equal = value[place][:, None] == value[np.minimum(beside, count - 1)]
            equal &= beside < count
            which, step = np.nonzero(equal)
            found, other = place[which], beside[which, step]
            near = bits_apart(ordered[found], ordered[other]) <= distance
            found, other, place = found[near], other[near], place[equal[:, -1]]
        ahead += steps
        yield np.stack((row[found], row[other]), axis=1), row[place] if ahead > reach else row[:0]
        place = place[: np.searchsorted(place, count - ahead)]


def _sorted_by(hashes: Words, blocks: Sequence[Block]) -> tuple[Words, Rows]:
    """What stands in these blocks, sorted, and of which rows; bits without room beside a row's number are left out."""
    room = np.uint64(max(len(hashes) - 1, 1).bit_length())
    packed = np.zeros(len(hashes), dtype=np.uint64)
    for shift, width in blocks:
        packed <<= np.uint64(width)
        packed |= (hashes >> np.uint64(shift)) & np.uint64((1 << width) - 1)
    packed <<= room
    packed |= np.arange(len(hashes), dtype=np.uint64)
    packed.sort()
    row = (packed & np.uint64((1 << int(room)) - 1)).astype(np.int64)
    packed >>= room
    return packed, row


def _is_first(
    apart: Words, blocks: Sequence[Block], choice: tuple[int, ...]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether no earlier choice of blocks is equal too: the blocks before the last chosen one differ, if not chosen."""
    first = np.ones(len(apart), dtype=bool)
    for number in range(choice[-1]):
        if number not in choice:
            shift, width = blocks[number]
            first &= (apart >> np.uint64(shift)) & np.uint64((1 << width) - 1) != 0
    return first
