"""Many texts that stay where they were read: each one or more spans of the same bytes, joined when they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.frozen import dataclass
from metrics.memory import joined_pieces

if TYPE_CHECKING:
    from metrics.inputs import Array


@dataclass(frozen=True, eq=False, repr=False)
class Scattered:
    """Texts as spans of bytes, ordered; most have one span, those that are divided (by an escape) several.

    Attributes:
        buffer: uint8, in which all spans lie.
        begin: where each span begins, int64, shape (spans,).
        end: where it ends, shape (spans,).
        first: the first span of each text, and how many there are, int64, shape (n + 1,).

    >>> joined, start = Scattered(np.frombuffer(b"ab/cd", np.uint8), *np.array([[3, 0], [5, 2]]), np.arange(3)).joined()
    >>> joined.tobytes(), start.tolist()
    (b'cdab', [0, 2, 4])
    """

    buffer: Array
    begin: Array
    end: Array
    first: Array

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def ends(self) -> Array:
        """How many bytes each text and all before it have, int64, shape (n,)."""
        total = np.append(0, np.cumsum(self.end - self.begin))
        return total.take(self.first[1:])

    def take(self, index: Array) -> Scattered:
        """Some texts, in any order."""
        count = self.first[index + 1] - self.first[index]
        first = np.zeros(len(index) + 1, np.int64)
        np.cumsum(count, out=first[1:])
        if (count == 1).all():
            span = self.first[index]
        else:
            span = np.repeat(self.first[index] - first[:-1], count) + np.arange(int(first[-1]))
        return Scattered(self.buffer, self.begin[span], self.end[span], first)

    def part(self, rows: slice) -> tuple[Array, Array]:
        """Some consecutive texts as `joined` gives all; not copied where they stand end to end."""
        first = self.first[rows.start : rows.stop + 1]
        spans = slice(int(first[0]), int(first[-1]))
        begin, end = self.begin[spans], self.end[spans]
        if len(begin) and (begin[1:] == end[:-1]).all():
            edge = np.append(begin, end[-1]) - begin[0]
            return self.buffer[begin[0] : end[-1]], edge[first - first[0]]
        out, edge = joined_pieces(self.buffer, begin, end)
        return out, edge[first - first[0]]

    def joined(self) -> tuple[Array, Array]:
        """All texts end to end, uint8, and where each starts, and the end, int64, shape (n + 1,)."""
        return self.part(slice(0, len(self)))

    def tolist(self) -> list[bytes]:
        """Every text."""
        joined, start = self.joined()
        raw = joined.tobytes()
        return [raw[low:high] for low, high in zip(start[:-1].tolist(), start[1:].tolist())]


def end_to_end(text: Array, start: Array) -> Scattered:
    """Texts that stand end to end.

    Args:
        text: the bytes of all, uint8.
        start: where each starts, and the end, int64, shape (n + 1,).
    """
    return Scattered(text, start[:-1], start[1:], np.arange(len(start)))
