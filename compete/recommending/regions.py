"""The connected regions of label images, found from their runs without drawing a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from metrics.label_maps import LabelMaps

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Rows:
    """Stretches of equal pixels within one row of one image, in the order of the pixels; row k of every array is one.

    Attributes:
        image: the place of its image.
        value: what its pixels are.
        row: its row, counted over all images and slices.
        place: its row and slice within the image, shape (k, dimensions - 1), slice first.
        begin: its first column.
        end: the column after its last.
        height: rows of its image.
        depth: slices of its image.
    """

    image: Array
    value: Array
    row: Array
    place: Array
    begin: Array
    end: Array
    height: Array
    depth: Array


@dataclass(frozen=True, eq=False)
class Regions:
    """Connected regions of equal pixels; row k of every array is one.

    Attributes:
        image: the place of its image.
        value: what its pixels are.
        area: how many pixels it has.
        low: its first slice (of volumes), row and column, shape (k, 2 or 3).
        high: those after its last.
        rows: the stretches of all regions, those of one after the other.
        start: the first stretch of each region, and how many there are, shape (k + 1,).
    """

    image: Array
    value: Array
    area: Array
    low: Array
    high: Array
    rows: Rows
    start: Array

    def __len__(self) -> int:
        return len(self.area)

    def shape(self, region: int) -> Array:
        """The region in the smallest box around it, bool."""
        chosen = slice(self.start[region], self.start[region + 1])
        low, size = self.low[region], self.high[region] - self.low[region]
        place = self.rows.place[chosen] - low[:-1]
        line = place[:, -1] if place.shape[1] == 1 else place[:, 0] * size[1] + place[:, 1]
        begin, length = self.rows.begin[chosen] - low[-1], self.rows.end[chosen] - self.rows.begin[chosen]
        first = np.repeat(line * size[-1] + begin - (np.cumsum(length) - length), length)
        flat = np.zeros(int(np.prod(size)), dtype=bool)
        flat[first + np.arange(length.sum())] = True
        return flat.reshape(tuple(size))


def connected_regions(maps: LabelMaps, values: Sequence[int]) -> Regions:
    """The connected regions of some values, where pixels that meet at a corner are connected too.

    Args:
        maps: label images, or label volumes.
        values: the values that are looked at.

    Source: Wu, Otoo and Suzuki, Pattern Analysis and Applications 12 (2009), p. 117, for runs and their joining.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = _rows(maps, values)
    count = len(rows.row)
    one, other = _joined(rows, maps.shape)
    graph = coo_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    total, member = connected_components(graph, directed=False)
    order = np.argsort(member, kind="stable")
    start = np.concatenate(([0], np.cumsum(np.bincount(member, minlength=total)))).astype(np.int64)
    rows = _taken(rows, order)
    if not total:
        nothing = np.zeros((0, maps.shape.shape[1]), dtype=np.int64)
        return Regions(rows.image, rows.value, np.zeros(0, dtype=np.int64), nothing, nothing, rows, start)
    first = start[:-1]
    low = np.column_stack([np.minimum.reduceat(rows.place, first), np.minimum.reduceat(rows.begin, first)])
    high = np.column_stack([np.maximum.reduceat(rows.place, first) + 1, np.maximum.reduceat(rows.end, first)])
    area = np.add.reduceat(rows.end - rows.begin, first)
    return Regions(rows.image[first], rows.value[first], area, low, high, rows, start)


def _taken(rows: Rows, order: Array) -> Rows:
    return Rows(**{name: column[order] for name, column in vars(rows).items()})


def _rows(maps: LabelMaps, values: Sequence[int]) -> Rows:
    """The runs of some values, cut where a row ends."""
    shape, many = maps.shape, np.diff(maps.start)
    kept = np.flatnonzero(np.isin(maps.value, np.array(values, dtype=np.int64)))
    image = np.repeat(np.arange(maps.images), many)[kept]
    after = maps.end[kept].astype(np.int64)
    before = after - maps.length[kept]
    width = shape[image, -1]
    top, count = before // width, (after - 1) // width - before // width + 1
    run = np.repeat(np.arange(len(kept)), count)
    inside = top[run] + np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count)
    image, width = image[run], width[run]
    height = shape[image, -2]
    lines = np.prod(shape[:, :-1], axis=1)
    place = inside[:, None] if shape.shape[1] == 2 else np.stack([inside // height, inside % height], axis=1)
    return Rows(
        image=image,
        value=maps.value[kept][run].astype(np.int64),
        row=inside + (np.cumsum(lines) - lines)[image],
        place=place,
        begin=np.maximum(before[run] - inside * width, 0),
        end=np.minimum(after[run] - inside * width, width),
        height=height,
        depth=shape[image, 0] if shape.shape[1] == 3 else np.ones(len(image), dtype=np.int64),
    )


def _joined(rows: Rows, shape: Array) -> tuple[Array, Array]:
    """Pairs of stretches of one value that touch: in one row, in the next row, in the next slice."""
    line = rows.place[:, -1]
    last = line + 1 == rows.height
    steps = [(np.ones(len(rows.row), dtype=np.int64), ~last)]
    if shape.shape[1] == 3:
        deeper = rows.place[:, 0] + 1 < rows.depth
        steps += [
            (rows.height - 1, deeper & (line > 0)),
            (rows.height, deeper),
            (rows.height + 1, deeper & ~last),
        ]
    wide = int(shape[:, -1].max()) + 2
    beside = np.flatnonzero((rows.row[1:] == rows.row[:-1]) & (rows.begin[1:] == rows.end[:-1]))
    found = [(beside, beside + 1), *(_below(rows, step, allowed, wide) for step, allowed in steps)]
    one, other = (np.concatenate(side) for side in zip(*found, strict=True))
    same = rows.value[one] == rows.value[other]
    return one[same], other[same]


def _below(rows: Rows, step: Array, allowed: Array, wide: int) -> tuple[Array, Array]:
    """Pairs of stretches of which the second is so many rows on and reaches the first, be it at a corner."""
    here = np.flatnonzero(allowed)
    there = (rows.row[here] + step[here]) * wide
    first = np.searchsorted(rows.row * wide + rows.end, there + rows.begin[here], side="left")
    after = np.searchsorted(rows.row * wide + rows.begin, there + rows.end[here], side="right")
    count = np.maximum(after - first, 0)
    other = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
    return np.repeat(here, count), other
