"""Columns beside the truth: which of them a metric looks at, and the truth with them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

import metrics
from compete.errors import Finding
from compete.scoring.spans import Array
from compete.terms import Terms
from metrics.beside import WithColumns

if TYPE_CHECKING:
    from compete.scoring.truth import Truth

HALF, PUBLIC = "usage", "public"
"""The column that tells the part of each item, always at hand."""

OPTIONS = ("over", "scale", "weight")
"""Options that name columns beside the truth, of metrics that take such columns."""


def truth_beside(metric: metrics.Metric, truth: Truth) -> Any:
    """The truth of tables as a metric wants it: plain, or with the columns that it looks at."""
    if not metric.takes_columns:
        return truth.y_true
    columns = {one.column: _texts(one.names, one.code) for one in (*truth.subgroups, *truth.beside)}
    halves = truth.parts if len(truth.parts) > 1 else (PUBLIC,)  # at home a threshold is chosen on what is at hand
    columns[HALF] = np.array(halves, dtype=object)[truth.part]
    chosen = columns_seen(metric, truth.terms)
    return WithColumns(truth.y_true, {name: column for name, column in columns.items() if name in chosen})


def _texts(names: tuple[str, ...], code: Array) -> Array:
    """A column of text from its codes; a blank subgroup stands for no group."""
    return np.array([*names, None], dtype=object)[code]


def columns_seen(metric: metrics.Metric, terms: Terms) -> tuple[str, ...]:
    """The columns that a metric looks at: those it names; else all that are beside the truth, else the subgroups."""
    if terms.of_images or not metric.takes_columns:
        return ()
    return columns_named(metric) or terms.beside or terms.subgroups


def columns_named(metric: metrics.Metric) -> tuple[str, ...]:
    """The columns that a metric, or any part of an expression, names in its options."""
    return tuple(dict.fromkeys(_named(metric)))


def bases_of(metric: metrics.Metric) -> frozenset[str]:
    """The names without options of a metric, or of all parts of an expression."""
    return frozenset(name for part in metric.parts for name in bases_of(part)) | {metric.base}


def _named(metric: metrics.Metric) -> Iterator[str]:
    for part in metric.parts:
        yield from _named(part)
    if metric.takes_columns and not metric.parts:
        for option in OPTIONS:
            value = metric.options.get(option)
            yield from value if isinstance(value, tuple) else () if value is None else (value,)


def absent_columns(metric: metrics.Metric, terms: Terms) -> Optional[Finding]:
    """Say which columns a metric looks at that the challenge does not have beside the truth."""
    if terms.of_images or not metric.takes_columns:
        return None
    known = (*terms.beside, *terms.subgroups, HALF)
    absent = [name for name in columns_named(metric) if name not in known]
    if not absent and columns_seen(metric, terms):
        return None
    if not absent:
        message, hint = f"{metric.name} must know more of each item than the truth", "name its columns in data.beside"
        return Finding("score/unknown-column", message, hint=hint)
    near = get_close_matches(absent[0], known, 1, cutoff=0.75)
    hint = f"did you mean {near[0]}?" if near else f"name it in data.beside: [{', '.join((*terms.beside, *absent))}]"
    message = f"{metric.name} looks at {', '.join(absent)}, and the challenge has no such column beside the truth"
    return Finding("score/unknown-column", message, hint=hint)
