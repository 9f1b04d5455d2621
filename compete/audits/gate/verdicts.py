"""Probes and what came of them: which tell the labels better than chance can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compete.audits.gate.chance import LEVEL, ROWS, area_under, chance_of, collapsed, holm, ranked, smallest_area
from compete.audits.gate.folder import IN_PRIVATE, IN_TRAIN, Folder
from compete.errors import Finding

Array = np.ndarray[Any, Any]
LABEL, USAGE, PART = "the hidden labels", "which test items are private", "which items are in the test"
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
        hint: the cure.
        severity: ``error`` or ``warning``.
        chance: how likely it is by chance, where the check has measured that itself.
        told: how strong it is, likewise.
        items: pairs or names to show.
    """

    rule: str
    what: str
    rows: Array
    feature: Array
    against: str = LABEL
    ordered: bool = False
    hint: str = ""
    severity: str = "error"
    chance: float | None = None
    told: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A probe with its chance, corrected for the number of probes."""

    probe: Probe
    chance: float
    corrected: float


def judged(folder: Folder, probes: Sequence[Probe]) -> list[Verdict]:
    """Measure the chance of every probe, and correct it for how many there are."""
    chances = [_chance(folder, probe) for probe in probes]
    return [Verdict(*row) for row in zip(probes, chances, holm(chances), strict=True)]


def told(folder: Folder, verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    """A finding for every probe that tells something, and a note where too few items are there to tell."""
    for verdict in verdicts:
        if verdict.corrected <= LEVEL:
            yield _finding(folder, verdict)
    target = folder.items.target
    many = len(target) if folder.items.group is None else len(np.unique(folder.items.group))
    share = float((ranked(target)[:, 0] > 0).mean()) if target.size else 0.0
    positive = round(share * many)
    if verdicts and many < FEW and 0 < positive < many:
        least = smallest_area(positive, many - positive, len(verdicts))
        what = "items" if folder.items.group is None else "groups"
        message = (
            f"with {many} {what} the {len(verdicts)} probes find what tells the labels with an AUC of {least:.2f} or "
            "more in four of five cases; what tells less may be overlooked"
        )
        yield Finding("leak/few-items", message, severity="note")


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


def _chance(folder: Folder, probe: Probe) -> float:
    if probe.chance is not None:
        return probe.chance
    feature, target = _compared(folder, probe)
    return chance_of(feature, target, ordered=probe.ordered)


def _compared(folder: Folder, probe: Probe) -> tuple[Array, Array]:
    """Features and targets, standardised: of many items some, of groups their means."""
    rows, seen, target = probe.rows, np.asarray(probe.feature), wanted(folder, probe)
    if len(rows) > ROWS:
        some = np.arange(ROWS) if probe.ordered else np.random.default_rng(1).permutation(len(rows))[:ROWS]
        rows, seen, target = rows[some], seen[some], target[some]
    feature, label = ranked(seen), ranked(target)
    group = folder.items.group
    if group is None or probe.ordered or len(set(group[rows].tolist())) > 0.95 * len(rows):
        return feature, label
    codes = np.unique(group[rows], return_inverse=True)[1]
    return collapsed(feature, codes), collapsed(label, codes)


def _finding(folder: Folder, verdict: Verdict) -> Finding:
    probe = verdict.probe
    strength = probe.told or _strength(folder, probe)
    p = "less than 0.001" if verdict.corrected < 0.001 else f"{verdict.corrected:.3f}"
    message = f"{probe.what} tell {probe.against}: {strength}{len(probe.rows):,} items, chance {p}"
    return Finding(probe.rule, message, "public", probe.items, probe.hint, probe.severity, len(probe.rows))


def _strength(folder: Folder, probe: Probe) -> str:
    """The AUC, or the rank correlation, of the feature that tells most by itself."""
    target = wanted(folder, probe)
    if not probe.feature.size or not target.size:
        return ""
    told = ranked(probe.feature).T @ ranked(target) / len(target)
    row, column = np.unravel_index(np.abs(told).argmax(), told.shape)
    label = target[:, column]
    if len(np.unique(label)) == 2:
        area = area_under(probe.feature[:, row], label == label.max())
        return f"alone an AUC of {max(area, 1 - area):.2f}, "
    return f"alone a rank correlation of {abs(told[row, column]):.2f}, "
