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

import numpy as np

from compete.cells import long_cells
from compete.errors import BundleError, Finding
from compete.files import zip_bytes

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


def read_table(place: Path) -> dict[str, Sequence[str]]:
    """A CSV by its columns, every cell as it is spelt.

    Raises:
        BundleError: if it cannot be read as one.
    """
    try:
        data = place.read_bytes()
        plain = None if len(data) < LARGE else _cells_of_plain(data)
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


def _cells_of_plain(data: bytes) -> dict[str, Sequence[str]] | None:
    """The columns of a CSV without quotes and with equally many cells in each line, all cut at once; None of others."""
    if b'"' in data or b"\r" in data or b"\0" in data or not data.endswith(b"\n"):
        return None
    width = data.partition(b"\n")[0].count(b",") + 1
    letters = np.frombuffer(data, dtype=np.uint8)
    marks = letters[(letters == COMMA) | (letters == NEWLINE)]
    if len(marks) % width or (marks.reshape(-1, width) == NEWLINE).sum() != len(marks) // width:
        return None
    if (marks[width - 1 :: width] != NEWLINE).any():
        return None
    cells = data.decode().replace("\n", ",").split(",")
    return {cells[column]: _held_once(cells[width + column : -1 : width]) for column in range(width)}


def _held_once(cells: list[str]) -> list[str]:
    """A column in which few words are repeated, each of them once in memory."""
    if len(set(cells[:SOME])) > SOME // 4:
        return cells
    words: dict[str, str] = {}
    return [words.setdefault(text, text) for text in cells]


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
