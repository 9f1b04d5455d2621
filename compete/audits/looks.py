"""One look at every image: read once, proven whole, and what audits want to know of it kept in a few hundred bytes."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from compete.audits.hashes import SIDE, hashes_of_symmetries, squares_of
from compete.audits.look import Look
from compete.audits.look_columns import Looks, Pictures, joined, packed
from compete.audits.look_journal import kept_looks, note_looks
from compete.audits.marks import Marks, marks_of_stack
from compete.audits.sight import in_sight
from compete.building.media import PIXELS, Cleaned, clean_image, gathered, read_image, with_suffix
from compete.building.media.volumes import may_be_volume
from compete.building.media.wholeness import Refused, glance
from compete.engine import Progress, give_back_memory, map_parts
from compete.errors import Finding
from compete.nifti import SUFFIXES as VOLUMES
from compete.sources import read_ahead, workers_for

if TYPE_CHECKING:
    from compete.building.journal import Origin

__all__ = ["HALF", "LONGER", "Grey", "Look", "Looks", "full_pixels", "look_findings", "looks_of", "small_picture"]

LONGER, HALF = 128, 64
"""Pixels of the longer side of the small picture, in which scenes are compared, and of what is looked at of all."""
THUMBNAIL = 8
"""Pixels of a side of the thumbnail."""
STRIP = 8
"""Pixels of the small picture that are its border, half as many where half of it is looked at."""
SHARD = 128
"""Images that a worker is asked for at once."""
HEAD = 1 << 16
"""Bytes at the beginning of a file in which the date of EXIF is looked for."""

_AFTER_YEAR = re.compile(rb":[01]\d:[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d")
"""A date of EXIF without its year; what begins with a plain byte is found much faster."""

Grey = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


class _Shown(NamedTuple):
    """What is looked at of an image: half of its small picture, or all of one that is small itself."""

    picture: Grey
    halved: bool


def looks_of(
    paths: Sequence[str],
    *,
    names: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    cluster: str = "",
    journal: Path | None = None,
) -> Looks:
    """Look at image files on all cores; each is read once, and nothing is published.

    Args:
        paths: the files.
        names: what findings call them; default the paths.
        workers: processes; default one a core.
        progress: told how many images are done, and of how many.
        cluster: the address of a Dask scheduler whose workers look instead; they must see the paths.
        journal: a file that keeps the looks, so that a process that was killed need not look again.

    Returns:
        One look a path, the same whatever the number of workers.

    Raises:
        SystemFault: a worker was killed again and again.
        OSError: the journal cannot be written.
    """
    tasks = list(zip(paths, paths if names is None else names, strict=True))
    rows, kept = kept_looks(journal, tasks) if journal else ([], packed([]))
    left = np.setdiff1d(np.arange(len(tasks)), np.array(rows, np.int64)).tolist() if rows else range(len(tasks))
    told = (lambda part, _: progress(len(rows) + part, len(tasks))) if progress else None
    work: Callable[[Sequence[Any]], Sequence[Look]] = in_sight(
        partial(_look_shard, journal=None if cluster else journal), cluster
    )
    workers = workers_for(paths, workers)
    todo = [tasks[row] for row in left] if rows else tasks
    found = map_parts(work, todo, workers=workers, shard=SHARD, progress=told, cluster=cluster)
    looks = joined([kept, *map(packed, found)])
    del found
    give_back_memory()
    return looks.take(np.argsort(np.array([*rows, *left], np.int64))) if rows else looks


def look_findings(looks: Sequence[Look]) -> tuple[Finding, ...]:
    """What is to be told of all images; findings of one kind are told once."""
    told = packed(looks).findings
    return gathered(finding for row in sorted(told) for finding in told[row])


def small_picture(path: str) -> Grey | None:
    """The small grey picture of a file; None if it cannot be read any more.

    Its longer side has 128 pixels, or all that there are; each is the mean of those that it stands for.
    """
    try:
        data, _ = read_image(path, stamped=False)
    except (OSError, Refused):
        return None
    picture = glance(data, PIXELS) if data[:3] == b"\xff\xd8\xff" else clean_image(data).picture
    return None if picture is None else np.asarray(_scaled(_grey(picture), LONGER), dtype=np.uint8)


def full_pixels(path: str) -> np.ndarray[Any, Any] | None:
    """All pixels of a file, 8 bits a colour with transparency, or the depth that it has; None if it cannot be read."""
    try:
        data, _ = read_image(path, stamped=False)
    except (OSError, Refused):
        return None
    cleaned = clean_image(data)
    if not cleaned.suffix or cleaned.picture is None:
        return None
    with Image.open(io.BytesIO(cleaned.data)) as image:
        return np.asarray(image if image.mode.startswith("I") else image.convert("RGBA"))


def _look_shard(tasks: Sequence[tuple[str, str]], journal: Path | None) -> Looks:
    """The looks of some images: what concerns pixels is done for all at once."""
    looks, pictures, origins = [], [], []
    with read_ahead([source for source, _ in tasks], partial(read_image, stamped=journal is not None)) as read:
        for source, name in tasks:
            look, picture, origin = _look(source, name, read)
            looks.append(look)
            pictures.append(picture)
            origins.append(origin)
    found = packed(looks)
    if rows := [row for row, picture in enumerate(pictures) if picture is not None]:
        found = found.with_pictures(np.array(rows), _seen([picture for picture in pictures if picture is not None]))
    if journal:
        note_looks(journal, [name for _, name in tasks], origins, found)
    return found


def _look(source: str, name: str, read: Callable[[str], tuple[bytes, Origin]]) -> tuple[Look, _Shown | None, Origin]:
    """All of a look that concerns one file alone, what it shows, and by what a change of the file would be seen."""
    nothing: Origin = ("", ())
    try:
        data, origin = read(source)
    except OSError as error:
        return _refused("image/unreadable", f"it cannot be read: {error.strerror or error}", name), None, nothing
    except Refused as error:
        return _refused(error.rule, error.message, name), None, nothing
    digest, size = hashlib.sha256(data).digest(), len(data)
    if may_be_volume(data) or source.lower().endswith(VOLUMES):
        return Look(digest, size=size, kind="NIFTI"), None, origin
    cleaned = clean_image(data, with_suffix(name, source))
    if not cleaned.suffix or cleaned.picture is None:
        return Look(digest, size=size, findings=cleaned.findings), None, origin
    shown = _shown(cleaned.picture, max(cleaned.width, cleaned.height) > LONGER)
    plain = cleaned.data == data
    look = Look(
        sha256=digest,
        cleaned=digest if plain else hashlib.sha256(cleaned.data).digest(),
        size=size,
        published=len(cleaned.data),
        suffix=cleaned.suffix,
        kind=cleaned.kind,
        mode=cleaned.mode,
        width=cleaned.width,
        height=cleaned.height,
        pixels=_pixels_digest(cleaned, shown.picture),
        tables=_tables(cleaned.data) if cleaned.kind == "JPEG" else 0,
        taken="" if plain else min(_dates(data[:HEAD]), default=b"").decode(),
        findings=cleaned.findings,
    )
    return look, shown, origin


def _refused(rule: str, message: str, name: str) -> Look:
    hint = f"compete explain {rule}"
    return Look(findings=(Finding(rule, message, items=(name,), hint=hint, count=1),))


def _dates(head: bytes) -> Iterator[bytes]:
    """The dates in EXIF's form."""
    for found in _AFTER_YEAR.finditer(head):
        year = head[max(found.start() - 4, 0) : found.start()]
        if year[:2] in {b"19", b"20"} and year[2:].isdigit() and len(year) == 4:
            yield year + found[0]


