"""Builds that are killed, or told that the disk fails, at every step: ``python faults.py WHAT FOLDER --every 7``.

A step is whatever changes the disk: to open a file for writing, a write, fsync, mkdir, rename, exchange, chmod, utime,
unlink, rmdir. Each build is a fork of this process, which has loaded everything. Every line printed is one trial.
"""

from __future__ import annotations

import argparse
import errno
import io
import itertools
import json
import mmap
import os
import random
import shutil
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from compete import files, jobs
from compete.building import label_files, media
from compete.building import pictures as _pictures  # noqa: F401  (loaded before the forks)
from compete.building import pipeline as _pipeline  # noqa: F401
from compete.bundle import verify_bundle
from compete.errors import CompeteError
from compete.files import files_below, system_fault
from compete.scoring import trial as _trial  # noqa: F401

IMAGES = 24
KINDS = {"images": 1, "labels": 2}
"""Challenges on images alone, or with label images too: how many files of an item are kept from a killed build."""
CALLS = ("mkdir", "rename", "replace", "chmod", "utime", "fsync", "unlink", "rmdir")
REMOVING = {"unlink", "rmdir"}
LABELLED = "path: table.csv, id: id, file: file, mask: mask, values: {sand: 0, weed: 1, rock: 2}"
KILL = 0
"""The fault that is no error of the disk."""

Tree = dict[str, bytes]


def write_challenge(root: Path, title: str, images: int = IMAGES, side: int = 12, kind: str = "images") -> Path:
    """A challenge on images in two folders of classes; every fifth image has bytes after its end, which is told.

    With ``labels`` it is one on the classes of pixels.
    """
    root.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(1)
    for number in range(images):
        path = root / "images" / ("fish", "crab")[number % 2] / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            Image.fromarray(chance.integers(0, 256, (side, side, 3), np.uint8)).save(path)
            path.write_bytes(path.read_bytes() + b"tail" * (number % 5 == 0))
    task, data, metric = "classification", "reader: folder, path: images", "accuracy"
    if kind == "labels":
        task, data, metric = "semantic_segmentation", LABELLED, "miou"
        write_label_images(root, side)
    text = (
        f"name: reef\ntitle: {title}\ntask: {task}\ndata: {{{data}}}\n"
        f"split: {{test: 0.5, public: 0.5, seed: 0f1e2d3c4b5a6978}}\nscore: {{metric: {metric}, draws: 5}}\n"
    )
    (root / "challenge.yaml").write_text(text)
    return root


