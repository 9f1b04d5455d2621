"""MLE-bench: the competition folder as its registry reads it, the grader as it is called, and what the check tells."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compete.errors import BundleError, Finding
from compete.exporters import check_export, export_competition
from tests.conftest import Made
from tests.exporters.exported import exported_of, ranking, run_alone, same_bytes, small_competition, tree
from tests.scoring.every_form import FORMS

AS_THE_BENCHMARK = """
import importlib, json, sys, types
from pathlib import Path
import pandas as pd
root, name, data = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
package, helpers = types.ModuleType("mlebench"), types.ModuleType("mlebench.grade_helpers")
package.__path__ = [str(root / "mlebench")]

class InvalidSubmissionError(Exception):
    pass

helpers.InvalidSubmissionError = InvalidSubmissionError
sys.modules.update({"mlebench": package, "mlebench.grade_helpers": helpers})
sys.dont_write_bytecode = True
place = f"mlebench.competitions.{name}"
raw, public, private = (data / half for half in ("raw", "public", "private"))
importlib.import_module(place + ".prepare").prepare(raw=raw, public=public, private=private)
grade = importlib.import_module(place + ".grade").grade
read = lambda path: pd.read_csv(path, float_precision="round_trip")
answers = []
for path in (public / "sample_submission.csv", private / "gold_submission.csv", *sys.argv[4:]):
    try:
        answers.append(grade(read(path), read(private / "answers.csv")))
    except InvalidSubmissionError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""
"""What the registry, `prepare` and `grade_csv` do."""


