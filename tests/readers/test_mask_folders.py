"""The masks and object_masks readers: label images beside images, and one mask file an object."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import Dataset, feature_columns
from compete.errors import DatasetError, Finding
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES
from tests.readers.yolo_files import read_files

WIDE, HIGH = 12, 8
VALUES = "  file: file\n  mask: mask\n  values: {background: 0, cell: 1}\n"


def save(path: Path, *box: int, value: int = 255) -> None:
    """A grey PNG with a rectangle of one value: left, top, right, bottom."""
    pixels = np.zeros((HIGH, WIDE), dtype=np.uint8)
    left, top, right, bottom = box or (0, 0, 0, 0)
    pixels[top:bottom, left:right] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_pairs(folder: Path, image: str = "images/{}.png", mask: str = "masks/{}.png") -> Path:
    """Three images with label images."""
    for number, name in enumerate("abc"):
        save(folder / image.format(name), 0, 0, 4, 4, value=number)
        save(folder / mask.format(name), number, 0, 5, 5, value=1)
    return folder


def write_objects(folder: Path, image: str = "{0}/images/{0}.png", mask: str = "{0}/masks/{1}.png") -> Path:
    """Two images: the first with two objects, the second with one."""
    save(folder / image.format("a"), value=1)
    save(folder / image.format("b"), value=2)
    save(folder / mask.format("a", "m1"), 1, 2, 4, 5)
    save(folder / mask.format("a", "m2"), 6, 2, 8, 8, value=1)
    save(folder / mask.format("b", "m3"), 0, 0, 12, 8)
    return folder


def read_pairs(folder: Path, more: str = VALUES) -> Dataset:
    """Read label images."""
    return read_files(folder, "semantic_segmentation", more, reader="masks")


def refused(folder: Path, task: str, reader: str, more: str = "") -> list[Finding]:
    """The errors of a folder that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read_files(folder, task, more, reader=reader)
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/{}.png", "masks/{}.png"),
        ("train/images/{}.png", "train/labels/{}.png"),
        ("images/train/{}.png", "annotations/train/{}.png"),
        ("train/{}.png", "trainannot/{}.png"),
        ("JPEGImages/{}.png", "SegmentationClass/{}.png"),
        ("images/image_{}.png", "masks/gt_{}.png"),
        ("img/{}.png", "img_masks/{}_mask.png"),
        ("images/{}.jpg", "masks/{}.tif"),
        ("{}.png", "masks/{}.png"),
    ],
)
def test_images_and_label_images_are_paired(tmp_path: Path, image: str, mask: str) -> None:
    write_pairs(tmp_path / "data", image, mask)
    assert recognise_dataset(tmp_path / "data")[0] == "masks"
    found = read_pairs(tmp_path)
    assert [Path(name).name for name in found.items["file"]] == [Path(image.format(name)).name for name in "abc"]
    assert found.labels["label"].tolist() == ["background", "cell"] * 3
    assert found.labels["area"].tolist()[1::2] == [25, 20, 15]
    assert ("split" in found.items) == ("train" in image)
    assert feature_columns(load_challenge(tmp_path), found) == ()


def test_a_sketch_proposes_the_values_that_occur(tmp_path: Path) -> None:
    write_pairs(tmp_path / "data")
    sketched = sketch_dataset("masks", tmp_path / "data")
    assert sketched["values"].value == {"background": 0, "object": 1}
    save(tmp_path / "data" / "masks" / "b.png", 0, 0, 3, 3, value=255)
    assert sketch_dataset("masks", tmp_path / "data")["values"].value == {
        "background": 0, "class_1": 1, "class_255": 255,
    }  # fmt: skip
    meta = {"label_map": {"0": "none", "1": "cell", "255": "edge"}}
    (tmp_path / "data" / "dataset_meta.json").write_text(json.dumps(meta))
    assert sketch_dataset("masks", tmp_path / "data")["values"].value == {"none": 0, "cell": 1, "edge": 255}
    for name in "abc":
        Image.new("RGB", (WIDE, HIGH), (9, 0, 0)).save(tmp_path / "data" / "masks" / f"{name}.png")
    with pytest.raises(DatasetError, match="no label image can be read"):
        sketch_dataset("masks", tmp_path / "data")


def test_unpaired_files_are_told(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path / "data")
    (folder / "masks" / "b.png").unlink()
    found = read_pairs(tmp_path)
    (warning,) = found.findings
    assert (warning.rule, warning.items, len(found.items)) == ("dataset/no-label-file", ("images/b.png",), 2)
    save(folder / "masks" / "d.png")
    (error,) = refused(tmp_path, "semantic_segmentation", "masks", VALUES)
    assert (error.rule, error.items) == ("dataset/unknown-image", ("masks/d.png",))
    (folder / "masks" / "d.png").unlink()
    save(folder / "masks" / "a_mask.png")
    (error,) = refused(tmp_path, "semantic_segmentation", "masks", VALUES)
    assert (error.rule, error.items) == ("dataset/repeated-id", ("images/a.png",))


def test_values_that_are_no_class_are_refused(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path / "data")
    save(folder / "masks" / "b.png", 0, 0, 3, 3, value=7)
    (error,) = refused(tmp_path, "semantic_segmentation", "masks", VALUES)
    assert error.rule == "dataset/label-value"


