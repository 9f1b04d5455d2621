"""What is to be predicted, as audits see it: which item has which class, and which items are independent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from compete.challenge import Challenge
from compete.dataset import Dataset, class_order, group_values
from compete.table import factorized, rows_named
from compete.tasks import LIST_TASKS

MOST_LISTED = 50
"""Labels of lists that are looked at, those that stand in most lists."""

Flags = np.ndarray[tuple[int, int], np.dtype[np.bool_]]
Codes = np.ndarray[tuple[int], np.dtype[np.int64]]
Texts = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass(frozen=True, eq=False)
class Targets:
    """Which item has which class.

    Attributes:
        names: the classes, shape (k,).
        flags: whether an item has a class, shape (n, k).
        exclusive: whether every item has exactly one.
    """

    names: tuple[str, ...]
    flags: Flags
    exclusive: bool

    @cached_property
    def combined(self) -> Codes:
        """The classes of each item as one code, from 0: items with the same classes have the same, shape (n,)."""
        if self.exclusive:
            return np.unique(self.flags.argmax(axis=1), return_inverse=True)[1]
        packed = np.ascontiguousarray(np.packbits(self.flags, axis=1))
        rows = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
        return np.unique(rows, return_inverse=True)[1]


def targets_of(challenge: Challenge, dataset: Dataset) -> Targets:
    """The classes of the items, whatever the task.

    Of objects and label images an item has the classes that occur in it. Of numbers an item has the class
    ``large <column>`` if its number is above the median, of texts and spans ``long <column>`` if its cell is longer
    than most; of lists it has the labels that stand in most lists.
    """
    labels, items = dataset.labels, dataset.items
    row = rows_named(items, labels["item"])
    if not of_classes(challenge):
        return _halves(challenge, dataset)
    if challenge.task in LIST_TASKS:
        labels = labels[labels["label"].isin(labels["label"].value_counts().index[:MOST_LISTED])]
        row = rows_named(items, labels["item"])
    label, names = factorized(labels["label"].to_numpy(dtype=object))
    if "value" in labels and challenge.task == "multilabel":
        there = labels["value"].to_numpy() > 0
        row, label = row[there], label[there]
    listed = () if challenge.task in LIST_TASKS else challenge.data.classes
    known = [category.name for category in dataset.categories] or listed
    order = {name: place for place, name in enumerate(dict.fromkeys([*known, *class_order(map(str, names))]))}
    place = np.array([order[str(name)] for name in names], dtype=np.int64)
    flags = np.zeros((len(items), len(order)), dtype=bool)
    flags[row, place[label]] = True
    return Targets(tuple(order), flags, exclusive=challenge.task == "classification")


def _halves(challenge: Challenge, dataset: Dataset) -> Targets:
    """Of numbers, whether they are above their median; of texts and spans, whether their cells are long."""
    of_text = challenge.task in ("text", "spans")
    cells = [dataset.items[name] for name in challenge.data.label]
    columns = [np.array([len(text) if of_text else float(text) for text in column], np.float64) for column in cells]
    flags = np.stack([column > np.median(column) for column in columns], axis=1)
    size = "long" if of_text else "large"
    return Targets(tuple(f"{size} {name}" for name in challenge.data.label), flags, exclusive=False)


def of_classes(challenge: Challenge) -> bool:
    """Whether labels are names of a set, and not numbers, texts or spans."""
    return challenge.task not in ("regression", "survival", "text", "spans")


def units_of(challenge: Challenge, dataset: Dataset) -> Codes:
    """The independent unit that each item belongs to: its group, or itself; codes from 0, shape (n,)."""
    if not challenge.data.group:
        return np.arange(len(dataset.items))
    return factorized(group_values(dataset, challenge.data.group))[0]


def special_columns(challenge: Challenge) -> frozenset[str]:
    """Columns that are no property of an item: its id, label, file, mask, group and given part."""
    data = challenge.data
    named = {*data.id, *data.label, data.gain, data.file, data.mask, challenge.split.column, *data.group}
    return frozenset(name for name in named if name)
