"""The list of a zip archive's members, read strictly: whatever two programs could read in two ways is a fault."""

from __future__ import annotations

import struct
import zlib
from typing import NoReturn, Optional

from compete.errors import Finding
from compete.scoring.archive_bytes import ArchiveCaps, Reader
from compete.scoring.archive_names import fault
from compete.scoring.source import refuse
from metrics.frozen import dataclass

END = struct.Struct("<4s4H2LH")
LOCATOR = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
SHORT, LONG = 0xFFFF, 0xFFFFFFFF
STORED, DEFLATED = 0, 8
ENCRYPTED = 0b0010_0000_0100_0001
HARMLESS = 0b0000_1000_0000_1110
"""Bits of the flags: how hard the packer tried, sizes that follow the data, names in UTF-8."""

FOLLOWS = 1 << 3
UTF8 = 1 << 11
ZIP64, UNICODE_PATH = 0x0001, 0x7075
AGAIN = "make the archive again, with any zip program, and compare sizes after the upload"


@dataclass(frozen=True)
class Entry:
    """One member as an archive describes it.

    Attributes:
        path: its name as written.
        folder: whether it is a folder.
        size: bytes when unpacked.
        packed: bytes in the archive.
        header: where its own header stands.
        start: where its bytes stand.
        deflated: whether its bytes are compressed.
        crc: their checksum; None where the format has none.
        plain: whether it is a plain file or folder without special rights.
    """

    path: str
    folder: bool
    size: int
    packed: int
    header: int
    start: int
    deflated: bool = False
    crc: Optional[int] = None
    plain: bool = True


def list_zip(reader: Reader, caps: ArchiveCaps, name: str) -> tuple[list[Entry], list[Finding]]:
    """Every member of a zip archive, and every fault of its structure.

    Raises:
        SubmissionError: the list itself cannot be read, or is longer than allowed.

    Source: PKWARE, APPNOTE.TXT 6.3.10 (2022), section 4.
    """
    count, start, stop = _directory(reader, name)
    if count > caps.members or stop - start > caps.directory:
        message = f"the archive lists {count:,} members, {caps.members:,} are allowed"
        refuse(name, Finding("archive/too-many", message, name, hint="send only the files that are asked for"))
    listed = reader.at(start, stop - start)
    faults: dict[str, list[str]] = {}
    entries: list[Entry] = []
    place = 0
    for _ in range(count):
        entry, place = _central(reader, listed, place, faults, name)
        entries.append(entry)
    if place != len(listed):
        _damaged(name, "the list of members is longer than it says")
    _find_overlaps(entries, start, faults)
    if not faults and min((entry.header for entry in entries), default=0) > 0:
        faults["archive/two-readings"] = ["what stands before the first member"]
    said = {
        "archive/encrypted": ("with a password", "make the archive without a password"),
        "archive/method": ("packed in a way that is not read here", "make an ordinary zip (deflate)"),
        "archive/two-readings": ("described in two ways that differ", AGAIN),
        "archive/overlap": ("sharing bytes with another, or outside the archive", AGAIN),
    }
    return entries, [
        fault(rule, what, faults[rule], name, cure) for rule, (what, cure) in said.items() if rule in faults
    ]


def _directory(reader: Reader, name: str) -> tuple[int, int, int]:
    """How many members there are, and where their list begins and ends."""
    tail_start = max(0, reader.size - END.size - SHORT)
    tail = reader.at(tail_start, END.size + SHORT)
    ends: list[int] = []
    place = tail.rfind(b"PK\5\6")
    while place >= 0 and len(ends) < 2:
        if place + END.size <= len(tail) and place + END.size + END.unpack_from(tail, place)[7] == len(tail):
            ends.append(place)
        place = tail.rfind(b"PK\5\6", 0, place + 3)
    if len(ends) != 1:
        _damaged(name, "it has two ends" if ends else "its end is missing, or other bytes follow it")
    _, disk, first_disk, here, count, size, start, _ = END.unpack_from(tail, ends[0])
    stop = tail_start + ends[0]
    locator = reader.at(max(0, stop - LOCATOR.size), LOCATOR.size)
    if locator.startswith(b"PK\6\7"):
        told = (here, count, size, start)
        here, count, size, start, stop = _end64(reader, locator, stop - LOCATOR.size, name)
        for short, whole, full in zip(told, (here, count, size, start), (SHORT, SHORT, LONG, LONG)):
            if short not in (whole, full):
                _damaged(name, "its two ends differ")
    if disk or first_disk or here != count or start + size != stop:
        _damaged(name, "its list of members does not stand where the end says, or lies in another part")
    return count, start, stop


def _end64(reader: Reader, locator: bytes, limit: int, name: str) -> tuple[int, int, int, int, int]:
    """The end record of a large archive."""
    _, disk, stop, disks = LOCATOR.unpack(locator)
    record = reader.at(stop, END64.size)
    if len(record) < END64.size or not record.startswith(b"PK\6\6") or disk or disks > 1:
        _damaged(name, "the end record of a large archive is missing")
    _, length, _, _, disk, first_disk, here, count, size, start = END64.unpack(record)
    if stop + 12 + length != limit or disk or first_disk:
        _damaged(name, "the end record of a large archive is broken")
    return here, count, size, start, stop


