"""What annotated images look like: a proposal for a first challenge.yaml, each part with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compete.errors import DatasetError, Finding
from compete.readers.annotations import Annotations
from compete.readers.given_splits import propose_split
from compete.readers.label_proposals import propose_label
from compete.readers.proposals import Proposal, propose_belonging
from compete.readers.whereabouts import home_near

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
        ``reader, task, images, masks, metrics, label, split``: a Proposal, or None (``label`` is for tasks of one row
        an image); ``group, subgroups``: lists of Proposals.

    Raises:
        DatasetError: if its images are nowhere near.
    """
    home = home_near(path, annotated.file, annotated.root)
    if home is None:
        hint = "put the images beside the file, or in a folder beside it"
        finding = Finding("dataset/missing-file", f"{annotated.file[0]!r} is nowhere near", path.name, hint=hint)
        raise DatasetError("the images cannot be found", [finding])
    counts = ((annotated.file, "images"), (annotated.annotations, "annotations"), (annotated.categories, "categories"))
    found = ", ".join(f"{len(entries)} {what}" for entries, what in counts)
    labelled = propose_label({name: annotated.columns[name] for name in annotated.choices})
    task = labelled["task"] if labelled and not annotated.annotations else _task(annotated)
    masks = _masks(annotated, path) if task.value == "panoptic_segmentation" else None
    belonging = propose_belonging(*_apart(annotated, labelled))
    return {
        "reader": Proposal(reader, found),
        "task": task,
        "images": None if home.folder == annotated.root else Proposal(home.folder, home.reason),
        "masks": masks,
        "metrics": _metrics(annotated),
        "label": labelled.get("label"),
        **belonging,
        "split": propose_split(annotated.columns, [one.value for one in belonging["group"]] + [SOURCE]),
    }


def _apart(annotated: Annotations, labelled: Mapping[str, Any]) -> tuple[dict[str, Sequence[str]], Sequence[str]]:
    """The columns that are no label, and the cells of the label where it is one column and there are no objects."""
    label = labelled["label"].value if labelled else []
    taken: list[str] = label if isinstance(label, list) else [label]
    columns = {name: cells for name, cells in annotated.columns.items() if name not in taken}
    alone = len(taken) == 1 and not annotated.annotations
    return columns, annotated.columns[taken[0]] if alone else ()


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
    if not entries:
        return Proposal("detection", "a guess: no object was found, and no column that could be a label")
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


def _masks(annotated: Annotations, path: Path) -> Proposal | None:
    """The folder of PNG files, where it does not bear the file's name."""
    entries = (entry.get("file_name") for entry in annotated.annotations if isinstance(entry, dict))
    names = [name for name in entries if isinstance(name, str)]
    own = path.with_suffix("")
    home = home_near(path, names, own)
    return Proposal(home.folder, home.reason) if home and home.folder != own else None
