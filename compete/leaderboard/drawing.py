"""Bootstrap leaderboards: the same draws of the test items for every team, so that differences are paired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import metrics
from metrics.evidence import Additive, Totals, as_it_is, reduce_evidence
from metrics.resample import BENT, LARGE

if TYPE_CHECKING:
    from metrics.weighting import Draws

Array = npt.NDArray[Any]

UNITS = 4096
"""Units that are drawn at most; more are put into so many random blocks of equal size."""

DENSE = 1 << 22
"""Numbers of a table of one team's totals that is multiplied with draws; larger evidence is weighed draw by draw."""

WIDE = 1 << 9
"""Columns of the tables of several teams that are multiplied together."""

TOGETHER = 128
"""Draws that are multiplied at a time, or a few more."""

COUNTED = 1 << 20
"""Items whose counts single precision holds exactly, however they are drawn."""

SPARSE = 8
"""A number that is not 0 costs as much in a sparse product as so many in a dense one."""

READ = 1 << 20
"""Numbers of products that are read by a formula at a time, or a few more."""

HELD = 1 << 23
"""Numbers of draws that are held for all teams; more are made anew for each."""

COSTLY = 1 << 26
"""Numbers that all draws of one team may go through before its evidence is made coarse."""

DIGITS = 12
"""Decimals of a drawn score that count: what differs less is rounding, and a tie."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """How the items of one part are drawn.

    Attributes:
        draws: how many leaderboards.
        seed: of numpy's default generator.
        unit: the unit that each item is drawn with, shape (n,).
        units: how many there are.
        kind: what a unit is: ``items``, ``groups`` or ``blocks``.
    """

    draws: int
    seed: int
    unit: Array
    units: int
    kind: str

    @cached_property
    def weighting(self) -> Draws:
        """The draws as a metric takes them, made once for all teams where they are few enough to be held."""
        plan = metrics.Draws(self.draws, self.seed, self.unit)
        return plan.made_once(len(self.unit)) if self.draws * self.units <= HELD else plan


def drawing_of(n: int, cluster: Array | None, *, draws: int, seed: int = 0) -> Drawing:
    """Plan draws of items, or of groups whose items are not independent.

    Args:
        n: how many items.
        cluster: whole numbers, one an item, shape (n,): items that are drawn together; None draws items.
        draws: how many.
        seed: the same seed gives the same draws.
    """
    unit = np.arange(n) if cluster is None else np.unique(cluster, return_inverse=True)[1].reshape(-1)
    units = int(unit.max()) + 1
    if units <= UNITS:
        return Drawing(draws, seed, unit, units, "items" if cluster is None else "groups")
    block = np.arange(units) % UNITS
    np.random.default_rng(seed).shuffle(block)
    return Drawing(draws, seed, block[unit], UNITS, "blocks")


def drawn_scores(metric: metrics.Metric, evidences: Sequence[metrics.Evidence], drawing: Drawing) -> Array:
    """The scores of several teams under the same draws.

    Draws of objects, label maps and segments are moved so that their median is the score: an image that is drawn twice
    confirms itself, which lifts average precision.

    Args:
        metric: the metric.
        evidences: what it collected of each team's predictions of the same items.
        drawing: of these items.

    Returns:
        Shape (draws, teams); nan where a draw has no score.
    """
    drawn = np.empty((drawing.draws, len(evidences)))
    plain = [team for team, one in enumerate(evidences) if _width(one, drawing)]
    for teams in _wide_enough(plain, [_width(evidences[team], drawing) for team in plain]):
        drawn[:, teams] = _multiplied(metric, [evidences[team] for team in teams], drawing)
    for team in sorted({*range(len(evidences))} - {*plain}):
        drawn[:, team] = _weighed(metric, evidences[team], drawing)
    for team, one in enumerate(evidences):
        if one.target in BENT:
            drawn[:, team] = _centred(drawn[:, team], float(metric.reduce(one)), metric)
    return drawn.round(DIGITS)


def _width(evidence: metrics.Evidence, drawing: Drawing) -> int:
    """How many numbers a unit of additive evidence has; 0 where they are too many, or it is of another kind."""
    if not isinstance(evidence, Additive):
        return 0
    width = evidence.channels * evidence.cells
    return width if width * drawing.units <= DENSE else 0


def _wide_enough(teams: Sequence[int], widths: Sequence[int]) -> list[list[int]]:
    """Teams whose tables are multiplied together: which are depends on nothing but the tables."""
    groups: list[list[int]] = []
    room = 0
    for team, width in zip(teams, widths, strict=True):
        if not groups or width > room:
            groups.append([])
            room = max(WIDE, width)
        groups[-1].append(team)
        room -= width
    return groups


def _multiplied(metric: metrics.Metric, evidences: Sequence[metrics.Evidence], drawing: Drawing) -> Array:
    """Scores of additive evidence: one product of draws and totals of all teams."""
    parts = metrics.Partition(drawing.unit, drawing.units)
    added = [one for one in evidences if isinstance(one, Additive)]
    tables = [_table(one, parts) for one in added]
    whole = np.concatenate([table.reshape(drawing.units, -1) for table in tables], axis=1)
    counts = all(one.table is None for one in added) and len(drawing.unit) < COUNTED
    ends = np.cumsum([0, *(table.shape[1] * table.shape[2] for table in tables)])
    drawn = np.empty((drawing.draws, len(tables)))
    start = 0
    for sums in _counted(whole, drawing) if counts else _summed(whole, drawing):
        rows = slice(start, start := start + len(sums))
        for team, (one, table) in enumerate(zip(added, tables, strict=True)):
            own = sums[:, ends[team] : ends[team + 1]].reshape(len(sums), *table.shape[1:])
            with np.errstate(over="ignore", invalid="ignore"):
                drawn[rows, team] = metric.bound(one.reading(Totals(own[:, 0], own[:, 1:])))
    return drawn


def _counted(whole: Array, drawing: Drawing) -> Iterator[Array]:
    """Draws times a table of whole numbers, some draws at a time: exact in any order, so in the cheapest."""
    step = max(TOGETHER, READ // whole.shape[1])
    waiting: list[Array] = []
    for one in _sparsely(whole, drawing) if _is_sparse(whole) else _densely(whole, drawing):
        waiting.append(one)
        if sum(map(len, waiting)) >= step:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


def _is_sparse(whole: Array) -> bool:
    """Whether most of a table is nothing, and no product of it with a draw needs more than two bytes."""
    small = float(whole.max()) * len(whole) < 1 << 16
    return small and bool(SPARSE * np.count_nonzero(whole) < whole.size)


def _sparsely(whole: Array, drawing: Drawing) -> Iterator[Array]:
    """The product of what is in the table alone, with small whole numbers."""
    from scipy.sparse import csr_array

    held = csr_array(whole.T.astype(np.uint16))
    for batch in _stacked(drawing):
        yield (held @ np.ascontiguousarray(batch.T, dtype=np.uint16)).T.astype(np.float64)


def _densely(whole: Array, drawing: Drawing) -> Iterator[Array]:
    """The product in single precision, which holds these numbers exactly and is twice as fast."""
    single = whole.astype(np.float32)
    for batch in _stacked(drawing):
        yield (batch.astype(np.float32) @ single).astype(np.float64)


def _summed(whole: Array, drawing: Drawing) -> Iterator[Array]:
    """Draws times a table of any numbers, some draws at a time."""
    for batch in _stacked(drawing):
        yield batch.astype(np.float64) @ whole


def _table(evidence: Additive, parts: metrics.Partition) -> Array:
    """What each unit adds, shape (units, channels, cells)."""
    totals = list(replace(evidence, reading=as_it_is).readings(parts))
    return np.concatenate([np.concatenate([one.weight[:, None], one.sums], axis=1) for one in totals])


def _stacked(drawing: Drawing) -> Iterator[Array]:
    """The draws, shape (draws, units), some at a time."""
    stack: list[Array] = []
    for batch in drawing.weighting.batches(len(drawing.unit)):
        stack.append(batch)
        if sum(map(len, stack)) >= TOGETHER:
            yield np.concatenate(stack)
            stack = []
    if stack:
        yield np.concatenate(stack)


def _weighed(metric: metrics.Metric, evidence: metrics.Evidence, drawing: Drawing) -> Array:
    """Scores of any evidence, draw by draw; of large evidence a coarse one stands about the exact score."""
    large = evidence.n * evidence.width > min(LARGE, COSTLY // drawing.draws)
    source = evidence.coarse() if large else evidence
    drawn = np.asarray(reduce_evidence(source, [metric.bound], drawing.weighting)[0])
    return drawn if source is evidence else drawn + (float(metric.reduce(evidence)) - float(metric.reduce(source)))


def _centred(drawn: Array, score: float, metric: metrics.Metric) -> Array:
    """Draws moved so that their median is the score, within its bounds."""
    defined = drawn[~np.isnan(drawn)]
    return np.clip(drawn + (score - np.median(defined)), *metric.bounds) if len(defined) else drawn


def combined_scores(
    metric: metrics.Metric, parts: Sequence[Sequence[metrics.Evidence]], drawings: Sequence[Drawing], how: str
) -> Array:
    """The scores of a combination over groups: each group is drawn by itself, and each draw is combined.

    Args:
        metric: the metric behind it.
        parts: of each group, the evidence of each team.
        drawings: of each group's items.
        how: as in ``metrics.combine``.

    Returns:
        Shape (draws, teams).
    """
    drawn = [drawn_scores(metric, evidences, drawing) for evidences, drawing in zip(parts, drawings, strict=True)]
    return np.asarray(metrics.combine(np.stack(drawn), how, axis=0, greater_is_better=metric.greater_is_better))
