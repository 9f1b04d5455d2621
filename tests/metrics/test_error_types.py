"""TIDE's breakdown of errors, against its rules written out in plain loops."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

import metrics
from metrics.error_types import ERRORS, KINDS, detection_errors, sort_errors
from metrics.inputs import MetricError
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.weighting import Draws, Partition

IMAGES, CATEGORIES, FOREGROUND, BACKGROUND = 15, 3, 0.5, 0.1


def scene(seed):
    """Truth with a few crowds, and detections with every kind of error."""
    random = np.random.default_rng(seed)
    image = np.repeat(np.arange(IMAGES), random.integers(0, 7, size=IMAGES))
    m = len(image)
    box = np.concatenate([random.random((m, 2)) * 60, random.random((m, 2)) * 15 + 6], axis=1)
    category = random.integers(0, CATEGORIES, size=m)
    truth = Objects(IMAGES, CATEGORIES, image, category, box=box, crowd=random.random(m) < 0.1)
    near = np.repeat(np.arange(m), random.integers(0, 4, size=m))
    spread = random.choice([0.5, 4.0], size=(len(near), 1))
    moved = box[near] + random.normal(size=(len(near), 4)) * spread
    moved[:, 2:] = np.abs(moved[:, 2:]) + 1
    guess = np.where(random.random(len(near)) < 0.25, random.integers(0, CATEGORIES, size=len(near)), category[near])
    other = np.concatenate([random.random((25, 2)) * 60, random.random((25, 2)) * 15 + 4], axis=1)
    found = Objects(
        IMAGES,
        CATEGORIES,
        np.concatenate([image[near], random.integers(0, IMAGES, size=25)]),
        np.concatenate([guess, random.integers(0, CATEGORIES, size=25)]),
        box=np.concatenate([moved, other]),
        score=random.permutation(len(near) + 25) / (len(near) + 25),
    )
    return truth, found


def overlap(one, other, crowd=False):
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(wide, 0.0) * max(high, 0.0)
    return both / (one[2] * one[3] + (0.0 if crowd else other[2] * other[3] - both))


def kind_of(row, found, truth, here, taken):
    """What is wrong with an unmatched detection, and the object that it was meant for."""
    own = {
        true: overlap(found.box[row], truth.box[true]) for true in here if truth.category[true] == found.category[row]
    }
    rest = {true: overlap(found.box[row], truth.box[true]) for true in here if true not in own}
    best_own, best_rest = (max(side, key=side.get, default=None) for side in (own, rest))
    if best_own is not None and BACKGROUND <= own[best_own] <= FOREGROUND:
        return "localisation", best_own
    if best_rest is not None and rest[best_rest] >= FOREGROUND:
        return "classification", best_rest
    if any(much >= FOREGROUND for true, much in own.items() if true in taken):
        return "duplicate", None
    if max([*own.values(), *rest.values()], default=0.0) <= BACKGROUND:
        return "background", None
    return "both", None


def examined(truth, found, limit=100):
    """Kind and target of each detection that is looked at, and which true objects are matched: image by image."""
    out, matched = {}, set()
    for image in range(IMAGES):
        rows = sorted(np.flatnonzero(found.image == image), key=lambda row: -found.score[row])[:limit]
        solid = [true for true in np.flatnonzero(truth.image == image) if not truth.crowd[true]]
        crowd = [true for true in np.flatnonzero(truth.image == image) if truth.crowd[true]]
        for row in rows:
            much = {
                true: overlap(found.box[row], truth.box[true])
                for true in solid
                if true not in matched and truth.category[true] == found.category[row]
            }
            best = max(much, key=much.get, default=None)
            if best is not None and much[best] >= FOREGROUND:
                matched.add(best)
                out[row] = "right", best
        for row in [row for row in rows if row not in out]:
            held = [true for true in crowd if truth.category[true] == found.category[row]]
            if any(overlap(found.box[row], truth.box[true], crowd=True) >= FOREGROUND for true in held):
                out[row] = "aside", None
            else:
                out[row] = kind_of(row, found, truth, solid, matched)
    return out, matched


def mean_precision(points, totals):
    """The mean over categories of COCO's average precision; a point is (category, score, hit)."""
    scores = []
    for category in range(CATEGORIES):
        hits = [hit for _, hit in sorted(((s, h) for c, s, h in points if c == category), reverse=True)]
        if not totals[category]:
            continue
        recall = np.cumsum(hits) / totals[category]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        scores.append(best[np.searchsorted(recall, np.linspace(0, 1, 101), side="left")].mean())
    return np.mean(scores)


