"""A finished bundle as an attacker sees it, and beside it the truth that an attacker wants."""

from __future__ import annotations

import csv
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from compete.audits.gate.seen import Seen, see_files
from compete.audits.gate.targets import flat_targets, image_targets
from compete.bundle import (
    GROUP,
    ID,
    MANIFEST,
    PRIVATE,
    PUBLIC,
    SOLUTION,
    TEST,
    TRAIN,
    TRAIN_GROUPS,
    TRAIN_TRUTH,
    TRUTH,
    USAGE,
    open_bundle,
)
from compete.engine import map_shards
from compete.errors import BundleError, Finding
from compete.files import zip_bytes
from compete.hidden import unpack_truth
from compete.terms import Terms

Array = np.ndarray[Any, Any]
Columns = Mapping[str, Sequence[str]]
IN_TRAIN, IN_PUBLIC, IN_PRIVATE = 0, 1, 2
DEEPLY, DEEP_BYTES, FEWEST = 1_000, 30_000_000, 100
"""Images that are decoded in full, at most, their bytes, at most, and images, at least; other JPEGs become smaller."""
ALONE, LOOKED_AT = 2_000, 128
"""Images up to which other processes are not worth their start, and how many a process looks at in one go."""


@dataclass(frozen=True)
class Entry:
    """One entry of the public folder.

    Attributes:
        name: its path below ``public/``.
        path: where it is.
        status: what the file system tells of it, links not followed.
    """

    name: str
    path: Path
    status: os.stat_result


@dataclass(frozen=True, eq=False)
class Items:
    """All items of a bundle, those of train first, each half in the order of its table.

    Attributes:
        id: texts, shape (n,).
        part: 0 train, 1 public, 2 private, shape (n,).
        target: what is to be predicted as numbers, one column a class or quantity, shape (n, k).
        names: what each column of ``target`` is called.
        group: codes of what belongs together; None where nothing is declared.
        file: the path of each item's file below ``public/``; empty where items have none.
    """

    id: Array
    part: Array
    target: Array
    names: tuple[str, ...]
    group: Array | None
    file: tuple[str, ...]

    @property
    def test(self) -> Array:
        """The rows of the test items."""
        return np.flatnonzero(self.part != IN_TRAIN)

    @property
    def train(self) -> Array:
        """The rows of the training items."""
        return np.flatnonzero(self.part == IN_TRAIN)


@dataclass(frozen=True, eq=False)
class Folder:
    """A bundle that is looked at.

    Attributes:
        root: the bundle.
        terms: the content of ``challenge.json``.
        entries: all of the public folder, in the order in which the system lists it.
        train: the columns of ``train.csv``.
        test: those of ``test.csv``.
        solution: those of the hidden ``solution.csv``.
        workers: processes for images; None one a core.
        draft: the bundle is still being built: times and modes are not yet as they will be.
    """

    root: Path
    terms: Terms
    entries: tuple[Entry, ...]
    train: Columns
    test: Columns
    solution: Columns
    workers: int | None = None
    draft: bool = False

    @property
    def public(self) -> Path:
        """What participants get."""
        return self.root / "public"

    @property
    def private(self) -> Path:
        """What they do not."""
        return self.root / "private"

    @cached_property
    def files(self) -> tuple[Entry, ...]:
        """The plain files, in the order of their names."""
        plain = (entry for entry in self.entries if entry.path.is_file() and not entry.path.is_symlink())
        return tuple(sorted(plain, key=lambda entry: entry.name))

    @cached_property
    def listed(self) -> Mapping[str, Any]:
        """What the manifest lists: digest and size by name."""
        files: Mapping[str, Any] = json.loads((self.root / MANIFEST).read_bytes()).get("files", {})
        return files

    @cached_property
    def items(self) -> Items:
        """The items with their labels."""
        return _items(self)

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The organizer's own ids of the items, in the order of ``items``; empty where they are not known."""
        place = self.private / "ids.csv"
        if not place.is_file():
            return ()
        ids = read_table(place)
        own = dict(zip(ids.get(ID, ()), ids.get("source_id", ()), strict=False))
        return tuple(own.get(name, "") for name in self.items.id.tolist())

    @cached_property
    def seen(self) -> list[Seen]:
        """What can be seen of each item's file, in the order of ``items``; empty where items have none."""
        if not self.items.file:
            return []
        paths = [str(self.public / name) for name in self.items.file]
        tasks = list(zip(paths, self._deep().tolist(), strict=True))
        return map_shards(see_files, tasks, workers=self.workers if len(tasks) > ALONE else 1, shard=LOOKED_AT)

    def _deep(self) -> Array:
        """Which files are decoded in full: some drawn by chance, of large ones fewer."""
        size = {entry.name: entry.status.st_size for entry in self.entries}
        order = np.random.default_rng(5).permutation(len(self.items.file))
        taken = np.cumsum([size.get(self.items.file[row], 0) for row in order.tolist()])
        deep = np.zeros(len(order), dtype=bool)
        deep[order[:DEEPLY][taken[:DEEPLY] <= DEEP_BYTES]] = True
        deep[order[:FEWEST]] = True
        return deep

    def feature_names(self) -> list[str]:
        """The columns that describe items, of train and of the test alike."""
        known = {ID, "file", *self.terms.target}
        return [name for name in self.test if name in self.train and name not in known]

    def cells(self, name: str) -> list[str]:
        """A column of all items, in the order of ``items``."""
        row = {item: place for place, item in enumerate(self.test[ID])}
        column = self.test[name]
        return [*self.train[name], *(column[row[item]] for item in self.solution[ID])]


