"""Scores of survival: who has the event first, and the chance of not having had it, where follow-up may end before.

Truth has two columns: the time until the event or until the end of follow-up, and 1 for an event, 0 for an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

import numpy as np

from metrics.catalog import metric
from metrics.curves import quantile_bins
from metrics.evidence import Additive, Totals, rows_of
from metrics.frozen import dataclass
from metrics.inputs import MetricError, numbers, paired, probabilities, ratio
from metrics.later import Level, levels_of, weight_below
from metrics.ranked import SIDE, parts_of, places
from metrics.weighting import Draws, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting

SURVIVAL = ("survival",)
RISE = 1e-9
"""How much a chance of survival may rise from one time to the next, and be taken for rounding."""


def followed(y_true: Any, y_pred: Any) -> tuple[Array, Array, Array]:
    """Time, whether it ends in an event, and the prediction.

    Args:
        y_true: time and event (1) or end of follow-up (0), shape (n, 2).
        y_pred: any numbers, one row an item.

    Raises:
        MetricError: there are not two columns, a time is negative, or an event is neither 0 nor 1.
    """
    truth, prediction = paired(y_true, y_pred)
    true = numbers(truth, "y_true")
    if true.ndim != 2 or true.shape[1] != 2:
        raise MetricError(f"y_true has shape {true.shape}; survival is time and event (0 or 1), shape (items, 2)")
    if true[:, 0].min() < 0:
        raise MetricError(f"y_true holds {int(np.count_nonzero(true[:, 0] < 0))} negative times")
    if not np.isin(true[:, 1], (0.0, 1.0)).all():
        raise MetricError("the second column of y_true must hold 1 for an event and 0 for the end of follow-up")
    return np.ascontiguousarray(true[:, 0]), true[:, 1] == 1, numbers(prediction, "y_pred")


class Pairs(NamedTuple):
    """What is weighed of pairs: those in the right order, ties as half, and all that tell an order; shape (w,) each."""

    right: Array
    all: Array


@dataclass(frozen=True, eq=False, repr=False)
class Concordance:
    """Items by time, and of each event the items that outlived it.

    Attributes:
        time: shape (n,).
        event: bool, shape (n,).
        risk: place of each item's risk among the distinct ones, shape (n,).
        target: the shape of truth.
    """

    time: Array
    event: Array
    risk: Array
    target: str = "survival"

    @property
    def n(self) -> int:
        """How many items."""
        return len(self.time)

    @property
    def width(self) -> int:
        """How many numbers are weighed an item."""
        return max(1, self.n.bit_length())

    @cached_property
    def _prepared(self) -> tuple[Array, Array, Array, list[Level]]:
        """The order of the items, the places of events, where those who outlived each begin, and the blocks."""
        order = np.lexsort((~self.event, self.time))
        time, event = self.time[order], self.event[order]
        place = np.flatnonzero(event)
        # who is lost to follow-up at the time of an event outlived it; events at one time tell no order
        first = np.searchsorted(time[place], time[place], side="right")
        after = place[first - 1] + 1
        rank = self.risk[order].astype(np.int64)
        return order, place, after, levels_of(rank, rank[place], after)

    def take(self, index: Array) -> Concordance:
        """The evidence of some items, by whole numbers or by a mask."""
        return Concordance(self.time[index], self.event[index], self.risk[index])

    def coarse(self) -> Additive:
        """Counts by quantile bins of time and risk, and by event."""
        times, several = quantile_bins(self.time, SIDE)
        risks, _ = quantile_bins(self.risk.astype(np.float64), SIDE)
        code = (2 * (times * SIDE + risks) + self.event).astype(np.int32)
        return Additive(self.n, self.target, BinnedPairs(several), code, 2 * SIDE * SIDE)

    def readings(self, weighting: Weighting) -> Iterator[Pairs]:
        """The weight of pairs, a part of the weightings at a time."""
        if isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, self.n):
                yield self._pairs(weighting.spread(batch))
        elif isinstance(weighting, Partition):
            for part, weight in parts_of(self, weighting):
                yield part._pairs(np.ones((1, part.n)) if weight is None else weight[None, :])
        else:
            for row in rows_of(weighting):
                yield self._pairs(np.ones((1, self.n)) if row is None else row[None, :])

    def _pairs(self, weight: Array) -> Pairs:
        """The weight of pairs under some weightings, shape (w, n)."""
        order, place, after, levels = self._prepared
        own = weight.take(order, axis=1).astype(np.float64, copy=False)
        event = own.take(place, axis=1)
        right = np.einsum("wi,wi->w", event, weight_below(levels, own, len(place)))
        outlived = np.zeros((len(own), self.n + 1))
        outlived[:, :-1] = np.cumsum(own[:, ::-1], axis=1)[:, ::-1]
        return Pairs(right, np.einsum("wi,wi->w", event, outlived.take(after, axis=1)))


@dataclass(frozen=True, eq=False, repr=False)
class BinnedPairs:
    """Cells that are bins of time, times bins of risk, times (end of follow-up, event).

    Attributes:
        several: which bins hold more than one time, bool, shape (bins,).
    """

    several: Array

    def __call__(self, totals: Totals) -> Pairs:
        """Count pairs of bins; of two events in one bin of several times one comes first, and which is not known."""
        cell = totals.weight.reshape(len(totals.weight), SIDE, SIDE, 2)
        lost, event = cell[..., 0], cell[..., 1]
        both = lost + event
        later = np.cumsum(both[:, ::-1], axis=1)[:, ::-1] - both
        share = np.where(self.several, 0.5, 1.0)[:, None]
        outlived = later + share * lost
        below = np.cumsum(outlived, axis=2) - outlived / 2.0
        events = event.sum(axis=2)
        tied = np.where(self.several, events**2 / 2.0, 0.0).sum(axis=1)
        right = (event * below).sum(axis=(1, 2)) + tied / 2.0
        return Pairs(right, (events * outlived.sum(axis=2)).sum(axis=1) + tied)


def risk_order(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, predicts: str = "risk"
) -> Concordance:
    """Collect times, events and the order of the risks.

    Args:
        y_true: time and event (1) or end of follow-up (0), shape (n, 2).
        y_pred: one score an item, shape (n,).
        labels: unused.
        predicts: ``risk``, where a higher score means an earlier event, or ``time``, where it means a later one.
    """
    time, event, score = followed(y_true, y_pred)
    if score.size != len(time):
        raise MetricError(f"y_pred has shape {score.shape}; give one score an item, shape ({len(time)},)")
    risk = score.reshape(-1) if predicts == "risk" else -score.reshape(-1)
    return Concordance(time, event, places(risk))


@metric(
    "concordance_index",
    collect=risk_order,
    needs="score",
    targets=SURVIVAL,
    bounds=(0.0, 1.0),
    greater_is_better=True,
    limits={"predicts": ("risk", "time")},
    pitfalls="Higher scores mean higher risk unless predicts=time; the wrong way round scores below 0.5. It sees the "
    "order alone, and with much loss to follow-up it depends on when people were lost.",
)
def concordance_index(pairs: Pairs) -> Array:
    """Share of pairs in the right order, of those where it is known who had the event first; equal scores count half.

    A pair counts if the one with the shorter time had the event; of equal times, if only one of both had it.

    Args:
        pairs: weight of the pairs in the right order and of all, each of shape (w,).

    Returns:
        One score a weighting, shape (w,); nan where no pair tells an order.

    Options: ``predicts``, what a higher score means: more ``risk`` (default) or a longer ``time``.

    Source: Harrell et al., Statistics in Medicine 15 (1996), p. 361.

    >>> metrics.concordance_index([[2.0, 1], [4.0, 0], [5.0, 1], [6.0, 0]], [0.9, 0.5, 0.1, 0.4])
    0.75
    """
    return ratio(pairs.right, pairs.all)


class Scored(NamedTuple):
    """The Brier score at each time under some weightings, shape (w, times), and the times."""

    brier: Array
    time: Array


class Sorted(NamedTuple):
    """Items by time, prepared for any weighting.

    ``first`` and ``last`` tell where those lost at each time of a loss begin and end; ``before`` how many such times
    come before each item, ``upto`` how many up to each time that is scored; ``dead`` and ``alive`` hold squared errors,
    shape (n, times), of those who had the event by then and of those known to live.
    """

    order: Array
    first: Array
    last: Array
    before: Array
    upto: Array
    dead: Array
    alive: Array


@dataclass(frozen=True, eq=False, repr=False)
class Survivals:
    """Predicted chances of survival at given times.

    Attributes:
        time: shape (n,).
        event: bool, shape (n,).
        chance: of being without event at each time, shape (n, times).
        at: the times, rising, shape (times,).
        target: the shape of truth.
    """

    time: Array
    event: Array
    chance: Array
    at: Array
    target: str = "survival"

    @property
    def n(self) -> int:
        """How many items."""
        return len(self.time)

    @property
    def width(self) -> int:
        """How many numbers are weighed an item."""
        return 2 * len(self.at)

    @cached_property
    def _sorted(self) -> Sorted:
        order = np.lexsort((~self.event, self.time))
        time, event, chance = self.time[order], self.event[order], self.chance[order]
        lost = np.flatnonzero(~event)
        losses, start = np.unique(time[lost], return_index=True)
        first = lost[start]
        last = lost[np.append(start[1:], len(lost)) - 1] if len(lost) else lost
        gone = time[:, None] <= self.at
        return Sorted(
            order,
            first,
            last + 1,
            np.searchsorted(losses, time, side="left"),
            np.searchsorted(losses, self.at, side="right"),
            np.where(gone & event[:, None], chance**2, 0.0),
            np.where(gone, 0.0, (1.0 - chance) ** 2),
        )

    def take(self, index: Array) -> Survivals:
        """The evidence of some items, by whole numbers or by a mask."""
        return Survivals(self.time[index], self.event[index], self.chance[index], self.at)

    def coarse(self) -> Survivals:
        """This evidence: a weighting costs one product of matrices."""
        return self

    def readings(self, weighting: Weighting) -> Iterator[Scored]:
        """The Brier scores, a part of the weightings at a time."""
        if isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, self.n):
                yield self._scored(weighting.spread(batch))
        elif isinstance(weighting, Partition):
            for part, weight in parts_of(self, weighting):
                yield part._scored(np.ones((1, part.n)) if weight is None else weight[None, :])
        else:
            for row in rows_of(weighting):
                yield self._scored(np.ones((1, self.n)) if row is None else row[None, :])

    def _scored(self, weight: Array) -> Scored:
        """The Brier scores under some weightings, shape (w, n), each with its own curve of losses."""
        known = self._sorted
        own = weight.take(known.order, axis=1).astype(np.float64, copy=False)
        running = np.zeros((len(own), self.n + 1))
        np.cumsum(own, axis=1, out=running[:, 1:])
        total = running[:, -1:]
        at_risk = total - running.take(known.first, axis=1)
        staying = total - running.take(known.last, axis=1)
        kept = np.ones((len(own), len(known.first) + 1))
        np.cumprod(np.where(at_risk > 0, ratio(staying, at_risk), 1.0), axis=1, out=kept[:, 1:])
        inverse = np.divide(1.0, kept, out=np.zeros_like(kept), where=kept > 0)
        dead = (own * inverse.take(known.before, axis=1)) @ known.dead
        alive = (own @ known.alive) * inverse.take(known.upto, axis=1)
        return Scored(ratio(dead + alive, total), self.at)


def survival_chances(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Survivals:
    """Collect times, events and predicted chances of survival.

    Args:
        y_true: time and event (1) or end of follow-up (0), shape (n, 2).
        y_pred: chance of being without event at each time, shape (n, times).
        labels: the times, rising.
    """
    time, event, _ = followed(y_true, y_pred)
    chance = probabilities(np.asarray(y_pred)).reshape(len(time), -1)
    if labels is None:
        raise MetricError("which time each column of y_pred stands for is not known; give the times as labels")
    at = numbers(np.asarray(labels), "labels")
    if at.shape != chance.shape[1:] or not (np.diff(at) > 0).all():
        raise MetricError(f"y_pred has {chance.shape[1]} columns; labels must give one rising time a column")
    rising = int(np.count_nonzero((np.diff(chance, axis=1) > RISE).any(axis=1)))
    if rising:
        raise MetricError(f"{rising} rows of y_pred rise from one time to the next; they must be chances of survival")
    return Survivals(time, event, chance, at)


@metric(
    "integrated_brier",
    collect=survival_chances,
    needs="survival",
    targets=SURVIVAL,
    bounds=(0.0, np.inf),
    greater_is_better=False,
    pitfalls="Columns are chances of being without event, not of the event. Times near the end of follow-up rest on "
    "few people of great weight: let the last time lie well before it.",
)
def integrated_brier(scored: Scored) -> Array:
    """Squared error of predicted chances of survival, averaged over time, weighted for those lost to follow-up.

    The chance of still being followed is that of the scored items themselves (Kaplan-Meier), just before an item's own
    event. Between two times the score runs straight; with one time it is the Brier score there.

    Args:
        scored: the Brier score at each time under some weightings, shape (w, times).

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Graf et al., Statistics in Medicine 18 (1999), p. 2529; Gerds and Schumacher, Biometrical Journal 48 (2006),
    p. 1029. scikit-survival weighs at the event itself, which differs where a loss has the same time.

    >>> truth = [[1.0, 1], [3.0, 1], [3.0, 0], [4.0, 0]]
    >>> round(metrics.integrated_brier(truth, [[0.5, 0.1], [0.9, 0.4], [0.8, 0.6], [1.0, 0.8]], labels=[1.0, 2.0]), 12)
    0.10875
    """
    if len(scored.time) == 1:
        return np.asarray(scored.brier[:, 0])
    step = np.diff(scored.time)
    return np.asarray(((scored.brier[:, 1:] + scored.brier[:, :-1]) / 2.0) @ step / step.sum())
