"""Scores of outlines against scipy's erosion, distance transform and dilation, and against numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import metrics
from metrics import surfaces
from metrics.inputs import MetricError
from metrics.label_maps import LabelMaps

assert surfaces

TOLERANCE = 1.5
NAMES = ("hausdorff", "hausdorff(percentile=30)", "hausdorff95", "masd", "assd", f"nsd(tolerance={TOLERANCE})")


def random_regions(seed, dimensions):
    """Truth, prediction and spacing of some images with classes 0, 1 and 2, not all of them in each."""
    random = np.random.default_rng(seed)
    true, predicted, spacing = [], [], []
    for _ in range(7):
        shape = random.integers(1, 20 if dimensions == 2 else 9, size=dimensions)
        field = ndimage.gaussian_filter(random.normal(size=shape), random.choice([0.7, 2.0])) * 3
        classes = random.choice([1, 2, 3])
        true.append(np.clip((field + random.normal()).astype(int), 0, classes - 1))
        noisy = field + random.normal() + random.normal(size=shape) * random.choice([0, 0.5])
        predicted.append(np.clip(noisy.astype(int), 0, random.integers(1, 4) - 1))
        spacing.append(random.choice([0.5, 1.0, 2.5], size=dimensions))
    return true, predicted, np.array(spacing)


def directed(one, other, spacing):
    """Distances from the border pixels of one region to the border of the other, by way of scipy."""
    border, goal = (region & ~ndimage.binary_erosion(region) for region in (one, other))
    return ndimage.distance_transform_edt(~goal, sampling=spacing)[border]


def scores_of(one, other, spacing):
    """Every score of one class in one image; nan where it is in neither."""
    if not one.any() and not other.any():
        return dict.fromkeys(NAMES, np.nan)
    if not one.any() or not other.any():
        diagonal = np.sqrt(((np.array(one.shape) * spacing) ** 2).sum())
        return {name: 0.0 if name.startswith("nsd") else diagonal for name in NAMES}
    there, back = directed(one, other, spacing), directed(other, one, spacing)
    both = np.concatenate([there, back])
    values = (
        both.max(),
        max(np.percentile(there, 30), np.percentile(back, 30)),
        max(np.percentile(there, 95), np.percentile(back, 95)),
        (there.mean() + back.mean()) / 2,
        both.mean(),
        (both <= TOLERANCE).mean(),
    )
    return dict(zip(NAMES, values, strict=True))


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_scores_are_those_of_erosion_and_distance_transform(seed, dimensions):
    true, predicted, spacing = random_regions(seed, dimensions)
    images = [
        [scores_of(one == place, other == place, step) for place in range(3)]
        for one, other, step in zip(true, predicted, spacing, strict=True)
    ]
    for name in NAMES:
        table = np.array([[by_class[name] for by_class in image] for image in images])
        expected = [np.mean(column[~np.isnan(column)]) for column in table.T if not np.isnan(column).all()]
        metric = metrics.parse(name)
        truth = LabelMaps.from_arrays(true, spacing)
        assert metric(truth, predicted, None, range(3)) == pytest.approx(np.mean(expected), rel=1e-12), name
        for place in range(3):
            alone = metrics.get(metric.base, **{**metric.options, "positive": place})
            column = table[:, place]
            value = column[~np.isnan(column)].mean() if not np.isnan(column).all() else np.nan
            assert alone(truth, predicted, None, range(3)) == pytest.approx(value, rel=1e-12, nan_ok=True)


def test_turned_and_mirrored_images_score_the_same():
    true, predicted, _ = random_regions(3, 2)
    turned = [[np.rot90(image)[:, ::-1] for image in images] for images in (true, predicted)]
    for name in NAMES:
        metric = metrics.parse(name)
        assert metric(true, predicted, None, range(3)) == pytest.approx(metric(*turned, None, range(3)), rel=1e-12)


def test_distances_grow_with_the_spacing_of_the_truth_alone():
    true, predicted, _ = random_regions(5, 3)
    near, far = LabelMaps.from_arrays(true, 1.0), LabelMaps.from_arrays(true, [2.5, 2.5, 2.5])
    other = LabelMaps.from_arrays(predicted, 9.0)
    for name in ("hausdorff", "hausdorff95", "masd", "assd"):
        metric = metrics.get(name)
        assert metric(far, other) == pytest.approx(2.5 * metric(near, predicted), rel=1e-12)
    nsd = metrics.get("nsd", tolerance=2.5)
    assert nsd(far, predicted) == pytest.approx(metrics.nsd(near, predicted), rel=1e-12)


def test_a_distance_equal_to_the_tolerance_is_within():
    true, predicted = [[[1, 0, 0, 0, 0]]], [[[0, 0, 0, 1, 0]]]
    for spacing, tolerance, score in ((0.1, 0.3, 1.0), (0.1, 0.29, 0.0), (1.0, 3, 1.0), (1.0, 2.999, 0.0)):
        truth = LabelMaps.from_arrays(true, spacing)
        assert metrics.get("nsd", tolerance=tolerance, positive=1)(truth, predicted) == score


def test_a_class_on_one_side_is_as_far_as_the_image_is_wide():
    nothing, something = np.zeros((3, 4), dtype=int), np.eye(3, 4, dtype=int)
    for true, predicted in ((nothing, something), (something, nothing)):
        maps = LabelMaps.from_arrays([true], [2.0, 1.0])
        for name in ("hausdorff", "hausdorff95", "masd", "assd"):
            assert metrics.get(name, positive=1)(maps, [predicted], None, [0, 1]) == pytest.approx(np.hypot(6, 4))
        for name in ("nsd", "boundary_f"):
            assert metrics.get(name, positive=1)(maps, [predicted], None, [0, 1]) == 0.0
    for name in ("hausdorff", "nsd", "boundary_f"):
        assert np.isnan(metrics.get(name, positive=1)([nothing], [nothing], None, [0, 1]))


def test_ignored_pixels_are_in_neither_region():
    true = np.array([[1, 1, 0, 0, 255, 255]])
    predicted = np.array([[1, 1, 0, 0, 1, 1]])
    assert metrics.get("hausdorff", positive=1)([true], [predicted]) == 0.0
    gone = np.array([[255, 255, 0, 0, 0, 0]])
    assert np.isnan(metrics.get("hausdorff", positive=1)([gone], [[[1, 1, 0, 0, 0, 0]]], None, [0, 1]))


def davis_f(true, predicted, share):
    """DAVIS' F of two masks: outlines, dilation by a disk, precision and recall."""
    outlines = []
    for mask in (true, predicted):
        right, below, corner = (np.zeros_like(mask) for _ in range(3))
        right[:, :-1], below[:-1], corner[:-1, :-1] = mask[:, 1:], mask[1:], mask[1:, 1:]
        outline = (mask ^ right) | (mask ^ below) | (mask ^ corner)
        outline[-1] = mask[-1] ^ right[-1]
        outline[:, -1] = mask[:, -1] ^ below[:, -1]
        outline[-1, -1] = False
        outlines.append(outline)
    radius = int(share if share >= 1 else np.ceil(share * np.linalg.norm(true.shape)))
    across, along = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disk = across**2 + along**2 <= radius**2
    near_true, near_predicted = (ndimage.binary_dilation(outline, disk) for outline in outlines)
    n_true, n_predicted = (outline.sum() for outline in outlines)
    if n_true == 0 or n_predicted == 0:
        return float(n_true == n_predicted)
    precision = (outlines[1] & near_true).sum() / n_predicted
    recall = (outlines[0] & near_predicted).sum() / n_true
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@pytest.mark.parametrize("tolerance", [0.008, 0.1, 1, 2, 5])
@pytest.mark.parametrize("seed", range(6))
def test_boundary_f_is_that_of_davis(seed, tolerance):
    true, predicted, _ = random_regions(seed, 2)
    metric = metrics.get("boundary_f", tolerance=tolerance)
    scored = 0
    for one, other in zip(true, predicted, strict=True):
        expected = [
            davis_f(one == place, other == place, tolerance) if (one == place).any() and (other == place).any() else 0.0
            for place in range(3)
            if (one == place).any() or (other == place).any()
        ]
        assert metric([one], [other], None, range(3)) == pytest.approx(np.mean(expected), abs=1e-12)
        scored += len(expected)
    assert scored > len(true)


def test_volumes_have_no_boundary_f():
    volume = np.zeros((2, 2, 2), dtype=int)
    with pytest.raises(MetricError, match="nsd"):
        metrics.boundary_f([volume], [volume])


def test_distances_are_measured_once_for_many_scores(monkeypatch):
    from metrics import outlines

    true, predicted, spacing = random_regions(1, 2)
    calls = []
    measure = outlines.distances_both_ways
    monkeypatch.setattr(outlines, "distances_both_ways", lambda *given: calls.append(1) or measure(*given))
    names = [f"{name.partition('(')[0]}(positive=0)" for name in ("hausdorff", "hausdorff95", "masd", "nsd")]
    maps = LabelMaps.from_arrays(true, spacing)
    metrics.evaluate([*names, "nsd(tolerance=3, positive=0)"], maps, predicted, labels=range(3))
    both = sum((one == 0).any() and (other == 0).any() for one, other in zip(true, predicted, strict=True))
    assert len(calls) == both
