"""Edit distances of many pairs of rows at once: the fewest entries to insert, delete or replace.

Where rapidfuzz is installed it does the inner loop; else the same bit vectors run in numpy, a batch of pairs at a time.
Both are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.cores import on_cores
from metrics.inputs import MetricError
from metrics.proving import counted_texts
from metrics.ragged import Ragged, starts_of

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.texts import Texts

    Carried = tuple[Any, Any]

WORD = 64
"""Entries of a row that one word of bits stands for."""

LANES = 2048
"""Pairs that one step of numpy works on: many enough for its calls to cost little, few enough for the cache."""

LONG = 64
"""Words from which Python's whole numbers of any length cost no more than numpy's steps."""

WORTH = 24
"""Pairs per word from which numpy's steps cost less than those whole numbers."""

PORTION = 1 << 16
"""Pairs handed to the library at a time."""


def edit_distances(one: Ragged, other: Ragged) -> Array:
    """The fewest insertions, deletions and replacements that turn each row into the other, int64, shape (rows,).

    Args:
        one: rows of whole numbers from 0.
        other: as many rows.

    Raises:
        MetricError: the numbers of rows differ.

    Source: Levenshtein, Soviet Physics Doklady 10 (1966), p. 707; Myers, Journal of the ACM 46 (1999), p. 395; Hyyrö,
    A bit-vector algorithm for computing Levenshtein and Damerau edit distances (2003).

    >>> rows = Ragged(np.array([0, 3, 5]), np.array([1, 2, 3, 4, 4]))
    >>> edit_distances(rows, Ragged(np.array([0, 2, 5]), np.array([1, 3, 4, 5, 4]))).tolist()
    [1, 1]
    """
    if one.rows != other.rows:
        raise MetricError(f"{one.rows} rows cannot be paired with {other.rows}")
    library = _library()
    if library is None or max(int(rows.value.max(initial=0)) for rows in (one, other)) >= 0x110000:
        return _by_bits(one, other)
    out = np.empty(one.rows, dtype=np.int64)
    for first in range(0, one.rows, PORTION):
        rows = slice(first, first + PORTION)
        out[rows] = library(_as_texts(one, rows), _as_texts(other, rows))
    return out


def text_edits(one: Texts, other: Texts) -> Array:
    """Edit distance of the letters of two texts, pair by pair, int64, shape (items,)."""
    library = _library()
    return _by_bits(one.letters, other.letters) if library is None else library(one.strings, other.strings)


def quick_edits(one: Any, other: Any) -> Optional[Array]:
    """As `text_edits`, of Python's texts that are not yet proven to be some; None for all else, and without rapidfuzz.

    Args:
        one: what should be a list of texts.
        other: as many.
    """
    library = _library()
    return None if library is None else counted_texts(one, other, library)


def _library() -> Optional[Callable[[list[str], list[str]], Array]]:
    """The edit distances of rapidfuzz; None where it is not installed."""
    try:
        distance = import_module("rapidfuzz.distance.Levenshtein").distance
    except ImportError:
        return None
    return lambda one, other: np.fromiter(map(distance, one, other), dtype=np.int64, count=len(one))


def _as_texts(side: Ragged, rows: slice) -> list[str]:
    """Rows as texts whose letters stand for the entries."""
    start = side.start[rows.start : rows.stop + 1]
    whole = side.value[start[0] : start[-1]].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    ends = (start - start[0]).tolist()
    return [whole[part] for part in map(slice, ends, ends[1:])]


