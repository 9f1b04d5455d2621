"""Digits in cells of text, eight at a time: a word of eight bytes is checked and read as one number.

Where a cell is longer than a word, its last bytes fill the last word. A byte is handled less that of a zero, so that
digits are 0 to 9 and what is before the first byte of a cell is 0. Source: W. Muła, SIMD-ized parsing of series of
integers; D. Lemire, Quickly parsing eight digits (2018).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional

import numpy as np

from compete.scoring.spans import WORD, Array, Column, words_at

WORDS = 3
"""Words of the longest numbers that are read so."""

LARGEST = 9.0e18
"""A whole number below this fits in 63 bits."""

ROWS = 1 << 15
"""Cells handled at a time, so that what is computed on the way stays in the cache."""

TEN = np.array([10**power for power in range(20)], dtype=np.uint64)
"""Powers of ten."""

HIGHS, ZEROS, _SEVENS, TO_HIGH, _POINTS = (
    np.uint64(0x0101010101010101 * byte) for byte in (0x80, 0x30, 0x7F, 0x80 - 10, ord(".") ^ ord("0"))
)
_POINT, _FOUR, _SEVEN, _LAST = (np.uint64(number) for number in (ord(".") ^ ord("0"), 4, 7, 56))
_BYTE, _FIFTEEN = np.uint64(WORD), np.uint64(15)
_JOINS = [
    tuple(np.uint64(number) for number in (1 + (10**digits << bits), bits, kept))
    for digits, bits, kept in ((1, 8, 0x00FF00FF00FF00FF), (2, 16, 0x0000FFFF0000FFFF), (4, 32, 0xFFFFFFFF))
]
"""Two numbers side by side are joined to one: times what, shifted by how many bits, and which bits are kept."""

_PLACES = np.uint64(sum((0x11 + byte) << WORD * byte for byte in range(WORD)))
"""Times this, a word with a 1 where a point stood has in its highest byte 0x10 and how far from the right that is."""

_SHORT = 9 * 10**10
"""A number up to this has room for eight more digits in 63 bits."""

_ROOM = np.array([10**WORD, 10 ** (WORD - 1)], dtype=np.uint64)
"""What comes before the digits of a word is times this, by how many points the word had."""


def whole_numbers(column: Column) -> Optional[Array]:
    """Read every cell of a column as a number of one to sixteen digits, without a sign.

    Returns:
        int64 (rows,); None where a cell holds anything else.

    >>> from compete.scoring.spans import column_of
    >>> whole_numbers(column_of(["7", "012"])).tolist()
    [7, 12]
    """
    value = np.empty(len(column), np.int64)
    for low in range(0, len(column), ROWS):
        start, length = column.start[low : low + ROWS], column.length[low : low + ROWS]
        longest = int(length.max())
        width = -(-longest // WORD)
        if not 0 < int(length.min()) <= longest <= 2 * WORD:
            return None
        word = digits_before(column.buffer, start + length, length, width)
        if other_bytes(word).any():
            return None
        join_digits(word)
        value[low : low + ROWS] = word[0] if width == 1 else word[0] * TEN[WORD] + word[1]
    return value


def mantissas(buffer: Array, end: Array, length: Array) -> tuple[Array, Array, Array, Array]:
    """Digits as one number without their point, how many are below it, how many points, and what may be read.

    All eight bytes of a word are worked on at once, and all words of all cells.
    """
    longest = int(length.max(initial=1))
    width = min(max(-(-longest // WORD), 1), WORDS)
    word = digits_before(buffer, end, length, width)
    fraction, points, room = _close_points(word)
    fault = other_bytes(word)
    good = fault[0] == 0
    for place in range(1, width):
        good &= fault[place] == 0
    if int(points.max(initial=0)) > 1:
        good &= points <= 1
    if longest > WORD * width:
        good &= length <= WORD * width
    join_digits(word)
    mantissa = word[0]
    for place in range(1, width):
        if place == 2 and int(mantissa.max(initial=0)) > _SHORT:
            good &= mantissa.astype(np.float64) * room[place] < LARGEST
        mantissa *= room[place]
        mantissa += word[place]
    return mantissa, fraction, points, good


def digits_before(buffer: Array, end: Array, length: Array, width: int) -> Array:
    """The characters before each end, less those of zeros: uint64 (width, cells), 0 before the first of a cell."""
    word = np.ascontiguousarray(words_at(buffer, end - WORD * width, width).T)
    word ^= ZEROS
    shortest = int(length.min()) if len(length) else 0
    for place in range(width):
        if shortest < WORD * (width - place):
            word[place] &= _kept_bytes(width - 1 - place).take(length, mode="clip")
    return word


def _close_points(word: Array) -> tuple[Array, Array, list[Any]]:
    """Take the points out of words, in place: the digits before one move up, and leave a zero behind them.

    Args:
        word: bytes less those of zeros, uint64 (words of a cell, cells), the one farthest left first.

    Returns:
        How many digits follow the point, int64 (cells,); how many points there are; and for each word by how much the
        digits of the words before it count more. Of cells with several points or bytes that are no ASCII, anything.
    """
    point = points_of(word)
    fraction, points = np.zeros((2, word.shape[1]), np.int64)
    room: list[Any] = [TEN[WORD]] * len(word)
    for number in np.flatnonzero(point.max(axis=1, initial=0)).tolist():
        count, place = close_point(point[number], word[number])
        room[number] = _ROOM.take(count, mode="clip") if number else _ROOM[0]
        points += count
        count *= WORD * (len(word) - 1 - number) - 1
        fraction += place
        fraction += count
    return fraction, points, room


def points_of(word: Array) -> Array:
    """The highest bit of each byte that is a point."""
    point: Array = word ^ _POINTS
    point += _SEVENS
    np.invert(point, out=point)
    point &= HIGHS
    return point


def close_point(point: Array, word: Array) -> tuple[Array, Array]:
    """Take the point out of each word, in place; tells how many there are, and how many bytes from the right, int64.

    Args:
        point: the highest bit of the point's byte, or 0, uint64 (cells,); is used up.
        word: uint64 (cells,).
    """
    point >>= _SEVEN
    place = point * _PLACES
    place >>= _LAST
    word ^= point * _POINT
    count = place >> _FOUR
    # Less one, the bit of a point is a mask of all that is before it.
    point -= count
    point &= word
    word ^= point
    point <<= _BYTE
    word |= point
    place &= _FIFTEEN
    return count.view(np.int64), place.view(np.int64)


def other_bytes(word: Array) -> Array:
    """Not zero for a word in which a byte is no digit."""
    other = word + TO_HIGH
    other |= word
    other &= HIGHS
    return other


def join_digits(word: Array) -> None:
    """Put in place of each word the number that its eight digits write."""
    # The byte farthest left is the lowest of its word: pairs, fours and eights of digits are joined to the right.
    for join, bits, kept in _JOINS[:-1]:
        word *= join
        word >>= bits
        word &= kept
    join, bits, _ = _JOINS[-1]
    word *= join
    word >>= bits


@lru_cache(maxsize=WORDS)
def _kept_bytes(later: int) -> Array:
    """By how long a cell is, a mask of its bytes in a word that so many words follow."""
    kept = np.arange(WORD * WORDS + 1)[:, None] > np.arange(WORD - 1, -1, -1) + WORD * later
    masks: Array = np.where(kept, np.uint8(255), np.uint8(0)).view("<u8")[:, 0]
    return masks
