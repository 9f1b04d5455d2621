"""A small challenge of boxes, masks or keypoints, and valid COCO results for it."""

import copy
import json

import numpy as np

from compete.scoring.images import Images
from compete.scoring.matching import vocabulary
from compete.terms import Terms
from metrics.masks import Masks

CLASSES, CLASS_IDS = ("cat", "dog", "owl"), (1, 2, 4)
TASKS = {"boxes": "detection", "masks": "instance_segmentation", "points": "keypoints"}
HEIGHT, WIDTH = (40, 40, 30, 64, 40), (60, 60, 50, 64, 60)
POINTS = ("nose", "tail")


def terms(kind="boxes", **changed):
    """The terms of the small challenge."""
    given = {
        "name": "small", "title": "Small", "version": "1", "task": TASKS[kind], "target": (), "kind": kind,
        "columns": (), "metric": "box_ap", "classes": CLASSES, "class_ids": CLASS_IDS, "form": "coco",
        "points": POINTS if kind == "points" else (), "train": 9, "test": 5,
    }  # fmt: skip
    return Terms(**{**given, **changed})


def images(first=1):
    """Its five test images."""
    ids = vocabulary([f"img_{number}" for number in range(5)])
    return Images(ids, np.arange(first, first + 5), np.array(HEIGHT, np.int32), np.array(WIDTH, np.int32))


def runs(image, box):
    """A filled box as run lengths, not compressed."""
    height, width = HEIGHT[image - 1], WIDTH[image - 1]
    x, y, across, down = box
    mask = np.zeros((height, width), dtype=np.int8)
    mask[y : y + down, x : x + across] = 1
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    return {"size": [height, width], "counts": np.diff([0, *edges, len(flat)]).tolist()}


def results(kind="boxes", seed=0, count=12):
    """Valid results, one after the other."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        image = int(random.integers(1, 6))
        x, y, across, down = (int(random.integers(low, high)) for low, high in ((0, 30), (0, 15), (2, 20), (2, 15)))
        content = {
            "boxes": lambda box: {"bbox": [box[0] + 0.25, box[1] * 1.0, box[2], box[3] + 0.1]},
            "masks": lambda box: {"segmentation": runs(image, box)},  # noqa: B023
            "points": lambda box: {"keypoints": [box[0], box[1], 1, box[0] + box[2], box[1] + 0.5, 0.75]},
        }[kind]((x, y, across, down))
        label = int(random.choice(CLASS_IDS))
        made.append({"image_id": image, "category_id": label, **content, "score": round(float(random.random()), 4)})
    return made


def compressed(rows):
    """The same results with their run lengths compressed."""
    packed = copy.deepcopy(rows)
    for one in packed:
        if "segmentation" in one:
            mask = Masks.from_counts([one["segmentation"]["counts"]], *one["segmentation"]["size"])
            one["segmentation"]["counts"] = mask.text.tobytes().decode()
    return packed


def written(rows, **options):
    """Results as bytes."""
    return json.dumps(rows, **options).encode()


def same(one, other):
    """Whether two sets of objects are equal to the bit."""
    for name in ("image", "category", "box", "points", "score", "area", "crowd"):
        first, second = getattr(one, name), getattr(other, name)
        if (first is None) != (second is None) or (first is not None and first.tobytes() != second.tobytes()):
            return False
    masks = [
        None if part.mask is None else (part.mask.text.tobytes(), part.mask.start.tolist()) for part in (one, other)
    ]
    return masks[0] == masks[1] and (one.images, one.categories) == (other.images, other.categories)
