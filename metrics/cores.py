"""Work in portions that fit the processor's cache, on two cores: numpy lets go of Python's lock while it computes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from metrics.inputs import Array

Part = TypeVar("Part")

CORES = 2
"""Threads that share the work; with more they wait for each other between numpy's calls."""


def portions(ends: Array, size: int) -> Iterator[slice]:
    """Consecutive rows whose work adds up to no more than ``size``, or a single row.

    Args:
        ends: the work of each row and of all rows before it, ascending, shape (rows,).
        size: how much work one portion may be.

    >>> list(portions(np.array([2, 3, 9, 10]), 4))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    first = 0
    while first < len(ends):
        done = int(ends[first - 1]) if first else 0
        stop = max(int(np.searchsorted(ends, done + size, side="right")), first + 1)
        yield slice(first, stop)
        first = stop


def on_cores(work: Callable[[Part], None], parts: Iterable[Part]) -> None:
    """Do some work for every part, in any order, on two cores where there are two.

    Raises:
        Exception: the first that the work raised; parts that were not begun by then are left.
    """
    waiting = list(parts)
    number = min(CORES, len(waiting), core_count())
    if number < 2:
        for part in waiting:
            work(part)
        return
    queue, lock, raised = iter(waiting), threading.Lock(), list[BaseException]()

    def run() -> None:
        try:
            for part in _drawn(queue, lock):
                if raised:
                    return
                work(part)
        except BaseException as fault:  # handed to the caller below
            raised.append(fault)

    others = [threading.Thread(target=run) for _ in range(number - 1)]
    for thread in others:
        thread.start()
    run()
    for thread in others:
        thread.join()
    if raised:
        raise raised[0]


def _drawn(queue: Iterator[Part], lock: threading.Lock) -> Iterator[Part]:
    """The next part, and the next, as long as there is one that no other thread has."""
    while True:
        with lock:
            try:
                part = next(queue)
            except StopIteration:
                return
        yield part


def core_count() -> int:
    """How many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
