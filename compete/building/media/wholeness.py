"""Is the image whole? Decoded to the end, and for JPEG proven that its pixels fill it exactly."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageFile, UnidentifiedImageError

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

SCALE, SIDE = 8, 64
"""A JPEG is decoded to as little as an eighth of its size, in grey, but so that its longer side has as many pixels as
audits look at, and to all of its size if that is no more than twice as many: all its bytes are read, and nearly half
of the time is saved."""

MODES = {1: "L", 3: "RGB"}
"""What a pixel is, in Pillow's words, by the number of colours."""

AHEAD = 16
"""Bytes that a decoder reads ahead of those that it needs, at most."""


class Proven(NamedTuple):
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


class _HeldBack(io.BytesIO):
    """A JPEG whose last compressed pixels are handed out only when all before them were used.

    Attributes:
        image: the picture that is decoded from it.
        stop: where the last pixels begin.
        needed: whether they were asked for before the last row of the picture was there.
    """

    def __init__(self, data: bytes, image: Image.Image, stop: int) -> None:
        super().__init__(data)
        self.image, self.stop, self.needed = image, stop, False

    def read(self, size: int | None = -1, /) -> bytes:
        """What is left before the last pixels, and then these."""
        if (left := self.stop - self.tell()) > 0:
            return super().read(left)
        self.needed = self.needed or not _last_row(self.image)
        return super().read(size)


def _last_row(image: Image.Image) -> bool:
    """Whether anything but black stands in the last row of a picture that is being decoded."""
    core = image.im
    width, height = core.size
    return core.crop((0, height - 1, width, height)).getbbox() is not None


