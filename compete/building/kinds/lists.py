"""Samples of lists, and the labels that lists may name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from compete.building.kinds import Columns
from compete.bundle import ID
from compete.challenge import Challenge
from compete.dataset import counted
from compete.errors import EXAMPLES, Finding
from compete.readers.delimited import read_delimited
from compete.readers.label_cells import entries_of

FEW = 5
"""Labels that the sample lists for every item, at most."""

SCORE = "score"


def columns(challenge: Challenge, kind: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The label column, and in the long form a score beside it."""
    label = challenge.data.label or ("label",)
    return (*label, SCORE) if challenge.submission.form == "rows" else label


def sample(plan: Any, train: np.ndarray, test: np.ndarray) -> Columns:
    """For every item the labels that most training items have; of an ordering the item's own labels, sorted."""
    terms, cells = plan.terms, next(iter(plan.target.values()))
    if terms.task == "ordering":
        texts = [terms.separator.join(sorted(entries_of(cell, terms.separator))) for cell in cells[test].tolist()]
        return {terms.columns[0]: texts}
    rows = (dict.fromkeys(entries_of(cell, terms.separator)) for cell in cells[train].tolist())
    counts = Counter(label for row in rows for label in row)
    best = sorted(counts, key=lambda label: (-counts[label], label))[: min(FEW, terms.most_objects)]
    if terms.form != "rows":
        return {terms.columns[0]: [terms.separator.join(best)] * len(test)}
    ids = [name for name in plan.id[test].tolist() for _ in best]
    scores = [str(len(best) - place) for place in range(len(best))]
    return {ID: ids, terms.columns[0]: best * len(test), terms.columns[1]: scores * len(test)}


def vocabulary_of(challenge: Challenge, cells: Sequence[str]) -> tuple[tuple[str, ...], list[Finding]]:
    """The labels that may be named, as declared or in the catalogue; none where any may.

    Args:
        challenge: what the organizer wrote.
        cells: the labels of all items.
    """
    data, findings = challenge.data, []
    labels, where = data.classes, challenge.where("data.classes")
    if data.catalogue:
        where = challenge.where("data.catalogue")
        table = read_delimited(challenge.locate(data.catalogue), where=where)
        findings += [finding for finding in table.findings if finding.severity == "error"]
        labels = tuple(dict.fromkeys(next(iter(table.columns.values()), ())))
    if not labels:
        return (), findings
    known = set(labels)
    parted = tuple(one for one in labels if entries_of(one, data.separator) != [one])
    if parted:
        message = f"{counted(len(parted), 'label', 'labels')} of the list cannot stand in a cell"
        hint = f"entries are parted by {data.separator!r}: choose another data.separator, or name them otherwise"
        findings.append(Finding("challenge/class", message, where, parted[:EXAMPLES], hint, count=len(parted)))
    strange = sorted({label for cell in cells for label in entries_of(cell, data.separator)} - known)
    if strange:
        message = f"{counted(len(strange), 'label of the data is', 'labels of the data are')} not in the list"
        findings.append(Finding("challenge/class", message, where, tuple(strange[:EXAMPLES]), count=len(strange)))
    return labels, findings
