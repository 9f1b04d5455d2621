"""Panoptic quality from COCO's panoptic JSON and PNG files: compete against panopticapi and hotcoco, whole processes.

Each side starts Python, reads both JSON files and all PNG files, matches the segments and prints PQ, SQ and RQ; sides
alternate, medians of wall and CPU time. panopticapi is not on PyPI: name a checkout of cocodataset/panopticapi, else a
plain reading of its algorithm in numpy and Pillow stands in for it, one process, and the table says so. Usage::

    python benchmarks/bench_panoptic.py [--images 200] [--repeats 5] [--panopticapi CHECKOUT]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import Contest, compare

HEIGHT, WIDTH, CATEGORIES = 480, 640, 133
SIDES = ("ours", "hotcoco", "panopticapi", "plain")


def scene(random: np.random.Generator) -> np.ndarray[Any, Any]:
    """Ids of 31 segments: six regions of stuff with rough borders, and wavy things in front of them."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    colour = random.integers(1, 1 << 24, 31)
    centre = random.random((6, 2)) * [HEIGHT, WIDTH]
    distance = (y[..., None] - centre[:, 0]) ** 2 + (x[..., None] - centre[:, 1]) ** 2
    ids = colour[np.argmin(distance + random.normal(0, 40, (HEIGHT, WIDTH, 1)), axis=-1)]
    for one in colour[6:]:
        cy, cx = random.random(2) * [HEIGHT, WIDTH]
        ry, rx = random.integers(8, 90, 2)
        angle = np.arctan2(y - cy, x - cx)
        radius = 1 + 0.25 * np.sin(angle * random.integers(2, 9) + random.random() * 6)
        ids[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < radius**2] = one
    return ids


def save(ids: np.ndarray[Any, Any], path: Path) -> None:
    from PIL import Image

    rgb = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1).astype(np.uint8)
    Image.fromarray(rgb).save(path)


def write_scenes(folder: Path, images: int) -> None:
    """Truth with void and crowds; a prediction that is moved, relabelled and partly left out."""
    random = np.random.default_rng(5)
    truth, prediction = [], []
    for side in ("truth", "prediction"):
        (folder / side).mkdir()
    for image in range(images):
        ids = scene(random)
        present = [int(one) for one in np.unique(ids)]
        category = {one: int(random.integers(1, CATEGORIES + 1)) for one in present}
        shown = np.roll(ids, random.integers(-3, 4, 2).tolist(), (0, 1)).copy()
        for one in present:
            if random.random() < 0.1:
                shown[shown == one] = 0
        ids[ids == present[int(random.integers(len(present)))]] = 0
        name = f"{image:06}.png"
        save(ids, folder / "truth" / name)
        save(shown, folder / "prediction" / name)
        area = {int(one): int(count) for one, count in zip(*np.unique(ids, return_counts=True), strict=True)}
        info = [
            {"id": one, "category_id": category[one], "iscrowd": int(random.random() < 0.03), "area": size}
            for one, size in area.items()
            if one
        ]
        given = [
            {"id": one, "category_id": category[one] if random.random() < 0.85 else int(random.integers(1, CATEGORIES))}
            for one in np.unique(shown).tolist()
            if one
        ]
        truth.append({"image_id": image, "file_name": name, "segments_info": info})
        prediction.append({"image_id": image, "file_name": name, "segments_info": given})
    categories = [{"id": k, "name": str(k), "isthing": int(k <= 80)} for k in range(1, CATEGORIES + 1)]
    sizes = [{"id": k, "file_name": f"{k:06}.jpg", "height": HEIGHT, "width": WIDTH} for k in range(images)]
    whole = {"images": sizes, "annotations": truth, "categories": categories}
    (folder / "truth.json").write_text(json.dumps(whole))
    (folder / "prediction.json").write_text(json.dumps({"annotations": prediction}))


def ours(folder: Path) -> list[float]:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from compete.scoring.pictures import PictureContent, read_pictures
    from metrics.panoptic import Segments, matched_segments, panoptic_quality, recognition_quality, segmentation_quality

    told = json.loads((folder / "truth.json").read_bytes())
    numbers = [one["id"] for one in told["categories"]]
    things = [bool(one["isthing"]) for one in told["categories"]]
    size = {one["id"]: (one["height"], one["width"]) for one in told["images"]}
    sides = []
    for side, content in (("truth", told), ("prediction", json.loads((folder / "prediction.json").read_bytes()))):
        each = sorted(content["annotations"], key=lambda one: one["image_id"])
        files = [(one["file_name"], folder / side / one["file_name"]) for one in each]
        maps, findings = read_pictures(files, [size[one["image_id"]] for one in each], PictureContent(segments=True))
        assert maps is not None, findings
        infos = [one["segments_info"] for one in each]
        sides.append(Segments.from_segments_info(maps, infos, numbers, things))
    evidence = matched_segments(*sides)
    return [float(one.reduce(evidence)) for one in (panoptic_quality, segmentation_quality, recognition_quality)]


