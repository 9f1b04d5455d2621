"""The bundle that submissions are held against, read once a process and not once for each few of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from compete.bundle import Bundle, open_bundle
from compete.scoring.truth import Truth, read_truth


@contextmanager
def one_reading() -> Iterator[str]:
    """A name for one piece of work: all that is done under it sees the bundle as it was when it was first read."""
    try:
        yield uuid.uuid4().hex
    finally:
        opened.cache_clear()  # of this process; those that were started for the work end with it


@lru_cache(maxsize=1)
def opened(bundle: Path, reading: str) -> tuple[Bundle, Truth]:
    """A bundle and its truth.

    Args:
        bundle: a built bundle.
        reading: the name of the piece of work; see ``one_reading``.

    Raises:
        BundleError: the bundle is not whole.
    """
    found = open_bundle(bundle)
    return found, read_truth(found)
