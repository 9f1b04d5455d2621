"""Decimal numbers in many cells at once, ``digits[.digits]`` of up to 24 characters, each the nearest float.

The first eight characters of a cell hold its point, or the cell is told not to be read; those that follow are digits.
What makes cells differ is looked for in all of them together, so that where none is odd there is no step for it.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from compete.scoring.digits import HIGHS, TEN, TO_HIGH, WORDS, ZEROS, close_point, join_digits, points_of
from compete.scoring.spans import WORD, Array, words_at

LONGEST = WORD * WORDS
"""Characters of the longest numbers that are read so."""

EXACT_POWER = 22
"""Powers of ten up to this are floats."""

MANTISSA = 2**53
"""Whole numbers up to this are floats."""

_SURE_DIGITS = 18
"""A number of so many digits fits in 63 bits."""

_LIMIT = np.array([(2**63 - 1) // 10**power - 1 for power in range(WORD + 1)], dtype=np.uint64)
"""A number up to this has room for so many more digits in 63 bits."""

_FEW = TEN[: WORD + 1]
_TEN = np.array([10.0**power for power in range(EXACT_POWER + 1)])
_FIVE = np.array([5**power for power in range(EXACT_POWER + 1)])
_LAST_BIT, _MANTISSA_BITS, _BIAS = 63, 52, 1075
_FRACTION, _IMPLIED = 2**52 - 1, 2**52


def plain_decimals(buffer: Array, start: Array, length: Array) -> tuple[Array, Optional[Array]]:
    """Read ``digits[.digits]`` in each cell.

    Args:
        buffer: uint8, the text.
        start: int64 (cells,), where cells begin in it.
        length: int64 (cells,), how many bytes they have.

    Returns:
        float64 (cells,), anything where a cell is not read; and which cells are, bool (cells,), None where all are.

    >>> from compete.scoring.spans import column_of
    >>> cells = column_of(["0.1", "12345678901234.5", "1_0"])
    >>> plain_decimals(cells.buffer, cells.start, cells.length.astype(np.int64))[1].tolist()
    [True, False, False]
    """
    if not len(length):
        return np.zeros(0), None
    shortest, longest = int(length.min()), int(length.max())
    fits = None
    if shortest < 1 or longest > LONGEST:
        fits = (length > 0) & (length <= LONGEST)
        length = np.clip(length, 1, LONGEST)
        shortest, longest = int(length.min()), int(length.max())
    mantissa, fraction, good = _mantissas(buffer, start, length, (shortest, longest))
    value, sure = _quotients(mantissa, fraction)
    return value, _both(_both(sure, good), fits)


def _both(one: Optional[Array], other: Optional[Array]) -> Optional[Array]:
    """What is in both, where None is all."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _mantissas(
    buffer: Array, start: Array, length: Array, span: tuple[int, int]
) -> tuple[Array, Array, Optional[Array]]:
    """Digits as one number without their point, int64, how many are below it, int64, and what may be read.

    Args:
        buffer: the text.
        start: int64 (cells,).
        length: int64 (cells,), 1 to ``LONGEST``.
        span: the smallest and the largest length.
    """
    shortest, longest = span
    word = _words_of(buffer, start, length, span)
    first = word[0]
    point = points_of(first)
    fraction, count = np.zeros(len(length), np.int64), None
    most = 0
    if int(np.bitwise_or.reduce(point)):
        count, fraction = close_point(point, first)
        fraction -= count
        most = int(count.max())
        if longest > WORD:
            fraction += _behind(length, count, shortest)
    other = word + TO_HIGH
    other |= word
    good = None
    if most > 1 or int(np.bitwise_or.reduce(other, axis=None)) & int(HIGHS):
        good = (np.bitwise_or.reduce(other, axis=0) & HIGHS) == 0
        good &= True if count is None else count <= 1
    if count is not None and shortest < 2 and not (alone := length > count).all():
        good = _both(alone, good)
    join_digits(word)
    mantissa, fits = _joined(word, length, span)
    return mantissa.view(np.int64), fraction, _both(good, fits)


