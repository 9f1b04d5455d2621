"""Average precision from true positives alone: precision is read only where recall rises.

Detections stand in line by segment (a category, or a category within a group of images), the surest first. The hits of
one threshold are the true positives among them. A weighting of the images is then one running sum over the hits and one
over the detections, whatever the number of segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Optional

import numpy as np

if TYPE_CHECKING:
    from metrics.inputs import Array

STEPS = 101
"""Recalls 0, 0.01 … 1 at which COCO reads precision."""

LATE = (35, 41, 47, 57, 69, 70, 82, 83, 94, 95)
"""Hundredths k where k * 0.01 in floating point is more than k / 100, so that pycocotools asks for one hit more."""

CLOSE = 1e-8
"""Hundredths of recall that are rounding: what is this near to a step is on it. Exact up to 10**8 objects a segment."""

PIECE = 1 << 10
"""Segments handled together: their numbers take ten bits from the 53 of a precision, which leaves 6e-14."""

NEVER = 1e-300
"""Keeps 0/0 at 0 where a hit and all before it weigh nothing."""


@dataclass(frozen=True, eq=False, repr=False)
class Runs:
    """Rows by segment, each of one image.

    Attributes:
        image: image of each row, shape (r,).
        first: where each segment begins, and the end, shape (segments + 1,).
    """

    image: Array
    first: Array

    @cached_property
    def filled(self) -> Array:
        """The segments that have a row."""
        return np.flatnonzero(self.size)

    @cached_property
    def size(self) -> Array:
        """How many rows each segment has, shape (segments,)."""
        return np.diff(self.first)

    def spread(self, values: Array) -> Array:
        """One number a segment, given to each of its rows, shape (r,)."""
        return np.repeat(values, self.size)

    def weight(self, weight: Optional[Array]) -> Array:
        """What the rows of each segment weigh together, shape (segments,)."""
        if weight is None:
            return self.size
        return self.sums(weight.take(self.image))

    def sums(self, values: Array) -> Array:
        """The sum of one number a row over each segment, shape (segments,)."""
        out = np.zeros(len(self.first) - 1, dtype=values.dtype)
        if len(self.filled):
            out[self.filled] = np.add.reduceat(values, self.first[self.filled])
        return out


@dataclass(frozen=True, eq=False, repr=False)
class Listing:
    """The detections that count unless matched.

    Attributes:
        everyone: the images of all detections in line, shape (d,).
        listed: which of them count, shape (d,); None for all.
    """

    everyone: Array
    listed: Optional[Array]

    @cached_property
    def image(self) -> Array:
        """The images of those that count, in line, shape (m,)."""
        return self.everyone if self.listed is None else self.everyone[self.listed]

    @cached_property
    def upto(self) -> Array:
        """How many stand before each place in line, and in all, shape (d + 1,)."""
        if self.listed is None:
            return np.arange(len(self.everyone) + 1)
        out = np.zeros(len(self.listed) + 1, dtype=np.int32)
        np.cumsum(self.listed, out=out[1:], dtype=np.int32)
        return out


@dataclass(frozen=True, eq=False, repr=False)
class Hits:
    """True positives of one threshold in line, and what it takes to count the detections before each.

    A detection is listed where it counts unless it is matched. Of the matched, a hit that is not listed (its area lies
    outside the range) is added, and one that is listed but matched to an ignored object is taken away.

    Attributes:
        runs: the hits by segment.
        listing: the detections listed.
        upto: how many of them stand up to each hit, itself included, shape (h,).
        before: how many stand before each segment, shape (segments,).
        amended: images of the detections to add or take away, in line, shape (x,).
        sign: +1 to add, -1 to take away, int8, shape (x,).
        amended_hits: how many hits stand after none of these, one, two … all, shape (x + 1,).
        amended_before: how many stand before each segment, shape (segments,).
    """

    runs: Runs
    listing: Listing
    upto: Array
    before: Array
    amended: Array
    sign: Array
    amended_hits: Array
    amended_before: Array

    @cached_property
    def lift(self) -> Array:
        """A number for each hit that falls from segment to segment, so that one running maximum serves all."""
        lift = PIECE - np.arange(len(self.runs.first) - 1) % PIECE
        return self.runs.spread(lift.astype(np.float64))

    def shown(self, weight: Optional[Array], listed: Optional[Array]) -> Array:
        """Weight of the detections that count, up to each hit and within its segment, shape (h,).

        Args:
            weight: of each image, or None.
            listed: running weight of the detections listed, with 0 in front; None where each weighs 1.
        """
        upto, before = self.upto, self.before
        if listed is not None:
            upto, before = listed.take(upto), listed.take(before)
        if len(self.amended):
            change = running(self.sign.astype(np.int64) if weight is None else self.sign * weight.take(self.amended))
            upto = upto + np.repeat(change, self.amended_hits)
            before = before + change.take(self.amended_before)
        out: Array = upto - self.runs.spread(before)
        return out


@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """Precision and recall where recall rises, by segment.

    Attributes:
        precision: at each hit, shape (h,).
        hit: weight of the hits up to each, itself included, shape (h,).
        total: weight of the true objects of each segment, shape (segments,).
        hits: the hits.
    """

    precision: Array
    hit: Array
    total: Array
    hits: Hits

    @property
    def recall(self) -> Array:
        """At each hit, shape (h,)."""
        out: Array = self.hit * self.hits.runs.spread(1.0 / np.maximum(self.total, NEVER))
        return out

    def envelope(self) -> Array:
        """The highest precision at this or any greater recall of the segment, shape (h,)."""
        out = self.precision + self.hits.lift
        first = self.hits.runs.first
        for begin in range(0, len(first) - 1, PIECE):
            rows = slice(first[begin], first[min(begin + PIECE, len(first) - 1)])
            part = out[rows][::-1]
            np.maximum.accumulate(part, out=part)
        out -= self.hits.lift
        return out

    def average_precision(self) -> Array:
        """The mean of the envelope at recalls 0, 0.01 … 1, shape (segments,); nan where there is no true object."""
        runs = self.hits.runs
        scale = 100.0 / np.maximum(self.total, NEVER)
        hundredths = runs.spread(scale)
        hundredths *= self.hit
        reached = steps_reached(hundredths)
        fresh = np.empty(len(reached))
        np.subtract(reached[1:], reached[:-1], out=fresh[1:])
        begin = runs.first[runs.filled]
        fresh[begin] = reached[begin]
        fresh *= self.envelope()
        return np.where(self.total > 0, runs.sums(fresh) / STEPS, np.nan)


def running(values: Array) -> Array:
    """The sum of all values before each place, and of all, shape (m + 1,)."""
    out = np.zeros(len(values) + 1, dtype=values.dtype)
    np.cumsum(values, out=out[1:], dtype=values.dtype)
    return out


def precision_curve(hits: Hits, total: Array, weight: Optional[Array], listed: Optional[Array]) -> Curve:
    """Precision at each hit under one weighting of the images.

    Args:
        hits: the hits of one threshold.
        total: weight of the true objects of each segment, shape (segments,).
        weight: of each image, float or whole numbers, shape (images,); None counts each once.
        listed: running weight of the detections listed; None where ``weight`` is.
    """
    runs = hits.runs
    if weight is None:
        hit = np.arange(1.0, len(runs.image) + 1)
        hit -= runs.spread(runs.first[:-1])
    else:
        summed = running(weight.take(runs.image))
        hit = (summed[1:] - runs.spread(summed.take(runs.first[:-1]))).astype(np.float64, copy=False)
    shown = hits.shown(weight, listed).astype(np.float64)
    shown += NEVER
    precision = hit / shown
    if weight is not None and weight.dtype.kind == "f":  # sums of fractions differ by rounding
        np.minimum(precision, 1.0, out=precision)
    return Curve(precision, hit, total, hits)


def steps_reached(hundredths: Array) -> Array:
    """How many of COCO's 101 recall steps a recall, given in hundredths, has reached, int16, shape (h,).

    A place is even on a step and odd between two, so that whether a step asks for more than its recall can be told.
    """
    place = (hundredths + CLOSE).astype(np.int16)
    place += (hundredths + (1.0 - CLOSE)).astype(np.int16)
    return _steps_at_place().take(place, mode="clip")


@lru_cache(maxsize=1)
def _steps_at_place() -> Array:
    """The steps reached on step k, at place 2 k, and after it, at 2 k + 1."""
    table = np.repeat(np.arange(1, STEPS + 1, dtype=np.int16), 2)
    table[2 * np.array(LATE)] -= 1
    return table
