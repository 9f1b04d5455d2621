"""Folders and files appear whole or not at all, whatever happens on the way."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from compete import files
from compete.errors import SystemFault, UsageError
from compete.files import (
    EPOCH,
    canonical_json,
    files_below,
    sha256_of,
    system_fault,
    whole_file,
    whole_folder,
    zip_bytes,
)


def ours(folder: Path) -> bool:
    """A folder of these tests."""
    return (folder / "mark").is_file()


def make(target: Path, text: str, *, force: bool = False) -> None:
    """Write a small folder."""
    with whole_folder(target, force=force, ours=ours) as draft:
        (draft / "mark").write_text(text)
        (draft / "below").mkdir()
        (draft / "below" / "deep").write_bytes(b"\0\1")


def test_a_folder_appears_with_one_time_and_one_mode(tmp_path: Path) -> None:
    target = tmp_path / "new" / "out"
    make(target, "first")
    found = list(files_below(target))
    assert [path.relative_to(target).as_posix() for path in found] == ["below/deep", "mark"]
    assert {int(path.stat().st_mtime) for path in [*found, target, target / "below"]} == {EPOCH}
    assert {path.stat().st_mode & 0o777 for path in found} == {0o644}
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_a_failure_leaves_no_trace_and_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "out"
    make(target, "old")
    with pytest.raises(IsADirectoryError), whole_folder(target, force=True, ours=ours) as draft:
        draft.write_text("half")
    assert (target / "mark").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("named", [True, False])
def test_a_fault_of_the_disk_names_the_target_and_not_the_hidden_folder(tmp_path: Path, named: bool) -> None:
    with pytest.raises(OSError, match="No space left") as told, whole_folder(tmp_path / "out", ours=ours) as draft:
        raise OSError(errno.ENOSPC, "No space left", *([str(draft / "mark")] if named else []))
    assert told.value.filename == str(tmp_path / "out")
    with pytest.raises(FileNotFoundError) as other, whole_folder(tmp_path / "out", ours=ours):
        (tmp_path / "source").read_bytes()
    assert other.value.filename == str(tmp_path / "source")


def test_an_existing_folder_is_replaced_only_when_asked_and_ours(tmp_path: Path) -> None:
    target = tmp_path / "out"
    make(target, "old")
    with pytest.raises(UsageError, match="nothing was written"):
        make(target, "new")
    make(target, "new", force=True)
    assert (target / "mark").read_text() == "new"
    (target / "mark").unlink()
    with pytest.raises(UsageError, match="not written by compete"):
        make(target, "newer", force=True)
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(UsageError):
        make(link, "newer", force=True)


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make(tmp_path / "out", "new")
    assert (tmp_path / "out" / "mark").read_text() == "new"


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from compete import files

    target, point = Path(sys.argv[1]), int(sys.argv[2])
    seen = 0

    def hooked(event, args):
        global seen
        if event in ("os.rename", "os.chmod", "os.utime", "open", "os.mkdir", "shutil.rmtree", "os.remove"):
            seen += 1
            if seen == point:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hooked)
    with files.whole_folder(target, force=True, ours=lambda folder: True) as draft:
        for number in range(5):
            (draft / str(number)).write_text("new")
"""


def test_a_kill_at_any_step_leaves_the_old_folder_or_the_new_one(tmp_path: Path) -> None:
    """Kill at every file operation in turn; then the next build cleans up what was left."""
    target = tmp_path / "out"
    old = {str(number): "old" for number in range(3)}
    new = {str(number): "new" for number in range(5)}
    seen: set[str] = set()
    for point in range(1, 400):
        with whole_folder(target, force=True, ours=lambda folder: True) as draft:
            assert {path.name for path in tmp_path.iterdir()} <= {"out", draft.parent.name}
            for name, text in old.items():
                (draft / name).write_text(text)
        command = [sys.executable, "-c", textwrap.dedent(KILLED), str(target), str(point)]
        done = subprocess.run(command, check=False)
        content = {path.name: path.read_text() for path in target.iterdir()}
        assert content in (old, new), f"killed at step {point}"
        seen.add(content["0"])
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    else:
        pytest.fail("the child never finished")
    assert seen == {"old", "new"}


def test_an_abandoned_draft_is_removed_and_a_living_one_is_not(tmp_path: Path) -> None:
    target = tmp_path / "out"
    abandoned = tmp_path / ".out.making-dead"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    without_lock = tmp_path / ".out.making-starting"
    without_lock.mkdir()
    others = [tmp_path / ".out.making-a.making-dead", tmp_path / ".out.more.making-dead", tmp_path / ".in.making-dead"]
    for other in others:
        other.mkdir()
    with whole_folder(target, force=True, ours=ours) as draft:
        assert not abandoned.exists()
        assert not without_lock.exists()
        with whole_folder(target, force=True, ours=ours) as second:
            assert draft.exists()
            (second / "mark").write_text("second")
        (draft / "mark").write_text("first")
    assert (target / "mark").read_text() == "first"
    assert sorted(tmp_path.iterdir()) == sorted([target, *others])


