"""Label images as runs: many images of various sizes, flat, compared without decoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import CHUNK, MetricError, all_finite
from metrics.label_edges import runs_of_images

if TYPE_CHECKING:
    from metrics.inputs import Array

PIXELS = (1 << 31) - 1
"""The most pixels that one image may have: places in it are 32-bit numbers."""

LARGEST = (1 << 32) - 1
"""The largest value of a pixel."""


@dataclass(frozen=True, eq=False, repr=False)
class LabelMaps:
    """Images whose pixels are whole numbers (classes, or ids of segments), as runs of equal pixels in row-major order.

    Attributes:
        shape: height and width, or depth, height and width, int64, shape (images, 2 or 3).
        value: what the pixels of each run are, unsigned, shape (runs,); all runs of an image, then of the next.
        end: the place in its image where each run ends, exclusive, int32, shape (runs,).
        start: the first run of each image, and the number of runs, int64, shape (images + 1,).
        spacing: size of a pixel along each axis in physical units, as ``shape``; None for 1 along each.

    Raises:
        MetricError: the arrays do not fit each other, or an image has no pixels or more than 2**31 - 1.

    >>> maps = LabelMaps.from_arrays([[[0, 0, 7], [7, 7, 0]]])
    >>> maps.value.tolist(), maps.length.tolist()
    ([0, 7, 0], [2, 3, 1])
    >>> maps.array(0).tolist()
    [[0, 0, 7], [7, 7, 0]]
    """

    shape: Array
    value: Array
    end: Array
    start: Array
    spacing: Optional[Array] = None

    def __post_init__(self) -> None:
        shape = np.asarray(self.shape)
        if shape.ndim != 2 or shape.shape[1] not in (2, 3) or shape.dtype.kind not in "iu" or not len(shape):
            raise MetricError("the sizes of label images must be whole numbers, shape (images, 2) or (images, 3)")
        if shape.min() < 1 or np.prod(shape.astype(np.float64), axis=1).max() > PIXELS:
            raise MetricError(f"a label image has no pixels, or more than {PIXELS:,}")
        if len(self.value) != len(self.end) or len(self.start) != len(shape) + 1 or self.start[-1] != len(self.end):
            raise MetricError(f"{len(self.value)} values and {len(self.end)} ends do not fit {len(shape)} label images")
        object.__setattr__(self, "shape", shape.astype(np.int64, copy=False))
        if self.spacing is not None:
            object.__setattr__(self, "spacing", _checked_spacing(self.spacing, shape.shape))

    @classmethod
    def from_arrays(cls, arrays: Sequence[Any], spacing: Any = None, name: str = "label maps") -> LabelMaps:
        """Label images from arrays of whole numbers.

        Args:
            arrays: one array an image, shape (height, width), or (depth, height, width) for all; sizes may differ.
            spacing: size of a pixel along each axis, in the order of the shape: for each image, or one for all.
            name: what to call the images in a message.

        Raises:
            MetricError: an array is not of whole numbers from 0 to 2**32 - 1, or has another number of dimensions.
        """
        images = _checked_images(arrays, name)
        if len({image.ndim for image in images}) > 1:
            raise MetricError(f"{name} holds images of two and of three dimensions; give one kind")
        shape = np.array([image.shape for image in images], dtype=np.int64)
        end, count, values = runs_of_images([(image,) for image in images])
        value = np.concatenate([_narrow(part, name) for (part,) in values])
        return cls(shape, value, end, _starts(count), spacing)

    @classmethod
    def from_runs(cls, value: Array, length: Array, count: Array, shape: Any, spacing: Any = None) -> LabelMaps:
        """Label images from runs in row-major order.

        Args:
            value: what the pixels of each run are, shape (runs,), from 0 to 2**32 - 1.
            length: how many pixels each run has, at least 1, shape (runs,).
            count: how many runs each image has, shape (images,).
            shape: the sizes of the images, shape (images, 2 or 3).
            spacing: size of a pixel along each axis: for each image, or one for all.

        Raises:
            MetricError: a run is empty, or the runs of an image do not fill it exactly.
        """
        value, length, count = (np.asarray(column) for column in (value, length, count))
        if any(column.ndim != 1 or column.dtype.kind not in "iu" for column in (value, length, count)):
            raise MetricError("values, lengths and counts of runs must be whole numbers, one-dimensional")
        if len(value) != len(length) or not len(count) or count.min() < 1 or count.sum() != len(value):
            raise MetricError(f"{len(value)} values, {len(length)} lengths and the counts of runs do not fit")
        if length.min() < 1 or length.max() > PIXELS:
            raise MetricError("a run of a label image is empty or too long")
        start = _starts(count)
        total = np.concatenate(([0], np.cumsum(length, dtype=np.int64)))
        pixels = np.prod(np.asarray(shape, dtype=np.int64), axis=-1)
        if not np.array_equal(total[start[1:]] - total[start[:-1]], pixels):
            raise MetricError("the runs of a label image do not fill it exactly")
        end = total[1:] - np.repeat(total[start[:-1]], count)
        return cls(shape, _narrow(value, "runs"), end.astype(np.int32), start, spacing)

    @classmethod
    def joined(cls, parts: Sequence[LabelMaps]) -> LabelMaps:
        """The images of several records, one after the other.

        Raises:
            MetricError: there are none, their dimensions differ, or some have a spacing and some have none.
        """
        if len({part.shape.shape[1] for part in parts}) != 1 or len({part.spacing is None for part in parts}) != 1:
            raise MetricError("label images to be joined must all have the same dimensions, and all or none a spacing")
        count = np.concatenate([np.diff(part.start) for part in parts])
        shape, value, end = (np.concatenate([getattr(part, name) for part in parts]) for name in _ROWS)
        known = [part.spacing for part in parts if part.spacing is not None]
        return cls(shape, value, end, _starts(count), np.concatenate(known) if known else None)

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self.shape)

    def __len__(self) -> int:
        return len(self.shape)

    @property
    def pixels(self) -> Array:
        """How many pixels each image has, int64, shape (images,)."""
        return np.asarray(np.prod(self.shape, axis=1))

    @property
    def length(self) -> Array:
        """How many pixels each run has, int32, shape (runs,)."""
        before = np.concatenate((np.zeros(1, np.int32), self.end[:-1]))
        before[self.start[:-1]] = 0
        return np.asarray(self.end - before)

    def values(self) -> Array:
        """The values that occur in any image, sorted, int64."""
        if self.value.dtype.itemsize <= 2:
            return np.flatnonzero(np.bincount(self.value))
        ordered = np.sort(self.value).astype(np.int64)
        return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]

    def take(self, index: Array) -> LabelMaps:
        """Some images, by whole numbers or by a mask, in the order taken; an image may be taken twice."""
        chosen = np.arange(self.images)[index]
        count = np.diff(self.start)[chosen]
        start = _starts(count)
        run = np.arange(start[-1]) + np.repeat(self.start[chosen] - start[:-1], count)
        spacing = None if self.spacing is None else self.spacing[chosen]
        return replace(
            self, shape=self.shape[chosen], value=self.value[run], end=self.end[run], start=start, spacing=spacing
        )

    def array(self, image: int) -> Array:
        """One image as an array of its own shape."""
        runs = slice(self.start[image], self.start[image + 1])
        flat = np.repeat(self.value[runs], np.diff(self.end[runs], prepend=0))
        return flat.reshape(self.shape[image])

    def revalued(self, value: Array) -> LabelMaps:
        """The same runs with other values, unsigned, shape (runs,); neighbours may become equal."""
        return replace(self, value=value)


_ROWS = ("shape", "value", "end")


def paired_maps(y_true: Sequence[Any], y_pred: Sequence[Any]) -> tuple[LabelMaps, LabelMaps]:
    """Label images of truth and prediction from arrays that are looked at together.

    Where the images are of the same sizes, both records have the same runs, which end where either changes: they lie
    over each other as they are.

    Args:
        y_true: one array of whole numbers an image, shape (height, width) or (depth, height, width).
        y_pred: the same number of images.

    Raises:
        MetricError: as `LabelMaps.from_arrays`.
    """
    true, predicted = _checked_images(y_true, "y_true"), _checked_images(y_pred, "y_pred")
    shapes = [image.shape for image in true]
    if shapes != [image.shape for image in predicted] or len({len(shape) for shape in shapes}) > 1:
        return LabelMaps.from_arrays(true, name="y_true"), LabelMaps.from_arrays(predicted, name="y_pred")
    end, count, values = runs_of_images(list(zip(true, predicted)))
    shape, start = np.array(shapes, dtype=np.int64), _starts(count)
    sides = zip(zip(*values), ("y_true", "y_pred"))
    first, second = (np.concatenate([_narrow(part, name) for part in parts]) for parts, name in sides)
    return LabelMaps(shape, first, end, start), LabelMaps(shape, second, end, start)


@dataclass(frozen=True, eq=False, repr=False)
class SharedRuns:
    """Stretches of pixels that lie in one run of each of two records, of some images.

    Attributes:
        image: the image of each stretch, ascending, int64, shape (stretches,).
        first: its run in the first record, int64, shape (stretches,).
        second: its run in the second record, int64, shape (stretches,).
        length: how many pixels it has, at least 1, int64, shape (stretches,).
    """

    image: Array
    first: Array
    second: Array
    length: Array


def shared_runs(first: LabelMaps, second: LabelMaps) -> Iterator[SharedRuns]:
    """Lay the runs of two records over each other, some images at a time, without decoding either.

    Args:
        first: label images, such as the truth.
        second: the same number of images of the same sizes.

    Raises:
        MetricError: the records differ in the number or in the sizes of their images.
    """
    return (laid_over() for laid_over in shared_parts(first, second))


def shared_parts(first: LabelMaps, second: LabelMaps) -> list[Callable[[], SharedRuns]]:
    """What lays the runs of two records over each other as `shared_runs` does, a call for some images each."""
    check_sizes(first, second)
    if first.end is second.end:
        return [partial(_same_runs, first, *images) for images in _portions(first.start)]
    pixels = _starts(first.pixels)
    return [
        partial(_laid_over, first, second, pixels[low : high + 1] - pixels[low], low, high)
        for low, high in _portions(first.start + second.start)
    ]


def _portions(runs: Array) -> Iterator[tuple[int, int]]:
    """Consecutive images whose runs stay in the cache, or a single one; ``runs`` are the runs before each image."""
    low, images = 0, len(runs) - 1
    while low < images:
        high = max(low + 1, int(np.searchsorted(runs, runs[low] + CHUNK, "right")) - 1)
        yield low, high
        low = high


def _same_runs(maps: LabelMaps, low: int, high: int) -> SharedRuns:
    """The runs of some images of a record that are also those of another."""
    begin, stop = maps.start[[low, high]].tolist()
    run = np.arange(begin, stop)
    image = np.repeat(np.arange(low, high), np.diff(maps.start[low : high + 1]))
    length = maps.end[begin:stop].astype(np.int64)
    length[1:] -= np.where(image[1:] == image[:-1], maps.end[begin : stop - 1], 0)
    return SharedRuns(image, run, run, length)


def check_sizes(first: LabelMaps, second: LabelMaps) -> None:
    """Refuse two records whose images cannot be compared pixel by pixel.

    Raises:
        MetricError: the numbers, dimensions or sizes of the images differ.
    """
    if first.images != second.images:
        raise MetricError(f"y_true has {first.images} images and y_pred has {second.images}; they must be aligned")
    if first.shape.shape != second.shape.shape:
        raise MetricError(f"y_true has {first.shape.shape[1]} dimensions and y_pred has {second.shape.shape[1]}")
    wrong = np.flatnonzero((first.shape != second.shape).any(axis=1))
    if len(wrong):
        k = int(wrong[0])
        wanted, given = (" x ".join(map(str, maps.shape[k].tolist())) for maps in (first, second))
        raise MetricError(f"{len(wrong)} images of y_pred have another size; image {k} is {given} and must be {wanted}")


def _laid_over(first: LabelMaps, second: LabelMaps, offset: Array, low: int, high: int) -> SharedRuns:
    """Lay the runs of images ``low`` to ``high`` over each other; ``offset`` is the first pixel of each."""
    keys: list[Array] = []
    kind = np.int32 if offset[-1] < PIXELS // 2 else np.int64
    for bit, maps in enumerate((first, second)):
        bounds = maps.start[low : high + 1]
        key: Array = maps.end[bounds[0] : bounds[-1]].astype(kind)
        if high > low + 1:
            key += np.repeat(offset[:-1].astype(kind), np.diff(bounds))
        key <<= 1
        key += kind(bit)
        keys.append(key)
    # a merge sort finds the two ordered halves and lays them together in one pass
    ordered = np.sort(np.concatenate(keys), kind="stable")
    side: Array = ordered & 1
    passed: Array = np.cumsum(side, dtype=kind)
    passed -= side  # runs of the second record that end before each place
    ordered >>= 1
    length = ordered.copy()
    length[1:] -= ordered[:-1]
    kept = (length != 0).nonzero()[0]  # where runs of both end, the second of the two ends is no stretch
    ends = first.start[low : high + 1] + second.start[low : high + 1]
    count = np.diff(kept.searchsorted(ends - ends[0]))
    image = np.repeat(np.arange(low, high), count)
    passed, length = passed.take(kept).astype(np.int64), length.take(kept).astype(np.int64)
    kept -= passed
    kept += first.start[low]
    passed += second.start[low]
    return SharedRuns(image, kept, passed, length)


def _starts(count: Array) -> Array:
    """Where each of several groups begins when they stand end to end, and their total."""
    return np.concatenate(([0], np.cumsum(count, dtype=np.int64)))


def _narrow(value: Array, name: str) -> Array:
    """Values in the smallest unsigned type that holds all of them."""
    if value.dtype.kind == "i" and value.min() < 0:
        raise MetricError(f"{name} holds negative values; classes and ids are numbered from 0")
    highest = int(value.max())
    if highest > LARGEST:
        raise MetricError(f"{name} holds the value {highest}, which is larger than {LARGEST}")
    return value.astype(np.min_scalar_type(highest), copy=False)


def _checked_spacing(spacing: Any, shape: tuple[int, ...]) -> Array:
    """Sizes of pixels as positive float64, one row an image."""
    try:
        array = np.asarray(spacing, dtype=np.float64)
        array = np.array(np.broadcast_to(array, shape))
    except (TypeError, ValueError) as fault:
        raise MetricError(f"spacing must hold {shape[1]} numbers, for each of {shape[0]} images or for all") from fault
    if not all_finite(array) or array.min() <= 0:
        raise MetricError("spacing holds a size of a pixel that is not a positive number")
    return array


def _checked_image(values: Any, name: str) -> Array:
    """One image as an array of whole numbers."""
    if hasattr(values, "mask") and isinstance(values, np.ndarray):
        raise MetricError(f"{name} is a masked array; give the hidden pixels the value that is ignored")
    try:
        image = np.asarray(values)
    except ValueError as fault:
        raise MetricError(f"{name} has rows of different lengths") from fault
    if image.ndim not in (2, 3):
        raise MetricError(f"{name} has {image.ndim} dimensions; give height and width, or depth, height and width")
    if image.dtype.kind not in "biu":
        raise MetricError(f"{name} holds {image.dtype}; the pixels of a label image are whole numbers")
    if not image.size or image.size > PIXELS:
        raise MetricError(f"{name} has {image.size} pixels; it must have from 1 to {PIXELS:,}")
    return image.view(np.uint8) if image.dtype.kind == "b" else image


def _checked_images(arrays: Sequence[Any], name: str) -> list[Array]:
    """Images as arrays of whole numbers, at least one."""
    images = [_checked_image(array, f"{name}: image {k}") for k, array in enumerate(arrays)]
    if not images:
        raise MetricError(f"{name} holds no image; a score needs at least one")
    return images
