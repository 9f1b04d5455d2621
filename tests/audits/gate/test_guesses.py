"""Splits that a usual seed makes again: what a shuffle settles first refutes a seed, and never the right one."""

from __future__ import annotations

import numpy as np
import pytest

from compete.audits.gate.columns import natural_order
from compete.audits.gate.guesses import LAST, LAST_ROWS, SHUFFLES, may_be_split


@pytest.mark.parametrize("many", [3, 24, 25, 300, 70_000])
@pytest.mark.parametrize("how", SHUFFLES)
def test_the_right_seed_is_never_refuted(how: str, many: int) -> None:
    for seed in (0, 7, 42, 123_456):
        rows = SHUFFLES[how](many, seed)
        for tests in {1, many // 3, many // 2}:
            for chosen in (rows[:tests], rows[-tests:]):
                in_test = np.zeros(many, dtype=bool)
                in_test[chosen] = True
                least = min(tests, many - tests, LAST)
                assert may_be_split(in_test, least, LAST_ROWS[how](many, seed)), (seed, tests)


@pytest.mark.parametrize("how", SHUFFLES)
def test_nearly_every_wrong_seed_is_refuted(how: str) -> None:
    in_test = np.random.default_rng(3).random(300) < 0.4
    assert sum(may_be_split(in_test, LAST, LAST_ROWS[how](300, seed)) for seed in range(500)) <= 2


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
