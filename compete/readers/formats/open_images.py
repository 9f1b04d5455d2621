"""Images with boxes as Open Images publishes them: tables of boxes, of verified labels, of names, a tree of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.formats.open_images_file import read_open_images
from compete.readers.formats.open_images_tables import table_at
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance

LOOKED_AT = 40
"""Tables of a folder that are looked at."""


def read(challenge: Challenge) -> Dataset:
    """Read the release of Open Images that a challenge names: its folder, or its table of boxes.

    Sides are fractions of the image, turned into pixels as they are stored. A box of a group is a crowd. Which labels
    someone verified to be there or not, and which classes contain which, goes with the dataset.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    data = challenge.data
    images = challenge.locate(data.images) if data.images else None
    path, place = challenge.locate(data.path), challenge.where("data.path")
    return annotated_dataset(challenge, read_open_images(path, place, images))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a release of Open Images and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    proposed = propose_annotated("open_images", read_open_images(path), path)
    reason = "it heeds groups, verified labels and the tree of classes"
    return proposed | {"metrics": Proposal({"detection": "open_images_ap"}, reason)}


def recognise(glance: Glance) -> str:
    """Why a path holds a table of boxes of Open Images, or is a folder of its other tables; empty if it does not."""
    names = glance.ending(".csv")[:LOOKED_AT]
    files = [glance.path / name if glance.names else glance.path for name in names]
    kinds = {table.kind: file.name for file in files if (table := table_at(file))}
    if "boxes" in kinds:
        return f"{kinds['boxes']} has the columns ImageID, LabelName, XMin"
    listed = glance.is_folder and kinds.get("images")
    return f"{listed} lists images as Open Images does" if listed else ""
