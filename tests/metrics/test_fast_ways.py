"""Long arrays take other ways than short ones; each way is exact."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk

import metrics
from metrics import curves, sorting, text_codes
from metrics.columns import _row_sums
from metrics.labels import coded, encode
from metrics.text_codes import tally
from metrics.texts import normalised

N = 100_001
SCORES = {
    "uniform": lambda r: r.random(N),
    "normal": lambda r: r.normal(size=N),
    "all negative": lambda r: -r.random(N) - 1,
    "two signs, one key": lambda r: np.where(r.random(N) < 0.5, 1.0, -1.0) * np.exp(r.normal(size=N)),
    "skewed": lambda r: np.exp(20 * r.normal(size=N)),
    "rounded": lambda r: np.round(r.normal(size=N), 2),
    "two values": lambda r: r.integers(0, 2, N).astype(float),
    "one value": lambda r: np.full(N, 0.25),
    "signed zeros": lambda r: np.where(r.random(N) < 0.5, 0.0, -0.0) + (r.random(N) < 0.2),
    "huge range": lambda r: r.uniform(-1, 1, N) * 1.7e308,
    "close pairs": lambda r: np.repeat(r.random(N // 3 + 1), 3)[:N] + 1e-13 * r.integers(0, 3, N),
    "float32": lambda r: r.random(N).astype(np.float32),
    "whole numbers": lambda r: r.integers(-50, 50, N),
}


@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("seed", range(3))
def test_areas_of_long_scores(kind, seed):
    random = np.random.default_rng(seed)
    score = SCORES[kind](random)
    chance = (np.argsort(np.argsort(score, kind="stable")) / N + seed) / (1 + seed)
    true = (random.random(N) < chance * 0.6).astype(int)
    weight = np.ones(N)
    sound = score * 2.0**-20 if kind == "huge range" else score  # scikit-learn adds the scores up
    theirs = sk.roc_auc_score(true, sound)
    assert metrics.roc_auc(true, score) == pytest.approx(theirs, abs=1e-12)
    assert metrics.roc_auc(true, score, weight) == pytest.approx(theirs, abs=1e-12)
    theirs = sk.average_precision_score(true, sound)
    assert metrics.average_precision(true, score) == pytest.approx(theirs, abs=1e-12)
    assert metrics.average_precision(true, score, weight) == pytest.approx(theirs, abs=1e-12)


def test_31_bit_keys_are_used_and_exact_where_scores_share_them():
    random = np.random.default_rng(0)
    score = np.concatenate([random.random(4 * N), 0.5 + 1e-13 * random.integers(0, 50, 300)])
    positive = random.random(len(score)) < 0.5
    pairs = sorting.area_by_keys(score, positive)
    hits = int(positive.sum())
    assert pairs is not None
    assert pairs / (hits * (len(score) - hits)) == pytest.approx(sk.roc_auc_score(positive, score), abs=1e-13)
    assert sorting.area_by_keys(np.round(score, 2), positive) is None


@pytest.mark.parametrize("kind", ["uniform", "rounded", "one value", "skewed", "two signs, one key"])
def test_two_cores_sort_the_same(kind, monkeypatch):
    random = np.random.default_rng(6)
    score, true = SCORES[kind](random), random.integers(0, 2, N)
    alone = metrics.roc_auc(true, score), metrics.average_precision(true, score)
    monkeypatch.setattr(sorting, "PARALLEL", 1)
    monkeypatch.setattr("metrics.sorting.core_count", lambda: 2)
    assert (metrics.roc_auc(true, score), metrics.average_precision(true, score)) == alone
    key = random.integers(0, 1000, N).astype(np.uint32)
    np.testing.assert_array_equal(sorting._sorted(key), np.sort(key))


TEXTS = {
    "few bits": [f"species_{i:02d}" for i in range(10)],
    "names": ["Adelie", "Chinstrap", "Gentoo", "Emperor"],
    "prefixes": ["a", "ab", "abc", "abcd", ""],
    "letters beyond ASCII": ["Ærø", "naïve", "日本", "🐧", "zebra"],
    "one": ["only"],
    "many": [f"taxon {i * 7919 % 100_003}" for i in range(3000)],
    "very many": [f"taxon {i * 7919 % 100_003}" for i in range(40_000)],
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("width", [None, 24, 25])
def test_long_text_is_coded_exactly(kind, width):
    names = np.array(TEXTS[kind], dtype=f"<U{width}" if width else None)
    codes = np.random.default_rng(1).integers(0, len(names), N)
    text = names[codes]
    column = coded(text, "text")
    assert [column.values[code] for code in column.codes().tolist()] == text.tolist()
    found, classes = encode(text)
    assert classes == tuple(sorted(set(text.tolist())))
    assert [classes[code] for code in found.tolist()] == text.tolist()


@pytest.mark.parametrize("rare", ["species_0x", "Species_01", "spec", "species_00"])
def test_a_text_that_the_sample_missed_is_found(rare):
    text = np.array(["species_00", "species_01"])[np.arange(N) % 2]
    text[N // 2 + 3] = rare
    column = coded(text, "text")
    assert [column.values[code] for code in column.codes().tolist()] == text.tolist()
    named = np.array(["Adelie", "Chinstrap", "Gentoo"])[np.arange(N) % 3]
    named[5001] = rare[:9]
    column = coded(named, "text")
    assert [column.values[code] for code in column.codes().tolist()] == named.tolist()


def test_texts_with_equal_hashes_are_told_apart(monkeypatch):
    text = np.array(TEXTS["names"])[np.arange(N) % 4]
    monkeypatch.setattr(text_codes, "_hashed", lambda words, columns: np.zeros(len(words), dtype=np.uint64))
    column = coded(text, "text")
    assert [column.values[code] for code in column.codes().tolist()] == text.tolist()


@pytest.mark.parametrize("n", [5, (1 << 18) + 1, (1 << 18) + 4])
@pytest.mark.parametrize("size", [2, 100, 256])
def test_bytes_are_counted_two_at_a_time(n, size):
    codes = np.random.default_rng(2).integers(0, size, n).astype(np.uint8)
    np.testing.assert_array_equal(tally(codes, size), np.bincount(codes, minlength=size))


@pytest.mark.parametrize("classes", [300, 10_000])
@pytest.mark.parametrize("spread", [1, 999_983])
def test_many_classes_need_no_square_table(classes, spread):
    random = np.random.default_rng(3)
    true = random.integers(0, classes, N)
    predicted = np.where(random.random(N) < 0.8, true, random.integers(0, classes, N))
    evidence = metrics.get("f1_macro").collect(true * spread, predicted * spread)
    assert evidence.cells <= N
    assert metrics.get("f1_macro").reduce(evidence) == pytest.approx(
        sk.f1_score(true, predicted, average="macro"), abs=1e-12
    )
    expected = sk.f1_score(true[:500], predicted[:500], average="macro")
    assert metrics.get("f1_macro").reduce(evidence.take(np.arange(500))) == pytest.approx(expected, abs=1e-12)


def test_wide_pairs_that_leave_no_room_for_the_row():
    random = np.random.default_rng(4)
    true = random.integers(-(2**62), 2**62, 3000)
    predicted = np.where(random.random(3000) < 0.5, true, np.roll(true, 1))
    assert metrics.accuracy(true, predicted) == np.mean(true == predicted)
    assert metrics.accuracy(true.astype(np.uint64), predicted.astype(np.uint64)) == np.mean(true == predicted)


def test_evidence_that_is_too_large_to_keep_sorted_is_sorted_again(monkeypatch):
    random = np.random.default_rng(5)
    true, score = random.integers(0, 4, 400), random.random((400, 4))
    expected = metrics.roc_auc_ovr(true, score)
    monkeypatch.setattr("metrics.ranked.KEPT", 0)
    evidence = metrics.roc_auc_ovr.collect(true, score)
    assert metrics.roc_auc_ovr.reduce(evidence) == expected
    assert not evidence._kept


SHAPES = {**SCORES, "tiny range": lambda r: r.integers(0, 9, N) * 5e-324, "heavy value": lambda r: r.random(N).round(1)}


@pytest.mark.parametrize("kind", SHAPES)
def test_quantile_bins_rise_with_the_score(kind, monkeypatch):
    score = SHAPES[kind](np.random.default_rng(7)).astype(float)
    for sample in (curves.SAMPLE, 1 << 12):
        monkeypatch.setattr(curves, "SAMPLE", sample)
        bins, several = curves.quantile_bins(score, 256)
        assert 0 <= bins.min() <= bins.max() < 256
        order = np.argsort(score, kind="stable")
        assert (np.diff(bins[order]) >= 0).all()
        assert (np.diff(bins[order])[np.diff(score[order]) == 0] == 0).all()
        spread = [np.ptp(score[bins == b]) > 0 for b in np.unique(bins)]
        if kind in ("uniform", "normal", "rounded", "heavy value", "one value"):
            assert several[np.unique(bins)].tolist() == spread
            assert np.bincount(bins).max() < N / 256 * 2 or kind in ("heavy value", "one value", "rounded")


@pytest.mark.parametrize("labels", [1, 5, 64, 65, 3000])
@pytest.mark.parametrize("kind", [list, tuple])
def test_few_labels_and_many_take_other_ways_to_the_same_hits_and_sets(labels, kind):
    random = np.random.default_rng(labels)
    names = np.array([f"label {code}" for code in range(labels)], dtype=object)

    def rows(longest):
        return [kind(names[random.integers(0, labels, random.integers(0, longest))].tolist()) for _ in range(1200)]

    predicted = rows(9)
    true = [kind(dict.fromkeys(row)) for row in rows(5)]
    assert metrics.Lists.of(predicted).labels  # the long way: a record made before
    for spec in ("map_at_k(k=5)", "recall_at_k(k=3)", "list_fbeta", "list_fbeta(average=pooled)"):
        metric = metrics.parse(spec)
        slow = metric(metrics.Lists.of(true), metrics.Lists.of(predicted))
        assert metric(true, predicted) == pytest.approx(slow, abs=1e-12)
    shared = [
        (len(set(one) & set(other)), len(set(one)), len(set(other))) for one, other in zip(true, predicted, strict=True)
    ]
    assert metrics.list_fbeta(true, predicted) == pytest.approx(
        np.mean([2 * both / (one + other) for both, one, other in shared if one + other]), abs=1e-12
    )


def test_sums_of_rows_are_numpys_to_the_bit():
    random = np.random.default_rng(4)
    for columns in range(2, 12):
        chance = random.dirichlet(np.ones(columns), 5000)
        assert (_row_sums(chance) == chance.sum(axis=1)).all()
        assert (_row_sums(np.asfortranarray(chance)) == chance.sum(axis=1)).all()


def test_texts_of_any_letters_are_lowered_as_each_by_itself():
    texts = ["ΑΣ", "Σ", "ΑΣ\0Σ", "İ", "", "ſt", "ΟΔΟΣ ΣΑΣ"]
    for few in (texts, [text for text in texts if "\0" not in text]):
        assert normalised(metrics.Texts.of(few), "lower").strings == [text.lower() for text in few]
