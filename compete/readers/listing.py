"""What stands in a folder of an export: its files in one order, and what folders say of parts of a published split."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, Finding
from compete.files import system_fault
from compete.readers.json_file import refusal
from compete.sources import address_of, files_below, is_remote, read_whole

PARTS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
"""How folders spell the parts of a published split, and how the column ``split`` does."""
NO_CLASSES = frozenset({"images", "labels", "masks", "annotations"})
"""Folders beside those of parts, or below them, that are no classes either."""

_PART = re.compile(
    r"(train|val|trainval|minitrain|minival|training|valid|validation|dev|eval|test|testing|holdout|unlabell?ed)"
    r"([-_ ]?(images?|imgs?|photos?|pictures?|set|data|split))?[-_ ]?\d*"
)
_LINE = re.compile(r"\r\n|\r|\n")


def listed_files(folder: Path, where: str = "") -> list[str]:
    """The files in a folder and below it, as sorted paths relative to it; hidden ones are left out.

    Raises:
        DatasetError: if there is no such folder.
        SystemFault: if the disk or a permission forbids reading.
    """
    if is_remote(folder) and (found := files_below(folder)):
        return [name for name in found if not any(part.startswith(".") for part in name.split("/"))]
    if not folder.is_dir():
        what = "is a file, where a folder is needed" if folder.exists() else "does not exist"
        raise refusal(
            "dataset/missing-file", f"{address_of(folder)!r} {what}", where, "paths are relative to challenge.yaml"
        )
    names = []
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        before = Path(place).relative_to(folder).as_posix()
        names += [name if before == "." else f"{before}/{name}" for name in files if not name.startswith(".")]
    return sorted(names)


def unprintable_names(names: Iterable[str], source: str) -> list[Finding]:
    """Say which names of files no table can hold."""
    bad = [name for name in names if not name.isprintable()]
    if not bad:
        return []
    message = counted(len(bad), "name holds", "names hold") + " characters that cannot be shown"
    examples = tuple(map(excerpt, bad[:EXAMPLES]))
    return [Finding("dataset/file-name", message, source, examples, "rename the files", count=len(bad))]


def part_of(name: str) -> str:
    """The part of a published split that the folders of a path name; empty where none does.

    >>> part_of("valid/images/a.png"), part_of("images/train/a.png"), part_of("train.png")
    ('val', 'train', '')
    """
    found = [PARTS[folder.lower()] for folder in name.split("/")[:-1] if folder.lower() in PARTS]
    return found[-1] if found else ""


def is_part(folder: str) -> bool:
    """Whether a folder is called like a part of a dataset, and not like what is in its images.

    >>> is_part("train2017"), is_part("test_images"), is_part("Valid"), is_part("training cone")
    (True, True, True, False)
    """
    return bool(_PART.fullmatch(folder.lower()))


def lines_of(data: bytes) -> list[str]:
    r"""The lines of a text in UTF-8 or, where it is not, in Latin-1; a mark at its beginning is no letter of it.

    >>> lines_of(b"\xef\xbb\xbfa\r\nb"), lines_of(b"\xe9")
    (['a', 'b'], ['é'])
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return _LINE.split(text)


def contents(path: Path, most: int) -> bytes:
    """The bytes of a file, but not more than so many.

    Raises:
        SystemFault: if the disk or a permission forbids reading.
    """
    try:
        return read_whole(path, most)
    except OSError as error:
        raise system_fault(error) from error


def _refuse(error: OSError) -> None:
    raise system_fault(error) from error
