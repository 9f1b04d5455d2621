"""Segments of images: every pixel belongs to one or to none, and every segment has a category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.label_maps import LARGEST, LabelMaps

if TYPE_CHECKING:
    from metrics.inputs import Array

VOID = 0
"""The id of pixels that belong to no segment."""

NARROW = 1 << 24
"""Ids up to here are looked up in a table, larger ones by search."""


@dataclass(frozen=True, eq=False, repr=False)
class Segments:
    """The segments of images, flat: row k of every array is one segment.

    Attributes:
        maps: the id of the segment at each pixel; 0 belongs to none.
        image: the image of each segment, int32, shape (m,).
        segment: its id in the maps, from 1 to 2**32 - 1, int64, shape (m,).
        category: its category, from 0, int32, shape (m,).
        things: whether each category is of countable things, else of stuff, bool, shape (categories,).
        crowd: whether a segment is a crowd (truth only), bool, shape (m,); None for none.

    Raises:
        MetricError: shapes differ, a number is out of range, an id names two segments of an image, an id of a pixel is
            not listed, or a listed segment has no pixel.
    """

    maps: LabelMaps
    image: Array
    segment: Array
    category: Array
    things: Array
    crowd: Optional[Array] = None

    def __post_init__(self) -> None:
        if not isinstance(self.maps, LabelMaps):
            raise MetricError(f"the maps of segments must be LabelMaps, not {type(self.maps).__name__}")
        things = np.asarray(self.things)
        if things.ndim != 1 or things.dtype != bool or not len(things):
            raise MetricError("things must be true or false, one a category")
        m = len(np.asarray(self.image))
        crowd = np.zeros(m, dtype=bool) if self.crowd is None else np.asarray(self.crowd)
        if crowd.shape != (m,) or crowd.dtype != bool:
            raise MetricError(f"crowd must be true or false, shape ({m},)")
        image = _whole(self.image, m, (0, self.maps.images - 1), "image")
        order = np.argsort(image, kind="stable")
        segment = _whole(self.segment, m, (1, LARGEST), "segment")[order]
        category = _whole(self.category, m, (0, len(things) - 1), "category")[order].astype(np.int32)
        sorted_ = {"image": image[order].astype(np.int32), "segment": segment, "category": category}
        code, seen = listed_segments(self.maps, sorted_["image"], segment)
        for name, value in {**sorted_, "things": things, "crowd": crowd[order], "_code": code}.items():
            object.__setattr__(self, name, value)
        _check_listing(self, code, seen)

    @classmethod
    def from_segments_info(
        cls,
        maps: Any,
        segments_info: Sequence[Sequence[Mapping[str, Any]]],
        categories: Sequence[int],
        things: Optional[Sequence[bool]] = None,
    ) -> Segments:
        """Segments as COCO's panoptic JSON, Detectron2, Mask2Former and Hugging Face's models write them.

        Args:
            maps: the id of the segment at each pixel: LabelMaps, or one array an image, shape (height, width); 0 and
                -1 belong to none.
            segments_info: of each image, one record a segment: ``id``, ``category_id`` (or ``label_id``), and, where
                there are, ``iscrowd`` and ``isthing``; what else they hold is not read.
            categories: the number that the records use for each category, in order.
            things: whether each category is of countable things; by default as the records' ``isthing`` says, and
                things where none says.

        Raises:
            MetricError: as for ``Segments``; also a record without an id or category, or of an unknown category.

        >>> shown = Segments.from_segments_info([[[3, 3, 0]]], [[{"id": 3, "category_id": 17, "isthing": True}]], [17])
        >>> shown.segment.tolist(), shown.category.tolist(), shown.things.tolist()
        ([3], [0], [True])
        """
        number = {int(given): place for place, given in enumerate(categories)}
        maps = maps if isinstance(maps, LabelMaps) else LabelMaps.from_arrays([_without_minus(one) for one in maps])
        if len(number) != len(categories) or len(segments_info) != maps.images:
            raise MetricError("a category number is given twice, or there is not one list of segments an image")
        rows: list[tuple[int, int, int, bool]] = []
        is_thing = np.ones(len(number), dtype=bool)
        for place, records in enumerate(segments_info):
            for record in records:
                given = record.get("category_id", record.get("label_id"))
                if given not in number or "id" not in record:
                    raise MetricError(f"image {place}: a segment has no id, or category {given}, which is not known")
                rows.append((place, int(record["id"]), number[given], bool(record.get("iscrowd", 0))))
                if "isthing" in record:
                    is_thing[number[given]] = bool(record["isthing"])
        image, segment, category, crowd = np.array(rows, dtype=np.int64).reshape(-1, 4).T
        chosen = is_thing if things is None else np.asarray(things, dtype=bool)
        if len(chosen) != len(number):
            raise MetricError(f"{len(chosen)} entries of things for {len(number)} categories")
        return cls(maps, image, segment, category, chosen, crowd.astype(bool))

    @property
    def start(self) -> Array:
        """The first segment of each image, and the number of segments, int64, shape (images + 1,)."""
        return np.searchsorted(self.image, np.arange(self.maps.images + 1))

    @property
    def code(self) -> Array:
        """The segment of each run of the maps, counted within its image from 1; 0 for none, int32, shape (runs,)."""
        code: Array = self.__dict__["_code"]
        return code

    @property
    def categories(self) -> int:
        """How many categories there are."""
        return len(self.things)

    def take(self, index: Array) -> Segments:
        """The segments of some images, by whole numbers or by a mask, in the order taken."""
        chosen = np.arange(self.maps.images)[index]
        start = self.start
        count = np.diff(start)[chosen]
        before = np.cumsum(count) - count
        row = np.arange(count.sum()) + np.repeat(start[chosen] - before, count)
        image = np.repeat(np.arange(len(chosen)), count)
        crowd = None if self.crowd is None else self.crowd[row]
        return Segments(self.maps.take(chosen), image, self.segment[row], self.category[row], self.things, crowd)


def listed_segments(maps: LabelMaps, image: Array, segment: Array) -> tuple[Array, Array]:
    """Look up the segment of every run, and tell which listed segments have pixels; nothing is refused.

    Args:
        maps: the id of the segment at each pixel.
        image: the image of each listed segment, ascending, shape (m,).
        segment: its id, from 1, shape (m,).

    Returns:
        The segment of each run, counted within its image from 1, 0 for none and -1 where the id is not listed, int32,
        shape (runs,); and whether each listed segment has a pixel, bool, shape (m,). Of two with one id, the first has
        none.
    """
    code = np.empty(len(maps.value), dtype=np.int32)
    seen = np.zeros(len(segment), dtype=bool)
    highest = int(max(maps.value.max(initial=0), segment.max(initial=0)))
    table = np.zeros(highest + 1, dtype=np.int32) if highest < NARROW else None  # only what is used costs memory
    runs, firsts = maps.start.tolist(), np.searchsorted(image, np.arange(maps.images + 1)).tolist()
    for number in range(maps.images):
        part, listed = slice(runs[number], runs[number + 1]), slice(firsts[number], firsts[number + 1])
        ids = np.concatenate((np.zeros(1, dtype=np.int64), segment[listed]))
        own = _looked_up(maps.value[part], ids, table)
        code[part] = own
        used = np.zeros(len(ids) + 1, dtype=bool)
        used[own] = True  # what is not listed stands at -1, behind all others
        seen[listed] = used[1:-1]
    return code, seen


def _looked_up(value: Array, ids: Array, table: Optional[Array]) -> Array:
    """The place of each value among the ids of one image; of equal ids the last, -1 where there is none."""
    if table is not None:
        table[ids] = np.arange(1, len(ids) + 1)
        own: Array = table[value] - 1
        table[ids] = 0
        return own
    order = np.argsort(ids, kind="stable")
    place = np.searchsorted(ids[order], value, "right") - 1
    return np.where(ids[order][place] == value, order[place], -1)


def _check_listing(segments: Segments, code: Array, seen: Array) -> None:
    """Refuse ids of pixels that are not listed, and listed segments without a pixel."""
    if len(code) and code.min() < 0:
        run = int(np.argmin(code))
        image = int(np.searchsorted(segments.maps.start, run, "right")) - 1
        raise MetricError(f"image {image}: pixels have the id {segments.maps.value[run]}, which is not listed")
    if not seen.all():
        lost = int(np.argmin(seen))
        image, segment = segments.image[lost], segments.segment[lost]
        raise MetricError(f"image {image}: segment {segment} is listed twice, or has no pixel")


def _whole(values: Any, m: int, limits: tuple[int, int], name: str) -> Array:
    """Whole numbers within limits, int64, shape (m,)."""
    array = np.asarray(values)
    if not array.size:
        array = array.astype(np.int64).reshape(-1)
    if array.shape != (m,) or array.dtype.kind not in "iu":
        raise MetricError(f"{name} must be whole numbers, shape ({m},), not {array.dtype} of shape {array.shape}")
    if m and (array.min() < limits[0] or array.max() > limits[1]):
        raise MetricError(f"{name} holds numbers outside {limits[0]} to {limits[1]}")
    return array.astype(np.int64, copy=False)


def _without_minus(values: Any) -> Array:
    """Ids of segments with -1, which some models write for no segment, as 0."""
    ids = np.asarray(values)
    return np.where(ids == -1, VOID, ids) if ids.dtype.kind == "i" and ids.size and ids.min() < 0 else ids
