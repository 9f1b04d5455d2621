"""Many numbers of a JSON text at once, each exactly as Python's ``json`` reads it, or not at all."""

from __future__ import annotations

import re

import numpy as np

from compete.scoring.spans import WORD, Array, Column, words_at

GRAMMAR = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""What JSON calls a number."""

LONGEST = 24
"""Characters up to which a number is read here; a float as Python writes it has no more."""

_ZERO, _NINE, _MINUS = (ord(character) for character in "09-")
_UNIT = int.from_bytes(b"0.", "little")
_ONES, _HIGHS, _ZEROS, _POINTS = (np.uint64(0x0101010101010101 * byte) for byte in (0x01, 0x80, 0x30, 0x2E ^ 0x30))
_LETTERS, _TO_LOWER = (np.uint64(0x0101010101010101 * byte) for byte in (ord("e"), 0x20))
_TO_HIGH = np.uint64(0x0101010101010101 * (0x80 - 10))
_ONE, _SEVEN, _BYTE, _EIGHTH, _HALF, _COUNT = (np.uint64(bits) for bits in (1, 7, 8, 16, 32, 56))
_TEN, _PAIRS = np.uint64(10), np.uint64(0x000000FF000000FF)
_TWO_PAIRS, _FOUR_PAIRS = np.uint64(100 + (10**6 << 32)), np.uint64(1 + (10**4 << 32))
_KEPT = np.array([((1 << 64) - 1) & ~((1 << 8 * (WORD - size)) - 1) for size in range(WORD + 1)], dtype=np.uint64)
_EIGHT_DIGITS = np.uint64(10**WORD)
_EVERY = np.uint64((1 << 64) - 1)
_SIZES = 2 * WORD + 1
_SCALE = np.array([10.0 ** max(behind - 1, 0) for behind in range(_SIZES)])


def _lowest(size: int, behind: int) -> int:
    """The least number that so many characters write without a needless zero in front.

    Args:
        size: how many characters.
        behind: how many there are from the point on; 0 where there is none.

    Returns:
        The number; one greater than any where a digit is missing before or behind the point.
    """
    whole = size - behind
    if whole < 1 or behind == 1:
        return int(_EVERY)
    return 0 if whole == 1 else 10 ** (whole + max(behind - 1, 0) - 1)


_LOWEST = np.array([_lowest(size, part) for size in range(_SIZES) for part in range(_SIZES)], dtype=np.uint64)


def whole_numbers(buffer: Array, start: Array, end: Array) -> tuple[Array, bool]:
    """Whole numbers of up to 16 digits.

    Args:
        buffer: uint8, with spare bytes on both sides.
        start: where each number starts, int64, shape (n,).
        end: where it ends, shape (n,).

    Returns:
        int64, shape (n,), and whether every one is such a number as JSON writes it.
    """
    negative = buffer.take(start) == _MINUS
    if not negative.any():
        return _plain_whole(buffer, end, end - start)
    value, good = _plain_whole(buffer, end, end - start - negative)
    return np.where(negative, -value, value), good


def _plain_whole(buffer: Array, end: Array, size: Array) -> tuple[Array, bool]:
    """Whole numbers without a sign, by their ends and sizes."""
    if len(size) and (size.min() < 1 or size.max() > 2 * WORD):
        return np.zeros(len(size), dtype=np.int64), False
    value, good = _digits(_words_before(buffer, end, size))
    if len(size) and size.max() > WORD:
        higher, good_above = _digits(_words_before(buffer, end - WORD, size - WORD))
        value += higher * _EIGHT_DIGITS
        good &= good_above
    good &= value >= _LOWEST.take(size * _SIZES)
    return value.view(np.int64), bool(good.all())


def real_numbers(buffer: Array, start: Array, end: Array) -> tuple[Array, bool]:
    """Numbers as floats.

    Args:
        buffer: uint8, with spare bytes on both sides.
        start: where each number starts, int64, shape (n,).
        end: where it ends, shape (n,).

    Returns:
        float64, shape (n,), and whether every one is a finite number as JSON writes it.
    """
    size = end - start
    if not len(size):
        return np.zeros(0), True
    if size.min() < 1 or size.max() > LONGEST:
        return np.zeros(len(size)), False
    value, good = _by_size(buffer, start, end, size)
    rest = np.flatnonzero(~good)
    if len(rest):
        value[rest], good[rest] = _long(buffer, end[rest], size[rest])
    return value, bool(good.all())


def _by_size(buffer: Array, start: Array, end: Array, size: Array) -> tuple[Array, Array]:
    """Numbers without sign and exponent of up to 16 characters, and which are such."""
    least, most = int(size.min()), int(size.max())
    if most <= WORD:
        return _short(buffer, end, size)
    if least > 2 and most <= WORD + 2 and (words_at(buffer, start, 1).view("<u2")[:, 0] == _UNIT).all():
        return _behind_point(buffer, end, size - 2)
    if least > WORD:
        return _middling(buffer, end, size)
    value, good = np.empty(len(size)), np.zeros(len(size), dtype=bool)
    for index, read in ((np.flatnonzero(size <= WORD), _short), (np.flatnonzero(size > WORD), _middling)):
        value[index], good[index] = read(buffer, end[index], size[index])
    return value, good


def _behind_point(buffer: Array, end: Array, size: Array) -> tuple[Array, Array]:
    """Numbers that begin with ``0.``, by up to 8 digits behind that, and which are such."""
    mantissa, good = _digits(_words_before(buffer, end, size))
    value = mantissa.astype(np.float64)
    value /= _SCALE.take(size + 1)
    return value, good


def _short(buffer: Array, end: Array, size: Array) -> tuple[Array, Array]:
    """Numbers without sign and exponent of up to 8 characters, and which are such."""
    word = _words_before(buffer, end, size)
    point = _point(word)
    below = (point >> _SEVEN) - _ONE
    above = ~(point + (point - _ONE))
    none = point == 0
    if none.any():
        above[none], below[none] = _EVERY, 0
    behind = _BYTE - _bytes(below)
    if none.any():
        behind[none] = 0
    mantissa, good = _digits(((word & below) << _BYTE) | (word & above))
    return _scaled(mantissa, good, size, behind.view(np.int64))


def _middling(buffer: Array, end: Array, size: Array) -> tuple[Array, Array]:
    """Numbers with a point, without sign and exponent, of 9 to 16 characters, and which are such."""
    lower = _words_before(buffer, end, size)
    upper = _words_before(buffer, end - WORD, size - WORD)
    point, early = _point(lower), _point(upper)
    below, below_early = (point >> _SEVEN) - _ONE, (early >> _SEVEN) - _ONE
    late = point != 0
    # Where the point stands in the lower word, all of the upper moves on by one byte, and its last one across.
    moved = ((lower & below) << _BYTE) | (lower & ~(point + (point - _ONE))) | (upper >> _COUNT)
    mantissa, good = _digits(np.where(late, moved, lower))
    higher, good_above = _digits(
        ((upper & below_early) << _BYTE) | np.where(late, 0, upper & ~(early + (early - _ONE)))
    )
    mantissa += higher * _EIGHT_DIGITS
    good &= good_above & (late != (early != 0)) & (size <= 2 * WORD)
    behind = np.where(late, _BYTE - _bytes(below), _EIGHTH - _bytes(below_early)).view(np.int64)
    return _scaled(mantissa, good, size, behind)


def _scaled(mantissa: Array, good: Array, size: Array, behind: Array) -> tuple[Array, Array]:
    """Digits with a point among them as floats, and which are rightly written; exact: Clinger 1990.

    Args:
        mantissa: the digits without the point.
        good: which are digits.
        size: how many characters each has, up to 16; what is not good may have any.
        behind: how many there are from the point on; 0 where there is none.
    """
    good &= mantissa >= _LOWEST.take(size * _SIZES + behind, mode="clip")
    value = mantissa.astype(np.float64)
    value /= _SCALE.take(behind, mode="clip")
    return value, good


def _words_before(buffer: Array, end: Array, size: Array) -> Array:
    """The last ``size`` bytes, 8 at most, before each end as one word, the last byte highest, less the code of zero."""
    word = words_at(buffer, end - WORD, 1).ravel()
    word ^= _ZEROS
    word &= _KEPT.take(size, mode="clip")
    return word


def _point(word: Array) -> Array:
    """The highest bit of the first byte that is a point; 0 where there is none."""
    other = word ^ _POINTS
    point = other - _ONES
    np.invert(other, out=other)
    point &= other
    point &= _HIGHS
    point &= ~point + _ONE  # the lowest of them: above the first point other bytes may look like one
    return point


def _bytes(mask: Array) -> Array:
    """How many of the bytes, each full or empty, are full."""
    return ((mask & _ONES) * _ONES) >> _COUNT


def _digits(word: Array) -> tuple[Array, Array]:
    """The number that eight digits write, first digit lowest, and whether all are digits; see `numerals`."""
    good = (((word + _TO_HIGH) | word) & _HIGHS) == 0
    pair = word * _TEN
    pair += word >> _BYTE
    higher = pair >> _EIGHTH
    higher &= _PAIRS
    higher *= _FOUR_PAIRS
    pair &= _PAIRS
    pair *= _TWO_PAIRS
    pair += higher
    pair >>= _HALF
    return pair, good


def _long(buffer: Array, end: Array, size: Array) -> tuple[Array, Array]:
    """Numbers of any form of up to 24 characters, and which are such, and finite."""
    from compete.scoring.numerals import numbers  # most files have none of these

    start = end - size
    value = numbers(Column(buffer, start, size.astype(np.int32))).value
    first = start + (buffer.take(start) == _MINUS)
    digit, after, last = buffer.take(first), buffer.take(first + 1), buffer.take(end - 1)
    good: Array = (digit >= _ZERO) & (digit <= _NINE) & (last >= _ZERO) & (last <= _NINE) & (first < end)
    good &= (digit != _ZERO) | (after < _ZERO) | (after > _NINE) | (end - first < 2)
    good &= np.isfinite(value)
    value[(size == 2) & (value == 0)] = 0.0  # "-0" is a whole number, and they have one zero
    raw = buffer.data
    for row in np.flatnonzero(good & _has_letter(buffer, end, size)).tolist():
        good[row] = GRAMMAR.fullmatch(raw[start[row] : end[row]]) is not None
    return value, good


def _has_letter(buffer: Array, end: Array, size: Array) -> Array:
    """Whether an ``e`` may stand among the last ``size`` bytes, 24 at most, before each end."""
    word = words_at(buffer, end - LONGEST, LONGEST // WORD)
    other = (word | _TO_LOWER) ^ _LETTERS
    zero = (other - _ONES) & ~other & _HIGHS
    for place in range(LONGEST // WORD):
        zero[:, place] &= _KEPT.take(np.clip(size - (LONGEST - WORD) + WORD * place, 0, WORD))
    return (zero != 0).any(axis=1)  # type: ignore[no-any-return]
