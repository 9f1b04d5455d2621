"""Tables with several rows an item, one a label or span: gathered into one row an item before anything else looks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from compete.challenge import Challenge
from compete.dataset import counted, excerpt, missing_rows, parsed_number
from compete.errors import EXAMPLES, Finding
from compete.readers.delimited import Delimited

if TYPE_CHECKING:
    import numpy as np

    Rows = np.ndarray[Any, np.dtype[np.int64]]

SPANS = "; "
"""What parts the spans of a cell."""


def gathered(challenge: Challenge, table: Delimited) -> tuple[Delimited, list[Finding]]:
    """One row an item, of a table with one row a label; a row without a label adds nothing to its item.

    Labels of a retrieval stand by gain, the highest first, and then as text sorts; spans by their places; sequences and
    orders in the order of the rows.

    Args:
        challenge: what the organizer wrote; ``data.id`` says which rows belong together.
        table: the rows as text.

    Returns:
        The table, each item on the line of its first row, and what is wrong: labels that hold what parts them, and
        columns that differ among the rows of an item.
    """
    import numpy as np
    import pandas as pd

    data = challenge.data
    label, *others = (data.label[0], data.gain) if data.gain else (data.label[0],)
    keys = [np.array(table.columns[column], dtype=object) for column in data.id]
    owner = pd.MultiIndex.from_arrays(keys).factorize()[0] if len(keys) > 1 else pd.factorize(keys[0])[0]
    owner = np.asarray(owner, dtype=np.int64)
    first = np.full(int(owner.max(initial=-1)) + 1, len(owner), dtype=np.int64)
    np.minimum.at(first, owner, np.arange(len(owner)))
    absent = missing_rows(table.columns[label], data.classes)
    held = np.ones(len(owner), dtype=bool)
    held[list(absent)] = False
    findings = [] if challenge.task == "spans" else _parting(challenge, table, np.flatnonzero(held))
    findings += _differing(challenge, table, owner, first) + _silent(table, owner, held)
    order = _order(challenge, table, owner)
    order = order[held[order]]
    ends = np.searchsorted(owner[order], np.arange(len(first) + 1)).tolist()
    joint = SPANS if challenge.task == "spans" else data.separator
    columns = {name: [cells[row] for row in first.tolist()] for name, cells in table.columns.items()}
    for column in (label, *others):
        cells = np.array(table.columns[column], dtype=object)[order].tolist()
        columns[column] = [joint.join(cells[begin:end]) for begin, end in pairwise(ends)]
    return Delimited(table.name, columns, [table.lines[row] for row in first.tolist()], []), findings


def _order(challenge: Challenge, table: Delimited, owner: Rows) -> Rows:
    """The rows item by item, those of an item as its task wants them; which row is first changes no bytes then."""
    import numpy as np
    import pandas as pd

    data = challenge.data
    cells = table.columns[data.label[0]]
    if challenge.task == "retrieval":
        text = pd.factorize(np.array(cells, dtype=object), sort=True)[0]
        gains = [parsed_number(cell) or 0.0 for cell in table.columns[data.gain]] if data.gain else np.zeros(len(cells))
        return np.lexsort((text, -np.asarray(gains, dtype=np.float64), owner))
    if challenge.task == "spans":
        keys = list(zip(owner.tolist(), map(_places, cells), strict=True))
        return np.array(sorted(range(len(cells)), key=keys.__getitem__), dtype=np.int64)
    return np.argsort(owner, kind="stable")


def _places(cell: str) -> tuple[tuple[int, str], ...]:
    """The places of a span, so that they sort as numbers do; what is none is told later."""
    words = cell.split()
    return tuple((int(word) if word.isascii() and word.isdigit() and len(word) < 20 else -1, word) for word in words)


def _parting(challenge: Challenge, table: Delimited, rows: Rows) -> list[Finding]:
    """Say which labels hold what parts the entries of a list."""
    data = challenge.data
    cells = table.columns[data.label[0]]
    wrong = [row for row in rows.tolist() if data.separator in cells[row].strip(" ")]
    if not wrong:
        return []
    message = (
        f"{counted(len(wrong), 'label holds', 'labels hold')} {data.separator!r}, which parts the labels of an item"
    )
    shown = tuple(dict.fromkeys(repr(excerpt(cells[row])) for row in wrong))[:EXAMPLES]
    place = f"{table.name}:{table.lines[wrong[0]]}"
    return [Finding("dataset/label-cell", message, place, shown, "choose another data.separator", count=len(wrong))]


def _silent(table: Delimited, owner: Rows, held: np.ndarray[Any, np.dtype[np.bool_]]) -> list[Finding]:
    """Say which rows have no label where others of their item have one."""
    import numpy as np

    rows = np.flatnonzero(~held & np.isin(owner, owner[held]))
    if not len(rows):
        return []
    message = f"{counted(len(rows), 'row adds', 'rows add')} no label to an item that has others"
    examples = tuple(f"line {table.lines[row]}" for row in rows[:EXAMPLES].tolist())
    place = f"{table.name}:{table.lines[int(rows[0])]}"
    return [Finding("dataset/missing-label", message, place, examples, "", "warning", len(rows))]


def _differing(challenge: Challenge, table: Delimited, owner: Rows, first: Rows) -> list[Finding]:
    """Say which columns that the challenge uses differ among the rows of an item."""
    import numpy as np

    findings = []
    for name in _shared_columns(challenge, table.header):
        cells = np.array(table.columns[name], dtype=object)
        rows = np.flatnonzero(cells != cells[first][owner])
        if not len(rows):
            continue
        items = len(np.unique(owner[rows]))
        message = f"{counted(items, 'item has rows that differ', 'items have rows that differ')} in {name!r}"
        row = int(rows[0])
        start = int(first[owner[row]])
        shown = f"{excerpt(cells[start])!r} and {excerpt(cells[row])!r}"
        hint = f"line {table.lines[start]} has {shown}; make them equal, or name the column in data.drop"
        examples = tuple(f"line {table.lines[one]}" for one in rows[:EXAMPLES].tolist())
        place = f"{table.name}:{table.lines[row]}"
        findings.append(Finding("dataset/uneven-item", message, place, examples, hint, count=len(rows)))
    return findings


def _shared_columns(challenge: Challenge, header: Sequence[str]) -> list[str]:
    """The columns that say something of an item as a whole: those that the challenge names, and all it shows."""
    data, split = challenge.data, challenge.split
    own = {*data.id, *data.label, data.gain}
    shown = data.features or tuple(name for name in header if name not in data.drop)
    named = {*shown, *data.group, *data.beside, *(one.column for one in data.subgroups)}
    named |= {name for name in (data.file, data.mask, split.time, split.column) if name}
    named |= set(split.stratify) if isinstance(split.stratify, tuple) else set()
    return [name for name in header if name in named and name not in own]
