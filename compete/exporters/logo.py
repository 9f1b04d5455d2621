"""A logo drawn from a challenge's name: a pattern of squares that is the same from both sides."""

from __future__ import annotations

import colorsys
import hashlib

import numpy as np

from compete.png import png_bytes

SQUARES, SIDE, MARGIN = 5, 48, 36
PAPER = (245, 246, 248)


def logo_png(name: str) -> bytes:
    """A square picture, 312 pixels wide; the same name gives the same bytes."""
    digest = hashlib.sha256(name.encode()).digest()
    half = np.unpackbits(np.frombuffer(digest[:2], dtype=np.uint8))[: SQUARES * (SQUARES + 1) // 2]
    left = half.reshape(SQUARES, -1)
    pattern = np.concatenate([left, left[:, -2::-1]], axis=1)
    filled = np.pad(np.kron(pattern, np.ones((SIDE, SIDE), dtype=np.uint8)), MARGIN).astype(bool)
    ink = colorsys.hls_to_rgb(digest[2] / 256, 0.42, 0.55)
    return png_bytes(np.where(filled, _number(*(round(255 * part) for part in ink)), _number(*PAPER)), segments=True)


def _number(red: int, green: int, blue: int) -> int:
    """A colour as ``png_bytes`` takes it."""
    return red + 256 * green + 65536 * blue
