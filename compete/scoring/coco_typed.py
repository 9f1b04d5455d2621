"""COCO results read with msgspec where it is installed: only what is surely plain, and just as ``json`` reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Optional, Union

import numpy as np

from compete.scoring.coco_columns import (
    CATEGORY,
    CONTENT,
    IMAGE,
    SCORE,
    Columns,
    Shapes,
    join_columns,
    polygons_by_entry,
)
from compete.scoring.json_text import collection_paused
from compete.scoring.source import Source
from compete.scoring.texts import texts_of
from metrics.frozen import dataclass

SLICE = 1 << 18
"""Bytes decoded at a time, so that what is made of them stays in the cache."""

_BETWEEN = re.compile(rb"\}[ \t\n\r]*,[ \t\n\r]*(?=\{)")
_KEYS = 4


@dataclass(frozen=True, eq=False)
class Decoders:
    """What msgspec gives: a decoder for a list of results of each kind, the type of run lengths, and its own error."""

    kind: dict[str, Any]
    runs: type
    error: type[Exception]


def installed_msgspec() -> Any:
    """The msgspec library; None where it is not installed."""
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec


@lru_cache(maxsize=1)
def decoders() -> Optional[Decoders]:
    """The typed decoders; None where msgspec is not installed."""
    msgspec = installed_msgspec()
    if msgspec is None:
        return None
    box = tuple[float, float, float, float]
    strict: dict[str, Any] = {"gc": False, "forbid_unknown_fields": True}
    runs: Any = msgspec.defstruct("Runs", [("size", tuple[int, int]), ("counts", Union[str, list[int]])], **strict)
    content: dict[str, Any] = {"boxes": box, "masks": Union[runs, list[list[float]]], "points": list[float]}
    found: dict[str, Any] = {}
    for kind, held in content.items():
        fields = [(IMAGE, int), (CATEGORY, int), (CONTENT[kind], held), (SCORE, float)]
        beside = [] if kind == "boxes" else [("bbox", Optional[box], None)]
        result: Any = msgspec.defstruct("Result", [*fields, *beside], **strict)
        found[kind] = msgspec.json.Decoder(list[result])
    return Decoders(found, runs, msgspec.DecodeError)


def plain_columns(source: Source, kind: str, points: int = 0) -> Optional[Columns]:
    """Read results that are surely plain; None where anything is odd, for the exact reader to say what.

    Plain is a list of at least one object, each with the four keys and none besides (a box may stand beside a mask or
    keypoints, and is not read), and each value of the type that it should have. A key that stands twice shows in the
    number of quotation marks: every result needs as many as its keys have, so none can have fewer, and one that has
    more is seen in the sum.

    Args:
        source: the file.
        kind: ``boxes``, ``masks`` or ``points``.
        points: how many keypoints an object has.
    """
    found = decoders()
    if found is None:
        return None
    parts, quotes = [], 0
    try:
        with collection_paused():
            for piece in slices(source.buffer.data[source.begin : source.end]):
                part, needed = _part(found, found.kind[kind].decode(piece), kind, points)
                parts.append(part)
                quotes += needed
    except (found.error, ValueError, OverflowError, RecursionError):
        return None
    if quotes != source.count(b'"'):
        return None
    return join_columns(parts)


def slices(raw: Union[bytes, memoryview]) -> Iterator[bytes]:
    """A list of objects as several lists; if each is such a list, so is the whole.

    >>> list(slices(b'[{"a": 1}, {"a": 2}]'))
    [b'[{"a": 1}, {"a": 2}]']
    """
    low = 0
    while True:
        cut = _BETWEEN.search(raw, low + SLICE)
        head = b"[" if low else b""
        if cut is None:
            yield b"".join((head, raw[low:]))
            return
        yield b"".join((head, raw[low : cut.start() + 1], b"]"))
        low = cut.end()


def _part(found: Decoders, results: Sequence[Any], kind: str, points: int) -> tuple[Columns, int]:
    """The columns of some results, and how many quotation marks their keys and texts need."""
    n = len(results)
    if not n:
        raise ValueError("an empty list")
    image, category = (np.fromiter(map(attrgetter(key), results), np.int64, n) for key in (IMAGE, CATEGORY))
    score = np.fromiter(map(attrgetter(SCORE), results), np.float64, n)
    content = list(map(attrgetter(CONTENT[kind]), results))
    quotes = 2 * _KEYS * n
    if kind != "boxes":
        quotes += 2 * (n - list(map(attrgetter("bbox"), results)).count(None))
    if kind == "masks":
        shapes, more = typed_shapes(found.runs, content)
        return Columns(image, category, score, shapes=shapes), quotes + more
    width = 4 if kind == "boxes" else 3 * points
    if kind == "points" and set(map(len, content)) != {width}:
        raise ValueError("another number of keypoints")
    numbers = np.fromiter(chain.from_iterable(content), np.float64, width * n).reshape(n, width)
    return Columns(image, category, score, numbers), quotes


def typed_shapes(type_of_runs: type, content: Sequence[Any]) -> tuple[Shapes, int]:
    """Segmentations that msgspec decoded, and how many quotation marks they need.

    Args:
        type_of_runs: the type of those that are run lengths; the others are lists of polygons.
        content: the segmentations.

    Raises:
        ValueError: a polygon has fewer than three points or half of one, or run lengths are not ASCII.
    """
    n = len(content)
    every = set(map(type, content)) == {type_of_runs}
    rows = slice(None) if every else [row for row, one in enumerate(content) if type(one) is type_of_runs]
    runs = content if every else [one for one in content if type(one) is type_of_runs]
    polygons = {} if every else {row: one for row, one in enumerate(content) if type(one) is list}
    if any(not one or any(len(part) < 6 or len(part) % 2 for part in one) for one in polygons.values()):
        raise ValueError("a polygon without area")
    size, length = np.zeros((n, 2), dtype=np.int64), np.zeros(n, dtype=np.int64)
    size[rows] = np.fromiter(chain.from_iterable(map(attrgetter("size"), runs)), np.int64, 2 * len(runs)).reshape(-1, 2)
    texts, counts = list(map(attrgetter("counts"), runs)), {}
    if not set(map(type, texts)) <= {str}:
        counts = {row: one.counts for row, one in enumerate(content) if type(getattr(one, "counts", None)) is list}
        texts = [one if type(one) is str else "" for one in texts]
    length[rows] = list(map(len, texts))
    quotes = 6 * len(runs) - 2 * len(counts)
    return Shapes(texts_of("".join(texts).encode("ascii"), length), size, counts, polygons_by_entry(polygons)), quotes
