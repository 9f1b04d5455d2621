"""Subgroups: how many items each has, and how sure their scores can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from compete.audits.classes import part_shares
from compete.audits.targets import of_classes, targets_of, units_of
from compete.challenge import Challenge, Subgroup
from compete.dataset import Dataset, counted, excerpt, subgroup_texts
from compete.errors import Finding
from compete.table import factorized
from compete.terms import NO_VALUE

FEWEST = 20
"""Independent items of a subgroup in the private test, below which its score says little."""


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Small subgroups with the width of the intervals to expect, and subgroups that lack a class."""
    return [finding for one in challenge.data.subgroups for finding in _of_one(challenge, dataset, one)]


def _of_one(challenge: Challenge, dataset: Dataset, subgroup: Subgroup) -> list[Finding]:
    values, faults = subgroup_texts(dataset, subgroup)
    if faults:
        return []
    code, names = factorized(values)
    unit, targets = units_of(challenge, dataset), targets_of(challenge, dataset)
    real = [place for place, name in enumerate(names) if name != NO_VALUE]
    units = np.array([len(np.unique(unit[code == place])) for place in range(len(names))])
    place_in_file = challenge.where("data", "subgroups", challenge.data.subgroups.index(subgroup))
    findings = []
    share = part_shares(challenge, dataset)["private"] or part_shares(challenge, dataset)["public"]
    small = sorted((place for place in real if units[place] * share < FEWEST), key=lambda place: int(units[place]))
    if small:
        what = "group" if challenge.data.group else "item"
        told = tuple(
            f"{excerpt(str(names[place]))} ({counted(int(number), what, what + 's')}, {_width(number * share)})"
            for place, number in ((place, units[place]) for place in small)
        )
        message = f"{counted(len(small), 'subgroup', 'subgroups')} of {subgroup.name!r} too small for a sure score"
        hint = "± is half the 95 % interval of a share of one half in the private test: join values, or use wider bins"
        findings.append(Finding("audit/small-subgroup", message, place_in_file, told, hint, "warning", len(small)))
    if of_classes(challenge):
        empty = [
            f"{excerpt(str(names[place]))} without {excerpt(targets.names[label])}"
            for place in real
            for label in np.flatnonzero(~targets.flags[code == place].any(axis=0))
            if targets.flags[:, label].any()
        ]
        if empty:
            message = f"{counted(len(empty), 'class is', 'classes are')} absent from a subgroup of {subgroup.name!r}"
            hint = "scores of such subgroups leave the class out, so they are not to be compared with the others"
            findings.append(Finding("audit/empty-cell", message, place_in_file, tuple(empty), hint, "note", len(empty)))
    return findings


def _width(expected: float) -> str:
    """Half the width of the interval of a share near one half."""
    return f"±{min(0.98 / np.sqrt(max(expected, 1e-9)), 0.5):.2f}"
