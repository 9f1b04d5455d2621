"""Splits: nothing is cut that belongs together, shares are met, order has no say, and what cannot be met is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from compete.building.splits import SPLIT_RULES, quantile_strata, split_given, split_items
from compete.building.splits.division import Population, Strata, rounded_shares
from compete.building.splits.grouping import count_groups
from compete.building.splits.keyed import keyed_numbers, siphash
from compete.building.splits.repair import Repair, candidates_of
from compete.errors import DatasetError

KEY = b"a key for tests"
THREE = (0.7, 0.09, 0.21)


def skewed(rows: int, groups: int, seed: int = 0, classes: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Labels and groups as in the wild: class sizes fall with the cube of their rank, most of a group is one class."""
    random = np.random.default_rng(seed)
    share = 1 / np.arange(1, classes + 1) ** 3
    share /= share.sum()
    size = random.lognormal(0, 1, groups)
    group = random.choice(groups, size=rows, p=size / size.sum())
    main = random.choice(classes, size=groups, p=share)
    label = np.where(random.random(rows) < 0.7, main[group], random.choice(classes, size=rows, p=share))
    return label, group


def rules(result) -> set[str]:
    return {finding.rule for finding in result.findings}


def fractions_of(parts: int):
    whole = st.lists(st.integers(1, 20), min_size=parts, max_size=parts)
    return whole.map(lambda share: [part / sum(share) for part in share])


@st.composite
def requests(draw):
    n = draw(st.integers(1, 60))
    column = st.lists(st.integers(0, 6), min_size=n, max_size=n)
    many = st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=n, max_size=n)
    return {
        "n": n,
        "fractions": draw(st.integers(2, 4).flatmap(fractions_of)),
        "stratify": draw(st.none() | column | many),
        "group": draw(st.none() | column),
        "time": draw(st.none() | column),
    }


def split_request(request, order=None, key=KEY):
    order = np.arange(request["n"]) if order is None else order
    columns = {
        name: None if request[name] is None else np.array(request[name])[order]
        for name in ("stratify", "group", "time")
    }
    return split_items(request["n"], request["fractions"], key=key, identity=order, **columns)


@settings(max_examples=300, deadline=None)
@given(requests(), st.randoms(use_true_random=False))
def test_groups_and_moments_stay_whole_and_order_has_no_say(request, random):
    result = split_request(request)
    parts = len(request["fractions"])
    assert result.part.dtype == np.int8
    assert ((result.part >= 0) & (result.part < parts)).all()
    assert result.balance.size.tolist() == np.bincount(result.part, minlength=parts).tolist()
    if request["group"] is not None:
        assert len({(group, part) for group, part in zip(request["group"], result.part.tolist(), strict=True)}) == len(
            set(request["group"])
        )
    elif request["time"] is not None:
        test = {(moment, part > 0) for moment, part in zip(request["time"], result.part.tolist(), strict=True)}
        assert len(test) == len(set(request["time"]))
    order = list(range(request["n"]))
    random.shuffle(order)
    assert np.array_equal(split_request(request, np.array(order)).part, result.part[order])


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 200), st.integers(1, 8), st.integers(2, 4).flatmap(fractions_of), st.integers(0, 99))
def test_random_sizes_come_within_the_largest_group(n, largest, fractions, seed):
    group = np.repeat(np.arange(n), np.random.default_rng(seed).integers(1, largest + 1, n))
    result = split_items(len(group), fractions, key=KEY, group=group)
    biggest = np.bincount(group).max()
    held = np.array([len(np.unique(group[result.part == part])) for part in range(len(fractions))])
    wanted = np.array(fractions) * len(group)
    # A part of less than a group still gets one, which another part must give; shares are balanced relatively, so the
    # largest part may be off by an item more.
    slack = biggest * (1 + (wanted < biggest).sum()) + 1
    assert (held > 0).all() or n < len(fractions)
    assert (np.abs(result.balance.size - wanted) <= slack).all()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.integers(2, 4).flatmap(fractions_of))
