"""Scores of ranked lists beside ranx, pytrec_eval and scikit-learn, results checked to be equal first.

Run ``python benchmarks/bench_retrieval.py`` or with ``--quick`` for small sizes. Each side starts from what its users
hold: lists of labels here, dictionaries by query there; a line says where the peer's own record was made beforehand.
"""

from __future__ import annotations

import argparse
import sys
from bisect import bisect
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import metrics
from benchmarks.side_by_side import Contest, compare

SIX = ("map_at_k", "ndcg_at_k", "mrr_at_k", "recall_at_k", "precision_at_k", "hit_rate_at_k")


def check(ours: Any, peer: Any, what: str) -> None:
    """Stop where the two sides differ by more than 1e-9."""
    difference = float(np.max(np.abs(np.asarray(ours, dtype=float) - np.asarray(peer, dtype=float))))
    if not difference <= 1e-9:
        raise SystemExit(f"{what}: the scores differ by {difference:.3g}")


def queries(n: int, relevant: int, listed: int) -> tuple[list[list[str]], list[list[str]]]:
    """Relevant labels of each query, and the labels that a system lists, the best first."""
    random = np.random.default_rng(1)
    true, found = [], []
    for _ in range(n):
        pool = random.choice(50_000, size=listed + relevant, replace=False)
        mine = pool[: random.integers(1, relevant + 1)]
        rest = np.concatenate((mine[random.random(len(mine)) < 0.6], pool[relevant:]))[:listed]
        true.append([f"doc_{label}" for label in mine])
        found.append([f"doc_{label}" for label in random.permutation(rest)])
    return true, found


def as_dictionaries(true: list[list[str]], found: list[list[str]]) -> tuple[Any, Any]:
    """What ranx and pytrec_eval read: relevance and scores by query and document."""
    qrels = {f"q{query}": dict.fromkeys(row, 1) for query, row in enumerate(true)}
    run = {
        f"q{query}": {label: float(len(row) - place) for place, label in enumerate(row)}
        for query, row in enumerate(found)
    }
    return qrels, run


def beside_trec_eval(n: int) -> list[Contest]:
    import pytrec_eval

    true, found = queries(n, 5, 100)
    qrels, run = as_dictionaries(true, found)
    names = ["map_at_k(k=100, divide=relevant)", "ndcg_at_k(k=100)", "mrr_at_k(k=100)", "recall_at_k(k=100)"]
    names += ["precision_at_k(k=10)", "r_precision"]
    peers = ["map", "ndcg", "recip_rank", "recall_100", "P_10", "Rprec"]

    def theirs() -> list[float]:
        measured = pytrec_eval.RelevanceEvaluator(qrels, set(peers)).evaluate(run).values()
        return [float(np.mean([row[name] for row in measured])) for name in peers]

    ours = partial(metrics.evaluate, names, true, found)
    check(list(ours().values()), theirs(), "six scores of trec_eval")
    lists = metrics.Lists.of(true), metrics.Lists.of(found)
    note = "the peer from dictionaries"
    return [
        Contest(f"six scores, {n:,} lists of 100 texts, pytrec_eval", ours, theirs, goal=2, note=note),
        Contest("… from flat lists", partial(metrics.evaluate, names, *lists), theirs, goal=5, note=note),
    ]


def beside_ranx(n: int) -> list[Contest]:
    import ranx

    true, found = queries(n, 5, 100)
    qrels, run = as_dictionaries(true, found)
    names = [f"{name}(k=50)" for name in SIX]
    names[0] = "map_at_k(k=50, divide=relevant)"
    peers = ["map@50", "ndcg@50", "mrr@50", "recall@50", "precision@50", "hit_rate@50"]

    def from_dictionaries() -> list[float]:
        scores = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), peers)
        return [float(scores[name]) for name in peers]

    known = ranx.Qrels(qrels), ranx.Run(run)
    ours = partial(metrics.evaluate, names, true, found)
    check(list(ours().values()), from_dictionaries(), "six scores of ranx")
    lists = metrics.Lists.of(true), metrics.Lists.of(found)
    return [
        Contest(f"six scores, {n:,} lists of 100 texts, ranx", ours, from_dictionaries, goal=5),
        Contest(
            "… from records that both have made",
            partial(metrics.evaluate, names, *lists),
            partial(ranx.evaluate, *known, peers),
            goal=1,
            note="ranx runs compiled code on all cores",
        ),
    ]


