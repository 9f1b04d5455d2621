"""Sections of a data report about labels and columns: their distributions, part beside part, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compete.dataset import counted, is_missing
from compete.reports.contents import Contents, Texts
from compete.reports.figures import Axis, Bar, Line, bar_chart, line_chart
from compete.reports.occurrences import Occurrences, numbers_of_texts
from compete.reports.page import Fold, Grid, Piece, Section, Table, count_text, part_text, share_text
from compete.table import factorized

Array = np.ndarray[Any, Any]

SHOWN = 24
"""Classes, values or columns that a figure shows; the rest stands in a table that is folded."""

DRAWN = 6
"""Columns of numbers whose distribution is drawn."""

BINS = 16

FEW = 50
"""Values of a column up to which parts are compared value by value."""


def balance_section(contents: Contents, found: Occurrences) -> Section:
    """How often each class occurs in each part; of numbers how they are distributed."""
    parts: list[Piece] = []
    lead = "How often each class occurs, as a share of its part."
    if found.names:
        parts += _class_figures(contents, found)
    if found.numbers:
        lead = "How the labels are distributed in each part."
        shown = parts_known(contents)
        parts += [
            Grid(_histograms(contents, found.numbers, shown)),
            _quantiles("Labels", found.numbers, contents, shown),
        ]
    return Section("balance", "Balance", lead, parts)


def _class_figures(contents: Contents, found: Occurrences) -> list[Piece]:
    shown = parts_known(contents)
    counts = found.counts(np.where(np.isin(contents.part, shown), contents.part, -1), len(contents.parts))[shown]
    total = counts.sum(axis=0)
    order = np.arange(len(total)) if len(total) <= SHOWN else np.argsort(-total, kind="stable")
    whole = np.maximum(counts.sum(axis=1), 1)
    if found.what in ("items", "images", "labels"):
        whole = np.maximum(np.array([contents.count_of_parts()[part] for part in shown]), 1)
    names = [contents.parts[part] for part in shown]
    bars = [
        Bar(
            found.names[place],
            tuple((counts[:, place] / whole).tolist()),
            tuple(part_text(count, all_) for count, all_ in zip(counts[:, place], whole, strict=True)),
        )
        for place in order.tolist()
    ]
    pieces: list[Piece] = [bar_chart(f"Classes: number of {found.what}, and share", bars[:SHOWN], names, head="class")]
    if len(bars) > SHOWN:
        rows = [[found.names[place], *map(count_text, counts[:, place])] for place in order[SHOWN:].tolist()]
        more = Table("Less frequent classes", ["class", *names], rows, range(1, 1 + len(names)))
        pieces.append(Fold(f"{len(rows):,} further classes", [more]))
    return pieces


def parts_known(contents: Contents) -> list[int]:
    """The parts whose labels are known here."""
    return [place for place in range(len(contents.parts)) if (contents.known & (contents.part == place)).any()]


def splits_section(contents: Contents, found: Occurrences) -> Section:
    """How large the parts are, and how far train and the test are apart."""
    counts = contents.count_of_parts()
    rows = []
    for place, name in enumerate(contents.parts):
        groups = "" if contents.group is None else _groups_of(contents, place)
        rows.append([name, count_text(counts[place]), share_text(counts[place], contents.n), groups])
    heads = ["part", "items", "share"] + ([] if contents.group is None else ["groups"])
    rows = [row[: len(heads)] for row in rows]
    shares = {2: [count / max(contents.n, 1) for count in counts]}
    table = Table("The parts", heads, rows, range(1, len(heads)), shares=shares)
    apart = _apart_table(contents, found)
    lead = "What is learned in one part is asked in another; the closer they are, the less a score says of a shift."
    return Section("splits", "Splits side by side", lead, [table, *([apart] if apart else [])])


def _groups_of(contents: Contents, place: int) -> str:
    assert contents.group is not None
    known = contents.group[(contents.part == place) & (contents.group >= 0)]
    return count_text(len(np.unique(known))) if len(known) else "not told"


def _apart_table(contents: Contents, found: Occurrences) -> Table | None:
    """How far each other part is from train in classes, subgroups and columns of words; None where none is known."""
    fields = dict(_few_valued(contents, found))
    others = range(1, len(contents.parts))
    rows = []
    for name, counts in fields.items():
        cells = [_apart_text(counts[0], counts[place]) for place in others]
        if any(cells):
            rows.append([name, *cells])
    if not rows:
        return None
    note = (
        "Total variation: the share of items that would have to change their value for both to be alike, from 0 to 1. "
        "In brackets what two parts of this size differ by when chance deals out items one by one."
    )
    heads = ["", *(f"train – {contents.parts[place]}" for place in others)]
    return Table("How far the parts are apart", heads, rows, range(1, len(heads)), note)


def _few_valued(contents: Contents, found: Occurrences) -> list[tuple[str, Array]]:
    """Counts of shape (parts, values) of everything that takes few values."""
    size = len(contents.parts)
    fields = []
    if len(found.names) > 1:
        fields.append(("classes", found.counts(np.where(contents.known, contents.part, -1), size)))
    texts = {f"subgroup {name}": (cells, contents.known) for name, cells in contents.subgroup.items()}
    everyone = np.ones(contents.n, dtype=bool)
    texts |= {name: (cells, everyone) for name, cells in contents.column.items()}
    for name, (cells, known) in texts.items():
        code, values = factorized(cells)
        if 1 < len(values) <= FEW:
            flat = contents.part[known] * len(values) + code[known]
            fields.append((name, np.bincount(flat, minlength=size * len(values)).reshape(size, -1)))
    return fields


def _apart_text(one: Array, other: Array) -> str:
    if not one.sum() or not other.sum():
        return ""
    return f"{total_variation(one, other):.3f} ({expected_variation(one, other):.3f})"


def total_variation(one: Array, other: Array) -> float:
    """Half the sum of the differences of two distributions, from 0 to 1.

    Args:
        one: counts or shares, shape (values,).
        other: likewise.

    >>> total_variation(np.array([1, 1]), np.array([3, 1]))
    0.25
    """
    return float(np.abs(one / one.sum() - other / other.sum()).sum() / 2)


def expected_variation(one: Array, other: Array) -> float:
    """The total variation to expect between two samples of one distribution, by the normal approximation.

    >>> round(expected_variation(np.array([50, 50]), np.array([50, 50])), 3)
    0.056
    """
    share = (one + other) / (one.sum() + other.sum())
    spread = np.sqrt(share * (1 - share) * (1 / one.sum() + 1 / other.sum()))
    return float(np.sqrt(2 / np.pi) * spread.sum() / 2)


def columns_section(contents: Contents) -> Section | None:
    """What participants see of an item, column by column and part by part; None where there are no columns."""
    if not contents.column:
        return None
    numeric = {
        name: numbers for name, cells in contents.column.items() if (numbers := numbers_of_texts(cells)) is not None
    }
    every = list(range(len(contents.parts)))
    pieces: list[Piece] = []
    if numeric:
        drawn = dict(list(numeric.items())[:DRAWN])
        pieces += [
            Grid(_histograms(contents, drawn, every)),
            _quantiles("Columns of numbers", numeric, contents, every),
        ]
    words = {name: cells for name, cells in contents.column.items() if name not in numeric}
    if words:
        pieces.append(_words_table(contents, words))
    return Section("columns", "Columns", "What participants see of an item.", pieces)


def _words_table(contents: Contents, columns: Mapping[str, Texts]) -> Table:
    rows = []
    for name, cells in columns.items():
        code, values = factorized(cells)
        count = np.bincount(code)
        least = contents.fewest if name in contents.subgroup else 0
        most = [place for place in np.argsort(-count, kind="stable")[:3] if count[place] >= least]
        told = ", ".join(f"{_short(str(values[place]))} ({count[place]:,})" for place in most)
        rows.append([name, count_text(len(values)), told])
    return Table("Columns of words", ["column", "values", "most frequent"], rows, (1,))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _histograms(contents: Contents, columns: Mapping[str, Array], shown: Sequence[int]) -> list[Piece]:
    """One chart a column, one line a part."""
    charts: list[Piece] = []
    for name, values in columns.items():
        known = values[np.isfinite(values)]
        if not len(known) or known.min() == known.max():
            continue
        edges = np.linspace(known.min(), known.max(), BINS + 1)
        lines = []
        for place in shown:
            some = values[(contents.part == place) & np.isfinite(values)]
            share = np.histogram(some, edges)[0] / max(len(some), 1)
            lines.append(Line(contents.parts[place], edges.tolist(), [*share.tolist(), float(share[-1])], steps=True))
        top = max(max(line.y) for line in lines) or 1.0
        told = f"{_short(name)}: from {number_text(known.min())} to {number_text(known.max())}"
        axes = Axis(_short(name), float(edges[0]), float(edges[-1])), Axis("share of the part", 0.0, top * 1.08)
        charts.append(line_chart(_short(name), told, lines, *axes))
    return charts


def _quantiles(caption: str, columns: Mapping[str, Array], contents: Contents, shown: Sequence[int]) -> Piece:
    """Median and quartiles of each column in each part."""
    rows = []
    for name, values in columns.items():
        cells = []
        for place in shown:
            known = values[(contents.part == place) & np.isfinite(values)]
            low, middle, high = np.quantile(known, (0.25, 0.5, 0.75)) if len(known) else (np.nan,) * 3
            told = f"{number_text(middle)} ({number_text(low)} – {number_text(high)})"
            cells.append(told if len(known) else "–")
        rows.append([name, *cells])
    heads = ["column", *(contents.parts[place] for place in shown)]
    table = Table(f"{caption}: median (quartiles)", heads, rows, range(1, len(heads)))
    return table if len(rows) <= SHOWN else Fold(f"{caption}: {len(rows)}", [table])


def number_text(value: float) -> str:
    """A measured number with four digits.

    >>> number_text(1234567.0), number_text(0.00123456), number_text(37.0)
    ('1,235,000', '0.001235', '37')
    """
    if not np.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        digits = 10 ** (int(np.floor(np.log10(abs(value)))) - 3)
        return f"{round(value / digits) * digits:,.0f}"
    return f"{value:.4g}"


def missing_section(contents: Contents) -> Section:
    """Cells that have no value, by column and part."""
    every = list(range(len(contents.parts)))
    fields: list[tuple[str, Texts, Array]] = [
        (name, cells, np.ones(contents.n, dtype=bool)) for name, cells in contents.column.items()
    ]
    fields += [(f"subgroup {name}", cells, contents.known) for name, cells in contents.subgroup.items()]
    fields += [(f"{name} (not shown)", cells, contents.known) for name, cells in contents.other.items()]
    bars = []
    for name, cells, known in fields:
        blank = blank_cells(cells)
        shares = []
        for place in every:
            rows = known & (contents.part == place)
            shares.append(float(blank[rows].mean()) if rows.any() else None)
        if any(share for share in shares):
            bars.append(Bar(name, tuple(shares), tuple("" if share is None else share_text(share) for share in shares)))
    if not bars:
        told = f"No cell of {counted(len(fields), 'column', 'columns')} is without a value."
        told = told if fields else "There are no columns."
        return Section("missing", "Missing values", told, [])
    bars.sort(key=lambda bar: -max(share or 0.0 for share in bar.values))
    chart = bar_chart(
        "Cells without a value, as a share of the part", bars[:SHOWN], contents.parts, head="column", top=1.0
    )
    lead = f"{len(bars)} of {len(fields)} columns have cells without a value."
    rest = [Table("Further columns", ["column", *contents.parts], [[bar.label, *bar.texts] for bar in bars[SHOWN:]])]
    return Section("missing", "Missing values", lead, [chart, *([Fold("More", rest)] if len(bars) > SHOWN else [])])


def blank_cells(cells: Texts) -> Array:
    """Which cells have no value, shape (n,)."""
    code, distinct = factorized(cells)
    blank = np.array([is_missing(str(text)) or text == "missing" for text in distinct], dtype=bool)
    out: Array = blank[code]
    return out
