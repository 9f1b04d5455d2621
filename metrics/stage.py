"""Matched evidence under weightings: what a formula of detection reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

import numpy as np

from metrics.candidates import Candidates
from metrics.inputs import mean_defined, ratio
from metrics.lineup import Lineup, line_up, line_up_groups
from metrics.recall_steps import Curve, Hits, Listing, Runs, precision_curve, running

if TYPE_CHECKING:
    from metrics.copies import Copies
    from metrics.inputs import Array
    from metrics.matched import Matched

    Range = tuple[float, float]
    Ladder = tuple[float, ...]

Made = TypeVar("Made")

LADDER = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""COCO's thresholds: 0.5, 0.55 … 0.95."""

EVERY = (0.0, 1e10)
"""COCO's range of all areas, in square pixels, both ends included."""


@dataclass(frozen=True, eq=False, repr=False)
class Stage:
    """Matched evidence with its images in groups; what does not depend on weights is made once and kept.

    Attributes:
        evidence: the evidence.
        group: of each image, -1 for none, shape (images,); None where all are one group.
        size: how many groups there are.
    """

    evidence: Matched
    group: Optional[Array]
    size: int
    kept: dict[Any, Any] = field(default_factory=dict)

    def lineup(self, candidates: Candidates) -> Lineup:
        """The candidates in line."""
        key = ("lineup", candidates.least, candidates.limit)
        if self.group is None:
            return self._once(key, lambda: line_up(candidates))
        group, size = self.group, self.size
        return self._once(key, lambda: line_up_groups(candidates, group, size))

    def truth(self, ladder: Ladder, area: Range, limit: int) -> Runs:
        """The true objects of a range of areas, by segment."""
        candidates = self.candidates(ladder, limit)
        key = ("truth", candidates.least, candidates.limit, area)
        return self._once(key, lambda: self.lineup(candidates).truth(self.evidence.ignored(candidates, area)))

    def hits(self, ladder: Ladder, step: int, area: Range, limit: int) -> Hits:
        """What gives precision at one threshold of a ladder, with areas in a range and at most ``limit`` detections."""

        def hits() -> Hits:
            candidates = self.candidates(ladder, limit)
            place, hit = self._found(ladder, step, area, limit)
            return self.lineup(candidates).hits(place, hit, self._listing(candidates, area, limit))

        return self._once(("hits", ladder, step, area, limit), hits)

    def runs(self, ladder: Ladder, step: int, area: Range, limit: int) -> Runs:
        """The hits alone, which give recall."""
        made = self.kept.get(("hits", ladder, step, area, limit))
        if made is not None:
            runs_made: Runs = made.runs
            return runs_made

        def runs() -> Runs:
            place, hit = self._found(ladder, step, area, limit)
            return self.lineup(self.candidates(ladder, limit)).runs(place[hit])

        return self._once(("runs", ladder, step, area, limit), runs)

    def candidates(self, ladder: Ladder, limit: int) -> Candidates:
        """Detections in order, true objects and pairs, as far down as a ladder reaches."""
        return self.evidence.candidates(min(ladder[0], LADDER[0]), limit)

    def _found(self, ladder: Ladder, step: int, area: Range, limit: int) -> tuple[Array, Array]:
        """Where the matched detections stand in line, and whether each is a hit."""
        candidates = self.candidates(ladder, limit)
        matches = self.evidence.matches(ladder, area, limit)
        column, truth = matches.at(step)
        if limit < candidates.limit:
            within = np.flatnonzero(candidates.claimant_rank.take(column) < limit)
            column, truth = column.take(within), truth.take(within)
        ignored = self.evidence.ignored(candidates, area)
        return self.lineup(candidates).found(matches.detection.take(column), truth, ignored)

    def _listing(self, candidates: Candidates, area: Range, limit: int) -> Listing:
        """Which detections count unless they match."""

        def listing() -> Listing:
            counted = (candidates.area >= area[0]) & (candidates.area <= area[1])
            if limit < candidates.limit:
                counted &= candidates.rank < limit
            lineup = self.lineup(candidates)
            if counted.all():
                return Listing(lineup.image, None)
            return Listing(lineup.image, counted if lineup.detection is None else counted[lineup.detection])

        return self._once(("listing", candidates.least, candidates.limit, area, limit), listing)

    def _once(self, key: Any, make: Callable[[], Made]) -> Made:
        """What was made under this key, or is made now."""
        if key not in self.kept:
            self.kept[key] = make()
        made: Made = self.kept[key]
        return made