def open_folder(root: Path, *, workers: int | None = None, draft: bool = False) -> Folder:
    """Look at a bundle.

    Raises:
        BundleError: if it is none, holds no hidden part, or a table does not fit the others.
    """
    bundle = open_bundle(root)
    hidden = bundle.solution().parent
    tables = [read_table(place) for place in (root / "public" / TRAIN, root / "public" / TEST, hidden / SOLUTION)]
    for name, table in zip((TRAIN, TEST, SOLUTION), tables, strict=True):
        if ID not in table:
            raise _unfit(name, f"it has no column {ID}")
    if set(tables[1][ID]) != set(tables[2][ID]) or len(tables[1][ID]) != len(tables[2][ID]):
        raise _unfit(TEST, "it does not hold the items of the solution")
    if set(tables[2][USAGE]) - {PUBLIC, PRIVATE}:
        raise _unfit(SOLUTION, "an item is neither Public nor Private")
    train, test, solution = tables
    entries = tuple(_entries(root / "public", ""))
    return Folder(root, bundle.terms, entries, train, test, solution, workers, draft)


def read_table(place: Path) -> dict[str, list[str]]:
    """A CSV by its columns, every cell as it is spelt.

    Raises:
        BundleError: if it cannot be read as one.
    """
    try:
        with place.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error) as error:
        raise _unfit(place.name, f"it cannot be read ({type(error).__name__})") from None
    if any(len(row) != len(header) for row in rows):
        raise _unfit(place.name, "a row has more cells than the header, or fewer")
    return {name: [row[column] for row in rows] for column, name in enumerate(header)}


def _unfit(name: str, why: str) -> BundleError:
    finding = Finding("bundle/changed", why, name, hint="build the bundle again")
    return BundleError("the bundle cannot be looked at", [finding])


def _entries(folder: Path, below: str) -> list[Entry]:
    """Files, folders and whatever else is there, in the system's own order."""
    found = []
    with os.scandir(folder) as listing:
        for entry in listing:
            name = f"{below}{entry.name}"
            found.append(Entry(name, Path(entry.path), entry.stat(follow_symlinks=False)))
            if entry.is_dir(follow_symlinks=False):
                found += _entries(Path(entry.path), f"{name}/")
    return found


def _items(folder: Folder) -> Items:
    train, solution = folder.train, folder.solution
    ids = np.array([*train[ID], *solution[ID]], dtype=object)
    usage = [IN_PRIVATE if text == PRIVATE else IN_PUBLIC for text in solution[USAGE]]
    part = np.array([IN_TRAIN] * len(train[ID]) + usage, dtype=np.int8)
    target, names = _targets(folder)
    if len(target) != len(ids):
        raise _unfit(TRAIN_TRUTH, "it does not hold the images of the tables")
    files = tuple(folder.cells("file")) if "file" in train and "file" in folder.test else ()
    return Items(ids, part, target, names, _groups(folder), files)


def _targets(folder: Folder) -> tuple[Array, tuple[str, ...]]:
    terms = folder.terms
    if not terms.of_images:
        if missing := [name for name in terms.target if name not in folder.train or name not in folder.solution]:
            raise _unfit(SOLUTION, f"it has no column {missing[0]!r}")
        columns = {name: [*folder.train[name], *folder.solution[name]] for name in terms.target}
        return flat_targets(terms, columns)
    halves = folder.public / TRAIN_TRUTH, folder.private / TRUTH
    return image_targets(terms, [unpack_truth(_stored(place), place.name) for place in halves])


def _stored(place: Path) -> bytes:
    """An archive as it would have been built: how it is packed is judged elsewhere."""
    try:
        with zipfile.ZipFile(place) as archive:
            return zip_bytes({name: archive.read(name) for name in archive.namelist()})
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise _unfit(place.name, f"it cannot be read ({type(error).__name__})") from None


def _groups(folder: Folder) -> Array | None:
    """Codes of the groups; an item that is in none is alone."""
    place = folder.public / TRAIN_GROUPS
    if GROUP not in folder.solution or not place.is_file():
        return None
    table = read_table(place)
    known = dict(zip(table[ID], table.get(GROUP, ()), strict=False))
    texts = [*(known.get(item, f"\0{item}") for item in folder.train[ID]), *folder.solution[GROUP]]
    codes: Array = np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)[1]
    return codes
