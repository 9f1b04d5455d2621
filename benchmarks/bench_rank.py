"""A leaderboard of a thousand submissions, and two thousand bootstrap leaderboards, beside plain scripts.

The peer of the whole leaderboard is one script that reads each submission with pandas, merges it by id and computes the
same two metrics on both parts with scikit-learn; it checks nothing and draws nothing. The peer of the draws resamples
items, computes the score of each team with numpy or scikit-learn, ranks with SciPy and takes Kendall's tau, as
challengeR does in R; where it is slow it does a share of the draws. Usage::

    python benchmarks/bench_rank.py [--submissions 1000] [--rows 10000] [--repeats 3] [--quick]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from bench_cli import CLASSES, write_bundle_of
from scipy import stats
from side_by_side import Contest, compare
from sklearn.metrics import f1_score, roc_auc_score

import metrics
from compete.leaderboard.drawing import drawing_of, drawn_scores
from compete.leaderboard.stability import drawn_of, stability_of

PEER = """
import json, sys
import pandas as pd
from pathlib import Path
from sklearn.metrics import accuracy_score, f1_score
solution = pd.read_csv(sys.argv[1])
found = {}
for path in sorted(Path(sys.argv[2]).rglob("*.csv")):
    both = solution.merge(pd.read_csv(path), on="id", suffixes=("_true", "_pred"))
    for usage, rows in both.groupby("Usage"):
        true, pred = rows.label_true, rows.label_pred
        score = f1_score(true, pred, average="macro")
        found[f"{path.parent.name}/{path.name} {usage}"] = (score, accuracy_score(true, pred))
print(json.dumps(found))
"""
PER_TEAM = 20
TEAMS, ITEMS, DRAWS = 60, 2000, 2000
SHARE = 200
"""One draw in so many is done by a peer that needs a call of scikit-learn for each team and draw."""


def send(solution: Path, folder: Path, count: int) -> None:
    """Submissions of teams of rising skill, each in an order of its own."""
    random = np.random.default_rng(7)
    lines = [line.split(",") for line in solution.read_text().splitlines()[1:]]
    ids, true = np.array([line[0] for line in lines]), np.array([line[1] for line in lines])
    for number in range(count):
        team = number // PER_TEAM
        right = random.random(len(true)) < 0.5 + 0.4 * team * PER_TEAM / count
        given = np.where(right, true, np.array(CLASSES)[random.integers(0, len(CLASSES), len(true))])
        path = folder / f"team{team:03d}" / f"s{number % PER_TEAM:02d}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        order = random.permutation(len(true))
        rows = zip(ids[order].tolist(), given[order].tolist(), strict=True)
        path.write_text("id,label\n" + "".join(f"{item},{label}\n" for item, label in rows))


def check_scores(ours: list[str], peer: list[str]) -> None:
    """Refuse to time two things that differ."""
    run = partial(subprocess.run, check=True, capture_output=True, text=True)
    made, found = json.loads(run(ours).stdout), json.loads(run(peer).stdout)
    for entry in made["entries"]:
        for part, usage in (("public", "Public"), ("private", "Private")):
            assert abs(entry[part] - found[f"{entry['file']} {usage}"][0]) < 1e-12, entry["file"]


def whole_boards(folder: Path, rows: int, count: int, repeats: int) -> list[Contest]:
    """The command on one core and on all, without draws, and from its cache."""
    bundle, _ = write_bundle_of(rows, folder)
    sent = folder / "sent"
    send(bundle / "private" / "solution.csv", sent, count)
    (folder / "peer.py").write_text(PEER)
    peer = [sys.executable, str(folder / "peer.py"), str(bundle / "private" / "solution.csv"), str(sent)]
    ours = [sys.executable, "-m", "compete", "rank", str(bundle), "--from", str(sent), "--json"]
    kept = [*ours, "--cache", str(folder / "cache")]
    check_scores(kept, peer)
    name = f"{count:,} submissions of {rows:,} rows"
    alone = ["--workers", "1"]
    return [
        Contest(f"{name}, on one core", [*ours, *alone], peer, goal=20, repeats=repeats),
        Contest(f"{name}, on all cores", ours, peer, goal=20, repeats=repeats, note="wall: CPU of workers not counted"),
        Contest(f"{name}, no draws, on one core", [*ours, *alone, "--draws", "0"], peer, repeats=repeats),
        Contest(f"{name}, scores cached, on one core", [*kept, *alone], peer, repeats=repeats),
    ]


def our_draws(metric: metrics.Metric, truth: Any, predictions: Any, labels: Any) -> Any:
    """Draws, places, corrected differences, classes and Kendall's tau of every draw."""
    evidences = [metric.collect(truth, one, labels) for one in predictions]
    scores = np.array([float(metric.reduce(one)) for one in evidences])
    order = np.argsort(-scores if metric.greater_is_better else scores, kind="stable")
    drawing = drawing_of(len(truth), None, draws=DRAWS)
    drawn = drawn_scores(metric, [evidences[team] for team in order], drawing)
    found = drawn_of(scores[order], drawn, drawing.units, greater_is_better=metric.greater_is_better)
    assert found is not None
    return stability_of([f"{team}" for team in order], found, drawing, [], "")


