"""Objects, the order of detections, and the candidates that come of both."""

from __future__ import annotations

import numpy as np
import pytest

from metrics import detection
from metrics.candidates import find_candidates
from metrics.detection_order import best_first, by_large_number, rank_within
from metrics.inputs import MetricError
from metrics.keypoints import COCO_SIGMAS, point_spread
from metrics.masks import Masks
from metrics.objects import Objects, place_in_images, rows_of_images

BOX = [[0.0, 0, 2, 2], [1, 1, 3, 3]]


def two(**parts):
    return Objects(**{"images": 3, "categories": 2, "image": [0, 2], "category": [1, 0], "box": BOX} | parts)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"images": -1}, "cannot be numbered"),
        ({"categories": 0}, "cannot be numbered"),
        ({"images": 1 << 40}, "cannot be numbered"),
        ({"image": [0, 3]}, "image holds numbers outside 0 to 2"),
        ({"image": [0, -1]}, "image holds numbers outside 0 to 2"),
        ({"category": [0, 2]}, "category holds numbers outside 0 to 1"),
        ({"category": [0.0, 1.0]}, "category must be whole numbers"),
        ({"category": [0]}, "category has 1 entries for 2 objects"),
        ({"box": BOX[:1]}, "box must be numbers of shape"),
        ({"box": [["a"] * 4] * 2}, "box must be numbers of shape"),
        ({"box": [[0, 0, 1, float("nan")]] * 2}, "box holds 2 entries that are NaN or infinite"),
        ({"box": [[0, 0, 1, float("inf")]] * 2}, "box holds 2 entries that are NaN or infinite"),
        ({"box": [[5, 5, -1, 3]] * 2}, "negative width or height"),
        ({"score": [0.5]}, "score must be numbers of shape"),
        ({"score": [0.5, float("nan")]}, "score holds 1 entries that are NaN"),
        ({"score": [True, False]}, "score must be numbers"),
        ({"area": [1.0, -1.0]}, "negative area"),
        ({"crowd": [0, 2]}, "crowd must be true or false"),
        ({"ignore": [True]}, "ignore must be true or false"),
        ({"points": np.zeros((2, 4))}, "points must be numbers of shape"),
        ({"points": np.full((2, 4, 3), 7.0)}, "visibility of a true point"),
        ({"points": np.full((2, 4, 3), np.nan)}, "points holds 24 entries"),
        ({"points": np.zeros((2, 4, 3)), "sigmas": [1.0] * 3}, "3 sigmas for 4 points"),
        ({"sigmas": [0.0]}, "sigmas must be positive"),
        ({"mask": Masks.from_bitmaps([np.ones((2, 2))])}, "1 masks for 2 objects"),
    ],
)
def test_what_objects_cannot_be_is_refused(parts, message):
    with pytest.raises(MetricError, match=message):
        two(**parts)


def test_objects_keep_what_they_are_given():
    objects = two(crowd=[0, 1], ignore=[False, True], score=[1, 0], area=[4, 9], points=np.ones((2, 1, 3)))
    assert objects.count == 2
    assert objects.image.dtype == objects.category.dtype == np.int32
    assert objects.crowd.tolist() == objects.ignore.tolist() == [False, True]
    assert objects.score.dtype == objects.area.dtype == objects.box.dtype == np.float64
    assert objects.take(np.array([False, True])).box.tolist() == BOX[1:]


def test_no_objects_are_objects():
    nobody = Objects(2, 1, [], [], box=[], score=[], points=np.zeros((0, 5, 3)), crowd=[], area=[])
    assert nobody.count == 0
    assert nobody.box.shape == (0, 4)
    assert nobody.take_images(np.array([1, 1])).images == 2


def test_images_taken_twice_have_their_objects_twice():
    objects = Objects(3, 1, [2, 0, 2, 1], [0] * 4, box=np.arange(16.0).reshape(4, 4))
    taken = objects.take_images(np.array([2, 1, 2]))
    assert taken.images == 3
    assert taken.image.tolist() == [0, 0, 1, 2, 2]
    assert taken.box[:, 0].tolist() == [0, 8, 12, 0, 8]
    assert objects.take_images(np.array([False, True, False])).box[:, 0].tolist() == [12]


def test_rows_are_found_again_in_the_images_taken():
    random = np.random.default_rng(0)
    image, chosen = random.integers(0, 6, 30), random.integers(0, 6, 9)
    row, copy = rows_of_images(image, 6, chosen)
    np.testing.assert_array_equal(place_in_images(image, 6, chosen, row, copy), np.arange(len(row)))


def scored(random, count, images=5, categories=3, digits=2):
    box = np.round(random.random((count, 4)) * 3)
    image, category = random.integers(0, images, count), random.integers(0, categories, count)
    return Objects(images, categories, image, category, box=box, score=np.round(random.random(count), digits))


def exact_order(found):
    return np.lexsort((*found.box.T[::-1], found.image, -found.score, found.category))


@pytest.mark.parametrize("seed", range(20))
def test_order_is_category_score_image_content(seed):
    random = np.random.default_rng(seed)
    found = scored(random, 200, digits=seed % 4)
    ours, exact = best_first(found), exact_order(found)
    for name in ("category", "score", "image", "box"):
        np.testing.assert_array_equal(getattr(found, name)[ours], getattr(found, name)[exact])
    assert sorted(ours.tolist()) == list(range(200))


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e12, 1e300, 1.7e308])
def test_scores_too_near_for_a_rounded_sort_are_told_apart(scale):
    random = np.random.default_rng(1)
    found = scored(random, 300)
    score = random.choice([-1.0, 0.25, 0.5, 1.0], 300) * (1 - 2.0**-50 * random.integers(0, 3, 300)) * scale
    found = Objects(5, 3, found.image, found.category, box=found.box, score=score)
    ours, exact = best_first(found), exact_order(found)
    for name in ("category", "score", "image", "box"):
        np.testing.assert_array_equal(getattr(found, name)[ours], getattr(found, name)[exact])


