"""Masks as columns of pixels, straight from compressed runs: boxes, and the overlap of pairs of masks.

Most masks have one run of foreground in most of their columns. So the first run of each column stands in a dense table
(`Columns`), where the overlap of two masks is a few operations a column; what further runs a column has stand in a
list, in order, and are looked up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Union

import numpy as np

from metrics.cores import on_cores, portions
from metrics.frozen import dataclass
from metrics.memory import reuse_memory
from metrics.run_lengths import LANE, SIDE, chunks, read_lanes
from metrics.runs import take_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metrics.inputs import Array
    from metrics.masks import Masks

CELLS = 1 << 16
"""Columns of pairs handled at a time."""

RUNS = 1 << 16
"""Runs handled at a time."""

WORK = 1 << 21
"""Columns and characters of masks that are held as columns at a time."""


@dataclass(frozen=True, eq=False, repr=False)
class Runs:
    """Runs of foreground that stay in one column and are not empty, every array of shape (runs,).

    Attributes:
        label: what the caller calls the mask of each run, int64.
        column: the column from the left, int32.
        top: the first row, int32.
        bottom: the row after the last, int32.
    """

    label: Array
    column: Array
    top: Array
    bottom: Array

    def take(self, index: Array) -> Runs:
        """Some runs."""
        return Runs(*(part.take(index) for part in (self.label, self.column, self.top, self.bottom)))


@dataclass(frozen=True, eq=False, repr=False)
class Columns:
    """Some masks as columns.

    In ``run`` a run is one number: the row after its last in the upper half, `SIDE` less its first row in the lower. So
    the smaller halves of two runs are the run that they share.

    Attributes:
        start: where the columns of each mask start in ``run``, and the end, int64, shape (m + 1,).
        left: the column of the mask where its columns start, int64, shape (m,).
        run: one run of each column, int32, shape (columns,); 0 where there is none.
        further: where the further runs of each mask start, and the end, int64, shape (m + 1,).
        order: the place in ``run`` of the column that each further run is in, shifted by 16 bits, and its first row,
            ascending, int64, shape (further,).
        more: the further runs, int32, shape (further,).
        total: how many pixels all further runs before each have, int64, shape (further + 1,).
    """

    start: Array
    left: Array
    run: Array
    further: Array
    order: Array
    more: Array
    total: Array


def column_runs(text: Array, start: Array, end: Array, height: Array, label: Array) -> tuple[Runs, Runs]:
    """The runs of masks, cut where they go on in the next column: those in order, and what goes on, in order.

    Args:
        text: the characters of the masks, whose texts are fine.
        start: where each text starts, and the end, shape (m + 1,).
        end: the pixel after the last foreground of each mask, shape (m,).
        height: pixels of each mask's columns, shape (m,).
        label: what to call each mask, shape (m,).
    """
    lanes = read_lanes(text, start)
    whole = np.flatnonzero(np.diff(lanes.start))
    run = lanes.pair.view(LANE)
    run[2 * lanes.start[whole[1:]]] -= end[whole[:-1]].astype(LANE)
    place = np.cumsum(run, dtype=LANE)
    return _in_columns(place[::2], run[1::2], np.diff(lanes.start), height, label)


def _in_columns(first: Array, length: Array, count: Array, height: Array, label: Array) -> tuple[Runs, Runs]:
    """Runs of masks, cut as `column_runs` cuts them.

    Args:
        first: the first pixel of each run, int32, shape (runs,).
        length: how many it has, int32, shape (runs,).
        count: how many runs each mask has, shape (m,).
        height: pixels of each mask's columns, shape (m,).
        label: what to call each mask, shape (m,).
    """
    same = len(height) > 0 and bool((height == height[0]).all())
    tall: Union[int, Array] = int(height[0]) if same else np.repeat(height.astype(np.int32), count)
    column = first // tall
    top = first - column * tall
    bottom = top + length
    runs = Runs(np.repeat(label, count), column, top, bottom)
    if length.min(initial=1) < 1:
        filled = np.flatnonzero(length > 0)
        runs, tall = runs.take(filled), tall if same else np.take(tall, filled)
    over = np.flatnonzero(runs.bottom > tall)
    rest = _rest(runs.take(over), tall if same else np.take(tall, over))
    np.minimum(runs.bottom, tall, out=runs.bottom)
    return runs, rest


def _rest(runs: Runs, height: Union[int, Array]) -> Runs:
    """What runs that go on in the next column have there and in the columns after it."""
    tall = np.broadcast_to(np.asarray(height, np.int32), runs.bottom.shape)
    pieces = (runs.bottom - 1) // tall
    row = np.repeat(np.arange(len(pieces)), pieces)
    step = np.arange(1, len(row) + 1, dtype=np.int32) - np.repeat(np.cumsum(pieces) - pieces, pieces).astype(np.int32)
    tall = tall[row]
    bottom = np.minimum(runs.bottom[row] - step * tall, tall)
    return Runs(runs.label[row], runs.column[row] + step, np.zeros_like(bottom), bottom)


def tabulate(masks: Masks, index: Array) -> Columns:
    """Some masks as columns; ``index`` is which, in the order wanted."""
    left, right = masks.columns
    left, right = left[index].astype(np.int64), right[index].astype(np.int64)
    start = np.zeros(len(index) + 1, np.int64)
    np.cumsum(right - left, out=start[1:])
    table = np.zeros(int(start[-1]), np.int32)
    further = [np.zeros(0, np.int64)]
    for runs, rest in _runs_of(masks, index, start[:-1] - left):
        further += _fill(table, runs, rest)
    ordered = np.sort(np.concatenate(further))
    order, bottom = ordered >> 16, ordered & SIDE
    total = np.cumsum(np.append(0, bottom - (order & SIDE)))
    more = ((bottom << 16) + (SIDE - (order & SIDE))).astype(np.int32)
    return Columns(start, left, table, np.searchsorted(order, start << 16), order, more, total)


def _runs_of(masks: Masks, index: Array, label: Array) -> Iterator[tuple[Runs, Runs]]:
    """The runs of some masks as `column_runs` gives them, a cache full at a time."""
    height = masks.height[index]
    if masks.runs is not None:
        start = masks.runs[0]
        for rows in portions(np.cumsum(start[index + 1] - start[index]), RUNS):
            first, begin, end = take_runs(masks.runs, index[rows])
            yield _in_columns(begin, end - begin, np.diff(first), height[rows], label[rows])
        return
    texts, end = masks.texts.take(index), masks.survey.end[index]
    for rows in chunks(texts.ends):
        yield column_runs(*texts.part(rows), end[rows], height[rows], label[rows])


def _fill(table: Array, runs: Runs, rest: Runs) -> tuple[Array, Array]:
    """Put runs into their columns; return those whose column has one: column, top and bottom as one number, int64."""
    key = runs.label + runs.column
    run = _packed(runs)
    table[key] = run
    again = np.flatnonzero(table.take(key) != run)
    beyond = rest.label + rest.column
    taken = table.take(beyond) > 0
    table[beyond[~taken]] = _packed(rest)[~taken]
    return _ordered(key[again], runs.take(again)), _ordered(beyond[taken], rest.take(np.flatnonzero(taken)))


def _packed(runs: Runs) -> Array:
    """Runs as `Columns` keeps them, int32."""
    packed: Array = (runs.bottom << 16) + (SIDE - runs.top)
    return packed


def _ordered(place: Array, runs: Runs) -> Array:
    """Runs as one number each that sorts by column, then from top to bottom."""
    return (place << 32) | (runs.top.astype(np.int64) << 16) | runs.bottom


def runs_of_masks(masks: Masks, rows: slice) -> tuple[Runs, Runs]:
    """The runs of consecutive masks, as `column_runs` gives them; their labels are the numbers of the masks."""
    label = np.arange(rows.start, rows.stop)
    return column_runs(*masks.texts.part(rows), masks.survey.end[rows], masks.height[rows], label)


def tight_boxes(masks: Masks) -> Array:
    """Left, top, right and bottom of the smallest box around each mask, int64, shape (m, 4); 0 where empty."""
    box = np.zeros((len(masks.height), 4), np.int64)
    for rows in chunks(masks.texts.ends):
        runs, rest = runs_of_masks(masks, rows)
        first = np.flatnonzero(np.diff(runs.label, prepend=-1))
        owner = runs.label[first]
        box[owner, 0] = runs.column[first]
        box[owner, 1] = np.minimum.reduceat(runs.top, first)
        box[owner, 2] = np.maximum.reduceat(runs.column, first) + 1
        box[owner, 3] = np.maximum.reduceat(runs.bottom, first)
        box[rest.label, 1] = 0
        np.maximum.at(box[:, 2], rest.label, rest.column + 1)
    return box


def overlaps(first: Masks, i: Array, second: Masks, j: Array) -> Array:
    """How many pixels two masks share, for each listed pair, int64, shape (pairs,)."""
    reuse_memory()
    shared = np.zeros(len(i), np.int64)
    order = np.argsort(j, kind="stable")
    i, j = i[order], j[order]
    work = np.cumsum(_work(first)[i] + _work(second)[j])

    def share(rows: slice) -> None:
        shared[order[rows]] = _overlaps(first, i[rows], second, j[rows])

    on_cores(share, portions(work, WORK))
    return shared


def _work(masks: Masks) -> Array:
    """About how much memory each mask takes as columns."""
    left, right = masks.columns
    held = np.diff(masks.texts.ends, prepend=0) if masks.runs is None else 3 * np.diff(masks.runs[0])
    work: Array = held + (right - left)
    return work


def _overlaps(first: Masks, i: Array, second: Masks, j: Array) -> Array:
    """The overlaps of few pairs."""
    one, i = distinct(i)
    other, j = distinct(j)
    left, right = tabulate(first, one), tabulate(second, other)
    shared = _overlap_first_runs(left, i, right, j)
    if len(left.more):
        _add_further(shared, left, i, right, j)
    if len(right.more):
        _add_further(shared, right, j, replace(left, more=left.more[:0]), i)
    return shared


def distinct(index: Array) -> tuple[Array, Array]:
    """The distinct numbers (none negative), ascending, and the place of each number among them."""
    ordered = np.sort(index)
    kept = ordered[np.diff(ordered, prepend=-1) != 0]
    return kept, np.searchsorted(kept, index)


def _overlap_first_runs(left: Columns, i: Array, right: Columns, j: Array) -> Array:
    """The pixels that the first runs of all columns share, for each pair."""
    begin = np.maximum(left.left[i], right.left[j])
    width = np.minimum((left.left + np.diff(left.start))[i], (right.left + np.diff(right.start))[j]) - begin
    np.maximum(width, 0, out=width)
    ends = np.cumsum(width)
    one = left.start[i] + begin - left.left[i] - (ends - width)
    other = right.start[j] + begin - right.left[j] - (ends - width)
    shared = np.zeros(len(i), np.int64)
    for rows in portions(ends, CELLS):
        done, count = int(ends[rows.start] - width[rows.start]), width[rows]
        cell = np.arange(done, int(ends[rows.stop - 1]))
        place = np.repeat(one[rows], count)
        place += cell
        run = left.run.take(place, mode="wrap")
        place = np.repeat(other[rows], count)
        place += cell
        total = np.zeros(len(cell) + 1, np.int32)
        np.cumsum(_shared(run, right.run.take(place, mode="wrap")), dtype=np.int32, out=total[1:])
        after = ends[rows] - done
        shared[rows] = total[after] - total[after - count]
    return shared


def _shared(one: Array, other: Array) -> Array:
    """How many pixels two runs in the same column share, int32."""
    halves = np.minimum(one.view(np.uint16), other.view(np.uint16))
    rows = halves[::2] + halves[1::2]
    np.maximum(rows, SIDE, out=rows)
    rows -= np.uint16(SIDE)
    return rows.astype(np.int32)


def _add_further(shared: Array, left: Columns, i: Array, right: Columns, j: Array) -> None:
    """Add the pixels that further runs on the left share with the first and the further runs on the right."""
    count = np.diff(left.further)[i]
    ends = np.cumsum(count)
    begin, offset = left.further[i] - ends + count, right.start[j] - right.left[j] + left.left[i] - left.start[i]
    low, high = right.start[j], right.start[j + 1]
    for rows in portions(ends, CELLS):
        done = int(ends[rows.start] - count[rows.start])
        pair = np.repeat(np.arange(rows.start, rows.stop), count[rows])
        run = begin.take(pair) + np.arange(done, int(ends[rows.stop - 1]))
        place = (left.order.take(run) >> 16) + offset.take(pair)
        inside = np.flatnonzero((place >= low.take(pair)) & (place < high.take(pair)))
        pair, run, place = pair[inside] - rows.start, left.more.take(run[inside]), place[inside]
        pixels = _shared(run, right.run.take(place)).astype(np.float64)
        if len(right.more):
            pixels += _further_above(right, place, run >> 16) - _further_above(right, place, SIDE - (run & SIDE))
        shared[rows] += np.bincount(pair, weights=pixels, minlength=rows.stop - rows.start).astype(np.int64)


def _further_above(columns: Columns, place: Array, row: Array) -> Array:
    """How many pixels of further runs come before a row of a column, those of columns before it included."""
    after = np.searchsorted(columns.order, (place << 16) + row)
    previous = np.maximum(after - 1, 0)
    over = (columns.more.take(previous) >> 16) - row
    over[(columns.order.take(previous) >> 16 != place) | (after == 0)] = 0
    above: Array = columns.total.take(after) - np.maximum(over, 0)
    return above
