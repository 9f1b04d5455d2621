"""Tables of text, one row an item: commas, semicolons or tabs; with a column of paths, a table of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, missing_rows
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.columns import (
    column_findings,
    file_findings,
    group_findings,
    split_findings,
    unlisted_images,
)
from compete.readers.delimited import Delimited, read_delimited
from compete.readers.label_images import with_label_images
from compete.readers.labels import label_findings, labels_of
from compete.readers.long_form import gathered
from compete.readers.mask_proposals import with_masks
from compete.readers.proposals import propose
from compete.readers.recognition import Glance
from compete.readers.stacks.choosing import viewed
from compete.sources import joined
from compete.tasks import CELL_TASKS
from compete.terms import IMAGE_TASKS

FOR_IMAGES = ("csv", "parquet")
"""Readers of tables that people write for a folder of images; of packages, the format says what belongs to them."""


def read(challenge: Challenge) -> Dataset:
    """Read the table that a challenge names.

    Rows without a label are left out, and told.

    Raises:
        DatasetError: with one finding for every fault of the table, its columns, ids, labels, groups and files.
        SystemFault: if the disk or a permission forbids reading.
    """
    path = challenge.locate(challenge.data.path)
    return tabled_dataset(challenge, read_delimited(path, where=challenge.where("data.path")), path.parent)


def tabled_dataset(challenge: Challenge, table: Delimited, folder: Path) -> Dataset:
    """The dataset of a challenge whose items are the rows of a table, whatever format the table came in.

    Args:
        challenge: what the organizer wrote.
        table: the rows as text.
        folder: what the paths of images are relative to, unless the challenge names another.

    Raises:
        DatasetError: with one finding for every fault of the table, its columns, ids, labels, groups and files.
    """
    findings = [*table.findings, *column_findings(challenge, table.name, table.header)]
    if any(finding.rule in ("dataset/missing-column", "dataset/header") for finding in fatal(findings)):
        raise DatasetError(f"dataset refused: {table.name}", findings)
    if challenge.data.form == "rows":
        table, uneven = gathered(challenge, table)
        findings += uneven
    ids, id_findings = _ids(challenge, table)
    kept, left_out = _labelled(challenge, table)
    findings += [*id_findings, *left_out]
    if not kept:
        findings.append(Finding("dataset/empty-table", "no row has a label", table.name))
        raise DatasetError(f"dataset refused: {table.name}", findings)
    dataset = _tabulated(challenge, table, ids, kept, folder)
    if challenge.data.file:
        root = _images(challenge, folder)
        findings += file_findings(dataset, challenge.data.file, root, challenge.where("data.images"))
        findings += _strangers(dataset, challenge.data.file, table, root) if challenge.data.reader in FOR_IMAGES else []
    of_images = challenge.task in IMAGE_TASKS
    findings += [] if of_images else label_findings(challenge, dataset)
    findings += group_findings(challenge, dataset)
    findings += split_findings(challenge, dataset)
    if fatal(findings):
        raise DatasetError(f"dataset refused: {table.name}", findings)
    if of_images:
        return with_label_images(challenge, replace(dataset, findings=tuple(findings)))
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
    return with_masks(propose(table, path), table, path)


def recognise(glance: Glance) -> str:
    """Why a path is a table of text; empty if it is none."""
    of_text = glance.is_file and glance.ending(".csv", ".tsv", ".txt", ".tab")
    return "a table of text by its name" if of_text else ""


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
    if challenge.data.empty:
        return list(range(len(table.lines))), []
    declared = set(challenge.data.classes)
    absent = set().union(*(missing_rows(table.columns[column], declared) for column in challenge.data.label))
    if not absent:
        return list(range(len(table.lines))), []
    verb = "has no label and is" if len(absent) == 1 else "have no label and are"
    message = f"{len(absent)} of {len(table.lines)} rows {verb} left out"
    hint = "if the spelling is a class, list it in data.classes"
    hint = "if a cell without text is an answer, say data.empty: true" if challenge.task in CELL_TASKS else hint
    kept = [row for row in range(len(table.lines)) if row not in absent]
    return kept, [_rows("missing-label", message, table, sorted(absent), hint=hint, severity="warning")]


def _tabulated(challenge: Challenge, table: Delimited, ids: list[str], kept: list[int], folder: Path) -> Dataset:
    """The kept rows as a frame of text; paths of images become absolute."""
    import numpy as np

    from compete.table import Table

    columns: dict[str, Any] = {name: np.array(cells, dtype=object)[kept] for name, cells in table.columns.items()}
    roots = {challenge.data.file: _images(challenge, folder), challenge.data.mask: _masks(challenge, folder)}
    for column, root in roots.items():
        if column:
            paths = [str(joined(root, text)) if text else "" for text in columns[column]]
            columns[column] = viewed(paths, challenge.data.view) if column == challenge.data.file else paths
    items = Table(columns, np.array(ids, dtype=object)[kept])
    return Dataset(items, Table({}), (), [table.lines[row] for row in kept], table.name)


def _images(challenge: Challenge, folder: Path) -> Path:
    """The folder that paths of images are relative to."""
    data = challenge.data
    return challenge.locate(data.images) if data.images else folder


def _strangers(dataset: Dataset, column: str, table: Delimited, root: Path) -> list[Finding]:
    """Images that stand beside those of the table, but are named nowhere in it."""
    beside = unlisted_images(root, dataset.items[column])
    named = {cell.rpartition("/")[2] for cells in table.columns.values() for cell in cells} if beside else set()
    strange = [path for path in beside if Path(path).name not in named]
    if not strange:
        return []
    message = counted(len(strange), "image is in no row and is left out", "images are in no row and are left out")
    told = tuple(excerpt(os.path.relpath(path, root)) for path in strange[:EXAMPLES])
    hint = "if they belong to the data, they need rows"
    return [Finding("dataset/unlisted-image", message, table.name, told, hint, "note", len(strange))]


def _masks(challenge: Challenge, folder: Path) -> Path:
    """The folder that paths of label images are relative to."""
    masks = challenge.data.masks
    return challenge.locate(masks) if masks else _images(challenge, folder)
