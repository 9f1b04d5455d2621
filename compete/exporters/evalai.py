"""EvalAI: a challenge configuration with its evaluation script, its hidden annotations and its pages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from compete.errors import Finding
from compete.exporters import Competition, Handover
from compete.exporters.archive import Content, members_of, write_zip, zipped
from compete.exporters.columns import Column, columns_of, parts_of, unrankable
from compete.exporters.evalai_check import check_path
from compete.exporters.evalai_fields import LONGEST_NAME, SUFFIXES
from compete.exporters.evalai_pages import hosts_guide, pages_of
from compete.exporters.logo import logo_png
from compete.exporters.program import program_files
from compete.exporters.reference import write_reference
from compete.files import write_file

UPLOAD, DATA, CHALLENGE, GUIDE = "challenge_config.zip", "public.zip", "challenge", "README.md"
CONFIG, SCRIPT, TRUTH, LOGO = "challenge_config.yaml", "evaluation_script.zip", "annotations/test.zip", "logo.png"
SHIPPED = Path(__file__).with_name("shipped")

HOST, EVERYBODY = 1, 3
"""Who sees a split's leaderboard, in EvalAI's numbers."""

DIGITS = 6
_NO_INTERVALS = Finding(
    "evalai/no-intervals",
    "EvalAI shows one number a column; intervals stand in the result file of each submission",
    severity="note",
)
OPENING = '"""Loaded by EvalAI\'s worker."""\n\nfrom .main import evaluate\n\n__all__ = ["evaluate"]\n'


def inexpressible(competition: Competition) -> list[Finding]:
    """What keeps the challenge from EvalAI, and what would help."""
    title = competition.bundle.terms.title
    hint = "choose another score.metric, or make the part larger, and build again"
    found = [Finding("evalai/unrankable", message, "score.metric", hint=hint) for message in unrankable(competition)]
    if len(title) > LONGEST_NAME:
        message = f"the title has {len(title)} characters, and EvalAI takes {LONGEST_NAME}"
        found.append(Finding("evalai/too-long", message, "title", hint="shorten it and build again"))
    return found


def export(competition: Competition, folder: Path) -> Handover:
    """Write the configuration as a zip and as the folder ``challenge`` to change it in, and the participants' data."""
    challenge = folder / CHALLENGE
    for name, text in pages_of(competition).items():
        write_file(challenge / "templates" / name, text.encode())
    write_file(challenge / LOGO, logo_png(competition.bundle.terms.name))
    write_file(challenge / CONFIG, _yaml(_config(competition)))
    write_file(challenge / SCRIPT, zipped(_script(competition)))
    with tempfile.TemporaryDirectory() as scratch:
        truth = write_reference(competition.bundle, Path(scratch) / "truth", public_only=False)
        write_file(challenge / TRUTH, zipped(members_of(truth)))
    write_zip(folder / UPLOAD, members_of(challenge))
    write_zip(folder / DATA, members_of(competition.bundle.public))
    steps = tuple(_steps(competition))
    write_file(folder / GUIDE, hosts_guide(competition, steps).encode())
    return Handover(UPLOAD, steps, (_NO_INTERVALS,))


def check(path: Path) -> list[Finding]:
    """What EvalAI would refuse or mistreat of a configuration: a zip, its unpacked folder, or an export of ours."""
    return check_path(path / UPLOAD if (path / UPLOAD).is_file() else path)


