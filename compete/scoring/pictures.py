"""Label pictures: PNG and TIFF files whose pixels are classes or ids of segments, read into runs, many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Optional

import numpy as np

from compete.errors import Finding
from compete.scoring.picture_runs import LARGEST, Content, Picture, PictureContent, runs_of_pictures
from compete.scoring.png_runs import Runs
from compete.scoring.source import counted
from compete.scoring.spans import Array
from metrics.label_maps import LabelMaps

__all__ = ["PICTURE_RULES", "PictureContent", "read_picture", "read_pictures", "told_together"]

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
    sources = [source for _, source in pictures]
    whole = runs_of_pictures(sources, wanted, content, partial(_judged, content=content))
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


def _judged(picture: Picture, content: PictureContent) -> Picture:
    """Tell whether the values are classes, and write them as such."""
    if picture.runs is None:
        return picture
    value = picture.runs.value
    if picture.colours is not None and (highest := int(value.max())) >= picture.colours:
        message = f"the picture is broken: a pixel names colour {highest} of {picture.colours}"
        return replace(picture, runs=None, told=(("picture/damaged", message, "save the picture again"),))
    if content.classes is None:
        return picture
    if content.segments or _all_known(value, content):
        deep = picture.depth > 8 and content.classes[-1] < 256 and not content.segments
        message = f"it has {picture.depth} bits a pixel where 8 are enough"
        return replace(picture, told=picture.told + (("picture/deep", message, "save it with 8 bits"),) * deep)
    known = _known(value, content)
    return _with_other_values(picture, picture.runs, content.classes, known)


def _all_known(value: Array, content: PictureContent) -> bool:
    """Whether all values are classes."""
    if value.dtype.itemsize == 1:  # texts are searched twice as fast as arrays
        return not value.tobytes().translate(None, content.known[: 1 << 8].nonzero()[0].astype(np.uint8).tobytes())
    return bool(_known(value, content).all())


def _known(value: Array, content: PictureContent) -> Array:
    """Whether each value is a class."""
    return content.known.take(value if value.dtype.itemsize <= 2 else np.minimum(value, LARGEST + 1))


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
