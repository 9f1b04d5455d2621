"""Pictures that show the same scene: candidates by shared marks or alike hashes, each confirmed on the pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from compete.audits.marks import Grey, Marks
from compete.audits.near import Pairs, Words, crowd_of, near_blocks
from compete.audits.votes import AT_ONCE, MarkRows, mark_rows, votes_on

ALIKE = 5
"""Bits in which the hashes of two marks of one place may differ."""
NARROW, WIDE = 2, 5
"""Pixels that are averaged to each side, twice, to see a place, and what is around it."""
SLACK = 1
"""Pixels around the shift that the marks tell within which the best is looked for."""

GATHERED = 1 << 16
"""Pairs of marks that are gathered before they are looked at."""
HELD, OF_EACH = 1 << 20, 2
"""Pairs of pictures that are held at most, or so many for each picture, at least two, so that each keeps its likeliest;
twice as many while they are gathered."""
MET, FEWEST = 1 << 26, 4
"""Pairs of marks that are looked at in all, roughly, where marks crowd; but so many of each mark."""

CORRELATED, SMALLEST = 0.85, 0.15
"""Correlation and overlap from which two pictures show one scene. Of blood cells, X-rays and nuclei, overlapping views
have 0.92 and more, the most alike others of such an overlap 0.75."""
STRICTER, SMALL = 0.89, 0.2
"""Correlation that is asked for below that overlap, where little may be alike by chance: of views of blood cells, 99 of
100 have more, and two others had 0.88."""

NEARLY_ALL, BESIDE = 0.9, 0.3
"""Below that overlap, the correlation that is asked for of what is left beside the thing that is most alike: one thing
alone on a plain ground may be in many pictures. Of views of blood cells, X-rays, nuclei and photographs 98 of 100 have
more, of scenes that share one handwritten digit 1 in 21."""
FAINT, AROUND, GROWN, ENOUGH = 0.01, 3, 2, 0.25
"""A thing is what hangs together and is so much alike, as a share of the most, averaged over so many pixels a side,
and so many pixels around it; there must be so much of the overlap beside it, or it does not stand alone."""

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
        beside: correlation of what is left beside the thing that is most alike; 1 where that does not stand alone.
    """

    correlation: float
    overlap: float
    beside: float = 1.0

    @property
    def same_scene(self) -> bool:
        """Whether the two show one scene; a small stretch, or one thing in it, may be alike by chance."""
        asked = CORRELATED if self.overlap >= SMALL else STRICTER
        return self.correlation >= asked and self.overlap >= SMALLEST and self.beside >= BESIDE


class Left(NamedTuple):
    """What was not looked at, because there was too much of it.

    Attributes:
        pairs: pairs of pictures, each less likely than others of both.
        marks: marks that are in very many pictures.
    """

    pairs: int
    marks: int


class _Found(NamedTuple):
    """Pairs of pictures as one number each, the shift of the second, and how many marks agree; 0 for far too few."""

    pair: Ints
    shift: np.ndarray[Any, np.dtype[np.int16]]
    votes: np.ndarray[Any, np.dtype[np.int16]]

    def taken(self, rows: np.ndarray[Any, Any]) -> _Found:
        return _Found(self.pair[rows], self.shift[rows], self.votes[rows])


def shared_marks(marks: Sequence[Marks], distance: int = ALIKE) -> Shared:
    """Pairs of pictures that have alike marks, with the shift on which most of these marks agree.

    Args:
        marks: one record a picture.
        distance: bits in which the hashes of two marks may differ.
    """
    place = np.concatenate([one.place for one in marks] or [np.empty((0, 2), np.int16)])
    hashes = np.concatenate([one.hash for one in marks] or [np.empty(0, np.uint64)])
    return shared_and_left([len(one.hash) for one in marks], place, hashes, distance)[0]


def shared_and_left(
    counts: Sequence[int] | Ints,
    place: np.ndarray[Any, Any],
    hashes: Words,
    distance: int = ALIKE,
    *,
    lone: float = np.inf,
) -> tuple[Shared, Left]:
    """Shared marks as of ``shared_marks``, where the marks of all stand in one array, and what was too much to look at.

    Two marks that are alike propose a shift, and other marks of both pictures are asked at once whether they agree. So
    nothing is kept of the many marks that are alike by chance, whose number grows with the square of the pictures.

    Args:
        counts: how many marks each picture has.
        place: row and column of the marks of one picture after the other, whole numbers up to 127, shape (m, 2).
        hashes: of what is around each mark, shape (m,).
        distance: bits in which the hashes of two marks may differ.
        lone: if more pairs than so many share a single mark, none of these is told.
    """
    pictures = max(len(counts), 1)
    rows = mark_rows(counts, place, hashes)
    crowd, held = crowd_of(len(hashes), MET, FEWEST), max(HELD, OF_EACH * pictures)
    strong, weak, left, least = [_NOTHING], [_NOTHING], 0, 0
    for pairs in _gathered(near_blocks(hashes, distance, crowd)):
        found = _proposed(pairs, rows)
        strong.append(found.taken(found.votes > 1))
        weak.append(found.taken((found.votes >= least) & (found.votes < 2)))
        if sum(len(one.pair) for one in strong) > 2 * held:
            best, fewer = _likeliest_found(_best(strong), pictures, held)
            strong, left = [best], left + fewer
        if sum(len(one.pair) for one in weak) > 2 * held:
            few, least = _few(_best(weak), max(lone, held), least)
            weak = [few]
    best, fewer = _likeliest_found(_best(strong), pictures, held)
    alone = _best(weak)
    alone, _ = _few(alone.taken(~np.isin(alone.pair, best.pair)), lone, least)
    found = _best([best, alone])
    first, second = np.divmod(found.pair, pictures)
    shared = Shared(first, second, found.shift.astype(np.int64), found.votes.clip(1).astype(np.int64))
    return shared, Left(left + fewer, crowd.common)


