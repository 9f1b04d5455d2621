"""The truth of images as scoring wants it, for the images of one part in the order of their table."""

from __future__ import annotations

from typing import Any

import numpy as np

from compete.building.plan import Plan
from compete.bundle import AFFINE
from compete.dataset import Category
from compete.readers.coverage import LISTS
from compete.table import rows_named

Array = np.ndarray[Any, Any]
BOX = ("x", "y", "width", "height")


def truth_of(plan: Plan, rows: Array) -> Any:
    """What is to be found in some images.

    Args:
        plan: of a task of images.
        rows: the images, in the order in which the truth names them.

    Returns:
        ``Objects``, ``Federated``, ``LabelMaps`` or ``Segments`` of the ``metrics`` package. A category is its place in
        the terms' classes; a pixel of a label image is the class's number, as in PNG files.
    """
    maps = plan.dataset.maps
    if maps is None:
        return _objects(plan, rows) if plan.dataset.coverage is None else _federated(plan, rows)
    return maps.take(rows) if plan.terms.task == "semantic_segmentation" else _segments(plan, rows)


def labels_of_images(plan: Plan, rows: Array) -> tuple[Any, Array]:
    """The labels of some images, image after image, and the place in ``rows`` of the image of each.

    Returns:
        A part of the table of labels, and int64 of its length.
    """
    labels = plan.dataset.labels
    place = np.full(len(plan.id), -1)
    place[rows] = np.arange(len(rows))
    image = place[rows_named(plan.dataset.items, labels["item"])]
    kept = np.flatnonzero(image >= 0)
    kept = kept[np.argsort(image[kept], kind="stable")]
    return labels.take(kept), image[kept]


def sizes_of_images(plan: Plan, rows: Array) -> tuple[Array, Array]:
    """Height and width of some images, int64."""
    items = plan.dataset.items
    height, width = (items[name].to_numpy()[rows].astype(np.int64) for name in ("height", "width"))
    return height, width


def affines_of_images(plan: Plan, rows: Array) -> Array:
    """Where the voxels of some volumes lie: millimetres of the voxel (i, j, k), float64, shape (n, 3, 4)."""
    texts = plan.dataset.items[AFFINE].to_numpy()[rows].tolist()
    return np.array([text.split() for text in texts], dtype=np.float64).reshape(-1, 3, 4)


def pairs_of_images(plan: Plan, rows: Array, pairs: Array | None) -> Array | None:
    """The pairs of image and class that belong to some images, by the place of each image in ``rows``; None stays None.

    Args:
        plan: of a task of images.
        rows: the images wanted.
        pairs: places of images and classes, as a coverage has them.
    """
    if pairs is None:
        return None
    place = np.full(len(plan.id), -1)
    place[rows] = np.arange(len(rows))
    found = np.stack([place[pairs[:, 0]], pairs[:, 1]], axis=1)
    found = found[found[:, 0] >= 0]
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def codes_of(categories: tuple[Category, ...], labels: Any) -> Array:
    """The code of each label's class, int32."""
    code = {category.name: number for number, category in enumerate(categories)}
    return np.array([code[name] for name in labels["label"]], dtype=np.int32)


def _objects(plan: Plan, rows: Array) -> Any:
    from metrics.masks import Masks
    from metrics.objects import Objects

    labels, image = labels_of_images(plan, rows)
    categories, count = plan.dataset.categories, len(labels)
    mask = points = None
    if "rle" in labels:
        height, width = sizes_of_images(plan, rows)
        mask = Masks.from_compressed(labels["rle"].tolist(), height[image], width[image])
    if "points" in labels:
        points = np.array(labels["points"].tolist(), dtype=np.float64).reshape(count, -1, 3)
    ignore = labels["ignore"].to_numpy(dtype=bool)
    return Objects(
        images=len(rows),
        categories=len(categories),
        image=image.astype(np.int32),
        category=codes_of(categories, labels),
        box=np.stack([labels[name].to_numpy(dtype=np.float64) for name in BOX], axis=1),
        mask=mask,
        points=points,
        area=labels["area"].to_numpy(dtype=np.float64),
        crowd=labels["crowd"].to_numpy(dtype=bool),
        ignore=ignore if ignore.any() else None,
        sigmas=np.array(plan.terms.sigmas) if points is not None else None,
    )


def _federated(plan: Plan, rows: Array) -> Any:
    """The objects, with what was looked for in each image and how the classes are related."""
    from metrics.federated import Federated

    coverage = plan.dataset.coverage
    assert coverage
    known = {name: pairs_of_images(plan, rows, getattr(coverage, name)) for name in LISTS}
    return Federated(_objects(plan, rows), frequency=coverage.frequency, parents=coverage.parents, **known)


def _segments(plan: Plan, rows: Array) -> Any:
    from metrics.panoptic import Segments

    labels, image = labels_of_images(plan, rows)
    categories = plan.dataset.categories
    assert plan.dataset.maps
    return Segments(
        maps=plan.dataset.maps.take(rows),
        image=image.astype(np.int32),
        segment=labels["segment"].to_numpy(dtype=np.int64),
        category=codes_of(categories, labels),
        crowd=labels["crowd"].to_numpy(dtype=bool),
        things=np.array([category.thing for category in categories]),
    )
