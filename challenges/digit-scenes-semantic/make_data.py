"""Write scenes of handwritten digits: python make_data.py [OUT], by default into data/ beside this file.

The digits ship with scikit-learn; several of one writer are scaled and laid over each other on textured paper, so every
box and every mask is known exactly. Chance follows from a seed through Python's own generator, whose numbers stay the
same from version to version, and PNG files are made here, uncompressed, so every run writes the same bytes.

One file serves the three challenges on these scenes: annotations.json (boxes and masks), scenes.csv with masks/ (a
class a pixel) and panoptic.json with panoptic/ (a segment a pixel).
"""

from __future__ import annotations

import json
import random
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

SCENES, SIDE, WRITERS = 120, 96, 13
SEED = 20
INK = 5
"""Levels of ink, of 16, from which on a pixel belongs to its digit."""
SEEN = 0.4
"""Share of a digit that later ones must leave visible."""
PAPER = 11
"""The category of what is no digit; digit d has the category d + 1."""
PAPERS = ("plain", "ruled", "grainy")


@dataclass(frozen=True)
class Scene:
    """An image, which digit each pixel belongs to (from 1; 0 paper), what the digits are, and its kind of paper."""

    image: np.ndarray
    owner: np.ndarray
    digits: list[int]
    paper: str


def draw_scene(chance: random.Random, images: np.ndarray, labels: np.ndarray) -> Scene:
    """A scene of digits of one writer; one in twenty holds none."""
    paper = PAPERS[int(chance.random() * len(PAPERS))]
    image = draw_paper(chance, paper)
    owner = np.zeros((SIDE, SIDE), dtype=np.uint8)
    crowded = chance.random() < 0.5
    wanted = 0 if chance.random() < 0.05 else (5 if crowded else 1) + int(chance.random() * 4)
    digits: list[int] = []
    sizes: list[int] = []
    for _ in range(20 * wanted):
        if len(digits) == wanted:
            break
        chosen, scale = int(chance.random() * len(images)), 2 + int(chance.random() * 3)
        ink = np.repeat(np.repeat(images[chosen], scale, axis=0), scale, axis=1).astype(int)
        left, top = (int(chance.random() * (SIDE - 8 * scale + 1)) for _ in "xy")
        place = (slice(top, top + 8 * scale), slice(left, left + 8 * scale))
        after = owner.copy()
        after[place][ink >= INK] = len(digits) + 1
        visible = np.bincount(after.ravel(), minlength=len(digits) + 2)[1:]
        if any(seen < SEEN * size for seen, size in zip(visible, [*sizes, int((ink >= INK).sum())], strict=True)):
            continue
        owner = after
        image[place][ink >= INK] = 100 + 155 * ink[ink >= INK] // 16
        digits.append(int(labels[chosen]))
        sizes.append(int((ink >= INK).sum()))
    return Scene(image, owner, digits, paper)


def draw_paper(chance: random.Random, paper: str) -> np.ndarray:
    """Paper of a kind: a level of grey with noise, lines, or blotches."""
    level = 20 + int(chance.random() * 50)
    noise = np.array([int(chance.random() * 24) for _ in range(SIDE * SIDE)]).reshape(SIDE, SIDE)
    image = level + noise
    if paper == "ruled":
        gap, first = 10 + int(chance.random() * 8), int(chance.random() * 8)
        image[first::gap] += 70
    if paper == "grainy":
        coarse = np.array([int(chance.random() * 70) for _ in range(24 * 24)]).reshape(24, 24)
        image += np.repeat(np.repeat(coarse, 4, axis=0), 4, axis=1)
    return image.astype(np.uint8)


def png_bytes(image: np.ndarray) -> bytes:
    """A PNG of 8 bits, grey of shape (height, width) or colour of shape (height, width, 3), not compressed."""
    height, width = image.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF) + rows
    stored += struct.pack(">I", zlib.adler32(rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if image.ndim == 2 else 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", stored), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def run_lengths(mask: np.ndarray) -> list[int]:
    """COCO's plain run lengths: paper, digit, paper and so on, down the columns."""
    flat = mask.ravel(order="F").astype(int)
    borders = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
    return np.diff([0, *borders, len(flat)]).tolist()


def object_of(scene: Scene, image: int, number: int) -> dict:
    """The annotation of one digit: its visible pixels and the box around them."""
    mask = scene.owner == number
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
    return {
        "image_id": image,
        "category_id": scene.digits[number - 1] + 1,
        "bbox": [int(side) for side in box],
        "area": int(mask.sum()),
        "iscrowd": 0,
        "segmentation": {"size": [SIDE, SIDE], "counts": run_lengths(mask)},
    }


def write_scene(out: Path, name: str, scene: Scene) -> None:
    """The image, its classes and its segments as PNG."""
    classes = np.array([0, *(digit + 1 for digit in scene.digits)], dtype=np.uint8)[scene.owner]
    segments = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    segments[..., 0] = scene.owner + 1
    for folder, image in (("images", scene.image), ("masks", classes), ("panoptic", segments)):
        (out / folder / name).write_bytes(png_bytes(image))


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data"
    for folder in ("images", "masks", "panoptic"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    digits, chance = load_digits(), random.Random(SEED)  # noqa: S311  (chance that must be repeatable, not secret)
    images: list[dict] = []
    objects: list[dict] = []
    segments: list[dict] = []
    lines = ["id,file,mask,block,paper,crowding"]
    for number in range(SCENES):
        block = number * WRITERS // SCENES
        first, last = (len(digits.images) * edge // WRITERS for edge in (block, block + 1))
        scene = draw_scene(chance, digits.images[first:last], digits.target[first:last])
        name, crowding = f"{number:03d}.png", "crowded" if len(scene.digits) > 4 else "sparse"
        write_scene(out, name, scene)
        told = {"block": f"{block:02d}", "paper": scene.paper, "crowding": crowding}
        images.append({"id": number + 1, "file_name": name, "width": SIDE, "height": SIDE, **told})
        found = [object_of(scene, number + 1, place + 1) for place in range(len(scene.digits))]
        objects += [{"id": len(objects) + place + 1, **one} for place, one in enumerate(found)]
        listed = [{"id": place + 2, "category_id": one["category_id"], "iscrowd": 0} for place, one in enumerate(found)]
        listed.append({"id": 1, "category_id": PAPER, "iscrowd": 0})
        segments.append({"image_id": number + 1, "file_name": name, "segments_info": listed})
        lines.append(f"{number:03d},{name},{name},{block:02d},{scene.paper},{crowding}")
    things = [{"id": digit + 1, "name": str(digit), "supercategory": "digit"} for digit in range(10)]
    kinds = [*({**thing, "isthing": 1} for thing in things), {"id": PAPER, "name": "paper", "isthing": 0}]
    for file, content in (
        ("annotations.json", {"images": images, "categories": things, "annotations": objects}),
        ("panoptic.json", {"images": images, "categories": kinds, "annotations": segments}),
    ):
        (out / file).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n")
    (out / "scenes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(out)


if __name__ == "__main__":
    main()
