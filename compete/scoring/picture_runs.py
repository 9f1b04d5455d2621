"""The pixels of picture files: fetched, checked, unpacked and read into runs on all cores, many pictures together."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass as dataclass_of_state
from dataclasses import field
from functools import cached_property, partial
from pathlib import Path
from typing import Optional, Union

import numpy as np

from compete.errors import SubmissionError
from compete.scoring.png import GREY, PALETTE, RGB, Header, Packed, PngFault, unwrap_png
from compete.scoring.png_filters import NONE, PAETH, SUB, UP, unfilter
from compete.scoring.png_runs import Runs, undo_filters
from compete.scoring.png_stack import Stack, room_for
from compete.scoring.spans import Array
from compete.scoring.threads import shares, side_by_side
from compete.scoring.tiff import is_tiff, read_tiff
from metrics.frozen import dataclass
from metrics.label_edges import true_places

ROOM = 1 << 24
"""Bytes of rows that a thread undoes together."""

LARGE, DENSE = 1 << 22, 8
"""In a picture of more bytes, more than one filtered byte in so many that is not zero would take much memory."""

SPARSE = bytes((NONE, SUB, UP, PAETH))
"""The filters that are undone run by run."""

LARGEST = (1 << 16) - 1
"""The largest value that a class may have."""

Content = Union[bytes, Path, Callable[[], bytes]]


@dataclass(frozen=True)
class PictureContent:
    """What the pixels of pictures stand for.

    Attributes:
        classes: the values that they may have, ascending, below 65,536; None for any.
        segments: whether they are ids of segments (RGB, id = R + 256 G + 65536 B, or grey) rather than classes.
        pixels: how many a picture of unknown size may have.
        size: bytes of a file.
    """

    classes: Optional[tuple[int, ...]] = None
    segments: bool = False
    pixels: int = 1 << 26
    size: int = 1 << 28

    @cached_property
    def known(self) -> Array:
        """Whether each value up to 65,535 is a class, and False for all others, bool, shape (65537,)."""
        known = np.zeros(LARGEST + 2, dtype=bool)
        known[list(self.classes or ())] = True
        return known


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture as it was read; without runs it is refused.

    Attributes:
        height: pixels.
        width: pixels.
        runs: its pixels.
        told: rule, message and hint of each fault, or of what is odd.
        depth: bits of a pixel.
        colours: how many entries its palette has; None where it has none.
    """

    height: int
    width: int
    runs: Optional[Runs]
    told: tuple[tuple[str, str, str], ...] = ()
    depth: int = 8
    colours: Optional[int] = None


