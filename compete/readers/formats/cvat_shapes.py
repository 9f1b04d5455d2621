"""The shapes of CVAT's XML: what is drawn, what becomes an object, and what lies between two keyframes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from compete.readers.shapes import MOST_PIXELS, Entry, boxed, ellipse, finite, masked, outlined, turned_box
from compete.readers.xml_file import Node

OBJECTS = frozenset({"box", "polygon", "ellipse", "mask", "skeleton"})
OTHERS = frozenset({"polyline", "points", "cuboid"})
CORNERS = ("xtl", "ytl", "xbr", "ybr")
ROUND = ("cx", "cy", "rx", "ry")
PLACE = ("left", "top", "width", "height")
_RUN = re.compile(r"[0-9]{1,12}", re.ASCII)
ABSENT, HIDDEN, SEEN = 0, 1, 2


@dataclass(frozen=True)
class Drawn:
    """A shape as it was drawn.

    Attributes:
        kind: the name of its element.
        numbers: corners, centre and radii, or x and y of each point; of a mask its place.
        degrees: how far it is turned, clockwise.
        names: of the points of a skeleton.
        sights: of each of them 0 (absent), 1 (hidden) or 2 (seen).
        runs: of a mask, row by row within its place, beginning with pixels that are not in it.
        outside: whether the object has left the picture.
    """

    kind: str
    numbers: tuple[float, ...]
    degrees: float = 0.0
    names: tuple[str, ...] = ()
    sights: tuple[int, ...] = ()
    runs: tuple[int, ...] = ()
    outside: bool = False


def drawn(node: Node) -> Drawn | None:
    """The shape of an element; None where its numbers cannot be understood."""
    given, kind = node.attributes, node.tag
    outside = given.get("outside") == "1"
    turn = finite(given.get("rotation") or 0)
    if kind == "skeleton":
        return _skeleton(node, node.all("points"), outside=outside)
    if kind == "mask":
        place, runs = finite(*(given.get(name) for name in PLACE)), given.get("rle", "").split(",")
        if place is None or not all(_RUN.fullmatch(run.strip()) for run in runs):
            return None
        return Drawn(kind, tuple(place), runs=tuple(map(int, runs)), outside=outside)
    names = CORNERS if kind == "box" else ROUND
    numbers = _points(given.get("points", "")) if kind == "polygon" else finite(*(given.get(name) for name in names))
    return None if numbers is None or turn is None else Drawn(kind, tuple(numbers), turn[0], outside=outside)


def joined_skeleton(node: Node, points: Sequence[Node]) -> Drawn | None:
    """A skeleton of one frame whose points are tracked one by one."""
    return _skeleton(node, node.all("points") or points, outside=node.attributes.get("outside") == "1")


def object_of(shape: Drawn, size: tuple[int, int] | None, names: Sequence[str] = ()) -> Entry | None:
    """The object that a shape makes; None where it makes none.

    Args:
        shape: box, polygon, ellipse, mask or skeleton.
        size: of the image, which a mask needs.
        names: the keypoints of its class, in order, for a skeleton.
    """
    numbers, pairs = shape.numbers, list(zip(shape.numbers[::2], shape.numbers[1::2], strict=True))
    if shape.kind == "polygon":
        return outlined([pairs])
    if shape.kind == "ellipse":
        return ellipse((numbers[0], numbers[1]), numbers[2], numbers[3], shape.degrees)
    if shape.kind == "mask":
        return _mask(shape, size)
    if shape.kind == "skeleton":
        return _points_of(shape, names)
    left, top, right, bottom = numbers
    if shape.degrees % 360 == 0 or right < left or bottom < top:
        return boxed(left, top, right, bottom)
    return turned_box(((left + right) / 2, (top + bottom) / 2), right - left, bottom - top, shape.degrees)


def between(one: Drawn, other: Drawn, share: float) -> Drawn | None:
    """The shape on the way from one keyframe to the next, as CVAT draws it; None where that cannot be told.

    Boxes, ellipses and the points of skeletons move on a straight line, and turn the shorter way round. Between two
    different polygons CVAT matches corners along the outline; its exports hold every frame, so this is not done here.
    """
    if replace(other, outside=False, sights=one.sights) == replace(one, outside=False):
        return replace(one, outside=False)
    if one.kind != other.kind or one.kind not in ("box", "ellipse", "skeleton"):
        return None
    target = dict(zip(other.names, zip(other.numbers[::2], other.numbers[1::2], strict=True), strict=False))
    ends = other.numbers
    if one.kind == "skeleton":
        starts = zip(one.names, one.numbers[::2], one.numbers[1::2], strict=True)
        ends = tuple(number for name, x, y in starts for number in target.get(name, (x, y)))
    numbers = tuple(start + (end - start) * share for start, end in zip(one.numbers, ends, strict=True))
    turn = (other.degrees - one.degrees + 180) % 360 - 180
    return replace(one, numbers=numbers, degrees=(one.degrees + turn * share) % 360, outside=False)


def _skeleton(node: Node, points: Sequence[Node], *, outside: bool) -> Drawn | None:
    names, numbers, sights = [], [], []
    for point in points:
        place = _points(point.attributes.get("points", ""))
        if place is None or len(place) != 2:
            return None
        names.append(point.attributes.get("label", ""))
        numbers += place
        gone, hidden = point.attributes.get("outside") == "1", point.attributes.get("occluded") == "1"
        sights.append(ABSENT if gone else HIDDEN if hidden else SEEN)
    if not names or len(set(names)) < len(names):
        return None
    return Drawn(node.tag, tuple(numbers), names=tuple(names), sights=tuple(sights), outside=outside)


def _points(text: str) -> list[float] | None:
    """The numbers of ``x,y;x,y``; None where there are none, or one is not a number."""
    pairs = [pair.split(",") for pair in text.strip().rstrip(";").split(";")]
    return None if any(len(pair) != 2 for pair in pairs) else finite(*(number for pair in pairs for number in pair))


def _points_of(shape: Drawn, names: Sequence[str]) -> Entry | None:
    """The keypoints of a skeleton in the order of its class, and the box around those that are there."""
    places = list(zip(shape.numbers[::2], shape.numbers[1::2], strict=True))
    found = dict(zip(shape.names, zip(places, shape.sights, strict=True), strict=True))
    there = [place for place, sight in found.values() if sight]
    if not set(found) <= set(names) or not there:
        return None
    known = [found.get(name, ((0.0, 0.0), ABSENT)) for name in names]
    points = [number for (x, y), sight in known for number in ((x, y, sight) if sight else (0.0, 0.0, ABSENT))]
    across, down = zip(*there, strict=True)
    return {**boxed(min(across), min(down), max(across), max(down)), "keypoints": points}


def _mask(shape: Drawn, size: tuple[int, int] | None) -> Entry | None:
    import numpy as np

    left, top, width, height = map(int, shape.numbers)
    pixels = width * height
    if size is None or min(width, height) < 1 or pixels > MOST_PIXELS or sum(shape.runs) != pixels:
        return None
    value = np.arange(len(shape.runs)) % 2 == 1
    bitmap = np.repeat(value, shape.runs).reshape(height, width)
    return masked(bitmap, left, top, *size)