def test_where_makers_cannot_be_held_off_a_draft_without_a_lock_may_be_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_alone_in", lambda folder: nullcontext(False))
    young, old = tmp_path / ".out.making-young", tmp_path / ".out.making-old"
    young.mkdir()
    old.mkdir()
    os.utime(old, (EPOCH, EPOCH))
    make(tmp_path / "out", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [young.name, "out"]


def abandon(target: Path, label: str, *names: str, by: str = "dead") -> Path:
    """Leave what a killed process leaves: a hidden folder with its label, and files in it."""
    draft = target.with_name(f".{target.name}.making-{by}")
    (draft / target.name).mkdir(parents=True)
    (draft / "lock").touch()
    (draft / "label").write_text(label)
    for name in names:
        (draft / target.name / name).write_text("work")
    return draft / target.name


@pytest.mark.parametrize("name", ["out", "a[1]*", "out.making-a"])
def test_work_of_the_same_label_is_taken_up_under_another_name(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    left = abandon(target, "label", "half")
    with whole_folder(target, ours=ours, label="label") as draft:
        assert (draft / "half").read_text() == "work"
        with pytest.raises(FileNotFoundError):  # as for a worker that outlives its build
            (left / "half").write_text("late")
        (draft / "mark").touch()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("first", "then"), [("label", "other"), ("label", ""), ("", "")])
def test_other_work_is_not_taken_up(tmp_path: Path, first: str, then: str) -> None:
    abandon(tmp_path / "out", first, "half")
    with whole_folder(tmp_path / "out", ours=ours, label=then) as draft:
        assert not list(draft.iterdir())
        assert list(tmp_path.iterdir()) == [draft.parent]


def test_of_several_the_one_with_most_work_is_taken_up(tmp_path: Path) -> None:
    for by, names in (("a", ["one"]), ("b", ["one", "two"]), ("c", [])):
        abandon(tmp_path / "out", "label", *names, by=by)
    with whole_folder(tmp_path / "out", ours=ours, label="label") as taken:
        assert sorted(path.name for path in taken.iterdir()) == ["one", "two"]
        assert list(tmp_path.iterdir()) == [taken.parent]


def test_without_exchange_the_old_folder_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two folders cannot be exchanged, the old one is moved away for a moment; no fault and no kill loses it."""
    target, rename = tmp_path / "out", Path.rename
    make(target, "old")
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    make(target, "newer", force=True)
    assert (target / "mark").read_text() == "newer"

    def failing(path: Path, other: Path) -> Path:
        if other == target and path.name == "out":
            raise OSError(errno.EIO, "Input/output error", str(path), None, str(other))
        return rename(path, other)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output error") as told:
        make(target, "newest", force=True)
    assert told.value.filename == str(target)
    assert (target / "mark").read_text() == "newer"
    assert list(tmp_path.iterdir()) == [target]
    rename(target, abandon(target, "").with_name("replaced"))  # killed between the two steps
    with pytest.raises(UsageError, match="there already"):
        make(target, "newest")
    assert (target / "mark").read_text() == "newer"


@pytest.mark.skipif(os.name != "posix", reason="other systems cannot lock a folder")
def test_the_name_is_looked_at_and_taken_while_no_other_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take, seen = files._take_name, []

    def watched(content: Path, target: Path) -> None:
        handle = os.open(tmp_path, os.O_RDONLY)
        seen.append(files._lock(handle))
        os.close(handle)
        take(content, target)

    monkeypatch.setattr(files, "_take_name", watched)
    make(tmp_path / "out", "new")
    assert seen == [False]


def test_all_is_on_the_disk_before_the_name_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file and folder is forced to the disk, then the name is taken, then the folder above is forced."""
    seen: list[str] = []
    sync, exchange, rename = os.fsync, files._exchange, Path.rename

    def place(handle: int) -> str:
        inode = os.fstat(handle).st_ino
        return next(path.name for path in [tmp_path, *tmp_path.rglob("*")] if path.stat().st_ino == inode)

    def renamed(path: Path, other: Path) -> Path:
        seen.append("NAME")
        return rename(path, other)

    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append(place(handle)), sync(handle))[1])
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(files, "_exchange", lambda *two: (seen.append("NAME"), exchange(*two))[1])
    for text in ("old", "new"):
        make(tmp_path / "out", text, force=True)
        assert seen == ["deep", "mark", "below", "out", "NAME", tmp_path.name]
        seen.clear()


def test_an_archive_has_the_same_bytes_for_the_same_files() -> None:
    members = {"b/é.txt": b"text", "a.txt": b""}
    data = zip_bytes(members)
    assert zip_bytes(dict(members)) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == members
        assert {(one.date_time, one.external_attr >> 16) for one in archive.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 0o644)
        }
        # What is packed would be other bytes with another zlib.
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    with pytest.raises(TypeError), whole_file(target) as file:
        file.writelines([b"half", "not bytes"])  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())
    with whole_file(target) as file:
        file.write(b"whole")
    assert target.read_bytes() == b"whole"
    with pytest.raises(UsageError), whole_file(target):
        pass
    with whole_file(target, force=True) as file:
        file.write(b"again")
    assert target.read_bytes() == b"again"


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append(("sync", os.fstat(handle).st_ino)), sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda one, two: (seen.append(("name", one.stat().st_ino)), replace(one, two)))
    with whole_file(tmp_path / "page.html") as file:
        file.write(b"whole")
    page, folder = (tmp_path / "page.html").stat().st_ino, tmp_path.stat().st_ino
    assert seen == [("sync", page), ("name", page), ("sync", folder)]


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        (errno.ENOSPC, "disk/full"),
        (errno.EACCES, "disk/permission"),
        (errno.EROFS, "disk/read-only"),
        (errno.EIO, "disk/fault"),
    ],
)
def test_errors_of_the_system_are_put_into_words(number: int, rule: str) -> None:
    fault = system_fault(OSError(number, os.strerror(number), "/some/place"))
    assert isinstance(fault, SystemFault)
    assert (fault.exit_code, fault.findings[0].rule, fault.findings[0].where) == (5, rule, "/some/place")


def test_json_has_one_spelling() -> None:
    assert canonical_json({"b": 1, "a": "é"}) == '{\n  "a": "é",\n  "b": 1\n}\n'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


def test_digest(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256_of(tmp_path / "empty") == (empty, 0)
