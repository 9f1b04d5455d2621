"""What LVIS adds to COCO: which classes were looked for in which image, how frequent they are, files by addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from compete.readers import sketch_dataset
from compete.readers.formats.coco_file import read_coco
from tests.readers.coco_files import Coco, Read, read_files, refused, whole_file

ADDRESS = "http://images.example.org/val2017/"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file, its images and a challenge, and read them."""
    return partial(read_files, tmp_path)


def lvis() -> Coco:
    """A sound file in which the crab (2) is absent from the second image, and the fish (7) from the third."""
    coco = whole_file()
    lists = (([], [7]), ([2], []), ([7, 7], []))
    for image, (absent, more) in zip(coco["images"], lists, strict=True):
        image |= {"neg_category_ids": absent, "not_exhaustive_category_ids": more}
    for category, letter in zip(coco["categories"], "fr", strict=True):
        category["frequency"] = letter
    return coco


def test_lists_of_images_and_letters_of_categories_are_read(read: Read) -> None:
    found = read(lvis())
    coverage = found.coverage
    assert [category.name for category in found.categories] == ["crab", "fish"]
    assert coverage
    assert coverage.absent is not None
    assert coverage.not_exhaustive is not None
    assert coverage.frequency is not None
    assert coverage.absent.tolist() == [[1, 0], [2, 1]]
    assert coverage.not_exhaustive.tolist() == [[0, 1]]
    assert coverage.frequency.tolist() == [0, 2]
    assert (coverage.present, coverage.parents) == (None, None)
    assert "neg_category_ids" not in found.items.columns
    assert read(whole_file()).coverage is None


def test_what_contains_a_category_is_read(read: Read) -> None:
    coco = lvis()
    coco["categories"][1]["parents"] = [7]
    coverage = read(coco).coverage
    assert coverage
    assert coverage.parents is not None
    assert coverage.parents.tolist() == [[0, 1]]


def spoil(*keys: Any, value: Any) -> Callable[[Coco], None]:
    """Set one value of a file."""

    def change(coco: Coco) -> None:
        place: Any = coco
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


@pytest.mark.parametrize("value", [[3], ["2"], "2", [True], [[2]], {"2": 2}, [2.0]])
def test_lists_of_what_is_no_category_are_refused(read: Read, value: Any) -> None:
    coco = lvis()
    spoil("images", 1, "neg_category_ids", value=value)(coco)
    (error,) = refused(read, coco)
    assert (error.rule, error.items) == ("dataset/coverage", ("neg_category_ids of image 11",))


def test_categories_in_a_circle_are_refused(read: Read) -> None:
    coco = lvis()
    coco["categories"][0]["parents"], coco["categories"][1]["parents"] = [2], [7]
    (error,) = refused(read, coco)
    assert (error.rule, error.items) == ("dataset/coverage", ("crab", "fish"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (spoil("categories", 0, "frequency", value=None), "does not say how frequent"),
        (spoil("categories", 0, "frequency", value=["r"]), "does not say how frequent"),
        (spoil("categories", 0, "parents", value=["animal"]), "are no numbers"),
        (spoil("images", 0, "neg_category_ids", value=[2]), "is said to be absent"),
    ],
)
def test_what_is_odd_is_told(read: Read, change: Callable[[Coco], None], words: str) -> None:
    coco = lvis()
    change(coco)
    (warning,) = [finding for finding in read(coco).findings if finding.rule == "dataset/coverage"]
    assert warning.severity == "warning"
    assert words in warning.message


def test_a_frequency_of_another_kind_is_no_frequency(read: Read) -> None:
    coco = whole_file()
    for category in coco["categories"]:
        category["frequency"] = 50.0
    found = read(coco)
    assert found.coverage is None
    assert all(finding.rule != "dataset/coverage" for finding in found.findings)


def by_address(coco: Coco) -> Coco:
    """The file with its images named by addresses alone."""
    for image in coco["images"]:
        image["coco_url"] = ADDRESS + image.pop("file_name")
    return coco


@pytest.mark.parametrize("folder", ["images", "images/val2017"])
def test_images_are_found_by_their_addresses(read: Read, tmp_path: Path, folder: str) -> None:
    read(lvis())
    if folder != "images":
        (tmp_path / folder).mkdir()
        for path in (tmp_path / "images").glob("*.png"):
            path.rename(tmp_path / folder / path.name)
    (tmp_path / "coco.json").write_text(json.dumps(by_address(lvis())))
    annotated = read_coco(tmp_path / "coco.json")
    assert annotated.file[0] == "val2017/img0.png"
    assert "coco_url" not in annotated.columns
    found = sketch_dataset("coco", tmp_path / "coco.json")
    assert found["images"].value == tmp_path / "images"
    assert found["metrics"].value["detection"] == "lvis_box_ap"


def test_a_challenge_reads_images_named_by_addresses(read: Read) -> None:
    found = read(by_address(lvis()))
    assert found.items.index.tolist() == ["img0", "img1", "img2"]
    assert found.coverage is not None
