"""Power against the published sample sizes and against simulated tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from compete.leaderboard.power import items_needed, least_difference, power_of


@pytest.mark.parametrize(("difference", "discordant", "items"), [(0.01, 0.05, 3923), (0.02, 0.10, 1960)])
def test_items_are_those_of_the_tables_for_mcnemars_test(difference: float, discordant: float, items: int) -> None:
    assert items_needed(difference, discordant**0.5) == items


def test_the_least_difference_is_found_four_times_in_five() -> None:
    random = np.random.default_rng(0)
    n, spread = 200, 0.3
    gap = least_difference(spread / n**0.5)
    found = stats.ttest_1samp(random.normal(gap, spread, (4000, n)), 0.0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.03)


def test_the_items_needed_find_the_difference_four_times_in_five() -> None:
    random = np.random.default_rng(1)
    n = items_needed(0.1, 0.5)
    found = stats.ttest_1samp(random.normal(0.1, (0.5**2 - 0.1**2) ** 0.5, (4000, n)), 0.0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.03)


def test_power_of_a_leaderboard_is_that_of_its_typical_neighbours() -> None:
    told = power_of([0.01, 0.02, 0.04, 0.0], [0.1, 0.1, 0.1, 0.0], 100, asked=0.033)
    assert told is not None
    assert told.least == pytest.approx(least_difference(0.02))
    assert (told.low, told.high) == (pytest.approx(least_difference(0.01)), pytest.approx(least_difference(0.04)))
    assert dict(told.curve)[400] == pytest.approx(told.least / 2)
    assert 0.033 in dict(told.needed)
    assert all(dict(told.needed)[small] > dict(told.needed)[large] for small, large in [(0.01, 0.02), (0.02, 0.05)])


def test_nothing_is_told_where_neighbours_never_differ() -> None:
    assert power_of([0.0], [0.0], 100) is None
