"""A first submission for the digits taken apart: python baseline.py PUBLIC_DIR -o submission.zip.

What is brighter than the paper and holds together is one digit; a support vector machine tells which. Digits that touch
are one to it: there is much to gain.
"""

from __future__ import annotations

import argparse
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
    """Grey levels, shape (height, width), or colours, shape (height, width, 3)."""
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


def segments_of(public: Path, name: str) -> np.ndarray:
    """The number of each pixel's segment, shape (height, width)."""
    red, green, blue = np.moveaxis(read_image(public / "train_masks" / name).astype(int), -1, 0)
    return red + 256 * green + 65536 * blue


def learn(public: Path, coco: dict, things: list[int]) -> SVC:
    """A model of the digits of the training images, each with its own pixels as its spot."""
    file = {image["id"]: image["file_name"] for image in coco["images"]}
    looks, categories = [], []
    for entry in coco["annotations"]:
        image = read_image(public / file[entry["image_id"]])
        segments = segments_of(public, entry["file_name"])
        for segment in entry["segments_info"]:
            if segment["category_id"] in things:
                looks.append(look_of(image, segments == segment["id"]))
                categories.append(segment["category_id"])
    digits, found = np.array(looks), np.array(categories)
    # The order of images must not matter, so digits are sorted by their looks.
    order = np.lexsort((found, *digits.T))
    return SVC(C=10).fit(digits[order], found[order])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("public", type=Path, help="the bundle's public folder")
    parser.add_argument("-o", "--out", type=Path, default=Path("submission.zip"))
    options = parser.parse_args()

    coco = json.loads((options.public / "train_panoptic.json").read_text(encoding="utf-8"))
    things = [category["id"] for category in coco["categories"] if category["isthing"]]
    (paper,) = (category["id"] for category in coco["categories"] if not category["isthing"])
    model = learn(options.public, coco, things)
    annotations = []
    with zipfile.ZipFile(options.out, "w") as archive:
        for entry in json.loads((options.public / "test.json").read_text(encoding="utf-8"))["images"]:
            image = read_image(options.public / entry["file_name"])
            pixels = np.zeros((*image.shape, 3), dtype=np.uint8)
            pixels[..., 0] = 1
            segments = [{"id": 1, "category_id": paper}]
            for number, mask in enumerate(find_spots(image), 2):
                pixels[mask, 0] = number
                segments.append({"id": number, "category_id": int(model.predict([look_of(image, mask)])[0])})
            picture, name = io.BytesIO(), f"{Path(entry['file_name']).stem}.png"
            Image.fromarray(pixels).save(picture, "PNG")
            archive.writestr(name, picture.getvalue())
            annotations.append({"image_id": entry["id"], "file_name": name, "segments_info": segments})
        archive.writestr("panoptic.json", json.dumps({"annotations": annotations}))


if __name__ == "__main__":
    main()
