"""How evenly a split came out, in numbers and in findings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compete.building.splits.division import Population
from compete.building.splits.grouping import Floats, Ints, Parts
from compete.dataset import counted
from compete.errors import Finding

FAR = 0.2
"""A part whose size misses the wanted one by more than this share of it is a warning, not only a note."""

SMALLER = "a finer data.group, or none; images linked as copies or views of one scene are one group, too"


@dataclass(frozen=True, eq=False)
class Balance:
    """How many items of each class lie in each part, beside what was wanted.

    Attributes:
        classes: names, in the order of the rows.
        parts: names, in the order of the columns.
        count: shape (classes, parts): items.
        size: shape (parts,): items of all classes.
        fractions: shape (parts,): the wanted share of each part.
    """

    classes: tuple[str, ...]
    parts: tuple[str, ...]
    count: Ints
    size: Ints
    fractions: Floats

    @property
    def share(self) -> Floats:
        """The share of each class's items that lies in each part, shape (classes, parts); nan for an empty class."""
        total = self.count.sum(axis=1, keepdims=True)
        share: Floats = np.divide(self.count, total, out=np.full(self.count.shape, np.nan), where=total > 0)
        return share

    @property
    def relative_error(self) -> Floats:
        """By what part of the wanted share each share misses it, shape (classes, parts); nan where none is wanted."""
        error: Floats = np.full(self.count.shape, np.nan)
        np.divide(self.share, self.fractions, out=error, where=self.fractions > 0)
        return np.abs(error - 1)

    @property
    def largest_relative_error(self) -> float:
        """The largest relative error of a class's share in a part; nan where there are no classes."""
        error = self.relative_error
        return float(np.nanmax(error)) if np.isfinite(error).any() else float("nan")

    def worst(self) -> tuple[int, int]:
        """The class and the part with the largest relative error; only where there are classes."""
        row, column = divmod(int(np.nanargmax(self.relative_error)), len(self.parts))
        return row, column


def balance_of(population: Population, part: Parts, parts: tuple[str, ...], fractions: Floats) -> Balance:
    """Count classes and items in each part; items of part -1 are left out."""
    count = population.strata.counts(part, len(parts))
    size = np.bincount(part[part >= 0], minlength=len(parts))
    return Balance(population.strata.names, parts, count, size, fractions)


def judge_parts(population: Population, balance: Balance, *, learned: bool) -> list[Finding]:
    """Say what could not be met, with numbers, and how even the split came out.

    Args:
        population: what was divided.
        balance: how it came out.
        learned: whether the classes are the labels to be learned, so that train must hold each of them.
    """
    findings = _empty_parts(population, balance)
    findings += _large_group(population, balance)
    if learned:
        findings += _absent_classes(population, balance)
    return findings + _evenness(population, balance)


def _empty_parts(population: Population, balance: Balance) -> list[Finding]:
    wanted = np.flatnonzero(balance.fractions > 0)
    empty = [balance.parts[column] for column in wanted if balance.size[column] == 0]
    if not empty:
        return []
    groups = None if population.group is None else len(np.unique(population.group))
    units = population.items if groups is None else groups
    if units < len(wanted):
        unit = counted(units, "item", "items") if groups is None else counted(units, "group", "groups")
        message = f"{unit} cannot fill {len(wanted)} parts ({', '.join(balance.parts)})"
        hint = "more data is needed" if groups is None else f"more data is needed, or smaller groups: {SMALLER}"
        return [Finding("split/too-few", message, items=tuple(empty), hint=hint, count=len(empty))]
    hint = "see split.test and split.public: a part must be large enough for one of the items or groups"
    message = f"no item falls into {' and '.join(empty)}, of {population.items} items"
    return [Finding("split/empty-part", message, items=tuple(empty), hint=hint, count=len(empty))]


def _large_group(population: Population, balance: Balance) -> list[Finding]:
    if population.group is None or not population.items:
        return []
    size = np.bincount(population.group)
    wanted = balance.fractions * population.items
    small = int(np.argmin(np.where(wanted > 0, wanted, np.inf)))
    large = np.flatnonzero(size > max(wanted[small], 1))
    if not len(large):
        return []
    large = large[np.argsort(-size[large], kind="stable")]
    largest, some = int(size[large[0]]), "one group is" if len(large) == 1 else f"{len(large)} groups are"
    message = f"{some} larger than all of {balance.parts[small]} should be ({wanted[small]:.1f} items)"
    message += f"; the largest has {largest} items"
    names = tuple(str(population.identity[code]) for code in large[:3].tolist())
    hint = (
        "a group is never cut, so parts come out uneven; what helps is a larger split.test or split.public, or smaller "
        f"groups: {SMALLER}"
    )
    return [Finding("split/large-group", message, items=names, hint=hint, severity="warning", count=len(large))]


