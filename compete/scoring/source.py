"""Bring the bytes of a table into memory, and say what a file is when it is not a table."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn, Optional, Union

import numpy as np

from compete.errors import Finding, SubmissionError, SystemFault, UsageError
from compete.scoring.spans import PADDING, Array
from compete.scoring.threads import on_all_cores
from metrics.frozen import dataclass

if TYPE_CHECKING:
    from pathlib import Path

COUNT_AT_A_TIME = 1 << 18
WORTH = 1 << 21
"""Bytes for each thread, below which another one costs more than it saves."""


@dataclass(frozen=True)
class Caps:
    """How large a table may be; what goes beyond is refused, the bytes before anything is read.

    Attributes:
        size: bytes of the file.
        rows: rows below the header; None where no number is known.
        columns: columns of the header.
        cell: bytes of one cell.
        row: bytes of one row.
    """

    size: int = 1 << 32
    rows: Optional[int] = None
    columns: int = 4096
    cell: int = 1 << 16
    row: int = 1 << 20


@dataclass(frozen=True, eq=False)
class Source:
    """The bytes of one file, in a buffer with spare bytes on both sides.

    Attributes:
        name: how findings call the file.
        buffer: uint8; the content stands at ``begin:end``, a newline follows it.
        mark: bytes of a byte order mark before the content, which are part of the file but not of the text.
    """

    name: str
    buffer: Array
    begin: int
    end: int
    mark: int = 0

    def content(self) -> bytes:
        """A copy of the bytes, for small looks only."""
        return bytes(self.buffer[self.begin : self.end])

    def sha256(self) -> str:
        """The fingerprint of the file; ask before the table is read, for reading unfolds quoted cells in place."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        import hashlib  # loads OpenSSL, and not every reader asks

        return hashlib.sha256(self.buffer.data[self.begin - self.mark : self.end]).hexdigest()

    def count(self, character: bytes) -> int:
        """How often a character of one byte stands in the content."""
        first, code = self.begin, ord(character)
        found = on_all_cores(
            self.end - first, 1, lambda low, high: count_byte(self.buffer, code, first + low, first + high), worth=WORTH
        )
        return sum(found)

    def newlines(self, begin: int, end: int) -> int:
        """How many newlines stand between two positions; the whole content is counted once."""
        step = COUNT_AT_A_TIME
        first = -(-(begin - self.begin) // step)
        last = min((end - self.begin) // step, len(self._newlines))
        code = ord("\n")
        if first >= last:
            return count_byte(self.buffer, code, begin, end)
        before = count_byte(self.buffer, code, begin, self.begin + first * step)
        behind = count_byte(self.buffer, code, self.begin + last * step, end)
        return before + int(self._newlines[first:last].sum()) + behind

    @cached_property
    def _newlines(self) -> Array:
        """How many newlines each piece of ``COUNT_AT_A_TIME`` bytes has, int64; of the whole pieces only."""
        step, code = COUNT_AT_A_TIME, ord("\n")
        pieces = (self.end - self.begin) // step
        found = np.zeros(pieces, np.int64)

        def count(low: int, high: int) -> None:
            for piece in range(low, high):
                begin = self.begin + piece * step
                found[piece] = count_byte(self.buffer, code, begin, begin + step)

        on_all_cores(pieces, 1, count, worth=WORTH // step)
        return found

    def line(self, position: int) -> int:
        """The physical line of a position, counted from 1 as editors do."""
        return 1 + replace(self, end=position).count(b"\n")

    def where(self, position: int) -> str:
        """``file:line`` of a position."""
        return f"{self.name}:{self.line(position)}"


def count_byte(buffer: Array, code: int, begin: int, end: int) -> int:
    """How often a byte stands between two positions."""
    found = 0
    for low in range(begin, end, COUNT_AT_A_TIME):
        found += int(np.count_nonzero(buffer[low : min(end, low + COUNT_AT_A_TIME)] == code))
    return found


def excerpt(text: str, limit: int = 40) -> str:
    r"""A short quote of hostile text: nothing that a terminal would obey, nothing that hides.

    >>> excerpt("img 1\x1b[2J")
    "'img 1\\x1b[2J'"
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: limit + 1])
    if len(text) > limit:
        return f"'{shown[:limit]}…' ({len(text)} characters)" if " " in shown else f"{shown[:limit]}…"
    return shown if shown and not set(shown) & set(" ,'\"\\") else f"'{shown}'"


def counted(count: int, word: str) -> str:
    """A number and its noun: ``1 row``, ``12,000 rows``."""
    return f"{count:,} {word}{'s' * (count != 1)}"


def refuse_all(source: Source, findings: Sequence[Finding]) -> NoReturn:
    """Refuse a file for all that was found."""
    raise SubmissionError(f"submission refused: {source.name}", findings)


def refuse(source: Union[Source, str], finding: Finding) -> NoReturn:
    """Refuse a file for one fault beyond which nothing can be told."""
    name = source if isinstance(source, str) else source.name
    raise SubmissionError(f"submission refused: {name}", [finding])


def load(source: Union[str, Path, bytes], caps: Caps, name: str = "") -> Source:
    """Read a whole regular file, or take bytes, and refuse what is not text in UTF-8.

    A symbolic link is followed, for whoever names it on a command line means the file behind it; a folder, a pipe, a
    device or a socket is never read.

    Raises:
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
        SubmissionError: it is too large, empty, no regular file, or not text in UTF-8.
    """
    shown = shown_name(source, name)
    loaded = (
        source_of_bytes(source, caps, shown) if isinstance(source, bytes) else source_of_file(str(source), caps, shown)
    )
    _refuse_unless_text(loaded)
    if bytes(loaded.buffer[loaded.begin : loaded.begin + 3]) == b"\xef\xbb\xbf":
        return Source(loaded.name, loaded.buffer, loaded.begin + 3, loaded.end, mark=3)
    return loaded


def shown_name(source: Union[str, Path, bytes], name: str = "") -> str:
    """How findings call a file: by the name given, else by its path, without anything a terminal would obey."""
    return excerpt(name or ("table" if isinstance(source, bytes) else str(source)), 200).strip("'")


def _room(size: int) -> Array:
    buffer = np.empty(size + 2 * PADDING, dtype=np.uint8)
    buffer[:PADDING] = 0
    buffer[PADDING + size :] = 0
    buffer[PADDING + size] = ord("\n")
    return buffer


def source_of_bytes(content: bytes, caps: Caps, name: str) -> Source:
    """The bytes as a source.

    Raises:
        SubmissionError: if there are too many.
    """
    _refuse_too_large(len(content), caps, name)
    buffer = _room(len(content))
    buffer[PADDING : PADDING + len(content)] = np.frombuffer(content, dtype=np.uint8)
    return Source(name, buffer, PADDING, PADDING + len(content))


def source_of_file(path: str, caps: Caps, name: str) -> Source:
    """A regular file as a source; nothing else is opened.

    Raises:
        SubmissionError: if it is too large.
        UsageError: if there is no such file, or it is none.
        SystemFault: if it cannot be read.
    """
    try:
        # O_NONBLOCK: a pipe must not keep us waiting for a writer before we can see that it is a pipe.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as fault:
        _refuse_unreadable(name, fault)
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        _refuse_special(name, about.st_mode)
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123
        _refuse_too_large(about.st_size, caps, name)
        buffer = _room(about.st_size)
        rest = buffer.data[PADDING : PADDING + about.st_size]
        try:
            while len(rest) and (got := file.readinto(rest)):
                rest = rest[got:]
            grew = bool(file.read(1))
        except OSError as fault:
            _refuse_unreadable(name, fault)
    if len(rest) or grew:
        finding = _unreadable(name, "the file changed while it was read", "wait until it is whole and try again")
        raise SystemFault(f"cannot read {name}", [finding])
    return Source(name, buffer, PADDING, PADDING + about.st_size)


def _refuse_special(name: str, mode: int) -> NoReturn:
    if stat.S_ISDIR(mode):
        raise UsageError(f"{name} is a folder", [_unreadable(name, "this is a folder", "name the CSV file in it")])
    refuse(name, _unreadable(name, "this is a pipe, a device or a socket", "name a regular file"))


def _unreadable(name: str, message: str, hint: str) -> Finding:
    return Finding("submission/unreadable", message, name, hint=hint)


def _refuse_unreadable(name: str, fault: Exception) -> NoReturn:
    missing = isinstance(fault, (FileNotFoundError, NotADirectoryError, ValueError))
    number = fault.errno if isinstance(fault, OSError) else None
    if missing or number in (errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO, errno.EINVAL):
        message = "there is no such file" if missing else f"this names no file ({fault.args[-1]})"
        raise UsageError(f"no such file: {name}", [_unreadable(name, message, "look at the spelling and the folder")])
    reason = (os.strerror(number) if number else str(fault)).lower()
    finding = _unreadable(name, f"the file cannot be read: {reason}", "look at its permissions and at the disk")
    raise SystemFault(f"cannot read {name}", [finding])


def _refuse_too_large(size: int, caps: Caps, name: str) -> None:
    if size > caps.size:
        message = f"the file has {size:,} bytes, {caps.size:,} are allowed"
        hint = "send only the columns asked for, one row an item"
        refuse(name, Finding("submission/too-large", message, name, hint=hint))


_SAVE = "save the table as CSV in UTF-8"
_UNPACK = "unpack it and send the CSV file in it"
_WRITE = "write it as CSV: a header line, then one row an item"
KINDS: list[tuple[bytes, str, str, str]] = [
    (rb"\xff\xfe\0\0|\0\0\xfe\xff", "submission/encoding", "text in UTF-32", _SAVE),
    (rb"\xff\xfe|\xfe\xff", "submission/encoding", "text in UTF-16 (Excel calls it Unicode text)", _SAVE),
    (rb"PK\x03\x04(?=.*(\[Content_Types\]\.xml|xl/))", "submission/not-csv", "an Excel file (.xlsx)", _SAVE),
    (rb"\xd0\xcf\x11\xe0", "submission/not-csv", "an old Excel file (.xls)", _SAVE),
    (rb"PK\x03\x04|PK\x05\x06", "submission/not-csv", "a zip archive", _UNPACK),
    (rb"\x1f\x8b", "submission/not-csv", "a gzip file", _UNPACK),
    (rb"BZh[1-9]1AY|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd|Rar!", "submission/not-csv", "a packed file", _UNPACK),
    (rb"PAR1", "submission/not-csv", "a Parquet file", _WRITE),
    (rb"ARROW1|FEA1", "submission/not-csv", "an Arrow or Feather file", _WRITE),
    (rb"\x93NUMPY", "submission/not-csv", "a numpy file", _WRITE),
    (rb"\x80[\x02-\x05]", "submission/not-csv", "a Python pickle (never opened here)", _WRITE),
    (rb"\x89HDF|CDF[\1\2\5]", "submission/not-csv", "an HDF5 or NetCDF file", _WRITE),
    (rb"SQLite format 3", "submission/not-csv", "an SQLite database", _WRITE),
    (rb"RDX[23]|RDA[23]", "submission/not-csv", "an R data file", _WRITE),
    (rb"%PDF", "submission/not-csv", "a PDF", _WRITE),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*", "submission/not-csv", "an image", _WRITE),
    (rb"\{\\rtf", "submission/not-csv", "a rich text document", _SAVE),
    (rb"\s*(\{\s*[\"}]|\[\s*[\[{\"\d\]-])", "submission/not-csv", "a JSON file", _WRITE),
    (
        rb"(?i)\s*<(!doctype|html|\?xml|!--|head|body|table|svg)",
        "submission/not-csv",
        "a web page (a failed download?)",
        _WRITE,
    ),
]


def _refuse_unless_text(source: Source) -> None:
    first = bytes(source.buffer[source.begin : min(source.end, source.begin + 4096)])
    bare = first[3:] if first.startswith(b"\xef\xbb\xbf") else first
    for magic, rule, what, cure in () if bare[:1].islower() else KINDS:  # none begins with a small letter
        if re.match(magic, bare, re.DOTALL):
            refuse(source, Finding(rule, f"this is {what}, not CSV text", source.name, hint=cure))
    # Text in UTF-16 or UTF-32 without a mark shows as Latin letters with a NUL between each two.
    if first.count(0) * 5 > len(first) * 2 and 0 in first[:4]:
        message = "this looks like text in UTF-16 or UTF-32"
        refuse(source, Finding("submission/encoding", message, source.name, hint=_SAVE))
    if not bare.strip(b" \t\r\n") and source.end - source.begin <= 4096:
        refuse(source, Finding("submission/empty-file", "the file holds no table", source.name, hint=_WRITE))


def refuse_not_utf8(source: Source, position: int, fault: UnicodeDecodeError) -> NoReturn:
    """Refuse bytes that are no UTF-8, and name what they probably are."""
    byte = fault.object[fault.start]
    family = "Windows-1252 (Excel on Windows writes it)" if 0x80 <= byte < 0xA0 else "Latin-1 or Windows-1252"
    message = f"the byte 0x{byte:02x} is not UTF-8; this looks like {family}"
    hint = "save as 'CSV UTF-8', or write with encoding='utf-8'"
    refuse(source, Finding("submission/encoding", message, source.where(position + fault.start), hint=hint, count=1))
