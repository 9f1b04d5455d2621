"""Images with boxes, polygons, ellipses, brush masks and choices, as Label Studio exports them: JSON or JSON-MIN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.formats.label_studio_file import read_label_studio
from compete.readers.near import propose_near
from compete.readers.recognition import Glance


def read(challenge: Challenge) -> Dataset:
    """Read the export of Label Studio that a challenge names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    images = challenge.locate(challenge.data.images) if challenge.data.images else None
    path = challenge.locate(challenge.data.path)
    return annotated_dataset(challenge, read_label_studio(path, images, challenge.where("data.path")))


def sketch(path: Path) -> dict[str, Any]:
    """Look at an export of Label Studio and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    return propose_near("label_studio", read_label_studio, path)


def recognise(glance: Glance) -> str:
    """Why a path is an export of Label Studio; empty if it is not."""
    head = glance.head
    if head.lstrip()[:1] != b"[":
        return ""
    names = ("annotations", "completions", "result", "data", "original_width", "annotation_id", "lead_time")
    keys = [name for name in names if f'"{name}"'.encode() in head]
    full = {"data", "result"} <= set(keys) and {"annotations", "completions"} & set(keys)
    least = {"annotation_id", "lead_time"} <= set(keys) or "original_width" in keys
    return f"a JSON list with {', '.join(keys[:3])}, as Label Studio exports" if full or least else ""
