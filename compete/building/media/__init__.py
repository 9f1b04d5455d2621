"""Images for a bundle: proven whole, stripped of everything but pixels, written with one time and one mode."""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from compete.building.media.jpeg import Damaged, Stripped, strip_jpeg
from compete.building.media.png import SIGNATURE, strip_png
from compete.building.media.rewriting import write_as_png
from compete.building.media.rules import MEDIA_RULES
from compete.building.media.wholeness import Refused, prove_whole
from compete.engine import Progress, map_shards
from compete.errors import Finding
from compete.files import EPOCH, system_fault

__all__ = ["MEDIA_RULES", "Cleaned", "CleanedFile", "CleanedFiles", "clean_files", "clean_image"]

PIXELS = 100_000_000
"""Pixels of the largest image that is taken; decoded it needs up to 400 MB."""

BYTES = 1 << 29
"""Bytes of the largest file that is read."""

Job = tuple[Path, Path | None, str]
"""Source, target and name of an image."""

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
}


@dataclass(frozen=True)
class Cleaned:
    """An image as it may be published, or why it may not.

    Attributes:
        data: JPEG or PNG without metadata; empty where an error was found.
        suffix: ``.jpg`` or ``.png``; empty where an error was found.
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words: ``RGB``, ``L``, ``P``, ``CMYK``, ``I;16``, …
        findings: what was found; each bears the image's name.
    """

    data: bytes
    suffix: str
    width: int
    height: int
    mode: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class CleanedFile:
    """A file that was written.

    Attributes:
        target: where it stands, with the suffix of its content.
        sha256: of what was written, in hex.
        size: bytes written.
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words.
    """

    target: Path
    sha256: str
    size: int
    width: int
    height: int
    mode: str


@dataclass(frozen=True)
class CleanedFiles:
    """What became of many images.

    Attributes:
        files: one an image, in order; None where an error was found and nothing written.
        findings: in order of the images; findings of one kind are told once, with their number.
    """

    files: tuple[CleanedFile | None, ...]
    findings: tuple[Finding, ...]


