"""What the metrics of label images share: which value is which class, and evidence with one row an image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.cores import on_cores
from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.label_maps import LARGEST, LabelMaps, SharedRuns, check_sizes, paired_maps, shared_parts

if TYPE_CHECKING:
    from metrics.inputs import Array

    Class = Optional[Union[str, int]]

IGNORE = 255
"""The value of true pixels that are left out, by default."""

TABLE = 1 << 25
"""Images times classes; of more, a table would not fit in memory."""

LARGEST_BYTE = 255

IGNORED = {"ignore": (-1.0, float(LARGEST))}


@dataclass(frozen=True, eq=False, repr=False)
class PixelCounts:
    """How many pixels of each image and class are found, true and predicted.

    Attributes:
        hit: pixels of a class that were called so, float64, shape (images, classes).
        true: pixels of a class, float64, shape (images, classes).
        predicted: pixels called by a class, of those whose truth is known, float64, shape (images, classes).
        labels: the values of the classes, in order.
    """

    hit: Array
    true: Array
    predicted: Array
    labels: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Regions:
    """Truth and prediction as codes of classes: 0, 1 … in the order of the labels, and one code more for no class.

    Attributes:
        truth: codes of the truth; pixels to be left out have the last code.
        prediction: codes of the prediction; pixels that name no class have the last code.
        labels: the values of the classes, in order.
    """

    truth: LabelMaps
    prediction: LabelMaps
    labels: tuple[int, ...]

    @property
    def nothing(self) -> int:
        """The code of no class."""
        return len(self.labels)

    @cached_property
    def counts(self) -> PixelCounts:
        """How many pixels of each image and class are found, true and predicted."""
        return _counted(self)

    def held(self, place: int) -> tuple[Array, Array]:
        """Which images hold a class in both truth and prediction, and which in either, each of shape (images,)."""
        true, predicted = self.counts.true[:, place] > 0, self.counts.predicted[:, place] > 0
        return true & predicted, true | predicted

    def pairs(self, place: int) -> Iterator[tuple[int, Array, Array]]:
        """The region of a class in truth and in prediction, for each image that holds it in both.

        Yields:
            The image; two bool arrays of its shape. Pixels to be left out are in neither.
        """
        for image in np.flatnonzero(self.held(place)[0]).tolist():
            truth, prediction = self.truth.array(image), self.prediction.array(image)
            region = prediction == place
            region &= truth != self.nothing
            yield image, truth == place, region


def coded_regions(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]], ignore: int) -> Regions:
    """Truth and prediction as codes of classes.

    Args:
        y_true: LabelMaps, or one array of whole numbers an image, shape (height, width) or (depth, height, width).
        y_pred: the same number of images of the same sizes.
        labels: the values of the classes in order; by default those that occur in either, less ``ignore``.
        ignore: the value that is no class: true pixels that have it are left out, predicted ones name nothing.

    Raises:
        MetricError: the images do not fit, hold a value that is neither among ``labels`` nor ``ignore``, or are of
            too many classes.
    """
    truth, prediction = pair_of_maps(y_true, y_pred)
    check_sizes(truth, prediction)
    if labels is None:
        present = {*truth.values().tolist(), *prediction.values().tolist()} - {ignore}
        classes = tuple(sorted(present))
    else:
        classes = _checked_labels(labels, ignore)
    if truth.images * (len(classes) + 1) > TABLE:
        raise MetricError(f"{truth.images:,} images of {len(classes):,} classes are too many; name fewer labels")
    truth, prediction = _coded(truth, classes, ignore, "y_true"), _coded(prediction, classes, ignore, "y_pred")
    return Regions(truth, prediction, classes)


def pair_of_maps(y_true: Any, y_pred: Any) -> tuple[LabelMaps, LabelMaps]:
    """Label images of truth and prediction as they are, or made of arrays.

    Raises:
        MetricError: they are neither.
    """
    if _are_arrays(y_true) and _are_arrays(y_pred):
        return paired_maps(list(y_true), list(y_pred))
    return as_label_maps(y_true, "y_true"), as_label_maps(y_pred, "y_pred")


def _are_arrays(values: Any) -> bool:
    """Whether these may be arrays, one an image."""
    return isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, (str, bytes))


def as_label_maps(values: Any, name: str) -> LabelMaps:
    """Label images as they are, or made of arrays.

    Raises:
        MetricError: they are neither.
    """
    if isinstance(values, LabelMaps):
        return values
    if not _are_arrays(values):
        raise MetricError(f"{name} must be LabelMaps or a list of arrays, one an image, not {type(values).__name__}")
    return LabelMaps.from_arrays(list(values), name=name)


def _checked_labels(labels: Sequence[Any], ignore: int) -> tuple[int, ...]:
    """The values of the classes as plain whole numbers, each once."""
    values = np.asarray(list(labels))
    if values.ndim != 1 or not len(values) or values.dtype.kind not in "iu":
        raise MetricError("labels of label images are the values of their pixels: whole numbers, each once")
    if values.min() < 0 or values.max() > LARGEST or len(set(values.tolist())) < len(values):
        raise MetricError(f"labels repeat a value, or hold one outside 0 to {LARGEST}")
    if ignore in values.tolist():
        raise MetricError(f"{ignore} is among the labels and is also ignored; set ignore=-1 to ignore no value")
    return tuple(values.tolist())


def _coded(maps: LabelMaps, classes: tuple[int, ...], ignore: int, name: str) -> LabelMaps:
    """The place of each pixel's value among the classes; the value that is ignored has the place behind the last."""
    known = {value: place for place, value in enumerate(classes)}
    known[ignore] = len(classes)
    if maps.value.dtype == np.uint8 and len(classes) <= LARGEST_BYTE:
        values = maps.value.tobytes()  # texts are translated three times as fast as arrays
        if not values.translate(None, bytes(value for value in known if 0 <= value <= LARGEST_BYTE)):
            places_of_bytes = bytes(known.get(value, 0) for value in range(LARGEST_BYTE + 1))
            return maps.revalued(np.frombuffer(values.translate(places_of_bytes), dtype=np.uint8))
    present = maps.values()
    places = [known.get(value, -1) for value in present.tolist()]
    unknown = [value for value, place in zip(present.tolist(), places) if place < 0]
    if unknown:
        what = "" if name == "y_true" else f" ({', '.join(map(str, unknown[:3]))})"
        raise MetricError(f"{name} holds {len(unknown)} values that are no class{what}")
    code = np.array(places, dtype=np.min_scalar_type(len(classes)))
    if maps.value.dtype.itemsize > 2:
        return maps.revalued(code[np.searchsorted(present, maps.value)])
    table = np.zeros(int(present[-1]) + 1, dtype=code.dtype)
    table[present] = code
    return maps.revalued(table[maps.value])


