"""Masks from Kaggle's run lengths in a table: ``start length start length …``, from 1 down the columns of the image."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.scoring.forms.tables import RUNS, RowReport, Rows, id_of
from compete.scoring.images import Images
from compete.scoring.numerals import NOTHING
from compete.scoring.source import Caps, counted, excerpt
from compete.scoring.spans import Array
from compete.scoring.table import Table
from metrics.masks import Masks
from metrics.run_lengths import CHARACTER, FINE, LARGE, LONG, UNORDERED, UNPAIRED
from metrics.runs import merged_runs, runs_of_counts

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
_LOOKED = 2000
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


def masks_of(rows: Rows, row: Array, images: Images) -> Masks:
    """The masks of some rows whose image is known; tells of run lengths that are none.

    Args:
        rows: the table, with a column of run lengths; takes the findings.
        row: which rows, shape (m,).
        images: the test images.
    """
    place = rows.image[row]
    height, width = images.height[place], images.width[place]
    texts = rows.table.columns[RUNS].take(row).tolist()
    masks = Masks.from_pairs(texts, height, width)
    report = RowReport(rows.table, lambda one: id_of(images, int(rows.image[one])), {})
    for code in np.unique(masks.faults).tolist():
        if code != FINE:
            wrong = np.flatnonzero(masks.faults == code)
            message, hint = _FAULTS.get(code, ("run lengths that are no mask", _WRITE))
            first = int(wrong[0])
            hint = _cause(texts[first], int(height[first]), int(width[first])) or hint
            report.tell("run-length", f"{{results}} with {message}", row[wrong], _shown(texts, wrong), hint)
    rows.findings.extend(report.findings)
    return masks


def row_order(rows: Rows, masks: Masks) -> list[Finding]:
    """Warn of masks that were most probably written along the rows.

    A mask hardly changes from one column to the next, so it covers itself when moved on by the height of the image.
    One that was written along the rows covers itself when moved on by the width, and better. Where height and width are
    the same, nothing tells the one from the other.
    """
    looked = masks.take(np.arange(0, len(masks), -(-len(masks) // _LOOKED) or 1))
    looked = looked.take((looked.area >= _LEAST) & (looked.height != looked.width))
    if not len(looked):
        return []
    along = _covered(looked, looked.width)
    gain = along - _covered(looked, looked.height)
    if np.mean((gain > _GAIN * looked.area) & (2 * along > looked.area)) < _SURE:
        return []
    message = f"masks that look as if pixels were counted along the rows ({counted(len(looked), 'mask')} looked at)"
    hint = "count pixels down the columns: mask.T.flatten() in numpy, not mask.flatten()"
    return [Finding("submission/row-order", message, rows.table.source.name, hint=hint, severity="warning")]


def _covered(masks: Masks, shift: Array) -> Array:
    """How many pixels of each mask it covers itself when all its runs are moved on."""
    owner, begin, end = runs_of_counts(*masks.counts())
    on = shift.astype(np.int64)[owner]
    both = (np.concatenate(pair) for pair in ((owner, owner), (begin, begin + on), (end, end + on)))
    union, first, last = merged_runs(*both)
    covered: Array = 2 * masks.area - np.bincount(union, last - first, minlength=len(masks))
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
