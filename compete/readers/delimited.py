"""Delimited text: bytes to columns of text exactly as written, with the line of every row."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from compete.cells import long_cells
from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.files import system_fault
from compete.sources import address_of, read_whole

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
BLOCK = 128
"""Rows that are turned into columns at once; so few that the garbage collector never walks over them."""
LOOK = 200
"""Lines that are looked at to find the delimiter."""
MOST_LOOKED_AT = 1_000_000
"""Characters of them, however long a line is."""

_MAGIC = (
    (b"PK\x03\x04", "an Excel workbook or zip archive", "open it and save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "open it and save the sheet as CSV (UTF-8)"),
    (b"PAR1", "a Parquet file", "write it as CSV: pandas.read_parquet(…).to_csv(…, index=False)"),
    (b"\x1f\x8b", "a gzip file", "unpack it first"),
    (b"%PDF", "a PDF", "a table is needed, as CSV"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"\x89PNG", "an image", "name the table that lists the images, or use `reader: folder`"),
    (b"\xff\xd8\xff", "an image", "name the table that lists the images, or use `reader: folder`"),
)
_DECLARED = re.compile(r'"?sep=(?P<delimiter>[,;\t])"?\r?\n', re.IGNORECASE)
"""The first line in which Excel is told the delimiter."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Delimited:
    """A table of text.

    Attributes:
        name: the file's name, for findings.
        columns: column name as written -> cells as written, in row order; all of one length.
        lines: the line of the file on which each row begins, from 1.
        findings: what was noticed; errors too.
    """

    name: str
    columns: dict[str, list[str]]
    lines: Sequence[int]
    findings: list[Finding]

    @property
    def header(self) -> list[str]:
        """The column names, in order."""
        return list(self.columns)


def read_delimited(path: Path, *, where: str = "") -> Delimited:
    """Read a table; encoding and delimiter are found by looking.

    Args:
        path: the file.
        where: what names it (a line of challenge.yaml), for the finding that it does not exist.

    Raises:
        DatasetError: if there is no table to speak of: no file, another format, no header.
        SystemFault: if the disk or a permission forbids reading.
    """
    data = _bytes(path, where)
    for magic, what, cure in _MAGIC:
        if data.startswith(magic):
            raise _refusal("not-a-table", f"this is {what}, not a table of text", path.name, cure)
    text, findings = _decoded(data, path.name)
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        cure = "remove it, or write the table anew"
        message = f"a control character (U+{ord(found[0]):04X}) stands in the text"
        raise _refusal("control-character", message, f"{path.name}:{line}", cure)
    declared = _DECLARED.match(text)
    if declared:
        # An empty line is skipped, and the lines below keep their numbers.
        text = text[declared.end() - 1 :]
    delimiter = declared["delimiter"] if declared else _delimiter(text)
    if delimiter != ",":
        message = f"cells are separated by {DELIMITERS[delimiter]}"
        findings.append(Finding("dataset/delimiter", message, path.name, severity="note"))
    return _parsed(text, delimiter, path.name, findings)


def _bytes(path: Path, where: str) -> bytes:
    try:
        return read_whole(path)
    except (FileNotFoundError, NotADirectoryError):
        near = sorted(other.name for other in path.parent.glob("*.[ct]s[v]")) if path.parent.is_dir() else []
        hint = f"in its folder are: {', '.join(near[:5])}" if near else "paths are relative to challenge.yaml"
        raise _refusal("missing-file", f"there is no file {address_of(path)!r}", where, hint) from None
    except IsADirectoryError:
        cure = "name the table inside it, or use `reader: folder` for one folder a class"
        raise _refusal("not-a-table", f"{str(path)!r} is a folder", where, cure) from None
    except OSError as error:
        raise system_fault(error) from error


def _refusal(rule: str, message: str, where: str, hint: str) -> DatasetError:
    return DatasetError("the table cannot be read", [Finding(f"dataset/{rule}", message, where, hint=hint)])


def _decoded(data: bytes, name: str) -> tuple[str, list[Finding]]:
    """The text, and which encoding it was in if not UTF-8."""
    codec, what = _encoding(data)
    text = data.decode(codec, errors="strict" if codec != "latin-1" else "replace")
    if not what:
        return text, []
    message = f"the table is not UTF-8; it was read as {what}"
    hint = "look whether letters such as é, ø, µ are right, or save it as UTF-8"
    first = next((number for number, letter in enumerate(text) if ord(letter) > 127), 0)
    line = text.count("\n", 0, first) + 1
    return text, [Finding("dataset/encoding", message, f"{name}:{line}", hint=hint, severity="warning")]


