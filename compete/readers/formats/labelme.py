"""Images with polygons, boxes, circles and masks, as LabelMe describes them: one JSON (or, of old, XML) an image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.formats.labelme_files import read_labelme
from compete.readers.near import propose_near
from compete.readers.recognition import Glance

_KEYS = (b'"shapes"', b'"imagePath"')
_START = re.compile(rb"<annotation[\s>]")


def read(challenge: Challenge) -> Dataset:
    """Read the folder of LabelMe files that a challenge names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    images = challenge.locate(challenge.data.images) if challenge.data.images else None
    path = challenge.locate(challenge.data.path)
    return annotated_dataset(challenge, read_labelme(path, images, challenge.where("data.path")))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a folder of LabelMe files and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if there are none.
    """
    return propose_near("labelme", read_labelme, path)


def recognise(glance: Glance) -> str:
    """Why a folder holds LabelMe's files; empty if it does not."""
    if not glance.names:
        return ""
    head = glance.first(".json")
    if all(key in head for key in _KEYS) or (b'"shapes"' in head and b'"shape_type"' in head):
        return f"{len(glance.ending('.json'))} JSON files with shapes, one an image, as LabelMe writes"
    head = glance.first(".xml")
    known = _START.search(head) and (b"<pt>" in head or b"<imagesize>" in head)
    return (
        f"{len(glance.ending('.xml'))} XML files with polygons, one an image, as LabelMe wrote of old" if known else ""
    )
