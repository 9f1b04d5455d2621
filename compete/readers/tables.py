"""Tables of text, one row an item: commas, semicolons or tabs; with a column of paths, a table of images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import (
    Dataset,
    counted,
    excerpt,
    missing_rows,
    nearest_column,
    subgroup_texts,
    time_values,
)
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.delimited import Delimited, read_delimited
from compete.readers.labels import label_findings, labels_of
from compete.readers.proposals import propose

DOUBTFUL = ("?", "-", "--", ".", "None", "none", "unknown", "Unknown")


def read(challenge: Challenge) -> Dataset:
    """Read the table that a challenge names.

    Rows without a label are left out, and told.

    Raises:
        DatasetError: with one finding for every fault of the table, its columns, ids, labels, groups and files.
        SystemFault: if the disk or a permission forbids reading.
    """
    path = challenge.locate(challenge.data.path)
    table = read_delimited(path, where=challenge.where("data.path"))
    findings = [*table.findings, *_column_findings(challenge, table)]
    if any(finding.rule in ("dataset/missing-column", "dataset/header") for finding in fatal(findings)):
        raise DatasetError(f"dataset refused: {path.name}", findings)
    ids, id_findings = _ids(challenge, table)
    kept, left_out = _labelled(challenge, table)
    findings += [*id_findings, *left_out]
    if not kept:
        findings.append(Finding("dataset/empty-table", "no row has a label", path.name))
        raise DatasetError(f"dataset refused: {path.name}", findings)
    dataset = _tabulated(challenge, table, ids, kept)
    findings += _file_findings(challenge, dataset)
    findings += label_findings(challenge, dataset)
    findings += _group_findings(challenge, dataset)
    findings += _split_findings(challenge, dataset)
    if fatal(findings):
        raise DatasetError(f"dataset refused: {path.name}", findings)
    labels = labels_of(challenge, dataset)
    return Dataset(dataset.items, labels, tuple(findings), dataset.lines, dataset.source)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a table and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it cannot be read as a table.
    """
    table = read_delimited(path)
    if fatal(table.findings):
        raise DatasetError(f"dataset refused: {path.name}", table.findings)
    return propose(table, path)


def _column_findings(challenge: Challenge, table: Delimited) -> list[Finding]:
    """Say which columns challenge.yaml names that the table does not have, each at its line."""
    known = set(table.header)
    named = [(column, place) for column, place in _named_columns(challenge) if column not in known]
    return [
        Finding("dataset/missing-column", f"{table.name} has no column {excerpt(column)!r}", challenge.where(*place),
                hint=nearest_column(column, table.header))
        for column, place in dict.fromkeys(named)
    ]  # fmt: skip


def _named_columns(challenge: Challenge) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    """Every column that challenge.yaml names, with the keys of its place."""
    data, split = challenge.data, challenge.split
    lists = {key: getattr(data, key) for key in ("id", "label", "group", "features", "drop")}
    for key, columns in lists.items():
        yield from ((column, ("data", key, number)) for number, column in enumerate(columns))
    for number, subgroup in enumerate(data.subgroups):
        yield subgroup.column, ("data", "subgroups", number, "column")
    if data.file:
        yield data.file, ("data", "file")
    if isinstance(split.stratify, tuple):
        yield from ((column, ("split", "stratify", number)) for number, column in enumerate(split.stratify))
    for key, column in (("time", split.time), ("column", split.column)):
        if column:
            yield column, ("split", key)