@pytest.fixture(scope="module")
def folder(make: Callable[[str], Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The penguins, exported."""
    out = tmp_path_factory.mktemp("mlebench") / "penguins"
    exported_of(make("penguins"), "mlebench", out)
    return out


@pytest.fixture
def place(folder: Path, tmp_path: Path) -> Path:
    """The competition folder of a copy that a test may harm."""
    return Path(shutil.copytree(folder, tmp_path / "changed")) / "mlebench/competitions/penguins"


def graded(export: Path, name: str, scratch: Path, *sent: Path) -> Any:
    """Scores of the sample, the gold submission and others."""
    with zipfile.ZipFile(export / "data" / name / f"{name}.zip") as archive:
        archive.extractall(scratch / "raw")
    for half in ("public", "private"):
        (scratch / half).mkdir()
    return run_alone(AS_THE_BENCHMARK, export, name, scratch, *sent, folder=scratch)


def test_the_export_holds_a_competition_and_its_data(folder: Path) -> None:
    start = "mlebench/competitions/penguins/"
    assert sorted(tree(folder)) == [
        "README.md", "data/penguins/penguins.zip", "export.json", f"{start}checksums.yaml", f"{start}config.yaml",
        f"{start}description.md", f"{start}description_obfuscated.md", f"{start}grade.py", f"{start}leaderboard.csv",
        f"{start}prepare.py", f"{start}scoring_program.py", "prepare_offline.py",
    ]  # fmt: skip
    assert yaml.safe_load((folder / start / "config.yaml").read_text()) == {
        "id": "penguins",
        "name": "Tell penguins apart",
        "competition_type": "simple",
        "awards_medals": False,
        "prizes": None,
        "description": "mlebench/competitions/penguins/description.md",
        "dataset": {
            "answers": "penguins/prepared/private/answers.csv",
            "gold_submission": "penguins/prepared/private/gold_submission.csv",
            "sample_submission": "penguins/prepared/public/sample_submission.csv",
        },
        "grader": {"name": "f1_macro", "grade_fn": "mlebench.competitions.penguins.grade:grade"},
        "preparer": "mlebench.competitions.penguins.prepare:prepare",
    }
    assert (folder / start / "leaderboard.csv").read_text() == "submission,score\nperfect,1.0\nsample,0.20513\n"
    assert check_export(folder, "mlebench") == []


def test_the_same_bundle_gives_the_same_bytes(make: Callable[[str], Made], folder: Path, tmp_path: Path) -> None:
    exported_of(make("penguins"), "mlebench", tmp_path / "again")
    assert same_bytes(tree(folder), tree(tmp_path / "again"))


def test_agents_see_the_public_half_alone(penguins: Made, folder: Path) -> None:
    with zipfile.ZipFile(folder / "data/penguins/penguins.zip") as archive:
        public = {name.removeprefix("public/"): archive.read(name) for name in archive.namelist()
                  if name.startswith("public/")}  # fmt: skip
        assert sorted(set(archive.namelist()) - {f"public/{name}" for name in public}) == [
            "private/answers.csv",
            "private/gold_submission.csv",
        ]
    assert same_bytes(public, tree(penguins.bundle / "public"))
    text = (folder / "mlebench/competitions/penguins/description_obfuscated.md").read_text()
    assert "Tell penguins apart" not in text
    assert "Gorman" not in text


def test_the_grader_gives_the_private_score(penguins: Made, folder: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("".join(penguins.baseline.read_text().splitlines(keepends=True)[:-1]))
    sample, gold, baseline, refused = graded(folder, "penguins", tmp_path, penguins.baseline, short)
    assert sample == ranking(penguins.bundle, penguins.bundle / "public/sample_submission.csv")["private"]
    assert gold == 1.0
    assert baseline == ranking(penguins.bundle, penguins.baseline)["private"]
    assert "submission/missing-id  1 test item of 103 without a row" in refused


@pytest.mark.parametrize("form", ["values", "segments"])
def test_errors_and_images_are_graded_alike(tmp_path: Path, form: str) -> None:
    competition = small_competition(FORMS[form], tmp_path)
    name = competition.bundle.terms.name
    export_competition(competition, "mlebench", tmp_path / "out")
    scratch, sent = tmp_path / "scratch", tmp_path / f"sent{FORMS[form].suffix}"
    scratch.mkdir()
    sent.write_bytes(FORMS[form].good)
    sample, gold = graded(tmp_path / "out", name, scratch)
    assert sample == ranking(competition.bundle.root, sent)["private"]
    lines = (tmp_path / f"out/mlebench/competitions/{name}/leaderboard.csv").read_text().splitlines()
    assert lines == ["submission,score", f"perfect,{gold}", f"sample,{round(sample, 5)}"]
    assert (gold, gold < sample) == {"values": (0.0, True), "segments": (1.0, False)}[form]
    assert check_export(tmp_path / "out", "mlebench") == []


def found_in(place: Path) -> list[Finding]:
    return check_export(place.parents[2], "mlebench")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("config.yaml", "id: penguins", "id: pinguine", "the folder is called 'penguins'"),
        ("config.yaml", "id: penguins", "id: 2024", "id is 2024; it must be text"),
        ("config.yaml", "competition_type: simple\n", "", "competition_type is missing"),
        ("config.yaml", "description.md", "words.md", "is no file; write"),
        ("config.yaml", "answers.csv", "answers.parquet", "it must end in .csv or .jsonl"),
        ("config.yaml", "gold_submission: penguins", "gold: penguins", None),
        ("config.yaml", "  name: f1_macro", "  name: f1_macro\n  beta: 1", "name and grade_fn, and nothing else"),
        ("config.yaml", "grade:grade", "grade", "write module:function"),
        ("config.yaml", "grade:grade", "grading:grade", "names grading.py, which is not there"),
        ("config.yaml", "grade:grade", "grade:mark", "no function mark"),
        ("config.yaml", "id:", "id: [", "cannot be read"),
        ("prepare.py", "raw: Path, public: Path, private", "raw: Path, private: Path, public", "in this order"),
        ("prepare.py", "def prepare(", "def prepare(:", "no Python"),
        ("grade.py", "answers: pd.DataFrame)", "answers: pd.DataFrame, more)", "two arguments"),
        ("leaderboard.csv", "score", "points", "it needs a column score"),
        ("leaderboard.csv", "0.20513", "bad", "a score is no number"),
        ("leaderboard.csv", "0.20513", "1.0", "the first score is the last"),
        ("leaderboard.csv", "sample,0.20513", "middle,0.1\nsample,0.2", "scores are not sorted"),
        ("checksums.yaml", "zip", "ZIP", "it must hold zip, public and private"),
        ("checksums.yaml", "train.csv: ", "train.csv: 0", "checksums differ from those of data/penguins: public"),
    ],
)
def test_each_trap_is_told(place: Path, name: str, old: str, new: str, message: str | None) -> None:
    text = (place / name).read_text(encoding="utf-8")
    assert old in text
    (place / name).write_text(text.replace(old, new), encoding="utf-8")
    told = "\n".join(map(str, found_in(place)))
    assert told == "" if message is None else message.replace("data/penguins:", "data/penguins/penguins.zip:") in told


@pytest.mark.parametrize(
    ("name", "severity"), [("leaderboard.csv", "error"), ("checksums.yaml", "note"), ("grade.py", "error")]
)
def test_missing_files_are_told(place: Path, name: str, severity: str) -> None:
    (place / name).unlink()
    assert [finding.severity for finding in found_in(place)] == [severity]


def test_a_pointer_of_git_is_told_as_one(place: Path) -> None:
    (place / "leaderboard.csv").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    assert "git lfs pull" in str(found_in(place)[0])


def test_what_others_wrote_and_the_registry_takes_is_not_flagged(tmp_path: Path) -> None:
    place = tmp_path / "leaf"
    place.mkdir()
    conf = {
        "id": "leaf", "name": "Leaf", "competition_type": "simple",
        "description": "mlebench/competitions/leaf/description.md",
        "dataset": {"answers": "leaf/prepared/private/test.csv", "sample_submission": "leaf/prepared/public/s.csv"},
        "grader": {"name": "loss", "grade_fn": "mlebench.competitions.leaf.grade:grade"},
        "preparer": "mlebench.competitions.utils:prepare",
    }  # fmt: skip
    (place / "config.yaml").write_text(json.dumps(conf))
    (place / "description.md").write_text("Leaves.")
    (place / "grade.py").write_text("def grade(submission, answers, weight=1):\n    return 0.0\n")
    (place / "leaderboard.csv").write_text("score,team\n0.1,a\n0.1,b\n0.4,c\n")
    (place / "checksums.yaml").write_text("zip: a\npublic: {}\nprivate: {}\n")
    assert check_export(place, "mlebench") == []
    assert [one.rule for one in check_export(tmp_path, "mlebench")] == ["mlebench/folder"]


def test_what_the_benchmark_cannot_hold_is_told(tmp_path: Path) -> None:
    competition = small_competition(FORMS["labels"], tmp_path)
    with pytest.raises(BundleError, match="no medal"):
        export_competition(replace(competition, best={**competition.best, "scores": []}), "mlebench", tmp_path / "out")