def _by_bits(one: Ragged, other: Ragged) -> Array:
    """The distances by bit vectors, after what the rows share at either end is taken off."""
    start, length = _trimmed(one, other)
    out: Array = length.max(axis=0)
    pairs = np.flatnonzero(length.min(axis=0) > 0)
    kind = np.min_scalar_type(max(int(rows.value.max(initial=0)) for rows in (one, other)))
    flat = np.concatenate((one.value.astype(kind), other.value.astype(kind)))
    start = start + np.array([[0], [len(one.value)]])
    words = (length[:, pairs] + WORD - 1) // WORD
    swap = (words[1] * length[0, pairs] < words[0] * length[1, pairs]).astype(np.int64)  # which side costs less as bits
    pattern, text = (start[side, pairs] for side in (swap, 1 - swap))
    height, width = (length[side, pairs] for side in (swap, 1 - swap))
    count = (height + WORD - 1) // WORD

    def batch(rows: Array) -> None:
        words = int(count[rows[0]])
        if words <= LONG and len(rows) >= WORTH * words:
            out[pairs[rows]] = _Lanes(flat, pattern[rows], height[rows], text[rows], width[rows]).distances()
            return
        for row in rows.tolist():
            sides = (flat[begin[row] : begin[row] + size[row]] for begin, size in ((pattern, height), (text, width)))
            out[pairs[row]] = _by_whole_numbers(*sides)

    on_cores(batch, _batches(count, width))
    return out


def _batches(count: Array, width: Array) -> Iterator[Array]:
    """Pairs of one number of words, those with the most steps first, some at a time."""
    order = np.lexsort((-width, count))
    ends = np.append(np.flatnonzero(np.diff(count[order], prepend=-1)), len(order))
    for first, last in zip(ends.tolist(), ends[1:].tolist()):
        for begin in range(first, last, LANES):
            yield order[begin : min(begin + LANES, last)]


def _trimmed(one: Ragged, other: Ragged) -> tuple[Array, Array]:
    """Where both rows of each pair begin and how long they are without what they share at either end, shape (2, n)."""
    start = np.stack((one.start[:-1], other.start[:-1]))
    length = np.stack((one.length, other.length))
    front = _shared(one.value, other.value, start, length.min(axis=0), 1)
    start, length = start + front, length - front
    back = _shared(one.value, other.value, start + length - 1, length.min(axis=0), -1)
    return start, length - back


def _shared(one: Array, other: Array, begin: Array, most: Array, stride: int) -> Array:
    """How many entries two rows share from where they begin, at most so many, onwards or backwards, shape (n,)."""
    out = np.empty(len(most), dtype=np.int64)
    ends = starts_of(most)
    for rows in _portions(ends):
        start = ends[rows.start : rows.stop + 1] - ends[rows.start]
        along = stride * (np.arange(start[-1]) - np.repeat(start[:-1], most[rows]))
        places = (np.repeat(side[rows], most[rows]) + along for side in begin)
        differs = np.flatnonzero(np.not_equal(*(side[place] for side, place in zip((one, other), places))))
        differs = np.append(differs, start[-1])
        out[rows] = np.minimum(differs[np.searchsorted(differs, start[:-1])] - start[:-1], most[rows])
    return out


def _portions(ends: Array, size: int = PORTION) -> Iterator[slice]:
    """Rows in portions of about so many entries."""
    first = 0
    while first < len(ends) - 1:
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + size, side="right")) - 1)
        yield slice(first, last)
        first = last


