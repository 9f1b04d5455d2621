"""Scores of texts against definitions written out slowly; edit distances by every way there is."""

from __future__ import annotations

import re
import string
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics
from metrics import edits, ngrams
from metrics.ragged import Ragged, starts_of

LETTERS = st.text(alphabet="ab é\U0001f41c\u3000\tT,", max_size=12)
PAIRS = st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=8)
WORDS = st.lists(st.sampled_from(["the", "a", "An", "ant", "Ant!", "bee", "b-e", "é"]), max_size=6).map(" ".join)
PHRASES = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8)


def slow_distance(one, other):
    row = list(range(len(other) + 1))
    for place, entry in enumerate(one, 1):
        fresh = [place]
        for column, known in enumerate(other, 1):
            fresh.append(min(row[column] + 1, fresh[-1] + 1, row[column - 1] + (entry != known)))
        row = fresh
    return row[-1]


def squad(text):
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def slow_token_f1(true, predicted):
    one, other = true.split(), predicted.split()
    shared = sum((Counter(one) & Counter(other)).values())
    if not one or not other:
        return float(one == other)
    if not shared:
        return 0.0
    precision, recall = shared / len(other), shared / len(one)
    return 2 * precision * recall / (precision + recall)


def slow_jaccard(true, predicted):
    one, other = set(true.split()), set(predicted.split())
    return len(one & other) / len(one | other) if one | other else 1.0


def slow_chrf(pairs, order, beta):
    """Counts by length, summed over the texts; mean precision and recall of the lengths that both sides have."""
    counts = np.zeros((order, 3))
    for pair in pairs:
        true, predicted = ("".join(text.split()) for text in pair)
        for length in range(1, order + 1):
            one, other = (
                Counter(text[place : place + length] for place in range(len(text) - length + 1))
                for text in (true, predicted)
            )
            found = sum(other.values()) if one else 0
            counts[length - 1] += sum((one & other).values()), sum(one.values()), found
    if not counts[0, 1]:
        return np.nan
    rows = [row for row in counts if row[1] and row[2]]
    precision, recall = (np.mean([row[0] / row[side] for row in rows]) if rows else 0 for side in (2, 1))
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall) if precision + recall else 0.0


def by_hand(pairs):
    """Letter edits, letters, word edits and words of the truth, summed over pairs."""
    letters = [slow_distance(*pair) for pair in pairs]
    words = [slow_distance(true.split(), predicted.split()) for true, predicted in pairs]
    lengths = [len(true) for true, _ in pairs], [len(true.split()) for true, _ in pairs]
    return letters, lengths[0], words, lengths[1]


def sides(pairs):
    return [true for true, _ in pairs], [predicted for _, predicted in pairs]


@settings(max_examples=150, deadline=None)
@given(PAIRS)
def test_edits_are_as_written_out(pairs):
    letters, length, words, count = by_hand(pairs)
    near = {"abs": 1e-12, "nan_ok": True}
    assert metrics.edit_distance(*sides(pairs)) == pytest.approx(np.mean(letters), **near)
    assert metrics.cer(*sides(pairs)) == pytest.approx(sum(letters) / sum(length) if sum(length) else np.nan, **near)
    assert metrics.wer(*sides(pairs)) == pytest.approx(sum(words) / sum(count) if sum(count) else np.nan, **near)
    longer = [edit / max(1, *map(len, pair)) for edit, pair in zip(letters, pairs, strict=True)]
    assert metrics.get("normalised_edit_distance", by="longer")(*sides(pairs)) == pytest.approx(np.mean(longer), **near)
    if all(length):
        share = np.mean(np.divide(letters, length))
        assert metrics.normalised_edit_distance(*sides(pairs)) == pytest.approx(share, **near)


@settings(max_examples=150, deadline=None)
@given(PHRASES)
def test_words_are_as_written_out(pairs):
    for normalise, change in (("none", str), ("lower", str.lower), ("squad", squad)):
        changed = [tuple(map(change, pair)) for pair in pairs]
        options = {"normalise": normalise}
        for name, slow in (
            ("word_jaccard", slow_jaccard),
            ("token_f1", slow_token_f1),
            ("exact_match", str.__eq__),
            ("edit_distance", slow_distance),
        ):
            expected = np.mean([slow(*pair) for pair in changed])
            assert metrics.get(name, **options)(*sides(pairs)) == pytest.approx(expected, abs=1e-12), (name, normalise)


