"""Is the image whole? Decoded to the end, and for JPEG proven that its pixels fill it exactly."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image

from compete.building.media.jpeg import Damaged, Stripped

TAIL = 64
"""Bytes of compressed pixels that are replaced to see whether the decoder needs them; fewer may be padding.

With 32, fewer overwritten files pass (of 400, 2 instead of 13, or 15 instead of 35 with optimized tables), but 2 of
24,000 whole ones are refused, and with 64 none."""

KINDS = 21
"""Only a scan with so many kinds of bytes among its last ones is tested: in flat areas other bytes mean the same."""

STRANGE = tuple(
    bytes(byte % 255 for byte in b"".join(zlib.crc32(bytes([seed, at])).to_bytes(4, "big") for at in range(100)))
    for seed in range(3)
)
"""Bytes without any pattern, and without 255, which would begin a marker."""

SCALE, SIDE = 8, 128
"""A JPEG is decoded to as little as an eighth of its size, in grey, but so that its longer side has as many pixels as
audits look at: all its bytes are read, and a third of the time is saved."""


@dataclass(frozen=True)
class Proven:
    """What a whole image showed when it was decoded.

    Attributes:
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words.
        picture: what was decoded; of a JPEG at a scale and mostly in grey.
    """

    width: int
    height: int
    mode: str
    picture: Image.Image


class Refused(Exception):  # noqa: N818  (says what became of the image)
    """An image cannot be taken: a rule and why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(rule, message)
        self.rule, self.message = rule, message


@contextmanager
def opened(data: bytes, kind: str, pixels: int) -> Iterator[Image.Image]:
    """Open an image of a known kind; whatever Pillow raises for bad bytes comes out as ``Damaged``.

    Raises:
        Damaged: the bytes are no whole image of this kind.
        Refused: it has more pixels than are taken.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            if image.width * image.height > pixels:
                raise Image.DecompressionBombError
            yield image
    except Image.DecompressionBombError as error:
        raise Refused("image/too-large", f"it has more than {pixels} pixels") from error
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError) as error:
        raise Damaged(str(error) or type(error).__name__) from error
    except (struct.error, zlib.error) as error:
        raise Damaged(str(error)) from error


def prove_whole(kind: str, stripped: Stripped, pixels: int) -> Proven:
    """Decode an image to its end.

    What a JPEG decoder lacks it fills with grey and what is left over it skips, both without a word. So the last bytes
    are replaced by strange ones and more of them appended: a decoder that never came there gives the same picture as
    before, one that filled with grey gives another picture although nothing but what comes after the end has changed.

    Args:
        kind: ``JPEG`` or ``PNG``.
        stripped: the image without metadata.
        pixels: of the largest image that is taken.

    Raises:
        Damaged: it cannot be decoded to the end.
        Refused: it has too many pixels, or is of a kind that Pillow does not read.
    """
    with opened(stripped.data, kind, pixels) as image:
        width, height, mode = image.width, image.height, image.mode
        scale = _scale(width, height) if kind == "JPEG" else None
        shown = _decoded(image, scale)
        picture = image
    if stripped.doubtful:
        _prove_filled(stripped, shown, scale, pixels)
    return Proven(width, height, mode, picture)


def glance(data: bytes, pixels: int) -> Image.Image | None:
    """What ``prove_whole`` shows of a JPEG, without the proof; None of what is no JPEG or cannot be decoded."""
    try:
        with opened(data, "JPEG", pixels) as image:
            _decoded(image, _scale(image.width, image.height))
            return image
    except (Damaged, Refused):
        return None


def _scale(width: int, height: int) -> int:
    """The strongest scale at which the longer side still has enough pixels."""
    return next((scale for scale in (SCALE, 4, 2) if max(width, height) // scale >= SIDE), 1)


def _prove_filled(stripped: Stripped, shown: bytes, scale: int | None, pixels: int) -> None:
    """Refuse a JPEG whose compressed pixels are too few or too many for its size."""
    # A small picture shows only each block's coarse frequencies, which one scan of several may not touch.
    if stripped.scans > 1:
        scale, shown_first = None, _jpeg_pixels(stripped.data, None, pixels)
    else:
        shown_first = shown
    picture = _Picture(stripped.data, shown_first, scale, pixels)
    for scan in stripped.doubtful:
        if _varied(stripped.data, scan) and picture.same_with(STRANGE[0], scan.stop - TAIL, scan.stop):
            full = _Picture(stripped.data, _jpeg_pixels(stripped.data, None, pixels), None, pixels)
            if all(full.same_with(strange, scan.stop - TAIL, scan.stop) for strange in STRANGE):
                raise Damaged("it holds more data than its pixels need, so a stretch of it was overwritten")
        # What one scan lacks shows as grey at the end, or in CMYK, which is kept inverted, as a step less.
        possible = stripped.scans > 1 or len(scan) < 2 * TAIL or shown[-1] in {127, 128}
        if possible and not picture.same_with(STRANGE[0], scan.stop, scan.stop):
            raise Damaged("its pixels end too early")


def _varied(data: bytes, scan: range) -> bool:
    """Whether the end of a scan is more than a flat area."""
    return len(scan) >= 2 * TAIL and len(set(data[scan.stop - TAIL : scan.stop])) >= KINDS


@dataclass(frozen=True)
class _Picture:
    """A JPEG and what it shows, in grey at a scale or, without one, as it is."""

    data: bytes
    shown: bytes
    scale: int | None
    pixels: int

    def same_with(self, strange: bytes, start: int, stop: int) -> bool:
        """Whether it shows the same with strange bytes in place of its own."""
        while start < stop and self.data[start - 1] == 0xFF:  # a stuffed byte stays with its partner
            start -= 1
        try:
            return _jpeg_pixels(self.data[:start] + strange + self.data[stop:], self.scale, self.pixels) == self.shown
        except Damaged:
            return False


def _jpeg_pixels(data: bytes, scale: int | None, pixels: int) -> bytes:
    with opened(data, "JPEG", pixels) as image:
        return _decoded(image, scale)


def _decoded(image: Image.Image, scale: int | None) -> bytes:
    if scale:
        image.draft("L", (max(image.width // scale, 1), max(image.height // scale, 1)))
    image.load()
    return image.tobytes() if image.format == "JPEG" else b""
