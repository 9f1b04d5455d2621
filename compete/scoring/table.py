"""Read a table from a CSV file strictly: the columns asked for, every row whole, each fault with its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, Optional, Union

import numpy as np

from compete.errors import EXAMPLES, CompeteError, Finding, SubmissionError, fatal
from compete.scoring.causes import no_number_cause
from compete.scoring.header import column_findings, read_header
from compete.scoring.matching import lookup, vocabulary
from compete.scoring.numerals import numbers
from compete.scoring.ranges import scan_ranges
from compete.scoring.row_faults import row_findings
from compete.scoring.scanning import kept_column
from compete.scoring.source import Caps, Source, excerpt, load, refuse_all, shown_name
from compete.scoring.spans import CHUNK, Array, Column
from metrics.frozen import dataclass


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it was read: columns of text spans, nothing converted.

    Attributes:
        source: the bytes.
        header: all names of the header, in the file's order.
        columns: the wanted columns by name.
        rows: how many rows were kept.
        unread: whether rows were left out because something was wrong with them.
        warnings: what is odd and harmless.
        error: the exception that later faults raise.
        room: the first part of the rules' names.
    """

    source: Source
    header: tuple[str, ...]
    columns: dict[str, Column]
    rows: int
    unread: bool = False
    warnings: tuple[Finding, ...] = ()
    error: type[CompeteError] = SubmissionError
    room: str = "submission"

    def where(self, name: str, row: int) -> str:
        """``file:line`` of a cell."""
        return self.source.where(int(self.columns[name].start[row]))

    def line(self, name: str, row: int) -> int:
        """The physical line of a cell."""
        return self.source.line(int(self.columns[name].start[row]))


def read_table(
    source: Union[str, Path, bytes],
    columns: Optional[Sequence[str]] = None,
    *,
    others: Optional[Sequence[str]] = (),
    caps: Optional[Caps] = None,
    name: str = "",
    error: type[CompeteError] = SubmissionError,
    room: str = "submission",
) -> Table:
    r"""Read a CSV table, or refuse it with all its faults at once.

    The text is UTF-8 (a byte order mark is fine) after RFC 4180: commas, LF or CR LF, quotes around whole cells,
    doubled inside. Columns stand in any order. Blank lines are passed over.

    Args:
        source: path of a regular file, or the bytes themselves.
        columns: names of the columns to read, all of which must be there; None reads every column.
        others: further columns that may stand there and are not read; None allows any.
        caps: limits; the defaults allow 4 GiB.
        name: how findings call the file; its path by default.
        error: the exception to raise.
        room: first part of the rules' names, so that a bundle's table speaks of ``bundle/ragged-row``.

    Raises:
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
        CompeteError: of the kind ``error``, with one finding a fault.

    >>> columns_as_text(read_table(b"label,id\ncat,1\n", ["id", "label"]), "label")
    ['cat']
    """
    caps = caps or Caps()
    try:
        table, findings = examine(load(source, caps, name), columns, others, caps)
    except SubmissionError as fault:
        _raise(error, room, shown_name(source, name), fault.findings)
    if fatal(findings):
        _raise(error, room, table.source.name, findings)
    return replace(table, error=error, room=room, warnings=tuple(_renamed(findings, room)))


def _renamed(findings: Iterable[Finding], room: str) -> list[Finding]:
    return [replace(one, rule=room + one.rule[one.rule.index("/") :]) for one in findings]


def _raise(error: type[CompeteError], room: str, name: str, findings: Iterable[Finding]) -> NoReturn:
    message = f"submission refused: {name}" if error is SubmissionError else f"{name} cannot be used"
    raise error(message, _renamed(findings, room))


def examine(
    source: Source,
    columns: Optional[Sequence[str]],
    others: Optional[Sequence[str]],
    caps: Caps,
    *,
    hashed: bool = False,
) -> tuple[Table, list[Finding]]:
    """Read what can be read, and tell what is wrong with header and rows.

    With ``hashed``, the source takes the file's fingerprint meanwhile.

    Raises:
        SubmissionError: a fault after which nothing more can be told.
    """
    header, begin = read_header(source, caps)
    wanted = list(header if columns is None else columns)
    findings = column_findings(source, header, wanted, others)
    present = [one for one in dict.fromkeys(wanted) if one in header]
    if not present:
        refuse_all(source, findings)
    found = scan_ranges(source, begin, len(header), [header.index(one) for one in present], caps, hashed=hashed)
    findings += row_findings(found)
    unread = bool(found.ragged_rows or found.control_count or found.full)
    if not found.rows and not unread:
        hint = "write one row an item below the header"
        findings.append(Finding("submission/empty-file", "the file has a header and no rows", source.name, hint=hint))
    read = {one: kept_column(found, place) for place, one in enumerate(present)}
    return Table(source, tuple(header), read, found.rows, unread), findings


def columns_as_text(table: Table, name: str) -> list[str]:
    """A column as Python strings; equal cells share one string where few are distinct."""
    column = table.columns[name]
    first = column.part(0, CHUNK // 8).tolist()
    if len(first) < len(column) and len(set(first)) * 8 < len(first):
        codes, distinct = as_codes(table, name)
        texts: list[str] = np.array([*distinct, ""], dtype=object)[codes].tolist()
        return texts
    return column.tolist()


def as_codes(table: Table, name: str) -> tuple[Array, list[str]]:
    """A column as codes of its distinct texts, without a Python string a row.

    Returns:
        int32 (rows,) codes, and the distinct texts in order of their code points, which the codes number.
    """
    column = table.columns[name]
    codes = np.zeros(len(column), dtype=np.int32)
    seen: dict[str, int] = {}
    known, low = vocabulary([]), 0
    while low < len(column):
        # As many rows at a time as texts are known: the vocabulary is made anew only when it has doubled.
        part = column.part(low, low + max(CHUNK, len(seen)))
        found = lookup(part, known)
        fresh = np.flatnonzero(found < 0)
        if len(fresh):
            for text in dict.fromkeys(part.take(fresh).tolist()):
                seen[text] = len(seen)
            known = vocabulary(list(seen))
            found[fresh] = lookup(part.take(fresh), known)
        codes[low : low + len(part)] = found
        low += len(part)
    distinct = sorted(seen)
    order = np.empty(len(distinct) + 1, dtype=np.int32)
    order[[seen[text] for text in distinct]] = np.arange(len(distinct))
    return order.take(codes), distinct


def as_numbers(table: Table, name: str, *, empty: bool = False) -> Array:
    """A column as float64 (rows,), each cell by the strict grammar of `numerals`.

    Args:
        table: as read.
        name: the column.
        empty: whether an empty cell is allowed and means nan.

    Raises:
        CompeteError: of the table's kind, for cells that hold no finite number.
    """
    read = numbers(table.columns[name])
    faults = [("submission/empty-cell", "cells are empty", read.empty)] * (not empty)
    faults += [("submission/not-a-number", "cells hold no number", read.not_number)]
    faults += [("submission/not-finite", "cells hold no finite number", read.not_finite)]
    findings = [
        Finding(
            rule,
            f"column {excerpt(name)}: {fault.count} {what}",
            table.where(name, next(iter(fault.first))),
            tuple(excerpt(text.decode("utf-8", "replace")) for text in list(fault.first.values())[:EXAMPLES]),
            no_number_cause(next(iter(fault.first.values())).decode("utf-8", "replace")),
            count=fault.count,
        )
        for rule, what, fault in faults
        if fault.count
    ]
    if findings:
        _raise(table.error, table.room, table.source.name, findings)
    return read.value
