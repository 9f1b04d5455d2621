"""Images with boxes, as Pascal VOC's XML describes them: one file an image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.formats.roboflow_names import SOURCE, source_group
from compete.readers.formats.voc_files import read_voc
from compete.readers.near import propose_near
from compete.readers.recognition import Glance

_ROOT = re.compile(rb"<annotation[\s>]")


def read(challenge: Challenge) -> Dataset:
    """Read the folder of XML files that a challenge names, and the lists of a published split in it.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    images = challenge.locate(challenge.data.images) if challenge.data.images else None
    path = challenge.locate(challenge.data.path)
    return annotated_dataset(challenge, read_voc(path, images, challenge.where("data.path")))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a folder of XML files and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if there are none.
    """
    found = propose_near("voc", read_voc, path)
    sources = read_voc(path).columns.get(SOURCE, ())
    return found | {"group": source_group(sources) or found["group"]}


def recognise(glance: Glance) -> str:
    """Why a folder holds Pascal VOC's XML; empty if it does not."""
    head = glance.first(".xml") if glance.names else b""
    drawn = b"<pt>" in head or b"<imagesize>" in head  # LabelMe's XML has the same root
    known = _ROOT.search(head) and not drawn and (b"<bndbox>" in head or b"<filename>" in head)
    return f"{len(glance.ending('.xml'))} XML files with <annotation>, one an image" if known else ""
