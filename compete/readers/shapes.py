"""Shapes that annotation tools draw, as the box, polygon or run lengths of an object of COCO."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Point = tuple[float, float]
Entry = dict[str, Any]

SAGITTA = 0.1
"""Pixels by which a round outline may be cut short by its polygon."""
MOST_CORNERS = 720
MOST_PIXELS = 1 << 27
"""Pixels of a mask that is unfolded; larger ones are refused."""


def finite(*values: Any) -> list[float] | None:
    """Numbers, from numbers or text; None if one is none, or not finite.

    >>> finite("1.5", 2), finite("nan"), finite(None), finite("1e999"), finite(True)
    ([1.5, 2.0], None, None, None, None)
    """
    try:
        numbers = [float(value) for value in values if not isinstance(value, bool)]
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if len(numbers) == len(values) and all(map(math.isfinite, numbers)) else None


def boxed(left: float, top: float, right: float, bottom: float) -> Entry:
    """The object of two corners; corners that are exchanged make a negative size, which is told later."""
    return {"bbox": [left, top, right - left, bottom - top]}


def outlined(rings: Iterable[Sequence[Point]]) -> Entry | None:
    """The object of one or several polygons; None if one has fewer than three corners."""
    kept = [list(ring) for ring in rings]
    if not kept or any(len(ring) < 3 for ring in kept):
        return None
    across, down = zip(*chain.from_iterable(kept), strict=True)
    box = boxed(min(across), min(down), max(across), max(down))
    return {**box, "segmentation": [[float(number) for point in ring for number in point] for ring in kept]}


def turned_box(centre: Point, width: float, height: float, degrees: float) -> Entry:
    """The object of a box turned clockwise around its centre; of one that is not turned, the box alone."""
    (x, y), wide, high = centre, width / 2, height / 2
    if degrees % 360 == 0:
        return boxed(x - wide, y - high, x + wide, y + high)
    corners = [(-wide, -high), (wide, -high), (wide, high), (-wide, high)]
    found = outlined([[_turned(centre, corner, degrees) for corner in corners]])
    assert found
    return found


def ellipse(centre: Point, across: float, down: float, degrees: float = 0.0) -> Entry | None:
    """The object of an ellipse turned clockwise around its centre, as a polygon that is nearly it.

    Args:
        centre: of the ellipse.
        across: half of its width.
        down: half of its height.
        degrees: how far it is turned.

    Returns:
        The exact box, and a polygon that nowhere is more than ``SAGITTA`` pixels inside; None for a negative radius.
    """
    if min(across, down) < 0:
        return None
    radius = max(across, down, SAGITTA)
    step = max(2 * math.acos(max(1 - SAGITTA / radius, 0.0)), math.tau / MOST_CORNERS)
    count = max(4 * math.ceil(math.tau / step / 4), 12)
    angles = [math.tau * place / count for place in range(count)]
    ring = [_turned(centre, (across * math.cos(one), down * math.sin(one)), degrees) for one in angles]
    turn = math.radians(degrees)
    wide = math.hypot(across * math.cos(turn), down * math.sin(turn))
    high = math.hypot(across * math.sin(turn), down * math.cos(turn))
    found = outlined([ring])
    assert found
    return found | boxed(centre[0] - wide, centre[1] - high, centre[0] + wide, centre[1] + high)


def masked(bitmap: np.ndarray[Any, Any], left: int, top: int, width: int, height: int) -> Entry:
    """The object of a bitmap somewhere in its image.

    Args:
        bitmap: true where the object is, shape (rows, columns).
        left: column of the image where the bitmap begins; may be negative.
        top: row of the image where it begins; may be negative.
        width: of the image.
        height: of the image.

    Returns:
        ``segmentation`` as COCO's run lengths, column by column, and the box of the pixels.
    """
    import numpy as np

    seen = np.ascontiguousarray(bitmap[max(-top, 0) : max(height - top, 0), max(-left, 0) : max(width - left, 0)])
    left, top = max(left, 0), max(top, 0)
    edge = np.zeros((seen.shape[1], seen.shape[0] + 1), dtype=np.int8)
    edge[:, :-1] = seen.T
    edge[:, 1:] -= seen.T.astype(np.int8)
    column, row = np.nonzero(edge)
    at = (column + left).astype(np.int64) * height + row + top
    kept = np.ones(len(at), dtype=bool)  # a run that goes on from the foot of a column to the head of the next is one
    joined = np.flatnonzero(at[1:-1:2] == at[2::2]) * 2 + 1
    kept[joined] = kept[joined + 1] = False
    counts = np.diff(np.concatenate([[0], at[kept], [width * height]])).tolist()
    entry: Entry = {"segmentation": {"size": [height, width], "counts": counts}}
    if not len(at):
        return entry | {"bbox": [left, top, 0, 0]}
    rows = np.flatnonzero(seen.any(axis=1))
    columns = (int(column[0]), int(column[-1]))
    return entry | boxed(left + columns[0], top + int(rows[0]), left + columns[1] + 1, top + int(rows[-1]) + 1)


def _turned(centre: Point, corner: Point, degrees: float) -> Point:
    """A corner, relative to the centre, turned clockwise as one sees it: the second axis points down."""
    turn = math.radians(degrees)
    cosine, sine = math.cos(turn), math.sin(turn)
    x, y = corner
    return centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine
