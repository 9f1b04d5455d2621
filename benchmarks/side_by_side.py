"""Two ways to do the same thing, in turn, in one run: medians and ratios of wall time and CPU time."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Work = Callable[[], Any] | Sequence[str]


@dataclass(frozen=True)
class Contest:
    """One line of the table.

    Attributes:
        name: what is done.
        ours: a callable without arguments, or a command as a list of words.
        peer: the same, by the peer.
        goal: how many times as fast as the peer ours should be; 0 for none.
        repeats: how often each side runs; the median counts.
        peer_share: the part of the work that the peer does; its times are divided by this.
        note: what to say about the line.
    """

    name: str
    ours: Work
    peer: Work
    goal: float = 0.0
    repeats: int = 5
    peer_share: float = 1.0
    note: str = ""


@dataclass(frozen=True)
class Timing:
    """Median seconds of each side."""

    contest: Contest
    ours_wall: float
    ours_cpu: float
    peer_wall: float
    peer_cpu: float

    @property
    def ratio(self) -> float:
        """How many times as fast ours is, by wall time."""
        return self.peer_wall / self.ours_wall

    @property
    def cpu_ratio(self) -> float:
        """How many times less CPU time ours takes."""
        return self.peer_cpu / self.ours_cpu


def run_once(work: Work) -> tuple[float, float]:
    """Seconds of wall and of CPU that one run takes; of a command, with all its children."""
    if callable(work):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        return time.perf_counter() - wall, time.process_time() - cpu
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    subprocess.run(list(work), check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(contest: Contest) -> Timing:
    """Run both sides in turn and take medians."""
    ours, peer = [], []
    for _ in range(contest.repeats):
        ours.append(run_once(contest.ours))
        peer.append(run_once(contest.peer))
    ours_wall, ours_cpu = (statistics.median(column) for column in zip(*ours, strict=True))
    peer_wall, peer_cpu = (statistics.median(column) / contest.peer_share for column in zip(*peer, strict=True))
    return Timing(contest, ours_wall, ours_cpu, peer_wall, peer_cpu)


def seconds(value: float) -> str:
    """A time in a unit that reads well."""
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.2f} ms"


def compare(title: str, contests: Sequence[Contest]) -> list[Timing]:
    """Measure every contest and print one table, a line as soon as it is known."""
    print(title)
    width = max(len(contest.name) for contest in contests)
    head = ("ours wall", "ours CPU", "peer wall", "peer CPU")
    print(f"{'':{width}}  " + "".join(f"{word:>12}" for word in (*head, "× wall", "× CPU", "goal")), flush=True)
    timings = []
    for contest in contests:
        timing = measure(contest)
        times = (timing.ours_wall, timing.ours_cpu, timing.peer_wall, timing.peer_cpu)
        goal = f"{contest.goal:g}" if contest.goal else ""
        cells = [*map(seconds, times), f"{timing.ratio:.1f}", f"{timing.cpu_ratio:.1f}", goal]
        line = f"{contest.name:{width}}  " + "".join(f"{cell:>12}" for cell in cells)
        print(line + (f"  {contest.note}" if contest.note else ""), flush=True)
        timings.append(timing)
    return timings
