"""Images for a bundle: proven whole, stripped of everything but pixels, written with one time and one mode."""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from compete.building.media.journal import Entry, Task, add_entry, finished, keep_entries, state_of
from compete.building.media.jpeg import Damaged, Stripped, strip_jpeg
from compete.building.media.png import SIGNATURE, strip_png
from compete.building.media.records import Cleaned, CleanedFile, CleanedFiles
from compete.building.media.rewriting import write_as_png
from compete.building.media.rules import MEDIA_RULES
from compete.building.media.wholeness import Refused, prove_whole
from compete.engine import Progress, map_shards
from compete.errors import Finding
from compete.files import EPOCH

__all__ = ["MEDIA_RULES", "Cleaned", "CleanedFile", "CleanedFiles", "clean_files", "clean_image"]

PIXELS = 100_000_000
"""Pixels of the largest image that is taken; decoded it needs up to 400 MB."""

BYTES = 1 << 29
"""Bytes of the largest file that is read."""

Done = tuple[CleanedFile | None, tuple[Finding, ...]]
"""The file of an image, if it could be taken, and what was found."""

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
}


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
    journal: Path | None = None,
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
        journal: a file in a folder above the targets that tells what is done. Where a killed process left one, the
            images that it tells of are not done again if source and written file are as it says; see ``journal.py``.

    Raises:
        OSError: a file could not be written.
        SystemFault: a worker was killed again and again.
        ValueError: two images have the same target.
    """
    if targets is not None and len(set(targets)) != len(targets):
        raise ValueError("two images would be written to one target")
    names = [str(source) for source in sources] if names is None else names
    places: Sequence[Path | None] = [None] * len(sources) if targets is None else targets
    tasks = [Task(source, place, name, journal) for source, place, name in zip(sources, places, names, strict=True)]
    if journal is not None:
        tasks = keep_entries(tasks, journal)
    done = map_shards(_clean_shard, tasks, workers=workers, progress=progress)
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


def _clean_shard(tasks: Sequence[Task]) -> list[Done]:
    return [finished(task) or _clean_file(task) for task in tasks]


def _clean_file(task: Task) -> Done:
    source, name = task.source, task.name
    try:
        data, state = _read(source)
    except OSError as error:
        return None, (_told("image/unreadable", f"it cannot be read: {error.strerror or error}", name, "error"),)
    except Refused as error:
        return None, (_told(error.rule, error.message, name, "error"),)
    cleaned = clean_image(data, name if Path(name).suffix else f"{name}{source.suffix}")
    if not cleaned.suffix:
        return None, cleaned.findings
    target = source
    if task.target is not None:
        target = task.target.with_name(task.target.name + cleaned.suffix)
        _write(target, cleaned.data)
    digest = hashlib.sha256(cleaned.data).hexdigest()
    written = CleanedFile(target, digest, len(cleaned.data), cleaned.width, cleaned.height, cleaned.mode)
    if task.target is not None and task.journal is not None:
        add_entry(task.journal, Entry(str(source), name, state, written, cleaned.findings))
    return written, cleaned.findings


def _read(source: Path) -> tuple[bytes, tuple[int, ...]]:
    """A file's bytes, and by what a change would be seen."""
    # Without O_NONBLOCK the opening of a pipe would wait for ever.
    handle = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Refused("image/unreadable", "it is no plain file")
        if found.st_size > BYTES:
            raise Refused("image/too-large", f"it has {found.st_size} bytes; at most {BYTES} are taken")
        return file.read(), state_of(found)


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
