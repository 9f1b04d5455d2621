"""Label volumes that were sent: read strictly, with what is wrong told as findings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from compete.errors import Finding
from compete.nifti.header import Grid, VolumeFault
from compete.nifti.voxels import Volume, volume_of
from compete.scoring.pictures import told_together

SEVERITY = {"trailing-bytes": "warning"}


def read_nifti(
    data: bytes, wanted: Optional[Grid] = None, most: int = 1 << 28, name: str = "volume"
) -> tuple[Optional[Volume], list[Finding]]:
    """Read a volume of labels.

    Args:
        data: the file, ``.nii`` or ``.nii.gz``.
        wanted: where its voxels must lie; None for anywhere.
        most: how many voxels it may have.
        name: how findings call it.

    Returns:
        The volume, or None where it is refused; and what there is to tell.
    """
    try:
        volume, told = volume_of(data, wanted, most)
    except VolumeFault as fault:
        return None, volume_findings([(name, *one) for one in fault.faults])
    return volume, volume_findings([(name, *one) for one in told])


def volume_findings(told: Iterable[tuple[str, str, str, str]], where: str = "") -> list[Finding]:
    """What there is to tell of several volumes, a finding a rule: name, rule, message and hint of each."""
    said: dict[str, list[tuple[str, str, str]]] = {}
    for name, rule, message, hint in told:
        said.setdefault(rule, []).append((name, message, hint))
    return list(told_together(said, where, SEVERITY, "volumes"))
