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
LONG = 256
"""Letters of a name up to which its numbers are written in one width to sort it."""
_RUN = re.compile(r"[0-9]+")
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
    widths = set(map(len, names))
    if len(widths) == 1 and max(widths) <= 16:
        with suppress(UnicodeEncodeError):
            words = np.array(names, dtype="S16").view(">u8").reshape(-1, 2)
            return np.lexsort((words[:, 1], words[:, 0]))
    if all(map(_is_number, names)):
        keys: list[Any] = list(map(int, names))
    elif all(map(_is_plain, names)):
        wide = max((len(run) for name in names for run in _RUN.findall(name)), default=0)
        keys = [_RUN.sub(lambda run: "\0" + run[0].lstrip("0").zfill(wide), name) for name in names]
    else:
        keys = list(map(_natural, names))
    return np.array(sorted(range(len(names)), key=keys.__getitem__), dtype=np.int64)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _is_plain(text: str) -> bool:
    return text.isascii() and "\0" not in text and len(text) < LONG


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which item 10 comes after item 9."""
    parts = re.split(r"([0-9]+)", text)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)
