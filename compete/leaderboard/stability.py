"""How firm a ranking is: bootstrap leaderboards, which differences count, and other ways to rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compete.leaderboard.drawing import Drawing
from compete.leaderboard.overfitting import interval_of
from compete.leaderboard.places import (
    holm,
    kendall_tau,
    kendall_taus,
    paired_p_values,
    places_of,
    standard_errors,
    tied_classes,
)
from compete.leaderboard.policy import LEVEL
from compete.leaderboard.records import Estimate, Sensitivity, Stability

Array = npt.NDArray[Any]

TOLD = 100
"""Teams of which rank distributions and p-values are told; the others are in the same reckoning."""

TAIL = 0.025


@dataclass(frozen=True, eq=False)
class Drawn:
    """Bootstrap leaderboards of teams in the order of the real one.

    Attributes:
        scores: the real scores, shape (teams,); nan where one is not defined.
        drawn: shape (draws, teams); draws in which a team with a score has none are left out.
        places: the teams' places in each draw, shape (draws, teams).
        errors: standard errors of the differences, shape (teams, teams).
        adjusted: p-values after Holm, shape (teams, teams).
        classes: teams that cannot be told from the best of them, as numbers.
        greater_is_better: the direction.
    """

    scores: Array
    drawn: Array
    places: Array
    errors: Array
    adjusted: Array
    classes: tuple[tuple[int, ...], ...]
    greater_is_better: bool

    def rank_interval(self, team: int) -> tuple[int, int]:
        """The places between which a team is in 95 % of the draws."""
        low, high = np.quantile(self.places[:, team], (TAIL, 1 - TAIL), method="inverted_cdf")
        return int(low), int(high)

    def first(self) -> Array:
        """The share of draws in which each team is first, shape (teams,); those who tie share a draw."""
        leads = self.places == 1
        return np.asarray((leads / leads.sum(axis=1, keepdims=True)).mean(axis=0))


def drawn_of(scores: Array, drawn: Array, units: int, *, greater_is_better: bool) -> Drawn | None:
    """Compare teams over draws that they share.

    Args:
        scores: of the teams, the best first, shape (teams,).
        drawn: their scores in each draw, shape (draws, teams).
        units: how many items or groups were drawn.
        greater_is_better: the direction.

    Returns:
        None where fewer than half of the draws give every team with a score one.
    """
    scored = ~np.isnan(scores)
    whole = drawn[~np.isnan(drawn[:, scored]).any(axis=1)]
    if not scored.any() or len(whole) < 2 or 2 * len(whole) < len(drawn):
        return None
    whole = np.where(scored, whole, np.nan)
    errors = np.full((len(scores), len(scores)), np.nan)
    errors[np.ix_(scored, scored)] = standard_errors(whole[:, scored])
    adjusted = holm(paired_p_values(scores, errors, units))
    classes = tied_classes(np.arange(len(scores)), adjusted, LEVEL)
    places = places_of(whole, greater_is_better=greater_is_better)
    return Drawn(scores, whole, places, errors, adjusted, tuple(map(tuple, classes)), greater_is_better)


def stability_of(
    teams: Sequence[str], found: Drawn, drawing: Drawing, sensitivities: Sequence[Sensitivity], per_item: str
) -> Stability:
    """The record of what the draws tell.

    Args:
        teams: names, the best first.
        found: the draws.
        drawing: how they were made.
        sensitivities: other rankings.
        per_item: what aggregations are over; empty for none.
    """
    told = range(min(TOLD, len(teams)))
    counts = [np.bincount(found.places[:, team], minlength=len(teams) + 1)[1:] for team in told]
    taus = kendall_taus(places_of(found.scores, greater_is_better=found.greater_is_better), found.places)
    defined = taus[~np.isnan(taus)]
    return Stability(
        draws=len(found.drawn),
        units=drawing.kind,
        n=drawing.units,
        teams=tuple(teams[team] for team in told),
        distribution=tuple(tuple(row.tolist()) for row in counts),
        p_values=tuple(tuple(found.adjusted[team, told].tolist()) for team in told),
        level=LEVEL,
        kendall=Estimate(float(np.median(defined)) if len(defined) else None, *interval_of(taus)),
        sensitivities=tuple(sensitivities),
        per_item=per_item,
    )


def other_ranking(name: str, kind: str, values: Array, reference: Array, *, greater_is_better: bool) -> Sensitivity:
    """The ranking by other values, and how far it agrees.

    Args:
        name: what ranks.
        kind: ``metric`` or ``aggregation``.
        values: one a team; nan where not defined.
        reference: places by score.
        greater_is_better: the direction of the values.
    """
    places = places_of(values.round(12), greater_is_better=greater_is_better)
    tau = kendall_tau(reference, places)
    told = tuple(None if np.isnan(value) else float(value) for value in values)
    return Sensitivity(name, kind, told, tuple(places.tolist()), None if np.isnan(tau) else tau, greater_is_better)


def aggregations_of(
    values: Array, reference: Array, *, greater_is_better: bool, what: str = "items"
) -> list[Sensitivity]:
    """The rankings that other ways to make one number of many would give.

    Args:
        values: the score of each unit by itself, shape (teams, units); nan where one has none. A unit in which a team
            has no score, and others have, is its worst.
        reference: places by score.
        greater_is_better: the direction.
        what: ``items`` or ``groups``.

    Source: mean and median then rank, rank then mean and median as in Wiesenfarth et al., Methods and open-source
    toolkit for analyzing and visualizing challenge results, Sci. Rep. 11 (2021), and their challengeR.
    """
    known = values[:, ~np.isnan(values).all(axis=0)].round(12)
    if not known.shape[1]:
        return []
    within = places_of(known.T, greater_is_better=greater_is_better)
    filled = np.where(np.isnan(known), _worst(known, greater_is_better), known)
    found = [(f"mean of {what}", filled.mean(axis=1), greater_is_better)]
    if not np.isin(filled, (0, 1)).all():  # a median of hits and misses says nothing
        found += [
            (f"median of {what}", np.median(filled, axis=1), greater_is_better),
            (f"mean rank over {what}", within.mean(axis=0), False),
            (f"median rank over {what}", np.median(within, axis=0), False),
        ]
    return [
        other_ranking(name, "aggregation", column, reference, greater_is_better=direction)
        for name, column, direction in found
    ]


def _worst(known: Array, greater_is_better: bool) -> float:
    return float(np.nanmin(known) if greater_is_better else np.nanmax(known))


def wins_of(found: Drawn, reference: Array) -> Sensitivity:
    """The ranking by how many others a team beats for sure: test, then rank.

    Args:
        found: the draws.
        reference: places by score.
    """
    better = found.scores[:, None] - found.scores[None, :]
    won = (better > 0 if found.greater_is_better else better < 0) & (found.adjusted < LEVEL)
    return other_ranking(
        "teams beaten for sure", "aggregation", won.sum(axis=1).astype(float), reference, greater_is_better=True
    )
