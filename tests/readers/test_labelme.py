"""LabelMe: every shape, groups, masks, the older XML, and what is refused."""

from __future__ import annotations

import base64
import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compete.dataset import Dataset
from compete.readers import recognise_dataset
from tests.readers.annotated_files import Read, draw_images, read_at, real
from tests.readers.coco_files import refused


def shape(kind: str, *points: list[float], label: str = "fish", **more: Any) -> dict[str, Any]:
    return {"label": label, "points": list(points), "shape_type": kind, "group_id": None, "flags": {}, **more}


def sheet(*shapes: Any, **more: Any) -> dict[str, Any]:
    return {
        "imagePath": "a.png",
        "imageWidth": 40,
        "imageHeight": 30,
        "imageData": "AAAA",
        "shapes": list(shapes),
        **more,
    }


def read_sheets(folder: Path, *, task: str = "detection", **sheets: Any) -> Dataset:
    """Read files that bear the names of the words."""
    draw_images(folder / "data")
    for name, content in sheets.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "data" / f"{name}.json").write_text(text)
    return read_at(folder, "labelme", "data", task)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return partial(read_sheets, tmp_path)


def boxes(found: Dataset) -> list[list[float]]:
    numbers: list[list[float]] = found.labels[["x", "y", "width", "height"]].to_numpy().round(9).tolist()
    return numbers


def test_every_shape_has_its_box(read: Read) -> None:
    shapes = [
        shape("rectangle", [14, 25], [4, 5]),
        shape("rectangle", [1, 1], [3, 1], [3, 2], [1, 2]),
        shape("polygon", [1, 2], [11, 2], [11, 12]),
        shape("oriented_rectangle", [5, 0], [10, 5], [5, 10], [0, 5]),
        shape("circle", [20, 15], [23, 19]),
    ]
    assert boxes(read(a=sheet(*shapes))) == [
        [4, 5, 10, 20], [1, 1, 2, 1], [1, 2, 10, 10], [0, 0, 10, 10], [15, 10, 10, 10],
    ]  # fmt: skip


def test_shapes_of_a_group_are_one_object(read: Read) -> None:
    parts = [
        shape("polygon", [0, 0], [4, 0], [4, 4], [0, 4], group_id=1),
        shape("rectangle", [10, 10], [14, 12], group_id=1),
        shape("polygon", [20, 0], [24, 0], [24, 4], group_id=1, label="crab"),
        shape("polygon", [30, 0], [34, 0], [34, 4], group_id=2),
    ]
    found = read(a=sheet(*parts), task="instance_segmentation")
    assert sorted(zip(found.labels["label"], boxes(found), strict=True)) == [
        ("crab", [20, 0, 4, 4]), ("fish", [0, 0, 14, 12]), ("fish", [30, 0, 4, 4]),
    ]  # fmt: skip
    assert found.labels["area"].tolist()[0] == 16 + 8


def test_masks_lie_at_their_corner(read: Read) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.array([[0, 1, 1], [0, 1, 0]], dtype=np.uint8)).save(buffer, "PNG")
    text = base64.b64encode(buffer.getvalue()).decode()
    found = read(a=sheet(shape("mask", [7, 9], [9, 10], mask=text)), task="instance_segmentation")
    assert boxes(found) == [[8, 9, 2, 2]]
    assert found.labels["area"].tolist() == [3]


def test_points_and_lines_are_left_out_and_told(read: Read) -> None:
    others = [shape("point", [1, 1]), shape("line", [1, 1], [2, 2]), shape("linestrip", [1, 1], [2, 2], [3, 3])]
    warning = read(a=sheet(shape("rectangle", [1, 1], [5, 5]), *others)).findings[0]
    assert (warning.rule, warning.count) == ("dataset/left-out", 3)


def test_folders_tell_the_split_and_flags_are_columns(tmp_path: Path) -> None:
    for part, name in (("train", "a"), ("test", "b")):
        draw_images(tmp_path / "data" / part, name)
        content = sheet(shape("rectangle", [1, 1], [5, 5]), imagePath=f"{name}.png", flags={"dark": part == "train"})
        (tmp_path / "data" / part / f"{name}.json").write_text(json.dumps(content))
    found = read_at(tmp_path, "labelme", "data")
    assert found.items[["split", "folder", "dark"]].to_numpy().tolist() == [
        ["test", "test", "0"],
        ["train", "train", "1"],
    ]


