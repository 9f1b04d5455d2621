"""Exports of Roboflow, a folder each for train, valid and test: boxes and masks, flags, or one folder a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.formats.roboflow_boxes import CREATEML, LINES
from compete.readers.formats.roboflow_boxes import TABLE as CORNERS
from compete.readers.formats.roboflow_file import COCO, LABEL, TABLE, flavour, read_roboflow
from compete.readers.formats.roboflow_names import SOURCE, source_group
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance

FLAVOURS = {
    "coco": f"{COCO} in folders of Roboflow's",
    "table": f"{TABLE} in folders of Roboflow's",
    "corners": f"{CORNERS} in folders of Roboflow's",
    "createml": f"{CREATEML} in folders of Roboflow's",
    "lines": f"{LINES} in folders of Roboflow's",
    "folders": "one folder a class in folders for train, valid or test",
}


def read(challenge: Challenge) -> Dataset:
    """Read the export that a challenge names.

    Columns tell of each image its part of the published split (``split``: train, val or test), and of Roboflow's
    copies the ``source``. Where the folders are the classes, the column ``label`` holds them.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    found = read_roboflow(challenge.locate(challenge.data.path), challenge.where("data.path"))
    return annotated_dataset(challenge, found)


def sketch(path: Path) -> dict[str, Any]:
    """Look at an export and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    found = read_roboflow(path)
    proposed = propose_annotated("roboflow", found, path)
    proposed["group"] = source_group(found.columns.get(SOURCE, ())) or proposed["group"]
    if found.categories:
        return proposed
    told = sorted(set(found.columns) - {"split", SOURCE})
    if told == [LABEL]:
        count = len(set(found.columns[LABEL]))
        task, label = "classification", Proposal(LABEL, "the name of the class folder")
        reason = f"{len(found.file)} images in {count} class folders"
    else:
        task, label = "multilabel", Proposal(told, "columns of 0 and 1")
        reason = f"{len(told)} columns of 0 and 1"
    counts = Proposal("roboflow", f"{len(found.file)} images")
    return {**proposed, "reader": counts, "task": Proposal(task, reason), "label": label, "subgroups": []}


def recognise(glance: Glance) -> str:
    """Why a path is an export of Roboflow; empty if it is none."""
    return FLAVOURS.get(flavour(glance.names), "") if glance.is_folder else ""
