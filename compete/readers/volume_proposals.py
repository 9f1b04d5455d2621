"""What is proposed for volumes: how they are seen, the values of their labels, and a metric of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compete.nifti import SUFFIXES
from compete.nifti.header import VolumeFault
from compete.nifti.voxels import volume_of
from compete.readers.label_images import label_pixels
from compete.readers.proposals import Proposal
from compete.readers.stacks.address import ALL, PICTURE, VOLUME, Address, StackFault, file_of, stack_address
from compete.readers.stacks.contents import labels_beside, read_content
from compete.readers.stacks.tiff import read_stack
from compete.readers.volumes import VOXELS
from compete.sources import read_whole

STACKS = (".tif", ".tiff")


def metric_of_volumes(values: Mapping[str, int]) -> Proposal:
    """Dice in each volume: what is background stays out of the mean, as nearly all voxels are."""
    background = "(background=0)" if 0 in values.values() and len(values) > 1 else ""
    reason = "of volumes nearly all is background, which Dice leaves out"
    return Proposal({"semantic_segmentation": f"dice_per_image{background}"}, reason)


def view_of_stack(path: Path) -> dict[str, str]:
    """How a TIFF stack may be seen, slices as a volume; nothing for flat pictures and other formats."""
    if not path.name.lower().endswith(STACKS):
        return {}
    try:
        sides = read_stack(str(path)).sides
    except StackFault:
        return {}
    return {axis: ALL if axis == "z" else "first" for axis, many in sides.items() if many > 1}


def labels_seen(image: Path, mask: Path, view: Mapping[str, str]) -> Any:
    """The values of a label image or label volume; a text says why there are none.

    Args:
        image: the image that it is of.
        mask: the file.
        view: how images are seen.
    """
    path = str(mask)
    if view:
        kind = VOLUME if view.get("z") == ALL else PICTURE
        choice = {axis: "0" if said == "first" else said for axis, said in view.items()}
        path = labels_beside(str(Address(str(image), choice, kind)), path)
    inside = stack_address(path)
    if not file_of(path).lower().endswith(SUFFIXES) and not (inside and inside.kind == VOLUME):
        return label_pixels(path)
    try:
        data = read_content(inside) if inside else read_whole(path)
        return volume_of(data, None, VOXELS)[0].values
    except VolumeFault as fault:
        return fault.faults[0][1]
    except StackFault as fault:
        return fault.message


def is_volume(names: Sequence[str], view: Mapping[str, str]) -> bool:
    """Whether images are volumes, by the name of the first and how they are seen."""
    return view.get("z") == ALL or names[0].lower().endswith(SUFFIXES)
