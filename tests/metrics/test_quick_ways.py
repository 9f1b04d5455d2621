"""Ways that Python's own lists take in one pass: the same scores, and the same refusals, as the long way round."""

from __future__ import annotations

import sys
from collections import Counter, UserString

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics
from metrics import lists, proving, texts, words
from metrics.inputs import CHUNK

SPACES = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]
WORD = st.sampled_from(
    ["a", "A", "ant", "Ant", "antelope", "antelopes", "é", "É", "ΑΣ", "İ", "\ud800", "x" * 32, "x" * 33]
)
TEXT = st.lists(
    st.tuples(WORD, st.sampled_from([" ", "  ", "\t", "\n", "\x1f", "\x85", "\u2003", "\u3000"])), max_size=7
)
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=30)


def plain(text):
    return "".join(part for pair in text for part in pair)


def by_hand(true, predicted, repeats):
    """Words shared, and words of either side."""
    sides = [Counter(side.split() if repeats else set(side.split())) for side in (true, predicted)]
    return tuple(sum(one.values()) for one in (sides[0] & sides[1], *sides))


@pytest.fixture(scope="module")
def eager():
    """Numbers are worth it for any texts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("MANY", 1), ("WORTH", 1), ("PORTION", 40), ("TOGETHER", 25)):
            patch.setattr(words, name, value)
        yield patch


def test_what_parts_words_is_what_python_says():
    assert set(SPACES) == {*words.SPACES, *" \t\n\v\f\r\x1c\x1d\x1e\x1f"}


@pytest.mark.usefixtures("eager")
@settings(max_examples=120, deadline=None)
@given(PAIRS, st.booleans(), st.booleans())
def test_words_of_many_texts_are_counted_as_each_by_itself(drawn, repeats, lower):
    true, predicted = ([plain(side) for side in column] for column in zip(*drawn, strict=True))
    found = words.words_in_common(true, predicted, repeats, lower).T.tolist()
    long = [any(len(word.encode("utf-8", "replace")) > 32 for word in (one + " " + other).split())
            for one, other in zip(true, predicted, strict=True)]  # fmt: skip
    for pair, (one, other) in enumerate(zip(true, predicted, strict=True)):
        sides = (one.lower(), other.lower()) if lower else (one, other)
        assert found[pair] == ([-1] * 3 if long[pair] else list(by_hand(*sides, repeats)))
    for name in ("word_jaccard(normalise=lower)", "token_f1(normalise=none)"):
        quick = metrics.parse(name)(true, predicted)
        slow = np.mean([metrics.parse(name)([one], [other]) for one, other in zip(true, predicted, strict=True)])
        assert quick == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize(("name", "value"), [("FACTOR", np.uint64(0)), ("CODES", 3)])
def test_words_that_no_number_tells_apart_are_counted_by_hand(eager, name, value):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, name, value)
        assert words.words_in_common(["a b", "c"], ["b d", "c"], False).tolist() == [[-1, -1]] * 3
        assert metrics.word_jaccard(["a b", "c"], ["b d", "c"]) == pytest.approx(2 / 3)
    assert words.words_in_common(["a b", "c", ""], ["b d", "c", ""], False).tolist() == [
        [1, 1, 0],
        [2, 1, 0],
        [2, 1, 0],
    ]
    assert words.words_in_common(["a b"], [""], True).tolist() == [[0], [2], [0]]
    assert words.words_in_common(["a\0 b"], ["b"], False).tolist() == [[-1]] * 3


def test_many_texts_share_as_few_do(monkeypatch):
    random = np.random.default_rng(1)
    known = np.array([f"w{code}" * (1 + code % 7) for code in range(500)])
    true, found = ([" ".join(random.choice(known, random.integers(0, 40))) for _ in range(2500)] for _ in range(2))
    names = ("word_jaccard(normalise=lower)", "token_f1(normalise=none)")
    quick = [metrics.parse(name).collect(true, found).known for name in names]
    assert (words.words_in_common(true, found, True)[0] >= 0).mean() > 0.9
    monkeypatch.setattr(words, "MANY", 10**9)
    slow = [metrics.parse(name).collect(true, found).known for name in names]
    assert (quick[0].jaccards() == slow[0].jaccards()).all()
    assert (quick[1].f1s() == slow[1].f1s()).all()


def test_long_texts_are_counted_word_by_word():
    one, other = "a b c a " * 20, "a a d b " * 15
    assert texts._f1(one, other) == 2 * (30 + 15) / (80 + 60)
    assert len(one.split()) > texts.LONG


NO_TEXT = [None, 1, b"a", float("nan"), ["a"], UserString("a"), np.array(["a"])]


@pytest.mark.parametrize("strange", NO_TEXT, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", ["exact_match", "edit_distance", "word_jaccard"])
def test_what_is_no_text_is_refused_on_either_side(strange, side, name):
    sides = [["a", "b", "c"], ["a", "x", "c"]]
    for place in (0, 1, 2):
        wrong = [list(rows) for rows in sides]
        wrong[side][place] = strange
        with pytest.raises(metrics.MetricError, match=f"y_{('true', 'pred')[side]} holds 1 entries that are no text"):
            metrics.parse(name).collect(*wrong)
        with pytest.raises(metrics.MetricError, match="no text"):
            metrics.parse(name).collect([strange], [strange])


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda rows: np.array(rows, dtype=object)])
@pytest.mark.parametrize("portion", [2, 1000])
def test_texts_of_any_holder_score_alike(kind, portion, monkeypatch):
    monkeypatch.setattr(proving, "PORTION", portion)
    true, found = ["a", "", "bc", "Ant", "é"], ["a", "", "bd", "ant", "e"]
    assert metrics.exact_match(kind(true), kind(found)) == 0.4
    assert metrics.edit_distance(kind(true), kind(found)) == 3 / 5
    assert metrics.evaluate(["exact_match", "edit_distance", "cer"], kind(true), kind(found)) == {
        "exact_match": 0.4, "edit_distance": 3 / 5, "cer": 3 / 7,
    }  # fmt: skip
    with pytest.raises(metrics.MetricError, match="y_true has 5 items and y_pred has 4"):
        metrics.exact_match(kind(true), kind(found[:4]))


@pytest.mark.parametrize("spec", ["list_fbeta", "map_at_k(k=3)", "ordering_tau", "sequence_edit_distance"])
@pytest.mark.parametrize("labels", [3, 300])
def test_lists_of_any_holder_score_alike(spec, labels, monkeypatch):
    monkeypatch.setattr(lists, "PORTION", 7)
    random = np.random.default_rng(labels)
    names = [f"l{code}" for code in range(labels)]
    true = [random.choice(names, random.integers(1, 4), replace=False).tolist() for _ in range(40)]
    found = [random.permutation(row).tolist() for row in true]
    metric = metrics.parse(spec)
    expected = metric(metrics.Lists.of(true), metrics.Lists.of(found))
    for one, other in ((true, found), (list(map(tuple, true)), found), (true, [*map(tuple, found[:9]), *found[9:]])):
        assert metric(one, other) == expected
    wrong = [*true[:20], [*true[20][1:], 7], *true[21:]]
    with pytest.raises(metrics.MetricError, match="mixes text and numbers"):
        metric(wrong, found)


def test_a_text_is_a_list_of_one_and_not_of_its_letters():
    assert metrics.list_fbeta([["ant"], ["bee"]], ["ant", "bee"]) == 1.0
    assert metrics.list_fbeta([["a"], ["b"]], [["a"], "ab"]) == 0.5
    assert np.isnan(metrics.list_fbeta([[], []], [[], []]))


@pytest.mark.parametrize("name", ["mae", "mse", "rmse"])
def test_plain_columns_score_to_the_bit_as_others_do(name):
    random, metric = np.random.default_rng(3), metrics.parse(name)
    true = random.normal(size=2 * CHUNK + 9)
    found = true + random.normal(size=len(true))
    quick, slow = metric.collect(true, found), metric.collect(true[:, None], found[:, None])
    assert quick.total is not None
    assert slow.total is None
    weight = random.integers(0, 3, len(true)).astype(float)
    half = np.arange(0, len(true), 2)
    for one, other in ((quick, slow), (quick.take(half), slow.take(half))):
        assert metric.reduce(one) == metric.reduce(other)
    assert metric.reduce(quick, weight) == metric.reduce(slow, weight)
    parts = metrics.LeaveOut(np.arange(len(true)) % 4, 4)
    np.testing.assert_array_equal(metric.reduce(quick, parts), metric.reduce(slow, parts))


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_what_is_no_finite_number_is_refused_by_name(strange):
    with pytest.raises(metrics.MetricError, match="y_pred holds 1 entries that are NaN or infinite"):
        metrics.mae(np.array([1.0, 2.0]), np.array([1.0, strange]))
    with pytest.raises(metrics.MetricError, match="y_true holds 2 entries that are NaN or infinite"):
        metrics.rmse(np.array([strange, strange]), np.array([strange, 1.0]))
    assert metrics.rmse(np.array([1e300, 0.0]), np.array([-1e300, 0.0])) == np.inf
