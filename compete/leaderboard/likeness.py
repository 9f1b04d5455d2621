"""How alike predictions are: a number for each row, so that rows of thousands of submissions can be compared."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ROWS = 8192
"""Rows that are compared; of more, so many that lie evenly."""

RECORDS = 256
"""The same of lists, texts and images, whose numbers cost more."""

FEW = 2.5
"""Changed rows that are always few."""


def row_codes(values: Any) -> Array:
    """A number for each of some rows of predictions: equal where the rows are.

    Args:
        values: an array, shape (n,) or (n, columns), or a record of n lists, texts, spans or images.

    Returns:
        uint32, shape (rows,); the rows are the same for all submissions to a challenge.
    """
    if not isinstance(values, np.ndarray):
        return _record_codes(values)
    rows = values[spread(len(values), ROWS)]
    table = rows.reshape(len(rows), -1)
    if table.dtype.kind == "f":
        table = (table.astype(np.float64) + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    code = np.zeros(len(rows), dtype=np.uint64)
    for column in table.T:
        code = (code ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        code ^= code >> np.uint64(29)
    return (code >> np.uint64(32)).astype(np.uint32)


def _record_codes(values: Any) -> Array:
    from compete.scoring.kinds import canonical_bytes

    take = getattr(values, "take_images", values.take)
    images = getattr(getattr(values, "maps", values), "images", None)
    index = spread(len(values) if images is None else images, RECORDS)
    digests = [hashlib.sha256(canonical_bytes(take(np.array([row])))).digest()[:4] for row in index.tolist()]
    return np.frombuffer(b"".join(digests), dtype="<u4").astype(np.uint32)


@lru_cache(maxsize=8)
def spread(n: int, most: int) -> Array:
    """The numbers of up to so many of n rows, evenly spread."""
    found = np.arange(n) if n <= most else np.arange(most) * n // most
    found.flags.writeable = False  # it is kept, for thousands of submissions ask for the same
    return found


def share_changed(one: Array, other: Array) -> float:
    """The share of rows that differ."""
    return float(np.mean(one != other)) if len(one) else 0.0


def share_alike(code: Array) -> float:
    """The share of the rows that hold the commonest prediction."""
    if not len(code):
        return 0.0
    first = code >> np.uint32(20)
    count = np.bincount(first)
    fullest = code[first == count.argmax()]
    if (fullest == fullest[0]).all():  # no code is commoner than all that begin as it does
        return float(len(fullest) / len(code))
    return float(np.unique(code, return_counts=True)[1].max() / len(code))
