"""Many weightings of few images as one pass over long arrays: a stage stands several times over, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from metrics.frozen import dataclass
from metrics.recall_steps import Hits, Listing, Runs
from metrics.stage import Stage

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.matched import Matched
    from metrics.stage import Ladder, Range, Steps


Made = TypeVar("Made")


@dataclass(frozen=True, eq=False, repr=False)
class Copies:
    """A stage whose images are one group, ``count`` times: image i of copy k is image ``k * images + i``.

    It gives what a ``Stage`` gives, with the segments of the first copy before those of the second.

    Attributes:
        stage: what is copied.
        count: how often.
    """

    stage: Stage
    count: int
    kept: dict[Any, Any] = field(default_factory=dict)

    @property
    def evidence(self) -> Matched:
        """The evidence that is copied."""
        return self.stage.evidence

    def truth(self, ladder: Ladder, area: Range, limit: int) -> Runs:
        """The true objects of a range of areas, by segment."""
        return self._runs(self.stage.truth(ladder, area, limit))

    def joined_runs(self, ladder: Ladder, steps: Steps, area: Range, limit: int) -> Runs:
        """The hits alone, which give recall."""
        return self._runs(self.stage.joined_runs(ladder, steps, area, limit))

    def joined(self, ladder: Ladder, steps: Steps, area: Range, limit: int) -> Hits:
        """What gives precision at some thresholds, of the first copy before the second."""
        return self._hits(self.stage.joined(ladder, steps, area, limit))

    def _runs(self, runs: Runs) -> Runs:
        return self._once(runs, lambda: Runs(self._images(runs.image), self._places(runs.first[:-1], len(runs.image))))

    def _listing(self, listing: Listing) -> Listing:
        listed = listing.listed
        return self._once(
            listing,
            lambda: Listing(self._images(listing.everyone), None if listed is None else np.tile(listed, self.count)),
        )

    def _hits(self, hits: Hits) -> Hits:
        def copied() -> Hits:
            amended = len(hits.amended)
            between = np.zeros(amended * self.count + 1, dtype=np.int64)
            for copy in range(self.count):  # what stands after the last of one copy stands before the first of the next
                between[copy * amended : (copy + 1) * amended + 1] += hits.amended_hits
            listed = int(hits.listing.upto[-1])
            return Hits(
                runs=self._runs(hits.runs),
                listing=self._listing(hits.listing),
                upto=self._places(hits.upto, listed)[:-1],
                before=self._places(hits.before, listed)[:-1],
                amended=self._images(hits.amended),
                sign=np.tile(hits.sign, self.count),
                amended_hits=between,
                amended_before=self._places(hits.amended_before, amended)[:-1],
            )

        return self._once(hits, copied)

    def _images(self, image: Array) -> Array:
        """The images of every copy."""
        shift = np.arange(self.count, dtype=np.int64)[:, None] * self.evidence.n
        return (image + shift).ravel()

    def _places(self, place: Array, length: int) -> Array:
        """Places in a line that is as many times as long, and its end."""
        shift = np.arange(self.count, dtype=np.int64)[:, None] * length
        return np.append((place + shift).ravel(), length * self.count)

    def _once(self, what: Made, make: Callable[[], Made]) -> Made:
        """The copy of a record of the stage; the record is kept too, so that its id stays its own."""
        if id(what) not in self.kept:
            self.kept[id(what)] = (what, make())
        made: Made = self.kept[id(what)][1]
        return made
