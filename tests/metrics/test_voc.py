"""PASCAL VOC and boxes at one confidence, against the rules written out in plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from metrics import voc
from metrics.catalog import get, parse
from metrics.inputs import MetricError
from metrics.objects import Objects


def boxes(random, images, most, categories=3, scored=False):
    """Random boxes on a small image, so that many overlap; truth has difficult ones."""
    image = np.repeat(np.arange(images), random.integers(0, most + 1, size=images))
    m = len(image)
    place, size = random.integers(0, 14, size=(m, 2)), random.integers(3, 12, size=(m, 2))
    box = np.concatenate([place, size], axis=1) + random.random((m, 4)) / 4
    category = random.integers(0, categories, size=m)
    if scored:
        return Objects(images, categories, image, category, box=box, score=random.permutation(m) / m)
    return Objects(images, categories, image, category, box=box, ignore=random.random(m) < 0.2)


def overlap(one, other, pixel):
    """Intersection over union of two boxes given as corners, ends included by ``pixel``."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[0] + one[2], other[0] + other[2]), min(one[1] + one[3], other[1] + other[3])
    wide, high = right - left + pixel, bottom - top + pixel
    if wide <= 0 or high <= 0:
        return 0.0
    area = [(box[2] + pixel) * (box[3] + pixel) for box in (one, other)]
    return wide * high / (sum(area) - wide * high)


def ranked(truth, found, category, iou, pixel):
    """Hits of one category by falling score, and how many true objects count: VOC's rule, detection by detection."""
    mine = np.flatnonzero(truth.category == category)
    taken, hits = set(), []
    for row in sorted(np.flatnonzero(found.category == category), key=lambda row: -found.score[row]):
        best, at = 0.0, None
        for true in mine[truth.image[mine] == found.image[row]]:
            much = overlap(found.box[row], truth.box[true], pixel)
            if much > best:
                best, at = much, true
        if at is None or best < iou:
            hits.append(False)
        elif not truth.ignore[at]:
            hits.append(at not in taken)
            taken.add(at)
    return hits, int(np.count_nonzero(~truth.ignore[mine]))


def average_precision(hits, total, points):
    """Area under the falling envelope, or its mean at evenly spread recalls."""
    if not total:
        return np.nan
    found, precision, recall = 0, [], []
    for shown, hit in enumerate(hits, start=1):
        found += hit
        precision.append(found / shown)
        recall.append(found)
    if points:
        pairs = list(zip(precision, recall, strict=True))
        marks = [[p for p, r in pairs if r * (points - 1) >= k * total] for k in range(points)]
        return float(np.mean([max(mark, default=0.0) for mark in marks]))
    area, before = 0.0, 0
    for place, now in enumerate(recall):
        area += (now - before) / total * max(precision[place:])
        before = now
    return area


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("points", "number"), [("all", 0), ("eleven", 11)])
@pytest.mark.parametrize("pixel", [True, False])
def test_voc_ap_is_the_devkits_rule(seed, points, number, pixel):
    random = np.random.default_rng(seed)
    truth, found = boxes(random, 12, 4), boxes(random, 12, 9, scored=True)
    wanted = [average_precision(*ranked(truth, found, one, 0.4, pixel), number) for one in range(3)]
    options = {"iou": 0.4, "pixel": pixel, "points": points}
    assert get("voc_ap", **options)(truth, found) == pytest.approx(np.nanmean(wanted), abs=1e-12)
    each = [get("voc_ap", category=one, **options)(truth, found) for one in range(3)]
    np.testing.assert_allclose(each, wanted, atol=1e-12)


HITS_OF_24 = {1, 3, 10, 12, 13, 14, 23}
"""Which of 24 ranked detections find one of 15 objects in a worked example that is widely used."""


@pytest.mark.parametrize(("points", "published"), [("all", 0.2456), ("eleven", 0.2684)])
def test_the_worked_example_of_padilla(points, published):
    """Padilla, Netto and da Silva, IWSSIP (2020), p. 237, and its code's documentation: 24.56 % and 26.84 %."""
    truth = Objects(15, 1, np.arange(15), np.zeros(15, dtype=int), box=np.tile([0, 0, 9, 9], (15, 1)))
    ranks = range(1, 25)
    box = [[0, 0, 9, 9] if rank in HITS_OF_24 else [50, 0, 9, 9] for rank in ranks]
    image = np.minimum(np.cumsum([rank in HITS_OF_24 for rank in ranks]), 14)
    found = Objects(15, 1, image, np.zeros(24, dtype=int), box=box, score=[1 - rank / 25 for rank in ranks])
    assert get("voc_ap", points=points)(truth, found) == pytest.approx(published, abs=1e-4)


