"""Objects in images: how well each category and size is found, and what goes wrong where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np

import metrics
from compete.reports.figures import Axis, Bar, Line, bar_chart, line_chart
from compete.reports.page import Fold, Section, Table
from compete.reports.views.records import Array, Seen, note, share, side_by_side
from metrics.detection import ap_by_category, coco_summary
from metrics.error_types import detection_errors, sort_errors
from metrics.matched import Matched, collect_matches
from metrics.outcomes import Outcomes

SIDES = {"boxes": "box", "masks": "mask", "points": "points"}
"""What is compared, for each kind of submission."""

AREAS = (("small", "under 32² pixels"), ("medium", "32² to 96² pixels"), ("large", "over 96² pixels"))
MOST_ROWS, MOST_LINES = 60, 5

ERRORS = {
    "classification": "found, called by another category",
    "localisation": "right category, overlaps too little",
    "both": "wrong in place and category",
    "duplicate": "found before by a surer one",
    "background": "nothing is there",
    "missed": "true objects that nothing found",
}
"""Kinds of errors as readers call them; TIDE's."""


def view_objects(seen: Seen) -> list[Section]:
    """Sections on objects: by category, by size, precision against recall, kinds of errors."""
    truth = getattr(seen.truth.y_true, "objects", seen.truth.y_true)
    side = SIDES[seen.terms.kind]
    evidence = collect_matches(truth, seen.values, side, seen.terms.classes)
    sections = [_category_section(evidence, truth, seen.terms.classes), _size_section(evidence, truth, side)]
    if side != "points" and truth.count and seen.values.count:
        errors = sort_errors(truth, seen.values, seen.terms.classes, kind=side)
        sections += [_curve_section(errors.outcomes, seen.terms.classes), _error_section(seen, truth, side)]
    return sections


def _category_section(evidence: Matched, truth: Any, names: tuple[str, ...]) -> Section:
    precision = ap_by_category(evidence)
    loose = metrics.get(f"{_name(evidence)}_ap", iou_to=0.5) if evidence.kind != "points" else None
    count = np.bincount(truth.category, minlength=len(names))
    order = np.argsort(np.nan_to_num(precision, nan=2.0), kind="stable")[:MOST_ROWS]
    chosen = order if len(names) > MOST_ROWS else np.arange(len(names))
    series = ("AP",) if loose is None else ("AP", "AP at 0.5")
    bars = []
    for place in chosen.tolist():
        values = [_known(precision[place])]
        if loose is not None:
            by_category = metrics.get(loose.base, iou_to=0.5, category=names[place])
            values.append(_known(float(by_category.reduce(evidence))))
        bars.append(Bar(f"{names[place]} ({int(count[place]):,})", tuple(values)))
    caption = "Average precision by category; in brackets how many true objects there are"
    chart = bar_chart(caption, bars, series, head="category", top=1.0, shown=share)
    less = (note(f"The {MOST_ROWS} worst of {len(names)} categories."),) if len(names) > MOST_ROWS else ()
    lead = "Average precision over ten overlaps from 0.5 to 0.95, as COCO has it, of each category by itself."
    return Section("categories", "By category", lead, (chart, *less))


def _size_section(evidence: Matched, truth: Any, side: str) -> Section:
    """AP and AR by the area of the true objects, and COCO's whole summary."""
    summary = [_known(value) for value in coco_summary(evidence)]
    sized = ((3, 9), (4, 10), (5, 11)) if side != "points" else ((3, 8), (4, 9))
    areas = AREAS if side != "points" else AREAS[1:]
    count = _by_size(truth)
    bars = [
        Bar(f"{name} ({words}; {count[name]:,})", (summary[one], summary[other]))
        for (name, words), (one, other) in zip(areas, sized, strict=True)
    ]
    caption = "Average precision and recall by the area of true objects; in brackets how many there are"
    chart = bar_chart(caption, bars, ("AP", "AR"), head="size", top=1.0, shown=share)
    names = POINT_SUMMARY if side == "points" else SUMMARY
    rows = [(name, "–" if value is None else f"{value:.4f}") for name, value in zip(names, summary, strict=True)]
    table = Table("COCO's summary", ("number", "score"), rows, right=(1,))
    return Section(
        "sizes", "By size", "Small objects are hard; here is how hard.", (chart, Fold("COCO's summary", (table,)))
    )


SUMMARY = (
    "AP", "AP at 0.5", "AP at 0.75", "AP of small", "AP of medium", "AP of large", "AR of 1 detection",
    "AR of 10 detections", "AR of 100 detections", "AR of small", "AR of medium", "AR of large",
)  # fmt: skip
POINT_SUMMARY = (
    "AP", "AP at 0.5", "AP at 0.75", "AP of medium", "AP of large", "AR", "AR at 0.5", "AR at 0.75", "AR of medium",
    "AR of large",
)  # fmt: skip


