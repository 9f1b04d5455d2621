"""Scores of label images beside scikit-learn, hotcoco and surface-distance: same data, same run, in turn.

Run ``python benchmarks/bench_segmentation.py`` (some minutes) or with ``--quick`` for few images. Pixel scores are
checked to be equal first. surface-distance weighs elements of a surface by their size and cuts them out between pixels,
so that its numbers differ a little from exact distances between border pixels: both are printed. Where scikit-learn is
measured on fewer images, its time is scaled up and the line says so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import metrics
from benchmarks.side_by_side import Contest, compare
from metrics.label_maps import LabelMaps

CLASSES = 19
HEIGHT, WIDTH = 512, 1024
TOLERANCE = 2.0
SURFACES = ("hausdorff95(positive=1)", f"nsd(tolerance={TOLERANCE:g}, positive=1)")


def check(ours: float, peer: float, what: str) -> None:
    """Stop where the two sides differ by more than 1e-12."""
    if not abs(ours - peer) <= 1e-12:
        raise SystemExit(f"{what}: ours is {ours!r} and the peer's is {peer!r}")


def street_scenes(count: int) -> tuple[list[Any], list[Any]]:
    """Label images of about 25 regions with ragged edges, and predictions whose edges are off by up to two pixels."""
    random = np.random.default_rng(0)
    down, across = np.mgrid[:HEIGHT:4, :WIDTH:4]
    true, predicted = [], []
    for _ in range(count):
        y, x = random.random(25) * HEIGHT, random.random(25) * WIDTH
        nearest = np.argmin((down[..., None] - y) ** 2 + (across[..., None] - x) ** 2, axis=-1)
        image = random.integers(0, CLASSES, 25).astype(np.uint8)[nearest].repeat(4, axis=0).repeat(4, axis=1)
        image = ragged(image, random, 1)
        image[:, :3] = 255
        found = ragged(image, random, 2)
        found[found == 255] = 0
        true.append(image)
        predicted.append(found)
    return true, predicted


def ragged(image: Any, random: Any, most: int) -> Any:
    """Each row shifted by a few pixels."""
    shift = random.integers(-most, most + 1, len(image))
    column = (np.arange(image.shape[1]) - shift[:, None]) % image.shape[1]
    return np.take_along_axis(image, column, axis=1)


def our_miou(truth: Any, prediction: Any) -> float:
    """From arrays or runs to the score."""
    return metrics.miou(truth, prediction, None, range(CLASSES))


def hotcoco_miou(true: list[Any], predicted: list[Any]) -> float:
    """The same by hotcoco, image by image."""
    from hotcoco.semantic import SemanticEval

    evaluation = SemanticEval(CLASSES)
    for one, other in zip(true, predicted, strict=True):
        evaluation.update(one, other)
    return evaluation.report()["metrics"]["mIoU"]


def scikit_learn_miou(true: list[Any], predicted: list[Any], images: int) -> float:
    """The same of the first images by scikit-learn's confusion matrix, added up over images."""
    from sklearn.metrics import confusion_matrix

    total = np.zeros((CLASSES, CLASSES))
    for one, other in zip(true[:images], predicted[:images], strict=True):
        total += confusion_matrix(one.ravel(), other.ravel(), labels=range(CLASSES))
    hit, union = np.diagonal(total), total.sum(axis=0) + total.sum(axis=1) - np.diagonal(total)
    return float(np.mean(hit[union > 0] / union[union > 0]))


def wide_contests(count: int, measured: int) -> list[Contest]:
    """Mean IoU of 64-bit labels, as models give them, against hotcoco and scikit-learn."""
    true, predicted = ([image.astype(np.int64) for image in images] for images in street_scenes(count))
    what = f"mIoU, {count} × {WIDTH} × {HEIGHT}, int64"
    ours, learn = partial(our_miou, true, predicted), partial(scikit_learn_miou, true, predicted, measured)
    check(ours(), hotcoco_miou(true, predicted), "mIoU of int64, hotcoco")
    scaled, share = f"peer measured on {measured} images", measured / count
    return [
        Contest(f"{what} (scikit-learn)", ours, learn, 60, 3, share, scaled),
        Contest(f"{what} (hotcoco)", ours, partial(hotcoco_miou, true, predicted), 1),
    ]


def pixel_contests(count: int, measured: int) -> list[Contest]:
    """Mean IoU from arrays and from runs, against hotcoco and scikit-learn."""
    true, predicted = street_scenes(count)
    maps, found = LabelMaps.from_arrays(true), LabelMaps.from_arrays(predicted)
    hotcoco = partial(hotcoco_miou, true, predicted)
    learn, share = partial(scikit_learn_miou, true, predicted, measured), measured / count
    for truth, prediction in ((true, predicted), (maps, predicted), (maps, found)):
        check(our_miou(truth, prediction), hotcoco(), "mIoU, hotcoco")
    check(our_miou(true[:measured], predicted[:measured]), learn(), "mIoU, scikit-learn")
    what = f"mIoU, {count} × {WIDTH} × {HEIGHT}"
    scaled = f"peer measured on {measured} images"
    return [
        Contest(f"{what}, uint8 (scikit-learn)", partial(our_miou, true, predicted), learn, 0, 3, share, scaled),
        Contest(f"{what}, uint8 (hotcoco)", partial(our_miou, true, predicted), hotcoco, 1),
        Contest(f"{what}, truth as runs (hotcoco)", partial(our_miou, maps, predicted), hotcoco, 1),
        Contest(f"{what}, both as runs (hotcoco)", partial(our_miou, maps, found), hotcoco, 1),
    ]


