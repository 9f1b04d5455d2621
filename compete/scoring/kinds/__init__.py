"""The kinds of predictions in tables: one file a room of `compete.tasks.KINDS`, each with the same doors.

``read(table, contract)`` gives what the cells say, in the order of the rows, and what is wrong with them: a list of
arrays, one a column, or a record with ``take``; None where nothing can be told. ``perfect(truth)`` gives the prediction
that knows the truth; ``written(values, ids, terms)`` the rows of a submission that says what values say; and
``as_columns(values, names, terms)`` what a challenge's own metric is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from compete.scoring.spans import Array
from compete.tasks import KINDS

if TYPE_CHECKING:
    from compete.scoring.matching import Vocabulary
    from compete.scoring.submission import Contract, Submission
    from compete.scoring.truth import Truth
    from compete.terms import Terms

CELL, ROW = 1 << 20, 1 << 22
"""Bytes of a cell and of a row where cells hold more than one value."""

LONG = ("lists", "texts", "spans")
"""Kinds whose cells hold more than one value."""


ROWS = {
    "lists": ("list_rows", "read_list_rows"),
    "flag": ("long_rows", "read_flag_rows"),
    "spans": ("long_rows", "read_span_rows"),
}
"""The kinds that may be written with one row an entry, any number of rows an item, and the function that reads them."""


def read_rows(source: Union[str, Path, bytes], terms: Terms, items: Vocabulary, name: str = "") -> Submission:
    """Read a submission with one row an entry strictly, in the order of the items; see `ROWS`.

    Raises:
        SubmissionError: the submission is refused; every fault that can be told is among the findings.
    """
    module, function = ROWS[terms.kind]
    read: Submission = getattr(import_module(f"{__name__}.{module}"), function)(source, contract_of(terms), items, name)
    return read


def room_of(kind: str) -> Any:
    """The module that knows the cells of a kind."""
    return import_module(f"{__name__}.{KINDS[kind].room}")


@lru_cache(maxsize=16)
def contract_of(terms: Terms) -> Contract:
    """What a submission to a challenge on tables must hold."""
    from compete.bundle import ID
    from compete.scoring.source import Caps
    from compete.scoring.submission import Contract
    from compete.tasks import REPEATING

    return Contract(
        id=ID,
        columns=terms.columns,
        kind=terms.kind,
        classes=terms.target if (terms.kind, terms.form) == ("flag", "rows") else terms.classes,
        distribution=terms.distribution,
        low=terms.low,
        high=terms.high,
        classes_of=terms.classes_of,
        separator=terms.separator,
        empty=terms.empty,
        most=terms.most_objects,
        repeats=terms.task in REPEATING,
        caps=Caps(cell=CELL, row=ROW) if terms.kind in LONG else Caps(),
    )


def in_order(read: Any, item: Array) -> Any:
    """What the cells of each row say, at the place of the row's item.

    Args:
        read: arrays of one entry a row, or a record.
        item: the place of each row, each place once, shape (rows,).
    """
    if isinstance(read, list):
        from compete.scoring.submission import _in_order

        values = [_in_order(one, item) for one in read]
        return values[0] if len(values) == 1 else np.stack(values, axis=1)
    row = np.empty(len(item), dtype=np.int64)
    row[item] = np.arange(len(item))
    return read.take(row)


def taken(values: Any, index: Array) -> Any:
    """Some items of truths or predictions, arrays or records."""
    return values[index] if isinstance(values, np.ndarray) else values.take(index)


def perfect_rows(truth: Truth) -> list[list[str]]:
    """The submission that knows every label: ids and prediction columns as text."""
    room = room_of(truth.terms.kind)
    rows: list[list[str]] = room.written(room.perfect(truth), truth.ids.column.tolist(), truth.terms)
    return rows


def canonical_bytes(record: Any) -> bytes:
    """Bytes that are equal where records are: lists, texts or spans, or what is predicted of images."""
    kind = type(record).__name__.lower()
    if kind in LONG:
        plain: bytes = room_of(kind).canonical(record)
        return plain
    from compete.scoring.forms.canonical import canonical_bytes as of_images

    return of_images(record)


def plain_bytes(*arrays: Array) -> bytes:
    """Types, shapes and bytes of arrays, whatever machine this is."""
    alike = [np.ascontiguousarray(one, dtype=one.dtype.newbyteorder("<")) for one in arrays]
    head = f"{[(one.dtype.str, one.shape) for one in alike]}"
    return b"".join([head.encode(), *(one.tobytes() for one in alike)])


def one_row_each(columns: Sequence[Sequence[str]], ids: Sequence[str]) -> list[list[str]]:
    """Rows of a submission with one row an item."""
    return [list(row) for row in zip(ids, *columns)]
