"""COCO results: a JSON list of boxes, masks or keypoints with image, class and score, read strictly or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from compete.errors import Finding, fatal
from compete.scoring.coco_boxes import check_numbers
from compete.scoring.coco_checks import (
    check_amount,
    check_categories,
    check_images,
    check_scores,
    places_of,
    rows_of,
)
from compete.scoring.coco_columns import CATEGORY, IMAGE, Columns
from compete.scoring.coco_exact import exact_columns
from compete.scoring.coco_masks import checked_segmentations, masks_in_order
from compete.scoring.coco_order import ordered
from compete.scoring.coco_report import Report
from compete.scoring.coco_typed import plain_columns
from compete.scoring.images import Images
from compete.scoring.json_text import collection_paused, decode_json, load_json
from compete.scoring.source import Caps, Source, refuse_all
from compete.scoring.spans import Array
from compete.terms import Terms
from metrics.objects import Objects

BYTES = {"boxes": 1 << 10, "points": 1 << 13, "masks": 1 << 16}
"""Bytes of the file allowed for each result allowed."""

LARGEST = 1 << 30
SMALLEST = 1 << 20
"""Bounds of what the file may have, in bytes, however many results are allowed."""


def read_results(
    source: Union[Source, str, Path, bytes], terms: Terms, images: Images, name: str = ""
) -> tuple[Objects, tuple[Finding, ...]]:
    """Read a list of COCO results and bring it into the solution's order of images and classes.

    Of each result only ``image_id``, ``category_id``, ``score`` and ``bbox``, ``segmentation`` or ``keypoints`` are
    read. The order of results in the file changes nothing: they come out by image, class and falling score, equal
    scores by what they predict.

    Args:
        source: path of a JSON file, its bytes, or a source that `load_json` made.
        terms: the challenge; its ``kind`` says what is read.
        images: the test images.
        name: how findings call the file; its path by default.

    Returns:
        The predictions, and what is odd and harmless.

    Raises:
        SubmissionError: the submission is refused; every fault that can be told is among the findings.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
    """
    loaded = source if isinstance(source, Source) else load_json(source, caps_of(terms, images), name)
    _refuse_too_many(loaded, terms, images)
    columns, report = plain_columns(loaded, terms.kind, len(terms.points)), Report(loaded)
    if columns is None:
        with collection_paused():
            document = decode_json(loaded)
            report = Report(loaded, document.text)
            columns = exact_columns(document, terms.kind, len(terms.points), report)
            del document
    objects = _judged(columns, terms, images, report)
    if objects is None or fatal(report.findings):
        refuse_all(loaded, report.findings)
    return objects, tuple(report.findings)


def caps_of(terms: Terms, images: Images) -> Caps:
    """How large a file of results may be."""
    wanted = terms.most_objects * images.n * BYTES[terms.kind]
    return Caps(size=min(LARGEST, SMALLEST + wanted))


def _refuse_too_many(source: Source, terms: Terms, images: Images) -> None:
    """Refuse a file with far more objects than results are allowed, before any is made."""
    objects = int(np.count_nonzero(source.buffer[source.begin : source.end] == ord("{")))
    allowed = terms.most_objects * images.n
    if objects > (4 if terms.kind == "masks" else 2) * allowed + 1000:
        report = Report(source)
        message = f"about {objects:,} results, where {allowed:,} are allowed"
        hint = f"keep the {terms.most_objects:,} of each image with the highest scores"
        report.tell_file("too-many", message, hint)
        refuse_all(source, report.findings)


def _judged(columns: Columns, terms: Terms, images: Images, report: Report) -> Optional[Objects]:
    """Check all columns against the challenge and make objects of them; None where something is wrong."""
    known = np.array(terms.class_ids, dtype=np.int64)
    image, category = places_of(columns.image, images.number), places_of(columns.category, known)
    if columns.unread:
        image[~columns.read(IMAGE)], category[~columns.read(CATEGORY)] = -1, -1
    check_images(columns, image, images, terms, report)
    check_categories(columns, category, terms, report)
    check_scores(columns, report)
    check_amount(image, images, terms, report)
    found, numbers = None, np.zeros((len(columns), 0)) if columns.numbers is None else columns.numbers
    if terms.kind == "masks":
        found = checked_segmentations(columns, image, images, report)
    else:
        check_numbers(columns, terms.kind, image, images, report)
    if fatal(report.findings):
        if found is not None:
            masks_in_order(found, np.flatnonzero(found.good))
        return None
    group = image.astype(np.int64) * len(known) + category
    order, repeats = ordered(group, columns.score, found.ranks if found else lambda row: list(numbers[row].T[::-1]))
    content = {"mask": masks_in_order(found, order)} if found else _by_name(numbers[order], terms.kind)
    _warn_of_repeats(columns, repeats, report)
    return Objects(images.n, len(known), image[order], category[order], score=columns.score[order], **content)


def _by_name(numbers: Array, kind: str) -> dict[str, Any]:
    """What objects call boxes or keypoints."""
    return {"box": numbers} if kind == "boxes" else {"points": numbers.reshape(len(numbers), -1, 3)}


def _warn_of_repeats(columns: Columns, repeats: Array, report: Report) -> None:
    """Warn of results that say the same as another."""
    hint = "each repeat counts as a false alarm; remove them"
    rows = np.sort(rows_of(columns, repeats))
    report.tell("repeated-result", "{results} that stand there twice", rows, None, hint, severity="warning")
