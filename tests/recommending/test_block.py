"""The block ``fingerprint:`` of challenge.yaml: what it may say, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.challenge import load_challenge
from compete.dataset import feature_columns
from compete.errors import ChallengeError
from compete.recommending.fingerprint import as_lines, fingerprint_of, spelt
from compete.recommending.items import ITEMS
from tests.recommending.test_figures import challenge, table


def faults(folder: Path, block: str, task: str = "classification") -> list[tuple[str, str]]:
    """Rule and message of each fault of a block."""
    try:
        challenge(folder, task, f"fingerprint: {block}\n")
    except ChallengeError as error:
        return [(finding.rule.partition("/")[2], finding.message) for finding in error.findings]
    return []


@pytest.mark.parametrize(
    ("block", "task", "rule", "words"),
    [
        ("{decision: target}", "classification", "missing-key", "lacks the key `target`"),
        ("{decision: cost_benefit}", "classification", "missing-key", "lacks the key `threshold`"),
        ("{severity: costs}", "classification", "missing-key", "lacks the key `costs`"),
        ("{target: {precision: 0.9}}", "classification", "contradiction", "nothing without `decision: target`"),
        ("{threshold: 0.1, decision: none}", "classification", "contradiction", "without `decision: cost_benefit`"),
        ("{costs: [[0, 1], [1, 0]]}", "classification", "contradiction", "nothing without `severity: costs`"),
        ("{severity: costs, costs: [[0, 1], [1, 0, 2]]}", "classification", "wrong-length", "2 rows"),
        ("{severity: costs, costs: [[1, 0], [0, 1]]}", "classification", "contradiction", "being right"),
        ("{severity: costs, costs: [[0, 0], [0, 0]]}", "classification", "contradiction", "being right"),
        ("{severity: costs, costs: [[0, 1], [1, 0]]}", "detection", "task-mismatch", "not to detection"),
        ("{decision: target, target: {precision: 0.9, specificity: 0.9}}", "classification", "wrong-length", "2 entr"),
        ("{decision: target, target: {}}", "classification", "wrong-length", "0 entries"),
        ("{decision: target, target: {false_alarms: 1}}", "classification", "task-mismatch", "belongs to detection"),
        ("{decision: target, target: {precision: 0.9}}", "detection", "task-mismatch", "belongs to classification"),
        ("{raters: label}", "classification", "contradiction", "names the label"),
        ("{raters: other}", "detection", "task-mismatch", "belongs to classification"),
        ("{tubular: 1}", "detection", "wrong-type", "true or false"),
        ("{tubolar: true}", "detection", "unknown-key", "no key `fingerprint.tubolar`"),
        ("{severity: worse}", "detection", "unknown-value", "must be one of equal, misses"),
        ("{decision: 7}", "classification", "wrong-type", "must be text"),
    ],
)  # fmt: skip
def test_each_contradiction_is_told(tmp_path: Path, block: str, task: str, rule: str, words: str) -> None:
    ((told, message),) = faults(tmp_path, block, task)
    assert told == rule
    assert words in message


def test_costs_are_for_the_classes_that_are_declared(tmp_path: Path) -> None:
    text = (
        "name: x\ntitle: X\ntask: classification\ndata: {path: x.csv, label: y, classes: [a, b, c]}\nsplit: {seed: s}\n"
        "score: {metric: f1_macro}\nfingerprint: {severity: costs, costs: [[0, 1], [1, 0]]}\n"
    )
    (tmp_path / "challenge.yaml").write_text(text)
    with pytest.raises(ChallengeError, match=r"for 2 classes, `data\.classes` has 3"):
        load_challenge(tmp_path)


def test_labels_of_other_annotators_are_not_shown(tmp_path: Path) -> None:
    dataset = table({"label": ["a", "b"], "other": ["a", "a"], "size": ["1", "2"]})
    assert feature_columns(challenge(tmp_path, "classification"), dataset) == ("other", "size")
    assert feature_columns(challenge(tmp_path, "classification", "fingerprint: {raters: other}\n"), dataset) == (
        "size",
    )
    text = (tmp_path / "challenge.yaml").read_text().replace("label: label\n", "label: label\n  features: [other]\n")
    (tmp_path / "challenge.yaml").write_text(text)
    with pytest.raises(ChallengeError, match="which is what another annotator said"):
        load_challenge(tmp_path)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("{severity: misses, calibration: true}", {"severity": "misses", "calibration": True}),
        ("{decision: target, target: {specificity: 0.9}}", {"decision": "target", "target": (("specificity", 0.9),)}),
        ("{raters: [one, 2]}", {"raters": ("one", "2")}),
        ("{decision: cost_benefit, threshold: 0.1}", {"decision": "cost_benefit", "threshold": 0.1}),
        ("{}", {}),
    ],
)
def test_what_is_said_is_read(tmp_path: Path, block: str, expected: dict[str, object]) -> None:
    assert dict(challenge(tmp_path, "classification", f"fingerprint: {block}\n").fingerprint) == expected


BLOCKS = [
    "{severity: costs, costs: [[0, 1.5], [1, 0]], decision: target, target: {precision: 0.25}, equal_classes: false}",
    "{decision: cost_benefit, threshold: 0.1, calibration: true, representative: false, raters_disagree: true}",
    '{raters: ["other: one", "1"]}',
]


@pytest.mark.parametrize("block", BLOCKS)
def test_what_was_said_is_written_as_it_is_read(tmp_path: Path, block: str) -> None:
    dataset = table({"label": ["a", "b"] * 10, "other: one": ["a", "b"] * 10, "1": ["a", "b"] * 10})
    first = challenge(tmp_path, "classification", f"fingerprint: {block}\n")
    lines = as_lines(first, fingerprint_of(first, dataset))
    second = challenge(tmp_path, "classification", "\n".join(lines) + "\n")
    assert dict(second.fingerprint) == dict(first.fingerprint)


def test_nothing_said_is_no_block(tmp_path: Path) -> None:
    nothing = challenge(tmp_path, "classification")
    assert as_lines(nothing, fingerprint_of(nothing, table({"label": ["a", "b"]}))) == []


def test_every_answer_can_be_written() -> None:
    assert [spelt(value) for value in (True, "rough", 1.5, (("precision", 0.9),), ((0.0, 1.0), (2.0, 0.0)))] == [
        "true", "rough", "1.5", "{precision: 0.9}", "[[0, 1], [2, 0]]",
    ]  # fmt: skip


def test_the_schema_has_each_item_and_its_choices() -> None:
    from compete.catalogs import schema_document

    known = schema_document()["properties"]["fingerprint"]["properties"]
    assert {item.key for item in ITEMS} | {"raters"} == set(known)
    for item in ITEMS:
        assert set(item.choices) <= set(known[item.key].get("enum", ()))
        assert not item.question or item.choices or known[item.key]["type"] == "boolean"
        assert item.number in known[item.key]["description"]