def slow_map(true: list[list[int]], found: list[list[int]], k: int) -> float:
    """MAP@k as the notebooks of Kaggle write it."""
    total = 0.0
    for relevant, row in zip(true, found, strict=True):
        hits, score = 0, 0.0
        for place, label in enumerate(row[:k]):
            if label in relevant and label not in row[:place]:
                hits += 1
                score += hits / (place + 1)
        total += score / min(len(relevant), k)
    return total / len(true)


def beside_notebooks(n: int) -> list[Contest]:
    random = np.random.default_rng(2)
    true = [[label] for label in random.integers(0, 5000, n).tolist()]
    found = np.argsort(random.random((n, 60)), axis=1)[:, :5]
    found[:, 2] = np.where(random.random(n) < 0.4, [row[0] for row in true], found[:, 2])
    lists = found.tolist()
    ours = partial(metrics.get("map_at_k", k=5), true, lists)
    check(ours(), slow_map(true, lists, 5), "MAP@5")
    return [Contest(f"MAP@5, {n:,} items, beside plain Python", ours, partial(slow_map, true, lists, 5), goal=1)]


def slow_tau(true: list[list[str]], found: list[list[str]]) -> float:
    """Kendall's tau as in the notebook of AI4Code."""
    inversions, pairs = 0, 0
    for right, row in zip(true, found, strict=True):
        ranks, known = [right.index(label) for label in row], list[int]()
        for place, rank in enumerate(ranks):
            spot = bisect(known, rank)
            inversions += place - spot
            known.insert(spot, rank)
        pairs += len(row) * (len(row) - 1)
    return 1 - 4 * inversions / pairs


def orders(n: int, longest: int) -> Contest:
    random = np.random.default_rng(3)
    true = [[f"{label:08x}" for label in random.integers(0, 2**31, size=random.integers(2, longest))] for _ in range(n)]
    found = [random.permutation(row).tolist() for row in true]
    ours, peer = partial(metrics.ordering_tau, true, found), partial(slow_tau, true, found)
    check(ours(), peer(), "tau of orders")
    return Contest(f"tau of {n:,} orders of up to {longest} labels, plain Python", ours, peer, goal=1)


def label_rankings(n: int, labels: int, share: float) -> Contest:
    from sklearn.metrics import label_ranking_average_precision_score

    random = np.random.default_rng(4)
    true = (random.random((n, labels)) < share).astype(int)
    true[np.arange(n), random.integers(0, labels, n)] = 1
    score = random.random((n, labels)) + 0.3 * true
    ours, peer = partial(metrics.lrap, true, score), partial(label_ranking_average_precision_score, true, score)
    check(ours(), peer(), "label ranking average precision")
    return Contest(f"lrap, {n:,} × {labels} scores, {share:.0%} true, scikit-learn", ours, peer, goal=5)


def gains(n: int) -> Contest:
    from sklearn.metrics import ndcg_score

    random = np.random.default_rng(5)
    gain, score = random.integers(0, 5, size=(n, 50)).astype(float), random.random((n, 50))
    gain[:, 0] = 1
    item, label = np.indices(gain.shape).reshape(2, -1)

    def ours() -> float:
        every = np.broadcast_to(np.arange(50), gain.shape)
        true = metrics.Lists(np.arange(n + 1) * 50, every.ravel(), gain=gain.ravel())
        return metrics.ndcg_at_k(true, metrics.Lists.ranked(item, label, score.ravel(), n))

    peer = partial(ndcg_score, gain, score, k=10)
    check(ours(), peer(), "NDCG@10")
    return Contest(f"NDCG@10, {n:,} × 50 graded scores, scikit-learn", ours, peer, goal=1, note="sorting included")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    part = 10 if parser.parse_args().quick else 1
    contests = [
        *beside_trec_eval(10_000 // part),
        *beside_ranx(10_000 // part),
        *beside_notebooks(200_000 // part),
        orders(20_000 // part, 60),
        orders(500 // part, 2000),
        label_rankings(50_000 // part, 80, 0.02),
        label_rankings(50_000 // part, 80, 0.3),
        gains(20_000 // part),
    ]
    compare("Ranked lists", contests)


if __name__ == "__main__":
    main()
