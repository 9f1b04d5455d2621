"""What the draws tell, as the leaderboard's records: stability, power and overfitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from compete.leaderboard.overfitting import overfitting_of, probing_of, team_gaps
from compete.leaderboard.places import kendall_tau, standard_errors
from compete.leaderboard.power import power_of
from compete.leaderboard.records import Overfitting, Power, Row, Sensitivity, Stability
from compete.leaderboard.rows import Board
from compete.leaderboard.shares import part_drawing
from compete.leaderboard.stability import (
    Drawn,
    aggregations_of,
    drawn_of,
    other_ranking,
    stability_of,
    wins_of,
)
from compete.scoring.grading import metric_records

Array = npt.NDArray[Any]


def tau_of(rows: Sequence[Row]) -> float | None:
    """Kendall's tau-b between public and private places; None where there is one team, or nothing public."""
    pairs = [(row.place, row.public_place) for row in rows if row.public_place is not None]
    if len(pairs) < 2:
        return None
    private, public = np.array(pairs).T
    tau = kendall_tau(private, public)
    return None if np.isnan(tau) else tau


def stability_view(board: Board) -> tuple[Stability | None, Drawn | None]:
    """Bootstrap leaderboards of the private part, and their record; None where nothing could be drawn."""
    drawn = board.drawn.get("private")
    if drawn is None:
        return None, None
    drawing = part_drawing(board.truth, "private", board.policy.draws)
    if drawing.units < 2:
        return None, None
    found = drawn_of(board.scores("private"), drawn, drawing.units, greater_is_better=board.greater_is_better)
    if found is None:
        return None, None
    what = "items" if board.truth.cluster is None else "groups"
    reference = board.places("private")
    others = _other_metrics(board, reference)
    per_item = _aggregations(board, reference, what)
    if len(board.ranked) > 1:
        others += [*per_item, wins_of(found, reference)]
    return stability_of(list(board.ranked), found, drawing, others, what if per_item else ""), found


def _other_metrics(board: Board, reference: Array) -> list[Sensitivity]:
    """The rankings by the challenge's other metrics."""
    found = []
    for record in metric_records(board.truth.terms)[1:]:
        values = [one.overall(record["name"], "private") for one in board.ranked.values()]
        column = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        better = bool(record["greater_is_better"])
        found.append(other_ranking(record["name"], "metric", column, reference, greater_is_better=better))
    return found


def _aggregations(board: Board, reference: Array, what: str) -> list[Sensitivity]:
    """The rankings by other aggregations, where every team has values of single units."""
    if not board.values or len(board.values) < 2 or not all(len(values) for values in board.values):
        return []
    values = np.stack(list(board.values))
    return aggregations_of(values, reference, greater_is_better=board.greater_is_better, what=what)


def power_view(board: Board, found: Drawn | None) -> Power | None:
    """What the private part can tell between neighbours; None where nothing was drawn, or there is one team."""
    if found is None or len(found.scores) < 2:
        return None
    places = np.arange(len(found.scores) - 1)
    errors, gaps = found.errors[places, places + 1], np.diff(found.scores)
    known = ~np.isnan(errors)
    n = int((board.truth.part == board.truth.parts.index("private")).sum())
    return power_of(errors[known].tolist(), gaps[known].tolist(), n, board.policy.difference)


def overfitting_view(board: Board) -> Overfitting | None:
    """Gaps, luck and probing; None where there are no public scores."""
    public, private = board.scores("public"), board.scores("private")
    if np.isnan(public).all():
        return None
    sign = 1.0 if board.greater_is_better else -1.0
    gaps = [None if np.isnan(gap) else float(gap) for gap in sign * (public - private)]
    drawn = np.empty((0, len(gaps)))
    if {"public", "private"} <= set(board.drawn):
        drawn = sign * (board.drawn["public"] - board.drawn["private"])
    noise = _noise(board)
    tries = [sum(one.entry.public is not None for one in board.teams[team]) for team in board.ranked]
    entries = {team: [one.entry for one in board.teams[team]] for team in board.ranked}
    probing = probing_of(entries, board.truth.n, _usual(board))
    return overfitting_of(team_gaps(list(board.ranked), tries, gaps, drawn, noise or 0.0), drawn, noise, probing)


def _noise(board: Board) -> float | None:
    """How far chance moves public scores of equally good submissions: the spread of neighbours' difference over √2.

    The items are the same for all, so what all share of their luck favours nobody; of one team alone, the spread of its
    score stands for it.
    """
    drawn = board.drawn.get("public")
    if drawn is None:
        return None
    whole = drawn[:, ~np.isnan(drawn).all(axis=0)]
    whole = whole[~np.isnan(whole).any(axis=1)]
    if len(whole) < 2 or not whole.shape[1]:
        return None
    if whole.shape[1] == 1:
        return float(whole.std())
    places = np.arange(whole.shape[1] - 1)
    return float(np.median(standard_errors(whole)[places, places + 1]) / np.sqrt(2))


def _usual(board: Board) -> float:
    """The share of the commonest true label, where predictions are labels."""
    y_true = board.truth.y_true
    if board.truth.terms.kind not in ("label", "flag") or getattr(y_true, "ndim", 0) != 1:
        return 0.0
    return float(np.unique(y_true, return_counts=True)[1].max() / len(y_true))
