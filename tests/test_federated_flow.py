"""Challenges where not every class was looked for in every image: from the source to the score."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import metrics
from compete import jobs
from compete.building.coco_text import coco_bytes
from compete.building.pipeline import rehearse_bundle, write_bundle
from compete.building.plan import Plan, plan_build
from compete.building.starter import write_challenge as begin
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.errors import ChallengeError, Finding
from compete.files import files_below
from compete.hidden import pack_truth, unpack_truth
from compete.readers import recognise_dataset
from compete.readers.formats.coco_file import read_coco
from compete.scoring.grading import grade
from compete.scoring.trial import try_scoring
from compete.terms import FEDERATED_METRICS
from metrics import federated_detection
from metrics.federated import Federated
from tests.building.federated_scenes import FREQUENCY, NAMES, PARENTS, near_misses, write_lvis, write_open_images
from tests.scoring.federated_rules import lvis_ap, open_images_ap

RULES = {"lvis_box_ap": lvis_ap, "open_images_ap": open_images_ap}


@pytest.fixture(scope="module", params=["lvis_box_ap", "open_images_ap"])
def built(request: Any, tmp_path_factory: Any) -> tuple[str, Path]:
    """The metric, and a bundle that is scored by it."""
    folder = tmp_path_factory.mktemp("federated")
    if request.param == "lvis_box_ap":
        root = write_lvis(folder / "c", 'lvis_box_ap lvis_box_ap(frequency="rare") box_ap'.replace('"', ""))
    else:
        root = write_open_images(folder / "c", "open_images_ap box_ap")
    jobs.build(root, folder / "bundle", workers=1)
    return request.param, folder / "bundle"


def content(path: Path) -> Any:
    return json.loads(path.read_bytes())


def halves(bundle: Path) -> dict[str, list[int]]:
    """The numbers of the test images of each half."""
    with (bundle / "private/solution.csv").open(newline="") as file:
        usage = [row["Usage"].lower() for row in csv.DictReader(file)]
    return {part: [place for place, one in enumerate(usage, 1) if one == part] for part in ("public", "private")}


@pytest.mark.parametrize("seed", range(3))
def test_a_submission_gets_the_score_of_the_official_rules(built: tuple[str, Path], seed: int) -> None:
    metric, bundle = built
    truth = content(bundle / "private/truth.json")
    results = near_misses(truth, seed)
    scored = grade(open_bundle(bundle), json.dumps(results).encode(), draws=0)
    told = {(score.metric, score.part): score.value for score in scored.scores}
    for part, images in halves(bundle).items():
        assert told[metric, part] == pytest.approx(RULES[metric](truth, results, images), abs=1e-12)
        if metric == "lvis_box_ap":
            rare = lvis_ap(truth, results, images, "r")
            assert told["lvis_box_ap(frequency=rare)", part] == pytest.approx(rare, abs=1e-12)
        plain = told["box_ap", part]
        assert plain is not None
        assert plain != told[metric, part]


def test_training_images_are_scored_by_the_same_rules(built: tuple[str, Path]) -> None:
    metric, bundle = built
    train = content(bundle / "public/train.json")
    results = near_misses(train, 7)
    scored = grade(open_bundle(bundle / "public"), json.dumps(results).encode(), on="train", draws=20)
    score = scored.scores[0]
    wanted = RULES[metric](train, results, [image["id"] for image in train["images"]])
    assert score.value == pytest.approx(wanted, abs=1e-12)
    assert score.low is not None
    assert score.low <= score.value <= (score.high or 0)


def test_what_is_known_of_test_images_is_hidden(built: tuple[str, Path]) -> None:
    metric, bundle = built
    test, train, hidden = (
        content(bundle / name) for name in ("public/test.json", "public/train.json", "private/truth.json")
    )
    assert {frozenset(image) for image in test["images"]} == {frozenset({"id", "file_name", "width", "height"})}
    assert all("neg_category_ids" in image for image in [*train["images"], *hidden["images"]])
    assert test["categories"] == train["categories"] == hidden["categories"]
    guide = (bundle / "public/README.md").read_text()
    assert "`neg_category_ids`" in guide
    if metric == "lvis_box_ap":
        assert [one["frequency"] for one in test["categories"]] == list(FREQUENCY)
        assert "`parents`" not in guide
    else:
        above = {one["id"]: one["parents"] for one in test["categories"]}
        assert above == {code: [PARENTS[code]] if code in PARENTS else [] for code in range(1, 7)}
        assert "not_exhaustive_category_ids" not in guide


def test_the_compiled_truth_tells_what_the_coco_file_tells(built: tuple[str, Path]) -> None:
    metric, bundle = built
    hidden = content(bundle / "private/truth.json")
    raw = (bundle / "private/truth.npz").read_bytes()
    truth = unpack_truth(raw, "truth.npz")
    assert isinstance(truth, Federated)
    assert pack_truth(truth) == raw
    listed = {"absent": "neg", "present": "pos", "not_exhaustive": "not_exhaustive"}
    for name, key in listed.items():
        pairs = getattr(truth, name)
        wanted = [
            [place, code - 1]
            for place, image in enumerate(hidden["images"])
            for code in image.get(f"{key}_category_ids", [])
        ]
        assert (pairs is None and not wanted) or pairs.tolist() == wanted
    assert truth.absent is not None
    assert truth.objects.count == len(hidden["annotations"])
    assert (truth.frequency is None) == (metric != "lvis_box_ap")


def other_lists(plan: Plan) -> Plan:
    """The plan where the test images have each other's lists of what was looked for."""
    hidden = np.flatnonzero(plan.part != 0)
    order = np.arange(len(plan.part))
    order[hidden] = np.roll(hidden, 1)
    coverage = plan.dataset.coverage
    assert coverage
    assert coverage.absent is not None
    moved = np.stack([order[coverage.absent[:, 0]], coverage.absent[:, 1]], axis=1)
    return replace(plan, dataset=replace(plan.dataset, coverage=replace(coverage, absent=moved)))


@pytest.mark.parametrize("write", [write_lvis, write_open_images])
def test_public_bytes_do_not_depend_on_what_was_looked_for_in_test_images(tmp_path: Path, write: Any) -> None:
    plan = plan_build(load_challenge(write(tmp_path / "c", "lvis_box_ap")))
    told = {}
    for name, one in (("one", plan), ("other", other_lists(plan))):
        write_bundle(one, tmp_path / name, workers=1)
        told[name] = {path.relative_to(tmp_path / name): path.read_bytes() for path in files_below(tmp_path / name)}
    changed = {path.as_posix() for path, data in told["one"].items() if told["other"][path] != data}
    assert {"private/truth.npz", "private/truth.json"} <= changed
    assert [name for name in changed if name.startswith("public")] == []


def test_the_training_file_reads_back_as_it_was(tmp_path: Path) -> None:
    plan = plan_build(load_challenge(write_open_images(tmp_path / "c", "open_images_ap")))
    rows = np.arange(len(plan.id))
    (tmp_path / "again.json").write_bytes(coco_bytes(plan, rows, 1, annotated=True))
    again = read_coco(tmp_path / "again.json").coverage
    coverage = plan.dataset.coverage
    assert again
    assert coverage
    assert again.absent is not None
    assert again.present is not None
    assert coverage.absent is not None
    assert again.absent.tolist() == coverage.absent.tolist()
    assert coverage.present is not None
    assert again.present.tolist() == coverage.present.tolist()
    assert again.parents is not None
    assert {(one + 1, two + 1) for one, two in again.parents.tolist()} == set(PARENTS.items())


def told(root: Path) -> list[Finding]:
    """What is said of how metrics and data fit."""
    try:
        findings = plan_build(load_challenge(root)).findings
    except ChallengeError as error:
        findings = tuple(error.findings)
    return [finding for finding in findings if finding.rule == "challenge/coverage"]


def without_lists(root: Path, *keys: str) -> Path:
    """The challenge with its LVIS file shorn of some keys."""
    file = content(root / "lvis.json")
    for entry in (*file["images"], *file["categories"]):
        for key in keys:
            entry.pop(key, None)
    (root / "lvis.json").write_text(json.dumps(file))
    return root


