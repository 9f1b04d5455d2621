"""What image files say of themselves at their beginning: size, place and orientation, without their pixels."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from compete.bundle import AFFINE, DEPTH, HEIGHT, WIDTH
from compete.dataset import Dataset, counted, excerpt
from compete.engine import cores
from compete.errors import EXAMPLES, Finding
from compete.nifti.header import VolumeFault, VolumeHeader
from compete.readers.stacks.address import VOLUME, Address, StackFault, stack_address
from compete.readers.stacks.contents import picture_size, volume_said
from compete.readers.stacks.dicom import HEAD as DICOM_HEAD
from compete.readers.stacks.dicom import SUFFIXES as DICOM_SUFFIXES
from compete.readers.stacks.dicom import is_dicom
from compete.readers.volumes import LOOK, header_in, volume_findings, volume_header
from compete.sources import is_remote, read_whole, threads_for

if TYPE_CHECKING:
    from PIL import Image

ORIENTATION, UPRIGHT = 0x0112, 1


@dataclass(frozen=True)
class Header:
    """The header of an image file.

    Attributes:
        width: pixels as they are stored.
        height: pixels as they are stored.
        orientation: EXIF's number; 1 is upright.
        fault: why it cannot be read; empty where it can.
        depth: slices of a volume; 0 of a flat picture.
        affine: twelve numbers with blanks between: millimetres of a volume's voxels, row by row.
        told: of a volume, rule, message and hint of what there is to tell.
    """

    width: int = 0
    height: int = 0
    orientation: int = UPRIGHT
    fault: str = ""
    depth: int = 0
    affine: str = ""
    told: tuple[tuple[str, str, str], ...] = ()


def read_headers(paths: Sequence[str]) -> list[Header]:
    """The header of each file; several at a time, because most of the time is spent waiting for the disk."""
    with warnings.catch_warnings(), ThreadPoolExecutor(threads_for(paths, cores())) as pool:
        warnings.simplefilter("ignore")  # of size and metadata, which are judged when the image is cleaned
        return list(pool.map(_header, paths))


def with_sizes(dataset: Dataset, column: str, *, volumes: bool = False) -> tuple[Dataset, list[Finding]]:
    """The dataset with the true size of every image, and which images cannot be measured or lie on their side.

    Args:
        dataset: items whose files exist.
        column: the column of absolute paths.
        volumes: whether images may be volumes; if one is, all must be.

    Returns:
        The dataset whose columns ``width`` and ``height`` tell the pixels of the files, of volumes also ``depth`` and
        ``affine``, and findings.
    """
    headers = read_headers(dataset.items[column].tolist())
    deep = [row for row, header in enumerate(headers) if header.depth]
    sides = (WIDTH, HEIGHT, DEPTH, AFFINE) if deep else (WIDTH, HEIGHT)
    items = dataset.items.extended({name: [str(getattr(header, name)) for header in headers] for name in sides})
    flat = [row for row, header in enumerate(headers) if not (header.depth or header.fault or header.told)]
    faulty = [row for row, header in enumerate(headers) if header.fault]
    turned = [row for row, header in enumerate(headers) if header.orientation != UPRIGHT]
    kinds = (
        ("dataset/unreadable-image", "image cannot be read", "images cannot be read", faulty,
         headers[faulty[0]].fault if faulty else ""),
        ("dataset/turned-image", "image is turned by its EXIF orientation",
         "images are turned by their EXIF orientation", turned, "annotations may mean the pixels as stored or as "
         "shown; turn the pixels and clear the tag (exiftran -ai, or Pillow's ImageOps.exif_transpose), look at the "
         "annotations, and build again"),
        ("volume/task", "image is a volume", "images are volumes", [] if volumes else deep,
         "label volumes are scored by task: semantic_segmentation"),
        ("volume/mixed", "image is a flat picture beside volumes", "images are flat pictures beside volumes",
         flat if volumes and deep else [], "make two challenges, or save pictures as volumes of one slice"),
    )  # fmt: skip
    names = [Path(path).name for path in items[column]]
    told = [(names[row], *fault) for row, header in enumerate(headers) for fault in header.told]
    findings = [
        Finding(rule, counted(len(rows), one, many), dataset.where(rows[0]),
                tuple(excerpt(names[row]) for row in rows[:EXAMPLES]), hint, count=len(rows))
        for rule, one, many, rows, hint in kinds if rows
    ]  # fmt: skip
    return replace(dataset, items=items, volumes=bool(deep)), [
        *findings,
        *volume_findings(told, dataset.source, "image volume"),
    ]


def _orientation(image: Image.Image) -> int:
    """EXIF's number; Pillow would decode a whole PNG to look for it behind the pixels, where none is heeded anyway."""
    from PIL import Image

    if image.format == "PNG":
        exif = Image.Exif()
        exif.load(image.info.get("exif", b""))
    else:
        exif = image.getexif()
    number = exif.get(ORIENTATION, UPRIGHT)
    return number if isinstance(number, int) and 1 <= number <= 8 else UPRIGHT


def _header(path: str) -> Header:
    from PIL import Image

    try:
        if (inside := stack_address(path) if "#" in path else None) or _may_be_dicom(path):
            return _header_inside(inside or Address(path, {}))
        return _remote_header(path) if is_remote(path) else _header_in(Path(path), volume_header(path))
    except VolumeFault as fault:
        return Header(told=fault.faults)
    except StackFault as fault:
        return Header(fault=fault.message)
    except Image.DecompressionBombError:
        return Header(fault="it claims to have more pixels than are taken")
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error) as error:
        return Header(fault=excerpt(str(error).replace(path, Path(path).name)) or type(error).__name__)


def _header_in(source: Path | io.BytesIO, volume: VolumeHeader | None) -> Header:
    from PIL import Image

    if volume is not None:
        return _of_volume(volume)
    with Image.open(source) as image:
        return Header(image.width, image.height, _orientation(image))


def _may_be_dicom(path: str) -> bool:
    """Whether a file of this machine bears a name of DICOM, or none that tells, and begins as DICOM does."""
    told = Path(path).suffix.lower() in DICOM_SUFFIXES or not Path(path).suffix.strip(".0123456789")
    return told and not is_remote(path) and is_dicom(read_whole(path, DICOM_HEAD))


def _header_inside(address: Address) -> Header:
    """The header of a picture or volume inside a file."""
    if address.kind == VOLUME:
        return _of_volume(volume_said(address))
    return Header(*picture_size(address))


def _remote_header(path: str) -> Header:
    """The header by the first bytes of a file; where they do not tell, by all of it."""
    head = read_whole(path, LOOK)
    volume = header_in(head, path)
    try:
        return _header_in(io.BytesIO(head), volume)
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error):
        return _header_in(io.BytesIO(read_whole(path)), volume)


def _of_volume(volume: VolumeHeader) -> Header:
    """What is told of a volume; the sform and the qform should place its voxels within a tenth of each other."""
    told = []
    if volume.apart > volume.spacing.min() / 10:
        message = f"sform and qform place its voxels up to {volume.apart:.4g} mm apart"
        hint = "nibabel reads the sform, ITK often the qform: copy the sform to the qform, or set one code to 0"
        told.append(("volume/two-places", message, hint))
    if volume.kind.byteorder == ">":
        told.append(("volume/big-endian", "its numbers begin with their highest byte", "nothing need be done"))
    depth, height, width = volume.shape
    affine = " ".join(map(repr, volume.affine.ravel().tolist()))
    return Header(width, height, UPRIGHT, "", depth, affine, tuple(told))
