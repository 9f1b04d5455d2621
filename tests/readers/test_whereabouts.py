"""Images are found where they are: in their own project, by whatever path annotations name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compete.errors import DatasetError
from compete.readers import sketch_dataset
from compete.readers.whereabouts import evenly, fullest_folder
from tests.readers.annotated_files import HIGH, WIDE, draw_images, read_at

MINE = ["a", "b", "c"]


def coco_of(names: list[str]) -> str:
    """A COCO file of images by their paths, each with one object."""
    images = [{"id": row, "file_name": name, "width": WIDE, "height": HIGH} for row, name in enumerate(names)]
    objects = [{"id": row, "image_id": row, "category_id": 1, "bbox": [1, 1, 9, 9]} for row in range(len(names))]
    return json.dumps({"images": images, "annotations": objects, "categories": [{"id": 1, "name": "crab"}]})


def cvat_of(names: list[str]) -> str:
    """The same as CVAT writes it."""
    box = '<box label="crab" xtl="1" ytl="1" xbr="10" ybr="10"/>'
    images = [f'<image id="{row}" name="{name}" width="{WIDE}" height="{HIGH}">{box}</image>'
              for row, name in enumerate(names)]  # fmt: skip
    return f"<annotations><version>1.1</version>{''.join(images)}</annotations>"


def voc_of(name: str) -> str:
    """One of them as Pascal VOC has it."""
    corners = "<xmin>1</xmin><ymin>1</ymin><xmax>10</xmax><ymax>10</ymax>"
    return (
        f"<annotation><filename>{name}.png</filename>"
        f"<object><name>crab</name><bndbox>{corners}</bndbox></object></annotation>"
    )


def write_annotations(folder: Path, reader: str) -> Path:
    """Annotations of three images in a folder; returns what a challenge names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{stem}.png" for stem in MINE]
    if reader == "coco":
        (folder / "coco.json").write_text(coco_of(names))
        return folder / "coco.json"
    if reader == "cvat":
        (folder / "annotations.xml").write_text(cvat_of(names))
        return folder / "annotations.xml"
    (folder / "Annotations").mkdir()
    for stem in MINE:
        (folder / "Annotations" / f"{stem}.xml").write_text(voc_of(stem))
    return folder


@pytest.mark.parametrize("reader", ["coco", "cvat", "voc"])
@pytest.mark.parametrize("own", ["mine/images", "mine/a/b/c/images"])
def test_a_missing_image_is_not_taken_from_another_project(tmp_path: Path, reader: str, own: str) -> None:
    path = write_annotations(tmp_path / "mine", reader)
    draw_images(tmp_path / own, MINE[1:])
    draw_images(tmp_path / "other/images", MINE)
    found = sketch_dataset(reader, path)["images"]
    assert found is None or (found.value.is_relative_to(tmp_path / "mine"))
    images = f"  images: {found.value}\n" if found else ""
    with pytest.raises(DatasetError) as caught:
        read_at(tmp_path / "challenge", reader, path, more=images)
    assert [(one.rule, one.items) for one in caught.value.findings] == [("dataset/missing-file", ("a.png",))]


def test_of_folders_elsewhere_the_one_with_most_images_is_told(tmp_path: Path) -> None:
    path = write_annotations(tmp_path / "annotations", "coco")
    draw_images(tmp_path / "before", MINE[:1])
    draw_images(tmp_path / "images/deep", MINE[1:])
    found = sketch_dataset("coco", path)["images"]
    assert (found.value, found.reason) == (
        tmp_path / "images/deep", "2 of 3 looked for are there, outside annotations")  # fmt: skip


@pytest.mark.parametrize("absent", [0, 7, 29])
def test_a_table_whose_image_is_missing_is_one_of_images(tmp_path: Path, absent: int) -> None:
    draw_images(tmp_path / "pictures", [f"p{row}" for row in range(30) if row != absent])
    (tmp_path / "t.csv").write_text("file,label\n" + "".join(f"p{row}.png,{'ab'[row % 2]}\n" for row in range(30)))
    found = sketch_dataset("csv", tmp_path / "t.csv")
    assert (found["file"].value, found["images"].value, found["id"]) == ("file", "pictures", None)
    assert found["images"].reason == "29 of 30 looked for are there"
    with pytest.raises(DatasetError) as caught:
        read_at(tmp_path, "csv", "t.csv", "classification", "  file: file\n  images: pictures\n  label: label\n")
    assert [one.rule for one in caught.value.findings] == ["dataset/missing-file"]


def test_an_id_that_names_absent_images_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,label\n" + "".join(f"p{row}.png,{'ab'[row % 2]}\n" for row in range(30)))
    found = sketch_dataset("csv", tmp_path / "t.csv")
    assert found["file"] is None
    assert "images that are not beside the table" in found["id"].reason


FOREIGN = ["C:\\Users\\me\\set\\{}.png", "..\\..\\media\\upload\\1\\{}.png", "/home/me/{}.png", "{}.png"]


@pytest.mark.parametrize("path", FOREIGN)
@pytest.mark.parametrize("folder", ["data", "data/a/b/c/images", "images"])
def test_images_of_another_machine_are_found_by_their_names(tmp_path: Path, path: str, folder: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/coco.json").write_text(coco_of([path.format(stem) for stem in MINE]))
    draw_images(tmp_path / folder, MINE)
    found: Any = sketch_dataset("coco", tmp_path / "data/coco.json")["images"]
    assert (found.value if found else tmp_path / "data") == tmp_path / folder
    images = f"  images: {tmp_path / folder}\n" if found else ""
    dataset = read_at(tmp_path / "data", "coco", "coco.json", more=images)
    assert dataset.items["file"].tolist() == [str(tmp_path / folder / f"{stem}.png") for stem in MINE]
    assert len(dataset.labels) == 3


def test_two_images_are_never_taken_for_one_file(tmp_path: Path) -> None:
    (tmp_path / "coco.json").write_text(coco_of(["C:\\one\\a.png", "C:\\two\\a.png"]))
    draw_images(tmp_path / "images", "a")
    with pytest.raises(DatasetError) as caught:
        read_at(tmp_path, "coco", "coco.json")
    assert [(one.rule, one.count) for one in caught.value.findings] == [("dataset/missing-file", 2)]


def test_an_image_is_found_by_its_name_only_where_none_is_at_its_path(tmp_path: Path) -> None:
    (tmp_path / "coco.json").write_text(coco_of(["images/a.png", "images/b.png"]))
    draw_images(tmp_path / "images", "a")
    draw_images(tmp_path / "old", "ab")
    with pytest.raises(DatasetError) as caught:
        read_at(tmp_path, "coco", "coco.json")
    assert [(one.rule, one.items) for one in caught.value.findings] == [("dataset/missing-file", ("images/b.png",))]


def test_names_that_no_folder_can_hold_are_nowhere(tmp_path: Path) -> None:
    draw_images(tmp_path, "a")
    names = ["x" * 300 + ".png", str(tmp_path / "a.png"), "a\n.png"]
    assert fullest_folder(names, [tmp_path]) is None
    home = fullest_folder([*names, "a.png"], [tmp_path])
    assert (home and (home.found, home.looked, home.whole)) == (1, 4, False)


def test_names_are_taken_evenly() -> None:
    many = [str(number) for number in range(1001)]
    assert (len(evenly(many, 500)), evenly(many, 500)[0], evenly(many[:3], 500)) == (334, "0", many[:3])
