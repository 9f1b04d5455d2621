"""Readers: one file a format, each with ``read(challenge) -> Dataset``, ``sketch(path)`` and ``recognise(glance)``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import DatasetError, Finding
from compete.sources import address_of, is_remote

READERS = {
    "label_studio": "compete.readers.formats.label_studio",
    "labelbox": "compete.readers.formats.labelbox",
    "vott": "compete.readers.formats.vott",
    "coco": "compete.readers.formats.coco",
    "yolo": "compete.readers.formats.yolo",
    "roboflow": "compete.readers.formats.roboflow",
    "cvat": "compete.readers.formats.cvat",
    "voc": "compete.readers.formats.voc",
    "labelme": "compete.readers.formats.labelme",
    "open_images": "compete.readers.formats.open_images",
    "biigle": "compete.readers.formats.biigle",
    "dwca": "compete.readers.formats.dwca",
    "camtrap_dp": "compete.readers.formats.camtrap",
    "object_masks": "compete.readers.formats.mask_folders",
    "nnunet": "compete.readers.formats.nnunet",
    "masks": "compete.readers.formats.mask_pairs",
    "dicom": "compete.readers.formats.dicom",
    "tiff": "compete.readers.formats.tiff",
    "parquet": "compete.readers.formats.parquet",
    "folder": "compete.readers.formats.folder",
    "csv": "compete.readers.tables",
}
"""Name in ``data.reader`` -> module, the most telling first, for that is the order in which a path is looked at. A new
format is a file, a line here, and its name in ``compete.formats`` and in the schema's list."""

ANYWHERE = frozenset({"csv", "parquet", "coco", "folder", "masks"})
"""Readers whose ``data.path`` may be an address; to the others only images may be far away."""


def read_dataset(challenge: Challenge) -> Dataset:
    """Read the items and labels that a challenge names.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    data = challenge.data
    require_near(data.reader, challenge.locate(data.path), challenge.where("data.path"))
    dataset: Dataset = import_module(READERS[challenge.data.reader]).read(challenge)
    if challenge.data.normalize:
        from compete.readers.scaling import scaled_dataset

        return scaled_dataset(challenge, dataset)
    return dataset


def require_near(reader: str, path: Path, where: str) -> None:
    """Refuse annotations at an address that only a reader of folders could read.

    Raises:
        DatasetError: of these annotations the reader needs files of this machine.
    """
    if reader in ANYWHERE or not is_remote(path):
        return
    message = f"the reader {reader} reads annotations of this machine, not {address_of(path)}"
    hint = "copy the annotations here, and let data.images name the address of the images"
    raise DatasetError("the data cannot be read", [Finding("source/reader", message, where, hint=hint)])


def recognise_dataset(path: Path) -> tuple[str, str]:
    """The format that a path holds, and by what it is known; see ``compete.readers.recognition``."""
    from compete.readers.recognition import recognise

    return recognise(path, READERS)


def annotations_in(path: Path) -> Path:
    """The one file of annotations by which a folder is known, else the path; see ``compete.readers.recognition``."""
    from compete.readers import recognition

    return recognition.annotations_in(path, READERS)


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
