"""Box, mask and keypoint scores against pycocotools, on random scenes that try its corners."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from metrics import detection
from metrics.detection_options import AREAS, box_matches, mask_matches, point_matches
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.stage import LADDER

EXACT = {"rtol": 0, "atol": 1e-12, "equal_nan": True}
COLLECT = {"box": box_matches, "mask": mask_matches, "points": point_matches}
IOU_TYPE = {"box": "bbox", "mask": "segm", "points": "keypoints"}


def peer(kind, images, categories, annotations, results):
    """What pycocotools says: its summary, precision and recall."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i + 1, "width": 64, "height": 64} for i in range(images)],
            "categories": [{"id": c + 1, "name": str(c)} for c in range(categories)],
            "annotations": annotations,
        }
        truth.createIndex()
        found = truth.loadRes(results) if results else COCO()
        if not results:
            found.dataset = {**truth.dataset, "annotations": []}
            found.createIndex()
        evaluation = COCOeval(truth, found, IOU_TYPE[kind])
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def draw(seed, kind="box"):
    """True and predicted objects with crowds, ties, borders of area, empty images and empty categories."""
    random = np.random.default_rng(seed)
    images, categories = int(random.integers(1, 8)), int(random.integers(1, 5))
    true_count, found_count = int(random.integers(0, 40)), int(random.integers(1, 60))
    crowded = seed % 5 == 0
    if crowded:  # more detections in one image and category than the limit
        images, categories, found_count = 2, 1, 260
    grid = random.choice([1.0, 4.0, 7.5])
    box = np.round(random.random((true_count, 4)) * [40, 40, 60, 60] / grid) * grid + [0, 0, 1, 1]
    source = random.integers(0, max(1, true_count), found_count)
    near = (random.random(found_count) < 0.7) & (true_count > 0)
    moved = np.abs((box[source] if true_count else np.zeros((found_count, 4))) + random.normal(0, 4, (found_count, 4)))
    moved = np.where(
        (random.random(found_count) < 0.3)[:, None] & (true_count > 0), np.round(moved / grid) * grid, moved
    )
    found = np.where(near[:, None], moved, random.random((found_count, 4)) * 60)
    image, category = random.integers(0, images, true_count), random.integers(0, categories, true_count)
    known = near & (random.random(found_count) < 0.9)
    found_image = np.where(known, image[source] if true_count else 0, random.integers(0, images, found_count))
    found_category = np.where(known, category[source] if true_count else 0, random.integers(0, categories, found_count))
    area = np.where(random.random(true_count) < 0.3, random.choice([1024.0, 9216.0, 1023.999]), box[:, 2] * box[:, 3])
    score = np.round(random.random(found_count), int(random.choice([1, 2, 15])))
    crowd = random.random(true_count) < random.choice([0, 0.2])
    truth = {"images": images, "categories": categories, "image": image, "category": category, "box": box}
    truth |= {"area": area, "crowd": crowd}
    found = {"images": images, "categories": categories, "image": found_image, "category": found_category, "box": found}
    found |= {"score": score}
    if kind == "points":
        return with_points(random, truth, found, source, near)
    return (with_masks(truth), with_masks(found)) if kind == "mask" else (truth, found)


def with_points(random, truth, found, source, near):
    """The same objects with 17 points, some of them unseen, some objects without any seen."""
    count = len(truth["image"])
    place = truth["box"][:, None, :2] + random.random((count, 17, 2)) * truth["box"][:, None, 2:]
    seen = random.integers(0, 3, (count, 17)) * (random.random((count, 1)) < 0.8)
    truth["points"] = np.concatenate([np.round(place, 1), seen[..., None]], axis=2)
    spread = random.exponential(2.0, (len(source), 1, 1))
    other = random.random((len(source), 17, 2)) * 60
    moved = place[source] + spread * random.normal(size=(len(source), 17, 2)) if count else other
    place = np.round(np.where(near[:, None, None], moved, other), 1)
    found["points"] = np.concatenate([place, np.ones((len(source), 17, 1))], axis=2)
    del found["box"]
    return truth, found


def with_masks(objects):
    """The same objects as ellipses in their boxes."""
    y, x = np.mgrid[:64, :64] + 0.5
    center, reach = objects["box"][:, :2] + objects["box"][:, 2:] / 2, np.maximum(objects["box"][:, 2:] / 2, 0.5)
    bitmaps = [((x - c[0]) / r[0]) ** 2 + ((y - c[1]) / r[1]) ** 2 <= 1 for c, r in zip(center, reach, strict=True)]
    runs = [coco_mask.encode(np.asfortranarray(bitmap.astype(np.uint8))) for bitmap in bitmaps]
    objects["mask"] = [one["counts"].decode() for one in runs]
    return objects


def as_objects(parts):
    parts = dict(parts)
    if "mask" in parts:
        parts["mask"] = Masks.from_compressed(parts["mask"], 64, 64)
        del parts["box"]
    return Objects(**parts)