def hotcoco(folder: Path) -> list[float]:
    from hotcoco.panoptic import pq_compute

    return three(pq_compute(str(folder / "truth.json"), str(folder / "prediction.json"))["All"])


def panopticapi(folder: Path, checkout: str) -> list[float]:
    sys.path.insert(0, checkout)
    from panopticapi.evaluation import pq_compute  # type: ignore[import-not-found]

    return three(pq_compute(str(folder / "truth.json"), str(folder / "prediction.json"))["All"])


def three(quality: dict[str, float]) -> list[float]:
    return [float(quality[name]) for name in ("pq", "sq", "rq")]


def plain(folder: Path) -> list[float]:
    """What panopticapi does, without its checks: unique pairs of ids, then loops over segments."""
    told = json.loads((folder / "truth.json").read_bytes())
    given = {one["image_id"]: one for one in json.loads((folder / "prediction.json").read_bytes())["annotations"]}
    sums: list[dict[int, float]] = [defaultdict(float) for _ in range(4)]
    for true in told["annotations"]:
        shown = given[true["image_id"]]
        add_image(sums, true["segments_info"], shown["segments_info"], shared_pixels(folder, true, shown))
    overlap, hit, extra, lost = sums
    rows = []
    for category in {*hit, *extra, *lost}:
        size = hit[category] + (extra[category] + lost[category]) / 2
        if size:
            close = overlap[category] / hit[category] if hit[category] else 0.0
            rows.append((overlap[category] / size, close, hit[category] / size))
    return np.mean(rows, axis=0).tolist()


def shared_pixels(folder: Path, true: dict[str, Any], shown: dict[str, Any]) -> dict[tuple[int, int], int]:
    """How many pixels each true and predicted segment share."""
    from PIL import Image

    maps = []
    for side, one in (("truth", true), ("prediction", shown)):
        with Image.open(folder / side / one["file_name"]) as picture:
            rgb = np.asarray(picture).astype(np.uint64)
        maps.append(rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2])
    pairs, count = np.unique(maps[0] << np.uint64(32) | maps[1], return_counts=True)
    return {(one >> 32, one & 0xFFFFFFFF): size for one, size in zip(pairs.tolist(), count.tolist(), strict=True)}


def add_image(
    sums: list[dict[int, float]], truth: list[Any], prediction: list[Any], shared: dict[tuple[int, int], int]
) -> None:
    overlap, hit, extra, lost = sums
    area: dict[int, int] = defaultdict(int)
    for (_, other), size in shared.items():
        area[other] += size
    sure = {one["id"]: one for one in truth if not one["iscrowd"]}
    crowd = {one["category_id"]: one["id"] for one in truth if one["iscrowd"]}
    named = {one["id"]: one["category_id"] for one in prediction}
    matched = set()
    for (one, other), size in shared.items():
        if one in sure and sure[one]["category_id"] == named.get(other):
            iou = size / (sure[one]["area"] + area[other] - size - shared.get((0, other), 0))
            if iou > 0.5:
                overlap[named[other]] += iou
                hit[named[other]] += 1
                matched |= {("true", one), ("predicted", other)}
    for one in sure.values():
        lost[one["category_id"]] += ("true", one["id"]) not in matched
    for other, category in named.items():
        excused = shared.get((0, other), 0) + shared.get((crowd.get(category, -1), other), 0)
        extra[category] += ("predicted", other) not in matched and excused <= 0.5 * area[other]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--panopticapi", default="", metavar="CHECKOUT")
    parser.add_argument("--quick", action="store_true", help="20 images, once")
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.side:
        side, folder = chosen.side[0], Path(chosen.side[1])
        work = {"ours": ours, "hotcoco": hotcoco, "plain": plain}
        scores = panopticapi(folder, chosen.panopticapi) if side == "panopticapi" else work[side](folder)
        print(json.dumps(scores))
        return
    images, repeats = (20, 1) if chosen.quick else (chosen.images, chosen.repeats)
    with tempfile.TemporaryDirectory() as name:
        write_scenes(Path(name), images)
        reference = "panopticapi" if chosen.panopticapi else "plain"
        wanted = panopticapi(Path(name), chosen.panopticapi) if chosen.panopticapi else plain(Path(name))
        np.testing.assert_allclose(ours(Path(name)), wanted, rtol=0, atol=1e-12)
        np.testing.assert_allclose(plain(Path(name)), wanted, rtol=0, atol=1e-12)
        commands = {
            side: [sys.executable, __file__, "--panopticapi", chosen.panopticapi, "--side", side, name]
            for side in SIDES
        }
        stand_in = "" if chosen.panopticapi else "numpy and Pillow stand in for panopticapi"
        contests = [
            Contest(
                f"PQ from PNG, against {reference}", commands["ours"], commands[reference], 2, repeats, note=stand_in
            ),
            Contest("PQ from PNG, against hotcoco", commands["ours"], commands["hotcoco"], 1, repeats),
        ]
        compare(f"panoptic quality of {images} pairs of {WIDTH} × {HEIGHT} PNG files, whole process", contests)


if __name__ == "__main__":
    main()
