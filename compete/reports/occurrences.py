"""Which item has which class, and which numbers, whatever the task: what reports count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compete.dataset import parsed_number
from compete.reports.contents import Contents, Texts
from compete.table import factorized
from compete.tasks import LIST_TASKS
from compete.terms import IMAGE_TASKS

Array = np.ndarray[Any, Any]

CLASSED = ("classification", "multilabel", "multioutput", *LIST_TASKS, *IMAGE_TASKS)
"""Tasks whose labels are names of a set."""

GLANCE = 20
"""Values of a column that are looked at first: words are known by them."""


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Labels of items; row k of ``row``, ``code``, ``area`` and ``box`` is one occurrence of a class in an item.

    Attributes:
        names: the classes.
        row: the item of each occurrence, shape (m,).
        code: its class, shape (m,).
        what: what is counted, in the plural: items, objects, images or labels.
        area: of objects pixels, float64, shape (m,); of label images the pixels of the class; None for others.
        numbers: of tasks whose labels are numbers these, float64, shape (n,), nan where not known; of texts their
            lengths.
    """

    names: tuple[str, ...]
    row: Array
    code: Array
    what: str
    area: Array | None = None
    numbers: Mapping[str, Array] = field(default_factory=dict)

    def counts(self, part: Array, parts: int) -> Array:
        """How often each class occurs in each part, shape (parts, classes); items of part -1 are left out.

        Args:
            part: of each item, shape (n,).
            parts: how many parts there are.
        """
        place = part[self.row]
        kept = place >= 0
        flat = place[kept] * len(self.names) + self.code[kept]
        counts: Array = np.bincount(flat, minlength=parts * len(self.names)).reshape(parts, len(self.names))
        return counts


def occurrences_of(contents: Contents) -> Occurrences:
    """The labels of the items whose labels are known."""
    if contents.truths:
        return _of_images(contents)
    known = np.flatnonzero(contents.known)
    task = contents.terms.task
    if task not in CLASSED:
        return _nothing(_numbers(contents))
    target = {name: contents.target[name] for name in contents.terms.target}
    if task == "multilabel":
        flags = [np.array([(parsed_number(text) or 0) > 0 for text in cells[known]]) for cells in target.values()]
        row = [known[flag] for flag in flags]
        code = [np.full(len(rows), place) for place, rows in enumerate(row)]
        return Occurrences(tuple(target), np.concatenate(row), np.concatenate(code), "items")
    if task in LIST_TASKS:
        return _of_lists(contents, known)
    return _of_columns(contents, target, known)


def _of_columns(contents: Contents, target: Mapping[str, Texts], known: Array) -> Occurrences:
    """One class a column and item; of several columns a class is called by its column, too."""
    names: list[str] = []
    rows, codes = [], []
    listed = contents.terms.classes_of or (contents.terms.classes,)
    for place, (column, cells) in enumerate(target.items()):
        code, distinct = factorized(cells[known])
        order = dict.fromkeys(listed[place] if place < len(listed) else ()) | dict.fromkeys(sorted(map(str, distinct)))
        number = {name: at + len(names) for at, name in enumerate(order)}
        rows.append(known)
        codes.append(np.array([number[str(name)] for name in distinct], dtype=np.int64)[code])
        names += [name if len(target) == 1 else f"{column}: {name}" for name in order]
    return Occurrences(tuple(names), np.concatenate(rows), np.concatenate(codes), "items")


def _of_lists(contents: Contents, known: Array) -> Occurrences:
    cells = contents.target[contents.terms.target[0]][known]
    mark = contents.terms.separator
    parted = [[label.strip() for label in text.split(mark) if label.strip()] for text in cells]
    flat = np.array([label for labels in parted for label in labels], dtype=object)
    row = np.repeat(known, [len(labels) for labels in parted])
    code, names = factorized(flat)
    return Occurrences(tuple(map(str, names)), row, code, "labels")


def _of_images(contents: Contents) -> Occurrences:
    parts = [_of_record(record, rows, contents) for rows, record in contents.truths]
    row, code, area = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    what = "images" if contents.terms.task == "semantic_segmentation" else "objects"
    if contents.terms.task == "panoptic_segmentation":
        what = "segments"
    return Occurrences(contents.terms.classes, row, code.astype(np.int64), what, area)


def _of_record(record: Any, rows: Array, contents: Contents) -> tuple[Array, Array, Array]:
    """Item, class and area of everything that a compiled truth holds."""
    objects = getattr(record, "objects", record)
    if hasattr(objects, "box"):
        area = objects.area
        if area is None:
            area = objects.mask.area if objects.box is None else objects.box[:, 2] * objects.box[:, 3]
        return rows[objects.image], objects.category, np.asarray(area, dtype=np.float64)
    if hasattr(record, "maps"):
        return rows[record.image], record.category, _segment_areas(record)
    image, value, pixels = class_pixels(record)
    place = {number: at for at, number in enumerate(contents.terms.class_ids)}
    code = np.array([place.get(int(one), -1) for one in value], dtype=np.int64)
    return rows[image[code >= 0]], code[code >= 0], pixels[code >= 0]


def class_pixels(maps: Any) -> tuple[Array, Array, Array]:
    """Of label images each image and each value that it has, with the number of its pixels."""
    image = np.repeat(np.arange(maps.images), np.diff(maps.start))
    pairs, inverse = np.unique(image * (1 << 32) + maps.value.astype(np.int64), return_inverse=True)
    pixels = np.bincount(inverse, weights=maps.length, minlength=len(pairs))
    return pairs >> 32, pairs & ((1 << 32) - 1), pixels


def _segment_areas(segments: Any) -> Array:
    maps = segments.maps
    image = np.repeat(np.arange(maps.images), np.diff(maps.start))
    kept = segments.code > 0
    flat = segments.start[image[kept]] + segments.code[kept] - 1
    return np.bincount(flat, weights=maps.length[kept], minlength=len(segments.image)).astype(np.float64)


def _numbers(contents: Contents) -> dict[str, Array]:
    """Label columns as numbers; of texts and spans how long they are."""
    long = contents.terms.task in ("text", "spans")
    found = {}
    for name in contents.terms.target:
        values = [float(len(text)) if long else _number(text) for text in contents.target[name]]
        column = np.array(values, dtype=np.float64)
        column[~contents.known] = np.nan
        found[f"characters of {name}" if long else name] = column
    return found


def numbers_of_texts(cells: Texts) -> Array | None:
    """A column as numbers, nan where a cell has none; None where cells hold words, or next to none is a number."""
    code, distinct = factorized(cells)
    if any(parsed_number(str(text)) is None and not _blank(str(text)) for text in distinct[:GLANCE]):
        return None
    values = np.array([_number(str(text)) for text in distinct], dtype=np.float64)
    known = np.isfinite(values)
    if known.sum() < 2 or not all(_blank(str(text)) for text in distinct[~known]):
        return None
    column: Array = values[code]
    return column


def _number(text: str) -> float:
    number = parsed_number(text)
    return float("nan") if number is None else number


def _blank(text: str) -> bool:
    from compete.dataset import is_missing

    return is_missing(text)


def _nothing(numbers: Mapping[str, Array]) -> Occurrences:
    none: Sequence[int] = ()
    empty = np.array(none, dtype=np.int64)
    return Occurrences((), empty, empty, "items", None, numbers)
