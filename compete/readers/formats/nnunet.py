"""Volumes as nnU-Net and the Medical Segmentation Decathlon lay them out: imagesTr, labelsTr and dataset.json."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import DatasetError, Finding, fatal
from compete.nifti import SUFFIXES as VOLUMES
from compete.nifti import without_suffix
from compete.readers.annotations import is_whole
from compete.readers.delimited import Delimited
from compete.readers.faults import Faults, Kind
from compete.readers.given_splits import propose_split
from compete.readers.images import is_image_name
from compete.readers.json_file import read_json, refusal
from compete.readers.listing import listed_files, unprintable_names
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance
from compete.readers.stacks.address import VOLUME, Address
from compete.readers.tables import tabled_dataset
from compete.readers.volume_proposals import is_volume, metric_of_volumes, view_of_stack

NAME, FILE, MASK, SPLIT = "name", "file", "mask", "split"
SETTINGS = "dataset.json"
RULE = "dataset/label-file"
FOLDERS = {"train": ("imagesTr", "labelsTr"), "test": ("imagesTs", "labelsTs")}
"""The folders of images and labels of the parts; of the test, labels are seldom published."""
IGNORE = "ignore"
"""What nnU-Net calls the label of voxels that are not scored."""
LARGEST = 65535

_CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>[0-9]{4})\Z")

KINDS = {
    "channel": Kind(
        RULE, "case has not all its channels", "cases have not all their channels",
        "channels of a case are numbered from 0000, and every case has the same"),
    "several": Kind(
        RULE, "case has several channels that are no volumes", "cases have several channels that are no volumes",
        "join the channels of a picture to one file, as colours, or convert them to NIfTI"),
    "stray": Kind(
        "dataset/unknown-image", "label volume has no image", "label volumes have no images",
        "both bear one name; add the image, or remove the labels"),
    "unlabelled": Kind(
        "dataset/no-label-file", "image has no labels and is left out", "images have no labels and are left out",
        "test images of a published set often have none: nobody could be scored on them", "warning"),
}  # fmt: skip


@dataclass
class Cases:
    """The cases of a folder, each with its labels.

    Attributes:
        names: of the cases.
        images: relative to the folder; of several channels as one volume.
        masks: of each case.
        parts: train or test.
        findings: what was noticed; errors too.
    """

    names: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read(challenge: Challenge) -> Dataset:
    """Read the folder that a challenge names.

    The columns are ``name``, ``file``, ``mask`` and, where labels of the test are there too, ``split``. Channels in
    files of their own (``case_0000.nii.gz``, ``case_0001.nii.gz``) become one volume. What the values of voxels mean
    says ``data.values``.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    path = challenge.locate(challenge.data.path)
    found = read_cases(path, challenge.where("data.path"))
    columns = {NAME: found.names, FILE: found.images, MASK: found.masks}
    columns |= {SPLIT: found.parts} if len(set(found.parts)) > 1 else {}
    table = Delimited(path.name, columns, range(1, len(found.names) + 1), found.findings)
    return tabled_dataset(challenge, table, path)


