"""Volumes as they may be published: a new header with what places and scales the voxels, and the voxels untouched."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from compete.building.media.records import Cleaned
from compete.errors import Finding
from compete.nifti import SUFFIX
from compete.nifti.header import HEADER, VolumeFault, VolumeHeader, header_of
from compete.nifti.voxels import GZIP, first_bytes, is_nifti, values_of
from compete.nifti.writing import IMAGES, gzipped

if TYPE_CHECKING:
    from compete.nifti.voxels import Told

AT_ONCE = 2
"""Volumes that a worker is asked for at once; each may take seconds."""

VALUES = 1 << 29
"""Values of the largest volume that is taken; they are never held all at once."""


def may_be_volume(data: bytes) -> bool:
    """Whether a file begins as a volume does, or is packed as volumes are."""
    return data[:2] == GZIP or is_nifti(data)


def clean_volume(data: bytes, name: str = "") -> Cleaned:
    """Write a volume anew, as ``strip_volume`` does.

    Args:
        data: the file's bytes.
        name: the file's name, for findings.

    Returns:
        The volume; one that cannot be taken has errors among its findings and no data.
    """
    items = (name,) if name else ()
    try:
        packed, header, told = strip_volume(data)
    except VolumeFault as fault:
        faults = [Finding(rule, message, items=items, hint=hint, count=1) for rule, message, hint in fault.faults]
        return Cleaned(b"", "", 0, 0, "", tuple(faults))
    findings = [Finding(rule, message, "", items, hint, "note", 1) for rule, message, hint in told]
    return Cleaned(packed, SUFFIX, header.shape[2], header.shape[1], header.kind.name, tuple(findings), kind="NIFTI")


def strip_volume(data: bytes) -> tuple[bytes, VolumeHeader, Told]:
    """Write a volume anew, without descriptions, names of files and databases, extensions, and gzip's name and time.

    Kept are the sizes, kind, order of bytes, scale, units, spacing, sform and qform, and every value as it is. A
    volume is unpacked and packed block by block; it always comes out packed by gzip.

    Args:
        data: the file, ``.nii`` or ``.nii.gz``.

    Returns:
        The file to be published, what its header says, and what there is to tell: rule, message and hint of each.

    Raises:
        VolumeFault: it is none, is broken, is larger than is taken, or its values are no numbers.
    """
    header = header_of(first_bytes(data, HEADER), labels=False)
    if header.values > VALUES:
        message = f"it has {header.values:,} values, {VALUES:,} are taken"
        raise VolumeFault(("volume/size", message, "crop it, or cut it into several"))
    told: Told = []
    packed = gzipped(chain([header.plain], values_of(data, header, told)), IMAGES)
    return packed, header, told
