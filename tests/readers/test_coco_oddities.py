"""COCO files as people really have them: files that cannot be read, tables to join, masks and crowds, sketches."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compete.building.starter import write_challenge
from compete.challenge import load_challenge
from compete.errors import DatasetError, SystemFault
from compete.readers import read_dataset, sketch_dataset
from tests.readers.coco_files import HIGH, WIDE, Coco, Read, changed, read_files, refused, whole_file
from tests.readers.png_files import claiming

JOINED = "  items: table.csv\n  group: patient\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file, its images and a challenge, and read them."""
    return partial(read_files, tmp_path)


def sketched(folder: Path, coco: Coco) -> dict[str, Any]:
    """What is proposed of a file and what stands around it."""
    (folder / "coco.json").write_text(json.dumps(coco))
    return sketch_dataset("coco", folder / "coco.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder in another, because a sketch looks around in the folder above, too."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def panoptic() -> Coco:
    """A file whose annotations list segments."""
    coco = whole_file()
    coco["annotations"] = [
        {"image_id": 10 + number, "file_name": f"p{number}.png", "segments_info": []} for number in range(3)
    ]
    return coco


def test_bytes_that_are_no_text_are_refused(read: Read, tmp_path: Path) -> None:
    read()
    (tmp_path / "coco.json").write_bytes(json.dumps(whole_file()).encode().replace(b"fish", b"f\xecsh"))
    with pytest.raises(DatasetError) as caught:
        read_dataset(load_challenge(tmp_path))
    (error,) = caught.value.findings
    assert (error.rule, error.message, error.where) == ("dataset/coco-file", "this is not UTF-8 text", "coco.json")


def test_a_link_to_itself_is_the_systems_fault(tmp_path: Path) -> None:
    (tmp_path / "coco.json").symlink_to("coco.json")
    with pytest.raises(SystemFault, match="symbolic links"):
        sketch_dataset("coco", tmp_path / "coco.json")


def test_what_an_image_says_in_more_than_one_word_is_no_column(read: Read) -> None:
    coco = whole_file()
    for entry, depth in zip(coco["images"], (3, None, 2.5), strict=True):
        entry |= {"tags": ["wet"], "depth": depth}
    items = read(coco).items
    assert "tags" not in items.columns
    assert items["depth"].tolist() == ["3", "", "2.5"]


def test_licenses_that_are_not_listed_keep_their_numbers(read: Read) -> None:
    assert read(changed("licenses", ...)).items["license"].tolist() == ["1"] * 3
    assert read(changed("licenses.0.id", 2)).items["license"].tolist() == ["1"] * 3


def test_width_and_height_exchanged_are_recognised(read: Read) -> None:
    coco = whole_file()
    for entry in coco["images"][:2]:
        entry["width"], entry["height"] = HIGH, WIDE
    (error,) = refused(read, coco)
    assert (error.rule, error.count) == ("dataset/image-size", 2)
    assert "width and height are exchanged" in error.hint
    coco["images"][2]["width"] = WIDE + 1
    (error,) = refused(read, coco)
    assert (error.count, "scaled" in error.hint, "exchanged" in error.hint) == (3, True, False)


def test_an_image_that_claims_to_be_huge_is_not_opened(read: Read, tmp_path: Path) -> None:
    read()
    (tmp_path / "images" / "huge.png").write_bytes(claiming(100_000, 100_000))
    (error,) = refused(read, changed("images.1.file_name", "huge.png"))
    assert (error.rule, error.items) == ("dataset/unreadable-image", ("huge.png",))
    assert "more pixels than are taken" in error.hint


@pytest.mark.parametrize(("key", "column"), [("id", "number"), ("file", "picture")])
def test_a_table_is_joined_by_the_column_that_is_named(read: Read, key: str, column: str) -> None:
    """``trap`` names every image too, in another order, and stands first."""
    table = "trap,number,picture,patient\nimg2,10,img0.png,p0\nimg0,11,img1.png,p1\nimg1,12,img2.png,p2\n"
    found = read(more=f"{JOINED}  {key}: {column}\n", table_csv=table)
    assert found.items["patient"].tolist() == ["p0", "p1", "p2"]
    assert found.findings == ()
    assert read(more=JOINED, table_csv=table).items["patient"].tolist() == ["p1", "p2", "p0"]


@pytest.mark.parametrize("key", ["id", "file"])
def test_a_table_without_the_named_column_is_refused_with_the_nearest(read: Read, key: str) -> None:
    table = "number,patient\n10,p0\n11,p1\n12,p2\n"
    errors = refused(read, more=f"{JOINED}  {key}: nummer\n", table_csv=table)
    assert {error.rule for error in errors} == {"dataset/missing-column"}
    assert "table.csv has no column 'nummer'" in errors[0].message
    assert "'number'" in errors[0].hint


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"size": [HIGH, WIDE], "counts": []}, "runs do not sum"),
        ({"size": [HIGH, WIDE], "counts": None}, "runs do not sum"),
        ({"size": [HIGH, WIDE], "counts": [HIGH * WIDE + 5, -5]}, "runs do not sum"),
        ({"size": [HIGH, WIDE], "counts": [HIGH * WIDE / 2] * 2}, "runs do not sum"),
        ("polygon", "neither polygons nor run lengths"),
        (7, "neither polygons nor run lengths"),
        ([[True] * 6], "no list of lists of numbers"),
    ],
)
def test_segmentations_that_are_none_are_told_with_the_reason(read: Read, value: Any, words: str) -> None:
    (error,) = refused(read, changed("annotations.0.segmentation", value), "instance_segmentation")
    assert (error.rule, error.count) == ("dataset/mask", 1)
    assert f"annotations[0]: {words}" in str(error)


