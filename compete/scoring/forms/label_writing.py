"""Write label images as PNG, and pack them into a zip."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from compete.scoring.spans import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""How a PNG file begins."""

GREY, COLOUR = 0, 2
"""PNG's numbers for what a pixel is."""

LEVEL = 6
EPOCH = (1980, 1, 1, 0, 0, 0)


def png_bytes(values: Array, *, segments: bool = False) -> bytes:
    """Whole numbers of pixels as a PNG: grey of 8 or, where needed, 16 bits; segments as red, green and blue.

    Args:
        values: from 0 to 65,535, of segments to 16,777,215, shape (height, width).
        segments: whether a number is red + 256 green + 65,536 blue.
    """
    highest = int(values.max())
    if highest >= 1 << (24 if segments else 16) or int(values.min()) < 0:
        raise ValueError(f"{highest} is too large for a pixel of a PNG")
    if segments:
        wide = values.astype("<u4")
        pixels = np.ascontiguousarray(wide).view(np.uint8).reshape(*values.shape, 4)[..., :3]
        return _png(pixels, 8, COLOUR)
    deep = highest > 255
    return _png(values.astype(">u2" if deep else np.uint8), 16 if deep else 8, GREY)


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """An archive of files in the order given; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, content)
    return out.getvalue()


def _png(pixels: Array, bits: int, kind: int) -> bytes:
    """A PNG of pixels, shape (height, width) or (height, width, 3)."""
    height, width = pixels.shape[:2]
    content = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, -1)
    rows = np.zeros((height, 1 + content.shape[1]), dtype=np.uint8)  # each row begins with filter 0, none
    rows[:, 1:] = content
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, kind, 0, 0, 0])
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), LEVEL)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
