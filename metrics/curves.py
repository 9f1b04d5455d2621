"""One column of scores against two classes: sorted once, summed along the order under any weights."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.evidence import Totals
from metrics.frozen import dataclass
from metrics.inputs import ratio
from metrics.sorting import area_by_keys, threshold_counts

if TYPE_CHECKING:
    from metrics.inputs import Array

BINS = 1 << 10
"""Quantile bins of a coarse curve."""

GRID = 1 << 20
"""Places of the grid on which long scores are binned."""

SAMPLE = 1 << 17
"""Items that tell where quantile bins end."""


@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """What lies at or above each threshold, highest first, under each weighting.

    Attributes:
        hit: weight of positives at or above each threshold, shape (w, thresholds).
        false_alarm: weight of negatives at or above each threshold, shape (w, thresholds).
        straight: whether the curve runs straight up to each point, because a bin holds many scores, bool, shape
            (thresholds,); None where each threshold is one score.
    """

    hit: Array
    false_alarm: Array
    straight: Optional[Array] = None

    @property
    def positives(self) -> Array:
        """Weight of all positives, shape (w,)."""
        return self.hit[:, -1]

    @property
    def negatives(self) -> Array:
        """Weight of all negatives, shape (w,)."""
        return self.false_alarm[:, -1]

    def area(self) -> Array:
        """Weight of the pairs in the right order, ties as half, by the weight of all pairs, shape (w,)."""
        width = np.diff(self.false_alarm, axis=1, prepend=0)
        height = 2.0 * self.hit
        height[:, 1:] -= np.diff(self.hit, axis=1)
        height[:, 0] -= self.hit[:, 0]
        return ratio((width * height).sum(axis=1), 2.0 * self.positives * self.negatives)


@dataclass(frozen=True, eq=False, repr=False)
class Ranking:
    """Items of two classes by falling score: one column of ranked evidence.

    Attributes:
        score: any finite numbers, shape (n,).
        positive: which items are positive, bool, shape (n,).
    """

    score: Array
    positive: Array

    @cached_property
    def counts(self) -> tuple[Array, Array]:
        """Positives and negatives at or above each threshold, shape (thresholds,)."""
        return threshold_counts(self.score, self.positive)

    @cached_property
    def orders(self) -> tuple[Array, Array]:
        """The positives and the negatives, each by falling score."""
        positive, negative = np.flatnonzero(self.positive), np.flatnonzero(~self.positive)
        return positive[np.argsort(-self.score[positive])], negative[np.argsort(-self.score[negative])]

    @cached_property
    def ties(self) -> tuple[Array, Optional[Array]]:
        """For each positive in order, how many negatives lie at or above, and, where ties differ, how many above."""
        positives, negatives = self.counts
        times = np.diff(positives, prepend=0)
        upto = np.repeat(negatives, times)
        above = np.repeat(np.concatenate(([0], negatives[:-1])), times)
        return upto, None if np.array_equal(upto, above) else above

    @cached_property
    def plain_area(self) -> float:
        """The area where each item counts once."""
        pairs = area_by_keys(self.score, self.positive)
        if pairs is None:
            return float(Curve(*(count[None, :] for count in self.counts)).area()[0])
        positives = int(np.count_nonzero(self.positive))
        return float(ratio(pairs, float(positives) * float(len(self.positive) - positives)))


@dataclass(frozen=True, eq=False, repr=False)
class Weighed:
    """A ranking under some weightings, not yet summed.

    Attributes:
        ranking: the ranking.
        positive: weights of the positives in order, shape (w, positives); None where each item counts once.
        negative: weights of the negatives in order, shape (w, negatives).
    """

    ranking: Ranking
    positive: Optional[Array] = None
    negative: Optional[Array] = None

    def curve(self) -> Curve:
        """The curve with every threshold."""
        hits, alarms = self.ranking.counts
        if self.positive is None or self.negative is None:
            return Curve(hits[None, :], alarms[None, :])
        return Curve(_running(self.positive)[:, hits], _running(self.negative)[:, alarms])

    def area(self) -> Array:
        """The area under the curve without its points, shape (w,)."""
        if self.positive is None or self.negative is None:
            return np.array([self.ranking.plain_area])
        upto, above = self.ranking.ties
        running = _running(self.negative)
        before = running.take(upto, axis=1)
        if above is not None:
            before = (before + running.take(above, axis=1)) / 2
        positives, negatives = self.positive.sum(axis=1), running[:, -1]
        wrong = np.einsum("wi,wi->w", self.positive, before)
        return ratio(positives * negatives - wrong, positives * negatives)

    def totals(self) -> tuple[Array, Array]:
        """Weight of all positives and of all negatives, each of shape (w,)."""
        if self.positive is None or self.negative is None:
            hits = float(np.count_nonzero(self.ranking.positive))
            return np.array([hits]), np.array([len(self.ranking.positive) - hits])
        return self.positive.sum(axis=1), self.negative.sum(axis=1)


@dataclass(frozen=True, eq=False, repr=False)
class Binned:
    """A ranking whose scores were put into bins, under some weightings."""

    points: Curve

    def curve(self) -> Curve:
        """The curve between the bins."""
        return self.points

    def area(self) -> Array:
        """The area under the straight lines between the bins, shape (w,)."""
        return self.points.area()

    def totals(self) -> tuple[Array, Array]:
        """Weight of all positives and of all negatives, each of shape (w,)."""
        return self.points.positives, self.points.negatives


@dataclass(frozen=True, eq=False, repr=False)
class BinnedCurves:
    """Cells that are, of each column, its quantile bins by rising score times (negative, positive).

    Attributes:
        straight: which bins hold many scores, bool, shape (columns, bins).
    """

    straight: Array

    def __call__(self, totals: Totals) -> list[Binned]:
        """Sum the bins from the highest score down."""
        cell = totals.weight.reshape(len(totals.weight), len(self.straight), BINS, 2)
        falling = np.cumsum(cell[:, :, ::-1], axis=2)
        columns = enumerate(self.straight)
        return [Binned(Curve(falling[:, k, :, 1], falling[:, k, :, 0], straight[::-1])) for k, straight in columns]


def quantile_bins(score: Array, bins: int) -> tuple[Array, Array]:
    """Bins by rising score, about equally full; equal scores share one, and a score that would fill one has its own.

    Returns:
        The bin of each score, shape (n,), and whether each bin holds more than one score, shape (bins,).
    """
    step = max(1, len(score) // SAMPLE)
    grid = _on_grid(score, step)
    values = score if grid is None else grid
    sample = np.sort(values[::step])
    edges = sample[np.arange(1, bins) * len(sample) // bins]
    repeated = np.flatnonzero(edges[1:] == edges[:-1]) + 1
    edges[repeated] = np.nextafter(edges[repeated], np.inf) if grid is None else edges[repeated] + 1
    bin_of_sample = np.searchsorted(edges, sample, side="right")
    first, after = (np.searchsorted(bin_of_sample, np.arange(bins), side=side) for side in ("left", "right"))
    several = sample[np.minimum(first, len(sample) - 1)] != sample[np.maximum(after - 1, 0)]
    if grid is None:
        return np.searchsorted(edges, score, side="right"), several & (after > first)
    return np.searchsorted(edges, np.arange(GRID), side="right")[grid], several & (after > first)


def _on_grid(score: Array, step: int) -> Optional[Array]:
    """Long scores as places on an even grid, which are binned by a table; None where the grid is too coarse."""
    low, high = float(score.min()), float(score.max())
    scale = (GRID - 1) / (high - low) if high > low else np.inf
    if step == 1 or not 0 < scale < np.inf:
        return None
    place = ((score - low) * scale).astype(np.int32)
    distinct = [len(np.flatnonzero(np.diff(np.sort(part[::step])))) for part in (score, place)]
    return place if 2 * distinct[1] > distinct[0] else None


def _running(weight: Array) -> Array:
    """Cumulative sums that begin with nothing, shape (w, items + 1)."""
    out = np.zeros((weight.shape[0], weight.shape[1] + 1), dtype=weight.dtype)
    np.cumsum(weight, axis=1, out=out[:, 1:])
    return out
