"""Scores of places, forecasts, survival, cost and fairness beside scikit-learn, SciPy and slow, plain definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk
from scipy import special, stats

import metrics

SEEDS = range(6)


def agree(ours, theirs, tolerance=1e-12):
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def copies_of(seed, n):
    """Weights that are counts, and the items that they stand for; none in every third case."""
    if seed % 3 == 0:
        return None, np.arange(n)
    copies = np.random.default_rng(seed).integers(0, 4, n)
    return copies, np.repeat(np.arange(n), copies)


def haversine_by_hand(one, other):
    p, q = (tuple(math.radians(angle) for angle in place) for place in (one, other))
    a = math.sin((q[0] - p[0]) / 2) ** 2 + math.cos(p[0]) * math.cos(q[0]) * math.sin((q[1] - p[1]) / 2) ** 2
    return 2 * 6371000.0 * math.asin(math.sqrt(a))


@pytest.mark.parametrize("seed", SEEDS)
def test_places(seed):
    random, n = np.random.default_rng(seed), 80 + seed
    true = np.column_stack((random.uniform(-90, 90, n), random.uniform(-180, 180, n)))
    found = np.clip(true + random.normal(size=(n, 2)) * 10.0 ** random.integers(-6, 1), -90, 180)
    found[:, 0] = np.clip(found[:, 0], -90, 90)
    weight, rows = copies_of(seed, n)
    distance = np.array([haversine_by_hand(*pair) for pair in zip(true.tolist(), found.tolist(), strict=True)])[rows]
    agree(metrics.haversine(true, found, weight), distance.mean(), 1e-9)
    numpys = {"linear": "linear", "averaged": "averaged_inverted_cdf", "lower": "inverted_cdf"}
    for ours, theirs in numpys.items():
        wanted = np.mean([np.quantile(distance, share, method=theirs) for share in (0.5, 0.95)])
        agree(metrics.get("haversine_quantile", method=ours)(true, found, weight), wanted, 1e-9)


@pytest.mark.parametrize("share", [0.0, 0.1, 1 / 3, 0.5, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_quantiles_of_ties(seed, share):
    random = np.random.default_rng(seed)
    size = np.round(random.exponential(size=40 + seed), 1)
    weight, rows = copies_of(seed, len(size))
    steps = next(iter(metrics.median_absolute_error.collect(size, np.zeros(len(size))).readings(weight)))[0]
    for ours, theirs in {"linear": "linear", "averaged": "averaged_inverted_cdf", "lower": "inverted_cdf"}.items():
        agree(steps.quantile(share, ours)[0], np.quantile(size[rows], share, method=theirs))


@pytest.mark.parametrize("seed", SEEDS)
def test_directions(seed):
    random, n = np.random.default_rng(seed), 100
    true, found = (np.column_stack((random.uniform(0, 2 * np.pi, n), random.uniform(0, np.pi, n))) for _ in range(2))
    scalar = np.sin(true[:, 1]) * np.sin(found[:, 1]) * np.cos(true[:, 0] - found[:, 0])
    angle = np.arccos(np.clip(scalar + np.cos(true[:, 1]) * np.cos(found[:, 1]), -1, 1))
    agree(metrics.mean_angular_error(true, found), angle.mean(), 1e-9)
    degrees = metrics.get("mean_angular_error", unit="degrees")(np.degrees(true), np.degrees(found))
    agree(degrees, np.degrees(angle.mean()), 1e-9)


def test_small_angles_are_exact():
    agree(metrics.mean_angular_error([[1.0, 1.0]], [[1.0, 1.0 + 1e-9]]), 1e-9, 1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_values(seed):
    random = np.random.default_rng(seed)
    true = np.round(random.normal(size=(70, 2)), 1)
    found = np.round(true + random.normal(size=true.shape), 1)
    weight = None if seed % 2 else random.random(70)
    theirs = [stats.wasserstein_distance(t, p, weight, weight) for t, p in zip(true.T, found.T, strict=True)]
    agree(metrics.earth_movers(true, found, weight), np.mean(theirs))
    agree(metrics.median_absolute_error(true, found), sk.median_absolute_error(true, found))
    logs = [np.log(sk.mean_absolute_error(t, p, sample_weight=weight)) for t, p in zip(true.T, found.T, strict=True)]
    agree(metrics.log_mae(true, found, weight), np.mean(logs))


@pytest.mark.parametrize("seed", SEEDS)
def test_forecasts(seed):
    random, n = np.random.default_rng(seed), 60
    true = random.normal(size=n) * 100
    mean, spread = true + 100 * random.normal(size=n), 50 * random.exponential(size=n)
    pair = np.column_stack((mean, spread))
    place = (true - mean) / spread
    normal = spread * (place * (2 * stats.norm.cdf(place) - 1) + 2 * stats.norm.pdf(place) - 1 / np.sqrt(np.pi))
    agree(metrics.crps_normal(true, pair), normal.mean(), 1e-11)
    for least, most in ((70.0, 1000.0), (10.0, 30.0)):
        wide, error = np.maximum(spread, least), np.minimum(np.abs(true - mean), most)
        theirs = np.mean(-np.sqrt(2) * error / wide - np.log(np.sqrt(2) * wide))
        agree(metrics.get("laplace_log_likelihood", least=least, most=most)(true, pair), theirs)
    members = true[:, None] + 50 * random.normal(size=(n, 7))
    among = np.abs(members[:, :, None] - members[:, None, :])
    apart = np.abs(members - true[:, None]).mean(axis=1)
    agree(metrics.crps_ensemble(true, members), np.mean(apart - among.mean(axis=(1, 2)) / 2))
    agree(metrics.get("crps_ensemble", fair=True)(true, members), np.mean(apart - among.sum(axis=(1, 2)) / 84))
    low, high = np.sort(members[:, :2], axis=1).T
    cost = [h - w + 2 / 0.2 * (max(w - t, 0) + max(t - h, 0)) for t, w, h in zip(true, low, high, strict=True)]
    agree(metrics.get("interval_score", level=0.8)(true, np.column_stack((low, high))), np.mean(cost))


@pytest.mark.parametrize("seed", SEEDS)
def test_quantile_forecasts(seed):
    random = np.random.default_rng(seed)
    true, found = random.normal(size=60), np.sort(random.normal(size=(60, 3)), axis=1)
    levels = (0.1, 0.5, 0.8)
    theirs = [sk.mean_pinball_loss(true, found[:, k], alpha=level) for k, level in enumerate(levels)]
    agree(metrics.quantile_loss(true, found, labels=levels), np.mean(theirs))
    agree(metrics.quantile_loss(true, found), metrics.quantile_loss(true, found, labels=(0.25, 0.5, 0.75)))
    for wrong, words in (((0.5, 0.1, 0.8), "rising level"), ((0.1, 0.5), "3 columns"), ((0.0, 0.5, 0.8), "between 0")):
        with pytest.raises(metrics.MetricError, match=words):
            metrics.quantile_loss(true, found, labels=wrong)
    with pytest.raises(metrics.MetricError, match="fall from one quantile"):
        metrics.quantile_loss(true, found[:, ::-1])


def test_normal_score_is_the_integral_of_its_definition():
    grid = np.linspace(-60, 60, 1_200_001)
    for truth, mean, spread in ((0.3, 0.0, 1.0), (-2.0, 1.0, 3.0), (5.0, 4.9, 0.5)):
        gap = (stats.norm.cdf(grid, mean, spread) - (grid >= truth)) ** 2
        assert metrics.crps_normal([truth], [[mean, spread]]) == pytest.approx(gap.sum() * 1e-4, abs=1e-4)


def test_normal_score_is_exact_everywhere():
    place = np.concatenate((np.linspace(0, 12, 40_001), [9.9999, 10.0, 50.0, 1e10]))
    theirs = place * special.erf(place / np.sqrt(2)) + 2 * stats.norm.pdf(place) - 1 / np.sqrt(np.pi)
    evidence = metrics.crps_normal.collect(place, np.column_stack((np.zeros(len(place)), np.ones(len(place)))))
    np.testing.assert_allclose(evidence.table[0], theirs, rtol=4e-16, atol=5e-16)


@pytest.mark.parametrize("seed", SEEDS)
def test_cumulative_forecasts(seed):
    random = np.random.default_rng(seed)
    true, chance = random.integers(-99, 100, 30), np.sort(random.random((30, 199)), axis=1)
    theirs = sum((chance[i, k] - (k - 99 >= true[i])) ** 2 for i in range(30) for k in range(199)) / (199 * 30)
    agree(metrics.crps_cumulative(true, chance, labels=range(-99, 100)), theirs)
    agree(metrics.crps_cumulative(true + 99, chance), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_series(seed):
    random, names = np.random.default_rng(seed), np.array(["x", "y", "z"])
    training = {name: random.normal(size=50).cumsum() for name in names}
    series = names[np.arange(30) % 3]
    true, found, worth = random.normal(size=30), random.normal(size=30), dict(zip(names, (5.0, 1.0, 2.0), strict=True))
    square = {name: np.mean(np.diff(values) ** 2) for name, values in training.items()}
    columns = {"series": series, "scale": [square[s] for s in series], "worth": [worth[s] for s in series]}
    each = {name: np.sqrt(np.mean((true - found)[series == name] ** 2) / square[name]) for name in names}
    agree(metrics.rmsse(metrics.WithColumns(true, columns), found), np.mean(list(each.values())))
    theirs = sum(worth[name] * each[name] for name in names) / 8.0
    agree(metrics.get("rmsse", weight="worth")(metrics.WithColumns(true, columns), found), theirs)
    naive = {name: np.mean(np.abs(np.diff(values))) for name, values in training.items()}
    theirs = np.mean([abs(t - p) / naive[s] for t, p, s in zip(true, found, series, strict=True)])
    truth = metrics.WithColumns(true, {"naive": [naive[s] for s in series]})
    agree(metrics.get("mase", scale="naive")(truth, found), theirs)


def concordance_by_hand(time, event, risk, weight):
    right = known = 0.0
    for i in range(len(time)):
        for j in range(len(time)):
            first = event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j]))
            if first and i != j:
                pair = weight[i] * weight[j]
                known += pair
                right += pair * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return right / known


@pytest.mark.parametrize("n", [2, 3, 17, 64, 65, 120])
@pytest.mark.parametrize("seed", SEEDS)
def test_concordance(seed, n):
    random = np.random.default_rng(seed)
    time, event = np.round(random.exponential(3.0, n), seed % 2), random.random(n) < 0.7
    event[np.argmin(time)] = True
    time[np.argmax(time)] += 1
    risk = np.round(random.normal(size=n) - time / 3, seed % 3)
    weight = np.ones(n) if seed % 2 else random.random(n)
    theirs = concordance_by_hand(time, event, risk, weight)
    agree(metrics.concordance_index(np.column_stack((time, event)), risk, weight), theirs)
    ours = metrics.get("concordance_index", predicts="time")(np.column_stack((time, event)), -risk, weight)
    agree(ours, theirs)


def followed_by_hand(time, event, weight, at, left):
    """Kaplan-Meier's chance of still being followed at a time, or just before it; events come before losses."""
    chance = 1.0
    for loss in sorted({t for t, e in zip(time, event, strict=True) if not e}):
        if loss < at or (loss == at and not left):
            gone = sum(w for t, e, w in zip(time, event, weight, strict=True) if t == loss and not e)
            at_risk = sum(w for t, w in zip(time, weight, strict=True) if t > loss) + gone
            chance *= 1 - gone / at_risk if at_risk else 1.0
    return chance


