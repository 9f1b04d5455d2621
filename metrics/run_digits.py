"""Numbers of several digits among COCO's compressed run lengths, all at once, each from one word of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from metrics.inputs import Array

DIGITS = 6
"""The most characters that one number may have."""

WINDOW = 8
"""Bytes in which a number is looked for, its highest digit last."""

MORE = 32
"""Digits of this much and above are not the last of their number."""


def long_numbers(spaced: Array, end: Array) -> tuple[Array, Array]:
    """How many digits numbers of several digits have, int64, and the numbers, int32; 0 for more than `DIGITS`.

    Args:
        spaced: `WINDOW` zeros, then the digits of all numbers, lowest first, with `MORE` on all but the last of each.
        end: where the last digit of each number stands behind the zeros, shape (n,).

    >>> import numpy as np
    >>> digit = np.array([0] * 8 + [5, 33, 2, 63, 32, 31], dtype=np.uint8)
    >>> [part.tolist() for part in long_numbers(digit, np.array([2, 5]))]
    [[2, 3], [65, -993]]
    """
    size, value = _numbers_within(spaced, end, 4)
    full = np.flatnonzero(size == 4)
    full = full[spaced.take(end[full] + (WINDOW - 4)) >= MORE]
    if len(full):
        size[full], value[full] = _numbers_within(spaced, end[full], 8)
        long = np.flatnonzero(size == WINDOW)
        if len(long):
            last = np.flatnonzero(spaced < MORE)
            size[long] = end[long] + WINDOW - last[np.searchsorted(last, end[long] + WINDOW) - 1]
        value[size > DIGITS] = 0
    return size, value


def _numbers_within(spaced: Array, end: Array, width: int) -> tuple[Array, Array]:
    """As `long_numbers`, of numbers of at most 4 or 8 digits; what has more is said to have as many.

    In a word a number's digits are told from the bytes before it, and moved together: five bits of each byte, ten of
    each two, twenty of each four.
    """
    whole = np.dtype(f"<u{width}").type
    ones = whole(int.from_bytes(b"\1" * width, "little"))
    everywhere: Array = np.ndarray((len(spaced) - width + 1,), f"V{width}", spaced, strides=(1,))
    word = everywhere[end + (WINDOW + 1 - width)].view(whole)
    other = ~word  # one bit in each byte that is not of the number, set in the nearest and spread to all before it
    other &= (ones >> whole(8)) * whole(MORE)
    for step in (8, 16, 32)[: width // 4 + 1]:
        other |= other >> whole(step)
    other >>= whole(5)
    size = whole(width) - ((other * ones) >> whole(8 * width - 8))
    word &= ~(other * whole(31))
    word &= ones * whole(31)
    for step, bits in ((8, 5), (16, 10), (32, 20))[: width // 4 + 1]:
        pairs = sum(((1 << bits) - 1) << place for place in range(0, 8 * width, 2 * step))
        upper = word >> whole(step)
        upper &= whole(pairs)
        upper *= whole((1 << step) - (1 << bits))
        word -= upper
    word <<= whole(3 * width)
    signed = word.view(f"<i{width}")
    signed >>= (whole(8 * width) - whole(5) * size).view(signed.dtype)
    return size.astype(np.int64), signed.astype(np.int32)
