"""COCO annotation files as columns; those that are written as json.dump writes them are read here, with numpy alone."""

from __future__ import annotations

import json
import re
from typing import Any, Optional

import numpy as np

from compete.scoring.coco_columns import CATEGORY, CONTENT, IMAGE, Shapes
from compete.scoring.coco_rows import BOX, COUNTS, POINTS, SIZE
from compete.scoring.json_layout import REAL, TEXT, WHOLE, Path, read_layout
from compete.scoring.json_outlines import lift_outlines
from compete.scoring.json_rows import Rows, read_rows
from compete.scoring.source import Source
from compete.scoring.spans import PADDING, Array
from metrics.frozen import dataclass

AREA, CROWD, IMAGES, CATEGORIES, LIST = "area", "iscrowd", "images", "categories", "annotations"

SMALL = 1 << 16
"""Bytes of a part of the file up to which it is decoded whole, if it is no list to be read as columns."""

_KEY = re.compile(rb'[ \t\n\r]*"([A-Za-z_ ]+)"[ \t\n\r]*:[ \t\n\r]*')
_OBJECTS = re.compile(rb"\[[ \t\n\r]*(?=\{)")
_AFTER = re.compile(rb"[ \t\n\r]*([,}])")
_DECODER = json.JSONDecoder()
_OF_IMAGE: tuple[Path, ...] = (("id",), ("height",), ("width",))
_OUTLINE: Path = (CONTENT["masks"],)


@dataclass(frozen=True, eq=False)
class Table:
    """Annotations as columns; the area is nan where none is given, boxes, points or shapes are None where not asked."""

    image: Array
    category: Array
    area: Array
    crowd: Array
    box: Optional[Array] = None
    points: Optional[Array] = None
    shapes: Optional[Shapes] = None


@dataclass(frozen=True, eq=False)
class Content:
    """The parts of the file: id, height and width of each image (n, 3), annotations, id and name of each category."""

    images: Array
    table: Table
    categories: list[tuple[int, str]]


@dataclass(frozen=True, eq=False)
class _Listed:
    """The objects of a list, and their segmentations where those were lifted out."""

    rows: Rows
    shapes: Optional[Shapes] = None


def alike_content(source: Source, kind: str) -> Optional[Content]:
    """Read a file in which all images are written alike, and all annotations; None where they are not.

    Args:
        source: the file.
        kind: ``boxes``, ``masks`` or ``points``.
    """
    parts = _parts(source, kind)
    if parts is None or not {IMAGES, LIST, CATEGORIES} <= parts.keys():
        return None
    images, annotations, categories = (parts[key] for key in (IMAGES, LIST, CATEGORIES))
    table = _table(annotations.rows, annotations.shapes, kind)
    if table is None or type(categories) is not list or not all(map(_is_category, categories)):
        return None
    return Content(images.rows.numbers(*_OF_IMAGE).T, table, [(one["id"], one["name"]) for one in categories])


def _is_category(one: Any) -> bool:
    return type(one) is dict and type(one.get("id")) is int and type(one.get("name")) is str


def _parts(source: Source, kind: str) -> Optional[dict[str, Any]]:
    """The values of the outermost object: rows of images and annotations, all others decoded."""
    found: dict[str, Any] = {}
    raw, at, after = source.buffer.data, source.begin, None
    while bytes(raw[at : at + 1]).isspace():
        at += 1
    if raw[at] != ord("{"):
        return None
    while after is None or after.group(1) == b",":
        key = _KEY.match(raw, at + 1)
        if key is None or key.group(1).decode() in found:
            return None
        name = key.group(1).decode()
        read = _rows(source, key.end(), name, kind) if name in (IMAGES, LIST) else _decoded(source, key.end())
        if read is None:
            return None
        found[name], at = read
        after = _AFTER.match(raw, at, source.end)
        if after is None:
            return None
        at = after.end() - 1
    return None if bytes(raw[at + 1 : source.end]).strip(b" \t\n\r") else found