def _by_size(truth: Any) -> dict[str, int]:
    """How many true objects there are of each size."""
    area = truth.area
    if area is None:
        area = truth.mask.area if truth.mask is not None else truth.box[:, 2] * truth.box[:, 3]
    small, large = np.asarray(area) <= 32**2, np.asarray(area) >= 96**2
    return {"small": int(small.sum()), "medium": int((~small & ~large).sum()), "large": int(large.sum())}


def _curve_section(outcomes: Outcomes, names: tuple[str, ...]) -> Section:
    """Precision against recall at an overlap of one half."""
    count = np.bincount(outcomes.true_category, minlength=len(names))
    chosen = np.argsort(-count, kind="stable")[:MOST_LINES]
    every = np.ones(len(outcomes.image), dtype=bool)
    lines = [precision_line("all categories", outcomes, every, int(count.sum()))]
    if len(names) > 1:
        lines += [
            precision_line(names[place], outcomes, outcomes.category == place, int(count[place]))
            for place in chosen.tolist()
            if count[place]
        ]
    told = "precision against recall, from the surest detection down; a detection is right from an overlap of 0.5 on"
    chart = line_chart("Precision–recall at overlap 0.5", told, lines, Axis("recall"), Axis("precision"))
    sure = _threshold_chart(outcomes, int(count.sum()))
    lead = "What share of the true objects is found (recall), and what share of the detections is right (precision)."
    less = (note(f"The {MOST_LINES} categories with the most objects, of {len(names)}."),)
    return Section("curves", "At every threshold", lead, (side_by_side(chart, sure), *less[: len(names) > MOST_LINES]))


def precision_line(label: str, outcomes: Outcomes, chosen: Array, total: int) -> Line:
    """Precision against recall of some detections."""
    hit, false_alarm, _ = _running(outcomes, chosen)
    recall, precision = hit / max(1, total), hit / np.maximum(1, hit + false_alarm)
    return Line(label, [0.0, *recall.tolist()], [float(precision[0]) if len(precision) else 0.0, *precision.tolist()])


def _threshold_chart(outcomes: Outcomes, total: int) -> Any:
    """Precision, recall and F1 if detections count from a score on."""
    hit, false_alarm, score = _running(outcomes, np.ones(len(outcomes.image), dtype=bool))
    recall, precision = hit / max(1, total), hit / np.maximum(1, hit + false_alarm)
    both = 2 * hit / np.maximum(1, hit + false_alarm + total)
    best = int(np.argmax(both)) if len(both) else 0
    x = score.tolist()
    columns = (("precision", precision), ("recall", recall), ("F1", both))
    lines = [Line(name, x, column.tolist()) for name, column in columns]
    low, high = (float(score.min()), float(score.max())) if len(score) else (0.0, 1.0)
    caption = f"If detections count from a score on: F1 is highest, {both[best]:.3f}, from {score[best]:.3g} on"
    return line_chart("Precision, recall and F1 by score", caption, lines, Axis("score", low, max(high, low + 1e-9)),
                      Axis("share"), caption=caption)  # fmt: skip


def _running(outcomes: Outcomes, chosen: Array) -> tuple[Array, Array, Array]:
    """Hits, false alarms and score at each distinct score, the highest first."""
    row = np.flatnonzero(chosen & outcomes.counted[0])
    row = row[np.argsort(-outcomes.score[row], kind="stable")]
    last = np.flatnonzero(np.append(np.diff(outcomes.score[row]) != 0, True))[: len(row)]
    hit = np.cumsum(outcomes.hit[0, row])
    return hit[last], (np.arange(1, len(row) + 1) - hit)[last], outcomes.score[row][last]


def _error_section(seen: Seen, truth: Any, side: str) -> Section:
    found = detection_errors(truth, seen.values, seen.terms.classes, kind=side)
    bars = [Bar(f"{name}: {words}", (_known(getattr(found, name)),)) for name, words in ERRORS.items()]
    lead = (
        "How much average precision at overlap 0.5 would rise if one kind of error were mended (TIDE): the longest bar "
        "is where work pays most."
    )
    chart = bar_chart("Average precision lost", bars, ("AP",), head="error", shown=share)
    return Section("errors", "What goes wrong", lead, (chart,))


def _known(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _name(evidence: Matched) -> str:
    return {"box": "box", "mask": "mask", "points": "keypoint"}[evidence.kind]
