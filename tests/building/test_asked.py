"""The order of classes, groups combined by direction, labels too large: what is asked for is what is meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from compete import jobs
from compete.audits.gate import audit_bundle
from compete.audits.gate.folder import Reach
from compete.building.plan import Plan, plan_build
from compete.challenge import load_challenge
from compete.errors import BundleError, ChallengeError, DatasetError, Finding

N = 60
GRADES = [str(place % 12) for place in range(N)]
WORDS = ["none", "mild", "severe"] * (N // 3)
Make = Callable[..., Path]


@pytest.fixture
def challenge(tmp_path: Path) -> Make:
    """Writes a challenge on a table with one label column, or several."""

    def write(label: dict[str, Sequence[str]], metric: str, task: str = "classification", **blocks: Any) -> Path:
        columns = {"key": [f"k{row:02}" for row in range(N)], "site": ["ab"[row % 2] for row in range(N)],
                   "shade": [str(row * 7 % 11) for row in range(N)], **label}  # fmt: skip
        (tmp_path / "table.csv").write_text(
            "\n".join(",".join(row) for row in [list(columns), *zip(*columns.values(), strict=True)]) + "\n"
        )
        content = {
            "name": "asked", "title": "Asked", "license": "CC0-1.0", "task": task,
            "data": {"path": "table.csv", "id": "key", "label": list(label), "subgroups": ["site"],
                     **blocks.get("data", {})},
            "split": {"test": 0.5, "public": 0.5, "seed": "0f1e2d3c4b5a6978"},
            "score": {"metric": metric, "draws": 0, **blocks.get("score", {})},
        }  # fmt: skip
        (tmp_path / "challenge.yaml").write_text(json.dumps(content))
        return tmp_path

    return write


def planned(root: Path) -> Plan:
    return plan_build(load_challenge(root))


def told(root: Path, rule: str) -> list[Finding]:
    return [finding for finding in planned(root).findings if finding.rule == rule]


def test_classes_that_are_numbers_are_sorted_as_numbers(challenge: Make) -> None:
    plan = planned(challenge({"grade": GRADES}, "cohen_kappa(weights=quadratic)"))
    assert plan.terms.classes == tuple(map(str, range(12)))
    assert [row[0] for row in plan.balance] == list(plan.terms.classes)
    assert not [finding for finding in plan.findings if finding.rule == "challenge/class-order"]


def test_classes_of_several_columns_are_sorted_as_numbers(challenge: Make) -> None:
    root = challenge({"one": GRADES, "two": WORDS}, "columnwise(metric=accuracy)", "multioutput")
    assert planned(root).terms.classes_of == (tuple(map(str, range(12))), ("mild", "none", "severe"))


def test_one_class_that_is_no_number_sorts_all_as_text(challenge: Make) -> None:
    cells = ["none" if cell == "0" else cell for cell in GRADES]
    assert planned(challenge({"grade": cells}, "accuracy")).terms.classes[:3] == ("1", "10", "11")


def test_a_declared_order_stands(challenge: Make) -> None:
    order = [str(place) for place in range(11, -1, -1)]
    root = challenge({"grade": GRADES}, "cohen_kappa(weights=linear)", data={"classes": order})
    assert planned(root).terms.classes == tuple(order)
    assert not told(root, "challenge/class-order")


@pytest.mark.parametrize(
    ("metric", "also", "count"),
    [
        ("cohen_kappa(weights=quadratic)", [], 1),
        ("expected_cost(costs=[0, 1, 5, 1, 0, 1, 5, 1, 0])", [], 1),
        ("0.5*accuracy + 0.5*cohen_kappa(weights=linear)", ["cohen_kappa(weights=linear)"], 2),
        ("f1_macro", [{"name": "agreed", "metric": "cohen_kappa(weights=linear)"}], 1),
        ("cohen_kappa", ["expected_cost", "accuracy"], 0),
    ],
)
def test_an_order_that_is_a_guess_is_told(challenge: Make, metric: str, also: list[Any], count: int) -> None:
    found = told(challenge({"grade": WORDS}, metric, score={"also": also}), "challenge/class-order")
    assert [finding.severity for finding in found] == ["warning"] * count
    assert all("mild, none, severe" in one.message and "data.classes" in one.hint for one in found)


def test_an_order_is_a_guess_in_columns_too(challenge: Make) -> None:
    metric = 'columnwise(metric="cohen_kappa(weights=linear)")'
    assert told(challenge({"one": GRADES, "two": WORDS}, metric, "multioutput"), "challenge/class-order")
    assert not told(challenge({"one": GRADES, "two": GRADES[5:] + GRADES[:5]}, metric, "multioutput"),
                    "challenge/class-order")  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "by", "warned"),
    [("rmse", "minimum", True), ("rmse", "maximum", False), ("rmse", "worst", False), ("rmse", "mean", False),
     ("r2", "maximum", True), ("r2", "minimum", False)],
)  # fmt: skip
def test_the_best_group_in_place_of_the_worst_is_told(challenge: Make, metric: str, by: str, warned: bool) -> None:
    combine = [{"name": "group", "metric": metric, "over": "site", "by": by}]
    root = challenge({"y": [str(row * 13 % 17) for row in range(N)]}, "mae", "regression", score={"combine": combine})
    found = told(root, "challenge/best-group")
    assert [finding.hint for finding in found] == ["say by: worst"] * warned
    own = f"by_type(metric={metric}, over=site, by={by})"
    found = told(challenge({"y": GRADES}, own, "regression"), "challenge/best-group")
    assert [finding.hint for finding in found] == ["say by=worst"] * warned


def test_the_worst_group_of_an_error_is_the_one_with_the_largest(challenge: Make, tmp_path: Path) -> None:
    from compete.bundle import open_bundle
    from compete.scoring.grading import grade

    ways = ("worst", "maximum", "minimum")
    combine = [{"name": by, "metric": "rmse", "over": "site", "by": by} for by in ways]
    score = {"combine": combine, "smallest_subgroup": 5, "draws": 20}
    labels = [str(row * 13 % 17 * (1 + row % 2)) for row in range(N)]
    root = challenge({"y": labels}, "0.5*rmse + 0.5*worst", "regression", score=score)
    bundle = tmp_path / "bundle"
    jobs.build(root, bundle, workers=1)
    result = grade(open_bundle(bundle), bundle / "public" / "sample_submission.csv")
    assert {one["by"] for one in result.metrics} == {"", *ways}
    value = {one.metric: one.value for one in result.scores if one.part == "private" and not one.group}
    groups = [one.value for one in result.scores if one.metric == result.metric and one.part == "private" and one.group]
    assert len(groups) == 2
    assert value["worst"] == value["maximum"] > value["minimum"]
    ends = {one.metric: (one.low, one.high) for one in result.scores if one.part == "private" and not one.group}
    assert ends["worst"] == ends["maximum"]
    assert None not in ends["worst"]


@pytest.mark.parametrize(("one", "other"), [("0.5*mix + 0.5*f1", "accuracy"), ("0.5*rest + 0.5*f1", "mix + recall")])
def test_a_short_name_that_is_made_of_itself_is_told(challenge: Make, one: str, other: str) -> None:
    mixed = {"metric": {"name": "mix", "metric": one}, "also": [{"name": "rest", "metric": other}]}
    with pytest.raises(ChallengeError) as caught:
        load_challenge(challenge({"grade": WORDS}, "", score=mixed))
    assert caught.value.findings[0].rule == "challenge/contradiction"
    assert "`mix` is made of itself" in caught.value.findings[0].message


@pytest.mark.parametrize("command", [jobs.check_challenge, jobs.recommend])
def test_labels_too_large_to_be_added_up_are_told_alone(challenge: Make, command: Callable[[Path], object]) -> None:
    cells = ["-1e308", "1e308", *map(str, range(N - 2))]
    root = challenge({"y": cells}, "rmse", "regression")
    with pytest.raises(DatasetError) as caught:  # a warning of numpy would be an error, too
        command(root)
    (finding,) = [one for one in caught.value.findings if one.severity == "error"]
    assert (finding.rule, finding.count) == ("dataset/huge-number", 2)


def test_an_own_metric_that_ranks_nobody_stops_the_build(challenge: Make, tmp_path: Path) -> None:
    root = challenge({"grade": WORDS}, "metric.py:score", score={"greater_is_better": True, "also": ["accuracy"]})
    (root / "metric.py").write_text("def score(solution, submission, row_id_column_name): return float('nan')")
    with pytest.raises(BundleError) as caught:
        jobs.build(root, tmp_path / "bundle", workers=1)
    found = [(one.rule, one.severity) for one in caught.value.findings if one.severity != "note"]
    assert found == [("trial/undefined", "error")] * 2
    assert not (tmp_path / "bundle").exists()


def test_a_sample_of_orderings_that_knows_an_order_is_found(challenge: Make, tmp_path: Path) -> None:
    cells = [" ".join(f"{'bac'[(row + place) % 3]}{row}" for place in range(3)) for row in range(N)]
    bundle = tmp_path / "bundle"
    jobs.build(challenge({"order": cells}, "ordering_tau", "ordering"), bundle, workers=1)
    assert not leaks(bundle)
    sample = bundle / "public" / "sample_submission.csv"
    clean = sample.read_text()
    lines = clean.splitlines()
    name, _, said = lines[7].partition(",")
    sample.write_text("\n".join([*lines[:7], f"{name},{' '.join(reversed(said.split()))}", *lines[8:], ""]))
    (finding,) = leaks(bundle)
    assert (finding.severity, finding.count) == ("error", 1)
    sample.write_text(clean.replace(said, said.replace(" ", "  ")))
    assert len(leaks(bundle)) == 1


def leaks(bundle: Path) -> list[Finding]:
    return [finding for finding in audit_bundle(bundle, Reach(workers=1)) if finding.rule == "leak/sample"]
