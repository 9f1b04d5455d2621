"""Packages of camera traps (Camtrap DP): images with the species that were seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import DatasetError
from compete.readers.delimited import Delimited
from compete.readers.formats.camtrap_file import (
    DEPLOYMENT,
    EVENT,
    FILE,
    LABEL,
    MEDIUM,
    NEEDED,
    PACKAGE,
    read_package,
    table_of,
)
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance
from compete.readers.tables import tabled_dataset
from compete.sources import is_file, read_whole

LEFT_OUT = ("dataset/left-out", "dataset/remote-media")
"""What is said of media that are no items."""


def read(challenge: Challenge) -> Dataset:
    """Read the package that a challenge names.

    With ``data.file`` an item is an image whose file lies in the package, those left out that are not public; without,
    an item is any medium. Participants see no column that ``data.features`` does not name.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    package = read_package(challenge.locate(challenge.data.path), challenge.where("data.path"))
    return tabled_dataset(challenge, table_of(package, of_media=bool(challenge.data.file)), package.root)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a package and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    package = read_package(path)
    media = len(package.tables["media"].lines)
    table, here = _images(path)
    count = len(table.lines)
    classes = len(set(filter(None, table.columns[LABEL])))
    told = f"{LABEL} has {classes} values"
    told += "".join(f"; {one.message}" for one in table.findings if one.rule in LEFT_OUT) if here else ""
    told += f"; {media} images are addresses: fetch them to have images as items" if not here else ""
    events = len(set(zip(table.columns[DEPLOYMENT], table.columns.get(EVENT, table.columns[DEPLOYMENT]), strict=True)))
    columns = [DEPLOYMENT, EVENT] if EVENT in table.columns else [DEPLOYMENT]
    reason = f"{events} events in {count} media: bursts of one event are nearly the same picture"
    return {
        "reader": Proposal("camtrap_dp", f"{media} media"),
        "task": Proposal("classification", told),
        "id": Proposal(MEDIUM, "every medium has its own") if _is_distinct(table.columns[MEDIUM]) else None,
        "file": Proposal(FILE, "the images that are here") if here else None,
        "images": None,
        "label": Proposal(LABEL, "the species, or what else was seen"),
        "group": [Proposal(name, reason) for name in columns],
        "subgroups": [],
    }


def recognise(glance: Glance) -> str:
    """Why a path is a package of Camtrap DP; empty if it is none."""
    file = glance.path if glance.is_file else glance.path / PACKAGE
    if file.name != PACKAGE or not is_file(file):
        return ""
    try:
        said = json.loads(read_whole(file))
    except (ValueError, RecursionError, OSError):
        return ""
    resources = said.get("resources") if isinstance(said, dict) else None
    names = {one.get("name") for one in resources if isinstance(one, dict)} if isinstance(resources, list) else set()
    return f"{PACKAGE} with {', '.join(NEEDED)}" if set(NEEDED) <= names else ""


def _images(path: Path) -> tuple[Delimited, bool]:
    """The table of the images that are here, or of all media where none is; and whether any is."""
    package = read_package(path)
    try:
        return table_of(package, of_media=True), True
    except DatasetError:
        return table_of(package, of_media=False), False


def _is_distinct(cells: Sequence[str]) -> bool:
    return all(cells) and len(set(cells)) == len(cells)
