"""The roboflow reader: COCO a part, tables of flags, and one folder a class."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.errors import DatasetError, Finding
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES
from tests.readers.yolo_files import read_files

WIDE, HIGH = 40, 30
IMAGES = {"train": ["a_jpg.rf.1.png", "a_jpg.rf.2.png"], "valid": ["b_png.rf.3.png"]}


def coco(part: str) -> dict[str, Any]:
    """The COCO file of a part as Roboflow writes it: category 0 is the project."""
    names = ["cells", "fish", "crab"] if part == "train" else ["cells", "crab"]
    return {
        "images": [{"id": number, "file_name": name, "width": WIDE, "height": HIGH}
                   for number, name in enumerate(IMAGES[part])],
        "categories": [{"id": number, "name": name, "supercategory": "cells" if number else "none"}
                       for number, name in enumerate(names)],
        "annotations": [{"id": 0, "image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4]}],
    }  # fmt: skip


def write_images(folder: Path) -> None:
    """The images of all parts."""
    for part, names in IMAGES.items():
        for number, name in enumerate(names):
            (folder / part).mkdir(parents=True, exist_ok=True)
            Image.new("L", (WIDE, HIGH), number * 50).save(folder / part / name)


def write_coco(folder: Path, **parts: Any) -> Path:
    """An export in COCO's flavour; keyword arguments replace the files of parts."""
    write_images(folder)
    for part in IMAGES:
        text = parts.get(part, coco(part))
        path = folder / part / "_annotations.coco.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text))
    return folder


