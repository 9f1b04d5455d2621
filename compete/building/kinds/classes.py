"""Samples of labels and 0/1 flags: the most frequent one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.building.kinds import Columns
from compete.challenge import Challenge


def columns(challenge: Challenge, kind: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The label columns."""
    return challenge.data.label or ("label",)


def sample(plan: Any, train: np.ndarray, test: np.ndarray) -> Columns:
    """The most frequent label of each column; of equally frequent ones the first of the classes."""
    terms, targets = plan.terms, [values[train].tolist() for values in plan.target.values()]
    if terms.kind == "flag":
        chosen = [str(int(cells.count("1") >= 0.5 * len(cells))) for cells in targets]
    else:
        sets = terms.classes_of or (terms.classes,) * len(targets)
        counts = [Counter(cells) for cells in targets]
        chosen = [max(names, key=count.__getitem__) for names, count in zip(sets, counts, strict=True)]
    return {name: [label] * len(test) for name, label in zip(terms.columns, chosen, strict=True)}
