"""What picture files tell beside their content: size, mode, encoder, border, thumbnail; one row an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from compete.audits.looks import Look

SIDE = 8
"""Pixels of a side of a thumbnail."""
BORDER = 12
"""Figures of a border: mean and standard deviation of each side, and the means of the corners."""


@dataclass(frozen=True, eq=False)
class Traces:
    """Traces of all items, in their order; of an image that shows nothing all are blank or 0, but its size in bytes.

    Attributes:
        known: whether there is a picture, (n,).
        size: bytes, (n,).
        width: pixels, (n,).
        height: pixels, (n,).
        mode: what a pixel is in Pillow's words, (n,).
        kind: the format, (n,).
        tables: digest of a JPEG's quantisation tables, (n,).
        taken: date of EXIF as written there, (n,).
        border: mean and standard deviation of top, bottom, left and right, and means of the corners, (n, 12).
        thumbnail: grey values, (n, 8, 8).
    """

    known: np.ndarray[Any, Any]
    size: np.ndarray[Any, Any]
    width: np.ndarray[Any, Any]
    height: np.ndarray[Any, Any]
    mode: np.ndarray[Any, Any]
    kind: np.ndarray[Any, Any]
    tables: np.ndarray[Any, Any]
    taken: Sequence[str]
    border: np.ndarray[Any, Any]
    thumbnail: np.ndarray[Any, Any]


def traces_of(looks: Sequence[Look]) -> Traces:
    """The traces of images that were looked at."""
    border, thumbnail = bytes(BORDER), bytes(SIDE * SIDE)
    return Traces(
        known=np.array([look.seen for look in looks], dtype=bool),
        size=np.array([look.size for look in looks], np.int64),
        width=np.array([look.width for look in looks], np.int64),
        height=np.array([look.height for look in looks], np.int64),
        mode=np.array([look.mode for look in looks], dtype=object),
        kind=np.array([look.kind for look in looks], dtype=object),
        tables=np.array([f"{look.tables:08x}" for look in looks], dtype=object),
        taken=[look.taken for look in looks],
        border=_rows([look.border or border for look in looks], BORDER),
        thumbnail=_rows([look.thumbnail or thumbnail for look in looks], SIDE * SIDE).reshape(-1, SIDE, SIDE),
    )


def _rows(texts: Sequence[bytes], width: int) -> np.ndarray[Any, Any]:
    return np.frombuffer(b"".join(texts), np.uint8).reshape(-1, width)
