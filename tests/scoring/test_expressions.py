"""Expressions over metrics in a challenge: validation, scores of parts and subgroups, intervals, text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import metrics
from compete.bundle import open_bundle
from compete.scoring.grading import grade
from compete.scoring.measures import metric_findings
from compete.scoring.result import Result
from compete.terms import Combined, Terms
from tests.scoring.bundles import table, write_small_bundle
from tests.scoring.every_form import FORMS

N = 200
RANDOM = np.random.default_rng(3)
IDS = [f"i{number:03}" for number in range(N)]
TRUE = RANDOM.choice(["no", "yes"], N)
CHANCE = np.clip(0.3 * (TRUE == "yes") + 0.7 * RANDOM.random(N), 0, 1)
SITE = RANDOM.choice(["north", "south", "missing"], N, p=[0.5, 0.4, 0.1])
SOLUTION = {"id": IDS, "label": TRUE, "Usage": RANDOM.choice(["Public", "Private"], N), "site": SITE}
TERMS = Terms(
    "calls", "Calls", "1.0", "classification", ("label",), "probability", ("yes",), "0.5*roc_auc + 0.5*worst",
    classes=("no", "yes"), also=("accuracy", "0.25*f1 + 0.75*(1 - brier)"), subgroups=("site",), draws=100,
    combine=(Combined("worst", "balanced_accuracy", "site", "minimum"),),
)  # fmt: skip


@pytest.fixture
def result(tmp_path: Path) -> Result:
    root = write_small_bundle(tmp_path / "calls", TERMS, SOLUTION)
    mine = tmp_path / "mine.csv"
    mine.write_bytes(table({"id": IDS, "yes": CHANCE}))
    return grade(open_bundle(root), mine)


def value(result: Result, metric: str, part: str, group: str = "") -> float:
    found = [score for score in result.scores if (score.metric, score.part, score.group) == (metric, part, group)]
    assert len(found) == 1
    assert found[0].value is not None
    return found[0].value


@pytest.mark.parametrize("part", ["public", "private"])
def test_scores_are_those_of_the_parts(result: Result, part: str) -> None:
    rows = part.capitalize() == SOLUTION["Usage"]
    true, chance = (TRUE == "yes").astype(int)[rows], CHANCE[rows]
    label, site = (chance >= 0.5).astype(int), SITE[rows]
    groups = [
        metrics.get("balanced_accuracy")(true[site == one], label[site == one], labels=[0, 1])
        for one in ("north", "south")
    ]
    told = 0.5 * metrics.get("roc_auc")(true, chance) + 0.5 * min(groups)
    assert value(result, TERMS.metric, part) == pytest.approx(told, abs=1e-12)
    told = 0.25 * metrics.get("f1")(true, label) + 0.75 * (1 - metrics.get("brier")(true, chance))
    assert value(result, TERMS.also[1], part) == pytest.approx(told, abs=1e-12)
    assert value(result, "worst", part) == pytest.approx(min(groups), abs=1e-12)


def test_subgroups_intervals_and_the_record_are_told(result: Result) -> None:
    assert result.metric == TERMS.metric
    record = result.metrics[0]
    assert (record["metric"], record["greater_is_better"], record["low"], record["high"]) == (TERMS.metric, True, 0, 1)
    overall = result.overall("private")
    assert overall is not None
    assert overall.low is not None
    assert overall.high is not None
    assert overall.low < (overall.value or 0) < overall.high
    rows = (SOLUTION["Usage"] == "Private") & (SITE == "north")
    true, chance = (TRUE == "yes").astype(int)[rows], CHANCE[rows]
    alone = metrics.get("balanced_accuracy")(true, (chance >= 0.5).astype(int), labels=[0, 1])
    told = 0.5 * metrics.get("roc_auc")(true, chance) + 0.5 * alone
    assert value(result, TERMS.metric, "private", "site=north") == pytest.approx(told, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "rule", "message"),
    [
        ("0.5*roc_auk + 0.5*f1", "score/expression", "did you mean roc_auc"),
        ("0.5*worts + 0.5*f1", "score/expression", "a combination is named worst"),
        ("0.5*roc_auc + 0.5*brier", "score/expression", "direction .* is not clear"),
        ("0.5*roc_auc +", "score/expression", "its end was not expected"),
        ("0.5*roc_auc + mae", "score/expression", "no truth fits all parts"),
        ("0.5*f1_samples + 1", "score/unfit-metric", "cannot score binary truth"),
        ("mae + rmse", "score/unfit-metric", "cannot score binary truth"),
    ],
)
def test_faults_are_told_at_check(metric: str, rule: str, message: str) -> None:
    findings = metric_findings(replace(TERMS, metric=metric))
    assert [finding.rule for finding in findings] == [rule]
    assert findings[0].where == "score.metric"
    assert re.search(message, findings[0].message)


def test_sound_expressions_have_no_findings() -> None:
    assert not metric_findings(TERMS)
    assert not metric_findings(replace(TERMS, metric="0.5*roc_auc + 0.5*brier", greater_is_better=True))


def test_labels_alone_cannot_be_ranked() -> None:
    terms = replace(TERMS, kind="label", columns=("label",), metric="0.5*roc_auc + 0.5*f1", also=())
    findings = metric_findings(terms)
    assert [finding.rule for finding in findings] == ["score/unfit-metric"]
    assert "needs a label and score" in findings[0].message


def test_an_option_that_names_no_category_is_told_with_those_there_are() -> None:
    terms = replace(FORMS["COCO boxes"].terms, classes=("crab", "3"), metric="box_ap(category=crap)")
    (found,) = metric_findings(replace(terms, also=("box_ap(category=3)", "box_ap(category=crab)")))
    assert (found.rule, found.where, found.hint) == ("score/unfit-metric", "score.metric", "its categories: crab, 3")
    assert "did you mean crab?" in found.message


@pytest.mark.parametrize("text", ["accuracy + 1e400", "1e999*accuracy"])
def test_numbers_that_nothing_can_be_reckoned_with_are_refused(text: str) -> None:
    with pytest.raises(metrics.MetricError, match="beyond what a number can hold"):
        metrics.parse(text, greater_is_better=True)
