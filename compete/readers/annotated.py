"""Datasets of annotated images: images, their columns, and the objects, label images or labels that the task needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, missing_rows
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.formats import UNMARKED
from compete.nifti import without_suffix
from compete.readers.annotations import Annotations
from compete.readers.columns import (
    column_findings,
    file_findings,
    group_findings,
    split_findings,
    unlisted_images,
)
from compete.readers.coverage import coverage_findings
from compete.readers.headers import with_sizes
from compete.readers.joining import joined_columns
from compete.readers.label_images import with_label_images
from compete.readers.labels import label_findings, labels_of
from compete.readers.objects import objects_of
from compete.readers.segments import with_segments
from compete.readers.stacks.address import file_of
from compete.readers.stacks.choosing import viewed
from compete.sources import joined
from compete.terms import FLAT_TASKS

if TYPE_CHECKING:
    from compete.table import Table


def annotated_dataset(challenge: Challenge, annotated: Annotations) -> Dataset:
    """The dataset of a challenge whose images are annotated, whatever format the annotations came in.

    An item is an image; its id is the name of its file without folder and ending where these differ. Images without
    annotations stay: that there is nothing is an annotation too. Tasks of one row an item take their labels from the
    columns of the images.

    Raises:
        DatasetError: with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    dataset, findings = _images(challenge, annotated)
    findings = [*annotated.findings, *findings]
    _stop_if_fatal(annotated, findings)
    if challenge.task in FLAT_TASKS:
        return _labelled(challenge, replace(dataset, findings=tuple(findings)))
    of_volumes = challenge.task == "semantic_segmentation"
    dataset, found = with_sizes(dataset, _file(challenge), volumes=of_volumes)
    findings += [*found, *_size_findings(annotated, dataset)]
    _stop_if_fatal(annotated, findings)
    findings += [*group_findings(challenge, dataset), *split_findings(challenge, dataset)]
    if challenge.task == "semantic_segmentation":
        return with_label_images(challenge, replace(dataset, findings=tuple(findings)))
    if challenge.task == "panoptic_segmentation":
        return with_segments(challenge, annotated, replace(dataset, findings=tuple(findings)))
    points, found = _keypoints(challenge, annotated)
    findings += found
    _stop_if_fatal(annotated, findings)
    labels, found = objects_of(annotated, challenge.task, dataset.items, points)
    findings += found
    _stop_if_fatal(annotated, findings)
    findings += [*_category_findings(annotated, labels), *coverage_findings(annotated, labels, dataset.items)]
    _stop_if_fatal(annotated, findings)
    return replace(dataset, labels=labels, findings=tuple(findings), coverage=annotated.coverage)


def _labelled(challenge: Challenge, dataset: Dataset) -> Dataset:
    """The dataset of a task of one row an item; images without a label are left out, as rows of a table are."""
    dataset = _with_labels(challenge, dataset)
    checks = (label_findings, group_findings, split_findings)
    findings = [*dataset.findings, *(finding for check in checks for finding in check(challenge, dataset))]
    if fatal(findings):
        raise DatasetError(f"dataset refused: {dataset.source}", findings)
    return replace(dataset, labels=labels_of(challenge, dataset), findings=tuple(findings))


def _with_labels(challenge: Challenge, dataset: Dataset) -> Dataset:
    """The items that have every label."""
    data, items = challenge.data, dataset.items
    columns = () if data.empty else data.label
    absent = set().union(*(missing_rows(items[column].tolist(), data.classes) for column in columns))
    if not absent:
        return dataset
    kept = [row for row in range(len(items)) if row not in absent]
    words = ("image has no label and is left out", "images have no label and are left out")
    told = tuple(excerpt(str(items.index.tolist()[row])) for row in sorted(absent)[:EXAMPLES])
    hint = "if the spelling is a class, list it in data.classes"
    severity = "warning" if kept else "error"
    finding = Finding(
        "dataset/missing-label", counted(len(absent), *words), dataset.source, told, hint, severity, len(absent)
    )
    if not kept:
        raise DatasetError(f"dataset refused: {dataset.source}", [*dataset.findings, finding])
    return replace(dataset, items=items.take(kept), findings=(*dataset.findings, finding))


def _stop_if_fatal(annotated: Annotations, findings: Sequence[Finding]) -> None:
    if fatal(findings):
        raise DatasetError(f"dataset refused: {annotated.name}", findings)


def _file(challenge: Challenge) -> str:
    """The column of paths; for annotated images there always is one."""
    assert challenge.data.file
    return challenge.data.file


