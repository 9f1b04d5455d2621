"""PNG, read strictly: chunks and their checksums first, then at most as many bytes of pixels as the header allows."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn, Optional

import numpy as np

from compete.png import SIGNATURE
from compete.scoring.inflating import inflated
from compete.scoring.spans import Array

CHUNKS = 1 << 16
"""More chunks than this are no picture."""

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
KINDS = {GREY: "grey", RGB: "RGB", PALETTE: "palette", GREY_ALPHA: "grey with alpha", RGBA: "RGB with alpha"}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row, and steps between columns and rows, of each pass of an interlaced picture."""

AGAIN = "save the picture again, and compare sizes after the upload"


class PngFault(Exception):  # noqa: N818  (a fault of a file, as in compete.errors)
    """What is wrong with a picture: rule, message and cure, one or several."""

    def __init__(self, *faults: tuple[str, str, str]) -> None:
        self.faults = faults
        super().__init__(*faults)


@dataclass(frozen=True)
class Header:
    """What the first chunk says.

    Attributes:
        width: pixels.
        height: pixels.
        depth: bits of a sample: 1, 2, 4, 8 or 16.
        kind: one of the keys of `CHANNELS`.
        interlaced: whether the rows come in seven passes.
    """

    width: int
    height: int
    depth: int
    kind: int
    interlaced: bool

    @property
    def bits(self) -> int:
        """Bits of a pixel."""
        return self.depth * CHANNELS[self.kind]

    @property
    def step(self) -> int:
        """Bytes from one pixel to the next, as the filters count; at least one."""
        return max(1, self.bits // 8)

    def passes(self) -> list[tuple[int, int, int, int, int, int]]:
        """First column and row, steps, rows and bytes of a row, of each pass that has pixels."""
        found = []
        for left, top, across, down in ADAM7 if self.interlaced else ((0, 0, 1, 1),):
            columns, rows = -(-(self.width - left) // across), -(-(self.height - top) // down)
            if columns > 0 and rows > 0:
                found.append((left, top, across, down, rows, -(-columns * self.bits // 8)))
        return found

    @property
    def size(self) -> int:
        """Bytes of all rows, each with the number of its filter."""
        return sum(rows * (1 + length) for *_, rows, length in self.passes())


@dataclass(frozen=True, eq=False)
class Packed:
    """A picture whose chunks are sound and whose pixels are still packed.

    Attributes:
        header: size and kind.
        pixels: the packed rows.
        colours: how many entries the palette has; 0 without one.
        told: what is odd but harmless: rule, message and hint.
    """

    header: Header
    pixels: bytes
    colours: int = 0
    told: tuple[tuple[str, str, str], ...] = ()

    def rows(self) -> Array:
        """Unpack the rows, each led by the number of its filter, end to end, uint8.

        Raises:
            PngFault: they are broken, or fewer or more than the header says.
        """
        head = self.pixels[:2]
        if len(head) < 2 or head[0] & 15 != 8 or int.from_bytes(head, "big") % 31 or head[1] & 0x20:
            _damaged("its packed pixels are broken")
        raw = inflated(memoryview(self.pixels)[2:], self.header.size)
        if raw is None:
            _damaged("its packed pixels are broken")
        if len(raw) != self.header.size:
            _damaged("it holds fewer or more pixels than its header says")
        return np.frombuffer(raw, dtype=np.uint8)


def unwrap_png(data: bytes, kinds: tuple[int, ...], size: Optional[tuple[int, int]], pixels: int) -> Packed:
    """Walk over the chunks of a picture; nothing is unpacked.

    Args:
        data: the file.
        kinds: the kinds that are taken, of `KINDS`.
        size: height and width that it must have; None for any.
        pixels: how many it may have.

    Raises:
        PngFault: it is no PNG, damaged, animated, turned, or of another size or kind.

    Source: PNG specification, third edition (W3C, 2025), sections 5, 10 and 11.
    """
    if not data.startswith(SIGNATURE):
        raise PngFault(
            ("picture/not-png", f"this is {_what(data)}, not a PNG", "save the picture as PNG, without loss")
        )
    walk = _Walk()
    for name, payload in _chunks(memoryview(data), walk):
        if name == b"IHDR" and not walk.header:
            walk.header.append(_header(payload))
            faults = _header_faults(walk.header[0], kinds, size, pixels)
            if faults:
                raise PngFault(*faults)
        elif not walk.header:
            _damaged("its header is not the first chunk")
        else:
            walk.take(name, payload)
    header = walk.header[0]
    if not walk.pixels or (header.kind == PALETTE and not walk.colours):
        _damaged("it holds no pixels" if not walk.pixels else "it holds no palette")
    return Packed(header, b"".join(walk.pixels), walk.colours, tuple(walk.told))


@dataclass(eq=False)
class _Walk:
    """What the chunks up to here have told."""

    header: list[Header] = field(default_factory=list)
    pixels: list[memoryview] = field(default_factory=list)
    colours: int = 0
    last: bytes = b""
    told: list[tuple[str, str, str]] = field(default_factory=list)

    def take(self, name: bytes, payload: memoryview) -> None:
        """Keep or refuse one chunk after the header."""
        if name == b"IDAT":
            if self.pixels and self.last != b"IDAT":
                _damaged("its pixels are not in one run of chunks")
            self.pixels.append(payload)
        elif name == b"PLTE":
            if self.colours or self.pixels or len(payload) % 3 or not 0 < len(payload) <= 768:
                _damaged("its palette is repeated, late or of a wrong length")
            self.colours = len(payload) // 3
        elif name in (b"acTL", b"fcTL", b"fdAT"):
            raise PngFault(("picture/animated", "it has several frames", "save one frame, as plain PNG"))
        elif name == b"eXIf":
            if _turned(bytes(payload)):
                raise PngFault(("picture/turned", "it asks to be turned when shown", "turn the pixels themselves"))
        elif name == b"tRNS" and self.header[0].kind != PALETTE:
            message = "one value is marked as transparent; it counts like any other"
            self.told.append(("picture/transparent", message, "save without transparency"))
        elif not name[0] & 0x20 and name != b"IEND":
            _damaged("it needs a chunk that no standard knows")
        self.last = name


def _chunks(data: memoryview, walk: _Walk) -> Iterator[tuple[bytes, memoryview]]:
    """Name and content of each chunk, their checksums tested; what follows the last is told."""
    place = len(SIGNATURE)
    for _ in range(CHUNKS):
        if place + 12 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data) or not name.isalpha():
            break
        if zlib.crc32(data[place + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            _damaged(f"the checksum of its {name.decode('ascii')} chunk is wrong")
        yield name, data[place + 8 : end - 4]
        place = end
        if name == b"IEND":
            if place < len(data):
                message = f"{len(data) - place:,} bytes follow its end; they are not read"
                walk.told.append(("picture/trailing-bytes", message, "save the picture again"))
            return
    _damaged("it ends early, or a chunk is broken")


def _header(payload: memoryview) -> Header:
    if len(payload) != 13:
        _damaged("its header has a wrong length")
    width, height, depth, kind, packing, filters, interlaced = struct.unpack(">2I5B", payload)
    if depth not in DEPTHS.get(kind, ()) or packing or filters or interlaced > 1 or not 0 < width <= 1 << 31:
        _damaged("its header says what no standard knows")
    if not 0 < height <= 1 << 31:
        _damaged("it has no rows")
    return Header(width, height, depth, kind, bool(interlaced))


def _header_faults(
    header: Header, kinds: tuple[int, ...], size: Optional[tuple[int, int]], pixels: int
) -> list[tuple[str, str, str]]:
    """Every way in which a picture is not what is asked for, before a pixel is unpacked."""
    found = []
    if header.kind not in kinds or (header.kind == RGB and header.depth != 8):
        wanted = " or ".join(KINDS[kind] for kind in kinds)
        message = f"it is {KINDS[header.kind]} with {header.depth} bits a sample"
        alpha = " and without transparency" * (header.kind in (GREY_ALPHA, RGBA))
        found.append(("picture/kind", message, f"save it as {wanted} PNG{alpha}"))
    if size is not None and (header.height, header.width) != size:
        swapped = (header.width, header.height) == size
        message = f"it has {header.width} × {header.height} pixels, the image has {size[1]} × {size[0]}"
        hint = "rows and columns are swapped: transpose it" if swapped else "predict at the size of the image"
        found.append(("picture/size", message, hint))
    elif header.width * header.height > pixels:
        message = f"it has {header.width} × {header.height} pixels, {pixels:,} are allowed"
        found.append(("picture/size", message, "predict at the size of the image"))
    return found


def _turned(payload: bytes) -> bool:
    """Whether Exif data ask for another orientation than the pixels have, or cannot be read."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(payload[:4])
    if order is None or len(payload) < 8:
        return True
    (start,) = struct.unpack_from(order + "I", payload, 4)
    if start + 2 > len(payload):
        return True
    (count,) = struct.unpack_from(order + "H", payload, start)
    for place in range(start + 2, min(start + 2 + 12 * count, len(payload) - 11), 12):
        tag, _, _, value = struct.unpack_from(order + "2HIH", payload, place)
        if tag == 0x0112 and value != 1:
            return True
    return False


def _what(data: bytes) -> str:
    """What a file is that is no PNG."""
    known = (
        (b"\xff\xd8\xff", "a JPEG, which blurs labels"),
        (b"II*\0", "a TIFF"),
        (b"MM\0*", "a TIFF"),
        (b"GIF8", "a GIF"),
        (b"BM", "a BMP"),
        (b"RIFF", "a WebP or another RIFF file"),
        (b"\x93NUMPY", "a numpy file"),
        (b"PK\3\4", "a zip archive"),
        (b"<", "an SVG or another text in XML"),
        (b"\x89PNG", "a PNG changed by a transfer as text"),
    )
    return next((what for magic, what in known if data.lstrip().startswith(magic)), "an unknown or empty file")


def _damaged(what: str) -> NoReturn:
    raise PngFault(("picture/damaged", f"the picture is broken: {what}", AGAIN))
