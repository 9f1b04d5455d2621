"""The structures of a dataset's images: regions of label images, segments, masks and boxes, all as one record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.recommending.regions import connected_regions

if TYPE_CHECKING:
    import pandas as pd

    from compete.challenge import Challenge
    from compete.dataset import Category, Dataset
    from metrics.label_maps import LabelMaps

Array = np.ndarray[Any, Any]
MOST_RUNS = 2_000_000
"""Runs and rows of label images that are looked at; of more, images are taken evenly."""
BACKGROUND = frozenset({"background", "bg", "backdrop", "unlabeled", "unlabelled"})
"""What the class is called that is no structure; or it is the one of value 0 that has most pixels."""


@dataclass(frozen=True, eq=False)
class Structures:
    """What is to be found in images; row k of every array is one structure.

    Attributes:
        item: the place of its image among the items.
        label: its class, as text.
        size: pixels or voxels that it has; of boxes, of the box.
        dimensions: 2, or 3 of volumes.
        seen: places of the items that were looked at.
        shape: the pixels of one structure in the box around it, bool; None where only boxes are known.
    """

    item: Array
    label: Array
    size: Array
    dimensions: int
    seen: Array
    shape: Callable[[int], Array] | None = None

    def __len__(self) -> int:
        return len(self.size)

    @property
    def side(self) -> Array:
        """How many pixels long a square or cube of the same size is."""
        return np.asarray(self.size ** (1 / self.dimensions))


def structures_of(challenge: Challenge, dataset: Dataset) -> Structures | None:
    """The structures of a challenge's data; None where items are no images with structures, or nobody drew them."""
    if dataset.maps is not None and challenge.task == "semantic_segmentation":
        return _of_regions(challenge, dataset, dataset.maps)
    if dataset.maps is not None:
        return _of_segments(dataset, dataset.maps)
    return _of_objects(challenge, dataset) if {"width", "height"} <= set(dataset.labels) else None


def background(challenge: Challenge, dataset: Dataset) -> Category | None:
    """The class of pixels that is no structure: called so, or of value 0 and with more pixels than any other."""
    if challenge.task != "semantic_segmentation" or len(dataset.categories) < 2:
        return None
    called = [category for category in dataset.categories if category.name.strip().casefold() in BACKGROUND]
    if called:
        return called[0]
    area = dataset.labels.groupby("label", observed=True)["area"].sum()
    zero = [category for category in dataset.categories if category.number == 0]
    return zero[0] if zero and len(area) and area.get(zero[0].name, 0) == area.max() else None


def places_of(dataset: Dataset, items: Sequence[str] | pd.Series[Any]) -> Array:
    """The places of some items in the table of items."""
    import pandas as pd

    return np.asarray(dataset.items.index.get_indexer(pd.Index(items)))


def spread(count: int, most: int) -> Array:
    """Places of at most so many of a list, evenly from its first to its last.

    >>> spread(10, 4).tolist(), spread(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.int64)


def _of_regions(challenge: Challenge, dataset: Dataset, maps: LabelMaps) -> Structures:
    """Connected regions of each class, of as many images as can be looked at soon."""
    runs = np.diff(maps.start) + np.prod(maps.shape[:, :-1], axis=1)
    ordered = np.argsort(dataset.items.index.to_numpy(dtype=str), kind="stable")
    seen = ordered
    if runs.sum() > MOST_RUNS:
        seen = ordered[spread(len(ordered), max(1, int(len(ordered) * MOST_RUNS / runs.sum())))]
    nothing = background(challenge, dataset)
    names = {one.number: one.name for one in dataset.categories if one != nothing}
    regions = connected_regions(maps.take(seen), [value for value in names if value != challenge.data.ignore])
    label = np.array([names[value] for value in regions.value.tolist()], dtype=object)
    return Structures(seen[regions.image], label, regions.area, maps.shape.shape[1], seen, regions.shape)


def _of_segments(dataset: Dataset, maps: LabelMaps) -> Structures:
    """The things among the segments."""
    things = {one.name for one in dataset.categories if one.thing}
    kept = dataset.labels["label"].isin(things) & ~dataset.labels["crowd"].astype(bool)
    labels = dataset.labels[kept]
    item = places_of(dataset, labels["item"])
    number = labels["segment"].to_numpy(dtype=np.int64)

    def shape(row: int) -> Array:
        return _cropped(maps.array(int(item[row])) == number[row])

    return _sorted(dataset, item, labels[["label", "segment"]], labels["area"], shape)


def _of_objects(challenge: Challenge, dataset: Dataset) -> Structures:
    """Objects with their masks, or their boxes."""
    from metrics.masks import Masks

    labels = dataset.labels
    for flag in ("crowd", "ignore"):
        labels = labels[~labels[flag].astype(bool)] if flag in labels else labels
    item = places_of(dataset, labels["item"])
    if "rle" not in labels or challenge.task != "instance_segmentation":
        return _sorted(dataset, item, labels[["label", "x", "y"]], labels["width"] * labels["height"], None)
    texts = labels["rle"].tolist()
    high, wide = (dataset.items[side].to_numpy(dtype=np.int64)[item] for side in ("height", "width"))

    def shape(row: int) -> Array:
        mask = Masks.from_compressed([texts[row]], int(high[row]), int(wide[row]))
        return _cropped(next(mask.bitmaps()))

    return _sorted(dataset, item, labels[["label", "x", "y"]], labels["area"], shape)


def _sorted(
    dataset: Dataset, item: Array, labels: pd.DataFrame, size: Any, shape: Callable[[int], Array] | None
) -> Structures:
    """The structures in an order that does not depend on that of the file: by image, class, size, and place."""
    rank = np.argsort(np.argsort(dataset.items.index.to_numpy(dtype=str), kind="stable"))
    names, areas = labels["label"].to_numpy(dtype=object), np.asarray(size, dtype=np.float64)
    places = [labels[name].to_numpy() for name in labels.columns if name != "label"]
    order = np.lexsort((*places, areas, names.astype(str), rank[item]))

    def ordered_shape(row: int) -> Array:
        assert shape
        return shape(int(order[row]))

    seen = np.arange(len(dataset.items))
    return Structures(item[order], names[order], areas[order], 2, seen, ordered_shape if shape else None)


def _cropped(region: Array) -> Array:
    """The smallest box that holds all true pixels."""
    from metrics.regions import bounding_box

    return region[bounding_box(region)] if region.any() else region[:0]
