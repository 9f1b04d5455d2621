"""All that a file holds: itself, what it packs, and what it spells in hex or base64, opened again and again."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any

Opener = Callable[[bytes], Iterator[tuple[str, bytes]]]
DEEPEST = 4
"""How often something that was packed is opened again."""
LARGEST = 1 << 26
"""Bytes that are taken of anything unpacked."""
SPELT = re.compile(rb"[A-Za-z0-9+/_\-]{64,}={0,2}")
"""A long word of hex or base64."""
WRAPPED = re.compile(
    rb"(?:[A-Za-z0-9+/]{40,}\s{1,3}){2,}[A-Za-z0-9+/]*={0,2}|(?:[0-9A-Fa-f]{2}[\s:,]{1,2}){64,}[0-9A-Fa-f]{2}"
)
"""The same in lines, as programs break them, or byte by byte."""
BREAKS = b" \t\r\n:,"
TO_STANDARD = bytes.maketrans(b"-_", b"+/")
"""From the letters that base64 has in addresses to its usual ones."""
MOST_WORDS = 20_000
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def streams_of(name: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """A file's bytes, and those of all that is packed or spelt in it.

    Args:
        name: what the file is called.
        data: its bytes.
        depth: how deep it was packed.

    Yields:
        A name and bytes; what cannot be opened is left as it is.
    """
    yield name, data
    if depth >= DEEPEST:
        return
    for inside, content in [*_members(data), *_spelt_out(data)]:
        yield from streams_of(f"{name}:{inside}", content, depth + 1)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What an archive or a packed file holds."""
    try:
        for start, opener in PACKERS.items():
            if data.startswith(start):
                yield from opener(data)
                return
        if data[257:262] == b"ustar":
            yield from _tar(data)
        if data[:2] in UTF16 or (len(data) > 2 and not data[1:128:2].strip(b"\0")):
            yield "utf-16", data.decode("utf-16").encode()
    except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError) as error:
        yield type(error).__name__, b""
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError) as error:
        yield type(error).__name__, b""


def _unpacked(name: str, unpack: Callable[[io.BytesIO], Any]) -> Opener:
    """A stream that was packed as a whole."""

    def opened(data: bytes) -> Iterator[tuple[str, bytes]]:
        with unpack(io.BytesIO(data)) as file:
            yield name, file.read(LARGEST)

    return opened


def _zip(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            with archive.open(member) as file:
                yield member.filename, file.read(LARGEST)


def _tar(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for entry in archive:
            if entry.isfile() and (file := archive.extractfile(entry)):
                yield entry.name, file.read(LARGEST)


def _zlib(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "zlib", zlib.decompressobj().decompress(data, LARGEST)


PACKERS: dict[bytes, Opener] = {
    b"\x1f\x8b": _unpacked("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    b"BZh": _unpacked("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": _unpacked("xz", lzma.LZMAFile),
    b"PK\3\4": _zip,
    b"x\x01": _zlib,
    b"x\x5e": _zlib,
    b"x\x9c": _zlib,
    b"x\xda": _zlib,
}
"""How what begins so is opened."""


def _spelt_out(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What long words spell in hex or in base64."""
    words = chain(SPELT.findall(data), (word.translate(None, BREAKS) for word in WRAPPED.findall(data)))
    for word in islice(words, MOST_WORDS):
        if re.fullmatch(rb"(?:[0-9a-fA-F]{2})+", word):
            yield "hex", binascii.unhexlify(word)
        else:
            padded = word.translate(TO_STANDARD).rstrip(b"=")
            with suppress(ValueError):
                yield "base64", base64.b64decode(padded + b"=" * (-len(padded) % 4))
