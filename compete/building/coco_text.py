"""COCO files of a bundle: images under their opaque names, with objects where they may be known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from compete.building.parts import TRAIN_PART
from compete.building.plan import Plan
from compete.building.truths import labels_of_images, pairs_of_images, sizes_of_images
from compete.readers.coverage import LISTS

Array = np.ndarray[Any, Any]


def coco_bytes(plan: Plan, rows: Array, first: int, *, annotated: bool) -> bytes:
    """A COCO file of some images.

    Args:
        plan: of objects in images, with the files as they are named in the bundle.
        rows: the images, in the order of their table.
        first: the number of the first image; the others follow.
        annotated: whether the objects are told.
    """
    content = _head(plan, rows, first)
    if annotated:
        for image, lists in zip(content["images"], _looked_for(plan, rows), strict=True):
            image.update(lists)
        content["annotations"] = list(_objects(plan, rows, first))
    return _spelt(content)


def panoptic_bytes(plan: Plan, rows: Array, first: int, *, annotated: bool) -> bytes:
    """A panoptic COCO file of some images: what the segments of their PNG files are; arguments as ``coco_bytes``."""
    content = _head(plan, rows, first)
    if annotated:
        listed: list[list[dict[str, Any]]] = [[] for _ in rows]
        for segment, place in _segments(plan, rows):
            listed[place].append(segment)
        content["annotations"] = [
            {"image_id": first + place, "file_name": f"{plan.id[row]}.png", "segments_info": listed[place]}
            for place, row in enumerate(rows.tolist())
        ]
    return _spelt(content)


def _head(plan: Plan, rows: Array, first: int) -> dict[str, Any]:
    """What every file tells: the challenge, the images and the categories."""
    height, width = (side.tolist() for side in sizes_of_images(plan, rows))
    folder = ["train" if part == TRAIN_PART else "test" for part in plan.part[rows].tolist()]
    images = [
        {"id": first + place, "file_name": f"{folder[place]}/{plan.public_name(row)}", "width": width[place],
         "height": height[place]}
        for place, row in enumerate(rows.tolist())
    ]  # fmt: skip
    info = {"description": plan.terms.title, "version": plan.terms.version}
    return {"info": info, "images": images, "categories": list(_categories(plan))}


def _categories(plan: Plan) -> Iterator[dict[str, Any]]:
    panoptic = plan.terms.task == "panoptic_segmentation"
    for code, category in enumerate(plan.dataset.categories):
        told: dict[str, Any] = {"id": category.number, "name": category.name}
        if category.supercategory:
            told["supercategory"] = category.supercategory
        if panoptic:
            told["isthing"] = int(category.thing)
        if plan.terms.task == "keypoints":
            told |= {"keypoints": list(category.points), "skeleton": [list(pair) for pair in category.skeleton]}
        yield told | _relations(plan, code)


def _looked_for(plan: Plan, rows: Array) -> list[dict[str, list[int]]]:
    """What was looked for in each image, as LVIS lists it; nothing where every class was."""
    told: list[dict[str, list[int]]] = [{} for _ in rows]
    for name, key in LISTS.items():
        pairs = pairs_of_images(plan, rows, getattr(plan.dataset.coverage, name, None))
        if pairs is None:
            continue
        for lists in told:
            lists[key] = []
        for place, code in pairs.tolist():
            told[place][key].append(plan.dataset.categories[code].number)
    return told


def _relations(plan: Plan, code: int) -> dict[str, Any]:
    """How frequent a class is, and the numbers of the classes that contain it, where that is known."""
    coverage = plan.dataset.coverage
    told: dict[str, Any] = {}
    if coverage is not None and coverage.frequency is not None:
        told["frequency"] = "rcf"[coverage.frequency[code]]
    if coverage is not None and coverage.parents is not None:
        above = coverage.parents[coverage.parents[:, 0] == code, 1].tolist()
        told["parents"] = [plan.dataset.categories[parent].number for parent in above]
    return told


def _objects(plan: Plan, rows: Array, first: int) -> Iterator[dict[str, Any]]:
    """One entry an object, in the order of the images."""
    labels, image = labels_of_images(plan, rows)
    number = {category.name: category.number for category in plan.dataset.categories}
    height, width = (side[image].tolist() for side in sizes_of_images(plan, rows))
    box = labels[["x", "y", "width", "height"]].to_numpy().tolist()
    columns = {name: labels[name].tolist() for name in labels.columns}
    for row, place in enumerate(image.tolist()):
        entry: dict[str, Any] = {
            "id": row + 1,
            "image_id": first + place,
            "category_id": number[columns["label"][row]],
            "bbox": list(map(_short, box[row])),
            "area": _short(columns["area"][row]),
            "iscrowd": int(columns["crowd"][row]),
        }
        if columns["ignore"][row]:
            entry["ignore"] = 1
        if "rle" in columns:
            entry["segmentation"] = {"size": [height[row], width[row]], "counts": columns["rle"][row]}
        if "points" in columns:
            points = columns["points"][row]
            entry |= {"keypoints": list(map(_short, points)), "num_keypoints": sum(seen > 0 for seen in points[2::3])}
        yield entry


def _segments(plan: Plan, rows: Array) -> Iterator[tuple[dict[str, Any], int]]:
    """One entry a segment, and the place of its image."""
    labels, image = labels_of_images(plan, rows)
    number = {category.name: category.number for category in plan.dataset.categories}
    columns = (labels[name].tolist() for name in ("label", "segment", "area", "crowd"))
    for place, name, segment, area, crowd in zip(image.tolist(), *columns, strict=True):
        yield {"id": segment, "category_id": number[name], "area": int(area), "iscrowd": int(crowd)}, place


def _short(number: float) -> float:
    """Whole numbers without a decimal point."""
    return int(number) if number == int(number) else number


def _spelt(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