def test_a_detection_whose_best_object_is_taken_is_wrong_though_another_is_free():
    truth = Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 10], [2, 0, 10, 10]])
    found = Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 10], [0.5, 0, 10, 10]], score=[0.9, 0.8])
    assert voc.voc_ap(truth, found) == 0.5


def test_the_last_pixel_decides():
    truth = Objects(1, 1, [0], [0], box=[[0, 0, 1, 1]])
    found = Objects(1, 1, [0], [0], box=[[0, 0, 1, 0]], score=[1.0])
    assert parse("voc_ap")(truth, found) == 1.0
    assert parse("voc_ap(pixel=false)")(truth, found) == 0.0


def test_equal_scores_stand_or_fall_together():
    truth = Objects(2, 1, [0], [0], box=[[0, 0, 9, 9]])
    for image in ([0, 1], [1, 0]):
        box = [[0, 0, 9, 9], [0, 0, 9, 9]]
        found = Objects(2, 1, image, [0, 0], box=box, score=[0.5, 0.5])
        assert voc.voc_ap(truth, found) == 0.5


def at_confidence(truth, found, category, iou, confidence):
    """Hits, true objects and detections of one category where the surest takes the best free box."""
    mine = np.flatnonzero(truth.category == category)
    taken, hit, shown = set(), 0, 0
    sure = (found.category == category) & (found.score >= confidence)
    for row in sorted(np.flatnonzero(sure), key=lambda row: -found.score[row]):
        much = {
            true: overlap(found.box[row], truth.box[true], 0)
            for true in mine[truth.image[mine] == found.image[row]]
            if true not in taken
        }
        near = [true for true in much if much[true] >= iou]
        near = [true for true in near if not truth.ignore[true]] or near
        shown += 1
        if near:
            best = max(near, key=lambda true: much[true])
            taken.add(best)
            shown -= int(truth.ignore[best])
            hit += int(not truth.ignore[best])
    return hit, int(np.count_nonzero(~truth.ignore[mine])), shown


@pytest.mark.parametrize("seed", range(8))
def test_counts_at_a_confidence_are_those_of_a_loop(seed):
    random = np.random.default_rng(seed)
    truth, found = boxes(random, 12, 4), boxes(random, 12, 9, scored=True)
    counts = np.array([at_confidence(truth, found, one, 0.4, 0.3) for one in range(3)])
    hit, true, shown = counts.sum(axis=0)
    at = {"iou": 0.4, "confidence": 0.3}
    assert get("detection_precision", **at)(truth, found) == pytest.approx(hit / shown)
    assert get("detection_recall", **at)(truth, found) == pytest.approx(hit / true)
    assert get("detection_f1", **at)(truth, found) == pytest.approx(2 * hit / (true + shown))
    each = 2 * counts[:, 0] / (counts[:, 1] + counts[:, 2])
    assert get("detection_f1", over="macro", **at)(truth, found) == pytest.approx(each.mean())
    assert get("detection_f1", category=1, **at)(truth, found) == pytest.approx(each[1])


def test_names_of_categories_are_checked_and_serve():
    truth = Objects(1, 2, [0, 0], [0, 1], box=[[0, 0, 9, 9], [20, 0, 9, 9]])
    found = Objects(1, 2, [0], [1], box=[[20, 0, 9, 9]], score=[0.7])
    names = ["ant", "bee"]
    assert get("voc_ap", category="bee")(truth, found, None, names) == 1.0
    assert get("voc_ap", category="ant")(truth, found, None, names) == 0.0
    with pytest.raises(MetricError, match="no category is 'cat'"):
        get("voc_ap", category="cat")(truth, found, None, names)
    with pytest.raises(MetricError, match="1 labels for 2 categories"):
        get("voc_ap")(truth, found, None, ["ant"])


@pytest.mark.parametrize("name", ["voc_ap", "detection_f1", "detection_recall", "detection_precision"])
def test_nothing_found_and_nothing_true(name):
    none = Objects(2, 1, [], [], box=np.zeros((0, 4)), score=[])
    truth = Objects(2, 1, [0], [0], box=[[0, 0, 9, 9]])
    assert get(name)(truth, none) == 0.0
    empty = Objects(2, 1, [], [], box=np.zeros((0, 4)))
    assert np.isnan(get(name)(empty, none))
