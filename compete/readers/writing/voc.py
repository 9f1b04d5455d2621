"""Pascal VOC written: a folder of images, an XML file for each, and the lists of a published split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from compete.dataset import Dataset
from compete.errors import Finding
from compete.files import system_fault, write_file
from compete.readers.formats.voc_files import COORDINATES, PARTS
from compete.readers.writing.placing import (
    Labelled,
    checked_objects,
    copy_images,
    image_names,
    not_written,
    other_areas,
    told,
)

IMAGES, SHEETS, LISTS = "JPEGImages", "Annotations", "ImageSets/Main"


def write(dataset: Dataset, folder: Path) -> list[Finding]:
    """Write the images and boxes of a dataset as Pascal VOC: ``JPEGImages/``, ``Annotations/`` and ``ImageSets/``.

    Corners are written as they are, with 0 at the border of the image, as LabelImg, CVAT and datumaro do. Numbers have
    all their digits, so that a box that is read again differs by rounding alone (below 1e-9 pixels). Crowds and ignored
    objects become ``difficult``. Read again, images come in the order of their names.

    Args:
        dataset: images with objects, as a reader made it; its column ``file`` holds absolute paths.
        folder: a new or empty folder, which must exist.

    Returns:
        What VOC files cannot hold, one finding a kind.

    Raises:
        DatasetError: if the dataset has no objects in images.
        SystemFault: if the disk or a permission forbids reading or writing.
    """
    found = checked_objects(dataset)
    names = image_names(dataset)
    stems = _stems(names)
    parts = dataset.items["split"].tolist() if "split" in dataset.items else []
    listed = {part: [stem for stem, own in zip(stems, parts, strict=True) if own == part] for part in sorted({*parts})}
    try:
        copy_images(dataset, folder / IMAGES, names)
        for name, stem, item, row in zip(names, stems, found, dataset.items.to_dict("records"), strict=True):
            write_file(folder / SHEETS / f"{stem}.xml", _sheet(name, row, found[item]).encode())
        for part, own in listed.items():
            if part in PARTS:
                write_file(folder / LISTS / f"{part}.txt", "".join(f"{Path(stem).name}\n" for stem in own).encode())
    except OSError as error:
        raise system_fault(error) from error
    kept = frozenset({"split"}) if set(parts) <= {*PARTS, ""} else frozenset[str]()
    return [*not_written(dataset, columns=kept), *_findings(dataset, found)]


def _stems(names: Sequence[str]) -> list[str]:
    """What the XML file of each image is called: its name without ending, or with it where that would be another's."""
    stems = [Path(name).with_suffix("").as_posix() for name in names]
    return stems if len({stem.casefold() for stem in stems}) == len(stems) else list(names)


def _sheet(name: str, row: dict[Any, Any], objects: Sequence[Labelled]) -> str:
    """The XML of one image."""
    folder, _, file = name.rpartition("/")
    lines = ["<annotation>", f"  <folder>{escape(folder or IMAGES)}</folder>", f"  <filename>{escape(file)}</filename>",
             "  <size>", f"    <width>{row['width']}</width>", f"    <height>{row['height']}</height>",
             "  </size>"]  # fmt: skip
    for one in objects:
        left, top, width, height = one.box
        corners = zip(COORDINATES, (left, top, left + width, top + height), strict=True)
        lines += ["  <object>", f"    <name>{escape(one.label)}</name>",
                  f"    <difficult>{int(one.ignore or one.crowd)}</difficult>", "    <bndbox>",
                  *(f"      <{tag}>{number!r}</{tag}>" for tag, number in corners),
                  "    </bndbox>", "  </object>"]  # fmt: skip
    return "\n".join([*lines, "</annotation>", ""])


def _findings(dataset: Dataset, found: dict[Any, list[Labelled]]) -> list[Finding]:
    rows = [one for objects in found.values() for one in objects]
    masks, points, crowds = (sum(map(bool, kind)) for kind in (
        [one.rle for one in rows], [one.points for one in rows], [one.crowd for one in rows]))  # fmt: skip
    idle = [category.name for category in dataset.categories if category.name not in {one.label for one in rows}]
    return [
        *told(masks, "mask was not written", "masks were not written", "VOC's XML holds boxes; write coco or cvat"),
        *told(points, "object has keypoints, which were not written", "objects have keypoints, which were not written"),
        *told(crowds, "crowd was written as difficult", "crowds were written as difficult"),
        *told(len(idle), "class without objects was not written", "classes without objects were not written"),
        *other_areas(found),
    ]
