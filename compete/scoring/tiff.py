"""TIFF, read strictly: one page of one whole number a pixel, every place and size tested before it is used."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NoReturn, Optional

import numpy as np

from compete.scoring.png import PngFault
from compete.scoring.spans import Array
from compete.scoring.tiff_packing import DEFLATE, LZW, OLD_DEFLATE, PACKBITS, PLAIN, summed, unpacked
from metrics.frozen import dataclass

MAGIC = {b"II*\0": ("<", False), b"MM\0*": (">", False), b"II+\0": ("<", True), b"MM\0+": (">", True)}
"""How a TIFF begins: the order of its bytes, and whether places have 64 bits (BigTIFF)."""

ENTRIES = 1 << 12
"""More entries than this are no picture's."""

WIDTH, HEIGHT, BITS, PACKING, MEANING, FILLING, OFFSETS, TURNED, SAMPLES = 256, 257, 258, 259, 262, 266, 273, 274, 277
ROWS, SIZES, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, NUMBERS = (
    278,
    279,
    317,
    322,
    323,
    324,
    325,
    339,
)
TAGS = frozenset((
    WIDTH, HEIGHT, BITS, PACKING, MEANING, FILLING, OFFSETS, TURNED, SAMPLES, ROWS, SIZES, PREDICTOR, TILE_WIDTH,
    TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, NUMBERS,
))  # fmt: skip
"""The entries that are read; all others are metadata, and are not looked at."""

WHOLE = {1: "u1", 3: "u2", 4: "u4", 16: "u8"}
"""TIFF's types of unsigned whole numbers, as numpy calls them."""

BRIGHT, COLOURS = 1, 3
"""What pixels mean: grey whose zero is black, and places in a palette."""

UNSIGNED, SIGNED, FLOATING, UNDEFINED = 1, 2, 3, 4
DEPTHS = (1, 2, 4, 8, 16, 32)
KNOWN = (PLAIN, LZW, DEFLATE, OLD_DEFLATE, PACKBITS)
OTHERS = {
    6: "as JPEG, which blurs labels", 7: "as JPEG, which blurs labels", 34712: "as JPEG 2000", 33003: "as JPEG 2000",
    33005: "as JPEG 2000", 50000: "by Zstandard", 50001: "as WebP", 2: "as a fax", 3: "as a fax", 4: "as a fax",
    34925: "by LZMA",
}  # fmt: skip
"""Ways of packing that are not read here."""

SPARE = 1 << 24
"""Pixels that tiles may have beyond four times those of the picture."""

PARTS, PART = 1 << 12, 1 << 10
"""More strips or tiles than this, and one for so many pixels, only cost time."""

AGAIN = "save the picture again, and compare sizes after the upload"
BLACK = "let zero be black: in Fiji choose Lookup Tables, Grays; in Python save true and false as uint8"
AS_LABELS = "save it as grey of 8 or 16 bits, unpacked or packed by LZW or Deflate"


class TiffFault(PngFault):
    """What is wrong with a TIFF: rule, message and cure, one or several."""


@dataclass(frozen=True)
class TiffHeader:
    """What the entries say.

    Attributes:
        width: pixels.
        height: pixels.
        depth: bits of a pixel: one of ``DEPTHS``.
        signed: whether the first of them is a sign.
        packing: one of ``KNOWN``.
        differences: whether each number is written as the difference to the one on its left.
        order: ``<`` or ``>``, the order of the bytes of a number.
    """

    width: int
    height: int
    depth: int
    signed: bool
    packing: int
    differences: bool
    order: str


@dataclass(frozen=True, eq=False)
class Tiff:
    """A picture that was read.

    Attributes:
        pixels: unsigned, shape (height, width).
        depth: bits of a pixel.
    """

    pixels: Array
    depth: int


def is_tiff(data: bytes) -> bool:
    """Whether a file begins as a TIFF does."""
    return data[:4] in MAGIC


def read_tiff(data: bytes, size: Optional[tuple[int, int]], pixels: int) -> Tiff:
    """Read a TIFF of one page that holds one whole number a pixel.

    Args:
        data: the file.
        size: height and width that it must have; None for any.
        pixels: how many it may have.

    Raises:
        TiffFault: it is damaged, has several pages, or is of another size or kind.

    Source: TIFF revision 6.0 (Adobe, 1992); BigTIFF as libtiff 4.0 writes it.
    """
    directory = _directory(data)
    header = _header(directory)
    faults = _size_faults(header, size, pixels)
    if faults:
        raise TiffFault(*faults)
    out = np.zeros((header.height, header.width), dtype=f"u{max(1, header.depth // 8)}")
    for top, left, part in _parts(directory, header):
        out[top : top + part.shape[0], left : left + part.shape[1]] = part
    if header.signed and int(out.max()) >> (header.depth - 1):
        raise TiffFault(("picture/kind", "it holds negative numbers", "number classes from 0"))
    return Tiff(out, header.depth)


