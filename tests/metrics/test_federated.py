"""LVIS and Open Images, against their rules written out in plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metrics import federated_detection
from metrics.catalog import get
from metrics.detection_options import AREAS
from metrics.federated import Federated, expand_objects, expand_truth
from metrics.inputs import MetricError
from metrics.objects import Objects

IMAGES, CATEGORIES = 14, 5
PARENTS = [[0, 3], [1, 3], [2, 4], [3, 4], [1, 4]]


def scene(seed, scale=1.0):
    """Federated truth and predicted boxes; few categories are known in an image."""
    random = np.random.default_rng(seed)
    image = np.repeat(np.arange(IMAGES), random.integers(0, 6, size=IMAGES))
    m = len(image)
    category = random.integers(0, CATEGORIES, size=m)
    box = np.concatenate([random.random((m, 2)) * 30, random.random((m, 2)) * 20 + 6], axis=1) * scale
    truth = Objects(IMAGES, CATEGORIES, image, category, box=box, ignore=random.random(m) < 0.1)
    near = np.repeat(np.arange(m), random.integers(0, 4, size=m))
    more = 60
    moved = box[near] + random.normal(size=(len(near), 4)) * scale
    moved[:, 2:] = np.abs(moved[:, 2:])
    other = np.concatenate([random.random((more, 2)) * 30, random.random((more, 2)) * 20 + 4], axis=1) * scale
    count = len(near) + more
    found = Objects(
        IMAGES,
        CATEGORIES,
        np.concatenate([image[near], random.integers(0, IMAGES, size=more)]),
        np.concatenate([category[near], random.integers(0, CATEGORIES, size=more)]),
        box=np.concatenate([moved, other]),
        score=random.permutation(count) / count + 0.01,
    )
    pairs = np.stack([random.integers(0, IMAGES, size=20), random.integers(0, CATEGORIES, size=20)], axis=1)
    there = set(zip(image.tolist(), category.tolist(), strict=True))
    absent = [pair for pair in pairs.tolist() if tuple(pair) not in there]
    present = np.stack([random.integers(0, IMAGES, size=6), random.integers(0, CATEGORIES, size=6)], axis=1)
    known = Federated(truth, absent, pairs[:8], ["rare", "common", "frequent", "common", "rare"], PARENTS, present)
    return known, found


def intersection(one, other):
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)


def overlap(one, other):
    both = intersection(one, other)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def ordered(flags):
    """Hits by falling score."""
    return [hit for _, hit in sorted(flags, reverse=True)]


def precision_at_hundredths(hits, total):
    recall, precision, found = [], [], 0
    for shown, hit in enumerate(hits, start=1):
        found += hit
        recall.append(found / total)
        precision.append(found / shown)
    best = np.maximum.accumulate(precision[::-1])[::-1] if precision else np.zeros(0)
    place = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.mean([best[one] if one < len(best) else 0.0 for one in place]))


def best_free(box, truth, free, outside, iou):
    """The true object that a box takes: one inside the range of areas rather than one outside, the last of equals."""
    best, at = iou, None
    for true in free:
        if at is not None and not outside[at] and outside[true]:
            break
        much = overlap(box, truth.box[true])
        if much >= best:
            best, at = much, true
    return at


def lvis_of_category(known, found, category, iou, *, area, limit):
    """Hits by falling score and the number of true objects: image by image, detection by detection."""
    truth, flags, total = known.objects, [], 0
    low, high = AREAS[area]
    sides = (known.absent, known.present, known.not_exhaustive)
    absent, present, partial = ({tuple(pair) for pair in side.tolist()} for side in sides)
    for image in range(IMAGES):
        rows = sorted(np.flatnonzero(found.image == image), key=lambda row: -found.score[row])[:limit]
        mine = np.flatnonzero((truth.image == image) & (truth.category == category))
        size = truth.box[:, 2] * truth.box[:, 3]
        outside = {true: bool(truth.ignore[true] or not low <= size[true] <= high) for true in mine}
        total += sum(not flag for flag in outside.values())
        if not len(mine) and (image, category) not in absent | present:
            continue
        free = sorted(mine, key=outside.get)
        for row in [row for row in rows if found.category[row] == category]:
            at = best_free(found.box[row], truth, free, outside, iou)
            fits = low <= found.box[row, 2] * found.box[row, 3] <= high and (image, category) not in partial
            if at is not None:
                free.remove(at)
            if fits if at is None else not outside[at]:
                flags.append((found.score[row], at is not None))
    return ordered(flags), total


def lvis(known, found, steps, *, area="all", limit=300, categories=range(CATEGORIES)):
    scores = []
    for category in categories:
        parts = [lvis_of_category(known, found, category, iou, area=area, limit=limit) for iou in steps]
        if parts[0][1]:
            scores.append(np.mean([precision_at_hundredths(*part) for part in parts]))
    return np.mean(scores)


@pytest.mark.parametrize("seed", range(6))
def test_lvis_is_its_rules_in_loops(seed):
    known, found = scene(seed)
    steps = np.linspace(0.5, 0.95, 10)
    assert get("lvis_box_ap")(known, found) == pytest.approx(lvis(known, found, steps), abs=1e-12)
    half = {"iou_from": 0.5, "iou_to": 0.5}
    ours = get("lvis_box_ap", limit=5, **half)(known, found)
    assert ours == pytest.approx(lvis(known, found, [0.5], limit=5), abs=1e-12)
    for number, frequency in enumerate(("rare", "common", "frequent")):
        some = np.flatnonzero(known.frequency == number)
        wanted = lvis(known, found, [0.5], categories=some)
        assert get("lvis_box_ap", frequency=frequency, **half)(known, found) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("area", ["small", "medium"])
def test_lvis_areas_are_its_rules_in_loops(area):
    known, found = scene(11, scale=1.8)
    ours = get("lvis_box_ap", iou_from=0.5, iou_to=0.5, area=area)(known, found)
    assert ours == pytest.approx(lvis(known, found, [0.5], area=area), abs=1e-12)


def test_what_is_not_known_is_left_out():
    truth = Objects(2, 2, [0], [0], box=[[0, 0, 10, 10]])
    found = Objects(2, 2, [0, 1, 1], [0, 0, 1], box=[[0, 0, 10, 10], [0, 0, 9, 9], [0, 0, 9, 9]], score=[0.5, 0.9, 0.9])
    score = get("lvis_box_ap")
    assert score(Federated(truth, []), found) == 1.0
    assert score(Federated(truth, [[1, 0]]), found) == 0.5
    assert score(Federated(truth, [[1, 0]], not_exhaustive=[[1, 0]]), found) == 1.0
    assert score(Federated(truth, [], present=[[1, 0]]), found) == 0.5
    assert score(truth, found) == score(Federated(truth), found) == 0.5
    assert Federated(truth, parents=[[0, 1]]).take_images([1, 0, 0]).objects.count == 2
    with pytest.raises(MetricError, match="does not say how frequent"):
        get("lvis_box_ap", frequency="rare")(truth, found)


def ancestors(category):
    """The category and all above it."""
    out, new = {category}, {category}
    while new:
        new = {top for child, top in PARENTS if child in new} - out
        out |= new
    return out


def in_one_image(boxes, scores, single, group, *, truth, iou):
    """Hits and alarms of one image and category by falling score, and the first score in each group."""
    taken, first, flags = set(), {}, []
    for box, score in sorted(zip(boxes, scores, strict=True), key=lambda pair: -pair[1]):
        best = max(single, key=lambda true: overlap(box, truth.box[true]), default=None)
        near = best is not None and overlap(box, truth.box[best]) >= iou
        if near and (truth.ignore[best] or best not in taken):
            taken.add(best)
            flags += [] if truth.ignore[best] else [(score, True)]
            continue
        inside = {true: intersection(box, truth.box[true]) / (box[2] * box[3]) for true in group}
        best = max(group, key=lambda true: inside[true], default=None)
        if best is not None and inside[best] >= iou:
            first.setdefault(best, score)
        else:
            flags.append((score, False))
    return flags, first


def open_images(known, found, groups, iou, expand=("truth", "found")):
    """The rules of Open Images, category by category and image by image."""
    truth, scores = known.objects, []
    up, up_found = (
        {one: ancestors(one) if side in expand else {one} for one in range(CATEGORIES)} for side in ("truth", "found")
    )
    listed = {(image, low) for image, top in known.absent.tolist() for low in range(CATEGORIES) if top in up[low]}
    listed |= {(image, top) for image, low in known.present.tolist() for top in up[low]}
    for category in range(CATEGORIES):
        flags, total = [], 0
        for image in range(IMAGES):
            here = [true for true in np.flatnonzero(truth.image == image) if category in up[truth.category[true]]]
            if not here and (image, category) not in listed:
                continue
            group = [true for true in here if truth.crowd[true]]
            single = [true for true in here if not truth.crowd[true]]
            real = [true for true in group if not truth.ignore[true] and groups == "counted"]
            total += sum(not truth.ignore[true] for true in single) + len(real)
            rows = [row for row in np.flatnonzero(found.image == image) if category in up_found[found.category[row]]]
            more, first = in_one_image(found.box[rows], found.score[rows], single, group, truth=truth, iou=iou)
            flags += more + [(first[true], True) for true in real if true in first]
        if total:
            hits = np.array(ordered(flags), dtype=bool)
            precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
            scores.append(sum(precision[place:].max() for place in np.flatnonzero(hits)) / total)
    return np.mean(scores)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("groups", ["counted", "ignored"])
def test_open_images_is_its_rules_in_loops(seed, groups):
    known, found = scene(seed)
    crowd = np.random.default_rng(seed).random(known.objects.count) < 0.3
    known = replace(known, objects=replace(known.objects, crowd=crowd))
    ways = {"all": ("truth", "found"), "truth": ("truth",), "none": ()}
    for expand, sides in ways.items():
        ours = get("open_images_ap", iou=0.4, groups=groups, expand=expand)(known, found)
        assert ours == pytest.approx(open_images(known, found, groups, 0.4, sides), abs=1e-12), expand


def test_the_surest_in_a_group_finds_it_and_the_others_are_set_aside():
    known = Federated(Objects(1, 1, [0], [0], box=[[0, 0, 20, 20]], crowd=[True]), [])
    box = [[0, 0, 5, 5], [9, 0, 5, 5], [40, 0, 5, 5]]
    found = Objects(1, 1, [0] * 3, [0] * 3, box=box, score=[0.9, 0.8, 0.85])
    assert federated_detection.open_images_ap(known, found) == 1.0
    late = Objects(1, 1, [0] * 3, [0] * 3, box=box, score=[0.7, 0.8, 0.85])
    assert federated_detection.open_images_ap(known, late) == 0.5
    assert np.isnan(get("open_images_ap", groups="ignored")(known, found))


def test_ancestors_are_found_over_several_ways():
    known = Federated(Objects(1, 5, [0], [1], box=[[0, 0, 1, 1]]), [[0, 4]], parents=PARENTS, present=[[0, 2]])
    wanted = [[one, top] for one in range(5) for top in sorted(ancestors(one))]
    assert known.ancestry.tolist() == wanted
    wide = expand_truth(known)
    assert sorted(wide.objects.category.tolist()) == [1, 3, 4]
    assert sorted(wide.absent[:, 1].tolist()) == [0, 1, 2, 3, 4]
    assert wide.present.tolist() == [[0, 2], [0, 4]]


def test_a_box_already_given_for_the_ancestor_is_not_doubled():
    known = Federated(Objects(1, 2, [0], [0], box=[[0, 0, 9, 9]]), [], parents=[[0, 1]])
    found = Objects(1, 2, [0, 0, 0], [0, 1, 1], box=[[0, 0, 9, 9], [0, 0, 9, 9], [1, 0, 9, 9]], score=[0.4, 0.6, 0.5])
    wide = expand_objects(found, known.ancestry)
    assert sorted(zip(wide.category.tolist(), wide.score.tolist(), strict=True)) == [(0, 0.4), (1, 0.5), (1, 0.6)]
    twice = Objects(1, 2, [0] * 3, [0, 1, 1], box=[[0, 0, 9, 9]] * 3, score=[0.7, 0.6, 0.5])
    wide = expand_objects(twice, known.ancestry)
    assert sorted(zip(wide.category.tolist(), wide.score.tolist(), strict=True)) == [(0, 0.7), (1, 0.6), (1, 0.7)]
    none = expand_objects(twice.take(np.zeros(3, dtype=bool)), known.ancestry)
    assert none.count == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parents": [[0, 1], [1, 0]]}, "category 0 is its own ancestor"),
        ({"parents": [[1, 1]]}, "category 1 is its own ancestor"),
        ({"absent": [[2, 0]]}, "absent holds numbers outside 0 to 1 and 0 to 1"),
        ({"absent": [0, 1]}, "absent must be whole numbers of shape"),
        ({"absent": [[0.5, 1]]}, "absent must be whole numbers"),
        ({"not_exhaustive": [[0, -1]]}, "not_exhaustive holds numbers outside"),
        ({"present": [[0, 2]]}, "present holds numbers outside"),
        ({"frequency": [0, 3]}, "frequency must be 0"),
        ({"frequency": ["rare", "often"]}, "'often' is not one of rare, common, frequent"),
        ({"frequency": [0]}, "frequency has shape"),
        ({"objects": None}, "objects must be Objects"),
    ],
)
def test_hostile_truth_is_refused(wrong, message):
    fine = {"objects": Objects(2, 2, [0], [0], box=[[0, 0, 1, 1]]), "absent": []}
    with pytest.raises(MetricError, match=message):
        Federated(**{**fine, **wrong})


def test_what_is_no_truth_is_refused():
    with pytest.raises(MetricError, match="y_true must be Federated"):
        get("lvis_box_ap")([1], [2])
