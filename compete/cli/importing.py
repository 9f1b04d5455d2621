"""The command of who takes over an existing competition."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compete import jobs, show
from compete.cli.program import Force, Json, Out, app, example

Origin = Annotated[str, typer.Argument(metavar="PLATFORM", help="codabench or kaggle.")]
Source = Annotated[Path, typer.Argument(metavar="SOURCE", help="A CodaBench zip, or a downloaded Kaggle folder.")]


@app.command("import", **example("compete import kaggle titanic/ -o titanic-challenge"))
def import_(platform: Origin, source: Source, out: Out, force: Force = False, json: Json = False) -> None:
    """Make a challenge of an existing competition, and say what could not be carried over."""
    show.imported(jobs.take_over(source, platform, out, force=force), json=json)
