"""Images with boxes, polygons or poses in one text file each, as YOLO trains on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.formats.dota_lines import is_about, turned_line
from compete.readers.formats.roboflow_names import SOURCE, source_group
from compete.readers.formats.yolo_config import SETTINGS
from compete.readers.formats.yolo_file import label_names, read_yolo
from compete.readers.formats.yolo_lines import LineError, parsed_line
from compete.readers.images import is_image_name
from compete.readers.recognition import Glance, read_head
from compete.readers.whereabouts import evenly
from compete.sources import is_file

LOOKED_AT = 20
"""Images whose files of labels are looked for."""


def read(challenge: Challenge) -> Dataset:
    """Read the folder of images and labels that a challenge names.

    Coordinates are fractions of the image, turned into pixels from its top left corner. A polygon counts by the box
    around it where boxes are asked for, and so does a turned box (OBB), with four corners in fractions or, as DOTA has
    it, in pixels with a name. An image without a file of labels, or with an empty one, has no objects.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    data = challenge.data
    pictures = challenge.locate(data.images) if data.images else None
    return annotated_dataset(challenge, read_yolo(challenge.locate(data.path), challenge.where("data.path"), pictures))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a folder of YOLO labels and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    annotated = read_yolo(path)
    proposed = propose_annotated("yolo", annotated, path)
    return proposed | {"group": source_group(annotated.columns.get(SOURCE, ())) or proposed["group"]}


def recognise(glance: Glance) -> str:
    """Why a path holds YOLO labels; empty if it does not."""
    if glance.is_file:
        is_named = bool(glance.ending(".yaml", ".yml", ".data"))
        return f"{glance.path.name} with names of classes" if is_named and _is_settings(glance.head) else ""
    texts = {}
    for name in evenly([name for name in glance.names if is_image_name(name)], LOOKED_AT):
        found = next((text for text in _beside(glance.path, name) if is_file(text)), None)
        if found:
            texts[name] = found
    settings = next((name for name in SETTINGS if is_file(glance.path / name)), "")
    sound = next((text for text in texts.values() if _is_labels(read_head(text))), None)
    if sound:
        shown = sound.relative_to(glance.path).as_posix()
        return f"numbers of YOLO labels in {shown}" + (f", and {settings}" if settings else "")
    is_told = settings and texts and _is_settings(read_head(glance.path / settings))
    return f"{settings} with names of classes, and labels of images without objects" if is_told else ""


def _is_settings(head: bytes) -> bool:
    """Whether a text names classes and parts of a published split."""
    return b"names" in head and (b"train" in head or b"val" in head)


def _beside(folder: Path, image: str) -> list[Path]:
    """Where the labels of an image may be, with folders spelt as they usually are."""
    spelt = {part.lower(): part for part in image.split("/")[:-1]} | {"labeltxt": "labelTxt"}
    capital = {"labels": "Labels", "annotations": "Annotations"}
    found = []
    for name in label_names(image):
        parts = [spelt.get(part, part) for part in name.split("/")[:-1]]
        file = f"{name.split('/')[-1]}.txt"
        found.append(folder.joinpath(*parts, file))
        found.append(folder.joinpath(*(capital.get(part, part) for part in parts), file))
    return found


def _is_labels(head: bytes) -> bool:
    """Whether the first line of a text is one of labels; a text without any may be anything."""
    for line in head.decode("latin-1").splitlines():
        if line.strip() and not is_about(line):
            if turned_line(line):
                return True
            try:
                parsed_line(line)
            except LineError:
                return False
            return True
    return False
