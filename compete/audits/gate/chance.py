"""What chance alone can do: permutation tests of many features at once, and Holm's correction over all probes.

An interval around a cross-validated AUC must not be compared with 0.5: on pure noise such gates raise 12 to 28 % false
alarms. Here the labels are permuted with the same features and the same folds, all permutations solved in one matrix
product, and the best of all features, of the real labels and of each permutation alike, is what is compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from math import erf, exp, pi, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Model = tuple[Array, Array, Array]

LEVEL, SURE = 0.01, 0.001
"""The chance of any false alarm among all probes of a bundle, and of any that stops a build."""
STAGES = (99, 499, 1_999, 4_999, 9_999)
"""After how many permutations it is asked whether more are needed."""
ENOUGH = 10
"""So many permutations that fit as well settle that the labels fit by chance."""
SETTLED, FAR = 499, 8.0
"""Permutations from which their spread is known, and how many times it what is surely no chance lies beyond them."""
SHELVES = 8
"""Sizes of groups that are told apart, at most."""
FOLDS, WIDEST = 5, 96
"""Folds of the model over all features, and the most features that it takes."""
LONGEST = 64
"""The longest period of an order that is tried."""
AT_ONCE = 1 << 20
"""Numbers of permuted labels that are held at a time: so few that they stay in the cache while they are counted."""


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
        low, high = column.min(initial=np.inf), column.max(initial=-np.inf)
        if low < high and ((column == low) | (column == high)).all():  # of two values no sorting is needed
            share = (column == high).mean()
            result[:, place] = ((column == high) - share) / np.sqrt(share * (1 - share))
            continue
        distinct, inverse = np.unique(column, return_inverse=True)
        if len(distinct) > 1:
            end = np.cumsum(np.bincount(inverse))
            rank = (end - np.bincount(inverse) / 2)[inverse]
            result[:, place] = (rank - rank.mean()) / rank.std()
    return result


def collapsed(columns: Array, group: Array) -> Array:
    """The mean of each column in every group, so that what belongs together counts once.

    Means of small groups vary more than those of large ones, in features and labels alike; permuted as if they were
    equals they would look related. So they are scaled among groups of about the same size, and permuted among these.

    Args:
        columns: shape (n, p).
        group: codes from 0, shape (n,).
    """
    count = np.bincount(group)
    sums = [np.bincount(group, column) for column in columns.T]
    mean = np.array(sums, np.float64).reshape(-1, len(count)).T / count[:, None]
    mean -= mean.mean(axis=0)
    shelf = shelves_of(group)
    for number in range(int(shelf.max(initial=0)) + 1):
        alike = shelf == number
        spread = np.sqrt((mean[alike] ** 2).mean(axis=0))
        mean[alike] = np.where(spread > 1e-9, mean[alike] / np.maximum(spread, 1e-9), 0)
    centred: Array = (mean - mean.mean(axis=0)).astype(np.float32)
    return centred


def shelves_of(group: Array) -> Array:
    """A number for every group, the same for groups of about the same size, shape (groups,)."""
    order = np.argsort(np.bincount(group), kind="stable")
    shelf = np.empty(len(order), dtype=np.int64)
    for number, alike in enumerate(np.array_split(order, max(1, min(SHELVES, len(order) // 12)))):
        shelf[alike] = number
    return shelf


def chance_of(
    feature: Array,
    target: Array,
    *,
    ordered: bool = False,
    pooled: bool = False,
    shuffles: Shuffles | None = None,
    shelf: Array | None = None,
) -> float:
    """How likely labels that have nothing to do with the features would fit them as well as these do.

    Permutations are drawn until it is clear that the labels fit no better than chance, which is mostly soon.

    Args:
        feature: standardised columns, shape (n, p).
        target: standardised columns, shape (n, k).
        ordered: the rows stand in an order that is itself looked at: a trend, which is the first feature, neighbours,
            and every period up to 64.
        pooled: what counts is not the best feature but how much all tell together, as of the values of one column.
        shuffles: where permutations are drawn from; shared between the probes of a bundle, so that each is made once.
        shelf: numbers of rows, shape (n,), where only rows of one number may be exchanged.

    Returns:
        The permutation p-value of the best of all statistics. Far beyond the permutations it follows from the spread
        of theirs, as the largest of many values is spread, and is never told as less than a millionth.

    Source: Besag and Clifford, Sequential Monte Carlo p-values (Biometrika, 1991).
    """
    feature = feature[:, feature.any(axis=0)]
    target = target[:, target.any(axis=0)]
    if not target.size or len(feature) < 20 or (not feature.size and not ordered):
        return 1.0
    shuffles = shuffles or Shuffles()
    models = [] if ordered or pooled or feature.shape[1] < 2 else list(_models(feature, np.random.default_rng(0)))
    parts: list[Array] = []
    p, done = 1.0, 0
    for draws in STAGES:
        parts += [
            _statistics(feature, models, labels, ordered, pooled) for labels in shuffles.of(target, done, draws, shelf)
        ]
        done = draws
        found = np.concatenate(parts, axis=1)
        p = _joint(found)
        if p * (draws + 1) > ENOUGH:
            return p
        if draws >= SETTLED and (far := max(_distance(row) for row in found)) > FAR:
            return max(1e-6, exp(-(pi / sqrt(6) * far + 0.5772)))  # Gumbel's distribution, by mean and deviation
    return p


class Shuffles:
    """Permutations of labels, in a fixed order of chance; of the first of them what they make of labels is kept."""

    def __init__(self, seed: int = 0) -> None:
        """Begin with a seed."""
        self._seed = seed
        self._orders: dict[bytes, Array] = {}
        self._kept: dict[bytes, Array] = {}

    def of(self, target: Array, begin: int, end: int, shelf: Array | None = None) -> Iterator[Array]:
        """The labels as they are, then permuted, some at a time: shape (n, k, permutations).

        Args:
            target: shape (n, k).
            begin: the first permutation; from 0 on the labels as they are come first.
            end: the last permutation, counted from 1.
            shelf: numbers of rows; only rows of one number are exchanged.
        """
        shelf = np.zeros(len(target), dtype=np.int64) if shelf is None else shelf
        if end <= STAGES[0]:
            key = _digest(target, shelf)
            if key not in self._kept:
                self._kept[key] = _exchanged(target, self._permutations(shelf, 0, end + 1))
            yield self._kept[key]
            return
        many = max(1, AT_ONCE // target.size)
        for start in range(begin + 1, end + 1, many):
            yield _exchanged(target, self._permutations(shelf, start, min(start + many, end + 1)))

    def _permutations(self, shelf: Array, begin: int, end: int) -> Array:
        """Some permutations as columns, shape (n, end - begin); that with the number 0 changes nothing."""
        key = _digest(shelf)
        if begin == 0 and key in self._orders:
            return self._orders[key]
        chance = np.random.default_rng([self._seed, len(shelf), begin])
        orders = np.empty((end - begin, len(shelf)), dtype=np.int32)
        for number in range(int(shelf.max(initial=0)) + 1):
            rows = np.flatnonzero(shelf == number).astype(np.int32)
            orders[:, rows] = chance.permuted(np.tile(rows, (end - begin, 1)), axis=1)
        orders = np.ascontiguousarray(orders.T)
        if begin == 0:
            orders[:, 0] = np.arange(len(shelf))
            self._orders[key] = orders
        return orders


def _exchanged(target: Array, orders: Array) -> Array:
    """Rows in other orders: of target (n, k) and orders (n, permutations), shape (n, k, permutations)."""
    out = np.empty((len(target), target.shape[1], orders.shape[1]), dtype=target.dtype)
    for place, column in enumerate(np.ascontiguousarray(target.T)):
        out[:, place] = column[orders]
    return out


def _digest(*arrays: Array) -> bytes:
    told = hashlib.blake2b(digest_size=16)
    for array in arrays:
        told.update(repr((array.shape, array.dtype.str)).encode() + np.ascontiguousarray(array).tobytes())
    return told.digest()


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


def _statistics(feature: Array, models: Sequence[Model], labels: Array, ordered: bool, pooled: bool) -> Array:
    """Statistics of permuted labels, shape (statistics, permutations)."""
    # A trend is how most orders tell: as a measure of its own it is not lost among many others.
    parts = (feature[:, :1], feature[:, 1:]) if ordered else (feature,)
    rows = [_best_feature(part, labels, pooled) for part in parts if part.size]
    rows += [_best_model(models, labels)] if models else []
    rows += [_neighbours(labels), _periods(labels)] if ordered else []
    return np.stack(rows)


def _best_feature(feature: Array, labels: Array, pooled: bool) -> Array:
    """The largest rank correlation of any feature with any label, in standard errors, for each permutation.

    Pooled it is the root of the sum of their squares.
    """
    n, k, many = labels.shape
    told = (feature.T @ labels.reshape(n, k * many)).reshape(-1, k, many) / np.float32(sqrt(n))
    strength = np.sqrt(np.einsum("pkm,pkm->km", told, told)) if pooled else np.abs(told).max(axis=0)
    best: Array = strength.max(axis=0)
    return best


def _models(feature: Array, chance: np.random.Generator) -> Iterator[Model]:
    """For each fold its rows, their features, and the matrix that makes ridge weights of the other folds' products."""
    n = len(feature)
    columns = feature[:, :WIDEST].astype(np.float64)
    fold = chance.permutation(np.arange(n) % FOLDS)
    penalty = (0.02 * n + columns.shape[1]) * np.eye(columns.shape[1])
    whole = columns.T @ columns + penalty
    for number in range(FOLDS):
        rows = np.flatnonzero(fold == number)
        held = columns[rows]
        yield rows, held.astype(np.float32), np.linalg.inv(whole - held.T @ held)


