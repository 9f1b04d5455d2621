"""The shapes of Label Studio's results, in percent of their image, and the run lengths of its brush."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compete.readers.annotations import is_whole
from compete.readers.shapes import MOST_PIXELS, Entry, boxed, ellipse, finite, masked, outlined

if TYPE_CHECKING:
    import numpy as np

KINDS = {
    "rectanglelabels": "rectangle", "polygonlabels": "polygon", "ellipselabels": "ellipse", "brushlabels": "brush",
}  # fmt: skip
"""The types of results that are objects."""
OTHERS = {
    "keypointlabels": "keypoint", "keypoint": "keypoint", "vectorlabels": "line", "vector": "line",
    "rectangle": "rectangle without class", "polygon": "polygon without class", "ellipse": "ellipse without class",
    "brush": "brush without class", "bitmask": "bitmask", "bitmasklabels": "bitmask", "videorectangle": "video track",
}  # fmt: skip
"""Those that are none, and what findings call them."""
CHANNELS = 4


def entry_of(kind: str, value: Mapping[str, Any], size: tuple[int, int] | None) -> Entry | None:
    """The object of a result; None where it cannot be understood, or nobody says how large the image is."""
    if size is None:
        return None
    if kind == "brush":
        return _brush(value, size)
    if kind == "polygon":
        return _polygon(value, size)
    names = ("x", "y", "width", "height") if kind == "rectangle" else ("x", "y", "radiusX", "radiusY")
    numbers, turn = finite(*(value.get(name) for name in names)), finite(value.get("rotation") or 0)
    if numbers is None or turn is None:
        return None
    x, y, across, down = (number * size[place % 2] / 100 for place, number in enumerate(numbers))
    if kind == "ellipse":
        return ellipse((x, y), across, down, turn[0])
    return _rectangle(x, y, across, down, turn[0])


def _rectangle(x: float, y: float, width: float, height: float, degrees: float) -> Entry | None:
    """A rectangle that is turned clockwise around its left top corner."""
    import math

    if degrees % 360 == 0 or min(width, height) < 0:
        return boxed(x, y, x + width, y + height)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    right, below = (width * cosine, width * sine), (-height * sine, height * cosine)
    corners = [(0.0, 0.0), right, (right[0] + below[0], right[1] + below[1]), below]
    return outlined([[(x + across, y + down) for across, down in corners]])


def _polygon(value: Mapping[str, Any], size: tuple[int, int]) -> Entry | None:
    given = value.get("points")
    if not isinstance(given, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        return None
    numbers = finite(*(number for pair in given for number in pair))
    if numbers is None:
        return None
    pixels = [number * size[place % 2] / 100 for place, number in enumerate(numbers)]
    return outlined([list(zip(pixels[::2], pixels[1::2], strict=True))])


def _brush(value: Mapping[str, Any], size: tuple[int, int]) -> Entry | None:
    width, height = size
    given = value.get("rle")
    if not isinstance(given, list) or not all(is_whole(one) and 0 <= one < 256 for one in given):
        return None
    if width * height > MOST_PIXELS:
        return None
    values = unpacked(bytes(given), width * height * CHANNELS)
    if values is None:
        return None
    alpha = values.reshape(height, width, CHANNELS)[:, :, CHANNELS - 1]
    return masked(alpha > 0, 0, 0, width, height)  # as Label Studio's own export to COCO takes it


def unpacked(data: bytes, count: int) -> np.ndarray[Any, Any] | None:
    """The bytes of a bit stream of runs, as Label Studio packs its masks (the code of thi.ng/rle-pack).

    32 bits tell how many values there are, 5 the size of a value, 4 × 4 the sizes of lengths. Each run has a bit that
    says whether one value is repeated, 2 bits for the size of its length, its length, and its value or values.

    Args:
        data: the packed bytes.
        count: how many values there must be.

    Returns:
        Shape (count,), uint8; None where the stream is another, or ends too soon.
    """
    import numpy as np

    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8))
    text = bits.tobytes().translate(bytes.maketrans(b"\0\1", b"01")).decode("ascii")
    word = int(text[32:37] or "0", 2) + 1
    sizes = [int(text[place : place + 4] or "0", 2) + 1 for place in (37, 41, 45, 49)]
    if len(text) < 53 or int(text[:32], 2) != count or word != 8:
        return None
    values, done, at = np.empty(count, dtype=np.uint8), 0, 53
    while done < count:
        if at + 3 > len(text):
            return None
        repeated, size = text[at] == "1", sizes[int(text[at + 1 : at + 3], 2)]
        begin = at + 3 + size
        if begin + word > len(text):
            return None
        length = int(text[at + 3 : begin], 2) + 1
        at = begin + word * (1 if repeated else length)
        if done + length > count or at > len(text):
            return None
        values[done : done + length] = int(text[begin:at], 2) if repeated else np.packbits(bits[begin:at])
        done += length
    return values
