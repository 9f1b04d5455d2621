"""Objects in images: boxes, masks or points, flat, so that nothing loops over images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError, all_finite

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.masks import Masks

LIMIT = 1 << 31
"""More images, categories or objects than this cannot be numbered here."""


@dataclass(frozen=True, eq=False, repr=False)
class Objects:
    """Objects in images, flat: row k of every array is one object, in any order.

    Attributes:
        images: how many images there are, perhaps 0; objects name them 0, 1, 2 …, and an image may have none.
        categories: how many categories there are.
        image: the image of each object, int32, shape (m,).
        category: its category, int32, shape (m,).
        box: x, y, width, height in pixels from the top left corner, float64, shape (m, 4); or None.
        mask: one mask an object, or None.
        points: x, y and visibility (0 absent, 1 hidden, 2 seen), float64, shape (m, k, 3); or None.
        score: how sure a prediction is, float64, shape (m,); None for truth.
        area: area in pixels as annotated (truth only), float64, shape (m,); None takes that of the mask or box.
        crowd: whether an object is a crowd, that any number of predictions may match, bool, shape (m,); or None.
        ignore: whether a true object neither helps nor harms (VOC "difficult"), bool, shape (m,); or None.
        sigmas: spread of each keypoint, float64, shape (k,), truth only; None takes those of COCO's 17.

    Raises:
        MetricError: shapes differ, a number is out of range, NaN or infinite, or a width or height is negative.
    """

    images: int
    categories: int
    image: Array
    category: Array
    box: Optional[Array] = None
    mask: Optional[Masks] = None
    points: Optional[Array] = None
    score: Optional[Array] = None
    area: Optional[Array] = None
    crowd: Optional[Array] = None
    ignore: Optional[Array] = None
    sigmas: Optional[Array] = None

    def __post_init__(self) -> None:
        if not 0 <= self.images < LIMIT or not 0 < self.categories < LIMIT:
            raise MetricError(f"{self.images} images and {self.categories} categories cannot be numbered")
        self._set("image", _numbered(self.image, self.images, "image"))
        self._set("category", _numbered(self.category, self.categories, "category"))
        m = len(self.image)
        if len(self.category) != m or m >= LIMIT:
            raise MetricError(f"category has {len(self.category)} entries for {m} objects")
        for name, shape in (("box", (m, 4)), ("score", (m,)), ("area", (m,))):
            self._set(name, _measured(getattr(self, name), shape, name))
        for name in ("crowd", "ignore"):
            self._set(name, _flags(getattr(self, name), m, name))
        self._check_points(m)
        if self.box is not None and m and self.box[:, 2:].min() < 0:
            raise MetricError("a box has a negative width or height; boxes are x, y, width, height")
        if self.area is not None and m and self.area.min() < 0:
            raise MetricError("an object has a negative area")
        if self.mask is not None and len(self.mask.height) != m:
            raise MetricError(f"{len(self.mask.height)} masks for {m} objects; give one each")

    @property
    def count(self) -> int:
        """How many objects there are."""
        return len(self.image)

    def take(self, index: Array) -> Objects:
        """Some objects, by whole numbers or by a mask; the images stay."""
        names = ("image", "category", "box", "points", "score", "area", "crowd", "ignore")
        parts = {name: getattr(self, name)[index] for name in names if getattr(self, name) is not None}
        if self.mask is not None:
            parts["mask"] = self.mask.take(index)
        return replace(self, **parts)

    def take_images(self, index: Array) -> Objects:
        """The objects of some images, by whole numbers or by a mask; an image taken twice has its objects twice.

        The images are numbered anew in the order taken.
        """
        chosen = np.arange(self.images)[index]
        row, image = rows_of_images(self.image, self.images, chosen)
        return replace(self.take(row), images=len(chosen), image=image)

    def _set(self, name: str, value: Any) -> None:
        """Keep a checked array."""
        object.__setattr__(self, name, value)

    def _check_points(self, m: int) -> None:
        """Check points and their spreads."""
        if self.points is not None:
            shape = np.shape(self.points)
            self._set("points", _measured(self.points, (m, shape[1] if len(shape) == 3 else 17, 3), "points"))
            seen = self.points[..., 2]
            if self.score is None and not ((seen == 0) | (seen == 1) | (seen == 2)).all():
                raise MetricError("visibility of a true point is 0 (absent), 1 (hidden) or 2 (seen)")
        if self.sigmas is not None:
            self._set("sigmas", _measured(self.sigmas, (np.size(self.sigmas),), "sigmas"))
            if not self.sigmas.size or self.sigmas.min() <= 0:
                raise MetricError("sigmas must be positive, one a keypoint")
            if self.points is not None and self.points.shape[1] != len(self.sigmas):
                raise MetricError(f"{len(self.sigmas)} sigmas for {self.points.shape[1]} points an object")


def check_pair(truth: Any, prediction: Any, needs: str) -> None:
    """Refuse truth and prediction that are not Objects of the same images and categories.

    Args:
        truth: the true objects.
        prediction: the predicted objects; they need a score.
        needs: what both must have: ``box``, ``mask`` or ``points``.

    Raises:
        MetricError: says what is missing or differs.
    """
    for side, name in ((truth, "y_true"), (prediction, "y_pred")):
        if not isinstance(side, Objects):
            raise MetricError(f"{name} must be Objects (metrics.objects), not {type(side).__name__}")
        if getattr(side, needs) is None:
            raise MetricError(f"{name} has no {needs}")
    for what in ("images", "categories"):
        one, other = getattr(truth, what), getattr(prediction, what)
        if one != other:
            raise MetricError(f"y_true has {one} {what} and y_pred has {other}; they must be numbered alike")
    if prediction.score is None:
        raise MetricError("y_pred has no score; every prediction says how sure it is")


def rows_of_images(image: Array, images: int, chosen: Array) -> tuple[Array, Array]:
    """The rows of some images, image after image, and the place in ``chosen`` that each row belongs to.

    Args:
        image: the image of each row, shape (m,).
        images: how many images there are.
        chosen: images in the order wanted, each as often as wanted, shape (c,).

    Returns:
        Rows, int64, and places, int32, both of shape (r,); rows of one image keep their order.
    """
    order = np.argsort(image, kind="stable")
    count = np.bincount(image, minlength=images)
    start = np.cumsum(count) - count
    many = count[chosen]
    place = np.repeat(np.arange(len(chosen), dtype=np.int32), many)
    within = np.arange(len(place)) - np.repeat(np.cumsum(many) - many, many)
    return order[start[chosen][place] + within], place


def place_in_images(image: Array, images: int, chosen: Array, row: Array, copy: Array) -> Array:
    """Where ``rows_of_images`` puts some rows: the row of each in the images taken.

    Args:
        image: the image of each object, shape (m,).
        images: how many images there are.
        chosen: images in the order taken, shape (c,).
        row: rows to look for, shape (r,).
        copy: which of the images taken each is looked for in, shape (r,).
    """
    order = np.argsort(image, kind="stable")
    count = np.bincount(image, minlength=images)
    within = np.empty(len(image), dtype=np.int64)
    within[order] = np.arange(len(image)) - np.repeat(np.cumsum(count) - count, count)
    many = count[chosen]
    place: Array = (np.cumsum(many) - many)[copy] + within[row]
    return place


def _numbered(values: Any, size: int, name: str) -> Array:
    """Whole numbers from 0 to size - 1 as int32."""
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int32).reshape(-1)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise MetricError(f"{name} must be whole numbers, shape (objects,), not {array.dtype} of shape {array.shape}")
    if len(array) and (array.min() < 0 or array.max() >= size):
        raise MetricError(f"{name} holds numbers outside 0 to {size - 1}")
    return array.astype(np.int32, copy=False)


def _measured(values: Any, shape: tuple[int, ...], name: str) -> Optional[Array]:
    """Finite float64 numbers of one shape; None stays None."""
    if values is None:
        return None
    array = np.asarray(values)
    if array.size == 0 and 0 in shape:
        return np.zeros(shape)
    if array.shape != shape or array.dtype.kind not in "iuf":
        raise MetricError(f"{name} must be numbers of shape {shape}, not {array.dtype} of shape {array.shape}")
    array = array.astype(np.float64, copy=False)
    if not all_finite(array.ravel(order="K")):  # by columns or by rows, without a copy
        raise MetricError(f"{name} holds {int(np.count_nonzero(~np.isfinite(array)))} entries that are NaN or infinite")
    return array


def _flags(values: Any, m: int, name: str) -> Optional[Array]:
    """True or false, one an object; None stays None."""
    if values is None:
        return None
    array = np.asarray(values)
    whole = array.dtype.kind in "iu" and (not array.size or (array.min() >= 0 and array.max() <= 1))
    if array.shape != (m,) or not (array.dtype.kind == "b" or whole or not m):
        raise MetricError(f"{name} must be true or false, shape ({m},)")
    return array.astype(bool, copy=False)
