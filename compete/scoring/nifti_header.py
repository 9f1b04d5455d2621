"""The header of NIfTI-1 and NIfTI-2: what the voxels are, and where in the body they lie."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import isnan
from typing import Any, NoReturn

import numpy as np

from compete.scoring.spans import Array

VOLUME_RULES: dict[str, tuple[str, str]] = {
    "volume/not-nifti": (
        "The file is not a NIfTI volume in one file.",
        "NIfTI-1 and NIfTI-2 are read, as .nii or .nii.gz. Convert DICOM, NRRD, MetaImage and pairs of .hdr and .img.",
    ),
    "volume/damaged": (
        "The volume is broken.",
        "The gzip stream is broken, the header says what no standard knows, or there are fewer voxels than it says: "
        "the upload stopped early, or a program wrote it wrongly. Save it again.",
    ),
    "volume/size": (
        "The volume has another size than the image.",
        "Every voxel of the image gets one label, so the three sizes must be those of the image itself, in the order "
        "of its axes. Resample predictions with nearest-neighbour interpolation, which makes no new labels.",
    ),
    "volume/kind": (
        "The volume is of a kind that does not hold labels.",
        "Labels are one whole number a voxel, in three dimensions: no time, channels, colours or complex numbers.",
    ),
    "volume/scaled": (
        "The volume asks for its numbers to be scaled.",
        "Some programs obey scl_slope and scl_inter and some do not. Save labels with a slope of 1 and an intercept of "
        "0 (in nibabel: header.set_slope_inter(1, 0)).",
    ),
    "volume/orientation": (
        "The voxels lie elsewhere than those of the image.",
        "The header tells where each voxel is (sform, qform). It must be as in the image, to a thousandth of a "
        "millimetre, or labels would be scored in other places than they were meant for. Copy the image's affine.",
    ),
    "volume/not-whole": (
        "Voxels are not whole numbers.",
        "Labels are numbers of classes. Fractions come from smooth resampling or from probabilities that were saved.",
    ),
    "volume/unknown-class": (
        "Voxels have a value that is no class.",
        "Write the classes by their numbers, as the challenge names them, from 0.",
    ),
    "volume/trailing-bytes": (
        "Bytes follow the voxels (a warning).",
        "They are not read. A volume with a forgotten fourth axis, or a file that is two things at once, has such.",
    ),
}
"""Rule → what it means in one line, and a paragraph: why it is refused or told, and how to mend it."""

HEADER = 540
"""Bytes of the longer header; the shorter one has 348."""

FIELDS = {
    348: {"dim": (40, "8h"), "datatype": (70, "h"), "bitpix": (72, "h"), "pixdim": (76, "8f"), "vox_offset": (108, "f"),
          "scl_slope": (112, "f"), "scl_inter": (116, "f"), "xyzt_units": (123, "b"), "qform_code": (252, "h"),
          "sform_code": (254, "h"), "quatern": (256, "6f"), "srow": (280, "12f")},
    540: {"dim": (16, "8q"), "datatype": (12, "h"), "bitpix": (14, "h"), "pixdim": (104, "8d"),
          "vox_offset": (168, "q"), "scl_slope": (176, "d"), "scl_inter": (184, "d"), "xyzt_units": (500, "i"),
          "qform_code": (344, "i"), "sform_code": (348, "i"), "quatern": (352, "6d"), "srow": (400, "12d")},
}  # fmt: skip
"""Where each field that is read stands, by the size of the header; all others are not looked at."""

MAGIC = {348: (344, b"n+1\0"), 540: (4, b"n+2\0\r\n\x1a\n")}
PAIR = (b"ni1\0", b"ni2\0\r\n\x1a\n")
KINDS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
"""NIfTI's numbers for what a voxel is, as numpy calls it."""

OTHERS = {1: "single bits", 32: "complex numbers", 1792: "complex numbers", 128: "colours", 2304: "colours",
          1536: "floating-point numbers of 128 bits"}  # fmt: skip
MILLIMETRES = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""Units of length: unknown (read as millimetres), metres, millimetres, micrometres."""

FARTHEST = 1e9
"""Millimetres from the origin beyond which nothing lies that anybody has looked at."""

EXTRA = 1 << 24
"""Bytes that may stand between header and voxels."""


AGAIN = "save the volume again, and compare sizes after the upload"
Fields = dict[str, tuple[Any, ...]]

SIZES = frozenset(struct.pack(order + "i", size) for order in "<>" for size in FIELDS)
"""The first bytes of a volume."""


class VolumeFault(Exception):  # noqa: N818  (a fault of a file, as in compete.errors)
    """What is wrong with a volume: rule, message and cure, one or several."""

    def __init__(self, *faults: tuple[str, str, str]) -> None:
        self.faults = faults
        super().__init__(*faults)


@dataclass(frozen=True, eq=False)
class VolumeHeader:
    """What a header says.

    Attributes:
        shape: depth, height and width: slices (k), rows (j) and columns (i).
        kind: what a voxel is, with the order of its bytes.
        start: first byte of the voxels.
        spacing: millimetres between slices, rows and columns, float64, shape (3,).
        affine: millimetres of the voxel (i, j, k), float64, shape (3, 4): by the sform, else the qform, else alone
            the spacing.
    """

    shape: tuple[int, int, int]
    kind: np.dtype[Any]
    start: int
    spacing: Array
    affine: Array

    @property
    def voxels(self) -> int:
        """How many voxels there are."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def size(self) -> int:
        """Bytes of all voxels."""
        return self.voxels * self.kind.itemsize


