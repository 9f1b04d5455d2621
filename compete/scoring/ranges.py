"""Find the cells of a large CSV text on all cores: each scans a range of whole lines.

Where a range begins inside a quoted cell, or anything is wrong or odd, what is found depends on the lines before. So a
range takes only rows of which nothing is to be told, and where one holds others, the text is scanned in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from compete.errors import SubmissionError
from compete.scoring import scanning
from compete.scoring.scanning import NEWLINE, Scan, scan
from compete.scoring.source import Caps, Source
from compete.scoring.spans import Array
from compete.scoring.threads import shares, side_by_side

WORTH = 1 << 21
"""Bytes for each thread, below which another one costs more than it saves."""


def scan_ranges(
    source: Source, begin: int, columns: int, wanted: Sequence[int], caps: Caps, *, hashed: bool = False
) -> Scan:
    """Find the cells of all rows from ``begin`` on, as `scanning.scan` does, on all cores where that is worth it.

    With ``hashed``, the source is asked for its fingerprint meanwhile, and knows it from then on.
    """
    end = source.end + (source.end > begin and source.buffer[source.end - 1] != NEWLINE)
    cuts = _cuts(source, begin, end, shares(end - begin, WORTH), caps)
    if len(cuts) > 2:
        found = Scan(source, columns, wanted, caps, *_spans(source, wanted, 0))
        if _scan_all(found, cuts, hashed=hashed):
            return found
    if hashed:  # before cells are unfolded in place
        source.sha256()
    return scan(source, begin, columns, wanted, caps)


def _cuts(source: Source, begin: int, end: int, count: int, caps: Caps) -> list[int]:
    """Where ranges begin and the last one ends: after newlines, about equally far apart."""
    cuts = {begin, end}
    for share in range(1, count):
        near = begin + (end - begin) * share // count
        newline = np.flatnonzero(source.buffer[near : min(near + caps.row, end)] == NEWLINE)
        cuts |= {near + int(place) + 1 for place in newline[:1]}
    return sorted(cuts)


def _neighbours(cuts: Sequence[int]) -> list[tuple[int, int]]:
    """Each but the last with the next; `itertools.pairwise` came with Python 3.10."""
    return [(cuts[place], cuts[place + 1]) for place in range(len(cuts) - 1)]


def _spans(source: Source, wanted: Sequence[int], rows: int) -> tuple[Array, Array]:
    """Room for the spans of rows; one array for all columns, for the system gives large ones in large pages."""
    kind = np.int32 if source.buffer.size < 2**31 else np.int64
    return np.empty((len(wanted), rows), kind), np.empty((len(wanted), rows), np.int32)


def _scan_all(found: Scan, cuts: Sequence[int], *, hashed: bool) -> bool:
    """Scan ranges side by side into one array; false where the text must be scanned in one go."""
    source, ranges = found.source, _neighbours(cuts)
    scanning.keep_freed_memory()
    lines = [source.newlines(low, high) for low, high in ranges]
    rows = sum(lines)
    # Every row has a byte for each of its cells: else there are other lines, and room for all could be too much.
    if rows * found.columns > cuts[-1] - cuts[0] or (found.caps.rows is not None and rows > found.caps.rows):
        return False
    found.start, found.length = _spans(source, found.wanted, rows)
    found.reserved = rows
    edge = np.concatenate(([0], np.cumsum(lines))).tolist()
    parts = [_part(found, low, high) for low, high in _neighbours(edge)]
    halted: list[bool] = []
    works: list[Callable[[], object]] = [partial(_scan_range, *one, halted) for one in zip(parts, ranges)]
    side_by_side(works + [source.sha256] * hashed)
    for part in parts if not halted else []:
        _join(found, part)
    return not halted


def _join(found: Scan, part: Scan) -> None:
    """Take in the rows of the next range, which stand where they belong unless a cell before them holds newlines."""
    low, high = found.rows, found.rows + part.rows
    if part.start.ctypes.data != found.start[:, low:high].ctypes.data:
        found.start[:, low:high] = part.start[:, : part.rows]
        found.length[:, low:high] = part.length[:, : part.rows]
    found.rows = high


def _part(found: Scan, low: int, high: int) -> Scan:
    """A scan that writes the rows ``low:high`` of another."""
    start, length = found.start[:, low:high], found.length[:, low:high]
    return replace(found, start=start, length=length, reserved=high - low, good_only=True, ragged=[], control=[])


def _scan_range(found: Scan, span: tuple[int, int], halted: list[bool]) -> None:
    """Scan a range; makes ``halted`` true for all ranges at the first block that holds anything but good rows."""
    begin, end = span
    while begin < end and not halted:
        block = found.source.buffer[begin : min(begin + scanning.BLOCK, end)]
        try:
            used = scanning.take_block(found, begin, block)
        except SubmissionError:  # it is told by the scan in one go, unless an earlier line has a worse fault
            used = 0
        if not used or found.control_count:
            halted.append(True)
        begin += used
