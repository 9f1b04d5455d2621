"""Masks from Kaggle's run lengths in a table: ``start length start length …``, from 1 down the columns of the image."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.scoring.digits import whole_numbers
from compete.scoring.forms.tables import RUNS, RowReport, Rows, id_of
from compete.scoring.forms.words import words_of
from compete.scoring.images import Images
from compete.scoring.numerals import NOTHING
from compete.scoring.source import Caps, counted, excerpt
from compete.scoring.spans import Array, Column
from compete.scoring.table import Table
from metrics.masks import Masks
from metrics.run_lengths import CHARACTER, FINE, LARGE, LONG, PIXELS, SIDE, UNORDERED, UNPAIRED
from metrics.runs import LONGEST, merged_runs

_WRITE = "write start length start length …, whole numbers with blanks between"
_FAULTS = {
    CHARACTER: ("something else than digits and blanks", _WRITE),
    LARGE: ("a number that is no pixel of any image", _WRITE),
    LONG: ("a run that leaves the image", "scale masks to the image's own size before encoding them"),
    UNPAIRED: ("a start without a length", _WRITE),
    UNORDERED: (
        "a run that is empty, starts before pixel 1, or starts inside the run before it",
        "starts are counted from 1 and rise, lengths are at least 1, and a mask without pixels is an empty cell",
    ),
}
"""What a text holds, and the cure, by the codes of `metrics.run_lengths.FAULTS`."""

_ENDS = "these look like starts and ends; write each start with the length of its run"
_LOOKED = 200
"""Masks that are looked at for their order."""

_SURE, _GAIN, _LEAST = 0.9, 0.1, 16
"""Share of masks that must look so before their order is doubted; to look so, a mask must cover more than half of its
pixels, and this share of them more than otherwise, and have so many."""


def caps_of(images: Images, rows: int) -> Caps:
    """How large a table of run lengths may be: in a cell there is room for a run of every other pixel."""
    pixels = int((images.height.astype(np.int64) * images.width).max())
    cell = min(1 << 27, (1 << 16) + 10 * pixels)
    return Caps(rows=rows, cell=cell, row=cell + (1 << 17), size=1 << 30)


def is_blank(table: Table) -> Array:
    """Which rows have no run lengths, bool, shape (rows,)."""
    column = table.columns[RUNS]
    blank: Array = column.length == 0
    first = column.buffer[column.start] == ord(" ")
    for row in np.flatnonzero(first & ~blank).tolist():
        blank[row] = not column.raw(row).strip(b" ")
    return blank


@dataclass(frozen=True, eq=False)
class Runs:
    """Masks as stretches of pixels, by mask and pixel, no two of which touch.

    Attributes:
        owner: the mask of each stretch, int64.
        begin: its first pixel, counted down the columns from 0, int64.
        end: the pixel after its last, int64.
        height: pixels of each mask's columns, int32, shape (m,).
        width: how many columns each mask has, int32, shape (m,).
    """

    owner: Array
    begin: Array
    end: Array
    height: Array
    width: Array

    def area(self) -> Array:
        """Pixels of each mask, int64, shape (m,)."""
        return np.bincount(self.owner, self.end - self.begin, minlength=len(self.height)).astype(np.int64)

    def take(self, index: Array) -> Runs:
        """Some masks, by their numbers in ascending order."""
        number = np.full(len(self.height), -1)
        number[index] = np.arange(len(index))
        kept = np.flatnonzero(number[self.owner] >= 0)
        stretches = (number[self.owner[kept]], self.begin[kept], self.end[kept])
        return Runs(*stretches, self.height[index], self.width[index])

    def masks(self) -> Masks:
        """The same as COCO's run lengths."""
        return Masks.from_runs((self.owner, self.begin, self.end), self.height, self.width)


def runs_of(rows: Rows, row: Array, images: Images) -> Optional[Runs]:
    """The masks of some rows whose image is known; None where run lengths are none, which is told.

    Args:
        rows: the table, with a column of run lengths; takes the findings.
        row: which rows, shape (m,).
        images: the test images.
    """
    place, column = rows.image[row], rows.table.columns[RUNS].take(row)
    height, width = images.height[place], images.width[place]
    good = _good_runs(column, height, width)
    if good is None:
        _tell_faults(rows, row, column.tolist(), images)
    return good


def _tell_faults(rows: Rows, row: Array, texts: list[str], images: Images) -> None:
    """Tell what is wrong with run lengths of which some are none."""
    height, width = images.height[rows.image[row]], images.width[rows.image[row]]
    masks = Masks.from_pairs(texts, height, width)
    report = RowReport(rows.table, lambda one: id_of(images, int(rows.image[one])))
    for code in np.unique(masks.faults).tolist():
        if code != FINE:
            wrong = np.flatnonzero(masks.faults == code)
            message, hint = _FAULTS.get(code, ("run lengths that are no mask", _WRITE))
            first = int(wrong[0])
            hint = _cause(texts[first], int(height[first]), int(width[first])) or hint
            report.tell("run-length", f"{{results}} with {message}", row[wrong], _shown(texts, wrong), hint)
    rows.findings.extend(report.findings)