def test_more_categories_and_images_than_sixteen_bits():
    random = np.random.default_rng(2)
    found = scored(random, 500, images=200_000, categories=100_000)
    np.testing.assert_array_equal(best_first(found), exact_order(found))
    number = random.integers(0, 1 << 62, 500)
    np.testing.assert_array_equal(by_large_number(number), np.argsort(number, kind="stable"))


@pytest.mark.parametrize("kind", ["mask", "points"])
def test_equals_are_ordered_by_what_they_are(kind):
    random = np.random.default_rng(3)
    bitmaps = random.random((30, 6, 6)) < 0.5
    points = np.round(random.random((30, 2, 3)) * 2)
    zeros = np.zeros(30, dtype=int)

    def ordered(row):
        parts = {"mask": Masks.from_bitmaps(bitmaps[row])} if kind == "mask" else {"points": points[row]}
        return row[best_first(Objects(1, 1, zeros, zeros, score=zeros, **parts))]

    first = ordered(np.arange(30))
    for _ in range(5):
        again = ordered(random.permutation(30))
        if kind == "mask":
            np.testing.assert_array_equal(bitmaps[again], bitmaps[first])
        else:
            np.testing.assert_array_equal(points[again], points[first])


def test_rank_counts_within_image_and_category():
    category, image = np.array([0, 0, 0, 1, 1, 1]), np.array([1, 0, 1, 1, 1, 0])
    assert rank_within(image, category).tolist() == [0, 0, 1, 0, 1, 0]
    assert rank_within(image[:0], category[:0]).tolist() == []


@pytest.mark.parametrize("seed", range(5))
def test_small_and_large_tables_find_the_same(seed, monkeypatch):
    random = np.random.default_rng(seed)
    truth, found = scored(random, 60), scored(random, 150)
    near = find_candidates(truth, found, "box", least=0.3, limit=4)
    monkeypatch.setattr("metrics.candidates.DENSE", 0)
    far = find_candidates(truth, found, "box", least=0.3, limit=4)
    assert len(near.pairs.truth)
    for name in ("detection", "truth", "similarity"):
        np.testing.assert_array_equal(getattr(near.pairs, name), getattr(far.pairs, name))
    for one in (near, far):
        np.testing.assert_array_equal(one.claimant_rank, one.rank[one.pairs.claimant])
    assert far.rank.max() == 3


def test_without_categories_all_may_match():
    box = [[0.0, 0, 4, 4]]
    truth, found = Objects(1, 2, [0], [0], box=box), Objects(1, 2, [0], [1], box=box, score=[0.5])
    assert len(find_candidates(truth, found, "box").pairs.truth) == 0
    assert find_candidates(truth, found, "box", by_category=False).pairs.similarity.tolist() == [1.0]


def test_truth_without_visible_points_and_box_is_like_nothing():
    unseen = Objects(1, 1, [0], [0], points=np.zeros((1, 1, 3)), area=[9.0], sigmas=[0.1])
    found = Objects(1, 1, [0], [0], points=np.zeros((1, 1, 3)), score=[1.0])
    assert len(find_candidates(unseen, found, "points").pairs.truth) == 0
    boxed = Objects(1, 1, [0], [0], points=np.zeros((1, 1, 3)), box=[[0, 0, 3, 3]], sigmas=[0.1])
    assert find_candidates(boxed, found, "points").pairs.similarity.tolist() == [1.0]
    assert np.isnan(detection.keypoint_ap(boxed, found))


def test_spread_of_points():
    assert point_spread(None, 17).tolist() == [sigma / 100 / 10 for sigma in COCO_SIGMAS]
    with pytest.raises(MetricError, match="6 points an object need sigmas"):
        point_spread(None, 6)


def test_truth_without_area_has_that_of_its_box():
    truth = Objects(1, 1, [0, 0], [0, 0], box=[[0, 0, 10, 10], [50, 50, 40, 40]])
    found = Objects(1, 1, [0], [0], box=[[0, 0, 10, 10]], score=[1.0])
    evidence = detection.box_ap.collect(truth, found)
    small, medium = detection.coco_summary(evidence)[3:5]
    assert (small, medium) == (1, 0)


@pytest.mark.parametrize("size", [1e160, 1.7e308])
def test_boxes_and_points_beyond_all_measure_match_nothing(size):
    box = [[0, 0, 10, 10], [size, -size, size, size], [-size, 0, size, 1e-300]]
    truth = Objects(1, 1, [0] * 3, [0] * 3, box=box)
    found = Objects(1, 1, [0] * 3, [0] * 3, box=box, score=[0.9, 1.0, 1.0])
    evidence = detection.box_ap.collect(truth, found)
    assert evidence.candidates().pairs.similarity[0] == 1
    assert detection.coco_summary(evidence)[0] == 1
    points = np.array(box)[:, None, [0, 1, 0]]
    points[..., 2] = 2
    sides = ({"area": [100.0, size, 1e-300], "sigmas": [0.1]}, {"score": [0.9, 1.0, 1.0]})
    evidence = detection.keypoint_ap.collect(
        *(Objects(1, 1, [0] * 3, [0] * 3, points=points, **side) for side in sides)
    )
    assert detection.keypoint_ap.reduce(evidence) > 0.5
