"""What an address names, as a file of its own: a PNG or a NIfTI volume with nothing else in it; and its size."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from compete.nifti import SUFFIXES as VOLUMES
from compete.nifti.header import KINDS, VolumeHeader, header_bytes, header_of
from compete.readers.stacks.address import ALL, PICTURE, UNSUPPORTED, Address, StackFault, stack_address, window_of
from compete.readers.stacks.channels import joined_header, joined_volume
from compete.readers.stacks.dicom import HEAD, is_dicom, read_dicom
from compete.readers.stacks.dicom_pixels import picture_of_file, windowed
from compete.readers.stacks.tiff import Stack, read_planes, read_stack

Array = np.ndarray[Any, Any]

VALUES = 1 << 29
"""Values of the largest volume that is taken."""
NUMBERS = {np.dtype(name).newbyteorder("="): number for number, name in KINDS.items()}
MICROMETRES, UNKNOWN = 3, 0
"""NIfTI's numbers of units."""


def read_content(address: Address, affine: Array | None = None) -> bytes:
    """What an address names, as a PNG or an unpacked NIfTI-1 volume.

    Args:
        address: of a TIFF or DICOM file, or of volumes that are channels of one.
        affine: where the voxels of a volume lie, millimetres of (i, j, k), shape (3, 4); None for as the file says.

    Raises:
        StackFault: the file cannot be read, or has no such picture.
        VolumeFault: a channel is no volume that is taken.
        OSError: the disk or a permission forbids reading.
    """
    if address.kind == PICTURE:
        return png_of(_picture(address))
    if address.file.lower().endswith(VOLUMES):
        return joined_volume(address)
    values = read_volume(address)
    stack = read_stack(address.file)
    field = _fields(values.shape, values.dtype, stack, affine)
    return header_bytes(field) + values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def picture_size(address: Address) -> tuple[int, int]:
    """Width and height of the picture at an address, without its pixels.

    Raises:
        StackFault: the file cannot be read, or has no such picture.
        OSError: the disk or a permission forbids reading.
    """
    if _is_dicom(address.file):
        header = read_dicom(address.file)
        if not header.frames:
            raise StackFault("image/no-picture", "it holds no picture", "leave such files out")
        return header.width, header.height
    stack = read_stack(address.file)
    return stack.width, stack.height


def volume_said(address: Address) -> VolumeHeader:
    """The header that the volume at an address has.

    Raises:
        StackFault: the file cannot be read.
        VolumeFault: its header cannot be that of a volume.
    """
    if address.file.lower().endswith(VOLUMES):
        return joined_header(address)
    stack = read_stack(address.file)
    shape, kind = _volume_shape(stack, address.choice)
    return header_of(header_bytes(_fields(shape, kind, stack, None)), labels=False)


def read_volume(address: Address) -> Array:
    """The values of the volume at an address, shape (channels, slices, height, width).

    Raises:
        StackFault: the file cannot be read, or its values are none of a volume.
    """
    stack = read_stack(address.file)
    shape, kind = _volume_shape(stack, address.choice)
    values = read_planes(address.file, address.choice)
    return values.reshape(shape).astype(kind, copy=False)


def label_plane(address: Address) -> Array | str:
    """The plane of a stack of labels, shape (height, width); a text says why there is none.

    Raises:
        OSError: the disk or a permission forbids reading.
    """
    try:
        stack = read_stack(address.file)
        choice = dict(address.choice)
        if set(stack.sides) == {"z"} and "frame" in choice:
            choice["z"] = choice.pop("frame")  # pages for the frames of a DICOM file
        choice = {axis: said for axis, said in choice.items() if axis in stack.sides}
        if any(many > 1 for axis, many in stack.sides.items() if axis not in choice):
            return f"it has {stack.planes} pages, and its image does not say which"
        values: Array = read_planes(address.file, choice)[0, 0]
    except StackFault as fault:
        return fault.message
    if values.ndim != 2 or values.dtype.kind not in "bui" or values.min() < 0 or values.max() >= 1 << 16:
        return "its values are no whole numbers from 0 to 65,535"
    return values.astype(np.uint8 if values.dtype.itemsize == 1 else np.uint16)


