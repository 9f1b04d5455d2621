"""``panoptic.json`` of a submission: which segments each label image holds, and of which class; read strictly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Union

import numpy as np

from compete.errors import Finding, fatal
from compete.scoring.coco_checks import category_cure, places_of
from compete.scoring.coco_columns import CATEGORY, IMAGE
from compete.scoring.coco_report import Report, quoted
from compete.scoring.images import Images
from compete.scoring.json_text import Document, load_json, parse_json
from compete.scoring.source import Caps, Source, counted, refuse_all
from compete.scoring.spans import Array
from compete.terms import Terms
from metrics.frozen import dataclass

OTHER_CATEGORY = "label_id"
"""What transformers calls the class of a segment, as its model counts classes."""

LIST, FILE, SEGMENTS = "annotations", "file_name", "segments_info"
LARGEST_ID = (1 << 24) - 1
"""A segment's id is the colour of its pixels: red + 256 green + 65,536 blue; 0 is no segment."""

BYTES = 1 << 17
"""Bytes of the file allowed for each image."""

_READ = {IMAGE, FILE, SEGMENTS}
_TEST = "test.json lists the images and their ids"


@dataclass(frozen=True, eq=False)
class PanopticFiles:
    """What ``panoptic.json`` says.

    Attributes:
        file: the name of the label image of each test image, in the solution's order.
        image: the image of each segment, ascending, int32, shape (m,).
        segment: its id, int64, shape (m,), ascending within an image.
        category: its class, int32, shape (m,).
    """

    file: tuple[str, ...]
    image: Array
    segment: Array
    category: Array


def read_panoptic_json(
    source: Union[Source, str, Path, bytes], terms: Terms, images: Images, name: str = ""
) -> tuple[PanopticFiles, tuple[Finding, ...]]:
    """Read the segments of a panoptic submission.

    Args:
        source: path of the file, its bytes, or a source that `load_json` made.
        terms: the challenge.
        images: the test images; each must be there once.
        name: how findings call the file; its path by default.

    Returns:
        Files and segments, and what is odd and harmless.

    Raises:
        SubmissionError: the file is refused; every fault that can be told is among the findings.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
    """
    caps = Caps(size=min(1 << 30, (1 << 20) + BYTES * images.n))
    loaded = source if isinstance(source, Source) else load_json(source, caps, name)
    document = parse_json(loaded)
    report = Report(loaded, document.text, LIST)
    each = _annotations(document, report)
    image = _images(each, images, report)
    file = _files(each, report)
    row, segment, category = _segments(each, terms, report)
    if fatal(report.findings):
        refuse_all(loaded, report.findings)
    names = [""] * images.n
    for place, one in zip(image.tolist(), file):
        names[place] = one
    owner = image[row]
    order = np.lexsort((segment, owner))
    return PanopticFiles(tuple(names), owner[order], segment[order], category[order]), tuple(report.findings)


def _annotations(document: Document, report: Report) -> list[dict[str, Any]]:
    """The annotations, each an object with the keys that are read."""
    value = document.value
    if type(value) is not dict or type(value.get(LIST)) is not list:
        hint = 'write {"annotations": [{"image_id", "file_name", "segments_info": [{"id", "category_id"}]}]}'
        if type(value) is list:
            hint = 'put the list into an object: {"annotations": […]}'
        report.tell_file("not-panoptic", "the file has no list of annotations", hint, items=[quoted(value)])
        refuse_all(document.source, report.findings)
    each = value[LIST]
    hint, message = "each is an object with image_id, file_name and segments_info", "{results} with something else"
    Given(each, report).refuse_odd(lambda one: type(one) is not dict, "not-a-result", message, hint)
    if fatal(report.findings):
        refuse_all(document.source, report.findings)
    for key in sorted(_READ):
        wrong = np.array([row for row, one in enumerate(each) if key not in one], dtype=np.int64)
        report.tell("missing-key", f"{{results}} without {key}", wrong, None, f"each needs {', '.join(sorted(_READ))}")
    if fatal(report.findings):
        refuse_all(document.source, report.findings)
    return list(each)


@dataclass(frozen=True, eq=False)
class Given:
    """One value of each annotation, and where findings about it go."""

    values: Sequence[Any]
    report: Report

    def refuse_odd(self, odd: Callable[[Any], bool], rule: str, message: str, hint: str) -> None:
        """One finding about all values that a test finds odd."""
        wrong = np.array([row for row, one in enumerate(self.values) if odd(one)], dtype=np.int64)
        self.tell(wrong, rule, message, hint)

    def tell(self, wrong: Array, rule: str, message: str, hint: str) -> None:
        """One finding about some values."""
        self.report.tell(rule, message, wrong, lambda k: quoted(self.values[wrong[k]]), hint)


def _is_whole(value: Any) -> bool:
    return type(value) is int and -(1 << 63) <= value < 1 << 63


