"""Matched evidence: detections are matched to true objects once; each weighting of the images is then a running sum.

An image is an item. A subgroup, a half, a bootstrap draw (of images, or of the images of a patient) weighs images, and
what matches what does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

import numpy as np

from metrics.candidates import Candidates, KnownPairs, find_candidates, known_pairs
from metrics.copies import Copies
from metrics.evidence import rows_of
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.matching import Matches, match_greedily, rematch_greedily
from metrics.objects import Objects, check_pair
from metrics.spelling import named_place
from metrics.stage import EVERY, LADDER, Reading, Stage
from metrics.weighting import DRAWN, Draws, LeaveOut, Partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics.inputs import Array
    from metrics.stage import Range
    from metrics.weighting import Weighting

Made = TypeVar("Made")

TOGETHER = 1 << 15
"""Objects, times weightings, that are gone through at once: they stay in the processor's cache."""

PASSES = 16
"""Passes over the objects that a reading holds, for the cores to share."""

KEPT = {"box": 100, "mask": 100, "points": 20}
"""How many detections of an image and category COCO keeps."""


@dataclass(frozen=True, eq=False, repr=False)
class Matched:
    """True and predicted objects of images, and what matches what; nothing is computed before it is asked for.

    Attributes:
        truth: the true objects.
        prediction: the predicted objects, with scores.
        kind: what is compared: ``box``, ``mask`` or ``points``.
        names: names of the categories in order, or None.
        known: pairs found before, so that images can be taken without comparing masks again.
    """

    truth: Objects
    prediction: Objects
    kind: str
    names: Optional[tuple[Any, ...]] = None
    known: Optional[KnownPairs] = None

    @property
    def n(self) -> int:
        """How many images."""
        return self.truth.images

    @property
    def target(self) -> str:
        """The shape of truth."""
        return "objects"

    @property
    def width(self) -> int:
        """How many columns are weighed an image."""
        return 1

    @property
    def categories(self) -> int:
        """How many categories there are."""
        return self.truth.categories

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        return {}

    def category(self, name: Any) -> int:
        """The number of a category, by its name where the categories have names, else by the number itself.

        Raises:
            MetricError: there is no such category.
        """
        if self.names is not None:
            return named_place(name, self.names)
        if not isinstance(name, int) or isinstance(name, bool) or not 0 <= name < self.categories:
            raise MetricError(f"category {name!r} is not a number from 0 to {self.categories - 1}")
        return name

    def candidates(self, least: float = LADDER[0], limit: int = 0) -> Candidates:
        """Detections in order and the pairs of similarity ``least`` or more; by no lower limit than COCO's."""
        limit = max(limit, KEPT[self.kind])
        known = self.known if self.known is not None and self.known.serves(least, limit) else None
        return self._once(
            ("candidates", least, limit),
            lambda: find_candidates(self.truth, self.prediction, self.kind, least=least, limit=limit, known=known),
        )

    def matches(self, ladder: tuple[float, ...] = LADDER, area: Range = EVERY, limit: int = 0) -> Matches:
        """The greedy matches at the thresholds of a ladder, where true objects outside a range of areas are ignored."""
        candidates = self.candidates(min(ladder[0], LADDER[0]), limit)
        key = ("matches", ladder, candidates.limit)
        ignored, crowd = candidates.ignored, candidates.crowd
        plain = self._once(key, lambda: match_greedily(candidates.pairs, ladder, ignored, crowd))
        outside = self.ignored(candidates, area)
        if outside is ignored:
            return plain
        return self._once(
            (*key, area), lambda: rematch_greedily(plain, candidates.pairs, ladder, (ignored, outside), crowd)
        )

    def ignored(self, candidates: Candidates, area: Range) -> Array:
        """Whether each true object is ignored in a range of areas, both ends included, shape (n,)."""

        def ignored() -> Array:
            size = candidates.true_area
            outside = (size < area[0]) | (size > area[1])
            return candidates.ignored | outside if outside.any() else candidates.ignored

        return self._once(("ignored", candidates.least, candidates.limit, area), ignored)

    def readings(self, weighting: Weighting) -> Iterator[Reading]:
        """Precision and recall under each weighting, a part of the weightings at a time."""
        if isinstance(weighting, LeaveOut):
            for begin in range(0, weighting.size, max(1, DRAWN // max(1, self.n))):
                rows = range(begin, min(weighting.size, begin + max(1, DRAWN // max(1, self.n))))
                weight = np.ones(self.n) if weighting.sample_weight is None else weighting.sample_weight
                yield from self._several(np.stack([np.where(weighting.group == row, 0.0, weight) for row in rows]))
        elif isinstance(weighting, Partition):
            yield Reading(Stage(self, weighting.group, weighting.size), [weighting.sample_weight])
        elif isinstance(weighting, Draws):
            for batch in weighting.batches(self.n, self.n):
                yield from self._several(weighting.spread(batch))
        elif weighting is None or len(weighting):
            yield Reading(self._plain, rows_of(weighting))

    def take(self, index: Array) -> Matched:
        """The evidence of some images, by whole numbers or by a mask."""
        chosen = np.arange(self.n)[index]
        candidates = self.candidates()
        known = known_pairs(candidates).take_images(self.truth, self.prediction, chosen)
        truth, prediction = self.truth.take_images(chosen), self.prediction.take_images(chosen)
        return Matched(truth, prediction, self.kind, self.names, known)

    def coarse(self) -> Matched:
        """This evidence: a weighting costs its hits, not its images, so that nothing coarser is needed."""
        return self

    def _several(self, weight: Array) -> Iterator[Reading]:
        """Readings of many weightings, shape (w, images): of few objects, a cache full of weightings at a time."""
        objects = max(1, self.prediction.count, self.truth.count)
        together = max(1, min(len(weight), TOGETHER // objects))
        if weight.dtype.kind == "i" and weight.size and int(weight.max()) * objects * together < 1 << 31:
            weight = weight.astype(np.int32)  # half the memory to go through
        whole = len(weight) - len(weight) % together
        passes = list(weight[:whole].reshape(-1, together * self.n))
        for begin in range(0, len(passes), PASSES):
            yield Reading(self._copies(together), list(passes[begin : begin + PASSES]))
        if whole < len(weight):
            yield Reading(self._copies(len(weight) - whole), [weight[whole:].reshape(-1)])

    def _copies(self, count: int) -> Union[Stage, Copies]:
        """All images as one group, or so many copies of it."""
        return self._plain if count == 1 else self._once(("copies", count), lambda: Copies(self._plain, count))

    @cached_property
    def _plain(self) -> Stage:
        return Stage(self, None, 1)

    def _once(self, key: Any, make: Callable[[], Made]) -> Made:
        """What was made under this key, or is made now."""
        if key not in self._kept:
            self._kept[key] = make()
        made: Made = self._kept[key]
        return made


def collect_matches(truth: Any, prediction: Any, kind: str, labels: Optional[Sequence[Any]]) -> Matched:
    """Collect evidence of one kind.

    Raises:
        MetricError: truth and prediction are not Objects of the same images and categories, lack what is compared, or
            ``labels`` does not name each category once.
    """
    check_pair(truth, prediction, kind)
    names = None if labels is None else tuple(labels)
    if names is not None and (len(names) != truth.categories or len(set(names)) != len(names)):
        raise MetricError(f"{len(names)} labels for {truth.categories} categories; name each once")
    return Matched(truth, prediction, kind, names)
