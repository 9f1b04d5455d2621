"""What chance alone can do: permutation tests of many features at once, and Holm's correction over all probes.

An interval around a cross-validated AUC must not be compared with 0.5: on pure noise such gates raise 12 to 28 % false
alarms. Here the labels are permuted with the same features and the same folds, all permutations solved in one matrix
product, and the best of all features, of the real labels and of each permutation alike, is what is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import erf, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LEVEL = 0.01
"""The chance of any false alarm among all probes of a bundle."""
FIRST, MORE, DOUBTFUL = 499, 9_999, 0.04
"""Permutations of every probe, and of one whose chance after these is at most so much."""
ROWS = 5_000
"""Items that a probe looks at, at most: with these an AUC of 0.52 is found."""
FOLDS, WIDEST = 5, 96
"""Folds of the model over all features, and the most features that it takes."""
LONGEST = 64
"""The longest period of an order that is tried."""
AT_ONCE = 1 << 22
"""Numbers of permuted labels that are held at a time."""


def ranked(columns: Array) -> Array:
    """Ranks of each column, ties sharing their mean, centred and scaled to variance one; constant columns are zeros.

    Args:
        columns: numbers, shape (n, p); nan counts as the smallest.

    Returns:
        float32, shape (n, p).
    """
    columns = np.asarray(columns, dtype=np.float64)
    filled = np.where(np.isnan(columns), -np.inf, columns)
    result = np.zeros(filled.shape, dtype=np.float32)
    for place, column in enumerate(filled.T):
        distinct, inverse = np.unique(column, return_inverse=True)
        if len(distinct) > 1:
            end = np.cumsum(np.bincount(inverse))
            rank = (end - np.bincount(inverse) / 2)[inverse]
            result[:, place] = (rank - rank.mean()) / rank.std()
    return result


def collapsed(columns: Array, group: Array) -> Array:
    """The mean of each column in every group, scaled again, so that what belongs together counts once.

    Args:
        columns: shape (n, p).
        group: codes from 0, shape (n,).
    """
    count = np.bincount(group)
    mean = np.stack([np.bincount(group, column) / count for column in columns.T], axis=1)
    mean -= mean.mean(axis=0)
    spread = mean.std(axis=0)
    return np.where(spread > 1e-9, mean / np.maximum(spread, 1e-9), 0).astype(np.float32)


def chance_of(feature: Array, target: Array, *, ordered: bool = False, seed: int = 0) -> float:
    """How likely labels that have nothing to do with the features would fit them as well as these do.

    Args:
        feature: standardised columns, shape (n, p).
        target: standardised columns, shape (n, k).
        ordered: the rows stand in an order that is itself looked at: neighbours, and every period up to 64.
        seed: of the permutations.

    Returns:
        The permutation p-value of the best of all statistics. Far beyond the permutations it is bounded by the
        spread of theirs, and never told as less than 0.0001.
    """
    feature = feature[:, feature.any(axis=0)]
    target = target[:, target.any(axis=0)]
    if not target.size or len(feature) < 20 or (not feature.size and not ordered):
        return 1.0
    chance = np.random.default_rng(seed)
    found = _statistics(feature, target, FIRST, chance, ordered=ordered)
    p = _joint(found)
    if p > DOUBTFUL:
        return p
    if max(_distance(row) for row in found) > 8:
        return 1 / (MORE + 1)
    return _joint(_statistics(feature, target, MORE, chance, ordered=ordered))


def holm(chances: Sequence[float]) -> list[float]:
    """Chances corrected for how many there are.

    Source: Holm, A simple sequentially rejective multiple test procedure (Scand. J. Statist., 1979).

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    corrected, worst = [0.0] * len(chances), 0.0
    for place, row in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        worst = max(worst, min(1.0, chances[row] * (len(chances) - place)))
        corrected[row] = worst
    return corrected


def area_under(score: Array, positive: Array) -> float:
    """The chance that a positive has the higher score than a negative, ties counting half; nan if there are none.

    Args:
        score: shape (n,).
        positive: bool, shape (n,).
    """
    distinct, inverse = np.unique(np.where(np.isnan(score), -np.inf, score), return_inverse=True)
    many = len(distinct)
    above = np.bincount(inverse[positive], minlength=many)
    below = np.bincount(inverse[~positive], minlength=many)
    pairs = float(above.sum()) * float(below.sum())
    return float((above * (np.cumsum(below) - below / 2)).sum() / pairs) if pairs else float("nan")


def smallest_area(positive: int, negative: int, probes: int) -> float:
    """The smallest AUC of a single feature that is found in four of five cases.

    Args:
        positive: items with the label.
        negative: the others.
        probes: among how many the chance of a false alarm is divided.

    >>> round(smallest_area(500, 500, 1), 3)
    0.562
    """
    error = sqrt((positive + negative + 1) / (12 * positive * negative))
    low, high, wanted = 0.0, 9.0, LEVEL / max(probes, 1) / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 * (1 - erf(middle / sqrt(2))) > wanted else (low, middle)
    return min(1.0, 0.5 + (high + 0.8416) * error)


