"""Annotations of a COCO file that name the class of a whole image, as COCO Camera Traps has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compete.dataset import Category, counted, excerpt
from compete.errors import EXAMPLES, Finding
from compete.readers.annotations import is_whole
from compete.readers.proposals import Proposal

LABEL = "label"
SEQUENCE = "seq_id"
"""The column of what one motion of an animal triggered, in COCO Camera Traps."""
NOTHING = frozenset({"empty", "blank"})
"""Classes of images in which there is nothing; COCO Camera Traps reserves the first for them."""
PLACES = ("bbox", "segmentation", "keypoints", "segments_info", "caption")
"""Keys of annotations that say where something is; captions are no classes."""

Labels = dict[int, set[str]]
"""The classes of each image, by its place."""


def image_labels(
    images: Sequence[int], categories: Sequence[Category], annotations: Sequence[Any]
) -> tuple[Labels | None, Sequence[Any]]:
    """The classes of each image, and the annotations that are objects.

    An annotation without a place is about its whole image. Where there are objects too, it stays one, to be told as an
    object without a box, unless it says that the image is empty.

    Args:
        images: their numbers.
        categories: of the file.
        annotations: as the file has them.

    Returns:
        None, and the annotations as they are, where each has a place.
    """
    name_of = {category.number: category.name for category in categories}
    known = set(images)
    about = [_is_about_image(entry, known, name_of) for entry in annotations]
    if not any(about):
        return None, annotations
    place = {number: row for row, number in enumerate(images)}
    found: Labels = {row: set() for row in place.values()}
    for entry in annotations:
        if _names(entry, known, name_of):
            found[place[entry["image_id"]]].add(name_of[entry["category_id"]])
    if all(about):
        return found, ()
    pairs = zip(annotations, about, strict=True)
    return found, [one for one, whole in pairs if not whole or name_of[one["category_id"]].lower() not in NOTHING]


def label_columns(labels: Labels, taken: Mapping[str, Any]) -> dict[str, list[str]]:
    """Columns of labels: the one of each image and, where some have several, a column of 0 and 1 for each class.

    Args:
        labels: the classes of each image.
        taken: columns that are there already.

    >>> label_columns({0: {"fox"}, 1: {"deer", "fox"}, 2: set()}, {})
    {'label': ['fox', '', ''], 'label: deer': ['0', '1', ''], 'label: fox': ['1', '1', '']}
    """
    name = LABEL if LABEL not in taken else "category"
    columns = {name: [next(iter(own)) if len(own) == 1 else "" for own in labels.values()]}
    if any(len(own) > 1 for own in labels.values()):
        for label in sorted({label for own in labels.values() for label in own}):
            cells = [str(int(label in own)) if own else "" for own in labels.values()]
            columns[f"{name}: {label}"] = cells
    return columns


def label_findings(labels: Labels, files: Sequence[str], name: str) -> list[Finding]:
    """Say which images have several classes."""
    several = [files[row] for row, own in labels.items() if len(own) > 1]
    if not several:
        return []
    message = counted(len(several), "image has", "images have") + " several classes, so that `label` is blank"
    hint = "a classification leaves them out; the columns of 0 and 1, for task: multilabel, hold all classes"
    told = tuple(map(excerpt, several[:EXAMPLES]))
    return [Finding("dataset/several-labels", message, name, told, hint, "warning", len(several))]


def sequence_group(columns: Mapping[str, Sequence[str]]) -> list[Proposal]:
    """The proposal that the images of one sequence stay together; none without sequences of several images.

    >>> sequence_group({"seq_id": ["a", "a", "b"]})[0].value, sequence_group({"seq_id": ["a", "b"]})
    ('seq_id', [])
    """
    cells = columns.get(SEQUENCE, ())
    if len(set(cells)) in (0, 1, len(cells)):
        return []
    reason = f"{len(set(cells))} sequences of {len(cells)} images: a burst shows one animal, and must stay together"
    return [Proposal(SEQUENCE, reason)]


def _names(entry: Any, images: set[int], categories: Mapping[int, str]) -> bool:
    """Whether an annotation names an image and a category that are there."""
    numbers = (entry.get("image_id"), entry.get("category_id")) if isinstance(entry, dict) else (None, None)
    return all(map(is_whole, numbers)) and numbers[0] in images and numbers[1] in categories


def _is_about_image(entry: Any, images: set[int], categories: Mapping[int, str]) -> bool:
    if not isinstance(entry, dict) or entry.get("bbox") is not None:  # as nearly all have one
        return False
    return all(entry.get(key) is None for key in PLACES) and _names(entry, images, categories)
