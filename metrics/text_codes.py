"""Small codes for long columns of text, by the few bits that differ or by a hash proven row by row.

Every way below is exact: two rows get one code only where they read the same. None is returned where none applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.inputs import CHUNK

if TYPE_CHECKING:
    from metrics.inputs import Array

    Codes = tuple[Array, tuple[str, ...]]

SMALL = 1 << 14
"""Columns of fewer rows are not worth the preparation."""

LETTERS = 64
"""Wider text is not worth reading letter by letter."""

PACKED = 16
"""Text whose rows differ in no more bits than this is coded by those bits."""

SAMPLE = 1 << 12
"""How many rows tell what differs."""

ROWS = 1 << 15
"""Rows handled at a time."""


def narrowest(count: int) -> Any:
    """The smallest unsigned type that holds the codes 0 … count - 1."""
    return np.uint8 if count <= 1 << 8 else np.uint16 if count <= 1 << 16 else np.uint32


def tally(codes: Array, size: int) -> Array:
    """How many items bear each code, shape (size,); bytes are counted two at a time."""
    if codes.dtype != np.uint8 or len(codes) < 1 << 18:
        plain: Array = np.zeros(size, dtype=np.int64)
        step = CHUNK if size <= CHUNK else len(codes)
        for start in range(0, len(codes), step):
            plain += np.bincount(codes[start : start + step], minlength=size)
        return plain
    even = len(codes) // 2 * 2
    both = np.zeros(1 << 16, dtype=np.int64)
    pairs = codes[:even].view(np.uint16)
    for start in range(0, len(pairs), 4 * CHUNK):
        both += np.bincount(pairs[start : start + 4 * CHUNK], minlength=1 << 16)
    square = both.reshape(1 << 8, 1 << 8)
    count = square.sum(axis=0) + square.sum(axis=1)
    if even < len(codes):
        count[codes[-1]] += 1
    wanted: Array = count[:size]
    return wanted


def recoded(table: Array, codes: Array) -> Array:
    """The entry of a table for each code, shape (n,), in the type of the table."""
    out: Array = np.empty(len(codes), dtype=table.dtype)
    for start in range(0, len(codes), CHUNK):
        np.take(table, codes[start : start + CHUNK], out=out[start : start + CHUNK], mode="clip")
    return out


def coded_text(array: Array) -> Optional[Codes]:
    """Each row's text as a small code, and the text of each code.

    Args:
        array: fixed-width text, contiguous, shape (n,).

    Returns:
        Codes, shape (n,), and texts, or None where the column is short, wide or too varied.
    """
    width = array.dtype.itemsize // 4
    if not array.dtype.isnative or len(array) < SMALL or not 0 < width <= LETTERS:
        return None
    letters = array.view(np.uint32).reshape(len(array), width)
    sample = np.ascontiguousarray(letters[:: max(1, len(letters) // SAMPLE)])
    fields = _fields(np.bitwise_or.reduce(sample ^ sample[0], axis=0))
    packed = _packed(array, letters, fields)
    if packed is None and _size(fields) <= PACKED:  # the sample did not show all that differs
        packed = _packed(array, letters, _fields(_varying(letters)))
    return _looked_up(array, letters, sample) if packed is None else packed


def _ends(part: Array) -> tuple[Array, Array]:
    """The bits that all rows have, and those that any has, shape (width,) each."""
    wide, width = 64, part.shape[1]
    if len(part) % wide:
        return np.bitwise_and.reduce(part, axis=0), np.bitwise_or.reduce(part, axis=0)
    # long rows of 64 texts side by side, two letters a number, are what a processor reads fastest
    part = part.reshape(-1, wide * width).view(np.uint64)
    every, some = np.bitwise_and.reduce(part, axis=0), np.bitwise_or.reduce(part, axis=0)
    every, some = every.view(np.uint32).reshape(wide, width), some.view(np.uint32).reshape(wide, width)
    return np.bitwise_and.reduce(every, axis=0), np.bitwise_or.reduce(some, axis=0)


def _varying(letters: Array) -> Array:
    """The bits of each letter's place in which rows differ, shape (width,)."""
    ends = [_ends(letters[start : start + ROWS]) for start in range(0, len(letters), ROWS)]
    every = np.bitwise_and.reduce([one for one, _ in ends], axis=0)
    return np.asarray(np.bitwise_or.reduce([one for _, one in ends], axis=0) & ~every)


def _fields(varying: Array) -> list[tuple[int, int, int]]:
    """Of each letter's place that differs: its column, its lowest bit that does, and how many bits from there."""
    bits = [(column, one) for column, one in enumerate(varying.tolist()) if one]
    lowest = [(column, one, (one & -one).bit_length() - 1) for column, one in bits]
    return [(column, low, one.bit_length() - low) for column, one, low in lowest]


def _size(fields: Sequence[tuple[int, int, int]]) -> int:
    """How many bits the fields have in all."""
    return sum(size for _, _, size in fields)


