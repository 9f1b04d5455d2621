"""Metrics for what is no classification of items, pixels or objects: numbers, forecasts, lists, texts, spans, times.

Metrics Reloaded has no path for these; what is said here follows from what is predicted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from compete.building.contract import submission_kind
from compete.recommending.advice import Advice, Walk, note

if TYPE_CHECKING:
    from compete.challenge import Challenge
    from compete.dataset import Dataset

TAILED = 0.01
"""Share of labels far from the middle from which on a few of them decide a squared error."""
FAR = 6.0
"""How many median deviations from the median is far: of normal numbers about one in twenty thousand."""

FORECASTS = {
    "interval": ("interval_score", "it prices the width of an interval and what lies outside"),
    "spread": ("crps_normal", "a proper score: the true mean and deviation are best"),
    "ensemble": ("crps_ensemble", "a proper score of members drawn from what is expected"),
    "cumulative": ("crps_cumulative", "a proper score of a distribution told at thresholds"),
    "quantiles": ("quantile_loss", "a proper score of each quantile"),
    "shares": ("kl_divergence", "a proper score of shares that add up to one"),
}
"""Of each kind of forecast the proper score, and why."""

TASKS = {
    "survival": (("concordance_index", "it judges the order of risks, and knows who was lost from sight"),),
    "retrieval": (
        ("ndcg_at_k", "the first places count most, and labels by how relevant they are"),
        ("recall_at_k", "what is found at all among the first"),
    ),
    "sequence": (("sequence_error_rate", "edits by the length of what is true, over all items"),),
    "ordering": (("ordering_tau", "the share of pairs that stand the wrong way round"),),
    "text": (
        ("exact_match", "the share of right replies, where an answer is right or wrong"),
        ("cer", "how many letters are wrong, where texts are longer"),
    ),
    "spans": (
        ("span_fbeta", "precision and recall of the places that are marked"),
        ("span_jaccard", "the same item by item, so that long items do not decide"),
    ),
}
"""Of each task metrics, the one to rank by first, and why."""


def other_path(challenge: Challenge, dataset: Dataset) -> Walk:
    """The metrics for a task that Metrics Reloaded does not know."""
    told = note(f"Metrics Reloaded has no path for {challenge.task}: what is said here follows from what is predicted")
    if challenge.task != "regression":
        found = [Advice(metric, "ranking" if not place else "beside", "", why)
                 for place, (metric, why) in enumerate(TASKS[challenge.task])]  # fmt: skip
        if challenge.task == "survival" and submission_kind(challenge) == "survival":
            found.insert(0, Advice("integrated_brier", "ranking", "", "a proper score of chances of survival"))
        return Walk(tuple(found), (told,))
    kind = submission_kind(challenge)
    if kind in FORECASTS:
        metric, why = FORECASTS[kind]
        return Walk((Advice(metric, "ranking", "", why),), (told,))
    return Walk(_numbers(challenge, dataset), (told,))


def _numbers(challenge: Challenge, dataset: Dataset) -> tuple[Advice, ...]:
    """One error in the labels' own units that ranks, and others that show what it hides."""
    values = [dataset.items[name].to_numpy(dtype=np.float64) for name in challenge.data.label]
    far = max(map(_far, values))
    share = f"{far:.1%} of the labels lie {FAR:g} median deviations away"
    squared = Advice("rmse", "ranking", "", f"large errors are to count more than many small ones, and {share}")
    plain = Advice("mae", "ranking", "", f"{share}, and would decide a squared error")
    first, second = (plain, squared) if far >= TAILED else (squared, plain)
    beside = Advice(second.metric, "beside", "", "where both rank alike, no few items decide")
    share_told = Advice("r2", "beside", "", "the same without units: 0 is as good as the mean")
    if len(values) > 1 and _scales_differ(values):
        why = "targets of different scales: each by its own spread, so that none drowns the others"
        return Advice("columnwise(metric=r2)", "ranking", "", why), first, beside
    return first, beside, share_told


def _far(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """The share of numbers that lie far from their median."""
    away = np.abs(values - np.median(values))
    return float(np.mean(away > FAR * max(float(np.median(away)), 1e-300)))


def _scales_differ(values: list[np.ndarray[tuple[int], np.dtype[np.float64]]]) -> bool:
    """Whether the spread of some target is more than twice that of another."""
    spreads = [float(np.std(column)) for column in values]
    return max(spreads) > 2 * min(spreads)
