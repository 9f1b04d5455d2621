"""Read COCO results and annotations from JSON: compete against Python's json, hotcoco, faster-coco-eval, pycocotools.

Ours checks every value, refuses what is odd, and brings the results into one order; the peers check next to nothing.
Compressed masks are checked and measured too. ``loadRes`` of the peers gets a truth that is loaded already. Usage::

    python benchmarks/bench_coco_reading.py [--quick]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scenes import Scenes, write_scenes
from side_by_side import Contest, compare

from compete.scoring import coco_truth, coco_typed
from compete.scoring.coco import read_results
from compete.scoring.coco_truth import CocoTruth, read_truth_json
from compete.scoring.images import Images
from compete.scoring.matching import vocabulary
from compete.terms import Terms

TASKS = {"boxes": "detection", "masks": "instance_segmentation"}


@contextlib.contextmanager
def without_msgspec() -> Iterator[None]:
    """Read as where msgspec is not installed."""
    kept = sys.modules.get("msgspec")
    for seen in (True, False):
        sys.modules["msgspec"] = None if seen else kept  # type: ignore[assignment]
        for one in (coco_typed.decoders, coco_truth._decoders):
            one.cache_clear()
        if seen:
            yield


def silently(work: Callable[[], Any]) -> Callable[[], None]:
    """The work without what it prints."""

    def done() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            work()

    return done


def results_of(scenes: Scenes, kind: str, truth: CocoTruth) -> Callable[[], Any]:
    """Our reading of the results."""
    images = Images(vocabulary(list(map(str, truth.number))), truth.number, truth.height, truth.width)
    terms = Terms(
        *("scenes", "Scenes", "1", TASKS[kind], (), kind, (), "box_ap"),
        classes=truth.classes,
        class_ids=truth.class_ids,
        form="coco",
    )
    return lambda: read_results(scenes.detections, terms, images)


def plainly(work: Callable[[], Any]) -> Callable[[], None]:
    """The work without msgspec."""

    def done() -> None:
        with without_msgspec():
            work()

    return done


def contests(scenes: Scenes, kind: str, repeats: int) -> list[Contest]:
    """Ours with msgspec and without, against each peer."""
    import faster_coco_eval
    import hotcoco
    from pycocotools.coco import COCO

    truth = read_truth_json(scenes.truth, kind)
    load_truth, load_results = (lambda: read_truth_json(scenes.truth, kind)), results_of(scenes, kind, truth)
    lines = [
        Contest(f"{kind}: results / json.loads", load_results, lambda: json.loads(scenes.detections.read_bytes())),
        Contest(
            f"{kind}: results without msgspec / json.loads",
            plainly(load_results),
            lambda: json.loads(scenes.detections.read_bytes()),
            goal=0.5,
        ),
        Contest(f"{kind}: annotations / json.loads", load_truth, lambda: json.loads(scenes.truth.read_bytes())),
    ]
    peers = [("hotcoco", hotcoco.COCO), ("faster-coco-eval", faster_coco_eval.COCO), ("pycocotools", COCO)]
    for name, peer in peers:
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = peer(str(scenes.truth))
        load = silently(lambda loaded=loaded: loaded.loadRes(str(scenes.detections)))  # type: ignore[misc]
        annotations = silently(lambda peer=peer: peer(str(scenes.truth)))  # type: ignore[misc]
        lines.append(Contest(f"{kind}: results / {name}", load_results, load))
        lines.append(Contest(f"{kind}: annotations / {name}", load_truth, annotations))
    return [Contest(one.name, one.ours, one.peer, one.goal, repeats) for one in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="500 images, once")
    chosen = parser.parse_args()
    images, repeats = (500, 1) if chosen.quick else (5000, chosen.repeats)
    for kind in TASKS:
        with tempfile.TemporaryDirectory() as folder:
            scenes = write_scenes(Path(folder), 36, images, masks=kind == "masks")
            sizes = [path.stat().st_size / 1e6 for path in (scenes.detections, scenes.truth)]
            title = f"{kind}, {images} images: results {sizes[0]:.0f} MB, annotations {sizes[1]:.0f} MB"
            compare(title, contests(scenes, kind, repeats))
        print()
    print(f"numpy {np.__version__}")


if __name__ == "__main__":
    main()
