"""What a data report is made of: the items of a challenge or a bundle, their parts, labels, subgroups and files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.bundle import (
    AFFINE,
    DEPTH,
    GROUP,
    HEIGHT,
    ID,
    PRIVATE,
    SOLUTION,
    TEST,
    TRAIN,
    TRAIN_GROUPS,
    TRAIN_TRUTH,
    TRUTH,
    USAGE,
    WIDTH,
    Bundle,
    refuse_changed,
)
from compete.errors import BundleError, Finding
from compete.terms import Terms

if TYPE_CHECKING:
    from compete.building.plan import Plan

Array = np.ndarray[Any, Any]
Texts = np.ndarray[tuple[int], np.dtype[np.object_]]

FILE = "file"
FEWEST = 20
"""A copy for participants tells of no subgroup with fewer items."""


@dataclass(frozen=True, eq=False)
class Contents:
    """The items of a competition, as far as a reader may know them; row ``i`` of every array is item ``i``.

    Attributes:
        terms: the challenge's terms.
        parts: what the parts are called: train, public and private, or for participants train and test.
        part: the part of each item, shape (n,).
        ids: what items are called here.
        known: whether the labels, the group and the subgroups of an item are known here, shape (n,).
        target: label columns as text, "" where not known; none of images with objects or label images.
        group: the group of each item, codes from 0, -1 where not known; None where there are none.
        subgroup: subgroup columns as text, "" where not known.
        column: what participants see of an item, as text.
        other: further columns of the data, that no participant sees.
        files: a path or an address an item; None of tables.
        size: width and height in pixels, shape (n, 2), 0 where not known; None of tables.
        truths: of images the rows and the truth of those, ``Objects``, ``Federated``, ``LabelMaps`` or ``Segments``.
        for_participants: whether this is made of ``public/`` alone.
    """

    terms: Terms
    parts: tuple[str, ...]
    part: Array
    ids: Texts
    known: Array
    target: Mapping[str, Texts]
    group: Array | None
    subgroup: Mapping[str, Texts]
    column: Mapping[str, Texts]
    other: Mapping[str, Texts] = field(default_factory=dict)
    files: Sequence[str] | None = None
    size: Array | None = None
    truths: tuple[tuple[Array, Any], ...] = ()
    for_participants: bool = False

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.part)

    @property
    def fewest(self) -> int:
        """Items below which a subgroup is not told; 0 on the organizer's copy."""
        return max(FEWEST, self.terms.smallest_subgroup) if self.for_participants else 0

    def count_of_parts(self, rows: Array | None = None) -> list[int]:
        """How many items each part has; of the rows that a mask chooses."""
        part = self.part if rows is None else self.part[rows]
        counts: list[int] = np.bincount(part, minlength=len(self.parts)).tolist()
        return counts


def contents_of_plan(plan: Plan) -> Contents:
    """What a planned bundle will hold, for its organizer."""
    from compete.building.truths import truth_of
    from compete.table import factorized

    items, rows = plan.dataset.items, np.arange(len(plan.id))
    hidden = {*plan.features, *plan.challenge.data.label, plan.challenge.data.file, WIDTH, HEIGHT, DEPTH, AFFINE}
    text = {str(name): items[name].astype(str).to_numpy(dtype=object) for name in items.columns}
    return Contents(
        terms=plan.terms,
        parts=("train", "public", "private"),
        part=plan.part.astype(np.int64),
        ids=items.index.to_numpy(dtype=object),
        known=np.ones(len(rows), dtype=bool),
        target={} if plan.terms.of_images else plan.target,
        group=None if plan.group is None else factorized(plan.group)[0],
        subgroup=plan.subgroup,
        column={name: text[name] for name in plan.features},
        other={name: cells for name, cells in text.items() if name not in hidden},
        files=plan.file,
        size=_planned_sizes(plan),
        truths=((rows, truth_of(plan, rows)),) if plan.terms.of_images else (),
    )


def _planned_sizes(plan: Plan) -> Array | None:
    if plan.file is None:
        return None
    if plan.looks is not None and not plan.terms.of_images:
        return np.array([(look.width, look.height) for look in plan.looks], dtype=np.int64).reshape(-1, 2)
    items = plan.dataset.items
    if WIDTH not in items:
        return np.zeros((len(items), 2), dtype=np.int64)
    return np.stack([items[name].to_numpy().astype(np.int64) for name in (WIDTH, HEIGHT)], axis=1)


def contents_of_bundle(bundle: Bundle, *, for_participants: bool) -> Contents:
    """What a bundle holds.

    Args:
        bundle: as opened.
        for_participants: look at ``public/`` alone. Where that is all there is, nothing else can be told anyway.

    Raises:
        BundleError: a file is missing, or not as it was built.
    """
    tables = _Tables()
    train, test = tables.read(bundle.public / TRAIN), tables.read(bundle.public / TEST)
    groups = bundle.public / TRAIN_GROUPS
    known = [train | (_aligned(train, tables.read(groups)) if groups.is_file() else {})]
    private = None if for_participants or bundle.private is None else bundle.private
    if private:
        known.append(test | _aligned(test, tables.read(private / SOLUTION)))
    truths = [bundle.public / TRAIN_TRUTH, *([private / TRUTH] if private else [])] if bundle.terms.of_images else []
    records = [tables.truth(path) for path in truths]
    refuse_changed(bundle, tables.digests)
    return _joined(bundle, train, test, known, records)


