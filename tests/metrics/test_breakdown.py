"""Groups, and what is said of several of them."""

from __future__ import annotations

import numpy as np
import pytest

import metrics


def test_by_group_is_a_loop_over_groups():
    random = np.random.default_rng(0)
    true, predicted = random.integers(0, 3, 200), random.integers(0, 3, 200)
    group, weight = random.choice(["north", "south", "east"], 200), random.random(200)
    scores = metrics.by_group(metrics.f1_macro, true, predicted, group, weight)
    assert scores.groups == ("east", "north", "south")
    for name, value, n in zip(scores.groups, scores.values, scores.n, strict=True):
        member = group == name
        assert n == member.sum()
        assert value == pytest.approx(metrics.f1_macro(true[member], predicted[member], weight[member]))


@pytest.mark.parametrize("groups", [[True, True, True], [1, 1, 1], ["a", "a", "a"], [-1, -1, -1]])
def test_a_single_group_is_the_whole(groups):
    scores = metrics.by_group(metrics.accuracy, [1, 0, 1], [1, 0, 0], groups)
    assert scores.groups == (groups[0],)
    assert scores.values == pytest.approx([2 / 3])
    assert np.isnan(metrics.gap(scores))


def test_groups_without_a_score_are_passed_over():
    scores = metrics.by_group(metrics.recall, [1, 1, 0, 1], [1, 0, 0, 1], ["a", "a", "b", "c"])
    np.testing.assert_array_equal(scores.values, [0.5, np.nan, 1.0])
    assert metrics.worst_group(scores) == ("a", 0.5)
    assert metrics.gap(scores) == 0.5
    nothing = metrics.by_group(metrics.recall, [0, 0], [1, 0], ["a", "b"], labels=[0, 1])
    with pytest.raises(metrics.MetricError, match="no group"):
        metrics.worst_group(nothing)


def test_the_worst_of_a_loss_is_the_largest():
    scores = metrics.by_group(metrics.mae, [1.0, 2.0, 3.0], [1.0, 2.5, 5.0], [10, 10, 20])
    assert metrics.worst_group(scores) == (20, 2.0)


def test_missing_groups_are_refused():
    with pytest.raises(metrics.MetricError, match="missing"):
        metrics.by_group(metrics.accuracy, [1, 0], [1, 0], np.array(["a", None], dtype=object))
    with pytest.raises(metrics.MetricError, match="entries for 2 items"):
        metrics.by_group(metrics.accuracy, [1, 0], [1, 0], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("how", "expected"),
    [("mean", 0.75), ("geometric_mean", 0.5**0.5), ("harmonic_mean", 2 / 3), ("minimum", 0.5), ("maximum", 1.0)],
)
def test_combinations(how, expected):
    assert metrics.combine([1.0, 0.5], how) == pytest.approx(expected)
    both = metrics.combine([[1.0, 0.5], [0.5, 1.0]], how)
    np.testing.assert_allclose(both, [expected, expected])
    np.testing.assert_allclose(metrics.combine([[1.0, 1.0], [0.5, 0.5]], how, axis=0), [expected, expected])
    assert np.isnan(metrics.combine([1.0, np.nan], how))


@pytest.mark.parametrize(("greater", "expected"), [(True, 0.5), (False, 1.0)])
def test_the_worst_is_by_the_direction(greater, expected):
    assert metrics.combine([1.0, 0.5], "worst", greater_is_better=greater) == expected
    with pytest.raises(metrics.MetricError, match="depends on the direction"):
        metrics.combine([1.0, 0.5], "worst")


@pytest.mark.parametrize(("name", "by", "expected"), [("mae", "worst", 2.0), ("mae", "minimum", 0.0),
                                                      ("mae", "maximum", 2.0), ("r2", "worst", 0.0)])  # fmt: skip
def test_intervals_and_options_take_the_worst_by_the_direction(name, by, expected):
    inner = metrics.get(name)
    true, found, group = np.array([1.0, 3.0, 1.0, 3.0]), np.array([1.0, 3.0, 2.0, 2.0]), ["a", "a", "b", "b"]
    expected = expected / 2 if name == "mae" else expected
    truth = metrics.WithColumns(true, {"site": group})
    assert metrics.get("by_type", metric=name, over="site", by=by)(truth, found) == expected
    evidences = [inner.collect(true[:2], found[:2]), inner.collect(true[2:], found[2:])]
    scores = [inner.reduce(one) for one in evidences]
    assert metrics.combine(scores, by, greater_is_better=inner.greater_is_better) == expected
    way = {"worst": "minimum" if inner.greater_is_better else "maximum"}.get(by, by)
    wanted = metrics.combined_interval(inner, evidences, way, draws=20)
    np.testing.assert_array_equal(metrics.combined_interval(inner, evidences, by, draws=20), wanted)


def test_combinations_of_zero_and_less():
    assert metrics.combine([0.0, 1.0], "harmonic_mean") == 0
    assert metrics.combine([0.0, 1.0], "geometric_mean") == 0
    assert metrics.combine([-0.0, 1.0], "harmonic_mean") == 0
    assert np.isnan(metrics.combine([-0.5, 1.0], "harmonic_mean"))
    assert np.isnan(metrics.combine([-0.5, 1.0], "geometric_mean"))
    with pytest.raises(metrics.MetricError, match="no combination"):
        metrics.combine([1.0], "median")
    with pytest.raises(metrics.MetricError, match="no scores"):
        metrics.combine([])
