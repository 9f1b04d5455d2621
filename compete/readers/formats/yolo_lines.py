"""Lines of YOLO label files: boxes, polygons and poses in fractions of the image, as objects in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compete.dataset import parsed_number

MOST_FRACTION = 2.0
"""A coordinate above is no fraction of an image but a number of pixels or percent."""


class LineError(ValueError):
    """A line is not as it must be; the text is the kind of fault."""


@dataclass(frozen=True)
class Line:
    """An object as a line tells it.

    Attributes:
        category: the number of its class.
        box: middle, width and height; empty for a polygon.
        polygon: corners; empty for a box.
        points: keypoints, x and y and, where ``dimensions`` is 3, visibility; empty where the line has none.
        dimensions: numbers a keypoint.
        confidence: whether the line goes on with a number that only predictions have.
    """

    category: int
    box: tuple[float, ...] = ()
    polygon: tuple[float, ...] = ()
    points: tuple[float, ...] = ()
    dimensions: int = 3
    confidence: bool = False


def parsed_line(text: str, shape: tuple[int, int] = (0, 3)) -> Line:
    """A line of a label file.

    ``class x y width height`` is a box, ``class x1 y1 x2 y2 x3 y3 …`` a polygon (four corners may be a rotated box),
    ``class x y width height`` with keypoints behind a pose; one more number is the confidence of a prediction. A box
    among polygons is a box: Ultralytics' loader takes its four numbers for two corners there.

    Args:
        text: not blank.
        shape: how many keypoints a pose has, and numbers a keypoint; (0, 3) for no poses.

    Raises:
        LineError: ``malformed``, ``class`` or ``fraction``.

    Source: Ultralytics, docs "Object Detection / Segmentation / Pose Datasets Overview" and ``data/utils.py``.
    """
    numbers = [parsed_number(field) for field in text.split()]
    if None in numbers or len(numbers) < 5:
        raise LineError("malformed")
    first, *rest = [number for number in numbers if number is not None]
    if first != int(first) or not 0 <= first < 1 << 31:
        raise LineError("class")
    pose = shape[0] * shape[1]
    if pose and len(rest) in (4 + pose, 5 + pose):
        line = Line(int(first), tuple(rest[:4]), (), tuple(rest[4 : 4 + pose]), shape[1], len(rest) == 5 + pose)
    elif len(rest) <= 5:
        line = Line(int(first), tuple(rest[:4]), confidence=len(rest) == 5)
    else:
        corners = len(rest) // 2 * 2
        line = Line(int(first), (), tuple(rest[:corners]), confidence=len(rest) != corners)
    if max(map(abs, (*line.box, *line.polygon))) > MOST_FRACTION or (line.box and min(line.box[2:]) < 0):
        raise LineError("fraction")
    return line


def in_pixels(line: Line, image: int, width: int, height: int) -> dict[str, Any]:
    """The object of a line with the keys of COCO; x times the width of the image, y times its height."""
    found: dict[str, Any] = {"image_id": image, "category_id": line.category}
    if line.box:
        x, y, wide, high = line.box
        found["bbox"] = [(x - wide / 2) * width, (y - high / 2) * height, wide * width, high * height]
    else:
        across = [number * width for number in line.polygon[::2]]
        down = [number * height for number in line.polygon[1::2]]
        found["segmentation"] = [[number for corner in zip(across, down, strict=True) for number in corner]]
        found["bbox"] = [min(across), min(down), max(across) - min(across), max(down) - min(down)]
    if line.points:
        found["keypoints"] = _keypoints(line, width, height)
    return found


def _keypoints(line: Line, width: int, height: int) -> list[float]:
    """x, y and visibility of each keypoint; without a third number, one with a negative number is absent."""
    points, size = line.points, line.dimensions
    found: list[float] = []
    for first in range(0, len(points), size):
        x, y, *sight = points[first : first + size]
        seen = sight[0] if sight else 2.0 * (x >= 0 and y >= 0)
        found += [x * width, y * height, int(seen) if seen == int(seen) else seen]
    return found


def as_line(category: int, box: Sequence[float], width: int, height: int, points: Sequence[float] = ()) -> str:
    """A box in pixels, with keypoints behind it, as a line; numbers have all their digits.

    >>> as_line(3, (10, 20, 4, 8), 100, 50, (12, 20, 2))
    '3 0.12 0.48 0.04 0.16 0.12 0.4 2'
    """
    left, top, wide, high = box
    numbers = [(left + wide / 2) / width, (top + high / 2) / height, wide / width, high / height]
    words = [str(category), *map(_spelt, numbers)]
    for first in range(0, len(points), 3):
        x, y, sight = points[first : first + 3]
        words += [_spelt(x / width), _spelt(y / height), str(int(sight))]
    return " ".join(words)


def as_polygon(category: int, corners: Sequence[float], width: int, height: int) -> str:
    """A polygon in pixels, x and y in turn, as a line.

    >>> as_polygon(0, (10, 0, 20, 0, 20, 50), 100, 50)
    '0 0.1 0 0.2 0 0.2 1'
    """
    sizes = (width, height)
    return " ".join([str(category), *(_spelt(number / sizes[place % 2]) for place, number in enumerate(corners))])


def _spelt(number: float) -> str:
    return repr(float(number)).removesuffix(".0")
