"""Memory, CPU and time of ``compete build``, the leak gate included, of as many images as a million.

Run ``python benchmarks/bench_memory.py [--sizes 20000 100000 1000000] [--workers 2] [--folder FOLDER]``; Linux only,
for it reads what the system tells of processes. Each build is a command of its own, ``compete build``. Memory is PSS,
summed over the command and all that it starts: a page that several processes share is counted once. It is read twice a
second, and the most of the run is told; CPU is of all processes. Images are drawn here, 96 × 96 pixels in colour, 4 KB:
small files, but with as many marks as photographs have, so that what is kept of each is as large. A million take ten
minutes of CPU to draw, and 12 GB with the bundle; what was drawn in ``--folder`` before is used again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, ACROSS = 96, 16
"""Pixels of a side, and how many patches of chance there are across."""
EVERY = 0.5
"""Seconds between two looks at the processes."""
AT_ONCE = 1000
"""Images that one process draws at a time."""
CHALLENGE = (
    "name: drawn\ntitle: Drawn\ntask: classification\ndata: {reader: folder, path: images}\n"
    "split: {test: 0.4, public: 0.3, seed: 0f1e2d3c4b5a6978}\nscore: {metric: accuracy}\n"
)
CLASSES = ("fish", "crab", "eel")


@dataclass(frozen=True)
class Peak:
    """What a build took.

    Attributes:
        images: how many there are.
        main: the most PSS of the command's own process, in MB.
        together: of all processes at one time.
        cpu: seconds of all processes.
        wall: seconds.
    """

    images: int
    main: float
    together: float
    cpu: float
    wall: float


def draw_images(challenge: Path, count: int) -> None:
    """Add the images of a challenge that are not there yet."""
    for name in CLASSES:
        (challenge / "images" / name).mkdir(parents=True, exist_ok=True)
    (challenge / "challenge.yaml").write_text(CHALLENGE)
    with multiprocessing.Pool() as pool:
        pool.map(partial(draw_some, challenge, count), range(0, count, AT_ONCE), chunksize=1)


def draw_some(challenge: Path, count: int, first: int) -> None:
    """Draw the images of some numbers."""
    patches = np.random.default_rng(first).integers(0, 256, (AT_ONCE, ACROSS, ACROSS, 3), np.uint8)
    for number, patch in zip(range(first, min(first + AT_ONCE, count)), patches, strict=False):
        path = challenge / "images" / CLASSES[number % len(CLASSES)] / f"{number:07}.jpg"
        if not path.exists():
            Image.fromarray(patch).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)


def peak_of(challenge: Path, out: Path, images: int, workers: int) -> Peak:
    """Build once, and watch."""
    counted = [sys.executable, str(Path(__file__).parent / "bench_build.py"), "--counted", sys.executable]
    words = [*counted, "-m", "compete", "build", str(challenge), "-o", str(out), "--workers", str(workers), "-q"]
    begin, main, together = time.monotonic(), 0.0, 0.0
    build = subprocess.Popen(words, cwd=Path(__file__).resolve().parent.parent, stdout=subprocess.DEVNULL)
    while os.waitid(os.P_PID, build.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        _, *built = family(build.pid)  # the first only counts the CPU of the others
        memory = [memory_of(pid) for pid in built]
        main, together = max([main, *memory[:1]]), max(together, sum(memory))
        time.sleep(EVERY)
    _, status, used = os.wait4(build.pid, 0)
    if status:
        raise SystemExit(f"the build failed with status {os.waitstatus_to_exitcode(status)}")
    return Peak(images, main, together, used.ru_utime + used.ru_stime, time.monotonic() - begin)


def family(pid: int) -> list[int]:
    """A process and all that it has started, those of its children too; each comes after the one that started it."""
    found, ahead = [], [pid]
    while ahead:
        found.append(ahead.pop(0))
        try:
            texts = [place.read_text() for place in Path(f"/proc/{found[-1]}/task").glob("*/children")]
        except OSError:  # it has ended in between
            continue
        ahead += [int(word) for text in texts for word in text.split()]
    return found


def memory_of(pid: int) -> float:
    """The PSS of a process in MB; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="few images")
    parser.add_argument("--folder", type=Path, help="where to draw; default a new folder, which is removed")
    given = parser.parse_args()
    print("| images | most memory of all | of the main process | CPU | CPU of 1,000 | wall |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for size in [2_000] if given.quick else given.sizes:
            challenge = (given.folder or Path(scratch)) / f"drawn-{size}"
            draw_images(challenge, size)
            one = peak_of(challenge, Path(scratch) / f"bundle-{size}", size, given.workers)
            memory = f"{one.together:,.0f} MB | {one.main:,.0f} MB"
            each = one.cpu / size * 1000
            print(f"| {size:,} | {memory} | {one.cpu:,.0f} s | {each:.2f} s | {one.wall:,.0f} s |", flush=True)


if __name__ == "__main__":
    main()
