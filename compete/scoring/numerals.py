"""Numbers from text by a strict grammar, each one exactly as Python's ``float`` would round it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from compete.scoring.halves import in_halves
from compete.scoring.spans import WORD, Array, Column, words_at

GRAMMAR = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""What counts as a number: ASCII digits, a point, an exponent. No spaces, commas, underscores, hexadecimals, words."""

NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)
NOTHING = re.compile(rb"|na|n/a|null|none|nil|missing|#n/a|#value!|#div/0!|\?|-", re.IGNORECASE)

ROWS = 1 << 15
KEPT = 5
MANTISSA = 2**53
LARGEST = 9.0e18
SAFE_DIGITS = 18
EXACT_POWER = 22
FAR_POWER = 250

_ONES, _HIGHS, _ZEROS = (np.uint64(0x0101010101010101 * byte) for byte in (0x01, 0x80, 0x30))
_TO_HIGH = np.uint64(0x0101010101010101 * (0x80 - 10))
_POINT = ord(".")
_POINTS = np.uint64(0x0101010101010101 * _POINT)
_BYTE, _EIGHTH, _HALF = (np.uint64(bits) for bits in (WORD, 16, 32))
_PAIRS = np.uint64(0x000000FF000000FF)
_TWO_PAIRS, _FOUR_PAIRS = np.uint64(100 + (10**6 << 32)), np.uint64(1 + (10**4 << 32))
_MOST_WORDS = 3
_FRACTION = np.uint64(2**52 - 1)
_TEN = np.array([10.0**power for power in range(EXACT_POWER + 1)])
_TEN_WHOLE = np.array([10**power for power in range(20)], dtype=np.uint64)
_FIVE_WHOLE = np.array([5**power for power in range(EXACT_POWER + 1)], dtype=np.uint64)


@dataclass
class Faulty:
    """Cells that hold no number: how many, and the first few by row."""

    count: int = 0
    first: dict[int, bytes] = field(default_factory=dict)

    def add(self, row: int, text: bytes) -> None:
        """Count one more, and keep it while there are few."""
        self.count += 1
        if self.count <= KEPT:
            self.first[row] = text

    def join(self, later: Faulty) -> None:
        """Take in the faults of later rows."""
        self.count += later.count
        self.first.update(list(later.first.items())[: KEPT - len(self.first)])


@dataclass
class Numbers:
    """The numbers of a column, and the cells that hold none.

    Attributes:
        value: float64 (rows,); nan where there is no number.
        empty: cells that are empty or say so (NA, null).
        not_finite: cells that say nan or infinity, or go beyond what a float holds.
        not_number: all other cells that break the grammar.
    """

    value: Array
    empty: Faulty = field(default_factory=Faulty)
    not_finite: Faulty = field(default_factory=Faulty)
    not_number: Faulty = field(default_factory=Faulty)

    def join(self, later: Numbers) -> None:
        """Take in the faults of later rows of the same column."""
        for name in ("empty", "not_finite", "not_number"):
            getattr(self, name).join(getattr(later, name))


def numbers(column: Column) -> Numbers:
    """Read every cell of a column as a number.

    Accepted is ``[+-]?digits[.digits][e[+-]digits]`` in ASCII, also ``.5`` and ``5.``; each value equals Python's
    ``float`` of the text bit for bit. What overflows (1e400) is not finite; what underflows is the nearest float.

    >>> from compete.scoring.spans import column_of
    >>> numbers(column_of(["0.1", "-2e3", "1_0"])).value.tolist()
    [0.1, -2000.0, nan]
    """
    value = np.empty(len(column))
    first, *others = in_halves(len(column), ROWS, lambda low, high: _rows(column, value, low, high))
    for other in others:
        first.join(other)
    return first


def _rows(column: Column, values: Array, begin: int, end: int) -> Numbers:
    """Read some rows, and tell their faults."""
    read = Numbers(values)
    for low in range(begin, end, ROWS):
        high = min(low + ROWS, end)
        start, length = column.start[low:high].astype(np.int64), column.length[low:high]
        value, sure = _decimals(column.buffer, start, start + length)
        rest = np.flatnonzero(~sure)
        if len(rest):
            value[rest], sure = _scientific(column.buffer, start[rest], length[rest])
            rest = rest[~sure]
        for row in rest.tolist():
            value[row] = _one(read, low + row, column.raw(low + row))
        values[low:high] = value
    return read


def _one(read: Numbers, row: int, text: bytes) -> float:
    """Read what the fast ways are not sure of: a hard number, or none."""
    if GRAMMAR.fullmatch(text):
        value = float(text)
        if not math.isinf(value):
            return value
        read.not_finite.add(row, text)
    elif NOT_FINITE.fullmatch(text):
        read.not_finite.add(row, text)
    elif NOTHING.fullmatch(text):
        read.empty.add(row, text)
    else:
        read.not_number.add(row, text)
    return math.nan


