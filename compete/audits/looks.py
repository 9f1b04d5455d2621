"""One look at every image: read once, proven whole, and what audits want to know of it kept in a few hundred bytes."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from compete.audits.hashes import SIDE, hashes_of_symmetries
from compete.audits.marks import Marks, marks_of
from compete.building.media import PIXELS, Cleaned, clean_image, gathered, read_image
from compete.building.media.volumes import may_be_volume
from compete.building.media.wholeness import Refused, glance
from compete.engine import Progress, map_shards
from compete.errors import Finding, fatal
from compete.nifti import SUFFIXES as VOLUMES

if TYPE_CHECKING:
    from PIL import Image

    from compete.building.journal import Origin

LONGER = 128
"""Pixels of the longer side of the small picture that is looked at."""
THUMBNAIL = 8
"""Pixels of a side of the thumbnail."""
STRIP = 8
"""Pixels of the small picture that are its border."""
SHARD = 128
"""Images that a worker is asked for at once."""
HEAD = 1 << 16
"""Bytes at the beginning of a file in which the date of EXIF is looked for."""

_DATE = re.compile(rb"(?:19|20)\d\d:[01]\d:[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d")

Grey = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


class Look(NamedTuple):
    """What one image file is and shows; a file that could not be taken has errors among its findings, and no picture.

    Attributes:
        sha256: of the file, 32 bytes; empty if it could not be read.
        cleaned: SHA-256 of what would be published, 32 bytes; empty where the file was refused, and of volumes, which
            are packed anew only when they are written.
        size: bytes of the file.
        published: bytes of what would be published.
        suffix: of what would be published.
        kind: of the file: JPEG, PNG, GIF, BMP, WEBP, TIFF or NIFTI; empty where nobody knows.
        mode: what a pixel is, in Pillow's words.
        width: pixels.
        height: pixels.
        pixels: a digest of the size, mode and small picture; images with the same pixels have the same, 16 bytes.
        hashes: perceptual hashes of the eight symmetries as in ``hashes_of_symmetries``, eight little-endian uint64.
        places: rows and columns of the marks of the small picture, two uint8 a mark.
        around: hash of what is around each mark, a little-endian uint64 a mark.
        thumbnail: 8 × 8 grey levels, row by row, uint8.
        border: of top, bottom, left and right the mean and the standard deviation of the 8 outer pixels of the small
            picture, then the means of its corners; 12 uint8.
        tables: a digest of a JPEG's quantisation tables and sampling; 0 for other kinds.
        taken: the earliest date that EXIF tells, such as ``2021:06:30 11:22:33``; never published.
        findings: what is to be told of the image; each bears its name.
    """

    sha256: bytes = b""
    cleaned: bytes = b""
    size: int = 0
    published: int = 0
    suffix: str = ""
    kind: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    pixels: bytes = b""
    hashes: bytes = b""
    places: bytes = b""
    around: bytes = b""
    thumbnail: bytes = b""
    border: bytes = b""
    tables: int = 0
    taken: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether there is a picture to compare with others."""
        return bool(self.hashes)

    @property
    def flat(self) -> bool:
        """Whether the picture is one grey level all over, as a blank frame is; two of these have nothing in common."""
        return bool(self.thumbnail) and len(set(self.thumbnail)) == 1 and not any(self.border[1:8:2])

    @property
    def refused(self) -> bool:
        """Whether the file cannot be taken."""
        return bool(fatal(self.findings))

    @property
    def marks(self) -> Marks:
        """The marks of the small picture."""
        place = np.frombuffer(self.places, np.uint8).reshape(-1, 2).astype(np.int16)
        return Marks(place, np.frombuffer(self.around, "<u8").astype(np.uint64))


def looks_of(
    paths: Sequence[str],
    *,
    names: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    cluster: str = "",
    journal: Path | None = None,
) -> list[Look]:
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
    from compete.audits.look_journal import kept_looks

    tasks = list(zip(paths, paths if names is None else names, strict=True))
    kept = kept_looks(journal, tasks) if journal else {}
    left = [row for row in range(len(tasks)) if row not in kept]
    done = len(kept)
    told = (lambda part, _: progress(done + part, len(tasks))) if progress else None
    work = partial(_look_shard, journal=None if cluster else journal)
    found = map_shards(work, [tasks[row] for row in left], workers=workers, shard=SHARD, progress=told, cluster=cluster)
    looks = kept | dict(zip(left, found, strict=True))
    return [looks[row] for row in range(len(tasks))]


def look_findings(looks: Sequence[Look]) -> tuple[Finding, ...]:
    """What is to be told of all images; findings of one kind are told once."""
    return gathered(finding for look in looks for finding in look.findings)


def small_picture(path: str) -> Grey | None:
    """The small grey picture of a file, as it was when it was looked at; None if it cannot be read any more.

    Its longer side has 128 pixels, or all that there are; each is the mean of those that it stands for.
    """
    try:
        data, _ = read_image(path)
    except (OSError, Refused):
        return None
    picture = glance(data, PIXELS) if data[:3] == b"\xff\xd8\xff" else clean_image(data).picture
    return None if picture is None else _small(picture)


