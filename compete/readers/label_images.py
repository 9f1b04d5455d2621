"""Label images: PNG, TIFF and NIfTI files whose values are classes, read as runs and tested value by value."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.challenge import Challenge
from compete.dataset import Category, Dataset, excerpt
from compete.engine import cores
from compete.errors import DatasetError, fatal
from compete.formats import ANNOTATED
from compete.nifti import without_suffix
from compete.readers.columns import file_findings
from compete.readers.faults import Faults, Kind
from compete.readers.headers import with_sizes
from compete.readers.stacks.address import file_of, stack_address
from compete.readers.stacks.contents import label_plane, labels_beside
from compete.readers.volumes import grids_of, read_volumes, volume_findings
from compete.sources import files_below, is_remote, opened, threads_for

if TYPE_CHECKING:
    import numpy as np
    from PIL.TiffImagePlugin import TiffImageFile

    from compete.table import Table
    from metrics.label_maps import LabelMaps

AT_ONCE = 64
"""Label images that are held as pixels at a time."""
MASK_COLUMN = "\0mask"
"""The column of paths while label images are read; no source can have one of this name."""
GREY_STEPS = {2: 85, 4: 17}
"""By how much Pillow multiplies grey levels of few bits, so that white is 255."""

KINDS = {
    "not-png": Kind(
        "dataset/label-image", "label image is no PNG or TIFF of whole numbers",
        "label images are no PNG or TIFF of whole numbers",
        "save classes as a PNG of 1 bit, with a palette, or of 8 or 16 bits of grey; JPEG blurs them"),
    "size": Kind(
        "dataset/label-image", "label image is not of its image's size", "label images are not of their images' sizes",
        "every pixel of the image needs its own; were the images scaled?"),
    "value": Kind(
        "dataset/label-value", "value of a label image is no class", "values of label images are no class",
        "name every value under data.values, or say data.ignore for the one that is not scored"),
    "all-ignored": Kind(
        "dataset/label-value", "label image holds nothing but the value that is not scored",
        "label images hold nothing but the value that is not scored", "they teach and test nothing", "warning"),
}  # fmt: skip

SUFFIXES = (".png", ".tif", ".tiff", ".nii.gz", ".nii")
"""How label images that bear their images' names may end, the usual one first."""

UPRIGHT, DEPTH, MEANING, WHITE_IS_ZERO = 274, 258, 262, 0
"""TIFF's entries for the orientation, the bits of a pixel and what it means, and the meaning that nobody agrees on."""

Pixels = Callable[[str], "np.ndarray[Any, Any] | str"]


def with_label_images(challenge: Challenge, dataset: Dataset) -> Dataset:
    """The dataset with the label images that its column or its folder of label images names.

    Returns:
        The dataset with sizes, label images as runs, and a label for each class of each image with its area in pixels.

    Raises:
        DatasetError: if one is missing, is no PNG or TIFF (of a volume, no volume in the same place), or holds a value
            that is no class.
    """
    file = challenge.data.file
    assert file
    findings = list(dataset.findings)
    if challenge.data.reader not in ANNOTATED:
        dataset, found = with_sizes(dataset, file, volumes=True)
        findings += found
    dataset, root, place = _placed(challenge, dataset)
    findings += file_findings(dataset, MASK_COLUMN, root, place, row="label image")
    _stop_if_fatal(dataset, findings)
    categories = dataset.categories or tuple(Category(name, value) for name, value in challenge.data.values)
    paths, faults = dataset.items[MASK_COLUMN].tolist(), Faults(dataset.source, KINDS)
    if dataset.volumes:
        maps, told = read_volumes(paths, grids_of(dataset))
        findings += volume_findings(told, dataset.source, "label volume")
    else:
        maps = read_maps(paths, sizes_of(dataset), label_pixels, faults)
    if maps is None:
        raise DatasetError(f"dataset refused: {dataset.source}", [*findings, *faults.findings()])
    labels = _labels(maps, dataset, categories, challenge.data.ignore, faults)
    findings += faults.findings()
    _stop_if_fatal(dataset, findings)
    items = dataset.items.without(MASK_COLUMN)
    return replace(dataset, items=items, labels=labels, findings=tuple(findings), categories=categories, maps=maps)