def _counted(regions: Regions) -> PixelCounts:
    """Count the pixels of each image and class."""
    images, codes = regions.truth.images, len(regions.labels) + 1
    table = np.zeros((3, images, codes))

    def count(laid_over: Callable[[], SharedRuns]) -> None:
        part = laid_over()
        first, last = int(part.image[0]), int(part.image[-1])
        true, predicted = regions.truth.value.take(part.first), regions.prediction.value.take(part.second)
        way = _crossed if (last - first + 1) * codes**2 <= len(true) else _one_by_one
        table[:, first : last + 1] = way(part.image - first, true, predicted, part.length, codes)

    on_cores(count, shared_parts(regions.truth, regions.prediction))
    hit, true, predicted = table[:, :, :-1]
    return PixelCounts(hit, true, predicted, regions.labels)


def _crossed(image: Array, true: Array, predicted: Array, length: Array, codes: int) -> Array:
    """Hits, truth and predictions of each image and code by way of the table of all pairs of codes."""
    images = int(image[-1]) + 1
    image *= codes
    image += true
    image *= codes
    image += predicted
    pair = np.bincount(image, length, images * codes**2).reshape(images, codes, codes)
    return np.stack([np.diagonal(pair, axis1=1, axis2=2), pair.sum(axis=2), pair[:, :-1].sum(axis=1)])


