"""The leaderboard of a challenge, from files to ranked teams."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from compete.bundle import open_bundle
from compete.errors import CompeteError, Finding, SubmissionError, UsageError, fatal
from compete.leaderboard.gathering import Sent, gather_submissions
from compete.leaderboard.grading import Graded, grade_submissions
from compete.leaderboard.policy import Policy
from compete.leaderboard.records import Entry, Estimate, Leaderboard, Refused, Release
from compete.leaderboard.releases import release_of, released_entries
from compete.leaderboard.remarks import remarks_of
from compete.leaderboard.rows import Board, organizer_rows, participant_rows
from compete.leaderboard.shares import draw_submissions, drawable_parts, ranking_measure
from compete.leaderboard.teams import Submitted, picks_of, refuse_untimed, teams_of, way_of
from compete.leaderboard.views import overfitting_view, power_view, stability_view, tau_of
from compete.scoring.bounded import Limits
from compete.scoring.grading import ARCHIVES, metric_records
from compete.scoring.truth import Truth, read_truth
from compete.version import __version__

Array = npt.NDArray[Any]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Means:
    """What the work may use.

    Attributes:
        cache: a folder that keeps scores by content; None keeps nothing.
        workers: processes; None one a core.
        limits: of memory and time of each submission.
        progress: told what is being done, how far it is, and how much there is.
    """

    cache: Path | None = None
    workers: int | None = None
    limits: Limits | None = None
    progress: Progress | None = None

    def telling(self, what: str) -> Callable[[int, int], None] | None:
        """Who is told how far one piece of work is."""
        return partial(self.progress, what) if self.progress else None


def rank_submissions(
    bundle: Path,
    submissions: Sequence[Path] = (),
    *,
    source: Path | None = None,
    policy: Policy | None = None,
    means: Means | None = None,
) -> Leaderboard:
    """Rank the teams that sent submissions, and say how firm that is.

    Args:
        bundle: a built bundle with its private half.
        submissions: files; see ``gather_submissions`` for whose they are.
        source: a folder of submissions, or a table of them.
        policy: which submissions count, and how public scores are shown.
        means: cores, cache, limits.

    Raises:
        UsageError: there are no submissions, or an option does not fit them.
        BundleError: the bundle is not whole, or has no private half.
        SubmissionError: every submission was refused.
    """
    policy, means = policy or Policy(), means or Means()
    truth = read_truth(open_bundle(bundle))
    if policy.public and not (truth.part == truth.parts.index("public")).any():
        message = "the bundle has no public items, so participants may see no score"
        raise UsageError("nothing was ranked", [Finding("rank/nothing", message, str(bundle))])
    endings = tuple(sorted({Path(truth.terms.sample_name).suffix, *ARCHIVES}))
    sent, notes = gather_submissions(submissions, source, endings)
    refuse_untimed(sent, policy)
    found = grade_submissions(
        bundle,
        [one.path for one in sent],
        cache=means.cache,
        workers=means.workers,
        limits=means.limits,
        progress=means.telling("grading"),
    )
    refused = [_refused(one, error) for one, error in zip(sent, found, strict=True) if isinstance(error, CompeteError)]
    taken = [(one, graded) for one, graded in zip(sent, found, strict=True) if isinstance(graded, Graded)]
    if not taken:
        raise SubmissionError("every submission was refused", [one.finding for one in refused])
    board = _board(bundle, truth, taken, policy, means)
    made = _participants(board) if policy.public else _organizers(board, refused)
    return replace(made, findings=(*notes, *remarks_of(made, board)))


def _refused(one: Sent, error: CompeteError) -> Refused:
    found = (fatal(error.findings) or error.findings)[0]
    return Refused(one.file, one.team, found, len(error.findings))


def _board(bundle: Path, truth: Truth, taken: Sequence[tuple[Sent, Graded]], policy: Policy, means: Means) -> Board:
    """Teams, the submission of each that counts, and what was drawn of these."""
    metric = metric_records(truth.terms)[0]
    teams = teams_of([one for one, _ in taken], [graded for _, graded in taken], metric["name"], policy)
    way, better = way_of(teams, policy), bool(metric["greater_is_better"])
    picks = {team: picks_of(own, greater_is_better=better, public=policy.public) for team, own in teams.items()}
    counting = {team: found.get(way) or found["best"] for team, found in picks.items() if found}
    part = "public" if policy.public else "private"
    ranked = _in_order(counting, part, better)
    drawn, values = _drawn(bundle, truth, ranked, policy, means)
    release, shown = release_of(bundle, truth, teams, policy=policy, means=means)
    teams = {team: released_entries(own, shown[team], ranked.get(team)) for team, own in teams.items()}
    return Board(truth, metric, policy, part, way, teams, picks, ranked, drawn, values, release)


def _in_order(counting: Mapping[str, Submitted], part: str, better: bool) -> dict[str, Submitted]:
    """The teams and their submissions, the best first; of equals by name."""

    def key(team: str) -> tuple[float, str]:
        score = getattr(counting[team].entry, part)
        return (float("inf") if score is None else -score if better else score), team

    return {team: counting[team] for team in sorted(counting, key=key)}


def _drawn(
    bundle: Path, truth: Truth, ranked: Mapping[str, Submitted], policy: Policy, means: Means
) -> tuple[dict[str, Array], list[Array]]:
    """By part, the scores of the teams in each draw, shape (draws, teams); and the score of each unit, team by team."""
    parts = drawable_parts(truth)
    if ranking_measure(truth) is None or policy.public or not (policy.draws and parts and ranked):
        return {}, []
    shares = draw_submissions(
        bundle,
        [one.path for one in ranked.values()],
        parts=parts,
        draws=policy.draws,
        values_of="private",
        workers=means.workers,
        progress=means.telling("drawing"),
    )
    drawn = {part: np.stack([share.drawn[part] for share in shares], axis=1) for part in parts}
    return drawn, [share.values for share in shares]


def _organizers(board: Board, refused: Sequence[Refused]) -> Leaderboard:
    """Everything."""
    stability, found = stability_view(board)
    rows, classes = organizer_rows(board, found)
    return replace(
        _frame(board, refused),
        rows=tuple(rows),
        classes=classes,
        agreement=Estimate(tau_of(rows)),
        stability=stability,
        power=power_view(board, found),
        overfitting=overfitting_view(board),
        entries=_entries(board),
    )


def _participants(board: Board) -> Leaderboard:
    """What participants may see: rounded public scores, and nothing of exact or private ones, or of others' files."""
    return replace(_frame(board, ()), rows=tuple(participant_rows(board)))


def _frame(board: Board, refused: Sequence[Refused]) -> Leaderboard:
    terms, truth = board.truth.terms, board.truth
    parts = [part for part in truth.parts if part == "public" or not board.policy.public]
    return Leaderboard(
        challenge={"name": terms.name, "title": terms.title, "version": terms.version},
        metric=board.metric,
        part=board.part,
        public=board.policy.public,
        counting=board.way,
        items={part: int((truth.part == truth.parts.index(part)).sum()) for part in parts},
        rows=(),
        classes=(),
        agreement=Estimate(None),
        stability=None,
        power=None,
        overfitting=None,
        release=Release(board.release, board.policy.ladder),
        entries=(),
        refused=tuple(refused),
        findings=(),
        versions={"compete": __version__, "numpy": np.__version__, "python": platform.python_version()},
    )


def _entries(board: Board) -> tuple[Entry, ...]:
    return tuple(one.entry for own in board.teams.values() for one in own)
