"""A finished bundle as an attacker sees it, and beside it the truth that an attacker wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.audits.gate.columns import Column, natural_order
from compete.audits.gate.entries import Entries, Listed, entries_below, rows_of_digests
from compete.audits.gate.reading import Columns, PlainTable, read_table, stored_anew, unfit
from compete.audits.gate.targets import flat_targets, image_targets
from compete.audits.look_columns import CLEANED, Looks, packed
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
from compete.errors import BundleError
from compete.hidden import unpack_truth
from compete.terms import Terms

if TYPE_CHECKING:
    from compete.audits.duplicates import Link
    from compete.audits.look import Look

Array = np.ndarray[Any, Any]
IN_TRAIN, IN_PUBLIC, IN_PRIVATE = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Items:
    """Items of a bundle, those of train first, each half in the order of its table.

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
class Reach:
    """How much of a bundle is looked at, and what is known of its images already.

    Attributes:
        items: that statistics are made of, at most; they are drawn by chance.
        traced: images that are decoded in full for traces of compression, at most.
        pixels: how many pixels these may have together.
        read: files, proven to be what their maker looked at, of which every byte is read all the same, at most.
        workers: processes for images; None one a core.
        draft: the bundle is still being built: times and modes are not yet as they will be.
        looks: what the build has seen of images; each is believed of a file that has its digest, and of no other.
        links: which of ``looks`` show the same; None where nobody has compared them.
    """

    items: int = 5_000
    traced: int = 1_000
    pixels: int = 200_000_000
    read: int = 1_000_000_000
    workers: int | None = None
    draft: bool = False
    looks: Sequence[Look] = ()
    links: Sequence[Link] | None = None


