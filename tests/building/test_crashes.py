"""A build that is killed, or that the disk fails, leaves the old bundle or the new one; the next goes on from there."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compete import files, jobs
from compete.building import media
from compete.building.media.journal import Entry, add_entry, read_journal
from compete.building.media.records import CleanedFile
from compete.bundle import verify_bundle
from compete.errors import CompeteError, Finding
from compete.files import files_below, system_fault
from tests.building.faults import IMAGES, tree, write_challenge
from tests.conftest import ROOT

DONE = 10
"""Images that are done when a build of these tests is killed."""

Trials = Callable[..., list[dict[str, Any]]]


class Killed(BaseException):
    """Stands for a kill."""


@pytest.fixture
def trials(tmp_path: Path) -> Trials:
    """Run trials of ``faults.py``."""

    def run(*words: str) -> list[dict[str, Any]]:
        command = [sys.executable, str(ROOT / "tests" / "building" / "faults.py"), words[0], str(tmp_path), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.mark.parametrize(("what", "every"), [("kills", 11), ("twice", 14)])
def test_a_kill_at_any_step_leaves_a_whole_bundle_or_none(trials: Trials, what: str, every: int) -> None:
    """The one after it leaves nothing beside the bundle, and does at most one image a kill twice."""
    found = trials(what, "--every", str(every))
    assert {one["state"] for one in found} == {"old", "new", "none"}
    assert {(one["then"], one["left_then"], one["code_then"]) for one in found} == {("new", 0, 0)}
    assert max(one["redone"] for one in found) <= (1 if what == "kills" else 2)
    assert [one["code"] for one in found] == [-signal.SIGKILL] * (len(found) - 1) + [0]
    assert len(found) > 150 / every


def test_a_kill_at_any_time_leaves_a_whole_bundle_or_none(trials: Trials) -> None:
    found = trials("times", "--count", "12")
    assert {one["state"] for one in found} <= {"old", "new", "none"}
    assert {(one["then"], one["left_then"], one["code_then"]) for one in found} == {("new", 0, 0)}
    assert max(one["redone"] for one in found) <= 1


@pytest.mark.parametrize(("number", "rule", "every"), [("EIO", "disk/fault", "5"), ("ENOSPC", "disk/full", "17")])
def test_a_disk_that_fails_at_any_step_is_named(
    trials: Trials, tmp_path: Path, number: str, rule: str, every: str
) -> None:
    """Whoever is told has the old bundle; but at the very last step the new one stands, and may not outlast a crash."""
    found = trials("errors", "--errno", number, "--every", every)
    assert {one["code"] for one in found} == {5}
    assert {tuple(map(tuple, one["told"])) for one in found} == {((rule, str(tmp_path / "place" / "out")),)}
    assert {one["state"] for one in found[:-1]} == {"old"}
    assert found[-1]["state"] in {"old", "new"}
    assert {one["left"] for one in found} == {0}
    assert len(found) > 180 / int(every)


def test_of_many_builds_at_once_one_wins_and_the_others_are_told(trials: Trials) -> None:
    for one in trials("crowd", "--count", "4"):
        assert one["state"] == "new"
        assert (one["then"], one["left_then"]) == ("new", 0)
        ended = [code for code in one["codes"] if code != -signal.SIGKILL]
        assert ended.count(0) == (len(ended) if one["force"] else 1)
        assert set(ended) <= {0, 2}
        assert one["told"] == ([] if one["force"] else ["output/exists"])


@pytest.fixture
def cleaned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the images that are cleaned, in order."""
    seen: list[str] = []
    clean = media.clean_image

    def counted(data: bytes, name: str = "") -> media.Cleaned:
        seen.append(name)
        return clean(data, name)

    monkeypatch.setattr(media, "clean_image", counted)
    return seen


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A challenge whose build into ``place/out`` was killed when some images were done; the place where it was."""
    root, place = write_challenge(tmp_path / "reef", "Reef"), tmp_path / "place"
    clean, done = media.clean_image, iter(range(DONE))

    def until(data: bytes, name: str = "") -> media.Cleaned:
        if next(done, None) is None:
            raise Killed
        return clean(data, name)

    with monkeypatch.context() as patch:
        patch.setattr(media, "clean_image", until)
        patch.setattr(files, "_discard", lambda *_: None)  # what a killed process does not come to
        with pytest.raises(Killed):
            jobs.build(root, place / "out", workers=1)
    assert len(list(place.iterdir())) == 1
    return place


def content(place: Path) -> Path:
    """What the killed build had written."""
    return next(place.glob(".out.making-*")) / "out"


def finish(place: Path, tmp_path: Path) -> None:
    """Build again, and compare with a build that was never killed."""
    built = jobs.build(tmp_path / "reef", place / "out", workers=1)
    whole = jobs.build(tmp_path / "reef", tmp_path / "whole", workers=1)
    assert tree(place / "out") == tree(tmp_path / "whole")
    assert (built.findings, verify_bundle(place / "out")) == (whole.findings, [])
    assert {int(path.stat().st_mtime) for path in files_below(place / "out")} == {files.EPOCH}
    assert [path.name for path in place.iterdir()] == ["out"]


def test_what_was_done_is_not_done_again(killed: Path, tmp_path: Path, cleaned: list[str]) -> None:
    jobs.build(tmp_path / "reef", killed / "out", workers=1)
    assert len(cleaned) == IMAGES - DONE
    (killed / "out").rename(tmp_path / "kept")
    jobs.build(tmp_path / "reef", killed / "out", workers=1)
    assert len(cleaned) == IMAGES - DONE + IMAGES
    assert tree(tmp_path / "kept") == tree(killed / "out")


def change_source(place: Path, tmp_path: Path) -> None:
    """Another picture of the same size and time under the name of one that is done; only its status tells."""
    source = Path(next(iter(read_journal(content(place).parent / "journal").values())).source)
    found = source.stat()
    data = bytearray(source.read_bytes())
    pixels = bytearray(Image.open(source).tobytes())
    pixels[0] ^= 1
    Image.frombytes("RGB", (12, 12), bytes(pixels)).save(source)
    data[:] = source.read_bytes()
    source.write_bytes(bytes(data[: found.st_size]) + b"x" * (found.st_size - len(data)))
    os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns))


def damage(place: Path, tmp_path: Path) -> None:
    """A written file that lost its content, as when the power fails."""
    path = next(files_below(content(place)))
    path.write_bytes(bytes(path.stat().st_size))


def cut(place: Path, tmp_path: Path) -> None:
    """A written file that is gone."""
    next(files_below(content(place))).unlink()


def tear(place: Path, tmp_path: Path) -> None:
    """A last line that was half written."""
    journal = content(place).parent / "journal"
    journal.write_bytes(journal.read_bytes()[:-9])


def stray(place: Path, tmp_path: Path) -> None:
    """Files and folders of which the journal does not tell."""
    (content(place) / "public" / "train" / "stray.png").write_bytes(b"stray")
    (content(place) / "public" / "pages" / "empty").mkdir(parents=True)
    (content(place) / "manifest.json").write_text("{}")


@pytest.mark.parametrize(("harm", "again"), [(change_source, 1), (damage, 1), (cut, 1), (tear, 1), (stray, 0)])
def test_only_what_is_proven_is_kept(
    killed: Path, tmp_path: Path, cleaned: list[str], harm: Callable[[Path, Path], None], again: int
) -> None:
    harm(killed, tmp_path)
    finish(killed, tmp_path)
    assert len(cleaned) == IMAGES - DONE + again + IMAGES


def drop(place: Path, tmp_path: Path) -> None:
    """An item that is no longer there."""
    Path(next(iter(read_journal(content(place).parent / "journal").values())).source).unlink()


def test_what_is_no_longer_wanted_goes(killed: Path, tmp_path: Path, cleaned: list[str]) -> None:
    drop(killed, tmp_path)
    finish(killed, tmp_path)


def test_the_work_for_another_challenge_is_thrown_away(killed: Path, tmp_path: Path, cleaned: list[str]) -> None:
    write_challenge(tmp_path / "reef", "Another")
    finish(killed, tmp_path)
    assert len(cleaned) == 2 * IMAGES


def test_the_work_of_another_account_is_let_alone(
    killed: Path, tmp_path: Path, cleaned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    jobs.build(tmp_path / "reef", killed / "out", workers=1)
    assert len(cleaned) == IMAGES
    assert len(list(killed.iterdir())) == 2


def test_a_refused_build_keeps_what_was_done(killed: Path, tmp_path: Path, cleaned: list[str]) -> None:
    (killed / "out").mkdir()
    (killed / "out" / "mine").touch()
    with pytest.raises(CompeteError, match="nothing was written"):
        jobs.build(tmp_path / "reef", killed / "out", workers=1)
    shutil.rmtree(killed / "out")
    finish(killed, tmp_path)
    assert len(cleaned) == IMAGES - DONE + IMAGES


def entry(folder: Path, number: int) -> Entry:
    """An entry of an image that does not matter."""
    written = CleanedFile(folder / "out" / f"image.{number}.png", "0" * 64, number, 3, 4, "RGB")
    told = (Finding("image/suffix", "as told", items=("é\udce9.png",), count=1),)
    return Entry(f"/source/{number}", f"{number}.png", (1, 2, number), written, told)


def test_a_journal_that_is_torn_anywhere_tells_only_what_was_written(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    ends = [0]
    for number in range(3):
        add_entry(journal, entry(tmp_path, number))
        ends.append(journal.stat().st_size)
    whole = journal.read_bytes()
    wanted = {tmp_path / "out" / f"image.{number}": entry(tmp_path, number) for number in range(4)}
    for size in range(len(whole)):
        journal.write_bytes(whole[:size])
        complete = sum(size >= end - 1 for end in ends[1:])  # the last newline need not be there
        assert read_journal(journal) == dict(list(wanted.items())[:complete])
        add_entry(journal, entry(tmp_path, 3))
        assert len(read_journal(journal)) == complete + 1
        journal.write_bytes(whole[:size] + bytes([whole[size] ^ 4]) + whole[size + 1 :])
        assert read_journal(journal).items() <= wanted.items()


def faults_of(work: Callable[[], object]) -> CompeteError:
    """What a person is told of a build that the system stopped."""
    with pytest.raises((OSError, CompeteError)) as told:
        work()
    return told.value if isinstance(told.value, CompeteError) else system_fault(told.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of so many pages of 4 KiB, mounted anew."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(pages: int) -> Path:
        subprocess.run(["umount", str(place)], capture_output=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={4 * pages}k", "tmpfs", str(place)]
        if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount a small disk, and not everywhere")
        return place

    yield mount
    subprocess.run(["umount", str(place)], capture_output=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
def test_a_small_disk_is_told_full_and_keeps_the_old_bundle(small_disk: Callable[[int], Path], tmp_path: Path) -> None:
    old, new = (write_challenge(tmp_path / name, name) for name in ("old", "new"))
    jobs.build(old, tmp_path / "bundle", workers=1)
    before, needed = tree(tmp_path / "bundle"), len(list(files_below(tmp_path / "bundle")))
    full = 0
    for pages in range(needed + 2, 3 * needed + 20, 7):
        out = small_disk(pages) / "out"
        shutil.copytree(tmp_path / "bundle", out)
        try:
            jobs.build(new, out, force=True, workers=1)
        except OSError as error:
            told = system_fault(error).findings[0]
            assert (told.rule, told.where) == ("disk/full", str(out))
            assert tree(out) == before
            full += 1
        assert verify_bundle(out) == []
        assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert full > 3
    assert tree(out) != before


@pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
def test_a_disk_that_cannot_be_written_is_told(small_disk: Callable[[int], Path], tmp_path: Path) -> None:
    place = small_disk(100)
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    root = write_challenge(tmp_path / "reef", "Reef")
    for out in (place / "out", place / "below" / "out"):
        fault = faults_of(lambda out=out: jobs.build(root, out, workers=1))  # type: ignore[misc]
        assert (fault.exit_code, fault.findings[0].rule) == (5, "disk/read-only")
        assert fault.findings[0].where in {str(out), str(out.parent)}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_image_that_cannot_be_written_is_a_fault_with_a_place(tmp_path: Path, workers: int) -> None:
    """A limit on the size of files, which the processes of the pool have from this one, stands for the disk."""
    root = write_challenge(tmp_path / "reef", "Reef", images=24 if workers == 1 else 300, side=4)
    Image.effect_noise((90, 90), 90).save(root / "images" / "fish" / "large.png")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        fault = faults_of(lambda: jobs.build(root, tmp_path / "place" / "out", workers=workers))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert fault.exit_code == 5
    assert [(told.rule, told.where) for told in fault.findings] == [("disk/full", str(tmp_path / "place" / "out"))]
    assert list((tmp_path / "place").iterdir()) == []
