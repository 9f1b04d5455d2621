"""Images for a bundle: proven whole, stripped of everything but pixels, written with one time and one mode."""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from compete.building.journal import Draft, Entry, Origin, kept_entry, write_noted
from compete.building.media.fetching import fetched, origin_now
from compete.building.media.jpeg import Damaged, Stripped, strip_jpeg
from compete.building.media.normalizing import normalized
from compete.building.media.png import strip_png
from compete.building.media.records import Cleaned, CleanedFile, CleanedFiles, Published
from compete.building.media.rewriting import write_as_png
from compete.building.media.rules import CURES, MEDIA_RULES
from compete.building.media.stacks import read_inside, write_dicom_as_png
from compete.building.media.volumes import AT_ONCE, clean_volume, may_be_volume
from compete.building.media.wholeness import Refused, prove_whole
from compete.engine import SHARD, Progress, map_shards
from compete.errors import EXAMPLES, Finding
from compete.nifti import SUFFIXES as VOLUMES
from compete.nifti.rules import VOLUME_RULES
from compete.png import SIGNATURE
from compete.readers.stacks.address import stack_address
from compete.readers.stacks.dicom import HEAD as DICOM_HEAD
from compete.readers.stacks.dicom import is_dicom
from compete.readers.stacks.rules import STACK_RULES
from compete.sources import is_remote, read_ahead, workers_for

__all__ = [
    "MEDIA_RULES", "Cleaned", "CleanedFile", "CleanedFiles", "Published", "clean_files", "clean_image", "gathered",
    "origin_of", "read_image", "strip_again", "suffix_of", "with_suffix",
]  # fmt: skip

PIXELS = 100_000_000
"""Pixels of the largest image that is taken; decoded it needs up to 400 MB."""

BYTES = 1 << 29
"""Bytes of the largest file that is read."""

BLOCK = 1 << 20
"""Bytes that are read at once of a file that is longer or shorter than it was said to be."""

TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How files are opened; without O_NONBLOCK the opening of a pipe would wait for ever."""

RULES = MEDIA_RULES | VOLUME_RULES | STACK_RULES

Done = tuple[CleanedFile | None, tuple[Finding, ...]]
"""The file of an image, if it could be taken, and what was found."""

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "DICOM": (".dcm", ".dicom", ".ima", ""),
}


STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (SIGNATURE, "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    *((start, "TIFF") for start in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
)
"""How files of a kind begin."""


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
    if may_be_volume(data):
        return clean_volume(data, name)
    try:
        kind = _kind(data)
        cleaned = _stripped(kind, data, name) if kind in {"JPEG", "PNG"} else _rewritten(kind, data, name)
    except Damaged as error:
        return _refusal("image/damaged", f"the image is damaged: {error}", name)
    except Refused as error:
        return _refusal(error.rule, error.message, name)
    suffix = suffix_of(name).lower()
    if name and suffix not in SUFFIXES[kind]:
        told = _told("image/suffix", f"it holds {kind} but its name ends in {suffix or 'nothing'}", name)
        return replace(cleaned, findings=(told, *cleaned.findings))
    return cleaned


def strip_again(data: bytes, known: Published, name: str) -> Cleaned:
    """Strip an image that was proven whole before, without decoding it where it need not be encoded anew.

    Args:
        data: the file's bytes.
        known: what came out then.
        name: for the finding if it is not the same any more.
    """
    if known.normal:
        try:
            return normalized(data, known)
        except Damaged:
            return _refusal("image/changed", "it has changed since the build looked at it", name)
    found = Cleaned(data, known.suffix, known.width, known.height, known.mode, sha256=known.sha256)
    if len(data) == known.size and hashlib.sha256(data).digest() == known.sha256:
        return found
    try:
        if known.kind in {"JPEG", "PNG"}:
            stripped = (strip_jpeg(data) if known.kind == "JPEG" else strip_png(data)).data
        else:
            stripped = clean_image(data).data
    except Damaged:
        stripped = b""
    if hashlib.sha256(stripped).digest() != known.sha256:
        return _refusal("image/changed", "it has changed since the build looked at it", name)
    return replace(found, data=stripped)


class Task(NamedTuple):
    """One image to clean.

    Attributes:
        source: the file to read.
        target: where to write it, below the draft and without suffix; None writes nothing.
        name: what findings call the image.
        begin: where the journal tells of what a killed build wrote; None for nowhere.
        known: what will be published, if the image was proven whole before.
    """

    source: str
    target: str | None
    name: str
    begin: int | None
    known: Published | None


def clean_files(
    sources: Sequence[str],
    targets: Sequence[str] | None = None,
    draft: Draft | None = None,
    *,
    names: Sequence[str] | None = None,
    known: Sequence[Published | None] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> CleanedFiles:
    """Clean many image files on all cores; each file is read once.

    Images that the draft's journal tells of are not done again, if the source and the written file are as it says. A
    source is the same if it has the size and the two times, of its content and of its status, that it had when it was
    read; it is not read again.

    Args:
        sources: files to read.
        targets: where to write them, as paths below the draft without suffix; their folders must be there. None writes
            nothing: the files are the sources, with the digests that they would have.
        draft: the folder to write to, with what a killed build left there.
        names: what findings call the images; default the sources.
        known: what will be published of those that were proven whole before: they are not decoded again, and what was
            found then is not told again. One that is not the same any more is an error.
        workers: processes; default one a core.
        progress: told how many images are done, and of how many.

    Raises:
        OSError: a file could not be written.
        SystemFault: a worker was killed again and again.
        ValueError: two images have the same target.
    """
    if targets is not None and len(set(targets)) != len(targets):
        raise ValueError("two images would be written to one target")
    names = sources if names is None else names
    begin = {} if draft is None else draft.begin
    places: Sequence[str | None] = [None] * len(sources) if targets is None else targets
    proven: Sequence[Published | None] = [None] * len(sources) if known is None else known
    tasks = [
        Task(source, target, name, begin.get(target or ""), one)
        for source, target, name, one in zip(sources, places, names, proven, strict=True)
    ]
    workers = workers_for(sources, workers)
    work = partial(_clean_shard, root=Path() if draft is None else draft.root)
    shard = AT_ONCE if any(source.lower().endswith(VOLUMES) for source in sources) else SHARD
    done = map_shards(work, tasks, workers=workers, progress=progress, shard=shard)
    findings = gathered(finding for _, found in done for finding in found)
    return CleanedFiles(tuple(file for file, _ in done), findings)


def gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Tell findings of one kind once, with their number, the most frequent reasons and the first few items."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.severity), []).append(finding)
    told = []
    for (rule, _), group in groups.items():
        first = group[0]
        items = tuple(item for finding in group for item in finding.items)
        message = first.message if len(group) == 1 else _all_told(RULES[rule][0][:-1], group)
        told.append(replace(first, message=message, items=items, count=len(group)))
    return tuple(told)


def _all_told(line: str, group: Sequence[Finding]) -> str:
    """What is wrong with several images, each reason with its number, the most frequent first."""
    reasons = Counter(finding.message.removeprefix(f"{line[0].lower()}{line[1:]}: ") for finding in group)
    first = [f"{reason} ({count})" if len(reasons) > 1 else reason for reason, count in reasons.most_common(EXAMPLES)]
    others = len(reasons) - len(first)
    return f"{len(group)} images: {line}: " + "; ".join([*first, *([f"{others} other reasons"] if others else [])])


def _clean_shard(tasks: Sequence[Task], root: Path) -> list[Done]:
    done = [_done_before(task, root) for task in tasks]
    left = [task.source for task, before in zip(tasks, done, strict=True) if before is None]
    stamped = any(task.known is None for task in tasks)
    with read_ahead(left, partial(read_image, stamped=stamped)) as read:
        return [before or _clean_file(task, root, read) for task, before in zip(tasks, done, strict=True)]


def _done_before(task: Task, root: Path) -> Done | None:
    """What a killed build made of an image, if that is still right."""
    if task.begin is None:
        return None
    entry = kept_entry(root, task.begin, origin_now(task.source, task.known))
    return None if entry is None else _noted(entry)


def _clean_file(task: Task, root: Path, read: Callable[[str], tuple[bytes, Origin]]) -> Done:
    name = task.name
    try:
        data, origin = read(task.source)
    except OSError as error:
        return None, (_told("image/unreadable", f"it cannot be read: {error.strerror or error}", name, "error"),)
    except Refused as error:
        return None, (_told(error.rule, error.message, name, "error"),)
    cleaned = strip_again(data, task.known, name) if task.known else clean_image(data, with_suffix(name, task.source))
    if not cleaned.suffix:
        return None, cleaned.findings
    about = cleaned.width, cleaned.height, cleaned.mode
    digest = (cleaned.sha256 or hashlib.sha256(cleaned.data).digest()).hex()
    if task.target is None:
        return CleanedFile(task.source, digest, len(cleaned.data), *about), cleaned.findings
    told = tuple(astuple(finding) for finding in cleaned.findings)
    origin = origin_now(task.source, task.known) if is_remote(task.source) and task.known else origin
    again, data = (*about, told), cleaned.data
    return _noted(write_noted(root, task.target, cleaned.suffix, data, origin=origin, about=again, sha256=digest))


def _noted(entry: Entry) -> Done:
    """What an entry tells of an image."""
    *about, told = entry.about
    findings = tuple(Finding(rule, message, where, tuple(items), *more) for rule, message, where, items, *more in told)
    return CleanedFile(entry.target + entry.suffix, entry.sha256, entry.size, *about), findings


def read_image(source: str, *, stamped: bool = True) -> tuple[bytes, Origin]:
    """A file's bytes, and by what a change would be seen.

    Args:
        source: a path or an address.
        stamped: of an address, ask by what a change would be seen, which takes time.

    Raises:
        OSError: it cannot be read.
        Refused: it is no plain file, or too large.
    """
    if "#" in source and (address := stack_address(source)):
        content, status = read_inside(address)
        return content, origin_of(source, status)
    if is_remote(source):
        return fetched(source, BYTES, stamped=stamped)
    handle = os.open(source, TO_READ)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Refused("image/unreadable", "it is no plain file")
        if found.st_size > BYTES:
            raise Refused("image/too-large", f"it has {found.st_size} bytes; at most {BYTES} are taken")
        data = os.read(handle, found.st_size + 1)
        while len(data) != found.st_size and (more := os.read(handle, BLOCK)):  # it has just been changed
            data += more
        return data, origin_of(source, found)
    finally:
        os.close(handle)


def suffix_of(name: str) -> str:
    """As ``Path(name).suffix``, which takes ten times as long."""
    dot, end = name.rfind("."), max(name.rfind("/"), name.rfind(os.sep))
    return name[dot:] if end + 1 < dot < len(name) - 1 else ""


def with_suffix(name: str, source: str) -> str:
    """What findings call an image, with the suffix of its file if it has none."""
    return name if suffix_of(name) else f"{name}{suffix_of(source)}"


def origin_of(source: str, found: os.stat_result) -> Origin:
    """By what a change of a file would be seen: its name, size and two times."""
    return source, (found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _kind(data: bytes) -> str:
    for start, kind in STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if not data:
        raise Damaged("it is empty")
    if is_dicom(data[:DICOM_HEAD]):
        return "DICOM"
    raise Refused("image/unsupported", "it is no JPEG, PNG, GIF, BMP, WebP, TIFF or DICOM")


def _stripped(kind: str, data: bytes, name: str) -> Cleaned:
    stripped = strip_jpeg(data) if kind == "JPEG" else strip_png(data)
    proven = prove_whole(kind, stripped, PIXELS)
    suffix, found = ".jpg" if kind == "JPEG" else ".png", _notes(kind, stripped, name)
    about = proven.width, proven.height, proven.mode
    return Cleaned(stripped.data, suffix, *about, tuple(found), proven.picture, kind)


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
    how = ""
    if kind == "DICOM":
        with warnings.catch_warnings(action="ignore"):  # of elements, which are cut
            written, picture, frames, how = write_dicom_as_png(data, PIXELS)
    else:
        written, picture, frames = write_as_png(kind, data, PIXELS)
    found = [_told("image/rewritten", f"the {kind} was written as PNG{how and f' ({how})'}", name, "note")]
    if frames > 1:
        found.append(_told("image/frames", f"it holds {frames} pictures; only the first is kept", name))
    return Cleaned(written, ".png", picture.width, picture.height, picture.mode, tuple(found), picture, kind)


def _refusal(rule: str, message: str, name: str) -> Cleaned:
    return Cleaned(b"", "", 0, 0, "", (_told(rule, message, name, "error"),))


def _told(rule: str, message: str, name: str, severity: str = "warning") -> Finding:
    items = (name,) if name else ()
    hint = CURES.get(rule, f"compete explain {rule}")
    return Finding(rule, message, items=items, hint=hint, severity=severity, count=1)
