"""Outcomes: which detections are hits and which false alarms, image by image; the evidence of most detection protocols.

However a protocol matches (by overlap, by the distance of centres, with group boxes), what is left for its score is a
list of detections, each a hit, a false alarm or set aside, and a list of true objects. An image is an item; a weighting
of the images is a running sum along the list.

Equal scores stand or fall together: precision is read where a score ends, never between detections that share it. So
the order of files and of images cannot matter, and an image of weight k is k copies of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.detection_order import by_large_number
from metrics.evidence import rows_of
from metrics.frozen import dataclass
from metrics.inputs import MetricError, ratio
from metrics.objects import Objects, rows_of_images
from metrics.recall_steps import Runs
from metrics.score_line import ScoreLine, line_up_scores
from metrics.weighting import DRAWN, Draws, LeaveOut, Partition

if TYPE_CHECKING:
    from metrics.candidates import Candidates
    from metrics.inputs import Array
    from metrics.matching import Matches
    from metrics.weighting import Weighting

Category = Optional[Union[str, int]]


@dataclass(frozen=True, eq=False, repr=False)
class Outcomes:
    """What became of each detection, at one threshold or several; one row a detection, by category, the surest first.

    Attributes:
        n: how many images.
        categories: how many categories.
        image: image of each detection, shape (d,).
        category: its category, ascending, shape (d,).
        score: its score, descending within a category, shape (d,).
        hit: whether it found a true object, shape (thresholds, d).
        counted: whether it counts at all, shape (thresholds, d); a hit always does, the others are false alarms.
        true_image: image of each true object that counts, shape (m,).
        true_category: its category, shape (m,).
        names: names of the categories in order, or None.
        frequency: how frequent each category is among training images, shape (categories,), where truth says so.
    """

    n: int
    categories: int
    image: Array
    category: Array
    score: Array
    hit: Array
    counted: Array
    true_image: Array
    true_category: Array
    names: Optional[tuple[Any, ...]] = None
    frequency: Optional[Array] = None

    @property
    def target(self) -> str:
        """The shape of truth."""
        return "objects"

    @property
    def width(self) -> int:
        """How many columns are weighed an image."""
        return 1

    @property
    def steps(self) -> int:
        """How many thresholds."""
        return len(self.hit)

    def number_of(self, category: Category) -> Optional[int]:
        """The number of a category, by its name where the categories have names; None stays None.

        Raises:
            MetricError: there is no such category.
        """
        if category is None:
            return None
        known: Sequence[Any] = range(self.categories) if self.names is None else self.names
        if isinstance(category, bool) or category not in known:
            raise MetricError(f"no category is {category!r}; name one of the {self.categories}, or number it from 0")
        return known.index(category)

    def readings(self, weighting: Weighting) -> Iterator[Tally]:
        """The outcomes under each weighting, a part of the weightings at a time."""
        if isinstance(weighting, LeaveOut):
            step = max(1, DRAWN // self.n)
            weight = np.ones(self.n) if weighting.sample_weight is None else weighting.sample_weight
            for begin in range(0, weighting.size, step):
                rows = range(begin, min(weighting.size, begin + step))
                yield Tally(self._plain, [np.where(weighting.group == row, 0.0, weight) for row in rows])
        elif isinstance(weighting, Partition):
            yield Tally(Arrangement(self, weighting.group, weighting.size), [weighting.sample_weight])
        elif isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, self.n):
                yield Tally(self._plain, list(weighting.spread(batch)))
        elif weighting is None or len(weighting):
            yield Tally(self._plain, rows_of(weighting))

    def take(self, index: Array) -> Outcomes:
        """The outcomes of some images, by whole numbers or by a mask."""
        chosen = np.arange(self.n)[index]
        row, image, true, true_image = self.places(chosen)
        return replace(
            self,
            n=len(chosen),
            image=image,
            category=self.category[row],
            score=self.score[row],
            hit=self.hit[:, row],
            counted=self.counted[:, row],
            true_image=true_image,
            true_category=self.true_category[true],
        )

    def places(self, chosen: Array) -> tuple[Array, Array, Array, Array]:
        """Where the detections of some images stand, in their order here, and their new images; likewise true objects.

        Args:
            chosen: numbers of images, which may repeat.
        """
        row, image = rows_of_images(self.image, self.n, chosen)
        order = np.lexsort((-self.score[row], self.category[row]))
        return (row[order], image[order], *rows_of_images(self.true_image, self.n, chosen))

    def coarse(self) -> Outcomes:
        """This evidence: a weighting costs one pass over the detections, so that nothing coarser is needed."""
        return self

    @cached_property
    def _plain(self) -> Arrangement:
        return Arrangement(self, None, 1)


@dataclass(frozen=True, eq=False, repr=False)
class Arrangement:
    """Outcomes with their images in groups; what does not depend on weights is made once and kept.

    A segment is a category of a group, or where categories are pooled, a group.

    Attributes:
        evidence: the outcomes.
        group: of each image, -1 for none, shape (images,); None where all are one group.
        size: how many groups there are.
    """

    evidence: Outcomes
    group: Optional[Array]
    size: int
    kept: dict[Any, Any] = field(default_factory=dict)

    def line(self, step: int, pooled: bool = False) -> ScoreLine:
        """The detections that count at one threshold, by segment, the surest first."""
        key = ("line", step, pooled)
        if key not in self.kept:
            one = self.evidence
            row = np.flatnonzero(one.counted[step])
            if pooled:
                row = row[np.argsort(-one.score[row], kind="stable")]
            row, segment = self._by_segment(row, one.image, one.category, pooled)
            parts = (one.image[row], one.score[row], one.hit[step, row])
            self.kept[key] = line_up_scores(*parts, segment, self._segments(pooled))
        made: ScoreLine = self.kept[key]
        return made

    def truth(self, pooled: bool = False) -> Runs:
        """The true objects that count, by segment."""
        key = ("truth", pooled)
        if key not in self.kept:
            one = self.evidence
            row, segment = self._by_segment(np.arange(len(one.true_image)), one.true_image, one.true_category, pooled)
            order = by_large_number(segment)
            first = np.searchsorted(segment[order], np.arange(self._segments(pooled) + 1))
            self.kept[key] = Runs(one.true_image[row[order]], first)
        made: Runs = self.kept[key]
        return made

    def images(self, weight: Optional[Array]) -> Array:
        """What the images of each group weigh, shape (groups,)."""
        if self.group is None:
            return np.array([self.evidence.n if weight is None else weight.sum()], dtype=np.float64)
        inside = self.group >= 0
        chosen = None if weight is None else weight[inside]
        return np.bincount(self.group[inside], chosen, minlength=self.size).astype(np.float64)

    def _segments(self, pooled: bool) -> int:
        """How many segments there are."""
        return self.size * (1 if pooled else self.evidence.categories)

    def _by_segment(self, row: Array, image: Array, category: Array, pooled: bool) -> tuple[Array, Array]:
        """Rows that are in a group, by segment and else in the order given, and the segment of each."""
        width = 1 if pooled else self.evidence.categories
        segment = np.zeros(len(row), dtype=np.int64) if pooled else category[row].astype(np.int64)
        if self.group is None:
            return row, segment
        member = self.group[image[row]]
        inside = member >= 0
        row, segment = row[inside], segment[inside] + member[inside].astype(np.int64) * width
        order = by_large_number(segment)
        return row[order], segment[order]


@dataclass(frozen=True, eq=False, repr=False)
class Tally:
    """Outcomes under some weightings: what a formula reads.

    Attributes:
        arrangement: the outcomes, and their images in groups; each group is a weighting.
        weights: of each image, one array a weighting, or one for all groups; None counts each once.
    """

    arrangement: Arrangement
    weights: list[Optional[Array]]

    @property
    def evidence(self) -> Outcomes:
        """The outcomes."""
        return self.arrangement.evidence

    def of(self, outcomes: Outcomes) -> Tally:
        """Other outcomes of the same images, under the same weightings."""
        here = self.arrangement
        alone = here.group is None
        return Tally(outcomes._plain if alone else Arrangement(outcomes, here.group, here.size), self.weights)

    def precision(self, points: int = 0) -> Array:
        """Average precision by category, the mean over the thresholds, shape (w, categories).

        Args:
            points: how many recalls it is read at, from 0 to 1: 11 or 101; 0 for the whole area under the curve.

        Returns:
            nan where a category has no true object.
        """
        truth, out = self.arrangement.truth(), []
        for weight in self.weights:
            total = truth.weight(weight)
            lines = [self.arrangement.line(step) for step in range(self.evidence.steps)]
            out.append(sum(line.average_precision(total, weight, points) for line in lines) / len(lines))
        return self._shaped(np.stack(out))

    def counts(self, confidence: float) -> tuple[Array, Array, Array]:
        """Weight of hits, of true objects and of detections, by category, each of shape (w, categories).

        Args:
            confidence: detections of a lower score are left out. Of several thresholds the first is read.
        """
        line, truth = self.arrangement.line(0), self.arrangement.truth()
        sides = [(line.above(confidence, weight), truth.weight(weight)) for weight in self.weights]
        hit, shown = (np.stack([pair[place] for pair, _ in sides]) for place in (0, 1))
        true = np.stack([total for _, total in sides])
        return self._shaped(np.minimum(hit, true)), self._shaped(true), self._shaped(shown)

    def sensitivity(self, alarms: Sequence[float], category: Optional[int] = None) -> Array:
        """Share of true objects found where so many false alarms an image are allowed, shape (w, alarms).

        Args:
            alarms: false alarms an image.
            category: one category; None pools them all.

        Returns:
            nan where there is no true object.
        """
        pooled = category is None
        line, truth = self.arrangement.line(0, pooled), self.arrangement.truth(pooled)
        segment = np.arange(self.arrangement.size)
        if category is not None:
            segment = segment * self.evidence.categories + category
        rows = []
        for weight in self.weights:
            total, images = truth.weight(weight)[segment], self.arrangement.images(weight)
            parts = zip(segment.tolist(), total, images)
            rows += [ratio(line.found_at(one, np.asarray(alarms) * many, weight), sure) for one, sure, many in parts]
        shares: Array = np.minimum(np.stack(rows), 1.0)  # sums of fractions may differ by rounding
        return shares

    def _shaped(self, scores: Array) -> Array:
        """Scores by segment as scores by category."""
        return scores.reshape(-1, self.evidence.categories)


def outcomes_of(
    candidates: Candidates,
    matches: Matches,
    found: Objects,
    steps: int = 1,
    *,
    ignored: Optional[Array] = None,
    spared: Optional[Array] = None,
    names: Optional[tuple[Any, ...]] = None,
) -> Outcomes:
    """Outcomes from matches: a match with an ignored object is set aside.

    Args:
        candidates: detections and true objects.
        matches: who matches whom.
        found: the predictions that the candidates are made of.
        steps: how many thresholds the matches have.
        ignored: whether each true object is ignored, shape (n,); None as the candidates say.
        spared: detections that are set aside unless they match, shape (d,); None for none.
        names: names of the categories.
    """
    assert found.score is not None
    ignored = candidates.ignored if ignored is None else ignored
    hit = np.zeros((steps, candidates.count), dtype=bool)
    counted = np.ones_like(hit) if spared is None else np.tile(~spared, (steps, 1))
    for step in range(steps):
        column, truth = matches.at(step)
        detection, good = matches.detection[column], ~ignored[truth]
        hit[step, detection] = good
        counted[step, detection] = good
    return Outcomes(
        n=candidates.images,
        categories=candidates.categories,
        image=candidates.image,
        category=candidates.category,
        score=found.score[candidates.row],
        hit=hit,
        counted=counted,
        true_image=candidates.true_image[~ignored],
        true_category=candidates.true_category[~ignored],
        names=names,
    )
