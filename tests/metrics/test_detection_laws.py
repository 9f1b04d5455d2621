"""What holds for every metric of detection, whatever is weighed, taken, grouped or drawn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import metrics
from metrics import detection
from metrics.inputs import MetricError
from metrics.masks import Masks
from metrics.matched import Matched
from metrics.objects import Objects
from metrics.weighting import Draws, LeaveOut, Partition

NAMES = (
    "box_ap",
    "box_ap(iou_to=0.5)",
    "box_ap(iou_from=0.75, iou_to=0.75, area=medium)",
    "box_ap(iou_from=0.3, iou_to=0.6)",
    "box_ap(limit=2)",
    "box_ap(category=1)",
    "box_ap(area=small, area_from=100, area_to=900)",
    "box_ar",
    "box_ar(limit=1)",
    "box_ar(area=large)",
    "mask_ap",
    "mask_ar(limit=2)",
    "keypoint_ap",
    "keypoint_ar(iou_from=0.5, iou_to=0.5)",
)
IMAGES = 24
CLOSE = {"rtol": 1e-9, "atol": 1e-11, "equal_nan": True}


def scene(seed, kind, images=IMAGES):
    """Objects of some images as truth, and moved, doubled, missed and invented ones as prediction."""
    random = np.random.default_rng(seed)
    count = 4 * images
    size = np.exp(random.normal(3.3, 0.9, (count, 2))) + 2
    size[:3] += 90
    box = np.concatenate([random.random((count, 2)) * 90, size], axis=1)
    image, category = random.integers(0, images, count), random.integers(0, 3, count)
    source = random.integers(0, count, 6 * images)
    blur = random.exponential(0.12, (len(source), 1)) * random.normal(size=(len(source), 4))
    found = box[source] * [1, 1, *np.exp(blur[:, 2:]).T.mean(axis=1)] + blur * box[source][:, [2, 3, 2, 3]]
    found[:, 2:] = np.abs(found[:, 2:]) + 1
    other = random.random(len(source)) < 0.2
    truth = {"image": image, "category": category, "crowd": random.random(count) < 0.05}
    prediction = {"image": np.where(other, random.integers(0, images, len(source)), image[source])}
    prediction |= {"category": np.where(other, random.integers(0, 3, len(source)), category[source])}
    prediction |= {"score": random.permutation(len(source)) / len(source)}
    truth |= {"box": box} | content(kind, box)
    prediction |= {"box": found} | content(kind, found)
    if kind == "points":
        truth["sigmas"] = [0.1, 0.2]
    return Objects(images, 3, **truth), Objects(images, 3, **prediction)


def content(kind, box):
    """Masks or points that follow the boxes."""
    if kind == "points":
        corner = np.stack([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)
        return {"points": np.concatenate([corner, np.full((len(box), 2, 1), 2.0)], axis=2)}
    if kind == "mask":
        y, x = np.mgrid[:120, :120]
        inside = [(x >= a) & (x < a + w + 1) & (y >= b) & (y < b + h + 1) for a, b, w, h in box]
        return {"mask": Masks.from_bitmaps(inside)}
    return {}


@pytest.fixture(params=NAMES)
def metric(request):
    """Each metric, with and without options."""
    return metrics.parse(request.param)


@pytest.fixture
def draw(metric):
    """Makes truth and prediction for the metric."""
    kind = {"boxes": "box", "masks": "mask", "points": "points"}[metric.needs]
    return lambda seed, **options: scene(seed, kind, **options)


@pytest.mark.parametrize("seed", range(5))
def test_scores_stay_within_bounds_and_perfect_is_best(metric, draw, seed):
    truth, prediction = draw(seed)
    score = metric(truth, prediction)
    assert np.isnan(score) or 0 <= score <= 1
    perfect = Objects(
        IMAGES, 3, truth.image, truth.category, truth.box, truth.mask, truth.points, np.linspace(1, 0.1, truth.count)
    )
    best = metric(truth, perfect)
    weighted = metric(truth, perfect, np.random.default_rng(seed).random(IMAGES))
    for one in (best, weighted):
        if metric.options["limit"] > 2:
            assert one == pytest.approx(1, abs=1e-12)
            assert one <= 1
        else:
            assert score - 1e-12 <= best <= 1


@pytest.mark.parametrize("seed", range(4))
def test_order_of_objects_and_of_images_does_not_matter(metric, draw, seed):
    truth, prediction = draw(seed)
    random = np.random.default_rng(seed)
    mixed = (side.take(random.permutation(side.count)) for side in (truth, prediction))
    np.testing.assert_array_equal(metric(*mixed), metric(truth, prediction))
    order = random.permutation(IMAGES)
    moved = metric(truth.take_images(order), prediction.take_images(order))
    np.testing.assert_allclose(moved, metric(truth, prediction), **CLOSE)


@pytest.mark.parametrize("seed", range(4))
def test_weight_0_is_absence(metric, draw, seed):
    truth, prediction = draw(seed)
    keep = np.random.default_rng(seed).random(IMAGES) < 0.5
    without = metric(truth.take_images(keep), prediction.take_images(keep))
    np.testing.assert_allclose(metric(truth, prediction, keep.astype(float)), without, **CLOSE)
    gone = [side.take(keep[side.image]) for side in (truth, prediction)]  # the images stay, and are empty
    np.testing.assert_allclose(metric(*gone), without, **CLOSE)


@pytest.mark.parametrize("seed", range(4))
def test_weight_k_is_k_copies(metric, draw, seed):
    truth, prediction = draw(seed)
    copies = np.random.default_rng(seed).integers(0, 4, IMAGES)
    index = np.repeat(np.arange(IMAGES), copies)
    copied = metric(truth.take_images(index), prediction.take_images(index))
    np.testing.assert_allclose(metric(truth, prediction, copies), copied, **CLOSE)


def test_scale_of_weights_does_not_matter(metric, draw):
    truth, prediction = draw(1)
    weight = np.random.default_rng(1).random(IMAGES)
    for scale in (1e-6, 0.1, 1000):
        np.testing.assert_allclose(
            metric(truth, prediction, scale * weight), metric(truth, prediction, weight), **CLOSE
        )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_group_is_scored_as_its_images_alone(metric, draw, seed, weighted):
    truth, prediction = draw(seed)
    random = np.random.default_rng(seed)
    group, weight = random.integers(-1, 4, IMAGES), random.random(IMAGES) if weighted else None
    evidence = metric.collect(truth, prediction)
    ours = metric.reduce(evidence, Partition(group, 5, weight))
    for g in range(4):
        some = np.flatnonzero(group == g)
        alone = metric(truth.take_images(some), prediction.take_images(some), None if weight is None else weight[some])
        np.testing.assert_allclose(ours[g], alone, **CLOSE)
    assert np.isnan(ours[4])


def test_groups_by_name(metric, draw):
    truth, prediction = draw(2)
    side = np.array(["left", "right"])[np.arange(IMAGES) % 2]
    scores = metrics.by_group(metric, truth, prediction, side)
    alone = metric(truth.take_images(side == "left"), prediction.take_images(side == "left"))
    np.testing.assert_allclose(scores.values[0], alone, **CLOSE)
    assert scores.n.tolist() == [IMAGES // 2] * 2


def test_many_segments_in_pieces_are_the_same(metric, draw, monkeypatch):
    truth, prediction = draw(3)
    evidence = metric.collect(truth, prediction)
    parts = Partition(np.arange(IMAGES) % 7, 7)
    whole = metric.reduce(evidence, parts)
    monkeypatch.setattr("metrics.recall_steps.PIECE", 2)
    np.testing.assert_allclose(metric.reduce(evidence, parts), whole, **CLOSE)


@pytest.mark.parametrize("weighted", [False, True])
def test_leave_out_is_all_but_each_group(metric, draw, weighted):
    truth, prediction = draw(4)
    group = np.arange(IMAGES) % 5 - 1
    weight = np.random.default_rng(4).random(IMAGES) if weighted else None
    ours = metric.reduce(metric.collect(truth, prediction), LeaveOut(group, 4, weight))
    for g in range(4):
        rest = np.flatnonzero(group != g)
        alone = metric(truth.take_images(rest), prediction.take_images(rest), None if weight is None else weight[rest])
        np.testing.assert_allclose(ours[g], alone, **CLOSE)


def test_many_weightings_are_a_loop(metric, draw):
    evidence = metric.collect(*draw(5))
    dense = np.random.default_rng(5).random((3, IMAGES)) * (np.arange(IMAGES) % 3 > 0)
    loop = [metric.reduce(evidence, row) for row in dense]
    np.testing.assert_allclose(metric.reduce(evidence, dense), loop, **CLOSE)
    assert all(isinstance(score, float) for score in loop)
    assert metric.reduce(evidence, dense[:0]).shape == (0,)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_draws_are_their_dense_weights(metric, draw, clustered, weighted):
    evidence = metric.collect(*draw(6))
    random = np.random.default_rng(6)
    cluster = np.arange(IMAGES) % 6 if clustered else None
    draws = Draws(30, 7, cluster, sample_weight=random.random(IMAGES) if weighted else None)
    dense = np.concatenate([draws.spread(batch) for batch in draws.batches(IMAGES, IMAGES)])
    np.testing.assert_allclose(metric.reduce(evidence, draws), metric.reduce(evidence, dense), **CLOSE)


@pytest.mark.parametrize("together", [1, 1 << 15])
def test_draws_shared_by_cores_are_the_same(metric, draw, monkeypatch, together):
    evidence = metric.collect(*draw(6))
    monkeypatch.setattr("metrics.matched.TOGETHER", together)
    scores = []
    for cores, passes in ((1, 1), (2, 1), (2, 3), (2, 100)):
        monkeypatch.setattr("metrics.cores.CORES", cores)
        monkeypatch.setattr("metrics.matched.PASSES", passes)
        scores.append(metric.reduce(evidence, Draws(40, 1)))
    for other in scores[1:]:
        np.testing.assert_array_equal(other, scores[0])


@pytest.mark.parametrize("seed", range(3))
def test_taken_images_score_as_they_do_alone(metric, draw, seed):
    truth, prediction = draw(seed)
    random = np.random.default_rng(seed)
    for index in (random.random(IMAGES) < 0.5, random.integers(0, IMAGES, 30), np.zeros(0, dtype=int)):
        taken = metric.collect(truth, prediction).take(index)
        alone = metric(truth.take_images(index), prediction.take_images(index))
        np.testing.assert_allclose(metric.reduce(taken), alone, **CLOSE)
        assert taken.n == len(np.arange(IMAGES)[index])


def test_nothing_left_is_nan(metric, draw):
    truth, prediction = draw(0)
    assert np.isnan(metric(truth, prediction, np.zeros(IMAGES)))
    nobody = truth.take(np.zeros(truth.count, dtype=bool))
    assert np.isnan(metric(nobody, prediction))
    silent = prediction.take(np.zeros(prediction.count, dtype=bool))
    assert metric(truth, silent) == 0


def test_intervals_hold_the_score(metric, draw):
    truth, prediction = draw(8)
    evidence = metric.collect(truth, prediction)
    for options in ({}, {"cluster": np.arange(IMAGES) // 3}, {"method": "bca"}):
        low, high = metrics.interval(metric, evidence, draws=60, level=0.99, **options)
        assert low <= high
        assert low - 0.1 <= metric.reduce(evidence) <= high + 0.1


def test_large_evidence_is_drawn_as_it_is(metric, draw, monkeypatch):
    evidence = metric.collect(*draw(8))
    plain = metrics.interval(metric, evidence, draws=50)
    monkeypatch.setattr("metrics.resample.LARGE", 1)
    assert metrics.interval(metric, evidence, draws=50) == plain
    many, none = np.arange(5000) % IMAGES, np.zeros(0, dtype=int)
    repeated = evidence.take(many)  # more images than blocks: they are drawn in blocks of images
    low, high = metrics.interval(metric, repeated, draws=20)
    assert low <= metric.reduce(repeated) <= high or low == high
    assert np.isnan(metric.reduce(evidence.take(none)))


def test_paired_test_runs_and_equals_are_equal(metric, draw):
    truth, prediction = draw(9)
    worse = draw(10)[1]
    same = metrics.paired_test(metric, truth, prediction, prediction, draws=50)
    assert (same.difference, same.p_value) == (0, 1)
    test = metrics.paired_test(metric, truth, prediction, worse, draws=50, cluster=np.arange(IMAGES) // 2)
    assert test.difference == metric(truth, prediction) - metric(truth, worse)
    assert test.low <= test.high
    assert test.n == IMAGES


def test_evidence_can_be_sent_elsewhere(metric, draw):
    evidence = metric.collect(*draw(2))
    score = metric.reduce(evidence)
    assert metric.reduce(pickle.loads(pickle.dumps(evidence))) == score


def test_one_evidence_serves_all_numbers():
    for kind in ("box", "mask", "points"):
        chosen = detection.coco_metrics(kind)
        assert len({one.evidence_key for one in chosen}) == 1
        truth, prediction = scene(1, kind)
        summary = detection.coco_summary(chosen[0].collect(truth, prediction))
        scores = metrics.evaluate(chosen, truth, prediction)
        np.testing.assert_array_equal(list(scores.values()), summary)
        assert len(scores) == len(chosen) == (10 if kind == "points" else 12)
    with pytest.raises(MetricError, match="is not one of box"):
        detection.coco_metrics("boxes")


def test_scores_by_category_are_those_of_each_category():
    truth, prediction = scene(3, "box")
    evidence = detection.box_ap.collect(truth, prediction)
    ours = detection.ap_by_category(evidence)
    each = [metrics.get("box_ap", category=number)(truth, prediction) for number in range(3)]
    np.testing.assert_array_equal(ours, each)
    assert detection.box_ap.reduce(evidence) == pytest.approx(np.mean(each), abs=1e-15)
    groups = detection.ap_by_category(evidence, Partition(np.arange(IMAGES) % 2, 2))
    assert groups.shape == (3, 2)
    assert detection.coco_summary(evidence, Partition(np.arange(IMAGES) % 2, 2)).shape == (12, 2)


def test_a_category_is_named_by_its_label():
    truth, prediction = scene(3, "box")
    labels = ("cat", "dog", "owl")
    named = metrics.get("box_ap", category="dog")(truth, prediction, None, labels)
    assert named == metrics.get("box_ap", category=1)(truth, prediction)
    with pytest.raises(MetricError, match="no category is named 'cow'"):
        metrics.get("box_ap", category="cow")(truth, prediction, None, labels)
    with pytest.raises(MetricError, match="not a number from 0 to 2"):
        metrics.get("box_ap", category="cow")(truth, prediction)
    with pytest.raises(MetricError, match="not a number from 0 to 2"):
        metrics.get("box_ap", category=3)(truth, prediction)
    with pytest.raises(MetricError, match="2 labels for 3 categories"):
        detection.box_ap(truth, prediction, None, ("cat", "dog"))


def test_options_that_leave_nothing_are_refused():
    truth, prediction = scene(3, "box")
    with pytest.raises(MetricError, match="less than iou_from"):
        metrics.get("box_ap", iou_from=0.8, iou_to=0.6)(truth, prediction)
    with pytest.raises(MetricError, match="no area is small"):
        metrics.get("box_ap", area="small", area_from=2000)(truth, prediction)


def test_more_detections_than_coco_keeps_can_be_asked_for():
    box = np.tile([[0.0, 0, 10, 10]], (150, 1)) + np.arange(150)[:, None] * [20, 0, 0, 0]
    zeros = np.zeros(150, dtype=int)
    truth = Objects(1, 1, zeros, zeros, box=box)
    prediction = Objects(1, 1, zeros, zeros, box=box, score=np.linspace(1, 0.1, 150))
    assert detection.box_ar(truth, prediction) == pytest.approx(100 / 150)
    assert metrics.get("box_ar", limit=150)(truth, prediction) == 1
    assert metrics.get("box_ar", limit=3)(truth, prediction) == pytest.approx(3 / 150)


def test_what_cannot_be_scored_is_refused():
    truth, prediction = scene(3, "box")
    cases = [
        ((truth, truth), "y_pred has no score"),
        ((truth, prediction.take_images(np.arange(5))), "24 images and y_pred has 5"),
        (([1, 2], prediction), "y_true must be Objects"),
    ]
    for sides, message in cases:
        with pytest.raises(MetricError, match=message):
            detection.box_ap(*sides)
    with pytest.raises(MetricError, match="y_true has no mask"):
        detection.mask_ap(truth, prediction)
    points = np.zeros((1, 5, 3))
    lone = Objects(1, 1, [0], [0], points=points), Objects(1, 1, [0], [0], points=points, score=[1.0])
    with pytest.raises(MetricError, match="5 points an object need sigmas"):
        detection.keypoint_ap(*lone)


def test_evidence_says_what_it_is():
    evidence = detection.box_ap.collect(*scene(3, "box"))
    assert isinstance(evidence, Matched)
    assert (evidence.n, evidence.target, evidence.width) == (IMAGES, "objects", 1)
    assert evidence.coarse() is evidence
