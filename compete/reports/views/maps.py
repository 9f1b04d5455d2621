"""Label images and segments: how well the pixels of each class, and the segments of each category, are found."""

from __future__ import annotations

import numpy as np

from compete.reports.figures import Bar, bar_chart
from compete.reports.page import Section
from compete.reports.views.classes import MOST_ROWS, confusion_chart
from compete.reports.views.records import Array, Seen, note, share
from compete.terms import Terms
from metrics.averages import jaccard_of, precision_of, recall_of
from metrics.label_maps import LabelMaps, shared_runs
from metrics.panoptic import matched_segments, qualities


def view_maps(seen: Seen) -> list[Section]:
    """Sections on label images: overlap by class, and which pixels are taken for which."""
    table = pixel_confusion(seen.truth.y_true, seen.values, seen.terms)
    hit, true, predicted = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    names = seen.terms.classes
    scores = [function(hit.astype(float), true, predicted) for function in (jaccard_of, precision_of, recall_of)]
    order = np.argsort(np.nan_to_num(scores[0], nan=2.0), kind="stable")[:MOST_ROWS]
    chosen = order if len(names) > MOST_ROWS else np.arange(len(names))
    total = max(1.0, float(true.sum()))
    bars = [
        Bar(f"{names[place]} ({true[place] / total:.1%})", tuple(_known(column[place]) for column in scores))
        for place in chosen.tolist()
    ]
    caption = "Intersection over union, precision and recall of pixels by class; in brackets its share of all pixels"
    chart = bar_chart(caption, bars, ("IoU", "precision", "recall"), head="class", top=1.0, shown=share)
    matrix = confusion_chart(table, names, "How many pixels of each class were called by which", "pixels")
    lead = f"{hit.sum() / total:.1%} of the pixels are called by their class, over all images together."
    return [Section("classes", "By class", lead, (chart, matrix))]


def pixel_confusion(truth: LabelMaps, given: LabelMaps, terms: Terms) -> Array:
    """How many pixels of each class were called by each, float64, shape (classes, classes): rows true.

    Pixels whose true or predicted value is no class are left out.
    """
    size = len(terms.class_ids)
    table = np.zeros((size + 1) ** 2)
    one, other = (_places(maps.value, terms.class_ids) for maps in (truth, given))
    for shared in shared_runs(truth, given):
        pair = one[shared.first] * (size + 1) + other[shared.second]
        table += np.bincount(pair, shared.length, (size + 1) ** 2)
    return table.reshape(size + 1, size + 1)[:size, :size]


def _places(value: Array, class_ids: tuple[int, ...]) -> Array:
    """The place of each value among the classes; behind the last where it is none."""
    order = np.argsort(class_ids, kind="stable")
    known = np.asarray(class_ids, dtype=np.int64)[order]
    at = np.minimum(np.searchsorted(known, value.astype(np.int64)), len(known) - 1)
    return np.where(known[at] == value, order[at], len(known))


def view_segments(seen: Seen) -> list[Section]:
    """Sections on segments: panoptic quality of each category, and its two factors."""
    evidence = matched_segments(seen.truth.y_true, seen.values, seen.terms.classes)
    counts = next(iter(evidence.readings(None)))
    scores = [column[0] for column in qualities(counts)]
    names, total = seen.terms.classes, counts.hit[0] + counts.miss[0]
    order = np.argsort(np.nan_to_num(scores[0], nan=2.0), kind="stable")[:MOST_ROWS]
    chosen = order if len(names) > MOST_ROWS else np.arange(len(names))
    bars = [
        Bar(f"{names[place]} ({int(total[place]):,})", tuple(_known(column[place]) for column in scores))
        for place in chosen.tolist()
    ]
    caption = "Panoptic quality by category; in brackets how many true segments there are"
    chart = bar_chart(caption, bars, ("PQ", "SQ", "RQ"), head="category", top=1.0, shown=share)
    hit, alarm, miss = (int(part[0].sum()) for part in (counts.hit, counts.false_alarm, counts.miss))
    lead = f"{hit:,} segments are found, {miss:,} are missed, and {alarm:,} are of nothing."
    words = "PQ = SQ × RQ: how closely what is found is outlined, times how much is found and how little invented."
    return [Section("categories", "By category", lead, (chart, note(words)))]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
