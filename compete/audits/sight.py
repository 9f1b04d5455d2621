"""On a cluster: no worker takes a file that it does not see for one that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from compete.sources import require_sight

Outcome = TypeVar("Outcome")


def in_sight(
    function: Callable[[Sequence[Any]], Sequence[Outcome]], cluster: str, fields: int = 1
) -> Callable[[Sequence[Any]], Sequence[Outcome]]:
    """The function, which on a cluster stops where the worker does not see the files of its tasks.

    Args:
        function: takes tasks.
        cluster: the address of a scheduler; empty for the cores of this machine, which see what there is.
        fields: how many fields of a task are paths, from the first on; a task may be a path itself.
    """
    return partial(_checked, function, fields) if cluster else function


def _checked(
    function: Callable[[Sequence[Any]], Sequence[Outcome]], fields: int, tasks: Sequence[Any]
) -> Sequence[Outcome]:
    require_sight(path for task in tasks for path in ([task] if isinstance(task, str) else task[:fields]))
    return function(tasks)
