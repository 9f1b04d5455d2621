"""Overlaps of boxes, and the pairs that are looked at."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from metrics.boxes import box_area, box_iou, neighbours, overlapping_boxes
from metrics.inputs import MetricError


def draw(seed, count, other_count):
    """Boxes on a coarse grid, so that many touch, coincide or have no area; groups of some of the others for each."""
    random = np.random.default_rng(seed)
    first, second = (np.round(random.random((n, 4)) * 8) for n in (count, other_count))
    start = random.integers(0, other_count, count)
    return first, second, start, np.minimum(random.integers(0, 12, count), other_count - start), random


@pytest.mark.parametrize("seed", range(10))
def test_overlap_is_that_of_pycocotools(seed):
    first, second, *_, random = draw(seed, 40, 30)
    crowd = random.random(30) < 0.3
    theirs = coco_mask.iou(first, second, crowd.astype(np.uint8).tolist())
    i, j = np.divmod(np.arange(40 * 30), 30)
    ours = box_iou(first[i], second[j], crowd[j])
    np.testing.assert_array_equal(np.nan_to_num(ours), theirs.ravel())


def test_two_boxes_without_area_have_no_overlap_to_speak_of():
    assert np.isnan(box_iou(np.zeros((1, 4)), np.zeros((1, 4)))[0])


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_all_pairs_that_reach_are_found(seed, chunk, monkeypatch):
    monkeypatch.setattr("metrics.boxes.CHUNK", chunk)
    first, second, start, count, random = draw(seed, 50, 30)
    least, crowd = random.choice([0.05, 0.5, 0.9, 1.0]), random.random(30) < 0.3
    i, j, both = overlapping_boxes(first, second, start, count, least, crowd=crowd)
    every = neighbours(start, count)
    overlap = np.nan_to_num(box_iou(first[every[0]], second[every[1]], crowd[every[1]]))
    wanted = overlap >= least
    found = dict(zip(zip(i.tolist(), j.tolist(), strict=True), both, strict=True))
    reached = list(zip(every[0][wanted].tolist(), every[1][wanted].tolist(), strict=True))
    assert set(reached) <= set(found)
    assert list(found) == sorted(found)
    union = box_area(first[i]) + np.where(crowd[j], 0, box_area(second[j]) - both)
    np.testing.assert_allclose(both / union, box_iou(first[i], second[j], crowd[j]))


def test_what_lies_in_a_box_may_be_smaller_than_it():
    first, second, start, count, random = draw(4, 60, 30)
    inside = tuple(box_area(boxes) * random.random(len(boxes)) for boxes in (first, second))
    i, j, both = overlapping_boxes(first, second, start, count, 0.4, area=inside)
    every = neighbours(start, count)
    overlap = np.maximum(0, np.nan_to_num(box_iou(first[every[0]], second[every[1]])))
    union = box_area(first)[every[0]] + box_area(second)[every[1]]
    shared = overlap / (1 + overlap) * union
    wanted = (shared > 0) & (shared >= 0.4 * np.maximum(inside[0][every[0]], inside[1][every[1]]) * (1 + 1e-6))
    found = set(zip(i.tolist(), j.tolist(), strict=True))
    assert set(zip(every[0][wanted].tolist(), every[1][wanted].tolist(), strict=True)) <= found
    assert (both > 0).all()


def test_neighbours_are_listed_in_order():
    first, second = neighbours(np.array([4, 0, 7]), np.array([2, 0, 3]))
    assert first.tolist() == [0, 0, 2, 2, 2]
    assert second.tolist() == [4, 5, 7, 8, 9]


def test_no_boxes_no_pairs():
    none, nobody = np.zeros((0, 4)), np.zeros(0, dtype=np.int64)
    assert [len(part) for part in overlapping_boxes(none, none, nobody, nobody, 0.5)] == [0, 0, 0]


@pytest.mark.parametrize("least", [0.0, -1.0, 1.1, float("nan")])
def test_least_must_be_a_share(least):
    none, nobody = np.zeros((0, 4)), np.zeros(0, dtype=np.int64)
    with pytest.raises(MetricError, match="must lie above 0"):
        overlapping_boxes(none, none, nobody, nobody, least)