@dataclass(frozen=True, eq=False)
class Folder:
    """A bundle that is looked at, or some of its items.

    Attributes:
        root: the bundle.
        terms: the content of ``challenge.json``.
        entries: all of the public folder, in the order in which the system lists it.
        train: the columns of ``train.csv``.
        test: those of ``test.csv``.
        solution: those of the hidden ``solution.csv``.
        listed: what the manifest lists.
        reach: how much is looked at.
        whole: the bundle from which these items are taken; None if it is the whole.
        rows: which rows of train, test and solution these are.
    """

    root: Path
    terms: Terms
    entries: Entries
    train: Columns
    test: Columns
    solution: Columns
    listed: Listed
    reach: Reach = Reach()
    whole: Folder | None = None
    rows: tuple[Array, Array, Array] | None = None

    @property
    def public(self) -> Path:
        """What participants get."""
        return self.root / "public"

    @property
    def private(self) -> Path:
        """What they do not."""
        return self.root / "private"

    @cached_property
    def files(self) -> Entries:
        """The plain files, in the order of their names."""
        return self.entries.files() if self.whole is None else self.whole.files

    @cached_property
    def ids(self) -> list[str]:
        """The ids of all items, those of train first, each half in the order of its table."""
        return [*self.train[ID], *self.solution[ID]]

    @cached_property
    def test_ids(self) -> frozenset[str]:
        """The ids of the test items."""
        return frozenset(self.test[ID])

    @cached_property
    def sample_ids(self) -> Sequence[str]:
        """The ids in the rows of the sample submission; empty where it is no table."""
        place = self.public / self.terms.sample_name
        if place.suffix != ".csv" or not place.is_file():
            return ()
        try:
            return read_table(place).get(ID, ())
        except BundleError:
            return ()  # told by the check of the sample

    @cached_property
    def part(self) -> Array:
        """0 train, 1 public, 2 private, of each item, shape (n,)."""
        private = np.array([text == PRIVATE for text in self.solution[USAGE]], dtype=np.int8)
        return np.concatenate([np.zeros(len(self.train[ID]), np.int8), np.int8(IN_PUBLIC) + private])

    @cached_property
    def file(self) -> tuple[str, ...]:
        """The path of each item's file below ``public/``; empty where items have none."""
        return tuple(self.cells("file")) if "file" in self.train and "file" in self.test else ()

    @cached_property
    def items(self) -> Items:
        """The items with their labels."""
        return _items(self)

    @cached_property
    def sources(self) -> list[str]:
        """The organizer's own ids of the items, in the order of ``ids``; empty where they are not known."""
        place = self.private / "ids.csv"
        if not place.is_file():
            return []
        table, ids = read_table(place), self.ids
        names, own = table.get(ID, ()), table.get("source_id", ())
        rows = sorted(range(len(ids)), key=ids.__getitem__)
        if [ids[row] for row in rows] == [*names] and len(own) == len(ids):  # as the build sorts them: two runs merged
            found = [""] * len(ids)
            for row, name in zip(rows, own, strict=True):
                found[row] = name
            return found
        known = dict(zip(names, own, strict=False))
        return [known.get(name, "") for name in ids]

    @cached_property
    def by_source(self) -> Array:
        """The rows in the order of the organizer's own ids, item 10 after item 9; empty where they are not known."""
        return natural_order(self.sources)

    @cached_property
    def looks(self) -> Looks:
        """What can be seen of each item's file, in the order of ``ids``; empty where items have none."""
        if not self.file:
            return packed([])
        whole = self.whole or self
        if whole.proven.all():
            return whole.seen_before.take(whole.look_rows[self.picked])
        if self.whole is not None:
            return self.whole.looks.take(self.picked)
        from compete.audits.looks import looks_of

        return looks_of([str(self.public / name) for name in self.file], workers=self.reach.workers)

    @cached_property
    def same_images(self) -> list[tuple[int, int, str]]:
        """Pairs of items whose images are the same, nearly so, or views of one scene, as rows of ``ids``."""
        from compete.audits.gate.copies import same_images

        return same_images(self)

    @cached_property
    def together(self) -> Array | None:
        """Codes of items that stand on one side because a build keeps them together: of one group, or showing the same.

        None where every item is alone.
        """
        if not self.file:
            return self.items.group
        if self.whole is not None:
            return None if self.whole.together is None else self.whole.together[self.picked]
        pairs = [(one, other) for one, other, _ in self.same_images if self.part[one] == self.part[other]]
        if not pairs:
            return self.items.group
        from compete.audits.duplicates import components

        code = np.arange(len(self.ids)) if self.items.group is None else self.items.group
        return components(int(code.max()) + 1, code[np.array(pairs)].tolist())[code]

    @cached_property
    def look_rows(self) -> Array:
        """Which of the build's looks is at each item's file, by the digest in the manifest; -1 for none, shape (n,)."""
        known = np.flatnonzero(self.seen_before.given & CLEANED)
        rows = rows_of_digests(self.listed.digests_of(self.file), self.seen_before.cleaned[known])
        return np.where(rows < 0, -1, known[rows]) if len(known) else rows

    @cached_property
    def seen_before(self) -> Looks:
        """What the build has seen of images."""
        return packed(self.reach.looks)

    @property
    def proven(self) -> Array:
        """Of which items the manifest lists the file that the build looked at, bool of shape (n,)."""
        return self.look_rows >= 0

    @property
    def picked(self) -> Array:
        """The rows of these items among the ids of the whole bundle."""
        if self.whole is None or self.rows is None:
            return np.arange(len(self.ids))
        return np.concatenate([self.rows[0], len(self.whole.train[ID]) + self.rows[2]])

    @cached_property
    def features(self) -> dict[str, Column]:
        """The columns that describe items, by their names; not that of groups."""
        return {name: Column(self.cells(name)) for name in self.feature_names() if name != GROUP}

    def feature_names(self) -> list[str]:
        """The columns that describe items, of train and of the test alike."""
        known = {ID, "file", *self.terms.target}
        return [name for name in self.test if name in self.train and name not in known]

    def cells(self, name: str) -> list[str]:
        """A column of all items, in the order of ``ids``."""
        column = self.test[name]
        if self.test_in_order:
            return [*self.train[name], *column]
        row = {item: place for place, item in enumerate(self.test[ID])}
        return [*self.train[name], *(column[row[item]] for item in self.solution[ID])]

    @cached_property
    def test_in_order(self) -> bool:
        """Whether the test table has the order of the solution."""
        return tuple(self.test[ID]) == tuple(self.solution[ID])


