"""The statistics of the gate: false alarms as often as they may be, and no more; power where it is promised."""

from __future__ import annotations

import numpy as np
import pytest

from compete.audits.gate.chance import (
    LEVEL,
    Shuffles,
    _periods,
    area_under,
    chance_of,
    collapsed,
    holm,
    ranked,
    shelves_of,
    smallest_area,
)


def test_ranks_share_ties_and_are_standardised() -> None:
    column = ranked(np.array([[3.0], [1.0], [3.0], [np.nan]]))[:, 0]
    assert column[0] == column[2] > column[1] > column[3]
    assert column.mean() == pytest.approx(0, abs=1e-6)
    assert column.std() == pytest.approx(1, abs=1e-6)
    assert not ranked(np.full((4, 1), 7.0)).any()


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    chance = np.random.default_rng(1)
    for _ in range(50):
        score, positive = chance.integers(0, 9, 40).astype(float), chance.random(40) < 0.4
        pairs = np.sign(score[positive][:, None] - score[~positive])
        assert area_under(score, positive) == pytest.approx((pairs.mean() + 1) / 2)


def test_holm_is_that_of_the_book() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@pytest.mark.parametrize("ordered", [False, True])
def test_noise_is_not_found_more_often_than_it_may(ordered: bool) -> None:
    """Of 80 tests of noise about four have a chance of at most 5 %; more than 11 would be a fault of the test."""
    chance = np.random.default_rng(2)
    found = 0
    for seed in range(80):
        feature = ranked(chance.normal(size=(80, 1 if ordered else 12)))
        target = ranked(chance.integers(0, 3, (80, 1)))
        found += chance_of(feature, target, ordered=ordered, shuffles=Shuffles(seed)) <= 0.05
    assert 1 <= found <= 11


def test_what_tells_in_sum_but_not_alone_is_found_by_the_model() -> None:
    chance = np.random.default_rng(3)
    feature = chance.normal(size=(1000, 60))
    label = (feature.sum(axis=1) + 12 * chance.normal(size=1000) > 0).astype(float)
    assert chance_of(ranked(feature), ranked(label[:, None])) < 0.001


@pytest.mark.parametrize("shape", [(1000, 0), (10, 3)])
def test_where_nothing_can_be_told_nothing_is(shape: tuple[int, int]) -> None:
    assert chance_of(np.ones(shape, np.float32), ranked(np.arange(shape[0])[:, None])) == 1.0


def test_groups_of_which_nothing_is_known_have_no_columns() -> None:
    assert collapsed(np.empty((6, 0)), np.repeat([0, 1, 2], 2)).shape == (3, 0)


def test_groups_count_once() -> None:
    """A feature and a label that are constant in each of twenty groups are twenty pairs, and not a thousand."""
    chance, found = np.random.default_rng(4), 0
    group = np.repeat(np.arange(20), 50)
    for seed in range(40):
        feature, label = chance.normal(size=20)[group], chance.normal(size=20)[group]
        columns = [collapsed(ranked(one[:, None]), group) for one in (feature, label)]
        found += chance_of(*columns, shuffles=Shuffles(seed)) <= LEVEL
    assert found <= 3


def test_groups_of_many_sizes_raise_no_more_alarms_than_equal_ones() -> None:
    """Means of small groups vary more, in features and labels alike; permuted as equals they gave 25 % for 10."""
    chance, found = np.random.default_rng(6), 0
    for seed in range(100):
        group = np.unique(chance.integers(0, 74, 300), return_inverse=True)[1]
        feature, label = ranked(chance.normal(size=(300, 20))), ranked(chance.integers(0, 2, (300, 1)))
        found += told(feature, label, group, seed) <= 0.1
    assert 2 <= found <= 19


def told(feature: np.ndarray, label: np.ndarray, group: np.ndarray, seed: int) -> float:
    """The chance of a feature among groups."""
    columns = collapsed(feature, group), collapsed(label, group)
    return chance_of(*columns, shuffles=Shuffles(seed), shelf=shelves_of(group))


def test_the_smallest_area_is_found_in_four_of_five_cases() -> None:
    chance = np.random.default_rng(5)
    area = smallest_area(100, 100, 1)
    shift = (area - 0.5) * 3.55  # of normal scores, where the area is near one half
    found = 0
    for seed in range(24):
        label = np.arange(200) % 2
        score = chance.normal(size=200) + shift * label
        found += chance_of(ranked(score[:, None]), ranked(label[:, None]), shuffles=Shuffles(seed)) <= LEVEL
    assert 13 <= found <= 23


def test_periods_are_those_of_the_definition() -> None:
    """Of each period all whole rounds are added up, whichever way they are counted."""
    chance = np.random.default_rng(7)
    for rows in (16, 127, 500, 801):
        labels = chance.normal(size=(rows, 2, 3)).astype(np.float32)
        best = np.full(3, -np.inf)
        for period in range(2, min(64, rows // 8) + 1):
            rounds = rows // period
            total = labels[: rounds * period].astype(float).reshape(rounds, period, 2, 3).sum(axis=0)
            found = ((total**2).sum(axis=0) / rounds - period + 1) / (2 * (period - 1)) ** 0.5
            best = np.maximum(best, found.max(axis=0))
        assert _periods(labels) == pytest.approx(best, abs=1e-3)


def test_labels_are_permuted_among_rows_of_one_shelf() -> None:
    target = ranked(np.random.default_rng(8).normal(size=(40, 2)))
    shelf = np.arange(40) % 2
    for begin, end in ((0, 99), (99, 120)):
        (labels,) = Shuffles().of(target, begin, end, shelf)
        assert labels.shape == (40, 2, end - begin + (begin == 0))
        for half in (shelf == 0, shelf == 1):
            assert np.allclose(np.sort(labels[half], axis=0), np.sort(target[half], axis=0)[:, :, None])
        assert (labels[:, 0] != target[:, :1]).any(axis=0).sum() == end - begin
        pairs = {tuple(row) for row in target.tolist()}
        assert {tuple(row) for row in labels.transpose(0, 2, 1).reshape(-1, 2).tolist()} == pairs


def test_a_weak_trend_is_not_lost_among_other_orders() -> None:
    """Labels of 160 rows that their place tells with an AUC of 0.69, among 18 probes; mixed with all else 8 of 16."""
    chance, found = np.random.default_rng(9), 0
    place = ranked(np.stack([np.arange(160), *chance.normal(size=(40, 160))], axis=1))
    for seed in range(16):
        label = chance.integers(0, 2, 160).astype(float)
        label = label[np.argsort(0.7 * label + chance.normal(size=160), kind="stable")]
        found += chance_of(place, ranked(label[:, None]), ordered=True, shuffles=Shuffles(seed)) <= LEVEL / 18
    assert found >= 12