def _encoding(data: bytes) -> tuple[str, str]:
    """A codec that reads the bytes, and its name for people; no name for UTF-8."""
    candidates = [("utf-8-sig", "")]
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        candidates = [("utf-32", "UTF-32")]
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates = [("utf-16", "UTF-16")]
    elif data[1:2] == b"\0" and data[3:4] == b"\0":
        candidates = [("utf-16-le", "UTF-16")]
    elif data[:1] == b"\0" and data[2:3] == b"\0":
        candidates = [("utf-16-be", "UTF-16")]
    for codec, what in (*candidates, ("cp1252", "Latin-1 (Windows-1252)")):
        try:
            data.decode(codec)
        except UnicodeDecodeError:
            continue
        return codec, what
    return "latin-1", "Latin-1"


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into most cells of the same number; a comma where none does."""
    lines = io.StringIO(text[:MOST_LOOKED_AT], newline="")
    head = "".join(line for line, _ in zip(lines, range(LOOK), strict=False))
    best, most = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        with long_cells():
            widths = [len(row) for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row]
        if not widths or widths[0] < 2:
            continue
        agreeing = sum(width == widths[0] for width in widths) / len(widths)
        if (agreeing, widths[0]) > most:
            best, most = delimiter, (agreeing, widths[0])
    return best


def _parsed(text: str, delimiter: str, name: str, findings: list[Finding]) -> Delimited:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        with long_cells():
            header: list[str] = next((row for row in reader if row), [])
            findings += _header_findings(header, name)
            cells, lines, ragged = _cells(reader, len(header))
    except csv.Error as error:
        hint = "a quoted cell ends with a quote before the separator; inside it a quote is written twice"
        message, where = f"a quote is out of place: {error}", f"{name}:{reader.line_num}"
        raise DatasetError(
            "the table cannot be read", [*findings, Finding("dataset/quoting", message, where, hint=hint)]
        ) from None
    if ragged:
        count = counted(len(ragged), "row has", "rows have")
        message = f"{count} more or fewer cells than the header's {len(header)}; the first has {ragged[0][1]}"
        examples = tuple(f"line {line}" for line, _ in ragged[:EXAMPLES])
        hint = "put a cell that holds the separator or a line break in quotes"
        where = f"{name}:{ragged[0][0]}"
        findings.append(Finding("dataset/ragged-row", message, where, examples, hint, count=len(ragged)))
    if not lines:
        what = "the table has no rows below its header" if header else "the table has no header and no rows"
        raise DatasetError("the table cannot be read", [*findings, Finding("dataset/empty-table", what, name)])
    columns = {column: values for column, values in zip(header, cells, strict=True) if column.strip()}
    return Delimited(name, columns, lines, findings)


def _cells(reader: Any, width: int) -> tuple[list[list[str]], list[int], list[tuple[int, int]]]:
    """The cells by column, the line of each row, and line and width of rows that are not as wide as the header.

    Rows become columns block by block: a million small lists would cost more time than the reading.
    """
    columns: list[list[str]] = [[] for _ in range(width)]
    lines: list[int] = []
    ragged: list[tuple[int, int]] = []
    line = reader.line_num + 1
    seen = True
    while seen:
        block, seen = [], False
        for row in islice(reader, BLOCK):
            seen = True
            if len(row) == width:
                block.append(row)
                lines.append(line)
            elif row:
                ragged.append((line, len(row)))
            line = reader.line_num + 1
        for column, cells in zip(columns, zip(*block, strict=True), strict=bool(block)):
            column.extend(cells)
    return columns, lines, ragged


def _header_findings(header: list[str], name: str) -> list[Finding]:
    """Say which column names are empty, stand twice, or have spaces around them."""
    where = f"{name}:1"
    empty = tuple(f"number {number}" for number, column in enumerate(header, 1) if not column.strip())
    counts = Counter(header)
    twice = tuple(sorted(excerpt(column) for column, count in counts.items() if column.strip() and count > 1))
    spaced = tuple(repr(excerpt(column)) for column in header if column != column.strip() and column.strip())
    kinds = (
        ("header", "column without a name is left out", "columns without a name are left out", empty,
         "a first one is often the row number that pandas or R wrote along", "warning"),
        ("header", "column name stands twice", "column names stand twice", twice,
         "rename or remove one of each", "error"),
        ("header-space", "column name begins or ends with a space", "column names begin or end with spaces", spaced,
         "challenge.yaml must name it with its spaces; better remove them in the table", "warning"),
    )  # fmt: skip
    return [
        Finding(f"dataset/{rule}", counted(len(names), one, many), where, names, hint, severity, len(names))
        for rule, one, many, names, hint, severity in kinds
        if names
    ]