def _good_runs(column: Column, height: Array, width: Array) -> Optional[Runs]:
    """The masks of run lengths that are all as they must be, without a text each; None where any is not."""
    pixels = height.astype(np.int64) * width
    word, owner = words_of(column)
    value = whole_numbers(word) if int(word.length.max(initial=0)) <= LONGEST else None
    if value is None or len(value) % 2 or (owner[::2] != owner[1::2]).any():
        return None
    if len(pixels) and (int(np.maximum(height, width).max()) > SIDE or int(pixels.max()) >= PIXELS):
        return None
    owner, begin, size = owner[::2], value[::2] - 1, value[1::2]
    end = begin + size
    within = owner[1:] == owner[:-1]
    fine = not len(owner) or (int(begin.min()) >= 0 and int(size.min()) >= 1 and not (end > pixels[owner]).any())
    if not fine or (within & (begin[1:] < end[:-1])).any():
        return None
    apart = np.ones(len(owner) + 1, dtype=bool)
    apart[1:-1] = ~within | (begin[1:] > end[:-1])
    if not apart.all():
        owner, begin, end = owner[apart[:-1]], begin[apart[:-1]], end[apart[1:]]
    return Runs(owner, begin, end, height, width)


def row_order(rows: Rows, runs: Runs) -> list[Finding]:
    """Warn of masks that were most probably written along the rows.

    A mask hardly changes from one column to the next, so it covers itself when moved on by the height of the image.
    One that was written along the rows covers itself when moved on by the width, and better. Where height and width are
    the same, nothing tells the one from the other.
    """
    telling = np.flatnonzero((runs.area() >= _LEAST) & (runs.height != runs.width))
    if not len(telling):
        return []
    looked = runs.take(telling[:: -(-len(telling) // _LOOKED)])
    area, along = looked.area(), _covered(looked, looked.width)
    gain = along - _covered(looked, looked.height)
    if np.mean((gain > _GAIN * area) & (2 * along > area)) < _SURE:
        return []
    message = f"masks that look as if pixels were counted along the rows ({counted(len(area), 'mask')} looked at)"
    hint = "count pixels down the columns: mask.T.flatten() in numpy, not mask.flatten()"
    return [Finding("submission/row-order", message, rows.table.source.name, hint=hint, severity="warning")]


def _covered(runs: Runs, shift: Array) -> Array:
    """How many pixels of each mask it covers itself when all its stretches are moved on."""
    on = shift.astype(np.int64)[runs.owner]
    pairs = ((runs.owner, runs.owner), (runs.begin, runs.begin + on), (runs.end, runs.end + on))
    union, first, last = merged_runs(*map(np.concatenate, pairs))
    covered: Array = 2 * runs.area() - np.bincount(union, last - first, minlength=len(shift))
    return covered


def _shown(texts: list[str], wrong: Array) -> Callable[[int], str]:
    shown = [excerpt(texts[one]) for one in wrong[:EXAMPLES].tolist()]
    return shown.__getitem__


def _cause(text: str, height: int, width: int) -> str:
    """Why run lengths are none, where that is plain."""
    bare = text.strip()
    if NOTHING.fullmatch(bare.encode()) or bare.lower() in ("nan", "-1"):
        return "leave the cell empty where there is nothing"
    if (
        re.fullmatch(r"[0-o]+", bare)
        and not bare.isdigit()
        and not Masks.from_compressed([bare], height, width).faults[0]
    ):
        return f"these are COCO's compressed run lengths; {_WRITE}"
    if re.match(r"[\[(]", bare) or re.search(r"[0-9][,;:\t][ 0-9]", bare):
        return f"no brackets, commas or tabs: {_WRITE}"
    if re.fullmatch(r"[0-9. ]+", bare) and "." in bare:
        return f"no decimal points: {_WRITE}"
    if any(c.isdigit() and not c.isascii() for c in bare):
        return "write numbers with the digits 0 to 9"
    return _number_cause(bare, height * width)


def _number_cause(text: str, pixels: int) -> str:
    """Why plain numbers are no run lengths."""
    words = text.split(" ")
    if not all(re.fullmatch(r"[0-9]{1,10}", word) for word in words) or len(words) % 2:
        return ""
    starts, second = ([int(word) for word in words[place::2]] for place in (0, 1))
    if starts[0] == 0 and min(second) > 0:
        return "starts are counted from 1; add 1 to each"
    inside = all(one <= end <= pixels for one, end in zip(starts, second))
    rising = all(end < later for end, later in zip(second, starts[1:]))
    return _ENDS if len(words) > 2 and inside and rising else ""
