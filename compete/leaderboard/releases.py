"""Which public scores each team was shown, submission by submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from compete.leaderboard.ladder import climb_freely, climb_steps, release_step, rounded_score, within
from compete.leaderboard.policy import Policy
from compete.leaderboard.shares import draw_submissions, drawable_parts, ranking_measure
from compete.leaderboard.teams import Submitted
from compete.scoring.grading import metric_records
from compete.scoring.truth import Truth

if TYPE_CHECKING:
    from compete.leaderboard.rank import Means

Array = npt.NDArray[Any]
Shown = dict[str, list[float | None]]

LADDER_DRAWS = 400
"""Draws behind the standard error that a step of the free ladder needs: it is then known to some 4 %."""


def release_of(
    bundle: Path,
    truth: Truth,
    teams: Mapping[str, Sequence[Submitted]],
    *,
    policy: Policy,
    means: Means,
) -> tuple[float, Shown]:
    """The step of shown public scores, and what each team was shown after each of its submissions.

    Args:
        bundle: a built bundle.
        truth: its truth.
        teams: each team's submissions in the order of time.
        policy: rounding and ladder.
        means: what the work may use.
    """
    metric = metric_records(truth.terms)[0]
    n = int((truth.part == truth.parts.index("public")).sum())
    bounds = (metric["low"], metric["high"])
    step = release_step(policy.step, n, bounds, _usual_size(teams))
    better = bool(metric["greater_is_better"])
    scores = {team: [one.entry.public if one.takes_part else None for one in own] for team, own in teams.items()}
    if policy.ladder == "step":
        height = policy.ladder_step
        shown = {
            team: climb_steps(own, step=height, unit=step, greater_is_better=better) for team, own in scores.items()
        }
    elif policy.ladder == "free" and "public" in drawable_parts(truth) and ranking_measure(truth):
        shown = _freely(bundle, teams, scores, step=step, better=better, means=means)
    else:
        shown = {team: [rounded_score(score, step) for score in own] for team, own in scores.items()}
    return step, {team: [within(score, bounds) for score in own] for team, own in shown.items()}


def _usual_size(teams: Mapping[str, Sequence[Submitted]]) -> float:
    """The size of a public score in the middle of all."""
    sizes = [abs(one.entry.public) for own in teams.values() for one in own if one.entry.public is not None]
    return float(np.median(sizes)) if sizes else 0.0


def _freely(
    bundle: Path,
    teams: Mapping[str, Sequence[Submitted]],
    scores: Mapping[str, Sequence[float | None]],
    *,
    step: float,
    better: bool,
    means: Means,
) -> Shown:
    """The ladder without a parameter, from draws of every submission."""
    paths = [one.path for own in teams.values() for one in own]
    telling = means.telling("drawing the ladder")
    shares = draw_submissions(
        bundle, paths, parts=("public",), draws=LADDER_DRAWS, workers=means.workers, progress=telling
    )
    shown, start = {}, 0
    for team, own in teams.items():
        drawn = [share.drawn["public"] for share in shares[start : start + len(own)]]
        start += len(own)

        def error(one: int, other: int, drawn: Sequence[Array] = drawn) -> float:
            difference = drawn[one] - drawn[other]
            defined = difference[~np.isnan(difference)]
            return float(defined.std(ddof=1)) if len(defined) > 1 else 0.0

        shown[team] = climb_freely(scores[team], error, unit=step, greater_is_better=better)
    return shown


def released_entries(
    own: Sequence[Submitted], shown: Sequence[float | None], counting: Submitted | None
) -> list[Submitted]:
    """A team's submissions with what was shown of each, and which one counts."""
    chosen = None if counting is None else counting.path
    return [
        replace(one, entry=replace(one.entry, released=score, counts=one.path == chosen))
        for one, score in zip(own, shown, strict=True)
    ]
