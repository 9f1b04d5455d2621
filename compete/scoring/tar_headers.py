"""The members of a tar archive, read strictly: plain files and folders, and nothing a header could smuggle in."""

from __future__ import annotations

import re
from typing import NoReturn, Optional

from compete.errors import Finding
from compete.scoring.archive_bytes import ArchiveCaps, Reader
from compete.scoring.source import refuse
from compete.scoring.zip_directory import Entry

HEADER = 512
LONGEST = 1 << 16
"""Bytes of a long name or of an extended header."""

FILES, FOLDER = (b"0", b"\0", b"7"), b"5"
LONG_NAME, EXTENDED, GLOBAL = b"L", b"x", b"g"


def list_tar(reader: Reader, caps: ArchiveCaps, name: str) -> list[Entry]:
    """Every member of a tar archive (ustar, pax or GNU); links, devices and sparse files are listed as not plain.

    Raises:
        SubmissionError: a header is broken, the archive ends early, or it holds more members than allowed.

    Source: POSIX.1-2017, pax, ustar and pax interchange formats; GNU tar manual 1.35, basic tar format.
    """
    entries: list[Entry] = []
    place, headers, said = 0, 0, dict[str, str]()
    while (header := reader.at(place, HEADER)).strip(b"\0"):
        headers += 1
        if headers > 3 * caps.members or len(entries) >= caps.members:
            message = f"the archive holds more than the {caps.members:,} members that are allowed"
            refuse(name, Finding("archive/too-many", message, name, hint="send only the files that are asked for"))
        kind, size = _checked(header, name), _number(header[124:136], name)
        if kind in (LONG_NAME, EXTENDED, GLOBAL):
            said.update(_told(reader, place, kind, size, name))
        else:
            size = _number_said(said["size"], name) if "size" in said else size
            entry = _entry(header, size, place, said.get("path"), name)
            entries += [] if entry.folder and entry.path in (".", "./") else [entry]
            said = {}
        size = 0 if kind == FOLDER else size
        place += HEADER + -(-size // HEADER) * HEADER
        if place > reader.size:
            _damaged(name, "it ends in the middle of a member")
    if not header or said:
        _damaged(name, "its end is missing")
    return entries


def _entry(header: bytes, size: int, place: int, path: Optional[str], name: str) -> Entry:
    """One member; a name told by an earlier header goes before its own."""
    kind = header[156:157]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    own = header[:100].split(b"\0")[0]
    told = path or (prefix + b"/" * bool(prefix) + own).decode("utf-8", "surrogateescape")
    folder = kind == FOLDER or (kind == b"\0" and told.endswith("/"))
    plain = (kind in FILES or folder) and not _number(header[100:108], name) & 0o7000
    told = told[2:] if told.startswith("./") and len(told) > 2 else told
    size = 0 if folder else size
    return Entry(told, folder, size, size, place, place + HEADER, plain=plain)


def _checked(header: bytes, name: str) -> bytes:
    """The kind of a member whose header's checksum is right."""
    if len(header) < HEADER:
        _damaged(name, "it ends in the middle of a header")
    blank = header[:148] + b" " * 8 + header[156:]
    if sum(blank) != _number(header[148:156], name):
        _damaged(name, "a header's checksum is wrong")
    return header[156:157]


def _number(field: bytes, name: str) -> int:
    """A number in octal digits, or in binary where it would not fit."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        _damaged(name, "a header holds no number where one belongs")
    return int(digits or b"0", 8)


def _number_said(text: str, name: str) -> int:
    """A size in decimal digits."""
    if not re.fullmatch("[0-9]{1,18}", text):
        _damaged(name, "an extended header holds no number where one belongs")
    return int(text)


def _told(reader: Reader, place: int, kind: bytes, size: int, name: str) -> dict[str, str]:
    """What a header says about the next member: its path and size."""
    if size > LONGEST or kind == GLOBAL:
        content = reader.at(place + HEADER, min(size, LONGEST))
        if size > LONGEST or any(key in _records(content, name) for key in ("path", "size", "linkpath")):
            _damaged(name, "a header speaks of all members or is too long")
        return {}
    content = reader.at(place + HEADER, size)
    if kind == LONG_NAME:
        return {"path": content.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    return {key: value for key, value in _records(content, name).items() if key in ("path", "size")}


def _records(content: bytes, name: str) -> dict[str, str]:
    """The ``length key=value`` lines of an extended header."""
    found: dict[str, str] = {}
    while content:
        length, blank, _ = content.partition(b" ")
        if not blank or not length.isdigit() or len(length) > 6 or not len(length) + 3 <= int(length) <= len(content):
            _damaged(name, "an extended header is broken")
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        if key.startswith(b"GNU.sparse"):
            _damaged(name, "it holds a sparse file")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        content = content[int(length) :]
    return found


def _damaged(name: str, what: str) -> NoReturn:
    hint = "make the archive again (tar --format=ustar, plain files only)"
    refuse(name, Finding("archive/damaged", f"the archive is broken: {what}", name, hint=hint))
