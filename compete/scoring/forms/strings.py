"""Boxes in CSV, one row an image: ``id,PredictionString`` with ``class score x y …`` for each box, as on Kaggle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Union

import numpy as np

from compete.bundle import ID
from compete.errors import EXAMPLES, Finding
from compete.scoring.coco_columns import SCORE
from compete.scoring.forms.boxes import CORNERS, box_cells, boxes_of, expected, scores_of
from compete.scoring.forms.tables import CLASS, SIZE, Rows, as_table, class_text, id_of, number_text, read_rows
from compete.scoring.forms.words import words_of
from compete.scoring.images import Images
from compete.scoring.matching import lookup, vocabulary
from compete.scoring.numerals import NOTHING
from compete.scoring.source import Caps, counted, excerpt
from compete.scoring.spans import Array, Column
from compete.scoring.submission import Submission
from compete.scoring.table import Table
from compete.terms import Terms
from metrics.objects import Objects

WORDS = 6
"""Words of a box: class, score and four numbers; without the class where there is but one."""

BYTES = 256
"""Bytes allowed for each box allowed."""


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read boxes, exactly one row an image; see `compete.scoring.forms.read_images_submission`."""
    cell = min(1 << 27, (1 << 16) + BYTES * terms.most_objects)
    rows = read_rows(source, terms, images, name, Caps(size=SIZE, cell=cell, row=cell + (1 << 17)), once=True)
    column = terms.columns[0]
    table, owner = rows.table, np.zeros(0, dtype=np.int64)
    if column in rows.table.columns:
        table, owner = _boxes(rows, column, terms, images)
    objects = boxes_of(rows, table, rows.image[owner], terms, images)
    return Submission(objects, tuple(rows.findings), rows.table.rows, rows.sha256)


def write(record: Objects, terms: Terms, images: Images) -> bytes:
    """One row an image, with the boxes that a submission should predict."""
    objects = expected(record)
    texts: list[list[str]] = [[] for _ in range(images.n)]
    told = zip(
        objects.image.tolist(),
        class_text(objects.category, terms.classes),
        box_cells(objects, terms),
        scores_of(objects),
    )
    for image, label, box, score in told:
        texts[image] += [label, number_text(score), *map(number_text, box)]
    return as_table((ID, *terms.columns), zip(images.ids.column.tolist(), map(" ".join, texts)))


def _boxes(rows: Rows, name: str, terms: Terms, images: Images) -> tuple[Table, Array]:
    """The words of all cells as a table with one row a box, and the row of the file that each box stands in."""
    word, owner = words_of(rows.table.columns[name])
    count = np.bincount(owner, minlength=rows.table.rows)
    size = _group_size(word, owner, count, terms)
    wrong = np.flatnonzero(count % size)
    if len(wrong):
        hint = _uneven_hint(rows.table.columns[name].raw(int(wrong[0])), count[wrong], size, terms)
        items = tuple(f"{_called(rows, row, images)}: {counted(int(count[row]), 'word')}" for row in wrong[:EXAMPLES])
        message = f"{counted(len(wrong), 'row')} whose {name} does not divide into boxes of {size} words"
        where = rows.table.where(name, int(wrong[0]))
        finding = Finding("submission/prediction-string", message, where, items, hint, count=len(wrong))
        rows.findings.append(finding)
        kept = count[owner] % size == 0
        word, owner = word.take(np.flatnonzero(kept)), owner[kept]
    names = ((CLASS,) if size == WORDS else ()) + (SCORE, *CORNERS[terms.coordinates])
    columns = {
        one: Column(word.buffer, word.start[place::size], word.length[place::size]) for place, one in enumerate(names)
    }
    return replace(rows.table, columns=columns, rows=len(word) // size), owner[::size]


def _group_size(word: Column, owner: Array, count: Array, terms: Terms) -> int:
    """Words of a box: of one class it may be left out, where that is plain for most boxes."""
    if len(terms.classes) > 1 or not len(word):
        return WORDS
    within = np.arange(len(word)) - np.repeat(np.cumsum(count) - count, count)
    named = lookup(word, vocabulary(terms.classes)) == 0
    uneven = {size: int(np.count_nonzero(count % size)) for size in (WORDS, WORDS - 1)}
    with_name = bool(named[(within % WORDS == 0) & (count[owner] % WORDS == 0)].all())
    if uneven[WORDS] == 0 and with_name:
        return WORDS
    first = named[within == 0]
    return WORDS - 1 if not first.any() or (uneven[WORDS - 1] == 0 and not first.all()) else WORDS


def _called(rows: Rows, row: int, images: Images) -> str:
    """The id of a row's image, or its place."""
    place = int(rows.image[row])
    return excerpt(id_of(images, place)) if place >= 0 else f"row {row + 1}"


def _uneven_hint(first: bytes, count: Array, size: int, terms: Terms) -> str:
    """Why the words of cells do not come out even, and what to write.

    Args:
        first: the first such cell.
        count: how many words each has.
        size: how many words a box has.
        terms: the challenge.
    """
    order = f"{'class ' * (size == WORDS)}score {' '.join(CORNERS[terms.coordinates])}"
    cure = f"write {size} words a box, with blanks between: {order}; an image without boxes has an empty cell"
    if NOTHING.fullmatch(first) or first.lower() == b"nan":
        return f"leave the cell empty where there is no box; {cure}"
    if any(sign in first for sign in (b",", b";", b"\t")):
        return f"numbers are separated by blanks; {cure}"
    named = first.split(b" ")[0].decode("utf-8", "replace") in terms.classes
    if size == WORDS and not named and not (count % (WORDS - 1)).any():
        return f"the class seems to be missing; {cure}"
    return f"the score seems to be missing; {cure}" if not (count % (size - 1)).any() else cure
