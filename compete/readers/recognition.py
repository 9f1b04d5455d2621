"""Formats found by looking: what a path holds, and by what one knows it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import islice
from pathlib import Path

from compete.errors import EXAMPLES, Finding, UsageError
from compete.files import system_fault
from compete.sources import address_of, files_below, is_file, is_folder, is_remote, read_whole

LOOK = 1 << 16
"""Bytes of a file that are looked at."""
MOST_NAMES = 5000
"""Files of a folder that are looked at."""
MOST_TRIED = 20
"""Files of a folder without a format that are looked at one by one."""
DEPTH = 4


@dataclass(frozen=True)
class Glance:
    """A first look at a path, the same for all formats; nothing is read twice.

    Attributes:
        path: a file or a folder.
    """

    path: Path

    @cached_property
    def is_file(self) -> bool:
        """Whether it is a file, here or on another machine."""
        return is_file(self.path)

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder, here or on another machine."""
        return not self.is_file and is_folder(self.path)

    @cached_property
    def head(self) -> bytes:
        """The first bytes of a file; none of a folder."""
        return b"" if self.is_folder else read_head(self.path)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The files in a folder and below it, sorted, as paths relative to it; hidden ones and links are left out."""
        if not self.is_folder:
            return ()
        if is_remote(self.path):
            return tuple(islice(_shown(files_below(self.path)), MOST_NAMES))
        return tuple(sorted(islice(_below(self.path, ""), MOST_NAMES)))

    def ending(self, *suffixes: str) -> list[str]:
        """The names with one of these endings, in lower case and with their dot; of a file its own name."""
        names = self.names or ((self.path.name,) if self.is_file else ())
        return [name for name in names if name.lower().endswith(suffixes)]

    def first(self, *suffixes: str) -> bytes:
        """The first bytes of the first file with one of these endings; none where there is no such file."""
        found = self.ending(*suffixes)
        return read_head(self.path / found[0] if self.names else self.path) if found else b""


def read_head(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        SystemFault: if the disk or a permission forbids reading.
    """
    try:
        return read_whole(path, LOOK)
    except OSError as error:
        raise system_fault(error) from error


def recognise(path: Path, readers: Mapping[str, str]) -> tuple[str, str]:
    """The format that a path holds, and why.

    Args:
        path: a file or a folder.
        readers: name -> module, the most telling formats first; each has ``recognise(glance) -> str``, which is why it
            knows the format, or empty.

    Returns:
        Name and reason; the reason also names the other formats that it might be.

    Raises:
        UsageError: if no format is recognised.
        SystemFault: if the disk or a permission forbids reading.
    """
    glance = Glance(path)
    found = {name: reason for name, module in readers.items() if (reason := import_module(module).recognise(glance))}
    if not found:
        inside = _known_inside(glance, readers)
        hint = f"say which of its files: --from {' or --from '.join(inside)}" if inside else ""
        hint = hint or f"say the format yourself: --from READER:PATH, with one of {', '.join(readers)}"
        message = f"{path.name} looks like no format that is known"
        raise UsageError("nothing was written", [Finding("usage/unknown-format", message, address_of(path), hint=hint)])
    name, *others = found
    return name, found[name] + (f"; it might be {' or '.join(others)} too" if others else "")


def _known_inside(folder: Glance, readers: Mapping[str, str]) -> list[str]:
    """The first files of annotations in a folder whose format is known, as READER:PATH."""
    found: list[str] = []
    names = folder.ending(".json", ".ndjson", ".xml", ".csv", ".zip", ".parquet") if folder.is_folder else []
    for name in names[:MOST_TRIED]:
        glance = Glance(folder.path / name)
        reader = next((reader for reader, module in readers.items() if import_module(module).recognise(glance)), "")
        found += [f"{reader}:{address_of(glance.path)}"] if reader else []
    return found[:EXAMPLES]


def _shown(names: Iterable[str]) -> Iterator[str]:
    """Of the files of another machine those that ``_below`` would show."""
    for name in names:
        if name.count("/") <= DEPTH and not any(part.startswith(".") for part in name.split("/")):
            yield name


def _below(folder: Path, before: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise system_fault(error) from error
    for entry in entries:
        name = before + entry.name
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_file():
            yield name
        elif entry.is_dir() and name.count("/") < DEPTH:
            yield from _below(Path(entry.path), f"{name}/")
