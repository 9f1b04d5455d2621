"""The words in the cells of a column: found where they stand, and read as whole numbers."""

from __future__ import annotations

import numpy as np

from compete.scoring.spans import Array, Column

BLOCK = 1 << 20
"""Bytes looked at together."""

_SPACE = ord(" ")


def words_of(column: Column, parted: int = _SPACE) -> tuple[Column, Array]:
    """The words between blanks in all cells of a column that stands in its file's order.

    Args:
        column: the cells.
        parted: the byte that parts words, if it is not a blank.

    Returns:
        All words one after the other, and the row of each, int64.
    """
    end = column.start + column.length
    none = np.zeros(0, dtype=column.start.dtype)
    starts, ends, owners, low = [none], [none], [np.zeros(0, dtype=np.int64)], 0
    while low < len(column):
        high = max(low + 1, int(np.searchsorted(end, int(column.start[low]) + BLOCK)))
        start, stop, cell = _words_between(column.buffer, column.start[low:high], end[low:high], parted)
        starts.append(start)
        ends.append(stop)
        owners.append(cell + low)
        low = high
    start = np.concatenate(starts)
    return Column(column.buffer, start, (np.concatenate(ends) - start).astype(np.int32)), np.concatenate(owners)


def _words_between(buffer: Array, start: Array, end: Array, parted: int) -> tuple[Array, Array, Array]:
    """Where the words of some cells begin and end, and the cell of each."""
    begin = int(start[0])
    blank = np.flatnonzero(buffer[begin : int(end[-1])] == parted).astype(start.dtype)
    blank += begin
    first, last = np.searchsorted(blank, start), np.searchsorted(blank, end)
    inside = last - first
    if int(inside.sum()) < len(blank):  # blanks of other columns stand between
        kept = np.zeros(len(blank) + 1, dtype=np.int8)
        np.add.at(kept, first, 1)
        np.add.at(kept, last, -1)
        blank = blank[np.cumsum(kept[:-1], dtype=np.int8) > 0]
    # Each cell is cut at its blanks: a word begins at the cell's start or after a blank, and ends alike.
    closing = np.cumsum(inside + 1)
    opening = closing - inside - 1
    starts, ends = (np.empty(int(closing[-1]), dtype=start.dtype) for _ in range(2))
    edge = np.ones(len(starts), dtype=bool)
    edge[opening] = False
    starts[opening], starts[edge] = start, blank + 1
    ends[closing - 1], ends[:-1][edge[1:]] = end, blank
    cell = np.repeat(np.arange(len(start)), inside + 1)
    filled = ends > starts
    return (starts, ends, cell) if filled.all() else (starts[filled], ends[filled], cell[filled])