def _decimals(buffer: Array, start: Array, end: Array) -> tuple[Array, Array]:
    """Read ``[+-]digits[.digits]``, eight digits a step; tells which values are sure to be exact."""
    first = buffer[start]
    negative = first == ord("-")
    start = start + (negative | (first == ord("+")))
    return _assemble(buffer, start, end, np.zeros(len(start), np.int64), negative)


def _scientific(buffer: Array, start: Array, length: Array) -> tuple[Array, Array]:
    """Read ``[+-]digits[.digits]e[+-]digits`` with an exponent of one to three digits in a cell of up to 32 bytes."""
    byte = words_at(buffer, start, 4).view(np.uint8).reshape(-1, 32) | 32
    place = (byte == ord("e")).argmax(axis=1)
    end, stop = start + place, start + length
    first = buffer[end + 1]
    signed = (first == ord("-")) | (first == ord("+"))
    digits = stop - end - 1 - signed
    exponent, good = _digits(buffer, stop, np.clip(digits, 0, 3))
    good &= (byte[np.arange(len(place)), place] == ord("e")) & (digits >= 1) & (digits <= 3) & (place < length)
    power = np.where(first == ord("-"), -1, 1) * exponent.astype(np.int64)
    first = buffer[start]
    negative = first == ord("-")
    start = start + (negative | (first == ord("+")))
    value, sure = _assemble(buffer, start, end, power, negative)
    return value, sure & good


def _assemble(buffer: Array, start: Array, end: Array, power: Array, negative: Array) -> tuple[Array, Array]:
    """Value of digits with an optional point, times ten to a power."""
    length = end - start
    if len(length) and length.min() > 1 and (buffer[start + 1] == _POINT).all():
        whole = np.ones_like(length)
        integer = (buffer[start] - np.uint8(ord("0"))).astype(np.uint64)
        good = integer < _TEN_WHOLE[1]
    else:
        whole = _point(words_at(buffer, start, 2), length)
        integer, good = _digits(buffer, start + whole, whole)
    fraction = np.maximum(length - whole - 1, 0)
    below, good_below = _digits(buffer, end, fraction)
    good &= good_below & (whole <= 16) & (fraction <= EXACT_POWER) & (whole + fraction > 0)
    if len(length) and int(length.max()) > SAFE_DIGITS:
        good &= integer * _TEN.take(fraction, mode="clip") + below < LARGEST
    if integer.any():
        below += integer * _TEN_WHOLE.take(fraction, mode="clip")
    return _scaled(below, power - fraction, negative, good)


def _point(word: Array, length: Array) -> Array:
    """Where the first point stands among the first 16 bytes; the length where there is none."""
    place = _point_in(word[:, 0])
    late = np.flatnonzero((place == WORD) & (length > WORD))
    if len(late):
        place[late] += _point_in(word[late, 1])
    late = np.flatnonzero((place == 2 * WORD) & (length > 2 * WORD))
    place[late] = length[late]
    return np.minimum(place, length)


def _point_in(word: Array) -> Array:
    other = word ^ _POINTS
    zero = (other - _ONES) & ~other & _HIGHS
    lowest = (zero & (~zero + np.uint64(1))) - np.uint64(1)
    # Bytes below the point count one each, the point's own byte one more; with no point all eight bytes count.
    count = (((lowest & _ONES) * _ONES) >> np.uint64(56)).view(np.int64)
    place: Array = count - (zero != 0)
    return place


