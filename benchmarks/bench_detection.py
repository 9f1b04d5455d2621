"""COCO's twelve numbers, bootstrap draws and subgroups beside hotcoco, faster-coco-eval and pycocotools.

Run ``python benchmarks/bench_detection.py`` (some minutes) or with ``--quick`` for small sizes, where the goals do not
hold. The scenes are those of ``scenes.py``: 5,000 images, 80 categories, about 36,000 true boxes. Files are read before
the clock starts: both sides are timed from loaded objects to the twelve numbers, which are compared first. What a whole
process takes, with reading, is in ``bench_coco_whole.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.scenes import HEIGHT, WIDTH, Scenes, write_scenes
from benchmarks.side_by_side import Contest, compare, run_once
from metrics import Draws, Partition, detection, intervals
from metrics.detection_options import box_matches, mask_matches
from metrics.masks import Masks
from metrics.objects import Objects

DRAWS = 1000
MEASURED = 40
GROUPS = 100
IOU_TYPE = {"box": "bbox", "mask": "segm"}


def check(ours: Any, theirs: Any, what: str, near: float = 1e-12) -> None:
    """Stop where the two sides differ."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    theirs = np.where(theirs == -1, np.nan, theirs)
    difference = float(np.nanmax(np.abs(ours - theirs)))
    if not difference <= near or (np.isnan(ours) != np.isnan(theirs)).any():
        raise SystemExit(f"{what}: the scores differ by {difference:.3g}")


