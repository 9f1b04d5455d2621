"""Exports of Roboflow: a folder for each part of the published split, with annotations in one of several flavours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from compete.dataset import Category, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.annotations import Annotations
from compete.readers.delimited import read_delimited
from compete.readers.formats.coco_file import coco_annotations, coco_content
from compete.readers.formats.roboflow_boxes import CREATEML, LINES, read_boxes
from compete.readers.formats.roboflow_boxes import TABLE as CORNERS
from compete.readers.formats.roboflow_names import source_column
from compete.readers.images import is_image_name
from compete.readers.json_file import refusal
from compete.readers.listing import NO_CLASSES, PARTS, listed_files, part_of, unprintable_names

RULE = "dataset/label-file"
COCO, TABLE = "_annotations.coco.json", "_classes.csv"
FILES = {"coco": COCO, "table": TABLE, "corners": CORNERS, "createml": CREATEML, "lines": LINES}
"""Flavours that a file tells, and its name in the folder of each part."""
MASKS = "_mask.png"
"""The end of the names of label images, which are read with their images by the reader ``masks``."""
LABEL = "label"
"""The column of the class where the folders are the classes."""


@dataclass
class _Joined:
    """Images and objects of several files, numbered anew."""

    file: list[str] = field(default_factory=list)
    size: list[tuple[int, int] | None] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    category: dict[str, Category] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def flavour(names: Sequence[str]) -> str:
    """Which flavour an export is: ``coco``, ``table``, ``corners``, ``createml``, ``lines``, ``folders``, or none.

    Args:
        names: the files of a folder, relative to it.

    >>> flavour(["train/_annotations.coco.json", "train/a.jpg"]), flavour(["train/cat/a.jpg", "test/dog/b.jpg"])
    ('coco', 'folders')
    >>> flavour(["train/images/a.jpg"]), flavour(["train/a.jpg", "valid/b.jpg"])
    ('', '')
    """
    ends = {name.rpartition("/")[2] for name in names if name.count("/") <= 1}
    told = next((kind for kind, name in FILES.items() if name in ends), "")
    if told == "table" and any(name.endswith(MASKS) for name in ends):
        return ""  # whose table names the values of pixels
    if told:
        return told
    images = [name.split("/") for name in names if is_image_name(name)]
    classes = {parts[1].lower() for parts in images if len(parts) == 3}
    sorted_out = all(len(parts) == 3 and parts[0].lower() in PARTS for parts in images)
    return "folders" if sorted_out and len(classes) > 1 and not classes & NO_CLASSES else ""


def read_roboflow(path: Path, where: str = "") -> Annotations:
    """Read an export of Roboflow: COCO, tables of flags or of corners, CreateML, lines, or one folder a class.

    Args:
        path: the folder that holds ``train``, ``valid`` and ``test``.
        where: the place in challenge.yaml that names it.

    Raises:
        DatasetError: if it is none.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = listed_files(path, where)
    found = flavour(names)
    readers = {"coco": _of_coco, "table": _of_table, "folders": _of_folders}
    readers |= dict.fromkeys(("corners", "createml", "lines"), _of_boxes)
    if not found:
        hint = f"expected: train, valid and test, each with one of {', '.join(FILES.values())}, or with one folder a "
        hint += "class; exports in YOLO's format are read with reader: yolo, those with masks with reader: masks"
        raise refusal(RULE, f"{path.name} is no such export", where or path.name, hint)
    findings = unprintable_names([name for name in names if is_image_name(name)], path.name)
    if findings:
        raise DatasetError("the annotations cannot be read", findings)
    return readers[found](path, names)


def _annotations(
    folder: Path, joined: _Joined, columns: Mapping[str, Sequence[str]], categories: Sequence[Category] = ()
) -> Annotations:
    """What the flavours have in common: the part of the published split, and the source of each copy."""
    told = {**columns, **_parted(joined.file)}
    return Annotations(
        folder.name, range(len(joined.file)), joined.file, joined.size, told, tuple(categories), joined.objects, folder,
        joined.places, tuple(joined.findings),
    )  # fmt: skip


def _parted(files: Sequence[str]) -> dict[str, list[str]]:
    """The part of the published split, and the source of each copy."""
    parts = [part_of(name) for name in files]
    return ({"split": parts} if any(parts) else {}) | source_column(files)


