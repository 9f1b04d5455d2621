"""The scores that MLE-bench's competitions use most, each beside what one would compute it with today.

Run ``python benchmarks/bench_most_used.py`` or with ``--quick`` for a tenth of the sizes. The rows are metrics that two
or more of the 82 competitions are ranked by, the most used first. Twice: whole processes from the file of a participant
to both scores, as a platform runs a grader (read submission and solution, bring them into one order, score the public
and the private half); and from arrays, lists and texts in memory. Scores are checked to be equal first.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import metrics
from benchmarks.bench_text import sentences, strings
from benchmarks.graders.by_hand import PEERS, both_scores
from benchmarks.graders.challenges import submission_to, write_challenge
from benchmarks.graders.competitions import COMPETITIONS, Competition
from benchmarks.graders.samples import Sample
from benchmarks.side_by_side import Contest, Timing, compare
from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.scoring.grading import grade

Sides = tuple[Any, Any]
CLASSES = np.array(["anemone", "barnacle", "chiton", "dogwhelk", "eelgrass"])


def most_used(least: int = 2) -> list[tuple[str, int]]:
    """The metrics of MLE-bench's competitions and how many use each, those that at least so many use."""
    counts = Counter(one.spec for one in COMPETITIONS if one.spec)
    return [(spec, count) for spec, count in counts.most_common() if count >= least]


def labels(n: int) -> Sides:
    random = np.random.default_rng(1)
    true = random.integers(0, len(CLASSES), n)
    found = np.where(random.random(n) < 0.7, true, random.integers(0, len(CLASSES), n))
    return CLASSES[true].astype(object), CLASSES[found].astype(object)


def grades(n: int) -> Sides:
    random = np.random.default_rng(2)
    true = random.integers(0, 5, n)
    return true, np.clip(true + random.integers(-1, 2, n), 0, 4)


def scores(n: int, columns: int = 1) -> Sides:
    random = np.random.default_rng(3)
    true = (random.random((n, columns)) < 0.3).astype(np.int64)
    found = 0.3 * true + 0.7 * random.random(true.shape)
    return (true[:, 0], found[:, 0]) if columns == 1 else (true, found)


def chances(n: int) -> Sides:
    random = np.random.default_rng(4)
    found = random.dirichlet(np.full(5, 0.5), n) * 0.98 + 0.004
    return random.integers(0, 5, n), found / found.sum(axis=1, keepdims=True)


def numbers(n: int) -> Sides:
    random = np.random.default_rng(5)
    true = random.normal(size=n)
    return true, true + random.normal(size=n)


def tags(n: int) -> Sides:
    random = np.random.default_rng(6)
    rows = [[f"t{code}" for code in random.permutation(12)[: random.integers(1, 5)]] for _ in range(n)]
    return rows, [rows[(place + (place % 3 == 0)) % n] for place in range(n)]


def guesses(n: int) -> Sides:
    random = np.random.default_rng(7)
    true = [[f"p{code}"] for code in random.integers(0, 20, n)]
    return true, [[f"p{code}" for code in row[:5]] for row in random.permuted(np.tile(np.arange(20), (n, 1)), axis=1)]


def data_of(part: int) -> dict[str, Sides]:
    """Truth and prediction of each metric, as people hold them in memory."""
    n = 1_000_000 // part
    return {
        "roc_auc": scores(n),
        "accuracy": labels(n),
        "log_loss": chances(n),
        "rmse": numbers(n),
        "f1_macro": labels(n),
        "roc_auc_columns": scores(n // 10, 10),
        "cohen_kappa(weights=quadratic)": grades(n),
        "edit_distance": strings(n // 10, 20, 0.1),
        "word_jaccard(normalise=lower)": sentences(n // 10, 10, 0.3),
        "list_fbeta": tags(n // 10),
        "map_at_k(k=5)": guesses(n // 10),
        "mae": numbers(n),
        "exact_match": strings(n // 10, 20, 0.02),
    }


def files_of(spec: str, sides: Sides, root: Path) -> tuple[list[str], list[str]]:
    """Our command and the peer's, on the files of one challenge, which is built here; both must say the same."""
    true, found = sides
    known = range(5) if spec.startswith(("log_loss", "cohen")) else None
    written = write_challenge(Competition(spec, spec, ""), Sample(true, found, (), labels=known), root)
    write_bundle(plan_build(load_challenge(root)), root / "bundle")
    bundle, solution, submission = root / "bundle", root / "bundle/private/solution.csv", root / "submission.csv"
    submission.write_bytes(submission_to(open_bundle(bundle).terms, written))
    result = grade(open_bundle(bundle), submission)
    values = [one.value for one in map(result.overall, ("public", "private")) if one]
    if not np.allclose(values, both_scores(spec, solution, submission), rtol=0, atol=1e-9):
        raise SystemExit(f"{spec}: {values} and {both_scores(spec, solution, submission)}")
    ours = [sys.executable, "-m", "compete", "score", str(bundle), str(submission), "--json"]
    by_hand = Path(__file__).parent / "graders" / "by_hand.py"
    return ours, [sys.executable, str(by_hand), spec, str(solution), str(submission)]


def contests_of(part: int, root: Path) -> tuple[list[Contest], list[Contest]]:
    """The rows of both tables."""
    files, memory, data, few = [], [], data_of(part), 100_000 // part
    for place, (spec, count) in enumerate(most_used()):
        (true, found), (name, peer) = data[spec], PEERS[spec]
        ours, theirs = partial(metrics.parse(spec), true, found), partial(peer, true, found)
        if not abs(float(ours()) - theirs()) <= 1e-9:
            raise SystemExit(f"{spec}: {ours()} and {theirs()}")
        title, like = f"{spec}, {count} competitions, ", {"goal": 1, "note": name}
        memory.append(Contest(f"{title}{len(true):,} items", ours, theirs, repeats=7, **like))
        folder = root / str(place)
        folder.mkdir()
        ours, theirs = files_of(spec, (true[:few], found[:few]), folder)
        files.append(Contest(f"{title}{2 * few:,} rows", ours, theirs, **like))
    return files, memory


def told(timings: Sequence[Timing]) -> None:
    """Say how many rows are fast, and how many are not."""
    fast, slow = sum(one.ratio >= 5 for one in timings), sum(one.ratio < 1 for one in timings)
    print(f"{fast} of {len(timings)} rows at 5 times or more by wall time, {slow} below 1\n")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    with tempfile.TemporaryDirectory() as scratch:
        files, memory = contests_of(10 if parser.parse_args().quick else 1, Path(scratch))
        told(compare("From files to both scores, whole processes", files))
        told(compare("From arrays, lists and texts to one score", memory))


if __name__ == "__main__":
    main()
