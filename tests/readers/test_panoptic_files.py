"""Panoptic annotations: how segment numbers are written, where their PNG files are, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.readers.coco_files import HIGH, WIDE, Coco, Read, read_files, refused, whole_file
from tests.readers.png_files import claiming, grey_of_few_bits

TASK = "panoptic_segmentation"
FISH, CRAB = 13, 2


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file, its images and a challenge, and read them."""
    return partial(read_files, tmp_path)


def segmented() -> Coco:
    """The JSON of three images with a fish of 100 pixels and a crab of 120 each."""
    coco = whole_file()
    segments = [{"id": FISH, "category_id": 7}, {"id": CRAB, "category_id": 2}]
    coco["annotations"] = [
        {"image_id": 10 + number, "file_name": f"p{number}.png", "segments_info": [dict(one) for one in segments]}
        for number in range(3)
    ]
    return coco


def numbers() -> np.ndarray[Any, Any]:
    """The segment number of each pixel."""
    pixels = np.zeros((HIGH, WIDE), dtype=np.uint8)
    pixels[5:15, 10:20] = FISH
    pixels[:3] = CRAB
    return pixels


def write_all(folder: Path, write: Callable[[Path], Any]) -> None:
    """Write the PNG of each image."""
    folder.mkdir(exist_ok=True)
    for number in range(3):
        write(folder / f"p{number}.png")


WRITERS: dict[str, Callable[[Path], Any]] = {
    "colour": lambda path: Image.fromarray(np.stack([numbers(), 0 * numbers(), 0 * numbers()], axis=-1)).save(path),
    "grey of 4 bits": lambda path: grey_of_few_bits(path, numbers(), 4),
    "grey of 8 bits": lambda path: Image.fromarray(numbers()).save(path),
    "grey of 16 bits": lambda path: Image.fromarray(numbers().astype(np.uint16)).save(path),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_segment_numbers_are_the_same_however_they_are_written(read: Read, tmp_path: Path, kind: str) -> None:
    write_all(tmp_path / "coco", WRITERS[kind])
    found = read(segmented(), TASK)
    assert found.labels["segment"].tolist() == [CRAB, FISH] * 3
    assert found.labels["label"].tolist() == ["crab", "fish"] * 3
    assert found.labels["area"].tolist() == [120, 100] * 3
    assert found.maps is not None
    assert np.array_equal(found.maps.array(2), numbers())
    assert found.findings == ()


def test_the_folder_of_png_files_is_the_declared_one(read: Read, tmp_path: Path) -> None:
    write_all(tmp_path / "pngs", WRITERS["colour"])
    (error,) = refused(read, segmented(), TASK)
    assert (error.rule, str(tmp_path / "coco") in error.message) == ("dataset/missing-file", True)
    assert len(read(segmented(), TASK, more="  masks: pngs\n").labels) == 6


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA"])
def test_pixels_that_are_no_segment_numbers_are_refused(read: Read, tmp_path: Path, mode: str) -> None:
    write_all(tmp_path / "coco", WRITERS["colour"])
    Image.new(mode, (WIDE, HIGH)).save(tmp_path / "coco" / "p1.png")
    (error,) = refused(read, segmented(), TASK)
    assert (error.rule, error.count) == ("dataset/label-image", 1)
    assert error.items == (f"p1.png: its pixels are {mode}; segment numbers are written as red, green and blue",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no image", "p2.png: cannot identify image file"),
        (claiming(100_000, 100_000), "p2.png: it claims to have more pixels than are taken"),
    ],
)
def test_png_files_that_cannot_be_read_are_told(read: Read, tmp_path: Path, content: bytes, words: str) -> None:
    write_all(tmp_path / "coco", WRITERS["colour"])
    (tmp_path / "coco" / "p2.png").write_bytes(content)
    (error,) = refused(read, segmented(), TASK)
    assert (error.rule, error.count) == ("dataset/label-image", 1)
    assert words in str(error)
    assert str(tmp_path) not in str(error)


MALFORMED: list[tuple[str, Callable[[list[Any]], Any]]] = [
    ("a text", lambda all_of: all_of.__setitem__(0, "text")),
    ("image in quotes", lambda all_of: all_of[0].update(image_id="10")),
    ("no file", lambda all_of: all_of[0].pop("file_name")),
    ("file that no path can be", lambda all_of: all_of[0].update(file_name="p0\0.png")),
    ("segment without category", lambda all_of: all_of[0]["segments_info"][0].pop("category_id")),
    ("segment of the number of void", lambda all_of: all_of[0]["segments_info"][0].update(id=0)),
    ("segment that is half a crowd", lambda all_of: all_of[0]["segments_info"][0].update(iscrowd=0.5)),
    ("segment that is a number", lambda all_of: all_of[0]["segments_info"].append(5)),
]


@pytest.mark.parametrize("change", [change for _, change in MALFORMED], ids=[name for name, _ in MALFORMED])
def test_annotations_that_are_none_are_told_by_their_place(
    read: Read, tmp_path: Path, change: Callable[[list[Any]], Any]
) -> None:
    write_all(tmp_path / "coco", WRITERS["colour"])
    coco = segmented()
    change(coco["annotations"])
    errors = refused(read, coco, TASK)
    assert (errors[0].rule, errors[0].items) == ("dataset/annotation", ("annotations[0]",))
    assert "segments_info" in errors[0].hint


def test_things_that_are_no_category_are_refused_with_the_nearest(read: Read, tmp_path: Path) -> None:
    write_all(tmp_path / "coco", WRITERS["colour"])
    (error,) = refused(read, segmented(), TASK, more="  things: [fish, crap]\n")
    assert (error.rule, "'crap'" in error.message, "'crab'" in error.hint) == ("dataset/category", True, True)


def test_images_of_nothing_but_void_have_no_label(read: Read, tmp_path: Path) -> None:
    write_all(tmp_path / "coco", lambda path: Image.new("RGB", (WIDE, HIGH)).save(path))
    coco = segmented()
    for entry in coco["annotations"]:
        entry["segments_info"] = []
    found = read(coco, TASK)
    assert (len(found.items), len(found.labels), found.findings) == (3, 0, ())
