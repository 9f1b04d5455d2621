"""Lists of labels, one a cell, the best first; or in a table with one row a label and its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from compete.errors import Finding
from compete.scoring.causes import unknown_label_cause
from compete.scoring.kinds import one_row_each, plain_bytes
from compete.scoring.kinds.entries import empty_rows, entries_of, told_entries, told_rows
from compete.scoring.matching import lookup, vocabulary
from compete.scoring.source import excerpt
from compete.scoring.spans import Array, Column
from compete.scoring.submission import Contract
from compete.scoring.table import Table, as_codes
from compete.tasks import ABSENT
from metrics.lists import Lists
from metrics.ragged import starts_of

if TYPE_CHECKING:
    from compete.scoring.truth import Truth
    from compete.terms import Terms


def read(table: Table, contract: Contract) -> tuple[Optional[Lists], list[Finding]]:
    """The lists of all rows; see `compete.scoring.kinds`."""
    name = contract.columns[0]
    if name not in table.columns:
        return None, []
    entry, row = entries_of(table.columns[name], contract.separator)
    count = np.bincount(row, minlength=table.rows)
    code, labels, findings = coded_entries(table, contract, entry, row)
    absent = _absent(entry, count[row] == 1, contract)
    hint = "leave the cell empty where there is nothing" if contract.empty else "every item needs an answer"
    message = f"{{rows}} that say of {excerpt(name)} that it is missing"
    findings += told_rows(table, name, "empty-cell", row[absent], message=message, hint=hint)
    findings += empty_rows(table, contract, np.flatnonzero(count == 0))
    many = np.flatnonzero(count > contract.most)
    message = f"{{rows}} with more than {contract.most:,} labels"
    hint = f"keep the {contract.most:,} best of each, the best first"
    findings += told_rows(table, name, "too-many", many, message=message, hint=hint)
    if not contract.repeats:
        findings += _repeats(table, name, entry, row, row * (len(labels) + 1) + code)
    return Lists(starts_of(count), np.maximum(code, 0), labels or None), findings


def coded_entries(
    table: Table, contract: Contract, entry: Column, row: Array
) -> tuple[Array, Sequence[str], list[Finding]]:
    """The label of each entry: its place among the classes, or, where any may be named, among those that occur.

    Returns:
        Codes, -1 where the label is none; the labels that they number; and what is wrong.
    """
    if not contract.classes:
        code, labels = as_codes(replace(table, columns={"": entry}, rows=len(entry)), "")
        return code.astype(np.int64), labels, []
    code = lookup(entry, vocabulary(contract.classes)).astype(np.int64)
    wrong = np.flatnonzero(code < 0)
    wrong = wrong[~_absent(entry.take(wrong), np.ones(len(wrong), dtype=bool), contract)]
    hint = unknown_label_cause([entry.text(one) for one in wrong[:3].tolist()], contract.classes) if len(wrong) else ""
    message = f"{{entries}} of {excerpt(contract.columns[0])} that are no label of the challenge"
    told = told_entries(
        table, contract.columns[0], "unknown-label", row[wrong], lambda one: entry.text(int(wrong[one])),
        message=message, hint=hint,
    )  # fmt: skip
    return code, contract.classes, told


def _absent(entry: Column, alone: Array, contract: Contract) -> Array:
    """Which entries say, alone in their cell, that nothing is there; as places."""
    words = [word for word in ABSENT if word not in contract.classes]
    found: Array = alone & (lookup(entry, vocabulary(words)) >= 0)
    return found


def _repeats(table: Table, name: str, entry: Column, row: Array, key: Array) -> list[Finding]:
    """Tell of lists that name a label twice; the keys of two entries are equal where row and label are."""
    if not (row[1:] == row[:-1]).any():
        return []
    order = np.argsort(key, kind="stable")
    again = np.sort(order[1:][key[order[1:]] == key[order[:-1]]])
    return told_entries(
        table, name, "repeated-label", row[again], lambda one: entry.text(int(again[one])),
        message="{entries} that stood in their list before", hint="name each label once, where it ranks best",
    )  # fmt: skip


def truth(table: Table, terms: Terms, contract: Contract) -> Optional[Lists]:
    """The true lists with their gains; None where they are not as they were built."""
    from compete.scoring.numerals import numbers

    plain = replace(contract, columns=terms.target, empty=True, most=len(table.source.buffer), repeats=True)
    lists, findings = read(table, plain)
    if lists is None or findings:
        return None
    if not terms.gain:
        return lists
    entry, row = entries_of(table.columns[terms.gain], terms.separator)
    gain = numbers(entry)
    faults = gain.empty.count + gain.not_number.count + gain.not_finite.count
    if faults or not np.array_equal(np.bincount(row, minlength=table.rows), np.diff(lists.start)):
        return None
    return replace(lists, gain=gain.value)


def perfect(truth: Truth) -> Lists:
    """The true lists, what is most relevant first, as many labels as may be named."""
    known: Lists = truth.y_true
    count = np.diff(known.start)
    item = np.repeat(np.arange(len(known)), count)
    code = known.code if known.gain is None else known.code[np.lexsort((-known.gain, item))]
    kept = np.arange(len(code)) - known.start[item] < truth.terms.most_objects
    return Lists(starts_of(np.minimum(count, truth.terms.most_objects)), code[kept], known.labels)


def written(values: Lists, ids: Sequence[str], terms: Terms) -> list[list[str]]:
    """A row an item with its labels, or a row a label with a score that falls along its list."""
    if terms.form != "rows":
        return one_row_each([cells(values, terms)], ids)
    bounds, names = values.start.tolist(), labels_of(values)
    return [
        [name, label, str(high - low - place)]
        for name, low, high in zip(ids, bounds, bounds[1:])
        for place, label in enumerate(names[low:high])
    ]


def as_columns(values: Any, names: Sequence[str], terms: Terms) -> dict[str, Array]:
    """The cells that say what the lists say, and the gains of true ones."""
    return {names[0]: np.array([*cells(values, terms), None], dtype=object)[:-1]}


def cells(values: Lists, terms: Terms) -> list[str]:
    """The labels of each list, parted as the challenge parts them."""
    bounds, names = values.start.tolist(), labels_of(values)
    return [terms.separator.join(names[low:high]) for low, high in zip(bounds, bounds[1:])]  # noqa: RUF007


def labels_of(values: Lists) -> list[str]:
    """The label of each entry."""
    known = np.array([*(values.labels or ()), None], dtype=object)
    names: list[str] = known[values.code].tolist()
    return names


def canonical(values: Lists) -> bytes:
    """Bytes that are equal where the lists are."""
    joined = "\0".join(values.labels or ()).encode()
    return plain_bytes(values.start, values.code) + joined
