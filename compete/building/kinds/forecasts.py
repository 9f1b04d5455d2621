"""Samples of intervals, spreads, ensembles and curves: how the training labels are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.building.kinds import Columns
from compete.challenge import Challenge

MIDDLE = (0.05, 0.95)
"""The quantiles of the training labels that the sample gives as an interval."""


def columns(challenge: Challenge, kind: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The two ends, the value and its spread, or one column a place of ``submission.at``; members have no name."""
    label = (challenge.data.label or ("label",))[0]
    fixed = {"interval": ("lower", "upper"), "spread": (label, "spread"), "ensemble": challenge.submission.columns}
    return fixed.get(kind) or tuple(f"at_{place:.12g}" for place in challenge.submission.at)


def sample(plan: Any, train: np.ndarray, test: np.ndarray) -> Columns:
    """The same forecast for every item."""
    terms = plan.terms
    known = [values[train].astype(float) for values in plan.target.values()]
    if terms.kind == "survival":
        made = _of_survival(known[0], known[1], np.array(terms.at))
    else:
        made = _of_values(known[0], terms)
    low, high = (-np.inf if terms.low is None else terms.low), (np.inf if terms.high is None else terms.high)
    texts = [format(value, ".6g") for value in np.clip(made, low, high).tolist()]
    return {name: [text] * len(test) for name, text in zip(terms.columns, texts, strict=True)}


def _of_values(known: np.ndarray, terms: Any) -> np.ndarray:
    """What the training values say of any."""
    size = len(terms.columns)
    if terms.kind == "cumulative":
        return np.asarray((known[:, None] <= np.array(terms.at)).mean(axis=0))
    if terms.kind == "spread":
        return np.array([known.mean(), known.std()])
    levels = {"interval": MIDDLE, "quantiles": terms.at}.get(terms.kind) or (np.arange(size) + 0.5) / size
    return np.asarray(np.quantile(known, levels))


def _of_survival(time: np.ndarray, event: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The share of those still followed that had no event, time by time (Kaplan and Meier, 1958), until each place."""
    moments = np.unique(time[event == 1])
    followed = (time[:, None] >= moments).sum(axis=0)
    died = ((time[:, None] == moments) & (event[:, None] == 1)).sum(axis=0)
    left = np.concatenate([[1.0], np.cumprod(1 - died / np.maximum(followed, 1))])
    return np.asarray(left[np.searchsorted(moments, at, side="right")])
