"""Masks as one polygon each, which gives the same pixels again when it is filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Corner = tuple[int, int]
TURNS = {(1, 0): (0, 1), (0, 1): (-1, 0), (-1, 0): (0, -1), (0, -1): (1, 0)}
"""Each direction and the one to its right, as one walks with the mask on the right hand; y points down."""


def outline(bitmap: np.ndarray[Any, Any]) -> list[float]:
    """The outline of a mask along the edges of its pixels, as one polygon: x and y of each corner in turn.

    Parts and holes are joined by lines that are walked there and back, so that they enclose nothing.

    Args:
        bitmap: true where the mask is, shape (height, width).

    Returns:
        Corners; none for an empty mask.

    >>> import numpy as np
    >>> outline(np.array([[False, True, True], [False, False, False]]))
    [1.0, 0.0, 3.0, 0.0, 3.0, 1.0, 1.0, 1.0]
    """
    rings = _rings(bitmap)
    if not rings:
        return []
    first = rings[0]
    corners = list(first)
    for ring in rings[1:]:
        corners += [first[0], *ring, ring[0]]
    return [float(number) for corner in corners for number in corner]


def _rings(bitmap: np.ndarray[Any, Any]) -> list[list[Corner]]:
    """Every closed line between pixels of the mask and others, corners only."""
    leaving = _edges(bitmap)
    rings = []
    while leaving:
        start = next(iter(leaving))
        ring: list[Corner] = []
        place, heading = start, leaving[start][0]
        while place in leaving and heading in leaving[place]:
            ways = leaving[place]
            ways.remove(heading)
            if not ways:
                del leaving[place]
            ring.append(place)
            place = place[0] + heading[0], place[1] + heading[1]
            heading = _onward(leaving.get(place, []), heading)
        rings.append(_bends(ring))
    return rings


def _onward(ways: list[Corner], heading: Corner) -> Corner:
    """Where to walk on: to the right where there is a choice, so that pixels that touch at a corner stay apart."""
    return TURNS[heading] if TURNS[heading] in ways else (ways[0] if ways else heading)


def _edges(bitmap: np.ndarray[Any, Any]) -> dict[Corner, list[Corner]]:
    """From each corner the directions in which an edge leaves it."""
    import numpy as np

    padded = np.pad(np.asarray(bitmap, dtype=np.int8), 1)
    across, down = np.diff(padded, axis=0)[:, 1:-1], np.diff(padded, axis=1)[1:-1]
    found: dict[Corner, list[Corner]] = {}
    kinds = (
        (across == 1, (1, 0), (0, 0)),
        (across == -1, (-1, 0), (1, 0)),
        (down == -1, (0, 1), (0, 0)),
        (down == 1, (0, -1), (0, 1)),
    )
    for edges, heading, start in kinds:
        for y, x in np.argwhere(edges).tolist():
            found.setdefault((x + start[0], y + start[1]), []).append(heading)
    return found


def _bends(ring: list[Corner]) -> list[Corner]:
    """The corners at which a ring changes its direction."""
    around = zip([ring[-1], *ring[:-1]], ring, [*ring[1:], ring[0]], strict=True)
    return [here for before, here, after in around
            if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1])]  # fmt: skip
