"""Label images: PNG and TIFF of every depth, panoptic segments, and what is wrong with those that are none."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.errors import ChallengeError
from compete.readers import read_dataset
from tests.readers.coco_files import HIGH, WIDE, Coco, Read, read_files, refused, whole_file
from tests.scoring.tiff_files import LZW, SHORT, tiff


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file, its images and a challenge, and read them."""
    return partial(read_files, tmp_path)


def panoptic(tmp_path: Path) -> Coco:
    """A panoptic file of three images with its PNG files."""
    coco = whole_file()
    (tmp_path / "coco").mkdir(exist_ok=True)
    coco["annotations"] = []
    for number in range(3):
        pixels = np.zeros((HIGH, WIDE, 3), dtype=np.uint8)
        pixels[5:15, 10:20] = (1, 2, 0)
        pixels[:3] = (0, 0, 1)
        Image.fromarray(pixels).save(tmp_path / "coco" / f"p{number}.png")
        segments = [{"id": 513, "category_id": 7, "iscrowd": number % 2}, {"id": 65536, "category_id": 2}]
        coco["annotations"].append({"image_id": 10 + number, "file_name": f"p{number}.png", "segments_info": segments})
    coco["categories"][1]["isthing"] = 0
    return coco


def test_panoptic_segments_are_labels(read: Read, tmp_path: Path) -> None:
    found = read(panoptic(tmp_path), "panoptic_segmentation")
    assert found.labels["segment"].tolist() == [513, 65536] * 3
    assert found.labels["label"].tolist() == ["fish", "crab"] * 3
    assert found.labels["area"].tolist() == [100, 120] * 3
    assert found.labels["crowd"].tolist() == [False, False, True, False, False, False]
    assert [category.thing for category in found.categories] == [False, True]
    assert found.maps is not None
    assert sorted(np.unique(found.maps.array(0)).tolist()) == [0, 513, 65536]
    things = read(panoptic(tmp_path), "panoptic_segmentation", more="  things: [crab]\n").categories
    assert [category.thing for category in things] == [True, False]


def test_panoptic_faults(read: Read, tmp_path: Path) -> None:
    cases: list[tuple[Callable[[Coco], Any], str]] = [
        (lambda coco: coco["annotations"].pop(), "dataset/annotation"),
        (lambda coco: coco["annotations"].append(coco["annotations"][0]), "dataset/annotation"),
        (lambda coco: coco["annotations"][0].update(image_id=1), "dataset/unknown-image"),
        (lambda coco: coco["annotations"][0].update(segments_info={}), "dataset/annotation"),
        (lambda coco: coco["annotations"][0].update(file_name="p9.png"), "dataset/missing-file"),
        (lambda coco: coco["annotations"][0].update(file_name="../coco.json"), "dataset/file-outside"),
        (lambda coco: coco["annotations"][0]["segments_info"].pop(), "dataset/segment"),
        (lambda coco: coco["annotations"][0]["segments_info"][0].update(id=65536), "dataset/segment"),
        (lambda coco: coco["annotations"][0]["segments_info"][0].update(category_id=5), "dataset/unknown-category"),
    ]
    for change, rule in cases:
        coco = panoptic(tmp_path)
        change(coco)
        assert rule in [error.rule for error in refused(read, coco, "panoptic_segmentation")]
    coco = panoptic(tmp_path)
    coco["annotations"][0]["segments_info"].append({"id": 4, "category_id": 7})
    (warning,) = read(coco, "panoptic_segmentation").findings
    assert "has no pixel" in warning.message
    Image.new("RGB", (WIDE, HIGH + 1)).save(tmp_path / "coco" / "p0.png")
    (error,) = refused(read, panoptic_without_files(), "panoptic_segmentation")
    assert (error.rule, "40 × 31" in str(error)) == ("dataset/label-image", True)


def panoptic_without_files() -> Coco:
    """The JSON alone."""
    coco = whole_file()
    segments = [{"id": 513, "category_id": 7}, {"id": 65536, "category_id": 2}]
    coco["annotations"] = [
        {"image_id": 10 + number, "file_name": f"p{number}.png", "segments_info": segments} for number in range(3)
    ]
    return coco