def runs_of_pictures(
    sources: Sequence[Content],
    sizes: Sequence[Optional[tuple[int, int]]],
    content: PictureContent,
    judge: Callable[[Picture], Picture],
) -> list[Picture]:
    """Read the files of pictures on all cores.

    Args:
        sources: the bytes of each, its file, or a function that fetches its bytes (from any thread).
        sizes: height and width that each must have; None for any.
        content: what the pixels stand for.
        judge: what looks at each picture once it is read.
    """
    found: list[Optional[Picture]] = [None] * len(sources)
    todo, threads = deque(enumerate(zip(sources, sizes))), shares(len(sources), 1)
    desks = [_Desk(-(-len(sources) // threads)) for _ in range(threads)]
    side_by_side([partial(_work, todo, desk, content, judge, found) for desk in desks])
    return [one for one in found if one is not None]


def _work(
    todo: deque[tuple[int, tuple[Content, Optional[tuple[int, int]]]]],
    desk: _Desk,
    content: PictureContent,
    judge: Callable[[Picture], Picture],
    found: list[Optional[Picture]],
) -> None:
    """Read pictures as long as there are any; others do the same beside this."""
    kinds = (RGB, GREY) if content.segments else (GREY, PALETTE)
    while todo:
        try:
            number, (source, size) = todo.popleft()
        except IndexError:  # another took the last one
            break
        try:
            data = _fetched(source, content.size)
            if is_tiff(data) and not content.segments:
                done = [(number, _tiff_picture(data, size, content.pixels))]
            else:
                done = desk.take(number, unwrap_png(data, kinds, size, content.pixels))
        except PngFault as fault:
            done = [(number, Picture(0, 0, None, fault.faults))]
        for place, picture in done:
            found[place] = judge(picture)
    for place, picture in desk.clear():
        found[place] = judge(picture)


@dataclass_of_state(eq=False)
class _Desk:
    """Where a thread collects pictures that are still filtered, to undo many together.

    Attributes:
        share: how many pictures there may be.
        waiting: their numbers and files, in the order of the stack.
        room: bytes for their rows.
        stack: their rows.
    """

    share: int
    waiting: list[tuple[int, Packed]] = field(default_factory=list)
    room: Array = field(default_factory=lambda: np.empty(0, dtype=np.uint8))
    stack: Optional[Stack] = None

    def take(self, number: int, packed: Packed) -> list[tuple[int, Picture]]:
        """Unpack a picture, and read it at once or with others.

        Returns:
            The pictures that are finished thereby.

        Raises:
            PngFault: it is broken.
        """
        header, rows = packed.header, packed.rows()
        if not _may_wait(header, rows):
            return [(number, _picture(packed, _runs_of(_pixels(header, rows))))]
        shape, done = (header.height, header.width), []
        if self.stack is None or not self.stack.takes(shape, header.step):
            done = self.clear()
            self.stack = self._stack(shape, header.step)
        self.stack.put(rows.reshape(header.height, -1))
        self.waiting.append((number, packed))
        return done

    def _stack(self, shape: tuple[int, int], channels: int) -> Stack:
        """An empty stack for pictures like one."""
        least, most = (room_for(shape, channels, pictures) for pictures in (1, self.share))
        wanted = max(least, min(most, ROOM))
        if len(self.room) < wanted:
            self.room = np.empty(wanted, dtype=np.uint8)
        return Stack.of(self.room, shape, channels)

    def clear(self) -> list[tuple[int, Picture]]:
        """Read all pictures that wait."""
        if self.stack is None:
            return []
        done = []
        for (number, packed), runs in zip(self.waiting, undo_filters(self.stack)):
            given = _runs_of(_pixels(packed.header, packed.rows())) if runs is None else runs
            done.append((number, _picture(packed, given)))
        self.waiting, self.stack = [], None
        return done


def _may_wait(header: Header, rows: Array) -> bool:
    """Whether the filters of a picture are undone run by run rather than pixel by pixel."""
    if header.depth != 8 or header.interlaced:
        return False
    kind = rows[:: 1 + header.width * header.step].tobytes()
    if kind.count(NONE) == len(kind) or kind.translate(None, SPARSE):
        return False
    return rows.size <= LARGE or int(np.count_nonzero(rows)) * DENSE <= rows.size


def _picture(packed: Packed, runs: Runs) -> Picture:
    header = packed.header
    colours = packed.colours if header.kind == PALETTE else None
    return Picture(header.height, header.width, runs, packed.told, header.depth, colours)


def _tiff_picture(data: bytes, size: Optional[tuple[int, int]], most: int) -> Picture:
    """A TIFF, whose pixels are never filtered row by row."""
    tiff = read_tiff(data, size, most)
    runs = _runs_of(tiff.pixels)
    narrow = np.min_scalar_type(int(runs.value.max()))
    height, width = tiff.pixels.shape
    return Picture(height, width, Runs(runs.value.astype(narrow), runs.end), depth=tiff.depth)


def _fetched(source: Content, most: int) -> bytes:
    """The bytes of a picture, wherever they are."""
    if callable(source):
        try:
            data = source()
        except SubmissionError as error:
            raise PngFault(*((one.rule, one.message, one.hint) for one in error.findings)) from error
    elif isinstance(source, Path):
        try:
            with open(source, "rb", buffering=0) as file:  # noqa: PTH123  (half the time of Path.open)
                data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise PngFault(("picture/unreadable", f"it cannot be read: {reason}", "look at its name")) from error
    else:
        data = source
    if len(data) > most:
        raise PngFault(("picture/size", f"it has more than {most:,} bytes", "save it as PNG again"))
    return data


def _pixels(header: Header, raw: Array) -> Array:
    """The values of all pixels, unsigned, shape (height, width)."""
    start, out = 0, None
    for left, top, across, down, rows, length in header.passes():
        stop = start + rows * (1 + length)
        flat = unfilter(raw[start:stop].reshape(rows, -1), header.step)
        if flat is None:
            raise PngFault(("picture/damaged", "the picture is broken: a row names no filter", "save it again"))
        columns = -(-(header.width - left) // across)
        values = _values(header, flat)[:, :columns]
        if not header.interlaced:
            return values
        if out is None:
            out = np.zeros((header.height, header.width), dtype=values.dtype)
        out[top::down, left::across] = values
        start = stop
    return np.zeros((0, 0), dtype=np.uint8) if out is None else out


def _values(header: Header, flat: Array) -> Array:
    """Pixels from the bytes of rows; the last byte of a row may hold more than there are."""
    if header.depth < 8:
        bits = np.unpackbits(flat, axis=1).reshape(len(flat), -1, header.depth)
        return np.packbits(bits, axis=2)[:, :, 0] >> (8 - header.depth)
    if header.depth == 16:
        return np.ascontiguousarray(flat).view(">u2").astype(np.uint16)
    if header.kind == RGB:
        pixel = flat.reshape(len(flat), -1, 3).astype(np.uint32)
        return pixel[..., 0] | pixel[..., 1] << 8 | pixel[..., 2] << 16
    return flat


def _runs_of(pixels: Array) -> Runs:
    """Stretches of equal pixels, row after row."""
    flat = pixels.ravel()
    last = np.empty(flat.size, dtype=bool)
    np.not_equal(flat[1:], flat[:-1], out=last[:-1])
    last[-1] = True
    end = true_places(last)
    value = flat.take(end)
    end += 1
    return Runs(value, end.astype(np.int32))
