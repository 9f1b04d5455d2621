"""Average precision from true positives alone: precision is read only where recall rises.

Detections stand in line by segment (a category, or a category within a group of images), the surest first. The hits of
one threshold are the true positives among them. A weighting of the images is then one running sum over the hits and one
over the detections, whatever the number of segments.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

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
            out[self.filled] = np.add.reduceat(values, self.first[self.filled], dtype=values.dtype)
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
    def peaks(self) -> Peaks:
        """The hits that may be of the highest precision."""
        upto, first = self.upto, self.runs.first
        bound = np.cumsum(self.amended_hits)[:-1]  # how many hits stand before each that is amended
        last = np.ones(len(upto), dtype=bool)
        np.not_equal(upto[1:], upto[:-1] + 1, out=last[:-1])
        last[first[self.runs.filled + 1] - 1] = True
        last[bound[(bound > 0) & (bound <= len(upto))] - 1] = True
        place, peaks = last.nonzero()[0], running(last.view(np.int8), np.int64)
        rows = Runs(self.runs.image.take(place), peaks.take(first))
        lift = PIECE - np.arange(len(first) - 1) % PIECE
        return Peaks(
            rows=rows,
            hits=place + 1,
            upto=upto.take(place),
            amended=np.diff(peaks.take(bound), prepend=0, append=len(place)),
            lift=rows.spread(lift.astype(np.float64)),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Peaks:
    """The hits after which another detection stands, by segment.

    From such a hit back to the one before, hits follow each other: precision only rises, however images are weighed.

    Attributes:
        rows: the images of these hits, by segment.
        hits: how many hits stand up to each, itself included, shape (p,).
        upto: how many of the detections listed stand up to each, shape (p,).
        amended: how many peaks stand after none of the detections that are amended, one, two … all, shape (x + 1,).
        lift: a number for each that falls from segment to segment, so that one running maximum serves all.
    """

    rows: Runs
    hits: Array
    upto: Array
    amended: Array
    lift: Array


def joined_runs(parts: Sequence[Runs]) -> Runs:
    """The rows of several thresholds as one, the segments of the first before those of the second."""
    end = np.cumsum([0, *(len(one.image) for one in parts)])
    first = [one.first[:-1] + shift for one, shift in zip(parts, end)]
    return Runs(np.concatenate([one.image for one in parts]), np.append(np.concatenate(first), end[-1]))


def joined_hits(parts: Sequence[Hits]) -> Hits:
    """The hits of several thresholds as one, the segments of the first before those of the second.

    Args:
        parts: hits among the same detections listed.
    """
    amended = np.cumsum([0, *(len(one.amended) for one in parts)])
    between = np.zeros(int(amended[-1]) + 1, dtype=np.int64)
    for one, shift in zip(parts, amended.tolist()):
        between[shift : shift + len(one.amended_hits)] += one.amended_hits
    return Hits(
        runs=joined_runs([one.runs for one in parts]),
        listing=parts[0].listing,
        upto=np.concatenate([one.upto for one in parts]),
        before=np.concatenate([one.before for one in parts]),
        amended=np.concatenate([one.amended for one in parts]),
        sign=np.concatenate([one.sign for one in parts]),
        amended_hits=between,
        amended_before=np.concatenate([one.amended_before + shift for one, shift in zip(parts, amended)]),
    )


def average_precision(hits: Hits, total: Array, weight: Optional[Array], listed: Optional[Array]) -> Array:
    """The mean of precision at recalls 0, 0.01 … 1 under one weighting of the images, by segment.

    At each recall it is the highest precision at that or any greater recall.

    Args:
        hits: the hits of one threshold.
        total: weight of the true objects of each segment, shape (segments,).
        weight: of each image, float or whole numbers, shape (images,); None counts each once.
        listed: running weight of the detections listed, with 0 in front; None where ``weight`` is.

    Returns:
        Shape (segments,); nan where there is no true object.
    """
    rows = hits.peaks.rows
    hit = _found(hits, weight)
    reached = steps_reached(hit * rows.spread(100.0 / np.maximum(total, NEVER)))
    shown = _shown(hits, weight, listed)
    shown += NEVER
    precision = np.divide(hit, shown, out=shown)
    if weight is not None and weight.dtype.kind == "f":  # sums of fractions differ by rounding
        np.minimum(precision, 1.0, out=precision)
    fresh = np.empty(len(reached))
    np.subtract(reached[1:], reached[:-1], out=fresh[1:])
    begin = rows.first[rows.filled]
    fresh[begin] = reached[begin]
    fresh *= _envelope(precision, hits.peaks)
    return np.where(total > 0, rows.sums(fresh) / STEPS, np.nan)


def _found(hits: Hits, weight: Optional[Array]) -> Array:
    """Weight of the hits up to each peak and within its segment, itself included, float64, shape (p,)."""
    runs, peaks = hits.runs, hits.peaks
    if weight is None:
        return np.asarray(peaks.hits - peaks.rows.spread(runs.first[:-1]), dtype=np.float64)
    summed = running(weight.take(runs.image))
    out = summed.take(peaks.hits)
    out -= peaks.rows.spread(summed.take(runs.first[:-1]))
    return out.astype(np.float64, copy=False)


def _shown(hits: Hits, weight: Optional[Array], listed: Optional[Array]) -> Array:
    """Weight of the detections that count, up to each peak and within its segment, float64, shape (p,)."""
    peaks = hits.peaks
    upto, before = peaks.upto, hits.before
    if listed is not None:
        upto, before = listed.take(upto), listed.take(before)
    if len(hits.amended):
        change = running(hits.sign.astype(np.int64) if weight is None else hits.sign * weight.take(hits.amended))
        upto = upto + np.repeat(change, peaks.amended)
        before = before + change.take(hits.amended_before)
    return np.asarray(upto - peaks.rows.spread(before)).astype(np.float64)


def _envelope(precision: Array, peaks: Peaks) -> Array:
    """The highest precision at this or any later peak of the segment, shape (p,), in place of what is given."""
    out, first = precision, peaks.rows.first
    out += peaks.lift
    for begin in range(0, len(first) - 1, PIECE):
        part = out[first[begin] : first[min(begin + PIECE, len(first) - 1)]][::-1]
        np.maximum.accumulate(part, out=part)
    out -= peaks.lift
    return out


def running(values: Array, kind: Any = None) -> Array:
    """The sum of all values before each place, and of all, shape (m + 1,), as what they are or as another kind."""
    out = np.zeros(len(values) + 1, dtype=kind or values.dtype)
    np.cumsum(values, out=out[1:], dtype=out.dtype)
    return out


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
