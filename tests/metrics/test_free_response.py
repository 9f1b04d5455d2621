"""Free-response curves and boxes found by their centres, against thresholds tried one by one in plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metrics import free_response
from metrics.catalog import get
from metrics.hit_rules import pairs_inside, pairs_near
from metrics.masks import Masks
from metrics.objects import Objects

SIDE = 40


def scene(seed, images=10, ties=False):
    """True objects with masks in their boxes, and predicted boxes about them."""
    random = np.random.default_rng(seed)
    image = np.repeat(np.arange(images), random.integers(0, 4, size=images))
    m = len(image)
    box = np.concatenate([random.integers(0, 25, size=(m, 2)), random.integers(3, 14, size=(m, 2))], axis=1)
    bitmaps = np.zeros((m, SIDE, SIDE), dtype=bool)
    for one, (x, y, width, height) in zip(bitmaps, box, strict=True):
        one[y : y + height, x : x + width] = random.random((height, width)) < 0.7
    near = np.repeat(np.arange(m), random.integers(0, 5, size=m))
    count = len(near) + 15
    place = np.concatenate([box[near, :2] + random.normal(size=(len(near), 2)) * 2, random.random((15, 2)) * 30])
    size = random.random((count, 2)) * 9 + 3
    category = random.integers(0, 2, size=m)
    guess = np.concatenate([category[near], random.integers(0, 2, size=15)])
    found = Objects(
        images,
        2,
        np.concatenate([image[near], random.integers(0, images, size=15)]),
        np.where(random.random(count) < 0.1, 1 - guess, guess),
        box=np.concatenate([place, size], axis=1),
        score=random.integers(0, 6, size=count) / 5 if ties else random.permutation(count) / count,
    )
    mask = Masks.from_bitmaps(bitmaps)
    truth = Objects(images, 2, image, category, box=box.astype(float), mask=mask)
    return truth, found, bitmaps


def hits_of(truth, found, bitmaps, hit, distance):
    """Of each prediction, the true objects it hits, the best first."""
    out = []
    for row in range(found.count):
        x, y = found.box[row, :2] + found.box[row, 2:] / 2
        known = {}
        for true in np.flatnonzero((truth.image == found.image[row]) & (truth.category == found.category[row])):
            left, top, width, height = truth.box[true]
            away = np.hypot(x - left - width / 2, y - top - height / 2)
            if hit == "centre" and away <= distance:
                known[true] = away
            inside = left <= x <= left + width and top <= y <= top + height and x < SIDE and y < SIDE
            if hit == "inside" and inside and bitmaps[true][int(y), int(x)]:
                known[true] = away / np.hypot(width, height)
        out.append(sorted(known, key=known.get))
    return out


def outcome_of_each(truth, found, hits):
    """hit, again or alarm of each prediction, the surest choosing first."""
    taken, out = set(), [""] * found.count
    for row in np.argsort(-found.score, kind="stable"):
        free = [true for true in hits[row] if true not in taken]
        taken.update(free[:1])
        out[row] = "hit" if free else "again" if hits[row] else "alarm"
    return np.array(out)


def sensitivity(truth, found, outcome, again, allowed):
    """The greatest share found by any threshold with no more false alarms an image."""
    wrong = (outcome == "alarm") | ((outcome == "again") & (again == "alarm"))
    best = 0.0
    for least in found.score:
        shown = found.score >= least
        if np.count_nonzero(wrong & shown) <= allowed * truth.images:
            best = max(best, np.count_nonzero(shown & (outcome == "hit")) / truth.count)
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("hit", ["centre", "inside"])
@pytest.mark.parametrize("again", ["ignored", "alarm"])
def test_froc_is_every_threshold_tried(seed, hit, again):
    truth, found, bitmaps = scene(seed)
    outcome = outcome_of_each(truth, found, hits_of(truth, found, bitmaps, hit, 5.0))
    assert {"hit", "alarm"} <= set(outcome)
    options = {"hit": hit, "distance": 5.0, "again": again}
    for allowed in (0, 0.1, 0.25, 0.5, 1, 2, 100):
        wanted = sensitivity(truth, found, outcome, again, allowed)
        assert get("sensitivity_at_fp", fp=allowed, **options)(truth, found) == pytest.approx(wanted, abs=1e-12)
    wanted = np.mean([sensitivity(truth, found, outcome, again, allowed) for allowed in free_response.ALARMS])
    assert get("froc", **options)(truth, found) == pytest.approx(wanted, abs=1e-12)


def test_a_second_mark_on_an_object_is_an_alarm_if_one_says_so():
    truth = Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]])
    found = Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 9], [0, 0, 10, 10]], score=[0.9, 0.8])
    late = Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]], ignore=[True])
    assert get("detection_precision")(truth, found) == 0.5
    for again, alarms in (("ignored", 0), ("alarm", 1)):
        evidence = get("froc", again=again).collect(truth, found)
        assert np.count_nonzero(evidence.counted & ~evidence.hit) == alarms
        assert not get("froc", again=again).collect(late, found).hit.any()


def test_sensitivity_of_equal_scores_lies_on_a_straight_line():
    truth = Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 10], [20, 0, 10, 10]])
    box = [[0, 0, 10, 10], [20, 0, 10, 10], [0, 50, 5, 5], [20, 50, 5, 5]]
    found = Objects(1, 1, [0] * 4, [0] * 4, box=box, score=[0.9, 0.5, 0.5, 0.5])
    at = [get("sensitivity_at_fp", fp=fp)(truth, found) for fp in (0, 0.5, 1, 2, 3)]
    assert at == pytest.approx([0.5, 0.625, 0.75, 1.0, 1.0])


def test_one_category_is_that_category_alone():
    truth, found, _ = scene(3)
    for category in range(2):
        alone = truth.take(truth.category == category), found.take(found.category == category)
        assert get("froc", category=category)(truth, found) == pytest.approx(get("froc")(*alone), abs=1e-12)


def area_under(outcome, found, truth, category):
    """Average precision along the whole curve of one category."""
    mine = found.category == category
    hits = outcome[mine][np.argsort(-found.score[mine])] == "hit"
    total = np.count_nonzero(truth.category == category)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return sum(precision[place:].max() for place in np.flatnonzero(hits)) / total


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("name", "hit"), [("centre_ap", "centre"), ("inside_ap", "inside")])
def test_precision_by_centres_is_that_of_a_loop(seed, name, hit):
    truth, found, bitmaps = scene(seed)
    outcome = outcome_of_each(truth, found, hits_of(truth, found, bitmaps, hit, 6.0))
    options = {"distance": 6.0} if hit == "centre" else {}
    wanted = np.mean([area_under(outcome, found, truth, category) for category in range(2)])
    assert get(name, **options)(truth, found) == pytest.approx(wanted, abs=1e-12)


def test_pairs_are_the_same_a_few_at_a_time(monkeypatch):
    truth, found, _ = scene(1)
    whole = pairs_near(truth, found, 9.0)
    monkeypatch.setattr("metrics.hit_rules.PAIRS", 3)
    parts = pairs_near(truth, found, 9.0)
    for name in ("found", "true", "similarity"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_the_edge_of_the_image_and_of_the_mask():
    truth = Objects(1, 1, [0], [0], mask=Masks.from_bitmaps([[[0, 1], [0, 0]]]))
    centres = [[1, 0], [1.99, 0.99], [2.0, 0.5], [0.99, 0.5], [1.5, 1.0], [1.5, -0.01]]
    box = [[x - 0.5, y - 0.5, 1, 1] for x, y in centres]
    found = Objects(1, 1, [0] * 6, [0] * 6, box=box, score=[0.5] * 6)
    assert pairs_inside(replace(truth, box=truth.mask.box), found).found.tolist() == [0, 1]
    aside = replace(truth, box=[[50, 50, 1, 1]])  # a box that is not about its mask does not matter
    assert pairs_inside(aside, found).found.tolist() == [0, 1]


def test_masks_alone_serve_as_truth():
    truth = Objects(1, 1, [0], [0], mask=Masks.from_bitmaps([np.ones((4, 4))]))
    found = Objects(1, 1, [0], [0], box=[[0, 0, 4, 4]], score=[0.5])
    for name in ("froc", "centre_ap", "inside_ap"):
        assert get(name)(truth, found) == 1.0
