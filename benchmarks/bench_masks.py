"""Masks beside hotcoco (Rust), faster-coco-eval (C++) and pycocotools (C): same masks, equal results checked first.

Run ``python benchmarks/bench_masks.py``, or with ``--quick`` for few images. Scenes have 36 detections and 7 objects
an image of 640 × 480 pixels; outlines are bumpy ellipses of COCO's sizes. Each side starts from what a reader of JSON
holds: ours from lists of text, the peers from the dictionaries that they ask for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.side_by_side import Contest, compare
from metrics.boundary import boundaries
from metrics.mask_overlap import mask_iou
from metrics.masks import Masks

HEIGHT, WIDTH = 480, 640
FOUND, TRUE = 36, 7


@dataclass(frozen=True)
class Scenes:
    """Outlines and texts of detections and true objects, image after image, and the masks as dictionaries."""

    outlines: list[list[float]]
    found: list[str]
    true: list[str]
    found_by_image: list[list[dict[str, Any]]]
    true_by_image: list[list[dict[str, Any]]]


def make_scenes(images: int) -> Scenes:
    """Seeded scenes; two of three detections lie beside a true object."""
    random = np.random.default_rng(0)
    true = random.uniform(0, 1, (images, TRUE, 2)) * (WIDTH, HEIGHT)
    side = np.minimum(np.exp(random.normal(3.2, 0.9, (images, TRUE))), 180)
    which = random.integers(0, TRUE, (images, FOUND))
    row = np.arange(images)[:, None]
    near = random.random((images, FOUND)) < 0.67
    place = np.where(near[..., None], true[row, which], random.uniform(0, 1, (images, FOUND, 2)) * (WIDTH, HEIGHT))
    reach = np.where(near, side[row, which], np.minimum(np.exp(random.normal(3.2, 0.9, (images, FOUND))), 180))
    place += random.normal(0, 0.15, place.shape) * reach[..., None]
    outlines = [*_outlines(random, place, reach), *_outlines(random, true, side)]
    texts = _texts(Masks.from_polygons([[outline] for outline in outlines], HEIGHT, WIDTH))
    found, true_texts = texts[: images * FOUND], texts[images * FOUND :]
    return Scenes(outlines, found, true_texts, list(_by_image(found, FOUND)), list(_by_image(true_texts, TRUE)))


def _outlines(random: np.random.Generator, place: Any, reach: Any) -> Iterator[list[float]]:
    """Bumpy ellipses around places, cut at the edges of the image."""
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    radius = reach[..., None] * (1 + 0.25 * np.cos(3 * turn + random.uniform(0, 6, (*reach.shape, 1))))
    x = np.clip(place[..., :1] + radius * np.cos(turn), 0, WIDTH).reshape(-1, len(turn))
    y = np.clip(place[..., 1:] + radius * np.sin(turn), 0, HEIGHT).reshape(-1, len(turn))
    yield from np.round(np.stack((x, y), axis=2).reshape(len(x), -1), 2).tolist()


def _texts(masks: Masks) -> list[str]:
    """The text of each mask."""
    text = masks.text.tobytes().decode("ascii")
    return [text[a:b] for a, b in zip(masks.start[:-1].tolist(), masks.start[1:].tolist(), strict=True)]


def _by_image(texts: list[str], count: int) -> Iterator[list[dict[str, Any]]]:
    """Masks as the peers take them, by image."""
    for start in range(0, len(texts), count):
        yield [{"size": [HEIGHT, WIDTH], "counts": text.encode()} for text in texts[start : start + count]]


def check(ours: Any, peer: Any, what: str) -> None:
    """Stop where the two sides differ at all."""
    if not np.array_equal(np.asarray(ours), np.asarray(peer)):
        raise SystemExit(f"{what}: the results differ")


def peers() -> dict[str, Any]:
    """The mask module of each peer."""
    from faster_coco_eval.core import mask as faster
    from hotcoco import mask as hot
    from pycocotools import mask as original

    return {"hotcoco": hot, "faster-coco-eval": faster, "pycocotools": original}


def areas(scenes: Scenes, name: str, peer: Any) -> Contest:
    masks = [mask for image in scenes.found_by_image for mask in image]
    theirs = partial(_in_parts, peer.area, masks)
    check(_masks(scenes.found).area, theirs(), f"area, {name}")
    return Contest(f"check and area of {len(masks):,} masks ({name})", lambda: _masks(scenes.found).area, theirs)


def boxes(scenes: Scenes, name: str, peer: Any) -> Contest:
    masks = [mask for image in scenes.found_by_image for mask in image]
    theirs = partial(_in_parts, peer.toBbox, masks)
    check(_masks(scenes.found).box, theirs(), f"box, {name}")
    return Contest(f"check and box of {len(masks):,} masks ({name})", lambda: _masks(scenes.found).box, theirs)


def overlap(scenes: Scenes, least: float, name: str, peer: Any) -> Contest:
    pairs = list(zip(scenes.found_by_image, scenes.true_by_image, strict=True))
    i = np.repeat(np.arange(len(scenes.found)), TRUE)
    j = (np.arange(len(i)) // (FOUND * TRUE)) * TRUE + np.arange(len(i)) % TRUE
    flags = [0] * TRUE

    def ours(least: float = least) -> Any:
        return mask_iou(_masks(scenes.found), i, _masks(scenes.true), j, None, least)

    def theirs() -> Any:
        return np.concatenate([np.ravel(peer.iou(found, true, flags)) for found, true in pairs])

    check(ours(0.0), theirs(), f"IoU, {name}")
    kind = f"from {least:g} up" if least else "all"
    return Contest(f"check and IoU of {len(i):,} pairs, {kind} ({name})", ours, theirs)


def fill(scenes: Scenes, name: str, peer: Any) -> Contest:
    outlines = scenes.outlines[:20_000]

    def ours() -> Any:
        return Masks.from_polygons([[outline] for outline in outlines], HEIGHT, WIDTH)

    def theirs() -> Any:
        return [peer.frPyObjects([outline], HEIGHT, WIDTH)[0] for outline in outlines]

    check(_texts(ours()), [_text(one["counts"]) for one in theirs()], f"polygons, {name}")
    return Contest(f"fill {len(outlines):,} polygons ({name})", ours, theirs)


def decode(scenes: Scenes, name: str, peer: Any) -> Contest:
    masks = [mask for image in scenes.found_by_image for mask in image][:1000]
    texts = scenes.found[: len(masks)]

    def ours() -> int:
        return sum(bitmap.shape[0] for bitmap in _masks(texts).bitmaps())

    def theirs() -> int:
        return sum(peer.decode(mask).shape[0] for mask in masks)

    check(list(_masks(texts).bitmaps()), [peer.decode(mask) for mask in masks], f"decode, {name}")
    return Contest(f"decode {len(masks):,} masks ({name})", ours, theirs)


def encode(scenes: Scenes, name: str, peer: Any) -> Contest:
    bitmaps = [np.asfortranarray(bitmap, dtype=np.uint8) for bitmap in _masks(scenes.found[:1000]).bitmaps()]

    def theirs() -> Any:
        return [peer.encode(bitmap) for bitmap in bitmaps]

    check(_texts(Masks.from_bitmaps(bitmaps)), [_text(one["counts"]) for one in theirs()], f"encode, {name}")
    return Contest(f"encode {len(bitmaps):,} masks ({name})", lambda: Masks.from_bitmaps(bitmaps), theirs)


def outline(scenes: Scenes) -> list[Contest]:
    """Boundaries beside faster-coco-eval's, and beside scipy's erosion, which is what the definition says."""
    from faster_coco_eval.core import mask as faster
    from scipy import ndimage

    runs = [mask for image in scenes.found_by_image for mask in image]
    masks, few = _masks(scenes.found), _masks(scenes.found[:200])
    depth, square = round(0.02 * float(np.hypot(HEIGHT, WIDTH))), np.ones((3, 3), bool)

    def theirs() -> Any:
        return [faster.rleToBoundary(mask, 0.02) for mask in runs]

    def erosion() -> Any:
        return [bitmap & ~ndimage.binary_erosion(bitmap, square, iterations=depth) for bitmap in few.bitmaps()]

    check(_texts(boundaries(masks)), [_text(one["counts"]) for one in theirs()], "boundaries, faster-coco-eval")
    check(list(boundaries(few).bitmaps()), erosion(), "boundaries, scipy")
    return [
        Contest(f"boundaries of {len(runs):,} masks (faster-coco-eval)", lambda: boundaries(masks), theirs, repeats=3),
        Contest(f"boundaries of {len(few):,} masks (scipy)", lambda: boundaries(few), erosion, repeats=3),
    ]


def _masks(texts: list[str]) -> Masks:
    """Our masks from what a reader holds."""
    return Masks.from_compressed(texts, HEIGHT, WIDTH)


def _text(counts: Any) -> str:
    """Compressed run lengths as str."""
    return counts if isinstance(counts, str) else counts.decode()


def _in_parts(function: Callable[[Any], Any], masks: list[dict[str, Any]]) -> Any:
    """A peer's function over masks in lists that every peer takes: pycocotools fails on more than 255 areas."""
    return np.concatenate([np.asarray(function(masks[start : start + 250])) for start in range(0, len(masks), 250)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 images instead of 2,000")
    scenes = make_scenes(100 if parser.parse_args().quick else 2000)
    kinds: list[Callable[[Scenes, str, Any], Contest]] = [
        areas,
        boxes,
        lambda scenes, name, peer: overlap(scenes, 0.0, name, peer),
        lambda scenes, name, peer: overlap(scenes, 0.5, name, peer),
        fill,
        decode,
        encode,
    ]
    for kind in kinds:
        compare("", [kind(scenes, name, peer) for name, peer in peers().items()])
    compare("", outline(scenes))


if __name__ == "__main__":
    main()
