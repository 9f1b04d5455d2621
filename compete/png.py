"""PNG files written: the same pixels give the same bytes, on every system that packs with the same zlib."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""How a PNG file begins."""

GREY, COLOUR, PALETTE = 0, 2, 3
"""PNG's numbers for what a pixel is."""

LEVEL = 6


def png_bytes(values: Array, *, segments: bool = False) -> bytes:
    """Whole numbers of pixels as a PNG: grey of 8 or, where needed, 16 bits; segments as red, green and blue.

    Args:
        values: from 0 to 65,535, of segments to 16,777,215, shape (height, width).
        segments: whether a number is red + 256 green + 65,536 blue.

    Raises:
        ValueError: if a value is smaller or larger.
    """
    highest = int(values.max())
    if highest >= 1 << (24 if segments else 16) or int(values.min()) < 0:
        raise ValueError(f"{highest} is too large for a pixel of a PNG")
    if segments:
        wide = np.ascontiguousarray(values.astype("<u4"))
        return _png(wide.view(np.uint8).reshape(*values.shape, 4)[..., :3], 8, COLOUR)
    deep = highest > 255
    return _png(values.astype(">u2" if deep else np.uint8), 16 if deep else 8, GREY)


def class_png(values: Array, most: int) -> bytes:
    """Classes of pixels as a PNG whose values are the classes' numbers; colours help people alone.

    Args:
        values: numbers of classes, shape (height, width).
        most: the largest number that any label image of the challenge may hold, up to 65,535; it decides the depth, so
            that the form of a file tells nothing of what is in it.
    """
    if most > 255:
        return _png(values.astype(">u2"), 16, GREY)
    return _png(values.astype(np.uint8), 8, PALETTE, _colours(most + 1))


def png_chunk(name: bytes, content: bytes) -> bytes:
    """A chunk with its length before and its checksum behind it."""
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def _png(pixels: Array, bits: int, kind: int, palette: bytes = b"") -> bytes:
    """A PNG of pixels, shape (height, width) or (height, width, 3)."""
    height, width = pixels.shape[:2]
    content = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, -1)
    rows = np.zeros((height, 1 + content.shape[1]), dtype=np.uint8)  # each row begins with filter 0, none
    rows[:, 1:] = content
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, kind, 0, 0, 0])
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows.tobytes(), LEVEL)), (b"IEND", b"")]
    return SIGNATURE + b"".join(png_chunk(name, data) for name, data in chunks if data or name == b"IEND")


def _colours(count: int) -> bytes:
    """A palette in which neighbouring numbers look different, the one of PASCAL VOC: three bits a colour, in turn."""
    colour = np.zeros((count, 3), dtype=np.uint8)
    rest = np.arange(count)
    for bit in range(7, -1, -1):
        for channel in range(3):
            colour[:, channel] |= (((rest >> channel) & 1) << bit).astype(np.uint8)
        rest >>= 3
    return colour.tobytes()
