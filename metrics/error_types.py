"""What a detector does wrong, and what each kind of error costs: the breakdown of TIDE.

Every false alarm is one of five errors, and a true object that no correction of these would find is missed:

- localisation: of the right category, but it overlaps too little;
- classification: it overlaps an object of another category enough;
- duplicate: it would be right, had a surer one not found the object;
- background: it overlaps nothing;
- both: all the rest, wrong in place and in category.

The cost of a kind is how much average precision, read at COCO's 101 recalls, rises when an oracle corrects that kind
alone.

What differs from TIDE's code, and why: scores run from 0 to 1, not to 100; a category without true objects is left out
of the mean, also where the missed ones are taken away and none is left, while there it counts 0 if anything is detected
of it; equal scores stand or fall together; the recalls are those of pycocotools, of which a few are a rounding error
more than the hundredths there; what lies in a crowd is set aside, and there it is mended with the others, so that what
did not count before may be the surest of an object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.candidates import Candidates, find_candidates
from metrics.evidence import reduce_evidence
from metrics.frozen import dataclass
from metrics.hit_rules import checked_names, surest_of_images
from metrics.inputs import MetricError
from metrics.matching import Matches, match_greedily
from metrics.objects import Objects, check_pair
from metrics.outcomes import Category, Outcomes, Tally, outcomes_of
from metrics.stage import over_categories

if TYPE_CHECKING:
    from metrics.inputs import Array, Score
    from metrics.weighting import Weighting

KINDS = ("right", "classification", "localisation", "both", "duplicate", "background", "aside")
"""What a detection can be; its number is its place here. What lies in a crowd or an ignored object is set aside."""

RIGHT, CLASSIFICATION, LOCALISATION, BOTH, DUPLICATE, BACKGROUND, ASIDE = range(len(KINDS))

ERRORS = (*KINDS[1:-1], "missed", "false_positive", "false_negative")
"""What an oracle can mend, as `DetectionErrors` has it."""

RECALLS = 101
"""Where precision is read."""


@dataclass(frozen=True)
class DetectionErrors:
    """How much average precision rises when an oracle corrects one kind of error; floats, or arrays (w,).

    A cost is nan where there is no true object, or none is left once those not found are taken away.

    Attributes:
        ap: average precision as it is.
        classification: when detections that overlap an object of another category enough change to its category.
        localisation: when detections of the right category that overlap too little move to the object.
        both: when detections wrong in both respects are taken away.
        duplicate: when further detections of an object already found are taken away.
        background: when detections of nothing are taken away.
        missed: when objects that no correction would find are taken away.
        false_positive: when all false alarms come after all hits.
        false_negative: when all objects not found are taken away.
    """

    ap: Score
    classification: Score
    localisation: Score
    both: Score
    duplicate: Score
    background: Score
    missed: Score
    false_positive: Score
    false_negative: Score


@dataclass(frozen=True, eq=False, repr=False)
class SortedErrors:
    """Detections and true objects by what is wrong with them.

    Attributes:
        outcomes: hits and false alarms as they are.
        kind: of each detection of the outcomes, its place in `KINDS`, shape (d,).
        corrected: which detections would be right if corrected in place or category, the surest of each object.
        category: the category that each would have then, shape (d,).
        found: whether each true object of the outcomes is found, shape (m,).
        missed: whether no correction would find it, shape (m,).
        row: which prediction each detection is, shape (d,).
    """

    outcomes: Outcomes
    kind: Array
    corrected: Array
    category: Array
    found: Array
    missed: Array
    row: Array

    def without(self, kind: int) -> Outcomes:
        """The outcomes with errors of one kind corrected, and those that cannot be taken away."""
        concerned = self.kind == kind
        good = concerned & self.corrected
        hit = self.outcomes.hit | good
        counted = self.outcomes.counted & ~(concerned & ~good)
        category = np.where(good, self.category, self.outcomes.category)
        order = np.lexsort((-self.outcomes.score, category))
        return replace(
            self.outcomes,
            image=self.outcomes.image[order],
            category=category[order],
            score=self.outcomes.score[order],
            hit=hit[:, order],
            counted=counted[:, order],
        )

    def only(self, kept: Array) -> Outcomes:
        """The outcomes with some of the true objects alone."""
        out = self.outcomes
        return replace(out, true_image=out.true_image[kept], true_category=out.true_category[kept])

    def mended(self, error: str) -> Outcomes:
        """The outcomes with one of `ERRORS` mended; made once and kept."""
        if error not in self._kept:
            self._kept[error] = self._mend(error)
        return self._kept[error]

    def reduce(self, weighting: Weighting = None) -> DetectionErrors:
        """What each kind of error costs under a weighting of the images."""
        formulas: list[Callable[[ErrorTally], Array]] = [ErrorTally.precision]
        formulas += [partial(ErrorTally.lost, error=error) for error in ERRORS]
        before, *lost = reduce_evidence(self, formulas, weighting)
        return DetectionErrors(before, **dict(zip(ERRORS, lost)))

    @property
    def n(self) -> int:
        """How many images."""
        return self.outcomes.n

    @property
    def target(self) -> str:
        """The shape of truth."""
        return self.outcomes.target

    @property
    def width(self) -> int:
        """How many columns are weighed an image."""
        return self.outcomes.width

    def readings(self, weighting: Weighting) -> Iterator[ErrorTally]:
        """The outcomes as they are and mended under each weighting, a part of the weightings at a time."""
        return (ErrorTally(self, tally) for tally in self.outcomes.readings(weighting))

    def take(self, index: Array) -> SortedErrors:
        """The errors in some images, by whole numbers or by a mask."""
        row, _, true, _ = self.outcomes.places(np.arange(self.n)[index])
        return SortedErrors(
            self.outcomes.take(index),
            kind=self.kind[row],
            corrected=self.corrected[row],
            category=self.category[row],
            found=self.found[true],
            missed=self.missed[true],
            row=self.row[row],
        )

    def coarse(self) -> SortedErrors:
        """This evidence: a weighting costs two passes over the detections, so that nothing coarser is needed."""
        return self

    def _mend(self, error: str) -> Outcomes:
        """The outcomes with one of `ERRORS` mended."""
        if error == "false_positive":
            return replace(self.outcomes, counted=self.outcomes.hit)
        if error in ("missed", "false_negative"):
            return self.only(self.found if error == "false_negative" else ~self.missed)
        return self.without(KINDS.index(error))

    @cached_property
    def _kept(self) -> dict[str, Outcomes]:
        return {}


@dataclass(frozen=True, eq=False, repr=False)
class ErrorTally:
    """Detections and their errors under some weightings: what a formula reads.

    Attributes:
        evidence: what is wrong with each detection.
        tally: the outcomes as they are.
    """

    evidence: SortedErrors
    tally: Tally

    def precision(self, category: Category = None) -> Array:
        """COCO's average precision at one threshold, of a category or the mean over them, shape (w,)."""
        return over_categories(self._before, self.evidence.outcomes.number_of(category))

    def lost(self, error: str, category: Category = None) -> Array:
        """How much that rises when one of `ERRORS` is mended, or ``any``; nan where it is not defined before or after.

        Shape (w,). A fall is one of the places where precision is read, and counts as nothing.
        """
        if error == "any":
            return 1.0 - self.precision(category)
        after = self.tally.of(self.evidence.mended(error)).precision(RECALLS)
        number = self.evidence.outcomes.number_of(category)
        gain: Array = np.maximum(over_categories(after, number) - self.precision(category), 0.0)
        return gain

    @cached_property
    def _before(self) -> Array:
        return self.tally.precision(RECALLS)


