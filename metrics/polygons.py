"""Polygons as masks, pixel for pixel as pycocotools fills them, all polygons at once.

pycocotools walks each edge on a grid five times as fine and notes where the walk passes from the third to the fourth
fifth of a column; between two such points of a column lies foreground. Here each edge asks at once for the points of
all columns that it passes, so that nothing loops over polygons, edges or steps. Edges keep the direction in which they
go around: so the points of a polygon are a few rows that rise or fall, which a stable sort only merges.

Source: ``rleFrPoly`` in ``common/maskApi.c`` of the COCO API (definition); the code is our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.cores import on_cores, portions
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.ragged import starts_of
from metrics.run_lengths import FINE, POLYGON
from metrics.runs import cancelled, extent_of_runs, joined_sides, merged_runs, ragged_runs

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.runs import Pieces

FINENESS = 5
"""Steps of the walk along an edge in one pixel."""

FARTHEST = 1 << 20
"""Pixels from the corner of the image that a coordinate may lie away."""

CORNERS = 1 << 13
"""Corners of polygons handled at a time."""

CROSSINGS = 1 << 16
"""Crossings of edges and columns handled at a time."""

CLOSE = 2.0**-18
"""Rows nearer to a whole number than this are computed as pycocotools does; rounding moves none as far."""

SURE = 2.0**30
"""Edges of which no number is greater are computed to less than `CLOSE`."""

LARGEST_KEY = 1 << 31
"""The pixels of polygons that are handled together are numbered from 0 to less than this."""


@dataclass(frozen=True, eq=False, repr=False)
class Polygons:
    """Polygons of objects, which need not be right.

    Attributes:
        number: x, y, x, y … of the corners of all polygons in pixels from the top left corner, float64, shape (n,).
        start: where the numbers of each polygon start, and the end, int64, shape (p + 1,).
        owner: the object of each polygon, ascending, int64, shape (p,).
    """

    number: Array
    start: Array
    owner: Array

    def of_objects(self, objects: Array) -> Polygons:
        """The polygons of some objects, ascending, which are numbered anew."""
        place = np.full(max(int(self.owner.max(initial=-1)), int(objects.max(initial=-1))) + 1, -1)
        place[objects] = np.arange(len(objects))
        owner = place[self.owner]
        if (owner >= 0).all():
            return Polygons(self.number, self.start, owner)
        size = np.diff(self.start)
        number = self.number[np.repeat(owner >= 0, size)]
        return Polygons(number, np.append(0, np.cumsum(size[owner >= 0])), owner[owner >= 0])


@dataclass(frozen=True, eq=False, repr=False)
class Edges:
    """Edges of polygons on the fine grid that cross columns, every array of shape (edges,).

    Attributes:
        owner: the polygon.
        x, y: where the edge starts, int32.
        across, down: how far it goes, int32.
        first: the first column that it crosses, going around its polygon, int32.
        step: 1 where the columns rise from there, -1 where they fall, int32.
        columns: how many columns it crosses within the mask.
        row: the row where it crosses the first column, but for rounding, float64.
        slope: how many rows further it crosses the next, going around, float64.
    """

    owner: Array
    x: Array
    y: Array
    across: Array
    down: Array
    first: Array
    step: Array
    columns: Array
    row: Array
    slope: Array

    def rows(self, rows: Any) -> Edges:
        """Some edges."""
        return Edges(*(part[rows] for part in vars(self).values()))


@dataclass(frozen=True, eq=False, repr=False)
class Filled:
    """What is inside some outlines.

    Attributes:
        count: how many runs of foreground each has, int64, shape (m,).
        extent: how many pixels, the first of them, and the one after the last; 0 where none; int64, shape (3, m).
        pieces: first pixels and ends of all runs, in order; see `metrics.runs`.
    """

    count: Array
    extent: Array
    pieces: Pieces


def fill_polygons(points: Array, start: Array, height: Array, width: Array) -> Filled:
    """What is inside each polygon.

    Args:
        points: x and y of the corners of all polygons in pixels, finite and at most `FARTHEST` away, float64, shape
            (corners, 2).
        start: where the corners of each polygon start, and the end, int64, shape (polygons + 1,).
        height: pixels of each mask's columns, int64, shape (polygons,).
        width: how many columns each mask has, int64, shape (polygons,).
    """
    parts = list(portions(start[1:], CORNERS))
    none, no_side = np.zeros(0, np.int64), np.zeros(0, np.int32)
    found = [Filled(none, np.zeros((3, 0), np.int64), [(no_side, no_side)])] * (len(parts) + 1)

    def fill(part: int) -> None:
        rows = parts[part]
        corners = slice(int(start[rows.start]), int(start[rows.stop]))
        begin = start[rows.start : rows.stop + 1] - corners.start
        edges = _edges(points[corners], begin, width[rows])
        pixels = height[rows] * width[rows] + 1
        crossings = np.bincount(edges.owner, weights=edges.columns, minlength=len(pixels)).astype(np.int64)
        made = [(none, no_side, no_side)]
        for some in portions(np.cumsum(crossings + pixels // (LARGEST_KEY // CROSSINGS)), CROSSINGS):
            chosen = edges.rows(slice(*np.searchsorted(edges.owner, (some.start, some.stop)).tolist()))
            made.append(_fill(chosen, some.start, height[rows][some], pixels[some]))
        count, sides = np.concatenate([one[0] for one in made]), joined_sides([one[1:] for one in made])
        found[part] = Filled(count, np.array(extent_of_runs((starts_of(count), *sides))), [sides])

    on_cores(fill, range(len(parts)))
    count, extent = (np.concatenate([getattr(one, name) for one in found], axis=-1) for name in ("count", "extent"))
    return Filled(count, extent, [one.pieces[0] for one in found])


def _fill(edges: Edges, first: int, height: Array, pixels: Array) -> tuple[Array, Array, Array]:
    """How many runs each of few polygons has, numbered from ``first``; and the first pixel and the end of each run.

    The pixels of all are counted through. Each polygon takes part with one pixel more than it has, as a run may end
    after the last.
    """
    bound = np.cumsum(pixels)
    offset = bound - pixels
    kept, most = np.zeros(0, np.int32), 2 * CROSSINGS
    for rows in portions(np.cumsum(edges.columns), CROSSINGS):
        kept = np.concatenate((kept, _toggles(edges.rows(rows), first, height, offset)))
        if len(kept) > most:  # one polygon of very many edges
            kept = cancelled(kept)
            most = 2 * (len(kept) + CROSSINGS)
    kept = cancelled(kept)
    count = np.diff(np.searchsorted(kept, bound.astype(np.int64)), prepend=0) // 2
    begin, end = kept[::2].astype(np.int32), kept[1::2].astype(np.int32)
    shift = np.repeat(offset.astype(np.int32), count)
    begin -= shift
    end -= shift
    return count, begin, end


def _edges(points: Array, start: Array, width: Array) -> Edges:
    """The edges that cross a column."""
    corner = (FINENESS * points.T + 0.5).astype(np.int32)  # cuts towards 0
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    filled = start[1:] > start[:-1]
    after = np.empty_like(corner)
    after[:, :-1] = corner[:, 1:]
    after[:, start[1:][filled] - 1] = corner[:, start[:-1][filled]]
    first = np.maximum((np.minimum(corner[0], after[0]) + 2) // FINENESS, 0)
    last = (np.maximum(corner[0], after[0]) - 3) // FINENESS
    np.minimum(last, np.repeat((width - 1).astype(np.int32), np.diff(start)), out=last)
    index = np.flatnonzero(last >= first)
    owner, first, last, x, y = (part.take(index) for part in (owner, first, last, *corner))
    across, down = after[0].take(index) - x, after[1].take(index) - y
    columns = (last - first).astype(np.int64) + 1
    falling = across < 0
    np.copyto(first, last, where=falling)
    slope = down / across
    # a steep edge has the lower of two steps left and right of the middle between them; another beside the limit
    offset = np.where(np.abs(across) >= np.abs(down), slope > 0, 0.5)
    row = (FINENESS * first + 3 - x - offset) * slope
    row += y
    row += FINENESS // 2 + (offset != 0.5) * 0.5
    row /= FINENESS
    np.negative(slope, out=slope, where=falling)
    return Edges(owner, x, y, across, down, first, 1 - 2 * falling.astype(np.int32), columns, row, slope)


def _toggles(edges: Edges, first: int, height: Array, offset: Array) -> Array:
    """Where foreground begins or ends in each column that an edge crosses: pixels counted through, int32.

    What grows evenly along an edge is made of the number of the crossing, times a number of the edge, plus another. So
    is the row, but for rounding; where that could matter, the walk is done as pycocotools does it.
    """
    count = edges.columns
    ends = np.cumsum(count)
    begin = ends - count
    slope, origin = edges.slope, edges.row - edges.slope * begin
    doubtful = np.flatnonzero(np.abs(origin) + np.abs(slope) * int(ends[-1]) >= SURE) if len(ends) else begin
    if len(doubtful):
        slope = slope.copy()
        slope[doubtful], origin[doubtful] = 0.0, 1.0  # so that it is near a whole number everywhere
    number = np.arange(int(count.sum()), dtype=np.float64)
    row = np.repeat(slope, count)
    row *= number
    row += np.repeat(origin + CLOSE, count)
    y = row.astype(np.int32)
    row -= 2 * CLOSE
    close = np.flatnonzero(row.astype(np.int32) != y)
    if len(close):
        edge = np.searchsorted(ends, close, side="right")
        y[close] = _exact_rows(edges.rows(edge), close - begin[edge])
    owner = edges.owner - first
    tall, step = height[owner].astype(np.int32), edges.step
    same = len(height) > 0 and bool((height == height[0]).all())
    np.clip(y, 0, int(height[0]) if same else np.repeat(tall, count), out=y)
    y += np.repeat((offset[owner] + (edges.first - step * begin) * tall).astype(np.int32), count)
    place = np.repeat(step * tall, count)
    place *= np.arange(len(place), dtype=np.int32)
    y += place
    return y


def _exact_rows(edges: Edges, number: Array) -> Array:
    """The row where each edge crosses one of its columns, by the sums that pycocotools makes, int32.

    Args:
        edges: edges.
        number: of each, which of its columns.
    """
    wide = np.abs(edges.across) >= np.abs(edges.down)
    turned = np.where(wide, edges.across, edges.down) < 0
    sign = np.where(turned, -1.0, 1.0)
    across, down = edges.across * sign, edges.down * sign
    x, y = edges.x + turned * edges.across, edges.y + turned * edges.down
    limit = FINENESS * (edges.first + edges.step * number) + 3.0  # the walk crosses from limit - 1 to limit, or back
    lowest = np.empty(len(number))
    for index, walked in ((np.flatnonzero(wide), _walk_across), (np.flatnonzero(~wide), _walk_down)):
        lowest[index] = walked(*(part[index] for part in (x, y, across, down, limit)))
    return (lowest.astype(np.int32) + FINENESS // 2) // FINENESS


def _walk_across(x: Array, y: Array, across: Array, down: Array, limit: Array) -> Array:
    """The lesser y of the two steps beside a column's limit, float64.

    It is that of the first of the two where the edge goes down, else that of the second.
    """
    slope = down / across
    lowest: Array = slope * (limit - x - (slope > 0)) + y + 0.5
    return lowest


def _walk_down(x: Array, y: Array, across: Array, down: Array, limit: Array) -> Array:
    """As `_walk_across`, of edges that go further down than across.

    The first step past the limit is computed, then put right by the same sums as the walk makes.
    """
    slope = across / down
    rising = slope > 0
    step = (limit - 0.5 - x) / slope
    step = np.where(rising, np.ceil(step), np.floor(step) + 1)
    step -= ((x + slope * (step - 1) + 0.5) >= limit) == rising
    step += ((x + slope * step + 0.5) >= limit) != rising
    lowest: Array = y + step - 1
    return lowest


def read_polygons(polygons: Polygons, height: Array, width: Array) -> tuple[Array, Filled]:
    """What is inside objects, each of one or more polygons, and what is wrong with them.

    Args:
        polygons: polygons of m objects.
        height: pixels of each mask's columns, int64, shape (m,).
        width: how many columns each mask has, int64, shape (m,).

    Returns:
        A code for each object, uint8, shape (m,), see `metrics.run_lengths.FAULTS`; and what is inside those without.
    """
    number, owner, size = polygons.number, polygons.owner, np.diff(polygons.start)
    fault = np.zeros(len(height), np.uint8)
    fault[owner[(size < 6) | (size % 2 == 1)]] = POLYGON
    fault[np.bincount(owner, minlength=len(height)) == 0] = POLYGON
    if len(number) and not -FARTHEST <= number.min() <= number.max() <= FARTHEST:  # nor where one is nan
        far = np.flatnonzero(~(np.abs(number) <= FARTHEST))
        fault[owner[np.searchsorted(polygons.start, far, side="right") - 1]] = POLYGON
    if fault.any():
        kept = fault[owner] == FINE
        number, owner, size = number[np.repeat(kept, size)], owner[kept], size[kept]
    filled = fill_polygons(number.reshape(-1, 2), starts_of(size // 2), height[owner], width[owner])
    if (np.diff(owner) > 0).all():
        count, extent = np.zeros(len(height), np.int64), np.zeros((3, len(height)), np.int64)
        count[owner], extent[:, owner] = filled.count, filled.extent
        return fault, Filled(count, extent, filled.pieces)
    runs = ragged_runs(merged_runs(np.repeat(owner, filled.count), *joined_sides(filled.pieces)), len(height))
    return fault, Filled(np.diff(runs[0]), np.array(extent_of_runs(runs)), [runs[1:]])


def joined_polygons(parts: Sequence[Polygons]) -> Polygons:
    """The polygons of several records, one after the other, with their owners as they are."""
    number, owner = (np.concatenate([getattr(part, name) for part in parts]) for name in ("number", "owner"))
    size = np.concatenate([np.diff(part.start) for part in parts])
    return Polygons(number, np.append(0, np.cumsum(size)), owner)


def polygons_of(objects: Sequence[Sequence[Any]]) -> Polygons:
    """Polygons from lists.

    Args:
        objects: for each object its polygons, each ``x1, y1, x2, y2 …`` in pixels from the top left corner.

    Raises:
        MetricError: a polygon is not a list of numbers.
    """
    polygons = list(chain.from_iterable(objects))
    owner = np.repeat(np.arange(len(objects)), np.fromiter(map(len, objects), np.int64, len(objects)))
    size = np.fromiter(map(len, polygons), np.int64, len(polygons))
    return Polygons(_flat_numbers(polygons), np.append(0, np.cumsum(size)), owner)


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
