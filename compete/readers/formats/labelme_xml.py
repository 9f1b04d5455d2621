"""The XML of LabelMe's web tool: polygons, boxes drawn as polygons, and masks that lie beside it as PNG files."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.dataset import excerpt
from compete.errors import DatasetError
from compete.readers.gathering import FILE_RULE, Gathering, whole_size
from compete.readers.json_file import refusal
from compete.readers.pictures import Pictures
from compete.readers.shapes import MOST_PIXELS, Entry, boxed, finite, masked, outlined
from compete.readers.xml_file import Node, read_xml

if TYPE_CHECKING:
    import numpy as np

BOX = "bounding_box"
FEWEST = 3


def take_sheet(path: Path, name: str, gathering: Gathering, pictures: Pictures) -> None:
    """Read one XML file and its image; what was deleted in the tool is left out.

    Args:
        path: the folder.
        name: of the file in it.
        gathering: takes the image and its objects.
        pictures: the images that are there.
    """
    try:
        root, *elements = read_xml(path / name, FILE_RULE)
        if root.tag != "annotation":
            message = f"its root is <{excerpt(root.tag)}>, not <annotation>"
            raise refusal(FILE_RULE, message, f"{Path(name).name}:{root.line}")
    except DatasetError as error:
        gathering.unreadable(error)
        return
    sheet = Node(root.tag, root.line, {}, elements)
    size = whole_size(sheet.word("imagesize", "ncols"), sheet.word("imagesize", "nrows"))
    file = pictures.find(f"Images/{sheet.word('folder')}/{sheet.word('filename')}")
    image = gathering.add_image(file, size, name)
    if image is None:
        return
    for element in sheet.all("object"):
        if element.word("deleted") == "1":
            gathering.leave_out("deleted object", f"{name}:{element.line}")
            continue
        polygon, segment = element.child("polygon"), element.child("segm")
        entry = _outline(element, polygon) if polygon else _masked(path, name, segment, size) if segment else None
        if polygon and len(polygon.all("pt")) < FEWEST:
            gathering.leave_out("point" if len(polygon.all("pt")) == 1 else "line", f"{name}:{element.line}")
        else:
            gathering.add_object(image, element.word("name"), f"{name}:{element.line}", entry)


def _outline(element: Node, polygon: Node) -> Entry | None:
    numbers = finite(*(point.word(axis) for point in polygon.all("pt") for axis in "xy"))
    if numbers is None:
        return None
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    if element.word("type") == BOX and pairs:
        across, down = zip(*pairs, strict=True)
        return boxed(min(across), min(down), max(across), max(down))
    return outlined([pairs])


def _masked(path: Path, name: str, segment: Node, size: tuple[int, int] | None) -> Entry | None:
    """The object of a PNG: in a folder Masks beside Annotations, or beside the XML file."""
    file = Path(segment.word("mask").replace("\\", "/")).name
    folder = (path / name).parent
    places = [folder / file]
    if "Annotations" in Path(name).parts[:-1]:
        places.insert(
            0, path / Path(*("Masks" if part == "Annotations" else part for part in Path(name).parts[:-1])) / file
        )
    elif folder.parent.name == "Annotations":
        places.insert(0, folder.parent.parent / "Masks" / folder.name / file)
    bitmap = next((found for place in places if file and (found := bitmap_of(place)) is not None), None)
    if bitmap is None or size is None or bitmap.shape != size[::-1]:
        return None
    return masked(bitmap, 0, 0, *size)


def bitmap_of(source: Path | io.BytesIO) -> np.ndarray[Any, Any] | None:
    """Which pixels of an image are not black, shape (rows, columns); None where it is no image, or one too large."""
    import numpy as np
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(source) as image:
                if image.width * image.height > MOST_PIXELS:
                    return None
                return np.asarray(image.convert("L")) > 0
    except Image.DecompressionBombError:
        return None
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error):
        return None
