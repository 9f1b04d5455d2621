"""COCO files: the JSON, its categories and its images, checked before anything is built on them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compete.dataset import Category
from compete.errors import DatasetError, Finding, fatal
from compete.readers.annotations import Annotations, is_number, is_whole
from compete.readers.coverage import KINDS as COVERAGE_KINDS
from compete.readers.coverage import listed_coverage
from compete.readers.faults import Faults, Kind
from compete.readers.formats.coco_labels import image_labels, label_columns, label_findings
from compete.readers.formats.coco_numbers import with_numbers
from compete.readers.json_file import read_json, refusal

TAKEN = frozenset({"id", "file_name", "width", "height"})
PRIVATE = frozenset({"url", "coco_url", "flickr_url", "longitude", "latitude", "gps_location", "photographer"})
"""Keys of an image that lead to its source, and so to its annotations, to a person or to where a rare animal lives;
they become no column."""
ADDRESS = "coco_url"
"""The address whose last folder and name are the file's where LVIS gives no ``file_name``."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
RULE = "dataset/coco-file"

KINDS = {
    "not-an-image": Kind(
        "dataset/coco-image", "image lacks a whole `id` or a `file_name`", "images lack a whole `id` or a `file_name`",
        "each entry of `images` needs both, the name on one line and without control characters; ids are all numbers, "
        "or all text"),
    "image-id": Kind(
        "dataset/repeated-id", "image repeats the id of another", "images repeat the ids of others",
        "files were joined without numbering anew: annotations would land on the wrong image"),
    "image-file": Kind(
        "dataset/coco-image", "image repeats the file of another", "images repeat the files of others",
        "join the two entries and their annotations"),
    "not-a-category": Kind(
        "dataset/category", "category lacks a whole `id` or a `name`", "categories lack a whole `id` or a `name`",
        "each needs both: a number not negative, and a name on one line without control characters"),
    "category-id": Kind(
        "dataset/category", "category repeats the number of another", "categories repeat the numbers of others",
        "give each its own"),
    "category-name": Kind(
        "dataset/category", "category repeats the name of another", "categories repeat the names of others",
        "a class is known by its name: join them, or rename one"),
}  # fmt: skip


def read_coco(path: Path, where: str = "", *, short: bool = False) -> Annotations:
    """Read a COCO file.

    Args:
        path: the file.
        where: the place in challenge.yaml that names it.
        short: where an address names an image, take its last part alone, not the folder before it too.

    Raises:
        DatasetError: if it is none, or its images or categories are not sound; all faults at once.
        SystemFault: if the disk or a permission forbids reading.
    """
    return coco_annotations(coco_content(path, where), path, short=short)


def coco_annotations(content: Mapping[str, Any], path: Path, *, short: bool = False) -> Annotations:
    """The images, categories and annotations of the JSON of a COCO file.

    Args:
        content: with the lists images, categories and annotations.
        path: of the file, for findings and for what its images are relative to.
        short: as for ``read_coco``.

    Raises:
        DatasetError: if its images or categories are not sound; all faults at once.
    """
    content = with_numbers(content)
    faults = Faults(path.name, KINDS | COVERAGE_KINDS)
    images = _images(_named(content["images"], 1 if short else 2), faults)
    categories = _categories(content["categories"], faults)
    coverage = None if faults.found else listed_coverage(images, content["categories"], categories, faults)
    findings = faults.findings()
    for what, entries in (("images", images), ("categories", categories)):
        if not entries and not fatal(findings):
            findings.append(Finding(RULE, f"the file has no {what}", path.name))
    if fatal(findings):
        raise DatasetError(f"dataset refused: {path.name}", findings)
    columns = _columns(images, content.get("licenses"))
    number = tuple(entry["id"] for entry in images)
    file = tuple(entry["file_name"].replace("\\", "/") for entry in images)  # as programs on Windows write it
    size = tuple(_size(entry) for entry in images)
    labels, objects = image_labels(number, categories, content["annotations"])
    labelled = {} if labels is None else label_columns(labels, columns)
    findings += label_findings(labels or {}, file, path.name)
    return Annotations(
        path.name, number, file, size, columns | labelled, categories, objects, path.parent,
        findings=tuple(findings), coverage=coverage, choices=tuple(labelled),
    )  # fmt: skip


