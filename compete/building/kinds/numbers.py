"""Samples of values, scores and probabilities: the mean, nothing, the share of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.building.kinds import Columns
from compete.challenge import Challenge


def columns(challenge: Challenge, kind: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The label columns; of classes one each, or one for the positive of two."""
    if challenge.task == "survival":
        return ("late",) if "predicts=time" in challenge.score.written(challenge.score.metric) else ("risk",)
    if challenge.task != "classification":
        return challenge.data.label or ("label",)
    return (classes[-1],) if kind == "score" or len(classes) == 2 else tuple(classes)


def sample(plan: Any, train: np.ndarray, test: np.ndarray) -> Columns:
    """One constant a column."""
    chosen = zip(plan.terms.columns, _constants(plan, train), strict=True)
    return {name: [value] * len(test) for name, value in chosen}


def _constants(plan: Any, train: np.ndarray) -> list[str]:
    """0 of a score; the mean of each target, held inside the declared range; the share of each class or flag."""
    terms, targets = plan.terms, [values[train] for values in plan.target.values()]
    if terms.kind == "score":
        return ["0"] * len(terms.columns)
    if terms.kind == "shares":
        total = np.array([values.astype(float).sum() for values in targets])
        return _shares(np.rint(1e6 * total / total.sum()).astype(np.int64).tolist())
    if terms.kind == "value":
        means = [float(values.astype(float).mean()) for values in targets]
        low, high = (-np.inf if terms.low is None else terms.low), (np.inf if terms.high is None else terms.high)
        return [format(min(max(mean, low), high), ".6g") for mean in means]
    if terms.task == "multilabel":
        return [format(float((values == "1").mean()), ".6f") for values in targets]
    counts = [int((targets[0] == name).sum()) for name in terms.classes]
    return _shares(counts) if terms.distribution else [format(counts[-1] / sum(counts), ".6f")]


def _shares(counts: Sequence[int], digits: int = 6) -> list[str]:
    """Shares that sum to exactly one as they are written: the largest takes the rounding."""
    unit = 10**digits
    parts = [count * unit // sum(counts) for count in counts]
    parts[int(np.argmax(counts))] += unit - sum(parts)
    return [f"{part // unit}.{part % unit:0{digits}d}" for part in parts]
