"""Metrics that collect once and reduce often: arrays in, numbers out; numpy and nothing else.

>>> import metrics
>>> metrics.f1_macro(["cat", "cat", "dog"], ["cat", "dog", "dog"])
0.6666666666666666
>>> metrics.get("fbeta", beta=2).name
'fbeta(beta=2)'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from metrics.breakdown import COMBINATIONS, GroupScores, by_group, combine, gap, worst_group
from metrics.catalog import FAMILIES, Metric, evaluate, get, metric, names, parse
from metrics.evidence import Evidence
from metrics.inputs import MetricError
from metrics.resample import PairedTest, combined_interval, interval, intervals, paired_test
from metrics.weighting import Draws, LeaveOut, Partition, partition

__all__ = [
    "COMBINATIONS",
    "Draws",
    "Evidence",
    "GroupScores",
    "LeaveOut",
    "Metric",
    "MetricError",
    "PairedTest",
    "Partition",
    "by_group",
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


RECORDS = {
    "Objects": "metrics.objects",
    "Masks": "metrics.masks",
    "LabelMaps": "metrics.label_maps",
    "Segments": "metrics.segments",
    "Federated": "metrics.federated",
}
"""What truth and prediction of images are made of, and where it is defined."""


def __getattr__(name: str) -> Any:
    """Each metric is an attribute, ``metrics.f1_macro``; so are the families and the records of images."""
    if name in FAMILIES:
        return import_module(f"metrics.{name}")
    if name in RECORDS:
        return getattr(import_module(RECORDS[name]), name)
    if name.startswith("_") or name not in names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return get(name)


def __dir__() -> list[str]:
    """What tab completion offers: the functions, and every metric."""
    return sorted({*__all__, *FAMILIES, *RECORDS, *names()})
