"""Images with boxes, masks, keypoints or segments, as COCO's JSON describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.coco_file import read_coco
from compete.readers.recognition import Glance


def read(challenge: Challenge) -> Dataset:
    """Read the images and annotations of the COCO file that a challenge names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    return annotated_dataset(challenge, read_coco(challenge.locate(challenge.data.path), challenge.where("data.path")))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a COCO file and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    return propose_annotated("coco", read_coco(path), path)


def recognise(glance: Glance) -> str:
    """Why a path is a COCO file; empty if it is none."""
    keys = [key for key in ("images", "annotations", "categories") if f'"{key}"'.encode() in glance.head]
    return f"JSON with {' and '.join(keys)}" if glance.head.lstrip()[:1] == b"{" and keys else ""