@settings(max_examples=150, deadline=None)
@given(st.one_of(PAIRS, PHRASES), st.integers(1, 7), st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]))
def test_runs_of_letters_are_as_written_out(pairs, order, beta):
    ours = metrics.get("chrf", order=order, beta=beta)(*sides(pairs))
    assert ours == pytest.approx(slow_chrf(pairs, order, beta), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("setting", [("BITS", 24), ("PORTION", 1), ("WIDEST", 1)])
def test_runs_are_counted_alike_in_portions_and_with_few_bits(monkeypatch, setting):
    random = np.random.default_rng(0)
    pairs = [tuple("".join(random.choice(list("abcdé"), size=40)) for _ in range(2)) for _ in range(30)]
    whole = metrics.chrf(*sides(pairs))
    assert whole == pytest.approx(slow_chrf(pairs, 6, 2.0), abs=1e-12)
    monkeypatch.setattr(ngrams, *setting)
    assert metrics.chrf(*sides(pairs)) == whole


def rows_of(lists):
    return Ragged(
        starts_of(np.array([len(one) for one in lists])), np.array([e for one in lists for e in one], dtype=int)
    )


def related(random, n, longest, kinds):
    """Rows and copies of them with some entries changed, taken out and put in."""
    one = [random.integers(0, kinds, size=random.integers(0, longest)).tolist() for _ in range(n)]
    other = []
    for row in one:
        copy = [entry for entry in row if random.random() > 0.05]
        for _ in range(random.integers(0, 4)):
            copy.insert(random.integers(0, len(copy) + 1), int(random.integers(0, kinds + 1)))
        other.append(copy if random.random() < 0.8 else random.integers(0, kinds, size=5).tolist())
    return one, other


@pytest.mark.parametrize("worth", [0, 24, 10**9])
@pytest.mark.parametrize(("longest", "kinds"), [(20, 3), (70, 300), (200, 3), (200, 70_000), (140, 2_000_000)])
def test_every_way_to_count_edits_is_exact(monkeypatch, worth, longest, kinds):
    one, other = related(np.random.default_rng(longest), 150, longest, kinds)
    expected = [slow_distance(*pair) for pair in zip(one, other, strict=True)]
    assert edits.edit_distances(rows_of(one), rows_of(other)).tolist() == expected
    monkeypatch.setattr(edits, "WORTH", worth)
    assert edits._by_bits(rows_of(one), rows_of(other)).tolist() == expected


def test_long_rows_are_counted_in_whole_numbers(monkeypatch):
    one, other = related(np.random.default_rng(1), 60, 400, 4)
    expected = edits._by_bits(rows_of(one), rows_of(other)).tolist()
    for name, value in (("LONG", 1), ("LANES", 3), ("PORTION", 50)):
        monkeypatch.setattr(edits, name, value)
        assert edits._by_bits(rows_of(one), rows_of(other)).tolist() == expected
    for place in (0, 1, 2):
        assert expected[place] == slow_distance(one[place], other[place])


def test_scores_are_the_same_without_the_library(monkeypatch):
    random = np.random.default_rng(2)
    true = ["".join(random.choice(list("ab é\U0001f41c\ud800"), size=random.integers(0, 90))) for _ in range(80)]
    predicted = true[1:40] + true[39:79] + true[:1]
    names = ("edit_distance", "cer", "wer", "normalised_edit_distance(by=longer)")
    scores = metrics.evaluate(names, true, predicted)
    for module in ("rapidfuzz", "rapidfuzz.process", "rapidfuzz.distance.Levenshtein"):
        monkeypatch.setitem(sys.modules, module, None)
    assert edits._library() is None
    assert metrics.evaluate(names, true, predicted) == scores


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=6))
def test_texts_make_the_round_trip(lines):
    texts = metrics.Texts.of(lines)
    assert metrics.Texts(texts.letters).strings == lines
    assert metrics.Texts(texts.letters).length.tolist() == texts.length.tolist() == [len(line) for line in lines]
    assert metrics.exact_match(lines, metrics.Texts(texts.letters)) == 1.0


def test_what_is_empty_counts():
    assert metrics.exact_match(["", "a"], ["", ""]) == 0.5
    assert metrics.token_f1(["", "the", "ant"], ["", "a", ""]) == pytest.approx(2 / 3)
    assert metrics.word_jaccard(["", "ant", " "], [" ", "", "bee"]) == pytest.approx(1 / 3)
    assert metrics.cer(["", "ab"], ["x", "ab"]) == 0.5
    assert np.isnan(metrics.cer([""], ["x"]))
    assert np.isnan(metrics.chrf([" "], ["x"]))
    assert metrics.chrf(["ant"], [""]) == 0.0
    with pytest.raises(metrics.MetricError, match="y_true holds 1 empty texts"):
        metrics.normalised_edit_distance(["", "a"], ["x", "a"])


def test_letters_are_code_points_and_are_not_made_alike():
    assert metrics.edit_distance(["é"], ["e\u0301"]) == 2
    assert metrics.exact_match(["é"], ["e\u0301"]) == 0
    assert metrics.edit_distance(["\U0001f41c"], [""]) == 1
    assert metrics.wer(["an\u3000ant"], ["an ant"]) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.cer(["a", 1], ["a", "b"]), "y_true holds 1 entries that are no text"),
        (lambda: metrics.cer(["a", "b"], ["a", None]), "y_pred holds 1 entries that are no text"),
        (lambda: metrics.cer([b"a"], ["a"]), "no text"),
        (lambda: metrics.cer(np.ma.array(["a", "b"], mask=[0, 1]), ["a", "b"]), "masked"),
        (lambda: metrics.Texts(Ragged(np.array([0, 1]), np.array([0x110000]))), "no code points"),
        (lambda: metrics.Texts(Ragged(np.array([0, 1]), np.array([0.5]))), "no code points"),
        (lambda: metrics.get("exact_match", normalise="upper"), "none, lower, squad"),
        (lambda: edits.edit_distances(rows_of([[1]]), rows_of([[1], [2]])), "cannot be paired"),
    ],
)
def test_what_is_no_text_is_refused(make, message):
    with pytest.raises(metrics.MetricError, match=message):
        make()
