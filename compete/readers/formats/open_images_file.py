"""Open Images: what the tables of a release say of the images at hand, as annotated images."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compete.dataset import Category, Coverage, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.annotations import Annotations
from compete.readers.coverage import circles
from compete.readers.faults import Faults, Kind
from compete.readers.formats.open_images_tables import (
    COLUMNS,
    FILE_RULE,
    Table,
    is_hierarchy,
    of_kind,
    read_hierarchy,
    table_at,
)
from compete.readers.headers import read_headers
from compete.readers.images import is_image_name
from compete.readers.json_file import read_raw, refusal
from compete.readers.listing import PARTS, listed_files, part_of

SLACK = 0.01
"""By how much a side may lie beyond its image, as a share of it."""
BESIDE = ("", "metadata", "annotations", "labels")
"""Folders beside a table of boxes, and in the folder above, that may hold the other tables."""

KINDS = {
    "row": Kind(
        "dataset/ragged-row", "row has too few cells", "rows have too few cells",
        "was the download cut short? take the file as Open Images offers it"),
    "fraction": Kind(
        "dataset/box", "box is not made of fractions of its image", "boxes are not made of fractions of their images",
        "XMin, XMax, YMin and YMax lie between 0 and 1, and the first of two is not the greater"),
    "image-again": Kind(
        "dataset/annotated-twice", "image has two files", "images have two files",
        "an image is known by its name without ending: remove one, or name the folder with data.images"),
    "circle": Kind(
        "dataset/coverage", "class contains itself", "classes contain themselves",
        "the tree of classes leads back to it: take the file as Open Images offers it"),
}  # fmt: skip


@dataclass
class _Found:
    """What was read of the images at hand.

    Attributes:
        name: of the source, for findings.
        root: the folder that has the images in it or below it.
        files: the paths of each image by its name without folder and ending.
        faults: what is wrong.
        boxes: image, class, left, right, top, bottom as fractions, whether it is a group, and the place.
        verified: image and class, and whether it is there.
        subset: the part of the published split of each image.
        absent: images that the tables name and that are not at hand.
        classes: those of all boxes, also of images that are not at hand.
    """

    name: str
    root: Path
    files: Mapping[str, list[str]]
    faults: Faults
    boxes: list[tuple[str, str, tuple[float, ...], bool, str]] = field(default_factory=list)
    verified: dict[tuple[str, str], bool] = field(default_factory=dict)
    subset: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Classes:
    """The names of the classes by their codes, in order, and pairs of codes of classes and what contains each."""

    names: Mapping[str, str]
    parents: Sequence[tuple[str, str]]

    @property
    def place(self) -> dict[str, int]:
        """The place of each code."""
        return {code: place for place, code in enumerate(self.names)}


def read_open_images(path: Path, where: str = "", images: Path | None = None) -> Annotations:
    """Read the tables of Open Images.

    Args:
        path: the folder of a release, or its table of boxes; then the other tables of the same part are taken that
            stand beside it.
        where: the place in challenge.yaml that names it.
        images: the folder that has the images in it or below it; by default the folder of the release.

    Returns:
        The images that are there, with their boxes. What is told of others is left out, which a finding tells. A group
        is a crowd. A class that someone looked for in an image is among what is present or absent there.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    tables, trees, release = _tables(path, where)
    if not of_kind(tables, "boxes"):
        hint = f"its columns are {', '.join(COLUMNS['boxes'])} and others: fetch PART-annotations-bbox.csv"
        raise refusal(FILE_RULE, "there is no table of boxes of Open Images", path.name or str(path), hint)
    faults = Faults(path.name, KINDS)
    root = images or release
    found = _Found(path.name, root, _images(root), faults)
    _read_tables(tables, found, of_one=path.is_file())
    for image in sorted(found.subset):
        if len(found.files[image]) > 1:
            faults.add("image-again", " and ".join(found.files[image]))
    if not found.subset and not fatal(faults.findings()):
        hint = "name the folder of images with data.images; an image bears the ImageID of its rows"
        raise refusal("dataset/missing-file", "not one image of the tables is there", where or path.name, hint)
    classes = _classes(tables, trees, found)
    findings = [*faults.findings(), *_findings(tables, found, classes)]
    if fatal(findings):
        raise DatasetError(f"dataset refused: {path.name}", findings)
    return _annotations(found, classes, findings)


