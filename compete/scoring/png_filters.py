"""Undo the filters of a PNG's rows, whole rows or whole diagonals at a time."""

from __future__ import annotations

from typing import Optional

import numpy as np
from numpy.lib.stride_tricks import as_strided

from compete.scoring.spans import Array

NONE, SUB, UP, AVERAGE, PAETH = range(5)
BLOCK = 512
"""Rows that one sweep of diagonals passes over."""

GAP = 64
"""Rows with simple filters between two others that a sweep rather takes along than ends at."""


def unfilter(rows: Array, step: int) -> Optional[Array]:
    """The bytes that a PNG's filtered rows stand for; None where a row names an unknown filter.

    Args:
        rows: each led by the number of its filter, uint8, shape (h, 1 + n).
        step: bytes from one pixel to the next.

    Returns:
        uint8, shape (h, n); rows without any filter share memory with what was given.

    Source: PNG specification, third edition (W3C, 2025), section 9.
    """
    kind, out = rows[:, 0], rows[:, 1:]
    if kind.size and kind.max() > PAETH:
        return None
    if not kind.any():
        return out
    out = out.copy()
    across = np.flatnonzero(kind == SUB)
    if len(across):
        out[across] = running_sums(out[across].reshape(len(across), -1, step)).reshape(len(across), -1)
    done = 0
    for first, last in _sweeps(np.flatnonzero(kind >= AVERAGE)):
        _add_rows_above(out, kind, done, first)
        above = out[first - 1] if first else np.zeros(out.shape[1], dtype=np.uint8)
        out[first:last] = _swept(out[first:last], kind[first:last], above, step)
        done = last
    _add_rows_above(out, kind, done, len(out))
    return out


def running_sums(pixels: Array) -> Array:
    """Sums along each row modulo 256, channel by channel, uint8, shape (h, w, channels)."""
    return np.cumsum(pixels, axis=1, dtype=np.uint8)


def _add_rows_above(out: Array, kind: Array, first: int, last: int) -> None:
    for row in (np.flatnonzero(kind[first:last] == UP) + first).tolist():
        if row:
            out[row] += out[row - 1]


def _sweeps(hard: Array) -> list[tuple[int, int]]:
    """Blocks of rows that hold every row whose filter needs the pixel to the left and the row above."""
    found: list[tuple[int, int]] = []
    for row in hard.tolist():
        if found and row - found[-1][1] <= GAP and row - found[-1][0] < BLOCK:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return found


def _swept(residual: Array, kind: Array, above: Array, step: int) -> Array:
    """Undo any filters of some rows, all pixels of a diagonal at a time: those to the left and above are known then.

    Rows filtered by `SUB` must already be undone.
    """
    rows, columns = len(residual), residual.shape[1] // step
    diagonals = rows + columns - 1
    skewed = np.zeros((rows, diagonals, step), dtype=np.uint8)
    straight = as_strided(skewed, (rows, columns, step), ((diagonals + 1) * step, step, 1))
    straight[:] = residual.reshape(rows, columns, step)
    todo = np.ascontiguousarray(skewed.transpose(1, 0, 2))
    prior = np.zeros((diagonals + 1, step), dtype=np.int16)
    prior[:columns] = above.reshape(columns, step)
    is_up, is_average, is_paeth = ((kind == one)[:, None] for one in (UP, AVERAGE, PAETH))
    # Row 0 of each is the row above the block; beside the left edge all stay 0.
    older, newer, current = (np.zeros((rows + 1, step), dtype=np.int16) for _ in range(3))
    newer[0] = prior[0]
    for diagonal in range(diagonals):
        low, high = max(0, diagonal - columns + 1), min(rows, diagonal + 1)
        left, top, corner = newer[low + 1 : high + 1], newer[low:high], older[low:high]
        guess = paeth(left, top, corner)
        guess *= is_paeth[low:high]
        guess += is_up[low:high] * top
        guess += is_average[low:high] * ((left + top) >> 1)
        found = todo[diagonal, low:high]
        found += guess.astype(np.uint8)
        current[low + 1 : high + 1] = found
        current[0] = prior[diagonal + 1]
        older, newer, current = newer, current, older
    skewed[:] = todo.transpose(1, 0, 2)
    return straight.reshape(rows, -1)


def paeth(left: Array, top: Array, corner: Array) -> Array:
    """Of the three neighbours, the one nearest to left + top - corner; of equals the first. All int16."""
    to_left, to_top = top - corner, left - corner
    to_corner = np.abs(to_left + to_top)
    np.abs(to_left, out=to_left)
    np.abs(to_top, out=to_top)
    best = np.where(to_top <= to_corner, top, corner)
    np.copyto(best, left, where=(to_left <= to_top) & (to_left <= to_corner))
    return best