@dataclass(frozen=True, eq=False)
class _Directory:
    """The entries of a page that are read: type, count, and the place of the values."""

    data: memoryview
    order: str
    entries: dict[int, tuple[int, int, int]]

    def number(self, tag: int, default: Optional[int] = None) -> int:
        """One number; several that are alike count as one."""
        if tag not in self.entries:
            if default is None:
                _damaged(f"it lacks entry {tag}, which every TIFF has")
            return default
        found = self.numbers(tag, self.entries[tag][1] if tag in (BITS, NUMBERS) else 1)
        if (found != found[0]).any():
            _damaged(f"its entry {tag} says two things")
        return int(found[0])

    def numbers(self, tag: int, count: int) -> Array:
        """As many numbers as there must be, int64."""
        kind, given, place = self.entries.get(tag, (0, 0, 0))
        if kind not in WHOLE or given != count or not count:
            _damaged(f"its entry {tag} is missing, or holds {given:,} numbers instead of {count:,}")
        wide = np.dtype(self.order + WHOLE[kind])
        if place + count * wide.itemsize > len(self.data):
            _damaged(f"its entry {tag} names a place beyond the end of the file")
        found = np.frombuffer(self.data, wide, count, place)
        if wide.itemsize == 8 and (found >> np.uint64(62)).any():
            _damaged(f"its entry {tag} holds numbers that are too large")
        return found.astype(np.int64)


def _directory(data: bytes) -> _Directory:
    """The only page of a TIFF; a second one is never looked at."""
    order, big = MAGIC[data[:4]]
    count, entry, place = (
        (order + "Q", order + "2HQ", order + "Q") if big else (order + "H", order + "2HI", order + "I")
    )
    inline = struct.calcsize(place)
    step = struct.calcsize(entry) + inline
    if len(data) < 16 or (big and data[4:8] != struct.pack(order + "2H", 8, 0)):
        _damaged("it ends in its header")
    (start,) = struct.unpack_from(place, data, 8 if big else 4)
    first = start + struct.calcsize(count)
    if start < 8 or first > len(data):
        _damaged("its list of entries is beyond the end of the file")
    (many,) = struct.unpack_from(count, data, start)
    last = first + many * step
    if not 0 < many <= ENTRIES or last + inline > len(data):
        _damaged("its list of entries is empty, too long, or cut")
    entries: dict[int, tuple[int, int, int]] = {}
    for at in range(first, last, step):
        tag, kind, given = struct.unpack_from(entry, data, at)
        if tag in TAGS:
            where = at + step - inline
            if kind in WHOLE and given * int(WHOLE[kind][1]) > inline:
                (where,) = struct.unpack_from(place, data, where)
            if tag in entries:
                _damaged(f"its entry {tag} is there twice")
            entries[tag] = kind, given, where
    if struct.unpack_from(place, data, last)[0]:
        raise TiffFault(("picture/animated", "it has several pages", "save one page: no stack, no pyramid"))
    return _Directory(memoryview(data), order, entries)


def _header(directory: _Directory) -> TiffHeader:
    """What a picture is, if it is one of labels."""
    samples = directory.number(SAMPLES, 1)
    depth, numbers = directory.number(BITS, 1), directory.number(NUMBERS, UNSIGNED)
    meaning, packing = directory.number(MEANING), directory.number(PACKING, PLAIN)
    predictor = directory.number(PREDICTOR, 1)
    if directory.number(TURNED, 1) != 1:
        raise TiffFault(("picture/turned", "it asks to be turned when shown", "turn the pixels themselves"))
    said = _kind_fault(samples, depth, numbers, meaning)
    if not said and packing not in KNOWN:
        said = f"it is packed {OTHERS.get(packing, f'in a way that is not read here ({packing})')}"
    if not said and (directory.number(FILLING, 1) != 1 or predictor not in (1, 2)):
        said = "its bits or numbers are in an order that is not read here"
    if not said and predictor == 2 and (depth < 8 or packing in (PLAIN, PACKBITS)):
        said = "it is said to hold differences, which programs read differently for its kind"
    if said:
        raise TiffFault(("picture/kind", said, BLACK if meaning == 0 and samples == 1 else AS_LABELS))
    width, height = directory.number(WIDTH), directory.number(HEIGHT)
    if not 0 < width <= 1 << 31 or not 0 < height <= 1 << 31:
        _damaged("it has no pixels")
    signed = numbers == SIGNED
    return TiffHeader(width, height, depth, signed, packing, predictor == 2, directory.order)