def as_annotations(truth, first_id=1):
    rows = []
    for k in range(len(truth["image"])):
        one = {"id": k + first_id, "image_id": int(truth["image"][k]) + 1, "category_id": int(truth["category"][k]) + 1}
        one |= {"bbox": truth["box"][k].tolist(), "area": float(truth["area"][k]), "iscrowd": int(truth["crowd"][k])}
        if "points" in truth:
            one |= {"keypoints": truth["points"][k].ravel().tolist()}
            one |= {"num_keypoints": int((truth["points"][k, :, 2] > 0).sum())}
        if "mask" in truth:
            one |= {"segmentation": {"size": [64, 64], "counts": truth["mask"][k]}}
        rows.append(one)
    return rows


def as_results(found):
    """The results file, with rows in the order in which ours ranks equal scores of one image and category."""
    rows = []
    for k in range(len(found["image"])):
        one = {"image_id": int(found["image"][k]) + 1, "category_id": int(found["category"][k]) + 1}
        one["score"] = float(found["score"][k])
        if "points" in found:
            content, one["keypoints"] = found["points"][k].ravel().tolist(), found["points"][k].ravel().tolist()
        elif "mask" in found:
            content, one["segmentation"] = found["mask"][k], {"size": [64, 64], "counts": found["mask"][k]}
        else:
            content, one["bbox"] = found["box"][k].tolist(), found["box"][k].tolist()
        rows.append((content, one))
    return [one for _, one in sorted(rows, key=lambda row: row[0])]


def compare(kind, truth, found):
    ours = COLLECT[kind](as_objects(truth), as_objects(found), None)
    theirs = peer(kind, truth["images"], truth["categories"], as_annotations(truth), as_results(found))
    stats = np.where(theirs.stats == -1, np.nan, theirs.stats)
    np.testing.assert_allclose(detection.coco_summary(ours), stats, **EXACT)
    reading = next(ours.readings(None))
    names = ("all", "medium", "large") if kind == "points" else ("all", "small", "medium", "large")
    precision, recall = theirs.eval["precision"].mean(axis=1), theirs.eval["recall"]
    for a, name in enumerate(names):
        for m, limit in enumerate(theirs.params.maxDets):
            for t, threshold in enumerate(LADDER):
                if t % 4 and m < 2 and kind != "points":
                    continue
                score = reading.precision((threshold,), AREAS[name], limit)[0]
                wanted = np.where(precision[t, :, a, m] == -1, np.nan, precision[t, :, a, m])
                np.testing.assert_allclose(score, wanted, **EXACT)
                score = reading.recall((threshold,), AREAS[name], limit)[0]
                wanted = np.where(recall[t, :, a, m] == -1, np.nan, recall[t, :, a, m])
                np.testing.assert_allclose(score, wanted, **EXACT)
    return stats


@pytest.mark.parametrize("decade", range(15))
def test_boxes_equal_pycocotools(decade):
    scores = [compare("box", *draw(10 * decade + seed)) for seed in range(10)]
    assert np.nanmax(scores) > 0.1


@pytest.mark.parametrize("decade", range(4))
def test_masks_equal_pycocotools(decade):
    scores = [compare("mask", *draw(1000 + 10 * decade + seed, "mask")) for seed in range(10)]
    assert np.nanmax(scores) > 0.1


@pytest.mark.parametrize("decade", range(8))
def test_keypoints_equal_pycocotools(decade):
    scores = [compare("points", *draw(2000 + 10 * decade + seed, "points")) for seed in range(10)]
    assert np.nanmax(scores) > 0.1


def test_nothing_found_equals_pycocotools():
    truth, found = draw(3)
    nothing = {name: value[:0] if isinstance(value, np.ndarray) else value for name, value in found.items()}
    stats = compare("box", truth, nothing)
    assert np.nanmax(stats) == 0


@pytest.mark.parametrize("count", [1, 2, 7, 10, 19, 57, 100, 140, 200])
def test_each_recall_step_is_reached_as_in_pycocotools(count):
    # recall k / n meets the step of the same value or, by rounding of the steps, does not
    for found_count in range(1, count + 1, 1 + count // 20):
        box = np.stack([np.arange(count) * 3.0, np.zeros(count), np.ones(count), np.ones(count)], axis=1)
        zeros = np.zeros(count, dtype=int)
        truth = {"images": 1, "categories": 1, "image": zeros, "category": zeros, "box": box}
        truth |= {"area": np.ones(count), "crowd": np.zeros(count, dtype=bool)}
        score = np.linspace(1, 0.1, count)
        found = {"images": 1, "categories": 1, "image": zeros, "category": zeros, "box": box, "score": score}
        some = {name: value[:found_count] if isinstance(value, np.ndarray) else value for name, value in found.items()}
        compare("box", truth, some)


def one_box(truth_id=1):
    annotation = {"id": truth_id, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81.0, "iscrowd": 0}
    result = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 0.5}
    truth = Objects(1, 1, [0], [0], box=[[1, 1, 9, 9]], area=[81.0])
    return annotation, result, truth, Objects(1, 1, [0], [0], box=[[1, 1, 9, 9]], score=[0.5])


