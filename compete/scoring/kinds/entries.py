"""The entries of cells that hold several: found where they stand in the file, whatever parts them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.scoring.forms.words import words_of
from compete.scoring.source import counted, excerpt
from compete.scoring.spans import Array, Column
from compete.scoring.submission import Contract
from compete.scoring.table import Table

BLANK = ord(" ")


def entries_of(column: Column, separator: str) -> tuple[Column, Array]:
    """The entries of all cells of a column that stands in its file's order; those without text are passed over.

    Args:
        column: the cells.
        separator: what parts them, one byte; around all but the blank, blanks do not count.

    Returns:
        All entries one after the other, and the row of each, int64.
    """
    if separator == " ":
        return words_of(column)
    entry, row = words_of(column, ord(separator))
    start, end = entry.start.copy(), entry.start + entry.length
    while (led := (start < end) & (entry.buffer[start] == BLANK)).any():
        start += led
    while (trailed := (start < end) & (entry.buffer[end - 1] == BLANK)).any():
        end -= trailed
    kept = start < end
    length = (end - start).astype(np.int32)
    if kept.all():
        return Column(entry.buffer, start, length), row
    return Column(entry.buffer, start[kept], length[kept]), row[kept]


def numbered_in_row(row: Array, rows: int) -> tuple[Array, Array]:
    """How many entries each row has, and the place of each entry in its row, from 0.

    Args:
        row: the row of each entry, ascending, shape (entries,).
        rows: how many rows there are.
    """
    count = np.bincount(row, minlength=rows)
    place: Array = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return count, place


def told_entries(
    table: Table, name: str, rule: str, row: Array, shown: Callable[[int], str], *, message: str, hint: str
) -> list[Finding]:
    """One finding of all faulty entries of a column; nothing where there are none.

    Args:
        table: as read.
        name: the column.
        rule: the last part of the rule's name.
        row: the row of each faulty entry.
        shown: the text of one, by its place in ``row``.
        message: with ``{entries}`` for how many there are.
        hint: the cure.
    """
    if not len(row):
        return []
    items = tuple(dict.fromkeys(excerpt(shown(place)) for place in range(min(EXAMPLES, len(row)))))
    said = message.replace("{entries}", counted(len(row), "entry").replace("entrys", "entries"), 1)
    return [Finding(f"submission/{rule}", said, table.where(name, int(row[0])), items, hint, count=len(row))]


def told_rows(table: Table, name: str, rule: str, row: Array, *, message: str, hint: str) -> list[Finding]:
    """One finding of all faulty rows, with the first of their cells; nothing where there are none."""
    if not len(row):
        return []
    items = tuple(excerpt(table.columns[name].text(one)) for one in row[:EXAMPLES].tolist())
    said = message.replace("{rows}", counted(len(row), "row"), 1)
    return [Finding(f"submission/{rule}", said, table.where(name, int(row[0])), items, hint, count=len(row))]


def empty_rows(table: Table, contract: Contract, row: Array) -> list[Finding]:
    """Tell of cells without anything in them, where that is no answer."""
    hint = "every item needs an answer; here an empty cell is none"
    message = f"{{rows}} with nothing in {excerpt(contract.columns[0])}"
    return (
        [] if contract.empty else told_rows(table, contract.columns[0], "empty-cell", row, message=message, hint=hint)
    )
