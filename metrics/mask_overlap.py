"""How much listed pairs of masks overlap, without decoding them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.inputs import MetricError
from metrics.mask_columns import overlaps
from metrics.mask_inputs import whole_numbers

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.masks import Masks


def mask_iou(  # noqa: PLR0917  (two sides, each masks and which of them)
    first: Masks, i: Any, second: Masks, j: Any, crowd: Optional[Array] = None, least: float = 0.0
) -> Array:
    """Intersection over union of listed pairs of masks.

    Args:
        first: masks, such as the predicted ones.
        i: the mask of each pair in ``first``, whole numbers, shape (pairs,).
        second: masks, such as the true ones.
        j: the mask of each pair in ``second``, shape (pairs,).
        crowd: which pairs divide by the area of the first mask instead of the union, bool, shape (pairs,); None: none.
        least: pairs whose area and columns show that they cannot reach this are not looked at and get 0.

    Returns:
        One number a pair, float64, shape (pairs,), exactly as pycocotools divides; 0 where both masks are empty.

    Raises:
        MetricError: a mask cannot be read, the masks of a pair differ in height or width, or the lengths differ.

    Source: ``rleIou`` of the COCO API (definition).

    >>> from metrics.masks import Masks
    >>> masks = Masks.from_bitmaps([[[1, 1, 0]], [[0, 1, 1]]])
    >>> mask_iou(masks, [0, 0], masks, [0, 1]).round(3).tolist()
    [1.0, 0.333]
    """
    i, j = whole_numbers(i, "i"), whole_numbers(j, "j")
    if i.shape != j.shape or (crowd is not None and np.shape(crowd) != i.shape):
        raise MetricError(f"{len(i)} masks are paired with {len(j)}; give as many of both, and of crowd")
    out = np.zeros(len(i))
    if not len(i):
        return out
    if (first.height[i] != second.height[j]).any() or (first.width[i] != second.width[j]).any():
        raise MetricError("the masks of a pair differ in height or width")
    one, other = first.area.astype(np.float64)[i], second.area.astype(np.float64)[j]
    (left, right), (begin, end) = first.columns, second.columns
    need = least * (one + other) / (1 + least)
    if crowd is not None:
        need = np.where(crowd, least * one, need)
    room = np.minimum(right[i], end[j]) - np.maximum(left[i], begin[j])
    most = np.minimum(np.minimum(one, other), room * first.height[i].astype(np.float64))
    near = np.flatnonzero((room > 0) & (most >= need * (1 - 1e-9)))
    shared = overlaps(first, i[near], second, j[near]).astype(np.float64)
    whole = one[near] + other[near] - shared
    if crowd is not None:
        whole = np.where(np.asarray(crowd, bool)[near], one[near], whole)
    out[near] = np.divide(shared, whole, out=np.zeros(len(near)), where=shared > 0)
    return out
