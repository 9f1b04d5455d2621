"""What must hold for every metric whose evidence is outcomes of detections: an image is an item."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import metrics
from metrics import boundary_detection, error_costs, federated_detection, free_response, voc
from metrics.catalog import parse
from metrics.federated import Federated, expand_objects
from metrics.inputs import MetricError
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.weighting import Draws, LeaveOut, Partition

MODULES = (voc, free_response, error_costs, boundary_detection, federated_detection)
IMAGES, CATEGORIES, SIDE = 24, 3, 32
NAMES = (
    "voc_ap",
    "voc_ap(points=eleven, pixel=false)",
    "voc_ap(iou=0.7, points=hundred, category=1)",
    "detection_f1",
    "detection_f1(over=macro, confidence=0.3)",
    "detection_precision(over=macro)",
    "detection_recall(category=2)",
    "detection_precision",
    "detection_recall",
    "froc",
    "froc(hit=centre, again=alarm)",
    "froc(hit=inside, category=1)",
    "sensitivity_at_fp",
    "centre_ap(distance=4)",
    "centre_ap",
    "inside_ap",
    "inside_f1",
    "inside_f1(confidence=0.3, category=1)",
    "lost_box_ap",
    "lost_box_ap(error=localisation)",
    "lost_box_ap(error=classification, category=1)",
    "lost_box_ap(error=both, iou=0.7)",
    "lost_box_ap(error=duplicate, limit=8)",
    "lost_box_ap(error=background, background=0.3)",
    "lost_box_ap(error=missed)",
    "lost_box_ap(error=false_positive)",
    "lost_box_ap(error=false_negative)",
    "lost_mask_ap(error=localisation)",
    "boundary_ap",
    "boundary_ap(iou_from=0.75, iou_to=0.75, area=small, ratio=0.05)",
    "lvis_box_ap",
    "lvis_mask_ap",
    "lvis_box_ap(iou_to=0.5, limit=5)",
    "lvis_mask_ap(frequency=common)",
    "open_images_ap",
    "open_images_ap(groups=ignored, expand=truth)",
)
CLOSE = {"rtol": 1e-9, "atol": 1e-11, "equal_nan": True}


def rectangles(box):
    bitmaps = np.zeros((len(box), SIDE, SIDE), dtype=bool)
    for one, (x, y, wide, high) in zip(bitmaps, box.astype(int), strict=True):
        one[y : y + high, x : x + wide] = True
    return Masks.from_bitmaps(bitmaps)


class Case:
    """Random truth and prediction for one metric; the scores of most have ties."""

    def __init__(self, name, seed):
        random = np.random.default_rng(seed)
        self.metric = parse(name)
        image = np.repeat(np.arange(IMAGES), random.integers(0, 4, size=IMAGES))
        m = len(image)
        box = np.concatenate([random.integers(0, 20, size=(m, 2)), random.integers(4, 12, size=(m, 2))], axis=1)
        category, flags = random.integers(0, CATEGORIES, size=m), random.random((2, m)) < 0.1
        truth = Objects(IMAGES, CATEGORIES, image, category, box=box, mask=rectangles(box), crowd=flags[0])
        absent = [[one, random.integers(0, CATEGORIES)] for one in range(0, IMAGES, 2)]
        self.federated = name.startswith(("lvis", "open"))
        if self.federated:
            frequency = ["common", "common", "rare"]
            self.truth = Federated(truth, absent, [[1, 0], [3, 2]], frequency, parents=[[0, 1]])
        else:
            self.truth = truth
        near = np.repeat(np.arange(m), random.integers(0, 3, size=m))
        step = random.integers(-2, 3, size=(len(near), 4)) * (random.random((len(near), 1)) < 0.5)
        moved = np.maximum(box[near] + step, [0, 0, 2, 2])
        other = random.integers(2, 20, size=(40, 4))
        shown = np.concatenate([moved, other])
        self.found = Objects(
            IMAGES,
            CATEGORIES,
            np.concatenate([image[near], random.integers(0, IMAGES, size=40)]),
            np.concatenate([category[near], random.integers(0, CATEGORIES, size=40)]),
            box=shown,
            mask=rectangles(shown),
            score=self.scores(random, len(shown)),
        )

    def scores(self, random, count):
        if self.metric.base == "boundary_ap":  # ranks as COCO does, where equals are in the order of the images
            return random.permutation(count) / count
        return random.integers(0, 12, size=count) / 11

    def score(self, index=None, weight=None):
        truth, found = self.truth, self.found
        if index is not None:
            truth, found = truth.take_images(index), found.take_images(index)
        return self.metric(truth, found, weight)

    def evidence(self):
        return self.metric.collect(self.truth, self.found)


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def assert_same(one, other):
    np.testing.assert_allclose(one, other, **CLOSE)


def test_every_metric_of_these_modules_is_here():
    known = {parse(name).base for name in NAMES}
    made = {
        one.base
        for module in MODULES
        for _, one in inspect.getmembers(module, lambda one: isinstance(one, metrics.Metric))
    }
    assert made
    assert made <= known
    scores = {parse(name).base: Case(name, 0).score() for name in NAMES}
    assert all(0 < score < 1 for score in scores.values())


@pytest.mark.parametrize("seed", range(4))
def test_scores_stay_within_bounds(name, seed):
    case = Case(name, seed)
    low, high = case.metric.bounds
    assert low <= case.score() <= high
    weight = np.random.default_rng(seed).random((20, IMAGES)) ** 4
    scores = case.metric.reduce(case.evidence(), weight)
    assert low <= scores.min() <= scores.max() <= high


@pytest.mark.parametrize("seed", range(4))
def test_perfect_is_best(name, seed):
    case = Case(name, seed)
    truth = case.truth.objects if case.federated else case.truth
    solid = truth.take(~truth.crowd)
    found = Objects(
        IMAGES, CATEGORIES, solid.image, solid.category, box=solid.box, mask=solid.mask, score=np.ones(solid.count)
    )
    if case.metric.base == "open_images_ap":  # a group is found by a box in it; ancestors are for the participant
        found = Objects(IMAGES, CATEGORIES, truth.image, truth.category, box=truth.box, score=np.ones(truth.count))
        found = expand_objects(found, case.truth.ancestry)
    perfect = case.metric(case.truth, found)
    assert perfect == pytest.approx(case.metric.perfect, abs=1e-12)
    better = case.score() - perfect if case.metric.greater_is_better else perfect - case.score()
    assert better <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_order_of_images_does_not_matter(name, seed):
    case = Case(name, seed)
    assert_same(case.score(np.random.default_rng(seed).permutation(IMAGES)), case.score())


@pytest.mark.parametrize("seed", range(4))
def test_order_of_predictions_does_not_matter(name, seed):
    case = Case(name, seed)
    shuffled = case.found.take(np.random.default_rng(seed).permutation(case.found.count))
    assert case.metric(case.truth, shuffled) == case.score()


@pytest.mark.parametrize("seed", range(4))
def test_weight_zero_is_absence_and_weight_k_is_k_copies(name, seed):
    case, random = Case(name, seed), np.random.default_rng(seed)
    keep = random.random(IMAGES) < 0.5
    assert_same(case.score(weight=keep.astype(float)), case.score(keep))
    copies = random.integers(0, 4, size=IMAGES)
    assert_same(case.score(weight=copies), case.score(np.repeat(np.arange(IMAGES), copies)))
    weight = random.random(IMAGES)
    assert_same(case.score(weight=1000 * weight), case.score(weight=weight))


def test_nothing_left_is_nan(name):
    case = Case(name, 0)
    assert np.isnan(case.score(weight=np.zeros(IMAGES)))
    evidence, group = case.evidence(), np.zeros(IMAGES, dtype=int)
    assert np.isnan(case.metric.reduce(evidence, Partition(group, 2))[1])
    assert np.isnan(case.metric.reduce(evidence, LeaveOut(group, 1))[0])


@pytest.mark.parametrize("weighted", [False, True])
def test_groups_are_their_images_alone(name, weighted):
    case, random = Case(name, 7), np.random.default_rng(7)
    group, weight = random.integers(-1, 3, size=IMAGES), random.random(IMAGES) if weighted else None
    evidence = case.evidence()
    for parts, differs in ((Partition, np.not_equal), (LeaveOut, np.equal)):
        members = [np.flatnonzero(~differs(group, one)) for one in range(3)]
        alone = [case.score(index, None if weight is None else weight[index]) for index in members]
        assert_same(case.metric.reduce(evidence, parts(group, 3, weight)), alone)


def test_many_weightings_are_a_loop(name):
    case, random = Case(name, 5), np.random.default_rng(5)
    dense, evidence = random.random((3, IMAGES)), case.evidence()
    assert_same(case.metric.reduce(evidence, dense), [case.metric.reduce(evidence, row) for row in dense])
    assert case.metric.reduce(evidence, dense[:0]).shape == (0,)


@pytest.mark.parametrize("cluster", [None, np.arange(IMAGES) // 3])
def test_draws_are_their_dense_weights(name, cluster):
    case, draws = Case(name, 6), Draws(20, 7, cluster)
    dense = np.concatenate([draws.spread(batch) for batch in draws.batches(IMAGES, IMAGES)])
    evidence = case.evidence()
    assert_same(case.metric.reduce(evidence, draws), case.metric.reduce(evidence, dense))


def test_taken_evidence_is_evidence_of_the_rest(name):
    case, random = Case(name, 8), np.random.default_rng(8)
    evidence = case.evidence()
    case.metric.reduce(evidence)
    for chosen in (random.random(IMAGES) < 0.6, np.sort(random.integers(0, IMAGES, size=30))):
        part = evidence.take(chosen)
        assert part.n == len(np.arange(IMAGES)[chosen])
        assert_same(case.metric.reduce(part), case.score(chosen))


def test_intervals_groups_and_paired_tests_run(name):
    case = Case(name, 9)
    weaker = case.found.take(np.arange(case.found.count) % 3 > 0)
    patient, evidence = np.arange(IMAGES) // 2, case.evidence()
    low, high = metrics.interval(case.metric, evidence, draws=50, cluster=patient)
    assert 0 <= low <= high <= 1
    test = metrics.paired_test(case.metric, case.truth, case.found, weaker, draws=50, cluster=patient)
    assert 0 <= test.p_value <= 1
    groups = metrics.by_group(case.metric, case.truth, case.found, patient % 2)
    assert_same(groups.values, [case.score(patient % 2 == one) for one in range(2)])
    assert_same(case.metric.reduce(evidence.coarse()), case.score())


def test_what_is_not_objects_is_refused(name):
    with pytest.raises(MetricError, match=r"Objects"):
        parse(name)([1, 0], [1, 1])
    with pytest.raises(MetricError, match="y_pred"):
        parse(name)(Case(name, 0).truth, [1, 1])


def test_collecting_leaves_its_arguments_as_they_were(name):
    case = Case(name, 3)
    parts = ("box", "score", "image", "category")
    before = [getattr(case.found, part).copy() for part in parts]
    case.score()
    for part, kept in zip(parts, before, strict=True):
        np.testing.assert_array_equal(getattr(case.found, part), kept)
