"""Proposals for annotations whose images lie in a folder of their own somewhere near."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compete.readers.annotated_proposals import propose_annotated
from compete.readers.annotations import Annotations
from compete.readers.gathering import without_mark
from compete.readers.proposals import Proposal
from compete.readers.whereabouts import any_there, home_near


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
    if any_there(annotated.file, annotated.root):
        return propose_annotated(reader, annotated, path)
    names = [name.rpartition("/")[2] for name in annotated.file]
    home = home_near(path, names) or home_near(path, list(map(without_mark, names)))
    if home is None:
        return propose_annotated(reader, annotated, path)
    found = propose_annotated(reader, read(path, home.folder), path)
    return found | {"images": Proposal(home.folder, home.reason)}
