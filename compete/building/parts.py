"""Which item is train, public or private: the challenge's wishes handed to the split, its outcome put for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from compete.building.splits import SplitResult, quantile_strata, split_given, split_items
from compete.challenge import Challenge
from compete.dataset import Dataset, class_order, parsed_number, time_values
from compete.errors import Finding
from compete.table import rows_named
from compete.tasks import CELL_TASKS
from compete.terms import IMAGE_TASKS

Texts = np.ndarray[tuple[int], np.dtype[np.object_]]
Pairs = np.ndarray[tuple[int, int], np.dtype[np.int64]]
TRAIN_PART, PUBLIC_PART, PRIVATE_PART = 0, 1, 2
CLASSES_SHOWN = 30


@dataclass(frozen=True, eq=False)
class Division:
    """How the items are divided.

    Attributes:
        part: 0 train, 1 public, 2 private, shape (n,).
        findings: what could not be met, and how even it came out.
        parts: rows for people: part, items, groups, share of all items.
        balance: rows for people: label, its share in train, public and private.
    """

    part: np.ndarray[tuple[int], np.dtype[np.int8]]
    findings: tuple[Finding, ...]
    parts: tuple[tuple[str, ...], ...]
    balance: tuple[tuple[str, ...], ...]


def divide(
    challenge: Challenge,
    dataset: Dataset,
    target: Mapping[str, Texts],
    group: Texts | None,
    key: bytes,
    *,
    linked: Pairs | None = None,
) -> Division:
    """Divide the items as the challenge asks.

    Args:
        challenge: what the organizer wrote.
        dataset: the items.
        target: the label columns as text.
        group: one text an item; items that share it are never cut apart. None for no groups.
        key: what chance follows from.
        linked: pairs of rows that are not to be cut apart either, shape (k, 2). A given split may cut them.

    Raises:
        DatasetError: if two items bear one identity, or a column of time cannot be read.
    """
    split = challenge.split
    wishes: dict[str, Any] = {
        "key": key,
        "group": whole_groups(
            dataset.items.index.to_numpy(dtype=object), group, _within_given(challenge, dataset, linked)
        ),
        "identity": dataset.items.index.to_numpy(dtype=object),
        **_strata(challenge, dataset, target),
    }
    if split.column:
        given = [text.strip() for text in dataset.items[split.column]]
        result = split_given(given, split.public, values=dict(split.values) or None, **wishes)
    else:
        time = _time(dataset, split.time) if split.time else None
        fractions = (1 - split.test, split.test * split.public, split.test * (1 - split.public))
        result = split_items(len(dataset.items), fractions, time=time, **wishes)
    return Division(result.part, tuple(result.findings), _part_rows(result, group), _balance_rows(challenge, result))


def whole_groups(identity: Texts, group: Texts | None, linked: Pairs) -> Texts | None:
    """Groups joined where items of two are linked; each bears the first of the names that it joins.

    Args:
        identity: the name of each item, shape (n,), which is its group's where no groups are given.
        group: names of groups, shape (n,), or None.
        linked: pairs of rows, shape (k, 2).
    """
    from compete.audits.duplicates import components

    if not len(linked):
        return group
    names, code = np.unique((identity if group is None else group).astype(str), return_inverse=True)
    joined: Texts = names[components(len(names), code[linked].tolist())][code].astype(object)
    return joined


def _within_given(challenge: Challenge, dataset: Dataset, linked: Pairs | None) -> Pairs:
    """The linked items that a given split has not parted: what it cuts is told, and stays as it was given."""
    from compete.audits.duplicates import components

    if linked is None or not len(linked):
        return np.empty((0, 2), np.int64)
    if not challenge.split.column:
        return linked
    _, word = np.unique(dataset.items[challenge.split.column].to_numpy(dtype=str), return_inverse=True)
    held = components(len(word), linked.tolist()) * len(word) + word
    _, first, place = np.unique(held, return_index=True, return_inverse=True)
    pairs: Pairs = np.stack((first[place], np.arange(len(word))), axis=1)
    return pairs


def _time(dataset: Dataset, column: str) -> np.ndarray[Any, Any]:
    """When each item was made: numbers, or dates that a finding can tell."""
    time = time_values(dataset, column)
    dates = any(parsed_number(text) is None for text in dataset.items[column])
    return time.astype("datetime64[s]") if dates else time


def _strata(challenge: Challenge, dataset: Dataset, target: Mapping[str, Texts]) -> dict[str, Any]:
    """What is to be spread evenly: the labels, columns that the challenge names, or nothing."""
    wish = challenge.split.stratify
    if isinstance(wish, tuple):
        columns = [dataset.items[name].to_numpy(dtype=object) for name in wish]
        return {"stratify": np.array([" | ".join(cells) for cells in zip(*columns, strict=True)]), "learned": False}
    if not wish or challenge.task in CELL_TASKS:
        return {}
    if challenge.task in IMAGE_TASKS:
        names = tuple(category.name for category in dataset.categories)
        return {"stratify": _presence(dataset, names), "class_names": names}
    return _label_strata(challenge, target)


def _label_strata(challenge: Challenge, target: Mapping[str, Texts]) -> dict[str, Any]:
    """The labels of tables: classes, flags, or quantiles of numbers."""
    columns = list(target.values())
    if challenge.task in ("multioutput", "survival"):
        return _several_strata(challenge, target)
    if challenge.task == "classification":
        return {"stratify": columns[0].astype(str)}
    if challenge.task == "multilabel":
        return {"stratify": np.column_stack(columns).astype(np.int8), "class_names": tuple(target)}
    codes, names = quantile_strata(columns[0].astype(np.float64))
    return {"stratify": codes, "class_names": names, "learned": False}


def _several_strata(challenge: Challenge, target: Mapping[str, Texts]) -> dict[str, Any]:
    """Of several columns of classes, each class of each; of survival, events and the quantiles of their times."""
    if challenge.task == "survival":
        time, event = target.values()
        codes, names = quantile_strata(time.astype(np.float64))
        told = [f"{names[code]}, {'event' if one == '1' else 'lost'}" for code, one in zip(codes, event, strict=True)]
        return {"stratify": np.array(told), "learned": False}
    flags = {f"{name} {label}": cells == label for name, cells in target.items() for label in sorted(set(cells))}
    return {"stratify": np.column_stack(list(flags.values())).astype(np.int8), "class_names": tuple(flags)}


def _presence(dataset: Dataset, names: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Which classes are in which image, 0 or 1, shape (images, classes)."""
    code = {name: number for number, name in enumerate(names)}
    presence = np.zeros((len(dataset.items), len(names)), dtype=np.int8)
    label = np.array([code[name] for name in dataset.labels["label"]], dtype=np.int64)
    presence[rows_named(dataset.items, dataset.labels["item"]), label] = 1
    return presence


def _part_rows(result: SplitResult, group: Texts | None) -> tuple[tuple[str, ...], ...]:
    count = np.bincount(result.part[result.part >= 0], minlength=len(result.parts))
    groups = ["–"] * len(count)
    if group is not None:
        groups = [f"{len(set(group[result.part == part].tolist())):,}" for part in range(len(count))]
    shares = [f"{share:.1%}" for share in count / max(1, count.sum())]
    return tuple(zip(result.parts, [f"{items:,}" for items in count.tolist()], groups, shares, strict=True))


def _balance_rows(challenge: Challenge, result: SplitResult) -> tuple[tuple[str, ...], ...]:
    """Each class's items and share in every part; of many classes the largest."""
    balance = result.balance
    order = np.argsort(-balance.count.sum(axis=1), kind="stable")
    shares = balance.count / np.maximum(1, balance.size)
    shown = np.sort(order[:CLASSES_SHOWN]).tolist()
    if challenge.task == "classification":
        names = dict.fromkeys([*challenge.data.classes, *class_order(balance.classes)])
        place = {name: number for number, name in enumerate(names)}
        shown.sort(key=lambda row: place[balance.classes[row]])
    rows = [(balance.classes[row], *map("{:,} ({:.1%})".format, balance.count[row], shares[row])) for row in shown]
    rest = len(order) - len(rows)
    return (*rows, (f"and {rest:,} smaller ones", "", "", "")) if rest else tuple(rows)