def coco_content(path: Path, where: str = "") -> dict[str, Any]:
    """The JSON of a file with the lists that a COCO file has.

    Raises:
        DatasetError: if it is none.
        SystemFault: if the disk or a permission forbids reading.
    """
    content = read_json(path, RULE, where)
    lists = ("images", "categories", "annotations")
    known = content if isinstance(content, dict) else {}
    absent = [key for key in lists if not isinstance(known.get(key), list)]
    if absent:
        hint = "a COCO file of annotations is an object with the lists images, categories and annotations"
        if absent == ["categories"] and _are_captions(known["annotations"]):
            hint = "take the file of instances, keypoints or panoptic segments that was published beside it"
            raise refusal(RULE, "the file holds captions only, and no labels", path.name, hint)
        if isinstance(content, list):
            hint += "; this looks like results of a model"
        raise refusal(RULE, f"the file has no list {' and no list '.join(absent)}", path.name, hint)
    return known


def _are_captions(annotations: list[Any]) -> bool:
    return bool(annotations) and all(isinstance(one, dict) and "caption" in one for one in annotations)


def _named(entries: Sequence[Any], parts: int) -> list[Any]:
    """The entries, each with the name of its file: LVIS 1.0 tells it in the address alone, as ``val2017/01.jpg``."""
    return [
        {**entry, "file_name": "/".join(entry[ADDRESS].split("/")[-parts:])}
        if isinstance(entry, dict) and entry.get("file_name") is None and isinstance(entry.get(ADDRESS), str)
        else entry
        for entry in entries
    ]


def _images(entries: Sequence[Any], faults: Faults) -> list[dict[str, Any]]:
    """The entries of images, each with its own number and its own file."""
    numbers: set[int] = set()
    files: set[str] = set()
    for place, entry in enumerate(entries):
        file = entry.get("file_name") if isinstance(entry, dict) else None
        if not isinstance(file, str) or not _is_name(file) or not is_whole(entry.get("id")):
            faults.add("not-an-image", f"images[{place}]")
            continue
        if entry["id"] in numbers:
            faults.add("image-id", f"{entry['id']} ({file})")
        if file in files:
            faults.add("image-file", file)
        numbers.add(entry["id"])
        files.add(file)
    return list(entries)


def _is_name(text: str) -> bool:
    """Whether a text can name something: not blank, and one line without control characters."""
    return bool(text.strip()) and not _CONTROL.search(text)


def _size(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = entry.get("width"), entry.get("height")
    if width is None or height is None or not is_number(width) or not is_number(height):
        return None
    return int(width), int(height)


def _categories(entries: Sequence[Any], faults: Faults) -> tuple[Category, ...]:
    """The categories by number, each with its own name."""
    found: dict[int, Category] = {}
    names: set[str] = set()
    for place, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not _is_name(name) or not is_whole(entry.get("id")) or entry["id"] < 0:
            faults.add("not-a-category", f"categories[{place}]")
            continue
        if name.strip() in names:
            faults.add("category-name", name)
        if entry["id"] in found:
            faults.add("category-id", f"{entry['id']} ({name})")
        names.add(name.strip())
        found[entry["id"]] = _category(name.strip(), entry)
    return tuple(found[number] for number in sorted(found))


def _category(name: str, entry: Mapping[str, Any]) -> Category:
    above, points, skeleton = (entry.get(key) for key in ("supercategory", "keypoints", "skeleton"))
    names = tuple(point for point in points if isinstance(point, str)) if isinstance(points, list) else ()
    pairs = skeleton if isinstance(skeleton, list) else []
    joined = tuple((pair[0], pair[1]) for pair in pairs if _joins(pair, len(names)))
    thing = entry.get("isthing", 1) != 0
    return Category(name, entry["id"], above if isinstance(above, str) else "", thing, names, joined)


def _joins(pair: Any, points: int) -> bool:
    whole = isinstance(pair, list) and len(pair) == 2 and all(map(is_whole, pair))
    return whole and all(1 <= end <= points for end in pair)


def _columns(images: Sequence[Mapping[str, Any]], licenses: Any) -> dict[str, list[str]]:
    """Whatever else the file says of each image in one word or number, as columns of text."""
    names = dict.fromkeys(key for entry in images for key in entry if key not in TAKEN | PRIVATE)
    columns = {}
    for name in names:
        cells = [entry.get(name) for entry in images]
        if all(cell is None or isinstance(cell, (str, int, float)) for cell in cells):
            columns[name] = ["" if cell is None else _spelt(cell) for cell in cells]
    if "license" in columns and isinstance(licenses, list):
        known = {str(one.get("id")): str(one.get("name", "")) for one in licenses if isinstance(one, dict)}
        columns["license"] = [known.get(cell) or cell for cell in columns["license"]]
    return columns


def _spelt(cell: str | float) -> str:
    """A value of JSON as the cell of a table."""
    return cell if isinstance(cell, str) else json.dumps(cell)
