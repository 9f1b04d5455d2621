"""The metrics beside scikit-learn and fairlearn: same data, same run, results checked to be equal first.

Run ``python benchmarks/bench_metrics.py`` (some minutes) or with ``--quick`` for small sizes. Each side is timed from
arrays to scores. Where the peer's bootstrap is measured on fewer draws, its time is scaled up and the line says so.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import metrics
from benchmarks.side_by_side import Contest, compare

SIX = ("accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "matthews_corrcoef", "cohen_kappa")
FOUR = ("accuracy", "precision", "recall", "f1")
DRAWS = 1000
MEASURED = 50


def check(ours: Any, peer: Any, what: str) -> None:
    """Stop where the two sides differ by more than 1e-12."""
    difference = float(np.max(np.abs(np.asarray(ours) - np.asarray(peer))))
    if not difference <= 1e-12:
        raise SystemExit(f"{what}: the scores differ by {difference:.3g}")


def six_scores(n: int) -> Contest:
    from sklearn import metrics as peer

    random = np.random.default_rng(1)
    true = random.integers(0, 10, n)
    predicted = np.where(random.random(n) < 0.7, true, random.integers(0, 10, n))

    def theirs() -> list[float]:
        return [
            peer.accuracy_score(true, predicted),
            peer.balanced_accuracy_score(true, predicted),
            peer.f1_score(true, predicted, average="macro"),
            peer.precision_score(true, predicted, average="macro"),
            peer.matthews_corrcoef(true, predicted),
            peer.cohen_kappa_score(true, predicted),
        ]

    ours = partial(metrics.evaluate, SIX, true, predicted)
    check(list(ours().values()), theirs(), "six scores")
    return Contest(f"six classification scores, {n:,} int labels", ours, theirs, goal=200)


def text_f1(n: int, names: list[str], what: str) -> Contest:
    from sklearn.metrics import f1_score

    random, classes = np.random.default_rng(2), len(names)
    true = random.integers(0, classes, n)
    predicted = np.array(names)[np.where(random.random(n) < 0.7, true, random.integers(0, classes, n))]
    true = np.array(names)[true]
    ours, peer = partial(metrics.f1_macro, true, predicted), partial(f1_score, true, predicted, average="macro")
    check(ours(), peer(), "F1 of text")
    return Contest(f"macro F1, {n:,} string labels ({what})", ours, peer, goal=50)


def two_classes(n: int, seed: int) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    true = random.integers(0, 2, n)
    return true, 1 / (1 + np.exp(-(2.0 * true - 1 + random.normal(size=n))))


def area(n: int) -> Contest:
    from sklearn.metrics import roc_auc_score

    true, score = two_classes(n, 3)
    ours, peer = partial(metrics.roc_auc, true, score), partial(roc_auc_score, true, score)
    check(ours(), peer(), "ROC AUC")
    return Contest(f"ROC AUC, {n:,} float scores", ours, peer, goal=9, repeats=3)


def logarithm(n: int) -> Contest:
    from sklearn.metrics import log_loss

    true, score = two_classes(n, 4)
    ours, peer = partial(metrics.log_loss, true, score), partial(log_loss, true, score)
    check(ours(), peer(), "log loss")
    return Contest(f"log loss, {n:,} probabilities", ours, peer, goal=20)


def drawn(name: str, score: Any, true: Any, predicted: Any, goal: float) -> Contest:
    """A bootstrap of DRAWS draws, beside a loop of which some draws are measured."""
    metric, n = metrics.get(name), len(true)
    check(metric(true, predicted), score(true, predicted), name)

    def ours() -> Any:
        return metric.reduce(metric.collect(true, predicted), metrics.Draws(DRAWS, seed=0))

    def peer() -> list[float]:
        random = np.random.default_rng(0)
        rows = (random.integers(0, n, n) for _ in range(MEASURED))
        return [score(true[row], predicted[row]) for row in rows]

    spread, theirs = float(np.std(ours())), float(np.std(peer()))
    if not 0.5 < spread / theirs < 2:
        raise SystemExit(f"{name}: the draws spread by {spread:.3g}, the peer's by {theirs:.3g}")
    note = f"(peer: {MEASURED} draws, scaled to {DRAWS:,})"
    title = f"bootstrap of {name}, {DRAWS:,} draws, n = {n:,}"
    return Contest(title, ours, peer, goal=goal, peer_share=MEASURED / DRAWS, note=note)


def drawn_f1(n: int) -> Contest:
    from sklearn.metrics import f1_score

    true, score = two_classes(n, 5)
    return drawn("f1", f1_score, true, (score > 0.5).astype(int), 2000)


def drawn_area(n: int) -> Contest:
    from sklearn.metrics import roc_auc_score

    true, score = two_classes(n, 6)
    return drawn("roc_auc", roc_auc_score, true, score, 18)


def groups(n: int, size: int) -> Contest:
    from fairlearn.metrics import MetricFrame
    from sklearn import metrics as peer

    random = np.random.default_rng(70)
    true, score = two_classes(n, 7)
    predicted, group = (score > 0.5).astype(int), random.integers(0, size, n)
    functions = {
        "accuracy": peer.accuracy_score,
        "precision": peer.precision_score,
        "recall": peer.recall_score,
        "f1": peer.f1_score,
    }

    def ours() -> dict[str, Any]:
        _, parts = metrics.partition(group)
        return metrics.evaluate(FOUR, true, predicted, weighting=parts)

    def theirs() -> Any:
        return MetricFrame(metrics=functions, y_true=true, y_pred=predicted, sensitive_features=group).by_group

    frame, scores = theirs(), ours()
    for name in FOUR:
        check(scores[name], frame[name].to_numpy(dtype=float), f"{name} by group")
    return Contest(f"four scores, {size:,} groups × {n:,} rows (fairlearn)", ours, theirs, goal=2000, repeats=3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; the goals are for the full ones")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    many, text, some, rows, size = (
        (100_000, 20_000, 5_000, 20_000, 50) if quick else (10**7, 2 * 10**6, 10**5, 10**6, 1000)
    )
    makers = [
        partial(six_scores, many),
        partial(text_f1, text, [f"species_{i:02d}" for i in range(10)], "species_00 …"),
        partial(text_f1, text, ["Adelie", "Chinstrap", "Gentoo"], "three names"),
        partial(area, many),
        partial(logarithm, many),
        partial(drawn_f1, some),
        partial(drawn_area, some),
        partial(groups, rows, size),
    ]
    for maker in makers:
        contest = maker()
        compare("", [contest])


if __name__ == "__main__":
    main()
