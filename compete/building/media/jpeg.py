"""JPEG without metadata: its segments by an allow-list, its pixels untouched."""

from __future__ import annotations

import re
import struct
from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

END, SCAN, TABLES, APP0, APP1, ADOBE = 0xD9, 0xDA, 0xC4, 0xE0, 0xE1, 0xEE
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
USUAL, EIGHT = frozenset({0xC0, 0xC1}), 8
"""Frames with Huffman codes whose scans hold all of a block, and how many bits a colour usually has."""
KEPT = FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, SCAN}
"""Frames, Huffman and arithmetic tables, quantisation tables, restart intervals, scans: what pixels are made of."""

ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that no length follows."""

JFIF = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
"""Version 1.01, square pixels, no thumbnail; that it is there decides how colours are read."""

ZEROS = bytes(64)
"""So many zero bytes among compressed pixels are a flat area, if they can be one, or else a stretch that was lost."""

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
        doubtful: where scans of a JPEG that need a closer look hold their pixels, as ranges of ``data``: the only
            scan, or of several those with a long run of zeros.
        scans: how many scans a JPEG has.
        plain: width, height and number of colours of a JPEG with one scan, 8 bits a colour and a usual frame.
    """

    data: bytes
    trailing: int = 0
    orientation: int = 1
    frames: int = 0
    doubtful: tuple[range, ...] = ()
    scans: int = 0
    plain: tuple[int, int, int] | None = None


@dataclass
class _Head:
    """What the segments before the first scan say."""

    jfif: bool = False
    adobe: bytes = b""
    orientation: int = 1
    scans: int = 0
    frame: int = 0
    shape: tuple[int, int, int] | None = None
    first_code: dict[int, int] = field(default_factory=dict)
    body: list[memoryview] = field(default_factory=list)
    hollow: list[bool] = field(default_factory=list)


def strip_jpeg(data: bytes) -> Stripped:
    """Keep only the segments that pixels are made of, in canonical form, and an orientation that is not upright.

    Raises:
        Damaged: the structure is broken or ends early.

    Source: ITU-T T.81, annex B; JFIF 1.02; which markers change colours: libjpeg, ``jdmarker.c`` and ``jdapimin.c``.
    """
    if data[:2] != b"\xff\xd8":
        raise Damaged("it does not begin as a JPEG")
    head, at, ends, view = _Head(), 2, _scan_ends(data), memoryview(data)
    while True:
        code, start, at = _segment(data, at)
        if code == END:
            break
        if code in FRAMES:
            _read_frame(head, code, data[start + 2 : at])
        if code == TABLES:
            _read_tables(head, data[start + 2 : at])
        if code == SCAN:
            header, at = data[start + 2 : at], _end_of_scan(data, at, ends)
            _refuse_lost_pixels(head, header, hollow=data.find(ZEROS, start, at) >= 0)
        if code in KEPT:
            head.body.append(view[start - 2 : at])
        elif not head.scans and code not in ALONE:
            _read_application(head, code, data[start + 2 : at])
    if not head.scans:
        raise Damaged("it holds no pixels")
    return _joined(head, data, len(data) - at)


def _joined(head: _Head, data: bytes, trailing: int) -> Stripped:
    """Put the kept segments together, and note which scans are to be looked at closely."""
    opening = _opening(head)
    doubtful, end, hollow = [], len(opening), iter(head.hollow)
    for piece in head.body:
        end += len(piece)
        if piece[1] == SCAN and (next(hollow) or head.scans == 1):
            doubtful.append(range(end - len(piece) + 2 + int.from_bytes(piece[2:4], "big"), end))
    stripped = b"".join([opening, *head.body, b"\xff\xd9"])
    same = data if stripped == data else stripped  # whoever compares them again is done at once
    shape = head.shape if head.scans == 1 else None
    return Stripped(same, trailing, head.orientation, 0, tuple(doubtful), head.scans, shape)


def _scan_ends(data: bytes) -> list[int]:
    """Where markers stand that can end compressed pixels: no stuffed byte, no restart, no fill."""
    byte = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(byte[:-1] == 0xFF)
    following = byte[at + 1]
    end: list[int] = at[(following != 0) & (following != 0xFF) & ((following < 0xD0) | (following > 0xD7))].tolist()
    return end


def _end_of_scan(data: bytes, at: int, ends: list[int]) -> int:
    place = bisect_left(ends, at)
    if place == len(ends):
        raise Damaged("it ends in the middle of its pixels")
    end = ends[place]
    while end > at and data[end - 1] == 0xFF:
        end -= 1
    return end


def _read_frame(head: _Head, code: int, frame: bytes) -> None:
    """Note the size and the number of colours, if it is the first frame and one that is decoded from top to bottom."""
    usual = code in USUAL and not head.frame and len(frame) >= 6 and frame[0] == EIGHT
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    head.shape = (width, height, frame[5]) if usual and width and height else None
    head.frame = code


def _read_tables(head: _Head, tables: bytes) -> None:
    """Note what a run of zero bits means in each Huffman table: its first symbol."""
    at = 0
    while at + 17 < len(tables):
        head.first_code[tables[at]] = tables[at + 17]
        at += 17 + sum(tables[at + 1 : at + 17])


def _refuse_lost_pixels(head: _Head, header: bytes, *, hollow: bool) -> None:
    """A long run of zeros, which makes a scan hollow, is refused where it would not mean a flat area."""
    if not head.frame:
        raise Damaged("a scan comes before its frame")
    head.scans += 1
    head.hollow.append(hollow)
    arithmetic, lossless = head.frame >= 0xC9, head.frame in {0xC3, 0xC7}
    if arithmetic or lossless or len(header) < 6 or header[-1] >> 4 or not hollow:
        return
    first = header[-3]
    for tables in header[2:-3:2]:
        steady, varied = head.first_code.get(tables >> 4), head.first_code.get(0x10 | (tables & 15))
        if first == 0 and steady:
            raise Damaged("a stretch of its pixels is zeros")
        # Low nibble 0: no coefficient follows, so the block ends or skips ahead.
        if (first > 0 or head.frame < 0xC2) and varied is not None and varied & 15:
            raise Damaged("a stretch of its pixels is zeros")


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
