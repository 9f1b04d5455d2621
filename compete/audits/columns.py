"""Columns that say nothing, that say the same, or that say the label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from compete.audits.groups import clustered, column_codes
from compete.audits.probes import area_under_curve
from compete.audits.targets import Targets, special_columns, targets_of
from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, feature_columns, is_missing, parsed_number
from compete.errors import Finding
from compete.table import factorized

TELLS = 0.99
"""A column from which so large a share of the labels follows."""
REPEATS = 5
"""Mean number of items that share a value, from which on a value can stand for a class."""
FEWEST = 20
RECODED = 2
"""A column with at most so many values a class is the label in other words."""
AWAY = "take it out with `data.drop`, or it is the label in other words"
GROUPED = "if they are patients, sites or the like, name it in `data.group`; else take it out with `data.drop`"
HIDDEN = "do not name it in `data.features`"
"""What mends a column that tells the label."""


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Constant columns, columns that are equal, and columns from which the label follows."""
    special = special_columns(challenge)
    names = [name for name in dataset.items.columns if name not in special]
    shown = set(feature_columns(challenge, dataset))
    return [
        *_constant(challenge, dataset, [name for name in names if name in shown]),
        *_equal(challenge, dataset, [name for name in names if name in shown]),
        *_telling(challenge, dataset, names, shown),
    ]


def _constant(challenge: Challenge, dataset: Dataset, names: list[str]) -> list[Finding]:
    found = tuple(excerpt(name) for name in names if dataset.items[name].nunique() == 1)
    if not found or len(dataset.items) < 2:
        return []
    message = f"{counted(len(found), 'feature has', 'features have')} the same value in every row"
    hint = "leave it out with `data.drop`; nothing can be learned from it"
    return [Finding("audit/constant-column", message, challenge.where("data.drop"), found, hint, "note", len(found))]


def _equal(challenge: Challenge, dataset: Dataset, names: list[str]) -> list[Finding]:
    """Columns that follow from each other, value for value."""
    alike = defaultdict(list)
    for name in names:
        codes, distinct = factorized(dataset.items[name].to_numpy(dtype=object))
        if len(distinct) > 1:
            alike[codes.tobytes()].append((name, frozenset(map(str, distinct))))
    found = []
    for same in alike.values():
        number = len(same[0][1])
        equal = len({values for _, values in same}) == 1
        # Two columns in which every value is unique follow from each other without being akin.
        if len(same) > 1 and (equal or number <= len(dataset.items) / REPEATS):
            found.append(" and ".join(excerpt(name) for name, _ in same))
    if not found:
        return []
    message = f"{counted(len(found), 'set', 'sets')} of features with the same content, value for value"
    hint = "leave one of them in, the others out with `data.drop`"
    return [
        Finding("audit/equal-columns", message, challenge.where("data.drop"), tuple(found), hint, "note", len(found))
    ]


def _telling(challenge: Challenge, dataset: Dataset, names: list[str], shown: set[str]) -> list[Finding]:
    """Columns from which the label follows; an error where participants see them."""
    if challenge.task in ("regression", "survival"):
        found = {name: share for name in names if (share := _likeness(challenge, dataset, name)) >= TELLS}
    else:
        targets = targets_of(challenge, dataset)
        found = {name: share for name in names if (share := told_share(dataset, name, targets)) >= TELLS}
    few = RECODED * len(dataset.labels["label"].unique())
    seen = found.keys() & shown
    recoded = {name for name in seen if dataset.items[name].nunique() <= few}
    grouped = {name for name in seen - recoded if clustered(column_codes(dataset, name)[0])}
    return [
        *_followed(challenge, found, recoded, ("error", "that participants see, value for value", AWAY)),
        *_followed(challenge, found, seen - recoded - grouped, ("warning", "that participants see", AWAY)),
        *_followed(challenge, found, grouped, ("warning", "whose values repeat as those of patients do", GROUPED)),
        *_followed(challenge, found, found.keys() - shown, ("note", "that participants do not see", HIDDEN)),
    ]


def _followed(
    challenge: Challenge, found: Mapping[str, float], names: Set[str], told: tuple[str, str, str]
) -> list[Finding]:
    """One finding for all columns of one kind, of which is told how grave it is, what they are and what mends it."""
    columns = tuple(f"{excerpt(name)} ({share:.1%})" for name, share in found.items() if name in names)
    if not columns:
        return []
    severity, what, hint = told
    message = f"the label follows from {counted(len(columns), 'column', 'columns')} {what}"
    where = challenge.where("data.label" if severity == "note" else "data.features")
    return [Finding("audit/label-in-column", message, where, columns, hint, severity, len(columns))]


def told_share(dataset: Dataset, column: str, targets: Targets) -> float:
    """For how large a share of the items the classes follow from a column; 0 where nothing follows.

    A value stands for the classes that most others with this value have. A column of numbers in which hardly a value
    repeats tells two classes apart by the area under the curve.
    """
    cells = dataset.items[column].to_numpy(dtype=object)
    combined, n = targets.combined, len(cells)
    if n < FEWEST:
        return 0.0
    count = np.bincount(combined)
    usual = float(count.max()) / n
    if usual > 0.98:
        return 0.0
    codes, distinct = factorized(cells)
    if len(distinct) * REPEATS > n:
        return _numbers_tell(cells, targets)
    size = np.bincount(codes)
    pair, same = np.unique(codes * np.int64(len(count)) + combined, return_counts=True)
    best = np.zeros(len(size), np.int64)
    np.maximum.at(best, pair // len(count), same)
    # A row does not vouch for itself: alone with its value it is not told.
    share = float(best[size > 1].sum()) / n
    return share if share - usual > 0.5 * (1 - usual) else 0.0


def _numbers_tell(cells: np.ndarray[Any, Any], targets: Targets) -> float:
    numbers = [None if is_missing(str(text)) else parsed_number(str(text)) for text in cells]
    known = np.array([number is not None for number in numbers])
    if known.mean() < 0.9 or not targets.exclusive:
        return 0.0
    value = np.array([number for number in numbers if number is not None])
    there = [flags for flags in targets.flags[known].T if flags.any()]
    if len(there) != 2 or min(int(flags.sum()) for flags in there) < 10:
        return 0.0
    area = area_under_curve(there[0], value)
    return max(area, 1 - area)


def _likeness(challenge: Challenge, dataset: Dataset, column: str) -> float:
    """Of a number to predict: the rank correlation with a column of numbers."""
    from scipy.stats import rankdata

    numbers = [parsed_number(str(text)) for text in dataset.items[column]]
    known = np.array([number is not None for number in numbers])
    if known.sum() < FEWEST or known.mean() < 0.9:
        return 0.0
    value = rankdata([number for number in numbers if number is not None])
    if value.std() == 0:
        return 0.0
    best = 0.0
    for name in challenge.data.label:
        wanted = rankdata(dataset.items[name].to_numpy(dtype=object)[known].astype(np.float64))
        if wanted.std() > 0:
            best = max(best, abs(float(np.corrcoef(value, wanted)[0, 1])))
    return best
