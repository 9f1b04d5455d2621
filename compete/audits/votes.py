"""Marks of two pictures that agree on a shift: what two alike marks propose is put to all others of both at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compete.audits.near import Pairs, Words, bits_apart

AGREEING = 9
"""Bits in which those of two others may differ that stand where the shift of the first two would have them."""
EXPECTED, SHARE = 2, 0.2
"""Marks that two views must have where they overlap for one of them alone to be no reason to look; and the share of
them that must agree otherwise. Of overlapping views 9 in 10 do as well, of pairs that share a mark by chance 1 in 4."""
TOGETHER = 2
"""Pixels by which the shifts of marks may differ that vote for one shift."""
AT_ONCE = 1 << 9
"""Pairs of marks whose pictures are compared together: few enough to stay in the cache of a core."""

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class MarkRows(NamedTuple):
    """The marks of all pictures, of one after the other.

    Attributes:
        begin: the first mark of each picture, shape (n,).
        end: the mark after its last one, shape (n,).
        place: row and column of each mark, shape (m, 2).
        hash: of what is around each, shape (m,).
        lowest: the least row and column of each picture's marks, shape (n, 2).
        highest: the greatest.
    """

    begin: Ints
    end: Ints
    place: Bytes
    hash: Words
    lowest: np.ndarray[Any, np.dtype[np.int16]]
    highest: np.ndarray[Any, np.dtype[np.int16]]


def mark_rows(counts: Sequence[int] | Ints, place: np.ndarray[Any, Any], hashes: Words) -> MarkRows:
    """The marks of pictures of which each has so many.

    Args:
        counts: marks of each picture, shape (n,).
        place: row and column of each, whole numbers up to 127, shape (m, 2).
        hashes: of what is around each, shape (m,).
    """
    end = np.cumsum(counts, dtype=np.int64)
    begin, place = end - counts, place.astype(np.uint8, copy=False)
    lowest, highest = (np.zeros((len(begin), 2), np.int16) for _ in range(2))
    some = begin < end
    if some.any():
        lowest[some] = np.minimum.reduceat(place, begin[some])
        highest[some] = np.maximum.reduceat(place, begin[some])
    return MarkRows(begin, end, place, hashes, lowest, highest)


def votes_on(pairs: Pairs, one: Ints, other: Ints, rows: MarkRows) -> np.ndarray[Any, np.dtype[np.int16]]:
    """How many marks of a picture stand, alike, where the shift of two marks has them in another; 0 if far more should.

    Args:
        pairs: two marks each, which propose the shift, shape (m, 2).
        one: the picture of the first mark, shape (m,).
        other: the picture of the second.
        rows: the marks of all pictures.
    """
    here, mine, own = _marks_of_rows(one, rows)
    there, theirs, others_own = _marks_of_rows(other, rows)
    row, mark, others = _together(here - rows.place[pairs[:, 0], None], there - rows.place[pairs[:, 1], None])
    alike = own[row, mark] & others_own[row, others]
    mark, others = mine[row, mark], theirs[row, others]
    alike &= bits_apart(rows.hash[mark], rows.hash[others]) <= AGREEING
    row, mark = row[alike], mark[alike]
    once = np.append(True, (row[1:] != row[:-1]) | (mark[1:] != mark[:-1]))[: len(row)]
    votes = np.bincount(row[once], minlength=len(one))
    shift = rows.place[pairs[:, 0]].astype(np.int16) - rows.place[pairs[:, 1]]
    expected = np.minimum(
        _inside(here, own, rows.lowest[other] + shift, rows.highest[other] + shift),
        _inside(there, others_own, rows.lowest[one] - shift, rows.highest[one] - shift),
    )
    doubtful = np.where(votes == 1, expected > EXPECTED, votes < SHARE * expected)
    return np.where(doubtful, 0, votes).astype(np.int16)


def _together(here: Bytes, there: Bytes) -> tuple[Ints, Ints, Ints]:
    """Which marks of two pictures stand together, row by row: the row and the number of the mark in each.

    Args:
        here: places of marks of the one, counted from one of them, round 256, shape (m, marks, 2).
        there: the same of the other.
    """
    reach = np.uint8(TOGETHER)
    near = here[:, :, None, 0] - (there[:, None, :, 0] - reach) <= 2 * reach
    near &= here[:, :, None, 1] - (there[:, None, :, 1] - reach) <= 2 * reach
    # Hardly any do: eight flags are looked at as one number.
    some = np.flatnonzero(near.reshape(-1).view(np.uint64))
    which, flag = np.nonzero(near.reshape(-1, 8)[some])
    row, flag = np.divmod(some[which] * 8 + flag, here.shape[1] * there.shape[1])
    return row, *np.divmod(flag, there.shape[1])


def _marks_of_rows(picture: Ints, rows: MarkRows) -> tuple[Bytes, Ints, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Places and numbers of the marks of pictures, one row each, as many as the longest has, and which are its own."""
    count = (rows.end - rows.begin)[picture]
    step = np.arange(-(-int(count.max(initial=1)) // 8) * 8)
    mark = np.minimum(rows.begin[picture][:, None] + step, len(rows.place) - 1)
    return rows.place[mark], mark, step < count[:, None]


def _inside(
    place: np.ndarray[Any, Any], own: np.ndarray[Any, Any], lowest: np.ndarray[Any, Any], highest: np.ndarray[Any, Any]
) -> Ints:
    """How many of a picture's own marks lie in a frame, its ends among it, row by row."""
    lowest, highest = lowest.clip(0, 255).astype(np.uint8), highest.clip(-1, 254)
    none = (highest < 0).any(axis=1)
    highest = highest.clip(0).astype(np.uint8)
    within = (place >= lowest[:, None]) & (place <= highest[:, None])
    counts: Ints = np.count_nonzero(within[:, :, 0] & within[:, :, 1] & own, axis=1)
    return np.where(none, 0, counts)


def marks_within(
    counts: Sequence[int] | Ints, place: np.ndarray[Any, Any], picture: Ints, shift: Ints, size: np.ndarray[Any, Any]
) -> Ints:
    """How many marks of pictures are still in a frame when they are moved, shape (m,).

    Args:
        counts: how many marks each picture has.
        place: row and column of the marks of one picture after the other.
        picture: whose marks are moved, shape (m,).
        shift: rows and columns by which they are moved, shape (m, 2).
        size: height and width of the frame, shape (m, 2).
    """
    rows = mark_rows(counts, place, np.empty(0, np.uint64))
    found = [np.empty(0, np.int64)]
    for start in range(0, len(picture), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        places, _, own = _marks_of_rows(picture[some], rows)
        found.append(_inside(places, own, -shift[some], size[some].astype(np.int64) - 1 - shift[some]))
    return np.concatenate(found)
