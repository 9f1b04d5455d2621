"""Work in two halves gives what work in one piece gives, faults and repeats included."""

from __future__ import annotations

import numpy as np
import pytest

from compete.scoring import halves
from compete.scoring.matching import lookup, vocabulary
from compete.scoring.numerals import numbers
from compete.scoring.spans import CHUNK, column_of

ROWS = 3 * CHUNK + 17


@pytest.fixture(params=[0, 1 << 60], ids=["halves", "whole"])
def shared(request, monkeypatch):
    monkeypatch.setattr(halves, "WORTH", request.param)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    return request.param == 0


def test_a_fault_in_either_half_is_raised(shared):
    def work(low, high):
        if high == 10:
            raise ValueError("second half")
        return low, high

    with pytest.raises(ValueError, match="second half"):
        halves.in_halves(10, 1, work)
    assert halves.in_halves(8, 3, work) == ([(0, 3), (3, 8)] if shared else [(0, 8)])


def test_lookup_finds_every_text_in_any_order(shared):
    texts = np.array([f"item-{number:07}" for number in range(ROWS)])
    order = np.random.default_rng(1).permutation(ROWS)
    known = vocabulary(texts.tolist())
    assert (lookup(column_of(texts[order].tolist()), known) == order).all()
    assert (lookup(known.column, known) == np.arange(ROWS)).all()
    strange = texts[order].tolist()
    strange[5] = strange[-5] = "no-such-item"
    found = lookup(column_of(strange), vocabulary(texts.tolist()))
    assert np.flatnonzero(found < 0).tolist() == [5, ROWS - 5]


def test_repeated_texts_are_told_the_same(shared):
    texts = [f"item-{number % (ROWS - 3):07}" for number in range(ROWS)]
    assert vocabulary(texts).repeated == [ROWS - 3, ROWS - 2, ROWS - 1]


def test_numbers_and_their_faults_keep_the_order_of_rows(shared):
    texts = [repr(value) for value in np.random.default_rng(2).random(ROWS).tolist()]
    for row in (3, ROWS // 2 + 9, ROWS - 2):
        texts[row] = f"x{row}"
    read = numbers(column_of(texts))
    good = np.delete(np.arange(ROWS), [3, ROWS // 2 + 9, ROWS - 2])
    assert read.value[good].tolist() == [float(texts[row]) for row in good]
    assert read.not_number.count == 3
    assert list(read.not_number.first) == [3, ROWS // 2 + 9, ROWS - 2]