def test_label_images_of_a_coco_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    for number in range(3):
        values = np.full((HIGH, WIDE), 2, dtype=np.uint8)
        values[:10] = 7
        values[-1] = 255
        Image.fromarray(values).save(tmp_path / "labels" / f"img{number}.png")
    more = "  masks: labels\n  ignore: 255\n"
    found = read(task="semantic_segmentation", more=more)
    assert found.labels["label"].tolist() == ["crab", "fish"] * 3
    assert found.labels["area"].tolist() == [19 * WIDE, 10 * WIDE] * 3
    (error,) = refused(read, task="semantic_segmentation", more="  masks: labels\n")
    assert (error.rule, error.items) == ("dataset/label-value", ("img0: 255", "img1: 255", "img2: 255"))


def table(tmp_path: Path, values: str, more: str = "") -> Dataset:
    """Read a table of two images and their label images."""
    for number in range(2):
        Image.new("RGB", (WIDE, HIGH), (number, 0, 0)).save(tmp_path / f"{number}.png")
    (tmp_path / "table.csv").write_text("id,file,mask,depth,width\na,0.png,m0.png,3,x\nb,1.png,m1.png,4,y\n")
    (tmp_path / "challenge.yaml").write_text(
        "name: a\ntitle: b\ntask: semantic_segmentation\n"
        f"data: {{path: table.csv, id: id, file: file, mask: mask, values: {values}{more}}}\n"
        "split: {seed: 0123456789abcdef}\nscore: {metric: m}\n"
    )
    return read_dataset(load_challenge(tmp_path))


