"""One spelling of predictions of images, so that equal ones have equal fingerprints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from compete.scoring.spans import Array
from metrics.label_maps import LabelMaps
from metrics.objects import Objects
from metrics.panoptic import Segments

_OBJECTS = ("image", "category", "score", "box", "points")
_MASK = ("height", "width", "start", "text")


def canonical_bytes(record: Union[Objects, LabelMaps, Segments]) -> bytes:
    """Bytes that are equal where predictions are: the same runs of pixels, or the same objects in the same order.

    The readers of forms bring objects into one order. Numbers of segments are names: they are given out anew, in the
    order in which segments begin.

    Args:
        record: what was read from a submission.
    """
    if isinstance(record, Objects):
        return _packed([record.images, record.categories], _fields(record))
    if isinstance(record, Segments):
        return _segments(record)
    return _maps(record, record.value)


def _fields(objects: Objects) -> list[tuple[str, Array]]:
    """The arrays that say what objects are."""
    found = [(name, getattr(objects, name)) for name in _OBJECTS if getattr(objects, name) is not None]
    mask = objects.mask
    return found if mask is None else [*found, *((name, getattr(mask, name)) for name in _MASK)]


def _segments(record: Segments) -> bytes:
    """Segments as maps of ids that count up, and the category of each id."""
    image = np.repeat(np.arange(record.maps.images), np.diff(record.maps.start))
    held = np.flatnonzero(record.code)
    row = record.start[image[held]] + record.code[held] - 1
    _, first = np.unique(row, return_index=True)
    ranked = row[np.sort(first)]
    number = np.zeros(len(record.image), dtype=np.int64)
    number[ranked] = np.arange(1, len(ranked) + 1)
    value = np.zeros(len(image), dtype=np.int64)
    value[held] = number[row]
    return _maps(record.maps, value) + _packed([], [("category", record.category[ranked])])


def _maps(maps: LabelMaps, value: Array) -> bytes:
    """Runs of pixels, as long as they can be."""
    last = np.ones(len(value), dtype=bool)
    last[:-1] = value[1:] != value[:-1]
    last[maps.start[1:] - 1] = True
    kept = [("shape", maps.shape), ("end", maps.end[last]), ("value", value[last].astype(np.int64))]
    return _packed([maps.images], kept)


def _packed(numbers: Sequence[int], columns: Sequence[tuple[str, Any]]) -> bytes:
    """Names, types and shapes of arrays, then their bytes, whatever machine this is."""
    arrays = [(name, np.asarray(array)) for name, array in columns]
    plain = [(name, np.ascontiguousarray(one, dtype=one.dtype.newbyteorder("<"))) for name, one in arrays]
    head = f"{[*numbers]}{[(name, one.dtype.kind, one.itemsize, one.shape) for name, one in plain]}"
    return b"".join([head.encode(), *(one.tobytes() for _, one in plain)])
