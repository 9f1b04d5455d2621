"""Boxes that nobody can find or that are found twice: empty, repeated, or of a size like no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt
from compete.errors import Finding

SAME = 0.9
"""Boxes that overlap more are one object, in nearly all cases."""
MOST_COMPARED = 20_000_000
"""Pairs of boxes that are compared, and a twentieth of them kept: of thousands on one spot some will do."""
FAR = 8.0
"""How many median deviations the logarithm of a size is away from that of its class where it is an outlier."""
LEAST_SPREAD = 0.15
ENOUGH = 20
"""Boxes of a class that tell what is usual."""
AS_ONE = 0.95

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes of all images; row k of every array is one.

    ``item`` and ``label`` are codes; ``corner`` and ``side`` are left and top, width and height in pixels, (m, 2).
    """

    item: Array
    label: Array
    corner: Array
    side: Array
    items: Array
    names: Array

    def told(self, row: int, with_size: bool = True) -> str:
        """A box as people read it."""
        size = " × ".join(f"{side:.4g}" for side in self.side[row])
        name = excerpt(str(self.names[self.label[row]]))
        return f"{self.items[self.item[row]]}: {name}" + (f" {size}" if with_size else "")


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Empty boxes, boxes that cover each other, boxes of unusual size, and boxes that are all of one size."""
    labels = dataset.labels
    if not {"x", "y", "width", "height"} <= set(labels) or not len(labels):
        return []
    import pandas as pd

    factorize: Any = pd.factorize
    item, items = factorize(labels["item"].to_numpy(dtype=object))
    label, names = factorize(labels["label"].to_numpy(dtype=object))
    numbers = labels[["x", "y", "width", "height"]].to_numpy(dtype=np.float64)
    boxes = Boxes(item, label, numbers[:, :2], numbers[:, 2:], items, names)
    crowd = labels["crowd"].to_numpy().astype(bool) if "crowd" in labels else np.zeros(len(labels), dtype=bool)
    where = dataset.source
    return [
        *_empty(boxes, where), *_covering(boxes, ~crowd, where), *_unusual(boxes, ~crowd, where),
        *_of_one_size(boxes, where),
    ]  # fmt: skip


def _empty(boxes: Boxes, where: str) -> list[Finding]:
    rows = np.flatnonzero((boxes.side <= 0).any(axis=1))
    if not len(rows):
        return []
    message = counted(len(rows), "box has no area", "boxes have no area")
    told = tuple(boxes.told(row) for row in rows[:3])
    return [Finding("audit/empty-box", message, where, told, "remove or mend them", "warning", len(rows))]


def _covering(boxes: Boxes, kept: Array, where: str) -> list[Finding]:
    """Pairs of boxes of one image that cover the same pixels."""
    one, other, overlap = covering_pairs(boxes, kept)
    findings = []
    same = boxes.label[one] == boxes.label[other]
    for rule, chosen, what, hint in (
        (
            "audit/box-twice",
            same,
            "of one class",
            "one object is annotated twice, so one of the two can never be found",
        ),
        (
            "audit/box-conflict",
            ~same,
            "of different classes",
            "one object has two names; decide, or no model can be right",
        ),
    ):
        rows = np.flatnonzero(chosen)
        if len(rows):
            rows = rows[np.argsort(-overlap[rows], kind="stable")]
            told = tuple(_pair(boxes, one[row], other[row], overlap[row]) for row in rows[:3])
            message = f"{counted(len(rows), 'pair', 'pairs')} of boxes {what} overlap by more than {SAME:.0%}"
            findings.append(Finding(rule, message, where, told, hint, "warning", len(rows)))
    return findings


def _pair(boxes: Boxes, one: int, other: int, overlap: float) -> str:
    names = dict.fromkeys(excerpt(str(boxes.names[boxes.label[row]])) for row in (one, other))
    return f"{boxes.items[boxes.item[one]]}: {' and '.join(names)} (IoU {overlap:.2f})"


def covering_pairs(boxes: Boxes, kept: Array) -> tuple[Array, Array, Array]:
    """Pairs of boxes of one image whose intersection is more than nine tenths of their union, and how much it is.

    Boxes that cover each other so begin nearly at one place. So boxes are sorted by image and left side, and each is
    compared with those that follow until they begin too far to the right.
    """
    chosen = np.flatnonzero(kept & (boxes.side > 0).all(axis=1))
    order = chosen[np.lexsort((boxes.corner[chosen, 0], boxes.item[chosen]))]
    nothing = np.zeros(0, np.int64)
    pairs = list(_followers(boxes.item[order], boxes.corner[order], boxes.side[order])) or [(nothing, nothing)]
    one, other = (order[np.concatenate(rows)] for rows in zip(*pairs, strict=True))
    low = np.maximum(boxes.corner[one], boxes.corner[other])
    high = np.minimum(boxes.corner[one] + boxes.side[one], boxes.corner[other] + boxes.side[other])
    common = np.clip(high - low, 0, None).prod(axis=1)
    overlap = common / (boxes.side[one].prod(axis=1) + boxes.side[other].prod(axis=1) - common)
    close = overlap > SAME
    return one[close], other[close], overlap[close]


def _followers(item: Array, corner: Array, side: Array) -> Iterator[tuple[Array, Array]]:
    """Pairs of places in the sorted boxes that begin nearly at one place, by their distance in the order."""
    here = np.arange(len(item))
    step = compared = found = 0
    while len(here) and compared < MOST_COMPARED and found < MOST_COMPARED / 20:
        step += 1
        here = here[here + step < len(item)]
        compared += len(here)
        away = np.abs(corner[here + step] - corner[here])
        beside = (item[here] == item[here + step]) & (away[:, 0] < (1 - SAME) * side[here, 0])
        near = beside & (away[:, 1] < (1 - SAME) * np.maximum(side[here, 1], side[here + step, 1]))
        found += int(near.sum())
        yield here[near], here[near] + step
        here = here[beside]


def _unusual(boxes: Boxes, kept: Array, where: str) -> list[Finding]:
    """Boxes far larger or smaller than is usual in their class."""
    size = 0.5 * np.log(np.where((boxes.side > 0).all(axis=1), boxes.side.prod(axis=1), 1.0))
    kept = kept & (boxes.side > 0).all(axis=1)
    far = np.zeros(len(size))
    for code in range(len(boxes.names)):
        rows = np.flatnonzero(kept & (boxes.label == code))
        if len(rows) >= ENOUGH:
            away = size[rows] - np.median(size[rows])
            far[rows] = away / max(1.4826 * float(np.median(np.abs(away))), LEAST_SPREAD)
    findings = []
    for sign, what in ((-1, "tiny"), (1, "huge")):
        rows = np.flatnonzero(sign * far > FAR)
        if len(rows):
            rows = rows[np.argsort(-sign * far[rows], kind="stable")]
            told = tuple(boxes.told(row) for row in rows[:3])
            message = f"{counted(len(rows), 'box is', 'boxes are')} {what} beside the others of the class"
            hint = "look at them: a slip of the mouse, a wrong class, or a box around the whole image?"
            findings.append(Finding("audit/box-size", message, where, told, hint, "warning", len(rows)))
    return findings


def _of_one_size(boxes: Boxes, where: str) -> list[Finding]:
    """Boxes that were set and not drawn."""
    if len(boxes.side) < ENOUGH:
        return []
    sizes, count = np.unique(np.round(boxes.side, 2), axis=0, return_counts=True)
    most = int(count.argmax())
    if count[most] < AS_ONE * len(boxes.side):
        return []
    size = " × ".join(f"{side:g}" for side in sizes[most])
    message = f"{count[most]:,} of {len(boxes.side):,} boxes measure {size}"
    hint = "if they stand for points, score them as points: an overlap with a made-up size says nothing of the object"
    return [Finding("audit/equal-boxes", message, where, (), hint, "warning", int(count[most]))]
