"""Memory: kept for temporaries instead of fetched from the system anew, and copied piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.cores import on_cores

if TYPE_CHECKING:
    from metrics.inputs import Array

WORD = 32
"""Bytes that are copied at a time."""

PORTION = 1 << 12
"""Pieces that are copied together, so that their places stay in the processor's cache."""

WORTH = 1 << 23
"""Bytes below which a second core costs more than it saves."""


def reuse_memory() -> None:
    """Make glibc keep the memory of temporaries for the next ones, instead of fetching each page anew.

    Its allocator adapts to the largest array that was freed; this one is never touched, so it costs nothing.
    """
    np.empty(30 << 20, np.uint8)


def joined_pieces(buffer: Array, begin: Array, end: Array) -> tuple[Array, Array]:
    """Pieces of a buffer end to end.

    They are copied a word at a time, in order, so that what a last word has too much is overwritten by the next piece;
    many are copied on two cores.

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
    out = np.empty(int(edge[-1]), np.uint8)

    def copy(low: int) -> None:
        rows = slice(low, low + PORTION)
        first, after = int(edge[low]), int(edge[min(low + PORTION, len(begin))])
        out[first:after] = _joined(buffer, begin[rows], size[rows], edge[:-1][rows] - first, after - first)

    parts = range(0, len(begin), PORTION)
    if len(out) < WORTH:
        for low in parts:
            copy(low)
    else:
        on_cores(copy, parts)
    return out, edge


def _joined(buffer: Array, begin: Array, size: Array, place: Array, total: int) -> Array:
    """Few pieces end to end: where they begin in a buffer, their sizes, their places in what is made, its size."""
    out = np.empty(total + WORD, np.uint8)
    source, target = (
        np.ndarray((some.size - WORD + 1,), dtype=f"V{WORD}", buffer=some, strides=(1,)) for some in (buffer, out)
    )
    words = (size + WORD - 1) // WORD
    done = np.cumsum(words) - words
    step = np.arange(int(words.sum())) * WORD
    target[np.repeat(place - done * WORD, words) + step] = source[np.repeat(begin - done * WORD, words) + step]
    return out[:total]