def _tables(path: Path, where: str) -> tuple[list[Table], list[Path], Path]:
    """The tables of a release, its trees of classes, and the folder that its images are in or below."""
    if path.is_dir():
        folder, names = path, listed_files(path, where)
    else:
        if not path.is_file():
            read_raw(path, where)  # tells what is wrong
        folder = path.parent
        around = [place / name for place in (folder, folder.parent) for name in BESIDE]
        near = dict.fromkeys(file.resolve() for place in around if place.is_dir() for file in place.iterdir())
        names = sorted(str(file) for file in near if file.is_file())
    files = [folder / name for name in names]
    tables = [table for file in files if file.suffix.lower() == ".csv" and (table := table_at(file))]
    trees = [file for file in files if file.suffix.lower() == ".json" and is_hierarchy(file)]
    if path.is_file():
        chosen = path.resolve()
        one = next((table for table in tables if table.path == chosen), None)
        part = one.part if one else ""
        fit = ("", part) if part else ("", *PARTS.values())
        tables = [table for table in tables if table == one or (table.kind != "boxes" and table.part in fit)]
        inside = any(is_image_name(name) for name in listed_files(folder))
        return tables, trees, folder if inside else folder.parent
    return tables, trees, folder


def _images(root: Path) -> dict[str, list[str]]:
    """The paths of the images below a folder, by their names without folder and ending."""
    files: dict[str, list[str]] = {}
    for name in filter(is_image_name, listed_files(root) if root.is_dir() else ()):
        files.setdefault(Path(name).stem, []).append(name)
    return files


def _read_tables(tables: Sequence[Table], found: _Found, *, of_one: bool) -> None:
    """Read what the tables say of the images at hand; of one table of boxes the images are those of its part."""
    parts = {table.part for table in of_kind(tables, "boxes")} if of_one else {""}
    for table in of_kind(tables, "boxes"):
        _read_boxes(table, found)
    for table in of_kind(tables, "labels"):
        _read_labels(table, found)
    for table in of_kind(tables, "images"):
        image, subset = table.places("ImageID", "Subset")
        for _, cells in table.rows(found.faults, least=max(image, subset) + 1):
            part = part_of(f"{cells[subset]}/")
            if parts == {""} or part in parts:
                _has(cells[image], found, part)


def _read_labels(table: Table, found: _Found) -> None:
    """Read which classes someone looked for in an image; what a machine guessed, more or less surely, is left out."""
    image, name, sure, source = table.places("ImageID", "LabelName", "Confidence", "Source")
    for _, cells in table.rows(found.faults):
        there = cells[sure].strip()
        if there in ("0", "1") and (source < 0 or cells[source] != "machine") and _has(cells[image], found, table.part):
            pair = (cells[image], cells[name])
            found.verified[pair] = found.verified.get(pair, False) or there == "1"


def _read_boxes(table: Table, found: _Found) -> None:
    image, name, *sides, group = table.places(*COLUMNS["boxes"], "IsGroupOf")
    for line, cells in table.rows(found.faults):
        found.classes.add(cells[name])
        if not _has(cells[image], found, table.part):
            continue
        place = f"{table.path.name}:{line}"
        corners = _fractions([cells[side] for side in sides])
        if corners is None:
            found.faults.add("fraction", place)
        else:
            crowd = group >= 0 and cells[group].strip() == "1"
            found.boxes.append((cells[image], cells[name], corners, crowd, place))


def _has(image: str, found: _Found, part: str) -> bool:
    """Whether an image is at hand; notes it, and the part that it is told to be of."""
    if image not in found.files:
        found.absent.add(image)
        return False
    if not found.subset.get(image):
        found.subset[image] = part or part_of(found.files[image][0])
    return True


def _fractions(texts: Sequence[str]) -> tuple[float, ...] | None:
    """Left, right, top and bottom as shares of an image; None if they are none."""
    try:
        left, right, top, bottom = map(float, texts)
    except ValueError:
        return None
    sides = (left, right, top, bottom)
    sound = all(math.isfinite(side) and -SLACK <= side <= 1 + SLACK for side in sides)
    return sides if sound and left <= right and top <= bottom else None


