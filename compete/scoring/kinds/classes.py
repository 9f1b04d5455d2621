"""Labels of a closed set, one column or several with sets of their own, and 0/1 flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.errors import Finding
from compete.scoring.kinds import one_row_each
from compete.scoring.spans import Array
from compete.scoring.submission import Contract, _labels
from compete.scoring.table import Table

if TYPE_CHECKING:
    from compete.scoring.truth import Truth
    from compete.terms import Terms


def read(table: Table, contract: Contract) -> tuple[list[Array], list[Finding]]:
    """Codes of the columns that are there; see `compete.scoring.kinds`."""
    if not contract.classes_of:
        return _labels(table, contract)
    codes, findings = [], []
    for name, classes in zip(contract.columns, contract.classes_of):
        code, faults = _labels(table, replace(contract, columns=(name,), classes=classes))
        codes += code
        findings += faults
    return codes, findings


def perfect(truth: Truth) -> Array:
    """The truth itself."""
    values: Array = truth.y_true
    return values


def written(values: Array, ids: Sequence[str], terms: Terms) -> list[list[str]]:
    """Names of classes, or 0 and 1; or a row for each label that holds."""
    if terms.form == "rows":
        return [[ids[item], terms.target[label]] for item, label in np.argwhere(values).tolist()]
    columns = as_columns(values, terms.columns, terms)
    return one_row_each([list(map(str, column.tolist())) for column in columns.values()], ids)


def as_columns(values: Any, names: Sequence[str], terms: Terms) -> dict[str, Array]:
    """Names of classes, or 0 and 1, by column."""
    columns = values.reshape(len(values), -1).T
    if terms.classes_of:
        sets = [np.array(classes, dtype=object) for classes in terms.classes_of]
        return {name: known[column] for name, known, column in zip(names, sets, columns)}
    if terms.classes:
        known = np.array(terms.classes, dtype=object)
        return {name: known[column] for name, column in zip(names, columns)}
    return dict(zip(terms.target if terms.form == "rows" else names, columns))
