"""Reports on what was scored and ranked: offline HTML pages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compete.errors import Finding, SubmissionError, UsageError

if TYPE_CHECKING:
    from compete.jobs.scoring import Verdict
    from compete.leaderboard.records import Leaderboard

AUDIENCES = ("organizer", "participants")


def is_for_participants(whom: str) -> bool:
    """Whether a report is for participants.

    Raises:
        UsageError: it is for nobody we know.
    """
    if whom not in AUDIENCES:
        hint = f"one of {', '.join(AUDIENCES)}"
        raise UsageError("nothing was done", [Finding("usage/unknown-name", f"--for {whom}", hint=hint)])
    return whom == "participants"


def refuse_taken(out: Path | None, *, force: bool) -> None:
    """Refuse to write a report over a file that is there, before the work and not after it.

    Raises:
        UsageError: it is there, and is not to be replaced.
    """
    if out is not None and not force and os.path.lexists(out):
        hint = "choose another name, or replace it with --force"
        raise UsageError("nothing was written", [Finding("output/exists", "it is there already", str(out), hint=hint)])


def report_scores(
    bundle: Path,
    verdicts: Sequence[Verdict],
    out: Path,
    *,
    on: str = "test",
    for_participants: bool = False,
    force: bool = False,
) -> Path:
    """Write the score report: of one submission from all sides, of several beside each other.

    Args:
        bundle: a built bundle, or its public half.
        verdicts: what ``score_many`` gave for it.
        out: the HTML file; it appears whole or not at all.
        on: as it was scored: ``test`` or ``train``.
        for_participants: leave out the private half, truth, single items, and subgroups of fewer than 20 items.
        force: replace a file that is there.

    Raises:
        UsageError: the file is there.
        CompeteError: the bundle is not as it was built, or not one of the submissions can be read.
    """
    looked_at = [one for one in verdicts if one.result or isinstance(one.error, SubmissionError)]
    if not looked_at and verdicts and verdicts[0].error:
        raise verdicts[0].error
    from compete.bundle import open_bundle
    from compete.reports.page import write_report
    from compete.reports.score import Sent, score_page

    sent = [Sent(one.path, one.result, one.error) for one in verdicts]
    page = score_page(open_bundle(bundle), sent, on=on, for_participants=for_participants)
    return write_report(out, page, force=force)


def report_leaderboard(board: Leaderboard, out: Path, *, force: bool = False) -> Path:
    """Write the leaderboard report; of a public leaderboard it holds what that holds.

    Raises:
        UsageError: the file is there, and is not to be replaced.
    """
    from compete.reports.leaderboard import leaderboard_page
    from compete.reports.page import write_report

    return write_report(out, leaderboard_page(board), force=force)
