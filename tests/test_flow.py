"""The whole main job on every challenge of the gallery, as organizer and participant run it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compete.building.parts import TRAIN_PART
from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.files import files_below
from compete.scoring.forms import as_submission
from compete.scoring.kinds import perfect_rows
from compete.scoring.trial import as_csv
from compete.scoring.truth import read_truth
from tests.building.test_scenes import with_other_hidden_labels
from tests.conftest import CHALLENGES, ROOT, Made, Run, script

Make = Callable[[str], Made]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file's bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_below(folder)}


def rows_of(path: Path) -> list[list[str]]:
    """A table's rows, the header first."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("name", CHALLENGES)
def test_the_baseline_gets_its_golden_scores(make: Make, run: Run, name: str) -> None:
    made = make(name)
    answer = run("score", made.bundle, made.baseline, "--json")
    assert answer.code == 0, answer.err
    scores = json.loads(answer.out)["scores"]
    found = {f"{row['metric']} {row['part']}": row["value"] for row in scores if not row["group"]}
    expected = json.loads((made.challenge / "expected.json").read_text())
    assert found.keys() == expected["baseline"].keys()
    for key, value in expected["baseline"].items():
        assert found[key] == pytest.approx(value, abs=expected["tolerance"]), key


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_built_bundle_is_intact_and_every_row_has_its_place(make: Make, run: Run, name: str) -> None:
    made = make(name)
    assert run("verify", made.bundle).code == 0
    train, test = (rows_of(made.bundle / "public" / f"{part}.csv") for part in ("train", "test"))
    solution, ids = rows_of(made.bundle / "private/solution.csv"), rows_of(made.bundle / "private/ids.csv")
    train_ids, test_ids = [row[0] for row in train[1:]], [row[0] for row in test[1:]]
    assert test_ids == [row[0] for row in solution[1:]]
    sample = made.bundle / "public" / open_bundle(made.bundle).terms.sample_name
    assert run("validate", made.bundle / "public", sample).code == 0
    if sample.suffix == ".csv":
        assert [row[0] for row in rows_of(sample)[1:]] == test_ids
    assert not set(train_ids) & set(test_ids)
    assert sorted(row[0] for row in ids[1:]) == sorted(train_ids + test_ids)
    assert test_ids == sorted(test_ids)


@pytest.mark.parametrize("name", CHALLENGES)
def test_no_group_is_cut(make: Make, name: str) -> None:
    made = make(name)
    plan = plan_build(load_challenge(made.challenge))
    if plan.group is not None:
        parts: dict[str, set[int]] = {}
        for group, part in zip(plan.group.tolist(), plan.part.tolist(), strict=True):
            parts.setdefault(group, set()).add(part)
        assert {len(found) for found in parts.values()} == {1}


@pytest.mark.parametrize("name", CHALLENGES)
def test_public_bytes_do_not_depend_on_hidden_labels(make: Make, tmp_path: Path, name: str) -> None:
    """Two builds that differ only in the labels of the test items give the same public folder."""
    plan = plan_build(load_challenge(make(name).challenge))
    hidden = np.flatnonzero(plan.part != TRAIN_PART)
    target = {column: values.copy() for column, values in plan.target.items()}
    for values in target.values():
        values[hidden] = values[hidden][::-1]
    changed = with_other_hidden_labels(plan) if plan.terms.of_images else replace(plan, target=target)
    write_bundle(plan, tmp_path / "one", workers=1)
    write_bundle(changed, tmp_path / "other", workers=1)
    one, other = tree(tmp_path / "one"), tree(tmp_path / "other")
    truth = "private/truth.npz" if plan.terms.of_images else "private/solution.csv"
    assert one[truth] != other[truth]
    assert {name: data for name, data in one.items() if name.startswith("public/")} == {
        name: data for name, data in other.items() if name.startswith("public/")
    }
    assert one["manifest.json"] == other["manifest.json"]


@pytest.mark.parametrize("name", CHALLENGES)
def test_two_builds_are_the_same_bytes(make: Make, tmp_path: Path, name: str) -> None:
    """Another process, hash seed, locale, time zone, umask and number of workers."""
    made = make(name)
    command = [
        sys.executable,
        "-m",
        "compete",
        "build",
        str(made.challenge),
        "-o",
        str(tmp_path / "again"),
        "--workers",
        "2",
    ]
    surroundings = {"PYTHONHASHSEED": "77", "TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    mask = os.umask(0o077)
    try:
        done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **surroundings}, capture_output=True, text=True)
    finally:
        os.umask(mask)
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "again") == tree(made.bundle)
    modes = {(path.stat().st_mode & 0o777, int(path.stat().st_mtime)) for path in files_below(tmp_path / "again")}
    assert modes == {(0o644, 315532800)}


