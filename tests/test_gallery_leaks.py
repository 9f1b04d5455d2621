"""The gallery's challenges tell nothing: the first master test, and every attack of the gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compete.audits.gate import audit_bundle
from compete.audits.gate.folder import Reach
from compete.building.plan import plan_build
from compete.challenge import load_challenge
from compete.demos import gallery
from compete.errors import fatal
from tests.audits.gate.test_master import permuted, public_tree
from tests.conftest import Made

Make = Callable[[str], Made]
FLAT = ("penguins", "diabetes", "digits")


@pytest.mark.parametrize("name", FLAT)
def test_labels_of_the_test_leave_no_trace_in_the_gallery(tmp_path: Path, make: Make, name: str) -> None:
    plan = plan_build(load_challenge(make(name).challenge))
    assert public_tree(plan, tmp_path / "one") == public_tree(permuted(plan), tmp_path / "other")


@pytest.mark.parametrize("name", sorted(gallery()))
def test_no_attack_succeeds_on_the_gallery(make: Make, name: str) -> None:
    """Thoroughly; the build itself has attacked it with a part of its items."""
    assert not fatal(audit_bundle(make(name).bundle, Reach(workers=1)))
