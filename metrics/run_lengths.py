"""COCO's compressed run lengths of many masks at once: checked before use, read and written by numpy alone.

A mask is read column after column; its runs are background, foreground, background and so on. The text holds each run,
from the fourth on less the run two before it, as a number of 5-bit digits, lowest first, in the characters ``0`` to
``o``. The texts of many masks stand end to end in one array of bytes; mask k has ``text[start[k] : start[k + 1]]``.

Runs are handled as *lanes*: two neighbouring runs (background, foreground) in one 64-bit number, so that one cumulative
sum undoes the differences of both. A last run of background completes no such pair; it is kept apart.

Source: ``common/maskApi.c`` of the COCO API (format); the code is our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from metrics.cores import on_cores, portions
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.memory import joined_pieces, reuse_memory
from metrics.run_digits import DIGITS, WINDOW, long_numbers
from metrics.scattered import Scattered, end_to_end

if TYPE_CHECKING:
    from metrics.inputs import Array

SIDE = (1 << 15) - 1
"""The longest side of a mask, in pixels."""

CHUNK = 1 << 19
"""Bytes of text handled at a time: their numbers stay in the processor's cache."""

PIXELS = 1 << 29
"""A mask has fewer pixels than this, so that the difference of two runs fits in `DIGITS`."""

FINE, CHARACTER, UNFINISHED, LARGE, NEGATIVE, SHORT, LONG, SIZE, UNPAIRED, UNORDERED, POLYGON = range(11)
FAULTS = (
    "fine",
    "holds a character that run lengths do not have",
    "ends within a number",
    "holds a number too large for any mask",
    "holds a run of negative length",
    "covers fewer pixels than height times width",
    "covers more pixels than height times width",
    f"has a height or width outside 1 to {SIDE}, or {PIXELS} pixels or more",
    "has a run without a length",
    "has a run that is empty, begins before pixel 1, or begins within the run before it",
    "has a polygon of fewer than 3 points, or a coordinate that is not a number near the image",
)
"""What is wrong with a mask, by its fault code."""

LANES = np.dtype("<i8")
LANE = np.dtype("<i4")


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """What one pass over the texts tells of each mask, every array of shape (m,).

    Attributes:
        fault: 0, or the number of the sentence in `FAULTS`; where it is not 0, the rest is 0.
        area: pixels of foreground, int64.
        first: the pixel, counted down the columns, where the first run of foreground begins, int64.
        end: the pixel after the last run of foreground, int64.
    """

    fault: Array
    area: Array
    first: Array
    end: Array


@dataclass(frozen=True, eq=False, repr=False)
class Lanes:
    """The runs of some masks: pairs of background (low half) and foreground (high half).

    Attributes:
        pair: both runs of each pair, int64, shape (pairs,); as `LANE` it is every run in order.
        start: the first pair of each mask, and the end, int64, shape (m + 1,).
        odd: whether the text ends with background, which has no pair, bool, shape (m,).
        last: the background after the last pair, int64, shape (m,); 0 where there is none.
        large: masks with a number that is too large, for which all else is void, int64.
    """

    pair: Array
    start: Array
    odd: Array
    last: Array
    large: Array


def faults(text: Array, start: Array, height: Array, width: Array) -> Array:
    """What is wrong with each text, if anything; nothing in a text makes this raise, hang or take much memory.

    Args:
        text: the characters of all masks, uint8, shape (characters,).
        start: where each text starts, and the end of the last, shape (m + 1,).
        height: pixels of each mask's columns, shape (m,).
        width: how many columns each mask has, shape (m,).

    Returns:
        One code a mask, uint8, shape (m,): 0 is fine, any other the place of its sentence in `FAULTS`.

    Raises:
        MetricError: the arrays do not fit together.

    >>> import numpy as np
    >>> text = np.frombuffer(b"52203", dtype=np.uint8)
    >>> faults(text, np.array([0, 3, 5]), np.array([3, 3]), np.array([3, 3])).tolist()
    [0, 5]
    """
    return survey(text, start, height, width).fault


