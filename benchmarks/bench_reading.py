"""Read, check, align and score a submission: compete against pandas ``read_csv`` + ``merge`` + scikit-learn.

Each side is a process of its own that reads the solution and the submission, aligns them by id and computes accuracy
and macro F1 (or RMSE). The peer does not check ids, labels or numbers: ``validate="one_to_one"`` would cost it several
times as much. The sides alternate; medians of whole-process CPU and wall time are printed. Usage::

    python benchmarks/bench_reading.py [--rows 1000000 10000000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CLASSES = 10
HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def write_tables(folder: Path, rows: int) -> None:
    """Write a solution, a submission in its order and one in another order; ids have 16 characters."""
    rng = np.random.default_rng(20)
    ids = HEX[rng.integers(0, 16, (rows, 16), dtype=np.uint8)]
    truth = rng.integers(0, CLASSES, rows, dtype=np.uint8)
    guess = np.where(rng.random(rows) < 0.7, truth, rng.integers(0, CLASSES, rows, dtype=np.uint8))
    order = rng.permutation(rows)
    for name, label, rank in (
        ("solution", truth, slice(None)),
        ("in-order", guess, slice(None)),
        ("shuffled", guess, order),
    ):
        line = np.empty((rows, 19), dtype=np.uint8)
        line[:, :16], line[:, 16], line[:, 17], line[:, 18] = ids[rank], ord(","), ord("0") + label[rank], ord("\n")
        (folder / f"{name}.csv").write_bytes(b"id,label\n" + line.tobytes())
    value = rng.random(rows)
    near = value + rng.normal(0, 0.1, rows)
    for name, rank, numbers in (("solution-float", slice(None), value), ("shuffled-float", order, near)):
        cells = zip(ids[rank].view("S16").ravel().tolist(), numbers[rank].tolist(), strict=True)
        with (folder / f"{name}.csv").open("w") as file:
            file.write("id,value\n")
            file.writelines(f"{item.decode()},{number!r}\n" for item, number in cells)


def ours(solution: str, submission: str) -> list[float]:
    from compete.scoring.submission import Contract, read_submission
    from compete.scoring.table import as_codes, as_numbers, read_table

    table = read_table(solution)
    if "value" in table.columns:
        truth = as_numbers(table, "value")
        error = read_submission(submission, Contract("id", ("value",), "value"), table.columns["id"]).values - truth
        return [float(np.sqrt(np.mean(error * error)))]
    truth, classes = as_codes(table, "label")
    contract = Contract("id", ("label",), "label", classes=tuple(classes))
    guess = read_submission(submission, contract, table.columns["id"]).values
    size = len(classes)
    cells = np.bincount(truth * size + guess, minlength=size * size).reshape(size, size)
    f1 = 2 * cells.diagonal() / (cells.sum(axis=0) + cells.sum(axis=1))
    return [float(cells.trace() / cells.sum()), float(f1.mean())]


def peer(solution: str, submission: str) -> list[float]:
    import pandas as pd
    from sklearn.metrics import accuracy_score, f1_score, root_mean_squared_error

    truth = pd.read_csv(solution, dtype={"id": str})
    both = truth.merge(pd.read_csv(submission, dtype={"id": str}), on="id")
    if "value_x" in both:
        return [float(root_mean_squared_error(both["value_x"], both["value_y"]))]
    true, given = both["label_x"], both["label_y"]
    return [float(accuracy_score(true, given)), float(f1_score(true, given, average="macro"))]


def run(side: str, solution: Path, submission: Path) -> tuple[float, float, list[float]]:
    """CPU seconds, wall seconds and scores of one process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, __file__, "--side", side, str(solution), str(submission)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, json.loads(told.stdout)


def compare(folder: Path, rows: int, repeats: int) -> None:
    for solution, submission in (
        ("solution", "in-order"),
        ("solution", "shuffled"),
        ("solution-float", "shuffled-float"),
    ):
        times: dict[str, list[tuple[float, float]]] = {"ours": [], "peer": []}
        scores: dict[str, list[float]] = {}
        for _ in range(repeats):
            for side, taken in times.items():
                cpu, wall, scores[side] = run(side, folder / f"{solution}.csv", folder / f"{submission}.csv")
                taken.append((cpu, wall))
        np.testing.assert_allclose(scores["ours"], scores["peer"], rtol=1e-12, atol=1e-15)
        median = {side: [statistics.median(part) for part in zip(*taken, strict=True)] for side, taken in times.items()}
        (our_cpu, our_wall), (peer_cpu, peer_wall) = median["ours"], median["peer"]
        print(
            f"{rows:>12,}  {submission:<15}{our_cpu:>9.2f}{peer_cpu:>9.2f}{peer_cpu / our_cpu:>8.1f}x"
            f"{our_wall:>10.2f}{peer_wall:>9.2f}{peer_wall / our_wall:>8.1f}x",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="100,000 rows, once")
    parser.add_argument("--side", nargs=3, metavar=("SIDE", "SOLUTION", "SUBMISSION"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.side:
        print(json.dumps((ours if chosen.side[0] == "ours" else peer)(*chosen.side[1:])))
        return
    print("whole process: read, check, align, score (medians, seconds); peer: pandas read_csv + merge + scikit-learn")
    heads = f"{'CPU ours':>9}{'peer':>9}{'ratio':>9}{'wall ours':>10}{'peer':>9}{'ratio':>9}"
    print(f"{'rows':>12}  {'submission':<15}{heads}")
    for rows in [100_000] if chosen.quick else chosen.rows:
        with tempfile.TemporaryDirectory() as folder:
            write_tables(Path(folder), rows)
            compare(Path(folder), rows, 1 if chosen.quick else chosen.repeats)


if __name__ == "__main__":
    main()
