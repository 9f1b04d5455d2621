"""Label images as PNG: classes as places in a palette, many classes as 16-bit grey, segments as red, green and blue."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from compete.building.media.png import SIGNATURE

Array = np.ndarray[Any, Any]
GREY, COLOUR, PALETTE = 0, 2, 3
"""PNG's numbers for what a pixel is."""
LEVEL = 6


def class_png(values: Array, most: int) -> bytes:
    """Classes of pixels as a PNG whose values are the classes' numbers; colours help people alone.

    Args:
        values: numbers of classes, shape (height, width).
        most: the largest number that any label image of the challenge may hold, up to 65535; it decides the depth, so
            that the form of a file tells nothing of what is in it.
    """
    if most > 255:
        return _png(values.astype(">u2"), 16, GREY, b"")
    return _png(values.astype(np.uint8), 8, PALETTE, _colours(most + 1))


def segment_png(values: Array) -> bytes:
    """Numbers of segments as COCO's panoptic PNG: red + 256 green + 65536 blue.

    Args:
        values: numbers below 2**24, shape (height, width).
    """
    planes = [(values.astype(np.uint32) >> shift) & 255 for shift in (0, 8, 16)]
    return _png(np.stack(planes, axis=-1).astype(np.uint8), 8, COLOUR, b"")


def _png(pixels: Array, bits: int, kind: int, palette: bytes) -> bytes:
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + pixels[0].nbytes), dtype=np.uint8)  # each row begins with filter 0, none
    rows[:, 1:] = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, -1)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, kind, 0, 0, 0])
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows.tobytes(), LEVEL)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks if data or name == b"IEND")


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def _colours(count: int) -> bytes:
    """A palette in which neighbouring numbers look different, the one of PASCAL VOC: three bits a colour, in turn."""
    colour = np.zeros((count, 3), dtype=np.uint8)
    rest = np.arange(count)
    for bit in range(7, -1, -1):
        for channel in range(3):
            colour[:, channel] |= (((rest >> channel) & 1) << bit).astype(np.uint8)
        rest >>= 3
    return colour.tobytes()
