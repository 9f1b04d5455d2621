"""Rows of a table that stand in it twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from compete.audits.spelling import folded
from compete.audits.targets import Codes, Texts, targets_of, units_of
from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, feature_columns, is_missing, parsed_number
from compete.errors import Finding
from compete.table import factorized

FEWEST_FEATURES = 3
UNUSUAL = 0.1
"""Rows that repeat another are copies if there are few: of three columns with two values each most rows are alike."""

AKIN = 10
"""Columns go together, so that rows are alike by chance more often than if each column were drawn by itself."""
RARELY = 0.01
"""How probable so many copies by chance may be."""
MORE = 5


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Rows with equal features, however they are spelt: copies, and copies with different labels."""
    from scipy.stats import poisson

    names = list(feature_columns(challenge, dataset))
    if challenge.data.file or len(names) < FEWEST_FEATURES:
        return []
    code, blank = np.zeros(len(dataset.items), np.int64), np.zeros(len(dataset.items))
    chance = 1.0
    for name in names:
        column, distinct = _content(dataset.items[name].to_numpy(dtype=object))
        code = np.unique(code * len(distinct) + column, return_inverse=True)[1]
        same = np.bincount(column).astype(np.float64)
        chance *= float((same * (same - 1)).sum()) / max(len(column) * (len(column) - 1), 1)
        blank += np.array([is_missing(str(text)) for text in distinct], dtype=bool)[column]
    # Rows of which little is known are not alike because of that.
    code = np.unique(np.where(blank > 0.5 * len(names), len(code) + np.arange(len(code)), code), return_inverse=True)[1]
    count = np.bincount(code)
    copies = len(code) - len(count)
    expected = AKIN * chance * len(code) * (len(code) - 1) / 2
    if not 0 < copies <= UNUSUAL * len(code) or poisson.sf(copies - 1, expected) > RARELY or copies < MORE * expected:
        return []
    unit, label = units_of(challenge, dataset), targets_of(challenge, dataset).combined
    order = np.argsort(code, kind="stable")
    sets = [rows for rows in np.split(order, np.cumsum(count)[:-1]) if len(rows) > 1]
    apart = [rows for rows in sets if len(np.unique(unit[rows])) > 1]
    conflicts = [rows for rows in sets if len(np.unique(label[rows])) > 1]
    findings = []
    if apart:
        message = f"{counted(len(apart), 'set', 'sets')} of rows with equal features can fall into train and test alike"
        hint = "remove the copies, or give equal rows one `data.group`"
        findings.append(_finding("audit/repeated-rows", message, dataset, apart, hint))
    if conflicts:
        message = f"{counted(len(conflicts), 'set', 'sets')} of rows with equal features have different labels"
        hint = "nobody can predict both: mend or drop them"
        findings.append(_finding("audit/conflicting-rows", message, dataset, conflicts, hint))
    return findings


def _content(cells: Texts) -> tuple[Codes, Texts]:
    """A column as codes of what its cells say, whatever the case, the spaces and the zeros; and one text of each."""
    codes, distinct = factorized(cells)
    numbers = [parsed_number(str(text)) for text in distinct]
    said = [folded(str(text)) if number is None else number for text, number in zip(distinct, numbers, strict=True)]
    alike, _ = factorized(np.array(said, dtype=object))
    _, first = np.unique(alike, return_index=True)
    return alike[codes], distinct[first]


def _finding(rule: str, message: str, dataset: Dataset, sets: list[np.ndarray[Any, Any]], hint: str) -> Finding:
    told = tuple(" = ".join(excerpt(str(dataset.items.index[row])) for row in rows[:3]) for rows in sets[:3])
    return Finding(rule, message, dataset.where(int(sets[0][0])), told, hint, "warning", len(sets))
