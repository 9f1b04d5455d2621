"""The usual seeds and ways to shuffle rows, and which of them a split refutes: nearly all, by a few random numbers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
SEEDS = (*range(1001), 1234, 1337, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 4242, 12345, 31337, 123456, 424242)
LAST = 24
"""Rows that a shuffle settles first, which refute nearly every seed."""
FIRST, WORDS = 8, 24
"""Draws that are looked at for all seeds at once, and random words from which they are made, where so many suffice."""


def shuffles_like(in_test: Array) -> Iterator[tuple[int, str]]:
    """The usual seeds, and with what each makes a split again, test first or test last.

    Args:
        in_test: which rows are in the test, in the order before the shuffle, bool of shape (n,).
    """
    many, tests = len(in_test), int(in_test.sum())
    least = min(tests, many - tests, LAST)
    left = {how: ~_refuted(in_test, least, way) for how, way in WAYS.items()}
    for place, seed in enumerate(SEEDS):
        for how, way in WAYS.items():
            if left[how][place] and may_be_split(in_test, least, way.settled(many, seed)):
                rows = way.shuffled(many, seed)
                if in_test[rows[:tests]].all() or in_test[rows[-tests:]].all():
                    yield seed, how


def may_be_split(in_test: Array, settled: int, drawn: Iterable[int]) -> bool:
    """Whether a shuffle may have made a split, test first or test last, as far as the rows tell that it settles first.

    Args:
        in_test: which rows are in the test, in the order before the shuffle, bool of shape (n,).
        settled: how many of the last places must be all of the test, or all of train.
        drawn: for the last places, from the end, the place with which each was exchanged.
    """
    last = len(in_test) - 1
    moved: dict[int, int] = {}
    found = set()
    for at, other in zip(range(last, max(last - settled, 0), -1), drawn, strict=False):
        found.add(bool(in_test[moved.get(other, other)]))
        if len(found) == 2:
            return False
        moved[other] = moved.get(at, at)
    return True


def _refuted(in_test: Array, settled: int, way: Way) -> Array:
    """Which seeds the first draws refute: no place is drawn twice, and rows of both kinds come to the same end."""
    first, last = min(FIRST, settled), len(in_test) - 1
    words, row = way.words(), np.arange(len(SEEDS))
    drawn = np.full((len(SEEDS), max(first, 1)), -1)
    count = np.zeros(len(SEEDS), dtype=np.int64)
    for word in words.T:
        taken, place = way.place(word, last - count)
        taken &= count < first
        drawn[row[taken], count[taken]] = place[taken]
        count += taken
    ordered = np.sort(drawn, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    kind, there = in_test[drawn], drawn >= 0
    refuted: Array = (kind & there).any(axis=1) & (~kind & there).any(axis=1) & ~twice
    return refuted


def _bits_below(place: Array) -> Array:
    """Ones at all bits that a number needs."""
    bits = place.copy()
    for step in (1, 2, 4, 8, 16):
        bits |= bits >> step
    return bits


def _masked(word: Array, place: Array) -> tuple[Array, Array]:
    """Numpy's way to a place: it cuts words to as many bits as one has, and leaves out those that are too large."""
    drawn = word & _bits_below(place)
    return drawn <= place, drawn


def _shifted(word: Array, place: Array) -> tuple[Array, Array]:
    """Python's way: it takes the upper bits, as many as the number of places has."""
    ends = _bits_below(place + 1)
    drawn = word * (ends + 1) >> 32
    return drawn <= place, drawn


@lru_cache(maxsize=1)
def _legacy() -> tuple[np.random.MT19937, np.random.RandomState]:
    source = np.random.MT19937(0)
    return source, np.random.RandomState(source)


def _words_of_legacy() -> Array:
    source, state = _legacy()
    words = np.empty((len(SEEDS), WORDS), dtype=np.int64)
    for row, seed in enumerate(SEEDS):
        state.seed(seed)
        words[row] = source.random_raw(WORDS)
    return words


def _words_of_generator() -> Array:
    pairs = np.array([np.random.PCG64(seed).random_raw(WORDS // 2) for seed in SEEDS], dtype="<u8")
    return pairs.view("<u4").astype(np.int64)


def _words_of_python() -> Array:
    chance, said = random.Random(0), []  # noqa: S311  (what an attacker would try)
    for seed in SEEDS:
        chance.seed(seed)
        said.append(chance.getrandbits(32 * WORDS).to_bytes(4 * WORDS, "little"))
    return np.frombuffer(b"".join(said), dtype="<u4").reshape(len(SEEDS), WORDS).astype(np.int64)


def _last_of_legacy(many: int, seed: int) -> Iterator[int]:
    """With which places the last ones are exchanged by the permutation of a ``RandomState``."""
    state = _legacy()[1]
    state.seed(seed)
    return _exchanged(state.randint(0, 1 << 32, 2 * LAST, dtype=np.uint32), many)


def _last_of_generator(many: int, seed: int) -> Iterator[int]:
    """The same of a ``Generator``."""
    return _exchanged(np.random.default_rng(seed).integers(0, 1 << 32, 2 * LAST, dtype=np.uint32), many)


def _exchanged(words: Array, many: int) -> Iterator[int]:
    left = iter(words.tolist())
    for place in range(many - 1, max(many - LAST, 0), -1):
        kept = (1 << place.bit_length()) - 1
        drawn = next((word & kept for word in left if word & kept <= place), None)
        if drawn is None:
            return
        yield drawn


def _last_of_shuffle(many: int, seed: int) -> Iterator[int]:
    chance = random.Random(seed)  # noqa: S311
    for end in range(many, max(many - LAST, 1), -1):
        yield chance.randrange(end)


def _shuffled(many: int, seed: int) -> Array:
    rows = list(range(many))
    random.Random(seed).shuffle(rows)  # noqa: S311
    return np.array(rows)


class Way(NamedTuple):
    """A usual way to shuffle rows.

    Attributes:
        shuffled: the rows of so many, by a seed.
        settled: its first draws, which settle the last places.
        words: the first random words of every usual seed, shape (seeds, WORDS).
        place: which words are taken, and which place each is, for the last place that is open.
    """

    shuffled: Callable[[int, int], Array]
    settled: Callable[[int, int], Iterator[int]]
    words: Callable[[], Array]
    place: Callable[[Array, Array], tuple[Array, Array]]


WAYS = {
    "train_test_split": Way(
        lambda many, seed: np.random.RandomState(seed).permutation(many), _last_of_legacy, _words_of_legacy, _masked
    ),
    "default_rng": Way(
        lambda many, seed: np.random.default_rng(seed).permutation(many),
        _last_of_generator,
        _words_of_generator,
        _masked,
    ),
    "random.shuffle": Way(_shuffled, _last_of_shuffle, _words_of_python, _shifted),
}
"""The usual ways, by their names."""
