"""YOLO labels written: a folder of images, a text file of labels for each, and data.yaml."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from compete.dataset import Dataset
from compete.errors import Finding
from compete.files import system_fault, write_file
from compete.readers.formats.yolo_config import KEYS
from compete.readers.formats.yolo_lines import as_line, as_polygon
from compete.readers.writing.outlines import outline
from compete.readers.writing.placing import (
    Labelled,
    bitmaps_of,
    checked_objects,
    copy_images,
    image_names,
    not_written,
    other_areas,
    told,
)

IMAGES, LABELS, SETTINGS = "images", "labels", "data.yaml"


def write(dataset: Dataset, folder: Path) -> list[Finding]:
    """Write the images and objects of a dataset as YOLO labels: ``images/``, ``labels/`` and ``data.yaml``.

    Masks become polygons along the edges of their pixels, keypoints poses, all else boxes. Classes are counted from 0
    in the order of the dataset's categories. Numbers have all their digits, so that what is read again differs by
    rounding alone (below 1e-9 pixels); masks come out the same to the pixel.

    Args:
        dataset: images with objects, as a reader made it; its column ``file`` holds absolute paths.
        folder: a new or empty folder, which must exist.

    Returns:
        What YOLO labels cannot hold, one finding a kind.

    Raises:
        DatasetError: if the dataset has no objects in images.
        SystemFault: if the disk or a permission forbids reading or writing.
    """
    found = checked_objects(dataset)
    names = _distinct(image_names(dataset))
    number = {category.name: place for place, category in enumerate(dataset.categories)}
    lists = _lists(dataset, names)
    try:
        copy_images(dataset, folder / IMAGES, names)
        for name, item, row in zip(names, found, dataset.items.to_dict("records"), strict=True):
            size = (int(row["width"]), int(row["height"]))
            text = _text([one for one in found[item] if not (one.crowd or one.ignore)], number, size)
            write_file((folder / LABELS / name).with_suffix(".txt"), text.encode())
        for part, text in lists.items():
            write_file(folder / f"{part}.txt", text.encode())
        write_file(folder / SETTINGS, _settings(dataset, list(lists)).encode())
    except OSError as error:
        raise system_fault(error) from error
    flagged = sum(one.crowd or one.ignore for objects in found.values() for one in objects)
    return [
        *not_written(dataset, columns=frozenset({"split"} if lists else ())),
        *told(flagged, "object is a crowd or ignored and was left out",
              "objects are crowds or ignored and were left out", "YOLO labels know no regions that do not count"),
        *other_areas(found),
    ]  # fmt: skip


def _distinct(names: list[str]) -> list[str]:
    """The names of the images, or numbers where two would share a file of labels."""
    stems = {Path(name).with_suffix("").as_posix().casefold() for name in names}
    if len(stems) == len(names):
        return names
    return [f"{number:07d}{Path(name).suffix}" for number, name in enumerate(names, start=1)]


def _text(objects: Sequence[Labelled], number: dict[str, int], size: tuple[int, int]) -> str:
    """An image's file of labels."""
    drawn = bitmaps_of([one.rle for one in objects if one.rle], *size)
    lines = [
        as_polygon(number[one.label], outline(next(drawn)), *size)
        if one.rle
        else as_line(number[one.label], one.box, *size, one.points)
        for one in objects
    ]
    return "".join(f"{line}\n" for line in lines)


def _lists(dataset: Dataset, names: Sequence[str]) -> dict[str, str]:
    """The list of images of each part of a published split; none where the dataset has no such column."""
    parts = dataset.items["split"].tolist() if "split" in dataset.items else [""]
    if not {"train", "val"} <= set(parts) <= set(KEYS):
        return {}
    pairs = list(zip(names, parts, strict=True))
    return {
        part: "".join(f"./{IMAGES}/{name}\n" for name, own in pairs if own == part) for part in KEYS if part in parts
    }


def _settings(dataset: Dataset, parts: Sequence[str]) -> str:
    """data.yaml; text in quotes of JSON, which are YAML's too. Without a split, all images are for both."""
    lines = ["path: .", *(f"{part}: {part}.txt" for part in parts)]
    lines += ["names:"] if parts else [f"train: {IMAGES}", f"val: {IMAGES}", "names:"]
    lines += [f"  {place}: {json.dumps(one.name, ensure_ascii=False)}" for place, one in enumerate(dataset.categories)]
    if "points" in dataset.labels and dataset.categories:
        lines.append(f"kpt_shape: [{len(dataset.categories[0].points)}, 3]")
        lines.append("kpt_names:")
        lines += [f"  {place}: {json.dumps(list(one.points), ensure_ascii=False)}"
                  for place, one in enumerate(dataset.categories)]  # fmt: skip
    return "\n".join(lines) + "\n"
