"""BIIGLE's CSV reports of annotations or labels of images, translated.

Names of people, their numbers, positions and dates of annotations are not read.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.annotations import Annotations
from compete.readers.delimited import Delimited, read_delimited
from compete.readers.gathering import Gathering, whole_size
from compete.readers.json_file import refusal
from compete.readers.listing import listed_files
from compete.readers.pictures import Pictures
from compete.readers.shapes import Entry, Point, ellipse, finite, outlined

RULE = "dataset/label-file"
OBJECTS = frozenset({"filename", "label_name", "shape_name", "points", "annotation_id"})
LABELS = frozenset({"image_label_id", "filename", "label_name"})
VIDEOS = ("video_annotation_label_id", "video_label_id")
NO_OBJECTS = ("Point", "LineString", "WholeFrame")
"""Shapes without an area of their own."""
LABEL = "label"
"""The column of the label where every image has one."""


def read_biigle(path: Path, images: Path | None = None, where: str = "") -> Annotations:
    """Read a report, or a folder of them with one for each volume.

    Args:
        path: the CSV file or the folder.
        images: the folder of the images; else they are looked for beside the report and below.
        where: the place in challenge.yaml that names it.

    Raises:
        DatasetError: if it is none; all faults at once.
        SystemFault: if the disk or a permission forbids reading.
    """
    folder = path if path.is_dir() else path.parent
    names = (
        [name for name in listed_files(path, where) if name.lower().endswith(".csv")] if path.is_dir() else [path.name]
    )
    tables = list(_tables(folder, names, where))
    root = images or folder
    gathering = Gathering(path.name, root, findings=[one for table in tables for one in table.findings])
    pictures = Pictures(root, where)
    if all(set(table.columns) >= LABELS for table in tables):
        return _with_labels(tables, gathering, pictures)
    strange = [table.name for table in tables if not set(table.columns) >= OBJECTS]
    if strange:
        told = next(table for table in tables if table.name == strange[0])
        what = "of videos" if set(told.columns) & set(VIDEOS) else "of another kind"
        hint = "request the CSV report of image annotations, or of image labels; videos cannot be read"
        raise refusal(RULE, f"this is a report {what}", strange[0], hint)
    for table in tables:
        _take_objects(table, gathering, pictures, volume=volume_of(table.name) if len(tables) > 1 else "")
    return gathering.annotations()


def volume_of(name: str) -> str:
    """The volume whose report a file is: BIIGLE calls it ``<number>-<volume>.csv``.

    >>> volume_of("32572-2025-09-sa-fr01-008.csv"), volume_of("reef.csv")
    ('2025-09-sa-fr01-008', 'reef')
    """
    number, _, rest = Path(name).stem.partition("-")
    return rest if number.isdecimal() and rest else Path(name).stem


def _tables(folder: Path, names: Sequence[str], where: str) -> Iterator[Delimited]:
    """The reports that have rows; where none has, that is refused."""
    empty = []
    for name in names:
        try:
            table = read_delimited(folder / name, where=where)
        except DatasetError as error:
            if [finding.rule for finding in fatal(error.findings)] != ["dataset/empty-table"]:
                raise
            empty.append(name)
            continue
        if fatal(table.findings):
            raise DatasetError("the annotations cannot be read", table.findings)
        yield replace(table, name=name, findings=list(table.findings))
    if len(empty) == len(names):
        message = "nothing is annotated: the report has no rows" if names else f"{folder.name} holds no CSV report"
        hint = "a report holds what is annotated; was the right volume asked for, and no filter set?"
        raise refusal("dataset/empty-table", message, ", ".join(empty[:EXAMPLES]) or folder.name, hint)


def _take_objects(table: Delimited, gathering: Gathering, pictures: Pictures, volume: str) -> None:
    """Add the images and objects of one report."""
    columns = table.columns
    labels = _labels(columns)
    images: dict[str, int | None] = {}
    seen: set[tuple[str, str]] = set()
    several: Counter[str] = Counter()
    sizes = columns.get("attributes", [""] * len(table.lines))
    rows = zip(table.lines, columns["filename"], labels, columns["annotation_id"], columns["shape_name"],
               columns["points"], sizes, strict=True)  # fmt: skip
    for line, file, label, annotation, shape, points, size in rows:
        place = f"{table.name}:{line}"
        if file not in images:
            told = {"volume": volume} if volume else {}
            images[file] = gathering.add_image(pictures.find(file) if file else file, _size(size), place, told)
        image = images[file]
        if image is None or (annotation, label) in seen:  # a label that several people gave
            continue
        seen.add((annotation, label))
        several[annotation] += 1
        if shape in NO_OBJECTS:
            gathering.leave_out(shape, place)
        else:
            gathering.add_object(image, label, place, _object(shape, points))
    twice = sorted(name for name, count in several.items() if count > 1)
    if twice:
        message = counted(len(twice), "annotation has", "annotations have") + " several labels"
        hint = "each label counts as an object of its own, in one place; remove those that are not meant"
        shown = tuple(excerpt(name) for name in twice[:EXAMPLES])
        gathering.findings.append(
            Finding("dataset/several-labels", message, table.name, shown, hint, "warning", len(twice))
        )


def _labels(columns: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The class of each row: the label's name, or the way to it in its tree where two labels have one name."""
    names = columns["label_name"]
    numbers, ways = columns.get("label_id"), columns.get("label_hierarchy")
    if numbers is None or ways is None:
        return names
    pairs = set(zip(names, numbers, strict=True))
    shared = {name for name, count in Counter(name for name, _ in pairs).items() if count > 1}
    return [way if name in shared else name for name, way in zip(names, ways, strict=True)]


