"""Labelbox: one JSON a line, benchmarks, answers, the older export, and what is refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from compete.dataset import Dataset
from compete.readers.formats.labelbox_file import read_labelbox
from tests.readers.annotated_files import Read, read_text, real
from tests.readers.coco_files import refused

BOX = {"name": "crab", "bounding_box": {"left": 1, "top": 2, "width": 3, "height": 4}}


def label(*objects: Any, **more: Any) -> dict[str, Any]:
    return {"annotations": {"objects": list(objects), "classifications": []}, **more}


def row(*labels: Any, name: str = "a.png", project: str = "p", **more: Any) -> dict[str, Any]:
    return {"data_row": {"id": "r", "external_id": name}, "media_attributes": {"width": 40, "height": 30},
            "projects": {project: {"labels": list(labels)}}, **more}  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(*rows: Any, listed: bool = False) -> Dataset:
        text = json.dumps(rows) if listed else "\r\n".join(map(json.dumps, rows)) + "\n"
        return read_text(tmp_path, "labelbox", text, "export.ndjson")

    return reading


@pytest.mark.parametrize("listed", [False, True])
def test_lines_and_lists_are_read(read: Read, *, listed: bool) -> None:
    found = read(row(label(BOX)), row(label(), name="b.png"), listed=listed)
    assert found.items.index.tolist() == ["a", "b"]
    assert found.labels[["label", "x", "y", "width", "height"]].to_numpy().tolist() == [["crab", 1, 2, 3, 4]]
    assert read(row(label(BOX))).items.index.tolist() == ["a"]


def test_the_benchmark_counts_else_the_newest(read: Read) -> None:
    def by(name: str, date: str, kind: str = "Default") -> dict[str, Any]:
        return label({**BOX, "name": name}, label_kind=kind, label_details={"updated_at": date})

    assert read(row(by("new", "2024-02"), by("old", "2024-01"))).labels["label"].tolist() == ["new"]
    found = read(row(by("new", "2024-02"), by("truth", "2024-01", "Benchmark")))
    assert found.labels["label"].tolist() == ["truth"]
    assert found.findings[0].rule == "dataset/several-annotations"


def test_the_export_of_version_1_is_read(read: Read) -> None:
    objects = [{"title": "crab", "bbox": {"left": 1, "top": 2, "width": 3, "height": 4}, "instanceURI": "https://x"}]
    old = {"DataRow ID": "r", "Labeled Data": "https://example.org/a.png", "External ID": None, "Skipped": False,
           "Created By": "somebody@example.org", "Label": {"objects": objects, "classifications": [
               {"title": "light", "answer": {"title": "dark"}}]}}  # fmt: skip
    found = read(old, listed=True)
    assert found.labels[["label", "x"]].to_numpy().tolist() == [["crab", 1]]
    assert found.items["light"].tolist() == ["dark"]
    found = read(old, {**old, "Skipped": True, "External ID": "b.png"}, listed=True)
    assert found.items.index.tolist() == ["a"]


def test_answers_that_become_no_column_are_told(read: Read) -> None:
    deep = {"name": "how", "checklist_answers": [{"name": "a"}]}
    asked = [{"name": "weather", "radio_answer": {"name": "sun", "classifications": [deep]}},
             {"name": "who", "text_answer": {"content": "Jane"}}]  # fmt: skip
    of_box = {**BOX, "classifications": [{"name": "hidden", "radio_answer": {"name": "yes"}}]}
    found = read(row({"annotations": {"objects": [of_box], "classifications": asked}}))
    assert (found.items["weather"].tolist(), "hidden" in found.items, "how" in found.items) == (["sun"], False, False)
    (told,) = [finding for finding in found.findings if finding.rule == "dataset/left-out"]
    assert (told.severity, told.count) == ("note", 3)
    assert sorted(one.partition(" (")[0] for one in told.items) == [
        "1 × answer about an object", "1 × answer that depends on another", "1 × text",
    ]  # fmt: skip
    assert "Jane" not in str(found.findings)


FAULTS = [
    ([row(label({**BOX, "bounding_box": {"left": 1}}))], "shape", "rows[0] objects[0]"),
    ([row(label({**BOX, "bounding_box": {"left": 1, "top": 2, "width": -3, "height": 4}}))], "box", "objects[0]"),
    ([row(label({"name": "crab", "polygon": [{"x": 1, "y": 2}]}))], "shape", "objects[0]"),
    ([row(label({"name": "crab"}))], "shape", "objects[0]"),
    ([row(label("text"))], "shape", "objects[0]"),
    ([row(label({**BOX, "name": None}))], "category", "objects[0]"),
    ([row(label(BOX)), row(label(BOX))], "annotated-twice", "images/a.png (export.ndjson: line 2)"),
    ([row()], "label-file", "there is no annotated image"),
    ([row(label(BOX), name="x.png")], "missing-file", "x.png"),
    ([{**row(label(BOX)), "projects": {"p": {"labels": [label()]}, "q": {"labels": [label()]}}}], "label-file",
     "an image is labelled in several projects"),
    ([{"dataRow": {"id": "r"}, "name": "crab", "bbox": {}}], "label-file", "in which Labelbox takes labels in"),
    ([7], "label-file", "no export of Labelbox"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "rule", "words"), FAULTS)
def test_faults_are_told(read: Read, rows: list[Any], rule: str, words: str) -> None:
    errors = refused(partial(read, listed=not isinstance(rows[0], dict)), *rows)
    assert f"dataset/{rule}" in [error.rule for error in errors]
    assert any(words in str(error) for error in errors)


def test_a_line_that_was_cut_off_is_told(tmp_path: Path) -> None:
    text = json.dumps(row(label(BOX))) + "\n" + json.dumps(row(label(BOX), name="b.png"))[:-9]
    (error,) = refused(partial(read_text, tmp_path, "labelbox"), text, "export.ndjson")
    assert (error.rule, error.where) == ("dataset/label-file", "export.ndjson:2:1")


@pytest.mark.real_data
def test_real_exports() -> None:
    place = real("exports", "labelbox")
    found = read_labelbox(place / "v1" / "image_export.json")
    assert found.annotations[0]["bbox"] == [965, 1333, 594, 186]
    assert (len(found.annotations), found.findings[0].count) == (6, 4)
    assert "person@example.org" not in repr(found)
    for path in sorted((place / "ndjson").glob("*.json")):
        (error,) = refused(read_labelbox, path)
        assert error.rule == "dataset/label-file"
