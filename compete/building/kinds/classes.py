"""Samples of labels and 0/1 flags: the most frequent one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.building.kinds import Columns
from compete.bundle import ID
from compete.challenge import Challenge


def columns(challenge: Challenge, kind: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The label columns; in the long form, one that names a label."""
    if challenge.submission.form == "rows":
        return ("label",)
    return challenge.data.label or ("label",)


def sample(plan: Any, train: np.ndarray, test: np.ndarray) -> Columns:
    """The most frequent label of each column; of equally frequent ones the first of the classes."""
    terms, targets = plan.terms, [values[train].tolist() for values in plan.target.values()]
    if terms.form == "rows":
        counts = [cells.count("1") for cells in targets]
        often = [name for name, count in zip(terms.target, counts, strict=True) if 2 * count >= len(train)]
        often = often or [terms.target[counts.index(max(counts))]]
        ids = [name for name in plan.id[test].tolist() for _ in often]
        return {ID: ids, terms.columns[0]: often * len(test)}
    if terms.kind == "flag":
        chosen = [str(int(cells.count("1") >= 0.5 * len(cells))) for cells in targets]
    else:
        sets = terms.classes_of or (terms.classes,) * len(targets)
        counts = [Counter(cells) for cells in targets]
        chosen = [max(names, key=count.__getitem__) for names, count in zip(sets, counts, strict=True)]
    return {name: [label] * len(test) for name, label in zip(terms.columns, chosen, strict=True)}
