"""Parquet tables, one row an item, as the csv reader reads tables of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.files import system_fault
from compete.readers.delimited import Delimited
from compete.readers.json_file import refusal
from compete.readers.listing import listed_files
from compete.readers.proposals import Proposal, propose
from compete.readers.recognition import Glance
from compete.readers.tables import tabled_dataset
from compete.sources import address_of, is_file, is_folder, opened

RULE = "dataset/not-a-table"
MAGIC = b"PAR1"
SUFFIXES = (".parquet", ".pq")
MOST_CELLS = 1_000_000_000
"""Cells of a table; a few bytes of a hostile file can declare more."""
_CONTROL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]"
_INDEX = re.compile(r"__index_level_\d+__\Z")


def read(challenge: Challenge) -> Dataset:
    """Read the Parquet file, or the folder of them, that a challenge names.

    Cells become text: numbers with the fewest digits that give them back, dates and times as in ISO 8601, yes and no as
    1 and 0, nothing as a blank. Columns of lists, mappings or bytes are left out and told.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    path = challenge.locate(challenge.data.path)
    table = read_parquet(path, challenge.where("data.path"))
    return tabled_dataset(challenge, table, path if is_folder(path) else path.parent)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a Parquet file and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    table = read_parquet(path)
    if fatal(table.findings):
        raise DatasetError(f"dataset refused: {path.name}", table.findings)
    found = propose(table, path / "part" if is_folder(path) else path)
    counts = Proposal("parquet", f"{len(table.lines)} rows, {len(table.columns)} columns")
    return {**found, "reader": counts}


def recognise(glance: Glance) -> str:
    """Why a path is a Parquet file or a folder of them; empty if it is none."""
    if glance.is_file:
        return "Parquet by its first bytes" if glance.head.startswith(MAGIC) else ""
    parts = [name for name in glance.ending(*SUFFIXES) if "/" not in name]
    return counted(len(parts), "Parquet file", "Parquet files") if parts else ""


def read_parquet(path: Path, where: str = "") -> Delimited:
    """Read a Parquet file, or all in a folder one after the other, as a table of text.

    Args:
        path: the file or folder.
        where: the place in challenge.yaml that names it.

    Raises:
        DatasetError: if it is none, has no rows, or pyarrow is not installed.
        SystemFault: if the disk or a permission forbids reading.
    """
    files = [path]
    if is_folder(path):
        files = [
            path / name for name in listed_files(path, where) if name.lower().endswith(SUFFIXES) and "/" not in name
        ]
    if not files or not is_file(files[0]):
        hint = "paths are relative to challenge.yaml; a folder must hold files that end in .parquet"
        raise refusal("dataset/missing-file", f"there is no Parquet file {address_of(path)!r}", where, hint)
    with _told(path.name):
        table = _whole(files, path.name)
        return _as_text(table, path.name)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Put what pyarrow says into words."""
    try:
        import pyarrow as arrow
    except ImportError:
        hint = "install it: pip install 'compete[parquet]'; or write the table as CSV"
        raise refusal(
            "dataset/no-pyarrow", "Parquet files are read with pyarrow, which is not here", name, hint
        ) from None
    try:
        yield
    except (arrow.ArrowException, UnicodeDecodeError, MemoryError) as error:
        raise _damaged(name, error) from None
    except OSError as error:
        if error.errno:
            raise system_fault(error) from error
        raise _damaged(name, error) from None


def _damaged(name: str, error: BaseException) -> DatasetError:
    words = " ".join(str(error).split())[:120] or type(error).__name__
    hint = "is the file whole? write it again with the program that made it"
    return refusal(RULE, f"this cannot be read as Parquet: {words}", name, hint)


def _whole(files: Sequence[Path], name: str) -> Any:
    """The rows of all files; their columns must be the same."""
    import pyarrow as arrow
    from pyarrow import parquet

    tables, cells = [], 0
    for file in files:
        with opened(file) as stream, parquet.ParquetFile(stream) as found:
            cells += found.metadata.num_rows * max(found.metadata.num_columns, 1)
            if cells > MOST_CELLS:
                message = f"the table has more than {MOST_CELLS:,} cells"
                raise refusal(RULE, message, name, "take the rows and columns that the competition needs")
            tables.append(found.read())
    if len({tuple(table.column_names) for table in tables}) > 1:
        raise refusal(RULE, "the files have different columns", name, "write them anew, all with the same columns")
    whole = tables[0] if len(tables) == 1 else arrow.concat_tables(tables, promote_options="permissive")
    whole.validate(full=True)
    return whole


def _as_text(table: Any, name: str) -> Delimited:
    """The columns as text, and what is wrong with them."""
    from pyarrow import compute

    findings: list[Finding] = []
    columns: dict[str, list[str]] = {}
    nested, again, controls = [], [], []
    for place, column in enumerate(table.column_names):
        if _INDEX.match(column) or not column.strip():
            findings.append(Finding("dataset/header", "a column without a name is left out", name, (excerpt(column),),
                                    "it is the row number that pandas wrote along", "warning", 1))  # fmt: skip
            continue
        cells = _cells(table.column(place))
        if cells is None:
            nested.append(f"{column} ({table.schema.field(place).type})")
        elif column in columns:
            again.append(column)
        else:
            if row := _control_row(cells):
                controls.append(f"row {row} of {column}")
            columns[column] = compute.fill_null(cells, "").to_pylist()
    kinds = (
        ("header", "column name stands twice", "column names stand twice", again, "rename one of each", "error"),
        ("control-character", "column holds a control character", "columns hold control characters", controls,
         "remove it, or write the table anew", "error"),
        ("nested-column", "column holds lists, mappings or bytes and is left out",
         "columns hold lists, mappings or bytes and are left out", nested,
         "write images as files, and their paths into a column", "warning"),
    )  # fmt: skip
    findings += [
        Finding(f"dataset/{rule}", counted(len(names), one, many), name, tuple(map(excerpt, names[:EXAMPLES])), hint,
                severity, len(names))
        for rule, one, many, names, hint, severity in kinds if names
    ]  # fmt: skip
    if not table.num_rows or not (columns or fatal(findings)):
        findings.append(Finding("dataset/empty-table", "the table has no rows or no columns", name))
    if fatal(findings):
        raise DatasetError("the table cannot be read", findings)
    return Delimited(name, columns, range(1, table.num_rows + 1), findings)


def _cells(column: Any) -> Any:
    """A column as text with nulls; None for what no cell can hold."""
    from pyarrow import compute, string, types

    kind = column.type
    if types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if (
        types.is_nested(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
    ):
        return None
    if types.is_boolean(kind):
        return compute.if_else(column, "1", "0")
    if types.is_timestamp(kind) and kind.tz:
        column = compute.local_timestamp(compute.cast(column, _utc(kind)))
    text = column.cast(string())
    return compute.replace_substring_regex(text, r"\.0+$", "") if types.is_timestamp(kind) else text


def _utc(kind: Any) -> Any:
    from pyarrow import timestamp

    return timestamp(kind.unit, "UTC")


def _control_row(cells: Any) -> int:
    """The first row, from 1, whose text holds a control character; 0 for none."""
    from pyarrow import compute

    found = compute.index(compute.match_substring_regex(cells, _CONTROL), True)
    return int(found.as_py()) + 1