def _central(reader: Reader, listed: bytes, place: int, faults: dict[str, list[str]], name: str) -> tuple[Entry, int]:
    """One member of the list, checked against the header in front of its bytes, and where the next stands."""
    if listed[place : place + 4] != b"PK\1\2" or place + CENTRAL.size > len(listed):
        _damaged(name, "the list of members is broken")
    head = CENTRAL.unpack_from(listed, place)
    flags, method, crc, packed, size, name_length, extra_length, comment = (*head[3:5], *head[7:13])
    attributes, header = head[15:17]
    begin = place + CENTRAL.size
    raw = listed[begin : begin + name_length]
    extra = listed[begin + name_length : begin + name_length + extra_length]
    size, packed, header = _widened(extra, (size, packed, header))
    path, single = _path(raw, extra, bool(flags & UTF8))
    mode = attributes >> 16
    plain = mode & 0o7000 == 0 and mode & 0o170000 in (0, 0o100000, 0o040000)
    folder = path.endswith("/") or mode & 0o170000 == 0o040000 or bool(attributes & 0x10)
    if flags & ENCRYPTED:
        faults.setdefault("archive/encrypted", []).append(path)
    elif flags & ~HARMLESS or method not in (STORED, DEFLATED) or (method == STORED and size != packed):
        faults.setdefault("archive/method", []).append(path)
    start = _local(reader, header, (raw, flags, method, crc, packed, size))
    if start is None or (folder and size) or not single:
        faults.setdefault("archive/two-readings", []).append(path)
    begins = header if start is None else start
    entry = Entry(path, folder, size, packed, header, begins, method == DEFLATED, crc, plain)
    return entry, begin + name_length + extra_length + comment


def _local(reader: Reader, start: int, said: tuple[bytes, int, int, int, int, int]) -> Optional[int]:
    """Where a member's bytes begin; None where its own header says another thing than the list."""
    raw, flags, method, *sizes = said
    header = reader.at(start, LOCAL.size + len(raw))
    if len(header) < LOCAL.size or not header.startswith(b"PK\3\4"):
        return None
    _, _, own_flags, own_method, _, _, crc, packed, size, name_length, extra_length = LOCAL.unpack_from(header)
    begin = start + LOCAL.size + name_length
    if header[LOCAL.size :] != raw or name_length != len(raw) or own_method != method:
        return None
    if (own_flags ^ flags) & (ENCRYPTED | UTF8 if not raw.isascii() else ENCRYPTED):
        return None
    if LONG in (packed, size):
        size, packed, _ = _widened(reader.at(begin, extra_length), (size, packed, 0))
    own = [crc, packed, size]
    later = own_flags & FOLLOWS
    if any(one != other and not (later and one in (0, LONG)) for one, other in zip(own, sizes)):
        return None
    return int(begin + extra_length)


def _widened(extra: bytes, fields: tuple[int, int, int]) -> tuple[int, int, int]:
    """Sizes and place of a member, with those that need more than 32 bits taken from the extra field."""
    wide = _extra_field(extra, ZIP64)
    if wide is None:
        return fields
    out, place = [], 0
    for value in fields:
        if value == LONG and place + 8 <= len(wide):
            out.append(struct.unpack_from("<Q", wide, place)[0])
            place += 8
        else:
            out.append(value)
    return out[0], out[1], out[2]


def _extra_field(extra: bytes, wanted: int) -> Optional[bytes]:
    place = 0
    while place + 4 <= len(extra):
        number, length = struct.unpack_from("<2H", extra, place)
        if number == wanted:
            return extra[place + 4 : place + 4 + length]
        place += 4 + length
    return None


def _path(raw: bytes, extra: bytes, marked: bool) -> tuple[str, bool]:
    """A name as text, and whether it is the only one: UTF-8 also where it is not marked so, as macOS writes it."""
    second = _extra_field(extra, UNICODE_PATH) or b""
    other = second[5:] if second[1:5] == zlib.crc32(raw).to_bytes(4, "little") else raw
    try:
        return raw.decode("utf-8"), other == raw
    except UnicodeDecodeError:
        encoding = "utf-8" if marked or other != raw else "cp437"
        return other.decode(encoding, "surrogateescape"), not (marked and other != raw)


def _find_overlaps(entries: list[Entry], limit: int, faults: dict[str, list[str]]) -> None:
    """Members whose bytes are also those of another, or of the list."""
    shared: list[str] = []
    end = 0
    for entry in sorted(entries, key=lambda entry: (entry.start, entry.packed)):
        if entry.start < end or entry.start + entry.packed > limit:
            shared.append(entry.path)
        end = max(end, entry.start + entry.packed)
    if shared:
        faults["archive/overlap"] = shared


def _damaged(name: str, what: str) -> NoReturn:
    refuse(name, Finding("archive/damaged", f"the archive is broken: {what}", name, hint=AGAIN))
