"""Submissions and truth in the cells of tables: nothing is lost, and scores are the same to the bit."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from compete import cells
from compete.bundle import open_bundle
from compete.cells import (
    CELLS,
    CellError,
    file_of_rows,
    packed_files,
    plain_text,
    rows_of_file,
    truth_cells,
    truth_of_cells,
)
from compete.errors import BundleError, SubmissionError
from compete.exporters import Competition
from compete.exporters.packed import ambiguous_texts, in_rows, packed_solution
from compete.scoring.frames import frame_rows, frame_score, told_briefly
from compete.scoring.grading import grade
from compete.scoring.perfect import perfect_submission
from compete.scoring.split_tables import split_scores
from compete.terms import Terms
from tests.exporters.exported import overall, small_competition
from tests.scoring.bundles import table
from tests.scoring.every_form import FORMS, IDS, N, table_form

IMAGES = [name for name, form in FORMS.items() if (form.terms.form, form.terms.kind) in CELLS]


def frames(competition: Competition, content: bytes) -> tuple[Any, Any]:
    """Solution and submission as a platform's reader makes them."""
    solution = pd.read_csv(io.BytesIO(packed_solution(competition, apart=True)))
    return solution, pd.read_csv(io.BytesIO(in_rows(competition, content)))


@pytest.mark.parametrize("name", FORMS)
def test_scores_of_frames_are_those_of_the_file(tmp_path: Path, name: str) -> None:
    """Whether a platform hands over the complete submission, or the rows of one part."""
    competition = small_competition(FORMS[name], tmp_path)
    solution, submission = frames(competition, FORMS[name].good)
    told = {
        score["part"]: score["value"] for score in competition.sample["scores"][::-1] if is_overall(score, competition)
    }
    for part in ("Public", "Private"):
        rows = solution[solution["Usage"] == part].drop(columns="Usage")
        for sent in (submission, submission[submission["id"].isin(rows["id"])]):
            found = frame_score(competition.bundle.terms.as_dict(), rows, sent, "id", limits=None)
            assert found == told[part.lower()]


def is_overall(score: Any, competition: Competition) -> bool:
    return score["metric"] == competition.measures[0]["name"] and not score["group"]


@pytest.mark.parametrize("name", ["labels", "COCO boxes", "volumes"])
def test_scores_of_a_solution_with_splits_are_those_of_the_bundle(tmp_path: Path, name: str) -> None:
    from compete.exporters.huggingface import _solution

    competition = small_competition(FORMS[name], tmp_path)
    (tmp_path / "solution.csv").write_bytes(_solution(competition))
    if (competition.private / "truth.npz").is_file():
        (tmp_path / "truth.npz").write_bytes((competition.private / "truth.npz").read_bytes())
    file = tmp_path / f"sent{FORMS[name].suffix}"
    file.write_bytes(FORMS[name].good)
    found = split_scores(competition.bundle.terms.as_dict(), tmp_path, file, limits=None)
    told = overall(grade(competition.bundle, file, draws=0))
    assert found == (told["public"], told["private"])


@pytest.mark.parametrize("name", IMAGES)
def test_files_become_rows_and_files_again(tmp_path: Path, name: str) -> None:
    form, competition = FORMS[name], small_competition(FORMS[name], tmp_path)
    ids = [row[0] for row in cells.table_rows((competition.private / "solution.csv").read_bytes())[1:]]
    rows = rows_of_file(form.good, form.terms.form, form.terms.kind, ids)
    assert [row[0] for row in rows] == ids
    again = file_of_rows(reversed(rows), form.terms.form, form.terms.kind, ids)
    assert rows_of_file(again, form.terms.form, form.terms.kind, ids) == rows


def test_the_converter_runs_by_itself(tmp_path: Path) -> None:
    form, competition = FORMS["COCO boxes"], small_competition(FORMS["COCO boxes"], tmp_path)
    for name in ("challenge.json", "test.csv"):
        (tmp_path / name).write_bytes((competition.bundle.public / name).read_bytes())
    script = tmp_path / "to_csv.py"
    script.write_bytes(Path(cells.__file__).read_bytes())
    (tmp_path / "submission.json").write_bytes(form.good)
    command = [sys.executable, "-I", str(script), "submission.json"]
    assert subprocess.run(command, cwd=tmp_path).returncode == 0
    assert (tmp_path / "submission.csv").read_bytes() == in_rows(competition, form.good)
    (tmp_path / "submission.json").write_bytes(b'[{"image_id": 99}]')
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "submission.json: image_id 99 is no test image\n")


