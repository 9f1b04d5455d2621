"""Keypoints: how near the points of two objects are to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import CHUNK, MetricError

if TYPE_CHECKING:
    from metrics.inputs import Array

COCO_SIGMAS = (26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89)
"""Spread of COCO's 17 points of a person among annotators, in thousandths of the root of the person's area."""

TINY = float(np.spacing(1))
"""What pycocotools adds to an area so that none is 0."""


def point_spread(sigmas: Optional[Array], points: int) -> Array:
    """The spread of each point as given, else COCO's, shape (k,).

    Raises:
        MetricError: no spread is given, and there are not 17 points.
    """
    if sigmas is not None:
        return sigmas
    if points != len(COCO_SIGMAS):
        raise MetricError(f"{points} points an object need sigmas of their own; only 17 have those of COCO")
    return np.array(COCO_SIGMAS) / 100.0 / 10.0


def point_area(points: Array) -> Array:
    """Area of the smallest box about all points of each object, shape (m,)."""
    size = points[..., :2].max(axis=1, initial=-np.inf) - points[..., :2].min(axis=1, initial=np.inf)
    area: Array = size[:, 0] * size[:, 1]
    return area


@dataclass(frozen=True, eq=False, repr=False)
class KeypointGoal:
    """Where the points of true objects are, and how near is near.

    Attributes:
        points: x, y and visibility, shape (n, k, 3).
        area: of each object, shape (n,).
        spread: of each point, shape (k,).
        box: of each object, shape (n, 4): where no point is visible, how far points lie outside a box of thrice the
            width and height counts instead; where None, such an object is like nothing.
    """

    points: Array
    area: Array
    spread: Array
    box: Optional[Array] = None


def object_keypoint_similarity(points: Array, goal: KeypointGoal, i: Array, j: Array) -> Array:
    """Object keypoint similarity (OKS) of listed pairs: the mean over visible true points of a bell of the distance.

    Args:
        points: of detections, shape (m, k, 3); their visibility is not read.
        goal: the true objects.
        i: detection of each pair, shape (p,).
        j: true object of each pair, shape (p,).

    Returns:
        Shape (p,), from 0 to 1.

    Source: COCO keypoint evaluation; pycocotools, computeOks.

    >>> goal = KeypointGoal(np.array([[[0.0, 0.0, 2.0]]]), np.array([50.0]), np.array([0.1]))
    >>> object_keypoint_similarity(np.array([[[2.0, 0.0, 1.0]]]), goal, np.array([0]), np.array([0]))
    array([0.36787944])
    """
    out = np.empty(len(i))
    step = max(1, CHUNK // max(1, points.shape[1]))
    scale = (goal.spread * 2) ** 2
    for begin in range(0, len(i), step):
        one, other = i[begin : begin + step], j[begin : begin + step]
        x, y, true = points[one, :, 0], points[one, :, 1], goal.points[other]
        seen = true[..., 2] > 0
        blind = np.logical_not(seen.any(axis=1))
        x_away, y_away = x - true[..., 0], y - true[..., 1]
        if blind.any() and goal.box is not None:
            x_away[blind], y_away[blind] = _outside(x[blind], y[blind], goal.box[other[blind]])
        away = (x_away**2 + y_away**2) / scale / (goal.area[other] + TINY)[:, None] / 2
        counted = seen | blind[:, None]
        near = np.where(counted, np.exp(-away), 0.0).sum(axis=1) / counted.sum(axis=1)
        out[begin : begin + step] = np.where(blind, 0.0, near) if goal.box is None else near
    return out


def _outside(x: Array, y: Array, box: Array) -> tuple[Array, Array]:
    """How far points lie outside a box of three times the width and height about each box."""
    low, high = box[:, :2] - box[:, 2:], box[:, :2] + 2 * box[:, 2:]
    sides = []
    for axis, place in enumerate((x, y)):
        under, over = low[:, axis : axis + 1] - place, place - high[:, axis : axis + 1]
        sides.append(np.maximum(under, 0.0) + np.maximum(over, 0.0))
    return sides[0], sides[1]