def _size(attributes: str) -> tuple[int, int] | None:
    """Width and height, which stand among what BIIGLE knows of the file; nothing else of it is read."""
    said = _json(attributes)
    return whole_size(said.get("width"), said.get("height")) if isinstance(said, dict) else None


def _json(text: str) -> Any:
    """The value of a JSON text; None for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _object(shape: str, points: str) -> Entry | None:
    """The object of a shape and its points; None for what nobody can understand."""
    given = _json(points)
    numbers = finite(*given) if isinstance(given, list) and len(given) < 1 << 20 else None
    shapes: dict[str, Callable[[list[float]], Entry | None]] = {
        "Circle": _circle, "Ellipse": _ellipse, "Rectangle": _rectangle, "Polygon": _polygon,
    }  # fmt: skip
    return shapes[shape](numbers) if numbers and shape in shapes else None


def _corners(numbers: Sequence[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _circle(numbers: list[float]) -> Entry | None:
    """Middle and radius."""
    return ellipse((numbers[0], numbers[1]), numbers[2], numbers[2]) if len(numbers) == 3 else None


def _rectangle(numbers: list[float]) -> Entry | None:
    """Four corners one after the other; it may be turned."""
    return outlined([_corners(numbers)]) if len(numbers) == 8 else None


def _polygon(numbers: list[float]) -> Entry | None:
    return outlined([_corners(numbers)]) if len(numbers) >= 6 and len(numbers) % 2 == 0 else None


def _ellipse(numbers: list[float]) -> Entry | None:
    """The four ends of the two axes.

    BIIGLE's own conversion to COCO takes the first and third for the ends of one axis, and its manual lists them one
    axis after the other: the two whose middles are the same belong together.
    """
    if len(numbers) != 8:
        return None
    one, two, three, four = _corners(numbers)
    orders = ((one, three, two, four), (one, two, three, four))
    first, second, third, fourth = min(orders, key=lambda order: math.dist(_middle(*order[:2]), _middle(*order[2:])))
    across, down = math.dist(first, second) / 2, math.dist(third, fourth) / 2
    turn = math.degrees(math.atan2(second[1] - first[1], second[0] - first[0]))
    middle = _middle(_middle(first, second), _middle(third, fourth))
    return ellipse(middle, across, down, turn)


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _with_labels(tables: Sequence[Delimited], gathering: Gathering, pictures: Pictures) -> Annotations:
    """Labels of whole images: a column of 0 and 1 a label, and the label itself where every image has one."""
    given: dict[str, dict[str, None]] = {}
    place: dict[str, str] = {}
    volume: dict[str, str] = {}
    for table in tables:
        for line, file, label in zip(table.lines, table.columns["filename"], _labels(table.columns), strict=True):
            name = pictures.find(file) if file else file
            given.setdefault(name, {})[label] = None
            place.setdefault(name, f"{table.name}:{line}")
            volume.setdefault(name, volume_of(table.name))
    known = sorted({label for labels in given.values() for label in labels})
    single = all(len(labels) == 1 for labels in given.values())
    for name, labels in given.items():
        flags = {LABEL: next(iter(labels))} if single else {label: str(int(label in labels)) for label in known}
        told = {"volume": volume[name]} if len(tables) > 1 else {}
        gathering.add_image(name, None, place[name], {**flags, **told})
    return gathering.annotations()
