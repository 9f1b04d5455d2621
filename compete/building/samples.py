"""Sample submissions of images: valid, complete, and made of the training labels alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from compete.building.plan import Plan
from compete.building.tables import ordered_rows, table_bytes
from compete.building.truths import affines_of_images, codes_of, labels_of_images, sizes_of_images
from compete.bundle import DEPTH, ID
from compete.files import zip_bytes
from compete.nifti import SUFFIX
from compete.nifti.writing import label_volume
from compete.png import class_png, png_bytes

Array = np.ndarray[Any, Any]
SURE = 0.5
"""How sure the sample is of everything."""
PANOPTIC = "panoptic.json"


@dataclass(frozen=True, eq=False)
class _Constant:
    """What the sample says of every image.

    Attributes:
        code: the most frequent class of the training images.
        size: mean width and height of a box, relative to its image; shape (2,).
        points: mean place of each keypoint, relative to its box, shape (k, 2).
    """

    code: int
    size: Array
    points: Array


def image_sample_bytes(plan: Plan) -> bytes:
    """The sample submission: in every image one object of the most frequent class, or that class everywhere."""
    _, train, test = ordered_rows(plan)
    constant = _constant(plan, train)
    if plan.terms.form == "png":
        return _zipped(plan, test, constant.code)
    if plan.terms.form == "nifti":
        return _volumes(plan, test, constant.code)
    height, width = sizes_of_images(plan, test)
    if plan.terms.task == "semantic_segmentation":
        return _runs_everywhere(plan, test, constant.code)
    box = _middle(constant.size, width, height)
    if plan.terms.form == "coco":
        return _results(plan, constant, box)
    return _table(plan, test, constant.code, box)


def most_pixel_value(plan: Plan) -> int:
    """The largest value that a label image of the challenge may hold."""
    return max(*plan.terms.class_ids, plan.terms.ignore_value or 0)


def _constant(plan: Plan, train: Array) -> _Constant:
    labels, image = labels_of_images(plan, train)
    code = codes_of(plan.dataset.categories, labels)
    weight = labels["area"].to_numpy() if plan.dataset.maps is not None else None
    votes = np.bincount(code, weights=weight, minlength=len(plan.dataset.categories))
    size, points = np.array([0.5, 0.5]), np.full((len(plan.terms.points), 2), 0.5)
    if plan.dataset.maps is None and len(labels):
        height, width = (side[image] for side in sizes_of_images(plan, train))
        box = labels[["x", "y", "width", "height"]].to_numpy()
        size = np.clip((box[:, 2:] / np.stack([width, height], axis=1)).mean(axis=0), 0.01, 1)
        if "points" in labels:
            points = _mean_points(np.array(labels["points"].tolist()).reshape(len(labels), -1, 3), box)
    return _Constant(int(np.argmax(votes)), size, points)


def _mean_points(points: Array, box: Array) -> Array:
    """The mean place of each keypoint within its box; the middle where nobody ever saw it."""
    seen = (points[..., 2] > 0) & (box[:, 2:].min(axis=1) > 0)[:, None]
    place = (points[..., :2] - box[:, None, :2]) / np.maximum(box[:, None, 2:], 1e-9)
    total = np.where(seen[..., None], place, 0).sum(axis=0)
    count = seen.sum(axis=0)[:, None]
    return np.where(count > 0, total / np.maximum(count, 1), 0.5)


def _middle(size: Array, width: Array, height: Array) -> Array:
    """A box of whole pixels in the middle of each image, int64, shape (n, 4)."""
    wide = np.clip(np.rint(size[0] * width), 1, width).astype(np.int64)
    high = np.clip(np.rint(size[1] * height), 1, height).astype(np.int64)
    return np.stack([(width - wide) // 2, (height - high) // 2, wide, high], axis=1)


def _results(plan: Plan, constant: _Constant, box: Array) -> bytes:
    """COCO results, one a test image."""
    terms = plan.terms
    texts = _filled(plan, box) if terms.kind == "masks" else []
    height, width = (side.tolist() for side in sizes_of_images(plan, ordered_rows(plan)[2]))
    results: list[dict[str, Any]] = []
    for place, corner in enumerate(box.tolist()):
        result: dict[str, Any] = {"image_id": place + 1, "category_id": terms.class_ids[constant.code]}
        if terms.kind == "masks":
            result["segmentation"] = {"size": [height[place], width[place]], "counts": texts[place]}
        elif terms.kind == "points":
            where = np.round(np.array(corner[:2]) + constant.points * np.array(corner[2:]), 2)
            result["keypoints"] = [number for x, y in where.tolist() for number in (x, y, 1)]
        else:
            result["bbox"] = corner
        results.append({**result, "score": SURE})
    return json.dumps(results, separators=(",", ":")).replace('},{"image', '},\n{"image').encode() + b"\n"


def _filled(plan: Plan, box: Array) -> list[str]:
    """Each box as a mask: COCO's compressed run lengths."""
    from metrics.run_lengths import compress

    height, width = sizes_of_images(plan, ordered_rows(plan)[2])
    counts, begin = [], [0]
    for (left, top, wide, high), rows, columns in zip(box.tolist(), height.tolist(), width.tolist(), strict=True):
        runs = [left * rows + top, *[high, rows - high] * (wide - 1), high]
        if high == rows:
            runs = [left * rows, wide * rows]
        rest = rows * columns - sum(runs)
        counts += runs + [rest] * (rest > 0)
        begin.append(len(counts))
    text, start = compress(np.array(counts), np.array(begin))
    whole = text.tobytes().decode("ascii")
    return [whole[start[k] : start[k + 1]] for k in range(len(box))]


