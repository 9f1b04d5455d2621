"""Label images from runs down their columns: where the runs of their rows begin is worked out, not painted.

A run of a row begins at a pixel whose class is another than that of the pixel before it in the row. Down the columns,
classes are runs, and so are those of the pixels before: the same runs, moved on by a column. Both are laid over each
other; where they differ, runs of rows begin. Images that are noise are painted after all, which takes less memory.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from compete.scoring.images import Images
from compete.scoring.spans import Array
from metrics.label_edges import true_places
from metrics.label_maps import LabelMaps

PIXELS = 1 << 22
"""Pixels of images that are handled together, so that what is computed on the way stays in the cache."""

SPARSE, FEW = 16, 8
"""Pixels for each run down the columns, and for each along the rows, below which images are painted."""

_NONE = -1
"""The class of what is before the first pixel of an image."""


def maps_of_columns(runs: tuple[Array, Array, Array], value: Array, background: int, images: Images) -> LabelMaps:
    """Label images from runs that count down the columns.

    Args:
        runs: image, first pixel and the pixel after the last of each run, int64, shape (runs,): by image and pixel,
            none empty, no two of which overlap.
        value: what the pixels of each run are, unsigned, shape (runs,).
        background: what all other pixels are.
        images: the images, in two dimensions.
    """
    image, begin, end = runs
    size = np.stack((images.height, images.width), axis=1).astype(np.int64)
    pixels = size[:, 0] * size[:, 1]
    stop = np.cumsum(pixels)
    room = max(PIXELS, int(pixels.max()))
    rooms = np.zeros(room, dtype=bool), np.empty(room, dtype=value.dtype)
    parts, low = [], 0
    while low < len(size):
        high = max(low + 1, int(np.searchsorted(stop, stop[low] - pixels[low] + PIXELS, side="right")))
        group, part = size[low:high], slice(*np.searchsorted(image, (low, high)))
        few = image[part] - low, begin[part], end[part]
        found = _laid_over(few, value[part], background, group, rooms)
        parts.append(_painted(few, value[part], background, group) if found is None else found)
        low = high
    return LabelMaps.joined(parts)


def _laid_over(
    runs: tuple[Array, Array, Array], value: Array, background: int, size: Array, rooms: tuple[Array, Array]
) -> Optional[LabelMaps]:
    """Label images from their runs down the columns; None where there are so many that it is better to paint them."""
    offset = np.cumsum(size[:, 0] * size[:, 1]) - size[:, 0] * size[:, 1]
    stop = int(offset[-1] + size[-1].prod())
    if SPARSE * len(value) > stop:
        return None
    edge = np.stack(runs[1:], axis=1) + offset[runs[0], None]
    point, held = _points(edge, value, background, size, offset)
    inside = int(np.searchsorted(point, stop))
    pixel, held, length = _beginnings(point[:inside], held[:inside], size, offset)
    if FEW * int(length.sum()) > stop:
        return None
    pixel = np.repeat(pixel - (np.cumsum(length) - length), length)
    pixel += np.arange(len(pixel))
    return _by_rows(pixel, np.repeat(held, length), rooms, size, offset)


def _points(edge: Array, value: Array, background: int, size: Array, offset: Array) -> tuple[Array, Array]:
    """Where classes change down the columns, each image's pixels after those of the one before, and what they are."""
    open_end = np.append(edge[:-1, 1] != edge[1:, 0], True)[: len(edge)]
    point = edge.ravel()
    held = np.full(len(point), background, dtype=np.int64)
    held[::2] = value
    kept = np.ones(len(point), dtype=bool)
    kept[1::2] = open_end
    point, held = point[kept], held[kept]
    # Images begin, and so do their last columns, which come before the first ones one row below.
    for wanted in (offset, offset + (size[:, 1] - 1) * size[:, 0]):
        after = np.searchsorted(point, wanted, side="right")
        missing = np.flatnonzero(np.append(_NONE, point)[after] != wanted)
        before = np.append(background, held)[after[missing]]
        point, held = np.insert(point, after[missing], wanted[missing]), np.insert(held, after[missing], before)
    return point, held


def _beginnings(point: Array, held: Array, size: Array, offset: Array) -> tuple[Array, Array, Array]:
    """Stretches of pixels down the columns that are of another class than those before them in their rows.

    Returns:
        The first pixel of each stretch, its class, and how many pixels it has.
    """
    amount, height = _amounts(point, offset), size[:, 0]
    turn = offset + (size[:, 1] - 1) * height
    wrapped = point >= turn.repeat(amount)
    moved = point + height.repeat(amount)
    moved[wrapped] += (offset + 1 - turn - height).repeat(amount)[wrapped]
    # What comes after an image's last pixel comes before none.
    kept = ~wrapped | (moved < (offset + height).repeat(amount))
    key = np.concatenate((point, offset, moved[kept]))
    before = np.concatenate((np.full(len(offset), _NONE), held[kept]))
    order = key.argsort(kind="stable")
    key, own = key[order], order < len(point)
    # Laid over each other: of the points so far, the last of either kind tells the class here and that before.
    nearest = np.cumsum(own)
    here = held.take(nearest - 1)
    other = np.append(_NONE, before[order[~own] - len(point)])
    length = np.diff(key, append=offset[-1] + size[-1].prod())
    differs = np.flatnonzero((length > 0) & (here != other.take(np.arange(1, len(key) + 1) - nearest)))
    return key[differs], here[differs], length[differs]


def _by_rows(pixel: Array, held: Array, rooms: tuple[Array, Array], size: Array, offset: Array) -> LabelMaps:
    """Label images from the first pixels of the runs of their rows.

    Args:
        pixel: where runs begin, counted down the columns.
        held: what the pixels of each run are.
        rooms: for each pixel a false, which is false again in the end, and space for what it is.
        size: height and width of the images.
        offset: how many pixels come before those of each image.
    """
    flag, kind = rooms
    amount = _amounts(pixel, offset)
    height, width, begin = (one.repeat(amount) for one in (size[:, 0], size[:, 1], offset))
    local = pixel - begin
    across = (local / height).astype(np.int64)
    place = begin + (local - across * height) * width + across
    flag[place], kind[place] = True, held
    stop = int(offset[-1] + size[-1].prod())
    found = true_places(flag[:stop])
    flag[place] = False
    last = np.append(found[1:], stop) - begin
    return LabelMaps(size, kind.take(found), last.astype(np.int32), np.append(0, np.cumsum(amount)))


def _amounts(pixel: Array, offset: Array) -> Array:
    """How many of some ascending pixels each image has."""
    return np.diff(np.searchsorted(pixel, offset), append=len(pixel))


def _painted(runs: tuple[Array, Array, Array], value: Array, background: int, size: Array) -> LabelMaps:
    """Label images from their runs down the columns, by way of their pixels."""
    arrays = []
    for place, (height, width) in enumerate(size.tolist()):
        part = slice(*np.searchsorted(runs[0], (place, place + 1)))
        edge = np.stack((runs[1][part], runs[2][part]), axis=1).ravel()
        column = np.full(len(edge) + 1, background, dtype=value.dtype)
        column[1::2] = value[part]
        length = np.diff(edge, prepend=0, append=height * width)
        arrays.append(np.repeat(column, length).reshape(width, height).T)
    return LabelMaps.from_arrays(arrays)
