"""Text that stays where it was read: a column is positions in the bytes of a file, not a list of strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.frozen import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:
    Array = np.ndarray

PADDING = 64
"""Spare bytes before and after the content of a buffer, so that whole words can be read at its edges."""

CHUNK = 1 << 15
"""Rows handled at a time, so that what is computed on the way stays in the cache."""

COMPACT = 256
"""Bytes a row up to which the text around a column is decoded whole."""

WORD = 8
LONGEST = PADDING // WORD

_MASKS = np.array(
    [[(1 << 8 * min(max(size - WORD * word, 0), WORD)) - 1 for size in range(PADDING + 1)] for word in range(LONGEST)],
    dtype=np.uint64,
)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of text: where each cell starts in the buffer, and how many bytes it has.

    Attributes:
        buffer: uint8, the UTF-8 bytes with ``PADDING`` spare bytes on both sides.
        start: (rows,) integer positions in the buffer.
        length: (rows,) int32, in bytes.
    """

    buffer: Array
    start: Array
    length: Array

    def __len__(self) -> int:
        return len(self.start)

    def raw(self, row: int) -> bytes:
        """The bytes of one cell."""
        start = int(self.start[row])
        return bytes(self.buffer[start : start + int(self.length[row])])

    def text(self, row: int) -> str:
        """The text of one cell."""
        return self.raw(row).decode("utf-8", "replace")

    def take(self, rows: Array) -> Column:
        """The column of some rows only."""
        return Column(self.buffer, self.start[rows], self.length[rows])

    def part(self, low: int, high: int) -> Column:
        """The column of rows ``low:high``."""
        return Column(self.buffer, self.start[low:high], self.length[low:high])

    def tolist(self) -> list[str]:
        """Every cell as a Python string."""
        texts: list[str] = []
        for low in range(0, len(self), CHUNK):
            texts += self.part(low, low + CHUNK)._strings()
        return texts

    def _strings(self) -> list[str]:
        low, high = int(self.start.min()), int((self.start + self.length).max())
        start, end = (self.start - low).tolist(), (self.start - low + self.length).tolist()
        if high - low <= COMPACT * len(self):
            block = self.buffer[low:high].tobytes()
            if block.isascii():
                text = block.decode("ascii")
                return [text[one:other] for one, other in zip(start, end)]
        content = self.buffer.data[low:high]
        return [str(content[one:other], "utf-8", "replace") for one, other in zip(start, end)]


def column_of(texts: Sequence[str]) -> Column:
    """Lay texts one after the other in a buffer of their own.

    Raises:
        ValueError: a text holds a NUL character, which no table of ours can hold.
    """
    joined = "\0".join(texts).encode("utf-8")
    buffer = np.zeros(len(joined) + 2 * PADDING, dtype=np.uint8)
    buffer[PADDING : PADDING + len(joined)] = np.frombuffer(joined, dtype=np.uint8)
    end = np.flatnonzero(buffer[PADDING : PADDING + len(joined) + 1] == 0) + PADDING if len(texts) else np.zeros(0, int)
    if len(end) != len(texts):
        raise ValueError("a text must not hold a NUL character")
    start = np.concatenate((np.array([PADDING]), end[:-1] + 1))[: len(end)]
    return Column(buffer, start, (end - start).astype(np.int32))


def words_at(buffer: Array, position: Array, width: int) -> Array:
    """Read ``width`` words of eight bytes from each position, which need not be aligned.

    Returns:
        uint64 (positions, width); the first byte of the text is the lowest byte of the first word.
    """
    size = WORD * width
    everywhere: Array = np.ndarray((buffer.size - size + 1,), dtype=f"V{size}", buffer=buffer, strides=(1,))
    return everywhere[position].view("<u8").reshape(-1, width)


def words(column: Column, low: int, high: int, width: int) -> Array:
    """The first ``8 * width`` bytes of the cells of rows ``low:high``, as words, zero after the end of the cell.

    Two cells of at most ``8 * width`` bytes are equal if and only if their words are, since no cell holds a NUL.

    Returns:
        uint64 (rows, width).
    """
    length = column.length[low:high]
    word = words_at(column.buffer, column.start[low:high], width)
    if not len(word):
        return word
    shortest, longest = int(length.min()), int(length.max())
    if shortest == longest:
        word &= _MASKS[:width, min(longest, PADDING)]
        return word
    for place in range(width):
        word[:, place] &= _MASKS[place].take(length, mode="clip")
    return word


def fitting_width(length: Array) -> int:
    """How many words the longest of these texts needs: at least one, at most ``LONGEST``."""
    longest = int(length.max()) if len(length) else 1
    return min(max(1, -(-longest // WORD)), LONGEST)
