"""Label pictures: PNG and TIFF files whose pixels are classes or ids of segments, read into runs, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Optional, Union

import numpy as np

from compete.errors import Finding, SubmissionError
from compete.scoring.png import GREY, PALETTE, RGB, Header, Packed, PngFault, unwrap_png
from compete.scoring.png_filters import unfilter
from compete.scoring.png_runs import Runs, SparseRows, sparse_rows, undo_filters
from compete.scoring.source import counted
from compete.scoring.spans import Array
from compete.scoring.tiff import is_tiff, read_tiff
from metrics.cores import core_count
from metrics.frozen import dataclass
from metrics.label_edges import true_places
from metrics.label_maps import LabelMaps

PICTURE_RULES: dict[str, tuple[str, str]] = {
    "picture/unreadable": (
        "The picture could not be read.",
        "There is no file of that name, or the system does not let it be read.",
    ),
    "picture/not-png": (
        "The file is not a PNG, nor a TIFF where one may be sent.",
        "Its first bytes tell what a file is, not its name. JPEG and WebP change labels when they pack them; GIF and "
        "BMP are read differently by different programs, and so are the colours of TIFF. Save classes as PNG or TIFF, "
        "ids of segments as PNG: without loss.",
    ),
    "picture/damaged": (
        "The picture is broken.",
        "A checksum is wrong, chunks are missing or out of order, entries name places beyond the end, or it holds "
        "fewer or more pixels than it says: the upload stopped early, or a program wrote it wrongly. Save it again.",
    ),
    "picture/size": (
        "The picture has another size than the image.",
        "Every pixel of the image gets one label, so width and height must be those of the image itself, not of what "
        "the model was fed. Resize predictions with nearest-neighbour interpolation, which makes no new labels.",
    ),
    "picture/kind": (
        "The picture is of a kind that does not hold labels.",
        "Labels are one number a pixel: a grey or palette picture (the index is the label). Ids of segments may also "
        "be RGB, as id = R + 256 G + 65536 B. Transparency is refused: nobody can tell what it should mean. A TIFF "
        "holds whole numbers, its zero is black, and it is unpacked or packed by LZW, Deflate or PackBits.",
    ),
    "picture/animated": (
        "The picture has several frames or pages.",
        "Programs disagree on which of them is shown. Save one frame as a plain PNG, one page as a plain TIFF.",
    ),
    "picture/turned": (
        "The picture asks to be turned when shown.",
        "Some programs obey its Exif orientation and some do not. Turn the pixels themselves and leave Exif out.",
    ),
    "picture/unknown-class": (
        "Pixels have a value that is no class.",
        "Write the classes by their numbers, not by colours or brightness: 0, 1, 2 … in an 8-bit grey PNG. Values "
        "such as 128 or 255 come from pictures made to be looked at; values between classes come from smooth resizing.",
    ),
    "picture/soft-edges": (
        "A picture of two values has others in between.",
        "Smooth resizing, anti-aliasing or JPEG leave values between black and white, and nobody can tell where you "
        "would cut. Cut at a threshold yourself, and resize with nearest-neighbour interpolation.",
    ),
    "picture/white": (
        "White (255) is taken for the one class besides 0 (a note).",
        "There are two classes, and the picture holds 0 and 255 only, so it is clear what is meant.",
    ),
    "picture/deep": (
        "The picture has 16 bits or more where 8 are enough (a warning).",
        "Its values are classes, so it is read. But programs that write 16 bits often also stretch the values.",
    ),
    "picture/transparent": (
        "A value is marked as transparent (a warning).",
        "Labels have no transparency; the mark is passed over.",
    ),
    "picture/trailing-bytes": (
        "Bytes follow the end of the picture (a warning).",
        "They are not read. A file that is two things at once comes from a program that appends, or from somebody "
        "who hides something.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused or told, and how to mend it."""

SEVERITY = {"white": "note", "deep": "warning", "transparent": "warning", "trailing-bytes": "warning"}
TOGETHER = 256
"""Pictures whose rows are undone together, and that are unpacked ahead."""

ACROSS = 1 << 20
"""Pixels of all rows that are undone together."""

