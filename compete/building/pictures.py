"""The images of a bundle: cleaned, under opaque names, and no image on both sides of the split."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from compete.audits.look import Look
from compete.building.journal import Draft
from compete.building.media import CleanedFile, Published, clean_files
from compete.building.normal import normal_of
from compete.building.parts import TRAIN_PART
from compete.building.plan import Plan
from compete.building.survey import image_name
from compete.bundle import Listed
from compete.errors import DatasetError, Finding, fatal
from compete.version import __version__

Progress = Callable[[str, int, int], None]
FOLDERS = ("test", "train")
"""The folders below ``public`` of images of the test and of train."""

PICTURE_RULES = {
    "image/same-in-both": (
        "The same image is in train and in the test.",
        "Two items have the same bytes once metadata are removed, and the split has put them on different sides: the "
        "label of the one tells that of the other. It happens with a given split (`split.column`) and with "
        "`data.duplicates: keep`. Remove one of the two, or let `build` keep them together.",
    ),
}


def picture_targets(plan: Plan) -> list[str]:
    """Where each item's image will stand, below the bundle and without suffix."""
    in_train = (plan.part == TRAIN_PART).tolist()
    return [f"public/{FOLDERS[train]}/{name}" for name, train in zip(plan.id, in_train, strict=True)]


def write_pictures(
    plan: Plan, draft: Draft, *, workers: int | None = None, progress: Progress | None = None
) -> tuple[Plan, list[Finding], dict[str, Listed]]:
    """Write every item's image to ``public/train`` or ``public/test``, but for those that a killed build has written.

    Args:
        plan: with source files.
        draft: the bundle's draft.
        workers: processes; None one a core.
        progress: told how many images are done.

    Returns:
        The plan with the files as they are named in the bundle, warnings and notes, and what the manifest tells of
        each file that was written.

    Raises:
        DatasetError: if an image cannot be taken.
        OSError: if one cannot be written.
    """
    for folder in FOLDERS:
        (draft.root / "public" / folder).mkdir(parents=True, exist_ok=True)
    order = _order(plan)
    targets = picture_targets(plan)
    places = [targets[row] for row in order]
    files, findings = _cleaned(plan, order, places, draft, workers=workers, progress=progress)
    told = [*findings, *_twins(plan, dict(zip(order, (file.sha256 for file in files), strict=True)))]
    names = [""] * len(order)
    for row, file in zip(order, files, strict=True):
        names[row] = file.path
    return replace(plan, file=names), told, {file.path: file for file in files}


def try_pictures(plan: Plan, *, workers: int | None = None, progress: Progress | None = None) -> list[Finding]:
    """Say what ``write_pictures`` would say, and write nothing.

    Raises:
        DatasetError: if an image cannot be taken.
    """
    known = _known(plan)
    left = [row for row in _order(plan) if known[row] is None]
    files, findings = _cleaned(plan, left, None, None, workers=workers, progress=progress)
    digests = {row: one.sha256.hex() for row, one in enumerate(known) if one}
    return [*findings, *_twins(plan, digests | dict(zip(left, (file.sha256 for file in files), strict=True)))]


def _order(plan: Plan) -> list[int]:
    """The items in the order of their ids, which tells nothing."""
    order: list[int] = np.argsort(plan.id.astype(str), kind="stable").tolist()
    return order


def _known(plan: Plan) -> list[Published | None]:
    """What will be published of each item's image; None of volumes, which are proven when they are written."""
    if plan.looks is None:
        return [None] * len(plan.id)
    if normal := normal_of(plan.challenge, plan.looks):
        return [Published(look.sha256, look.kind, "", 0, 0, "", 0, normal) for look in plan.looks]
    return [_published(look) if look.cleaned else None for look in plan.looks]


def _published(look: Look) -> Published:
    return Published(look.cleaned, look.kind, look.suffix, look.width, look.height, look.mode, look.published)


def picture_label(plan: Plan) -> str:
    """What the images of a bundle depend on beside the images themselves, as a digest.

    Returns:
        SHA-256 in hex, of the challenge, its key, and the versions of what writes images and label images.
    """
    from PIL import __version__ as pillow
    from PIL import features

    packers = [str(features.version("zlib")), zlib.ZLIB_RUNTIME_VERSION, "jpeg", str(features.version("jpg"))]
    makers = [plan.challenge.sha256, plan.key.hex(), "compete", __version__, "Pillow", pillow, "zlib", *packers]
    return hashlib.sha256("\n".join(makers).encode()).hexdigest()


def _cleaned(
    plan: Plan,
    order: Sequence[int],
    places: Sequence[str] | None,
    draft: Draft | None,
    *,
    workers: int | None,
    progress: Progress | None,
) -> tuple[list[CleanedFile], list[Finding]]:
    """The images in an order, cleaned, and what was found; written where there is a draft."""
    assert plan.file is not None
    told = (lambda done, total: progress("images", done, total)) if progress else None
    sources, names = [plan.file[row] for row in order], [image_name(plan.file[row]) for row in order]
    known = _known(plan)
    cleaned = clean_files(
        sources, places, draft, names=names, known=[known[row] for row in order], workers=workers, progress=told
    )
    if fatal(cleaned.findings):
        raise DatasetError("some images cannot be published", cleaned.findings)
    return [file for file in cleaned.files if file is not None], list(cleaned.findings)


def _twins(plan: Plan, digests: Mapping[int, str]) -> list[Finding]:
    """Warn of images that are equal and stand on both sides, by the digest of what is published of each item."""
    assert plan.file is not None
    seen: set[str] = set()
    again = {digest for digest in digests.values() if digest in seen or seen.add(digest)}  # type: ignore[func-returns-value]
    rows_of: dict[str, list[int]] = {}
    for row, digest in sorted(one for one in digests.items() if one[1] in again):
        rows_of.setdefault(digest, []).append(row)
    in_train = (plan.part == TRAIN_PART).tolist()
    crossing = [rows for rows in rows_of.values() if len({in_train[row] for row in rows}) == 2]
    if not crossing:
        return []
    files = plan.file
    pairs = tuple(" = ".join(sorted(image_name(files[row]) for row in rows)) for rows in crossing)
    message = f"{len(crossing)} images are in train and in the test alike"
    hint = "remove the copies, or let the build keep them together: data.duplicates: group, and no split.column"
    where = plan.challenge.where("data.file")
    return [Finding("image/same-in-both", message, where, pairs, hint, "warning", len(crossing))]
