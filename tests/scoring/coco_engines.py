"""The three readers of COCO files, each by itself: numpy for what is written alike, msgspec, and Python's json."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from compete.scoring import coco, coco_truth, coco_typed

ENGINES = ("numpy", "msgspec", "json")


@contextmanager
def reading_with(engine: str) -> Iterator[None]:
    """Read with one of them; numpy leaves what it does not read to the next."""
    caches = (coco_typed.decoders, coco_truth._decoders)
    with pytest.MonkeyPatch.context() as patch:
        if engine != "numpy":
            patch.setattr(coco, "alike_columns", lambda *_: None)
            patch.setattr(coco_truth, "alike_content", lambda *_: None)
        if engine == "json":
            patch.setitem(sys.modules, "msgspec", None)
        for one in caches:
            one.cache_clear()
        yield
    for one in caches:
        one.cache_clear()