def _images(challenge: Challenge, annotated: Annotations) -> tuple[Dataset, list[Finding]]:
    """The images as items, with the columns that the file and the table of images tell of them."""
    from compete.table import Table

    data = challenge.data
    root = challenge.locate(data.images) if data.images else annotated.root
    columns, findings = joined_columns(challenge, annotated)
    paths = [str(joined(root, name)) for name in annotated.file]
    columns[_file(challenge)] = paths if data.reader in UNMARKED else viewed(paths, data.view)
    items = Table(columns, stems(annotated.file))
    dataset = Dataset(items, Table({}), source=annotated.name, categories=annotated.categories)
    if not fatal(findings):
        findings += column_findings(challenge, "the file", list(columns))
    findings += file_findings(dataset, _file(challenge), root, challenge.where("data.images"), row="image")
    return dataset, [*findings, *_unlisted(annotated, dataset.items[_file(challenge)], root)]


def _unlisted(annotated: Annotations, paths: Iterable[str], root: Path) -> list[Finding]:
    """Images that stand beside those of the file, but not in it."""
    strange = unlisted_images(root, paths)
    if not strange:
        return []
    message = counted(len(strange), "image has no entry and is left out", "images have no entry and are left out")
    hint = "an image without any object needs an entry too, to count as one without"
    names = tuple(excerpt(Path(path).name) for path in strange[:EXAMPLES])
    return [Finding("dataset/unlisted-image", message, annotated.name, names, hint, "warning", len(strange))]


def _size_findings(annotated: Annotations, dataset: Dataset) -> list[Finding]:
    """Images whose files are not of the size that the annotations were made for."""
    items = dataset.items
    found = list(zip(map(int, items["width"]), map(int, items["height"]), strict=True))
    pairs = enumerate(zip(annotated.size, found, strict=True))
    wrong = [(row, one, other) for row, (one, other) in pairs if one is not None and other not in (one, (0, 0))]
    if not wrong:
        return []
    message = counted(len(wrong), "image is not of the size declared", "images are not of the sizes declared")
    hint = "were the images scaled after they were annotated? the boxes would be wrong; give the ones annotated"
    if all(one == other[::-1] for _, one, other in wrong):
        hint = "width and height are exchanged: were the images turned, or the two numbers?"
    told = tuple(
        f"{excerpt(annotated.file[row])} is {wide} × {high}, declared {one[0]} × {one[1]}"
        for row, one, (wide, high) in wrong[:EXAMPLES]
    )  # fmt: skip
    return [Finding("dataset/image-size", message, annotated.name, told, hint, count=len(wrong))]


def _keypoints(challenge: Challenge, annotated: Annotations) -> tuple[int, list[Finding]]:
    """How many keypoints an object has, and what is wrong with how they are declared."""
    place, categories = challenge.where("data.path"), annotated.categories
    if not categories:
        hint = _labelled_hint(annotated) or "is it the right file, and are its objects boxes, polygons or masks?"
        return 0, [Finding("dataset/category", "there is no class, and no object of any", place, hint=hint)]
    if challenge.task != "keypoints":
        return 0, []
    lists = {category.points for category in categories}
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


def _labelled_hint(annotated: Annotations) -> str:
    """What may be meant where whole images are labelled."""
    name = next(iter(annotated.choices), "")
    return f"its labels are of whole images: task: classification, and label: {excerpt(name)}" if name else ""


def _category_findings(annotated: Annotations, labels: Table) -> list[Finding]:
    """Say which categories no object has; refuse a file without any object."""
    if not len(labels):
        hint = "is this the file that holds the annotations? those that are published for a test hold none"
        hint = _labelled_hint(annotated) or hint
        return [Finding("dataset/no-object", "no image has any object", annotated.name, hint=hint)]
    used = set(labels["label"])
    unused = tuple(excerpt(category.name) for category in annotated.categories if category.name not in used)
    if not unused:
        return []
    message = counted(len(unused), "category has no object", "categories have no object")
    hint = "they stay classes that a submission may name; remove them from the file if they should not"
    examples = unused[:EXAMPLES]
    return [Finding("dataset/unused-category", message, annotated.name, examples, hint, "warning", len(unused))]


def stems(files: Sequence[str]) -> list[str]:
    """Ids of images: their names without folder and ending where these differ, else the whole paths.

    >>> stems(["a/1.png", "b/2.png"]), stems(["a/1.png", "b/1.png"])
    (['1', '2'], ['a/1.png', 'b/1.png'])
    """
    for whole in (map(file_of, files), files):
        short = [without_suffix(Path(file).name) for file in whole]
        if len(set(short)) == len(short) and all(name.isprintable() for name in short):
            return short
    return list(files)
