"""What is true of an item, and what was predicted of it, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from compete.reports.views.records import Seen

MOST_NUMBERS = 6
"""Numbers of a row that are told."""

MOST_CLASSES = 8
"""Classes of an image that are told."""


def true_text(seen: Seen, item: int) -> str:
    """What is true of an item, in words."""
    return _words(seen, seen.truth.y_true, item, seen.terms.target)


def given_text(seen: Seen, item: int) -> str:
    """What was predicted of an item, in words."""
    terms = seen.terms
    if terms.task == "classification" and terms.kind == "probability":
        called = int(np.asarray(seen.viewed("label")).ravel()[item])
        row = np.atleast_1d(np.asarray(seen.values)[item])
        chance = float(row[called] if len(row) > 1 else row[0] if called else 1 - row[0])
        return f"{terms.classes[called]} ({chance:.0%})"
    return _words(seen, seen.values, item, terms.target if terms.form == "rows" else terms.columns)


def _words(seen: Seen, values: Any, item: int, columns: tuple[str, ...]) -> str:
    if seen.terms.of_images:
        return _held(seen, getattr(values, "objects", values), item)
    if not isinstance(values, np.ndarray):
        return _entries(values, item)
    row = np.atleast_1d(values[item])
    terms = seen.terms
    if terms.classes_of:
        return ", ".join(classes[int(code)] for classes, code in zip(terms.classes_of, row, strict=True))
    if values.dtype.kind == "i" and terms.classes:
        return terms.classes[int(row[0])]
    if values.dtype == np.uint8 and len(row) > 1:
        return ", ".join(name for name, flag in zip(columns, row, strict=True) if flag) or "none"
    return ", ".join(f"{value:.4g}" for value in row[:MOST_NUMBERS].tolist()) + (
        ", …" if len(row) > MOST_NUMBERS else ""
    )


def _entries(values: Any, item: int) -> str:
    """A list, a text, or spans."""
    if hasattr(values, "strings"):
        return repr(values.strings[item])
    begin, end = values.start[item : item + 2].tolist()
    if hasattr(values, "first"):
        ends = zip(values.first[begin:end].tolist(), values.last[begin:end].tolist(), strict=True)
        return "; ".join(f"{one} {other}" for one, other in ends) or "none"
    code = values.code[begin:end].tolist()
    return " ".join(str(one if values.labels is None else values.labels[one]) for one in code) or "none"


def _held(seen: Seen, values: Any, item: int) -> str:
    """How many objects or segments of each class an image holds; of a label image which classes."""
    names = seen.terms.classes
    if seen.terms.kind == "label_maps":
        number = {value: place for place, value in enumerate(seen.terms.class_ids)}
        begin, end = values.start[item : item + 2].tolist()
        held = [names[number[value]] for value in np.unique(values.value[begin:end]).tolist() if value in number]
    else:
        count = np.bincount(values.category[values.image == item], minlength=len(names))
        held = [f"{count[place]} {names[place]}" for place in np.flatnonzero(count).tolist()]
    return ", ".join(held[:MOST_CLASSES]) + (", …" if len(held) > MOST_CLASSES else "") or "nothing"
