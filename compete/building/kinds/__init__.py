"""The kinds of predictions in tables, as a build makes them: one file a room of `compete.tasks.KINDS`.

Each has two doors: ``columns(challenge, kind, classes)`` gives the names of the prediction columns, none where the
challenge must say more; ``sample(plan, train, test)`` the columns of the sample submission, made of the training labels
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from compete.tasks import KINDS

Columns = dict[str, Sequence[str]]


def room_of(kind: str) -> Any:
    """The module that knows the cells of a kind."""
    return import_module(f"{__name__}.{KINDS[kind].room}")
