"""Pieces of a buffer, copied a word at a time."""

from __future__ import annotations

import numpy as np
import pytest

from metrics import memory
from metrics.memory import joined_pieces


@pytest.mark.parametrize("portion", [3, 1 << 12])
@pytest.mark.parametrize("longest", [1, 31, 32, 33, 400])
def test_pieces_of_all_sizes_are_joined(longest, portion, monkeypatch):
    monkeypatch.setattr(memory, "PORTION", portion)
    random = np.random.default_rng(longest)
    buffer = random.integers(0, 256, 5000).astype(np.uint8)
    begin = random.integers(0, 5000 - longest, 200)
    end = begin + random.integers(0, longest + 1, 200)
    begin[7], end[7] = 5000 - longest, 5000
    out, start = joined_pieces(buffer, begin, end)
    pieces = [buffer[low:high].tobytes() for low, high in zip(begin, end, strict=True)]
    assert out.tobytes() == b"".join(pieces)
    assert np.diff(start).tolist() == list(map(len, pieces))


def test_no_piece_gives_nothing():
    none = np.zeros(0, np.int64)
    out, start = joined_pieces(np.zeros(0, np.uint8), none, none)
    assert (out.tolist(), start.tolist()) == ([], [0])
