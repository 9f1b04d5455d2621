"""Masks of objects in CSV, one row an object: ``id,class,rle,score``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Optional, Union

import numpy as np

from compete.bundle import ID
from compete.errors import Finding, fatal
from compete.scoring.coco_checks import check_scores
from compete.scoring.coco_columns import Columns
from compete.scoring.coco_order import ordered
from compete.scoring.forms.boxes import classes_of, expected, repeated, scores_of
from compete.scoring.forms.run_masks import caps_of, is_blank, row_order, runs_of
from compete.scoring.forms.tables import (
    CLASS,
    RUNS,
    SCORE,
    RowReport,
    Rows,
    as_table,
    class_text,
    id_of,
    images_without_rows,
    number_text,
    read_rows,
    refuse_rows,
    too_many_objects,
)
from compete.scoring.images import Images
from compete.scoring.spans import Array
from compete.scoring.submission import Contract, Submission, _numbers
from compete.scoring.table import Table
from compete.terms import Terms
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.runs import write_pairs

MasksOf = Callable[[Rows, Array, Images], Optional[tuple[Masks, list[Finding]]]]


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read masks, any number of rows an image; see `compete.scoring.forms.read_images_submission`.

    A row without run lengths says nothing; its class and score are not read.
    """
    return read_masks(source, terms, images, name, _kaggle_masks)


def read_masks(
    source: Union[str, Path, bytes], terms: Terms, images: Images, name: str, masks_of: MasksOf
) -> Submission:
    """As ``read``, whatever way masks are written.

    Args:
        source: path of the file, or its bytes.
        terms: the challenge.
        images: the images to predict, in the solution's order.
        name: how findings call the file; its path by default.
        masks_of: gives the masks of some rows of a table whose image is known, and what is odd and harmless; None
            where run lengths are none, which it tells among the table's findings.
    """
    rows = read_rows(source, terms, images, name, caps_of(images, terms.most_objects * images.n), once=False)
    if RUNS not in rows.table.columns:
        refuse_rows(rows)
    filled = np.flatnonzero(~is_blank(rows.table))
    table = _part(rows.table, filled)
    part = Rows(table, rows.image[filled], rows.findings, rows.sha256)
    objects = _objects(part, terms, images, masks_of)
    warnings = [*rows.findings, *images_without_rows(rows, images, "nothing is predicted in them")]
    return Submission(objects, tuple(warnings), rows.table.rows, rows.sha256)


def write(record: Objects, terms: Terms, images: Images) -> bytes:
    """One row for each mask that a submission should predict."""
    objects = expected(record)
    if objects.mask is None:
        raise ValueError("these objects have no masks")
    ids, label = images.ids.column.tolist(), class_text(objects.category, terms.classes)
    runs = write_pairs(*objects.mask.counts())
    cells = {CLASS: label, RUNS: runs, SCORE: [number_text(score) for score in scores_of(objects)]}
    named = [ids[image] for image in objects.image.tolist()]
    return as_table((ID, *terms.columns), zip(named, *(cells[column] for column in terms.columns)))


def _part(table: Table, row: Array) -> Table:
    """Some rows of a table."""
    if len(row) == table.rows:
        return table
    columns = {name: column.take(row) for name, column in table.columns.items()}
    return Table(table.source, table.header, columns, len(row), table.unread)


def _kaggle_masks(rows: Rows, row: Array, images: Images) -> Optional[tuple[Masks, list[Finding]]]:
    """Masks from starts and lengths."""
    runs = runs_of(rows, row, images)
    return None if runs is None else (runs.masks(), row_order(rows, runs))


def _objects(rows: Rows, terms: Terms, images: Images, masks_of: MasksOf) -> Objects:
    """Check masks, classes and scores, and bring the objects into one order."""
    table, findings = rows.table, rows.findings
    code, faults = classes_of(table, terms)
    findings += faults
    score, faults = _numbers(table, Contract("", (SCORE,), "value"))
    findings += faults
    known = np.flatnonzero(rows.image >= 0)
    found = masks_of(rows, known, images)
    findings += too_many_objects(rows, rows.image, images, terms.most_objects)
    if found is None or not score or len(code) < table.rows or fatal(findings):
        refuse_rows(rows)
    masks, odd = found
    findings += odd
    report = RowReport(table, lambda row: id_of(images, int(rows.image[row])))
    check_scores(Columns(rows.image, code, score[0]), report)
    findings += report.findings
    group = rows.image.astype(np.int64) * len(terms.classes) + code
    order, repeats = ordered(group, score[0], lambda row: [_ranks(masks.take(row))])
    findings += repeated(repeats, table, rows.image, images)
    image, category = rows.image[order], code[order]
    return Objects(images.n, len(terms.classes), image, category, mask=masks.take(order), score=score[0][order])


def _ranks(masks: Masks) -> Array:
    """A sort key: equal for equal masks."""
    raw, bounds = masks.text.tobytes(), masks.start.tolist()
    texts = [raw[low:high] for low, high in zip(bounds, bounds[1:])]  # noqa: RUF007
    rank = {text: place for place, text in enumerate(sorted(set(texts)))}
    return np.array([rank[text] for text in texts], dtype=np.int64)
