"""Scores of survival, forecasts, columns, fairness and ROC regions beside the libraries that have them.

Run ``python benchmarks/bench_catalogue.py`` (some minutes) or with ``--quick`` for small sizes. Each side is timed from
arrays to scores, and the scores are checked to be equal first. A peer that is not installed is left out, and named.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import metrics
from benchmarks.side_by_side import Contest, compare

DRAWS = 1000
MEASURED = 20


def contest(
    name: str, ours: Callable[[], Any], peer: Callable[[], Any], *, within: float = 1e-9, **more: Any
) -> Contest:
    """One line of the table; stops where the two sides differ."""
    difference = float(np.max(np.abs(np.asarray(ours()) - np.asarray(peer()))))
    if not difference <= within:
        raise SystemExit(f"{name}: the scores differ by {difference:.3g}")
    return Contest(name, ours, peer, **more)


def followed(n: int, seed: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    time, event = random.exponential(5.0, n), random.random(n) < 0.6
    return time, event, -np.log(time) + random.normal(size=n)


def concordance(n: int) -> Contest:
    from sksurv.metrics import concordance_index_censored

    time, event, risk = followed(n, 1)
    truth = np.column_stack((time, event))
    ours = partial(metrics.concordance_index, truth, risk)
    return contest(
        f"concordance index, n = {n:,} (scikit-survival)",
        ours,
        lambda: concordance_index_censored(event, time, risk)[0],
        repeats=3,
    )


def concordance_tree(n: int) -> Contest:
    from lifelines.utils import concordance_index

    time, event, risk = followed(n, 2)
    ours = partial(metrics.concordance_index, np.column_stack((time, event)), risk)
    title = f"concordance index, n = {n:,} (lifelines)"
    return contest(title, ours, lambda: concordance_index(time, -risk, event), repeats=3)


def brier(n: int) -> Contest:
    from sksurv.metrics import integrated_brier_score
    from sksurv.util import Surv

    time, event, _ = followed(n, 3)
    random = np.random.default_rng(3)
    at = np.linspace(0.5, 8.0, 30)
    chance = np.exp(-at * random.exponential(0.2, size=(n, 1)))
    truth, table = Surv.from_arrays(event, time), np.column_stack((time, event))
    ours = partial(metrics.integrated_brier, table, chance, None, at)
    title = f"integrated Brier score, n = {n:,}, 30 times (scikit-survival)"
    return contest(title, ours, lambda: integrated_brier_score(truth, truth, chance, at), repeats=3)


def ensembles(n: int) -> Contest:
    from properscoring import crps_ensemble

    random = np.random.default_rng(4)
    true, members = random.normal(size=n), random.normal(size=(n, 50))
    ours = partial(metrics.crps_ensemble, true, members)
    title = f"CRPS of {n:,} ensembles of 50 (properscoring)"
    return contest(title, ours, lambda: crps_ensemble(true, members).mean(), repeats=3)


def normals(n: int) -> Contest:
    from properscoring import crps_gaussian

    random = np.random.default_rng(5)
    true, mean, spread = random.normal(size=n), random.normal(size=n), random.exponential(size=n)
    pair = np.column_stack((mean, spread))
    title = f"CRPS of {n:,} normal forecasts (properscoring)"
    return contest(title, partial(metrics.crps_normal, true, pair), lambda: crps_gaussian(true, mean, spread).mean())


def spearman_columns(n: int, columns: int) -> Contest:
    from scipy.stats import spearmanr

    random = np.random.default_rng(6)
    true, found = random.random((n, columns)).round(2), random.random((n, columns))
    ours = partial(metrics.get("columnwise", metric="spearman"), true, found)
    title = f"Spearman of {columns} columns, n = {n:,} (scipy)"
    return contest(title, ours, lambda: np.mean([spearmanr(t, p)[0] for t, p in zip(true.T, found.T, strict=True)]))


def types(n: int, size: int) -> Contest:
    import pandas as pd
    from sklearn.metrics import mean_absolute_error

    random = np.random.default_rng(7)
    true, found, group = random.normal(size=n), random.normal(size=n), random.integers(0, size, n)
    truth = metrics.WithColumns(true, {"type": group})
    frame = pd.DataFrame({"true": true, "found": found, "type": group})

    def theirs() -> Any:
        parts = frame.groupby("type")
        return np.mean([np.log(mean_absolute_error(part["true"], part["found"])) for _, part in parts])

    ours = partial(metrics.parse("by_type(metric=mae, transform=log)"), truth, found)
    return contest(f"log MAE by {size:,} types, n = {n:,} (pandas, scikit-learn)", ours, theirs)


def moved(n: int) -> Contest:
    from scipy.stats import wasserstein_distance

    random = np.random.default_rng(8)
    true, found = random.normal(size=n), random.normal(size=n)
    title = f"earth mover's distance, n = {n:,} (scipy)"
    return contest(title, partial(metrics.earth_movers, true, found), partial(wasserstein_distance, true, found))


def median(n: int) -> Contest:
    from sklearn.metrics import median_absolute_error

    random = np.random.default_rng(9)
    true, found = random.normal(size=n), random.normal(size=n)
    ours, theirs = partial(metrics.median_absolute_error, true, found), partial(median_absolute_error, true, found)
    return contest(f"median absolute error, n = {n:,} (scikit-learn)", ours, theirs)


def partial_area(n: int) -> Contest:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(10)
    true = random.integers(0, 2, n)
    score = true + random.normal(size=n)
    ours = partial(metrics.partial_auc, true, score)
    title = f"partial ROC AUC, n = {n:,} (scikit-learn)"
    return contest(title, ours, lambda: roc_auc_score(true, score, max_fpr=0.1), repeats=3)


def chances(n: int) -> Contest:
    from sklearn.metrics import log_loss

    random = np.random.default_rng(11)
    true, chance = random.integers(0, 2, (n, 8)), random.random((n, 8))
    title = f"log loss of 8 columns, n = {n:,} (scikit-learn)"
    columns = list(zip(true.T, chance.T, strict=True))
    ours = partial(metrics.log_loss_columns, true, chance)
    return contest(title, ours, lambda: np.mean([log_loss(t, p) for t, p in columns]))


def identities(n: int) -> tuple[Any, Any, dict[str, Any]]:
    random = np.random.default_rng(12)
    true = (random.random(n) < 0.08).astype(int)
    score = true + random.normal(size=n)
    return true, score, {f"identity {k}": random.random(n) < 0.02 * (k + 1) for k in range(9)}


def areas(true: Any, score: Any, columns: dict[str, Any]) -> float:
    """The bias score by scikit-learn."""
    from sklearn.metrics import roc_auc_score

    kinds = []
    for inside in columns.values():
        masks = (inside, np.where(true, ~inside, inside), np.where(true, inside, ~inside))
        kinds.append([roc_auc_score(true[mask], score[mask]) for mask in masks])
    means = (np.array(kinds) ** -5.0).mean(axis=0) ** -0.2
    return float(0.25 * roc_auc_score(true, score) + 0.25 * means.sum())


def bias(n: int) -> Contest:
    true, score, columns = identities(n)
    truth = metrics.WithColumns(true, columns)
    title = f"bias AUCs of 9 identities, n = {n:,} (scikit-learn)"
    return contest(title, partial(metrics.bias_auc, truth, score), partial(areas, true, score, columns), repeats=3)


def bias_draws(n: int) -> Contest:
    true, score, columns = identities(n)
    truth = metrics.WithColumns(true, columns)

    def ours() -> Any:
        return metrics.bias_auc.reduce(metrics.bias_auc.collect(truth, score), metrics.Draws(DRAWS))

    def peer() -> Any:
        random, out = np.random.default_rng(0), []
        for _ in range(MEASURED):
            row = random.integers(0, n, n)
            out.append(areas(true[row], score[row], {name: inside[row] for name, inside in columns.items()}))
        return out

    note = f"(peer: {MEASURED} draws, scaled to {DRAWS:,})"
    title = f"bootstrap of bias AUCs, {DRAWS:,} draws, n = {n:,}"
    return Contest(title, ours, peer, peer_share=MEASURED / DRAWS, note=note, repeats=1)


def odds(n: int) -> Contest:
    from fairlearn.metrics import equalized_odds_difference

    random = np.random.default_rng(13)
    true, found, group = random.integers(0, 2, n), random.integers(0, 2, n), random.integers(0, 5, n)
    truth = metrics.WithColumns(true, {"group": group})
    ours = partial(metrics.equalized_odds_gap, truth, found)
    title = f"equalized odds gap, 5 groups, n = {n:,} (fairlearn)"
    return contest(title, ours, lambda: equalized_odds_difference(true, found, sensitive_features=group))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    few, some, many = (500, 2_000, 20_000) if quick else (10_000, 100_000, 1_000_000)
    makers = [
        partial(concordance, few),
        partial(concordance_tree, some),
        partial(brier, few),
        partial(ensembles, few if quick else 50_000),
        partial(normals, many),
        partial(spearman_columns, few, 30),
        partial(types, many, 8),
        partial(moved, many),
        partial(median, many),
        partial(partial_area, many),
        partial(chances, some),
        partial(bias, some),
        partial(bias_draws, few),
        partial(odds, many),
    ]
    for maker in makers:
        try:
            made = maker()
        except ModuleNotFoundError as absent:
            print(f"{maker.func.__name__}: {absent.name} is not installed")
            continue
        compare("", [made])


if __name__ == "__main__":
    main()
