"""Masks of many objects as compressed run lengths: made from any form and measured without decoding them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.mask_columns import tight_boxes
from metrics.mask_inputs import flat_counts, joined_texts, pixels_of, sizes_of, whole_numbers
from metrics.memory import reuse_memory
from metrics.polygons import Filled, Polygons, polygons_of, read_polygons
from metrics.ragged import starts_of
from metrics.run_lengths import (
    FAULTS,
    FINE,
    LONG,
    PIXELS,
    SIZE,
    Survey,
    check_layout,
    chunks,
    compress,
    decompress,
    survey_texts,
)
from metrics.runs import (
    bitmap_edges,
    counts_of_runs,
    extent_of_runs,
    inserted_runs,
    joined_sides,
    merged_runs,
    owned_runs,
    ragged_runs,
    read_pairs,
    runs_of_counts,
    take_runs,
)
from metrics.scattered import Scattered, end_to_end

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.runs import Ragged, Stretches


@dataclass(frozen=True, eq=False, repr=False)
class Masks:
    """One mask an object, in COCO's compressed run lengths, all texts end to end.

    The texts are checked when they are first used; `faults` tells what is wrong with which, all else raises. Masks that
    are made of polygons, bitmaps or runs keep the runs, and write the texts when they are first asked for.

    Attributes:
        height: pixels of each mask's columns, int32, shape (m,).
        width: how many columns each mask has, int32, shape (m,).
        text: the characters of all masks, uint8, shape (characters,).
        start: where each text starts, and the end of the last, int64, shape (m + 1,).

    Raises:
        MetricError: the arrays do not fit together.
    """

    height: Array
    width: Array
    text: Array
    start: Array

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            object.__setattr__(self, name, sizes_of(whole_numbers(getattr(self, name), name), len(self.start) - 1))
        object.__setattr__(self, "start", whole_numbers(self.start, "start").astype(np.int64, copy=False))
        check_layout(self.text, self.start, self.height, self.width)

    def __len__(self) -> int:
        return len(self.height)

    def __getattr__(self, name: str) -> Array:
        if name not in ("text", "start") or not vars(self).keys() & {"_pieces", "_runs", "_texts"}:
            raise AttributeError(f"masks have no {name!r}")
        if self.runs is None:
            made = self.texts.joined()
        else:
            made = compress(*counts_of_runs(*owned_runs(self.runs), pixels_of(self.height, self.width)))
        vars(self).update(zip(("text", "start"), made))
        found: Array = vars(self)[name]
        return found

    @property
    def texts(self) -> Scattered:
        """The texts where they stand."""
        known: Optional[Scattered] = vars(self).get("_texts")
        return end_to_end(self.text, self.start) if known is None else known

    @property
    def runs(self) -> Optional[Ragged]:
        """Runs of foreground where the masks were made of them: where those of each start, first pixels, ends."""
        held, known = vars(self).get("_pieces"), vars(self)
        if held is not None:
            known["_runs"] = (held[0], *joined_sides(held[1]))
            known.pop("_pieces", None)
        return known.get("_runs")

    @cached_property
    def faults(self) -> Array:
        """What is wrong with each text: its place in `metrics.run_lengths.FAULTS`, 0 for fine, uint8, shape (m,)."""
        return self._survey.fault

    @cached_property
    def survey(self) -> Survey:
        """Area and extent of each mask.

        Raises:
            MetricError: a text is not a mask of its size.
        """
        if self.faults.any():
            bad = np.flatnonzero(self.faults)
            raise MetricError(
                f"{len(bad)} of {len(self)} masks cannot be read; mask {bad[0]} {FAULTS[self.faults[bad[0]]]}"
            )
        return self._survey

    @cached_property
    def _survey(self) -> Survey:
        return survey_texts(self.texts, self.height.astype(np.int64), self.width.astype(np.int64))

    @property
    def area(self) -> Array:
        """Pixels of foreground, int64, shape (m,)."""
        return self.survey.area

    @cached_property
    def columns(self) -> tuple[Array, Array]:
        """The first column with foreground and the column after the last, int32, each of shape (m,); 0, 0 if empty.

        Where a mask has runs of no pixel, some columns more.
        """
        filled = self.survey.area > 0
        left = np.where(filled, self.survey.first // self.height, 0).astype(np.int32)
        right = np.where(filled, (self.survey.end - 1) // self.height + 1, 0).astype(np.int32)
        return left, right

    @property
    def reach(self) -> Array:
        """A box around each mask at no further cost: its columns over the whole height, float64, shape (m, 4)."""
        left, right = self.columns
        height = np.where(right > left, self.height, 0)
        return np.stack((left, np.zeros_like(left), right - left, height), axis=1).astype(np.float64)

    @cached_property
    def box(self) -> Array:
        """The smallest box around each mask: x, y, width, height in pixels, float64, shape (m, 4); 0 where empty."""
        box = tight_boxes(self).astype(np.float64)
        box[:, 2:] -= box[:, :2]
        return box

    def take(self, index: Any) -> Masks:
        """Some masks, by whole numbers or by true and false; what is known of them is kept."""
        chosen = np.arange(len(self))[index]
        if self.runs is not None:
            taken = object.__new__(Masks)
            vars(taken).update(height=self.height[chosen], width=self.width[chosen], _runs=take_runs(self.runs, chosen))
        else:
            taken = Masks(self.height[chosen], self.width[chosen], *self.texts.take(chosen).joined())
        if "_survey" in vars(self):
            known = self._survey
            parts = (known.fault, known.area, known.first, known.end)
            vars(taken)["_survey"] = Survey(*(part[chosen] for part in parts))
        return taken

    def counts(self) -> tuple[Array, Array]:
        """The runs of all masks, background first, int64, and where those of each mask start, shape (m + 1,)."""
        _ = self.survey
        return decompress(self.text, self.start)

    def stretches(self) -> Stretches:
        """The mask, the first pixel and the end of each run of foreground; see `metrics.runs`."""
        _ = self.survey
        return runs_of_counts(*self.counts()) if self.runs is None else owned_runs(self.runs)

    def bitmaps(self) -> Iterator[Array]:
        """Each mask in turn as an array of true and false, shape (height, width), in column order."""
        _ = self.survey
        for rows in chunks(self.start[1:]):
            text = self.text[self.start[rows.start] : self.start[rows.stop]]
            count, begin = decompress(text, self.start[rows.start : rows.stop + 1] - self.start[rows.start])
            for mask in range(rows.start, rows.stop):
                run = count[begin[mask - rows.start] : begin[mask - rows.start + 1]]
                pixel = np.repeat(np.arange(len(run)) % 2 == 1, run)
                yield pixel.reshape(self.width[mask], self.height[mask]).T

    def union(self, group: Any, size: Optional[int] = None) -> Masks:
        """The pixels that any mask of a group has.

        Args:
            group: the group of each mask, whole numbers from 0, shape (m,).
            size: how many groups there are; by default up to the last that is named.

        Raises:
            MetricError: masks of one group differ in height or width, or a group has none.
        """
        group = whole_numbers(group, "group").astype(np.int64)
        size = int(group.max(initial=-1)) + 1 if size is None else size
        if len(group) != len(self) or (len(group) and (group.min() < 0 or group.max() >= size)):
            raise MetricError(f"group must be {len(self)} whole numbers from 0 to {size - 1}")
        if not np.bincount(group, minlength=size).all():
            raise MetricError("a group has no mask, so that its size is not known")
        member = np.zeros(size, np.int64)
        member[group] = np.arange(len(self))
        height, width = self.height[member], self.width[member]
        if (height[group] != self.height).any() or (width[group] != self.width).any():
            raise MetricError("masks of one group differ in height or width")
        owner, begin, end = self.stretches()
        return Masks.from_runs(merged_runs(group[owner], begin, end), height, width)

    def woven(self, other: Masks, place: Array) -> Masks:
        """These masks and others as one list.

        Args:
            other: the others.
            place: where each of them stands in the list, ascending, shape (others,).
        """
        at, pair = place - np.arange(len(place)), (self, other)
        height, width = (np.insert(getattr(self, side), at, getattr(other, side)) for side in ("height", "width"))
        known = [np.insert(one, at, more) for one, more in zip(*(vars(part._survey).values() for part in pair))]
        own = vars(self).get("_pieces")
        if own is None:
            runs = self.runs or ragged_runs(self.stretches(), len(self))
            own = (runs[0], [runs[1:]])
        pieces = inserted_runs(own, other.runs or ragged_runs(other.stretches(), len(other)), place)
        masks = object.__new__(Masks)
        vars(masks).update(height=height, width=width, _pieces=pieces, _survey=Survey(*known))
        return masks

    @classmethod
    def from_compressed(cls, texts: Sequence[Union[str, bytes]], height: Any, width: Any) -> Masks:
        """Masks from COCO's compressed run lengths, which need not be right: `faults` tells.

        Args:
            texts: one text a mask, all str or all bytes.
            height: pixels of each mask's columns, shape (m,), or one number for all.
            width: how many columns each mask has, shape (m,), or one number for all.

        Raises:
            MetricError: a text is neither str nor bytes.

        >>> Masks.from_compressed(["522"], 3, 3).area.tolist()
        [2]
        """
        text, start = joined_texts(texts)
        return cls(sizes_of(height, len(texts)), sizes_of(width, len(texts)), text, start)

    @classmethod
    def from_scattered(cls, texts: Scattered, height: Any, width: Any) -> Masks:
        """Masks from COCO's compressed run lengths where they were read; they need not be right: `faults` tells.

        Args:
            texts: one text a mask; they are joined when the text of the masks is asked for.
            height: pixels of each mask's columns, shape (m,).
            width: how many columns each mask has, shape (m,).

        Raises:
            MetricError: there are not as many sizes as texts.
        """
        masks, m = object.__new__(cls), len(texts)
        vars(masks).update(height=sizes_of(height, m), width=sizes_of(width, m), _texts=texts)
        if len(masks.height) != m or len(masks.width) != m:
            raise MetricError(f"{m} texts need as many heights and widths, not {len(masks.height)}, {len(masks.width)}")
        return masks

    @classmethod
    def from_counts(cls, counts: Sequence[Any], height: Any, width: Any) -> Masks:
        """Masks from plain run lengths, which need not be right: `faults` tells.

        Args:
            counts: for each mask its runs down the columns: background, foreground, background and so on.
            height: pixels of each mask's columns, shape (m,), or one number for all.
            width: how many columns each mask has, shape (m,), or one number for all.

        Raises:
            MetricError: a run is not a whole number.

        >>> Masks.from_counts([[5, 2, 2]], 3, 3).text.tobytes()
        b'522'
        """
        text, start = compress(*flat_counts(counts))
        return cls(sizes_of(height, len(counts)), sizes_of(width, len(counts)), text, start)

    @classmethod
    def from_pairs(cls, texts: Sequence[str], height: Any, width: Any) -> Masks:
        """Masks from Kaggle's run lengths, which need not be right: `faults` tells.

        Args:
            texts: one text a mask, ``first length first length …``, pixels counted down the columns from 1.
            height: pixels of each mask's columns, shape (m,), or one number for all.
            width: how many columns each mask has, shape (m,), or one number for all.

        Raises:
            MetricError: a text is not str.

        >>> Masks.from_pairs(["6 2"], 3, 3).text.tobytes()
        b'522'
        """
        height, width = sizes_of(height, len(texts)), sizes_of(width, len(texts))
        fault, stretches = read_pairs(texts, pixels_of(height, width))
        return cls.from_runs(stretches, height, width, fault)

    @classmethod
    def from_polygons(cls, objects: Union[Polygons, Sequence[Sequence[Any]]], height: Any, width: Any) -> Masks:
        """Masks from polygons, filled as pycocotools fills them; they need not be right: `faults` tells.

        Args:
            objects: for each object its polygons, each ``x1, y1, x2, y2 …`` in pixels from the top left corner.
            height: pixels of each mask's columns, shape (m,), or one number for all `objects` that are lists.
            width: how many columns each mask has, likewise.

        Raises:
            MetricError: a polygon is not a list of numbers.

        >>> Masks.from_polygons([[[1, 1, 3, 1, 3, 3, 1, 3]]], 4, 4).area.tolist()
        [4]
        """
        polygons = objects if isinstance(objects, Polygons) else polygons_of(objects)
        m = len(height) if isinstance(objects, Polygons) else len(objects)
        height, width = sizes_of(height, m), sizes_of(width, m)
        room = pixels_of(height, width) > 0
        fault, filled = read_polygons(polygons, *(np.where(room, side, 0).astype(np.int64) for side in (height, width)))
        return cls._of_pieces(filled, height, width, fault)

    @classmethod
    def from_bitmaps(cls, bitmaps: Sequence[Any]) -> Masks:
        """Masks from arrays whose foreground is what is not 0.

        Args:
            bitmaps: arrays of shape (height, width), or one of shape (m, height, width).

        Raises:
            MetricError: an array does not have two dimensions.

        >>> Masks.from_bitmaps([[[0, 0, 1], [0, 1, 1]]]).text.tobytes()
        b'33'
        """
        reuse_memory()
        arrays = [np.asarray(bitmap) for bitmap in bitmaps]
        if any(array.ndim != 2 for array in arrays):
            raise MetricError("a bitmap must have shape (height, width)")
        edges = [bitmap_edges(array) for array in arrays]
        owner = np.repeat(np.arange(len(edges)), [len(edge) // 2 for edge in edges])
        edge = np.concatenate([np.zeros(0, np.int64), *edges])
        shape = np.array([array.shape for array in arrays], dtype=np.int64).reshape(-1, 2)
        return cls.from_runs((owner, edge[::2], edge[1::2]), shape[:, 0], shape[:, 1])

    @classmethod
    def from_runs(cls, stretches: Stretches, height: Any, width: Any, fault: Optional[Array] = None) -> Masks:
        """Masks from their runs of foreground.

        Args:
            stretches: owner, first pixel and end of each run, in order, without touching; see `metrics.runs`.
            height: pixels of each mask's columns, shape (m,).
            width: how many columns each mask has, shape (m,).
            fault: what is known to be wrong with what the masks were made from, for `faults`, shape (m,).
        """
        height, width = sizes_of(height, len(height)), sizes_of(width, len(width))
        runs = ragged_runs(stretches, len(height))
        filled = Filled(np.diff(runs[0]), np.array(extent_of_runs(runs)), [runs[1:]])
        return cls._of_pieces(filled, height, width, np.zeros(len(height), np.uint8) if fault is None else fault)

    @classmethod
    def _of_pieces(cls, filled: Filled, height: Array, width: Array, fault: Array) -> Masks:
        """Masks that keep their runs, which are put together when they are asked for."""
        masks, pixels, code = object.__new__(cls), pixels_of(height, width), fault.copy()
        code[filled.extent[2] > pixels] = LONG
        code[(pixels == 0) | (pixels >= PIXELS)] = SIZE
        known = Survey(code, *np.where(code == FINE, filled.extent, 0))
        vars(masks).update(height=height, width=width, _pieces=(starts_of(filled.count), filled.pieces), _survey=known)
        return masks
