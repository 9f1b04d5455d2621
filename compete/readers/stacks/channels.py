"""Volumes whose channels are files of their own, as nnU-Net has them, joined to one."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from compete.nifti.header import FIELDS, HEADER, VolumeHeader, header_of
from compete.nifti.voxels import first_bytes, values_of
from compete.readers.stacks.address import Address, StackFault

MOST = 64
"""Channels that are joined."""
VALUES = 1 << 29
"""Values of the largest volume that is taken."""
_FIRST = re.compile(r"_0000(?=\.nii(?:\.gz)?\Z)", re.IGNORECASE)


def channel_files(address: Address) -> list[str]:
    """The files of the channels ``0-n`` of an address, which names the first.

    Raises:
        StackFault: the address names no such files.

    >>> channel_files(Address("a/x_0000.nii.gz", {"c": "0-1"}, ".nii"))
    ['a/x_0000.nii.gz', 'a/x_0001.nii.gz']
    """
    last = address.choice.get("c", "").partition("-")[2]
    if not last.isdecimal() or not 0 < int(last) < MOST or not _FIRST.search(address.file):
        raise StackFault("image/plane", "this names no channels", "write name_0000.nii.gz#c=0-1.nii")
    return [_FIRST.sub(f"_{channel:04}", address.file) for channel in range(int(last) + 1)]


def joined_header(address: Address) -> VolumeHeader:
    """The header of the joined volume, by that of the first channel.

    Raises:
        StackFault: its channels cannot be joined.
        VolumeFault: the first is no volume that is taken.
        OSError: it cannot be read.
    """
    files = channel_files(address)
    with Path(files[0]).open("rb") as file:
        header = header_of(first_bytes(file.read(1 << 16), HEADER), labels=False)
    return header_of(_plain(header, len(files)), labels=False)


def joined_volume(address: Address) -> bytes:
    """The channels as one unpacked volume, one behind the other along the fourth axis.

    Raises:
        StackFault: they are not alike, or too large.
        VolumeFault: one is no volume that is taken.
        OSError: one cannot be read.
    """
    files = channel_files(address)
    parts: list[bytes] = []
    first: VolumeHeader | None = None
    for file in files:
        data = Path(file).read_bytes()
        header = header_of(first_bytes(data, HEADER), labels=False)
        first = first or header
        if header.values * len(files) > VALUES:
            message = f"it has {header.values * len(files):,} values, {VALUES:,} are taken"
            raise StackFault("volume/size", message, "crop it, or cut it into several")
        if header.plain != first.plain or header.frames > 1:
            message = f"{Path(file).name} and the first channel differ in size, kind, scale or place"
            raise StackFault("volume/kind", message, "resample them to one grid and save them with one kind of numbers")
        parts += values_of(data, header, [])
    assert first is not None
    return b"".join([_plain(first, len(files)), *parts])


def _plain(header: VolumeHeader, channels: int) -> bytes:
    """A header with channels along the fourth axis."""
    plain = bytearray(header.plain)
    order = ">" if header.kind.byteorder == ">" else "<"
    size = 540 if len(plain) > 540 else 348
    for name, value in (("dim", (4, *header.shape[::-1], channels, 1, 1, 1)), ("pixdim", None)):
        at, form = FIELDS[size][name]
        said = value or (*struct.unpack_from(order + form, plain, at)[:4], 1, 0, 0, 0)
        struct.pack_into(order + form, plain, at, *said)
    return bytes(plain)
