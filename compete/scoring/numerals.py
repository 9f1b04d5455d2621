"""Numbers from text by a strict grammar, each one exactly as Python's ``float`` would round it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Optional

import numpy as np

from compete.scoring import threads
from compete.scoring.decimals import EXACT_POWER, MANTISSA, plain_decimals
from compete.scoring.digits import digits_before, join_digits, mantissas, other_bytes
from compete.scoring.spans import Array, Column, words_at

GRAMMAR = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""What counts as a number: ASCII digits, a point, an exponent. No spaces, commas, underscores, hexadecimals, words."""

NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)
NOTHING = re.compile(rb"|na|n/a|null|none|nil|missing|#n/a|#value!|#div/0!|\?|-", re.IGNORECASE)

KEPT = 5
FAR_POWER = 250

CELLS = 1 << 15
"""Cells read at a time, so that what is computed on the way stays in the cache."""

Way = Callable[[Array, Array, Array], tuple[Array, Optional[Array]]]

_MINUS, _PLUS = ord("-"), ord("+")
_LAST_BIT = np.uint64(63)
_FRACTION = np.uint64(2**52 - 1)
_TEN = np.array([10.0**power for power in range(EXACT_POWER + 1)])
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


def numbers(column: Column, value: Optional[Array] = None) -> Numbers:
    """Read every cell of a column as a number.

    Accepted is ``[+-]?digits[.digits][e[+-]digits]`` in ASCII, also ``.5`` and ``5.``; each value equals Python's
    ``float`` of the text bit for bit. What overflows (1e400) is not finite; what underflows is the nearest float.

    Args:
        column: the cells.
        value: float64 (rows,) where the numbers are written, if there is room for them already.

    >>> from compete.scoring.spans import column_of
    >>> numbers(column_of(["0.1", "-2e3", "1_0"])).value.tolist()
    [0.1, -2000.0, nan]
    """
    value = np.empty(len(column)) if value is None else value
    return numbers_of_columns([column], [value])[0]


