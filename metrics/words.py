"""Words of many texts at once: the same number for the same word, without a loop over texts or over words.

Words are what `str.split` leaves. Every way is exact: two words get one number only where all their bytes agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.ragged import Ragged, starts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metrics.inputs import Array

MANY = 1 << 11
"""Pairs of texts from which their words are worth numpy's calls."""

LONG = 32
"""Words of a text, in the mean of the first ones, up to which they are."""

PORTION = 20_000
"""Words handled at a time, about: they stay in the cache."""

TOGETHER = 1 << 17
"""Pairs whose words are compared together."""

WIDTHS = (*range(1, 17), 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128)
"""Texts of up to so many words are compared together, each word with each; with more, Python's sets cost less."""

WORTH = 24
"""Pairs from which that costs less than Python's sets."""

PARTS = 4
"""Parts of eight bytes up to which words are read so."""

BYTES = 8

CODES = (1 << 16) - 1
"""Words that two bytes can number, and none."""

SPACES = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What `str.split` takes for white space beyond ASCII."""

MASKS = np.array([(1 << 8 * size) - 1 for size in range(BYTES + 1)], dtype=np.uint64)
"""The first bytes of eight, by how many."""

FACTOR = np.uint64(0x9E3779B97F4A7C15)


def words_in_common(true: Sequence[str], predicted: Sequence[str], repeats: bool, lower: bool = False) -> Array:
    """How many words both texts of each pair have, and how many either text has, int64, shape (3, n).

    Args:
        true: texts.
        predicted: as many texts.
        repeats: whether a word that comes k times counts k times; else it counts once.
        lower: whether words are compared in lower case.

    Returns:
        The counts; -1 for a pair that is to be counted by itself: with more words, or longer ones, than are worth it.
    """
    out = np.full((3, len(true)), -1, dtype=np.int64)
    mean = 1 + sum([text.count(" ") for text in (*true[:MANY], *predicted[:MANY])]) / (2 * MANY)
    if len(true) < MANY or mean > LONG:
        return out
    step = round(PORTION / (2 * mean))
    for start in range(0, len(true), TOGETHER):
        rows, sides, strange = [], [], [np.empty(0, dtype=np.int64)]
        for first in range(start, min(start + TOGETHER, len(true)), step):
            part = slice(first, min(first + step, start + TOGETHER))
            known = numbered_words(true[part], predicted[part], lower)
            if known is not None:
                rows.append(np.arange(first, first + known[0].rows))
                sides.append(known[:2])
                strange.append(first + known[2])
        if rows:
            one, other = (end_to_end(parts) for parts in zip(*sides))
            out[:, np.concatenate(rows)] = _compared(one, other, repeats)
            out[:, np.concatenate(strange)] = -1
    return out


def end_to_end(parts: Sequence[Ragged]) -> Ragged:
    """The rows of several parts, one after the other."""
    length = np.concatenate([part.length for part in parts])
    return Ragged(starts_of(length), np.concatenate([part.value for part in parts]))


def _compared(true: Ragged, predicted: Ragged, repeats: bool) -> Array:
    """What `words_in_common` says: pairs whose longer texts have about as many words are compared together."""
    longer = np.maximum(true.length, predicted.length)
    out = np.where(longer == 0, 0, np.full((3, 1), -1, dtype=np.int64))
    order = np.argsort(longer, kind="stable")
    ends = np.searchsorted(longer[order], (0, *WIDTHS), side="right").tolist()
    for width, first, last in zip(WIDTHS, ends, ends[1:]):
        pairs = order[first:last]
        if len(pairs) >= WORTH:
            out[:, pairs] = _counted(_square(true, pairs, width), _square(predicted, pairs, width), repeats)
    return out


def _square(side: Ragged, pairs: Array, width: int) -> Array:
    """The words of some texts, each number one more and 0 where there is no word, shape (width, pairs)."""
    first, last = side.start[pairs], side.start[pairs + 1]
    out = np.zeros((width, len(pairs)), dtype=np.uint16)
    for place in range(width if len(side.value) else 0):
        np.add(side.value.take(first + place, mode="clip"), 1, out=out[place])
        out[place] *= first + place < last
    return out


def _counted(one: Array, other: Array, repeats: bool) -> Array:
    """Words that both sides of each pair have, and those of either, int64, shape (3, pairs)."""
    sizes, earlier = [], np.zeros(other.shape, dtype=np.uint8)
    for side in (one, other):
        earlier = np.zeros(side.shape, dtype=np.uint8)  # how often each word came before in its text
        for place in range(1, len(side)):
            np.add.reduce(side[:place] == side[place], axis=0, dtype=np.uint8, out=earlier[place])
        sizes.append(np.count_nonzero((side > 0) & (repeats | (earlier == 0)), axis=0))
    shared = np.zeros(one.shape[1], dtype=np.int64)
    for word, before in zip(other, earlier):
        there = np.add.reduce(one == word, axis=0, dtype=np.uint8)
        shared += (word > 0) & ((there > before) if repeats else (there > 0) & (before == 0))
    return np.stack((shared, *sizes))


def numbered_words(
    true: Sequence[str], predicted: Sequence[str], lower: bool = False
) -> Optional[tuple[Ragged, Ragged, Array]]:
    """The words of some pairs of texts as whole numbers that are equal where the words are.

    Args:
        true: texts.
        predicted: as many texts.
        lower: whether words are taken in lower case.

    Returns:
        Rows of uint16, and the pairs that have a word of more than 32 bytes, whose number says nothing; None where a
        text holds a NUL, or there are more words than two bytes can number.
    """
    texts = [*true, *predicted]
    whole = " ".join(texts)
    if "\0" in whole:
        return None
    if lower and not whole.isascii():
        texts = [text.lower() for text in texts]
        whole = " ".join(texts)
    length = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    byte, first = _bytes(whole.lower() if lower else whole, starts_of(length + 1)[:-1] + 1)
    begin, length = _places(byte)
    code = None if len(begin) > CODES else _numbered(_parts(byte, begin, length))
    if code is None:
        return None
    start = np.append(np.searchsorted(begin, first), len(begin))
    edge, wide = start[len(true)], np.flatnonzero(length > BYTES * PARTS)
    strange = (np.searchsorted(start, wide, side="right") - 1) % len(true)
    return Ragged(start[: len(true) + 1], code[:edge]), Ragged(start[len(true) :] - edge, code[edge:]), strange


def _bytes(whole: str, start: Array) -> tuple[Array, Array]:
    """Texts as bytes between spaces, and where each begins.

    Args:
        whole: the texts with a space between any two.
        start: where each would begin with one more letter before all of them, shape (texts,).
    """
    plain = whole.isascii()
    if not plain:
        for space in SPACES:
            whole = whole.replace(space, " ")
    byte = np.frombuffer(b"".join((b" ", whole.encode("utf-8", "surrogatepass"), b" " * BYTES * PARTS)), dtype=np.uint8)
    return byte, start if plain else np.flatnonzero((byte & 0xC0) != 0x80)[start]  # from letters to bytes


def _places(byte: Array) -> tuple[Array, Array]:
    """Where each word begins, and how many bytes it has, shape (words,)."""
    gap = byte == 32
    gap |= (byte - np.uint8(9)) < 5
    gap |= (byte - np.uint8(28)) < 4
    edge = np.flatnonzero(gap[1:] != gap[:-1]) + 1
    return edge[::2], edge[1::2] - edge[::2]


def _parts(byte: Array, begin: Array, length: Array) -> Array:
    """The bytes of each word, eight a number and 0 behind its end, shape (parts, words)."""
    count = min(-(-int(length.max(initial=1)) // BYTES), PARTS)
    everywhere: Array = np.ndarray((len(byte) - BYTES + 1,), dtype=f"V{BYTES}", buffer=byte, strides=(1,))
    out = np.empty((count, len(begin)), dtype=np.uint64)
    for place in range(count):
        eight = everywhere[begin + BYTES * place].view("<u8").astype(np.uint64, copy=False)
        np.bitwise_and(eight, MASKS.take(length - BYTES * place, mode="clip"), out=out[place])
    return out


def _numbered(part: Array) -> Optional[Array]:
    """A number for each word, that of one of its equals, uint16; by a hash, proven word by word. None where it fails.

    Args:
        part: the bytes of the words, shape (parts, words).
    """
    rest = list(part)
    mixed = part[0] * FACTOR
    for more in part[1:]:
        mixed ^= mixed >> np.uint64(29)
        mixed += more
        mixed *= FACTOR
    mixed ^= mixed >> np.uint64(29)
    mixed *= FACTOR
    code, waiting = np.arange(part.shape[1]), np.arange(part.shape[1])
    holder = np.empty(1 << 16, dtype=np.int32)
    for shift in (48, 32, 16):
        slot = (mixed >> np.uint64(shift)).astype(np.uint16).astype(np.intp)
        holder[slot] = waiting
        found = holder.take(slot).astype(np.intp)
        differs = np.zeros(len(found), dtype=np.bool_)
        for own, some in zip(part, rest):
            differs |= own.take(found) != some
        code[waiting] = found
        left = np.flatnonzero(differs)
        if not len(left):
            return code.astype(np.uint16)
        waiting, mixed, rest = waiting[left], mixed[left], [some[left] for some in rest]
    return None