def write_bits(path: Path, values: np.ndarray, bits: int) -> None:
    """A grey PNG of 1, 2 or 4 bits a pixel, which Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    steps = np.unpackbits(values[..., None].astype(np.uint8), axis=-1)[..., 8 - bits :].reshape(len(values), -1)
    rows = b"".join(b"\0" + np.packbits(row).tobytes() for row in steps)
    high, wide = values.shape
    header = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + bytes([bits, 0, 0, 0, 0])
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16, "palette"])
def test_values_are_read_at_every_depth(tmp_path: Path, depth: Any) -> None:
    top = {1: 1, 2: 3, 4: 15, 8: 200, 16: 40000, "palette": 9}[depth]
    values = np.zeros((HIGH, WIDE), dtype=np.uint16)
    values[3:7, 2:9] = top
    for number in range(2):
        path = tmp_path / f"m{number}.png"
        if depth in (1, 2, 4):
            write_bits(path, values, depth)
            continue
        image = Image.fromarray(values if depth == 16 else values.astype(np.uint8))
        if depth == "palette":
            image.putpalette([level for level in range(256) for _ in "rgb"])
        image.save(path)
    found = table(tmp_path, f"{{paper: 0, ink: {top}}}")
    assert found.labels["label"].tolist() == ["paper", "ink"] * 2
    assert found.labels["area"].tolist() == [HIGH * WIDE - 28, 28] * 2
    assert found.maps is not None
    assert np.array_equal(found.maps.array(1), values)
    assert found.items["width"].tolist() == [str(WIDE)] * 2
    assert "\0mask" not in found.items.columns


@pytest.mark.parametrize(
    ("depth", "order"),
    # of 32 bits Pillow knows one order of bytes; it turns labels of the other into numbers too large for any class
    [*((depth, order) for depth in (1, 2, 4, 8, 16, "palette") for order in "<>"), (32, "<")],
)
def test_values_of_tiffs_are_read_at_every_depth(tmp_path: Path, depth: Any, order: str) -> None:
    bits = 8 if depth == "palette" else depth
    values = np.zeros((HIGH, WIDE), dtype=np.int64)
    values[3:7, 2:9] = top = min((1 << bits) - 1, 40_000)
    made = tiff(values, bits, order=order, packing=LZW, meaning=3 if depth == "palette" else 1)
    for number in range(2):
        (tmp_path / f"m{number}.png").write_bytes(made)
    found = table(tmp_path, f"{{paper: 0, ink: {top}}}")
    assert found.maps is not None
    assert np.array_equal(found.maps.array(1), values)


ZERO = np.zeros((HIGH, WIDE), dtype=np.int64)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (tiff(ZERO, meaning=0), "its zero is white"),
        (tiff(ZERO, change={274: (SHORT, [3])}), "turn the pixels themselves"),
        (tiff(ZERO + 70_000, 32), "values below 0 or above 65,535"),
        (tiff(ZERO, change={339: (SHORT, [3])}), "cannot identify image file"),
        (tiff(ZERO)[:900], "cannot identify image file"),
    ],
)
def test_tiffs_that_programs_read_differently_are_refused(tmp_path: Path, made: bytes, words: str) -> None:
    Image.new("L", (WIDE, HIGH)).save(tmp_path / "m0.png")
    (tmp_path / "m1.png").write_bytes(made)
    (error,) = refused(partial(table, tmp_path), "{paper: 0, ink: 1}")
    assert error.rule == "dataset/label-image"
    assert words in str(error)


def test_a_tiff_of_pages_is_refused_and_one_beside_images_is_found(read: Read, tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    plain = Image.fromarray(np.repeat([[2], [7]], (10, HIGH - 10), axis=0).repeat(WIDE, axis=1).astype(np.uint8))
    for number, ending in enumerate(("tif", "png", "tiff")):
        plain.save(tmp_path / "labels" / f"img{number}.{ending}")
    found = read(task="semantic_segmentation", more="  masks: labels\n")
    assert found.labels["area"].tolist() == [10 * WIDE, (HIGH - 10) * WIDE] * 3
    plain.save(tmp_path / "labels" / "img0.tif", save_all=True, append_images=[plain])
    (error,) = refused(read, task="semantic_segmentation", more="  masks: labels\n")
    assert "it has 2 pages" in str(error)


@pytest.mark.parametrize(
    ("image", "rule", "words"),
    [
        (Image.new("RGB", (WIDE, HIGH)), "label-image", "m1.png: its pixels are RGB"),
        (Image.new("LA", (WIDE, HIGH)), "label-image", "its pixels are LA"),
        (Image.new("L", (WIDE, HIGH - 1)), "label-image", "m1.png is 40 × 29, its image 40 × 30"),
        (Image.new("L", (WIDE, HIGH), 2), "label-value", "b: 2"),
    ],
)
def test_what_is_no_label_image_is_refused(tmp_path: Path, image: Image.Image, rule: str, words: str) -> None:
    Image.new("L", (WIDE, HIGH)).save(tmp_path / "m0.png")
    image.save(tmp_path / "m1.png")
    (error,) = refused(partial(table, tmp_path), "{paper: 0, ink: 1}")
    assert error.rule == f"dataset/{rule}"
    assert words in str(error)


def test_jpeg_and_broken_label_images_are_refused(tmp_path: Path) -> None:
    Image.new("L", (WIDE, HIGH)).save(tmp_path / "m0.png", "JPEG")
    (tmp_path / "m1.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (error,) = refused(partial(table, tmp_path), "{paper: 0, ink: 1}")
    assert error.count == 2
    assert "it is JPEG" in str(error)
    (tmp_path / "m1.png").unlink()
    (error,) = refused(partial(table, tmp_path), "{paper: 0, ink: 1}")
    assert (error.rule, error.items) == ("dataset/missing-file", ("m1.png",))


def test_an_image_of_which_nothing_is_scored_is_told(tmp_path: Path) -> None:
    Image.new("L", (WIDE, HIGH)).save(tmp_path / "m0.png")
    Image.new("L", (WIDE, HIGH), 255).save(tmp_path / "m1.png")
    found = table(tmp_path, "{paper: 0, ink: 1}", ", ignore: 255")
    assert [(finding.severity, finding.items) for finding in found.findings] == [("warning", ("b",))]


@pytest.mark.parametrize(
    ("values", "more", "words"),
    [
        ("{paper: 0, ink: 0}", "", "the same value 0"),
        ("{paper: 0, ink: 255}", ", ignore: 255", "not scored"),
        ("{paper: 0}", "", "at least 2 entries"),
        ("{paper: 0, ink: 1}", ", features: [depth, mask]", "which is the label image"),
        ("{paper: 0, ink: 70000}", "", "between 0 and 65535"),
        ("{paper: 0, ink: 1}", ", classes: [paper, ink]", "`data.classes` belongs to tables"),
        ("{paper: 0, ink: 1}", ", things: [ink]", "`data.things` belongs to panoptic_segmentation"),
    ],
)
def test_values_that_contradict_are_refused(tmp_path: Path, values: str, more: str, words: str) -> None:
    with pytest.raises(ChallengeError) as caught:
        table(tmp_path, values, more)
    assert words in str(caught.value)
