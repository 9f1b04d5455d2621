"""Section of a data report with examples: pictures with their boxes, masks, label images and points; rows of tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.markup import Html
from compete.reports.contents import Contents
from compete.reports.occurrences import Occurrences
from compete.reports.page import Fold, Piece, Section, Table
from compete.reports.thumbnails import MARKS, Shape, grid_of, layer_of, marks_legend, open_thumbnail, scene_of

Array = np.ndarray[Any, Any]

EACH = 3
"""Examples of a class."""

MOST_CLASSES = 12
SCENES = 18
"""Examples of images with objects or label images."""

UNLABELLED = 6
"""Examples of test images whose labels are not told."""

ROWS = 6
NAMED = 6
"""Names below a picture."""


def examples_section(contents: Contents, found: Occurrences) -> Section:
    """Some items of each class, of each part that may be shown."""
    if contents.files is None:
        return Section("examples", "Examples", "Some items as participants see them.", [_rows_table(contents)])
    order = shuffled_rows(contents)
    pieces: list[Piece] = []
    if contents.truths:
        rows = _of_each_part(contents, order)
        uncoloured = _ground(found)
        names = [name for place, name in enumerate(found.names) if place != uncoloured][: len(MARKS)]
        # Colours begin anew after the last, so a legend of more classes than colours would name two alike.
        legend = marks_legend(names) if len(found.names) <= len(MARKS) + (uncoloured is not None) else None
        pieces += [legend] if legend else []
        for part in sorted({int(contents.part[row]) for row in rows}):
            own = [row for row in rows if contents.part[row] == part]
            pieces += [
                contents.parts[part].capitalize(),
                grid_of(_drawn_scenes(contents, own, found), contents.parts[part], large=True),
            ]
    elif found.names:
        pieces += _of_each_class(contents, order, found)
    else:
        known = [row for row in order if contents.known[row]]
        pieces.append(grid_of(_drawn_scenes(contents, known[:SCENES], found), "Examples"))
    unknown = [row for row in order if not contents.known[row]][:UNLABELLED]
    if unknown:
        drawn = _drawn_scenes(contents, unknown, found)
        pieces += ["Of the test, whose labels are to be predicted:", grid_of(drawn, "Test images")]
    lead = "Chosen by chance, the same each time."
    lead += " Of a volume the slice in its middle is shown." if contents.terms.form == "nifti" else ""
    return Section("examples", "Examples", lead, pieces)


def _drawn_scenes(contents: Contents, rows: Sequence[int], found: Occurrences) -> list[Html]:
    return [scene for row in rows if (scene := drawn_scene(contents, row, found))]


def shuffled_rows(contents: Contents) -> list[int]:
    """All rows in an order that follows from the ids alone, and tells nothing."""
    digests = [hashlib.sha256(str(name).encode("utf-8", "surrogateescape")).digest() for name in contents.ids]
    return sorted(range(contents.n), key=digests.__getitem__)


def _of_each_part(contents: Contents, order: Sequence[int]) -> list[int]:
    """Rows whose labels are known, from each part as large a share as it has; train first."""
    known = [row for row in order if contents.known[row]]
    return sorted(known[:SCENES], key=lambda row: int(contents.part[row]))


def _of_each_class(contents: Contents, order: Sequence[int], found: Occurrences) -> list[Piece]:
    count = np.bincount(found.code, minlength=len(found.names))
    place = np.argsort(-count, kind="stable") if len(count) > MOST_CLASSES else np.arange(len(count))
    rank = np.empty(contents.n, dtype=np.int64)
    rank[list(order)] = np.arange(contents.n)
    rows: list[int] = []
    for code in place[:MOST_CLASSES].tolist():
        own = np.unique(found.row[found.code == code])
        rows += own[np.argsort(rank[own])][:EACH].tolist()
    scenes = _drawn_scenes(contents, rows, found)
    pieces: list[Piece] = [grid_of(scenes, "Examples of each class")]
    if len(count) > MOST_CLASSES:
        pieces.append(f"Of the {MOST_CLASSES} most frequent of {len(count):,} classes.")
    return pieces


def drawn_scene(contents: Contents, row: int, found: Occurrences, called: str = "") -> Html | None:
    """An item's picture with what is known of it; None where the picture cannot be shown.

    Args:
        contents: the items.
        row: the item.
        found: the labels of all items.
        called: what the item is called here; empty takes its id.
    """
    assert contents.files is not None
    size = contents.size[row] if contents.size is not None else (0, 0)
    thumbnail = open_thumbnail(contents.files[row], (int(size[0]), int(size[1])) if min(size) > 0 else None)
    if thumbnail is None:
        return None
    names, told = _names_of(contents, row, found)
    shapes, layer = _truth_of(contents, row, (thumbnail.width, thumbnail.height), found)
    words = f"Image {contents.ids[row]}, {contents.parts[int(contents.part[row])]}: {told or 'label not told'}"
    caption = [names, called or str(contents.ids[row])]
    return scene_of(thumbnail, words, shapes, layer=layer, caption=caption)


def _names_of(contents: Contents, row: int, found: Occurrences) -> tuple[str, str]:
    """The labels of an item in short, and in full."""
    if not contents.known[row]:
        return "", ""
    for name, values in found.numbers.items():
        return f"{name} {values[row]:g}", f"{name} {values[row]:g}"
    codes = found.code[found.row == row]
    codes = codes[codes != _ground(found)]
    count = np.bincount(codes, minlength=len(found.names))
    names = [counted_name(found.names[code], int(count[code])) for code in np.flatnonzero(count).tolist()]
    if not names:
        return "nothing", "nothing"
    short = names[:NAMED] + ([f"{len(names) - NAMED} more classes"] if len(names) > NAMED else [])
    return ", ".join(short), ", ".join(names)


def counted_name(name: str, count: int) -> str:
    """A class with how often it is there.

    >>> counted_name("cell", 17), counted_name("cell", 1)
    ('cell ×17', 'cell')
    """
    return f"{name} ×{count}" if count > 1 else name


def _truth_of(contents: Contents, row: int, size: tuple[int, int], found: Occurrences) -> tuple[list[Shape], str]:
    """What is drawn on an item's picture: boxes and points, and a layer of areas."""
    for rows, record in contents.truths:
        place = np.flatnonzero(rows == row)
        if len(place):
            return _drawn(contents, record, int(place[0]), size, found)
    return [], ""


