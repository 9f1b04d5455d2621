"""What strictness costs: every form of a table, read, checked and brought into one order, beside pandas ``read_csv``.

The parser checks nothing. Where we do more than read, a second line has a peer that does so too: it aligns by id, sorts
boxes, or splits cells of many numbers and makes numbers of the words; what ``read_csv`` takes that leaves them be is
told as well. The aim is at most 1.5 times the peer's time, which is 0.67 in the columns of ratios. Usage::

    python benchmarks/bench_forms.py [--quick] [--repeats 7]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.bench_reading import CLASSES, write_tables
from benchmarks.side_by_side import Contest, compare
from compete.scoring.forms import as_submission, read_images_submission
from compete.scoring.matching import vocabulary
from compete.scoring.submission import Contract, read_submission
from compete.scoring.table import as_codes, as_numbers, columns_as_text, read_table
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from metrics.objects import Objects
from tests.scoring.form_images import some_images, terms_of

if TYPE_CHECKING:
    from compete.scoring.images import Images
    from compete.scoring.spans import Array
    from compete.terms import Terms

LABELS = tuple(f"class_{number}" for number in range(80))
HEIGHT, WIDTH = 480, 640
GOAL = round(1 / 1.5, 2)
VALUE = Contract("id", ("value",), "value")


def image_tables(folder: Path, boxes: int, masks: int) -> dict[str, tuple[Terms, Images]]:
    """Write a table in every form of tasks of images; tells what each must hold."""
    chance = np.random.default_rng(21)
    scenes = some_images([f"img_{number:06}" for number in range(boxes // 100)], [(HEIGHT, WIDTH)] * (boxes // 100))
    few = some_images([f"img_{number:06}" for number in range(masks // 16)], [(HEIGHT, WIDTH)] * (masks // 16))
    objects = drawn_boxes(chance, scenes.n, boxes)
    rounded = replace(objects, box=objects.box.round(2), score=objects.score.round(3))
    areas = [drawn_area(chance) for _ in range(masks)]
    owner = np.repeat(np.arange(few.n), masks // few.n)
    label = chance.integers(0, len(LABELS), masks)
    shapes = Objects(
        few.n, len(LABELS), owner, label, mask=Masks.from_bitmaps(areas), score=chance.random(masks).round(4)
    )
    maps = LabelMaps.from_arrays([np.max([areas[16 * place + k] * (k % 7 + 1) for k in range(16)], axis=0)
                                  for place in range(few.n // 4)])  # fmt: skip
    fewer = some_images([f"img_{number:06}" for number in range(few.n // 4)], [(HEIGHT, WIDTH)] * (few.n // 4))
    most: dict[str, Any] = {"classes": LABELS, "most_objects": 1000}
    wanted = {
        "rows, rounded": (terms_of("rows", "boxes", **most), scenes, rounded),
        "rows, 17 digits": (terms_of("rows", "boxes", **most), scenes, objects),
        "strings, rounded": (terms_of("strings", "boxes", **most), scenes, rounded),
        "strings, 17 digits": (terms_of("strings", "boxes", **most), scenes, objects),
        "runs of objects": (terms_of("runs", "masks", **most), few, shapes),
        "runs of classes": (terms_of("runs", "label_maps", classes=LABELS[:8]), fewer, maps),
    }
    for name, (terms, images, record) in wanted.items():
        (folder / f"{name}.csv").write_bytes(as_submission(record, terms, images))
    return {name: (terms, images) for name, (terms, images, _) in wanted.items()}


def drawn_boxes(chance: np.random.Generator, images: int, count: int) -> Objects:
    """Boxes anywhere in images, in no order."""
    size = chance.random((count, 2)) * 200 + 2
    corner = chance.random((count, 2)) * ([WIDTH, HEIGHT] - size)
    image, label = chance.integers(0, images, count), chance.integers(0, len(LABELS), count)
    box = np.concatenate([corner, size], axis=1)
    return Objects(images, len(LABELS), image, label, box=box, score=chance.random(count))


def drawn_area(chance: np.random.Generator) -> Array:
    """An ellipse somewhere in an image."""
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    (y, x), (high, wide) = chance.random(2) * (HEIGHT, WIDTH), chance.random(2) * (60, 80) + 5
    area: Array = ((down - y) / high) ** 2 + ((across - x) / wide) ** 2 < 1
    area[int(y), int(x)] = True
    return area


def split_words(path: Path) -> list[Array]:
    """What a grader does with cells of many words: split them, and make numbers of those that are."""
    table = pd.read_csv(path)
    if "rle" in table:
        return [np.array(cell.split(" "), dtype=np.int64) for cell in table["rle"]]
    words = [cell.split(" ") for cell in table["PredictionString"]]
    return [np.array([each[place::6] for place in range(1, 6)], dtype=np.float64) for each in words]


def read_columns(path: Path) -> list[Array]:
    """Our strict reading of a table alone: a label as codes, a value as floats, ids where they stand."""
    table = read_table(path)
    return [as_numbers(table, "value") if "value" in table.columns else as_codes(table, "label")[0]]


def merged(path: Path, ids: pd.DataFrame) -> pd.DataFrame:
    """A table in the order of some ids."""
    return ids.merge(pd.read_csv(path), on="id")


def sorted_boxes(path: Path, images: Images) -> pd.DataFrame:
    """Boxes by image, class and falling score, which is what we bring them into too."""
    table = pd.read_csv(path)
    table["image"] = table["id"].map({name: place for place, name in enumerate(images.ids.column.tolist())})
    table["label"] = pd.Categorical(table["class"], LABELS).codes
    return table.sort_values(["image", "label", "score"], ascending=[True, True, False])


def table_contests(folder: Path, rows: int, repeats: int) -> list[Contest]:
    """Tables of one row an item: read, and read and aligned."""
    write_tables(folder, rows)
    known = vocabulary(columns_as_text(read_table(folder / "solution.csv"), "id"))
    ids = pd.read_csv(folder / "solution.csv")[["id"]]
    label = Contract("id", ("label",), "label", classes=tuple(map(str, range(CLASSES))))
    contests = []
    for name, contract in (("in-order", label), ("shuffled", label), ("shuffled-float", VALUE)):
        path = folder / f"{name}.csv"
        plain = partial(pd.read_csv, path)
        contests.append(Contest(f"table, {name}", partial(read_columns, path), plain, GOAL, repeats))
        ours, peer = partial(read_submission, path, contract, known), partial(merged, path, ids)
        contests.append(Contest(f"table, {name}, aligned", ours, peer, GOAL, repeats, note="the peer merges"))
    return contests


def compare_forms(folder: Path, sizes: tuple[int, int, int], repeats: int) -> None:
    """Time our reading of every form of a table beside the plain parser's."""
    rows, boxes, masks = sizes
    contests = table_contests(folder, rows, repeats)
    for name, (terms, images) in image_tables(folder, boxes, masks).items():
        path = folder / f"{name}.csv"
        whole, plain = partial(read_images_submission, path, terms, images), partial(pd.read_csv, path)
        if name.startswith("rows"):
            peer = partial(sorted_boxes, path, images)
            contests.append(Contest(name, whole, plain, GOAL, repeats))
            contests.append(Contest(name, whole, peer, GOAL, repeats, note="the peer sorts"))
        else:
            contests.append(Contest(name, whole, partial(split_words, path), GOAL, repeats, note="the peer splits"))
            contests.append(Contest(name, whole, plain, 0, repeats, note="the peer leaves cells as text"))
    told = "with" if find_spec("pyarrow") else "without"
    compare(f"peer: pandas {pd.__version__} read_csv, {told} pyarrow; the goal is 1.5 times its time", contests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small tables, twice")
    parser.add_argument("--repeats", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = (100_000, 50_000, 800) if chosen.quick else (1_000_000, 500_000, 8_000)
        compare_forms(Path(folder), sizes, 2 if chosen.quick else chosen.repeats)


if __name__ == "__main__":
    main()
