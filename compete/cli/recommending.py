"""The command that chooses metrics."""

from __future__ import annotations

from compete import jobs, show
from compete.cli.program import ChallengePath, Json, app, example


@app.command(**example("compete recommend coral/"))
def recommend(challenge: ChallengePath, json: Json = False) -> None:
    """Say which metrics fit the problem, why, and what to beware of.

    By the fingerprint of Metrics Reloaded: from the data, from `fingerprint:` in challenge.yaml, and at a terminal
    by asking.
    """
    show.recommended(jobs.recommend(challenge, ask=show.asker(quiet=json)), json=json)
