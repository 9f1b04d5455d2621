"""Splits that a usual seed makes again: what a shuffle settles first refutes a seed, and never the right one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compete.audits.gate import columns
from compete.audits.gate.columns import natural_order
from compete.audits.gate.seeds import LAST, SEEDS, WAYS, may_be_split, shuffles_like


@pytest.mark.parametrize("many", [3, 24, 25, 300, 70_000])
@pytest.mark.parametrize("how", WAYS)
def test_the_right_seed_is_never_refuted(how: str, many: int) -> None:
    for seed in (0, 7, 42, 123_456):
        rows = WAYS[how].shuffled(many, seed)
        for tests in {1, many // 3, many // 2}:
            for chosen in (rows[:tests], rows[-tests:]):
                in_test = np.zeros(many, dtype=bool)
                in_test[chosen] = True
                least = min(tests, many - tests, LAST)
                assert may_be_split(in_test, least, WAYS[how].settled(many, seed)), (seed, tests)


@pytest.mark.parametrize("how", WAYS)
def test_nearly_every_wrong_seed_is_refuted(how: str) -> None:
    in_test = np.random.default_rng(3).random(300) < 0.4
    assert sum(may_be_split(in_test, LAST, WAYS[how].settled(300, seed)) for seed in range(500)) <= 2


@pytest.mark.parametrize("many", [60, 1000, 4097, 70_000])
@pytest.mark.parametrize("how", WAYS)
def test_the_right_seed_is_found_among_all(how: str, many: int) -> None:
    for seed in (0, 42, 777, 424_242):
        rows = WAYS[how].shuffled(many, seed)
        for chosen in (rows[: many // 3], rows[-many // 2 :]):
            in_test = np.zeros(many, dtype=bool)
            in_test[chosen] = True
            assert (seed, how) in list(shuffles_like(in_test))


@pytest.mark.parametrize("many", [40, 300])
def test_what_is_found_at_once_is_what_is_found_one_by_one(many: int) -> None:
    for chance in map(np.random.default_rng, range(2000, 2002)):
        in_test = chance.random(many) < chance.choice([0.1, 0.4, 0.9])
        in_test[:3] = True, False, True
        tests, least = int(in_test.sum()), int(min(in_test.sum(), many - in_test.sum(), LAST))
        one_by_one = []
        for seed in SEEDS:
            for how, way in WAYS.items():
                rows = way.shuffled(many, seed)
                fits = in_test[rows[:tests]].all() or in_test[rows[-tests:]].all()
                assert not fits or may_be_split(in_test, least, way.settled(many, seed))
                one_by_one += [(seed, how)] if fits else []
        assert list(shuffles_like(in_test)) == one_by_one


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["b", "a", "c"], [1, 0, 2]),
        (["item 10", "item 9", "item 1"], [2, 1, 0]),
        (["10", "9", "100"], [1, 0, 2]),
        (["ä", "a", "z"], [1, 2, 0]),
        ([], []),
    ],
)
def test_names_are_ordered_as_people_order_them(names: list[str], order: list[int]) -> None:
    assert natural_order(names).tolist() == order


PARTS = st.lists(st.text("ab.0129", max_size=9), min_size=1, max_size=20)


@given(PARTS, st.integers(1, 9))
def test_the_quick_order_of_names_is_that_of_their_parts(names: list[str], at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "AT_ONCE", at_once)
        keys = columns._keys(names)
    assert keys is not None
    wanted = sorted(range(len(names)), key=[columns._natural(name) for name in names].__getitem__)
    assert np.lexsort(keys.T[::-1]).tolist() == wanted


@pytest.mark.parametrize("names", [["ä1", "a2"], ["a\n1", "b"], ["a\0", "b"], ["1." * 99 + "2" * 9, "b"]])
def test_unusual_names_have_no_quick_order(names: list[str]) -> None:
    assert columns._keys(names) is None
    assert sorted(natural_order(names).tolist()) == [0, 1]
