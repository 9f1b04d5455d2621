"""What a build has written, so that one that was killed is gone on with where it stopped.

A line a file, added when the file is written: of what it was made, and its SHA-256. Lines may be torn, and files may
be half written or lost, for nothing waits for the disk: a line is believed only if its own digest is right, and a file
is kept only if it would be made of the same again and has the digest that was noted. All else is removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from compete.files import EPOCH, sha256_of

JOURNAL = "journal"
"""The file beside the draft that tells which files are written."""

SEAL = 16
"""Hexadecimal digits of a line's digest."""

Origin = tuple[str, tuple[int, ...]]
"""Of what a file is made: a text that names it, and numbers by which a change of it is seen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that was written.

    Attributes:
        target: the path below the draft, without suffix.
        suffix: of the file's name.
        origin: of what it was made.
        sha256: of what was written, in hex.
        size: bytes written.
        about: what else its maker wants to know again, as JSON data.
    """

    target: str
    suffix: str
    origin: Origin
    sha256: str
    size: int
    about: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Draft:
    """The folder that a build fills, and what a killed build has left in it.

    Attributes:
        root: the folder; the journal is kept beside it.
        begin: the byte at which the journal's entry of a file begins, by its path below the root without suffix.
    """

    root: Path
    begin: Mapping[str, int]


@lru_cache(maxsize=1)
def journal_of(root: Path) -> Path:
    """The journal of a draft."""
    return root.parent / JOURNAL


def take_up(root: Path, wanted: Iterable[str]) -> Draft:
    """Go on with a draft: remove everything that its journal does not tell of, or that is no longer wanted.

    Args:
        root: the draft; empty in a build that was not killed before.
        wanted: the files that will be written by ``write_noted``, as paths below the root without suffix.
    """
    told = {entry.target: (begin, entry.suffix) for begin, entry in entries_of(root)}
    kept = {target: told[target] for target in wanted if target in told} if told else {}
    _keep_only(str(root), "", {target + suffix for target, (_, suffix) in kept.items()})
    return Draft(root, {target: begin for target, (begin, _) in kept.items()})


def entries_of(root: Path) -> Iterator[tuple[int, Entry]]:
    """The entries of a draft's journal, each with the byte at which it begins; torn lines are passed over."""
    journal = journal_of(root)
    if not journal.exists():
        return
    with journal.open("rb") as file:
        begin = 0
        for line in file:
            if entry := _entry(line):
                yield begin, entry
            begin += len(line)


def kept_entry(root: Path, begin: int, origin: Origin) -> Entry | None:
    """The entry that begins there, if its file would be made of the same again and is whole; else that is removed."""
    with journal_of(root).open("rb") as file:
        file.seek(begin)
        entry = _entry(file.readline())
    if entry is None:
        return None
    path = root / (entry.target + entry.suffix)
    try:
        plain = entry.origin == origin and not path.is_symlink()
        whole = plain and sha256_of(path) == (entry.sha256, entry.size)
    except OSError:  # whatever cannot be read is made again
        whole = False
    if whole:
        return entry
    path.unlink(missing_ok=True)
    return None


def write_noted(
    root: Path,
    target: str,
    suffix: str,
    data: bytes,
    *,
    origin: Origin,
    about: tuple[Any, ...] = (),
    sha256: str = "",
) -> Entry:
    """Write a file of a draft with mode 0644 and the time 1980-01-01 UTC, and note that it is whole.

    Several processes may do so at once. The file's folder must be there.

    Args:
        root: the draft.
        target: the path below it, without suffix.
        suffix: of the file's name.
        data: what to write.
        origin: of what it was made.
        about: what else its maker wants to know again.
        sha256: of the data, in hex, where it is known.
    """
    path = f"{root}/{target}{suffix}"
    _write(path, data, os.O_TRUNC)  # over what a killed worker may have left half written
    os.chmod(path, 0o644)  # noqa: PTH101
    os.utime(path, (EPOCH, EPOCH))
    entry = Entry(target, suffix, origin, sha256 or hashlib.sha256(data).hexdigest(), len(data), about)
    _add(journal_of(root), entry)
    return entry


def _add(journal: Path, entry: Entry) -> None:
    content = [entry.target, entry.suffix, entry.origin, entry.sha256, entry.size, entry.about]
    text = json.dumps(content, separators=(",", ":")).encode()
    # A line begins with its own newline, so that a torn one before it is torn alone.
    _write(str(journal), b"\n" + _seal(text) + text + b"\n", os.O_APPEND)


def _write(path: str, data: bytes, how: int) -> None:
    """Write to a file, which is made if it is not there; a million of them, so without ``Path`` and buffers."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | how | getattr(os, "O_BINARY", 0), 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
    finally:
        os.close(handle)


def _entry(line: bytes) -> Entry | None:
    """What a line says; None if it is torn, or if another state of this code wrote it in another layout."""
    text = line.rstrip(b"\n")[SEAL:]
    if line[:SEAL] != _seal(text):
        return None
    try:
        target, suffix, (name, marks), sha256, size, about = json.loads(text)
    except (ValueError, TypeError):
        return None
    return Entry(target, sys.intern(suffix), (name, tuple(marks)), sha256, size, tuple(about))


def _seal(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:SEAL].encode()


def _keep_only(folder: str, below: str, files: Set[str]) -> bool:
    """Remove every file that is not listed and every folder that holds none; whether anything is left."""
    left = False
    for entry in list(os.scandir(folder)):
        path = below + entry.name
        if entry.is_dir(follow_symlinks=False):
            if _keep_only(entry.path, f"{path}/", files):
                left = True
            else:
                Path(entry.path).rmdir()
        elif path in files:
            left = True
        else:
            Path(entry.path).unlink()
    return left
