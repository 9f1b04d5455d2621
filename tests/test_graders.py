"""The graders of 82 competitions as one line each, against what they must say: a thinned run of the benchmark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import metrics
from benchmarks.graders.__main__ import CLOSE, difference
from benchmarks.graders.challenges import submission_to, write_challenge
from benchmarks.graders.competitions import COMPETITIONS, Competition
from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.scoring.grading import grade
from compete.scoring.trial import try_scoring
from compete.scoring.truth import read_truth
from metrics.weighting import Draws, Partition

EXPRESSED = [one for one in COMPETITIONS if one.spec]
CANNOT = {"3d-object-detection-for-autonomous-vehicles"}


@pytest.fixture(params=EXPRESSED, ids=lambda one: one.name)
def competition(request: pytest.FixtureRequest) -> Competition:
    """Each competition that one line can express."""
    found: Competition = request.param
    return found


def test_every_competition_is_there_and_those_that_cannot_be_said_say_why() -> None:
    assert len({one.name for one in COMPETITIONS}) == len(COMPETITIONS) == 82
    assert {one.name for one in COMPETITIONS if not one.spec} == CANNOT
    assert all(one.note.startswith("cannot: ") for one in COMPETITIONS if not one.spec)


@pytest.mark.parametrize("seed", [1000, 1001])
def test_scores_are_those_of_the_oracle(competition: Competition, seed: int) -> None:
    assert difference(competition, seed) <= CLOSE


def test_halves_and_draws_are_scores_of_their_items(competition: Competition) -> None:
    assert competition.make is not None
    sample = competition.make(np.random.default_rng(7))
    metric = metrics.parse(competition.spec)
    evidence = metric.collect(sample.y_true, sample.y_pred, sample.labels)
    half = np.arange(evidence.n) % 2
    halves = metric.reduce(evidence, Partition(half, 2))
    alone = [metric.reduce(evidence.take(half == one)) for one in range(2)]
    np.testing.assert_allclose(halves, alone, rtol=1e-9, atol=1e-9)
    drawn = np.asarray(metric.reduce(evidence, Draws(20, 1, np.arange(evidence.n))))
    assert drawn.shape == (20,)
    assert np.ptp(drawn[~np.isnan(drawn)]) > 0


def test_one_line_of_a_challenge_scores_as_the_oracle(competition: Competition, tmp_path: Path) -> None:
    assert competition.make is not None
    assert competition.oracle is not None
    sample = competition.make(np.random.default_rng(1000))
    written = write_challenge(competition, sample, tmp_path)
    plan = plan_build(load_challenge(tmp_path))
    assert plan.challenge.score.metric == competition.spec
    write_bundle(plan, tmp_path / "bundle", workers=1, trial=try_scoring)
    bundle = open_bundle(tmp_path / "bundle")
    truth = read_truth(bundle)
    result = grade(bundle, submission_to(bundle.terms, written, truth.images), truth=truth)
    wanted = competition.oracle(*sample.raw)
    for part in ("public", "private"):
        score = result.overall(part)
        assert score is not None
        assert score.value == pytest.approx(wanted, abs=CLOSE)
