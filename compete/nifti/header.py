"""The header of NIfTI-1 and NIfTI-2: what the voxels are, where they begin in the file, and where they lie in space."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
    Fields = dict[str, tuple[Any, ...]]

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
"""Where each field that is read stands, by the size of the header; all others are not looked at, and never written."""

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

ROUNDING = 1e-5
"""How far, relatively, a spacing may be from ``pixdim`` and still be the same number, written with 32 bits."""

AGAIN = "save the volume again, and compare sizes after the upload"

SIZES = frozenset(struct.pack(order + "i", size) for order in "<>" for size in FIELDS)
"""The first bytes of a volume."""


class VolumeFault(Exception):  # noqa: N818  (a fault of a file, as in compete.errors)
    """What is wrong with a volume: rule, message and cure, one or several."""

    def __init__(self, *faults: tuple[str, str, str]) -> None:
        self.faults = faults
        super().__init__(*faults)


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the voxels of a volume lie.

    Attributes:
        shape: depth, height and width: slices (k), rows (j) and columns (i).
        affine: millimetres of the voxel (i, j, k), float64, shape (3, 4); None for anywhere.
    """

    shape: tuple[int, int, int]
    affine: Array | None = None


@dataclass(frozen=True, eq=False)
class VolumeHeader:
    """What a header says.

    Attributes:
        shape: depth, height and width: slices (k), rows (j) and columns (i).
        frames: how many values a voxel has: channels, or times; of labels 1.
        kind: what a value is, with the order of its bytes.
        start: first byte of the voxels.
        spacing: millimetres between slices, rows and columns, float64, shape (3,).
        affine: millimetres of the voxel (i, j, k), float64, shape (3, 4): by the sform, else the qform, else alone
            the spacing.
        other: the same by the qform, where the sform stands beside it; else None.
        plain: the header anew, with what was read and nothing else; voxels follow at once.
    """

    shape: tuple[int, int, int]
    frames: int
    kind: np.dtype[Any]
    start: int
    spacing: Array
    affine: Array
    other: Array | None
    plain: bytes

    @property
    def voxels(self) -> int:
        """How many voxels there are."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def values(self) -> int:
        """How many values there are, of all frames."""
        return self.voxels * self.frames

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return self.values * self.kind.itemsize

    @property
    def apart(self) -> float:
        """How far sform and qform place a voxel apart at most, in millimetres."""
        return 0.0 if self.other is None else farthest_apart(self.affine, self.other, self.shape)


def header_of(head: bytes, *, labels: bool = True) -> VolumeHeader:
    """What the first bytes of an unpacked file say.

    Args:
        head: at least as many bytes as the header has.
        labels: whether voxels must be labels: one number, not scaled. Else they are any numbers, one or several.

    Raises:
        VolumeFault: they are no header of such a volume; every fault that can be told is told.
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
    faults = _faults(field, labels=labels)
    if faults:
        raise VolumeFault(*faults)
    kind = np.dtype(order + KINDS[field["datatype"][0]])
    if field["bitpix"][0] != 8 * kind.itemsize:
        damaged("its voxels are said to be of two kinds")
    offset = field["vox_offset"][0]
    if not size <= offset <= size + EXTRA or offset != int(offset):
        damaged("its voxels begin inside the header, or far behind it")
    spacing, affine, other = _places(field, size)
    width, height, depth, *frames = _sides(field)
    many = frames[0] * frames[1] * frames[2] * frames[3]
    plain = header_bytes(_bare(field), order=order, size=size)
    return VolumeHeader((depth, height, width), many, kind, int(offset), spacing, affine, other, plain)


def header_bytes(field: Fields, *, order: str = "<", size: int = 348) -> bytes:
    """A header that says what the fields say, and that voxels follow at once.

    Args:
        field: the numbers of each field by its name; those that are not named are 0.
        order: of the bytes, ``<`` or ``>``.
        size: 348 or 540, of NIfTI-1 or NIfTI-2.
    """
    head = bytearray(size + 4)
    struct.pack_into(order + "i", head, 0, size)
    for name, numbers in {**field, "vox_offset": (len(head),)}.items():
        at, form = FIELDS[size][name]
        struct.pack_into(order + form, head, at, *numbers)
    at, magic = MAGIC[size]
    head[at : at + len(magic)] = magic
    return bytes(head)


def farthest_apart(one: Array, other: Array, shape: tuple[int, int, int]) -> float:
    """How far two affines place a corner of a volume apart at most, in millimetres."""
    corner = np.array([[i, j, k, 1] for k in (0, 1) for j in (0, 1) for i in (0, 1)], dtype=np.float64)
    corner[:, :3] *= np.array(shape[::-1]) - 1
    return float(np.sqrt((((one - other) @ corner.T) ** 2).sum(axis=0)).max())


