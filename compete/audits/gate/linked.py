"""Attacks by lookup in the tables: rows that are in train and in the test, and rows that belong together unsaid."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compete.audits.gate.folder import IN_PRIVATE, IN_PUBLIC, IN_TRAIN, Folder
from compete.audits.gate.tables import features_of
from compete.audits.gate.verdicts import Probe
from compete.bundle import GROUP
from compete.errors import Finding

Array = np.ndarray[Any, Any]
BY_CHANCE = 0.05
"""Equal rows that chance may be expected to make, at most, for equal rows to mean something."""
NEIGHBOURS, NEARER = 6, 0.35
"""Neighbours that are compared, and how much nearer than the last of them the first must be to count as linked."""
LINKED = 10
"""Linked items from which their labels are compared."""
DRAWS = 9_999
ROWS = 4_000
"""Rows between which distances are computed, at most, of train and of the test."""
REPEATED = 0.9
"""The share of different values above which a column names single items, and none belongs together."""


def straddling_groups(folder: Folder) -> Iterator[Finding]:
    """Is a declared group cut by the split?"""
    items = folder.items
    if items.group is None:
        return
    sides = {
        "train and the test": [items.part == IN_TRAIN, items.part != IN_TRAIN],
        "the public and the private test": [items.part == IN_PUBLIC, items.part == IN_PRIVATE],
    }
    for what, (one, other) in sides.items():
        both = set(items.group[one].tolist()) & set(items.group[other].tolist())
        if both:
            hint = "keep groups whole with `data.group`, and do not give a split that cuts them"
            message = f"{len(both):,} groups are in {what} alike"
            yield Finding("leak/group", message, "public", hint=hint, count=len(both))


def equal_rows(folder: Folder) -> Iterator[Finding]:
    """Do test items have a row that is the same in train, or on the other side of the test?"""
    names = [name for name in folder.feature_names() if name != GROUP]
    if not names or folder.items.file:
        return
    columns = [[_folded(text) for text in folder.cells(name)] for name in names]
    rows = np.array(list(map("\0".join, zip(*columns, strict=True))), dtype=object)
    if _expected_pairs(columns) > BY_CHANCE:
        return
    hint = "remove the copies, or give them one data.group"
    part = folder.items.part
    for what, one, other in _sides(part):
        both = set(rows[one].tolist()) & set(rows[other].tolist())
        if both:
            message = f"{len(both):,} rows are the same in {what}"
            yield Finding("leak/same-row", message, "public", hint=hint, count=len(both))


def unsaid_groups(folder: Folder) -> Iterator[Probe]:
    """Does a column of repeated words, in train and in the test, tell the label as a patient's name would?"""
    items = folder.items
    for name in folder.feature_names():
        code = np.unique(np.array(folder.cells(name), dtype=object).astype(str), return_inverse=True)[1]
        many = int(code.max()) + 1
        if name == GROUP or not 0.05 * len(code) < many < REPEATED * len(code) or _are_measures(folder.cells(name)):
            continue
        copied, rows = _copied(code, items.target, items.train, items.test)
        hint = f"if each {name!r} belongs together, say `data.group: {name}`"
        what = f"the training items with the same {name!r}"
        yield Probe("leak/unsaid-group", what, rows, copied, hint=hint, severity="warning")


def linked_rows(folder: Folder) -> Iterator[Probe]:
    """Are test items far nearer to one training item than to any other, and do the two have the same label?"""
    if folder.items.file or folder.terms.of_images:
        return
    yield from linked_probe(folder, features_of(folder), "the training rows that are strangely near")


