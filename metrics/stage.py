"""Matched evidence under weightings: what a formula of detection reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

import numpy as np

from metrics.candidates import Candidates
from metrics.cores import on_cores
from metrics.frozen import dataclass
from metrics.inputs import mean_defined, ratio
from metrics.lineup import Lineup, line_up, line_up_groups
from metrics.recall_steps import Hits, Listing, Runs, average_precision, joined_hits, joined_runs, running

if TYPE_CHECKING:
    from metrics.copies import Copies
    from metrics.inputs import Array
    from metrics.matched import Matched

    Range = tuple[float, float]
    Ladder = tuple[float, ...]
    Steps = tuple[int, ...]

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

    @property
    def count(self) -> int:
        """How often each segment stands in it."""
        return 1

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

    def joined(self, ladder: Ladder, steps: Steps, area: Range, limit: int) -> Hits:
        """The hits of some steps of a ladder as one, the segments of the first before those of the second."""
        if len(steps) == 1:
            return self.hits(ladder, steps[0], area, limit)
        key = ("joined", ladder, steps, area, limit)
        return self._once(key, lambda: joined_hits([self.hits(ladder, step, area, limit) for step in steps]))

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

    def joined_runs(self, ladder: Ladder, steps: Steps, area: Range, limit: int) -> Runs:
        """The hits alone of some steps as one, the segments of the first before those of the second."""
        if len(steps) == 1:
            return self.runs(ladder, steps[0], area, limit)
        key = ("joined runs", ladder, steps, area, limit)
        return self._once(key, lambda: joined_runs([self.runs(ladder, step, area, limit) for step in steps]))

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
        return self._mean(self._precision, rungs, steps, area, limit)

    def recall(self, ladder: Ladder, area: Range = EVERY, limit: int = 100) -> Array:
        """Share of true objects found, by category, the mean over the thresholds of a ladder, shape (w, categories).

        The arguments and what is nan are those of `precision`.
        """
        rungs, steps = on_ladder(ladder)
        return self._mean(self._recall, rungs, steps, area, limit)

    def _mean(self, make: Callable[..., Array], ladder: Ladder, steps: Steps, area: Range, limit: int) -> Array:
        """The mean over some thresholds of what is made by threshold, shape (w, categories)."""
        keys = [(make.__name__, ladder, step, area, limit) for step in steps]
        missing = tuple(step for step, key in zip(steps, keys) if key not in self.kept)
        # one pass over all thresholds takes room, which pays where there are many weightings
        parts = [(step,) for step in missing] if self.weights[0] is None or not missing else [missing]
        for part in parts:
            made = make(ladder, part, area, limit)
            for place, step in enumerate(part):
                self.kept[make.__name__, ladder, step, area, limit] = made[:, place]
        scores = [self.kept[key] for key in keys]
        mean: Array = sum(scores[1:], scores[0]) / len(scores)
        return mean.reshape(-1, self.stage.evidence.categories)

    def _precision(self, ladder: Ladder, steps: Steps, area: Range, limit: int) -> Array:
        """Average precision by segment at some thresholds, shape (weights, steps, segments)."""
        hits = self.stage.joined(ladder, steps, area, limit)
        totals = self._kept(self._totals, ladder, area, limit)
        scores = np.empty((len(totals), len(steps), len(totals[0])))

        def score(place: int) -> None:
            weight, total = self.weights[place], totals[place].reshape(self.stage.count, 1, -1)
            listed = None if weight is None else running(weight.take(hits.listing.image))
            with np.errstate(over="ignore", invalid="ignore"):  # other threads do not know what the caller ignores
                found = average_precision(hits, total.repeat(len(steps), axis=1).ravel(), weight, listed)
            scores[place] = self._by_step(found, len(steps))

        score(0)  # what hits and listing keep is made by one thread
        on_cores(score, range(1, len(totals)))
        return scores

    def _recall(self, ladder: Ladder, steps: Steps, area: Range, limit: int) -> Array:
        """Recall by segment at some thresholds, shape (weights, steps, segments)."""
        runs = self.stage.joined_runs(ladder, steps, area, limit)
        totals = self._kept(self._totals, ladder, area, limit)
        found = [self._by_step(runs.weight(weight), len(steps)) for weight in self.weights]
        return np.stack([np.minimum(ratio(one, total), 1.0) for one, total in zip(found, totals)])

    def _by_step(self, values: Array, steps: int) -> Array:
        """Numbers of a pass over several thresholds, shape (steps, segments)."""
        return values.reshape(self.stage.count, steps, -1).transpose(1, 0, 2).reshape(steps, -1)

    def _totals(self, ladder: Ladder, area: Range, limit: int) -> list[Array]:
        """What the true objects of each segment weigh, under each weighting."""
        truth = self.stage.truth(ladder, area, limit)
        return [truth.weight(weight) for weight in self.weights]

    def _kept(self, make: Callable[..., Any], *key: Any) -> Any:
        """What was made with these arguments, or is made now."""
        name = (make.__name__, *key)
        if name not in self.kept:
            self.kept[name] = make(*key)
        return self.kept[name]


def on_ladder(thresholds: Ladder) -> tuple[Ladder, Steps]:
    """The ladder on which thresholds are matched, and their steps: COCO's where it has them all, else their own."""
    if all(one in LADDER for one in thresholds):
        return LADDER, tuple(LADDER.index(one) for one in thresholds)
    return thresholds, tuple(range(len(thresholds)))


def over_categories(scores: Array, category: Optional[int]) -> Array:
    """One score a weighting, shape (w,): of one category, or the mean over those that have true objects."""
    return mean_defined(scores) if category is None else scores[:, category]
