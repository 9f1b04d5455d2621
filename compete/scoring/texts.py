"""Many texts that stay where they were read: each one or more spans of the same bytes, joined when they are wanted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from compete.scoring.spans import Array
from metrics.frozen import dataclass
from metrics.memory import joined_pieces


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts as spans of bytes, ordered; most have one span, those that are divided (by an escape) several.

    Attributes:
        buffer: uint8, in which all spans lie.
        begin: where each span begins, int64, shape (spans,).
        end: where it ends, shape (spans,).
        first: the first span of each text, and how many there are, int64, shape (n + 1,).
    """

    buffer: Array
    begin: Array
    end: Array
    first: Array

    def __len__(self) -> int:
        return len(self.first) - 1

    def take(self, index: Array) -> Texts:
        """Some texts, in any order."""
        count = self.first[index + 1] - self.first[index]
        first = np.zeros(len(index) + 1, np.int64)
        np.cumsum(count, out=first[1:])
        if first[-1] == len(index):
            span = self.first[index]
        else:
            span = np.repeat(self.first[index] - first[:-1], count) + np.arange(int(first[-1]))
        return Texts(self.buffer, self.begin[span], self.end[span], first)

    def tolist(self) -> list[bytes]:
        """Every text."""
        joined, start = self.joined()
        raw = joined.tobytes()
        return [raw[low:high] for low, high in zip(start[:-1].tolist(), start[1:].tolist())]

    def joined(self) -> tuple[Array, Array]:
        """All texts end to end, uint8, and where each starts, and the end, int64, shape (n + 1,)."""
        out, edge = joined_pieces(self.buffer, self.begin, self.end)
        return out, edge[self.first]


def texts_of(joined: bytes, length: Array) -> Texts:
    """Texts that stand end to end.

    Args:
        joined: the bytes of all.
        length: how many each has, int64, shape (n,).
    """
    end = np.cumsum(length)
    return Texts(np.frombuffer(joined, np.uint8), end - length, end, np.arange(len(length) + 1))


def join_texts(parts: Sequence[Texts]) -> Texts:
    """The texts of several parts, one after the other; of one buffer, or each at the end of the one before."""
    if all(part.buffer is parts[0].buffer for part in parts):
        buffer, offset = parts[0].buffer, [0] * len(parts)
    else:
        buffer = np.concatenate([part.buffer for part in parts])
        offset = np.cumsum([0, *(len(part.buffer) for part in parts[:-1])]).tolist()
    begin = np.concatenate([part.begin + move for part, move in zip(parts, offset)])
    end = np.concatenate([part.end + move for part, move in zip(parts, offset)])
    spans = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.first) for part in parts)])
    return Texts(buffer, begin, end, np.cumsum(spans))
