"""Plain exports: two zips that together are the bundle, of which one scores by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from compete.bundle import open_bundle, verify_bundle
from compete.exporters import check_export, export_competition
from compete.exporters.archive import write_zip
from compete.scoring.grading import grade
from tests.conftest import Made
from tests.exporters.exported import exported_of, same_bytes, tree
from tests.exporters.small import ready

PYTHON = os.environ.get("COMPETE_LIGHT_PYTHON", sys.executable)


def unzipped(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize("name", ["penguins", "digit-scenes-panoptic"])
def test_the_private_zip_scores_by_itself(make: Callable[[str], Made], tmp_path: Path, name: str) -> None:
    made = make(name)
    exported = exported_of(made, "plain", tmp_path / "export")
    place = unzipped(exported.path / "private.zip", tmp_path / "scorer")
    command = [PYTHON, "-B", "-m", "compete.scoring.program", "../bundle", str(made.baseline)]
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=place / "program", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = grade(open_bundle(made.bundle), made.baseline).as_dict()
    told = json.loads(done.stdout)
    assert (told["solution"], told["challenge"]) == (ours["solution"], ours["challenge"])
    if sys.executable == PYTHON:
        assert told["scores"] == json.loads(json.dumps(ours["scores"]))
    unzipped(exported.path / "public.zip", place / "bundle")
    assert verify_bundle(place / "bundle") == []
    assert same_bytes(tree(place / "bundle"), tree(made.bundle))


def test_private_files_are_in_the_private_zip_alone(tmp_path: Path) -> None:
    held = []
    for seed in (1, 2):
        export_competition(ready(tmp_path / f"bundle{seed}", seed=seed), "plain", tmp_path / f"{seed}")
        held.append(tree(tmp_path / f"{seed}"))
    assert {name for name in held[0] if held[0][name] != held[1][name]} == {"private.zip", "export.json"}
    with zipfile.ZipFile(tmp_path / "1/public.zip") as archive:
        assert all(name.startswith("public/") for name in archive.namelist())


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path) -> None:
    competition = ready(tmp_path / "bundle")
    for out in ("one", "two"):
        export_competition(competition, "plain", tmp_path / out)
    assert same_bytes(tree(tmp_path / "one"), tree(tmp_path / "two"))
    assert check_export(tmp_path / "one", "plain") == []


def test_faults_are_told(tmp_path: Path) -> None:
    export_competition(ready(tmp_path / "bundle"), "plain", tmp_path / "export")
    export = tmp_path / "export"
    whole = (export / "public.zip").read_bytes()

    def rules() -> list[str]:
        return [finding.rule for finding in check_export(export, "plain")]

    held = tree(unzipped(export / "public.zip", tmp_path / "public"))
    write_zip(export / "public.zip", {**held, "private/solution.csv": b"id"})
    assert rules() == ["plain/private-data"]
    write_zip(export / "public.zip", {**held, "public/more.csv": b"id"})
    assert rules() == ["bundle/added"]
    write_zip(export / "public.zip", {**held, "public/train.csv": b"id"})
    assert rules() == ["bundle/changed"]
    write_zip(export / "public.zip", {**held, "../evil": b"id"})
    assert set(rules()) == {"plain/unsafe-path", "plain/private-data"}
    (export / "public.zip").write_bytes(whole[:-30])
    assert rules() == ["plain/not-a-zip"]
    (export / "public.zip").write_bytes(whole)
    assert rules() == []
    (export / "private.zip").unlink()
    assert rules() == ["plain/missing-file"]
    assert check_export(export / "public.zip", "plain") == []
