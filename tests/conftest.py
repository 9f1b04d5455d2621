"""What several tests share: a way to call the command line, and the gallery's challenges built once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
CHALLENGES = sorted(path.parent.name for path in (ROOT / "challenges").glob("*/challenge.yaml"))


# How fast a machine is decides nothing. In CI the examples follow from the tests alone, so that a change is judged by
# itself; at home they are drawn anew.
settings.register_profile("home", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("home"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "home")

REAL_DATA = os.environ.get("COMPETE_REAL_DATA", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs real data where there is none, and say so."""
    skip = pytest.mark.skip(reason="COMPETE_REAL_DATA does not name the folder of real data")
    for item in items:
        if item.get_closest_marker("real_data") and not REAL_DATA:
            item.add_marker(skip)


@pytest.fixture
def real_data() -> Path:
    """The folder of real data sets."""
    return Path(REAL_DATA)


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in this process."""
    from compete.cli import main

    def call(*words: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["compete", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        told = capsys.readouterr()
        code = stop.value.code
        return Answer(code if isinstance(code, int) else 1, told.out, told.err)

    return call


@dataclass(frozen=True)
class Made:
    """A challenge of the gallery, with its data, its bundle and its baseline's submission."""

    name: str
    challenge: Path
    bundle: Path
    baseline: Path


def script(folder: Path, name: str, *words: str | Path) -> None:
    """Run a script of a challenge."""
    command = [sys.executable, name, *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Make a challenge of the gallery, once a session."""
    made: dict[str, Made] = {}

    def made_once(name: str) -> Made:
        if name not in made:
            from compete import jobs
            from compete.bundle import open_bundle

            folder = tmp_path_factory.mktemp(name)
            challenge, bundle = folder / name, folder / "bundle"
            shutil.copytree(ROOT / "challenges" / name, challenge, ignore=shutil.ignore_patterns("data", "__pycache__"))
            script(challenge, "make_data.py")
            jobs.build(challenge, bundle, workers=1)
            baseline = folder / f"baseline{Path(open_bundle(bundle).terms.sample_name).suffix}"
            script(challenge, "baseline.py", bundle / "public", "-o", baseline)
            made[name] = Made(name, challenge, bundle, baseline)
        return made[name]

    return made_once


@pytest.fixture
def penguins(make: Callable[[str], Made]) -> Made:
    """The penguins."""
    return make("penguins")


@pytest.fixture
def memory() -> Iterator[Any]:
    """Storage that this process alone sees."""
    import fsspec

    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]