def detection_errors(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    kind: str = "box",
    foreground: float = 0.5,
    background: float = 0.1,
    limit: int = 100,
    weighting: Weighting = None,
) -> DetectionErrors:
    """Break down what a detector does wrong, as TIDE does.

    Args:
        y_true: true objects; crowds and ignored ones set aside what overlaps them.
        y_pred: predicted objects with scores.
        labels: names of the categories in order.
        kind: what is compared: ``box`` or ``mask``.
        foreground: the intersection over union that a match needs.
        background: up to this overlap a detection is of nothing.
        limit: how many detections of an image count, the surest over all categories.
        weighting: weights of the images; see ``weighting.py``.

    Raises:
        MetricError: truth and prediction cannot be compared, or ``background`` is not below ``foreground``.

    Source: Bolya, Foley, Hays and Hoffman, TIDE, ECCV (2020), p. 558.

    >>> true = Objects(1, 2, [0, 0], [0, 1], box=[[0, 0, 10, 10], [30, 0, 10, 10]])
    >>> found = Objects(1, 2, [0, 0], [0, 0], box=[[0, 0, 10, 10], [30, 0, 10, 9]], score=[0.9, 0.8])
    >>> errors = detection_errors(true, found)
    >>> errors.ap, errors.classification, errors.missed
    (0.5, 0.5, 0.0)
    """
    return sort_errors(
        y_true, y_pred, labels, kind=kind, foreground=foreground, background=background, limit=limit
    ).reduce(weighting)


