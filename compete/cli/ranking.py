"""The command that makes the leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from compete import jobs, show
from compete.cli.program import Draws, Force, Json, Report, Workers, app, example
from compete.threads import ask_for_one_thread

BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A built bundle with its private half.")]
SubmissionPaths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[SUBMISSION...]", help="Of one folder each file is a team; of several folders each folder is one."
    ),
]
Source = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FOLDER|CSV",
        help="Teams' files and folders, or a table: file,team,time,selected.",
    ),
]
Count = Annotated[
    str,
    typer.Option("--count", metavar="WAY", help="best (in public), last, selected; default: selected, if any is."),
]
Deadline = Annotated[str, typer.Option("--deadline", metavar="TIME", help="ISO 8601; what comes later does not count.")]
PerDay = Annotated[int, typer.Option("--per-day", min=0, help="Submissions of a team that count a day (UTC); 0: any.")]
InAll = Annotated[int, typer.Option("--in-all", min=0, help="Submissions of a team that count; 0: any.")]
Ladder = Annotated[
    str, typer.Option("--ladder", metavar="free|STEP", help="Show a public score only where it is a real improvement.")
]
Round = Annotated[float, typer.Option("--round", help="Round public scores to it, and to 1/√items at the finest.")]
Public = Annotated[bool, typer.Option("--public", help="Show only what participants may see.")]
Difference = Annotated[float, typer.Option("--difference", help="Say how many items it takes to tell this difference.")]
Table = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows there as CSV too.")]
Cache = Annotated[
    Path | None,
    typer.Option("--cache", metavar="FOLDER", help="Keep scores there for the next time, private ones too."),
]
Memory = Annotated[int, typer.Option("--limit-memory", min=0, metavar="MB", help="Memory a submission may use.")]
Time = Annotated[float, typer.Option("--limit-time", min=0, metavar="SECONDS", help="Time a submission may take.")]


@app.command(**example("compete rank coral-bundle --from submissions/"))
def rank(
    bundle: BundlePath,
    submissions: SubmissionPaths = None,
    source: Source = None,
    count: Count = "",
    deadline: Deadline = "",
    per_day: PerDay = 0,
    in_all: InAll = 0,
    ladder: Ladder = "",
    round_to: Round = 0.0,
    public: Public = False,
    draws: Draws = None,
    difference: Difference = 0.0,
    table: Table = None,
    report: Report = None,
    force: Force = False,
    cache: Cache = None,
    limit_memory: Memory = 0,
    limit_time: Time = 0.0,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Rank the teams, with how firm each rank is, and whether it was earned.

    Needs the organizer's bundle. Submissions that are refused are listed and never ranked.
    """
    ask_for_one_thread()
    jobs.refuse_taken(report, force=force)
    wishes: dict[str, Any] = {"counting": count, "deadline": deadline, "per_day": per_day, "in_all": in_all}
    wishes |= {"ladder": ladder, "step": round_to, "public": public, "draws": draws, "difference": difference}
    means: dict[str, Any] = {"workers": workers, "cache": cache, "limits": jobs.limits_of(limit_memory, limit_time)}
    files: dict[str, Any] = {"source": source, "table": table, "force": force}
    with show.progress(quiet=json) as progress:
        made = jobs.rank_teams(bundle, submissions or [], progress=progress, **files, **means, **wishes)
    if report:
        jobs.report_leaderboard(made, report, force=force)
    show.ranked(made, bundle, submissions or [], source, json=json, page=report)
