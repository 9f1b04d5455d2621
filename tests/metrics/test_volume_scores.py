"""Volumes slice by slice, regions in a cube of side 1, points in boxes, and questions with several right answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import directed_hausdorff

import metrics
from metrics.objects import Objects

CLOSE = {"rtol": 1e-12, "atol": 1e-12, "equal_nan": True}


def volumes(seed, classes=3):
    random = np.random.default_rng(seed)
    true, found = [], []
    for number in range(5):
        shape = tuple(random.integers(3, 8, 2 + seed % 2))
        one = random.integers(0, classes, shape) * (random.random(shape) < (0.3 if number else 0.0))
        true.append(one)
        found.append(np.where(random.random(shape) < 0.1, random.integers(0, classes, shape), one) if number else one)
    return true, found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("empty", ["left_out", "one", "zero"])
def test_dice_of_slices_is_that_of_a_loop(seed, empty):
    true, found = volumes(seed)
    blank = {"left_out": np.nan, "one": 1.0, "zero": 0.0}[empty]
    each, owner = [], []
    for volume, (one, other) in enumerate(zip(true, found, strict=True)):
        flat = one.ndim == 2
        for left, right in zip(one[None] if flat else one, other[None] if flat else other, strict=True):
            for kind in (1, 2):
                size = int((left == kind).sum() + (right == kind).sum())
                each.append(2 * int(((left == kind) & (right == kind)).sum()) / size if size else blank)
                owner.append(volume)
    metric = metrics.get("slice_dice", background=0, empty=empty)
    np.testing.assert_allclose(metric(true, found, labels=[0, 1, 2]), np.nanmean(each), **CLOSE)
    weight = np.array([1.0, 0.0, 3.0, 1.0, 2.0])
    told = np.nansum(weight[owner] * each) / weight[owner][~np.isnan(each)].sum()
    np.testing.assert_allclose(metric(true, found, weight, [0, 1, 2]), told, **CLOSE)


@pytest.mark.parametrize("seed", range(5))
def test_distance_in_a_unit_cube_is_scipys(seed):
    true, found = volumes(seed)
    each = []
    for one, other in zip(true, found, strict=True):
        for kind in (1, 2):
            sides = [np.argwhere(side == kind) / side.shape for side in (one, other)]
            if all(map(len, sides)):
                ways = (directed_hausdorff(*sides)[0], directed_hausdorff(*sides[::-1])[0])
                each.append(max(ways) / np.sqrt(one.ndim))
            elif any(map(len, sides)):
                each.append(1.0)
    ours = metrics.get("unit_hausdorff", background=0)(true, found, labels=[0, 1, 2])
    assert ours == pytest.approx(np.mean(each), abs=1e-12)


def test_pixels_without_truth_are_left_out_of_volumes():
    true, found = [np.array([[[1, 255, 0, 0]]])], [np.array([[[1, 1, 0, 0]]])]
    assert metrics.get("slice_dice", positive=1)(true, found, labels=[0, 1]) == 1.0
    assert metrics.get("unit_hausdorff", positive=1)(true, found, labels=[0, 1]) == 0.0
    assert np.isnan(
        metrics.get("slice_dice", positive=1)([np.zeros((1, 2, 2), int)], [np.zeros((1, 2, 2), int)], labels=[0, 1])
    )


def test_points_count_from_their_confidence_on_and_by_category():
    box = [[0, 0, 10, 10], [20, 0, 10, 10], [40, 0, 10, 10]]
    true = Objects(1, 2, [0, 0, 0], [0, 0, 1], box=box)
    points = [[5, 5, 0, 0], [25, 5, 0, 0], [26, 5, 0, 0], [45, 5, 0, 0]]
    found = Objects(1, 2, [0] * 4, [0, 0, 0, 0], box=points, score=[0.9, 0.8, 0.6, 0.2])
    assert metrics.get("inside_f1")(true, found) == pytest.approx(2 * 2 / (3 + 3))
    assert metrics.get("inside_f1", confidence=0.7)(true, found) == pytest.approx(2 * 2 / (3 + 2))
    assert metrics.get("inside_f1", category=0)(true, found) == pytest.approx(2 * 2 / (2 + 3))


def test_answers_are_judged_one_by_one():
    true = [["a", "b"], ["a"], [], [], ["c"]]
    found = [["b"], [], ["x"], [], ["d"]]
    assert metrics.get("answer_fbeta")(true, found) == pytest.approx(2 / (2 + 1 + 2))
    assert metrics.get("answer_fbeta", beta=2)(true, found) == pytest.approx(5 / (5 + 4 * 1 + 2))
    weight = [2.0, 1.0, 0.0, 5.0, 1.0]
    assert metrics.get("answer_fbeta")(true, found, weight) == pytest.approx(4 / (4 + 1 + 1))
    assert np.isnan(metrics.get("answer_fbeta")([[], []], [[], []]))
    with pytest.raises(metrics.MetricError, match="1 questions more than one answer"):
        metrics.get("answer_fbeta")([["a"]], [["a", "b"]])
