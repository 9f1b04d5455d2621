"""How many overlapping views are found, and how many scenes that share one thing are taken for views of one scene.

Run ``COMPETE_REAL_DATA=FOLDER python benchmarks/reliability/views.py [--pictures 120] [--seeds 12]``. Of each picture
of four real sets (blood cells, X-rays, nuclei, photographs) two crops are cut that overlap by a share within a band,
saved as JPEG of two qualities, and all of a band are searched together as a build does. Told is the share of crops of
one picture that are linked, and which links there are between crops of pictures that are not linked themselves; look
at these, they are false or were missed. Before them come scenes of handwritten digits from several seeds: they share
digits, but none shows what another shows, so every link is false. Without real data only these are searched.
"""

from __future__ import annotations

import argparse
import os
import random
import runpy
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from compete.audits.duplicates import components, find_duplicates
from compete.audits.looks import looks_of

ROOT = Path(__file__).resolve().parents[2]
SETS = {"bccd": "blood cells", "covid_cxr/images": "X-rays", "dsb2018": "nuclei", "coco_tiny": "photographs"}
BANDS = ((0.15, 0.2), (0.2, 0.3), (0.3, 0.5), (0.5, 0.9))
SIDE = 0.52
"""The sides of a crop, as a share of the picture's."""
QUALITIES = (90, 80)

Links = list[tuple[int, int]]


def links_of(paths: list[str]) -> Links:
    """Which of these files the search for copies links, as pairs of rows."""
    return [link[:2] for link in find_duplicates(paths, looks_of(paths, workers=1), workers=1).links]


def pictures_of(folder: Path, most: int) -> list[str]:
    """The pictures of a set, without masks."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    return [str(path) for path in found if "mask" not in f"{path.parent.name} {path.name}".lower()][:most]


def views_of(picture: Image.Image, band: tuple[float, float], chance: np.random.Generator) -> list[Image.Image]:
    """Two crops of a picture that overlap by a share within a band."""
    share, (wide, high) = chance.uniform(*band), (int(side * SIDE) for side in picture.size)
    while True:
        across = chance.uniform(share, 1)
        right, down = round((1 - across) * wide), round((1 - share / across) * high)
        if right <= picture.width - wide and down <= picture.height - high:
            break
    left, top = chance.integers(0, (picture.width - wide - right + 1, picture.height - high - down + 1)).tolist()
    lefts = (left, left + right) if chance.random() < 0.5 else (left + right, left)
    return [picture.crop((x, y, x + wide, y + high)) for x, y in zip(lefts, (top, top + down), strict=True)]


def report_band(pictures: dict[str, list[str]], scene: dict[str, int], band: tuple[float, float], out: Path) -> None:
    """Cut views of all pictures, search them, and print one row of the table."""
    chance = np.random.default_rng(1)
    paths: list[str] = []
    sources: list[str] = []
    for path in (path for some in pictures.values() for path in some):
        views = views_of(Image.open(path).convert("RGB"), band, chance)
        for view, quality in zip(views, QUALITIES, strict=True):
            paths.append(str(out / f"{band[0]}-{len(paths):05}.jpg"))
            sources.append(path)
            view.save(paths[-1], quality=quality)
    links = [(sources[one], sources[other]) for one, other in links_of(paths)]
    found = {one for one, other in links if one == other}
    others = [(Path(one).name, Path(other).name) for one, other in links if scene[one] != scene[other]]
    shares = [f"{np.mean([path in found for path in some]):.1%} of {len(some)}" for some in pictures.values()]
    name = f"{band[0]:.0%} to {band[1]:.0%}"
    print(f"| {name} | {' | '.join(shares)} | {len(found) / len(scene):.1%} | {len(others)} |", *others, flush=True)


def report_views(data: Path, most: int, out: Path) -> None:
    """Views of the pictures of real sets, a row for each band of overlaps."""
    pictures = {name: pictures_of(data / name, most) for name in SETS}
    paths = [path for some in pictures.values() for path in some]
    scene = dict(zip(paths, components(len(paths), links_of(paths)).tolist(), strict=True))
    print(f"| overlap | {' | '.join(SETS.values())} | all | others |\n|---|---|---|---|---|---|---|")
    for band in BANDS:
        report_band(pictures, scene, band, out)


def report_digits(seeds: int, out: Path) -> None:
    """Scenes that share digits and nothing else."""
    drawing = SimpleNamespace(**runpy.run_path(str(ROOT / "challenges" / "digit-scenes" / "make_data.py")))
    digits = load_digits()
    paths: list[str] = []
    for seed in range(drawing.SEED, drawing.SEED + seeds):
        chance = random.Random(seed)
        for number in range(drawing.SCENES):
            block = number * drawing.WRITERS // drawing.SCENES
            first, last = (len(digits.images) * edge // drawing.WRITERS for edge in (block, block + 1))
            scene = drawing.draw_scene(chance, digits.images[first:last], digits.target[first:last])
            paths.append(str(out / f"{seed}-{number:03}.png"))
            Path(paths[-1]).write_bytes(drawing.png_bytes(scene.image))
    print(f"{len(paths):,} scenes of digits: {len(links_of(paths))} false links")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=120, help="of each set, at most")
    parser.add_argument("--seeds", type=int, default=12, help="of digit scenes, 120 each")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        report_digits(given.seeds, Path(out))
        if data := os.environ.get("COMPETE_REAL_DATA"):
            report_views(Path(data), given.pictures, Path(out))
        else:
            print("COMPETE_REAL_DATA is not set: no views are cut")


if __name__ == "__main__":
    main()
