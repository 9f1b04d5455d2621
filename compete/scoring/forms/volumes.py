"""Label volumes: a zip with ``ID.nii.gz`` for each image, whose voxels are the numbers of classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Optional, Union

import numpy as np

from compete.errors import SubmissionError, fatal
from compete.files import zip_bytes
from compete.nifti import SUFFIX, SUFFIXES
from compete.nifti.header import EXTRA, HEADER, Grid, VolumeFault
from compete.nifti.voxels import is_nifti, volume_of
from compete.nifti.writing import label_volume
from compete.scoring.archive_bytes import BLOCK, open_bytes
from compete.scoring.archives import CAPS, open_archive
from compete.scoring.forms.label_pngs import MEMBERS, label_submission, members_of_images
from compete.scoring.images import Images
from compete.scoring.nifti import volume_findings
from compete.scoring.source import counted, shown_name
from compete.scoring.submission import Submission
from compete.terms import Terms
from metrics.cores import core_count
from metrics.label_maps import LabelMaps

DEFLATE = 1100
"""How many times its packed size a member may have: what Deflate can do at most. Label volumes are mostly nothing."""

WIDEST = 8
"""Bytes of the largest number that a voxel may be."""

Told = list[tuple[str, str, str]]


@dataclass(frozen=True, eq=False)
class _Labels:
    """One volume as it was read; without maps it is refused."""

    maps: Optional[LabelMaps]
    told: Told


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read a zip of volumes, or of one image its volume; see `compete.scoring.forms.read_images_submission`."""
    grids = images.grids()
    room = WIDEST * max(int(np.prod(grid.shape)) for grid in grids) + HEADER + EXTRA
    if images.n == 1 and (single := _single(source, room, name)) is not None:
        shown, (raw, digest) = shown_name(source, name), single
        labels = [_labels(partial(bytes, raw), grids[0], terms.class_ids)]
        findings = volume_findings([(shown, *one) for one in labels[0].told])
        return label_submission(shown, _joined(labels), findings, 1, digest)
    caps = replace(CAPS, members=2 * images.n + MEMBERS, member=min(CAPS.member, room), ratio=DEFLATE)
    with open_archive(source, SUFFIXES, caps, name) as archive:
        members, findings = members_of_images(archive, images, SUFFIXES, "volume")
        sent = [(partial(archive.read, one), grid) for one, grid in zip(members, grids) if one is not None]
        with ThreadPoolExecutor(core_count()) as pool:
            labels = list(pool.map(lambda one: _labels(one[0], one[1], terms.class_ids), sent))
        names = [one.name for one in members if one is not None]
        told = [(one, *fault) for one, each in zip(names, labels) for fault in each.told]
        findings += [*volume_findings(told, archive.name), *archive.warnings]
        maps = None if fatal(findings) else _joined(labels)
        return label_submission(archive.name, maps, findings, len(archive.members), archive.reader.sha256())


def write(record: LabelMaps, terms: Terms, images: Images) -> bytes:
    """A zip with one volume an image; voxels of no class get the first one."""
    known = np.array(terms.class_ids)
    members: dict[str, bytes] = {}
    for place, (name, grid) in enumerate(zip(images.ids.column.tolist(), images.grids())):
        array = record.array(place)
        members[name + SUFFIX] = label_volume(np.where(np.isin(array, known), array, known[0]), grid.affine)
    return zip_bytes(members)


def _single(source: Union[str, Path, bytes], most: int, name: str) -> Optional[tuple[bytes, str]]:
    """The bytes of a file that is a volume itself, and its fingerprint; None for another."""
    reader = open_bytes(source, CAPS, shown_name(source, name))
    try:
        if not is_nifti(reader.at(0, BLOCK)):
            return None
        return reader.at(0, most + 1), reader.sha256()
    finally:
        reader.close()


def _labels(fetch: Callable[[], bytes], grid: Grid, classes: Sequence[int]) -> _Labels:
    """Fetch and read one volume; this runs beside others."""
    try:
        volume, told = volume_of(fetch(), grid, int(np.prod(grid.shape)))
        maps = LabelMaps.from_arrays([volume.values])
        other = ~np.isin(maps.value, np.array(classes))
        if not other.any():
            return _Labels(maps, told)
        values = np.unique(maps.value[other]).tolist()
        shown = ", ".join(map(str, values[:5])) + ", …" * (len(values) > 5)
        message = f"{counted(int(maps.length[other].sum()), 'voxel')} with a value that is no class: {shown}"
        known = ", ".join(map(str, classes[:5])) + ", …" * (len(classes) > 5)
        return _Labels(None, [*told, ("volume/unknown-class", message, f"the classes are {known}")])
    except VolumeFault as fault:
        return _Labels(None, list(fault.faults))
    except SubmissionError as error:
        return _Labels(None, [(one.rule, one.message, one.hint) for one in error.findings])


def _joined(labels: Sequence[_Labels]) -> Optional[LabelMaps]:
    """The volumes in order; None where one is refused, or there is none."""
    maps = [one.maps for one in labels if one.maps is not None]
    return LabelMaps.joined(maps) if maps and len(maps) == len(labels) else None
