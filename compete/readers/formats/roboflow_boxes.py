"""Boxes of Roboflow's exports without COCO: a table of corners, CreateML's JSON, or lines as Keras' YOLO has them.

The table has ``filename,width,height,class,xmin,ymin,xmax,ymax`` in pixels. CreateML gives the middle, the width and
the height of each box. A line is a name and, for each box, ``xmin,ymin,xmax,ymax,class``, classes counted from 0 as
``_classes.txt`` lists them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from compete.errors import DatasetError, Finding, fatal
from compete.readers.annotations import Annotations
from compete.readers.delimited import read_delimited
from compete.readers.gathering import FILE_RULE, Gathering, whole_size, word_of
from compete.readers.json_file import read_json, read_raw, refusal
from compete.readers.listing import lines_of
from compete.readers.shapes import Entry, boxed, finite

TABLE, CREATEML, LINES, NAMES = "_annotations.csv", "_annotations.createml.json", "_annotations.txt", "_classes.txt"
CORNERS = ("xmin", "ymin", "xmax", "ymax")
COLUMNS = ("filename", "class", *CORNERS)
MIDDLE = ("x", "y", "width", "height")
EMPTY = "dataset/empty-table"
_WORD = re.compile(r"\S+")


def read_boxes(folder: Path, kind: str, names: Sequence[str]) -> Annotations:
    """Read the files of one kind in the folders of an export.

    Args:
        folder: the export.
        kind: what they are called: ``TABLE``, ``CREATEML`` or ``LINES``.
        names: the files of the folder, relative to it.

    Raises:
        DatasetError: if one is none, with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    gathering = Gathering(folder.name, folder)
    takers: dict[str, Callable[[Path, str, Gathering], None]] = {
        TABLE: _take_table, CREATEML: _take_createml, LINES: _take_lines,
    }  # fmt: skip
    for name in [name for name in names if name.rpartition("/")[2] == kind]:
        takers[kind](folder, name, gathering)
    return gathering.annotations()


def _beside(name: str, file: str) -> str:
    """The path of an image in the folder of the file that names it."""
    before = name.rpartition("/")[0]
    return f"{before}/{file}" if before and file else file


def _take_table(folder: Path, name: str, gathering: Gathering) -> None:
    """One row a box; images without any have no row."""
    try:
        table = read_delimited(folder / name)
    except DatasetError as error:
        if [finding.rule for finding in fatal(error.findings)] != [EMPTY]:
            raise
        message = "the table has no rows, so no image of its part is listed"
        gathering.findings.append(Finding(EMPTY, message, name, severity="warning"))
        return
    columns = table.columns
    absent = [column for column in COLUMNS if column not in columns]
    findings = [replace(finding, where=name) for finding in table.findings]
    if absent:
        hint = f"such a table has the columns {', '.join(COLUMNS)}"
        findings.append(Finding(FILE_RULE, f"the table has no column {' and no '.join(absent)}", name, hint=hint))
    if fatal(findings):
        raise DatasetError("the annotations cannot be read", findings)
    gathering.findings += findings
    sizes = [columns.get(key, [""] * len(table.lines)) for key in ("width", "height")]
    images: dict[str, int | None] = {}
    for row, line in enumerate(table.lines):
        file, place = columns["filename"][row].strip(), f"{name}:{line}"
        if file not in images:
            size = whole_size(sizes[0][row], sizes[1][row])
            images[file] = gathering.add_image(_beside(name, file), size, place)
        image = images[file]
        if image is not None:
            corners = [columns[key][row] for key in CORNERS]
            gathering.add_object(image, columns["class"][row], place, _from_corners(corners))


def _take_createml(folder: Path, name: str, gathering: Gathering) -> None:
    """A list of images, each with a list of boxes."""
    content = read_json(folder / name, FILE_RULE)
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise refusal(FILE_RULE, "this is no list of images", name, "export as CreateML again")
    for at, entry in enumerate(content):
        place = f"{name} [{at}]"
        image = gathering.add_image(_beside(name, word_of(entry.get("image"))), None, place)
        boxes = entry.get("annotations")
        for number, box in enumerate(boxes if isinstance(boxes, list) and image is not None else ()):
            told = box if isinstance(box, dict) else {}
            gathering.add_object(image or 0, told.get("label"), f"{place}[{number}]", _middled(told.get("coordinates")))


def _take_lines(folder: Path, name: str, gathering: Gathering) -> None:
    """A line an image, with its boxes after its name; the name may hold blanks."""
    beside = Path(name).parent / NAMES
    classes = [line.strip() for line in lines_of(read_raw(folder / beside)) if line.strip()]
    gathering.labels += [label for label in classes if label not in gathering.labels]
    for number, line in enumerate(lines_of(read_raw(folder / name)), 1):
        if not line.strip():
            continue
        place, (file, boxes) = f"{name}:{number}", _name_and_boxes(line)
        image = gathering.add_image(_beside(name, file), None, place)
        for box in boxes if image is not None else ():
            *corners, label = box.split(",")
            known = label.isdecimal() and len(label) < 7 and int(label) < len(classes)
            gathering.add_object(image or 0, classes[int(label)] if known else None, place, _from_corners(corners))


def _name_and_boxes(line: str) -> tuple[str, list[str]]:
    """The name that a line begins with, and the words after it that have five numbers.

    >>> _name_and_boxes("a b.jpg 1,2,3,4,0 5,6,7,8,1"), _name_and_boxes("c.jpg")
    (('a b.jpg', ['1,2,3,4,0', '5,6,7,8,1']), ('c.jpg', []))
    """
    words = list(_WORD.finditer(line))
    boxes = list(takewhile(lambda word: word[0].count(",") == len(CORNERS), reversed(words)))[::-1]
    name = line[: boxes[0].start()] if boxes else line
    return name.strip(), [box[0] for box in boxes]


def _from_corners(corners: Sequence[str]) -> Entry | None:
    numbers = finite(*corners)
    return boxed(*numbers) if numbers else None


def _middled(given: Any) -> Entry | None:
    numbers = finite(*(given.get(key) for key in MIDDLE)) if isinstance(given, dict) else None
    if numbers is None:
        return None
    x, y, width, height = numbers
    return {"bbox": [x - width / 2, y - height / 2, width, height]}