def _ids(challenge: Challenge, table: Delimited) -> tuple[list[str], list[Finding]]:
    """The id of every row, and what is wrong with them; without an id column, the rows are counted from 1."""
    columns = challenge.data.id
    if not columns:
        return [str(number) for number in range(1, len(table.lines) + 1)], []
    cells = [table.columns[column] for column in columns]
    ids = cells[0] if len(cells) == 1 else ["_".join(parts) for parts in zip(*cells, strict=True)]
    where = challenge.where("data.id")
    findings = []
    absent = set().union(*map(missing_rows, cells))
    blank = sorted(absent)
    if blank:
        findings.append(
            _rows(
                "missing-id",
                f"{counted(len(blank), 'row has', 'rows have')} no id",
                table,
                blank,
                hint=f"id is declared at {where}",
            )
        )
    first: dict[str, int] = {}
    again = []
    if len(set(ids)) < len(ids):
        again = [row for row, name in enumerate(ids) if first.setdefault(name, row) != row and row not in absent]
    if again:
        names = tuple(dict.fromkeys(excerpt(ids[row]) for row in again))[:EXAMPLES]
        count = counted(len(again), "row repeats", "rows repeat")
        message = f"{count} an id; the first repeats line {table.lines[first[ids[again[0]]]]}"
        hint = f"does the column name a patient or site? then it is a group, not an id ({where})"
        place = f"{table.name}:{table.lines[again[0]]}"
        findings.append(Finding("dataset/repeated-id", message, place, names, hint, count=len(again)))
    return ids, findings


def _rows(
    rule: str, message: str, table: Delimited, rows: Sequence[int], *, hint: str, severity: str = "error"
) -> Finding:
    """A finding on rows, which are named by their lines."""
    examples = tuple(f"line {table.lines[row]}" for row in rows[:EXAMPLES])
    return Finding(
        f"dataset/{rule}", message, f"{table.name}:{table.lines[rows[0]]}", examples, hint, severity, len(rows)
    )


def _labelled(challenge: Challenge, table: Delimited) -> tuple[list[int], list[Finding]]:
    """The rows that have every label, and how many do not."""
    declared = set(challenge.data.classes)
    absent = set().union(*(missing_rows(table.columns[column], declared) for column in challenge.data.label))
    if not absent:
        return list(range(len(table.lines))), []
    verb = "has no label and is" if len(absent) == 1 else "have no label and are"
    message = f"{len(absent)} of {len(table.lines)} rows {verb} left out"
    hint = "if the spelling is a class, list it in data.classes"
    kept = [row for row in range(len(table.lines)) if row not in absent]
    return kept, [_rows("missing-label", message, table, sorted(absent), hint=hint, severity="warning")]


def _tabulated(challenge: Challenge, table: Delimited, ids: list[str], kept: list[int]) -> Dataset:
    """The kept rows as a frame of text; paths of images become absolute."""
    import numpy as np
    import pandas as pd

    columns = {name: np.array(cells, dtype=object)[kept] for name, cells in table.columns.items()}
    index = pd.Index(np.array(ids, dtype=object)[kept], dtype=object, name="item")
    items = pd.DataFrame(columns, index=index, dtype=object)
    if challenge.data.file:
        root = _images(challenge)
        paths = [str(root / text) if text else "" for text in items[challenge.data.file]]
        items[challenge.data.file] = pd.Series(paths, index=index, dtype=object)
    return Dataset(items, pd.DataFrame(), (), [table.lines[row] for row in kept], table.name)


def _images(challenge: Challenge) -> Path:
    """The folder that paths of images are relative to."""
    data = challenge.data
    return challenge.locate(data.images) if data.images else challenge.locate(data.path).parent


