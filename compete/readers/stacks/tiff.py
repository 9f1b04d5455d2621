"""TIFF stacks and OME-TIFF: which axes a file has, and its planes, read one by one; with tifffile."""

from __future__ import annotations

import logging
import lzma
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from compete.errors import DatasetError
from compete.readers.stacks.address import AGAIN, ALL, DAMAGED, MAX, UNSUPPORTED, StackFault

Array = np.ndarray[Any, Any]

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PIXELS = 100_000_000
"""Pixels of the largest plane that is taken."""
PLANES = 1 << 20
NONE, DEFLATE, LZMA, PACKBITS = (1,), (8, 32946), (34925,), (32773,)
BY_PILLOW = (5, 7, 2, 3, 4)
"""Packings that need a library beyond numpy: LZW, JPEG and faxes, which Pillow brings."""

AXES = {"Z": "z", "T": "t", "C": "c"}
"""What axes are called that tell what they are; every other is of frames."""
UNITS = {"nm": 1e-6, "µm": 1e-3, "μm": 1e-3, "um": 1e-3, "micron": 1e-3, "microns": 1e-3, "mm": 1.0, "cm": 10.0,
         "m": 1e3, "\\u00b5m": 1e-3}  # fmt: skip
"""Millimetres of a unit."""

FAULTS = (
    ValueError, TypeError, LookupError, ArithmeticError, AttributeError, SyntaxError, RuntimeError, OSError, EOFError,
    MemoryError, AssertionError, struct.error, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What the libraries raise for bytes that they cannot read."""


@dataclass(frozen=True)
class Stack:
    """What a TIFF file says of itself.

    Attributes:
        sides: z, t, c or frame -> how many, in the order of the file; none of a flat picture.
        height: pixels.
        width: pixels.
        samples: 1, or 3 or 4 of colours.
        kind: what a value is.
        spacing: millimetres between slices, rows and columns; None where the file does not say.
        channels: their names; empty where the file does not say.
        images: how many it holds; only the first is looked at.
    """

    sides: Mapping[str, int]
    height: int
    width: int
    samples: int
    kind: np.dtype[Any]
    spacing: tuple[float, float, float] | None
    channels: tuple[str, ...]
    images: int

    @property
    def planes(self) -> int:
        """How many pictures there are."""
        return int(np.prod([1, *self.sides.values()]))


def read_stack(path: str) -> Stack:
    """What a TIFF file says of itself; no pixel is read.

    Raises:
        StackFault: it is none, is broken, or tifffile is not installed.
    """
    with _opened(path) as (file, series):
        return _stack(file, series)


def read_planes(path: str, choice: Mapping[str, str]) -> Array:
    """The planes of a TIFF file that a choice names, every value as it is.

    Args:
        path: the file.
        choice: axis -> a place on it, ``max`` or ``all``; of an axis that is not named, the first.

    Returns:
        Shape (channels, slices, height, width) or (channels, slices, height, width, samples), where channels and slices
        are 1 unless ``c`` or ``z`` is ``all``.

    Raises:
        StackFault: it cannot be read, or has no such plane.
    """
    with _opened(path) as (file, series):
        stack = _stack(file, series)
        picks = {axis: _picked(axis, choice.get(axis, "0"), many) for axis, many in stack.sides.items()}
        for axis in choice:
            if axis in ("z", "t", "c", "frame") and axis not in picks and choice[axis] not in ("0", ALL, MAX):
                raise _no_such(axis, choice[axis], 1)
        kept = [axis for axis in ("c", "z") if choice.get(axis) == ALL]
        shape = [len(picks[axis]) if axis in kept and axis in picks else 1 for axis in ("c", "z")]
        colours = (stack.samples,) if stack.samples > 1 else ()
        out = np.zeros((*shape, stack.height, stack.width, *colours), stack.kind)
        seen = np.zeros(shape, dtype=bool)
        for place in product(*picks.values()):
            at = tuple(picks[axis].index(place[list(picks).index(axis)]) if axis in kept and axis in picks else 0
                       for axis in ("c", "z"))  # fmt: skip
            number = int(np.ravel_multi_index(place, tuple(stack.sides.values()))) if place else 0
            plane = _plane(path, file, series, number, stack)
            out[at] = np.maximum(out[at], plane) if seen[at] else plane
            seen[at] = True
        return out


def _picked(axis: str, said: str, many: int) -> list[int]:
    if said == MAX or (said == ALL and axis in ("c", "z")):
        return list(range(many))
    if not said.isdecimal() or int(said) >= many:
        raise _no_such(axis, said, many)
    return [int(said)]


def _no_such(axis: str, said: str, many: int) -> StackFault:
    return StackFault("image/plane", f"it has no {axis} = {said}; they are numbered from 0 to {many - 1}",
                      "say another in data.view")  # fmt: skip


@contextmanager
def _opened(path: str) -> Iterator[tuple[Any, Any]]:
    """A file and its first series; whatever the library says of bad bytes comes out as a fault."""
    try:
        import tifffile
    except ImportError:
        hint = "install it: pip install 'compete[tiff]'"
        raise StackFault("image/no-tifffile", "TIFF stacks are read with tifffile, which is not here", hint) from None
    log = logging.getLogger("tifffile")
    before, log.disabled = log.disabled, True  # it writes to the terminal what is told here as findings
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with tifffile.TiffFile(path, _multifile=False) as file:
                _refuse_entities(file, path)
                yield file, file.series[0]
    except tifffile.TiffFileError as error:
        raise StackFault(DAMAGED, f"it cannot be read: {_words(error, path)}", AGAIN) from None
    except FAULTS as error:
        raise StackFault(DAMAGED, f"it cannot be read: {_words(error, path)}", AGAIN) from None
    finally:
        log.disabled = before


def _words(error: BaseException, path: str) -> str:
    return " ".join(str(error).replace(path, Path(path).name).split())[:100] or type(error).__name__


def _refuse_entities(file: Any, path: str) -> None:
    """Entities of XML can unfold to gigabytes, and planes in other files are not the file's own."""
    text = file.pages[0].description or ""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise StackFault(DAMAGED, "its XML declares entities, which OME never does", AGAIN)
    if file.is_ome:
        name = Path(path).name
        other = next((said for said in _named_files(text) if Path(said).name != name), "")
        if other and len(file.pages) < text.count("<TiffData"):
            message = f"its planes are in several files, such as {Path(other).name[:40]}"
            raise StackFault(UNSUPPORTED, message, "write each image as one OME-TIFF")


def _named_files(text: str) -> list[str]:
    return [part.partition('"')[0] for part in text.split('FileName="')[1:]]


def _stack(file: Any, series: Any) -> Stack:
    """The axes of a series, and how large a plane is; nothing is allocated before it was tested."""
    page = series.keyframe
    leading = len(series.shape) - len(page.shape)
    if leading < 0 or tuple(series.shape[leading:]) != tuple(page.shape) or set(page.axes) - set("YXS"):
        raise StackFault(UNSUPPORTED, f"its axes {series.axes[:20]} cannot be taken apart into planes",
                         "write it as OME-TIFF with a plane a page")  # fmt: skip
    sides: dict[str, int] = {}
    for letter, many in zip(series.axes, series.shape[:leading], strict=False):
        axis = AXES.get(letter, "frame")
        if axis in sides and 1 not in (sides[axis], many):
            raise StackFault(UNSUPPORTED, f"two of its axes {series.axes[:20]} are of a kind that is not known",
                             "write it as OME-TIFF with the axes T, C and Z")  # fmt: skip
        sides[axis] = sides.get(axis, 1) * int(many)
    if set(sides) == {"frame"}:
        sides = {"z": sides["frame"]}  # pages of which nobody says what they are
    along = dict(zip(page.axes, page.shape, strict=True))
    height, width, samples = int(along.get("Y", 1)), int(along.get("X", 1)), int(along.get("S", 1))
    if height * width * samples > 4 * PIXELS or height * width > PIXELS or not height * width:
        raise StackFault("image/too-large", f"a plane has {width:,} × {height:,} pixels; {PIXELS:,} are taken",
                         "cut it into tiles, or scale it down")  # fmt: skip
    if samples not in (1, 3, 4) or np.dtype(page.dtype).kind not in "biuf" or np.prod(list(sides.values())) > PLANES:
        raise StackFault(UNSUPPORTED, f"its planes hold {samples} values of {page.dtype} a pixel",
                         "write numbers, one a pixel and plane")  # fmt: skip
    spacing, channels = _said(file)
    return Stack(sides, height, width, samples, np.dtype(page.dtype), spacing, channels, len(file.series))


def _plane(path: str, file: Any, series: Any, number: int, stack: Stack) -> Array:
    """One plane, shape (height, width) or (height, width, samples)."""
    page = series.keyframe
    if series.dataoffset is not None:
        size = int(np.prod(page.shape)) * stack.kind.itemsize
        file.filehandle.seek(series.dataoffset + number * size)
        raw = file.filehandle.read(size)
        if len(raw) < size:
            raise StackFault(DAMAGED, "it holds fewer pixels than it says", AGAIN)
        found = np.frombuffer(raw, stack.kind.newbyteorder(file.byteorder)).reshape(page.shape)
    else:
        one = series.pages[number]
        if one is None:
            raise StackFault(DAMAGED, f"plane {number} is not there", AGAIN)
        found = _unpacked(path, file, one, page)
    if found.shape != tuple(page.shape):
        raise StackFault(DAMAGED, f"plane {number} is not of the size of the first", AGAIN)
    found = np.moveaxis(found, 0, -1) if page.axes == "SYX" else found
    return found.astype(stack.kind, copy=False)


def _unpacked(path: str, file: Any, page: Any, first: Any) -> Array:
    """The pixels of a page; nothing is unpacked beyond its size."""
    packing = int(first.compression)
    if packing in BY_PILLOW:
        return _by_pillow(path, page.index)
    if packing not in (*NONE, *DEFLATE, *LZMA, *PACKBITS):
        raise StackFault(UNSUPPORTED, f"its planes are packed in a way that is not read ({first.compression.name})",
                         "write it with Deflate or without compression")  # fmt: skip
    whole = int(np.prod(first.shape)) * first.dtype.itemsize
    if first.is_tiled:
        whole = max(whole, int(np.prod(first.tile)) * first.dtype.itemsize * int(first.samplesperpixel))
    if packing in (*DEFLATE, *LZMA):
        for offset, size in zip(page.dataoffsets, page.databytecounts, strict=True):
            file.filehandle.seek(offset)
            _refuse_bomb(file.filehandle.read(min(size, file.filehandle.size)), whole, packing)
    elif sum(page.databytecounts) > 2 * whole + (1 << 16):
        raise StackFault(DAMAGED, "it holds more bytes than its planes need", AGAIN)
    found: Array = page.asarray()
    return found


def _refuse_bomb(packed: bytes, most: int, packing: int) -> None:
    if packing in DEFLATE:
        size = len(zlib.decompressobj().decompress(packed, most + 1))
    else:
        size = len(lzma.LZMADecompressor().decompress(packed, most + 1))
    if size > most:
        raise StackFault(DAMAGED, "it unpacks to more than a plane", AGAIN)


def _by_pillow(path: str, number: int) -> Array:
    from PIL import Image

    try:
        with Image.open(path, formats=["TIFF"]) as image:
            image.seek(number)
            return np.asarray(image)
    except Image.DecompressionBombError:
        raise StackFault("image/too-large", "it claims to have more pixels than are taken") from None


def _said(file: Any) -> tuple[tuple[float, float, float] | None, tuple[str, ...]]:
    """Spacing and names of channels, as OME-XML or ImageJ say them."""
    if file.is_ome:
        return _said_by_ome(file.pages[0].description or "")
    if file.is_imagej:
        said = file.imagej_metadata or {}
        unit = UNITS.get(str(said.get("unit", "")).lower())
        across = [file.pages[0].tags.get(name) for name in ("YResolution", "XResolution")]
        sizes = [tag.value[1] / tag.value[0] for tag in across if tag is not None and tag.value[0]]
        if unit and len(sizes) == 2:
            return _placed(float(said.get("spacing", 0) or 0) * unit, sizes[0] * unit, sizes[1] * unit), ()
    return None, ()


def _said_by_ome(text: str) -> tuple[tuple[float, float, float] | None, tuple[str, ...]]:
    from compete.readers.xml_file import Node, xml_pieces

    def walk(node: Node) -> Iterator[Node]:
        yield node
        for child in node.children:
            yield from walk(child)

    try:
        nodes = [one for piece in xml_pieces(text.encode(), "OME-XML", DAMAGED) for one in walk(piece)]
    except DatasetError as error:
        raise StackFault(DAMAGED, error.findings[0].message, AGAIN) from None
    pixels = next((one for one in nodes if one.tag.rpartition(":")[2] == "Pixels"), None)
    if pixels is None:
        return None, ()
    sizes = []
    for axis in "ZYX":
        unit = UNITS.get(pixels.attributes.get(f"PhysicalSize{axis}Unit", "µm"))
        try:
            sizes.append(float(pixels.attributes.get(f"PhysicalSize{axis}", 0)) * (unit or 0))
        except ValueError:
            sizes.append(0.0)
    named = [one for one in pixels.children if one.tag.rpartition(":")[2] == "Channel"]
    channels = tuple(one.attributes.get("Name", "") for one in named)
    return _placed(*sizes), channels


def _placed(depth: float, height: float, width: float) -> tuple[float, float, float] | None:
    """Millimetres of a voxel; slices without a distance are as far apart as rows."""
    if not (0 < height < 1e6 and 0 < width < 1e6):
        return None
    return (depth if 0 < depth < 1e6 else height), height, width