def peer_draws(score: Any, draws: int, truth: Any, predictions: Any, sign: int) -> Any:
    """The same by resampling: scores, ranks and Kendall's tau of every draw."""
    random = np.random.default_rng(0)
    reference = stats.rankdata(-sign * score(truth, predictions), method="min")
    taus, ranks = [], []
    for _ in range(draws):
        item = random.integers(0, len(truth), len(truth))
        rank = stats.rankdata(-sign * score(truth[item], predictions[:, item]), method="min")
        ranks.append(rank)
        taus.append(stats.kendalltau(reference, rank).statistic)
    return np.array(ranks), taus


def _f1(truth: Any, predictions: Any) -> Any:
    return np.array([f1_score(truth, one, average="macro") for one in predictions])


def _auc(truth: Any, predictions: Any) -> Any:
    return np.array([roc_auc_score(truth, one) for one in predictions])


def draw_contests(repeats: int) -> list[Contest]:
    """The draws alone, of four metrics."""
    random = np.random.default_rng(3)
    label = random.integers(0, 5, ITEMS)
    wrong = random.random((TEAMS, ITEMS)) < np.linspace(0.1, 0.5, TEAMS)[:, None]
    guess = np.where(wrong, random.integers(0, 5, (TEAMS, ITEMS)), label)
    value = random.normal(size=ITEMS)
    forecast = value + random.normal(size=(TEAMS, ITEMS)) * np.linspace(0.5, 1.0, TEAMS)[:, None]
    found = (random.random(ITEMS) < 0.3).astype(int)
    chance = found + random.normal(size=(TEAMS, ITEMS)) * np.linspace(0.5, 1.5, TEAMS)[:, None]
    cases = [
        ("accuracy", label, guess, range(5), lambda true, given: (true == given).mean(axis=1), 1, 1),
        ("mae", value, forecast, None, lambda true, given: np.abs(true - given).mean(axis=1), -1, 1),
        ("f1_macro", label, guess, range(5), _f1, 1, SHARE),
        ("roc_auc", found, chance, range(2), _auc, 1, SHARE),
    ]
    return [
        Contest(
            f"2,000 draws of {TEAMS} teams on {ITEMS:,} items: {name}",
            partial(our_draws, metrics.get(name), truth, given, labels),
            partial(peer_draws, score, DRAWS // share, truth, given, sign),
            repeats=repeats,
            peer_share=1 / share,
            note="≤ 1 s CPU" + (f"; peer: {DRAWS // share} draws" if share > 1 else ""),
        )
        for name, truth, given, labels, score, sign, share in cases
    ]


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    count, rows = (100, 1000) if asked.quick else (asked.submissions, asked.rows)
    compare("bootstrap leaderboards, in one process", draw_contests(asked.repeats))
    with tempfile.TemporaryDirectory() as folder:
        contests = whole_boards(Path(folder), rows, count, 1 if asked.quick else asked.repeats)
        compare("the whole leaderboard, all processes (peer: one pandas and scikit-learn process)", contests)


if __name__ == "__main__":
    main()
