"""COCO evaluation as whole processes: import, load truth and detections from JSON, evaluate, print twelve numbers.

Ours reads strictly (every result is checked, nothing of a detection's own area is believed). It runs three times: with
truth from the same plain JSON that the peers read, the same where msgspec is not installed, and with truth compiled as
it lies in a bundle. Sides alternate; the table has medians of CPU, wall time and peak memory. Usage::

    python benchmarks/bench_coco_whole.py [--repeats 5] [--slow] [--quick]

``--slow`` adds pycocotools and faster-coco-eval, once each.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

OURS = """
import os
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import sys
sys.path.insert(0, {root!r})
from compete.scoring.coco import read_results
from compete.scoring.images import Images
from compete.scoring.matching import vocabulary
from compete.terms import Terms
from metrics.detection import {kind}_ap, coco_summary
if {compiled!r}:
    from compete.hidden import unpack_truth
    import numpy as np
    objects = unpack_truth(open({compiled!r}, "rb").read(), "truth")
    number = np.arange(1, objects.images + 1)
    height, width = np.full((2, objects.images), (({height},), ({width},)), dtype=np.int32)
    ids = tuple(range(1, objects.categories + 1))
else:
    from compete.scoring.coco_truth import read_truth_json
    truth = read_truth_json({truth!r}, {needs!r})
    objects, number, height, width, ids = truth.objects, truth.number, truth.height, truth.width, truth.class_ids
terms = Terms("b", "b", "1", {task!r}, (), {needs!r}, (), "{kind}_ap", class_ids=ids, most_objects=1000, form="coco",
              classes=tuple(map(str, ids)))
found, _ = read_results({found!r}, terms, Images(vocabulary([]), number, height, width))
print("summary", *coco_summary({kind}_ap.collect(objects, found)))
"""
PEERS = {
    "hotcoco": """
from hotcoco import COCO, COCOeval
truth = COCO({truth!r})
evaluation = COCOeval(truth, truth.load_res({found!r}), {iou!r})
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
""",
    "faster-coco-eval": """
from faster_coco_eval import COCO, COCOeval_faster
truth = COCO({truth!r})
evaluation = COCOeval_faster(truth, truth.loadRes({found!r}), {iou!r})
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()  # to a log
print("summary", *evaluation.stats[:12])
""",
    "pycocotools": """
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
truth = COCO({truth!r})
evaluation = COCOeval(truth, truth.loadRes({found!r}), {iou!r})
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
""",
}


def run(script: str) -> tuple[float, float, float, list[float]]:
    """CPU seconds, wall seconds, peak megabytes and the printed numbers of one process."""
    reading, writing = os.pipe()
    begun = time.perf_counter()
    child = os.fork()
    if not child:
        os.dup2(writing, 1)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        os.execve(sys.executable, [sys.executable, "-c", script], environment)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - begun
    if status:
        raise SystemExit(f"a side failed:\n{text}")
    last = [line for line in text.splitlines() if line.startswith("summary")]
    numbers = last[0].split()[1:] if last else re.findall(r"=\s+(-?\d\.\d+)\s*$", text, flags=re.MULTILINE)
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, [float(number) for number in numbers]


def contest(label: str, sides: dict[str, str], repeats: int) -> None:
    """Run all sides in turn, compare their numbers, and print a line each."""
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in sides}
    numbers = {}
    for _ in range(repeats):
        for name, script in sides.items():
            *costs, numbers[name] = run(script)
            taken[name].append((costs[0], costs[1], costs[2]))
    ours = np.round(np.nan_to_num(numbers["ours"], nan=-1), 3)
    for name, found in numbers.items():
        if np.abs(ours - np.array(found[: len(ours)])).max() > 1.001e-3:  # peers print three digits
            raise SystemExit(f"{label}: {name} says {found}, ours {ours.tolist()}")
    median = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()}
    for name, (cpu, wall, peak) in median.items():
        ratios = "".join(
            f"{own} × {median[name][place] / median[own][place]:.2f} {what}   "
            for own in median
            if own.startswith("ours") and not name.startswith("ours")
            for place, what in ((0, "CPU"), (1, "wall"))
        )
        print(f"{label:<20}{name:<24}{cpu:>8.2f} s CPU{wall:>8.2f} s wall{peak:>8.0f} MB   {ratios}", flush=True)


def prepare(folder: Path, per_image: int, images: int, needs: str) -> None:
    """Write both JSON files, and the truth as it lies in a bundle."""
    from benchmarks.scenes import write_scenes
    from compete.hidden import pack_truth
    from compete.scoring.coco_truth import read_truth_json

    scenes = write_scenes(folder, per_image, images, masks=needs == "masks")
    (folder / "truth.npz").write_bytes(pack_truth(read_truth_json(scenes.truth, needs).objects))


def sides_of(folder: Path, per_image: int, *, masks: bool, slow: bool, images: int) -> dict[str, str]:
    """The script of each side; files are made by another process, whose memory would count as that of each side."""
    from benchmarks.scenes import HEIGHT, WIDTH

    asked = [str(folder), str(per_image), str(images), "masks" if masks else "boxes"]
    subprocess.run([sys.executable, __file__, "--prepare", *asked], check=True)
    needs = "masks" if masks else "boxes"
    fill = {
        "root": str(Path(__file__).resolve().parent.parent),
        "kind": "mask" if masks else "box",
        "needs": needs,
        "task": "instance_segmentation" if masks else "detection",
        "iou": "segm" if masks else "bbox",
        "truth": str(folder / "truth.json"),
        "found": str(folder / "detections.json"),
        "height": HEIGHT,
        "width": WIDTH,
    }
    chosen = PEERS if slow else {"hotcoco": PEERS["hotcoco"]}
    plain = OURS.format(**fill, compiled="")
    return {
        "ours": plain,
        "ours, without msgspec": f"import sys\nsys.modules['msgspec'] = None\n{plain}",
        "ours, truth compiled": OURS.format(**fill, compiled=str(folder / "truth.npz")),
        **{name: script.format(**fill) for name, script in chosen.items()},
    }


def main() -> None:
    """Boxes at 36 and 100 detections an image, masks at 36."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--slow", action="store_true", help="pycocotools and faster-coco-eval too, everything once")
    options.add_argument("--quick", action="store_true", help="200 images, once")
    options.add_argument("--prepare", nargs=4, metavar=("FOLDER", "BOXES", "IMAGES", "KIND"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.prepare:
        folder, per_image, many, kind = asked.prepare
        prepare(Path(folder), int(per_image), int(many), kind)
        return
    images, repeats = (200, 1) if asked.quick else (5000, 1 if asked.slow else asked.repeats)
    for label, per_image, masks in (
        ("boxes, 36 an image", 36, False),
        ("boxes, 100 an image", 100, False),
        ("masks, 36 an image", 36, True),
    ):
        with tempfile.TemporaryDirectory() as folder:
            contest(label, sides_of(Path(folder), per_image, masks=masks, slow=asked.slow, images=images), repeats)


if __name__ == "__main__":
    main()
