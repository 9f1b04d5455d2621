"""Orders, rows of labels and spans against definitions written out slowly, and against scipy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

import metrics

ORDERS = st.lists(st.integers(0, 20).flatmap(lambda n: st.permutations(range(n))), min_size=1, max_size=6)
LABELS = st.lists(st.integers(0, 4), max_size=9)
SPAN = st.tuples(st.integers(0, 12), st.integers(0, 6)).map(lambda pair: (pair[0], sum(pair)))
SPANS = st.lists(st.tuples(st.lists(SPAN, max_size=4), st.lists(SPAN, max_size=4)), min_size=1, max_size=6)


def slow_inversions(order):
    return sum(one > other for one, other in combinations(order, 2))


@settings(max_examples=150, deadline=None)
@given(ORDERS)
def test_orders_are_as_written_out(orders):
    true = [sorted(order) for order in orders]
    wrong = sum(map(slow_inversions, orders))
    pairs = sum(len(order) * (len(order) - 1) for order in orders)
    expected = 1 - 4 * wrong / pairs if pairs else np.nan
    assert metrics.ordering_tau(true, orders) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    names = [[f"cell {label}" for label in order] for order in orders]
    assert metrics.ordering_tau([sorted(row, key=lambda name: int(name[5:])) for row in names], names) == (
        pytest.approx(expected, abs=1e-12, nan_ok=True)
    )


def test_the_tau_of_each_item_is_that_of_scipy():
    random = np.random.default_rng(0)
    orders = [random.permutation(random.integers(2, 50)) for _ in range(40)]
    expected = np.mean([kendalltau(np.arange(len(order)), order).statistic for order in orders])
    ours = metrics.get("ordering_tau", average="items")([np.arange(len(order)) for order in orders], orders)
    assert ours == pytest.approx(expected, abs=1e-12)


def test_the_true_order_may_be_any():
    assert metrics.ordering_tau([["b", "a", "c"]], [["b", "a", "c"]]) == 1.0
    assert metrics.ordering_tau([["b", "a", "c"]], [["c", "a", "b"]]) == -1.0
    assert metrics.ordering_tau([["b", "a", "c"]], [["a", "b", "c"]]) == pytest.approx(1 / 3)
    assert np.isnan(metrics.ordering_tau([["a"], []], [["a"], []]))


def slow_distance(one, other):
    if not one or not other:
        return max(len(one), len(other))
    head = slow_distance(one[1:], other[1:]) + (one[0] != other[0])
    return min(head, 1 + slow_distance(one[1:], other), 1 + slow_distance(one, other[1:])) if head else 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(LABELS.map(lambda row: row[:5]), LABELS.map(lambda row: row[:5])), min_size=1, max_size=6))
def test_edits_of_labels_are_as_written_out(pairs):
    true, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    distances = [slow_distance(*pair) for pair in pairs]
    assert metrics.sequence_edit_distance(true, predicted) == pytest.approx(np.mean(distances), abs=1e-12)
    labels = sum(map(len, true))
    expected = sum(distances) / labels if labels else np.nan
    assert metrics.sequence_error_rate(true, predicted) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@settings(max_examples=150, deadline=None)
@given(SPANS)
def test_spans_are_the_sets_of_their_places(pairs):
    places = [[{place for span in side for place in range(*span)} for side in pair] for pair in pairs]
    shares = [len(one & other) / len(one | other) if one | other else 1.0 for one, other in places]
    true, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    assert metrics.span_jaccard(true, predicted) == pytest.approx(np.mean(shares), abs=1e-12)
    shared = sum(len(one & other) for one, other in places)
    both = sum(len(one) + len(other) for one, other in places)
    expected = 2 * shared / both if both else np.nan
    assert metrics.span_fbeta(true, predicted) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.ordering_tau([["a", "b"]], [["a"]]), "1 lists of y_pred are longer or shorter"),
        (lambda: metrics.ordering_tau([["a", "b"]], [["a", "c"]]), "1 lists of y_pred lack a label"),
        (lambda: metrics.ordering_tau([["a", "b"]], [["a", "a"]]), "or one twice"),
        (lambda: metrics.ordering_tau([["a", "a"]], [["a", "a"]]), "y_true names a label more than once"),
        (lambda: metrics.span_jaccard([[(0, 1)]], [[(2, 1)]]), "y_pred: 1 spans end before they begin"),
        (lambda: metrics.span_jaccard([[(0, 1)]], [[(-1, 1)]]), "y_pred: spans must lie from 0"),
        (lambda: metrics.span_jaccard([[(0, 1)]], [[(0, 2**40)]]), "y_pred: spans must lie from 0"),
        (lambda: metrics.span_jaccard([[(0, 1)]], [[(0, 1, 2)]]), "y_pred must hold pairs"),
        (lambda: metrics.span_jaccard([[(0, 1)]], [[(0, 1), (0, 1, 2)]]), "no pair"),
        (lambda: metrics.span_jaccard([[(0, 1)]], [[(0, 0.5)]]), "y_pred must hold pairs"),
        (lambda: metrics.Spans([0, 1], [0], [1, 2]), "1 spans begin and 2 end"),
        (lambda: metrics.Spans([0, 1], [0.5], [1]), "whole numbers"),
    ],
)
def test_what_is_no_order_or_span_is_refused(make, message):
    with pytest.raises(metrics.MetricError, match=message):
        make()


def test_true_orders_are_not_told():
    with pytest.raises(metrics.MetricError) as fault:
        metrics.ordering_tau([["secret", "b"]], [["a", "b"]])
    assert "secret" not in str(fault.value)
