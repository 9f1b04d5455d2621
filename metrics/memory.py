"""Memory: kept for temporaries instead of fetched from the system anew, and copied piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from metrics.inputs import Array

WORD = 32
"""Bytes that are copied at a time."""

PORTION = 1 << 12
"""Pieces that are copied together, so that their places stay in the processor's cache."""


def reuse_memory() -> None:
    """Make glibc keep the memory of temporaries for the next ones, instead of fetching each page anew.

    Its allocator adapts to the largest array that was freed; this one is never touched, so it costs nothing.
    """
    np.empty(30 << 20, np.uint8)


def joined_pieces(buffer: Array, begin: Array, end: Array) -> tuple[Array, Array]:
    """Pieces of a buffer end to end.

    They are copied a word at a time, in order, so that what a last word has too much is overwritten by the next piece.

    Args:
        buffer: uint8.
        begin: where each piece begins, shape (n,).
        end: where it ends, shape (n,).

    Returns:
        The bytes, uint8, and where each piece starts among them, and the end, int64, shape (n + 1,).

    >>> joined_pieces(np.frombuffer(b"ab,cde", np.uint8), np.array([3, 0]), np.array([6, 2]))[0].tobytes()
    b'cdeab'
    """
    size = end - begin
    edge = np.zeros(len(begin) + 1, np.int64)
    np.cumsum(size, out=edge[1:])
    if int(end.max(initial=0)) + WORD > buffer.size:
        buffer = np.concatenate((buffer, np.zeros(WORD, np.uint8)))
    out = np.empty(int(edge[-1]) + WORD, np.uint8)
    source, target = (
        np.ndarray((some.size - WORD + 1,), dtype=f"V{WORD}", buffer=some, strides=(1,)) for some in (buffer, out)
    )
    for low in range(0, len(begin), PORTION):
        rows = slice(low, low + PORTION)
        words = (size[rows] + WORD - 1) // WORD
        done = np.cumsum(words) - words
        step = np.arange(int(words.sum())) * WORD
        target[np.repeat(edge[:-1][rows] - done * WORD, words) + step] = source[
            np.repeat(begin[rows] - done * WORD, words) + step
        ]
    return out[: int(edge[-1])], edge