@dataclass(frozen=True, eq=False, repr=False)
class Reading:
    """Precision and recall under some weightings.

    Attributes:
        stage: the evidence, and its images in groups, or in copies; each group or copy is a weighting.
        weights: of each image, one array a weighting, or one for all groups; None counts each once.
    """

    stage: Union[Stage, Copies]
    weights: list[Optional[Array]]
    kept: dict[Any, Any] = field(default_factory=dict)

    def precision(self, ladder: Ladder, area: Range = EVERY, limit: int = 100) -> Array:
        """Average precision by category, the mean over the thresholds of a ladder, shape (w, categories).

        Args:
            ladder: ascending thresholds.
            area: smallest and largest area, both included, in square pixels.
            limit: how many detections of an image and category count, the surest.

        Returns:
            nan where a category has no true object.
        """
        rungs, steps = on_ladder(ladder)
        scores = [self._kept(self._precision, rungs, step, area, limit) for step in steps]
        return self._shaped(sum(scores[1:], scores[0]) / len(scores))

    def recall(self, ladder: Ladder, area: Range = EVERY, limit: int = 100) -> Array:
        """Share of true objects found, by category, the mean over the thresholds of a ladder, shape (w, categories).

        The arguments and what is nan are those of `precision`.
        """
        rungs, steps = on_ladder(ladder)
        scores = [self._kept(self._recall, rungs, step, area, limit) for step in steps]
        return self._shaped(sum(scores[1:], scores[0]) / len(scores))

    def curves(self, threshold: float, area: Range = EVERY, limit: int = 100) -> list[Curve]:
        """Precision and recall at each hit, one curve a weighting (one for all groups, by segment)."""
        rungs, (step,) = on_ladder((threshold,))
        return self._curves(rungs, step, area, limit)

    def _precision(self, ladder: Ladder, step: int, area: Range, limit: int) -> Array:
        """Average precision by segment at one threshold, shape (weights, segments)."""
        return np.stack([curve.average_precision() for curve in self._curves(ladder, step, area, limit)])

    def _recall(self, ladder: Ladder, step: int, area: Range, limit: int) -> Array:
        """Recall by segment at one threshold, shape (weights, segments)."""
        runs, totals = self.stage.runs(ladder, step, area, limit), self._kept(self._totals, ladder, area, limit)
        found = np.stack([runs.weight(weight) for weight in self.weights])
        return np.minimum(ratio(found, totals), 1.0)

    def _curves(self, ladder: Ladder, step: int, area: Range, limit: int) -> list[Curve]:
        """Precision at each hit of one threshold under each weighting."""
        hits = self.stage.hits(ladder, step, area, limit)
        totals, listed = self._kept(self._totals, ladder, area, limit), self._kept(self._listed, ladder, area, limit)
        return [precision_curve(hits, *one) for one in zip(totals, self.weights, listed)]

    def _totals(self, ladder: Ladder, area: Range, limit: int) -> list[Array]:
        """What the true objects of each segment weigh, under each weighting."""
        truth = self.stage.truth(ladder, area, limit)
        return [truth.weight(weight) for weight in self.weights]

    def _listed(self, ladder: Ladder, area: Range, limit: int) -> list[Optional[Array]]:
        """The running weight of the detections that count unless matched, under each weighting."""
        listing = self.stage.hits(ladder, 0, area, limit).listing
        return [None if weight is None else running(weight.take(listing.image)) for weight in self.weights]

    def _shaped(self, scores: Array) -> Array:
        """Scores by segment as scores by category."""
        return scores.reshape(-1, self.stage.evidence.categories)

    def _kept(self, make: Callable[..., Any], *key: Any) -> Any:
        """What was made with these arguments, or is made now."""
        name = (make.__name__, *key)
        if name not in self.kept:
            self.kept[name] = make(*key)
        return self.kept[name]


def on_ladder(thresholds: Ladder) -> tuple[Ladder, list[int]]:
    """The ladder on which thresholds are matched, and their steps: COCO's where it has them all, else their own."""
    if all(one in LADDER for one in thresholds):
        return LADDER, [LADDER.index(one) for one in thresholds]
    return thresholds, list(range(len(thresholds)))


def over_categories(scores: Array, category: Optional[int]) -> Array:
    """One score a weighting, shape (w,): of one category, or the mean over those that have true objects."""
    return mean_defined(scores) if category is None else scores[:, category]