def _absent_classes(population: Population, balance: Balance) -> list[Finding]:
    total, train = balance.count.sum(axis=1), balance.count[:, 0]
    test = total - train
    findings = []
    unlearned = np.flatnonzero((total > 0) & (train == 0) & (test > 0))
    if len(unlearned):
        examples = _named(balance, unlearned, test)
        message = f"{_classes(len(unlearned))} would be only in the test, with nothing to learn from"
        hint = "join or drop classes, or change what keeps items together: data.group, split.time, split.column"
        findings.append(Finding("split/class-only-in-test", message, items=examples, hint=hint, count=len(unlearned)))
    absent = (total > 0) & (test == 0)
    rare = _held_once(population, absent)
    if rare.any():
        unit = "item" if population.group is None else "group"
        message = f"{_classes(int(rare.sum()))} with a single {unit} each can be in one part only, and went to train"
        hint = "the test cannot score what it does not hold: join such classes, or find more data"
        codes = np.flatnonzero(rare)
        examples = _named(balance, codes, total)
        findings.append(Finding("split/rare-class", message, "", examples, hint, "warning", len(codes)))
    untested = np.flatnonzero(absent & ~rare)
    if len(untested):
        message = f"{_classes(len(untested))} would be only in train, so the test cannot score them"
        hint = "a larger split.test, joined classes or a finer data.group can mend it"
        examples = _named(balance, untested, total)
        findings.append(Finding("split/class-missing-from-test", message, "", examples, hint, "warning", len(untested)))
    return findings + _halves(balance, test)


def _halves(balance: Balance, test: Ints) -> list[Finding]:
    """Classes that the test holds but one of its parts does not."""
    findings = []
    for column in range(1, len(balance.parts) if len(balance.parts) > 2 else 1):
        lacking = np.flatnonzero((test > 0) & (balance.count[:, column] == 0))
        if balance.fractions[column] > 0 and balance.size[column] and len(lacking):
            name = balance.parts[column]
            message = f"{_classes(len(lacking))} of the test would be missing from {name}, whose score leaves them out"
            hint = "see split.public and split.test: a larger part holds rarer classes"
            examples = _named(balance, lacking, test)
            findings.append(
                Finding("split/class-missing-from-part", message, "", examples, hint, "warning", len(lacking))
            )
    return findings


def _held_once(population: Population, absent: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of some classes are held by one item only, or by one group where there are groups."""
    strata = population.strata
    if not absent.any():
        return absent
    chosen = np.flatnonzero(absent[strata.label])
    item = chosen if strata.item is None else strata.item[chosen]
    holder = item if population.group is None else population.group[item]
    pairs = np.unique(np.stack([strata.label[chosen], holder]), axis=1)
    held: NDArray[np.bool_] = np.bincount(pairs[0], minlength=len(absent)) == 1
    return np.logical_and(absent, held)


def _evenness(population: Population, balance: Balance) -> list[Finding]:
    total = int(balance.size.sum())
    if not total:
        return []
    got = ", ".join(f"{name} {size / total:.1%}" for name, size in zip(balance.parts, balance.size, strict=True))
    wanted = ", ".join(f"{fraction:.1%}" for fraction in balance.fractions)
    message = f"{total} items: {got} (wanted {wanted})"
    if np.isfinite(balance.largest_relative_error):
        row, column = balance.worst()
        message += (
            f"; least even is class {balance.classes[row]}: {balance.count[row, column]} items in "
            f"{balance.parts[column]} instead of {balance.count[row].sum() * balance.fractions[column]:.1f}"
        )
    miss = np.abs(balance.size - balance.fractions * total)
    if ((miss > FAR * balance.fractions * total) & (miss >= 1)).any():
        hint = "groups, times or a given column forbid more even parts; see data.group, split.time and split.column"
        return [Finding("split/far-from-wanted", message, hint=hint, severity="warning")]
    return [Finding("split/balance", message, severity="note")]


def _classes(count: int) -> str:
    return "one class" if count == 1 else f"{count} classes"


def _named(balance: Balance, code: Ints, items: Ints) -> tuple[str, ...]:
    return tuple(f"{balance.classes[row]} ({items[row]})" for row in code[:3].tolist())
