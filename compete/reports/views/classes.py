"""One class an item: which classes are taken for which, and how well probabilities and scores tell them apart."""

from __future__ import annotations

import numpy as np

import metrics
from compete.markup import Html
from compete.reports.figures import Axis, Bar, Line, bar_chart, heat_chart, line_chart
from compete.reports.page import Section, Table
from compete.reports.views.records import Array, Seen, note, share, side_by_side
from metrics.averages import f1_of, precision_of, recall_of
from metrics.curves import Ranking

MOST_CLASSES = 24
"""Classes of a confusion matrix; of more the most confused are shown."""

MOST_ROWS = 40
"""Classes of a chart by class; of more the worst are shown."""

MOST_LINES = 6
"""Lines of a chart; of more classes those with the most items get one."""

PAIRS = 10


def view_classes(seen: Seen) -> list[Section]:
    """Sections on the classes of a classification."""
    known = np.asarray(seen.truth.y_true).ravel()
    names = seen.terms.classes
    sections = []
    if seen.terms.kind != "score":
        called = np.asarray(seen.viewed("label")).ravel()
        sections.append(_confusion_section(confusion_of(known, called, len(names)), names))
    if seen.terms.kind in ("probability", "score"):
        columns = _columns(np.asarray(seen.values), len(names))
        flags = [(names[place], known == place, score) for place, score in columns]
        sections.append(curve_section(flags))
    if seen.terms.kind == "probability":
        sections.append(_reliability_section(known, np.asarray(seen.values), len(names)))
    return sections


def view_labels(seen: Seen) -> list[Section]:
    """Sections on the 0/1 columns of a multilabel task."""
    known, names = np.asarray(seen.truth.y_true), seen.terms.target
    sections = []
    if seen.terms.kind != "score":
        called = np.asarray(seen.viewed("label"))
        hit, true, predicted = (part.sum(axis=0) for part in (known & called, known, called))
        parts = (by_class_chart(names, hit, true, predicted, "label"),)
        sections.append(Section("classes", "By label", "How each label fares by itself.", parts))
    if seen.terms.kind in ("probability", "score"):
        values = np.asarray(seen.values)
        sections.append(curve_section([(name, known[:, at] == 1, values[:, at]) for at, name in enumerate(names)]))
    return sections


def confusion_of(known: Array, called: Array, size: int) -> Array:
    """How many items of each class were called by each, shape (size, size): rows true, columns predicted."""
    return np.bincount(known.astype(np.int64) * size + called, minlength=size * size).reshape(size, size)


def _confusion_section(table: Array, names: tuple[str, ...]) -> Section:
    wrong = table - np.diag(np.diag(table))
    hit, true, predicted = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    lead = f"{int(hit.sum()):,} of {int(table.sum()):,} items are called by their class."
    parts: list[Html | Table] = [confusion_chart(table, names, "How many items of each class were called by which")]
    if wrong.any() and len(names) > 2:
        parts.append(_most_confused(wrong, names))
    return Section(
        "classes", "Which classes are taken for which", lead, (*parts, by_class_chart(names, hit, true, predicted))
    )


def confusion_chart(table: Array, names: tuple[str, ...], caption: str, unit: str = "items") -> Html:
    """A confusion matrix, shaded by the share of the true class; of many classes the most confused."""
    chosen = np.arange(len(names))
    if len(names) > MOST_CLASSES:
        wrong = table.sum(axis=0) + table.sum(axis=1) - 2 * np.diag(table)
        chosen = np.sort(np.argsort(-wrong, kind="stable")[:MOST_CLASSES])
        caption = f"{caption}; the {MOST_CLASSES} most confused of {len(names)} classes"
    part = table[np.ix_(chosen, chosen)].astype(float)
    shares = part / np.maximum(table.sum(axis=1)[chosen], 1)[:, None]
    labels = [names[place] for place in chosen.tolist()]
    texts = [[f"{int(value):,}" for value in row] for row in part.tolist()]
    return heat_chart(
        f"{caption} ({unit}; shaded by the share of the true class)",
        labels, labels, shares.tolist(), texts=texts, corner="true ↓  called →", top=1.0, mirrored=True,
    )  # fmt: skip


def _most_confused(wrong: Array, names: tuple[str, ...]) -> Table:
    order = np.argsort(-wrong.ravel(), kind="stable")[:PAIRS]
    rows = []
    for place in order.tolist():
        one, other = divmod(place, len(names))
        if wrong[one, other]:
            rows.append((names[one], names[other], f"{int(wrong[one, other]):,}"))
    return Table("The classes that are confused most", ("true class", "called", "items"), rows, right=(2,))


