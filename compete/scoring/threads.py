"""Long work shared by the cores that there are: numpy lets other threads run while it works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

import numpy as np

from metrics.cores import core_count

WORTH = 1 << 17
"""Rows of one cell for each thread, below which another one costs more than it saves."""

MOST = 8
"""Threads at most: each holds some megabytes of what it computes on the way."""

ROOM = 1 << 28
"""Bytes of address space that must be free for each thread, which takes a quarter of them for its stack and heap."""

T = TypeVar("T")


class _Running(Generic[T]):
    """Work in a thread of its own that begins with others; it is done when asked for where the system gives none."""

    def __init__(self, work: Callable[[], T], begin: threading.Event) -> None:
        self._work, self._begin = work, begin
        self._given: list[T] = []
        self._fault: BaseException = MemoryError("a thread ended without a result")
        self._thread = threading.Thread(target=self._run)
        try:
            self._thread.start()
        except RuntimeError:  # no more threads are allowed
            self.result = work  # type: ignore[method-assign]

    def _run(self) -> None:
        self._begin.wait()
        try:
            self._given.append(self._work())
        except BaseException as fault:  # whatever it is, it is raised where the result is asked for
            self._fault = fault

    def wait(self) -> None:
        """Wait until the thread touches nothing more, whatever came of it."""
        if self._thread.ident is not None:
            self._thread.join()

    def result(self) -> T:
        """What the work gave; raises what it raised."""
        if not self._given:
            raise self._fault
        return self._given[0]


def shares(size: int, worth: int) -> int:
    """In how many shares work is done at once.

    Args:
        size: how much there is to do.
        worth: how much of it is worth a thread.
    """
    return max(1, min(core_count(), MOST, size // worth))


def on_all_cores(rows: int, step: int, work: Callable[[int, int], T], *, worth: int = 0) -> list[T]:
    """Call ``work(low, high)`` on all rows, or on shares of them side by side.

    Args:
        rows: how many there are.
        step: the cuts fall on multiples of this.
        work: whose calls must not touch the same data.
        worth: how many of them are worth a thread; ``WORTH`` where it is 0.

    Returns:
        What the calls returned, in the order of the rows; or raises what the first of them raised.
    """
    count = shares(rows, worth or WORTH)
    cuts = sorted({rows * share // count // step * step for share in range(1, count)} - {0})
    return side_by_side([partial(work, low, high) for low, high in zip([0, *cuts], [*cuts, rows])])


def side_by_side(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do works at once, the first of them in this thread; raises what the first of them raised that raised any."""
    if len(works) < 2 or not _room_for(len(works) - 1):
        return [work() for work in works]
    begin = threading.Event()
    others: list[_Running[T]] = []
    try:
        others += [_Running(work, begin) for work in works[1:]]
        begin.set()
        first = works[0]()
    finally:  # nothing may write on when this is left
        begin.set()
        for other in others:
            other.wait()
    return [first, *(other.result() for other in others)]


def _room_for(threads: int) -> bool:
    """Whether so many threads would leave enough memory; one that finds none at its very start would hang Python."""
    try:
        np.empty(threads * ROOM, np.uint8)  # of which no page is touched
    except MemoryError:
        return False
    return True
