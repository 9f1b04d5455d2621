"""Work spread in shards over the cores of this machine or over a cluster, with the same result for any of them."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import stat
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from compete.errors import Finding, SystemFault
from compete.threads import one_thread_asked_for

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Work = Callable[[Sequence[Item]], Sequence[Outcome]]
Progress = Callable[[int, int], None]

SHARD = 256
"""Items of a shard: a process is asked some times a second, so that asking costs nothing."""

ATTEMPTS = 3
"""How often a shard may kill its worker, being the only one at work, before it is given up."""

FORKED = 512
"""Shards up to which workers are copies of this process, if they can be: they start in no time, but what this process
changes meanwhile is held twice. Of more shards the time of a start is nothing."""

ENDING = 20
"""Milliseconds that a thread may take to be gone when it has ended."""

TASKS, HANDLES = Path("/proc/self/task"), Path("/proc/self/fd")
"""Where Linux lists the threads of this process, and the files that it has open."""

LAST_STANDARD = 2
"""The handle of the last of standard input, output and errors."""

ENGINE_RULES = {
    "engine/worker-killed": (
        "A worker process was killed again and again while it did the same piece of work.",
        "Most often the machine ran out of memory (see the kernel's log), or a library crashed on one input. The "
        "message names the items. Use fewer workers, close other programs, or look at these items one by one. A script "
        'that calls this library must guard its main code with `if __name__ == "__main__":`.',
    ),
}


def map_shards(
    function: Work[Item, Outcome],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    shard: int = SHARD,
    progress: Progress | None = None,
    cluster: str = "",
) -> list[Outcome]:
    """Apply a function to items, some at a time, on all cores; results come in the order of the items.

    One shard, or one worker, runs in this process. A worker that is killed costs a repetition of its shard, so the
    function must bear being called twice for the same items.

    Args:
        function: takes some items and returns one outcome for each; must be importable by name, as must its arguments.
        items: what there is to do.
        workers: processes; default one for each core that this process may use.
        shard: items a call.
        progress: told after each shard how many items are done, and of how many.
        cluster: the address of a Dask scheduler whose workers do the work instead; they must see what the items name.

    Returns:
        One outcome an item.

    Raises:
        SystemFault: a shard killed its worker again and again, or the cluster does not answer.
        UsageError: the cluster is not fit for the work.
        ValueError: the function did not return one outcome an item.

    Whatever the function raises is raised here: that of the first shard in order that failed.
    """
    parts = map_parts(function, items, workers=workers, shard=shard, progress=progress, cluster=cluster)
    return [outcome for part in parts for outcome in part]


def map_parts(
    function: Work[Item, Outcome],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    shard: int = SHARD,
    progress: Progress | None = None,
    cluster: str = "",
) -> list[Sequence[Outcome]]:
    """As ``map_shards``, but the outcomes stay as the function returned them, a sequence a shard."""
    shards = [items[start : start + shard] for start in range(0, len(items), shard)]
    workers = min(workers or cores(), len(shards))
    done = 0

    def tell(part: Sequence[Item]) -> None:
        nonlocal done
        done += len(part)
        if progress:
            progress(done, len(items))

    outcomes: list[Sequence[Outcome]] = []
    if cluster:
        from compete.cluster import map_on_cluster

        outcomes = map_on_cluster(partial(_whole, function), shards, cluster, tell)
    elif workers <= 1:
        for part in shards:
            outcomes.append(_whole(function, part))
            tell(part)
    else:
        outcomes = _Crew(function, shards, workers, tell).work()
    return outcomes


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def give_back_memory() -> None:
    """Give to the system what this process has freed but still holds, where its C library can do that."""
    if sys.platform.startswith("linux"):
        with suppress(AttributeError, OSError):  # not every C library has it
            ctypes.CDLL(None).malloc_trim(0)


def _whole(function: Work[Item, Outcome], part: Sequence[Item]) -> Sequence[Outcome]:
    outcome = function(part)
    if len(outcome) != len(part):
        raise ValueError(f"{len(outcome)} outcomes for {len(part)} items")
    return outcome


class _Crew(Generic[Item, Outcome]):
    """Shards and the processes at work on them, and who is to blame when one is killed.

    When a process dies the executor breaks for all. Only as many shards are out as there are processes, so those are
    the suspects; each is repeated alone, where the one that kills its worker gives itself away.
    """

    def __init__(
        self,
        function: Work[Item, Outcome],
        shards: Sequence[Sequence[Item]],
        workers: int,
        tell: Callable[[Sequence[Item]], None],
    ) -> None:
        self.function, self.shards, self.workers, self.tell = function, shards, workers, tell
        self.waiting = deque(range(len(shards)))
        self.suspects: deque[int] = deque()
        self.kills: Counter[int] = Counter()
        self.outcomes: dict[int, Sequence[Outcome]] = {}
        self.failures: dict[int, BaseException] = {}

    def work(self) -> list[Sequence[Outcome]]:
        """The outcomes of all shards, in order."""
        while self.waiting or self.suspects:
            self._blame(self._one_pool())
        if self.failures:
            raise self.failures[min(self.failures)]
        return [self.outcomes[index] for index in range(len(self.shards))]

    def _one_pool(self) -> list[int]:
        """Work until all is done, or the suspects are, or until a process is killed; the shards that were out then."""
        copied = len(self.shards) <= FORKED and _is_alone()
        context = multiprocessing.get_context("fork") if copied else _context(self.function)
        lifeline, held = context.Pipe(duplex=False)
        workers = 1 if self.suspects else self.workers
        start = (_begin_copied, (lifeline, held)) if copied else (_begin, (lifeline, dict(os.environ), _limits()))
        pool = ProcessPoolExecutor(workers, context, *start)
        try:
            # An executor that starts a process while another dies trips over its own list: all start before any works.
            for _ in range(workers):
                pool.submit(os.getpid)
            return self._feed(pool, alone=bool(self.suspects))
        except BrokenProcessPool:  # before anything was handed out: whoever is next is to blame
            return [index for index in [self._next(0, alone=bool(self.suspects))] if index is not None]
        finally:
            held.close()  # whoever still works, works for nobody
            pool.shutdown(wait=True, cancel_futures=True)
            lifeline.close()

    def _feed(self, pool: ProcessPoolExecutor, *, alone: bool) -> list[int]:
        out: dict[Future[Sequence[Outcome]], int] = {}
        lost: list[int] = []
        while not lost:
            while not lost and (index := self._next(len(out), alone=alone)) is not None:
                try:
                    out[pool.submit(_whole, self.function, self.shards[index])] = index
                except BrokenProcessPool:
                    lost.append(index)
            if not out:
                break
            ended, _ = wait(out, return_when=FIRST_COMPLETED)
            lost += [index for future in ended if not self._take(future, index := out.pop(future))]
        wait(out)
        return lost + [index for future, index in out.items() if not self._take(future, index)]

    def _next(self, out: int, *, alone: bool) -> int | None:
        """The shard to hand out next, of the suspects or of the others; a suspect only when nobody else is at work."""
        if self.failures:
            # Only a shard before the first failure can still change what is raised.
            self.waiting.clear()
            self.suspects = deque(index for index in self.suspects if index < min(self.failures))
        if alone:
            return self.suspects.popleft() if self.suspects and not out else None
        return self.waiting.popleft() if self.waiting and out < self.workers else None

    def _take(self, future: Future[Sequence[Outcome]], index: int) -> bool:
        """Keep what a shard gave, outcome or failure; false if its process was killed."""
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            return False
        if error is not None:
            self.failures[index] = error
        else:
            self.outcomes[index] = future.result()
            self.tell(self.shards[index])
        return True

    def _blame(self, lost: list[int]) -> None:
        self.suspects.extend(sorted(lost))
        if len(lost) != 1:
            return
        self.kills[lost[0]] += 1
        if self.kills[lost[0]] < ATTEMPTS:
            return
        size = len(self.shards[0])
        first, count = lost[0] * size, len(self.shards[lost[0]])
        message = f"items {first + 1} to {first + count} killed their worker process {ATTEMPTS} times"
        hint = "most often the memory was used up: use fewer workers, or look at these items one by one"
        items = tuple(str(item) for item in self.shards[lost[0]][:3])
        raise SystemFault(
            "a worker process was killed", [Finding("engine/worker-killed", message, "", items, hint, count=count)]
        )


def _context(function: Callable[..., object]) -> Any:
    """How processes are started: as copies of one that has imported what the function needs, and nothing else.

    Such a process has no threads and no locks that a copy could find taken. It stays for the next pool, and ends with
    this process.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():  # Windows
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    while isinstance(function, partial):
        function = next((part for part in function.args if callable(part)), function.func)
    context.set_forkserver_preload([function.__module__])
    from multiprocessing import forkserver

    with one_thread_asked_for():  # there is a worker for every core already
        forkserver.ensure_running()
    return context


