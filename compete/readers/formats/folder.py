"""Images in one folder a class: ``images/<class>/*.png``; the folder's name is the label."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, class_order, excerpt, nearest_column
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.files import system_fault
from compete.readers.images import is_image_name
from compete.readers.labels import label_findings, labels_of
from compete.readers.listing import NO_CLASSES, is_part
from compete.readers.proposals import Proposal
from compete.readers.recognition import ANNOTATIONS, TABLES, Glance
from compete.readers.stacks.choosing import viewed
from compete.sources import address_of, files_below, is_remote


@dataclass
class _Found:
    """What stands in the folder, by kind; names are relative to it."""

    images: list[tuple[str, str]] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def read(challenge: Challenge) -> Dataset:
    """Read the folder of class folders that a challenge names.

    Items are sorted by path; the id is the path inside the folder, the label the name of the class folder. Hidden
    files are ignored, whatever else is no image of a class is told.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    from compete.table import Table

    root = challenge.locate(challenge.data.path)
    found = _look(root, challenge.where("data.path"))
    label = challenge.data.label[0]
    file = challenge.data.file or "file"
    findings = [*_column_findings(challenge, (file, label)), *_folder_findings(found, root.name)]
    findings += _part_findings(found, root)
    if not found.images:
        findings.append(Finding("dataset/empty-table", "no class folder holds an image", challenge.where("data.path")))
    if fatal(findings):
        raise DatasetError(f"dataset refused: {root.name}", findings)
    names = [name for name, _ in found.images]
    paths = viewed([str(root / name) for name in names], challenge.data.view)
    columns = {file: paths, label: [folder for _, folder in found.images]}
    dataset = Dataset(Table(columns, names), Table({}), source=root.name)
    findings += label_findings(challenge, dataset)
    if fatal(findings):
        raise DatasetError(f"dataset refused: {root.name}", findings)
    return Dataset(dataset.items, labels_of(challenge, dataset), tuple(findings), source=root.name)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a folder and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it holds no images in class folders.
    """
    found = _look(path, "")
    findings = [*fatal(_folder_findings(found, path.name)), *_part_findings(found, path)]
    if not found.images:
        hint = "expected: one folder a class, with images in it"
        findings.append(
            Finding("dataset/empty-table", f"no class folder in {path.name!r} holds an image", "", hint=hint)
        )
    if findings:
        raise DatasetError(f"dataset refused: {path.name}", findings)
    classes = class_order(folder for _, folder in found.images)
    shown = ", ".join(classes[:5]) + (", …" if len(classes) > 5 else "")
    return {
        "reader": Proposal("folder", "one folder a class"),
        "task": Proposal("classification", f"{len(found.images)} images in {len(classes)} class folders: {shown}"),
        "id": None,
        "file": None,
        "images": None,
        "label": Proposal("label", "the name of the class folder"),
        "group": [],
        "subgroups": [],
        "features": [],
        "drop": [],
    }


def recognise(glance: Glance) -> str:
    """Why a path is a folder of class folders; empty if it is none."""
    classes = {name.split("/")[0] for name in glance.names if name.count("/") == 1 and is_image_name(name)}
    return f"images in {len(classes)} folders" if len(classes) > 1 and not are_parts(classes) else ""


def are_parts(folders: Collection[str]) -> bool:
    """Whether folders are the parts of a dataset, and what lies beside them, rather than classes."""
    return any(map(is_part, folders)) and all(is_part(one) or one.lower() in NO_CLASSES for one in folders)


def _look(root: Path, where: str) -> _Found:
    """Everything in the folder and its class folders, sorted by name."""
    if is_remote(root) and (names := files_below(root)):
        return _look_at_names(names)
    if not root.is_dir():
        what = "is a file; name the folder of class folders" if root.exists() else "does not exist"
        finding = Finding(
            "dataset/missing-file", f"{address_of(root)!r} {what}", where, hint="paths are relative to challenge.yaml"
        )
        raise DatasetError("the folder cannot be read", [finding])
    found, inside = _Found(), os.path.realpath(root) + os.sep
    try:
        for entry in _listed(root):
            if not os.path.realpath(entry.path).startswith(inside):
                found.outside.append(entry.name)
            elif not entry.is_dir():
                found.stray.append(entry.name)
            elif not _look_in_class(entry.path, entry.name, inside, found):
                found.empty.append(entry.name)
    except OSError as error:
        raise system_fault(error) from error
    return found


def _look_at_names(names: Iterable[str]) -> _Found:
    """The same by the paths of all files below a folder of another machine, which knows neither links nor folders."""
    found, filled, folders = _Found(), set(), set()
    for folder, rest, name in sorted((*name.partition("/")[::2], name) for name in names):
        if any(part.startswith(".") for part in name.split("/")):
            continue
        if not rest:
            found.stray.append(folder)
            continue
        folders.add(folder)
        inner = rest.partition("/")[0]
        if inner != rest or not is_image_name(inner):
            found.stray.append(f"{folder}/{inner}")
        elif not name.isprintable():
            found.unreadable.append(name)
        else:
            found.images.append((name, folder))
            filled.add(folder)
    found.stray = sorted(set(found.stray))
    found.empty = sorted(folders - filled)
    return found


def _look_in_class(path: str, folder: str, inside: str, found: _Found) -> int:
    """Sort the entries of a class folder by kind; returns how many images it holds."""
    before = len(found.images)
    for entry in _listed(Path(path)):
        name = f"{folder}/{entry.name}"
        if entry.is_symlink() and not os.path.realpath(entry.path).startswith(inside):
            found.outside.append(name)
        elif not entry.is_file() or not is_image_name(entry.name):
            found.stray.append(name)
        elif not name.isprintable():
            found.unreadable.append(name)
        else:
            found.images.append((name, folder))
    return len(found.images) - before


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _folder_findings(found: _Found, name: str) -> list[Finding]:
    kinds: tuple[tuple[str, str, Sequence[str], str, str], ...] = (
        ("file-outside", "links lead out of the folder", found.outside, "put the files themselves inside", "error"),
        ("file-name", "names hold characters that cannot be shown", found.unreadable, "rename the files", "error"),
        ("stray-file", "files or folders are no images of a class and are left out", found.stray,
         "expected: one folder a class, images directly in it", "warning"),
        ("empty-class", "class folders hold no image", found.empty, "add images or remove the folder", "warning"),
    )  # fmt: skip
    return [
        Finding(f"dataset/{rule}", f"{len(names)} {what}", name, tuple(map(excerpt, names[:EXAMPLES])), hint, severity,
                len(names))
        for rule, what, names, hint, severity in kinds if names
    ]  # fmt: skip


def _part_findings(found: _Found, root: Path) -> list[Finding]:
    """Refuse parts of a dataset as classes: who learns them predicts nothing."""
    folders = sorted({folder for _, folder in found.images})
    if not are_parts(folders):
        return []
    hint = "expected: one folder a class, with images in it"
    if inside := Glance(root).ending(*ANNOTATIONS, *TABLES)[:EXAMPLES]:
        hint = f"what is in the images may be told by {', '.join(inside)}: compete init DIR --from auto:THAT"
    message = "the folders are parts of a dataset, and no classes"
    return [Finding("dataset/parts", message, root.name, tuple(map(excerpt, folders[:EXAMPLES])), hint)]


def _column_findings(challenge: Challenge, known: tuple[str, ...]) -> list[Finding]:
    """A folder has no table: say which columns the challenge names in vain."""
    data, split = challenge.data, challenge.split
    named: list[tuple[str | None, str]] = [
        *((column, "data.id") for column in data.id),
        *((column, "data.group") for column in data.group),
        *((column, "data.features") for column in data.features),
        *((column, "data.drop") for column in data.drop),
        *((column, "data.taxonomy") for column in data.ranks),
        *((subgroup.column, "data.subgroups") for subgroup in data.subgroups),
        *((column, "split.stratify") for column in (split.stratify if isinstance(split.stratify, tuple) else ())),
        (split.time, "split.time"),
        (split.column, "split.column"),
    ]
    hint = "a folder has no columns; list the images in a table (reader: csv, with data.file) to have more"
    return [
        Finding("dataset/missing-column", f"a folder of images has no column {excerpt(column)!r}",
                challenge.where(place), hint=f"{nearest_column(column, known)}; {hint}")
        for column, place in named if column and column not in known
    ]  # fmt: skip
