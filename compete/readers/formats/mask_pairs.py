"""Images in one folder and label images of the same names in another, for semantic segmentation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Dataset, excerpt
from compete.errors import DatasetError, Finding, fatal
from compete.nifti import without_suffix
from compete.readers.annotated import stems
from compete.readers.delimited import Delimited, read_delimited
from compete.readers.faults import Faults, Kind
from compete.readers.given_splits import propose_split
from compete.readers.images import is_image_name
from compete.readers.json_file import read_json, refusal
from compete.readers.label_images import SUFFIXES
from compete.readers.listing import listed_files, part_of, unprintable_names
from compete.readers.proposals import Proposal
from compete.readers.recognition import Glance
from compete.readers.tables import tabled_dataset
from compete.readers.volume_proposals import is_volume, labels_seen, metric_of_volumes, view_of_stack
from compete.sources import is_file

NAME, FILE, MASK, SPLIT = "name", "file", "mask", "split"
META = "dataset_meta.json"
"""Where datumaro writes the names of the values."""
CLASSES = "_classes.csv"
"""Where Roboflow writes the names of the values, in the folder of each part."""
MARK = "_mask"
"""What the name of a label image has more than that of the image beside it."""
LOOKED_AT = 50
"""Label images whose values are looked at for a proposal."""
MOST_VALUES = 256

_FOLDER = re.compile(
    r"(?:masks?|labels?|labelids|annot(?:ations?)?|gt|ground_?truths?|seg(?:mentation)?s?|segmentationclass)\Z"
)
_JOINED = re.compile(r"(?:[_-]?(?:masks?|labels?|annot|gt|seg))\Z")
_IMAGES = re.compile(r"(?:images?|imgs?|jpegimages|photos)\Z")
_AFFIX = re.compile(r"\A(?:image|img|gt|mask|label|seg)[_-]|[_-](?:image|img|masks?|labels?|labelids|annot|gt|seg)\Z")

KINDS = {
    "stray": Kind(
        "dataset/unknown-image", "label image has no image", "label images have no images",
        "both bear one name; add the image, or remove the label image"),
    "twice": Kind(
        "dataset/repeated-id", "image has several label images", "images have several label images",
        "leave one for each; masks of one object each are read with reader: object_masks"),
    "unlabelled": Kind(
        "dataset/no-label-file", "image has no label image and is left out",
        "images have no label image and are left out", "draw one, or remove the image", "warning"),
}  # fmt: skip


@dataclass(frozen=True)
class Pairs:
    """The images of a folder, each with its label image.

    Attributes:
        images: relative to the folder.
        masks: of each image.
        findings: what was noticed; errors too.
    """

    images: Sequence[str]
    masks: Sequence[str]
    findings: Sequence[Finding]


def read(challenge: Challenge) -> Dataset:
    """Read the images and label images of the folder that a challenge names.

    They are paired by their names, from two folders or as ``a.jpg`` and ``a_mask.png`` in one. The columns are
    ``name``, ``file``, ``mask`` and, where folders tell it, ``split``. ``data.values`` says what the values of the
    pixels mean.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    path = challenge.locate(challenge.data.path)
    pairs = paired(path, challenge.where("data.path"))
    columns = {NAME: stems(pairs.images), FILE: list(pairs.images), MASK: list(pairs.masks)}
    parts = [part_of(name) for name in pairs.images]
    columns |= {SPLIT: parts} if any(parts) else {}
    table = Delimited(path.name, columns, range(1, len(pairs.images) + 1), list(pairs.findings))
    return tabled_dataset(challenge, table, path)


def sketch(path: Path) -> dict[str, Any]:
    """Look at a folder of images and label images and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    pairs = paired(path)
    if fatal(pairs.findings):
        raise DatasetError(f"dataset refused: {path.name}", pairs.findings)
    view = view_of_stack(path / pairs.images[0])
    parts = [part_of(name) for name in pairs.images]
    values = _values(path, pairs, view)
    volumes = is_volume(pairs.images, view)
    return {
        "reader": Proposal("masks", f"{len(pairs.images)} images with label images"),
        "task": Proposal("semantic_segmentation", "each image has a label image"),
        "id": Proposal(NAME, "the names of the images"),
        "file": Proposal(FILE, "the images"),
        "images": None,
        "mask": Proposal(MASK, "their label images"),
        "values": Proposal(values, "values that occur; give them their names"),
        "view": Proposal(view, "TIFF stacks; z: all makes volumes of them") if view else None,
        "metrics": metric_of_volumes(values) if volumes else None,
        "split": propose_split({SPLIT: parts}, ()),
        "group": [],
        "subgroups": [],
    }


def recognise(glance: Glance) -> str:
    """Why a path is a folder of images and label images; empty if it is none."""
    if not glance.is_folder:
        return ""
    images, masks = _sorted([name for name in glance.names if is_image_name(name)])
    both = [name for key, names in masks.items() for name in names if key in images]
    return f"label images in {PurePosixPath(both[0]).parent} under the names of images" if both else ""


def paired(folder: Path, where: str = "") -> Pairs:
    """Pair the images of a folder with their label images.

    Raises:
        DatasetError: if there are none.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = [name for name in listed_files(folder, where) if is_image_name(name)]
    images, masks = _sorted(names)
    if not images or not masks:
        hint = "expected: images in a folder, and label images of the same names in a folder `masks` beside it"
        raise refusal("dataset/label-file", f"{folder.name} holds no label images", where or folder.name, hint)
    faults = Faults(folder.name, KINDS)
    found: list[tuple[str, str]] = []
    for key, one in images.items():
        own = masks.get(key, [])
        if not own:
            for name in one:
                faults.add("unlabelled", name)
        elif len(own) > 1 or len(one) > 1:
            faults.add("twice", one[0])
        else:
            found.append((one[0], own[0]))
    for key, own in masks.items():
        if key not in images:
            faults.add("stray", own[0])
    findings = [*faults.findings(), *unprintable_names(names, folder.name)]
    return Pairs([name for name, _ in found], [name for _, name in found], findings)