Content = Union[bytes, Path, Callable[[], bytes]]


@dataclass(frozen=True)
class PictureContent:
    """What the pixels of pictures stand for.

    Attributes:
        classes: the values that they may have, ascending, below 65,536; None for any.
        segments: whether they are ids of segments (RGB, id = R + 256 G + 65536 B, or grey) rather than classes.
        pixels: how many a picture of unknown size may have.
        size: bytes of a file.
    """

    classes: Optional[tuple[int, ...]] = None
    segments: bool = False
    pixels: int = 1 << 26
    size: int = 1 << 28


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture as it was read, with the bits of a pixel; without runs it is refused."""

    height: int
    width: int
    runs: Optional[Runs]
    told: tuple[tuple[str, str, str], ...] = ()
    depth: int = 8


def read_pictures(
    pictures: Sequence[tuple[str, Content]],
    sizes: Optional[Sequence[tuple[int, int]]],
    content: PictureContent,
    where: str = "",
) -> tuple[Optional[LabelMaps], list[Finding]]:
    """Read many pictures on all cores, and tell every fault of all of them at once.

    Args:
        pictures: name of each, and its bytes, its file, or a function that fetches its bytes (from any thread).
        sizes: height and width that each must have; None for any.
        content: what the pixels stand for.
        where: how findings call the folder or archive.

    Returns:
        The label maps in the order given, or None where a picture is refused; and what there is to tell.
    """
    wanted: Sequence[Optional[tuple[int, int]]] = [None] * len(pictures) if sizes is None else sizes
    jobs = [(source, size, content) for (_, source), size in zip(pictures, wanted)]
    whole: list[Picture] = []
    with ThreadPoolExecutor(core_count()) as pool:
        waiting = [pool.submit(_prepared, *job) for job in jobs[:TOGETHER]]
        for low in range(0, len(jobs), TOGETHER):
            ready = [one.result() for one in waiting]
            waiting = [pool.submit(_prepared, *job) for job in jobs[low + TOGETHER : low + 2 * TOGETHER]]
            whole.extend(_judged(*finished, content) for finished in _finished(ready))
    findings = _findings([name for name, _ in pictures], whole, where)
    if not whole or any(picture.runs is None for picture in whole):
        return None, findings
    return _label_maps(whole), findings


def read_picture(
    data: bytes, size: Optional[tuple[int, int]], content: PictureContent, name: str = "picture"
) -> tuple[Optional[Array], list[Finding]]:
    """Read one picture.

    Args:
        data: the PNG or TIFF file.
        size: height and width that it must have; None for any.
        content: what the pixels stand for.
        name: how findings call it.

    Returns:
        Its values, unsigned, shape (height, width), or None where it is refused; and what there is to tell.
    """
    maps, findings = read_pictures([(name, data)], None if size is None else [size], content)
    return None if maps is None else maps.array(0), findings


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A picture whose rows are unpacked: finished, or still filtered and to be undone with others."""

    picture: Picture
    packed: Optional[Packed] = None
    sparse: Optional[SparseRows] = None


def _prepared(source: Content, size: Optional[tuple[int, int]], content: PictureContent) -> _Prepared:
    """Fetch, check and unpack one picture; this runs beside others."""
    kinds = (RGB, GREY) if content.segments else (GREY, PALETTE)
    try:
        data = _fetched(source, content.size)
        if is_tiff(data) and not content.segments:
            return _Prepared(_tiff_picture(data, size, content.pixels))
        packed = unwrap_png(data, kinds, size, content.pixels)
        header = packed.header
        sparse = None
        rows = packed.rows()
        if header.depth == 8 and not header.interlaced:
            sparse = sparse_rows(rows.reshape(header.height, -1), header.step)
        told = packed.told
        if sparse is not None:
            return _Prepared(Picture(header.height, header.width, None, told), packed, sparse)
        runs = _runs_of(_pixels(header, rows))
        return _Prepared(Picture(header.height, header.width, runs, told, header.depth), packed)
    except PngFault as fault:
        return _Prepared(Picture(0, 0, None, fault.faults))


