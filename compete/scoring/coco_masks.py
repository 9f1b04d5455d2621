"""Masks of COCO results: each segmentation is checked against its image, and only then becomes a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from functools import cached_property
from typing import Optional

import numpy as np

from compete.errors import EXAMPLES
from compete.scoring.coco_checks import rows_of
from compete.scoring.coco_columns import CONTENT, Columns, Shapes
from compete.scoring.coco_report import Report
from compete.scoring.images import Images
from compete.scoring.spans import Array
from compete.scoring.texts import join_texts, texts_of
from metrics.frozen import dataclass
from metrics.masks import Masks
from metrics.polygons import Polygons
from metrics.run_lengths import FAULTS, FINE, compress
from metrics.scattered import Scattered

_ENCODE = "encode the mask with pycocotools.mask.encode, and write counts.decode()"
_COUNTS = "counts are the lengths of runs of background, foreground, background … down the columns of the whole image"


@dataclass(frozen=True, eq=False)
class Segmentations:
    """Segmentations of the results, and the images that they belong to.

    Attributes:
        columns: the results.
        shapes: their segmentations.
        good: which entries have one that can belong to its image, bool, shape (n,).
        height: of the image of each, int64, shape (n,); of another where there is none.
        width: the same.
        report: takes the findings.
        slack: how many pixels a polygon may leave its image.
        packed: the compressed run lengths of entries whose runs were not compressed.
        outlined: entries with polygons, ascending.
        drawn: their masks.
    """

    columns: Columns
    shapes: Shapes
    good: Array
    height: Array
    width: Array
    report: Report
    slack: float = 1.0
    packed: dict[int, bytes] = field(default_factory=dict)
    outlined: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    drawn: Optional[Masks] = None

    def tell(self, rule: str, message: str, wrong: Array, shown: Callable[[int], str], hint: str) -> None:
        """One finding about some entries, which are good no more."""
        self.report.tell(rule, message, rows_of(self.columns, wrong), shown, hint)
        self.good[wrong] = False

    @cached_property
    def is_outlined(self) -> Array:
        """Which entries have polygons that were filled, bool, shape (n,)."""
        out = np.zeros(len(self.good), dtype=bool)
        out[self.outlined] = True
        return out

    def texts(self, entry: Array) -> Scattered:
        """The compressed run lengths of some entries."""
        drawn = self.drawn if self.is_outlined[entry].any() else None
        if not self.packed and drawn is None:
            return self.shapes.text.take(entry)
        parts, place = [self.shapes.text], np.arange(len(self.shapes.text))
        if self.packed:
            packed = list(self.packed)
            place[packed] = len(place) + np.arange(len(packed))
            length = np.fromiter(map(len, self.packed.values()), np.int64, len(packed))
            parts.append(texts_of(b"".join(self.packed.values()), length))
        if drawn is not None:
            place[self.outlined] = sum(map(len, parts)) + np.arange(len(self.outlined))
            parts.append(texts_of(drawn.text.tobytes(), np.diff(drawn.start)))
        return join_texts(parts).take(place[entry])

    def ranks(self, entry: Array) -> list[Array]:
        """A sort key of some entries: equal for equal run lengths."""
        texts = self.texts(entry).tolist()
        rank = {text: place for place, text in enumerate(sorted(set(texts)))}
        return [np.array([rank[text] for text in texts], dtype=np.int64)]


def checked_segmentations(
    columns: Columns, image: Array, images: Images, report: Report, slack: float = 1.0
) -> Segmentations:
    """Tell of segmentations of another size than their image, and of wrong ones that are not compressed.

    Args:
        columns: the results, with shapes.
        image: the place of each result's image, or -1, shape (n,).
        images: the test images.
        report: takes the findings.
        slack: how many pixels a polygon may leave its image.
    """
    if columns.shapes is None:
        raise ValueError("these results have no segmentations")
    good = columns.read(CONTENT["masks"]) & (image >= 0)
    height, width = (side.take(np.maximum(image, 0)).astype(np.int64) for side in (images.height, images.width))
    found = Segmentations(columns, columns.shapes, good, height, width, report, slack)
    _check_sizes(found)
    _pack_counts(found)
    return _filled_polygons(found)


def masks_in_order(found: Segmentations, order: Array) -> Masks:
    """The masks of some entries; tells of run lengths that are none, and of masks without a pixel."""
    outlined = found.is_outlined[order]
    written = order[~outlined]
    mask = Masks.from_scattered(found.texts(written), found.height[written], found.width[written])
    fault = mask.faults
    for code in sorted(set(fault[fault != FINE].tolist())):
        wrong = np.sort(written[fault == code])
        shown = [repr(one[:40].decode("ascii")) for one in found.texts(wrong[:EXAMPLES]).tolist()]
        message = f"{{results}} with a mask that {FAULTS[code]}"
        found.tell("run-length", message, wrong, shown.__getitem__, _ENCODE)
    if found.drawn is not None and fault.any():
        mask = found.drawn.take(np.zeros(len(order), np.int64))  # as many; the file is refused
    elif found.drawn is not None:
        index = np.searchsorted(found.outlined, order[outlined])
        same = len(index) == len(found.drawn) and bool((np.diff(index) == 1).all())
        drawn = found.drawn if same else found.drawn.take(index)
        mask = drawn.woven(mask, np.flatnonzero(~outlined)) if len(written) else drawn
    if not fault.any():
        empty = rows_of(found.columns, np.sort(order[mask.area == 0]))
        hint = "leave out results without a pixel; they count as false alarms"
        message = "{results} with a mask that has no pixel"
        found.report.tell("empty-mask", message, empty, None, hint, severity="warning")
    return mask


def _check_sizes(found: Segmentations) -> None:
    """Tell of run lengths that declare another size than that of their image."""
    high, wide = found.shapes.size.T
    height, width = found.height, found.width
    same = (high == height) & (wide == width)
    if found.shapes.polygons is not None:
        same[found.shapes.polygons.owner] = True
    wrong = np.flatnonzero(found.good & ~same)
    if not len(wrong):
        return
    high, wide, height, width = high[wrong], wide[wrong], height[wrong], width[wrong]
    hint = "encode masks of the image's size; size is [height, width]"
    if ((high == width) & (wide == height)).all():
        hint = "size is [height, width]; yours are the other way round"
    elif ((high > 0) & (wide > 0) & (high * 1.0 * width == wide * 1.0 * height)).all():
        hint = "these are masks of a resized image; scale them to the image's size before encoding"

    def shown(k: int) -> str:
        return f"size [{high[k]}, {wide[k]}], the image has [{height[k]}, {width[k]}]"

    found.tell("mask-size", "{results} with a mask that is not of the image's size", wrong, shown, hint)


def _pack_counts(found: Segmentations) -> None:
    """Compress run lengths that are not, after a look whether they fill their image."""
    counts = found.shapes.counts
    entries = [one for one in sorted(counts) if found.good[one]]
    negative = [one for one in entries if min(counts[one], default=0) < 0]
    pixels = found.height * found.width
    other = [one for one in entries if min(counts[one], default=0) >= 0 and sum(counts[one]) != pixels[one]]
    for wrong, message in (
        (negative, "{results} with counts that hold a negative number"),
        (other, "{results} with counts that do not sum to height times width"),
    ):
        shown = [f"sum {min(sum(counts[one]), 1 << 62)}, {pixels[one]} pixels" for one in wrong[:EXAMPLES]]
        found.tell("run-length", message, np.array(wrong, dtype=np.int64), shown.__getitem__, _COUNTS)
    fine = [one for one in entries if found.good[one]]
    if fine:
        begin = np.concatenate((np.zeros(1, np.int64), np.cumsum([len(counts[one]) for one in fine])))
        text, start = compress(np.array([run for one in fine for run in counts[one]], dtype=np.int64), begin)
        _keep(found, fine, text, start)


def _filled_polygons(found: Segmentations) -> Segmentations:
    """With masks of polygons that stay in their image."""
    polygons = found.shapes.polygons
    if polygons is None:
        return found
    hint = "polygons are x, y, x, y, … in pixels of the image; clip them to it"
    if np.isfinite(found.slack):
        wrong, reach = _leaving(found, polygons)
        shown = [f"x {low:.6g} to {right:.6g}, y {top:.6g} to {high:.6g}" for low, top, right, high in reach.tolist()]
        found.tell("polygon", "{results} with a polygon that leaves the image", wrong, shown.__getitem__, hint)
    fine = np.flatnonzero(np.bincount(polygons.owner, minlength=len(found.good)).astype(bool) & found.good)
    made = Masks.from_polygons(polygons.of_objects(fine), found.height[fine], found.width[fine])
    odd = np.flatnonzero(made.faults)
    said = [FAULTS[code] for code in made.faults[odd].tolist()]
    message = "{results} with a polygon that cannot be filled"
    found.tell("polygon", message, fine[odd], said.__getitem__, hint)
    return replace(found, outlined=fine, drawn=made) if len(fine) else found


def _leaving(found: Segmentations, polygons: Polygons) -> tuple[Array, Array]:
    """Good entries with a polygon that leaves its image, and left, top, right, bottom of the first of them."""
    entry = polygons.owner[np.flatnonzero(np.diff(polygons.owner, prepend=-1))]
    start = polygons.start[np.searchsorted(polygons.owner, entry)] // 2
    corner = polygons.number.reshape(-1, 2)
    low, high = np.minimum.reduceat(corner, start), np.maximum.reduceat(corner, start)
    room = np.stack((found.width[entry], found.height[entry]), axis=1) + found.slack
    out = np.flatnonzero(((low < -found.slack) | (high > room)).any(axis=1) & found.good[entry])
    return entry[out], np.concatenate((low, high), axis=1)[out[:EXAMPLES]]


def _keep(found: Segmentations, entries: list[int], text: Array, start: Array) -> None:
    """Keep compressed run lengths by entry."""
    raw, bounds = text.tobytes(), start.tolist()
    found.packed.update({one: raw[bounds[k] : bounds[k + 1]] for k, one in enumerate(entries)})