def clean_image(data: bytes, name: str = "") -> Cleaned:
    """Prove that an image is whole, and strip it of all that is not pixels; pixels are never changed.

    JPEG and PNG are not encoded anew: segments and chunks are kept by an allow-list. A JPEG keeps an orientation that
    is not upright. GIF, BMP, WebP and TIFF are written as PNG, which a note tells.

    Args:
        data: the file's bytes.
        name: the file's name, for findings and to compare its suffix with the content.

    Returns:
        The image; an image that cannot be taken has an error among its findings and no data.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of metadata, which is cut, and of large images, for which there is an own limit.
            warnings.simplefilter("ignore")
            kind = _kind(data)
            cleaned = _stripped(kind, data, name) if kind in {"JPEG", "PNG"} else _rewritten(kind, data, name)
    except Damaged as error:
        return _refusal("image/damaged", f"the image is damaged: {error}", name)
    except Refused as error:
        return _refusal(error.rule, error.message, name)
    suffix = Path(name).suffix.lower()
    if name and suffix not in SUFFIXES[kind]:
        told = _told("image/suffix", f"it holds {kind} but its name ends in {suffix or 'nothing'}", name)
        return replace(cleaned, findings=(told, *cleaned.findings))
    return cleaned


def clean_files(
    sources: Sequence[Path],
    targets: Sequence[Path] | None,
    *,
    names: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> CleanedFiles:
    """Clean many image files on all cores; each file is read once.

    Every written file has mode 0644 and the time 1980-01-01 UTC.

    Args:
        sources: files to read.
        targets: where to write them, without suffix; their folders must be there, the files must not. None writes
            nothing: the files are the sources, with the digests that they would have.
        names: what findings call the images; default the sources.
        workers: processes; default one a core.
        progress: told how many images are done, and of how many.

    Raises:
        SystemFault: a file could not be written, or a worker was killed again and again.
        ValueError: two images have the same target.
    """
    if targets is not None and len(set(targets)) != len(targets):
        raise ValueError("two images would be written to one target")
    names = [str(source) for source in sources] if names is None else names
    places: Sequence[Path | None] = [None] * len(sources) if targets is None else targets
    jobs: list[Job] = list(zip(sources, places, names, strict=True))
    done = map_shards(_clean_shard, jobs, workers=workers, progress=progress)
    findings = gathered(finding for _, found in done for finding in found)
    return CleanedFiles(tuple(file for file, _ in done), findings)


def gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Tell findings of one kind once, with their number and the first few items."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.severity), []).append(finding)
    told = []
    for (rule, _), group in groups.items():
        first = group[0]
        items = tuple(item for finding in group for item in finding.items)
        message = first.message if len(group) == 1 else f"{len(group)} images: {MEDIA_RULES[rule][0][:-1]}"
        told.append(replace(first, message=message, items=items, count=len(group)))
    return tuple(told)


def _clean_shard(jobs: Sequence[Job]) -> list[tuple[CleanedFile | None, tuple[Finding, ...]]]:
    return [_clean_file(*job) for job in jobs]


def _clean_file(source: Path, target: Path | None, name: str) -> tuple[CleanedFile | None, tuple[Finding, ...]]:
    try:
        data = _read(source)
    except OSError as error:
        return None, (_told("image/unreadable", f"it cannot be read: {error.strerror or error}", name, "error"),)
    except Refused as error:
        return None, (_told(error.rule, error.message, name, "error"),)
    cleaned = clean_image(data, name if Path(name).suffix else f"{name}{source.suffix}")
    if not cleaned.suffix:
        return None, cleaned.findings
    if target is not None:
        target = target.with_name(target.name + cleaned.suffix)
        try:
            _write(target, cleaned.data)
        except OSError as error:
            raise system_fault(error) from error
    digest = hashlib.sha256(cleaned.data).hexdigest()
    written = CleanedFile(target or source, digest, len(cleaned.data), cleaned.width, cleaned.height, cleaned.mode)
    return written, cleaned.findings


def _read(source: Path) -> bytes:
    # Without O_NONBLOCK the opening of a pipe would wait for ever.
    handle = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Refused("image/unreadable", "it is no plain file")
        if found.st_size > BYTES:
            raise Refused("image/too-large", f"it has {found.st_size} bytes; at most {BYTES} are taken")
        return file.read()


def _write(target: Path, data: bytes) -> None:
    target.write_bytes(data)  # over what a killed worker may have left half written
    target.chmod(0o644)
    os.utime(target, (EPOCH, EPOCH))


def _kind(data: bytes) -> str:
    starts = {b"\xff\xd8\xff": "JPEG", SIGNATURE: "PNG", b"GIF8": "GIF", b"BM": "BMP"}
    starts |= dict.fromkeys((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"), "TIFF")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    for start, kind in starts.items():
        if data.startswith(start):
            return kind
    if not data:
        raise Damaged("it is empty")
    raise Refused("image/unsupported", "it is no JPEG, PNG, GIF, BMP, WebP or TIFF")


def _stripped(kind: str, data: bytes, name: str) -> Cleaned:
    stripped = strip_jpeg(data) if kind == "JPEG" else strip_png(data)
    width, height, mode = prove_whole(kind, stripped, PIXELS)
    found = _notes(kind, stripped, name)
    return Cleaned(stripped.data, ".jpg" if kind == "JPEG" else ".png", width, height, mode, tuple(found))


def _notes(kind: str, stripped: Stripped, name: str) -> list[Finding]:
    found = []
    if stripped.trailing:
        found.append(_told("image/trailing-bytes", f"{stripped.trailing} bytes after its end were cut", name, "note"))
    if stripped.frames:
        found.append(_told("image/frames", f"{stripped.frames} further frames were cut", name, "note"))
    if kind == "PNG" and stripped.orientation != 1:
        found.append(_told("image/orientation", f"its EXIF orientation {stripped.orientation} was cut", name))
    return found


def _rewritten(kind: str, data: bytes, name: str) -> Cleaned:
    written, picture, frames = write_as_png(kind, data, PIXELS)
    found = [_told("image/rewritten", f"the {kind} was written as PNG", name, "note")]
    if frames > 1:
        found.append(_told("image/frames", f"it holds {frames} pictures; only the first is kept", name))
    return Cleaned(written, ".png", picture.width, picture.height, picture.mode, tuple(found))


def _refusal(rule: str, message: str, name: str) -> Cleaned:
    return Cleaned(b"", "", 0, 0, "", (_told(rule, message, name, "error"),))


def _told(rule: str, message: str, name: str, severity: str = "warning") -> Finding:
    items = (name,) if name else ()
    return Finding(rule, message, items=items, hint=f"compete explain {rule}", severity=severity, count=1)