def _packed(array: Array, letters: Array, fields: Sequence[tuple[int, int, int]]) -> Optional[Codes]:
    """Codes made of the bits that differ; None where these are many, or rows turn out to differ in others as well."""
    total = _size(fields)
    if total > PACKED:
        return None
    fixed = np.full(letters.shape[1], 0xFFFFFFFF, dtype=np.uint32)
    for column, low, size in fields:
        fixed[column] ^= np.uint32(((1 << size) - 1) << low)
    kind = narrowest(1 << total)
    bits, packed = 8 * np.dtype(kind).itemsize, np.zeros(len(letters), dtype=kind)
    for start in range(0, len(letters), ROWS):
        part = letters[start : start + ROWS]
        every, some = _ends(part)
        if (((every ^ letters[0]) | (some ^ letters[0])) & fixed).any():
            return None
        place = 0
        for column, low, size in fields:
            field = (part[:, column] >> np.uint32(low) if low + size > bits else part[:, column]).astype(packed.dtype)
            field >>= kind(0 if low + size > bits else low)
            field &= kind((1 << size) - 1)
            field <<= kind(place)
            packed[start : start + ROWS] |= field
            place += size
    used = np.flatnonzero(tally(packed, 1 << total))
    number = np.zeros(1 << total, dtype=narrowest(len(used)))
    number[used] = np.arange(len(used))
    return recoded(number, packed), _unpacked(letters[0], fields, used, array.dtype)


def _unpacked(first: Array, fields: Sequence[tuple[int, int, int]], used: Array, kind: Any) -> tuple[str, ...]:
    """The texts that packed codes stand for: the first row with the bits that differ put in."""
    text = np.repeat(first[None, :], len(used), axis=0)
    place = 0
    for column, low, size in fields:
        mask = (1 << size) - 1
        text[:, column] &= np.uint32(0xFFFFFFFF ^ (mask << low))
        text[:, column] |= (((used >> place) & mask) << low).astype(np.uint32)
        place += size
    return tuple(text.view(kind)[:, 0].tolist())


def _looked_up(array: Array, letters: Array, sample: Array) -> Optional[Codes]:
    """Codes by a hash: first of the texts in a sample, then of all; proven row by row."""
    words = letters.view(np.uint64) if letters.shape[1] % 2 == 0 else letters
    known = sample.view(words.dtype)
    columns = _telling_columns(known)
    _, first = _slots(_hashed(known, columns))
    if first is not None:
        codes = _proven(words, known[first], columns)
        if codes is not None:
            texts = sample[first].view(array.dtype)[:, 0]
            return codes, tuple(texts.tolist())
    found, first = _slots(_hashed(words, range(words.shape[1])))
    if first is None:
        return None
    reads = words[first]
    for start in range(0, len(words), ROWS):
        if not np.array_equal(reads.take(found[start : start + ROWS], axis=0), words[start : start + ROWS]):
            return None
    return found, tuple(array[first].tolist())


def _telling_columns(sample: Array) -> list[int]:
    """The fewest columns, taken in turn, that tell the rows of a sample apart."""
    every = range(sample.shape[1])
    wanted = _distinct(_hashed(sample, every))
    order = sorted(every, key=lambda column: -_distinct(sample[:, column]))
    for count in range(1, len(order)):
        if _distinct(_hashed(sample, order[:count])) == wanted:
            return order[:count]
    return order


def _distinct(values: Array) -> int:
    """How many different values there are."""
    ordered = np.sort(values)
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def _hashed(words: Array, columns: Sequence[int]) -> Array:
    """One 64-bit number a row, of some columns: multiply and add, word by word."""
    out = np.zeros(len(words), dtype=np.uint64)
    factor, fold = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)
    for start in range(0, len(words), ROWS):
        mixed = out[start : start + ROWS]
        for column in columns:
            mixed ^= words[start : start + ROWS, column]
            mixed *= factor
            mixed ^= mixed >> fold
    return out


def _proven(words: Array, known: Array, columns: Sequence[int]) -> Optional[Array]:
    """The code of each row among known rows; None where a row reads as none of them."""
    shift = np.uint64(48)
    slot = _hashed(known, columns) >> shift
    if len(known) > 1 << 8 or _distinct(slot) < len(known):
        return None
    number = np.zeros(1 << 16, dtype=np.intp)
    number[slot] = np.arange(len(known))
    codes = np.empty(len(words), dtype=np.uint8)
    for start in range(0, len(words), ROWS):
        part = words[start : start + ROWS]
        code = number.take((_hashed(part, columns) >> shift).astype(np.intp))
        if not np.array_equal(known.take(code, axis=0), part):
            return None
        codes[start : start + ROWS] = code
    return codes


def _slots(hashed: Array) -> tuple[Array, Optional[Array]]:
    """Codes by a table of 65,536 slots, and one row that bears each code; None where the slots do not suffice."""
    codes = np.zeros(len(hashed), dtype=np.uint16)
    waiting: Any = slice(None)
    rows = np.arange(len(hashed))
    first: list[Array] = []
    known = 0
    for shift in (48, 32, 16, 0):
        pending = hashed[waiting]
        slot = (pending >> np.uint64(shift)).astype(np.uint16)
        table = np.full(1 << 16, -1, dtype=np.int64)
        table[slot] = rows[waiting]
        taken = np.flatnonzero(table >= 0)
        if known + len(taken) > 1 << 15:
            return codes, None
        first.append(table[taken])
        number = np.zeros(1 << 16, dtype=np.uint16)
        number[taken] = np.arange(known, known + len(taken))
        known += len(taken)
        codes[waiting] = number[slot]
        stranger = np.flatnonzero(hashed[table[slot]] != pending)
        if not len(stranger):
            return codes, np.concatenate(first)
        waiting = stranger if isinstance(waiting, slice) else waiting[stranger]
    return codes, None
