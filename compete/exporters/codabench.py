"""CodaBench: one competition zip; two phases, of which the second alone knows the private truth.

The scoring program of the first phase is given public labels and nothing else; the second begins when the first has
ended, takes over the submission that stands on the leaderboard, and hides its outputs. Formats: the unpacker, the
serializers and the compute worker of codalab/codabench at c7dbc75.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from compete.bundle import Bundle
from compete.errors import Finding
from compete.exporters import Competition, Handover, codabench_checks
from compete.exporters.archive import Content, members_of, write_zip, zipped
from compete.exporters.codabench_pages import kit_guide, organizers_guide, pages_of
from compete.exporters.codabench_yaml import CODE_LIMIT, competition_yaml, key_of, phases_of
from compete.exporters.columns import Column, columns_of, parts_of
from compete.exporters.logo import logo_png
from compete.exporters.program import program_files
from compete.exporters.reference import write_reference
from compete.files import canonical_json, files_below

COMPETITION, GUIDE = "competition.zip", "README.md"
QUOTA = 15 * 10**9
"""Bytes that CodaBench gives an account, unless its administrators give it more."""

MOST_COLUMNS = 100
LONGEST_TITLE = 256
LARGEST = 1e10
"""CodaBench keeps ten digits before the point of a score."""

SCORE = b"""import sys

from compete.scoring.doors.codabench import main

sys.exit(main())
"""
SCORE_COMMAND = "python3 -B /app/program/score.py /app/input /app/output"
INGEST_COMMAND = "python3 -B /app/program/ingest.py /app/input_data /app/output /app/ingested_program"


def inexpressible(competition: Competition) -> list[Finding]:
    """What keeps the challenge from CodaBench."""
    bundle, findings = competition.bundle, []
    if len(bundle.terms.title) > LONGEST_TITLE:
        message = f"the title has {len(bundle.terms.title)} characters, CodaBench takes {LONGEST_TITLE}"
        findings.append(Finding("codabench/title", message, "title", hint="shorten `title` and build again"))
    for part in parts_of(competition):
        column = columns_of(competition, part)[0]
        value = _value(competition.best, part, column)
        if value is None or abs(value) >= LARGEST:
            what = "is not defined" if value is None else f"is {value:g}"
            message = f"{column.label} {what} on the {part} items, even for a perfect submission"
            hint = "CodaBench cannot rank by it: choose another score.metric, or make the part larger, and build again"
            findings.append(Finding("codabench/unrankable", message, "score.metric", hint=hint))
    size = _size(bundle)
    if size > QUOTA:
        message = f"the bundle has {size / 1e9:.1f} GB, and CodaBench gives an account {QUOTA / 1e9:g} GB"
        hint = "ask its administrators for more, or share the data elsewhere and give fewer or smaller images"
        findings.append(Finding("codabench/too-large", message, hint=hint, severity="warning"))
    if not competition.dated:
        message = "no dates were given, so the competition is open from the start and ends in 2099"
        hint = "give --start and --end, or change the phases' dates on CodaBench before you publish it"
        findings.append(Finding("export/dates", message, hint=hint, severity="warning"))
    return findings


def export(competition: Competition, folder: Path) -> Handover:
    """Write ``competition.zip``, which CodaBench imports, and a guide for the organizer."""
    bundle, columns = competition.bundle, all_columns(competition)
    takes_code = _size(bundle) <= CODE_LIMIT
    with tempfile.TemporaryDirectory(prefix=".parts-", dir=folder) as name:
        parts = Path(name)
        members = _members(competition, columns[:MOST_COLUMNS], parts, takes_code=takes_code)
        write_zip(folder / COMPETITION, members)
    guide = organizers_guide(competition, columns[:MOST_COLUMNS], takes_code=takes_code)
    (folder / GUIDE).write_text(guide, encoding="utf-8")
    steps = (
        f"on CodaBench choose Benchmarks > Management > Upload, and give it {COMPETITION}",
        "look at the phases' dates and at the pages, then publish",
        f"keep {COMPETITION} to yourself: it holds the private labels",
    )
    return Handover(COMPETITION, steps, tuple(_left_out(columns, takes_code=takes_code)))


def check(path: Path) -> list[Finding]:
    """What CodaBench would refuse of a competition, or take and mistreat; see ``codabench_checks``."""
    return codabench_checks.check(path)


def all_columns(competition: Competition) -> list[Column]:
    """The columns of the leaderboard, which both phases share; behind those that are shown, all others by subgroup."""
    parts = parts_of(competition)[::-1]
    shown = dict.fromkeys(one for part in parts for one in columns_of(competition, part))
    better = {str(one["name"]): bool(one["greater_is_better"]) for one in competition.measures}
    scores = [one for one in competition.sample["scores"] if one["part"] in parts and one["group"]]
    grouped = [
        Column(f"{one['metric']} [{one['group']}]", one["metric"], one["group"], better[one["metric"]])
        for one in scores
    ]
    return list(dict.fromkeys([*shown, *grouped]))


def _left_out(columns: Sequence[Column], *, takes_code: bool) -> list[Finding]:
    """What the competition does without."""
    findings = []
    if len(columns) > MOST_COLUMNS:
        labels = tuple(column.label for column in columns[MOST_COLUMNS:])
        message = f"{len(labels)} of {len(columns)} columns are left out of the leaderboard"
        hint = "they stand in each submission's detailed results"
        findings.append(Finding("codabench/columns", message, "", labels, hint, "warning", len(labels)))
    if not takes_code:
        message = f"the data have more than {CODE_LIMIT / 1e9:g} GB, so participants send predictions, not programs"
        findings.append(Finding("codabench/no-code", message, severity="note"))
    return findings


def _members(
    competition: Competition, columns: Sequence[Column], parts: Path, *, takes_code: bool
) -> dict[str, Content]:
    """The files of the competition's archive; archives inside it are made in a folder for parts."""
    bundle = competition.bundle
    program = program_files()
    metadata = _metadata(SCORE_COMMAND)
    archives: dict[str, dict[str, Content]] = {
        "scoring_program.zip": {**program, "score.py": SCORE, "metadata.yaml": metadata},
        "public_data.zip": dict(members_of(bundle.public)),
        "starting_kit.zip": _kit(bundle, takes_code=takes_code),
    }
    if takes_code:
        archives["ingestion_program.zip"] = {
            "ingest.py": _shipped("codabench_ingestion.py"),
            "metadata.yaml": _metadata(INGEST_COMMAND),
        }
    for part in parts_of(competition):
        reference = write_reference(bundle, parts / part, public_only=part == "public")
        asked = canonical_json({"part": part, "columns": keyed(columns)})
        archives[f"reference_{part}.zip"] = {**members_of(reference), "codabench.json": asked}
    members: dict[str, Content] = {name: write_zip(parts / name, held) for name, held in archives.items()}
    members["sample_submission.zip"] = _sample(bundle)
    members["logo.png"] = logo_png(bundle.terms.name)
    pages = pages_of(bundle, takes_code=takes_code)
    members |= {f"pages/{name}": text.encode() for name, text in pages.files.items()}
    content = competition_yaml(bundle, phases_of(competition), keyed(columns), pages.listed, takes_code=takes_code)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return {**members, "competition.yaml": text.encode()}


