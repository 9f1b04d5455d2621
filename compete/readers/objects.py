"""Annotations as a table of labels, one row an object; each fault told once with its examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compete.errors import Finding
from compete.readers.annotations import Annotations, is_number
from compete.readers.faults import Faults, Kind
from compete.readers.object_masks import MaskList

if TYPE_CHECKING:
    from compete.table import Table

SLACK = 1.0
"""Pixels by which a box may reach beyond its image before it is told: tools round outward."""
FAR = 10
"""Sizes of its image by which an object may reach beyond it: scoring refuses predictions that reach farther."""

KINDS = {
    "not-an-annotation": Kind(
        "dataset/annotation", "annotation is not as it must be", "annotations are not as they must be",
        "each needs a whole `image_id` and `category_id`; `iscrowd` and `ignore` are 0 or 1; `area` is not negative"),
    "unknown-image": Kind(
        "dataset/unknown-image", "annotation names an image that is not in the file",
        "annotations name images that are not in the file",
        "add the image, or remove the annotation; a number stands without quotes and decimal point"),
    "unknown-category": Kind(
        "dataset/unknown-category", "annotation names a category that is not in the file",
        "annotations name categories that are not in the file",
        "add the category, or mend the number; it stands without quotes and decimal point"),
    "box": Kind(
        "dataset/box", "box is not left, top, width, height", "boxes are not left, top, width, height",
        "four finite numbers, width and height not negative"),
    "box-outside": Kind(
        "dataset/box-outside", "box lies outside its image, or reaches far beyond it",
        "boxes lie outside their images, or reach far beyond them",
        "is it the right image, and are the numbers pixels?"),
    "mask": Kind(
        "dataset/mask", "segmentation is malformed", "segmentations are malformed",
        "polygons are lists of lists of 6 or more numbers in pixels; run lengths have the image's size as [height, "
        "width], and sum to its area"),
    "no-mask": Kind(
        "dataset/mask", "object has no segmentation", "objects have no segmentation",
        "instance segmentation needs one for every object; boxes alone are `task: detection`"),
    "points": Kind(
        "dataset/keypoints", "object has malformed keypoints", "objects have malformed keypoints",
        "x, y and 0, 1 or 2 for each keypoint of the category, all of them finite"),
    "points-outside": Kind(
        "dataset/keypoints", "object has its keypoints outside its image, or one far beyond it",
        "objects have their keypoints outside their images, or one far beyond them",
        "is it the right image, and are the numbers pixels? a keypoint that nobody sees is 0, 0, 0"),
    "empty-object": Kind(
        "dataset/empty-object", "object has no area and is left out", "objects have no area and are left out",
        "nobody could find them, so even a perfect submission would miss them", "warning"),
    "box-beyond": Kind(
        "dataset/box-beyond", "box reaches beyond its image", "boxes reach beyond their images",
        "they are kept as annotated; better cut them at the border", "warning"),
    "repeated-object": Kind(
        "dataset/repeated-object", "object is annotated twice with the same class and box",
        "objects are annotated twice with the same class and box", "one of the two can never be found: remove it",
        "warning"),
}  # fmt: skip


@dataclass
class _Rows:
    """The table of labels while it grows."""

    row: list[int] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    box: list[tuple[float, float, float, float]] = field(default_factory=list)
    area: list[float] = field(default_factory=list)
    crowd: list[bool] = field(default_factory=list)
    ignore: list[bool] = field(default_factory=list)
    points: list[tuple[float, ...]] = field(default_factory=list)


def objects_of(annotated: Annotations, task: str, items: Table, points: int = 0) -> tuple[Table, list[Finding]]:
    """The objects of annotated images as labels.

    Args:
        annotated: the images and their objects.
        task: ``detection``, ``instance_segmentation`` or ``keypoints``.
        items: the images in the order of the file, with ``width`` and ``height``.
        points: how many keypoints an object has.

    Returns:
        The table of labels: ``item, label, x, y, width, height, area, crowd, ignore``, and ``rle`` or ``points``; in
        the order of the images and of the file. And what was found.
    """
    faults = Faults(annotated.name, KINDS)
    reading = _Reading(annotated, task, items, points, faults)
    for place, entry in enumerate(annotated.annotations):
        reading.take(entry, annotated.place(place))
    labels = reading.table()
    hints = {"box-outside": reading.corners, "box-beyond": reading.corners}
    return labels, faults.findings({kind: hint for kind, hint in hints.items() if hint})


class _Reading:
    """One pass over the annotations."""

    def __init__(self, annotated: Annotations, task: str, items: Table, points: int, faults: Faults) -> None:
        self.task, self.points, self.faults = task, points, faults
        self.row_of = {number: row for row, number in enumerate(annotated.number)}
        self.name_of = {category.number: category.name for category in annotated.categories}
        self.item = items.index.to_numpy()
        self.width = [int(text) for text in items["width"]]
        self.height = [int(text) for text in items["height"]]
        self.rows = _Rows()
        self.masks = MaskList()
        self.seen: set[tuple[object, ...]] = set()
        self.as_corners = 0

    @property
    def corners(self) -> str:
        """A hint where boxes that reach beyond the image would fit if they were two corners."""
        beyond = sum(len(self.faults.found.get(kind, ())) for kind in ("box-outside", "box-beyond"))
        if not beyond or self.as_corners < beyond:
            return ""
        return "all of them fit as left, top, right, bottom: COCO boxes are left, top, width, height"

    def take(self, entry: Any, name: str) -> None:
        """Add one annotation to the table, or say what is wrong with it."""
        if not isinstance(entry, dict) or not _flags_and_area(entry):
            self.faults.add("not-an-annotation", name)
            return
        image, category = entry.get("image_id"), entry.get("category_id")
        row, label = _found(self.row_of, image), _found(self.name_of, category)
        if row is None or label is None:
            what = "unknown-image" if row is None else "unknown-category"
            self.faults.add(what, f"{name}: {json.dumps(image if row is None else category)}")
            return
        points = self._points(entry, name, row)
        box = self._box(entry, name, row)
        if points is None or box is None or not self._mask(entry, name, row):
            return
        if (row, label, box) in self.seen:
            self.faults.add("repeated-object", name)
        self.seen.add((row, label, box))
        self._append(entry, row, label, box, points)

    def table(self) -> Table:
        """The labels in the order of the images."""
        import numpy as np

        from compete.table import Table

        rows = self.rows
        order = np.argsort(np.array(rows.row, dtype=np.int64), kind="stable")
        box = np.array(rows.box, dtype=np.float64).reshape(-1, 4)
        columns: dict[str, Any] = {
            "item": self.item[np.array(rows.row, dtype=np.int64)],
            "label": np.array(rows.label, dtype=object),
            **dict(zip(("x", "y", "width", "height"), box.T, strict=True)),
            "area": np.array(rows.area, dtype=np.float64),
            "crowd": np.array(rows.crowd, dtype=bool),
            "ignore": np.array(rows.ignore, dtype=bool),
        }
        if self.task == "instance_segmentation":
            columns["rle"] = self._compressed(columns)
        columns["area"] = np.where(np.isnan(columns["area"]), box[:, 2] * box[:, 3], columns["area"])
        if self.task == "keypoints":
            columns["points"] = np.fromiter(rows.points, object, len(order))
        if "rle" in columns:
            order = order[columns["rle"][order] != ""]
        return Table(columns).take(order)

    def _append(
        self, entry: Mapping[str, Any], row: int, label: str, box: tuple[float, float, float, float],
        points: tuple[float, ...],
    ) -> None:  # fmt: skip
        rows = self.rows
        rows.row.append(row)
        rows.label.append(label)
        rows.box.append(box)
        rows.area.append(float("nan") if entry.get("area") is None else float(entry["area"]))
        rows.crowd.append(bool(entry.get("iscrowd", 0)))
        rows.ignore.append(bool(entry.get("ignore", 0)))
        rows.points.append(points)

    def _box(self, entry: Mapping[str, Any], name: str, row: int) -> tuple[float, float, float, float] | None:
        """The box of an annotation; of a mask without one, a box that its mask will replace."""
        given = entry.get("bbox")
        if self.task == "instance_segmentation" and not given:
            return (float("nan"),) * 4
        if not isinstance(given, list) or not _is_box(given):
            self.faults.add("box", name)
            return None
        left, top, width, height = (float(number) for number in given)
        wide, high = self.width[row], self.height[row]
        right, bottom = left + width, top + height
        touching = right * bottom == 0 and width * height > 0
        if left >= wide or top >= high or right < 0 or bottom < 0 or touching or _is_far(given, wide, high):
            self._beyond("box-outside", name, left=left, top=top, right=width, bottom=height, row=row)
            return None
        if left < -SLACK or top < -SLACK or right > wide + SLACK or bottom > high + SLACK:
            self._beyond("box-beyond", name, left=left, top=top, right=width, bottom=height, row=row)
        if self.task == "detection" and (width == 0 or height == 0):
            self.faults.add("empty-object", name)
            return None
        return left, top, width, height

    def _beyond(self, kind: str, name: str, *, left: float, top: float, right: float, bottom: float, row: int) -> None:
        self.faults.add(kind, name)
        self.as_corners += (
            0 <= left < right <= self.width[row] + SLACK and 0 <= top < bottom <= self.height[row] + SLACK
        )

    def _mask(self, entry: Mapping[str, Any], name: str, row: int) -> bool:
        """Keep the segmentation where the task needs it."""
        if self.task != "instance_segmentation":
            return True
        given = entry.get("segmentation")
        if not given:
            self.faults.add("no-mask", name)
            return False
        fault = self.masks.add(given, name, self.height[row], self.width[row])
        if fault:
            self.faults.add("mask", f"{name}: {fault}")
            return False
        return True

    def _points(self, entry: Mapping[str, Any], name: str, row: int) -> tuple[float, ...] | None:
        """The keypoints where the task needs them; none elsewhere."""
        if self.task != "keypoints":
            return ()
        given = entry.get("keypoints")
        if given is None and entry.get("iscrowd"):
            return (0.0,) * (3 * self.points)
        if not isinstance(given, list) or len(given) != 3 * self.points or not all(map(is_number, given)):
            self.faults.add("points", name)
            return None
        if not {0, 1, 2}.issuperset(given[2::3]):
            self.faults.add("points", name)
            return None
        seen = [(float(x), float(y), float(sight)) if sight else (0.0, 0.0, 0.0) for x, y, sight in _triples(given)]
        wide, high = self.width[row], self.height[row]
        lost = not any(0 <= x <= wide and 0 <= y <= high for x, y, _ in seen)
        if lost or any(max(abs(x) / wide, abs(y) / high) > FAR + 1 for x, y, _ in seen):
            self.faults.add("points-outside", name)
            return None
        return tuple(number for point in seen for number in point)

    def _compressed(self, columns: dict[str, Any]) -> Any:
        """Run lengths of all masks; boxes and areas that nobody wrote are theirs."""
        import numpy as np

        made = self.masks.compressed()
        for name in made.malformed:
            self.faults.add("mask", name)
        absent = np.isnan(columns["x"])
        for side, name in enumerate(("x", "y", "width", "height")):
            columns[name] = np.where(absent, made.box[:, side], columns[name])
        columns["area"] = np.where(np.isnan(columns["area"]), made.area, columns["area"])
        empty = made.area == 0
        for place in np.flatnonzero(empty).tolist() if not made.malformed else []:
            self.faults.add("empty-object", self.masks.names[place])
        return np.where(empty, "", np.array(made.text, dtype=object))


def _found(known: Mapping[int, Any], number: Any) -> Any:
    """What a number stands for; None for what is no number."""
    return known.get(number) if isinstance(number, int) and not isinstance(number, bool) else None


def _triples(given: list[float]) -> Iterator[tuple[float, float, float]]:
    """The keypoints of a flat list."""
    return zip(given[::3], given[1::3], given[2::3], strict=True)


def _is_far(box: list[float], wide: int, high: int) -> bool:
    """Whether a box reaches so far beyond its image that scoring would refuse it."""
    left, top, width, height = box
    beyond = left + width > (FAR + 1) * wide or top + height > (FAR + 1) * high
    return beyond or left < -FAR * wide or top < -FAR * high


def _is_box(given: list[Any]) -> bool:
    return len(given) == 4 and all(map(is_number, given)) and min(given[2:]) >= 0


def _flags_and_area(entry: Mapping[str, Any]) -> bool:
    flags = (entry.get("iscrowd"), entry.get("ignore"))
    area = 0 if entry.get("area") is None else entry["area"]
    return all(flag in (None, 0, 1) for flag in flags) and is_number(area) and area >= 0
