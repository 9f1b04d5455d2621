"""Images with boxes and polygons, as Microsoft's VoTT exports them: VoTT JSON, its CSV, or its files of assets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.formats.vott_files import HEADER, read_vott
from compete.readers.near import propose_near
from compete.readers.recognition import Glance

_HEADER = re.compile(",".join(f'"?{name}"?' for name in HEADER).encode())


def read(challenge: Challenge) -> Dataset:
    """Read the exports of VoTT that a challenge names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    images = challenge.locate(challenge.data.images) if challenge.data.images else None
    path = challenge.locate(challenge.data.path)
    return annotated_dataset(challenge, read_vott(path, images, challenge.where("data.path")))


def sketch(path: Path) -> dict[str, Any]:
    """Look at exports of VoTT and propose what challenge.yaml says about them.

    Raises:
        DatasetError: if there are none.
    """
    return propose_near("vott", read_vott, path)


def recognise(glance: Glance) -> str:
    """Why a path is an export of VoTT; empty if it is not."""
    head = glance.head or glance.first("-export.json") or glance.first("-asset.json")
    if all(key in head for key in (b'"regions"', b'"asset"')) or all(key in head for key in (b'"assets"', b'"tags"')):
        return "JSON with assets and their regions, as VoTT exports"
    head = glance.head or glance.first("-export.csv")
    return "a table of image, corners and label, as VoTT exports" if _HEADER.match(head.lstrip(b"\xef\xbb\xbf")) else ""