def open_folder(root: Path, reach: Reach) -> Folder:
    """Look at a bundle.

    Raises:
        BundleError: if it is none, holds no hidden part, or a table does not fit the others.
    """
    bundle = open_bundle(root)
    hidden = bundle.solution().parent
    tables = [read_table(place) for place in (root / "public" / TRAIN, root / "public" / TEST, hidden / SOLUTION)]
    for name, table in zip((TRAIN, TEST, SOLUTION), tables, strict=True):
        if ID not in table:
            raise unfit(name, f"it has no column {ID}")
    train, test, solution = tables
    if tuple(test[ID]) == tuple(solution[ID]):
        solution = {**solution, ID: test[ID]}  # held once
    if len(test[ID]) != len(solution[ID]) or ([*test[ID]] != [*solution[ID]] and set(test[ID]) != set(solution[ID])):
        raise unfit(TEST, "it does not hold the items of the solution")
    if set(solution[USAGE]) - {PUBLIC, PRIVATE}:
        raise unfit(SOLUTION, "an item is neither Public nor Private")
    listed = Listed((root / MANIFEST).read_bytes())
    if "file" in train and "file" in test:
        train, test = ({**table, "file": list(map(listed.same, table["file"]))} for table in (train, test))
    return Folder(root, bundle.terms, entries_below(root / "public", listed), train, test, solution, listed, reach)


def drawn_from(whole: Folder, *, in_a_row: bool = False) -> Folder:
    """As many items of a bundle as statistics are made of, each half in its order; all if there are no more.

    Args:
        whole: the bundle.
        in_a_row: items that stand next to one another instead of such that are drawn by chance.
    """
    many, most = len(whole.ids), whole.reach.items
    if many <= most:
        return whole
    chance = np.random.default_rng(6)

    def drawn(of: int) -> Array:
        count = max(1, round(of * most / many)) if of else 0
        if in_a_row:
            return np.arange(count) + int(chance.integers(0, of - count + 1))
        return np.sort(chance.permutation(of)[:count])

    train, test = drawn(len(whole.train[ID])), drawn(len(whole.test[ID]))
    solution = test
    if not whole.test_in_order:
        names = {whole.test[ID][row] for row in test.tolist()}
        solution = np.array([row for row, name in enumerate(whole.solution[ID]) if name in names])
    tables = (_rows_of(whole.train, train), _rows_of(whole.test, test), _rows_of(whole.solution, solution))
    return replace(
        whole,
        train=tables[0],
        test=tables[1],
        solution=tables[2],
        whole=whole,
        rows=(train, test, solution),
    )


def _rows_of(table: Columns, rows: Array) -> Columns:
    if isinstance(table, PlainTable):
        return table.of_rows(rows)
    chosen = rows.tolist()
    return {name: [cells[row] for row in chosen] for name, cells in table.items()}


def _items(folder: Folder) -> Items:
    ids = np.array(folder.ids, dtype=object)
    if folder.whole is not None and folder.terms.of_images:
        all_items, rows = folder.whole.items, folder.picked
        target, names = all_items.target[rows], all_items.names
    else:
        target, names = _targets(folder)
    if len(target) != len(ids):
        raise unfit(TRAIN_TRUTH, "it does not hold the images of the tables")
    return Items(ids, folder.part, target, names, _groups(folder), folder.file)


def _targets(folder: Folder) -> tuple[Array, tuple[str, ...]]:
    terms = folder.terms
    if not terms.of_images:
        if missing := [name for name in terms.target if name not in folder.train or name not in folder.solution]:
            raise unfit(SOLUTION, f"it has no column {missing[0]!r}")
        columns = {name: [*folder.train[name], *folder.solution[name]] for name in terms.target}
        return flat_targets(terms, columns)
    halves = folder.public / TRAIN_TRUTH, folder.private / TRUTH
    return image_targets(terms, [unpack_truth(stored_anew(place), place.name) for place in halves])


def group_texts(folder: Folder) -> list[str] | None:
    """The group of every item, in the order of ``ids``; an item that is in none is alone. None where none are told."""
    place = folder.public / TRAIN_GROUPS
    if GROUP not in folder.solution or not place.is_file():
        return None
    table = read_table(place)
    known = dict(zip(table[ID], table.get(GROUP, ()), strict=False))
    return [*(known.get(item, f"\0{item}") for item in folder.train[ID]), *folder.solution[GROUP]]


def _groups(folder: Folder) -> Array | None:
    texts = group_texts(folder)
    if texts is None:
        return None
    codes: Array = np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)[1]
    return codes
