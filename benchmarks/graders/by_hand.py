"""How the scores that competitions use most are computed today: pandas reads and sorts, a library or a loop scores.

Run ``python benchmarks/graders/by_hand.py METRIC SOLUTION SUBMISSION``: prints public and private score. It imports
nothing of ours, and of others only what the metric needs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Score = Callable[[Any, Any], float]


def of_scikit_learn(name: str, **options: Any) -> Score:
    """A function of ``sklearn.metrics``, imported when it is first called."""

    def score(true: Any, found: Any) -> float:
        from sklearn import metrics

        return float(getattr(metrics, name)(true, found, **options))

    return score


def edit_distance(true: Sequence[str], found: Sequence[str]) -> float:
    from rapidfuzz.distance import Levenshtein

    return float(np.mean([Levenshtein.distance(one, other) for one, other in zip(true, found, strict=True)]))


def exact_match(true: Sequence[str], found: Sequence[str]) -> float:
    return float(np.mean([one == other for one, other in zip(true, found, strict=True)]))


def word_jaccard(true: Sequence[str], found: Sequence[str]) -> float:
    total = 0.0
    for one, other in zip(true, found, strict=True):
        left, right = set(one.lower().split()), set(other.lower().split())
        shared = left & right
        total += len(shared) / (len(left) + len(right) - len(shared))
    return total / len(true)


def mean_f1(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    shares = [2 * len(set(one) & set(other)) / (len(one) + len(other)) for one, other in zip(true, found, strict=True)]
    return float(np.mean(shares))


def map_at_5(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    total = 0.0
    for right, guesses in zip(true, found, strict=True):
        hits = 0
        for rank, guess in enumerate(guesses[:5], start=1):
            if guess in right:
                hits += 1
                total += hits / rank / min(len(right), 5)
    return total / len(true)


PEERS: dict[str, tuple[str, Score]] = {
    "roc_auc": ("scikit-learn", of_scikit_learn("roc_auc_score")),
    "accuracy": ("scikit-learn", of_scikit_learn("accuracy_score")),
    "log_loss": ("scikit-learn", of_scikit_learn("log_loss", labels=range(5))),
    "rmse": ("scikit-learn", of_scikit_learn("root_mean_squared_error")),
    "f1_macro": ("scikit-learn", of_scikit_learn("f1_score", average="macro")),
    "roc_auc_columns": ("scikit-learn", of_scikit_learn("roc_auc_score", average="macro")),
    "cohen_kappa(weights=quadratic)": ("scikit-learn", of_scikit_learn("cohen_kappa_score", weights="quadratic")),
    "edit_distance": ("rapidfuzz", edit_distance),
    "word_jaccard(normalise=lower)": ("plain Python", word_jaccard),
    "list_fbeta": ("plain Python", mean_f1),
    "map_at_k(k=5)": ("plain Python", map_at_5),
    "mae": ("scikit-learn", of_scikit_learn("mean_absolute_error")),
    "exact_match": ("plain Python", exact_match),
}
"""Whom each metric meets, by the line that stands in ``challenge.yaml``."""


def both_scores(spec: str, solution: Path, submission: Path) -> list[float]:
    """The public and the private score of a submission, after a look at its ids."""
    import pandas as pd

    known, sent = (
        pd.read_csv(path, keep_default_na=False).sort_values("id", ignore_index=True) for path in (solution, submission)
    )
    if not (known["id"] == sent["id"]).all():
        raise SystemExit("the ids differ")
    truth = [name for name in known.columns if name not in ("id", "Usage")]
    found = [name for name in sent.columns if name != "id"]
    rows = [known["Usage"] == usage for usage in ("Public", "Private")]
    score = PEERS[spec][1]
    return [score(_held(known.loc[half, truth]), _held(sent.loc[half, found])) for half in rows]


def _held(table: Any) -> Any:
    """One column as an array, several as a matrix, and cells that list labels as lists."""
    if table.shape[1] > 1:
        return table.to_numpy()
    column = table.iloc[:, 0]
    return [cell.split() for cell in column] if column.name == "labels" else column.to_numpy()


if __name__ == "__main__":
    print(both_scores(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
