"""What is advised where Metrics Reloaded has no path: numbers, forecasts, lists, texts, spans, times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import metrics
from compete.challenge import Challenge, load_challenge
from compete.recommending.items import CATEGORIES
from compete.recommending.other_tasks import TASKS as ADVISED
from compete.recommending.other_tasks import other_path
from compete.scoring.measures import metric_findings
from compete.tasks import KINDS, TASKS
from compete.terms import Terms
from tests.recommending.test_figures import table

LABEL = {"survival": "[time, event]"}
EVEN = np.random.default_rng(0).normal(size=400)
TAILED = np.where(np.arange(400) % 40 == 0, 1000 * EVEN, EVEN)


def challenge(folder: Path, task: str, label: str = "y", more: str = "", metric: str = "") -> Challenge:
    """A challenge of a table."""
    metric = metric or TASKS[task].metric
    text = f"name: x\ntitle: X\ntask: {task}\ndata: {{path: x.csv, label: {LABEL.get(task, label)}}}\n"
    (folder / "challenge.yaml").write_text(f"{text}split: {{seed: s}}\nscore: {{metric: {metric}}}\n{more}")
    return load_challenge(folder)


def advised(folder: Path, task: str, columns: dict[str, list[str]], **more: str) -> list[str]:
    """The metrics that are advised, the one to rank by first."""
    walk = other_path(challenge(folder, task, **more), table(columns))
    assert walk.advice[0].role == "ranking"
    assert f"no path for {task}" in walk.notes[0].message
    return [one.metric for one in walk.advice]


def texts(numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[str]:
    """Numbers as a table has them."""
    return [repr(number) for number in numbers.tolist()]


def test_every_task_has_advice() -> None:
    assert set(ADVISED) | set(CATEGORIES) | {"regression"} >= set(TASKS)


@pytest.mark.parametrize("task", ADVISED)
def test_each_task_gets_metrics_that_it_can_compute(tmp_path: Path, task: str) -> None:
    found = advised(tmp_path, task, {"y": ["a"]})
    assert len(found) == len(ADVISED[task])
    terms = Terms("x", "x", "1", task, ("y",), TASKS[task].kinds[0], ("y",), found[0], also=tuple(found[1:]))
    assert metric_findings(terms) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"y": EVEN}, ["rmse", "mae", "r2"]),
        ({"y": TAILED}, ["mae", "rmse", "r2"]),
        ({"y": EVEN, "z": EVEN[::-1]}, ["rmse", "mae", "r2"]),
        ({"y": EVEN, "z": 1.9 * EVEN}, ["rmse", "mae", "r2"]),
        ({"y": 2.1 * EVEN, "z": EVEN}, ["columnwise(metric=r2)", "rmse", "mae"]),
        ({"y": EVEN, "z": 100 * EVEN}, ["columnwise(metric=r2)", "rmse", "mae"]),
    ],
)
def test_numbers_by_their_tails_and_scales(
    tmp_path: Path, values: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]], expected: list[str]
) -> None:
    label = "[y, z]" if len(values) > 1 else "y"
    columns = {name: texts(numbers) for name, numbers in values.items()}
    assert advised(tmp_path, "regression", columns, label=label) == expected
    terms = Terms("x", "x", "1", "regression", tuple(values), "value", tuple(values), expected[0], also=tuple(expected))
    assert metric_findings(terms) == []


@pytest.mark.parametrize(
    ("kind", "at", "expected"),
    [
        ("interval", "", "interval_score"),
        ("spread", "", "crps_normal"),
        ("ensemble", "", "crps_ensemble"),
        ("cumulative", "[1, 2]", "crps_cumulative"),
        ("quantiles", "[0.1, 0.9]", "quantile_loss"),
    ],
)
def test_forecasts_get_their_proper_score(tmp_path: Path, kind: str, at: str, expected: str) -> None:
    columns = ", columns: [a, b]" if kind == "ensemble" else ""
    more = f"submission: {{kind: {kind}{columns}{f', at: {at}' if at else ''}}}\n"
    found = advised(tmp_path, "regression", {"y": texts(EVEN)}, more=more, metric=expected)
    assert found == [expected]
    assert metrics.get(expected).needed <= KINDS[kind].views


def test_shares_and_chances_of_survival(tmp_path: Path) -> None:
    found = advised(
        tmp_path, "regression", {"y": texts(EVEN), "z": texts(EVEN)}, label="[y, z]", metric="kl_divergence"
    )
    assert found == ["kl_divergence"]
    more = "submission: {kind: survival, at: [1, 2]}\n"
    found = advised(tmp_path, "survival", {"time": ["1"], "event": ["1"]}, more=more, metric="integrated_brier")
    assert found == ["integrated_brier", "concordance_index"]
