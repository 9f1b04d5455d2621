"""The master tests: public bytes do not depend on hidden labels, and no hidden label is in them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete.audits.gate.streams import streams_of
from compete.building.parts import TRAIN_PART
from compete.building.pipeline import write_bundle
from compete.building.plan import Plan, plan_build
from compete.challenge import load_challenge
from compete.files import files_below
from tests.audits.gate.clean import write_table
from tests.building.scenes import FORMS, write_scenes

CANARIES = """
name: canary
title: Canary
version: "1.0"
license: CC0-1.0
task: regression
data: {path: table.csv, id: name, label: label, features: [length]}
split: {test: 0.5, seed: 5b1f0c2e9a7b4438}
score: {metric: rmse}
"""


def public_tree(plan: Plan, out: Path) -> dict[str, str]:
    """A digest of every public byte, and of the manifest."""
    write_bundle(plan, out, workers=1)
    paths = [*files_below(out / "public"), out / "manifest.json"]
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize(("task", "form"), FORMS)
def test_objects_of_the_test_leave_no_trace(tmp_path: Path, task: str, form: str) -> None:
    plan = plan_build(load_challenge(write_scenes(tmp_path, task, form=form)))
    other = without_hidden_objects(plan)
    assert public_tree(plan, tmp_path / "one") == public_tree(other, tmp_path / "other")


def test_no_canary_is_public_however_it_is_packed(tmp_path: Path) -> None:
    """Every hidden label is a number of its own, and none of these is in any public byte, packed or spelt."""
    chance = np.random.default_rng(7)
    label = [f"{value:.17f}" for value in chance.random(120)]
    length = np.round(chance.normal(size=120), 3).tolist()
    write_table(tmp_path / "table.csv", {"name": list(range(120)), "label": label, "length": length})
    (tmp_path / "challenge.yaml").write_text(CANARIES)
    plan = plan_build(load_challenge(tmp_path))
    write_bundle(plan, tmp_path / "out", workers=1)
    hidden = [label[row] for row in np.flatnonzero(plan.part != TRAIN_PART).tolist()]
    canaries = [*(text[2:16].encode() for text in hidden), plan.key, plan.key.hex().encode()]
    solution = (tmp_path / "out/private/solution.csv").read_bytes()
    assert all(canary in solution for canary in canaries[:-2])
    for path in [*files_below(tmp_path / "out" / "public"), tmp_path / "out" / "manifest.json"]:
        for name, data in streams_of(path.name, path.read_bytes()):
            assert not [canary for canary in canaries if canary in data], name


def permuted(plan: Plan) -> Plan:
    """The same plan with other labels of the test items."""
    test = np.flatnonzero(plan.part != TRAIN_PART)
    order = np.random.default_rng(8).permutation(test)
    target: dict[str, Any] = {}
    for name, values in plan.target.items():
        target[name] = values.copy()
        target[name][test] = values[order]
    assert any((target[name] != plan.target[name]).any() for name in target)
    return replace(plan, target=target)


def without_hidden_objects(plan: Plan) -> Plan:
    """The same plan with objects in one test image alone; of label images each has that of another."""
    dataset = plan.dataset
    test = np.flatnonzero(plan.part != TRAIN_PART)
    hidden = set(dataset.items.index[test])
    labels = dataset.labels
    if dataset.maps is None:
        item = labels["item"].to_numpy()
        inside = np.isin(item, list(hidden))
        kept = ~inside | (item == item[inside][0])
        assert not kept.all()
        return replace(plan, dataset=replace(dataset, labels=labels.take(np.flatnonzero(kept))))
    order = np.arange(len(dataset.items))
    order[test] = np.roll(test, 1)
    names = dataset.items.index.to_numpy()
    # The image at row r gets the label image of row order[r], and with it that image's labels.
    taker = {names[giver]: names[row] for row, giver in enumerate(order.tolist())}
    moved = labels.assign(item=[taker[item] for item in labels["item"]])
    assert [*moved["item"]] != [*labels["item"]]
    return replace(plan, dataset=replace(dataset, maps=dataset.maps.take(order), labels=moved))
