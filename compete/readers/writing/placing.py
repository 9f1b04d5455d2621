"""What all writers do: refuse what has no objects, name and copy the images, and say what a format cannot hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from compete.dataset import Category, Dataset, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.readers.pictures import can_be_path
from compete.sources import is_remote, read_whole

if TYPE_CHECKING:
    import numpy as np

RULE = "dataset/not-written"
OWN = frozenset({"file", "width", "height", "depth", "affine"})
"""Columns that every dataset of images has, and no format holds as such."""
_UP = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)")


class Labelled(NamedTuple):
    """An object as it is written; ``rle`` is blank and ``points`` empty where there are none."""

    label: str
    box: tuple[float, float, float, float]
    area: float
    crowd: bool
    ignore: bool
    rle: str
    points: tuple[float, ...]


def checked_objects(dataset: Dataset) -> dict[Any, list[Labelled]]:
    """The objects of each item, by its id; items without any have an empty list.

    Raises:
        DatasetError: if the dataset has no objects in images.
    """
    labels, items = dataset.labels, dataset.items
    if not {"x", "label"} <= set(labels.columns) or not {"file", "width"} <= set(items.columns) or dataset.volumes:
        hint = "this writes boxes, masks and keypoints of images"
        raise DatasetError("nothing was written", [Finding(RULE, "the dataset has no objects in images", hint=hint)])
    count = len(labels)
    rle = labels["rle"].tolist() if "rle" in labels else [""] * count
    points = labels["points"].tolist() if "points" in labels else [()] * count
    boxes = map(tuple, labels[["x", "y", "width", "height"]].to_numpy().tolist())
    rows = zip(labels["label"].tolist(), boxes, labels["area"].tolist(), labels["crowd"].tolist(),
               labels["ignore"].tolist(), rle, points, strict=True)  # fmt: skip
    found: dict[Any, list[Labelled]] = {item: [] for item in items.index}
    for item, row in zip(labels["item"].tolist(), rows, strict=True):
        found[item].append(Labelled(*row))
    return found


def image_names(dataset: Dataset) -> list[str]:
    """The path of each image in its new folder, such that the same ids come out when it is read again.

    That is the id, with the ending of the file where it has none; where an id can be no path, or two would be one file
    on a disk that does not tell capitals apart, images are numbered.
    """
    names = []
    for item, file in zip(map(str, dataset.items.index), dataset.items["file"], strict=True):
        suffix = Path(file).suffix
        names.append(item if item.endswith(suffix) and suffix else item + suffix)
    sound = all(can_be_path(name) and not _UP.search(name) and "\\" not in name for name in names)
    if sound and len({name.casefold() for name in names}) == len(names):
        return names
    return [f"{number:07d}{Path(file).suffix}" for number, file in enumerate(dataset.items["file"], start=1)]


def copy_images(dataset: Dataset, folder: Path, names: list[str]) -> None:
    """Copy the images into a folder."""
    for file, name in zip(dataset.items["file"], names, strict=True):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_remote(file):
            target.write_bytes(read_whole(file))
        else:
            shutil.copyfile(file, target)


def bitmaps_of(texts: list[str], width: int, height: int) -> Iterator[np.ndarray[Any, Any]]:
    """Each mask of an image, shape (height, width)."""
    from metrics.masks import Masks

    yield from Masks.from_compressed(texts, [height] * len(texts), [width] * len(texts)).bitmaps()


def not_written(dataset: Dataset, *, columns: frozenset[str], coverage: bool = False) -> list[Finding]:
    """Say which columns and lists of classes are not written.

    Args:
        dataset: what is written.
        columns: those that the format holds.
        coverage: whether it holds which classes were looked for.
    """
    findings = []
    lost = [str(name) for name in dataset.items.columns if name not in OWN | columns]
    if lost:
        message = counted(len(lost), "column of the images was", "columns of the images were") + " not written"
        hint = "write them as a table beside, for data.items"
        told = tuple(map(excerpt, lost[:EXAMPLES]))
        findings.append(Finding(RULE, message, "items", told, hint, "note", len(lost)))
    if dataset.coverage is not None and not coverage:
        message = "which classes were looked for in which image was not written"
        findings.append(Finding(RULE, message, "items", severity="warning"))
    return findings


def told(count: int, one: str, many: str, hint: str = "") -> list[Finding]:
    """One finding on so many objects, none for 0."""
    return (
        [Finding(RULE, counted(count, one, many), "labels", hint=hint, severity="warning", count=count)]
        if count
        else []
    )


def other_areas(found: dict[Any, list[Labelled]]) -> list[Finding]:
    """Say how many objects without mask have an area that is not their box's."""
    rows = [one for objects in found.values() for one in objects if not one.rle]
    count = sum(abs(one.area - one.box[2] * one.box[3]) > 1e-6 * max(one.area, 1.0) for one in rows)
    return told(count, "object has an area of its own, which was not written",
                "objects have areas of their own, which were not written")  # fmt: skip


def names_of(categories: tuple[Category, ...]) -> list[str]:
    """The names of the classes, in order."""
    return [category.name for category in categories]
