"""Seeded scenes like COCO's: true objects and a detector's output as the two JSON files that every tool reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEIGHT = 640, 480
VERTICES = 20


@dataclass(frozen=True)
class Scenes:
    """Where the two files are, and what is in them.

    Attributes:
        truth: a COCO file of images, categories and annotations.
        detections: a COCO results file.
        images: how many images.
        categories: how many categories.
    """

    truth: Path
    detections: Path
    images: int
    categories: int


def write_scenes(
    folder: Path,
    per_image: int = 36,
    images: int = 5000,
    *,
    categories: int = 80,
    masks: bool = False,
    seed: int = 0,
) -> Scenes:
    """Write ``truth.json`` and ``detections.json``.

    About 7.2 true objects an image, 1 in 100 a crowd, few categories an image and of skewed frequency; three in ten
    stand beside another of their kind, as people and books do. Four in nine detections lie near a true object, the
    others anywhere. With ``masks`` truth has polygons (crowds: run lengths) and detections compressed run lengths.
    """
    random = np.random.default_rng(seed)
    truth = _truth(random, images, categories)
    image, category, box = truth
    crowd = random.random(len(image)) < 0.01
    found_image, found_category, found_box, score = _found(random, truth, images, categories, per_image)
    shapes = _outlines(random, box) if masks else None
    found_shapes = _outlines(random, found_box) if masks else None
    annotations = []
    for k in range(len(image)):
        one: dict[str, Any] = _object(image[k], category[k], box[k])
        one |= {"id": k + 1, "iscrowd": int(crowd[k]), "area": float(box[k, 2] * box[k, 3])}
        if shapes is not None:
            one["segmentation"] = _runs(shapes[k], counts=True) if crowd[k] else [shapes[k].tolist()]
            one["area"] = float(_area(shapes[k]))
        annotations.append(one)
    found = _results(found_image, found_category, found_box, score, found_shapes)
    document = {
        "images": [
            {"id": i + 1, "width": WIDTH, "height": HEIGHT, "file_name": f"{i:012d}.jpg"} for i in range(images)
        ],
        "categories": [{"id": c + 1, "name": f"category {c + 1}"} for c in range(categories)],
        "annotations": annotations,
    }
    scenes = Scenes(folder / "truth.json", folder / "detections.json", images, categories)
    scenes.truth.write_text(json.dumps(document), encoding="utf-8")
    scenes.detections.write_text(json.dumps(found), encoding="utf-8")
    return scenes


def _truth(random: np.random.Generator, images: int, categories: int) -> tuple[Any, Any, Any]:
    """Image, category and box of each true object; an image keeps to about three categories."""
    many = random.geometric(1 / 8.2, images) - 1
    image = np.repeat(np.arange(images), many)
    share = 1 / (1 + np.arange(categories)) ** 0.8
    local = random.choice(categories, size=(images, 3), p=share / share.sum())
    category, box = local[image, random.integers(0, 3, len(image))], _boxes(random, len(image))
    beside = np.flatnonzero((random.random(len(image)) < 0.3) & (np.roll(image, 1) == image))
    beside = beside[beside > 0]
    category[beside] = category[beside - 1]
    size = box[beside - 1, 2:] * np.exp(random.normal(0, 0.15, (len(beside), 2)))
    place = box[beside - 1, :2] + random.normal(0, 0.35, (len(beside), 2)) * size
    size = np.clip(size, 4, (WIDTH - 2, HEIGHT - 2))
    box[beside] = np.round(np.concatenate([np.clip(place, 0, (WIDTH, HEIGHT) - size), size], axis=1), 2)
    return image, category, box


def _boxes(random: np.random.Generator, count: int) -> Any:
    """Boxes inside the image, to a hundredth of a pixel; about 40 % small and 25 % large as in COCO."""
    side = np.exp(random.normal(3.85, 0.95, count))
    shape = np.exp(random.normal(0, 0.35, count))
    width, height = np.clip(side * shape, 4, WIDTH - 2), np.clip(side / shape, 4, HEIGHT - 2)
    x, y = random.random(count) * (WIDTH - width), random.random(count) * (HEIGHT - height)
    return np.round(np.stack([x, y, width, height], axis=1), 2)


def _found(
    random: np.random.Generator, truth: tuple[Any, Any, Any], images: int, categories: int, per_image: int
) -> tuple[Any, Any, Any, Any]:
    """Image, category, box and score of each detection, image after image, best score first."""
    image, category, box = truth
    found = np.repeat(np.arange(images), per_image)
    count = np.bincount(image, minlength=images)
    start = np.cumsum(count) - count
    near = (random.random(len(found)) < 4 / 9) & (count[found] > 0)
    source = np.where(near, start[found] + (random.random(len(found)) * count[found]).astype(int), 0)
    blur = random.exponential(0.12, len(found))
    shift = random.normal(size=(len(found), 4)) * blur[:, None]
    size = box[source][:, 2:]
    moved = np.concatenate([box[source][:, :2] + shift[:, :2] * size, size * np.exp(shift[:, 2:])], axis=1)
    moved[:, 2:] = np.clip(moved[:, 2:], 2, (WIDTH - 2, HEIGHT - 2))
    moved[:, :2] = np.clip(moved[:, :2], 0, (WIDTH, HEIGHT) - moved[:, 2:])
    place = np.where(near[:, None], np.round(moved, 2), _boxes(random, len(found)))
    other = random.integers(0, categories, len(found))
    right = near & (random.random(len(found)) < 0.92)
    label = np.where(right, category[source] if len(category) else 0, other)
    sure = np.where(near, 1.6 - 6 * blur, -1.8) + random.normal(size=len(found))
    score = np.round(1 / (1 + np.exp(-sure)), 7)
    order = np.lexsort(
        (*place.T[::-1], -score, found)
    )  # the few equals by their boxes: tools that go by file order agree
    return found[order], label[order], place[order], score[order]


def _results(image: Any, category: Any, box: Any, score: Any, shapes: Any) -> list[dict[str, Any]]:
    """The rows of a results file: of boxes, or of masks alone."""
    rows = []
    for k in range(len(image)):
        one = _object(image[k], category[k], box[k]) | {"score": float(score[k])}
        if shapes is not None:
            del one["bbox"]
            one["segmentation"] = _runs(shapes[k])
        rows.append(one)
    return rows


def _object(image: Any, category: Any, box: Any) -> dict[str, Any]:
    """What truth and detections have in common."""
    return {"image_id": int(image) + 1, "category_id": int(category) + 1, "bbox": [float(side) for side in box]}


def _outlines(random: np.random.Generator, box: Any) -> Any:
    """A bumpy ellipse in each box, as the flat x, y list of its polygon."""
    turn = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    reach = 1 - 0.3 * random.random((len(box), VERTICES))
    x = box[:, :1] + box[:, 2:3] * (0.5 + 0.5 * reach * np.cos(turn))
    y = box[:, 1:2] + box[:, 3:4] * (0.5 + 0.5 * reach * np.sin(turn))
    return np.round(np.stack([x, y], axis=2).reshape(len(box), 2 * VERTICES), 2)


def _area(outline: Any) -> float:
    """Area of a polygon."""
    x, y = outline[::2], outline[1::2]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _runs(outline: Any, counts: bool = False) -> dict[str, Any]:
    """A polygon as COCO run lengths: compressed, or as a list of counts."""
    from pycocotools import mask

    runs = mask.frPyObjects([outline.tolist()], HEIGHT, WIDTH)[0]
    if not counts:
        return {"size": [HEIGHT, WIDTH], "counts": runs["counts"].decode()}
    flat = np.concatenate([[0], mask.decode(runs).ravel(order="F"), [2]])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    numbers = np.diff(np.concatenate([[0], ends])).tolist()
    return {"size": [HEIGHT, WIDTH], "counts": numbers}