@contextmanager
def opened(data: bytes, kind: str, pixels: int) -> Iterator[ImageFile.ImageFile]:
    """Open an image of a known kind; whatever Pillow raises for bad bytes comes out as ``Damaged``.

    Pillow's warnings are not heard: of metadata, which is cut, and of large images, for which there is an own limit.

    Raises:
        Damaged: the bytes are no whole image of this kind.
        Refused: it has more pixels than are taken.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=[kind]) as image:
            if image.width * image.height > pixels:
                raise Image.DecompressionBombError
            yield image
    except Image.DecompressionBombError as error:
        raise Refused("image/too-large", f"it has more than {pixels} pixels") from error
    except UnidentifiedImageError as error:  # its own words name an object in memory
        raise Damaged("its header cannot be read") from error
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError) as error:
        raise Damaged(str(error) or type(error).__name__) from error
    except (struct.error, zlib.error) as error:
        raise Damaged(str(error)) from error


def prove_whole(kind: str, stripped: Stripped, pixels: int) -> Proven:
    """Decode an image to its end.

    What a JPEG decoder lacks it fills with grey and what is left over it skips, both without a word. So the last bytes
    are replaced by strange ones and more of them appended: a decoder that never came there gives the same picture as
    before, one that filled with grey gives another picture although nothing but what comes after the end has changed.
    Mostly one decoding is enough: the last bytes are handed out when the decoder asks for them, and if the last row of
    the picture was not there before, it needed them.

    Args:
        kind: ``JPEG`` or ``PNG``.
        stripped: the image without metadata.
        pixels: of the largest image that is taken.

    Raises:
        Damaged: it cannot be decoded to the end.
        Refused: it has too many pixels, or is of a kind that Pillow does not read.
    """
    if stripped.plain and (proven := _prove_plain(stripped, *stripped.plain, pixels)):
        return proven
    file = None
    with opened(stripped.data, kind, pixels) as picture:
        width, height, mode = picture.width, picture.height, picture.mode
        scale = _scale(width, height, SIDE) if kind == "JPEG" else None
        if stripped.scans == 1 and stripped.doubtful and _varied(stripped.data, stripped.doubtful[0]):
            file = _HeldBack(stripped.data, picture, stripped.doubtful[0].stop - TAIL + AHEAD)
            picture.fp = file
        _decode(picture, scale)
    if stripped.doubtful:
        # Where the last row is black, nobody knows when it came.
        _prove_filled(stripped, picture, scale, pixels, used_up=bool(file and file.needed and _last_row(picture)))
    return Proven(width, height, mode, picture)


def _prove_plain(stripped: Stripped, width: int, height: int, colours: int, pixels: int) -> Proven | None:
    """Decode a usual JPEG without asking Pillow what it is, and prove at once that its last bytes are needed.

    None where that cannot be proven so, which tells nothing yet.
    """
    (scan,) = stripped.doubtful
    if width * height > pixels or colours not in MODES or not _varied(stripped.data, scan):
        return None
    scale = _scale(width, height, SIDE)
    drafted = _drafted(width, height, scale)
    picture = Image.new("L", (-(-width // drafted), -(-height // drafted)), None)
    # As Pillow does for files; its public way to a decoder hands all bytes over at once.
    decoder = Image._getdecoder("L", "jpeg", ("L", ""), (drafted, 0))
    decoder.setimage(picture.im, (0, 0, *picture.size))
    stop = scan.stop - TAIL + AHEAD
    used, _ = decoder.decode(stripped.data[:stop])
    if used < 0 or _last_row(picture):
        return None
    used, fault = decoder.decode(stripped.data[used:])
    if used >= 0 or fault < 0 or not _last_row(picture):
        return None
    _prove_filled(stripped, picture, scale, pixels, used_up=True)
    return Proven(width, height, MODES[colours], picture)


def _drafted(width: int, height: int, scale: int) -> int:
    """The scale that Pillow's ``draft`` chooses for that size."""
    least = min(width // max(width // scale, 1), height // max(height // scale, 1))
    return next(one for one in (SCALE, 4, 2, 1) if least >= one)


def _ends_grey(picture: Image.Image) -> bool:
    """Whether the last pixel is as decoders fill in what one scan lacks: grey, or in inverted CMYK a step less."""
    last = picture.getpixel((picture.width - 1, picture.height - 1))
    return (last[-1] if isinstance(last, tuple) else last) in {127, 128}


def glance(data: bytes, pixels: int) -> Image.Image | None:
    """A JPEG in grey and twice as large as ``prove_whole`` shows it, or whole; None of what cannot be decoded."""
    try:
        with opened(data, "JPEG", pixels) as image:
            _decode(image, _scale(image.width, image.height, 2 * SIDE))
            return image
    except (Damaged, Refused):
        return None


def _scale(width: int, height: int, side: int) -> int:
    """The strongest scale at which the longer side still has enough pixels; none for small pictures."""
    longer = max(width, height)
    return 1 if longer <= 2 * side else next(scale for scale in (SCALE, 4, 2) if longer // scale >= side)


def _prove_filled(stripped: Stripped, seen: Image.Image, scale: int | None, pixels: int, *, used_up: bool) -> None:
    """Refuse a JPEG whose compressed pixels are too few or too many for its size, if they were not seen to be used."""
    grey = stripped.scans > 1 or _ends_grey(seen)
    if used_up and not grey:
        return
    # A small picture shows only each block's coarse frequencies, which one scan of several may not touch.
    scale = None if stripped.scans > 1 or scale is None else min(scale, SCALE // 2)
    picture = _Picture(stripped.data, _jpeg_pixels(stripped.data, scale, pixels), scale, pixels)
    for scan in stripped.doubtful:
        varied = not used_up and _varied(stripped.data, scan)
        if varied and picture.same_with(STRANGE[0], scan.stop - TAIL, scan.stop):
            full = _Picture(stripped.data, _jpeg_pixels(stripped.data, None, pixels), None, pixels)
            if all(full.same_with(strange, scan.stop - TAIL, scan.stop) for strange in STRANGE):
                raise Damaged("it holds more data than its pixels need, so a stretch of it was overwritten")
        possible = grey or len(scan) < 2 * TAIL
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
        _decode(image, scale)
        return image.tobytes()


def _decode(image: Image.Image, scale: int | None) -> None:
    if scale:
        image.draft("L", (max(image.width // scale, 1), max(image.height // scale, 1)))
    image.load()
