"""A first submission for the scenes of digits: python baseline.py PUBLIC_DIR -o submission.json.

What is brighter than the paper and holds together is one digit; a support vector machine tells which. Digits that touch
are one to it, and ruled lines join what lies far apart: there is much to gain.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from sklearn.svm import SVC

BRIGHT = 140
"""Grey from which on a pixel counts as ink."""
FEWEST = 20
"""Pixels of the smallest digit."""


def read_image(path: Path) -> np.ndarray:
    """Grey levels, shape (height, width)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def find_boxes(image: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of each bright spot."""
    spot, _ = ndimage.label(image >= BRIGHT, structure=np.ones((3, 3)))
    size = np.bincount(spot.ravel())
    found = enumerate(ndimage.find_objects(spot), 1)
    return [
        (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        for number, (rows, columns) in found
        if size[number] >= FEWEST
    ]


def look_of(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """What is inside a box, scaled to 8 × 8 pixels, and its shape."""
    left, top, width, height = map(round, box)
    inside = Image.fromarray(image[top : top + height, left : left + width]).resize((8, 8), Image.Resampling.BOX)
    return np.append(np.asarray(inside).ravel() / 255, width / height)


def learn(public: Path) -> SVC:
    """A model of the digits in the training images' boxes."""
    coco = json.loads((public / "train.json").read_text(encoding="utf-8"))
    images = {image["id"]: read_image(public / image["file_name"]) for image in coco["images"]}
    looks = np.array([look_of(images[one["image_id"]], one["bbox"]) for one in coco["annotations"]])
    category = np.array([one["category_id"] for one in coco["annotations"]])
    # The order of objects must not matter, so they are sorted by their looks.
    order = np.lexsort((category, *looks.T))
    return SVC(C=10).fit(looks[order], category[order])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("public", type=Path, help="the bundle's public folder")
    parser.add_argument("-o", "--out", type=Path, default=Path("submission.json"))
    options = parser.parse_args()

    model = learn(options.public)
    results = []
    for entry in json.loads((options.public / "test.json").read_text(encoding="utf-8"))["images"]:
        image = read_image(options.public / entry["file_name"])
        boxes = find_boxes(image)
        if not boxes:
            continue
        votes = model.decision_function(np.array([look_of(image, box) for box in boxes]))
        for box, vote in zip(boxes, votes, strict=True):
            best = int(np.argmax(vote))
            sure = float(1 / (1 + np.exp(np.sort(vote)[-2] - vote[best])))
            category = int(model.classes_[best])
            results.append({"image_id": entry["id"], "category_id": category, "bbox": list(box), "score": sure})
    options.out.write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
