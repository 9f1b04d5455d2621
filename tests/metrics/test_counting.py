"""Scores of counts and of each image by itself, against slow loops."""

from __future__ import annotations

import numpy as np
import pytest

import metrics
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.weighting import Draws, Partition

CLOSE = {"rtol": 1e-12, "atol": 1e-12, "equal_nan": True}


def scene(seed, images=7, categories=3):
    random = np.random.default_rng(seed)
    true, found = (int(one) for one in random.integers(5, 30, 2))
    truth = Objects(
        images, categories, random.integers(0, images, true), random.integers(0, categories, true),
        box=random.random((true, 4)) * 9, crowd=random.random(true) < 0.1, ignore=random.random(true) < 0.1,
    )  # fmt: skip
    prediction = Objects(
        images, categories, random.integers(0, images, found), random.integers(0, categories, found),
        box=random.random((found, 4)) * 9, score=np.round(random.random(found), 1),
    )  # fmt: skip
    return truth, prediction


def counts(objects, kept, image, category):
    return sum(
        bool(kept[row]) and objects.image[row] == image and category in (None, objects.category[row])
        for row in range(objects.count)
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("per", ["category", "image"])
def test_counts_of_objects_are_those_of_a_loop(seed, per):
    truth, found = scene(seed)
    kinds = range(3) if per == "category" else [None]
    sides = ((truth, ~(truth.crowd | truth.ignore)), (found, found.score >= 0.4))
    table = np.array([[[counts(*side, image, kind) for kind in kinds] for image in range(7)] for side in sides])
    options = {"confidence": 0.4, "per": per}
    error = metrics.get("count_error", **options)(truth, found)
    assert error == pytest.approx(np.abs(table[0] - table[1]).mean(), abs=1e-12)
    csi = metrics.get("count_csi", **options)(truth, found)
    assert csi == pytest.approx(table.min(axis=0).sum() / table.max(axis=0).sum(), abs=1e-12)


@pytest.mark.parametrize("name", ["count_error", "count_csi", "mask_iou_steps"])
def test_weights_of_images_are_copies_and_absence(name):
    truth, found = scene(3) if name != "mask_iou_steps" else masks(3)
    metric, random = metrics.get(name), np.random.default_rng(3)
    evidence = metric.collect(truth, found)
    weight = random.integers(0, 3, evidence.n)
    chosen = np.repeat(np.arange(evidence.n), weight)
    told = metric(truth.take_images(chosen), found.take_images(chosen))
    np.testing.assert_allclose(metric.reduce(evidence, weight), told, **CLOSE)
    np.testing.assert_allclose(metric.reduce(evidence.take(chosen)), told, **CLOSE)
    group = random.integers(0, 2, evidence.n)
    parts = metric.reduce(evidence, Partition(group, 2))
    alone = [metric(truth.take_images(group == one), found.take_images(group == one)) for one in range(2)]
    np.testing.assert_allclose(parts, alone, **CLOSE)
    assert np.isnan(metric.reduce(evidence, np.zeros(evidence.n)))
    draws = Draws(10, 1, np.arange(evidence.n))
    dense = np.concatenate([draws.spread(batch) for batch in draws.batches(evidence.n, evidence.n)])
    np.testing.assert_allclose(metric.reduce(evidence, draws), metric.reduce(evidence, dense.astype(float)), **CLOSE)


def masks(seed, images=5):
    """Truth without overlaps, and predictions near it."""
    random = np.random.default_rng(seed)
    true, found, true_image, found_image = [], [], [], []
    for image in range(images):
        for number in range(random.integers(0, 4)):
            one = np.zeros((24, 24), dtype=np.uint8)
            one[2:20, 6 * number : 6 * number + 5] = 1
            true.append(one)
            true_image.append(image)
            if random.random() < 0.8:
                other = one.copy()
                other[: random.integers(0, 16)] = 0
                found.append(other)
                found_image.append(image)
        if random.random() < 0.4:
            found.append(np.eye(24, dtype=np.uint8))
            found_image.append(image)
    truth = Objects(images, 1, true_image, [0] * len(true), mask=Masks.from_bitmaps(true))
    scores = random.random(len(found))
    return truth, Objects(images, 1, found_image, [0] * len(found), mask=Masks.from_bitmaps(found), score=scores)


@pytest.mark.parametrize("seed", range(8))
def test_steps_of_masks_are_those_of_a_loop(seed):
    truth, found = masks(seed)
    one, other = list(truth.mask.bitmaps()), list(found.mask.bitmaps())
    scores = []
    for image in range(5):
        true, predicted = np.flatnonzero(truth.image == image), np.flatnonzero(found.image == image)
        if not len(true) and not len(predicted):
            continue
        overlap = np.array([[(one[i] & other[j]).sum() / (one[i] | other[j]).sum() for j in predicted] for i in true])
        overlap = overlap.reshape(len(true), len(predicted))
        each = []
        for step in np.linspace(0.5, 0.95, 10):
            hit = int((overlap >= step).sum())
            each.append(hit / (len(true) + len(predicted) - hit))
        scores.append(np.mean(each))
    assert metrics.get("mask_iou_steps")(truth, found) == pytest.approx(np.mean(scores), abs=1e-12)


def maps(seed, images=6):
    random = np.random.default_rng(seed)
    true = [(random.random((6, 7)) < random.choice([0, 0.5])).astype(np.uint8) for _ in range(images)]
    return true, [np.where(random.random((6, 7)) < 0.2, 1 - one, one) * (random.random() < 0.8) for one in true]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("empty", ["left_out", "one", "zero"])
def test_scores_of_each_image_are_those_of_a_loop(seed, empty):
    true, found = maps(seed)
    blank = {"left_out": np.nan, "one": 1.0, "zero": 0.0}[empty]
    f_half, steps = [], []
    for one, other in zip(true, found, strict=True):
        hit, either = int((one & other).sum()), int((one | other).sum())
        f_half.append(1.25 * hit / (0.25 * one.sum() + other.sum()) if either else blank)
        steps.append(np.mean([100 * hit > percent * either for percent in range(50, 100, 5)]) if either else blank)
    ours = metrics.get("pixel_fbeta", beta=0.5, positive=1, empty=empty)(true, found, labels=[0, 1])
    np.testing.assert_allclose(ours, np.nanmean(f_half), **CLOSE)
    ours = metrics.get("iou_steps", positive=1, empty=empty)(true, found, labels=[0, 1])
    np.testing.assert_allclose(ours, np.nanmean(steps), **CLOSE)


def test_pixel_f1_is_dice_and_pairs_pool_images_and_classes():
    random = np.random.default_rng(2)
    true = [random.integers(0, 4, (5, 5)) * random.integers(0, 2) for _ in range(8)]
    found = [np.where(random.random((5, 5)) < 0.5, one, random.integers(0, 4, (5, 5))) for one in true]
    assert metrics.get("pixel_fbeta")(true, found) == pytest.approx(metrics.get("dice")(true, found), abs=1e-12)
    each = []
    for one, other in zip(true, found, strict=True):
        for kind in range(1, 4):
            size = int((one == kind).sum() + (other == kind).sum())
            each += [2 * int(((one == kind) & (other == kind)).sum()) / size] if size else []
    metric = metrics.get("pixel_fbeta", over="pairs", background=0)
    assert metric(true, found) == pytest.approx(np.mean(each), abs=1e-12)
    weight = random.integers(0, 3, 8)
    chosen = np.repeat(np.arange(8), weight)
    told = metric([true[place] for place in chosen], [found[place] for place in chosen])
    assert metric(true, found, weight) == pytest.approx(told, abs=1e-12)
    maps_of = [LabelMaps.from_arrays(side) for side in (true, found)]
    assert metric(*maps_of) == pytest.approx(np.mean(each), abs=1e-12)


def test_an_overlap_must_exceed_its_threshold():
    true = [np.array([[1] * 20])]
    found = [np.array([[1] * 13 + [0] * 7])]
    assert metrics.get("iou_steps", positive=1)(true, found, labels=[0, 1]) == pytest.approx(0.3)


def test_negative_amounts_are_refused():
    with pytest.raises(metrics.MetricError, match="1 negative entries"):
        metrics.get("csi")([1.0, 2.0], [1.0, -1.0])
