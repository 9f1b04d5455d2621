"""Metrics that collect once and reduce often: arrays in, numbers out; numpy and nothing else.

>>> import metrics
>>> metrics.f1_macro(["cat", "cat", "dog"], ["cat", "dog", "dog"])
0.6666666666666666
>>> metrics.get("fbeta", beta=2).name
'fbeta(beta=2)'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from metrics.catalog import Metric, evaluate, get, metric, names, parse
from metrics.evidence import Evidence
from metrics.inputs import MetricError
from metrics.vocabulary import FAMILIES
from metrics.weighting import Draws, LeaveOut, Partition, partition

if TYPE_CHECKING:
    from metrics.breakdown import COMBINATIONS, GroupScores, by_group, combine, gap, worst_group
    from metrics.expressions import Combination, Parts, combination
    from metrics.resample import PairedTest, combined_interval, interval, intervals, paired_test

__all__ = [
    "COMBINATIONS",
    "Combination",
    "Draws",
    "Evidence",
    "GroupScores",
    "LeaveOut",
    "Metric",
    "MetricError",
    "PairedTest",
    "Partition",
    "Parts",
    "by_group",
    "combination",
    "combine",
    "combined_interval",
    "evaluate",
    "gap",
    "get",
    "interval",
    "intervals",
    "metric",
    "names",
    "paired_test",
    "parse",
    "partition",
    "worst_group",
]


ELSEWHERE = {
    **dict.fromkeys(("COMBINATIONS", "GroupScores", "by_group", "combine", "gap", "worst_group"), "metrics.breakdown"),
    **dict.fromkeys(("Combination", "Parts", "combination"), "metrics.expressions"),
    **dict.fromkeys(("PairedTest", "combined_interval", "interval", "intervals", "paired_test"), "metrics.resample"),
}
"""What is loaded when it is first asked for, as most runs need little of it; where each is defined."""

RECORDS = {
    "Objects": "metrics.objects",
    "Masks": "metrics.masks",
    "LabelMaps": "metrics.label_maps",
    "Segments": "metrics.segments",
    "Federated": "metrics.federated",
    "Lists": "metrics.lists",
    "Texts": "metrics.texts",
    "Spans": "metrics.spans",
    "WithColumns": "metrics.beside",
    "best_threshold": "metrics.curve_points",
    "decision_curve": "metrics.curve_points",
    "reliability_curve": "metrics.curve_points",
}
"""What truth and prediction of images, lists and texts are made of, and curves as data; where each is defined."""


def __getattr__(name: str) -> Any:
    """Each metric is an attribute, ``metrics.f1_macro``; so are the families and the records."""
    if name in FAMILIES:
        return import_module(f"metrics.{name}")
    if name in RECORDS or name in ELSEWHERE:
        return getattr(import_module(RECORDS.get(name) or ELSEWHERE[name]), name)
    if name.startswith("_") or name not in names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return get(name)


def __dir__() -> list[str]:
    """What tab completion offers: the functions, and every metric."""
    return sorted({*__all__, *FAMILIES, *RECORDS, *names()})
