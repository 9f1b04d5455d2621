"""Images, terms and random predictions for the tests of forms."""

from __future__ import annotations

import numpy as np

from compete.scoring.images import Images
from compete.scoring.matching import vocabulary
from compete.terms import Terms
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.panoptic import Segments

IDS = ["img_0001", "café, two", "img_0003", "img_0004"]
SIZES = [(40, 60), (33, 47), (64, 16), (5, 7)]
CLASSES = ("cat", "dog", "owl")
COLUMNS = {
    "rows": ("class", "x", "y", "width", "height", "score"),
    "corners": ("class", "left", "top", "right", "bottom", "score"),
    "strings": ("PredictionString",),
    "object_runs": ("class", "rle", "score"),
    "label_runs": ("class", "rle"),
}


def some_images(ids=IDS, sizes=SIZES) -> Images:
    height, width = np.array(sizes, dtype=np.int32).T
    return Images(vocabulary(list(ids)), np.arange(1, len(ids) + 1), height, width)


def terms_of(form, kind, **more) -> Terms:
    """The terms of a task of images; ``columns`` as the builder writes them."""
    task = {
        "boxes": "detection",
        "masks": "instance_segmentation",
        "points": "keypoints",
        "label_maps": "semantic_segmentation",
        "segments": "panoptic_segmentation",
    }[kind]
    runs = "object_runs" if kind == "masks" else "label_runs"
    plain = {"runs": runs, "coco_runs": runs}.get(form, form)
    if form == "rows" and more.get("coordinates") == "xyxy":
        plain = "corners"
    classes = more.pop("classes", CLASSES)
    ids = {"label_maps": range(len(classes)), "segments": range(7, 7 + len(classes))}.get(
        kind, range(1, len(classes) + 1)
    )
    known = {"columns": COLUMNS.get(plain, ()), "class_ids": tuple(ids), "most_objects": 50, **more}
    return Terms(
        name="t",
        title="t",
        version="1",
        task=task,
        target=(),
        kind=kind,
        metric="m",
        form=form,
        classes=classes,
        **known,
    )


def random_boxes(rng, count=9, images=4, classes=3):
    """Boxes inside their images, in quarters of pixels."""
    image, category = np.sort(rng.integers(0, images, count)), rng.integers(0, classes, count)
    height, width = np.array(SIZES)[image].T
    across, down = (np.maximum(rng.integers(1, 4 * side + 1), 1) / 4 for side in (width, height))
    left = np.floor(rng.random(count) * (width - across) * 4) / 4
    top = np.floor(rng.random(count) * (height - down) * 4) / 4
    box = np.stack([left, top, across, down], axis=1)
    return Objects(images, classes, image, category, box=box, score=rng.random(count))


def random_areas(rng, count):
    """An image number and a mask of its size, each with a pixel at least."""
    image = np.sort(rng.integers(0, len(SIZES), count))
    areas = []
    for one in image:
        area = rng.random(SIZES[one]) < rng.random() ** 3
        area[rng.integers(SIZES[one][0]), rng.integers(SIZES[one][1])] = True
        areas.append(area)
    return image, areas


def random_masks(rng, count=7, classes=3):
    image, areas = random_areas(rng, count)
    category = rng.integers(0, classes, count)
    return Objects(4, classes, image, category, mask=Masks.from_bitmaps(areas), score=rng.random(count))


def random_maps(rng, classes=3):
    return LabelMaps.from_arrays(
        [np.kron(rng.integers(0, classes, (size[0], 1)), np.ones((1, size[1]), int)) if rng.random() < 0.3 else
         rng.integers(0, classes, size) for size in SIZES]
    )  # fmt: skip


def random_segments(rng, classes=3):
    arrays = [rng.choice([0, 1, 70_000, 300, 16_777_215], size) for size in SIZES]
    image, segment = np.array([(place, one) for place, array in enumerate(arrays) for one in np.unique(array) if one]).T
    things = np.array([True, False, True][:classes])
    return Segments(LabelMaps.from_arrays(arrays), image, segment, rng.integers(0, classes, len(image)), things)