def refused(folder: Path, task: str = "detection", more: str = "") -> list[Finding]:
    """The errors of an export that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read_files(folder, task, more, reader="roboflow")
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def test_parts_are_joined_and_the_project_is_no_class(tmp_path: Path) -> None:
    write_coco(tmp_path / "data")
    found = read_files(tmp_path, more="  group: source\n", reader="roboflow")
    assert found.items["split"].tolist() == ["train", "train", "val"]
    assert found.items["source"].tolist() == ["a_jpg", "a_jpg", "b_png"]
    assert [(one.number, one.name) for one in found.categories] == [(1, "fish"), (2, "crab")]
    assert found.labels["label"].tolist() == ["fish", "crab"]
    assert found.labels["item"].tolist() == ["a_jpg.rf.1", "b_png.rf.3"]
    assert [(one.rule, one.severity) for one in found.findings] == [("dataset/unused-category", "note")] * 2
    assert recognise_dataset(tmp_path / "data")[0] == "roboflow"
    sketched = sketch_dataset("roboflow", tmp_path / "data")
    assert (sketched["task"].value, sketched["group"][0].value) == ("detection", "source")


def test_a_class_with_the_projects_name_is_kept(tmp_path: Path) -> None:
    whole = coco("train")
    whole["categories"] = [{"id": 0, "name": "fish"}, {"id": 1, "name": "fish", "supercategory": "fish"}]
    write_coco(tmp_path / "data", train=whole)
    found = read_files(tmp_path, reader="roboflow")
    assert [one.name for one in found.categories] == ["fish", "crab"]
    assert found.labels["label"].tolist() == ["fish", "crab"]


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ({"image_id": 9}, "unknown-image", 'train/_annotations.coco.json annotations[0]: "9"'),
        ({"category_id": 0}, "unused-category", ""),
        ({"category_id": 7}, "unknown-category", '"7"'),
        ({"category_id": None}, "unknown-category", '"None"'),
        ({"bbox": [1]}, "box", "train/_annotations.coco.json annotations[0]"),
    ],
)
def test_faults_name_the_part(tmp_path: Path, change: dict[str, Any], rule: str, words: str) -> None:
    whole = coco("train")
    whole["annotations"][0] |= change
    write_coco(tmp_path / "data", train=whole)
    if rule == "unused-category":  # what the project's own category annotates is an object
        assert [one.name for one in read_files(tmp_path, reader="roboflow").categories] == ["cells", "fish", "crab"]
        return
    (error,) = refused(tmp_path)
    assert (error.rule, words in str(error)) == (f"dataset/{rule}", True)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"images": 1}'])
def test_a_part_that_is_no_coco_file_is_refused(tmp_path: Path, text: str) -> None:
    write_coco(tmp_path / "data", valid=text)
    assert refused(tmp_path)[0].rule == "dataset/coco-file"


def test_flags_of_a_table_are_columns(tmp_path: Path) -> None:
    write_images(tmp_path / "data")
    rows = "".join(f"{name}, {number}, 1\n" for number, name in enumerate(IMAGES["train"]))
    (tmp_path / "data" / "train" / "_classes.csv").write_text("filename, fish, crab\n" + rows)
    (tmp_path / "data" / "valid" / "_classes.csv").write_text(f"filename, crab\n{IMAGES['valid'][0]}, 0\n")
    assert recognise_dataset(tmp_path / "data")[0] == "roboflow"
    sketched = sketch_dataset("roboflow", tmp_path / "data")
    assert (sketched["task"].value, sketched["label"].value) == ("multilabel", ["crab", "fish"])
    found = read_files(tmp_path, "multilabel", "  label: [crab, fish]\n", reader="roboflow")
    assert found.items[["crab", "fish"]].to_numpy().tolist() == [["1", "0"], ["1", "1"], ["0", "0"]]
    (tmp_path / "data" / "valid" / "_classes.csv").write_text("name, crab\nx, 0\n")
    assert refused(tmp_path, "multilabel", "  label: [crab, fish]\n")[0].where == "valid/_classes.csv"
    (tmp_path / "data" / "valid" / "_classes.csv").write_text("")
    assert refused(tmp_path, "multilabel", "  label: [crab, fish]\n")[0].rule == "dataset/empty-table"


def test_class_folders_below_parts_keep_their_split(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "train/dog/2.png", "test/dog/3.png", "test/dog/notes.txt"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(tmp_path / "data" / name, format="png")
    reader, reason = recognise_dataset(tmp_path / "data")
    assert (reader, "one folder a class" in reason) == ("roboflow", True)
    assert sketch_dataset(reader, tmp_path / "data")["label"].value == "label"
    found = read_files(tmp_path, "classification", "  label: label\n", reader="roboflow")
    assert found.labels["label"].tolist() == ["dog", "cat", "dog"]
    assert found.items["split"].tolist() == ["test", "train", "train"]
    assert "dataset/stray-file" in [finding.rule for finding in found.findings]


def test_another_folder_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    write_images(tmp_path / "data")
    (error,) = refused(tmp_path)
    assert "reader: yolo" in error.hint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.integers(0, 500), st.sampled_from(["", "0", "null", "[", "}", '"', "-1e9", "true", "é"]), st.integers(0, 9))
def test_any_edit_is_read_or_refused(tmp_path: Path, place: int, text: str, cut: int) -> None:
    whole = json.dumps(coco("train"))
    write_coco(tmp_path / "data", train=whole[:place] + text + whole[place + cut :])
    try:
        findings = read_files(tmp_path, reader="roboflow").findings
    except DatasetError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)


@pytest.mark.real_data
def test_real_flavours_are_read(real_data: Path, tmp_path: Path) -> None:
    folder = real_data.resolve() / "exports" / "datumaro"
    (tmp_path / "data").symlink_to(folder / "roboflow_dataset" / "coco")
    found = read_files(tmp_path, reader="roboflow")
    assert found.labels["label"].tolist() == ["label_0", "label_1", "label_0", "label_1"]
    assert found.items["split"].tolist() == ["train", "train", "val"]
    (tmp_path / "data").unlink()
    (tmp_path / "data").symlink_to(folder / "roboflow_dataset" / "multiclass")
    found = read_files(tmp_path, "multilabel", "  label: [label_0, label_1]\n", reader="roboflow")
    assert found.labels["value"].tolist() == [1, 0, 0, 1, 1, 1]
    (tmp_path / "data").unlink()
    (tmp_path / "data").symlink_to(folder / "yolo_ultralytics" / "yolov8_classification")
    found = read_files(tmp_path, "classification", "  label: label\n", reader="roboflow")
    assert found.labels["label"].tolist() == ["label_0", "label_0", "label_1"]