def sort_errors(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    kind: str = "box",
    foreground: float = 0.5,
    background: float = 0.1,
    limit: int = 100,
) -> SortedErrors:
    """Find out what is wrong with each detection; the arguments and errors are those of `detection_errors`."""
    if kind not in ("box", "mask"):
        raise MetricError(f"kind {kind!r} is not box or mask")
    if not 0 < background < foreground <= 1:
        raise MetricError(f"background={background} must lie above 0 and below foreground={foreground}, at most 1")
    check_pair(y_true, y_pred, kind)
    names = checked_names(y_true, labels)
    truth, found = _set_aside(y_true), surest_of_images(y_pred, limit)
    candidates = find_candidates(truth, found, kind, least=foreground)
    matches = match_greedily(candidates.pairs, (foreground,), candidates.ignored, candidates.crowd)
    outcomes = outcomes_of(candidates, matches, found, names=names)
    overlaps = _overlaps(truth, found, candidates, kind, background)
    return _sorted(outcomes, candidates, matches, overlaps, foreground)


@dataclass(frozen=True, eq=False, repr=False)
class _Overlaps:
    """Pairs of an image that overlap, whatever their categories: the most alike of a detection first.

    Attributes:
        detection: place among the candidates, shape (p,).
        truth: place of the true object among the candidates, shape (p,).
        similarity: descending within a detection, shape (p,).
        same: whether both are of one category, shape (p,).
        rank: place of each candidate among all detections, the surest first, shape (d,).
    """

    detection: Array
    truth: Array
    similarity: Array
    same: Array
    rank: Array

    def most(self, among: Array, count: int) -> tuple[Array, Array]:
        """The greatest similarity of each detection among some of the pairs, 0 for none, and the true object of it."""
        row = np.flatnonzero(among)
        detection = self.detection[row]
        row = row[np.concatenate(([True], detection[1:] != detection[:-1]))[: len(row)]]
        similarity, truth = np.zeros(count), np.full(count, -1, dtype=np.int64)
        similarity[self.detection[row]], truth[self.detection[row]] = self.similarity[row], self.truth[row]
        return similarity, truth


def _sorted(
    outcomes: Outcomes, candidates: Candidates, matches: Matches, overlaps: _Overlaps, foreground: float
) -> SortedErrors:
    """Tell the errors apart, in TIDE's order, and find which of them can be corrected."""
    count = candidates.count
    own, own_truth = overlaps.most(overlaps.same, count)
    other, other_truth = overlaps.most(~overlaps.same, count)
    wrong = outcomes.counted[0] & ~outcomes.hit[0]
    moved = wrong & (own > 0) & (own <= foreground)
    renamed = wrong & ~moved & (other >= foreground)
    rules = [outcomes.hit[0], ~outcomes.counted[0], moved, renamed, own >= foreground, np.maximum(own, other) == 0]
    kind = np.select(rules, [RIGHT, ASIDE, LOCALISATION, CLASSIFICATION, DUPLICATE, BACKGROUND], BOTH)
    found = np.zeros(len(candidates.true_row), dtype=bool)
    found[matches.at(0)[1]] = True
    target = np.where(moved, own_truth, np.where(renamed, other_truth, -1))
    open_one = np.flatnonzero((target >= 0) & ~found[target])
    first = np.full(len(found), count)
    np.minimum.at(first, target[open_one], overlaps.rank[open_one])
    corrected = np.zeros(count, dtype=bool)
    corrected[open_one] = overlaps.rank[open_one] == first[target[open_one]]
    real = ~candidates.ignored
    category = candidates.category.copy()
    category[corrected] = candidates.true_category[target[corrected]]
    missed = ~found & (first == count)
    return SortedErrors(outcomes, kind, corrected, category, found[real], missed[real], candidates.row)


def _overlaps(truth: Objects, found: Objects, candidates: Candidates, kind: str, background: float) -> _Overlaps:
    """Pairs of detections and true objects of an image that overlap by more than the background may."""
    solid = np.flatnonzero(~truth.crowd) if truth.crowd is not None else np.arange(truth.count)
    plain = replace(truth.take(solid), crowd=None, ignore=None)
    every = find_candidates(plain, found, kind, least=background, by_category=False)
    place, true_place = np.empty(found.count, dtype=np.int64), np.empty(truth.count, dtype=np.int64)
    place[candidates.row], true_place[candidates.true_row] = np.arange(candidates.count), np.arange(truth.count)
    detection = place[every.row[every.pairs.detection]]
    true = true_place[solid[every.true_row[every.pairs.truth]]]
    rank = np.empty(found.count, dtype=np.int64)
    rank[place[every.row]] = np.arange(found.count)
    similarity = every.pairs.similarity
    same = candidates.category[detection] == candidates.true_category[true]
    order = np.lexsort((true, -similarity, detection))
    return _Overlaps(detection[order], true[order], similarity[order], same[order], rank)


def _set_aside(truth: Objects) -> Objects:
    """True objects where all that is ignored takes any number of detections."""
    flags = [one for one in (truth.crowd, truth.ignore) if one is not None]
    return replace(truth, crowd=np.any(flags, axis=0), ignore=None) if flags else truth