def _rows(source: Source, begin: int, name: str, kind: str) -> Optional[tuple[_Listed, int]]:
    """A list of images or annotations, and where it ends."""
    opened = _OBJECTS.match(source.buffer.data, begin, source.end)
    if opened is None:
        return None
    kinds = dict.fromkeys(_OF_IMAGE, WHOLE)
    if name == LIST:
        kinds = {(IMAGE,): WHOLE, (CATEGORY,): WHOLE, (AREA,): REAL, (CROWD,): WHOLE, **dict.fromkeys(BOX, REAL)}
        kinds.update({**dict.fromkeys(SIZE, WHOLE), COUNTS: TEXT} if kind == "masks" else {})
    drawn = _without_outlines(source, opened.end(), kinds) if name == LIST and kind == "masks" else None
    if drawn is not None:
        return drawn
    layout = read_layout(source.buffer, opened.end(), source.end, kinds, others=True)
    needed = _OF_IMAGE if name == IMAGES else ((IMAGE,), (CATEGORY,), *((COUNTS, *SIZE) if kind == "masks" else BOX))
    if layout is None or not set(needed) <= set(layout.path):
        return None
    closing = re.compile(re.escape(layout.trail[-1].rstrip()) + rb"[ \t\n\r]*\]")
    found = closing.search(source.buffer.data, opened.end(), source.end)
    if found is None:
        return None
    rows = read_rows(source.buffer, opened.end(), found.end() - 1, layout, (COUNTS,) if kind == "masks" else ())
    return None if rows is None else (_Listed(rows), found.end())


def _without_outlines(source: Source, begin: int, kinds: dict[Path, str]) -> Optional[tuple[_Listed, int]]:
    """A list of annotations with polygons, which are lifted out of it first, and where it ends."""
    lifted = lift_outlines(source.buffer, begin, source.end)
    if lifted is None:
        return None
    layout = read_layout(lifted.buffer, PADDING, lifted.end, {**kinds, _OUTLINE: WHOLE}, others=True)
    if layout is None or not {(IMAGE,), (CATEGORY,), _OUTLINE} <= set(layout.path):
        return None
    rows = read_rows(lifted.buffer, PADDING, lifted.end, layout, worth=2)  # the polygons beside them are much more
    if rows is None or rows.whole.shape[1] != len(lifted.shapes.size):
        return None
    return _Listed(rows, lifted.shapes), lifted.behind + 1


def _decoded(source: Source, begin: int) -> Optional[tuple[Any, int]]:
    """A small part of the file, and where it ends."""
    try:
        text = bytes(source.buffer[begin : min(begin + SMALL, source.end)]).decode("ascii")
        value, size = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value, begin + size


def _table(rows: Rows, shapes: Optional[Shapes], kind: str) -> Optional[Table]:
    """Annotations as columns; None where keypoints do not stand as they should."""
    path = rows.layout.path
    image, category = (rows.numbers((key,))[0] for key in (IMAGE, CATEGORY))
    area = rows.numbers((AREA,))[0] if (AREA,) in path else np.full(len(image), np.nan)
    crowd = rows.numbers((CROWD,))[0] != 0 if (CROWD,) in path else np.zeros(len(image), dtype=bool)
    if kind == "masks":
        shapes = shapes or Shapes(rows.texts(COUNTS), rows.numbers(*SIZE).T)
        return Table(image, category, area, crowd, shapes=shapes)
    box = rows.numbers(*BOX).T
    if kind == "boxes":
        return Table(image, category, area, crowd, box)
    place = [one for one in path if one[0] == POINTS]
    if place != [(POINTS, one) for one in range(len(place))] or len(place) % 3 or not place:
        return None
    points = rows.numbers(*place).T.reshape(len(image), -1, 3)
    return Table(image, category, area, crowd, box, points)