def _sorted(names: Sequence[str]) -> tuple[dict[Any, list[str]], dict[Any, list[str]]]:
    """Images and label images by what a pair has in common: the folders around them, and the name without affixes."""
    images: dict[Any, list[str]] = {}
    masks: dict[Any, list[str]] = {}
    beside = {without_suffix(name) + MARK for name in names}
    for name in names:
        *folders, file = name.split("/")
        around, is_mask = [], without_suffix(name) in beside
        for folder in map(str.lower, folders):
            short = "" if _FOLDER.match(folder) else _JOINED.sub("", folder)
            is_mask = is_mask or short != folder
            if short and not _IMAGES.match(short):
                around.append(short)
        key = (tuple(around), _AFFIX.sub("", without_suffix(file)))
        if is_mask and file.lower().endswith(SUFFIXES):
            masks.setdefault(key, []).append(name)
        elif not is_mask:
            images.setdefault(key, []).append(name)
    return images, masks


def _values(folder: Path, pairs: Pairs, view: Mapping[str, str]) -> Mapping[str, int]:
    """Names and values of the pixels that occur: as a file beside them tells, else made up."""
    import numpy as np

    seen: set[int] = set()
    faults = []
    step = max(len(pairs.masks) // LOOKED_AT, 1)
    for image, name in zip(pairs.images[::step], pairs.masks[::step], strict=True):
        pixels = labels_seen(folder / image, folder / name, view)
        if isinstance(pixels, str):
            faults.append(f"{name}: {pixels}")
        else:
            seen |= set(np.unique(pixels).tolist())
    if not seen:
        hint = "turn colours into numbers of classes, one for each colour, and save them as PNG"
        raise refusal("dataset/label-image", "no label image can be read", excerpt(faults[0], 80), hint)
    if len(seen) > MOST_VALUES:
        seen = {0, 1}
    told = _named(folder, pairs)
    if told and seen <= told.keys():
        return {name: value for value, name in told.items()}
    if seen | {0} == {0, max(seen, default=1)}:
        return {"background": 0, "object": max(seen, default=1) or 1}
    return {told.get(value) or ("background" if value == 0 else f"class_{value}"): value for value in sorted(seen)}


def _named(folder: Path, pairs: Pairs) -> dict[int, str]:
    """The names of values in datumaro's file or in Roboflow's tables; none where they are not there, or are others."""
    if not is_file(folder / META):
        return _of_tables(folder, pairs)
    try:
        said = read_json(folder / META, "dataset/label-file")
    except DatasetError:
        return {}
    entries = said.get("label_map") if isinstance(said, dict) else None
    names = entries.items() if isinstance(entries, dict) else ()
    found = {int(value): name for value, name in names if value.isdecimal() and isinstance(name, str) and name}
    return found if len(set(found.values())) == len(found) else {}


def _of_tables(folder: Path, pairs: Pairs) -> dict[int, str]:
    """The names of values in the tables of Roboflow's; none where two do not agree."""
    found: dict[int, str] = {}
    for part in sorted({PurePosixPath(name).parent for name in pairs.masks}):
        for value, name in _rows(folder / part / CLASSES):
            if value.isdecimal() and len(value) < 6 and name and found.setdefault(int(value), name) != name:
                return {}
    return found if len(set(found.values())) == len(found) else {}


def _rows(path: Path) -> list[tuple[str, str]]:
    """The first two cells of each row of a table; none where it is not there, or is no such table."""
    try:
        columns = list(read_delimited(path).columns.values()) if is_file(path) else []
    except DatasetError:
        return []
    pairs = zip(*columns[:2], strict=True) if len(columns) > 1 else ()
    return [(value.strip(), name.strip()) for value, name in pairs]