def survey(text: Array, start: Array, height: Array, width: Array) -> Survey:
    """Check every text and read area and extent from it; see `faults` for the arguments."""
    height, width = np.asarray(height, dtype=np.int64), np.asarray(width, dtype=np.int64)
    check_layout(text, start, height, width)
    return survey_texts(end_to_end(text, start), height, width)


def survey_texts(texts: Scattered, height: Array, width: Array) -> Survey:
    """As `survey`, of texts wherever they stand; height and width are int64."""
    reuse_memory()
    m = len(height)
    found = Survey(np.zeros(m, np.uint8), *(np.zeros(m, np.int64) for _ in range(3)))
    wrong = (np.minimum(height, width) < 1) | (np.maximum(height, width) > SIDE) | (height * width >= PIXELS)
    found.fault[wrong] = SIZE
    pixels = np.where(wrong, 0, height * width)
    on_cores(lambda rows: _survey_chunk(found, rows, *texts.part(rows), pixels), chunks(texts.ends))
    return found


def check_layout(text: Array, start: Array, height: Array, width: Array) -> None:
    """Refuse arrays that do not fit together, before anything is read through them."""
    if text.dtype != np.uint8 or text.ndim != 1:
        raise MetricError(f"text must be bytes (uint8) in one dimension, not {text.dtype} of shape {text.shape}")
    if start.ndim != 1 or start.dtype.kind not in "iu" or not len(start):
        raise MetricError("start must be whole numbers, one more than there are masks")
    if height.shape != (len(start) - 1,) or width.shape != height.shape:
        raise MetricError(f"{len(start) - 1} texts need as many heights and widths, not {height.shape}, {width.shape}")
    if start[0] != 0 or start[-1] != len(text) or (start[1:] < start[:-1]).any():
        raise MetricError("start must rise from 0 to the length of text")


def chunks(ends: Array, size: int = CHUNK) -> Iterator[slice]:
    """Consecutive masks whose texts together, of which the ends are given, are about one cache full."""
    return portions(ends, size)


def _survey_chunk(found: Survey, rows: slice, text: Array, begin: Array, pixels: Array) -> None:
    """Survey the masks of one chunk, whose texts are given."""
    _find_bad_characters(found.fault[rows], text, begin)
    index = np.flatnonzero(found.fault[rows] == FINE)
    if len(index) < len(begin) - 1:
        text, begin = joined_pieces(text, begin[index], begin[index + 1])
    if not len(index):
        return
    index += rows.start
    lanes = read_lanes(text, begin)
    background, area, lowest = _sums(lanes)
    room = pixels[index] - background - area - lanes.last
    fault = np.where(room > 0, SHORT, np.where(room < 0, LONG, FINE))
    fault[(lowest < 0) | (lanes.last < 0)] = NEGATIVE
    fault[lanes.large] = LARGE
    fine = fault == FINE
    whole = lanes.start[1:] > lanes.start[:-1]
    opening = np.zeros(len(index), np.int64)
    opening[whole] = lanes.pair[lanes.start[:-1][whole]] & 0xFFFFFFFF
    found.fault[index] = fault
    found.area[index] = np.where(fine, area, 0)
    found.first[index] = np.where(fine, opening, 0)
    found.end[index] = np.where(fine & whole, pixels[index] - lanes.last, 0)


def _find_bad_characters(fault: Array, text: Array, start: Array) -> None:
    """Mark texts that are empty, hold a foreign character or end within a number; a known fault stays."""
    filled = start[1:] > start[:-1]
    foreign = np.zeros(len(fault), bool)
    if len(text) and (text.min() < 48 or text.max() > 111):
        place = np.flatnonzero((text < 48) | (text > 111))
        foreign[np.searchsorted(start, place, side="right") - 1] = True
    open_end = np.zeros(len(fault), bool)
    open_end[filled] = text[start[1:][filled] - 1] >= 80
    for code, marked in ((SHORT, ~filled), (UNFINISHED, open_end), (CHARACTER, foreign)):
        fault[marked & (fault != SIZE)] = code


