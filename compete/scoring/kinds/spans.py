"""Spans of texts or of time, any number a cell: first place and place behind the last, ``0 5; 9 12``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from compete.errors import Finding
from compete.scoring.digits import whole_numbers
from compete.scoring.kinds import one_row_each, plain_bytes
from compete.scoring.kinds.entries import empty_rows, entries_of, numbered_in_row, told_entries, told_rows
from compete.scoring.source import excerpt
from compete.scoring.spans import Array
from compete.scoring.submission import Contract
from compete.scoring.table import Table
from metrics.ragged import starts_of
from metrics.spans import FARTHEST, Spans

if TYPE_CHECKING:
    from compete.scoring.truth import Truth
    from compete.terms import Terms

LONGEST = 10
"""Digits of a place, at most."""

_WRITE = "write first place and place behind the last, whole numbers from 0: `0 5; 9 12`"


def read(table: Table, contract: Contract) -> tuple[Optional[Spans], list[Finding]]:
    """The spans of all rows; see `compete.scoring.kinds`."""
    name = contract.columns[0]
    if name not in table.columns:
        return None, []
    place, row, findings = _places(table, name)
    if place is None:
        return None, findings
    count = np.bincount(row, minlength=table.rows)
    findings += empty_rows(table, contract, np.flatnonzero(count == 0))
    many = np.flatnonzero(count > contract.most)
    message, hint = f"{{rows}} with more than {contract.most:,} spans", f"keep the {contract.most:,} surest of each"
    findings += told_rows(table, name, "too-many", many, message=message, hint=hint)
    first, last = place[::2], place[1::2]
    wrong = np.flatnonzero(last <= first)
    hint = f"the second number is the place behind the last, so it is larger; {_WRITE}"
    message = f"{{entries}} of {excerpt(name)} that end before they begin, or hold nothing"
    findings += told_entries(
        table, name, "span", row[wrong], lambda one: f"{first[wrong[one]]} {last[wrong[one]]}",
        message=message, hint=hint,
    )  # fmt: skip
    if findings:
        return None, findings
    order = np.lexsort((last, first, row))
    return Spans(starts_of(count), first[order], last[order]), []


def _places(table: Table, name: str) -> tuple[Optional[Array], Array, list[Finding]]:
    """The numbers of all cells, two a span, and the row of each span; None where they are no pairs of places."""
    piece, row = entries_of(table.columns[name], ";")
    word, owner = entries_of(piece, " ")
    count, _ = numbered_in_row(owner, len(piece))
    value = whole_numbers(word) if int(word.length.max(initial=0)) <= LONGEST else None
    findings = []
    if value is None or (len(value) and int(value.max()) >= FARTHEST):
        good = np.array([_is_place(word.raw(one)) for one in range(len(word))], dtype=bool)
        wrong = np.flatnonzero(~good)
        message = f"{{entries}} of {excerpt(name)} that are no place"
        shown = [word.text(int(one)) for one in wrong[:3]]
        hint = _cure(shown[0])
        findings += told_entries(table, name, "span", row[owner[wrong]], shown.__getitem__, message=message, hint=hint)
    odd = np.flatnonzero(count % 2)
    message = f"{{entries}} of {excerpt(name)} with a first place and no last"
    findings += told_entries(
        table, name, "span", row[odd], lambda one: piece.text(int(odd[one])), message=message, hint=_WRITE
    )
    return (None, row, findings) if findings or value is None else (value, row[owner[::2]], [])


def _is_place(raw: bytes) -> bool:
    return raw.isdigit() and len(raw) <= LONGEST and int(raw) < FARTHEST


def _cure(text: str) -> str:
    """Why a word is no place."""
    if any(sign in text for sign in "[](),"):
        return f"no brackets and no commas: {_WRITE}"
    if "." in text:
        return f"no decimal points: {_WRITE}"
    if text.startswith("-"):
        return f"places are counted from 0: {_WRITE}"
    return _WRITE if any(letter.isdigit() for letter in text) else f"leave the cell empty where nothing is; {_WRITE}"


def truth(table: Table, terms: Terms, contract: Contract) -> Optional[Spans]:
    """The true spans; None where they are not as they were built."""
    plain = replace(contract, columns=terms.target, empty=True, most=len(table.source.buffer))
    return read(table, plain)[0]


def perfect(truth: Truth) -> Spans:
    """The true spans."""
    known: Spans = truth.y_true
    return known


def written(values: Spans, ids: Sequence[str], terms: Terms) -> list[list[str]]:
    """A row an item, or a row a span."""
    if terms.form == "rows":
        item = np.repeat(np.arange(len(ids)), np.diff(values.start)).tolist()
        places = zip(values.first.tolist(), values.last.tolist())
        return [[ids[place], str(first), str(last)] for place, (first, last) in zip(item, places)]
    return one_row_each([cells(values)], ids)


def as_columns(values: Any, names: Sequence[str], terms: Terms) -> dict[str, Array]:
    """The cells that say what the spans say."""
    return {names[0]: np.array([*cells(values), None], dtype=object)[:-1]}


def cells(values: Spans) -> list[str]:
    """The spans of each item."""
    bounds = values.start.tolist()
    pairs = [f"{first} {last}" for first, last in zip(values.first.tolist(), values.last.tolist())]
    return ["; ".join(pairs[low:high]) for low, high in zip(bounds, bounds[1:])]  # noqa: RUF007


def canonical(values: Spans) -> bytes:
    """Bytes that are equal where the spans are."""
    return plain_bytes(values.start, values.first, values.last)