def quiet(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work without what it prints."""

    def done(*args: Any) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            return work(*args)

    return done


def read_objects(scenes: Scenes, kind: str) -> tuple[Objects, Objects]:
    """Both files as objects, plainly."""
    truth = json.loads(scenes.truth.read_text())["annotations"]
    found = json.loads(scenes.detections.read_text())
    sides = []
    for rows in (truth, found):
        image = np.array([row["image_id"] for row in rows]) - 1
        category = np.array([row["category_id"] for row in rows]) - 1
        parts: dict[str, Any] = {"box": np.array([row["bbox"] for row in rows])} if kind == "box" else {}
        if kind == "mask":
            parts["mask"] = read_masks([row["segmentation"] for row in rows])
        if rows is found:
            parts["score"] = np.array([row["score"] for row in rows])
        else:
            parts["crowd"] = np.array([row["iscrowd"] for row in rows])
            parts["area"] = np.array([row["area"] for row in rows])
        sides.append(Objects(scenes.images, scenes.categories, image, category, **parts))
    return sides[0], sides[1]


def read_masks(shapes: list[Any]) -> Masks:
    """Polygons, lists of counts and compressed run lengths as masks."""
    from pycocotools import mask

    texts = []
    for shape in shapes:
        if isinstance(shape, list):
            texts.append(mask.merge(mask.frPyObjects(shape, HEIGHT, WIDTH))["counts"])
        elif isinstance(shape["counts"], list):
            texts.append(mask.frPyObjects(shape, HEIGHT, WIDTH)["counts"])
        else:
            texts.append(shape["counts"])
    return Masks.from_compressed(texts, HEIGHT, WIDTH)


def summarized(sides: tuple[Objects, Objects], kind: str) -> Any:
    """Our twelve numbers."""
    collect = {"box": box_matches, "mask": mask_matches}[kind]
    return detection.coco_summary(collect(*sides, None))


def peer_of(name: str, scenes: Scenes, kind: str) -> Callable[[], Any]:
    """The twelve numbers of a peer, which has read both files."""
    if name == "hotcoco":
        from hotcoco import COCO, COCOeval
    elif name == "faster-coco-eval":
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as COCOeval
    else:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    truth = quiet(COCO)(str(scenes.truth))
    load = truth.load_res if hasattr(truth, "load_res") else truth.loadRes
    found = quiet(load)(str(scenes.detections))

    def work() -> Any:
        evaluation = COCOeval(truth, found, IOU_TYPE[kind])
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        return np.array(evaluation.stats)[:12]

    return quiet(work)


def evaluations(scenes: Scenes, sides: tuple[Objects, Objects], what: str, kind: str, goals: dict[str, Any]) -> None:
    """Both files loaded, to the twelve numbers."""
    ours = partial(summarized, sides, kind)
    contests = []
    for name, (goal, repeats) in goals.items():
        peer = peer_of(name, scenes, kind)
        check(ours(), peer(), f"{what}, {name}", near=1e-12)
        contests.append(Contest(f"{what}: {name}", ours, peer, goal, repeats))
    compare("", contests)


def draws(scenes: Scenes, sides: tuple[Objects, Objects], what: str) -> None:
    """Bootstrap draws of mAP; of hotcoco, which compares two evaluations, half of the time is counted."""
    import hotcoco

    evidence = box_matches(*sides, None)
    truth = hotcoco.COCO(str(scenes.truth))
    found = truth.load_res(str(scenes.detections))
    models = [hotcoco.COCOeval(truth, found, "bbox") for _ in range(2)]
    for model in models:
        model.evaluate()
    ours = partial(detection.box_ap.reduce, evidence, Draws(DRAWS, seed=0))
    peer = partial(hotcoco.compare, *models, n_bootstrap=MEASURED)
    note = f"(peer: {MEASURED} draws of two models, scaled to {DRAWS:,} of one; it draws all twelve numbers)"
    share = 2 * MEASURED / DRAWS
    twelve = partial(detection.coco_summary, evidence, Draws(DRAWS, seed=0))
    contests = [
        Contest(f"{DRAWS:,} draws of AP, {what}", ours, peer, 20, 3, share, note),
        Contest(f"{DRAWS:,} draws of all twelve, {what}", twelve, peer, 0, 1, share),
    ]
    compare("", contests)


def subgroups(scenes: Scenes, sides: tuple[Objects, Objects], what: str) -> None:
    """AP of disjoint subgroups, from evaluations made before."""
    import hotcoco

    group = np.random.default_rng(1).integers(0, GROUPS, scenes.images)
    truth = hotcoco.COCO(str(scenes.truth))
    evaluation = hotcoco.COCOeval(truth, truth.load_res(str(scenes.detections)), "bbox")
    evaluation.evaluate()
    slices = {f"{number:03d}": (np.flatnonzero(group == number) + 1).tolist() for number in range(GROUPS)}
    evidence = box_matches(*sides, None)

    def ours() -> Any:
        return detection.coco_summary(evidence, Partition(group, GROUPS))

    peer = partial(evaluation.slice_by, slices)
    theirs = peer()
    check(ours()[0], [theirs[name]["AP"] for name in slices], "subgroups")
    compare(
        "", [Contest(f"twelve numbers of each of {GROUPS} subgroups, {what}", ours, peer, note="(goal: at most 0.4 s)")]
    )


def subgroup_intervals(scenes: Scenes, sides: tuple[Objects, Objects], what: str) -> None:
    """Intervals of AP, AP50 and AP75 in the fourteen subgroups of four columns, each drawn from its own images."""
    random = np.random.default_rng(0)
    evidence = box_matches(*sides, None)
    chosen = detection.coco_metrics("box")[:3]
    columns = [random.integers(0, groups, scenes.images) for groups in (2, 3, 4, 5)]
    members = [column == group for column in columns for group in np.unique(column)]

    def work() -> None:
        for member in members:
            intervals(chosen, evidence.take(member), draws=DRAWS)

    wall, cpu = run_once(work)
    print(f"3 metrics in {len(members)} subgroups, {DRAWS:,} draws, {what}: {wall:.1f} s, {cpu:.1f} s of CPU (goal 10)")


def peak(scenes: Scenes) -> None:
    """Most memory that a process of ours takes to the twelve numbers, boxes loaded from plain arrays."""
    sides = read_objects(scenes, "box")
    names = ("image", "category", "box", "score", "area", "crowd")
    with tempfile.TemporaryDirectory() as folder:
        parts = {f"{k} {name}": getattr(side, name) for k, side in enumerate(sides) for name in names}
        path = Path(folder) / "objects.npz"
        np.savez(path, **{name: part for name, part in parts.items() if part is not None})
        command = [sys.executable, __file__, "--peak", str(path), str(scenes.images), str(scenes.categories)]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


def print_peak(path: str, images: str, categories: str) -> None:
    """Score saved boxes and print the memory that this process took."""
    with np.load(path) as saved:
        sides = [{name[2:]: saved[name] for name in saved.files if name[0] == side} for side in "01"]
    objects = [Objects(int(images), int(categories), **parts) for parts in sides]
    summarized((objects[0], objects[1]), "box")
    status = Path("/proc/self/status").read_text()  # getrusage would tell the parent's peak
    kilobytes = int(re.search(r"VmHWM:\s+(\d+)", status).group(1))
    print(f"peak memory, arrays to twelve numbers: {kilobytes / 1024:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; the goals are for the full ones")
    parser.add_argument("--peak", nargs=3, metavar=("PATH", "IMAGES", "CATEGORIES"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.peak:
        print_peak(*chosen.peak)
        return
    images = 200 if chosen.quick else 5000
    fast, slow = {"hotcoco": (2, 9)}, {"hotcoco": (2, 9), "faster-coco-eval": (4, 3), "pycocotools": (65, 1)}
    for per_image, goals in ((36, slow), (100, fast)):
        with tempfile.TemporaryDirectory() as folder:
            scenes = write_scenes(Path(folder), per_image, images)
            sides, what = read_objects(scenes, "box"), f"{per_image} boxes an image"
            evaluations(scenes, sides, what, "box", goals)
            subgroups(scenes, sides, what)
            draws(scenes, sides, what)
            subgroup_intervals(scenes, sides, what)
            peak(scenes)
    with tempfile.TemporaryDirectory() as folder:
        scenes = write_scenes(Path(folder), 36, images, masks=True)
        evaluations(scenes, read_objects(scenes, "mask"), "36 masks an image", "mask", {"hotcoco": (1.25, 5)})


if __name__ == "__main__":
    main()
