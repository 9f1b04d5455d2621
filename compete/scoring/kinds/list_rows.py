"""Ranked lists in a table with one row a label and its score, any number of rows an item: ``id,label,score``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Union

import numpy as np

from compete.errors import Finding, fatal
from compete.scoring.causes import unknown_id_cause
from compete.scoring.kinds.entries import told_entries, told_rows
from compete.scoring.kinds.lists import coded_entries
from compete.scoring.matching import Vocabulary, lookup
from compete.scoring.source import Source, load, refuse_all
from compete.scoring.spans import Array
from compete.scoring.submission import Contract, Fault, Submission, _missing, _numbers, _texts, _told
from compete.scoring.table import Table, examine
from metrics.lists import Lists
from metrics.ragged import starts_of

SPARE = 1000
"""Rows beyond those allowed that are read all the same, so that what is wrong with them can be told."""


def read_list_rows(
    source: Union[str, Path, bytes], contract: Contract, known: Vocabulary, name: str = ""
) -> Submission:
    """Read lists strictly; the highest score ranks first, of equal scores the label that sorts first.

    The order of the rows changes nothing.

    Args:
        source: path of a CSV file, or its bytes.
        contract: what it must hold; its columns are those of the label and of the score.
        known: the items in the solution's order.
        name: how findings call the file; its path by default.

    Raises:
        SubmissionError: the submission is refused; every fault that can be told is among the findings.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
    """
    loaded, table, findings = opened_rows(source, contract, known, name)
    item, faults = items_of_rows(table, contract, known)
    findings += faults
    label, score = contract.columns
    entry = table.columns[label]
    filled = np.flatnonzero(entry.length > 0)
    blank = np.flatnonzero(entry.length == 0)
    findings += told_rows(
        table, label, "empty-cell", blank, message="{rows} without a label", hint="name one label a row"
    )
    code, labels, faults = coded_entries(table, contract, entry.take(filled), filled)
    findings += faults
    values, faults = _numbers(table, Contract("", (score,), "value"))
    findings += faults
    if fatal(findings):
        refuse_all(loaded, findings)
    findings += repeated_labels(table, contract, item, code, len(labels))
    findings += crowded_items(table, contract, item)
    if fatal(findings):
        refuse_all(loaded, findings)
    rank = np.argsort(np.argsort(np.array([*labels, None], dtype=object)[:-1], kind="stable"), kind="stable")[code]
    order = np.lexsort((rank, -values[0], item))
    lists = Lists(starts_of(np.bincount(item, minlength=len(known))), code[order], labels or None)
    return Submission(lists, tuple(findings), table.rows, loaded.sha256())


def opened_rows(
    source: Union[str, Path, bytes], contract: Contract, known: Vocabulary, name: str
) -> tuple[Source, Table, list[Finding]]:
    """The file, its table with all columns, and what is wrong with it.

    Raises:
        SubmissionError: a column is missing, or there is no table.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
    """
    caps = replace(contract.caps, rows=2 * contract.most * len(known) + SPARE)
    loaded = load(source, caps, name)
    loaded.sha256()
    table, findings = examine(loaded, (contract.id, *contract.columns), contract.ignorable, caps)
    if len(table.columns) < 1 + len(contract.columns):
        refuse_all(loaded, findings)
    return loaded, table, findings


def items_of_rows(table: Table, contract: Contract, known: Vocabulary) -> tuple[Array, list[Finding]]:
    """The item of each row, and what is wrong with the ids."""
    column = table.columns[contract.id]
    item = lookup(column, known)
    blank = (column.length == 0) & (item < 0)
    unknown = np.flatnonzero((item < 0) & ~blank)
    findings = []
    if blank.any():
        fault, hint = Fault(contract.id, np.flatnonzero(blank)), "give every row the id of its item"
        findings.append(_told(table, "submission/empty-cell", "{rows} without an id", [fault], hint))
    if len(unknown):
        hint = unknown_id_cause(_texts(column, unknown), lambda text: known.find(text) >= 0, _texts(known.column))
        message = "{rows} whose id is no test item"
        findings.append(_told(table, "submission/unknown-id", message, [Fault(contract.id, unknown)], hint))
    seen = np.zeros(len(known), dtype=bool)
    seen[item[item >= 0]] = True
    if table.rows and not table.unread and not contract.empty and not seen.all():
        findings.append(_missing(table, known, np.flatnonzero(~seen)))
    return item, findings


def repeated_labels(table: Table, contract: Contract, item: Array, code: Array, labels: int) -> list[Finding]:
    """Tell of labels that an item has twice."""
    name = contract.columns[0]
    column = table.columns[name]
    key = item.astype(np.int64) * (labels + 1) + code
    order = np.argsort(key, kind="stable")
    again = np.sort(order[1:][key[order[1:]] == key[order[:-1]]])
    return told_entries(
        table, name, "repeated-label", again, lambda one: column.text(int(again[one])),
        message="{entries} that their item had before", hint="name each label of an item once, with one score",
    )  # fmt: skip


def crowded_items(table: Table, contract: Contract, item: Array) -> list[Finding]:
    """Tell of items with too many rows."""
    many = np.flatnonzero(np.bincount(item)[item] > contract.most)
    first = np.unique(item[many], return_index=True)[1]
    best = "with the highest scores" if contract.kind == "lists" else "that are the surest"
    hint = f"keep the {contract.most:,} of each item {best}"
    message = f"{len(first):,} items with more than {contract.most:,} rows"
    return told_rows(table, contract.id, "too-many", many[np.sort(first)], message=message, hint=hint)
