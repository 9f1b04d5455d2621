"""GIF, BMP, WebP and TIFF as PNG, with the same pixels."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from compete.building.media.png import strip_png
from compete.building.media.wholeness import Refused, opened

MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
"""Pixels that a PNG can hold as they are."""


def write_as_png(kind: str, data: bytes, pixels: int) -> tuple[bytes, Image.Image, int]:
    """Decode the first picture of a file and write it as PNG with fixed settings, upright.

    Args:
        kind: ``GIF``, ``BMP``, ``WEBP`` or ``TIFF``.
        data: the file's bytes.
        pixels: of the largest image that is taken.

    Returns:
        The PNG, the picture, and how many pictures the file holds.

    Raises:
        Damaged: it cannot be decoded to the end.
        Refused: it has too many pixels, or of a kind that a PNG cannot hold.
    """
    with opened(data, kind, pixels) as image:
        frames = int(getattr(image, "n_frames", 1))
        image.load()
        upright = ImageOps.exif_transpose(image) if kind == "WEBP" else image
        picture = _holdable(kind, upright)
        picture.info = {name: value for name, value in picture.info.items() if name == "transparency"}
        written = io.BytesIO()
        picture.save(written, "PNG", compress_level=6)
        return strip_png(written.getvalue()).data, picture, frames


def _holdable(kind: str, image: Image.Image) -> Image.Image:
    """The same pixels in a mode of PNG."""
    if image.mode in MODES:
        return image.copy()
    if image.mode == "PA":
        return image.convert("RGBA")
    if image.mode in {"I", "I;16B", "I;16L"}:
        whole = image.convert("I")
        low, high = whole.getextrema()
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low >= 0 and high < 1 << 16:
            return whole.convert("I;16")
    raise Refused("image/unsupported", f"a {kind} with pixels of mode {image.mode} does not fit into a PNG")
