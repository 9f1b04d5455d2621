"""Faults of boxes, against all pairs compared one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from compete.audits import objects
from compete.audits.objects import SAME, Boxes, covering_pairs
from compete.dataset import Dataset
from compete.errors import Finding
from tests.audits.clean_data import write_challenge


def found_in(tmp_path: Path, boxes: list[tuple[str, str, float, float, float, float]]) -> dict[str, Finding]:
    """What is told of boxes ``(image, class, x, y, width, height)``, by rule."""
    challenge = write_challenge(tmp_path, {"label": "label", "id": "id"})
    labels = pd.DataFrame(boxes, columns=["item", "label", "x", "y", "width", "height"])
    labels["crowd"] = False
    told = objects.audit(challenge, Dataset(pd.DataFrame(), labels, source="boxes.json"), None)
    return {one.rule.removeprefix("audit/"): one for one in told}


def many(seed: int = 0, n: int = 60) -> list[tuple[str, str, float, float, float, float]]:
    chance = np.random.default_rng(seed)
    return [
        (f"i{row % 7}", "cell", row * 50.0, row * 40.0, float(chance.uniform(20, 40)), float(chance.uniform(20, 40)))
        for row in range(n)
    ]


def test_usual_boxes_are_not_told(tmp_path: Path) -> None:
    assert found_in(tmp_path, many()) == {}


def test_faults_are_told(tmp_path: Path) -> None:
    image, _, x, y, width, height = many()[8]
    wrong = [
        (image, "cell", x + 0.5, y, width, height), (image, "speck", x, y + 0.5, width, height),
        ("i3", "cell", 9.0, 9.0, 0.0, 4.0), ("i4", "cell", 5000.0, 5000.0, 1.0, 1.0),
        ("i5", "cell", 1.0, 1.0, 2000.0, 900.0),
    ]  # fmt: skip
    found = found_in(tmp_path, many() + wrong)
    assert {rule: one.count for rule, one in found.items()} == {
        "empty-box": 1, "box-twice": 1, "box-conflict": 2, "box-size": 1,
    }  # fmt: skip
    assert found["box-conflict"].items[0].startswith("i1: ")


def test_boxes_of_one_size(tmp_path: Path) -> None:
    found = found_in(tmp_path, [(f"i{row}", "tick", row * 3.0, 5.0, 32.0, 32.0) for row in range(40)])
    assert found["equal-boxes"].message == "40 of 40 boxes measure 32 × 32"


def test_covering_pairs_are_those_of_all_comparisons() -> None:
    chance = np.random.default_rng(0)
    total = 0
    for _ in range(20):
        first = np.column_stack([chance.uniform(0, 60, (120, 2)), chance.uniform(3, 40, (120, 2))])
        box = np.concatenate([first, first * chance.uniform(0.97, 1.03, first.shape)])
        item = np.tile(chance.integers(0, 3, 120), 2)
        low = np.maximum(box[:, None, :2], box[None, :, :2])
        high = np.minimum((box[:, :2] + box[:, 2:])[:, None], (box[:, :2] + box[:, 2:])[None])
        common = np.clip(high - low, 0, None).prod(axis=2)
        area = box[:, 2:].prod(axis=1)
        overlap = common / (area[:, None] + area - common)
        near = np.argwhere((overlap > SAME) & (item[:, None] == item))
        wanted = {(a, b) for a, b in near.tolist() if a < b}
        boxes = Boxes(item, item * 0, box[:, :2], box[:, 2:], np.arange(3), np.array(["cell"]))
        one, other, share = covering_pairs(boxes, np.ones(240, dtype=bool))
        assert {(min(pair), max(pair)) for pair in zip(one.tolist(), other.tolist(), strict=True)} == wanted
        assert np.allclose(share, overlap[one, other])
        total += len(wanted)
    assert total > 200


def test_thousands_of_boxes_on_one_spot_are_told_without_comparing_all() -> None:
    n = 8000
    side = np.full((n, 2), 50.0)
    boxes = Boxes(np.zeros(n, int), np.zeros(n, int), side, side, np.arange(1), np.array(["cell"]))
    assert 100_000 < len(covering_pairs(boxes, np.ones(n, dtype=bool))[0]) < 2_000_000
