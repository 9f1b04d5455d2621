"""Scores of truth with columns beside it: by type, by column, by identity, by half."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from scipy import stats

import metrics
from metrics.beside import group_codes, marks

SEEDS = range(6)
NAN = float("nan")


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def values_of(seed, columns=3):
    random = np.random.default_rng(seed)
    true = np.exp(random.normal(size=(60, columns)))
    return true, true * np.exp(0.3 * random.normal(size=true.shape))


COLUMN_TWINS = {
    "spearman": lambda t, p: stats.spearmanr(t, p)[0],
    "rmsle": sk.root_mean_squared_log_error,
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "pinball(quantile=0.9)": lambda t, p: sk.mean_pinball_loss(t, p, alpha=0.9),
    "0.5*rmse + 0.5*mae": lambda t, p: (sk.root_mean_squared_error(t, p) + sk.mean_absolute_error(t, p)) / 2,
}


@pytest.mark.parametrize("name", COLUMN_TWINS)
@pytest.mark.parametrize("seed", SEEDS)
def test_columns_of_values(seed, name):
    true, found = values_of(seed)
    each = np.array([COLUMN_TWINS[name](t, p) for t, p in zip(true.T, found.T, strict=True)])
    agree(metrics.get("columnwise", metric=name)(true, found), each.mean())
    agree(metrics.get("columnwise", metric=name, weights=[2, 1, 1])(true, found), each @ [0.5, 0.25, 0.25])
    agree(metrics.get("columnwise", metric=name, by="geometric_mean")(true, found), stats.gmean(each))
    agree(metrics.get("columnwise", metric=name, by="harmonic_mean")(true, found), stats.hmean(each))
    better = metrics.parse(name).greater_is_better
    agree(metrics.get("columnwise", metric=name, by="worst")(true, found), each.min() if better else each.max())
    agree(metrics.get("columnwise", metric=name, by="gap")(true, found), np.ptp(each))


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_of_labels(seed):
    random = np.random.default_rng(seed)
    true = np.column_stack([random.integers(0, size, 80) for size in (168, 11, 7)])
    found = np.where(random.random(true.shape) < 0.6, true, random.integers(0, 7, true.shape))
    classes = [range(168), range(11), range(7)]
    theirs = [
        sk.recall_score(t, p, average="macro", labels=np.unique(t), zero_division=0)
        for t, p in zip(true.T, found.T, strict=True)
    ]
    metric = metrics.get("columnwise", metric="balanced_accuracy", weights=[2, 1, 1])
    assert metric.targets == {"multilabel", "multioutput"}
    agree(metric(true, found, labels=classes), np.dot(theirs, [0.5, 0.25, 0.25]))
    flags = random.integers(0, 2, (80, 3))
    score = flags + random.normal(size=flags.shape)
    agree(metrics.get("columnwise", metric="roc_auc")(flags, score), metrics.roc_auc_columns(flags, score))
    agree(metrics.get("columnwise", metric="f1")(flags, flags[::-1]), metrics.f1_macro(flags, flags[::-1]))


@pytest.mark.parametrize("seed", SEEDS)
def test_types(seed):
    random = np.random.default_rng(seed)
    true, found = values_of(seed, 1)
    true, found, types = true[:, 0], found[:, 0], np.array(list("abcd"))[random.integers(0, 4, 60)]
    truth = metrics.WithColumns(true, {"type": types})
    each = {t: sk.mean_absolute_error(true[types == t], found[types == t]) for t in np.unique(types)}
    agree(metrics.get("by_type", metric="mae")(truth, found), np.mean(list(each.values())))
    logs = metrics.parse("by_type(metric=mae, transform=log, over=type)")
    agree(logs(truth, found), np.mean(np.log(list(each.values()))))
    agree(logs(truth, true), np.log(1e-9))
    agree(logs.bounds[0], np.log(1e-9))
    worth = {"a": 3.0, "b": 0.0, "c": 1.0, "d": 2.5}
    weighed = metrics.WithColumns(true, {"type": types, "worth": [worth[t] for t in types]})
    theirs = np.average(list(each.values()), weights=[worth[t] for t in each])
    agree(metrics.parse("by_type(metric=mae, over=type, weight=worth)")(weighed, found), theirs)
    some = metrics.WithColumns(true, {"type": np.where(types == "a", "", types)})
    agree(metrics.by_type(some, found), np.mean([value for t, value in each.items() if t != "a"]))


@pytest.mark.parametrize("seed", SEEDS)
def test_expressions_give_columns_to_those_who_take_them(seed):
    random = np.random.default_rng(seed)
    true, score = random.integers(0, 2, 100), random.normal(size=100)
    truth = metrics.WithColumns(true, {"type": random.integers(0, 3, 100)})
    mixed = metrics.parse("0.5*roc_auc + 0.5*by_type(metric=roc_auc)")
    plain = metrics.roc_auc(true, score)
    agree(metrics.roc_auc(truth, score), plain)
    agree(mixed(truth, score), (plain + metrics.get("by_type", metric="roc_auc")(truth, score)) / 2)
    assert mixed.takes_columns
    alone = metrics.parse("0.5*roc_auc + 0.5*average_precision")
    assert not alone.takes_columns
    agree(alone(truth, score), alone(true, score))
    labels = (score > 0).astype(int)
    gap = metrics.paired_test(metrics.equalized_odds_gap, truth, labels, 1 - labels, draws=50)
    assert gap.n == 100


def test_parts_without_a_score_are_passed_over():
    truth = metrics.WithColumns([0, 1, 1, 1], {"type": ["a", "a", "b", "b"]})
    assert metrics.parse("by_type(metric=roc_auc)")(truth, [0.1, 0.9, 0.2, 0.3]) == 1.0
    assert np.isnan(metrics.parse("by_type(metric=roc_auc, by=gap)")(truth, [0.1, 0.9, 0.2, 0.3]))
    flags = np.array([[0, 1], [1, 1]])
    assert metrics.parse("columnwise(metric=roc_auc)")(flags, [[0.1, 0.5], [0.2, 0.5]]) == 1.0
    values = np.array([[1.0, 2.0], [2.0, 4.0]])
    metric = metrics.parse("columnwise(metric=pearson, by=geometric_mean)")
    assert np.isnan(metric(values, values * [1.0, -1.0]))
    assert np.isnan(metrics.parse("columnwise(metric=pearson, by=worst)")(values, np.ones((2, 2))))


BIAS = ("subgroup", "bpsn", "bnsp")


@pytest.mark.parametrize("power", [-5, -1, 0, 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_bias_of_identities(seed, power):
    random = np.random.default_rng(seed)
    true = random.integers(0, 2, 200)
    score = np.round(true + random.normal(size=200), 1)
    columns = {name: random.random(200) < 0.3 for name in ("male", "female", "other")}
    kinds = {kind: [] for kind in BIAS}
    for inside in columns.values():
        masks = (inside, np.where(true, ~inside, inside), np.where(true, inside, ~inside))
        for kind, mask in zip(BIAS, masks, strict=True):
            kinds[kind].append(sk.roc_auc_score(true[mask], score[mask]))
    mean = stats.gmean if power == 0 else (lambda areas: np.mean(np.power(areas, float(power))) ** (1 / power))
    theirs = 0.25 * sk.roc_auc_score(true, score) + 0.25 * sum(mean(areas) for areas in kinds.values())
    metric = metrics.get("bias_auc", power=power)
    agree(metric(metrics.WithColumns(true, columns), score), theirs)
    text = {name: np.where(inside, "1", "") for name, inside in columns.items()}
    truth = metrics.WithColumns(true, {**text, "site": ["x"] * 200})
    agree(metrics.get("bias_auc", power=power, over=["male", "female", "other"])(truth, score), theirs)


def rate(mask, found):
    return found[mask].mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_gaps_between_groups(seed):
    random = np.random.default_rng(seed)
    true, found = random.integers(0, 2, 150), random.integers(0, 2, 150)
    group = np.array(["f", "m", "x"])[random.integers(0, 3, 150)]
    truth, names = metrics.WithColumns(true, {"sex": group}), ["f", "m", "x"]
    recall = np.ptp([rate((group == g) & (true == 1), found) for g in names])
    alarm = np.ptp([rate((group == g) & (true == 0), found) for g in names])
    agree(metrics.demographic_parity_gap(truth, found), np.ptp([rate(group == g, found) for g in names]))
    agree(metrics.equal_opportunity_gap(truth, found), recall)
    agree(metrics.equalized_odds_gap(truth, found), max(recall, alarm))
    words = metrics.WithColumns(np.array(["no", "yes"])[true], {"sex": group})
    agree(metrics.get("equal_opportunity_gap", positive="no")(words, np.array(["no", "yes"])[found]), alarm)
    one = metrics.WithColumns(true, {"sex": ["f"] * 150})
    assert np.isnan(metrics.demographic_parity_gap(one, found))


@pytest.mark.parametrize("seed", SEEDS)
def test_threshold_of_the_public_half(seed):
    random = np.random.default_rng(seed)
    true, half = random.integers(0, 2, 120), np.where(random.random(120) < 0.4, "public", "private")
    score = np.round(true + random.normal(size=120), 1)
    public = half == "public"
    best = max(sk.f1_score(true[public], score[public] >= one) for one in score[public])
    threshold = metrics.best_threshold(true[public], score[public])
    agree(sk.f1_score(true[public], score[public] >= threshold), best)
    truth, metric = metrics.WithColumns(true, {"usage": half}), metrics.fbeta_chosen
    agree(metric(truth, score), sk.f1_score(true, score >= threshold))
    evidence = metric.collect(truth, score)
    codes = metrics.Partition(public.astype(int), 2)
    private = sk.f1_score(true[~public], score[~public] >= threshold)
    agree(metric.reduce(evidence, codes), [private, best])
    agree(metric.reduce(evidence.take(~public)), private)
    low, high = metrics.interval(metric, evidence.take(~public), draws=200)
    assert low <= private <= high


@pytest.mark.parametrize("name", ["mae", "rmse", "roc_auc", "f1"])
def test_intervals_and_paired_tests_run(name):
    random = np.random.default_rng(3)
    true = random.integers(0, 2, 300)
    one, other = (np.round(true + spread * random.normal(size=300), 1) for spread in (0.5, 1.5))
    if name == "f1":
        one, other = (one > 0.5).astype(int), (other > 0.5).astype(int)
    truth = metrics.WithColumns(true, {"type": random.integers(0, 5, 300)})
    metric = metrics.get("by_type", metric=name)
    evidence = metric.collect(truth, one, (0, 1))
    low, high = metrics.interval(metric, evidence, draws=200)
    assert low < metric.reduce(evidence) < high
    patients = metrics.interval(metric, evidence, draws=200, cluster=np.arange(300) // 3)
    assert patients[0] < patients[1]
    test = metrics.paired_test(metric, truth, one, other, draws=200, labels=(0, 1))
    assert test.p_value < 0.05
    assert (test.difference > 0) == metric.greater_is_better


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columnwise(metric=nonsense)", "no metric is named nonsense"),
        ("columnwise(metric=spearman, transform=log)", "takes scores from 0 on"),
        ("columnwise(metric=box_ap)", "not in columns"),
        ("columnwise(weights=[1, 0])", "a weight is 0"),
        ("columnwise(weights=[1, x])", "list of numbers"),
        ("columnwise(weights=[-1, 2])", "list of numbers"),
        ("columnwise(by=best)", "is not one of"),
        ("by_type(over=3)", "names no column"),
        ("bias_auc(over=[a, a])", "each once"),
        ("bias_auc(over=[1, 2])", "list of names"),
        ("weighted_auc(cuts=[0.5, 0.2], weights=[1, 1, 1])", "must rise"),
        ("weighted_auc(weights=[1])", "one more than cuts"),
        ("expected_cost(costs=[0, 1, 1])", "no square"),
        ("expected_cost(costs=[1, 1, 1, 0])", "being right must cost 0"),
        ("haversine_quantile(quantiles=[])", "at least one quantile"),
        ("columnwise(weights=[1, 2)", "cannot read the options"),
    ],
)
def test_options_that_do_not_fit_are_refused(text, message):
    with pytest.raises(metrics.MetricError, match=message):
        metrics.parse(text)


GIVEN = metrics.WithColumns([1.0, 2.0], {"type": ["a", "b"], "scale": [1.0, 0.0], "note": ["x", "y"]})


@pytest.mark.parametrize(
    ("text", "truth", "found", "message"),
    [
        ("by_type", [1.0, 2.0], [1.0, 2.0], "must know more of each item"),
        ("by_type", GIVEN, [1.0, 2.0], "say which is meant"),
        ("by_type(over=site)", GIVEN, [1.0, 2.0], "no column site .*type, scale"),
        ("by_type(over=type)", GIVEN, [1.0], "2 items and y_pred has 1"),
        ("by_type(over=type)", metrics.WithColumns([1.0, 2.0], {"type": ["a"]}), [1.0, 2.0], "shape"),
        ("by_type(over=type)", metrics.WithColumns([1.0, 2.0], {"type": ["a", None]}), [1.0, 2.0], "missing"),
        ("by_type(over=type, weight=note)", GIVEN, [1.0, 2.0], "must hold numbers"),
        ("by_type(weight=scale)", GIVEN, [1.0, 2.0], "over=type"),
        ("mase", GIVEN, [1.0, 2.0], "0 or less"),
        ("mase(scale=none)", GIVEN, [1.0, 2.0], "no column None"),
        ("rmsse(over=type, scale=scale)", GIVEN, [1.0, 2.0], "0 or less"),
        ("columnwise(weights=[1, 2])", [[1.0]], [[2.0]], "2 weights for 1 columns"),
        ("columnwise", [[1.0, 2.0]], [[2.0]], "must be the same"),
        ("bias_auc", metrics.WithColumns([0, 1], {"f": ["x", "1"]}), [0.1, 0.2], "only 0 and 1"),
        ("fbeta_chosen", metrics.WithColumns([0, 1], {"usage": ["public", "private"]}), [0.1, 0.2], "no positive"),
        ("expected_cost(costs=[0, 1, 1, 0])", [0, 1, 2], [0, 1, 2], "4 costs for 3 classes"),
        ("haversine", [[91.0, 0.0]], [[0.0, 0.0]], "y_true holds 1 latitudes beyond 90"),
        ("haversine", [[0.0, 0.0]], [[0.0, 361.0]], "y_pred holds 1 longitudes"),
        ("haversine", [[0.0]], [[0.0]], "1 columns"),
        ("kl_divergence", [[0, 0], [1, 1]], [[0.5, 0.5]] * 2, "no row of zeros"),
        ("kl_divergence", [[1, 1]], [[0.5, 0.6]], "do not sum to 1"),
        ("laplace_log_likelihood", [1.0], [[1.0, -1.0]], "negative standard"),
        ("crps_normal", [1.0], [[1.0, 2.0, 3.0]], "give 2"),
        ("crps_cumulative", [1.0], [[0.5, 0.4]], "fall"),
        ("interval_score", [1.0], [[2.0, 1.0]], "lower, upper"),
        ("concordance_index", [1.0, 2.0], [1.0, 2.0], "time and event"),
        ("concordance_index", [[1.0, 2]], [1.0], "must hold 1 for an event"),
        ("concordance_index", [[-1.0, 1]], [1.0], "negative times"),
        ("integrated_brier", [[1.0, 1]], [[0.5]], "give the times as labels"),
        ("log_loss_columns(weights=[1, 2])", [[0, 1, 1]], [[0.1, 0.2, 0.3]], "2 weights for 3"),
    ],
)
def test_truth_that_does_not_fit_is_refused(text, truth, found, message):
    with pytest.raises(metrics.MetricError, match=message):
        metrics.parse(text)(truth, found)


def test_rising_survival_is_refused():
    with pytest.raises(metrics.MetricError, match="rise from one time"):
        metrics.integrated_brier([[1.0, 1]], [[0.5, 0.6]], labels=[1.0, 2.0])
    with pytest.raises(metrics.MetricError, match="one rising time a column"):
        metrics.integrated_brier([[1.0, 1]], [[0.6, 0.5]], labels=[2.0, 1.0])


def test_names_with_lists_and_metrics_inside_parse_back():
    for text in (
        'columnwise(metric="fbeta(beta=2)", weights=[2, 1, 0.5])',
        "bias_auc(over=[male, female, psychiatric_or_mental_illness])",
        'by_type(metric="haversine_quantile(method=linear)", over=phone)',
        "columnwise(metric=mae, by=gap)",
    ):
        metric = metrics.parse(text)
        assert metric.name == text
        assert metrics.parse(metric.name) == metric
    assert metrics.parse("columnwise(metric=mae, by=gap)").bounds == (0.0, np.inf)
    assert metrics.parse("columnwise(metric=r2)").greater_is_better
    assert not metrics.parse("columnwise(metric=r2, by=gap)").greater_is_better
    assert metrics.parse("by_type(metric=roc_auc)").needs == "score"


def test_group_codes_and_marks():
    codes, names = group_codes(np.array(["b", "", "a", "b"]))
    assert codes.tolist() == [1, -1, 0, 1]
    assert names == ("a", "b")
    for column in (["1", "0", ""], ["true", "false", "no"], [1, 0, 0], [True, False, False], [1.0, 0.0, 0.0]):
        assert marks(np.array(column), "f").tolist() == [True, False, False]


@pytest.mark.parametrize("seed", SEEDS)
def test_reliability_beside_scikit_learn(seed):
    from sklearn.calibration import calibration_curve

    random = np.random.default_rng(seed)
    chance = random.random(200)
    true = (random.random(200) < chance).astype(int)
    for ours, theirs in (("width", "uniform"), ("weight", "quantile")):
        curve = metrics.reliability_curve(true, chance, bins=8, equal=ours)
        observed, predicted = calibration_curve(true, chance, n_bins=8, strategy=theirs)
        agree(curve.weight.sum(), 200.0)
        agree(curve.predicted @ curve.weight, chance.sum())
        agree(curve.observed @ curve.weight, float(true.sum()))
        if ours == "width":
            agree(curve.predicted, predicted)
            agree(curve.observed, observed)
        else:
            assert curve.weight.tolist() == [25.0] * 8
