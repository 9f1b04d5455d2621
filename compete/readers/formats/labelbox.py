"""Images with boxes, polygons and answers, as Labelbox exports them: NDJSON (export v2), or the JSON of version 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.formats.labelbox_file import read_labelbox
from compete.readers.near import propose_near
from compete.readers.recognition import Glance


def read(challenge: Challenge) -> Dataset:
    """Read the export of Labelbox that a challenge names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    images = challenge.locate(challenge.data.images) if challenge.data.images else None
    path = challenge.locate(challenge.data.path)
    return annotated_dataset(challenge, read_labelbox(path, images, challenge.where("data.path")))


def sketch(path: Path) -> dict[str, Any]:
    """Look at an export of Labelbox and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    return propose_near("labelbox", read_labelbox, path)


def recognise(glance: Glance) -> str:
    """Why a path is an export of Labelbox; empty if it is not."""
    head = glance.head
    if b'"data_row"' in head and b'"projects"' in head:
        return "JSON with data_row and projects, as Labelbox exports"
    if b'"DataRow ID"' in head and b'"Labeled Data"' in head:
        return "JSON with DataRow ID and Labeled Data, as Labelbox exported in version 1"
    return ""
