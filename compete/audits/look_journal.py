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

from compete.audits.look import Look
from compete.building.journal import Origin
from compete.errors import Finding
from compete.sources import stamps_of
from compete.version import __version__

SEAL = 16
"""Hexadecimal digits of a line's digest."""


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


def kept_looks(journal: Path, tasks: Sequence[tuple[str, str]]) -> dict[int, Look]:
    """The looks of those images that a journal tells of, and that are as they were, by their row.

    Args:
        journal: the file; it may be absent.
        tasks: path and name of each image.
    """
    if not journal.exists():
        return {}
    row_of = {task: row for row, task in enumerate(tasks)}
    noted: dict[int, tuple[Origin, Look]] = {}
    with journal.open("rb") as file:
        for line in file:
            if (found := _noted(line)) is not None:
                name, origin, look = found
                if (row := row_of.get((origin[0], name))) is not None:
                    noted[row] = origin, look
    now = stamps_of(origin[0] for origin, _ in noted.values())
    return {row: look for row, ((path, stamp), look) in noted.items() if now.get(path) == stamp}


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
