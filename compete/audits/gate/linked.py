"""Attacks by lookup in the tables: rows that are in train and in the test, and rows that belong together unsaid."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress
from operator import and_, not_
from typing import Any

import numpy as np

from compete.audits.gate.columns import ABSENT
from compete.audits.gate.folder import IN_PRIVATE, IN_PUBLIC, IN_TRAIN, Folder, drawn_from, group_texts
from compete.audits.gate.tables import features_of
from compete.audits.gate.verdicts import Probe
from compete.bundle import GROUP, ID, PRIVATE, USAGE
from compete.dataset import counted
from compete.errors import Finding

Array = np.ndarray[Any, Any]
BY_CHANCE = 0.05
"""Equal rows that chance may be expected to make, at most, for equal rows to mean something."""
NEIGHBOURS, APART = 16, 0.001
"""Neighbours that are compared, and how seldom chance sets the first as far apart from them as a linked one stands."""
LINKED = 10
"""Linked items from which their labels are compared."""
DRAWS = 9_999
WIDEST = 256
"""Values of such a column that are compared, at most: the commonest."""
REPEATED = 0.9
"""The share of different values above which a column names single items, and none belongs together."""


def straddling_groups(folder: Folder) -> Iterator[Finding]:
    """Is a declared group cut by the split?"""
    groups = group_texts(folder)
    if groups is None:
        return
    train = set(groups[: len(folder.train[ID])])
    test = groups[len(folder.train[ID]) :]
    private = [text == PRIVATE for text in folder.solution[USAGE]]
    halves = set(compress(test, private)), set(compress(test, map(not_, private)))
    for what, both in (("train and the test", train & set(test)), ("the public and the private test", and_(*halves))):
        if both:
            hint = "keep groups whole with `data.group`, and do not give a split that cuts them"
            message = f"{counted(len(both), 'group is', 'groups are')} in {what} alike"
            yield Finding("leak/group", message, "public", hint=hint, count=len(both))


def equal_rows(folder: Folder) -> Iterator[Finding]:
    """Do test items have a row that is the same in train, or on the other side of the test?"""
    names = [name for name in folder.feature_names() if name != GROUP]
    if not names or folder.file:
        return
    some = drawn_from(folder)
    pairs = _expected_pairs([some.cells(name) for name in names], len(folder.ids))
    if pairs > BY_CHANCE:
        return
    rows = list(zip(*(map(_folded, folder.cells(name)) for name in names), strict=True))
    halves = [set(compress(rows, (folder.part == part).tolist())) for part in (IN_TRAIN, IN_PUBLIC, IN_PRIVATE)]
    sides = {
        "train and in the test": halves[0] & (halves[1] | halves[2]),
        "the public and in the private test": halves[1] & halves[2],
    }
    for what, equal in sides.items():
        both = [row for row in equal if 2 * sum(text.lower() in ABSENT for text in row) < len(row)]
        if both:  # rows in which most is missing are alike without being copies
            message = f"{counted(len(both), 'row is', 'rows are')} the same in {what}"
            hint = "remove the copies, or give them one data.group"
            yield Finding("leak/same-row", message, "public", hint=hint, count=len(both))


def unsaid_groups(folder: Folder) -> Iterator[Probe]:
    """Does a column of repeated words, in train and in the test, tell the label as a patient's name would?"""
    items = folder.items
    for name, column in folder.features.items():
        code = column.code
        many = int(code.max()) + 1
        if not 0.05 * len(code) < many < REPEATED * len(code) or _are_measures(column.cells):
            continue
        count = np.stack([np.bincount(code[half], minlength=many) for half in (items.train, items.test)])
        shared = np.where(count.min(axis=0) > 0, count.sum(axis=0), 0)
        common = np.argsort(-shared, kind="stable")[: min(WIDEST, int((shared > 0).sum()))]
        rows = np.flatnonzero(np.isin(code, common))
        hint = f"if each {name!r} belongs together, say `data.group: {name}`"
        what = f"items with the same {name!r}"
        belongs = code[rows][:, None] == common
        yield Probe("leak/unsaid-group", what, rows, belongs, pooled=True, hint=hint, severity="warning")


def linked_rows(folder: Folder) -> Iterator[Probe]:
    """Are test items far nearer to one training item than to any other, and do the two have the same label?"""
    if folder.items.file or folder.terms.of_images or not folder.features:
        return
    if _expected_pairs([column.cells for column in folder.features.values()], len(folder.ids)) > BY_CHANCE:
        return  # where chance makes equal rows, that one is near means nothing
    yield from linked_probe(folder, features_of(folder), "the training rows that are strangely near")


def linked_probe(folder: Folder, feature: Array, what: str) -> Iterator[Probe]:
    """Compare labels of strangely near neighbours with those of the next ones.

    That near items have like labels is what learning lives on. That the nearest alone has, where it stands apart from
    all others as chance would hardly set it, tells that both are of one patient, place or scene.
    """
    items = folder.items
    chance = np.random.default_rng(2)
    train, test = items.train, items.test
    feature = feature[:, feature.std(axis=0) > 0] if feature.size else feature
    if feature.shape[1] < 3 or len(train) <= NEIGHBOURS or not items.target.size:
        return
    scaled = (np.nan_to_num(feature) - np.nanmean(feature, axis=0)) / np.maximum(np.nanstd(feature, axis=0), 1e-12)
    order, distance = _nearest(scaled[test], scaled[train])
    linked = chance_apart(distance) < APART
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


def chance_apart(distance: Array) -> Array:
    """How likely chance sets a nearest neighbour so far apart from the next ones, for each row, shape (n,).

    Of points spread evenly, in a space of whatever dimension, ``k log(d[k + 1] / d[k])`` of the distances to the first
    neighbours are exponential with one mean: the first by that of the others is as a ratio of Fisher's.

    Args:
        distance: to the nearest neighbours, from the nearest on, shape (n, neighbours).

    Source: the spacings on which Levina and Bickel's estimate of dimension rests (NIPS, 2004).
    """
    steps = np.arange(1, distance.shape[1]) * np.diff(np.log(np.maximum(distance, 1e-12)), axis=1)
    others = distance.shape[1] - 2
    ratio = steps[:, 0] / np.maximum(steps[:, 1:].mean(axis=1), 1e-12)
    likely: Array = (1 + ratio / others) ** -others
    return likely


def _folded(text: str) -> str:
    if text.isascii() and " " not in text:
        return text.strip()
    return " ".join(unicodedata.normalize("NFC", text).split())


def _expected_pairs(columns: Sequence[Sequence[str]], many: int) -> float:
    """Pairs of equal rows that columns which know nothing of each other would make among so many rows."""
    pairs = many**2 / 2
    some = len(columns[0])
    for column in columns:
        equal = sum(count * (count - 1) for count in Counter(column).values())
        pairs *= (equal + 1) / max(some * (some - 1), 1)  # had there been one more, so that none is not never
    return pairs


def _are_measures(cells: Sequence[str]) -> bool:
    """Whether a column holds measured numbers: repeated by rounding, not by belonging."""
    return sum(text.strip().replace(".", "", 1).lstrip("+-").isdigit() for text in cells) > len(cells) / 2


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
