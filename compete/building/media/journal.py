"""What a build has done of its images, so that one that was killed is gone on with where it stopped.

A line an image, written when its file is: the source, by what a change of it would be seen, the written file with its
SHA-256, and what was found. Lines may be torn, and files may be half written or lost, for nothing waits for the disk:
a line is believed only if its own digest is right, the source has the size and the two times (of its content and of
its status, in nanoseconds) that it had when it was read, and the written file has the digest that was written.
The source is not read again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from compete.building.media.records import CleanedFile
from compete.errors import Finding
from compete.files import files_below, sha256_of

SEAL = 16
"""Hexadecimal digits of a line's digest."""


@dataclass(frozen=True)
class Entry:
    """One image that is done.

    Attributes:
        source: the file that was read.
        name: what findings call the image.
        state: of the source when it was read; see ``state_of``.
        written: the file that was written.
        findings: what was found.
    """

    source: str
    name: str
    state: tuple[int, ...]
    written: CleanedFile
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Task:
    """One image to clean.

    Attributes:
        source: the file to read.
        target: where to write it, without suffix; None writes nothing.
        name: what findings call the image.
        journal: where to note that it is done.
        earlier: what a killed build noted of it.
    """

    source: Path
    target: Path | None
    name: str
    journal: Path | None = None
    earlier: Entry | None = None


def state_of(found: os.stat_result) -> tuple[int, ...]:
    """By what a change of a file is seen: its size, and when its content and its status were changed."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def add_entry(journal: Path, entry: Entry) -> None:
    """Note that an image is done; may be called by several processes at once."""
    content = asdict(entry)
    content["written"]["target"] = entry.written.target.relative_to(journal.parent).as_posix()
    text = json.dumps(content, separators=(",", ":")).encode()
    # A line begins with its own newline, so that a torn one before it is torn alone.
    line = b"\n" + _seal(text) + text + b"\n"
    with journal.open("ab", buffering=0) as file:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(journal))


def read_journal(journal: Path) -> dict[Path, Entry]:
    """The entries of a journal by the targets of their images, without suffix; torn lines are passed over."""
    try:
        lines = journal.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    sealed = (line[SEAL:] for line in lines if line[:SEAL] == _seal(line[SEAL:]))
    entries = filter(None, (_entry(text, journal.parent) for text in sealed))
    return {entry.written.target.with_suffix(""): entry for entry in entries}


def keep_entries(tasks: Sequence[Task], journal: Path) -> list[Task]:
    """Give each task what a killed build noted of it, and remove all else that it left in the folder below.

    Args:
        tasks: with targets below the journal's folder.
        journal: what a killed build left; need not be there.
    """
    told = read_journal(journal)
    given = []
    for task in tasks:
        earlier = told.get(task.target) if task.target else None
        fits = earlier is not None and (earlier.source, earlier.name) == (str(task.source), task.name)
        given.append(replace(task, earlier=earlier) if fits else task)
    kept = {task.earlier.written.target for task in given if task.earlier}
    folders = {task.target.parent for task in tasks if task.target}
    for root in sorted({folder.relative_to(journal.parent).parts[0] for folder in folders}):
        _keep_only(journal.parent / root, kept, folders)
    return given


def finished(task: Task) -> tuple[CleanedFile, tuple[Finding, ...]] | None:
    """What was done of an image earlier, if all is as it was noted; a written file that is not is removed."""
    if task.earlier is None:
        return None
    entry = task.earlier
    try:
        same = state_of(task.source.stat()) == entry.state
        plain = same and not entry.written.target.is_symlink()
        whole = plain and sha256_of(entry.written.target) == (entry.written.sha256, entry.written.size)
    except OSError:  # whatever cannot be read is done again, and told then
        whole = False
    if whole:
        return entry.written, entry.findings
    entry.written.target.unlink(missing_ok=True)
    return None


def _keep_only(root: Path, files: set[Path], folders: set[Path]) -> None:
    """Remove every file that is not listed, and every empty folder that is not."""
    for path in list(files_below(root)):
        if path not in files:
            path.unlink()
    for name, _, _ in os.walk(root, topdown=False):
        folder = Path(name)
        if folder not in folders and not any(folder.iterdir()):
            folder.rmdir()


def _seal(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:SEAL].encode()


def _entry(text: bytes, folder: Path) -> Entry | None:
    """What a line says; None if another state of this code wrote it in another layout."""
    try:
        content: dict[str, Any] = json.loads(text)
        written = content["written"]
        findings = tuple(Finding(**{**told, "items": tuple(told["items"])}) for told in content["findings"])
        file = CleanedFile(folder / written.pop("target"), **written)
        return Entry(content["source"], content["name"], tuple(content["state"]), file, findings)
    except (KeyError, TypeError):
        return None
