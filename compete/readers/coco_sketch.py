"""What a COCO file looks like: a proposal for a first challenge.yaml, each part with its reason."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from compete.errors import DatasetError, Finding
from compete.readers.coco_file import CocoFile
from compete.readers.proposals import MOST_FOLDERS, Proposal, propose_belonging


def propose_coco(coco: CocoFile, path: Path) -> dict[str, Any]:
    """What challenge.yaml may say about a COCO file.

    Args:
        coco: the file.
        path: where it is; images are looked for beside and below it, and below the folder above.

    Returns:
        ``reader, task, images, masks``: a Proposal, or None; ``group, subgroups``: lists of Proposals.

    Raises:
        DatasetError: if its images are nowhere near.
    """
    images = _folder(path, coco.file[0])
    if images is None:
        hint = "put the images beside the file, or in a folder beside it"
        finding = Finding("dataset/missing-file", f"{coco.file[0]!r} is nowhere near", path.name, hint=hint)
        raise DatasetError("the images cannot be found", [finding])
    found = f"{len(coco.file)} images, {len(coco.annotations)} annotations, {len(coco.categories)} categories"
    task = _task(coco)
    masks = _masks(coco, path) if task.value == "panoptic_segmentation" else None
    belonging = propose_belonging(coco.columns)
    return {
        "reader": Proposal("coco", found),
        "task": task,
        "images": None if images == path.parent else Proposal(images, "they are there"),
        "masks": masks,
        **belonging,
    }


def _task(coco: CocoFile) -> Proposal:
    """The task that asks for most of what the annotations hold."""
    entries = [entry for entry in coco.annotations if isinstance(entry, dict)]
    if any("segments_info" in entry for entry in entries):
        return Proposal("panoptic_segmentation", "annotations list segments")
    if coco.categories and all(category.points for category in coco.categories):
        return Proposal("keypoints", "categories have keypoints")
    drawn = sum(bool(entry.get("segmentation")) for entry in entries)
    if entries and drawn == len(entries):
        return Proposal("instance_segmentation", "every object has a mask; boxes alone would be detection")
    return Proposal("detection", f"{len(entries)} objects, {drawn} of them with a mask")


def _folder(path: Path, file: str) -> Path | None:
    """The folder that the names of images are relative to."""
    beside, above = path.parent, path.parent.parent
    near = [beside, *_below(beside), above, *_below(above)]
    return next((folder for folder in near if not Path(file).is_absolute() and (folder / file).is_file()), None)


def _below(folder: Path) -> list[Path]:
    return [place for depth in ("*/", "*/*/") for place in sorted(islice(folder.glob(depth), MOST_FOLDERS))]


def _masks(coco: CocoFile, path: Path) -> Proposal | None:
    """The folder of PNG files, where it does not bear the file's name."""
    first = next((entry.get("file_name") for entry in coco.annotations if isinstance(entry, dict)), None)
    if not isinstance(first, str) or (path.with_suffix("") / first).is_file():
        return None
    found = _folder(path, first)
    return Proposal(found, "the PNG files are there") if found else None
