"""Every leak of the checklist, planted in a clean bundle, is found; clean bundles are let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.audits.gate import audit_bundle
from compete.audits.gate.checks import CHECKS
from tests.audits.gate.clean import KINDS, clean_bundle
from tests.audits.gate.planted import LEAKS, Leak, spoil

ITEMS = {"table": 1000, "grouped": 1000, "pictures": 300, "photographs": 160, "scenes": 300}
"""Fewer images than in ``benchmarks/leaks``, so that the suite stays quick."""
FULL = 2


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One clean bundle of every kind."""
    return {
        kind: clean_bundle(kind, tmp_path_factory.mktemp(kind), seed=3, items=items) for kind, items in ITEMS.items()
    }


@pytest.mark.parametrize("one", LEAKS, ids=lambda one: f"{one.row}-{one.name}")
def test_a_planted_leak_is_found(clean: dict[str, Path], tmp_path: Path, one: Leak) -> None:
    spoilt = spoil(clean[one.kind], tmp_path / "spoilt", one, FULL)
    found = {finding.rule for finding in audit_bundle(spoilt, workers=1) if finding.severity != "note"}
    assert found & set(one.rules), sorted(found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_clean_bundle_is_let_through(clean: dict[str, Path], tmp_path: Path, kind: str) -> None:
    assert not telling(clean[kind])
    assert not telling(clean_bundle(kind, tmp_path, seed=4, items=ITEMS[kind]))


def test_every_line_of_the_checklist_is_answered_and_planted() -> None:
    wanted = {f"L{number:02}" for number in range(1, 45)}
    assert {row for check in CHECKS for row in check.rows} == wanted
    assert {one.row for one in LEAKS} == wanted
    assert len(LEAKS) >= 45


def test_nothing_that_is_told_names_a_hidden_label(clean: dict[str, Path], tmp_path: Path) -> None:
    """Of single items no message says anything but their id or file."""
    for one in LEAKS:
        if one.kind in ("table", "grouped"):
            spoilt = spoil(clean[one.kind], tmp_path / one.name, one, FULL)
            said = " ".join(f"{finding.message} {finding.items}" for finding in audit_bundle(spoilt, workers=1))
            assert "alba" not in said
            assert "nigra" not in said


def telling(bundle: Path) -> list[str]:
    """What the gate says of a bundle, notes left out."""
    return [str(finding) for finding in audit_bundle(bundle, workers=1) if finding.severity != "note"]
