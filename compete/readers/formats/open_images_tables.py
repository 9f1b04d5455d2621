"""The tables of Open Images, told apart by their columns and read row by row: a release has millions of boxes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.dataset import excerpt
from compete.errors import DatasetError, Finding
from compete.files import system_fault
from compete.readers.faults import Faults
from compete.readers.json_file import read_json, refusal
from compete.readers.listing import PARTS
from compete.readers.recognition import read_head

COLUMNS = {
    "boxes": ("ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax"),
    "labels": ("ImageID", "LabelName", "Confidence"),
    "names": ("LabelName", "DisplayName"),
    "images": ("ImageID", "Subset"),
}
"""What each kind of table has, the most telling first; further columns tell of authors and are not read."""
CHILDREN, NAME = "Subcategory", "LabelName"
_CLASS = re.compile(r"/[a-z]/[\w-]+\Z")
_PART = re.compile(r"(?<![a-z])(train|validation|test)(?![a-z])")
FILE_RULE = "dataset/label-file"

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Table:
    """A table of a release.

    Attributes:
        path: the file.
        kind: one of ``COLUMNS``.
        header: its columns; empty where the first row is one of data.
        part: the part of the published split that its name tells: ``train``, ``val`` or ``test``; else empty.
    """

    path: Path
    kind: str
    header: tuple[str, ...]
    part: str

    def places(self, *columns: str) -> list[int]:
        """Where columns stand; -1 where there is none of that name."""
        header = self.header or COLUMNS[self.kind]
        return [header.index(column) if column in header else -1 for column in columns]

    def rows(self, faults: Faults, least: int = 0) -> Iterator[Row]:
        """Line and cells of each row.

        Args:
            faults: is told of rows with fewer cells than the header, or than ``least`` where that is given.
            least: how many cells must be there.

        Raises:
            DatasetError: if it is no text in UTF-8, or its quotes are out of place.
            SystemFault: if the disk or a permission forbids reading.
        """
        needed = least or len(self.header)
        for line, cells in _rows(self.path):
            if (line == 1 and self.header) or not cells:
                continue
            if len(cells) < needed:
                faults.add("row", f"{self.path.name}:{line}")
                continue
            yield line, cells


def table_at(path: Path) -> Table | None:
    """The table of Open Images that a file holds; None if it holds none.

    Raises:
        SystemFault: if the disk or a permission forbids reading.
    """
    lines = read_head(path).decode("utf-8-sig", "replace").splitlines()
    try:
        header = tuple(cell.strip() for cell in next(csv.reader(lines[:1]), []))
    except csv.Error:
        return None
    kind = next((kind for kind, columns in COLUMNS.items() if set(columns) <= set(header)), "")
    if not kind and len(header) == 2 and _CLASS.match(header[0]):
        kind, header = "names", ()
    return Table(path, kind, header, part_in(path.name)) if kind else None


def part_in(name: str) -> str:
    """The part of the published split that the name of a file tells; empty where it tells none.

    >>> part_in("oidv6-train-annotations-bbox.csv"), part_in("class-descriptions-trainable.csv")
    ('train', '')
    """
    found = _PART.search(name.lower())
    return PARTS[found[1]] if found else ""


def is_hierarchy(path: Path) -> bool:
    """Whether a JSON file is a tree of classes, by a first look."""
    head = read_head(path)
    return f'"{CHILDREN}"'.encode() in head and f'"{NAME}"'.encode() in head


def read_hierarchy(path: Path) -> list[tuple[str, str]]:
    """Classes and what contains each, of a tree of classes; its root is no class, and nothing else in it is read.

    Raises:
        DatasetError: if the file is no such tree.
        SystemFault: if the disk or a permission forbids reading.
    """
    tree = read_json(path, FILE_RULE)
    found: dict[tuple[str, str], None] = {}
    waiting: list[tuple[Any, tuple[str, ...]]] = [(tree, ())]
    root = True
    while waiting:
        node, above = waiting.pop()
        name = node.get(NAME) if isinstance(node, dict) else None
        children = node.get(CHILDREN, []) if isinstance(node, dict) else None
        if not isinstance(name, str) or not isinstance(children, list):
            message = f"a class of the tree has no {NAME}, or its {CHILDREN} is no list"
            raise refusal(FILE_RULE, message, path.name, "take the file as Open Images offers it")
        found.update(((name, parent), None) for parent in above)
        found.update({(name, ""): None} if not root and not above else {})
        waiting += [(child, () if root else (name,)) for child in children]
        root = False
    return sorted(found)


def _rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            for cells in reader:
                yield reader.line_num, cells
    except UnicodeDecodeError:
        raise _unread("dataset/encoding", "this is not UTF-8 text", path.name, "save the table as UTF-8") from None
    except csv.Error as error:
        hint = "take the file as Open Images offers it"
        raise _unread("dataset/quoting", f"a cell cannot be read: {error}", path.name, hint) from None
    except OSError as error:
        raise system_fault(error) from error


def _unread(rule: str, message: str, where: str, hint: str) -> DatasetError:
    return DatasetError("the annotations cannot be read", [Finding(rule, excerpt(message, 120), where, hint=hint)])


def of_kind(tables: Sequence[Table], kind: str) -> list[Table]:
    """The tables of one kind."""
    return [table for table in tables if table.kind == kind]