@pytest.mark.parametrize(
    ("image", "mask"),
    [("{0}/images/{0}.png", "{0}/masks/{1}.png"), ("set/{0}/images/{0}.png", "set/{0}/masks/{1}.png"),
     ("images/{0}.png", "masks/{0}/{1}.png"), ("train/images/{0}.png", "train/masks/{0}/{1}.png")],
)  # fmt: skip
def test_each_mask_is_an_object(tmp_path: Path, image: str, mask: str) -> None:
    pycocotools = pytest.importorskip("pycocotools.mask")
    write_objects(tmp_path / "data", image, mask)
    assert recognise_dataset(tmp_path / "data")[0] == "object_masks"
    assert sketch_dataset("object_masks", tmp_path / "data")["task"].value == "instance_segmentation"
    found = read_files(tmp_path, "instance_segmentation", reader="object_masks")
    assert found.labels["item"].tolist() == ["a", "a", "b"]
    boxes = found.labels[["x", "y", "width", "height"]].to_numpy().tolist()
    assert boxes == [[1, 2, 3, 3], [6, 2, 2, 6], [0, 0, 12, 8]]
    bitmap = np.zeros((HIGH, WIDE), dtype=np.uint8, order="F")
    bitmap[2:5, 1:4] = 1
    assert found.labels["rle"][0] == pycocotools.encode(bitmap)["counts"].decode()
    assert found.labels["area"].tolist() == [9, 12, 96]


def test_odd_masks_are_told(tmp_path: Path) -> None:
    folder = write_objects(tmp_path / "data")
    save(folder / "a" / "masks" / "empty.png")
    pixels = np.zeros((HIGH, WIDE, 3), dtype=np.uint8)
    pixels[0, 0], pixels[0, 1] = (255, 0, 0), (0, 128, 0)
    Image.fromarray(pixels).save(folder / "b" / "masks" / "soft.png")
    save(folder / "c" / "images" / "c.png", value=3)
    found = read_files(tmp_path, "instance_segmentation", reader="object_masks")
    told = {finding.rule: finding.items for finding in found.findings}
    assert told["dataset/empty-object"] == ("a/masks/empty.png",)
    assert told["dataset/mask"] == ("b/masks/soft.png",)
    assert told["dataset/no-label-file"] == ("c/images/c.png",)
    assert len(found.labels) == 4
    assert len(found.items) == 3


@pytest.mark.parametrize(
    ("file", "content", "rule", "words"),
    [
        ("a/masks/m1.png", b"", "mask", "cannot be read"),
        ("a/masks/m1.png", b"\x89PNG\r\n\x1a\n123", "mask", "cannot be read"),
        ("a/masks/m1.png", (4, 4), "mask", "4 × 4, its image 12 × 8"),
        ("a/images/a.png", b"x", "mask", "its image cannot be read"),
        ("c/masks/m1.png", (12, 8), "unknown-image", "c/masks"),
        ("a/images/other.png", (12, 8), "repeated-id", "a/images"),
    ],
)
def test_one_fault_one_error(
    tmp_path: Path, file: str, content: bytes | tuple[int, int], rule: str, words: str
) -> None:
    path = write_objects(tmp_path / "data") / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        Image.new("L", content, 1).save(path)
    errors = refused(tmp_path, "instance_segmentation", "object_masks")
    assert f"dataset/{rule}" in [error.rule for error in errors]
    assert words in "\n".join(map(str, errors))


@pytest.mark.parametrize(("reader", "task"), [("masks", "semantic_segmentation"), ("object_masks", "detection")])
def test_folders_without_masks_are_refused(tmp_path: Path, reader: str, task: str) -> None:
    save(tmp_path / "data" / "images" / "a.png")
    (error,) = refused(tmp_path, task, reader, VALUES if reader == "masks" else "")
    assert (error.rule, "expected:" in error.hint) == ("dataset/label-file", True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.integers(0, 90), st.binary(max_size=4), st.integers(0, 20))
def test_any_edit_of_a_mask_is_read_or_refused(tmp_path: Path, place: int, data: bytes, cut: int) -> None:
    path = write_objects(tmp_path / "data") / "a" / "masks" / "m1.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + data + whole[place + cut :])
    try:
        findings = read_files(tmp_path, "instance_segmentation", reader="object_masks").findings
    except DatasetError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)


@pytest.mark.real_data
def test_real_nuclei_are_read(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(real_data.resolve() / "dsb2018")
    assert recognise_dataset(tmp_path / "data")[0] == "object_masks"
    found = read_files(tmp_path, "instance_segmentation", reader="object_masks")
    assert (len(found.items), len(found.labels)) == (40, 1069)
    assert {finding.severity for finding in found.findings} <= {"warning"}


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["common_semantic_segmentation_dataset/dataset", "camvid_dataset"])
def test_real_colours_are_refused_with_their_cure(real_data: Path, name: str) -> None:
    path = real_data / "exports" / "datumaro" / name
    assert recognise_dataset(path)[0] == "masks"
    with pytest.raises(DatasetError, match="turn colours into numbers"):
        sketch_dataset("masks", path)