def test_rounded_shares_are_exact_to_one_item_and_train_has_every_class(count, fractions):
    count, fractions = np.array(count), np.array(fractions)
    share = rounded_shares(count, fractions)
    assert (share.sum(axis=1) == count).all()
    assert (np.abs(share - count[:, None] * fractions) < 1).all()
    assert (share[count > 0, 0] > 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_totals_of_an_exact_split_are_exact_too(seed):
    label = np.random.default_rng(seed).zipf(1.6, 5000) % 40
    result = split_items(5000, THREE, key=KEY, stratify=label)
    assert np.abs(result.balance.size - 5000 * np.array(THREE)).max() <= 1
    assert np.abs(result.balance.count - np.bincount(label)[:, None] * np.array(THREE)).max() < 1


@pytest.mark.parametrize("seed", range(3))
def test_grouped_balance_beats_scikit_learn(seed):
    label, group = skewed(9000, 900, seed, classes=5)
    ours = split_items(9000, (0.7, 0.1, 0.2), key=KEY, stratify=label, group=group)
    theirs = np.zeros(9000, int)
    folds = StratifiedGroupKFold(10, shuffle=True, random_state=seed).split(label, label, group)
    for fold, (_, test) in enumerate(folds):
        theirs[test] = {0: 1, 1: 2, 2: 2}.get(fold, 0)
    count = np.bincount(theirs * 5 + label, minlength=15).reshape(3, 5).T
    error = np.abs(count / (np.bincount(label)[:, None] * [0.7, 0.1, 0.2]) - 1).max()
    assert ours.balance.largest_relative_error < error
    assert np.abs(ours.balance.size / 9000 - [0.7, 0.1, 0.2]).max() < 0.003


def test_several_labels_an_item_are_spread_with_and_without_groups():
    random = np.random.default_rng(5)
    label = (random.random((8000, 6)) < [0.5, 0.3, 0.1, 0.05, 0.02, 0.01]).astype(int)
    group = random.integers(0, 900, 8000)
    for columns in ({}, {"group": group}):
        balance = split_items(8000, THREE, key=KEY, stratify=label, **columns).balance
        wanted = label.sum(axis=0)[:, None] * np.array(THREE)
        assert np.abs(balance.count - wanted).max() <= 2
        assert np.abs(balance.size - 8000 * np.array(THREE)).max() <= 2


def test_another_key_gives_another_split_and_the_same_key_the_same():
    one, again, other = (split_items(1000, THREE, key=key).part for key in (KEY, KEY, b"another"))
    assert np.array_equal(one, again)
    assert 0.3 < (one == other).mean() < 0.8


def test_the_key_decides_even_where_groups_differ_in_size():
    group = np.repeat(np.arange(40), np.arange(1, 41))
    train = [split_items(len(group), (0.5, 0.5), key=bytes([key]), group=group).part[::-1] == 0 for key in range(60)]
    share = np.mean(train, axis=0)
    assert share.min() > 0.2
    assert share.max() < 0.8


def test_the_split_of_a_fixed_key_never_changes():
    label, group = skewed(40, 12, classes=3)
    plain = split_items(24, THREE, key=KEY, identity=[f"id{row}" for row in range(24)])
    by_class = split_items(40, THREE, key=KEY, stratify=label)
    by_group = split_items(40, THREE, key=KEY, stratify=label, group=group)
    by_time = split_items(40, THREE, key=KEY, stratify=label, time=group)
    assert "".join(map(str, plain.part)) == "000210000000022000000122"
    assert "".join(map(str, by_class.part)) == "0201010000200210200000000100022020020000"
    assert "".join(map(str, by_group.part)) == "1200101220000200000200010002020220000000"
    assert "".join(map(str, by_time.part)) == "2010200000000011201002000220000002000220"


def test_keyed_numbers_follow_the_published_algorithm():
    # Aumasson and Bernstein's vectors for key 00..0f: the input of eight bytes 00..07.
    assert int(siphash(np.array([0x0706050403020100]), bytes(range(16)))[0]) == 0x93F5F5799A932462
    assert np.array_equal(siphash(np.array([-1, 5], np.int8), b"k" * 16), siphash(np.array([-1, 5]), b"k" * 16))
    long = np.arange(100_000)
    assert np.array_equal(siphash(long, b"k" * 16)[70_000:], siphash(long[70_000:], b"k" * 16))
    with pytest.raises(ValueError, match="key is empty"):
        keyed_numbers(["a"], b"", "parts")
    with pytest.raises(TypeError, match="text or an integer"):
        keyed_numbers([1.5], KEY, "parts")


def test_a_large_sparse_table_counts_like_a_small_dense_one(monkeypatch):
    label, group = skewed(3000, 200)
    _, group = np.unique(group, return_inverse=True)
    tables = {}
    for limit in (50_000_000, 0):
        monkeypatch.setattr("compete.building.splits.grouping.DENSE", limit)
        tables[limit] = [
            count_groups(group, group.max() + 1, None, label * (classes > 0), classes) for classes in (12, 0)
        ]
    for dense, sparse in zip(*tables.values(), strict=True):
        for name in ("start", "column", "count", "total", "size"):
            assert np.array_equal(getattr(dense, name), getattr(sparse, name))


def test_a_sample_of_candidates_repairs_nearly_as_well(monkeypatch):
    label, group = skewed(20_000, 2000)
    monkeypatch.setattr("compete.building.splits.repair.CANDIDATES", 300)
    monkeypatch.setattr("compete.building.splits.repair.LARGEST", 30)
    monkeypatch.setattr("compete.building.splits.division.CANDIDATES", 300)
    balance = split_items(20_000, THREE, key=KEY, stratify=label, group=group).balance
    wanted = np.bincount(label)[:, None] * np.array(THREE)
    assert np.abs(balance.count - wanted).max() <= np.maximum(3, 0.02 * wanted).max()


def test_the_cost_of_a_move_is_what_the_split_then_costs():
    label, group = skewed(500, 40, classes=4)
    table = count_groups(group, 40, None, label, 4)
    part = np.arange(40).astype(np.int8) % 3
    fractions = np.array(THREE)
    able = candidates_of(table, fractions, np.arange(40))
    repair = Repair(table, part, fractions, able)
    for mover, target in ((3, 1), (7, 2), (3, 0), (11, 0)):
        before, told = (repair.weight * repair.error**2).sum(), repair.costs()[target, mover]
        repair.move(mover, target)
        assert (repair.weight * repair.error**2).sum() - before == pytest.approx(told)
    fresh = Repair(table, repair.part.astype(np.int8), fractions, able)
    assert fresh.costs() == pytest.approx(repair.costs())


def test_time_puts_the_newest_into_the_test_and_never_cuts_a_moment():
    time = np.array(["2020-01-01", "2020-01-02", "2020-01-02", "2020-01-02", "2020-01-03"], "datetime64[D]")
    result = split_items(5, (0.7, 0.3), key=KEY, time=time)
    assert result.part.tolist() == [0, 0, 0, 0, 1]
    assert {"split/time-cut"} <= rules(result)
    assert "2020-01-03" in next(finding.message for finding in result.findings if finding.rule == "split/time-cut")
    assert split_items(5, (0.4, 0.6), key=KEY, time=time.astype(str)).part.tolist() == [0, 1, 1, 1, 1]


def test_a_group_across_the_cut_goes_to_the_test_whole():
    result = split_items(
        8,
        (0.5, 0.5),
        key=KEY,
        time=np.arange(8),
        group=["a", "b", "c", "d", "a", "e", "f", "g"],
        parts=("train", "test"),
    )
    assert result.part.tolist() == [1, 0, 0, 0, 1, 1, 1, 1]
    told = next(finding for finding in result.findings if finding.rule == "split/group-across-time")
    assert told.items == ("a",)
    assert "1 older items" in told.message


@pytest.mark.parametrize(
    ("time", "rule"),
    [
        (np.zeros(4), "split/one-time"),
        (np.array([1.0, np.nan, 2.0, 3.0]), "split/time-missing"),
        (np.array(["2020", "", "2021", "2022"], object), "split/time-missing"),
        (np.array(["2020-01-01", "NaT", "2021-01-01", "2022-01-01"], "datetime64[D]"), "split/time-missing"),
    ],
)
def test_times_that_cannot_be_cut_are_told(time, rule):
    result = split_items(4, (0.5, 0.5), key=KEY, time=time)
    assert rule in {finding.rule for finding in result.findings if finding.severity == "error"}


def test_the_test_of_a_split_by_time_is_divided_by_class():
    label = np.tile([0, 1], 100)
    result = split_items(200, (0.5, 0.25, 0.25), key=KEY, time=np.arange(200), stratify=label)
    assert result.balance.count.tolist() == [[50, 25, 25], [50, 25, 25]]


def test_a_given_test_is_divided_and_given_halves_are_kept():
    given_parts = ["train"] * 60 + ["test"] * 40
    divided = split_given(given_parts, 0.25, key=KEY, stratify=[0, 1] * 50)
    assert divided.balance.count.tolist() == [[30, 5, 15], [30, 5, 15]]
    kept = split_given(["train", "public", "private", "train"], 0.5, key=KEY)
    assert kept.part.tolist() == [0, 1, 2, 0]
    mapped = split_given(["a", "b", "c"], 1.0, key=KEY, values={"train": ["a", "b"], "test": ["c"]})
    assert mapped.part.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("values", "columns", "rule"),
    [
        (["train", "test", "holdout", "test"], {}, "split/unknown-part"),
        (["train", "test", "private", "test"], {}, "split/mixed-parts"),
        (["train"] * 4, {}, "split/empty-part"),
        (["train", "train", "public", "public"], {}, "split/empty-part"),
        (["train", "test", "test", "test"], {"group": [0, 0, 1, 2]}, "split/group-cut"),
        (["train", "train", "public", "private"], {"group": [0, 1, 2, 2]}, "split/group-cut"),
        (["train", "train", "test", "test"], {"stratify": ["a", "a", "b", "b"]}, "split/class-only-in-test"),
    ],
)
def test_a_given_split_that_cannot_be_is_told(values, columns, rule):
    result = split_given(values, 0.5, key=KEY, **columns)
    assert rule in {finding.rule for finding in result.findings if finding.severity == "error"}


