"""Evidence of each part by itself, where the numbers of an item are about the mean of all that are looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import numpy as np

import metrics
from compete.scoring.beside import bases_of
from compete.scoring.kinds import taken
from compete.scoring.measures import label_names
from compete.scoring.truth import Truth
from metrics.evidence import Additive

ABOUT_THE_MEAN = frozenset(("r2", "pearson"))
"""Metrics whose last bit would tell what another part holds: a platform that is not given it must get the same bits."""


def collected(metric: metrics.Metric, truth: Truth, known: Any, predicted: Any) -> metrics.Evidence:
    """What a metric collects of all items, each part as if it were alone.

    Args:
        metric: one that reads one evidence.
        truth: the items and their parts.
        known: the truth as the metric takes it, of all items.
        predicted: predictions in the same order.

    Raises:
        MetricError: the metric does not take them.
    """
    labels = label_names(truth.terms)
    names = frozenset(name for part in metric.parts or (metric,) for name in bases_of(part))
    if not names <= ABOUT_THE_MEAN or len(truth.parts) == 1:
        return metric.collect(known, predicted, labels)
    whole: Optional[Additive] = None
    for number in np.unique(truth.part).tolist():
        rows = np.flatnonzero(truth.part == number)
        evidence = metric.collect(taken(known, rows), taken(predicted, rows), labels)
        assert isinstance(evidence, Additive)
        assert evidence.table is not None
        if whole is None:
            whole = replace(evidence, n=truth.n, table=np.empty((len(evidence.table), truth.n)))
        assert whole.table is not None
        whole.table[:, rows] = evidence.table
    assert whole is not None
    return whole
