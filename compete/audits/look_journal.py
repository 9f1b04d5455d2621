"""Looks that a killed process had taken already, kept as lines of a file; a torn or changed line is not believed."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np

from compete.audits.look_columns import Looks, joined, packed
from compete.building.journal import Origin
from compete.errors import Finding
from compete.sources import stamps_of
from compete.version import __version__

SEAL = 16
"""Hexadecimal digits of a line's digest."""


def note_looks(journal: Path, names: Sequence[str], origins: Sequence[Origin], looks: Looks) -> None:
    """Add looks to a journal, as one line; several processes may do so at once.

    Args:
        journal: the file; it is made.
        names: what findings call each image.
        origins: path and stamp of each image; one that could not be read has none and is not noted.
        looks: of each.

    Raises:
        OSError: it cannot be written.
    """
    rows = [row for row, (path, _) in enumerate(origins) if path]
    line = _line([(names[row], *origins[row]) for row in rows], looks.take(np.array(rows, np.int64)))
    with journal.open("ab", buffering=0) as file:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(journal))


def kept_looks(journal: Path, tasks: Sequence[tuple[str, str]]) -> tuple[list[int], Looks]:
    """The looks of those images that a journal tells of, and that are as they were: their rows, and the looks.

    Args:
        journal: the file; it may be absent.
        tasks: path and name of each image.
    """
    if not journal.exists():
        return [], packed([])
    row_of = {task: row for row, task in enumerate(tasks)}
    told: dict[int, tuple[int, tuple[int, ...]]] = {}
    parts, begin = [packed([])], 0
    for images, looks in _lines(journal):
        for place, (name, path, stamp) in enumerate(images, begin):
            if (row := row_of.get((path, name))) is not None:
                told[row] = place, tuple(stamp)
        parts.append(looks)
        begin += len(looks)
    now = stamps_of(tasks[row][0] for row in told)
    kept = {row: place for row, (place, stamp) in told.items() if now.get(tasks[row][0]) == stamp}
    return list(kept), joined(parts).take(np.array(list(kept.values()), np.int64))


def _line(images: Sequence[tuple[str, str, Sequence[int]]], looks: Looks) -> bytes:
    """Names, paths and stamps of images, and what was seen of them: the columns as bytes, each with type and shape."""
    columns = {}
    for field in fields(looks):
        if isinstance(column := getattr(looks, field.name), np.ndarray):
            columns[field.name] = column.dtype.str, column.shape, base64.b64encode(column.tobytes()).decode()
    findings = [(row, [astuple(finding) for finding in found]) for row, found in looks.findings.items()]
    text = json.dumps([__version__, images, looks.words, findings, columns], separators=(",", ":")).encode()
    # A line begins with its own newline, so that a torn one before it is torn alone.
    return b"\n" + _seal(text) + text + b"\n"


def _lines(journal: Path) -> Iterator[tuple[list[Any], Looks]]:
    """What the lines of a journal say, but those that are torn, or that another version wrote."""
    with journal.open("rb") as file:
        for line in file:
            text = line.rstrip(b"\n")[SEAL:]
            if line[:SEAL] != _seal(text):
                continue
            try:
                version, *content = json.loads(text)
                noted = _noted(*content) if version == __version__ else None
            except (ValueError, TypeError):  # another state of this code wrote it in another layout
                continue
            if noted:
                yield noted


def _noted(images: list[Any], words: Any, findings: Any, columns: dict[str, Any]) -> tuple[list[Any], Looks]:
    taken: dict[str, Any] = {
        name: np.frombuffer(base64.b64decode(text), kind).reshape(shape)
        for name, (kind, shape, text) in columns.items()
    }
    told = {
        row: tuple(Finding(rule, text, where, tuple(items), *more) for rule, text, where, items, *more in found)
        for row, found in findings
    }
    return images, Looks(**taken, words=tuple(map(tuple, words)), findings=told)


def _seal(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:SEAL].encode()