def _shown(image: Image.Image, large: bool) -> _Shown:
    """What is looked at of a picture that was decoded, perhaps at a scale, of an image that is large or not."""
    picture = _scaled(_grey(image), HALF) if large else _grey(image)
    return _Shown(np.frombuffer(picture.tobytes(), np.uint8).reshape(picture.height, picture.width), large)


def _scaled(grey: Image.Image, longer: int) -> Image.Image:
    """An image with so many pixels on its longer side; smaller ones keep their size."""
    scale = longer / max(grey.size)
    if scale >= 1:
        return grey
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    # Means of few pixels each are uneven where sizes are no multiples, which blurs some places more than others.
    return grey.resize(size, Image.Resampling.HAMMING if longer == HALF else Image.Resampling.BOX)


def _grey(image: Image.Image) -> Image.Image:
    """An image in grey, 8 bits a pixel; of deeper ones the range that they use."""
    if image.mode == "L":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        deep = np.asarray(image).astype(np.float64)
        low, high = float(deep.min()), float(deep.max())
        return Image.fromarray(np.rint((deep - low) * (255 / max(high - low, 1.0))).astype(np.uint8))
    if image.mode in {"P", "PA"}:
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    return image.convert("L")


def _pixels_digest(cleaned: Cleaned, small: Grey) -> bytes:
    """What two images with the same pixels have in common, whatever files hold them."""
    # A JPEG is seen at a scale, so its small picture is comparable with those of other JPEG only.
    about = f"{cleaned.width} {cleaned.height} {cleaned.kind == 'JPEG'} ".encode()
    return hashlib.blake2b(about + small.tobytes(), digest_size=16).digest()


