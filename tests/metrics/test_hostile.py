"""What cannot be scored is refused with a message; nothing is scored silently, warned about or crashed on."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import metrics
from metrics.vocabulary import FLAT
from tests.metrics.special_cases import BESIDE, SHAPED

NAMES = [name for name in metrics.names() if metrics.get(name).needs in FLAT]
NOT_NEGATIVE = ("csi", "rmsle")
NAN, INF = float("nan"), float("inf")


def refused(message, metric, *arguments, **options):
    with pytest.raises(metrics.MetricError, match=message):
        metrics.parse(metric)(*arguments, **options)


@pytest.mark.parametrize("name", NAMES)
def test_no_metric_takes_what_is_empty_or_unequal(name):
    refused("empty", name, [], [])
    refused("empty", name, np.zeros((0, 2)), np.zeros((0, 2)))
    refused("y_true has 2 items and y_pred has 3", name, [0, 1], [0, 1, 1])
    refused("single", name, 1, 1)
    refused("different lengths", name, [[0, 1], [1]], [[0, 1], [1]])
    refused("3 dimensions", name, np.zeros((2, 2, 2)), np.zeros((2, 2, 2)))
    refused("masked", name, np.ma.array([0, 1], mask=[0, 1]), [0, 1])


@pytest.mark.parametrize("bad", [NAN, INF, -INF, None, "0.5", 1j, np.datetime64("2020-01-01")])
@pytest.mark.parametrize("name", [n for n in NAMES if metrics.get(n).needs != "label"])
def test_no_metric_takes_what_is_no_number(name, bad, case_of):
    case = case_of(name, min(metrics.get(name).targets), 2, 20)
    prediction = case.y_pred.astype(object)
    prediction[(3, *[0] * (prediction.ndim - 1))] = bad
    refused("y_pred (holds|must hold)", name, case.y_true, prediction, None, case.labels)
    if isinstance(bad, float):
        refused("y_pred holds", name, case.y_true, prediction.astype(float), None, case.labels)


@pytest.mark.parametrize("bad", [NAN, INF, None, 0.5, 1j, [1], np.datetime64("2020-01-01"), b"cat"])
@pytest.mark.parametrize("name", [n for n in NAMES if metrics.get(n).needs == "label" and n not in BESIDE])
def test_no_metric_takes_what_is_no_label(name, bad, case_of):
    case = case_of(name, min(metrics.get(name).targets), 2, 20)
    prediction = np.empty(case.y_pred.shape, dtype=object)
    prediction[...] = case.y_pred
    prediction[(3, *[0] * (prediction.ndim - 1))] = bad
    refused("y_pred (holds|must hold)", name, case.y_true, prediction, None, case.labels)
    refused("y_true (holds|must hold)", name, prediction, case.y_true, None, case.labels)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, -1, 1], "negative"),
        ([1, NAN, 1], "negative, NaN"),
        ([1, INF, 1], "infinite"),
        ([1, 1], "need"),
        ([[1, 1, 1]], "need"),
        (["a", "b", "c"], "must hold numbers"),
    ],
)
def test_bad_weights_are_refused(weight, message):
    refused(message, "accuracy", [0, 1, 1], [0, 1, 0], weight)
    evidence = metrics.accuracy.collect([0, 1, 1], [0, 1, 0])
    if np.ndim(weight) == 1:
        with pytest.raises(metrics.MetricError, match=message):
            metrics.accuracy.reduce(evidence, np.array([weight, weight]))


@pytest.mark.parametrize(
    ("weighting", "message"),
    [
        (lambda: metrics.Partition(np.array([0, 2, 0]), 2), "outside"),
        (lambda: metrics.Partition(np.array([0, -2, 0]), 2), "outside"),
        (lambda: metrics.Partition(np.array([0.0, 1.0, 0.0]), 2), "whole numbers"),
        (lambda: metrics.Partition(np.array([0, 1]), 2), "2 entries for 3 items"),
        (lambda: metrics.Draws(5, cluster=np.array([0, 2, 0])), "skips"),
        (lambda: metrics.Draws(5, cluster=np.array([0, -1, 0])), "outside"),
        (lambda: metrics.Draws(5, cluster=np.array([0, 1])), "2 entries"),
        (lambda: metrics.Draws(5, copies=np.array([1, 1])), "2 entries"),
        (lambda: metrics.Draws(0), "at least 1"),
        (lambda: metrics.Draws(5, cluster=np.array([0, 0, 1]), copies=np.array([1, 1, 1])), "not of both"),
    ],
)
def test_bad_weightings_are_refused(weighting, message):
    evidence = metrics.accuracy.collect([0, 1, 1], [0, 1, 0])
    with pytest.raises(metrics.MetricError, match=message):
        metrics.accuracy.reduce(evidence, weighting())


def test_labels_that_do_not_fit_are_refused_and_truth_is_not_told():
    refused("y_pred holds 1 values .* 2 labels: emu", "accuracy", ["cat", "dog"], ["cat", "emu"], labels=["cat", "dog"])
    with pytest.raises(metrics.MetricError) as fault:
        metrics.accuracy(["cat", "secret"], ["cat", "cat"], labels=["cat", "dog"])
    assert "secret" not in str(fault.value)
    refused("mix text and numbers", "accuracy", [0, 1], ["0", "1"])
    refused("mixes text and numbers", "accuracy", np.array([0, "1"], dtype=object), [0, 1])
    refused("each class once", "accuracy", [0, 1], [0, 1], labels=[0, 0, 1])
    refused("at least one class", "accuracy", [0, 1], [0, 1], labels=[])
    refused("only one class", "f1", ["cat", "cat"], ["cat", "cat"])
    refused("not one of the labels", "f1(positive=cow)", ["cat", "dog"], ["cat", "cat"])
    refused("multilabel needs the same", "accuracy", [0, 1], [[0, 1], [1, 0]])
    refused("must hold only 0 and 1", "f1_macro", [[0, 2]], [[0, 1]])


def test_labels_that_look_alike_are_not_mixed_up():
    assert metrics.accuracy([True, False], [1, 0]) == 1.0
    assert metrics.accuracy([1.0, 0.0], [1, 0]) == 1.0
    assert metrics.accuracy(["1", "1.0"], ["1", "1"]) == 0.5
    assert metrics.accuracy(["a", "a "], ["a", "a"]) == 0.5
    assert metrics.accuracy(["é", "e\u0301"], ["é", "é"]) == 0.5
    big = 2**53
    assert metrics.accuracy([big, big + 1], [big, big]) == 0.5
    assert metrics.accuracy(np.array([2**64 - 1, 2**64 - 2], dtype=np.uint64), [2**64 - 1, 2**64 - 1]) == 0.5
    assert metrics.accuracy([10**30, 1], [10**30, 1]) == 1.0
    refused("must hold labels|fractions", "accuracy", [1e300, 1.0], [1e300, 1.0])


def test_targets_that_a_metric_does_not_take_are_refused():
    refused("f1 takes binary truth, not multiclass", "f1", [0, 1, 2], [0, 1, 2])
    refused("takes multiclass truth, not binary", "roc_auc_ovr", [0, 1], [[0.1, 0.9], [0.2, 0.8]])
    refused("balanced_accuracy takes .* not multilabel", "balanced_accuracy", [[0, 1]], [[0, 1]])
    refused("need a 0/1 matrix", "f1_samples", [0, 1], [0, 1])


def test_columns_that_do_not_fit_the_classes_are_refused():
    refused("2 columns for 3 classes", "log_loss", [0, 1, 2], [[0.5, 0.5]] * 3)
    refused("fits two classes, and there are 3", "log_loss", [0, 1, 2], [0.5, 0.5, 0.5])
    refused("fits two classes, and there are 1", "log_loss", ["a", "a"], [0.5, 0.5])
    refused("one column", "top_k_accuracy", [0, 1], [0.5, 0.5])
    refused("one column", "top_k_accuracy", [0, 1], [[0.5], [0.5]])
    refused("multilabel needs the same", "roc_auc_columns", [[0, 1], [1, 0]], [[0.1], [0.2]])
    refused("must be the same", "mae", [[1.0, 2.0]], [[1.0]])
    refused("must be the same", "mae", [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0])
    assert metrics.mae([[1.0], [2.0]], [1.0, 3.0]) == 0.5


@pytest.mark.parametrize("name", ["log_loss", "brier", "ece"])
def test_staking_more_than_everything_is_refused(name):
    true = [0, 1, 2, 1]
    refused("do not sum to 1", name, true, np.ones((4, 3)))
    refused("do not sum to 1", name, true, np.zeros((4, 3)))
    refused("outside", name, true, 100 * np.eye(3)[true])
    refused("outside", name, [0, 1], [-1e-9, 0.5])
    refused("row 2 sums to 0.9", name, true, [[1, 0, 0], [0, 1, 0], [0.3, 0.3, 0.3], [0, 1, 0]])
    fair = np.full((4, 3), 1 / 3)
    metric = metrics.get(name)
    assert metric(true, fair * 1.0009) == pytest.approx(metric(true, fair), abs=1e-12)
    assert metric(true, np.round(fair, 4)) == pytest.approx(metric(true, fair), abs=1e-12)


def test_constant_scores_are_chance():
    assert metrics.roc_auc([0, 1, 0, 1], [0.5] * 4) == 0.5
    assert metrics.average_precision([0, 1, 0, 1], [0.5] * 4) == 0.5
    assert metrics.recall_at_specificity([0, 1, 0, 1], [0.5] * 4) == 0.0
    assert metrics.sensitivity_at_precision([0, 1, 0, 1], [0.5] * 4) == 0.0
    assert metrics.top_k_accuracy([0, 1, 2], np.full((3, 3), 1 / 3)) == 0.0


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1.0, 1e200, 1.7e308])
@pytest.mark.parametrize("name", [n for n in NAMES if metrics.get(n).needs == "value" and n not in BESIDE + SHAPED])
def test_values_of_any_size_are_scored_without_a_warning(name, size):
    true, predicted = np.array([0.1, 0.5, 1.0, 0.3]) * size, np.array([0.2, 0.4, 0.9, 0.3]) * size
    metric = metrics.get(name)
    score = metric(true, predicted)
    low, high = metric.bounds
    assert low <= score <= high
    if name in ("r2", "pearson", "spearman") and size > 1e-310:
        assert score == pytest.approx(metric(true / size, predicted / size), abs=1e-9)
    mixed = metric(true[:3] if name in NOT_NEGATIVE else np.array([-1.0, 1.0, 0.5]) * size, [0.0, 1.0, 2.0])
    assert np.isnan(mixed) or low <= mixed <= high


@pytest.mark.parametrize("name", [n for n in NAMES if metrics.get(n).needs == "value"])
def test_constant_values_have_no_spread(name):
    for value in (0.1, 1e8 + 0.1, -3.3):
        if name in ("r2", "pearson", "spearman"):
            assert np.isnan(metrics.get(name)([value] * 7, np.arange(7.0)))
            spoiled = np.full(8, value)
            spoiled[0] = value + 1
            weight = np.array([0.0, 1, 0.3, 0.2, 0.7, 1, 1, 1])
            assert np.isnan(metrics.get(name)(spoiled, np.arange(8.0), weight))


anything = st.one_of(
    arrays.arrays(
        st.one_of(
            arrays.boolean_dtypes(),
            arrays.integer_dtypes(endianness="="),
            arrays.floating_dtypes(endianness="="),
            arrays.unicode_string_dtypes(endianness="=", max_len=3),
            arrays.byte_string_dtypes(max_len=3),
            arrays.datetime64_dtypes(endianness="="),
        ),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
    ),
    st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=2)), max_size=5),
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(NAMES), anything, anything)
def test_anything_is_scored_or_refused(name, y_true, y_pred):
    metric = metrics.get(name)
    with contextlib.suppress(metrics.MetricError):
        score = metric(y_true, y_pred)
        low, high = metric.bounds
        assert np.isnan(score) or low <= score <= high


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_any_fitting_numbers_are_scored_within_bounds(name, data):
    metric = metrics.get(name)
    n = data.draw(st.integers(1, 6))
    shape = (n, 2) if metric.targets <= {"multilabel"} else (n,)
    binary = arrays.arrays(np.int64, shape, elements=st.integers(0, 1))
    finite = arrays.arrays(np.float64, shape, elements=st.floats(allow_nan=False, allow_infinity=False))
    chance = arrays.arrays(np.float64, shape, elements=st.floats(0, 1))
    y_true = data.draw(finite if metric.needs == "value" else binary)
    y_pred = data.draw({"label": binary, "probability": chance, "score": finite, "value": finite}[metric.needs])
    weight = data.draw(arrays.arrays(np.float64, n, elements=st.floats(0, 1e6)))
    try:
        score = metric(y_true, y_pred, weight)
    except metrics.MetricError:
        return
    low, high = metric.bounds
    assert np.isnan(score) or low - 1e-9 <= score <= high + 1e-9