def write_label_images(root: Path, side: int) -> None:
    """A label image for each image, and a table that names both."""
    rows = ["id,file,mask"]
    for path in sorted((root / "images").rglob("*.png")):
        label = root / "labels" / path.name
        label.parent.mkdir(exist_ok=True)
        rows.append(f"{path.stem},{path.relative_to(root).as_posix()},labels/{path.name}")
        if not label.exists():
            chance = np.random.default_rng(int(path.stem))
            Image.fromarray(np.kron(chance.integers(0, 3, (4, 4), np.uint8), np.ones((side // 4,) * 2, np.uint8))).save(
                label
            )
    (root / "table.csv").write_text("\n".join(rows) + "\n")


class Steps:
    """Counts the steps of a build, which may be taken in several threads, and strikes at one of them."""

    def __init__(self, counters: mmap.mmap, point: int, fault: int) -> None:
        self.counters, self.point, self.fault, self.lock = counters, point, fault, threading.Lock()

    def install(self) -> None:
        """Stand before every call that changes the disk, and count the images and label images that are made."""
        for name in CALLS:
            setattr(os, name, self.before(name, getattr(os, name)))
        opened, begun, written, exchanged = io.open, os.open, os.write, files._exchange

        def begin(place: Any, flags: int, *words: Any, **more: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR):
                self.step("open", place)
            return begun(place, flags, *words, **more)

        def write(handle: int, data: Any) -> int:
            if self.due():
                written(handle, data[: len(data) // 2])
                self.strike(None)
            return written(handle, data)

        def watched(file: Any, mode: str = "r", *words: Any, **more: Any) -> Any:
            if not set(mode) & set("wax+"):
                return opened(file, mode, *words, **more)
            self.step("open", file)
            return Watched(self, opened(file, mode, *words, **more))

        io.open, os.open, os.write = watched, begin, write  # type: ignore[assignment]
        media.strip_again = self.counted(media.strip_again)
        label_files.label_file = self.counted(label_files.label_file)
        files._exchange = self.before("exchange", exchanged)

    def before(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*words: Any, **more: Any) -> Any:
            self.step(name, words[0])
            return call(*words, **more)

        return stepped

    def counted(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def making(*words: Any) -> Any:
            made = make(*words)
            self.add(1)
            return made

        return making

    def add(self, place: int) -> int:
        with self.lock:
            count = struct.unpack_from("q", self.counters, 8 * place)[0] + 1
            struct.pack_into("q", self.counters, 8 * place, count)
        return int(count)

    def due(self) -> bool:
        """Count a step; whether it is the one to strike at."""
        return self.add(0) == self.point

    def step(self, name: str, place: Any) -> None:
        # A disk that cannot remove is no case of ours, and to make a folder that is there changes nothing.
        idle = name in REMOVING or (name == "mkdir" and Path(place).is_dir())
        if not (self.fault and idle) and self.due():
            self.strike(place)

    def strike(self, place: Any) -> None:
        if self.fault == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        named = [os.fspath(place)] if isinstance(place, (str, os.PathLike)) else []
        raise OSError(self.fault, os.strerror(self.fault), *named)


class Watched:
    """A file whose writing may stop in the middle."""

    def __init__(self, steps: Steps, file: Any) -> None:
        self.steps, self.file = steps, file

    def write(self, data: Any) -> int:
        if self.steps.due():
            self.file.write(data[: len(data) // 2])
            self.file.flush()
            self.steps.strike(None)
        return int(self.file.write(data))

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def started(challenge: Path, out: Path, point: int = 0, fault: int = KILL, *, force: bool = True) -> tuple[int, Any]:
    """Begin a build in a process of its own; its number, and how to learn what it counted and told."""
    counters, (reading, writing), tell = mmap.mmap(-1, 16), os.pipe(), os.write
    child = os.fork()
    if child == 0:
        os.close(reading)
        Steps(counters, point, fault).install()
        code, told = 0, []
        try:
            jobs.build(challenge, out, force=force, workers=1)
        except (CompeteError, OSError) as caught:
            error = caught if isinstance(caught, CompeteError) else system_fault(caught)
            code, told = error.exit_code, [(finding.rule, finding.where) for finding in error.findings]
        except BaseException as bug:
            code, told = 70, [(repr(bug), "")]
        tell(writing, json.dumps(told).encode())
        os._exit(code)
    os.close(writing)

    def ended() -> dict[str, Any]:
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as file:
            told = json.loads(file.read() or b"[]")
        steps, cleaned = struct.unpack("qq", counters[:16])
        return {"code": os.waitstatus_to_exitcode(status), "steps": steps, "cleaned": cleaned, "told": told}

    return child, ended


def tree(folder: Path) -> Tree:
    """Every file's bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_below(folder)}


class Ground:
    """A folder with two challenges on the same images, and what a bundle of each is."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.out, self.old, self.pieces = folder / "place" / "out", False, KINDS[kind] * IMAGES
        self.challenges = [write_challenge(folder / name, name, kind=kind) for name in ("old", "new")]
        shutil.rmtree(folder / "place", ignore_errors=True)
        self.bundles = [folder / "whole" / name for name in ("old", "new")]
        for challenge, bundle in zip(self.challenges, self.bundles, strict=True):
            jobs.build(challenge, bundle, force=True, workers=1)  # here, so that each fork finds all loaded
        self.trees = [tree(bundle) for bundle in self.bundles]

    def lay(self, *, old: bool) -> None:
        """Leave nothing in the place but the old bundle, if it is wanted."""
        self.old = old
        shutil.rmtree(self.out.parent, ignore_errors=True)
        self.out.parent.mkdir()
        if old:
            shutil.copytree(self.bundles[0], self.out)

    def state(self) -> str:
        """What stands there: ``none``, or the ``old`` or ``new`` bundle, whole; else ``BAD``."""
        if not os.path.lexists(self.out):
            return "none"
        try:
            whole = verify_bundle(self.out) == []
        except CompeteError:
            return "BAD"
        names = [name for name, content in zip(("old", "new"), self.trees, strict=True) if content == tree(self.out)]
        return names[0] if whole and names else "BAD"

    def left(self) -> int:
        """How much stands beside the bundle."""
        return sum(path != self.out for path in self.out.parent.iterdir())

    def again(self, first: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Look at what a trial left, build again, and look again; that an old bundle is gone is bad."""
        state = self.state()
        state = "BAD" if state == "none" and self.old else state
        trial = {**more, **first, "state": state, "left": self.left()}
        second = started(self.challenges[1], self.out)[1]()
        # Of a first build that came to its end, everything is done again, as was asked.
        redone = max(0, first["cleaned"] + second["cleaned"] - self.pieces) if trial["state"] != "new" else 0
        return trial | {"then": self.state(), "left_then": self.left(), "code_then": second["code"], "redone": redone}


def kills(ground: Ground, first: int, every: int, *, twice: bool) -> Iterator[dict[str, Any]]:
    """Kill at every so many steps, until a build comes to its end; the first build, or one that takes up another."""
    chance = random.Random(first)
    for point in itertools.count(first, every):
        ground.lay(old=point % 3 != 0)
        before = 0
        if twice:
            before = started(ground.challenges[1], ground.out, chance.randrange(1, 9 * ground.pieces))[1]()["cleaned"]
        trial = started(ground.challenges[1], ground.out, point)[1]()
        trial["cleaned"] += before
        yield ground.again(trial, point=point)
        if trial["code"] != -signal.SIGKILL:
            return


def times(ground: Ground, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Kill at random times, until so many builds were killed before they came to their end."""
    chance = random.Random(seed)
    ground.lay(old=True)
    begin = time.monotonic()
    started(ground.challenges[1], ground.out)[1]()
    whole = time.monotonic() - begin
    killed = 0
    for number in itertools.count():
        ground.lay(old=number % 3 != 0)
        child, ended = started(ground.challenges[1], ground.out)
        time.sleep(chance.uniform(0, whole))
        os.kill(child, signal.SIGKILL)  # not yet waited for, so the number is still its own
        trial = ground.again(ended(), point=number)
        yield trial
        killed += trial["code"] == -signal.SIGKILL
        if killed == count:
            return


def errors(ground: Ground, first: int, every: int, number: int) -> Iterator[dict[str, Any]]:
    """Let the disk fail at every so many steps, until a build comes to its end."""
    for point in itertools.count(first, every):
        ground.lay(old=True)
        trial = started(ground.challenges[1], ground.out, point, number)[1]()
        if trial["steps"] < point:
            return
        yield trial | {"point": point, "state": ground.state(), "left": ground.left()}


def crowd(ground: Ground, rounds: int, size: int) -> Iterator[dict[str, Any]]:
    """Let many build into one place at once; in every second round some are killed, and one more comes after them."""
    chance = random.Random(5)
    for number in range(rounds):
        force, killing = number % 4 < 2, number % 2 == 1
        ground.lay(old=force)
        children = [started(ground.challenges[1], ground.out, force=force) for _ in range(size)]
        for child, _ in children[: size // 2] if killing else []:
            time.sleep(chance.uniform(0, 0.05))
            os.kill(child, signal.SIGKILL)
        ends = [ended() for _, ended in children]
        told = sorted({rule for end in ends for rule, _ in end["told"]})
        codes = [end["code"] for end in ends]
        trial = {"point": number, "force": force, "codes": codes, "told": told, "state": ground.state()}
        started(ground.challenges[1], ground.out)[1]()
        yield trial | {"then": ground.state(), "left_then": ground.left()}


def main() -> None:
    """Run the trials that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["kills", "twice", "times", "errors", "crowd"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=list(KINDS), default="images")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--size", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--errno", default="EIO")
    given = parser.parse_args()
    ground = Ground(given.folder, given.kind)
    trials = {
        "kills": lambda: kills(ground, given.first, given.every, twice=False),
        "twice": lambda: kills(ground, given.first, given.every, twice=True),
        "times": lambda: times(ground, given.count, given.seed),
        "errors": lambda: errors(ground, given.first, given.every, getattr(errno, given.errno)),
        "crowd": lambda: crowd(ground, given.count, given.size),
    }
    for trial in trials[given.what]():
        print(json.dumps(trial), flush=True)


if __name__ == "__main__":
    sys.exit(main())
