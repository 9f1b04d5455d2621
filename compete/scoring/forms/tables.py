"""What the forms in CSV share: rows that name an image each, a report that speaks of them, and a writer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn, Optional, Union

import numpy as np

from compete.bundle import ID
from compete.errors import EXAMPLES, Finding
from compete.scoring.causes import unknown_id_cause
from compete.scoring.forms.omissions import left_out
from compete.scoring.images import Images
from compete.scoring.matching import lookup
from compete.scoring.source import Caps, Source, counted, excerpt, load, refuse_all
from compete.scoring.spans import Array
from compete.scoring.submission import Fault, _aligned, _texts, _told
from compete.scoring.table import Table, examine
from compete.terms import Terms

SIZE = 1 << 30
"""Bytes that a table of predictions may have."""

SPARE = 1000
"""Rows beyond those allowed that are read all the same, so that what is wrong with them can be told."""

CLASS, SCORE, RUNS = "class", "score", "rle"


@dataclass(frozen=True, eq=False)
class Rows:
    """A table whose rows name images.

    Attributes:
        table: its cells.
        image: the place of each row's image, or -1, int32, shape (rows,).
        findings: what was found so far.
        sha256: fingerprint of the file.
    """

    table: Table
    image: Array
    findings: list[Finding]
    sha256: str


@dataclass(frozen=True, eq=False)
class RowReport:
    """What is found about predictions of a table: named by the ids of their images, found by line.

    Attributes:
        table: one row a prediction; faults are looked for at its first column.
        ids: the id of the image of a row.
        hints: cures that this form needs in place of COCO's, by rule; a rule with an empty cure is not told.
        findings: what was found so far.
    """

    table: Table
    ids: Callable[[int], str]
    hints: Mapping[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def tell(
        self,
        rule: str,
        message: str,
        rows: Array,
        shown: Optional[Callable[[int], str]],
        hint: str,
        *,
        severity: str = "error",
    ) -> None:
        """Make one finding of all predictions with one fault; see `compete.scoring.coco_report.Report.tell`."""
        cure = self.hints.get(rule, hint)
        if not len(rows) or not cure:
            return
        first = enumerate(rows[:EXAMPLES].tolist())
        items = tuple(excerpt(self.ids(row)) + (f": {shown(k)}" if shown else "") for k, row in first)
        said = message.replace("{results}", counted(len(rows), "prediction"), 1)
        where = self.table.where(next(iter(self.table.columns)), int(rows[0]))
        self.findings.append(Finding(f"submission/{rule}", said, where, items, cure, severity, count=len(rows)))


def read_rows(
    source: Union[str, Path, bytes], terms: Terms, images: Images, name: str, caps: Caps, *, once: bool
) -> Rows:
    """Read a table, and look up the image of each row.

    Args:
        source: path of a CSV file, or its bytes.
        terms: the challenge, whose ``columns`` stand beside the id.
        images: the images to predict.
        name: how findings call the file; its path by default.
        caps: limits; ``rows`` is how many may be sensible, None where each image has one.
        once: whether every image has exactly one row.

    Raises:
        SubmissionError: nothing more can be told.
    """
    loaded = load(source, replace(caps, rows=None), name)
    most = images.n if caps.rows is None else caps.rows
    _refuse_too_many(loaded, most)
    table, findings = examine(loaded, (ID, *terms.columns), (), replace(caps, rows=None), hashed=True)
    findings = [_about_images(one) for one in findings]
    image = np.full(table.rows, -1, dtype=np.int32)
    if ID in table.columns:
        image, faults = _aligned(table, ID, images.ids) if once else _looked_up(table, images)
        findings += faults
    return Rows(table, image, findings, loaded.sha256())


def refuse_rows(rows: Rows) -> NoReturn:
    """Refuse a table for all that was found."""
    refuse_all(rows.table.source, rows.findings)


def id_of(images: Images, image: int) -> str:
    """The id of an image."""
    return images.ids.column.text(image)


def ids_shown(images: Images, image: Array) -> tuple[str, ...]:
    """The ids of the first of some images."""
    return tuple(excerpt(id_of(images, one)) for one in image[:EXAMPLES].tolist())


def images_without_rows(rows: Rows, images: Images, meaning: str) -> list[Finding]:
    """Warn of images that no row names."""
    return left_out(rows.image, images, rows.table.source.name, "row", meaning)


def too_many_objects(rows: Rows, image: Array, images: Images, most: int) -> list[Finding]:
    """Tell of images with more predictions than allowed."""
    amount = np.bincount(image[image >= 0], minlength=images.n)
    many = np.flatnonzero(amount > most)
    if not len(many):
        return []
    items = tuple(f"{excerpt(id_of(images, one))}: {amount[one]:,}" for one in many[:EXAMPLES].tolist())
    message = f"{counted(len(many), 'image')} with more than {most:,} predictions"
    hint = f"keep the {most:,} of each image with the highest scores"
    return [Finding("submission/too-many", message, rows.table.source.name, items, hint, count=len(many))]


def class_text(code: Array, classes: Sequence[str]) -> list[str]:
    """The names of classes."""
    names: list[str] = np.array(classes, dtype=object)[code].tolist()
    return names


def number_text(value: float) -> str:
    """A number as short as it reads back to the bit."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def as_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file, with quotes where they are needed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def _refuse_too_many(source: Source, most: int) -> None:
    """Refuse a file with far more lines than predictions are allowed, before any is looked at."""
    lines = source.newlines(source.begin, source.end)
    if lines > 2 * most + SPARE:
        message, hint = f"{lines:,} lines, where {most:,} rows are allowed", "keep the predictions with highest scores"
        refuse_all(source, [Finding("submission/too-many", message, source.name, hint=hint)])


def _about_images(finding: Finding) -> Finding:
    """The cure of an empty table, as it is for images."""
    if finding.rule != "submission/empty-file":
        return finding
    return replace(finding, hint="predict something; a program that found nothing has most often failed before")


def _looked_up(table: Table, images: Images) -> tuple[Array, list[Finding]]:
    """The image of each row, of which an image may have many or none."""
    column, known = table.columns[ID], images.ids
    image = lookup(column, known)
    empty = (column.length == 0) & (image < 0)
    unknown = np.flatnonzero((image < 0) & ~empty)
    findings = []
    if empty.any():
        fault, hint = Fault(ID, np.flatnonzero(empty)), "give every row the id of its image"
        findings.append(_told(table, "submission/empty-cell", "{rows} without an id", [fault], hint))
    if len(unknown):
        hint = unknown_id_cause(_texts(column, unknown), lambda text: known.find(text) >= 0, _texts(known.column))
        message = "{rows} whose id is no test image"
        findings.append(_told(table, "submission/unknown-id", message, [Fault(ID, unknown)], hint))
    return image, findings
