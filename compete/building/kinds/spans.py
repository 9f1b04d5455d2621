"""Samples of spans: the most frequent cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.building.kinds import Columns, texts
from compete.bundle import ID
from compete.challenge import Challenge

ENDS = ("start", "end")


def columns(challenge: Challenge, kind: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The label column; in the long form, the two ends of a span."""
    return ENDS if challenge.submission.form == "rows" else texts.columns(challenge, kind, classes)


def sample(plan: Any, train: np.ndarray, test: np.ndarray) -> Columns:
    """The most frequent cell of the training items that says something, for every item."""
    known = texts.sample(plan, train, test)
    if plan.terms.form != "rows":
        return known
    cell = next(iter(known.values()))[0] or "0 1"
    spans = [span.split() for span in cell.split(";")][: plan.terms.most_objects]
    ids = [name for name in plan.id[test].tolist() for _ in spans]
    sides = zip(plan.terms.columns, zip(*spans, strict=True), strict=True)
    return {ID: ids, **{name: list(side) * len(test) for name, side in sides}}
