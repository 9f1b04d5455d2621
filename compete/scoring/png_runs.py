"""Undo the filters of many label pictures at once, and read their runs: most filtered bytes of such pictures are zero.

What is undone is not pixels but the steps from each pixel to the next in its row, which are mostly 0. Rows filtered by
`SUB` hold just these. A row filtered by `UP` adds the steps of its filtered bytes to those of the row above. In a row
filtered by `PAETH` a pixel follows the left one where the row above goes on with one value, and mostly the one above
where that row changes: so it is a few stretches, each a running sum of the few filtered bytes that are not zero. Rows
that are equally far below a row of the first kind are undone together, those of all pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

import numpy as np

from compete.scoring.png_filters import NONE, PAETH, SUB, UP, paeth
from compete.scoring.png_stack import Place, Stack
from compete.scoring.spans import Array
from metrics.frozen import dataclass
from metrics.label_edges import true_places

DOUBTS = 8
"""How many pixels of a row, on average, may be looked at one by one before a picture is left to the other way."""

FEW = 16
"""So many stretches are rather looked at one by one."""

BYTE: np.dtype[np.uint8] = np.dtype(np.uint8)
COLOUR: np.dtype[np.uint32] = np.dtype("<u4")
"""Holds the three bytes of a pixel, red the lowest, as in ids of segments."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Stretches of equal pixels of a picture in row-major order.

    Attributes:
        value: the value of each stretch, unsigned, shape (runs,).
        end: the place where it ends, exclusive, int32, shape (runs,).
    """

    value: Array
    end: Array


@dataclass(frozen=True, eq=False)
class _Heads:
    """The first pixels of stretches, in some rows: those below which the row above has another value than to the left.

    Attributes:
        owner: the picture of each, shape (k,).
        edge: whether it stands before its row, bool, shape (k,).
        above: the pixel above, shape (k,).
        step: from the pixel to the left of that to it.
        left: by how much the pixel to the left of the stretch differs from the one above that.
        leap: by how much what its pixel follows differs from the pixel above.
    """

    owner: Array
    edge: Array
    above: Array
    step: Array
    left: Array
    leap: Array


def undo_filters(stack: Stack) -> list[Optional[Runs]]:
    """Undo the filters of pictures, of which `AVERAGE` is none, and read their runs.

    Returns:
        The runs of each picture; None for one that is rather undone pixel by pixel.
    """
    patience = np.array([DOUBTS * (one.stop - one.top) for one in stack.places])
    kind = stack.kind[: stack.filled]
    for index in _strips(stack, (kind == NONE).nonzero()[0]):
        _undo_none(stack, index)
    for filtered_by, rows in _levels(kind):
        for index in _strips(stack, rows):
            if filtered_by == UP:
                _undo_up(stack, index)
            else:
                _undo_paeth(stack, index, patience)
    return [_runs(stack, place) if left >= 0 else None for place, left in zip(stack.places, patience.tolist())]


def _strips(stack: Stack, rows: Array) -> Iterator[Array]:
    """Numbers of rows, as many at a time as a strip holds."""
    step = stack.scratch.shape[1]
    return (rows[low : low + step] for low in range(0, len(rows), step))


def _levels(kind: Array) -> Iterator[tuple[int, Array]]:
    """Rows that need the one above, in such an order that this is done before.

    Args:
        kind: the filters of all rows, shape (rows,).

    Yields:
        The filter, and the numbers of rows that need none of each other.
    """
    number = np.arange(len(kind))
    level = number - np.maximum.accumulate(np.where(kind <= SUB, number, 0))
    below = level.nonzero()[0]
    if not len(below):
        return
    key = 2 * level.take(below) + (kind.take(below) == PAETH)
    key = key.astype(np.min_scalar_type(int(key.max())))
    below = below.take(np.argsort(key, kind="stable"))
    end = np.cumsum(np.bincount(key)).tolist()
    for place in range(1, len(end)):
        if end[place] > end[place - 1]:
            yield (PAETH if place & 1 else UP), below[end[place - 1] : end[place]]


def _undo_none(stack: Stack, index: Array) -> None:
    """Steps from pixel to pixel, in place of pixels."""
    pixels, steps = stack.strip(0, index), stack.strip(1, index)
    _step(steps, pixels, stack.channels)
    stack.rows[index] = steps


def _undo_up(stack: Stack, index: Array) -> None:
    """Steps of rows that were filtered by `UP`, from those of the rows above."""
    filtered, steps = stack.strip(0, index), stack.strip(1, index - 1)
    steps += filtered
    _step(steps, filtered, stack.channels)
    stack.rows[index] = steps


def _step(steps: Array, pixels: Array, channels: int) -> None:
    """Take from each pixel of some rows the one to the left in others."""
    steps.reshape(-1)[channels:] -= pixels.reshape(-1)[:-channels]
    steps[:, :channels] = 0


def _undo_paeth(stack: Stack, index: Array, patience: Array) -> None:
    """Steps of rows that were filtered by `PAETH`, from those of the rows above."""
    channels = stack.channels
    above, steps = stack.strip(0, index - 1), stack.strip(1, index)
    above[:, 0] = 1  # before each row begins a stretch
    place = np.logical_or(above, steps).reshape(-1).nonzero()[0]
    if channels > 1:
        place = _pixels_of(place, channels)
    step, filtered = _values(above, place, channels), _values(steps, place, channels)
    head = (step != 0).nonzero()[0]
    before = _sums(filtered).take(head)
    place, step, filtered = place.take(head), step.take(head), filtered.take(head)
    before = _less(before, filtered)
    left = before.copy()
    left[1:] = _less(before[1:], before[:-1])
    doubt = ((left != 0) & (left != step)).nonzero()[0]
    if len(doubt):
        leap = _leaps(stack, index, (place, step, left), doubt, patience)
        filtered = _plus(filtered, leap)
        left[1:] = _plus(left[1:], leap[:-1])
    found = _less(_plus(step, filtered), left)
    if channels == 1:
        steps.reshape(-1)[place] = found
    else:
        steps.reshape(-1, channels)[place] = found.view(BYTE).reshape(-1, found.itemsize)[:, :channels]
    steps[:, :channels] = 0
    stack.rows[index] = steps


def _leaps(stack: Stack, index: Array, stretches: tuple[Array, Array, Array], doubt: Array, patience: Array) -> Array:
    """By how much the pixel that the first pixel of each stretch follows differs from the one above.

    Args:
        stack: the pictures.
        index: the numbers of the rows.
        stretches: where each begins, and its step and left as in `_Heads`.
        doubt: those whose first pixel may follow another than the one above.
        patience: how many of them may yet be looked at, for each picture.
    """
    place, step, left = stretches
    row = place // stack.pixels
    edge = place == row * stack.pixels
    step = step.copy()
    step[edge] = 0
    above = _sums(step)
    above = _less(above, above.take(edge.nonzero()[0]).take(row))
    heads = _Heads(stack.owner.take(index).take(row), edge, above, step, left, np.zeros_like(step))
    doubt = doubt.compress(~edge.take(doubt))
    while len(doubt) > FEW:
        owner = heads.owner.take(doubt)
        patience -= np.bincount(owner, minlength=len(patience))
        doubt = _followed(heads, doubt.compress(patience.take(owner) >= 0))
    for one in doubt.tolist():
        _follow(heads, one, patience)
    return heads.leap


def _followed(heads: _Heads, doubt: Array) -> Array:
    """Set the leaps of some stretches, and name those that are in doubt thereby."""
    above = heads.above.take(doubt)
    corner = _less(above, heads.step.take(doubt))
    beside = _plus(_plus(corner, heads.left.take(doubt)), heads.leap.take(doubt - 1))
    found = paeth(*(one.view(BYTE).astype(np.int16) for one in (beside, above, corner)))
    leap = _less(found.astype(BYTE).view(above.dtype), above)
    changed = leap != heads.leap.take(doubt)
    heads.leap[doubt] = leap
    after = doubt.compress(changed) + 1
    after = after[: after.searchsorted(len(heads.edge))]
    return after.compress(~heads.edge.take(after))


def _follow(heads: _Heads, here: int, patience: Array) -> None:
    """Set the leap of a stretch, and of those after it that are in doubt thereby."""
    shifts = range(0, 8 * heads.step.itemsize, 8)
    while here < len(heads.edge) and not heads.edge.item(here):
        owner = heads.owner.item(here)
        patience[owner] -= 1
        above, left = heads.above.item(here), heads.left.item(here)
        leap = 0
        if patience.item(owner) >= 0:
            leap = leap_of(above, heads.step.item(here), (left, heads.leap.item(here - 1)), shifts)
        if leap == heads.leap.item(here):
            return
        heads.leap[here] = leap
        here += 1


def leap_of(above: int, step: int, beside: tuple[int, int], shifts: range) -> int:
    """By how much what `PAETH` follows differs from the pixel above, byte by byte.

    Args:
        above: the pixel above.
        step: from the one to its left to it.
        beside: two numbers whose sum is by how much the pixel to the left differs from the one above that.
        shifts: where the bytes begin.
    """
    found = 0
    for shift in shifts:
        top = above >> shift & 255
        corner = top - (step >> shift) & 255
        left = corner + (beside[0] >> shift) + (beside[1] >> shift) & 255
        to_left, to_top, to_corner = abs(top - corner), abs(left - corner), abs(left + top - 2 * corner)
        if to_left <= to_top and to_left <= to_corner:
            found |= (left - top & 255) << shift
        elif to_top > to_corner:
            found |= (corner - top & 255) << shift
    return found


def _runs(stack: Stack, place: Place) -> Runs:
    """Stretches of equal pixels of a picture whose filters are undone."""
    channels, across, above = stack.channels, stack.pixels, place.top - place.first
    rows, height = stack.rows[place.first : place.stop], place.stop - place.top
    rows[above:, (1 + place.width) * channels :] = 0
    edge = rows[above:, channels : 2 * channels]
    first = _joined(edge.copy(), channels)
    edge[:] = 1  # each row has a step at its left edge
    at = true_places(rows.reshape(-1))
    if channels > 1:
        at = _pixels_of(at, channels)
    row = at // across
    head = (at == row * across + 1).nonzero()[0]
    step = _values(rows, at, channels)
    step[head] = first
    total = _sums(step)
    before = np.zeros(height, dtype=total.dtype)  # what was added up before each row
    before[1:] = total.take(head[1:] - 1)
    kept = np.ones(len(at), dtype=bool)
    kept[head[1:]] = first[1:] != _less(before[1:], before[:-1])  # a run may go on in the next row
    index = kept.nonzero()[0]
    begin, row = at.take(index), row.take(index)
    value = _less(total.take(index), before.take(row - above))
    begin -= row * (across - place.width) + (above * place.width + 1)
    end = np.empty(len(begin), dtype=np.int32)
    end[:-1] = begin[1:]
    end[-1] = height * place.width
    return Runs(value, end)


def _pixels_of(place: Array, channels: int) -> Array:
    """The pixels that hold some bytes, each once."""
    place //= channels
    fresh = np.ones(len(place), dtype=bool)
    np.not_equal(place[1:], place[:-1], out=fresh[1:])
    return place.compress(fresh)


def _values(rows: Array, place: Array, channels: int) -> Array:
    """The bytes of some pixels, each as one number."""
    if channels == 1:
        return rows.reshape(-1).take(place)
    return _joined(rows.reshape(-1, channels).take(place, axis=0), channels)


def _joined(pixels: Array, channels: int) -> Array:
    """Pixels of shape (k, channels), each as one number."""
    if channels == 1:
        return pixels[:, 0]
    value = np.zeros((len(pixels), COLOUR.itemsize), dtype=BYTE)
    value[:, :channels] = pixels
    return value.view(COLOUR)[:, 0]


def _sums(pixel: Array) -> Array:
    """Running sums of each byte, modulo 256."""
    if pixel.dtype == BYTE:
        return np.add.accumulate(pixel, dtype=BYTE)
    channels = pixel.view(BYTE).reshape(-1, pixel.itemsize)
    return np.add.accumulate(channels, axis=0, dtype=BYTE).reshape(-1).view(pixel.dtype)


def _plus(one: Array, other: Array) -> Array:
    """The sum of each byte, modulo 256."""
    if one.dtype == BYTE:
        return one + other
    return np.add(one.view(BYTE), other.view(BYTE)).view(one.dtype)


def _less(one: Array, other: Array) -> Array:
    """The difference of each byte, modulo 256."""
    if one.dtype == BYTE:
        return one - other
    return np.subtract(one.view(BYTE), other.view(BYTE)).view(one.dtype)