@pytest.mark.parametrize(
    ("n", "columns", "rule", "severity"),
    [
        (2, {}, "split/too-few", "error"),
        (4, {}, "split/empty-part", "error"),
        (6, {"group": [0, 0, 0, 1, 1, 1]}, "split/too-few", "error"),
        (100, {"stratify": [0] * 99 + [1]}, "split/rare-class", "warning"),
        (100, {"stratify": [0] * 90 + [1] * 10, "group": [*range(90), *[90] * 10]}, "split/rare-class", "warning"),
        (100, {"stratify": [0] * 98 + [1] * 2}, "split/class-missing-from-part", "warning"),
        (100, {"group": [0] * 60 + [*range(1, 41)]}, "split/large-group", "warning"),
        (30, {"group": [0] * 10 + [1] * 10 + [2] * 10}, "split/far-from-wanted", "warning"),
        (100, {}, "split/balance", "note"),
        (100, {"stratify": [0, 1] * 50}, "split/exact-shares", "note"),
        (100, {"time": np.arange(100), "stratify": [0] * 70 + [1] * 30}, "split/class-only-in-test", "error"),
        (100, {"time": np.arange(100), "stratify": [0] * 50 + [1] * 50}, "split/class-missing-from-test", "warning"),
    ],
)
def test_what_cannot_be_met_is_told_with_numbers(n, columns, rule, severity):
    result = split_items(n, THREE, key=KEY, **columns)
    found = {finding.rule: finding for finding in result.findings}
    assert rule in found
    assert found[rule].severity == severity
    assert (
        any(character.isdigit() for character in found[rule].message)
        or "one class" in found[rule].message
        or (rule == "split/exact-shares")
    )
    assert set(found) <= set(SPLIT_RULES)


