"""Graders as people write them today, run on many files: ``python peers.py NAME`` with bundles and files on stdin.

Each file is graded in a fork of this process that is killed after 20 seconds. What a grader says in its own words
(``Refused``, an assertion with a text, ``sys.exit``) counts as a refusal; any other exception and any signal as a
traceback.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from submissions import HANG, ended  # noqa: E402

MEMORY = 4 << 30
"""Bytes of address space above what is held at the start, so that a bomb does not take the machine."""

Grader = Callable[[Path, Path], dict[str, float]]


class Refused(Exception):  # noqa: N818  (what a grader says to a participant)
    """A grader's own words."""


def terms_of(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "public" / "challenge.json").read_text())
    return found


def by_pandas(bundle: Path, file: Path) -> dict[str, float]:
    """Read both tables, compare columns and number of rows, merge by id, call scikit-learn."""
    import pandas as pd
    from sklearn.metrics import accuracy_score, f1_score, log_loss, root_mean_squared_error

    terms, truth = terms_of(bundle), pd.read_csv(bundle / "private" / "solution.csv")
    sent, columns, target = pd.read_csv(file), list(terms["columns"]), list(terms["target"])
    if missing := {"id", *columns} - {*sent.columns}:
        raise Refused(f"missing columns: {missing}")
    if len(sent) != len(truth):
        raise Refused(f"{len(sent)} rows instead of {len(truth)}")
    both = truth[["id", *target]].merge(sent[["id", *columns]], on="id", suffixes=("_true", ""))
    true = both[[f"{name}_true" if f"{name}_true" in both else name for name in target]].to_numpy()
    given = both[columns].to_numpy()
    metric = terms["metric"]
    if metric == "accuracy":
        value = accuracy_score(true.ravel(), given.ravel())
    elif metric == "log_loss":
        value = log_loss(true.ravel(), given, labels=terms["classes"])
    elif metric == "rmse":
        value = root_mean_squared_error(true, given)
    else:
        value = f1_score(true, given, average="macro", zero_division=0)
    return {metric: float(value)}


def by_unpacking(bundle: Path, file: Path) -> dict[str, float]:
    """Unpack an archive, take the first table in it, and go on as with a table."""
    if file.suffix == ".csv":
        return by_pandas(bundle, file)
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder, "a", "b", "c")  # what escapes by a step or two stays in the temporary folder
        inside.mkdir(parents=True)
        shutil.unpack_archive(file, inside)
        tables = sorted(inside.rglob("*.csv"))
        if not tables:
            raise Refused("no CSV file in the archive")
        return by_pandas(bundle, tables[0])


def truth_of(bundle: Path) -> Any:
    from compete.hidden import unpack_truth

    return unpack_truth((bundle / "private" / "truth.npz").read_bytes(), "truth.npz")


def run_mask(text: Any, height: int, width: int) -> Any:
    """A mask of run lengths, as copied from one Kaggle notebook to the next."""
    import numpy as np

    mask = np.zeros(height * width, dtype=np.uint8)
    if isinstance(text, str) or text > 0:  # an empty cell is nan
        word = str(text).split()
        starts, lengths = (np.asarray(part, dtype=int) for part in (word[0::2], word[1::2]))
        for low, high in zip(starts - 1, starts - 1 + lengths, strict=False):
            mask[low:high] = 1
    return mask.reshape((height, width), order="F")


def by_runs(bundle: Path, file: Path) -> dict[str, float]:
    """Merge by id, decode each row and take the mean of Dice over the images."""
    import numpy as np
    import pandas as pd

    truth, maps = pd.read_csv(bundle / "private" / "solution.csv"), truth_of(bundle)
    truth["place"] = range(len(truth))
    sent = pd.read_csv(file)
    if len(sent) != len(truth):
        raise Refused(f"{len(sent)} rows instead of {len(truth)}")
    found = []
    for row in truth.merge(sent, on="id").itertuples():
        true, given = maps.array(row.place) > 0, run_mask(row.rle, row.height, row.width) > 0
        both = true.sum() + given.sum()
        found.append(2 * (true & given).sum() / both if both else 1.0)
    return {"dice": float(np.mean(found))}


def by_picture(bundle: Path, file: Path) -> dict[str, float]:
    """Open the picture, compare shapes, take the mean of IoU over the classes."""
    import numpy as np
    from PIL import Image

    true, given = truth_of(bundle).array(0), np.array(Image.open(file))
    assert given.shape == true.shape, f"shape {given.shape} instead of {true.shape}"
    ious = [((given == one) & (true == one)).sum() / ((given == one) | (true == one)).sum() for one in (0, 1)]
    return {"miou": float(np.mean(ious))}