def sketch(path: Path) -> dict[str, Any]:
    """Look at such a folder and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    found = read_cases(path)
    if fatal(found.findings):
        raise DatasetError(f"dataset refused: {path.name}", found.findings)
    values, ignore = _values(path)
    view = view_of_stack(path / found.images[0])
    return {
        "reader": Proposal("nnunet", f"{len(found.names)} cases with labels"),
        "task": Proposal("semantic_segmentation", "each case has labels"),
        "id": Proposal(NAME, "the names of the cases"),
        "file": Proposal(FILE, "the images"),
        "images": None,
        "mask": Proposal(MASK, "their labels"),
        "values": Proposal(values, f"as {SETTINGS} says"),
        "ignore": None if ignore is None else Proposal(ignore, f"{SETTINGS} says so"),
        "view": Proposal(view, "TIFF stacks; z: all makes volumes of them") if view else None,
        "metrics": metric_of_volumes(values) if is_volume(found.images, view) else None,
        "split": propose_split({SPLIT: found.parts}, ()),
        "group": [],
        "subgroups": [],
    }


def recognise(glance: Glance) -> str:
    """Why a path is such a folder; empty if it is none."""
    folders = {name.partition("/")[0] for name in glance.names if "/" in name}
    known = SETTINGS in glance.names and set(FOLDERS["train"]) <= folders
    return f"{SETTINGS} beside imagesTr and labelsTr" if known else ""


def read_cases(path: Path, where: str = "") -> Cases:
    """The cases of a folder.

    Raises:
        DatasetError: if there are none.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = [name for name in listed_files(path, where) if is_image_name(name) and name.count("/") == 1]
    faults, found = Faults(path.name, KINDS), Cases()
    for part, (images, labels) in FOLDERS.items():
        masks = {without_suffix(name.partition("/")[2]): name for name in names if name.startswith(f"{labels}/")}
        cases = _channels([name for name in names if name.startswith(f"{images}/")], masks)
        for case in sorted(masks.keys() - cases.keys()):
            faults.add("stray", masks[case])
        for case, files in cases.items():
            if case not in masks:
                faults.add("unlabelled", files[min(files)])
            elif file := _joined(case, files, faults):
                found.names.append(case)
                found.images.append(file)
                found.masks.append(masks[case])
                found.parts.append(part)
    found.findings = [*faults.findings(), *unprintable_names(names, path.name)]
    if not found.names and not fatal(found.findings):
        hint = "expected: images in imagesTr, and labels of the same names in labelsTr"
        raise refusal(RULE, f"{path.name} holds no cases with labels", where or path.name, hint)
    return found


def _channels(images: Sequence[str], masks: Mapping[str, str]) -> dict[str, dict[int, str]]:
    """The files of each case by the number of their channel; a name that is that of labels is a case as it stands."""
    cases: dict[str, dict[int, str]] = {}
    for name in images:
        stem = without_suffix(name.partition("/")[2])
        numbered = None if stem in masks else _CHANNEL.match(stem)
        case, channel = (numbered["case"], int(numbered["channel"])) if numbered else (stem, 0)
        cases.setdefault(case, {})[channel] = name
    return dict(sorted(cases.items()))


def _joined(case: str, files: Mapping[int, str], faults: Faults) -> str:
    """The file of a case, or all its channels as one volume; empty where that cannot be."""
    if sorted(files) != list(range(len(files))):
        faults.add("channel", f"{case}: {', '.join(f'{one:04}' for one in sorted(files))}")
    elif len(files) == 1:
        return files[0]
    elif not all(name.lower().endswith(VOLUMES) for name in files.values()):
        faults.add("several", case)
    else:
        return str(Address(files[0], {"c": f"0-{len(files) - 1}"}, VOLUME))
    return ""


def _values(path: Path) -> tuple[dict[str, int], int | None]:
    """The classes and the value that is not scored, as dataset.json says; regions of several values by their values.

    Raises:
        DatasetError: if it says nothing that can be understood.
    """
    said = read_json(path / SETTINGS, RULE) if (path / SETTINGS).is_file() else {}
    labels = said.get("labels") if isinstance(said, dict) else None
    entries = labels.items() if isinstance(labels, dict) else ()
    values: dict[str, int] = {}
    regions: set[int] = set()
    for key, value in entries:
        if isinstance(value, str) and key.isdecimal():  # of the Decathlon, and of nnU-Net's first version
            values[value] = int(key)
        elif is_whole(value):
            values[key] = value
        elif isinstance(value, list):
            regions |= {one for one in value if is_whole(one)}
    values |= {f"class_{value}": value for value in sorted(regions - set(values.values()))}
    ignore = values.pop(IGNORE, None)
    sound = {name.strip(): value for name, value in values.items() if name.strip().isprintable() and name.strip()
             and 0 <= value <= LARGEST}  # fmt: skip
    if len(sound) < 2 or len(set(sound.values())) < len(sound):
        hint = 'it names classes and their values: "labels": {"background": 0, "tumour": 1}'
        raise refusal(RULE, f"{SETTINGS} names no classes", SETTINGS, hint)
    return sound, ignore
