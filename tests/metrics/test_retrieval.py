"""Ranked lists and label rankings against definitions written out slowly, and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

import metrics
from metrics import label_ranking, retrieved
from metrics.lists import list_pair

LISTS = st.lists(
    st.tuples(st.lists(st.integers(0, 14), max_size=12, unique=True), st.lists(st.integers(0, 16), max_size=12)),
    min_size=1,
    max_size=8,
)


def slow_scores(true, predicted, k):
    """Every score of one item, label by label; None where nothing is relevant."""
    if not true:
        return None
    ranks, seen = [], set()
    for rank, label in enumerate(predicted, 1):
        if label in true and label not in seen:
            ranks.append(rank)
            seen.add(label)
    within = [rank for rank in ranks if rank <= k]
    total = sum((ranks.index(rank) + 1) / rank for rank in within)
    return {
        f"map_at_k(k={k})": total / min(len(true), k),
        f"map_at_k(k={k}, divide=relevant)": total / len(true),
        f"mrr_at_k(k={k})": 1 / within[0] if within else 0.0,
        f"recall_at_k(k={k})": len(within) / len(true),
        f"precision_at_k(k={k})": len(within) / k,
        f"hit_rate_at_k(k={k})": float(bool(within)),
        "r_precision": sum(rank <= len(true) for rank in ranks) / len(true),
    }


def slow_dcg(gains, k):
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains[:k], 1))


@settings(max_examples=150, deadline=None)
@given(LISTS, st.integers(1, 12), st.booleans())
def test_ranked_lists_are_as_written_out(pairs, k, as_text):
    true, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    if as_text:
        true, predicted = ([[f"label {label}" for label in row] for row in side] for side in (true, predicted))
    rows = [row for row in (slow_scores(*pair, k) for pair in zip(true, predicted, strict=True)) if row]
    ours = metrics.evaluate(slow_scores([1], [], k), true, predicted)
    for name, score in ours.items():
        expected = np.mean(
            [{metrics.parse(key).name: value for key, value in row.items()}[name] for row in rows] or [np.nan]
        )
        assert score == pytest.approx(expected, abs=1e-12, nan_ok=True), name


@settings(max_examples=100, deadline=None)
@given(LISTS, st.integers(1, 12), st.randoms(use_true_random=False))
def test_discounted_gain_is_as_written_out(pairs, k, random):
    true, predicted = ([pair[side] for pair in pairs] for side in (0, 1))
    gains = [[random.choice([0, 0.5, 1, 2, 3]) for _ in row] for row in true]
    record = metrics.Lists.of(true, gains)
    for name, worth in (("linear", lambda gain: gain), ("exponential", lambda gain: 2**gain - 1)):
        expected = []
        for row, gain, found in zip(true, gains, predicted, strict=True):
            known = dict(zip(row, map(worth, gain), strict=True))
            best = slow_dcg(sorted(known.values(), reverse=True), k)
            won = [known.pop(label, 0.0) for label in found]
            expected += [slow_dcg(won, k) / best] if best else []
        ours = metrics.get("ndcg_at_k", k=k, gain=name)(record, predicted)
        assert ours == pytest.approx(np.mean(expected) if expected else np.nan, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_discounted_gain_is_that_of_scikit_learn(k):
    random = np.random.default_rng(k)
    gains = random.integers(0, 4, size=(50, 12)).astype(float)
    gains[:, 0] += gains.sum(axis=1) == 0
    score = random.permuted(np.tile(np.arange(12.0), (50, 1)), axis=1)
    item, label = np.indices(gains.shape).reshape(2, -1)
    true = metrics.Lists.of(np.tile(np.arange(12), (50, 1)), gains)
    found = metrics.Lists.ranked(item, label, score.ravel(), 50)
    ours = metrics.get("ndcg_at_k", k=k)(true, found)
    assert ours == pytest.approx(ndcg_score(gains, score, k=k), abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(LISTS)
def test_both_ways_of_matching_find_the_same(pairs):
    true, predicted, _ = list_pair([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    every = np.ones(len(pairs), dtype=bool)
    short = true.length <= retrieved.FEW
    one = retrieved._compared(true, predicted) if len(true.value) else ([], [])
    other = retrieved._searched(true, predicted, every) if len(true.value) else ([], [])
    kept = short[predicted.row[other[0]]] if len(other[0]) else []
    np.testing.assert_array_equal(one[0], np.asarray(other[0])[kept])
    np.testing.assert_array_equal(one[1], np.asarray(other[1])[kept])


@settings(max_examples=80, deadline=None)
@given(LISTS, st.floats(0, 4))
def test_sets_of_labels_score_as_their_matrix(pairs, beta):
    true, predicted = np.zeros((2, len(pairs), 17), dtype=int)
    for row, (one, other) in enumerate(pairs):
        true[row, one] = 1
        predicted[row, other] = 1
    lists = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for average, matrix in (("items", "fbeta_samples"), ("pooled", "fbeta_micro")):
        ours = metrics.get("list_fbeta", beta=beta, average=average)(*lists)
        assert ours == pytest.approx(metrics.get(matrix, beta=beta)(true, predicted), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("labels", [1, 5, 30])
@pytest.mark.parametrize("share", [0.02, 0.2, 0.7])
@pytest.mark.parametrize("digits", [1, 6])
def test_label_rankings_are_those_of_scikit_learn(labels, share, digits):
    random = np.random.default_rng(labels)
    true = (random.random((400, labels)) < share).astype(int)
    true[0] = 1
    score = np.round(random.random((400, labels)) + 0.3 * true, digits)
    some = true.any(axis=1)
    theirs = label_ranking_average_precision_score(true[some], score[some])
    assert metrics.lrap(true, score) == pytest.approx(theirs, abs=1e-12)
    weight = true[some].sum(axis=1)
    theirs = label_ranking_average_precision_score(true[some], score[some], sample_weight=weight)
    assert metrics.lwlrap(true, score) == pytest.approx(theirs, abs=1e-12)
    assert metrics.lrap(true[some], score[some], weight) == pytest.approx(theirs, abs=1e-12)


def test_both_ways_of_ranking_labels_agree():
    random = np.random.default_rng(0)
    true, score = random.random((300, 9)) < 0.3, np.round(random.random((300, 9)), 1)
    one = label_ranking._by_comparing(score, true, int(true.sum(axis=1).max()))
    np.testing.assert_allclose(one, label_ranking._by_sorting(score, true), rtol=1e-12)


@settings(max_examples=80, deadline=None)
@given(LISTS)
def test_text_is_matched_alike_in_lists_and_in_records(pairs):
    true, predicted = ([[f"label {label}" for label in pair[side]] for pair in pairs] for side in (0, 1))
    names = ("map_at_k", "recall_at_k(k=3)", "r_precision")
    records = metrics.evaluate(names, metrics.Lists.of(true), metrics.Lists.of(predicted))
    for sides in ((true, predicted), (tuple(true), predicted), (metrics.Lists.of(true), predicted)):
        np.testing.assert_equal(metrics.evaluate(names, *sides), records)


def test_a_label_that_is_listed_again_is_no_hit_and_takes_its_rank():
    true = [["ant", "bee"]]
    assert metrics.map_at_k(true, [["ant", "ant", "bee"]]) == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.recall_at_k(true, [["ant", "ant"]]) == 0.5
    assert metrics.get("precision_at_k", k=2)(true, [["ant", "ant"]]) == 0.5
    assert metrics.get("map_at_k", k=2)(true, [["ant", "ant", "bee"]]) == 0.5


def test_what_is_not_listed_stays_in_the_mean_and_what_cannot_be_found_does_not():
    assert metrics.map_at_k([["ant"], ["bee"]], [["ant"], []]) == 0.5
    assert metrics.map_at_k([["ant"], []], [["ant"], ["bee"]]) == 1.0
    assert np.isnan(metrics.map_at_k([[], []], [["ant"], []]))


def test_labels_are_the_same_in_every_form():
    true, predicted = [[3], [7, 5]], [[3, 4], [5]]
    score = metrics.map_at_k(true, predicted)
    spelt = metrics.Lists([0, 1, 3], [1, 0, 2], labels=(7, 3, 5))
    for one in (true, [3, [7, 5]], [(3,), (7, 5)], [{3}, {5, 7}], [np.array([3]), np.array([7, 5])], spelt):
        assert metrics.map_at_k(one, predicted) == score
        assert metrics.map_at_k(one, metrics.Lists.of(predicted)) == score
    big = [[3 - 2**60], [7 - 2**60, 5 - 2**60]]
    assert metrics.map_at_k(big, [[3 - 2**60, 4], [5 - 2**60]]) == score
    assert metrics.mrr_at_k(np.array([[1, 2], [3, 4]]), np.array([[2], [5]])) == 0.5
    assert metrics.mrr_at_k(np.array(["ant", "bee"]), [["ant"], ["cow", "bee"]]) == 0.75
    own = metrics.Lists([0, 2], [0, 1], labels=("bee", "ant"))
    assert metrics.mrr_at_k(metrics.Lists([0, 1], [0], labels=("ant",)), own) == 0.5


def test_scores_become_lists_by_a_rule_and_not_by_the_order_of_the_file():
    item, label, score = [1, 0, 0, 0, 1], ["ant", "cow", "bee", "ant", "bee"], [0.1, 0.5, 0.5, 0.9, 0.2]
    expected = ["ant", "bee", "cow", "bee", "ant"]
    for order in ([0, 1, 2, 3, 4], [4, 2, 3, 1, 0]):
        columns = [[column[place] for place in order] for column in (item, label, score)]
        lists = metrics.Lists.ranked(*columns, 3)
        assert [lists.labels[code] for code in lists.code] == expected
        assert lists.start.tolist() == [0, 3, 5, 5]
    assert metrics.Lists.ranked([], [], [], 2).start.tolist() == [0, 0, 0]
    assert metrics.Lists.ranked([0, 0], [9, 2], [0.5, 0.5], 1).code.tolist() == [2, 9]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: metrics.map_at_k([["ant", "ant"]], [["ant"]]),
            "y_true names a label more than once in 1 of its lists",
        ),
        (lambda: metrics.map_at_k([["ant"]], [[1]]), "mix text and numbers"),
        (lambda: metrics.map_at_k([["ant"]], [["ant", 1]]), "y_pred mixes text and numbers"),
        (lambda: metrics.map_at_k([[2**70]], [[1]]), "63 bits"),
        (lambda: metrics.map_at_k([[1]], metrics.Lists.of([[1]], [[1]])), "y_pred has gains"),
        (lambda: metrics.map_at_k(np.ma.array([[1], [2]], mask=[[0], [1]]), [[1], [2]]), "masked"),
        (lambda: metrics.Lists.of([[1, 2]], [[1]]), "one number for each label"),
        (lambda: metrics.Lists.of([[1]], [[-1]]), "negative, NaN or infinite"),
        (lambda: metrics.Lists.of([[1]], [[np.nan]]), "negative, NaN or infinite"),
        (lambda: metrics.Lists([0, 1], [0.5]), "whole numbers"),
        (lambda: metrics.Lists([0, 2], [0]), "ascend from 0"),
        (lambda: metrics.Lists([0, 2, 1], [0]), "ascend from 0"),
        (lambda: metrics.Lists([], []), "one a row and one more"),
        (lambda: metrics.Lists([0, 1], [2], labels=("ant",)), "outside 0 to 0"),
        (lambda: metrics.Lists([0, 1], [0], gain=[1, 2]), "gain has shape"),
        (lambda: metrics.Lists.ranked([0, 2], [1, 2], [0.1, 0.2], 2), "from 0 to 1"),
        (lambda: metrics.Lists.ranked([0], [1, 2], [0.1, 0.2], 2), "equally long"),
        (lambda: metrics.Lists.ranked([0], [1], [np.inf], 1), "NaN or infinite"),
        (lambda: metrics.get("ndcg_at_k", gain="exponential")(metrics.Lists.of([[1]], [[2000]]), [[1]]), "exponential"),
        (lambda: metrics.get("map_at_k", k=0), "between 1 and"),
        (lambda: metrics.lrap([0, 1], [0.5, 0.5]), "equal matrices"),
        (lambda: metrics.lrap([[0, 1]], [[0.5, 0.5, 0.5]]), "equal matrices"),
    ],
)
def test_what_cannot_be_ranked_is_refused(make, message):
    with pytest.raises(metrics.MetricError, match=message):
        make()


def test_true_labels_are_not_told():
    with pytest.raises(metrics.MetricError) as fault:
        metrics.map_at_k([["secret", "secret"]], [["ant"]])
    assert "secret" not in str(fault.value)
