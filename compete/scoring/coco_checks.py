"""Look at COCO results as a whole: do they name our images and classes, and lie where something can be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compete.errors import EXAMPLES
from compete.scoring.coco_columns import CATEGORY, IMAGE, SCORE, Columns
from compete.scoring.coco_report import Report, Teller
from compete.scoring.images import Images
from compete.scoring.source import counted, excerpt
from compete.scoring.spans import Array
from compete.terms import Terms

_SPAN = 1 << 22


def places_of(value: Array, known: Array) -> Array:
    """The place of each number among known ones, or -1.

    Args:
        value: int64, shape (n,).
        known: distinct numbers in any order, shape (k,).

    Returns:
        int32, shape (n,).
    """
    low, high = int(known.min()), int(known.max())
    if high - low < _SPAN:
        table = np.full(high - low + 3, -1, dtype=np.int32)
        table[known - low + 1] = np.arange(len(known))
        return table.take(np.clip(value, low - 1, high + 1) - (low - 1))
    order = np.argsort(known)
    found = order[np.searchsorted(known, value, sorter=order).clip(max=len(known) - 1)]
    return np.where(known[found] == value, found, -1).astype(np.int32)


def check_images(columns: Columns, image: Array, images: Images, terms: Terms, report: Report) -> None:
    """Tell of results whose image is none of the test images."""
    wrong = np.flatnonzero((image < 0) & columns.read(IMAGE))
    if not len(wrong):
        return
    value = columns.image
    first, last = int(images.number.min()), int(images.number.max())
    hint = f"test.json gives every image its id, from {first} to {last}"
    shift = _shift(value[columns.read(IMAGE)], images.number)
    if shift:
        hint = f"all your numbers are {'one too low' if shift > 0 else 'one too high'}; {hint}"
    elif ((value[wrong] > last) & (value[wrong] <= last + terms.train)).all():
        hint = f"numbers above {last} are training images; {hint}"
    shown = _shown(value, wrong)
    report.tell("unknown-image", "{results} whose image_id is no test image", rows_of(columns, wrong), shown, hint)


def check_categories(columns: Columns, category: Array, terms: Terms, report: Report) -> None:
    """Tell of results whose class is none of the challenge."""
    wrong = np.flatnonzero((category < 0) & columns.read(CATEGORY))
    if not len(wrong):
        return
    hint, shown = category_cure(columns.category[columns.read(CATEGORY)], terms), _shown(columns.category, wrong)
    report.tell("unknown-category", "{results} whose category_id is none", rows_of(columns, wrong), shown, hint)


def category_cure(given: Array, terms: Terms) -> str:
    """What to write instead of category numbers of which some are none.

    Args:
        given: all numbers of the file, int64, shape (n,), at least one.
        terms: the challenge.
    """
    known = np.array(terms.class_ids, dtype=np.int64)
    named = [f"{number} ({excerpt(name)})" for number, name in zip(terms.class_ids, terms.classes)]
    hint = f"the categories are {', '.join(named[:4])}{', …' if len(named) > 4 else ''}; see test.json"
    shift = _shift(given, known)
    if shift:
        begin = f"category numbers begin at {int(known.min())}, yours at {int(given.min())}"
        return f"{begin if shift > 0 else 'all your numbers are one too high'}; {hint}"
    if given.min() >= 0 and given.max() < len(known):
        return f"write the category_id, not the place of the class in a list; {hint}"
    return hint


def _shift(value: Array, known: Array) -> int:
    """1 where all numbers would be known if they were one more and one lies just below, -1 the other way, else 0."""
    distinct = np.unique(value)
    if distinct[0] == known.min() - 1 and (places_of(distinct + 1, known) >= 0).all():
        return 1
    return -int(distinct[-1] == known.max() + 1 and bool((places_of(distinct - 1, known) >= 0).all()))


def check_scores(columns: Columns, report: Teller) -> None:
    """Warn of scores that are no probabilities: only their order counts, but it may be a slip."""
    score = columns.score
    if not len(score) or (score.min() >= 0 and score.max() <= 1):
        return
    outside = np.flatnonzero(((score < 0) | (score > 1)) & columns.read(SCORE))
    if len(outside):
        percent = score.min() >= 0 and 10 < score.max() <= 100 and np.median(score) > 1
        hint = "these look like percentages; only the order of scores counts" if percent else "only their order counts"
        rows, shown = rows_of(columns, outside), _shown(score, outside)
        report.tell("score-range", "{results} with a score outside 0 to 1", rows, shown, hint, severity="warning")


def check_amount(image: Array, images: Images, terms: Terms, report: Report) -> None:
    """Tell of images with more results than allowed."""
    amount = np.bincount(image[image >= 0], minlength=images.n)
    many = np.flatnonzero(amount > terms.most_objects)
    if len(many):
        items = [f"image {images.number[one]}: {amount[one]:,} results" for one in many[:EXAMPLES].tolist()]
        message = f"{counted(len(many), 'image')} with more than {terms.most_objects:,} results"
        hint = f"keep the {terms.most_objects:,} of each image with the highest scores"
        report.tell_file("too-many", message, hint, items=items)


def rows_of(columns: Columns, entry: Array) -> Array:
    """The places of some entries in the file's list."""
    return entry if columns.row is None else columns.row[entry]


def _shown(value: Array, wrong: Array) -> Callable[[int], str]:
    return lambda k: f"{value[wrong[k]]:.10g}" if value.dtype.kind == "f" else str(value[wrong[k]])
