"""Find texts in a closed vocabulary, exactly: ids among the rows of the solution, labels among the classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Optional, Union

import numpy as np

from compete.scoring.spans import CHUNK, PADDING, WORD, Array, Column, column_of, fitting_width, words
from compete.scoring.threads import on_all_cores
from metrics.frozen import dataclass

_FACTORS = np.array(
    [
        *(0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD, 0xD6E8FEB86659FD93),
        *(0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3),
    ],
    dtype=np.uint64,
)
"""Odd multipliers of well-known hash functions (Fibonacci hashing, xxHash, MurmurHash3, wyhash)."""

_HALF = np.uint64(32)
_LEVELS = 16
_FEW = 32
_FIRST = 64


@dataclass(frozen=True)
class Level:
    """One table of a many-storey hash: each slot names one entry; who lost the slot lives on the next level."""

    slots: Array
    factor: np.uint64
    shift: np.uint64

    def slot(self, mixed: Array) -> Array:
        """The slot of each hash."""
        return ((mixed * self.factor) >> self.shift).view(np.int64)

    def candidate(self, mixed: Array) -> Array:
        """The entry that may be the text behind each hash; only comparing tells."""
        return self.slots.take(self.slot(mixed), mode="clip")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """A closed set of texts, each known by its place; made by `vocabulary`.

    The hash tables are built when a lookup first needs them: texts that come in the vocabulary's order never do.
    """

    column: Column

    def __len__(self) -> int:
        return len(self.column)

    @cached_property
    def width(self) -> int:
        """Words that hold any text of the vocabulary but the very long."""
        return fitting_width(self.column.length)

    @cached_property
    def words(self) -> Array:
        """uint64 (texts, width), zero padded. A text of more than 64 bytes gets 0xff bytes, equal to no text."""
        table = np.empty((len(self), self.width), dtype="<u8")

        def fill(begin: int, end: int) -> None:
            for low in range(begin, end, CHUNK):
                table[low : low + CHUNK] = words(self.column, low, low + CHUNK, self.width)

        on_all_cores(len(self), CHUNK, fill)
        if self.long:
            table[list(self.long.values())] = ~np.uint64(0)
        return table

    @cached_property
    def long(self) -> dict[bytes, int]:
        """Texts of more than 64 bytes, looked up one at a time."""
        rows = np.flatnonzero(self.column.length > PADDING).tolist()
        return {self.column.raw(row): row for row in reversed(rows)}

    @cached_property
    def letters(self) -> Array:
        """The place of each text of one byte, by the byte, or -1: int32 (256,)."""
        rows = np.flatnonzero(self.column.length == 1)
        places = np.full(256, -1, dtype=np.int32)
        places[self.column.buffer[self.column.start[rows[::-1]]]] = rows[::-1]
        return places

    @cached_property
    def _built(self) -> tuple[list[Level], dict[bytes, int], list[int]]:
        return _levels(self)

    def prepare(self) -> None:
        """Build the tables now, before two threads look up at once."""
        _ = self._built

    @property
    def repeated(self) -> list[int]:
        """Places of texts that stand a second time in the vocabulary."""
        short = self._built[2]
        rows = np.flatnonzero(self.column.length > PADDING).tolist()
        return sorted(short + [row for row in rows if self.long[self.column.raw(row)] != row])

    def stands_at(self, low: int, high: int, length: Array, word: Array) -> bool:
        """Whether the texts ``low:high`` are exactly these, given by lengths and words; needs no tables."""
        if high > len(self) or not np.array_equal(self.column.length[low:high], length):
            return False
        first = min(low + _FIRST, high)  # another order most often shows in the first rows
        if not _equal(word[:_FIRST], words(self.column, low, first, self.width)).all():
            return False
        mine = self.words[low:high] if "words" in self.__dict__ else words(self.column, low, high, self.width)
        return bool(_equal(word, mine).all())

    def search(self, word: Array) -> Array:
        """The place of each text given as words, or −1; whatever the order.

        Args:
            word: uint64 (texts, width), as `words` gives them.

        Returns:
            int32 (texts,).
        """
        levels, stray, _ = self._built
        if not levels:
            return np.full(len(word), -1, dtype=np.int32)
        mixed = _mix(word)
        rest: Optional[Array] = None  # all of them
        for level in levels:
            candidate = level.candidate(mixed)
            same = _equal(self.words.take(candidate, axis=0, mode="clip"), word)
            if rest is None:
                found = candidate
            else:
                found[rest] = candidate
            if same.all():
                return found
            lost = np.flatnonzero(~same)
            rest = lost if rest is None else rest.take(lost)
            word, mixed = word.take(lost, axis=0), mixed.take(lost)
        found[rest] = [stray.get(one.tobytes(), -1) for one in word] if stray else -1
        return found

    def find(self, text: str) -> int:
        """The place of one text, or −1."""
        return -1 if "\0" in text else int(lookup(column_of([text]), self)[0])


def vocabulary(texts: Union[Sequence[str], Column, Vocabulary]) -> Vocabulary:
    """Prepare texts to be looked up: from Python strings, or from a column of a table without making any.

    >>> find = vocabulary(["cat", "dog"])
    >>> lookup(column_of(["dog", "cow", "cat"]), find).tolist()
    [1, -1, 0]
    """
    if isinstance(texts, Vocabulary):
        return texts
    return Vocabulary(texts if isinstance(texts, Column) else column_of(texts))


def lookup(column: Column, known: Vocabulary) -> Array:
    """The place of every cell in the vocabulary, or −1; equal means equal byte for byte.

    Cells in the vocabulary's own order (a submission that kept the order of the ids) are only compared; the others
    are hashed, and what the hash proposes is compared too, so no collision can mislead. Where a text stands twice in
    the vocabulary, either place may be told.

    Args:
        column: (rows,) cells.
        known: the closed vocabulary.

    Returns:
        int32 (rows,).
    """
    found = np.full(len(column), -1, dtype=np.int32)
    if len(known):
        if len(column) > CHUNK:
            first = words(column, 0, CHUNK, known.width)
            if known.stands_at(0, len(first), column.length[: len(first)], first):
                _ = known.words  # read once for all threads, and all tables to come
            else:
                known.prepare()
        on_all_cores(len(column), CHUNK, lambda low, high: _look_up_rows(column, known, found, low, high))
    return found


def _look_up_rows(column: Column, known: Vocabulary, found: Array, begin: int, end: int) -> None:
    """Look up some rows; those of a later share are expected where they stand."""
    expected = begin
    for low in range(begin, end, CHUNK):
        high = min(low + CHUNK, end)
        length = column.length[low:high]
        longest = int(length.max())
        if longest == 1 and int(length.min()) == 1:
            found[low:high] = known.letters.take(column.buffer.take(column.start[low:high], mode="clip"), mode="clip")
            continue
        word = words(column, low, high, known.width)
        stop = expected + high - low
        if known.stands_at(expected, stop, length, word):
            found[low:high] = np.arange(expected, stop)
        else:
            found[low:high] = known.search(word)
        if longest > WORD * known.width:
            _correct_long(column, low, high, known, found)
        expected = int(found[high - 1]) + 1


def _correct_long(column: Column, low: int, high: int, known: Vocabulary, found: Array) -> None:
    """Look up whole what the words of the vocabulary could hold only in part."""
    rows = np.flatnonzero(column.length[low:high] > WORD * known.width) + low
    found[rows] = [known.long.get(column.raw(row), -1) for row in rows.tolist()] if known.long else -1


def _mix(word: Array) -> Array:
    mixed: Array = word[:, 0] * _FACTORS[0]
    for place in range(1, word.shape[1]):
        mixed ^= mixed >> _HALF
        mixed += word[:, place]
        mixed *= _FACTORS[place]
    mixed ^= mixed >> _HALF
    return mixed


def _equal(one: Array, other: Array) -> Array:
    same: Array = one[:, 0] == other[:, 0]
    for place in range(1, one.shape[1]):
        same &= one[:, place] == other[:, place]
    return same


def _levels(known: Vocabulary) -> tuple[list[Level], dict[bytes, int], list[int]]:
    """Fill tables until every text has a slot; the last few, and texts of one hash, go into a dictionary."""
    waiting = [rows[known.column.length[rows] <= PADDING] for rows in _chunks(len(known))]
    levels, rest, repeated = _filled(known, list(waiting), on_all_cores)
    if repeated:  # which of equal texts wins a slot must not depend on which thread was first
        levels, rest, repeated = _filled(known, waiting, lambda rows, _, work: [work(0, rows)])
    stray: dict[bytes, int] = {}
    repeated += [row for row in rest if stray.setdefault(known.words[row].tobytes(), row) != row]
    return levels, stray, repeated


def _filled(
    known: Vocabulary, waiting: list[Array], share: Callable[..., Any]
) -> tuple[list[Level], list[int], list[int]]:
    """Tables, the rows that found no slot in any, and rows whose text has a slot already."""
    levels: list[Level] = []
    repeated: list[int] = []
    mixed = [np.zeros(0, dtype=np.uint64)] * len(waiting)

    def mix(low: int, high: int) -> None:
        for place in _places(low, high):
            mixed[place] = _mix(known.words[waiting[place]])

    def fill(low: int, high: int) -> None:
        # Backwards, so that of equal texts the first one stays.
        for place in _places(low, high)[::-1]:
            level.slots[level.slot(mixed[place])[::-1]] = waiting[place][::-1]

    def leave(low: int, high: int) -> list[int]:
        again = [_lose(known, level, waiting, mixed, place) for place in _places(low, high)]
        return [row for rows in again for row in rows]

    share(len(known), CHUNK, mix)
    while (texts := sum(map(len, waiting))) > _FEW * bool(levels) and len(levels) < _LEVELS:
        level = _empty_level(texts, len(levels))
        share(len(known), CHUNK, fill)
        for rows in share(len(known), CHUNK, leave):
            repeated += rows
        levels.append(level)
    return levels, [row for rows in waiting for row in rows.tolist()], repeated


def _lose(known: Vocabulary, level: Level, waiting: list[Array], mixed: list[Array], place: int) -> list[int]:
    """Keep of a chunk the rows that lost their slot to another text; tells those that lost it to an equal one."""
    rows, winner = waiting[place], level.candidate(mixed[place])
    lost = np.flatnonzero(winner != rows)
    again = _equal(known.words.take(rows[lost], axis=0), known.words.take(winner[lost], axis=0))
    waiting[place], mixed[place] = rows[lost[~again]], mixed[place][lost[~again]]
    equal: list[int] = rows[lost[again]].tolist()
    return equal


def _places(low: int, high: int) -> range:
    """The chunks of some rows."""
    return range(low // CHUNK, -(-high // CHUNK))


def _chunks(rows: int) -> list[Array]:
    return [np.arange(low, min(low + CHUNK, rows), dtype=np.int32) for low in range(0, rows, CHUNK)]


def _empty_level(texts: int, number: int) -> Level:
    """A table with about twice as many slots as texts, and far more where that is cheap: few lose their slot."""
    roomy = max(min(16.0 * texts * texts, 1 << 14), min(8.0 * texts, 1 << 16))
    bits = max(1, int(max(1.5 * texts, roomy)).bit_length())
    slots = np.zeros(1 << bits, dtype=np.int32)
    return Level(slots, _FACTORS[number % len(_FACTORS)] + np.uint64(2 * number), np.uint64(64 - bits))
