"""A Dask cluster does what the cores of this machine do: same outcomes, lost workers replaced, faults told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from compete.cluster import map_on_cluster
from compete.engine import map_shards
from compete.errors import SystemFault, UsageError

ROOT = Path(__file__).parent.parent
STARTING = 180
"""Seconds that a part of the cluster may take to start, on a machine with much else to do."""
WORK = """
import os, signal
from pathlib import Path

def squares(items):
    return [item * item for item in items]

def kill_once(mark, items):
    if 5 in items and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(items)

def kill_always(items):
    if 5 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(items)

def fail(items):
    raise LookupError(f"item {items[0]}")
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A module that this process and the workers can import."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "cluster_work.py").write_text(WORK)
    sys.path.insert(0, str(folder))
    import cluster_work

    yield cluster_work
    sys.path.remove(str(folder))


def started(folder: Path, *words: str, path: str) -> subprocess.Popen[bytes]:
    """A process of the cluster, with a group of its own so that all of it can be stopped."""
    settings = {"PYTHONPATH": path, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words], env={**os.environ, **settings}, cwd=folder,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


@pytest.fixture
def cluster(work: Any, tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler with two workers that a nanny starts anew when they die."""
    yield from run_cluster(tmp_path, path=os.pathsep.join([str(ROOT), str(Path(work.__file__).parent)]))


def run_cluster(folder: Path, path: str, workers: int = 2) -> Iterator[str]:
    """A scheduler, its workers, and their end."""
    file = folder / "scheduler.json"
    options = ("--scheduler-file", str(file), "--host", "127.0.0.1", "--no-dashboard")
    parts = [started(folder, "scheduler", *options, "--port", "0", path=path)]
    parts += [
        started(folder, "worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-dashboard", path=path)
        for _ in range(workers)
    ]
    try:
        yield address_of(file, workers)
    finally:
        for part in parts:
            os.killpg(part.pid, signal.SIGKILL)
            part.wait()


def address_of(file: Path, workers: int) -> str:
    """The scheduler's address, once its workers are there."""
    from distributed import Client

    until = time.monotonic() + STARTING
    while not (file.exists() and file.stat().st_size) and time.monotonic() < until:
        time.sleep(0.1)
    with Client(scheduler_file=str(file), set_as_default=False, timeout=STARTING) as client:
        if workers:
            client.wait_for_workers(workers, timeout=STARTING)
        address: str = client.scheduler.address
    return address


def test_a_cluster_gives_what_the_cores_give(cluster: str, work: Any) -> None:
    told: list[tuple[int, int]] = []
    there = map_shards(work.squares, range(50), shard=4, cluster=cluster, progress=lambda *how: told.append(how))
    assert there == map_shards(work.squares, range(50), shard=4, workers=1)
    assert told[-1] == (50, 50)
    assert len(told) == 13


def test_a_lost_worker_costs_a_repetition(cluster: str, work: Any, tmp_path: Path) -> None:
    work_once = partial(work.kill_once, str(tmp_path / "killed"))
    assert map_shards(work_once, range(40), shard=4, cluster=cluster) == [item * item for item in range(40)]
    assert (tmp_path / "killed").exists()


def test_what_a_worker_raises_is_raised_here(cluster: str, work: Any) -> None:
    with pytest.raises(LookupError, match="item 0"):
        map_shards(work.fail, range(8), shard=4, cluster=cluster)


def test_items_that_kill_each_worker_are_told(cluster: str, work: Any) -> None:
    with pytest.raises(SystemFault) as caught:
        map_shards(work.kill_always, range(8), shard=4, cluster=cluster)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.items) == ("engine/worker-killed", ("4", "5", "6"))


def test_workers_without_the_program_are_refused(work: Any, tmp_path: Path) -> None:
    (tmp_path / "compete").mkdir()  # what stands first on the path hides the installed one
    (tmp_path / "compete" / "__init__.py").write_text("")
    for address in run_cluster(tmp_path, path=str(tmp_path), workers=1):
        with pytest.raises(UsageError) as caught:
            map_shards(work.squares, range(8), shard=4, cluster=address)
        (finding,) = caught.value.findings
        assert (finding.rule, "has none" in finding.items[0]) == ("engine/other-version", True)


def test_a_scheduler_without_workers_does_not_count(work: Any, tmp_path: Path) -> None:
    for address in run_cluster(tmp_path, path=str(ROOT), workers=0):
        with pytest.raises(SystemFault) as caught:
            map_shards(work.squares, range(8), shard=4, cluster=address)
        (finding,) = caught.value.findings
        assert (finding.rule, finding.message) == ("engine/no-cluster", "the scheduler has no workers")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://there"])
def test_an_address_where_nobody_answers_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compete.cluster.PATIENCE", "1s")
    with pytest.raises(SystemFault) as caught:
        map_on_cluster(len, [[1]], address, print)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.where) == ("engine/no-cluster", address)


def test_without_dask_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compete.cluster.find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        map_on_cluster(len, [[1]], "tcp://here:1", print)
    assert caught.value.findings[0].hint == "pip install 'compete[dask]'"
