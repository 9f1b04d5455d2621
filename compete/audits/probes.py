"""Probes: can a small model tell the classes from features that should tell nothing? Judged against shuffled labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compete.audits.targets import Codes, Flags

Floats = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Orders = np.ndarray[tuple[int, int], np.dtype[np.int64]]
Shuffle = Callable[[int], Orders]

FOLDS = 5
STRENGTH = 0.1
"""The ridge's penalty, as a share of the training rows: features have the variance one."""
SHUFFLES = (99, 300, 601)
"""Shuffles of the labels, in rounds; more rounds follow only where chance has not yet reached the figure ten times."""
OFTEN = 10
FEWEST = 10
"""Independent units that must have a class, and lack it, for a probe to ask for it."""
MOST_CLASSES = 20
MOST_UNITS = 10_000
"""Units that a probe looks at: with so many an AUC of .515 is found, and more would only cost time."""
CELLS = 8_000_000
"""Numbers in memory for one matrix product."""


@dataclass(frozen=True)
class Probed:
    """What a probe found.

    Attributes:
        name: of the probe.
        p: how often shuffled labels were predicted as well, as a share of the shuffles.
        auc: of each class asked for, out of fold: a pair of class and area under the ROC curve, the best first.
        units: how many independent units were looked at.
    """

    name: str
    p: float
    auc: tuple[tuple[str, float], ...]
    units: int


@dataclass(frozen=True, eq=False)
class Sample:
    """The units that probes look at.

    Attributes:
        rows: for each unit its items, as codes of shape (n,); -1 for items left out.
        flags: float32 (units, k): the classes of the units, those alone that can be asked for.
        names: of these classes.
        fold: shape (units,).
        block: shape (units,): units that stay together when labels are shuffled.
    """

    rows: Codes
    flags: Floats
    names: tuple[str, ...]
    fold: Codes
    block: Codes

    def of(self, features: np.ndarray[Any, Any]) -> Floats:
        """Features of items, (n, d), as means over the items of each unit, (units, d)."""
        kept = self.rows >= 0
        row, count = self.rows[kept], np.bincount(self.rows[kept], minlength=len(self.fold))
        if len(row) == len(count):
            out = np.empty((len(row), features.shape[1]), np.float32)
            out[row] = features[kept]
            return out
        columns = [np.bincount(row, column, len(count)) / count for column in features[kept].T.astype(np.float64)]
        return np.stack(columns, axis=1).astype(np.float32)


def draw_sample(flags: Flags, names: Sequence[str], unit: Codes, seed: int = 0) -> Sample:
    """Choose what probes look at, and the folds in which they look.

    Where the items of a group have the same classes, the group is one unit, with the mean of its features: its items
    add nothing that is independent. Where they differ, an item is a unit; a group then stays in one fold, and labels
    are shuffled in blocks of whole groups.

    Args:
        flags: classes of the items, (n, k).
        names: of the classes.
        unit: the group of each item, (n,), codes from 0.
        seed: decides folds, and which units are taken where there are very many.
    """
    chance = np.random.default_rng(seed)
    count = np.bincount(unit)
    whole = flags.astype(np.float32)
    if len(count) < len(unit):
        mean = np.stack([np.bincount(unit, column) for column in whole.T], axis=1) / count[:, None]
        within = (mean * (1 - mean) * count[:, None]).sum()
        overall = whole.mean(axis=0)
        alike = within <= 0.1 * (overall * (1 - overall)).sum() * len(unit)
        rows, whole = (unit, (mean > 0.5).astype(np.float32)) if alike else (np.arange(len(unit)), whole)
        block = np.arange(len(count)) if alike else unit
    else:
        rows, block = unit, unit
        whole = whole[np.argsort(unit, kind="stable")]
    if rows is not unit:
        rows = rows.copy()
    rows, whole, block = _thinned(rows, whole, block, chance)
    number = whole.sum(axis=0)
    asked = np.flatnonzero((number >= FEWEST) & (len(whole) - number >= FEWEST))
    if len(asked) == 2 and len(names) == 2:
        asked = asked[1:]
    chosen = np.sort(asked[np.argsort(-number[asked], kind="stable")][:MOST_CLASSES])
    groups, block = np.unique(block, return_inverse=True)
    fold = (chance.permutation(len(groups)) % FOLDS)[block]
    return Sample(rows, whole[:, chosen], tuple(names[int(place)] for place in chosen), fold, block)


