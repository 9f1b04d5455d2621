"""What the check of CodaBench competitions tells, beside what CodaBench's own unpacker answered to the same files.

Each case was given to the unpacker and serializers of codalab/codabench at c7dbc75, as CONTRIBUTING.md says how.
"""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from compete.exporters.codabench_checks import check

Edit = Callable[[dict[str, Any]], None]


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def picture(mode: str, kind: str, size: tuple[int, int] = (20, 10)) -> bytes:
    """A picture."""
    out = io.BytesIO()
    Image.new(mode, size).save(out, format=kind)
    return out.getvalue()


FILES = {
    "a.md": b"hello",
    "empty.md": b"",
    "latin.md": b"caf\xe9",
    "logo.png": picture("RGB", "PNG"),
    "print.jpg": picture("CMYK", "JPEG"),
    "flat.png": picture("RGB", "PNG", (400, 1)),
    "old.bmp": picture("RGB", "BMP"),
    "drawn.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "score.zip": zipped({"metadata.yaml": b"command: python3 score.py"}),
    "shell.zip": zipped({"metadata.yaml": b"command: cd x && python3 score.py"}),
    "deeper.zip": zipped({"program/metadata.yaml": b"command: python3 score.py"}),
    "data.zip": zipped({"x": b"1"}),
    "data.csv": b"a,b",
    "folder/metadata": b"command: python3 score.py",
}
SECOND: dict[str, Any] = {
    "version": 2,
    "title": "T",
    "image": "logo.png",
    "terms": "a.md",
    "pages": [{"title": "P", "file": "a.md"}],
    "tasks": [
        {"index": 0, "name": "one", "scoring_program": "score.zip", "reference_data": "data.zip"},
        {"index": 1, "name": "two", "scoring_program": "folder/", "reference_data": "data.zip"},
    ],
    "solutions": [{"index": 0, "path": "data.zip", "tasks": [0, 1]}],
    "phases": [
        {"index": 0, "name": "A", "start": "2020-01-01 10:00:00", "end": "2021-01-01", "tasks": [0]},
        {"index": 1, "name": "B", "start": "2022-01-01", "tasks": [1], "auto_migrate_to_this_phase": True},
    ],
    "leaderboards": [
        {
            "title": "L",
            "key": "L",
            "submission_rule": "Force_Best",
            "columns": [{"title": "c", "key": "c", "index": 0}, {"title": "d", "key": "d", "index": 1}],
        }
    ],
    "fact_sheet": {
        "q": {
            "key": "q",
            "type": "text",
            "title": "t",
            "selection": "",
            "is_required": "false",
            "is_on_leaderboard": "f",
        }
    },
}
FIRST: dict[str, Any] = {
    "title": "T",
    "image": "logo.png",
    "html": {"terms": "a.md", "overview": "a.md"},
    "phases": {
        1: {"phasenumber": 1, "label": "A", "start_date": date(2020, 1, 1), "scoring_program": "score.zip"},
        2: {"phasenumber": 2, "label": "B", "start_date": date(2021, 1, 1), "scoring_program": "score.zip"},
    },
    "leaderboard": {
        "leaderboards": {"Results": {"label": "R", "rank": 1}},
        "columns": {"x": {"leaderboard": {"label": "r"}, "label": "X", "rank": 1}},
    },
}


def edited(place: str, value: Any) -> Edit:
    """Set a value, or drop a key where the value is ``...``."""

    def edit(content: Any) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in place.split(".")]
        for part in parents:
            content = content[part]
        if value is ...:
            del content[last]
        else:
            content[last] = value

    return edit


