"""Attacks on how the cells of tables are spelt, whatever they say: zeros, signs, blanks, quotes, decimals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import erfc, sqrt
from typing import Any

import numpy as np

from compete.audits.gate.chance import ranked
from compete.audits.gate.columns import ABSENT, Column
from compete.audits.gate.folder import Folder
from compete.audits.gate.verdicts import Probe
from compete.bundle import GROUP, ID, TEST, TRAIN

Array = np.ndarray[Any, Any]
ALIKE = 16
"""Shelves of numbers; decimals are compared on one shelf."""
FEWEST = 20
"""Items from which decimals are compared."""
FIGURES = range(17, 2, -1)
"""Figures to which programs write numbers."""
HINT = "write every number of a column in one way, and every missing value too"
_QUOTED = re.compile('[,"\r\n]')


def spelling(folder: Folder) -> Iterator[Probe]:
    """Does how a cell is spelt, apart from what it says, tell something? And blanks, quotes and empty cells?"""
    everything = np.arange(len(folder.items.id))
    columns = {
        name: Column(folder.cells(name)) if name == GROUP else folder.features[name] for name in folder.feature_names()
    }
    choices = {name: _choices(column) for name, column in columns.items()}
    if choices and any(seen.std(axis=0).any() for seen in choices.values()):
        named = tuple(f"the column {name!r}" for name, seen in choices.items() for _ in seen.T)
        what = "the ways in which cells are spelt"
        yield Probe("leak/spelling", what, everything, np.hstack(list(choices.values())), hint=HINT, named=named)
    yield from _uneven_decimals(folder, columns)
    length = _unneeded_bytes(folder)
    if len(length) == len(everything) and length.std():
        what = "the bytes of the rows beyond their cells"
        yield Probe("leak/row-bytes", what, everything, length[:, None], hint=HINT)


def _choices(column: Column) -> Array:
    """How each cell is spelt where it could be spelt otherwise: blanks, zeros at the end, signs, missing values."""
    texts = column.texts
    columns: list[list[int]] = [[len(cell) - len(text) for cell, text in zip(column.cells, texts, strict=True)]]
    if column.numbers is None:
        missing = sorted({text for text in texts if text.lower() in ABSENT})
        columns += [[text == spelt for text in texts] for spelt in missing[1:]]
        first = {text.casefold(): text for text in sorted(texts, reverse=True)}
        columns += [[text != first[text.casefold()] for text in texts]]  # one word in capitals here, and not there
    elif not is_written_in_one_way([text.lower() for text in texts if text]):
        heads = list(map(_head, texts))
        columns += [[mark in text.lower() for text in texts] for mark in ("+", "e")]
        columns += [[head.startswith((".", "00")) or head.endswith(".") for head in heads]]
        # With decimals of one number, a zero at the end is part of the value and no choice.
        if len({len(head.partition(".")[2]) for head in heads if head}) > 1:
            columns += [[len(head) - len(head.rstrip("0")) if "." in head else 0 for head in heads]]
    return np.array(columns, dtype=np.float64).T


def _head(text: str) -> str:
    """A number without its sign and its power of ten."""
    return text.lower().lstrip("+-").partition("e")[0]


def is_written_in_one_way(texts: Sequence[str]) -> bool:
    """Whether one program can have written all numbers by one rule: how they look then follows from what they are.

    >>> is_written_in_one_way(["0.0", "1.25", "1e-05"]), is_written_in_one_way(["0.50", "0.25", "12.00"])
    (True, True)
    >>> is_written_in_one_way(["1", "1.0", "2.5"]), is_written_in_one_way(["0.5", "0.50"])
    (False, False)
    """
    values = list(map(float, texts))
    return any(all(map(str.__eq__, texts, map(way, values))) for way in _ways(texts))


def _ways(texts: Sequence[str]) -> Iterator[Callable[[float], str]]:
    """The rules by which programs write numbers, as far as the first of some texts may be written by them."""
    if not texts:
        return
    decimals, width = len(texts[0].partition(".")[2]), len(texts[0])
    yield repr  # as Python and pandas
    yield lambda value: repr(value).removesuffix(".0")
    yield _shorter
    yield from (partial(_formatted, f"{wide}.{decimals}f") for wide in ("", f"0{width}"))
    yield from (partial(_formatted, f".{figures}g") for figures in FIGURES)


def _formatted(rule: str, value: float) -> str:
    return format(value, rule)


def _shorter(value: float) -> str:
    """A number as R writes it: plain, or with a power of ten where that is shorter."""
    plain = np.format_float_positional(value, trim="-")
    power = np.format_float_scientific(value, trim="-", exp_digits=2)
    return min(plain, power, key=len)


def _uneven_decimals(folder: Folder, columns: Mapping[str, Column]) -> Iterator[Probe]:
    """Do decimals and figures of numbers tell the labels, compared with those of numbers alike?

    On each shelf of about equal numbers, decimals and labels are freed from what a straight line through the numbers
    explains, so that what the numbers themselves tell is no leak. What is left of both is multiplied and added up; the
    sum is measured by its own parts, those of a group taken together.

    Source: the test of Mantel (J. Am. Stat. Assoc., 1963), with the variance of Liang and Zeger (Biometrika, 1986).
    """
    items = folder.items
    label = ranked(items.target)
    group = np.arange(len(label)) if items.group is None else items.group
    best, tests = (0.0, ""), 0
    for name, column in columns.items():
        strength = uneven_decimals(column, label, group)
        tests += int((strength > 0).sum())
        best = max(best, (float(strength.max(initial=0)), name))
    if tests:
        what = "the decimals of numbers, compared with those of numbers alike,"
        told, chance = f"most in the column {best[1]!r}, ", min(1.0, tests * erfc(best[0] / sqrt(2)))
        nothing = np.empty((0, 0))
        rows = np.arange(len(label))
        yield Probe("leak/spelling", what, rows, nothing, hint=HINT, severity="warning", chance=chance, told=told)


def uneven_decimals(column: Column, label: Array, group: Array) -> Array:
    """By how many standard errors decimals, figures and signs of nothing go with the labels, among numbers alike.

    Args:
        column: of a table.
        label: standardised, shape (n, k).
        group: codes of what belongs together, shape (n,).

    Returns:
        Shape (3 k,), 0 where there is nothing to compare; empty of a column of words.
    """
    if column.numbers is None:
        return np.empty(0)
    known = np.flatnonzero(~np.isnan(column.numbers))
    if len(known) < FEWEST or not label.size:
        return np.empty(0)
    numbers, texts = column.numbers[known], [column.texts[row] for row in known.tolist()]
    heads = list(map(_head, texts))
    decimals = [len(head.partition(".")[2]) for head in heads]
    figures = [len(head.replace(".", "").lstrip("0")) for head in heads]
    minus = [text.startswith("-") and not number for text, number in zip(texts, numbers.tolist(), strict=True)]
    seen = np.array([decimals, figures, minus], dtype=np.float64).T
    seen = seen[:, seen.std(axis=0) > 0]
    size = np.floor(np.log10(np.maximum(np.abs(numbers), 1e-30))) * ALIKE + _shelves(numbers)
    shelf = np.unique(size, return_inverse=True)[1]
    own, other = (_freed(one, shelf, numbers) for one in (seen, label[known].astype(np.float64)))
    found = []
    for one in own.T:
        parts = [np.bincount(group[known], one * wanted) for wanted in other.T]
        found += [abs(part.sum()) / np.sqrt((part**2).sum()) if part.any() else 0.0 for part in parts]
    return np.array(found)


def _shelves(numbers: Array) -> Array:
    """In which of equally many numbers each stands, from the smallest."""
    _, inverse, count = np.unique(numbers, return_inverse=True, return_counts=True)
    begin = np.cumsum(count) - count
    shelves: Array = (begin * ALIKE // len(numbers))[inverse]
    return shelves


def _freed(columns: Array, shelf: Array, numbers: Array) -> Array:
    """Columns less, on each shelf, the straight line through the numbers that fits them best, shape (n, p)."""
    count = np.bincount(shelf)

    def centred(column: Array) -> Array:
        residue: Array = column - (np.bincount(shelf, column) / count)[shelf]
        return residue

    along = centred(numbers)
    spread = np.bincount(shelf, along**2)
    out = np.empty(columns.shape)
    for place, column in enumerate(columns.T):
        residue = centred(column)
        slope = np.bincount(shelf, along * residue) / np.where(spread > 0, spread, 1)
        out[:, place] = residue - slope[shelf] * along
    return np.where(np.abs(out) < 1e-9, 0, out)


def _unneeded_bytes(folder: Folder) -> Array:
    """Bytes of each row beyond its cells, the commas between them and the quotes they need: blanks, line ends."""
    found: dict[str, int] = {}
    whole = folder.whole or folder
    tables = ((TRAIN, folder.train, whole.train), (TEST, folder.test, whole.test))
    for at, (name, table, all_rows) in enumerate(tables):
        data = (folder.public / name).read_bytes()
        lines = data.rstrip(b"\n").split(b"\n")[1:]
        if len(lines) != len(all_rows[ID]):
            return np.empty(0)  # a cell holds a line break
        if folder.rows is not None:
            lines = [lines[row] for row in folder.rows[at].tolist()]
        quoted = _needed_quotes if b'"' in data else lambda row: 0
        needed = [len(",".join(row).encode()) + quoted(row) for row in zip(*table.values(), strict=True)]
        found |= {item: len(line) - least for item, line, least in zip(table[ID], lines, needed, strict=True)}
    return np.array([found[item] for item in folder.items.id.tolist()], dtype=np.float64)


def _needed_quotes(row: Sequence[str]) -> int:
    """The quotes without which the cells of a row would be read as others."""
    return sum(2 + cell.count('"') for cell in row if _QUOTED.search(cell))
