"""The band along the outline of a mask, and how well the bands of two masks agree, straight from run lengths.

A mask is eroded by a square, once down its columns and once along its rows: each run loses the same number of pixels
at both ends. Between the two, runs down columns become runs along rows; only pixels of the outline are ever listed.

Source: Cheng, Girshick, Dollár, Berg, Kirillov, Boundary IoU, CVPR 2021, and its reference code (definition).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.cores import portions
from metrics.inputs import MetricError
from metrics.mask_columns import distinct, runs_of_masks
from metrics.mask_inputs import whole_numbers
from metrics.mask_overlap import mask_iou
from metrics.masks import Masks
from metrics.memory import reuse_memory
from metrics.runs import joined_runs, runs_of_toggles

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.runs import Stretches

RATIO = 0.02
"""Depth of the band as a share of the image's diagonal, as published."""

PIXELS = 1 << 23
"""Pixels of the masks' boxes handled at a time."""


def boundaries(masks: Masks, ratio: float = RATIO) -> Masks:
    """The pixels of each mask that are near its outline; what is outside the image is outside the mask.

    Args:
        masks: any masks.
        ratio: how deep, as a share of the diagonal of each mask's image; rounded to whole pixels, at least one.

    Returns:
        As many masks of the same sizes: the mask less its erosion by a square of that reach.

    Raises:
        MetricError: a mask cannot be read, or ``ratio`` is negative or not a number.

    >>> mask = np.zeros((1, 5, 5), dtype=bool)
    >>> mask[0, :, 1:] = True
    >>> next(boundaries(Masks.from_bitmaps(mask)).bitmaps()).astype(int)
    array([[0, 1, 1, 1, 1],
           [0, 1, 0, 0, 1],
           [0, 1, 0, 0, 1],
           [0, 1, 0, 0, 1],
           [0, 1, 1, 1, 1]])
    """
    if not 0 <= ratio <= 1:
        raise MetricError(f"ratio is {ratio}; give a share of the diagonal from 0 to 1")
    reuse_memory()
    depth = np.maximum(np.rint(ratio * np.hypot(masks.height, masks.width)), 1).astype(np.int64)
    left, right = masks.columns
    room = np.cumsum((right - left).astype(np.int64) * masks.height)
    parts = [_boundaries(masks, rows, depth) for rows in portions(room, PIXELS)]
    return Masks.from_runs(joined_runs(parts), masks.height, masks.width)


def boundary_iou(
    first: Masks,
    i: Any,
    second: Masks,
    j: Any,
    crowd: Optional[Array] = None,
    *,
    ratio: float = RATIO,
    least: float = 0.0,
) -> Array:
    """Intersection over union of the boundaries of listed pairs; Boundary AP takes the lesser of this and the mask IoU.

    Args:
        first: masks, such as the predicted ones.
        i: the mask of each pair in ``first``, whole numbers, shape (pairs,).
        second: masks, such as the true ones.
        j: the mask of each pair in ``second``, shape (pairs,).
        crowd: which pairs divide by the first boundary's area instead of the union, bool, shape (pairs,); None: none.
        ratio: depth of a boundary as a share of the image's diagonal.
        least: pairs that plainly cannot reach this get 0.

    Returns:
        One number a pair, float64, shape (pairs,).

    Raises:
        MetricError: as for `mask_iou` and `boundaries`.

    >>> masks = Masks.from_bitmaps(np.ones((1, 9, 9)))
    >>> boundary_iou(masks, [0], masks, [0]).tolist()
    [1.0]
    """
    one, i = distinct(whole_numbers(i, "i"))
    other, j = distinct(whole_numbers(j, "j"))
    left, right = boundaries(first.take(one), ratio), boundaries(second.take(other), ratio)
    return mask_iou(left, i, right, j, crowd, least=least)


def _boundaries(masks: Masks, rows: slice, depth: Array) -> Stretches:
    """The boundaries of some masks."""
    parts = [np.stack((part.label, part.column, part.top, part.bottom)) for part in runs_of_masks(masks, rows)]
    runs = np.concatenate(parts, axis=1)
    inner = _turned(_shrunk(_turned(_shrunk(runs, depth)), depth))
    owner, column, top, bottom = np.concatenate((runs, inner), axis=1)
    pixel = (owner << 32) + column * masks.height[owner]
    return runs_of_toggles(np.concatenate((pixel + top, pixel + bottom)))


def _shrunk(runs: Array, depth: Array) -> Array:
    """Runs without so many pixels at both ends; those that have no more are gone."""
    owner, line, begin, end = runs
    reach = depth[owner]
    kept = np.flatnonzero(end - begin > 2 * reach)
    return np.stack((owner[kept], line[kept], (begin + reach)[kept], (end - reach)[kept]))


def _turned(runs: Array) -> Array:
    """The same pixels as runs along the other axis: owner, line, begin and end, int64, shape (4, runs).

    Where two neighbouring lines differ, a run across them begins or ends.
    """
    owner, line, begin, end = runs
    here, beyond = (owner << 32) | (line << 16), (owner << 32) | ((line + 1) << 16)
    label, begin, end = runs_of_toggles(np.concatenate((here | begin, here | end, beyond | begin, beyond | end)))
    line, begin, end = begin >> 16, begin & 0xFFFF, end & 0xFFFF
    length = end - begin
    first = (label << 32) | (begin << 16) | line
    key = np.repeat(first, length)
    key += (np.arange(len(key)) - np.repeat(np.cumsum(length) - length, length)) << 16
    key.sort()
    key, end = key[::2], key[1::2] & 0xFFFF
    return np.stack((key >> 32, (key >> 16) & 0xFFFF, key & 0xFFFF, end))
