"""A challenge's own metric on objects in images: the tables that it is given, and what the trial refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete import jobs
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.errors import BundleError, ChallengeError
from compete.scoring.grading import grade
from tests.building.scenes import METRICS, write_scenes

COUNTING = '''
import pandas as pd

def score(solution, submission, row_id_column_name):
    """The mean difference of how many objects an image has."""
    wanted = {wanted}
    assert list(solution.columns) == wanted[0] and list(submission.columns) == wanted[1], list(solution.columns)
    assert set(solution[row_id_column_name]) == set(submission[row_id_column_name])
    true = solution[~solution.crowd & ~solution.ignore & (solution["class"] != "")]
    found = submission[submission["class"] != ""]
    assert solution[solution["class"] == ""].area.isna().all()
    counts = (one.groupby(row_id_column_name).size() for one in (true, found))
    ids = solution[row_id_column_name].unique()
    one, other = (count.reindex(ids, fill_value=0) for count in counts)
    return float((one - other).abs().mean())
'''
CONTENT = {
    "detection": ["x", "y", "width", "height"],
    "instance_segmentation": ["segmentation"],
    "keypoints": ["keypoints"],
}


def own_challenge(tmp_path: Path, task: str, code: str, more: str = "", better: str = "false", **form: Any) -> Path:
    """A challenge on squares that is ranked by a function beside it."""
    root = write_scenes(tmp_path, task, more, **form)
    (root / "metric.py").write_text(code)
    path = root / "challenge.yaml"
    own = f"{{metric: 'metric.py:score', greater_is_better: {better}, draws: 0, smallest_subgroup: 1}}"
    path.write_text(path.read_text().replace(f"{{metric: {METRICS[task]}}}", own))
    return root


def counting(task: str) -> str:
    """The code of a metric that also looks at its columns."""
    held = ["id", "class", *CONTENT[task]]
    return COUNTING.replace("{wanted}", repr(([*held, "area", "crowd", "ignore"], [*held, "score"])))


@pytest.mark.parametrize("task", list(CONTENT))
def test_objects_are_rows_of_tables(tmp_path: Path, task: str) -> None:
    root = own_challenge(tmp_path, task, counting(task), "  subgroups: [site]\n")
    accepted = {"leak/small-subgroup": "the images are drawn"}
    jobs.build(root, tmp_path / "bundle", workers=1, accepted=accepted)
    truth = json.loads((tmp_path / "bundle/private/truth.json").read_bytes())
    sample = tmp_path / "bundle/public/sample_submission.json"
    scores = grade(open_bundle(tmp_path / "bundle"), sample).scores
    with (tmp_path / "bundle/private/solution.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = [one["image_id"] for one in truth["annotations"] if not one["iscrowd"]]
    away = np.abs(np.bincount(numbers, minlength=len(rows) + 1)[1:] - 1)  # the sample has one object an image
    found = {(score.part, score.group): (score.value, score.n) for score in scores}
    for part in ("public", "private"):
        every = np.array([row["Usage"].lower() == part for row in rows])
        assert found[part, ""] == (pytest.approx(away[every].mean()), every.sum())
        for site in {row["site"] for row, member in zip(rows, every, strict=True) if member}:
            member = every & np.array([row["site"] == site for row in rows])
            assert found[part, f"site={site}"] == (pytest.approx(away[member].mean()), member.sum())


LOOKING = '''
def score(solution, submission, row_id_column_name):
    """Whether the tables hold, object by object, what COCO would say."""
    both = solution[solution["class"] != ""].merge(submission, on=[row_id_column_name, "class"])
    same = both.apply(lambda row: row["{key}_x"] == row["{key}_y"], axis=1)
    return float(both[same][row_id_column_name].nunique() / both[row_id_column_name].nunique())
'''


@pytest.mark.parametrize(("task", "key"), [("instance_segmentation", "segmentation"), ("keypoints", "keypoints")])
def test_what_an_object_is_stands_in_one_cell(tmp_path: Path, task: str, key: str) -> None:
    """The trial would refuse a bundle whose own truth, sent as a submission, did not score like itself."""
    root = own_challenge(tmp_path, task, LOOKING.replace("{key}", key), better="true")
    jobs.build(root, tmp_path / "bundle", workers=1)
    truth = json.loads((tmp_path / "bundle/private/truth.json").read_bytes())
    sent = [
        {"image_id": one["image_id"], "category_id": one["category_id"], key: one[key], "score": 0.5}
        for one in truth["annotations"]
    ]
    scores = grade(open_bundle(tmp_path / "bundle"), json.dumps(sent).encode()).scores
    assert [score.value for score in scores] == [1.0, 1.0]


def test_other_metrics_stand_beside_it(tmp_path: Path) -> None:
    root = own_challenge(tmp_path, "detection", counting("detection"))
    path = root / "challenge.yaml"
    path.write_text(path.read_text().replace("draws: 0", "draws: 0, also: [box_ap]"))
    jobs.build(root, tmp_path / "bundle", workers=1)
    result = grade(open_bundle(tmp_path / "bundle"), tmp_path / "bundle/public/sample_submission.json")
    assert [record["name"] for record in result.metrics] == ["metric.py:score", "box_ap"]


@pytest.mark.parametrize(
    ("code", "rule", "words"),
    [
        ("def score(solution, submission, row):\n    return 1 / 0\n", "trial/own-metric", "ZeroDivisionError"),
        ("def other():\n    pass\n", "trial/own-metric", "no function score"),
        ("def score(solution, submission, row):\n    return -float(len(submission))\n", "trial/perfect", "sample"),
    ],
)
def test_a_metric_that_fails_or_is_turned_round_stops_the_build(
    tmp_path: Path, code: str, rule: str, words: str
) -> None:
    better = "true" if rule == "trial/perfect" else "false"
    root = own_challenge(tmp_path, "detection", code, better=better)
    with pytest.raises(BundleError) as caught:
        jobs.build(root, tmp_path / "bundle", workers=1)
    assert rule in {finding.rule for finding in caught.value.findings}
    assert any(words in finding.message for finding in caught.value.findings)


@pytest.mark.parametrize("task", ["semantic_segmentation", "panoptic_segmentation"])
def test_label_images_are_no_tables(tmp_path: Path, task: str) -> None:
    root = own_challenge(tmp_path, task, "def score(solution, submission, row):\n    return 1.0\n")
    with pytest.raises(ChallengeError) as caught:
        load_challenge(root)
    assert "label images have none" in caught.value.findings[0].message