def file_contests(folder: Path, count: int) -> list[Contest]:
    """Mean IoU from PNG files: both sides read and decode, or ours has its truth compiled as it lies in a bundle."""
    from hotcoco.semantic import SemanticEval
    from PIL import Image

    from compete.scoring.pictures import PictureContent, read_pictures

    true, predicted = street_scenes(count)
    places = {"true": [], "predicted": []}
    for side, images in (("true", true), ("predicted", predicted)):
        (folder / side).mkdir()
        for number, image in enumerate(images):
            places[side].append((f"{number:04}.png", folder / side / f"{number:04}.png"))
            Image.fromarray(image).save(places[side][-1][1])

    def read(side: str) -> LabelMaps:
        maps, found = read_pictures(places[side], None, PictureContent((*range(CLASSES), 255)))
        assert maps is not None, found
        return maps

    def theirs() -> float:
        evaluation = SemanticEval(CLASSES)
        evaluation.update_folders(str(folder / "true"), str(folder / "predicted"))
        return evaluation.report()["metrics"]["mIoU"]

    compiled = LabelMaps.from_arrays(true)
    check(our_miou(read("true"), read("predicted")), theirs(), "mIoU of files, hotcoco")
    what = f"mIoU, {count} × {WIDTH} × {HEIGHT}, PNG files"
    return [
        Contest(f"{what} (hotcoco)", lambda: our_miou(read("true"), read("predicted")), theirs, 1),
        Contest(f"{what}, truth compiled (hotcoco)", lambda: our_miou(compiled, read("predicted")), theirs, 1),
    ]


def organs(shape: tuple[int, ...], count: int, roughness: float) -> tuple[list[Any], list[Any]]:
    """Masks of one bulging body each, and predictions with a rougher surface."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(1)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij"))
    body = 0.6 - np.sqrt((grid**2).sum(axis=0))
    true, predicted = [], []
    for _ in range(count):
        bulges, noise = (gaussian_filter(random.normal(size=shape), max(shape) / part) for part in (16, 30))
        height = body + 0.1 * bulges / bulges.std()
        true.append(height > 0)
        predicted.append(height + roughness * noise / noise.std() > 0)
    return true, predicted


def surface_contest(shape: tuple[int, ...], count: int, spacing: tuple[float, ...], roughness: float) -> Contest:
    """HD95 and NSD of masks, from arrays to scores."""
    import surface_distance

    true, predicted = organs(shape, count, roughness)

    def ours() -> list[Any]:
        maps = LabelMaps.from_arrays(true, spacing)
        return list(metrics.evaluate(SURFACES, maps, predicted, labels=[0, 1]).values())

    def theirs() -> Any:
        scores = []
        for one, other in zip(true, predicted, strict=True):
            gaps = surface_distance.compute_surface_distances(one, other, spacing)
            share = surface_distance.compute_surface_dice_at_tolerance(gaps, TOLERANCE)
            scores.append((surface_distance.compute_robust_hausdorff(gaps, 95), share))
        return np.mean(scores, axis=0)

    own, other = ours(), theirs()
    note = f"HD95 {own[0]:.4f} / {other[0]:.4f}, NSD {own[1]:.4f} / {other[1]:.4f}"
    size = " × ".join(map(str, shape))
    return Contest(f"HD95 and NSD, {count} × {size} (surface-distance)", ours, theirs, goal=3, note=note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few images; the goals are for all")
    quick = parser.parse_args().quick
    images, wide, measured, pairs, volumes = (20, 5, 2, 8, 2) if quick else (500, 100, 10, 40, 8)
    compare("", pixel_contests(images, measured))
    compare("", wide_contests(wide, measured))
    with tempfile.TemporaryDirectory() as folder:
        compare("", file_contests(Path(folder), images))
    contests = [
        surface_contest((256, 256), pairs, (1.0, 1.0), 0.02),
        surface_contest((256, 256), pairs, (1.0, 1.0), 0.4),
        surface_contest((512, 512), pairs, (0.5, 0.5), 0.02),
        surface_contest((64, 64, 64), volumes, (1.0, 1.0, 1.0), 0.02),
        surface_contest((32, 128, 128), volumes, (3.0, 1.0, 1.0), 0.02),
    ]
    compare("", contests)


if __name__ == "__main__":
    main()
