"""Attacks on the tables: columns that are the label, or nearly so; what was computed with the test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from compete.audits.gate.chance import area_under, ranked
from compete.audits.gate.columns import Column
from compete.audits.gate.folder import Folder
from compete.audits.gate.reading import Columns, read_table
from compete.audits.gate.verdicts import PART, USAGE, Probe, by_accepting
from compete.bundle import GROUP, ID, TEST, TRAIN, TRAIN_GROUPS
from compete.bundle import USAGE as USAGE_COLUMN
from compete.dataset import counted
from compete.errors import Finding

Array = np.ndarray[Any, Any]
EXACT, STRONG, CLEAR = 0.999, 0.95, 0.8
"""AUC from which a single column is the label itself, must be explained, and is worth a look."""
BY_TIME = 0.75
"""How well time tells train from the test where the split is meant to be by time; by chance it is 0.5."""
COMMON = 5
"""Items that a value must have to be learned from."""
FEW, BINS = 0.2, 16
"""Different values an item up to which each is learned by itself; into how many bins more are sorted."""
TOLD = 8
"""Cells that must equal labels of more than one kind where all others are blank."""
SPLIT_NAMES = re.compile(r"\A(usage|split|fold|part|partition|subset|is_?(train|test|public|private))\Z", re.IGNORECASE)


def test_rows(folder: Folder) -> Iterator[Finding]:
    """Do test items stand in a table of the training items?"""
    wanted = folder.test_ids
    for entry in folder.files:
        if entry.name in (TRAIN, TRAIN_GROUPS):
            table = folder.train if entry.name == TRAIN else read_table(entry.path)
            if not wanted.isdisjoint(table.get(ID, ())):
                message, hint = "test items stand in it, with their labels", "build the bundle again"
                yield Finding("leak/label-column", message, entry.name, hint=hint)


def label_columns(folder: Folder) -> Iterator[Finding]:
    """Is a column of the test table, or of any other table that holds test items, the label?"""
    hint = "drop the column: name the `data.features` that participants may see"
    wanted = folder.test_ids
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


def foreign_columns(folder: Folder) -> Iterator[Finding]:
    """Does a public table have a column that the challenge does not name, or that only one half of the items has?"""
    terms = folder.terms
    targets = () if terms.of_images else (*terms.target, *([terms.gain] if terms.gain else []))
    allowed = {TRAIN: {*folder.test, *targets}, TEST: {*folder.train} - {*targets}}
    beside = {ID, GROUP, *terms.subgroups, *terms.beside}
    for entry in folder.files:
        if entry.name in allowed or entry.name == TRAIN_GROUPS:
            table = {TRAIN: folder.train, TEST: folder.test}.get(entry.name) or read_table(entry.path)
            if foreign := [name for name in table if name not in allowed.get(entry.name, beside)]:
                message = "it has columns that the challenge does not name, or that only one half of the items has"
                hint = "build the bundle again: features stand in train.csv and test.csv alike, and nothing else does"
                yield Finding("leak/foreign-column", message, entry.name, tuple(foreign[:3]), hint, count=len(foreign))


def strong_columns(folder: Folder) -> Iterator[Finding]:
    """Which single features nearly tell the label?"""
    areas = single_areas(folder)
    best = sorted(areas, key=lambda name: -areas[name])
    too_much = [name for name in best if areas[name] > STRONG]
    hint = "are they measured before the label is known? then accept it: " + by_accepting("leak/target-in-feature")
    hint += "; else leave them out with `data.drop`, or out of `data.features`"
    yield from _strong(areas, too_much, STRONG, hint, "error")
    hint = "if they are known only after the label is, leave them out with `data.drop`, or out of `data.features`"
    yield from _strong(areas, [name for name in best if CLEAR < areas[name] <= STRONG], CLEAR, hint, "warning")
    trees = single_areas(folder, cut=True)
    yield from _strong(
        trees, [name for name in best if areas[name] <= CLEAR and trees[name] > STRONG], STRONG, hint, "warning"
    )


def _strong(
    areas: Mapping[str, float], names: Sequence[str], least: float, hint: str, severity: str
) -> Iterator[Finding]:
    """One finding for all columns that tell as much."""
    if names:
        who = counted(len(names), "column alone tells", "columns, each alone, tell")
        message = f"{who} the labels with an AUC above {least}"
        told = tuple(f"{name!r} {areas[name]:.3f}" for name in names)
        yield Finding("leak/target-in-feature", message, TRAIN, told, hint, severity, len(names))


def single_areas(folder: Folder, *, cut: bool = False) -> dict[str, float]:
    """How well each column, or that it is blank, tells the labels by itself: the mean AUC over the labels.

    Args:
        folder: a bundle of a table.
        cut: look not at the order of values but at the labels in each sixteenth of them, as a tree does.
    """
    target, areas = folder.items.target, {}
    if folder.terms.of_images or not target.size:
        return {}
    for name, column in folder.features.items():
        seen = _learned(folder, column, cut=cut)
        best = [
            max(max(area, 1 - area) for area in (area_under(one, label) for one in seen.T))
            for label in _halves(target[folder.items.test])
            if COMMON <= label.sum() <= len(label) - COMMON
        ]
        if best:
            areas[name] = float(np.mean(best))
    return areas


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
            severity = "error" if np.mean(best) > STRONG else "warning"
            hint = "do not tell it: take it out of data.subgroups"
            hint += f"; or accept it: {by_accepting('leak/subgroup')}" if severity == "error" else ""
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
        told = [row for row, text in enumerate(mine) if text]
        if len(told) >= TOLD and len({label[row] for row in told}) > 1 and all(mine[row] == label[row] for row in told):
            return f"is the label {target!r} of {len(told):,} items, and blank of the others"
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


def _learned(folder: Folder, column: Column, *, cut: bool = False) -> Array:
    """A column as numbers, for the test items; of few words, or if it is cut, the mean label of train at each place."""
    columns, code, train = [column.blank], column.code, folder.items.train
    many = bool(code.max() >= FEW * len(code))
    ordered = many or column.numbers is not None
    if ordered:
        columns.append(code.astype(np.float64) if column.numbers is None else column.numbers)
    if cut or not ordered:
        place = _bins(columns[-1], train) if many else code
        places = int(place.max()) + 1
        count = np.bincount(place[train], minlength=places)
        for label in _halves(folder.items.target):
            mean = (np.bincount(place[train], label[train], places) + 2 * label[train].mean()) / (count + 2)
            columns.append(mean[place])
    return np.stack(columns, axis=1)[folder.items.test]


def _bins(values: Array, train: Array) -> Array:
    """Which sixteenth of the training items' values each value falls into; a bin of its own for blanks."""
    known = values[train][~np.isnan(values[train])]
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if len(known) else np.empty(0)
    code = np.searchsorted(edges, values, side="right")
    code[np.isnan(values)] = len(edges) + 1
    return code


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
