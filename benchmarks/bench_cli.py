"""What a person waits for: whole commands, beside a script that does the same with pandas and scikit-learn.

``compete score`` reads the bundle, checks and aligns the submission, scores both parts and every subgroup, and draws
1,000 bootstrap samples for each interval; the peer's script merges by id and computes the two metrics on both parts,
without checks, subgroups or intervals. Usage::

    python benchmarks/bench_cli.py [--rows 1000 10000000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from side_by_side import Contest, compare

from compete.bundle import write_manifests
from compete.files import canonical_json
from compete.terms import Terms

CLASSES = ("algae", "coral", "fish", "rubble", "sand")
TERMS = Terms(
    "reef", "Reef", "1.0", "classification", ("label",), "label", ("label",), "f1_macro", classes=CLASSES,
    also=("accuracy",), subgroups=("site",),
)  # fmt: skip
CHANCES = replace(
    TERMS, kind="probability", columns=CLASSES, distribution=True, metric="roc_auc_ovr",
    also=("log_loss", "accuracy", "f1_macro"), subgroups=("site", "year", "sex"),
)  # fmt: skip
LETTERS = np.frombuffer(b"bcdfghjkmnpqrstv", dtype=np.uint8)

PEER = """
import sys
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score
solution, submission = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
both = solution.merge(submission, on="id", suffixes=("_true", "_pred"))
for usage, rows in both.groupby("Usage"):
    true, pred = rows.label_true, rows.label_pred
    print(usage, f1_score(true, pred, average="macro"), accuracy_score(true, pred))
"""


def write_bundle_of(rows: int, folder: Path) -> tuple[Path, Path]:
    """A bundle with a solution of so many rows, and a submission in another order."""
    chance = np.random.default_rng(5)
    letters = LETTERS[chance.integers(0, 16, (rows, 16), dtype=np.uint8)]
    ids = np.sort(letters.view("S16").ravel()).astype("U16")
    true = np.array(CLASSES)[chance.integers(0, 5, rows)]
    given = np.where(chance.random(rows) < 0.8, true, np.array(CLASSES)[chance.integers(0, 5, rows)])
    usage = np.where(chance.random(rows) < 0.3, "Public", "Private")
    site = np.array(["east", "north", "south", "west"])[chance.integers(0, 4, rows)]
    root = folder / f"bundle{rows}"
    for half in ("public", "private"):
        (root / half).mkdir(parents=True)
    (root / "public" / "challenge.json").write_bytes(canonical_json(TERMS.as_dict()))
    write_rows(root / "private" / "solution.csv", "id,label,Usage,site", ids, true, usage, site)
    order = chance.permutation(rows)
    submission = folder / f"submission{rows}.csv"
    write_rows(submission, "id,label", ids[order], given[order])
    write_manifests(root, challenge_sha256="0" * 64)
    return root, submission


def write_bundle_of_chances(rows: int, folder: Path) -> tuple[Path, Path]:
    """A bundle with three subgroup columns, and a submission of probabilities."""
    chance = np.random.default_rng(6)
    ids = np.array([f"{number:016x}" for number in sorted(chance.integers(0, 2**62, rows).tolist())])
    true = chance.integers(0, 5, rows)
    share = chance.dirichlet(np.ones(5), rows) + 0.5 * np.eye(5)[true]
    share /= share.sum(axis=1, keepdims=True)
    usage = np.where(chance.random(rows) < 0.3, "Public", "Private")
    sites = [np.array(["a", "b", "c", "d"])[chance.integers(0, 4, rows)] for _ in CHANCES.subgroups]
    root = folder / f"chances{rows}"
    for half in ("public", "private"):
        (root / half).mkdir(parents=True)
    (root / "public" / "challenge.json").write_bytes(canonical_json(CHANCES.as_dict()))
    header = ",".join(("id", "label", "Usage", *CHANCES.subgroups))
    write_rows(root / "private" / "solution.csv", header, ids, np.array(CLASSES)[true], usage, *sites)
    submission = folder / f"chances{rows}.csv"
    columns = [np.array([repr(value) for value in column]) for column in share.T.tolist()]
    write_rows(submission, ",".join(("id", *CLASSES)), ids, *columns)
    write_manifests(root, challenge_sha256="0" * 64)
    return root, submission


def write_rows(path: Path, header: str, *columns: np.ndarray) -> None:
    """A table of plain words, written a million rows at a time."""
    with path.open("w", encoding="ascii", newline="") as file:
        file.write(header + "\n")
        for start in range(0, len(columns[0]), 1_000_000):
            parts = (column[start : start + 1_000_000].tolist() for column in columns)
            file.writelines(",".join(cells) + "\n" for cells in zip(*parts, strict=True))


def main() -> None:
    """Run each contest and print one table."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", type=int, nargs="*", default=[1_000, 1_000_000, 10_000_000])
    options.add_argument("--repeats", type=int, default=5)
    asked = options.parse_args()
    command, python = [sys.executable, "-m", "compete"], [sys.executable, "-c"]
    with tempfile.TemporaryDirectory() as folder:
        contests = [
            Contest(
                "--help (peer: import pandas)", [*command, "--help"], [*python, "import pandas"], note="≤ 0.25 s CPU"
            )
        ]
        root, submission = write_bundle_of_chances(1_000, Path(folder))
        ours = [*command, "score", str(root), str(submission)]
        name, note = "score 1,000 rows of 5 probabilities", "≤ 0.5 s CPU; 4 metrics, 3 subgroup columns"
        contests.append(Contest(name, ours, [*python, "import pandas, sklearn.metrics"], note=note))
        for rows in asked.rows:
            root, submission = write_bundle_of(rows, Path(folder))
            solution = str(root / "private" / "solution.csv")
            note = "≤ 0.5 s CPU" if rows <= 1_000 else ""
            ours = [*command, "score", str(root), str(submission)]
            contest = Contest(f"score {rows:,} rows", ours, [*python, PEER, solution, str(submission)], 5.0, note=note)
            contests.append(contest)
        repeats = [asked.repeats if rows < 5_000_000 else min(3, asked.repeats) for rows in (0, 0, *asked.rows)]
        contests = [replace(contest, repeats=times) for contest, times in zip(contests, repeats, strict=True)]
        compare("whole commands", contests)


if __name__ == "__main__":
    main()