@pytest.mark.parametrize("name", ["penguins", "diabetes"])
def test_the_order_of_the_source_rows_does_not_matter_where_ids_are_declared(
    make: Make, tmp_path: Path, name: str
) -> None:
    """With an id column, shuffled rows give the same bundle."""
    made = make(name)
    folder = tmp_path / name
    shutil.copytree(made.challenge, folder)
    table = next((folder / "data").glob("*.csv"))
    header, *rows = rows_of(table)
    rows = [[str(number), *row] for number, row in enumerate(rows)]
    bundles = []
    for attempt in range(2):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([["row_name", *header], *rows])
        table.write_text(text.getvalue())
        challenge = (made.challenge / "challenge.yaml").read_text()
        lines = [line for line in challenge.splitlines() if not line.strip().startswith("id:")]
        at = next(number for number, line in enumerate(lines) if line.startswith("data:"))
        lines.insert(at + 1, "  id: row_name")
        (folder / "challenge.yaml").write_text("\n".join(lines) + "\n")
        write_bundle(plan_build(load_challenge(folder)), tmp_path / f"bundle{attempt}", workers=1)
        bundles.append(tree(tmp_path / f"bundle{attempt}"))
        random.Random(3).shuffle(rows)
    assert bundles[0] == bundles[1]


def perfect_out_of_fold(public: Path) -> bytes:
    """A submission that knows the labels of the training items, made of what is public."""
    bundle = open_bundle(public)
    if bundle.terms.of_images:
        truth = read_truth(bundle, "train")
        assert truth.images
        return as_submission(truth.y_true, bundle.terms, truth.images)
    return as_csv(["id", *bundle.terms.columns], perfect_rows(read_truth(bundle, "train")))


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_participant_scores_out_of_fold_predictions_with_public_alone(
    make: Make, run: Run, tmp_path: Path, name: str
) -> None:
    made = make(name)
    public = tmp_path / "public"
    shutil.copytree(made.bundle / "public", public)
    assert run("validate", public, made.baseline).code == 0
    known = tmp_path / f"oof{made.baseline.suffix}"
    known.write_bytes(perfect_out_of_fold(public))
    answer = run("score", public, known, "--on", "train", "--json", "--draws", "20")
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    assert {row["part"] for row in result["scores"]} == {"train"}
    best = {
        metric["name"]: metric["high"] if metric["greater_is_better"] else metric["low"] for metric in result["metrics"]
    }
    overall = {row["metric"]: row["value"] for row in result["scores"] if not row["group"]}
    assert overall == pytest.approx(best)
    refused = run("score", public, made.baseline)
    assert (refused.code, "bundle/no-solution" in refused.err) == (1, True)


def test_what_participants_may_see_has_no_private_score_and_no_small_subgroup(penguins: Made, run: Run) -> None:
    answer = run("score", penguins.bundle, penguins.baseline, "--public", "--json")
    scores = json.loads(answer.out)["scores"]
    assert {row["part"] for row in scores} == {"public"}
    assert all(row["n"] >= 20 for row in scores if row["group"])
    whole = json.loads(run("score", penguins.bundle, penguins.baseline, "--json").out)["scores"]
    assert [row for row in whole if row["part"] == "public"] == scores


def test_many_submissions_are_scored_in_one_call_and_a_bad_one_stops_nobody(
    penguins: Made, run: Run, tmp_path: Path
) -> None:
    paths = []
    for number in range(20):
        path = tmp_path / f"team{number:02}.csv"
        shutil.copy(penguins.baseline, path)
        paths.append(path)
    paths[7].write_text("id,Species\nnobody,nothing\n")
    answer = run("score", penguins.bundle, *paths, "--json", "--workers", "2")
    assert answer.code == 3
    results = json.loads(answer.out)["results"]
    assert [("refused" in result) for result in results] == [number == 7 for number in range(20)]
    one = json.loads(run("score", penguins.bundle, paths[0], "--json").out)
    assert results[0] == one


def test_the_demo_runs_from_any_folder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = run("demo", "penguins")
    assert answer.code == 0, answer.err
    assert "f1_macro" in answer.out
    assert sorted(path.name for path in (tmp_path / "demo-penguins").iterdir()) == [
        "baseline.csv",
        "bundle",
        "penguins",
    ]
    again = run("demo", "penguins")
    assert (again.code, "output/exists" in again.err) == (2, True)
    assert run("demo", "penguins", "--force").code == 0
    unknown = run("demo", "pinguins")
    assert (unknown.code, "did you mean penguins?" in unknown.err) == (2, True)


@pytest.mark.parametrize("name", CHALLENGES)
def test_data_are_drawn_the_same_each_time(make: Make, tmp_path: Path, name: str) -> None:
    made = make(name)
    script(made.challenge, "make_data.py", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(made.challenge / "data")


def test_an_archive_may_hold_the_submission(penguins: Made, run: Run, tmp_path: Path) -> None:
    plain = json.loads(run("score", penguins.bundle, penguins.baseline, "--json", "--draws", "0").out)
    packed = tmp_path / "sent.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(penguins.baseline, "results/mine.csv")
    found = json.loads(run("score", penguins.bundle, packed, "--json", "--draws", "0").out)
    assert found["scores"] == plain["scores"]
    assert found["submission"]["canonical_sha256"] == plain["submission"]["canonical_sha256"]
    assert found["submission"]["sha256"] == hashlib.sha256(packed.read_bytes()).hexdigest()
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("results/other.csv", "id\n")
    refused = run("score", penguins.bundle, packed)
    assert (refused.code, "archive/several-members" in refused.err) == (3, True)
    packed.write_bytes(penguins.baseline.read_bytes())
    assert "archive/not-archive" in run("validate", penguins.bundle, packed).err
