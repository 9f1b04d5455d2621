"""Expressions over metrics: how they are read, and that they are metrics like any other."""

from __future__ import annotations

import contextlib
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metrics
from metrics.expression_tree import Name, Number, Operation, expression_text, read_expression
from metrics.expressions import named_in, pulls_both_ways
from metrics.weighting import Draws, LeaveOut, Partition

CLOSE = {"rtol": 1e-12, "atol": 1e-12, "equal_nan": True}


@pytest.mark.parametrize(
    ("text", "name", "bounds", "better"),
    [
        ("(0.4*dice)+.6 * ( 1-iou )", None, None, None),
        ("0.4*dice + 0.6*(1 - hausdorff)", "0.4*dice + 0.6*(1 - hausdorff)", (-np.inf, 1.0), True),
        ("-mae", "-1*mae", (-np.inf, 0.0), True),
        ("2*accuracy/(1 + hamming_loss)", "2*accuracy/(1 + hamming_loss)", (0.0, 2.0), True),
        ("1/(1+log_loss)", "1/(1 + log_loss)", (0.0, 1.0), True),
        ("hamming_loss*-0.5", "hamming_loss*(-0.5)", (-0.5, 0.0), True),
        ("mae + rmse - 1e-3", "mae + rmse - 0.001", (-0.001, np.inf), False),
        ("fbeta ( beta=2.0 ) / 2", "fbeta(beta=2)/2", (0.0, 0.5), True),
        ('f1(positive="a)") - -1', 'f1(positive="a)") - (-1)', (1.0, 2.0), True),
        ("1 - (0.5 - accuracy) - 1", "1 - (0.5 - accuracy) - 1", (-0.5, 0.5), True),
    ],
)
def test_expressions_are_read(text, name, bounds, better):
    if name is None:
        with pytest.raises(metrics.MetricError, match="direction"):
            metrics.parse(text)
        return
    metric = metrics.parse(text)
    assert (metric.name, metric.bounds, metric.greater_is_better) == (name, pytest.approx(bounds), better)
    assert metrics.parse(metric.name) == metric
    assert hash(metrics.parse(metric.name)) == hash(metric)
    assert pickle.loads(pickle.dumps(metric)) == metric
    assert metric.pitfalls.startswith("Parts of different units")
    assert set(metric.parts) == {metrics.parse(part) for part in named_in(metric.name)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dcie + 1", "no metric is named dcie; did you mean dice"),
        ("fbeta(beat=2)/2", "did you mean beta"),
        ("1 + 2", "names no metric"),
        ("accuracy &", "'&' at character 10 was not expected"),
        ("(accuracy", "its end was not expected"),
        ("accuracy + fbeta(beta=2", "parenthesis after fbeta is not closed"),
        ("accuracy f1", "'f' at character 10"),
        ("accuracy + * f1", r"'\*' at character 12"),
        ("2accuracy", "'2' at character 1"),
        ("accuracy**2", r"'\*' at character 10"),
        ("0.4*dice + 0.6*hausdorff", "dice is better when the value is higher, hausdorff is better when .* lower"),
        ("accuracy - accuracy", "direction .* is not clear"),
        ("1/(1 - accuracy) - accuracy", "direction .* is not clear"),
        ("matthews_corrcoef*cohen_kappa", "direction .* is not clear"),
        ("box_ap + accuracy", "no truth fits all parts"),
        ("(" * 150 + "f1" + ")" * 150, "at most 200"),
        ("__import__('os').system('true') + 1", "parenthesis|no metric|not expected"),
    ],
)
def test_faults_are_told_with_their_place(text, message):
    with pytest.raises(metrics.MetricError, match=message):
        metrics.parse(text)


def test_a_metric_in_parentheses_is_itself():
    assert metrics.parse(" (accuracy) ") is metrics.parse("accuracy")


def test_a_direction_is_declared_where_it_is_not_clear():
    metric = metrics.parse("0.4*dice + 0.6*hausdorff", greater_is_better=False)
    assert not metric.greater_is_better
    assert pulls_both_ways(metric)
    assert not pulls_both_ways(metrics.parse("0.4*dice + 0.6*(1 - hausdorff)"))
    assert not pulls_both_ways(metrics.parse("dice"))
    assert pickle.loads(pickle.dumps(metric)) == metric
    for text in ("0.5*f1 + 0.5*accuracy", "accuracy"):
        with pytest.raises(metrics.MetricError, match="is better higher"):
            metrics.parse(text, greater_is_better=False)


LEAVES = st.one_of(st.just(Name("f1")), st.just(Name("mae")), st.integers(0, 9).map(lambda one: Number(float(one))))
TREES = st.recursive(LEAVES, lambda side: st.builds(Operation, st.sampled_from("+-*/"), side, side), max_leaves=12)


