"""Scoring opens no socket, starts no program and writes nothing: Python's own auditors are asked."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.scoring.every_form import FORMS

HARMLESS = {
    "array.__new__", "builtins.id", "code.__new__", "compile", "cpython.run_command", "ctypes.dlopen", "exec",
    "gc.get_objects", "import", "marshal.loads", "object.__delattr__", "object.__getattr__", "object.__setattr__",
    "os.listdir", "os.putenv", "os.scandir", "os.unsetenv", "sys._getframe", "sys._getframemodulename",
    "sys.excepthook", "sys.unraisablehook",
}  # fmt: skip
"""Events of a program that loads its modules and works inside itself. ``ctypes.dlopen`` is numpy asking for itself."""

LIMITING = {"os.fork", "os.kill", "os.killpg", "resource.setrlimit"}
"""What a limit needs besides: a child of the same program, and its end."""

OPEN_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
OF_THE_KERNEL = ("/proc/self/statm", os.devnull)
"""How much memory a child begins with, and nowhere."""

Event = tuple[str, list[str]]
DOORS = {
    "program": ("program", [], ["--limit-memory", "0", "--limit-time", "0"], False),
    "program, limited": ("program", [], [], True),
    "score": ("command", ["score"], ["--json"], False),
    "score for people": ("command", ["score"], [], False),
    "score, limited": ("command", ["score"], ["--limit-time", "60", "--limit-memory", "2000"], True),
    "validate": ("command", ["validate"], [], False),
}


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    """Of every form a bundle, and a good and a broken submission."""
    root, found = tmp_path_factory.mktemp("pure"), []
    for name, form in FORMS.items():
        bundle = form.write(root / name / "bundle")
        good, bad = (root / name / f"{word}{form.suffix}" for word in ("good", "bad"))
        good.write_bytes(form.good)
        bad.write_bytes(form.good[: len(form.good) // 2] + b"\xff\0")
        found += [(bundle, good), (bundle, bad)]
    return found


def audited(door: str, lines: list[list[str]], folder: Path) -> tuple[list[int], list[Event]]:
    """The exit codes of commands in a process of their own, and what its auditors were told."""
    with (folder / "events").open("w+b") as log:
        command = [sys.executable, "-B", "-m", "tests.scoring.audited", str(log.fileno()), door]
        done = subprocess.run(
            command, input=json.dumps(lines), capture_output=True, text=True, cwd=ROOT, pass_fds=[log.fileno()]
        )
        log.seek(0)
        events = [json.loads(line) for line in log]
    return json.loads(done.stderr.splitlines()[-1]), [(event, values) for event, values in events]


def faults_of(events: list[Event], allowed: set[str], readable: list[str]) -> Counter[str]:
    """What was done that scoring may not do."""
    faults: Counter[str] = Counter()
    for event, values in events:
        if event == "open":
            faults[opened_fault(values, readable)] += 1
        elif event not in allowed:
            faults[f"{event} {values}"] += 1
    del faults[""]
    return faults


def opened_fault(values: list[str], readable: list[str]) -> str:
    """What is wrong with opening a file; empty where nothing is."""
    path, mode, flags = (ast.literal_eval(value) for value in values)
    if isinstance(path, int):  # a descriptor that was opened before, which was an event of its own
        return ""
    if flags & OPEN_TO_WRITE or set(mode or "") & set("wax+"):
        return f"open to write {path}"
    place = os.path.realpath(os.fsdecode(path))
    known = path in OF_THE_KERNEL or any(place.startswith(root) for root in readable)
    return "" if known else f"open {path}"


def own_files() -> list[str]:
    """Where Python, its libraries and this code stand."""
    named = [*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, ROOT / "compete", ROOT / "metrics"]
    return [os.path.realpath(one) for one in (*named, ROOT / "tests" / "scoring" / "audited.py")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits need a Unix system")
@pytest.mark.parametrize("name", DOORS)
def test_scoring_does_nothing_but_read_and_tell(sent: list[tuple[Path, Path]], tmp_path: Path, name: str) -> None:
    door, verb, options, limited = DOORS[name]
    lines = [[*verb, str(bundle), str(submission), *options] for bundle, submission in sent]
    codes, events = audited(door, lines, tmp_path)
    assert codes == [0, 3] * len(FORMS)
    readable = [*own_files(), os.path.realpath(sent[0][0].parents[1])]
    assert faults_of(events, HARMLESS | (LIMITING if limited else set()), readable) == {}
    assert sum(event == "os.fork" for event, _ in events) == (len(lines) if limited else 0)
    opened = {values[0].strip("'") for event, values in events if event == "open"}
    assert {str(submission) for _, submission in sent} <= opened  # the auditors did hear what was done


SINS = {
    "socket": "import socket; socket.socket()",
    "name": "import socket; socket.getaddrinfo('localhost', 1)",
    "program": "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
    "shell": "import os; os.system('true')",
    "write": "open('x', 'w')",
    "append": "import os; os.open('x', os.O_WRONLY | os.O_APPEND | os.O_CREAT)",
    "read": "open('/etc/passwd')",
    "remove": "import os; os.remove('y')",
    "rename": "import os; os.rename('y', 'z')",
    "folder": "import os; os.mkdir('d')",
    "fork": "import os; os.fork() or os._exit(0)",
    "library": "import mmap; mmap.mmap(-1, 10)",
}


@pytest.mark.parametrize("name", SINS)
def test_the_auditors_would_notice(tmp_path: Path, name: str) -> None:
    (tmp_path / "y").write_text("")
    script = (
        f"import os\nfrom tests.scoring.audited import watch\nwatch(1)\nos.chdir({str(tmp_path)!r})\n{SINS[name]}\n"
    )
    done = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    events = [(event, values) for event, values in map(json.loads, done.stdout.splitlines())]
    assert faults_of([one for one in events if one[0] != "os.chdir"], HARMLESS, own_files())


def test_the_same_folder_afterwards(sent: list[tuple[Path, Path]], tmp_path: Path) -> None:
    """Nothing appears beside the bundle or the submission, nor where one stands, and nothing there changes."""

    def tree(root: Path) -> dict[str, tuple[int, bytes]]:
        files = [path for path in sorted(root.rglob("*")) if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    root = sent[0][0].parents[1]
    before = tree(root)
    for bundle, submission in sent[::6]:
        command = [sys.executable, "-B", "-m", "compete.scoring.program", str(bundle), str(submission)]
        subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)
    assert tree(root) == before
    assert not list(tmp_path.iterdir())