def _best_model(models: Sequence[Model], labels: Array) -> Array:
    """The largest correlation of the labels with what a model of the other folds predicts."""
    n, k, many = labels.shape
    flat = labels.reshape(n, k * many)
    predicted = np.empty_like(flat)
    # The products of the other folds are those of all less those of the fold: no row is multiplied more than once.
    products = [(columns.T @ flat[rows]).astype(np.float64) for rows, columns, _ in models]
    whole = np.sum(products, axis=0)
    for (rows, columns, inverse), own in zip(models, products, strict=True):
        predicted[rows] = columns @ (inverse @ (whole - own)).astype(np.float32)
    predicted -= predicted.mean(axis=0)
    strength = np.einsum("np,np->p", predicted, flat)
    strength /= np.maximum(np.sqrt(np.einsum("np,np->p", predicted, predicted)), 1e-9)
    best: Array = strength.reshape(k, many).max(axis=0)
    return best


def _neighbours(labels: Array) -> Array:
    """How alike the labels of neighbouring rows are."""
    alike: Array = np.einsum("nkm,nkm->km", labels[1:], labels[:-1]).max(axis=0) / sqrt(len(labels))
    return alike


def _periods(labels: Array) -> Array:
    """How unlike the labels at different places of a period are, for the period that tells most."""
    best = np.full(labels.shape[2], -np.inf)
    totals: dict[int, Array] = {}
    for period in range(min(LONGEST, len(labels) // 8), 1, -1):
        rounds = len(labels) // period
        if 2 * period in totals:  # two of its places are one here, and at the end a round may be left
            counted = rounds // 2 * 2 * period
            total = totals.pop(2 * period).reshape(2, period, *labels.shape[1:]).sum(axis=0)
            total += labels[counted : rounds * period].reshape(-1, period, *labels.shape[1:]).sum(axis=0)
        else:
            total = labels[: rounds * period].reshape(rounds, period, *labels.shape[1:]).sum(axis=0)
        totals[period] = total
        spread = np.einsum("pkm,pkm->km", total, total) / rounds
        best = np.maximum(best, ((spread - period + 1) / sqrt(2 * (period - 1))).max(axis=0))
    return best