def by_class_chart(names: tuple[str, ...], hit: Array, true: Array, predicted: Array, what: str = "class") -> Html:
    """Precision, recall and F1 of each class; of many the worst."""
    scores = [function(*(np.asarray(part, dtype=float) for part in (hit, true, predicted))) for function in MEASURES]
    order = np.argsort(np.nan_to_num(scores[2], nan=2.0), kind="stable")[:MOST_ROWS]
    chosen = order if len(names) > MOST_ROWS else np.arange(len(names))
    bars = []
    for place in chosen.tolist():
        values = tuple(None if np.isnan(column[place]) else float(column[place]) for column in scores)
        bars.append(Bar(f"{names[place]} ({int(true[place]):,})", values))
    told = f" of the {MOST_ROWS} worst of {len(names)}" if len(names) > MOST_ROWS else ""
    caption = f"Precision, recall and F1{told} by {what}; in brackets how many items truly have it"
    return bar_chart(caption, bars, ("precision", "recall", "F1"), head=what, top=1.0, shown=share)


MEASURES = (precision_of, recall_of, f1_of)


def curve_section(flags: list[tuple[str, Array, Array]]) -> Section:
    """ROC and precision–recall curves of classes.

    Args:
        flags: name of each class, whether each item has it, shape (n,), and its score, shape (n,).
    """
    held = [one for one in flags if one[1].any() and not one[1].all()]
    chosen = sorted(held, key=lambda one: -int(one[1].sum()))[:MOST_LINES]
    roc, precision = [], []
    for name, positive, score in chosen:
        hits, alarms = (np.concatenate(([0], part)) for part in Ranking(score, positive).counts)
        recall, fallout = hits / hits[-1], alarms / max(1, alarms[-1])
        exact = hits[1:] / (hits[1:] + alarms[1:])
        codes = positive.astype(int)
        area, average = metrics.roc_auc(codes, score), metrics.average_precision(codes, score)
        label = f"{name}: " if len(flags) > 1 else ""
        roc.append(Line(f"{label}area {area:.3f}", fallout.tolist(), recall.tolist()))
        precision.append(Line(f"{label}average precision {average:.3f}", [0.0, *recall[1:]], [exact[0], *exact]))
    left = line_chart(
        "ROC curve", _told("the share of true items found against the share of false alarms", roc), roc,
        Axis("false positive rate"), Axis("true positive rate"), diagonal=True,
    )  # fmt: skip
    right = line_chart(
        "Precision–recall curve", _told("precision against recall", precision), precision,
        Axis("recall"), Axis("precision"),
    )  # fmt: skip
    lead = "How well the scores tell an item of a class from all others, at every threshold."
    less = [note(f"The {MOST_LINES} classes with the most items, of {len(held)}.")] if len(held) > MOST_LINES else []
    return Section("curves", "At every threshold", lead, (side_by_side(left, right), *less))


def _reliability_section(known: Array, values: Array, size: int) -> Section:
    """Whether what is said to be likely is as likely as that."""
    if size == 2:
        right, chance = (known == 1).astype(int), values if values.ndim == 1 else values[:, -1]
        across, up = "predicted probability", "share that came true"
    else:
        total = values.sum(axis=1, keepdims=True)
        chance = (values / np.where(total == 0, 1, total)).max(axis=1)
        right = (values.argmax(axis=1) == known).astype(int)
        across, up = "probability of the class that was called", "share that was right"
    curve = metrics.reliability_curve(right, np.clip(chance, 0, 1), labels=(0, 1))
    low, high = wilson_ends(curve.observed, curve.weight)
    line = Line("", curve.predicted.tolist(), curve.observed.tolist(), dots=True, low=low.tolist(), high=high.tolist())
    gap = float(np.average(np.abs(curve.predicted - curve.observed), weights=curve.weight))
    told = f"{up} against {across} in ten bins; on average they differ by {gap:.3f}"
    chart = line_chart("Reliability", told, [line], Axis(across), Axis(up), diagonal=True)
    ends = zip(curve.low.tolist(), curve.high.tolist(), curve.weight.tolist(), strict=True)
    bars = [Bar(f"{lower:.1f} – {upper:.1f}", (weight,)) for lower, upper, weight in ends]
    counts = bar_chart("How many items got which probability", bars, ("items",), head=across)
    lead = (
        f"On the dashed line, what is said to happen in 70 of 100 cases happens in 70 of 100. Here the two differ by "
        f"{gap:.3f} on average. The band is the 95 % interval of each share."
    )
    return Section("reliability", "Are the probabilities to be believed?", lead, (side_by_side(chart, counts),))


def wilson_ends(part: Array, n: Array, z: float = 1.959964) -> tuple[Array, Array]:
    """The 95 % interval of shares, each of n items.

    Source: Wilson, JASA 22 (1927), p. 209.

    >>> [round(float(end[0]), 4) for end in wilson_ends(np.array([0.5]), np.array([10.0]))]
    [0.2366, 0.7634]
    """
    middle = (part + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(part * (1 - part) / n + z * z / (4 * n * n))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _columns(values: Array, size: int) -> list[tuple[int, Array]]:
    """The score of each class that has one: of two classes the second."""
    if values.ndim == 1 or values.shape[1] == 1:
        return [(size - 1, values.ravel())]
    return [(place, values[:, place]) for place in (range(size) if size > 2 else [1])]


def _told(what: str, lines: list[Line]) -> str:
    return f"{what}; {'; '.join(line.label for line in lines)}"
