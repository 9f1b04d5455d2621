"""Labels, the same for every reader: what is wrong with them, and the table of labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from compete.challenge import Challenge
from compete.dataset import Dataset, counted, excerpt, parsed_number
from compete.errors import EXAMPLES, Finding
from compete.readers.label_cells import (
    entries_of,
    list_findings,
    several_findings,
    span_findings,
    survival_findings,
    text_findings,
)
from compete.tasks import LIST_TASKS
from compete.terms import LARGEST_VALUE

if TYPE_CHECKING:
    from compete.table import Table

FEWEST = 3
"""Items that a class needs to be in train, public test and private test."""


def label_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say what is wrong with the labels of the challenge's task."""
    return list(CHECKS[challenge.task](challenge, dataset))


def labels_of(challenge: Challenge, dataset: Dataset) -> Table:
    """The table of labels: ``item, label``, and for several labels or numbers ``value``; item by item."""
    import numpy as np

    from compete.table import Table

    names = challenge.data.label
    items = dataset.items
    if challenge.task in ("classification", "text", "spans"):
        return Table({"item": items.index.to_numpy(), "label": items[names[0]].to_numpy()})
    if challenge.task == "multioutput":
        cells = [
            f"{name}: {cell}"
            for cells in zip(*(items[name] for name in names), strict=True)
            for name, cell in zip(names, cells, strict=True)
        ]
        return Table({"item": np.repeat(items.index.to_numpy(), len(names)), "label": cells})
    if challenge.task in LIST_TASKS:
        rows = [entries_of(cell, challenge.data.separator) for cell in items[names[0]].tolist()]
        item = np.repeat(items.index.to_numpy(), [len(row) for row in rows])
        return Table({"item": item, "label": [label for row in rows for label in row]})
    values = np.array([[float(text) for text in items[name]] for name in names]).T.ravel()
    kind = np.int64 if challenge.task == "multilabel" else np.float64
    item = np.repeat(items.index.to_numpy(), len(names))
    label = np.tile(np.array(names, dtype=object), len(items))
    return Table({"item": item, "label": label, "value": values.astype(kind)})


def _class_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    name = challenge.data.label[0]
    counts = Counter(dataset.items[name].tolist())
    place = challenge.where("data.label")
    findings = []
    if len(counts) == 1:
        findings.append(Finding("dataset/single-class", f"all {len(dataset.items)} items have the same label", place))
    alike = defaultdict(list)
    for label in sorted(counts):
        alike[" ".join(label.split()).casefold()].append(repr(excerpt(label)))
    twins = tuple(" and ".join(spellings) for spellings in alike.values() if len(spellings) > 1)
    if twins:
        message = (
            f"{counted(len(twins), 'label is', 'labels are')} spelt in several ways and counted as several classes"
        )
        hint = "make the spellings equal in the table"
        findings.append(Finding("dataset/similar-labels", message, place, twins, hint, "warning", len(twins)))
    if len(counts) > 20 and len(counts) > len(dataset.items) / 2:
        message = f"{len(counts)} different labels for {len(dataset.items)} items"
        hint = "is it a number to predict? then task: regression; is it an id?"
        findings.append(Finding("dataset/many-classes", message, place, hint=hint, severity="warning"))
        return findings
    rare = tuple(excerpt(label) for label, count in sorted(counts.items()) if count < FEWEST)
    if rare:
        message = (
            f"{counted(len(rare), 'class has', 'classes have')} fewer than {FEWEST} items and cannot be in every part"
        )
        findings.append(Finding("dataset/rare-class", message, place, rare, "merge or drop them", "warning", len(rare)))
    return findings


def _value_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    findings = []
    for number, name in enumerate(challenge.data.label):
        cells = dataset.items[name].tolist()
        numbers = list(map(parsed_number, cells))
        bad = [row for row, value in enumerate(numbers) if value is None]
        huge = [row for row, value in enumerate(numbers) if value is not None and abs(value) > LARGEST_VALUE]
        if huge:
            message = f"{counted(len(huge), 'label', 'labels')} in {name!r} beyond ±{LARGEST_VALUE:g}"
            hint = "give the labels another unit; where such a number stands for nothing, leave the cell empty"
            findings.append(_told(dataset, "huge-number", message, huge, name=name, hint=hint))
        if bad:
            comma = any("," in cells[row] for row in bad)
            hint = "decimals have a point, not a comma" if comma else "classes of text are task: classification"
            where = challenge.where("data", "label", number)
            message = f"{counted(len(bad), 'label', 'labels')} in {name!r} not a number (declared at {where})"
            findings.append(_told(dataset, "not-a-number", message, bad, name=name, hint=hint))
        elif len(set(numbers)) == 1:
            message = f"all items have {excerpt(cells[0])} in {name!r}"
            place = challenge.where("data", "label", number)
            severity = "error" if len(challenge.data.label) == 1 else "warning"
            findings.append(Finding("dataset/single-class", message, place, severity=severity))
    return findings


def _flag_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    findings = []
    for number, name in enumerate(challenge.data.label):
        cells = dataset.items[name].tolist()
        bad = [row for row, text in enumerate(cells) if text not in ("0", "1")]
        where = challenge.where("data", "label", number)
        if bad:
            message = f"{counted(len(bad), 'label', 'labels')} in {name!r} neither 0 nor 1 (declared at {where})"
            findings.append(_told(dataset, "not-a-flag", message, bad, name=name, hint="write 1 for yes and 0 for no"))
        elif len(set(cells)) == 1:
            message = f"all items have {cells[0]} in {name!r}"
            findings.append(Finding("dataset/single-class", message, where, severity="warning"))
    return findings


CHECKS: dict[str, Callable[[Challenge, Dataset], Iterable[Finding]]] = {
    "classification": _class_findings,
    "regression": _value_findings,
    "multilabel": _flag_findings,
    "multioutput": several_findings,
    "survival": survival_findings,
    "text": text_findings,
    "spans": span_findings,
    **dict.fromkeys(LIST_TASKS, list_findings),
}
"""What looks at the labels of each task."""


def _told(dataset: Dataset, rule: str, message: str, rows: list[int], *, name: str, hint: str) -> Finding:
    texts = tuple(dict.fromkeys(excerpt(dataset.items[name].to_numpy()[row]) for row in rows))[:EXAMPLES]
    return Finding(f"dataset/{rule}", message, dataset.where(rows[0]), texts, hint, count=len(rows))