def _kind_fault(samples: int, depth: int, numbers: int, meaning: int) -> str:
    """Why pixels are no labels; empty where they are."""
    if samples != 1:
        return f"it holds {samples} numbers a pixel, such as red, green and blue"
    if numbers == FLOATING:
        return "its pixels are floating-point numbers"
    if numbers not in (UNSIGNED, SIGNED, UNDEFINED) or depth not in DEPTHS or (numbers == SIGNED and depth < 8):
        return f"its pixels are numbers of {depth} bits and kind {numbers}"
    if meaning == 0:
        return "its zero is white, so some programs read other numbers than it holds"
    return "" if meaning in (BRIGHT, COLOURS) else "its pixels are no grey and no places in a palette"


def _size_faults(header: TiffHeader, size: Optional[tuple[int, int]], pixels: int) -> list[tuple[str, str, str]]:
    """A size that is not asked for, before a pixel is unpacked."""
    given = f"it has {header.width} × {header.height} pixels"
    if size is not None and (header.height, header.width) != size:
        swapped = (header.width, header.height) == size
        hint = "rows and columns are swapped: transpose it" if swapped else "predict at the size of the image"
        return [("picture/size", f"{given}, the image has {size[1]} × {size[0]}", hint)]
    if header.width * header.height > pixels:
        return [("picture/size", f"{given}, {pixels:,} are allowed", "predict at the size of the image")]
    return []


def _parts(directory: _Directory, header: TiffHeader) -> Iterator[tuple[int, int, Array]]:
    """The strips or tiles: first row, first column, and pixels of each."""
    tiled = TILE_OFFSETS in directory.entries
    if tiled:
        across, down = directory.number(TILE_WIDTH), directory.number(TILE_HEIGHT)
    else:
        across, down = header.width, min(directory.number(ROWS, header.height), header.height)
    if not (across and down):
        _damaged("its strips or tiles have no pixels")
    columns, rows = -(-header.width // across), -(-header.height // down)
    if columns * rows > PARTS + header.width * header.height // PART:
        _damaged("it has far more strips or tiles than its size calls for")
    if columns * across * rows * down > 4 * header.width * header.height + SPARE:
        _damaged("its tiles are far larger than the picture")
    offset, size = _places(directory, tiled, columns * rows)
    length = -(-across * header.depth // 8)
    for k, (start, many) in enumerate(zip(offset, size)):
        top, left = k // columns * down, k % columns * across
        high, wide = min(down, header.height - top), min(across, header.width - left)
        raw = unpacked(directory.data[start : start + many], header.packing, down * length)
        if raw is None or len(raw) not in ((down * length,) if tiled else (high * length, down * length)):
            _damaged("a strip or tile is broken, or holds fewer or more pixels than it must")
        yield top, left, _values(raw[: high * length].reshape(high, length), header)[:, :wide]


def _places(directory: _Directory, tiled: bool, count: int) -> tuple[list[int], list[int]]:
    """First byte and length of each strip or tile; all inside the file, and no two share a byte."""
    if tiled and OFFSETS in directory.entries:
        _damaged("it has strips and tiles")
    offset = directory.numbers(TILE_OFFSETS if tiled else OFFSETS, count)
    size = directory.numbers(TILE_SIZES if tiled else SIZES, count)
    order = np.argsort(offset, kind="stable")
    begin, end = offset[order], (offset + size)[order]
    if begin[0] < 8 or size.min() < 1 or end.max() > len(directory.data) or (end[:-1] > begin[1:]).any():
        _damaged("its strips or tiles are empty, share bytes, or lie beyond the end of the file")
    return offset.tolist(), size.tolist()


def _values(rows: Array, header: TiffHeader) -> Array:
    """Numbers from the bytes of rows; the last byte of a row may hold more than there are."""
    if header.depth < 8:
        bits = np.unpackbits(rows, axis=1).reshape(len(rows), -1, header.depth)
        return np.packbits(bits, axis=2)[:, :, 0] >> (8 - header.depth)
    values = np.ascontiguousarray(rows).view(f"{header.order}u{header.depth // 8}")
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return summed(values) if header.differences else values


def _damaged(what: str) -> NoReturn:
    raise TiffFault(("picture/damaged", f"the picture is broken: {what}", AGAIN))