def _thinned(rows: Codes, flags: Floats, block: Codes, chance: np.random.Generator) -> tuple[Codes, Floats, Codes]:
    """No more units than are worth their time."""
    if len(flags) <= MOST_UNITS:
        return rows, flags, block
    kept = np.sort(chance.choice(len(flags), MOST_UNITS, replace=False))
    place = np.full(len(flags), -1)
    place[kept] = np.arange(MOST_UNITS)
    return place[rows], flags[kept], block[kept]


def run_probe(name: str, features: np.ndarray[Any, Any], sample: Sample, seed: int = 0) -> Probed:
    """Predict the classes of each fold from the others by ridge regression, and compare with shuffled labels.

    The figure is the largest correlation of prediction and class, over the classes. The regression is solved once for
    each fold; labels in any order then cost one matrix product.

    Args:
        name: of the probe.
        features: of the items, (n, d).
        sample: the units.
        seed: decides how labels are shuffled.

    Returns:
        The p value and the area under the curve of each class.

    Source: sequential Monte Carlo p values as in Besag and Clifford, Biometrika 78 (1991).
    """
    solved, flags = list(_solved(sample.of(features), sample.fold)), sample.flags
    predicted = _predicted(solved, flags)
    reached = _correlations(predicted, flags).max(initial=-1.0)
    shuffle = shuffles_of(sample.block, np.random.default_rng(seed))
    often = total = 0
    for number in SHUFFLES:
        often += _times_reached(solved, flags, shuffle, number, reached)
        total += number
        if often >= OFTEN:
            break
    p = often / total if often >= OFTEN else (often + 1) / (total + 1)
    ranked = sorted(zip(sample.names, _areas(flags, predicted), strict=True), key=lambda pair: -pair[1])
    return Probed(name, p, tuple(ranked), len(flags))


def class_areas(features: np.ndarray[Any, Any], sample: Sample) -> list[float]:
    """The areas under the curve that ``run_probe`` reaches, class by class in the order of the sample's names."""
    return _areas(sample.flags, _predicted(list(_solved(sample.of(features), sample.fold)), sample.flags))


def _areas(flags: Floats, predicted: Floats) -> list[float]:
    return [area_under_curve(flags[:, place] > 0, predicted[:, place]) for place in range(flags.shape[1])]


def _times_reached(solved: list[Any], flags: Floats, shuffle: Shuffle, number: int, reached: float) -> int:
    """In how many shuffles some class is predicted as well as the true ones are."""
    often, classes = 0, flags.shape[1]
    step = max(1, CELLS // flags.size)
    for start in range(0, number, step):
        order = shuffle(min(step, number - start))
        shuffled = np.ascontiguousarray(flags[order].transpose(1, 0, 2)).reshape(len(flags), -1)
        found = _correlations(_predicted(solved, shuffled), shuffled).reshape(-1, classes).max(axis=1)
        often += int((found >= reached).sum())
    return often


def _solved(features: Floats, fold: Codes) -> Iterator[tuple[Codes, Codes, Floats, Floats]]:
    """For each fold its rows, the others, and two factors whose product turns classes of those into predictions."""
    for number in range(FOLDS):
        held = fold == number
        train = features[~held]
        centre, spread = train.mean(axis=0), train.std(axis=0)
        scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0).astype(np.float32)
        known = ((train - centre) * scale).astype(np.float64)
        gram = known.T @ known + max(STRENGTH * len(known), 1.0) * np.eye(known.shape[1])
        right = np.linalg.solve(gram, known.T).astype(np.float32)
        yield np.flatnonzero(held), np.flatnonzero(~held), (features[held] - centre) * scale, right


def _predicted(solved: list[tuple[Codes, Codes, Floats, Floats]], flags: Floats) -> Floats:
    """Out-of-fold predictions of columns of classes, (units, columns)."""
    out = np.zeros_like(flags)
    for held, others, left, right in solved:
        known = flags[others]
        out[held] = left @ (right @ (known - known.mean(axis=0)))
    return out


