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
from metrics.run_lengths import FINE, POLYGON
from metrics.runs import cancelled, merged_runs

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.runs import Ragged

FINENESS = 5
"""Steps of the walk along an edge in one pixel."""

FARTHEST = 1 << 20
"""Pixels from the corner of the image that a coordinate may lie away."""

CORNERS = 1 << 13
"""Corners of polygons handled at a time."""

CROSSINGS = 1 << 16
"""Crossings of edges and columns handled at a time."""

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
    """Edges of polygons on the fine grid, turned so that the longer side runs upwards, every array of shape (edges,).

    Attributes:
        owner: the polygon.
        x, y: where the edge starts, whole numbers as float64.
        across, down: how far it goes; the one of greater size is positive.
        first: the first column that it crosses, going around its polygon.
        step: 1 where the columns rise from there, -1 where they fall.
        columns: how many columns it crosses within the mask.
    """

    owner: Array
    x: Array
    y: Array
    across: Array
    down: Array
    first: Array
    step: Array
    columns: Array

    def rows(self, rows: slice) -> Edges:
        """Some edges."""
        return Edges(*(part[rows] for part in vars(self).values()))


def fill_polygons(points: Array, start: Array, height: Array, width: Array) -> Ragged:
    """The runs of foreground of each polygon.

    Args:
        points: x and y of the corners of all polygons in pixels, finite and at most `FARTHEST` away, float64, shape
            (corners, 2).
        start: where the corners of each polygon start, and the end, int64, shape (polygons + 1,).
        height: pixels of each mask's columns, int64, shape (polygons,).
        width: how many columns each mask has, int64, shape (polygons,).

    Returns:
        Where the runs of each polygon start, the first pixel and the end of each run; see `metrics.runs`.
    """
    parts = list(portions(start[1:], CORNERS))
    none = np.zeros(0, np.int64)
    found = [(none, none, none)] * len(parts)

    def fill(part: int) -> None:
        rows = parts[part]
        corners = slice(int(start[rows.start]), int(start[rows.stop]))
        begin = start[rows.start : rows.stop + 1] - corners.start
        edges = _edges(points[corners], begin, width[rows])
        pixels = height[rows] * width[rows] + 1
        crossings = np.bincount(edges.owner, weights=edges.columns, minlength=len(pixels)).astype(np.int64)
        made = [(none, none, none)]
        for some in portions(np.cumsum(crossings + pixels // (LARGEST_KEY // CROSSINGS)), CROSSINGS):
            chosen = edges.rows(slice(*np.searchsorted(edges.owner, (some.start, some.stop)).tolist()))
            made.append(_fill(chosen, some.start, height[rows][some], pixels[some]))
        found[part] = (np.concatenate([one[0] for one in made]), *_joined(made))

    on_cores(fill, range(len(parts)))
    count = np.concatenate([none, *(one[0] for one in found)])
    return (np.append(0, np.cumsum(count)), *_joined(found))


def _joined(parts: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array]:
    """First pixel and end of the runs of several parts, int32."""
    begin, end = (np.concatenate([np.zeros(0, np.int32), *(part[side] for part in parts)]) for side in (1, 2))
    return begin.astype(np.int32, copy=False), end.astype(np.int32, copy=False)


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
    (x, y), (end_x, end_y) = corner, after
    first = np.maximum((np.minimum(x, end_x) + 2) // FINENESS, 0)
    last = (np.maximum(x, end_x) - 3) // FINENESS
    np.minimum(last, np.repeat((width - 1).astype(np.int32), np.diff(start)), out=last)
    index = np.flatnonzero(last >= first)
    if len(index) < len(owner):
        owner, first, last, x, y, end_x, end_y = (part.take(index) for part in (owner, first, last, x, y, end_x, end_y))
    across, down = end_x - x, end_y - y
    turned = np.where(np.abs(across) >= np.abs(down), across, down) < 0
    falling = across < 0
    x, y = (np.where(turned, one, other).astype(np.float64) for one, other in ((end_x, x), (end_y, y)))
    sign = 1.0 - 2.0 * turned
    going, step = np.where(falling, last, first).astype(np.int64), 1 - 2 * falling.astype(np.int64)
    columns = (last - first).astype(np.int64) + 1
    return Edges(owner, x, y, across * sign, down * sign, going, step, columns)


def _toggles(edges: Edges, first: int, height: Array, offset: Array) -> Array:
    """Where foreground begins or ends in each column that an edge crosses: pixels counted through, int32.

    What grows evenly along an edge is made of the number of the crossing, times a number of the edge, plus another.
    """
    count = edges.columns
    begin = np.cumsum(count) - count
    number = np.arange(int(count.sum()))
    limit = FINENESS * (edges.first - edges.step * begin) + 3.0  # the walk crosses from limit - 1 to limit, or back
    y = _lowest_along_wide(edges, limit, number)
    steep = np.flatnonzero(edges.across < np.abs(edges.down))
    if len(steep):
        size = count[steep]
        place = np.repeat(begin[steep] - np.cumsum(size) + size, size)
        place += number[: len(place)]
        y[place] = _lowest_along_steep(edges, steep, limit, place)
    owner = edges.owner - first
    tall, step = height[owner], edges.step
    same = len(height) > 0 and bool((height == height[0]).all())
    y += FINENESS // 2
    y //= FINENESS
    np.clip(y, 0, height[0] if same else np.repeat(tall, count), out=y)
    y += np.repeat((offset[owner] + (edges.first - step * begin) * tall).astype(np.int32), count)
    y += np.repeat((step * tall).astype(np.int32), count) * number.astype(np.int32)
    return y


def _lowest_along_wide(edges: Edges, limit: Array, number: Array) -> Array:
    """The lesser y of the two steps beside a column's limit, if the edge goes further across than down, int32.

    It is that of the first of the two where the edge goes down, else that of the second.
    """
    count, slope = edges.columns, np.zeros(len(edges.x))
    np.divide(edges.down, edges.across, out=slope, where=edges.across >= np.abs(edges.down))
    y = np.repeat(FINENESS * edges.step, count) * number
    y = y + np.repeat(limit - edges.x - (slope > 0), count)
    y *= np.repeat(slope, count)
    y += np.repeat(edges.y, count)
    y += 0.5
    lowest: Array = y.astype(np.int32)
    return lowest


def _lowest_along_steep(edges: Edges, steep: Array, limit: Array, number: Array) -> Array:
    """The lesser y of the two steps beside a column's limit, for edges that go further down than across.

    The first step past the limit is computed, then put right by the same sums as the walk makes.
    """
    count = edges.columns[steep]
    across = edges.across[steep]
    slope, x = np.repeat(across / edges.down[steep], count), np.repeat(edges.x[steep], count)
    rising = np.repeat(across > 0, count)
    limit = np.repeat(FINENESS * edges.step[steep], count) * number + np.repeat(limit[steep], count)
    step = (limit - 0.5 - x) / slope
    step = np.where(rising, np.ceil(step), np.floor(step) + 1)
    step -= ((x + slope * (step - 1) + 0.5) >= limit) == rising
    step += ((x + slope * step + 0.5) >= limit) != rising
    lowest: Array = np.repeat(edges.y[steep], count) + step - 1
    return lowest


def read_polygons(polygons: Polygons, height: Array, width: Array) -> tuple[Array, Ragged]:
    """The runs of objects, each of one or more polygons, and what is wrong with them.

    Args:
        polygons: polygons of m objects.
        height: pixels of each mask's columns, int64, shape (m,).
        width: how many columns each mask has, int64, shape (m,).

    Returns:
        A code for each object, uint8, shape (m,), see `metrics.run_lengths.FAULTS`; and the runs of those without.
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
    start = np.append(0, np.cumsum(size // 2))
    first, begin, end = fill_polygons(number.reshape(-1, 2), start, height[owner], width[owner])
    count = np.diff(first)
    if (np.diff(owner) > 0).all():
        return fault, (_starts(owner, count, len(height)), begin, end)
    one, begin, end = merged_runs(np.repeat(owner, count), begin, end)
    return fault, (_starts(one, None, len(height)), begin, end)


def _starts(owner: Array, count: Any, m: int) -> Array:
    """Where the runs of each of ``m`` owners start, and the end."""
    return np.append(0, np.cumsum(np.bincount(owner, weights=count, minlength=m))).astype(np.int64)


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