def keyed(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Columns with keys that CodaBench takes: unique, and 36 characters at most."""
    found: list[dict[str, Any]] = []
    for column in columns:
        told = {"label": column.label, "metric": column.metric, "group": column.group, "key": key_of(column.label)}
        hidden = bool(column.group) and column.metric != columns[0].metric
        found.append({**told, "greater_is_better": column.greater_is_better, "hidden": hidden})
    return found


def _kit(bundle: Bundle, *, takes_code: bool) -> dict[str, Content]:
    """What a participant begins with: a guide, the sample, an example of a program, and the scoring program."""
    sample = bundle.terms.sample_name
    kit: dict[str, Content] = {f"scoring/{name}": content for name, content in program_files().items()}
    kit["README.md"] = kit_guide(bundle, takes_code=takes_code).encode()
    kit[sample] = bundle.public / sample
    if takes_code:
        kit["program/predict.py"] = _shipped("codabench_predict.py")
    return kit


def _sample(bundle: Bundle) -> bytes:
    """The sample submission as participants send one: an archive."""
    content = (bundle.public / bundle.terms.sample_name).read_bytes()
    return content if bundle.terms.sample_name.endswith(".zip") else zipped({bundle.terms.sample_name: content})


def _metadata(command: str) -> bytes:
    return f"command: {json.dumps(command)}\n".encode()


def _shipped(name: str) -> bytes:
    """A script of ours that runs there."""
    return files("compete.exporters.shipped").joinpath(name).read_bytes()


def _value(result: Any, part: str, column: Column) -> float | None:
    """A score of a result."""
    found = (one for one in result["scores"] if (one["part"], one["metric"], one["group"]) == (part, column.metric, ""))
    return next((one["value"] for one in found), None)


def _size(bundle: Bundle) -> int:
    """Bytes of the public half."""
    return sum(path.stat().st_size for path in files_below(bundle.public))
