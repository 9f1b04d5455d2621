"""What TIFF packs the rows of a picture with: LZW, Deflate, PackBits, and differences between neighbours."""

from __future__ import annotations

import zlib
from typing import Optional

import numpy as np

from compete.scoring.spans import Array

PLAIN, LZW, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 5, 8, 32946, 32773
"""TIFF's numbers for how strips and tiles are packed."""

CLEAR, END, FIRST = 256, 257, 258
"""Codes of LZW that begin a new table and end the stream, and the first that stands for a string of the table."""

CODES = 3840
"""More codes than a table of LZW has room for: the last must begin a new one."""

TABLE = 3072
"""A table of LZW is begun anew when 3,838 codes have filled it; one for less than this many bytes wastes time."""

IDLE = 128
"""The head of PackBits that brings nothing: below are stretches, above are runs."""

BYTES = 1 << 14
"""Bytes of PackBits that are looked at together."""


def unpacked(packed: memoryview, packing: int, most: int) -> Optional[Array]:
    """The bytes of a strip or tile, uint8; never more than ``most`` and one.

    Args:
        packed: what the file holds.
        packing: one of TIFF's numbers above.
        most: how many bytes it may hold.

    Returns:
        The bytes, perhaps fewer or more than ``most``; None where they are broken.

    Source: TIFF revision 6.0 (Adobe, 1992), sections 9 and 13; Adobe Photoshop TIFF Technical Notes (2002).
    """
    if packing == PLAIN:
        return np.frombuffer(packed, dtype=np.uint8)
    if packing == LZW:
        return _lzw(packed, most)
    return _packbits(packed, most) if packing == PACKBITS else _deflated(packed, most)


def summed(values: Array) -> Array:
    """Rows of which each number was written as the difference to the one on its left; sums wrap around."""
    return np.add.accumulate(values, axis=1, dtype=values.dtype)


def _deflated(packed: memoryview, most: int) -> Optional[Array]:
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(packed, most + 1)
    except zlib.error:
        return None
    return np.frombuffer(raw, dtype=np.uint8) if inflate.eof else None


def _packbits(packed: memoryview, most: int) -> Optional[Array]:
    """Runs and stretches, some bytes at a time: where their heads are is found for all places at once."""
    data = np.frombuffer(packed, dtype=np.uint8)
    parts, size, place = [np.zeros(0, dtype=np.uint8)], 0, 0
    while place < len(data) and size < most:
        heads = _heads(data[place : place + BYTES]) + place
        part = _runs(data, heads, most - size)
        if part is None:
            return None
        parts.append(part)
        size += len(part)
        place = int(heads[-1] + _STEP[data[heads[-1]]])
    return np.concatenate(parts)


_STEP = np.array([*range(2, IDLE + 2), 1, *[2] * (255 - IDLE)])
"""From a head of PackBits to the next."""

_LENGTH = np.array([*range(1, IDLE + 1), 0, *range(256 - IDLE, 1, -1)])
"""How many bytes a head of PackBits brings."""


def _heads(data: Array) -> Array:
    """Where heads are, if the first byte is one.

    After n rounds the first 2**n of them are known, and where 2**n steps lead to from any place.
    """
    size = len(data)
    leap = np.append(np.minimum(np.arange(size) + _STEP.take(data), size), size)
    found = np.zeros(1, dtype=np.int64)
    while found[-1] < size:
        found = np.concatenate((found, leap[found]))
        leap = leap[leap]
    return found[found < size]


def _runs(data: Array, heads: Array, most: int) -> Optional[Array]:
    """The bytes that some heads bring, until there are enough of them; None where their own bytes are missing."""
    length = _LENGTH.take(data[heads])
    before = np.cumsum(length) - length
    many = int(np.count_nonzero(before < most))
    heads, length, before = heads[:many], length[:many], before[:many]
    stretch = data[heads] < IDLE
    if (heads + np.where(stretch, length, length > 0)).max(initial=-1) >= len(data):
        return None
    source = np.repeat(heads + 1 - np.where(stretch, before, 0), length)
    source += np.where(np.repeat(stretch, length), np.arange(len(source)), 0)
    found: Array = data[source]
    return found


_FREE = FIRST - 1 + np.arange(CODES)
_WIDTH = 9 + (_FREE > 510) + (_FREE > 1022) + (_FREE > 2046)
_OFFSET = np.cumsum(_WIDTH) - _WIDTH
"""Bits of each code of a table, and where it begins: they follow from how many codes came before it."""


def _lzw(packed: memoryview, most: int) -> Optional[Array]:
    """LZW, a table at a time: all its codes are cut out at once, and all its strings written together."""
    data = np.zeros(len(packed) + 4, dtype=np.uint8)
    data[: len(packed)] = packed
    if len(packed) < 2 or int(data[0]) << 1 | int(data[1]) >> 7 != CLEAR:
        return None
    parts, size, place = [np.zeros(0, dtype=np.uint8)], 0, 9
    for _ in range(most // TABLE + 2):
        code = _codes(data, place, 8 * len(packed))
        special = np.flatnonzero((code == CLEAR) | (code == END))
        count = int(special[0]) if len(special) else len(code)
        part = _strings(code[:count], most - size) if count < CODES else None
        if part is None:
            return None
        parts.append(part)
        size += len(part)
        if count == len(code) or code[count] == END or size >= most:
            return np.concatenate(parts)
        place += int(_OFFSET[count] + _WIDTH[count])
    return None


def _codes(data: Array, place: int, bits: int) -> Array:
    """The codes from a bit on, as if they filled a whole table."""
    start = place + _OFFSET[: np.searchsorted(place + _OFFSET + _WIDTH, bits, "right")]
    width = _WIDTH[: len(start)]
    byte = start >> 3
    word = data[byte].astype(np.int64) << 16 | data[byte + 1].astype(np.int64) << 8 | data[byte + 2]
    return np.asarray(word >> (24 - (start & 7) - width) & ((1 << width) - 1))


def _strings(code: Array, most: int) -> Optional[Array]:
    """What the codes of one table stand for.

    A code from 258 on stands for the string of an earlier code, its parent, and the first byte of the code after that.
    """
    index = np.arange(len(code))
    literal = code < CLEAR
    parent = np.where(literal, index, code - FIRST)
    if not literal[:1].all() or (parent[~literal] >= index[~literal]).any():
        return None
    root, length = parent, (~literal).astype(np.int64)
    while not literal[root].all():
        length += length[root]
        root = root[root]
    length += 1
    end = np.cumsum(length)
    if not len(code) or end[-1] > most:
        return None if len(code) else np.zeros(0, dtype=np.uint8)
    last = np.where(literal, code, code[root[np.minimum(parent + 1, len(code) - 1)]]).astype(np.uint8)
    return _written(parent, last, length, end)


def _written(parent: Array, last: Array, length: Array, end: Array) -> Array:
    """All strings of a table, from their last bytes to their first, the longest as long as it lasts."""
    out = np.empty(int(end[-1]), dtype=np.uint8)
    code = np.argsort(-length, kind="stable")
    place = end[code]
    shorter = np.searchsorted(np.sort(length), np.arange(int(length.max())), "right")
    for many in (len(code) - shorter).tolist():
        code, place = code[:many], place[:many] - 1
        out[place] = last[code]
        code = parent[code]
    return out
