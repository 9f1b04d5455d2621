"""What tells of people does not become public unless the challenge says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compete import jobs
from compete.building.discretion import PERSONAL_RULES
from compete.building.plan import plan_build
from compete.challenge import load_challenge
from compete.errors import ChallengeError, Finding

N = 60
COLUMNS = {
    "key": [f"k{row:02}" for row in range(N)],
    "observer": [f"Secret{row % 7}" for row in range(N)],
    "latitude": [f"51.{row * 7919 % 1000:03}" for row in range(N)],
    "remark": [f"word {row * 31 % 17}" for row in range(N)],
    "weight": [f"{row * 13 % 29}.5" for row in range(N)],
    "kind": ["ab"[row * 5 % 7 % 2] for row in range(N)],
}
HIDDEN = ("observer", "latitude")
Make = Callable[..., Path]


@pytest.fixture
def challenge(tmp_path: Path) -> Make:
    """Writes a challenge on a table whose columns may be replaced, and whose data block may say more."""

    def write(columns: dict[str, list[str]] | None = None, **data: Any) -> Path:
        table = COLUMNS | (columns or {})
        lines = [",".join(row) for row in [list(table), *zip(*table.values(), strict=True)]]
        (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
        content = {
            "name": "seen", "title": "Seen", "license": "CC0-1.0", "task": "classification",
            "data": {"path": "table.csv", "id": "key", "label": "kind", **data},
            "split": {"test": 0.5, "public": 0.5, "seed": "0f1e2d3c4b5a6978"},
            "score": {"metric": "accuracy", "draws": 0},
        }  # fmt: skip
        (tmp_path / "challenge.yaml").write_text(json.dumps(content))
        return tmp_path

    return write


def told(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.rule in PERSONAL_RULES]


def refused(root: Path) -> list[Finding]:
    with pytest.raises(ChallengeError, match="does not fit the data") as caught:
        plan_build(load_challenge(root))
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def public(root: Path) -> str:
    """All text of the public folder of the bundle of a challenge."""
    jobs.build(root, root / "bundle")
    files = (path for path in (root / "bundle" / "public").rglob("*") if path.is_file())
    return "\n".join(path.read_bytes().decode(errors="replace") for path in sorted(files))


def test_by_default_nothing_of_people_gets_out_and_that_is_told(challenge: Make) -> None:
    root = challenge()
    plan = plan_build(load_challenge(root))
    assert plan.features == ("remark", "weight")
    (finding,) = told(plan.findings)
    assert (finding.rule, finding.severity, finding.items) == ("challenge/personal-hidden", "warning", HIDDEN)
    assert "`personal: [observer, latitude]`" in finding.hint
    text = public(root)
    assert "Secret" not in text
    assert "51." not in text


def test_the_audit_of_the_data_tells_it_too(challenge: Make) -> None:
    found = jobs.audit(challenge()).findings
    assert [finding.rule for finding in told(found)] == ["challenge/personal-hidden"]


def test_what_is_dropped_is_told_no_more(challenge: Make) -> None:
    plan = plan_build(load_challenge(challenge(drop=list(HIDDEN))))
    assert told(plan.findings) == []
    assert plan.features == ("remark", "weight")


def test_a_declaration_publishes_on_purpose(challenge: Make) -> None:
    root = challenge(personal="latitude", drop="observer")
    plan = plan_build(load_challenge(root))
    assert (plan.features, told(plan.findings)) == (("latitude", "remark", "weight"), [])
    text = public(root)
    assert "51.000" in text
    assert "Secret" not in text


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"features": ["weight", "observer"]}, '["weight", "observer"]'),
        ({"features": ["weight"], "subgroups": ["observer"]}, "subgroups"),
        ({"features": ["weight"], "beside": ["observer"]}, "beside"),
        ({"features": ["weight"], "id": ["observer", "key"], "ids": "keep"}, "id"),
    ],
)
def test_what_is_named_by_hand_needs_the_declaration(challenge: Make, data: dict[str, Any], place: str) -> None:
    (error,) = refused(challenge(**data))
    assert (error.rule, error.items, error.count) == ("challenge/personal-column", ("observer",), 1)
    text = (challenge(**data) / "challenge.yaml").read_text()
    column = int(error.where.rpartition(":")[2]) - 1
    assert text[column:].startswith(('"observer"', '["observer"'))
    assert place in text
    plan = plan_build(load_challenge(challenge(**data, personal=["observer"])))
    assert told(plan.findings) == []


def test_bins_and_groups_tell_nothing_of_people(challenge: Make) -> None:
    zones = {"name": "zone", "column": "latitude", "bins": [51.5]}
    plan = plan_build(load_challenge(challenge(features=["weight"], subgroups=[zones], group="observer")))
    assert told(plan.findings) == []
    assert plan.group is not None
    assert not [text for text in plan.group if "Secret" in text]


@pytest.mark.parametrize("data", [{}, {"features": ["remark"]}, {"features": ["weight"], "subgroups": ["remark"]}])
def test_addresses_in_cells_are_refused_by_line_and_not_repeated(challenge: Make, data: dict[str, Any]) -> None:
    remarks = list(COLUMNS["remark"])
    remarks[4] = remarks[20] = "ask jane.doe@example.org"
    given = data or {"drop": list(HIDDEN)}
    (error,) = refused(challenge({"remark": remarks}, **given))
    assert (error.rule, error.where, error.count) == ("dataset/e-mail", "table.csv:6", 2)
    assert error.items == ("line 6", "line 22")
    assert "@" not in str(error)
    assert told(plan_build(load_challenge(challenge({"remark": remarks}, **given, personal="remark"))).findings) == []


def test_addresses_in_labels_and_kept_ids_are_refused(challenge: Make) -> None:
    labels = ["x@example.org" if text == "a" else text for text in COLUMNS["kind"]]
    (error,) = refused(challenge({"kind": labels}, features="weight"))
    assert (error.rule, error.count) == ("dataset/e-mail", labels.count("x@example.org"))
    keys = [f"p{row}@example.org" for row in range(N)]
    assert told(plan_build(load_challenge(challenge({"key": keys}, features="weight"))).findings) == []
    (error,) = refused(challenge({"key": keys}, features="weight", ids="keep"))
    assert (error.rule, error.count, error.items[0]) == ("dataset/e-mail", N, "line 2")


def test_a_column_cannot_be_dropped_and_published(challenge: Make) -> None:
    with pytest.raises(ChallengeError, match="keep it in one of the two") as caught:
        load_challenge(challenge(drop=["observer"], personal=["latitude", "observer"]))
    assert [finding.rule for finding in caught.value.findings] == ["challenge/contradiction"]
