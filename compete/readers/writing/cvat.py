"""CVAT's XML 1.1 for images written: a folder of images and ``annotations.xml``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from compete.dataset import Category, Dataset
from compete.errors import Finding
from compete.files import system_fault, write_file
from compete.readers.writing.placing import (
    Labelled,
    bitmaps_of,
    checked_objects,
    copy_images,
    image_names,
    not_written,
    other_areas,
    told,
)

IMAGES = "images"
FILE = "annotations.xml"
SLIGHT = 1e-6
HELD = frozenset({"split", "task"})
"""Columns that the file holds: the subset of each image, and its task."""


def write(dataset: Dataset, folder: Path) -> list[Finding]:
    """Write the images and objects of a dataset as "CVAT for images 1.1": ``images/`` and ``annotations.xml``.

    Masks become masks, keypoints skeletons, all else boxes. Numbers have all their digits, so that a box that is read
    again differs by rounding alone (below 1e-9 pixels); the box of a skeleton is the one around its points.

    Args:
        dataset: images with objects, as a reader made it; its column ``file`` holds absolute paths.
        folder: a new or empty folder, which must exist.

    Returns:
        What the file cannot hold, one finding a kind.

    Raises:
        DatasetError: if the dataset has no objects in images.
        SystemFault: if the disk or a permission forbids reading or writing.
    """
    found = checked_objects(dataset)
    names = image_names(dataset)
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "  <version>1.1</version>", *_meta(dataset)]
    known = {category.name: category for category in dataset.categories}
    for number, (name, item, row) in enumerate(zip(names, found, dataset.items.to_dict("records"), strict=True)):
        cells = {"id": number, "name": name, "subset": row.get("split", ""), "task_id": row.get("task", ""),
                 "width": row["width"], "height": row["height"]}  # fmt: skip
        lines.append(f"  <image {_attributes(cells)}>")
        lines += _objects(found[item], (int(row["width"]), int(row["height"])), known)
        lines.append("  </image>")
    try:
        copy_images(dataset, folder / IMAGES, names)
        write_file(folder / FILE, "\n".join([*lines, "</annotations>", ""]).encode())
    except OSError as error:
        raise system_fault(error) from error
    return [*not_written(dataset, columns=HELD), *_findings(found), *_own_boxes(dataset)]


def _attributes(cells: dict[str, Any]) -> str:
    """Attributes as text; blank ones are left away."""
    return " ".join(f"{name}={quoteattr(str(cell))}" for name, cell in cells.items() if cell != "")


def _meta(dataset: Dataset) -> Iterator[str]:
    """The classes, with the keypoints of each as parts of a skeleton."""
    yield from ("  <meta>", "    <task>", "      <labels>")
    for category in dataset.categories:
        kind = "skeleton" if category.points else "any"
        yield from ("        <label>", f"          <name>{escape(category.name)}</name>",
                    f"          <type>{kind}</type>", "          <attributes></attributes>")  # fmt: skip
        if category.points:
            yield f"          <svg>{escape(_drawing(category))}</svg>"
        yield "        </label>"
        for point in category.points:
            yield from ("        <label>", f"          <name>{escape(point)}</name>", "          <type>points</type>",
                        "          <attributes></attributes>", f"          <parent>{escape(category.name)}</parent>",
                        "        </label>")  # fmt: skip
    yield from ("      </labels>", "    </task>", "  </meta>")


def _drawing(category: Category) -> str:
    """The skeleton as CVAT draws it, its points on a diagonal."""
    step = 100 / (len(category.points) + 1)
    lines = [f'<line data-type="edge" data-node-from="{one}" data-node-to="{other}"></line>'
             for one, other in category.skeleton]  # fmt: skip
    nodes = [f'<circle r="1.5" cx="{step * at}" cy="{step * at}" data-type="element node" data-element-id="{at}" '
             f'data-node-id="{at}" data-label-name={quoteattr(name)}></circle>'
             for at, name in enumerate(category.points, start=1)]  # fmt: skip
    return "".join([*lines, *nodes])


def _objects(objects: Sequence[Labelled], size: tuple[int, int], known: dict[str, Category]) -> Iterator[str]:
    """The shapes of an image, in the order of the dataset."""
    bitmaps = bitmaps_of([one.rle for one in objects if one.rle], *size)
    for one in objects:
        if one.rle:
            yield f"    <mask {_attributes({'label': one.label, **_runs(next(bitmaps))})}>\n    </mask>"
        elif one.points and any(one.points[2::3]):
            yield from _skeleton(one, known[one.label])
        else:
            left, top, width, height = one.box
            corners = {"xtl": left, "ytl": top, "xbr": left + width, "ybr": top + height}
            yield f"    <box {_attributes({'label': one.label, **corners})}>\n    </box>"


def _runs(bitmap: Any) -> dict[str, Any]:
    """The runs of a mask row by row within its box, beginning with pixels that are not in it."""
    import numpy as np

    down, across = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    top, left = int(down[0]), int(across[0])
    inner = bitmap[top : int(down[-1]) + 1, left : int(across[-1]) + 1]
    flat = np.concatenate([[0], inner.ravel().astype(np.int8), [-1]])
    edges = np.flatnonzero(np.diff(flat)) if inner.size else np.array([], dtype=np.int64)
    counts = np.diff(np.concatenate([[0], edges])).tolist()
    return {
        "rle": ", ".join(map(str, counts)),
        "left": left,
        "top": top,
        "width": inner.shape[1],
        "height": inner.shape[0],
    }


def _skeleton(one: Labelled, category: Category) -> Iterator[str]:
    yield f"    <skeleton {_attributes({'label': one.label})}>"
    for name, x, y, sight in zip(category.points, one.points[::3], one.points[1::3], one.points[2::3], strict=True):
        flags = {"outside": int(sight == 0), "occluded": int(sight == 1)}
        yield f"      <points {_attributes({'label': name, **flags, 'points': f'{x!r},{y!r}'})}>\n      </points>"
    yield "    </skeleton>"


def _findings(found: dict[Any, list[Labelled]]) -> list[Finding]:
    rows = [one for objects in found.values() for one in objects]
    crowds, ignored = sum(one.crowd for one in rows), sum(one.ignore for one in rows)
    unseen = sum(bool(one.points) and not any(one.points[2::3]) for one in rows)
    drawn = [one for one in rows if not one.rle and any(one.points[2::3])]
    moved = sum(max(abs(a - b) for a, b in zip(one.box, _around(one.points), strict=True)) > SLIGHT for one in drawn)
    return [
        *told(crowds, "crowd was written as a single object", "crowds were written as single objects",
              "CVAT knows no crowds; remove them if they should not count as one"),
        *told(ignored, "ignored object was written as one that counts",
              "ignored objects were written as ones that count"),
        *told(unseen, "object without any keypoint was written as a box",
              "objects without any keypoint were written as boxes"),
        *told(moved, "object has a box of its own, and only its keypoints were written",
              "objects have boxes of their own, and only their keypoints were written",
              "CVAT's skeletons have no box: read again, it is the one around the keypoints; write coco or yolo"),
        *other_areas(found),
    ]  # fmt: skip


def _around(points: Sequence[float]) -> tuple[float, float, float, float]:
    """The box around the keypoints that are there, as it comes out when they are read again."""
    across = [x for x, sight in zip(points[::3], points[2::3], strict=True) if sight]
    down = [y for y, sight in zip(points[1::3], points[2::3], strict=True) if sight]
    return min(across), min(down), max(across) - min(across), max(down) - min(down)


def _own_boxes(dataset: Dataset) -> list[Finding]:
    """Say how many masks have a box or an area that is not the one of their pixels."""
    import numpy as np

    from metrics.masks import Masks

    labels = dataset.labels
    if "rle" not in labels or not len(labels):
        return []
    size = dataset.items.loc[labels["item"], ["width", "height"]].astype(int).to_numpy()
    masks = Masks.from_compressed(labels["rle"].tolist(), size[:, 1], size[:, 0])
    apart = np.abs(labels[["x", "y", "width", "height"]].to_numpy() - masks.box).max(axis=1) > SLIGHT
    apart |= np.abs(labels["area"].to_numpy() - masks.area) > SLIGHT
    return told(
        int(apart.sum()),
        "object has a box or area that is not that of its mask",
        "objects have boxes or areas that are not those of their masks",
        "CVAT keeps the mask alone; boxes are made of it",
    )
