"""Boxes from the cells of a table: numbers that make sense in their image, of classes that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Optional

import numpy as np

from compete.errors import Finding, fatal
from compete.scoring.coco_boxes import check_numbers
from compete.scoring.coco_checks import check_scores
from compete.scoring.coco_columns import CONTENT, SCORE, Columns
from compete.scoring.coco_order import ordered
from compete.scoring.forms.tables import CLASS, RowReport, Rows, id_of, refuse_rows, too_many_objects
from compete.scoring.images import Images
from compete.scoring.spans import CHUNK, Array
from compete.scoring.submission import Contract, _labels, _numbers
from compete.scoring.table import Table
from compete.scoring.threads import on_all_cores
from compete.terms import Terms
from metrics.objects import Objects

CORNERS = {"xywh": ("x", "y", "width", "height"), "xyxy": ("left", "top", "right", "bottom")}
"""The columns of a box, by the terms' ``coordinates``."""

_HINTS: dict[str, dict[str, str]] = {
    "xywh": {},
    "xyxy": {
        "box-size": "a box is left, top, right, bottom: right lies beyond left, bottom below top; leave out empty ones",
        "relative-box": "these look like parts of the image; multiply left and right by its width, top and bottom by "
        "its height",
        "box-corners": "",
    },
}
NEARLY_ALL = 0.95
"""Share of boxes that must fit in another reading before it is proposed."""


def boxes_of(rows: Rows, table: Table, image: Array, terms: Terms, images: Images) -> Objects:
    """Check boxes, and bring them into one order: by image, class and falling score.

    Args:
        rows: the file, and what was found so far.
        table: one row a box: class (not needed where there is one), corners and score.
        image: the place of each box's image, or -1, int32, shape (boxes,).
        terms: the challenge.
        images: the test images.

    Raises:
        SubmissionError: something is wrong with the file; all that was found is told.
    """
    findings = rows.findings
    code, faults = classes_of(table, terms)
    findings += faults
    value, faults = _numbers(table, Contract("", (*CORNERS[terms.coordinates], SCORE), "value"))
    findings += faults
    if len(value) < 5 or len(code) < table.rows:
        refuse_rows(rows)
    box, score = value[:4], value[4]
    if terms.coordinates == "xyxy":
        box = [*box[:2], box[2] - box[0], box[3] - box[1]]
    columns = Columns(image, code, score)
    if faults:
        unread = {CONTENT["boxes"]: np.isnan(np.stack(box)).any(axis=0), SCORE: np.isnan(score)}
        columns = replace(columns, score=np.where(unread[SCORE], 0.0, score), unread=unread)
    report = RowReport(table, lambda row: id_of(images, int(image[row])), _HINTS[terms.coordinates])
    if terms.form == "strings" and _score_stands_last(value[3], score):
        message = "{results} whose last word looks like the score, and the first number like a place"
        cure = f"write class score {' '.join(CORNERS[terms.coordinates])}"
        report.tell("word-order", message, np.arange(table.rows), None, cure)
    elif faults or not all_inside(value, image, images, terms):
        _tell_boxes(replace(columns, numbers=np.stack(box, axis=1)), image, images, terms, report)
    check_scores(columns, report)
    findings += report.findings
    findings += too_many_objects(rows, image, images, terms.most_objects)
    if fatal(findings):
        refuse_rows(rows)
    objects, repeats = _in_order(columns, box, terms, images)
    findings += repeated(repeats, table, image, images)
    return objects


def _tell_boxes(columns: Columns, image: Array, images: Images, terms: Terms, report: RowReport) -> None:
    """Tell of boxes that cannot be meant; see `boxes_of` for the arguments."""
    sizes = _looks_like_sizes(columns, images) if terms.coordinates == "xyxy" else np.zeros(0, dtype=np.int64)
    if len(sizes):
        message = "{results} whose right or bottom comes first, and nearly all fit when read as x, y, width, height"
        hint = "write left, top, right, bottom: right is x + width, bottom is y + height"
        report.tell("box-sizes", message, sizes, None, hint)
    else:
        check_numbers(columns, "boxes", image, images, report)


def classes_of(table: Table, terms: Terms) -> tuple[Array, list[Finding]]:
    """The class of each row, int32, and what is wrong with the cells; there is no column where there is one class."""
    if CLASS not in table.columns and CLASS not in terms.columns:
        return np.zeros(table.rows, dtype=np.int32), []
    codes, findings = _labels(table, Contract("", (CLASS,), "label", classes=terms.classes))
    return (codes[0] if codes else np.zeros(0, dtype=np.int32)), findings


def repeated(again: Array, table: Table, image: Array, images: Images) -> list[Finding]:
    """Warn of predictions that say the same as another."""
    report = RowReport(table, lambda row: id_of(images, int(image[row])))
    hint = "each repeat counts as a false alarm; remove them"
    report.tell("repeated-result", "{results} that stand there twice", np.sort(again), None, hint, severity="warning")
    return report.findings