@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_truth_is_spread_over_cells_that_come_in_any_order(count: int) -> None:
    files = {"solution.csv": b"id,Usage\n1,Public\n", "truth.npz": bytes(range(256)) * 9}
    spread = truth_cells(packed_files(files), count)
    assert len(spread) == count
    assert truth_of_cells(reversed(spread)) == files
    assert truth_cells(packed_files(files), count) == spread


@pytest.mark.parametrize("harm", [lambda some: some[1:], lambda some: [*some[:-1], some[-1][:-1]], lambda some: ["x"]])
def test_a_truth_that_lacks_something_is_refused(harm: Any) -> None:
    with pytest.raises(CellError, match="solution"):
        truth_of_cells(harm(truth_cells(packed_files({"a": bytes(range(256))}), 5)))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda frame: frame.iloc[1:], "1 test item of 60 without a row"),
        (lambda frame: pd.concat([frame, frame.iloc[:1]]), "1 row whose id stood before"),
        (lambda frame: frame.rename(columns={"label": "lable"}), "label"),
        (lambda frame: frame.assign(label="wolf"), "60 cells with no label of the challenge"),
        (lambda frame: frame.drop(columns="id"), "no id column"),
    ],
)
def test_what_is_wrong_with_a_frame_is_told(tmp_path: Path, harm: Any, told: str) -> None:
    competition = small_competition(FORMS["labels"], tmp_path)
    solution, submission = frames(competition, FORMS["labels"].good)
    rows = solution[solution["Usage"] == "Public"]
    with pytest.raises(SubmissionError) as refused:
        frame_score(competition.bundle.terms.as_dict(), rows, harm(submission), "id", limits=None)
    assert told in told_briefly(refused.value)
    assert len(told_briefly(refused.value)) <= 280


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (lambda frame: frame.iloc[1:], "submission/missing-id"),
        (lambda frame: pd.concat([frame, frame.iloc[:1]]), "submission/repeated-id"),
        (lambda frame: pd.concat([frame, frame.iloc[:1].assign(id="nobody")]), "submission/unknown-id"),
        (lambda frame: frame.assign(predictions="[1]"), "submission/unreadable-cell"),
        (lambda frame: frame.assign(predictions="{"), "submission/unreadable-cell"),
        (lambda frame: frame.drop(columns="predictions"), "submission/missing-column"),
        (lambda frame: frame.assign(predictions='[{"bbox": 1}]'), "submission/"),
    ],
)
def test_what_is_wrong_with_cells_of_images_is_told(tmp_path: Path, harm: Any, rule: str) -> None:
    competition = small_competition(FORMS["COCO boxes"], tmp_path)
    solution, submission = frames(competition, FORMS["COCO boxes"].good)
    rows = solution[solution["Usage"] == "Private"]
    with pytest.raises(SubmissionError) as refused:
        frame_score(competition.bundle.terms.as_dict(), rows, harm(submission), "id", limits=None)
    assert refused.value.findings[0].rule.startswith(rule)


@pytest.mark.parametrize(
    "harm",
    [
        lambda frame: frame.drop(columns="packed_truth"),
        lambda frame: frame.iloc[2:],
        lambda frame: frame.assign(packed_truth=0),
        lambda frame: frame.assign(id="nobody"),
    ],
)
def test_a_solution_that_is_not_as_exported_is_the_hosts_fault(tmp_path: Path, harm: Any) -> None:
    competition = small_competition(FORMS["labels"], tmp_path)
    solution, submission = frames(competition, FORMS["labels"].good)
    rows = harm(solution[solution["Usage"] == "Public"])
    with pytest.raises(BundleError, match=r"solution\.csv"):
        frame_score(competition.bundle.terms.as_dict(), rows, submission, "id", limits=None)


def test_a_score_that_is_not_defined_is_refused(tmp_path: Path) -> None:
    number = np.random.default_rng(1).normal(size=N).round(3)
    form = table_form("regression", "value", {"value": number}, {"value": np.ones(N)}, "pearson")
    root = form.write(tmp_path / "bundle")
    bundle = open_bundle(root)
    competition = Competition(bundle, {}, perfect_submission(bundle), {})
    solution, submission = frames(competition, form.good)
    rows = solution[solution["Usage"] == "Private"]
    with pytest.raises(SubmissionError, match="not defined"):
        frame_score(form.terms.as_dict(), rows, submission, "id", limits=None)