def labels_beside(image: str, mask: str) -> str:
    """Where the labels of an image are: of a picture or volume inside a file, in the same place of theirs.

    >>> labels_beside("a.tif#z=all.nii", "m.tif"), labels_beside("a.tif#z=3,c=1.png", "m.tif")
    ('m.tif#z=all.nii', 'm.tif#z=3.png')
    >>> labels_beside("a.dcm#frame=0.png", "m.png"), labels_beside("a.png", "m.tif")
    ('m.png', 'm.tif')
    """
    inside = stack_address(image) if "#" in image else None
    if inside is None or not mask.lower().endswith((".tif", ".tiff")):
        return mask
    choice = {axis: said for axis, said in inside.choice.items() if axis not in ("c", "window")}
    return str(Address(mask, choice, inside.kind))


def png_of(values: Array) -> bytes:
    """Values as a PNG, shape (height, width) or (height, width, 3 or 4), 8 bits or of greys 16."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(values)).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _is_dicom(path: str) -> bool:
    with Path(path).open("rb") as file:
        return is_dicom(file.read(HEAD))


def _picture(address: Address) -> Array:
    """The picture at an address in 8 bits, or greys in 16."""
    choice = dict(address.choice)
    window = choice.pop("window", "file")
    if _is_dicom(address.file):
        return picture_of_file(address.file, int(choice.get("frame", "0")), window)
    values: Array = read_planes(address.file, {axis: said for axis, said in choice.items() if said != ALL})[0, 0]
    if asked := window_of(window):
        return windowed(values.astype(np.float64), asked)
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8:
        return values
    whole = values.dtype.kind in "ui" and values.min() >= 0 and values.max() < 1 << 16
    if not whole or values.ndim > 2:
        message = f"its {values.dtype} values do not fit into a PNG as they are"
        raise StackFault(UNSUPPORTED, message, "say which are black and white: data.view: {window: [centre, width]}")
    return values.astype(np.uint16)


def _volume_shape(stack: Stack, choice: Mapping[str, str]) -> tuple[tuple[int, int, int, int], np.dtype[Any]]:
    """Channels, slices, height and width of a volume, and what a value is; nothing is read before it was tested."""
    channels = stack.sides.get("c", 1) if choice.get("c") == ALL else 1
    slices = stack.sides.get("z", 1) if choice.get("z") == ALL else 1
    shape = (channels, slices, stack.height, stack.width)
    if stack.samples > 1:
        raise StackFault("volume/kind", "its voxels have colours", "write them as channels")
    if channels * slices * stack.height * stack.width > VALUES:
        message = f"it has {channels * slices * stack.height * stack.width:,} values, {VALUES:,} are taken"
        raise StackFault("volume/size", message, "crop it, or cut it into several")
    kind = np.dtype(np.uint8) if stack.kind.kind == "b" else stack.kind.newbyteorder("=")
    if kind not in NUMBERS:
        raise StackFault("volume/kind", f"its values are {kind}", "write whole numbers, or fractions of 32 bits")
    return shape, kind


def _fields(
    shape: tuple[int, ...], kind: np.dtype[Any], stack: Stack, affine: Array | None
) -> dict[str, tuple[Any, ...]]:
    """The header of a volume that begins at the origin, with axes as the file has them; sizes in micrometres."""
    channels, *sides = shape
    size = [1.0, 1.0, 1.0] if stack.spacing is None else [1000 * one for one in stack.spacing[::-1]]
    unit = UNKNOWN if stack.spacing is None else MICROMETRES
    place = np.hstack([np.diag(size), np.zeros((3, 1))])
    if affine is not None:
        place, unit, size = affine, 2, np.sqrt((affine[:, :3] ** 2).sum(axis=0)).tolist()
    many = 3 + (channels > 1)
    return {
        "dim": (many, *sides[::-1], channels, 1, 1, 1), "datatype": (NUMBERS[kind],), "bitpix": (8 * kind.itemsize,),
        "pixdim": (1, *size, 1 if channels > 1 else 0, 0, 0, 0), "scl_slope": (1,), "xyzt_units": (unit,),
        "sform_code": (1,), "srow": tuple(place.ravel()),
    }  # fmt: skip