def test_differs_truth_id_0_is_an_object():
    annotation, result, truth, found = one_box(truth_id=0)
    assert peer("box", 1, 1, [annotation], [result]).stats[0] == 0
    assert detection.box_ap(truth, found) == 1


def test_differs_perfect_is_1():
    annotation, result, truth, found = one_box()
    assert peer("box", 1, 1, [annotation], [result]).stats[0] == 1 - 2.0**-52
    assert detection.box_ap(truth, found) == 1


def test_differs_equal_scores_do_not_depend_on_file_order():
    truth, found = draw(7)
    found["score"] = np.full(len(found["score"]), 0.5)
    order = np.random.default_rng(0).permutation(len(found["score"]))
    mixed = {name: value[order] if isinstance(value, np.ndarray) else value for name, value in found.items()}
    results = as_results(found)
    args = (truth["images"], truth["categories"], as_annotations(truth))
    theirs = [peer("box", *args, rows).stats[0] for rows in (results, results[::-1])]
    assert theirs[0] != theirs[1]
    ours = [detection.box_ap(as_objects(truth), as_objects(one)) for one in (found, mixed)]
    assert ours[0] == ours[1] == pytest.approx(theirs[0], abs=1e-12)


def test_differs_a_declared_area_is_not_read():
    annotation, result, truth, _ = one_box()
    wrong = {"image_id": 1, "category_id": 1, "bbox": [30, 30, 5, 5], "score": 0.9}
    honest = peer("box", 1, 1, [annotation], [wrong, result]).stats[0]
    rows = [{**row, "id": k + 1, "iscrowd": 0, "area": 1e12, "caption": ""} for k, row in enumerate((wrong, result))]
    assert peer("box", 1, 1, [annotation], rows).stats[0] > honest
    found = Objects(1, 1, [0, 0], [0, 0], box=[[30, 30, 5, 5], [1, 1, 9, 9]], score=[0.9, 0.5], area=[1e12, 1e12])
    assert detection.box_ap(truth, found) == pytest.approx(honest, abs=1e-12)


def test_differs_a_box_beside_a_mask_does_not_set_its_area():
    small, far = np.zeros((64, 64), dtype=np.uint8), np.zeros((64, 64), dtype=np.uint8)
    small[1:10, 1:10], far[40:45, 40:45] = 1, 1
    runs = [coco_mask.encode(np.asfortranarray(one))["counts"].decode() for one in (small, far)]
    size = [64, 64]
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "area": 81.0, "iscrowd": 0}
    annotation["segmentation"] = {"size": size, "counts": runs[0]}
    rows = [
        {"image_id": 1, "category_id": 1, "score": score, "segmentation": {"size": size, "counts": run}}
        for score, run in ((0.9, runs[1]), (0.5, runs[0]))
    ]
    honest = peer("mask", 1, 1, [annotation], rows).stats[0]
    assert peer("mask", 1, 1, [annotation], [{**row, "bbox": [0, 0, 1e6, 1e6]} for row in rows]).stats[0] > honest
    truth = Objects(1, 1, [0], [0], mask=Masks.from_bitmaps([small]))
    found = {"mask": Masks.from_bitmaps([far, small]), "box": [[0, 0, 1e6, 1e6]] * 2, "score": [0.9, 0.5]}
    assert detection.mask_ap(truth, Objects(1, 1, [0, 0], [0, 0], **found)) == pytest.approx(honest, abs=1e-12)


def test_differs_a_box_beside_points_does_not_set_their_area():
    truth, found = draw(2003, "points")
    ours = detection.keypoint_ap(as_objects(truth), as_objects(found))
    huge = [{**row, "bbox": [0, 0, 1e6, 1e6]} for row in as_results(found)]
    theirs = peer("points", truth["images"], truth["categories"], as_annotations(truth), huge).stats[0]
    assert theirs > ours
    box = np.tile([0, 0, 1e6, 1e6], (len(found["image"]), 1))
    assert detection.keypoint_ap(as_objects(truth), as_objects({**found, "box": box})) == ours


def test_differs_an_ignored_object_is_ignored():
    annotation, result, truth, found = one_box()
    assert peer("box", 1, 1, [{**annotation, "ignore": 1}], [result]).stats[0] > 0.99
    ignored = Objects(1, 1, [0], [0], box=truth.box, ignore=[True])
    assert np.isnan(detection.box_ap(ignored, found))


def test_differs_scores_that_are_no_numbers_are_refused():
    annotation, result, *_ = one_box()
    assert peer("box", 1, 1, [annotation], [{**result, "score": float("nan")}]).stats[0] > 0.99
    with pytest.raises(ValueError, match="score holds 1 entries that are NaN"):
        Objects(1, 1, [0], [0], box=[[1, 1, 9, 9]], score=[float("nan")])
