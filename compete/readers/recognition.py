"""Formats found by looking: what a path holds, and by what one knows it."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import islice
from pathlib import Path

from compete.errors import EXAMPLES, Finding, UsageError
from compete.files import system_fault
from compete.readers.archive_files import PACKED
from compete.readers.images import is_image_name
from compete.sources import address_of, files_below, is_file, is_folder, is_remote, read_whole

LOOK = 1 << 16
"""Bytes of a file that are looked at."""
MOST_NAMES = 5000
"""Files of a folder that are looked at."""
MOST_TRIED = 20
"""Files of a folder without a format that are looked at one by one."""
DEPTH = 4
ANNOTATIONS = (".json", ".ndjson", ".xml")
TABLES = (".csv", ".zip", ".parquet")
LABELLING = (*ANNOTATIONS, *TABLES, ".tsv", ".txt", ".yaml", ".yml")
"""How the names of files end that may say what images hold."""
TELLING_LEAST = frozenset({"folder"})
"""Formats that are known by the mere names of folders."""


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
            return tuple(sorted(_shown(files_below(self.path))[:MOST_NAMES]))
        return tuple(sorted(islice(_below(self.path), MOST_NAMES)))

    def ending(self, *suffixes: str) -> list[str]:
        """The names with one of these endings, in lower case and with their dot; of a file its own name."""
        names = self.names or ((self.path.name,) if self.is_file else ())
        return [name for name in names if name.lower().endswith(suffixes)]

    def first(self, *suffixes: str) -> bytes:
        """The first bytes of the first file with one of these endings; none where there is no such file."""
        found = self.ending(*suffixes)
        return read_head(self.path / found[0] if self.names else self.path) if found else b""


def read_head(path: Path) -> bytes:
    """The first bytes of a file; of a text with a mark of its encoding, what they would be in UTF-8 without one.

    Raises:
        SystemFault: if the disk or a permission forbids reading.
    """
    try:
        head = read_whole(path, LOOK)
    except OSError as error:
        raise system_fault(error) from error
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore").encode(errors="ignore")
    return head.removeprefix(codecs.BOM_UTF8)


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
    found = _claims(glance, readers)
    if not found:
        message = f"{path.name} looks like no format that is known"
        hint = _advice(glance, readers)
        raise UsageError("nothing was written", [Finding("usage/unknown-format", message, address_of(path), hint=hint)])
    name, *others = found
    return name, found[name] + (f"; it might be {' or '.join(others)} too" if others else "")


def annotations_in(path: Path, readers: Mapping[str, str]) -> Path:
    """The file of annotations by which a folder is known, where it is the only one and nothing else tells more.

    Args:
        path: a file or a folder.
        readers: as for ``recognise``.

    Returns:
        That file, as ``convert`` writes one beside its images; else the path itself.

    Raises:
        SystemFault: if the disk or a permission forbids reading.
    """
    glance = Glance(path)
    names = glance.ending(*ANNOTATIONS) if glance.is_folder else []
    if len(names) > MOST_TRIED:
        return path
    inside = [name for name in names if _claims(Glance(path / name), readers)]
    if len(inside) != 1 or _claims(glance, readers).keys() - TELLING_LEAST:
        return path
    return path / inside[0]


def _claims(glance: Glance, readers: Mapping[str, str]) -> dict[str, str]:
    """The formats that a path may have, each with why it may."""
    return {name: reason for name, module in readers.items() if (reason := import_module(module).recognise(glance))}


def _advice(glance: Glance, readers: Mapping[str, str]) -> str:
    """What to do with a path of no known format."""
    if glance.ending(*PACKED) and glance.is_file:
        return "unpack it first, and name the folder: --from auto:FOLDER"
    if inside := _known_inside(glance, readers):
        return f"say which of its files: --from {' or --from '.join(inside)}"
    if any(map(is_image_name, glance.names)) and not glance.ending(*LABELLING):
        return "nothing labels its images: put them into one folder a class, or write a table of files and labels"
    return f"say the format yourself: --from READER:PATH, with one of {', '.join(readers)}"


def _known_inside(folder: Glance, readers: Mapping[str, str]) -> list[str]:
    """The first files of annotations in a folder whose format is known, as READER:PATH."""
    found: list[str] = []
    names = folder.ending(*ANNOTATIONS, *TABLES) if folder.is_folder else []
    for name in names[:MOST_TRIED]:
        glance = Glance(folder.path / name)
        found += [f"{reader}:{address_of(glance.path)}" for reader in list(_claims(glance, readers))[:1]]
    return found[:EXAMPLES]


def _shown(names: Iterable[str]) -> list[str]:
    """Of the files of another machine those that ``_below`` would show, in its order."""
    shown = (name for name in names if not any(part.startswith(".") for part in name.split("/")))
    return sorted((name for name in shown if name.count("/") <= DEPTH), key=lambda name: name.count("/"))


def _below(folder: Path) -> Iterator[str]:
    """The files in a folder and below it, level by level, so that a large folder hides none that stands above."""
    level = [""]
    for _ in range(DEPTH + 1):
        deeper: list[str] = []
        for before in level:
            for entry in _entries(folder / before):
                if entry.is_file():
                    yield before + entry.name
                elif entry.is_dir():
                    deeper.append(f"{before}{entry.name}/")
        level = deeper


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What stands in a folder, sorted; without what is hidden, and without links."""
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise system_fault(error) from error
    return [entry for entry in found if not entry.name.startswith(".") and not entry.is_symlink()]
