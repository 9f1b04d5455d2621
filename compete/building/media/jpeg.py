"""JPEG without metadata: its segments by an allow-list, its pixels untouched."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

import numpy as np

END, SCAN, TABLES, APP0, APP1, ADOBE = 0xD9, 0xDA, 0xC4, 0xE0, 0xE1, 0xEE
START = b"\xff\xd8"
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
USUAL, EIGHT = frozenset({0xC0, 0xC1}), 8
"""Frames with Huffman codes whose scans hold all of a block, and how many bits a colour usually has."""
KEPT = FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, SCAN}
"""Frames, Huffman and arithmetic tables, quantisation tables, restart intervals, scans: what pixels are made of."""

ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that no length follows."""

AMONG = frozenset({b"\xff", *(bytes([code]) for code in range(0xD0, 0xD8))})
"""What may follow a byte 0xFF among compressed pixels, beside zero: fill, and restarts."""

AFTER_PIXELS = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""A marker that ends compressed pixels."""

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
    """What was read so far: what a JPEG says before its pixels, and which stretches of the file are left out.

    Attributes:
        shape: of a usual frame, as ``Stripped.plain``.
        frame: the marker of the last frame; 0 before any.
        tables: Huffman tables that nobody had to look at yet.
        first_code: by table what a run of zero bits means, its first symbol, of those that were looked at.
        cuts: the stretches of the file that are not kept, in order.
        removed: bytes in them.
        pixels: where each scan's pixels begin and end, counted without what was removed.
        hollow: whether each scan holds a long run of zeros.
    """

    jfif: bool = False
    adobe: bytes = b""
    orientation: int = 1
    frame: int = 0
    shape: tuple[int, int, int] | None = None
    tables: list[bytes] = field(default_factory=list)
    first_code: dict[int, int] = field(default_factory=dict)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    removed: int = 0
    pixels: list[tuple[int, int]] = field(default_factory=list)
    hollow: list[bool] = field(default_factory=list)

    def cut(self, begin: int, end: int) -> None:
        """Leave out a stretch of the file."""
        self.cuts.append((begin, end))
        self.removed += end - begin


def strip_jpeg(data: bytes) -> Stripped:
    """Keep only the segments that pixels are made of, in canonical form, and an orientation that is not upright.

    Raises:
        Damaged: the structure is broken or ends early.

    Source: ITU-T T.81, annex B; JFIF 1.02; which markers change colours: libjpeg, ``jdmarker.c`` and ``jdapimin.c``.
    """
    if not data.startswith(START):
        raise Damaged("it does not begin as a JPEG")
    head, at, markers = _Head(), len(START), _markers(data)
    while True:
        begin = at
        code, start, at = _segment(data, begin)
        if code == END:
            break
        if code not in KEPT:
            head.cut(begin, at)
            _read_application(head, code, data[start + 2 : at])
            continue
        if begin < start - 2:
            head.cut(begin, start - 2)
        if code == SCAN:
            first, at = at, _end_of_scan(data, at, markers)
            _refuse_lost_pixels(head, data[start + 2 : first], hollow=data.find(ZEROS, start, at) >= 0)
            head.pixels.append((first - head.removed, at - head.removed))
        elif code == TABLES:
            head.tables.append(data[start + 2 : at])
        elif code in FRAMES:
            _read_frame(head, code, data[start + 2 : at])
    if not head.pixels:
        raise Damaged("it holds no pixels")
    return _joined(head, data, begin, len(data) - at)


def _joined(head: _Head, data: bytes, stop: int, trailing: int) -> Stripped:
    """Put together what is kept up to the end marker, and note which scans are to be looked at closely."""
    opening, scans = _opening(head), len(head.pixels)
    added = len(opening) - len(START)
    doubtful = tuple(
        range(first + added, last + added)
        for (first, last), hollow in zip(head.pixels, head.hollow, strict=True)
        if hollow or scans == 1
    )
    canonical = head.removed == added and (not added or head.cuts[-1][1] == len(opening)) and data.startswith(opening)
    if not canonical or stop + 2 < len(data):  # else whoever compares the two is done at once
        view, begins = memoryview(data), [len(START), *(end for _, end in head.cuts)]
        ends = [*(begin for begin, _ in head.cuts), stop]
        kept = (view[begin:end] for begin, end in zip(begins, ends, strict=True))
        data = b"".join([opening, *kept, b"\xff\xd9"])
    return Stripped(data, trailing, head.orientation, 0, doubtful, scans, head.shape if scans == 1 else None)


def _markers(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """At which bytes something stands that may be a marker among compressed pixels: no stuffed byte."""
    byte = np.frombuffer(data, np.uint8)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (byte[:-1] == 0xFF) & (byte[1:] != 0)
    return found


def _end_of_scan(data: bytes, at: int, markers: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    end = at + int(markers[at:].argmax()) if at < len(markers) else len(data)
    if data[end + 1 : end + 2] in AMONG:
        # Many files have no restarts, and are searched much faster so.
        found = AFTER_PIXELS.search(data, end)
        end = found.start() if found else len(data)
    if end == len(data) or not markers[end]:
        raise Damaged("it ends in the middle of its pixels, or just before its end marker")
    while end > at and data[end - 1] == 0xFF:
        end -= 1
    return end


def _read_frame(head: _Head, code: int, frame: bytes) -> None:
    """Note the size and the number of colours, if it is the first frame and one that is decoded from top to bottom."""
    usual = code in USUAL and not head.frame and len(frame) >= 6 and frame[0] == EIGHT
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    head.shape = (width, height, frame[5]) if usual and width and height else None
    head.frame = code


def _read_tables(head: _Head) -> None:
    """Note what a run of zero bits means in each Huffman table: its first symbol."""
    for tables in head.tables:
        at = 0
        while at + 17 < len(tables):
            head.first_code[tables[at]] = tables[at + 17]
            at += 17 + sum(tables[at + 1 : at + 17])
    head.tables.clear()


def _refuse_lost_pixels(head: _Head, header: bytes, *, hollow: bool) -> None:
    """A long run of zeros, which makes a scan hollow, is refused where it would not mean a flat area."""
    if not head.frame:
        raise Damaged("a scan comes before its frame")
    head.hollow.append(hollow)
    arithmetic, lossless = head.frame >= 0xC9, head.frame in {0xC3, 0xC7}
    if not hollow or arithmetic or lossless or len(header) < 6 or header[-1] >> 4:
        return
    _read_tables(head)
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
    size = len(data)
    if at >= size or data[at] != 0xFF:
        raise Damaged(f"no marker where one must be, at byte {at}")
    while at < size and data[at] == 0xFF:
        at += 1
    if at == size:
        raise Damaged("it ends without an end marker")
    code, start = data[at], at + 1
    if code == 0:
        raise Damaged(f"no marker where one must be, at byte {at}")
    if code == END or code in ALONE:
        return code, start, start
    end = start + int.from_bytes(data[start : start + 2], "big")
    if end < start + 2 or end > size:
        raise Damaged("it ends in the middle of a segment")
    return code, start, end


def _read_application(head: _Head, code: int, payload: bytes) -> None:
    if head.pixels:  # what comes later says nothing of the picture
        return
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
    opening = [START]
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
