"""Who matches whom: pairs of detection and true object become matches, for many thresholds at once.

The door is `Pairs`: a flat list that does not ask whether similarity is an overlap of boxes, of masks, or a nearness of
points. Three rules are offered, each vectorized over all images:

- `match_greedily`: as COCO. Detections choose in turn, the surest first, the most similar object that is still free.
- `match_best_only`: as PASCAL VOC. Each detection looks at its most similar object alone; if taken, it is wrong.
- `match_optimally` (in ``assignment.py``): the matching of the greatest total similarity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.proposals import choices_of, propose_on

if TYPE_CHECKING:
    from metrics.inputs import Array

ALMOST_ONE = 1 - 1e-10
"""A threshold of 1 is met by rounding's width, as in pycocotools."""


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Pairs of a detection and a true object that may match; what is not listed never does.

    Attributes:
        detection: whole numbers, ascending, shape (p,); where detections compete, the lower number is the surer.
        truth: whole numbers, ascending within a detection, shape (p,).
        similarity: shape (p,), above 0.
        detections: how many detections there are.
        truths: how many true objects there are.
    """

    detection: Array
    truth: Array
    similarity: Array
    detections: int
    truths: int

    @cached_property
    def first(self) -> Array:
        """Where the pairs of each detection begin, and the end: shape (detections with a pair + 1,)."""
        edge = np.flatnonzero(self.detection[1:] != self.detection[:-1]) + 1
        ends = [len(self.detection)] if len(self.detection) else []
        return np.concatenate(([0], edge, ends)).astype(np.int64)

    @cached_property
    def claimant(self) -> Array:
        """The detections that have a pair, ascending, shape (c,)."""
        return self.detection[self.first[:-1]]

    @cached_property
    def number(self) -> Array:
        """Of each pair, which of the claimants its detection is, shape (p,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def take(self, index: Array) -> Pairs:
        """Some pairs, by whole numbers in ascending order or by a mask."""
        parts = (self.detection[index], self.truth[index], self.similarity[index])
        return Pairs(*parts, self.detections, self.truths)

    def levels(self, thresholds: Sequence[float]) -> Array:
        """How many of the thresholds each pair meets, shape (p,).

        Raises:
            MetricError: thresholds do not ascend, or lie outside 0 to 1.
        """
        steps = np.asarray(thresholds, dtype=np.float64)
        if steps.ndim != 1 or not len(steps) or (np.diff(steps) <= 0).any() or steps[0] < 0 or steps[-1] > 1:
            raise MetricError(f"thresholds {list(thresholds)} must ascend between 0 and 1")
        level = np.zeros(len(self.similarity), dtype=np.int16)
        for step in np.minimum(steps, ALMOST_ONE):
            level += self.similarity >= step
        return level


@dataclass(frozen=True, eq=False, repr=False)
class Matches:
    """Which true object each detection matches at each threshold; read it with `at` or `table`.

    Most detections match one object from their first threshold to their last, and are kept so; the few that are driven
    from one object to another are kept threshold by threshold.

    Attributes:
        detection: the detections that have a pair, ascending, shape (c,); all others match nothing.
        favourite: the object of each, shape (c,).
        low: the first threshold at which it is matched, shape (c,).
        top: the first threshold at which it no longer is, shape (c,).
        moving: which of the detections are kept one by one instead, ascending, shape (m,).
        moved: the true object of these, -1 for none, int32, shape (thresholds, m).
        before: matches that differ in ``moved`` alone, and there in little; None where there are none.
    """

    detection: Array
    favourite: Array
    low: Array
    top: Array
    moving: Array
    moved: Array
    before: Optional[Matches] = None

    @cached_property
    def _read(self) -> dict[int, tuple[Array, Array]]:
        return {}

    def at(self, step: int) -> tuple[Array, Array]:
        """Which of ``detection`` match at one threshold, ascending, and the true object of each."""
        if step not in self._read:
            self._read[step] = self._at(step) if self.before is None else self._changed_at(step, self.before)
        return self._read[step]

    def _at(self, step: int) -> tuple[Array, Array]:
        """The matches at one threshold."""
        won, now = (self.low <= step) & (self.top > step), self.favourite
        if len(self.moving):
            now = now.copy()
            now[self.moving] = self.moved[step]
            won[self.moving] = self.moved[step] >= 0
        column = np.flatnonzero(won)
        return column, now.take(column)

    def _changed_at(self, step: int, before: Matches) -> tuple[Array, Array]:
        """The matches at one threshold, from those they differ from in little."""
        column, truth = before.at(step)
        changed = np.flatnonzero(self.moved[step] != before.moved[step])
        if not len(changed):
            return column, truth
        who, new = self.moving[changed], self.moved[step][changed]
        fresh = before.moved[step][changed] < 0
        place = np.searchsorted(column, who)
        truth = truth.copy()
        truth[place[~fresh]] = new[~fresh]
        column, truth = (
            np.insert(column, place[fresh], who[fresh]),
            np.insert(truth, place[fresh], new[fresh]),
        )
        kept = np.flatnonzero(truth >= 0)
        return column.take(kept), truth.take(kept)

    @property
    def table(self) -> Array:
        """The true object of each of ``detection``, -1 for none, shape (thresholds, c)."""
        out = np.full((len(self.moved), len(self.detection)), -1, dtype=np.int64)
        for step, row in enumerate(out):
            column, truth = self.at(step)
            row[column] = truth
        return out


def match_greedily(
    pairs: Pairs,
    thresholds: Sequence[float],
    ignored: Optional[Array] = None,
    crowd: Optional[Array] = None,
) -> Matches:
    """Match as COCO: in turn, each detection takes the most similar object that is free and meets the threshold.

    An object that is not ignored is preferred to any that is; of equally similar ones the last is taken; a crowd is
    never used up.

    Args:
        pairs: the pairs.
        thresholds: ascending similarities that a match needs.
        ignored: whether a true object is ignored, shape (truths,); None ignores none.
        crowd: whether any number of detections may match it, shape (truths,).

    Raises:
        MetricError: thresholds do not ascend, or lie outside 0 to 1.

    Source: Lin et al., Microsoft COCO (2014); pycocotools, evaluateImg. That detections propose in the order of their
    preference, and an object keeps the surest that proposed, gives the same matching as taking turns: Gale and Shapley,
    American Mathematical Monthly 69 (1962), p. 9, where all objects prefer alike.
    """
    level = pairs.levels(thresholds)
    order = _by_preference(pairs, ignored)
    truth, level = pairs.truth[order], level[order]
    endless = np.zeros(len(truth), dtype=bool) if crowd is None else crowd[truth]
    chosen = pairs.first[:-1]
    favourite, top = truth[chosen], level[chosen]
    low = _lowest_won(favourite, top, endless[chosen])
    several = np.diff(pairs.first) > 1
    if not several.any():
        return _unmoved(pairs.claimant, favourite, low, top, len(thresholds))
    # only who has a second choice, and who may be driven out by such, is not settled yet
    wanted = np.zeros(pairs.truths, dtype=bool)
    wanted[truth[several[pairs.number]]] = True
    moving = np.flatnonzero(several | wanted[favourite])
    choices = choices_of(moving, pairs, truth, level, endless)
    moved = propose_on(choices, low[moving], len(thresholds))
    return Matches(pairs.claimant, favourite, low, top, moving, moved)


def _unmoved(detection: Array, favourite: Array, low: Array, top: Array, steps: int) -> Matches:
    """Matches of which each is of one object."""
    return Matches(detection, favourite, low, top, detection[:0], np.empty((steps, 0), dtype=np.int32))


def rematch_greedily(
    matches: Matches,
    pairs: Pairs,
    thresholds: Sequence[float],
    ignored: tuple[Optional[Array], Array],
    crowd: Optional[Array] = None,
) -> Matches:
    """The greedy matches when other objects are ignored: only what that can change is matched again.

    Args:
        matches: what `match_greedily` gave.
        pairs: the same pairs.
        thresholds: the same thresholds.
        ignored: whether each true object was ignored, and whether it is now, each of shape (truths,).
        crowd: the same crowds.
    """
    before = np.zeros(pairs.truths, dtype=bool) if ignored[0] is None else ignored[0]
    several = np.flatnonzero(np.diff(pairs.first)[pairs.number] > 1)
    concerned = _with_mixed_choice(pairs, several, before, ignored[1])
    if not concerned.any():
        return matches
    link = np.zeros(len(concerned), dtype=bool)
    link[matches.moving] = True
    row = np.flatnonzero(link[pairs.number])
    if crowd is not None:  # who meets at a crowd does not compete
        row = row[~crowd[pairs.truth[row]]]
    link_number, link_truth = pairs.number[row], pairs.truth[row]
    reached, count = np.zeros(pairs.truths, dtype=bool), 0
    while count != (count := int(np.count_nonzero(concerned))):  # follow the links until no one new is concerned
        reached[link_truth[concerned[link_number]]] = True
        concerned[link_number[reached[link_truth]]] = True
    part = match_greedily(pairs.take(concerned[pairs.number]), thresholds, ignored[1], crowd)
    moved = matches.moved.copy()
    moved[:, concerned[matches.moving]] = part.table
    return replace(matches, moved=moved, before=matches)


def match_best_only(pairs: Pairs, thresholds: Sequence[float], ignored: Optional[Array] = None) -> Matches:
    """Match as PASCAL VOC: each detection looks at its most similar object only, the first of equals.

    Of the detections that meet the threshold with an object the surest matches it; the others match nothing. An ignored
    ("difficult") object is never used up.

    Args:
        pairs: the pairs.
        thresholds: ascending similarities that a match needs.
        ignored: whether a true object is ignored, shape (truths,).

    Raises:
        MetricError: thresholds do not ascend, or lie outside 0 to 1.

    Source: Everingham et al., International Journal of Computer Vision 88 (2010), p. 303; VOC devkit, VOCevaldet.
    """
    level = pairs.levels(thresholds)
    if not len(level):
        return _unmoved(pairs.claimant, pairs.truth, level, level, len(thresholds))
    peak = np.maximum.reduceat(pairs.similarity, pairs.first[:-1])
    at_peak = np.flatnonzero(pairs.similarity == peak[pairs.number])
    number = pairs.number[at_peak]
    best = at_peak[np.concatenate(([True], number[1:] != number[:-1]))]
    truth = pairs.truth[best]
    endless = np.zeros(len(truth), dtype=bool) if ignored is None else ignored[truth]
    low = _lowest_won(truth, level[best], endless)
    return _unmoved(pairs.claimant, truth, low, level[best], len(thresholds))


def _by_preference(pairs: Pairs, ignored: Optional[Array]) -> Array:
    """The pairs of each detection in the order in which it would take them."""
    order = np.arange(len(pairs.truth))
    several = np.flatnonzero(np.diff(pairs.first) > 1)
    if not len(several):
        return order
    length = np.diff(pairs.first)[several]
    two = pairs.first[several[length == 2]]
    late = _later(pairs, two, two + 1, ignored)
    order[two[late]], order[two[late] + 1] = two[late] + 1, two[late]
    more = several[length > 2]
    if len(more):
        begin, length = pairs.first[more], length[length > 2]
        row = np.repeat(begin - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
        last = np.zeros(len(row), dtype=bool) if ignored is None else ignored[pairs.truth[row]]
        order[row] = row[np.lexsort((-row, -pairs.similarity[row], last, pairs.number[row]))]
    return order


def _later(pairs: Pairs, one: Array, other: Array, ignored: Optional[Array]) -> Array:
    """Whether a pair is preferred less than one that follows it."""
    less = pairs.similarity[one] <= pairs.similarity[other]
    if ignored is None:
        return less
    last, other_last = ignored[pairs.truth[one]], ignored[pairs.truth[other]]
    return np.where(last == other_last, less, last)


def _lowest_won(truth: Array, level: Array, endless: Array) -> Array:
    """From which threshold on each claimant, in turn, is the first to want its object, shape (c,).

    Below, a surer one that meets those thresholds has taken it. An object of endless capacity is won at all.
    """
    bits = max(1, int(level.max(initial=0)).bit_length())
    place_bits = max(1, len(truth).bit_length())
    key = truth.astype(np.int64) << place_bits
    key |= np.arange(len(truth))
    key.sort()
    order = key & ((1 << place_bits) - 1)
    key >>= place_bits
    start = key << bits
    # the highest level so far among the claimants of one object: objects ascend, so that none reaches into the next
    highest = np.maximum.accumulate(start + level[order])
    low = np.zeros(len(truth), dtype=np.int64)
    again = np.flatnonzero(key[1:] == key[:-1]) + 1
    low[order[again]] = highest[again - 1] - start[again]
    low[endless] = 0
    return low


def _with_mixed_choice(pairs: Pairs, several: Array, before: Array, now: Array) -> Array:
    """Which claimants have several objects, some of them ignored and others not, and not as before; shape (c,)."""
    out = np.zeros(len(pairs.claimant), dtype=bool)
    number, truth = pairs.number[several], pairs.truth[several]
    changed = np.zeros(len(out), dtype=bool)
    changed[number[before[truth] != now[truth]]] = True
    for ignored in (before, now):
        last = ignored[truth]
        some, other = np.zeros(len(out), dtype=bool), np.zeros(len(out), dtype=bool)
        some[number[last]], other[number[~last]] = True, True
        out |= some & other
    return out & changed
