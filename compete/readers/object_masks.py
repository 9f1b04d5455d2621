"""Segmentations of a COCO file, polygons and run lengths alike, as compressed run lengths."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from compete.readers.annotations import is_whole

if TYPE_CHECKING:
    import numpy as np

FAR = 4
"""How many times the longer side of its image a corner of a polygon may be away."""


class Compressed(NamedTuple):
    """Masks as compressed run lengths.

    Attributes:
        text: one each.
        box: the smallest box around each: left, top, width, height, shape (m, 4).
        area: pixels of each, shape (m,).
        malformed: the names of objects whose mask is not one; where there are some, the rest is void.
    """

    text: list[str]
    box: np.ndarray[Any, Any]
    area: np.ndarray[Any, Any]
    malformed: list[str]


@dataclass
class MaskList:
    """The masks of many objects, as they were written.

    Attributes:
        names: what findings call each object.
        size: height and width of the image of each.
        given: a text, a list of runs, or a list of polygons, for each.
    """

    names: list[str] = field(default_factory=list)
    size: list[tuple[int, int]] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)

    def add(self, segmentation: Any, name: str, height: int, width: int) -> str:
        """Keep a segmentation that looks as it must; a text says what is wrong with one that does not."""
        counts = segmentation
        if isinstance(segmentation, dict):
            counts, size = segmentation.get("counts"), segmentation.get("size")
            if size != [height, width]:
                return f"size {json.dumps(size)}, not [{height}, {width}]"
            if not _is_runs(counts, height * width):
                return f"runs do not sum to {height} × {width}"
        elif fault := _polygon_fault(segmentation, FAR * max(height, width)):
            return fault
        self.names.append(name)
        self.size.append((height, width))
        self.given.append(counts)
        return ""

    def compressed(self) -> Compressed:
        """All masks as compressed run lengths, those of one kind at once."""
        import numpy as np

        from metrics.masks import Masks

        makers = {"text": Masks.from_compressed, "runs": Masks.from_counts, "polygons": Masks.from_polygons}
        height, width = np.array(self.size, dtype=np.int64).reshape(-1, 2).T
        whole = Compressed([""] * len(self.given), np.zeros((len(self.given), 4)), np.zeros(len(self.given)), [])
        for kind, make in makers.items():
            places = [place for place, given in enumerate(self.given) if _kind(given) == kind]
            masks = make([self.given[place] for place in places], height[places], width[places])
            fault = masks.faults
            whole.malformed.extend(self.names[places[one]] for one in np.flatnonzero(fault).tolist())
            if fault.any():
                continue
            text, start = masks.text.tobytes().decode("ascii"), masks.start.tolist()
            for place, (first, last) in zip(places, pairwise(start), strict=True):
                whole.text[place] = text[first:last]
            whole.box[places], whole.area[places] = masks.box, masks.area
        return whole


def _kind(given: Any) -> str:
    """How a mask is written."""
    return "text" if isinstance(given, str) else "polygons" if isinstance(given[0], list) else "runs"


def _is_runs(counts: Any, pixels: int) -> bool:
    """Whether these are run lengths: a text, which is looked at later, or whole numbers of the right sum."""
    if isinstance(counts, str):
        return counts.isascii() and bool(counts)
    if not isinstance(counts, list) or not counts or not all(map(is_whole, counts)):
        return False
    return min(counts) >= 0 and sum(counts) == pixels


def _polygon_fault(given: Any, far: float) -> str:
    """What is wrong with polygons; empty where each has three corners or more, none of them absurdly far away."""
    if not isinstance(given, list) or not given:
        return "neither polygons nor run lengths"
    for ring in given:
        if not isinstance(ring, list) or not set(map(type, ring)) <= {int, float}:
            return "no list of lists of numbers"
        if len(ring) < 6 or len(ring) % 2:
            return f"{len(ring)} numbers in a polygon"
        if not -far <= min(ring) <= max(ring) <= far:
            return "a corner far away"
    return ""
