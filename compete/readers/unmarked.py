"""Folders of images without objects: their labels are the folders they are in, or stand in a table beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, class_order, counted, excerpt, feature_columns, group_values
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.files import system_fault
from compete.readers.annotations import Annotations
from compete.readers.delimited import Delimited, read_delimited
from compete.readers.json_file import refusal
from compete.readers.proposals import Proposal, propose
from compete.readers.stacks.address import file_of

FOLDER = "folder"
"""The column of the folder that an image is in, where there are several."""
TABLES = (".csv", ".tsv")


def as_annotations(
    root: Path, files: Sequence[str], columns: Mapping[str, Sequence[str]], findings: Sequence[Finding]
) -> Annotations:
    """Images in a folder as annotated images without objects.

    Args:
        root: the folder.
        files: the images, relative to it.
        columns: what is known of each beside its folder.
        findings: what was noticed.
    """
    tops = [name.partition("/")[0] if "/" in file_of(name) else "" for name in files]
    folders = {FOLDER: tops} if len(set(tops)) > 1 else {}
    sizes = [None] * len(files)
    return Annotations(
        root.name, range(len(files)), files, sizes, {**folders, **columns}, (), (), root, (), tuple(findings)
    )


def kept_together(challenge: Challenge, dataset: Dataset, column: str) -> list[Finding]:
    """Say where items of one patient or file could be cut apart.

    Args:
        challenge: what the organizer wrote.
        dataset: its items.
        column: of what must stay together; a blank is nothing.
    """
    group, cells = challenge.data.group, dataset.items[column].tolist()
    declared = group_values(dataset, group) if group else dataset.items.index
    several: dict[str, set[str]] = {}
    for cell, one in zip(cells, declared, strict=True):
        several.setdefault(cell, set()).add(one)
    apart = {cell for cell, groups in several.items() if cell and len(groups) > 1}
    if not apart:
        return []
    items = [name for name, cell in zip(dataset.items.index, cells, strict=True) if cell in apart][:EXAMPLES]
    what = "patient" if column == "patient" else "file"
    message = counted(len(apart), f"{what} has items", f"{what}s have items") + " in several groups"
    place = challenge.where("data.group")
    hint = f"say data.group: {column}, or name a column that is the same for all of a {what}"
    return [Finding("dataset/cut-apart", message, place, tuple(map(excerpt, items)), hint, count=len(apart))]


def identity_findings(challenge: Challenge, dataset: Dataset, identity: Mapping[str, Collection[str]]) -> list[Finding]:
    """Say which columns and names that would be published tell who somebody is; the values are not repeated.

    Args:
        challenge: what the organizer wrote.
        dataset: its items.
        identity: path of a file -> texts that tell who it is of.
    """
    assert challenge.data.file
    secrets = [frozenset(map(str.casefold, identity.get(file_of(path), ()))) for path in
               dataset.items[challenge.data.file]]  # fmt: skip
    data = challenge.data
    belonging = (one.column for one in data.subgroups)  # which participants get for the training items
    shown = dict.fromkeys((*feature_columns(challenge, dataset), *data.label, *data.beside, *belonging))
    findings = []
    for column in shown:
        cells = [text.strip().casefold() for text in dataset.items[column]]
        rows = [row for row, (cell, known) in enumerate(zip(cells, secrets, strict=True)) if cell in known]
        if rows:
            message = f"{counted(len(rows), 'cell', 'cells')} of {column!r} tell who a patient is"
            hint = "take a column that tells nothing of people"
            findings.append(Finding("dataset/identity", message, dataset.source, (), hint, count=len(rows)))
    if challenge.data.ids == "keep":
        names = [str(name).casefold() for name in dataset.items.index]
        rows = [row for row, (name, known) in enumerate(zip(names, secrets, strict=True))
                if any(secret in name for secret in known)]  # fmt: skip
        if rows:
            message = f"{counted(len(rows), 'name of a file tells', 'names of files tell')} who a patient is"
            hint = "remove the line data.ids, and names are made anew"
            place = challenge.where("data.ids")
            findings.append(Finding("dataset/identity", message, place, (), hint, count=len(rows)))
    return findings


def with_findings(dataset: Dataset, found: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of a dataset with some more.

    Raises:
        DatasetError: one of these is an error.
    """
    findings = [*dataset.findings, *found]
    if fatal(found):
        raise DatasetError(f"dataset refused: {dataset.source}", findings)
    return tuple(findings)


def propose_unmarked(reader: str, annotated: Annotations, path: Path, group: str) -> dict[str, Any]:
    """What challenge.yaml may say about a folder of images: its labels are looked for in a table, then in folders.

    Args:
        reader: the name of the format.
        annotated: the images.
        path: the folder.
        group: the column of what must stay together.

    Raises:
        DatasetError: if there are no labels.
    """
    labels = _in_table(annotated, path) or _in_columns(annotated)
    if not labels:
        hint = "put each class into a folder, or a CSV table with a row an image and its label beside the images"
        raise refusal("dataset/missing-label", f"nothing in {path.name} tells labels", path.name, hint)
    held = len(set(annotated.columns[group]) - {""})
    return {
        "reader": Proposal(reader, f"{len(annotated.file)} images"),
        "images": None,
        **labels,
        "group": [Proposal(group, f"{held} values; their images are never cut apart")],
        "subgroups": _subgroups(annotated),
    }


def _in_table(annotated: Annotations, path: Path) -> dict[str, Any]:
    """A table beside or in the folder whose cells name the images, and its label."""
    files = {file_of(name) for name in annotated.file}
    known = files | {Path(name).name for name in files} | {Path(name).stem for name in files}
    for table in _tables(path):
        for column, cells in table.columns.items():
            if cells and sum(cell.strip() in known for cell in cells) >= len(files):
                rest = {name: values for name, values in table.columns.items() if name != column}
                found = propose(Delimited(table.name, rest, table.lines, []), path / table.name) if rest else {}
                if found.get("label"):
                    where = next(place for place in (path, path.parent) if (place / table.name).is_file())
                    name = (where / table.name).relative_to(path.parent).as_posix()
                    return {
                        "items": Proposal(name, f"its column {column} names the images"),
                        "file": None, "task": found["task"], "label": found["label"],
                    }  # fmt: skip
    return {}


def _tables(path: Path) -> list[Delimited]:
    found = []
    for folder in (path, path.parent):
        for place in sorted(one for one in folder.iterdir() if one.suffix.lower() in TABLES and one.is_file()):
            try:
                found.append(read_delimited(place))
            except DatasetError:
                continue  # another table may do
            except OSError as error:
                raise system_fault(error) from error
    return [table for table in found if not fatal(table.findings)]


def _in_columns(annotated: Annotations) -> dict[str, Any]:
    """The folders as classes."""
    if FOLDER not in annotated.columns or "" in annotated.columns[FOLDER]:
        return {}
    names = class_order(annotated.columns[FOLDER])
    shown = ", ".join(map(excerpt, names[:5])) + (", …" if len(names) > 5 else "")
    return {
        "task": Proposal("classification", f"{len(names)} folders: {shown}"),
        "label": Proposal(FOLDER, "the name of the folder"),
    }


def _subgroups(annotated: Annotations) -> list[Proposal]:
    found = []
    for name in ("sex", "modality", "view"):
        values = sorted(set(annotated.columns.get(name, ())) - {""})
        if 1 < len(values) <= 12:
            found.append(Proposal(name, f"values: {', '.join(map(excerpt, values[:5]))}"))
    return found
