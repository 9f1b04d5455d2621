"""Memory of ``compete build``, the leak gate included, for several numbers of images, and what follows for a million.

Run ``python benchmarks/bench_memory.py [--sizes 20000 40000 80000] [--workers 2] [--at 1000000]``; Linux only, for it
reads what the system tells of processes. Each build runs in a process of its own. Told are the most memory of that
process, of the largest worker, and of all at one time (pages that processes share are counted in each). Images are
drawn here, 96 × 96 pixels in colour: small files, but with as many marks as photographs have, so that what is kept of
each is as large. The row for a million is an extrapolation of the growth between the smallest and the largest size, and
nothing that was measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, ACROSS = 96, 16
"""Pixels of a side, and how many patches of chance there are across."""
EVERY = 0.05
"""Seconds between two looks at the processes."""
CHALLENGE = (
    "name: drawn\ntitle: Drawn\ntask: classification\ndata: {reader: folder, path: images}\n"
    "split: {test: 0.4, public: 0.3, seed: 0f1e2d3c4b5a6978}\nscore: {metric: accuracy}\n"
)


@dataclass(frozen=True)
class Peak:
    """The most memory of a build, in MB.

    Attributes:
        images: how many there are.
        main: of the process that was started.
        worker: of the largest worker.
        together: of all processes at one time.
        wall: seconds.
    """

    images: int
    main: float
    worker: float
    together: float
    wall: float


def draw_images(folder: Path, first: int, last: int) -> None:
    """Add images to three folders of classes."""
    for number in range(first, last):
        path = folder / "images" / ("fish", "crab", "eel")[number % 3] / f"{number:07}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        patches = np.random.default_rng(number).integers(0, 256, (ACROSS, ACROSS, 3), np.uint8)
        Image.fromarray(patches).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
    (folder / "challenge.yaml").write_text(CHALLENGE)


def peak_of(challenge: Path, out: Path, images: int, workers: int) -> Peak:
    """Build once, and watch."""
    command = f"from pathlib import Path; from compete.jobs import build; build(Path({str(challenge)!r}), "
    command += f"Path({str(out)!r}), force=True, workers={workers})"
    root = Path(__file__).resolve().parent.parent
    begin, worker, together = time.monotonic(), 0.0, 0.0
    build = subprocess.Popen([sys.executable, "-c", command], cwd=root)
    while os.waitid(os.P_PID, build.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        told = {pid: memory for pid in family(build.pid) if (memory := memory_of(pid))}
        worker = max([worker, *(peak for pid, (peak, _) in told.items() if pid != build.pid)])
        together = max(together, sum(now for _, now in told.values()))
        time.sleep(EVERY)
    _, status, used = os.wait4(build.pid, 0)
    if status:
        raise SystemExit(f"the build failed with status {os.waitstatus_to_exitcode(status)}")
    return Peak(images, used.ru_maxrss / 1024, worker, together, time.monotonic() - begin)


def family(pid: int) -> list[int]:
    """A process and all that it has started, those of its children too."""
    found, ahead = [], [pid]
    while ahead:
        found.append(ahead.pop())
        try:
            texts = [place.read_text() for place in Path(f"/proc/{found[-1]}/task").glob("*/children")]
        except OSError:  # it has ended in between
            continue
        ahead += [int(word) for text in texts for word in text.split()]
    return found


def memory_of(pid: int) -> tuple[float, float] | None:
    """The most memory that a process has had, and what it has now, in MB; None if it is gone."""
    try:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024, int(lines["VmRSS"].split()[0]) / 1024
    except (OSError, KeyError):
        return None


def table_of(peaks: list[Peak], at: int) -> str:
    """What was measured, and what follows for many more images."""
    lines = ["| images | main process | largest worker | all at one time | wall |", "|---|---|---|---|---|"]
    for one in peaks:
        memory = f"{one.main:,.0f} MB | {one.worker:,.0f} MB | {one.together:,.0f} MB"
        lines.append(f"| {one.images:,} | {memory} | {one.wall:.0f} s |")
    if len(peaks) > 1:
        few, many = peaks[0], peaks[-1]
        growth = (many.main - few.main) / (many.images - few.images)
        lines.append(f"\n{growth * 1000:.2f} MB for each 1,000 images more.")
        reached = many.main + growth * (at - many.images)
        lines.append(f"Extrapolated, not measured: {reached:,.0f} MB in the main process at {at:,} images.")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 40_000, 80_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--at", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, drawn, peaks = Path(scratch) / "challenge", 0, []
        for size in sorted(given.sizes):
            draw_images(folder, drawn, size)
            drawn = size
            peaks.append(peak_of(folder, Path(scratch) / "bundle", size, given.workers))
        print(table_of(peaks, given.at))


if __name__ == "__main__":
    main()
