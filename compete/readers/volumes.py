"""Volumes as images and as labels: what their headers say, and labels as runs, read from NIfTI."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from compete.bundle import AFFINE, DEPTH, HEIGHT, WIDTH
from compete.dataset import Dataset, counted, excerpt
from compete.engine import cores
from compete.errors import EXAMPLES, Finding
from compete.nifti import SUFFIXES
from compete.nifti.header import HEADER, SIZES, Grid, VolumeFault, VolumeHeader, header_of
from compete.nifti.voxels import GZIP, first_bytes, volume_of
from compete.readers.stacks.address import StackFault, stack_address
from compete.readers.stacks.contents import read_content
from compete.sources import read_whole

if TYPE_CHECKING:
    from metrics.label_maps import LabelMaps

    Fault = tuple[str, str, str, str]

VOXELS = 1 << 28
"""Voxels of the largest volume of labels that is taken."""
LOOK = 1 << 16
"""Bytes of a packed file that are looked at for its header."""

VOXELS_ALONE = ".img"
"""The ending of a file of voxels whose header is another file."""
FOREIGN = (".hdr", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh", ".mnc")
"""Endings of volumes in other formats."""

SEVERITY = {"volume/trailing-bytes": "warning", "volume/two-places": "warning", "volume/big-endian": "note"}


def volume_header(path: str) -> VolumeHeader | None:
    """What a volume says of itself, as an image; None if the file is no volume.

    Raises:
        OSError: it cannot be read.
        VolumeFault: it is a volume that is not taken.
    """
    return header_in(read_whole(path, LOOK), path)


def header_in(head: bytes, path: str) -> VolumeHeader | None:
    """As ``volume_header``, by the first bytes of a file.

    Raises:
        VolumeFault: it is a volume that is not taken.
    """
    if head[:2] == GZIP:
        head = first_bytes(head, HEADER)
    if path.lower().endswith(VOXELS_ALONE):
        raise VolumeFault(("volume/not-nifti", "its header is in another file (.hdr and .img)", "save it as .nii.gz"))
    if head[:4] not in SIZES and not path.lower().endswith((*SUFFIXES, *FOREIGN)):
        return None
    return header_of(head[:HEADER], labels=False)


def volume_findings(told: Sequence[Fault], source: str, what: str) -> list[Finding]:
    """One finding a rule, with the first few volumes that it is about.

    Args:
        told: name, rule, message and hint of each fault.
        source: the file that findings name.
        what: what a volume is: an image, or labels.
    """
    groups: dict[str, list[Fault]] = {}
    for fault in told:
        groups.setdefault(fault[1], []).append(fault)
    findings = []
    for rule, group in groups.items():
        severity = SEVERITY.get(rule, "error")
        many = counted(len(group), what, f"{what}s")
        message = f"{many} cannot be taken" if severity == "error" else f"{many} to look at"
        items = tuple(excerpt(f"{name}: {said}", 120) for name, _, said, _ in group[:EXAMPLES])
        findings.append(Finding(rule, message, source, items, group[0][3], severity, len(group)))
    return findings


def grids_of(dataset: Dataset) -> list[Grid]:
    """Where the voxels of each volume lie."""
    import numpy as np

    items = dataset.items
    sides = zip(*(map(int, items[name]) for name in (DEPTH, HEIGHT, WIDTH)), strict=True)
    affines = (np.array(text.split(), dtype=np.float64).reshape(3, 4) for text in items[AFFINE])
    return [Grid(shape, affine) for shape, affine in zip(sides, affines, strict=True)]


def read_volumes(paths: Sequence[str], grids: Sequence[Grid]) -> tuple[LabelMaps | None, list[Fault]]:
    """Read volumes of labels on all cores; one a core is held as voxels at a time.

    Args:
        paths: files.
        grids: where the voxels of each must lie.

    Returns:
        The labels as runs with their spacing in millimetres, None where a volume was refused; and what there is to
        tell: name, rule, message and hint of each.
    """
    from metrics.label_maps import LabelMaps

    with ThreadPoolExecutor(cores()) as pool:
        read = list(pool.map(_read, paths, grids))
    told = [(Path(path).name, *fault) for path, (_, faults) in zip(paths, read, strict=True) for fault in faults]
    maps = [labels for labels, _ in read if labels is not None]
    return LabelMaps.joined(maps) if len(maps) == len(paths) else None, told


def _read(path: str, grid: Grid) -> tuple[LabelMaps | None, list[tuple[str, str, str]]]:
    """One volume as runs; without them it is refused. This runs beside others."""
    from metrics.label_maps import LabelMaps

    try:
        inside = stack_address(path) if "#" in path else None
        data = read_content(inside, grid.affine) if inside else read_whole(path)
        volume, told = volume_of(data, grid, VOXELS)
    except VolumeFault as fault:
        return None, list(fault.faults)
    except StackFault as fault:
        return None, [(fault.rule, fault.message, fault.hint)]
    except OSError as error:
        return None, [("volume/damaged", error.strerror or str(error), "")]
    return LabelMaps.from_arrays([volume.values], spacing=volume.spacing), told
