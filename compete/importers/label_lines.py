"""Labels and features in files of old challenges: tables, or one line an item and nothing that names it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from compete.importers.competition_zip import Files

LABELS = re.compile(r"label|solution|target|truth|answer|reference|(?:^|[_.-])y(?:$|[_.-])", re.IGNORECASE)
TRAINING, TESTING = re.compile(r"train", re.IGNORECASE), re.compile(r"test|valid|final|eval|dev", re.IGNORECASE)
NAMES = {
    "features": re.compile(r"feat.*name|feature", re.IGNORECASE),
    "classes": re.compile(r"label.*name|class", re.IGNORECASE),
}
LINES = (".csv", ".tsv", ".txt", ".data", ".solution", ".labels", ".predict", "")
"""Endings of files that may hold a line an item."""

LARGEST = 1 << 28
NAME = "item"


@dataclass(frozen=True)
class Table:
    """Rows of one file.

    Attributes:
        place: the file.
        columns: its own names; empty where it has none.
        rows: cells, all rows of one length.
    """

    place: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """Cells in a row."""
        return len(self.rows[0])


def tables_of(files: Files) -> list[Table]:
    """Every file that is a table of text, in the order of the names."""
    found = []
    for name in files.names:
        if PurePosixPath(name).suffix.lower() in LINES:
            table = _table(name, files)
            found += [table] if table else []
    return found


def _table(name: str, files: Files) -> Table | None:
    raw = files.read(name)
    if len(raw) > LARGEST or b"\0" in raw[:4096]:
        return None
    lines = [line for line in files.text(name).splitlines() if line.strip()]
    if not lines:
        return None
    separator = "\t" if "\t" in lines[0] else "," if "," in lines[0] else ";" if ";" in lines[0] else None
    if separator:
        rows = [
            tuple(cell.strip() for cell in row)
            for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=separator)
        ]
    else:
        rows = [tuple(line.split()) for line in lines]
    if len({len(row) for row in rows}) != 1:
        return None if separator else Table(name, (), tuple((line.strip(),) for line in lines))
    if separator and len(rows) > 1 and _is_head(rows):
        return Table(name, rows[0], tuple(rows[1:]))
    return Table(name, (), tuple(rows))


def _is_head(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first row names the others' cells: it has no number, and each name once."""
    first = rows[0]
    return len(set(first)) == len(first) and all(first) and not any(map(is_number, first))


def is_number(text: str) -> bool:
    """Whether a cell is a finite number."""
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def classes_of(table: Table, names: Sequence[str]) -> tuple[str, ...]:
    """One label a row: the class of a row of 0 and 1, or the one cell; none where rows are neither.

    Args:
        table: the labels.
        names: of the classes, where a file lists as many as there are columns.
    """
    if table.width == 1:
        return tuple(row[0] for row in table.rows)
    hot = [[float(cell) for cell in row] for row in table.rows] if all(map(_numeric, table.rows)) else []
    if not hot or any(sorted(row) != [0.0] * (table.width - 1) + [1.0] for row in hot):
        return ()
    called = list(names) if len(names) == table.width else [f"class_{place}" for place in range(table.width)]
    return tuple(called[row.index(1.0)] for row in hot)


def _numeric(row: Sequence[str]) -> bool:
    return all(map(is_number, row))


def listed_names(files: Files, what: str) -> tuple[str, ...]:
    """The names that a file such as ``iris_label.name`` lists, one a line; none where there is no such file."""
    for name in files.names:
        if NAMES[what].search(PurePosixPath(name).name) and name.endswith((".name", ".names")):
            return tuple(line.strip() for line in files.text(name).splitlines() if line.strip())
    return ()


def joined(labels: Table, others: Sequence[Table]) -> Mapping[str, dict[str, str]] | None:
    """Rows of a table by the name of their item, with the cells of others that name the same items."""
    if not labels.columns:
        return None
    identity = next((column for column in labels.columns if _identifies(labels, column)), "")
    if not identity:
        return None
    place = labels.columns.index(identity)
    found = {row[place]: {NAME: row[place], **_cells(labels, row, identity)} for row in labels.rows}
    for other in others:
        if identity in other.columns and other is not labels and _identifies(other, identity):
            at = other.columns.index(identity)
            for row in other.rows:
                if row[at] in found:
                    found[row[at]] = {**_cells(other, row, identity), **found[row[at]]}
    return found


def _identifies(table: Table, column: str) -> bool:
    place = table.columns.index(column)
    return len({row[place] for row in table.rows}) == len(table.rows) and bool(
        re.fullmatch(r"id|.*_id|id_.*|.*id|index|name|file|filename|image|item|key", column, re.IGNORECASE)
    )


def _cells(table: Table, row: Sequence[str], identity: str) -> dict[str, str]:
    return {name: cell for name, cell in zip(table.columns, row, strict=True) if name != identity}
