"""COCO files with ids of text and with labels of whole images, as camera traps have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compete.building.starter import write_challenge
from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.readers import read_dataset, sketch_dataset
from tests.readers.coco_files import Coco, read_files, refused, whole_file

CLASSES = ["empty", "deer", "fox"]


def text_ids(coco: Coco, *, prefix: str = "") -> Coco:
    """The file with text in place of all numbers."""
    for entry in [*coco["images"], *coco["categories"]]:
        entry["id"] = f"{prefix}{entry['id']}"
    for entry in coco["annotations"]:
        entry["image_id"], entry["category_id"] = f"{prefix}{entry['image_id']}", f"{prefix}{entry['category_id']}"
    return coco


def trapped(*classes: Any, images: int = 3) -> Coco:
    """A file of camera traps: a class, or several, for each of the first images; the ids are text."""
    coco = whole_file(images)
    for number, image in enumerate(coco["images"]):
        image |= {"id": f"uuid-{number}", "seq_id": f"s{number // 2}", "location": number % 2}
    coco["categories"] = [{"id": number, "name": name} for number, name in enumerate(CLASSES)]
    coco["annotations"] = [
        {"id": f"x{number}", "image_id": f"uuid-{number}", "category_id": CLASSES.index(name), "sequence_level": False}
        for number, names in enumerate(classes)
        for name in ([names] if isinstance(names, str) else names)
    ]
    return coco


def read(tmp_path: Path, coco: Coco, task: str = "classification", more: str = "  label: label\n") -> Dataset:
    return read_files(tmp_path, coco, task, more)


@pytest.mark.parametrize(("prefix", "numbers"), [("", [2, 7]), ("c", [1, 2])])
def test_ids_of_text_are_numbered(tmp_path: Path, prefix: str, numbers: list[int]) -> None:
    found, whole = read_files(tmp_path, text_ids(whole_file(), prefix=prefix)), read_files(tmp_path, whole_file())
    assert [category.number for category in found.categories] == numbers
    assert found.labels["item"].tolist() == whole.labels["item"].tolist()
    assert found.labels["label"].tolist() == whole.labels["label"].tolist()
    assert found.labels["x"].tolist() == whole.labels["x"].tolist()


MIXED = [
    (("images", 0, "id", 10), "coco-image", "images[1]"),
    (("categories", 0, "id", 7), "category", "categories[1]"),
    (("annotations", 0, "image_id", "nowhere"), "unknown-image", 'annotations[0]: "nowhere"'),
    (("annotations", 0, "category_id", ["a"]), "unknown-category", 'annotations[0]: ["a"]'),
    (("images", 1, "id", "i10"), "repeated-id", "img1.png"),
]


@pytest.mark.parametrize(("change", "rule", "words"), MIXED)
def test_faults_of_ids_are_told(tmp_path: Path, change: tuple[str, int, str, Any], rule: str, words: str) -> None:
    coco = text_ids(whole_file(), prefix="i")
    what, place, key, value = change
    coco[what][place][key] = value
    error = refused(read_files, tmp_path, coco)[0]
    assert (error.rule, words in str(error)) == (f"dataset/{rule}", True)


def test_labels_of_whole_images_are_a_column(tmp_path: Path) -> None:
    found = read(tmp_path, trapped("deer", "empty", "deer"))
    assert found.labels["label"].tolist() == ["deer", "empty", "deer"]
    assert found.items[["seq_id", "location"]].to_numpy().tolist() == [["s0", "0"], ["s0", "1"], ["s1", "0"]]
    proposed = sketch_dataset("coco", tmp_path / "coco.json")
    assert (proposed["task"].value, proposed["label"].value) == ("classification", "label")
    assert [one.value for one in proposed["group"]] == ["seq_id"]
    (error,) = refused(read, tmp_path, trapped("deer", "fox"), "detection", "")
    assert (error.rule, "label: label" in error.hint) == ("dataset/no-object", True)


def test_init_makes_a_challenge_of_camera_traps(tmp_path: Path) -> None:
    read(tmp_path, trapped("deer", "empty", "deer"))
    challenge = load_challenge(write_challenge(tmp_path / "traps", f"auto:{tmp_path / 'coco.json'}").path)
    assert (challenge.task, list(challenge.data.label), list(challenge.data.group)) == (
        "classification", ["label"], ["seq_id"],
    )  # fmt: skip
    assert read_dataset(challenge).labels["label"].tolist() == ["deer", "empty", "deer"]


def test_images_with_several_classes_have_no_label_and_are_told(tmp_path: Path) -> None:
    coco = trapped("deer", ["deer", "fox", "fox"], "fox")
    found = read(tmp_path, coco, "multilabel", '  label: ["label: deer", "label: fox"]\n')
    assert found.items["label"].tolist() == ["deer", "", "fox"]
    assert found.items[["label: deer", "label: fox"]].to_numpy().tolist() == [["1", "0"], ["1", "1"], ["0", "1"]]
    (told,) = [finding for finding in found.findings if finding.rule == "dataset/several-labels"]
    assert (told.items, told.severity) == (("img1.png",), "warning")
    assert sketch_dataset("coco", tmp_path / "coco.json")["task"].value == "multilabel"


def test_images_without_a_label_are_left_out_of_a_classification(tmp_path: Path) -> None:
    found = read(tmp_path, trapped("deer", ["deer", "fox"], "fox"))
    assert found.labels[["item", "label"]].to_numpy().tolist() == [["img0", "deer"], ["img2", "fox"]]
    assert found.items.index.tolist() == ["img0", "img2"]
    (told,) = [finding for finding in found.findings if finding.rule == "dataset/missing-label"]
    assert (told.items, told.severity) == (("img1",), "warning")
    assert refused(read, tmp_path, trapped(["deer", "fox"]))[0].rule == "dataset/missing-label"


def test_empty_images_beside_boxes_are_images_without_objects(tmp_path: Path) -> None:
    coco = trapped("deer", "empty", "fox")
    for entry in coco["annotations"][::2]:
        entry["bbox"] = [1, 2, 3, 4]
    found = read(tmp_path, coco, "detection", "")
    assert found.labels[["item", "label"]].to_numpy().tolist() == [["img0", "deer"], ["img2", "fox"]]
    assert read(tmp_path, coco).labels["label"].tolist() == ["deer", "empty", "fox"]
    del coco["annotations"][0]["bbox"]  # an animal that nobody placed would be missing among the objects
    (error,) = refused(read, tmp_path, coco, "detection", "")
    assert (error.rule, "annotations[0]" in str(error)) == ("dataset/box", True)


def test_captions_are_told_as_captions(tmp_path: Path) -> None:
    coco = whole_file()
    del coco["categories"]
    coco["annotations"] = [{"id": 1, "image_id": 10, "caption": "a fish"}]
    (error,) = refused(read_files, tmp_path, coco)
    assert (error.rule, error.message) == ("dataset/coco-file", "the file holds captions only, and no labels")
