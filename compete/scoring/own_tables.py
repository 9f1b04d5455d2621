"""What a challenge's own metric is given: truth and prediction as tables, one row an item, or one an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from compete.bundle import ID
from compete.scoring.kinds import room_of
from compete.scoring.kinds.truths import truth_room
from compete.scoring.truth import Array, Truth
from metrics.frozen import dataclass

CLASS, SCORE = "class", "score"
SIDES = ("x", "y", "width", "height")


@dataclass(frozen=True, eq=False)
class Rows:
    """A table, and the item that each of its rows belongs to, shape (rows,)."""

    columns: Mapping[str, Array]
    item: Array

    def of(self, member: Array) -> dict[str, Array]:
        """The rows of some items, by a mask of items."""
        chosen = np.flatnonzero(member[self.item])
        return {name: column[chosen] for name, column in self.columns.items()}


def own_rows(truth: Truth, values: Any) -> tuple[Rows, Rows]:
    """Truth and prediction as the tables that Kaggle's signature expects, in the order of the items.

    Of objects in images ``class`` and, as the task needs, ``x, y, width, height`` in pixels, ``segmentation`` (size and
    compressed run lengths) or ``keypoints`` (a flat list), as COCO writes them; predictions have a ``score``, true
    objects ``area``, ``crowd`` and ``ignore``. An image without objects has one row whose class is blank.
    """
    if truth.terms.of_objects:
        return _objects(truth, getattr(truth.y_true, "objects", truth.y_true)), _objects(truth, values)
    terms, ids = truth.terms, np.array(truth.ids.column.tolist(), dtype=object)
    beside = {one.column: np.array([*one.names, None], dtype=object)[one.code] for one in truth.beside}
    solution = {ID: ids, **truth_room(terms).as_columns(truth.y_true, terms.target, terms), **beside}
    submission = {ID: ids, **room_of(terms.kind).as_columns(values, terms.columns, terms)}
    return Rows(solution, np.arange(truth.n)), Rows(submission, np.arange(truth.n))


def _objects(truth: Truth, objects: Any) -> Rows:
    """Objects as rows, image after image; of true ones also what a truth knows."""
    item = np.concatenate([objects.image, np.setdiff1d(np.arange(truth.n), objects.image)])
    order, blank = np.argsort(item, kind="stable"), item.size - objects.count
    names = np.array([*truth.terms.classes, ""], dtype=object)
    code = np.concatenate([objects.category, np.full(blank, len(names) - 1)])
    columns = {ID: np.array(truth.ids.column.tolist(), dtype=object)[item], CLASS: names[code]}
    columns.update(_content(objects, truth.terms.kind, blank))
    if objects.score is not None:
        columns[SCORE] = _padded(objects.score, blank)
    else:
        area = np.full(objects.count, np.nan) if objects.area is None else objects.area
        flags = {name: getattr(objects, name) for name in ("crowd", "ignore")}
        columns["area"] = _padded(area, blank)
        for name, flag in flags.items():
            told = np.zeros(objects.count, dtype=bool) if flag is None else flag
            columns[name] = np.concatenate([told, np.zeros(blank, dtype=bool)])
    return Rows({name: column[order] for name, column in columns.items()}, item[order])


def _content(objects: Any, kind: str, blank: int) -> dict[str, Array]:
    """Where the objects are; of blank rows nothing."""
    if kind == "boxes":
        return {name: _padded(side, blank) for name, side in zip(SIDES, objects.box.T)}
    from compete.scoring.coco_columns import CONTENT
    from compete.scoring.coco_writing import as_content

    column = np.empty(objects.count + blank, dtype=object)
    for row, held in enumerate(as_content(objects, kind)):
        column[row] = held
    return {CONTENT[kind]: column}


def _padded(numbers: Array, blank: int) -> Array:
    """Numbers, and nan for rows that have none."""
    return np.concatenate([numbers, np.full(blank, np.nan)])
