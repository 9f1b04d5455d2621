"""Images whose objects are one mask file each, as in the Data Science Bowl 2018."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from compete.challenge import Challenge
from compete.dataset import Category, Dataset, excerpt
from compete.engine import cores
from compete.readers.annotated import annotated_dataset
from compete.readers.annotated_proposals import propose_annotated
from compete.readers.annotations import Annotations
from compete.readers.faults import Faults, Kind
from compete.readers.headers import read_headers
from compete.readers.images import is_image_name
from compete.readers.json_file import refusal
from compete.readers.listing import listed_files, part_of, unprintable_names
from compete.readers.recognition import Glance
from compete.readers.shapes import Entry, masked

IMAGES, MASKS = "images", "masks"
CATEGORY = "object"

KINDS = {
    "unreadable": Kind(
        "dataset/mask", "mask cannot be read", "masks cannot be read",
        "a mask is a PNG of its image's size: 0 outside the object, another value inside"),
    "size": Kind(
        "dataset/mask", "mask is not of its image's size", "masks are not of their images' sizes",
        "every pixel of the image needs its own; was the image scaled?"),
    "stray": Kind(
        "dataset/unknown-image", "folder of masks has no image", "folders of masks have no images",
        "the image is in the folder `images` beside `masks`, or bears the folder's name"),
    "several": Kind(
        "dataset/repeated-id", "folder of masks has several images", "folders of masks have several images",
        "leave one image in each folder `images`"),
    "soft": Kind(
        "dataset/mask", "mask has several values", "masks have several values",
        "every pixel that is not 0 counts; smooth edges come from scaling, and several objects need a file each",
        "warning"),
    "unlabelled": Kind(
        "dataset/no-label-file", "image has no folder of masks", "images have no folder of masks",
        "it counts as an image without objects; an empty folder would say so for certain", "warning"),
}  # fmt: skip


def read(challenge: Challenge) -> Dataset:
    """Read the folder that a challenge names.

    Two layouts are known: a folder an image with ``images/`` and ``masks/`` in it, and one folder ``images`` with one
    folder ``masks/<name of the image>`` for each. All objects are of one class, ``object``.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    found = read_masks(challenge.locate(challenge.data.path), challenge.where("data.path"))
    return annotated_dataset(challenge, found)


def sketch(path: Path) -> dict[str, Any]:
    """Look at such a folder and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    return propose_annotated("object_masks", read_masks(path), path)


def recognise(glance: Glance) -> str:
    """Why a path is a folder of images with one mask an object; empty if it is none."""
    if not glance.is_folder:
        return ""
    images, masks = _sorted([name for name in glance.names if is_image_name(name)])
    known = [key for key in masks if len(images.get(key, ())) == 1]
    several = any(len(masks[key]) > 1 for key in known)
    return f"one mask file an object in {PurePosixPath(masks[known[0]][0]).parent}" if several else ""


def read_masks(folder: Path, where: str = "") -> Annotations:
    """Read the images and masks of a folder.

    Raises:
        DatasetError: if there are none.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = [name for name in listed_files(folder, where) if is_image_name(name)]
    images, masks = _sorted(names)
    if not images or not masks:
        hint = "expected: a folder for each image, with a folder `images` and a folder `masks` in it"
        raise refusal("dataset/label-file", f"{folder.name} holds no masks", where or folder.name, hint)
    faults = Faults(folder.name, KINDS)
    for key in masks.keys() - images.keys():
        faults.add("stray", str(PurePosixPath(masks[key][0]).parent))
    for key, own in images.items():
        if len(own) > 1 and key in masks:
            faults.add("several", str(PurePosixPath(own[0]).parent))
        for name in own if key not in masks else ():
            faults.add("unlabelled", name)
    files = [name for own in images.values() for name in own]
    headers = read_headers([str(folder / name) for name in files])
    sizes = [None if one.fault else (one.width, one.height) for one in headers]
    wanted = [(row, mask) for row, key in enumerate(key for key, own in images.items() for _ in own)
              for mask in masks.get(key, ())]  # fmt: skip
    entries = _objects(folder, wanted, sizes, faults)
    parts = [part_of(name) for name in files]
    columns = {"split": parts} if any(parts) else {}
    found = [(entry, mask) for entry, (_, mask) in zip(entries, wanted, strict=True) if entry]
    findings = [*faults.findings(), *unprintable_names(names, folder.name)]
    return Annotations(
        folder.name, range(len(files)), files, sizes, columns, (Category(CATEGORY, 1),),
        [entry for entry, _ in found], folder, [mask for _, mask in found], tuple(findings),
    )  # fmt: skip


def _sorted(names: Sequence[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Images and masks by what they have in common: the folder around them, or a folder and the image's name."""
    images: dict[str, list[str]] = {}
    masks: dict[str, list[str]] = {}
    for name in names:
        folders = [part.lower() for part in PurePosixPath(name).parent.parts]
        if len(folders) > 1 and folders[-2] == MASKS:  # masks/<image>/<object>.png
            around, key = folders[:-2], PurePosixPath(name).parent.name
            masks.setdefault("/".join([*around, "", key]), []).append(name)
        elif folders[-1:] == [MASKS]:
            masks.setdefault("/".join(folders[:-1]), []).append(name)
        elif folders[-1:] == [IMAGES]:
            images.setdefault("/".join(folders[:-1]), []).append(name)
    spread = {"/".join([key, "", Path(name).stem] if key else ["", Path(name).stem]): [name]
              for key, own in images.items() for name in own}  # fmt: skip
    return (spread, masks) if masks.keys() & spread.keys() else (images, masks)


def _objects(
    folder: Path, wanted: Sequence[tuple[int, str]], sizes: Sequence[tuple[int, int] | None], faults: Faults
) -> list[Entry | None]:
    """The object of each mask; None where it cannot be read."""
    with warnings.catch_warnings(), ThreadPoolExecutor(cores()) as pool:
        warnings.simplefilter("ignore")  # of elements that say nothing of the pixels
        found = list(pool.map(lambda one: _object(folder / one[1], sizes[one[0]]), wanted))
    entries: list[Entry | None] = []
    for (row, name), result in zip(wanted, found, strict=True):
        if isinstance(result, str):
            kind, _, words = result.partition(": ")
            faults.add(kind, f"{name}: {words}")
            entries.append(None)
            continue
        entry, soft = result
        if soft:
            faults.add("soft", name)
        entries.append({**entry, "image_id": row, "category_id": 1})
    return entries


def _object(path: Path, size: tuple[int, int] | None) -> tuple[Entry, bool] | str:
    """The object of a mask, and whether it has several values; a kind of fault and words where there is none."""
    import numpy as np
    from PIL import Image

    if size is None:
        return "unreadable: its image cannot be read"
    try:
        with Image.open(path) as image:
            if image.size != size:
                return f"size: {image.width} × {image.height}, its image {size[0]} × {size[1]}"
            bands = image.convert("RGB") if image.mode in ("P", "RGBA", "LA", "PA", "CMYK") else image
            pixels = np.asarray(bands)
    except Image.DecompressionBombError:
        return "unreadable: it claims to have more pixels than are taken"
    except (OSError, SyntaxError, ValueError, EOFError, TypeError) as error:
        return f"unreadable: {excerpt(str(error).replace(str(path), path.name))}"
    values = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    inside = values != 0
    soft = bool(inside.any()) and values[inside].min() != values[inside].max()
    return masked(inside, 0, 0, *size), soft
