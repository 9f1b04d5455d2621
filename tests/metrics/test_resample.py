"""Intervals and paired tests: right on what is known, calm on what is degenerate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats import bootstrap
from scipy.stats._resampling import BootstrapResult

import metrics
from metrics import resample
from metrics.weighting import Draws


def coin(n, share, seed):
    random = np.random.default_rng(seed)
    true = random.integers(0, 2, n)
    return true, np.where(random.random(n) < share, true, 1 - true)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_intervals_hold_the_true_score_as_often_as_they_say(method):
    held = []
    for seed in range(200):
        evidence = metrics.accuracy.collect(*coin(120, 0.7, seed))
        low, high = metrics.interval(metrics.accuracy, evidence, draws=400, level=0.9, seed=seed, method=method)
        held.append(low <= 0.7 <= high)
    assert 0.83 <= np.mean(held) <= 0.96


def test_percentile_ends_are_those_of_the_binomial():
    true, predicted = coin(400, 0.8, 1)
    hits = int(np.sum(true == predicted))
    low, high = metrics.interval(metrics.accuracy, metrics.accuracy.collect(true, predicted), draws=20_000)
    expected = stats.binom.ppf([0.025, 0.975], 400, hits / 400) / 400
    np.testing.assert_allclose((low, high), expected, atol=0.0051)


@pytest.mark.parametrize("name", ["mae", "pearson", "rmse"])
def test_bca_is_scipys_on_the_same_draws(name):
    random = np.random.default_rng(2)
    true = np.exp(random.normal(size=40))
    predicted = true + random.normal(size=40)
    metric = metrics.get(name)
    evidence = metric.collect(true, predicted)
    drawn = metric.reduce(evidence, Draws(999, 5))
    known = BootstrapResult((0.0, 0.0), drawn, 0.0)
    theirs = bootstrap(
        (true, predicted),
        metric,
        n_resamples=0,
        bootstrap_result=known,
        paired=True,
        vectorized=False,
        method="BCa",
    ).confidence_interval
    ours = metrics.interval(metric, evidence, draws=999, seed=5, method="bca")
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_bca_leaves_out_blocks_where_units_are_many():
    random = np.random.default_rng(3)
    true = np.exp(random.normal(size=3000))
    metric, evidence = metrics.mae, metrics.mae.collect(true, true + random.normal(size=3000))
    blocks = metrics.interval(metric, evidence, method="bca", seed=1)
    resample_all = pytest.MonkeyPatch()
    resample_all.setattr(resample, "JACKKNIFE", 10_000)
    one_by_one = metrics.interval(metric, evidence, method="bca", seed=1)
    resample_all.undo()
    np.testing.assert_allclose(blocks, one_by_one, atol=0.1 * (one_by_one[1] - one_by_one[0]))


def test_clusters_widen_the_interval():
    random = np.random.default_rng(4)
    patient = np.repeat(np.arange(40), 25)
    true = np.zeros(1000, dtype=int)
    predicted = np.where(random.random(40)[patient] < 0.3, 1, 0)
    evidence = metrics.accuracy.collect(true, predicted)
    names = np.array([f"patient {i:02d}" for i in range(40)])[patient]
    low, high = metrics.interval(metrics.accuracy, evidence)
    wide = metrics.interval(metrics.accuracy, evidence, cluster=names)
    assert wide[1] - wide[0] > 3 * (high - low)
    assert metrics.interval(metrics.accuracy, evidence, cluster=patient * 10) == wide


LARGE = ("roc_auc", "average_precision", "recall_at_specificity", "log_loss", "ece", "spearman", "pearson", "r2")


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("name", LARGE)
def test_large_evidence_in_blocks_and_bins_gives_the_same_interval(name, clustered, monkeypatch):
    random = np.random.default_rng(6)
    n = 20_000
    true = random.integers(0, 2, n) if metrics.get(name).needs != "value" else random.normal(size=n)
    score = stats.norm.cdf(true + random.normal(size=n) - 0.5)
    cluster = np.arange(n) // 2 if clustered else None
    metric = metrics.get(name)
    evidence = metric.collect(true, score)
    whole = metrics.interval(metric, evidence, draws=1500, cluster=cluster)
    monkeypatch.setattr(resample, "LARGE", 100)
    parts = metrics.interval(metric, evidence, draws=1500, cluster=cluster)
    assert parts != whole
    width = whole[1] - whole[0]
    np.testing.assert_allclose(parts, whole, atol=0.15 * width)
    low, high = metrics.interval(metric, evidence, draws=1500, cluster=cluster, method="bca")
    np.testing.assert_allclose((low, high), whole, atol=0.3 * width)


def test_weights_move_the_interval():
    true, predicted = np.zeros(200, dtype=int), np.repeat([0, 1], 100)
    evidence = metrics.accuracy.collect(true, predicted, [0, 1])
    low, high = metrics.interval(metrics.accuracy, evidence, sample_weight=np.repeat([9.0, 1.0], 100))
    assert 0.8 < low < 0.9 < high < 0.95


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_degenerate_intervals(method):
    one = metrics.accuracy.collect([1], [1])
    assert metrics.interval(metrics.accuracy, one, method=method) == (1.0, 1.0)
    same = metrics.mae.collect([1.0] * 9, [3.0] * 9)
    assert metrics.interval(metrics.mae, same, method=method) == (2.0, 2.0)
    nothing = metrics.roc_auc.collect([0, 0, 0], [0.1, 0.2, 0.3])
    assert np.isnan(metrics.interval(metrics.roc_auc, nothing, method=method)).all()
    rare = metrics.roc_auc.collect([0, 0, 0, 0, 0, 1], [1, 2, 3, 4, 5, 4], [0, 1])
    low, high = metrics.interval(metrics.roc_auc, rare, method=method)
    assert 0 <= low <= high <= 1


def test_draws_without_a_score_in_the_majority_give_nan():
    drawn = np.array([np.nan, np.nan, 1.0])
    assert np.isnan(resample._ends(drawn, 1.0, (0.025, 0.975))).all()
    assert resample._ends(np.array([np.nan, 1.0, 2.0]), 1.0, (0.0, 1.0)) == (1.0, 2.0)


@pytest.mark.parametrize("arguments", [{"method": "magic"}, {"level": 1.0}, {"draws": 0}, {"cluster": [1, 2]}])
def test_bad_arguments_are_refused(arguments):
    evidence = metrics.accuracy.collect([1, 0, 1], [1, 1, 1])
    with pytest.raises(metrics.MetricError):
        metrics.interval(metrics.accuracy, evidence, **arguments)


@pytest.mark.parametrize("name", ["f1", "roc_auc", "mae", "log_loss"])
def test_equal_predictions_do_not_differ(name):
    random = np.random.default_rng(7)
    true = random.integers(0, 2, 100)
    predicted = random.integers(0, 2, 100) if name == "f1" else random.random(100)
    found = metrics.paired_test(metrics.get(name), true, predicted, predicted.copy(), draws=200)
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "mae"])
def test_a_clear_difference_is_found(name):
    random = np.random.default_rng(8)
    true = random.integers(0, 2, 400)
    good, bad = true + 0.7 * random.normal(size=400), true + 3 * random.normal(size=400)
    if name == "accuracy":
        good, bad = (good > 0.5).astype(int), (bad > 0.5).astype(int)
    metric = metrics.get(name)
    found = metrics.paired_test(metric, true, good, bad)
    assert found.difference == pytest.approx(metric(true, good) - metric(true, bad))
    assert found.p_value < 0.01
    assert found.low <= found.difference <= found.high
    assert found.low > 0 if metric.greater_is_better else found.high < 0
    back = metrics.paired_test(metric, true, bad, good)
    np.testing.assert_allclose((back.low, back.high), (-found.high, -found.low), atol=0.25 * (found.high - found.low))


def test_paired_draws_are_shared():
    random = np.random.default_rng(9)
    true = random.integers(0, 2, 500)
    one = np.where(random.random(500) < 0.7, true, 1 - true)
    other = one.copy()
    other[:10] = 1 - other[:10]
    found = metrics.paired_test(metrics.accuracy, true, one, other)
    alone = metrics.interval(metrics.accuracy, metrics.accuracy.collect(true, one))
    assert found.high - found.low < 0.5 * (alone[1] - alone[0])
    slow = metrics.paired_test(metrics.accuracy, true, one, other, cluster=np.arange(500))
    np.testing.assert_allclose((found.low, found.high), (slow.low, slow.high), atol=0.005)


def test_p_values_are_even_where_nothing_differs():
    values = []
    for seed in range(150):
        random = np.random.default_rng(seed)
        true = random.normal(size=60)
        one, other = true + random.normal(size=60), true + random.normal(size=60)
        values.append(metrics.paired_test(metrics.mae, true, one, other, draws=300, seed=seed).p_value)
    assert 0.02 <= np.mean(np.array(values) < 0.1) <= 0.2
    assert 0.35 <= np.mean(np.array(values) < 0.5) <= 0.65


def test_large_pairs_share_blocks(monkeypatch):
    random = np.random.default_rng(10)
    true = random.integers(0, 2, 8000)
    one = true + random.normal(size=8000)
    other = one + 0.1 * random.normal(size=8000)
    whole = metrics.paired_test(metrics.roc_auc, true, one, other, draws=500)
    monkeypatch.setattr(resample, "LARGE", 100)
    parts = metrics.paired_test(metrics.roc_auc, true, one, other, draws=500)
    assert parts.difference == whole.difference
    np.testing.assert_allclose((parts.low, parts.high), (whole.low, whole.high), atol=0.3 * (whole.high - whole.low))


def test_combined_interval_of_one_group_is_that_of_the_group():
    evidence = metrics.accuracy.collect(*coin(100, 0.7, 11))
    assert metrics.combined_interval(metrics.accuracy, [evidence], "minimum") == metrics.interval(
        metrics.accuracy, evidence
    )
    low, high = metrics.combined_interval(metrics.accuracy, [evidence, evidence], "mean")
    alone = metrics.interval(metrics.accuracy, evidence)
    assert 0 < high - low < alone[1] - alone[0]


def test_intervals_of_several_metrics_are_those_of_each() -> None:
    random = np.random.default_rng(3)
    true, cluster = random.integers(0, 3, 400), random.integers(0, 40, 400)
    predicted = np.where(random.random(400) < 0.6, true, random.integers(0, 3, 400))
    chosen = [metrics.get(name) for name in ("accuracy", "f1_macro", "cohen_kappa")]
    evidence = chosen[0].collect(true, predicted)
    for groups in (None, cluster):
        together = metrics.intervals(chosen, evidence, draws=200, cluster=groups)
        assert together == [metrics.interval(one, evidence, draws=200, cluster=groups) for one in chosen]
        assert len(set(together)) == 3
