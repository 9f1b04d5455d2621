"""Probes and what came of them: which tell the labels better than chance can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compete.audits.gate.chance import (
    LEVEL,
    SURE,
    Shuffles,
    area_under,
    chance_of,
    collapsed,
    holm,
    ranked,
    shelves_of,
    smallest_area,
)
from compete.audits.gate.folder import IN_PRIVATE, IN_TRAIN, Folder
from compete.errors import Finding

Array = np.ndarray[Any, Any]
LABEL, USAGE, PART = "the hidden labels", "which test items are private", "which items are in the test"
THOROUGH = "compete audit BUNDLE looks at more"
FEW = 500
"""Items below which it is told what could not have been found."""


@dataclass(frozen=True, eq=False)
class Probe:
    """Something that can be seen in a bundle, and that must not tell the labels.

    Attributes:
        rule: what it would be called.
        what: what is looked at, as the subject of a sentence.
        rows: the items, shape (n,).
        feature: what is seen of them, shape (n, p).
        against: what it must not tell.
        ordered: the rows stand in an order that is itself looked at.
        pooled: the features tell together what each tells too little of.
        hint: the cure.
        severity: what is told; an error that is only likely is a warning.
        chance: how likely it is by chance, where the check has measured that itself.
        told: how strong it is, likewise.
        items: pairs or names to show.
        named: what each feature is called, where that helps to find it.
    """

    rule: str
    what: str
    rows: Array
    feature: Array
    against: str = LABEL
    ordered: bool = False
    pooled: bool = False
    hint: str = ""
    severity: str = "error"
    chance: float | None = None
    told: str = ""
    items: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A probe with its chance, corrected for the number of probes."""

    folder: Folder
    probe: Probe
    chance: float
    corrected: float


def judged(probes: Sequence[tuple[Folder, Probe]]) -> list[Verdict]:
    """Measure the chance of every probe, and correct it for how many there are.

    Args:
        probes: each with the items that its rows are rows of.
    """
    shuffles = Shuffles()
    chances = [_chance(folder, probe, shuffles) for folder, probe in probes]
    corrected = holm(chances)
    return [Verdict(*pair, *row) for pair, row in zip(probes, zip(chances, corrected, strict=True), strict=True)]


def told(some: Folder, verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    """A finding for every probe that tells something, and a note of what too few items cannot tell.

    Args:
        some: the items of which statistics were made.
        verdicts: of the probes.
    """
    for verdict in verdicts:
        if verdict.corrected <= LEVEL:
            yield _finding(verdict)
    yield from _limits(some, verdicts)


def _limits(some: Folder, verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    """What could not have been found: where there are few items, or where some were drawn of many."""
    target, group = some.items.target, some.items.group
    many = len(target) if group is None else len(np.unique(group))
    share = float((ranked(target)[:, 0] > 0).mean()) if target.size else 0.0
    if not verdicts or not 0 < round(share * many) < many:
        return
    what = "items" if group is None else "groups"
    least = _smallest(share, many, len(verdicts))
    if many < FEW:
        message = f"of {many:,} {what} little can be told: {least}; what tells the labels less may be overlooked"
        yield Finding("leak/few-items", message, severity="note")
    elif some.whole is not None:
        message = f"{many:,} {what} of {len(some.whole.ids):,} items were probed: {least}"
        yield Finding("leak/some-items", message, hint=THOROUGH, severity="note")
    traced = next((len(one.probe.rows) for one in verdicts if one.probe.rule == "leak/compression-traces"), many)
    if traced < min(many, len(some.ids)):
        least = _smallest(share, traced, len(verdicts))
        message = f"traces of compression were looked for in {traced:,} images: {least}"
        yield Finding("leak/some-items", message, hint=THOROUGH, severity="note")


def _smallest(share: float, many: int, probes: int) -> str:
    """The smallest AUC that is found among so many items, of which a share has the label."""
    positive = min(max(round(share * many), 1), many - 1)
    area = smallest_area(positive, many - positive, probes)
    return f"an AUC of {area:.2f} or more is found in four of five cases" if area < 1 else "no AUC is sure to be found"


def by_accepting(rule: str) -> str:
    """What is added to ``compete build`` or ``compete audit`` for a leak that is none."""
    return f'--accept-leak {rule} --because "…"'


def wanted(folder: Folder, probe: Probe) -> Array:
    """What a probe must not tell, as columns of numbers, one row an item of the probe."""
    items = folder.items
    if probe.against == USAGE:
        columns: Array = (items.part[probe.rows] == IN_PRIVATE).astype(np.float64)[:, None]
    elif probe.against == PART:
        columns = (items.part[probe.rows] != IN_TRAIN).astype(np.float64)[:, None]
    else:
        columns = items.target[probe.rows]
    return columns


def _chance(folder: Folder, probe: Probe, shuffles: Shuffles) -> float:
    if probe.chance is not None:
        return probe.chance
    feature, target, shelf = _compared(folder, probe)
    return chance_of(feature, target, ordered=probe.ordered, pooled=probe.pooled, shuffles=shuffles, shelf=shelf)


def _compared(folder: Folder, probe: Probe) -> tuple[Array, Array, Array | None]:
    """Features and targets, standardised: of groups their means, and which groups may be exchanged."""
    rows = probe.rows
    feature, label = ranked(probe.feature), ranked(wanted(folder, probe))
    group = folder.items.group if probe.against == LABEL else folder.together
    if group is None or probe.ordered or len(set(group[rows].tolist())) > 0.95 * len(rows):
        return feature, label, None
    codes = np.unique(group[rows], return_inverse=True)[1]
    return collapsed(feature, codes), collapsed(label, codes), shelves_of(codes)


def _finding(verdict: Verdict) -> Finding:
    probe = verdict.probe
    strength = probe.told or _strength(verdict.folder, probe)
    p = "less than 0.001" if verdict.corrected < 0.001 else f"{verdict.corrected:.3f}"
    message = f"{probe.what} tell {probe.against}: {strength}{len(probe.rows):,} items, chance {p}"
    severity = "warning" if probe.severity == "error" and verdict.corrected > SURE else probe.severity
    hint = probe.hint + (f"; or accept it: {by_accepting(probe.rule)}" if severity == "error" else "")
    return Finding(probe.rule, message, "public", probe.items, hint, severity, len(probe.rows))


def _strength(folder: Folder, probe: Probe) -> str:
    """The AUC, or the rank correlation, of the feature that tells most by itself."""
    target = wanted(folder, probe)
    if not probe.feature.size or not target.size:
        return ""
    told = ranked(probe.feature).T @ ranked(target) / len(target)
    row, column = np.unravel_index(np.abs(told).argmax(), told.shape)
    label = target[:, column]
    alone = f"{probe.named[row]} alone" if probe.named else "alone"
    if len(np.unique(label)) == 2:
        area = area_under(probe.feature[:, row], label == label.max())
        return f"{alone} with an AUC of {max(area, 1 - area):.2f}, "
    return f"{alone} with a rank correlation of {abs(told[row, column]):.2f}, "
