"""What each score must be: scikit-learn and scipy where they have it, else slow plain Python from its definition."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import stats
from scipy.spatial.distance import directed_hausdorff
from sklearn import metrics as sklearn

Oracle = Callable[..., float]


def mean_of_columns(score: Oracle) -> Oracle:
    """The plain mean of a score over columns."""
    return lambda true, found: float(np.mean([score(true[:, one], found[:, one]) for one in range(true.shape[1])]))


def accuracy(true: Any, found: Any) -> float:
    return float(np.mean([one == other for one, other in zip(true, found, strict=True)]))


def error(true: Any, found: Any) -> float:
    return float(1 - sklearn.accuracy_score(true, found))


def quadratic_kappa(true: Any, found: Any) -> float:
    return float(sklearn.cohen_kappa_score(true, found, weights="quadratic"))


def macro_f1(true: Any, found: Any) -> float:
    return float(sklearn.f1_score(true, found, average="macro"))


def micro_f1(true: Any, found: Any) -> float:
    return float(sklearn.f1_score(true, found, average="micro"))


def log_loss(true: Any, found: Any) -> float:
    classes = range(2 if found.ndim == 1 else found.shape[1])
    return float(sklearn.log_loss(true, found, labels=list(classes)))


def column_auc(true: Any, found: Any) -> float:
    return float(sklearn.roc_auc_score(true, found, average="macro"))


def spearman(true: Any, found: Any) -> float:
    return float(stats.spearmanr(true, found).statistic)


def pearson(true: Any, found: Any) -> float:
    return float(stats.pearsonr(true, found).statistic)


def rmsle(true: Any, found: Any) -> float:
    return float(sklearn.root_mean_squared_log_error(true, found))


def scored_only(score: Oracle) -> Oracle:
    """A score of the items that a mark says are scored."""
    return lambda true, found, mark: score(true[mark], found[mark])


def log_mae_by_type(true: Any, found: Any, kind: Any) -> float:
    """Logarithm of the mean absolute error of each type, then their mean."""
    logs = [math.log(np.abs(true[kind == one] - found[kind == one]).mean()) for one in sorted(set(kind))]
    return sum(logs) / len(logs)


def pooled_f1(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """F1 of all pairs of an item and a tag."""
    pairs = [{(item, tag) for item, tags in enumerate(side) for tag in tags} for side in (true, found)]
    return 2 * len(pairs[0] & pairs[1]) / (len(pairs[0]) + len(pairs[1]))


def mean_f1(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """F1 of the tags of each item, then their mean."""
    return float(
        np.mean(
            [2 * len(set(one) & set(other)) / (len(one) + len(other)) for one, other in zip(true, found, strict=True)]
        )
    )


def mean_average_precision(k: int) -> Oracle:
    """Precision at each hit among the first k, by the number of right labels but at most k; then the mean."""

    def score(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
        total = 0.0
        for right, guesses in zip(true, found, strict=True):
            hits = 0
            for rank, guess in enumerate(guesses[:k], start=1):
                if guess in right:
                    hits += 1
                    total += hits / rank / min(len(right), k)
        return total / len(true)

    return score


def kendall(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """1 less four times the inversions by the sum of n (n - 1)."""
    inversions = pairs = 0
    for right, order in zip(true, found, strict=True):
        rank = [right.index(cell) for cell in order]
        inversions += sum(rank[i] > rank[j] for i in range(len(rank)) for j in range(i + 1, len(rank)))
        pairs += len(rank) * (len(rank) - 1)
    return 1 - 4 * inversions / pairs


def edits(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Levenshtein distance by its recurrence."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        above, row[0] = row[0], i
        for j, right in enumerate(other, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (left != right))
    return row[-1]


def mean_edits(true: Sequence[str], found: Sequence[str]) -> float:
    return float(np.mean([edits(one, other) for one, other in zip(true, found, strict=True)]))


def edit_rate(true: Sequence[Sequence[int]], found: Sequence[Sequence[int]]) -> float:
    """Edit distances summed, by the labels of the truth."""
    return sum(edits(one, other) for one, other in zip(true, found, strict=True)) / sum(map(len, true))


def word_jaccard(true: Sequence[str], found: Sequence[str]) -> float:
    """Words of both by words of either, in lower case; then the mean."""
    each = []
    for one, other in zip(true, found, strict=True):
        left, right = set(one.lower().split()), set(other.lower().split())
        each.append(len(left & right) / len(left | right))
    return float(np.mean(each))


def lwlrap(true: Any, found: Any) -> float:
    """Precision at the rank of each true label, then the mean over all true labels."""
    each = []
    for flags, scores in zip(true, found, strict=True):
        for label in np.flatnonzero(flags):
            above = scores >= scores[label]
            each.append(flags[above].sum() / above.sum())
    return float(np.mean(each))


def answers(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """F1 where a wrong answer is a false alarm, and a miss is a question with an answer that got none."""
    right = sum(bool(answer) and answer[0] in known for known, answer in zip(true, found, strict=True))
    wrong = sum(bool(answer) for answer in found) - right
    missed = sum(bool(known) and not answer for known, answer in zip(true, found, strict=True))
    return 2 * right / (2 * right + wrong + missed)


def banded_auc(true: Any, found: Any) -> float:
    """Area under the ROC curve where the lower 0.4 of the true positive rate counts twice."""
    fpr, tpr, _ = sklearn.roc_curve(true, found, drop_intermediate=False)
    grid = np.unique(np.concatenate([tpr, [0.4]]))
    area = 0.0
    for low, high in pairwise(grid):
        # the curve's false positive rate between two heights: a straight line, or where it is flat the last point
        left, right = (_across(fpr, tpr, low, "last"), _across(fpr, tpr, high, "first"))
        area += (high - low) * (1 - (left + right) / 2) * (2 if high <= 0.4 else 1)
    return float(area / (0.4 * 2 + 0.6))


def _across(fpr: Any, tpr: Any, height: float, which: str) -> float:
    """The false positive rate where the curve has a height: its first or its last place there."""
    at = np.flatnonzero(tpr == height)
    if len(at):
        return float(fpr[at[-1 if which == "last" else 0]])
    after = int(np.searchsorted(tpr, height))
    share = (height - tpr[after - 1]) / (tpr[after] - tpr[after - 1])
    return float(fpr[after - 1] + share * (fpr[after] - fpr[after - 1]))


def kl_divergence(votes: Any, found: Any) -> float:
    """Mean over rows of the sum of p log(p / q)."""
    total = 0.0
    for row, guess in zip(votes, found, strict=True):
        total += stats.entropy(row / row.sum(), guess / guess.sum())
    return float(total / len(votes))


def weighted_surprise(true: Any, found: Any) -> float:
    """Log loss of each column by its weight, 7 for the patient and 1 for a vertebra, twice where it is positive."""
    rows = []
    for flags, chances in zip(true, found, strict=True):
        weight = [(7 if column == 0 else 1) * (2 if flag else 1) for column, flag in enumerate(flags)]
        loss = [-math.log(chance if flag else 1 - chance) for flag, chance in zip(flags, chances, strict=True)]
        rows.append(sum(w * one for w, one in zip(weight, loss, strict=True)) / sum(weight))
    return float(np.mean(rows))


def probabilistic_f1(true: Any, found: Any) -> float:
    """F1 where every item is as much a hit or a false alarm as it is likely."""
    hit, alarm = found[true == 1].sum(), found[true == 0].sum()
    precision, recall = hit / (hit + alarm), hit / (true == 1).sum()
    return float(2 * precision * recall / (precision + recall))


def bias_auc(true: Any, found: Any, marks: dict[str, Any]) -> float:
    """A quarter of the AUC of all and of the power means (-5) of subgroup, BPSN and BNSP AUC."""
    parts: list[list[float]] = [[], [], []]
    for mark in marks.values():
        inside = mark == 1
        members = (inside, np.where(true == 0, inside, ~inside), np.where(true == 1, inside, ~inside))
        for part, member in zip(parts, members, strict=True):
            part.append(float(sklearn.roc_auc_score(true[member], found[member])))
    means = [np.mean(np.array(part) ** -5.0) ** (-1 / 5) for part in parts]
    return float(0.25 * sklearn.roc_auc_score(true, found) + 0.25 * sum(means))


def laplace(true: Any, found: Any) -> float:
    """Laplace log likelihood, with a spread of at least 70 and an error of at most 1000."""
    each = []
    for value, (guess, spread) in zip(true, found, strict=True):
        sigma, delta = max(spread, 70.0), min(abs(value - guess), 1000.0)
        each.append(-math.sqrt(2) * delta / sigma - math.log(math.sqrt(2) * sigma))
    return sum(each) / len(each)


def angular_error(true: Any, found: Any) -> float:
    """Mean angle between unit vectors."""
    total = 0.0
    for one, other in zip(true, found, strict=True):
        left, right = (
            np.array([math.cos(a) * math.sin(z), math.sin(a) * math.sin(z), math.cos(z)]) for a, z in (one, other)
        )
        total += math.atan2(float(np.linalg.norm(np.cross(left, right))), float(left @ right))
    return total / len(true)


def decimeters(true: Any, found: Any, phone: Any) -> float:
    """Mean of the 50th and 95th percentile of the distance of each phone, then the mean over phones."""
    each = []
    for name in sorted(set(phone)):
        rows = phone == name
        (lat, lng), (near, far) = np.radians(true[rows]).T, np.radians(found[rows]).T
        half = np.sin((near - lat) / 2) ** 2 + np.cos(lat) * np.cos(near) * np.sin((far - lng) / 2) ** 2
        away = 2 * 6_371_000 * np.arcsin(np.sqrt(half))
        each.append((np.quantile(away, 0.5) + np.quantile(away, 0.95)) / 2)
    return float(np.mean(each))


def dice_of(one: Any, other: Any, empty: float) -> float:
    """Dice of two masks."""
    size = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / size if size else empty


def mean_dice(true: Any, found: Any) -> float:
    return float(np.mean([dice_of(one, other, 1.0) for one, other in zip(true, found, strict=True)]))


def global_dice(true: Any, found: Any) -> float:
    return dice_of(
        np.concatenate([one.ravel() for one in true]), np.concatenate([one.ravel() for one in found]), np.nan
    )


def mean_f_half(true: Any, found: Any) -> float:
    each = [
        sklearn.fbeta_score(one.ravel(), other.ravel(), beta=0.5, zero_division=0)
        for one, other in zip(true, found, strict=True)
    ]
    return float(np.mean(each))


def salt(true: Any, found: Any) -> float:
    """The share of the thresholds 0.50, 0.55 … 0.95 that the overlap exceeds; 1 where both are empty."""
    each = []
    for one, other in zip(true, found, strict=True):
        hit, either = int((one & other).sum()), int((one | other).sum())
        each.append(sum(100 * hit > percent * either for percent in range(50, 100, 5)) / 10 if either else 1.0)
    return float(np.mean(each))


def dice_and_hausdorff(true: Any, found: Any) -> float:
    """0.4 of the mean Dice of slices and 0.6 of 1 less the mean Hausdorff distance of volumes; empties left out."""
    dice = [
        dice_of(left, right, np.nan)
        for one, other in zip(true, found, strict=True)
        for left, right in zip(one, other, strict=True)
    ]
    apart = []
    for one, other in zip(true, found, strict=True):
        sides = [np.argwhere(side) / side.shape for side in (one, other)]
        if len(sides[0]) and len(sides[1]):
            ways = directed_hausdorff(*sides)[0], directed_hausdorff(*sides[::-1])[0]
            apart.append(max(ways) / math.sqrt(3))
        elif len(sides[0]) or len(sides[1]):
            apart.append(1.0)
    return float(0.4 * np.nanmean(dice) + 0.6 * (1 - np.mean(apart)))
