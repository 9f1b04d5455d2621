"""Train, public and private: which item goes where, by class, by group, by time, or as given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compete.building.splits.balance import Balance, balance_of, judge_parts
from compete.building.splits.chronology import cut_by_time
from compete.building.splits.division import Population, Strata, divide
from compete.building.splits.grouping import Floats, Ints, Parts
from compete.building.splits.keyed import Identity
from compete.building.splits.rules import SPLIT_RULES
from compete.errors import Finding

__all__ = ["SPLIT_RULES", "SplitResult", "quantile_strata", "split_given", "split_items"]

THREE = ("train", "public", "private")
GIVEN = ("train", "test", "public", "private")
Column = Sequence[str] | NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class SplitResult:
    """Items and their parts.

    Attributes:
        part: shape (n,), int8: 0 is the first part, train; -1 where no part can be told, which an error explains.
        parts: the parts' names, by code.
        findings: what could not be met, and how even the split came out; an error means that it must not be used.
        balance: how many items of each class lie in each part.
    """

    part: Parts
    parts: tuple[str, ...]
    findings: list[Finding]
    balance: Balance


def split_items(
    n: int,
    fractions: Sequence[float],
    *,
    key: bytes,
    stratify: Column | None = None,
    group: Column | None = None,
    time: NDArray[np.generic] | None = None,
    identity: Identity | None = None,
    class_names: Sequence[str] | None = None,
    group_names: Identity | None = None,
    parts: Sequence[str] | None = None,
    learned: bool = True,
) -> SplitResult:
    """Divide items into train and one or more parts of the test.

    With ``time`` the newest items are the test, a group goes where its newest item goes, and only the test's parts are
    drawn. What is random follows from key and identity (with groups, the groups'): the order of rows has no say.

    Args:
        n: how many items.
        fractions: the wanted share of each part, train first, such as (0.7, 0.09, 0.21); their sum is one.
        key: the secret from which the split follows.
        stratify: shape (n,) codes from 0 or text, one class an item; or shape (n, labels) of 0 and 1.
        group: shape (n,), codes from 0 or text: items of one group are never cut apart.
        time: shape (n,), numbers, dates (datetime64) or text whose alphabetical order is that of time.
        identity: shape (n,), text or integers: who each item is; default its row number, which makes order matter.
        class_names: the names of the classes, by code.
        group_names: who each group is, by code; default its code or text.
        parts: the parts' names; default train, public, private for three and train, test for two.
        learned: false if the classes of ``stratify`` are only to be spread evenly and need not be in train.

    Raises:
        ValueError: an argument has a wrong shape, or the fractions do not sum to one.
        DatasetError: two items or two groups have the same identity. What else cannot be met is a finding.

    >>> split = split_items(10, (0.6, 0.2, 0.2), key=b"secret", stratify=["cat", "dog"] * 5, parts=("train", "a", "b"))
    >>> split.balance.count.tolist()
    [[3, 1, 1], [3, 1, 1]]
    """
    wanted = _checked(fractions)
    names = _part_names(len(wanted), parts)
    population = _population(n, key, stratify, group, identity, class_names, group_names)
    findings: list[Finding] = []
    if time is None:
        part = divide(population, wanted, "parts")
        findings = _exactness(population, learned=learned)
    else:
        _same_length(n, time=time)
        part, findings = cut_by_time(population, time, float(wanted[1:].sum()))
        part = _divide_test(population, part, wanted)
    return _result(population, part, names, wanted, findings, learned=learned)


def split_given(
    given: Sequence[str],
    public: float,
    *,
    key: bytes,
    values: Mapping[str, Collection[str]] | None = None,
    stratify: Column | None = None,
    group: Column | None = None,
    identity: Identity | None = None,
    class_names: Sequence[str] | None = None,
    group_names: Identity | None = None,
    learned: bool = True,
) -> SplitResult:
    """Take the split from a column; a test that is not yet public and private is divided.

    Args:
        given: shape (n,): for each item ``train`` or ``test``, or ``train``, ``public`` or ``private``.
        public: the public share of a test that is still to be divided.
        key: the secret from which that division follows.
        values: how the column's own words map to these four, such as ``{"train": ["train", "val"], "test": ["x"]}``.
        stratify: as for ``split_items``; it guides the division of the test, and train's classes are checked.
        group: as for ``split_items``; a given split that cuts a group is an error.
        identity: as for ``split_items``.
        class_names: as for ``split_items``.
        group_names: as for ``split_items``.
        learned: as for ``split_items``.

    Returns:
        Parts train, public, private.

    Raises:
        ValueError: an argument has a wrong shape, or ``public`` is no fraction.
        DatasetError: two items or two groups have the same identity.
    """
    if not 0 <= public <= 1:
        raise ValueError("public is a fraction from 0 to 1")
    population = _population(len(given), key, stratify, group, identity, class_names, group_names)
    word, findings = _understood(given, values)
    part = np.array([-1, 0, 1, 1, 2], np.int8)[word + 1]
    whole_test = bool((word == 1).any())
    share = np.bincount(part[part >= 0], minlength=3) / max(int((part >= 0).sum()), 1)
    if whole_test:
        findings += _mixed(word) + _cut_groups(population, np.minimum(part, 1))
        part = _divide_test(population, part, np.array([share[0], share[1] * public, share[1] * (1 - public)]))
        share = np.array([share[0], share[1] * public, share[1] * (1 - public)])
    else:
        findings += _cut_groups(population, part)
    findings += _no_rows(part, whole_test=whole_test)
    return _result(population, part, THREE, share, findings, learned=learned)


def quantile_strata(values: Floats, strata: int = 10) -> tuple[Ints, tuple[str, ...]]:
    """Cut numbers into strata of nearly equal size, so that a split can spread them evenly; ties stay together.

    Args:
        values: shape (n,), finite.
        strata: how many at most.

    Returns:
        Codes, shape (n,), and a name for each, which tells its range.

    >>> quantile_strata(np.array([1.0, 2.0, 3.0, 40.0]), 2)
    (array([0, 0, 1, 1]), ('1 – 2', '3 – 40'))
    """
    ranked = np.sort(values)
    first = ranked[np.arange(strata) * len(ranked) // strata] if len(ranked) else ranked
    edge = np.unique(first)[1:]
    code = np.searchsorted(edge, values, side="right")
    cut = np.searchsorted(ranked, edge)
    names = tuple(f"{run[0]:g} – {run[-1]:g}" for run in np.split(ranked, cut) if len(run))
    return code, names


def _checked(fractions: Sequence[float]) -> Floats:
    wanted = np.asarray(fractions, np.float64)
    if wanted.ndim != 1 or not 2 <= len(wanted) <= 100 or not (wanted >= 0).all() or abs(wanted.sum() - 1) > 1e-9:
        raise ValueError("fractions are two or more numbers from 0 to 1 whose sum is one")
    return wanted


def _part_names(count: int, parts: Sequence[str] | None) -> tuple[str, ...]:
    if parts is not None and len(parts) != count:
        raise ValueError(f"{len(parts)} names for {count} parts")
    if parts is not None:
        return tuple(parts)
    return {2: ("train", "test"), 3: THREE}.get(count, ("train", *(f"test {part}" for part in range(1, count))))


def _population(  # noqa: PLR0917  (the arguments of the public functions, handed on)
    n: int,
    key: bytes,
    stratify: Column | None,
    group: Column | None,
    identity: Identity | None,
    class_names: Sequence[str] | None,
    group_names: Identity | None,
) -> Population:
    strata = _strata(n, stratify, class_names)
    if group is None:
        who = np.arange(n) if identity is None else identity
        _same_length(n, identity=who)
        return Population(n, strata, None, who, key)
    code, names = _coded(group)
    _same_length(n, group=code)
    count = int(code.max()) + 1 if n else 0
    who = group_names if group_names is not None else np.arange(count) if names is None else names
    if len(who) < count:
        raise ValueError(f"{len(who)} group names for group codes up to {count - 1}")
    return Population(n, strata, code, who, key)


def _strata(n: int, stratify: Column | None, class_names: Sequence[str] | None) -> Strata:
    if stratify is None:
        return Strata(None, np.zeros(n, np.int64), ())
    matrix = np.asarray(stratify)
    if matrix.ndim == 2:
        _same_length(n, stratify=matrix)
        if not np.isin(matrix, (0, 1)).all():
            raise ValueError("a matrix of labels holds 0 and 1")
        item, label = np.nonzero(matrix)
        return Strata(item, label, _class_names(matrix.shape[1], class_names))
    code, names = _coded(stratify)
    _same_length(n, stratify=code)
    count = int(code.max()) + 1 if n else 0
    return Strata(None, code, _class_names(max(count, len(class_names or names or ())), class_names or names))


def _coded(column: Column) -> tuple[Ints, Sequence[str] | None]:
    """Codes as they are, or text as codes in alphabetical order with its names."""
    values = np.asarray(column)
    if values.ndim != 1:
        raise ValueError("groups and classes have one value an item")
    if values.dtype.kind in "iub":
        code = values.astype(np.int64, copy=False)
        if len(code) and (code.min() < 0 or code.max() > max(10 * len(code), 1000)):
            raise ValueError("codes count from 0 and leave few gaps")
        return code, None
    if not len(values):
        return np.zeros(0, np.int64), ()
    names, code = np.unique(values.astype(str), return_inverse=True)
    return code.astype(np.int64), tuple(names.tolist())


def _class_names(count: int, names: Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        return tuple(map(str, range(count)))
    if len(names) < count:
        raise ValueError(f"{len(names)} class names for {count} classes")
    return tuple(names)


def _same_length(n: int, **columns: Sequence[object] | NDArray[np.generic]) -> None:
    for name, column in columns.items():
        if len(column) != n:
            raise ValueError(f"{name} has {len(column)} values for {n} items")


def _divide_test(population: Population, part: Parts, fractions: Floats) -> Parts:
    """Divide what is not train, by the same rules; a class that only one part can hold goes to the last, private."""
    row = np.flatnonzero(part > 0)
    share = fractions[:0:-1]
    if not len(row) or not share.sum():
        return part
    inside = divide(population.of(row), share / share.sum(), "test parts")
    whole = part.copy()
    whole[row] = len(share) - inside
    return whole


def _result(
    population: Population,
    part: Parts,
    parts: tuple[str, ...],
    fractions: Floats,
    findings: list[Finding],
    *,
    learned: bool,
) -> SplitResult:
    balance = balance_of(population, part, parts, fractions)
    return SplitResult(part, parts, findings + judge_parts(population, balance, learned=learned), balance)


def _understood(given: Sequence[str], values: Mapping[str, Collection[str]] | None) -> tuple[Ints, list[Finding]]:
    """The place in ``GIVEN`` of each item's word, -1 where it says nothing that is known."""
    own = {word: GIVEN.index(name) for name, words in (values or {}).items() for word in words}
    meaning = own or {name: code for code, name in enumerate(GIVEN)}
    distinct, inverse = np.unique(np.asarray(given, dtype=str), return_inverse=True)
    known = np.array([meaning.get(word, -1) for word in distinct.tolist()], np.int64)
    code = known[inverse]
    strange = tuple(word for word in distinct[known < 0].tolist())
    if not strange:
        return code, []
    rows = int((code < 0).sum())
    message = f"{rows} items have a value that names no part"
    hint = f"known are {', '.join(meaning)}; name others under split.values in challenge.yaml"
    return code, [
        Finding("split/unknown-part", message, items=tuple(map(repr, strange)), hint=hint, count=len(strange))
    ]


def _mixed(word: Ints) -> list[Finding]:
    halves = int((word >= 2).sum())
    if not halves:
        return []
    message = f"{int((word == 1).sum())} items are given as test and {halves} as public or private"
    hint = "give train and test, or train, public and private; split.values can join or rename them"
    return [Finding("split/mixed-parts", message, hint=hint, count=halves)]


def _exactness(population: Population, *, learned: bool) -> list[Finding]:
    strata = population.strata
    if not learned or not strata.names or strata.item is not None or population.group is not None:
        return []
    message = "each class has the same share of the test, to one item, so its count in the test can be told from train"
    hint = "if that gives too much away, say split.stratify: false"
    return [Finding("split/exact-shares", message, hint=hint, severity="note")]


def _cut_groups(population: Population, part: Parts) -> list[Finding]:
    if population.group is None or not population.items:
        return []
    least, most = _range_by_group(population.group, part)
    cut = np.flatnonzero(least < most)
    if not len(cut):
        return []
    names = tuple(str(population.identity[code]) for code in cut[:3].tolist())
    message = f"{len(cut)} groups are cut by the given split: what is learned of a group in train helps in the test"
    hint = "mend the column of split.column, or leave out data.group if these are not one thing"
    return [Finding("split/group-cut", message, items=names, hint=hint, count=len(cut))]


def _range_by_group(group: Ints, part: Parts) -> tuple[Ints, Ints]:
    told = part >= 0
    least, most = np.full(int(group.max()) + 1, 127), np.full(int(group.max()) + 1, -1)
    np.minimum.at(least, group[told], part[told])
    np.maximum.at(most, group[told], part[told])
    return least, most


def _no_rows(part: Parts, *, whole_test: bool) -> list[Finding]:
    """Parts that the column names for no item."""
    expected = (
        {"train": part == 0, "test": part > 0}
        if whole_test or not (part > 0).any()
        else {"train": part == 0, "public": part == 1, "private": part == 2}
    )
    empty = tuple(name for name, rows in expected.items() if not rows.any())
    if not empty:
        return []
    hint = "see split.column and split.values in challenge.yaml"
    return [
        Finding(
            "split/empty-part", f"the column gives no item to {' and '.join(empty)}", "", empty, hint, count=len(empty)
        )
    ]