def _sums(lanes: Lanes) -> tuple[Array, Array, Array]:
    """Background in pairs, foreground, and the shortest run of each mask."""
    m = len(lanes.last)
    background, area, lowest = np.zeros(m, np.int64), np.zeros(m, np.int64), np.zeros(m, np.int64)
    whole = np.flatnonzero(lanes.start[1:] > lanes.start[:-1])
    if not len(whole):
        return background, area, lowest
    first, run = lanes.start[whole], lanes.pair.view(LANE)
    if run.min() < 0:
        lowest[whole] = np.minimum.reduceat(run, 2 * first)
    most = int((lanes.start[1:] - lanes.start[:-1]).max())
    if int(run.max()) * most < 1 << 31:
        both = np.add.reduceat(lanes.pair, first)
        background[whole], area[whole] = both & 0xFFFFFFFF, both >> 32
    else:  # the sums of the halves could run into each other
        for half, total in ((run[::2], background), (run[1::2], area)):
            total[whole] = np.minimum(np.add.reduceat(half.astype(np.float64), first), 1 << 60).astype(np.int64)
    return background, area, lowest


def read_lanes(text: Array, start: Array) -> Lanes:
    """The runs of texts that have no bad character.

    Where a run comes out negative, that mask's runs are void from there on; those of other masks are right.

    Args:
        text: characters 48 to 111, none of the texts empty or ending within a number.
        start: where each text starts, and the end, int64, shape (m + 1,).
    """
    spaced = np.empty(len(text) + WINDOW, np.uint8)
    spaced[:WINDOW] = 0
    digit = np.subtract(text, 48, out=spaced[WINDOW:])
    more = digit >= 32
    closing = ~more
    end = np.flatnonzero(closing[1:] & more[:-1]) + 1
    size, value = long_numbers(spaced, end)
    known = np.searchsorted(end, start)
    behind = np.zeros(len(end) + 1, np.int64)
    np.cumsum(size - 1, out=behind[1:])  # the characters so far that end no number
    numbers = np.diff(start) - np.diff(behind.take(known))
    odd = (numbers & 1).astype(bool)
    tail = start[1:][odd] - 1
    large = np.zeros(0, np.int64)
    if size.max(initial=0) > DIGITS:
        large = np.searchsorted(start, end[size > DIGITS], side="right") - 1

    closing[tail] = False
    paired = closing.take(end)
    last = np.zeros(len(numbers), np.int64)
    last[odd] = _signed(digit[tail])
    alone = np.flatnonzero(~paired)
    last[np.flatnonzero(odd)[digit[tail - 1] >= 32]] = value.take(alone)  # text[-1], where tail is 0, ends a number

    number = end - behind[1:]
    number -= np.repeat(np.cumsum(odd) - odd, np.diff(known))
    pair = _pairs(digit[closing], number.compress(paired), value.compress(paired))
    begin = np.zeros(len(start), np.int64)
    np.cumsum(numbers >> 1, out=begin[1:])
    _accumulate(pair, begin)
    late = np.flatnonzero(odd & (numbers > 3))
    last[late] += pair[begin[late + 1] - 1].astype(LANE)
    return Lanes(pair, begin, odd, last, large)


def _pairs(digit: Array, number: Array, value: Array) -> Array:
    """Numbers as pairs of lanes.

    Args:
        digit: the highest digit of every number, of an even number of them.
        number: which numbers have several digits.
        value: what these are.
    """
    run = (digit ^ np.uint8(16)).astype(LANE)
    run[number] = value + 16
    borrowing = number.compress(value < -16)
    run[borrowing.compress(borrowing & 1 == 0) + 1] -= 1  # the lower half of a pair takes it from the upper
    pair: Array = run.view(LANES)
    pair -= 16 + (16 << 32)
    return pair


