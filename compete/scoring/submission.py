"""Read a submission and bring it into the solution's order, or refuse it with all its faults at once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from compete.errors import EXAMPLES, Finding, fatal
from compete.scoring.causes import no_number_cause, range_cause, sum_cause, unknown_id_cause, unknown_label_cause
from compete.scoring.matching import Vocabulary, lookup, vocabulary
from compete.scoring.numerals import NOTHING, numbers_of_columns
from compete.scoring.source import Caps, counted, excerpt, load, refuse_all
from compete.scoring.spans import Array, Column
from compete.scoring.table import Table, examine
from compete.scoring.threads import on_all_cores
from compete.terms import LARGEST_VALUE
from metrics.frozen import dataclass

FLAGS = ("0", "1", "0.0", "1.0", "False", "True", "FALSE", "TRUE", "false", "true")
"""How a flag may be written; the places of false ones are even, of true ones odd."""

MOST = 100_000
"""Cells that are looked at one by one for words such as NA."""

SUM_TOLERANCE = 1e-3
"""How far a row of probabilities may be from 1: enough for values rounded to four decimals."""


@dataclass(frozen=True)
class Contract:
    """What a submission must hold.

    Attributes:
        id: name of the id column.
        columns: names of the prediction columns.
        kind: ``label`` (text of a closed set), ``probability`` (0 to 1), ``score`` or ``value`` (finite numbers),
            ``flag`` (0 or 1; also 0.0, 1.0, true and false as pandas and R write them), or another of ``KINDS``.
        classes: the closed set of labels; their order gives the codes.
        distribution: the probability columns of a row sum to 1.
        low: smallest value allowed; 0 for probabilities where None.
        high: largest value allowed; 1 for probabilities where None.
        ignorable: further columns that may stand there and are not read.
        caps: limits; without a row limit, twice the number of items and a thousand.
        classes_of: of several columns of labels, the closed set of each.
        separator: what parts the entries of a list.
        empty: whether an empty cell is an answer, where cells hold more than one value.
        most: entries or spans that a cell may hold.
        repeats: whether a list may name a label twice.
    """

    id: str
    columns: tuple[str, ...]
    kind: str
    classes: tuple[str, ...] = ()
    distribution: bool = False
    low: Optional[float] = None
    high: Optional[float] = None
    ignorable: tuple[str, ...] = ()
    caps: Caps = field(default_factory=Caps)
    classes_of: tuple[tuple[str, ...], ...] = ()
    separator: str = " "
    empty: bool = False
    most: int = 1000
    repeats: bool = False


@dataclass(frozen=True, eq=False)
class Fault:
    """Faulty cells of one column: their rows, or the first of ``count`` rows."""

    name: str
    rows: Array
    count: int = 0


@dataclass(frozen=True, eq=False)
class Submission:
    """Predictions in the order of the solution's ids.

    Attributes:
        values: (items,), or (items, columns) where there are several columns: int32 codes of labels, uint8 flags,
            float64 numbers; ``Lists``, ``Texts`` or ``Spans``; of images ``Objects``, ``LabelMaps`` or ``Segments``.
        warnings: what is odd and harmless.
        rows: rows of the file.
        sha256: fingerprint of the file.
    """

    values: Any
    warnings: tuple[Finding, ...]
    rows: int
    sha256: str

    def canonical_sha256(self) -> str:
        """Fingerprint of the predictions: the same whatever the order, quoting or line ends of the file."""
        if not isinstance(self.values, np.ndarray):
            from compete.scoring.kinds import canonical_bytes

            return hashlib.sha256(canonical_bytes(self.values)).hexdigest()
        plain = np.ascontiguousarray(self.values, dtype=self.values.dtype.newbyteorder("<"))
        digest = hashlib.sha256(f"{plain.dtype.str}{plain.shape}".encode())
        digest.update(plain.tobytes())
        return digest.hexdigest()


def read_submission(
    source: Union[str, Path, bytes],
    contract: Contract,
    ids: Union[Sequence[str], Column, Vocabulary],
    name: str = "",
) -> Submission:
    r"""Read a submission strictly and align it by id.

    The order of rows and columns, a byte order mark, line ends and quotes change no value.

    Args:
        source: path of a CSV file, or its bytes.
        contract: what it must hold.
        ids: the test items in the solution's order, each once: texts, a column of a table, or a prepared vocabulary
            (`vocabulary(ids)`), which is worth making once where many submissions are read.
        name: how findings call the file; its path by default.

    Raises:
        SubmissionError: the submission is refused; every fault that can be told is among the findings.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.

    >>> contract = Contract("id", ("label",), "label", classes=("cat", "dog"))
    >>> read_submission(b"id,label\n2,dog\n1,cat\n", contract, ["1", "2"]).values.tolist()
    [0, 1]
    """
    from compete.scoring.kinds import in_order, room_of

    known = vocabulary(ids)
    own = getattr(known, "own", None)  # of orderings, see `OrderedItems`
    caps = contract.caps
    if caps.rows is None:
        caps = replace(caps, rows=2 * len(known) + 1000)
    loaded = load(source, caps, name)
    table, findings = examine(loaded, (contract.id, *contract.columns), contract.ignorable, caps, hashed=True)
    item = None
    if contract.id in table.columns:
        item, faults = _aligned(table, contract.id, known)
        findings += faults
    read, faults = room_of(contract.kind).read(table, contract)
    findings += faults
    if own is not None and item is not None and read is not None and not fatal(findings):
        from compete.scoring.kinds.orders import other_labels

        findings += other_labels(table, contract, read, item, own)
    if fatal(findings) or item is None or read is None:
        refuse_all(loaded, findings)
    return Submission(in_order(read, item), tuple(findings), table.rows, loaded.sha256())


def _in_order(value: Array, item: Array) -> Array:
    """Put each row at the place of its item."""
    ordered = np.empty_like(value)

    def put(low: int, high: int) -> None:
        ordered[item[low:high]] = value[low:high]

    on_all_cores(len(item), 1, put)
    return ordered


def _aligned(table: Table, name: str, known: Vocabulary) -> tuple[Array, list[Finding]]:
    """The item of each row, and what is wrong with the ids."""
    column = table.columns[name]
    item = lookup(column, known)
    seen = np.zeros(len(known), dtype=bool)
    if len(item) == len(known) and len(item) and int(item.min()) >= 0:
        seen[item] = True
        if seen.all():
            return item, []
    seen[item[item >= 0]] = True
    findings = []
    empty = (column.length == 0) & (item < 0)
    if empty.any():
        fault, hint = Fault(name, np.flatnonzero(empty)), "give every row the id of its item"
        findings.append(_told(table, "submission/empty-cell", "{rows} without an id", [fault], hint))
    unknown = np.flatnonzero((item < 0) & ~empty)
    if len(unknown):
        hint = unknown_id_cause(_texts(column, unknown), lambda text: known.find(text) >= 0, _texts(known.column))
        findings.append(
            _told(table, "submission/unknown-id", "{rows} whose id is no test item", [Fault(name, unknown)], hint)
        )
    again = _repeats(item)
    if len(again):
        first = int(np.flatnonzero(item == item[again[0]])[0])
        hint = f"keep one row an item; the first of these stands in line {table.line(name, first):,} already"
        findings.append(
            _told(table, "submission/repeated-id", "{rows} whose id stood before", [Fault(name, again)], hint)
        )
    if table.rows and not table.unread and not seen.all():
        findings.append(_missing(table, known, np.flatnonzero(~seen)))
    return item, findings


def _repeats(item: Array) -> Array:
    """Rows whose item has a row before them."""
    rows = np.flatnonzero(item >= 0)
    order = rows[np.argsort(item[rows], kind="stable")]
    again: Array = np.sort(order[1:][item[order[1:]] == item[order[:-1]]])
    return again


def _missing(table: Table, known: Vocabulary, missing: Array) -> Finding:
    shown = tuple(excerpt(text) for text in _texts(known.column, missing))
    message = f"{counted(len(missing), 'test item')} of {len(known):,} without a row"
    hint = "predict every item of sample_submission.csv"
    return Finding("submission/missing-id", message, table.source.name, shown, hint, count=len(missing))


def _texts(column: Column, rows: Optional[Array] = None) -> list[str]:
    if rows is None:
        return column.part(0, EXAMPLES).tolist()
    return column.take(rows[:EXAMPLES]).tolist()


def _told(table: Table, rule: str, message: str, faults: Sequence[Fault], hint: str) -> Finding:
    """One finding for all faulty cells of one kind: the place of the first, a few quoted."""
    count = sum(fault.count or len(fault.rows) for fault in faults)
    first = min(faults, key=lambda fault: int(fault.rows[0]))
    texts = [text for fault in [first, *faults] for text in _texts(table.columns[fault.name], fault.rows) if text]
    shown = tuple(excerpt(text) for text in list(dict.fromkeys(texts))[:EXAMPLES])
    said = message.format(rows=counted(count, "row"), cells=counted(count, "cell"), where=_in_columns(faults))
    where = table.where(first.name, int(first.rows[0]))
    return Finding(rule, said, where, shown, hint, count=count)


def _in_columns(faults: Sequence[Fault]) -> str:
    names = ", ".join(excerpt(fault.name) for fault in faults[:EXAMPLES]) + ", …" * (len(faults) > EXAMPLES)
    return f"column {names}" if len(faults) == 1 else f"{len(faults)} columns ({names})"


@lru_cache(maxsize=16)
def _closed_set(classes: tuple[str, ...]) -> Vocabulary:
    """The classes, prepared once for all submissions."""
    return vocabulary(classes)


def _labels(table: Table, contract: Contract) -> tuple[list[Array], list[Finding]]:
    """Codes of the label or flag columns that are there."""
    flag = contract.kind == "flag"
    classes, codes = _closed_set(FLAGS if flag else contract.classes), []
    empty, unknown = [], []
    for name in (one for one in contract.columns if one in table.columns):
        column = table.columns[name]
        code = lookup(column, classes)
        codes.append((code & 1).astype(np.uint8) if flag else code)
        wrong = np.flatnonzero(code < 0)
        if len(wrong):
            blank = column.length[wrong] == 0
            blank[:MOST] = [NOTHING.fullmatch(column.raw(row)) is not None for row in wrong[:MOST].tolist()]
            empty += [Fault(name, wrong[blank])] * bool(blank.any())
            unknown += [Fault(name, wrong[~blank])] * (not blank.all())
    findings = []
    if empty:
        hint = "every item needs a label"
        findings.append(_told(table, "submission/empty-cell", "{cells} without a label in {where}", empty, hint))
    if unknown:
        texts = _texts(table.columns[unknown[0].name], unknown[0].rows)
        hint = unknown_label_cause(texts, ("0", "1") if flag else contract.classes)
        message = "{cells} with no 0 or 1 in {where}" if flag else "{cells} with no label of the challenge in {where}"
        findings.append(_told(table, "submission/unknown-label", message, unknown, hint))
    return codes, findings


def _numbers(table: Table, contract: Contract) -> tuple[list[Array], list[Finding]]:
    """Numbers of the prediction columns that are there, finite and in their range."""
    names = [one for one in contract.columns if one in table.columns]
    room = np.empty((len(names), table.rows))
    read = numbers_of_columns([table.columns[name] for name in names], list(room))
    findings = []
    for rule, message, which in (
        ("submission/empty-cell", "{cells} without a value in {where}", "empty"),
        ("submission/not-a-number", "{cells} with no plain number in {where}", "not_number"),
        ("submission/not-finite", "{cells} with nan, infinity or a number too large in {where}", "not_finite"),
    ):
        found = [(name, getattr(one, which)) for name, one in zip(names, read)]
        faults = [Fault(name, np.array(list(one.first)), one.count) for name, one in found if one.count]
        if faults:
            hint = no_number_cause(table.columns[faults[0].name].text(int(faults[0].rows[0])))
            findings.append(_told(table, rule, message, faults, hint))
    values = [one.value for one in read]
    return values, findings + _range_findings(table, contract, names, values)


def _range_findings(table: Table, contract: Contract, names: Sequence[str], values: Sequence[Array]) -> list[Finding]:
    probability = contract.kind == "probability"
    widest = LARGEST_VALUE if contract.kind == "value" else math.inf
    low = max(-widest, contract.low if contract.low is not None else 0.0 if probability else -math.inf)
    high = min(widest, contract.high if contract.high is not None else 1.0 if probability else math.inf)
    outside = [(name, value) for name, value in zip(names, values) if not _within(value, low, high)]
    told = [(name, np.flatnonzero((value < low) | (value > high))) for name, value in outside]
    faults = [Fault(name, rows) for name, rows in told if len(rows)]
    if not faults:
        return []
    hint = range_cause(np.concatenate(list(values)), low, high)
    return [
        _told(table, "submission/out-of-range", f"{{cells}} outside {low:g} to {high:g} in {{where}}", faults, hint)
    ]


def _within(value: Array, low: float, high: float) -> bool:
    """Whether all values are there and in their range, without an array in between."""
    return not len(value) or (bool(value.min() >= low) and bool(value.max() <= high))


def _sum_findings(table: Table, name: str, read: Sequence[Array]) -> list[Finding]:
    """Rows whose probabilities do not sum to one; rows without numbers are told elsewhere."""
    total = np.zeros(table.rows)
    for value in read:
        total += value
    wrong = np.flatnonzero(np.abs(total - 1.0) > SUM_TOLERANCE)
    if not len(wrong):
        return []
    shown = tuple(f"sum {total[row]:.6g}" for row in wrong[:EXAMPLES].tolist())
    message = f"{counted(len(wrong), 'row')} whose probabilities do not sum to 1"
    where, hint = table.where(name, int(wrong[0])), sum_cause(total[wrong])
    return [Finding("submission/probabilities-sum", message, where, shown, hint, count=len(wrong))]
