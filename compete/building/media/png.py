"""PNG without metadata: its chunks by an allow-list, its pixels untouched."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from compete.building.media.jpeg import Damaged, Stripped, exif_orientation
from compete.png import SIGNATURE, png_chunk


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
    pixels: list[bytes] = []
    orientation, frames, closed, end = 1, 0, False, 0
    for name, payload, after in _chunks(data):
        if not kept and name != b"IHDR":
            raise Damaged("its header is not the first chunk")
        closed = closed or bool(pixels and name != b"IDAT")
        if name == b"IDAT" and closed:
            raise Damaged("its pixels are not in one run of chunks")
        if name == b"IDAT":
            pixels.append(payload)
        elif name in {b"IHDR", b"PLTE", b"tRNS"}:
            _keep(kept, name, payload, late=bool(pixels))
        else:
            frames += name == b"fcTL"
            orientation = exif_orientation(payload) if name == b"eXIf" else orientation
            _refuse_unknown(name)
        end = after
    if not pixels:
        raise Damaged("it holds no pixels")
    ordered = [(name, kept[name]) for name in (b"IHDR", b"PLTE", b"tRNS") if name in kept]
    whole = [*ordered, (b"IDAT", b"".join(pixels)), (b"IEND", b"")]
    cleaned = SIGNATURE + b"".join(png_chunk(name, payload) for name, payload in whole)
    return Stripped(cleaned, len(data) - end, orientation, max(frames - 1, 0))


def _refuse_unknown(name: bytes) -> None:
    """A chunk whose name begins with a capital is needed to show the picture."""
    if name[0] & 0x20 == 0 and name != b"IEND":
        raise Damaged(f"it needs a chunk {name.decode('latin-1')} that no standard knows")


def _keep(kept: dict[bytes, bytes], name: bytes, payload: bytes, *, late: bool) -> None:
    if name in kept or (late and name != b"tRNS") or (name == b"IHDR" and len(payload) != 13):
        raise Damaged(f"its {name.decode()} chunk is repeated, late or of a wrong length")
    if not late:
        kept[name] = payload


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Name, payload and end of each chunk, up to the last."""
    at, name = len(SIGNATURE), b""
    while name != b"IEND":
        length = int.from_bytes(data[at : at + 4], "big")
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise Damaged("it ends in the middle of a chunk")
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise Damaged(f"the checksum of its {name.decode('latin-1')!r} chunk is wrong")
        yield name, data[at + 8 : end - 4], end
        at = end
