"""A build that is killed, or that the disk fails, leaves the old bundle or the new one; the next goes on from there."""

from __future__ import annotations

import hashlib
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

import numpy as np
import pytest
from PIL import Image

from compete import files, jobs
from compete.building import label_files, media
from compete.building.journal import Entry, entries_of, journal_of, kept_entry, write_noted
from compete.bundle import verify_bundle
from compete.errors import CompeteError
from compete.files import files_below, system_fault
from tests.building.faults import IMAGES, KINDS, tree, write_challenge
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


@pytest.mark.parametrize(
    ("what", "kind", "every"),
    [("kills", "images", 11), ("twice", "images", 14), ("kills", "labels", 23), ("twice", "labels", 29)],
)
def test_a_kill_at_any_step_leaves_a_whole_bundle_or_none(trials: Trials, what: str, kind: str, every: int) -> None:
    """The one after it leaves nothing beside the bundle, and does at most one image a kill twice."""
    found = trials(what, "--kind", kind, "--every", str(every))
    assert {one["state"] for one in found} == {"old", "new", "none"}
    assert {(one["then"], one["left_then"], one["code_then"]) for one in found} == {("new", 0, 0)}
    assert max(one["redone"] for one in found) <= (1 if what == "kills" else 2)
    assert [one["code"] for one in found] == [-signal.SIGKILL] * (len(found) - 1) + [0]
    assert len(found) > 150 * KINDS[kind] / every


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
        # One that was killed when it had just put its bundle there has won too, and cannot say so.
        fewest, most = (len(ended), len(ended)) if one["force"] else (int(len(ended) == len(one["codes"])), 1)
        assert fewest <= ended.count(0) <= most
        assert set(ended) <= {0, 2}
        assert one["told"] == ([] if one["force"] else ["output/exists"])


MAKERS = ((media, "strip_again"), (label_files, "label_file"))
"""What makes the images and the label images of a bundle."""


@pytest.fixture
def cleaned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One name for each image and label image that is made, in order."""
    seen: list[str] = []

    def counted(make: Callable[..., Any], name: str) -> Callable[..., Any]:
        return lambda *words: (seen.append(name), make(*words))[1]

    for place, name in MAKERS:
        monkeypatch.setattr(place, name, counted(getattr(place, name), name))
    return seen


def kill_at(done: int, challenge: Path, out: Path, patch: pytest.MonkeyPatch) -> None:
    """Build, and be killed when so many images and label images are made."""
    left = iter(range(done))

    def until(make: Callable[..., Any]) -> Callable[..., Any]:
        def making(*words: Any) -> Any:
            if next(left, None) is None:
                raise Killed
            return make(*words)

        return making

    with patch.context() as within:
        for place, name in MAKERS:
            within.setattr(place, name, until(getattr(place, name)))
        within.setattr(files, "_discard", lambda *_: None)  # what a killed process does not come to
        with pytest.raises(Killed):
            jobs.build(challenge, out, workers=1)
    assert len(list(out.parent.iterdir())) == 1


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A challenge whose build into ``place/out`` was killed when some images were done; the place where it was."""
    place = tmp_path / "place"
    kill_at(DONE, write_challenge(tmp_path / "reef", "Reef"), place / "out", monkeypatch)
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
    source = Path(next(entries_of(content(place)))[1].origin[0])
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
    journal = journal_of(content(place))
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
    Path(next(entries_of(content(place)))[1].origin[0]).unlink()


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


@pytest.mark.parametrize("done", [IMAGES + 3, 2 * IMAGES - 1])
def test_label_images_that_were_done_are_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cleaned: list[str], done: int
) -> None:
    place = tmp_path / "place"
    kill_at(done, write_challenge(tmp_path / "reef", "Reef", kind="labels"), place / "out", monkeypatch)
    del cleaned[:]
    finish(place, tmp_path)
    assert len(cleaned) == 2 * IMAGES - done + 2 * IMAGES


def test_a_label_image_that_changed_is_done_again_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cleaned: list[str]
) -> None:
    """What the pixels are decides, and not the file: one that is written anew with the same classes is not changed."""
    root, place = write_challenge(tmp_path / "reef", "Reef", kind="labels"), tmp_path / "place"
    kill_at(2 * IMAGES - 1, root, place / "out", monkeypatch)
    same, other = sorted((root / "labels").iterdir())[:2]
    for path in (same, other):
        pixels = np.asarray(Image.open(path)).copy()
        pixels[0, 0] = (pixels[0, 0] + (path == other)) % 3
        Image.fromarray(pixels).save(path, compress_level=0)
    del cleaned[:]
    finish(place, tmp_path)
    assert len(cleaned) == 2 + 2 * IMAGES


def test_what_is_no_longer_wanted_goes_from_the_private_half_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cleaned: list[str]
) -> None:
    root, place = write_challenge(tmp_path / "reef", "Reef", kind="labels"), tmp_path / "place"
    kill_at(2 * IMAGES - 1, root, place / "out", monkeypatch)
    lines = (root / "table.csv").read_text().splitlines()
    (root / "table.csv").write_text("\n".join(lines[:-6]) + "\n")
    finish(place, tmp_path)


def entry(number: int) -> Entry:
    """An entry of a file that does not matter."""
    data = b"content" * number
    origin = f"/source/é\udce9{number}.png", (1, 2, number)
    return Entry(f"image.{number}", ".png", origin, hashlib.sha256(data).hexdigest(), len(data), ([3, 4], "é\udce9"))


def note(root: Path, number: int) -> None:
    """Write the file of an entry."""
    one = entry(number)
    assert write_noted(root, one.target, one.suffix, b"content" * number, origin=one.origin, about=one.about) == one


def test_a_journal_that_is_torn_anywhere_tells_only_what_was_written(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    journal, ends = journal_of(root), [0]
    for number in range(3):
        note(root, number)
        ends.append(journal.stat().st_size)
    whole, wanted = journal.read_bytes(), [entry(number) for number in range(4)]
    for size in range(len(whole)):
        journal.write_bytes(whole[:size])
        complete = sum(size >= end - 1 for end in ends[1:])  # the last newline need not be there
        assert [one for _, one in entries_of(root)] == wanted[:complete]
        note(root, 3)
        told = list(entries_of(root))
        assert [one for _, one in told] == [*wanted[:complete], wanted[3]]
        assert [kept_entry(root, begin, one.origin) for begin, one in told] == [one for _, one in told]
        journal.write_bytes(whole[:size] + bytes([whole[size] ^ 4]) + whole[size + 1 :])
        assert all(one in wanted for _, one in entries_of(root))


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
