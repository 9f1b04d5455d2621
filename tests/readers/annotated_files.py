"""Small exports of annotation tools, copied beside images of 40 × 30 pixels, as tests change them and read them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.readers import read_dataset

SAMPLES = Path(__file__).parent / "samples"
WIDE, HIGH = 40, 30
NAMES = {
    "voc": "voc", "cvat": "cvat/annotations.xml", "label_studio": "label_studio/sample.json",
    "labelbox": "labelbox/sample.ndjson", "labelme": "labelme", "vott": "vott/reef-export.json",
}  # fmt: skip
"""Of each format what a challenge names."""
Read = Callable[..., Dataset]


def draw_images(folder: Path, names: Iterable[str] = "abc") -> None:
    """A grey image of each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("L", (WIDE, HIGH), number * 50).save(folder / f"{name}.png")


def write_sample(folder: Path, reader: str) -> Path:
    """Copy the sample of a format and draw its images; returns what a challenge names."""
    shutil.copytree(SAMPLES / reader, folder / reader)
    (folder / reader / "expected.json").unlink(missing_ok=True)
    draw_images(folder / reader / "images")
    return folder / NAMES[reader]


def read_at(folder: Path, reader: str, path: str | Path, task: str = "detection", more: str = "") -> Dataset:
    """Write a challenge and read its dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "challenge.yaml").write_text(
        f"name: a\ntitle: b\ntask: {task}\ndata:\n  reader: {reader}\n  path: {path}\n{more}"
        "split: {seed: 0123456789abcdef}\nscore: {metric: m}\n"
    )
    return read_dataset(load_challenge(folder))


def read_text(folder: Path, reader: str, text: str, name: str, task: str = "detection") -> Dataset:
    """Read one file of annotations beside images."""
    draw_images(folder / "images")
    (folder / name).write_text(text, encoding="utf-8")
    return read_at(folder, reader, name, task)


def as_json(dataset: Dataset) -> dict[str, Any]:
    """A dataset as JSON holds it; of files only their names."""
    items = {name: column.tolist() for name, column in dataset.items.items() if name != "file"}
    items["file"] = [Path(file).name for file in dataset.items["file"]]
    rows = dataset.labels.round(6).to_dict("records")
    told = [f"{finding.severity} {finding.rule}: {finding.message}" for finding in dataset.findings]
    classes = [[category.number, category.name] for category in dataset.categories]
    return {"ids": dataset.items.index.tolist(), "items": items, "classes": classes, "labels": rows, "findings": told}


def real(*parts: str) -> Path:
    """A folder of the real data; the test is skipped where there are none."""
    place = os.environ.get("COMPETE_REAL_DATA")
    if not place:
        pytest.skip("COMPETE_REAL_DATA names no folder")
    return Path(place, *parts)
