"""The engine: same result for any number of workers, killed workers are replaced, nothing hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from compete import engine
from compete.engine import ENGINE_RULES, map_shards
from compete.errors import SystemFault

HERE = Path(__file__)
ROOT = HERE.parent.parent

# The functions live in a module of their own: a worker must be able to import what it is to do.
WORK = '''
import os, signal, time
from pathlib import Path

TOLD = "nothing"

def squares(items):
    return [item * item for item in items]

def too_few(items):
    return squares(items)[1:]

def kill_once(marks, items):
    """Kill the worker the first time that item 5 comes by."""
    mark = Path(marks) / "killed"
    if 5 in items and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(items)

def kill_always(items):
    if 5 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(items)

def fail(bad, items):
    for item in items:
        if item in bad:
            time.sleep(0.3 if item == min(bad) else 0)
            raise LookupError(f"item {item}")
    return squares(items)

def name_process(items):
    return [os.getpid() for _ in items]

def stand(items):
    import resource
    return [(os.environ.get("COMPETE_ENGINE_TEST"), resource.getrlimit(resource.RLIMIT_CORE)[0]) for _ in items]

def stand_now(items):
    """What this process was told after it was started, and the files that it has open beside the usual three."""
    opened = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if int(entry.name) > 2 and entry.exists()]
    return [(TOLD, [name for name in opened if os.path.isfile(name) or os.path.isdir(name)]) for _ in items]

def slow(marks, items):
    (Path(marks) / str(os.getpid())).touch()
    time.sleep(30)
    return squares(items)
'''


@pytest.fixture
def work(tmp_path, monkeypatch):
    (tmp_path / "work_of_engine_test.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    import work_of_engine_test

    yield work_of_engine_test
    del sys.modules["work_of_engine_test"]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 23])
def test_results_come_in_order_for_any_number_of_workers(work, workers, count):
    if count < 23 and workers > 2:
        workers = 2
    told = []
    items = list(range(count))
    found = map_shards(work.squares, items, workers=workers, shard=4, progress=lambda *step: told.append(step))
    assert found == [item * item for item in items]
    assert told == [(min(done + 4, count), count) for done in range(0, count, 4)] or workers > 1
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert not told or told[-1] == (count, count)


def test_one_worker_or_one_shard_starts_no_process(work):
    assert set(map_shards(work.name_process, range(9), workers=1, shard=2)) == {os.getpid()}
    assert set(map_shards(work.name_process, range(9), workers=4, shard=9)) == {os.getpid()}
    assert os.getpid() not in map_shards(work.name_process, range(9), workers=2, shard=2)


def test_a_killed_worker_costs_a_repetition_and_nothing_else(work, tmp_path):
    told = []
    found = map_shards(
        partial(work.kill_once, str(tmp_path)),
        range(20),
        workers=2,
        shard=2,
        progress=lambda done, _: told.append(done),
    )
    assert (tmp_path / "killed").exists()
    assert found == [item * item for item in range(20)]
    assert told == list(range(2, 21, 2))


def test_a_shard_that_always_kills_is_named(work):
    with pytest.raises(SystemFault, match="items 5 to 6 killed their worker process 3 times") as raised:
        map_shards(work.kill_always, range(20), workers=2, shard=2)
    assert {finding.rule for finding in raised.value.findings} == set(ENGINE_RULES)
    assert raised.value.findings[0].items == ("4", "5")


@pytest.mark.skipif(os.name != "posix", reason="limits of processes are of POSIX")
def test_a_worker_stands_as_its_parent_stands_now(work, monkeypatch):
    """Its environment and limits are those of this moment, whatever they were when workers were first started."""
    import resource

    map_shards(work.squares, range(4), workers=2, shard=2)
    before = resource.getrlimit(resource.RLIMIT_CORE)
    monkeypatch.setenv("COMPETE_ENGINE_TEST", "now")
    lower = 4096 if before[1] == resource.RLIM_INFINITY else before[1] // 2
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (lower, before[1]))
        assert set(map_shards(work.stand, range(4), workers=2, shard=2)) == {("now", lower)}
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_failure_in_order_is_raised(work, workers):
    with pytest.raises(LookupError, match="item 3"):
        map_shards(partial(work.fail, {3, 4}), range(20), workers=workers, shard=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_outcome_too_few_is_refused(work, workers):
    with pytest.raises(ValueError, match="1 outcomes for 2 items"):
        map_shards(work.too_few, range(8), workers=workers, shard=2)


SECOND_THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere no process is copied")
@pytest.mark.parametrize(("company", "told"), [("", "now"), (SECOND_THREAD, "nothing")], ids=["alone", "in company"])
@pytest.mark.parametrize("kill", [False, True])
def test_workers_are_copies_of_a_process_that_is_alone(work, tmp_path, company, told, kill):
    """They know what it knows, and hold none of its files; in company of a thread they are started anew."""
    script, marks = tmp_path / "script.py", tmp_path / "marks"
    marks.mkdir()
    script.write_text(
        "import json\nfrom functools import partial\nfrom pathlib import Path\n"
        "from compete.engine import map_shards\nimport work_of_engine_test as work\n"
        f'{company}if __name__ == "__main__":\n'
        '    work.TOLD = "now"\n'
        f'    held, folder = open({str(tmp_path / "held")!r}, "w"), {str(marks)!r}\n'
        f"    assert not {kill} or map_shards(partial(work.kill_once, folder), range(9), workers=2, shard=2)\n"
        "    print(json.dumps(map_shards(work.stand_now, range(4), workers=2, shard=1)))\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [[told, []]] * 4
    assert len(list(marks.iterdir())) == kill


def test_of_many_shards_workers_are_no_copies(work, monkeypatch):
    """What this process changes while they work would be held twice."""
    monkeypatch.setattr(engine, "FORKED", 1)
    monkeypatch.setattr(work, "TOLD", "now")
    assert {told for told, _ in map_shards(work.stand_now, range(4), workers=2, shard=2)} == {"nothing"}


def alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("company", ["", SECOND_THREAD])
def test_workers_end_with_their_parent(work, tmp_path, blow, company):
    marks = tmp_path / "marks"
    marks.mkdir()
    script = tmp_path / "script.py"
    # Whoever runs these tests in the background ignores interrupts, and what they start does, too.
    script.write_text(
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from functools import partial\nfrom compete.engine import map_shards\nimport work_of_engine_test as work\n"
        f'{company}if __name__ == "__main__":\n'
        f'    map_shards(partial(work.slow, {str(marks)!r}), [*"abcd"], workers=2, shard=1)\n'
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    parent = subprocess.Popen(
        [sys.executable, str(script)], env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: len(list(marks.iterdir())) == 2)
        parent.send_signal(blow)
        _, said = parent.communicate(timeout=20)
    finally:
        parent.kill()
    assert said.count("Traceback") == (1 if blow == signal.SIGINT else 0)
    assert parent.returncode == -blow
    wait_until(lambda: not any(alive(int(mark.name)) for mark in marks.iterdir()))


def wait_until(true) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it never came true")
