"""What picture files tell beside their content: size, mode, encoder, border, thumbnail; one row an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.audits.look_columns import packed

if TYPE_CHECKING:
    from compete.audits.looks import Look

SIDE = 8
"""Pixels of a side of a thumbnail."""


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
    looks = packed(looks)
    words = np.array(looks.words or [("", "", "")], dtype=object)[looks.code]
    return Traces(
        known=looks.seen,
        size=looks.size,
        width=looks.width.astype(np.int64),
        height=looks.height.astype(np.int64),
        mode=words[:, 2],
        kind=words[:, 1],
        tables=np.array([f"{tables:08x}" for tables in looks.tables.tolist()], dtype=object),
        taken=[taken.decode() for taken in looks.taken.tolist()],
        border=looks.border,
        thumbnail=looks.thumbnail.reshape(-1, SIDE, SIDE),
    )
