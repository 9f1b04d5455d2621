"""What annotated images look like: a proposal for a first challenge.yaml, each part with its reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from compete.errors import DatasetError, Finding
from compete.readers.annotations import Annotations
from compete.readers.given_splits import propose_split
from compete.readers.proposals import MOST_FOLDERS, Proposal, propose_belonging
from compete.sources import is_bare, is_file, subfolders

SOURCE = "source"
"""The column of the image that augmented copies are of."""
COUNTED = 100
"""Predictions of an image that COCO's rules count."""


def propose_annotated(reader: str, annotated: Annotations, path: Path) -> dict[str, Any]:
    """What challenge.yaml may say about annotated images.

    Args:
        reader: the name of the format.
        annotated: the images and their objects.
        path: where it is; images are looked for beside and below it, and below the folder above.

    Returns:
        ``reader, task, images, masks, metrics, split``: a Proposal, or None; ``group, subgroups``: lists of Proposals.

    Raises:
        DatasetError: if its images are nowhere near.
    """
    images = _folder(path, annotated.file[0], annotated.root)
    if images is None:
        hint = "put the images beside the file, or in a folder beside it"
        finding = Finding("dataset/missing-file", f"{annotated.file[0]!r} is nowhere near", path.name, hint=hint)
        raise DatasetError("the images cannot be found", [finding])
    counts = ((annotated.file, "images"), (annotated.annotations, "annotations"), (annotated.categories, "categories"))
    found = ", ".join(f"{len(entries)} {what}" for entries, what in counts)
    task = _task(annotated)
    masks = _masks(annotated, path) if task.value == "panoptic_segmentation" else None
    belonging = propose_belonging(annotated.columns)
    return {
        "reader": Proposal(reader, found),
        "task": task,
        "images": None if images == annotated.root else Proposal(images, "they are there"),
        "masks": masks,
        "metrics": _metrics(annotated),
        **belonging,
        "split": propose_split(annotated.columns, [one.value for one in belonging["group"]] + [SOURCE]),
    }


def _task(annotated: Annotations) -> Proposal:
    """The task that asks for most of what the annotations hold."""
    entries = [entry for entry in annotated.annotations if isinstance(entry, dict)]
    if any("segments_info" in entry for entry in entries):
        return Proposal("panoptic_segmentation", "annotations list segments")
    if annotated.categories and all(category.points for category in annotated.categories):
        return Proposal("keypoints", "categories have keypoints")
    drawn = sum(bool(entry.get("segmentation")) for entry in entries)
    if entries and drawn == len(entries):
        return Proposal("instance_segmentation", "every object has a mask; boxes alone would be detection")
    return Proposal("detection", f"{len(entries)} objects, {drawn} of them with a mask")


def _metrics(annotated: Annotations) -> Proposal | None:
    """Metrics that count all objects, where an image holds more than COCO's rules do."""
    entries = (entry for entry in annotated.annotations if isinstance(entry, dict))
    most = max(Counter(str(entry.get("image_id")) for entry in entries).values(), default=0)
    if most <= COUNTED:
        return None
    limit = 10 ** len(str(most))
    tasks = {"detection": f"box_ap(limit={limit})", "instance_segmentation": f"mask_ap(limit={limit})"}
    return Proposal(tasks, f"an image holds {most} objects, and by COCO's rules no more than {COUNTED} count")


def _folder(path: Path, file: str, *first: Path) -> Path | None:
    """The folder that the names of images are relative to."""
    beside, above = path.parent, path.parent.parent
    near = [*first, beside, *_below(beside), above, *_below(above)]
    known = (folder for folder in near if not is_bare(folder) and not Path(file).is_absolute())
    return next((folder for folder in known if is_file(folder / file)), None)


def _below(folder: Path) -> list[Path]:
    return [place for depth in ("*/", "*/*/") for place in subfolders(folder, depth, MOST_FOLDERS)]


def _masks(annotated: Annotations, path: Path) -> Proposal | None:
    """The folder of PNG files, where it does not bear the file's name."""
    first = next((entry.get("file_name") for entry in annotated.annotations if isinstance(entry, dict)), None)
    if not isinstance(first, str) or is_file(path.with_suffix("") / first):
        return None
    found = _folder(path, first)
    return Proposal(found, "the PNG files are there") if found else None
