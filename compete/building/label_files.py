"""The label images of a bundle, written on all cores; those that a killed build has written are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from compete.building.journal import Draft, Origin, kept_entry, write_noted
from compete.building.parts import TRAIN_PART
from compete.building.plan import Plan
from compete.building.samples import most_pixel_value
from compete.building.truths import affines_of_images
from compete.engine import map_shards
from compete.nifti import SUFFIX
from compete.nifti.writing import label_volume
from compete.png import class_png, png_bytes
from metrics.label_maps import LabelMaps

Array = np.ndarray[Any, Any]
Progress = Callable[[str, int, int], None]

TRAIN_MASKS, HIDDEN_MASKS = "train_masks", "masks"
"""The folders of label images, below ``public`` and below ``private``."""

SHARD, AT_ONCE = 32, 2
"""Label images, each of which takes milliseconds, and label volumes that a worker is asked for at once."""


@dataclass(frozen=True, slots=True)
class Task:
    """One label image to write.

    Attributes:
        target: where, below the draft and without suffix.
        picture: the one image.
        affine: of a volume, where its voxels lie, shape (3, 4); None of a picture.
        begin: where the journal tells of what a killed build wrote; None for nowhere.
    """

    target: str
    picture: LabelMaps
    affine: Array | None
    begin: int | None


def label_targets(plan: Plan) -> list[str]:
    """Where each item's label image will stand, below the bundle and without suffix; none where there are none."""
    if plan.dataset.maps is None:
        return []
    folders = {True: f"public/{TRAIN_MASKS}", False: f"private/{HIDDEN_MASKS}"}
    in_train = (plan.part == TRAIN_PART).tolist()
    return [f"{folders[train]}/{name}" for name, train in zip(plan.id, in_train, strict=True)]


def write_label_images(
    plan: Plan, draft: Draft, *, workers: int | None = None, progress: Progress | None = None
) -> None:
    """Write every item's label image, hidden or public.

    Args:
        plan: of a task of label images.
        draft: the bundle's draft.
        workers: processes; None one a core.
        progress: told how many label images are done.

    Raises:
        OSError: if one cannot be written.
    """
    maps = plan.dataset.maps
    assert maps is not None
    for folder in (f"public/{TRAIN_MASKS}", f"private/{HIDDEN_MASKS}"):
        (draft.root / folder).mkdir(parents=True, exist_ok=True)
    told = (lambda done, total: progress("label images", done, total)) if progress else None
    targets = label_targets(plan)
    affine = affines_of_images(plan, np.arange(len(targets))) if plan.dataset.volumes else repeat(None)
    tasks = [
        Task(target, _alone(maps, row), place, draft.begin.get(target))
        for row, (target, place) in enumerate(zip(targets, affine, strict=False))
    ]
    most = None if plan.terms.task == "panoptic_segmentation" else most_pixel_value(plan)
    work, shard = partial(_write_shard, root=draft.root, most=most), AT_ONCE if plan.dataset.volumes else SHARD
    map_shards(work, tasks, workers=workers, shard=shard, progress=told)


def label_file(task: Task, most: int | None) -> tuple[str, bytes]:
    """The suffix and the bytes of a label image.

    Args:
        task: with the image.
        most: the largest number of a class that any may hold; None where the numbers are those of segments.
    """
    values = task.picture.array(0)
    if most is None:
        return ".png", png_bytes(values, segments=True)
    if task.affine is None:
        return ".png", class_png(values, most)
    return SUFFIX, label_volume(values, task.affine, deep=most > 255)


def _alone(maps: LabelMaps, row: int) -> LabelMaps:
    """One image, whose runs are not copied."""
    first, last = maps.start[row : row + 2].tolist()
    start = np.array([0, last - first])
    return LabelMaps(maps.shape[row : row + 1], maps.value[first:last], maps.end[first:last], start)


def _write_shard(tasks: Sequence[Task], root: Path, most: int | None) -> list[None]:
    for task in tasks:
        origin = _origin(task, most)
        if task.begin is None or kept_entry(root, task.begin, origin) is None:
            write_noted(root, task.target, *label_file(task, most), origin=origin)
    return [None] * len(tasks)


def _origin(task: Task, most: int | None) -> Origin:
    """A digest of all that the file depends on."""
    picture = task.picture
    held = [picture.shape.astype("<i8"), picture.value.astype("<u4"), picture.end.astype("<i4")]
    held += [] if task.affine is None else [task.affine.astype("<f8")]
    content = repr((most, len(held))).encode() + b"".join(array.tobytes() for array in held)
    return hashlib.sha256(content).hexdigest(), ()
