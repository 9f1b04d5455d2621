"""How many threads numpy's matrix products use, which is settled when numpy is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

LIBRARIES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS")
"""What libraries of linear algebra read when they are loaded."""


def ask_for_one_thread() -> None:
    """Multiply in the thread that asks, if numpy is not imported yet and the environment does not say otherwise.

    Our products are small and many: threads that wait for the next one use more of the cores than the products.
    """
    if not any(name in os.environ for name in LIBRARIES):
        os.environ.update(dict.fromkeys(LIBRARIES, "1"))


@contextmanager
def one_thread_asked_for() -> Iterator[None]:
    """The same for processes that are started meanwhile; afterwards the environment is as it was."""
    before = {name: os.environ.get(name) for name in LIBRARIES}
    ask_for_one_thread()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
