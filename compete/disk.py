"""What was written, forced to the disk: file by file, or all at once where that is as sure."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

MANY = 256
"""Files from which on the whole file system is forced to the disk at once."""

SYNCING, SYNCED = 16, 64
"""How many threads force files to the disk, and how many files each takes at a time."""

ERRORS = 2
"""The handle of standard errors."""

SURE = frozenset({"btrfs", "ext4", "f2fs", "xfs"})
"""Kinds of file systems that are forced as a whole; of those over a network nobody knows what that does."""
TELLING = (5, 8)
"""The Linux from which on ``syncfs`` tells what could not be written."""
MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux lists what kind of file system a device holds."""


def force_to_disk(folder: Path, files: Iterator[Path], folders: Sequence[Path], count: int) -> None:
    """Force a folder with all that is in it to the disk.

    Args:
        folder: the folder.
        files: all that is below it and no folder.
        folders: itself and all folders below it, the deepest first.
        count: how many files there are.

    Raises:
        OSError: something could not be written.
    """
    if count >= MANY and _force_all(folder):
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(SYNCING) as pool:
        # A disk takes many files at once in the time that it takes one.
        while some := list(islice(files, SYNCING * SYNCED)):
            list(pool.map(_sync_each, (some[first : first + SYNCED] for first in range(0, len(some), SYNCED))))
    for one in folders:
        sync_folder(one)


@contextmanager
def forced_meanwhile(folder: Path, count: int) -> Iterator[None]:
    """Let the system write a folder to the disk while other work is done; what that changes is to be forced afterwards.

    A process of its own asks for it: with a thread this one could not be copied.

    Args:
        folder: the folder.
        count: how many files there are; of few nothing is begun.

    Raises:
        OSError: something could not be written.
    """
    if count < MANY or not _is_sure(folder):
        yield
        return
    handle, number = os.open(folder, os.O_RDONLY), 0
    try:
        with suppress(OSError):  # where there is no such command all is left for the end
            silent = [(os.POSIX_SPAWN_OPEN, ERRORS, os.devnull, os.O_WRONLY, 0)]
            number = os.posix_spawnp("sync", ["sync", "-f", str(folder)], os.environ, file_actions=silent)
        try:
            yield
        finally:
            if number:
                os.waitpid(number, 0)
        # A fault is told once to each who had opened the folder before it, and to no one later.
        _force_system(handle, folder)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Force to the disk which files a folder holds, where the system can."""
    if os.name == "posix":
        _sync(folder)


def _sync_each(paths: Sequence[Path]) -> None:
    for path in paths:
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _force_all(folder: Path) -> bool:
    """Force all that was written to the file system of a folder to the disk; false where it must be done by file.

    It takes the processor no time for each file, and waits for what other programs have written there, too.
    """
    if not _is_sure(folder):
        return False
    handle = os.open(folder, os.O_RDONLY)
    try:
        _force_system(handle, folder)
    finally:
        os.close(handle)
    return True


def _is_sure(folder: Path) -> bool:
    """Whether the file system of a folder can be forced to the disk as a whole, and tells what could not be written."""
    if not sys.platform.startswith("linux") or _version() < TELLING or _kind(folder) not in SURE:
        return False
    return hasattr(ctypes.CDLL(None), "syncfs")


def _force_system(handle: int, folder: Path) -> None:
    if ctypes.CDLL(None, use_errno=True).syncfs(handle):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))


def _version() -> tuple[int, ...]:
    """The first two numbers of the system's version; none where it has another form."""
    numbers = os.uname().release.split(".")[:2]
    return tuple(map(int, numbers)) if all(map(str.isdecimal, numbers)) else ()


def _kind(folder: Path) -> str:
    """The kind of file system that a folder is on; empty where nobody tells."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    kinds = {line.partition(" - ")[2].split(" ")[0] for line in lines if line.split(" ", 3)[2:3] == [number]}
    return kinds.pop() if len(kinds) == 1 else ""
