"""What image files say of themselves at their beginning: size and orientation, without their pixels."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from compete.dataset import Dataset, counted, excerpt
from compete.engine import cores
from compete.errors import EXAMPLES, Finding

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

WIDTH, HEIGHT = "width", "height"
ORIENTATION, UPRIGHT = 0x0112, 1


@dataclass(frozen=True)
class Header:
    """The header of an image file.

    Attributes:
        width: pixels as they are stored.
        height: pixels as they are stored.
        orientation: EXIF's number; 1 is upright.
        fault: why it cannot be read; empty where it can.
    """

    width: int = 0
    height: int = 0
    orientation: int = UPRIGHT
    fault: str = ""


def read_headers(paths: Sequence[str]) -> list[Header]:
    """The header of each file; several at a time, because most of the time is spent waiting for the disk."""
    with warnings.catch_warnings(), ThreadPoolExecutor(cores()) as pool:
        warnings.simplefilter("ignore")  # of size and metadata, which are judged when the image is cleaned
        return list(pool.map(_header, paths))


def with_sizes(dataset: Dataset, column: str) -> tuple[Dataset, list[Finding]]:
    """The dataset with the true size of every image, and which images cannot be measured or lie on their side.

    Args:
        dataset: items whose files exist.
        column: the column of absolute paths.

    Returns:
        The dataset whose columns ``width`` and ``height`` tell the pixels of the files, and findings.
    """
    headers = read_headers(dataset.items[column].tolist())
    items = dataset.items.copy()
    for name in (WIDTH, HEIGHT):
        items[name] = _texts([getattr(header, name) for header in headers], items)
    faulty = [row for row, header in enumerate(headers) if header.fault]
    turned = [row for row, header in enumerate(headers) if header.orientation != UPRIGHT]
    kinds = (
        ("unreadable-image", "image cannot be read", "images cannot be read", faulty,
         headers[faulty[0]].fault if faulty else ""),
        ("turned-image", "image is turned by its EXIF orientation", "images are turned by their EXIF orientation",
         turned, "annotations may mean the pixels as stored or as shown; turn the pixels and clear the tag (exiftran "
         "-ai, or Pillow's ImageOps.exif_transpose), look at the annotations, and build again"),
    )  # fmt: skip
    return replace(dataset, items=items), [
        Finding(f"dataset/{rule}", counted(len(rows), one, many), dataset.where(rows[0]),
                tuple(excerpt(Path(items[column].iloc[row]).name) for row in rows[:EXAMPLES]), hint,
                count=len(rows))
        for rule, one, many, rows, hint in kinds if rows
    ]  # fmt: skip


def _texts(numbers: Sequence[int], items: pd.DataFrame) -> pd.Series[str]:
    """Numbers as a column of text, as all columns of items are."""
    import pandas as pd

    return pd.Series(list(map(str, numbers)), index=items.index, dtype=object)


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
        with Image.open(path) as image:
            return Header(image.width, image.height, _orientation(image))
    except Image.DecompressionBombError:
        return Header(fault="it claims to have more pixels than are taken")
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error) as error:
        return Header(fault=excerpt(str(error).replace(path, Path(path).name)) or type(error).__name__)