def _images(each: Sequence[dict[str, Any]], images: Images, report: Report) -> Array:
    """The place of each annotation's image; every image is there once."""
    given = Given([one[IMAGE] for one in each], report)
    whole = np.array([_is_whole(one) for one in given.values], dtype=bool)
    hint = "write the number that test.json gives the image, without quotes"
    given.tell(np.flatnonzero(~whole), "wrong-type", "{results} whose image_id is no whole number", hint)
    number = [one if good else 0 for one, good in zip(given.values, whole.tolist())]
    place = places_of(np.array(number, dtype=np.int64), images.number)
    place[~whole] = -1
    given.tell(np.flatnonzero(whole & (place < 0)), "unknown-image", "{results} whose image_id is no test image", _TEST)
    known = np.flatnonzero(place >= 0)
    first = np.full(images.n, -1, dtype=np.int64)
    first[place[known][::-1]] = known[::-1]
    again = known[first[place[known]] != known]
    given.tell(again, "repeated-image", "{results} whose image stood before", "describe each image once")
    missing = images.number[first < 0]
    if len(missing) and whole.all():
        message = f"{counted(len(missing), 'test image')} of {images.n:,} without an annotation"
        report.tell_file("missing-image", message, _TEST, items=[f"image {one}" for one in missing[:3].tolist()])
    return place


def _is_no_name(value: Any) -> bool:
    return type(value) is not str or not value.strip() or not value.isprintable() or len(value) > 255


def _files(each: Sequence[dict[str, Any]], report: Report) -> list[str]:
    """The label image that each annotation names."""
    given = Given([one[FILE] for one in each], report)
    hint = "write the name of the PNG file in the archive"
    given.refuse_odd(_is_no_name, "wrong-type", "{results} whose file_name is no file name", hint)
    first: dict[str, int] = {}
    for row, one in enumerate(given.values):
        if not _is_no_name(one):
            first.setdefault(one, row)
    again = [row for row, one in enumerate(given.values) if not _is_no_name(one) and first[one] != row]
    message = "{results} whose file another has too"
    given.tell(np.array(again, dtype=np.int64), "repeated-file", message, "write one PNG an image")
    return list(given.values)


def _segments(each: Sequence[dict[str, Any]], terms: Terms, report: Report) -> tuple[Array, Array, Array]:
    """Annotation, id and class of each segment."""
    given = Given([one[SEGMENTS] for one in each], report)
    hint = 'write a list of {"id", "category_id"}; an image without segments has an empty list'
    given.refuse_odd(_is_no_list, "wrong-type", "{results} whose segments_info is no list of objects", hint)
    held = [[] if _is_no_list(one) else one for one in given.values]
    flat = [(row, one.get("id"), one.get(CATEGORY)) for row, ones in enumerate(held) for one in ones]
    good = [_is_whole(one) and _is_whole(number) for _, one, number in flat]
    wrong = np.array(list(dict.fromkeys(one[0] for one, fine in zip(flat, good) if not fine)), dtype=np.int64)
    hint = "every segment has an id and a category_id, whole numbers without quotes"
    if any(OTHER_CATEGORY in one and CATEGORY not in one for ones in held for one in ones):
        hint += f"; a {OTHER_CATEGORY} is the place of a class in a model: give its category_id instead"
    report.tell("wrong-type", "{results} with a segment without such numbers", wrong, None, hint)
    kept = [one for one, fine in zip(flat, good) if fine]
    row, segment, number = np.array(kept, dtype=np.int64).reshape(-1, 3).T
    category = places_of(number, np.array(terms.class_ids, dtype=np.int64))
    _check_segments(row, segment, report)
    place = np.flatnonzero(category < 0)
    index = np.flatnonzero(np.diff(row[place], prepend=-1))
    message, hint = "{results} with a segment whose category_id is none", category_cure(number, terms) if kept else ""
    report.tell("unknown-category", message, row[place[index]], lambda k: str(number[place[index[k]]]), hint)
    return row, segment, category


def _check_segments(row: Array, segment: Array, report: Report) -> None:
    """Tell of ids that no colour has, and of ids that stand twice in an image."""
    order = np.lexsort((segment, row))
    again = np.zeros(len(row), dtype=bool)
    again[order[1:]] = (segment[order[1:]] == segment[order[:-1]]) & (row[order[1:]] == row[order[:-1]])
    outside = (segment < 1) | (segment > LARGEST_ID)
    hint = "an id is red + 256 green + 65,536 blue of the segment's pixels; 0 is no segment"
    for rule, message, which, cure in (
        ("segment-id", "{results} with an id outside 1 to 16,777,215", outside, hint),
        ("repeated-segment", "{results} with an id that two segments have", again, "give each segment its own id"),
    ):
        place = np.flatnonzero(which)
        place = place[np.flatnonzero(np.diff(row[place], prepend=-1))]
        shown = [str(one) for one in segment[place[:3]].tolist()]
        report.tell(rule, message, row[place], shown.__getitem__, cure)


def _is_no_list(value: Any) -> bool:
    return type(value) is not list or any(type(one) is not dict for one in value)
