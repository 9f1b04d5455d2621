"""What stands in a bundle's public folder, and what its manifest lists, in some ten bytes an entry beside its name."""

from __future__ import annotations

import json
import os
import stat
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

Array = np.ndarray[Any, Any]
AT_ONCE = 4096
"""Entries whose states are held as numbers of Python before they become a row each."""
STATE = np.dtype([
    ("st_mode", "u4"), ("st_nlink", "u8"), ("st_uid", "i8"), ("st_gid", "i8"), ("st_size", "i8"), ("st_ino", "u8"),
    ("st_blocks", "i8"), ("st_mtime_ns", "i8"),
])  # fmt: skip


class State(NamedTuple):
    """What the file system tells of an entry, by the names of ``os.stat_result``."""

    st_mode: int
    st_nlink: int
    st_uid: int
    st_gid: int
    st_size: int
    st_ino: int
    st_blocks: int
    st_mtime_ns: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the public folder.

    Attributes:
        name: its path below ``public/``.
        root: the public folder.
        status: what the file system tells of it, links not followed.
    """

    name: str
    root: Path
    status: State

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.root / self.name

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and no link to one."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file, and no link to one."""
        return stat.S_ISREG(self.status.st_mode)


@dataclass(frozen=True, eq=False)
class Entries(Sequence[Entry]):
    """Entries of a folder, each made anew when it is asked for.

    Attributes:
        root: the folder.
        names: paths below it.
        states: a row of ``STATE`` an entry, shape (n,).
    """

    root: Path
    names: Sequence[str]
    states: Array

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, row: int) -> Entry: ...
    @overload
    def __getitem__(self, row: slice) -> Entries: ...
    def __getitem__(self, row: int | slice) -> Entry | Entries:
        if isinstance(row, slice):
            return Entries(self.root, self.names[row], self.states[row])
        return Entry(self.names[row], self.root, State(*self.states[row].tolist()))

    def __iter__(self) -> Iterator[Entry]:
        for start in range(0, len(self), AT_ONCE):
            states = self.states[start : start + AT_ONCE].tolist()
            for name, state in zip(self.names[start : start + AT_ONCE], states, strict=True):
                yield Entry(name, self.root, State(*state))

    def files(self) -> Entries:
        """The plain files among them, in the order of their names."""
        plain = np.flatnonzero(self.states["st_mode"] & 0o170000 == stat.S_IFREG).tolist()
        order = sorted(plain, key=self.names.__getitem__)
        return Entries(self.root, [self.names[row] for row in order], self.states[order])


class Listed:
    """What a manifest lists: the digest of each file by its name.

    Attributes:
        names: of the files, sorted.
        digests: SHA-256 of each, shape (n, 32); zeros where the manifest has none.
    """

    def __init__(self, manifest: bytes) -> None:
        files = json.loads(manifest, object_hook=_digest_alone).get("files", {})
        self.names: list[str] = sorted(files)
        together = b"".join(files[name] if isinstance(files[name], bytes) else bytes(32) for name in self.names)
        self.digests: Array = np.frombuffer(together, np.uint8).reshape(-1, 32)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._row(name) >= 0

    def digest(self, name: str) -> str:
        """SHA-256 of a file in hex; empty where none is listed."""
        row = self._row(name)
        return self.digests[row].tobytes().hex() if row >= 0 else ""

    def digests_of(self, names: Sequence[str]) -> Array:
        """SHA-256 of files, shape (n, 32); zeros where none is listed."""
        rows = np.fromiter(map(self._row, names), np.int64, len(names))
        found = self.digests[rows] if len(self.names) else np.zeros((len(names), 32), np.uint8)
        found[rows < 0] = 0
        return found

    def same(self, name: str) -> str:
        """The name as it is held here, so that equal names need not be held again."""
        row = self._row(name)
        return self.names[row] if row >= 0 else name

    def _row(self, name: str) -> int:
        row = bisect_left(self.names, name)
        return row if row < len(self.names) and self.names[row] == name else -1


def entries_below(folder: Path, listed: Listed) -> Entries:
    """Files, folders and whatever else is there, in the system's own order.

    Args:
        folder: the public folder.
        listed: what is expected there; equal names are held once.
    """
    names: list[str] = []
    parts, some = [np.empty(0, STATE)], []
    for name, found in _found_below(folder, ""):
        names.append(listed.same(name))
        some.append((
            found.st_mode, found.st_nlink, found.st_uid, found.st_gid, found.st_size, found.st_ino,
            getattr(found, "st_blocks", 0), found.st_mtime_ns,
        ))  # fmt: skip
        if len(some) == AT_ONCE:
            parts.append(np.array(some, STATE))
            some = []
    return Entries(folder, names, np.concatenate([*parts, np.array(some, STATE)]))


def rows_of_digests(wanted: Array, digests: Array) -> Array:
    """For each wanted digest the last row that has it, -1 for none, shape (n,).

    Args:
        wanted: shape (n, 32).
        digests: shape (m, 32).
    """
    if not len(digests):
        return np.full(len(wanted), -1)
    begin, mine = (np.ascontiguousarray(some[:, :8]).view(np.uint64).ravel() for some in (digests, wanted))
    order = np.argsort(begin, kind="stable")
    place = np.searchsorted(begin[order], mine, side="right") - 1
    row = order[place]
    return np.where((place >= 0) & (digests[row] == wanted).all(axis=1), row, -1)


def _found_below(folder: Path, below: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as listing:
        for entry in listing:
            name = f"{below}{entry.name}"
            yield name, entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                yield from _found_below(Path(entry.path), f"{name}/")


def _digest_alone(content: dict[str, Any]) -> Any:
    """Of what a manifest tells of a file the digest alone; all else as it is."""
    if content.keys() != {"sha256", "size"}:
        return content
    try:
        digest = bytes.fromhex(content["sha256"])
    except (TypeError, ValueError):
        return bytes(32)
    return digest if len(digest) == 32 else bytes(32)
