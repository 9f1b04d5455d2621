"""Boundary AP against pycocotools, given the lesser of two overlaps that scipy's erosion makes."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.ndimage import binary_erosion

from metrics import boundary_detection
from metrics.catalog import get
from metrics.masks import Masks
from metrics.objects import Objects

HEIGHT, WIDTH = 60, 80


def blobs(random, images, most):
    """Random discs, and the image of each."""
    image = np.repeat(np.arange(images), random.integers(0, most + 1, size=images))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    bitmaps = [
        (x - random.integers(0, WIDTH)) ** 2 + (y - random.integers(0, HEIGHT)) ** 2 < random.integers(20, 600)
        for _ in image
    ]
    return image, np.array(bitmaps)


def outline(bitmap):
    """The pixels near the edge, as in the reference code: the mask less its erosion inside a rim of nothing."""
    depth = max(1, round(0.02 * float(np.hypot(HEIGHT, WIDTH))))
    rim = np.pad(bitmap, 1)
    return (rim & ~binary_erosion(rim, np.ones((3, 3)), iterations=depth))[1:-1, 1:-1]


def encoded(bitmap):
    return coco_masks.encode(np.asfortranarray(bitmap.astype(np.uint8)))


class Lesser(COCOeval):
    """pycocotools with the lesser of the overlaps of masks and of outlines."""

    def computeIoU(self, image, category):
        found, truth = self._dts[image, category], self._gts[image, category]
        if not found or not truth:
            return []
        found = sorted(found, key=lambda one: -one["score"])
        crowd = [one["iscrowd"] for one in truth]
        sides = [[one["bitmap"] for one in side] for side in (found, truth)]
        whole = coco_masks.iou(*([encoded(one) for one in side] for side in sides), crowd)
        edge = coco_masks.iou(*([encoded(outline(one)) for one in side] for side in sides), crowd)
        return np.where(np.array(crowd, dtype=bool), whole, np.minimum(whole, edge))


def official(truth, found, bitmaps, shown):
    """The score by pycocotools."""
    flags = truth.crowd.tolist()
    true_rows = [
        {"id": row + 1, "image_id": int(truth.image[row]) + 1, "category_id": int(truth.category[row]) + 1,
         "iscrowd": int(flags[row]), "area": float(bitmaps[row].sum()), "bbox": [0, 0, 1, 1],
         "segmentation": encoded(bitmaps[row]), "bitmap": bitmaps[row]}
        for row in range(truth.count)
    ]  # fmt: skip
    found_rows = [
        {"id": row + 1, "image_id": int(found.image[row]) + 1, "category_id": int(found.category[row]) + 1,
         "iscrowd": 0, "area": float(shown[row].sum()), "bbox": [0, 0, 1, 1], "score": float(found.score[row]),
         "segmentation": encoded(shown[row]), "bitmap": shown[row]}
        for row in range(found.count)
    ]  # fmt: skip
    sides = []
    for side in (true_rows, found_rows):
        coco = COCO()
        images = [{"id": one + 1, "height": HEIGHT, "width": WIDTH} for one in range(truth.images)]
        coco.dataset = {"images": images, "categories": [{"id": 1}, {"id": 2}], "annotations": side}
        coco.createIndex()
        sides.append(coco)
    run = Lesser(*sides, "segm")
    run.evaluate()
    run.accumulate()
    run.summarize()
    return run.stats


@pytest.mark.parametrize("seed", range(4))
def test_boundary_ap_is_coco_with_the_lesser_overlap(seed, capsys):
    random = np.random.default_rng(seed)
    image, bitmaps = blobs(random, 8, 3)
    crowd = random.random(len(image)) < 0.15
    near = np.repeat(np.arange(len(image)), random.integers(0, 3, size=len(image)))
    shown = np.array([np.roll(bitmaps[row], random.integers(-1, 3), axis=row % 2) for row in near])
    score = random.permutation(len(near)) / len(near)
    category = random.integers(0, 2, size=len(image))
    truth = Objects(8, 2, image, category, mask=Masks.from_bitmaps(bitmaps), crowd=crowd)
    found = Objects(8, 2, image[near], category[near], mask=Masks.from_bitmaps(shown), score=score)
    stats = official(truth, found, bitmaps, shown)
    options = [{}, {"iou_from": 0.5, "iou_to": 0.5}, {"iou_from": 0.75, "iou_to": 0.75}, {"area": "small"}]
    for wanted, some in zip(stats, options, strict=False):
        ours = get("boundary_ap", **some)(truth, found)
        assert (np.isnan(ours) and wanted == -1) or ours == pytest.approx(wanted, abs=1e-12)
    assert stats[0] < get("mask_ap")(truth, found)
    assert boundary_detection.boundary_ap(truth, truth_as_found(truth)) == pytest.approx(1.0)


def truth_as_found(truth):
    solid = ~truth.crowd
    part = truth.take(solid)
    return Objects(8, 2, part.image, part.category, mask=part.mask, score=np.ones(part.count))
