"""Texts, one a cell, taken letter by letter as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.scoring.kinds import one_row_each, plain_bytes
from compete.scoring.kinds.entries import empty_rows
from compete.scoring.matching import lookup, vocabulary
from compete.scoring.source import counted, excerpt
from compete.scoring.spans import Array
from compete.scoring.submission import Contract
from compete.scoring.table import Table, columns_as_text
from compete.tasks import ABSENT
from metrics.texts import Texts

if TYPE_CHECKING:
    from compete.scoring.truth import Truth
    from compete.terms import Terms


def read(table: Table, contract: Contract) -> tuple[Optional[Texts], list[Finding]]:
    """The texts of all rows; see `compete.scoring.kinds`."""
    name = contract.columns[0]
    if name not in table.columns:
        return None, []
    column = table.columns[name]
    findings = empty_rows(table, contract, np.flatnonzero(column.length == 0))
    absent = np.flatnonzero(lookup(column, vocabulary(ABSENT)) >= 0)
    if len(absent):
        cure = "an empty text is an empty cell" if contract.empty else "predict a text for every item"
        hint = f"they are taken as texts of these letters; {cure}"
        shown = tuple(dict.fromkeys(excerpt(column.text(row)) for row in absent[:EXAMPLES].tolist()))
        message = f"{counted(len(absent), 'text')} that programs write where nothing is there"
        where = table.where(name, int(absent[0]))
        findings.append(Finding("submission/absent-text", message, where, shown, hint, "warning", len(absent)))
    return Texts(columns_as_text(table, name)), findings


def truth(table: Table, terms: Terms, contract: Contract) -> Texts:
    """The true texts."""
    return Texts(columns_as_text(table, terms.target[0]))


def perfect(truth: Truth) -> Texts:
    """The true texts."""
    known: Texts = truth.y_true
    return known


def written(values: Texts, ids: Sequence[str], terms: Terms) -> list[list[str]]:
    """A row an item."""
    return one_row_each([values.strings], ids)


def as_columns(values: Any, names: Sequence[str], terms: Terms) -> dict[str, Array]:
    """The texts."""
    return {names[0]: np.array([*values.strings, None], dtype=object)[:-1]}


def canonical(values: Texts) -> bytes:
    """Bytes that are equal where the texts are."""
    return plain_bytes(values.length) + "".join(values.strings).encode("utf-8", "surrogatepass")
