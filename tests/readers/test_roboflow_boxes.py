"""Roboflow's exports without COCO: tables of corners, CreateML, lines, and label images beside their images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compete.errors import DatasetError, Finding
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES
from tests.readers.annotated_files import SAMPLES, as_json
from tests.readers.test_roboflow import HIGH, IMAGES, WIDE, write_images
from tests.readers.yolo_files import read_files

FIRST, SECOND, THIRD = *IMAGES["train"], *IMAGES["valid"]
HEAD = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
TABLES = {
    "train": f"{HEAD}{FIRST},40,30,fish,1,2,4,6\n{FIRST},40,30,crab,0,0,40,30\n{SECOND},40,30,fish,5,5,7.5,9\n",
    "valid": f"{HEAD}{THIRD},40,30,crab,3,3,9,9\n",
}
LINES = {
    "train": f"{FIRST} 1,2,4,6,1 0,0,40,30,0\n{SECOND} 5,5,7.5,9,1\n",
    "valid": f"{THIRD} 3,3,9,9,0\n",
}


def middle(label: str, x: float, y: float, width: float, height: float) -> dict[str, Any]:
    return {"label": label, "coordinates": {"x": x, "y": y, "width": width, "height": height}}


CREATEML = {
    "train": [{"image": FIRST, "annotations": [middle("fish", 2.5, 4, 3, 4), middle("crab", 20, 15, 40, 30)]},
              {"image": SECOND, "annotations": [middle("fish", 6.25, 7, 2.5, 4)]}],
    "valid": [{"image": THIRD, "annotations": [middle("crab", 6, 6, 6, 6)]}],
}  # fmt: skip


def write(folder: Path, flavour: str, **parts: Any) -> Path:
    """An export of a flavour; keyword arguments replace the files of parts."""
    write_images(folder)
    name = {"corners": "_annotations.csv", "createml": "_annotations.createml.json", "lines": "_annotations.txt"}
    files: dict[str, Any] = {"corners": TABLES, "createml": CREATEML, "lines": LINES}[flavour]
    for part, content in (files | parts).items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / part / name[flavour]).write_text(text)
        if flavour == "lines":
            (folder / part / "_classes.txt").write_text("crab\nfish\n")
    return folder


def refused(folder: Path) -> list[Finding]:
    with pytest.raises(DatasetError) as caught:
        read_files(folder, reader="roboflow")
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


@pytest.mark.parametrize("flavour", ["corners", "createml", "lines"])
def test_boxes_of_every_flavour_are_read_as_expected(tmp_path: Path, flavour: str) -> None:
    write(tmp_path / "data", flavour)
    assert recognise_dataset(tmp_path / "data")[0] == "roboflow"
    found = read_files(tmp_path, more="  group: source\n", reader="roboflow")
    assert as_json(found) == json.loads((SAMPLES / "roboflow" / "expected_boxes.json").read_text())
    sketched = sketch_dataset("roboflow", tmp_path / "data")
    assert (sketched["task"].value, sketched["group"][0].value) == ("detection", "source")


def test_images_without_boxes_are_kept_where_they_are_listed(tmp_path: Path) -> None:
    write(tmp_path / "data", "createml", valid=[{"image": THIRD, "annotations": []}])
    assert read_files(tmp_path, reader="roboflow").items.index.tolist() == ["a_jpg.rf.1", "a_jpg.rf.2", "b_png.rf.3"]
    write(tmp_path / "data", "lines", valid=f"{THIRD}\n")
    (tmp_path / "data" / "train" / "_annotations.createml.json").unlink()
    (tmp_path / "data" / "valid" / "_annotations.createml.json").unlink()
    assert len(read_files(tmp_path, reader="roboflow").items) == 3


def test_names_of_lines_may_hold_blanks_and_classes_differ_by_part(tmp_path: Path) -> None:
    write(tmp_path / "data", "lines", valid="b c.png 3,3,9,9,0\n")
    (tmp_path / "data" / "valid" / THIRD).rename(tmp_path / "data" / "valid" / "b c.png")
    (tmp_path / "data" / "valid" / "_classes.txt").write_text("eel\r\n")
    found = read_files(tmp_path, reader="roboflow")
    assert found.labels["label"].tolist() == ["fish", "crab", "fish", "eel"]
    assert [one.name for one in found.categories] == ["crab", "fish", "eel"]


def test_a_part_without_boxes_is_told(tmp_path: Path) -> None:
    write(tmp_path / "data", "corners", valid=HEAD)
    found = read_files(tmp_path, reader="roboflow")
    assert [(one.rule, one.where, one.severity) for one in found.findings] == [
        ("dataset/empty-table", "valid/_annotations.csv", "warning")
    ]
    write(tmp_path / "data", "corners", train=HEAD, valid=HEAD)
    assert refused(tmp_path)[0].message == "there is no annotated image"


FAULTS = [
    ("corners", f"{HEAD}{THIRD},40,30,crab,3,3,x,9\n", "shape", "valid/_annotations.csv:2"),
    ("corners", f"{HEAD}{THIRD},40,30,,3,3,9,9\n", "category", "valid/_annotations.csv:2"),
    ("corners", f"{HEAD}{THIRD},40,30,crab,9,3,3,9\n", "box", "valid/_annotations.csv:2"),
    ("corners", f"{HEAD}{THIRD},99,30,crab,3,3,9,9\n", "image-size", "declared 99"),
    ("corners", "filename,class\nx,y\n", "label-file", "no column xmin and no ymin"),
    ("createml", {}, "label-file", "valid/_annotations.createml.json"),
    ("createml", [{"image": 7}], "missing-file", "valid/7"),
    ("createml", [{"image": THIRD, "annotations": [7]}], "category", "[0][0]"),
    ("createml", [{"image": THIRD, "annotations": [{"label": "x", "coordinates": {"x": 1}}]}], "shape", "[0][0]"),
    ("lines", f"{THIRD} 3,3,9,9,2\n", "category", "valid/_annotations.txt:1"),
    ("lines", f"{THIRD} 3,3,9,9,-1\n", "category", "valid/_annotations.txt:1"),
    ("lines", f"{THIRD} 3,3,9,a,0\n", "shape", "valid/_annotations.txt:1"),
    ("lines", f"{THIRD} 3,3,9,0\n", "missing-file", "3,3,9,0"),
    ("lines", f"{THIRD}\n{THIRD}\n", "annotated-twice", "valid/_annotations.txt:2"),
]


@pytest.mark.parametrize(("flavour", "content", "rule", "words"), FAULTS)
def test_faults_are_told(tmp_path: Path, flavour: str, content: Any, rule: str, words: str) -> None:
    write(tmp_path / "data", flavour, valid=content)
    errors = refused(tmp_path)
    assert f"dataset/{rule}" in [error.rule for error in errors]
    assert any(words in str(error) for error in errors)


def write_masks(folder: Path, table: str = "Pixel Value, Class\n0, background\n1, fish\n2, crab\n") -> Path:
    """An export with a label image beside each image."""
    write_images(folder)
    for part, names in IMAGES.items():
        for number, name in enumerate(names):
            pixels = np.full((HIGH, WIDE), number, dtype=np.uint8)
            Image.fromarray(pixels).save((folder / part / name).with_name(f"{Path(name).stem}_mask.png"))
        (folder / part / "_classes.csv").write_text(table)
    return folder


def test_label_images_beside_their_images_are_read_with_their_names(tmp_path: Path) -> None:
    write_masks(tmp_path / "data")
    assert recognise_dataset(tmp_path / "data")[0] == "masks"
    sketched = sketch_dataset("masks", tmp_path / "data")
    assert sketched["values"].value == {"background": 0, "fish": 1, "crab": 2}
    more = "  id: name\n  file: file\n  mask: mask\n  values: {background: 0, fish: 1, crab: 2}\n"
    found = read_files(tmp_path, "semantic_segmentation", more, reader="masks")
    assert found.labels[["item", "label"]].to_numpy().tolist() == [
        ["a_jpg.rf.1", "background"], ["a_jpg.rf.2", "fish"], ["b_png.rf.3", "background"],
    ]  # fmt: skip
    assert "with masks with reader: masks" in refused(tmp_path)[0].hint


@pytest.mark.parametrize("table", ["", "Pixel Value, Class\n0, background\n1, background\n", "a\nb\n", "x, y\nz, w\n"])
def test_tables_of_values_that_tell_nothing_are_passed_over(tmp_path: Path, table: str) -> None:
    write_masks(tmp_path / "data", table)
    assert sketch_dataset("masks", tmp_path / "data")["values"].value == {"background": 0, "object": 1}
