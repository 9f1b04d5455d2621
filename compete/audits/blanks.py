"""Cells without a value: how many, and whether a blank tells the class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from compete.audits.probes import holm
from compete.audits.targets import Flags, special_columns, targets_of, units_of
from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, feature_columns, is_missing
from compete.errors import Finding
from compete.table import factorized

ALPHA = 0.01
TELLING = 0.3
"""Difference of the share of blanks inside and outside a class that is worth telling."""


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Blank cells of the columns that matter, and blanks that go with a class."""
    names = [name for name in dataset.items.columns if name not in special_columns(challenge)]
    blank = {name: blanks_of(dataset, name) for name in names}
    blank = {name: cells for name, cells in blank.items() if cells.any()}
    return [*_shares(challenge, dataset, blank), *_telling(challenge, dataset, blank)]


def blanks_of(dataset: Dataset, column: str) -> np.ndarray[Any, Any]:
    """Which cells of a column have no value, shape (n,)."""
    codes, distinct = factorized(dataset.items[column].to_numpy(dtype=object))
    missing = np.array([is_missing(str(text)) for text in distinct], dtype=bool)
    cells: np.ndarray[Any, Any] = missing[codes]
    return cells


def _shares(challenge: Challenge, dataset: Dataset, blank: dict[str, np.ndarray[Any, Any]]) -> list[Finding]:
    """One finding for the subgroups, one for what participants see, one for the rest."""
    subgroups = {one.column for one in challenge.data.subgroups}
    shown = set(feature_columns(challenge, dataset)) - subgroups
    kinds = (
        ("subgroups", subgroups, "warning", challenge.where("data.subgroups"),
         "these items are scored as the subgroup `missing`, which a combination leaves out"),
        ("features", shown, "note", challenge.where("data.features"),
         "participants see the cells as they are; say in the description what a blank means"),
        ("other columns", set(blank) - subgroups - shown, "note", dataset.source,
         "the build uses none of these"),
    )  # fmt: skip
    findings = []
    for what, columns, severity, where, hint in kinds:
        share = {name: float(blank[name].mean()) for name in blank if name in columns}
        if share:
            order = sorted(share, key=lambda name: -share[name])
            told = tuple(f"{excerpt(name)} {share[name]:.0%}" for name in order)
            message = f"{counted(len(share), 'column', 'columns')} of the {what} with cells that have no value"
            findings.append(Finding("audit/missing-values", message, where, told, hint, severity, len(share)))
    return findings


def _telling(challenge: Challenge, dataset: Dataset, blank: dict[str, np.ndarray[Any, Any]]) -> list[Finding]:
    """Columns whose blanks are much more frequent in a class than outside it, or much rarer."""
    targets, unit = targets_of(challenge, dataset), units_of(challenge, dataset)
    _, first = np.unique(unit, return_index=True)
    tests = [
        (p, name, text)
        for name, cells in blank.items()
        for p, text in _tests(cells[first], targets.flags[first], targets.names, name)
    ]
    good = holm([p for p, *_ in tests], ALPHA)
    found = sorted(test for test, significant in zip(tests, good, strict=True) if significant)
    shown = set(feature_columns(challenge, dataset))
    findings = []
    for seen, severity in ((True, "warning"), (False, "note")):
        least = {name: text for _, name, text in reversed(found) if (name in shown) is seen}
        if least:
            what = "that participants see" if seen else "that participants do not see"
            message = f"in {counted(len(least), 'column', 'columns')} {what} a blank cell goes with a class"
            hint = "what is blank shows where the data were collected: " + (
                "leave such columns out with `data.drop`" if seen else "do not name such columns in `data.features`"
            )
            told, where = tuple(least.values()), challenge.where("data.features")
            findings.append(Finding("audit/missing-by-class", message, where, told, hint, severity, len(least)))
    return findings


def _tests(
    cell: np.ndarray[Any, Any], flags: Flags, names: tuple[str, ...], column: str
) -> Iterator[tuple[float, str]]:
    """For every class a p value and what it is about."""
    from scipy.stats import fisher_exact

    inside, size = cell.astype(int) @ flags, flags.sum(axis=0)
    for place, name in enumerate(names):
        within, without = int(inside[place]), int(cell.sum() - inside[place])
        there, elsewhere = int(size[place]), int(len(cell) - size[place])
        if min(there, elsewhere) < 5:
            continue
        rates = within / there, without / elsewhere
        p = 1.0
        if abs(rates[0] - rates[1]) >= TELLING:
            p = float(fisher_exact([[within, there - within], [without, elsewhere - without]])[1])
        yield p, f"{excerpt(column)}: blank {rates[0]:.0%} in {excerpt(name)}, {rates[1]:.0%} elsewhere"