def _file_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which images are not there, lie outside the folder, or are named twice."""
    if not challenge.data.file:
        return []
    root = _images(challenge)
    if not root.is_dir():
        message = f"there is no folder {str(root)!r}"
        return [Finding("dataset/missing-file", message, challenge.where("data.images"))]
    paths = dataset.items[challenge.data.file].tolist()
    real = [os.path.realpath(path) if path else "" for path in paths]
    inside = os.path.realpath(root) + os.sep
    outside = [row for row, path in enumerate(real) if path and not path.startswith(inside)]
    absent = [
        row for row, path in enumerate(real) if not path or (path.startswith(inside) and not Path(path).is_file())
    ]
    first: dict[str, int] = {}
    again = [row for row, path in enumerate(real) if path and first.setdefault(path, row) != row]

    def name(row: int) -> str:
        return excerpt(os.path.relpath(paths[row], root)) if paths[row] else "(blank)"

    kinds: tuple[tuple[str, str, list[int], str, str], ...] = (
        ("missing-file", f"the files of {counted(len(absent), 'row', 'rows')} do not exist", absent,
         f"paths are relative to {root.name}; data.images names another folder", "error"),
        ("file-outside", f"the files of {counted(len(outside), 'row', 'rows')} lie outside {root.name}", outside,
         "move them inside, or let data.images name the folder above", "error"),
        ("repeated-file", f"{counted(len(again), 'row names', 'rows name')} a file that another row names", again,
         "one picture under two ids can land in train and test alike: remove it or group the rows", "warning"),
    )  # fmt: skip
    return [
        Finding(f"dataset/{rule}", message, dataset.where(rows[0]), tuple(map(name, rows[:EXAMPLES])), hint, severity,
                len(rows))
        for rule, message, rows, hint, severity in kinds if rows
    ]  # fmt: skip


def _group_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which rows have no group, which subgroups cannot be made, and where a mark stands for no value."""
    findings = []
    group = challenge.data.group
    if group:
        alone = sorted(set.intersection(*(missing_rows(dataset.items[column].tolist()) for column in group)))
        if alone:
            message = f"{counted(len(alone), 'row belongs', 'rows belong')} to no group; each is a group of its own"
            findings.append(_told(dataset, "missing-group", message, alone, challenge.where("data.group")))
    for number, subgroup in enumerate(challenge.data.subgroups):
        place = challenge.where("data", "subgroups", number)
        faults = subgroup_texts(dataset, subgroup)[1]
        findings += [Finding(**(vars(fault) | {"hint": f"{fault.hint} (subgroup at {place})"})) for fault in faults]
    columns = dict.fromkeys((*group, *(subgroup.column for subgroup in challenge.data.subgroups)))
    for column in columns:
        cells = dataset.items[column].tolist()
        shown = sorted({text for text in set(cells) if text.strip() in DOUBTFUL})
        if shown:
            marks = [row for row, text in enumerate(cells) if text in shown]
            count = counted(len(marks), "cell", "cells")
            message = f"{count} of {column!r} with {' or '.join(map(repr, shown))}, taken as a value"
            findings.append(_told(dataset, "doubtful-value", message, marks, "blank them if nothing is known"))
    return findings


def _told(dataset: Dataset, rule: str, message: str, rows: Sequence[int], hint: str) -> Finding:
    examples = tuple(excerpt(str(dataset.items.index[row])) for row in rows[:EXAMPLES])
    return Finding(f"dataset/{rule}", message, dataset.where(rows[0]), examples, hint, "warning", len(rows))


def _split_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say where a column of time or of a given split cannot decide."""
    checks: list[tuple[str | None, Callable[[str], list[Finding]]]] = [
        (challenge.split.time, lambda column: _time_findings(challenge, dataset, column)),
        (challenge.split.column, lambda column: _part_findings(challenge, dataset, column)),
    ]
    return [finding for column, check in checks if column for finding in check(column)]


def _time_findings(challenge: Challenge, dataset: Dataset, column: str) -> list[Finding]:
    try:
        time_values(dataset, column)
    except DatasetError as fault:
        place = challenge.where("split.time")
        return [Finding(**(vars(one) | {"hint": f"{one.hint} (split.time at {place})"})) for one in fault.findings]
    return []


def _part_findings(challenge: Challenge, dataset: Dataset, column: str) -> list[Finding]:
    """Say which values of a given split mean no part."""
    parts = challenge.split.values or tuple((part, (part,)) for part in ("train", "test", "public", "private"))
    known = {value for _, values in parts for value in values}
    cells = dataset.items[column].tolist()
    unknown = [row for row, text in enumerate(cells) if text not in known]
    if not unknown:
        return []
    values = tuple(dict.fromkeys(excerpt(cells[row]) or "(blank)" for row in unknown))[:EXAMPLES]
    count, names = counted(len(unknown), "cell", "cells"), " nor ".join(part for part, _ in parts)
    message = f"{count} of {column!r} with a value that means neither {names}"
    hint = f"say in split.values what they mean ({challenge.where('split.column')})"
    return [Finding("dataset/unknown-part", message, dataset.where(unknown[0]), values, hint, count=len(unknown))]
