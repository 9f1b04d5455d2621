"""Label volumes as NIfTI-1 and NIfTI-2, read strictly: the header first, then as many voxels as it must hold."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn, Optional

import numpy as np

from compete.errors import Finding
from compete.scoring.images import Grid
from compete.scoring.nifti_header import AGAIN, HEADER, SIZES, VolumeFault, VolumeHeader, header_of
from compete.scoring.pictures import told_together
from compete.scoring.source import counted
from compete.scoring.spans import Array

GZIP = b"\x1f\x8b"
BLOCK = 1 << 16
STREAMS = 1 << 16
"""Streams of gzip that may stand end to end, as programs write them that look things up in packed files."""

NEAR = 1e-3
"""How far two affines may lie apart, in millimetres: headers keep them as 32-bit numbers."""

LARGEST = (1 << 32) - 1
SEVERITY = {"trailing-bytes": "warning"}


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


def read_nifti(
    data: bytes, wanted: Optional[Grid] = None, most: int = 1 << 28, name: str = "volume"
) -> tuple[Optional[Volume], list[Finding]]:
    """Read a volume of labels; nothing is unpacked beyond what its header and its shape allow.

    Args:
        data: the file, ``.nii`` or ``.nii.gz``.
        wanted: where its voxels must lie; None for anywhere.
        most: how many voxels it may have.
        name: how findings call it.

    Returns:
        The volume, or None where it is refused; and what there is to tell.

    Source: NIfTI-1.1 data format (Cox et al., 2004); NIfTI-2 header as in nifti2.h (2011).
    """
    try:
        volume, told = volume_of(data, wanted, most)
    except VolumeFault as fault:
        return None, volume_findings([(name, *one) for one in fault.faults])
    return volume, volume_findings([(name, *one) for one in told])


def volume_of(data: bytes, wanted: Optional[Grid], most: int) -> tuple[Volume, list[tuple[str, str, str]]]:
    """Read a volume as `read_nifti` does; what there is to tell is rule, message and hint.

    Raises:
        VolumeFault: it is refused.
    """
    told = []
    header = header_of(_bytes_of(data, HEADER))
    faults = [*_shape_faults(header, wanted, most), *_place_faults(header, wanted)]
    if faults:
        raise VolumeFault(*faults)
    end = header.start + header.size
    raw = _bytes_of(data, end + 1)
    if len(raw) < end:
        _damaged("it holds fewer voxels than its header says")
    if len(raw) > end:
        told.append(("volume/trailing-bytes", "bytes follow its voxels; they are not read", AGAIN))
    values = _labels(np.frombuffer(raw, header.kind, header.voxels, header.start)).reshape(header.shape)
    return Volume(values, header.spacing, Grid(header.shape, header.affine)), told


def is_nifti(data: bytes) -> bool:
    """Whether a file begins as a volume does, packed by gzip or not."""
    try:
        return _bytes_of(data, 4) in SIZES
    except VolumeFault:
        return False


def _bytes_of(data: bytes, most: int) -> bytes:
    """The first bytes of a file, unpacked where it is packed by gzip."""
    if data[:2] != GZIP:
        return data[:most]
    parts, size, streams = [], 0, 0
    inflate = zlib.decompressobj(31)
    view = memoryview(data)
    try:
        for place in range(0, len(data), BLOCK):
            rest = bytes(view[place : place + BLOCK])
            while rest:
                if inflate.eof:
                    inflate, streams = zlib.decompressobj(31), streams + 1
                part = inflate.decompress(rest, most - size)
                parts.append(part)
                size += len(part)
                if size == most:
                    return b"".join(parts)
                if streams > STREAMS:
                    _damaged("it holds far too many streams of gzip")
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    except zlib.error:
        _damaged("its gzip stream is broken")
    if not inflate.eof:
        _damaged("its gzip stream ends early")
    return b"".join(parts)


def _shape_faults(header: VolumeHeader, wanted: Optional[Grid], most: int) -> list[tuple[str, str, str]]:
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


def _place_faults(header: VolumeHeader, wanted: Optional[Grid]) -> list[tuple[str, str, str]]:
    """Voxels that lie elsewhere, and how far a corner of the volume is off."""
    if wanted is None or wanted.affine is None:
        return []
    off = header.affine - wanted.affine
    if np.abs(off).max() <= NEAR:
        return []
    corner = np.array([[i, j, k, 1] for k in (0, 1) for j in (0, 1) for i in (0, 1)], dtype=np.float64)
    corner[:, :3] *= np.array(wanted.shape[::-1]) - 1
    farthest = np.sqrt(((off @ corner.T) ** 2).sum(axis=0)).max()
    ours, theirs = (np.sign(one[:, :3]) for one in (wanted.affine, header.affine))
    message = f"its voxels lie up to {farthest:.4g} mm from those of the image"
    hint = "copy the affine (qform and sform) of the image into the prediction"
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
            message = f"{counted(broken, 'voxel')} with a fraction, such as {voxels[np.rint(voxels) != voxels][0]:.6g}"
            raise VolumeFault(("volume/not-whole", message, cure))
    low, high = voxels.min(), voxels.max()
    if low < 0 or high > LARGEST:
        message = f"voxels have the value {low if low < 0 else high:.10g}, which is no label"
        raise VolumeFault(("volume/unknown-class", message, "number classes from 0"))
    return voxels.astype(np.min_scalar_type(int(high)))


def volume_findings(told: Iterable[tuple[str, str, str, str]], where: str = "") -> list[Finding]:
    """What there is to tell of several volumes, a finding a rule: name, rule, message and hint of each."""
    said: dict[str, list[tuple[str, str, str]]] = {}
    for name, rule, message, hint in told:
        said.setdefault(rule, []).append((name, message, hint))
    return list(told_together(said, where, SEVERITY, "volumes"))


def _damaged(what: str) -> NoReturn:
    raise VolumeFault(("volume/damaged", f"the volume is broken: {what}", AGAIN))
