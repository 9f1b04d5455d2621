"""Bootstrap leaderboards against slow plain code: items are repeated, and the score is computed again."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error, roc_auc_score

import metrics
from compete.leaderboard import drawing as drawing_module
from compete.leaderboard.drawing import Drawing, combined_scores, drawing_of, drawn_scores

N, TEAMS, DRAWS = 90, 4, 25


def slow(drawing: Drawing, score, truth, predictions) -> np.ndarray:
    """Repeat each item as often as its unit was drawn, and score."""
    out = []
    for batch in drawing.weighting.batches(len(truth)):
        for weight in drawing.weighting.spread(batch):
            item = np.repeat(np.arange(len(truth)), weight)
            out.append([score(truth[item], one[item]) for one in predictions])
    return np.array(out)


def of_kind(kind: str):
    random = np.random.default_rng(0)
    if kind == "labels":
        return random.integers(0, 3, N), random.integers(0, 3, (TEAMS, N)), range(3)
    if kind == "scores":
        return random.integers(0, 2, N), random.random((TEAMS, N)), range(2)
    return random.normal(size=N), random.normal(size=(TEAMS, N)), None


SCORES = {
    "accuracy": ("labels", accuracy_score),
    "f1_macro": ("labels", lambda true, predicted: f1_score(true, predicted, average="macro")),
    "rmse": ("values", lambda true, predicted: mean_squared_error(true, predicted) ** 0.5),
    "roc_auc": ("scores", roc_auc_score),
}


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", SCORES)
def test_drawn_scores_are_those_of_the_repeated_items(name: str, grouped: bool) -> None:
    kind, score = SCORES[name]
    truth, predictions, labels = of_kind(kind)
    metric = metrics.get(name)
    cluster = np.arange(N) // 3 if grouped else None
    drawing = drawing_of(N, cluster, draws=DRAWS)
    evidences = [metric.collect(truth, one, labels) for one in predictions]
    np.testing.assert_allclose(
        drawn_scores(metric, evidences, drawing), slow(drawing, score, truth, predictions), atol=1e-11
    )
    assert (drawing.kind, drawing.units) == (("groups", 30) if grouped else ("items", N))


def test_one_team_is_drawn_as_it_is_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, predictions, labels = of_kind("labels")
    metric = metrics.get("f1_macro")
    evidences = [metric.collect(truth, one, labels) for one in predictions]
    drawing = drawing_of(N, None, draws=DRAWS)
    together = drawn_scores(metric, evidences, drawing)
    alone = np.column_stack([drawn_scores(metric, [one], drawing)[:, 0] for one in evidences])
    assert (together == alone).all()
    monkeypatch.setattr(drawing_module, "DENSE", 1)  # nothing is multiplied: each draw weighs the items
    assert (drawn_scores(metric, evidences, drawing) == together).all()


def test_many_items_are_drawn_in_blocks_that_keep_groups_whole() -> None:
    drawing = drawing_of(20_000, np.arange(20_000) // 2, draws=2)
    assert (drawing.kind, drawing.units) == ("blocks", 4096)
    assert (drawing.unit[::2] == drawing.unit[1::2]).all()
    assert np.ptp(np.bincount(drawing.unit)) <= 2


def test_blocks_have_the_spread_of_items() -> None:
    random = np.random.default_rng(1)
    truth, predicted = random.integers(0, 2, 20_000), random.integers(0, 2, 20_000)
    metric = metrics.get("accuracy")
    drawn = drawn_scores(metric, [metric.collect(truth, predicted)], drawing_of(20_000, None, draws=1000))
    assert drawn.std() == pytest.approx(0.5 / 20_000**0.5, rel=0.1)


def test_large_evidence_that_is_no_sum_is_drawn_coarsely_about_its_exact_score() -> None:
    random = np.random.default_rng(2)
    truth = random.integers(0, 2, 250_000)
    score = random.normal(0.1 * truth)
    metric = metrics.get("roc_auc")
    evidence = metric.collect(truth, score)
    drawn = drawn_scores(metric, [evidence], drawing_of(250_000, None, draws=60))
    assert np.median(drawn) == pytest.approx(float(metric.reduce(evidence)), abs=1e-3)
    assert drawn.std() == pytest.approx(1 / (12 * 125_000) ** 0.5 * 2**0.5, rel=0.35)


def test_objects_are_drawn_about_their_score() -> None:
    from tests.leaderboard.scenes import objects_of_images

    metric = metrics.get("box_ap")
    evidence = metric.collect(*objects_of_images(images=12))
    drawn = drawn_scores(metric, [evidence], drawing_of(12, None, draws=40))
    assert np.median(drawn) == pytest.approx(float(metric.reduce(evidence)), abs=1e-9)
    assert drawn.std() > 0


def test_a_combination_draws_each_group_by_itself() -> None:
    truth, predictions, labels = of_kind("labels")
    metric = metrics.get("accuracy")
    groups = [np.arange(0, 50), np.arange(50, N)]
    drawings = [drawing_of(len(group), None, draws=DRAWS, seed=seed) for seed, group in enumerate(groups)]
    parts = [[metric.collect(truth[group], one[group], labels) for one in predictions] for group in groups]
    found = combined_scores(metric, parts, drawings, "minimum")
    each = [
        slow(drawing, accuracy_score, truth[group], predictions[:, group])
        for drawing, group in zip(drawings, groups, strict=True)
    ]
    np.testing.assert_allclose(found, np.minimum(*each), atol=1e-11)


@pytest.mark.parametrize("classes", [2, 9])
def test_tables_that_are_mostly_nothing_give_the_same_draws(classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    truth, predictions = random.integers(0, classes, 400), random.integers(0, classes, (7, 400))
    metric = metrics.get("f1_macro")
    evidences = [metric.collect(truth, one, range(classes)) for one in predictions]
    found = []
    for share in (0, 1 << 30):  # every table counts as sparse, then none
        monkeypatch.setattr(drawing_module, "SPARSE", share)
        found += [drawn_scores(metric, evidences, drawing_of(400, np.arange(400) // 2, draws=300))]
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "spearman", "mae", "f1"])
@pytest.mark.parametrize("cluster", [None, np.arange(60) // 3])
def test_draws_held_for_all_teams_are_those_made_for_one(name: str, cluster: np.ndarray | None) -> None:
    random = np.random.default_rng(5)
    truth = random.integers(0, 2, 60)
    guess = random.integers(0, 2, 60) if name == "f1" else random.random(60).round(1)
    metric = metrics.get(name)
    evidence = metric.collect(truth, guess)
    unit = np.arange(60) if cluster is None else cluster
    held, plain = drawing_of(60, cluster, draws=50).weighting, metrics.Draws(50, 0, unit)
    assert held.made is not None
    np.testing.assert_array_equal(metric.reduce(evidence, held), metric.reduce(evidence, plain))


def test_heavy_draws_of_rankings_are_counted_in_full() -> None:
    truth = np.repeat([0, 1], 60_000)  # 3.6 billion pairs are more than four bytes hold
    score = np.random.default_rng(6).random(120_000) - truth
    metric = metrics.get("roc_auc")
    evidence = metric.collect(truth, score)
    draws = metrics.Draws(2, 0, np.arange(120_000) % 4)
    assert draws.heaviest(120_000) == 120_000
    weight = np.concatenate([draws.spread(batch) for batch in draws.batches(120_000)]).astype(float)
    np.testing.assert_allclose(metric.reduce(evidence, draws), metric.reduce(evidence, weight), rtol=1e-14)
