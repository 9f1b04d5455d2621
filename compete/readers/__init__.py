"""Readers: one file a format, each with ``read(challenge) -> Dataset`` and ``sketch(path) -> dict``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset

READERS = {
    "csv": "compete.readers.tables",
    "folder": "compete.readers.folder",
    "coco": "compete.readers.coco",
}
"""Name in ``data.reader`` -> module; a new format is a file and a line here (and in the schema's list)."""


def read_dataset(challenge: Challenge) -> Dataset:
    """Read the items and labels that a challenge names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    dataset: Dataset = import_module(READERS[challenge.data.reader]).read(challenge)
    return dataset


def sketch_dataset(reader: str, path: Path) -> dict[str, Any]:
    """Look at data and propose what a first challenge.yaml says about it, each with its reason.

    Args:
        reader: a name in ``READERS``.
        path: the table or folder.

    Raises:
        DatasetError: if the data cannot be read.
    """
    proposal: dict[str, Any] = import_module(READERS[reader]).sketch(path)
    return proposal
