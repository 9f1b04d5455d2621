"""Stability against the worked examples of challengeR (Wiesenfarth et al., Sci. Rep. 11, 2021) and slow plain code."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

import metrics
from compete.leaderboard.drawing import drawing_of, drawn_scores
from compete.leaderboard.places import places_of
from compete.leaderboard.stability import Drawn, aggregations_of, drawn_of, stability_of, wins_of
from tests.leaderboard.r_numbers import normals, uniforms

MEAN = metrics.get("mae")  # of truth 0 and predictions ≥ 0 it is their mean


def played(values: np.ndarray, *, draws: int = 1000, greater_is_better: bool = True) -> tuple[np.ndarray, Drawn | None]:
    """Teams by their mean, and their bootstrap leaderboards; values of shape (teams, items)."""
    order = np.argsort(values.mean(axis=1), kind="stable")
    order = order[::-1] if greater_is_better else order
    drawing = drawing_of(values.shape[1], None, draws=draws)
    evidences = [MEAN.collect(np.zeros(values.shape[1]), values[team]) for team in order]
    scores = values[order].mean(axis=1)
    return order, drawn_of(
        scores, drawn_scores(MEAN, evidences, drawing), drawing.units, greater_is_better=greater_is_better
    )


def c_random() -> np.ndarray:
    """challengeR's task ``c_random``: 5 algorithms, 50 cases."""
    return (1 / (1 + np.exp(-(normals(1, 250) + 1.5)))).reshape(5, 50)


def c_ideal() -> np.ndarray:
    """challengeR's task ``c_ideal``: the algorithms' values do not even overlap."""
    drawn = uniforms(4, 300).reshape(6, 50)[1:]  # the first 50 numbers are drawn and not used there
    low, high = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([1.0, 0.89, 0.79, 0.69, 0.59])
    return low[:, None] + drawn * (high - low)[:, None]


def c_worstcase() -> np.ndarray:
    """challengeR's task ``c_worstcase``: every order of five algorithms once."""
    strip = np.linspace(0.8, 1.0, 5)
    return np.array([[strip[order.index(team)] for order in permutations(range(5))] for team in range(5)])


def test_r_numbers_are_those_that_everybody_knows() -> None:
    assert normals(1, 3).round(7).tolist() == [-0.6264538, 0.1836433, -0.8356286]
    assert uniforms(1, 2).round(7).tolist() == [0.2655087, 0.3721239]


def test_means_and_medians_of_the_random_task_are_those_of_the_published_data() -> None:
    values = c_random()
    assert values.mean(axis=1).round(6).tolist() == [0.804680, 0.797521, 0.761481, 0.788407, 0.769741]
    assert np.median(values, axis=1).round(6).tolist() == [0.835910, 0.833866, 0.777795, 0.809061, 0.813189]
    found = aggregations_of(values, np.arange(1, 6), greater_is_better=True)
    places = {one.name: one.places for one in found}
    assert places["mean of items"] == (1, 2, 5, 3, 4)
    assert places["median of items"] == (1, 2, 5, 4, 3)


def test_the_ideal_task_is_certain() -> None:
    order, found = played(c_ideal())
    assert found is not None
    assert order.tolist() == [0, 1, 2, 3, 4]
    assert (found.places == np.arange(1, 6)).all()
    assert found.first().tolist() == [1, 0, 0, 0, 0]
    assert found.classes == ((0,), (1,), (2,), (3,), (4,))
    told = stability_of("ABCDE", found, drawing_of(50, None, draws=1000), [], "items")
    assert (told.kendall.value, told.kendall.low, told.kendall.high) == (1.0, 1.0, 1.0)
    assert told.distribution[1] == (0, 1000, 0, 0, 0)


def test_the_worst_case_tells_nobody_apart() -> None:
    _, found = played(c_worstcase(), draws=3000)
    assert found is not None
    assert found.classes == ((0, 1, 2, 3, 4),)
    assert found.first() == pytest.approx([0.2] * 5, abs=0.05)
    assert [found.rank_interval(team) for team in range(5)] == [(1, 5)] * 5


