"""Whether objects of one class touch each other, or their boxes overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from compete.recommending.replies import Reply, measured
from compete.recommending.shapes import OFTEN
from compete.recommending.structures import places_of, spread

if TYPE_CHECKING:
    import pandas as pd

    from compete.challenge import Challenge
    from compete.dataset import Dataset

Array = np.ndarray[Any, Any]
MOST_IMAGES = 200
"""Images in which objects are compared pixel by pixel."""
MOST_BOXES = 2_000
"""Boxes of one image that are compared with each other."""
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""From a pixel to four of its eight neighbours; the others see it themselves."""


def contact(challenge: Challenge, dataset: Dataset) -> dict[str, Reply]:
    """Whether more than a few objects touch or overlap another of their class (FP3.5), where objects are told apart."""
    if challenge.task == "semantic_segmentation" or not len(dataset.labels):
        return {}
    labels = dataset.labels
    for flag in ("crowd", "ignore"):
        labels = labels[~labels[flag].astype(bool)] if flag in labels else labels
    if dataset.maps is not None:
        labels = labels[labels["label"].isin([one.name for one in dataset.categories if one.thing])]
    by_mask = dataset.maps is not None or (challenge.task == "instance_segmentation" and "rle" in labels)
    items = np.sort(labels["item"].unique().astype(str))
    items = items[spread(len(items), MOST_IMAGES)] if by_mask else items
    labels = labels[labels["item"].isin(items)]
    total = close = 0
    for item, rows in labels.groupby("item", sort=False, observed=True):
        total += len(rows)
        close += int((_touching(dataset, str(item), rows) if by_mask else _overlapping(rows)).sum())
    if not total:
        return {}
    what = "objects touch or overlap another" if by_mask else "boxes overlap another"
    because = f"{close:,} of {total:,} {what} of their class"
    return {"touching": measured(bool(close >= OFTEN * total), because)}


def _overlapping(rows: pd.DataFrame) -> Array:
    """Which boxes of an image have pixels in common with another of their class, bool."""
    rows = rows.iloc[:MOST_BOXES]
    x, y, width, height = (rows[name].to_numpy(dtype=np.float64) for name in ("x", "y", "width", "height"))
    label = rows["label"].to_numpy(dtype=str)
    wide = np.minimum.outer(x + width, x + width) > np.maximum.outer(x, x)
    high = np.minimum.outer(y + height, y + height) > np.maximum.outer(y, y)
    meet = wide & high & (label[:, None] == label)
    np.fill_diagonal(meet, False)
    return np.asarray(meet.any(axis=1))


def _touching(dataset: Dataset, item: str, rows: pd.DataFrame) -> Array:
    """Which objects of an image touch another of their class, or share pixels with it, bool."""
    place = int(places_of(dataset, [item])[0])
    _, kind = np.unique(rows["label"].to_numpy(dtype=str), return_inverse=True)
    if dataset.maps is not None:
        numbers = rows["segment"].to_numpy(dtype=np.int64)
        drawn, shared = _numbered(dataset.maps.array(place), numbers), np.zeros(len(rows), dtype=bool)
    else:
        size = tuple(int(dataset.items[side].iloc[place]) for side in ("height", "width"))
        drawn, shared = _painted(rows["rle"].tolist(), kind, size)
    of_kind = np.concatenate(([-1], kind))
    for down, right in STEPS:
        one, other = _neighbours(drawn, down, right)
        meet = (one != other) & (one > 0) & (other > 0) & (of_kind[one] == of_kind[other])
        shared[np.concatenate((one[meet], other[meet])) - 1] = True
    return shared


def _neighbours(drawn: Array, down: int, right: int) -> tuple[Array, Array]:
    """All pixels that have a neighbour so far away, and these."""
    high, wide = drawn.shape
    one = drawn[: high - down, max(0, -right) : wide - max(0, right)]
    other = drawn[down:, max(0, right) : wide - max(0, -right)]
    return one, other


def _numbered(array: Array, numbers: Array) -> Array:
    """An image of segments in which they are counted from 1, and 0 is none of them."""
    order = np.argsort(numbers, kind="stable")
    place = np.minimum(np.searchsorted(numbers[order], array), len(numbers) - 1)
    return np.where(numbers[order][place] == array, order[place] + 1, 0)


def _painted(texts: list[str], kind: Array, size: tuple[int, ...]) -> tuple[Array, Array]:
    """Masks on one image, counted from 1, and which of them share pixels with another of their class."""
    from metrics.masks import Masks

    drawn, shared = np.zeros(size, dtype=np.int64), np.zeros(len(texts), dtype=bool)
    for row, mask in enumerate(Masks.from_compressed(texts, *size).bitmaps()):
        below = np.unique(drawn[mask])
        below = below[below > 0] - 1
        same = below[kind[below] == kind[row]]
        shared[same] = True
        shared[row] |= bool(len(same))
        drawn[mask] = row + 1
    return drawn, shared