def _classes(tables: Sequence[Table], trees: Sequence[Path], found: _Found) -> _Classes:
    """The classes of boxes, and those of the tree of classes that knows most of them.

    They stand in the order of the tables of names, the shorter first; those without a name stand last, by their code.
    """
    read = [read_hierarchy(tree) for tree in trees]
    pairs = max(read, key=lambda tree: len(found.classes & {child for child, _ in tree}), default=[])
    wanted = found.classes | {child for child, _ in pairs}
    names: dict[str, str] = {}
    for known in sorted((_names(table, found.faults) for table in of_kind(tables, "names")), key=len):
        names |= {code: name for code, name in known.items() if code in wanted and code not in names}
    names |= {code: code for code in sorted(wanted - names.keys())}
    count = Counter(names.values())
    distinct = {code: f"{name} ({code})" if count[name] > 1 else name for code, name in names.items()}
    classes = _Classes(distinct, [(child, parent) for child, parent in pairs if parent])
    place = classes.place
    for number in circles([(place[child], place[parent]) for child, parent in classes.parents]):
        found.faults.add("circle", list(distinct.values())[number])
    return classes


def _names(table: Table, faults: Faults) -> dict[str, str]:
    code, name = table.places("LabelName", "DisplayName")
    told = ((cells[code], cells[name].strip()) for _, cells in table.rows(faults, least=2))
    return {one: words for one, words in told if words and words.isprintable()}


def _findings(tables: Sequence[Table], found: _Found, classes: _Classes) -> Iterator[Finding]:
    """What is odd and stops nothing: images that are not at hand, labels that nobody verified, classes without name."""
    if found.absent:
        count = len(found.absent)
        message = counted(count, "image of the tables has", "images of the tables have")
        message += " no file and is left out" if count == 1 else " no files and are left out"
        told = tuple(map(excerpt, sorted(found.absent)[:EXAMPLES]))
        hint = f"{len(found.files):,} images are there; fetch the others if they belong to it"
        yield Finding("dataset/missing-file", message, found.name, told, hint, "warning", count)
    if not of_kind(tables, "labels"):
        message = "there are no image-level labels, so nobody knows which classes were looked for where they are not"
        hint = "put the table …-annotations-human-imagelabels-boxable.csv beside the boxes"
        yield Finding("dataset/coverage", message, found.name, hint=hint, severity="warning")
    bare = tuple(code for code, told in classes.names.items() if told == code)
    if bare:
        message = counted(len(bare), "class has no name and goes by its code", "classes have no names, only codes")
        hint = "put the table class-descriptions-boxable.csv beside the boxes"
        yield Finding("dataset/category", message, found.name, bare[:EXAMPLES], hint, "warning", len(bare))


def _annotations(found: _Found, classes: _Classes, findings: Sequence[Finding]) -> Annotations:
    """All of it as annotated images, in the order of their names."""
    images = sorted(found.subset)
    row = {image: place for place, image in enumerate(images)}
    files = tuple(found.files[image][0] for image in images)
    parts = [found.subset[image] for image in images]
    return Annotations(
        name=found.name,
        number=range(len(images)),
        file=files,
        size=[None] * len(images),
        columns={"split": parts} if any(parts) else {},
        categories=_categories(classes),
        annotations=_entries(found, classes, row, [str(found.root / file) for file in files]),
        root=found.root,
        places=[place for *_, place in found.boxes],
        findings=tuple(findings),
        coverage=_coverage(found, classes, row),
    )


def _categories(classes: _Classes) -> tuple[Category, ...]:
    """The classes, numbered from 1; above each the first that contains it."""
    above: dict[str, str] = {}
    for child, parent in classes.parents:
        above.setdefault(child, classes.names[parent])
    names = enumerate(classes.names.items(), start=1)
    return tuple(Category(name, number, above.get(code, "")) for number, (code, name) in names)


def _entries(found: _Found, classes: _Classes, row: Mapping[str, int], paths: Sequence[str]) -> list[dict[str, Any]]:
    """The boxes in pixels, as COCO has them."""
    headers, place = read_headers(paths), classes.place
    entries = []
    for image, code, (left, right, top, bottom), crowd, _ in found.boxes:
        wide, high = headers[row[image]].width, headers[row[image]].height
        box = [left * wide, top * high, (right - left) * wide, (bottom - top) * high]
        entries.append({"image_id": row[image], "category_id": place[code] + 1, "bbox": box, "iscrowd": int(crowd)})
    return entries


def _coverage(found: _Found, classes: _Classes, row: Mapping[str, int]) -> Coverage:
    """What was looked for in each image, and which class contains which."""
    import numpy as np

    place = classes.place
    lists: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for (image, code), there in found.verified.items():
        if code in place:
            lists[there].append((row[image], place[code]))
    links = [(place[child], place[parent]) for child, parent in classes.parents]
    absent, present, tree = (np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2) for pairs in (*lists, links))
    return Coverage(absent=absent, present=present, parents=tree if links else None)
