"""The command that shows what a competition holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compete import jobs, show
from compete.cli.program import For, Force, Json, Workers, app, example
from compete.threads import ask_for_one_thread


@app.command(**example("compete report coral-bundle --for participants -o coral.html"))
def report(
    subject: Annotated[Path, typer.Argument(metavar="CHALLENGE|BUNDLE", help="A challenge, or a built bundle.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="REPORT.html", help="The file to write.")],
    whom: For = "organizer",
    reference: Annotated[
        Path | None,
        typer.Option("--reference", metavar="REF.csv", help="Compare with a population: attribute,value,share."),
    ] = None,
    force: Force = False,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Write an HTML page that shows the data: balance, splits, sizes, examples, gaps, subgroups."""
    ask_for_one_thread()
    public = jobs.is_for_participants(whom)
    with show.progress(quiet=json) as progress:
        written = jobs.report_data(
            subject, out, for_participants=public, reference=reference, force=force, workers=workers, progress=progress
        )
    show.reported(written, json=json)
