"""What is written in COCO, CVAT and VOC comes out of their readers again; what a format cannot hold is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.dataset import Category, Dataset
from compete.errors import DatasetError
from compete.readers import READERS
from compete.readers.rules import DATASET_RULES
from compete.readers.writing import WRITERS, write_dataset
from compete.readers.writing.cvat import _runs
from metrics.masks import Masks
from tests.readers.annotated_files import HIGH, NAMES, WIDE, read_at, real, write_sample
from tests.readers.coco_files import POINTS, read_files, whole_file
from tests.readers.test_coverage import lvis

PLACES = {"coco": ("annotations.json", "images"), "cvat": ("annotations.xml", "images"), "voc": ("", "JPEGImages")}
BOX = ["x", "y", "width", "height"]


def again(dataset: Dataset, writer: str, folder: Path, task: str) -> tuple[Dataset, list[Any]]:
    """Write a dataset, and read what was written."""
    out = folder / "written" / writer
    out.mkdir(parents=True)
    findings = write_dataset(writer, dataset, out)
    assert all(finding.rule in DATASET_RULES for finding in findings)
    name, images = PLACES[writer]
    return read_at(folder / f"{writer}-again", writer, out / name, task, f"  images: {out / images}\n"), findings


def same(one: Dataset, other: Dataset, *columns: str) -> None:
    assert other.items.index.tolist() == one.items.index.tolist()
    assert other.items[["width", "height"]].equals(one.items[["width", "height"]])
    assert [Path(file).read_bytes() for file in other.items["file"]] == [
        Path(file).read_bytes() for file in one.items["file"]
    ]
    assert other.labels["item"].tolist() == one.labels["item"].tolist()
    assert other.labels["label"].tolist() == one.labels["label"].tolist()
    for column in columns:
        assert other.labels[column].tolist() == one.labels[column].tolist(), column


@pytest.mark.parametrize("reader", NAMES)
@pytest.mark.parametrize("writer", PLACES)
def test_boxes_of_every_sample_make_the_round_trip(reader: str, writer: str, tmp_path: Path) -> None:
    found = read_at(tmp_path, reader, write_sample(tmp_path, reader))
    back, _ = again(found, writer, tmp_path, "detection")
    same(found, back)
    assert np.abs(back.labels[BOX].to_numpy() - found.labels[BOX].to_numpy()).max() < 1e-9
    if writer != "cvat":
        assert back.labels["ignore"].tolist() == found.labels["ignore"].tolist()
    if "split" in found.items:
        assert back.items["split"].tolist() == found.items["split"].tolist()


def test_coco_keeps_everything(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for task, columns in (("detection", ()), ("instance_segmentation", ("rle",)), ("keypoints", ("points",))):
        found = read_files(tmp_path / "in", task=task)
        back, findings = again(found, "coco", tmp_path / task, task)
        assert findings == []
        same(found, back, *BOX, "area", "crowd", "ignore", *columns)
        assert back.categories == found.categories
        assert back.items.drop(columns="file").equals(found.items.drop(columns="file"))


def test_coco_keeps_what_was_looked_for(tmp_path: Path) -> None:
    coco = lvis()
    coco["categories"][1]["parents"] = [7]
    coco["images"][0]["pos_category_ids"] = [2]
    (tmp_path / "in").mkdir()
    found = read_files(tmp_path / "in", coco, task="detection")
    back, findings = again(found, "coco", tmp_path, "detection")
    assert findings == []
    for name in ("absent", "present", "not_exhaustive", "frequency", "parents"):
        one, other = (getattr(dataset.coverage, name) for dataset in (found, back))
        assert one.tolist() == other.tolist(), name
    plain = replace(found, coverage=None)
    assert again(plain, "coco", tmp_path / "plain", "detection")[0].coverage is None


def test_cvat_keeps_masks_and_skeletons(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    found = read_files(tmp_path / "in", task="instance_segmentation")
    back, findings = again(found, "cvat", tmp_path, "instance_segmentation")
    same(found, back, "rle")
    assert [finding.message.partition(" ")[2] for finding in findings] == [
        "columns of the images were not written", "crowd was written as a single object",
        "objects have boxes or areas that are not those of their masks",
    ]  # fmt: skip
    found = read_files(tmp_path / "in", task="keypoints", more="  sigmas: [0.1, 0.1]\n")
    kept = replace(found, labels=found.labels[~found.labels["crowd"]].reset_index(drop=True))
    back, findings = again(kept, "cvat", tmp_path / "points", "keypoints")
    same(kept, back, "points")
    assert [finding.message for finding in findings if "boxes" in finding.message] == [
        "2 objects have boxes of their own, and only their keypoints were written"
    ]
    tight = replace(back, items=back.items[["file", "width", "height"]])
    assert again(tight, "cvat", tmp_path / "tight", "keypoints")[1] == []
    assert back.categories[1].points == tuple(POINTS)
    assert back.categories[1].skeleton == ((1, 2),)


def test_voc_tells_what_it_cannot_hold(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    found = read_files(tmp_path / "in", task="instance_segmentation")
    back, findings = again(found, "voc", tmp_path, "detection")
    same(found, back)
    assert back.labels["ignore"].tolist() == [False, False, True]
    assert "3 masks were not written" in [finding.message for finding in findings]


@given(st.integers(1, 6), st.integers(1, 6), st.data())
@settings(max_examples=60)
def test_runs_of_a_mask_fill_its_place(height: int, width: int, data: st.DataObject) -> None:
    bits = data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width).filter(any))
    bitmap = np.array(bits).reshape(height, width)
    runs = _runs(bitmap)
    counts = list(map(int, runs["rle"].split(", ")))
    inner = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(runs["height"], runs["width"])
    whole = np.zeros_like(bitmap)
    whole[runs["top"] : runs["top"] + runs["height"], runs["left"] : runs["left"] + runs["width"]] = inner
    assert (whole == bitmap).all()
    from compete.readers.shapes import masked

    entry = masked(inner, runs["left"], runs["top"], width, height)
    made = Masks.from_counts([entry["segmentation"]["counts"]], [height], [width])
    assert (next(iter(made.bitmaps())) == bitmap).all()
    assert made.box.tolist() == [entry["bbox"]]


def odd(folder: Path, names: list[str], ids: list[str], label: str = 'a <b> & "c" é') -> Dataset:
    """A dataset with one box an image, by files and ids."""
    files = []
    for number, name in enumerate(names):
        path = folder / "odd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (WIDE, HIGH), number).save(path)
        files.append(str(path))
    items = pd.DataFrame({"file": files, "width": str(WIDE), "height": str(HIGH)}, index=ids, dtype=object)
    boxes = [(0.1 + number, 0.2, 10 / 3, 20 / 7) for number in range(len(ids))]
    labels = pd.DataFrame(boxes, columns=BOX).assign(item=ids, label=label, crowd=False, ignore=False)
    labels["area"] = labels["width"] * labels["height"]
    return Dataset(items, labels, categories=(Category(label, 3),))


@pytest.mark.parametrize("writer", PLACES)
def test_odd_names_make_the_round_trip(writer: str, tmp_path: Path) -> None:
    for case, names in enumerate((["1/x.png", "2/x.png"], ["a.png", "a.tif"], ["<c>.png", "ä & b.png"])):
        ids = [Path(name).stem for name in names] if case == 2 else names
        found = odd(tmp_path / str(case), names, ids)
        back, _ = again(found, writer, tmp_path / str(case), "detection")
        same(found, back)
    names = ["x.png", "X.png"]  # one file, where the disk does not tell capitals apart
    back, _ = again(odd(tmp_path / "capitals", names, names), writer, tmp_path / "capitals", "detection")
    assert back.items.index.tolist() == ["0000001", "0000002"]


@pytest.mark.parametrize("writer", PLACES)
def test_ids_that_lead_out_of_the_folder_are_numbered(writer: str, tmp_path: Path) -> None:
    found = odd(tmp_path, ["a.png", "b.png", "c.png"], ["../../a", "/b", "c\\..\\d"])
    back, _ = again(found, writer, tmp_path, "detection")
    assert back.items.index.tolist() == ["0000001", "0000002", "0000003"]


@pytest.mark.parametrize("writer", PLACES)
def test_what_has_no_objects_is_refused(writer: str, tmp_path: Path) -> None:
    dataset = Dataset(pd.DataFrame({"a": ["1"]}, dtype=object), pd.DataFrame({"item": [0], "label": ["x"]}))
    with pytest.raises(DatasetError, match="no objects in images"):
        write_dataset(writer, dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_writer_has_a_reader() -> None:
    assert set(WRITERS) <= set(READERS)


def test_the_sample_has_what_this_needs() -> None:
    assert any(entry["iscrowd"] for entry in whole_file()["annotations"])


@pytest.mark.real_data
@pytest.mark.parametrize("writer", PLACES)
def test_real_boxes_make_the_round_trip(writer: str, tmp_path: Path) -> None:
    found = read_at(tmp_path, "voc", real("bccd", "BCCD").resolve())
    back, findings = again(found, writer, tmp_path, "detection")
    same(found, back, *BOX)
    assert findings == []
    assert back.items["split"].tolist() == found.items["split"].tolist()


@pytest.mark.real_data
@pytest.mark.parametrize("writer", ["coco", "cvat"])
def test_real_masks_make_the_round_trip(writer: str, tmp_path: Path) -> None:
    place = real("coco_tiny").resolve()
    more = f"  images: {place / 'images' / 'train2017'}\n"
    found = read_at(tmp_path, "coco", place / "annotations" / "instances_train2017.json", "instance_segmentation", more)
    back, _ = again(found, writer, tmp_path, "instance_segmentation")
    same(found, back, "rle")
