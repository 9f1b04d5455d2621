"""A sound folder of YOLO labels of three images, as tests change it and read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.readers import read_dataset

WIDE, HIGH = 40, 30
NAMES = "names: [crab, fish]\n"
LABELS = {
    "train/labels/a.txt": "0 0.5 0.5 0.25 0.2\n1 0.1 0.1 0.1 0.1\n",
    "train/labels/b.txt": "",
    "valid/labels/c.txt": "1 0.5 0.5 1 1\n",
}
"""Two objects in the first image, none in the second, one in the third."""
POLYGON = "0 0.25 0.2 0.5 0.2 0.5 0.5\n"
Read = Callable[..., Dataset]


def write_files(folder: Path, **changes: str | None) -> Path:
    """Write the folder; keyword arguments replace files or, with None, remove one; ``a__b_txt`` is ``a/b.txt``."""
    files = {"data.yaml": NAMES + "nc: 2\ntrain: ../train/images\nval: ..\\valid\\images\n", **LABELS}
    spelt = {name.replace("__", "/").replace("_", "."): text for name, text in changes.items()}
    for number, name in enumerate(LABELS):
        image = folder / name.replace("labels", "images").replace(".txt", ".png")
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (WIDE, HIGH), number * 50).save(image)
    for name, text in (files | spelt).items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def read_files(folder: Path, task: str = "detection", more: str = "", reader: str = "yolo") -> Dataset:
    """Read a folder ``data`` beside a challenge."""
    (folder / "challenge.yaml").write_text(
        f"name: a\ntitle: b\ntask: {task}\ndata:\n  reader: {reader}\n  path: data\n{more}"
        "split: {seed: 0123456789abcdef}\nscore: {metric: m}\n"
    )
    return read_dataset(load_challenge(folder))
