"""Volumes with an organ and lesions in them, drawn with a seed, as NIfTI files, and a challenge on them."""

from __future__ import annotations

import csv
import gzip
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from compete.nifti.header import FIELDS, KINDS, header_bytes

N, SHAPE = 12, (10, 16, 14)
AFFINE = np.array([[-0.8, 0, 0, 40.5], [0, 0.8, 0, -30.25], [0, 0, 3, -12]])
SEED = "5e1f0c2d7b3a4968"
CANARY = b"canary-patient"
SPARE = {"descrip": 148, "aux_file": 228, "db_name": 14, "intent_name": 328}
"""Where texts stand in the shorter header; the build must blank them."""
Make = Callable[..., Path]


def volume(values: np.ndarray, affine: np.ndarray = AFFINE, *, order: str = "<", **more: Any) -> bytes:
    """A volume as programs write it: with texts in its header, and an extension between header and voxels."""
    kind = next(number for number, name in KINDS.items() if np.dtype(name) == values.dtype.newbyteorder("="))
    size = np.sqrt((affine[:, :3] ** 2).sum(axis=0))
    sides = values.shape[::-1]
    field = {
        "dim": (values.ndim, *sides, *[1] * (7 - values.ndim)), "datatype": (kind,),
        "bitpix": (8 * values.dtype.itemsize,), "pixdim": (1, *size, 9, 9, 9, 9), "xyzt_units": (2,),
        "sform_code": (2,), "srow": tuple(affine.ravel()), **more,
    }  # fmt: skip
    head = bytearray(header_bytes(field, order=order))
    for at in SPARE.values():
        head[at : at + len(CANARY)] = CANARY
    note = struct.pack(order + "ii", 32, 6) + CANARY.ljust(24)
    head[348:] = b"\1\0\0\0" + note
    at, form = FIELDS[348]["vox_offset"]
    struct.pack_into(order + form, head, at, len(head))
    return bytes(head) + values.astype(values.dtype.newbyteorder(order)).tobytes()


def packed(data: bytes, name: str) -> bytes:
    """A file packed by gzip, with a name and a time in it."""
    out = gzip.compress(data, 9, mtime=1_600_000_000)
    return out[:3] + b"\x08" + out[4:10] + name.encode() + b"\0" + out[10:]


def labels_of(chance: np.random.Generator, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """An organ with up to two lesions: 0 background, 1 organ, 2 lesion."""
    place = np.indices(shape).reshape(3, -1).T / np.array(shape) - 0.5

    def ball(middle: np.ndarray, radius: float) -> np.ndarray:
        return (((place - middle) ** 2).sum(axis=1) < radius**2).reshape(shape)

    middle = chance.uniform(-0.1, 0.1, 3)
    values = ball(middle, chance.uniform(0.25, 0.35)).astype(np.uint8)
    for _ in range(int(chance.integers(1, 3))):
        values[ball(middle + chance.uniform(-0.1, 0.1, 3), chance.uniform(0.08, 0.14))] = 2
    return values


def image_of(chance: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """What a scanner might have seen."""
    return (chance.normal(0, 20, labels.shape) + np.array([-900, 40, 90])[labels]).astype(np.int16)


def write_volumes(
    root: Path, *, more: str = "", metric: str = "dice_per_image(background=0)", also: tuple[str, ...] = (),
    n: int = N, shape: tuple[int, int, int] = SHAPE, affine: np.ndarray = AFFINE, submission: Any = None,
) -> Path:  # fmt: skip
    """Write image volumes, label volumes, their table and a challenge."""
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(11)
    rows = []
    for number in range(n):
        name = f"canary-{number:02}"
        labels = labels_of(chance, shape)
        place = affine + np.array([0, 0, 0, number])
        image = volume(image_of(chance, labels), place, scl_slope=(1,), scl_inter=(-4,))
        (root / f"images/{name}.nii.gz").write_bytes(packed(image, f"{name}.nii"))
        (root / f"labels/{name}.nii.gz").write_bytes(packed(volume(labels, place), f"{name}.nii"))
        rows.append([name, f"{name}.nii.gz", f"{name}.nii.gz", f"p{number // 2}", f"s{number % 3}"])
    with (root / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["name", "file", "mask", "patient", "site"], *rows])
    (root / "challenge.yaml").write_text(
        "name: organ\ntitle: Organ\ntask: semantic_segmentation\ndata:\n  path: table.csv\n  images: images\n"
        "  masks: labels\n  id: name\n  file: file\n  mask: mask\n  values: {background: 0, organ: 1, lesion: 2}\n"
        f"  group: patient\n  features: [site]\n{more}split: {{test: 0.4, public: 0.5, seed: {SEED}}}\n"
        f"score: {{metric: {json.dumps(metric)}, also: {json.dumps(list(also))}}}\n"
        f"submission: {json.dumps(submission or {})}\n"
    )
    return root
