"""Places, agreement and corrected differences, against slow plain code and against SciPy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from compete.leaderboard.places import (
    holm,
    kendall_tau,
    kendall_taus,
    paired_p_values,
    places_of,
    standard_errors,
    tied_classes,
)


@pytest.mark.parametrize("greater_is_better", [True, False])
def test_places_are_those_of_scipy_with_ties_at_the_better_place(greater_is_better: bool) -> None:
    scores = np.random.default_rng(0).integers(0, 6, (50, 9)).astype(float)
    expected = stats.rankdata(-scores if greater_is_better else scores, method="min", axis=1)
    assert (places_of(scores, greater_is_better=greater_is_better) == expected).all()


def test_a_team_without_a_score_stands_last_whatever_is_better() -> None:
    scores = np.array([np.nan, 0.1, np.nan, 0.2])
    assert places_of(scores, greater_is_better=True).tolist() == [3, 2, 3, 1]
    assert places_of(scores, greater_is_better=False).tolist() == [3, 1, 3, 2]


def test_kendalls_tau_is_that_of_scipy_also_with_ties() -> None:
    random = np.random.default_rng(1)
    reference, rankings = random.integers(1, 6, 9), random.integers(1, 6, (40, 9))
    expected = [stats.kendalltau(reference, ranking).statistic for ranking in rankings]
    np.testing.assert_allclose(kendall_taus(reference, rankings), expected, atol=1e-12)


def test_kendalls_tau_of_a_ranking_that_ties_everybody_is_not_defined() -> None:
    assert np.isnan(kendall_tau(np.array([1, 1, 1]), np.array([1, 2, 3])))


def test_standard_errors_are_those_of_each_pair_even_where_two_are_nearly_the_same() -> None:
    drawn = np.random.default_rng(2).normal(0.8, 0.02, (300, 5))
    drawn[:, 4] = drawn[:, 3] + 1e-9 * np.arange(300)
    slow = [[np.std(drawn[:, a] - drawn[:, b], ddof=1) for b in range(5)] for a in range(5)]
    np.testing.assert_allclose(standard_errors(drawn), slow, rtol=1e-7, atol=1e-16)


def test_holm_is_the_plain_procedure() -> None:
    random = np.random.default_rng(3)
    p_values = np.ones((6, 6))
    pairs = list(combinations(range(6), 2))
    for one, other in pairs:
        p_values[one, other] = p_values[other, one] = random.choice([0.001, 0.004, 0.01, 0.2, 0.6])
    adjusted, largest = holm(p_values), 0.0
    for place, (one, other) in enumerate(sorted(pairs, key=lambda pair: (p_values[pair], pairs.index(pair)))):
        largest = max(largest, min(1.0, (len(pairs) - place) * p_values[one, other]))
        assert adjusted[one, other] == adjusted[other, one] == pytest.approx(largest)


def test_p_values_are_those_of_the_paired_t_test_for_a_mean() -> None:
    random = np.random.default_rng(4)
    items = random.normal([0.0, 0.1, 0.3], 1.0, (200, 3))
    errors = np.array([[np.std(items[:, a] - items[:, b], ddof=1) / 200**0.5 for b in range(3)] for a in range(3)])
    found = paired_p_values(items.mean(axis=0), errors, 200)
    for one, other in combinations(range(3), 2):
        assert found[one, other] == pytest.approx(stats.ttest_rel(items[:, one], items[:, other]).pvalue)
    assert (np.diag(found) == 1).all()


def test_who_has_no_score_differs_from_who_has_one_and_not_from_another_without() -> None:
    found = paired_p_values(np.array([0.5, np.nan, np.nan]), np.full((3, 3), np.nan), 10)
    assert found.tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 1]]


def test_a_class_ends_where_its_first_team_is_told_apart_and_not_before() -> None:
    adjusted = np.ones((4, 4))
    adjusted[0, 2] = adjusted[2, 0] = adjusted[0, 3] = adjusted[3, 0] = 0.01
    adjusted[1, 3] = adjusted[3, 1] = 0.01
    assert tied_classes(np.arange(4), adjusted, 0.05) == [[0, 1], [2, 3]]
