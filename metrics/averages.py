"""Precision, recall, F and Jaccard averaged over classes or rows: five measures times four averages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from metrics.catalog import metric
from metrics.confusion import Counts, RowCounts, label_pairs, row_overlap
from metrics.inputs import mean_defined, ratio

if TYPE_CHECKING:
    from metrics.inputs import Array

    Measure = Callable[..., Array]
    Average = Callable[[Any, Measure], Array]


def precision_of(hit: Array, true: Array, predicted: Array) -> Array:
    """Share of what is called by a class that belongs to it; 0 for a class that has truth and is never named."""
    return np.where((predicted == 0) & (true > 0), 0.0, ratio(hit, predicted))


def recall_of(hit: Array, true: Array, predicted: Array) -> Array:
    """Share of a class that is called by it."""
    return ratio(hit, true)


def f1_of(hit: Array, true: Array, predicted: Array) -> Array:
    """Harmonic mean of precision and recall."""
    return ratio(2 * hit, true + predicted)


def fbeta_of(hit: Array, true: Array, predicted: Array, beta: float) -> Array:
    """Harmonic mean of precision and recall in which recall counts beta times as much."""
    return ratio((1 + beta**2) * hit, beta**2 * true + predicted)


def jaccard_of(hit: Array, true: Array, predicted: Array) -> Array:
    """Intersection over union."""
    return ratio(hit, true + predicted - hit)


def _micro(counts: Counts, measure: Measure) -> Array:
    return measure(counts.hit.sum(axis=1), counts.true.sum(axis=1), counts.predicted.sum(axis=1))


def _macro(counts: Counts, measure: Measure) -> Array:
    return mean_defined(measure(counts.hit, counts.true, counts.predicted))


def _weighted(counts: Counts, measure: Measure) -> Array:
    return mean_defined(measure(counts.hit, counts.true, counts.predicted), counts.true)


def _samples(counts: RowCounts, measure: Measure) -> Array:
    value = measure(counts.hit, counts.true, counts.predicted)
    return mean_defined(np.broadcast_to(value, counts.weight.shape), counts.weight)


_DOC = """{what}, {over}.

Args:
    counts: {counts}.{option}

Returns:
    One score a weighting, shape (w,); nan where {left}.

A class (or row) with neither truth nor prediction is left out; one with truth that is never named has precision 0.

Source: {source}; averages as in scikit-learn.

>>> {example}
{value}
"""

_WHAT: dict[str, tuple[Measure, str]] = {
    "precision": (precision_of, "Share of what is called by a class that belongs to it"),
    "recall": (recall_of, "Share of a class that is called by it"),
    "f1": (f1_of, "Harmonic mean of precision and recall"),
    "fbeta": (fbeta_of, "Harmonic mean of precision and recall in which recall counts beta times as much"),
    "jaccard": (jaccard_of, "Items both of a class and called so, by items that are either"),
}

_OVER: dict[str, tuple[Average, str, str]] = {
    "micro": (_micro, "over all classes pooled", "no class is left"),
    "macro": (_macro, "then the plain mean over classes", "no class is left"),
    "weighted": (_weighted, "then the mean over classes by their weight in truth", "no class is left"),
    "samples": (_samples, "of each row of a 0/1 matrix, then the mean over rows", "no row is left"),
}

_VALUES = {
    "precision": {"micro": 0.5, "macro": 0.444444444444, "weighted": 0.583333333333, "samples": 1.0},
    "recall": {"micro": 0.5, "macro": 0.5, "weighted": 0.5, "samples": 0.75},
    "f1": {"micro": 0.5, "macro": 0.388888888889, "weighted": 0.458333333333, "samples": 0.833333333333},
    "fbeta": {"micro": 0.5, "macro": 0.42328042328, "weighted": 0.456349206349, "samples": 0.777777777778},
    "jaccard": {"micro": 0.333333333333, "macro": 0.277777777778, "weighted": 0.333333333333, "samples": 0.75},
}


def _formula(average: Average, measure: Measure) -> Callable[..., Array]:
    """One measure under one average; only the F measure has an option."""
    if measure is not fbeta_of:
        return lambda counts: average(counts, measure)

    def weigh_recall(counts: Union[Counts, RowCounts], *, beta: float = 1.0) -> Array:
        return average(counts, partial(measure, beta=beta))

    return weigh_recall


def _describe(name: str, over: str) -> str:
    """The docstring of one measure under one average."""
    truth, prediction = '["ant", "ant", "bee", "cat"]', '["ant", "bee", "bee", "bee"]'
    if over == "samples":
        truth, prediction = "[[1, 1, 0], [0, 1, 1]]", "[[1, 0, 0], [0, 1, 1]]"
    called = f'metrics.get("fbeta_{over}", beta=2)' if name == "fbeta" else f"metrics.{name}_{over}"
    jaccard = "Jaccard, Bulletin de la Société vaudoise des sciences naturelles 37 (1901), p. 547"
    counts = "weighted counts by class, each of shape (w, classes)"
    return _DOC.format(
        what=_WHAT[name][1],
        over=_OVER[over][1],
        left=_OVER[over][2],
        counts="weight of each kind of row, shape (w, kinds)" if over == "samples" else counts,
        option="\n    beta: how many times as much recall counts as precision." if name == "fbeta" else "",
        source=jaccard if name == "jaccard" else "van Rijsbergen, Information Retrieval (1979), ch. 7",
        example=f"round({called}({truth}, {prediction}), 12)",
        value=_VALUES[name][over],
    )


def _register(name: str, over: str) -> None:
    """Put one measure under one average into the catalog."""
    formula = _formula(_OVER[over][0], _WHAT[name][0])
    formula.__doc__ = _describe(name, over)
    samples = over == "samples"
    metric(
        f"{name}_{over}",
        collect=row_overlap if samples else label_pairs,
        needs="label",
        targets=("multilabel",) if samples else ("binary", "multiclass", "multilabel"),
        bounds=(0.0, 1.0),
        greater_is_better=True,
        limits={"beta": (0.0, 1e6)} if name == "fbeta" else None,
    )(formula)


for _name in _WHAT:
    for _over in _OVER:
        _register(_name, _over)
