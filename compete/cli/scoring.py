"""The participant's commands, and the organizer's grading."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compete import jobs, show
from compete.cli.program import (
    BundlePath,
    Draws,
    For,
    Force,
    Json,
    On,
    Report,
    SubmissionPath,
    SubmissionPaths,
    Workers,
    app,
    example,
)


@app.command(**example("compete validate coral-bundle/public submission.csv"))
def validate(bundle: BundlePath, submission: SubmissionPath, on: On = "test", json: Json = False) -> None:
    """Say everything that is wrong with a submission."""
    show.validated(jobs.validate(bundle, submission, on=on), json=json)


@app.command(**example("compete score coral-bundle submission.csv"))
def score(
    bundle: BundlePath,
    submissions: SubmissionPaths,
    on: On = "test",
    public: Annotated[bool, typer.Option("--public", help="Show only what participants may see.")] = False,
    draws: Draws = None,
    workers: Workers = None,
    limit_memory: Annotated[
        int, typer.Option("--limit-memory", min=0, metavar="MB", help="Memory a submission may use; 0: any.")
    ] = 0,
    limit_time: Annotated[
        float, typer.Option("--limit-time", min=0, metavar="SECONDS", help="Time it may take; 0: any.")
    ] = 0.0,
    recorded: Annotated[
        Path | None,
        typer.Option("--check", metavar="RESULT", help="Score again as this --json output was, and compare."),
    ] = None,
    report: Report = None,
    whom: For = "organizer",
    force: Force = False,
    json: Json = False,
) -> None:
    """Score submissions, with an interval for every subgroup."""
    if recorded:
        raise typer.Exit(show.rescored(jobs.rescore(bundle, submissions, recorded), json=json))
    limits, public = jobs.limits_of(limit_memory, limit_time), jobs.is_for_participants(whom) or public
    jobs.refuse_taken(report, force=force)
    verdicts = jobs.score_many(bundle, submissions, on=on, public=public, draws=draws, workers=workers, limits=limits)
    if report:
        jobs.report_scores(bundle, verdicts, report, on=on, for_participants=public, force=force)
    raise typer.Exit(show.scored(verdicts, json=json, report=report))
