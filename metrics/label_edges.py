"""Where label images change: the ends and values of their runs, from pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.cores import CORES, on_cores
from metrics.inputs import CHUNK

if TYPE_CHECKING:
    from metrics.inputs import Array

    Sides = tuple[Array, ...]

WORD = 8
"""Flags that are looked at together."""


def runs_of_images(images: Sequence[Sides]) -> tuple[Array, Array, list[list[Array]]]:
    """Ends and numbers of the runs of images, which end where any of several sides changes; and the values.

    Args:
        images: of each image its sides, which are of one shape.

    Returns:
        Ends, the number of runs of each image, and for consecutive groups of images the values of each side.
    """
    groups = list(_groups(images))
    found: list[Any] = [None] * len(groups)
    # memory fetched anew from the system costs more than the comparison that it holds
    size = max(sum(sides[0].size for sides in group) for group in groups)
    rooms = [np.empty((len(images[0]), -(-size // WORD) * WORD), dtype=bool) for _ in range(min(CORES, len(groups)))]

    def work(place: int) -> None:
        room = rooms.pop()
        found[place] = _runs(groups[place], room)
        rooms.append(room)

    on_cores(work, range(len(groups)))
    ends, counts, values = zip(*found)
    return np.concatenate(ends), np.concatenate(counts), list(values)


def _groups(images: Sequence[Sides]) -> Iterator[list[Sides]]:
    """Images in order, small ones of one type together: as many as stay in the cache."""
    group: list[Sides] = []
    size = 0
    for sides in images:
        alike = not group or all(one.dtype == other.dtype for one, other in zip(sides, group[0]))
        if group and (size + sides[0].size > CHUNK or not alike):
            yield group
            group, size = [], 0
        group.append(sides)
        size += sides[0].size
    yield group


def _runs(images: Sequence[Sides], room: Array) -> tuple[Array, Array, list[Array]]:
    """Ends, numbers and values of the runs of some images; ``room`` for as many true/false as all sides have pixels."""
    flats = [_end_to_end(side) for side in zip(*images)]
    stop = np.cumsum([sides[0].size for sides in images])
    pixels = len(flats[0])
    flags = room[:, : -(-pixels // WORD) * WORD]
    for flat, flag in zip(flats, flags):
        np.not_equal(flat[1:], flat[:-1], out=flag[: pixels - 1])
    last = flags[0]
    for flag in flags[1:]:
        last |= flag
    last[pixels:] = False
    last[stop - 1] = True
    place = true_places(last)
    values = [flat.take(place) for flat in flats]
    count = np.diff(np.searchsorted(place, stop), prepend=0)
    place += 1
    if len(images) > 1:
        place -= np.repeat(np.concatenate(([0], stop[:-1])), count)
    return place.astype(np.int32), count, values


def _end_to_end(images: Sequence[Array]) -> Array:
    """The pixels of images, one after the other."""
    return images[0].ravel() if len(images) == 1 else np.concatenate([image.ravel() for image in images])


def true_places(flags: Array) -> Array:
    """Where few of many entries are true, or not zero: first which words hold any, then which bytes of those.

    Args:
        flags: bool or uint8, contiguous, shape (n,).

    Returns:
        Their places, ascending, int64.

    >>> true_places(np.array([0, 7, 0, 0, 0, 0, 0, 0, 0, 9], dtype=np.uint8)).tolist()
    [1, 9]
    """
    whole = len(flags) // WORD * WORD
    words = flags[:whole].view(np.uint64)
    word = (words != 0).nonzero()[0]
    held = words.take(word).view(flags.dtype)
    byte = (held if held.dtype == bool else held != 0).nonzero()[0]
    place: Array = word.take(byte >> 3)
    place <<= 3
    byte &= WORD - 1
    place += byte
    return place if whole == len(flags) else np.concatenate((place, whole + flags[whole:].nonzero()[0]))