FAULTS = [
    (sheet(shape("rectangle", [1, 1])), "shape", "a.json shapes[0]"),
    (sheet(shape("polygon", [1, 1], [2, 2])), "shape", "a.json shapes[0]"),
    (sheet(shape("polygon", [1, 1], [2, 2], ["x", 3])), "shape", "a.json shapes[0]"),
    (sheet(shape("blob", [1, 1], [2, 2], [3, 3])), "shape", "a.json shapes[0]"),
    (sheet(shape("mask", [1, 1], [2, 2], mask="no PNG")), "shape", "a.json shapes[0]"),
    (sheet(shape("mask", [1, 1], [2, 2], mask="aGVsbG8=")), "shape", "a.json shapes[0]"),
    (sheet("text"), "shape", "a.json shapes[0]"),
    (sheet(shape("rectangle", [1, 1], [5, 5], label="")), "category", "a.json shapes[0]"),
    (sheet(shape("rectangle", [90, 1], [95, 5])), "box-outside", "a.json shapes[0]"),
    (sheet(imageWidth=41), "image-size", "a.png is 40 × 30"),
    ("[", "label-file", "a.json:1:2: this is not JSON"),
    ("[]", "label-file", "there is no list `shapes`"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "rule", "words"), FAULTS)
def test_faults_are_told(read: Read, content: Any, rule: str, words: str) -> None:
    (error,) = refused(read, a=content)
    assert error.rule == f"dataset/{rule}"
    assert words in str(error)


def test_an_image_of_two_files_and_an_empty_folder_are_refused(read: Read, tmp_path: Path) -> None:
    (error,) = refused(read, a=sheet(), z=sheet())
    assert error.rule == "dataset/annotated-twice"
    draw_images(tmp_path / "empty")
    (error,) = refused(read_at, tmp_path, "labelme", "empty")
    assert error.message == "empty holds no JSON file"


OLD = (
    "<annotation><filename>a.png</filename><folder>dive</folder>"
    "<imagesize><nrows>30</nrows><ncols>40</ncols></imagesize>{}</annotation>"
)
POINTS = "<pt><x>1</x><y>2</y></pt><pt><x>11</x><y>2</y></pt><pt><x>11</x><y>12</y></pt>"
POLYGON = "<object><name>fish</name>{}<polygon><username>somebody</username>{}</polygon></object>"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (POLYGON.format("", POINTS.replace("12", "x")), "shape"),
        ("<object><name>fish</name><segm><mask>nowhere.png</mask></segm></object>", "shape"),
        (POLYGON.format("", POINTS).replace("fish", ""), "category"),
        ("<object>", "label-file"),
    ],
)
def test_faults_of_the_older_xml_are_told(tmp_path: Path, content: str, rule: str) -> None:
    draw_images(tmp_path / "data" / "Images" / "dive", "a")
    (tmp_path / "data" / "a.xml").write_text(OLD.format(content))
    (error,) = refused(read_at, tmp_path, "labelme", "data")
    assert error.rule == f"dataset/{rule}"


def test_the_older_xml_is_read(tmp_path: Path) -> None:
    draw_images(tmp_path / "data" / "Images" / "dive", "a")
    gone = POLYGON.format("<deleted>1</deleted>", POINTS)
    boxed = POLYGON.format("<type>bounding_box</type>", POINTS)
    line = POLYGON.format("", "<pt><x>1</x><y>2</y></pt><pt><x>2</x><y>2</y></pt>")
    (tmp_path / "data" / "a.xml").write_text(OLD.format(POLYGON.format("", POINTS) + boxed + gone + line))
    assert recognise_dataset(tmp_path / "data")[0] == "labelme"
    found = read_at(tmp_path, "labelme", "data")
    assert boxes(found) == [[1, 2, 10, 10]] * 2
    assert found.findings[0].items == (
        "1 × deleted object (a.xml:1)",
        "1 × line (a.xml:1)",
    )


@pytest.mark.real_data
def test_real_files(tmp_path: Path) -> None:
    path = real("exports", "datumaro", "labelme_dataset").resolve()
    assert recognise_dataset(path)[0] == "labelme"
    found = read_at(tmp_path, "labelme", path)
    assert found.labels["label"].tolist() == ["window", "license plate", "o1", "q1", "b1", "m1", "hg"]
    assert boxes(found)[4] == [13, 19, 10, 11]  # datumaro's own test expects this box, and masks that PNG files hold
    assert boxes(found)[1] == [58, 67, 5, 2]  # its PNG is black in the first row of the box that the XML tells
