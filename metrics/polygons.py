"""Polygons as masks, pixel for pixel as pycocotools fills them, all polygons at once.

pycocotools walks each edge on a grid five times as fine and notes where the walk passes from the third to the fourth
fifth of a column; between two such points of a column lies foreground. Here each edge asks at once for the points of
all columns that it passes, so that nothing loops over polygons, edges or steps.

Source: ``rleFrPoly`` in ``common/maskApi.c`` of the COCO API (definition); the code is our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.cores import on_cores, portions
from metrics.inputs import MetricError
from metrics.run_lengths import FINE, POLYGON
from metrics.runs import cancelled, joined_runs, merged_runs

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.runs import Stretches

FINENESS = 5
"""Steps of the walk along an edge in one pixel."""

FARTHEST = 1 << 20
"""Pixels from the corner of the image that a coordinate may lie away."""

CROSSINGS = 1 << 16
"""Crossings of edges and columns handled at a time."""

LARGEST_KEY = 1 << 31
"""The pixels of polygons that are handled together are numbered from 0 to less than this."""


@dataclass(frozen=True, eq=False, repr=False)
class Edges:
    """Edges of polygons on the fine grid, turned so that the longer side runs upwards, every array of shape (edges,).

    Attributes:
        owner: the polygon.
        x, y: where the edge starts, whole numbers as float64.
        across, down: how far it goes; the one of greater size is positive.
        first: the first column that it crosses.
        columns: how many columns it crosses within the mask.
    """

    owner: Array
    x: Array
    y: Array
    across: Array
    down: Array
    first: Array
    columns: Array

    def rows(self, rows: slice) -> Edges:
        """Some edges."""
        return Edges(*(part[rows] for part in vars(self).values()))


def fill_polygons(points: Array, start: Array, height: Array, width: Array) -> Stretches:
    """The runs of foreground of each polygon.

    Args:
        points: x and y of the corners of all polygons in pixels, finite and at most `FARTHEST` away, float64, shape
            (corners, 2).
        start: where the corners of each polygon start, and the end, int64, shape (polygons + 1,).
        height: pixels of each mask's columns, int64, shape (polygons,).
        width: how many columns each mask has, int64, shape (polygons,).

    Returns:
        The polygon, first pixel and end of each run; see `metrics.runs`.
    """
    edges = _edges(points, start, width)
    pixels = height * width + 1
    crossings = np.bincount(edges.owner, weights=edges.columns, minlength=len(pixels)).astype(np.int64)
    parts = list(portions(np.cumsum(crossings + pixels // (LARGEST_KEY // CROSSINGS)), CROSSINGS))
    runs: dict[int, Stretches] = {}

    def fill(part: int) -> None:
        rows = parts[part]
        chosen = edges.rows(slice(*np.searchsorted(edges.owner, (rows.start, rows.stop)).tolist()))
        runs[part] = _fill(chosen, rows.start, height[rows], pixels[rows])

    on_cores(fill, range(len(parts)))
    return joined_runs([runs[part] for part in range(len(parts))])


def _fill(edges: Edges, first: int, height: Array, pixels: Array) -> Stretches:
    """The runs of few polygons, numbered from ``first``; the pixels of all are counted through.

    Each polygon takes part with one pixel more than it has, as a run may end after the last.
    """
    offset = np.cumsum(pixels) - pixels
    kept, most = np.zeros(0, np.int32), 2 * CROSSINGS
    for rows in portions(np.cumsum(edges.columns), CROSSINGS):
        kept = np.concatenate((kept, _toggles(edges.rows(rows), first, height, offset)))
        if len(kept) > most:  # one polygon of very many edges
            kept = cancelled(kept)
            most = 2 * (len(kept) + CROSSINGS)
    kept = cancelled(kept)
    owner = np.searchsorted(offset, kept[::2], side="right") - 1
    return owner + first, kept[::2] - offset[owner], kept[1::2] - offset[owner]


def _edges(points: Array, start: Array, width: Array) -> Edges:
    """The edges that cross a column."""
    corner = np.trunc(FINENESS * points + 0.5)
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    after = np.arange(1, len(corner) + 1)
    filled = start[1:] > start[:-1]
    after[start[1:][filled] - 1] = start[:-1][filled]
    (x, y), (end_x, end_y) = corner.T, corner[after].T
    wide = np.abs(end_x - x) >= np.abs(end_y - y)
    turned = np.where(wide, x > end_x, y > end_y)
    x, end_x = np.where(turned, end_x, x), np.where(turned, x, end_x)
    y, end_y = np.where(turned, end_y, y), np.where(turned, y, end_y)
    left, right = np.minimum(x, end_x), np.maximum(x, end_x)
    first = np.maximum(np.ceil((left - 2) / FINENESS), 0).astype(np.int64)
    last = np.minimum(np.floor((right - 3) / FINENESS), width[owner] - 1).astype(np.int64)
    index = np.flatnonzero(last >= first)
    parts = (owner, x, y, end_x - x, end_y - y, first, last - first + 1)
    return Edges(*(part[index] for part in parts))


def _toggles(edges: Edges, first: int, height: Array, offset: Array) -> Array:
    """Where foreground begins or ends in each column that an edge crosses: pixels counted through, int32."""
    row = np.repeat(np.arange(len(edges.columns)), edges.columns)
    column = np.arange(len(row)) + (edges.first - np.cumsum(edges.columns) + edges.columns)[row]
    limit = FINENESS * column + 3.0  # the walk crosses from limit - 1 to limit, or back
    wide = (edges.across >= np.abs(edges.down))[row]
    y = np.empty(len(row))
    y[wide] = _lowest_along_wide(edges, row[wide], limit[wide])
    y[~wide] = _lowest_along_steep(edges, row[~wide], limit[~wide])
    owner = edges.owner[row] - first
    tall = height[owner]
    pixel = np.ceil(np.clip((y + 0.5) / FINENESS - 0.5, 0, tall)).astype(np.int64)
    toggle: Array = (offset[owner] + column * tall + pixel).astype(np.int32)
    return toggle


def _lowest_along_wide(edges: Edges, row: Array, limit: Array) -> Array:
    """The lesser y of the two steps beside a column's limit, for edges that go further across than down."""
    slope = edges.down[row] / edges.across[row]
    step, y = limit - edges.x[row], edges.y[row]
    lowest: Array = np.minimum(np.trunc(y + slope * (step - 1) + 0.5), np.trunc(y + slope * step + 0.5))
    return lowest


