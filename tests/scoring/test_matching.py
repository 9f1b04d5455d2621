"""Texts are found where they stand, and nothing else is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.scoring import matching
from compete.scoring.matching import lookup, vocabulary
from compete.scoring.spans import column_of

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80)


def expected(texts, known):
    place = {one: row for row, one in enumerate(known)}
    return [place.get(one, -1) for one in texts]


@settings(deadline=None)
@given(st.lists(text, unique=True), st.lists(text), st.randoms())
def test_lookup_is_a_dictionary(known, strange, random):
    texts = known + strange
    random.shuffle(texts)
    assert lookup(column_of(texts), vocabulary(known)).tolist() == expected(texts, known)
    assert lookup(column_of(known), vocabulary(known)).tolist() == list(range(len(known)))


@pytest.mark.parametrize("size", [1, 2, 33, 1000, 70_000])
def test_many_texts_in_any_order(size):
    rng = np.random.default_rng(size)
    known = [f"item-{number:x}" * (1 + number % 3) for number in range(size)]
    order = rng.permutation(size)
    texts = [known[row] for row in order] + ["item-", "item-0 ", ""]
    assert lookup(column_of(texts), vocabulary(known)).tolist() == [*order.tolist(), -1, -1, -1]


def test_one_row_left_out_keeps_the_rest_in_order():
    known = [f"{number:09}" for number in range(100_000)]
    texts = known[:50_000] + known[50_001:]
    assert lookup(column_of(texts), vocabulary(known)).tolist() == [*range(50_000), *range(50_001, 100_000)]


def test_the_end_of_a_word_counts():
    known = ["a" * size for size in range(1, 100)]
    assert lookup(column_of(known[::-1]), vocabulary(known)).tolist() == list(range(98, -1, -1))
    assert lookup(column_of(["a" * 100, "a" * 200, ""]), vocabulary(known)).tolist() == [-1, -1, -1]
    assert lookup(column_of(["12345678x", "12345678"]), vocabulary(["12345678"])).tolist() == [-1, 0]


def test_texts_with_the_same_hash_are_told_apart(monkeypatch):
    monkeypatch.setattr(matching, "_mix", lambda word: np.zeros(len(word), dtype=np.uint64))
    known = [f"k{number}" for number in range(500)]
    found = lookup(column_of([*known[::-1], "k500"]), vocabulary(known))
    assert found.tolist() == [*range(499, -1, -1), -1]


def test_repeated_texts_are_told():
    long = "z" * 99
    assert vocabulary(["a", "b", "a", long, long, "a"]).repeated == [2, 4, 5]
    assert vocabulary(["a", "b"]).repeated == []


def test_find_one():
    known = vocabulary(["a", "bb"])
    assert [known.find(one) for one in ("a", "bb", "c", "a\0")] == [0, 1, -1, -1]
    assert vocabulary([]).find("a") == -1


def test_nul_is_no_part_of_a_text():
    with pytest.raises(ValueError, match="NUL"):
        column_of(["a\0b"])


def test_texts_that_are_all_long_need_no_tables():
    texts = [letter * 100 for letter in "abc"]
    assert lookup(column_of(["short", *texts[::-1], "a" * 99]), vocabulary(texts)).tolist() == [-1, 2, 1, 0, -1]


@pytest.mark.parametrize("known", [["b", "a"], ["a", "long", ""], ["é", "b"], ["xx"], ["a", "c", "a"]])
def test_letters_are_found_without_tables(known):
    texts = ["a", "b", "z", "7"]
    assert lookup(column_of(texts), vocabulary(known)).tolist() == [
        known.index(one) if one in known else -1 for one in texts
    ]
    longer = [*texts, "long", "é", ""]  # among others, tables are used
    found = lookup(column_of(longer), vocabulary(known)).tolist()
    assert found == [known.index(one) if one in known else -1 for one in longer]


@pytest.mark.parametrize("searched", [False, True])
def test_texts_in_order_are_found_again_and_again(searched):
    known = [f"{number % 1000:03}-{number}" for number in range(80_000)]
    found = vocabulary(known)
    if searched:
        assert lookup(column_of(known[::-1]), found).tolist() == list(range(80_000))[::-1]
    for texts in (known, [*known[:70_000], "other", *known[70_001:]], [*known[:70_000], known[3]]):
        assert lookup(column_of(texts), found).tolist() == expected(texts, known)