def _correlations(predicted: Floats, flags: Floats) -> np.ndarray[Any, Any]:
    """Pearson's correlation of each column; -1 where there is none."""
    product = np.einsum("ij,ij->j", predicted, flags) / len(flags) - predicted.mean(axis=0) * flags.mean(axis=0)
    scale = predicted.std(axis=0) * flags.std(axis=0)
    out: np.ndarray[Any, Any] = np.full(len(product), -1.0, np.float32)
    np.divide(product, scale, out=out, where=scale > 1e-12)
    return out


def shuffles_of(block: Codes, chance: np.random.Generator) -> Shuffle:
    """A source of orders in which whole blocks change places, their rows staying side by side.

    A block that takes the place of a larger one repeats its rows, and of that of a smaller one it loses some: the rows
    of one place always come from one block, so that shuffled labels are as alike within a block as the true ones.

    Args:
        block: the block of each row, (n,), codes from 0.
        chance: where the orders come from.

    Returns:
        A function of a number, which returns orders of the rows, shape (number, n).
    """
    n, size = len(block), np.bincount(block)
    if len(size) == n:
        return lambda number: chance.permuted(np.tile(np.arange(n), (number, 1)), axis=1)
    start = np.cumsum(size) - size
    sorted_rows = np.argsort(block, kind="stable")
    place = np.arange(n) - np.repeat(start, size)

    def draw(number: int) -> Orders:
        out = np.empty((number, n), np.int64)
        for row in out:
            mixed = sorted_rows[np.lexsort((chance.random(n), block[sorted_rows]))]
            source = np.repeat(chance.permutation(len(size)), size)
            row[sorted_rows] = mixed[start[source] + place % size[source]]
        return out

    return draw


def area_under_curve(flag: np.ndarray[Any, Any], score: np.ndarray[Any, Any]) -> float:
    """How often an item with the class has a higher score than one without, ties counting half."""
    from scipy.stats import rankdata

    positive = int(flag.sum())
    negative = len(flag) - positive
    if not positive or not negative:
        return float("nan")
    rank = float(rankdata(score)[flag].sum())
    return (rank - positive * (positive + 1) / 2) / (positive * negative)


def least_detectable(positive: int, negative: int, tests: int, alpha: float) -> float:
    """The area under the curve that is found with a probability of 80 %, for so many units with and without a class.

    Out-of-fold areas of noise spread more than the Mann-Whitney statistic does; the factor is measured, for one telling
    feature among sixteen.
    """
    from scipy.stats import norm

    error = np.sqrt((positive + negative + 1) / (12 * positive * negative)) * 1.55
    return float(min(0.5 + (norm.isf(alpha / max(tests, 1)) + norm.isf(0.2)) * error, 1.0))


def holm(p: Sequence[float], alpha: float, tests: int = 0) -> list[bool]:
    """Which of several tests are significant together: Holm's step-down rule.

    Args:
        p: of the tests, or of those that are small enough to matter.
        alpha: the chance of any false alarm.
        tests: how many there were, if ``p`` holds not all of them.

    >>> holm([0.001, 0.2, 0.004], 0.01)
    [True, False, True]

    Source: Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    out = [False] * len(p)
    for step, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[place] > alpha / (max(tests, len(p)) - step):
            break
        out[place] = True
    return out


def normal_scores(values: np.ndarray[Any, Any]) -> Floats:
    """Columns as quantiles of the normal distribution by their ranks, so that no outlier rules; ties share one."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    rank = rankdata(values, axis=0)
    return np.asarray(ndtri(rank / (len(values) + 1)), dtype=np.float32)


def indicators(cells: np.ndarray[Any, Any], fewest: int = 5, most: int = 20) -> Floats:
    """One column for each frequent value: 1 where a cell has it."""
    _, code, count = np.unique(cells.astype(str), return_inverse=True, return_counts=True)
    frequent = [place for place in np.argsort(-count, kind="stable")[:most] if fewest <= count[place] < len(cells)]
    return (
        np.stack([code == place for place in frequent], axis=1).astype(np.float32)
        if frequent
        else np.zeros((len(cells), 0), np.float32)
    )
