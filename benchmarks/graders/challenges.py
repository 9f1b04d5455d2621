"""A random solution as a challenge on disk, whose ``score.metric`` is one line, and a random submission to it.

Every item of the solution stands in it three times, under three ids: to learn from, as a public and as a private test
item. So public and private score of the submission must both be what the competition's oracle says of the sample.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import metrics
from benchmarks.graders.competitions import Competition
from benchmarks.graders.samples import Sample
from compete.nifti.writing import label_volume
from compete.png import png_bytes
from compete.terms import Terms
from metrics.label_maps import LabelMaps

SEED = "7c1d0e5b9a3f2846"
PLACE = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
SIDE = 1100
"""Pixels of images whose objects are boxes."""

PARTS = {"train": "t", "private": "p", "public": "q"}
"""The first letter of the ids of each part; test items sort as here."""

Columns = dict[str, list[str]]


@dataclass(frozen=True)
class Written:
    """What a challenge says beside its name, its split and its metric.

    Attributes:
        task: of the challenge.
        columns: label columns and columns beside them, one cell an item.
        data: keys of ``data``.
        submission: keys of ``submission``.
        sent: the prediction columns in their order, one cell an item; none where ``record`` is sent.
        record: what is predicted of images.
    """

    task: str
    columns: Columns
    data: dict[str, Any]
    submission: dict[str, Any]
    sent: Sequence[list[str]] = ()
    record: Any = None


def write_challenge(competition: Competition, sample: Sample, root: Path) -> Written:
    """Write ``challenge.yaml`` and the data of one random solution.

    Args:
        competition: whose one line ranks.
        sample: a random solution and submission.
        root: an empty folder.
    """
    metric = metrics.parse(competition.spec)
    need = min(metric.needed)
    if need in ("label_maps", "boxes"):
        written = (_masks if need == "label_maps" else _boxes)(sample, root)
    else:
        written = _tables(metric, need, sample)
        _write_table(root / "items.csv", written.columns)
    content = {
        "name": "grader", "title": competition.name, "license": "CC0-1.0", "task": written.task,
        "data": {"id": "name", "ids": "keep", "duplicates": "keep", "path": "items.csv", **written.data},
        "split": {"column": "part", "values": {part: part for part in PARTS}, "seed": SEED},
        "score": {"metric": competition.spec, "draws": 0},
        "submission": written.submission,
    }  # fmt: skip
    (root / "challenge.yaml").write_text(json.dumps(content))
    return written


def submission_to(terms: Terms, written: Written, images: Any = None) -> bytes:
    """The random submission, as participants would send it.

    Args:
        terms: of the bundle that was built.
        written: the challenge.
        images: the bundle's test images; None where an item is a row.
    """
    if written.record is not None:
        from compete.scoring.forms import as_submission

        return as_submission(written.record, terms, images)
    names = [name for letter in "pq" for name in _names(letter, len(written.sent[0]))]
    rows = zip(names, *(cells * 2 for cells in written.sent), strict=True)
    return _csv([["id", *terms.columns], *rows])


def _tables(metric: metrics.Metric, need: str, sample: Sample) -> Written:
    """A solution that is rows of a table."""
    beside, true = {}, sample.y_true
    if isinstance(true, metrics.WithColumns):
        beside = {name: list(map(str, column.tolist())) for name, column in true.columns.items()}
        true = true.y_true
    kinds: dict[str, Callable[[metrics.Metric, Any, Sample], Written]] = {
        "lists": _lists, "texts": _texts, "value": _values, "spread": _values,
    }  # fmt: skip
    written = kinds.get(need, _classes)(metric, true, sample)
    more = {"beside": list(beside), "personal": list(beside)} if beside else {}
    return Written(
        written.task, {**written.columns, **beside}, {**written.data, **more}, written.submission, written.sent
    )


def _classes(metric: metrics.Metric, true: Any, sample: Sample) -> Written:
    """Labels, or the chances of labels, in one column or in 0/1 columns."""
    true, found = np.asarray(true), np.asarray(sample.y_pred)
    kind = {} if metric.needs == "label" else {"kind": "probability"}
    if true.ndim == 2:
        columns = {f"flag {place}": list(map(str, column)) for place, column in enumerate(true.T.tolist())}
        return Written("multilabel", columns, {"label": list(columns)}, kind, _cells(found))
    occurring = {*map(str, true.tolist()), *(map(str, found.tolist()) if metric.needs == "label" else ())}
    classes = list(map(str, sample.labels)) if sample.labels is not None else sorted(occurring)
    data = {"label": "label", "classes": classes}
    return Written("classification", {"label": list(map(str, true.tolist()))}, data, kind, _cells(found))


def _values(metric: metrics.Metric, true: Any, sample: Sample) -> Written:
    """Numbers, or a number whose forecast says how sure it is."""
    cells = _cells(np.asarray(true))
    columns = {f"value {place}": column for place, column in enumerate(cells)}
    return Written("regression", columns, {"label": list(columns)}, {}, _cells(np.asarray(sample.y_pred)))


def _lists(metric: metrics.Metric, true: Any, sample: Sample) -> Written:
    """Lists of labels."""
    task = {"ordering_tau": "ordering", "sequence_error_rate": "sequence"}.get(metric.base, "retrieval")
    sides = [[" ".join(map(str, row)) for row in side] for side in (true, sample.y_pred)]
    return Written(task, {"labels": sides[0]}, {"label": "labels", "empty": True}, {}, [sides[1]])


def _texts(metric: metrics.Metric, true: Any, sample: Sample) -> Written:
    """Texts."""
    return Written("text", {"text": list(true)}, {"label": "text", "empty": True}, {}, [list(sample.y_pred)])


def _masks(sample: Sample, root: Path) -> Written:
    """Label images, or label volumes."""
    deep = np.ndim(sample.y_true[0]) == 3
    suffix = "nii" if deep else "png"
    for folder in ("images", "masks"):
        (root / folder).mkdir()
    names = [name for letter in PARTS.values() for name in _names(letter, len(sample.y_true))]
    random = np.random.default_rng(0)
    for name, mask in zip(names, [*sample.y_true] * len(PARTS), strict=True):
        values = random.integers(0, 255, mask.shape)
        for folder, array in (("images", values), ("masks", mask)):
            content = label_volume(array, PLACE, deep=False) if deep else png_bytes(array)
            (root / folder / f"{name}.{suffix}").write_bytes(content)
    files = [f"{name}.{suffix}" for name in names]
    _write_table(root / "items.csv", {}, {"file": files, "mask": files})
    data = {
        "images": "images", "masks": "masks", "file": "file", "mask": "mask", "features": ["shade"],
        "values": {"background": 0, "thing": 1},
    }  # fmt: skip
    found = LabelMaps.from_arrays([np.asarray(mask) for mask in sample.y_pred] * 2)
    return Written("semantic_segmentation", {}, data, {}, record=found)


def _boxes(sample: Sample, root: Path) -> Written:
    """Boxes of annotated images."""
    true = sample.y_true
    names = [name for letter in PARTS.values() for name in _names(letter, true.images)]
    (root / "images").mkdir()
    blank = png_bytes(np.full((SIDE, SIDE), 9))
    for name in names:
        (root / "images" / f"{name}.png").write_bytes(blank)
    size = {"width": SIDE, "height": SIDE}
    images = [{"id": place, "file_name": f"{name}.png", **size} for place, name in enumerate(names)]
    objects = [
        {"id": row + turn * true.count + 1, "image_id": int(true.image[row]) + turn * true.images,
         "category_id": int(true.category[row]) + 1, "bbox": true.box[row].tolist(), "iscrowd": 0,
         "area": float(true.box[row, 2] * true.box[row, 3])}
        for turn in range(len(PARTS)) for row in range(true.count)
    ]  # fmt: skip
    categories = [{"id": code + 1, "name": f"c{code}"} for code in range(true.categories)]
    (root / "coco.json").write_text(json.dumps({"images": images, "categories": categories, "annotations": objects}))
    _write_table(root / "items.csv", {}, {"file": [f"{name}.png" for name in names]})
    data = {"reader": "coco", "path": "coco.json", "images": "images", "items": "items.csv", "file": "file"}
    found = sample.y_pred
    if not found.box[:, 2:].any():  # points, which are sent as small boxes about them
        found = replace(found, box=found.box + np.array([-0.5, -0.5, 1, 1]))
    twice = {
        name: np.concatenate([getattr(found, name)] * 2) for name in ("category", "box", "score")
    }  # fmt: skip
    image = np.concatenate([found.image, found.image + found.images])
    return Written("detection", {}, data, {}, record=replace(found, images=2 * found.images, image=image, **twice))


def _names(letter: str, n: int) -> list[str]:
    """Ids that sort as they are counted."""
    return [f"{letter}{place:07}" for place in range(n)]


def _cells(values: Any) -> list[list[str]]:
    """One list of cells a column, each as it reads back to the bit."""
    spelt = repr if values.dtype.kind == "f" else str
    return [list(map(spelt, column)) for column in values.reshape(len(values), -1).T.tolist()]


def _write_table(path: Path, columns: Columns, files: Columns | None = None) -> None:
    """The items once for each part: columns that are the same in all parts, and files of their own."""
    more = files or {}
    n = len(next(iter(columns.values()))) if columns else len(more["file"]) // len(PARTS)
    table = {
        "name": [name for letter in PARTS.values() for name in _names(letter, n)],
        "part": [part for part in PARTS for _ in range(n)],
        "shade": [str(place % 7) for place in range(len(PARTS) * n)],
        **{name: cells * len(PARTS) for name, cells in columns.items()},
        **more,
    }
    path.write_bytes(_csv([list(table), *zip(*table.values(), strict=True)]))


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
