"""Images where not every class was looked for in each, as LVIS and Open Images tell it, and challenges on them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WIDE, HIGH, KINDS = 64, 48, 6
FREQUENCY = "rcfcfr"
CODES = ("/m/01a", "/m/02b", "/m/03c", "/m/04d", "/m/05e", "/m/06f")
NAMES = ("Person", "Man", "Woman", "Vehicle", "Car", "Taxi")
TREE = {
    "LabelName": "/m/0root",
    "Subcategory": [
        {"LabelName": "/m/01a", "Subcategory": [{"LabelName": "/m/02b"}, {"LabelName": "/m/03c"}]},
        {
            "LabelName": "/m/04d",
            "Subcategory": [
                {"LabelName": "/m/05e", "Subcategory": [{"LabelName": "/m/06f"}], "Part": [{"LabelName": "/m/0p"}]}
            ],
        },
    ],
}
PARENTS = {2: 1, 3: 1, 5: 4, 6: 5}
"""Numbers of classes and of what contains each, as the tree has it."""
SEED = "0f1e2d3c4b5a6978"


def write_lvis(folder: Path, metric: str, task: str = "detection", also: str = "", images: int = 30) -> Path:
    """A file as LVIS 1.0 writes it, its images in the folder that their addresses tell, and a challenge."""
    chance = np.random.default_rng(3)
    (folder / "images" / "val2017").mkdir(parents=True)
    entries: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for number in range(images):
        name = f"{number:012}.png"
        pixels = chance.integers(0, 255, (HIGH, WIDE), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / "val2017" / name)
        there = set()
        for _ in range(int(chance.integers(0, 5))):
            wide, high = map(int, chance.integers(5, 30, 2))
            left, top = int(chance.integers(0, WIDE - wide)), int(chance.integers(0, HIGH - high))
            there.add(int(chance.integers(1, KINDS + 1)))
            ring = [left, top, left + wide, top, left + wide, top + high, left, top + high]
            objects.append({
                "id": len(objects) + 1, "image_id": 1000 + number, "category_id": max(there), "segmentation": [ring],
                "bbox": [left, top, wide, high], "area": wide * high,
            })  # fmt: skip
        there = {one["category_id"] for one in objects if one["image_id"] == 1000 + number}
        rest = [code for code in range(1, KINDS + 1) if code not in there]
        entries.append({
            "id": 1000 + number, "coco_url": f"http://images.example.org/val2017/{name}", "width": WIDE, "height": HIGH,
            "neg_category_ids": sorted(map(int, chance.choice(rest, min(2, len(rest)), replace=False))),
            "not_exhaustive_category_ids": sorted(there)[:1] if number % 3 == 0 else [], "license": 1,
        })  # fmt: skip
    categories = [
        {"id": code, "name": f"kind {code}", "synset": f"kind.n.0{code}", "frequency": FREQUENCY[code - 1]}
        for code in range(1, KINDS + 1)
    ]
    content = {"images": entries, "annotations": objects, "categories": categories}
    (folder / "lvis.json").write_text(json.dumps(content))
    return write_challenge(folder, f"reader: coco, path: lvis.json, images: images, {also}", metric, task)


def write_open_images(folder: Path, metric: str, images: int = 30) -> Path:
    """A release as Open Images writes it, and a challenge."""
    chance = np.random.default_rng(5)
    for name in ("images", "annotations"):
        (folder / "release" / name).mkdir(parents=True)
    boxes: list[list[Any]] = []
    labels: list[list[Any]] = []
    for number in range(images):
        image = f"{number:016x}"
        size = (int(chance.integers(40, 80)), int(chance.integers(40, 80)))
        pixels = chance.integers(0, 255, size, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "release" / "images" / f"{image}.png")
        there = set()
        for _ in range(int(chance.integers(0, 5))):
            (left, top), (wide, high) = chance.random(2) * 0.6, chance.random(2) * 0.3 + 0.1
            code = CODES[int(chance.integers(0, KINDS))]
            there.add(code)
            sides = [f"{side:.6f}" for side in (left, left + wide, top, top + high)]
            boxes.append([image, "xclick", code, 1, *sides, 0, 0, int(chance.random() < 0.2), 0, 0])
        for code in CODES:
            if code in there:
                labels.append([image, "verification", code, 1])
            elif chance.random() < 0.4:
                labels.append([image, "verification", code, int(chance.random() < 0.3)])
    flags = ["IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"]
    shared = ["ImageID", "Source", "LabelName", "Confidence"]
    tables = folder / "release" / "annotations"
    write_rows(tables / "validation-annotations-bbox.csv", [*shared, "XMin", "XMax", "YMin", "YMax", *flags], boxes)
    write_rows(tables / "validation-annotations-human-imagelabels-boxable.csv", shared, labels)
    write_rows(tables / "class-descriptions-boxable.csv", [], list(zip(CODES, NAMES, strict=True)))
    (tables / "bbox_labels_600_hierarchy.json").write_text(json.dumps(TREE))
    return write_challenge(folder, "reader: open_images, path: release", metric, "detection")


def write_rows(path: Path, header: list[str], rows: list[Any]) -> None:
    """A table, without header where that is empty."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([*([header] if header else []), *rows])


def write_challenge(folder: Path, data: str, metric: str, task: str) -> Path:
    """A challenge on data beside it; ``metric`` may name several, the first ranks."""
    first, *others = metric.split()
    (folder / "challenge.yaml").write_text(
        f"name: reef\ntitle: Reef\ntask: {task}\ndata: {{{data}}}\nsplit: {{test: 0.5, public: 0.4, seed: {SEED}}}\n"
        f"score: {{metric: {json.dumps(first)}, also: {json.dumps(others)}, draws: 20}}\n"
    )
    return folder


def near_misses(truth: dict[str, Any], seed: int, noise: int = 6) -> list[dict[str, Any]]:
    """Predicted boxes about the true ones of a COCO file, and others anywhere."""
    chance = np.random.default_rng(seed)
    results = []
    for one in truth["annotations"]:
        for _ in range(int(chance.integers(0, 4))):
            left, top, wide, high = np.array(one["bbox"]) + chance.normal(size=4) * 2
            results.append([one["image_id"], one["category_id"], left, top, abs(wide) + 1, abs(high) + 1])
    for image in truth["images"]:
        for _ in range(noise):
            (left, top), (wide, high) = chance.random(2) * 25, chance.random(2) * 20 + 4
            results.append([image["id"], int(chance.integers(1, KINDS + 1)), left, top, wide, high])
    scores = (chance.permutation(len(results)) + 1) / len(results)
    return [
        {"image_id": int(image), "category_id": int(code), "bbox": list(map(float, box)), "score": float(score)}
        for (image, code, *box), score in zip(results, scores, strict=True)
    ]
