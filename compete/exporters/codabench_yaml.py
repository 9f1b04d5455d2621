"""The ``competition.yaml`` of a CodaBench competition, version 2."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from compete.bundle import Bundle
from compete.exporters import Competition
from compete.exporters.columns import parts_of

IMAGE = "codalab/codalab-legacy:py312"
"""Python 3.12 with numpy 1.26.4, pandas 2.2.3, scikit-learn 1.5.1; scoring needs Python 3.9 and numpy 1.26 alone."""

CODE_LIMIT = 2 * 10**9
"""Bytes of data up to which programs may be sent: a worker fetches the data for each."""

LONGEST_KEY = 36
SECONDS = 600
"""What the default queue gives a submission at most."""

PRECISION = 4


@dataclass(frozen=True)
class Phase:
    """One phase.

    Attributes:
        part: the part whose scores it tells, ``public`` or ``private``.
        start: in UTC, as CodaBench reads it where it is quoted.
        end: empty for the last one, which does not end.
    """

    part: str
    start: str
    end: str


def phases_of(competition: Competition) -> list[Phase]:
    """A phase for each part that has items; a minute lies between them, because CodaBench refuses dates that meet."""
    opens, closes = competition.opens, competition.closes
    if parts_of(competition) == ["public", "private"]:
        return [
            Phase("public", _moment(opens), _moment(closes)),
            Phase("private", _moment(closes + timedelta(minutes=1)), ""),
        ]
    return [Phase(part, _moment(opens), _moment(closes)) for part in parts_of(competition)]


def _moment(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat(sep=" ")


def key_of(label: str) -> str:
    """A text of at most 36 characters for a column: the label, or its beginning and a digest of all of it."""
    if len(label) <= LONGEST_KEY:
        return label
    return f"{label[: LONGEST_KEY - 9]}~{hashlib.sha256(label.encode()).hexdigest()[:8]}"


def competition_yaml(
    bundle: Bundle,
    phases: Sequence[Phase],
    columns: Sequence[Mapping[str, Any]],
    pages: Sequence[tuple[str, str]],
    *,
    takes_code: bool,
) -> dict[str, Any]:
    """The content of the file.

    Args:
        bundle: the bundle.
        phases: in their order.
        columns: records of ``key``, ``greater_is_better`` and ``hidden``, the ranking one first.
        pages: titles and file names.
        takes_code: whether programs may be sent.
    """
    terms = bundle.terms
    tasks = list(range(len(phases)))
    return {
        "version": "2",
        "title": terms.title,
        "description": " ".join(terms.description.split()),
        "image": "logo.png",
        "terms": "pages/terms.md",
        "competition_type": "competition",
        "docker_image": IMAGE,
        "registration_auto_approve": True,
        "enable_detailed_results": True,
        "show_detailed_results_in_submission_panel": True,
        "show_detailed_results_in_leaderboard": False,
        "auto_run_submissions": True,
        "can_participants_make_submissions_public": False,
        "make_programs_available": False,
        "make_input_data_available": False,
        "forum_enabled": True,
        "fact_sheet": FACT_SHEET,
        "pages": [{"title": title, "file": f"pages/{name}"} for title, name in pages],
        "tasks": [_task(place, phase, terms.title, takes_code=takes_code) for place, phase in enumerate(phases)],
        "solutions": [
            {"index": 0, "name": "sample submission", "path": "sample_submission.zip", "tasks": tasks},
        ],
        "phases": [_phase(place, phase) for place, phase in enumerate(phases)],
        "leaderboards": [_leaderboard(columns)],
    }


def _task(place: int, phase: Phase, title: str, *, takes_code: bool) -> dict[str, Any]:
    content = {
        "index": place,
        "name": f"{title[:230]} ({phase.part})",
        "description": f"scores of the {phase.part} test items",
        "scoring_program": "scoring_program.zip",
        "reference_data": f"reference_{phase.part}.zip",
    }
    if takes_code:
        content |= {"ingestion_program": "ingestion_program.zip", "input_data": "public_data.zip"}
        content["ingestion_only_during_scoring"] = False
    return content


def _phase(place: int, phase: Phase) -> dict[str, Any]:
    final = phase.part == "private"
    content: dict[str, Any] = {
        "index": place,
        "name": "Final" if final else "Development",
        "description": FINAL if final else DEVELOPMENT,
        "start": phase.start,
        **({"end": phase.end} if phase.end else {}),
        "tasks": [place],
        "execution_time_limit": SECONDS,
        # 0 would mean: as many as one likes.
        "max_submissions": 1 if final else 100,
        "max_submissions_per_day": 1 if final else 5,
        "auto_migrate_to_this_phase": final and place > 0,
        "hide_output": final,
        "hide_prediction_output": final,
        "hide_score_output": final,
        "public_data": "public_data.zip",
        "starting_kit": "starting_kit.zip",
    }
    return content


DEVELOPMENT = "Scores of the public test items. Your best submission stands on the leaderboard."
FINAL = (
    "Scores of the private test items, which rank. The submission that stood on the leaderboard when the development "
    "phase ended is scored by itself; there is nothing to send."
)


def _leaderboard(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "title": "Results",
        "key": "results",
        "submission_rule": "Force_Best",
        "primary_index": 0,
        "hidden": False,
        "columns": [
            {
                "title": column["key"],
                "key": column["key"],
                "index": place,
                "sorting": "desc" if column["greater_is_better"] else "asc",
                "precision": PRECISION,
                "hidden": column["hidden"],
            }
            for place, column in enumerate(columns)
        ],
    }


def _question(key: str, title: str, kind: str = "text", selection: object = "") -> dict[str, Any]:
    return {
        "key": key,
        "type": kind,
        "title": title,
        "selection": selection,
        "is_required": "false",
        "is_on_leaderboard": "false",
    }


FACT_SHEET = {
    "method": _question("method", "The method in a sentence"),
    "other_data": _question("other_data", "Was it trained on other data?", "select", ["", "no", "yes"]),
    "code": _question("code", "Where is the code?"),
}
