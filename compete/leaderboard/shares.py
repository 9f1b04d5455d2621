"""What each core does for the leaderboard: read the submissions that count again, and draw their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import metrics
from compete.bundle import open_bundle
from compete.engine import map_shards
from compete.leaderboard.drawing import Drawing, combined_scores, drawing_of, drawn_scores
from compete.leaderboard.likeness import spread
from compete.leaderboard.opening import one_reading, opened
from compete.scoring.grading import counted_groups, evidence_of, read_predictions
from compete.scoring.measures import Measure, is_own, measures_of
from compete.scoring.truth import Truth

if TYPE_CHECKING:
    from compete.engine import Progress

Array = npt.NDArray[Any]

SHARD, LEAST_SHARD, ROWS = 32, 4, 1 << 20
"""Submissions whose evidence is held at once, and the rows of all of them; the same on any machine, as sums must be."""

PROBED = 64
"""Units that are tried first to see whether a metric has a value for each."""

MOST_VALUES = 5_000_000
"""Values of single units that are kept, of all teams together."""

MOST_UNITS = 20_000


@dataclass(frozen=True, eq=False)
class Share:
    """What was drawn of one submission.

    Attributes:
        drawn: by part, the score in each draw, shape (draws,).
        values: the score of each unit by itself, shape (units,); empty where most units have none.
    """

    drawn: dict[str, Array]
    values: Array


def ranking_measure(truth: Truth) -> Measure | None:
    """The measure that ranks; None where it is the challenge's own function, which is not drawn."""
    return None if is_own(truth.terms.metric) else measures_of(truth.terms)[0]


def draw_submissions(
    bundle: Path,
    paths: Sequence[Path],
    *,
    parts: Sequence[str],
    draws: int,
    values_of: str = "",
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Share]:
    """Draw the scores of submissions that were graded before, all under the same draws, on all cores.

    Args:
        bundle: a built bundle whose ranking metric is of the catalog.
        paths: files.
        parts: ``public``, ``private`` or both; each is drawn by itself.
        draws: how many.
        values_of: the part whose units are to be scored one by one; empty for none.
        workers: processes; None one a core.
        progress: told how many are done, and of how many.
    """
    terms = open_bundle(bundle).terms
    most = min(MOST_UNITS, MOST_VALUES // max(1, len(paths)))
    shard = LEAST_SHARD if terms.of_images else max(LEAST_SHARD, min(SHARD, ROWS // max(1, terms.test)))
    with one_reading() as reading:
        work = partial(
            _drawn, bundle=bundle, reading=reading, parts=tuple(parts), draws=draws, values_of=values_of, most=most
        )
        try:
            return map_shards(work, paths, workers=workers, shard=shard, progress=progress)
        finally:
            _held_drawing.cache_clear()


def _drawn(
    paths: Sequence[Path], *, bundle: Path, reading: str, parts: Sequence[str], draws: int, values_of: str, most: int
) -> list[Share]:
    _, truth = opened(bundle, reading)
    measure = ranking_measure(truth)
    assert measure is not None
    items = truth.images or truth.ids
    evidences = []
    for path in paths:
        values = read_predictions(truth.terms, items, path).values
        evidences.append(evidence_of(measure.metric, truth, values))
    drawn = {part: part_scores(measure, evidences, truth, part, draws) for part in parts}
    values = [unit_values(measure, one, truth, values_of, most) if values_of else np.empty(0) for one in evidences]
    return [
        Share({part: scores[:, place] for part, scores in drawn.items()}, values[place]) for place in range(len(paths))
    ]


def part_drawing(truth: Truth, part: str, draws: int) -> Drawing:
    """How the items of one part are drawn."""
    place = truth.parts.index(part)
    member = truth.part == place
    cluster = None if truth.cluster is None else truth.cluster[member]
    return drawing_of(int(member.sum()), cluster, draws=draws, seed=place)


@lru_cache(maxsize=2)
def _held_drawing(truth: Truth, part: str, draws: int) -> Drawing:
    """The same, held with its draws for all submissions that a process is given."""
    return part_drawing(truth, part, draws)


def drawable_parts(truth: Truth) -> list[str]:
    """The parts with more than one item, or group of items: of one alone every draw is the same."""
    parts = [part for place, part in enumerate(truth.parts) if (truth.part == place).any()]
    return [part for part in parts if part_drawing(truth, part, 1).units > 1]


def part_scores(measure: Measure, evidences: Sequence[metrics.Evidence], truth: Truth, part: str, draws: int) -> Array:
    """The drawn scores of a measure on one part, shape (draws, submissions)."""
    member = truth.part == truth.parts.index(part)
    if not measure.over:
        return drawn_scores(measure.metric, [one.take(member) for one in evidences], _held_drawing(truth, part, draws))
    subgroup = next(one for one in truth.subgroups if one.column == measure.over)
    code = np.where(member, counted_groups(subgroup), -1)
    groups = [code == group for group in np.unique(code[code >= 0])]
    clusters = [None if truth.cluster is None else truth.cluster[group] for group in groups]
    drawings = [
        drawing_of(int(group.sum()), cluster, draws=draws, seed=place)
        for place, (group, cluster) in enumerate(zip(groups, clusters, strict=True))
    ]
    parts = [[one.take(group) for one in evidences] for group in groups]
    return combined_scores(measure.metric, parts, drawings, measure.by)


def unit_values(measure: Measure, evidence: metrics.Evidence, truth: Truth, part: str, most: int) -> Array:
    """The score of each item, or of each group of items, by itself; empty where a metric has none of most of them."""
    if measure.over:
        return np.empty(0)
    index = np.flatnonzero(truth.part == truth.parts.index(part))
    if truth.cluster is None:
        index = index[spread(len(index), most)]
        unit = np.arange(len(index))
    else:
        unit = np.unique(truth.cluster[index], return_inverse=True)[1].reshape(-1)
        index, unit = index[unit < most], unit[unit < most]
    first = unit < PROBED
    if np.isnan(_alone(measure.metric, evidence.take(index[first]), unit[first])).mean() > 0.1:
        return np.empty(0)
    return _alone(measure.metric, evidence.take(index), unit)


def _alone(metric: metrics.Metric, evidence: metrics.Evidence, unit: Array) -> Array:
    return np.asarray(metric.reduce(evidence, metrics.Partition(unit, int(unit.max()) + 1)))
