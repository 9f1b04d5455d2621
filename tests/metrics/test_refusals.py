"""What cannot be scored is refused in words that say why, also where a metric is seldom called."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import metrics
from metrics import labels
from metrics.curve_points import best_threshold, decision_curve, reliability_curve
from metrics.labels import coded, coded_pair

TRUE, CHANCE = [0, 0, 1, 1], [0.1, 0.3, 0.35, 0.9]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 1), dtype=int), r"shape \(3, 1\); labels are one column"),
        (np.array([0.5, 1.0]), "holds fractions"),
        (np.array([1.0, np.nan]), "NaN or infinite"),
        (np.array([1.0, np.inf]), "NaN or infinite"),
        (np.array([0.0, 2.0**60]), "holds fractions"),
        (np.array([1j, 2j]), "must hold labels"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "must hold labels"),
    ],
)
def test_what_are_no_labels_is_told(array: np.ndarray, words: str) -> None:
    with pytest.raises(metrics.MetricError, match=words):
        coded(array, "y_pred")


def test_numbers_beyond_those_of_a_word_are_labels_all_the_same() -> None:
    large = np.array([2**64 - 1, 0, 2**64 - 1, 2**63], dtype=np.uint64)
    assert metrics.accuracy(large, large) == 1.0
    assert metrics.accuracy(large, large[::-1].copy()) == 0.0


def test_long_text_is_read_on_two_cores_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(2)
    true, given = (chance.choice(["cat", "dog", "öwl"], 200) for _ in range(2))
    alone = [(one.codes().tolist(), tuple(one.values)) for one in coded_pair(true, given)]
    used = []
    monkeypatch.setattr(labels, "PARALLEL", 100)
    monkeypatch.setattr(
        labels, "coded", lambda array, name: (used.append(threading.current_thread().name), coded(array, name))[1]
    )
    assert [(one.codes().tolist(), tuple(one.values)) for one in coded_pair(true, given)] == alone
    assert len(set(used)) == 2
    with pytest.raises(metrics.MetricError, match="y_pred"):
        coded_pair(true, np.array([[one] for one in given.tolist()]))


def test_curves_say_what_they_take() -> None:
    three, share = [0, 1, 2, 1], np.full((4, 3), 1 / 3)
    with pytest.raises(metrics.MetricError, match="two classes, and there are 3"):
        reliability_curve(three, share)
    with pytest.raises(metrics.MetricError, match="at least 1 bin"):
        reliability_curve(TRUE, CHANCE, bins=0)
    with pytest.raises(metrics.MetricError, match="equal width or weight"):
        reliability_curve(TRUE, CHANCE, equal="height")
    for thresholds in ([1.0], [-0.1], [[0.5]], [np.nan]):
        with pytest.raises(metrics.MetricError, match="from 0 to below 1"):
            decision_curve(TRUE, CHANCE, thresholds=thresholds)
    with pytest.raises(metrics.MetricError, match="binary truth"):
        best_threshold(three, share)
    with pytest.raises(metrics.MetricError, match="nothing is positive"):
        best_threshold([0, 0, 0], [0.1, 0.2, 0.3], labels=(0, 1))


def test_weights_count_in_curves_as_copies_do() -> None:
    twice = np.repeat(np.arange(4), [1, 3, 2, 1])
    one = reliability_curve(TRUE, CHANCE, bins=3, sample_weight=[1, 3, 2, 1])
    other = reliability_curve(np.take(TRUE, twice), np.take(CHANCE, twice), bins=3)
    np.testing.assert_allclose(one.observed, other.observed, rtol=1e-12)
    np.testing.assert_allclose(one.predicted, other.predicted, rtol=1e-12)


def test_series_say_what_they_lack() -> None:
    def score(true: object, given: object, metric: str = "rmsse", **columns: list[object]) -> float:
        beside = {"series": ["a", "a", "b"], "scale": [1.0, 1.0, 2.0], **columns}
        return metrics.parse(metric)(metrics.WithColumns(np.asarray(true), beside), np.asarray(given))

    assert score([1.0, 2, 3], [1.0, 2, 3]) == 0.0
    with pytest.raises(metrics.MetricError, match="1 values of 0 or less"):
        score([1.0, 2, 3], [1.0, 2, 3], scale=[1.0, 1.0, 0.0])
    with pytest.raises(metrics.MetricError, match="2 columns; a series has one value"):
        score(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(metrics.MetricError, match="1 items are in no series"):
        score([1.0, 2, 3], [1.0, 2, 3], series=["a", "a", ""])
    with pytest.raises(metrics.MetricError, match="negative weight"):
        score([1.0, 2, 3], [1.0, 2, 3], "rmsse(weight=worth)", worth=[1.0, 1.0, -1.0])


def test_the_package_offers_its_metrics_and_nothing_else() -> None:
    offered = dir(metrics)
    assert {"accuracy", "parse", "LabelMaps", "detection"} <= set(offered)
    with pytest.raises(AttributeError, match="no attribute 'acuracy'"):
        _ = metrics.acuracy
    with pytest.raises(AttributeError, match="_hidden"):
        _ = metrics._hidden