REFUSED = [
    ("version", "2.0", "codabench/version"),
    ("version", ..., "codabench/missing-key"),
    ("title", "x" * 257, "codabench/field"),
    ("title", ..., "codabench/field"),
    ("docker_image", None, "codabench/field"),
    ("competition_type", "game", "codabench/field"),
    ("contact_email", "me at home", "codabench/field"),
    ("registration_auto_approve", "maybe", "codabench/field"),
    ("image", ..., "codabench/missing-key"),
    ("image", "none.png", "codabench/missing-file"),
    ("image", "print.jpg", "codabench/logo"),
    ("image", "flat.png", "codabench/logo"),
    ("image", "old.bmp", "codabench/logo"),
    ("image", "drawn.svg", "codabench/logo"),
    ("terms", ..., "codabench/missing-key"),
    ("terms", "empty.md", "codabench/page"),
    ("pages", ..., "codabench/missing-key"),
    ("pages.0.file", ..., "codabench/missing-key"),
    ("pages.0.file", "none.md", "codabench/missing-file"),
    ("pages.0.file", "folder", "codabench/missing-file"),
    ("pages.0.file", "latin.md", "codabench/page"),
    ("pages.0.title", ..., "codabench/field"),
    ("tasks", ..., "codabench/missing-key"),
    ("tasks.0.index", ..., "codabench/missing-key"),
    ("tasks.1.index", 0, "codabench/missing-key"),
    ("tasks.0.name", ..., "codabench/field"),
    ("tasks.0.scoring_program", ..., "codabench/missing-key"),
    ("tasks.0.scoring_program", "none.zip", "codabench/missing-file"),
    ("tasks.0.input_data", None, "codabench/missing-file"),
    ("solutions.0.tasks", [5], "codabench/missing-key"),
    ("solutions.0.path", ..., "codabench/missing-key"),
    ("phases", [], "codabench/missing-key"),
    ("phases.0.name", "", "codabench/field"),
    ("phases.0.tasks", ..., "codabench/missing-key"),
    ("phases.0.tasks", [3], "codabench/missing-key"),
    ("phases.0.start", ..., "codabench/dates"),
    ("phases.0.start", "soon", "codabench/dates"),
    ("phases.0.end", ..., "codabench/dates"),
    ("phases.1.start", "2021-01-01", "codabench/dates"),
    ("phases.1.start", "2020-06-01", "codabench/dates"),
    ("phases.0.auto_migrate_to_this_phase", True, "codabench/field"),
    ("phases.0.max_submissions", 2.5, "codabench/field"),
    ("phases.0.public_data", "none.zip", "codabench/missing-file"),
    ("leaderboards", ..., "codabench/missing-key"),
    ("leaderboards", [], "codabench/missing-key"),
    ("leaderboards.0.title", "x" * 65, "codabench/field"),
    ("leaderboards.0.submission_rule", "Best", "codabench/field"),
    ("leaderboards.0.columns", [], "codabench/field"),
    ("leaderboards.0.columns.1.index", 0, "codabench/field"),
    ("leaderboards.0.columns.1.key", "c", "codabench/field"),
    ("leaderboards.0.columns.0.key", "x" * 37, "codabench/field"),
    ("leaderboards.0.columns.0.title", "x" * 37, "codabench/field"),
    ("leaderboards.0.columns.0.sorting", "down", "codabench/field"),
    ("leaderboards.0.columns.0.computation", "avg", "codabench/field"),
    ("leaderboards.0.columns.0.computation_indexes", ["1"], "codabench/field"),
    ("fact_sheet.q.selection", ..., "codabench/field"),
    ("fact_sheet.q.type", "number", "codabench/field"),
    ("fact_sheet.q.title", date(2020, 1, 1), "codabench/field"),
    ("queue", "mine", "codabench/field"),
]
MISTREATED = [
    ("phases.0.start", datetime(2020, 1, 1, 13, 30, tzinfo=UTC), "codabench/unquoted-time"),
    ("phases.0.start", "2020-01-01T13:30:00+05:00", "codabench/time-zone"),
    ("phases.0.max_submissions", 0, "codabench/unlimited"),
    ("phases.0.max_submissions_per_day", 0, "codabench/unlimited"),
    ("phases.0.execution_time_limit", 3600, "codabench/time-limit"),
    ("phases.0.tasks", [], "codabench/no-task"),
    ("tasks.0.reference_data", "data.csv", "codabench/no-archive"),
    ("tasks.0.scoring_program", "data.zip", "codabench/no-command"),
    ("tasks.0.scoring_program", "shell.zip", "codabench/no-command"),
    ("tasks.0.scoring_program", "deeper.zip", "codabench/no-command"),
    ("tasks.0.scoring_program", "folder", "codabench/shared-folder"),
    ("leaderboards.0.columns.0.index", 7, "codabench/no-primary-column"),
    ("leaderboards.0.primary_index", 4, "codabench/no-primary-column"),
    ("leaderboards.0.hidden", True, "codabench/not-hidden"),
    ("leaderboards", SECOND["leaderboards"] * 2, "codabench/leaderboard"),
]
TAKEN = [
    ("version", "2"),
    ("title", 2027),
    ("pages", []),
    ("solutions", ...),
    ("fact_sheet", None),
    ("image", "./logo.png"),
    ("reward", 100),
    ("contact_email", ""),
    ("description", ""),
    ("registration_auto_approve", "yes"),
    ("phases.0.max_submissions", "5"),
    ("phases.0.max_submissions_per_day", None),
    ("phases.0.start", date(2020, 1, 1)),
    ("phases.0.start", "1 May 2020"),
    ("phases.0.start", "2020-01-01T10:00:00Z"),
    ("leaderboards.0.columns.0.index", "0"),
    ("tasks.0.description", None),
    ("tasks.1", {"index": 1, "key": "0b41e4a0-1f6c-4a3e-9f41-2b1a7a4c9d11"}),
    ("tasks.0.reference_data", "0b41e4a0-1f6c-4a3e-9f41-2b1a7a4c9d11"),
]
REFUSED_FIRST = [
    ("html", ..., "codabench/missing-key"),
    ("html.terms", ..., "codabench/missing-key"),
    ("html.overview", "none.md", "codabench/missing-file"),
    ("image", ..., "codabench/missing-key"),
    ("phases", ..., "codabench/missing-key"),
    ("phases.1.label", ..., "codabench/missing-key"),
    ("phases.1.start_date", "soon", "codabench/dates"),
    ("phases.1.scoring_program", "none.zip", "codabench/missing-file"),
    ("phases.1.auto_migration", True, "codabench/field"),
    ("leaderboard", ..., "codabench/missing-key"),
    ("leaderboard.columns.x.leaderboard", ..., "codabench/missing-key"),
    ("leaderboard.columns.x.sort", "down", "codabench/field"),
    ("leaderboard.columns.x.label", "x" * 37, "codabench/field"),
]


