"""Whether public scores were learnt rather than earned: luck of many tries, gaps, and questions about labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from compete.leaderboard.likeness import FEW
from compete.leaderboard.records import Entry, Estimate, Overfitting, Probing, TeamGap

Array = npt.NDArray[Any]

TAIL = 0.025
NEAR = 0.01
"""Two submissions that differ in a smaller share of the rows are near copies."""

CONSTANT = 0.9
"""A submission with the same prediction in so many rows is constant."""

SIGNS = 3
"""Near copies, or constant submissions, of a team that a careful team may send without being suspected: one less."""


@lru_cache(maxsize=1024)
def expected_best(k: int) -> float:
    """How many standard deviations the best of k draws of chance lies above their mean.

    Args:
        k: how many, from 1.

    >>> [round(expected_best(k), 3) for k in (1, 2, 10, 1000)]
    [0.0, 0.564, 1.539, 3.241]
    """
    from scipy.special import ndtr

    if k <= 1:
        return 0.0
    step = 1e-3
    place = np.arange(step / 2, 9.0, step)
    # The mean of a variable is the area above its distribution right of 0, less the area below it left of 0.
    return float(((1 - ndtr(place) ** k) - ndtr(-place) ** k).sum() * step)


def team_gaps(
    teams: Sequence[str], tries: Sequence[int], gaps: Sequence[float | None], drawn: Array, noise: float
) -> list[TeamGap]:
    """How much better each team is in public than in private.

    Args:
        teams: their names.
        tries: how many submissions of each had a public score.
        gaps: public score less private score, turned so that positive is better in public.
        drawn: the same of each draw, shape (draws, teams); no rows where nothing was drawn.
        noise: standard deviation of public scores of equally good submissions.
    """
    found = []
    for place, (team, count, gap) in enumerate(zip(teams, tries, gaps, strict=True)):
        low, high = interval_of(drawn[:, place])
        by_luck = noise * expected_best(max(1, count))
        beyond = count > 1 and low is not None and low > by_luck  # who sends once has learnt from no score
        found.append(TeamGap(team, count, Estimate(gap, low, high), by_luck, beyond))
    return found


def overfitting_of(
    gaps: Sequence[TeamGap], drawn: Array, noise: float | None, probing: Sequence[Probing]
) -> Overfitting:
    """The teams' gaps together, and what chance would give the best of all submissions.

    Args:
        gaps: of the teams.
        drawn: the gap of each team in each draw, shape (draws, teams).
        noise: see ``team_gaps``; None where it is not known.
        probing: of the teams.
    """
    known = [team.gap.value for team in gaps if team.gap.value is not None]
    total = sum(team.submissions for team in gaps)
    middle = drawn[:, ~np.isnan(drawn).any(axis=0)]
    low, high = interval_of(middle.mean(axis=1) if middle.size else np.empty(0))
    return Overfitting(
        submissions=total,
        noise=noise,
        expected=None if noise is None else noise * expected_best(max(1, total)),
        gap=Estimate(float(np.mean(known)) if known else None, low, high),
        teams=tuple(gaps),
        probing=tuple(probing),
    )


def interval_of(drawn: Array) -> tuple[float | None, float | None]:
    """The 95 % percentile interval of draws; None where most are not defined."""
    defined = drawn[~np.isnan(drawn)]
    if not len(defined) or 2 * len(defined) < len(drawn):
        return None, None
    low, high = np.quantile(defined, (TAIL, 1 - TAIL))
    return float(low), float(high)


def probing_of(entries: Mapping[str, Sequence[Entry]], rows: int, usual: float) -> list[Probing]:
    """Signs that teams ask the public score for labels.

    Args:
        entries: each team's submissions in the order of time.
        rows: how many rows a submission has.
        usual: share of the rows that the commonest true label has, where predictions are labels; else 0.
    """
    constant = max(CONSTANT, (1 + usual) / 2)
    found = []
    for team, own in entries.items():
        near = [one for one in own if one.changed is not None and not one.same_as and _is_near(one.changed, rows)]
        alike = [one for one in own if one.alike is not None and one.alike >= constant]
        suspects = max(near, alike, key=len)
        suspected = len(suspects) >= SIGNS
        files = tuple(one.file for one in suspects[:SIGNS]) if suspected else ()
        found.append(Probing(team, len(own), len(near), len(alike), suspected, files))
    return found


def _is_near(changed: float, rows: int) -> bool:
    return changed < NEAR or changed * rows <= FEW
