"""PNG files that Pillow does not write, made chunk by chunk."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def _png(wide: int, high: int, bits: int, packed: bytes) -> bytes:
    header = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + bytes([bits, 0, 0, 0, 0])
    parts = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(packed)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def grey_of_few_bits(path: Path, values: np.ndarray[Any, Any], bits: int) -> None:
    """Write a grey PNG of 1, 2 or 4 bits a pixel."""
    steps = np.unpackbits(values[..., None].astype(np.uint8), axis=-1)[..., 8 - bits :].reshape(len(values), -1)
    high, wide = values.shape
    path.write_bytes(_png(wide, high, bits, b"".join(b"\0" + np.packbits(row).tobytes() for row in steps)))


def claiming(wide: int, high: int) -> bytes:
    """A small grey PNG whose header says that it is large."""
    return _png(wide, high, 8, b"\0\0")