def totals_of(truth, kept):
    return np.bincount([truth.category[true] for true in kept], minlength=CATEGORIES)


def tide(truth, found, limit=100):
    """Every cost by its definition."""
    kinds, matched = examined(truth, found, limit)
    solid = set(np.flatnonzero(~truth.crowd).tolist())
    best = {}
    for row, (kind, target) in kinds.items():
        if kind in ("localisation", "classification") and target not in matched:
            best[target] = max(best.get(target, row), row, key=lambda one: found.score[one])

    def points(corrected):
        for row, (kind, target) in kinds.items():
            if kind == "aside" or (kind == corrected and best.get(target) != row):
                continue
            fixed = kind == corrected
            category = truth.category[target] if fixed else found.category[row]
            yield category, found.score[row], fixed or kind == "right"

    def score(corrected="", kept=solid):
        return mean_precision(list(points(corrected)), totals_of(truth, kept))

    before = score()
    costs = {kind: max(score(kind) - before, 0) for kind in KINDS if kind not in ("right", "aside")}
    hits = [point for point in points("") if point[2]]
    return {
        "ap": before,
        **costs,
        "missed": max(score(kept=matched | set(best)) - before, 0),
        "false_positive": mean_precision(hits, totals_of(truth, solid)) - before,
        "false_negative": score(kept=matched) - before,
    }


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("limit", [100, 6])
def test_costs_are_tides_rules_in_loops(seed, limit):
    truth, found = scene(seed)
    ours, wanted = asdict(detection_errors(truth, found, limit=limit)), tide(truth, found, limit)
    assert set(ours) == set(wanted)
    for name, value in wanted.items():
        assert ours[name] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("error", ERRORS)
def test_the_metrics_are_tides_rules_in_loops(error, monkeypatch):
    for seed, (iou, background, limit) in enumerate([(0.5, 0.1, 100), (0.7, 0.2, 100), (0.4, 0.1, 6)]):
        monkeypatch.setitem(globals(), "FOREGROUND", iou)
        monkeypatch.setitem(globals(), "BACKGROUND", background)
        truth, found = scene(20 + seed)
        metric = metrics.get("lost_box_ap", error=error, iou=iou, background=background, limit=limit)
        wanted = tide(truth, found, limit)
        assert metric(truth, found) == pytest.approx(wanted[error], abs=1e-12)
        everything = metrics.get("lost_box_ap", iou=iou, background=background, limit=limit)
        assert everything(truth, found) == pytest.approx(1 - wanted["ap"], abs=1e-12)


def test_a_category_alone_is_what_its_own_average_precision_loses():
    truth, found = scene(6)
    named = ["ant", "bee", "cat"]
    several = [metrics.get("lost_box_ap", error="missed", category=one)(truth, found, labels=named) for one in named]
    assert len(set(several)) == CATEGORIES
    assert metrics.get("lost_box_ap", error="missed")(truth, found) == pytest.approx(np.mean(several), abs=1e-12)
    with pytest.raises(MetricError, match="no category is 'dog'"):
        metrics.get("lost_box_ap", category="dog")(truth, found, labels=named)


