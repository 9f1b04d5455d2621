"""A score is the same years later, and with the oldest Python and numpy: hundreds of them are kept."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping

import pytest

import metrics
from tests.conftest import ROOT
from tests.metrics.golden import KEPT, golden_scores

NEW = "keep the new ones too: python -m tests.metrics.golden > tests/metrics/golden.json"
OLDEST = os.environ.get("COMPETE_LIGHT_PYTHON", "")


def assert_kept(found: Mapping[str, float]) -> None:
    """Equal to the bit where labels are counted, else to 1e-12."""
    kept = json.loads(KEPT.read_text())
    assert len(kept) > 300
    assert {name for name in kept if name not in found} == set(), "a metric or an option that was there is gone"
    for name, value in kept.items():
        counted = metrics.parse(name.rsplit(" ", 2)[0]).needs == "label"
        assert found[name] == (value if counted else pytest.approx(value, rel=1e-12, abs=1e-12)), name


def test_scores_are_those_that_were_kept() -> None:
    found = golden_scores()
    assert_kept(found)
    assert {name for name in found if name not in json.loads(KEPT.read_text())} == set(), NEW


@pytest.mark.skipif(not OLDEST, reason="COMPETE_LIGHT_PYTHON names no interpreter with the oldest numpy")
def test_the_oldest_python_and_numpy_give_the_scores_that_were_kept() -> None:
    command = [OLDEST, "-m", "tests.metrics.golden"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    assert_kept(json.loads(done.stdout))
