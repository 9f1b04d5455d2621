"""Attacks on the tables: columns that are the label, or nearly so; spelling; what was computed with the test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compete.audits.gate.chance import area_under, ranked
from compete.audits.gate.columns import ABSENT, Column
from compete.audits.gate.folder import Folder
from compete.audits.gate.reading import Columns, read_table
from compete.audits.gate.verdicts import PART, USAGE, Probe
from compete.bundle import GROUP, ID, TEST, TRAIN, TRAIN_GROUPS
from compete.bundle import USAGE as USAGE_COLUMN
from compete.errors import Finding

Array = np.ndarray[Any, Any]
EXACT, STRONG, CLEAR = 0.999, 0.95, 0.8
"""AUC from which a single column is the label itself, must be explained, and is worth a look."""
ALIKE = 16
"""Shelves of numbers; spellings are compared on one shelf."""
BY_TIME = 0.75
"""How well time tells train from the test where the split is meant to be by time; by chance it is 0.5."""
COMMON = 5
"""Items that a value must have to be learned from."""
_QUOTED = re.compile('[,"\r\n]')
SPLIT_NAMES = re.compile(r"\A(usage|split|fold|part|partition|subset|is_?(train|test|public|private))\Z", re.IGNORECASE)


def test_rows(folder: Folder) -> Iterator[Finding]:
    """Do test items stand in a table of the training items?"""
    wanted = set(folder.solution[ID])
    for entry in folder.files:
        if entry.name in (TRAIN, TRAIN_GROUPS):
            table = folder.train if entry.name == TRAIN else read_table(entry.path)
            if not wanted.isdisjoint(table.get(ID, ())):
                message, hint = "test items stand in it, with their labels", "build the bundle again"
                yield Finding("leak/label-column", message, entry.name, hint=hint)


def label_columns(folder: Folder) -> Iterator[Finding]:
    """Is a column of the test table, or of any other table that holds test items, the label?"""
    hint = "drop the column: name the `data.features` that participants may see"
    wanted = set(folder.solution[ID])
    for entry in folder.files:
        if not entry.name.endswith(".csv") or entry.name in (folder.terms.sample_name, TRAIN, TRAIN_GROUPS):
            continue
        table = folder.test if entry.name == TEST else read_table(entry.path)
        rows = [row for row, item in enumerate(table.get(ID, ())) if item in wanted]
        for name, cells in table.items():
            if rows and name != ID and (found := _is_label(folder, table, rows, name)):
                yield Finding("leak/label-column", f"the column {name!r} {found}", entry.name, hint=hint)
            elif rows and SPLIT_NAMES.match(name) and _tells_usage(folder, table[ID], cells):
                message = f"the column {name!r} tells which test items are private"
                yield Finding("leak/usage-column", message, entry.name, hint=hint)


def strong_columns(folder: Folder) -> Iterator[Finding]:
    """Which single feature nearly tells the label?"""
    for name, area in single_areas(folder).items():
        if area <= CLEAR:
            continue
        severity = "error" if area > STRONG else "warning"
        hint = "if it is known before the label is, accept it; else drop it from `data.features`"
        message = f"the column {name!r} alone tells the labels with an AUC of {area:.3f}"
        yield Finding("leak/target-in-feature", message, TRAIN, hint=hint, severity=severity)


def single_areas(folder: Folder) -> dict[str, float]:
    """How well each column, or that its cells are blank, tells the labels by itself: the mean AUC over the labels."""
    target, areas = folder.items.target, {}
    if folder.terms.of_images or not target.size:
        return {}
    for name, column in folder.features.items():
        seen = _learned(folder, column)
        best = [
            max(max(area, 1 - area) for area in (area_under(one, label) for one in seen.T))
            for label in _halves(target[folder.items.test])
            if COMMON <= label.sum() <= len(label) - COMMON
        ]
        if best:
            areas[name] = float(np.mean(best))
    return areas


def spelling(folder: Folder) -> Iterator[Probe]:
    """Does how a number is spelt, apart from what it is, tell something? And blanks, quotes and empty cells?"""
    everything = np.arange(len(folder.items.id))
    columns = [
        Column(folder.cells(name)) if name == GROUP else folder.features[name] for name in folder.feature_names()
    ]
    hint = "write every number of a column in one way, and every missing value too"
    for what, seen_of, severity in (
        ("the spelling of the cells", _spelt, "error"),
        ("the decimals of numbers, compared with numbers alike,", _decimals, "warning"),
    ):
        seen = np.hstack([seen_of(column) for column in columns]) if columns else np.empty((len(everything), 0))
        if seen.size and seen.std(axis=0).any():
            yield Probe("leak/spelling", what, everything, seen, hint=hint, severity=severity)
    length = _unneeded_bytes(folder)
    if len(length) == len(everything) and length.std():
        yield Probe(
            "leak/row-bytes", "the bytes of the rows beyond their cells", everything, length[:, None], hint=hint
        )


def membership(folder: Folder) -> Iterator[Probe]:
    """Do the features tell which test items are private?"""
    seen = features_of(folder)
    if seen.size:
        test = seen[folder.items.test]
        hint = "divide the test by chance, or by group, and not by a feature"
        yield Probe("leak/usage", "the features of the test items", folder.items.test, test, USAGE, hint=hint)
        everything = np.arange(len(folder.items.id))
        hint = "if the split is by time, place or group that is as it must be; else divide by chance"
        yield Probe("leak/shift", "the features", everything, seen, PART, hint=hint, severity="warning")


def features_of(folder: Folder) -> Array:
    """All features as numbers, shape (n, p)."""
    columns = [column.plain for column in folder.features.values()]
    return np.hstack(columns) if columns else np.empty((len(folder.ids), 0))


def fitted_on_test(folder: Folder) -> Iterator[Finding]:
    """Was a column computed with the labels, or the values, of the test items?"""
    items = folder.items
    numbers = {name: one.numbers for name, one in folder.features.items() if one.numbers is not None}
    codes = {name: one.code for name, one in folder.features.items()}
    hint = "compute it from the training items alone, and apply it to the test"
    for name, column in numbers.items():
        by = next((other for other in codes if other != name and _is_encoding(column, codes[other], items)), None)
        if by:
            message = f"the column {name!r} is the mean label of each {by!r}, with the test items counted in"
            yield Finding("leak/fitted-on-test", message, TEST, hint=hint)
        elif _is_scaled(column) and not _is_scaled(column[items.train]):
            message = f"the column {name!r} has mean 0 and deviation 1 over train and test together, not over train"
            yield Finding("leak/fitted-on-test", message, TEST, hint=hint, severity="warning")


def subgroups(folder: Folder) -> Iterator[Finding]:
    """Are subgroups told that determine the label, or scores of very few items?"""
    place, terms = folder.public / TRAIN_GROUPS, folder.terms
    if terms.subgroups and terms.smallest_subgroup < 5:
        message = f"scores of subgroups of {terms.smallest_subgroup} items are shown while the challenge runs"
        hint = "set score.smallest_subgroup to 20, the default: single labels can be told from small scores"
        yield Finding("leak/small-subgroup", message, "challenge.json", hint=hint)
    if not place.is_file() or terms.of_images or not folder.items.target.size:
        return
    table = read_table(place)
    for name in terms.subgroups:
        if name not in table or name not in folder.solution:
            continue
        known = dict(zip(table[ID], table[name], strict=True))
        cells = [*(known.get(item, "") for item in folder.train[ID]), *folder.solution[name]]
        seen = _learned(folder, Column(cells))
        halves = [
            label
            for label in _halves(folder.items.target[folder.items.test])
            if COMMON <= label.sum() <= len(label) - COMMON
        ]
        best = [max(max(area, 1 - area) for area in (area_under(one, label) for one in seen.T)) for label in halves]
        if best and np.mean(best) > CLEAR:
            message = f"the subgroup {name!r} alone tells the labels with an AUC of {np.mean(best):.3f}"
            hint = "do not tell it (take it out of data.subgroups), or accept that"
            severity = "error" if np.mean(best) > STRONG else "warning"
            yield Finding("leak/subgroup", message, TRAIN_GROUPS, hint=hint, severity=severity)


def drift(folder: Folder) -> Iterator[Finding]:
    """Where train comes before the test in time, does all of it?"""
    for name, column in folder.features.items():
        if not re.search(r"date|time|year|day", name, re.IGNORECASE) or any(
            not re.match(r"\d{4}", text) for text in column.cells
        ):
            continue
        rank = ranked(column.code[:, None])[:, 0]
        late = folder.part != 0
        if area_under(rank, late) >= BY_TIME and rank[late].min() < rank[~late].max():
            after = int((rank[~late] > rank[late].min()).sum())
            message = f"the split is by {name!r}, but {after:,} training items are later than the first test item"
            hint = "split by time with `split.time`, which cuts at one moment"
            yield Finding("leak/time", message, TRAIN, hint=hint, count=after)


def _is_label(folder: Folder, table: Columns, rows: Sequence[int], name: str) -> str:
    """Why a column is the label; empty where it is not."""
    solution, terms = folder.solution, folder.terms
    if terms.of_images:
        return ""
    cells = dict(zip(table[ID], table[name], strict=True))
    held = [row for row, item in enumerate(solution[ID]) if item in cells]
    mine = [cells[solution[ID][row]] for row in held]
    for target in terms.target:
        label = [solution[target][row] for row in held]
        if len(held) < COMMON or len(set(label)) < 2:
            continue
        if name == target or sum(map(str.__eq__, mine, label)) >= EXACT * len(held):
            return f"is the label {target!r}"
        pairs = set(zip(mine, label, strict=True))
        if len(pairs) == len(set(mine)) == len(set(label)) < 0.5 * len(held):
            return f"stands for the label {target!r} one to one"
        own, other = Column(mine).numbers, Column(label).numbers
        if own is None or other is None or terms.task != "regression" or len(set(mine)) < 10:
            continue
        if abs(float((ranked(own[:, None]) * ranked(other[:, None])).mean())) > EXACT:
            return f"stands in the order of the label {target!r}"
    return ""


def _tells_usage(folder: Folder, names: Sequence[str], cells: Sequence[str]) -> bool:
    cell = dict(zip(names, cells, strict=True))
    pairs = {
        (cell.get(item), usage) for item, usage in zip(folder.solution[ID], folder.solution[USAGE_COLUMN], strict=True)
    }
    return 1 < len(pairs) == len({value for value, _ in pairs}) < 10


def _halves(target: Array) -> Iterator[Array]:
    """Each label as yes or no; a quantity is cut at its median."""
    for column in target.T:
        yield column > (np.nanmedian(column) if len(np.unique(column)) > 2 else column.min())


def _learned(folder: Folder, column: Column) -> Array:
    """A column as numbers, for the test items; of words the mean label of the training items that bear them."""
    columns, code = [column.blank], column.code
    if column.numbers is not None:
        columns.append(column.numbers)
    elif code.max() < 0.2 * len(code):
        train = folder.items.train
        many, count = int(code.max()) + 1, np.bincount(code[train], minlength=int(code.max()) + 1)
        for label in _halves(folder.items.target):
            mean = (np.bincount(code[train], label[train], many) + 2 * label[train].mean()) / (count + 2)
            columns.append(mean[code])
    return np.stack(columns, axis=1)[folder.items.test]


def _spelt(column: Column) -> Array:
    """How each cell is spelt where it could be spelt otherwise: blanks, zeros at the end, signs, missing values."""
    texts = column.texts
    columns: list[list[int]] = [[len(cell) - len(text) for cell, text in zip(column.cells, texts, strict=True)]]
    if column.numbers is None:
        missing = sorted({text for text in texts if text.lower() in ABSENT})
        columns += [[text == spelt for text in texts] for spelt in missing[1:]]
        first = {text.casefold(): text for text in sorted(texts, reverse=True)}
        columns += [[text != first[text.casefold()] for text in texts]]  # one word in capitals here, and not there
        return np.array(columns, dtype=np.float64).T
    heads = [text.lower().lstrip("+-").partition("e")[0] for text in texts]
    columns += [[len(head) - len(head.rstrip("0")) if "." in head else 0 for head in heads]]
    columns += [[mark in text.lower() for text in texts] for mark in ("+", "e")]
    columns += [[head.startswith((".", "00")) or head.endswith(".") for head in heads]]
    columns += [[text.startswith("-") and not float(text) for text in texts]]
    seen = np.array(columns, dtype=np.float64).T
    # With decimals of one number, a zero at the end is part of the value and no choice.
    if len({len(head.partition(".")[2]) for head in heads if head}) == 1:
        seen[:, 1] = 0
    return seen


def _decimals(column: Column) -> Array:
    """Decimals and figures of each number, compared with those of numbers of its size."""
    numbers = column.numbers
    if numbers is None:
        return np.empty((len(column.cells), 0))
    heads = [text.lower().lstrip("+-").partition("e")[0] for text in column.texts]
    decimals = np.array([len(head.partition(".")[2]) for head in heads], dtype=np.float64)
    figures = np.array([len(head.replace(".", "").lstrip("0")) for head in heads], dtype=np.float64)
    size = np.floor(np.log10(np.maximum(np.abs(np.nan_to_num(numbers)), 1e-30))) * ALIKE + _shelves(numbers)
    return np.stack([_compared(one, size) for one in (decimals, figures)], axis=1)


def _shelves(numbers: Array) -> Array:
    """In which of equally many numbers each stands, from the smallest."""
    _, inverse, count = np.unique(numbers, return_inverse=True, return_counts=True)
    begin = np.cumsum(count) - count
    shelves: Array = (begin * ALIKE // len(numbers))[inverse]
    return shelves


def _compared(column: Array, by: Array) -> Array:
    """A column less its mean among those that are alike."""
    code = np.unique(by, return_inverse=True)[1]
    residue: Array = column - (np.bincount(code, column) / np.bincount(code))[code]
    return np.where(np.abs(residue) < 1e-9, 0, residue)


def _unneeded_bytes(folder: Folder) -> Array:
    """Bytes of each row beyond its cells, the commas between them and the quotes they need: blanks, line ends."""
    found: dict[str, int] = {}
    whole = folder.whole or folder
    tables = ((TRAIN, folder.train, whole.train), (TEST, folder.test, whole.test))
    for at, (name, table, all_rows) in enumerate(tables):
        data = (folder.public / name).read_bytes()
        lines = data.rstrip(b"\n").split(b"\n")[1:]
        if len(lines) != len(all_rows[ID]):
            return np.empty(0)  # a cell holds a line break
        if folder.rows is not None:
            lines = [lines[row] for row in folder.rows[at].tolist()]
        quoted = _needed_quotes if b'"' in data else lambda row: 0
        needed = [len(",".join(row).encode()) + quoted(row) for row in zip(*table.values(), strict=True)]
        found |= {item: len(line) - least for item, line, least in zip(table[ID], lines, needed, strict=True)}
    return np.array([found[item] for item in folder.items.id.tolist()], dtype=np.float64)


def _needed_quotes(row: Sequence[str]) -> int:
    """The quotes without which the cells of a row would be read as others."""
    return sum(2 + cell.count('"') for cell in row if _QUOTED.search(cell))


def _is_encoding(column: Array, code: Array, items: Any) -> bool:
    """Whether a column is the mean label by another column, over all items and not over train alone."""
    many = int(code.max()) + 1
    if not 1 < many < 0.3 * len(code) or len(np.unique(column)) > many:
        return False
    for label in items.target.T:
        whole = (np.bincount(code, label) / np.maximum(np.bincount(code), 1))[code]
        train = items.train
        part = (np.bincount(code[train], label[train], many) / np.maximum(np.bincount(code[train], minlength=many), 1))[
            code
        ]
        if np.abs(column - whole).max() < 1e-3 < np.abs(column - part).max() and whole.std() > 0:
            return True
    return False


def _is_scaled(column: Array) -> bool:
    known = column[~np.isnan(column)]
    return len(known) > 20 and abs(float(known.mean())) < 1e-4 and abs(float(known.std()) - 1) < 2e-3
