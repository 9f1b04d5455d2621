"""Numbers from text by a strict grammar, each one exactly as Python's ``float`` would round it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from compete.scoring.spans import WORD, Array, Column, words_at

GRAMMAR = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""What counts as a number: ASCII digits, a point, an exponent. No spaces, commas, underscores, hexadecimals, words."""

NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)
NOTHING = re.compile(rb"|na|n/a|null|none|nil|missing|#n/a|#value!|#div/0!|\?|-", re.IGNORECASE)

ROWS = 1 << 14
KEPT = 5
MANTISSA = 2**53
LARGEST = 9.0e18
EXACT_POWER = 22
FAR_POWER = 250

_ONES, _HIGHS, _ZEROS = (np.uint64(0x0101010101010101 * byte) for byte in (0x01, 0x80, 0x30))
_SIX, _NIBBLES, _THREES = (np.uint64(0x0101010101010101 * byte) for byte in (0x06, 0xF0, 0x33))
_POINTS = np.uint64(0x0101010101010101 * ord("."))
_EIGHTH = np.uint64(WORD)
_KEEP_LAST = np.array([~((1 << 8 * (WORD - count)) - 1) & (2**64 - 1) for count in range(WORD + 1)], dtype=np.uint64)
_PAD_FIRST = ~_KEEP_LAST & _ZEROS
_TEN = np.array([10.0**power for power in range(EXACT_POWER + 1)])
_TEN_WHOLE = np.array([10**power for power in range(20)], dtype=np.uint64)


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


def numbers(column: Column) -> Numbers:
    """Read every cell of a column as a number.

    Accepted is ``[+-]?digits[.digits][e[+-]digits]`` in ASCII, also ``.5`` and ``5.``; each value equals Python's
    ``float`` of the text bit for bit. What overflows (1e400) is not finite; what underflows is the nearest float.

    >>> from compete.scoring.spans import column_of
    >>> numbers(column_of(["0.1", "-2e3", "1_0"])).value.tolist()
    [0.1, -2000.0, nan]
    """
    read = Numbers(np.empty(len(column)))
    for low in range(0, len(column), ROWS):
        start, length = column.start[low : low + ROWS].astype(np.int64), column.length[low : low + ROWS]
        value, sure = _decimals(column.buffer, start, start + length)
        rest = np.flatnonzero(~sure)
        if len(rest):
            value[rest], sure = _scientific(column.buffer, start[rest], length[rest])
            rest = rest[~sure]
        for row in rest.tolist():
            value[row] = _one(read, low + row, column.raw(low + row))
        read.value[low : low + ROWS] = value
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
    exponent, good = _eight_digits(buffer, stop, np.clip(digits, 0, 3))
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
    whole = _point(words_at(buffer, start, 2), length)
    fraction = np.maximum(length - whole - 1, 0)
    integer, good = _digits(buffer, start + whole, whole)
    below, good_below = _digits(buffer, end, fraction)
    good &= good_below & (whole <= 16) & (fraction <= EXACT_POWER) & (whole + fraction > 0) & (length > 0)
    scale = _TEN.take(fraction, mode="clip")
    good &= integer * scale + below < LARGEST
    return _scaled(integer * _TEN_WHOLE.take(fraction, mode="clip") + below, power - fraction, negative, good)


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
    """The number that the ``count`` digits before ``end`` write, up to 24 of them, and whether all are digits."""
    most = int(count.max()) if len(count) else 0
    value, good = _eight_digits(buffer, end, np.minimum(count, WORD) if most > WORD else count)
    for step in (1, 2):
        if most <= step * WORD:
            break
        rows = np.flatnonzero(count > step * WORD)
        higher, fine = _eight_digits(buffer, end[rows] - step * WORD, np.minimum(count[rows] - step * WORD, WORD))
        if step == 2:
            fine &= higher < np.uint64(900)
            higher = np.minimum(higher, np.uint64(900))
        value[rows] += higher * np.uint64(10 ** (step * WORD))
        good[rows] &= fine
    return value, good


def _eight_digits(buffer: Array, end: Array, count: Array) -> tuple[Array, Array]:
    """The number that up to eight digits before ``end`` write, all eight bytes at once.

    Source: W. Muła, SIMD-ized parsing of series of integers; D. Lemire, Quickly parsing eight digits (2018).
    """
    word = words_at(buffer, end - WORD, 1)[:, 0]
    word = (word & _KEEP_LAST.take(count, mode="clip")) | _PAD_FIRST.take(count, mode="clip")
    good = ((word & _NIBBLES) | (((word + _SIX) & _NIBBLES) >> np.uint64(4))) == _THREES
    word -= _ZEROS
    word = word * np.uint64(10) + (word >> _EIGHTH)
    low = (word & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
    high = ((word >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
    return (low + high) >> np.uint64(32), good


def _scaled(mantissa: Array, power: Array, negative: Array, good: Array) -> tuple[Array, Array]:
    """``mantissa * 10**power`` where one rounding does it (Clinger 1990), else in twice the precision."""
    value = mantissa.astype(np.float64)
    size = np.abs(power)
    scale = _TEN.take(size, mode="clip")
    downward = power <= 0
    value = value / scale if downward.all() else np.where(downward, value / scale, value * scale)
    easy = (mantissa < MANTISSA) & ((size <= EXACT_POWER) | (mantissa == 0))
    hard = np.flatnonzero(good & ~easy)
    if len(hard):
        value[hard], sure = _twice(mantissa[hard], power[hard])
        good[hard] &= sure
    return np.where(negative, -value, value), good


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
