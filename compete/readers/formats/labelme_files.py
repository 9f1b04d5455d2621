"""LabelMe's files, translated: the JSON of the desktop program and the XML of the web tool before it.

Points are pixels with 0 at the border of the image. Shapes of one class and one ``group_id`` are one object (LabelMe's
own ``examples/instance_segmentation/labelme2coco.py``). ``imageData``, which may hold the image itself, is not needed;
names of people (``username``) are not read.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.errors import DatasetError
from compete.readers.annotations import Annotations, is_whole
from compete.readers.formats.labelme_xml import bitmap_of, take_sheet
from compete.readers.gathering import FILE_RULE, Gathering, several, whole_size, word_of
from compete.readers.json_file import read_json, refusal
from compete.readers.listing import listed_files, part_of
from compete.readers.pictures import Pictures
from compete.readers.shapes import Entry, Point, boxed, ellipse, finite, masked, outlined

if TYPE_CHECKING:
    import numpy as np

OTHERS = {"point": "point", "points": "points", "line": "line", "linestrip": "polyline"}
"""Shapes that are no objects, and what findings call them."""
POLYGONS = frozenset({"polygon", "oriented_rectangle", "rotation", "quadrilateral"})
"""Shapes that list their corners; the last two are written by programs that share the format."""


def read_labelme(path: Path, images: Path | None = None, where: str = "") -> Annotations:
    """Read a folder of LabelMe files.

    Flags of an image become columns of 0 and 1. Points and lines are left out and told.

    Args:
        path: the folder with the files in it or below it.
        images: the folder of the images; else they are looked for below ``path``.
        where: the place in challenge.yaml that names the folder.

    Raises:
        DatasetError: if there is none, with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = listed_files(path, where)
    gathering, pictures = Gathering(path.name, images or path), Pictures(images or path, where)
    sheets = [name for name in names if name.lower().endswith(".json")]
    old = [] if sheets else [name for name in names if name.lower().endswith(".xml")]
    for name in sheets:
        _take(path, name, gathering, pictures)
    for name in old:
        take_sheet(path, name, gathering, pictures)
    if not sheets and not old:
        raise refusal(FILE_RULE, f"{path.name} holds no JSON file", where, "name the folder that LabelMe saved into")
    _add_columns(gathering)
    return gathering.annotations()


def _add_columns(gathering: Gathering) -> None:
    """The folder of each image, and the part of a split that it names, where these tell something."""
    folders = [Path(file).parent.as_posix() for file in gathering.files]
    for file, folder, cells in zip(gathering.files, folders, gathering.cells, strict=True):
        if several(folders):
            cells["folder"] = folder
        if part := part_of(file):
            cells["split"] = part


def _take(path: Path, name: str, gathering: Gathering, pictures: Pictures) -> None:
    """One JSON file and its image."""
    try:
        sheet = read_json(path / name, FILE_RULE)
        if not isinstance(sheet, dict) or not isinstance(sheet.get("shapes"), list):
            raise refusal(FILE_RULE, "there is no list `shapes`", Path(name).name)
    except DatasetError as error:
        gathering.unreadable(error)
        return
    given, size = word_of(sheet.get("imagePath")), whole_size(sheet.get("imageWidth"), sheet.get("imageHeight"))
    file = pictures.find_stem(name) or pictures.find(f"{Path(name).parent.as_posix()}/{given}")
    flags = sheet.get("flags")
    said = flags if isinstance(flags, dict) else {}
    choices = {key: [word_of(flag)] for key, flag in said.items() if isinstance(flag, bool)}
    image = gathering.add_image(file, size, name, choices=choices)
    if image is not None:
        _add_objects(sheet["shapes"], image, size, name, gathering)


def _add_objects(shapes: list[Any], image: int, size: tuple[int, int] | None, name: str, gathering: Gathering) -> None:
    """The objects of an image; shapes of one group are joined."""
    joined: dict[tuple[str, int], list[tuple[str, Entry]]] = {}
    for at, shape in enumerate(shapes):
        place = f"{name} shapes[{at}]"
        if not isinstance(shape, dict):
            gathering.faults.add("shape", place)
            continue
        kind = word_of(shape.get("shape_type")) or "polygon"
        label, group = shape.get("label"), shape.get("group_id")
        if kind in OTHERS:
            gathering.leave_out(OTHERS[kind], place)
            continue
        entry = _entry(kind, shape, size)
        if entry is not None and isinstance(group, int) and is_whole(group) and isinstance(label, str):
            joined.setdefault((label, group), []).append((place, entry))
        else:
            gathering.add_object(image, label, place, entry)
    for (label, _), parts in joined.items():
        gathering.add_object(image, label, parts[0][0], _union([entry for _, entry in parts]))


def _union(parts: list[Entry]) -> Entry | None:
    """One object of several shapes: polygons, or boxes; a mask cannot be joined with others."""
    if len(parts) == 1:
        return parts[0]
    left, top = (min(part["bbox"][side] for part in parts) for side in (0, 1))
    right, bottom = (max(part["bbox"][side] + part["bbox"][side + 2] for part in parts) for side in (0, 1))
    outlines = [part.get("segmentation") for part in parts]
    if any(isinstance(outline, dict) for outline in outlines):
        return None
    box = boxed(left, top, right, bottom)
    if not any(outlines):
        return box
    return box | {"segmentation": [ring for part in parts for ring in part.get("segmentation") or _rings(part["bbox"])]}


def _rings(box: list[float]) -> list[list[float]]:
    left, top, width, height = box
    right, bottom = left + width, top + height
    return [[left, top, right, top, right, bottom, left, bottom]]


def _entry(kind: str, shape: Mapping[str, Any], size: tuple[int, int] | None) -> Entry | None:
    given = shape.get("points")
    if not isinstance(given, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        return None
    numbers = finite(*(number for pair in given for number in pair))
    if numbers is None:
        return None
    points: list[Point] = list(zip(numbers[::2], numbers[1::2], strict=True))
    return _drawn(kind, points, shape.get("mask"), size)


def _drawn(kind: str, points: list[Point], mask: Any, size: tuple[int, int] | None) -> Entry | None:
    """The object of a shape by its points."""
    if kind in POLYGONS:
        return outlined([points])
    if kind == "rectangle" and len(points) in (2, 4):  # four in programs that share the format
        across, down = zip(*points, strict=True)
        return boxed(min(across), min(down), max(across), max(down))
    if kind == "circle" and len(points) == 2:
        radius = math.dist(*points)
        return ellipse(points[0], radius, radius)
    if kind == "mask" and len(points) == 2 and size is not None:
        bitmap = _bitmap(mask)
        return None if bitmap is None else masked(bitmap, round(points[0][0]), round(points[0][1]), *size)
    return None


def _bitmap(text: Any) -> np.ndarray[Any, Any] | None:
    """The pixels of a mask, a PNG in base 64."""
    if not isinstance(text, str):
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return bitmap_of(io.BytesIO(raw))