def header_of(head: bytes) -> VolumeHeader:
    """What the first bytes of an unpacked file say.

    Args:
        head: at least as many bytes as the header has.

    Raises:
        VolumeFault: they are no header of a volume of labels; every fault that can be told is told.
    """
    found = {struct.pack(order + "i", size): (order, size) for order in "<>" for size in FIELDS}.get(head[:4])
    if found is None or len(head) < found[1]:
        raise VolumeFault(("volume/not-nifti", "this is no NIfTI volume", "save it as .nii.gz"))
    order, size = found
    place, magic = MAGIC[size]
    if head[place : place + len(magic)] in PAIR:
        raise VolumeFault(("volume/not-nifti", "its voxels are in another file (.hdr and .img)", "save it as .nii.gz"))
    if head[place : place + len(magic)] != magic:
        raise VolumeFault(("volume/not-nifti", "this is ANALYZE or no NIfTI volume", "save it as .nii.gz"))
    field = {name: struct.unpack_from(order + form, head, at) for name, (at, form) in FIELDS[size].items()}
    faults = _faults(field)
    if faults:
        raise VolumeFault(*faults)
    kind = np.dtype(order + KINDS[field["datatype"][0]])
    if field["bitpix"][0] != 8 * kind.itemsize:
        _damaged("its voxels are said to be of two kinds")
    offset = field["vox_offset"][0]
    if not size <= offset <= size + EXTRA or offset != int(offset):
        _damaged("its voxels begin inside the header, or far behind it")
    affine = _affine(field) * MILLIMETRES.get(field["xyzt_units"][0] & 7, np.nan)
    if not np.abs(affine).max() <= FARTHEST:
        _damaged("its voxels lie at no numbers or very far away, or in units that no standard knows")
    spacing = np.sqrt((affine[:, :3] ** 2).sum(axis=0))
    if not spacing.min() > 0:
        _damaged("its voxels have no size")
    depth, height, width = _sides(field)[2::-1]
    return VolumeHeader((depth, height, width), kind, int(offset), spacing[::-1].copy(), affine)


def _sides(field: Fields) -> list[int]:
    """The seven sides of a volume; those that it does not have are 1."""
    many, *sides = field["dim"]
    return [side if axis < many else 1 for axis, side in enumerate(sides)]


def _faults(field: Fields) -> list[tuple[str, str, str]]:
    """Everything that makes a volume none of labels."""
    found, sides, kind = [], _sides(field), field["datatype"][0]
    if not 1 <= field["dim"][0] <= 7 or min(sides) < 1 or max(sides) > 1 << 31:
        _damaged("its sizes are not those of a volume")
    if max(sides[3:]) > 1:
        message = f"it has {field['dim'][0]} axes: {' × '.join(map(str, sides[: field['dim'][0]]))}"
        found.append(("volume/kind", message, "save one volume: no time, no channels"))
    if kind not in KINDS:
        said = f"its voxels are {OTHERS.get(kind, f'of an unknown kind ({kind})')}"
        found.append(("volume/kind", said, "save labels as whole numbers of 8 or 16 bits"))
    slope, intercept = field["scl_slope"][0], field["scl_inter"][0]
    if not (slope in (0, 1) or isnan(slope)) or not (intercept == 0 or isnan(intercept)):
        message = f"it asks for its numbers to be scaled: {slope:g} times, plus {intercept:g}"
        found.append(("volume/scaled", message, "save labels with scl_slope 1 and scl_inter 0"))
    return found


def _affine(field: Fields) -> Array:
    """Where the voxel (i, j, k) lies, in the header's own units, float64, shape (3, 4)."""
    if field["sform_code"][0] > 0:
        return np.array(field["srow"], dtype=np.float64).reshape(3, 4)
    sign, *size = np.array(field["pixdim"][:4], dtype=np.float64)
    if field["qform_code"][0] <= 0:
        return np.hstack([np.diag(np.abs(size)), np.zeros((3, 1))])
    b, c, d, *origin = np.array(field["quatern"], dtype=np.float64)
    with np.errstate(all="ignore"):  # numbers of a hostile header; what comes out is tested
        a = np.sqrt(max(1 - b * b - c * c - d * d, 0.0))
        turn = np.array([
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ])  # fmt: skip
        size[2] *= -1 if sign < 0 else 1
        return np.column_stack([turn * size, origin])


def _damaged(what: str) -> NoReturn:
    raise VolumeFault(("volume/damaged", f"the volume is broken: {what}", AGAIN))
