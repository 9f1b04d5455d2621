"""Images with boxes, masks, keypoints or segments, as COCO's JSON describes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from posixpath import commonpath, dirname
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import DatasetError
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.annotations import Annotations
from compete.readers.formats.coco_file import read_coco
from compete.readers.formats.coco_labels import sequence_group
from compete.readers.near import propose_near
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance
from compete.readers.whereabouts import any_there, around, found_by_name, fullest_folder

LVIS_METRICS = {"detection": "lvis_box_ap", "instance_segmentation": "lvis_mask_ap"}
"""What scores each task where images list which classes were looked for."""


def read(challenge: Challenge) -> Dataset:
    """Read the images and annotations of the COCO file that a challenge names.

    LVIS names its images by addresses; their last folder is looked for, and where it is not there, the name alone.
    Where no image is where the file says, as on another machine, each is found by its name.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    path, place = challenge.locate(challenge.data.path), challenge.where("data.path")
    annotated = read_coco(path, place)
    root = challenge.locate(challenge.data.images) if challenge.data.images else annotated.root
    if not any_there(annotated.file, root):
        annotated = _placed(read_coco(path, place, short=True), root)
    return annotated_dataset(challenge, annotated)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a COCO file and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    annotated = read_coco(path)
    own = fullest_folder(annotated.file, around(path.parent))
    placed = annotated if own else found_by_name(annotated)  # before folders above, which may be of other projects
    try:
        proposed = propose_annotated("coco", placed, path)
    except DatasetError:  # the images of LVIS may lie in one folder of any name, and those of other machines anywhere
        short = read_coco(path, short=True)
        proposed = propose_near("coco", lambda _, images: _placed(short, images or short.root), path)
    if placed is not annotated:
        inner = commonpath([dirname(new) for new, old in zip(placed.file, annotated.file, strict=True) if new != old])
        proposed["images"] = Proposal(path.parent / inner, "they are there by their names") if inner else None
    if annotated.coverage is not None and annotated.coverage.absent is not None:
        proposed["metrics"] = Proposal(LVIS_METRICS, "images list which classes were looked for")
    proposed["group"] = proposed["group"] or sequence_group(annotated.columns)
    return proposed


def _placed(annotated: Annotations, root: Path) -> Annotations:
    """The images with their paths below a folder, by their names alone where none is where the file says."""
    placed = replace(annotated, root=root)
    return placed if any_there(annotated.file, root) else found_by_name(placed)


def recognise(glance: Glance) -> str:
    """Why a path is a COCO file; empty if it is none."""
    keys = [key for key in ("images", "annotations", "categories") if f'"{key}"'.encode() in glance.head]
    if keys == ["annotations"] and b'"image_id"' not in glance.head:  # a key of other formats too
        return ""
    return f"JSON with {' and '.join(keys)}" if glance.head.lstrip()[:1] == b"{" and keys else ""
