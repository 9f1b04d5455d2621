"""Names of images as Roboflow writes them: copies of one source, told apart by a hash."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from compete.readers.proposals import Proposal

MARK = ".rf."
SOURCE = "source"
"""The column of sources."""


def source_of(name: str) -> str:
    """The image that a file was made from: Roboflow writes ``<name>_jpg.rf.<hash>.jpg`` for each of its copies.

    >>> source_of("train/images/a_jpg.rf.5fde1118.jpg"), source_of("b/c.png")
    ('a_jpg', 'c')
    """
    file = PurePosixPath(name)
    return file.name.partition(MARK)[0] if MARK in file.name else file.stem


def source_column(names: Sequence[str]) -> dict[str, list[str]]:
    """The column of sources, where there are copies that Roboflow made."""
    return {SOURCE: [source_of(name) for name in names]} if any(MARK in name for name in names) else {}


def source_group(cells: Sequence[str]) -> list[Proposal]:
    """The proposal that copies of one source stay together; none without such copies."""
    if not cells:
        return []
    reason = f"{len(set(cells))} sources of {len(cells)} images: Roboflow's copies of one must stay together"
    return [Proposal(SOURCE, reason)]