def numbers_of_columns(columns: Sequence[Column], values: Sequence[Array]) -> list[Numbers]:
    """Read every cell of columns of the same rows as a number; see `numbers`.

    Args:
        columns: the cells, some rows of all columns at a time, for they stand side by side in the file.
        values: for each column, float64 (rows,) where the numbers are written.
    """
    rows = len(columns[0]) if columns else 0
    worth = max(1, threads.WORTH // max(len(columns), 1))
    first, *others = threads.on_all_cores(rows, 1, lambda low, high: _rows(columns, values, low, high), worth=worth)
    for other in others:
        for one, later in zip(first, other):
            one.join(later)
    return first


def _rows(columns: Sequence[Column], values: Sequence[Array], begin: int, end: int) -> list[Numbers]:
    """Read some rows, and tell their faults."""
    found = [Numbers(value) for value in values]
    pieces = max(1, round((end - begin) * len(columns) / CELLS))
    hard: list[Array] = []
    waiting = 0
    way: Way = plain_decimals
    for piece in range(pieces if end > begin else 0):
        low, high = (begin + (end - begin) * number // pieces for number in (piece, piece + 1))
        if high > low:
            rest, way = _cells(columns, found, (low, high), way)
            waiting += rest.shape[1]
            hard.append(rest)
        if waiting > CELLS or (waiting and high == end):
            which, row = np.concatenate(hard, axis=1)
            for place, (column, one) in enumerate(zip(columns, found)):
                _read_hard(column, one, row[which == place])
            hard, waiting = [], 0
    return found


def _cells(columns: Sequence[Column], found: Sequence[Numbers], span: tuple[int, int], way: Way) -> tuple[Array, Way]:
    """Read some rows of all columns at once, where they are simple.

    Args:
        columns: the cells.
        found: takes the numbers.
        span: the first row, and the one behind the last.
        way: how to read them.

    Returns:
        The column and the row of each cell that is not read, int64 (2, cells); and how to read later rows.
    """
    (low, high), buffer = span, columns[0].buffer
    start = np.concatenate([column.start[low:high] for column in columns], dtype=np.int64)
    length = np.concatenate([column.length[low:high] for column in columns], dtype=np.int64)
    value, sure = way(buffer, start, length)
    rows = high - low
    for place, one in enumerate(found):
        one.value[low:high] = value[place * rows : (place + 1) * rows]
    rest = np.zeros(0, np.int64) if sure is None else np.flatnonzero(~sure)
    if 8 * len(rest) > len(start) and way is not _nothing:
        signs = np.count_nonzero(_has_sign(buffer.take(start[rest])))
        if way is plain_decimals and 8 * int(signs) > len(start):
            way = _signed_decimals
        elif 4 * len(rest) > 3 * len(start):
            way = _nothing
    which, row = np.divmod(rest, rows)
    return np.stack((which, row + low)), way


def _read_hard(column: Column, found: Numbers, row: Array) -> None:
    """Read cells of some rows: with signs, exponents, many digits, or no number at all."""
    start, length = column.start[row].astype(np.int64), column.length[row].astype(np.int64)
    for read in (_signed_decimals, _decimals, _scientific):
        if not len(row):
            return
        if read is _signed_decimals and not _has_sign(column.buffer.take(start)).any():
            continue
        value, sure = read(column.buffer, start, length)
        if sure is None:
            found.value[row] = value
            return
        found.value[row[sure]] = value[sure]
        row, start, length = (one[~sure] for one in (row, start, length))
    for place in row.tolist():
        found.value[place] = _one(found, place, column.raw(place))


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


def _nothing(buffer: Array, start: Array, length: Array) -> tuple[Array, Optional[Array]]:
    """Read no cell, where most are not simple."""
    return np.zeros(len(start)), np.zeros(len(start), dtype=bool)


def _has_sign(first: Array) -> Array:
    """Whether each first byte of a cell is a sign."""
    signed: Array = (first == _MINUS) | (first == _PLUS)
    return signed


def _signed_decimals(buffer: Array, start: Array, length: Array) -> tuple[Array, Optional[Array]]:
    """Read ``[+-]digits[.digits]``; see `plain_decimals`."""
    first = buffer.take(start)
    signed = _has_sign(first)
    value, sure = plain_decimals(buffer, start + signed, length - signed)
    bits = value.view(np.uint64)
    bits |= (first == _MINUS).astype(np.uint64) << _LAST_BIT
    return value, sure


def _decimals(buffer: Array, start: Array, length: Array) -> tuple[Array, Array]:
    """As `_signed_decimals`, wherever the point stands."""
    first = buffer.take(start)
    value, sure = _assemble(buffer, start + length, length - _has_sign(first), None)
    return np.negative(value, out=value, where=first == _MINUS), sure


def _scientific(buffer: Array, start: Array, length: Array) -> tuple[Array, Array]:
    """Read ``[+-]digits[.digits]e[+-]digits`` with an exponent of one to three digits in a cell of up to 32 bytes."""
    byte = words_at(buffer, start, 4).view(np.uint8).reshape(-1, 32) | 32
    place = (byte == ord("e")).argmax(axis=1)
    end, stop = start + place, start + length
    first = buffer[end + 1]
    digits = stop - end - 1 - _has_sign(first)
    word = digits_before(buffer, stop, np.clip(digits, 0, 3), 1)[0]
    good = (other_bytes(word) == 0) & (byte[np.arange(len(place)), place] == ord("e"))
    good &= (digits >= 1) & (digits <= 3) & (place < length)
    join_digits(word)
    power = np.where(first == _MINUS, -1, 1) * word.view(np.int64)
    first = buffer[start]
    value, sure = _assemble(buffer, end, place - _has_sign(first), power)
    return np.negative(value, out=value, where=first == _MINUS), sure & good


def _assemble(buffer: Array, end: Array, length: Array, power: Optional[Array]) -> tuple[Array, Array]:
    """Value of digits with an optional point, up to 24 characters before each end, times ten to a power."""
    mantissa, fraction, points, good = mantissas(buffer, end, length)
    if len(length) and int(length.min()) < 2:
        good &= length > points
    return _scaled(mantissa, -fraction if power is None else power - fraction, good)


def _scaled(mantissa: Array, power: Array, good: Array) -> tuple[Array, Array]:
    """``mantissa * 10**power`` where one rounding does it (Clinger 1990), else with the rest of the division."""
    value = mantissa.astype(np.float64)
    size = np.abs(power)
    scale = _TEN.take(size, mode="clip")
    downward = power <= 0
    value = value / scale if downward.all() else np.where(downward, value / scale, value * scale)
    easy = mantissa < MANTISSA
    if int(size.max(initial=0)) > EXACT_POWER:
        easy &= (size <= EXACT_POWER) | (mantissa == 0)
    hard = good & ~easy
    amount = int(np.count_nonzero(hard))
    if not amount:
        return value, good
    if 2 * amount > len(hard):  # it is cheaper to do all than to pick these out
        better, sure = _corrected(mantissa, power, value)
        np.copyto(value, better, where=hard & sure)
        row = np.flatnonzero(hard & ~sure)
    else:
        row = np.flatnonzero(hard)
        value[row], sure = _corrected(mantissa[row], power[row], value[row])
        row = row[~sure]
    if len(row):
        value[row], good[row] = _twice(mantissa[row], power[row])
    return value, good


def _corrected(mantissa: Array, power: Array, near: Array) -> tuple[Array, Array]:
    """The float next to ``mantissa / 10**-power`` from one that is near it, and whether it is surely the next.

    With ``near = digits * 2**-shift`` the rest ``mantissa * 2**shift - digits * 10**-power`` is a whole number that
    fits in 64 bits though neither product does, for what overflows is lost on both sides alike. Both are divided by
    ``2**-power``, so the divisor is odd and nothing lies halfway between two floats: the near one is next to it where
    the rest is at most half the divisor, rounded down.
    """
    bits = near.view(np.uint64)
    five = _FIVE_WHOLE.take(-power, mode="clip")
    shift = (bits >> np.uint64(52)).view(np.int64)
    np.subtract(power, shift, out=shift)
    shift += 1075
    fraction = bits & _FRACTION
    product = fraction | (_FRACTION + np.uint64(1))
    product *= five
    rest = mantissa << shift.view(np.uint64)
    rest -= product
    rest, divisor = rest.view(np.int64), five.view(np.int64)
    half = divisor >> 1
    step = np.subtract((rest > half).view(np.int8), (rest < -half).view(np.int8), dtype=np.int64)
    moved = bits + step.view(np.uint64)
    exact = rest == 0
    step *= divisor
    rest -= step
    sure: Array = np.abs(rest, out=rest) <= half
    if int(fraction.min()) < 2 or int(fraction.max()) == int(_FRACTION):
        # Below a power of two floats lie twice as close as above it.
        sure &= exact | ((fraction != 0) & ((moved & _FRACTION) != 0))
    if int(shift.min()) < 0 or int(power.max()) > 0 or int(power.min()) < -EXACT_POWER:
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