@pytest.mark.parametrize("seed", SEEDS)
def test_integrated_brier(seed):
    random, n = np.random.default_rng(seed), 40
    time, event = np.round(random.exponential(5.0, n), 0) + 1, random.random(n) < 0.6
    at = np.array([1.0, 2.5, 4.0, 6.0])
    chance = np.exp(-at * random.exponential(0.2, size=(n, 1)))
    weight = np.ones(n) if seed % 2 else random.integers(0, 3, n)
    score = []
    for k, t in enumerate(at):
        total = 0.0
        for i in range(n):
            if time[i] <= t and event[i]:
                total += weight[i] * chance[i, k] ** 2 / followed_by_hand(time, event, weight, time[i], True)
            elif time[i] > t:
                total += weight[i] * (1 - chance[i, k]) ** 2 / followed_by_hand(time, event, weight, t, False)
        score.append(total / sum(weight))
    truth = np.column_stack((time, event))
    theirs = np.trapezoid(score, at) / (at[-1] - at[0])
    agree(metrics.integrated_brier(truth, chance, weight, labels=at), theirs)
    agree(metrics.integrated_brier(truth, chance[:, 2], weight, labels=at[2:3]), score[2])


@pytest.mark.parametrize("seed", SEEDS)
def test_probabilities_of_columns(seed):
    random, n = np.random.default_rng(seed), 50
    true, chance = random.integers(0, 2, (n, 8)), random.random((n, 8))
    chance[0] = true[0]
    each = np.array([7.0, 1, 1, 1, 1, 1, 1, 1])
    own = np.clip(chance, 1e-15, 1 - 1e-15)
    loss = -(true * np.log(own) + (1 - true) * np.log(1 - own))
    weight = np.where(true == 1, 2.0, 1.0) * each
    options = {"weights": each.tolist(), "positive_weight": 2, "clip": 1e-15}
    theirs = np.mean((loss * weight).sum(axis=1) / weight.sum(axis=1))
    agree(metrics.get("log_loss_columns", **options)(true, chance), theirs)
    theirs = (loss * weight).sum() / weight.sum()
    agree(metrics.get("log_loss_columns", normalize="all", **options)(true, chance), theirs)
    agree(metrics.get("log_loss_columns", clip=1e-15)(true, chance), loss.mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_divergence(seed):
    random = np.random.default_rng(seed)
    votes, chance = random.integers(0, 5, (40, 6)) + np.eye(6, dtype=int)[0], random.dirichlet(np.ones(6), 40)
    share = votes / votes.sum(axis=1, keepdims=True)
    agree(metrics.kl_divergence(votes, chance), special.rel_entr(share, chance).sum(axis=1).mean())
    agree(metrics.kl_divergence(share, chance), stats.entropy(share, chance, axis=1).mean())


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_probabilistic_f(seed, beta):
    random = np.random.default_rng(seed)
    true, chance = random.integers(0, 2, 90), random.random(90)
    hit, alarm = chance[true == 1].sum(), chance[true == 0].sum()
    precision, recall = hit / (hit + alarm), hit / true.sum()
    theirs = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    agree(metrics.get("pfbeta", beta=beta)(true, chance), theirs)
    assert metrics.pfbeta([0, 1], [1.0, 0.0]) == 0.0


@pytest.mark.parametrize("bins", [1, 3, 10])
@pytest.mark.parametrize("seed", SEEDS)
def test_adaptive_calibration(seed, bins):
    random, n = np.random.default_rng(seed), 120
    chance = random.dirichlet(np.ones(4), n)
    true = np.where(random.random(n) < 0.5, chance.argmax(axis=1), random.integers(0, 4, n))
    confidence, right = chance.max(axis=1), chance.argmax(axis=1) == true
    parts = np.array_split(np.argsort(confidence), bins)
    theirs = sum(len(part) / n * abs(right[part].mean() - confidence[part].mean()) for part in parts)
    agree(metrics.get("adaptive_ece", bins=bins)(true, chance, labels=range(4)), theirs)


def scores_of(seed):
    random = np.random.default_rng(seed)
    true = np.concatenate(([0, 1], random.integers(0, 2, 200)))
    score = np.round(true + random.normal(size=202), 1 + seed % 3)
    return true, score, None if seed % 2 else random.random(202)


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_of_the_area(seed):
    true, score, weight = scores_of(seed)
    for most in (0.01, 0.1, 0.5, 0.999):
        theirs = sk.roc_auc_score(true, score, sample_weight=weight, max_fpr=most)
        agree(metrics.get("partial_auc", max_fpr=most)(true, score, weight), theirs)
    agree(metrics.get("weighted_auc", cuts=[0.4], weights=[1, 1])(true, score), sk.roc_auc_score(true, score))
    alarmed, found, _ = sk.roc_curve(true, score, sample_weight=weight, drop_intermediate=False)
    area = 0.0
    for x0, x1, y0, y1 in zip(alarmed[:-1], alarmed[1:], found[:-1], found[1:], strict=True):
        for factor, low, high in ((2.0, 0.0, 0.4), (1.0, 0.4, 1.0)):
            a, b = np.clip([y0, y1], low, high)
            if b > a:
                at = [x0 + (x1 - x0) * (y - y0) / (y1 - y0) for y in (a, b)]
                area += factor * (b - a) * (1 - sum(at) / 2)
    agree(metrics.weighted_auc(true, score, weight), area / 1.4)


@pytest.mark.parametrize("seed", SEEDS)
def test_f_at_thresholds(seed):
    true, score, weight = scores_of(seed)
    precision, recall, _ = sk.precision_recall_curve(true, score, sample_weight=weight)
    with np.errstate(invalid="ignore"):
        every = 5 * precision * recall / (4 * precision + recall)
    agree(metrics.get("fbeta_best", beta=2)(true, score, weight), np.nanmax(every))
    theirs = sk.fbeta_score(true, score >= 0.4, beta=2, sample_weight=weight)
    agree(metrics.get("fbeta_at", beta=2, threshold=0.4)(true, score, weight), theirs)
    threshold = metrics.best_threshold(true, score, beta=2)
    every = [sk.fbeta_score(true, score >= one, beta=2) for one in score]
    agree(sk.fbeta_score(true, score >= threshold, beta=2), max(every))


@pytest.mark.parametrize("seed", SEEDS)
def test_costs(seed):
    random = np.random.default_rng(seed)
    true, found, weight = random.integers(0, 3, 80), random.integers(0, 3, 80), random.random(80)
    cost = np.round(random.random((3, 3)) * 10, 1) * (1 - np.eye(3))
    spent = np.average(cost[true, found], weights=weight)
    metric = metrics.get("expected_cost", costs=cost.ravel().tolist())
    agree(metric(true, found, weight), spent)
    constant = min(np.average(cost[true, k], weights=weight) for k in range(3))
    normalized = metrics.get("expected_cost", costs=cost.ravel().tolist(), normalize=True)
    agree(normalized(true, found, weight), spent / constant)
    agree(metrics.expected_cost(true, found, weight), sk.zero_one_loss(true, found, sample_weight=weight))
    assert metrics.parse(metric.name) == metric


@pytest.mark.parametrize("seed", SEEDS)
def test_decision_curves(seed):
    random = np.random.default_rng(seed)
    true, chance, weight = random.integers(0, 2, 90), np.round(random.random(90), 2), random.random(90)
    curve = metrics.decision_curve(true, chance, weight, thresholds=[0.0, 0.1, 0.25, 0.5, 0.9])
    for place, threshold in enumerate(curve.threshold):
        treated = chance >= threshold
        odds = threshold / (1 - threshold)
        benefit = np.average(np.where(treated, np.where(true == 1, 1.0, -odds), 0.0), weights=weight)
        agree(curve.model[place], benefit)
        agree(curve.treat_all[place], np.average(np.where(true == 1, 1.0, -odds), weights=weight))
        agree(metrics.get("net_benefit", threshold=threshold)(true, chance, weight), benefit)
