"""Lines of DOTA's label files, which Roboflow calls YOLOv5 OBB: four corners in pixels, a name, and a difficulty."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from compete.dataset import parsed_number
from compete.readers.shapes import outlined

_ABOUT = re.compile(r"(?:imagesource|gsd|acquisition ?dates?)\s*:", re.IGNORECASE)
FARTHEST = 1e7
"""Pixels beyond which there is no corner."""


@dataclass(frozen=True)
class Turned:
    """A turned box as a line tells it.

    Attributes:
        name: of its class.
        corners: x and y of the four in turn, in pixels.
        difficult: whether it is not scored, as in VOC.
    """

    name: str
    corners: tuple[float, ...]
    difficult: bool


def turned_line(text: str) -> Turned | None:
    """A line of a DOTA file, ``x1 y1 x2 y2 x3 y3 x4 y4 name difficulty``; None of another line.

    Names may hold blanks; the difficulty may be missing. Corners are in pixels from the top left.

    Source: DOTA, "Annotation format" of v1.0; Roboflow's export "YOLOv5 Oriented Bounding Boxes".

    >>> turned_line("0 0 0 2 2 2 2 0 small ship 1")
    Turned(name='small ship', corners=(0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0, 0.0), difficult=True)
    >>> turned_line("0 0.5 0.5 0.2 0.2"), turned_line("0 0 0 2 2 2 2 0 7 1")
    (None, None)
    """
    words = text.split()
    corners = [parsed_number(word) for word in words[:8]]
    rest = words[8:]
    level = parsed_number(rest[-1]) if len(rest) > 1 else None
    name = " ".join(rest[:-1] if level is not None else rest)
    known = [number for number in corners if number is not None and abs(number) < FARTHEST]
    if len(known) < 8 or not name.isprintable() or all(parsed_number(word) is not None for word in rest):
        return None
    return Turned(name, tuple(known), bool(level))


def is_about(text: str) -> bool:
    """Whether a line tells of the image, as the first two of DOTA's own files do."""
    return bool(_ABOUT.match(text.strip()))


def turned_object(line: Turned, image: int) -> dict[str, Any]:
    """The object of a line with the keys of COCO; its class is named, and not yet numbered."""
    found = outlined([list(zip(line.corners[::2], line.corners[1::2], strict=True))])
    assert found
    ignore = {"ignore": 1} if line.difficult else {}
    return {"image_id": image, "category_id": line.name, **found, **ignore}
