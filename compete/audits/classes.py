"""How many items each class has, and whether they are enough to be scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.audits.targets import Targets, of_classes, targets_of, units_of
from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt
from compete.errors import Finding

UNEVEN = 10
"""The largest class is so many times the smallest one: worth telling."""
FEWEST = 5
"""Independent items of a class in a part, below which its score is a matter of luck."""
SWAYED = ("accuracy", "top_k_accuracy", "pixel_accuracy", "f1_micro")
"""Metrics that the largest class decides."""
PARTS = ("train", "public", "private")


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Uneven classes, and classes too small to be scored in some part."""
    if not of_classes(challenge):
        return []
    targets = targets_of(challenge, dataset)
    counts = _counts(challenge, dataset, targets)
    there = np.flatnonzero(counts > 0)
    if len(there) < 2:
        return []
    return [*_uneven(challenge, targets, counts, there), *_small(challenge, dataset, targets, there)]


def _counts(challenge: Challenge, dataset: Dataset, targets: Targets) -> np.ndarray[Any, Any]:
    """Items of each class; of objects, how many objects."""
    if "x" in dataset.labels:
        place = {name: number for number, name in enumerate(targets.names)}
        return np.bincount([place[str(name)] for name in dataset.labels["label"]], minlength=len(place))
    return np.asarray(targets.flags.sum(axis=0))


def _uneven(
    challenge: Challenge, targets: Targets, counts: np.ndarray[Any, Any], there: np.ndarray[Any, Any]
) -> list[Finding]:
    order = there[np.argsort(-counts[there], kind="stable")]
    ratio = counts[order[0]] / counts[order[-1]]
    if ratio < UNEVEN:
        return []
    share = counts[order[0]] / counts.sum()
    told = tuple(
        f"{excerpt(targets.names[place])} {counts[place]:,} ({counts[place] / counts.sum():.1%})" for place in order
    )
    message = f"the largest class has {ratio:,.0f} times as many as the smallest, and {share:.0%} of all"
    metric = challenge.score.metric.partition("(")[0]
    swayed = metric in SWAYED and targets.exclusive
    hint = "a metric that counts classes alike is not decided by the largest: balanced_accuracy, f1_macro"
    if swayed:
        hint = f"always answering {excerpt(targets.names[order[0]])!r} gets {metric} {share:.2f}: {hint}"
    where = challenge.where("score.metric")
    severity = "warning" if swayed else "note"
    return [Finding("audit/class-imbalance", message, where, told, hint, severity, len(order))]


def _small(challenge: Challenge, dataset: Dataset, targets: Targets, there: np.ndarray[Any, Any]) -> list[Finding]:
    """Classes of which a part of the test will hold too few."""
    unit = units_of(challenge, dataset)
    units = np.array([len(np.unique(unit[targets.flags[:, place]])) for place in there])
    share = part_shares(challenge, dataset)
    parts = [part for part in PARTS[1:] if share[part] > 0]
    least = min((share[part] for part in parts), default=1.0)
    few = np.flatnonzero(units * least < FEWEST)
    if not len(few):
        return []
    few = few[np.argsort(units[few], kind="stable")]
    what = "group" if challenge.data.group else "item" if targets.exclusive else "image"
    told = tuple(_told(targets.names[there[place]], units[place], what, parts, share) for place in few)
    message = f"{counted(len(few), 'class is', 'classes are')} too small to be scored in every part of the test"
    hint = f"with fewer than {FEWEST} in a part a score is luck: find more, join or drop classes, or raise `split.test`"
    where = challenge.where("split.test")
    return [Finding("audit/small-class", message, where, told, hint, "warning", len(few))]


def _told(name: str, number: int, what: str, parts: Sequence[str], share: dict[str, float]) -> str:
    expected = ", ".join(f"about {number * share[part]:.1f} {part}" for part in parts)
    return f"{excerpt(name)} ({counted(number, what, what + 's')}: {expected})"


def part_shares(challenge: Challenge, dataset: Dataset) -> dict[str, float]:
    """The share of the items that each part will have, as asked for or as given."""
    split = challenge.split
    test, public = split.test, split.public
    if split.column:
        given = np.array([text.strip() for text in map(str, dataset.items[split.column])], dtype=object)
        names = dict(split.values) or {part: (part,) for part in (*PARTS, "test")}
        share = {part: float(np.isin(given, list(names.get(part, ()))).mean()) for part in (*PARTS, "test")}
        if share["public"] + share["private"] > 0:
            return {part: share[part] for part in PARTS}
        test = share["test"]
    return {"train": 1 - test, "public": test * public, "private": test * (1 - public)}
