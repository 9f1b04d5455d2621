"""The dataset: items and labels as two tables of text, and what is made of their columns."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from compete.errors import EXAMPLES, DatasetError, Finding
from compete.formats import ANNOTATED, DISCREET
from compete.personal import is_personal
from compete.terms import IMAGE_TASKS, NO_VALUE

if TYPE_CHECKING:
    import numpy as np

    from compete.challenge import Challenge, Subgroup
    from compete.table import Column, Table
    from metrics.label_maps import LabelMaps

__all__ = [
    "MISSING", "Category", "Coverage", "Dataset", "class_order", "excerpt", "feature_columns", "group_values",
    "is_missing", "parsed_date", "parsed_number", "subgroup_values", "time_values",
]  # fmt: skip

MISSING = frozenset({"", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>"})
"""Spellings of an absent label, group or subgroup, spaces around them ignored; in features the text stays as it is."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z", re.ASCII)
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<mark>[-/:.])(?P<month>[0-9]{1,2})(?:(?P=mark)(?P<day>[0-9]{1,2}))?)?"
    r"(?:[T ](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?\Z",
    re.ASCII,
)


@dataclass(frozen=True)
class Category:
    """A class of objects or of pixels.

    Attributes:
        name: what people call it.
        number: what COCO files and label images call it.
        supercategory: what it belongs to; empty where nobody said.
        thing: whether its objects are counted one by one, in panoptic segmentation.
        points: the names of its keypoints; empty for none.
        skeleton: pairs of keypoints, from 1, that a drawing joins.
    """

    name: str
    number: int
    supercategory: str = ""
    thing: bool = True
    points: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Coverage:
    """Which classes were looked for in which image, where not all were in all, and how classes are related.

    Pairs are whole numbers of shape (k, 2): the place of an image and the place of a class, or of two classes.

    Attributes:
        absent: what was looked for and is not there; None where every class was looked for in every image.
        present: what is known to be there, whether or not it is annotated as an object; None for nothing more.
        not_exhaustive: what has more objects than are annotated; None for none.
        frequency: how many images have each class: 0 rare, 1 common, 2 frequent; None where nobody said.
        parents: classes and what contains each; None for none.
    """

    absent: np.ndarray[Any, Any] | None = None
    present: np.ndarray[Any, Any] | None = None
    not_exhaustive: np.ndarray[Any, Any] | None = None
    frequency: np.ndarray[Any, Any] | None = None
    parents: np.ndarray[Any, Any] | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Items and labels; two tables, whatever the format they came from.

    Attributes:
        items: one row an item, index = item id (text); every column of the source as text, exactly as written (a blank
            cell is ""); the file column, if there is one, holds absolute paths.
        labels: one row a label: ``item`` and ``label``; for a classification ``label`` is the class, for several labels
            and for regression it is the column's name and ``value`` its number. Of objects in images one row an object:
            ``x, y, width, height, area, crowd``, and ``rle`` (COCO's compressed run lengths) or ``points`` (x, y and
            visibility of each) as the task needs. Of label images one row a class or ``segment`` of an image, with its
            ``area``.
        findings: warnings and notes; errors were raised.
        lines: for every item the line of the source it stands on, shape (n,); empty where the source has no lines.
        source: name of the source, for findings.
        categories: of images the classes, in the order of their codes.
        maps: label images, in the order of the items: values of pixels, or numbers of segments.
        volumes: whether images have three dimensions; the items then also have the columns ``depth`` and ``affine``.
        coverage: which classes were looked for in which image; None where all were in all, and nothing else is known.
        credits: item -> who holds the rights to it and under which licence, where that must be said.
    """

    items: Table
    labels: Table
    findings: tuple[Finding, ...] = ()
    lines: Sequence[int] = ()
    source: str = ""
    categories: tuple[Category, ...] = ()
    maps: LabelMaps | None = None
    volumes: bool = False
    coverage: Coverage | None = None
    credits: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def where(self, row: int) -> str:
        """``table.csv:line`` of an item, by its position."""
        return f"{self.source}:{self.lines[row]}" if len(self.lines) else self.source


def is_missing(text: str, declared: Iterable[str] = ()) -> bool:
    """Whether a cell says that there is no value; a spelling that is declared as a class is a value.

    >>> is_missing(" NA "), is_missing("none"), is_missing("NA", ["NA", "EU"])
    (True, False, False)
    """
    return text.strip() in MISSING and text not in declared


def missing_rows(cells: Sequence[str], declared: Iterable[str] = ()) -> set[int]:
    """The positions of cells that say that there is no value."""
    spellings = {text for text in set(cells) if is_missing(text, declared)}
    return {row for row, text in enumerate(cells) if text in spellings} if spellings else set()


def excerpt(text: str, most: int = 40) -> str:
    """A cell as a message quotes it: short and harmless to a terminal."""
    inert = "".join(letter if letter.isprintable() else "�" for letter in text)
    return inert if len(inert) <= most else inert[: most - 1] + "…"


def counted(count: int, one: str, many: str) -> str:
    """A count with its noun and verb.

    >>> counted(1, "row has", "rows have"), counted(1200, "row has", "rows have")
    ('1 row has', '1,200 rows have')
    """
    return f"{count:,} {one if count == 1 else many}"


def nearest_column(name: str, columns: Iterable[str]) -> str:
    """A hint with the column that is most like the name, or all of a few."""
    known = [str(column) for column in columns]
    folded = {column.strip().casefold(): column for column in reversed(known)}
    close = get_close_matches(name.strip().casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return f"the columns are: {', '.join(known[:20])}{', …' if len(known) > 20 else ''}"


def feature_columns(challenge: Challenge, dataset: Dataset) -> tuple[str, ...]:
    """The columns that participants see, in the order of the challenge or of the table.

    As ``data.features`` says; else every column that is neither id, label, its ancestor or gain, group, file, mask,
    time, split, subgroup, label of another annotator nor beside the truth, and that ``data.drop`` does not name; those
    that are called like people or places to the metre only where ``data.personal`` says so.
    Annotations tell of sources and people, so what they say of an image beside its objects is shown only where
    ``data.features`` names it.
    """
    data = challenge.data
    if data.features or data.reader in (*ANNOTATED, *DISCREET):
        return data.features
    hidden: set[str | None] = {*data.id, *data.label, *data.group, *data.drop, *data.ranks, *data.beside}
    hidden |= {data.file, data.mask, data.gain, challenge.split.time, challenge.split.column}
    hidden |= set(dict(challenge.fingerprint).get("raters", ()))
    hidden |= {subgroup.column for subgroup in data.subgroups}
    hidden |= {"width", "height"} if challenge.task in IMAGE_TASKS else set()
    hidden |= {"depth", "affine"} if dataset.volumes else set()
    hidden |= {name for name in dataset.items.columns if is_personal(name)} - set(data.personal)
    return tuple(column for column in dataset.items.columns if column not in hidden)


def group_values(dataset: Dataset, columns: Sequence[str]) -> np.ndarray[Any, Any]:
    """Which items belong together, as one text an item.

    Args:
        dataset: the items.
        columns: items that share the values of all of them are one group.

    Returns:
        Text, shape (n,). An item whose cells are all missing is a group of its own.
    """
    import numpy as np

    items = dataset.items
    identity, absent = np.array([""] * len(items), dtype=object), np.ones(len(items), dtype=bool)
    for number, column in enumerate(columns):
        cells = _mapped(items[column], _escaped, object)
        identity = identity + " | " + cells if number else cells
        absent &= _mapped(items[column], is_missing, bool)
    alone = "alone: "
    while any(text.startswith(alone) for text in set(identity[~absent])):
        alone = f"({alone}"
    identity[absent] = [alone + str(item) for item in items.index[absent]]
    return identity


def subgroup_values(dataset: Dataset, subgroup: Subgroup) -> np.ndarray[Any, Any]:
    """The value of a subgroup for every item: a column's text, a bin, or a part of a date.

    Args:
        dataset: the items.
        subgroup: as declared in the challenge.

    Returns:
        Text, shape (n,); ``missing`` where the cell is blank.

    Raises:
        DatasetError: if a cell is no number (for bins) or no date (for a part), with the first lines.
    """
    values, findings = subgroup_texts(dataset, subgroup)
    if findings:
        raise DatasetError(f"subgroup {subgroup.name!r} cannot be made", findings)
    return values


def subgroup_texts(dataset: Dataset, subgroup: Subgroup) -> tuple[np.ndarray[Any, Any], list[Finding]]:
    """The values of a subgroup, text of shape (n,), and what is wrong with its cells."""
    convert: Callable[[str], str | None]
    if subgroup.bins:
        labels = bin_labels(subgroup.bins)
        convert, rule, what = (lambda text: _bin(text, subgroup.bins, labels)), "not-a-number", "number"
    elif subgroup.part:
        part = subgroup.part
        convert, rule, what = (lambda text: _part(text, part)), "not-a-date", f"date with a {part}"
    else:
        convert, rule, what = str.strip, "", ""
    column = dataset.items[subgroup.column]
    values = _mapped(column, lambda text: NO_VALUE if is_missing(text) else convert(text), object)
    return values, _bad_cells(dataset, column, values, rule, what)


def time_values(dataset: Dataset, column: str) -> np.ndarray[Any, Any]:
    """When each item was made, for sorting: numbers as they are, dates as seconds since 1970.

    Args:
        dataset: the items.
        column: a column of numbers, or of dates such as 2024-01-31, 2024-01-31T12:30 or 2024/01/31.

    Returns:
        Float64, shape (n,). A date without a zone counts as UTC; a month or year counts from its first day.

    Raises:
        DatasetError: if a cell is missing, or is neither, or numbers and dates are mixed.
    """
    import numpy as np

    cells = dataset.items[column]
    numbers = _mapped(cells, parsed_number, object)
    if all(number is not None for number in numbers):
        return numbers.astype(np.float64)
    moments = _mapped(cells, lambda text: None if parsed_date(text) is None else _seconds(text), object)
    if findings := _bad_cells(dataset, cells, moments, "not-a-date", "date"):
        raise DatasetError(f"column {column!r} cannot order the items", findings)
    return moments.astype(np.float64)


def parsed_number(text: str) -> float | None:
    """The number a cell spells, strictly: digits with a decimal point, finite; None for everything else.

    >>> parsed_number("1e3"), parsed_number("1,5"), parsed_number("inf"), parsed_number(" 7 ")
    (1000.0, None, None, 7.0)
    """
    text = text.strip(" ")
    if not _NUMBER.match(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def class_order(labels: Iterable[str]) -> list[str]:
    """The distinct labels in the order of their classes: as numbers where all of them are numbers, else as text.

    >>> class_order(["10", "2", "0"]), class_order(["10", "2", "none"])
    (['0', '2', '10'], ['10', '2', 'none'])
    """
    distinct = sorted(set(labels))
    numbers = {label: parsed_number(label) for label in distinct}
    if None in numbers.values():
        return distinct
    return sorted(distinct, key=lambda label: numbers[label] or 0.0)  # of equal numbers the first as text


def parsed_date(text: str) -> dict[str, str] | None:
    """The parts of a date that begins with its year; None for everything else, as 3/4/2024 may be March or April.

    >>> parsed_date("2024-01-31 08:05")["hour"], parsed_date("31/01/2024"), parsed_date("2024-02-30")
    ('08', None, None)
    """
    found = _DATE.match(text.strip())
    if not found:
        return None
    parts = {name: value for name, value in found.groupdict().items() if value and name not in ("mark", "zone")}
    numbers = {name: int(value) for name, value in parts.items()}
    try:
        datetime.datetime(**({"month": 1, "day": 1} | numbers), tzinfo=datetime.UTC)
    except ValueError:
        return None
    return {name: value.zfill(2) for name, value in parts.items()}


def bin_labels(edges: Sequence[float]) -> tuple[str, ...]:
    """What bins are called.

    >>> bin_labels((40, 60.5))
    ('< 40', '40 – 60.5', '>= 60.5')
    """
    names = [str(int(edge)) if edge == int(edge) else repr(float(edge)) for edge in edges]
    between = [f"{left} – {right}" for left, right in pairwise(names)]
    return (f"< {names[0]}", *between, f">= {names[-1]}")


def _bin(text: str, edges: Sequence[float], labels: Sequence[str]) -> str | None:
    number = parsed_number(text)
    return None if number is None else labels[sum(number >= edge for edge in edges)]


def _part(text: str, part: str) -> str | None:
    return (parsed_date(text) or {}).get(part)


def _seconds(text: str) -> float:
    found = _DATE.match(text.strip())
    assert found
    numbers = {name: int(value) for name, value in (parsed_date(text) or {}).items()}
    moment = datetime.datetime(**({"month": 1, "day": 1} | numbers), tzinfo=datetime.UTC)
    zone = found["zone"] or "Z"
    offset = 0 if zone == "Z" else int(zone[0] + "60") * (60 * int(zone[1:3]) + int(zone[-2:]))
    return moment.timestamp() - offset


def _escaped(text: str) -> str:
    """Group texts are joined by a bar, so a bar within one is marked."""
    return "" if is_missing(text) else text.strip().replace("\\", "\\\\").replace("|", "\\|")


def _mapped(column: Column, convert: Callable[[str], Any], kind: type) -> np.ndarray[Any, Any]:
    """A function of every cell, called once a distinct text."""
    import numpy as np

    from compete.table import factorized

    codes, distinct = factorized(column.to_numpy(dtype=object))
    values: np.ndarray[Any, Any] = np.empty(len(distinct), dtype=kind)
    for number, text in enumerate(distinct):
        values[number] = convert(text)
    cells: np.ndarray[Any, Any] = values[codes]
    return cells


def _bad_cells(dataset: Dataset, column: Column, values: np.ndarray[Any, Any], rule: str, what: str) -> list[Finding]:
    """One finding for all cells of a column that could not be converted."""
    bad = [row for row, value in enumerate(values) if value is None]
    if not bad:
        return []
    cells = column.to_numpy()
    texts = tuple(excerpt(cells[row]) or "(blank)" for row in bad[:EXAMPLES])
    message = f"{counted(len(bad), 'cell', 'cells')} of {column.name!r} without a {what}"
    hint = "write dates as 2024-01-31, times as 2024-01-31 08:05" if rule == "not-a-date" else (
        "decimals have a point; thousands have no mark")  # fmt: skip
    return [Finding(f"dataset/{rule}", message, dataset.where(bad[0]), texts, hint, count=len(bad))]
