"""Pairs of 64-bit hashes that differ in few bits, found without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from math import comb
from typing import Any

import numpy as np

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
Rows = np.ndarray[tuple[int], np.dtype[np.int64]]
Short = np.ndarray[tuple[int], np.dtype[Any]]
"""Rows, in half the memory where they are not too many: int32 or int64."""
Pairs = np.ndarray[tuple[int, int], np.dtype[np.int64]]
Block = tuple[int, int]
"""Lowest bit, and how many."""

BITS = 64
FARTHEST = 15
"""Bits that may differ; beyond it hashes of unlike pictures meet by chance."""
SORTED, COMPARED = 40.0, 4.0
"""Nanoseconds that it takes to sort a hash, and to compare a pair, roughly."""
PART = 1 << 21
"""Hashes that are sorted at a time, roughly: more at once would take no less time, and far more memory."""
DENSE = 8
"""The share of rows, as one in so many, above which comparing all is faster than picking."""
_COUNTS = np.array([bin(number).count("1") for number in range(1 << 16)], dtype=np.uint8)


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
    if not 0 <= distance <= FARTHEST:
        raise ValueError(f"distance must be 0 to {FARTHEST}, not {distance}")
    distinct, first, copies = _without_copies(hashes)
    found = [np.sort(first[pairs], axis=1) for pairs in _distinct_pairs(distinct, distance)]
    pairs = np.concatenate([copies, *found]).astype(np.int64)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def bits_apart(one: Words, other: Words) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """In how many bits hashes differ, row by row, shape (n,)."""
    apart = one ^ other
    if hasattr(np, "bitwise_count"):
        counts: np.ndarray[tuple[int], np.dtype[np.uint8]] = np.bitwise_count(apart)
        return counts
    counts = np.empty(len(apart), dtype=np.uint8)
    return np.sum(_COUNTS[apart.view(np.uint16).reshape(-1, 4)], axis=1, dtype=np.uint8, out=counts)


def _without_copies(hashes: Words) -> tuple[Words, Short, Pairs]:
    """Every hash once, the first row of each, and pairs of that with the other rows."""
    words, rows, copies = [hashes[:0]], [_counted(0)], [np.empty((0, 2), np.int64)]
    for unsorted, part in _parts(hashes, (0, BITS)):
        order = np.argsort(part)
        ordered, row = part[order], unsorted[order]
        start = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        first = np.minimum.reduceat(row, start)
        leader = np.repeat(first, np.diff(np.append(start, len(row))))
        other = leader != row
        words.append(ordered[start])
        rows.append(first)
        copies.append(np.stack((leader[other], row[other]), axis=1))
    return np.concatenate(words), np.concatenate(rows), np.concatenate(copies)


def _parts(hashes: Words, block: Block) -> Iterator[tuple[Short, Words]]:
    """The hashes in parts of which none holds what is equal in a block to a hash of another; with their rows."""
    shift, width = block
    bits = min((len(hashes) // PART).bit_length(), width, 8)
    if not bits:
        if len(hashes):
            yield _counted(len(hashes)), hashes
        return
    high = np.empty(len(hashes), dtype=np.uint8)
    np.right_shift(hashes, np.uint64(shift + width - bits), out=high, casting="unsafe")
    high &= np.uint8((1 << bits) - 1)
    for number in range(1 << bits):
        row = np.flatnonzero(high == number)
        if len(row):
            yield row.astype(np.int32) if len(hashes) < 1 << 31 else row, hashes[row]


def _counted(count: int) -> Short:
    return np.arange(count, dtype=np.int32 if count < 1 << 31 else np.int64)


def _distinct_pairs(hashes: Words, distance: int) -> Iterator[Pairs]:
    """Near pairs of distinct hashes; each with the first choice of blocks by which it is to be found."""
    if distance == 0 or len(hashes) < 2:
        return
    blocks, chosen = _blocks(len(hashes), distance)
    for choice in combinations(range(len(blocks)), chosen):
        chosen_blocks = [blocks[number] for number in choice]
        for row, part in _parts(hashes, chosen_blocks[0]):
            for pairs in _near_neighbours(part, chosen_blocks, distance):
                first = _is_first(part[pairs[:, 0]] ^ part[pairs[:, 1]], blocks, choice)
                yield row[pairs[first]]


def _blocks(count: int, distance: int) -> tuple[list[Block], int]:
    """The blocks, and how many of them are chosen at a time, that make least work for so many hashes."""

    def work(chosen: int) -> float:
        choices, width = comb(distance + chosen, chosen), BITS * chosen / (distance + chosen)
        return float(choices * (count * SORTED + count * count / 2 / 2.0**width * COMPARED))

    chosen = min(range(1, 6), key=work)
    ends = [BITS * number // (distance + chosen) for number in range(distance + chosen + 1)]
    return [(low, high - low) for low, high in pairwise(ends)], chosen


def _near_neighbours(hashes: Words, blocks: Sequence[Block], distance: int) -> Iterator[Pairs]:
    """Near pairs of rows among those that are equal in all of these blocks."""
    value, row = _sorted_by(hashes, blocks)
    ordered, count = hashes[row], len(row)
    ahead, place = 1, np.arange(count - 1)
    while len(place):
        if len(place) > count // DENSE:  # most rows have an equal one so far ahead: compare all, without gathering
            near = bits_apart(ordered[:-ahead], ordered[ahead:]) <= distance
            equal = value[:-ahead] == value[ahead:]
            near &= equal
            found, place = np.flatnonzero(near), np.flatnonzero(equal)
        else:
            place = place[value[place] == value[place + ahead]]
            found = place[bits_apart(ordered[place], ordered[place + ahead]) <= distance]
        yield np.stack((row[found], row[found + ahead]), axis=1)
        ahead += 1
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
