"""The images of a bundle: cleaned, under opaque names, and no image on both sides of the split."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from compete.building.media import CleanedFile, clean_files
from compete.building.parts import TRAIN_PART
from compete.building.plan import Plan
from compete.errors import DatasetError, Finding, fatal
from compete.version import __version__

Progress = Callable[[str, int, int], None]
JOURNAL = "journal"
"""The file beside the draft that tells which images are done."""

PICTURE_RULES = {
    "image/same-in-both": (
        "The same image is in train and in the test.",
        "Two items have the same bytes once metadata are removed, and the split has put them on different sides: the "
        "label of the one tells that of the other. Remove one of the two, or give both the same `data.group`.",
    ),
}


def write_pictures(
    plan: Plan, root: Path, *, workers: int | None = None, progress: Progress | None = None
) -> tuple[Plan, list[Finding]]:
    """Write every item's image to ``public/train`` or ``public/test``.

    Beside the draft a journal is kept. If a build that was killed left one, the images that it proves whole are not
    written again, and whatever else is in the draft is removed.

    Args:
        plan: with source files.
        root: the bundle's draft; nothing of this build is in it yet.
        workers: processes; None one a core.
        progress: told how many images are done.

    Returns:
        The plan with the files as they are named in the bundle, and warnings and notes.

    Raises:
        DatasetError: if an image cannot be taken.
        OSError: if one cannot be written.
    """
    folders = {True: root / "public" / "train", False: root / "public" / "test"}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    in_train = plan.part == TRAIN_PART
    order = _order(plan)
    targets = [folders[bool(in_train[row])] / plan.id[row] for row in order]
    journal = root.parent / JOURNAL
    written, findings = _cleaned(plan, order, targets, workers=workers, progress=progress, journal=journal)
    names = dict(zip(order, (file.target for file in written), strict=True))
    return replace(plan, file=[names[row] for row in range(len(order))]), findings


def try_pictures(plan: Plan, *, workers: int | None = None, progress: Progress | None = None) -> list[Finding]:
    """Say what ``write_pictures`` would say, and write nothing.

    Raises:
        DatasetError: if an image cannot be taken.
    """
    return _cleaned(plan, _order(plan), None, workers=workers, progress=progress)[1]


def _order(plan: Plan) -> list[int]:
    """The items in the order of their ids, which tells nothing."""
    order: list[int] = np.argsort(plan.id.astype(str), kind="stable").tolist()
    return order


def picture_label(plan: Plan) -> str:
    """What the images of a bundle depend on beside the images themselves, as a digest.

    Returns:
        SHA-256 in hex, of the challenge, its key, and the versions of what writes images.
    """
    from PIL import __version__ as pillow
    from PIL import features

    makers = ["compete", __version__, "Pillow", pillow, "zlib", str(features.version("zlib"))]
    return hashlib.sha256("\n".join([plan.challenge.sha256, plan.key.hex(), *makers]).encode()).hexdigest()


def _cleaned(
    plan: Plan,
    order: Sequence[int],
    targets: Sequence[Path] | None,
    *,
    workers: int | None,
    progress: Progress | None,
    journal: Path | None = None,
) -> tuple[list[CleanedFile], list[Finding]]:
    """The images in an order, cleaned, and what was found."""
    assert plan.file is not None
    told = (lambda done, total: progress("images", done, total)) if progress else None
    sources, names = [plan.file[row] for row in order], [_name(plan, row) for row in order]
    cleaned = clean_files(sources, targets, names=names, workers=workers, progress=told, journal=journal)
    if fatal(cleaned.findings):
        raise DatasetError("some images cannot be published", cleaned.findings)
    files = [file for file in cleaned.files if file is not None]
    return files, [*cleaned.findings, *_twins(plan, order, files)]


def _name(plan: Plan, row: int) -> str:
    """What a finding calls an item's image: its file with the folder it is in, which alone may tell two apart."""
    assert plan.file is not None
    return "/".join(plan.file[row].parts[-2:])


def _twins(plan: Plan, order: Sequence[int], written: Sequence[CleanedFile]) -> list[Finding]:
    """Warn of images that are equal and stand on both sides."""
    assert plan.file is not None
    same: dict[str, list[int]] = defaultdict(list)
    for row, file in zip(order, written, strict=True):
        same[file.sha256].append(row)
    crossing = [rows for rows in same.values() if len({bool(plan.part[row] == TRAIN_PART) for row in rows}) == 2]
    if not crossing:
        return []
    pairs = tuple(" = ".join(sorted(_name(plan, row) for row in rows)) for rows in crossing)
    message = f"{len(crossing)} images are in train and in the test alike"
    hint = "remove the copies, or give them one data.group"
    place = plan.challenge.where("data.file")
    return [Finding("image/same-in-both", message, place, pairs, hint, "warning", len(crossing))]
