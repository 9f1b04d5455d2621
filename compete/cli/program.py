"""The program itself, and the arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from compete.errors import OK
from compete.version import __version__

EPILOG = "Exit codes: 0 fine · 1 challenge, data, bundle · 2 usage · 3 submission refused · 4 leak · 5 disk · 70 bug."


ORDER = "init demo recommend check audit build report verify convert export import validate score rank list explain"
"""Commands in the order in which a competition needs them."""


class InOrder(TyperGroup):
    """Lists the commands as a competition goes, not as modules are imported."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command; those that ``ORDER`` does not name come last."""
        order = ORDER.split()
        return sorted(super().list_commands(ctx), key=lambda name: order.index(name) if name in order else len(order))


app = typer.Typer(
    name="compete",
    cls=InOrder,
    help="Turn a curated dataset into a machine-learning competition, and grade what people send in.",
    epilog=f"Start with: compete demo penguins.   {EPILOG}",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


ChallengePath = Annotated[Path, typer.Argument(metavar="CHALLENGE", help="challenge.yaml, or the folder it is in.")]


BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A built bundle, or its public/ folder alone.")]


SubmissionPath = Annotated[Path, typer.Argument(metavar="SUBMISSION", help="A file of predictions.")]


SubmissionPaths = Annotated[list[Path], typer.Argument(metavar="SUBMISSION...", help="Files of predictions.")]


Out = Annotated[
    Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where to write; appears whole or not at all.")
]


Force = Annotated[bool, typer.Option("--force", help="Replace what compete wrote there earlier.")]


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say only what is wrong.")]


On = Annotated[str, typer.Option("--on", help="test, or train for out-of-fold predictions.")]


Draws = Annotated[int | None, typer.Option("--draws", min=0, max=100_000, help="Bootstrap draws an interval; 0: none.")]


AcceptLeak = Annotated[
    list[str] | None, typer.Option("--accept-leak", metavar="RULE", help="Keep the bundle although it tells this.")
]


Because = Annotated[list[str] | None, typer.Option("--because", metavar="TEXT", help="Why; one for each leak.")]


Engine = Annotated[
    str, typer.Option("--engine", metavar="dask:ADDRESS", help="A Dask cluster looks at the images, not these cores.")
]


Report = Annotated[
    Path | None, typer.Option("--report", metavar="F.html", help="Also write an offline HTML page about it.")
]


For = Annotated[
    str, typer.Option("--for", metavar="WHOM", help="organizer; or participants, for a copy that may be shown to them.")
]


Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")]


def example(text: str) -> dict[str, Any]:
    """The last lines of a command's help: what one would type."""
    return {"epilog": f"Example: {text}"}


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Turn a curated dataset into a machine-learning competition, and grade what people send in."""
    if version:
        print(f"compete {__version__}")  # noqa: T201
        raise typer.Exit(OK)
