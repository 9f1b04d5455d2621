"""The labels of tables as metrics want them: one way to read them a task."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Optional

import numpy as np

from compete.scoring.kinds import contract_of, room_of
from compete.scoring.spans import Array
from compete.scoring.table import Table, as_codes, as_numbers
from compete.tasks import TASKS
from compete.terms import Terms


def labels_of_table(table: Table, terms: Terms) -> Any:
    """The truth that a table tells; None where it does not fit the terms.

    Args:
        table: ``solution.csv`` or ``train.csv``.
        terms: the challenge's terms.

    Returns:
        Class codes (n,) or (n, columns), 0/1 flags (n, labels), numbers (n,) or (n, targets); or ``Lists``, ``Texts``
        or ``Spans`` of the ``metrics`` package.
    """
    return _TRUTHS[TASKS[terms.task].truth](table, terms)


def _classes(table: Table, terms: Terms) -> Optional[Array]:
    return _codes(table, terms.target[0], terms.classes)


def _several(table: Table, terms: Terms) -> Optional[Array]:
    columns = [_codes(table, name, classes) for name, classes in zip(terms.target, terms.classes_of)]
    known = [column for column in columns if column is not None]
    return np.column_stack(known) if len(known) == len(terms.target) else None


def _codes(table: Table, name: str, classes: tuple[str, ...]) -> Optional[Array]:
    """The place of each cell among the classes; None where one is none of them."""
    code, names = as_codes(table, name)
    place = {label: number for number, label in enumerate(classes)}
    known = np.array([place.get(label, -1) for label in names], dtype=np.int32)
    return None if (known < 0).any() else known[code]


def _numbers(table: Table, terms: Terms) -> Array:
    columns = [as_numbers(table, name) for name in terms.target]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _flags(table: Table, terms: Terms) -> Optional[Array]:
    flags = np.column_stack([as_numbers(table, name) for name in terms.target])
    return flags.astype(np.uint8) if np.isin(flags, (0.0, 1.0)).all() else None


def _follow_up(table: Table, terms: Terms) -> Optional[Array]:
    values = _numbers(table, terms)
    return values if (values[:, 0] >= 0).all() and np.isin(values[:, 1], (0.0, 1.0)).all() else None


def _of_room(table: Table, terms: Terms) -> Any:
    return room_of(terms.kind).truth(table, terms, contract_of(terms))


ROOMS = {"classes": "classes", "several": "classes", "flags": "classes", "follow_up": "numbers"}
"""The modules of labels whose cells another module writes."""


def truth_room(terms: Terms) -> Any:
    """The module that knows the cells of the labels."""
    name = TASKS[terms.task].truth
    return import_module(f"compete.scoring.kinds.{ROOMS.get(name, name)}")


_TRUTHS: dict[str, Callable[[Table, Terms], Any]] = {
    "classes": _classes,
    "several": _several,
    "flags": _flags,
    "numbers": _numbers,
    "follow_up": _follow_up,
    "lists": _of_room,
    "texts": _of_room,
    "spans": _of_room,
}
