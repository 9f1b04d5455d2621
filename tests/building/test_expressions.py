"""Challenges ranked by an expression: what they ask of a submission, what participants are told, what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete import jobs
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.errors import CompeteError
from compete.scoring.grading import grade

RANDOM = np.random.default_rng(8)
N = 200
Make = Callable[..., Path]


@pytest.fixture
def challenge(tmp_path: Path) -> Make:
    """Writes a challenge of two classes; keywords are those of ``score``."""

    def make(metric: str, **score: Any) -> Path:
        with (tmp_path / "table.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "ill", "age", "site"])
            writer.writerows([f"p{row:03}", RANDOM.choice(["no", "yes"]), row % 50, "ns"[row % 2]] for row in range(N))
        content = {
            "name": "ward", "title": "Ward", "version": "1.0", "license": "CC0-1.0", "task": "classification",
            "data": {"path": "table.csv", "id": "name", "label": "ill", "subgroups": ["site"]},
            "split": {"test": 0.6, "public": 0.5, "seed": "0f1e2d3c4b5a6978"},
            "score": {"metric": metric, "draws": 20} | score,
        }  # fmt: skip
        (tmp_path / "challenge.yaml").write_text(json.dumps(content))
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("metric", "kind", "score"),
    [
        ("0.5*f1 + 0.5*accuracy", "label", {}),
        ("0.5*f1 + 0.5*roc_auc", "probability", {}),
        ("1 - log_loss", "probability", {}),
        ("0.5*accuracy + 0.5*worst", "label", {"combine": [["worst", "f1", "site", "minimum"]]}),
        ("brier + roc_auc", "probability", {"greater_is_better": True}),
        ("(f1)", "label", {}),
    ],
)
def test_an_expression_ranks(challenge: Make, tmp_path: Path, metric: str, kind: str, score: dict[str, Any]) -> None:
    if "combine" in score:
        keys = ("name", "metric", "over", "by")
        score = {"combine": [dict(zip(keys, entry, strict=True)) for entry in score["combine"]]}
    out = tmp_path / "bundle"
    jobs.build(challenge(metric, **score), out, workers=1)
    bundle = open_bundle(out)
    assert bundle.terms.kind == kind
    told = (out / "public" / "README.md").read_text()
    assert f"- `{metric}`: " in told
    assert "higher is better. This one ranks." in told
    result = grade(bundle, out / "public" / "sample_submission.csv")
    assert result.metric == ("f1" if metric == "(f1)" else metric)
    overall = result.overall("private")
    assert overall is not None
    assert overall.value is not None
    assert {one.group for one in result.scores if one.metric == result.metric} >= {"", "site=n", "site=s"}


@pytest.mark.parametrize(
    ("metric", "score", "rule"),
    [
        ("0.5*f1 + 0.5*brier", {}, "score/expression"),
        ("0.5*f1 + ", {}, "score/expression"),
        ("0.5*f1 + 0.5*best", {}, "score/expression"),
        ("0.5*f1 + 0.5*accuracy", {"greater_is_better": False}, "score/expression"),
        ("f1", {"greater_is_better": True}, "challenge/contradiction"),
        ("mae + rmse", {}, "score/unfit-metric"),
        ("dice + iou", {}, "score/unfit-metric"),
        ("box_ap", {}, "score/unfit-metric"),
    ],
)
def test_what_does_not_fit_is_told_at_its_line(challenge: Make, metric: str, score: dict[str, Any], rule: str) -> None:
    root = challenge(metric, **score)
    with pytest.raises(CompeteError) as caught:
        jobs.build(root, root / "bundle", workers=1)
    assert rule in {finding.rule for finding in caught.value.findings}
    assert all(finding.where.startswith("challenge.yaml:") for finding in caught.value.findings)


def test_a_part_of_no_known_name_leaves_the_task_to_say_what_is_sent(challenge: Make) -> None:
    assert plan_build(load_challenge(challenge("0.5*nothing + 0.5*f1"))).terms.kind == "label"