def test_evidence_is_shared_between_kinds_and_resampled_together():
    truth, found = scene(7)
    names = [f"lost_box_ap(error={error})" for error in ERRORS]
    keys = {metrics.parse(name).evidence_key for name in names}
    assert len(keys) == 1
    told = metrics.evaluate(names, truth, found, weighting=Draws(4, 3, np.arange(IMAGES) // 2))
    alone = asdict(detection_errors(truth, found, weighting=Draws(4, 3, np.arange(IMAGES) // 2)))
    wanted = [alone[error] for error in ERRORS]
    np.testing.assert_array_equal([told[metrics.parse(name).name] for name in names], wanted)


@pytest.mark.parametrize("name", ["lost_box_ap(background=0.5)", "lost_mask_ap(iou=0.1)"])
def test_overlaps_out_of_order_are_refused_by_name(name):
    with pytest.raises(MetricError, match=r"background=0\.\d must be less than iou=0\.\d"):
        metrics.parse(name)


def test_masks_that_fill_their_boxes_lose_what_the_boxes_lose():
    everything = rectangles_of(11)
    found = replace(everything.take(np.arange(10, 30)), score=np.random.default_rng(1).random(20))
    truth = everything.take(np.arange(10))
    for error in ERRORS:
        box, mask = (metrics.get(name, error=error)(truth, found) for name in ("lost_box_ap", "lost_mask_ap"))
        assert box == pytest.approx(mask, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("seed", range(4))
def test_kinds_are_tides_rules_in_loops(seed):
    truth, found = scene(seed)
    ours, (wanted, _) = sort_errors(truth, found), examined(*scene(seed))
    kind = {int(row): KINDS[kind] for row, kind in zip(ours.row, ours.kind, strict=True)}
    assert kind == {int(row): name for row, (name, _) in wanted.items()}


def test_every_kind_occurs_in_the_scenes():
    seen = {name for seed in range(4) for name, _ in examined(*scene(seed))[0].values()}
    assert seen == set(KINDS)


def test_a_perfect_detector_has_no_errors():
    truth, _ = scene(1)
    solid = truth.take(~truth.crowd)
    found = Objects(IMAGES, CATEGORIES, solid.image, solid.category, box=solid.box, score=np.ones(solid.count))
    ours = asdict(detection_errors(solid, found))
    assert ours.pop("ap") == 1.0
    assert set(ours.values()) == {0.0}


def rectangles_of(seed):
    """Thirty boxes in three images, and masks that fill them."""
    random = np.random.default_rng(seed)
    corner = random.integers(0, 20, size=(30, 2))
    size = random.integers(4, 12, size=(30, 2))
    bitmaps = np.zeros((30, 32, 32), dtype=bool)
    for one, (x, y), (wide, high) in zip(bitmaps, corner, size, strict=True):
        one[y : y + high, x : x + wide] = True
    box, mask = np.concatenate([corner, size], axis=1).astype(float), Masks.from_bitmaps(bitmaps)
    image, category = random.integers(0, 3, size=30), random.integers(0, 2, size=30)
    return Objects(3, 2, image, category, box=box, mask=mask)


def test_masks_that_fill_their_boxes_give_the_errors_of_boxes():
    everything = rectangles_of(3)
    found = replace(everything.take(np.arange(10, 30)), score=np.random.default_rng(3).random(20))
    truth = everything.take(np.arange(10))
    assert detection_errors(truth, found, kind="mask") == detection_errors(truth, found)


def test_weightings_are_the_images_alone():
    truth, found = scene(5)
    group = np.arange(IMAGES) % 3
    parts = asdict(detection_errors(truth, found, weighting=Partition(group, 3)))
    for number in range(3):
        some = np.flatnonzero(group == number)
        alone = asdict(detection_errors(truth.take_images(some), found.take_images(some)))
        assert {name: values[number] for name, values in parts.items()} == pytest.approx(alone, abs=1e-12)
    draws = detection_errors(truth, found, weighting=Draws(5, 1))
    assert draws.missed.shape == (5,)
    weight = np.random.default_rng(0).integers(0, 3, size=IMAGES)
    copies = np.repeat(np.arange(IMAGES), weight)
    alone = asdict(detection_errors(truth.take_images(copies), found.take_images(copies)))
    assert asdict(detection_errors(truth, found, weighting=weight)) == pytest.approx(alone, abs=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "points"}, "is not box or mask"),
        ({"background": 0.5}, "background=0.5 must lie above 0 and below"),
        ({"background": 0.0}, "background=0.0 must lie above 0"),
        ({"foreground": 1.5}, "below foreground=1.5"),
        ({"labels": ["ant"]}, "1 labels for 3 categories"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(MetricError, match=message):
        detection_errors(*scene(0), **options)


def test_nothing_found_is_all_missed():
    truth = Objects(1, 1, [0], [0], box=[[0, 0, 9, 9]])
    none = Objects(1, 1, [], [], box=np.zeros((0, 4)), score=[])
    ours = detection_errors(truth, none)
    assert (ours.ap, ours.background) == (0.0, 0.0)
    assert np.isnan(ours.missed)