@given(TREES)
def test_text_parses_back_to_the_same_tree(tree):
    assert read_expression(expression_text(tree)) == tree


@given(TREES)
def test_bounds_hold_and_value_is_pythons(tree):
    from metrics.expressions import _bounds, _value

    low, high = _bounds(tree, {"f1": metrics.parse("f1"), "mae": metrics.parse("mae")})
    for f1, mae in ((0.0, 0.0), (0.3, 7.5), (1.0, 0.25)):
        ours = _value(tree, {"f1": np.array([f1]), "mae": np.array([mae])})
        try:
            told = eval(expression_text(tree), {"f1": f1, "mae": mae})
        except ZeroDivisionError:
            told = np.nan
        np.testing.assert_allclose(ours, told, rtol=1e-9, atol=1e-9)
        assert np.isnan(told) or low - 1e-9 * abs(told) <= told <= high + 1e-9 * abs(told)


@given(st.text(alphabet="f1mae+-*/()., \"'=0_é\n", max_size=30))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(metrics.MetricError):
        assert metrics.parse(text).name


EXPRESSIONS = {
    "one evidence": "0.5*accuracy + 0.5*f1_macro",
    "two evidences": "0.3*roc_auc + 0.7/(1 + log_loss)",
    "two needs": "0.5*f1 + 0.5*roc_auc",
    "values": "mae/2 + (1 - spearman)",
}


def case(kind, n=60, seed=0):
    random = np.random.default_rng(seed)
    if kind == "values":
        true = random.normal(size=n)
        return true, true + random.normal(size=n)
    true, chance = random.integers(0, 2, n), random.random(n)
    label = (chance > 0.5).astype(int)
    return true, {"one evidence": label, "two evidences": chance}.get(kind, {"label": label, "score": chance})