def test_the_random_task_tells_nobody_apart_and_wilcoxon_agrees() -> None:
    order, found = played(c_random())
    assert found is not None
    assert order.tolist() == [0, 1, 3, 4, 2]
    assert len(found.classes) == 1
    values = c_random()
    pairs = [(a, b) for a in range(5) for b in range(a + 1, 5)]
    wilcoxon = [stats.wilcoxon(values[order[a]], values[order[b]]).pvalue for a, b in pairs]
    assert min(wilcoxon) * len(pairs) > 0.05
    low, high = zip(*(found.rank_interval(team) for team in range(5)), strict=True)
    assert (low[0], high[-1]) == (1, 5)


def test_draws_are_those_of_slow_plain_code() -> None:
    values = c_random()
    order, found = played(values, draws=200)
    assert found is not None
    drawing = drawing_of(50, None, draws=200)
    weights = np.concatenate(list(drawing.weighting.batches(50)))
    slow = np.array([[np.average(values[team], weights=weight) for team in order] for weight in weights])
    np.testing.assert_allclose(found.drawn, slow, atol=1e-11)
    ranks = stats.rankdata(-slow.round(12), method="min", axis=1)
    assert (found.places == ranks).all()
    assert found.first() == pytest.approx([(ranks[:, team] == 1).mean() for team in range(5)])
    spread = np.array([[(slow[:, a] - slow[:, b]).std(ddof=1) for b in range(5)] for a in range(5)])
    np.testing.assert_allclose(found.errors, spread, atol=1e-10)


@pytest.mark.parametrize(
    ("values", "greater_is_better", "expected"),
    [
        ([[0.6], [0.8]], False, {"mean of items": (0.6, 0.8), "mean rank over items": (1, 2)}),
        ([[0.6], [0.8]], True, {"mean of items": (0.6, 0.8), "mean rank over items": (2, 1)}),
        ([[0.6], [0.6]], False, {"mean of items": (0.6, 0.6), "mean rank over items": (1, 1)}),
        ([[0.6, 0.4], [0.8, 1.0]], False, {"median of items": (0.5, 0.9), "median rank over items": (1, 2)}),
        ([[np.nan], [0.8]], True, {"mean rank over items": (2, 1)}),
    ],
)
def test_aggregations_are_those_that_challenger_tests(
    values: list[list[float]], greater_is_better: bool, expected: dict[str, tuple[float, ...]]
) -> None:
    found = aggregations_of(np.array(values), np.array([1, 2]), greater_is_better=greater_is_better)
    assert {one.name: pytest.approx(one.values) for one in found if one.name in expected} == expected


def test_test_then_rank_counts_who_is_beaten_for_sure() -> None:
    _, found = played(np.array([[0.2] * 4, [1.0] * 4]), greater_is_better=False)
    assert found is not None
    wins = wins_of(found, np.array([1, 2]))
    assert (wins.values, wins.places) == ((1.0, 0.0), (1, 2))


def test_hits_and_misses_have_no_median() -> None:
    found = aggregations_of(np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]), np.array([1, 2]), greater_is_better=True)
    assert [one.name for one in found] == ["mean of items"]


def test_draws_without_a_score_are_left_out_and_a_team_without_one_stands_last() -> None:
    random = np.random.default_rng(0)
    drawn = random.normal([0.9, 0.5, np.nan], 0.01, (100, 3))
    drawn[:40, 1] = np.nan
    found = drawn_of(np.array([0.9, 0.5, np.nan]), drawn, 50, greater_is_better=True)
    assert found is not None
    assert found.places.shape == (60, 3)
    assert (found.places == [1, 2, 3]).all()
    assert found.classes == ((0,), (1,), (2,))
    drawn[:60, 0] = np.nan
    assert drawn_of(np.array([0.9, 0.5, np.nan]), drawn, 50, greater_is_better=True) is None


def test_teams_with_the_same_predictions_share_their_draws() -> None:
    values = np.random.default_rng(1).random(60)
    _, found = played(np.array([values, values]))
    assert found is not None
    assert found.first().tolist() == [0.5, 0.5]
    assert found.classes == ((0, 1),)
    assert (places_of(found.drawn, greater_is_better=True) == 1).all()
