"""The truth of images, as an export of ours packs it, written again as people annotate: COCO boxes, or label images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from compete.bundle import TEST_JSON, TRAIN_JSON, TRUTH
from compete.errors import BundleError, DatasetError, Finding
from compete.files import canonical_json, write_file
from compete.hidden import unpack_truth
from compete.importers.competition_zip import Files
from compete.png import png_bytes
from compete.terms import Terms

IMAGES, MASKS = "data/public", "data/masks"
ANNOTATIONS = "data/annotations.json"

Row = dict[str, str]


def refuse_packed(terms: Terms) -> None:
    """Refuse truths that are not written again.

    Raises:
        DatasetError: they are other than boxes and flat label images.
    """
    if (terms.kind == "boxes" and not terms.federated) or (terms.kind == "label_maps" and terms.form != "nifti"):
        return
    what = "of not every class" if terms.federated else "as volumes" if terms.form == "nifti" else f"as {terms.kind}"
    hint = "build it again from the data that it was made of: the export holds no annotations, only what scoring reads"
    message = f"the truth of the task {terms.task}, {what}, is packed for scoring and cannot be taken apart"
    raise DatasetError("nothing was imported", [Finding("import/form", message, TRUTH, hint=hint)])


def write_truth(reference: Files, public: Files, terms: Terms, items: Sequence[Row], folder: Path) -> dict[str, Any]:
    """Write annotations or label images of all items.

    Args:
        reference: with the packed truth of the test.
        public: with that of the training images as files.
        terms: of the competition.
        items: training items before test items; of label images they get the cell ``mask``.
        folder: of the challenge.

    Returns:
        What ``data`` of ``challenge.yaml`` says of them.

    Raises:
        DatasetError: the truth is not as it was exported.
    """
    try:
        truth = unpack_truth(reference.read(f"private/{TRUTH}"), TRUTH)
    except BundleError as error:
        raise DatasetError("nothing was imported", error.findings) from None
    if terms.kind == "boxes":
        if truth.ignore is not None and truth.ignore.any():
            message = "objects that count neither way have no place in a COCO file"
            raise DatasetError("nothing was imported", [Finding("import/form", message, TRUTH)])
        write_file(folder / ANNOTATIONS, canonical_json(_coco(public, terms, truth)))
        return {"reader": "coco", "path": ANNOTATIONS, "items": "data/items.csv"}
    for row in items:
        row["mask"] = f"{row['id']}.png"
    tests = [row for row in items if row["part"] != "train"]
    for row in items:
        if row["part"] == "train":
            write_file(folder / MASKS / row["mask"], public.read(f"train_masks/{row['mask']}"))
    for place, row in enumerate(tests):
        write_file(folder / MASKS / row["mask"], png_bytes(truth.array(place)))
    values = dict(zip(terms.classes, terms.class_ids, strict=True))
    ignored = {} if terms.ignore_value is None else {"ignore": terms.ignore_value}
    return {"masks": MASKS, "mask": "mask", "values": values, **ignored}


def _coco(public: Files, terms: Terms, truth: Any) -> Mapping[str, Any]:
    """One COCO file of training and test images."""
    train, test = (json.loads(public.read(name)) for name in (TRAIN_JSON, TEST_JSON))
    images = [*test["images"], *train["images"]]
    first = max((one["id"] for one in train["annotations"]), default=0) + 1
    numbers = [one["id"] for one in test["images"]]
    found = _annotations(truth, numbers, terms, first)
    return {"images": images, "categories": train["categories"], "annotations": [*train["annotations"], *found]}


def _annotations(truth: Any, numbers: Sequence[int], terms: Terms, first: int) -> Iterator[dict[str, Any]]:
    """The boxes of test images."""
    for place, box in enumerate(truth.box.tolist()):
        yield {
            "id": first + place,
            "image_id": numbers[int(truth.image[place])],
            "category_id": terms.class_ids[int(truth.category[place])],
            "bbox": box,
            "area": float(box[2] * box[3] if truth.area is None else truth.area[place]),
            "iscrowd": int(truth.crowd is not None and bool(truth.crowd[place])),
        }
