"""A first submission for the painted digits: python baseline.py PUBLIC_DIR -o submission.zip.

What is brighter than the paper and holds together is one digit; a support vector machine tells which, from training
spots and the class that most of their pixels have. Digits that touch become one colour: there is much to gain.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import zipfile
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
    """Grey levels, or values of classes, shape (height, width)."""
    with Image.open(path) as image:
        return np.asarray(image)


def find_spots(image: np.ndarray) -> list[np.ndarray]:
    """A mask of each bright spot that is large enough."""
    spot, count = ndimage.label(image >= BRIGHT, structure=np.ones((3, 3)))
    masks = (spot == number for number in range(1, count + 1))
    return [mask for mask in masks if mask.sum() >= FEWEST]


def look_of(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What is around a spot, scaled to 8 × 8 pixels, and its shape."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    around = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = Image.fromarray(around).resize((8, 8), Image.Resampling.BOX)
    return np.append(np.asarray(small).ravel() / 255, around.shape[1] / around.shape[0])


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def learn(public: Path, paper: int) -> SVC:
    """A model of the spots in the training images."""
    looks, classes = [], []
    for row in rows_of(public / "train.csv"):
        image, truth = read_image(public / row["file"]), read_image(public / "train_masks" / f"{row['id']}.png")
        for mask in find_spots(image):
            counts = np.bincount(truth[mask])
            counts[paper] = 0
            if counts.any():
                looks.append(look_of(image, mask))
                classes.append(int(np.argmax(counts)))
    spots, found = np.array(looks), np.array(classes)
    # The order of images must not matter, so spots are sorted by their looks.
    order = np.lexsort((found, *spots.T))
    return SVC(C=10).fit(spots[order], found[order])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("public", type=Path, help="the bundle's public folder")
    parser.add_argument("-o", "--out", type=Path, default=Path("submission.zip"))
    options = parser.parse_args()

    terms = json.loads((options.public / "challenge.json").read_text(encoding="utf-8"))
    paper = terms["class_ids"][terms["classes"].index("paper")]
    model = learn(options.public, paper)
    with zipfile.ZipFile(options.out, "w") as archive:
        for row in rows_of(options.public / "test.csv"):
            image = read_image(options.public / row["file"])
            painted = np.full(image.shape, paper, dtype=np.uint8)
            for mask in find_spots(image):
                painted[mask] = model.predict([look_of(image, mask)])[0]
            picture = io.BytesIO()
            Image.fromarray(painted).save(picture, "PNG")
            archive.writestr(f"{row['id']}.png", picture.getvalue())


if __name__ == "__main__":
    main()
