"""How frequent the classes are: items, objects or pixels of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compete.audits.classes import UNEVEN
from compete.dataset import excerpt
from compete.recommending.replies import Reply, measured

if TYPE_CHECKING:
    import pandas as pd

    from compete.challenge import Challenge
    from compete.dataset import Dataset


def imbalance(challenge: Challenge, dataset: Dataset) -> dict[str, Reply]:
    """Whether the most frequent class is ten times as frequent as the rarest (FP4.1), by items, objects or pixels."""
    if challenge.task == "multilabel":
        return _of_flags(dataset)
    if challenge.task == "multioutput":
        return _of_columns(challenge, dataset)
    labels = dataset.labels
    if challenge.task == "semantic_segmentation":
        return _told(labels.groupby("label", observed=True)["area"].sum(), "pixels")
    what = {"classification": "items", "panoptic_segmentation": "segments"}.get(challenge.task, "objects")
    return _told(labels["label"].value_counts(), what) if len(labels) else {}


def _told(counts: pd.Series[Any], what: str) -> dict[str, Reply]:
    """The answer for counts by class."""
    counts = counts[counts > 0].sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    if len(counts) < 2:
        return {}
    ratio, share = counts.iloc[0] / counts.iloc[-1], counts.iloc[-1] / counts.sum()
    most, least = (excerpt(str(name)) for name in (counts.index[0], counts.index[-1]))
    because = f"{most} has {ratio:,.1f} times as many {what} as {least} ({share:.2%} of all)"
    return {"imbalanced": measured(bool(ratio >= UNEVEN), because)}


def _of_flags(dataset: Dataset) -> dict[str, Reply]:
    """Of 0/1 columns the one that is least even, positives against negatives."""
    share = dataset.labels.groupby("label")["value"].mean().sort_index(kind="stable")
    rare = share.where(share <= 0.5, 1 - share)
    name = str(rare.idxmin())
    because = f"{excerpt(name)} is 1 in {share[name]:.2%} of the items"
    return {"imbalanced": measured(bool(rare.min() <= 1 / (1 + UNEVEN)), because)}


def _of_columns(challenge: Challenge, dataset: Dataset) -> dict[str, Reply]:
    """Of several columns of classes the least even one."""
    found = [_told(dataset.items[name].value_counts(), f"items in {excerpt(name)}") for name in challenge.data.label]
    told = [replies["imbalanced"] for replies in found if replies]
    if not told:
        return {}
    return {"imbalanced": next((answer for answer in told if answer.value), told[0])}
