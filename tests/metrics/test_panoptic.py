"""Panoptic quality: worked by hand, against a plain reading of the published algorithm, and the laws of all metrics."""

from __future__ import annotations

import doctest
from collections import defaultdict

import numpy as np
import pytest

import metrics
from metrics.inputs import MetricError
from metrics.label_maps import LabelMaps
from metrics.panoptic import Segments, matched_segments, qualities
from metrics.resample import interval, paired_test
from metrics.weighting import Draws, partition

NAMES = ("panoptic_quality", "segmentation_quality", "recognition_quality")
CATEGORIES = [7, 3, 21, 90]
THINGS = [True, False, True, False]


def blobs(random, height, width, large=False):
    """A random id map with a handful of segments and some void, and the categories of its ids."""
    ids = random.choice(np.arange(1, 40) * (104_729 if large else 1), size=7, replace=False)
    grid = np.append(ids, 0)[random.integers(0, 8, size=(1 + height // 4, 1 + width // 4))]
    image = np.kron(grid, np.ones((4, 4), dtype=np.int64))[:height, :width]
    return image, {int(one): CATEGORIES[random.integers(4)] for one in np.unique(image) if one}


def example(seed, images=8, large=False):
    """Truth with crowds and void, and a prediction that is shifted, relabelled and partly left out."""
    random = np.random.default_rng(seed)
    truth, prediction = ([], []), ([], [])
    for _ in range(images):
        true, category = blobs(random, *random.integers(5, 30, size=2), large)
        shown = np.roll(true, random.integers(0, 2, size=2), (0, 1)).copy()
        for one in list(category):
            if random.random() < 0.15:
                shown[shown == one] = 0
        known = {int(one): category[int(one)] for one in np.unique(shown) if one}
        known = {one: CATEGORIES[random.integers(4)] if random.random() < 0.2 else its for one, its in known.items()}
        truth[0].append(true)
        truth[1].append(
            [{"id": one, "category_id": its, "iscrowd": int(random.random() < 0.2)} for one, its in category.items()]
        )
        prediction[0].append(shown)
        prediction[1].append([{"id": one, "category_id": its} for one, its in known.items()])
    return truth, prediction


def read(side):
    return Segments.from_segments_info(*side, CATEGORIES, THINGS)


def expected(truth, prediction):
    """PQ, SQ and RQ by category and over groups, segment by segment as Kirillov et al. and panopticapi describe it."""
    overlap, hit, extra, lost = (defaultdict(float) for _ in range(4))
    for true, true_info, shown, shown_info in zip(*truth, *prediction, strict=True):
        sure = {one["id"]: one["category_id"] for one in true_info if not one["iscrowd"]}
        crowd = {one["category_id"]: one["id"] for one in true_info if one["iscrowd"]}
        found = set()
        for one in shown_info:
            mask, category = shown == one["id"], one["category_id"]
            for other, its in sure.items():
                union = np.count_nonzero((mask & (true != 0)) | (true == other))
                iou = np.count_nonzero(mask & (true == other)) / union
                if its == category and iou > 0.5:
                    found.add(other)
                    overlap[category] += iou
                    hit[category] += 1
                    break
            else:
                excused = mask & ((true == 0) | (true == crowd.get(category, -1)))
                extra[category] += np.count_nonzero(excused) <= 0.5 * np.count_nonzero(mask)
        for other, its in sure.items():
            lost[its] += other not in found
    rows = {}
    for category in CATEGORIES:
        size = hit[category] + (extra[category] + lost[category]) / 2
        if size:
            close = overlap[category] / hit[category] if hit[category] else 0.0
            rows[category] = (overlap[category] / size, close, hit[category] / size)
    return rows


@pytest.mark.parametrize("seed", range(40))
def test_equal_to_the_published_algorithm(seed):
    truth, prediction = example(seed, large=seed % 3 == 0)
    rows = expected(truth, prediction)
    y_true, y_pred = read(truth), read(prediction)
    for place, name in enumerate(NAMES):
        for over, kept in (("all", (True, False)), ("things", (True,)), ("stuff", (False,))):
            wanted = [
                rows[one][place] for one, thing in zip(CATEGORIES, THINGS, strict=True) if one in rows and thing in kept
            ]
            got = metrics.get(name, over=over)(y_true, y_pred)
            np.testing.assert_allclose(got, np.mean(wanted) if wanted else np.nan, rtol=0, atol=1e-12)
        for one in CATEGORIES:
            got = metrics.get(name, category=one)(y_true, y_pred, labels=CATEGORIES)
            np.testing.assert_allclose(got, rows[one][place] if one in rows else np.nan, rtol=0, atol=1e-12)


def one_row(true, shown, true_info=None, shown_info=None, categories=(1,)):
    """Truth and prediction of one image of one row; every id is of category 1 unless told."""
    sides = []
    for values, info in ((true, true_info), (shown, shown_info)):
        ids = [{"id": one, "category_id": 1} for one in sorted(set(values) - {0})]
        sides.append(Segments.from_segments_info([[values]], [ids if info is None else info], categories))
    return sides


@pytest.mark.parametrize(
    ("true", "shown", "quality"),
    [
        ([1] * 10, [5] * 10, (1, 1, 1)),
        ([1] * 10, [5] * 8 + [0] * 2, (0.8, 0.8, 1)),  # void in the prediction is a hole
        ([1] * 8 + [0] * 2, [5] * 10, (1, 1, 1)),  # void in the truth is left out of the union
        ([1] * 10, [5] * 5 + [0] * 5, (0, 0, 0)),  # exactly half is no match
        ([1] * 10, [5] * 6 + [6] * 4, (0.4, 0.6, 2 / 3)),  # one match, one false alarm
        ([1] * 6 + [2] * 4, [5] * 6 + [0] * 4, (2 / 3, 1, 2 / 3)),  # one match, one miss
        ([1] * 4 + [0] * 6, [1] * 4 + [2] * 6, (1, 1, 1)),  # what lies on void is no false alarm
        ([1] * 7 + [0] * 3, [1] * 4 + [2] * 6, (4 / 7 / 1.5, 4 / 7, 2 / 3)),  # exactly half on void is one
    ],
)
def test_worked_by_hand(true, shown, quality):
    sides = one_row(true, shown)
    assert [metrics.get(name)(*sides) for name in NAMES] == pytest.approx(quality, abs=1e-15)


def test_of_several_crowds_only_the_last_excuses():
    def score(order):
        info = [{"id": one, "category_id": 1, "iscrowd": 1} for one in order]
        return matched_segments(*one_row([1] * 4 + [2] * 6, [5] * 10, info)).table[:, 0].tolist()

    assert score((1, 2)) == [0, 0, 0, 0]  # six of ten pixels lie on the last
    assert score((2, 1)) == [0, 0, 1, 0]


def test_a_crowd_of_another_category_excuses_nothing():
    info = [{"id": 1, "category_id": 2, "iscrowd": 1}]
    sides = one_row([1] * 10, [5] * 10, info, categories=(1, 2))
    assert matched_segments(*sides).table[:, 0].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]


def test_nothing_anywhere_is_nan():
    sides = one_row([0] * 4, [0] * 4)
    assert all(np.isnan(metrics.get(name)(*sides)) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_bounds_and_perfect(name):
    truth, prediction = example(3)
    assert 0 <= metrics.get(name)(read(truth), read(prediction)) < 1
    plain = (truth[0], [[{**one, "iscrowd": 0} for one in info] for info in truth[1]])
    assert metrics.get(name)(read(plain), read(plain)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_order_does_not_matter(name):
    truth, prediction = example(5)
    score = metrics.get(name)(read(truth), read(prediction))
    order = np.random.default_rng(0).permutation(len(truth[0]))
    turned = [([side[0][k] for k in order], [side[1][k] for k in order]) for side in (truth, prediction)]
    turned[1] = (turned[1][0], [info[::-1] for info in turned[1][1]])
    assert metrics.get(name)(*map(read, turned)) == pytest.approx(score, abs=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_weights_groups_and_takes(name):
    truth, prediction = example(6, images=12)
    metric, y_true, y_pred = metrics.get(name), read(truth), read(prediction)
    evidence = metric.collect(y_true, y_pred)
    weight = np.arange(12) % 3
    copies = np.repeat(np.arange(12), weight)
    by_weight = metric.reduce(evidence, weight.astype(float))
    assert by_weight == pytest.approx(metric(y_true.take(copies), y_pred.take(copies)), abs=1e-14)
    assert by_weight == pytest.approx(metric.reduce(evidence.take(copies)), abs=1e-14)
    groups = np.arange(12) % 4
    scores = metrics.by_group(metric, y_true, y_pred, groups).values
    alone = [metric(y_true.take(groups == k), y_pred.take(groups == k)) for k in range(4)]
    np.testing.assert_allclose(scores, alone, atol=1e-14)


def test_draws_intervals_and_paired_tests():
    truth, prediction = example(7, images=30)
    metric, y_true, y_pred = metrics.get("panoptic_quality"), read(truth), read(prediction)
    evidence = metric.collect(y_true, y_pred)
    draws = Draws(50, seed=3, cluster=np.arange(30))
    plain = [metric.reduce(evidence, draws.spread(batch).astype(float)) for batch in draws.batches(30)]
    np.testing.assert_allclose(metric.reduce(evidence, draws), np.concatenate(plain), atol=1e-13)
    low, high = interval(metric, evidence, cluster=np.arange(30) // 3, draws=200)
    assert low < metric.reduce(evidence) < high
    test = paired_test(metric, y_true, y_pred, y_pred, draws=50)
    assert (test.difference, test.p_value) == (0, 1)
    _, parts = partition(np.arange(30) // 3)
    assert metric.reduce(evidence, parts).shape == (10,)


def test_qualities_by_category_agree_with_the_option():
    truth, prediction = example(8)
    evidence = matched_segments(read(truth), read(prediction), CATEGORIES)
    (counts,) = evidence.readings(None)
    for name, values in zip(NAMES, qualities(counts), strict=True):
        for one, value in zip(CATEGORIES, values[0], strict=True):
            np.testing.assert_equal(metrics.get(name, category=one).reduce(evidence), value)


def test_outputs_of_models_are_read():
    mask2former = np.array([[1, 1, 2], [0, 2, 2]], dtype=np.int32)
    info = [{"id": 1, "isthing": True, "category_id": 0, "score": 0.9}, {"id": 2, "isthing": False, "category_id": 1}]
    one = Segments.from_segments_info([mask2former], [info], [0, 1])
    assert one.things.tolist() == [True, False]
    other_info = [{"id": 1, "label_id": 0, "was_fused": False}, {"id": 2, "label_id": 1, "score": 1.0}]
    other = Segments.from_segments_info([np.where(mask2former, mask2former, -1)], [other_info], [0, 1], [True, False])
    assert metrics.get("panoptic_quality")(one, other) == 1
    assert (one.maps.array(0) == other.maps.array(0)).all()


@pytest.mark.parametrize(
    ("maps", "info", "message"),
    [
        ([[[1, 2]]], [[{"id": 1, "category_id": 0}]], "pixels have the id 2, which is not listed"),
        ([[[1, 5_000_000_00]]], [[{"id": 1, "category_id": 0}]], "not listed"),
        ([[[1, 1]]], [[{"id": 1, "category_id": 0}, {"id": 9, "category_id": 0}]], "segment 9 is listed twice, or has"),
        ([[[1, 1]]], [[{"id": 1, "category_id": 0}] * 2], "listed twice"),
        ([[[2**31, 2**31]]], [[{"id": 2**31, "category_id": 0}] * 2], "listed twice"),
        ([[[1, 1]]], [[{"id": 1, "category_id": 4}]], "category 4, which is not known"),
        ([[[1, 1]]], [[{"category_id": 0}]], "no id"),
        ([[[0, 0]]], [[{"id": 0, "category_id": 0}]], "segment holds numbers outside"),
        ([[[1, 1]]], [], "one list of segments an image"),
    ],
)
def test_faults_are_told(maps, info, message):
    with pytest.raises(MetricError, match=message):
        Segments.from_segments_info(maps, info, [0])


def test_records_are_checked():
    maps = LabelMaps.from_arrays([[[1, 1]]])
    good = {"image": [0], "segment": [1], "category": [0], "things": np.array([True])}
    Segments(maps, **good)
    for name, value in (
        ("image", [1]),
        ("segment", [1.0]),
        ("category", [1]),
        ("category", [0, 0]),
        ("things", [1]),
        ("crowd", [2]),
    ):
        with pytest.raises(MetricError):
            Segments(maps, **{**good, name: value})
    with pytest.raises(MetricError, match="must be LabelMaps"):
        Segments([[1, 1]], **good)


def test_pairs_are_checked():
    one = Segments.from_segments_info([[[1, 1]]], [[{"id": 1, "category_id": 0}]], [0])
    two = Segments.from_segments_info([[[1, 1]]], [[{"id": 1, "category_id": 0}]], [0, 1])
    tall = Segments.from_segments_info([[[1], [1]]], [[{"id": 1, "category_id": 0}]], [0])
    for other in (two, tall, [[1, 1]]):
        with pytest.raises(MetricError):
            matched_segments(one, other)
    with pytest.raises(MetricError, match="labels"):
        matched_segments(one, one, ["a", "b"])
    with pytest.raises(MetricError, match="no category is named"):
        metrics.get("panoptic_quality", category="cat")(one, one)


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_true(name):
    record = metrics.get(name)
    example_ = doctest.DocTestParser().get_doctest(record.doc, {"metrics": metrics}, name, None, 0)
    assert doctest.DocTestRunner().run(example_).failed == 0
