"""A clean bundle that is about to be spoilt, and what it takes to spoil it."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from compete.bundle import write_manifests
from compete.files import EPOCH
from tests.audits.gate.clean import write_table

Array = np.ndarray
Columns = dict[str, list[str]]
AREAS = (0.65, 0.75, 0.9)
"""The AUC of a statistical leak at each strength."""
SHARES = (0.01, 0.05, 0.3)
"""The share of items that a sure leak concerns at each strength."""


@dataclass(frozen=True)
class Spoilt:
    """A copy of a clean bundle in which one thing is made to tell the labels.

    Attributes:
        root: the bundle.
        strength: 0, 1 or 2.
        chance: where chance comes from.
    """

    root: Path
    strength: int
    chance: np.random.Generator

    @property
    def public(self) -> Path:
        """What participants get."""
        return self.root / "public"

    @property
    def share(self) -> float:
        """The share of items that a sure leak concerns."""
        return SHARES[self.strength]

    def table(self, name: str) -> Columns:
        """The columns of a table below the root."""
        with (self.root / name).open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        return {column: [row[place] for row in rows] for place, column in enumerate(header)}

    def write(self, name: str, columns: Mapping[str, Sequence[object]]) -> None:
        """Write a table below the root."""
        write_table(self.root / name, columns)

    def labels(self) -> dict[str, int]:
        """The code of every item's label, hidden or not."""
        found = {}
        for name in ("public/train.csv", "private/solution.csv"):
            columns = self.table(name)
            found |= {item: int(text == "nigra") for item, text in zip(columns["id"], columns["species"], strict=True)}
        return found

    def tests(self) -> list[str]:
        """The ids of the test items, in the order of their table."""
        return self.table("public/test.csv")["id"]

    def some(self, many: Sequence[str]) -> list[str]:
        """As many of the items as a sure leak of this strength concerns, at least one."""
        count = max(1, round(self.share * len(many)))
        return [many[place] for place in self.chance.permutation(len(many))[:count].tolist()]

    def telling(self, label: Mapping[str, float]) -> dict[str, float]:
        """A number an item that tells its label with the AUC of this strength."""
        values = np.array(list(label.values()), dtype=np.float64)
        if len(set(values.tolist())) > 2:
            values = (values.argsort().argsort() > len(values) / 2).astype(np.float64)
        shift = NormalDist().inv_cdf(AREAS[self.strength]) * 2**0.5
        return dict(zip(label, (shift * values + self.chance.normal(size=len(values))).tolist(), strict=True))

    def coin(self, label: Mapping[str, int]) -> dict[str, bool]:
        """Yes or no for an item, which tells its label with the AUC of this strength."""
        area = AREAS[self.strength]
        return {item: bool(self.chance.random() < (area if code else 1 - area)) for item, code in label.items()}

    def add_column(self, name: str, value: Mapping[str, object]) -> None:
        """Give train and test a further feature."""
        for half in ("public/train.csv", "public/test.csv"):
            columns = self.table(half)
            last = {key: columns.pop(key) for key in ("species",) if key in columns}
            self.write(half, {**columns, name: [value[item] for item in columns["id"]], **last})

    def rename(self, new: Mapping[str, str]) -> None:
        """Give items other ids, in every table, the rows in an order of chance."""
        for name in (
            "public/train.csv",
            "public/test.csv",
            "public/sample_submission.csv",
            "private/solution.csv",
            "private/ids.csv",
        ):
            columns = self.table(name)
            order = self.chance.permutation(len(columns["id"])).tolist()
            columns["id"] = [new[item] for item in columns["id"]]
            self.write(name, {key: [cells[row] for row in order] for key, cells in columns.items()})

    def reorder(self, name: str, place: Mapping[str, float]) -> None:
        """Sort the rows of a table."""
        columns = self.table(name)
        order = sorted(range(len(columns["id"])), key=lambda row: place[columns["id"][row]])
        self.write(name, {key: [cells[row] for row in order] for key, cells in columns.items()})

    def image(self, item: str) -> Path:
        """The file of an item."""
        return next(path for half in ("test", "train") if (path := self.public / half / f"{item}.png").is_file())


Plant = Callable[[Spoilt], None]


class Leak(NamedTuple):
    """A leak that can be planted.

    Attributes:
        row: of the checklist.
        name: of the way in which it is planted.
        kind: of the clean bundle.
        statistical: whether it is found by a test against chance.
        rules: by which it may be found.
        plant: does it.
        late: it is done after times and manifests were written.
    """

    row: str
    name: str
    kind: str
    statistical: bool
    rules: tuple[str, ...]
    plant: Plant
    late: bool = False


LEAKS: list[Leak] = []
"""Every leak, filled by the modules that define them."""


def leak(row: str, kind: str, *rules: str, statistical: bool = False, late: bool = False) -> Callable[[Plant], Plant]:
    """List a way to plant a leak."""

    def listed(plant: Plant) -> Plant:
        LEAKS.append(Leak(row, plant.__name__, kind, statistical, rules, plant, late))
        return plant

    return listed


def spoil(clean: Path, target: Path, one: Leak, strength: int, seed: int = 0) -> Path:
    """Copy a clean bundle, plant a leak, and write manifests and times as a careless builder would."""
    shutil.copytree(clean, target, copy_function=shutil.copyfile)
    spoilt = Spoilt(target, strength, np.random.default_rng([seed, strength, len(one.name)]))
    if not one.late:
        one.plant(spoilt)
    write_manifests(target, challenge_sha256="0" * 64)
    settle_times(target)
    if one.late:
        one.plant(spoilt)
    return target


def settle_times(root: Path) -> None:
    """One time and one mode for all."""
    for folder, _, names in os.walk(root, topdown=False):
        for path in [*(Path(folder) / name for name in names), Path(folder)]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
            os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