def _of_coco(folder: Path, names: Sequence[str]) -> Annotations:
    """One COCO file a part: images and categories are numbered anew, categories are one where their names are."""
    joined = _Joined()
    for name in [name for name in names if name.rpartition("/")[2] == COCO]:
        content = coco_content(folder / name)
        dropped = _without_objects(content)
        if dropped:
            what = excerpt(str(dropped.get("name")))
            message = "a category stands for the project, groups the others and has no object: it is left out"
            joined.findings.append(Finding("dataset/unused-category", message, name, (what,), severity="note"))
            content = content | {"categories": [one for one in content["categories"] if one is not dropped]}
        _join(joined, coco_annotations(content, folder / name), name)
    categories = sorted(joined.category.values(), key=lambda category: category.number)
    return _annotations(folder, joined, {}, categories)


def _without_objects(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The entry of categories that only groups the others: number 0, named as their supercategory, without objects."""
    entries = [entry for entry in content["categories"] if isinstance(entry, dict)]
    first = next((entry for entry in entries if entry.get("id") == 0), None)
    if first is None or len(entries) < 2:
        return None
    used = any(isinstance(one, dict) and one.get("category_id") == 0 for one in content["annotations"])
    above = [entry.get("supercategory") for entry in entries if entry is not first]
    return first if not used and all(name == first.get("name") for name in above) else None


def _join(joined: _Joined, part: Annotations, name: str) -> None:
    """Add the images and objects of one file."""
    before = name.rpartition("/")[0]
    image = {number: place + len(joined.file) for place, number in enumerate(part.number)}
    joined.file += [f"{before}/{file}" if before else file for file in part.file]
    joined.size += part.size
    joined.findings += part.findings
    category = {}
    for one in part.categories:
        taken = {known.number for known in joined.category.values()}
        number = max(taken) + 1 if one.number in taken else one.number
        category[one.number] = joined.category.setdefault(one.name, replace(one, number=number)).number
    for place, entry in enumerate(part.annotations):
        joined.objects.append(_renumbered(entry, image, category))
        joined.places.append(f"{name} {part.place(place)}")


def _renumbered(entry: Any, image: Mapping[int, int], category: Mapping[int, int]) -> Any:
    """An annotation with the new numbers; what names nothing keeps what it says, as text, to be told."""
    if not isinstance(entry, dict):
        return entry
    told = {"image_id": image, "category_id": category}
    new: dict[str, int | str] = {}
    for key, known in told.items():
        old: Any = entry.get(key)
        whole = isinstance(old, int) and not isinstance(old, bool)
        new[key] = known.get(old, str(old)) if whole else str(old)
    return {**entry, **new}


def _of_table(folder: Path, names: Sequence[str]) -> Annotations:
    """One table a part, a column of 0 and 1 a class; a class that a part does not know is absent from it."""
    joined, rows = _Joined(), list[dict[str, str]]()
    for name in [name for name in names if name.rpartition("/")[2] == TABLE]:
        table = read_delimited(folder / name)
        told = [replace(one, where=name) for one in table.findings if one.rule not in ("dataset/header-space",)]
        columns = {column.strip(): [cell.strip() for cell in cells] for column, cells in table.columns.items()}
        first, *classes = columns
        if not fatal(told) and (first.lower() not in ("filename", "file", "image") or not classes):
            hint = "the first column of such a table is `filename`, the others are classes with 0 and 1"
            told.append(Finding(RULE, "the table has no files or no classes", name, hint=hint))
        if fatal(told):
            raise DatasetError("the annotations cannot be read", told)
        before = name.rpartition("/")[0]
        joined.findings += told
        joined.file += [f"{before}/{file}" if before else file for file in columns[first]]
        flags = zip(*(columns[one] for one in classes), strict=True)
        rows += [dict(zip(classes, cells, strict=True)) for cells in flags]
    joined.size = [None] * len(joined.file)
    known = sorted({column for row in rows for column in row})
    return _annotations(folder, joined, {column: [row.get(column, "0") for row in rows] for column in known})


def _of_boxes(folder: Path, names: Sequence[str]) -> Annotations:
    """One file a part that lists boxes."""
    found = read_boxes(folder, FILES[flavour(names)], names)
    return replace(found, columns=_parted(found.file))


def _of_folders(folder: Path, names: Sequence[str]) -> Annotations:
    """One folder a part, and in it one folder a class."""
    joined = _Joined(file=[name for name in names if is_image_name(name)])
    joined.size = [None] * len(joined.file)
    stray = [name for name in names if name.count("/") and not is_image_name(name)]
    if stray:
        message = counted(len(stray), "file is no image and is left out", "files are no images and are left out")
        shown = tuple(map(excerpt, stray[:EXAMPLES]))
        joined.findings.append(Finding("dataset/stray-file", message, folder.name, shown, "", "warning", len(stray)))
    return _annotations(folder, joined, {LABEL: [name.split("/")[1] for name in joined.file]})