def _drawn(
    contents: Contents, record: Any, image: int, size: tuple[int, int], found: Occurrences
) -> tuple[list[Shape], str]:
    objects = getattr(record, "objects", record)
    if hasattr(objects, "box"):
        return _objects_drawn(objects, image, size, found.names)
    ground = _ground(found)
    maps = record.maps if hasattr(record, "maps") else record
    values = maps.array(image)
    values = values[len(values) // 2] if values.ndim == 3 else values
    if hasattr(record, "maps"):
        own = record.image == image
        table = {int(one): int(code) for one, code in zip(record.segment[own], record.category[own], strict=True)}
    else:
        table = {number: code for code, number in enumerate(contents.terms.class_ids)}
    distinct, inverse = np.unique(values, return_inverse=True)
    series = np.array([_series_of(table.get(int(one)), ground) for one in distinct], dtype=np.int64)
    return [], layer_of(series[inverse.reshape(values.shape)], size)


def _series_of(code: int | None, ground: int | None) -> int:
    """The colour of a class, from 1; 0 for none. Classes behind the ground move up by one, as in the legend."""
    if code is None or code == ground:
        return 0
    return code + (1 if ground is None or code < ground else 0)


def _ground(found: Occurrences) -> int | None:
    """The class that covers more than half of all label images, and hides all others if it is coloured."""
    if found.what not in {"images", "segments"} or found.area is None or not found.area.sum():
        return None
    pixels = np.bincount(found.code, weights=found.area, minlength=len(found.names))
    most = int(pixels.argmax())
    return most if pixels[most] > pixels.sum() / 2 else None


def _objects_drawn(objects: Any, image: int, size: tuple[int, int], names: Sequence[str]) -> tuple[list[Shape], str]:
    own = np.flatnonzero(objects.image == image)
    shapes, layer = [], ""
    if objects.mask is not None and len(own):
        codes = np.zeros((size[1], size[0]), dtype=np.int64)
        for code, bitmap in zip(objects.category[own], objects.mask.take(own).bitmaps(), strict=True):
            if bitmap.shape == codes.shape:
                codes[bitmap] = int(code) + 1
        layer = layer_of(codes, size)
    for row in own.tolist():
        code = int(objects.category[row])
        crowd = objects.crowd is not None and bool(objects.crowd[row])
        name = names[code] + (" (crowd)" if crowd else "")
        if objects.box is not None and not layer:
            shapes.append(Shape(name, code, tuple(objects.box[row].tolist()), dashed=crowd))
        if objects.points is not None:
            seen = objects.points[row][objects.points[row][:, 2] > 0]
            shapes.append(Shape(name, code, points=tuple((float(x), float(y)) for x, y, _ in seen)))
    return shapes, layer


def _rows_table(contents: Contents) -> Piece:
    """Some rows of a table, with their labels where they are known."""
    rows = shuffled_rows(contents)
    chosen = sorted([row for row in rows if contents.known[row]][:ROWS], key=lambda row: int(contents.part[row]))
    names = list(contents.column)[:12]
    heads = ["item", "part", *contents.terms.target, *names]
    cells = [
        [
            str(contents.ids[row]), contents.parts[int(contents.part[row])],
            *(_cut(contents.target[name][row]) for name in contents.terms.target if name in contents.target),
            *(_cut(contents.column[name][row]) for name in names),
        ]
        for row in chosen
    ]  # fmt: skip
    more = len(contents.column) - len(names)
    note = f"{more:,} further columns are not shown." if more > 0 else ""
    table = Table("Rows chosen by chance, the same each time", heads, cells, note=note)
    return table if len(names) <= 6 else Fold("Rows", [table], opened=True)


def _cut(text: Any) -> str:
    told = str(text)
    return told if len(told) <= 60 else told[:59] + "…"
