"""Sections of a data report about subgroups: how large they and their intersections are, and how sure their scores."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from compete.reports.contents import Contents, Texts
from compete.reports.figures import Bar, bar_chart, heat_chart
from compete.reports.occurrences import Occurrences
from compete.reports.page import Fold, Grid, Piece, Section, Table, count_text, part_text
from compete.table import factorized

Array = np.ndarray[Any, Any]

MOST_PAIRS = 6
MOST_VALUES = 16
"""Values of a subgroup that a grid shows, the largest first."""


def subgroups_section(contents: Contents, found: Occurrences) -> Section | None:
    """Each subgroup, their intersections, and the classes in them; None where there are no subgroups."""
    if not contents.subgroup:
        return None
    pieces: list[Piece] = []
    for name, cells in contents.subgroup.items():
        pieces += _one(contents, name, cells)
        more = [*_class_grid(contents, name, cells, found), *_sureness(contents, name, cells)]
        title = f"{name}: classes" if contents.for_participants else f"{name}: classes, and how sure a score can be"
        pieces += [Fold(title, [Grid(more)])] if more else []
    grids = [_grid(contents, *pair) for pair in list(combinations(contents.subgroup.items(), 2))[:MOST_PAIRS]]
    if grids:
        pieces.append(Fold(f"Intersections of two subgroups ({len(grids)})", grids, opened=True))
    told = "Scores are told for each of these separately."
    if contents.for_participants:
        told = f"Of the training items; values with fewer than {contents.fewest} items are not told apart."
    return Section("subgroups", "Subgroups and intersections", told, pieces)


def values_of(contents: Contents, cells: Texts) -> tuple[Array, list[str]]:
    """The value of each item as a code, -1 where not known or too rare to be told, and what the values are called."""
    code, distinct = factorized(cells)
    code = np.where(contents.known, code, -1)
    count = np.bincount(code[code >= 0], minlength=len(distinct))
    kept = [place for place in np.argsort(-count, kind="stable").tolist() if count[place] >= max(contents.fewest, 1)]
    table = np.full(len(distinct) + 1, -1)
    table[kept] = np.arange(len(kept))
    return table[code], [str(distinct[place]) for place in kept]


def _one(contents: Contents, name: str, cells: Texts) -> list[Piece]:
    """One subgroup, part beside part, with the width of the interval to expect."""
    code, names = values_of(contents, cells)
    shown = sorted({int(place) for place in contents.part[contents.known]})
    sizes = contents.count_of_parts(contents.known)
    hidden = int((contents.known & (code < 0)).sum())
    bars = []
    for place, value in enumerate(names[:MOST_VALUES]):
        counts = contents.count_of_parts(code == place)
        shares = [counts[part] / max(sizes[part], 1) for part in shown]
        texts = [part_text(counts[part], sizes[part]) for part in shown]
        bars.append(Bar(value, tuple(shares), tuple(texts)))
    if hidden:
        bars.append(Bar(f"others, each of fewer than {contents.fewest}", (None,) * len(shown), ("",) * len(shown)))
    parts = [contents.parts[part] for part in shown]
    return [bar_chart(name, bars, parts, head="value")] if bars else []


def _sureness(contents: Contents, name: str, cells: Texts) -> list[Piece]:
    """Half the width of the interval to expect in each part of the test; nothing where that is not known."""
    code, names = values_of(contents, cells)
    shown = [part for part in range(1, len(contents.parts)) if (contents.known & (contents.part == part)).any()]
    counted = [contents.count_of_parts(code == place) for place in range(len(names[:MOST_VALUES]))]
    rows = [
        [value, *(half_width(counts[part]) for part in shown)] for value, counts in zip(names, counted, strict=False)
    ]
    if not shown or not rows:
        return []
    note = "Half the 95 % interval of a share of one half: two scores may differ by as much without meaning anything."
    heads = ["value", *(contents.parts[part] for part in shown)]
    return [Table(f"{name}: a score is sure to ±", heads, rows, range(1, len(heads)), note)]


def half_width(n: int) -> str:
    """Half the width of the interval of a share near one half, by the normal approximation.

    >>> half_width(100), half_width(0)
    ('0.10', 'no item')
    """
    return f"{min(0.98 / np.sqrt(n), 0.5):.2f}" if n else "no item"


def _class_grid(contents: Contents, name: str, cells: Texts, found: Occurrences) -> list[Piece]:
    """How often each class occurs in each value of a subgroup, as a share of the value's items."""
    code, names = values_of(contents, cells)
    if not 1 < len(found.names) <= MOST_VALUES or not 1 < len(names) <= MOST_VALUES:
        return []
    counts = found.counts(code, len(names))
    least = contents.fewest
    whole = counts.sum(axis=1, keepdims=True)
    values = [
        [None if 0 < cell < least else float(cell / max(all_, 1)) for cell in row]
        for row, (all_,) in zip(counts.tolist(), whole.tolist(), strict=True)
    ]
    texts = [
        [few_text(cell, least) if 0 < cell < least else part_text(cell, all_) for cell in row]
        for row, (all_,) in zip(counts.tolist(), whole.tolist(), strict=True)
    ]
    return [heat_chart(f"{found.what.capitalize()} of each class in {name}", names, found.names, values, texts=texts)]


def _grid(contents: Contents, one: tuple[str, Texts], other: tuple[str, Texts]) -> Piece:
    """How many items each intersection of two subgroups has."""
    (code, names), (across, columns) = values_of(contents, one[1]), values_of(contents, other[1])
    names, columns = names[:MOST_VALUES], columns[:MOST_VALUES]
    both = (code >= 0) & (code < len(names)) & (across >= 0) & (across < len(columns))
    flat = code[both] * max(len(columns), 1) + across[both]
    counts = np.bincount(flat, minlength=len(names) * len(columns)).reshape(len(names), len(columns))
    least = contents.fewest
    values = [[None if 0 < cell < least else float(cell) for cell in row] for row in counts.tolist()]
    texts = [[few_text(cell, least) for cell in row] for row in counts.tolist()]
    caption = f"Items by {one[0]} and {other[0]}"
    return heat_chart(caption, names, columns, values, texts=texts, corner=f"{one[0]} ↓ {other[0]} →")


def few_text(count: int, least: int) -> str:
    """A count, or only that it is small.

    >>> few_text(7, 20), few_text(1234, 20), few_text(7, 0)
    ('< 20', '1,234', '7')
    """
    return f"< {least}" if 0 < count < least else count_text(count)
