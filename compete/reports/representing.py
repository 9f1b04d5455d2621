"""Section of a data report about whom the data stand for: each attribute beside a reference population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.dataset import counted, excerpt, is_missing, nearest_column, parsed_number
from compete.errors import Finding, UsageError, fatal
from compete.reports.balance import number_text, total_variation
from compete.reports.contents import Contents, Texts
from compete.reports.figures import Bar, bar_chart
from compete.reports.page import Fold, Piece, Section, Table, count_text, share_text
from compete.reports.subgroups import few_text
from compete.table import factorized
from compete.terms import NO_VALUE

if TYPE_CHECKING:
    from compete.readers.delimited import Delimited

Array = np.ndarray[Any, Any]

AMOUNTS = ("share", "count", "n", "weight", "population")
"""Names of the column that says how many of the reference population a row stands for; without one each is a person."""

CELLS = 24
"""Intersections of several attributes that are shown: those with the largest differences."""


@dataclass(frozen=True)
class Reference:
    """How a population is distributed.

    Attributes:
        attributes: names of columns or subgroups; several for their intersection.
        shares: value, or values, -> share of the population, summing to one.
    """

    attributes: tuple[str, ...]
    shares: Mapping[tuple[str, ...], float]


def read_references(path: Path, known: Sequence[str]) -> list[Reference]:
    """Read a table of a reference population.

    Either a row for each value, in columns ``attribute``, ``value`` and ``share`` (or ``count``); or a column for each
    attribute, a row for each combination, and ``share`` or ``count``. Without these each row is one person.

    Args:
        path: a CSV file.
        known: the attributes that the data have.

    Returns:
        The distribution of each attribute, and of several together where the table tells it.

    Raises:
        UsageError: the table tells nothing of these attributes, or holds what is no amount.
        DatasetError: it is no table.
    """
    from compete.readers.delimited import read_delimited

    table = read_delimited(path)
    if fatal(table.findings):
        raise UsageError("the reference cannot be read", table.findings)
    names = {name.strip().casefold(): name for name in table.columns}
    amount = next((names[name] for name in AMOUNTS if name in names), None)
    amounts = _amounts(table, amount)
    if {"attribute", "value"} <= names.keys():
        attribute, value = (table.columns[names[name]] for name in ("attribute", "value"))
        rows = [((name.strip(),), (cell.strip(),)) for name, cell in zip(attribute, value, strict=True)]
        found = [(one,) for one in dict.fromkeys(name for (name,), _ in rows)]
        _refuse_unknown([name for (name,) in found], known, table)
        return [
            _reference(one, [(cell, part) for (at, cell), part in zip(rows, amounts, strict=True) if at == one])
            for one in found
        ]
    columns = [name for name in table.columns if name != amount and name.strip()]
    _refuse_unknown(columns, known, table)
    cells = list(zip(*([text.strip() for text in table.columns[name]] for name in columns), strict=True))
    wanted = [(place,) for place in range(len(columns))] + ([tuple(range(len(columns)))] if len(columns) > 1 else [])
    return [
        _reference(
            tuple(columns[place] for place in places),
            [(tuple(row[place] for place in places), part) for row, part in zip(cells, amounts, strict=True)],
        )
        for places in wanted
    ]


def _amounts(table: Delimited, column: str | None) -> list[float]:
    """What each row stands for.

    Raises:
        UsageError: a cell is no amount, or all together are nothing.
    """
    rows = len(next(iter(table.columns.values()), []))
    if column is None:
        return [1.0] * rows
    found = [parsed_number(text) for text in table.columns[column]]
    bad = [place for place, number in enumerate(found) if number is None or number < 0]
    if bad or not sum(number or 0.0 for number in found):
        where = f"{table.name}:{table.lines[bad[0]]}" if bad else table.name
        items = tuple(excerpt(table.columns[column][place]) for place in bad)
        told = counted(len(bad), "cell of the column is no amount", "cells of the column are no amounts")
        message = f"{told}: {column!r}" if bad else f"the column {column!r} sums to nothing"
        finding = Finding(
            "report/reference", message, where, items, "write numbers from 0 on, with a decimal point", count=len(bad)
        )
        raise UsageError("the reference cannot be used", [finding])
    return [number or 0.0 for number in found]


def _refuse_unknown(names: Sequence[str], known: Sequence[str], table: Delimited) -> None:
    """Refuse attributes that the data do not have.

    Raises:
        UsageError: there are such, or none at all.
    """
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        hint = nearest_column(unknown[0], known) if unknown and known else "name columns or subgroups of the data"
        told = counted(len(unknown), "attribute of the reference is", "attributes of the reference are")
        message = f"{told} not in the data" if unknown else "it names no attribute"
        items = tuple(map(excerpt, unknown))
        finding = Finding("report/reference", message, f"{table.name}:1", items, hint, count=len(unknown))
        raise UsageError("the reference cannot be used", [finding])


def _reference(attributes: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], float]]) -> Reference:
    total = sum(part for _, part in rows) or 1.0
    shares: dict[tuple[str, ...], float] = {}
    for cell, part in rows:
        shares[cell] = shares.get(cell, 0.0) + part / total
    return Reference(attributes, shares)


@dataclass(frozen=True, eq=False)
class Compared:
    """An attribute beside its reference.

    Attributes:
        name: the attribute, or several joined.
        values: what it can be; those of the reference first.
        items: items with each value, shape (values,).
        share: of the independent units (groups, or items), those without a value left out; sums to one.
        reference: of the population; 0 where the reference does not know the value.
        units: how many independent units have a value.
        chi2: Pearson's statistic over the values that the reference knows.
        freedom: its degrees of freedom.
        p: how likely it is that large if the units were drawn from the population.
        variation: total variation, from 0 to 1.
        divergence: of Jensen and Shannon in bits, from 0 to 1.
    """

    name: str
    values: tuple[str, ...]
    items: Array
    share: Array
    reference: Array
    units: float
    chi2: float
    freedom: int
    p: float
    variation: float
    divergence: float

    def needed(self) -> Array:
        """Items to add to each value for all shares to be those of the reference, none being taken away, (values,)."""
        known = self.reference > 0
        whole = (self.items[known] / self.reference[known]).max(initial=0.0)
        return np.where(known, np.ceil(np.round(whole * self.reference - self.items, 9)), 0).astype(np.int64)


def attributes_of(contents: Contents) -> dict[str, Texts]:
    """What a reference may speak of: subgroups, and columns of words or of few values."""
    return {**contents.other, **contents.column, **contents.subgroup}


def compared(contents: Contents, reference: Reference, rows: Array) -> Compared:
    """An attribute of some items beside a population.

    Args:
        contents: the data.
        reference: the population.
        rows: whether an item is looked at, bool, shape (n,).

    Source: Pearson (1900) for chi squared; Lin, IEEE Transactions on Information Theory 37 (1991) for the divergence.
    """
    from scipy.stats import chi2

    columns = attributes_of(contents)
    cells = list(zip(*(columns[name] for name in reference.attributes), strict=True))
    texts = np.array([" | ".join(map(str.strip, cell)) for cell in cells], dtype=object)
    blank = np.array([any(is_missing(text) or text == NO_VALUE for text in cell) for cell in cells], dtype=bool)
    rows = rows & ~blank
    code, distinct = factorized(texts)
    known = {" | ".join(cell): share for cell, share in reference.shares.items()}
    seen = [str(distinct[place]) for place in np.unique(code[rows]).tolist()]
    values = (*known, *sorted(name for name in seen if name not in known))
    place = {name: number for number, name in enumerate(values)}
    table = np.array([place.get(str(name), -1) for name in distinct], dtype=np.int64)
    value = table[code[rows]]
    items = np.bincount(value, minlength=len(values))
    weight = np.bincount(value, weights=_unit_weights(contents, rows), minlength=len(values))
    population = np.array([known.get(name, 0.0) for name in values])
    share = weight / max(weight.sum(), 1e-12)
    inside = population > 0
    expected = weight[inside].sum() * population[inside]
    statistic = float(((weight[inside] - expected) ** 2 / np.maximum(expected, 1e-300)).sum())
    freedom = int(inside.sum()) - 1
    p = float(chi2.sf(statistic, freedom)) if freedom > 0 else 1.0
    apart = total_variation(share, population) if weight.sum() else 1.0
    return Compared(
        " × ".join(reference.attributes), values, items, share, population, float(weight.sum()), statistic, freedom, p,
        apart, divergence(share, population),
    )  # fmt: skip


def _unit_weights(contents: Contents, rows: Array) -> Array:
    """What each chosen item counts: together the items of a group count one."""
    if contents.group is None:
        return np.ones(int(rows.sum()))
    group = contents.group[rows]
    size = np.bincount(np.maximum(group, 0), minlength=1)
    return np.where(group >= 0, 1 / size[np.maximum(group, 0)], 1.0)


def divergence(one: Array, other: Array) -> float:
    """The Jensen-Shannon divergence of two distributions in bits, from 0 to 1.

    >>> divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0])), divergence(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    (1.0, 0.0)
    """
    middle = (one + other) / 2
    total = 0.0
    for side in (one, other):
        there = side > 0
        total += float((side[there] * np.log2(side[there] / middle[there])).sum()) / 2
    return max(0.0, total)


def representing_section(contents: Contents, references: Sequence[Reference]) -> Section:
    """All attributes of a reference beside the data."""
    every = [compared(contents, one, contents.known) for one in references]
    shown = [place for place in range(len(contents.parts)) if (contents.known & (contents.part == place)).any()]
    rows = []
    for one, reference in zip(every, references, strict=True):
        parts = [compared(contents, reference, contents.known & (contents.part == place)) for place in shown]
        told = [
            f"{one.variation:.3f}",
            f"{one.divergence:.3f}",
            f"{number_text(one.chi2)} ({one.freedom})",
            p_text(one.p),
        ]
        rows.append([one.name, number_text(one.units), *told, *(f"{part.variation:.3f}" for part in parts)])
    unit = "items" if contents.group is None else "groups"
    heads = ["attribute", unit, "total variation", "Jensen-Shannon, bits", "χ² (df)", "p"]
    heads += [f"TV {contents.parts[place]}" for place in shown] if len(shown) > 1 else []
    rows = [row[: len(heads)] for row in rows]
    counted = (
        "Each item counts once." if contents.group is None else "Each group counts once, however many items it has."
    )
    note = f"{counted} Items without a value are left out; χ² looks at the values that the reference knows."
    pieces: list[Piece] = [Table("The data beside the reference population", heads, rows, range(1, len(heads)), note)]
    for one in every:
        pieces += _one(one, contents)
    lead = "Whom a score speaks of: a model that is good here may fail where other people, places or devices prevail."
    return Section("reference", "Representativeness", lead, pieces)


def p_text(p: float) -> str:
    """How likely something is by chance.

    >>> p_text(0.25), p_text(0.00001)
    ('0.25', '< 0.0001')
    """
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def _one(one: Compared, contents: Contents) -> list[Piece]:
    """One attribute: bars of both shares, and how many items each cell lacks."""
    least, needed = contents.fewest, one.needed()
    order = np.argsort(-np.abs(one.share - one.reference), kind="stable")[:CELLS]
    order = np.sort(order)
    told = [place for place in order.tolist() if not 0 < one.items[place] < least]
    bars = [Bar(one.values[at], (float(one.share[at]), float(one.reference[at])), _both(one, at)) for at in told]
    rows = []
    for at in order.tolist():
        few = 0 < one.items[at] < least
        if few and not one.reference[at]:
            continue  # whoever gave the reference does not know of this value
        expected = one.reference[at] * one.items.sum()
        weight = "" if few or not one.share[at] else f"{one.reference[at] / one.share[at]:.2f}"
        more = "" if few else count_text(needed[at]) if one.reference[at] else "not in the reference"
        rows.append([one.values[at], few_text(int(one.items[at]), least), number_text(expected), more, weight])
    note = (
        "To add: so that all shares become those of the reference and nothing is taken away. Weight: reference ÷ data."
    )
    heads = ["value", "items", "expected at this size", "to add", "weight"]
    table = Table(f"{one.name}: items needed in each cell", heads, rows, range(1, 5), note)
    return [
        bar_chart(one.name, bars, ("data", "reference"), head="value"),
        Fold(f"{one.name}: items needed", [table]),
    ]


def _both(one: Compared, at: int) -> tuple[str, str]:
    return share_text(float(one.share[at])), share_text(float(one.reference[at]))