def _signed(digit: Array) -> Array:
    """The highest digit of a number with its sign, int32."""
    return (digit ^ np.uint8(16)).astype(np.int32) - 16


def _accumulate(pair: Array, begin: Array) -> None:
    """Undo the differences: sum both lanes within each mask, in place; the first background is not summed."""
    first = begin[:-1][begin[1:] > begin[:-1]]
    if not len(first):
        return
    opening = pair[first].astype(LANE).astype(np.int64)
    pair[first] -= opening
    total = np.add.reduceat(pair, first)
    pair[first[1:]] -= total[:-1]
    np.cumsum(pair, out=pair)
    pair[first] += opening


def decompress(text: Array, start: Array) -> tuple[Array, Array]:
    """The runs of masks whose texts are fine: background, foreground, background and so on.

    Args:
        text: the characters of all masks, uint8, shape (characters,).
        start: where each text starts, and the end of the last, shape (m + 1,).

    Returns:
        All runs end to end, int64, shape (runs,), and where each mask's runs start, int64, shape (m + 1,).
    """
    counts, lengths = [np.zeros(0, np.int64)], [np.zeros(1, np.int64)]
    for rows in chunks(start[1:]):
        lanes = read_lanes(
            text[start[rows.start] : start[rows.stop]], start[rows.start : rows.stop + 1] - start[rows.start]
        )
        length = 2 * np.diff(lanes.start) + lanes.odd
        ends = np.cumsum(length)[lanes.odd] - 1
        count = np.zeros(int(length.sum()), np.int64)
        paired = np.ones(len(count), bool)
        paired[ends] = False
        count[paired] = lanes.pair.view(LANE)
        count[ends] = lanes.last[lanes.odd]
        counts.append(count)
        lengths.append(length)
    return np.concatenate(counts), np.cumsum(np.concatenate(lengths))


def compress(count: Array, begin: Array) -> tuple[Array, Array]:
    """Write runs as compressed text, as pycocotools writes it.

    Args:
        count: all runs end to end, whole numbers, shape (runs,); what no mask has is written so that it is found.
        begin: where each mask's runs start, and the end of the last, shape (m + 1,).

    Returns:
        The characters, uint8, shape (characters,), and where each text starts, int64, shape (m + 1,).

    >>> import numpy as np
    >>> text, start = compress(np.array([5, 2, 2]), np.array([0, 3]))
    >>> text.tobytes(), start.tolist()
    (b'522', [0, 3])
    """
    texts, lengths = [np.zeros(0, np.uint8)], [np.zeros(1, np.int64)]
    for rows in chunks(begin[1:]):
        part = begin[rows.start : rows.stop + 1]
        text, start = _compress_chunk(count[part[0] : part[-1]].astype(np.int64), part - part[0])
        texts.append(text)
        lengths.append(np.diff(start))
    return np.concatenate(texts), np.cumsum(np.concatenate(lengths))


def _compress_chunk(count: Array, begin: Array) -> tuple[Array, Array]:
    """Write the runs of few masks; see `compress`."""
    value = count.copy()
    value[2:] -= count[:-2]
    for offset in range(3):
        raw = begin[:-1] + offset
        raw = raw[raw < begin[1:]]
        value[raw] = count[raw]
    size = np.where(value < 0, ~value, value)
    length = np.ones(len(value), np.int64)
    bound = 16
    while bound <= size.max(initial=0):
        length += size >= bound
        bound <<= 5
    ends = np.zeros(len(value) + 1, np.int64)
    np.cumsum(length, out=ends[1:])
    text = np.empty(int(ends[-1]), np.uint8)
    index, place = np.arange(len(value)), ends[:-1]
    while len(index):
        length[index] -= 1
        more = length.take(index) > 0
        text[place] = (value.take(index) & 31) + np.where(more, 80, 48)
        value[index] >>= 5
        index, place = index[more], place[more] + 1
    return text, ends[begin]
