"""Probes against shuffled labels: their figures by other means, their false alarms, and what they find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from compete.audits.probes import (
    FOLDS,
    STRENGTH,
    Sample,
    area_under_curve,
    draw_sample,
    holm,
    indicators,
    least_detectable,
    normal_scores,
    run_probe,
    shuffles_of,
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As on the command line: many small products in threads only wait for each other."""
    with threadpool_limits(1):
        yield


def flags_of(label: np.ndarray, classes: int) -> np.ndarray:
    """One column a class."""
    return label[:, None] == np.arange(classes)


def drawn(seed: int, n: int, groups: int = 0, *, alike: bool = True) -> tuple[np.ndarray, Sample]:
    """Noise and three classes that have nothing to do with it; both are alike within a group."""
    chance = np.random.default_rng(seed)
    unit = np.arange(n) if not groups else np.unique(chance.integers(0, groups, n), return_inverse=True)[1]
    own = chance.integers(0, 3, n)[unit]
    label = own if alike else np.where(chance.random(n) < 0.6, own, chance.integers(0, 3, n))
    features = chance.normal(size=(n, 12)) + 2 * chance.normal(size=(n, 12))[unit] * bool(groups)
    return normal_scores(features), draw_sample(flags_of(label, 3), ("a", "b", "c"), unit)


def test_out_of_fold_areas_are_those_of_ridge_regression_fold_by_fold() -> None:
    chance = np.random.default_rng(3)
    label = chance.integers(0, 2, 240)
    features = chance.normal(size=(240, 7)) + label[:, None] * 0.3
    sample = draw_sample(flags_of(label, 2), ("a", "b"), np.arange(240))
    assert sample.names == ("b",)
    score = np.zeros(240)
    for fold in range(FOLDS):
        held = sample.fold == fold
        train = features[~held].astype(np.float32)
        centre, spread = train.mean(axis=0), train.std(axis=0)
        model = Ridge(alpha=STRENGTH * len(train), fit_intercept=False)
        model.fit((train - centre) / spread, label[~held] - label[~held].mean())
        score[held] = model.predict((features[held] - centre) / spread)
    probed = run_probe("file", features, sample)
    assert probed.auc[0][1] == pytest.approx(roc_auc_score(label, score), abs=1e-4)
    assert probed.p < 0.01


@pytest.mark.parametrize(("groups", "alike"), [(0, True), (60, True), (60, False), (12, False)])
def test_noise_is_rarely_taken_for_a_shortcut(groups: int, alike: bool) -> None:
    found = [run_probe("file", *drawn(seed, 300, groups, alike=alike)).p for seed in range(60)]
    assert sum(p <= 0.01 for p in found) <= 3
    assert 0.3 < np.mean(found) < 0.7


def test_what_is_detectable_is_mostly_found() -> None:
    from scipy.stats import norm

    hits = 0
    for seed in range(24):
        chance = np.random.default_rng(seed)
        label = chance.integers(0, 2, 400)
        features = chance.normal(size=(400, 16))
        least = least_detectable(200, 200, 5, 0.01)
        features[:, 0] += norm.ppf(least) * np.sqrt(2) * label
        sample = draw_sample(flags_of(label, 2), ("a", "b"), np.arange(400))
        hits += run_probe("file", features, sample).p <= 0.002
    assert hits >= 16


def test_a_group_of_one_class_is_one_unit_and_stays_in_one_fold() -> None:
    unit = np.repeat(np.arange(40), 5)
    one = draw_sample(flags_of(np.repeat(np.arange(40) % 2, 5), 2), ("a", "b"), unit)
    assert len(one.flags) == 40
    assert one.of(np.arange(200.0)[:, None])[:, 0].tolist() == [5 * k + 2 for k in range(40)]
    mixed = draw_sample(flags_of(np.arange(200) % 2, 2), ("a", "b"), unit)
    assert len(mixed.flags) == 200
    assert all(len(set(mixed.fold[unit == group])) == 1 for group in range(40))


def test_shuffles_keep_the_rows_of_a_block_together() -> None:
    block = np.array([2, 0, 0, 1, 1, 1, 2, 0])
    for order in shuffles_of(block, np.random.default_rng(0))(50):
        for number in range(3):
            assert len(set(block[order[block == number]])) == 1
    single = shuffles_of(np.arange(9), np.random.default_rng(0))(20)
    assert all(sorted(order) == list(range(9)) for order in single)


def test_rare_classes_are_not_asked_for() -> None:
    label = np.array([0] * 50 + [1] * 45 + [2] * 5)
    assert draw_sample(flags_of(label, 3), ("a", "b", "c"), np.arange(100)).names == ("a", "b")


def test_small_tools() -> None:
    assert area_under_curve(np.array([True, True, False]), np.array([2.0, 1.0, 1.0])) == 0.75
    assert np.isnan(area_under_curve(np.array([True]), np.array([1.0])))
    assert holm([0.004, 0.004], 0.01) == [True, True]
    assert holm([0.004, 0.004], 0.01, 4) == [False, False]
    assert indicators(np.array(["x"] * 6 + ["y"] * 5 + ["z"])).shape == (12, 2)
    assert indicators(np.array(["x"] * 12)).shape == (12, 0)
