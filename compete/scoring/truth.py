"""The truth that submissions are scored against, and the ways in which its items are divided."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import numpy.typing as npt

import metrics
from compete.bundle import (
    GROUP,
    ID,
    PRIVATE,
    PUBLIC,
    SAMPLE,
    SOLUTION,
    TERMS,
    TEST,
    TRAIN,
    TRAIN_GROUPS,
    TRAIN_TRUTH,
    TRUTH,
    USAGE,
    Bundle,
    refuse_changed,
)
from compete.errors import BundleError, Finding, UsageError
from compete.hidden import unpack_truth
from compete.scoring.images import Images, images_of
from compete.scoring.kinds.orders import with_labels
from compete.scoring.kinds.truths import labels_of_table
from compete.scoring.matching import Vocabulary, vocabulary
from compete.scoring.measures import is_own
from compete.scoring.own import FILE
from compete.scoring.source import Caps
from compete.scoring.table import Table, as_codes, read_table
from compete.terms import Terms
from metrics.frozen import dataclass

Array = npt.NDArray[Any]
PARTS = {"test": ("public", "private"), "train": ("train",)}

CELL, ROW = 1 << 24, 1 << 26
"""Bytes of a cell and of a row that a table of ours may have."""


@dataclass(frozen=True, eq=False)
class Subgrouping:
    """One subgroup column.

    Attributes:
        column: its name.
        names: the subgroups.
        code: each item's subgroup, shape (n,).
    """

    column: str
    names: tuple[str, ...]
    code: Array


@dataclass(frozen=True, eq=False)
class Division:
    """A way to divide the items: by part, or by part and the groups of a subgroup column.

    Attributes:
        names: part and group of each class of items; the group is empty where items are divided by part alone.
        member: the class of each item.
        count: how many items each class has.
    """

    names: tuple[tuple[str, str], ...]
    member: metrics.Partition
    count: Array


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of the items that a submission predicts.

    Attributes:
        terms: the challenge's terms.
        ids: the items, prepared for looking up.
        y_true: class codes (n,) or (n, columns), 0/1 flags (n, labels), or numbers (n,) or (n, targets); ``Lists``,
            ``Texts`` or ``Spans``; of images ``Objects``, ``LabelMaps`` or ``Segments``.
        part: each item's place in ``parts``, shape (n,).
        parts: ``public`` and ``private``, or ``train``.
        subgroups: the subgroup columns at hand.
        cluster: each item's group, inside which items are not independent, shape (n,); None where there are none.
        sha256: digest of the file that holds the truth.
        images: their numbers and sizes; None where an item is a row.
        beside: columns beside the truth that metrics look at; subgroups may serve them too.
    """

    terms: Terms
    ids: Vocabulary
    y_true: Any
    part: Array
    parts: tuple[str, ...]
    subgroups: tuple[Subgrouping, ...]
    cluster: Optional[Array]
    sha256: str
    images: Optional[Images] = None
    beside: tuple[Subgrouping, ...] = ()

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.part)

    @cached_property
    def divisions(self) -> tuple[Division, ...]:
        """Items by part, then by part and each subgroup column; found once for all submissions."""
        found = [_division([(part, "") for part in self.parts], self.part)]
        for subgroup in self.subgroups:
            names = [(part, f"{subgroup.column}={name}") for part in self.parts for name in subgroup.names]
            found.append(_division(names, self.part * len(subgroup.names) + subgroup.code))
        return tuple(found)


def _division(names: Sequence[tuple[str, str]], code: Array) -> Division:
    return Division(tuple(names), metrics.Partition(code, len(names)), np.bincount(code, minlength=len(names)))


def read_truth(bundle: Bundle, on: str = "test") -> Truth:
    """Read the solution of a bundle, or the labels of its training items.

    Args:
        bundle: as opened.
        on: ``test`` or ``train``.

    Raises:
        BundleError: if the file is missing, or not as it was built.
        UsageError: if ``on`` is neither.
    """
    _check_part(on)
    path = bundle.solution() if on == "test" else bundle.public / TRAIN
    raw = _bytes_of(path)
    terms, digest = bundle.terms, hashlib.sha256(raw).hexdigest()
    read = {f"{path.parent.name}/{path.name}": digest, f"public/{TERMS}": bundle.terms_sha256}
    groups = packed = None
    if terms.of_images:
        hidden = bundle.public / TRAIN_TRUTH if on == "train" else path.with_name(TRUTH)
        packed = _bytes_of(hidden)
        read[f"{hidden.parent.name}/{hidden.name}"] = hashlib.sha256(packed).hexdigest()
    if on == "train" and (terms.grouped or terms.subgroups or terms.beside):
        groups = _bytes_of(bundle.public / TRAIN_GROUPS)
        read[f"public/{TRAIN_GROUPS}"] = hashlib.sha256(groups).hexdigest()
    if is_own(terms.metric) and (own := bundle.public / FILE).is_file():
        read[f"public/{FILE}"] = hashlib.sha256(own.read_bytes()).hexdigest()
    refuse_changed(bundle, read)
    return truth_of(terms, raw, on=on, groups=groups, packed=packed)


