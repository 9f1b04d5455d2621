"""How far several annotators agree on the labels of the same items."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.dataset import counted, feature_columns, is_missing
from compete.errors import DatasetError, Finding
from compete.recommending.replies import Reply, measured

if TYPE_CHECKING:
    from compete.challenge import Challenge
    from compete.dataset import Dataset

SUBSTANTIAL = 0.6
"""Kappa up to here is no substantial agreement. Source: Landis and Koch, Biometrics 33 (1977), p. 159."""

RATER = re.compile(
    r"(?:^|[^a-z])(?:rater|annotator|expert|reader|observer|grader|labell?er|coder|doctor|physician|radiologist|"
    r"pathologist)s?(?:[^a-z]|$)",
    re.IGNORECASE,
)
"""What columns of annotators are called; a column must also hold names of classes and nothing else."""

Array = np.ndarray[Any, Any]


def disagreement(challenge: Challenge, dataset: Dataset) -> dict[str, Reply]:
    """Whether annotators disagree (FP4.3.1), by Cohen's kappa of each pair of them, the label being one.

    Columns are those that ``fingerprint.raters`` names, else those that are called like annotators and hold the classes
    of the label.

    Raises:
        DatasetError: a column that the challenge names is not there.
    """
    if challenge.task != "classification":
        return {}
    label, named = challenge.data.label[0], dict(challenge.fingerprint).get("raters", ())
    if absent := [name for name in named if name not in dataset.items]:
        where = challenge.where("fingerprint.raters")
        finding = Finding("dataset/missing-column", f"there is no column {absent[0]!r}", where, tuple(absent))
        raise DatasetError("the annotators cannot be compared", [finding])
    columns = named or tuple(_candidates(dataset, label))
    if not columns:
        return {}
    cells = [dataset.items[name].to_numpy(dtype=object) for name in (label, *columns)]
    kappas = [kappa for one, other in combinations(cells, 2) if not np.isnan(kappa := agreed(one, other))]
    if not kappas:
        return {}
    mean = float(np.mean(kappas))
    because = f"mean kappa of {', '.join((label, *columns))} is {mean:.2f}"
    return {"raters_disagree": measured(mean <= SUBSTANTIAL, because)}


def _candidates(dataset: Dataset, label: str) -> list[str]:
    """Columns that look like labels of others."""
    classes = {text.strip() for text in dataset.items[label]}
    found = []
    for name in dataset.items.columns:
        if name == label or not RATER.search(name.replace("_", " ")):
            continue
        there = {text.strip() for text in dataset.items[name].unique() if not is_missing(text)}
        if len(there) > 1 and there <= classes:
            found.append(str(name))
    return found


def exposed_raters(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """A warning where participants would see columns that look like labels of other annotators."""
    if challenge.task != "classification":
        return []
    shown = feature_columns(challenge, dataset)
    seen = tuple(name for name in _candidates(dataset, challenge.data.label[0]) if name in shown)
    if not seen:
        return []
    message = (
        counted(len(seen), "column looks", "columns look") + " like labels of other annotators, and would be shown"
    )
    hint = "name them under fingerprint: {raters: […]}: they are compared with the label, and not shown"
    where = challenge.where("data.features" if challenge.data.features else "data")
    return [Finding("challenge/label-shown", message, where, seen, hint, "warning", len(seen))]


def agreed(one: Array, other: Array) -> float:
    """Cohen's kappa of two columns of text, over the rows in which both say something; nan where nothing can be said.

    >>> agreed(np.array(["a", "a", "b", "b"], dtype=object), np.array(["a", "a", "b", "a"], dtype=object))
    0.5
    """
    said = [not (is_missing(left) or is_missing(right)) for left, right in zip(one, other, strict=True)]
    both = np.array(said, dtype=bool)
    left, right = ([text.strip() for text in column[both]] for column in (one, other))
    names, codes = np.unique(np.array([*left, *right], dtype=str), return_inverse=True)
    if not left or len(names) < 2:
        return float("nan")
    first, second = codes[: len(left)], codes[len(left) :]
    share = [np.bincount(side, minlength=len(names)) / len(left) for side in (first, second)]
    chance = float(share[0] @ share[1])
    return float((np.mean(first == second) - chance) / (1 - chance)) if chance < 1 else float("nan")
