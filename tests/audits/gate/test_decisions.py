"""What the gate stops, what may be accepted, and where that is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compete import jobs
from compete.audits.gate import audit_bundle, guard
from compete.audits.gate.reading import read_table
from compete.bundle import MANIFEST, PRIVATE_MANIFEST, accepted_leaks, verify_bundle
from compete.catalogs import explanation
from compete.errors import LeakError, UsageError
from tests.audits.gate.clean import clean_bundle, write_table

WHY = "the outcome is measured before"
RULE = "leak/target-in-feature"


@pytest.fixture
def telling(tmp_path: Path) -> Path:
    """A challenge with a feature that nearly is the label."""
    source = clean_bundle("table", tmp_path / "clean", items=200).parent / "challenge"
    lines = [line.split(",") for line in (source / "table.csv").read_text().splitlines()]
    columns = {name: [line[place] for line in lines[1:]] for place, name in enumerate(lines[0])}
    code = [int(text == "nigra") for text in columns["species"]]
    columns["outcome"] = [f"{one + (place % 7) / 20:.2f}" for place, one in enumerate(code)]
    write_table(source / "table.csv", columns)
    content = json.loads((source / "challenge.yaml").read_text())
    content["data"]["features"] += ["outcome"]
    (source / "challenge.yaml").write_text(json.dumps(content))
    return source


def test_a_leak_stops_the_build_and_nothing_is_kept(telling: Path, tmp_path: Path) -> None:
    with pytest.raises(LeakError, match="would tell what it must hide") as stopped:
        jobs.build(telling, tmp_path / "out", accepted={}, workers=1)
    assert stopped.value.exit_code == 4
    assert RULE in {finding.rule for finding in stopped.value.findings}
    assert not (tmp_path / "out").exists()


def test_what_is_accepted_is_recorded_and_told(telling: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "out"
    built = jobs.build(telling, bundle, accepted={RULE: WHY}, workers=1)
    notes = [finding for finding in built.findings if finding.rule == RULE]
    assert [finding.severity for finding in notes] == ["note"]
    assert WHY in notes[0].message
    assert accepted_leaks(bundle) == {RULE: WHY}
    assert WHY in (bundle / "private" / PRIVATE_MANIFEST).read_text()
    assert WHY not in (bundle / MANIFEST).read_text()
    assert verify_bundle(bundle) == []
    assert [WHY in finding.message for finding in jobs.verify(bundle)] == [True]
    report = jobs.audit(bundle, workers=1)
    assert [finding.severity for finding in report.findings if finding.rule == RULE] == ["note"]
    assert (report.of_bundle, report.fault) == (True, 4)


def test_a_finished_bundle_can_be_accepted_later(telling: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "out"
    jobs.build(telling, bundle, accepted={RULE: "for now"}, workers=1)
    jobs.audit(bundle, accepted={RULE: WHY}, workers=1)
    assert accepted_leaks(bundle) == {RULE: WHY}
    assert verify_bundle(bundle) == []


def test_only_what_was_found_can_be_accepted(tmp_path: Path) -> None:
    bundle = clean_bundle("table", tmp_path, items=200)
    with pytest.raises(UsageError, match="nothing was decided"):
        guard(bundle, accepted={RULE: WHY})
    assert accepted_leaks(bundle) == {}


@pytest.mark.parametrize(
    ("rules", "reasons", "told"),
    [
        ([RULE], [], "1 leak is accepted with 0 reasons"),
        ([], [WHY], "0 leaks are accepted with 1 reason"),
        ([RULE], [" "], f"the reason for {RULE} is empty"),
        ([RULE, RULE], [WHY, "another"], f"{RULE} is accepted twice"),
    ],
)
def test_every_accepted_leak_needs_its_reason(rules: list[str], reasons: list[str], told: str) -> None:
    with pytest.raises(UsageError, match="nothing was decided") as refused:
        jobs.decisions_of(rules, reasons)
    assert [finding.message for finding in refused.value.findings] == [told]


def test_a_check_tells_what_the_gate_would_stop(telling: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the whole line that accepts it; and nothing of the draft is left."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "drafts"))
    (tmp_path / "drafts").mkdir()
    with pytest.raises(LeakError, match="would tell what it must hide") as stopped:
        jobs.check_challenge(telling, workers=1)
    strong = next(one for one in stopped.value.findings if one.rule == RULE)
    assert (strong.severity, strong.message) == ("error", "1 column alone tells the labels with an AUC above 0.95")
    assert strong.items == ("'outcome' 1.000",)
    assert f'--accept-leak {RULE} --because "…"' in strong.hint
    assert explanation(RULE)["accept"].startswith(f"compete build … --accept-leak {RULE} --because")
    passed = jobs.check_challenge(telling, accepted={RULE: WHY}, workers=1)
    assert [one.severity for one in passed.findings if one.rule == RULE] == ["note"]
    assert list((tmp_path / "drafts").iterdir()) == []


def test_an_audit_of_the_challenge_tells_it_too(telling: Path) -> None:
    report = jobs.audit_challenge(telling, workers=1)
    told = [one for one in report.findings if one.rule == RULE]
    assert [(one.severity, "the build stops at this" in one.message) for one in told] == [("warning", True)]


def test_rows_in_the_order_of_kept_ids_are_not_mended_by_another_build(tmp_path: Path) -> None:
    source = clean_bundle("table", tmp_path / "clean", items=300).parent / "challenge"
    head, *lines = (source / "table.csv").read_text().splitlines()
    lines = [f"{'ab'['nigra' in line]}{line}" for line in lines]
    (source / "table.csv").write_text("\n".join([head, *lines]) + "\n")
    content = json.loads((source / "challenge.yaml").read_text())
    content["data"]["ids"] = "keep"
    (source / "challenge.yaml").write_text(json.dumps(content))
    with pytest.raises(LeakError) as stopped:
        jobs.build(source, tmp_path / "out", accepted={}, workers=1)
    hints = [one.hint for one in stopped.value.findings if one.rule == "leak/row-order"]
    assert hints
    assert all("data.ids: keep" in hint and "build the bundle again" not in hint for hint in hints)


def test_a_challenge_has_no_leaks_to_accept(telling: Path) -> None:
    with pytest.raises(UsageError, match="nothing was decided"):
        jobs.audit(telling, accepted={RULE: WHY})


def test_what_was_accepted_cannot_be_changed_unseen(telling: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "out"
    jobs.build(telling, bundle, accepted={RULE: WHY}, workers=1)
    place = bundle / "private" / PRIVATE_MANIFEST
    place.write_text(place.read_text().replace(WHY, "no reason at all"))
    assert "bundle/manifest" in {finding.rule for finding in verify_bundle(bundle)}


def test_rows_that_hold_nothing_are_no_copies(tmp_path: Path) -> None:
    bundle = clean_bundle("table", tmp_path, items=200)
    for name in ("train.csv", "test.csv"):
        path = bundle / "public" / name
        head, first, *lines = path.read_text().splitlines()
        item, *_, label = first.split(",")
        empty = [item, *["NA"] * (len(head.split(",")) - 1 - name.startswith("train"))]
        path.write_text("\n".join([head, ",".join([*empty, label][: len(head.split(","))]), *lines]) + "\n")
    assert "leak/same-row" not in {finding.rule for finding in audit_bundle(bundle)}


def test_quotes_that_the_labels_need_tell_nothing(tmp_path: Path) -> None:
    source = clean_bundle("table", tmp_path / "clean", items=400).parent / "challenge"
    text = (source / "table.csv").read_text()
    assert "nigra" in text
    (source / "table.csv").write_text(text.replace("nigra", '"nigra, ""black"""'))
    built = jobs.build(source, tmp_path / "out", accepted={}, workers=1)
    assert "leak/row-bytes" not in {finding.rule for finding in built.findings}


def test_a_long_text_is_no_fault(tmp_path: Path) -> None:
    place = tmp_path / "test.csv"
    place.write_text(f'id,text\na,"{"x, " * 60_000}"\n')
    assert len(read_table(place)["text"][0]) == 180_000
