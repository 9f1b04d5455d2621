"""Images annotated with BIIGLE: its CSV reports of image annotations or image labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.formats.biigle_file import LABEL, read_biigle
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance

HEADS = {
    b"annotation_label_id": "a CSV report of image annotations",
    b"image_label_id": "a CSV report of image labels",
}


def read(challenge: Challenge) -> Dataset:
    """Read the CSV report, or the folder of reports, that a challenge names.

    Polygons, rectangles, circles and ellipses are objects; points, lines and whole frames are left out. The column
    ``volume`` tells which report an image comes from, where there are several. Labels of whole images are columns:
    ``label``, or one of 0 and 1 for each label.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    images = challenge.locate(challenge.data.images) if challenge.data.images else None
    found = read_biigle(challenge.locate(challenge.data.path), images, challenge.where("data.path"))
    return annotated_dataset(challenge, found)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a report and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    found = read_biigle(path)
    proposed = propose_annotated("biigle", found, path)
    if "volume" in found.columns:
        count = len(set(found.columns["volume"]))
        proposed["group"] = [Proposal("volume", f"{count} volumes, each of images of one place or dive")]
    if found.categories:
        return proposed
    flags = [name for name in found.columns if name != "volume"]
    single = flags == [LABEL]
    task = Proposal("classification" if single else "multilabel", f"labels of {len(found.file)} images")
    label = Proposal(LABEL, "every image has one") if single else Proposal(flags, "columns of 0 and 1")
    counts = Proposal("biigle", f"{len(found.file)} images")
    return {**proposed, "reader": counts, "task": task, "label": label, "subgroups": []}


def recognise(glance: Glance) -> str:
    """Why a path is a report of BIIGLE's; empty if it is none."""
    head = glance.first(".csv").removeprefix(b"\xef\xbb\xbf").lstrip(b'"')
    return next((reason for start, reason in HEADS.items() if head.startswith(start)), "")
