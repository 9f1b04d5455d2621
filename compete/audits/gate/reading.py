"""What stands in a bundle's tables and archives, exactly as it is spelt there."""

from __future__ import annotations

import csv
import gc
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from compete.cells import long_cells
from compete.errors import BundleError, Finding
from compete.files import zip_bytes

Array = np.ndarray[Any, Any]
Columns = Mapping[str, Sequence[str]]
LARGE = 1 << 20
"""Bytes of a table from which on it is worth reading it all at once."""
COMMA, NEWLINE = b",\n"
SOME = 1000
"""Cells by which a column of few words is known."""


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Let Python not look for garbage: it would look through millions of cells again and again, and find none."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class PlainTable(Mapping[str, Sequence[str]]):
    """The columns of a CSV without quotes, each cut out of its text when it is first asked for."""

    def __init__(self, text: str, ends: Array) -> None:
        """Begin with the text, and with where its cells end, those of the header first, shape (rows + 1, columns)."""
        self._text, self._ends = text, ends
        self._place = {name: place for place, name in enumerate(text[: text.index("\n")].split(","))}
        self._cut: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, name: object) -> bool:
        return name in self._place

    def __getitem__(self, name: str) -> list[str]:
        if name not in self._cut:
            self._cut[name] = _held_once(self._cells(name, np.arange(len(self._ends) - 1)))
        return self._cut[name]

    def of_rows(self, rows: Array) -> dict[str, list[str]]:
        """The columns of some rows."""
        return {name: self._cells(name, rows) for name in self}

    def _cells(self, name: str, rows: Array) -> list[str]:
        place = (rows + 1) * self._ends.shape[1] + self._place[name]
        ends = self._ends.ravel()
        begin, end = (ends[place - 1] + 1).tolist(), ends[place].tolist()
        return [self._text[first:last] for first, last in zip(begin, end, strict=True)]


def read_table(place: Path) -> Columns:
    """A CSV by its columns, every cell as it is spelt.

    Raises:
        BundleError: if it cannot be read as one.
    """
    try:
        data = place.read_bytes()
        plain = None if len(data) < LARGE else _plain_table(data)
        if plain is not None:
            return plain
        with long_cells():
            header, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
        if set(map(len, rows)) - {len(header)}:
            raise unfit(place.name, "a row has more cells than the header, or fewer")
        columns = zip(*rows, strict=True) if rows else [() for _ in header]
        return dict(zip(header, columns, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise unfit(place.name, f"it cannot be read ({type(error).__name__})") from None


def _plain_table(data: bytes) -> PlainTable | None:
    """A CSV without quotes and with equally many cells in each line; None of others."""
    if b'"' in data or b"\r" in data or b"\0" in data or not data.endswith(b"\n"):
        return None
    width, text = data.partition(b"\n")[0].count(b",") + 1, data.decode()
    letters = np.frombuffer(data, "u1") if data.isascii() else np.frombuffer(text.encode("utf-32-le"), "<u4")
    ends = np.flatnonzero((letters == COMMA) | (letters == NEWLINE)).astype(np.int32 if len(data) < 1 << 31 else int)
    if len(ends) % width:
        return None
    is_line = letters[ends].reshape(-1, width) == NEWLINE
    if is_line[:, :-1].any() or not is_line[:, -1].all():
        return None
    return PlainTable(text, ends.reshape(-1, width))


def _held_once(cells: list[str]) -> list[str]:
    """A column in which few words are repeated, each of them once in memory."""
    if len(set(cells[:SOME])) > SOME // 4:
        return cells
    words: dict[str, str] = {}
    return list(map(words.setdefault, cells, cells))


def stored_anew(place: Path) -> bytes:
    """An archive as it would have been built: how it is packed is judged elsewhere.

    Raises:
        BundleError: if it is none.
    """
    try:
        with zipfile.ZipFile(place) as archive:
            return zip_bytes({name: archive.read(name) for name in archive.namelist()})
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise unfit(place.name, f"it cannot be read ({type(error).__name__})") from None


def unfit(name: str, why: str) -> BundleError:
    """What is raised of a bundle that cannot be attacked, since a file of it is not what it must be."""
    finding = Finding("bundle/changed", why, name, hint="build the bundle again")
    return BundleError("the bundle cannot be looked at", [finding])