def sizes_of(dataset: Dataset) -> list[tuple[int, int]]:
    """Height and width of each image."""
    items = dataset.items
    return list(zip(map(int, items["height"]), map(int, items["width"]), strict=True))


def read_maps(
    paths: Sequence[str], sizes: Sequence[tuple[int, int]], pixels: Pixels, faults: Faults
) -> LabelMaps | None:
    """Read label images on all cores, some at a time.

    Args:
        paths: files.
        sizes: height and width that each must have.
        pixels: reads a file as an array of whole numbers; a text says why it cannot.
        faults: is told which are not as they must be.

    Returns:
        The label images as runs; None where one was refused.
    """
    from metrics.label_maps import LabelMaps

    parts, sound = [], True
    with warnings.catch_warnings():  # here and not in the threads, because filters are of the whole process
        warnings.simplefilter("ignore")
        for some in _decoded(paths, pixels):
            arrays = [array for place, array in some if _fits(array, paths[place], sizes[place], faults)]
            sound = sound and len(arrays) == len(some)
            if sound:
                parts.append(LabelMaps.from_arrays(arrays))
    return LabelMaps.joined(parts) if sound else None


def _fits(array: np.ndarray[Any, Any] | str, path: str, size: tuple[int, int], faults: Faults) -> bool:
    """Whether a file was read and is of the size that it must be."""
    name = Path(path).name
    if isinstance(array, str):
        faults.add("not-png", f"{name}: {array}")
        return False
    if array.shape != size:
        high, wide = size
        faults.add("size", f"{name} is {array.shape[1]} × {array.shape[0]}, its image {wide} × {high}")
        return False
    return True


def _decoded(paths: Sequence[str], pixels: Pixels) -> Iterator[list[tuple[int, np.ndarray[Any, Any] | str]]]:
    with ThreadPoolExecutor(threads_for(paths, cores())) as pool:
        for first in range(0, len(paths), AT_ONCE):
            some = range(first, min(first + AT_ONCE, len(paths)))
            yield list(zip(some, pool.map(pixels, [paths[place] for place in some]), strict=True))


def label_pixels(path: str) -> np.ndarray[Any, Any] | str:
    """The values of the pixels of a PNG or TIFF, shape (height, width); a text says why they are no labels."""
    import numpy as np

    if (inside := stack_address(path) if "#" in path else None) is not None:
        return label_plane(inside)
    found = _pixels(path, ("PNG", "TIFF"))
    if isinstance(found, str):
        return found
    array, mode, bits = found
    if mode not in ("1", "L", "P", "I;16", "I;16B", "I"):
        return f"its pixels are {mode}, not whole numbers"
    if mode == "I" and (array.min() < 0 or array.max() >= 1 << 16):
        return "its pixels have values below 0 or above 65,535"
    if mode == "L" and bits in GREY_STEPS:
        array = array // GREY_STEPS[bits]
    return array.astype(np.uint16 if mode.startswith("I") else np.uint8)


def png_pixels(path: str) -> tuple[np.ndarray[Any, Any], str, int] | str:
    """The pixels of a PNG, Pillow's mode and the bits of a sample; a text says why it cannot be read."""
    return _pixels(path, ("PNG",))


def _pixels(path: str, formats: Sequence[str]) -> tuple[np.ndarray[Any, Any], str, int] | str:
    """The pixels of a file of one of the formats, as ``png_pixels`` gives them."""
    import numpy as np
    from PIL import Image
    from PIL.TiffImagePlugin import TiffImageFile

    try:
        with opened(path) as file:
            head = file.read(25)
            with Image.open(file) as image:
                if image.format not in formats:
                    return f"it is {image.format}"
                tiff = image if isinstance(image, TiffImageFile) else None
                if tiff is not None and (fault := _tiff_fault(tiff)):
                    return fault
                depth = head[24] if tiff is None else int(tiff.tag_v2.get(DEPTH, (1,))[0])
                return np.asarray(image), image.mode, depth
    except Image.DecompressionBombError:
        return "it claims to have more pixels than are taken"
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error, zlib.error) as error:
        return excerpt(str(error).replace(path, Path(path).name)) or type(error).__name__