def _tables(data: bytes) -> int:
    """A digest of the quantisation tables and of the frame's sampling of a cleaned JPEG."""
    digest, at = 1, 2
    while data[at : at + 1] == b"\xff" and data[at + 1] != 0xDA:
        code, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if code == 0xDB:
            digest = zlib.crc32(data[at + 4 : end], digest)
        elif 0xC0 <= code <= 0xCF and code not in {0xC4, 0xC8, 0xCC}:
            digest = zlib.crc32(data[at + 1 : at + 2] + data[at + 9 : end], digest)
        at = end
    return digest


def _seen(shown: Sequence[_Shown]) -> Pictures:
    """What pictures show; those of one size are looked at together."""
    square, border = np.empty((len(shown), SIDE, SIDE), np.uint8), np.empty((len(shown), 12), np.uint8)
    marks: dict[int, Marks] = {}
    rows_of: dict[tuple[Any, ...], list[int]] = {}
    for row, one in enumerate(shown):
        rows_of.setdefault((one.picture.shape, one.halved), []).append(row)
    for (_, halved), rows in rows_of.items():
        stack = np.stack([shown[row].picture for row in rows])
        square[rows] = squares_of(stack)
        border[rows] = _border(stack, STRIP // 2 if halved else STRIP)
        marks |= dict(zip(rows, marks_of_stack(stack if halved else _halved(stack)), strict=True))
    in_order = [marks[row] for row in range(len(shown))]
    step = SIDE // THUMBNAIL
    means = square.reshape(-1, THUMBNAIL, step, THUMBNAIL, step).mean(axis=(2, 4), dtype=np.float32)
    return Pictures(
        hashes=hashes_of_symmetries(square).T.astype("<u8"),
        counts=np.array([len(one.hash) for one in in_order], np.uint8),
        places=np.concatenate([one.place for one in in_order]).astype(np.uint8),
        around=np.concatenate([one.hash for one in in_order]).astype("<u8"),
        thumbnail=np.rint(means).astype(np.uint8).reshape(-1, THUMBNAIL**2),
        border=border,
    )


def _halved(stack: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Pictures half as large, each pixel the mean of four, or at an odd end of two; as Pillow's ``reduce``."""
    _, height, width = stack.shape
    even = np.pad(stack, ((0, 0), (0, height % 2), (0, width % 2)), "edge").astype(np.uint16)
    rows = even[:, ::2] + even[:, 1::2]
    halved: np.ndarray[Any, Any] = ((rows[:, :, ::2] + rows[:, :, 1::2] + 2) >> 2).astype(np.uint8)
    return halved


def _border(stack: np.ndarray[Any, Any], wide: int) -> np.ndarray[Any, Any]:
    """The numbers of the borders of pictures of one size, shape (n, 12)."""
    ends = slice(None, wide), slice(-wide, None)
    sides = [stack[:, end] for end in ends] + [stack[:, :, end] for end in ends]
    numbers = [number for side in sides for number in _mean_and_spread(side)]
    numbers += [_mean_and_spread(side[:, :, end])[0] for side in sides[:2] for end in ends]
    border: np.ndarray[Any, Any] = np.rint(np.stack(numbers, axis=1)).astype(np.uint8)
    return border


def _mean_and_spread(stack: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Mean and standard deviation of each picture, from whole numbers so that they are exact."""
    value = stack.reshape(len(stack), -1).astype(np.int64)
    count, total = value.shape[1], value.sum(axis=1)
    variance = ((value**2).sum(axis=1) * count - total**2) / count**2
    return total / count, np.sqrt(variance)
