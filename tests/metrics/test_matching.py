"""The rules of matching against loops that follow their sources line by line."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from metrics.assignment import match_optimally
from metrics.inputs import MetricError
from metrics.matching import ALMOST_ONE, Pairs, match_best_only, match_greedily, rematch_greedily

STEPS = (0.3, 0.5, 0.75, 0.9)


def draw(seed, detections=14, truths=9):
    """Pairs with equal similarities, contended objects, crowds and ignored objects."""
    random = np.random.default_rng(seed)
    dense = np.round(random.random((detections, truths)), int(random.choice([1, 2, 12])))
    dense[random.random(dense.shape) < random.choice([0.2, 0.5, 0.8])] = 0
    detection, truth = np.nonzero(dense)
    crowd = random.random(truths) < 0.15
    ignored = crowd | (random.random(truths) < 0.25)
    return Pairs(detection, truth, dense[detection, truth], detections, truths), dense, ignored, crowd


def spread(matches, detections):
    """The matches as a table of all detections."""
    out = np.full((len(STEPS), detections), -1)
    out[:, matches.detection] = matches.table
    return out


def coco_loop(dense, ignored, crowd):
    """COCOeval.evaluateImg, for one image."""
    order = np.argsort(ignored, kind="mergesort")
    out = np.full((len(STEPS), len(dense)), -1)
    for t, threshold in enumerate(STEPS):
        taken = np.zeros(dense.shape[1], dtype=bool)
        for d, row in enumerate(dense):
            best, match = min(threshold, ALMOST_ONE), -1
            for g in order:
                if taken[g] and not crowd[g]:
                    continue
                if match > -1 and not ignored[match] and ignored[g]:
                    break
                if row[g] < best:
                    continue
                best, match = row[g], g
            out[t, d] = match
            if match > -1:
                taken[match] = True
    return out


def voc_loop(dense, ignored):
    """VOCevaldet, for one image."""
    out = np.full((len(STEPS), len(dense)), -1)
    for t, threshold in enumerate(STEPS):
        taken = np.zeros(dense.shape[1], dtype=bool)
        for d, row in enumerate(dense):
            g = int(np.argmax(row))
            if row[g] >= threshold and (ignored[g] or not taken[g]):
                out[t, d] = g
                taken[g] = True
    return out


@pytest.mark.parametrize("seed", range(120))
def test_greedy_is_the_loop_of_coco(seed):
    pairs, dense, ignored, crowd = draw(seed)
    ours = spread(match_greedily(pairs, STEPS, ignored, crowd), len(dense))
    np.testing.assert_array_equal(ours, coco_loop(dense, ignored, crowd))


def test_greedy_matches_are_read_by_threshold():
    pairs, _, ignored, crowd = draw(5)
    matches = match_greedily(pairs, STEPS, ignored, crowd)
    for step, row in enumerate(matches.table):
        column, truth = matches.at(step)
        np.testing.assert_array_equal(column, np.flatnonzero(row >= 0))
        np.testing.assert_array_equal(truth, row[row >= 0])


@pytest.mark.parametrize("seed", range(120))
def test_matching_again_is_matching_anew(seed):
    pairs, dense, ignored, crowd = draw(seed, 40, 30)
    base = match_greedily(pairs, STEPS, ignored, crowd)
    now = ignored | (np.random.default_rng(seed).random(len(ignored)) < 0.3)
    again = rematch_greedily(base, pairs, STEPS, (ignored, now), crowd)
    np.testing.assert_array_equal(again.table, match_greedily(pairs, STEPS, now, crowd).table)
    np.testing.assert_array_equal(spread(again, len(dense)), coco_loop(dense, now, crowd))


@pytest.mark.parametrize("seed", range(60))
def test_best_only_is_the_loop_of_voc(seed):
    pairs, dense, ignored, _ = draw(seed)
    ours = spread(match_best_only(pairs, STEPS, ignored), len(dense))
    np.testing.assert_array_equal(ours, voc_loop(dense, ignored))


@pytest.mark.parametrize("seed", range(80))
def test_optimal_sum_is_that_of_scipy(seed):
    pairs, dense, *_ = draw(seed, *((14, 9) if seed % 2 else (9, 14)))
    matches = spread(match_optimally(pairs, STEPS), len(dense))
    for row, threshold in zip(matches, STEPS, strict=True):
        gain = np.where(dense >= threshold, dense, 0)
        won = np.flatnonzero(row >= 0)
        assert len(set(row[won].tolist())) == len(won)
        assert (gain[won, row[won]] > 0).all()
        assert gain[won, row[won]].sum() == pytest.approx(gain[linear_sum_assignment(-gain)].sum(), abs=1e-12)


def test_optimal_takes_less_of_one_for_more_of_both():
    pairs = Pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.8, 0.85]), 2, 2)
    assert match_greedily(pairs, STEPS).table[1].tolist() == [0, -1]
    assert match_optimally(pairs, STEPS).table[1].tolist() == [1, 0]
    assert match_optimally(pairs, STEPS, np.array([True, False, True])).table[1].tolist() == [0, -1]


def test_nothing_matches_nothing():
    none = np.zeros(0, dtype=np.int64)
    pairs = Pairs(none, none, np.zeros(0), 5, 3)
    for rule in (match_greedily, match_best_only, match_optimally):
        matches = rule(pairs, STEPS)
        assert matches.table.shape == (len(STEPS), 0)
        assert len(matches.at(0)[0]) == 0


def test_a_threshold_of_1_is_met_by_1():
    pairs = Pairs(np.array([0]), np.array([0]), np.array([1.0]), 1, 1)
    assert match_greedily(pairs, (1.0,)).table.tolist() == [[0]]


@pytest.mark.parametrize("steps", [(), (0.5, 0.5), (0.6, 0.5), (-0.1,), (1.1,)])
def test_thresholds_must_ascend(steps):
    with pytest.raises(MetricError, match="must ascend"):
        match_greedily(draw(0)[0], steps)


def test_a_long_chain_of_displacements_ends():
    # each detection's first choice is the next one's only choice, so that every match moves on by one
    count = 300
    detection = np.concatenate([[0], np.repeat(np.arange(1, count), 2)])
    truth = np.concatenate([[0], np.stack([np.arange(count - 1), np.arange(1, count)], axis=1).ravel()])
    similarity = np.concatenate([[0.9], np.tile([0.9, 0.8], count - 1)])
    pairs = Pairs(detection, truth, similarity, count, count)
    assert match_greedily(pairs, (0.5,)).table[0].tolist() == list(range(count))
