"""Texts that stay where they were read, and the numbers in them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from metrics import memory
from metrics.memory import joined_pieces
from metrics.run_digits import DIGITS, WINDOW, long_numbers
from metrics.scattered import Scattered, end_to_end


def scattered(random: np.random.Generator, n: int, most: int) -> tuple[Scattered, list[bytes]]:
    """Texts of up to ``most`` spans each, somewhere in a buffer."""
    buffer = random.integers(0, 256, 2000).astype(np.uint8)
    first = np.cumsum([0, *random.integers(0, most + 1, n)])
    begin = random.integers(0, 1900, first[-1])
    end = begin + random.integers(0, 90, len(begin))
    texts = [b"".join(buffer[begin[k] : end[k]].tobytes() for k in range(*first[row : row + 2])) for row in range(n)]
    return Scattered(buffer, begin, end, first), texts


@pytest.mark.parametrize("most", [1, 3])
def test_texts_are_found_wherever_they_stand(most):
    random = np.random.default_rng(most)
    texts, wanted = scattered(random, 60, most)
    assert texts.tolist() == wanted
    assert texts.ends.tolist() == np.cumsum(list(map(len, wanted))).tolist()
    index = random.integers(0, 60, 100)
    assert texts.take(index).tolist() == [wanted[row] for row in index]
    joined, start = texts.part(slice(20, 45))
    assert [joined[low:high].tobytes() for low, high in pairwise(start)] == wanted[20:45]


def test_texts_end_to_end_are_not_copied():
    text = np.frombuffer(b"abcdef", np.uint8)
    texts = end_to_end(text, np.array([0, 2, 2, 6]))
    part, start = texts.part(slice(1, 3))
    assert (part.tobytes(), start.tolist()) == (b"cdef", [0, 0, 4])
    assert np.shares_memory(part, text)
    assert texts.tolist() == [b"ab", b"", b"cdef"]


def test_many_pieces_are_joined_on_two_cores(monkeypatch):
    random = np.random.default_rng(3)
    buffer = random.integers(0, 256, 3000).astype(np.uint8)
    begin = random.integers(0, 2900, 500)
    end = begin + random.integers(0, 100, 500)
    wanted = joined_pieces(buffer, begin, end)
    monkeypatch.setattr(memory, "PORTION", 7)
    monkeypatch.setattr(memory, "WORTH", 1)
    found = joined_pieces(buffer, begin, end)
    assert found[0].tobytes() == wanted[0].tobytes()
    assert found[1].tolist() == wanted[1].tolist()


@pytest.mark.parametrize("most", [4, 8, 20])
def test_numbers_of_all_sizes_are_read(most):
    random = np.random.default_rng(most)
    size = random.integers(2, most + 1, 400)
    digits = [np.append(random.integers(32, 64, one - 1), random.integers(0, 32)) for one in size.tolist()]
    wanted = []
    for one in digits:
        number = sum((int(digit) & 31) << (5 * place) for place, digit in enumerate(one))
        wanted.append(number - (int(one[-1] >= 16) << (5 * len(one))) if len(one) <= DIGITS else 0)
    spaced = np.concatenate([np.zeros(WINDOW, int), *digits]).astype(np.uint8)
    found_size, value = long_numbers(spaced, np.cumsum(size) - 1)
    assert found_size.tolist() == size.tolist()
    assert value.tolist() == wanted
