"""A column of a table as it is spelt, as numbers and as codes, each made once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from compete.dataset import parsed_number

Array = np.ndarray[Any, Any]
LONG, AT_ONCE = 256, 1 << 16
"""Letters of a name, with all its numbers in one width, up to which it is sorted by them; and names at a time."""
ABSENT = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
"""How tables spell that nothing is there, in small letters."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table.

    Attributes:
        cells: as they are spelt, in the order of the items.
    """

    cells: Sequence[str]

    @cached_property
    def texts(self) -> list[str]:
        """The cells without blanks around them."""
        return [text.strip() for text in self.cells]

    @cached_property
    def numbers(self) -> Array | None:
        """The cells as numbers, nan where one is blank; None where a cell is no number."""
        values = [parsed_number(text) if text else float("nan") for text in self.texts]
        return None if None in values else np.array(values, dtype=np.float64)

    @cached_property
    def code(self) -> Array:
        """The place of each cell among the different ones in their order, shape (n,)."""
        place = {text: code for code, text in enumerate(sorted(set(self.cells)))}
        return np.array([place[text] for text in self.cells], dtype=np.int64)

    @cached_property
    def plain(self) -> Array:
        """Its value, or the order of its words, and whether it is blank; without a look at labels, shape (n, 2)."""
        value = self.code.astype(np.float64) if self.numbers is None else self.numbers
        return np.stack([value, self.blank], axis=1)

    @cached_property
    def blank(self) -> Array:
        """Whether nothing stands there, as 0 and 1, shape (n,)."""
        return np.array([not text for text in self.texts], dtype=np.float64)


def natural_order(names: Sequence[str]) -> Array:
    """The rows in the order of their names, item 10 after item 9, shape (n,)."""
    if names and max(map(len, names)) == min(map(len, names)) <= 16:
        with suppress(UnicodeEncodeError):
            words = np.array(names, dtype="S16").view(">u8").reshape(-1, 2)
            return np.lexsort((words[:, 1], words[:, 0]))
    if all(map(_is_number, names)):
        return np.argsort(np.array(list(map(int, names)), dtype=np.int64), kind="stable")
    keys = _keys(names)
    if keys is not None:
        return np.lexsort(keys.T[::-1])
    parts = list(map(_natural, names))
    return np.array(sorted(range(len(names)), key=parts.__getitem__), dtype=np.int64)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _keys(names: Sequence[str]) -> Array | None:
    """Whole numbers that stand in the order of the names, column by column, shape (n, columns); None of unusual names.

    They spell each name with a zero byte before its numbers, and all numbers as wide as the widest.
    """
    texts = ["\n".join([*names[start : start + AT_ONCE], ""]) for start in range(0, len(names), AT_ONCE)]
    if not all(text.isascii() and "\0" not in text for text in texts) or sum(map(_lines, texts)) != len(names):
        return None
    letters = [np.frombuffer(text.encode(), dtype=np.uint8) for text in texts]
    wide = max(int((end - begin).max(initial=0)) for begin, end in map(_numbers, letters))
    parts = []
    for letter in letters:
        part = _spelt(letter, wide)
        if part is None:
            return None
        parts.append(part)
    keys = np.zeros((len(names), max(part.shape[1] for part in parts)), dtype=np.uint8)
    for number, part in enumerate(parts):
        keys[number * AT_ONCE : number * AT_ONCE + len(part), : part.shape[1]] = part
    words = keys.view(">u8").astype(np.uint64)
    telling: Array = words[:, (words != words[0]).any(axis=0)]
    return telling if telling.shape[1] else words[:, :1]


def _lines(text: str) -> int:
    return text.count("\n")


def _numbers(letter: Array) -> tuple[Array, Array]:
    """Where numbers begin and end in a text, given by its bytes."""
    edge = np.flatnonzero(np.diff((letter >= ord("0")) & (letter <= ord("9")), prepend=False, append=False))
    return edge[::2], edge[1::2]


def _spelt(letter: Array, wide: int) -> Array | None:
    """Names, a line each, as rows of bytes, their numbers filled up with zeros; None where that makes them too long."""
    begin, end_of_number = _numbers(letter)
    filled = wide - (end_of_number - begin)
    room = np.ones(len(letter), dtype=np.int64)
    room[begin] += 1 + filled
    place = np.cumsum(room)
    ends = letter == ord("\n")
    end = place[ends] - 1
    first = np.append(0, end[:-1] + 1)
    width = -(-max(int((end - first).max()), 1) // 8) * 8
    if width > LONG:
        return None
    place += np.repeat(np.arange(len(end)) * width - first, np.diff(np.append(-1, np.flatnonzero(ends)))) - 1
    rows = np.zeros(len(end) * width, dtype=np.uint8)
    before = np.arange(int(filled.sum())) - np.repeat(np.cumsum(filled) - filled, filled)
    rows[np.repeat(place[begin], filled) - 1 - before] = ord("0")
    rows[place[~ends]] = letter[~ends]
    return rows.reshape(len(end), width)


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which item 10 comes after item 9."""
    parts = re.split(r"([0-9]+)", text)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)
