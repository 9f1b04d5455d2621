"""COCO results: a JSON list of boxes, masks or keypoints with image, class and score, read strictly or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional, Union

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
from compete.scoring.coco_order import ordered
from compete.scoring.coco_report import Report
from compete.scoring.coco_rows import alike_columns
from compete.scoring.images import Images
from compete.scoring.json_text import collection_paused, decode_json, load_json
from compete.scoring.source import Caps, Source, refuse_all
from compete.scoring.spans import Array
from compete.terms import Terms
from metrics.objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

Keys = Callable[[Array], list[Array]]
Content = Callable[[Array], dict[str, Any]]

BYTES = {"boxes": 1 << 10, "points": 1 << 13, "masks": 1 << 16}
"""Bytes of the file allowed for each result allowed."""

HEAD = 1 << 12
"""Bytes by which the way of writing numbers is judged."""

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
    columns, report = _plain(loaded, terms), Report(loaded)
    if columns is None:
        from compete.scoring.coco_exact import exact_columns

        with collection_paused():
            document = decode_json(loaded)
            report = Report(loaded, document.text)
            columns = exact_columns(document, terms.kind, len(terms.points), report)
            del document
    objects = _judged(columns, terms, images, report)
    if objects is None or fatal(report.findings):
        refuse_all(loaded, report.findings)
    return objects, tuple(report.findings)


def _plain(source: Source, terms: Terms) -> Optional[Columns]:
    """Results that are surely plain, read by the fastest reader that can; None for the exact reader's turn."""
    asked = source, terms.kind, len(terms.points)
    columns = None if _is_long_winded(source) else alike_columns(*asked)
    if columns is None:
        from compete.scoring.coco_typed import plain_columns

        columns = plain_columns(*asked)
    if columns is None and _is_long_winded(source):
        columns = alike_columns(*asked)
    return columns


def _is_long_winded(source: Source) -> bool:
    """Whether many of the first numbers have all the digits of a float, which msgspec reads faster where it is."""
    head = bytes(source.buffer[source.begin : min(source.end, source.begin + HEAD)])
    return len(re.findall(rb"[0-9]\.[0-9]{13}", head)) > HEAD // 128


def caps_of(terms: Terms, images: Images) -> Caps:
    """How large a file of results may be."""
    wanted = terms.most_objects * images.n * BYTES[terms.kind]
    return Caps(size=min(LARGEST, SMALLEST + wanted))


def _refuse_too_many(source: Source, terms: Terms, images: Images) -> None:
    """Refuse a file with far more objects than results are allowed, before any is made."""
    objects = source.count(b"{")
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
    if terms.kind == "masks":
        keys, content = _masks(columns, image, images, report)
    else:
        keys, content = _numbers(columns, image, images, terms.kind, report)
    if fatal(report.findings):
        return None
    order, repeats = ordered(image.astype(np.int64) * len(known) + category, columns.score, keys)
    objects = content(order)
    _warn_of_repeats(columns, repeats, report)
    return Objects(images.n, len(known), image[order], category[order], score=columns.score[order], **objects)


def _numbers(columns: Columns, image: Array, images: Images, kind: str, report: Report) -> tuple[Keys, Content]:
    """Check boxes or keypoints; sort keys of some of them, and some of them as objects have them."""
    check_numbers(columns, kind, image, images, report)
    number = np.zeros((0, len(columns))) if columns.numbers is None else columns.numbers.T

    def content(order: Array) -> dict[str, Any]:
        taken = np.take(number, order, axis=1).T  # by columns, which is how boxes are computed with
        return {"box": taken} if kind == "boxes" else {"points": taken.reshape(len(order), -1, 3)}

    return lambda row: list(number[::-1, row]), content


def _masks(columns: Columns, image: Array, images: Images, report: Report) -> tuple[Keys, Content]:
    """Check masks; sort keys of some of them, and some of them as objects have them."""
    from compete.scoring.coco_masks import checked_segmentations, masks_in_order

    found = checked_segmentations(columns, image, images, report)
    if fatal(report.findings):
        masks_in_order(found, np.flatnonzero(found.good))
    return found.ranks, lambda order: {"mask": masks_in_order(found, order)}


def _warn_of_repeats(columns: Columns, repeats: Array, report: Report) -> None:
    """Warn of results that say the same as another."""
    hint = "each repeat counts as a false alarm; remove them"
    rows = np.sort(rows_of(columns, repeats))
    report.tell("repeated-result", "{results} that stand there twice", rows, None, hint, severity="warning")
