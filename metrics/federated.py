"""Truth of federated data sets: which categories were looked for in which image, and how categories are related.

In LVIS and Open Images no image is annotated for all categories. A category is known in an image where it has a true
object there, or is listed as present or absent; what is detected of any other category is left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.boxes import neighbours
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.objects import Objects, rows_of_images

if TYPE_CHECKING:
    from metrics.inputs import Array

FREQUENCIES = ("rare", "common", "frequent")


@dataclass(frozen=True, eq=False, repr=False)
class Federated:
    """True objects, and what else is known of the images.

    Attributes:
        objects: the true objects. Of Open Images ``crowd`` is "group of" and ``ignore`` is "difficult".
        absent: image and category of what was looked for and is not there, whole numbers, shape (a, 2); None where
            every category was looked for in every image.
        not_exhaustive: image and category of what has more objects than are annotated, shape (b, 2); None for none.
        frequency: how many training images have each category: 0 rare, 1 common, 2 frequent, shape (categories,), or
            these words; None where that is not known.
        parents: child and parent of categories that contain each other, shape (c, 2); None for none. A category may
            have several parents.
        present: image and category of what is known to be there, whether or not it is annotated as an object, shape
            (v, 2); None for nothing but the objects.

    Raises:
        MetricError: a number is out of range, a shape is wrong, or a category is its own ancestor.
    """

    objects: Objects
    absent: Optional[Array] = None
    not_exhaustive: Optional[Array] = None
    frequency: Optional[Array] = None
    parents: Optional[Array] = None
    present: Optional[Array] = None

    def __post_init__(self) -> None:
        if not isinstance(self.objects, Objects):
            raise MetricError(f"objects must be Objects (metrics.objects), not {type(self.objects).__name__}")
        images, categories = self.objects.images, self.objects.categories
        sizes = {"absent": images, "not_exhaustive": images, "parents": categories, "present": images}
        for name, size in sizes.items():
            object.__setattr__(self, name, _pairs(getattr(self, name), size, categories, name))
        if self.frequency is not None:
            object.__setattr__(self, "frequency", _frequencies(self.frequency, categories))
        object.__setattr__(self, "_lines", _ancestry(self.parents, categories))

    @property
    def images(self) -> int:
        """How many images there are."""
        return self.objects.images

    @property
    def categories(self) -> int:
        """How many categories there are."""
        return self.objects.categories

    @property
    def ancestry(self) -> Array:
        """Each category with itself and with each of its ancestors, int64, ascending, shape (p, 2)."""
        lines: Array = vars(self)["_lines"]
        return lines

    def take_images(self, index: Array) -> Federated:
        """The truth of some images, by whole numbers or by a mask, numbered anew in the order taken."""
        chosen = np.arange(self.images)[index]
        names = ("absent", "not_exhaustive", "present")
        parts: dict[str, Any] = {name: _take_pairs(getattr(self, name), self.images, chosen) for name in names}
        return replace(self, objects=self.objects.take_images(index), **parts)

    def knows(self, image: Array, category: Array) -> Array:
        """Whether a category is known to be in an image or to be absent from it, by rows, shape (m,)."""
        if self.absent is None:
            return np.ones(len(image), dtype=bool)
        true = np.stack([self.objects.image, self.objects.category], axis=1)
        listed = [self.absent] if self.present is None else [self.absent, self.present]
        return self._among(np.concatenate([true, *listed]), image, category)

    def spares(self, image: Array, category: Array) -> Array:
        """Whether a category has more objects in an image than are annotated, by rows, shape (m,)."""
        if self.not_exhaustive is None:
            return np.zeros(len(image), dtype=bool)
        return self._among(self.not_exhaustive, image, category)

    def _among(self, pairs: Array, image: Array, category: Array) -> Array:
        """Whether images and categories are among some pairs."""
        known = np.sort(pairs[:, 0].astype(np.int64) * self.categories + pairs[:, 1])
        wanted = image.astype(np.int64) * self.categories + category
        place = np.searchsorted(known, wanted)
        found: Array = np.append(known, -1)[place] == wanted
        return found


def expand_objects(objects: Objects, ancestry: Array) -> Objects:
    """Every object once as what it is and once as each ancestor of that.

    A predicted box that would so come twice of one category stays as often as it was given, at least once: the surest.

    Args:
        objects: any objects.
        ancestry: categories with themselves and with their ancestors, ascending, shape (p, 2).
    """
    row, category = _follow(objects.category, ancestry)
    out = replace(objects.take(row), category=category)
    if out.score is None or out.box is None or len(row) == objects.count:
        return out
    order = np.lexsort((-out.score, *out.box.T, out.category, out.image))
    differs = np.ones(len(order), dtype=bool)
    differs[1:] = (np.diff(out.box[order], axis=0) != 0).any(axis=1)
    for number in (out.category[order], out.image[order]):
        differs[1:] |= number[1:] != number[:-1]
    group = np.cumsum(differs) - 1
    given = np.bincount(group, category[order] == objects.category[row[order]])
    place = np.arange(len(order)) - np.flatnonzero(differs)[group]
    return out.take(np.sort(order[place < np.maximum(given, 1)[group]]))


def expand_truth(truth: Federated) -> Federated:
    """What is there is all of its ancestors too; what is absent is so with all that descend from it."""
    up = truth.ancestry
    down = up[:, ::-1][np.lexsort((up[:, 0], up[:, 1]))]
    absent, present = _follow_pairs(truth.absent, down), _follow_pairs(truth.present, up)
    return replace(truth, objects=expand_objects(truth.objects, up), absent=absent, present=present)


def check_federated(truth: Any) -> Federated:
    """Truth as a federated one; plain Objects are taken to be annotated for all categories of every image.

    Raises:
        MetricError: it is neither.
    """
    if isinstance(truth, Federated):
        return truth
    if not isinstance(truth, Objects):
        raise MetricError(f"y_true must be Federated (metrics.federated) or Objects, not {type(truth).__name__}")
    return Federated(truth)


def _follow(category: Array, links: Array) -> tuple[Array, Array]:
    """Rows, each as often as its category has links, and the category that each link leads to."""
    start = np.searchsorted(links[:, 0], category)
    count = np.searchsorted(links[:, 0], category, side="right") - start
    row, place = neighbours(start, count)
    return row, links[place, 1]


def _follow_pairs(pairs: Optional[Array], links: Array) -> Optional[Array]:
    """Images with every category that the links of theirs lead to; None stays None."""
    if pairs is None:
        return None
    row, category = _follow(pairs[:, 1], links)
    return np.stack([pairs[row, 0], category], axis=1)


def _ancestry(parents: Optional[Array], categories: int) -> Array:
    """Each category with itself and with each of its ancestors."""
    every = np.arange(categories, dtype=np.int64)
    known = every * categories + every
    if parents is None or not len(parents):
        return np.stack([every, every], axis=1)
    links = parents[np.lexsort((parents[:, 1], parents[:, 0]))]
    child, top = every, every
    while len(child):
        row, top = _follow(top, links)
        child = child[row]
        if (child == top).any():
            raise MetricError(f"category {int(child[child == top][0])} is its own ancestor; parents must not go round")
        key = np.sort(child * categories + top)
        key = key[np.concatenate(([True], key[1:] != key[:-1]))[: len(key)]]
        key = key[np.append(known, -1)[np.searchsorted(known, key)] != key]
        known = np.sort(np.concatenate([known, key]))
        child, top = key // categories, key % categories
    return np.stack([known // categories, known % categories], axis=1)


def _pairs(values: Any, first: int, second: int, name: str) -> Optional[Array]:
    """Pairs of whole numbers in range, int64, shape (k, 2); None stays None, and nothing is no pair."""
    if values is None:
        return None
    array = np.asarray(values)
    if not array.size:
        return np.zeros((0, 2), dtype=np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise MetricError(f"{name} must be whole numbers of shape (pairs, 2), not {array.dtype} of {array.shape}")
    if array.min() < 0 or array[:, 0].max() >= first or array[:, 1].max() >= second:
        raise MetricError(f"{name} holds numbers outside 0 to {first - 1} and 0 to {second - 1}")
    return array.astype(np.int64)


def _frequencies(values: Any, categories: int) -> Array:
    """How frequent each category is, as whole numbers."""
    array = np.asarray(values)
    if array.shape != (categories,):
        raise MetricError(f"frequency has shape {array.shape} for {categories} categories; give one each")
    if array.dtype.kind == "U":
        unknown = [word for word in array.tolist() if word not in FREQUENCIES]
        if unknown:
            raise MetricError(f"frequency {unknown[0]!r} is not one of {', '.join(FREQUENCIES)}")
        array = np.array([FREQUENCIES.index(word) for word in array.tolist()])
    if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= len(FREQUENCIES):
        raise MetricError("frequency must be 0 (rare), 1 (common) or 2 (frequent), or these words")
    return array.astype(np.int8)


def _take_pairs(pairs: Optional[Array], images: int, chosen: Array) -> Optional[Array]:
    """The pairs of some images, numbered anew; None stays None."""
    if pairs is None:
        return None
    row, image = rows_of_images(pairs[:, 0], images, chosen)
    return np.stack([image.astype(np.int64), pairs[row, 1]], axis=1)
