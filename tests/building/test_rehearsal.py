"""What an organizer may get wrong: `check` says what `build` says, and nothing lands outside the bundle."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compete import jobs
from compete.bundle import verify_bundle
from compete.errors import BundleError, ChallengeError, CompeteError, DatasetError, UsageError
from compete.files import files_below
from tests.conftest import ROOT, Run, script

SPECIES = ("cod", "hake", "ling")
OWN = {"metric": "metric.py:score", "greater_is_better": True}
ACCURACY = "    return float((solution.species == submission.species).mean())\n"


def written(tmp_path: Path, header: str = "key,date,length,species", **blocks: Any) -> Path:
    """A challenge on a table of 60 fish."""
    root = tmp_path / "reef"
    root.mkdir(exist_ok=True)
    rows = [f"k{number},2020-0{1 + number % 6}-01,{number / 7:.2f},{SPECIES[number % 3]}" for number in range(60)]
    (root / "table.csv").write_text("\n".join([header, *rows]) + "\n")
    content = {
        "name": "reef",
        "title": "Reef",
        "task": "classification",
        "data": {"path": "table.csv", "id": "key", "label": "species", "features": ["length"]},
        "split": {"seed": "0f1e2d3c4b5a6978"},
        "score": {"metric": "accuracy"},
    } | blocks
    (root / "challenge.yaml").write_text(json.dumps(content))
    return root


def with_images(tmp_path: Path, ids: str, last: str = "k19") -> Path:
    """A challenge on twenty images; the last bears an id of choice."""
    root = tmp_path / "reef"
    (root / "images" / "raw").mkdir(parents=True, exist_ok=True)
    for number in range(20):
        Image.new("RGB", (8, 8), (number * 9, 0, 0)).save(root / "images" / "raw" / f"{number}.png")
    names = [*(f"k{number}" for number in range(19)), last]
    rows = [f'"{name}",raw/{number}.png,{SPECIES[number.bit_count() % 2]}' for number, name in enumerate(names)]
    (root / "table.csv").write_text("\n".join(["key,file,species", *rows]) + "\n")
    content = {
        "name": "reef",
        "title": "Reef",
        "task": "classification",
        "data": {"path": "table.csv", "images": "images", "id": "key", "file": "file", "label": "species", "ids": ids},
        "split": {"seed": "0f1e2d3c4b5a6978"},
        "score": {"metric": "accuracy"},
    }
    (root / "challenge.yaml").write_text(json.dumps(content))
    return root


def told_by_both(root: Path, out: Path, error: type[CompeteError] = BundleError) -> str:
    """What check and build alike say of a fault; nothing is written."""
    with pytest.raises(error) as checked:
        jobs.check_challenge(root, workers=1)
    with pytest.raises(error) as built:
        jobs.build(root, out, workers=1)
    assert str(checked.value) == str(built.value)
    assert not out.exists()
    assert "making-" not in str(built.value)
    return str(built.value)


@pytest.mark.parametrize(
    "name", ["../../../evil", "a/b", "a\\b", "..", ".hidden", "K1", "a:b", "x" * 300, "a\nb", " x", "x."]
)
def test_a_kept_id_that_is_no_name_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    root = with_images(tmp_path, "keep", last=name)
    assert "dataset/id-as-file-name  1 id" in told_by_both(root, tmp_path / "out", DatasetError)
    assert [path.name for path in tmp_path.iterdir()] == ["reef"]


def test_kept_ids_name_the_images_and_other_ids_need_not(tmp_path: Path) -> None:
    jobs.build(with_images(tmp_path, "keep", last="Fisch 19 é"), tmp_path / "kept", workers=1)
    names = {path.stem for path in files_below(tmp_path / "kept" / "public") if path.suffix == ".png"}
    assert names == {*(f"k{number}" for number in range(19)), "Fisch 19 é"}
    jobs.build(with_images(tmp_path, "opaque", last="../../../evil"), tmp_path / "opaque", workers=1)


def test_ids_cannot_be_kept_where_there_are_none(tmp_path: Path) -> None:
    root = written(tmp_path, data={"path": "table.csv", "label": "species", "features": ["length"], "ids": "keep"})
    assert "how the table is sorted" in told_by_both(root, tmp_path / "out", ChallengeError)


def test_a_damaged_image_is_told_by_check_with_its_folder(tmp_path: Path) -> None:
    root = with_images(tmp_path, "opaque")
    (root / "images" / "raw" / "7.png").write_bytes(b"")
    assert "raw/7.png" in told_by_both(root, tmp_path / "out", DatasetError)


def test_check_and_build_find_the_same_and_check_writes_nothing(tmp_path: Path) -> None:
    root = with_images(tmp_path, "opaque")
    shutil.copy(root / "images" / "raw" / "0.png", root / "images" / "raw" / "1.png")
    before = sorted(files_below(tmp_path))
    checked = jobs.check_challenge(root, workers=1)
    assert sorted(files_below(tmp_path)) == before
    built = jobs.build(root, tmp_path / "out", workers=1)
    before_the_gate = tuple(finding for finding in built.findings if not finding.rule.startswith("leak/"))
    assert (checked.findings, checked.parts, checked.balance) == (before_the_gate, built.parts, built.balance)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys\ndef score(solution, submission, row_id):\n    sys.exit(3)\n", "metric.py:3"),
        ("import sys\nsys.exit(3)\n", "metric.py:2"),
        ("def score(solution, submission, row_id)\n    return 1\n", "metric.py:1"),
        ("def scores(solution, submission, row_id):\n    return 1\n", "it has no function score"),
        ("import no_such_library\n", "no_such_library"),
    ],
)
def test_an_own_metric_that_cannot_be_called_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    root = written(tmp_path, score=OWN)
    (root / "metric.py").write_text(text)
    assert said in told_by_both(root, tmp_path / "out")


def test_an_own_metric_in_the_wrong_direction_is_refused(tmp_path: Path) -> None:
    root = written(tmp_path, score=OWN | {"greater_is_better": False})
    (root / "metric.py").write_text(f"def score(solution, submission, row_id):\n{ACCURACY}")
    assert "smaller is better: see score.greater_is_better" in told_by_both(root, tmp_path / "out")


def test_an_own_metric_leaves_no_bytecode_in_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    root = written(tmp_path, score=OWN)
    (root / "metric.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass\nclass Weight:\n"
        f"    value: float = 1.0\n\ndef score(solution, submission, row_id):\n{ACCURACY}"
    )
    bundle = tmp_path / "out"
    jobs.build(root, bundle, workers=1)
    jobs.score(bundle, bundle / "public" / "sample_submission.csv")
    assert verify_bundle(bundle) == []


@pytest.mark.parametrize(
    ("column", "shown"), [("date", "the test begins at 2020-05-01"), ("length", "the test begins at 6")]
)
def test_the_cut_of_time_is_told_as_it_is_written(tmp_path: Path, column: str, shown: str) -> None:
    root = written(tmp_path, split={"seed": "0f1e2d3c4b5a6978", "time": column})
    (note,) = [one for one in jobs.check_challenge(root).findings if one.rule == "split/time-cut"]
    assert note.message == shown


def test_nothing_to_predict_from_is_warned_of(tmp_path: Path) -> None:
    data = {"path": "table.csv", "id": "key", "label": "species", "drop": ["length", "date"]}
    rules = {one.rule: one.severity for one in jobs.check_challenge(written(tmp_path, data=data)).findings}
    assert rules["challenge/no-features"] == "warning"
    assert "challenge/no-features" not in {one.rule for one in jobs.check_challenge(written(tmp_path)).findings}


def test_the_guide_names_columns_with_commas_and_line_breaks(tmp_path: Path) -> None:
    data = {"path": "table.csv", "id": "key", "label": "species", "features": ["length,\ncm"]}
    jobs.build(written(tmp_path, 'key,date,"length,\ncm",species', data=data), tmp_path / "out", workers=1)
    assert "`id`, `length, cm`, `species` |" in (tmp_path / "out" / "public" / "README.md").read_text()


def test_a_started_challenge_bears_any_column_name(tmp_path: Path) -> None:
    header = 'key,"da\nsplit: {test: 0.9}","len\u2028gth # : {",species'
    root = written(tmp_path, header)
    started = jobs.start_challenge(tmp_path / "begun", f"csv:{root / 'table.csv'}")
    assert jobs.check_challenge(started.path).parts[0][1] == "42"


def test_numbers_with_a_decimal_comma_are_kept_and_told(tmp_path: Path) -> None:
    lines = [f"k{number};{number},{number % 10};{SPECIES[number % 3]}" for number in np.arange(60)]
    (tmp_path / "table.csv").write_text("\n".join(["id;length;species", *lines]) + "\n")
    started = jobs.start_challenge(tmp_path / "begun", f"csv:{tmp_path / 'table.csv'}")
    (reason,) = [why for field, value, why in started.choices if value == "length"]
    assert "decimal comma" in reason
    assert "data.drop" not in {field for field, _, _ in started.choices}


def test_equal_targets_are_refused(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        task="regression",
        score={"metric": "rmse"},
        data={"path": "table.csv", "id": "key", "label": "length", "features": ["species"]},
    )
    text = (root / "table.csv").read_text().splitlines()
    same = [line.rsplit(",", 2) for line in text[1:]]
    (root / "table.csv").write_text("\n".join([text[0], *(f"{one},1.0,{last}" for one, _, last in same)]) + "\n")
    assert "dataset/single-class  all items have 1.0" in told_by_both(root, tmp_path / "out", DatasetError)


def test_what_stops_a_build_is_told_before_warnings(tmp_path: Path, run: Run) -> None:
    answer = run("check", written(tmp_path, split={"seed": "1", "test": 0.01}))
    told = [line.split()[0] for line in answer.err.splitlines() if line.startswith(("  error", "  warning", "  note"))]
    assert answer.code == 1
    assert told == sorted(told, key=lambda severity: severity != "error")
    assert {"error", "warning"} <= set(told)


def test_a_bundle_among_the_class_folders_is_refused(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / "reef" / "images" / SPECIES[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 9, 0, 0)).save(folder / f"{number}.png")
    root = written(tmp_path, data={"reader": "folder", "path": "images"})
    with pytest.raises(UsageError, match="output/inside-data"):
        jobs.build(root, root / "images" / "bundle", workers=1)
    assert sorted(path.name for path in (root / "images").iterdir()) == ["cod", "hake"]
    jobs.build(root, root / "bundle", workers=1)


def test_a_check_writes_nothing_and_opens_no_socket(tmp_path: Path) -> None:
    """Private labels must not touch a disk that nobody named: every opening for writing is told, and there is none."""
    shutil.copytree(ROOT / "challenges" / "digits", tmp_path / "digits", ignore=shutil.ignore_patterns("data"))
    script(tmp_path / "digits", "make_data.py")
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom compete import jobs\nfound = []\n"
        "WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND\n"
        "def watch(event, told):\n"
        "    writes = event == 'open' and isinstance(told[2], int) and told[2] & WRITING\n"
        "    moves = event.startswith(('socket.', 'subprocess.', 'os.mkdir', 'os.rename'))\n"
        "    if moves or (writes and told[0] != os.devnull):\n"
        "        found.append((event, str(told[0])))\n"
        "sys.addaudithook(watch)\njobs.check_challenge(Path(sys.argv[1]), workers=1)\n"
        "assert not found, found\n"
    )
    command = [sys.executable, "-B", "-c", code, str(tmp_path / "digits")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