def _config(competition: Competition) -> dict[str, Any]:
    """The configuration, as EvalAI's importer reads it."""
    terms = competition.bundle.terms
    parts = parts_of(competition)
    return {
        "title": terms.title,
        "short_description": " ".join(terms.description.split())[:140] or terms.title,
        "description": "templates/description.html",
        "evaluation_details": "templates/evaluation_details.html",
        "terms_and_conditions": "templates/terms_and_conditions.html",
        "submission_guidelines": "templates/submission_guidelines.html",
        "evaluation_script": SCRIPT,
        "image": LOGO,
        "worker_python_version": "3.9",
        "remote_evaluation": False,
        **_dates(competition),
        "published": True,
        "leaderboard": [
            {"id": number, "schema": _schema(columns_of(competition, part))} for number, part in enumerate(parts, 1)
        ],
        "challenge_phases": [{**_phase(terms.sample_name), **_dates(competition)}],
        "dataset_splits": [{"id": number, "name": f"{part} part", "codename": part}
                           for number, part in enumerate(parts, 1)],
        "challenge_phase_splits": [
            {
                "challenge_phase_id": 1,
                "leaderboard_id": number,
                "dataset_split_id": number,
                "visibility": EVERYBODY if part == "public" else HOST,
                "leaderboard_decimal_precision": DIGITS,
                "is_leaderboard_order_descending": bool(competition.measures[0]["greater_is_better"]),
            }
            for number, part in enumerate(parts, 1)
        ],
    }  # fmt: skip


def _dates(competition: Competition) -> dict[str, str]:
    """When submissions begin and end, in UTC."""
    return {"start_date": str(competition.opens), "end_date": str(competition.closes)}


def _phase(sample_name: str) -> dict[str, Any]:
    """The one phase: each submission is scored on both parts, and only the host sees the private one."""
    return {
        "id": 1,
        "name": "Test",
        "codename": "test",
        "description": "templates/phase.html",
        "leaderboard_public": True,
        "is_public": True,
        "is_submission_public": True,
        "test_annotation_file": TRUTH,
        "max_submissions_per_day": 5,
        "max_submissions_per_month": 50,
        "max_submissions": 100,
        "max_concurrent_submissions_allowed": 1,
        "allowed_submission_file_types": ", ".join(SUFFIXES[Path(sample_name).suffix]),
        "disable_logs": False,
    }


def _schema(columns: Sequence[Column]) -> dict[str, Any]:
    about = {
        column.label: {"sort_ascending": not column.greater_is_better, "description": _better(column)}
        for column in columns
    }
    return {"labels": list(about), "default_order_by": columns[0].label, "metadata": about}


def _better(column: Column) -> str:
    direction = "higher is better" if column.greater_is_better else "lower is better"
    return f"{column.metric} of {column.group}, {direction}" if column.group else f"{column.metric}, {direction}"


def _script(competition: Competition) -> Mapping[str, Content]:
    """What the worker unpacks into a package of its own: our door, the columns, and the scoring program."""
    columns = {
        part: [
            {"label": column.label, "metric": column.metric, "group": column.group}
            for column in columns_of(competition, part)
        ]
        for part in parts_of(competition)
    }
    door = (SHIPPED / "evalai.py").read_text(encoding="utf-8")
    return {
        "__init__.py": OPENING.encode(),
        "main.py": door.replace("compete.exporters.shipped.scored", ".scored").encode(),
        "scored.py": (SHIPPED / "scored.py").read_bytes(),
        "columns.json": (json.dumps(columns, indent=2) + "\n").encode(),
        **{f"program/{name}": content for name, content in program_files().items()},
    }


def _yaml(content: Mapping[str, Any]) -> bytes:
    """YAML in the order of the keys; times are quoted, or EvalAI would compare texts with times."""
    text: str = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=1000)
    return text.encode()


def _steps(competition: Competition) -> Iterator[str]:
    name = competition.bundle.terms.name
    yield f"put {DATA} where participants can fetch it, and its address into challenge/templates/description.html"
    if not competition.dated:
        yield "set start_date and end_date in challenge/challenge_config.yaml, of the challenge and of its phase"
    yield f"cd challenge && zip -X -r ../{UPLOAD} ."
    yield (
        'curl -H "Authorization: Bearer $EVALAI_TOKEN" '
        f"-F GITHUB_REPOSITORY=you/{name} -F zip_configuration=@{UPLOAD} "
        "https://eval.ai/api/challenges/challenge/challenge_host_team/$TEAM/create_or_update_github_challenge/"
    )
    yield "at the end, set the visibility of the private split to 3 in EvalAI's host pages, and its scores are shown"
