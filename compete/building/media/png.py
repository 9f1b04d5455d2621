"""PNG without metadata: its chunks by an allow-list, its pixels untouched."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence

from compete.building.media.jpeg import Damaged, Stripped, exif_orientation
from compete.png import SIGNATURE, png_chunk

BEFORE = (b"IHDR", b"PLTE", b"tRNS")
"""Chunks that are kept beside those of the pixels, in their order."""


def strip_png(data: bytes) -> Stripped:
    """Keep header, palette, transparency and pixels; every chunk's checksum is tested.

    The pixels are joined into one chunk, because where a program cuts them tells which program it was. Further frames
    of an animation are left out, as is everything after the end.

    Raises:
        Damaged: the structure is broken, a checksum is wrong, or the file ends early.

    Source: PNG specification, third edition (W3C, 2025), sections 5 and 11.
    """
    if not data.startswith(SIGNATURE):
        raise Damaged("it does not begin as a PNG")
    kept: dict[bytes, bytes] = {}
    pixels: list[memoryview] = []
    names: list[bytes] = []
    orientation, frames, closed, end, last = 1, 0, False, 0, 0
    for name, payload, after in _chunks(data):
        if not names and name != b"IHDR":
            raise Damaged("its header is not the first chunk")
        closed = closed or bool(pixels and name != b"IDAT")
        if name == b"IDAT" and closed:
            raise Damaged("its pixels are not in one run of chunks")
        if name == b"IDAT":
            pixels.append(payload)
        elif name in BEFORE:
            _keep(kept, name, bytes(payload), late=bool(pixels))
        else:
            frames += name == b"fcTL"
            orientation = exif_orientation(bytes(payload)) if name == b"eXIf" else orientation
            _refuse_unknown(name)
        names.append(name)
        end, last = after, len(payload)
    if not pixels:
        raise Damaged("it holds no pixels")
    in_order = names == [*(name for name in BEFORE if name in kept), b"IDAT", b"IEND"]
    canonical = in_order and end == len(data) and not last  # the end is empty, and nothing follows
    return Stripped(data if canonical else _joined(kept, pixels), len(data) - end, orientation, max(frames - 1, 0))


def _joined(kept: Mapping[bytes, bytes], pixels: Sequence[memoryview]) -> bytes:
    """A PNG of some chunks and of the pixels as one, which are copied once only."""
    check = zlib.crc32(b"IDAT")
    for part in pixels:
        check = zlib.crc32(part, check)
    before = [png_chunk(name, kept[name]) for name in BEFORE if name in kept]
    size = sum(map(len, pixels)).to_bytes(4, "big")
    return b"".join([SIGNATURE, *before, size, b"IDAT", *pixels, check.to_bytes(4, "big"), png_chunk(b"IEND", b"")])


def _refuse_unknown(name: bytes) -> None:
    """A chunk whose name begins with a capital is needed to show the picture."""
    if name[0] & 0x20 == 0 and name != b"IEND":
        raise Damaged(f"it needs a chunk {name.decode('latin-1')} that no standard knows")


def _keep(kept: dict[bytes, bytes], name: bytes, payload: bytes, *, late: bool) -> None:
    if name in kept or (late and name != b"tRNS") or (name == b"IHDR" and len(payload) != 13):
        raise Damaged(f"its {name.decode()} chunk is repeated, late or of a wrong length")
    if not late:
        kept[name] = payload


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Name, payload and end of each chunk, up to the last."""
    at, name, view = len(SIGNATURE), b"", memoryview(data)
    while name != b"IEND":
        length = int.from_bytes(data[at : at + 4], "big")
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise Damaged("it ends in the middle of a chunk")
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise Damaged(f"the checksum of its {name.decode('latin-1')!r} chunk is wrong")
        yield name, view[at + 8 : end - 4], end
        at = end
