"""Images and frames of videos with boxes, polygons, masks and skeletons, as CVAT's XML 1.1 describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.formats.cvat_file import read_cvat
from compete.readers.near import propose_near
from compete.readers.recognition import Glance


def read(challenge: Challenge) -> Dataset:
    """Read CVAT's XML file that a challenge names, or the one in the folder that it names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    images = challenge.locate(challenge.data.images) if challenge.data.images else None
    path = challenge.locate(challenge.data.path)
    return annotated_dataset(challenge, read_cvat(path, images, challenge.where("data.path")))


def sketch(path: Path) -> dict[str, Any]:
    """Look at CVAT's XML and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    return propose_near("cvat", read_cvat, path)


def recognise(glance: Glance) -> str:
    """Why a path is CVAT's XML; empty if it is not."""
    head = glance.first(".xml")
    shown = next((tag for tag in ("image", "track") if f"<{tag} ".encode() in head), "")
    known = b"<annotations>" in head and (shown or b"<meta>" in head)
    return f"XML with <annotations>{f' and <{shown}>' if shown else ''}, as CVAT writes" if known else ""
