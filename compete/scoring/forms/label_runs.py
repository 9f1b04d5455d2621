"""Label images in CSV: run lengths of each class, ``id,class,rle``, or of the one besides the first, ``id,rle``."""

from __future__ import annotations

from pathlib import Path
from typing import Union

import numpy as np

from compete.bundle import ID
from compete.errors import Finding, fatal
from compete.scoring.forms.boxes import classes_of
from compete.scoring.forms.column_runs import maps_of_columns
from compete.scoring.forms.run_masks import Runs, caps_of, row_order, runs_of
from compete.scoring.forms.tables import (
    CLASS,
    RUNS,
    Rows,
    as_table,
    ids_shown,
    images_without_rows,
    read_rows,
    refuse_rows,
)
from compete.scoring.images import Images
from compete.scoring.source import counted, excerpt
from compete.scoring.spans import Array
from compete.scoring.submission import Fault, Submission, _told
from compete.terms import Terms
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from metrics.runs import merged_runs, write_pairs


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read run lengths of classes; see `compete.scoring.forms.read_images_submission`.

    Pixels that no row names are of the first class. With a column of classes an image has one row for each class that
    is in it, without one it has exactly one row.
    """
    many = CLASS in terms.columns
    rows = read_rows(source, terms, images, name, caps_of(images, len(terms.classes) * images.n), once=not many)
    if RUNS not in rows.table.columns:
        refuse_rows(rows)
    code, faults = classes_of(rows.table, terms)
    rows.findings.extend(faults)
    code = code if many else code + 1
    known = np.flatnonzero(rows.image >= 0)
    runs = runs_of(rows, known, images)
    if len(code) == rows.table.rows:
        rows.findings.extend(_repeated_classes(rows, code, terms))
    if runs is None or fatal(rows.findings):
        refuse_rows(rows)
    rows.findings.extend(row_order(rows, runs))
    maps = _label_maps(rows, runs, code, terms, images)
    if many:
        rows.findings.extend(images_without_rows(rows, images, f"they are {excerpt(terms.classes[0])} everywhere"))
    return Submission(maps, tuple(rows.findings), rows.table.rows, rows.sha256)


def write(record: LabelMaps, terms: Terms, images: Images) -> bytes:
    """Run lengths of every class in every image; pixels of no class get the first one."""
    ids = images.ids.column.tolist()
    known = np.array(terms.class_ids)
    rows: list[tuple[str, ...]] = []
    for place, name in enumerate(ids):
        array = record.array(place)
        first = (array == known[0]) | ~np.isin(array, known)
        areas = [first, *(array == number for number in known[1:].tolist())]
        texts = write_pairs(*Masks.from_bitmaps(areas).counts())
        if CLASS in terms.columns:
            cells = [{CLASS: label, RUNS: text} for label, text in zip(terms.classes, texts) if text]
        else:
            cells = [{RUNS: texts[1]}]
        rows += [(name, *(cell[column] for column in terms.columns)) for cell in cells]
    return as_table((ID, *terms.columns), rows)


def _repeated_classes(rows: Rows, code: Array, terms: Terms) -> list[Finding]:
    """Tell of images that have two rows of one class."""
    row = np.flatnonzero((rows.image >= 0) & (code >= 0))
    key = rows.image[row].astype(np.int64) * (len(terms.classes) + 1) + code[row]
    order = np.argsort(key, kind="stable")
    again = np.sort(row[order[1:][key[order[1:]] == key[order[:-1]]]])
    if not len(again) or CLASS not in rows.table.columns:  # without classes, a repeated id is told already
        return []
    hint = "write all runs of a class in an image in one row"
    message = "{rows} whose image has a row of that class before"
    return [_told(rows.table, "submission/repeated-class", message, [Fault(ID, again)], hint)]


def _label_maps(rows: Rows, runs: Runs, code: Array, terms: Terms, images: Images) -> LabelMaps:
    """Paint the classes; tells of pixels that two of them claim, or that none does where the first has a row."""
    owner, begin, end = runs.owner, runs.begin, runs.end
    image = rows.image[owner].astype(np.int64)
    order = np.argsort(image << 32 | begin, kind="stable")
    image, begin, end, label = image[order], begin[order], end[order], code[owner[order]]
    clash = np.flatnonzero((begin[1:] < end[:-1]) & (image[1:] == image[:-1]))
    if len(clash):
        rows.findings.append(_clash(rows, images, image, begin, end))
        refuse_rows(rows)
    if CLASS in terms.columns:
        covered = np.bincount(image, end - begin, minlength=images.n)
        _warn_of_holes(rows, covered, code, images, terms)
    number = np.array(terms.class_ids)
    number = number.astype(np.min_scalar_type(int(number.max())))
    return maps_of_columns((image, begin, end), number[label], int(number[0]), images)


def _clash(rows: Rows, images: Images, image: Array, begin: Array, end: Array) -> Finding:
    """Images in which two classes have the same pixel."""
    union, first, last = merged_runs(image, begin, end)
    double = np.bincount(image, end - begin, minlength=images.n) - np.bincount(union, last - first, minlength=images.n)
    wrong = np.flatnonzero(double > 0)
    items = tuple(
        f"{name}: {counted(int(count), 'pixel')}"
        for name, count in zip(ids_shown(images, wrong), double[wrong].tolist())
    )
    message = f"{counted(len(wrong), 'image')} with pixels that two classes claim"
    hint = "a pixel is of one class; take the more probable one (argmax) before encoding"
    row = int(np.flatnonzero(rows.image == wrong[0])[0])
    place = rows.table.where(ID, row)
    return Finding("submission/overlapping-classes", message, place, items, hint, count=len(wrong))


def _warn_of_holes(rows: Rows, covered: Array, code: Array, images: Images, terms: Terms) -> None:
    """Warn of images whose first class has a row, which yet leave pixels to it that no row names."""
    told = np.zeros(images.n, dtype=bool)
    told[rows.image[(rows.image >= 0) & (code == 0)]] = True
    holes = np.flatnonzero(told & (covered < images.height.astype(np.int64) * images.width))
    if len(holes):
        name = excerpt(terms.classes[0])
        message = f"{counted(len(holes), 'image')} with pixels of no class, which count as {name}"
        place, hint = rows.table.source.name, "every pixel has a class; look for those that were lost before encoding"
        items = ids_shown(images, holes)
        rows.findings.append(Finding("submission/no-class", message, place, items, hint, "warning", len(holes)))
