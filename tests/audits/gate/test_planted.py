"""Every leak of the checklist, planted in a clean bundle, is found; clean bundles are let through."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from compete.audits.gate import audit_bundle
from compete.audits.gate.checks import CHECKS
from compete.audits.gate.folder import Reach
from tests.audits.gate.clean import CLASSES, KINDS, clean_bundle
from tests.audits.gate.planted import LEAKS, Leak, spoil

ITEMS = {"table": 1000, "grouped": 1000, "pictures": 240, "photographs": 120, "scenes": 200}
"""Fewer images than in ``benchmarks/leaks``, so that the suite stays quick."""
FULL = 2


Clean = Callable[[str], Path]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """One clean bundle of every kind, each built when it is first asked for."""
    return cache(lambda kind: clean_bundle(kind, tmp_path_factory.mktemp(kind), seed=3, items=ITEMS[kind]))


@pytest.mark.parametrize("one", LEAKS, ids=lambda one: f"{one.row}-{one.name}")
def test_a_planted_leak_is_found(clean: Clean, tmp_path: Path, one: Leak) -> None:
    """And what is told of it names no label of a single item."""
    findings = audit_bundle(spoil(clean(one.kind), tmp_path / "spoilt", one, FULL), Reach(workers=1))
    found = {finding.rule for finding in findings if finding.severity != "note"}
    assert found & set(one.rules), sorted(found)
    said = " ".join(f"{finding.message} {finding.items}" for finding in findings)
    assert not [name for name in CLASSES if name in said]


@pytest.mark.parametrize("kind", KINDS)
def test_a_clean_bundle_is_let_through(clean: Clean, tmp_path: Path, kind: str) -> None:
    assert not telling(clean(kind))
    assert not telling(clean_bundle(kind, tmp_path, seed=4, items=ITEMS[kind]))


def test_every_line_of_the_checklist_is_answered_and_planted() -> None:
    wanted = {f"L{number:02}" for number in range(1, 45)}
    assert {row for check in CHECKS for row in check.rows} == wanted
    assert {one.row for one in LEAKS} == wanted
    assert len(LEAKS) >= 45


def telling(bundle: Path) -> list[str]:
    """What the gate says of a bundle, notes left out."""
    return [str(finding) for finding in audit_bundle(bundle, Reach(workers=1)) if finding.severity != "note"]
