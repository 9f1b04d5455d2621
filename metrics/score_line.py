"""Detections by segment, the surest first: precision and recall where a score ends at which something is found."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.recall_steps import NEVER, PIECE, STEPS, Runs, running, steps_reached

if TYPE_CHECKING:
    from metrics.inputs import Array

SLACK = 1 + 1e-9
"""What is this near to a recall or to a number of false alarms has reached it."""


@dataclass(frozen=True, eq=False, repr=False)
class ScoreLine:
    """Detections in line, and the scores at which there is a hit, called its levels.

    Attributes:
        image: image of each detection, shape (d,).
        score: its score, descending within a segment, shape (d,).
        hits: the hits among them, by segment.
        place: where each hit stands, shape (h,).
        first: where each segment begins, and the end, shape (segments + 1,).
        level_first: where the levels of each segment begin, and the end, shape (segments + 1,).
        begin: how many detections stand before each level, shape (levels,).
        end: how many stand up to its end, shape (levels,).
        hit_end: how many hits stand up to its end, shape (levels,).
    """

    image: Array
    score: Array
    hits: Runs
    place: Array
    first: Array
    level_first: Array
    begin: Array
    end: Array
    hit_end: Array

    @cached_property
    def segment(self) -> Array:
        """The segment of each level, shape (levels,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.level_first))

    @cached_property
    def levels(self) -> Runs:
        """The levels by segment."""
        return Runs(self.segment, self.level_first)

    def found(self, weight: Optional[Array]) -> Array:
        """Weight of the hits up to each level, within its segment, shape (levels,)."""
        count = running(_weighed(weight, self.hits.image))
        return count[self.hit_end] - count[self.hits.first[self.segment]]

    def average_precision(self, total: Array, weight: Optional[Array], points: int) -> Array:
        """Average precision of each segment, shape (segments,); nan where there is no true object.

        Args:
            total: weight of the true objects of each segment, shape (segments,).
            weight: of each image, or None.
            points: how many recalls precision is read at, 11 or 101; 0 for the area under the curve.
        """
        found, shown = self.found(weight), running(_weighed(weight, self.image))
        precision = np.minimum(found / (shown[self.end] - shown[self.first[self.segment]] + NEVER), 1.0)
        best = self._best_from_here_on(precision)
        share = np.minimum(found / np.maximum(total, NEVER)[self.segment], 1.0)
        gained = share if points == 0 else _points_reached(share, points)
        fresh, begin = gained.copy(), self.levels.first[self.levels.filled]
        fresh[1:] -= gained[:-1]
        fresh[begin] = gained[begin]
        return np.where(total > 0, self.levels.sums(fresh * best) / (points or 1), np.nan)

    def above(self, confidence: float, weight: Optional[Array]) -> tuple[Array, Array]:
        """Weight of the hits and of the detections of at least some score, each of shape (segments,)."""
        sure = self.score >= confidence
        hit = self.hits.sums(np.where(sure[self.place], _weighed(weight, self.hits.image), 0))
        shown = Runs(self.image, self.first).sums(np.where(sure, _weighed(weight, self.image), 0))
        return np.minimum(hit, shown), shown

    def found_at(self, segment: int, alarms: Array, weight: Optional[Array]) -> Array:
        """Weight of the hits where false alarms of some weight are allowed in a segment, shape (alarms,).

        Between two scores it is what was found up to the first; where hits and false alarms share a score, a straight
        line joins what was found before it and after it.
        """
        level = slice(self.level_first[segment], self.level_first[segment + 1])
        row, hit = slice(*self.first[segment : segment + 2]), slice(*self.hits.first[segment : segment + 2])
        shown = running(_weighed(weight, self.image[row]))
        found = running(_weighed(weight, self.hits.image[hit]))
        after = np.concatenate(([0], found[self.hit_end[level] - hit.start]))
        before = shown[self.begin[level] - row.start] - after[:-1]
        alarm = np.stack((before, shown[self.end[level] - row.start] - after[1:]), axis=1).ravel()
        known = np.concatenate(([0], np.maximum.accumulate(np.maximum(alarm, 0))))
        gained = np.concatenate(([0], np.stack((after[:-1], after[1:]), axis=1).ravel()))
        return np.interp(alarms * SLACK, known, gained)

    def _best_from_here_on(self, precision: Array) -> Array:
        """The highest precision at this or any later level of the segment, shape (levels,)."""
        lift = (PIECE - self.segment % PIECE).astype(np.float64)
        out = precision + lift
        for begin in range(0, len(self.level_first) - 1, PIECE):
            rows = slice(self.level_first[begin], self.level_first[min(begin + PIECE, len(self.level_first) - 1)])
            out[rows] = np.maximum.accumulate(out[rows][::-1])[::-1]
        return out - lift


def line_up_scores(image: Array, score: Array, hit: Array, segment: Array, segments: int) -> ScoreLine:
    """Find the levels of detections in line.

    Args:
        image: image of each detection, shape (d,).
        score: descending within a segment, shape (d,).
        hit: whether it is a hit, shape (d,).
        segment: ascending, shape (d,).
        segments: how many there are.
    """
    every = np.arange(segments + 1)
    differs = (segment[1:] != segment[:-1]) | (score[1:] != score[:-1])
    edge = np.concatenate(([0], np.flatnonzero(differs) + 1, [len(score)] if len(score) else []))
    edge = edge.astype(np.int64)
    place = np.flatnonzero(hit)
    level = np.searchsorted(edge, place, side="right") - 1
    last = np.flatnonzero(np.concatenate((level[1:] != level[:-1], [True]))) if len(level) else place
    chosen = level[last]
    hits = Runs(image[place], np.searchsorted(segment[place], every))
    return ScoreLine(
        image=image,
        score=score,
        hits=hits,
        place=place,
        first=np.searchsorted(segment, every),
        level_first=np.searchsorted(segment[place[last]], every),
        begin=edge[chosen],
        end=edge[chosen + 1],
        hit_end=last + 1,
    )


def _weighed(weight: Optional[Array], image: Array) -> Array:
    """What each row weighs."""
    return np.ones(len(image), dtype=np.int64) if weight is None else weight[image]


def _points_reached(share: Array, points: int) -> Array:
    """How many of the recalls, evenly spread from 0 to 1, a recall has reached; nothing found reaches none."""
    if points == STEPS:
        reached = steps_reached(100 * share).astype(np.int64)
    else:
        reached = np.floor(share * (points - 1) * SLACK).astype(np.int64) + 1
    return np.where(share > 0, np.minimum(reached, points), 0)