def _words_of(buffer: Array, start: Array, length: Array, span: tuple[int, int]) -> Array:
    """Cells less the zeros of their digits, uint64 (words, cells).

    The last characters of a cell end a word, and before the first of these there is 0; so are whole words behind it.
    """
    shortest, longest = span
    width = -(-longest // WORD)
    word = np.ascontiguousarray(words_at(buffer, start, width).T)
    word ^= ZEROS
    if shortest == longest == WORD * width:
        return word
    beyond = length * -WORD
    for place in range(width):
        beyond += WORD * WORD
        if shortest < WORD * (place + 1):
            # A shift by a whole word or more leaves nothing.
            word[place] <<= (np.maximum(beyond, 0) if longest > WORD * (place + 1) else beyond).view(np.uint64)
    return word


def _behind(length: Array, count: Array, shortest: int) -> Array:
    """How many digits stand behind the first word of the cells that have a point in it."""
    behind = np.maximum(length, WORD) if shortest < WORD else length.copy()
    behind -= WORD
    if int(count.min()) < 1:
        behind *= count
    return behind


def _joined(word: Array, length: Array, span: tuple[int, int]) -> tuple[Array, Optional[Array]]:
    """The number that words write one behind the other, uint64, and which ones fit in 63 bits, None where all do."""
    shortest, longest = span
    whole, fits = word[0], None
    for place in range(1, len(word)):
        room = length - WORD * place
        if (
            longest > _SURE_DIGITS
            and place == WORDS - 1
            and not (small := whole <= _LIMIT.take(room, mode="clip")).all()
        ):
            fits = small
        whole *= TEN[WORD] if shortest >= WORD * (place + 1) else _FEW.take(room, mode="clip")
        whole += word[place]
    return whole, fits


def _quotients(mantissa: Array, power: Array) -> tuple[Array, Optional[Array]]:
    """The floats next to ``mantissa / 10**power``, and which are sure to be, None where all are.

    A mantissa below ``MANTISSA`` and a power of ten are floats, so their quotient is rounded once (Clinger 1990). Else
    it is ``near = digits * 2**-shift``, less than one and a half steps from the true one: half a step by the division,
    and less than a whole one by the mantissa that was rounded before. The rest ``mantissa * 2**shift - digits *
    5**power`` is a whole number that fits in 64 bits though neither product does, for what overflows is lost on both
    sides alike. It is in units of a step over ``5**power``, which is odd, so nothing lies halfway between two floats:
    one step to the side of the rest is right where the rest is more than half.

    Args:
        mantissa: int64 (cells,), not below 0; is used up.
        power: int64 (cells,), not below 0.
    """
    value = mantissa.astype(np.float64)
    value /= _TEN.take(power, mode="clip")
    sure = None if int(power.max()) <= EXACT_POWER else power <= EXACT_POWER
    if int(mantissa.max()) < MANTISSA:
        return value, sure
    bits = value.view(np.int64)
    five = _FIVE.take(power, mode="clip")
    digits = bits & _FRACTION
    shift = bits >> _MANTISSA_BITS
    shift += power
    np.subtract(_BIAS, shift, out=shift)
    easy = None
    # Next to a power of two the steps differ on both sides; 0 has no digits.
    if int(digits.min()) < 2 or int(digits.max()) > _FRACTION - 2 or int(shift.min()) < 0:
        easy = mantissa < MANTISSA
        sure = _both(sure, easy | ((digits >= 2) & (digits <= _FRACTION - 2) & (shift >= 0)))
    digits |= _IMPLIED
    digits *= five
    mantissa <<= shift
    mantissa -= digits
    five >>= 1
    np.subtract(five, mantissa, out=digits)
    digits >>= _LAST_BIT  # -1 where the rest is above half, else 0
    mantissa += five
    mantissa >>= _LAST_BIT  # -1 where it is below minus half
    mantissa -= digits
    bits += mantissa if easy is None else np.where(easy, 0, mantissa)
    return value, sure
