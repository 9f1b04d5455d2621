"""What must hold for every metric of label images: an image is an item, whatever is scored in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import metrics
from metrics import segmentation, skeletons, surfaces
from metrics.label_maps import LabelMaps
from metrics.weighting import Draws, LeaveOut, Partition

MODULES = (segmentation, surfaces, skeletons)
OPTIONS = (
    "miou(background=0)",
    "iou(positive=2)",
    "mean_pixel_accuracy(background=0)",
    "dice(positive=1)",
    "dice(background=0)",
    "dice_per_image(background=0)",
    "dice_global(background=0)",
    "hausdorff(percentile=50)",
    "hausdorff95(background=0)",
    "masd(positive=2)",
    "assd(positive=1)",
    "nsd(tolerance=0.5)",
    "boundary_f(tolerance=2)",
    "cldice(background=0)",
    "miou(ignore=-1)",
)
NAMES = sorted(name for name in metrics.names() if metrics.get(name).needs == "label_maps")
WRITTEN = [*(name for name in NAMES if name != "iou"), *OPTIONS]
ONE_SIDED = {"iou", "miou", "frequency_iou", "pixel_accuracy", "mean_pixel_accuracy"}
FLAT_ONLY = {"boundary_f", "cldice"}  # volumes are refused, or thinned in test_thinning.py
LABELS = (0, 1, 2, 9)
IMAGES = 24
CLOSE = {"rtol": 1e-9, "atol": 1e-12, "equal_nan": True}

assert {"miou", "hausdorff95", "cldice"} <= set(NAMES), MODULES


def assert_same(one, other):
    np.testing.assert_allclose(one, other, **CLOSE)


def scene(random, shape):
    """One image of a few boxes of classes 0, 1 and 2 over each other."""
    image = np.zeros(shape, dtype=np.uint8)
    for _ in range(random.integers(0, 4)):
        low = [random.integers(0, side) for side in shape]
        box = tuple(slice(a, a + random.integers(1, side + 1)) for a, side in zip(low, shape, strict=True))
        image[box] = random.integers(0, 3)
    return image


@dataclass(frozen=True)
class Case:
    """Random truth and prediction of images, and a metric."""

    metric: Any
    y_true: LabelMaps
    y_pred: LabelMaps

    def score(self, index=slice(None), weight=None):
        return self.metric(self.y_true.take(index), self.y_pred.take(index), weight, LABELS)

    def evidence(self):
        return self.metric.collect(self.y_true, self.y_pred, LABELS)


def make_case(name, seed, n=IMAGES):
    metric, random = metrics.parse(name), np.random.default_rng(seed)
    flat = metric.base in FLAT_ONLY or seed % 3
    shapes = [tuple(random.integers(2, 9 if flat else 6, size=2 if flat else 3)) for _ in range(n)]
    true = [scene(random, shape) for shape in shapes]
    predicted = [np.where(random.random(image.shape) < 0.15, scene(random, image.shape), image) for image in true]
    if metric.options["ignore"] == 255:
        for image in true:
            image[random.random(image.shape) < 0.05] = 255
    spacing = random.choice([0.5, 1.0, 2.0], size=(n, len(shapes[0])))
    return Case(metric, LabelMaps.from_arrays(true, spacing), LabelMaps.from_arrays(predicted))


@pytest.fixture(params=WRITTEN)
def name(request: pytest.FixtureRequest) -> str:
    """A metric of label images, with and without options."""
    return request.param


SEEDS = pytest.mark.parametrize("seed", range(3))


@SEEDS
def test_scores_stay_within_bounds(name, seed):
    case = make_case(name, seed)
    low, high = case.metric.bounds
    assert low <= case.score() <= high
    alone = [case.score(np.array([k])) for k in range(IMAGES)]
    assert all(np.isnan(score) or low <= score <= high for score in alone)


@SEEDS
def test_perfect_is_best(name, seed):
    case = make_case(name, seed)
    perfect = replace(case, y_pred=case.y_true).score()
    assert perfect == pytest.approx(case.metric.perfect, abs=1e-12)
    assert (case.score() < perfect) == case.metric.greater_is_better
    assert case.score() != perfect


@SEEDS
def test_order_of_images_does_not_matter(name, seed):
    case = make_case(name, seed)
    assert_same(case.score(np.random.default_rng(seed).permutation(IMAGES)), case.score())


def test_order_of_labels_does_not_matter(name):
    case = make_case(name, 1)
    assert_same(case.metric(case.y_true, case.y_pred, None, LABELS[::-1]), case.score())


@SEEDS
def test_weight_zero_is_absence(name, seed):
    case = make_case(name, seed)
    keep = np.random.default_rng(seed).random(IMAGES) < 0.5
    assert_same(case.score(weight=keep.astype(float)), case.score(keep))


@SEEDS
def test_weight_k_is_k_copies(name, seed):
    case = make_case(name, seed)
    copies = np.random.default_rng(seed).integers(0, 4, size=IMAGES)
    assert_same(case.score(weight=copies), case.score(np.repeat(np.arange(IMAGES), copies)))


def test_nothing_left_is_nan(name):
    case = make_case(name, 0)
    assert np.isnan(case.score(weight=np.zeros(IMAGES)))
    assert np.isnan(case.metric.reduce(case.evidence(), LeaveOut(np.zeros(IMAGES, dtype=int), 1))[0])


@SEEDS
@pytest.mark.parametrize("weighted", [False, True])
def test_a_group_is_scored_as_its_images_alone(name, seed, weighted):
    case, random = make_case(name, seed), np.random.default_rng(seed)
    group = random.integers(-1, 4, size=IMAGES)
    weight = random.random(IMAGES) if weighted else None
    ours = case.metric.reduce(case.evidence(), Partition(group, 4, weight))
    members = [np.flatnonzero(group == g) for g in range(4)]
    assert_same(ours, [case.score(index, None if weight is None else weight[index]) for index in members])
    left = case.metric.reduce(case.evidence(), LeaveOut(group, 4, weight))
    rest = [np.flatnonzero(group != g) for g in range(4)]
    assert_same(left, [case.score(index, None if weight is None else weight[index]) for index in rest])


def test_by_group_names_the_groups(name):
    case = make_case(name, 1)
    sites = np.array(["north", "south"])[np.arange(IMAGES) % 2]
    scores = metrics.by_group(case.metric, case.y_true, case.y_pred, sites, labels=LABELS)
    assert scores.groups == ("north", "south")
    assert_same(scores.values, [case.score(sites == site) for site in scores.groups])


def test_taken_evidence_is_evidence_of_the_rest(name):
    case, random = make_case(name, 2), np.random.default_rng(2)
    evidence = case.evidence()
    for chosen in (random.random(IMAGES) < 0.6, random.integers(0, IMAGES, size=15)):
        part = evidence.take(chosen)
        assert part.n == len(case.y_true.take(chosen))
        assert_same(case.metric.reduce(part), case.score(chosen))
        assert_same(
            case.metric.reduce(part, Draws(5, 3, np.arange(part.n))),
            case.metric.reduce(
                case.metric.collect(case.y_true.take(chosen), case.y_pred.take(chosen), LABELS),
                Draws(5, 3, np.arange(part.n)),
            ),
        )


def test_draws_are_their_dense_weights(name):
    case, random = make_case(name, 4), np.random.default_rng(4)
    patient = np.concatenate([np.arange(6), random.integers(0, 6, size=IMAGES - 6)])
    for draws in (Draws(12, 7, patient), Draws(12, 7, copies=random.integers(1, 4, size=IMAGES))):
        dense = np.concatenate([draws.spread(batch) for batch in draws.batches(IMAGES, IMAGES)])
        assert_same(case.metric.reduce(case.evidence(), draws), case.metric.reduce(case.evidence(), dense))


def test_draws_lie_about_the_score(name):
    case = make_case(name, 5)
    evidence = case.evidence()
    ours, plain = (case.metric.reduce(evidence, draws) for draws in (Draws(1500, 1), Draws(1500, 2, np.arange(IMAGES))))
    ours, plain = ours[~np.isnan(ours)], plain[~np.isnan(plain)]
    assert abs(ours.mean() - plain.mean()) < 5 * plain.std() * np.sqrt(2 / 1500)
    assert ours.std() == pytest.approx(plain.std(), rel=0.15)


def test_intervals_hold_the_score_and_patients_widen_nothing_away(name):
    case = make_case(name, 5)
    for cluster in (None, np.arange(IMAGES) // 2):
        low, high = metrics.interval(case.metric, case.evidence(), draws=200, cluster=cluster)
        assert low <= case.score() <= high
        assert low < high


def test_paired_test_of_equal_and_of_better(name):
    case = make_case(name, 2)
    equal = metrics.paired_test(case.metric, case.y_true, case.y_pred, case.y_pred, draws=50, labels=LABELS)
    assert (equal.difference, equal.p_value) == (0.0, 1.0)
    better = metrics.paired_test(case.metric, case.y_true, case.y_true, case.y_pred, draws=400, labels=LABELS)
    assert (better.difference > 0) == case.metric.greater_is_better
    assert better.p_value < 0.2


@SEEDS
def test_truth_and_prediction_may_change_places(name, seed):
    case = make_case(name, seed)
    if case.metric.base in ONE_SIDED - {"iou", "miou"}:
        swapped = replace(case, y_true=case.y_pred, y_pred=case.y_pred)
        assert swapped.score() == pytest.approx(1.0)
        return
    metric = metrics.get(case.metric.base, **{**case.metric.options, "ignore": -1})
    plain = [[np.where(image == 255, 0, image) for image in arrays_of(maps)] for maps in (case.y_true, case.y_pred)]
    assert_same(metric(plain[0], plain[1], None, LABELS), metric(plain[1], plain[0], None, LABELS))


def arrays_of(maps):
    return [maps.array(k) for k in range(maps.images)]


def test_arrays_score_as_label_maps_and_are_left_as_they_were(name):
    case = replace(make_case(name, 1), y_true=replace(make_case(name, 1).y_true, spacing=None))
    true, predicted = arrays_of(case.y_true), arrays_of(case.y_pred)
    kept = [image.copy() for image in true + predicted]
    assert_same(case.metric(true, predicted, None, LABELS), case.score())
    for image, before in zip(true + predicted, kept, strict=True):
        np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("name", [written for written in WRITTEN if "ignore=" not in written])
def test_what_is_ignored_does_not_matter(name):
    case = make_case(name, 2)
    random, true = np.random.default_rng(0), arrays_of(case.y_true)
    other = [
        np.where(image == 255, random.integers(0, 3, size=image.shape), predicted)
        for image, predicted in zip(true, arrays_of(case.y_pred), strict=True)
    ]
    assert any((image == 255).any() for image in true)
    assert_same(case.metric(case.y_true, other, None, LABELS), case.score())


def test_metrics_of_one_collector_are_collected_once(monkeypatch):
    case, calls = make_case("miou", 1), []
    collect = segmentation.coded_regions
    monkeypatch.setattr(segmentation, "coded_regions", lambda *given: calls.append(1) or collect(*given))
    names = ["miou", "dice", "pixel_accuracy", "dice_per_image(background=0)"]
    scores = metrics.evaluate(names, case.y_true, case.y_pred, labels=LABELS)
    assert len(calls) == 1
    assert scores == {name: metrics.parse(name)(case.y_true, case.y_pred, None, LABELS) for name in names}
