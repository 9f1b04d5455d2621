"""The scoring path alone, on the oldest Python and numpy that it promises, gives the scores of this installation.

``COMPETE_LIGHT_PYTHON`` names an interpreter with numpy and nothing else; CI makes one with Python 3.9 and numpy 1.26.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compete.bundle import open_bundle
from compete.scoring.grading import grade
from tests.conftest import CHALLENGES, ROOT, Made
from tests.test_house import LIGHT

PYTHON = os.environ.get("COMPETE_LIGHT_PYTHON", "")


@pytest.fixture(scope="module")
def vendored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what a platform's container gets: metrics, scoring and the ground they stand on."""
    folder = tmp_path_factory.mktemp("vendored")
    for name in (*LIGHT, "compete/__init__.py", "compete/version.py"):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


def score_with(python: str, vendored: Path, made: Made) -> dict[str, object]:
    """The result that an interpreter prints, with the vendored code and no other of ours."""
    command = [python, "-m", "compete.scoring.program", str(made.bundle), str(made.baseline)]
    done = subprocess.run(command, cwd=vendored, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", CHALLENGES)
def test_the_vendored_code_gives_the_same_result(make: Callable[[str], Made], vendored: Path, name: str) -> None:
    made = make(name)
    ours = json.loads(json.dumps(grade(open_bundle(made.bundle), made.baseline).as_dict()))
    assert score_with(sys.executable, vendored, made) == ours


@pytest.mark.skipif(not PYTHON, reason="COMPETE_LIGHT_PYTHON names no interpreter with the oldest numpy")
@pytest.mark.parametrize("name", CHALLENGES)
def test_the_oldest_python_and_numpy_give_the_same_scores(
    make: Callable[[str], Made], vendored: Path, name: str
) -> None:
    made = make(name)
    ours = json.loads(json.dumps(grade(open_bundle(made.bundle), made.baseline).as_dict()))
    theirs = score_with(PYTHON, vendored, made)
    assert theirs["versions"] != ours["versions"]
    for one, other in zip(ours["scores"], theirs["scores"], strict=True):  # type: ignore[arg-type]
        assert (one["metric"], one["part"], one["group"], one["n"]) == tuple(
            other[key] for key in ("metric", "part", "group", "n")
        )
        for key in ("value", "low", "high"):
            same = one[key] is other[key] or other[key] == pytest.approx(one[key], rel=1e-12, abs=1e-12)
            assert same, (one["metric"], key)
