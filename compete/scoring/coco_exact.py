"""COCO results read one by one with Python's ``json``: whatever is odd is told, what is whole becomes columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from compete.errors import EXAMPLES
from compete.scoring.coco_columns import CATEGORY, CONTENT, IMAGE, SCORE, Columns
from compete.scoring.coco_report import Report, quoted
from compete.scoring.coco_shapes import exact_shapes
from compete.scoring.json_text import Document, is_odd, tell_oddities
from compete.scoring.source import excerpt, refuse_all
from compete.scoring.spans import Array
from metrics.frozen import dataclass

OTHER_TASKS = ("caption",)
"""Keys of results of other tasks, by which some graders choose what they compute."""

_LISTS = ("annotations", "results", "predictions", "detections")
_NEAR = {
    IMAGE: ("image", "imageId", "img_id", "id", "file_name", "image_name"),
    CATEGORY: ("category", "class", "class_id", "label", "label_id", "categoryId"),
    SCORE: ("confidence", "conf", "prob", "probability", "scores"),
    "bbox": ("box", "boxes", "bounding_box", "xywh", "xyxy"),
    "segmentation": ("mask", "rle", "segm", "counts", "polygon"),
    "keypoints": ("points", "keypoint", "kpts", "pose"),
}


@dataclass(frozen=True, eq=False)
class Results:
    """Results one by one.

    Attributes:
        row: the place of each in the file's list, int64, shape (n,).
        each: the results.
        missing: key → which results do not have it, bool, shape (n,).
        report: takes the findings.
    """

    row: Array
    each: list[dict[str, Any]]
    missing: dict[str, Array]
    report: Report

    def tell(self, rule: str, message: str, wrong: Array, values: Sequence[Any], hint: str) -> None:
        """One finding about the results at some places; ``values`` are those of the first of them."""
        self.report.tell(rule, message, self.row[wrong], lambda k: quoted(values[k]), hint)


def exact_columns(document: Document, kind: str, points: int, report: Report) -> Columns:
    """Read every result, and tell of each that is not as it should be.

    Args:
        document: the decoded file.
        kind: ``boxes``, ``masks`` or ``points``.
        points: how many keypoints an object has.
        report: takes the findings.

    Raises:
        SubmissionError: the document is no list of results, or is odd in what is not read.
    """
    row, each = _results(document, report)
    content = CONTENT[kind]
    keys = (IMAGE, CATEGORY, content, SCORE)
    _look_at_other_keys(document, Results(row, each, {}, report), keys, () if kind == "boxes" else ("bbox",))
    if document.repeated:
        tell_oddities(document.source, document.text, document.repeated)
    if not each:
        refuse_all(document.source, report.findings)
    missing = {key: np.array([key not in one for one in each], dtype=bool) for key in keys}
    results = Results(row, each, missing, report)
    _tell_missing(results, keys)
    (image, no_image), (category, no_category) = _whole(IMAGE, results), _whole(CATEGORY, results)
    score, no_score = _numbers(SCORE, 1, results)
    unread = {IMAGE: no_image, CATEGORY: no_category, SCORE: no_score}
    if kind == "masks":
        shapes, unread[content] = exact_shapes(row, [one.get(content) for one in each], missing[content], report)
        return Columns(image, category, score[:, 0], shapes=shapes, unread=unread, row=row)
    numbers, unread[content] = _numbers(content, 4 if kind == "boxes" else 3 * points, results)
    return Columns(image, category, score[:, 0], numbers, unread=unread, row=row)


def _results(document: Document, report: Report) -> tuple[Array, list[dict[str, Any]]]:
    """The results that are objects, with their places in the list."""
    value = document.value
    if type(value) is not list:
        near = [name for name in _LISTS if type(value) is dict and type(value.get(name)) is list]
        hint = (
            f"send the list that stands under {near[0]!r}, alone" if near else "send one list with an object a result"
        )
        if type(value) is dict and {IMAGE, SCORE} & set(value):
            hint = "this is a single result; put it in a list"
        what = "an object" if type(value) is dict else "a text" if type(value) is str else "a single value"
        report.tell_file("not-a-list", f"the file holds {what}, not a list of results", hint, items=[quoted(value)])
        refuse_all(document.source, report.findings)
    if not value:
        hint = "send at least one result; a program that found nothing has most often failed before"
        report.tell_file("empty-file", "the list of results is empty", hint)
        refuse_all(document.source, report.findings)
    if set(map(type, value)) == {dict}:
        return np.arange(len(value)), value
    row = np.array([place for place, one in enumerate(value) if type(one) is dict], dtype=np.int64)
    other = np.array([place for place, one in enumerate(value) if type(one) is not dict], dtype=np.int64)
    nested = type(value[other[0]]) is list
    hint = (
        "join the lists of the images into one list" if nested else "each result is an object with image_id and so on"
    )
    report.tell(
        "not-a-result", "{results} with something else than an object", other, lambda k: quoted(value[other[k]]), hint
    )
    return row, [value[place] for place in row.tolist()]


def _look_at_other_keys(document: Document, results: Results, read: Sequence[str], beside: Sequence[str]) -> None:
    """Tell of keys that are not read, save the usual ones, and refuse what no strict JSON holds, in them too."""
    row, each, report = results.row, results.each, results.report
    other = sorted(set[str]().union(*each) - set(read))
    if not other:
        return
    if any(is_odd({key: one[key] for key in one if key not in read}, 2) for one in each):
        tell_oddities(document.source, document.text, document.repeated)
    foreign = [key for key in other if key in OTHER_TASKS]
    if foreign:
        rows = row[[any(key in one for key in foreign) for one in each]]
        hint = f"remove it: it belongs to another task; each result needs {', '.join(read)}"
        report.tell("foreign-key", f"{{results}} with the key {foreign[0]}", rows, None, hint)
    unread = [key for key in other if key not in OTHER_TASKS and key not in beside]
    if unread:
        rows = row[[any(key in one for key in unread) for one in each]]
        names = ", ".join(excerpt(key) for key in unread[:5]) + ", …" * (len(unread) > 5)
        hint = f"leave it out; of a result only {', '.join(read)} are read"
        message = f"{{results}} with keys that are not read ({names})"
        report.tell("unread-key", message, rows, None, hint, severity="warning")


def _tell_missing(results: Results, keys: Sequence[str]) -> None:
    """Tell of keys that results do not have."""
    names = {name for one in results.each[:100] for name in one}
    for key in keys:
        near = [name for name in _NEAR[key] if name in names]
        hint = f"write {key} where it says {near[0]}" if near else f"every result needs {', '.join(keys)}"
        rows = results.row[results.missing[key]]
        results.report.tell("missing-key", f"{{results}} without {key}", rows, None, hint)


def _whole(key: str, results: Results) -> tuple[Array, Array]:
    """Whole numbers of one key, and which entries hold none."""
    values: list[Any] = [one.get(key) for one in results.each]
    missing = results.missing[key]
    if set(map(type, values)) == {int} and -(1 << 63) <= min(values) <= max(values) < 1 << 63:
        return np.array(values, dtype=np.int64), missing
    fits = [type(one) is int and -(1 << 63) <= one < 1 << 63 for one in values]
    wrong = np.flatnonzero(~(missing | np.array(fits, dtype=bool)))
    if len(wrong):
        shown = [values[place] for place in wrong[:EXAMPLES].tolist()]
        results.tell(
            "wrong-type", f"{{results}} whose {key} is no whole number", wrong, shown, _whole_hint(key, shown[0])
        )
    held = [one if good else 0 for one, good in zip(values, fits)]
    return np.array(held, dtype=np.int64), ~np.array(fits, dtype=bool)


def _whole_hint(key: str, value: Any) -> str:
    """Why a value is no whole number, and what to write."""
    where = "test.json under images" if key == IMAGE else "test.json under categories"
    if type(value) is str:
        digits = value.strip().isdigit()
        return f"write {value.strip()[:20]} without quotes" if digits else f"write the id, a number; see {where}"
    if type(value) is float:
        return "write it without a decimal point (in pandas: astype(int) before writing)"
    if type(value) is bool:
        return "true and false are no numbers"
    return f"every result needs one; the numbers stand in {where}"


def _numbers(key: str, width: int, results: Results) -> tuple[Array, Array]:
    """Finite numbers of one key, ``width`` a result, and which entries hold none."""
    single = key == SCORE
    values: list[Any] = [[one.get(key)] if single else one.get(key) for one in results.each]
    array, typed = _plain(values, width), np.ones(len(values), dtype=bool)
    if array is None:
        fits = [_is_list_of_numbers(one, width) for one in values]
        typed, blank = np.array(fits, dtype=bool), [0.0] * width
        held = [list(map(_float, one)) if good else blank for one, good in zip(values, fits)]
        array = np.array(held, dtype=np.float64).reshape(len(values), width)
    finite = np.isfinite(array).all(axis=1)
    wrong, infinite = np.flatnonzero(~typed & ~results.missing[key]), np.flatnonzero(~finite)
    if len(wrong):
        shown = [values[place][0] if single else values[place] for place in wrong[:EXAMPLES].tolist()]
        what = "number" if single else f"list of {width} numbers"
        results.tell(
            "wrong-type", f"{{results}} whose {key} is no {what}", wrong, shown, _list_hint(key, shown[0], width)
        )
    shown = [values[place][0] if single else values[place] for place in infinite[:EXAMPLES].tolist()]
    hint = "replace nan and infinity before you write the file; they come from a division by zero or a broken model"
    message = f"{{results}} whose {key} holds nan, infinity or a number too large"
    results.tell("not-finite", message, infinite, shown, hint)
    return array, ~(typed & finite)


def _plain(values: Sequence[Any], width: int) -> Any:
    """Lists of as many numbers each as an array, None where any is something else."""
    if set(map(type, values)) != {list} or set(map(len, values)) != {width}:
        return None
    flat = list(chain.from_iterable(values))
    if not set(map(type, flat)) <= {int, float}:
        return None
    try:
        return np.array(flat, dtype=np.float64).reshape(-1, width)
    except OverflowError:
        return None


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _is_list_of_numbers(value: Any, width: int) -> bool:
    return type(value) is list and len(value) == width and set(map(type, value)) <= {int, float}


def _list_hint(key: str, value: Any, width: int) -> str:
    """Why a value is not what its key should hold."""
    if key == SCORE:
        if type(value) is str:
            return "write the number without quotes"
        return "every result needs a score, a plain number such as 0.87"
    if type(value) is list and len(value) != width and all(type(one) in (int, float) for one in value):
        form = "x, y, width, height" if key == "bbox" else f"x, y, visibility of each of the {width // 3} points"
        return f"{len(value)} numbers stand where {width} belong: {form}"
    if type(value) is list and len(value) == 1 and type(value[0]) is list:
        return "the list stands in a further list; take that away"
    if type(value) is dict:
        return "write a plain list of numbers, not an object"
    return f"write a list of {width} plain numbers"