class _Tables:
    """The files of a bundle that were read, with their digests."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def bytes_of(self, path: Path) -> bytes:
        """The content of a file.

        Raises:
            BundleError: it is gone.
        """
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            finding = Finding("bundle/missing", "it is gone", str(path), hint="restore it, or build the bundle again")
            raise BundleError("the bundle cannot be used", [finding]) from None
        self.digests[f"{path.parent.name}/{path.name}"] = hashlib.sha256(raw).hexdigest()
        return raw

    def read(self, path: Path) -> dict[str, Texts]:
        """A table as columns of text; of an item with several rows the cells stand behind each other."""
        from compete.scoring.source import Caps
        from compete.scoring.table import columns_as_text, read_table
        from compete.scoring.truth import CELL, ROW

        caps = Caps(cell=CELL, row=ROW)
        table = read_table(self.bytes_of(path), name=path.name, error=BundleError, room="bundle", caps=caps)
        columns = {name: np.array(columns_as_text(table, name), dtype=object) for name in table.header}
        return _one_row_an_item(columns)

    def truth(self, path: Path) -> Any:
        """A compiled truth."""
        from compete.hidden import unpack_truth

        return unpack_truth(self.bytes_of(path), path.name)


def _one_row_an_item(columns: dict[str, Texts]) -> dict[str, Texts]:
    """Columns in which each item has one row; further rows of an item lengthen its cells."""
    ids = columns[ID].tolist()
    if len(set(ids)) == len(ids):
        return columns
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(ids):
        rows.setdefault(name, []).append(row)
    out = {name: np.empty(len(rows), dtype=object) for name in columns}
    for place, some in enumerate(rows.values()):
        for name, cells in columns.items():
            told = cells[some].tolist()
            out[name][place] = told[0] if len(set(told)) == 1 else " ".join(told)
    return out


def _aligned(table: Mapping[str, Texts], other: Mapping[str, Texts]) -> dict[str, Texts]:
    """The columns of another table, in the order of the items of the first.

    Raises:
        BundleError: it does not name the same items.
    """
    place = {name: row for row, name in enumerate(other[ID].tolist())}
    if place.keys() != set(table[ID].tolist()):
        finding = Finding("bundle/changed", "two tables name other items", TRAIN, hint="build the bundle again")
        raise BundleError("the bundle cannot be used", [finding])
    order = [place[name] for name in table[ID].tolist()]
    return {name: cells[order] for name, cells in other.items()}


def _joined(
    bundle: Bundle,
    train: Mapping[str, Texts],
    test: Mapping[str, Texts],
    known: Sequence[Mapping[str, Texts]],
    records: Sequence[Any],
) -> Contents:
    """Train and test as one, with what is known of either."""
    from compete.table import factorized

    terms, first, second = bundle.terms, len(train[ID]), len(test[ID])
    rows = [np.arange(first), np.arange(first, first + second)]
    whole = len(known) == 2
    part = np.concatenate([np.zeros(first, np.int64), np.ones(second, np.int64)])
    if whole:
        part[first:] += known[1][USAGE] == PRIVATE
    blank = np.full(second, "", dtype=object)

    def told(name: str) -> Texts:
        return np.concatenate([known[0][name], known[1][name] if whole else blank])

    def seen(name: str) -> Texts:
        return np.concatenate([train[name], test[name]])

    groups = factorized(told(GROUP))[0] if terms.grouped and GROUP in known[0] else None
    taken = {ID, FILE, *((WIDTH, HEIGHT, DEPTH, AFFINE) if terms.of_images else ())}
    return Contents(
        terms=terms,
        parts=("train", "public", "private") if whole else ("train", "test"),
        part=part,
        ids=seen(ID),
        known=part == 0 if not whole else np.ones(len(part), dtype=bool),
        target={} if terms.of_images else {name: told(name) for name in (*terms.target, terms.gain) if name},
        group=groups if groups is None or whole else np.where(part == 0, groups, -1),
        subgroup={name: told(name) for name in terms.subgroups if name in known[0]},
        column={name: seen(name) for name in test if name not in taken},
        files=[str(bundle.public / name) for name in seen(FILE).tolist()] if FILE in test else None,
        size=_listed_sizes(seen(WIDTH), seen(HEIGHT)) if terms.of_images else _no_sizes(FILE in test, len(part)),
        truths=tuple(zip(rows, records, strict=False)),
        for_participants=not whole,
    )


def _listed_sizes(width: Texts, height: Texts) -> Array:
    return np.stack([width.astype(np.int64), height.astype(np.int64)], axis=1)


def _no_sizes(of_images: bool, n: int) -> Array | None:
    return np.zeros((n, 2), dtype=np.int64) if of_images else None