def box_cells(objects: Objects, terms: Terms) -> Iterator[tuple[float, ...]]:
    """The four numbers of each box, as the challenge wants them."""
    if objects.box is None:
        raise ValueError("these objects have no boxes")
    box = objects.box.copy()
    if terms.coordinates == "xyxy":
        box[:, 2:] += box[:, :2]
    return map(tuple, box.tolist())


def expected(objects: Objects) -> Objects:
    """What a perfect submission predicts: all but crowds and what is ignored."""
    wanted = np.ones(objects.count, dtype=bool)
    for unwanted in (objects.crowd, objects.ignore):
        if unwanted is not None:
            wanted &= ~unwanted
    return objects.take(np.flatnonzero(wanted))


def scores_of(objects: Objects) -> list[float]:
    """How sure each object is; a truth is sure."""
    scores: list[float] = (np.ones(objects.count) if objects.score is None else objects.score).tolist()
    return scores


def _in_order(columns: Columns, box: Sequence[Array], terms: Terms, images: Images) -> tuple[Objects, Array]:
    """The boxes in order, and those that say the same as another."""
    group = columns.image.astype(np.int64) * len(terms.classes) + columns.category
    order, repeats = ordered(group, columns.score, lambda row: [one[row] for one in box[::-1]])
    image, category, score = (np.empty_like(one) for one in (columns.image, columns.category, columns.score))
    # numpy takes whole rows many times as fast as it indexes them, and faster than four columns.
    written, number = np.empty((2, len(order), 4))

    def write(low: int, high: int) -> None:
        for place, one in enumerate(box):
            written[low:high, place] = one[low:high]

    def take(low: int, high: int) -> None:
        row = order[low:high]
        pairs = (columns.image, image), (columns.category, category), (columns.score, score), (written, number)
        for one, taken in pairs:
            one.take(row, axis=0, out=taken[low:high], mode="clip")

    for work in (write, take):
        on_all_cores(len(order), 1, work)
    return Objects(images.n, len(terms.classes), image, category, box=number, score=score), repeats


def all_inside(value: Sequence[Array], image: Array, images: Images, terms: Terms) -> bool:
    """Whether all boxes have an area in their image and reach out by a pixel at most, so that nothing is to be told.

    Args:
        value: the four numbers of each box as they were written, float64, each of shape (boxes,).
        image: the place of each box's image, or -1, int32, shape (boxes,).
        images: the test images.
        terms: the challenge; its ``coordinates`` say what the numbers are.
    """
    beyond = on_all_cores(len(image), CHUNK, lambda low, high: _reach(value, image, images, terms, (low, high)))
    return None not in beyond and any(beyond)


def _reach(value: Sequence[Array], image: Array, images: Images, terms: Terms, rows: tuple[int, int]) -> Optional[bool]:
    """Whether any of some boxes reaches beyond two pixels; None where anything is to be told of one."""
    beyond = False
    for low in range(*rows, CHUNK):
        place = image[low : min(low + CHUNK, rows[1])]
        left, top, right, bottom = (one[low : low + len(place)] for one in value[:4])
        if terms.coordinates == "xywh":
            right, bottom = left + right, top + bottom
        across, down = images.width.take(place), images.height.take(place)
        good = (right > left) & (bottom > top) & (left < across) & (top < down) & (right > 0) & (bottom > 0)
        good &= (left >= -across) & (top >= -down) & (right <= across + 1) & (bottom <= down + 1)
        if not good.all() or int(place.min()) < 0:
            return None
        beyond = beyond or float(right.max()) > 2 or float(bottom.max()) > 2
    return beyond


def _score_stands_last(last: Array, score: Array) -> bool:
    """Whether all boxes end in what could be a score, and most have one that could not."""
    if not len(score) or not ((last >= 0) & (last <= 1)).all():
        return False
    return 2 * int(np.count_nonzero(score > 1)) > len(score)


def _looks_like_sizes(columns: Columns, images: Images) -> Array:
    """Corners in reverse, if they are many and nearly all fit when read as left, top, width, height; else none."""
    entry = np.flatnonzero((columns.image >= 0) & columns.read(CONTENT["boxes"]))
    if columns.numbers is None or not len(entry):
        return entry
    left, top, across, down = columns.numbers[entry].T
    width, height = across + left, down + top
    backward = np.flatnonzero((across < 0) | (down < 0))
    place = columns.image[entry]
    fits = (width > 0) & (height > 0)
    fits &= (left + width <= images.width[place] + 1) & (top + height <= images.height[place] + 1)
    many = 4 * len(backward) > len(entry) and np.count_nonzero(fits) >= NEARLY_ALL * len(entry)
    return entry[backward] if many else entry[:0]
