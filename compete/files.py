"""Folders and files that appear whole or not at all, and the digests that prove them."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Optional, Union

from compete.disk import force_to_disk, sync_folder
from compete.errors import Finding, SystemFault, UsageError

EPOCH = 315_532_800
"""1980-01-01 UTC, the one time that every written file bears (the earliest a zip archive can hold)."""

BLOCK = 1 << 20

STARTING = 60.0
"""Seconds for which a hidden folder without a lock counts as just being started, where makers cannot be held off."""

REPLACED = "replaced"
"""Where, in a hidden folder, the old folder is kept for a moment on systems that cannot exchange two."""

PATIENCE = 5.0
"""Seconds to wait for another maker who is about to begin or to finish; each takes milliseconds."""

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


def canonical_json(value: Any, plain: Optional[Callable[[Any], Any]] = None) -> bytes:
    """One spelling for one value: sorted keys, two blanks, UTF-8, no nan, a newline; ``plain`` spells other objects."""
    text = bytearray()  # json.dumps would hold a million small texts at a time
    encoder = json.JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False, default=plain)
    for part in encoder.iterencode(value):
        text += part.encode()
    text += b"\n"
    return bytes(text)


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """An archive of files in the order given, not packed; the same files give the same bytes."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, time.gmtime(EPOCH)[:6])
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, content)
    return out.getvalue()


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
        sync_folder(target.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(target: Path, *, force: bool = False, ours: Callable[[Path], bool], label: str = "") -> Iterator[Path]:
    """Make a folder that appears under its name only when it is finished, else leaves no trace.

    The work is done in a hidden folder beside the target. At the end every file gets one time and one mode, all is
    forced to the disk, and the folder takes the target's name in one step; an old one is exchanged, not emptied.
    A process that was killed leaves its hidden folder. The next call takes it up where that bears the same label, and
    removes it else. What is taken up is as the killed process left it: the caller keeps only what it can prove whole.

    Args:
        target: the folder to make.
        force: replace an earlier one.
        ours: tells whether an existing folder was written by this tool, so that it may be replaced.
        label: names all that the content depends on, so that work of the same label can be taken up; empty for none.

    Raises:
        UsageError: if the target exists and may not be replaced.
    """
    target = target.absolute()
    _give_back(target)
    _refuse_existing(target, force=force, ours=ours)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _hidden_folder(target, label) as draft:
            content = draft / target.name
            content.mkdir(mode=0o755, exist_ok=True)
            yield content
            settle(content)
            with _alone_in(target.parent):
                _refuse_existing(target, force=force, ours=ours)
                _take_name(content, target)
            sync_folder(target.parent)
    except OSError as error:
        if not error.filename or str(error.filename).startswith(_hidden_name(target)):  # nobody knows that folder
            error.filename, error.filename2 = str(target), None
        raise


def settle(folder: Path) -> None:
    """Give every file and folder one time and one mode, and force all of it to the disk."""
    folders, count = [str(folder)], 0
    for place in folders:  # which grows meanwhile
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    _dress(entry.path, entry.stat(), 0o644)
                    count += 1
    deepest_first = [Path(place) for place in reversed(folders)]
    for path in deepest_first:
        _dress(path, path.stat(), 0o755)
    force_to_disk(folder, files_below(folder), deepest_first, count)


def _dress(path: Union[str, Path], found: os.stat_result, mode: int) -> None:
    if stat.S_IMODE(found.st_mode) != mode:
        Path(path).chmod(mode)
    if {found.st_mtime_ns, found.st_atime_ns} != {EPOCH * 10**9}:
        os.utime(path, (EPOCH, EPOCH))


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
        old = content.with_name(REPLACED)
        target.rename(old)
        try:
            content.rename(target)
        except BaseException:
            old.rename(target)
            raise


def _give_back(target: Path) -> None:
    """Put the old folder back, if a process that could not exchange it was killed between the two steps."""
    if os.path.lexists(target):
        return
    for draft in _hidden_folders(target):
        with ExitStack() as locks:
            if (draft / REPLACED).is_dir() and _claim(draft, locks, alone=False):
                (draft / REPLACED).rename(target)
                return


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
def _hidden_folder(target: Path, label: str) -> Iterator[Path]:
    """A hidden folder beside the target that is gone in the end, and a lock by which others know that its maker lives.

    It is new, or one that a killed process left under the same label; all others that were left are removed.
    """
    with ExitStack() as locks:
        with _alone_in(target.parent) as alone:
            left = [draft for draft in _hidden_folders(target) if _claim(draft, locks, alone=alone)]
            same = [draft for draft in left if label and _label_of(draft) == label]
            kept = max(same, key=lambda draft: sum(len(names) for *_, names in os.walk(draft)), default=None)
            draft = _take_up(kept, target) if kept else _begin(target, label, locks)
        for other in left:
            if other != kept:
                _discard(other, target)
        try:
            yield draft
        finally:
            if os.name != "posix":  # Windows removes no open file
                locks.close()
            _discard(draft, target)


def _hidden_name(target: Path) -> str:
    """How the paths of a target's hidden folders begin."""
    return str(target.with_name(f".{target.name}.making-"))


def _hidden_folders(target: Path) -> list[Path]:
    """The hidden folders of a target, in the order of their names; not those of a target whose name goes on."""
    begin = _hidden_name(target)
    found = (Path(entry.path) for entry in os.scandir(target.parent)) if target.parent.is_dir() else iter(())
    return sorted(path for path in found if str(path).startswith(begin) and "." not in str(path)[len(begin) :])


def _begin(target: Path, label: str, locks: ExitStack) -> Path:
    """A new hidden folder, locked."""
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.making-", dir=target.parent))
    try:
        _lock(locks.enter_context((draft / "lock").open("wb")))
        (draft / "label").write_text(label, encoding="utf-8")
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return draft


def _take_up(draft: Path, target: Path) -> Path:
    """Give the hidden folder of a killed process a new name, so that a worker which outlives it cannot find it."""
    shutil.rmtree(draft / REPLACED, ignore_errors=True)
    return draft.rename(_hidden_name(target) + os.urandom(4).hex())


def _discard(draft: Path, target: Path) -> None:
    """Remove a hidden folder; its lock goes last, for it marks what is left as abandoned."""
    shutil.rmtree(draft / target.name, ignore_errors=True)
    shutil.rmtree(draft, ignore_errors=True)


def _label_of(draft: Path) -> str:
    try:
        return (draft / "label").read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):  # killed before it was written
        return ""


def _claim(draft: Path, locks: ExitStack, *, alone: bool) -> bool:
    """Take the lock of a hidden folder if it is of this account and its maker is dead.

    Where nobody else can be at work, one without a lock is of a process that was killed before it made the lock.
    """
    place = draft / "lock"
    try:
        found = draft.lstat()
        if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
            return False
        if not place.exists() and not alone and time.time() - found.st_mtime < STARTING:
            return False
        lock = locks.enter_context(place.open("ab"))
        return _lock(lock) and os.path.samestat(os.fstat(lock.fileno()), place.stat())
    except FileNotFoundError:  # another process has just removed it
        return False


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Hold off those who would begin or finish in the same folder; false where the system cannot, or one hangs."""
    if os.name != "posix":
        yield False
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + PATIENCE
        while not (alone := _lock(handle)) and time.monotonic() < until:
            time.sleep(0.01)
        yield alone
    finally:
        os.close(handle)


def _lock(file: Union[BinaryIO, int]) -> bool:
    """Lock a file or folder for this process alone, without waiting; false where another has it, or none can."""
    try:
        import fcntl
    except ImportError:  # Windows: without locks, nobody's folder counts as abandoned
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
