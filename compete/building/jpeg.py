"""JPEG without metadata: its segments by an allow-list, its pixels untouched."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

START, END, SCAN, APP0, APP1, ADOBE = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
KEPT = FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, SCAN}
"""Frames, Huffman and arithmetic tables, quantisation tables, restart intervals, scans: what pixels are made of."""

ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that no length follows."""

JFIF = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
"""Version 1.01, square pixels, no thumbnail; that it is there decides how colours are read."""

NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
XMP_ORIENTATION = re.compile(rb"""tiff:Orientation(?:="|>)([1-8])""")


class Damaged(ValueError):  # noqa: N818  (says what the file is)
    """The bytes are no whole image; the message says why."""


@dataclass
class Stripped:
    """A file without its metadata.

    Attributes:
        data: the bytes.
        trailing: bytes that followed the end of the image and were cut.
        orientation: how the camera was held, 1 to 8 as in EXIF; 1 is upright.
        frames: further pictures that were cut.
    """

    data: bytes
    trailing: int = 0
    orientation: int = 1
    frames: int = 0


@dataclass
class _Head:
    """What the segments before the first scan say."""

    jfif: bool = False
    adobe: bytes = b""
    orientation: int = 1
    body: list[bytes] = field(default_factory=list)


def strip_jpeg(data: bytes) -> Stripped:
    """Keep only the segments that pixels are made of, in canonical form, and an orientation that is not upright.

    Raises:
        Damaged: the structure is broken or ends early.

    Source: ITU-T T.81, annex B; JFIF 1.02; which markers change colours: libjpeg, ``jdmarker.c`` and ``jdapimin.c``.
    """
    if data[:2] != b"\xff\xd8":
        raise Damaged("it does not begin as a JPEG")
    head, at, scans, framed = _Head(), 2, 0, False
    while True:
        code, start, at = _segment(data, at)
        if code == END:
            break
        if code in ALONE:
            continue
        if code in FRAMES:
            framed = True
        if code == SCAN:
            if not framed:
                raise Damaged("a scan comes before its frame")
            scans += 1
            marker = NEXT_MARKER.search(data, at)
            if marker is None:
                raise Damaged("it ends in the middle of its pixels")
            at = marker.start()
        if code in KEPT:
            head.body.append(b"\xff" + bytes([code]) + data[start:at])
        elif not scans:
            _read_application(head, code, data[start + 2 : at])
    if not scans:
        raise Damaged("it holds no pixels")
    return Stripped(_opening(head) + b"".join(head.body) + b"\xff\xd9", len(data) - at, head.orientation)


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    """The next marker's code, where its length stands, and where the segment ends."""
    if data[at : at + 1] != b"\xff":
        raise Damaged(f"no marker where one must be, at byte {at}")
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise Damaged("it ends without an end marker")
    code, start = data[at], at + 1
    if code == 0:
        raise Damaged(f"no marker where one must be, at byte {at}")
    if code == END or code in ALONE:
        return code, start, start
    if start + 2 > len(data):
        raise Damaged("it ends in the middle of a segment")
    end = start + int.from_bytes(data[start : start + 2], "big")
    if end < start + 2 or end > len(data):
        raise Damaged("it ends in the middle of a segment")
    return code, start, end


def _read_application(head: _Head, code: int, payload: bytes) -> None:
    if code == APP0 and payload[:5] == b"JFIF\x00" and len(payload) >= 14:
        head.jfif = True
    elif code == ADOBE and payload[:5] == b"Adobe" and len(payload) >= 12:
        # Only the last byte, the colour transform, matters; version and flags tell the program that wrote the file.
        head.adobe = b"Adobe\x00\x64\x00\x00\x00\x00" + payload[11:12]
    elif code == APP1 and payload[:6] == b"Exif\x00\x00":
        head.orientation = exif_orientation(payload[6:])
    elif code == APP1 and head.orientation == 1 and (found := XMP_ORIENTATION.search(payload)):
        head.orientation = int(found[1])


def _opening(head: _Head) -> bytes:
    opening = [b"\xff\xd8"]
    if head.jfif:
        opening.append(_application(APP0, JFIF))
    if head.orientation != 1:
        opening.append(_application(APP1, b"Exif\x00\x00" + orientation_exif(head.orientation)))
    if head.adobe:
        opening.append(_application(ADOBE, head.adobe))
    return b"".join(opening)


def _application(code: int, payload: bytes) -> bytes:
    return b"\xff" + bytes([code]) + (len(payload) + 2).to_bytes(2, "big") + payload


def exif_orientation(tiff: bytes) -> int:
    """The orientation that an EXIF block tells; 1, upright, where it tells none or is broken."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return 1
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    if first + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, first)
    for entry in range(first + 2, min(first + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, many, value = struct.unpack_from(order + "HHIH", tiff, entry)
        if (tag, kind, many) == (0x0112, 3, 1):
            return int(value) if 1 <= value <= 8 else 1
    return 1


def orientation_exif(orientation: int) -> bytes:
    """The smallest EXIF block: an orientation and nothing else."""
    return struct.pack(">4sIHHHIHHI", b"MM\x00*", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
