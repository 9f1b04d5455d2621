"""TIFF stacks and OME-TIFF in a folder, with folders, a table or label images as labels; with the extra [tiff]."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.annotated import annotated_dataset
from compete.readers.annotations import Annotations
from compete.readers.images import is_image_name
from compete.readers.json_file import refusal
from compete.readers.listing import listed_files, unprintable_names
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance
from compete.readers.stacks.address import StackFault, file_of
from compete.readers.stacks.choosing import StackFaults, pictures_of_stack
from compete.readers.stacks.tiff import SIGNATURES, Stack, read_stack
from compete.readers.unmarked import as_annotations, kept_together, propose_unmarked, with_findings
from compete.sources import is_remote

STACK = "stack"
"""The column of the file that a picture is in."""
SUFFIXES = (".tif", ".tiff")
LOOKED_AT = 10
"""Files that are looked at, to recognise a folder of stacks."""
FEWEST = 0.1
"""Share of stacks among the pictures of a folder, from which on it is one of stacks."""


def read(challenge: Challenge) -> Dataset:
    """Read the folder of TIFF files that a challenge names.

    ``data.view`` says which planes of each file are items, or that files are volumes. Columns are ``stack``, the file
    that a picture is in, ``spacing``, the millimetres between slices, rows and columns where the file says them, and
    ``folder`` where there are several.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    root, place = challenge.locate(challenge.data.path), challenge.where("data.path")
    masks = challenge.locate(challenge.data.masks) if challenge.data.masks else None
    annotated = read_folder(root, dict(challenge.data.view), place, masks)
    dataset = annotated_dataset(challenge, annotated)
    return replace(dataset, findings=with_findings(dataset, kept_together(challenge, dataset, STACK)))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a folder of TIFF files and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it holds none, or no labels.
    """
    files = _files(path, "", None)
    try:
        sides = {axis for name in files for axis, many in read_stack(str(path / name)).sides.items() if many > 1}
    except StackFault as fault:
        raise refusal(fault.rule, fault.message, path.name, fault.hint) from None
    view = {axis: {"z": "middle"}.get(axis, "first") for axis in sorted(sides)}
    found = propose_unmarked("tiff", read_folder(path, view), path, STACK)
    if not view:
        return found
    why = "files hold several planes; max is the largest value along an axis, each makes items of all"
    return found | {"view": Proposal(view, why)}


def recognise(glance: Glance) -> str:
    """Why a path is a folder of TIFF stacks; empty if it is none, or if nearly all of its pictures are others."""
    if is_remote(glance.path) or not glance.is_folder or not (names := glance.ending(*SUFFIXES)):
        return ""
    head = glance.first(*SUFFIXES)
    if head[:4] not in SIGNATURES or not (held := _planes(glance.path / names[0])):
        return ""
    looked = names[:: -(-len(names) // LOOKED_AT)]
    share = sum(bool(_planes(glance.path / name)) for name in looked) / len(looked)
    if share * len(names) < FEWEST * sum(map(is_image_name, glance.names)):
        return ""
    return f"TIFF files with several planes, {names[0]} with {held}"


def _planes(file: Path) -> str:
    """How many planes a file has along which axes; empty where it is one picture, or cannot be read."""
    try:
        stack = read_stack(str(file))
    except StackFault:
        return ""
    return " × ".join(f"{many} {axis}" for axis, many in stack.sides.items() if many > 1)


def read_folder(root: Path, view: dict[str, str], where: str = "", masks: Path | None = None) -> Annotations:
    """The images of a folder.

    Args:
        root: the folder.
        view: which planes, as ``data.view`` says.
        where: the place in challenge.yaml that names it.
        masks: a folder whose files are labels, and no images.

    Raises:
        DatasetError: if it holds none, or one that cannot be taken.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = _files(root, where, masks)
    files: list[str] = []
    stacks: list[Stack] = []
    faults = StackFaults()
    for name in names:
        with faults.noting(name):
            stack = read_stack(str(root / name))
            pictures = pictures_of_stack(name, stack, view)
            files += pictures
            stacks += [stack] * len(pictures)
    findings = [*faults.findings(root.name), *unprintable_names(names, root.name)]
    if fatal(findings):
        raise DatasetError(f"dataset refused: {root.name}", findings)
    findings += _several(files, stacks, root.name)
    columns = {STACK: list(map(file_of, files))}
    spacing = [" ".join(f"{one:g}" for one in stack.spacing) if stack.spacing else "" for stack in stacks]
    if any(spacing):
        columns["spacing"] = spacing
    return as_annotations(root, files, columns, findings)


def _files(root: Path, where: str, masks: Path | None) -> list[str]:
    inside = (
        f"{masks.relative_to(root).as_posix()}/" if masks and masks.is_relative_to(root) and masks != root else "\0"
    )
    names = [name for name in listed_files(root, where)
             if name.lower().endswith(SUFFIXES) and not name.startswith(inside)]  # fmt: skip
    if not names:
        hint = "expected: a folder of files that end in .tif or .tiff"
        raise refusal("dataset/label-file", f"{root.name} holds no TIFF", where or root.name, hint)
    return names


def _several(files: list[str], stacks: list[Stack], name: str) -> list[Finding]:
    """Say which files hold further images, which are not looked at."""
    more = [file_of(file) for file, stack in zip(files, stacks, strict=True) if stack.images > 1]
    if not more:
        return []
    message = counted(len(set(more)), "file holds", "files hold") + " further images, which are left out"
    items = tuple(map(excerpt, dict.fromkeys(more)))[:EXAMPLES]
    hint = "smaller copies of one image are no loss; write others as files of their own"
    return [Finding("image/frames", message, name, items, hint, "warning", len(set(more)))]
