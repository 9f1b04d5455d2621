"""Images as ``data.normalize`` makes them, compared before the split: what is seen of them is what is published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from compete.audits.duplicates import Duplicates, find_duplicates, united
from compete.audits.looks import Looks, looks_of
from compete.building.journal import Draft
from compete.building.media import Published, clean_files
from compete.building.media.records import Normal
from compete.errors import DatasetError, fatal


def scaled_duplicates(
    paths: Sequence[str],
    looks: Looks,
    normal: Normal,
    before: Duplicates,
    *,
    names: Sequence[str],
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Duplicates:
    """Images that show the same before or after they are scaled; smaller ones may show it where the larger do not.

    Args:
        paths: the sources, all of which can be scaled.
        looks: of each.
        normal: what all images are made.
        before: which of the sources show the same.
        names: what findings call the images.
        workers: processes; default one a core.
        progress: told how many images are scaled, and of how many.

    Raises:
        DatasetError: an image cannot be read any more.
    """
    known = [Published(look.sha256, look.kind, "", 0, 0, "", 0, normal) for look in looks]
    with TemporaryDirectory(prefix="compete-") as folder:
        root = Path(folder) / "scaled"  # the journal of what is written stands beside it
        root.mkdir()
        targets = [str(row) for row in range(len(paths))]
        scaled = clean_files(
            paths, targets, Draft(root, {}), names=names, known=known, workers=workers, progress=progress
        )
        if fatal(scaled.findings):
            raise DatasetError("some images cannot be published", scaled.findings)
        files = [str(root / file.path) for file in scaled.files if file]
        return united(before, find_duplicates(files, looks_of(files, workers=workers), workers=workers))
