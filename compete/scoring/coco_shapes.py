"""Segmentations of COCO results, read one by one: run lengths, compressed or not, and polygons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.scoring.coco_columns import CONTENT, Shapes, polygons_by_entry
from compete.scoring.coco_report import Report, quoted
from compete.scoring.spans import Array
from compete.scoring.texts import texts_of

_RUNS = 'write {"size": [height, width], "counts": run lengths} or a list of polygons [[x, y, x, y, …]]'
_TEXT = "encode the mask with pycocotools.mask.encode, and write counts.decode()"
_POINTS = "a polygon is a list x, y, x, y, … of at least three points, and stands in a list of polygons"

_FAULTS = {
    "form": ("wrong-type", "that is neither run lengths nor polygons", _RUNS),
    "no size": ("missing-key", "without size", _RUNS),
    "no counts": ("missing-key", "without counts", _RUNS),
    "size": ("wrong-type", "whose size is no [height, width] of two whole numbers", _RUNS),
    "counts": ("wrong-type", "whose counts are neither a text nor a list of whole numbers", _TEXT),
    "letters": ("run-length", "whose counts hold characters outside 0 to o", _TEXT),
    "no polygon": ("polygon", "without a polygon", "leave out results without a mask"),
    "flat": ("polygon", "whose polygon does not stand in a list of polygons", _POINTS),
    "nested": ("polygon", "whose polygon is no flat list of numbers", _POINTS),
    "few": ("polygon", "whose polygon has fewer than three points", _POINTS),
    "odd": ("polygon", "whose polygon has an x without a y", _POINTS),
    "infinite": (
        "not-finite",
        "whose polygon holds nan, infinity or a number too large",
        "replace it before you write",
    ),
}
"""What may be wrong with a segmentation itself: rule, the message's end, the hint."""


def exact_shapes(row: Array, values: Sequence[Any], missing: Array, report: Report) -> tuple[Shapes, Array]:
    """Take each segmentation for what it is, and tell of those that are none.

    Args:
        row: the place of each in the file's list, shape (n,).
        values: the segmentations, decoded.
        missing: which results have none; told already.
        report: takes the findings.

    Returns:
        The segmentations, and which entries hold nothing.
    """
    n = len(values)
    length, size = np.zeros(n, dtype=np.int64), np.zeros((n, 2), dtype=np.int64)
    counts: dict[int, list[int]] = {}
    polygons: dict[int, list[list[float]]] = {}
    texts: list[str] = []
    wrong: dict[str, list[int]] = {}
    for entry, (value, absent) in enumerate(zip(values, missing.tolist())):
        fault = "absent" if absent else _fault(value)
        if fault:
            wrong.setdefault(fault, []).append(entry)
        elif type(value) is list:
            polygons[entry] = [list(map(float, one)) for one in value]
        else:
            size[entry] = [min(max(side, -(1 << 63)), (1 << 63) - 1) for side in value["size"]]
            if type(value["counts"]) is list:
                counts[entry] = value["counts"]
            else:
                texts.append(value["counts"])
                length[entry] = len(value["counts"])
    unread = np.zeros(n, dtype=bool)
    unread[[entry for entries in wrong.values() for entry in entries]] = True
    for fault, (rule, message, hint) in _FAULTS.items():
        entries = np.array(wrong.get(fault, []), dtype=np.int64)
        shown = [quoted(values[entry]) for entry in entries[:3].tolist()]
        report.tell(rule, f"{{results}} with a {CONTENT['masks']} {message}", row[entries], shown.__getitem__, hint)
    return Shapes(texts_of("".join(texts).encode("ascii"), length), size, counts, polygons_by_entry(polygons)), unread


def _fault(value: Any) -> str:
    """What is wrong with a segmentation, a key of ``_FAULTS``; empty for nothing."""
    if type(value) is list:
        return _polygon_fault(value)
    if type(value) is not dict:
        return "form"
    if "size" not in value or "counts" not in value:
        return "no size" if "size" not in value else "no counts"
    size, counts = value["size"], value["counts"]
    if type(size) is not list or len(size) != 2 or set(map(type, size)) != {int}:
        return "size"
    if type(counts) is str:
        return "" if counts.isascii() else "letters"
    return "" if type(counts) is list and set(map(type, counts)) <= {int} else "counts"


def _polygon_fault(value: list[Any]) -> str:
    """What is wrong with a list of polygons."""
    if not value:
        return "no polygon"
    if set(map(type, value)) <= {int, float}:
        return "flat"
    for one in value:
        if type(one) is not list or not set(map(type, one)) <= {int, float}:
            return "nested"
        if len(one) < 6 or len(one) % 2:
            return "odd" if len(one) > 6 else "few"
        if not all(_is_finite(number) for number in one):
            return "infinite"
    return ""


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False