def _tiff_fault(image: TiffImageFile) -> str:
    """Why programs disagree on the pixels of a TIFF; empty where they do not."""
    if image.n_frames > 1:
        return f"it has {image.n_frames} pages; save one"
    if image.tag_v2.get(UPRIGHT, 1) != 1:
        return "it asks to be turned when shown; turn the pixels themselves"
    if image.tag_v2.get(MEANING) == WHITE_IS_ZERO:
        return "its zero is white, so programs read different values; save it with a zero that is black"
    return ""


def _placed(challenge: Challenge, dataset: Dataset) -> tuple[Dataset, Path, str]:
    """The dataset with the path of each label image, their folder, and the place that names it."""
    data = challenge.data
    items = dataset.items
    if data.mask:
        root = data.masks or data.images
        folder = challenge.locate(root) if root else challenge.locate(data.path).parent
        pairs = zip(items[data.file], items[data.mask], strict=True)
        beside = [labels_beside(path, mask) for path, mask in pairs]
        return replace(dataset, items=items.extended({MASK_COLUMN: beside})), folder, challenge.where("data.mask")
    assert data.masks
    assert data.file
    folder = challenge.locate(data.masks)
    found = _named_alike(folder, [without_suffix(Path(file_of(path)).name) for path in items[data.file]])
    beside = [labels_beside(path, mask) for path, mask in zip(items[data.file], found, strict=True)]
    return replace(dataset, items=items.extended({MASK_COLUMN: beside})), folder, challenge.where("data.masks")


def _named_alike(folder: Path, stems: Sequence[str]) -> list[str]:
    """The label images that bear the images' names; the PNG where there is none."""
    names = [[stem + suffix for suffix in SUFFIXES] for stem in stems]
    if not is_remote(folder):
        return [str(folder / next((name for name in some if (folder / name).is_file()), some[0])) for some in names]
    known = files_below(folder)
    return [str(folder / next((name for name in some if name in known), some[0])) for some in names]


def _stop_if_fatal(dataset: Dataset, findings: Sequence[Any]) -> None:
    if fatal(findings):
        raise DatasetError(f"dataset refused: {dataset.source}", findings)


def _labels(
    maps: LabelMaps, dataset: Dataset, categories: Sequence[Category], ignore: int | None, faults: Faults
) -> Table:
    """One row a class of an image, with the number of its pixels."""
    import numpy as np

    from compete.table import Table

    known = {category.number: category.name for category in categories}
    image, value, area = areas_of(maps)
    item = dataset.items.index.to_numpy()
    strange = [place for place, number in enumerate(value.tolist()) if number not in known and number != ignore]
    for place in strange:
        faults.add("value", f"{item[image[place]]}: {value[place]}")
    scored = np.isin(value, sorted(known))
    for place in sorted(set(range(maps.images)) - set(image[scored].tolist())):
        if not strange:
            faults.add("all-ignored", str(item[place]))
    names = np.array([known[number] for number in value[scored].tolist()], dtype=object)
    return Table({"item": item[image[scored]], "label": names, "area": area[scored].astype(np.float64)})


def areas_of(maps: LabelMaps) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Image, value and number of pixels of every value of every image, in that order."""
    import numpy as np

    image = np.repeat(np.arange(maps.images), np.diff(maps.start))
    key = image.astype(np.uint64) << np.uint64(32) | maps.value.astype(np.uint64)
    pair, place = np.unique(key, return_inverse=True)
    area = np.bincount(place, weights=maps.length, minlength=len(pair)).astype(np.int64)
    return (pair >> np.uint64(32)).astype(np.int64), (pair & np.uint64(0xFFFFFFFF)).astype(np.int64), area