def _is_alone() -> bool:
    """Whether this process has a single thread, so that a copy of it finds no lock taken; false where nobody can tell.

    Systems other than Linux have libraries that do not bear being copied.
    """
    if not sys.platform.startswith("linux"):
        return False
    for _ in range(ENDING):
        try:
            if len(list(TASKS.iterdir())) == 1:
                return True
        except OSError:
            return False
        if threading.active_count() > 1:
            return False
        time.sleep(0.001)  # Python's threads have ended, but the system may still be about to remove the last one
    return False


def _limits() -> dict[int, tuple[int, int]]:
    """What this process may use of memory, files and time, by the system's numbers for them."""
    if os.name != "posix":
        return {}
    import resource

    kinds = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
    return {kind: resource.getrlimit(kind) for kind in kinds}


def _begin(lifeline: Connection, environment: Mapping[str, str], limits: Mapping[int, tuple[int, int]]) -> None:
    """In a worker: leave interrupts to the parent, and stop when it is gone or wants nothing more.

    The worker is a copy of a process that began earlier, so it is told how its parent stands now.
    """
    os.environ.clear()
    os.environ.update(environment)
    if limits and limits != _limits():
        import resource

        for kind, limit in limits.items():
            with suppress(ValueError, OSError):  # nobody can raise what was lowered for good
                resource.setrlimit(kind, limit)
    _follow(lifeline)


def _begin_copied(lifeline: Connection, held: Connection) -> None:
    """In a worker that is a copy of its parent: let go of what is the parent's alone, and do as every worker does."""
    held.close()
    gc.freeze()  # a search for garbage would write to what is shared with the parent
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in [int(entry.name) for entry in HANDLES.iterdir()]:
        with suppress(OSError):  # that of the listing itself is closed again
            if handle > LAST_STANDARD and stat.S_IFMT(os.fstat(handle).st_mode) in {stat.S_IFREG, stat.S_IFDIR}:
                os.dup2(nothing, handle, inheritable=False)  # a locked file stays locked while anybody has it open
    _follow(lifeline)


def _follow(lifeline: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()


def _watch(lifeline: Connection) -> None:
    try:
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
