"""Images with boxes, masks, keypoints or segments, as COCO's JSON describes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.challenge import Challenge
from compete.dataset import Category, Dataset, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.coco_file import CocoFile, read_coco, stems
from compete.readers.coco_items import joined_columns
from compete.readers.coco_objects import objects_of
from compete.readers.coco_sketch import propose_coco
from compete.readers.columns import column_findings, file_findings, group_findings, split_findings
from compete.readers.headers import with_sizes
from compete.readers.images import is_image_name
from compete.readers.label_images import with_label_images
from compete.readers.segments import with_segments

if TYPE_CHECKING:
    import pandas as pd


def read(challenge: Challenge) -> Dataset:
    """Read the images and annotations of the COCO file that a challenge names.

    An item is an image; its id is the name of its file without folder and ending where these differ. Images without
    annotations stay: that there is nothing is an annotation too.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    path = challenge.locate(challenge.data.path)
    coco = read_coco(path, challenge.where("data.path"))
    dataset, findings = _images(challenge, coco)
    _stop_if_fatal(coco.name, findings)
    dataset, found = with_sizes(dataset, _file(challenge))
    findings += [*found, *_size_findings(coco, dataset)]
    _stop_if_fatal(coco.name, findings)
    findings += [*group_findings(challenge, dataset), *split_findings(challenge, dataset)]
    if challenge.task == "semantic_segmentation":
        return with_label_images(challenge, replace(dataset, findings=tuple(findings)))
    if challenge.task == "panoptic_segmentation":
        return with_segments(challenge, coco, replace(dataset, findings=tuple(findings)))
    points, found = _keypoints(challenge, coco.categories)
    findings += found
    _stop_if_fatal(coco.name, findings)
    labels, found = objects_of(coco, challenge.task, dataset.items, points)
    findings += found
    _stop_if_fatal(coco.name, findings)
    findings += _category_findings(coco, labels)
    return replace(dataset, labels=labels, findings=tuple(findings))


def sketch(path: Path) -> dict[str, Any]:
    """Look at a COCO file and propose what challenge.yaml says about it.

    Raises:
        DatasetError: if it is none.
    """
    return propose_coco(read_coco(path), path)


def _stop_if_fatal(name: str, findings: Sequence[Finding]) -> None:
    if fatal(findings):
        raise DatasetError(f"dataset refused: {name}", findings)


def _file(challenge: Challenge) -> str:
    """The column of paths; for a COCO file there always is one."""
    assert challenge.data.file
    return challenge.data.file


def _images(challenge: Challenge, coco: CocoFile) -> tuple[Dataset, list[Finding]]:
    """The images as items, with the columns that the file and the table of images tell of them."""
    import pandas as pd

    data = challenge.data
    root = challenge.locate(data.images) if data.images else challenge.locate(data.path).parent
    index = pd.Index(stems(coco.file), dtype=object, name="item")
    columns, findings = joined_columns(challenge, coco)
    columns[_file(challenge)] = [str(root / name) for name in coco.file]
    dataset = Dataset(
        pd.DataFrame(columns, index=index, dtype=object), pd.DataFrame(), source=coco.name, categories=coco.categories
    )
    if not fatal(findings):
        findings += column_findings(challenge, "the file", list(columns))
    findings += file_findings(dataset, _file(challenge), root, challenge.where("data.images"), row="image")
    return dataset, [*findings, *_unlisted(coco, root)]


def _unlisted(coco: CocoFile, root: Path) -> list[Finding]:
    """Images that stand beside those of the file, but not in it."""
    listed = {Path(os.path.normpath(root / name)) for name in coco.file}
    folders = [folder for folder in sorted({path.parent for path in listed}) if folder.is_dir()]
    beside = (path for folder in folders for path in folder.iterdir())
    strange = sorted(path for path in beside if path not in listed and is_image_name(path.name) and path.is_file())
    if not strange:
        return []
    message = counted(len(strange), "image has no entry and is left out", "images have no entry and are left out")
    hint = "an image without any object needs an entry too, to count as one without"
    names = tuple(excerpt(path.name) for path in strange[:EXAMPLES])
    return [Finding("dataset/unlisted-image", message, coco.name, names, hint, "warning", len(strange))]


def _size_findings(coco: CocoFile, dataset: Dataset) -> list[Finding]:
    """Images whose files are not of the size that the annotations were made for."""
    items = dataset.items
    found = list(zip(map(int, items["width"]), map(int, items["height"]), strict=True))
    pairs = enumerate(zip(coco.size, found, strict=True))
    wrong = [(row, one, other) for row, (one, other) in pairs if one is not None and other not in (one, (0, 0))]
    if not wrong:
        return []
    message = counted(len(wrong), "image is not of the size declared", "images are not of the sizes declared")
    hint = "were the images scaled after they were annotated? the boxes would be wrong; give the ones annotated"
    if all(one == other[::-1] for _, one, other in wrong):
        hint = "width and height are exchanged: were the images turned, or the two numbers?"
    told = tuple(
        f"{excerpt(coco.file[row])} is {wide} × {high}, declared {one[0]} × {one[1]}"
        for row, one, (wide, high) in wrong[:EXAMPLES]
    )  # fmt: skip
    return [Finding("dataset/image-size", message, coco.name, told, hint, count=len(wrong))]


def _keypoints(challenge: Challenge, categories: Sequence[Category]) -> tuple[int, list[Finding]]:
    """How many keypoints an object has, and what is wrong with how they are declared."""
    if challenge.task != "keypoints":
        return 0, []
    lists = {category.points for category in categories}
    place = challenge.where("data.path")
    if lists == {()} or len(lists) > 1:
        message = "the categories have no keypoints" if lists == {()} else "the categories have different keypoints"
        hint = "every category needs the same list `keypoints`; make a challenge of each kind of object"
        return 0, [Finding("dataset/keypoints", message, place, hint=hint)]
    points = len(next(iter(lists)))
    sigmas = challenge.data.sigmas
    if sigmas and len(sigmas) != points:
        message = f"{len(sigmas)} sigmas for {points} keypoints"
        return points, [Finding("dataset/sigmas", message, challenge.where("data.sigmas"), hint="give one each")]
    if not sigmas and points != 17:
        message = f"nobody said how exactly the {points} keypoints can be placed; 0.05 is taken for each"
        hint = "measure it where two people placed the same points, and say data.sigmas"
        return points, [Finding("dataset/sigmas", message, place, hint=hint, severity="warning")]
    return points, []


def _category_findings(coco: CocoFile, labels: pd.DataFrame) -> list[Finding]:
    """Say which categories no object has; refuse a file without any object."""
    if not len(labels):
        return [Finding("dataset/unused-category", "no image has any object", coco.name, severity="warning")]
    used = set(labels["label"])
    unused = tuple(excerpt(category.name) for category in coco.categories if category.name not in used)
    if not unused:
        return []
    message = counted(len(unused), "category has no object", "categories have no object")
    hint = "they stay classes that a submission may name; remove them from the file if they should not"
    return [Finding("dataset/unused-category", message, coco.name, unused[:EXAMPLES], hint, "warning", len(unused))]
