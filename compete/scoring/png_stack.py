"""Filtered rows of many PNG files, one below the other, so that they are undone together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from compete.scoring.png_filters import SUB
from compete.scoring.spans import Array
from metrics.label_edges import WORD

STRIP = 1 << 18
"""Bytes of rows that are worked on at a time, which stay in the cache."""

NARROW = 2
"""A picture whose rows are shorter than those of a stack by more than this factor would waste it."""


@dataclass(frozen=True)
class Place:
    """Where a picture lies in a stack.

    Attributes:
        first: the first of the rows of zeros above it.
        top: its first row.
        stop: the row after its last.
        width: its pixels across.
    """

    first: int
    top: int
    stop: int
    width: int


@dataclass(eq=False)
class Stack:
    """Pictures of one kind, one below the other; above each stand rows of zeros, at its left edge zeros too.

    Attributes:
        rows: filtered rows at first, steps from pixel to pixel in the end, uint8, shape (rows, across).
        kind: the filter of each row, uint8, shape (rows,); `SUB` of the rows of zeros.
        owner: the number of the picture of each row, int32, shape (rows,).
        scratch: room for two strips of rows.
        channels: bytes of a pixel.
        places: where each picture lies.
    """

    rows: Array
    kind: Array
    owner: Array
    scratch: Array
    channels: int
    places: list[Place] = field(default_factory=list)

    @classmethod
    def of(cls, room: Array, shape: tuple[int, int], channels: int) -> Stack:
        """An empty stack for rows that are as long as those of a picture.

        Args:
            room: bytes to be used, uint8, as many as `room_for` the picture or more.
            shape: height and width of the picture.
            channels: bytes of a pixel.
        """
        across = (1 + shape[1]) * channels
        count = len(room) // across
        strip = _strip(count, across)
        count -= 2 * strip
        rows, rest = room[: count * across], room[count * across :]
        scratch = rest[: 2 * strip * across].reshape(2, strip, across)
        kind, owner = np.empty(count, dtype=np.uint8), np.empty(count, dtype=np.int32)
        return cls(rows.reshape(count, across), kind, owner, scratch, channels)

    @property
    def pixels(self) -> int:
        """Pixels of a row, and the zero to their left."""
        return int(self.rows.shape[1]) // self.channels

    @property
    def filled(self) -> int:
        """Rows in use."""
        return self.places[-1].stop if self.places else 0

    def takes(self, shape: tuple[int, int], channels: int) -> bool:
        """Whether there is room for a picture of a height and width, and bytes of a pixel."""
        fits = channels == self.channels and shape[1] < self.pixels <= NARROW * (1 + shape[1])
        return fits and self.filled + _deep(shape[0]) <= len(self.rows)

    def put(self, filtered: Array) -> None:
        """Add a picture.

        Args:
            filtered: its rows, each led by the number of its filter, uint8, shape (h, 1 + w * channels).
        """
        channels, height = self.channels, len(filtered)
        first, stop = self.filled, self.filled + _deep(height)
        top, used = stop - height, channels - 1 + filtered.shape[1]
        self.owner[first:stop] = len(self.places)
        self.kind[first:top], self.kind[top:stop] = SUB, filtered[:, 0]
        self.rows[first:top] = 0
        self.rows[top:stop, channels - 1 : used] = filtered
        self.rows[top:stop, :channels] = 0
        self.rows[top:stop, used:] = 0
        self.places.append(Place(first, top, stop, used // channels - 1))

    def strip(self, number: int, index: Array) -> Array:
        """Some rows, copied into one of the two strips."""
        return self.rows.take(index, axis=0, out=self.scratch[number, : len(index)], mode="clip")


def room_for(shape: tuple[int, int], channels: int, pictures: int) -> int:
    """Bytes for a stack of some pictures of a height and width, and bytes of a pixel."""
    across, count = (1 + shape[1]) * channels, pictures * _deep(shape[0])
    return (count + 2 * _strip(3 * count, across)) * across


def _strip(rows: int, across: int) -> int:
    """Rows of a strip, where there is room for so many rows and two strips."""
    return max(1, min(STRIP // across, rows // 3))


def _deep(height: int) -> int:
    """Rows of a picture with at least one of zeros above it, in all a multiple of a word."""
    return (height // WORD + 1) * WORD