def _tiff_picture(data: bytes, size: Optional[tuple[int, int]], most: int) -> Picture:
    """A TIFF, whose pixels are never filtered row by row."""
    tiff = read_tiff(data, size, most)
    runs = _runs_of(tiff.pixels)
    narrow = np.min_scalar_type(int(runs.value.max()))
    height, width = tiff.pixels.shape
    return Picture(height, width, Runs(runs.value.astype(narrow), runs.end), depth=tiff.depth)


def _fetched(source: Content, most: int) -> bytes:
    """The bytes of a picture, wherever they are."""
    if callable(source):
        try:
            data = source()
        except SubmissionError as error:
            raise PngFault(*((one.rule, one.message, one.hint) for one in error.findings)) from error
    elif isinstance(source, Path):
        try:
            with source.open("rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise PngFault(("picture/unreadable", f"it cannot be read: {reason}", "look at its name")) from error
    else:
        data = source
    if len(data) > most:
        raise PngFault(("picture/size", f"it has more than {most:,} bytes", "save it as PNG again"))
    return data


def _finished(ready: Sequence[_Prepared]) -> list[tuple[Picture, Optional[Packed]]]:
    """Undo what is still filtered, pictures of one size and kind together."""
    alike: dict[tuple[int, int, int], list[int]] = {}
    for k, one in enumerate(ready):
        if one.sparse is not None and one.packed is not None:
            header = one.packed.header
            alike.setdefault((header.height, header.width, header.kind), []).append(k)
    found = [one.picture for one in ready]
    for (_, width, _), group in alike.items():
        step = max(1, ACROSS // width)
        for some in (group[low : low + step] for low in range(0, len(group), step)):
            sparse = [one for one in (ready[k].sparse for k in some) if one is not None]
            for k, runs in zip(some, undo_filters(sparse, width)):
                found[k] = replace(found[k], runs=_again(ready[k].packed) if runs is None else runs)
    return [(picture, one.packed) for picture, one in zip(found, ready)]


def _again(packed: Optional[Packed]) -> Optional[Runs]:
    """The runs of a picture that is undone pixel by pixel."""
    return None if packed is None else _runs_of(_pixels(packed.header, packed.rows()))


def _pixels(header: Header, raw: Array) -> Array:
    """The values of all pixels, unsigned, shape (height, width)."""
    start, out = 0, None
    for left, top, across, down, rows, length in header.passes():
        stop = start + rows * (1 + length)
        flat = unfilter(raw[start:stop].reshape(rows, -1), header.step)
        if flat is None:
            raise PngFault(("picture/damaged", "the picture is broken: a row names no filter", "save it again"))
        columns = -(-(header.width - left) // across)
        values = _values(header, flat)[:, :columns]
        if not header.interlaced:
            return values
        if out is None:
            out = np.zeros((header.height, header.width), dtype=values.dtype)
        out[top::down, left::across] = values
        start = stop
    return np.zeros((0, 0), dtype=np.uint8) if out is None else out


def _values(header: Header, flat: Array) -> Array:
    """Pixels from the bytes of rows; the last byte of a row may hold more than there are."""
    if header.depth < 8:
        bits = np.unpackbits(flat, axis=1).reshape(len(flat), -1, header.depth)
        return np.packbits(bits, axis=2)[:, :, 0] >> (8 - header.depth)
    if header.depth == 16:
        return np.ascontiguousarray(flat).view(">u2").astype(np.uint16)
    if header.kind == RGB:
        pixel = flat.reshape(len(flat), -1, 3).astype(np.uint32)
        return pixel[..., 0] | pixel[..., 1] << 8 | pixel[..., 2] << 16
    return flat


def _runs_of(pixels: Array) -> Runs:
    """Stretches of equal pixels, row after row."""
    flat = pixels.ravel()
    last = np.empty(flat.size, dtype=bool)
    np.not_equal(flat[1:], flat[:-1], out=last[:-1])
    last[-1] = True
    end = true_places(last)
    value = flat.take(end)
    end += 1
    return Runs(value, end.astype(np.int32))


def _judged(picture: Picture, packed: Optional[Packed], content: PictureContent) -> Picture:
    """Tell whether the values are classes, and write them as such."""
    if picture.runs is None:
        return picture
    value = picture.runs.value
    highest = int(value.max())
    if packed is not None and packed.header.kind == PALETTE and highest >= packed.colours:
        message = f"the picture is broken: a pixel names colour {highest} of {packed.colours}"
        return replace(picture, runs=None, told=(("picture/damaged", message, "save the picture again"),))
    if content.classes is None:
        return picture
    allowed = np.zeros((1 << 16) + 1, dtype=bool)
    allowed[list(content.classes)] = True
    known = allowed[value if value.dtype.itemsize <= 2 else np.minimum(value, 1 << 16)]
    if content.segments or known.all():
        deep = picture.depth > 8 and content.classes[-1] < 256 and not content.segments
        message = f"it has {picture.depth} bits a pixel where 8 are enough"
        return replace(picture, told=picture.told + (("picture/deep", message, "save it with 8 bits"),) * deep)
    return _with_other_values(picture, picture.runs, content.classes, known)


def _with_other_values(picture: Picture, runs: Runs, classes: tuple[int, ...], known: Array) -> Picture:
    """A picture with values that are no class (those of the runs that are not known): white, blurred, or wrong."""
    present = np.unique(runs.value)
    two = len(classes) == 2 and classes[0] == 0
    if two and present.tolist() in ([255], [0, 255]):
        value = np.where(runs.value == 255, classes[1], 0).astype(np.uint16)
        told = ("picture/white", f"white (255) is read as class {classes[1]}", "")
        return replace(picture, runs=Runs(value, runs.end), told=(*picture.told, told))
    other = np.unique(runs.value[~known])
    length = np.diff(runs.end, prepend=np.int32(0))
    pixels = int(length[~known].sum())
    values = ", ".join(map(str, other[:5].tolist())) + ", …" * (len(other) > 5)
    named = ", ".join(map(str, classes[:5])) + ", …" * (len(classes) > 5)
    message = f"{counted(pixels, 'pixel')} with a value that is no class: {values}"
    if two and len(other) > 2 and other[-1] <= 255:
        fault = ("picture/soft-edges", message, "cut at a threshold; resize with nearest-neighbour interpolation")
    else:
        deep = " (16-bit values may have been stretched)" * (int(other[-1]) > 255)
        fault = ("picture/unknown-class", message, f"the classes are {named}{deep}")
    return replace(picture, runs=None, told=(*picture.told, fault))


def _label_maps(pictures: Sequence[Picture]) -> LabelMaps:
    runs = [picture.runs for picture in pictures if picture.runs is not None]
    start = np.concatenate(([0], np.cumsum([len(one.end) for one in runs], dtype=np.int64)))
    shape = np.array([(picture.height, picture.width) for picture in pictures], dtype=np.int64)
    return LabelMaps(
        shape, np.concatenate([one.value for one in runs]), np.concatenate([one.end for one in runs]), start
    )


def _findings(names: Sequence[str], pictures: Sequence[Picture], where: str) -> list[Finding]:
    """What there is to tell, a finding a rule."""
    said: dict[str, list[tuple[str, str, str]]] = {}
    for name, picture in zip(names, pictures):
        for rule, message, hint in picture.told:
            said.setdefault(rule, []).append((name, message, hint))
    return list(told_together(said, where, SEVERITY, "pictures"))


def told_together(
    said: Mapping[str, Sequence[tuple[str, str, str]]], where: str, severities: Mapping[str, str], what: str
) -> Iterator[Finding]:
    """A finding a rule, for all files to which it applies.

    Args:
        said: rule to the name, message and hint of each file.
        where: how findings call the folder or archive.
        severities: last part of a rule to its severity, where that is no error.
        what: what the files are.
    """
    for rule, group in said.items():
        name, message, hint = group[0]
        more = f" (so, or alike, in {len(group):,} {what})" * (len(group) > 1)
        place = "/".join(part for part in (where, name) if part)
        items = tuple(one for one, _, _ in group[:5]) if len(group) > 1 else ()
        severity = severities.get(rule.rpartition("/")[2], "error")
        yield Finding(rule, message + more, place, items, hint, severity, len(group))
