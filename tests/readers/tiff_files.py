"""TIFF stacks drawn with a seed: OME-TIFF, ImageJ's and plain ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

HIGH, WIDE, DEEP = 12, 14, 5
MICROMETRES = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0}


def values_of(number: int, *sides: int, kind: Any = np.uint16) -> np.ndarray:
    """Values of a stack, no two planes alike."""
    chance = np.random.default_rng(number)
    shape = (*sides, HIGH, WIDE)
    ramp = np.arange(int(np.prod(sides or (1,)))).reshape((*sides, 1, 1)) * 40
    return (ramp + chance.integers(0, 200, shape)).astype(kind)


def write_ome(path: Path, values: np.ndarray, axes: str, **more: Any) -> None:
    """An OME-TIFF with sizes in micrometres and named channels."""
    names = {"Channel": {"Name": ["DAPI", "GFP", "RFP"][: values.shape[axes.index("C")]]}} if "C" in axes else {}
    about = {"axes": axes, **MICROMETRES, **names}
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, values, ome=True, metadata=about, photometric="minisblack", **more)


def write_sample(folder: Path) -> Path:
    """Three stacks in two folders: OME-TIFF with times, channels and slices, ImageJ's, and plain pages."""
    write_ome(folder / "dead" / "a.ome.tif", values_of(1, 2, 3, 4), "TCZYX", compression="zlib")
    (folder / "live").mkdir()
    tifffile.imwrite(folder / "live" / "b.tif", values_of(2, 2, 4, 3), imagej=True, resolution=(2, 2),
                     metadata={"axes": "TZCYX", "spacing": 2.0, "unit": "um"})  # fmt: skip
    tifffile.imwrite(folder / "live" / "c.tif", values_of(3, 4), photometric="minisblack", metadata=None)
    return folder


def write_volumes(root: Path, names: int = 12, *, reader: str = "masks", ome: bool = True) -> Path:
    """Image stacks of two channels, label stacks of the same names, and a challenge on them."""
    for number in range(names):
        labels = np.zeros((DEEP, HIGH, WIDE), np.uint8)
        labels[1:4, 2 : 6 + number % 4, 3:9] = 1
        labels[2, 3:5, 4:6] = 2
        image = np.stack([values_of(number, DEEP) + labels.astype(np.uint16) * 300, values_of(number + 99, DEEP)])
        name = f"cell-{number:02}"
        if ome:
            write_ome(root / f"data/images/{name}.ome.tif", image, "CZYX", compression="zlib")
            write_ome(root / f"data/labels/{name}.ome.tif", labels, "ZYX")
        else:
            (root / "data/labels").mkdir(parents=True, exist_ok=True)
            (root / "data/images").mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(root / f"data/images/{name}.tif", image[0], photometric="minisblack", metadata=None)
            tifffile.imwrite(root / f"data/labels/{name}.tif", labels, photometric="minisblack", metadata=None)
    keys = "id: name, file: file, mask: mask" if reader == "masks" else "masks: data/labels"
    path, channel = ("data", "c: GFP") if reader == "masks" else ("data/images", "c: all")
    view = f"view: {{z: all, {channel}}}" if ome else "view: {z: all}"
    (root / "challenge.yaml").write_text(
        f"name: cells\ntitle: Cells\ntask: semantic_segmentation\ndata: {{reader: {reader}, path: {path}, {keys}, "
        f"{view}, values: {{background: 0, cell: 1, nucleus: 2}}}}\n"
        "split: {test: 0.4, public: 0.5, seed: 5e1f0c2d7b3a4968}\nscore: {metric: dice_per_image(background=0)}\n"
    )
    return root