def parts_of(prediction, part):
    return prediction[part.needs] if isinstance(prediction, dict) else prediction


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_an_expression_is_its_parts_under_every_weighting(kind):
    metric = metrics.parse(EXPRESSIONS[kind])
    true, predicted = case(kind)
    random = np.random.default_rng(5)
    group, weight = random.integers(-1, 3, 60), random.random(60)
    for weighting in (
        None, weight, random.random((4, 60)), Partition(group, 3), Partition(group, 3, weight),
        LeaveOut(np.abs(group), 3), Draws(20, 3, np.arange(60) // 2), Draws(20, 3, np.arange(60)),
    ):  # fmt: skip
        whole = metric.reduce(metric.collect(true, predicted), weighting)
        each = {
            part.name: part.reduce(part.collect(true, parts_of(predicted, part)), weighting) for part in metric.parts
        }
        told = eval(metric.name, dict(each))
        np.testing.assert_allclose(whole, told, **CLOSE)
        assert isinstance(whole, float) == (weighting is None or getattr(weighting, "ndim", 0) == 1)


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_taken_and_coarse_evidence_and_laws_of_weights(kind):
    metric = metrics.parse(EXPRESSIONS[kind])
    true, predicted = case(kind)
    evidence, random = metric.collect(true, predicted), np.random.default_rng(6)
    copies = random.integers(0, 3, 60)
    index = np.repeat(np.arange(60), copies)
    assert evidence.take(index).n == len(index)
    np.testing.assert_allclose(metric.reduce(evidence.take(index)), metric.reduce(evidence, copies), **CLOSE)
    assert metric.reduce(evidence.coarse()) == pytest.approx(metric.reduce(evidence), abs=0.2)
    assert np.isnan(metric.reduce(evidence, np.zeros(60)))
    scores = metrics.by_group(metric, true, predicted, random.integers(0, 3, 60)).values
    assert len(scores) == 3


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_intervals_come_from_draws_that_the_parts_share(kind):
    metric = metrics.parse(EXPRESSIONS[kind])
    true, predicted = case(kind, n=300)
    evidence = metric.collect(true, predicted)
    low, high = metrics.interval(metric, evidence, draws=300)
    assert low < metric.reduce(evidence) < high
    if not isinstance(predicted, dict):
        test = metrics.paired_test(metric, true, predicted, predicted, draws=50)
        assert (test.difference, test.p_value) == (0.0, 1.0)


def test_shared_draws_cancel_what_cancels():
    true, predicted = case("values")
    metric = metrics.parse("rmse - mae + 0*spearman + mae", greater_is_better=False)
    alone, evidence = metrics.parse("rmse"), metric.collect(true, predicted)
    ours = metric.reduce(evidence, Draws(40, 1))
    clusters = Draws(40, 1, np.arange(60))
    np.testing.assert_allclose(ours, alone.reduce(alone.collect(true, predicted), clusters), rtol=1e-9)


def test_large_evidence_is_drawn_in_blocks():
    random = np.random.default_rng(0)
    true = random.normal(size=120_000)
    metric = metrics.parse("0.5*mae + 0.5*(1 - spearman)")
    evidence = metric.collect(true, true + random.normal(size=120_000))
    low, high = metrics.interval(metric, evidence, draws=50)
    assert low < metric.reduce(evidence) < high
    assert high - low < 0.05


def test_a_combination_in_large_evidence_has_an_interval():
    random = np.random.default_rng(0)
    true, group = random.integers(0, 2, 250_000), random.integers(0, 3, 250_000)
    score = np.clip(0.2 * true + 0.8 * random.random(250_000) + 0.05 * group * true, 0, 1)
    inner = metrics.parse("roc_auc")
    whole = metrics.parse(
        "0.5*roc_auc + 0.5*worst",
        lookup=lambda name: metrics.combination(name, inner, "site", "minimum") if name == "worst" else inner,
    )
    evidence = inner.collect(true, score)
    beside = whole.collector.of([evidence, whole.parts[1].collector.of(evidence, group)])
    low, high = metrics.interval(whole, beside, draws=50)
    assert low < whole.reduce(beside) < high < low + 0.01


def test_parts_that_need_different_predictions_ask_for_them():
    metric = metrics.parse("0.5*f1 + 0.5*roc_auc")
    assert metric.needed == {"label", "score"}
    with pytest.raises(metrics.MetricError, match="a mapping with the keys label, score"):
        metric([0, 1], [0.2, 0.9])
    assert metric([0, 1], {"label": [0, 1], "score": [0.2, 0.9]}) == 1.0


def test_evaluate_takes_expressions_beside_metrics():
    true, predicted = case("one evidence")
    scores = metrics.evaluate(["accuracy", "f1_macro", EXPRESSIONS["one evidence"]], true, predicted)
    assert scores[EXPRESSIONS["one evidence"]] == pytest.approx((scores["accuracy"] + scores["f1_macro"]) / 2)


@pytest.mark.parametrize("by", ["mean", "minimum", "harmonic_mean", "worst"])
def test_a_combination_is_a_part_like_any_other(by):
    true, predicted = case("one evidence", n=80)
    random = np.random.default_rng(9)
    group, weight = random.integers(-1, 3, 80), random.random(80)
    inner = metrics.parse("accuracy")
    part = metrics.combination("fair", inner, "site", by)
    with pytest.raises(metrics.MetricError, match="over site needs the subgroup"):
        part.collect(true, predicted)
    evidence = part.collector.of(inner.collect(true, predicted), group)

    def by_hand(weights):
        present = [code for code in range(3) if weights[group == code].sum() > 0]
        each = [inner(true[group == code], predicted[group == code], weights[group == code]) for code in present]
        return metrics.combine(each, by, greater_is_better=True) if each else np.nan

    half = random.integers(0, 2, 80)
    np.testing.assert_allclose(part.reduce(evidence), by_hand(np.ones(80)), **CLOSE)
    np.testing.assert_allclose(part.reduce(evidence, weight), by_hand(weight), **CLOSE)
    told = [by_hand(weight * (half == code)) for code in range(2)]
    np.testing.assert_allclose(part.reduce(evidence, Partition(half, 2, weight)), told, **CLOSE)
    np.testing.assert_allclose(part.reduce(evidence, LeaveOut(half, 2, weight)), told[::-1], **CLOSE)
    draws = Draws(15, 2, np.arange(80) // 2)
    dense = np.concatenate([draws.spread(batch) for batch in draws.batches(80, 80)])
    np.testing.assert_allclose(part.reduce(evidence, draws), [by_hand(row) for row in dense], **CLOSE)
    weighed = Draws(15, 2, np.arange(80) // 2, sample_weight=weight)
    np.testing.assert_allclose(part.reduce(evidence, weighed), [by_hand(row * weight) for row in dense], **CLOSE)
    copies = Draws(15, 2, copies=random.integers(1, 4, 80))
    rows = np.concatenate([copies.spread(batch) for batch in copies.batches(80, 80)])
    np.testing.assert_allclose(part.reduce(evidence, copies), [by_hand(row) for row in rows], **CLOSE)
    only = np.where(group == 1, 1.0, 0.0)
    np.testing.assert_allclose(part.reduce(evidence, only), inner(true, predicted, only), **CLOSE)
    np.testing.assert_allclose(part.reduce(evidence.take(half == 1)), by_hand(half.astype(float)), **CLOSE)