def test_linked_images_are_said_to_be_groups_too():
    (finding,) = [one for one in split_items(9, THREE, key=KEY, group=[0] * 9).findings if one.severity == "error"]
    assert finding.message.startswith("1 group cannot fill 3 parts")
    assert "images linked as copies or views" in finding.hint


def test_a_class_of_few_groups_is_always_in_train():
    label = np.array([0] * 50 + [1, 1] + [2] * 3)
    group = np.arange(55)
    for key in range(30):
        count = split_items(55, THREE, key=bytes([key]), stratify=label, group=group).balance.count
        assert (count[:, 0] > 0).all()


def test_strata_that_are_not_labels_may_be_missing_from_train():
    columns = {"time": np.arange(100), "stratify": [0] * 70 + [1] * 30}
    assert "split/class-only-in-test" not in rules(split_items(100, THREE, key=KEY, learned=False, **columns))


def test_two_items_of_one_identity_are_refused():
    with pytest.raises(DatasetError, match="split/repeated-identity"):
        split_items(4, (0.5, 0.5), key=KEY, identity=["a", "a", "a", "b"])
    with pytest.raises(DatasetError, match="split/repeated-identity"):
        split_items(4, (0.5, 0.5), key=KEY, group=[0, 1, 2, 3], group_names=["a", "b", "b", "c"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fractions": (0.5, 0.4)}, "sum is one"),
        ({"fractions": (1.0,)}, "sum is one"),
        ({"fractions": (1.5, -0.5)}, "sum is one"),
        ({"stratify": [0, 1]}, "stratify has 2 values for 4 items"),
        ({"stratify": [[0, 2]] * 4}, "holds 0 and 1"),
        ({"group": [0, 1, 2, -1]}, "count from 0"),
        ({"group": [0, 1, 2, 3], "group_names": ["a"]}, "1 group names"),
        ({"identity": ["a"]}, "identity has 1 values"),
        ({"time": np.arange(3)}, "time has 3 values"),
        ({"parts": ("train",)}, "1 names for 2 parts"),
    ],
)
def test_arguments_of_a_wrong_shape_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        split_items(4, **({"fractions": (0.5, 0.5), "key": KEY} | arguments))


def test_a_part_of_nothing_stays_empty_without_complaint():
    result = split_items(10, (0.5, 0.0, 0.5), key=KEY, group=np.arange(10), stratify=[0, 1] * 5)
    assert result.balance.size.tolist() == [5, 0, 5]
    assert rules(result) == {"split/balance"}


def test_no_items_at_all_is_a_finding():
    assert rules(split_items(0, THREE, key=KEY)) == {"split/too-few"}


def test_numbers_are_cut_into_strata_of_equal_size():
    code, names = quantile_strata(np.arange(100.0)[::-1])
    assert np.bincount(code).tolist() == [10] * 10
    assert names[0] == "0 – 9"
    assert quantile_strata(np.ones(5)) == (pytest.approx(np.zeros(5)), ("1 – 1",))


def test_items_of_a_part_of_a_population_keep_their_labels():
    strata = Strata(np.array([0, 0, 2, 3]), np.array([0, 1, 1, 0]), ("a", "b"))
    some = Population(4, strata, None, ["w", "x", "y", "z"], KEY).of(np.array([2, 3]))
    assert some.strata.item.tolist() == [0, 1]
    assert some.strata.label.tolist() == [1, 0]
    assert list(some.identity) == ["y", "z"]