def linked_probe(folder: Folder, feature: Array, what: str) -> Iterator[Probe]:
    """Compare labels of strangely near neighbours with those of the next ones.

    That near items have like labels is what learning lives on. That the nearest alone has, where it stands apart from
    all others, tells that both are of one patient, place or scene.
    """
    items = folder.items
    chance = np.random.default_rng(2)
    train, test = (chance.permutation(rows)[:ROWS] for rows in (items.train, items.test))
    feature = feature[:, feature.std(axis=0) > 0] if feature.size else feature
    if feature.shape[1] < 3 or len(train) <= NEIGHBOURS or not items.target.size:
        return
    scaled = (np.nan_to_num(feature) - np.nanmean(feature, axis=0)) / np.maximum(np.nanstd(feature, axis=0), 1e-12)
    order, distance = _nearest(scaled[test], scaled[train])
    linked = distance[:, 0] < NEARER * distance[:, -1]
    if linked.sum() < LINKED:
        return
    alike = _alike(items.target, test[linked], train[order[linked]])
    mine = alike[:, 0].mean()
    drawn = chance.integers(0, NEIGHBOURS, (DRAWS, len(alike)))
    null = alike[np.arange(len(alike)), drawn].mean(axis=1)
    p = (1 + (null >= mine - 1e-12).sum()) / (1 + DRAWS)
    told = f"equal in {mine:.0%} of the cases, the next neighbours in {alike[:, 1:].mean():.0%}; "
    hint = "find what makes them belong together, and name it as `data.group`"
    yield Probe("leak/linked", what, test[linked], np.empty((0, 0)), hint=hint, chance=float(p), told=told)


def _sides(part: Array) -> list[tuple[str, Array, Array]]:
    return [
        ("train and in the test", part == IN_TRAIN, part != IN_TRAIN),
        ("the public and in the private test", part == IN_PUBLIC, part == IN_PRIVATE),
    ]


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _expected_pairs(columns: Sequence[Sequence[str]]) -> float:
    """Pairs of equal rows that columns which know nothing of each other would make."""
    pairs = len(columns[0]) ** 2 / 2
    for column in columns:
        count = np.unique(np.array(column, dtype=object).astype(str), return_counts=True)[1]
        pairs *= float(((count / len(column)) ** 2).sum())
    return pairs


def _are_measures(cells: Sequence[str]) -> bool:
    """Whether a column holds measured numbers: repeated by rounding, not by belonging."""
    return sum(text.strip().replace(".", "", 1).lstrip("+-").isdigit() for text in cells) > len(cells) / 2


def _copied(code: Array, target: Array, train: Array, test: Array) -> tuple[Array, Array]:
    """The mean label of the training items of the same code, and the test items that have such, shape (m, k)."""
    many = int(code.max()) + 1
    count = np.bincount(code[train], minlength=many)
    mean = np.stack([np.bincount(code[train], column[train], many) for column in target.T], axis=1)
    rows = test[count[code[test]] > 0]
    return (mean / np.maximum(count, 1)[:, None])[code[rows]], rows


def _nearest(one: Array, other: Array) -> tuple[Array, Array]:
    """The nearest rows of the other for each of the one, and how far they are: shape (n, neighbours)."""
    order, distance = [], []
    size = (other**2).sum(axis=1)
    for start in range(0, len(one), 500):
        some = one[start : start + 500]
        square = np.maximum((some**2).sum(axis=1)[:, None] + size - 2 * some @ other.T, 0)
        near = np.argpartition(square, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
        near = np.take_along_axis(near, np.take_along_axis(square, near, 1).argsort(axis=1, kind="stable"), 1)
        order.append(near)
        distance.append(np.sqrt(np.take_along_axis(square, near, 1)))
    return np.concatenate(order), np.concatenate(distance)


def _alike(target: Array, rows: Array, near: Array) -> Array:
    """How alike the labels of items and of their neighbours are, from 0 to 1, shape (n, neighbours)."""
    spread = np.maximum(target.max(axis=0) - target.min(axis=0), 1e-12)
    alike: Array = 1 - (np.abs(target[rows][:, None, :] - target[near]) / spread).mean(axis=2)
    return alike
