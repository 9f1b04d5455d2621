"""LVIS and Open Images scored from plain COCO files in plain loops, as their papers and official scripts say."""

from __future__ import annotations

from typing import Any

import numpy as np

Box = list[float]
Entry = dict[str, Any]


def overlap(one: Box, other: Box, *, of_first: bool = False) -> float:
    """Intersection over union, or over the area of the first."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(wide, 0.0) * max(high, 0.0)
    first, second = one[2] * one[3], other[2] * other[3]
    return both / first if of_first else both / (first + second - both)


def lvis_ap(truth: Entry, results: list[Entry], images: list[int], frequency: str = "rcf") -> float:
    """Mean over categories and thresholds of the precision at 101 recalls; detections of unknown categories are out."""
    head = {image["id"]: image for image in truth["images"]}
    scores = []
    for category in truth["categories"]:
        code = category["id"]
        here = [one for one in truth["annotations"] if one["category_id"] == code and one["image_id"] in images]
        if here and category["frequency"] in frequency:
            known = [head[image] for image in images]
            scores.append([_lvis_precision(known, here, results, code, iou=step / 20) for step in range(10, 20)])
    return float(np.mean(scores))


def _lvis_precision(known: list[Entry], here: list[Entry], results: list[Entry], code: int, *, iou: float) -> float:
    flags = []
    for image in known:
        true = [one["bbox"] for one in here if one["image_id"] == image["id"]]
        if not true and code not in image["neg_category_ids"]:
            continue
        kept = sorted((one for one in results if one["image_id"] == image["id"]), key=lambda one: -one["score"])[:300]
        taken: set[int] = set()
        for one in [one for one in kept if one["category_id"] == code]:
            free = [(overlap(one["bbox"], box), place) for place, box in enumerate(true) if place not in taken]
            best = max(free, default=(0.0, -1))
            if best[0] >= iou - 1e-10:
                taken.add(best[1])
                flags.append((one["score"], True))
            elif code not in image["not_exhaustive_category_ids"]:
                flags.append((one["score"], False))
    hits = np.cumsum([hit for _, hit in sorted(flags, reverse=True)])
    precision = hits / np.arange(1, len(hits) + 1)
    recall = hits / len(here)
    return float(np.mean([max(precision[recall >= level], default=0.0) for level in np.linspace(0, 1, 101)]))


def open_images_ap(truth: Entry, results: list[Entry], images: list[int]) -> float:
    """Mean over categories of the area under the precision; everything counts for what contains its class too."""
    parents = {one["id"]: set(one["parents"]) for one in truth["categories"]}
    above = {code: _ancestors(code, parents) for code in parents}
    below = {code: {low for low in parents if code in above[low]} for code in parents}
    looked_for = {}
    for image in truth["images"]:
        positive = {code for low in image["pos_category_ids"] for code in above[low]}
        looked_for[image["id"]] = positive | {code for top in image["neg_category_ids"] for code in below[top]}
    scores = []
    for code in parents:
        total, flags = 0, []
        for image in images:
            true = [one for one in truth["annotations"] if one["image_id"] == image]
            true = [one for one in true if code in above[one["category_id"]]]
            total += len(true)
            if true or code in looked_for[image]:
                found = [one for one in results if one["image_id"] == image and code in above[one["category_id"]]]
                flags += _open_images_flags(true, found)
        if total:
            scores.append(_area_under_precision(flags, total))
    return float(np.mean(scores))


def _ancestors(code: int, parents: dict[int, set[int]]) -> set[int]:
    """A category and all that contains it."""
    return {code}.union(*(_ancestors(parent, parents) for parent in parents[code]))


def _open_images_flags(true: list[Entry], found: list[Entry]) -> list[tuple[float, bool]]:
    """Hits and false alarms of one image and category: single boxes first, then what lies in groups."""
    single = [one["bbox"] for one in true if not one["iscrowd"]]
    groups = [one["bbox"] for one in true if one["iscrowd"]]
    taken: set[int] = set()
    surest: dict[int, float] = {}
    flags = []
    for one in sorted(found, key=lambda one: -one["score"]):
        near = [overlap(one["bbox"], box) for box in single]
        inside = [overlap(one["bbox"], box, of_first=True) for box in groups]
        if near and max(near) >= 0.5 and int(np.argmax(near)) not in taken:
            taken.add(int(np.argmax(near)))
            flags.append((one["score"], True))
        elif inside and max(inside) >= 0.5:
            surest.setdefault(int(np.argmax(inside)), one["score"])
        else:
            flags.append((one["score"], False))
    return flags + [(score, True) for score in surest.values()]


def _area_under_precision(flags: list[tuple[float, bool]], total: int) -> float:
    hits = np.array([hit for _, hit in sorted(flags, reverse=True)], dtype=bool)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(sum(precision[place:].max() for place in np.flatnonzero(hits)) / total)