def damaged(what: str) -> NoReturn:
    """Refuse a volume that is broken.

    Raises:
        VolumeFault: always.
    """
    raise VolumeFault(("volume/damaged", f"the volume is broken: {what}", AGAIN))


def _sides(field: Fields) -> list[int]:
    """The seven sides of a volume; those that it does not have are 1."""
    many, *sides = field["dim"]
    return [side if axis < many else 1 for axis, side in enumerate(sides)]


def _faults(field: Fields, *, labels: bool) -> list[tuple[str, str, str]]:
    """Everything that makes a volume none that is taken."""
    found, sides, kind = [], _sides(field), field["datatype"][0]
    if not 1 <= field["dim"][0] <= 7 or min(sides) < 1 or max(sides) > 1 << 31:
        damaged("its sizes are not those of a volume")
    most, hint = (3, "no time, no channels") if labels else (4, "with times or channels along a fourth axis")
    if max(sides[most:]) > 1:
        message = f"it has {field['dim'][0]} axes: {' × '.join(map(str, sides[: field['dim'][0]]))}"
        found.append(("volume/kind", message, f"save one volume: {hint}"))
    if kind not in KINDS:
        said = f"its voxels are {OTHERS.get(kind, f'of an unknown kind ({kind})')}"
        hint = "labels as whole numbers of 8 or 16 bits" if labels else "numbers, channels along a fourth axis"
        found.append(("volume/kind", said, f"save {hint}"))
    slope, intercept = field["scl_slope"][0], field["scl_inter"][0]
    if labels and (not (slope in (0, 1) or isnan(slope)) or not (intercept == 0 or isnan(intercept))):
        message = f"it asks for its numbers to be scaled: {slope:g} times, plus {intercept:g}"
        found.append(("volume/scaled", message, "save labels with scl_slope 1 and scl_inter 0"))
    return found


def _bare(field: Fields) -> Fields:
    """The fields without what stands where nothing is looked at."""
    many = field["dim"][0]
    spare = 7 - many
    kept = {**field, "dim": (*field["dim"][: many + 1], *[1] * spare)}
    kept["pixdim"] = (*field["pixdim"][: many + 1], *[0] * spare)
    kept["xyzt_units"] = (field["xyzt_units"][0] & 0x3F,)
    if field["qform_code"][0] <= 0:
        kept |= {"qform_code": (0,), "quatern": (0,) * 6, "pixdim": (1, *kept["pixdim"][1:])}
    return kept if field["sform_code"][0] > 0 else {**kept, "sform_code": (0,), "srow": (0,) * 12}


def _places(field: Fields, size: int) -> tuple[Array, Array, Array | None]:
    """Spacing, affine, and the qform's affine where there is a sform too; all in millimetres."""
    unit = MILLIMETRES.get(field["xyzt_units"][0] & 7, np.nan)
    sform, qform = field["sform_code"][0] > 0, field["qform_code"][0] > 0
    number = {name: _numbers(field[name], size) for name in ("srow", "quatern", "pixdim")}
    turned = _turned(number["pixdim"], number["quatern"]) * unit if qform else None
    if sform:
        affine = number["srow"].reshape(3, 4) * unit
    elif turned is not None:
        affine, turned = turned, None
    else:
        affine = np.hstack([np.diag(np.abs(number["pixdim"][1:4])), np.zeros((3, 1))]) * unit
    for one in (affine, turned):
        if one is not None and not np.abs(one).max() <= FARTHEST:
            damaged("its voxels lie at no numbers or very far away, or in units that no standard knows")
    spacing = np.sqrt((affine[:, :3] ** 2).sum(axis=0))
    if not spacing.min() > 0:
        damaged("its voxels have no size")
    said = np.abs(number["pixdim"][1:4]) * unit
    spacing = np.where(np.abs(said - spacing) <= ROUNDING * spacing, said, spacing)
    return spacing[::-1].copy(), affine, turned


def _numbers(values: tuple[Any, ...], size: int) -> Array:
    """Numbers as float64; those kept with 32 bits as the shortest decimals that mean them: 0.7, not 0.69…9."""
    return np.array([float(str(np.float32(one))) if size == 348 else one for one in values], dtype=np.float64)


def _turned(pixdim: Array, quatern: Array) -> Array:
    """Where the qform places the voxel (i, j, k), in the header's own units, float64, shape (3, 4)."""
    sign, *size = pixdim[:4].tolist()
    b, c, d, *origin = quatern
    with np.errstate(all="ignore"):  # numbers of a hostile header; what comes out is tested
        a = np.sqrt(max(1 - b * b - c * c - d * d, 0.0))
        turn = np.array([
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ])  # fmt: skip
        size[2] *= -1 if sign < 0 else 1
        return np.column_stack([turn * size, origin])