def _table(plan: Plan, test: Array, code: int, box: Array) -> bytes:
    """A CSV with one object an image."""
    terms, name = plan.terms, plan.terms.classes[code]
    ids = plan.id[test].tolist()
    corners = box if terms.coordinates == "xywh" else np.hstack([box[:, :2], box[:, :2] + box[:, 2:]])
    if terms.form == "strings":
        texts = [" ".join(map(str, [name, SURE, *corner])) for corner in corners.tolist()]
        return table_bytes({ID: ids, terms.columns[0]: texts})
    constant = {"class": [name] * len(ids), "score": [str(SURE)] * len(ids)}
    if terms.form == "rows":
        sides = dict(zip(terms.columns[1:5], corners.T.astype(str).tolist(), strict=True))
        told = {**constant, **sides}
    else:
        height, _ = sizes_of_images(plan, test)
        pairs = zip(box.tolist(), height.tolist(), strict=True)
        texts = [_starts_and_lengths(corner, rows) for corner, rows in pairs] if terms.form == "runs" else []
        told = {**constant, "rle": texts or _filled(plan, box)}
    return table_bytes({ID: ids, **{column: told[column] for column in terms.columns}})


def _starts_and_lengths(box: list[int], rows: int) -> str:
    """A box as Kaggle's run lengths: starts from 1 down the columns, each with its length."""
    left, top, wide, high = box
    if high == rows:
        return f"{left * rows + 1} {wide * rows}"
    return " ".join(f"{column * rows + top + 1} {high}" for column in range(left, left + wide))


def _runs_everywhere(plan: Plan, test: Array, code: int) -> bytes:
    """One class everywhere, as run lengths; of two classes the first is what no run covers."""
    terms = plan.terms
    height, width = sizes_of_images(plan, test)
    runs = [f"1 {pixels}" for pixels in (height * width).tolist()]
    ids = plan.id[test].tolist()
    if "class" in terms.columns:
        return table_bytes({ID: ids, "class": [terms.classes[code]] * len(ids), "rle": runs})
    return table_bytes({ID: ids, "rle": runs if code else [""] * len(ids)})


def _zipped(plan: Plan, test: Array, code: int) -> bytes:
    """One class everywhere, as a zip of PNG files; for panoptic segmentation one segment."""
    terms, number = plan.terms, plan.terms.class_ids[code]
    height, width = (side.tolist() for side in sizes_of_images(plan, test))
    panoptic = terms.task == "panoptic_segmentation"
    pictures: dict[tuple[int, int], bytes] = {}
    members: dict[str, bytes] = {}
    listed = []
    for place, name in enumerate(plan.id[test].tolist()):
        size = height[place], width[place]
        if size not in pictures:
            whole = np.full(size, 1 if panoptic else number)
            pictures[size] = png_bytes(whole, segments=True) if panoptic else class_png(whole, most_pixel_value(plan))
        members[f"{name}.png"] = pictures[size]
        segments = [{"id": 1, "category_id": number}]
        listed.append({"image_id": place + 1, "file_name": f"{name}.png", "segments_info": segments})
    if panoptic:
        members[PANOPTIC] = json.dumps({"annotations": listed}, separators=(",", ":")).encode() + b"\n"
    return zip_bytes(dict(sorted(members.items())))


def _volumes(plan: Plan, test: Array, code: int) -> bytes:
    """One class everywhere, as a zip of volumes, each in the place of its image."""
    depth = plan.dataset.items[DEPTH].to_numpy()[test].astype(np.int64)
    height, width = sizes_of_images(plan, test)
    shapes = np.stack([depth, height, width], axis=1).tolist()
    number, deep = plan.terms.class_ids[code], most_pixel_value(plan) > 255
    places = zip(plan.id[test].tolist(), shapes, affines_of_images(plan, test), strict=True)
    members = {name + SUFFIX: label_volume(np.full(shape, number), affine, deep=deep) for name, shape, affine in places}
    return zip_bytes(dict(sorted(members.items())))
