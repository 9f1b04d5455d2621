"""A sound COCO file of three images, as tests change it and read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.errors import DatasetError, Finding
from compete.readers import read_dataset
from compete.readers.rules import DATASET_RULES

WIDE, HIGH = 40, 30
SQUARE = [[10, 5, 20, 5, 20, 15, 10, 15]]
POINTS = ["nose", "tail"]
Coco = dict[str, Any]
Read = Callable[..., Dataset]


def whole_file(images: int = 3) -> Coco:
    """A sound file: two objects in the first image, a crowd in the second, nothing in the third."""
    categories = [
        {"id": 7, "name": "fish", "supercategory": "animal", "keypoints": POINTS, "skeleton": [[1, 2]]},
        {"id": 2, "name": "crab", "keypoints": POINTS},
    ]
    entries = [
        {"id": 10 + number, "file_name": f"img{number}.png", "width": WIDE, "height": HIGH, "site": f"s{number % 2}",
         "flickr_url": "http://a.b/c", "annotator": "Ada", "license": 1}
        for number in range(images)
    ]  # fmt: skip
    runs = {"size": [HIGH, WIDE], "counts": [HIGH * 10 + 5, 10, HIGH * WIDE - HIGH * 10 - 15]}
    objects = [
        {"id": 1, "image_id": 10, "category_id": 7, "bbox": [10, 5, 10.5, 10], "area": 99.5, "iscrowd": 0,
         "segmentation": SQUARE, "keypoints": [12, 7, 2, 0, 0, 0]},
        {"id": 2, "image_id": 10, "category_id": 2, "bbox": [0, 0, 3, 4], "iscrowd": 0, "segmentation": SQUARE,
         "keypoints": [1, 1, 1, 2, 2, 2]},
        {"id": 3, "image_id": 11, "category_id": 7, "bbox": [10, 5, 1, 10], "area": 10, "iscrowd": 1,
         "segmentation": runs, "keypoints": [0] * 6},
    ]  # fmt: skip
    licenses = [{"id": 1, "name": "CC0", "url": "http://c"}]
    return {"images": entries, "categories": categories, "annotations": objects, "licenses": licenses}


def read_files(
    tmp_path: Path, coco: Any = None, task: str = "detection", more: str = "", text: str = "", **files: Any
) -> Dataset:
    """Write a file, its images and a challenge, and read them."""
    coco = whole_file() if coco is None else coco
    (tmp_path / "images").mkdir(exist_ok=True)
    for number in range(3):
        Image.new("L", (WIDE, HIGH), number * 50).save(tmp_path / "images" / f"img{number}.png")
    for name, data in files.items():
        (tmp_path / name.replace("_csv", ".csv")).write_text(data)
    (tmp_path / "coco.json").write_text(text or json.dumps(coco))
    (tmp_path / "challenge.yaml").write_text(
        f"name: a\ntitle: b\ntask: {task}\ndata:\n  reader: coco\n  path: coco.json\n  images: images\n{more}"
        "split: {seed: 0123456789abcdef}\nscore: {metric: m}\n"
    )
    return read_dataset(load_challenge(tmp_path))


def refused(read: Callable[..., Dataset], *words: Any, **more: Any) -> list[Finding]:
    """The errors of a dataset that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read(*words, **more)
    errors = [finding for finding in caught.value.findings if finding.severity == "error"]
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return errors


def changed(path: str, value: Any) -> Coco:
    """The sound file with one value changed; ``...`` removes it."""
    coco = whole_file()
    *around, last = path.split(".")
    place: Any = coco
    for key in around:
        place = place[int(key) if key.isdigit() else key]
    if value is ...:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return coco
