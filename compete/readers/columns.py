"""The columns that challenge.yaml names, whatever they were read from: files, groups, subgroups, times and parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, missing_rows, nearest_column, subgroup_texts, time_values
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.files import system_fault
from compete.readers.images import is_image_name
from compete.readers.stacks.address import file_of
from compete.sources import address_of, files_there, is_folder, is_remote, resolved

DOUBTFUL = ("?", "-", "--", ".", "None", "none", "unknown", "Unknown")


def column_findings(challenge: Challenge, name: str, header: Sequence[str]) -> list[Finding]:
    """Say which columns challenge.yaml names that the source does not have, or a solution cannot; each at its line.

    Args:
        challenge: what the organizer wrote.
        name: what findings call the source.
        header: its columns.
    """
    known = set(header)
    named = dict.fromkeys(_named_columns(challenge))
    missing = [
        Finding("dataset/missing-column", f"{name} has no column {excerpt(column)!r}", challenge.where(*place),
                hint=nearest_column(column, header))
        for column, place in named if column not in known
    ]  # fmt: skip
    hint = "rename the column in the table: the header of a solution or a submission is one line"
    broken = [
        Finding(
            "dataset/header", f"the name {excerpt(column)!r} holds a line break", challenge.where(*place), hint=hint
        )
        for column, place in named
        if column in known and len(column.splitlines()) > 1 and place[1] not in ("features", "drop", "personal")
    ]
    return missing + broken


def _named_columns(challenge: Challenge) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    """Every column that challenge.yaml names, with the keys of its place."""
    data, split = challenge.data, challenge.split
    lists = {key: getattr(data, key) for key in ("id", "label", "group", "features", "drop", "personal", "beside")}
    for key, columns in lists.items():
        yield from ((column, ("data", key, number)) for number, column in enumerate(columns))
    for number, subgroup in enumerate(data.subgroups):
        yield subgroup.column, ("data", "subgroups", number, "column")
    yield from ((column, ("data", "taxonomy", number)) for number, column in enumerate(data.ranks))
    for key in ("file", "mask", "gain"):
        if column := getattr(data, key):
            yield column, ("data", key)
    if isinstance(split.stratify, tuple):
        yield from ((column, ("split", "stratify", number)) for number, column in enumerate(split.stratify))
    for key, wanted in (("time", split.time), ("column", split.column)):
        if wanted:
            yield wanted, ("split", key)


def file_findings(dataset: Dataset, column: str, root: Path, where: str, *, row: str = "row") -> list[Finding]:
    """Say which files are not there, lie outside their folder, or are named twice.

    Args:
        dataset: the items.
        column: the column of absolute paths; a blank cell names no file.
        root: the folder they must be in.
        where: the place in challenge.yaml that names the folder.
        row: what findings call an item.
    """
    if not is_folder(root):
        return [Finding("dataset/missing-file", f"there is no folder {address_of(root)!r}", where)]
    paths = dataset.items[column].tolist()
    real = [resolved(file_of(path)) if path else "" for path in paths]
    inside = resolved(root) + ("/" if is_remote(root) else os.sep)
    outside = [place for place, path in enumerate(real) if path and not path.startswith(inside)]
    there = files_there(root, [path for path in real if path.startswith(inside)])
    absent = [place for place, path in enumerate(real) if not path or (path.startswith(inside) and path not in there)]
    first: dict[str, int] = {}
    whole = [path + paths[place][len(file_of(paths[place])) :] for place, path in enumerate(real)]
    again = [place for place, path in enumerate(whole) if path and first.setdefault(path, place) != place]
    many = f"{row}s"

    def name(place: int) -> str:
        return excerpt(os.path.relpath(paths[place], root)) if paths[place] else "(blank)"

    kinds: tuple[tuple[str, str, list[int], str, str], ...] = (
        ("missing-file", f"the files of {counted(len(absent), row, many)} do not exist", absent,
         f"paths are relative to {root.name}; data.images names another folder", "error"),
        ("file-outside", f"the files of {counted(len(outside), row, many)} lie outside {root.name}", outside,
         "move them inside, or let data.images name the folder above", "error"),
        ("repeated-file", f"{counted(len(again), f'{row} names', f'{many} name')} a file that another {row} names",
         again, f"one picture under two ids can land in train and test alike: remove it or group the {many}",
         "warning"),
    )  # fmt: skip
    return [
        Finding(f"dataset/{rule}", message, dataset.where(places[0]), tuple(map(name, places[:EXAMPLES])),
                hint, severity, len(places))
        for rule, message, places, hint, severity in kinds if places
    ]  # fmt: skip


def unlisted_images(root: Path, paths: Iterable[str]) -> list[str]:
    """The paths of images that stand beside those of items, and are of none, sorted.

    Outside of the folder, and at an address, nobody looks.

    Args:
        root: the folder that they must be in.
        paths: of the items' files; blank ones are none.

    Raises:
        SystemFault: if the disk or a permission forbids reading.
    """
    if is_remote(root):
        return []
    listed = {os.path.normpath(file_of(path)) for path in paths if path}
    inside, found = f"{os.path.normpath(root)}{os.sep}", []
    for folder in {path.rpartition(os.sep)[0] for path in listed if path.startswith(inside)}:
        try:
            with os.scandir(folder) as entries:
                strange = (one for one in entries if one.path not in listed and is_image_name(one.name))
                found += [one.path for one in strange if one.is_file()]
        except (FileNotFoundError, NotADirectoryError):  # that no such file is there is told elsewhere
            continue
        except OSError as error:
            raise system_fault(error) from error
    return sorted(found)


def group_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
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


def split_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
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