def _lowest_along_steep(edges: Edges, row: Array, limit: Array) -> Array:
    """The lesser y of the two steps beside a column's limit, for edges that go further down than across.

    The first step past the limit is computed, then put right by the same sums as the walk makes.
    """
    across = edges.across[row]
    slope, x = across / edges.down[row], edges.x[row]
    rising = across > 0
    step = (limit - 0.5 - x) / slope
    step = np.where(rising, np.ceil(step), np.floor(step) + 1)

    step -= ((x + slope * (step - 1) + 0.5) >= limit) == rising
    step += ((x + slope * step + 0.5) >= limit) != rising
    lowest: Array = edges.y[row] + step - 1
    return lowest


def read_polygons(objects: Sequence[Sequence[Any]], height: Array, width: Array) -> tuple[Array, Stretches]:
    """The runs of objects, each of one or more polygons, and what is wrong with them.

    Args:
        objects: for each object its polygons, each ``x1, y1, x2, y2 …`` in pixels from the top left corner.
        height: pixels of each mask's columns, int64, shape (m,).
        width: how many columns each mask has, int64, shape (m,).

    Returns:
        A code for each object, uint8, shape (m,), see `metrics.run_lengths.FAULTS`; and the runs of those without.

    Raises:
        MetricError: a polygon is not a list of numbers.
    """
    polygons = list(chain.from_iterable(objects))
    owner = np.repeat(np.arange(len(objects)), np.fromiter(map(len, objects), np.int64, len(objects)))
    size = np.fromiter(map(len, polygons), np.int64, len(polygons))
    number = _flat_numbers(polygons)
    odd = np.flatnonzero((size < 6) | (size % 2 == 1))
    polygon = np.repeat(np.arange(len(polygons)), size)
    with np.errstate(invalid="ignore"):
        far = np.flatnonzero(~(np.abs(number) <= FARTHEST))
    fault = np.zeros(len(objects), np.uint8)
    fault[owner[odd]] = POLYGON
    fault[owner[polygon[far]]] = POLYGON
    fault[np.bincount(owner, minlength=len(objects)) == 0] = POLYGON
    kept = np.flatnonzero(fault[owner] == FINE)
    points = number[(fault[owner] == FINE)[polygon]].reshape(-1, 2)
    start = np.append(0, np.cumsum(size[kept] // 2))
    one, begin, end = fill_polygons(points, start, height[owner[kept]], width[owner[kept]])
    single = bool((np.diff(owner[kept]) > 0).all())
    return fault, (owner[kept][one], begin, end) if single else merged_runs(owner[kept][one], begin, end)


def _flat_numbers(polygons: Sequence[Any]) -> Array:
    """The numbers of all polygons end to end, float64."""
    if polygons and all(isinstance(polygon, np.ndarray) for polygon in polygons):
        flat: Any = np.concatenate([polygon.ravel() for polygon in polygons])
    else:
        flat = list(chain.from_iterable(polygons))
        kinds = set(map(type, flat))
        if bool in kinds or not all(issubclass(kind, (int, float, np.integer, np.floating)) for kind in kinds):
            raise MetricError("a polygon must be a list of numbers")
    try:
        return np.asarray(flat, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as fault:
        raise MetricError("a polygon must be a list of numbers") from fault