def likeliest(first: Ints, second: Ints, rank: np.ndarray[Any, Any], most: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which pairs to keep so that no more than so many are left: of each picture those that rank first, shape (m,).

    Args:
        first: the one picture of each pair, shape (m,).
        second: the other.
        rank: lower for likelier ones.
        most: pairs that may be left.
    """
    if len(first) <= most:
        return np.ones(len(first), dtype=bool)
    place = np.minimum(_place_among(first, rank), _place_among(second, rank))
    kept: np.ndarray[Any, np.dtype[np.bool_]] = place < np.searchsorted(np.cumsum(np.bincount(place)), most, "right")
    return kept


def _place_among(picture: Ints, rank: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int32]]:
    """How many pairs of the same picture rank before each; of equal ones those that come first."""
    order = np.lexsort((rank, picture))
    ordered = picture[order]
    place = np.empty(len(picture), np.int32)
    place[order] = np.arange(len(picture)) - np.searchsorted(ordered, ordered)
    return place


def _likeliest_found(found: _Found, pictures: int, most: int) -> tuple[_Found, int]:
    """The likeliest of what was found, and how many others there were."""
    if len(found.pair) <= most:
        return found, 0
    kept = likeliest(*np.divmod(found.pair, pictures), -found.votes, most)
    return found.taken(kept), int(np.count_nonzero(~kept))


def _few(found: _Found, most: float, least: int) -> tuple[_Found, int]:
    """All if they are not too many, or those with a vote, or none; and the votes that are asked for then."""
    while len(found.pair) > most:
        least += 1
        found = found.taken(found.votes >= least)
    return found, least


def _gathered(blocks: Iterable[Pairs]) -> Iterator[Pairs]:
    """The same pairs in blocks that are neither small nor large, the lower row of each first."""
    held: list[Pairs] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        if count >= GATHERED:
            yield np.sort(np.concatenate(held), axis=1)
            held, count = [], 0
    if count:
        yield np.sort(np.concatenate(held), axis=1)


def _proposed(pairs: Pairs, rows: MarkRows) -> _Found:
    """The pairs of pictures whose marks these are, once each, with the shift of most marks."""
    found = [_NOTHING]
    one, other = (np.searchsorted(rows.end, mark, side="right") for mark in pairs.T)
    apart = one != other
    pairs, one, other = pairs[apart], one[apart], other[apart]
    for start in range(0, len(pairs), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        votes = votes_on(pairs[some], one[some], other[some], rows)
        shift = rows.place[pairs[some, 0]].astype(np.int16) - rows.place[pairs[some, 1]]
        found.append(_Found(one[some] * len(rows.end) + other[some], shift, votes))
    return _best(found)


def _best(found: Sequence[_Found]) -> _Found:
    """Each pair of pictures once, sorted, with the shift of most marks."""
    whole = _Found(*map(np.concatenate, zip(*found, strict=True)))
    order = np.lexsort((whole.shift[:, 1], whole.shift[:, 0], -whole.votes, whole.pair))
    pair = whole.pair[order]
    return whole.taken(order[np.append(True, pair[1:] != pair[:-1])[: len(pair)]])


_NOTHING = _Found(np.empty(0, np.int64), np.empty((0, 2), np.int16), np.empty(0, np.int16))


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
    shifts = [(down + dy, right + dx) for dy in near for dx in near]
    best, shift = max((_compared(first, second, *shift), shift) for shift in shifts)
    if best.correlation < CORRELATED or best.overlap >= NEARLY_ALL:
        return best
    return best._replace(beside=_alike_beside(*_common(first, second, *shift)))


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


def _compared(one: Picture, other: Picture, down: int, right: int) -> Likeness:
    height, width = one.shape
    if abs(down) >= height or abs(right) >= width:
        return Likeness(0.0, 0.0)
    mine, theirs = _common(one, other, down, right)
    return Likeness(_correlation(mine, theirs), mine.size / one.size)


def _common(one: Picture, other: Picture, down: int, right: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """What both pictures show when the other is moved."""
    height, width = one.shape
    mine = one[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
    theirs = other[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
    return mine.astype(np.float64), theirs.astype(np.float64)


def _correlation(mine: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> float:
    mine, theirs = mine - mine.mean(), theirs - theirs.mean()
    scale = np.sqrt((mine**2).sum() * (theirs**2).sum())
    return float((mine * theirs).sum() / scale) if scale else 0.0


def _alike_beside(mine: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> float:
    """Correlation of what is left beside the thing that is most alike; 1 if that is too little to tell."""
    from scipy.ndimage import binary_dilation, label

    alike = _averaged(np.abs((mine - mine.mean()) * (theirs - theirs.mean())).astype(np.float32), AROUND)
    things, _ = label(alike > FAINT * alike.max(), np.ones((3, 3)))
    largest = np.bincount(things.ravel(), alike.ravel())[1:].argmax() + 1
    rest = ~binary_dilation(things == largest, iterations=GROWN)
    return _correlation(mine[rest], theirs[rest]) if rest.mean() >= ENOUGH else 1.0