def _one_by_one(image: Array, true: Array, predicted: Array, length: Array, codes: int) -> Array:
    """The same where a table of pairs would be larger than what is counted."""
    images = int(image[-1]) + 1
    image *= codes
    known, same = np.flatnonzero(true < codes - 1), np.flatnonzero(true == predicted)
    cells = ((image + true)[same], same), (image + true, slice(None)), ((image + predicted)[known], known)
    sums = [np.bincount(cell, length[rows], images * codes).reshape(images, codes) for cell, rows in cells]
    return np.stack(sums)


@dataclass(frozen=True, eq=False, repr=False)
class WeighedImages:
    """What a formula of label images reads: what is known of each image, and how much each image counts.

    Attributes:
        weight: weight of each image under each weighting, shape (w, images).
        known: what was collected of the images.
    """

    weight: Array
    known: Any

    def summed(self, values: Array) -> Array:
        """Weighted sum over the images of numbers of shape (images, classes): shape (w, classes)."""
        return np.asarray(self.weight @ values)

    def mean(self, values: Array, classes: Array) -> Array:
        """Mean over the images of each class, then over some classes; what is nan is left out of either.

        Args:
            values: one number an image and class, shape (images, classes).
            classes: which classes count.

        Returns:
            One number a weighting, shape (w,).
        """
        chosen = values[:, classes]
        defined = ~np.isnan(chosen)
        return mean_defined(ratio(self.summed(np.where(defined, chosen, 0.0)), self.summed(defined.astype(np.float64))))


@dataclass(frozen=True, eq=False, repr=False)
class ImageWeights:
    """Puts the weights of the images beside what is known of them."""

    known: Any

    def __call__(self, totals: Totals) -> WeighedImages:
        """Each image is a cell of its own, so the weight of a cell is the weight of an image."""
        return WeighedImages(totals.weight, self.known)


def by_image(known: Any, images: int) -> Additive:
    """Evidence of which the formula sees every image by itself.

    Args:
        known: what was collected of the images.
        images: how many there are.
    """
    return Additive(images, "label_maps", ImageWeights(known), np.arange(images), images)


def chosen_classes(labels: Sequence[int], background: Class = None, positive: Class = None) -> Array:
    """The places of the classes that count: one, all but one, or all.

    Args:
        labels: the classes in order.
        background: the class that does not count; None where all do.
        positive: the only class that counts; None where all do.

    Raises:
        MetricError: a class named is not among the labels, or both are named.
    """
    places = np.arange(len(labels))
    if positive is not None and background is not None:
        raise MetricError("give background or positive, not both: a positive class is the only one that counts")
    if positive is not None:
        return places[[_place(labels, positive, "positive")]]
    return places if background is None else np.delete(places, _place(labels, background, "background"))


def _place(labels: Sequence[int], label: Any, name: str) -> int:
    """The place of a class that an option names."""
    for place, known in enumerate(labels):
        if str(known) == str(label):
            return place
    raise MetricError(f"{name}={label} is not one of the labels")


def bounding_box(region: Array) -> tuple[slice, ...]:
    """The part of an image that holds a region and one pixel around it."""
    box: list[slice] = []
    for axis in range(region.ndim):
        held = region[tuple(box)].any(axis=tuple(other for other in range(region.ndim) if other != axis))
        place = np.flatnonzero(held)
        box.append(slice(max(0, int(place[0]) - 1), int(place[-1]) + 2))
    return tuple(box)
