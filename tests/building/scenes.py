"""Images with squares in them, annotated in every form, and a challenge on them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

N, WIDE, HIGH = 30, 36, 28
SEED = "0f1e2d3c4b5a6978"
METRICS = {
    "detection": "box_ap", "instance_segmentation": "mask_ap", "keypoints": "keypoint_ap",
    "semantic_segmentation": "miou", "panoptic_segmentation": "panoptic_quality",
}  # fmt: skip
FORMS = [
    ("detection", "coco"), ("detection", "rows"), ("detection", "strings"), ("instance_segmentation", "coco"),
    ("instance_segmentation", "runs"), ("instance_segmentation", "coco_runs"), ("keypoints", "coco"),
    ("semantic_segmentation", "png"), ("semantic_segmentation", "runs"), ("panoptic_segmentation", "png"),
]  # fmt: skip
NAMES = ("fish", "crab", "eel")
Make = Callable[..., Path]


def write_scenes(tmp_path: Path, task: str, more: str = "", **submission: Any) -> Path:
    """Write images with up to three squares each, their annotations in every form, and a challenge."""
    root = tmp_path / "challenge"
    for folder in ("images", "panoptic", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(5)
    images, objects, segments = [], [], []
    for number in range(N):
        name = f"canary-{number:02}"
        owner = np.zeros((HIGH, WIDE), dtype=np.uint8)
        squares = [square(chance) for _ in range(number % 4)]
        for place, (left, top, side, _) in enumerate(squares, 1):
            owner[top : top + side, left : left + side] = place
        write_images(root, name, owner, [kind for *_, kind in squares])
        images.append({"id": 100 + number, "file_name": f"{name}.png", "width": WIDE, "height": HIGH,
                       "site": f"s{number % 5}", "annotator": "canary-person"})  # fmt: skip
        objects += [annotation(100 + number, one, len(objects) + k) for k, one in enumerate(squares)]
        seen = [place for place in range(1, len(squares) + 1) if (owner == place).any()]
        listed = [{"id": place + 1, "category_id": 3 * squares[place - 1][3] + 1} for place in seen]
        if (owner == 0).any():
            listed.append({"id": 1, "category_id": 90})
        segments.append({"image_id": 100 + number, "file_name": f"{name}.png", "segments_info": listed})
    write_annotations(root, images, objects, segments)
    (root / "challenge.yaml").write_text(challenge_text(task, more, submission))
    return root


def square(chance: np.random.Generator) -> tuple[int, int, int, int]:
    """Left, top, side and kind of a square."""
    side = int(chance.integers(4, 12))
    return int(chance.integers(0, WIDE - side)), int(chance.integers(0, HIGH - side)), side, int(chance.integers(0, 3))


def annotation(image: int, one: tuple[int, int, int, int], number: int) -> dict[str, Any]:
    """A square as COCO has it."""
    left, top, side, kind = one
    ring = [left, top, left + side, top, left + side, top + side, left, top + side]
    return {
        "id": number, "image_id": image, "category_id": 3 * kind + 1, "bbox": [left, top, side, side],
        "area": side * side - 0.5, "iscrowd": int(number % 9 == 8), "segmentation": [ring],
        "keypoints": [left, top, 2, left + side, top + side, number % 3],
    }  # fmt: skip


def write_images(root: Path, name: str, owner: np.ndarray, kinds: list[int]) -> None:
    """An image, its panoptic PNG and its label image."""
    Image.fromarray(owner * 60 + len(name)).save(root / "images" / f"{name}.png")
    Image.fromarray(np.stack([owner + 1, owner * 0, owner * 0], axis=-1)).save(root / "panoptic" / f"{name}.png")
    values = np.array([0, *(kind + 5 for kind in kinds)], dtype=np.uint8)[owner]
    values[0, 0] = 255
    Image.fromarray(values).save(root / "labels" / f"{name}.png")


def write_annotations(root: Path, images: list[Any], objects: list[Any], segments: list[Any]) -> None:
    categories: list[dict[str, Any]] = [
        {"id": 3 * kind + 1, "name": name, "keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}
        for kind, name in enumerate(NAMES)
    ]
    coco = {"images": images, "categories": categories, "annotations": objects}
    (root / "coco.json").write_text(json.dumps(coco))
    kinds = [*categories, {"id": 90, "name": "water", "isthing": 0}]
    (root / "panoptic.json").write_text(json.dumps(coco | {"categories": kinds, "annotations": segments}))
    rows = [[Path(one["file_name"]).stem, one["file_name"], one["file_name"], one["site"]] for one in images]
    with (root / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["name", "file", "mask", "site"], *rows])


def challenge_text(task: str, more: str, submission: dict[str, Any]) -> str:
    data = "reader: coco\n  path: coco.json\n  images: images"
    if task == "panoptic_segmentation":
        data = data.replace("coco.json", "panoptic.json")
    if task == "semantic_segmentation":
        data = (
            "path: table.csv\n  images: images\n  masks: labels\n  id: name\n  file: file\n  mask: mask\n"
            "  values: {water: 0, fish: 5, crab: 6, eel: 7}\n  ignore: 255\n  features: [site]"
        )
    if task == "keypoints":
        data += "\n  sigmas: [0.05, 0.1]"
    return (
        f"name: reef\ntitle: Reef\ntask: {task}\ndata:\n  {data}\n{more}"
        f"split: {{test: 0.4, public: 0.5, seed: {SEED}}}\nscore: {{metric: {METRICS[task]}}}\n"
        f"submission: {json.dumps(submission)}\n"
    )
