"""The command of an organizer who takes a bundle to a platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compete import jobs, show
from compete.cli.program import Force, Json, Out, app, example

WholeBundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A built bundle, both halves.")]
Platform = Annotated[str, typer.Argument(metavar="PLATFORM", help="See: compete list platforms.")]
Start = Annotated[
    str, typer.Option("--start", metavar="DATE", help="When it begins: 2027-01-31 or 2027-01-31T12:00, UTC.")
]
End = Annotated[str, typer.Option("--end", metavar="DATE", help="When it ends.")]


@app.command(**example("compete export coral-bundle codabench -o coral-codabench --start 2027-03-01 --end 2027-06-01"))
def export(
    bundle: WholeBundlePath,
    platform: Platform,
    out: Out,
    start: Start = "",
    end: End = "",
    force: Force = False,
    json: Json = False,
) -> None:
    """Write what a platform imports: the same competition, scored by the same code."""
    show.exported(jobs.export_bundle(bundle, platform, out, start=start, end=end, force=force), json=json)
