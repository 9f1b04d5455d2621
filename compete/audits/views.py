"""Pictures that show the same scene: candidates by shared marks or alike hashes, each confirmed on the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compete.audits.marks import Grey, Marks
from compete.audits.near import Words, near_codes

ALIKE = 5
"""Bits in which the hashes of two marks of one place may differ."""
TOGETHER = 2
"""Pixels by which the shifts of marks may differ that vote for one shift."""
NARROW, WIDE = 2, 5
"""Pixels that are averaged to each side, twice, to see a place, and what is around it."""
SLACK = 1
"""Pixels around the shift that the marks tell within which the best is looked for."""

AT_ONCE = 1 << 20
"""Pairs of marks that are looked at together."""

CORRELATED, SMALLEST = 0.85, 0.15
"""Correlation and overlap from which two pictures show one scene. Of blood cells, X-rays and nuclei, overlapping views
have 0.92 and more, the most alike others of such an overlap 0.75."""

Ints = np.ndarray[Any, np.dtype[np.int64]]
Picture = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class Shared(NamedTuple):
    """Pairs of pictures that share marks, one row a pair, sorted.

    Attributes:
        first: the picture with the lower number, shape (m,).
        second: the other.
        shift: rows and columns that a place of the second must be moved by to stand where it stands in the first,
            shape (m, 2).
        votes: how many marks agree on that.
    """

    first: Ints
    second: Ints
    shift: Ints
    votes: Ints


class Likeness(NamedTuple):
    """How much two pictures show the same.

    Attributes:
        correlation: of what stands out from its surroundings, where the pictures overlap; 1 for the same.
        overlap: the share of the picture that both show.
    """

    correlation: float
    overlap: float

    @property
    def same_scene(self) -> bool:
        """Whether the two show one scene; a small stretch alone may be alike by chance."""
        return self.correlation >= CORRELATED and self.overlap >= SMALLEST


def shared_marks(marks: Sequence[Marks], distance: int = ALIKE) -> Shared:
    """Pairs of pictures that have alike marks, with the shift on which most of these marks agree.

    Args:
        marks: one record a picture.
        distance: bits in which the hashes of two marks may differ.
    """
    place = np.concatenate([one.place for one in marks] or [np.empty((0, 2), np.int16)])
    hashes = np.concatenate([one.hash for one in marks] or [np.empty(0, np.uint64)])
    return shared_in_rows([len(one.hash) for one in marks], place, hashes, distance)


def shared_in_rows(
    counts: Sequence[int] | Ints,
    place: np.ndarray[Any, Any],
    hashes: Words,
    distance: int = ALIKE,
    *,
    among: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
    lone: float = np.inf,
) -> Shared:
    """Pairs of pictures that have alike marks, as of ``shared_marks``, where the marks of all stand in one array.

    Args:
        counts: how many marks each picture has.
        place: row and column of the marks of one picture after the other, any whole numbers, shape (m, 2).
        hashes: of what is around each mark, shape (m,).
        distance: bits in which the hashes of two marks may differ.
        among: which marks are looked at, shape (m,); None for all.
        lone: if more pairs than so many share a single mark, none of these is told.
    """
    codes = near_codes(hashes, distance, among)
    marks, ends = max(len(hashes), 1), np.cumsum(counts, dtype=np.int64)
    single, often = _singles(codes, marks, ends)
    codes, both = _told_often(codes, marks, ends, often if single > lone else None)
    pairs = np.stack(np.divmod(codes, marks), axis=1)
    first, second = np.divmod(both, max(len(counts), 1))
    shift = place[pairs[:, 0]].astype(np.int64) - place[pairs[:, 1]]
    order = np.lexsort((shift[:, 1], shift[:, 0], second, first))
    first, second, shift = first[order], second[order], shift[order]
    votes = _votes(first * len(counts) + second, shift)
    best = np.lexsort((-votes, second, first))
    first, second, shift, votes = first[best], second[best], shift[best], votes[best]
    head = np.ones(len(first), dtype=bool)
    head[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    if single > lone or (head & (votes == 1)).sum() > lone:
        head &= votes > 1
    return Shared(first[head], second[head], shift[head], votes[head])


def _pictures(codes: Ints, marks: int, ends: Ints) -> Ints:
    """Of pairs of marks the pair of their pictures as one number; -1 for two marks of one picture.

    Args:
        codes: pairs of marks as of ``near_codes``, shape (m,).
        marks: how many marks there are.
        ends: the mark after the last one of each picture, shape (n,).
    """
    first, second = np.searchsorted(ends, np.stack(np.divmod(codes, marks)), side="right")
    return np.where(first == second, -1, first * len(ends) + second)


def _singles(codes: Ints, marks: int, ends: Ints) -> tuple[int, Ints]:
    """How many pairs of pictures share a single mark, and the others, sorted, as of ``_pictures``."""
    both = np.empty_like(codes)
    for start in range(0, len(codes), AT_ONCE):  # by chance there may be many times more pairs than pictures
        both[start : start + AT_ONCE] = _pictures(codes[start : start + AT_ONCE], marks, ends)
    both.sort()
    both = both[np.searchsorted(both, 0) :]
    again = both[1:][both[1:] == both[:-1]]
    often = np.unique(again)
    return len(both) - len(again) - len(often), often


def _told_often(codes: Ints, marks: int, ends: Ints, often: Ints | None) -> tuple[Ints, Ints]:
    """Those pairs of marks whose pictures are among some, or all of two pictures, and the pairs of pictures."""
    found = [(codes[:0], codes[:0])]
    for start in range(0, len(codes), AT_ONCE):
        some = codes[start : start + AT_ONCE]
        both = _pictures(some, marks, ends)
        chosen = both >= 0 if often is None else np.isin(both, often)
        found.append((some[chosen], both[chosen]))
    return np.concatenate([some for some, _ in found]), np.concatenate([both for _, both in found])


def _votes(pair: Ints, shift: Ints) -> Ints:
    """How many marks of the same pair of pictures tell nearly the same shift, each itself included."""
    votes = np.ones(len(pair), dtype=np.int64)
    place, ahead = np.arange(max(len(pair) - 1, 0)), 1
    while len(place):
        place = place[pair[place] == pair[place + ahead]]
        near = place[np.abs(shift[place] - shift[place + ahead]).max(axis=1, initial=0) <= TOGETHER]
        np.add.at(votes, near, 1)
        np.add.at(votes, near + ahead, 1)
        ahead += 1
        place = place[: np.searchsorted(place, len(pair) - ahead)]
    return votes


def likeness(one: Grey, other: Grey, down: int = 0, right: int = 0) -> Likeness:
    """How much two pictures show the same when the other is moved, the best within a pixel of that.

    Compared is what stands out from its surroundings, so that two fields of cells, or two chests, are not alike because
    both are dark at the border.

    Args:
        one: shape (height, width).
        other: the same shape.
        down: rows by which the other is moved.
        right: columns by which it is moved.
    """
    first, second = _standing_out(one), _standing_out(other)
    near = range(-SLACK, SLACK + 1)
    return max(_compared(first, second, down + dy, right + dx) for dy in near for dx in near)


def _standing_out(picture: Grey) -> Picture:
    """By how many grey levels each pixel stands out from what is around it, noise left aside."""
    seen = _averaged(_averaged(picture.astype(np.float32), NARROW), NARROW)
    return seen - _averaged(_averaged(seen, WIDE), WIDE)


def _averaged(picture: Picture, reach: int) -> Picture:
    """Every pixel as the mean of those around it; beyond the border the border goes on."""
    size, (height, width) = 2 * reach + 1, picture.shape
    wide = np.pad(picture, reach, mode="edge")
    rows = sum((wide[at : at + height] for at in range(1, size)), wide[:height])
    return sum((rows[:, at : at + width] for at in range(1, size)), rows[:, :width]) * np.float32(1 / size**2)


def _compared(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any], down: int, right: int) -> Likeness:
    height, width = one.shape
    if abs(down) >= height or abs(right) >= width:
        return Likeness(0.0, 0.0)
    mine = one[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)].astype(np.float64)
    theirs = other[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)].astype(np.float64)
    mine, theirs = mine - mine.mean(), theirs - theirs.mean()
    spread = np.sqrt((mine**2).sum() * (theirs**2).sum())
    correlation = float((mine * theirs).sum() / spread) if spread else 0.0
    return Likeness(correlation, mine.size / one.size)
