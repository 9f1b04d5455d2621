"""Scores of random truth and predictions, as JSON; needs numpy alone: ``python -m tests.metrics.golden``.

``golden.json`` beside this file is what it printed. Write it anew only where a score was wrong, and say so.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.metrics.cases import CASES, make_case

KEPT = Path(__file__).with_name("golden.json")
SEEDS = (1, 2)


def golden_scores() -> dict[str, float]:
    """Every flat metric of the catalog, and options of some, by ``name target seed``."""
    subjects = [(name, target, seed) for name, target in CASES for seed in SEEDS]
    return {" ".join(map(str, subject)): make_case(*subject).score() for subject in subjects}


if __name__ == "__main__":
    print(json.dumps(golden_scores(), indent=0, sort_keys=True))
