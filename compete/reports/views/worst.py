"""The items that a submission does worst on, with truth and prediction drawn or written beside each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import metrics
from compete.markup import Html, element
from compete.reports.figures import Axis, cut_short, histogram
from compete.reports.figures.drawing import spread
from compete.reports.page import Section, Table
from compete.reports.thumbnails import Shape, Thumbnail, grid_of, layer_of, marks_legend, open_thumbnail, scene_of
from compete.reports.views.records import Array, ItemScores, Seen, note
from compete.reports.views.words import given_text, true_text
from compete.terms import Terms

PICTURES, ROWS = 12, 15
"""How many of the worst items are shown: as pictures, or as rows."""

CELL = 60
"""Characters of a cell that holds a truth or a prediction."""

MORE = 3
"""Detections that are drawn beyond as many as there are true objects, the surest first."""

BINS = 20

NAMED = 24
"""Classes whose colours are named."""


def view_worst(seen: Seen) -> list[Section]:
    """The section on single items; none where no metric tells items apart."""
    chosen = item_scores(seen)
    if chosen is None:
        return []
    order = worst_first(chosen.values, chosen.greater_is_better)
    order = order[: PICTURES if seen.files else ROWS]
    if not len(order):
        return []
    lead = f"Each item by itself, the worst first. Its score: {chosen.name}."
    parts: list[Any] = []
    if len(np.unique(chosen.values[np.isfinite(chosen.values)])) > 5:
        parts.append(spread_chart(chosen))
    shown = _pictures(seen, order, chosen.values) if seen.files else None
    parts += shown if shown is not None else [_rows(seen, order, chosen)]
    return [Section("worst", "The worst items", lead, tuple(parts))]


def item_scores(seen: Seen) -> ItemScores | None:
    """The score of every item by itself, by a metric that tells right from nearly right where there is one.

    Of one item, accuracy is 0 or 1, and so is F1; where probabilities were sent, their logarithm tells more.
    """
    terms = seen.terms
    if terms.kind in ("label", "flag"):
        known, given = (np.asarray(side).reshape(seen.truth.n, -1) for side in (seen.truth.y_true, seen.values))
        name = "1 if right, 0 if wrong" if known.shape[1] == 1 else "share of its labels that are right"
        return ItemScores(name, True, (known == given).mean(axis=1))
    if terms.task == "classification" and terms.kind == "probability":
        return ItemScores("log_loss", False, seen.each(metrics.get("log_loss")))
    if terms.task == "regression" and terms.kind == "value" and len(terms.target) == 1:
        return ItemScores("absolute error", False, seen.each(metrics.get("mae")))
    if terms.task == "classification" and terms.kind == "score" and len(terms.classes) == 2:
        wrong = wrong_pairs(
            np.asarray(seen.truth.y_true).ravel() == 1, np.asarray(seen.values).reshape(seen.truth.n, -1)[:, -1]
        )
        return ItemScores("share of pairs in wrong order", False, wrong)
    return seen.by_item


def wrong_pairs(positive: Array, score: Array) -> Array:
    """The share of items of the other class that stand on the wrong side of each item, ties as half, shape (n,).

    Its mean over the positive items, or over the negative ones, is what the area under the ROC curve lacks.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988), p. 837.

    >>> wrong_pairs(np.array([True, True, False]), np.array([0.9, 0.2, 0.4])).tolist()
    [0.0, 1.0, 0.5]
    """
    wrong = np.full(len(score), np.nan)
    for own, sign in ((positive, 1.0), (~positive, -1.0)):
        others = np.sort(sign * score[~own])
        if len(others):
            below = (np.searchsorted(others, sign * score[own], side) for side in ("left", "right"))
            wrong[own] = 1.0 - sum(below) / (2.0 * len(others))
    return wrong


def worst_first(values: Array, greater_is_better: bool) -> Array:
    """Items that are not perfect, the worst first; of equals the first. Items without a score are left out."""
    badness = -values if greater_is_better else values
    finite = np.isfinite(badness)
    order = np.argsort(-np.where(finite, badness, -np.inf), kind="stable")
    least = badness[finite].min() if finite.any() else 0.0
    return order[finite[order] & (badness[order] > least)]


def spread_chart(chosen: ItemScores) -> Html:
    """How the scores of single items are spread."""
    finite = chosen.values[np.isfinite(chosen.values)]
    count, edge = np.histogram(finite, bins=BINS)
    low, high = spread([float(edge[0]), float(edge[-1])])
    quarters = np.quantile(finite, [0.25, 0.5, 0.75])
    told = (
        f"Half of the items lie between {quarters[0]:.4g} and {quarters[2]:.4g}; the middle one has {quarters[1]:.4g}"
    )
    title, axis = f"{chosen.name} of single items", Axis(chosen.name, low, high)
    return histogram(title, told, count.tolist(), edge.tolist(), axis, caption=f"{title}. {told}.")


def _rows(seen: Seen, order: Array, chosen: ItemScores) -> Table:
    """The worst items as rows of a table."""
    items = order.tolist()
    names, facts = seen.facts(items)
    rows = [
        (
            seen.ids[item],
            _text(true_text(seen, item)),
            _text(given_text(seen, item)),
            f"{chosen.values[item]:.4g}",
            *cells,
        )
        for item, cells in zip(items, facts, strict=True)
    ]
    return Table(f"The {len(rows)} worst items", ("id", "truth", "prediction", "score", *names), rows, right=(3,))


def _text(text: str) -> str:
    return cut_short(text, CELL)


def _pictures(seen: Seen, order: Array, values: Array) -> list[Any] | None:
    """The worst items as pictures; None where not one can be shown."""
    drawn = DRAWINGS.get(seen.terms.kind, _captioned)
    scenes = []
    for item in order.tolist():
        picture = open_thumbnail((seen.files or [])[item], _size(seen, item))
        if picture is not None:
            scenes.append(drawn(seen, item, picture, f"{values[item]:.4g}"))
    if not scenes:
        return None
    grid = grid_of(scenes, "the worst items")
    grid = element("div", grid, class_="twins") if drawn is _two_layers else grid
    return [*_legend(seen.terms), grid, note(NOTES.get(seen.terms.kind, PLAIN))]


def _legend(terms: Terms) -> list[Html]:
    if terms.kind in ("boxes", "points"):
        return [marks_legend(("truth", "prediction"))]
    names = terms.classes[1:] if has_ground(terms) else terms.classes
    return [marks_legend(names)] if terms.kind in ("label_maps", "segments", "masks") and len(names) <= NAMED else []


def has_ground(terms: Terms) -> bool:
    """Whether label images hold a ground, which would hide the picture: what is called 0 most often is one."""
    return terms.kind == "label_maps" and len(terms.class_ids) > 1 and terms.class_ids[0] == 0


PLAIN = "Below each picture: its id, what is true, what was predicted, and its score."
NOTES = {
    "boxes": "Truth is a full line, prediction dashed: the surest detections, a few more than there are true objects.",
    "points": "Truth and prediction in two colours: the surest detections, a few more than there are true objects.",
    "masks": "Truth at the left, prediction at the right: the surest masks, a few more than there are true objects.",
    "label_maps": "Truth at the left, prediction at the right; where there are many classes, some share a colour.",
    "segments": "Truth at the left, prediction at the right; where there are many classes, some share a colour.",
}


def _size(seen: Seen, item: int) -> tuple[int, int] | None:
    images = seen.truth.images
    return None if images is None else (int(images.width[item]), int(images.height[item]))


def _captioned(seen: Seen, item: int, picture: Thumbnail, score: str) -> Html:
    true, given = true_text(seen, item), given_text(seen, item)
    words = (f"true: {_text(true)}", f"called: {_text(given)}", f"{seen.ids[item]} · {score}")
    return scene_of(picture, f"item {seen.ids[item]}, true {true}, called {given}", caption=words)


def _with_objects(seen: Seen, item: int, picture: Thumbnail, score: str) -> Html:
    truth = getattr(seen.truth.y_true, "objects", seen.truth.y_true)
    known = np.flatnonzero(truth.image == item)
    given = surest(seen.values, item, len(known) + MORE)
    names = seen.terms.classes
    shapes = [_shape(truth, row, names[truth.category[row]], 0) for row in known.tolist()]
    for row in given.tolist():
        sure = f"{names[seen.values.category[row]]}, {seen.values.score[row]:.2f}"
        shapes.append(_shape(seen.values, row, sure, 1))
    every = int((seen.values.image == item).sum())
    words = (f"score {score}", f"{len(known)} true, {every} detections", seen.ids[item])
    told = f"image {seen.ids[item]}: {len(known)} true objects, {every} detections, score {score}"
    return scene_of(picture, told, shapes, caption=words)


def surest(objects: Any, item: int, most: int) -> Array:
    """The surest predictions of an image."""
    row = np.flatnonzero(objects.image == item)
    return row[np.argsort(-objects.score[row], kind="stable")][:most]


def _shape(objects: Any, row: int, name: str, series: int) -> Shape:
    who = "prediction" if series else "truth"
    box = () if objects.box is None else tuple(float(one) for one in objects.box[row])
    points: tuple[tuple[float, float], ...] = ()
    if objects.points is not None:
        seen = objects.points[row][objects.points[row][:, 2] > 0]
        points = tuple((float(x), float(y)) for x, y, _ in seen)
    return Shape(f"{who}: {name}", series, box, points, dashed=bool(series))


def _two_layers(seen: Seen, item: int, picture: Thumbnail, score: str) -> Html:
    """Truth and prediction as layers over the same picture, side by side."""
    layers = (layers_of_kind(seen, item, seen.truth.y_true, 0), layers_of_kind(seen, item, seen.values, 1))
    pair = []
    for name, codes in zip(("truth", "prediction"), layers, strict=True):
        layer = layer_of(codes, (picture.width, picture.height))
        told = f"{name} of image {seen.ids[item]}, score {score}"
        pair.append(scene_of(picture, told, layer=layer, caption=(name,)))
    words = element("p", f"score {score} · {seen.ids[item]}", class_="note")
    return element("div", *pair, words, class_="twin")


def layers_of_kind(seen: Seen, item: int, values: Any, which: int) -> Array:
    """Codes of the areas of an image, shape (height, width): 0 for nothing, else the class, counted from 1.

    Args:
        seen: the submission.
        item: the image.
        values: label images, segments or masks.
        which: 0 for truth, 1 for prediction.
    """
    if seen.terms.kind == "masks":
        objects = getattr(values, "objects", values)
        known = int((getattr(seen.truth.y_true, "objects", seen.truth.y_true).image == item).sum())
        rows = surest(objects, item, known + MORE) if which else np.flatnonzero(objects.image == item)
        width, height = _size(seen, item) or (1, 1)
        codes = np.zeros((height, width), dtype=np.int64)
        for row in rows.tolist()[::-1]:
            codes[next(iter(objects.mask.take([row]).bitmaps()))] = objects.category[row] + 1
        return codes
    if seen.terms.kind == "segments":
        begin, end = values.start[item : item + 2].tolist()
        table = {int(values.segment[row]): int(values.category[row]) + 1 for row in range(begin, end)}
        return _renamed(_flat(values.maps.array(item)), table)
    first = 0 if has_ground(seen.terms) else 1
    table = {number: place + first for place, number in enumerate(seen.terms.class_ids)}
    return _renamed(_flat(values.array(item)), table)


def _flat(values: Array) -> Array:
    """A picture; of a volume the slice in the middle."""
    return values[values.shape[0] // 2] if values.ndim == 3 else values


def _renamed(values: Array, table: dict[int, int]) -> Array:
    known, place = np.unique(values, return_inverse=True)
    return np.array([table.get(int(one), 0) for one in known], dtype=np.int64)[place].reshape(values.shape)


Drawing = Callable[[Seen, int, Thumbnail, str], Html]
DRAWINGS: dict[str, Drawing] = {
    "boxes": _with_objects,
    "points": _with_objects,
    "masks": _two_layers,
    "label_maps": _two_layers,
    "segments": _two_layers,
}