class _Lanes:
    """Pairs side by side, each one a lane: one row of a pair lies along the bits, the other is read step by step."""

    def __init__(self, flat: Array, pattern: Array, height: Array, text: Array, width: Array) -> None:
        self.height, self.width = height, width
        self.words = (int(height[0]) + WORD - 1) // WORD
        along = np.minimum(np.arange(self.words * WORD), height[:, None] - 1)
        self.pattern = flat[pattern[:, None] + along]
        steps = np.minimum(np.arange(int(width[0]))[:, None], width - 1)
        self.text = flat[text + steps]
        self.active = np.searchsorted(-width, -np.arange(int(width[0])), side="left").tolist()

    def distances(self) -> Array:
        """The edit distance of each pair: the steps, and the rises less the falls along the bits after the last."""
        rises, falls = self._run()
        bit = np.arange(self.words * WORD) < self.height[:, None]
        counts = [(_unpacked(words) & bit).sum(axis=1) for words in (rises, falls)]
        return np.asarray(self.width + counts[0] - counts[1])

    def _run(self) -> tuple[Array, Array]:
        """Where the distance rises and falls from bit to bit after each pair's last step, uint64, (words, pairs)."""
        shape = (self.words, len(self.height))
        rises, falls = np.full(shape, ~np.uint64(0)), np.zeros(shape, dtype=np.uint64)
        room = np.empty((5, len(self.height)), dtype=np.uint64)
        for letter, active in zip(self.text, self.active):
            packed = np.packbits(self.pattern[:active] == letter[:active, None], axis=1, bitorder="little")
            equal = packed.view("<u8").astype(np.uint64, copy=False)
            carried: Carried = np.uint64(1), np.uint64(0)  # before the first entry, the distance is the steps so far
            for word in range(self.words):
                state = rises[word, :active], falls[word, :active]
                carried = _step(equal[:, word], state, carried, room[:, :active], word == self.words - 1)
        return rises, falls


def _step(equal: Array, state: tuple[Array, Array], carried: Carried, room: Array, last: bool) -> Carried:
    """One entry of the text against one word of each pattern; the state changes in place.

    Args:
        equal: bits that equal the entry.
        state: bits where the distance is one more than at the bit before, and where it is one less.
        carried: whether the distance before the first bit rises with this step, and whether it falls, 0 or 1.
        room: five words a pair to work in.
        last: whether no word follows, so that nothing is to be carried on.

    Returns:
        What is carried into the next word.
    """
    (rises, falls), (up, down) = state, carried
    one, top = np.uint64(1), np.uint64(WORD - 1)
    across, along, level, higher, lower = room
    np.bitwise_or(equal, falls, out=across)
    np.bitwise_or(equal, down, out=level)
    np.bitwise_and(level, rises, out=along)
    np.add(along, rises, out=along)
    np.bitwise_xor(along, rises, out=along)
    np.bitwise_or(along, level, out=along)
    np.bitwise_and(rises, along, out=lower)
    np.bitwise_or(along, rises, out=higher)
    np.invert(higher, out=higher)
    np.bitwise_or(higher, falls, out=higher)
    carried = carried if last else (higher >> top, lower >> top)
    np.left_shift(higher, one, out=higher)
    np.bitwise_or(higher, up, out=higher)
    np.left_shift(lower, one, out=lower)
    np.bitwise_or(lower, down, out=lower)
    np.bitwise_and(higher, across, out=falls)
    np.bitwise_or(across, higher, out=rises)
    np.invert(rises, out=rises)
    np.bitwise_or(rises, lower, out=rises)
    return carried


def _unpacked(words: Array) -> Array:
    """The bits of each pair, bool, shape (pairs, words * 64)."""
    flat = np.ascontiguousarray(words.T.astype("<u8", copy=False)).view(np.uint8)
    return np.unpackbits(flat, axis=1, bitorder="little").astype(bool)


def _by_whole_numbers(pattern: Array, text: Array) -> int:
    """The distance of one pair, its bits in Python's whole numbers, which have any length."""
    places = {entry: pattern == entry for entry in np.unique(pattern).tolist()}
    masks = {
        entry: int.from_bytes(np.packbits(place, bitorder="little").tobytes(), "little")
        for entry, place in places.items()
    }
    full = (1 << len(pattern)) - 1
    rises, falls = full, 0
    for entry in text.tolist():
        equal = masks.get(entry, 0)
        across = equal | falls
        along = (((equal & rises) + rises) ^ rises) | equal
        higher = (falls | (full ^ ((along | rises) & full))) << 1 | 1
        lower = (rises & along) << 1
        rises = (lower | (full ^ ((across | higher) & full))) & full
        falls = higher & across & full
    return len(text) + bin(rises).count("1") - bin(falls).count("1")
