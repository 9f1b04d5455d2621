"""Every metric with a twin in scikit-learn or SciPy agrees with it on random weighted data; differences are listed."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from scipy import stats

import metrics

# Where ours is not the twin's, and why. Each line has a test below, so that it stays true.
DIFFERENCES = {
    "0/0 in a class or in all": "ours is nan and is left out of means; scikit-learn returns 0 or 1 and warns",
    "macro recall of a class without truth": "left out; scikit-learn counts 0 (the same with zero_division=nan)",
    "kappa, MCC of one class": "ours is nan; scikit-learn returns nan or 0",
    "r2 of constant truth": "ours is nan; scikit-learn returns 1 or 0",
    "average precision without positives": "ours is nan; scikit-learn returns 0 and warns",
    "top-k ties": "a tie for the last place is a miss; scikit-learn prefers the higher class",
    "log loss of rows that do not sum to 1": "divided by their sum, refused beyond 0.001; scikit-learn warns only",
    "log loss of float32": "clipped at the spacing of float64; scikit-learn clips at that of float32",
    "MAPE of a truth of 0": "refused; scikit-learn divides by 2e-16",
}
SEEDS = range(8)


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def label_kinds(codes):
    """The same labels as text, whole numbers of several types, floats, truth values and objects."""
    names = np.array([f"class {code:03d}" for code in range(1 + max(codes.max(), 1))])
    kinds = [names[codes], names[codes].astype(object), codes.astype(np.int64), codes.astype(np.float64)]
    kinds += [codes.astype(np.uint16) if codes.max() > 120 else codes.astype(np.int8) - 3, codes * 1_000_003 - 5]
    return [*kinds, codes.astype(bool)] if codes.max() <= 1 else kinds


def random_labels(seed, classes):
    random = np.random.default_rng(seed)
    n = 50 + 4 * classes
    true = np.concatenate([np.arange(classes), random.integers(0, classes, n)])
    predicted = np.where(random.random(len(true)) < 0.5, true, random.integers(0, classes, len(true)))
    weight = [None, random.random(len(true)), random.integers(1, 4, len(true))][seed % 3]
    return true, predicted, weight


LABEL_TWINS = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "matthews_corrcoef": sk.matthews_corrcoef,
    "cohen_kappa": sk.cohen_kappa_score,
    "cohen_kappa(weights=linear)": lambda t, p, **o: sk.cohen_kappa_score(t, p, weights="linear", **o),
    "cohen_kappa(weights=quadratic)": lambda t, p, **o: sk.cohen_kappa_score(t, p, weights="quadratic", **o),
    "hamming_loss": sk.hamming_loss,
}
AVERAGED = {
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "f1": sk.f1_score,
    "jaccard": sk.jaccard_score,
    "fbeta": lambda *a, **o: sk.fbeta_score(*a, beta=2, **o),
}


def averaged(name, over):
    return metrics.get(f"{name}_{over}" if over != "binary" else name, **({"beta": 2} if name == "fbeta" else {}))


@pytest.mark.parametrize("classes", [2, 3, 7, 300])
@pytest.mark.parametrize("seed", SEEDS)
def test_label_scores(seed, classes):
    true, predicted, weight = random_labels(seed, classes)
    for one, other in zip(label_kinds(true), label_kinds(predicted), strict=True):
        for name, twin in LABEL_TWINS.items():
            agree(metrics.parse(name)(one, other, weight), twin(one, other, sample_weight=weight))


@pytest.mark.parametrize("over", ["micro", "macro", "weighted"])
@pytest.mark.parametrize("classes", [2, 3, 7, 300])
@pytest.mark.parametrize("seed", SEEDS)
def test_averages_over_classes(seed, classes, over):
    true, predicted, weight = random_labels(seed, classes)
    for name, twin in AVERAGED.items():
        theirs = quietly(twin, true, predicted, average=over, sample_weight=weight, zero_division=0)
        agree(averaged(name, over)(true, predicted, weight), theirs)


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("seed", SEEDS)
def test_two_classes(seed, positive):
    true, predicted, weight = random_labels(seed, 2)
    names = np.array(["no", "yes"])
    for name, twin in AVERAGED.items():
        options = {"beta": 2} if name == "fbeta" else {}
        ours = metrics.get(name, positive=positive, **options)(true, predicted, weight)
        agree(ours, twin(true, predicted, pos_label=positive, sample_weight=weight))
        text = metrics.get(name, positive=str(names[positive]), **options)(names[true], names[predicted], weight)
        agree(text, ours)


@pytest.mark.parametrize("over", ["micro", "macro", "weighted", "samples"])
@pytest.mark.parametrize("seed", SEEDS)
def test_averages_over_columns(seed, over):
    random = np.random.default_rng(seed)
    true, predicted = (random.random((2, 80, 5)) < 0.5).astype(int)
    true[:, 0], predicted[:, 0] = 1, 1  # no row is empty: where one is, ours is left out
    weight = [None, random.random(80)][seed % 2]
    for name, twin in AVERAGED.items():
        theirs = quietly(twin, true, predicted, average=over, sample_weight=weight, zero_division=0)
        agree(averaged(name, over)(true, predicted, weight), theirs)
    agree(metrics.accuracy(true, predicted, weight), sk.accuracy_score(true, predicted, sample_weight=weight))
    agree(metrics.hamming_loss(true, predicted, weight), sk.hamming_loss(true, predicted, sample_weight=weight))


def random_chances(seed, classes):
    random = np.random.default_rng(seed)
    n = 200
    true = np.concatenate([np.arange(classes), random.integers(0, classes, n)])
    chance = random.dirichlet(np.full(classes, 0.5), len(true))
    weight = [None, random.random(len(true)), random.integers(1, 4, len(true))][seed % 3]
    return true, chance, weight


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("seed", SEEDS)
def test_probability_scores(seed, classes):
    true, chance, weight = random_chances(seed, classes)
    names = np.array([f"class {code}" for code in range(classes)])
    for truth in (true, names[true]):
        agree(metrics.log_loss(truth, chance, weight), sk.log_loss(truth, chance, sample_weight=weight))
        agree(metrics.brier(truth, chance, weight), sk.brier_score_loss(truth, chance, sample_weight=weight))
    for halve in (True, False):
        theirs = sk.brier_score_loss(true, chance, sample_weight=weight, scale_by_half=halve)
        agree(metrics.get("brier", halve=halve)(true, chance, weight), theirs)
    if classes == 2:
        one = chance[:, 1]
        agree(metrics.log_loss(true, one, weight), sk.log_loss(true, one, sample_weight=weight))
        agree(metrics.brier(true, one, weight), sk.brier_score_loss(true, one, sample_weight=weight))
        assert metrics.ece(true, one, weight) == pytest.approx(metrics.ece(true, chance, weight), abs=1e-12)


def test_log_loss_of_zeros_and_ones():
    true, chance = np.array([0, 1, 1, 0]), np.array([0.0, 1.0, 0.0, 0.25])
    agree(metrics.log_loss(true, chance), sk.log_loss(true, chance))


@pytest.mark.parametrize("bins", [1, 4, 15])
@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_by_hand(seed, bins):
    true, chance, weight = random_chances(seed, 4)
    weight = np.ones(len(true)) if weight is None else weight
    confidence, right = chance.max(axis=1), chance.argmax(axis=1) == true
    expected = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            share = np.average(right[inside], weights=weight[inside])
            trust = np.average(confidence[inside], weights=weight[inside])
            expected += weight[inside].sum() / weight.sum() * abs(share - trust)
    agree(metrics.get("ece", bins=bins)(true, chance, weight), expected)


def random_scores(seed, n=300):
    random = np.random.default_rng(seed)
    true = np.concatenate([[0, 1], random.integers(0, 2, n)])
    score = true + random.normal(size=len(true))
    score = [score, np.round(score), np.round(score, 1).astype(np.float32), np.exp(20 * score)][seed % 4]
    return true, score, [None, random.random(len(true)), random.integers(0, 4, len(true))][seed % 3]


@pytest.mark.parametrize("seed", range(24))
def test_ranking_scores_of_two_classes(seed):
    true, score, weight = random_scores(seed)
    options = {"sample_weight": weight}
    agree(metrics.roc_auc(true, score, weight), sk.roc_auc_score(true, score, **options))
    agree(metrics.average_precision(true, score, weight), sk.average_precision_score(true, score, **options))
    false_rate, rate, _ = sk.roc_curve(true, score, drop_intermediate=False, **options)
    for least in (0.5, 0.9, 0.95):
        ours = metrics.get("recall_at_specificity", specificity=least)(true, score, weight)
        agree(ours, rate[1 - false_rate >= least - 1e-12].max())
    precision, recall, _ = sk.precision_recall_curve(true, score, **options)
    for least in (0.6, 0.9):
        met = precision[:-1] >= least - 1e-12
        ours = metrics.get("sensitivity_at_precision", precision=least)(true, score, weight)
        agree(ours, recall[:-1][met].max() if met.any() else 0.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_ranking_scores_of_many_classes(seed):
    true, chance, weight = random_chances(seed, 5)
    for average, name in (("macro", "roc_auc_ovr"), ("weighted", "roc_auc_ovr_weighted")):
        theirs = sk.roc_auc_score(true, chance, multi_class="ovr", average=average, sample_weight=weight)
        agree(metrics.get(name)(true, chance, weight), theirs)
    theirs = sk.average_precision_score(true, chance, average="macro", sample_weight=weight)
    agree(metrics.average_precision_macro(true, chance, weight), theirs)
    matrix = (np.random.default_rng(seed).random(chance.shape) < 0.3).astype(int)
    theirs = sk.roc_auc_score(matrix, chance, average="macro", sample_weight=weight)
    agree(metrics.roc_auc_columns(matrix, chance, weight), theirs)
    theirs = sk.average_precision_score(matrix, chance, average="macro", sample_weight=weight)
    agree(metrics.average_precision_macro(matrix, chance, weight), theirs)


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_top_k(seed, k):
    true, chance, weight = random_chances(seed, 6)
    theirs = sk.top_k_accuracy_score(true, chance, k=k, sample_weight=weight)
    agree(metrics.get("top_k_accuracy", k=k)(true, chance, weight), theirs)


VALUE_TWINS = {
    "mae": sk.mean_absolute_error,
    "mse": sk.mean_squared_error,
    "rmse": sk.root_mean_squared_error,
    "rmsle": sk.root_mean_squared_log_error,
    "mape": sk.mean_absolute_percentage_error,
    "r2": sk.r2_score,
    "pinball(quantile=0.9)": lambda *a, **o: sk.mean_pinball_loss(*a, alpha=0.9, **o),
}


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_value_scores(seed, targets):
    random = np.random.default_rng(seed)
    true = np.exp(random.normal(size=(120, targets)))
    predicted = true * np.exp(0.3 * random.normal(size=true.shape))
    if targets == 1:
        true, predicted = true[:, 0], predicted[:, 0]
    weight = [None, random.random(120), random.integers(0, 4, 120)][seed % 3]
    for name, twin in VALUE_TWINS.items():
        agree(metrics.parse(name)(true, predicted, weight), twin(true, predicted, sample_weight=weight))


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
@pytest.mark.parametrize("seed", SEEDS)
def test_correlations(seed, offset):
    random = np.random.default_rng(seed)
    true = random.normal(size=100)
    predicted = np.round(true + random.normal(size=100), 1)
    tolerance = 1e-12 if not offset else 1e-6  # the offset itself rounds the values
    assert metrics.pearson(true + offset, predicted) == pytest.approx(stats.pearsonr(true, predicted)[0], abs=tolerance)
    agree(metrics.pearson(true + offset, predicted), stats.pearsonr(true + offset, predicted)[0])
    agree(metrics.spearman(np.round(true, 1), predicted), stats.spearmanr(np.round(true, 1), predicted)[0])
    copies = random.integers(0, 4, 100)
    theirs = stats.spearmanr(np.repeat(true, copies), np.repeat(predicted, copies))[0]
    agree(metrics.spearman(true, predicted, copies), theirs)


def test_smape_by_hand():
    agree(metrics.smape([1.0, -2.0, 0.0, 3.0], [3.0, 2.0, 0.0, 0.0]), (1.0 + 2.0 + 0.0 + 2.0) / 4)


def test_listed_differences_are_true():
    only_one = ([1, 1, 1], [1, 1, 1])
    assert np.isnan(metrics.precision([0, 1], [0, 0]))
    assert np.isnan(metrics.cohen_kappa(*only_one))
    assert np.isnan(metrics.matthews_corrcoef(*only_one))
    assert np.isnan(metrics.r2([1.0, 1.0], [1.0, 2.0]))
    assert np.isnan(metrics.average_precision([0, 0], [0.1, 0.2]))
    assert metrics.recall_macro([0, 0, 1], [0, 2, 1]) == 0.75
    assert metrics.precision_macro([0, 0, 1], [0, 0, 0]) == pytest.approx(1 / 3)
    assert metrics.get("top_k_accuracy", k=1)([0, 1], [[0.5, 0.5], [0.5, 0.5]]) == 0.0
    tiny = metrics.log_loss([0, 1], np.array([0.0, 0.0], dtype=np.float32))
    assert tiny == pytest.approx(-np.log(np.finfo(np.float64).eps) / 2)
    with pytest.raises(metrics.MetricError, match="zeros"):
        metrics.mape([0.0, 1.0], [1.0, 1.0])
    assert len(DIFFERENCES) == 9
