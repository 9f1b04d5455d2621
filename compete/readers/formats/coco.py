"""Images with boxes, masks, keypoints or segments, as COCO's JSON describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import DatasetError
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.formats.coco_file import read_coco
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance
from compete.sources import is_file, joined

LVIS_METRICS = {"detection": "lvis_box_ap", "instance_segmentation": "lvis_mask_ap"}
"""What scores each task where images list which classes were looked for."""


def read(challenge: Challenge) -> Dataset:
    """Read the images and annotations of the COCO file that a challenge names.

    LVIS names its images by addresses; their last folder is looked for, and where it is not there, the name alone.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    path, place = challenge.locate(challenge.data.path), challenge.where("data.path")
    annotated = read_coco(path, place)
    root = challenge.locate(challenge.data.images) if challenge.data.images else annotated.root
    if not is_file(joined(root, annotated.file[0])):
        annotated = read_coco(path, place, short=True)
    return annotated_dataset(challenge, annotated)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a COCO file and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    annotated = read_coco(path)
    try:
        proposed = propose_annotated("coco", annotated, path)
    except DatasetError:  # the images of LVIS may lie in one folder of any name
        proposed = propose_annotated("coco", read_coco(path, short=True), path)
    if annotated.coverage is not None and annotated.coverage.absent is not None:
        proposed["metrics"] = Proposal(LVIS_METRICS, "images list which classes were looked for")
    return proposed


def recognise(glance: Glance) -> str:
    """Why a path is a COCO file; empty if it is none."""
    keys = [key for key in ("images", "annotations", "categories") if f'"{key}"'.encode() in glance.head]
    return f"JSON with {' and '.join(keys)}" if glance.head.lstrip()[:1] == b"{" and keys else ""
