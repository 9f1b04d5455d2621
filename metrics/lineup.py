"""Detections and true objects of groups of images, in line: from matches to the hits of one threshold."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.candidates import Candidates
from metrics.frozen import dataclass
from metrics.recall_steps import Hits, Listing, Runs, running

if TYPE_CHECKING:
    from metrics.inputs import Array


@dataclass(frozen=True, eq=False, repr=False)
class Lineup:
    """Candidates by segment: of each group of images, each category.

    Attributes:
        candidates: detections and true objects.
        detection: which detection stands at each place in line, shape (d,); None for all as they are.
        place: where each detection stands, -1 for nowhere; None for all as they are.
        first: where each segment begins in line, and the end, shape (segments + 1,).
        true: which true objects take part, by segment, shape (n,); None for all as they are.
        true_first: where the true objects of each segment begin, and the end, shape (segments + 1,).
    """

    candidates: Candidates
    detection: Optional[Array]
    place: Optional[Array]
    first: Array
    true: Optional[Array]
    true_first: Array

    @cached_property
    def image(self) -> Array:
        """The image of the detection at each place in line, as numpy takes numbers of places fastest."""
        image = self.candidates.image.astype(np.intp)
        return image if self.detection is None else image[self.detection]

    def truth(self, ignored: Array) -> Runs:
        """The true objects by segment, without the ignored."""
        wanted = ~ignored if self.true is None else ~ignored[self.true]
        index = np.flatnonzero(wanted) if self.true is None else self.true[wanted]
        return Runs(
            self.candidates.true_image[index].astype(np.intp), running(wanted.astype(np.int64))[self.true_first]
        )

    def found(self, detection: Array, truth: Array, ignored: Array) -> tuple[Array, Array]:
        """Where matched detections stand in line, ascending, and whether each is a hit.

        Args:
            detection: the detections that match, ascending.
            truth: the true object of each.
            ignored: whether each true object is ignored: to match it is no hit.
        """
        hit = ~ignored.take(truth)
        if self.place is None:
            return detection, hit
        place = self.place[detection]
        inside = np.flatnonzero(place >= 0)
        inside = inside[np.argsort(place[inside])]
        return place[inside], hit[inside]

    def runs(self, place: Array) -> Runs:
        """Detections by their places in line, ascending, as rows by segment."""
        return Runs(self.image.take(place), np.searchsorted(place, self.first))

    def hits(self, place: Array, hit: Array, listing: Listing) -> Hits:
        """What counts the detections before each hit.

        Args:
            place: where matched detections stand in line, ascending.
            hit: whether each is a hit.
            listing: which detections count unless matched.
        """
        shown = np.ones(len(place), dtype=bool) if listing.listed is None else listing.listed[place]
        row, differs = np.flatnonzero(hit), hit != shown
        amended = np.flatnonzero(differs)
        spot, fixed = place.take(row), place.take(amended)
        return Hits(
            runs=self.runs(spot),
            listing=listing,
            upto=listing.upto.take(spot + 1),
            before=listing.upto[self.first[:-1]],
            amended=self.image[fixed],
            sign=np.where(hit[amended], 1, -1).astype(np.int8),
            amended_hits=np.diff(np.searchsorted(spot, np.concatenate(([-1], fixed, [int(self.first[-1])])))),
            amended_before=np.searchsorted(fixed, self.first[:-1]),
        )


def line_up(candidates: Candidates) -> Lineup:
    """All candidates as they stand: a segment is a category."""
    every = np.arange(candidates.categories + 1)
    first = np.searchsorted(candidates.category, every)
    return Lineup(candidates, None, None, first, None, np.searchsorted(candidates.true_category, every))


def line_up_groups(candidates: Candidates, group: Array, size: int) -> Lineup:
    """The candidates of each group of images by itself: segment ``group * categories + category``.

    Args:
        candidates: detections and true objects.
        group: of each image, -1 for none, shape (images,).
        size: how many groups there are.
    """
    segments = size * candidates.categories
    detection, first = _by_segment(group[candidates.image], candidates.category, candidates.categories, segments)
    true, true_first = _by_segment(
        group[candidates.true_image], candidates.true_category, candidates.categories, segments
    )
    place = np.full(candidates.count, -1, dtype=np.int64)
    place[detection] = np.arange(len(detection))
    return Lineup(candidates, detection, place, first, true, true_first)


def _by_segment(group: Array, category: Array, categories: int, segments: int) -> tuple[Array, Array]:
    """Rows by segment, each in the order they had, without those in no group; and where each segment begins."""
    row = np.flatnonzero(group >= 0)
    bits = max(1, len(group).bit_length())
    key = group[row].astype(np.int64) * categories + category[row]
    count = np.bincount(key, minlength=segments)
    key <<= bits
    key |= row
    key.sort()
    key &= (1 << bits) - 1
    return key, running(count)
