"""A submission that hangs, eats memory or crashes costs itself alone."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from compete.errors import BundleError, Finding, SubmissionError, UsageError
from compete.scoring.bounded import Limits, run_bounded


def finding_of(work, limits):
    with pytest.raises(SubmissionError, match=r"not scored: mine\.csv") as caught:
        run_bounded(work, limits, "mine.csv")
    (finding,) = caught.value.findings
    return finding


def test_what_the_work_gives_comes_back():
    assert run_bounded(lambda: {"pid": os.getpid()}, Limits(500, 30))["pid"] != os.getpid()
    large = {"text": "x" * 3_000_000}
    assert run_bounded(lambda: large, Limits(500, 30)) == large


def test_a_refusal_comes_back_whole():
    told = Finding("submission/unknown-id", "two", "a.csv:3", ("x", "y"), "cure", count=2)

    def refuse():
        raise BundleError("refused: é", [told])

    with pytest.raises(BundleError, match="refused: é") as caught:
        run_bounded(refuse, Limits(seconds=30))
    assert caught.value.findings == (told,)


@pytest.mark.parametrize(
    "hang", [lambda: time.sleep(600), lambda: [None for _ in iter(int, 1)]], ids=["sleeps", "spins"]
)
def test_a_hang_is_stopped(hang):
    begun = time.monotonic()
    finding = finding_of(hang, Limits(500, 0.3))
    assert finding.rule in ("submission/too-slow", "submission/too-much-memory")
    assert time.monotonic() - begun < 60


def test_memory_is_bounded():
    finding = finding_of(lambda: {"sum": float(np.ones(100_000_000).sum())}, Limits(100, 60))
    assert finding.rule == "submission/too-much-memory"
    assert "100 MB" in finding.message
    assert run_bounded(lambda: {"sum": float(np.ones(1_000_000).sum())}, Limits(100, 60)) == {"sum": 1e6}


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_is_told_with_its_signal(number):
    def crash():
        faulthandler.disable()  # pytest's would write where it was among the tests
        os.kill(os.getpid(), number)

    finding = finding_of(crash, Limits(seconds=30))
    assert finding.rule == "submission/crashed"
    assert f"signal {int(number)}" in finding.message


def test_a_bug_is_told_without_its_text():
    def fail():
        raise ValueError("the hidden label is 7")

    finding = finding_of(fail, Limits(seconds=30))
    assert finding.rule == "submission/crashed"
    assert "ValueError in test_bounded.py" in finding.message
    assert "hidden" not in str(finding)


def test_half_an_answer_is_none():
    finding = finding_of(lambda: os._exit(0), Limits(seconds=30))
    assert finding.rule == "submission/crashed"


def test_no_child_stays_behind():
    for _ in range(10):
        child = run_bounded(lambda: {"pid": os.getpid()}, Limits(seconds=30))["pid"]
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def test_a_system_that_cannot_fork_says_so(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(UsageError) as caught:
        run_bounded(dict, Limits(seconds=1))
    assert caught.value.findings[0].rule == "usage/no-limits"


def test_an_endless_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr("compete.scoring.bounded.LONGEST_ANSWER", 1 << 20)
    finding = finding_of(lambda: {"text": "x" * 8_000_000}, Limits(seconds=30))
    assert finding.rule == "submission/crashed"


def test_memory_is_bounded_where_the_system_does_not_tell_what_is_held(monkeypatch):
    def nowhere(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", nowhere)
    ample = 1 << 32
    assert run_bounded(lambda: {"sum": float(np.ones(1000).sum())}, Limits(ample >> 20, 60)) == {"sum": 1000.0}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")
def test_what_a_child_started_ends_with_it():
    def start():
        if not (other := os.fork()):
            os.closerange(3, 256)  # it holds no end of the pipe, or the answer would not be at its end
            time.sleep(600)
            os._exit(0)
        return {"pid": other}

    other = run_bounded(start, Limits(seconds=30))["pid"]
    for _ in range(1000):
        if not running(other):
            return
        time.sleep(0.01)
    pytest.fail("it still runs")


def running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_thread_that_cannot_start_is_a_lack_of_memory():
    def starved():
        raise RuntimeError("can't start new thread")

    assert finding_of(starved, Limits(500, 30)).rule == "submission/too-much-memory"
    assert finding_of(starved, Limits(seconds=30)).rule == "submission/crashed"