def test_metrics_that_do_not_fit_the_data_are_told(tmp_path: Path) -> None:
    assert told(write_lvis(tmp_path / "a", "lvis_box_ap")) == []
    (plain,) = told(write_lvis(tmp_path / "b", "box_ap lvis_box_ap voc_ap"))
    assert (plain.severity, plain.items, plain.where) == ("warning", ("box_ap", "voc_ap"), "challenge.yaml:6:17")
    assert "nobody looked for" in plain.message
    shorn = without_lists(write_lvis(tmp_path / "c", "lvis_box_ap"), "neg_category_ids")
    (blind,) = told(shorn)
    assert (blind.severity, blind.items) == ("warning", ("lvis_box_ap",))
    assert "the data do not say otherwise" in blind.message
    nobody = without_lists(write_lvis(tmp_path / "d", "lvis_box_ap lvis_box_ap(frequency=rare)"), "frequency")
    (rare,) = told(nobody)
    assert (rare.severity, rare.where) == ("error", "challenge.yaml:6:39")
    assert "how frequent" in rare.message


def test_masks_are_scored_by_the_rules_of_lvis(tmp_path: Path) -> None:
    root = write_lvis(tmp_path / "c", "lvis_mask_ap lvis_box_ap", "instance_segmentation")
    jobs.build(root, tmp_path / "bundle", workers=1)
    bundle = tmp_path / "bundle"
    truth = content(bundle / "private/truth.json")
    chance = np.random.default_rng(1)
    order = chance.permutation(len(truth["annotations"]))
    known = [{**truth["annotations"][place], "score": 1 / (rank + 1)} for rank, place in enumerate(order.tolist())]
    for one in known[::2]:
        one["category_id"] = one["category_id"] % 6 + 1
    sent = [{key: one[key] for key in ("image_id", "category_id", "segmentation", "score")} for one in known]
    scored = grade(open_bundle(bundle), json.dumps(sent).encode(), draws=0)
    values = {(score.metric, score.part): score.value for score in scored.scores}
    for part, images in halves(bundle).items():
        wanted = lvis_ap(truth, known, images)
        assert values["lvis_mask_ap", part] == pytest.approx(wanted, abs=1e-12)
        assert values["lvis_box_ap", part] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("metric", ["open_images_ap", "open_images_ap(expand=truth)", "open_images_ap(expand=none)"])
def test_the_perfect_submission_is_perfect_however_classes_contain_each_other(tmp_path: Path, metric: str) -> None:
    root = write_open_images(tmp_path / "c", f"{metric} box_ap")
    findings = rehearse_bundle(plan_build(load_challenge(root)), workers=1, trial=try_scoring)
    assert [one.message for one in findings if one.rule == "trial/perfect"] == []


def test_groups_in_each_other_do_not_stop_a_build(tmp_path: Path) -> None:
    """Nobody can find the smaller of two nested groups for sure, so the trial warns and does not refuse."""
    plan = plan_build(load_challenge(write_open_images(tmp_path / "c", "open_images_ap")))
    labels = plan.dataset.labels.assign(crowd=True, label=NAMES[0])
    inner = labels.assign(x=labels["x"] + 1, y=labels["y"] + 1, width=labels["width"] - 2, height=labels["height"] - 2)
    both = pd.concat([labels, inner]).reset_index(drop=True)
    nested = replace(plan, dataset=replace(plan.dataset, labels=both))
    findings = rehearse_bundle(nested, workers=1, trial=try_scoring)
    found = [one for one in findings if one.rule == "trial/perfect"]
    assert {one.severity for one in found} == {"warning"}
    assert "lies in another" in found[0].hint


def test_a_begun_challenge_ranks_by_the_rules_of_its_data(tmp_path: Path) -> None:
    write_lvis(tmp_path / "lvis", "lvis_box_ap")
    write_open_images(tmp_path / "open", "open_images_ap")
    assert recognise_dataset(tmp_path / "open/release")[0] == "open_images"
    for source, metric in (("lvis/lvis.json", "lvis_mask_ap"), ("open/release", "open_images_ap")):
        started = begin(tmp_path / f"begun-{metric}", f"auto:{tmp_path / source}")
        challenge = load_challenge(started.path)
        assert challenge.score.metric == metric
        assert plan_build(challenge).terms.federated
    begun = begin(tmp_path / "boxes", f"coco:{tmp_path / 'lvis/lvis.json'}", task="detection")
    assert load_challenge(begun.path).score.metric == "lvis_box_ap"


def test_the_metrics_that_know_of_it_are_those_of_their_family() -> None:
    home = federated_detection.__name__
    family = {name for name in metrics.names() if metrics.get(name).collector.__module__ == home}
    assert set(FEDERATED_METRICS) == family