def coco_of(bundle: Path) -> tuple[dict[str, Any], str]:
    """The truth as a COCO file, and what kind it is."""
    import pandas as pd

    terms, objects = terms_of(bundle), truth_of(bundle)
    listed = pd.read_csv(bundle / "private" / "solution.csv")
    sizes = list(zip(listed["height"].tolist(), listed["width"].tolist(), strict=True))
    images = [{"id": place + 1, "height": height, "width": width} for place, (height, width) in enumerate(sizes)]
    box = objects.box if objects.box is not None else objects.mask.box
    masks = objects.mask
    entries = []
    for place, (image, category) in enumerate(zip(objects.image.tolist(), objects.category.tolist(), strict=True)):
        entry: dict[str, Any] = {
            "id": place + 1, "image_id": image + 1, "category_id": terms["class_ids"][category], "iscrowd": 0,
            "bbox": box[place].tolist(), "area": float(box[place, 2] * box[place, 3]),
        }  # fmt: skip
        if masks is not None:
            counts = masks.text[masks.start[place] : masks.start[place + 1]].tobytes()
            entry["segmentation"] = {"size": list(sizes[image]), "counts": counts}
        entries.append(entry)
    classes = [{"id": number, "name": str(number)} for number in terms["class_ids"]]
    return {"images": images, "annotations": entries, "categories": classes}, "bbox" if masks is None else "segm"


def by_pycocotools(bundle: Path, file: Path) -> dict[str, float]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return evaluated(COCO, COCOeval, bundle, file)


def by_faster(bundle: Path, file: Path) -> dict[str, float]:
    from faster_coco_eval import COCO, COCOeval_faster

    return evaluated(COCO, COCOeval_faster, bundle, file)


def evaluated(coco: Any, evaluator: Any, bundle: Path, file: Path) -> dict[str, float]:
    """As the README of either library shows it."""
    content, kind = coco_of(bundle)
    truth = coco()
    truth.dataset = content
    truth.createIndex()
    work = evaluator(truth, truth.loadRes(str(file)), kind)
    work.evaluate()
    work.accumulate()
    work.summarize()
    return {f"stat {place}": float(value) for place, value in enumerate(list(work.stats)[:12])}


GRADERS: dict[str, tuple[Grader, tuple[str, ...]]] = {
    "pandas": (by_unpacking, ("pandas", "sklearn.metrics")),
    "pandas, run lengths": (by_runs, ("pandas", "compete.hidden", "metrics.label_maps")),
    "Pillow": (by_picture, ("PIL.Image", "compete.hidden", "metrics.label_maps")),
    "pycocotools": (by_pycocotools, ("pandas", "pycocotools.cocoeval", "compete.hidden", "metrics.objects")),
    "faster-coco-eval": (by_faster, ("pandas", "faster_coco_eval", "compete.hidden", "metrics.objects")),
}


def answer(grader: Grader, bundle: Path, file: Path) -> dict[str, str]:
    """What a grader does with one file."""
    warnings.simplefilter("ignore")
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):  # noqa: PTH123
        try:
            values = grader(bundle, file)
        except (Refused, SystemExit):
            return {"outcome": "refused", "scores": ""}
        except AssertionError as error:
            return {"outcome": "refused" if str(error) else "traceback", "scores": ""}
        except BaseException:
            return {"outcome": "traceback", "scores": ""}
    return {"outcome": "scored", "scores": json.dumps([[name, "", "", value] for name, value in values.items()])}


def fate(grader: Grader, bundle: Path, file: Path) -> dict[str, Any]:
    """What a grader does with one file in a fork, and what that costs."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with open("/proc/self/statm", encoding="ascii") as held:  # noqa: PTH123
            most = int(held.read().split()[0]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.write(writing, json.dumps(answer(grader, bundle, file)).encode())
        os._exit(0)
    os.close(writing)
    code, seconds, megabytes = ended(child, HANG)
    raw = os.read(reading, 1 << 16)
    os.close(reading)
    said = json.loads(raw) if raw else {"outcome": "hang" if code == -9 else "traceback", "scores": ""}
    return {**said, "seconds": seconds, "megabytes": megabytes}


def main() -> None:
    grader, needed = GRADERS[sys.argv[1]]
    for name in needed:
        __import__(name)
    print(json.dumps([fate(grader, Path(bundle), Path(file)) for file, bundle in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
