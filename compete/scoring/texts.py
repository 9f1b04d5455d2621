"""Texts of a file that stay where they were read, made and put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from compete.scoring.spans import Array
from metrics.scattered import Scattered, end_to_end


def texts_of(joined: bytes, length: Array) -> Scattered:
    """Texts that stand end to end.

    Args:
        joined: the bytes of all.
        length: how many each has, int64, shape (n,).
    """
    return end_to_end(np.frombuffer(joined, np.uint8), np.append(0, np.cumsum(length)))


def join_texts(parts: Sequence[Scattered]) -> Scattered:
    """The texts of several parts, one after the other; of one buffer, or each at the end of the one before."""
    if all(part.buffer is parts[0].buffer for part in parts):
        buffer, offset = parts[0].buffer, [0] * len(parts)
    else:
        buffer = np.concatenate([part.buffer for part in parts])
        offset = np.cumsum([0, *(len(part.buffer) for part in parts[:-1])]).tolist()
    begin = np.concatenate([part.begin + move for part, move in zip(parts, offset)])
    end = np.concatenate([part.end + move for part, move in zip(parts, offset)])
    spans = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.first) for part in parts)])
    return Scattered(buffer, begin, end, np.cumsum(spans))
