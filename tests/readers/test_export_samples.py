"""Samples of exports that are folders or tables: each is read as expected, and recognised as what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compete.readers import READERS, recognise_dataset, sketch_dataset
from tests.readers import test_biigle, test_camtrap, test_dwca, test_mask_folders, test_roboflow, yolo_files
from tests.readers.annotated_files import SAMPLES, as_json
from tests.readers.yolo_files import read_files

FLAT = "  label: scientificName\n"
WRITTEN: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "yolo": (yolo_files.write_files, "detection", ""),
    "roboflow": (test_roboflow.write_coco, "detection", ""),
    "biigle": (lambda folder: test_biigle.write(folder, test_biigle.sound()), "instance_segmentation", ""),
    "object_masks": (test_mask_folders.write_objects, "instance_segmentation", ""),
    "masks": (test_mask_folders.write_pairs, "semantic_segmentation", f"  id: name\n{test_mask_folders.VALUES}"),
    "dwca": (test_dwca.write, "classification", f"{FLAT}  file: file\n"),
    "camtrap_dp": (test_camtrap.write, "classification", test_camtrap.MORE),
}
"""How the sample of each format is written into a folder, a task that it serves, and what the challenge says of it."""


@pytest.mark.parametrize("reader", WRITTEN)
def test_the_sample_is_read_as_expected(reader: str, tmp_path: Path) -> None:
    write, task, more = WRITTEN[reader]
    write(tmp_path / "data")
    found = json.loads(json.dumps(as_json(read_files(tmp_path, task, more, reader))).replace(f"{tmp_path}/", ""))
    assert found == json.loads((SAMPLES / reader / "expected.json").read_text())


@pytest.mark.parametrize("reader", WRITTEN)
def test_the_sample_is_recognised_and_a_challenge_proposed(reader: str, tmp_path: Path) -> None:
    write, task, _ = WRITTEN[reader]
    write(tmp_path / "data")
    name, reason = recognise_dataset(tmp_path / "data")
    assert name == reader, reason
    proposed = sketch_dataset(reader, tmp_path / "data")
    assert (proposed["reader"].value, proposed["task"].value) == (reader, task)
    assert name in READERS
