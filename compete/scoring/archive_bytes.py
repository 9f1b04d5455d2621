"""The bytes of an archive, read piece by piece: never unpacked to a folder, never more than allowed."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Union

from compete.errors import Finding, UsageError
from compete.files import system_fault
from compete.scoring.source import counted, refuse
from metrics.frozen import dataclass

BLOCK = 1 << 20
GZIP = 31
"""How zlib calls a stream with the head and the checksum of gzip."""

IN_MEMORY = 1 << 26
"""What a gzip file unpacks to is kept in memory up to here, beyond it in a file without a name."""


@dataclass(frozen=True)
class ArchiveCaps:
    """How large an archive may be; what goes beyond is refused before it is unpacked.

    Attributes:
        size: bytes of the archive itself.
        members: how many files and folders it may hold.
        unpacked: bytes of all files in it.
        member: bytes of one file.
        ratio: how many times its packed size a file may have; a file of up to ``small`` bytes may have any.
        small: bytes that harm nobody, however well they are packed.
        directory: bytes of a zip's list of members.
    """

    size: int = 1 << 32
    members: int = 100_000
    unpacked: int = 1 << 33
    member: int = 1 << 30
    ratio: int = 250
    small: int = 1 << 20
    directory: int = 1 << 26


@dataclass(frozen=True, eq=False)
class Reader:
    """Random access to a file; several threads may ask at once."""

    file: BinaryIO
    size: int
    lock: Lock = field(default_factory=Lock)

    def at(self, start: int, length: int) -> bytes:
        """The bytes from a place on; fewer where the file ends earlier."""
        with self.lock:
            self.file.seek(start)
            return self.file.read(length)

    def sha256(self) -> str:
        """The fingerprint of the file."""
        digest = hashlib.sha256()
        for start in range(0, self.size, BLOCK):
            digest.update(self.at(start, BLOCK))
        return digest.hexdigest()

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


def open_bytes(source: Union[str, Path, bytes], caps: ArchiveCaps, name: str) -> Reader:
    """Open a regular file, or take bytes; a folder, a pipe, a device or a socket is never read.

    Raises:
        UsageError: there is no such regular file.
        SystemFault: it cannot be read.
        SubmissionError: it is too large.
    """
    if isinstance(source, bytes):
        reader = Reader(io.BytesIO(source), len(source))
    else:
        file = _open_regular(str(source), name)
        reader = Reader(file, os.fstat(file.fileno()).st_size)
    if reader.size > caps.size:
        reader.close()
        message = f"the archive has {reader.size:,} bytes, {caps.size:,} are allowed"
        refuse(name, Finding("archive/too-large", message, name, hint="send only the files that are asked for"))
    return reader


def _open_regular(path: str, name: str) -> BinaryIO:
    # O_NONBLOCK: a pipe must not keep us waiting for a writer before we can see that it is a pipe.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError, ValueError) as fault:
        finding = Finding("archive/unreadable", "there is no such file", name, hint="look at the spelling")
        raise UsageError(f"no such file: {name}", [finding]) from fault
    except OSError as fault:
        raise system_fault(fault) from fault
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        finding = Finding("archive/unreadable", "this is no regular file", name, hint="name one zip or tar archive")
        raise UsageError(f"{name} is no regular file", [finding])
    return open(descriptor, "rb")  # noqa: PTH123


def unpack_gzip(packed: Reader, caps: ArchiveCaps, name: str) -> Reader:
    """What a gzip file holds, in memory or in a file without a name, and never more than the caps allow.

    Raises:
        SubmissionError: it is damaged or holds too much.
    """
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    most, size = min(caps.unpacked, max(caps.small, caps.ratio * packed.size)), 0
    try:
        for part in _inflated(packed):
            size += len(part)
            if size > most:
                message = f"{counted(packed.size, 'byte')} unpack to more than the {most:,} that are allowed"
                hint = "send only the files that are asked for"
                refuse(name, Finding("archive/too-large", message, name, hint=hint))
            out.write(part)
    except zlib.error:
        out.close()
        hint = "make the archive again and compare sizes after the upload"
        refuse(name, Finding("archive/damaged", "the gzip stream is broken or ends early", name, hint=hint))
    except BaseException:
        out.close()
        raise
    return Reader(out, size)  # type: ignore[arg-type]


def _inflated(packed: Reader) -> Iterator[bytes]:
    """What a gzip file holds, a part at a time; several streams may stand end to end."""
    inflate, streams = zlib.decompressobj(GZIP), 0
    most = max(1000, packed.size >> 10)  # each further stream costs a copy of what follows it
    for place in range(0, packed.size, BLOCK):
        rest = packed.at(place, BLOCK)
        while rest:
            if inflate.eof:
                inflate, streams = zlib.decompressobj(GZIP), streams + 1
            if streams > most:
                raise zlib.error("too many streams")
            yield inflate.decompress(rest, BLOCK)
            rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if not inflate.eof:
        raise zlib.error("the last stream is not whole")