def competition(root: Path, content: Any, edit: Edit | None = None) -> Path:
    """A competition as a zip."""
    made = copy.deepcopy(content)
    if edit:
        edit(made)
    root.mkdir(exist_ok=True)
    text = yaml.safe_dump(made, sort_keys=False).encode()
    (root / "competition.zip").write_bytes(zipped({**FILES, "competition.yaml": text}))
    return root / "competition.zip"


@pytest.mark.parametrize(("place", "value", "rule"), REFUSED, ids=lambda part: str(part)[:40])
def test_what_codabench_refuses_is_an_error(tmp_path: Path, place: str, value: Any, rule: str) -> None:
    found = check(competition(tmp_path, SECOND, edited(place, value)))
    errors = [one for one in found if one.severity == "error"]
    assert {one.rule for one in errors} == {rule}
    assert place.partition(".")[0] in errors[0].where or rule == "codabench/missing-key"
    assert all(one.message and one.where for one in errors)


@pytest.mark.parametrize(("place", "value", "rule"), MISTREATED, ids=lambda part: str(part)[:40])
def test_what_codabench_mistreats_is_a_warning(tmp_path: Path, place: str, value: Any, rule: str) -> None:
    found = check(competition(tmp_path, SECOND, edited(place, value)))
    assert {(one.rule, one.severity) for one in found if one.severity != "note"} == {(rule, "warning")}


@pytest.mark.parametrize(("place", "value"), TAKEN, ids=lambda part: str(part)[:40])
def test_what_codabench_takes_is_not_flagged(tmp_path: Path, place: str, value: Any) -> None:
    assert check(competition(tmp_path, SECOND, edited(place, value))) == []


@pytest.mark.parametrize(("place", "value", "rule"), REFUSED_FIRST, ids=lambda part: str(part)[:40])
def test_what_codabench_refuses_of_its_predecessor(tmp_path: Path, place: str, value: Any, rule: str) -> None:
    found = check(competition(tmp_path, FIRST, edited(place, value)))
    assert {one.rule for one in found if one.severity == "error"} == {rule}


def test_whole_competitions_are_taken_as_zip_and_as_folder(tmp_path: Path) -> None:
    for content in (SECOND, FIRST):
        path = competition(tmp_path / "zip", content)
        assert check(path) == []
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "folder")
        assert check(tmp_path / "folder") == []


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        del content["terms"]
        content["title"] = ""
        content["leaderboards"][0]["columns"][0]["key"] = "x" * 40

    assert len(check(competition(tmp_path, SECOND, edit))) == 3


def test_misspelt_keys_are_noted(tmp_path: Path) -> None:
    found = check(competition(tmp_path, SECOND, edited("phases.0.max_submission", 3)))
    assert [(one.rule, one.severity) for one in found] == [("codabench/ignored-key", "note")]
    assert "max_submissions" in found[0].hint


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"no zip", "codabench/not-a-zip"),
        (zipped({"other/competition.yaml": b"version: 2"}), "codabench/no-yaml"),
        (zipped({"competition.yaml": b"a: [1"}), "codabench/yaml"),
        (zipped({"competition.yaml": b"\xff\xfe"}), "codabench/yaml"),
        (zipped({"competition.yaml": b"- 1"}), "codabench/yaml"),
        (zipped({"competition.yaml": b""}), "codabench/yaml"),
        (zipped({"competition.yaml": b"!!python/object:os.system {}"}), "codabench/yaml"),
    ],
)
def test_what_is_no_competition(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    found = check(tmp_path / "x.zip")
    assert [one.rule for one in found] == [rule]
    assert found[0].hint
