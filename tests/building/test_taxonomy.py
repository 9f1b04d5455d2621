"""Classes that stand in a tree: from challenge.yaml to the score."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import metrics
from compete import jobs
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.errors import ChallengeError, CompeteError
from compete.scoring.grading import grade
from metrics.taxonomy import Tree

SPECIES = {
    "leo": ("panthera", "cats"),
    "tigris": ("panthera", "cats"),
    "lynx": ("lynx", "cats"),
    "lupus": ("canis", "dogs"),
}
N = 160
RANDOM = np.random.default_rng(5)
LABEL = RANDOM.choice(list(SPECIES), N).tolist()
Make = Callable[..., Path]


@pytest.fixture
def challenge(tmp_path: Path) -> Make:
    """Writes a challenge with a taxonomy; ``tree`` are the rows of tree.csv."""

    def make(taxonomy: Any, tree: list[list[str]] | None = None, **score: Any) -> Path:
        rows = [[f"i{number:03}", name, *SPECIES[name], number % 7] for number, name in enumerate(LABEL)]
        _write(tmp_path / "table.csv", [["name", "species", "genus", "family", "length"], *rows])
        if tree:
            _write(tmp_path / "tree.csv", tree)
        told = {"taxonomy": taxonomy} if taxonomy else {}
        drop = [] if isinstance(taxonomy, list) else ["genus", "family"]
        content = {
            "name": "beasts", "title": "Beasts", "version": "1.0", "license": "CC0-1.0", "task": "classification",
            "data": {"path": "table.csv", "id": "name", "label": "species", **told, **({"drop": drop} if drop else {})},
            "split": {"test": 0.5, "public": 0.5, "seed": "0f1e2d3c4b5a6978"},
            "score": {"metric": "hierarchical_fbeta", "also": ["tree_distance", "accuracy"], "draws": 20} | score,
        }  # fmt: skip
        (tmp_path / "challenge.yaml").write_text(json.dumps(content))
        return tmp_path

    return make


def _write(path: Path, rows: list[list[Any]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


EDGES = [
    ["name", "parent"], ["leo", "panthera"], ["tigris", "panthera"], ["panthera", "cats"], ["lynx", "lynxes"],
    ["lynxes", "cats"], ["lupus", "canis"], ["canis", "dogs"], ["unused", "dogs"],
]  # fmt: skip
LINES = [["species", "genus", "family"], *([name, *above] for name, above in SPECIES.items())]


@pytest.mark.parametrize(("taxonomy", "tree"), [("tree.csv", EDGES), ("tree.csv", LINES), (["genus", "family"], None)])
def test_the_tree_reaches_the_score(challenge: Make, tmp_path: Path, taxonomy: Any, tree: Any) -> None:
    out = tmp_path / "bundle"
    jobs.build(challenge(taxonomy, tree), out, workers=1)
    bundle = open_bundle(out)
    assert len(bundle.terms.parents) == len(bundle.terms.classes) + len(bundle.terms.taxa) == 4 + 5
    assert "genus" not in (out / "public" / "train.csv").read_text().splitlines()[0]
    assert "The tree of the classes stands in `challenge.json`" in (out / "public" / "README.md").read_text()
    with (out / "private" / "solution.csv").open(newline="") as file:
        solution = list(csv.DictReader(file))
    guess = RANDOM.choice(list(SPECIES), len(solution)).tolist()
    mine = tmp_path / "mine.csv"
    _write(mine, [["id", "species"], *([row["id"], name] for row, name in zip(solution, guess, strict=True))])
    result = grade(bundle, mine)
    above = {"leo": "panthera", "tigris": "panthera", "panthera": "cats", "lynx": "lynxes", "lynxes": "cats"}
    oracle = Tree.from_parents(bundle.terms.classes, above | {"lupus": "canis", "canis": "dogs"})
    for part in ("Public", "Private"):
        pairs = [(row["species"], name) for row, name in zip(solution, guess, strict=True) if row["Usage"] == part]
        true, predicted = zip(*pairs, strict=True)
        found = {one.metric: one.value for one in result.scores if one.part == part.lower() and not one.group}
        for name, value in found.items():
            assert value == pytest.approx(metrics.get(name)(true, predicted, None, oracle), abs=1e-12)


@pytest.mark.parametrize(
    ("taxonomy", "tree", "message"),
    [
        (None, None, "hierarchical_fbeta needs the tree"),
        ("tree.csv", [EDGES[0], *EDGES[2:]], "1 class has no place in the tree"),
        ("tree.csv", [*EDGES, ["cats", "leo"]], "circle"),
        ("tree.csv", [*EDGES, ["leo", "canis"]], "1 node has two parents"),
        ("tree.csv", [*LINES, ["onca", "panthera", "dogs"]], "1 node has two parents"),
    ],
)
def test_what_is_no_tree_is_refused(challenge: Make, taxonomy: Any, tree: Any, message: str) -> None:
    root = challenge(taxonomy, tree)
    with pytest.raises(CompeteError) as caught:
        plan_build(load_challenge(root))
    told = [finding for finding in caught.value.findings if finding.rule == "challenge/taxonomy"]
    assert any(message in finding.message for finding in told)


def test_a_missing_table_or_column_is_told(challenge: Make) -> None:
    for taxonomy, rule in (("nowhere.csv", "dataset/missing-file"), (["genus", "order"], "dataset/missing-column")):
        with pytest.raises(CompeteError) as caught:
            plan_build(load_challenge(challenge(taxonomy)))
        assert rule in {finding.rule for finding in caught.value.findings}


def test_ancestors_are_not_shown_and_belong_to_classification(challenge: Make) -> None:
    root = challenge(["genus", "family"])
    content = json.loads((root / "challenge.yaml").read_text())
    content["data"]["features"] = ["length", "genus"]
    (root / "challenge.yaml").write_text(json.dumps(content))
    with pytest.raises(ChallengeError) as caught:
        load_challenge(root)
    assert [finding.rule for finding in caught.value.findings] == ["challenge/label-shown"]
    content["data"] |= {"features": ["genus"], "label": "length"}
    content |= {"task": "regression", "score": {"metric": "mae"}}
    (root / "challenge.yaml").write_text(json.dumps(content))
    with pytest.raises(ChallengeError) as caught:
        load_challenge(root)
    assert "challenge/task-mismatch" in {finding.rule for finding in caught.value.findings}
