"""The voxels of a volume: unpacked no further than its header allows, and read as labels."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.nifti.header import (
    AGAIN,
    HEADER,
    SIZES,
    Grid,
    VolumeFault,
    VolumeHeader,
    damaged,
    farthest_apart,
    header_of,
)

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
    Told = list[tuple[str, str, str]]

GZIP = b"\x1f\x8b"
BLOCK = 1 << 16
UNPACKED = 1 << 20
"""Bytes that are unpacked at a time."""

STREAMS = 1 << 16
"""Streams of gzip that may stand end to end, as programs write them that look things up in packed files."""

NEAR = 1e-3
"""How far two affines may lie apart, in millimetres: headers keep them as 32-bit numbers."""

LARGEST = (1 << 32) - 1
TRAILING = ("volume/trailing-bytes", "bytes follow its voxels; they are not read", AGAIN)


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume that was read.

    Attributes:
        values: unsigned, shape (depth, height, width).
        spacing: millimetres between slices, rows and columns, float64, shape (3,).
        grid: where its voxels lie.
    """

    values: Array
    spacing: Array
    grid: Grid


def volume_of(data: bytes, wanted: Grid | None, most: int) -> tuple[Volume, Told]:
    """Read a volume of labels; nothing is unpacked beyond what its header and its shape allow.

    Args:
        data: the file, ``.nii`` or ``.nii.gz``.
        wanted: where its voxels must lie; None for anywhere.
        most: how many voxels it may have.

    Returns:
        The volume, and what there is to tell: rule, message and hint of each.

    Raises:
        VolumeFault: it is refused.

    Source: NIfTI-1.1 data format (Cox et al., 2004); NIfTI-2 header as in nifti2.h (2011).
    """
    header = header_of(first_bytes(data, HEADER))
    faults = [*_shape_faults(header, wanted, most), *_place_faults(header, wanted)]
    if faults:
        raise VolumeFault(*faults)
    end = header.start + header.size
    raw = first_bytes(data, end + 1)
    if len(raw) < end:
        damaged("it holds fewer voxels than its header says")
    values = _labels(np.frombuffer(raw, header.kind, header.voxels, header.start)).reshape(header.shape)
    return Volume(values, header.spacing, Grid(header.shape, header.affine)), [TRAILING] * (len(raw) > end)


def values_of(data: bytes, header: VolumeHeader, told: Told) -> Iterator[bytes]:
    """The bytes of all values of a volume as they are in the file, block after block; nothing behind them is read.

    Args:
        data: the file.
        header: what it says of itself.
        told: is told rule, message and hint if bytes follow.

    Raises:
        VolumeFault: it holds fewer than its header says, or cannot be unpacked.
    """
    at, end = 0, header.start + header.size
    for block in _unpacked(data):
        low, high = max(0, header.start - at), min(len(block), end - at)
        at += len(block)
        if low < high:
            yield block[low:high]
        if at > end:
            told.append(TRAILING)
            return
    if at < end:
        damaged("it holds fewer voxels than its header says")


def first_bytes(data: bytes, most: int) -> bytes:
    """The first bytes of a file, unpacked where it is packed by gzip; fewer where it ends before.

    Raises:
        VolumeFault: it cannot be unpacked so far.
    """
    if data[:2] != GZIP:
        return data[:most]
    parts, size = [], 0
    for part in _unpacked(data, most):
        parts.append(part)
        size += len(part)
        if size >= most:
            break
    return b"".join(parts)[:most]


def is_nifti(data: bytes) -> bool:
    """Whether a file begins as a volume does, packed by gzip or not."""
    try:
        return first_bytes(data, 4) in SIZES
    except VolumeFault:
        return False


def _unpacked(data: bytes, most: int = 1 << 62) -> Iterator[bytes]:
    """A file in blocks, unpacked where it is packed by gzip, up to some bytes in all; its end is checked."""
    view = memoryview(data)
    if data[:2] != GZIP:
        yield from (bytes(view[at : at + UNPACKED]) for at in range(0, len(data), UNPACKED))
        return
    streams = 0
    inflate = zlib.decompressobj(31)
    try:
        for place in range(0, len(data), BLOCK):
            rest = bytes(view[place : place + BLOCK])
            while rest and most > 0:
                if inflate.eof:
                    inflate, streams = zlib.decompressobj(31), streams + 1
                part = inflate.decompress(rest, min(most, UNPACKED))
                most -= len(part)
                if part:
                    yield part
                if streams > STREAMS:
                    damaged("it holds far too many streams of gzip")
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    except zlib.error:
        damaged("its gzip stream is broken")
    if most > 0 and not inflate.eof:
        damaged("its gzip stream ends early")


def _shape_faults(header: VolumeHeader, wanted: Grid | None, most: int) -> Told:
    """A size that is not asked for, before a voxel is unpacked."""
    given = "it has " + " × ".join(map(str, header.shape[::-1])) + " voxels"
    if wanted is not None and header.shape != wanted.shape:
        asked = " × ".join(map(str, wanted.shape[::-1]))
        swapped = sorted(header.shape) == sorted(wanted.shape)
        hint = (
            "its axes are in another order" if swapped else "resample with nearest neighbours to the grid of the image"
        )
        return [("volume/size", f"{given}, the image has {asked}", hint)]
    if header.voxels > most:
        return [("volume/size", f"{given}, {most:,} are allowed", "predict at the size of the image")]
    return []


def _place_faults(header: VolumeHeader, wanted: Grid | None) -> Told:
    """Voxels that lie elsewhere, and how far a corner of the volume is off."""
    if wanted is None or wanted.affine is None or np.abs(header.affine - wanted.affine).max() <= NEAR:
        return []
    farthest = farthest_apart(header.affine, wanted.affine, wanted.shape)
    ours, theirs = (np.sign(one[:, :3]) for one in (wanted.affine, header.affine))
    message = f"its voxels lie up to {farthest:.4g} mm from those of the image"
    hint = "copy the affine (qform and sform) of the image into the volume of labels"
    if np.array_equal(np.abs(ours), np.abs(theirs)) and not np.array_equal(ours, theirs):
        hint = f"an axis runs the other way (RAS or LPS?): undo the reorientation of the loader, then {hint}"
    return [("volume/orientation", message, hint)]


def _labels(voxels: Array) -> Array:
    """Voxels as unsigned whole numbers, in the smallest type that holds them."""
    cure = "save labels as whole numbers; resample with nearest neighbours"
    if voxels.dtype.kind == "f":
        if not np.isfinite(voxels).all():
            raise VolumeFault(("volume/not-whole", "voxels are not a number or infinite", cure))
        broken = int(np.count_nonzero(np.rint(voxels) != voxels))
        if broken:
            shown = f"{voxels[np.rint(voxels) != voxels][0]:.6g}"
            message = f"{broken:,} voxel{'s' * (broken > 1)} with a fraction, such as {shown}"
            raise VolumeFault(("volume/not-whole", message, cure))
    low, high = voxels.min(), voxels.max()
    if low < 0 or high > LARGEST:
        message = f"voxels have the value {low if low < 0 else high:.10g}, which is no label"
        raise VolumeFault(("volume/unknown-class", message, "number classes from 0"))
    return voxels.astype(np.min_scalar_type(int(high)))
