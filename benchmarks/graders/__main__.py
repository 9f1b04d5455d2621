"""Every competition of MLE-bench in one line, checked on random submissions: ``python -m benchmarks.graders``."""

from __future__ import annotations

import sys

import numpy as np

import metrics
from benchmarks.graders.competitions import COMPETITIONS, Competition

SEEDS = 25
CLOSE = 1e-9


def difference(competition: Competition, seed: int) -> float:
    """How far our score is from the oracle's on one random submission; nan where either is nan."""
    assert competition.make is not None
    assert competition.oracle is not None
    sample = competition.make(np.random.default_rng(seed))
    ours = metrics.parse(competition.spec)(sample.y_true, sample.y_pred, None, sample.labels)
    return float(abs(ours - competition.oracle(*sample.raw)))


def main(seeds: int = SEEDS) -> int:
    """Print one row a competition; 1 where a score is off."""
    wrong = 0
    print("| competition | `metric:` | formula | largest difference | remark |\n|---|---|---|---|---|")
    for one in COMPETITIONS:
        worst = float(np.max([difference(one, seed) for seed in range(seeds)])) if one.spec else None
        wrong += worst is not None and not worst <= CLOSE
        told = "—" if worst is None else f"{worst:.1e}"
        print(f"| {one.name} | {f'`{one.spec}`' if one.spec else '—'} | {one.formula} | {told} | {one.note} |")
    said = sum(bool(one.spec) for one in COMPETITIONS)
    print(f"\n{said} of {len(COMPETITIONS)} competitions in one line each, {seeds} random submissions a competition;")
    print(f"{wrong} differ by more than {CLOSE:g}.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(3 if "--quick" in sys.argv[1:] else SEEDS))
