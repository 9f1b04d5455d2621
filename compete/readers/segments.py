"""Panoptic annotations of COCO: a PNG of segment numbers an image, and in the JSON what each segment is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.challenge import Challenge
from compete.dataset import Category, Dataset, excerpt, nearest_column
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.annotations import Annotations, is_whole
from compete.readers.columns import file_findings
from compete.readers.faults import Faults, Kind
from compete.readers.label_images import GREY_STEPS, MASK_COLUMN, areas_of, png_pixels, read_maps, sizes_of
from compete.readers.label_images import KINDS as IMAGE_KINDS

if TYPE_CHECKING:
    import numpy as np

    from compete.table import Table
    from metrics.label_maps import LabelMaps

VOID = 0
"""The number of the pixels that belong to no segment."""

KINDS = {
    "not-an-annotation": Kind(
        "dataset/annotation", "annotation is not as it must be", "annotations are not as they must be",
        "each needs a whole `image_id`, a `file_name` and the list `segments_info` of {id, category_id}"),
    "unknown-image": Kind(
        "dataset/unknown-image", "annotation names an image that is not in the file",
        "annotations name images that are not in the file", "add the image, or remove the annotation"),
    "repeated-image": Kind(
        "dataset/annotation", "image has several annotations", "images have several annotations",
        "panoptic segmentation has one PNG an image"),
    "absent": Kind(
        "dataset/annotation", "image has no annotation", "images have no annotation",
        "every image needs its PNG, be it empty"),
    "unknown-category": Kind(
        "dataset/unknown-category", "segment names a category that is not in the file",
        "segments name categories that are not in the file", "add the category, or mend the number"),
    "unknown-segment": Kind(
        "dataset/segment", "number of a PNG is no segment of `segments_info`",
        "numbers of PNG files are no segments of `segments_info`",
        "a pixel of red, green and blue is the number red + 256 green + 65536 blue; 0 belongs to nothing"),
    "repeated-segment": Kind(
        "dataset/segment", "segment stands twice in one image", "segments stand twice in one image",
        "each needs its own number"),
    "unseen-segment": Kind(
        "dataset/segment", "segment has no pixel and is left out", "segments have no pixel and are left out",
        "remove them from `segments_info`", "warning"),
    **IMAGE_KINDS,
}  # fmt: skip

Known = dict[int, dict[int, tuple[str, bool]]]
"""Of each image, by its place, what its segments are: name of the category, and whether it is a crowd."""


def with_segments(challenge: Challenge, annotated: Annotations, dataset: Dataset) -> Dataset:
    """The dataset with the segments of a panoptic COCO file.

    Returns:
        The dataset with segment numbers as runs, and a label for each segment: ``segment``, ``area`` and ``crowd``.

    Raises:
        DatasetError: with one finding for every fault of the JSON and of the PNG files.
    """
    faults = Faults(annotated.name, KINDS)
    files, known = _declared(annotated, faults)
    categories, findings = _things(challenge, annotated.categories)
    findings = [*dataset.findings, *findings, *faults.findings()]
    _stop_if_fatal(annotated, findings)
    folder, place = _folder(challenge)
    items = dataset.items.extended({MASK_COLUMN: [str(folder / name) for name in files]})
    findings += file_findings(replace(dataset, items=items), MASK_COLUMN, folder, place, row="PNG")
    _stop_if_fatal(annotated, findings)
    maps = read_maps(items[MASK_COLUMN].tolist(), sizes_of(dataset), segment_pixels, faults)
    if maps is None:
        raise DatasetError(f"dataset refused: {annotated.name}", [*findings, *faults.findings()])
    labels = _labels(maps, dataset.items.index.to_numpy(), known, faults)
    findings += faults.findings()
    _stop_if_fatal(annotated, findings)
    return replace(dataset, labels=labels, findings=tuple(findings), categories=categories, maps=maps)


def segment_pixels(path: str) -> np.ndarray[Any, Any] | str:
    """The segment number of each pixel of a PNG, shape (height, width); a text says why there are none."""
    import numpy as np

    found = png_pixels(path)
    if isinstance(found, str):
        return found
    array, mode, bits = found
    if mode == "RGB":
        red, green, blue = np.moveaxis(array.astype(np.uint32), -1, 0)
        numbers: np.ndarray[Any, Any] = red | green << np.uint32(8) | blue << np.uint32(16)
        return numbers
    if mode == "L":
        return array // GREY_STEPS.get(bits, 1)
    if mode == "I;16":
        return array
    return f"its pixels are {mode}; segment numbers are written as red, green and blue"


def _stop_if_fatal(annotated: Annotations, findings: Sequence[Finding]) -> None:
    if fatal(findings):
        raise DatasetError(f"dataset refused: {annotated.name}", findings)


def _folder(challenge: Challenge) -> tuple[Path, str]:
    """The folder of PNG files: as declared, else the one that bears the name of the JSON, as COCO has it."""
    data = challenge.data
    if data.masks:
        return challenge.locate(data.masks), challenge.where("data.masks")
    return challenge.locate(data.path).with_suffix(""), challenge.where("data.path")


def _things(challenge: Challenge, categories: Sequence[Category]) -> tuple[tuple[Category, ...], list[Finding]]:
    """The categories with the things that challenge.yaml names."""
    wanted = challenge.data.things
    if not wanted:
        return tuple(categories), []
    names = [category.name for category in categories]
    strange = [name for name in wanted if name not in names]
    findings = [
        Finding("dataset/category", f"data.things names {excerpt(name)!r}, which is no category of the file",
                challenge.where("data.things"), hint=nearest_column(name, names).replace("columns", "categories"))
        for name in strange[:EXAMPLES]
    ]  # fmt: skip
    return tuple(replace(category, thing=category.name in wanted) for category in categories), findings


def _declared(annotated: Annotations, faults: Faults) -> tuple[list[str], Known]:
    """The PNG of each image, and what its segments are."""
    place_of = {number: place for place, number in enumerate(annotated.number)}
    names = {category.number: category.name for category in annotated.categories}
    files: dict[int, str] = {}
    known: Known = {}
    for number, entry in enumerate(annotated.annotations):
        name = annotated.place(number)
        if not _is_annotation(entry):
            faults.add("not-an-annotation", name)
        elif entry["image_id"] not in place_of:
            faults.add("unknown-image", f"{name}: {entry['image_id']}")
        elif place_of[entry["image_id"]] in files:
            faults.add("repeated-image", str(entry["image_id"]))
        else:
            place = place_of[entry["image_id"]]
            files[place] = entry["file_name"]
            known[place] = _segments(entry["segments_info"], name, names, faults)
    for place, file in enumerate(annotated.file):
        if place not in files:
            faults.add("absent", file)
    return [files.get(place, "") for place in range(len(annotated.file))], known


def _is_annotation(entry: Any) -> bool:
    if not isinstance(entry, dict) or not is_whole(entry.get("image_id")):
        return False
    file, listed = entry.get("file_name"), entry.get("segments_info")
    return isinstance(file, str) and bool(file) and "\0" not in file and isinstance(listed, list)


def _segments(
    entries: Sequence[Any], name: str, names: Mapping[int, str], faults: Faults
) -> dict[int, tuple[str, bool]]:
    """What the segments of an image are, by their numbers."""
    found: dict[int, tuple[str, bool]] = {}
    for entry in entries:
        whole = isinstance(entry, dict) and is_whole(entry.get("id")) and is_whole(entry.get("category_id"))
        if not whole or entry["id"] == VOID or entry.get("iscrowd", 0) not in (0, 1):
            faults.add("not-an-annotation", name)
        elif entry["category_id"] not in names:
            faults.add("unknown-category", f"{name}: {entry['category_id']}")
        elif entry["id"] in found:
            faults.add("repeated-segment", f"{name}: {entry['id']}")
        else:
            found[entry["id"]] = names[entry["category_id"]], bool(entry.get("iscrowd", 0))
    return found


def _labels(maps: LabelMaps, item: np.ndarray[Any, Any], known: Known, faults: Faults) -> Table:
    """One row a segment that has pixels."""
    import numpy as np

    from compete.table import Table

    rows = []
    seen: dict[int, set[int]] = {}
    for place, segment, area in zip(*(column.tolist() for column in areas_of(maps)), strict=True):
        seen.setdefault(place, set()).add(segment)
        if segment == VOID:
            continue
        if segment not in known[place]:
            faults.add("unknown-segment", f"{item[place]}: {segment}")
            continue
        name, crowd = known[place][segment]
        rows.append((item[place], name, segment, float(area), crowd))
    for place, segments in known.items():
        for segment in sorted(set(segments) - seen[place]):
            faults.add("unseen-segment", f"{item[place]}: {segment}")
    kinds = {"item": object, "label": object, "segment": np.int64, "area": np.float64, "crowd": bool}
    cells = zip(*rows, strict=True) if rows else ((),) * len(kinds)
    return Table({name: np.array(column, kinds[name]) for name, column in zip(kinds, cells, strict=True)})
