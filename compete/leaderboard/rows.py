"""The rows of a leaderboard: all that the organizer sees of a team, and the little that participants see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compete.leaderboard.ladder import release_step, rounded_score, within
from compete.leaderboard.overfitting import interval_of
from compete.leaderboard.places import places_of
from compete.leaderboard.policy import Policy
from compete.leaderboard.records import Row
from compete.leaderboard.stability import Drawn
from compete.leaderboard.teams import Submitted, group_scores, pick_records, worst_and_gap
from compete.scoring.truth import Truth

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Board:
    """All that was found out, before it is told.

    Attributes:
        truth: of the bundle.
        metric: the one that ranks, as in a result.
        policy: the organizer's choices.
        part: ``private``, or ``public`` for participants.
        way: which submission of a team counts.
        teams: each team's submissions in the order of time.
        picks: of each team, the submission that each way of choosing takes.
        ranked: the submission that counts, the best team first.
        drawn: by part, the scores of these teams in each draw, shape (draws, teams).
        values: the score of each unit by itself, one array a team.
        release: what shown public scores are rounded to.
    """

    truth: Truth
    metric: Mapping[str, Any]
    policy: Policy
    part: str
    way: str
    teams: Mapping[str, Sequence[Submitted]]
    picks: Mapping[str, Mapping[str, Submitted]]
    ranked: Mapping[str, Submitted]
    drawn: Mapping[str, Array]
    values: Sequence[Array]
    release: float

    @property
    def greater_is_better(self) -> bool:
        """The direction of the metric that ranks."""
        return bool(self.metric["greater_is_better"])

    def scores(self, part: str) -> Array:
        """The teams' scores on one part, nan where there is none, shape (teams,)."""
        values = [getattr(one.entry, part) for one in self.ranked.values()]
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def places(self, part: str) -> Array:
        """The teams' places by their scores on one part, shape (teams,)."""
        return places_of(self.scores(part).round(12), greater_is_better=self.greater_is_better)


def organizer_rows(board: Board, found: Drawn | None) -> tuple[list[Row], tuple[tuple[str, ...], ...]]:
    """One row a team, the best first, and the classes of teams that cannot be told apart.

    Args:
        board: what was found out.
        found: bootstrap leaderboards; None where nothing was drawn.
    """
    teams, places, public = list(board.ranked), board.places("private"), board.places("public")
    classes = found.classes if found else ()
    rank = {team: int(places[members[0]]) for members in classes for team in members}
    first = found.first() if found else np.full(len(teams), np.nan)
    rows = []
    for number, team in enumerate(teams):
        own = _own(board, team)
        low, high = interval_of(board.drawn["private"][:, number]) if found else (None, None)
        between = found.rank_interval(number) if found else (None, None)
        shown = own["public"] is not None
        rows.append(
            Row(
                rank=rank.get(number, int(places[number])),
                place=int(places[number]),
                rank_low=between[0],
                rank_high=between[1],
                first=None if np.isnan(first[number]) else float(first[number]),
                score=own["private"],
                low=low,
                high=high,
                public_place=int(public[number]) if shown else None,
                shake_up=int(public[number] - places[number]) if shown else None,
                **own,
            )
        )
    return rows, tuple(tuple(teams[team] for team in members) for members in classes)


def _own(board: Board, team: str) -> dict[str, Any]:
    """What a row says that does not depend on the other teams."""
    one, own = board.ranked[team], board.teams[team]
    name, smallest = board.metric["name"], board.truth.terms.smallest_subgroup
    groups = {group: value for group, (value, _) in group_scores(one, name, "private", smallest).items()}
    worst, value, gap = worst_and_gap(groups, greater_is_better=board.greater_is_better)
    return {
        "team": team,
        "file": one.entry.file,
        "public": one.entry.public,
        "private": one.entry.private,
        "worst_group": worst,
        "worst": value,
        "gap": gap,
        "submissions": len(own),
        "late": sum(submitted.entry.late for submitted in own),
        "copies": sum(bool(submitted.entry.same_as) for submitted in own),
        "picks": pick_records(board.picks[team]),
    }


def participant_rows(board: Board) -> list[Row]:
    """One row a team by the rounded public score that it was shown; teams that were shown the same share a place."""
    shown = {team: _shown(board, team) for team in board.ranked}
    values = np.array([np.nan if value is None else value for value in shown.values()], dtype=np.float64)
    places = places_of(values, greater_is_better=board.greater_is_better)
    rows = []
    for place, (team, value) in sorted(zip(places.tolist(), shown.items(), strict=True)):  # of equals by name
        worst, low, gap = worst_and_gap(_rounded_groups(board, team), greater_is_better=board.greater_is_better)
        rows.append(
            Row(
                team=team,
                file="",  # which of several is best would tell more than the rounded score
                rank=place,
                place=place,
                rank_low=None,
                rank_high=None,
                first=None,
                score=value,
                low=None,
                high=None,
                public=value,
                private=None,
                public_place=place,
                shake_up=None,
                worst_group=worst,
                worst=low,
                gap=gap,
                submissions=len(board.teams[team]),
                late=sum(submitted.entry.late for submitted in board.teams[team]),
                copies=0,
            )
        )
    return rows


def _shown(board: Board, team: str) -> float | None:
    """What a team was shown of the submission that counts; on a ladder, the highest step it reached."""
    own = board.teams[team]
    if board.policy.ladder != "none":
        return own[-1].entry.released
    return next(one.entry.released for one in own if one.entry.counts)


def _rounded_groups(board: Board, team: str) -> dict[str, float]:
    """Public scores of subgroups that are large enough, each rounded by its own size; none on a ladder."""
    if board.policy.ladder != "none":
        return {}
    metric, smallest = board.metric, board.truth.terms.smallest_subgroup
    bounds, items = (metric["low"], metric["high"]), int((board.truth.part == board.truth.parts.index("public")).sum())
    found = {}
    for group, (value, n) in group_scores(board.ranked[team], metric["name"], "public", smallest).items():
        step = max(release_step(board.policy.step, n, bounds, 0.0), board.release)
        step = step if None not in bounds else max(step, board.release * math.sqrt(items / n))
        found[group] = within(rounded_score(value, step), bounds) or 0.0
    return found
