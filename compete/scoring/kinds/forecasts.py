"""Several numbers that say one thing together: intervals, values with their spread, ensembles, curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.scoring.kinds import numbers
from compete.scoring.source import counted
from compete.scoring.spans import Array
from compete.scoring.submission import Contract
from compete.scoring.table import Table

if TYPE_CHECKING:
    from compete.scoring.truth import Truth
    from compete.terms import Terms

ROUNDING = 1e-9
"""How much a curve may turn back from one place to the next, and be taken for rounding."""

CHANCES = ("cumulative", "survival")
"""Kinds whose numbers are probabilities."""

TURNS = {
    "interval": (1, "end below their start", "the columns are {columns}, the lower end first"),
    "cumulative": (1, "fall from one threshold to the next", "give the probability of at most each threshold"),
    "quantiles": (1, "fall from one quantile to the next", "sort the quantiles of each row"),
    "survival": (-1, "rise from one time to the next", "give the chance of no event until each time"),
}
"""Which way the numbers of a row go, what is said of those that turn back, and the cure."""


def read(table: Table, contract: Contract) -> tuple[list[Array], list[Finding]]:
    """The numbers of the columns, which fit each other in every row; see `compete.scoring.kinds`."""
    plain = replace(contract, kind="probability" if contract.kind in CHANCES else "value", distribution=False)
    values, findings = numbers.read(table, plain)
    if len(values) == len(contract.columns):
        told = (_turned(table, contract, values), _spread(table, contract, values))
        findings = findings + [one for one in told if one]
    return values, findings


def _turned(table: Table, contract: Contract, values: Sequence[Array]) -> Optional[Finding]:
    """Rows whose numbers turn back."""
    if contract.kind not in TURNS:
        return None
    way, message, hint = TURNS[contract.kind]
    slack = 0.0 if contract.kind == "interval" else ROUNDING
    back = np.zeros(table.rows, dtype=bool)
    for one, other in zip(values, values[1:]):  # noqa: RUF007
        back |= way * (other - one) < -slack
    rows = np.flatnonzero(back)
    if not len(rows):
        return None
    return _told(table, contract, rows, values, rule="curve-order", what=f"whose numbers {message}", hint=hint)


def _spread(table: Table, contract: Contract, values: Sequence[Array]) -> Optional[Finding]:
    """Rows whose standard deviation is negative."""
    rows = np.flatnonzero(values[1] < 0) if contract.kind == "spread" else np.zeros(0, dtype=np.int64)
    if not len(rows):
        return None
    hint = f"{contract.columns[1]} is a standard deviation, at least 0; is it a logarithm?"
    what = "whose standard deviation is negative"
    return _told(table, contract, rows, values, rule="out-of-range", what=what, hint=hint)


def _told(
    table: Table, contract: Contract, rows: Array, values: Sequence[Array], *, rule: str, what: str, hint: str
) -> Finding:
    shown = tuple(" ".join(f"{one[row]:g}" for one in values[:6]) for row in rows[:EXAMPLES].tolist())
    message = f"{counted(len(rows), 'row')} {what}"
    where = table.where(contract.columns[0], int(rows[0]))
    hint = hint.format(columns=", ".join(contract.columns))
    return Finding(f"submission/{rule}", message, where, shown, hint, count=len(rows))


def perfect(truth: Truth) -> Array:
    """The truth without doubt: no width, no spread, a step at the truth."""
    terms, known = truth.terms, truth.y_true
    at = np.array(terms.at)
    if terms.kind == "survival":
        gone = (known[:, :1] <= at) & (known[:, 1:] == 1)
        return np.asarray(~gone, dtype=np.int64)
    value = known.reshape(-1, 1)
    if terms.kind == "cumulative":
        return np.asarray(at >= value, dtype=np.int64)
    if terms.kind == "spread":
        return np.hstack([value, np.zeros_like(value)])
    return np.repeat(value, len(terms.columns), axis=1)


def written(values: Array, ids: Sequence[str], terms: Terms) -> list[list[str]]:
    """Numbers as they read back to the bit."""
    return numbers.written(values, ids, terms)


def as_columns(values: Any, names: Sequence[str], terms: Terms) -> dict[str, Array]:
    """The numbers by column."""
    return numbers.as_columns(values, names, terms)
