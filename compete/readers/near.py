"""Proposals for annotations whose images lie in a folder of their own somewhere near."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from compete.readers.annotated_proposals import propose_annotated
from compete.readers.annotations import Annotations
from compete.readers.gathering import without_mark
from compete.readers.proposals import MOST_FOLDERS, Proposal

TRIED = 20
"""Images of which one must lie in a folder for it to be theirs."""


def propose_near(reader: str, read: Callable[[Path, Path | None], Annotations], path: Path) -> dict[str, Any]:
    """What challenge.yaml may say about annotations; images are looked for by their names beside, below and above.

    Args:
        reader: the name of the format.
        read: reads the annotations at a path, with the images in a folder, or None for where the format has them.
        path: where they are.

    Returns:
        As ``propose_annotated``.

    Raises:
        DatasetError: if the annotations cannot be read, or their images are nowhere near.
    """
    annotated = read(path, None)
    if any((annotated.root / name).is_file() for name in annotated.file[:TRIED]):
        return propose_annotated(reader, annotated, path)
    folder = _folder(path, annotated)
    if folder is None:
        return propose_annotated(reader, annotated, path)
    found = propose_annotated(reader, read(path, folder), path)
    return found | {"images": Proposal(folder, "they are there")}


def _folder(path: Path, annotated: Annotations) -> Path | None:
    """The nearest folder that holds one of the images."""
    names = {name.rpartition("/")[2] for name in annotated.file[:TRIED]}
    names |= {without_mark(name) for name in names}
    return next((folder for folder in _near(path) if any((folder / name).is_file() for name in names)), None)


def _near(path: Path) -> Iterator[Path]:
    for around in (path.parent, path.parent.parent):
        yield around
        for depth in ("*/", "*/*/"):
            yield from sorted(islice(around.glob(depth), MOST_FOLDERS))
