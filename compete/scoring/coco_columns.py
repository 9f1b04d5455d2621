"""COCO results as columns: one entry a result, as it was written and not judged yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Optional

import numpy as np

from compete.scoring.spans import Array
from compete.scoring.texts import join_texts
from metrics.frozen import dataclass
from metrics.polygons import Polygons, joined_polygons, polygons_of
from metrics.scattered import Scattered

CONTENT = {"boxes": "bbox", "masks": "segmentation", "points": "keypoints"}
"""The key that holds what a kind of submission predicts."""

IMAGE, CATEGORY, SCORE = "image_id", "category_id", "score"


@dataclass(frozen=True, eq=False)
class Shapes:
    """Segmentations as they were written: compressed run lengths as texts, all others one by one.

    Attributes:
        text: the compressed run lengths, ASCII; empty for an entry of another form.
        size: height and width as declared, int64, shape (n, 2); 0 for polygons, which declare none.
        counts: uncompressed run lengths, by entry.
        polygons: polygons, whose owners are entries; None where there is none.
    """

    text: Scattered
    size: Array
    counts: dict[int, list[int]] = field(default_factory=dict)
    polygons: Optional[Polygons] = None


@dataclass(frozen=True, eq=False)
class Columns:
    """What results say.

    Attributes:
        image: ``image_id``, int64, shape (n,).
        category: ``category_id``, int64, shape (n,).
        score: float64, shape (n,).
        numbers: ``bbox``, shape (n, 4), or ``keypoints``, shape (n, 3k), float64; None for masks.
        shapes: ``segmentation``; None for others.
        unread: key → which entries hold no such thing, bool, shape (n,); they are told already.
        row: the place of each entry in the file's list, int64, shape (n,); None where it is the entry's own.
    """

    image: Array
    category: Array
    score: Array
    numbers: Optional[Array] = None
    shapes: Optional[Shapes] = None
    unread: dict[str, Array] = field(default_factory=dict)
    row: Optional[Array] = None

    def __len__(self) -> int:
        return len(self.image)

    def read(self, *keys: str) -> Array:
        """Which entries hold a value for all of these keys, bool, shape (n,)."""
        good = np.ones(len(self), dtype=bool)
        for key in keys:
            if key in self.unread:
                good &= ~self.unread[key]
        return good


def join_columns(parts: Sequence[Columns]) -> Columns:
    """The columns of several runs of results, all of which were read whole, one after the other."""
    if len(parts) == 1:
        return parts[0]
    image, category, score = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("image", "category", "score")
    )
    numbers = [part.numbers for part in parts if part.numbers is not None]
    shapes = [part.shapes for part in parts if part.shapes is not None]
    return Columns(
        image,
        category,
        score,
        np.concatenate(numbers) if numbers else None,
        join_shapes(shapes) if shapes else None,
    )


def join_shapes(parts: Sequence[Shapes]) -> Shapes:
    """The segmentations of several runs of entries, one after the other."""
    counts, drawn, begin = {}, [], 0
    for part in parts:
        counts.update({begin + row: one for row, one in part.counts.items()})
        if part.polygons is not None:
            drawn.append(replace(part.polygons, owner=part.polygons.owner + begin))
        begin += len(part.size)
    size = np.concatenate([part.size for part in parts])
    polygons = joined_polygons(drawn) if drawn else None
    return Shapes(join_texts([part.text for part in parts]), size, counts, polygons)


def polygons_by_entry(held: Mapping[int, Sequence[Sequence[float]]]) -> Optional[Polygons]:
    """Polygons of some entries, each a list x, y, x, y, …; None where there is none."""
    found = polygons_of(list(held.values()))
    return replace(found, owner=np.array(list(held), dtype=np.int64)[found.owner]) if held else None
