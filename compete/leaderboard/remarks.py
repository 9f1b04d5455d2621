"""What is to be said of a leaderboard in words: who came late, who copied, what the ranking does not tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.leaderboard.records import Leaderboard, Overfitting
from compete.leaderboard.rows import Board
from compete.leaderboard.shares import ranking_measure
from compete.leaderboard.teams import Submitted
from compete.scoring.grading import FEW_GROUPS
from compete.scoring.source import counted

USUAL_SELECTION = 2
"""Submissions that a team may select by custom."""


def remarks_of(made: Leaderboard, board: Board) -> list[Finding]:
    """Everything worth saying, the gravest first.

    Args:
        made: the leaderboard; of participants' only what they may know is said.
        board: what it was made of.
    """
    found = [*_about_files(made, board)]
    if not made.public:
        found += [*_about_copies(board), *_about_ranks(made, board), *_about_learning(made.overfitting)]
    order = ("error", "warning", "note")
    return sorted(found, key=lambda finding: order.index(finding.severity))


def _told(rule: str, severity: str, items: Sequence[str], said: str, hint: str = "") -> Iterator[Finding]:
    """A finding about some submissions or teams; nothing where there are none. ``said`` begins with what they are."""
    noun, _, more = said.partition(" ")
    if items:
        message = f"{counted(len(items), noun)} {more}"
        yield Finding(rule, message, "", tuple(items)[:EXAMPLES], hint, severity, len(items))


def _about_files(made: Leaderboard, board: Board) -> Iterator[Finding]:
    """What got no score, or does not count."""
    hint = "compete validate BUNDLE FILE tells all that is wrong with one"
    yield from _told("rank/refused", "warning", [one.file for one in made.refused], "submission without a score", hint)
    out = [one.entry.file for own in board.teams.values() for one in own if not one.takes_part]
    yield from _told("rank/left-out", "note", out, "submission too late, or over the limit")
    absent = sorted(({one.team for one in made.refused} | {*board.teams}) - {*board.ranked})
    yield from _told("rank/absent", "warning", absent, "team without a submission that counts")
    undefined = [row.team for row in made.rows if row.score is None]
    yield from _told("rank/undefined", "warning", undefined, f"team whose {made.part} score is 0/0")


def _about_copies(board: Board) -> Iterator[Finding]:
    """Predictions that were sent more than once, and more selections than usual."""
    again = [one.entry for own in board.teams.values() for one in own if one.entry.same_as]
    across = [
        f"{one.file} ({one.team}) = {one.same_as} ({one.same_team})" for one in again if one.same_team != one.team
    ]
    yield from _told("rank/copied", "warning", across, "submission with the predictions of another team")
    within = [one.file for one in again if one.same_team == one.team]
    yield from _told("rank/repeated", "note", within, "submission with predictions that its team had sent before")
    if board.way == "selected":
        many = [team for team, own in board.teams.items() if _selected(own) > USUAL_SELECTION]
        yield from _told("rank/many-selected", "warning", many, "team with more than two selected submissions")


def _selected(own: Sequence[Submitted]) -> int:
    return sum(one.entry.selected for one in own)


def _about_ranks(made: Leaderboard, board: Board) -> Iterator[Finding]:
    """How much the ranks mean."""
    if made.stability is None:
        if board.policy.draws:
            own = (
                "the challenge's own metric is not drawn" if ranking_measure(board.truth) is None else "no draw scores"
            )
            yield Finding("rank/not-drawn", f"rank intervals and ties are not known: {own}", severity="note")
        return
    cluster = board.truth.cluster
    if cluster is not None:
        groups = len(np.unique(cluster[board.truth.part == board.truth.parts.index("private")]))
        if groups < FEW_GROUPS:
            message = f"only {groups} groups were drawn, so rank intervals are rough"
            yield Finding("rank/few-groups", message, severity="warning", count=groups)
    tied = list(made.classes[0][1:]) if made.classes else []
    if tied:
        message = f"{made.rows[0].team} cannot be told from {counted(len(tied), 'other')}"
        yield Finding("rank/tied-first", message, "", tuple(tied[:EXAMPLES]), "", "note", len(tied))


def _about_learning(overfitting: Overfitting | None) -> Iterator[Finding]:
    """Who learnt from public scores."""
    if overfitting is None:
        return
    beyond = [team.team for team in overfitting.teams if team.beyond]
    yield from _told(
        "rank/overfitted", "warning", beyond, "team better on public items than luck explains", "rank by private scores"
    )
    probing = [team.team for team in overfitting.probing if team.suspected]
    hint = "look at their files; --ladder free makes it useless"
    yield from _told("rank/probing", "warning", probing, "team that seems to ask for single labels", hint)
