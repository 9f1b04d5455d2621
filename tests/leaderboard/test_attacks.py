"""Attacks on public scores, simulated: what rounding and the ladder leave of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import metrics
from compete.leaderboard.ladder import climb_freely, climb_steps, release_step, rounded_score
from compete.leaderboard.overfitting import expected_best

N, SUBMISSIONS = 1000, 300
STEEPEST = 34.0
"""The largest log odds that a probability of 64 bits can hold on both sides of 1/2."""


def labels_by_log_loss(truth: np.ndarray, shown: Callable[[float], float | None], together: int, tries: int) -> int:
    """Read labels out of a log loss, some at a time (Whitehill 2018); how many are known for sure and right.

    Row j of a batch gets log odds of 2^j units, so that its label adds a number to the loss that no other sum gives.
    """
    known = 0
    unit = STEEPEST / 2 ** (together - 1)
    for start in range(0, min(tries * together, len(truth)), together):
        rows = np.arange(start, min(start + together, len(truth)))
        odds = np.zeros(len(truth))
        odds[rows] = unit * 2.0 ** np.arange(len(rows))
        answer = shown(_log_loss(truth, odds))
        outcomes = []
        for code in range(2 ** len(rows)):
            guess = truth.copy()
            guess[rows] = (code >> np.arange(len(rows))) & 1
            outcomes.append((shown(_log_loss(guess, odds)), guess[rows]))
        fitting = [labels for outcome, labels in outcomes if outcome == answer]
        if len(fitting) == 1:
            known += int((fitting[0] == truth[rows]).sum())
    return known


def _log_loss(truth: np.ndarray, odds: np.ndarray) -> float:
    return float(np.mean(np.logaddexp(0.0, np.where(truth == 1, -odds, odds))))


def test_the_log_loss_of_the_attack_is_ours() -> None:
    random = np.random.default_rng(0)
    truth, odds = random.integers(0, 2, 50), random.normal(size=50)
    assert _log_loss(truth, odds) == pytest.approx(metrics.get("log_loss")(truth, 1 / (1 + np.exp(-odds))))


def test_a_log_loss_tells_labels_and_rounding_leaves_less_than_six_in_ten() -> None:
    truth = np.random.default_rng(1).integers(0, 2, N)
    exact = labels_by_log_loss(truth, lambda score: round(score, 10), together=5, tries=SUBMISSIONS)
    assert exact == N  # the attack is real
    step = release_step(0.0, N, (0.0, None), 0.69)  # no upper bound: the size of a usual loss stands for the range
    assert step == 0.05
    rounded = labels_by_log_loss(truth, lambda score: rounded_score(score, 1 / N**0.5), together=1, tries=SUBMISSIONS)
    assert rounded <= 0.6 * N
    assert labels_by_log_loss(truth, lambda score: rounded_score(score, step), together=1, tries=SUBMISSIONS) <= rounded
    assert labels_by_log_loss(truth, lambda score: rounded_score(score, step), together=5, tries=20) == 0


def test_the_ladder_ends_a_log_loss_attack() -> None:
    truth = np.random.default_rng(2).integers(0, 2, N)
    scores = []
    for row in range(SUBMISSIONS):  # asking for one label after the other makes no score better than asking nothing
        odds = np.zeros(N)
        odds[row] = STEEPEST
        scores.append(_log_loss(truth, odds))
    shown = climb_steps(scores, step=1 / N**0.5, unit=1 / N**0.5, greater_is_better=False)
    assert len(set(shown[1:])) <= 2


def boosted(truth: np.ndarray, feedback: Callable[[np.ndarray], list[float]], *, ladder: bool) -> float:
    """What is shown in the end to who sends chance and lets it vote (Blum and Hardt 2015, section 5).

    Exact scores tell of every guess whether it, or its opposite, is better than chance; a ladder only of those that
    moved it.
    """
    guesses = np.random.default_rng(4).integers(0, 2, (1000, N))
    shown = np.array(feedback(guesses))
    side = np.sign(np.diff(shown, prepend=0.5)) if ladder else np.sign(shown - 0.5)
    vote = (side @ (2 * guesses - 1) > 0).astype(int)
    return feedback(np.vstack([guesses, vote]))[-1]


def test_boosting_gains_much_of_exact_scores_and_little_on_a_ladder() -> None:
    truth = np.random.default_rng(3).integers(0, 2, N)

    def scores(guesses: np.ndarray) -> list[float]:
        return (guesses == truth).mean(axis=1).tolist()

    def rounded(guesses: np.ndarray) -> list[float]:
        return [rounded_score(score, 1 / N**0.5) for score in scores(guesses)]

    def steps(height: float) -> Callable[[np.ndarray], list[float]]:
        return lambda guesses: climb_steps(scores(guesses), step=height, unit=height, greater_is_better=True)

    def freely(guesses: np.ndarray) -> list[float]:
        right = (guesses == truth).astype(float)
        unit = 1 / N
        return climb_freely(
            scores(guesses),
            lambda one, other: float((right[one] - right[other]).std() / N**0.5),
            unit=unit,
            greater_is_better=True,
        )

    assert boosted(truth, scores, ladder=False) == pytest.approx(0.787, abs=0.03)  # published: 0.786
    assert boosted(truth, rounded, ladder=False) > 0.65  # rounding alone is no defence
    luck = expected_best(1000) * 0.5 / N**0.5  # 0.051: what the best of 1,000 guesses gains without any vote
    assert boosted(truth, steps(1 / N**0.5), ladder=True) - 0.5 <= 0.04
    assert boosted(truth, steps(0.01), ladder=True) - 0.5 <= luck + 0.01
    assert boosted(truth, freely, ladder=True) - 0.5 <= luck + 0.01


def test_scores_are_shown_in_steps_and_never_finer_than_the_test_can_measure() -> None:
    assert release_step(0.001, 400, (0.0, 1.0), 0.0) == 0.05
    assert release_step(0.1, 400, (0.0, 1.0), 0.0) == 0.1
    assert release_step(0.0, 400, (-1.0, 1.0), 0.0) == 0.1
    assert release_step(0.0, 400, (0.0, None), 55.0) == 5.0
    assert release_step(0.0, 400, (0.0, None), 100.0) == 5.0
    assert release_step(0.0, 400, (None, 1.0), 0.3) == 0.02
    assert release_step(0.0, 0, (None, None), 0.0) == 0.0
    assert rounded_score(0.774, 0.05) == 0.75
    assert rounded_score(None, 0.05) is None


def test_the_ladder_follows_its_description() -> None:
    shown = climb_steps([0.5, 0.505, None, 0.52, 0.4, 0.53], step=0.01, unit=0.01, greater_is_better=True)
    assert shown == [0.5, 0.5, 0.5, 0.52, 0.52, 0.52]
    shown = climb_steps([None, 3.0, 2.99, 2.5], step=0.1, unit=0.5, greater_is_better=False)
    assert shown == [None, 3.0, 3.0, 2.5]
