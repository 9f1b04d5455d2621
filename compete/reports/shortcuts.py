"""Shortcut heat: how well each class is told by what should tell nothing, by files and by columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.audits.probes import class_areas, draw_sample, indicators, normal_scores
from compete.audits.shortcuts import look_features
from compete.reports.contents import Contents
from compete.reports.figures import heat_chart
from compete.reports.occurrences import Occurrences, numbers_of_texts
from compete.reports.page import Fold, Piece, Section, Table
from compete.table import factorized

if TYPE_CHECKING:
    from compete.audits.traces import Traces

Array = np.ndarray[Any, Any]

CLASSES = 12
"""Classes that are asked for, the most frequent ones."""

COLUMNS = 24
"""Columns that are shown: those that tell most."""

SEEN = {
    "file": "size and encoder of the file",
    "border": "borders and corners",
    "surroundings": "8 × 8 thumbnail, no middle",
    "thumbnail": "8 × 8 thumbnail",
}
"""What each probe of image files sees."""


def shortcut_section(contents: Contents, found: Occurrences, looks: Traces | None) -> Section | None:
    """The areas under the ROC curve of small models that see one thing each; None where no class can be asked for.

    Args:
        contents: the items, with their labels.
        found: their classes, or numbers.
        looks: what the image files tell, a row an item; None where there are none.
    """
    flags, names = flags_of(contents, found)
    looks = looks if looks is not None and looks.known.any() else None
    kept = looks.known & contents.known if looks is not None else contents.known
    if not names or kept.sum() < 20:
        return None
    sample = draw_sample(flags[kept], names, _units(contents)[kept])
    if not sample.names:
        return None
    rows = [
        (name, class_areas(features[kept], sample))
        for name, features in _features(contents, looks)
        if features.shape[1]
    ]
    pictures = [row for row in rows if row[0] in SEEN.values()]
    columns = sorted((row for row in rows if row not in pictures), key=lambda row: (-_strength(row[1]), row[0]))
    shown = [*pictures, *columns[:COLUMNS]]
    if not shown:
        return None
    values = [[_shade(area) for area in areas] for _, areas in shown]
    texts = [[area_text(area) for area in areas] for _, areas in shown]
    caption = "Area under the ROC curve, out of fold, of a small model that sees nothing else; 0.50 is chance"
    chart = heat_chart(
        caption, [name for name, _ in shown], sample.names, values, texts=texts, corner="sees ↓ class →", top=1.0
    )
    lead = (
        "A strong shade says that the class can be guessed without understanding the item. Columns may do so rightly."
    )
    parts: list[Piece] = [chart]
    if len(columns) > COLUMNS:
        rest = [[name, area_text(_strength(areas))] for name, areas in columns[COLUMNS:]]
        parts.append(Fold("Further columns", [Table("Largest area of each", ("column", "area"), rest, (1,))]))
    return Section("shortcuts", "Shortcut heat", lead, parts)


def flags_of(contents: Contents, found: Occurrences) -> tuple[Array, tuple[str, ...]]:
    """Which item has which of the most frequent classes, (n, k); of numbers, whether they are above the median."""
    if not found.names:
        known = {name: values for name, values in found.numbers.items() if np.isfinite(values).any()}
        halves = [values > np.nanmedian(values) for values in known.values()]
        return (
            (np.stack(halves, axis=1), tuple(f"large {name}" for name in known)) if halves else (np.zeros((0, 0)), ())
        )
    pairs = np.unique(found.row * len(found.names) + found.code)
    row, code = np.divmod(pairs, len(found.names))
    count = np.bincount(code, minlength=len(found.names))
    chosen = np.sort(np.argsort(-count, kind="stable")[:CLASSES])
    place = np.full(len(found.names), -1)
    place[chosen] = np.arange(len(chosen))
    flags = np.zeros((contents.n, len(chosen)), dtype=bool)
    kept = place[code] >= 0
    flags[row[kept], place[code[kept]]] = True
    return flags, tuple(found.names[at] for at in chosen.tolist())


def _units(contents: Contents) -> Array:
    """Which items are not independent, codes from 0."""
    if contents.group is None:
        return np.arange(contents.n)
    alone = contents.group < 0
    group = contents.group.copy()
    group[alone] = group.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return np.unique(group, return_inverse=True)[1]


def _features(contents: Contents, looks: Traces | None) -> Iterator[tuple[str, Array]]:
    """What each model sees, one thing each."""
    if looks is not None:
        for name, features in look_features(looks):
            yield SEEN[name], features
    known = {**contents.column, **contents.other}
    texts = {name if name in contents.column else f"{name} (not shown)": cells for name, cells in known.items()}
    texts |= {f"subgroup {name}": cells for name, cells in contents.subgroup.items() if name not in known}
    for name, cells in texts.items():
        code, values = factorized(cells)
        numbers = numbers_of_texts(cells)
        if len(values) < 2 or (numbers is None and len(values) > contents.n / 2):
            continue
        if numbers is not None and len(values) > 20:
            filled = np.where(np.isfinite(numbers), numbers, np.nanmedian(numbers))
            score = normal_scores(filled[:, None])
            yield name, np.hstack([score, score**2, (~np.isfinite(numbers))[:, None].astype(np.float32)])
        else:
            yield name, indicators(code)


def _strength(areas: list[float]) -> float:
    return max((area for area in areas if np.isfinite(area)), default=0.0)


def area_text(area: float) -> str:
    """An area under the curve; one below chance, as folds give by themselves where there is nothing to see, is chance.

    >>> area_text(0.974), area_text(0.31), area_text(float("nan"))
    ('0.97', '≤ 0.50', '–')
    """
    return f"{area:.2f}" if area > 0.5 else "≤ 0.50" if np.isfinite(area) else "–"


def _shade(area: float) -> float | None:
    """How far an area is above chance, from 0 to 1; below chance there is nothing to see out of fold."""
    return max(0.0, 2 * area - 1) if np.isfinite(area) else None
