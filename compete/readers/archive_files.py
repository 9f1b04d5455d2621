"""The files of an export in a folder, a zip archive or a packed tar archive, read without unpacking any to the disk."""

from __future__ import annotations

import errno
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.errors import CompeteError
from compete.files import system_fault
from compete.readers.json_file import refusal
from compete.readers.listing import contents, listed_files

MOST_FILES = 100_000
MOST_BYTES = 1 << 30
"""Bytes of a file that is read; a larger one is refused, and so is what an archive unfolds beyond."""
MOST_FOLDED, LARGE = 200, 1 << 26
"""How many times its packed size a file may unfold to, if it has more bytes than these; tables do to about ten."""
PACKED = (".zip", ".tgz", ".tar.gz", ".tar")
RULE = "dataset/label-file"
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What the standard library raises on damaged, locked and unknown archives."""


@dataclass(frozen=True)
class Archive:
    """Files by name, wherever they are.

    Attributes:
        name: of the folder or archive, for findings.
        root: the folder that names are relative to; of an archive the folder beside it.
        names: the files, sorted; those that systems leave behind are left out.
        packed: whether the files are in an archive.
    """

    name: str
    root: Path
    names: tuple[str, ...]
    packed: bool
    entries: Mapping[str, Any]
    source: Path

    def data(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            DatasetError: if it is too large, damaged or locked with a password.
            SystemFault: if the disk or a permission forbids reading.
        """
        found = self._unpacked(name) if self.packed else contents(self.root / name, MOST_BYTES + 1)
        if len(found) > MOST_BYTES:
            message = f"the file is larger than {MOST_BYTES:,} bytes"
            raise refusal(RULE, message, name, "take a part of it")
        return found

    def _unpacked(self, name: str) -> bytes:
        small, unfolded = _sizes(self.entries[name])
        if unfolded > max(LARGE, MOST_FOLDED * small):
            message = f"the file unfolds to {unfolded:,} bytes, {unfolded // max(small, 1):,} times what is packed"
            raise refusal(RULE, message, name, "no table does; if it is one, unpack it by hand and name the folder")
        try:
            if self.source.suffix.lower() == ".zip":
                with zipfile.ZipFile(self.source) as archive, archive.open(self.entries[name]) as file:
                    return file.read(MOST_BYTES + 1)
            with tarfile.open(self.source) as packed:
                stream = packed.extractfile(self.entries[name])
                return stream.read(MOST_BYTES + 1) if stream else b""
        except DAMAGE as error:
            raise _damaged(name, error) from None


def open_archive(path: Path, where: str = "") -> Archive:
    """Look into a folder or an archive; nothing is written to the disk, so no name in it can do harm.

    Args:
        path: a folder, or a file that ends as zip or tar archives do.
        where: the place in challenge.yaml that names it.

    Raises:
        DatasetError: if there is none, or it is damaged.
        SystemFault: if the disk or a permission forbids reading.
    """
    if path.is_dir() or not path.exists():
        names = listed_files(path, where)
        return Archive(path.name, path, tuple(names), False, {}, path)
    if not path.name.lower().endswith(PACKED):
        raise refusal(RULE, "this is neither a folder nor a zip archive", path.name, "name the folder or the archive")
    try:
        entries = _zipped(path) if path.suffix.lower() == ".zip" else _tarred(path)
    except DAMAGE as error:
        raise _damaged(path.name, error) from None
    if len(entries) > MOST_FILES:
        raise refusal(RULE, f"the archive holds more than {MOST_FILES:,} files", path.name, "unpack it first")
    inner = _common_folder(list(entries))
    known = {name.removeprefix(inner): entry for name, entry in entries.items()}
    return Archive(path.name, path.parent, tuple(sorted(known)), True, known, path)


def _zipped(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return {one.filename: one for one in archive.infolist() if not one.is_dir() and _is_of_people(one.filename)}


def _tarred(path: Path) -> dict[str, Any]:
    with tarfile.open(path) as archive:
        members = [one for one in archive if one.isfile()]
        return {one.name.removeprefix("./"): one for one in members if _is_of_people(one.name.removeprefix("./"))}


def _is_of_people(name: str) -> bool:
    """Whether a file was put there by people, and not by their system."""
    parts = name.split("/")
    return not any(part == "__MACOSX" or (part.startswith(".") and part != ".") for part in parts)


def _sizes(entry: Any) -> tuple[int, int]:
    """Packed and unfolded bytes of a file in a zip archive; a tar archive does not tell the former of each."""
    return (entry.compress_size, entry.file_size) if isinstance(entry, zipfile.ZipInfo) else (entry.size, entry.size)


def _common_folder(names: list[str]) -> str:
    """The folder that all files are in, with a slash; empty where there is none."""
    first = {name.split("/")[0] for name in names}
    return f"{first.pop()}/" if len(first) == 1 and all("/" in name for name in names) else ""


def _damaged(name: str, error: Exception) -> CompeteError:
    """The refusal of an archive; a fault of the system is told as such."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # which damaged offsets lead to
        return system_fault(error)
    words = str(error) or type(error).__name__
    hint = "is the archive whole, and without a password? unpack it by hand and name the folder"
    return refusal(RULE, f"the archive cannot be read: {words[:80]}", name, hint)
