"""Writers: one file a format, each with ``write(dataset, folder)``; what is written, the reader of the format reads."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from compete.dataset import Dataset
from compete.errors import Finding

WRITERS = {
    "coco": "compete.readers.writing.coco",
    "cvat": "compete.readers.writing.cvat",
    "voc": "compete.readers.writing.voc",
    "yolo": "compete.readers.writing.yolo",
}
"""Name of the format -> module. A new writer is a file and a line here; its name is that of a reader."""


def write_dataset(writer: str, dataset: Dataset, folder: Path) -> list[Finding]:
    """Write the images and objects of a dataset in another format.

    Args:
        writer: a name in ``WRITERS``.
        dataset: images with objects, as a reader made it.
        folder: a new or empty folder, which must exist.

    Returns:
        What the format cannot hold, one finding a kind.

    Raises:
        DatasetError: if the dataset has no objects in images, or names that the format cannot hold.
        SystemFault: if the disk or a permission forbids writing.
    """
    findings: list[Finding] = import_module(WRITERS[writer]).write(dataset, folder)
    return findings
