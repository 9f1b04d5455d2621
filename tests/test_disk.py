"""Whatever was written is on the disk before it is called whole: by files, or all at once where that is as sure."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from compete import disk
from compete.files import EPOCH, files_below, whole_folder

LISTED = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at open files through /proc")


def fill(place: Path, text: str, count: int) -> None:
    """A folder of many files, one of which holds the text."""
    with whole_folder(place, ours=lambda _: False) as draft:
        for number in range(count):
            (draft / f"{number:05}").write_text(text if number == count // 2 else "work")


def test_many_files_are_on_the_disk_before_the_name_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are forced there by several threads; each has one time and one mode, and the fault of one stops all."""
    synced: set[int] = set()
    sync, target = os.fsync, tmp_path / "out"
    monkeypatch.setattr(disk, "SURE", frozenset())
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.add(os.fstat(handle).st_ino), sync(handle))[1])
    count = 2 * disk.SYNCED * disk.SYNCING + 1
    fill(target, "work", count)
    paths = list(files_below(target))
    assert len(paths) == count
    assert {path.stat().st_ino for path in paths} <= synced
    assert {(path.stat().st_mtime, path.stat().st_mode & 0o777) for path in paths} == {(EPOCH, 0o644)}

    def failing(handle: int) -> None:
        if os.fstat(handle).st_size == 6:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output error") as told:
        fill(tmp_path / "new", "broken", count)
    assert told.value.filename == str(tmp_path / "new")
    assert list(tmp_path.iterdir()) == [target]


class System:
    """A C library that counts how often all is forced to the disk, or fails, and which files are forced alone."""

    def __init__(self, number: int) -> None:
        self.number, self.forced = number, 0
        self.synced: set[int] = set()

    def syncfs(self, handle: int) -> int:
        """What the system's own does, and tells."""
        self.forced += Path(f"/proc/self/fd/{handle}").is_dir()
        ctypes.set_errno(self.number)
        return -bool(self.number)


Stand = Callable[[str, str, int], System]


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Stand before a system of a version, with a kind of file system, in which forcing all ends with an error."""

    def stand(version: str, kind: str, number: int) -> System:
        system = System(number)
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release=version))
        monkeypatch.setattr(disk, "_kind", lambda _: kind)
        monkeypatch.setattr(disk, "ctypes", SimpleNamespace(CDLL=lambda *_, **__: system, get_errno=ctypes.get_errno))
        monkeypatch.setattr(disk, "MANY", 5)
        monkeypatch.setattr(os, "fsync", lambda handle: system.synced.add(os.fstat(handle).st_ino))
        return system

    return stand


@LISTED
@pytest.mark.parametrize(
    ("stand", "count", "once"),
    [
        (("5.8.0-13-generic", "ext4"), 5, 1),
        (("6.18.44", "xfs"), 9, 1),
        (("5.7.99", "ext4"), 9, 0),
        (("6.18.44", "fuse.sshfs"), 9, 0),
        (("6.18.44", ""), 9, 0),
        (("unknown", "ext4"), 9, 0),
        (("6.18.44", "ext4"), 4, 0),
    ],
)
def test_all_is_forced_at_once_only_where_that_is_sure(
    tmp_path: Path, forced: Stand, stand: tuple[str, str], count: int, once: int
) -> None:
    system = forced(*stand, 0)
    fill(tmp_path / "out", "work", count)
    alone = {path.stat().st_ino for path in files_below(tmp_path / "out")} & system.synced
    assert (system.forced, len(alone)) == (once, 0 if once else count)


@LISTED
def test_what_cannot_be_forced_at_once_leaves_nothing(tmp_path: Path, forced: Stand) -> None:
    assert forced("6.1", "ext4", errno.EIO).forced == 0
    with pytest.raises(OSError, match="Input/output error") as told:
        fill(tmp_path / "out", "work", 9)
    assert (told.value.errno, told.value.filename) == (errno.EIO, str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not disk.MOUNTS.exists(), reason="reads how Linux lists its file systems")
def test_the_kind_of_a_file_system_is_read_from_the_list_of_mounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert disk._kind(Path("/proc")) == "proc"
    device = tmp_path.stat().st_dev
    line = f"36 35 {os.major(device)}:{os.minor(device)} / /a rw - ext4 /dev/a rw\n"
    mounts = tmp_path / "mounts"
    monkeypatch.setattr(disk, "MOUNTS", mounts)
    assert disk._kind(tmp_path) == ""
    mounts.write_text("1 2 1234567:1 / /b rw shared:1 - xfs /dev/b rw\n" + line)
    assert disk._kind(tmp_path) == "ext4"
    mounts.write_text(line + line.replace("ext4", "fuse"))
    assert disk._kind(tmp_path) == ""


OF_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks by a command of Linux")


@OF_LINUX
@pytest.mark.parametrize("about", [("ext4", 5, 1), ("ext4", 4, 0), ("nfs", 5, 0)])
def test_the_disk_begins_while_other_work_is_done_only_where_all_is_forced_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forced: Stand, about: tuple[str, int, int]
) -> None:
    """Whoever is asked has come to an end when the work is done, also when that fails."""
    kind, count, asked = about
    told, command, system = tmp_path / "told", tmp_path / "sync", forced("6.1", kind, 0)
    command.write_text(f'#!/bin/sh\nuntil [ -e "{tmp_path}/done" ]; do :; done\necho "$@" >> "{told}"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    def refused() -> None:
        with disk.forced_meanwhile(tmp_path, count):
            (tmp_path / "done").touch()
            raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        refused()
    assert (told.read_text() if told.exists() else "") == f"-f {tmp_path}\n" * asked
    assert system.forced == 0


@OF_LINUX
@pytest.mark.parametrize("number", [0, errno.EIO])
def test_what_could_not_be_written_meanwhile_is_told_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forced: Stand, number: int
) -> None:
    """There need be no command that begins."""
    monkeypatch.setenv("PATH", str(tmp_path))
    system = forced("6.1", "ext4", number)
    told: list[int | None] = []
    try:
        with disk.forced_meanwhile(tmp_path, 5):
            assert system.forced == 0
    except OSError as error:
        told.append(error.errno)
    assert (system.forced, told) == (1, [number] if number else [])
