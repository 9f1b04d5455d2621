"""The files of a bundle whose items are images with objects, or label images: what is public, and what is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compete.building.coco_text import coco_bytes, panoptic_bytes
from compete.building.journal import Draft
from compete.building.label_files import write_label_images
from compete.building.plan import Plan
from compete.building.samples import image_sample_bytes
from compete.building.tables import ordered_rows
from compete.building.truths import truth_of
from compete.bundle import TEST_JSON, TRAIN_JSON, TRAIN_TRUTH, TRUTH, TRUTH_JSON
from compete.files import write_file
from compete.hidden import pack_truth

Array = np.ndarray[Any, Any]
Progress = Callable[[str, int, int], None]
TRAIN_PANOPTIC = "train_panoptic.json"
SEMANTIC, PANOPTIC = "semantic_segmentation", "panoptic_segmentation"


def write_scenes(plan: Plan, draft: Draft, *, workers: int | None = None, progress: Progress | None = None) -> bytes:
    """Write what is known of the images of a bundle: annotations, label images, sample submission, compiled truth.

    Args:
        plan: with the files as they are named in the bundle.
        draft: the bundle's draft.
        workers: processes for label images; None one a core.
        progress: told how many label images are done.

    Returns:
        The compiled truth of the test images, as it stands in ``truth.npz``.
    """
    _, train, test = ordered_rows(plan)
    hidden = pack_truth(truth_of(plan, test))
    root = draft.root
    public, private = root / "public", root / "private"
    write_file(public / plan.terms.sample_name, image_sample_bytes(plan))
    write_file(public / TRAIN_TRUTH, pack_truth(truth_of(plan, train)))
    write_file(private / TRUTH, hidden)
    for path, data in _annotations(plan, train, test):
        write_file(root / path, data)
    if plan.dataset.maps is not None:
        write_label_images(plan, draft, workers=workers, progress=progress)
    return hidden


def hidden_truth_bytes(plan: Plan) -> bytes:
    """What ``write_scenes`` returns, with nothing written."""
    return pack_truth(truth_of(plan, ordered_rows(plan)[2]))


def _annotations(plan: Plan, train: Array, test: Array) -> Iterator[tuple[str, bytes]]:
    """The COCO files by their paths: test images are numbered from 1, training images from there on."""
    first = len(test) + 1
    if plan.terms.task == SEMANTIC:
        return
    if plan.terms.task == PANOPTIC:
        yield f"public/{TEST_JSON}", panoptic_bytes(plan, test, 1, annotated=False)
        yield f"public/{TRAIN_PANOPTIC}", panoptic_bytes(plan, train, first, annotated=True)
        yield f"private/{TRUTH_JSON}", panoptic_bytes(plan, test, 1, annotated=True)
        return
    yield f"public/{TEST_JSON}", coco_bytes(plan, test, 1, annotated=False)
    yield f"public/{TRAIN_JSON}", coco_bytes(plan, train, first, annotated=True)
    yield f"private/{TRUTH_JSON}", coco_bytes(plan, test, 1, annotated=True)