def _digits(buffer: Array, end: Array, count: Array) -> tuple[Array, Array]:
    """The number that the ``count`` digits before ``end`` write, up to 24 of them, and whether all are digits.

    All eight bytes of a word are worked on at once, and all words of all rows. Source: W. Muła, SIMD-ized parsing of
    series of integers; D. Lemire, Quickly parsing eight digits (2018).
    """
    most = int(count.max()) if len(count) else 0
    width = min(max(-(-most // WORD), 1), _MOST_WORDS)
    word = words_at(buffer, end - WORD * width, width)
    word ^= _ZEROS
    word &= _last_bytes(width).take(count, axis=0, mode="clip")
    bad = ((word + _TO_HIGH) | word) & _HIGHS
    # The byte farthest left is the lowest of its word: pairs, fours and eights of digits are joined to the right.
    higher = word >> _BYTE
    word *= _TEN_WHOLE[1]
    word += higher
    np.right_shift(word, _EIGHTH, out=higher)
    higher &= _PAIRS
    higher *= _FOUR_PAIRS
    word &= _PAIRS
    word *= _TWO_PAIRS
    word += higher
    word >>= _HALF
    value, faults = word[:, -1].copy(), bad[:, -1].copy()
    for place in range(1, width):
        faults |= bad[:, -1 - place]
        value += word[:, -1 - place] * _TEN_WHOLE[WORD * place]
    good = faults == 0
    if width == _MOST_WORDS:
        good &= word[:, 0] < np.uint64(900)
    return value, good


@lru_cache(maxsize=_MOST_WORDS)
def _last_bytes(width: int) -> Array:
    """Masks (bytes, words) that keep the last bytes of some words, none to all of them."""
    kept = np.arange(WORD * width + 1)[:, None] > np.arange(WORD * width - 1, -1, -1)
    masks: Array = np.where(kept, np.uint8(255), np.uint8(0)).view("<u8")
    return masks


def _scaled(mantissa: Array, power: Array, negative: Array, good: Array) -> tuple[Array, Array]:
    """``mantissa * 10**power`` where one rounding does it (Clinger 1990), else with the rest of the division."""
    value = mantissa.astype(np.float64)
    size = np.abs(power)
    scale = _TEN.take(size, mode="clip")
    downward = power <= 0
    value = value / scale if downward.all() else np.where(downward, value / scale, value * scale)
    easy = (mantissa < MANTISSA) & ((size <= EXACT_POWER) | (mantissa == 0))
    hard = np.flatnonzero(good & ~easy)
    if len(hard):
        value[hard], sure = _corrected(mantissa[hard], power[hard], value[hard])
        good[hard] &= sure
        hard = hard[~sure]
    if len(hard):
        value[hard], good[hard] = _twice(mantissa[hard], power[hard])
    return np.where(negative, -value, value) if negative.any() else value, good


def _corrected(mantissa: Array, power: Array, near: Array) -> tuple[Array, Array]:
    """The float next to ``mantissa / 10**-power`` from one that is near it, and whether it is surely the next.

    With ``near = digits * 2**-shift`` the rest ``mantissa * 2**shift - digits * 10**-power`` is a whole number that
    fits in 64 bits though neither product does, for what overflows is lost on both sides alike. Both are divided by
    ``2**-power``, so the divisor is odd and nothing lies halfway between two floats.
    """
    bits = near.view(np.uint64)
    five = _FIVE_WHOLE.take(-power, mode="clip")
    shift = 1075 + power - (bits >> np.uint64(52)).view(np.int64)
    product = ((bits & _FRACTION) | (_FRACTION + np.uint64(1))) * five
    rest = 2 * ((mantissa << shift.view(np.uint64)) - product).view(np.int64)
    divisor = five.view(np.int64)
    step = (rest > divisor).astype(np.int64) - (rest < -divisor)
    moved = bits + step.view(np.uint64)
    sure = np.abs(rest - 2 * step * divisor) < divisor
    # Below a power of two floats lie twice as close as above it.
    sure &= (rest == 0) | (((bits & _FRACTION) != 0) & ((moved & _FRACTION) != 0))
    sure &= (shift >= 0) & (power <= 0) & (power >= -EXACT_POWER)
    return moved.view(np.float64), sure


@lru_cache(maxsize=1)
def _powers() -> tuple[Array, Array]:
    """Powers of ten as sums of two floats, right to 106 bits."""
    high = [float(10**power) for power in range(FAR_POWER + 1)]
    low = [float(10**power - int(near)) for power, near in enumerate(high)]
    return np.array(high), np.array(low)


def _twice(mantissa: Array, power: Array) -> tuple[Array, Array]:
    """``mantissa * 10**power`` in double-double arithmetic, and whether its rounding is beyond doubt (Ziv's test)."""
    near = mantissa.astype(np.float64)
    rest = (mantissa - near.astype(np.uint64)).view(np.int64).astype(np.float64)
    size = np.minimum(np.abs(power), FAR_POWER)
    high, low = (part[size] for part in _powers())
    quotient = near / high
    product, error = _product(quotient, high)
    below = (((near - product) - error) + rest - quotient * low) / high
    top, bottom = _product(near, high)
    down = power < 0
    main = np.where(down, quotient, top)
    small = np.where(down, below, bottom + near * low + rest * high)
    doubt = main * 2.0**-95
    value = main + (small + doubt)
    return value, (value == main + (small - doubt)) & (np.abs(power) <= FAR_POWER)


def _product(one: Array, other: Array) -> tuple[Array, Array]:
    """A product and its rounding error, exactly (Dekker 1971)."""
    product = one * other
    one_high, one_low = _halves(one)
    other_high, other_low = _halves(other)
    error = one_low * other_low - (((product - one_high * other_high) - one_low * other_high) - one_high * other_low)
    return product, error


def _halves(number: Array) -> tuple[Array, Array]:
    wide = number * 134217729.0
    high = wide - (wide - number)
    return high, number - high
