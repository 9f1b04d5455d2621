"""Splits by class and by group, beside scikit-learn and a greedy loop: CPU seconds, and how even the classes come out.

Run ``python benchmarks/bench_splits.py [--largest 10000000] [--rounds 3]``. Peers alternate inside each round; the
table shows medians. Error is the largest |items / wanted - 1| over classes and parts, for train 70 %, public 10 %,
private 20 %. The data is made here: twelve classes whose size falls with the cube of their rank, groups of log-normal
size of which 70 % is one class.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from statistics import median

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

from compete.building.splits import split_items

FRACTIONS = (0.7, 0.1, 0.2)
CLASSES = 12
SIZES = ((100_000, 9_500), (1_000_000, 80_000), (10_000_000, 795_000))
SLOWEST = 100_000
"""Rows up to which StratifiedGroupKFold takes part."""

Split = Callable[[np.ndarray, np.ndarray], np.ndarray]


def skewed(rows: int, groups: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    share = 1 / np.arange(1, CLASSES + 1) ** 3
    share /= share.sum()
    size = random.lognormal(0, 1, groups)
    group = random.choice(groups, size=rows, p=size / size.sum())
    main = random.choice(CLASSES, size=groups, p=share)
    label = np.where(random.random(rows) < 0.7, main[group], random.choice(CLASSES, size=rows, p=share))
    return label, np.unique(group, return_inverse=True)[1]


def ours(label: np.ndarray, group: np.ndarray) -> np.ndarray:
    return split_items(len(label), FRACTIONS, key=b"benchmark", stratify=label, group=group).part


def greedy(label: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The usual loop: the largest group first, each to the part where the squared error is then least."""
    groups = group.max() + 1
    count = np.bincount(group * CLASSES + label, minlength=groups * CLASSES).reshape(groups, CLASSES)
    wanted = np.outer(FRACTIONS, count.sum(axis=0))
    weight, error, part = 1 / np.maximum(wanted, 1) ** 2, -wanted, np.empty(groups, int)
    for one in np.argsort(-count.sum(axis=1), kind="stable"):
        held = count[one]
        part[one] = (weight * (2 * error * held + held * held)).sum(axis=1).argmin()
        error[part[one]] += held
    return part[group]


def stratified_folds(label: np.ndarray, group: np.ndarray) -> np.ndarray:
    part = np.zeros(len(label), int)
    folds = StratifiedGroupKFold(10, shuffle=True, random_state=0).split(label, label, group)
    for fold, (_, test) in enumerate(folds):
        part[test] = {0: 1, 1: 2, 2: 2}.get(fold, 0)
    return part


def shuffled_groups(label: np.ndarray, group: np.ndarray) -> np.ndarray:
    part = np.zeros(len(label), int)
    _, test = next(GroupShuffleSplit(1, test_size=0.3, random_state=0).split(label, label, group))
    public, private = next(GroupShuffleSplit(1, test_size=2 / 3, random_state=0).split(test, test, group[test]))
    part[test[public]], part[test[private]] = 1, 2
    return part


def largest_error(label: np.ndarray, part: np.ndarray) -> float:
    count = np.bincount(part.astype(int) * CLASSES + label, minlength=3 * CLASSES).reshape(3, CLASSES)
    wanted = np.outer(FRACTIONS, np.bincount(label, minlength=CLASSES))
    present = wanted.sum(axis=0) > 0
    return float(np.abs(count[:, present] / wanted[:, present] - 1).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--largest", type=int, default=SIZES[-1][0], help="leave out more rows than this")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{'rows':>10} {'groups':>8}  {'split':<22} {'CPU s':>8} {'x ours':>7} {'error':>8}")
    for rows, groups in SIZES:
        if rows > asked.largest:
            continue
        label, group = skewed(rows, groups)
        peers: dict[str, Split] = {"compete": ours, "GroupShuffleSplit": shuffled_groups, "greedy loop": greedy}
        if rows <= SLOWEST:
            peers["StratifiedGroupKFold"] = stratified_folds
        spent: dict[str, list[float]] = {name: [] for name in peers}
        error: dict[str, float] = {}
        for _ in range(asked.rounds):
            for name, split in peers.items():
                start = time.process_time()
                part = split(label, group)
                spent[name].append(time.process_time() - start)
                error[name] = largest_error(label, part)
        for name in peers:
            seconds = median(spent[name])
            ratio = seconds / median(spent["compete"])
            print(f"{rows:>10} {group.max() + 1:>8}  {name:<22} {seconds:>8.3f} {ratio:>7.1f} {error[name]:>8.4f}")


if __name__ == "__main__":
    main()
