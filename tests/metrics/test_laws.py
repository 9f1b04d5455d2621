"""What must hold for every metric there is and will be."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

import metrics
from metrics.weighting import Draws, LeaveOut, Partition

SEEDS = range(6)
CLOSE = {"rtol": 1e-9, "atol": 1e-11, "equal_nan": True}


def assert_same(one, other):
    np.testing.assert_allclose(one, other, **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_stay_within_bounds(subject, case_of, seed):
    case = case_of(*subject, seed, n=3 + 10 * seed)
    low, high = case.metric.bounds
    score = case.score()
    assert np.isnan(score) or low <= score <= high


def test_worst_prediction_stays_within_bounds(subject, case_of):
    case = case_of(*subject, 1)
    low, high = case.metric.bounds
    for shift in range(1, 4):
        score = case.metric(case.y_true, np.roll(case.y_pred, shift, axis=0), None, case.labels)
        assert np.isnan(score) or low <= score <= high


@pytest.mark.parametrize("seed", SEEDS)
def test_perfect_is_best(subject, case_of, perfect_of, seed):
    case = case_of(*subject, seed)
    perfect = case.metric(case.y_true, perfect_of(case, subject[1]), None, case.labels)
    if case.metric.base == "net_benefit":
        assert perfect == pytest.approx(np.mean(case.y_true), abs=1e-12)
    elif "clip" in case.metric.options:
        assert perfect == pytest.approx(-np.log1p(-case.metric.options["clip"]), abs=1e-15)
    else:
        assert perfect == pytest.approx(case.metric.perfect, abs=1e-12)
    ours = case.score()
    assert ours <= perfect + 1e-12 if case.metric.greater_is_better else ours >= perfect - 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_order_does_not_matter(subject, case_of, seed):
    case = case_of(*subject, seed)
    order = np.random.default_rng(seed).permutation(len(case.y_true))
    assert_same(case.score(order), case.score())


@pytest.mark.parametrize("seed", SEEDS)
def test_weight_zero_is_absence(subject, case_of, seed):
    case = case_of(*subject, seed)
    keep = np.random.default_rng(seed).random(len(case.y_true)) < 0.5
    assert_same(case.score(weight=keep.astype(float)), case.score(keep))


@pytest.mark.parametrize("seed", SEEDS)
def test_weight_k_is_k_copies(subject, case_of, seed):
    case = case_of(*subject, seed)
    copies = np.random.default_rng(seed).integers(0, 4, size=len(case.y_true))
    assert_same(case.score(weight=copies), case.score(np.repeat(np.arange(len(copies)), copies)))


def test_scale_of_weights_does_not_matter(subject, case_of):
    case = case_of(*subject, 3)
    weight = np.random.default_rng(3).random(len(case.y_true))
    assert_same(case.score(weight=1000 * weight), case.score(weight=weight))


def test_nothing_left_is_nan(subject, case_of):
    case = case_of(*subject, 0)
    assert np.isnan(case.score(weight=np.zeros(len(case.y_true))))
    evidence = case.evidence()
    parts = Partition(np.zeros(evidence.n, dtype=int), 2)
    assert np.isnan(case.metric.reduce(evidence, parts)[1])
    assert np.isnan(case.metric.reduce(evidence, LeaveOut(parts.group, 1))[0])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_partition_is_a_loop_over_groups(subject, case_of, seed, weighted):
    case, random = case_of(*subject, seed), np.random.default_rng(seed)
    evidence, group = case.evidence(), random.integers(-1, 4, size=60)
    weight = random.random(60) if weighted else None
    ours = case.metric.reduce(evidence, Partition(group, 4, weight))
    members = [np.flatnonzero(group == g) for g in range(4)]
    loop = [case.score(index, None if weight is None else weight[index]) for index in members]
    assert_same(ours, loop)


def test_partition_in_parts_is_the_same(subject, case_of, monkeypatch):
    case = case_of(*subject, 2)
    evidence, group = case.evidence(), np.random.default_rng(2).integers(-1, 5, size=60)
    whole = case.metric.reduce(evidence, Partition(group, 5))
    monkeypatch.setattr("metrics.evidence.TABLE", 1)
    assert_same(case.metric.reduce(evidence, Partition(group, 5)), whole)


@pytest.mark.parametrize("weighted", [False, True])
def test_leave_out_is_all_but_each_group(subject, case_of, weighted):
    case, random = case_of(*subject, 4), np.random.default_rng(4)
    group, weight = random.integers(0, 4, size=60), random.random(60) if weighted else None
    ours = case.metric.reduce(case.evidence(), LeaveOut(group, 4, weight))
    rest = [np.flatnonzero(group != g) for g in range(4)]
    assert_same(ours, [case.score(index, None if weight is None else weight[index]) for index in rest])


def test_many_weightings_are_a_loop(subject, case_of):
    case, random = case_of(*subject, 5), np.random.default_rng(5)
    dense = random.random((3, 60)) * (random.random((3, 60)) < 0.7)
    evidence = case.evidence()
    loop = [case.metric.reduce(evidence, row) for row in dense]
    assert all(isinstance(score, float) for score in loop)
    assert_same(case.metric.reduce(evidence, dense), loop)
    assert case.metric.reduce(evidence, dense[:0]).shape == (0,)


def dense_draws(draws, n):
    return np.concatenate([draws.spread(batch) for batch in draws.batches(n, n)])


@pytest.mark.parametrize("weighted", [False, True])
def test_cluster_draws_are_their_dense_weights(subject, case_of, weighted):
    case, random = case_of(*subject, 6), np.random.default_rng(6)
    cluster = np.concatenate([np.arange(12), random.integers(0, 12, size=48)])
    draws = Draws(20, 7, cluster, sample_weight=random.random(60) if weighted else None)
    dense = dense_draws(draws, 60)
    assert dense.shape == (20, 60)
    evidence = case.evidence()
    assert_same(case.metric.reduce(evidence, draws), case.metric.reduce(evidence, dense))


def test_cluster_draws_item_by_item_are_the_same(subject, case_of, monkeypatch):
    case = case_of(*subject, 6)
    draws = Draws(20, 7, np.arange(60) // 3)
    table = case.metric.reduce(case.evidence(), draws)
    monkeypatch.setattr("metrics.evidence.TABLE", 0)
    assert_same(case.metric.reduce(case.evidence(), draws), table)


def test_copies_draws_are_their_dense_weights(subject, case_of):
    case = case_of(*subject, 8)
    draws = Draws(20, 7, copies=np.random.default_rng(8).integers(1, 5, size=60))
    dense = dense_draws(draws, 60)
    assert (dense.sum(axis=1) == draws.copies.sum()).all()
    evidence = case.evidence()
    assert_same(case.metric.reduce(evidence, draws), case.metric.reduce(evidence, dense))


def test_draws_repeat_with_the_seed(subject, case_of):
    case = case_of(*subject, 9)
    evidence = case.evidence()
    one, again, other = (case.metric.reduce(evidence, Draws(30, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.ptp(one) == 0 or not np.array_equal(one, other)


def test_plain_draws_spread_like_a_plain_bootstrap(subject, case_of):
    case = case_of(*subject, 10, n=80)
    evidence = case.evidence()
    ours = case.metric.reduce(evidence, Draws(3000, 1))
    plain = case.metric.reduce(evidence, Draws(3000, 2, np.arange(80)))
    ours, plain = ours[~np.isnan(ours)], plain[~np.isnan(plain)]
    spread = plain.std()
    if spread == 0:
        assert (ours == plain[0]).all()
        return
    assert abs(ours.mean() - plain.mean()) < 5 * spread * np.sqrt(2 / 3000)
    assert ours.std() == pytest.approx(spread, rel=0.12)


def test_taken_evidence_is_evidence_of_the_rest(subject, case_of):
    case, random = case_of(*subject, 11), np.random.default_rng(11)
    evidence = case.evidence()
    mask = random.random(60) < 0.6
    index = random.integers(0, 60, size=40)
    case.metric.reduce(evidence)
    for chosen, n in ((mask, mask.sum()), (index, 40)):
        part = evidence.take(chosen)
        assert part.n == n
        assert_same(case.metric.reduce(part), case.score(chosen))


def test_coarse_evidence_is_close(subject, case_of):
    case = case_of(*subject, 12, n=4000)
    evidence = case.evidence()
    assert case.metric.reduce(evidence.coarse()) == pytest.approx(case.metric.reduce(evidence), abs=2e-3)
    weight = np.random.default_rng(12).integers(0, 3, size=4000)
    coarse = case.metric.reduce(evidence.coarse(), weight)
    assert coarse == pytest.approx(case.metric.reduce(evidence, weight), abs=2e-3)


def plain_columns(truth):
    return [truth.y_true, *truth.columns.values()] if isinstance(truth, metrics.WithColumns) else [truth]


def test_arguments_are_left_as_they_were(subject, case_of):
    case = case_of(*subject, 13)
    true, predicted = deepcopy(case.y_true), case.y_pred.copy()
    case.score(weight=np.ones(60))
    for one, other in zip(plain_columns(case.y_true), plain_columns(true), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(case.y_pred, predicted)
    lists = case.y_true if isinstance(case.y_true, metrics.WithColumns) else case.y_true.tolist()
    assert case.metric(lists, case.y_pred.tolist(), None, case.labels) == case.score()


def test_evaluate_gives_the_same_as_the_metric(subject, case_of):
    case = case_of(*subject, 14)
    weight = np.random.default_rng(14).random(60)
    ours = metrics.evaluate([case.metric.name], case.y_true, case.y_pred, weight, case.labels)
    assert ours == {case.metric.name: pytest.approx(case.score(weight=weight), abs=1e-15)}
