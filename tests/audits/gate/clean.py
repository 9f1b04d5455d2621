"""Clean bundles: tables, small pictures, photographs and scenes with objects, built by the project's own build."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.challenge import load_challenge

CLASSES = ("alba", "nigra")
KINDS = ("table", "grouped", "pictures", "photographs", "scenes")


def clean_bundle(kind: str, folder: Path, *, seed: int = 0, items: int = 1000) -> Path:
    """Build a bundle in which nothing tells the labels but what is meant to.

    Args:
        kind: one of ``KINDS``.
        folder: where to make the challenge and, below, ``bundle``.
        seed: of the data and of the split.
        items: how many.
    """
    chance = np.random.default_rng([seed, KINDS.index(kind)])
    source = folder / "challenge"
    source.mkdir(parents=True)
    makers = {"table": _table, "grouped": _table, "pictures": _pictures, "photographs": _pictures, "scenes": _scenes}
    blocks = makers[kind](source, chance, items, kind)
    content = {
        "name": f"clean-{kind}",
        "title": "Clean",
        "version": "1.0",
        "license": "CC0-1.0",
        "task": "classification",
        "split": {"test": 0.5, "public": 0.5, "seed": f"{seed:04}-5b1f0c2e9a7b4438"},
        "score": {"metric": "accuracy", "draws": 0},
    } | blocks
    (source / "challenge.yaml").write_text(json.dumps(content))
    write_bundle(plan_build(load_challenge(source)), folder / "bundle", workers=1)
    return folder / "bundle"


def texture(chance: np.random.Generator, high: int, wide: int, grain: int) -> np.ndarray:
    """A grey picture of soft spots that shows nothing of any label, uint8."""
    soft = chance.normal(size=(high // grain + 2, wide // grain + 2))
    scaled = Image.fromarray(((soft - soft.min()) / np.ptp(soft) * 255).astype(np.uint8))
    picture = np.asarray(scaled.resize((wide, high), Image.Resampling.BICUBIC), dtype=np.float64)
    picture = 60 + picture * 0.5 + chance.normal(0, 3, (high, wide))
    return np.clip(picture, 0, 255).astype(np.uint8)


def write_table(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """A CSV of columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _table(source: Path, chance: np.random.Generator, items: int, kind: str) -> dict[str, Any]:
    label = chance.integers(0, 2, items)
    patient = chance.integers(0, items // 4, items)
    columns = {
        "name": [f"specimen-{number:05}" for number in range(items)],
        "species": [CLASSES[code] for code in label],
        "length": [f"{value:.2f}" for value in chance.normal(50, 9, items) + 5 * label],
        "depth": [f"{value:.3f}" for value in chance.normal(5, 1, items)],
        "mass": [f"{value:.1f}" for value in chance.gamma(9, 90, items) * (1 + 0.1 * label)],
        "girth": [f"{value:.2f}" for value in chance.normal(30, 4, items)],
        "colour": chance.choice(["red", "grey", "blue"], items).tolist(),
        "patient": [f"p{number:04}" for number in patient],
        "site": chance.choice(["north", "south"], items).tolist(),
    }
    write_table(source / "table.csv", columns)
    data: dict[str, Any] = {"path": "table.csv", "id": "name", "label": "species"}
    data["features"] = ["length", "depth", "mass", "girth", "colour"]
    if kind == "grouped":
        data |= {"group": "patient", "subgroups": ["site"]}
    return {"data": data}


def _pictures(source: Path, chance: np.random.Generator, items: int, kind: str) -> dict[str, Any]:
    label = chance.integers(0, 2, items)
    (source / "images").mkdir()
    high, wide, grain = (40, 48, 8) if kind == "pictures" else (128, 160, 9)
    for number in range(items):
        picture = texture(chance, high, wide, grain)
        Image.fromarray(picture).save(source / "images" / f"specimen-{number:05}.png", compress_level=1)
    names = [f"specimen-{number:05}" for number in range(items)]
    species = [CLASSES[code] for code in label]
    files = [f"images/{name}.png" for name in names]
    write_table(source / "table.csv", {"name": names, "file": files, "species": species})
    return {"data": {"path": "table.csv", "id": "name", "label": "species", "file": "file"}}


def _scenes(source: Path, chance: np.random.Generator, items: int, _: str) -> dict[str, Any]:
    (source / "images").mkdir()
    images, objects = [], []
    for number in range(items):
        picture = texture(chance, 40, 48, 8)
        name = f"specimen-{number:05}.png"
        for _ in range(int(chance.integers(0, 5))):
            left, top, side = int(chance.integers(4, 30)), int(chance.integers(4, 24)), int(chance.integers(5, 10))
            box = [left, top, side, side]
            kind = int(chance.choice(3, p=[0.2, 0.5, 0.3])) + 1
            entry = {"id": len(objects) + 1, "image_id": number + 1, "category_id": kind, "bbox": box, "iscrowd": 0}
            objects.append({**entry, "area": side * side})
        Image.fromarray(picture).save(source / "images" / name, compress_level=1)
        images.append({"id": number + 1, "file_name": name, "width": 48, "height": 40})
    categories = [{"id": place + 1, "name": name} for place, name in enumerate(("fish", "crab", "eel"))]
    content = {"images": images, "annotations": objects, "categories": categories}
    (source / "annotations.json").write_text(json.dumps(content))
    data = {"reader": "coco", "path": "annotations.json", "images": "images"}
    return {"task": "detection", "data": data, "score": {"metric": "box_ap", "draws": 0}}