def _joint(found: Array) -> float:
    """The chance of the best of several statistics, each measured by its own place among the permutations."""
    place = np.empty(found.shape)
    for row, values in enumerate(found):
        ordered = np.sort(values)
        place[row] = len(values) - np.searchsorted(ordered, values * (1 - 1e-6) - 1e-9)
    best = place.min(axis=0)
    return float((best <= best[0]).mean())


def _distance(values: Array) -> float:
    """By how many of their standard deviations the real labels are beyond the permuted ones."""
    return float((values[0] - values[1:].mean()) / max(float(values[1:].std()), 1e-9))


def _statistics(feature: Array, target: Array, draws: int, chance: np.random.Generator, *, ordered: bool) -> Array:
    """Statistics of the labels as they are, and of each permutation: shape (statistics, 1 + draws)."""
    models = [] if ordered or feature.shape[1] < 2 else list(_models(feature, chance))
    parts = []
    for labels in _permuted(target, draws, chance):
        rows = [_best_feature(feature, labels)] if feature.size else []
        rows += [_best_model(models, labels)] if models else []
        rows += [_neighbours(labels), _periods(labels)] if ordered else []
        parts.append(np.stack(rows))
    return np.concatenate(parts, axis=1)


def _permuted(target: Array, draws: int, chance: np.random.Generator) -> Iterator[Array]:
    """The labels as they are, then permuted, some at a time: shape (n, permutations, k)."""
    n, k = target.shape
    many = max(1, AT_ONCE // (n * k))
    order = np.arange(n, dtype=np.int32)
    for start in range(0, draws + 1, many):
        stop = min(start + many, draws + 1)
        orders = chance.permuted(np.broadcast_to(order, (stop - start, n)).copy(), axis=1)
        if start == 0:
            orders[0] = order
        yield target[orders.T]


def _best_feature(feature: Array, labels: Array) -> Array:
    """The largest rank correlation of any feature with any label, in standard errors, for each permutation."""
    n, many, k = labels.shape
    told = np.abs(feature.T @ labels.reshape(n, many * k)).reshape(-1, many, k)
    best: Array = told.max(axis=(0, 2)) / np.float32(sqrt(n))
    return best


def _models(feature: Array, chance: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """For each fold its rows, and the matrix that takes all labels to the ridge prediction for these rows."""
    n = len(feature)
    spread = np.argsort(-feature.std(axis=0), kind="stable")[:WIDEST]
    columns = feature[:, np.sort(spread)].astype(np.float64)
    fold = chance.permutation(np.arange(n) % FOLDS)
    for number in range(FOLDS):
        train = columns * (fold != number)[:, None]
        weight = np.linalg.solve(train.T @ train + (0.02 * n + columns.shape[1]) * np.eye(columns.shape[1]), train.T)
        rows = np.flatnonzero(fold == number)
        yield rows, _thin(columns[rows], weight)


def _thin(rows: Array, weight: Array) -> Array:
    """Both factors of a prediction side by side, so that it costs two thin products and not a thick one."""
    both = np.empty(2, dtype=object)
    both[0], both[1] = rows.astype(np.float32), weight.astype(np.float32)
    return both


def _best_model(models: Sequence[tuple[Array, Array]], labels: Array) -> Array:
    """The largest correlation of the labels with what a model of the other folds predicts."""
    n, many, k = labels.shape
    flat = labels.reshape(n, many * k)
    predicted = np.empty_like(flat)
    for rows, (columns, weight) in models:
        predicted[rows] = columns @ (weight @ flat)
    predicted -= predicted.mean(axis=0)
    strength = (predicted * flat).sum(axis=0) / np.maximum(np.sqrt((predicted**2).sum(axis=0)), 1e-9)
    best: Array = strength.reshape(many, k).max(axis=1)
    return best


def _neighbours(labels: Array) -> Array:
    """How alike the labels of neighbouring rows are."""
    alike: Array = (labels[1:] * labels[:-1]).sum(axis=0).max(axis=1) / sqrt(len(labels))
    return alike


def _periods(labels: Array) -> Array:
    """How unlike the labels at different places of a period are, for the period that tells most."""
    n, many, k = labels.shape
    best = np.full(many, -np.inf)
    for period in range(2, min(LONGEST, n // 8) + 1):
        rounds = n // period
        total = labels[: rounds * period].reshape(rounds, period, many, k).sum(axis=0)
        spread = (total**2).sum(axis=0) / rounds
        best = np.maximum(best, ((spread - period + 1) / sqrt(2 * (period - 1))).max(axis=1))
    return best
