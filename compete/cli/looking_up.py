"""Commands that tell what there is."""

from __future__ import annotations

from typing import Annotated

import typer

from compete import show
from compete.cli.program import Json, app, example

WHAT = (
    "metrics, readers, audits, challenges, platforms, rules, schema, result-schema, leaderboard-schema or audit-schema."
)


@app.command("list", **example("compete list metrics"))
def list_(
    what: Annotated[str, typer.Argument(metavar="WHAT", help=WHAT)],
    json: Json = False,
) -> None:
    """List metrics, readers, audits, challenges, rules; print the schema."""
    from compete.catalogs import list_things

    show.listed(what, list_things(what), json=json)


@app.command(**example("compete explain f1_macro"))
def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A metric, or a rule such as submission/unknown-id.")],
    json: Json = False,
) -> None:
    """Explain a metric, or the rule that a message named."""
    from compete.catalogs import explanation

    show.explained(explanation(name), json=json)