def truth_of(
    terms: Terms, raw: bytes, *, on: str = "test", groups: Optional[bytes] = None, packed: Optional[bytes] = None
) -> Truth:
    """The truth that a solution, or a training table and its groups, tells.

    Args:
        terms: the challenge's terms.
        raw: the bytes of ``solution.csv`` or ``train.csv``.
        on: ``test`` or ``train``.
        groups: the bytes of ``train_groups.csv``, where training items have groups or subgroups.
        packed: the bytes of ``truth.npz`` or ``train_truth.npz``, where items are images.

    Raises:
        BundleError: if the tables are not as they were built.
    """
    name = SOLUTION if on == "test" else TRAIN
    table = _read(raw, name)
    if on == "test":
        usage, found = as_codes(table, USAGE)
        known = {PUBLIC: 0, PRIVATE: 1}
        part = _checked([known.get(word, -1) for word in found], name)[usage]
        belonging: Optional[Table] = table
    else:
        part = np.zeros(table.rows, dtype=np.int8)
        belonging = None if groups is None else _training_groups(groups, table)
    subgroups = tuple(_subgrouping(belonging, column) for column in terms.subgroups if belonging)
    cluster = as_codes(belonging, GROUP)[0] if terms.grouped and belonging else None
    images = _images(table, terms, on) if terms.of_images else None
    ids = images.ids if images else vocabulary(table.columns[ID])
    if ids.repeated:
        raise _not_as_built(name)
    digest = hashlib.sha256(raw + (packed or b"")).hexdigest()
    y_true = labels_of_table(table, terms) if packed is None else _hidden(packed, table.rows, name)
    if y_true is None:
        raise _not_as_built(name)
    if not images:
        ids = with_labels(ids, table, (*terms.target, "")[0], terms)
    beside = tuple(_subgrouping(belonging, column) for column in terms.beside if belonging)
    return Truth(terms, ids, y_true, part, PARTS[on], subgroups, cluster, digest, images, beside)


def _images(table: Table, terms: Terms, on: str) -> Images:
    """The images of a table; in COCO files test images are numbered from 1, training images after them."""
    return images_of(table, 1 if on == "test" else terms.test + 1, volumes=terms.form == "nifti")


def _hidden(packed: bytes, n: int, name: str) -> Any:
    """The truth of n images."""
    truth = unpack_truth(packed, TRUTH)
    images = truth.maps.images if hasattr(truth, "maps") else truth.images
    if images != n:
        raise _not_as_built(name)
    return truth


def wanted_items(bundle: Bundle, on: str = "test") -> Union[Vocabulary, Images]:
    """The items that a submission must predict, as the public half of a bundle tells them.

    Raises:
        BundleError: if the file is missing, or not as it was built.
        UsageError: if ``on`` is neither ``test`` nor ``train``.
    """
    _check_part(on)
    if bundle.terms.of_images:
        path = bundle.public / (TEST if on == "test" else TRAIN)
        return _images(_read(_bytes_of(path), path.name), bundle.terms, on)
    path = bundle.public / (SAMPLE if on == "test" else TRAIN)
    table, terms = _read(_bytes_of(path), path.name), bundle.terms
    return with_labels(listed_items(table, terms), table, (terms.columns if on == "test" else terms.target)[0], terms)


def listed_items(table: Table, terms: Terms) -> Vocabulary:
    """The items of a table, each once, whether it has one row an item or many."""
    column = table.columns[ID]
    if terms.form != "rows" or not len(column):
        return vocabulary(column)
    code, _ = as_codes(table, ID)
    return vocabulary(column.take(np.sort(np.unique(code, return_index=True)[1])))


def _check_part(on: str) -> None:
    if on not in PARTS:
        raise UsageError("nothing was scored", [Finding("usage/unknown-name", f"--on {on}", hint="test or train")])


def _training_groups(raw: bytes, train: Table) -> Table:
    """Where the training items belong, in the order of their table."""
    table = _read(raw, TRAIN_GROUPS)
    if table.columns[ID].tolist() != train.columns[ID].tolist():
        raise _not_as_built(TRAIN_GROUPS)
    return table


def _subgrouping(table: Table, name: str) -> Subgrouping:
    code, names = as_codes(table, name)
    return Subgrouping(name, tuple(names), code)


def _checked(places: Sequence[int], name: str) -> Array:
    """Places of known names; one that is not known means that the file is not ours."""
    if -1 in places:
        raise _not_as_built(name)
    return np.array(places, dtype=np.int32)


def _not_as_built(name: str) -> BundleError:
    finding = Finding("bundle/changed", "its values do not fit the challenge's terms", name, hint="build it again")
    return BundleError("the bundle cannot be used", [finding])


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        finding = Finding("bundle/missing", "it is gone", str(path), hint="restore it, or build the bundle again")
        raise BundleError("the bundle cannot be used", [finding]) from None


def _read(raw: bytes, name: str) -> Table:
    return read_table(raw, None, name=name, error=BundleError, room="bundle", caps=Caps(cell=CELL, row=ROW))