def full_pixels(path: str) -> np.ndarray[Any, Any] | None:
    """All pixels of a file, 8 bits a colour with transparency, or the depth that it has; None if it cannot be read."""
    from PIL import Image

    try:
        data, _ = read_image(path)
    except (OSError, Refused):
        return None
    cleaned = clean_image(data)
    if not cleaned.suffix or cleaned.picture is None:
        return None
    with Image.open(io.BytesIO(cleaned.data)) as image:
        return np.asarray(image if image.mode.startswith("I") else image.convert("RGBA"))


def _look_shard(tasks: Sequence[tuple[str, str]], journal: Path | None) -> list[Look]:
    """The looks of some images: what concerns pixels is done for all at once."""
    looks, pictures, origins = [], [], []
    for source, name in tasks:
        look, picture, origin = _look(source, name)
        looks.append(look)
        pictures.append(picture)
        origins.append(origin)
    rows = [row for row, picture in enumerate(pictures) if picture is not None]
    seen = _seen([picture for picture in pictures if picture is not None])
    for row, about in zip(rows, seen, strict=True):
        looks[row] = looks[row]._replace(**about)
    if journal:
        from compete.audits.look_journal import note_looks

        note_looks(journal, [(*task, origin) for task, origin in zip(tasks, origins, strict=True)], looks)
    return looks


def _look(source: str, name: str) -> tuple[Look, Grey | None, Origin]:
    """All of a look that concerns one file alone, its small picture, and by what a change of the file would be seen."""
    nothing: Origin = ("", ())
    try:
        data, origin = read_image(source)
    except OSError as error:
        return _refused("image/unreadable", f"it cannot be read: {error.strerror or error}", name), None, nothing
    except Refused as error:
        return _refused(error.rule, error.message, name), None, nothing
    look = Look(sha256=hashlib.sha256(data).digest(), size=len(data))
    if may_be_volume(data) or source.lower().endswith(VOLUMES):
        return look._replace(kind="NIFTI"), None, origin
    cleaned = clean_image(data, name if Path(name).suffix else f"{name}{Path(source).suffix}")
    if not cleaned.suffix or cleaned.picture is None:
        return look._replace(findings=cleaned.findings), None, origin
    small = _small(cleaned.picture)
    about = look._replace(
        cleaned=hashlib.sha256(cleaned.data).digest(),
        published=len(cleaned.data),
        suffix=cleaned.suffix,
        kind=cleaned.kind,
        mode=cleaned.mode,
        width=cleaned.width,
        height=cleaned.height,
        pixels=_pixels_digest(cleaned, small),
        tables=_tables(cleaned.data) if cleaned.kind == "JPEG" else 0,
        taken=min(map(bytes.decode, _DATE.findall(data, 0, HEAD)), default=""),
        findings=cleaned.findings,
    )
    return about, small, origin


def _refused(rule: str, message: str, name: str) -> Look:
    hint = f"compete explain {rule}"
    return Look(findings=(Finding(rule, message, items=(name,), hint=hint, count=1),))


def _small(image: Image.Image) -> Grey:
    """An image in grey with 128 pixels on its longer side; smaller ones keep their size."""
    from PIL import Image

    grey = _grey(image)
    scale = LONGER / max(grey.size)
    if scale < 1:
        size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
        grey = grey.resize(size, Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.uint8)


def _grey(image: Image.Image) -> Image.Image:
    """An image in grey, 8 bits a pixel; of deeper ones the range that they use."""
    from PIL import Image

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


def _seen(pictures: Sequence[Grey]) -> list[dict[str, Any]]:
    """What small pictures show, as fields of their looks."""
    from PIL import Image

    if not pictures:
        return []
    squares = [Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX) for picture in pictures]
    stack = np.stack([np.asarray(square) for square in squares])
    hashes = hashes_of_symmetries(stack).T.astype("<u8")
    step = SIDE // THUMBNAIL
    means = stack.reshape(-1, THUMBNAIL, step, THUMBNAIL, step).mean(axis=(2, 4), dtype=np.float32)
    thumbnails = np.rint(means).astype(np.uint8)
    return [
        {
            "hashes": eight.tobytes(),
            "places": mark.place.astype(np.uint8).tobytes(),
            "around": mark.hash.astype("<u8").tobytes(),
            "thumbnail": thumbnail.tobytes(),
            "border": _border(picture),
        }
        for eight, mark, thumbnail, picture in zip(hashes, marks_of(pictures), thumbnails, pictures, strict=True)
    ]


def _border(picture: Grey) -> bytes:
    """Means and deviations of the four sides, then means of the corners."""
    sides = (picture[:STRIP], picture[-STRIP:], picture[:, :STRIP], picture[:, -STRIP:])
    corners = [side[:, part].mean() for side in sides[:2] for part in (slice(None, STRIP), slice(-STRIP, None))]
    numbers = [number for side in sides for number in (side.mean(), side.std())] + corners
    return bytes(round(float(number)) for number in numbers)
