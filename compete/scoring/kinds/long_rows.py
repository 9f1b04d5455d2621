"""Labels and spans in a table with one row each, any number of rows an item: ``id,label`` and ``id,start,end``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Union

import numpy as np

from compete.errors import Finding, fatal
from compete.scoring.kinds.entries import told_entries, told_rows
from compete.scoring.kinds.list_rows import crowded_items, items_of_rows, opened_rows, repeated_labels
from compete.scoring.kinds.lists import coded_entries
from compete.scoring.matching import Vocabulary
from compete.scoring.source import counted, excerpt, refuse_all
from compete.scoring.spans import Array
from compete.scoring.submission import Contract, Submission, _numbers, _texts
from compete.scoring.table import Table
from metrics.ragged import starts_of
from metrics.spans import FARTHEST, Spans

Values = Union[Array, Spans]


def read_flag_rows(
    source: Union[str, Path, bytes], contract: Contract, known: Vocabulary, name: str = ""
) -> Submission:
    """Read labels strictly, one a row; what no row names does not hold.

    Args:
        source: path of a CSV file, or its bytes.
        contract: what it must hold; its column is that of the label, its classes are the labels.
        known: the items in the solution's order.
        name: how findings call the file; its path by default.

    Raises:
        SubmissionError: the submission is refused; every fault that can be told is among the findings.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
    """
    return _read(source, replace(contract, most=len(contract.classes)), known, name, _flags)


def read_span_rows(
    source: Union[str, Path, bytes], contract: Contract, known: Vocabulary, name: str = ""
) -> Submission:
    """Read spans strictly, one a row: its first place and the place behind its last.

    Args:
        source: path of a CSV file, or its bytes.
        contract: what it must hold; its columns are those of the first place and of the place behind the last.
        known: the items in the solution's order.
        name: how findings call the file; its path by default.

    Raises:
        SubmissionError: the submission is refused; every fault that can be told is among the findings.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
    """
    return _read(source, contract, known, name, _spans)


def _read(
    source: Union[str, Path, bytes],
    contract: Contract,
    known: Vocabulary,
    name: str,
    cells: Callable[[Table, Contract, Array, int], tuple[Values, list[Finding]]],
) -> Submission:
    """Open the table, find the item of each row, and read its cells; the order of the rows changes nothing."""
    loaded, table, findings = opened_rows(source, contract, known, name)
    item, faults = items_of_rows(table, contract, known)
    values, more = cells(table, contract, item, len(known))
    findings += faults + more
    if not fatal(findings):
        findings += crowded_items(table, contract, item)
    if fatal(findings):
        refuse_all(loaded, findings)
    missing = np.flatnonzero(np.bincount(item, minlength=len(known)) == 0)
    if len(missing):
        message = f"{counted(len(missing), 'test item')} of {len(known):,} without a row: nothing is predicted there"
        shown = tuple(excerpt(text) for text in _texts(known.column, missing))
        hint = "that is an answer; if they were forgotten, add their rows"
        findings.append(
            Finding("submission/no-row", message, table.source.name, shown, hint, "warning", count=len(missing))
        )
    return Submission(values, tuple(findings), table.rows, loaded.sha256())


def _flags(table: Table, contract: Contract, item: Array, items: int) -> tuple[Values, list[Finding]]:
    """Which labels each item has, uint8, shape (items, labels)."""
    name = contract.columns[0]
    entry = table.columns[name]
    filled, blank = np.flatnonzero(entry.length > 0), np.flatnonzero(entry.length == 0)
    findings = told_rows(
        table, name, "empty-cell", blank, message="{rows} without a label", hint="name one label a row"
    )
    code, labels, faults = coded_entries(table, contract, entry.take(filled), filled)
    findings += faults
    flags = np.zeros((items, len(labels)), dtype=np.uint8)
    if not fatal(findings) and len(item) and item.min() >= 0:
        findings += repeated_labels(table, contract, item, code, len(labels))
        flags[item, code] = 1
    return flags, findings


def _spans(table: Table, contract: Contract, item: Array, items: int) -> tuple[Values, list[Finding]]:
    """The spans of each item, by place."""
    (first, last), findings = _numbers(table, Contract("", contract.columns, "value"))
    if not fatal(findings):
        for name, place in zip(contract.columns, (first, last)):
            wrong = np.flatnonzero((place != np.floor(place)) | (place < 0) | (place >= FARTHEST))
            message = f"{{entries}} of {excerpt(name)} that are no place"
            hint = "places are whole numbers, counted from 0"
            cell = table.columns[name]
            findings += told_entries(
                table, name, "span", wrong, lambda one: cell.text(int(wrong[one])), message=message, hint=hint  # noqa: B023
            )  # fmt: skip
        wrong = np.flatnonzero(last <= first)
        message = f"{{entries}} of {excerpt(contract.columns[1])} that are not behind the first place of their span"
        hint = "the second number is the place behind the last, so it is larger"
        findings += told_entries(
            table, contract.columns[1], "span", wrong, lambda one: f"{first[wrong[one]]:g} {last[wrong[one]]:g}",
            message=message, hint=hint,
        )  # fmt: skip
    if fatal(findings) or (len(item) and item.min() < 0):
        return Spans(starts_of(np.zeros(items, np.int64)), np.empty(0, np.int64), np.empty(0, np.int64)), findings
    order = np.lexsort((last, first, item))
    sides = (side[order].astype(np.int64) for side in (first, last))
    return Spans(starts_of(np.bincount(item, minlength=items)), *sides), findings
