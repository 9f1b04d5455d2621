"""Folders appear whole also where a system cannot do what Linux can, and where others meddle."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from compete import disk, files
from compete.files import whole_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="plays other systems on a POSIX one")


def ours(folder: Path) -> bool:
    return (folder / "mark").is_file()


def make(target: Path, text: str) -> None:
    with whole_folder(target, force=True, ours=ours, label="label") as draft:
        (draft / "mark").write_text(text)


def abandon(target: Path, label: bytes = b"label") -> Path:
    """What a killed process leaves."""
    draft = target.with_name(f".{target.name}.making-dead")
    (draft / target.name).mkdir(parents=True)
    (draft / target.name / "half").write_text("work")
    (draft / "lock").touch()
    (draft / "label").write_bytes(label)
    return draft


@pytest.mark.parametrize(
    ("platform", "call", "asked"),
    [("linux", "renameat2", (-100, b"/one", -100, b"/other", 2)), ("darwin", "renamex_np", (b"/one", b"/other", 2))],
)
@pytest.mark.parametrize("answer", [0, -1])
def test_each_system_is_asked_in_its_own_way_to_exchange_two_names(
    monkeypatch: pytest.MonkeyPatch, platform: str, call: str, asked: tuple[Any, ...], answer: int
) -> None:
    seen: list[tuple[Any, ...]] = []

    def exchange(*words: Any) -> int:
        seen.append(words)
        return answer

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(files.ctypes, "CDLL", lambda *_, **__: SimpleNamespace(**{call: exchange}))
    assert files._exchange(Path("/one"), Path("/other")) == (answer == 0)
    assert seen == [asked]


@pytest.mark.parametrize("platform", ["linux", "darwin", "freebsd14"])
def test_a_system_without_such_a_call_is_known(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(files.ctypes, "CDLL", lambda *_, **__: SimpleNamespace())
    assert not files._exchange(Path("/one"), Path("/other"))


def test_without_locks_nobodys_work_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = abandon(tmp_path / "out")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    make(tmp_path / "out", "new")
    assert (tmp_path / "out" / "mark").read_text() == "new"
    assert (left / "out" / "half").read_text() == "work"


def test_a_maker_that_hangs_holds_off_no_other_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.02)
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        assert files._lock(handle)
        make(tmp_path / "out", "new")
    finally:
        os.close(handle)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def other_account(draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: draft.stat().st_uid + 1)


def no_folder(draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft.rename(draft.with_name("elsewhere"))
    draft.write_text("a file")


@pytest.mark.parametrize("change", [other_account, no_folder])
def test_what_another_put_there_is_let_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    left = abandon(tmp_path / "out")
    change(left, monkeypatch)
    make(tmp_path / "out", "new")
    assert os.path.lexists(left)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mark"]


def test_what_another_removes_at_the_same_time_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_hidden_folders", lambda target: [tmp_path / ".out.making-gone"])
    make(tmp_path / "out", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("label", [None, b"\xff\xfe"])
def test_work_whose_label_was_not_written_to_its_end_is_not_taken_up(tmp_path: Path, label: bytes | None) -> None:
    left = abandon(tmp_path / "out", label or b"")
    if label is None:
        (left / "label").unlink()
    make(tmp_path / "out", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mark"]


def test_a_disk_that_is_full_from_the_start_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space left") as told, whole_folder(tmp_path / "out", ours=ours):
            pytest.fail("there is no room to begin")
    assert told.value.filename == str(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_on_windows_folders_are_neither_locked_nor_forced_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    with monkeypatch.context() as patch:  # no path may be made meanwhile: it would be one of Windows
        patch.setattr(os, "name", "nt")
        patch.setattr(os, "open", opened.append)
        disk.sync_folder(tmp_path)
        with files._alone_in(tmp_path) as alone:
            assert not alone
    assert opened == []