@pytest.mark.parametrize(
    ("written", "read"),
    [(["01", "02"], ["01", "02"]), (["1.50", "x"], ["1.50", "x"]), (["TRUE", "no"], ["TRUE", "no"])],
)
def test_classes_are_known_again_when_pandas_has_changed_them(written: list[str], read: list[str]) -> None:
    terms = Terms("t", "T", "1", "classification", ("c",), "label", ("c",), "accuracy", classes=tuple(written))
    for texts in (written, written[:1]):
        frame = pd.read_csv(io.BytesIO(table({"id": range(len(texts)), "c": texts})))
        _, rows = frame_rows(frame, "id", terms)
        assert [row[1] for row in rows] == read[: len(texts)]


@pytest.mark.parametrize("text", ["007", "1e3", "NA", "True", "-0.50", "cat", "", "1_000", "0x10", "nan", " 5", "+5"])
def test_plain_text_is_what_pandas_leaves(text: str) -> None:
    frame = pd.read_csv(io.BytesIO(table({"id": [1], "c": [text]})))
    terms = Terms("t", "T", "1", "text", ("c",), "texts", ("c",), "wer")
    assert frame_rows(frame, "id", terms)[1] == [["1", plain_text(text)]]


def test_labels_that_pandas_cannot_tell_apart_are_told_before_the_export(tmp_path: Path) -> None:
    form = FORMS["labels"]
    clear = replace(small_competition(form, tmp_path))
    assert ambiguous_texts(clear, "Kaggle") == []
    terms = replace(clear.bundle.terms, classes=("1", "01", "owl", "NA"))
    (found,) = ambiguous_texts(replace(clear, bundle=replace(clear.bundle, terms=terms)), "Kaggle")
    assert (found.rule, found.items) == ("export/ambiguous-text", ("1", "01", "NA"))


@pytest.mark.parametrize("spell", ["{:05}", "{}.10", "{}e2", "{}"])
def test_ids_that_pandas_changes_are_known_again(tmp_path: Path, spell: str) -> None:
    form, ids = FORMS["labels"], [spell.format(number) for number in range(1, N + 1)]
    swap = dict(zip(IDS, ids, strict=True))
    root = form.write(tmp_path / "bundle")
    for name in ("public/sample_submission.csv", "private/solution.csv"):
        text = (root / name).read_text(encoding="utf-8")
        (root / name).write_text(
            "\n".join(
                ",".join([swap.get(line.split(",")[0], line.split(",")[0]), *line.split(",")[1:]])
                for line in text.splitlines()
            )
            + "\n"
        )
    for name in ("manifest.json", "private/private-manifest.json"):
        (root / name).unlink()
    bundle = open_bundle(root)
    content = (root / "public/sample_submission.csv").read_bytes()
    competition = Competition(bundle, {}, perfect_submission(bundle), {})
    assert ambiguous_texts(competition, "Kaggle") == []
    solution, submission = frames(competition, content)
    result = grade(bundle, content, draws=0)
    for part in ("Public", "Private"):
        rows = solution[solution["Usage"] == part]
        found = frame_score(bundle.terms.as_dict(), rows, submission, "id", limits=None)
        assert found == overall(result)[part.lower()][result.metric]


def test_right_texts_that_pandas_takes_for_nothing_are_counted_and_not_told(tmp_path: Path) -> None:
    competition = small_competition(FORMS["texts"], tmp_path)
    assert ambiguous_texts(competition, "Kaggle") == []
    lost = competition.perfect.replace(b"ant\n", b"NA\n")
    assert lost != competition.perfect
    (found,) = ambiguous_texts(replace(competition, perfect=lost), "Kaggle")
    assert (found.rule, found.items, found.count) == ("export/ambiguous-text", (), lost.count(b",NA\n"))


def test_a_column_beside_an_empty_cell_is_read_right() -> None:
    frame = pd.DataFrame({"id": np.arange(3), "c": ["a", None, "b"]})
    terms = Terms("t", "T", "1", "classification", ("c",), "label", ("c",), "accuracy", classes=("a", "b"))
    assert frame_rows(frame, "id", terms) == (["id", "c"], [["0", "a"], ["1", ""], ["2", "b"]])


def test_cells_hold_json_of_their_image_alone() -> None:
    results = [{"image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1.25], "score": 0.1}]
    rows = rows_of_file(json.dumps(results).encode(), "coco", "boxes", ["a", "b"])
    assert rows == [["a", "[]"], ["b", '[{"category_id":1,"bbox":[0,0,1,1.25],"score":0.1}]']]
