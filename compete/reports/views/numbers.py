"""Numbers against numbers: where predictions lie beside the truth, and how far off they are."""

from __future__ import annotations

import numpy as np

from compete.markup import Html
from compete.reports.figures import Axis, Line, histogram, line_chart
from compete.reports.figures.drawing import spread, tick_text
from compete.reports.page import Section
from compete.reports.views.records import Array, Seen, note, side_by_side

POINTS = 1500
"""Items of a cloud; of more, so many evenly chosen ones are drawn."""

MOST_TARGETS = 4

BINS = 24


def view_numbers(seen: Seen) -> list[Section]:
    """Sections on numbers: the cloud of truth and prediction, and the spread of the errors, of each target."""
    if seen.terms.kind != "value":
        return []
    known = _columns(np.asarray(seen.truth.y_true, dtype=float))
    given = _columns(np.asarray(seen.values, dtype=float))
    names = seen.terms.target
    parts = []
    for place, name in enumerate(names[:MOST_TARGETS]):
        true, predicted = known[:, place], given[:, place]
        parts.append(side_by_side(_cloud(name, true, predicted), error_chart(name, predicted - true)))
    error = (given - known).ravel()
    lead = f"Half of the errors are smaller than {float(np.median(np.abs(error))):.4g}."
    if len(names) > MOST_TARGETS:
        parts.append(note(f"The first {MOST_TARGETS} of {len(names)} columns."))
    return [Section("numbers", "Prediction beside truth", lead, tuple(parts))]


def _cloud(name: str, true: Array, predicted: Array) -> Html:
    chosen = np.unique(np.linspace(0, len(true) - 1, min(len(true), POINTS)).round().astype(int))
    low, high = spread([float(part) for side in (true, predicted) for part in (side.min(), side.max())])
    line = Line("", true[chosen].tolist(), predicted[chosen].tolist(), dots=True, joined=False)
    shown = "" if len(chosen) == len(true) else f" ({len(chosen):,} of {len(true):,} items)"
    told = f"prediction against truth of {name}; on the dashed line both are equal"
    caption = f"{name}: prediction against truth{shown}"
    return line_chart(f"Prediction and truth of {name}", told, [line], Axis("truth", low, high),
                      Axis("prediction", low, high), diagonal=True, caption=caption)  # fmt: skip


def error_chart(name: str, error: Array) -> Html:
    """How many items are off by how much."""
    finite = error[np.isfinite(error)]
    if not len(finite):
        finite = np.zeros(1)
    count, edge = np.histogram(finite, bins=BINS)
    low, high = spread([float(edge[0]), float(edge[-1])])
    middle, width = float(np.mean(finite)), float(np.std(finite))
    told = f"errors of {name} from {tick_text(float(edge[0]))} to {tick_text(float(edge[-1]))}"
    caption = f"{name}: error (prediction less truth); mean {middle:.4g}, standard deviation {width:.4g}"
    axis = Axis("error", low, high)
    return histogram(f"Errors of {name}", told, count.tolist(), edge.tolist(), axis, caption=caption)


def _columns(values: Array) -> Array:
    return values[:, None] if values.ndim == 1 else values
