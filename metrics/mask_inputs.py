"""What masks are made from, brought into arrays: sizes, texts, run lengths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.inputs import MetricError
from metrics.run_lengths import PIXELS, SIDE

if TYPE_CHECKING:
    from metrics.inputs import Array


def whole_numbers(values: Any, name: str) -> Array:
    """An array of whole numbers in one dimension, whatever the width of its integers."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise MetricError(f"{name} must be whole numbers in one dimension, not {array.dtype} of shape {array.shape}")
    return array if array.size else array.astype(np.int64)


def sizes_of(values: Any, m: int) -> Array:
    """One height or width a mask; one for all is repeated; what does not fit in 32 bits is no size and becomes 0."""
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise MetricError(f"height and width must be whole numbers, not {array.dtype}")
    array = np.where((array > 0) & (array <= SIDE), array, 0)
    return np.full(m, array, np.int32) if array.ndim == 0 else array.astype(np.int32)


def pixels_of(height: Array, width: Array) -> Array:
    """How many pixels each mask has; 0 where its size is wrong."""
    return height.astype(np.int64) * width.astype(np.int64)


def joined_texts(texts: Sequence[Any]) -> tuple[Array, Array]:
    """All texts end to end, uint8, and where each starts; what does not fit in a byte becomes what no mask may hold.

    Raises:
        MetricError: a text is neither str nor bytes, or not as the others.
    """
    try:
        joined = np.frombuffer(_bytes_of(texts), np.uint8)
    except TypeError as fault:
        raise MetricError(f"compressed run lengths are text, one a mask: {fault}") from fault
    return joined, _starts(texts)


def _bytes_of(texts: Sequence[Any]) -> bytes:
    """All texts end to end, one byte a character."""
    if not len(texts) or not isinstance(texts[0], str):
        return b"".join(texts)
    text = "".join(texts)
    if text.isascii():
        return text.encode("ascii")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    return np.minimum(codes, 255).astype(np.uint8).tobytes()


def _starts(rows: Sequence[Any]) -> Array:
    """Where each row starts when all stand end to end, and the end, int64."""
    start = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=start[1:])
    return start


def flat_counts(counts: Sequence[Any]) -> tuple[Array, Array]:
    """The run lengths of all masks end to end, int64, and where those of each start.

    Raises:
        MetricError: a run is not a whole number.
    """
    return _whole_counts(counts), _starts(counts)


def _whole_counts(counts: Sequence[Any]) -> Array:
    """The run lengths of all masks end to end, int64."""
    if len(counts) and all(isinstance(count, np.ndarray) for count in counts):
        return np.clip(whole_numbers(np.concatenate(counts), "a mask's runs"), -PIXELS, PIXELS).astype(np.int64)
    flat = list(chain.from_iterable(counts))
    if not set(map(type, flat)) <= {int}:
        raise MetricError("a mask's runs must be whole numbers")
    if flat and (min(flat) < -PIXELS or max(flat) > PIXELS):
        flat = [max(-PIXELS, min(run, PIXELS)) for run in flat]  # as wrong as before, and few enough bits
    return np.array(flat, dtype=np.int64)
