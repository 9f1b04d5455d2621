"""COCO written: a folder of images and ``annotations.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compete.dataset import Category, Dataset
from compete.errors import Finding
from compete.files import system_fault, write_file
from compete.readers.coverage import written_coverage
from compete.readers.formats.coco_file import PRIVATE, TAKEN
from compete.readers.writing.placing import (
    OWN,
    Labelled,
    checked_objects,
    copy_images,
    image_names,
    not_written,
)

IMAGES = "images"
FILE = "annotations.json"


def write(dataset: Dataset, folder: Path) -> list[Finding]:
    """Write the images and objects of a dataset as COCO: ``images/`` and ``annotations.json``.

    Masks are compressed run lengths, columns of the images stand with them, and which classes were looked for where
    stands as LVIS has it (``neg_category_ids`` and so on). Read again (with ``images: images``), the
    same dataset comes out, to the last digit; only the numbers of the images are new.

    Args:
        dataset: images with objects, as a reader made it; its column ``file`` holds absolute paths.
        folder: a new or empty folder, which must exist.

    Returns:
        What the file cannot hold, one finding a kind.

    Raises:
        DatasetError: if the dataset has no objects in images.
        SystemFault: if the disk or a permission forbids reading or writing.
    """
    found = checked_objects(dataset)
    names = image_names(dataset)
    columns = [name for name in dataset.items.columns if name not in OWN | TAKEN | PRIVATE]
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    number_of = {category.name: category.number for category in dataset.categories}
    for number, (name, item, row) in enumerate(zip(names, found, dataset.items.to_dict("records"), strict=True), 1):
        size = (int(row["width"]), int(row["height"]))
        own = {column: row[column] for column in columns}
        images.append({**own, "id": number, "file_name": name, "width": size[0], "height": size[1]})
        for one in found[item]:
            entry = _annotation(one, size)
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": number_of[one.label], **entry}
            )
    categories = list(map(_category, dataset.categories))
    written_coverage(dataset.coverage, images, categories)
    content = {"images": images, "annotations": annotations, "categories": categories}
    try:
        copy_images(dataset, folder / IMAGES, names)
        write_file(folder / FILE, json.dumps(content, ensure_ascii=False, allow_nan=False).encode())
    except OSError as error:
        raise system_fault(error) from error
    return not_written(dataset, columns=frozenset(columns), coverage=True)


def _annotation(one: Labelled, size: tuple[int, int]) -> dict[str, Any]:
    entry: dict[str, Any] = {"bbox": list(one.box), "area": one.area, "iscrowd": int(one.crowd)}
    if one.ignore:
        entry["ignore"] = 1
    if one.rle:
        entry["segmentation"] = {"size": [size[1], size[0]], "counts": one.rle}
    if one.points:
        seen = sum(bool(sight) for sight in one.points[2::3])
        entry |= {"keypoints": [*one.points], "num_keypoints": seen}
    return entry


def _category(category: Category) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": category.number, "name": category.name, "supercategory": category.supercategory}
    if not category.thing:
        entry["isthing"] = 0
    if category.points:
        entry |= {"keypoints": list(category.points), "skeleton": [list(pair) for pair in category.skeleton]}
    return entry
