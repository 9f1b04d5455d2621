"""Folders and files that appear whole or not at all, and the digests that prove them."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from compete.errors import Finding, SystemFault, UsageError

EPOCH = 315_532_800
"""1980-01-01 UTC, the one time that every written file bears (the earliest a zip archive can hold)."""

BLOCK = 1 << 20

STARTING = 60.0
"""Seconds for which a hidden folder without a lock counts as just being started."""

DISK_RULES = {
    "output/exists": (
        "The output is there already.",
        "Nothing is overwritten without being asked. Give another place with -o, or --force to replace what this "
        "tool wrote there earlier. A folder that it did not write is never replaced, even with --force.",
    ),
    "output/inside-data": (
        "The output would lie among the data.",
        "Every folder inside the folder of images counts as a class, so the next build would take the bundle for one. "
        "Choose a place outside with -o.",
    ),
    "disk/full": (
        "No room is left on the disk.",
        "The work stopped and what was half written has been removed; an earlier result is untouched. Make room, or "
        "write to another disk, and run the command again.",
    ),
    "disk/permission": (
        "The system does not let this account read or write there.",
        "Check the owner and the mode of the file or folder named (ls -l), or choose another place.",
    ),
    "disk/read-only": (
        "The disk can be read but not written.",
        "Choose an output folder on a disk that is mounted for writing.",
    ),
    "disk/fault": (
        "The system could not read or write.",
        "The system's own words are in the message. Nothing half written was left behind.",
    ),
}
_FAULTS = {
    errno.ENOSPC: ("disk/full", "no room is left on the disk", "make room or write elsewhere, then run it again"),
    errno.EDQUOT: ("disk/full", "the disk quota is used up", "make room or write elsewhere, then run it again"),
    errno.EFBIG: ("disk/full", "the file would be larger than allowed here", "raise the limit or write elsewhere"),
    errno.EACCES: ("disk/permission", "no permission", "check owner and mode, or choose another place"),
    errno.EPERM: ("disk/permission", "not permitted", "check owner and mode, or choose another place"),
    errno.EROFS: ("disk/read-only", "the disk is read-only", "choose an output on a disk that can be written"),
}


def system_fault(error: OSError) -> SystemFault:
    """Put an error of the operating system into words, with the place and the cure."""
    rule, message, hint = _FAULTS.get(
        error.errno or 0, ("disk/fault", error.strerror or str(error), "mend the cause and run the command again")
    )
    where = str(error.filename2 or error.filename or "")
    return SystemFault("the system stopped the work", [Finding(rule, message, where, hint=hint)])


def canonical_json(value: Any) -> bytes:
    """One spelling for one value: sorted keys, two blanks, UTF-8, no nan, a newline at the end."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def sha256_of(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and size in bytes of one file, read in blocks."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def files_below(folder: Path) -> Iterator[Path]:
    """Every entry below a folder that is not itself a plain folder, in the order of its name."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(Path(entry.path))
        else:
            yield Path(entry.path)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file below an output folder that is still being made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@contextmanager
def whole_file(target: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only when it is written to the end.

    Raises:
        UsageError: if the file is there and ``force`` is not given.
    """
    if not force and os.path.lexists(target):
        raise _exists(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(target)
        _sync_folder(target.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(target: Path, *, force: bool = False, ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Make a folder that appears under its name only when it is finished, else leaves no trace.

    The work is done in a hidden folder beside the target. At the end every file gets one time and one mode, all is
    forced to the disk, and the folder takes the target's name in one step; an old one is exchanged, not emptied.
    A process that was killed leaves its hidden folder, which the next call removes.

    Args:
        target: the folder to make.
        force: replace an earlier one.
        ours: tells whether an existing folder was written by this tool, so that it may be replaced.

    Raises:
        UsageError: if the target exists and may not be replaced.
    """
    target = target.absolute()
    _refuse_existing(target, force=force, ours=ours)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.making-", dir=target.parent))
    try:
        with _held(draft):
            content = draft / target.name
            content.mkdir(mode=0o755)
            yield content
            settle(content)
            _refuse_existing(target, force=force, ours=ours)
            _take_name(content, target)
            _sync_folder(target.parent)
    except OSError as error:
        if not error.filename or str(error.filename).startswith(str(draft)):  # nobody knows the hidden folder
            error.filename, error.filename2 = str(target), None
        raise
    finally:
        shutil.rmtree(draft / target.name, ignore_errors=True)  # the lock goes last: it marks what is left as abandoned
        shutil.rmtree(draft, ignore_errors=True)


def settle(folder: Path) -> None:
    """Give every file and folder one time and one mode, and force all of it to the disk."""
    for path in files_below(folder):
        path.chmod(0o644)
        os.utime(path, (EPOCH, EPOCH))
        _sync(path)
    for parent, _, _ in os.walk(folder, topdown=False):
        Path(parent).chmod(0o755)
        os.utime(parent, (EPOCH, EPOCH))
        _sync_folder(Path(parent))


def _refuse_existing(target: Path, *, force: bool, ours: Callable[[Path], bool]) -> None:
    if not os.path.lexists(target):
        return
    if target.is_dir() and not target.is_symlink() and not any(target.iterdir()):
        return
    if not force:
        raise _exists(target)
    if target.is_symlink() or not target.is_dir() or not ours(target):
        raise UsageError(
            "nothing was written",
            [Finding("output/exists", "this was not written by compete, so it is not replaced", str(target))],
        )


def _exists(target: Path) -> UsageError:
    hint = "choose another place with -o, or replace it with --force"
    return UsageError("nothing was written", [Finding("output/exists", "it is there already", str(target), hint=hint)])


def _take_name(content: Path, target: Path) -> None:
    """Put the finished folder under the target's name; whoever looks sees the old one or the new one."""
    if not os.path.lexists(target) or not any(target.iterdir()):
        content.rename(target)
    elif not _exchange(content, target):
        target.rename(content.with_name("replaced"))
        content.rename(target)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step, where the system can; false where it cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform.startswith("linux") and hasattr(libc, "renameat2"):
        current_folder, exchange = -100, 2
        return bool(libc.renameat2(current_folder, os.fsencode(one), current_folder, os.fsencode(other), exchange) == 0)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        swap = 2
        return bool(libc.renamex_np(os.fsencode(one), os.fsencode(other), swap) == 0)
    return False


@contextmanager
def _held(draft: Path) -> Iterator[None]:
    """Hold a lock in the hidden folder, by which others know that its maker lives."""
    with (draft / "lock").open("wb") as lock:
        _lock(lock)
        yield


def _lock(file: BinaryIO) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: without locks, nobody's folder counts as abandoned
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_abandoned(target: Path) -> None:
    """Remove hidden folders that a killed process left beside the target."""
    for draft in target.parent.glob(f".{target.name}.making-*"):
        if _abandoned(draft):
            shutil.rmtree(draft, ignore_errors=True)


def _abandoned(draft: Path) -> bool:
    try:
        with (draft / "lock").open("rb") as file:
            return _lock(file)
    except FileNotFoundError:  # killed, or only just started: before it could take its lock
        return draft.is_dir() and time.time() - draft.stat().st_mtime > STARTING


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        _sync(folder)