def test_a_crowd_needs_no_keypoints_but_an_object_does(read: Read) -> None:
    coco = changed("annotations.2.keypoints", ...)
    labels = read(coco, "keypoints").labels
    assert (labels["crowd"][2], labels["points"][2]) == (True, (0.0,) * 6)
    coco["annotations"][2]["iscrowd"] = 0
    (error,) = refused(read, coco, "keypoints")
    assert (error.rule, error.items) == ("dataset/keypoints", ("annotations[2]",))


def test_a_sketch_without_images_near_says_where_to_put_them(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"img0\.png' is nowhere near") as caught:
        sketched(folder, whole_file())
    assert "beside the file" in caught.value.findings[0].hint


def test_init_finds_images_beside_a_file_that_is_named_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for below in ("annotations", "images"):
        (folder / below).mkdir()
    Image.new("L", (WIDE, HIGH)).save(folder / "images" / "img0.png")
    (folder / "annotations" / "all.json").write_text(json.dumps(whole_file()))
    monkeypatch.chdir(folder.parent)
    started = write_challenge(Path("begun"), f"auto:{folder.name}/annotations/all.json")
    chosen = {name: value for name, value, _ in started.choices}
    assert (chosen["data.reader"], chosen["data.path"]) == ("coco", f"../{folder.name}/annotations/all.json")
    assert (Path("begun") / chosen["data.images"]).resolve() == (folder / "images").resolve()


def test_a_sketch_of_images_beside_their_file_names_no_folder(folder: Path) -> None:
    Image.new("L", (WIDE, HIGH)).save(folder / "img0.png")
    found = sketched(folder, whole_file())
    assert (found["images"], found["masks"]) == (None, None)
    coco = whole_file()
    coco["images"][0]["file_name"] = str(folder / "img0.png")
    assert sketched(folder, coco)["images"] is None
    (folder / "img0.png").rename(folder.parent / "img0.png")
    coco["images"][0]["file_name"] = str(folder.parent.parent / "img0.png")
    assert sketched(folder, coco)["images"].value == folder.parent


def test_a_sketch_finds_the_png_files_of_segments(folder: Path) -> None:
    (folder / "images").mkdir()
    Image.new("L", (WIDE, HIGH)).save(folder / "images" / "img0.png")
    found = sketched(folder, panoptic())
    assert (found["task"].value, found["masks"]) == ("panoptic_segmentation", None)
    (folder / "deep" / "pngs").mkdir(parents=True)
    Image.new("RGB", (WIDE, HIGH)).save(folder / "deep" / "pngs" / "p0.png")
    assert sketched(folder, panoptic())["masks"].value == folder / "deep" / "pngs"
    (folder / "coco").mkdir()
    Image.new("RGB", (WIDE, HIGH)).save(folder / "coco" / "p0.png")
    assert sketched(folder, panoptic())["masks"] is None
