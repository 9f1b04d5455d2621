"""What was made for a platform, opened to be looked at: a zip, or its unpacked folder."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from compete.cells import ZIP_DAMAGE
from compete.files import files_below

LARGEST_TEXT = 1 << 26
"""Bytes of a member that is read; configurations and scripts are far smaller."""


@dataclass(frozen=True)
class Opened:
    """A zip or a folder.

    Attributes:
        path: where it is.
        names: of its files, with forward slashes.
        zipped: whether it is a zip.
    """

    path: Path
    names: frozenset[str]
    zipped: bool

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and plain_name(name) in self.names

    def read(self, name: str) -> bytes:
        """The first bytes of a file, as many as are looked at."""
        if self.zipped:
            with zipfile.ZipFile(self.path) as archive, archive.open(plain_name(name)) as file:
                return file.read(LARGEST_TEXT)
        with (self.path / plain_name(name)).open("rb") as file:
            return file.read(LARGEST_TEXT)


def plain_name(name: str) -> str:
    """A path without the parts that lead nowhere.

    >>> plain_name("./templates//a.html")
    'templates/a.html'
    """
    return PurePosixPath(name).as_posix()


def open_upload(path: Path) -> Opened | None:
    """Open a zip or a folder; None where it is neither."""
    if path.is_dir():
        names = (file.relative_to(path).as_posix() for file in files_below(path) if file.is_file())
        return Opened(path, frozenset(names), zipped=False)
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            names = (info.filename for info in archive.infolist() if not info.is_dir())
            return None if broken else Opened(path, frozenset(map(plain_name, names)), zipped=True)
    except ZIP_DAMAGE:
        return None


def escaping(name: str) -> bool:
    """Whether a path leaves the folder that it is relative to."""
    depth = 0
    for part in PurePosixPath(name.replace("\\", "/") if "\\" in name and "/" not in name else name).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return name.startswith("/")
