"""Looks that a killed process had taken already, kept as lines of a file; a torn or changed line is not believed."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from compete.audits.look import Look
from compete.audits.look_columns import Looks, joined, packed
from compete.building.journal import Origin
from compete.errors import Finding
from compete.sources import stamps_of
from compete.version import __version__

SEAL = 16
"""Hexadecimal digits of a line's digest."""
AT_ONCE = 1024
"""Looks that are held as records before they become columns."""


def note_looks(journal: Path, tasks: Sequence[tuple[str, str, Origin]], looks: Sequence[Look]) -> None:
    """Add looks to a journal; several processes may do so at once.

    Args:
        journal: the file; it is made.
        tasks: path, name and origin of each image; one that could not be read has no origin and is not noted.
        looks: of each.

    Raises:
        OSError: it cannot be written.
    """
    lines = [_line(name, origin, look) for (_, name, origin), look in zip(tasks, looks, strict=True) if origin[0]]
    data = b"".join(lines)
    with journal.open("ab", buffering=0) as file:
        if file.write(data) != len(data):
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
    stamp_of: dict[int, tuple[int, Sequence[int]]] = {}
    parts: list[Looks] = []
    some: list[Look] = []
    with journal.open("rb") as file:
        for found in filter(None, map(_noted, file)):
            name, (path, stamp), look = found
            if (row := row_of.get((path, name))) is not None:
                stamp_of[row] = len(parts) * AT_ONCE + len(some), stamp
                some.append(look)
                if len(some) == AT_ONCE:
                    parts.append(packed(some))
                    some = []
    now = stamps_of(tasks[row][0] for row in stamp_of)
    kept = {row: place for row, (place, stamp) in stamp_of.items() if now.get(tasks[row][0]) == stamp}
    return list(kept), joined([*parts, packed(some)]).take(np.array(list(kept.values()), np.int64))


def _line(name: str, origin: Origin, look: Look) -> bytes:
    fields: Mapping[str, Any] = look._asdict()
    told = [astuple(finding) for finding in look.findings]
    content = [
        base64.b64encode(value).decode() if isinstance(value, bytes) else told if key == "findings" else value
        for key, value in fields.items()
    ]
    text = json.dumps([__version__, name, origin, content], separators=(",", ":")).encode()
    # A line begins with its own newline, so that a torn one before it is torn alone.
    return b"\n" + _seal(text) + text + b"\n"


def _noted(line: bytes) -> tuple[str, Origin, Look] | None:
    """What a line says; None if it is torn, or if another version wrote it."""
    text = line.rstrip(b"\n")[SEAL:]
    if line[:SEAL] != _seal(text):
        return None
    try:
        version, name, (path, numbers), content = json.loads(text)
        if version != __version__ or len(content) != len(Look._fields):
            return None
        values: list[Any] = [
            base64.b64decode(value) if isinstance(default, bytes) else value
            for value, default in zip(content, Look._field_defaults.values(), strict=True)
        ]
    except (ValueError, TypeError):
        return None
    told = tuple(Finding(rule, text, where, tuple(items), *more) for rule, text, where, items, *more in values[-1])
    return name, (path, tuple(numbers)), Look(*values[:-1])._replace(findings=told)


def _seal(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:SEAL].encode()
