"""What stands in a bundle's folder and tables, exactly as it is spelt there."""

from __future__ import annotations

import csv
import gc
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compete.errors import BundleError, Finding
from compete.files import zip_bytes

Columns = Mapping[str, Sequence[str]]
LARGE = 1 << 20
"""Bytes of a table from which on it is worth reading it all at once."""
COMMA, NEWLINE = b",\n"


@dataclass(frozen=True)
class Entry:
    """One entry of the public folder.

    Attributes:
        name: its path below ``public/``.
        path: where it is.
        status: what the file system tells of it, links not followed.
    """

    name: str
    path: Path
    status: os.stat_result

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and no link to one."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file, and no link to one."""
        return stat.S_ISREG(self.status.st_mode)


def entries_below(folder: Path, below: str = "") -> list[Entry]:
    """Files, folders and whatever else is there, in the system's own order."""
    found = []
    with os.scandir(folder) as listing:
        for entry in listing:
            name = f"{below}{entry.name}"
            found.append(Entry(name, Path(entry.path), entry.stat(follow_symlinks=False)))
            if entry.is_dir(follow_symlinks=False):
                found += entries_below(Path(entry.path), f"{name}/")
    return found


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
    return {cells[column]: cells[width + column : -1 : width] for column in range(width)}


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
