"""Long work on rows as two halves at once: numpy lets other threads run while it works."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

WORTH = 1 << 20
"""Rows below which a second thread costs more than it saves."""

T = TypeVar("T")


def in_halves(rows: int, step: int, work: Callable[[int, int], T]) -> list[T]:
    """Call ``work(low, high)`` on all rows, or on two halves of them side by side.

    Args:
        rows: how many there are.
        step: the cut falls on a multiple of this.
        work: whose calls must not touch the same data.

    Returns:
        What the calls returned, in the order of the rows.
    """
    cut = rows // 2 // step * step
    if rows < WORTH or not cut or (os.cpu_count() or 1) < 2:
        return [work(0, rows)]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as second:
        other = second.submit(work, cut, rows)
        return [work(0, cut), other.result()]
